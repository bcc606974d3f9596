"""Payers dealt out: accounts in order of birth pay in blocks of one size, a card for the first few, the next one for
the next few.

Statistic:  in order of birth, how often the payer changes from one account to the next (few is the sign), and how soon
            after the last account of one payer the next account is born (soon is the sign).
Null model: two, and the larger p counts. Payers change places among accounts born within the same month. And: each
            payer's accounts keep their own distances, and each payer begins at another moment of the log, on the clock
            of everybody else's births where these are known, so that families and teams, which sign up together, do so
            in the null as well.
Guard:      blocks of one size: three in five payers of several accounts have the most frequent number of them, or one
            less or more where it is 5 or above.
Blind to:   one or two accounts a card, one card for all, cards dealt at random, logs without an accounts file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail
from forensics.common.streams import DAY_S
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import UNSEEN_S
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


FEWEST_PAYERS, FEWEST_ACCOUNTS = 4, 12  # payers of several accounts, and the accounts they pay for
MONTH_S = 30 * DAY_S
ONE_SIZE = 0.6  # of the payers
SMALLEST = 3  # accounts of one payer: couples have one size without being dealt
LARGE = 5  # accounts from which one more or less is the same size
FEWEST_OTHERS = 50  # births outside the networks that tell when accounts are born
DRAWS = 999
ORDERLY = 0.7  # times the changes of payer that chance gives, from which it matters


def test_payers_dealt(panel: Panel) -> pl.DataFrame:
    """One row per network: order and size of the blocks that its payers pay for."""
    if "declared_payment_id" not in panel.accounts.columns:
        return answers(unassessable(group, PLUGIN, "no payment instruments are known") for group in panel.groups)
    born = _births(panel)
    payer = panel.accounts["declared_payment_id"].rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
    others = born[panel.outside]
    others = np.sort(others[np.isfinite(others)])
    return answers(_test_group(panel, group, born, payer, others) for group in panel.groups)


def _births(panel: Panel) -> Floats:
    """When accounts were opened, else first seen, in seconds since 1970; NaN where they may be older than the log."""
    seen = panel.accounts["first_seen_at"].dt.epoch("us").cast(pl.Float64)
    seen = seen.set(seen < (panel.start_s + UNSEEN_S) * 1e6, None)
    if "declared_created_at" in panel.accounts.columns:
        seen = panel.accounts["declared_created_at"].dt.epoch("us").cast(pl.Float64).fill_null(seen)
    return seen.fill_null(np.nan).to_numpy() / 1e6


def _test_group(panel: Panel, group: Group, born: Floats, payer: Ints, others: Floats) -> dict[str, Any]:
    members = group.members[(payer[group.members] > 0) & np.isfinite(born[group.members])]
    number = np.unique(payer[members], return_inverse=True)[1]
    sizes = np.bincount(number, minlength=1)
    several = sizes >= 2
    if several.sum() < FEWEST_PAYERS or sizes[several].sum() < FEWEST_ACCOUNTS:
        return unassessable(
            group,
            PLUGIN,
            f"fewer than {FEWEST_PAYERS} payers of several members born in sight, or {FEWEST_ACCOUNTS} such",
        )
    at_s = born[members]
    # Within one moment accounts stand in no order: by payer, which is the least change and the same under the nulls.
    order = np.lexsort((number, at_s))
    at_s, number = at_s[order], number[order]
    rng = generator(panel, group, PLUGIN.name)
    changes = float((np.diff(number) != 0).sum())
    swapped = np.array([_swapped(number, at_s, rng) for _ in range(DRAWS)])
    p_order = p_tail(changes, swapped, upper=False)
    p_value = max(p_order, _p_moved(number, at_s, others, rng) if p_order <= 2 * SIGNIFICANT else 0.0)
    middle, low, high = interval(swapped)
    size, equal = _one_size(sizes[several])
    wide = 1.96 * np.sqrt(changes)
    return answer(
        group,
        PLUGIN,
        f"{int(several.sum())} payers pay for several members each, {equal:.0%} of them for {size}; in order of birth "
        f"the payer changes {changes:.0f} times, {middle:.0f} ({low:.0f}–{high:.0f}) if payers changed places.",
        measure="changes of payer from one account to the next, in order of birth",
        observed=changes,
        own=(max(0.0, changes - wide), changes + wide),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and equal >= ONE_SIZE and size >= SMALLEST and changes <= ORDERLY * middle),
    )


def _one_size(sizes: Ints) -> tuple[int, float]:
    """The most frequent number of accounts of a payer, and how many payers have it."""
    often = int(np.argmax(np.bincount(sizes)))
    room = 1 if often >= LARGE else 0
    return often, float((np.abs(sizes - often) <= room).mean())


def _swapped(number: Ints, at_s: Floats, rng: np.random.Generator) -> float:
    """Changes of payer with payers changing places within a month (months begin at a moment drawn anew)."""
    month = np.floor((at_s - at_s[0]) / MONTH_S + rng.random())
    moved = number[np.lexsort((rng.random(len(number)), month))]
    return float((np.diff(moved) != 0).sum())


def _p_moved(number: Ints, at_s: Floats, others: Floats, rng: np.random.Generator) -> float:
    """P of the order if each payer's accounts had begun at another moment, with their own distances."""
    clock = _clock(at_s, others)
    span = max(float(clock[-1] - clock[0]), 1.0)

    def measure(times: Floats) -> tuple[float, float]:
        order = np.lexsort((number, times))
        last = np.flatnonzero(np.diff(number[order]) != 0)
        gap = np.diff(times[order])[last]
        return -float(len(last)), -float(np.median(np.log(np.maximum(gap, 60.0)))) if len(gap) else 0.0

    observed = np.array(measure(clock))
    payers = int(number.max()) + 1
    drawn = np.empty((DRAWS, 2))
    for row in range(DRAWS):
        moved = clock[0] + (clock - clock[0] + (rng.random(payers) * span)[number]) % span
        drawn[row] = measure(moved)
    spread = np.maximum(drawn.std(axis=0), 1e-9)
    middle = drawn.mean(axis=0)
    return p_tail(float(((observed - middle) / spread).max()), ((drawn - middle) / spread).max(axis=1), upper=True)


def _clock(at_s: Floats, others: Floats) -> Floats:
    """Births on a clock on which everybody else is born evenly (half of it runs evenly in time), in seconds."""
    known = others[(others >= at_s[0]) & (others <= at_s[-1])]
    if len(known) < FEWEST_OTHERS:
        return at_s
    share = np.interp(at_s, known, np.arange(len(known)) / (len(known) - 1))
    return np.asarray(at_s[0] + (at_s[-1] - at_s[0]) * 0.5 * (share + (at_s - at_s[0]) / (at_s[-1] - at_s[0])))


PLUGIN = Hallmark(
    "payers_dealt",
    "pooling",
    "payers",
    "payers dealt out in order of birth",
    test_payers_dealt,
    nature="dependence",
    family="payers",
    phrase="cards dealt out in order of birth",
)
