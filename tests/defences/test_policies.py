"""Limits and bans replayed, against brute force and planted pools."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_case import FrameCase
from made_channels import START, at_day, described, fitted, stamps

from forensics.common.errors import UsageError
from forensics.defences.bans import (
    EVERY,
    Pool,
    follow_pool,
    half_grown,
    measure_pool,
    plan_bans,
    read_members,
    try_bans,
    try_shared,
)
from forensics.defences.limits import BUDGETS, KEYS, Limit, draw_frontier, read_limit, replay_events, try_limits
from forensics.reports.facts.policy_sheet import policy_sheet

SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
COLUMN = {"account": "account_id", "address": "client_address", "card": "payment_id", "template": "template_hash"}


def random_case(seed: int, count: int = 300) -> FrameCase:
    """Few accounts, addresses, cards and templates over three hours, so that limits bite; some fields missing."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"a{number}" for number in range(8)])
    who = rng.integers(0, 8, count)
    events = pl.DataFrame(
        {
            "started_at": stamps(np.sort(rng.uniform(0, 0.12, count))),
            "account_id": ids[who],
            "client_address": [None if one == 0 else f"192.0.2.{one}" for one in rng.integers(0, 4, count)],
            "template_hash": rng.integers(1, 5, count),
            "user_agent": "x/1",
            "platform": "direct",
            "source_id": 1,
            "source_line": np.arange(count) + 1,
        }
    )
    register = pl.DataFrame({"account_id": ids, "payment_id": ["c1", "c1", "c2", "c2", None, "c3", "c3", "c3"]})
    members = pl.DataFrame(
        {"network_id": ["n", "n", "n", "m"], "account_id": ids[:4], "role": ["core", "core", "used", "core"]}
    )
    networks = pl.DataFrame({"network_id": ["n", "m"], "alert": [True, False], "contested": [False, True]})
    tables = {"events": events, "register": register, "members": members, "networks": networks}
    return FrameCase({name: fitted(name, frame) for name, frame in tables.items()})


def by_hand(case: FrameCase, limit: Limit) -> dict[str, int]:
    """Requests that a limit stops, counted one after the other."""
    cards = dict(case.tables["register"].select("account_id", "payment_id").iter_rows())
    seen: dict[tuple[object, int], int] = {}
    told = {"hostile": 0, "contested": 0, "innocent": 0}
    hit: set[str] = set()
    for row in case.tables["events"].sort("started_at", maintain_order=True).iter_rows(named=True):
        account = row["account_id"]
        key = cards[account] if limit.key == "card" else row[COLUMN[limit.key]]
        if key is None:
            continue
        window = int(row["started_at"].timestamp()) // SECONDS[limit.window]
        seen[key, window] = seen.get((key, window), 0) + 1
        if seen[key, window] > limit.most:
            side = {"a0": "hostile", "a1": "hostile", "a3": "contested"}.get(account, "innocent")
            told[side] += 1
            if side == "innocent":
                hit.add(account)
    return {**told, "accounts": len(hit)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 50), st.sampled_from(sorted(COLUMN)), st.sampled_from(sorted(SECONDS)), st.integers(1, 30))
def test_a_limit_stops_what_counting_by_hand_stops(seed: int, key: str, window: str, most: int) -> None:
    """Hostile, contested and innocent requests stopped, and innocent accounts hit, are those of a count one by one. A used
    account is innocent, and requests without the key pass.
    """
    case, limit = random_case(seed), Limit(key, most, window)
    row = try_limits(replay_events(case), [limit]).row(0, named=True)
    told = by_hand(case, limit)
    assert row["hostile_stopped"] == told["hostile"]
    assert row["contested_stopped"] == told["contested"]
    assert row["innocent_stopped"] == told["innocent"]
    assert row["innocent_accounts"] == told["accounts"]


def test_the_frontier_is_not_beaten() -> None:
    """No size of the same key and any window that was tried stops more hostile requests for as few innocent ones as the
    frontier's best for a budget.
    """
    replay = replay_events(random_case(7, 600))
    front = draw_frontier(replay, ("account", "template"))
    for key in ("account", "template"):
        every = try_limits(replay, [Limit(key, most, window) for most in range(1, 60) for window in SECONDS])
        for budget in BUDGETS:
            best = front.filter((pl.col("key") == key) & pl.col("best_for").list.contains(budget))
            within = every.filter(pl.col("innocent_share") <= budget)
            reached = best["hostile_stopped"].max() if best.height else 0
            assert reached == (within["hostile_stopped"].max() or 0)


def test_no_hostile_request_no_frontier() -> None:
    """A case without a finding has nothing to stop, and that is no crash."""
    case = random_case(1)
    case.tables["networks"] = case.tables["networks"].with_columns(alert=pl.lit(value=False))
    replay = replay_events(case)
    assert replay.totals[0] == 0
    front = draw_frontier(replay)
    assert front.is_empty()
    assert policy_sheet(replay, front, try_limits(replay, []), []).sections == ()


@pytest.mark.parametrize("text", ["account", "account:0/hour", "acount:5/hour", "account:5/week", "account:5/hour "])
def test_what_is_no_limit_is_refused(text: str) -> None:
    """A limit that cannot be read is refused with the keys and windows there are."""
    with pytest.raises(UsageError, match=re.escape(repr(text))) as told:
        read_limit(text)
    assert all(key in str(told.value.hint) for key in KEYS)


def test_accounts_needed_make_up_for_a_limit() -> None:
    """Under a limit of 10 a day per account, a pool of 240 requests in two days needs 12 accounts."""
    times = np.linspace(0.0, 1.9999, 240)
    events = pl.DataFrame({"started_at": stamps(times), "account_id": [f"a{n % 4}" for n in range(240)]})
    tables = {
        "events": events.with_columns(platform=pl.lit("direct"), source_id=1, source_line=1),
        "members": pl.DataFrame({"network_id": "n", "account_id": [f"a{n}" for n in range(4)], "role": "core"}),
        "networks": pl.DataFrame({"network_id": ["n"], "alert": [True]}),
    }
    case = FrameCase({name: fitted(name, frame) for name, frame in tables.items()})
    row = try_limits(replay_events(case), [read_limit("account:10/day")]).row(0, named=True)
    assert row["accounts_needed"] == pytest.approx(12.0, rel=0.01)
    assert row["hostile_stopped"] == 240 - 4 * 2 * 10


def pool_case(seed: int = 3, *, heirs: int = 40, with_card: float = 0.5) -> FrameCase:
    """A pool of 40 with card c1; 20 are banned on day 10; heirs come at 8 a day from then on, half of them with c1; 100
    strangers with cards of their own, one of whom comes to use c1 on day 20.
    """
    rng = np.random.default_rng(seed)
    born = [0.1 * number for number in range(40)] + [10.2 + number / 8 for number in range(heirs)]
    ids = [f"h{number:03d}" for number in range(40 + heirs)]
    cards = ["c1"] * 40 + ["c1" if one < with_card else f"x{n}" for n, one in enumerate(rng.random(heirs))]
    banned = [10.0] * 20 + [np.nan] * (20 + heirs)
    others = [f"s{number:03d}" for number in range(100)]
    rows = []
    for name, start, end in zip(ids, born, banned, strict=True):
        stop = end if np.isfinite(end) else 24.0
        rows += [(name, start + (stop - start) * step / 20) for step in range(21)]
    rows += [(name, 24.0 * step / 20) for name in others for step in range(21)]
    events = pl.DataFrame(rows, schema=["account_id", "day"], orient="row")
    events = events.with_columns(
        started_at=stamps(events["day"].to_numpy()), platform=pl.lit("direct"), source_id=1, source_line=1
    ).sort("started_at")
    register = pl.DataFrame({"account_id": [*ids, *others], "banned_at": stamps(np.array([*banned, *[np.nan] * 100]))})
    held = {"events": fitted("events", events.drop("day")), "register": fitted("register", register)}
    accounts = fitted("accounts", described(held["events"], held["register"]).join(register, on="account_id"))
    shown = pl.DataFrame(
        {
            "account_id": [*ids, *others, "s000"],
            "kind": "payment",
            "value": [*cards, *(f"o{number}" for number in range(100)), "c1"],
            "event_count": 1,
            "first_seen_at": [*(at_day(day) for day in born), *[START] * 100, at_day(20)],
        }
    )
    members = pl.DataFrame({"network_id": "n", "account_id": ids, "role": "core"})
    tables = {
        **held,
        "accounts": accounts,
        "sightings": fitted("sightings", shown),
        "members": fitted("members", members),
        "networks": fitted(
            "networks", pl.DataFrame({"network_id": ["n"], "name": ["heron"], "alert": [True], "rank": [1]})
        ),
    }
    return FrameCase(tables)


def test_a_pools_rate_is_that_of_its_heirs() -> None:
    """Eight accounts a day after the bans are measured as eight, within the interval; 20 in use are left of 40."""
    case = pool_case()
    members = read_members(case, "n")
    pool = measure_pool(case, "n", members, at_day(10.1))
    assert pool.after_bans
    assert pool.size == 20
    low, high = pool.rate_bounds
    assert low < 8.0 < high
    assert pool.rate == pytest.approx(8.0, rel=0.1)


def test_what_is_shared_is_chosen_before_and_tested_after() -> None:
    """The card of the first pool catches the heirs that carry it and nobody else; the stranger who takes it up later is
    told, and a card that a stranger had shown before is not chosen.
    """
    case = pool_case()
    members = read_members(case, "n")
    carried = case.tables["sightings"].filter(pl.col("account_id") > "h039", pl.col("value") == "c1")
    later = carried.filter(pl.col("account_id").str.starts_with("h"))["account_id"].n_unique()
    row = try_shared(case, "n", members, at_day(10.1)).filter(pl.col("kind") == EVERY).row(0, named=True)
    assert (row["value_count"], row["later_count"], row["later_of"]) == (1, later, 40)
    assert row["stranger_count"] == 1
    late = try_shared(case, "n", members, at_day(21)).filter(pl.col("kind") == EVERY).row(0, named=True)
    assert late["value_count"] == 0


def test_whack_a_mole() -> None:
    """Banning 50 of a pool of 100 that opens 10 a day: it is as large again after 5 days. By hand: 50, 40, 30, 20 and 10
    accounts missing on days 0 to 4, so 150 of 3000 account-days, 5 %.
    """
    pool = Pool("n", START, 100, 1000.0, 100, 10.0, after_bans=True)
    shared = pl.DataFrame(
        {"kind": [EVERY], "caught_share": [0.8], "caught_low": [0.7], "caught_high": [0.9], "stranger_count": [3]}
    )
    table, course = try_bans(pool, shared, 30)
    told = {row["policy"]: row for row in table.iter_rows(named=True)}
    assert told["one wave"]["regrown_days"] == pytest.approx(5.0)
    assert told["one wave"]["stopped_share"] == pytest.approx(150 / 3000)
    assert told["nothing"]["stopped"] == 0.0
    # all at once: 100, 90, …, 10 missing: 550; with a fifth of the newcomers let through 2 a day come: 100, 98, …, 42
    assert told["all at once"]["stopped_share"] == pytest.approx(550 / 3000)
    assert told["all and what they share"]["stopped_share"] == pytest.approx(
        sum(100 - 2 * day for day in range(30)) / 3000
    )
    assert told["all and what they share"]["regrown_days"] == pytest.approx(50.0)
    assert told["all and what they share"]["innocent_accounts"] == 3
    assert course.height == 5 * 30


def test_waves_never_ban_more_than_there_are() -> None:
    """A weekly wave of 50 on a pool of 60 that opens 2 a day takes 50, then what has come back to at most 50."""
    pool = Pool("n", START, 60, 60.0, 20, 10.0, after_bans=True)
    sizes = follow_pool(pool, pool.rate, plan_bans("waves", pool))
    assert sizes.min() >= 0
    # day 0: 10 left; 14 have come by day 7: 24, all taken
    assert sizes[0] == 10
    assert sizes[7] == 0


def test_half_grown_leaves_half_to_test_on() -> None:
    """The moment of the replay has half of the members before it."""
    case = pool_case()
    members = read_members(case, "n")
    at = half_grown(members)
    assert (members["first_seen_at"] <= at).sum() == members.height // 2


def test_used_members_are_not_banned() -> None:
    """A used member is no part of the pool."""
    case = pool_case()
    role = pl.when(pl.col("account_id") == "h001").then(pl.lit("used")).otherwise("role")
    case.tables["members"] = case.tables["members"].with_columns(role=role)
    assert "h001" not in read_members(case, "n")["account_id"].to_list()


def test_the_sheet_tells_all_of_it() -> None:
    """The sheet has limits asked for, the frontier and the bans of each finding, with whole numbers."""
    case = pool_case()
    replay = replay_events(case)
    members = read_members(case, "n")
    at = half_grown(members) + timedelta(hours=1)
    pool = measure_pool(case, "n", members, at)
    shared = try_shared(case, "n", members, at)
    table, course = try_bans(pool, shared)
    asked = try_limits(replay, [read_limit("card:5/day")])
    sheet = policy_sheet(replay, draw_frontier(replay), asked, [("heron", pool, shared, table, course)])
    assert [section.heading for section in sheet.sections] == [
        "Limits asked for",
        "Limits: the frontier",
        "Bans: heron",
    ]
