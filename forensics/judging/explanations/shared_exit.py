"""Explanation: a carrier, office or VPN exit: the members share addresses and nothing that independent customers could
not.

Null model: none; the share of members tied by network kinds only.
Blind to:   pools that isolate everything but the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.scale import SPEAKS
from forensics.judging.answers import answer, answers, fit_words
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness
from forensics.judging.sharing import tied_share

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

BEYOND = (
    "client",
    "content",
    "money",
    "device",
    "provenance",
    "timing",
    "mapped",
)  # groups of kinds that tie members beyond the exit


def test_shared_exit(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that share an exit, less the share tied by anything else of their own."""
    return answers(_test_group(panel, group) for group in panel.groups)


def _test_group(panel: Panel, group: Group) -> dict[str, Any]:
    size = len(group.members)
    ties = panel.ties_of(group)
    exits = float(ties.filter(pl.col("group") == "network")["inside"].max() or 0) / size  # type: ignore[arg-type]
    beyond = tied_share(panel, group, groups=BEYOND)
    # Whoever meets at an exit by chance differs as any customers do.
    human = humanness(panel, group, unknown=1.0)
    fit = max(0.0, min(exits, 1.0 - beyond, human)) if exits > 0 else 0.0
    return answer(
        group,
        PLUGIN,
        f"A shared exit {fit_words(fit)}: {exits:.0%} of the members share one address or network, {beyond:.0%} show "
        "anything else that is the network's own; "
        f"they differ by {human:.0%} of what separate customers do.",
        measure="share an exit and nothing else",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "shared_exit",
    "explanation",
    "exit",
    "shared exit",
    test_shared_exit,
    accounts_for=frozenset({"exits"}),
)
