"""Members do not sleep: even in their quietest eight hours they work on.

Null model: activity-matched accounts outside the networks, of which some are honest batch jobs.
Blind to:   pools that keep office hours; accounts seen too briefly to have a night.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import interval, p_tail, percentiles
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import active_hours
from forensics.judging.panel import resample

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.judging.hallmark import Group, Panel

FEWEST_HOURS = 24  # active clock hours an account needs to show a night
FLAT = 8 / 24  # what a flat day puts into any eight hours
AWAKE = 0.6  # share of that from which nobody sleeps


def test_round_the_clock(panel: Panel) -> pl.DataFrame:
    """One row per network: median over members of the share of active clock hours in their quietest eight hours."""
    table = active_hours(panel)
    total = table.sum(axis=1)
    around = np.concatenate([table, table[:, :7]], axis=1).cumsum(axis=1)
    windows = np.concatenate([around[:, 7:8], around[:, 8:] - around[:, :-8]], axis=1)
    night = np.where(total >= FEWEST_HOURS, windows.min(axis=1) / np.maximum(total, 1), np.nan)
    return answers(_test_group(panel, group, night) for group in panel.groups)


def _test_group(panel: Panel, group: Group, night: Any) -> dict[str, Any]:  # noqa: ANN401 - array
    own = night[group.tested]
    if np.isfinite(own).sum() < max(3, 0.2 * len(own)):
        return unassessable(group, PLUGIN, f"too few members with {FEWEST_HOURS} active hours")
    if len(group.matched) == 0:
        return unassessable(group, PLUGIN, "no comparable accounts outside the networks")
    observed = float(np.nanmedian(own))
    usable = np.isfinite(night[group.matched]).any(axis=1)
    null = np.nanmedian(night[group.matched[usable]], axis=1) if usable.any() else np.zeros(0)
    middle, low, high = interval(null)
    if not np.isfinite(middle):
        return unassessable(group, PLUGIN, "no comparable accounts outside the networks")
    p_value = p_tail(observed, null, upper=True)
    holds = p_value <= SIGNIFICANT and observed >= AWAKE * FLAT
    own_low, own_high = percentiles(
        np.median(night[resample(panel, group, PLUGIN.name, group.tested[np.isfinite(own)])], axis=1), observed
    )
    return answer(
        group,
        PLUGIN,
        f"In their quietest eight hours of the day members still have {observed:.0%} of their active hours "
        f"(flat would be {FLAT:.0%}, comparable customers {middle:.0%}).",
        measure="share of active hours in an account's quietest 8 hours (median of members)",
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        position=observed / FLAT,
        holds=holds,
    )


PLUGIN = Hallmark(
    "round_the_clock",
    "pooling",
    "rhythm",
    "round the clock",
    test_round_the_clock,
    nature="likeness",
    family="hours",
    phrase="round the clock",
)
