"""Refilled after bans: members were banned, and others of the network came to life in their place.

Whoever is told to stop and goes on under other names hides who goes on; a company whose keys end on schedule does not.

Null model: that of the tests of births after ends, which must hold; here only that the ends are bans is looked at.
Blind to:   closures and silences, which customers bring about themselves; logs without ban times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.common.statistics import wilson
from forensics.judging.answers import answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import ends_of
from forensics.judging.sharing import holds

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.judging.hallmark import Group, Panel

FEWEST = 3  # banned members


def test_goes_on_after_bans(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that were banned, where births follow the bans."""
    declared = panel.accounts["banned_at"].is_not_null().any()
    return answers(
        _test_group(panel, group) if declared else unassessable(group, PLUGIN, "no bans are declared")
        for group in panel.groups
    )


def _test_group(panel: Panel, group: Group) -> dict[str, Any]:
    accounts, _, kind = ends_of(panel, group)
    banned, size = len(accounts) if kind == "banned" else 0, len(group.members)
    follows = holds(panel, group, "births", "dependence")
    return answer(
        group,
        PLUGIN,
        f"{banned} of {size} members were banned; new accounts "
        + ("came to life after the bans more than at other times." if follows else "did not follow the bans."),
        measure="share of members that were banned",
        observed=banned / size,
        own=wilson(banned, size),
        holds=bool(follows and banned >= FEWEST),
    )


PLUGIN = Hallmark(
    "goes_on_after_bans",
    "concealment",
    "lifecycle",
    "goes on under new names after bans",
    test_goes_on_after_bans,
    nature="concealment",
    family="births",
)
