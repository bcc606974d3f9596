"""One egress for all: these accounts come openly from one place.

Null model: none; beside it, declared organisations with three seats or more outside the network.
Blind to:   operators that hide everything but the exit; carriers and clouds with few customers; logs without addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import exit_values, tell_names

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_one_egress(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members behind the commonest exit; nearly all is the sign."""
    missing = "no address is known of three members"
    return answers(
        tell_names(panel, PLUGIN, exit_values(panel), ("exit (/24, /48)", "exits (/24, /48)"), missing, hides=False)
    )


PLUGIN = Hallmark(
    "one_egress", "concealment", "exits", "one egress", test_one_egress, nature="openness", family="exits"
)
