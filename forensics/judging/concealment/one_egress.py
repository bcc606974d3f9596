"""One egress for all: these accounts come openly from one place.

Guard:      an exit says where somebody is, not who. Where several payers are known, none of whom pays for most, it may
            be a home for strangers or a rented machine, and is not taken for openness.
Null model: none; beside it, declared organisations with three seats or more outside the network.
Blind to:   operators that hide everything but the exit; carriers and clouds with few customers; logs without addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import (
    FEWEST,
    PAYER,
    SEVERAL,
    declared_values,
    exit_values,
    most_frequent,
    tell_names,
)

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_one_egress(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members behind the commonest exit; nearly all is the sign."""
    missing = "no address is known of three members"
    words = ("exit (/24, /48)", "exits (/24, /48)")
    rows = tell_names(panel, PLUGIN, exit_values(panel), words, missing, hides=False)
    payers = declared_values(panel, PAYER)
    for group, row in zip(panel.groups, rows, strict=True):
        most = most_frequent(payers, group.members)
        if row["holds"] and most is not None and most.values >= FEWEST and most.share <= SEVERAL:
            row["holds"] = False
            row["sentence"] += f" {most.values} payers stand behind it: a place, not a name."
    return answers(rows)


PLUGIN = Hallmark(
    "one_egress", "concealment", "exits", "one egress", test_one_egress, nature="openness", family="exits"
)
