"""The audit of channels against planted truth: the rogue is first, the small are not accused, nothing is guessed."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from made_case import FrameCase
from made_channels import ROGUE, START, Market, fitted, made_market

from forensics.common.errors import UsageError
from forensics.defences.resellers import (
    LIKE_OTHERS,
    STANDS_OUT,
    TOO_FEW,
    audit_channels,
    compare_audits,
    list_dimensions,
    quality_by_week,
)
from forensics.defences.shrinkage import fit_prior, shrink_shares
from forensics.reports.facts.channel_sheet import channel_questions, channel_sheet, with_questions

SEEDS = range(20)


@cache
def audited(seed: int) -> tuple[Market, pl.DataFrame]:
    """A market with a rogue, and its audit."""
    market = made_market(seed)
    return market, audit_channels(market.case, ["reseller"])


def test_the_rogue_is_first_in_nineteen_of_twenty() -> None:
    """Among 40 resellers the one that lets pools in is ranked first in at least 19 of 20 seeds; by bare shares it would
    not be, as small ones with one bad customer come before it.
    """
    first, bare = 0, 0
    for seed in SEEDS:
        _, audit = audited(seed)
        first += audit["channel"][0] == ROGUE
        shares = audit.with_columns(bare=pl.col("found_count") / pl.col("found_of")).sort("bare", descending=True)
        bare += shares["channel"][0] == ROGUE
    assert first >= 19
    assert bare <= 5


def test_honest_small_ones_are_told_too_few() -> None:
    """A reseller of fewer than five accounts is told "too few to say" in every seed, also one with a bad customer among
    two; and of all honest ones at most one in a hundred stands out, not counting those that have a pool of a dozen.
    """
    accused = honest = 0
    for seed in SEEDS:
        market, audit = audited(seed)
        small = audit.filter(pl.col("account_count") < 5)
        assert small.height
        assert set(small["standing"]) == {TOO_FEW}
        clean = [name for name, share in market.shares.items() if name != ROGUE and share * market.sizes[name] < 6]
        told = audit.filter(pl.col("channel").is_in(clean))
        honest += told.height
        accused += told.filter(pl.col("standing") == STANDS_OUT).height
    assert accused <= 0.01 * honest, f"{accused} of {honest}"


def test_nobody_stands_out_without_cause() -> None:
    """Where there is no rogue, at most one in a hundred of the resellers whose true share is no higher than half as much
    again as all accounts' stands out; those with more are no accident.
    """
    out = total = 0
    for seed in range(10):
        market = made_market(seed, rogue=None)
        usual = sum(share * market.sizes[name] for name, share in market.shares.items()) / sum(market.sizes.values())
        like = [name for name, share in market.shares.items() if share <= 1.5 * usual]
        audit = audit_channels(market.case, ["reseller"]).filter(pl.col("channel").is_in(like))
        out += audit.filter(pl.col("standing") == STANDS_OUT).height
        total += audit.height
    assert total > 200
    assert out <= 0.01 * total, f"{out} of {total}"


def test_intervals_hold_the_truth() -> None:
    """95 % intervals after shrinking hold the share that accounts were drawn with in 90 to 99 % of groups."""
    held = total = 0
    rng = np.random.default_rng(5)
    for _ in range(30):
        shares = rng.beta(1.0, 20.0, 60)
        numbers = np.round(rng.lognormal(3, 1, 60)).clip(1)
        hits = rng.binomial(numbers.astype(int), shares).astype(float)
        _, low, high = shrink_shares(hits, numbers, fit_prior(hits, numbers))
        held += int(((low <= shares) & (shares <= high)).sum())
        total += 60
    assert 0.90 <= held / total <= 0.99


def test_shrinking_draws_the_small_more() -> None:
    """Of two groups with the same bare share the smaller one is drawn nearer to what groups are like."""
    hits, numbers = np.array([1.0, 50.0, *[2.0] * 30]), np.array([2.0, 100.0, *[60.0] * 30])
    share, low, high = shrink_shares(hits, numbers, fit_prior(hits, numbers))
    assert share[0] < share[1] < 0.55
    assert high[0] - low[0] > high[1] - low[1]


def test_no_group_at_all_is_no_crash() -> None:
    """Without data the prior is proper and gives every share a chance."""
    prior = fit_prior(np.array([]), np.array([]))
    assert 0 < prior.mean < 1
    assert audit_channels(FrameCase(), ["reseller"]).is_empty()


def _case(**more: pl.DataFrame) -> FrameCase:
    """Two resellers of ten accounts and ten direct customers; end user u1 came through both resellers."""
    ids = [f"a{number:02d}" for number in range(30)]
    events = pl.DataFrame(
        {
            "account_id": [name for name in ids for _ in range(4)],
            "started_at": [START + timedelta(hours=6 * number) for number in range(120)],
            "end_user_id": ["u1", "u2", None, None] * 10 + ["u1"] * 40 + [None] * 40,
            "platform": ["direct"] * 80 + ["bedrock"] * 40,
            "source_id": 1,
            "source_line": range(120),
        }
    )
    register = pl.DataFrame(
        {
            "account_id": ids,
            "reseller_id": ["r1"] * 10 + ["r2"] * 10 + [None] * 10,
            "plan": ["free"] * 30,
            "country": "DE",
        }
    )
    tables = {"events": events, "register": register, **more}
    accounts = events.group_by("account_id").agg(
        first_seen_at=pl.col("started_at").min(),
        born_at=pl.col("started_at").min(),
        last_seen_at=pl.col("started_at").max(),
        daily_mean_count=pl.len().cast(pl.Float64),
        country=pl.lit("DE").first(),
    )
    return FrameCase({name: fitted(name, frame) for name, frame in {"accounts": accounts, **tables}.items()})


def test_end_users_are_counted_as_they_are() -> None:
    """r1 passes on u1 and u2 evenly (1 bit) in half of its requests; r2 only u1 (0 bits); u1 came through both."""
    audit = audit_channels(_case(), ["reseller"]).sort("channel")
    assert audit["end_user_count"].to_list() == [2, 1]
    assert audit["end_user_entropy_bits"].to_list() == pytest.approx([1.0, 0.0])
    assert audit["end_user_missing_share"].to_list() == [0.5, 0.0]
    assert audit["resold_count"].to_list() == [1.0, 1.0]
    assert audit["resold_of"].to_list() == [2.0, 1.0]


def test_what_cannot_be_told_is_null() -> None:
    """Without bans, networks, mail or plans of twenty accounts those signs are null or none, never a zero share."""
    audit = audit_channels(_case(), ["reseller"])
    assert audit["banned_of"].to_list() == [0.0, 0.0]
    assert audit["banned_share"].null_count() == 2
    assert audit["throwaway_share"].null_count() == 2


def test_used_accounts_are_not_the_operators() -> None:
    """An account that a network only uses is in no finding here."""
    members = pl.DataFrame(
        {"network_id": "n1", "account_id": ["a00", "a01", "a02"], "role": ["core", "used", "member"]}
    )
    networks = pl.DataFrame({"network_id": ["n1"], "alert": [True]})
    audit = audit_channels(_case(members=members, networks=networks), ["reseller"])
    assert audit.filter(pl.col("channel") == "r1")["found_count"].item() == 2


def test_contested_is_counted_apart() -> None:
    """Accounts of a contested network count as contested, not as found."""
    members = pl.DataFrame({"network_id": "n1", "account_id": ["a00", "a01"], "role": "core"})
    networks = pl.DataFrame({"network_id": ["n1"], "alert": [False], "contested": [True]})
    row = audit_channels(_case(members=members, networks=networks), ["reseller"]).filter(pl.col("channel") == "r1")
    assert row["found_count"].item() == 0
    assert row["contested_count"].item() == 2


def test_mapped_observables_of_the_register_are_ways_in() -> None:
    """A column that a mapping brings can be audited by its name; an unknown one is refused with those there are."""
    case = _case()
    case.tables["register"] = case.tables["register"].with_columns(observable_fair=pl.lit("spring"))
    assert "fair" in list_dimensions(case)
    assert audit_channels(case, ["fair"])["account_count"].to_list() == [30]
    with pytest.raises(UsageError, match="nothing"):
        audit_channels(case, ["nothing"])


def test_changes_are_told_from_intervals() -> None:
    """A reseller whose interval rises above its earlier one is worse; one that was not there is new; one that left is
    gone; the rest is the same.
    """
    now, before = (audit_channels(made_market(3, rogue=share).case, ["reseller"]) for share in (0.5, 0.02))
    now = now.with_columns(channel=pl.col("channel").replace("rsl_05", "rsl_new"))
    told = dict(compare_audits(now, before).select("channel", "change").iter_rows())
    assert told[ROGUE] == "worse"
    assert told["rsl_new"] == "new"
    assert told["rsl_05"] == "gone"
    assert sum(change == "same" for change in told.values()) >= 35


def test_weeks_add_up() -> None:
    """New accounts by week add up to all accounts of the reseller that were opened within the log."""
    market = made_market(1)
    weeks = quality_by_week(market.case, "reseller").filter(pl.col("channel") == ROGUE)
    assert weeks["born_count"].sum() <= market.sizes[ROGUE]
    assert weeks["born_count"].sum() >= 0.9 * market.sizes[ROGUE]
    assert (weeks["bad_count"] <= weeks["born_count"]).all()
    assert ((weeks["bad_low"] <= weeks["bad_share"]) & (weeks["bad_share"] <= weeks["bad_high"])).all()


def test_questions_come_from_its_own_numbers() -> None:
    """The rogue is asked for its accounts in findings, with their number; an honest one that stands out nowhere is not
    shown with questions.
    """
    audit = audit_channels(made_market(2).case, ["reseller"])
    rogue = audit.filter(pl.col("channel") == ROGUE).row(0, named=True)
    asked = " ".join(channel_questions(rogue)).replace("\u00a0", " ")
    assert f"{int(rogue['found_count'])} accounts of" in asked
    table = with_questions(audit)
    assert table.schema["questions"] == pl.List(pl.String)
    sheet = channel_sheet(audit, {"reseller": "resellers"})
    notes = [
        note
        for part in sheet.sections[0].parts
        for row in getattr(part, "rows", ())
        for note in getattr(row, "notes", ())
    ]
    assert any(note.startswith("Ask: ") for note in notes)
    honest = audit.filter(pl.col("standing") == LIKE_OTHERS)["channel"].to_list()
    assert honest
