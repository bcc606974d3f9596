"""Account lives: who was born when, who was banned, and who most likely took whose place."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import FOLLOWING_S
from forensics.describing.sightings import kinds_where
from forensics.judging.lifetimes import find_waves
from forensics.reports.facts.model import Band, Life, Lives, Member, Succession, Wave

if TYPE_CHECKING:
    from collections.abc import Sequence

SINGLE_ROWS = 160  # more accounts than this are drawn in bands
BANDS = 64
WINDOW_H = FOLLOWING_S / 3600.0
_CANDIDATES = 200
_PAIRS = 400_000
_OBSERVABLES = 24
_MOST_BANS = 2_000


def split_columns(count: int, single: int, bands: int) -> list[int]:
    """Sizes of groups of neighbours: one each up to `single`, else about `bands` groups of equal size."""
    if count <= single:
        return [1] * count
    edges = [round(index * count / bands) for index in range(bands + 1)]
    return [right - left for left, right in itertools.pairwise(edges)]


def describe_lives(
    members: Sequence[Member], active: pl.DataFrame, sightings: pl.DataFrame, account_count: int, days: Sequence[date]
) -> Lives:
    """The lives of one network.

    In: members in any order; `active` with account_id, day; `sightings` of members with account_id, kind, value,
        holders (in the whole case).
    """
    born = sorted(
        (member for member in members if _birth(member) is not None),
        key=lambda member: (_birth(member), member.account_id),
    )
    by_account: dict[str, list[date]] = {}
    for account, day in active.select("account_id", "day").sort("account_id", "day").iter_rows():
        by_account.setdefault(account, []).append(day)
    bans = sorted((member.banned_at, member.account_id) for member in born if member.banned_at is not None)
    births = [(birth, member.account_id) for member in born if (birth := _birth(member)) is not None]
    waves = _waves([at for at, _ in bans], [at for at, _ in births])
    note, successions = _successions(bans, births, sightings, account_count)
    single = len(born) <= SINGLE_ROWS
    lives = tuple(
        Life(
            member.account_id,
            birth,
            _spans(by_account.get(member.account_id, [])),
            member.banned_at,
            member.last_seen_at or birth,
            member.request_count,
        )
        for member in born
        if single and (birth := _birth(member)) is not None
    )
    bands, flows = ((), ()) if single else _bands(born, by_account, successions, waves, days)
    return Lives(tuple(days), lives, bands, successions, flows, waves, len(bans), note)


def _birth(member: Member) -> datetime | None:
    return member.born_at or member.first_seen_at


def _spans(days: Sequence[date]) -> tuple[tuple[date, date], ...]:
    """Runs of active days; one silent day does not end a run."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] <= timedelta(days=2):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return tuple(spans)


def _waves(bans: Sequence[datetime], births: Sequence[datetime]) -> tuple[Wave, ...]:
    if not bans:
        return ()
    numbers = find_waves(np.array([at.timestamp() for at in bans]))
    groups = [[at for at, own in zip(bans, numbers, strict=True) if own == wave] for wave in range(numbers[-1] + 1)]
    window = timedelta(hours=WINDOW_H)
    first, last = births[0], max(births[-1], bans[-1])
    starts = [first + timedelta(days=day) for day in range(max((last - first).days - 2, 0))]
    quiet = [start for start in starts if not any(start - window < group[0] < start + window for group in groups)]
    usual = float(np.median([sum(start < at <= start + window for at in births) for start in quiet])) if quiet else 0.0
    waves = []
    for group in groups:
        after = [(at - group[0]) / timedelta(hours=1) for at in births if group[0] < at <= group[0] + window]
        waves.append(
            Wave(group[0], group[-1], len(group), len(after), usual, float(np.median(after)) if after else None)
        )
    return tuple(waves)


def _successions(
    bans: Sequence[tuple[datetime | None, str]],
    births: Sequence[tuple[datetime, str]],
    sightings: pl.DataFrame,
    account_count: int,
) -> tuple[str, tuple[Succession, ...]]:
    """One successor a ban at most: of the accounts born within 72 hours the one whose rare observables are most alike,
    taken greedily.
    """
    if not bans:
        return "no ban is known for these accounts", ()
    if len(bans) > _MOST_BANS:
        return f"more than {_MOST_BANS} bans: successors are shown for groups of accounts, not singly", ()
    pairs = _pair_bans(bans, births)
    if pairs.is_empty():
        return "no account was born within 72 hours of a ban", ()
    found, taken_bans, taken_births = [], set(), set()
    for row in _compare_pairs(pairs, sightings, account_count).iter_rows(named=True):
        if row["ban"] in taken_bans or row["birth"] in taken_births:
            continue
        taken_bans.add(row["ban"])
        taken_births.add(row["birth"])
        banned_at, born_at = bans[row["ban"]][0], births[row["birth"]][0]
        assert banned_at is not None
        alike = tuple(zip(row["kind"], row["value"], strict=True))
        lag = (born_at - banned_at) / timedelta(hours=1)
        found.append(
            Succession(row["banned_id"], banned_at, row["successor_id"], born_at, lag, row["similarity"], alike)
        )
    found.sort(key=lambda item: (item.banned_at, item.banned_id))
    return (
        (
            "of the accounts born within 72 hours of a ban, the one that shares the most rare observables; each "
            "account succeeds one at most"
        ),
        tuple(found),
    )


def _pair_bans(bans: Sequence[tuple[datetime | None, str]], births: Sequence[tuple[datetime, str]]) -> pl.DataFrame:
    """One row per ban and birth within the window after it: ban, birth, banned_id, successor_id."""
    when = np.array([at.timestamp() for at, _ in births])
    most = max(10, min(_CANDIDATES, _PAIRS // len(bans)))
    ends: list[int] = []
    starts: list[int] = []
    for index, (at, _) in enumerate(bans):
        assert at is not None
        low = int(np.searchsorted(when, at.timestamp(), side="right"))
        high = min(int(np.searchsorted(when, at.timestamp() + WINDOW_H * 3600, side="right")), low + most)
        ends.extend([index] * (high - low))
        starts.extend(range(low, high))
    names = {"banned_id": [bans[i][1] for i in ends], "successor_id": [births[i][1] for i in starts]}
    schema = {"ban": pl.Int64, "birth": pl.Int64, "banned_id": pl.String, "successor_id": pl.String}
    pairs = pl.DataFrame({"ban": ends, "birth": starts, **names}, schema=schema)
    return pairs.filter(pl.col("banned_id") != pl.col("successor_id"))


def _compare_pairs(pairs: pl.DataFrame, sightings: pl.DataFrame, account_count: int) -> pl.DataFrame:
    """The pairs with what both show, by cosine of bits, most alike first."""
    weighted = (
        sightings.filter(~pl.col("kind").is_in(kinds_where(says_when=True)))
        .with_columns(bits=(account_count / pl.col("holders")).log(2).clip(lower_bound=0.0))
        .filter(pl.col("bits") > 0)
        .sort(["account_id", "bits", "kind", "value"], descending=[False, True, False, False])
        .group_by("account_id", maintain_order=True)
        .head(_OBSERVABLES)
    )
    norms = weighted.group_by("account_id").agg(norm=pl.col("bits").pow(2).sum().sqrt())
    return (
        pairs.join(weighted.rename({"account_id": "banned_id"}), on="banned_id")
        .join(
            weighted.select(successor_id="account_id", kind="kind", value="value"), on=["successor_id", "kind", "value"]
        )
        .sort(["ban", "birth", "bits", "kind", "value"], descending=[False, False, True, False, False])
        .group_by("ban", "birth", "banned_id", "successor_id", maintain_order=True)
        .agg(dot=pl.col("bits").pow(2).sum(), kind=pl.col("kind").head(3), value=pl.col("value").head(3))
        .join(norms.select(banned_id="account_id", one="norm"), on="banned_id")
        .join(norms.select(successor_id="account_id", other="norm"), on="successor_id")
        .with_columns(similarity=(pl.col("dot") / (pl.col("one") * pl.col("other"))).round(6))
        .sort(["similarity", "birth", "ban"], descending=[True, False, False])
    )


def _bands(
    born: Sequence[Member],
    by_account: dict[str, list[date]],
    successions: Sequence[Succession],
    waves: Sequence[Wave],
    days: Sequence[date],
) -> tuple[tuple[Band, ...], tuple[tuple[int, int, int, int, int], ...]]:
    day_index = {day: index for index, day in enumerate(days)}
    band_of: dict[str, int] = {}
    bands, at = [], 0
    for number, size in enumerate(split_columns(len(born), SINGLE_ROWS, BANDS)):
        group = born[at : at + size]
        at += size
        active, bans = [0] * len(days), [0] * len(days)
        for member in group:
            band_of[member.account_id] = number
            for day in by_account.get(member.account_id, []):
                active[day_index[day]] += 1
            if member.banned_at is not None and (index := day_index.get(member.banned_at.date())) is not None:
                bans[index] += 1
        first, last = _birth(group[0]), _birth(group[-1])
        assert first is not None
        assert last is not None
        bands.append(Band(len(group), first, last, tuple(count / size for count in active), tuple(bans)))
    flows: dict[tuple[int, int, int, int], int] = {}
    for item in successions:
        start, end = day_index.get(item.banned_at.date()), day_index.get(item.born_at.date())
        if start is not None and end is not None:
            key = (band_of[item.banned_id], start, band_of[item.successor_id], end)
            flows[key] = flows.get(key, 0) + 1
    if not successions:
        flows = _wave_flows(born, band_of, waves, day_index)
    return tuple(bands), tuple((*key, count) for key, count in sorted(flows.items()))


def _wave_flows(
    born: Sequence[Member], band_of: dict[str, int], waves: Sequence[Wave], day_index: dict[date, int]
) -> dict[tuple[int, int, int, int], int]:
    """Too many bans to name successors: each wave leads, in order, to the bands born in the 72 hours after it."""
    flows: dict[tuple[int, int, int, int], int] = {}
    for wave in waves:
        banned = [
            member
            for member in born
            if member.banned_at is not None and wave.first_at <= member.banned_at <= wave.last_at
        ]
        after = [
            member
            for member in born
            if (at := _birth(member)) is not None and wave.first_at < at <= wave.first_at + timedelta(hours=WINDOW_H)
        ]
        for one, other in zip(banned, after, strict=False):
            birth = _birth(other)
            assert birth is not None
            assert one.banned_at is not None
            start, end = day_index.get(one.banned_at.date()), day_index.get(birth.date())
            if start is not None and end is not None:
                key = (band_of[one.account_id], start, band_of[other.account_id], end)
                flows[key] = flows.get(key, 0) + 1
    return flows
