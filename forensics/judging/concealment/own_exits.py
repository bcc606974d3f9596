"""An exit of its own for each account: whoever runs them sends each through another door.

Null model: declared organisations with three seats or more outside the network, each with the share of its seats behind
            its commonest network (/24, /48); where there are fewer than five, one egress for all.
Blind to:   operators behind one exit; logs without addresses. Independent customers have exits of their own too, and
            where addresses stand in for accounts everybody has: read it only where other signs show one hand. A company
            whose people work at home has many exits as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import exit_values, tell_names

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_own_exits(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members behind the commonest exit; little is the sign."""
    missing = "no address is known of three members"
    return answers(
        tell_names(panel, PLUGIN, exit_values(panel), ("exit (/24, /48)", "exits (/24, /48)"), missing, hides=True)
    )


PLUGIN = Hallmark(
    "own_exits",
    "concealment",
    "exits",
    "an exit for each account",
    test_own_exits,
    nature="concealment",
    family="exits",
    phrase="an exit for each",
)
