"""New accounts where old ones were banned: births in the hours after a ban wave.

Null model: each wave falls on another day of the log, at the same time of day, workdays staying workdays and weekends weekends
            (waves within 20 hours move together); births stay where they are. Largest of three windows (6, 24, 72 h) against the
            largest under the null (max-T). At the floor of the draws p is the Chernoff bound of the same null, which is never too small.
            With six or more days of bans they move by at most 10 days, so that slow growth cancels. A second null says that the births
            in those windows are the network's and everybody else's in the same shares as all births (hypergeometric), so that a rush
            common to everybody is no sign; p is the larger of the two.
Blind to:   a single wave (a log of 42 days then cannot say less than p = 0.03), successors that follow after more than three days,
            pools that bring in accounts evenly whatever is banned, accounts first seen in the first 24 hours of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forensics.lives import DAY_S, HOUR_S, SAID, SILENT_S, births_of, ends_of, find_waves, is_weekend
from forensics.panel import SIGNIFICANT, answer, answers, generator, unassessable
from forensics.plugins import Hallmark
from forensics.statistics import SMALLEST_P

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt
    import polars as pl

    from forensics.plugins import Group, Panel

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

WINDOWS_H = (6, 24, 72)  # after a wave
TOGETHER_S = 20 * HOUR_S  # waves within this are one action of whoever bans
LOCAL_DAYS = 10  # how far waves move where there are enough of them …
ENOUGH_BLOCKS = 6  # … that is, from so many on
FEWEST_BIRTHS = 3
REPLACED = 0.2  # new accounts per banned one from which a network is said to regrow: one in five
FEWEST_OUTSIDE = 50  # births outside the networks that tell a rush common to everybody


@dataclass(frozen=True)
class Shifts:
    """Births after each block of waves, for every day the block could have fallen on: windows × blocks × days; `allowed` blocks × days."""

    counts: Floats
    banned: Floats
    allowed: Bools
    here: int

    @property
    def observed(self) -> Floats:
        """Blocks' counts where they really fell: windows × blocks."""
        return np.asarray(self.counts[:, :, self.here])


def test_succession(panel: Panel) -> pl.DataFrame:
    """One row per network: births after ban waves, against waves on other days."""
    outside = panel.births.filter(panel.births["kind"] == "first", ~panel.births["account"].is_in(_inside(panel)))["at_s"].to_numpy().astype(float)
    return answers(_test_group(panel, group, outside) for group in panel.groups)


def _inside(panel: Panel) -> list[int]:
    return np.unique(np.concatenate([group.members for group in panel.groups])).tolist() if panel.groups else []


def _test_group(panel: Panel, group: Group, outside: Floats) -> dict[str, Any]:
    _, times, kind = ends_of(panel, group)
    found = births_of(panel, group.members)
    births = found["at_s"].to_numpy().astype(float)
    if len(times) < 2:
        return unassessable(group, PLUGIN, "fewer than two members were banned, closed or fell silent while the log ran on")
    if len(births) < FEWEST_BIRTHS:
        # Nobody came: an answer, not a gap, as long as somebody was banned and the log went on.
        return answer(group, PLUGIN, f"{len(times)} members {SAID[kind]}; no more than {len(births)} came to life after the first day.", **_nobody(len(births)))
    waves = find_waves(times)
    number = int(waves[-1]) + 1
    starts = times[np.searchsorted(waves, np.arange(number))]
    last = panel.end_s - (SILENT_S if kind == "silent" else 0.0)
    shifts = _shift(starts, np.bincount(waves).astype(float), births, panel.start_s, last)
    if np.log(shifts.allowed.sum(axis=1)).sum() < np.log(20):
        return unassessable(group, PLUGIN, f"{number} ban wave(s) in a log this short could fall on too few other days")
    p_value, best, draws = _judge(shifts, panel.settings.permutations, generator(panel, group, PLUGIN.name))
    window = WINDOWS_H[best]
    p_value = max(p_value, _against_outside(births, outside, starts, window))
    after = _count(births, starts, window)
    per_wave = float(after.mean())
    expected = np.quantile(draws, [0.5, 0.025, 0.975]) / number
    replaced = _slope(shifts.banned, shifts.observed[best] - draws.mean() / len(shifts.banned))
    low, high = _interval(after, generator(panel, group, PLUGIN.name))
    followed = _followed(births, starts, window)
    matters = replaced >= REPLACED and after.sum() - draws.mean() >= FEWEST_BIRTHS
    woken = int((found["kind"] == "woken").sum())
    return answer(
        group,
        PLUGIN,
        f"{len(times)} members {SAID[kind]} in {number} waves; {followed} of {len(births)} births"
        f"{f' ({woken} of them dormant accounts woken)' if woken else ''} fell within {window} hours after one, "
        f"{per_wave:.1f} a wave where other days give {expected[0]:.1f} ({expected[1]:.1f}–{expected[2]:.1f}); "
        f"about {max(0.0, replaced):.1f} new for each one lost.",
        measure=f"members first used or woken within {window} h after a ban wave, per wave",
        observed=per_wave,
        observed_low=low,
        observed_high=high,
        expected=expected[0],
        expected_low=expected[1],
        expected_high=expected[2],
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and matters),
    )


def _nobody(births: int) -> dict[str, Any]:
    return {"measure": "births in the whole log", "observed": float(births), "p_value": 1.0}


def _count(births: Floats, starts: Floats, window: int) -> Floats:
    """Births in (wave, wave + window] for each wave; births ascending."""
    return (np.searchsorted(births, starts + window * HOUR_S, side="right") - np.searchsorted(births, starts, side="right")).astype(float)


def _followed(births: Floats, starts: Floats, window: int) -> int:
    """Births that have a wave in the window before them, each counted once."""
    return int((np.searchsorted(starts, births, side="left") > np.searchsorted(starts, births - window * HOUR_S, side="left")).sum())


def _against_outside(births: Floats, outside: Floats, starts: Floats, window: int) -> float:
    """P of so many of the network's births after waves if all births there, inside and outside, were shared out at random."""
    if len(outside) < FEWEST_OUTSIDE:
        return 0.0
    from scipy.stats import hypergeom

    own, others = _followed(births, starts, window), _followed(outside, starts, window)
    return float(min(1.0, len(WINDOWS_H) * hypergeom.sf(own - 1, len(births) + len(outside), own + others, len(births))))


def _shift(starts: Floats, banned: Floats, births: Floats, first: float, last: float) -> Shifts:
    """Counts after each block of waves for every whole-day move that keeps it inside the log and on its kind of day."""
    opening = [0]
    for index in range(1, len(starts)):
        if starts[index] - starts[opening[-1]] > TOGETHER_S:
            opening.append(index)
    block = np.searchsorted(np.asarray(opening), np.arange(len(starts)), side="right") - 1
    reach = int((last - first) // DAY_S) + 1
    if len(opening) >= ENOUGH_BLOCKS:
        reach = min(reach, LOCAL_DAYS)
    moves = np.arange(-reach, reach + 1)
    moved = starts[:, None] + moves[None, :] * DAY_S
    counts = np.stack([_count(births, moved.ravel(), window).reshape(moved.shape) for window in WINDOWS_H])
    first_in, closing = moved[opening], np.append(np.asarray(opening[1:], dtype=np.int64), len(starts)) - 1
    allowed = (first_in >= first) & (moved[closing] <= last) & (is_weekend(first_in) == is_weekend(starts[opening])[:, None])
    allowed[:, reach] = True
    return Shifts(_by_block(counts, block, len(opening)), np.bincount(block, weights=banned).astype(float), allowed, reach)


def _by_block(counts: Floats, block: Ints, number: int) -> Floats:
    summed = np.zeros((counts.shape[0], number, counts.shape[2]))
    for window in range(counts.shape[0]):
        np.add.at(summed[window], block, counts[window])
    return summed


def _judge(shifts: Shifts, permutations: int, rng: np.random.Generator) -> tuple[float, int, Floats]:
    """P by max-T over windows, the window of the largest score, and that window's counts under the null."""
    weight = shifts.allowed / shifts.allowed.sum(axis=1, keepdims=True)
    mean = (shifts.counts * weight).sum(axis=2)
    variance = ((shifts.counts - mean[:, :, None]) ** 2 * weight).sum(axis=(1, 2))
    spread = np.sqrt(np.maximum(variance, 1e-12))
    scores = np.where(variance > 1e-9, (shifts.observed.sum(axis=1) - mean.sum(axis=1)) / spread, 0.0)
    best = int(np.argmax(scores))
    # For each block and draw, one of its allowed days.
    ranks = (rng.random((permutations, len(shifts.allowed))) * shifts.allowed.sum(axis=1)).astype(np.int64)
    order = np.argsort(~shifts.allowed, axis=1, kind="stable")
    days = order[np.arange(len(order))[None, :], ranks]
    drawn = np.stack([counts[np.arange(len(order))[None, :], days].sum(axis=1) for counts in shifts.counts])
    there = shifts.counts[best][np.arange(len(order))[None, :], days].sum(axis=1)
    null = np.where(variance[:, None] > 1e-9, (drawn - mean.sum(axis=1)[:, None]) / spread[:, None], 0.0).max(axis=0)
    above = int((null >= scores[best] - 1e-9).sum())
    p_value = (1 + above) / (1 + permutations)
    if above == 0:
        bound = min(_chernoff(counts, shifts.allowed, shifts.here) for counts in shifts.counts)
        p_value = max(SMALLEST_P, min(p_value, bound * len(WINDOWS_H)))
    return float(p_value), best, there


def _chernoff(counts: Floats, allowed: Bools, here: int) -> float:
    """Upper bound of P(sum of blocks ≥ observed), each block on one of its allowed days: min over θ of Π E exp θ(c − observed)."""
    over = counts - counts[:, here : here + 1]
    spread = max(float(over[allowed].std()), 1e-9)
    theta = np.geomspace(0.01, 1000.0, 80) / spread
    exponent = np.where(allowed[None], theta[:, None, None] * over[None], -np.inf)
    top = exponent.max(axis=2, keepdims=True)
    logs = (top[:, :, 0] + np.log(np.exp(exponent - top).sum(axis=2)) - np.log(allowed.sum(axis=1))[None]).sum(axis=1)
    return float(np.exp(min(0.0, float(logs.min()))))


def _slope(banned: Floats, excess: Floats) -> float:
    """Births above expectation per banned account: least squares where ban days are many and differ in size, else the ratio of sums."""
    if len(banned) >= 6 and banned.std() > 0.5 * banned.mean():
        return float(np.cov(banned, excess)[0, 1] / banned.var(ddof=1))
    return float(excess.sum() / banned.sum())


def _interval(after: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of births a wave: bootstrap over waves, Poisson for fewer than 4."""
    if len(after) >= 4:
        means = after[rng.integers(0, len(after), size=(400, len(after)))].mean(axis=1)
        return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))
    from scipy.special import gammaincinv

    total, number = float(after.sum()), len(after)
    low = float(gammaincinv(total, 0.025)) if total > 0 else 0.0
    return low / number, float(gammaincinv(total + 1, 0.975)) / number


PLUGIN = Hallmark("succession", "pooling", "lifecycle", "new accounts after bans", test_succession)
