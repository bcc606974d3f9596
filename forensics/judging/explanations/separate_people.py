"""Explanation: people who share a place, a tool or a fashion, and nothing else: they differ as separate customers do.

Null model: the likeness tests' pseudo-groups (position 0 = as separate customers, 1 = as one queue).
Blind to:   networks too small or short to compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.common.scale import SPEAKS
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness, positions

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_separate_people(panel: Panel) -> pl.DataFrame:
    """One row per network: how far its members differ the way separate customers do."""
    rows = []
    for group in panel.groups:
        fit = humanness(panel, group)
        if positions(panel, group).is_empty():
            rows.append(unassessable(group, PLUGIN, "no likeness test was possible"))
            continue
        rows.append(
            answer(
                group,
                PLUGIN,
                f"Separate people {fit_words(fit, many=True)}: in hours, volume, models and sizes members differ by "
                f"{fit:.0%} of what separate customers do.",
                measure="difference between members, 0 = one queue, 1 = separate customers",
                observed=fit,
                fit=fit,
                holds=fit >= SPEAKS,
            )
        )
    return answers(rows)


PLUGIN = Hallmark(
    "separate_people",
    "explanation",
    "people",
    "separate people",
    test_separate_people,
    accounts_for=frozenset({"client", "content", "exits"}),
)
