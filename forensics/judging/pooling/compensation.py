"""Compensation: when some members are out, the others carry more, and the sum is steadier than a sum of independents.

Statistic:  two. Steadiness: variance of the members' requests a day over its mean, within each week and kind of day, so
            that trend and weekends are out (small is the sign). Waves: change of the traffic of those that stay from
            the 48 hours before a declared ban or closure of members to the 48 hours after, relative to everybody else
            (large is the sign; waves that took less than a tenth of the traffic do not count).
Null model: steadiness: each account's days change places within its week and its own life (rolling.py), from nine
            tenths of a draw's value on; busy days common to all only raise what is observed. Waves: likewise, the days
            of those that stay changing places, and what they rise at most at the same hour of the same day of other
            weeks is taken off. The smaller p, doubled.
Blind to:   queues that bring as many requests as chance does, successors that carry what was lost (see succession and
            resilience), limits of less than a day, members that all live a few days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail
from forensics.common.streams import DAY_S
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.asking import MOST_OUTSIDE, lifetimes
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import SAID, ends_of
from forensics.judging.panel import content_of, generator
from forensics.judging.rolling import judge, lay_out
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.judging.hallmark import Group, Panel


FEWEST_REQUESTS, FEWEST_ACCOUNTS, FEWEST_DAYS = 100, 4, 8
MARGIN = 0.9  # of a draw's value that counts as the draw reaching the sign
LOOSE = 0.5  # variance over mean from which accounts by themselves vary at all; that of a Poisson number is 1
STEADY = 0.7  # of the expected variance, from which it matters
AROUND_S = 2 * DAY_S
LOST = 0.1  # of the traffic before a wave, below which it asks nothing of those that stay
RISEN = 0.3  # of what was lost, from which it matters
MOST_WAVES = 12
FEWEST_BEFORE = 30  # requests of those that stay, in the 48 hours before
BIN_S = 6 * 3600.0
AROUND_BINS, AROUND_BINS_A_DAY, WEEK_BINS = 8, 4, 28
FEWEST_OUTSIDE = 500  # requests of others that tell what is common


def test_compensation(panel: Panel) -> pl.DataFrame:
    """One row per network: steadiness of the sum, and what those that stay do when others go."""
    account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
    rows = rows_by_network(panel)
    outside = _outside(panel)
    answered = []
    for group in panel.groups:
        mine = rows[group.network_id]
        answered.append(_test_group(panel, group, account[mine], at_s[mine], outside))
    return answers(answered)


def _outside(panel: Panel) -> Floats:
    """Times of the requests of accounts outside all networks, of a sample of accounts where there are many."""
    chosen = panel.outside
    if len(chosen) > MOST_OUTSIDE:
        rng = np.random.default_rng([panel.settings.seed, content_of(panel.accounts, chosen)])
        chosen = np.sort(rng.choice(chosen, MOST_OUTSIDE, replace=False))
    wanted = pl.LazyFrame({"account": chosen}, schema={"account": pl.UInt32})
    at_s = (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s")
    rows = panel.compared.select(pl.col("account").cast(pl.UInt32), at_s).join(wanted, on="account", how="semi")
    return rows.select(pl.col("at_s").sort()).collect()["at_s"].to_numpy()


def _test_group(panel: Panel, group: Group, account: Ints, at_s: Floats, outside: Floats) -> dict[str, Any]:
    days = len(np.unique(np.floor(at_s / DAY_S)))
    accounts = len(np.unique(account))
    if len(at_s) < FEWEST_REQUESTS or accounts < FEWEST_ACCOUNTS or days < FEWEST_DAYS:
        return unassessable(
            group, PLUGIN, f"fewer than {FEWEST_REQUESTS} requests, {FEWEST_ACCOUNTS} accounts or {FEWEST_DAYS} days"
        )
    rng = generator(panel, group, PLUGIN.name)
    found = [_test_steadiness(panel, account, at_s, rng)]
    waves = _test_waves(panel, group, account, at_s, outside, rng)
    if waves is not None:
        found.append(waves)
    best = min(found, key=lambda item: item["p_value"])
    p_value = min(1.0, best.pop("p_value") * len(found))
    sentence, big = best.pop("words"), best.pop("big")
    return answer(group, PLUGIN, sentence, **best, p_value=p_value, holds=bool(big and p_value < SIGNIFICANT))


def _test_steadiness(panel: Panel, account: Ints, at_s: Floats, rng: np.random.Generator) -> dict[str, Any]:
    """Variance over mean of the requests a day, within weeks and kinds of day."""
    accounts, who = np.unique(account, return_inverse=True)
    day = np.floor(at_s / DAY_S).astype(np.int64)
    width = int(day.max() - day.min()) + 1
    key, first, count = np.unique(who * width + day - day.min(), return_index=True, return_counts=True)
    laid = lay_out((key // width).astype(np.int64), at_s[first], *lifetimes(panel, accounts))
    block = np.unique(np.stack([laid.week, (laid.day + 3) % 7 >= 5]), axis=1, return_inverse=True)[1]
    number = np.bincount(block)
    # The first and the last day of the log are cut short for everybody, and weeks of one day tell nothing.
    edge = (laid.day == laid.day.min()) | (laid.day == laid.day.max())

    def variance(slots: Ints) -> Floats:
        found = np.empty(len(slots))
        for row, place in enumerate(slots):
            sums = np.bincount(place, count, len(laid.day))
            mean = (np.bincount(block, sums) / number)[block]
            found[row] = ((sums - mean) ** 2 / np.maximum(mean, 1e-9))[~edge].sum()
        return found / max(1, len(laid.day) - len(number))

    observed = float(variance(laid.slot[None])[0])
    p_value, drawn = judge(
        lambda more: variance(laid.draw(more, rng))[None],
        lambda drawn: p_tail(observed, MARGIN * drawn[0], upper=False),
    )
    middle, low, high = interval(drawn[0])
    wide = np.sqrt(2.0 / max(1, len(laid.day) - len(number)))
    return {
        "words": f"Within a week the members' requests a day, taken together, vary "
        f"{observed / max(middle, 1e-9):.0%} as much as if each member had its days by itself (variance over mean "
        f"{observed:.2f} against {middle:.2f}, {low:.2f}–{high:.2f}).",
        "measure": "variance over mean of the members' requests a day, within weeks",
        "observed": observed,
        "own": (max(0.0, observed * (1 - 1.96 * wide)), observed * (1 + 1.96 * wide)),
        "others": (middle, low, high),
        "p_value": p_value,
        # Programs that run by the clock are steady, whoever runs them.
        "big": observed <= STEADY * middle and middle >= LOOSE,
    }


@dataclass(frozen=True)
class Wave:
    """One wave: its bin of the log, which of the rows' accounts stay, what everybody else does, share that went."""

    bin: int
    stays: Bools
    common: float
    lost: float


def _test_waves(
    panel: Panel, group: Group, account: Ints, at_s: Floats, outside: Floats, rng: np.random.Generator
) -> dict[str, Any] | None:
    """What those that stay do in the 48 hours after others went, against the same accounts on other days."""
    accounts, who = np.unique(account, return_inverse=True)
    bins = np.floor(at_s / BIN_S).astype(np.int64)
    key, first, count = np.unique(who * (bins.max() + 1) + bins, return_index=True, return_counts=True)
    who, bins = key // (bins.max() + 1), bins[first]
    waves, kind = _find_waves(panel, group, account, at_s, outside, accounts[who])
    if not waves:
        return None
    laid = lay_out(who.astype(np.int64), at_s[first], *lifetimes(panel, accounts))
    quarter = bins % AROUND_BINS_A_DAY

    def rises(slots: Ints) -> Floats:
        place = laid.day[slots] * AROUND_BINS_A_DAY + quarter
        found = np.zeros(len(slots))
        for wave in waves:
            since = place - wave.bin
            weight = count * wave.stays
            before = ((since >= -AROUND_BINS) & (since < 0)) @ weight
            after = ((since >= 0) & (since < AROUND_BINS)) @ weight
            found += np.log((after + 0.5) / (before + 0.5)) / len(waves)
        return found

    same_day = _same_day(waves, laid.day[laid.slot] * AROUND_BINS_A_DAY + quarter, count)
    if same_day is None:
        return None
    observed = float(rises(laid.slot[None])[0] - np.mean([wave.common for wave in waves]) - same_day)
    p_value, drawn = judge(
        lambda number: rises(laid.draw(number, rng))[None], lambda drawn: p_tail(observed, drawn[0], upper=True)
    )
    middle, low, high = interval(drawn[0])
    lost = float(np.mean([wave.lost for wave in waves]))
    replaced = (np.expm1(observed) - np.expm1(middle)) * (1 - lost) / lost
    wide = 1.96 * float(drawn.std())
    return {
        "words": f"In the 48 hours after {len(waves)} waves in which members were {SAID[kind]}, those that stayed "
        f"carried {np.expm1(observed):+.0%} ({np.expm1(middle):+.0%} with days of their own), "
        f"{max(0.0, replaced):.0%} of what was lost.",
        "measure": "log change of the traffic of those that stay, 48 h after waves against 48 h before",
        "observed": observed,
        "own": (observed - wide, observed + wide),
        "others": (middle, low, high),
        "p_value": p_value,
        "big": replaced >= RISEN and observed > 0,
    }


def _same_day(waves: list[Wave], place: Ints, count: Ints) -> float | None:
    """What those that stay do more at the same hour of the same day of other weeks, at most; None where there is none.

    A job of Mondays makes every account rise on Mondays, whoever is gone.
    """
    found = []
    for wave in waves:
        for week in np.unique((place - wave.bin) // WEEK_BINS):
            for moment in (wave.bin + week * WEEK_BINS, wave.bin + (week + 1) * WEEK_BINS):
                near = min(abs(moment - other.bin) for other in waves)
                weight = count * wave.stays
                before = float(weight[(place >= moment - AROUND_BINS) & (place < moment)].sum())
                after = float(weight[(place >= moment) & (place < moment + AROUND_BINS)].sum())
                inside = place.min() + AROUND_BINS <= moment <= place.max() - AROUND_BINS
                if near > AROUND_BINS and before >= FEWEST_BEFORE and inside:
                    found.append(np.log((after + 0.5) / (before + 0.5)))
    return max(0.0, float(max(found))) if found else None


def _find_waves(
    panel: Panel, group: Group, account: Ints, at_s: Floats, outside: Floats, row: Ints
) -> tuple[list[Wave], str]:
    """Waves that took enough, the latest ones where there are many; and how the ends are known."""
    ended, times, kind = ends_of(panel, group)
    if kind == "silent":
        return [], kind  # who falls silent chooses the moment
    born = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy() / 1e6
    end_of = np.full(len(panel.accounts), np.inf)
    end_of[ended[::-1]] = times[::-1]
    found = []
    for wave in times[np.append(True, np.diff(times) > AROUND_S)] if len(times) else times:
        moment = float(np.round(wave / BIN_S) * BIN_S)
        before = account[(at_s >= moment - AROUND_S) & (at_s < moment)]
        stays = (born <= moment - AROUND_S) & (end_of > moment + AROUND_S)
        goes = (end_of >= moment - BIN_S) & (end_of <= moment + AROUND_S)
        if stays[before].sum() < FEWEST_BEFORE or goes[before].sum() < LOST * len(before):
            continue
        if moment + AROUND_S > panel.end_s:
            continue
        around = np.diff(np.searchsorted(outside, [moment - AROUND_S, moment, moment + AROUND_S]))
        common = float(np.log(around[1] / around[0])) if around.min() >= FEWEST_OUTSIDE else 0.0
        found.append(Wave(round(moment / BIN_S), stays[row], common, float(goes[before].mean())))
    return found[-MOST_WAVES:], kind


PLUGIN = Hallmark(
    "compensation",
    "pooling",
    "scheduling",
    "those that stay carry what others lost",
    test_compensation,
    nature="dependence",
    family="compensation",
    phrase="when some are out the others carry more",
)
