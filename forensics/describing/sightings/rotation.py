"""Accounts that take turns pair by pair: between two starts of one there is nearly always one of the other.

What a scheduler leaves where each account has its own exit, card and client and the logs hold no text. Two accounts
that are regular and about equally fast come between each other often by accident, at any shift of days; two accounts of
one queue do so in step, and a shift of days breaks it.

Null:      the starts of one account of the pair rolled by whole days on which both worked, and up to half an hour more.
           A pair alone says little (z ≥ LEAST_Z); a rotation is a set of accounts each of which is in step with several
           others of it. `turn_taking` tests a network that was linked so on the same starts: what guards against
           accident is what is asked for here.
Guard:     accounts that run by the clock (crons) are left out; so are those that come in bursts, which is what people
           do.
Blind to:  random splitting, sticky accounts, pools whose accounts have fewer than 30 starts or work fewer than three
           days, rotations that carry less than about half of their accounts' traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.common.kinds import Kind
from forensics.common.schema import SIGHTINGS
from forensics.common.streams import DAY_S, SILENCE_S, clock_bound
from forensics.describing.sightings.counting import number_accounts, tell_groups

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints


FEWEST_STARTS = 30
MOST_STARTS = 500  # of one account that are looked at, from the middle of its life
REGULAR = 0.8  # local variation below which an account comes more evenly than by chance (1)
MOST_ACCOUNTS = 1200
PACE = 1.6  # times by which the typical gaps of a pair may differ
# share of gaps with a start of the other, from which a pair is looked at closely (equal Poisson accounts: 0.5)
BETWEEN = 0.55
CLOSEST = 12  # such partners of an account
ROLLS = 16
JITTER_S = 1800.0
LEAST_Z = 3.0
# that each account of a rotation has in it: one in a hundred pairs is as close by accident, three partners of one
# account are not
PARTNERS = 3
SMALLEST = 4  # accounts in a rotation


def find_rotations(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account that takes turns with others; value = the first account (by id) of the rotation.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "rotation".
    Null:  accounts with too few starts, with bursts, or on a clock give no row.
    """
    return events.select("account_id", "started_at", "session_id").map_batches(_find, schema=SIGHTINGS.schema)


def _find(events: pl.DataFrame) -> pl.DataFrame:
    ids, rows = number_accounts(events, "session_id")
    rows = rows.sort("account", "at_s")
    if rows.is_empty():
        return SIGHTINGS.empty()
    requests = (rows["account"].to_numpy().astype(np.int64), rows["at_s"].to_numpy())
    found = np.full(len(ids), -1, dtype=np.int64)
    for account, at_s in (requests, _session_starts(rows)):
        rotation = _rotations(account, at_s, len(ids))
        found = np.where(found < 0, rotation, found)
    inside = np.flatnonzero(found >= 0)
    counts = np.bincount(requests[0], minlength=len(ids))
    return tell_groups(
        "rotation", ids, rows, pl.DataFrame({"account": inside, "first": found[inside], "event_count": counts[inside]})
    )


def _session_starts(rows: pl.DataFrame) -> tuple[Ints, Floats]:
    """First requests of named sessions, and requests after half an hour of silence."""
    quiet = (pl.col("at_s") - pl.col("at_s").shift(1).over("account")).fill_null(np.inf) > SILENCE_S
    turn = pl.when(pl.col("session_id").is_null()).then(quiet.cum_sum().over("account"))
    starts = (
        rows.with_columns(turn=turn)
        .group_by("account", "session_id", "turn")
        .agg(pl.col("at_s").min())
        .sort("account", "at_s")
    )
    return starts["account"].to_numpy().astype(np.int64), starts["at_s"].to_numpy()


def _rotations(account: Ints, at_s: Floats, count: int) -> Ints:
    """For each account the first account of its rotation, -1 for accounts in none; starts are sorted by account and
    time.
    """
    none = np.full(count, -1, dtype=np.int64)
    series = _regular(account, at_s, count)
    if len(series) < SMALLEST:
        return none
    a, b, z = _pairs(series)
    close = z >= LEAST_Z
    a, b = a[close], b[close]
    for _ in range(len(series)):
        partners = np.bincount(np.concatenate([a, b]), minlength=len(series))
        keep = (partners[a] >= PARTNERS) & (partners[b] >= PARTNERS)
        if keep.all():
            break
        a, b = a[keep], b[keep]
    if len(a) == 0:
        return none
    part = find_components(len(series), a, b)
    names = np.array([number for number, _ in series], dtype=np.int64)
    members = np.unique(np.concatenate([a, b]))
    for number in np.unique(part[members]):
        own = names[members[part[members] == number]]
        if len(own) >= SMALLEST:
            none[own] = own.min()
    return none


def _regular(account: Ints, at_s: Floats, count: int) -> list[tuple[int, Floats]]:
    """Accounts that come more evenly than by chance and not by the clock, with their starts; by typical gap."""
    order = np.concatenate(
        [[True], (account[1:] != account[:-1]) | (np.diff(at_s) > 0)]
    )  # equal times of one account are one start
    account, at_s = account[order], at_s[order]
    edges = np.searchsorted(account, np.arange(count + 1))
    found = []
    for number in np.flatnonzero(np.diff(edges) >= FEWEST_STARTS):
        times = at_s[edges[number] : edges[number + 1]]
        skip = max(0, (len(times) - MOST_STARTS) // 2)
        times = times[skip : len(times) - skip]
        gaps = np.diff(times)
        # Nights part two days' work; a gap beside one says nothing of regularity.
        usual = float(np.median(gaps))
        near = gaps < 8 * usual
        pair = near[1:] & near[:-1]
        if pair.sum() < FEWEST_STARTS // 2:
            continue
        variation = float(3 * np.mean(((gaps[1:] - gaps[:-1])[pair] / (gaps[1:] + gaps[:-1])[pair]) ** 2))
        if variation <= REGULAR:
            found.append((variation, usual, int(number), times))
    whole = [at_s[edges[number] : edges[number + 1]] for _, _, number, _ in found]
    label = np.repeat(np.arange(len(found)), [len(times) for times in whole])
    bound = clock_bound(label, np.concatenate(whole), len(found)) if found else np.zeros(0, dtype=np.bool_)
    found = sorted((item for item, clocked in zip(found, bound, strict=True) if not clocked), key=lambda item: item[0])
    step = max(1, -(-len(found) // MOST_ACCOUNTS))
    return [(number, times) for _, _, number, times in sorted(found[::step], key=lambda item: item[1:3])]


def _pairs(series: list[tuple[int, Floats]]) -> tuple[Ints, Ints, Floats]:
    """Pairs of accounts of like pace (by place in `series`) of which one is often between the other's starts, and how
    far beyond chance.
    """
    usual = np.array([float(np.median(np.diff(times))) for _, times in series])
    lengths = np.array([len(times) for _, times in series])
    owner = np.repeat(np.arange(len(series)), lengths)
    everything = np.concatenate([times for _, times in series])
    ends = np.cumsum(lengths)
    last = np.searchsorted(usual, usual * PACE, side="right")
    chosen: dict[tuple[int, int], float] = {}
    for place, (_, times) in enumerate(series):
        start, stop = ends[place], ends[last[place] - 1]
        if stop <= start:
            continue
        share = _between(times, everything[start:stop], owner[start:stop] - place - 1, last[place] - place - 1)
        best = np.argsort(-share, kind="stable")[:CLOSEST]
        chosen.update(
            {(place, place + 1 + int(other)): float(share[other]) for other in best if share[other] >= BETWEEN}
        )
    pairs = sorted(chosen)
    z = np.array(
        [_deviation(series[a][1], series[b][1], (series[a][0], series[b][0])) for a, b in pairs], dtype=np.float64
    )
    return np.array([a for a, _ in pairs], dtype=np.int64), np.array([b for _, b in pairs], dtype=np.int64), z


def _between(times: Floats, others: Floats, owner: Ints, count: int) -> Floats:
    """For each other account the share of the gaps of `times`, within the life of both, that hold a start of it; 0
    where they hardly meet.
    """
    gap = np.searchsorted(times, others)
    inner = (gap > 0) & (gap < len(times))
    cell = np.unique(owner[inner] * len(times) + gap[inner])
    filled = np.bincount(cell // len(times), minlength=count)
    first = np.full(count, len(times))
    final = np.zeros(count, dtype=np.int64)
    np.minimum.at(first, owner[inner], gap[inner])
    np.maximum.at(final, owner[inner], gap[inner])
    span = final - first + 1
    share: Floats = np.where(
        (span >= FEWEST_STARTS // 2) & (filled >= FEWEST_STARTS // 2), filled / np.maximum(span, 1), 0.0
    )
    return share


def _deviation(a: Floats, b: Floats, seed: tuple[int, int]) -> float:
    """How many standard deviations more of the gaps of a hold a start of b than when b is rolled by days."""
    day_a, day_b = np.floor(a / DAY_S).astype(np.int64), np.floor(b / DAY_S).astype(np.int64)
    common = np.intersect1d(day_a, day_b)
    common = common[1:-1] if len(common) > 4 else common
    if len(common) < 3:
        return 0.0
    a, day_a = a[np.isin(day_a, common)], day_a[np.isin(day_a, common)]
    b, day_b = b[np.isin(day_b, common)], day_b[np.isin(day_b, common)]
    if min(len(a), len(b)) < FEWEST_STARTS // 2:
        return 0.0
    place_a, place_b = np.searchsorted(common, day_a), np.searchsorted(common, day_b)
    clock = b - day_b * DAY_S
    laid: Floats = (a - day_a * DAY_S + place_a * DAY_S).astype(np.float64)
    rng = np.random.default_rng([20260404, *seed])
    shift = 1 + rng.integers(0, len(common) - 1, ROLLS)
    jitter = rng.uniform(-JITTER_S, JITTER_S, ROLLS)
    observed = _filled(laid, place_b * DAY_S + clock)
    null = np.array(
        [
            _filled(laid, (place_b + by) % len(common) * DAY_S + clock + move)
            for by, move in zip(shift, jitter, strict=True)
        ]
    )
    gaps = max(len(a) - 1, 1)
    chance = min(float(null.mean()) / gaps, 1.0)
    width = max(float(null.std()), float(np.sqrt(gaps * chance * (1 - chance))), 0.5)
    return (observed - float(null.mean())) / width


def _filled(a: Floats, b: npt.NDArray[np.floating[Any]]) -> int:
    gap = np.searchsorted(a, b)
    return len(np.unique(gap[(gap > 0) & (gap < len(a))]))


PLUGIN = Kind("rotation", "timing", "taking turns", find_rotations, says_when=True, coupled=True)
