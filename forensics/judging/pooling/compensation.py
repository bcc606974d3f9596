"""Compensation: when some members are out, the others carry more, and the sum is steadier than a sum of independents.

Statistic:  two. Steadiness: variance of the members' requests a day over its mean, within each week and kind of day, so
            that trend and weekends are out (small is the sign). Waves: change of the traffic of those that stay from
            the 48 hours before a ban, closure or silence of members to the 48 hours after, relative to everybody else
            (large is the sign; waves that took less than a tenth of the traffic do not count).
Null model: steadiness: each account's days change places within its week and its own life (rolling.py), from nine
            tenths of a draw's value on; busy days common to all only raise what is observed. Waves: the same measure at
            the same hour of days without waves, mean of as many of them. The smaller p, doubled.
Blind to:   queues that bring as many requests as chance does, successors that carry what was lost (see succession and
            resilience), limits of less than a day, members that all live a few days.
"""

from __future__ import annotations

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
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


FEWEST_REQUESTS, FEWEST_ACCOUNTS, FEWEST_DAYS = 100, 4, 8
MARGIN = 0.9  # of a draw's value that counts as the draw reaching the sign
STEADY = 0.7  # of the expected variance, from which it matters
AROUND_S = 2 * DAY_S
LOST = 0.1  # of the traffic before a wave, below which it asks nothing of those that stay
RISEN = 0.3  # of what was lost, from which it matters
FEWEST_QUIET = 8  # days without waves that tell how traffic varies
FEWEST_BEFORE = 30  # requests of those that stay, in the 48 hours before
DRAWS = 999
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
    rows = panel.events.select(pl.col("account").cast(pl.UInt32), at_s).join(wanted, on="account", how="semi")
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
        "words": f"The members' requests a day vary by {observed:.2f} times their mean within a week, {middle:.2f} "
        f"({low:.2f}–{high:.2f}) if each member had its days by itself.",
        "measure": "variance over mean of the members' requests a day, within weeks",
        "observed": observed,
        "own": (max(0.0, observed * (1 - 1.96 * wide)), observed * (1 + 1.96 * wide)),
        "others": (middle, low, high),
        "p_value": p_value,
        "big": observed <= STEADY * middle,
    }


def _test_waves(
    panel: Panel, group: Group, account: Ints, at_s: Floats, outside: Floats, rng: np.random.Generator
) -> dict[str, Any] | None:
    """What those that stay do in the 48 hours after others went, against days without waves."""
    ended, times, kind = ends_of(panel, group)
    if len(times) == 0:
        return None
    waves = times[np.append(True, np.diff(times) > AROUND_S)]
    born = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy() / 1e6
    end_of = np.full(len(panel.accounts), np.inf)
    end_of[ended[::-1]] = times[::-1]
    found = [_change(account, at_s, outside, wave, born, end_of) for wave in waves]
    told = [row for row in found if row is not None and row[1] >= LOST]
    quiet = []
    for wave in waves[:1]:
        for day in np.unique(np.floor((at_s - wave) / DAY_S)):
            moment = float(wave + day * DAY_S)
            if np.abs(waves - moment).min() > AROUND_S and panel.start_s + AROUND_S <= moment <= panel.end_s - AROUND_S:
                quiet.append(_change(account, at_s, outside, moment, born, end_of))
    usual = np.array([row[0] for row in quiet if row is not None])
    if not told or len(usual) < FEWEST_QUIET:
        return None
    rise, lost = np.array(told).T
    observed = float(rise.mean())
    null = usual[rng.integers(0, len(usual), (DRAWS, len(told)))].mean(axis=1)
    # Few days stand behind the draws: no p below what choosing among them can tell.
    least = 1.0 / (1 + len(usual)) ** min(len(told), 6)
    middle, low, high = interval(null)
    replaced = (np.expm1(observed) - np.expm1(middle)) * float((1 - lost).mean()) / float(lost.mean())
    return {
        "words": f"In the 48 hours after {len(told)} waves in which members were {SAID[kind]}, those that stayed "
        f"carried {np.expm1(observed):+.0%} ({np.expm1(middle):+.0%} on days without waves), "
        f"{max(0.0, replaced):.0%} of what was lost.",
        "measure": "log change of the traffic of those that stay, 48 h after waves against 48 h before",
        "observed": observed,
        "own": (float(rise.min()), float(rise.max())),
        "others": (middle, low, high),
        "p_value": max(least, p_tail(observed, null, upper=True)),
        "big": replaced >= RISEN,
    }


def _change(
    account: Ints, at_s: Floats, outside: Floats, moment: float, born: Floats, end_of: Floats
) -> tuple[float, float] | None:
    """Log change of those that were there 48 hours before and are not gone 48 hours after, less everybody else's; and
    the share of the traffic before that went.
    """
    first, middle, last = np.searchsorted(at_s, [moment - AROUND_S, moment, moment + AROUND_S])
    stays = (born <= moment - AROUND_S) & (end_of > moment + AROUND_S)
    goes = (end_of >= moment - AROUND_S / 48) & (end_of <= moment + AROUND_S)
    before, after = account[first:middle], account[middle:last]
    kept = float(stays[before].sum())
    if kept < FEWEST_BEFORE:
        return None
    around = np.diff(np.searchsorted(outside, [moment - AROUND_S, moment, moment + AROUND_S]))
    common = float(np.log(around[1] / around[0])) if around.min() >= FEWEST_OUTSIDE else 0.0
    return float(np.log((stays[after].sum() + 0.5) / (kept + 0.5))) - common, float(goes[before].sum()) / len(before)


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
