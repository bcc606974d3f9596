"""Several cards, each on a few members: whoever runs many accounts pays with a handful of instruments in turn.

An office has one invoice, a platform one payer, a family one card; independent customers have one each. Only one hand
brings a network in which most members share their card with a few others, and no card with most.

Null model: cards shared within activity-matched pseudo-groups of other accounts. A network of many small teams, each
            on its card, pays so without one hand: it is likeness; whether cards are dealt out, payers_dealt tells.
Blind to:   one card an account; logs without an accounts file. Families behind one exit pay so too, but differ as
            people do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, wilson
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.sharing import sharing_p

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from forensics.judging.hallmark import Group, Panel

FEWEST_CARDS = 3  # each on two members or more
COVERED = 0.5  # share of members that these pay for
LARGEST = 0.5  # share of members above which one of them is the payer of all


def test_card_rotation(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members on cards that each pay for a few of them."""
    shown = (
        panel.sightings.filter(pl.col("kind").is_in(kinds_where(payer=True, weak=False)))
        .select("account", "value")
        .collect()
    )
    if shown.is_empty():
        return answers(
            unassessable(group, PLUGIN, "no payment instrument is known of two accounts") for group in panel.groups
        )
    card = np.full(len(panel.accounts), -1, dtype=np.int64)
    card[shown["account"].to_numpy()] = shown["value"].rank("dense").to_numpy().astype(np.int64)
    return answers(_test_group(group, card) for group in panel.groups)


def _test_group(group: Group, card: npt.NDArray[np.int64]) -> dict[str, Any]:
    size = len(group.members)
    _, holders = np.unique(card[group.members][card[group.members] >= 0], return_counts=True)
    shared = holders[holders >= 2]
    if len(shared) == 0:
        return answer(
            group,
            PLUGIN,
            "No two members share a payment instrument.",
            measure="share of members on shared cards",
            observed=0.0,
            p_value=1.0,
        )
    share = float(shared.sum()) / size
    low, high = wilson(int(shared.sum()), size)
    null = np.array([_covered(card[row]) for row in group.matched]) if len(group.matched) else np.zeros(0)
    middle, expected_low, expected_high = interval(null)
    several = len(shared) >= FEWEST_CARDS and share >= COVERED and shared.max() <= LARGEST * size
    p_value = sharing_p(int(shared.sum()), size, null, len(card)) if len(null) and several else 1.0
    return answer(
        group,
        PLUGIN,
        f"{len(shared)} payment instruments pay for {share:.0%} of the members, each for {int(np.median(shared))} of "
        f"them, at most {int(shared.max())}" + (f" (comparable customers {middle:.0%})." if len(null) else "."),
        measure="share of members on shared cards",
        observed=share,
        own=(low, high),
        others=(middle, expected_low, expected_high),
        p_value=p_value,
        holds=bool(several and p_value <= SIGNIFICANT),
    )


def _covered(cards: npt.NDArray[np.int64]) -> float:
    """Share of a pseudo-group that shares its card within it."""
    _, holders = np.unique(cards[cards >= 0], return_counts=True)
    return float(holders[holders >= 2].sum()) / max(len(cards), 1)


PLUGIN = Hallmark(
    "card_rotation",
    "pooling",
    "payers",
    "several cards in turn",
    test_card_rotation,
    nature="likeness",
    family="payers",
    phrase="several cards in turn",
)
