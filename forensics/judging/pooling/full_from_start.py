"""New members are at full use from the first day; customers ramp up.

Null model: activity-matched accounts outside the networks that were born inside the log.
Blind to:   logs shorter than two weeks; pools older than the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import interval, p_tail, percentiles
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import resample

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt
    import polars as pl

    from forensics.judging.hallmark import Group, Panel

FEWEST_DAYS = 6.0  # of life, so that there is a later to compare with
FEWEST_EVENTS = 10
FEWEST = 5
EVEN = 1.0  # early days at least as busy as the rest


def test_full_from_start(panel: Panel) -> pl.DataFrame:
    """One row per network: median over members of (pace in the first three days / pace over the first month)."""
    first = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy() / 1e6
    last = panel.accounts["last_seen_at"].dt.epoch("us").to_numpy() / 1e6
    lived = np.minimum((last - first) / 86400.0, 30.0)
    usable = (
        (first > panel.start_s + 86400.0)
        & (lived >= FEWEST_DAYS)
        & (panel.accounts["request_count"].to_numpy() >= FEWEST_EVENTS)
    )
    ratio = np.where(
        usable, panel.accounts["ramp_share"].fill_null(0.0).to_numpy() / (3.0 / np.maximum(lived, 3.0)), np.nan
    )
    return answers(_test_group(panel, group, ratio) for group in panel.groups)


def _test_group(panel: Panel, group: Group, ratio: npt.NDArray[np.float64]) -> dict[str, Any]:
    own = ratio[group.tested]
    if np.isfinite(own).sum() < FEWEST:
        return unassessable(group, PLUGIN, "too few members were born inside the log and lived for a week")
    drawn = ratio[group.matched] if len(group.matched) else np.zeros((0, 1))
    drawn = drawn[np.isfinite(drawn).sum(axis=1) >= FEWEST]
    if len(drawn) == 0:
        return unassessable(group, PLUGIN, "no comparable new accounts outside the networks")
    observed, null = float(np.nanmedian(own)), np.nanmedian(drawn, axis=1)
    middle, low, high = interval(null)
    p_value = p_tail(observed, null, upper=True)
    own_low, own_high = percentiles(
        np.median(ratio[resample(panel, group, PLUGIN.name, group.tested[np.isfinite(own)])], axis=1), observed
    )
    return answer(
        group,
        PLUGIN,
        f"In their first three days members run at {observed:.1f} times their later pace (comparable new customers "
        f"{middle:.1f}).",
        measure="pace of the first 3 days / pace of the first month (median)",
        observed=observed,
        own=(float(own_low), float(own_high)),
        others=(middle, low, high),
        p_value=p_value,
        holds=p_value <= SIGNIFICANT and observed >= EVEN,
    )


PLUGIN = Hallmark(
    "full_from_start",
    "pooling",
    "lifecycle",
    "full use from the first day",
    test_full_from_start,
    nature="likeness",
    family="births",
    weight=0.3,
)
