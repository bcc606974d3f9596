"""What programs do to logs on the way: Excel and pandas to numbers, gateways to objects, operators to times and ids.

Accounts, addresses and texts are invented; the right values were worked out by hand.
"""

from __future__ import annotations

import csv
import hashlib
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
        "timestamp": f"2026-05-01T10:00:{number:02d}Z",
        "account_id": f"acct_{number % 3}",
        "ip": f"203.0.113.{number % 5 + 1}",
        "model": "m-large",
        "status": 200,
    }
    return {**base, **more}


HEADER: Final = ["time", "account", "ip", "model", "latency"]
CLOCK: Final = [f"2026-05-01T10:00:0{n}" for n in range(6)]
POST: Final = '"POST /v1/messages HTTP/1.1" 200 512 "-" "OpenAI/Python 1.40.0"'
UUID: Final = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
SECRET: Final = "sk-" + "a1B2" * 10
HIGRESS: Final[dict[str, Any]] = {
    "start_time": "2026-05-01T10:00:00.250Z",
    "method": "POST",
    "path": "/v1/chat/completions",
    "authority": "gw.example.com",
    "response_code": "200",
    "response_flags": "-",
    "duration": "1204",
    "x_forwarded_for": "203.0.113.7",
    "user_agent": "curl/8.5.0",
    "request_id": "q1",
    "downstream_remote_address": "10.0.0.1:5",
    "upstream_cluster": "c",
    "ai_log": json.dumps(
        {"model": "m-large", "input_token": 12, "output_token": 345, "consumer": "acct_1", "llm_service_duration": 1200}
    ),
}

LOGS: Final[dict[str, Log]] = {
    "iso-time-in-brackets": Log(
        f"203.0.113.7 - acct_1 [2026-05-01T10:00:30+02:00] {POST} 30.004\n"
        f"203.0.113.8 - acct_2 [2026-05-01T10:00:31+02:00] {POST} 0.500\n",
        "access_log",
        {
            "started_at": ["2026-05-01T07:59:59.996", "2026-05-01T08:00:30.500"],
            "latency_ms": [30004.0, 500.0],
            "account_id": ["acct_1", "acct_2"],
        },
    ),
    "mapped-addresses": Log(
        f"::ffff:203.0.113.7 - acct_1 [01/May/2026:10:00:00 +0000] {POST}\n"
        f"2001:db8::7 - acct_2 [01/May/2026:10:00:01 +0000] {POST}\n",
        "access_log",
        {"client_address": ["203.0.113.7", "2001:db8::7"]},
    ),
    "nginx-empty-upstream-and-retries": Log(
        f'203.0.113.7 - acct_1 [01/May/2026:10:00:30 +0000] {POST} "-" 0.412 0.100, 0.300 .\n'
        f'203.0.113.8 - acct_2 [01/May/2026:10:00:31 +0000] {POST} "-" 0.512 0.500 .\n',
        "access_log",
        {"latency_ms": [412.0, 512.0], "started_at": ["2026-05-01T10:00:29.588", "2026-05-01T10:00:30.488"]},
    ),
    "excel-scientific-times": Log(
        table(HEADER, *(("1.77763E+12", f"acct_{n}", "203.0.113.1", "m", "12") for n in range(3))),
        "flat",
        refused="rounded",
    ),
    "durations-with-unit-and-groups": Log(
        table(
            HEADER,
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "1,204 ms"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.1", "m", "250 ms"],
        ),
        "flat",
        {"latency_ms": [None, 250.0]},
        told=("request_latency",),
    ),
    "durations-with-unit-and-both-signs": Log(
        table(
            HEADER,
            ["2026-05-01T10:00:00Z", "acct_0", "203.0.113.1", "m", "1,204.5 ms"],
            ["2026-05-01T10:00:01Z", "acct_1", "203.0.113.1", "m", "0.5 s"],
        ),
        "flat",
        {"latency_ms": [1204.5, 500.0]},
    ),
    "pandas-whole-numbers": Log(
        {
            "a.csv": table(["time", "user_id", "ip", "model"], ["2026-05-01T10:00:00Z", "7.0", "203.0.113.1", "m"]),
            "b.csv": table(["time", "user_id", "ip", "model"], ["2026-05-01T10:00:01Z", "7", "203.0.113.1", "m"]),
        },
        "flat",
        {"account_id": ["7", "7"]},
        told=("whole numbers",),
    ),
    "one-uuid-in-two-spellings": Log(
        {"a.jsonl": jsonl(flat(0, account_id=UUID.upper())), "b.jsonl": jsonl(flat(1, account_id=f"{{{UUID}}}"))},
        "flat",
        {"account_id": [UUID, UUID]},
    ),
    "a-key-and-its-hash": Log(
        {
            "a.jsonl": jsonl(flat(0, account_id=None, api_key=SECRET)),
            "b.jsonl": jsonl(flat(1, account_id=hashlib.sha256(SECRET.encode()).hexdigest())),
        },
        "flat",
        {"account_id": [hashlib.sha256(SECRET.encode()).hexdigest()] * 2},
    ),
    "retries-with-one-id": Log(
        jsonl(*(flat(n, request_id=f"r{n // 2}", status=[429, 200][n % 2], account_id="acct_0") for n in range(6))),
        "flat",
        {"status_code": [429, 200] * 3},
        told=("bring",),
    ),
    "higress-object-as-text": Log(
        jsonl(HIGRESS),
        "envoy",
        {
            "account_id": ["acct_1"],
            "request_model": ["m-large"],
            "input_tokens": [12],
            "output_tokens": [345],
            "client_address": ["203.0.113.7"],
            "latency_ms": [1204.0],
        },
    ),
    "litellm-in-datadog": Log(
        jsonl(
            {
                "ddsource": "litellm",
                "ddtags": "env:prod",
                "hostname": "gw",
                "service": "litellm",
                "status": "info",
                "message": json.dumps(
                    {
                        "id": "chatcmpl-1",
                        "call_type": "acompletion",
                        "status": "success",
                        "startTime": 1777629600.25,
                        "endTime": 1777629601.5,
                        "model": "m-large",
                        "model_group": "m-large",
                        "custom_llm_provider": "v",
                        "prompt_tokens": 4,
                        "completion_tokens": 38,
                        "metadata": {"user_api_key_hash": "h1"},
                    }
                ),
            }
        ),
        "litellm",
        {"account_id": ["h1"], "latency_ms": [1250.0], "status_code": [200], "input_tokens": [4]},
    ),
    "title-above-and-total-below": Log(
        "Usage report,,,,\n\n" + table(HEADER, *((at + "Z", "acct_0", "203.0.113.1", "m", "12") for at in CLOCK[:3])),
        "flat",
        {"started_at": CLOCK[:3]},
    ),
    "reordered-header-of-same-width": Log(
        table(
            ["timestamp", "account_id", "ip", "model"], *((at + "Z", "acct_0", "203.0.113.1", "m") for at in CLOCK[:3])
        )
        + table(
            ["timestamp", "model", "account_id", "ip"], *((at + "Z", "m", "acct_1", "203.0.113.2") for at in CLOCK[3:])
        ),
        "flat",
        {"account_id": ["acct_0"] * 3 + ["acct_1"] * 3, "client_address": ["203.0.113.1"] * 3 + ["203.0.113.2"] * 3},
        kinds={"header lines": 1},
    ),
    "null-words": Log(
        jsonl(
            *(
                flat(n, account_id=word, api_key_id=f"k{n}")
                for n, word in enumerate(["null", "None", "n/a", "", "-", "(not set)"])
            )
        ),
        "flat",
        {"account_id": [f"k{n}" for n in range(6)]},
    ),
    "ids-of-users-that-are-numbers": Log(
        jsonl(*(flat(n, account_id=1000 + n % 2) for n in range(4))), "flat", {"account_id": ["1000", "1001"] * 2}
    ),
    "apigateway-http-api": Log(
        jsonl(
            {
                "requestId": "JKJaXmPLvHcESHA=",
                "ip": "203.0.113.7",
                "requestTime": "01/May/2026:10:00:00 +0000",
                "httpMethod": "POST",
                "routeKey": "POST /v1/messages",
                "status": "200",
                "protocol": "HTTP/1.1",
                "responseLength": "58",
                "responseLatency": "1204",
                "authorizer.principalId": "acct_1",
                "apiId": "a",
            },
            {
                "requestId": "JKJaXmPLvHcESHB=",
                "ip": "203.0.113.8",
                "requestTime": "01/May/2026:10:00:01 +0000",
                "httpMethod": "POST",
                "routeKey": "POST /v1/messages",
                "status": "429",
                "protocol": "HTTP/1.1",
                "responseLength": "58",
                "responseLatency": "4",
                "authorizer.principalId": "-",
                "apiId": "a",
            },
        ),
        "apigateway",
        {"account_id": ["acct_1", "203.0.113.8"], "latency_ms": [1204.0, 4.0], "status_code": [200, 429]},
    ),
    "probes-by-name-only-hide-nothing": Log(
        f'203.0.113.7 - acct_1 [01/May/2026:10:00:00 +0000] "POST /v1/messages HTTP/1.1" 200 512 "-" "kube-probe/1.29"\n'
        f"203.0.113.8 - acct_2 [01/May/2026:10:00:01 +0000] {POST}\n"
        '10.0.0.3 - - [01/May/2026:10:00:02 +0000] "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.29"\n',
        "access_log",
        {"account_id": ["acct_1", "acct_2", "10.0.0.3"]},
        told=("1 of 3 lines look like health checks",),
    ),
}


@pytest.mark.parametrize("name", list(LOGS))
def test_a_twisted_log_is_read_right_or_refused(name: str, tmp_path: Path) -> None:
    """What can be read is read right; what was lost on the way is told, never made up."""
    assert wrong_with(LOGS[name], tmp_path) == []
