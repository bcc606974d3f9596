"""What a log's names say is believed only where its values bear it out: ids, accounts, units, clocks, odd lines."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.case.store import Case
from forensics.common.errors import InputError, UsageError
from forensics.common.settings import IngestSettings
from forensics.reading.cleaning import frameworks
from forensics.reading.cleaning.identities import identity
from forensics.reading.cleaning.numbers import decimal_sign, duration_ms, read_counts, read_measures, unit_of_durations
from forensics.reading.containers.decoded import decode, split_values
from forensics.reading.ingest import ingest
from forensics.reading.recognising.learning import as_toml, propose, read_sample

if TYPE_CHECKING:
    from pathlib import Path

    from forensics.reading.report import IngestReport

SETTINGS: Final = IngestSettings(max_reject_share=1.0, workers=1)
START: Final = datetime(2026, 5, 1, 10, tzinfo=UTC)


def line(number: int, **more: Any) -> str:  # noqa: ANN401 - JSON values
    """A flat request, a second after the one before."""
    base = {
        "ts": (START + timedelta(seconds=number)).isoformat(),
        "account_id": f"a{number % 7}",
        "ip": f"203.0.113.{number % 9}",
        "model": "m",
        "request_id": f"r{number}",
        "status": 200,
    }
    return json.dumps({**base, **more})


def read(folder: Path, lines: list[str], name: str = "a.jsonl", **more: Any) -> tuple[IngestReport, pl.DataFrame]:  # noqa: ANN401 - options of ingest
    """Read lines into the case of a folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    with Case.locked(folder / "case") as case:
        report = ingest(case, [str(folder / name)], settings=SETTINGS, **more)
        return report, case.scan("events").collect().sort("source_id", "source_line")


# An id drops a line only where it behaves like one


def test_a_constant_request_id_hides_nothing(tmp_path: Path) -> None:
    """An operator who sends one id on all its requests, among customers with ids of their own, keeps all of them."""
    own = [line(number) for number in range(600)]
    constant = [line(2 * number, account_id="op", request_id="x", ip="203.0.113.200") for number in range(200)]
    report, events = read(tmp_path, [*own, *constant])
    assert events.filter(pl.col("account_id") == "op").height == 200
    assert (report.event_count, report.duplicate_count) == (800, 0)
    assert any("request id of an earlier line" in warning for warning in report.sources[0].warnings)


def test_a_constant_request_id_hides_nothing_across_files(tmp_path: Path) -> None:
    """The same id day by day, in a file each, is as many requests."""
    for day in range(5):
        lines = [line(86_400 * day + n, request_id=f"r{day}-{n}") for n in range(50)]
        lines += [line(86_400 * day + 100 + n, account_id="op", request_id="x") for n in range(3)]
        _, events = read(tmp_path, lines, f"{day}.jsonl")
    assert events.filter(pl.col("account_id") == "op").height == 15


def test_lines_shipped_twice_are_doubles(tmp_path: Path) -> None:
    """What a shipper writes twice, in one file or in two, is one request."""
    lines = [line(number) for number in range(300)]
    report, _ = read(tmp_path, [*lines, *lines[::3]])
    assert (report.event_count, report.duplicate_count) == (300, 100)
    report, events = read(tmp_path, lines[100:200], "b.jsonl")
    assert (report.event_count, report.duplicate_count, events.height) == (0, 100, 300)


def test_the_type_of_an_event_is_no_request_id(tmp_path: Path) -> None:
    """A column called event_id that holds three words drops nothing and joins nothing."""
    kinds = ("chat.completed", "chat.started", "chat.failed")
    lines = []
    for number in range(120):
        row = json.loads(line(number, account_id="one"))
        del row["request_id"]
        lines.append(json.dumps({**row, "event_id": kinds[number % 3]}))
    report, events = read(tmp_path, lines)
    assert (report.event_count, report.duplicate_count) == (120, 0)
    assert events["request_id"].null_count() == 120


# The account column is questioned


def test_a_tenant_on_every_line_gives_way_to_the_user(tmp_path: Path) -> None:
    """Of two names for an account the one that differs is the account, whatever the names' order."""
    lines = []
    for number in range(60):
        row = json.loads(line(number))
        user = row.pop("account_id")
        lines.append(json.dumps({**row, "tenant_id": "t-1", "user_id": user}))
    _, events = read(tmp_path, lines)
    assert events["account_id"].n_unique() == 7


def test_one_account_beside_many_keys_gives_way_to_the_key(tmp_path: Path) -> None:
    """One account on all lines beside many keys: the key stands for it, and that is said."""
    report, events = read(tmp_path, [line(n, account_id="corp", api_key_id=f"k{n % 5}") for n in range(60)])
    assert sorted(events["account_id"].unique()) == [f"k{n}" for n in range(5)]
    assert "api_key_id tells more" in report.sources[0].note


def test_a_default_user_is_nobody(tmp_path: Path) -> None:
    """Where some lines name the gateway's default user, their key stands in; the others keep their user."""
    lines = [line(n, account_id="default_user_id" if n % 2 else "u1", api_key_id=f"k{n % 4}") for n in range(40)]
    report, events = read(tmp_path, lines)
    assert set(events["account_id"].unique()) == {"u1", "k1", "k3"}
    assert "nobody in particular" in report.sources[0].note


def test_a_proxy_that_stands_for_everybody_is_told(tmp_path: Path) -> None:
    """One private address on every line is a proxy: it is said, with the unused field that could be the client."""
    rows = [json.loads(line(n)) for n in range(30)]
    lines = [
        json.dumps({"ts": row["ts"], "ip": "10.0.0.1", "edge_seen": f"203.0.113.{n}", "model": "m"})
        for n, row in enumerate(rows)
    ]
    report, _ = read(tmp_path, lines)
    told = " | ".join(report.sources[0].warnings)
    assert "private address" in told


# What stays empty is told


def test_a_format_half_empty_is_told_with_the_fields_that_look_like_it(tmp_path: Path) -> None:
    """A gateway's log whose client and agent stand under names of the operator's: both are told with those names."""
    lines = [
        json.dumps(
            {
                "start_time": (START + timedelta(seconds=n)).isoformat(),
                "method": "POST",
                "path": "/v1/messages",
                "response_code": 200,
                "response_flags": "-",
                "authority": "api.example.com",
                "duration": 12,
                "consumer": f"c{n % 3}",
                "orig_src": f"203.0.113.{n}",
                "sdk_banner": "OpenAI/Python 1.40.0",
            }
        )
        for n in range(12)
    ]
    report, _ = read(tmp_path, lines)
    told = " | ".join(report.sources[0].warnings)
    assert report.sources[0].format == "envoy"
    assert "no client address in any of 12 lines" in told
    assert "orig_src" in told
    assert "sdk_banner" in told


# Log time is not start time


@pytest.mark.parametrize(
    ("name", "text", "start"),
    [
        (
            "caddy",
            (
                '{"ts":1777629630.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.7","method":"POST",'
                '"host":"a.example","uri":"/v1/messages","headers":{"User-Agent":["curl/8.5.0"]}},"user_id":"u","duration":30.5,"status":200}'
            ),
            START,
        ),
        (
            "nginx_json",
            (
                '{"time_local":"01/May/2026:10:00:30 +0000","remote_addr":"203.0.113.7","remote_user":"u","request":"POST / HTTP/1.1",'
                '"status":"200","body_bytes_sent":"9","request_time":"30.000"}'
            ),
            START,
        ),
        (
            "alb",
            (
                "https 2026-05-01T10:00:30.000000Z app/lb/5 203.0.113.7:2817 10.0.0.1:80 1.000 28.000 1.000 200 200 0 57 "
                '"POST https://a.example/v1/messages HTTP/2" "curl/8.5" ECDHE TLSv1.2 arn:aws:x "Root=1-5" a.example arn:aws:acm:u:1:c/1 0'
            ),
            START,
        ),
        (
            "apisix",  # its time is the start already
            (
                '{"client_ip":"203.0.113.7","start_time":1777629600000,"latency":30000,"route_id":"r","consumer":{"username":"u"},'
                '"request":{"method":"POST","uri":"/"},"response":{"status":200}}'
            ),
            START,
        ),
        (
            "access_log",
            '203.0.113.7 - u [01/May/2026:10:00:30 +0000] "POST / HTTP/1.1" 200 9 "-" "curl/8" rt=30.000 uct="0.001"',
            START,
        ),
        (
            "access_log",  # whole numbers are Apache's, whose time is that of the start
            '203.0.113.7 - u [01/May/2026:10:00:00 +0000] "POST / HTTP/1.1" 200 9 "-" "curl/8" 30000',
            START,
        ),
        (
            "cloudfront",
            (
                "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs-uri-stem sc-status cs(User-Agent) x-edge-request-id time-taken\n"
                "2026-05-01\t10:00:30\tFRA2\t23\t203.0.113.7\tPOST\t/v1\t200\tcurl/8\tabc==\t30.000"
            ),
            START,
        ),
    ],
)
def test_the_start_is_the_time_of_the_line_less_the_duration(
    name: str, text: str, start: datetime, tmp_path: Path
) -> None:
    """Where a log is written at the end, the request began before; all of these began at ten and took half a minute."""
    report, events = read(tmp_path, text.split("\n"))
    assert [source.format for source in report.sources] == [name]
    assert abs((events["started_at"][0] - start).total_seconds()) < 0.01
    assert abs(events["latency_ms"][0] - 30_000) < 600


# Numbers of another locale or unit


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=20), st.sampled_from([".", ",", "'", " ", "\u00a0"]))
@settings(max_examples=60, deadline=None)
def test_counts_in_groups_are_whole_numbers(numbers: list[int], sign: str) -> None:
    """However thousands are grouped, a count is what was written."""
    texts = pl.Series([f"{number:,}".replace(",", sign) for number in numbers])
    grouped = [number for number in numbers if number >= 1000]
    if sign == "." and grouped and all(number % 1000 == 0 for number in grouped):
        return  # `4.000` alone may be 4 with three decimals
    assert read_counts(texts, pl.UInt32).to_list() == numbers


@given(st.lists(st.floats(0.01, 99_999, allow_nan=False).map(lambda x: round(x, 2)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_decimal_comma_is_read_or_refused_never_another_number(numbers: list[float]) -> None:
    """Measures with a comma and groups of points are the number written, or null where two readings remain."""
    texts = pl.Series([f"{n:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") for n in numbers])
    sign = decimal_sign([], [texts])
    found = read_measures(texts, decimal=sign).to_list()
    assert found == pytest.approx(numbers)
    assert all(one in (None, *map(pytest.approx, numbers)) for one in read_measures(texts, decimal="").to_list())


def test_a_measure_that_may_be_two_numbers_is_left_out_and_told(tmp_path: Path) -> None:
    """`1,234` milliseconds with nothing to tell the sign: null, counted, and said."""
    report, events = read(tmp_path, [line(n, latency_ms="1,234") for n in range(5)])
    assert events["latency_ms"].null_count() == 5
    assert any("latency_ms: 5 values have no sure reading" in told for told in report.sources[0].warnings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("1.58s", 1580.0), ("1m20s", 80_000.0), ("994.5ms", 994.5), ("812µs", 0.812), ("1h2m", 3_720_000.0)),
        *(("00:00:01.5", 1500.0), ("PT1.5S", 1500.0), ("1,5 s", 1500.0), ("250 ms", 250.0), ("soon", None), ("", None)),
    ],
)
def test_a_duration_that_says_its_unit_is_read_by_it(text: str, expected: float | None) -> None:
    """The unit stands behind the number, in the ways of several languages."""
    assert duration_ms(text) == (pytest.approx(expected) if expected is not None else None)


def test_the_unit_of_a_duration_is_told_by_start_and_end() -> None:
    """Where a log has both, their span says what the plain number is."""
    given = pl.Series(["2", "3", "5"])
    assert unit_of_durations(given, pl.Series([2000.0, 3000.0, 5000.0])) == "s"
    assert unit_of_durations(given, pl.Series([2.0, 3.0, 5.0])) == "ms"
    assert unit_of_durations(pl.Series(["8184335", "433331475"])) == "", "8 s in microseconds, or 8 ms in nanoseconds"
    assert unit_of_durations(pl.Series(["1736", "9337349"])) == "us"
    assert unit_of_durations(pl.Series(["0.4", "1.2"])) == "s"


def test_a_date_that_may_be_two_days_is_rejected_with_the_reason(tmp_path: Path) -> None:
    """`03/04/2026 10:00` could be in March or in April: no event is made of it."""
    with pytest.raises(InputError, match="time could be two days"):
        read(tmp_path, ["ts,account_id,model", *(f"03/0{n}/2026 10:00:00,a,m" for n in range(1, 7))], "a.csv")


def test_a_date_is_read_by_the_one_that_tells_the_order(tmp_path: Path) -> None:
    """One thirteenth of a month tells how all dates of the log are written."""
    _, events = read(
        tmp_path, ["ts,account_id,model", *(f"{n:02d}/03/2026 10:00:00,a,m" for n in range(9, 15))], "a.csv"
    )
    assert events["started_at"].dt.month().unique().to_list() == [3]


# One odd line decides nothing


@pytest.mark.parametrize(
    ("above", "passed"),
    [(["sep=,"], 2), (["Usage report", "", "generated 2026-05-02"], 4), (["# comment, with a comma"], 2)],
)
def test_lines_above_a_header_decide_nothing(above: list[str], passed: int, tmp_path: Path) -> None:
    """A title, a hint for a spreadsheet, a comment: the header below them is found."""
    rows = [f"2026-05-01T10:00:0{n}Z,a{n},m,203.0.113.{n}" for n in range(9)]
    report, events = read(tmp_path, [*above, "timestamp,account_id,model,ip", *rows], "a.csv")
    assert events.height == 9
    assert report.blank_count == passed


def test_a_header_that_comes_again_is_no_row(tmp_path: Path) -> None:
    """Exports put one behind the other: the headers in between are passed over and named."""
    head = "timestamp,account_id,model"
    lines = [
        head,
        *(f"2026-05-01T10:00:0{n}Z,a,m" for n in range(5)),
        head,
        *(f"2026-05-01T10:01:0{n}Z,b,m" for n in range(5)),
    ]
    report, events = read(tmp_path, lines, "a.csv")
    assert (events.height, report.reject_count) == (10, 0)
    assert report.sources[0].kinds == {"header lines": 1}


def test_a_junk_first_line_decides_nothing_about_json(tmp_path: Path) -> None:
    """A banner before JSON lines is one reject."""
    report, events = read(tmp_path, ["starting up …", *(line(n) for n in range(20))])
    assert (events.height, report.reject_count) == (20, 1)


# Envelopes, encodings


@pytest.mark.parametrize("wrap", ["data.items", "result", "data", "result.data", "logEvents", "docker", "firehose"])
def test_envelopes_nest(wrap: str, tmp_path: Path) -> None:
    """Answers of APIs, log events and collectors' records hold the requests however deep, also in gz."""
    rows = [json.loads(line(n)) for n in range(6)]
    texts = [json.dumps(row) for row in rows]
    body = {
        "data.items": json.dumps({"success": True, "data": {"page": 1, "items": rows}}),
        "result": json.dumps({"result": rows, "success": True, "errors": [], "messages": []}),
        "data": json.dumps({"object": "list", "data": rows, "has_more": False}),
        "result.data": json.dumps({"result": {"data": rows, "total": 6}}),
        "logEvents": json.dumps(
            {
                "messageType": "DATA_MESSAGE",
                "owner": "1",
                "logEvents": [{"id": str(n), "timestamp": 1, "message": text} for n, text in enumerate(texts)],
            }
        ),
        "docker": "\n".join(
            json.dumps({"log": text + "\n", "stream": "stdout", "time": "2026-05-01T10:00:00Z"}) for text in texts
        ),
        "firehose": "".join(
            json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": text}]})
            for text in texts
        ),
    }[wrap]
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(body.encode()))
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(path)], settings=SETTINGS)
        events = case.scan("events").collect()
    assert sorted(events["request_id"].to_list()) == [f"r{n}" for n in range(6)]
    assert report.reject_count == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("packed", [False, True])
def test_other_encodings_of_unicode_are_read(encoding: str, packed: bool, tmp_path: Path) -> None:
    """UTF-16 either way round and UTF-8 with a mark, packed or not."""
    text = "\r\n".join(["ts,account_id,model", *(f"2026-05-01T10:00:0{n}Z,é{n},m" for n in range(5))]) + "\r\n"
    data = text.encode(encoding)
    data = b"\xfe\xff" + data if encoding == "utf-16-be" else data
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(data) if packed else data)
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [str(path)], settings=SETTINGS)
        assert case.scan("events").collect()["account_id"].to_list() == [f"é{n}" for n in range(5)]


def test_a_doubled_key_has_one_rule(tmp_path: Path) -> None:
    """Of a key that comes twice the first counts, whether a batch is read at once or line by line."""
    double = line(1).replace('"model": "m"', '"model": "first", "model": "second"')
    assert decode(double.encode())["model"] == "first"
    _, fast = read(tmp_path / "fast", [*(line(n) for n in range(2, 40)), double])
    _, slow = read(tmp_path / "slow", [*(line(n) for n in range(2, 40)), double[:-1] + ', "x": {"y": [1]}}', "{broken"])
    for events in (fast, slow):
        assert events.filter(pl.col("request_id") == "r1")["request_model"].to_list() == ["first"]


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=4), min_size=2, max_size=6
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_objects_one_after_the_other_are_all_there(values: list[dict[str, Any]]) -> None:
    """Firehose writes no line ends: what was written comes back, object by object."""
    assert split_values("".join(map(json.dumps, values)).encode()) == values


# Identities


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("arn:aws:sts::1:assumed-role/app/i-0abc1234def567890", "arn:aws:iam::1:role/app"),
        ("arn:aws:sts::1:assumed-role/app/botocore-session-1777629600", "arn:aws:iam::1:role/path/to/app"),
        (
            "arn:aws:sts::1:assumed-role/AWSReservedSSO_X_0/Ann@Example.com",
            "arn:aws:sts::1:assumed-role/AWSReservedSSO_X_0/ann@example.com",
        ),
        ("serviceAccount:svc@p.iam.gserviceaccount.com", "svc@p.iam.gserviceaccount.com"),
        ("Ann@Example.com", "ann@example.com"),
    ],
)
def test_one_identity_has_one_form(one: str, other: str) -> None:
    """What two clouds' logs write for one identity meets without a mapping."""
    assert identity(one)[0] == identity(other)[0]


def test_a_secret_is_never_kept(tmp_path: Path) -> None:
    """A key that a log has in clear is kept as the hash that a gateway would log."""
    key = "sk-0123456789abcdefghijkl"
    _, events = read(tmp_path, [line(n, api_key=key) for n in range(3)])
    assert key not in str(events.to_dicts())
    assert events["api_key_id"].n_unique() == 1


def test_people_with_named_sessions_of_one_role_stay_apart() -> None:
    """A session that a person or a tenant names is not folded into the role."""
    assert identity("arn:aws:sts::1:assumed-role/dev/carol")[0] != identity("arn:aws:sts::1:assumed-role/dev/dave")[0]


# A mapping is learnt by values


@pytest.mark.parametrize("form", ["json", "csv", "words"])
@pytest.mark.parametrize("unit", ["s", "ms", "text"])
def test_a_mapping_is_learnt_by_values_not_names(form: str, unit: str, tmp_path: Path) -> None:
    """Names that say nothing: time with its unit, account, client, agent, model, tokens and ids are found, and the
    mapping reads every line.
    """
    rows = []
    for n in range(80):
        at = START + timedelta(seconds=37 * n)
        moment = (
            at.strftime("%Y-%m-%dT%H:%M:%SZ") if unit == "text" else int(at.timestamp()) * (1000 if unit == "ms" else 1)
        )
        used, made = 100 + 13 * n % 700, 20 + 7 * n % 90
        rows.append(
            [
                moment,
                f"cust-{n % 11}",
                f"203.0.113.{n % 23}",
                "claude-x-1" if n % 3 else "gpt-9",
                used,
                made,
                used + made,
                f"{n * 7919:020x}",
                200 if n % 5 else 429,
                "OpenAI/Python-1.40.0",
            ]
        )
    names = [f"f{place}" for place in range(len(rows[0]))]
    text = {
        "json": "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows),
        "csv": "\n".join([";".join(names), *(";".join(map(str, row)) for row in rows)]),
        "words": "\n".join(" ".join(map(str, row)) for row in rows),
    }[form]
    path = tmp_path / "odd.log"
    path.write_text(text + "\n")
    found = propose(read_sample(str(path)))
    step = "w" if form == "words" else "f"
    place = 1 if form == "words" else 0
    wanted = [
        "started_at",
        "account_id",
        "client_address",
        "request_model",
        "input_tokens",
        "output_tokens",
        None,
        "request_id",
        "status_code",
    ]
    expected = {column: f"{step}{number + place}" for number, column in enumerate(wanted) if column}
    assert {column: found.fields.get(column) for column in expected} == expected
    assert found.unit == ("" if unit == "text" else unit)
    (tmp_path / "map.toml").write_text(as_toml(found, str(path)))
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(path)], mapping=tmp_path / "map.toml", settings=SETTINGS)
        events = case.scan("events").collect()
    assert (report.event_count, report.reject_count) == (80, 0)
    assert events["account_id"].n_unique() == 11
    assert events["started_at"].min() == START


# Damaged archives


@pytest.mark.parametrize("members", [1, 3])
def test_a_damaged_archive_gives_up_no_more_than_its_damage(members: int, tmp_path: Path) -> None:
    """Up to the damaged byte, and from the next member on, every whole line is an event; the damage is told."""
    lines = [line(n, note=f"{n * 7919:030x}") for n in range(3000)]
    size = len(lines) // members
    parts = [
        gzip.compress("".join(f"{one}\n" for one in lines[n * size : (n + 1) * size]).encode()) for n in range(members)
    ]
    torn = bytearray(parts[0])
    place = len(torn) * 3 // 4
    torn[place : place + 40] = bytes(40)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(bytes(torn) + b"".join(parts[1:]))
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(path)], settings=SETTINGS)
        events = case.scan("events").collect()
    assert "damaged" in report.sources[0].cut_short
    later = set(range(size, 3000)) if members > 1 else set()
    found = {int(one[1:]) for one in events["request_id"].drop_nulls().to_list() if one[1:].isdigit()}
    assert set(range(int(size * 0.7))) <= found
    assert later <= found


# Lists that a user can make longer


def test_openings_of_a_framework_of_ones_own_are_taken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern in the user's frameworks.toml is taken off system prompts as the tool's own are."""
    folder = tmp_path / "forensics"
    folder.mkdir()
    (folder / "frameworks.toml").write_text("prefixes = ['You are MyAgent v\\d+\\.']\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    frameworks._affixes.cache_clear()
    try:
        texts = pl.Series(["You are MyAgent v3. Sell shoes.", "You are a helpful assistant. Sell shoes."])
        assert frameworks.strip_framework(texts).to_list() == ["Sell shoes.", "Sell shoes."]
        (folder / "frameworks.toml").write_text("prefixes = ['(']\n")
        frameworks._affixes.cache_clear()
        with pytest.raises(UsageError, match="is no pattern"):
            frameworks.strip_framework(texts)
    finally:
        frameworks._affixes.cache_clear()
