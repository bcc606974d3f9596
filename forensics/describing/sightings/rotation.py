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
from forensics.describing.buckets import split_accounts
from forensics.describing.sightings.counting import number_accounts, tell_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    needed = events.select("account_id", "started_at", "session_id")
    return pl.defer(lambda: _find(needed), schema=SIGHTINGS.schema)


def _find(events: pl.LazyFrame) -> pl.DataFrame:
    paces, lives = [], []
    for bucket in split_accounts(events):
        ids, rows = number_accounts(bucket.collect(engine="streaming"), "session_id")
        rows = rows.sort("account", "at_s")
        lives.append(
            rows.group_by("account", maintain_order=True)
            .agg(pl.len().alias("count"), first_s=pl.col("at_s").first(), last_s=pl.col("at_s").last())
            .with_columns(ids.gather(pl.int_range(len(ids), eager=True)))
            .drop("account")
        )
        paces += [
            _paces(*starts, ids).with_columns(by_session=pl.lit(by_session)) for by_session, starts in _streams(rows)
        ]
    if not paces:
        return SIGHTINGS.empty()
    life = pl.concat(lives).sort("account_id").with_row_index("account")
    found = np.full(len(life), -1, dtype=np.int64)
    pace = pl.concat(paces).join(life.select("account_id", "account"), on="account_id")
    for by_session in (False, True):
        chosen = _spaced(pace.filter(pl.col("by_session") == by_session))
        rotation = _rotations(_series(events, chosen, by_session=by_session), len(life))
        found = np.where(found < 0, rotation, found)
    inside = np.flatnonzero(found >= 0)
    counts = life["count"].to_numpy()[inside]
    groups = pl.DataFrame({"account": inside, "first": found[inside], "event_count": counts})
    return tell_groups("rotation", life["account_id"], groups, life["first_s"].to_numpy(), life["last_s"].to_numpy())


def _streams(rows: pl.DataFrame) -> Iterator[tuple[bool, tuple[Ints, Floats]]]:
    """Requests, and starts of sessions, of accounts in order of account and time."""
    yield False, (rows["account"].to_numpy().astype(np.int64), rows["at_s"].to_numpy())
    yield True, _session_starts(rows)


def _spaced(pace: pl.DataFrame) -> pl.DataFrame:
    """At most MOST_ACCOUNTS of the accounts, over all of their regularity; in order of pace."""
    pace = pace.sort("variation", "account")
    return pace.gather_every(max(1, -(-len(pace) // MOST_ACCOUNTS))).sort("usual", "account")


def _series(events: pl.LazyFrame, chosen: pl.DataFrame, *, by_session: bool) -> list[tuple[int, Floats]]:
    """The starts of the chosen accounts, in their order, as `_paces` looked at them."""
    wanted = events.join(chosen.lazy().select("account_id"), on="account_id", how="semi").collect(engine="streaming")
    if wanted.is_empty():
        return []
    ids, rows = number_accounts(wanted, "session_id")
    account, at_s = dict(_streams(rows.sort("account", "at_s")))[by_session]
    account, at_s = _middle(*_apart(account, at_s))
    edges = np.searchsorted(account, np.arange(len(ids) + 1))
    place = {name: number for number, name in enumerate(ids)}
    return [
        (number, at_s[edges[place[name]] : edges[place[name] + 1]])
        for number, name in chosen.select("account", "account_id").iter_rows()
    ]


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


def _rotations(series: list[tuple[int, Floats]], count: int) -> Ints:
    """For each account the first account of its rotation, -1 for accounts in none; series in order of pace."""
    none = np.full(count, -1, dtype=np.int64)
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


def _apart(account: Ints, at_s: Floats) -> tuple[Ints, Floats]:
    """Equal times of one account are one start."""
    new = np.ones(len(account), dtype=np.bool_)
    new[1:] = (account[1:] != account[:-1]) | (np.diff(at_s) > 0)
    return account[new], at_s[new]


def _middle(account: Ints, at_s: Floats) -> tuple[Ints, Floats]:
    """Of each account at most MOST_STARTS (and one) from the middle of its life."""
    count = np.bincount(account)
    place = np.arange(len(account)) - (np.cumsum(count) - count)[account]
    skip = np.maximum(0, (count - MOST_STARTS) // 2)
    keep = (place >= skip[account]) & (place < (count - skip)[account])
    return account[keep], at_s[keep]


def _paces(account: Ints, at_s: Floats, ids: pl.Series) -> pl.DataFrame:
    """One row per account that comes more evenly than by chance and not by the clock: variation, usual gap."""
    account, at_s = _apart(account, at_s)
    often = np.bincount(account, minlength=len(ids)) >= FEWEST_STARTS
    account, at_s = account[often[account]], at_s[often[account]]
    own, times = _middle(account, at_s)
    same = own[1:] == own[:-1]
    label, gaps = own[1:][same], np.diff(times)[same]
    typical = pl.DataFrame({"label": label, "gap": gaps}).group_by("label").agg(pl.col("gap").median())
    usual = np.zeros(len(ids))
    usual[typical["label"].to_numpy()] = typical["gap"].to_numpy()
    # Nights part two days' work; a gap beside one says nothing of regularity.
    near = gaps < 8 * usual[label]
    pair = near[1:] & near[:-1] & (label[1:] == label[:-1])
    change = ((gaps[1:] - gaps[:-1])[pair] / (gaps[1:] + gaps[:-1])[pair]) ** 2
    pairs = np.bincount(label[1:][pair], minlength=len(ids))
    variation = 3 * np.bincount(label[1:][pair], weights=change, minlength=len(ids)) / np.maximum(pairs, 1)
    regular = often & (pairs >= FEWEST_STARTS // 2) & (variation <= REGULAR)
    kept = regular[account]
    regular &= ~clock_bound(account[kept], at_s[kept], len(ids))
    found = np.flatnonzero(regular)
    return pl.DataFrame({"account_id": ids.gather(found), "variation": variation[found], "usual": usual[found]})


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
    observed = int(_filled(laid, np.asarray(place_b * DAY_S + clock, dtype=np.float64)[None, :])[0])
    rolled = (place_b[None, :] + shift[:, None]) % len(common) * DAY_S + clock[None, :] + jitter[:, None]
    null = _filled(laid, rolled.astype(np.float64))
    gaps = max(len(a) - 1, 1)
    chance = min(float(null.mean()) / gaps, 1.0)
    width = max(float(null.std()), float(np.sqrt(gaps * chance * (1 - chance))), 0.5)
    return (observed - float(null.mean())) / width


def _filled(a: Floats, b: Floats) -> Ints:
    """How many of the gaps of a hold a start of b, for each row of b."""
    gap = np.searchsorted(a, b.ravel()).reshape(b.shape)
    held = np.zeros((len(b), len(a) + 1), dtype=np.bool_)
    held[np.arange(len(b))[:, None], gap] = True
    filled: Ints = held[:, 1 : len(a)].sum(axis=1)
    return filled


PLUGIN = Kind("rotation", "timing", "taking turns", find_rotations, says_when=True, coupled=True, whole=True)
