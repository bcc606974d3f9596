"""Files as they should not be, one family of formats after the other, through the command line.

Every line is accounted for, every reason has a name, the exit code is right, and nothing that a log holds reaches the
terminal as it is. Each file is a list of lines with what must become of them, so that the counts are sums over that
list.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import running
import zstandard
from hostile import flat, harmless

from forensics.case.store import Case
from forensics.reading.fields.json_values import TOO_DEEP
from forensics.reading.recognising.catalogue import all_formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from running import Answer

    Line = tuple[bytes, Sequence[str]]  # its bytes, and what becomes of each record in it

call = running.call  # the tool in this process
EVENT, DOUBLE, BLANK = "event", "duplicate", "blank"
NOT_JSON, NOT_OBJECT, NOT_UTF8 = "not valid JSON", "JSON, but no object", "not UTF-8 text"
NO_TIME, BAD_TIME, FAR_TIME, NO_ACCOUNT = "no time", "time not readable", "time outside 2015 to 2100", "no account"
SHAPE = "not in the log's line format"
ESCAPES = "\x1b[31mred\x1b]0;owned\x07\u202egnp\u2066\u200b\U000e0041[/]\x9b2J"
FAMILIES: dict[str, Callable[[], list[Line]]] = {}


def family(build: Callable[[], list[Line]]) -> Callable[[], list[Line]]:
    """A family of formats: its lines with what becomes of them."""
    FAMILIES[build.__name__] = build
    return build


@family
def flat_json() -> list[Line]:
    """Flat JSON lines."""
    good: list[dict[str, Any]] = [
        {"input_tokens": 10**40},
        {"input_tokens": 2**64},
        {"input_tokens": -3},
        {"input_tokens": "12"},
        {"input_tokens": {"a": 1}},
        {"input_tokens": [1, 2]},
        {"input_tokens": "1e400"},
        {"user_agent": ESCAPES},
        {"user_agent": "x/1,gzip(gfe),gzip(gfe)"},
        {"account_id": "=cmd|' /C calc'!A0"},
        {"account_id": "\x1b[2J\u202e/etc/passwd"},
        {"account_id": 5},
        {"ip": "198.51.100.***"},
        {"ip": "203.0.113.9, 198.51.100.7, 10.0.0.1"},
        {"ip": "[2001:db8::7]:443"},
        {"ip": "::ffff:198.51.100.9"},
        {"ip": "999.1.1.1"},
        {"ip": {"v4": "198.51.100.7"}},
        {"ts": 639132264205394150},
        {"ts": 1777629621},
        {"ts": "1777629622000"},
        {"ts": 1777629623000000},
        {"ts": 1777629624000000000},
        {"ts": "2026-05-01 12:00:25.5+02:00"},
        {"prompt": "x" * (1 << 20)},
        {"metadata": [[[["deep"]]]] * 3},
    ]
    lost: list[tuple[dict[str, Any], str]] = [
        ({"account_id": None}, NO_ACCOUNT),
        ({"account_id": "  "}, NO_ACCOUNT),
        ({"account_id": {"id": "inner"}}, NO_ACCOUNT),
        ({"account_id": ["listed"]}, NO_ACCOUNT),
        ({"ts": None}, NO_TIME),
        ({"ts": "-"}, NO_TIME),
        ({"ts": "yesterday"}, BAD_TIME),
        ({"ts": True}, BAD_TIME),
        ({"ts": "1999-01-01T00:00:00Z"}, FAR_TIME),
        ({"ts": 0}, FAR_TIME),
        ({"ts": -1}, FAR_TIME),
        ({"ts": 10**30}, BAD_TIME),
    ]
    whole = flat(99)
    deep = b'{"ts":"2026-05-01T10:02:00Z","account_id":"deep","request_id":"d%d","x":'
    return [
        *((flat(number, **more), [EVENT]) for number, more in enumerate(good)),
        *((flat(100 + number, **more), [reason]) for number, (more, reason) in enumerate(lost)),
        (flat(0), [DOUBLE]),
        (b"", [BLANK]),
        (b"  \t ", [BLANK]),
        (whole[:40], [NOT_JSON]),
        (whole[:-1], [NOT_JSON]),
        (whole + flat(98), [EVENT, EVENT]),  # objects one after the other, as Firehose writes them
        (whole + b",", [DOUBLE]),  # as an array stands over several lines
        (whole + b"\x00", [NOT_JSON]),
        (whole.replace(b"acct", b"ac\x00ct"), [NOT_JSON]),
        (whole.replace(b"acct", b"ac\xffct"), [NOT_UTF8]),
        (flat(97, input_tokens=float("nan")), [NOT_JSON]),
        (flat(97, input_tokens=float("inf")), [NOT_JSON]),
        (deep % 1 + b"[" * 5000 + b"]" * 5000 + b"}", [TOO_DEEP]),
        (deep % 2 + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}", [TOO_DEEP]),
        (b"null", [NOT_OBJECT]),
        (b'"text"', [NOT_OBJECT]),
        (b"12", [NOT_OBJECT]),
        (b"[1,2]", [NOT_OBJECT, NOT_OBJECT]),
        (b"[" + flat(90) + b"," + flat(90) + b"]", [EVENT, DOUBLE]),
        (b'{"log":' + json.dumps(flat(91).decode()).encode() + b',"stream":"stdout"}', [EVENT]),
        (b"\x1b[31m" + whole, [NOT_JSON]),
        (flat(94, user_agent="cut \ud83d"), [EVENT]),  # half an emoji, as a text that was cut leaves it
        (flat(95, user_agent="\ude00 cut", prompt="whole \U0001f600"), [EVENT]),
        (flat(96), [EVENT]),
    ]


@family
def csv() -> list[Line]:
    """CSV with a header."""
    head = b"2026-05-01T10:00:%02dZ,a,r%d,m,"
    return [
        (b"ts,account_id,request_id,model,prompt,ip", [BLANK]),
        (head % (0, 0) + b'"one, two",198.51.100.***', [EVENT]),
        (head % (1, 1) + b'"line one\nline two ""quoted""",203.0.113.1', [EVENT, BLANK]),
        (head % (1, 1) + b"again,203.0.113.1", [DOUBLE]),
        (head % (2, 2) + b'"escaped \\n newline",203.0.113.1', [EVENT]),
        (head % (3, 3) + b'"bad"tail,203.0.113.1', ["not valid CSV: ',' expected after '\"'"]),
        (b"2026-05-01T10:00:04Z,a", ["2 fields where the header has 6"]),
        (head % (4, 4) + b"x,203.0.113.1,extra", ["7 fields where the header has 6"]),
        (b"", [BLANK]),
        (b",,,,,", [NO_TIME]),
        (b'2026-05-01T10:00:05Z,"=HYPERLINK(""http://x"")",r5,m,\x1b[2J,203.0.113.1', [EVENT]),
        (b"2026-05-01T10:00:06Z,\xff\xfe,r6,m,x,203.0.113.1", [NOT_UTF8]),
        (b"2026-05-01T10:00:07Z," + ESCAPES.encode() + b",r7,m,x,203.0.113.1", [EVENT]),
        (b"1777629608,b,r8,m,x,2001:db8::1", [EVENT]),
        (b"639152222815394150,b,r9,m,x,203.0.113.1", [EVENT]),
        (b"0,b,r10,m,x,203.0.113.1", [FAR_TIME]),
        (b"soon,b,r11,m,x,203.0.113.1", [BAD_TIME]),
        (b"2026-05-01T10:00:12Z,,r12,m,x,203.0.113.1", [NO_ACCOUNT]),
        (head % (13, 13) + b"y" * 100_000 + b",203.0.113.1", [EVENT]),
        (head % (14, 14) + b'"open quote,203.0.113.1', ["not valid CSV: unexpected end of data"]),
        (head % (15, 15) + b'"escaped \\" quote",203.0.113.1', ["not valid CSV: ',' expected after '\"'"]),
        (head % (16, 16) + b'un"quoted,203.0.113.1', [EVENT]),  # two stray quotes do not swallow what lies between
        (head % (17, 17) + b'"' + b"y" * 300_000 + b'",203.0.113.1', [EVENT]),
        (head % (18, 18) + b"x,203.0.113.1", [EVENT]),
    ]


@family
def access_log() -> list[Line]:
    """Combined access log."""

    def line(
        second: int,
        *,
        host: bytes = b"198.51.100.7",
        user: bytes = b"a",
        request: bytes = b"GET / HTTP/1.1",
        tail: bytes = b' "-" "curl/8"',
    ) -> bytes:
        return b'%s - %s [10/Oct/2026:13:55:%02d +0200] "%s" 200 1%s' % (host, user, second, request, tail)

    return [
        (line(0), [EVENT]),
        (line(1, request=b"\\x16\\x03\\x01"), [EVENT]),
        (line(2, request=b""), [EVENT]),
        (line(3, request=b"-"), [EVENT]),
        (line(4, request=b"GET /\\x22x\\x22 HTTP/1.1", user=b"a b c", tail=b' "-" "say \\"hi\\""'), [EVENT]),
        (line(5, host=b"2001:db8::7", tail=b' "-" "' + ESCAPES.encode() + b'"'), [EVENT]),
        (line(6, host=b"api.example.com:443 198.51.100.8", tail=b' "-" "x/1,gzip(gfe)"'), [EVENT]),
        (line(7, host=b"10.0.0.1", tail=b' "-" "x" "203.0.113.9, 10.0.0.2"'), [EVENT]),
        (line(8, host=b"198.51.100.xxx"), [EVENT]),
        (line(9, request=b"GET /" + b"A" * 200_000), [EVENT]),
        (line(10, user=b"\xff\xfe"), [EVENT]),
        (line(11, user=b"-"), [EVENT]),  # the address stands in where a line names nobody
        (line(12).replace(b"2026", b"1970"), [FAR_TIME]),
        (line(13)[:60], [SHAPE]),
        (line(14)[20:], [SHAPE]),
        (b"\x00\x00\x00", [SHAPE]),
        (b"", [BLANK]),
        (b"# Software: a comment", [BLANK]),
        (line(15) + line(16), [SHAPE]),  # two writers on one line
        (line(17), [EVENT]),
    ]


def trail(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    """An event of CloudTrail."""
    base: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::1:user/u{number % 3}"},
    }
    named = {
        "eventTime": f"2026-05-06T10:11:{number:02d}Z",
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "InvokeModel",
    }
    return {**base, **named, "sourceIPAddress": "198.51.100.7", "requestID": f"q{number}", **more}


TRAILS: list[tuple[Any, str]] = [
    (trail(0), EVENT),
    (trail(0), DOUBLE),
    (trail(1, sourceIPAddress="bedrock.amazonaws.com"), EVENT),
    (trail(2, sourceIPAddress="AWS Internal", userAgent=ESCAPES), EVENT),
    (trail(12, userAgent="cut \ud83d"), EVENT),
    (trail(3, requestParameters="text", tlsDetails=[], userAgent=["x"]), EVENT),
    (trail(4, userIdentity={"sessionContext": {"sessionIssuer": "x"}, "arn": "\x1b]0;x\x07"}), EVENT),
    (trail(5, eventSource="s3.amazonaws.com"), BLANK),
    (trail(6, userIdentity={}), NO_ACCOUNT),
    (trail(7, userIdentity="x"), NO_ACCOUNT),
    (trail(8, eventTime=None), NO_TIME),
    (trail(9, eventTime="9999-01-01T00:00:00Z"), FAR_TIME),
    (trail(10, eventTime={"$date": 1}), NO_TIME),
    (trail(11, eventTime="soon"), BAD_TIME),
    (None, NOT_OBJECT),
    (5, NOT_OBJECT),
    ({}, NO_TIME),
]


@family
def wrapper() -> list[Line]:
    """A vendor's wrapper on one line."""
    body = json.dumps({"Records": [record for record, _ in TRAILS]}).encode()
    return [
        (body, [outcome for _, outcome in TRAILS]),
        (json.dumps(trail(20)).encode()[:-9], [NOT_JSON]),
        (b"[]", [BLANK]),
        (json.dumps(trail(21)).encode(), [EVENT]),
    ]


@family
def arrays() -> list[Line]:
    """Lines that are arrays of records, as http-log writes them in batches."""

    def record(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        base = {
            "client_ip": "198.51.100.8",
            "started_at": 1787113201720 + number * 1000,
            "request": {"id": f"k{number}", "method": "POST"},
        }
        return {**base, "latencies": {"request": 2}, "consumer": {"username": "acct"}, **more}

    lines: list[tuple[Any, list[str]]] = [
        (record(0), [EVENT]),
        ([record(1), record(2), record(1)], [EVENT, EVENT, DOUBLE]),
        ([[record(3)], record(4)], [EVENT, EVENT]),
        ([], [BLANK]),
        ([5, None, record(5)], [NOT_OBJECT, NOT_OBJECT, EVENT]),
        (record(6, request="text"), [EVENT]),
        (record(7, consumer=None), [EVENT]),  # the address stands in
        (record(8, started_at="soon"), [BAD_TIME]),
        (record(9, consumer={"username": ESCAPES}), [EVENT]),
    ]
    torn = json.dumps(record(10)).encode()[:80] + json.dumps(record(11)).encode()  # above 4 KB two writers interleave
    return [
        *((json.dumps(value).encode(), outcomes) for value, outcomes in lines[:-1]),
        (torn, [NOT_JSON]),
        (json.dumps(lines[-1][0]).encode(), lines[-1][1]),
    ]


@family
def otlp() -> list[Line]:
    """OpenTelemetry's nesting."""

    def span(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        told = [
            {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
            {"key": "user.id", "value": {"stringValue": f"a{number % 3}"}},
        ]
        return {
            "traceId": f"t{number}",
            "spanId": f"s{number}",
            "startTimeUnixNano": str(1777629600123000000 + number * 10**9),
            "attributes": told,
            **more,
        }

    def nested(*spans: Any, resource: Any = None) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}

    tool = [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}},
        {"key": "user.id", "value": {"stringValue": "a0"}},
    ]
    lines: list[tuple[Any, list[str]]] = [
        (nested(span(0), span(1), span(1), resource={"attributes": []}), [EVENT, EVENT, DOUBLE]),
        (
            nested(span(2, startTimeUnixNano="soon"), span(3, startTimeUnixNano=1e300), span(3, startTimeUnixNano=0)),
            [BAD_TIME, BAD_TIME, NO_TIME],
        ),
        (
            nested(span(4, attributes=None), span(5, attributes="x"), span(6, attributes=[None, 5, {"value": 1}])),
            [BLANK, BLANK, BLANK],
        ),
        (
            nested(span(7, attributes=[{"key": "gen_ai.x", "value": None}]), span(8, attributes=tool)),
            [NO_ACCOUNT, BLANK],
        ),
        (nested("x", None, 7, span(9)), [NOT_OBJECT, NOT_OBJECT, NOT_OBJECT, EVENT]),
        (nested(span(10), resource="text"), [EVENT]),
        (nested(span(11), resource={"attributes": {"a": 1}}), [EVENT]),
        ({"resourceSpans": [{"scopeSpans": {"spans": [span(12)]}}]}, [EVENT]),
        (
            {"resourceSpans": [{"scopeSpans": [None, 5, {"spans": None}, {"spans": span(13)}]}]},
            [NOT_OBJECT, NOT_OBJECT, EVENT],
        ),
        ({"resourceSpans": []}, [BLANK]),
        ({"resourceSpans": "x"}, [NOT_OBJECT]),
        ({"resourceSpans": [None]}, [NOT_OBJECT]),
        (span(14), [EVENT]),
        (span(15, attributes={"gen_ai.system": ESCAPES, "user.id": ESCAPES}), [EVENT]),
    ]
    cut = json.dumps(nested(span(16))).encode()[:-4]
    return [(cut, [NOT_JSON]), *((json.dumps(value).encode(), outcomes) for value, outcomes in lines)]


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "crlf": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
    "gz": lambda data: b"".join(
        gzip.compress(part) for part in (data[:700], data[700:], b"")
    ),  # members may end anywhere
    "zst": lambda data: zstandard.compress(data[:900]) + zstandard.compress(data[900:]),
    "no_end": lambda data: data.rstrip(b"\n"),
}


def read_case(folder: Path) -> tuple[dict[str, int], Counter[str], pl.DataFrame]:
    """The sums over the sources, the reasons of the rejects, the events."""
    case = Case(folder)
    names = ("line_count", "event_count", "duplicate_count", "reject_count", "blank_count")
    sums = case.scan("sources").select(pl.col(name).sum() for name in names).collect().row(0, named=True)
    events = case.scan("events").collect().sort("source_id", "source_line", maintain_order=True)
    return sums, Counter(case.scan("rejects").collect()["reason"].to_list()), events


@pytest.mark.parametrize("packing", list(PACKINGS))
@pytest.mark.parametrize("name", list(FAMILIES))
def test_every_line_is_accounted_for(name: str, packing: str, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Broken, cut, foreign, double and odd lines among good ones: each is an event, a duplicate, a blank or a reject
    with its reason.
    """
    lines = FAMILIES[name]()
    path = tmp_path / f"hostile.{packing}"
    path.write_bytes(PACKINGS[packing](b"".join(text + b"\n" for text, _ in lines)))
    answer = harmless(call("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1"))
    assert answer.returncode == 0, answer.stderr
    sums, reasons, events = read_case(tmp_path / "case")
    due = Counter(outcome for _, outcomes in lines for outcome in outcomes)
    counts = {EVENT: due.pop(EVENT), DOUBLE: due.pop(DOUBLE, 0), BLANK: due.pop(BLANK)}
    assert reasons == due
    assert (events.height, sums["duplicate_count"], sums["blank_count"]) == (
        counts[EVENT],
        counts[DOUBLE],
        counts[BLANK],
    )
    assert sums["line_count"] == sum(len(outcomes) for _, outcomes in lines)
    assert (
        sums["line_count"] == sums["event_count"] + sums["duplicate_count"] + sums["reject_count"] + sums["blank_count"]
    )
    assert f"{counts[EVENT]} events" in answer.stdout.replace("\u00a0", " ")
    again = harmless(call("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1"))
    assert again.returncode == 0
    assert read_case(tmp_path / "case")[2].height == counts[EVENT], "read twice, kept once"


@pytest.mark.parametrize("name", list(FAMILIES))
def test_what_was_read_is_told_without_acting(name: str, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """investigate, rejects, accounts and formats test on a hostile file: ordinary exit codes, and nothing of the log
    acts on the terminal.
    """
    path = tmp_path / "hostile.log"
    path.write_bytes(b"".join(text + b"\n" for text, _ in FAMILIES[name]()))
    case = ("--case", tmp_path / "case")
    assert harmless(call("investigate", path, *case, "--max-reject-share", "1")).returncode == 0
    assert harmless(call("rejects", *case)).returncode == 0
    assert harmless(call("accounts", *case, "--top", "50")).returncode == 0
    assert harmless(call("case", "info", *case)).returncode == 0
    assert harmless(call("formats", "test", path)).returncode == 0


@pytest.mark.parametrize("name", list(FAMILIES))
def test_too_many_rejects_are_refused(name: str, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Above the tolerated share of rejects nothing is read, the message names the commonest reasons, and the exit code
    is 4.
    """
    path = tmp_path / "hostile.log"
    path.write_bytes(b"".join(text + b"\n" for text, _ in FAMILIES[name]()))
    answer = harmless(call("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "0.01"))
    assert answer.returncode == 4
    assert re.search(r"[\d,]+ of [\d,]+ lines could not be read: \d+ \w", answer.stderr)
    assert not Case(tmp_path / "case").has("events")


def values(tmp_path: Path, call: Callable[..., Answer], name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of the events of a family, by line."""
    path = tmp_path / "hostile.log"
    path.write_bytes(b"".join(text + b"\n" for text, _ in FAMILIES[name]()))
    call("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1")
    return read_case(tmp_path / "case")[2].sort("source_line", "started_at").select(columns).rows()


def test_odd_addresses_and_times_are_read(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A masked address has a prefix only, of a chain the client counts, ports and brackets go; seconds to ticks are one
    clock; `,gzip(gfe)` goes.
    """
    rows = values(
        tmp_path, call, "flat_json", "client_address", "client_prefix", "started_at", "user_agent", "input_tokens"
    )
    assert [row[:2] for row in rows[12:18]] == [
        (None, "198.51.100.0/24"),
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8::7", "2001:db8::/48"),
        ("198.51.100.9", "198.51.100.0/24"),
        (None, None),
        (None, None),
    ]
    assert [f"{row[2]:%Y-%m-%dT%H:%M:%S.%f}" for row in rows[18:24]] == [
        "2026-05-01T10:00:20.539415",  # 639132264205394150 ticks of 100 ns since year 1
        *(f"2026-05-01T10:00:{second}.000000" for second in (21, 22, 23, 24)),
        "2026-05-01T10:00:25.500000",
    ]
    assert rows[8][3] == "x/1"
    assert {"cut \ufffd", "\ufffd cut"} <= {row[3] for row in rows}
    assert rows[7][3] == ESCAPES, "kept as it was; made harmless where it is printed"
    assert [row[4] for row in rows[:7]] == [None, None, None, 12, None, None, None]
    (tmp_path / "access").mkdir()
    access = values(tmp_path / "access", call, "access_log", "client_address", "client_prefix")
    assert access[5:9] == [
        ("2001:db8::7", "2001:db8::/48"),
        ("198.51.100.8", "198.51.100.0/24"),
        ("203.0.113.9", "203.0.113.0/24"),
        (None, "198.51.100.0/24"),
    ]


def test_a_document_over_many_lines(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A wrapper that is pretty-printed: its records are counted as lines; cut off it is an error that says where."""
    path = tmp_path / "trail.json"
    text = json.dumps({"Records": [record for record, _ in TRAILS]}, indent=1)
    path.write_text(text)
    answer = harmless(call("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1"))
    assert answer.returncode == 0
    sums, reasons, events = read_case(tmp_path / "case")
    due = Counter(outcome for _, outcome in TRAILS)
    assert (events.height, sums["duplicate_count"], sums["blank_count"]) == (
        due.pop(EVENT),
        due.pop(DOUBLE),
        due.pop(BLANK),
    )
    assert reasons == due
    path.write_text(text[:-200])
    answer = harmless(call("ingest", path, "--case", tmp_path / "other"))
    assert answer.returncode == 4
    assert re.search(r"trail\.json:\d+: not valid JSON", answer.stderr)


def test_hostile_parquet(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Rows of a Parquet file are lines; one that is cut off, or only begins like one, is named with exit code 4."""
    buffer = io.BytesIO()
    frame = {
        "time": [1777629600123, None, 5, 1777629601000, 1777629600123],
        "account_id": [ESCAPES, "b", "c", None, ESCAPES],
        "request_id": [*"12345"[:4], "1"],
    }
    pl.DataFrame(frame).write_parquet(buffer)
    path = tmp_path / "a.parquet"
    path.write_bytes(buffer.getvalue())
    answer = harmless(call("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1"))
    assert answer.returncode == 0
    sums, reasons, events = read_case(tmp_path / "case")
    assert (sums["line_count"], events.height, sums["duplicate_count"]) == (5, 1, 1)
    assert reasons == Counter([NO_TIME, FAR_TIME, NO_ACCOUNT])
    harmless(call("rejects", "--case", tmp_path / "case"))
    for data in (
        buffer.getvalue()[:-20],
        b"PAR1\x00\x1b[31m",
        buffer.getvalue()[:60] + b"\xff" * 40 + buffer.getvalue()[100:],
    ):
        path.write_bytes(data)
        answer = harmless(call("ingest", path, "--case", tmp_path / "other"))
        assert answer.returncode == 4
        assert re.search(r"a\.parquet (is not a readable Parquet file|cannot be read)", answer.stderr)


# Every format, with any of its values replaced

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e300,
    10**30,
    "",
    "-",
    "{cut",
    "\x1b[31m\u202e",
    "2026-13-45T99:99:99Z",
    [],
    {},
    [None],
    [5],
    [[{}]],
    {"values": 5},
    [{"key": None}],
)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON values
    """The way to every value inside a value."""
    if above:
        yield above
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*above, key))


def replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:  # noqa: ANN401 - JSON values
    """A copy with another value at one place."""
    changed = copy.deepcopy(value)
    node = changed
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = new
    return changed


NESTED = [
    name
    for name, form in all_formats().items()
    if not form.refuse and not form.pattern and all(sample[:1] in "{[" for sample in form.samples)
]


@pytest.mark.parametrize("name", NESTED)
def test_any_value_may_be_anything(name: str, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """The samples of a format with each value in turn replaced by something odd: no crash, whole samples stay events,
    the sum adds up.
    """
    form = all_formats()[name]
    samples = [json.loads(sample) for sample in form.samples]
    odd = [
        replaced(sample, place, ODD[(number + turn * 7) % len(ODD)])
        for sample in samples
        for number, place in enumerate(places(sample))
        for turn in range(3)
    ]
    path = tmp_path / "odd.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in [*samples, *odd]), encoding="utf-8")
    answer = harmless(call("ingest", path, "--case", tmp_path / "case", "--format", name, "--max-reject-share", "1"))
    assert answer.returncode == 0, answer.stderr
    sums, reasons, events = read_case(tmp_path / "case")
    assert (
        sums["line_count"] == sums["event_count"] + sums["duplicate_count"] + sums["reject_count"] + sums["blank_count"]
    )
    assert sums["line_count"] >= len(samples) + len(odd)
    assert sum(reasons.values()) == sums["reject_count"]
    assert events.filter(pl.col("source_line") <= len(samples)).height >= len(samples)
    # One odd value costs at most its own field, unless it is the time, the account, or holds them.
    assert sums["event_count"] + sums["duplicate_count"] > len(odd) / 3


# What is no log, or not all of one

LINES = b"".join(flat(number, pad=str(number * 7919)) + b"\n" for number in range(3000))


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("utf16.jsonl", LINES[:5000].rpartition(b"\n")[0].decode().encode("utf-16"), 0, "0 rejects"),
        ("nul.log", b"\0" * 5000, 4, "no known format fits"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00\x1b[2J" * 50, 4, "no known format fits"),
        ("letters.txt", b"Dear all,\n\x1b]0;owned\x07\nyours\n", 4, "no known format fits"),
        ("twice.jsonl.gz", gzip.compress(gzip.compress(LINES)), 4, "no known format fits"),
        ("head.jsonl.gz", gzip.compress(LINES)[:8], 4, "cut off"),
        ("nothing.jsonl", b"", 0, "0 lines"),
        ("blank.jsonl", b"\n \n\r\n", 0, "holds nothing but blank lines"),
        ("header.csv", b"ts,account_id,model\r\n", 0, "1 line = 0 events"),
        ("long.bin", b"x" * 300_000, 4, "no known format fits"),
        ("nothing.jsonl.gz", gzip.compress(b""), 0, "0 lines"),
        ("nothing.jsonl.zst", zstandard.compress(b""), 0, "0 lines"),
        ("cut.jsonl.gz", gzip.compress(LINES)[:-3000], 5, "not read to its end: the gz file is cut off"),
        ("cut.jsonl.zst", zstandard.compress(LINES)[:-3000], 5, "not read to its end: the zst file is cut off"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_is_no_whole_log_is_said(
    name: str, content: bytes, code: int, words: str, tmp_path: Path, call: Callable[..., Answer]
) -> None:
    """Pictures, letters, other encodings, empty files and archives cut off: a message that says what is wrong, and the
    exit code that fits.
    """
    path = tmp_path / name
    path.write_bytes(content)
    answer = harmless(call("ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1"))
    assert answer.returncode == code, answer.stderr
    assert words in " ".join((answer.stdout + answer.stderr).replace("\u00a0", " ").split())
    if code in {0, 5}:
        sums, _, events = read_case(tmp_path / "case")
        whole = LINES.split(b"\n")[: events.height]
        assert events["request_id"].to_list() == [json.loads(line)["request_id"] for line in whole], (
            "from the first line, without a hole"
        )
        assert sums["line_count"] - events.height == (1 if "cut" in name or "header" in name else 0)


def test_one_bad_file_in_a_folder(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Beside good logs a file that is none is skipped, named on standard error without its escapes, and the exit code
    is 5.
    """
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(LINES)
    (logs / "b\x1b[31m\u202egnp.txt").write_bytes(b"no log\n\x1b[2J\n")
    answer = harmless(call("ingest", logs, "--case", tmp_path / "case"))
    assert answer.returncode == 5
    assert "1 file was skipped" in answer.stderr
    assert "\\x1b[31m" in answer.stderr
    assert read_case(tmp_path / "case")[2].height == 3000
