"""Together far above what one account may send, and each well below it.

Statistic:  the ninth decile over members of (busiest day / the day's limit of the account), or of (busiest hour / 60
            minutes' limit) where only limits a minute are known. Small is the sign. Beside it: the network's busiest
            day over one account's limit.
Null model: accounts outside the networks with like numbers of requests: customers work in bursts and reach their
            limits.
Blind to:   logs without an accounts file that has limits; pools that drive accounts to their limits and rotate (see
            handover); few requests an account. Quiet customers keep clear of limits too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, percentiles
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import resample

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


FEWEST = 5  # members with a limit
TOGETHER = 3.0  # times one account's limit that the network's busiest period must reach
CLEAR = 0.8  # of its limit that nine of ten members stay below
PART = 0.7  # of the expected load that is low enough to matter
QUANTILE = 0.9


def test_headroom(panel: Panel) -> pl.DataFrame:
    """One row per network: how near its members come to their limits, alone and together."""
    if "declared_limit_per_day" not in panel.accounts.columns:
        return answers(unassessable(group, PLUGIN, "no limits in an accounts file") for group in panel.groups)
    a_day = panel.accounts["declared_limit_per_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    a_minute = panel.accounts["declared_limit_per_minute"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    by_day = np.isfinite(a_day).sum() >= np.isfinite(a_minute).sum()
    limit = a_day if by_day else a_minute * 60.0
    if not np.isfinite(limit).any():
        return answers(unassessable(group, PLUGIN, "no limits in an accounts file") for group in panel.groups)
    period = pl.col("started_at").dt.truncate("1d" if by_day else "1h").dt.epoch("s").alias("period")
    counts = panel.events.group_by("account", period).agg(pl.len().alias("n")).sort("account", "period").collect()
    busiest = np.zeros(len(limit))
    np.maximum.at(busiest, counts["account"].to_numpy(), counts["n"].to_numpy())
    load = np.where(limit > 0, busiest / np.where(limit > 0, limit, 1.0), np.nan)
    account, when, count = (counts[name].to_numpy().astype(np.int64) for name in ("account", "period", "n"))
    busy = _Busy(account, when, count, "day" if by_day else "hour")
    return answers(_test_group(panel, group, busy, limit, load) for group in panel.groups)


@dataclass(frozen=True)
class _Busy:
    """Requests of each account in each period, by account."""

    account: Ints
    period: Ints
    count: Ints
    unit: str

    def together(self, members: Ints) -> int:
        """Requests of these accounts in their busiest period."""
        low, high = np.searchsorted(self.account, members), np.searchsorted(self.account, members, side="right")
        rows = np.concatenate([np.arange(a, b) for a, b in zip(low, high, strict=True)])
        periods, place = np.unique(self.period[rows], return_inverse=True)
        return int(np.bincount(place, weights=self.count[rows], minlength=len(periods)).max(initial=0))


def _near(load: Floats) -> float:
    known = load[np.isfinite(load)]
    return float(np.quantile(known, QUANTILE)) if len(known) >= FEWEST else float("nan")


def _near_each(load: Floats) -> Floats:
    """`_near` of each row."""
    if load.size and load.shape[1] >= FEWEST and np.isfinite(load).all():
        return np.asarray(np.quantile(load, QUANTILE, axis=1))
    return np.array([_near(row) for row in load], dtype=np.float64)


def _test_group(panel: Panel, group: Group, busy: _Busy, limit: Floats, load: Floats) -> dict[str, Any]:
    observed = _near(load[group.tested])
    if not np.isfinite(observed):
        return unassessable(group, PLUGIN, f"fewer than {FEWEST} members with a known limit")
    null = _near_each(load[group.matched])
    middle, low, high = interval(null)
    if not np.isfinite(middle):
        return unassessable(group, PLUGIN, "no comparable accounts with a known limit outside the networks")
    unit = busy.unit
    together = float(busy.together(group.members)) / float(np.nanmedian(limit[group.members]))
    own_low, own_high = percentiles(_near_each(load[resample(panel, group, PLUGIN.name)]), observed)
    p_value = p_tail(float(np.log(observed + 1e-6)), np.log(null + 1e-6), upper=False)
    return answer(
        group,
        PLUGIN,
        f"In its busiest {unit} the network sends {together:.1f} times what one account may; nine of ten members "
        f"never go above {observed:.0%} of their own "
        f"limit in {'a day' if unit == 'day' else 'an hour'} (comparable customers {middle:.0%}, {low:.0%} to "
        f"{high:.0%}).",
        measure=f"busiest {unit} of a member over its limit (ninth decile)",
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and together >= TOGETHER and observed <= CLEAR and observed <= PART * middle),
    )


PLUGIN = Hallmark(
    "headroom",
    "concealment",
    "volume",
    "below each limit, far above one",
    test_headroom,
    nature="concealment",
    family="limits",
    phrase="below each limit, far above one",
)
