"""Logs as people really have them: 24 folders of small files, each with the values that stand in them.

The files were made after public bug reports and samples, with invented accounts and addresses; what is right about each
was worked out by hand from the lines, not from what the tool made of them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from forensics.case.store import Case
from forensics.common.settings import IngestSettings
from forensics.reading.ingest import ingest

if TYPE_CHECKING:
    import polars as pl

    from forensics.reading.report import IngestReport

HERE: Final = Path(__file__).parent / "cases"
SETTINGS: Final = IngestSettings(max_reject_share=1.0, workers=1)


def read(folder: Path, *names: str, **more: Any) -> tuple[IngestReport, pl.DataFrame]:  # noqa: ANN401 - options of ingest
    """Read files of the cases into a fresh case; report and events in the order of time."""
    with Case.locked(folder / "case") as case:
        report = ingest(case, [str(HERE / name) for name in names], settings=SETTINGS, **more)
        return report, case.scan("events").collect().sort("started_at", "ended_at", "source_id", "source_line")


def at(clock: str, day: str = "2026-05-01") -> datetime:
    """A moment, UTC."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)


def near(values: list[float | None], expected: list[float | None]) -> bool:
    """Whether durations are the same, as far as Float32 goes."""
    return len(values) == len(expected) and all(
        one is other or (one is not None and other is not None and abs(one - other) <= 1e-4 * max(abs(other), 1.0))
        for one, other in zip(values, expected, strict=True)
    )


# file → format, events, and what stands in some columns, in the order of time
TABLE: Final[dict[str, tuple[str, int, dict[str, list[Any]]]]] = {
    "01-traefik/access.json": (
        "traefik",
        4,
        {
            "status_code": [200, 200, 429, 200],
            "started_at": [
                at("12:42:40.503803"),
                at("12:42:41.503803"),
                at("12:42:42.503803"),
                at("12:42:43.503803"),
            ],
        },
    ),
    "03-iis/u_ex260501.log": (
        "iis",
        3,
        {
            "client_address": ["203.0.113.7", "203.0.113.8", "203.0.113.9"],
            "ended_at": [at("00:00:01"), at("00:00:06"), at("10:00:06")],
            "status_code": [200, 429, 200],
            "endpoint": ["/v1/messages"] * 3,
            "user_agent": ["OpenAI/Python 1.40.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15)", "curl/8.5.0"],
        },
    ),
    "05-nginx-endtime/access.log": (
        "access_log",
        2,
        {
            "account_id": ["cust_A", "cust_B"],
            "started_at": [at("09:59:59.996"), at("10:00:04.975")],
            "client_address": ["203.0.113.8", "203.0.113.7"],
            "request_id": ["5ccc98a28dca9e796f72b33568e54c37", "5ccc98a28dca9e796f72b33568e54c36"],
        },
    ),
    "05-nginx-endtime/access2.log": ("access_log", 2, {"account_id": ["cust_A", "cust_B"]}),
    "06-litellm-slp/s3-chatcmpl-0001.json": (
        "litellm",
        1,
        {
            "account_id": ["99dc29"],
            "max_tokens": [512],
            "user_agent": ["OpenAI/JS 4.104.0"],
            "organization_id": ["team_1"],
        },
    ),
    "06-litellm-slp/lines.jsonl": (
        "litellm",
        3,
        {
            "status_code": [200, 429, 200],
            "account_id": ["99dc29", "66ab13", "99dc29"],
            "max_tokens": [512, 512, 512],
            "end_user_id": ["cust_9", "cust_8", None],
        },
    ),
    "08-bedrock/invocations.json": (
        "bedrock",
        3,
        {
            "input_tokens": [3, 18, 4],
            "cache_write_tokens": [31814, 0, None],
            "output_tokens": [130, 503, 38],
            "ttft_ms": [1200.0, None, None],
            "request_model": ["maker.model-4-v1:0", "maker.model-4-v1:0", "application-inference-profile/s529qz7ddy06"],
        },
    ),
    "11-new-api/logs.csv": ("new_api", 5, {"prompt_hash": [None] * 5, "status_code": [200, 200, 429, 200, 200]}),
    "11-new-api/logs.json": ("new_api", 5, {"account_id": ["8", "7", "7", "7", "8"]}),
    "31-new-api-content/logs.jsonl": ("new_api", 8, {"prompt_hash": [None] * 8, "input_tokens": [50] * 8}),
    "13-claude-code-otlp/logs.json": (
        "otel_logs",
        3,
        {"account_id": ["cust-uuid-2", "cust-uuid-1", "cust-uuid-2"], "status_code": [200, 200, 529]},
    ),
    "14-agenta/traces.csv": (
        "flat",
        3,
        {
            "started_at": [at("13:00:05", "2026-11-22"), at("13:00:06", "2026-11-22"), at("13:01:06", "2026-11-22")],
            "account_id": ["cust_1", "cust_1", "cust_2"],
        },
    ),
    "17-apache-xff-first/access.log": (
        "access_log",
        8,
        {"client_address": [*(f"203.0.113.{n}" for n in range(1, 7)), "192.0.2.9", "172.17.0.1"]},
    ),
    "18-clf-chain-host/access.log": ("access_log", 2, {"client_address": ["203.0.113.7", "203.0.113.8"]}),
    "18-clf-chain-host/apache_ms.log": ("access_log", 2, {"started_at": [at("00:00:01"), at("00:00:02")]}),
    "20-cloudwatch/sub_lines.json": ("bedrock", 3, {"request_id": ["r-1", "r-2", "r-3"]}),
    "20-cloudwatch/sub_firehose_concat.json": ("bedrock", 3, {"request_id": ["r-4", "r-5", "r-6"]}),
    "20-cloudwatch/filter-log-events.json": ("bedrock", 2, {"request_id": ["r-7", "r-8"], "input_tokens": [4, 4]}),
    "20-cloudwatch/flat_firehose_concat.json": ("flat", 5, {"account_id": ["a0", "a1", "a0", "a1", "a0"]}),
    "21-ollama-gin/ollama.log": ("ollama", 3, {"status_code": [500, 200, 200]}),
    "21-ollama-gin/vllm.log": ("uvicorn", 2, {"client_address": ["203.0.113.7", "203.0.113.8"]}),
    "22-vertex-bq/bq.jsonl": ("vertex_requests", 4, {"input_tokens": [4] * 4, "max_tokens": [100] * 4}),
    "23-excel-csv/de.csv": (
        "flat",
        6,
        {"input_tokens": [1234] * 6, "started_at": [at(f"10:0{n}:00") for n in range(6)]},
    ),
    "23-excel-csv/semi_ok.csv": ("flat", 6, {"input_tokens": [1234] * 6}),
    "23-excel-csv/sep.csv": ("flat", 6, {"input_tokens": [1234] * 6, "output_tokens": [56] * 6}),
    "23-excel-csv/dup.csv": ("flat", 6, {"status_code": [200] * 6}),
    "23-excel-csv/us.csv": (
        "flat",
        6,
        {"input_tokens": [1234] * 6, "started_at": [at(f"10:0{n}:00.123", f"2026-05-0{n + 1}") for n in range(6)]},
    ),
    "27-cowrie/cowrie.json": ("cowrie", 2, {"operation": ["cowrie.login.failed", "cowrie.login.success"]}),
    "38-cowrie-eventid/cowrie.json": ("cowrie", 40, {}),
    "29-haproxy/haproxy.log": (
        "haproxy",
        2,
        {
            "started_at": [at("10:00:00.655"), at("10:00:01.655")],
            "user_agent": ["OpenAI/Python 1.40.0", "curl/8"],
            "server_address": ["api.example.com"] * 2,
            "status_code": [200, 429],
        },
    ),
    "30-envoy-gateway/eg.jsonl": (
        "envoy",
        6,
        {
            "client_address": [f"203.0.113.{n % 3}" for n in range(6)],
            "endpoint": ["/v1/chat/completions"] * 6,
            "request_id": [f"req-{n}" for n in range(6)],
            "server_address": ["api.example.com"] * 6,
        },
    ),
    "32-azure-la-csv/query_data.csv": (
        "azure_openai",
        4,
        {
            "account_id": ["user-0", "user-1", "user-0", "user-1"],
            "started_at": [at(f"12:23:0{n}.435", "2026-05-24") for n in range(4)],
            "client_prefix": ["203.0.113.0/24"] * 4,
        },
    ),
    "34-zstd-long/long27.jsonl.zst": ("flat", 300, {}),
    "34-zstd-long/long31.jsonl.zst": ("flat", 300, {}),
    "36-langfuse-ui/observations.jsonl": ("langfuse", 2, {"request_id": ["o1", "o4"]}),
    "36-langfuse-ui/blob.jsonl": ("langfuse", 2, {"account_id": ["cust_1", "cust_0"]}),
}

DURATIONS: Final[dict[str, list[float | None]]] = {
    "01-traefik/access.json": [433.331475, 8.184335, 811.143286, 1.811271],
    "03-iis/u_ex260501.log": [1872.0, 36.0, 44.0],
    "05-nginx-endtime/access.log": [30004.0, 1025.0],
    "08-bedrock/invocations.json": [4211.0, None, 302.0],
    "11-new-api/logs.csv": [14000.0, 2000.0, 1000.0, 2000.0, 2000.0],
    "13-claude-code-otlp/logs.json": [2500.0, 3500.0, 100.0],
    "14-agenta/traces.csv": [1580.0, 1460.0, 12460.0],
    "18-clf-chain-host/apache_ms.log": [1736.0, 12.0],
    "21-ollama-gin/ollama.log": [80000.0, 7948.78925, 994.447125],
    "22-vertex-bq/bq.jsonl": [812.0] * 4,
    "23-excel-csv/de.csv": [1204.5] * 6,
    "23-excel-csv/semi_ok.csv": [1204.5] * 6,
    "23-excel-csv/sep.csv": [1204.5] * 6,
    "23-excel-csv/us.csv": [1204.5] * 6,
    "29-haproxy/haproxy.log": [109.0, 109.0],
    "36-langfuse-ui/observations.jsonl": [1200.0, 1200.0],
}


@pytest.mark.parametrize("name", list(TABLE))
def test_a_log_as_it_occurs_is_read_right(name: str, tmp_path: Path) -> None:
    """Each file is recognised, each request in it is an event, and its columns hold what the lines say."""
    form, count, columns = TABLE[name]
    report, events = read(tmp_path, name)
    assert [source.format for source in report.sources] == [form]
    assert report.adds_up
    assert (report.event_count, report.reject_count, report.duplicate_count) == (count, 0, 0)
    assert {column: events[column].to_list() for column in columns} == columns
    if name in DURATIONS:
        assert near(events["latency_ms"].to_list(), DURATIONS[name]), events["latency_ms"].to_list()


def test_every_folder_is_tested() -> None:
    """No case is left out."""
    there = {path.name for path in HERE.iterdir()}
    assert there == {name.split("/")[0] for name in TABLE} | {"04-nginx-hex", "09-cloudtrail-sso"}
    assert sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file()) < 100_000


def test_a_quote_in_a_user_agent_hides_nobody(tmp_path: Path) -> None:
    r"""Nginx writes `\x22` for a quote, which is no JSON: the lines are events, the escape is the sign it stands for."""
    report, events = read(tmp_path, "04-nginx-hex/access.json")
    assert (report.event_count, report.reject_count) == (20, 0)
    agents = set(events["user_agent"].to_list())
    assert any('"' in agent for agent in agents)
    assert not any("\\x" in agent for agent in agents)


@pytest.mark.parametrize("join", [False, True])
def test_people_behind_one_sso_role_stay_two_in_two_logs(join: bool, tmp_path: Path) -> None:
    """CloudTrail and the Bedrock log of the same three requests: two people, three requests, joined or not."""
    files = [path.name for path in sorted((HERE / "09-cloudtrail-sso").iterdir(), reverse=True)]
    report, events = read(tmp_path, *(f"09-cloudtrail-sso/{name}" for name in files), join=join)
    assert events.height == 3
    assert sorted(account.rpartition("/")[2] for account in events["account_id"].unique()) == [
        "ann@example.com",
        "ben@example.com",
    ]
    assert report.adds_up
    if join:
        assert events["client_address"].null_count() == 0
        assert events["input_tokens"].to_list() == [3, 18, 4]


def test_records_that_are_no_requests_are_named(tmp_path: Path) -> None:
    """What is passed over is counted by kind: top-ups, spans, connects, other lines of a server."""
    kinds: dict[str, int] = {}
    for number, name in enumerate(
        ("11-new-api/logs.json", "36-langfuse-ui/blob.jsonl", "27-cowrie/cowrie.json", "21-ollama-gin/ollama.log")
    ):
        report, _ = read(tmp_path / str(number), name)
        kinds |= report.sources[0].kinds
    assert kinds == {
        "top-ups": 1,
        "management": 1,
        "system": 1,
        "SPAN observations": 2,
        "TOOL observations": 2,
        "cowrie.session.connect": 1,
        "cowrie.client.version": 1,
        "other lines of the server": 2,
    }


def test_a_log_without_an_account_says_so(tmp_path: Path) -> None:
    """The request-response log of Vertex names nobody: that is said, and is a note of the source in the case."""
    report, _ = read(tmp_path, "22-vertex-bq/bq.jsonl")
    assert "no account in it" in report.sources[0].note
    notes = Case(tmp_path / "case").scan("sources").collect()["notes"].to_list()[0]
    assert any("no account in it" in note for note in notes)
