"""Explanation: family or friends on one plan: a handful of people, little traffic, and nights.

Null model: none; small, quiet, and human.
Blind to:   rings as small and as quiet as a family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.scale import SPEAKS
from forensics.judging.answers import answer, answers, fit_words
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt
    import polars as pl

    from forensics.judging.hallmark import Group, Panel

FAMILY = 6  # people on one plan


def test_household(panel: Panel) -> pl.DataFrame:
    """One row per network: how well a household explains it."""
    daily = panel.accounts["daily_mean_count"].to_numpy().astype(float)
    return answers(_test_group(panel, group, daily) for group in panel.groups)


def _test_group(panel: Panel, group: Group, daily: npt.NDArray[np.float64]) -> dict[str, Any]:
    size = len(group.members)
    rank = float((daily <= np.median(daily[group.members])).mean())
    human = humanness(panel, group)
    quiet = float(np.clip((0.95 - rank) / 0.2, 0, 1))
    fit = 0.0 if size > FAMILY else min(max(human, 0.5), quiet)
    return answer(
        group,
        PLUGIN,
        f"A household {fit_words(fit)}: {size} accounts, the median at least as busy as {rank:.0%} of all accounts.",
        measure="few accounts, ordinary use",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "household",
    "explanation",
    "household",
    "family or friends",
    test_household,
    accounts_for=frozenset({"client", "device", "exits", "hours", "payers", "provenance"}),
)
