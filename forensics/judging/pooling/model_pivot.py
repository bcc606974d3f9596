"""When a new model appears, the members move to it together and in the same share; customers move each in their own
time.

Null model: activity-matched accounts outside the networks, on the same release days.
Blind to:   logs without a release; pools that do not move; networks idle in the first day after a release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, wilson
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from forensics.judging.hallmark import Group, Panel

LEAD_DAYS = 2.0  # a model first seen earlier than this after the log's start is no release
LEAST_SHARE = 0.01  # of later events, for a release to be one
PIVOT = 0.2  # share of first-day traffic that counts as a move
HOMOGENEOUS = 3.0  # overdispersion up to which members moved alike
FEWEST_ACTIVE = 5  # members with at least FEWEST_EVENTS in the first day
FEWEST_EVENTS = 3


def test_model_pivot(panel: Panel) -> pl.DataFrame:
    """One row per network: its share of the new model in the first 24 hours and how evenly members moved."""
    releases = find_releases(panel)
    tables = [_first_day(panel, model, at_s) for model, at_s in releases]
    return answers(_test_group(group, tables) for group in panel.groups)


def find_releases(panel: Panel) -> list[tuple[str, float]]:
    """Models first seen well after the log began and used in earnest, with the second of their first sight."""
    after = pl.col("started_at").dt.epoch("us") / 1e6
    models = (
        panel.events.filter(pl.col("request_model").is_not_null())
        .group_by("request_model")
        .agg(after.min().alias("at_s"), pl.len().alias("n"))
        .sort("at_s", "request_model")
        .collect()
    )
    total = float(models["n"].to_numpy().sum())
    found = []
    for model, at_s, count in models.iter_rows():
        left = (panel.end_s - at_s) / max(1.0, panel.end_s - panel.start_s)
        if (
            at_s >= panel.start_s + LEAD_DAYS * 86400
            and at_s <= panel.end_s - 86400
            and count >= LEAST_SHARE * total * left
            and count >= 50
        ):
            found.append((model, float(at_s)))
    return found[:8]


def _first_day(panel: Panel, model: str, at_s: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    moment = pl.col("started_at").dt.epoch("us") / 1e6
    day = (
        panel.compared.filter((moment >= at_s) & (moment < at_s + 86400))
        .group_by("account")
        .agg((pl.col("request_model") == model).sum().alias("k"), pl.len().alias("n"))
        .collect()
    )
    moved, all_of = np.zeros(len(panel.accounts)), np.zeros(len(panel.accounts))
    moved[day["account"].to_numpy()] = day["k"].to_numpy()
    all_of[day["account"].to_numpy()] = day["n"].to_numpy()
    all_of[all_of < FEWEST_EVENTS] = 0.0
    moved[all_of == 0] = 0.0
    return moved, all_of


def _share_and_spread(moved: npt.NDArray[np.float64], total: npt.NDArray[np.float64]) -> tuple[float, float]:
    use = total > 0
    moved, total = moved[use], total[use]
    share = moved.sum() / total.sum() if total.sum() else float("nan")
    if use.sum() < FEWEST_ACTIVE or not 0 < share < 1:
        return float(share), float("nan")
    return float(share), float((((moved - total * share) ** 2) / (total * share * (1 - share))).sum() / (use.sum() - 1))


def _test_group(group: Group, tables: list[tuple[Any, Any]]) -> dict[str, Any]:
    if not tables:
        return unassessable(group, PLUGIN, "no model was released inside the log")
    best: dict[str, Any] | None = None
    for moved, total in tables:
        share, spread = _share_and_spread(moved[group.tested], total[group.tested])
        if not np.isfinite(spread) or len(group.matched) == 0:
            continue
        pairs = np.array([_share_and_spread(moved[draw], total[draw]) for draw in group.matched])
        p_share = p_tail(share, pairs[:, 0], upper=True)
        usable = pairs[np.isfinite(pairs[:, 1]), 1]
        p_spread = p_tail(float(np.log(spread + 0.1)), np.log(usable + 0.1), upper=False)
        # Both are asked for; the larger p answers for both, times the number of releases looked at.
        p_value = min(1.0, max(p_share, p_spread) * len(tables))
        middle, low, high = interval(pairs[:, 0])
        spread_middle = float(np.median(usable)) if len(usable) else float("nan")
        holds = p_value <= SIGNIFICANT and share >= PIVOT and spread <= HOMOGENEOUS
        active = int((total[group.tested] > 0).sum())
        low_share, high_share = wilson(share * active, active)
        row = answer(
            group,
            PLUGIN,
            f"In the first 24 hours of a new model {share:.0%} of the members' requests went to it (comparable "
            f"customers {middle:.0%}), "
            f"evenly over {active} active members: overdispersion {spread:.1f} (comparable customers "
            f"{spread_middle:.1f}).",
            measure="share of first-day requests to the new model",
            observed=share,
            own=(low_share, high_share),
            others=(middle, low, high),
            p_value=p_value,
            holds=holds,
        )
        if best is None or (row["holds"], -row["p_value"]) > (best["holds"], -best["p_value"]):
            best = row
    return best or unassessable(group, PLUGIN, "too few members active in the first day of a release")


PLUGIN = Hallmark(
    "model_pivot",
    "pooling",
    "pivot",
    "moved to a new model",
    test_model_pivot,
    nature="dependence",
    family="models",
    phrase="moved to a new model as one",
)
