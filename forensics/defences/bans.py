"""What bans would do to a pool that grows back: ban at once, in waves, or ban what its accounts share.

The pool is measured on this case: how many of its accounts were in use at a moment, its requests a day, and how many
new accounts it opened a day (after its bans, where there were any; Poisson interval). A ban takes accounts away, new
ones come at that rate until the pool is as large as before, and each account carries an equal part of the pool's
requests. What accounts share is chosen by what could be known at the moment and held against what came later: new
members that show one of the chosen observables, and strangers that do.
Blind to:  an operator that changes its rate, its cards or its clients because it is banned; requests that the accounts
           left take over at once (then less is stopped than is said here). Members were found by what they share, so
           those that share nothing are missing from what is caught.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import poisson_interval, wilson
from forensics.defences.sides import FOUND, place_accounts
from forensics.describing.sightings import find_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from forensics.common.arrays import Floats
    from forensics.common.schema import Tables

WAVE = 50  # accounts of a wave of bans
WAVE_DAYS = 7  # between waves
HORIZON = 30  # days that policies are followed
AFTER_BANS_H = 72  # births so soon after a ban count as the pool's answer to it
SHARED_BY = 2  # members that show an observable at the moment, for it to be chosen
EVERY, LASTING = "every kind", "what lasts"
POLICIES = ("nothing", "one wave", "waves", "all at once", "all and what they share")
BAN_SCHEMA = {
    "network_id": pl.String,
    "policy": pl.String,
    "banned_count": pl.UInt32,
    "stopped": pl.Float64,
    "stopped_low": pl.Float64,
    "stopped_high": pl.Float64,
    "stopped_share": pl.Float64,
    "regrown_days": pl.Float64,
    "regrown_low": pl.Float64,
    "regrown_high": pl.Float64,
    "innocent_accounts": pl.UInt32,
}


@dataclass(frozen=True)
class Pool:
    """A finding as a pool at one moment."""

    network_id: str
    at: datetime
    size: int  # accounts in use before the moment and after it
    pace: float  # requests a day, after the moment
    births: int
    birth_days: float  # days over which births were counted
    after_bans: bool  # births were counted after its bans

    @property
    def rate(self) -> float:
        """New accounts a day."""
        return self.births / self.birth_days if self.birth_days > 0 else 0.0

    @property
    def rate_bounds(self) -> tuple[float, float]:
        """95 % interval of the rate."""
        low, high = poisson_interval(self.births)
        return (low / self.birth_days, high / self.birth_days) if self.birth_days > 0 else (0.0, float("inf"))


def read_members(tables: Tables, network_id: str) -> pl.DataFrame:
    """One row per account of a finding that is the operator's: account_id, first_seen_at, last_seen_at, banned_at."""
    sides = place_accounts(tables.scan("members"), tables.scan("networks"))
    mine = sides.filter((pl.col("side") == FOUND) & (pl.col("network_id") == network_id)).select("account_id")
    accounts = tables.scan("accounts").select("account_id", "first_seen_at", "last_seen_at", "banned_at")
    return mine.join(accounts, on="account_id").sort("first_seen_at", "account_id").collect()


def half_grown(members: pl.DataFrame) -> datetime:
    """The moment at which half of the members had been seen: it leaves half of them to test on."""
    at: datetime = members["first_seen_at"].sort()[(members.height - 1) // 2]
    return at


def measure_pool(tables: Tables, network_id: str, members: pl.DataFrame, at: datetime) -> Pool:
    """The pool at a moment.

    In:    EVENTS; rows of `read_members`.
    """
    ids = members.select("account_id").lazy()
    events = tables.scan("events").join(ids, on="account_id", how="semi")
    after, end = events.filter(pl.col("started_at") >= at).select(pl.len(), pl.col("started_at").max()).collect().row(0)
    begin, log_end = (
        tables.scan("events")
        .select(pl.col("started_at").min().alias("a"), pl.col("started_at").max().alias("b"))
        .collect()
        .row(0)
    )
    days = max((end - at).total_seconds() / 86_400, 1.0) if end is not None else 1.0
    alive = members.filter(
        pl.col("first_seen_at") <= at,
        pl.col("last_seen_at") >= at,
        pl.col("banned_at").is_null() | (pl.col("banned_at") > at),
    )
    births, birth_days, after_bans = _count_births(members, begin, log_end)
    return Pool(network_id, at, max(alive.height, 1), after / days, births, birth_days, after_bans)


def _count_births(members: pl.DataFrame, begin: datetime, end: datetime) -> tuple[int, float, bool]:
    """Births in the days after bans, and how many days those are; in the whole log but its first day without bans."""
    born = members["first_seen_at"].dt.epoch("s").to_numpy() / 86_400
    bans = members["banned_at"].drop_nulls().sort().dt.epoch("s").to_numpy() / 86_400
    first, last = begin.timestamp() / 86_400 + 1, end.timestamp() / 86_400
    spans = [(max(float(ban), first), min(float(ban) + AFTER_BANS_H / 24, last)) for ban in bans if ban < last]
    joined: list[tuple[float, float]] = []
    for start, stop in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        elif stop > start:
            joined.append((start, stop))
    if joined and any(((born > a) & (born <= b)).any() for a, b in joined):
        counted = sum(int(((born > a) & (born <= b)).sum()) for a, b in joined)
        return counted, sum(b - a for a, b in joined), True
    return int((born > first).sum()), max(last - first, 0.0), False


def gate_kinds() -> list[str]:
    """Kinds of observable that a gate can match: a column of its own, not one that many customers share by nature."""
    return sorted(name for name, kind in find_kinds().items() if kind.columns and not kind.weak and not kind.says_when)


def try_shared(tables: Tables, network_id: str, members: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """One row per kind of observable, and for every kind and for those that last together: what banning what the
    members shared at a moment would have caught later.

    In:    SIGHTINGS, ACCOUNTS; rows of `read_members`.
    Out:   network_id, kind, value_count (chosen: shown by SHARED_BY members and no stranger until then), later_count of
           later_of (members first seen after it that show one), caught_share with low and high, stranger_count of
           stranger_of (others seen after it that come to show one), stranger_high (upper end of their share).
    """
    mine = members.select("account_id", early=pl.col("first_seen_at") <= at).lazy()
    shown = (
        tables.scan("sightings")
        .filter(pl.col("kind").is_in(gate_kinds()))
        .join(mine, on="account_id", how="left")
        .select("account_id", "kind", "value", "early", known=(pl.col("first_seen_at") <= at).fill_null(value=True))
    )
    chosen = (
        shown.group_by("kind", "value")
        .agg(
            inside=(pl.col("early") & pl.col("known")).sum(),
            outside=(pl.col("early").is_null() & pl.col("known")).sum(),
        )
        .filter(pl.col("inside") >= SHARED_BY, pl.col("outside") == 0)
    )
    hits = shown.join(chosen, on=["kind", "value"]).filter(~pl.col("early").fill_null(value=False)).collect()
    values = dict(chosen.group_by("kind").len().collect().iter_rows())
    later_of = int((members["first_seen_at"] > at).sum())
    outsiders = tables.scan("accounts").join(mine, on="account_id", how="anti").filter(pl.col("last_seen_at") > at)
    stranger_of = int(outsiders.select(pl.len()).collect().item())
    lasting = [kind for kind in values if find_kinds()[kind].lasts]
    groups = [(EVERY, list(values)), (LASTING, lasting), *((kind, [kind]) for kind in sorted(values))]
    rows = [
        {
            "network_id": network_id,
            "kind": name,
            "value_count": sum(values[kind] for kind in within),
            **_caught(hits.filter(pl.col("kind").is_in(within)), later_of, stranger_of),
        }
        for name, within in groups
    ]
    return pl.DataFrame(rows, schema=SHARED_SCHEMA)


def _caught(hits: pl.DataFrame, later_of: int, stranger_of: int) -> dict[str, int | float | None]:
    """Members and strangers among the accounts that came to show what was chosen."""
    caught = hits.filter(pl.col("early").is_not_null())["account_id"].n_unique()
    strangers = hits.filter(pl.col("early").is_null())["account_id"].n_unique()
    low, high = wilson(caught, later_of) if later_of else (None, None)
    return {
        "later_count": caught,
        "later_of": later_of,
        "caught_share": caught / later_of if later_of else None,
        "caught_low": low,
        "caught_high": high,
        "stranger_count": strangers,
        "stranger_of": stranger_of,
        "stranger_high": wilson(strangers, stranger_of)[1] if stranger_of else None,
    }


SHARED_SCHEMA = {
    "network_id": pl.String,
    "kind": pl.String,
    "value_count": pl.UInt32,
    "later_count": pl.UInt32,
    "later_of": pl.UInt32,
    "caught_share": pl.Float64,
    "caught_low": pl.Float64,
    "caught_high": pl.Float64,
    "stranger_count": pl.UInt32,
    "stranger_of": pl.UInt32,
    "stranger_high": pl.Float64,
}


def follow_pool(pool: Pool, rate: float, bans: Sequence[int], horizon: int = HORIZON) -> Floats:
    """Accounts of the pool on each day of the horizon: bans come first each day, then new accounts, up to its size."""
    size, course = float(pool.size), np.empty(horizon)
    for day in range(horizon):
        size = max(size - bans[day], 0.0)
        course[day] = size
        size = min(size + rate, float(pool.size))
    return course


def plan_bans(policy: str, pool: Pool, horizon: int = HORIZON, wave: int = WAVE) -> list[int]:
    """Accounts banned on each day of the horizon."""
    plan = [0] * horizon
    if policy == "one wave":
        plan[0] = min(wave, pool.size)
    elif policy == "waves":
        plan[::WAVE_DAYS] = [min(wave, pool.size)] * len(plan[::WAVE_DAYS])
    elif policy != "nothing":
        plan[0] = pool.size
    return plan


def try_bans(
    pool: Pool, shared: pl.DataFrame, horizon: int = HORIZON, wave: int = WAVE, kind: str = EVERY
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per policy; and one row per policy and day, to draw.

    In:    the pool; rows of `try_shared`, of which the one of `kind` tells how many newcomers are caught.
    Out:   BAN_SCHEMA: stopped requests over the horizon with interval (by the rate's), share of what would have come,
           regrown_days until the pool is as large again (null: not by this rate), innocent_accounts (strangers that
           what is shared would have hit); then network_id, policy, day, account_count, request_count.
    """
    told = shared.filter(pl.col("kind") == kind)
    strangers = int(told["stranger_count"].item()) if told.height else 0
    caught = [
        float(told[name].fill_null(0.0).item()) if told.height else 0.0
        for name in ("caught_share", "caught_high", "caught_low")
    ]
    rows, course = [], []
    for policy in POLICIES:
        last = policy == POLICIES[-1]
        bans = plan_bans(policy, pool, horizon, wave)
        let = [1.0 - share if last else 1.0 for share in caught]
        rates = [rate * through for rate, through in zip((pool.rate, *pool.rate_bounds), let, strict=True)]
        sizes = [follow_pool(pool, rate, bans, horizon) for rate in rates]
        rows.append(_ban_row(pool, policy, bans, rates, sizes) | {"innocent_accounts": strangers if last else 0})
        days = {"day": range(horizon), "account_count": sizes[0], "request_count": pool.pace * sizes[0] / pool.size}
        course.append(pl.DataFrame({"network_id": pool.network_id, "policy": policy, **days}))
    return pl.DataFrame(rows, schema=BAN_SCHEMA), pl.concat(course)


def _ban_row(
    pool: Pool, policy: str, bans: Sequence[int], rates: Sequence[float], sizes: Sequence[Floats]
) -> dict[str, str | int | float | None]:
    """What a policy comes to at the pool's rate, at the lower and at the upper end of its interval."""
    stopped = [float(pool.pace * (1 - size / pool.size).sum()) for size in sizes]
    back = [_regrown(bans[0], rate) for rate in rates]
    return {
        "network_id": pool.network_id,
        "policy": policy,
        "banned_count": _banned(pool, bans, rates[0]) if policy == "waves" else sum(bans),
        "stopped": stopped[0],
        "stopped_low": stopped[2],
        "stopped_high": stopped[1],
        "stopped_share": stopped[0] / (pool.pace * len(bans)) if pool.pace else None,
        "regrown_days": back[0],
        "regrown_low": back[2],
        "regrown_high": back[1],
    }


def _banned(pool: Pool, bans: Sequence[int], rate: float) -> int:
    """Accounts that are there to be banned when each wave comes."""
    size, gone = float(pool.size), 0.0
    for count in bans:
        taken = min(float(count), size)
        gone += taken
        size = min(size - taken + rate, float(pool.size))
    return round(gone)


def _regrown(banned: int, rate: float) -> float | None:
    """Days until so many accounts are back; null where none come."""
    return banned / rate if rate > 0 and banned else (0.0 if not banned else None)
