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

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.common.kinds import Kind
from forensics.common.schema import SIGHTINGS
from forensics.common.statistics import poisson_bits
from forensics.common.streams import DAY_S, HOUR_S, LIMITING, clock_bound
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
CROWD = 50  # accounts beginning within one window from which it is a rush of its own
OUTAGE_BIN_S, OUTAGE, OUTAGE_FEWEST = 600.0, 0.2, 50  # share of the requests of ten minutes, where there are as many


def find_batons(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account of a ring in which accounts hand on to each other; value = the first account (by id) of the
    ring.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "baton"; event_count = hours in which the account handed on or took over.
    Null:  logs without refusals give no row.
    """
    return events.select("account_id", "started_at", "status_code").map_batches(_find, schema=SIGHTINGS.schema)


def _find(events: pl.DataFrame) -> pl.DataFrame:
    ids, rows = number_accounts(events, pl.col("status_code").is_in(LIMITING).fill_null(value=False).alias("refused"))
    rows = rows.sort("account", "at_s", "refused")
    if not rows["refused"].any():
        return SIGHTINGS.empty()
    account, at_s, refused = (
        rows["account"].to_numpy().astype(np.int64),
        rows["at_s"].to_numpy(),
        rows["refused"].to_numpy(),
    )
    new = np.concatenate([[True], account[1:] != account[:-1]])
    begins = new | (np.concatenate([[np.inf], np.diff(at_s)]) > IDLE_S)
    entered_by, entered_s = account[begins], at_s[begins]
    free = ~clock_bound(entered_by, entered_s, len(ids))
    a, b, hours = _meetings(
        account[refused & free[account]],
        at_s[refused & free[account]],
        entered_by,
        entered_s,
        free,
        _outages(at_s, refused),
    )
    if len(a) == 0:
        return SIGHTINGS.empty()
    chance = _chance(a, b, account, at_s, refused, entered_by, len(ids))
    clear = _clear(a, b, hours, chance, len(ids))
    a, b, hours = a[clear], b[clear], hours[clear]
    return tell_groups("baton", ids, rows, _rings(a, b, hours, len(ids)))


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


def _outages(at_s: Floats, refused: npt.NDArray[np.bool_]) -> Ints:
    """Ten-minute slots in which the whole service refuses."""
    slot = (at_s // OUTAGE_BIN_S).astype(np.int64)
    slots, place = np.unique(slot, return_inverse=True)
    requests, refusals = np.bincount(place), np.bincount(place, weights=refused)
    return slots[(requests >= OUTAGE_FEWEST) & (refusals >= OUTAGE * requests)]


def _meetings(
    refused_by: Ints, refused_s: Floats, entered_by: Ints, entered_s: Floats, free: npt.NDArray[np.bool_], outages: Ints
) -> tuple[Ints, Ints, Floats]:
    """Pairs of accounts (a < b), and in how many different hours one began within the window after a refusal of the
    other.
    """
    calm = ~np.isin((refused_s // OUTAGE_BIN_S).astype(np.int64), outages)
    refused_by, refused_s = refused_by[calm], refused_s[calm]
    allowed = free[entered_by]
    order = np.argsort(entered_s[allowed], kind="stable")
    entered_by, entered_s = entered_by[allowed][order], entered_s[allowed][order]
    low, high = np.searchsorted(entered_s, refused_s), np.searchsorted(entered_s, refused_s + WINDOW_S, side="right")
    calm = high - low <= CROWD
    low, count = low[calm], (high - low)[calm]
    giver = np.repeat(refused_by[calm], count)
    hour = np.repeat((refused_s[calm] // HOUR_S).astype(np.int64), count)
    taker = entered_by[np.repeat(low - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())]
    met = pl.DataFrame({"a": np.minimum(giver, taker), "b": np.maximum(giver, taker), "hour": hour}).filter(
        pl.col("a") != pl.col("b")
    )
    pairs = met.unique().group_by("a", "b").len("hours").filter(pl.col("hours") >= FEWEST_HOURS).sort("a", "b")
    return pairs["a"].to_numpy(), pairs["b"].to_numpy(), pairs["hours"].to_numpy().astype(np.float64)


def _chance(
    a: Ints, b: Ints, account: Ints, at_s: Floats, refused: npt.NDArray[np.bool_], entered_by: Ints, count: int
) -> Floats:
    """Hours in which the pair would meet by accident: refusals of the one, each with the other's chance to begin in the
    window, and the reverse.
    """
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, account, at_s)
    np.maximum.at(last, account, at_s)
    entries = np.bincount(entered_by, minlength=count)
    rate = WAKING * entries / np.maximum(last - first, DAY_S)
    hours = (
        pl.DataFrame({"account": account[refused], "hour": at_s[refused] // HOUR_S})
        .group_by("account")
        .agg(n=pl.col("hour").n_unique())
    )
    refusals = np.zeros(count)
    refusals[hours["account"].to_numpy()] = hours["n"].to_numpy()
    chance: Floats = WINDOW_S * (refusals[a] * rate[b] + refusals[b] * rate[a])
    return chance


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


PLUGIN = Kind("baton", "timing", "handing on", find_batons, says_when=True, coupled=True)
