"""Accounts that hand on to each other: within seconds of a refusal of one, another one that had been idle begins, again
and again.

What a pool leaves that works one account at a time and hops when it is limited, where each account has its own exit,
card and client and the logs hold no text. Customers are refused too, and others begin in the same seconds by accident:
once, not in several different hours.

Null:      an account begins at its own rate, twice as often in its waking hours as that asks for; the hours in which a
           pair meets so are Poisson. A pair counts if no more than one such pair in sixteen logs of this size were an
           accident; between accounts of which that is known, if no more than one in sixteen logs of only these.
           `handover` tests a network that was linked so on the same requests: what guards against accident is what is
           asked for here.
Guard:     accounts that begin by the clock (crons) are left out, and refusals while a fifth of all requests are refused
           (outages).
Blind to:  pools that switch without refusals; that pause longer than 15 s before they go on; logs without status codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.common.kinds import Kind
from forensics.common.schema import SIGHTINGS
from forensics.common.statistics import poisson_bits
from forensics.common.streams import DAY_S, HOUR_S, LIMITING, clock_bound
from forensics.describing.buckets import split_accounts
from forensics.describing.sightings.counting import number_accounts, tell_groups

if TYPE_CHECKING:
    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints


IDLE_S = 600.0  # of the account that takes over, before it does
WINDOW_S = 15.0
WAKING = 2.0
FEWEST_HOURS = 2  # different hours in which a pair must meet
MARGIN_BITS = 4.0
SMALLEST = 4  # accounts in a ring
CELL_BITS = 24  # of the hash in whose cells pairs are first counted
CROWD = 50  # accounts beginning within one window from which it is a rush of its own
OUTAGE_BIN_S, OUTAGE, OUTAGE_FEWEST = 600.0, 0.2, 50  # share of the requests of ten minutes, where there are as many


def find_batons(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account of a ring in which accounts hand on to each other; value = the first account (by id) of the
    ring.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "baton"; event_count = hours in which the account handed on or took over.
    Null:  logs without refusals give no row.
    """
    needed = events.select("account_id", "started_at", "status_code")
    return pl.defer(lambda: _find(needed), schema=SIGHTINGS.schema)


@dataclass(frozen=True)
class _Heard:
    """What is kept of a bucket of accounts: refusals, entries after a pause, and each account's life in numbers."""

    ids: list[str]
    refused_by: Ints
    refused_s: Floats
    refused_hours: Ints
    entered_by: Ints
    entered_s: Floats
    entries: Ints
    first_s: Floats
    last_s: Floats
    slots: pl.DataFrame  # requests and refusals in each ten minutes


def _find(events: pl.LazyFrame) -> pl.DataFrame:
    refusals = pl.col("status_code").is_in(LIMITING).fill_null(value=False)
    if not events.select(refusals.any()).collect(engine="streaming").item():
        return SIGHTINGS.empty()
    heard, start = [], 0
    for bucket in split_accounts(events):
        part = _hear(bucket.with_columns(refused=refusals).collect(engine="streaming"), start)
        heard.append(part)
        start += len(part.ids)
    whole = _together(heard)
    del heard
    a, b, hours = _meetings(whole)
    if len(a) == 0:
        return SIGHTINGS.empty()
    rate = WAKING * whole.entries / np.maximum(whole.last_s - whole.first_s, DAY_S)
    chance = WINDOW_S * (whole.refused_hours[a] * rate[b] + whole.refused_hours[b] * rate[a])
    clear = _clear(a, b, hours, chance, start)
    rings = _rings(a[clear], b[clear], hours[clear], start)
    return tell_groups("baton", pl.Series("account_id", whole.ids, dtype=pl.String), rings, whole.first_s, whole.last_s)


def _together(heard: list[_Heard]) -> _Heard:
    """All buckets as one."""
    arrays = {
        name: np.concatenate([getattr(part, name) for part in heard])
        for name in _Heard.__dataclass_fields__
        if name not in {"ids", "slots"}
    }
    slots = pl.concat([part.slots for part in heard]).group_by("slot").agg(pl.col("requests", "refusals").sum())
    return _Heard(ids=[name for part in heard for name in part.ids], slots=slots, **arrays)


def _hear(events: pl.DataFrame, start: int) -> _Heard:
    """One bucket, its accounts numbered from `start`; accounts that run by the clock neither give nor take."""
    ids, rows = number_accounts(events, "refused")
    rows = rows.sort("account", "at_s", "refused")
    account, at_s = rows["account"].to_numpy().astype(np.int64), rows["at_s"].to_numpy()
    refused = rows["refused"].to_numpy()
    new = np.concatenate([[True], account[1:] != account[:-1]])
    begins = new | (np.concatenate([[np.inf], np.diff(at_s)]) > IDLE_S)
    free = ~clock_bound(account[begins], at_s[begins], len(ids))
    told, taken = refused & free[account], begins & free[account]
    slot = (at_s // OUTAGE_BIN_S).astype(np.int64)
    slots, place = np.unique(slot, return_inverse=True)
    hour = (at_s[refused] // HOUR_S).astype(np.int64)
    hours = np.unique(account[refused] * (int(hour.max(initial=0)) + 1) + hour) // (int(hour.max(initial=0)) + 1)
    edges = np.flatnonzero(new)
    return _Heard(
        ids=ids.to_list(),
        refused_by=(account[told] + start).astype(np.int32),
        refused_s=at_s[told],
        refused_hours=np.bincount(hours, minlength=len(ids)),
        entered_by=(account[taken] + start).astype(np.int32),
        entered_s=at_s[taken],
        entries=np.bincount(account[begins], minlength=len(ids)),
        first_s=at_s[edges],
        last_s=at_s[np.append(edges[1:], len(at_s)) - 1],
        slots=pl.DataFrame(
            {
                "slot": slots,
                "requests": np.bincount(place, minlength=len(slots)),
                "refusals": np.bincount(place, weights=refused, minlength=len(slots)).astype(np.int64),
            }
        ),
    )


def _rings(a: Ints, b: Ints, hours: Floats, count: int) -> pl.DataFrame:
    """One row per account of a ring: the ring's first account, and in how many hours it handed on or took over."""
    part = find_components(count, a, b)
    members = np.unique(np.concatenate([a, b]))
    size = np.bincount(part[members], minlength=count)
    members = members[size[part[members]] >= SMALLEST]
    first = np.full(count, count, dtype=np.int64)
    np.minimum.at(first, part[members], members)
    met = np.bincount(a, weights=hours, minlength=count) + np.bincount(b, weights=hours, minlength=count)
    return pl.DataFrame({"account": members, "first": first[part[members]], "event_count": met[members]})


def _meetings(heard: _Heard) -> tuple[Ints, Ints, Floats]:
    """Pairs of accounts (a < b), and in how many different hours one began within the window after a refusal of the
    other, outages left out.

    In two passes, an hour of refusals at a time: the first counts the hours of each pair in cells of a hash, which can
    only count too much; only pairs of cells with enough hours are then counted themselves.
    """
    order = np.argsort(heard.entered_s, kind="stable")
    entered_by, entered_s = heard.entered_by[order], heard.entered_s[order]
    requests, refusals = pl.col("requests"), pl.col("refusals")
    outages = heard.slots.filter((requests >= OUTAGE_FEWEST) & (refusals >= OUTAGE * requests))["slot"].to_numpy()
    calm = ~np.isin((heard.refused_s // OUTAGE_BIN_S).astype(np.int64), outages)
    refused_by, refused_s = heard.refused_by[calm], heard.refused_s[calm]
    order = np.lexsort((refused_by, refused_s))
    refused_by, refused_s = refused_by[order], refused_s[order]
    hour = (refused_s // HOUR_S).astype(np.int64)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(hour)) + 1, [len(hour)]])
    stretches = [(int(low), int(high)) for low, high in pairwise(edges)]

    def met(low: int, high: int) -> Ints:
        """Pairs that met in the hour, each once, as one number."""
        return _met_pairs(refused_by[low:high], refused_s[low:high], entered_by, entered_s)

    cells = np.zeros(2**CELL_BITS, dtype=np.uint8)
    for low, high in stretches:
        cell = _cell(met(low, high))
        cells[cell] = np.minimum(cells[cell], 254) + 1  # within an hour two pairs of one cell count once …
        twice = np.unique(cell, return_counts=True)
        cells[twice[0][twice[1] > 1]] = 255  # … so such a cell is always looked into
    kept = [keys[cells[_cell(keys)] >= FEWEST_HOURS] for low, high in stretches if len(keys := met(low, high))]
    pairs, hours = np.unique(np.concatenate([np.zeros(0, np.int64), *kept]), return_counts=True)
    often = hours >= FEWEST_HOURS
    return pairs[often] >> 32, pairs[often] & 0xFFFFFFFF, hours[often].astype(np.float64)


def _met_pairs(refused_by: Ints, refused_s: Floats, entered_by: Ints, entered_s: Floats) -> Ints:
    low, high = np.searchsorted(entered_s, refused_s), np.searchsorted(entered_s, refused_s + WINDOW_S, side="right")
    calm = high - low <= CROWD
    low, count = low[calm], (high - low)[calm]
    giver = np.repeat(refused_by[calm], count).astype(np.int64)
    place = np.repeat(low - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    taker = entered_by[place].astype(np.int64)
    keys = (np.minimum(giver, taker) << 32) | np.maximum(giver, taker)
    return np.unique(keys[giver != taker])


def _cell(keys: Ints) -> Ints:
    with np.errstate(over="ignore"):
        mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(64 - CELL_BITS)).astype(np.int64)


def _clear(a: Ints, b: Ints, hours: Floats, chance: Floats, count: int) -> npt.NDArray[np.bool_]:
    """The pairs that meet more often than any pair of so many accounts would by accident; among those that do so, of so
    few accounts.
    """
    bits = poisson_bits(hours, chance)
    clear = bits >= _pairs_bits(count) + MARGIN_BITS
    inside = np.unique(np.concatenate([a[clear], b[clear]]))
    both: npt.NDArray[np.bool_] = clear | (
        np.isin(a, inside) & np.isin(b, inside) & (bits >= _pairs_bits(len(inside)) + MARGIN_BITS)
    )
    return both


def _pairs_bits(count: int) -> float:
    return float(np.log2(max(count * (count - 1) / 2, 1.0)))


PLUGIN = Kind("baton", "timing", "handing on", find_batons, says_when=True, coupled=True, whole=True)
