"""Traffic that does not fall when members are banned.

Statistic:  rho = 1 - (fall of the network's requests) / (what the banned members had carried), from the 24 hours before
            a ban to the 24 hours after, less the change of everybody else in the same hours and what is usual on such
            days; bans within a day are one. 0: the others go on as they were, 1: all came back.
Null model: what the banned carried is lost, and the logarithm of the rest varies normally as that of the same other
            members does from day to day without bans (24-hour windows at the same hour of other days; steps between
            workdays, into and out of weekends about a mean each). One-sided t test.
Blind to:   ends that are not declared (who falls silent chooses the moment), bans that took less than a twentieth of
            the usual traffic, networks with bans on most days, volume that comes back after a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import SMALLEST_P
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import HOUR_S, SAID, ends_of, is_weekend
from forensics.judging.panel import generator
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


WINDOW_H = 24
LOST = 0.05  # of the network's usual traffic, below which a ban says nothing about resilience
FEWEST_REQUESTS = 50  # in the 24 hours before a ban
FEWEST_QUIET = 6  # days without bans that tell how traffic varies …
FEWEST_ALIKE = 4  # … and of one kind of step
MATTERS = 0.5  # of what was lost, back within a day
FARTHEST = 5.0  # times what was lost: where little was lost, rho is not told more closely
FEWEST_OUTSIDE = 1000  # requests of outsiders in a window that tell the common change


@dataclass(frozen=True)
class Falls:
    """One entry an episode of bans: log change of traffic, share that the banned had carried, traffic before; and what
    is usual on such days.

    `mean`, `spread` and `days` are those of the log change of the other members' traffic on days without bans,
    `freedom` its degrees of freedom.
    """

    change: Floats
    lost: Floats
    before: Floats
    mean: Floats
    spread: Floats
    days: Floats
    freedom: Floats
    accounts: int


def _usual(quiet: Floats, steps: Ints, step: int) -> tuple[float, float, float, float]:
    """Mean change on such a step, spread about the mean of each kind of step, number of days, degrees of freedom."""
    mean, rest, kinds = float(quiet.mean()), quiet - quiet.mean(), 1
    for kind in np.unique(steps):
        alike = steps == kind
        if alike.sum() >= FEWEST_ALIKE:
            rest[alike] = quiet[alike] - quiet[alike].mean()
            mean = float(quiet[alike].mean()) if kind == step else mean
            kinds += 1
    freedom = max(2.0, float(len(rest) - kinds))
    return mean, float(np.sqrt((rest**2).sum() / freedom)), float(len(rest)), freedom


@dataclass(frozen=True)
class Hours:
    """Requests by hour of the log; hours without any take no place."""

    hour: Ints
    total: Floats

    def until(self, hour: int) -> float:
        """Requests before an hour."""
        place = int(np.searchsorted(self.hour, hour))
        return float(self.total[place - 1]) if place else 0.0

    def within(self, first: int, last: int) -> float:
        """Requests from one hour to before another."""
        return self.until(last) - self.until(first)


def test_resilience(panel: Panel) -> pl.DataFrame:
    """One row per network: traffic through its bans."""
    outside = _hourly_outside(panel)
    rows = rows_by_network(panel)
    account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
    answered = []
    for group in panel.groups:
        mine = rows[group.network_id]
        answered.append(_test_group(panel, group, account[mine], at_s[mine], outside))
    return answers(answered)


def _hourly_outside(panel: Panel) -> Hours:
    """Requests of accounts outside all networks, by hour of the log."""
    outside = pl.LazyFrame({"account": panel.outside}, schema={"account": pl.UInt32})
    hour = ((pl.col("started_at").dt.epoch("us") / 1e6 - panel.start_s) / HOUR_S).floor().cast(pl.Int64).alias("hour")
    counted = (
        panel.compared.select(pl.col("account").cast(pl.UInt32), hour)
        .join(outside, on="account", how="semi")
        .group_by("hour")
        .agg(pl.len())
        .sort("hour")
        .collect()
    )
    return Hours(counted["hour"].to_numpy(), np.cumsum(counted["len"].to_numpy().astype(float)))


def _test_group(panel: Panel, group: Group, account: Ints, at_s: Floats, outside: Hours) -> dict[str, Any]:
    ended, times, kind = ends_of(panel, group)
    if len(times) == 0 or kind == "silent":
        return unassessable(group, PLUGIN, "no ban or closing time of members is declared")
    falls = _find_falls(panel, account, at_s, ended, times, outside)
    if len(falls.change) == 0:
        return unassessable(
            group,
            PLUGIN,
            f"no ban took {LOST:.0%} or more of {FEWEST_REQUESTS} requests a day, with {FEWEST_QUIET} days without "
            "bans to tell how traffic varies",
        )
    rng = generator(panel, group, PLUGIN.name)
    kept = np.log1p(-np.minimum(falls.lost, 0.98))
    number = len(falls.change)
    from scipy.stats import t

    # Episodes vary each on its own; what is usual is told from the same days for all of them.
    freedom = float(falls.freedom.mean())
    error = np.sqrt((falls.spread**2).sum() / number**2 + (falls.spread**2 / falls.days).mean())
    score = float((falls.change - kept - falls.mean).mean()) / max(float(error), 1e-9)
    p_value = float(max(SMALLEST_P, t.sf(score, freedom)))
    rho = _rho(falls.change - falls.mean, falls.lost, falls.before)
    noise = falls.spread * rng.standard_normal((400, number))
    null = np.array([_rho(kept + row, falls.lost, falls.before) for row in noise])
    # Days vary: the interval adds what days without bans leave, and draws episodes anew where there are several.
    again = rng.integers(0, number, (400, number))
    drawn = [
        _rho((falls.change - falls.mean)[place] + row, falls.lost[place], falls.before[place])
        for place, row in zip(again, noise, strict=True)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    expected = np.quantile(null, [0.5, 0.025, 0.975])
    back = f"{max(0.0, rho):.0%}" if rho <= 1.5 else "more than all"
    carried = float((falls.lost * falls.before).sum() / falls.before.sum())
    return answer(
        group,
        PLUGIN,
        f"{falls.accounts} members {SAID[kind]} on {number} days carried {carried:.0%} of the traffic of the day "
        "before; "
        f"{back} of that was back within a day (95 % interval {low:.2f} to {high:.2f}), {expected[0]:.0%} if the "
        "others went on as they were.",
        measure="share of lost traffic that is back within 24 h of a ban (resilience)",
        observed=rho,
        own=(float(low), float(high)),
        others=(float(expected[0]), float(expected[1]), float(expected[2])),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and rho >= MATTERS and low > 0),
    )


def _rho(change: Floats, lost: Floats, before: Floats) -> float:
    """Summed over episodes."""
    return float(
        np.clip(
            1.0 - (before * (1.0 - np.exp(np.minimum(change, 20.0)))).sum() / (before * lost).sum(), -FARTHEST, FARTHEST
        )
    )


def _find_falls(panel: Panel, account: Ints, at_s: Floats, ended: Ints, times: Floats, others: Hours) -> Falls:
    """Episodes of bans (those within a day are one) and how traffic changed; 24-hour windows, hours of the log."""
    hours = int((panel.end_s - panel.start_s) // HOUR_S) + 1
    # An end counts only if the account is among the tested ones; the others' traffic is not seen here.
    seen = np.isin(ended, account)
    ended, times = ended[seen], times[seen]
    hour = np.clip(((at_s - panel.start_s) // HOUR_S).astype(np.int64), 0, hours - 1)
    counted = _count_hours(hour)
    # A ban matters by what is usual, not by the day before it: where that day was poor, the next ones are better by
    # themselves.
    usual = len(hour) / max(1.0, hours / WINDOW_H)
    episodes = _find_episodes(ended, ((times - panel.start_s) // HOUR_S).astype(np.int64))
    rows, accounts = [], 0
    for first, after, gone in episodes:
        moved = _change(counted, others, first, after, hours)
        if moved is None or moved[1] < FEWEST_REQUESTS:
            continue
        banned = np.isin(account, gone)
        carried = float((banned & (hour >= first - WINDOW_H) & (hour < first)).sum())
        rest = _count_hours(hour[~banned])
        quiet = [
            (change[0], _step(panel.start_s, middle, middle))
            for middle in _quiet_hours(rest, first, episodes)
            if (change := _change(rest, others, middle, middle, hours)) is not None
            and change[1] >= FEWEST_REQUESTS * (1.0 - carried / moved[1])
        ]
        if carried < LOST * usual or len(quiet) < FEWEST_QUIET:
            continue
        days = np.array(quiet)
        rows.append(
            (
                moved[0],
                carried / moved[1],
                moved[1],
                *_usual(days[:, 0], days[:, 1].astype(np.int64), _step(panel.start_s, first, after)),
            )
        )
        accounts += len(gone)
    changes, lost, before, mean, spread, number, freedom = np.array(rows).reshape(-1, 7).T
    return Falls(changes, lost, before, mean, spread, number, freedom, accounts)


def _find_episodes(ended: Ints, place: Ints) -> list[tuple[int, int, Ints]]:
    """First hour, hour after the last, and accounts of the bans that follow each other within a day."""
    found = []
    index = 0
    while index < len(place):
        last = index
        while last + 1 < len(place) and place[last + 1] - place[index] < WINDOW_H:
            last += 1
        found.append((int(place[index]), int(place[last]) + 1, ended[index : last + 1]))
        index = last + 1
    return found


def _quiet_hours(rest: Hours, first: int, episodes: list[tuple[int, int, Ints]]) -> list[int]:
    """The hour of the day of an episode on other days, next to which there are requests and farther than a day from any
    ban.
    """
    turn = np.unique((rest.hour - first % WINDOW_H) // WINDOW_H)
    middle = np.unique(np.concatenate([turn, turn + 1])) * WINDOW_H + first % WINDOW_H
    clear = np.ones(len(middle), dtype=np.bool_)
    for begin, end, _ in episodes:
        clear &= (middle + 1 < begin - WINDOW_H) | (middle - 1 > end + WINDOW_H)
    return [int(hour) for hour in middle[clear]]


def _count_hours(hour: Ints) -> Hours:
    found, counts = np.unique(hour, return_counts=True)
    return Hours(found, np.cumsum(counts.astype(float)))


def _step(start_s: float, first: int, last: int) -> int:
    """Whether the 24 hours before and after lie on a weekend, as one number."""
    middle = np.array([start_s + (first - WINDOW_H / 2) * HOUR_S, start_s + (last + WINDOW_H / 2) * HOUR_S])
    before, after = is_weekend(middle)
    return 2 * int(before) + int(after)


def _change(counted: Hours, others: Hours, first: int, last: int, hours: int) -> tuple[float, float] | None:
    """Log change of traffic from the 24 hours before `first` to the 24 hours from `last` on, less everybody else's, and
    the traffic before.
    """
    if first < WINDOW_H or last + WINDOW_H >= hours + 1:
        return None
    before, after = counted.within(first - WINDOW_H, first), counted.within(last, last + WINDOW_H)
    common_before, common_after = others.within(first - WINDOW_H, first), others.within(last, last + WINDOW_H)
    common = np.log(common_after / common_before) if min(common_before, common_after) >= FEWEST_OUTSIDE else 0.0
    return float(np.log((after + 0.5) / (before + 0.5)) - common), float(before)


PLUGIN = Hallmark(
    "resilience",
    "pooling",
    "lifecycle",
    "traffic unbroken by bans",
    test_resilience,
    nature="dependence",
    family="compensation",
    phrase="volume survives bans",
)
