"""One payer for all: whoever runs these accounts pays for them openly.

Null model: none; beside it, declared organisations with three seats or more outside the network.
Blind to:   operators that pay with one instrument and hide everything else; logs without payment instruments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import PAYER, declared_values, tell_names

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_one_payer(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that the commonest payer pays for; nearly all is the sign."""
    words = ("payment instrument", "payment instruments")
    missing = "no payment instrument is known of three members"
    return answers(tell_names(panel, PLUGIN, declared_values(panel, PAYER), words, missing, hides=False))


PLUGIN = Hallmark("one_payer", "concealment", "payers", "one payer", test_one_payer, nature="openness", family="payers")
