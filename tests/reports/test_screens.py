"""What stands on a screen of 80 columns: whole names, whole clauses, one form of figures, nothing said twice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import polars as pl
import pytest
from made_case import made_case

from forensics.reports.facts.holders import find_holders
from forensics.reports.facts.selections import find_selections
from forensics.reports.facts.sheet import Grid, Row, Section, Sheet
from forensics.reports.screen.asked import render_events, render_holders, render_rejects, render_timeline
from forensics.reports.screen.cards import whole_parts
from forensics.reports.screen.nightly import _tell_lifecycle
from forensics.reports.screen.page import Page
from forensics.reports.screen.sheet import render_sheet
from forensics.reports.wording.figures import NBSP
from forensics.reports.wording.in_words import in_short, reason_given
from forensics.reports.wording.remarks import gather_remarks
from forensics.reports.wording.words import against_limit, only_used, sentence

if TYPE_CHECKING:
    from forensics.reports.facts.model import Finding, Sign

CASE = made_case()
MODELS = ("aurora-max-1-20260401", "cirrus-flash-20260401")


def test_a_sentence_of_a_test_has_figures_as_all_others() -> None:
    """Its no-break spaces are no escapes, its shares stand as 37 %, and what hides in it is shown."""
    told = sentence(f"14{NBSP}068 requests, 37% (30%–44%), \x1b[31m\u202e")
    assert told == f"14{NBSP}068 requests, 37{NBSP}% (30{NBSP}%–44{NBSP}%), \\x1b[31m\\u202e"


@pytest.mark.parametrize(
    ("used", "told"),
    [
        ([(0.45, None)], "1 account only used by it, with a life of its own; 45 % of its traffic"),
        (
            [(0.1, None), (0.3, 0.9)],
            "2 accounts only used by it, with a life of their own; 10 % to 30 % of their traffic",
        ),
        ([(0.2, None)] * 2, "2 accounts only used by it, with a life of their own; 20 % of their traffic"),
        ([(None, None)], "1 account only used by it, with a life of its own"),
        ([(1.0, 0.02)], "1 account beside it, through it no more passes than by chance"),
        (
            [(0.1, None), (1.0, 0.0), (0.9, 0.3)],
            (
                "1 account only used by it, with a life of its own; 10 % of its traffic; 2 accounts beside it, "
                "through which no more passes than by chance"
            ),
        ),
    ],
)
def test_used_accounts_in_words(used: list[tuple[float | None, float | None]], told: str) -> None:
    """One account has a life of its own, no range stands where there is one share, and who only stands beside a network
    is said to, whatever its traffic shows.
    """
    rows = [{"traffic_share": share, "takes_part": part} for share, part in used]
    assert only_used(rows).replace(NBSP, " ") == f"{told}; not counted"


def test_a_peak_below_the_limit_is_a_share() -> None:
    """21 % of a limit, 41 times a limit."""
    assert against_limit(0.21).replace(NBSP, " ") == "21 % of what one account's limit allows"
    assert against_limit(41.2).replace(NBSP, " ") == "41.2 × what one account's limit allows"


def test_a_remark_on_many_files_is_told_once() -> None:
    """What was noted of each file of a log, with another number of lines each time, is one remark with their sum."""
    noted = [(f"logs/{day}.gz", f"sessions of a role count as their role ({day + 1:,} lines)") for day in range(2_000)]
    noted += [
        ("logs/0.gz", "dates are read with the day first"),
        ("logs/3.gz", "all 7 of 9 lines name one account, a1"),
    ]
    found = gather_remarks(noted)
    assert [(note.replace(NBSP, " "), len(paths)) for note, paths in found] == [
        ("sessions of a role count as their role (2 001 000 lines)", 2_000),
        ("dates are read with the day first", 1),
        ("all 7 of 9 lines name one account, a1", 1),
    ]
    assert gather_remarks([("a", "x (1 line)"), ("a", "x (2 lines)")]) == [("x (3 lines)", ["a"])]
    assert gather_remarks([("a", "x (1 line)")]) == [("x (1 line)", ["a"])]
    assert len(gather_remarks([("a", "built on 2026-04-01"), ("b", "built on 2026-04-02")])) == 2


def test_no_enumeration_is_told_in_part() -> None:
    """A sentence cut for the first screen ends where a clause does, not within "a payer, device, exit or …"."""
    text = (
        "100% show one and the same client, system prompt, tool set or parameters, 0% wording that is mostly the "
        "network's own, 18% a payer, device, exit or conversation that is; they differ by 25%."
    )
    assert in_short(text).endswith("0% wording that is mostly the network's own.")
    assert reason_given("A benchmark speaks for it in part: 58% are items.") == "58% are items."
    assert reason_given("Separate people do not fit: they differ by 5%.") == "They differ by 5%."


def test_whole_phrases_of_a_summary() -> None:
    """A summary that does not fit loses phrases, not letters."""
    assert whole_parts(["one at a time", "handed on", "cards dealt out in order"], 40) == "one at a time, handed on"
    assert whole_parts(["a phrase that is alone and long"], 10) == "a phrase…"


def test_names_in_a_sheet_stay_in_one_piece() -> None:
    """A model, a channel, a card: what may be copied is never broken over lines, however many columns stand beside."""
    heads = ("of the model", *(f"capability {number}" for number in range(6)))
    rows = tuple(Row((name, *["91 %"] * 6)) for name in MODELS)
    sheet = Sheet("t", "l", (Section("", (Grid(heads, (False, *[True] * 6), rows),)),))
    lines = render_sheet(sheet, 80).text().split("\n")
    assert all(any(name in line for line in lines) for name in MODELS)


def test_why_a_line_was_rejected_stands_beside_no_path_that_is_too_long() -> None:
    """At 80 columns path, line and reason are all there, whatever the path's length."""
    path = "/var/log/" + "gateway-" * 12 + ".jsonl.zst"
    frame = pl.DataFrame({"path": [path], "source_line": [17], "reason": ["not UTF-8 text"]})
    text = render_rejects(frame, 80).text()
    assert f"{path}:17" in text
    assert "not UTF-8 text" in text


def test_requests_and_days_keep_to_the_width() -> None:
    """A request with a long model, and a day with bans beside its bar, stay within 80 columns; nothing is left out."""
    event = {
        "started_at": [datetime(2026, 4, 1, tzinfo=UTC)],
        "account_id": ["acct_7c9fddc361"],
        "status_code": [200],
        "request_model": ["aurora-mid-1-20260401-preview"],
        "output_tokens": [12_345],
        "client_address": ["2001:db8:1111:2222:3333:4444:5555:6666"],
        "client_prefix": [None],
        "line": ["logs/a.jsonl:3"],
    }
    text = render_events(pl.DataFrame(event), 80).text()
    assert max(map(len, text.split("\n"))) <= 80
    assert "2001:db8:1111:2222:3333:4444:5555:6666" in text
    daily = SimpleNamespace(days=[date(2026, 4, 16)], requests=[526], active=[11], births=[1], bans=[9])
    finding = cast("Finding", SimpleNamespace(rank=1, name="tern-quartz", daily=daily))
    moments = pl.DataFrame(schema={"what": pl.String, "at": pl.Datetime("us", "UTC"), "text": pl.String})
    drawn = render_timeline(finding, moments, 80).text()
    assert max(map(len, drawn.split("\n"))) <= 80
    assert "××××××" in drawn


def test_what_only_the_accounts_file_knows_has_its_network() -> None:
    """A card that no request shows is held by the accounts of a network, and is said to be; it used to be "no network"."""
    register = CASE.tables["register"].drop_nulls("payment_id")
    members = dict(CASE.tables["members"].select("account_id", "network_id").iter_rows())
    card = next(row for row in register.iter_rows(named=True) if row["account_id"] in members)["payment_id"]
    found = find_holders(CASE, card)
    names = dict(CASE.tables["networks"].select("network_id", "name").iter_rows())
    held = dict(found.select("account_id", "network").iter_rows())
    wanted = register.filter(pl.col("payment_id") == card)["account_id"].to_list()
    assert held == {account: names.get(members.get(account)) for account in wanted}
    text = render_holders(found, card, 80).text()
    assert "opened" in text
    assert "in no network" not in text


def test_a_rule_hits_no_stranger_with_another_fingerprint() -> None:
    """Hits of a rule are counted over whoever shows its fields, also with a fingerprint that no member has: a client
    with its network used to be said to hit "0 other accounts" while strangers with another TLS fingerprint showed both.
    """
    rows = [("m1", "sdk 1", "ja_m", 64500), ("m2", "sdk 1", "ja_m", 64500), ("x1", "sdk 1", "ja_x", 64500)]
    rows += [("m1", "sdk 1", "ja_m", 64501), ("m2", "sdk 1", "ja_m", 64501), ("x2", "sdk 2", "ja_m", 64502)]
    events = pl.DataFrame(
        rows, schema=["account_id", "user_agent", "tls_ja4", "client_asn"], orient="row"
    ).with_columns(tls_ja3=pl.lit(None, pl.String), client_prefix=pl.lit(None, pl.String))
    members = pl.DataFrame({"network_id": ["net_1", "net_1"], "account_id": ["m1", "m2"]})
    for selection in find_selections(events.lazy(), members, ["net_1"])["net_1"]:
        hit = events.filter(pl.col(name).cast(pl.String) == value for name, value in selection.values)
        assert set(hit["account_id"]) <= {"m1", "m2"}, selection
    everywhere = find_selections(events.with_columns(tls_ja4=pl.lit(None, pl.String)).lazy(), members, ["net_1"])[
        "net_1"
    ]
    assert [dict(selection.values) for selection in everywhere] == [{"user_agent": "sdk 1", "client_asn": "64501"}]


def test_a_night_tells_of_bans_only_what_holds() -> None:
    """The sentence of a test that does not hold ("6 of 17 … (63 % of all others)") is no news; its name is told as
    looked for.
    """
    signs = [
        SimpleNamespace(
            channel="lifecycle", assessable=True, holds=True, title="refilled", sentence="14 of 17 births."
        ),
        SimpleNamespace(channel="lifecycle", assessable=True, holds=False, title="kept in stock", sentence="6 of 17."),
        SimpleNamespace(channel="lifecycle", assessable=False, holds=False, title="unknown", sentence=None),
        SimpleNamespace(channel="scheduling", assessable=True, holds=True, title="turns", sentence="They take turns."),
    ]
    page = Page(80)
    _tell_lifecycle(page, cast("list[Sign]", signs))
    assert page.text() == "  refilled: 14 of 17 births.\n  looked for, not there or too slight: kept in stock\n"
