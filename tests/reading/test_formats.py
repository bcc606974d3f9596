"""Every format reads its own samples, as itself and as no other, and rejects what is broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from forensics.case.store import Case
from forensics.common.errors import InputError, UsageError
from forensics.common.settings import IngestSettings, Settings
from forensics.reading.fields.aliases import CANONICAL, RAW_FIELDS, resolve
from forensics.reading.ingest import ingest
from forensics.reading.preview import check_format
from forensics.reading.recognising.catalogue import all_formats, list_formats
from forensics.reading.recognising.described import MAIN, can_fill, formats_page

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = IngestSettings(max_reject_share=1.0, workers=1)
FORMATS = all_formats()
REQUESTS = [name for name, form in FORMATS.items() if not form.refuse]


@pytest.mark.parametrize("name", list(FORMATS))
def test_format_says_what_it_is(name: str) -> None:
    """A format has a title, a reference, samples, and fields that exist."""
    form = FORMATS[name]
    assert form.name == name
    assert form.title
    assert form.reference
    assert form.samples
    assert set(form.fields) <= CANONICAL | set(RAW_FIELDS)
    assert set(form.constants) <= CANONICAL
    assert form.read is not None or form.fields or form.pattern or form.by_alias or form.refuse


@pytest.mark.parametrize("name", REQUESTS)
def test_samples_parse_as_this_format_and_no_other(name: str, tmp_path: Path) -> None:
    """Each sample alone is recognised as its format and becomes at least one event with time and account."""
    form = FORMATS[name]
    for number, sample in enumerate(form.samples):
        path = tmp_path / f"sample{number}.log"
        path.write_text(sample + "\n", encoding="utf-8")
        with Case.locked(tmp_path / f"case{number}") as case:
            report = ingest(case, [str(path)], settings=SETTINGS)
            events = case.scan("events").collect()
        assert [source.format for source in report.sources] == [name], sample
        assert report.adds_up
        assert report.event_count >= 1, f"{report.reasons}: {sample}"
        assert report.reject_count == 0, report.reasons
        for column, value in form.constants.items():
            assert events[column].to_list() == [value] * events.height


@pytest.mark.parametrize("name", [name for name in REQUESTS if FORMATS[name].broken])
def test_broken_lines_are_rejected_with_a_reason(name: str, tmp_path: Path) -> None:
    """Lines that the format calls broken become rejects; the samples around them stay events."""
    form = FORMATS[name]
    path = tmp_path / "mixed.log"
    path.write_text("\n".join([*form.samples, *form.broken, *form.samples]) + "\n", encoding="utf-8")
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(path)], format_name=name, settings=SETTINGS)
        rejects = case.scan("rejects").collect()
    assert report.reject_count >= len(form.broken)
    assert rejects.height == report.reject_count
    assert rejects["reason"].null_count() == 0
    assert report.event_count + report.duplicate_count + report.blank_count >= 2 * len(form.samples)


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.refuse])
def test_reports_that_are_no_request_logs_are_refused(name: str, tmp_path: Path) -> None:
    """Bucketed usage reports are recognised and refused with a sentence that says why."""
    for sample in FORMATS[name].samples:
        path = tmp_path / "usage.json"
        path.write_text(sample + "\n", encoding="utf-8")
        with Case.locked(tmp_path / "case") as case, pytest.raises(InputError) as caught:
            ingest(case, [str(path)], settings=SETTINGS)
        assert FORMATS[name].refuse in caught.value.message


def test_formats_are_listed() -> None:
    """The list names every format once."""
    assert [form["name"] for form in list_formats()] == list(FORMATS)


OWN = """
name = "my_gateway"
title = "our gateway"
marks = ["gw_request", "at"]
samples = ['{"gw_request":"r1","at":1780804190,"customer":"acct_1","sekunden":0.5}']
broken = ['{"gw_request":"r1","at":"never","customer":"acct_1"}']
[fields]
started_at = "at"
account_id = "customer"
request_id = "gw_request"
latency_s = "sekunden"
"""


def test_formats_of_ones_own(tmp_path: Path) -> None:
    """A TOML file in `formats` beside the case is a format like any other, and its samples can be checked."""
    folder = tmp_path / "formats"
    folder.mkdir()
    (folder / "mine.toml").write_text(OWN)
    assert check_format(folder / "mine.toml") == []
    log = tmp_path / "a.log"
    log.write_text('{"gw_request":"r1","at":1780804190,"customer":"acct_1","sekunden":0.5}\n')
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(log)], settings=SETTINGS)
        event = case.scan("events").collect().row(0, named=True)
    assert report.sources[0].format == "my_gateway"
    assert (event["account_id"], event["request_id"], event["latency_ms"]) == ("acct_1", "r1", 500.0)
    assert "my_gateway" in {form["name"] for form in list_formats(tmp_path / "case")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("samples = [", "samples = []\nbroken_ = ["), "unknown key"),
        (('marks = ["gw_request", "at"]', ""), "nothing tells this format"),
        (('account_id = "customer"', 'accountant = "customer"'), "not a column"),
        (('started_at = "at"', "started_at = 3"), "must name a field"),
    ],
)
def test_a_wrong_format_file_is_a_usage_error(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    """What cannot be a format is refused with the file and the reason."""
    (tmp_path / "mine.toml").write_text(OWN.replace(*change))
    with pytest.raises(UsageError, match=words):
        check_format(tmp_path / "mine.toml")


def test_checks_find_samples_that_do_not_read(tmp_path: Path) -> None:
    """A sample without its account, and a broken line that reads, are said."""
    (tmp_path / "mine.toml").write_text(
        OWN.replace('"customer":"acct_1","sekunden"', '"sekunden"').replace('"at":"never"', '"at":1780804190')
    )
    assert check_format(tmp_path / "mine.toml") == [
        "sample 1 does not read as my_gateway",
        "broken line 1 reads although it should not",
    ]


def test_equal_fits_are_an_error_that_names_both(tmp_path: Path) -> None:
    """Two formats that fit a log equally well are named; --format settles it."""
    folder = tmp_path / "formats"
    folder.mkdir()
    (folder / "mine.toml").write_text(OWN)
    (folder / "yours.toml").write_text(OWN.replace("my_gateway", "your_gateway"))
    log = tmp_path / "a.log"
    log.write_text('{"gw_request":"r1","at":1780804190,"customer":"acct_1"}\n')
    with Case.locked(tmp_path / "case") as case:
        with pytest.raises(InputError, match="my_gateway and your_gateway"):
            ingest(case, [str(log)], settings=SETTINGS)
        assert ingest(case, [str(log)], format_name="your_gateway", settings=SETTINGS).event_count == 1


def test_field_names_are_read_word_by_word_with_abbreviations_spelt_out() -> None:
    """Exports write names out or shorten them."""
    found = resolve(
        [
            (name,)
            for name in (
                "Cust ID",
                "Req Time",
                "Duration (ms)",
                "System Prompt SHA",
                "msg_sha",
                "tok_in",
                "latencyMillis",
                "rid",
            )
        ]
    )
    told = {field: paths[0][0] for field, paths in found.items()}
    assert told["account_id"] == "Cust ID"
    assert told["started_at"] == "Req Time"
    assert told["latency_ms"] in {"Duration (ms)", "latencyMillis"}
    assert told["system_hash"] == "System Prompt SHA"
    assert told["prompt_hash"] == "msg_sha"
    assert told["input_tokens"] == "tok_in"
    assert told["request_id"] == "rid"


def test_a_column_called_client_is_an_address_or_a_user_agent_by_its_values(tmp_path: Path) -> None:
    """The word alone does not say which."""
    source = tmp_path / "export.csv"
    source.write_text(
        "Req Time,Cust ID,Src IP,Client\n2026-05-01 10:00:00,c1,203.0.113.9,axios/1.7.7\n2026-05-01 "
        "10:00:01,c2,203.0.113.10,curl/8.5.0\n"
    )
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [str(source)], settings=Settings().ingest)
        events = case.scan("events").collect().sort("started_at")
    assert events["client_address"].to_list() == ["203.0.113.9", "203.0.113.10"]
    assert events["user_agent"].to_list() == ["axios/1.7.7", "curl/8.5.0"]


def read_one(tmp_path: Path, name: str, line: str) -> dict[str, Any]:
    """The one event of a line."""
    (tmp_path / "one.log").write_text(line + "\n", encoding="utf-8")
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(tmp_path / "one.log")], settings=SETTINGS)
        assert [source.format for source in report.sources] == [name]
        return case.scan("events").collect().row(0, named=True)


PITFALLS: list[tuple[str, str, dict[str, Any]]] = [
    (  # addresses as a list, fingerprints as a list of objects
        "ocsf",
        (
            '{"class_uid":6003,"category_uid":6,"time":1787113201719,"actor":{"user":{"uid":"a"}},"src_endpoint":{"ip":"10.0.0.1"},"http_request":'
            '{"x_forwarded_for":["198.51.100.7","10.0.0.2"]},"ja4_fingerprint_list":[{"type_id":1,"value":"t13d1516h2_8daaf6152771_02713d6af862"}]}'
        ),
        {"client_address": "198.51.100.7", "tls_ja4": "t13d1516h2_8daaf6152771_02713d6af862"},
    ),
    (  # domain and certificate without quotes
        "alb",
        (
            "https 2026-08-10T23:39:43.065466Z app/lb/5 198.51.100.7:2817 10.0.0.1:80 0.086 -1 0.037 200 200 0 57 "
            '"POST https://a.example/v1/messages HTTP/2" '
            '"curl/8.5" ECDHE TLSv1.2 arn:aws:x "Root=1-5" a.example arn:aws:acm:us-east-2:1:certificate/1 0'
        ),
        {"server_address": "a.example", "endpoint": "/v1/messages", "latency_ms": None, "status_code": 200},
    ),
    (  # times in whole seconds: the origin's own clock tells more
        "cloudflare",
        (
            '{"RayID":"7","EdgeStartTimestamp":"1779715526","EdgeEndTimestamp":"1779715532","ClientIP":"198.51.100.7","ClientCountry":"us",'
            '"OriginResponseDurationMs":5319,"FraudUserID":"a"}'
        ),
        {"latency_ms": 5319.0, "client_country": "US", "started_at": datetime(2026, 5, 25, 13, 25, 26, tzinfo=UTC)},
    ),
    (  # the plugin's name is a key
        "kong",
        (
            '{"client_ip":"198.51.100.7","started_at":1787113201719,"request":{"id":"k"},"latencies":{"request":5},"consumer":{"username":"a"},'
            '"ai":{"ai-proxy-advanced":{"usage":{"prompt_tokens":3,"completion_tokens":4},"meta":{"request_model":"m"}}}}'
        ),
        {"input_tokens": 3, "output_tokens": 4, "request_model": "m"},
    ),
    (  # an odd field beside the ones that matter
        "vertex",
        (
            '{"protoPayload":{"authenticationInfo":{"principalEmail":"a@p.example"},"requestMetadata":{"callerSuppliedUserAgent":"x/1,gzip(gfe),gzip(gfe)"},'
            '"serviceName":"aiplatform.googleapis.com","methodName":"x.Predict","authorizationInfo":true,"resourceName":"projects/p/endpoints/77"},'
            '"insertId":"i","timestamp":"2026-05-01T10:54:44.516444030Z"}'
        ),
        {"user_agent": "x/1", "status_code": 200, "request_model": "77"},
    ),
    (  # an account that is an object is none: the next best stands in
        "bedrock",
        (
            '{"schemaType":"ModelInvocationLog","timestamp":"2026-05-01T10:00:00Z","requestId":"r","operation":"InvokeModelWithResponseStream","modelId":"m",'
            '"accountId":"1111","identity":{},"output":{"outputBodyJson":[{"type":"message_start"},{"metadata":{"usage":{"inputTokens":4,"outputTokens":5}}}]}}'
        ),
        {"account_id": "1111", "stream": True, "input_tokens": 4, "output_tokens": 5},
    ),
    (  # a record inside a wrapper beside one that is none
        "cloudtrail",
        (
            '{"Records":[null,{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/app/s","sessionContext":{"sessionIssuer":'
            '{"arn":"arn:aws:iam::1:role/app"}}},"eventTime":"2026-05-06T10:11:13Z","eventSource":"bedrock.amazonaws.com","eventName":"Converse",'
            '"sourceIPAddress":"AWS Internal","requestID":"q"}]}'
        ),
        {"account_id": "arn:aws:iam::1:role/app", "client_address": None, "status_code": 200},
    ),
]


@pytest.mark.parametrize(("name", "line", "expected"), PITFALLS, ids=[name for name, _, _ in PITFALLS])
def test_known_pitfalls(name: str, line: str, expected: dict[str, Any], tmp_path: Path) -> None:
    """What a source is known to write otherwise than one would expect is read right."""
    event = read_one(tmp_path, name, line)
    assert {column: event[column] for column in expected} == expected


def test_spans_of_agents_and_tools_are_no_requests(tmp_path: Path) -> None:
    """Of an agent's trace only the model's own spans count: the others would count its requests twice."""
    lines = [
        json.dumps(
            {
                "traceId": "t",
                "spanId": kind,
                "startTimeUnixNano": "1777629600123000000",
                "attributes": {"gen_ai.operation.name": kind, "user.id": "a"},
            }
        )
        for kind in ("invoke_agent", "chat", "execute_tool", "chat_again")
    ]
    (tmp_path / "spans.jsonl").write_text("\n".join(lines) + "\n")
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(tmp_path / "spans.jsonl")], settings=SETTINGS)
        assert case.scan("events").collect()["operation"].to_list() == ["chat", "chat_again"]
    assert (report.event_count, report.blank_count) == (2, 2)


def test_the_page_about_formats_is_what_the_formats_are() -> None:
    """The page that ships with the tool says for each format what it fills and what it cannot, and cannot drift."""
    page = resources.files("forensics.docs").joinpath("formats.md").read_text(encoding="utf-8")
    assert page == formats_page(), "write it anew: python -m forensics.reading.recognising.described"


@pytest.mark.parametrize("name", [name for name in REQUESTS if FORMATS[name].fills])
def test_a_format_fills_what_it_says_it_usually_fills(name: str, tmp_path: Path) -> None:
    """Each column that a format claims to fill is filled in some sample of it, and none that it is said not to."""
    form = FORMATS[name]
    filled: set[str] = set()
    for number, sample in enumerate(form.samples):
        path = tmp_path / f"sample{number}.log"
        path.write_text(sample + "\n", encoding="utf-8")
        with Case.locked(tmp_path / f"case{number}") as case:
            ingest(case, [str(path)], settings=SETTINGS)
            events = case.scan("events").collect()
        filled |= {column for column in events.columns if events[column].null_count() < events.height}
        filled |= {"client_address"} if "client_prefix" in filled else set()  # masked is not missing
    assert set(form.fills) - filled == set()
    assert (filled & set(MAIN)) - can_fill(form) - set(form.fills) - {"account_id"} == set()
