"""How alike members are, placed between separate customers and one queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, percentiles, position
from forensics.judging.answers import SIGNIFICANT, answer, unassessable
from forensics.judging.panel import resample

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Hallmark, Panel


def active_hours(panel: Panel) -> npt.NDArray[np.float64]:
    """One row an account, one column an hour of the day (UTC): on how many days the account was active in it."""
    hours = (
        panel.compared.select("account", pl.col("started_at").dt.truncate("1h").alias("hour_at"))
        .unique()
        .group_by("account", pl.col("hour_at").dt.hour().alias("hour"))
        .agg(pl.len().alias("n"))
        .collect()
    )
    table = np.zeros((len(panel.accounts), 24))
    table[hours["account"].to_numpy(), hours["hour"].to_numpy()] = hours["n"].to_numpy()
    return table


LIKENESS_ROOM = 1.3  # independent accounts must differ by this factor more than one queue's, or likeness says nothing

LIKENESS_HOLDS = 0.75  # position from which members are called as alike as one queue makes them


def likeness(
    panel: Panel,
    group: Group,
    plugin: Hallmark,
    measure: str,
    difference: Callable[[Ints], Floats],
    null: npt.NDArray[np.float64],
    ideal: float,
    words: str,
) -> dict[str, Any]:
    """One row of HALLMARKS for "the members differ no more than one queue's accounts would".

    `difference` measures how much the accounts of each group (a row) differ, `null` holds it for pseudo-groups, `ideal`
    is its value if one queue fed them all. `words` is a clause with what was compared. Holds at p ≤ 0.01 and position ≥
    LIKENESS_HOLDS.
    """
    observed = float(difference(group.tested[None, :])[0])
    middle, low, high = interval(null)
    if not np.isfinite(observed):
        return unassessable(group, plugin, f"too few members with enough requests to compare {words}")
    if not np.isfinite(middle):
        return unassessable(group, plugin, "no comparable accounts outside the networks")
    if middle < LIKENESS_ROOM * ideal:
        return unassessable(group, plugin, f"independent accounts would look as alike in {words} here")
    own_low, own_high = percentiles(difference(resample(panel, group, plugin.name)), observed)
    p_value = p_tail(float(np.log(max(observed, 1e-9))), np.log(np.maximum(null[np.isfinite(null)], 1e-9)), upper=False)
    place = position(observed, middle, ideal)
    holds = p_value <= SIGNIFICANT and place >= LIKENESS_HOLDS
    verb = (
        "differ no more than accounts fed by one queue would"
        if holds
        else "differ as separate customers do"
        if place < 0.5
        else "are more alike than separate customers"
    )
    return answer(
        group,
        plugin,
        f"In {words} the members {verb}: {observed:.2f}, separate customers {middle:.2f} ({low:.2f} to {high:.2f}), "
        f"one queue about {ideal:.2f}.",
        measure=measure,
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        position=place,
        holds=holds,
    )


def positions(panel: Panel, group: Group, *families: str) -> pl.DataFrame:
    """Rows of the likeness tests (of these families, if any are named) that place this network."""
    rows = panel.signs_of(group).filter(pl.col("nature") == "likeness", pl.col("position").is_not_null())
    return rows.filter(pl.col("family").is_in(families)) if families else rows


def humanness(panel: Panel, group: Group, *families: str, unknown: float = 0.5) -> float:
    """How far members differ the way separate customers do, in [0, 1]; `unknown` if none of the likeness tests was
    possible.

    One minus the mean position of the likeness tests: 0 = as one queue, 1 = as separate customers.
    """
    rows = positions(panel, group, *families)
    if rows.is_empty():
        return unknown
    return float(np.clip(1.0 - rows["position"].clip(0.0, 1.0).mean(), 0.0, 1.0))  # type: ignore[operator]
