"""Plain JSON and tables as people export them: odd names, units, locales, zones, ids that are none, rows that are none.

Accounts, addresses and texts are invented; the right values were worked out by hand.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from wild_logs import Log, wrong_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def jsonl(*records: object) -> str:
    """Records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def table(header: Sequence[str], *rows: Sequence[object], delimiter: str = ",") -> str:
    """A table as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def flat(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    """A plain request, a second after the one before."""
    base = {
        "timestamp": f"2026-05-01T10:{number // 60:02d}:{number % 60:02d}Z",
        "account_id": f"acct_{number % 3}",
        "ip": f"203.0.113.{number % 5 + 1}",
        "model": "m-large",
        "status": 200,
    }
    return {**base, **more}


CLOCK: Final = [f"2026-05-01T10:00:0{n}" for n in range(6)]
ACCOUNTS: Final = [f"acct_{n % 3}" for n in range(6)]

LOGS: Final[dict[str, Log]] = {
    # ids
    "constant-id": Log(jsonl(*(flat(n, request_id="fixed") for n in range(6))), "flat", {"account_id": ACCOUNTS}),
    "id-begins-anew": Log(
        jsonl(*(flat(n, request_id=str(n % 3)) for n in range(6))),
        "flat",
        {"account_id": ACCOUNTS, "started_at": CLOCK},
    ),
    "id-begins-anew-with-a-word": Log(
        jsonl(*(flat(n, request_id=f"worker-1-{n % 3}") for n in range(6))), "flat", {"started_at": CLOCK}
    ),
    "type-called-event-id": Log(
        jsonl(*(flat(n, event_id=["api.request", "api.stream"][n % 2]) for n in range(40))), "flat", count=40
    ),
    "level-called-id": Log(jsonl(*(flat(n, id="gateway") for n in range(6))), "flat", {"request_id": [None] * 6}),
    "rotated-overlap": Log(
        {
            "a.jsonl": jsonl(*(flat(n, request_id=f"r{n}") for n in range(4))),
            "b.jsonl": jsonl(*(flat(n, request_id=f"r{n}") for n in range(2, 6))),
        },
        "flat",
        {"request_id": [f"r{n}" for n in range(6)]},
        duplicates=2,
    ),
    "rotated-overlap-without-ids": Log(
        {"a.jsonl": jsonl(*map(flat, range(4))), "b.jsonl": jsonl(*map(flat, range(2, 6)))},
        "flat",
        count=8,  # nothing tells that they are the same requests
    ),
    # accounts
    "masked-keys": Log(
        jsonl(*(flat(n, account_id="", api_key=f"sk-...{'abc'[n % 3]}9F2") for n in range(6))),
        "flat",
        {"account_id": ["sk-...a9F2", "sk-...b9F2", "sk-...c9F2"] * 2},
    ),
    "default-user-beside-keys": Log(
        jsonl(*(flat(n, account_id="default", api_key_hash=f"h{n % 3}") for n in range(6))),
        "flat",
        {"account_id": ["h0", "h1", "h2"] * 2},
        told=("nobody in particular",),
    ),
    "dash-accounts": Log(
        jsonl(*(flat(n, account_id="-", key_id=f"k{n % 2}") for n in range(6))),
        "flat",
        {"account_id": ["k0", "k1"] * 3},
    ),
    "proxy-for-everybody": Log(
        jsonl(*({k: v for k, v in flat(n, ip="10.0.0.9").items() if k != "account_id"} for n in range(6))),
        "flat",
        {"account_id": ["10.0.0.9"] * 6},
        told=("private address",),
    ),
    "one-tenant-many-users": Log(
        jsonl(*({**flat(n), "account_id": "tenant-1", "user_id": f"u{n % 3}"} for n in range(12))),
        "flat",
        {"account_id": ["u0", "u1", "u2"] * 4},
    ),
    "spoofed-private-chain": Log(
        jsonl(*(flat(n, x_forwarded_for="192.168.1.5") for n in range(3))),
        "flat",
        {"client_address": ["203.0.113.1", "203.0.113.2", "203.0.113.3"]},
    ),
    "forwarded-with-ports": Log(
        jsonl(
            flat(0, ip="10.0.0.2", x_forwarded_for="203.0.113.9:51234, 10.0.0.3:80"),
            flat(1, ip="10.0.0.2", x_forwarded_for="[2001:db8::7]:443"),
        ),
        "flat",
        {"client_address": ["203.0.113.9", "2001:db8::7"]},
    ),
    # times and units
    "epochs": Log(
        {
            "s.jsonl": jsonl(flat(0, timestamp=1777629600)),
            "ms.jsonl": jsonl(flat(1, timestamp=1777629601000)),
            "us.jsonl": jsonl(flat(2, timestamp="1777629602000000")),
            "ns.jsonl": jsonl(flat(3, timestamp=1777629603000000000)),
        },
        "flat",
        {"started_at": CLOCK[:4]},
    ),
    "units-in-headers": Log(
        table(
            [
                "Timestamp",
                "Customer",
                "Client IP",
                "Model",
                "Duration (s)",
                "TTFT (ms)",
                "Input tokens",
                "Output tokens",
            ],
            ["2026-05-01 10:00:00", "acct_0", "203.0.113.1", "m", "1.5", "300", "12", "345"],
            ["2026-05-01 10:00:01", "acct_1", "203.0.113.2", "m", "30", "310", "12", "345"],
        ),
        "flat",
        {
            "latency_ms": [1500.0, 30000.0],
            "ttft_ms": [300.0, 310.0],
            "input_tokens": [12, 12],
            "account_id": ["acct_0", "acct_1"],
        },
    ),
    "units-in-header-brackets": Log(
        table(
            ["time", "user", "ip", "model", "latency [µs]", "prompt tokens", "completion tokens"],
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "1500000", "12", "345"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.2", "m", "250000", "12", "345"],
        ),
        "flat",
        {"latency_ms": [1500.0, 250.0], "output_tokens": [345, 345]},
    ),
    "zone-in-header": Log(
        table(
            ["Time (UTC+2)", "account", "ip", "model"],
            ["2026-05-01 12:00:00", "acct_0", "203.0.113.1", "m"],
            ["2026-05-01 12:00:01", "acct_1", "203.0.113.2", "m"],
        ),
        "flat",
        {"started_at": CLOCK[:2]},
    ),
    "offsets-in-summer-and-winter": Log(
        jsonl(flat(0, timestamp="2026-03-29T01:59:59+01:00"), flat(1, timestamp="2026-03-29T03:00:00+02:00")),
        "flat",
        {"started_at": ["2026-03-29T00:59:59", "2026-03-29T01:00:00"]},
    ),
    "day-first": Log(
        table(
            ["date", "account", "ip", "model"],
            ["13/05/2026 10:00", "acct_0", "203.0.113.1", "m"],
            ["01/05/2026 09:30", "acct_1", "203.0.113.2", "m"],
        ),
        "flat",
        {"started_at": ["2026-05-01T09:30:00", "2026-05-13T10:00:00"]},
        told=("day first",),
    ),
    "which-number-is-the-day": Log(
        table(
            ["date", "account", "ip", "model"],
            *((f"0{n}/05/2026 10:00", "acct_0", "203.0.113.1", "m") for n in range(1, 5)),
        ),
        "flat",
        refused="which number is the day",
    ),
    "two-digit-years": Log(
        table(
            ["date", "account", "ip", "model"],
            ["13.05.26 10:00:00", "acct_0", "203.0.113.1", "m"],
            ["14.05.26 10:00:00", "acct_1", "203.0.113.2", "m"],
        ),
        "flat",
        {"started_at": ["2026-05-13T10:00:00", "2026-05-14T10:00:00"]},
    ),
    "excel-serial-dates": Log(
        table(
            ["timestamp", "account", "ip", "model"],
            *((f"{46143 + n}.4166666667", f"acct_{n}", "203.0.113.1", "m") for n in range(3)),
        ),
        "flat",
        refused="time",
    ),
    "date-and-time-apart": Log(
        table(
            ["Date", "Time", "User", "IP", "Model"],
            ["2026-05-01", "10:00:00.250", "acct_0", "203.0.113.1", "m"],
            ["2026-05-01", "10:00:01", "acct_1", "203.0.113.2", "m"],
        ),
        "flat",
        {"started_at": ["2026-05-01T10:00:00.250", "2026-05-01T10:00:01"]},
    ),
    "german-date-and-time-apart": Log(
        table(
            ["Datum", "Uhrzeit", "Konto", "IP", "Modell"],
            ["01.05.2026", "10:00:00", "acct_0", "203.0.113.1", "m"],
            delimiter=";",
        ),
        "flat",
        refused="no known format",
    ),
    "swiss-numbers": Log(
        table(
            ["time", "account", "ip", "model", "input_tokens", "latency_ms"],
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "1'234", "1'204.5"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.2", "m", "12'345", "204.5"],
        ),
        "flat",
        {"input_tokens": [1234, 12345], "latency_ms": [1204.5, 204.5]},
    ),
    "french-numbers": Log(
        table(
            ["time", "account", "ip", "model", "input_tokens", "latency_ms"],
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "1\u202f234", "1\u202f204,5"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.2", "m", "12\u00a0345", "204,5"],
            delimiter=";",
        ),
        "flat",
        {"input_tokens": [1234, 12345], "latency_ms": [1204.5, 204.5]},
    ),
    "indian-numbers": Log(
        table(
            ["time", "account", "ip", "model", "input_tokens"],
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "1,23,456"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.2", "m", "1,234"],
        ),
        "flat",
        {"input_tokens": [123456, 1234]},
    ),
    "tokens-in-thousands": Log(
        table(
            ["time", "account", "ip", "model", "input_tokens"],
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "1.2k"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.2", "m", "900"],
        ),
        "flat",
        {"input_tokens": [None, 900]},
        told=("input_tokens",),
    ),
    # tables
    "quoted-line-breaks": Log(
        table(
            ["timestamp", "account_id", "ip", "model", "prompt"],
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", 'say "hi"\nand, then\nleave'],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.2", "m", "x"],
        ).replace("\n", "\r\n"),
        "flat",
        {"started_at": CLOCK[:2], "account_id": ["acct_0", "acct_1"]},
    ),
    "header-changes": Log(
        table(
            ["timestamp", "account_id", "ip", "model"], *((at + "Z", "acct_0", "203.0.113.1", "m") for at in CLOCK[:3])
        )
        + table(
            ["timestamp", "ip", "account_id", "model", "status"],
            *((at + "Z", "203.0.113.2", "acct_1", "m", 429) for at in CLOCK[3:]),
        ),
        "flat",
        {"account_id": ["acct_0"] * 3 + ["acct_1"] * 3, "status_code": [None] * 3 + [429] * 3},
        kinds={"header lines": 1},
    ),
    "utf-16-tabs": Log(
        table(
            ["timestamp", "account_id", "ip", "model"],
            *((at + "Z", "acct_0", "203.0.113.1", "m") for at in CLOCK[:2]),
            delimiter="\t",
        ).encode("utf-16"),
        "flat",
        {"account_id": ["acct_0"] * 2},
    ),
    "totals-row": Log(
        table(
            ["timestamp", "account_id", "ip", "model", "input_tokens"],
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "10"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.2", "m", "20"],
            ["Total", "", "", "", "30"],
        ),
        "flat",
        {"input_tokens": [10, 20]},
        rejects=1,
    ),
    "cut-off": Log(
        jsonl(flat(0), flat(1)) + json.dumps(flat(2))[:40], "flat", {"account_id": ["acct_0", "acct_1"]}, rejects=1
    ),
    "array-of-lines-in-gz": Log(
        gzip.compress(("[" + ",\n".join(json.dumps(flat(n)) for n in range(4)) + "]\n").encode()),
        "flat",
        {"account_id": ACCOUNTS[:4]},
        name="a.gz",
    ),
    "result-rows": Log(
        json.dumps({"success": True, "data": {"list": [flat(0), flat(1)], "total": 2}, "code": 0}),
        "flat",
        {"account_id": ["acct_0", "acct_1"]},
    ),
    "columns-and-rows": Log(
        json.dumps(
            {
                "tables": [
                    {
                        "name": "PrimaryResult",
                        "columns": [{"name": name, "type": "string"} for name in flat(0)],
                        "rows": [list(flat(0).values()), list(flat(1).values())],
                    }
                ]
            }
        ),
        "flat",
        {"account_id": ["acct_0", "acct_1"], "started_at": CLOCK[:2]},
    ),
    "doubled-keys": Log(
        '{"timestamp":"2026-05-01T10:00:00Z","account_id":"acct_0","account_id":"acct_9","ip":"203.0.113.1","model":"m"}\n',
        "flat",
        {"account_id": ["acct_0"]},
    ),
    "bom-and-crlf": Log(
        "\ufeff" + jsonl(flat(0), flat(1)).replace("\n", "\r\n"), "flat", {"account_id": ["acct_0", "acct_1"]}
    ),
    "system-rows": Log(
        jsonl(flat(0), {"timestamp": "2026-05-01T10:00:00Z", "level": "info", "msg": "gateway started"}, flat(1)),
        "flat",
        {"account_id": ["acct_0", "acct_1"]},
        rejects=1,
    ),
    "one-person-in-two-logs": Log(
        {
            "a.jsonl": jsonl(flat(0, account_id="Ann@Example.com")),
            "b.jsonl": jsonl(flat(1, account_id="user:ann@example.com")),
        },
        "flat",
        {"account_id": ["ann@example.com"] * 2},
    ),
    "status-with-words": Log(
        jsonl(flat(0, status="200 OK"), flat(1, status="429 Too Many Requests"), flat(2, status="error")),
        "flat",
        {"status_code": [200, 429, 500]},
    ),
    "arrival-and-end": Log(
        jsonl(
            flat(0, timestamp=None, start="2026-05-01T10:00:00Z", end="2026-05-01T10:00:02.5Z"),
            flat(1, timestamp=None, start="2026-05-01T10:00:01Z", end="2026-05-01T10:00:01.5Z"),
        ),
        "flat",
        {"latency_ms": [2500.0, 500.0], "started_at": CLOCK[:2]},
    ),
    "only-the-end": Log(
        jsonl(
            {
                "completed_at": "2026-05-01T10:00:30Z",
                "duration_ms": 30000,
                "user": "acct_0",
                "ip": "203.0.113.1",
                "model": "m",
            },
        ),
        "flat",
        {"started_at": ["2026-05-01T10:00:00"], "latency_ms": [30000.0]},
    ),
}


@pytest.mark.parametrize("name", list(LOGS))
def test_a_plain_log_is_read_right(name: str, tmp_path: Path) -> None:
    """Nothing is guessed in silence: it is read right, told, or refused with the reason."""
    assert wrong_with(LOGS[name], tmp_path) == []
