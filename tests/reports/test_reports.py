"""The terminal report and the tables: what a reader sees, at any width, whatever the logs hold."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_case import HOSTILE, FrameCase, made_case

from forensics.common.errors import UsageError
from forensics.reports.facts.comparisons import Comparisons, compare_networks, counts_hold, read_ties
from forensics.reports.facts.gaps import find_gaps
from forensics.reports.facts.overview import read_overview
from forensics.reports.screen.findings import render_report
from forensics.reports.screen.listings import find_network, list_accounts, list_members, list_networks, list_rejects
from forensics.reports.screen.output import (
    csv_text,
    dump_json,
    facts_text,
    json_text,
    jsonl_text,
    table_text,
    write_frame,
)
from forensics.reports.screen.show import account_facts, network_facts, render_account, render_network
from forensics.reports.wording.figures import bar, count, days, large, number, p_value, period, plural, share
from forensics.reports.wording.in_words import beside, in_short

GOLDEN = Path(__file__).parent / "golden"
CASE = made_case()
HOSTILE_CASE = made_case(hostile=True)
BANNED_WORDS = re.compile(
    r"suspicious|proves|proof|belongs to|fraud|guilty|criminal|attacker|culprit|malicious", re.IGNORECASE
)


def golden_text() -> str:
    """The first screen and the whole report that golden/report.txt holds: everything on it comes from fixed tables."""
    brief, full = (render_report(CASE, 80, case_option="--case demo-case", full=whole) for whole in (False, True))
    return f"{brief.text()}\n{'=' * 80}\n\n{full.text()}"


def test_golden_report() -> None:
    """A whole report on a fixed case reads as it was last looked at; `python tests/test_reports.py` writes it anew."""
    assert golden_text() == (GOLDEN / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("case", [CASE, HOSTILE_CASE], ids=["plain", "hostile"])
def test_widths_hold(case: FrameCase, width: int) -> None:
    """No line of report, card, picture or account is wider than the page."""
    network = CASE.tables["networks"].row(0, named=True)
    account = CASE.tables["accounts"].row(0, named=True)
    pages = [
        render_report(case, width, case_option="--case demo-case"),
        render_report(case, width, case_option="--case demo-case", full=False),
        render_network(case, network, width, how=True, lives=True, case_option="--case demo-case"),
        render_account(case, account, width, case_option="--case demo-case"),
    ]
    wide = [line for page in pages for line in page.text().split("\n") if len(line) > width]
    assert not wide, wide[0]


def test_first_finding_fits_on_one_screen() -> None:
    """80 × 50: what was read, the ranking, the first finding with its signs, its best innocent reason and what to do."""
    lines = render_report(CASE, 80, case_option="--case demo-case", full=False).text().split("\n")
    assert len(lines) <= 50
    text = "\n".join(lines)
    for label in ("One hand ", "Harvests ", "Innocent? ", "Look next "):
        assert f"\n{label}" in text
    assert "p = 0.001" in text


def test_what_the_median_link_lacks_is_told_as_such() -> None:
    """A kind that members share, though not the median link, is never said to be shared by chance: its share of members
    stands beside it.
    """
    case = made_case()
    holders = case.tables["members"].filter(pl.col("network_id") == "net_0123456789ab")["account_id"].head(24)
    rows = pl.DataFrame({"account_id": holders, "kind": "device", "value": "d1", "event_count": 1}).select(
        pl.col(name).cast(dtype)
        if name in ("account_id", "kind", "value", "event_count")
        else pl.lit(None, dtype).alias(name)
        for name, dtype in case.tables["sightings"].schema.items()
    )
    case.tables["sightings"] = pl.concat([case.tables["sightings"], rows])
    text = " ".join(render_report(case, 80).text().split())
    assert "not on the median link: device (40 % of members share one)" in text  # 24 of 60
    assert "beyond chance" not in text


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"observed": 0.37, "expected": 0.04, "measure": "share of refusals"}, "37 % against 4 %"),
        (
            {"observed": 0.5, "expected": 10.0, "measure": "x", "position": 1.0},
            "members differ as one queue would; customers differ 20 times as much",
        ),
        (
            {"observed": 8.0, "expected": 10.0, "measure": "x", "position": 0.1},
            "members differ nearly as separate customers do",
        ),
        ({"observed": 61.0, "expected": 4.0, "measure": "batches"}, "15 times what is expected"),
        ({"observed": 39.0, "expected": 144.0, "measure": "changes"}, "a quarter of what is expected"),
        ({"observed": 10.0, "expected": 11.0, "measure": "n"}, "about what is expected"),
        ({"observed": 10.0, "expected": None, "measure": "n"}, ""),
    ],
)
def test_numbers_in_words(item: dict[str, object], words: str) -> None:
    """What was seen beside what is expected, as an analyst would say it."""
    assert beside(item).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("sentence", "short"),
    [
        (
            "After 72 of 194 refusals another account took over within 10 s (37%, by chance 4%); after a refusal the stream changes.",
            "After 72 of 194 refusals another account took over within 10 s (37%, by chance 4%).",
        ),
        ("159 members stand under 40 payers, 3% under the commonest (one customer, openly: all).", None),
        ("30 births within 6 hours of 30 bans; 4.1 expected by chance.", "30 births within 6 hours of 30 bans."),
    ],
)
def test_a_sentence_in_short(sentence: str, short: str | None) -> None:
    """Its first clause that stands alone; a colon in parentheses does not end one."""
    assert in_short(sentence) == (short or sentence)


def test_hostile_content_is_inert() -> None:
    """No report passes on an escape, a bidi sign or a zero-width sign that a log holds; colour is the only escape, on
    request.
    """
    account = HOSTILE_CASE.tables["accounts"].filter(pl.col("account_id") == HOSTILE[0]).row(0, named=True)
    network = HOSTILE_CASE.tables["networks"].row(0, named=True)
    pages = [
        render_report(HOSTILE_CASE, 80),
        render_report(HOSTILE_CASE, 80, full=False),
        render_network(HOSTILE_CASE, network, 80, how=True, lives=True),
        render_account(HOSTILE_CASE, account, 80),
    ]
    for page in pages:
        plain = page.text()
        assert not [
            char
            for char in plain
            if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cn"}
        ]
        coloured = re.sub(r"\x1b\[[0-9;]*m", "", page.text(colour=True))
        assert "\x1b" not in coloured
        assert coloured == plain


def test_no_word_accuses() -> None:
    """The report counts and compares; it calls nobody anything."""
    network = CASE.tables["networks"].row(0, named=True)
    text = (
        render_report(CASE, 80, full=False).text()
        + render_report(CASE, 80).text()
        + render_network(CASE, network, 80, how=True, lives=True).text()
    )
    assert not BANNED_WORDS.findall(text)
    assert "Consistent with one operator running 60 accounts" in text


def test_the_sum_adds_up() -> None:
    """What is printed as read is what was kept, doubled, rejected and blank."""
    overview = read_overview(CASE)
    assert (
        overview.line_count
        == overview.event_count + overview.duplicate_count + overview.reject_count + overview.blank_count
    )
    first = " ".join(render_report(CASE, 120).text().split("\n")[:2])
    numbers = [
        int(found.replace(" ", ""))
        for found in re.findall(r"\d[\d ]*(?= lines?| events?| duplicates?| rejects?| blank)", first)
    ]
    assert numbers[0] == sum(numbers[1:])


def test_stored_numbers_count_only_while_they_hold() -> None:
    """The numbers of the whole case are those of what is in it now, also where it grew since it was investigated."""
    grown = made_case()
    grown.tables["comparisons"] = compare_networks(grown)
    assert counts_hold(grown, Comparisons(grown.tables["comparisons"]))
    assert read_overview(grown) == read_overview(CASE)
    later = grown.tables["events"].head(5).with_columns(pl.col("started_at") + pl.duration(days=1))
    grown.tables["events"] = pl.concat([grown.tables["events"], later])
    assert not counts_hold(grown, Comparisons(grown.tables["comparisons"]))
    assert read_overview(grown).event_count == grown.tables["events"].height


def test_what_cannot_be_assessed_is_said() -> None:
    """Fields that no log has are named with the reason, and are never a zero."""
    text = " ".join(render_report(CASE, 80).text().split())
    assert "devices (not in these logs)" in text
    assert "replayed reasoning (no log has hashes of reasoning blobs)" in text


def test_nothing_found_is_said_plainly() -> None:
    """A case without networks says so instead of printing empty tables."""
    bare = made_case(accounts=3, office=3, others=20)
    bare.tables["networks"] = bare.tables["networks"].clear()
    text = render_report(bare, 80).text()
    assert "No finding" in text
    assert "Why these accounts" not in text


def test_ties_count_only_what_is_the_networks_own() -> None:
    """A value that outsiders hold more often than members ties nobody.

    Network of a, b; value x is held by a, b and three others (2 of 5): left out. Value y by a, b, c (2 of 3): counts,
    one other.
    """
    case = made_case(accounts=3, office=3, others=3)
    case.tables["members"] = (
        case.tables["members"].head(2).with_columns(network_id=pl.lit("n"), account_id=pl.Series(["a", "b"]))
    )
    rows = [("a", "x"), ("b", "x"), ("c", "x"), ("d", "x"), ("e", "x"), ("a", "y"), ("b", "y"), ("c", "y")]
    case.tables["sightings"] = pl.DataFrame(
        {"account_id": [a for a, _ in rows], "kind": ["k"] * 8, "value": [v for _, v in rows]}
    )
    assert read_ties(Comparisons(compare_networks(case)), {"n": 2}, ["n"]).rows(named=True) == [
        {
            "network_id": "n",
            "kind": "k",
            "values": 1,
            "each": 2.0,
            "reach_share": 1.0,
            "sharing_share": 1.0,
            "others": 1,
        }
    ]


def test_a_silent_hour_is_a_gap_only_against_the_rhythm() -> None:
    """Ten days of 100 events in every hour of the day but the night: the night is no gap, a silent noon is.

    Hours 8 to 19 have 100 events; day 5 lacks 10:00 to 13:00, where 3 × 100 = 300 were due.
    """
    start = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday; days 5 and 6 are the weekend, so day 4 is a Friday
    hours = [
        start + timedelta(days=day, hours=hour)
        for day in range(12)
        for hour in range(8, 20)
        if not (day == 4 and 10 <= hour < 13)
    ]
    hourly = pl.DataFrame(
        {"platform": ["direct"] * len(hours), "hour_at": hours, "len": [100] * len(hours)},
        schema_overrides={"hour_at": pl.Datetime("us", "UTC")},
    )
    gaps = find_gaps(hourly)
    assert [(gap.first_at.day, gap.first_at.hour, gap.last_at.hour) for gap in gaps] == [(6, 10, 13)]


def test_bars_hold_the_width() -> None:
    """However many bits a kind brings, its bar stays in the page."""
    case = made_case()
    kinds = pl.lit(
        [{"kind": "payment", "bits": 61.5}, {"kind": "client", "bits": 9.2}], case.tables["networks"].schema["kinds"]
    )
    case.tables["networks"] = case.tables["networks"].with_columns(kinds=kinds)
    lines = render_report(case, 80).text().split("\n")
    assert max(map(len, lines)) <= 80
    assert sum("█" in line for line in lines) == 2


# Tables


def test_networks_keep_the_machine_contract() -> None:
    """Other programs rely on these keys, by rank, with counts as numbers and names as lists."""
    rows = json.loads(json_text(list_networks(CASE)))
    keys = [
        "network_id",
        "rank",
        "alert",
        "score",
        "pooling",
        "extraction",
        "accounts",
        "requests",
        "first_seen_at",
        "last_seen_at",
        "hallmarks",
        "explanations",
        "concealment",
        "contested",
    ]
    assert list(rows[0])[: len(keys)] == keys
    assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
    assert rows[0]["alert"] is True
    assert isinstance(rows[0]["accounts"], int)
    assert isinstance(rows[0]["hallmarks"], list)
    assert datetime.fromisoformat(rows[0]["first_seen_at"]).tzinfo is not None


def test_members_keep_the_machine_contract() -> None:
    """Members: --format csv has exactly these columns, and one row per account."""
    rows = list(csv.DictReader(io.StringIO(csv_text(list_members(CASE)))))
    first = ["network_id", "account_id", "rank", "alert", "score", "membership"]
    assert list(rows[0]) == [*first, "role", "traffic_share", "since", "takes_part"]
    assert len(rows) == CASE.tables["members"].height
    assert {row["alert"] for row in rows} == {"true", "false"}
    only = list_members(CASE, "net_ba9876543210")
    assert only.get_column("network_id").unique().to_list() == ["net_ba9876543210"]


def test_json_keeps_raw_values_and_hides_nothing() -> None:
    """JSON gives back the very bytes of the log, yet nothing in it acts on a terminal."""
    frame = pl.DataFrame({"value": HOSTILE})
    for text in (json_text(frame), "[" + ",".join(jsonl_text(frame).strip().split("\n")) + "]"):
        assert [row["value"] for row in json.loads(text)] == list(HOSTILE)
        assert not [char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}]


@given(st.text())
def test_any_text_survives_json(text: str) -> None:
    """Escaping for the screen never changes what JSON means."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return  # lone surrogates cannot come out of a table
    dumped = dump_json({"value": text})
    assert json.loads(dumped) == {"value": text}
    assert not [char for char in dumped if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Co", "Cn"}]


def test_no_cell_is_a_formula() -> None:
    """No CSV cell starts like a formula, and none holds a control character; numbers stay numbers."""
    frame = pl.DataFrame({"value": HOSTILE, "number": [-1.5] * len(HOSTILE)})
    rows = list(csv.reader(io.StringIO(csv_text(frame))))[1:]
    assert len(rows) == len(HOSTILE)
    for value, figure in rows:
        assert not value.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert value.isprintable()
        assert figure == "-1.5"


def test_lists_are_readable_in_csv() -> None:
    """A list is its items joined by `;`, a struct its fields joined by `:`."""
    frame = pl.DataFrame(
        {"kinds": [[{"kind": "payment", "bits": 9.5}, {"kind": "client", "bits": 2.0}]], "names": [["a", "b"]]}
    )
    assert csv_text(frame) == "kinds,names\npayment:9.5;client:2.0,a;b\n"


def test_numbers_that_json_lacks_are_null() -> None:
    """NaN and infinity, which JSON has no word for, become null, also inside facts."""
    assert json.loads(json_text(pl.DataFrame({"x": [float("nan"), float("inf"), 1.0]}))) == [
        {"x": None},
        {"x": None},
        {"x": 1.0},
    ]
    assert json.loads(facts_text({"x": float("nan"), "at": datetime(2026, 4, 1, tzinfo=UTC)})) == {
        "x": None,
        "at": "2026-04-01T00:00:00Z",
    }


def test_what_is_copied_is_never_cut() -> None:
    """An id of 110 letters stands whole in a table of 60 columns; what does not fit beside it is left out and named."""
    account = "arn:aws:iam::111122223333:user/" + "x" * 80
    frame = pl.DataFrame({"account_id": [account, "a"], "request_count": [123456, 1], "path": ["p/" * 30, "q"]})
    text = table_text(frame, 60, "--wide shows all")
    assert account in text
    assert "left out for want of room: request_count, path; --wide shows all" in text
    whole = table_text(frame, None)
    assert account in whole
    assert "p/" * 30 in whole
    assert "left out" not in whole


def test_sentences_give_way_before_columns_do() -> None:
    """A summary is cut at its end so that the numbers after it fit; it is read and not copied."""
    frame = pl.DataFrame({"name": ["tern-quartz"], "summary": ["one job queue over many seats " * 4], "requests": [12]})
    lines = table_text(frame, 60).split("\n")
    assert max(map(len, lines)) <= 60
    assert lines[1].endswith(" 12")
    assert "…" in lines[1]


def test_parquet_is_not_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet on a terminal is refused with a hint."""
    monkeypatch.setattr("sys.stdout", io.StringIO())
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(UsageError, match="binary"):
        write_frame(pl.DataFrame({"x": [1]}), "parquet")


# Finding things


@pytest.mark.parametrize("name", ["net_0123456789ab", "tern-quartz", "1", "#1"])
def test_network_by_id_name_or_rank(name: str) -> None:
    """A network answers to its id, its name and its rank."""
    found = find_network(CASE, name)
    assert found is not None
    assert found["network_id"] == "net_0123456789ab"


def test_unknown_column_gets_a_suggestion() -> None:
    """A mistyped column is answered with the nearest ones."""
    with pytest.raises(UsageError) as caught:
        list_accounts(CASE, by="request_cout")
    assert "request_count" in str(caught.value.hint)


def test_accounts_are_the_largest_first() -> None:
    """Without names the accounts come by the chosen column, ties by id."""
    rows = list_accounts(CASE, top=10)
    assert rows.height == 10
    assert rows.get_column("request_count").is_sorted(descending=True)
    named = list_accounts(CASE, ["acct_h00003", "acct_h00001"])
    assert named.get_column("account_id").to_list() == ["acct_h00001", "acct_h00003"]


def test_rejects_point_at_their_line() -> None:
    """Each reject has the path and line it was read from."""
    rows = list_rejects(CASE)
    assert rows.get_column("path").unique().to_list() == ["logs/cloud-2.jsonl"]
    assert rows.get_column("source_line").to_list() == [100_001, 100_002, 100_003]


def test_facts_for_machines_are_whole() -> None:
    """Show: --format json of a network holds all its tests and members, of an account its links."""
    network = json.loads(facts_text(network_facts(CASE, CASE.tables["networks"].row(0, named=True))))
    assert len(network["members"]) == 60
    assert {test["role"] for test in network["tests"]} == {"pooling", "extraction", "explanation"}
    account = json.loads(facts_text(account_facts(CASE, CASE.tables["accounts"].row(0, named=True))))
    assert account["membership"]["network_id"] == "net_0123456789ab"
    assert account["links"]


# Figures


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (count(2541208), "2 541 208"),
        (plural(1, "account"), "1 account"),
        (plural(2, "account"), "2 accounts"),
        (number(0.0123), "0.012"),
        (number(9.1), "9.10"),
        (number(41.26), "41.3"),
        (number(312), "312"),
        (number(1719.4), "1 719"),
        (number(None), "–"),
        (number(float("nan")), "–"),
        (share(0.004), "< 1 %"),
        (share(0.996), "> 99 %"),
        (share(0.615), "62 %"),
        (share(0.0), "0 %"),
        (p_value(1e-9), "< 0.001"),
        (p_value(0.034), "0.034"),
        (p_value(0.31), "0.31"),
        (large(412_000_000), "412 M"),
        (large(9_999), "9 999"),
        (large(31_027_075), "31 M"),
        (days(38.2), "38 d"),
        (days(0.2), "5 h"),
        (days(0.01), "14 min"),
        (bar(3.5), "███▌"),
        (bar(100), "█" * 12),
        (period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 12, tzinfo=UTC)), "1 Apr – 12 May 2026"),
        (period(datetime(2025, 12, 30, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)), "30 Dec 2025 – 2 Jan 2026"),
    ],
)
def test_figures(made: str, text: str) -> None:
    """Numbers read as a person writes them; spaces inside them never break."""
    assert made.replace("\u00a0", " ") == text


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "report.txt").write_text(golden_text(), encoding="utf-8")
