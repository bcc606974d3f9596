"""Traffic that does not fall when members are banned.

Statistic:  rho = 1 - (fall of the network's requests) / (what the banned members had carried), from the 24 hours before a ban to the 24 hours
            after, less the change of everybody else in the same hours and what is usual on such days; bans within a day are one.
            0: the others go on as they were, 1: all came back.
Null model: what the banned carried is lost, and the logarithm of the rest varies normally as from day to day without bans (24-hour windows
            at the same hour of other days; steps between workdays, into and out of weekends about a mean each). One-sided t test.
Blind to:   ends that are not declared (who falls silent chooses the moment), bans that took less than a twentieth of the traffic, networks
            with bans on most days, volume that comes back after a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.lives import DAY_S, HOUR_S, SAID, ends_of, is_weekend
from forensics.panel import SIGNIFICANT, answer, answers, generator, unassessable
from forensics.plugins import Hallmark
from forensics.statistics import SMALLEST_P
from forensics.streams import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from forensics.plugins import Group, Panel

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

WINDOW_H = 24
LOST = 0.05  # of the traffic before, below which a ban says nothing about resilience
FEWEST_REQUESTS = 50  # in the 24 hours before a ban
FEWEST_QUIET = 6  # days without bans that tell how traffic varies …
FEWEST_ALIKE = 4  # … and of one kind of step
MATTERS = 0.5  # of what was lost, back within a day
FARTHEST = 5.0  # times what was lost: where little was lost, rho is not told more closely
FEWEST_OUTSIDE = 1000  # requests of outsiders in a window that tell the common change


@dataclass(frozen=True)
class Falls:
    """One entry an episode of bans: log change of traffic, share that the banned had carried; and log changes of days without bans."""

    change: Floats
    lost: Floats
    before: Floats
    step: Ints  # kind of step: from and to workday or weekend
    quiet: Floats
    quiet_step: Ints
    accounts: int

    def usual(self) -> tuple[Floats, Floats, int]:
        """The usual change at each episode (mean of its kind of step where there are enough days), what days leave of it, degrees of freedom."""
        mean, rest, kinds = np.full(len(self.change), self.quiet.mean()), self.quiet - self.quiet.mean(), 1
        for step in np.unique(self.quiet_step):
            alike = self.quiet_step == step
            if alike.sum() >= FEWEST_ALIKE:
                mean[self.step == step] = self.quiet[alike].mean()
                rest[alike] = self.quiet[alike] - self.quiet[alike].mean()
                kinds += 1
        return mean, rest, max(2, len(rest) - kinds)


def test_resilience(panel: Panel) -> pl.DataFrame:
    """One row per network: traffic through its bans."""
    hours = int((panel.end_s - panel.start_s) // HOUR_S) + 1
    outside = _hourly_outside(panel, hours)
    rows = rows_by_network(panel)
    account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
    answered = []
    for group in panel.groups:
        mine = rows[group.network_id]
        answered.append(_test_group(panel, group, account[mine], at_s[mine], outside))
    return answers(answered)


def _hourly_outside(panel: Panel, hours: int) -> Floats:
    """Requests of accounts outside all networks, by hour of the log."""
    outside = pl.LazyFrame({"account": panel.outside}, schema={"account": pl.UInt32})
    hour = ((pl.col("started_at").dt.epoch("us") / 1e6 - panel.start_s) / HOUR_S).floor().cast(pl.Int64).clip(0, hours - 1).alias("hour")
    counted = panel.events.select(pl.col("account").cast(pl.UInt32), hour).join(outside, on="account", how="semi").group_by("hour").agg(pl.len()).collect()
    found = np.zeros(hours)
    found[counted["hour"].to_numpy()] = counted["len"].to_numpy()
    return found


def _test_group(panel: Panel, group: Group, account: Ints, at_s: Floats, outside: Floats) -> dict[str, Any]:
    ended, times, kind = ends_of(panel, group)
    if len(times) == 0 or kind == "silent":
        return unassessable(group, PLUGIN, "no ban or closing time of members is declared")
    falls = _find_falls(panel, account, at_s, ended, times, outside)
    if len(falls.change) == 0:
        return unassessable(group, PLUGIN, f"no ban took {LOST:.0%} or more of {FEWEST_REQUESTS} requests a day, with a day of log before and after it")
    if len(falls.quiet) < FEWEST_QUIET:
        return unassessable(group, PLUGIN, "too few days without bans to tell how traffic varies")
    rng = generator(panel, group, PLUGIN.name)
    kept = np.log1p(-np.minimum(falls.lost, 0.98))
    number = len(falls.change)
    mean, rest, freedom = falls.usual()
    spread = float(np.sqrt((rest**2).sum() / freedom))
    from scipy.stats import t

    score = float((falls.change - kept - mean).mean()) / max(spread * np.sqrt(1 / number + 1 / len(rest)), 1e-9)
    p_value = float(max(SMALLEST_P, t.sf(score, freedom)))
    rho = _rho(falls.change - mean, falls.lost, falls.before)
    noise = spread * rng.standard_normal((400, number))
    null = np.array([_rho(kept + row, falls.lost, falls.before) for row in noise])
    # Days vary: the interval adds what days without bans leave, and draws episodes anew where there are several.
    again = rng.integers(0, number, (400, number))
    drawn = [_rho((falls.change - mean)[place] + row, falls.lost[place], falls.before[place]) for place, row in zip(again, noise, strict=True)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    expected = np.quantile(null, [0.5, 0.025, 0.975])
    back = f"{max(0.0, rho):.0%}" if rho <= 1.5 else "more than all"
    carried = float((falls.lost * falls.before).sum() / falls.before.sum())
    return answer(
        group,
        PLUGIN,
        f"{falls.accounts} members {SAID[kind]} on {number} days carried {carried:.0%} of the traffic of the day before; "
        f"{back} of that was back within a day (95 % interval {low:.2f} to {high:.2f}), {expected[0]:.0%} if the others went on as they were.",
        measure="share of lost traffic that is back within 24 h of a ban (resilience)",
        observed=rho,
        observed_low=float(low),
        observed_high=float(high),
        expected=float(expected[0]),
        expected_low=float(expected[1]),
        expected_high=float(expected[2]),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and rho >= MATTERS and low > 0),
    )


def _rho(change: Floats, lost: Floats, before: Floats) -> float:
    """Source: methods C3, summed over episodes."""
    return float(np.clip(1.0 - (before * (1.0 - np.exp(np.minimum(change, 20.0)))).sum() / (before * lost).sum(), -FARTHEST, FARTHEST))


def _find_falls(panel: Panel, account: Ints, at_s: Floats, ended: Ints, times: Floats, outside: Floats) -> Falls:
    """Episodes of bans (those within a day are one) and how traffic changed; 24-hour windows, hours of the log."""
    hours = len(outside)
    # An end counts only if the account is among the tested ones; the others' traffic is not seen here.
    seen = np.isin(ended, account)
    ended, times = ended[seen], times[seen]
    volume = np.bincount(np.clip(((at_s - panel.start_s) // HOUR_S).astype(np.int64), 0, hours - 1), minlength=hours).astype(float)
    cumulated, others = np.concatenate([[0.0], np.cumsum(volume)]), np.concatenate([[0.0], np.cumsum(outside)])
    place = ((times - panel.start_s) // HOUR_S).astype(np.int64)
    found: list[tuple[float, float, float, int]] = []
    accounts, index = 0, 0
    taken = np.zeros(hours + 1, dtype=np.bool_)
    while index < len(place):
        last = index
        while last + 1 < len(place) and place[last + 1] - place[index] < WINDOW_H:
            last += 1
        first_h, last_h = int(place[index]), int(place[last]) + 1
        taken[max(0, first_h - WINDOW_H) : min(hours, last_h + WINDOW_H) + 1] = True
        moved = _change(cumulated, others, first_h, last_h)
        if moved is not None:
            start = panel.start_s + (first_h - WINDOW_H) * HOUR_S
            banned = np.isin(account, ended[index : last + 1]) & (at_s >= start) & (at_s < start + DAY_S)
            if banned.sum() >= LOST * moved[1]:
                found.append((moved[0], float(banned.sum()) / moved[1], moved[1], _step(panel.start_s, first_h, last_h)))
                accounts += last + 1 - index
        index = last + 1
    quiet = [
        (moved[0], _step(panel.start_s, middle, middle))
        for hour in np.unique(place % 24)
        for middle in range(int(hour), hours, 24)
        if not taken[max(0, middle - 1) : middle + 2].any() and (moved := _change(cumulated, others, middle, middle)) is not None
    ]
    episodes, days = np.array(found).reshape(-1, 4), np.array(quiet).reshape(-1, 2)
    change, lost, before, step = episodes.T
    return Falls(change, lost, before, step.astype(np.int64), days[:, 0], days[:, 1].astype(np.int64), accounts)


def _step(start_s: float, first: int, last: int) -> int:
    """Whether the 24 hours before and after lie on a weekend, as one number."""
    middle = np.array([start_s + (first - WINDOW_H / 2) * HOUR_S, start_s + (last + WINDOW_H / 2) * HOUR_S])
    before, after = is_weekend(middle)
    return 2 * int(before) + int(after)


def _change(cumulated: Floats, others: Floats, first: int, last: int) -> tuple[float, float] | None:
    """Log change of traffic from the 24 hours before `first` to the 24 hours from `last` on, less everybody else's, and the traffic before."""
    if first < WINDOW_H or last + WINDOW_H >= len(cumulated):
        return None
    before, after = cumulated[first] - cumulated[first - WINDOW_H], cumulated[last + WINDOW_H] - cumulated[last]
    if before < FEWEST_REQUESTS:
        return None
    common_before, common_after = others[first] - others[first - WINDOW_H], others[last + WINDOW_H] - others[last]
    common = np.log(common_after / common_before) if min(common_before, common_after) >= FEWEST_OUTSIDE else 0.0
    return float(np.log((after + 0.5) / (before + 0.5)) - common), float(before)


PLUGIN = Hallmark("resilience", "pooling", "lifecycle", "traffic unbroken by bans", test_resilience)
