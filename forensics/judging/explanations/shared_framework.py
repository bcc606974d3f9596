"""Explanation: one popular framework or tool: the members share its system prompt or client, not what they ask.

Null model: none; the share of members with common tool traces, less the share with common questions, cards or places.
Blind to:   operators who hide behind a popular framework and vary their questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.common.scale import SPEAKS
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness
from forensics.judging.sharing import commonest, has_kinds, tied_share

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.judging.hallmark import Group, Panel

TOOL_KINDS = kinds_where(program=True)
ASKED = kinds_where(asked=True, program=False)


def test_shared_framework(panel: Panel) -> pl.DataFrame:
    """One row per network: how well a shared framework explains it."""
    if not has_kinds(panel, ASKED):
        return answers(
            unassessable(group, PLUGIN, "without prompts a shared tool cannot be told from a shared task")
            for group in panel.groups
        )
    return answers(_test_group(panel, group) for group in panel.groups)


def _test_group(panel: Panel, group: Group) -> dict[str, Any]:
    tool = commonest(panel, group, TOOL_KINDS)
    asked = tied_share(panel, group, kinds=ASKED)
    elsewhere = tied_share(panel, group, groups=("money", "device", "network", "provenance", "mapped"))
    # A framework's users have nothing to do with each other: they differ as any customers do.
    human = humanness(panel, group, unknown=1.0)
    fit = max(0.0, min(tool, 1.0 - max(asked, elsewhere), human))
    return answer(
        group,
        PLUGIN,
        f"A shared framework {fit_words(fit)}: {tool:.0%} show one and the same client, system prompt, tool set or "
        f"parameters, {asked:.0%} wording that is mostly the network's own, {elsewhere:.0%} a payer, device, exit or "
        f"conversation that is; they differ by {human:.0%} of what separate customers do.",
        measure="share the tool and nothing asked",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "shared_framework",
    "explanation",
    "framework",
    "shared framework",
    test_shared_framework,
    accounts_for=frozenset({"checks", "client", "content", "models", "sizes", "topics"}),
)
