"""Reading's small parts against what they are said to do: times, addresses, durations, errors, and lines cut from
blocks of bytes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.reading.cleaning import chats, numbers, secrets, times, values
from forensics.reading.cleaning.fingerprints import hash_strings
from forensics.reading.containers.envelopes import _TIME_KEYS, _timed
from forensics.reading.opening.sources import KEPT_OF_LONG_LINE, read_batches

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime(2015, 1, 1), datetime(2100, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001 - hypothesis adds it
MICRO = timedelta(microseconds=1)


def written(at: datetime) -> dict[str, tuple[str, timedelta]]:
    """A time in the forms that logs have, and what the form leaves out of it."""
    micros = (at - EPOCH) // MICRO
    east, west = (at.astimezone(timezone(timedelta(hours=hours, minutes=30))) for hours in (5, -4))
    none, below_ms, below_s = timedelta(), timedelta(microseconds=micros % 1000), timedelta(microseconds=at.microsecond)
    return {
        "us": (str(micros), none),
        "ns": (f"{micros}999", none),
        "ms": (str(micros // 1000), below_ms),
        "s": (str(micros // 1_000_000), below_s),
        "ticks": (str(micros * 10 + 621_355_968_000_000_000), none),
        "zone east": (east.isoformat(timespec="microseconds"), none),
        "zone west": (west.isoformat(timespec="microseconds").replace(".", ","), none),
        "naive": (at.strftime("%Y-%m-%d %H:%M:%S.%f"), none),
        "gmt": (at.strftime("%Y-%m-%d %H:%M:%S GMT"), below_s),
        "server": (at.strftime("%d/%b/%Y:%H:%M:%S +0000"), below_s),
        "mail": (at.strftime("%a, %d %b %Y %H:%M:%S GMT"), below_s),
        "half a day": (at.strftime("%Y-%m-%d %I:%M:%S %p"), below_s),
    }


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
@settings(max_examples=40, deadline=None)
def test_one_moment_in_many_forms_is_one_moment(at: datetime) -> None:
    """However a log writes it, beside lines without a time."""
    for form, (text, lost) in written(at).items():
        assert times.read_times(pl.Series(["", text, None])).to_list() == [None, at - lost, None], form


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "ticks"])
@pytest.mark.parametrize(
    ("at", "known"),
    [
        (datetime(2014, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2015, 1, 1, tzinfo=UTC), True),
        (datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2101, 1, 1, tzinfo=UTC), False),
    ],
)
def test_times_begin_in_2015_and_end_with_2100(unit: str, at: datetime, known: bool) -> None:
    """In every unit, whether a mapping names it or not; RFC 3339 too."""
    micros = (at - EPOCH) // MICRO
    each = {"s": micros // 10**6, "ms": micros // 1000, "us": micros, "ns": micros * 1000}
    number = str(each.get(unit, micros * 10 + 621_355_968_000_000_000))
    expected = [at] if known else [None]
    for text, said in ((number, None), (number, unit), (at.isoformat(), None)):
        assert times.read_times(pl.Series([text]), said).to_list() == expected


def test_a_fraction_of_a_second_keeps_its_microseconds() -> None:
    """Also where the number stands as text with quotes, and where a spreadsheet has rounded it nothing is read."""
    assert times.read_times(pl.Series(['"1777629600.123456"'])).to_list() == [
        datetime(2026, 5, 1, 10, 0, 0, 123_456, tzinfo=UTC)
    ]
    assert times.read_times(pl.Series(["1.77763E+12"])).to_list() == [None]


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["13/1/2026"], True),
        (["1/13/2026"], False),
        (["12/12/2026"], None),
        (["12/1/2026", "1/12/2026", None], None),
        (["13/1/2026", "1/13/2026"], None),
        (["1/5/2026, 10:00 AM"], False),
        (["13/5/2026, 10:00 AM"], True),
        (["1/5/2026, 10:00 AM", "1/5/2026"], None),
        (["2026-05-01"], None),
    ],
)
def test_the_values_tell_whether_the_day_comes_first(texts: list[str | None], first: bool | None) -> None:
    """A number over twelve is a day; AM and PM are written where the month comes first; both ways round tell nothing."""
    assert times.day_comes_first(pl.Series(texts)) is first


@pytest.mark.parametrize(
    ("clock", "hour"), [("12:30 AM", 0), ("1:30 a.m.", 1), ("11:30 AM", 11), ("12:30 PM", 12), ("11:30 pm", 23)]
)
def test_noon_and_midnight(clock: str, hour: int) -> None:
    """Twelve before noon is the first hour, twelve after it the thirteenth."""
    found = times.read_times(pl.Series([f"1/13/26 {clock}", f"1/13/2026, {clock}"])).to_list()
    assert found == [datetime(2026, 1, 13, hour, 30, tzinfo=UTC)] * 2


def test_a_time_without_a_year_is_the_last_that_was() -> None:
    """Today is this year's, tomorrow last year's."""
    text = pl.Series(["05-01 14:46:38", "05-02 00:00:00", "May  1 10:00:01", "Dec 31 10:00:01", "Jan  1 10:00:01"])
    found = times.with_year(text, date(2026, 5, 1)).str.slice(0, 10).to_list()
    assert found == ["2026-05-01", "2025-05-02", "2026-05-01", "2025-12-31", "2026-01-01"]


@pytest.mark.parametrize(
    ("text", "address", "prefix"),
    [
        ("203.0.113.7", "203.0.113.7", "203.0.113.0/24"),
        (' "203.0.113.7:443" ', "203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.xxx", None, "203.0.113.0/24"),
        ("999.0.113.*", None, None),
        ("[2001:db8:1:2::3]:443", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::3%eth0", "2001:db8:1:ffff::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.7/32", "203.0.113.7", "203.0.113.0/24"),
        ("unknown", None, None),
        ("bedrock.amazonaws.com", None, None),
    ],
)
def test_an_address_is_what_is_left_without_its_dress(text: str, address: str | None, prefix: str | None) -> None:
    """Port, brackets, zone and mask; alone, and in a column beside plain ones and nothing."""
    assert values.read_address(text) == (address, prefix)
    found, prefixes = values.read_addresses(pl.Series(["198.51.100.1", text, None]))
    assert found.to_list() == ["198.51.100.1", address, None]
    assert prefixes.to_list() == ["198.51.100.0/24", prefix, None]


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("9.9.9.9, 8.8.8.8", "8.8.8.8"),
        ("9.9.9.9, 8.8.8.8, 10.0.0.1", "8.8.8.8"),
        ("9.9.9.9, 1.1.1.1", "9.9.9.9"),
        ("10.0.0.2, 10.0.0.1", "10.0.0.2"),
        ("unknown, , 10.0.0.1", "unknown"),
        (" , ", None),
    ],
)
def test_the_client_is_the_last_that_is_no_hop(chain: str, client: str | None) -> None:
    """Read from the right, past private and trusted addresses: what a client writes before its own does not count."""
    assert values.first_forwarded(chain, frozenset({"1.1.1.1"})) == client


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("1:02:03.5", "", 3_723_500.0),
        ("02:03", "", 123_000.0),
        ("PT1H2M3S", "", 3_723_000.0),
        ("1h 2m 3s", "", 3_723_000.0),
        ("1,234 s", "", None),
        ("1,234 s", ",", 1234.0),
        ("1,234 s", ".", 1_234_000.0),
        ("1.234,5 ms", "", 1234.5),
        ("1,234.5 ms", "", 1234.5),
        ("3 ns", "", 3e-6),
        ("2 fortnights", "", None),
        ("5s later", "", None),
    ],
)
def test_durations_by_hand(text: str, decimal: str, expected: float | None) -> None:
    """Clocks, ISO durations, several units, and thousands that may be fractions."""
    found = numbers.duration_ms(text, decimal)
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["59.5"], "s"),
        (["60.5"], "ms"),
        (["0.5", "1", "599.5"], "s"),
        (["0.5", "1", "600.5"], "ms"),
        (["600000"], "ms"),
        (["0", "0"], "ms"),
        ([], "ms"),
        (["600001", "500000"], "us"),
        (["700000000.5"], ""),
    ],
)
def test_the_unit_is_what_requests_can_take(texts: list[str], unit: str) -> None:
    """Ten minutes are the longest; parts of a second stand below a minute."""
    assert numbers.unit_of_durations(pl.Series(texts, dtype=pl.String)) == unit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rate_limit_exceeded", "rate_limit_exceeded"),
        ("ThrottlingException: too many tokens in my secret plan", "ThrottlingException"),
        ("TIMEOUT (after 30 s)", "TIMEOUT"),
    ],
)
def test_an_error_is_cut_to_its_code(text: str, code: str) -> None:
    """Whatever stands behind it may quote the prompt."""
    assert secrets.short_code(text) == code


@pytest.mark.parametrize("text", ["please say: my secret plan", "x" * 65, "Invalid prompt 'my secret plan'"])
def test_an_error_without_a_code_is_a_mark(text: str) -> None:
    """Equal texts stay equal, others differ, and nothing of the text is left."""
    assert secrets.short_code(text).startswith("text#")
    assert secrets.short_code(text) == secrets.short_code(text) != secrets.short_code(text + "!")
    assert "secret" not in secrets.short_code(text)


@pytest.mark.parametrize("key", _TIME_KEYS)
def test_a_record_in_an_envelope_keeps_its_own_time(key: str) -> None:
    """Under whatever name: the envelope's is when it was collected. Without a time of its own it has the envelope's."""
    line = b'{"%s": "2026-05-01T10:00:00Z", "user": "a"}' % key.encode()
    assert _timed(line, "2026-05-01T11:00:00Z") == line
    assert _timed(b'{"user":"a"}', "2026-05-01T11:00:00Z") == b'{"time":"2026-05-01T11:00:00Z","user":"a"}'
    for whole in (b'{"user":"a"}', b"plain", b'["a"]'):
        assert _timed(whole, None if whole[:1] == b"{" else "2026-05-01T11:00:00Z") == whole


def test_paths_and_queries_lose_texts_only() -> None:
    """A path keeps what is one; of a query values and names of several words go, all else stays."""
    assert secrets.bare_path("/v1/chat my secret plan") == "/v1/chat"
    assert secrets.bare_path("https://a.example/v1 x") == "https://a.example/v1"
    assert secrets.bare_path("my secret plan").startswith("text#")
    assert secrets.bare_path("  ").startswith("text#")
    left = secrets.bare_query("model=a&q=my+secret+plan&n=1&my%20secret%20plan&page=two%20words")
    assert [part.partition("#")[0] for part in left.split("&")] == [
        "model=a",
        "q=text",
        "n=1",
        "text",
        "page=two%20words",
    ]
    assert secrets.skeleton_of('{"k": "Ab1é"}' + "z" * 300) == '{"x": "xx9x"}' + "x" * 147


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('["b", "a"]', "a,b"),
        ('[{"type": "function", "function": {"name": "a"}}, {"name": "b", "tools": ["c"]}]', "a,b"),
        ('{"functionDeclarations": [{"name": "a"}]}', "a"),
        ("b, a,, b", "a,b"),
        (" , ", None),
        ("[]", None),
        ("[[[[[" + '"deep"' + "]]]]]", "deep"),
        ("[[[[[[" + '"too deep"' + "]]]]]]", None),
    ],
)
def test_tools_are_their_names(text: str, names: str | None) -> None:
    """Sorted, each once, in whatever form a provider lists them."""
    assert chats.tool_names(text) == names


def test_lists_of_hashes() -> None:
    """From JSON or separated text; numbers stay, a limit keeps the smallest, each once."""
    found = chats.hash_list(pl.Series(['["17", 5, 5]', "17; 5 3", None, "[]"]), None).to_list()
    assert found == [[17, 5, 5], [17, 5, 3], None, None]
    assert chats.hash_list(pl.Series(["9 5 5 7"]), 2).to_list() == [[5, 7]]


def test_a_chain_tells_what_came_before() -> None:
    """Conversations that begin alike have the same chain so far, and no further."""
    one, other, none = chats._chain(pl.Series([["a", "b", "c"], ["a", "b", "d"], None])).to_list()
    assert none is None
    assert one[:2] == other[:2]
    assert one[2] != other[2]
    assert one[0] == hash_strings(pl.Series(["a"]))[0]
    swapped = chats._chain(pl.Series([["b", "a"]])).to_list()[0]
    assert swapped[1] != one[1]


@given(
    st.lists(st.integers(0, 40), max_size=14),
    st.lists(st.integers(1, 60), min_size=1, max_size=20),
    st.integers(1, 30),
    st.integers(1, 50),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_every_byte_is_in_one_batch(lines: list[int], cuts: list[int], target: int, more: int, ended: bool) -> None:
    """Batches, one behind the other, are the bytes that came: whole lines, or the beginning of a line that is too long
    with the size of all of it.
    """
    data = b"\n".join(bytes([97 + n % 26]) * size for n, size in enumerate(lines)) + (b"\n" if ended else b"")
    blocks: list[bytes] = []
    rest = data
    for cut in cuts:
        blocks, rest = [*blocks, rest[:cut]], rest[cut:]
    place = 0
    for piece, size in read_batches(iter([*filter(None, blocks), *([rest] if rest else [])]), target, target + more):
        assert data[place : place + len(piece)] == piece
        place += size or len(piece)
        assert place == len(data) or data[place - 1 : place] == b"\n"
        assert not size or b"\n" not in data[place - size : place - 1]
        assert not size or size >= target + more
    assert place == len(data)


def test_of_a_line_that_is_too_long_the_beginning_is_kept() -> None:
    """KEPT_OF_LONG_LINE bytes, with its size; the lines around it are as they were."""
    long = b"x" * 5000
    blocks = [b"a\n", long[:2000], long[2000:4000], long[4000:] + b"\nb\nc"]
    found = list(read_batches(iter(blocks), 2, 1000))
    assert found == [(b"a\n", 0), (long[:KEPT_OF_LONG_LINE], 5001), (b"b\n", 0), (b"c", 0)]
