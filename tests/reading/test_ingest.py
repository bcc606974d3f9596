"""Reading logs into a case: nothing lost, nothing doubled, every value right."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import zstandard
from databases import write_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from forensics.case.store import Case
from forensics.common.errors import InputError, UsageError
from forensics.common.schema import EVENTS
from forensics.common.settings import IngestSettings
from forensics.reading.cleaning import times
from forensics.reading.cleaning.events import Cleaning, clean_events
from forensics.reading.containers import delimited as textlines
from forensics.reading.containers.json_lines import read_json
from forensics.reading.fields import mapping as mapping_module
from forensics.reading.fields.mapping import read_mapping
from forensics.reading.fields.plan import Plan, observe
from forensics.reading.ingest import ingest
from forensics.reading.opening.sources import make_batch
from forensics.reading.preview import preview
from forensics.reading.recognising import catalogue, recognise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.reading.report import IngestReport

SETTINGS = IngestSettings(max_reject_share=1.0, workers=2)


def line(number: int, **more: Any) -> str:  # noqa: ANN401 - JSON values
    """A flat line, one a second."""
    return json.dumps(
        {
            "ts": f"2026-05-01T{10 + number // 3600}:{number // 60 % 60:02d}:{number % 60:02d}Z",
            "account_id": f"acct_{number % 7}",
            "request_id": f"req_{number}",
            "status": 200,
            **more,
        }
    )


def write(path: Path, lines: Sequence[str], end: str = "\n") -> str:
    """Lines as a file; its name."""
    path.write_text("".join(one + end for one in lines), encoding="utf-8")
    return str(path)


def read(folder: Path, *sources: str, **more: Any) -> tuple[IngestReport, pl.DataFrame, pl.DataFrame]:  # noqa: ANN401 - options of ingest
    """Ingest into folder/case; report, events, rejects."""
    options = {"settings": SETTINGS, **more}
    with Case.locked(folder / "case") as case:
        report = ingest(case, sources, **options)
        events = case.scan("events").collect().sort("source_id", "source_line", maintain_order=True)
        return report, events, case.scan("rejects").collect()


def test_counts_add_up_with_broken_lines(tmp_path: Path) -> None:
    """Lines = events + duplicates + rejects + blanks; each reject says where and why."""
    lines = [
        line(0),
        "",
        line(1)[:-5],
        line(1),
        '["no object"]',
        line(1),
        '{"ts":"yesterday","account_id":"a"}',
        '{"ts":"2026-05-01T00:00:00Z"}',
        '{"ts":"1999-05-01T00:00:00Z","account_id":"a"}',
    ]
    report, events, rejects = read(tmp_path, write(tmp_path / "a.jsonl", lines))
    # 9 lines: 2 events, 1 duplicate (the second req_1), 1 blank, 5 rejects
    assert (report.line_count, report.event_count, report.duplicate_count, report.blank_count, report.reject_count) == (
        9,
        2,
        1,
        1,
        5,
    )
    assert report.adds_up
    assert events["source_line"].to_list() == [1, 4]
    assert dict(zip(rejects["source_line"].to_list(), rejects["reason"].to_list(), strict=True)) == {
        3: "not valid JSON",
        5: "JSON, but no object",
        7: "time not readable",
        8: "no account",
        9: "time outside 2015 to 2100",
    }
    raw = (tmp_path / "a.jsonl").read_bytes()
    for offset, text in zip(rejects["byte_offset"].to_list(), rejects["raw"].to_list(), strict=True):
        assert text is None or raw[offset:].startswith(text.encode()), "the offset points at the line"


def test_same_bytes_under_another_name_add_nothing(tmp_path: Path) -> None:
    """Ingesting the same bytes twice adds nothing, whatever the file is called or how it is compressed."""
    name = write(tmp_path / "a.jsonl", [line(number) for number in range(50)])
    read(tmp_path, name)
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(Path(name).read_bytes()))
    before = {path: path.read_bytes() for path in (tmp_path / "case").rglob("*") if path.is_file()}
    report, events, _ = read(tmp_path, str(tmp_path / "b.json.gz"))
    assert (report.line_count, report.event_count, report.known_lines, events.height) == (0, 0, 50, 50)
    after = {path: path.read_bytes() for path in (tmp_path / "case").rglob("*") if path.is_file()}
    assert before == after, "the case is byte for byte as it was"


@pytest.mark.parametrize("cut", [0, 1, 30, 41])
def test_grown_file_adds_its_new_lines(tmp_path: Path, cut: int) -> None:
    """A file that grew adds its new lines only, with their line numbers, wherever the first reading stopped."""
    lines = [line(number) for number in range(20)]
    path = tmp_path / "a.jsonl"
    whole = "".join(one + "\n" for one in lines)
    at = len("".join(one + "\n" for one in lines[:8])) + cut  # inside line 9, or before it for 0
    path.write_text(whole[:at])
    read(tmp_path, str(path))
    path.write_text(whole)
    report, events, _ = read(tmp_path, str(path))
    assert events["source_line"].to_list() == list(range(1, 21))
    assert events["request_id"].to_list() == [f"req_{number}" for number in range(20)]
    assert report.adds_up
    again, _, _ = read(tmp_path, str(path))
    assert again.line_count == 0


def test_last_line_without_end_is_whole_if_it_reads(tmp_path: Path) -> None:
    """A last line that lacks its line end but reads well is kept; the line end that follows later is no new line."""
    path = tmp_path / "a.jsonl"
    path.write_text(line(0) + "\n" + line(1))
    first, _, _ = read(tmp_path, str(path))
    assert (first.event_count, first.reject_count) == (2, 0)
    path.write_text(line(0) + "\n" + line(1) + "\n" + line(2) + "\n")
    second, events, _ = read(tmp_path, str(path))
    assert (second.line_count, second.event_count) == (1, 1)
    assert events["source_line"].to_list() == [1, 2, 3]


def test_duplicate_requests_across_files_and_runs(tmp_path: Path) -> None:
    """A request id is kept once for its account, across files and runs, and counted each time."""
    a = write(tmp_path / "a.jsonl", [line(number) for number in range(10)])
    b = write(tmp_path / "b.jsonl", [line(number) for number in range(5, 15)])
    report, events, _ = read(tmp_path, a, b)
    assert (report.event_count, report.duplicate_count, events.height) == (15, 5, 15)
    c = write(tmp_path / "c.jsonl", [line(number) for number in range(14, 3, -1)])
    again, events, _ = read(tmp_path, c)
    assert (again.event_count, again.duplicate_count, events.height) == (0, 11, 15)


def test_bare_counters_are_no_request_ids(tmp_path: Path) -> None:
    """Row numbers that start anew in each file do not make requests duplicates."""
    lines = [json.dumps({"ts": f"2026-05-01T10:00:0{number}Z", "account_id": "a", "id": number}) for number in range(5)]
    others = [
        json.dumps({"ts": f"2026-05-02T10:00:0{number}Z", "account_id": "a", "id": number}) for number in range(5)
    ]
    report, _, _ = read(tmp_path, write(tmp_path / "a.jsonl", lines), write(tmp_path / "b.jsonl", others))
    assert (report.event_count, report.duplicate_count) == (10, 0)


ALIASED = [
    (
        {"timestamp": 1777629600, "user": "u", "remote_addr": "198.51.100.7:4433", "response_status": "429"},
        {"client_address": "198.51.100.7", "client_prefix": "198.51.100.0/24", "status_code": 429},
    ),
    (
        {
            "time": "1777629600000",
            "customerId": "u",
            "clientIp": "::ffff:198.51.100.7",
            "usage": {"prompt_tokens": "12", "completion_tokens": 7.0},
        },
        {"client_address": "198.51.100.7", "input_tokens": 12, "output_tokens": 7},
    ),
    (
        {"@timestamp": 1777629600000000, "tenant_id": "u", "source.ip": "2001:db8::1", "gen_ai.request.model": "m"},
        {"client_prefix": "2001:db8::/48", "request_model": "m"},
    ),
    (
        {
            "event_time": 1777629600000000000,
            "principal": "u",
            "client": {"ip": "198.51.100.*"},
            "ua": "curl/8.5.0,gzip(gfe)",
        },
        {
            "client_address": None,
            "client_prefix": "198.51.100.0/24",
            "user_agent": "curl/8.5.0",
            "client_family": "curl",
        },
    ),
    (
        {"request_time": "2026-05-01 10:00:00", "account": "u", "stream": "true", "temperature": "0.5"},
        {"stream": True, "temperature": 0.5},
    ),
    (
        {"created": "2026-05-01T12:00:00+02:00", "accountId": "u", "http": {"response": {"status_code": 200}}},
        {"status_code": 200},
    ),
    (
        {
            "time_local": "01/May/2026:12:00:00 +0200",
            "remote_user": "u",
            "request": "POST /v1/messages?x=1 HTTP/1.1",
            "status": "200",
            "request_time": "0.25",
        },
        {"endpoint": "/v1/messages", "method": "POST", "latency_ms": 250.0},
    ),
    (
        {
            "started_at": "2026-05-01T10:00:00.000000Z",
            "uid": "u",
            "template_id": "deadbeef00000001",
            "prompt_hash": "x" * 64,
        },
        {"template_hash": 0xDEADBEEF00000001},
    ),
    ({"date": "2026-05-01", "time": "10:00:00", "account_id": "u"}, {}),
    (
        {
            "time": "2026-05-01T10:00:00.5Z",
            "stream": "stdout",
            "log": '{"ts":"2026-05-01T10:00:00Z","account_id":"u","model":"m"}',
        },
        {"request_model": "m"},
    ),
    (
        {
            "time": "2026-05-01T10:00:00Z",
            "principal": {"account": "u"},
            "network": {"client_ip": "198.51.100.7"},
            "llm": {"output_tokens": 3},
        },
        {"output_tokens": 3, "client_address": "198.51.100.7"},
    ),
    (
        {
            "timestamp": "2026-05-01T10:00:00Z",
            "user": {"id": "u"},
            "request": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
            "response": {"status": 200},
        },
        {"request_model": "m", "status_code": 200, "message_count": 1},
    ),
    ({"when": "2026-05-01T10:00Z", "log": {"account_id": "u", "provider": "AWS Bedrock"}}, {"platform": "bedrock"}),
]


@pytest.mark.parametrize(("record", "expected"), ALIASED, ids=[str(number) for number in range(len(ALIASED))])
def test_aliases_nested_and_dotted(tmp_path: Path, record: dict[str, Any], expected: dict[str, Any]) -> None:
    """Common names, nested and dotted keys, and values in any dress find their columns; the time is always the same
    instant.
    """
    _, events, rejects = read(tmp_path, write(tmp_path / "a.jsonl", [json.dumps(record)] * 3))
    assert rejects.is_empty(), rejects.to_dicts()
    event = events.row(0, named=True)
    assert event["started_at"] == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert event["account_id"] == "u"
    assert {name: event[name] for name in expected} == expected


def test_a_key_the_sample_does_not_show_is_found(tmp_path: Path) -> None:
    """A key that first appears deep in the file, on one line in thousands, still fills its column."""
    lines = [line(number) for number in range(3000)]
    lines[2001] = line(2001, session_id="late")
    lines[2002] = line(2002, usage={"input_tokens": 5})
    _, events, _ = read(tmp_path, write(tmp_path / "a.jsonl", lines))
    assert events.filter(pl.col("session_id").is_not_null())["source_line"].to_list() == [2002]
    assert events.filter(pl.col("input_tokens").is_not_null())["source_line"].to_list() == [2003]


def test_mixed_shapes_in_one_key(tmp_path: Path) -> None:
    """A key that is text on one line and an object on the next is read right on both."""
    lines = [line(number, user_agent="curl/8.5.0", usage={"input_tokens": 3}) for number in range(600)]
    lines[301] = line(301, usage="none", user_agent={"original": "OpenAI/Python 1.40.0"})
    lines[302] = line(302, usage=[1], user_agent=["x"])
    _, events, rejects = read(tmp_path, write(tmp_path / "a.jsonl", lines))
    assert rejects.is_empty()
    assert events.filter(pl.col("source_line") == 302).select("user_agent", "input_tokens").row(0) == (
        "OpenAI/Python 1.40.0",
        None,
    )
    assert events.filter(pl.col("source_line") == 303).select("user_agent", "input_tokens").row(0) == (None, None)
    assert events["input_tokens"].sum() == 3 * 598


def test_text_is_hashed_and_not_kept(tmp_path: Path) -> None:
    """Prompt and system text leave hashes, a sketch and flags; the text is nowhere in the case unless asked for."""
    rare = "xylophone quartz"
    prompt = (
        f"Please grade this answer against the rubric and explain your reasoning step by step about the {rare} "
        "carefully now"
    )
    name = write(tmp_path / "a.jsonl", [line(0, prompt=prompt, system="You are a careful grader of essays")])
    _, events, _ = read(tmp_path, name)
    event = events.row(0, named=True)
    assert event["prompt_text"] is None
    assert all(
        event[column] is not None
        for column in ("prompt_hash", "template_hash", "system_hash", "content_flags", "prompt_chars")
    )
    assert event["content_flags"] & 1, "asks for reasoning"
    assert event["content_flags"] & 8, "asks for grading"
    assert not any(rare.encode() in path.read_bytes() for path in (tmp_path / "case").rglob("*") if path.is_file())
    with Case.locked(tmp_path / "other") as case:
        ingest(case, [name], settings=SETTINGS, keep_text=True)
        assert case.scan("events").collect()["prompt_text"].to_list() == [prompt]


def test_chat_messages(tmp_path: Path) -> None:
    """The user's last message is the prompt, system messages the system text; a conversation continued elsewhere shares
    its chain.
    """
    first = [{"role": "system", "content": "Be terse"}, {"role": "user", "content": "hello there"}]
    second = [
        *first,
        {"role": "assistant", "content": [{"type": "thinking", "signature": "sig=="}, {"type": "text", "text": "hi"}]},
        {"role": "user", "content": [{"type": "text", "text": "and now?"}]},
    ]
    lines = [
        line(0, messages=first),
        line(1, messages=second),
        line(2, prompt="and now?"),
        line(3, messages=json.dumps(second)),
    ]
    _, events, _ = read(tmp_path, write(tmp_path / "a.jsonl", lines))
    assert events["message_count"].to_list() == [2, 4, None, 4]
    assert events["prompt_hash"][1] == events["prompt_hash"][2] == events["prompt_hash"][3]
    assert events["system_hash"][0] == events["system_hash"][1]
    assert events["prefix_hashes"][1].to_list()[:2] == events["prefix_hashes"][0].to_list()
    assert events["prefix_hashes"][1].to_list() == events["prefix_hashes"][3].to_list()
    assert events["reasoning_hash_in"][1] == events["reasoning_hash_in"][3] is not None


def test_compressed_multi_member_and_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gz of several members, zst of several frames and standard input are read whole."""
    parts = ["".join(line(number) + "\n" for number in range(start, start + 10)).encode() for start in (0, 10)]
    (tmp_path / "a.gz").write_bytes(b"".join(map(gzip.compress, parts)))
    later = [part.replace(b"req_", b"zst_") for part in parts]
    (tmp_path / "b.zst").write_bytes(b"".join(map(zstandard.compress, later)))
    report, _, _ = read(tmp_path, str(tmp_path / "a.gz"), str(tmp_path / "b.zst"))
    assert [source.event_count for source in report.sources] == [20, 20]

    class Input:
        buffer = io.BufferedReader(io.BytesIO(b"".join(parts)))

    monkeypatch.setattr(sys, "stdin", Input())
    again, events, _ = read(tmp_path, "-")
    assert (again.line_count, again.known_lines, events.height) == (0, 20, 40), "the bytes of a.gz, uncompressed"


def test_cut_off_archive(tmp_path: Path) -> None:
    """A gz file that is cut off gives the lines before the cut, says so, and counts the broken rest."""
    body = "".join(line(number, pad=str(number * 7919)) + "\n" for number in range(2000)).encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(body)[:-2000])
    report, events, _ = read(tmp_path, str(tmp_path / "a.jsonl.gz"))
    assert 0 < events.height < 2000
    assert "cut off" in report.sources[0].note
    assert report.adds_up


def test_unreadable_and_foreign_files_are_skipped_and_named(tmp_path: Path) -> None:
    """A file of no known format in a folder is skipped with the reason; alone, it is an error."""
    logs = tmp_path / "logs"
    logs.mkdir()
    write(logs / "a.jsonl", [line(0)])
    write(logs / "README.txt", ["These are logs.", "Nothing else."])
    report, events, _ = read(tmp_path, str(logs))
    assert events.height == 1
    assert [Path(path).name for path, _ in report.skipped] == ["README.txt"]
    with pytest.raises(InputError, match="no known format"):
        read(tmp_path, str(logs / "README.txt"))
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path, str(tmp_path / "absent.jsonl"))


def test_too_many_rejects_leave_the_case_as_it_was(tmp_path: Path) -> None:
    """Above the tolerated share of rejects nothing is added."""
    name = write(tmp_path / "a.jsonl", [line(0), *['{"broken'] * 9])
    with pytest.raises(InputError, match="9 of 10"):
        read(tmp_path, name, settings=IngestSettings(max_reject_share=0.5))
    with Case.locked(tmp_path / "case") as case:
        assert not case.has("events")
        assert not list((tmp_path / "case").glob("events/*"))


def test_account_list_is_not_taken_for_a_log(tmp_path: Path) -> None:
    """A list of accounts lying among the logs is named, not read as requests."""
    write(tmp_path / "accounts.csv", ["account_id,created_at,banned_at,plan,email_domain", "a,2026-01-01,,free,x.org"])
    with pytest.raises(InputError, match="list of accounts"):
        read(tmp_path, str(tmp_path / "accounts.csv"))


def test_csv_with_quotes_and_broken_lines(tmp_path: Path) -> None:
    """Quoted commas and line breaks are one field; short lines and stray quotes cost themselves only."""
    text = (
        'ts,account_id,model,prompt\n2026-05-01T10:00:00Z,a,m,"one, '
        'two"\n2026-05-01T10:00:01Z,a,m,"one\ntwo"\n2026-05-01T10:00:02Z,'
        'a\n\n2026-05-01T10:00:03Z,a,m,"open\n2026-05-01T10:00:04Z,b,m,x\n'
    )
    (tmp_path / "a.csv").write_text(text)
    report, events, rejects = read(tmp_path, str(tmp_path / "a.csv"))
    assert events["source_line"].to_list() == [2, 3, 8]
    assert rejects["source_line"].to_list() == [5, 7]
    # header, the second half of line 3, one empty line
    assert (report.line_count, report.blank_count) == (8, 3)
    assert report.adds_up


def test_parquet_and_nested_columns(tmp_path: Path) -> None:
    """Parquet rows are read by the same names, nested or not; the row is the line."""
    frame = pl.DataFrame(
        {
            "time": [datetime(2026, 5, 1, 10, tzinfo=UTC)] * 2,
            "user": [{"id": "a"}, {"id": None}],
            "usage": [{"input_tokens": 3}, {"input_tokens": 4}],
            "url": ["x", "y"],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    mapping = tmp_path / "map.toml"
    mapping.write_text('[observables]\nlanding_page = "url"\n')
    report, events, rejects = read(tmp_path, str(tmp_path / "a.parquet"), mapping=mapping)
    assert events.select("account_id", "input_tokens", "source_line", "observable_landing_page").row(0) == (
        "a",
        3,
        1,
        "x",
    )
    assert rejects.select("source_line", "reason").row(0) == (2, "no account")
    assert report.adds_up


def test_mapping_fields_time_and_account_rules(tmp_path: Path) -> None:
    """A mapping says which field is which, how times read, and brings the forms of an account together."""
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        """
[fields]
account_id = "who.ref"
started_at = "am"
[time]
format = "%d.%m.%Y %H:%M:%S"
zone = "Europe/Berlin"
[[accounts]]
match = '^arn:aws:iam::\\d+:user/(.+)$'
account = '$1'
[[accounts]]
lookup = "ids.csv"
"""
    )
    (tmp_path / "ids.csv").write_text("svc@p.iam.gserviceaccount.com,alice\n")
    who = ["arn:aws:iam::111122223333:user/alice", "svc@p.iam.gserviceaccount.com", "alice"]
    name = write(
        tmp_path / "a.jsonl",
        [json.dumps({"am": f"01.05.2026 12:00:0{number}", "who": {"ref": one}}) for number, one in enumerate(who)],
    )
    _, events, _ = read(tmp_path, name, mapping=mapping)
    assert events["account_id"].to_list() == ["alice"] * 3
    assert events["started_at"][0] == datetime(2026, 5, 1, 10, tzinfo=UTC)


def test_address_stands_in_for_the_account(tmp_path: Path) -> None:
    """A log that knows no accounts at all is read by address, and the report says so; one that knows some rejects the
    rest.
    """
    name = write(
        tmp_path / "a.log", ['198.51.100.7 - - [01/May/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "curl/8"'] * 2
    )
    report, events, _ = read(tmp_path, name)
    assert events["account_id"].to_list() == ["198.51.100.7"] * 2
    assert "client_address stands in" in report.sources[0].note


@pytest.mark.parametrize(
    "text",
    [
        "[nonsense]\nx = 1\n",
        '[fields]\nno_such_column = "x"\n',
        "[fields]\naccount_id = 3\n",
        "broken",
        '[time]\nunit = "fortnights"\n',
        '[[accounts]]\nmatch = "("\naccount = "x"\n',
    ],
)
def test_wrong_mapping_is_a_usage_error(tmp_path: Path, text: str) -> None:
    """A mapping that names what does not exist is refused before anything is read."""
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(UsageError):
        read(tmp_path, write(tmp_path / "a.jsonl", [line(0)]), mapping=tmp_path / "map.toml")


def test_preview_says_what_is_missing(tmp_path: Path) -> None:
    """A trace without accounts is explained, not read as nothing."""
    write(tmp_path / "trace.csv", ["TIMESTAMP,ContextTokens,GeneratedTokens", "2023-11-16 18:17:03.9799600,4808,10"])
    with pytest.raises(InputError, match="no field names the account"):
        preview(str(tmp_path / "trace.csv"), settings=SETTINGS)
    shown = preview(write(tmp_path / "a.jsonl", [line(0), "x"]), settings=SETTINGS)
    assert (shown.format, shown.events.height, shown.rejects.height) == ("flat", 1, 1)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """Lines that are not UTF-8 are rejects of a JSON log, and readable in an access log, where clients put what they
    like.
    """
    (tmp_path / "a.jsonl").write_bytes(line(0).encode() + b'\n{"ts":"\xff\xfe"}\n\x00\x01\n' + line(1).encode() + b"\n")
    report, events, rejects = read(tmp_path / "json", str(tmp_path / "a.jsonl"))
    assert (events.height, rejects["reason"].to_list()) == (2, ["not UTF-8 text", "not valid JSON"])
    assert report.adds_up
    (tmp_path / "a.log").write_bytes(
        b'198.51.100.7 - a [01/May/2026:10:00:00 +0000] "GET /\xff HTTP/1.1" 200 1 "-" "\x1b[31m[/]\xe2\x80\xae"\n'
    )
    report, events, _ = read(tmp_path / "log", str(tmp_path / "a.log"))
    assert events["endpoint"].to_list() == ["/\\xff"]


def test_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    """One thread or four, small batches or large: the same events in the same order."""
    lines = [
        line(number, prompt=f"please look at item {number} and tell me what it is", pad="x" * 500)
        if number % 97
        else "{broken"
        for number in range(5000)
    ]
    name = write(tmp_path / "a.jsonl", lines)
    one, events_one, rejects_one = read(tmp_path / "one", name, settings=IngestSettings(workers=1, batch_mb=64))
    four, events_four, rejects_four = read(tmp_path / "four", name, settings=IngestSettings(workers=4, batch_mb=0))
    assert events_one.equals(events_four)
    assert rejects_one.equals(rejects_four)
    assert one.reject_count == four.reject_count == 52  # 0, 97, …, 4947


junk = st.one_of(
    st.builds(line, st.integers(0, 500)),
    st.builds(lambda number, cut: line(number)[:cut], st.integers(0, 500), st.integers(0, 60)),
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=60),
    st.just(""),
    st.builds(
        json.dumps,
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=8,
        ),
    ),
    st.builds(
        lambda ts, account, ip, tokens: json.dumps(
            {"ts": ts, "account_id": account, "ip": ip, "input_tokens": tokens, "user_agent": account}
        ),
        st.text(max_size=20) | st.integers() | st.none(),
        st.text(max_size=12) | st.integers() | st.booleans() | st.none(),
        st.text(max_size=20) | st.integers() | st.lists(st.integers(), max_size=2),
        st.integers() | st.floats() | st.text(max_size=5),
    ),
)


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lines=st.lists(junk, min_size=1, max_size=40), end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
def test_hostile_lines_are_counted_never_lost(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str, last: bool
) -> None:
    """Whatever the lines hold, every one of them is an event, a duplicate, a reject or blank."""
    folder = tmp_path_factory.mktemp("hostile")
    body = end.join([line(0), *lines]) + (end if last else "")
    (folder / "a.jsonl").write_text(body, encoding="utf-8", newline="")
    count = body.count("\n") + (0 if body.endswith("\n") else 1)
    report, events, rejects = read(folder, str(folder / "a.jsonl"), format_name="json")
    assert report.adds_up
    lists = sum(max(len(value) - 1, 0) for value in map(_list_in, body.split("\n")))
    assert report.line_count == count + lists
    assert (events.height, rejects.height) == (report.event_count, report.reject_count)


def _list_in(text: str) -> list[Any]:
    """The records of a line that is an array."""
    try:
        value = json.loads(text)
    except ValueError:
        return []

    def flat(items: list[Any]) -> list[Any]:
        return [
            inner for item in items for inner in (flat(item) or [item] if isinstance(item, list) else _wrapped(item))
        ]

    return flat(value) if isinstance(value, list) else _wrapped(value)


def _wrapped(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    wrappers = (
        "Records",
        "records",
        "data",
        "value",
        "events",
        "logs",
        "items",
        "results",
        "entries",
        "hits",
        "activities",
        "logEvents",
    )
    if isinstance(value, dict):
        for key in wrappers:
            if isinstance(value.get(key), list) and all(isinstance(item, dict) for item in value[key]):
                return list(value[key])
    return [value]


def test_two_logs_of_the_same_requests_become_one(tmp_path: Path) -> None:
    """One log knows account and tokens, one the address: joined on the request id each fills in the other, and what
    meets nothing is said.
    """
    model = [
        json.dumps({
            "schemaType": "ModelInvocationLog", "timestamp": f"2026-05-01T10:00:0{number}Z", "identity": {"arn": "arn:aws:iam::1:user/a"},
            "requestId": f"r{number}", "operation": "Converse", "modelId": "m", "input": {"inputTokenCount": 5},
        })
        for number in range(4)
    ]  # fmt: skip
    edge = [
        json.dumps(
            {
                "RayID": f"r{number}",
                "EdgeStartTimestamp": f"2026-05-01T10:00:0{number}Z",
                "ClientIP": "198.51.100.7",
                "EdgeResponseStatus": 200,
            }
        )
        for number in range(2, 6)
    ]
    report, events, rejects = read(
        tmp_path, write(tmp_path / "a.jsonl", model), write(tmp_path / "b.jsonl", edge), join=True
    )
    # four requests of the model's log, two of them (r2, r3) seen at the edge; r4 and r5 name no account
    assert events.sort("request_id").select(
        "request_id", "input_tokens", "client_address", "platform", "source_id"
    ).rows() == [
        ("r0", 5, None, "bedrock", 1),
        ("r1", 5, None, "bedrock", 1),
        ("r2", 5, "198.51.100.7", "bedrock", 1),
        ("r3", 5, "198.51.100.7", "bedrock", 1),
    ]
    assert [source.joined_count for source in report.sources] == [2, 2]
    assert Case(tmp_path / "case").scan("sources").collect()["joined_count"].to_list() == [2, 2]
    assert rejects.select("source_id", "source_line").rows() == [(2, 3), (2, 4)]
    assert report.adds_up
    assert (report.line_count, report.event_count, report.duplicate_count, report.reject_count) == (8, 4, 2, 2)
    again, _, _ = read(tmp_path, str(tmp_path / "b.jsonl"), join=True)
    assert again.line_count == 0


def test_addresses_find_their_place(tmp_path: Path) -> None:
    """A database of one's own fills in number, name and country; what the log says stands; the day it was built is
    kept.
    """
    write_database(
        tmp_path / "a.mmdb",
        0xC6336400,
        {
            "autonomous_system_number": 64500,
            "autonomous_system_organization": "Example Net",
            "country": {"iso_code": "DE"},
        },
        1777593600,
    )
    lines = [
        line(0, ip="198.51.100.7"),
        line(1, ip="203.0.113.9"),
        line(2, ip="198.51.100.9", asn=64999),
        line(3, ip="2001:db8::1"),
    ]
    options = IngestSettings(databases=(str(tmp_path / "a.mmdb"),))
    report, events, _ = read(tmp_path, write(tmp_path / "a.jsonl", lines), settings=options)
    assert events.select("client_asn", "client_as_name", "client_country").rows() == [
        (64500, "Example Net", "DE"),
        (None, None, None),
        (64999, "Example Net", "DE"),
        (None, None, None),
    ]
    assert report.databases == [f"Test-ASN of 2026-05-01 ({tmp_path / 'a.mmdb'})"]
    assert Case(tmp_path / "case").ledger["notes"]["databases"][0]["built_at"].startswith("2026-05-01")
    (tmp_path / "b.mmdb").write_text("no database")
    with pytest.raises(UsageError, match="not an address database"):
        read(tmp_path, str(tmp_path / "a.jsonl"), settings=IngestSettings(databases=(str(tmp_path / "b.mmdb"),)))


HEADS = {
    "csv": (b"ts,account_id,model,prompt\n", b"2026-05-01T10:00:00Z,a,m,hello\n"),
    "access_log": (b"", b'198.51.100.7 - a [01/May/2026:10:00:00 +0000] "POST / HTTP/1.1" 200 1 "-" "curl/8"\n'),
    "alb": (b"", b'h2 2026-08-10T23:39:44.065466Z app/l/5 198.51.100.7:2817 - -1 -1 -1 400 - 0 57 "POST http://a:80/ HTTP/1.1" "curl/8" - - - "-" "-" "-" -\n'),
    "bedrock": (b"", b'{"schemaType":"x","timestamp":"2026-05-01T10:00:00Z","identity":{"arn":"a"},"requestId":"r","operation":"o","modelId":"m"}\n'),
}  # fmt: skip


@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    lines=st.lists(
        st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b""))
        | st.sampled_from([b'"', b'a,"b', b"{}", b'{"input":3}', b"\x00", b"\xff,\xfe"]),
        max_size=12,
    )
)
@pytest.mark.parametrize("name", list(HEADS))
def test_hostile_bytes_in_every_family(tmp_path_factory: pytest.TempPathFactory, name: str, lines: list[bytes]) -> None:
    """Between good lines of CSV, access logs or nested JSON any bytes may stand: the sum still adds up, and the good
    lines are events.
    """
    folder = tmp_path_factory.mktemp("hostile")
    head, good = HEADS[name]
    body = head + good * 2 + b"".join(line + b"\n" for line in lines)
    (folder / "a.log").write_bytes(body)
    report, events, rejects = read(folder, str(folder / "a.log"), format_name=name)
    assert report.adds_up
    assert (events.height, rejects.height) == (report.event_count, report.reject_count)
    assert report.line_count >= body.count(b"\n")
    assert report.event_count + report.duplicate_count >= 2


def test_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that arrive during the reading are read now or the next time, once."""
    path = tmp_path / "a.jsonl"
    write(path, [line(number) for number in range(10)])
    real = recognise.recognise

    def grow(*given: Any) -> Any:  # noqa: ANN401 - passed on
        with path.open("a") as out:
            out.write(line(10) + "\n" + line(11)[:20])
        monkeypatch.setattr("forensics.reading.ingest.recognise", real)
        return real(*given)

    monkeypatch.setattr("forensics.reading.ingest.recognise", grow)
    read(tmp_path, str(path))
    with path.open("a") as out:
        out.write(line(11)[20:] + "\n")
    report, events, _ = read(tmp_path, str(path))
    assert sorted(events["request_id"].to_list()) == sorted(f"req_{number}" for number in range(12))
    assert events["source_line"].to_list() == list(range(1, 13))
    assert report.adds_up


def _example(module: object) -> str:
    """The example in a module's docstring: everything behind its first paragraph."""
    return str(module.__doc__).split("\n\n", 1)[1]


def test_the_mapping_in_the_documentation_reads(tmp_path: Path) -> None:
    """The example that documents mapping files is one, whole."""
    (tmp_path / "ids.csv").write_text("svc@p.iam.gserviceaccount.com,alice\n")
    (tmp_path / "map.toml").write_text(_example(mapping_module))
    found = read_mapping(tmp_path / "map.toml")
    assert found.observables == {"url": "landing_page"}
    assert found.for_source("logs/vertex-1.json").fields["account_id"] == ("principal",)
    assert found.for_source("logs/other.json").fields["account_id"] == ("customer.ref",)
    assert found.unify(pl.Series(["arn:aws:iam::1:user/bob", "svc@p.iam.gserviceaccount.com", "carol"])).to_list() == [
        "bob",
        "alice",
        "carol",
    ]


def test_posts_as_events_and_what_they_share_as_observable(tmp_path: Path) -> None:
    """Posts of a social network, in Parquet with names of one letter, are read through a mapping: account, time, and
    the shared object.
    """
    pl.DataFrame({"o": ["x", "y"], "a": ["ann", "bob"], "c": ["1", "2"], "t": [1623881091, 1623879483]}).write_parquet(
        tmp_path / "posts.parquet"
    )
    (tmp_path / "map.toml").write_text(
        '[fields]\naccount_id = "a"\nstarted_at = "t"\nrequest_id = "c"\n\n[observables]\nobject = "o"\n'
    )
    _, events, rejects = read(tmp_path, str(tmp_path / "posts.parquet"), mapping=tmp_path / "map.toml")
    assert rejects.is_empty()
    assert events.select("account_id", "request_id", "observable_object").rows() == [
        ("ann", "1", "x"),
        ("bob", "2", "y"),
    ]
    assert events["started_at"][0] == datetime(2021, 6, 16, 22, 4, 51, tzinfo=UTC)


FORMS = (
    "{0:%Y-%m-%dT%H:%M:%S}Z",
    "{0:%Y-%m-%d %H:%M:%S}.{1:09d}+00:00",
    "{0:%Y-%m-%dT%H:%M:%S}.{2}Z",
    "{0:%d/%b/%Y:%H:%M:%S} +0000",
)


@pytest.mark.parametrize("form", FORMS)
def test_times_written_alike_are_read_as_strptime_reads_them(form: str) -> None:
    """Digits taken as a matrix give the times that strptime gives; one that is in no calendar leaves them all to it."""
    rng = random.Random(5)
    start = datetime(2015, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(seconds=rng.randrange(86 * 365 * 86_400)) for _ in range(3_000)]
    texts = [form.format(moment, rng.randrange(10**9), rng.randrange(10)) for moment in moments]
    together = times.read_times(pl.Series(texts))
    mixed = times.read_times(pl.Series([*texts, "2026-02-30T00:00:00Z", "no time"]))
    assert together.to_list() == mixed.to_list()[:-2]
    assert mixed.to_list()[-2:] == [None, None]
    assert [read.replace(microsecond=0) for read in together.to_list()] == moments


LATE = [
    {"user_agent": "late/1"},
    {"status": None, "User-Agent": "late/1"},
    {"usage": {"input_tokens": 3, "output_tokens": 5}},
    {"note": 'a "quoted" thing\nand\tmore', "user_agent": "late/1"},
    {"note": "é\u2028ü", "user_agent": "late/1"},
]


@pytest.mark.parametrize("late", LATE)
def test_a_line_with_more_than_was_read_of_it_is_looked_into(tmp_path: Path, late: dict[str, Any]) -> None:
    """One line in 2,000 has a key that no sampled line has: it is found whatever else the lines hold."""
    lines = [
        line(number, note="x" * (number % 9) + ('"\n' if number % 3 else ""), status=None if number % 5 else 200)
        for number in range(2_000)
    ]
    lines[1_234] = line(1_234, **late)
    report, events, _ = read(tmp_path, write(tmp_path / "a.jsonl", lines))
    found = events.filter(pl.col("source_line") == 1_235).row(0, named=True)
    assert report.event_count == 2_000
    assert found["user_agent"] == "late/1" if "usage" not in late else found["input_tokens"] == 3
    assert events["user_agent"].null_count() + events["input_tokens"].null_count() == 3_999


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.just({"a": 1}),
    st.just([1, "b"]),
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "ts": st.sampled_from(["2026-05-01T10:00:00Z", "1777629600", 1777629600.5, ""]),
                "account_id": st.sampled_from(["a", "b", 7, " c "]),
            },
            optional={
                "status": VALUES,
                "input_tokens": VALUES,
                "latency_ms": VALUES,
                "user_agent": VALUES.filter(lambda value: not isinstance(value, float)),
                "other": VALUES,
                "usage": st.just({"output_tokens": 4}),
            },
        ),
        min_size=1,
        max_size=30,
    ),
    st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_ways_to_read_json_lines_give_the_same_events(records: list[dict[str, Any]], spaced: bool) -> None:
    """What polars reads at once and what orjson reads line by line are the same events and rejects."""
    text = "\n".join(json.dumps(record, separators=(", ", ": ") if spaced else (",", ":")) for record in records) + "\n"
    batch = make_batch(text.encode(), 0, 1)
    form = catalogue.all_formats()["flat"]
    seen = observe(records)
    cleaned = []
    for fast in (True, False):
        rows = read_json(batch, form, {}, seen, fast=fast)
        if fast:
            names = set(rows.frame.columns)
        cleaned.append(
            (
                clean_events(rows.frame.select(sorted(names & set(rows.frame.columns))), Cleaning()),
                rows.bad,
                rows.passed_over,
            )
        )
    assert_frame_equal(cleaned[0][0][0], cleaned[1][0][0])
    assert cleaned[0][0][1] == cleaned[1][0][1]
    assert cleaned[0][1:] == cleaned[1][1:]


CELLS = st.sampled_from(
    [
        "",
        "a",
        "b c",
        "-",
        "é",
        '""',
        '"x, y"',
        '"say ""hi"""',
        '"two\nlines"',
        'in"side',
        '"open',
        ' "spaced"',
        "\t",
        "1.5",
        "x\r",
    ]
)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=25),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";", "|"]),
)
@settings(max_examples=150, deadline=None)
def test_both_ways_to_read_delimited_lines_give_the_same_rows(rows: list[list[str]], end: str, delimiter: str) -> None:
    """What polars reads at once and what the csv module reads record by record are the same rows, rejects and further
    lines.
    """
    header = ("ts", "account_id", "note")
    batch = make_batch("".join(delimiter.join(cells) + end for cells in rows).encode(), 0, 1)
    plan = Plan({"account_id": (("account_id",),), "started_at": (("ts",), ("note",))})
    form = catalogue.all_formats()["flat"]
    fast = textlines.read_csv(batch, header, delimiter, plan, form)
    slow = textlines._read_csv_slowly(batch, textlines.csv_groups(batch), header, delimiter, plan, form)
    assert_frame_equal(fast.frame, slow.frame)
    assert (fast.bad, fast.passed_over) == (slow.bad, slow.passed_over)


def test_plain_access_log_lines_are_read_as_the_others_are() -> None:
    """The short pattern for plain lines takes nothing apart otherwise than the full one."""
    form = catalogue.all_formats()["access_log"]
    lines = [
        (
            '198.51.100.7 - acct_1 [10/Oct/2026:13:55:36 +0200] "POST /v1/messages?a=1#b HTTP/1.1" 200 2326 "-" '
            '"curl/8.5.0"'
        ),
        '198.51.100.7 - - [10/Oct/2026:13:55:36 +0000] "GET /v1/models HTTP/1.1" 401 -',
        '2001:db8::7 x acct_2 [10/Oct/2026:13:55:37 +0000] "post / HTTP/2.0" 200 512 "https://example.org/?q=[1]" ""',
        *form.samples,
    ]
    batch = make_batch("\n".join(lines).encode(), 0, 1)
    plain, *full = form.pattern.split("\n")
    both = [
        clean_events(textlines.read_pattern(batch, patterns, form, {}, "no").frame, Cleaning(need_account=False))
        for patterns in ([plain, *full], full)
    ]
    assert textlines.read_pattern(batch, [plain], form, {}, "no").frame.height >= 3
    assert_frame_equal(both[0][0], both[1][0])
    assert both[0][1] == both[1][1]


def test_columns_with_nothing_in_them_are_not_stored_and_come_back(tmp_path: Path) -> None:
    """A part holds the columns something stands in; the table has them all, whatever part they come from."""
    read(tmp_path, write(tmp_path / "a.jsonl", [line(1)]))
    read(tmp_path, write(tmp_path / "b.jsonl", [line(2, user_agent="curl/8.5.0")]))
    case = Case(tmp_path / "case")
    stored = [set(pl.read_parquet_schema(path)) for path in case.files("events")]
    assert ["user_agent" in names for names in stored] == [False, True]
    assert all({"started_at", "account_id", "source_id", "source_line"} <= names for names in stored)
    assert case.scan("events").collect().columns == list(EVENTS.columns)
    assert [case.scan_part("events", path).collect()["user_agent"].to_list() for path in case.files("events")] == [
        [None],
        ["curl/8.5.0"],
    ]
    assert case.drop(datetime(2026, 5, 1, 10, 0, 2, tzinfo=UTC)) == 1
    assert case.scan("events").collect()["user_agent"].to_list() == ["curl/8.5.0"]


def test_csv_records_of_several_lines_survive_the_borders_of_batches(tmp_path: Path) -> None:
    """A batch ends with a record, not inside a quoted text; every record is an event, whatever its lines."""
    text = 'summarise ""this"":\n```\nfor river in delta:\n    print(\'a, b\')\n```\n'
    rows = [
        f'2026-05-01T10:{number // 60 % 60:02d}:{number % 60:02d}Z,acct_{number % 50},"{text * (1 + number % 3)}{number}",200'
        for number in range(12_000)
    ]
    source = tmp_path / "export.csv"
    source.write_text("time,customer_id,prompt,status\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(source)], settings=IngestSettings(batch_mb=1))
    assert source.stat().st_size > 1.5e6
    assert report.event_count == 12_000
    assert report.reject_count == 0
