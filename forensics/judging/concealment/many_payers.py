"""Whoever runs these accounts pays with many instruments: no payer stands for most of the members.

Null model: declared organisations with three seats or more outside the network, each with the share of its seats that
            its commonest payer pays for; where there are fewer than five, one payer for all.
Blind to:   operators that pay everything with one instrument; logs without payment instruments in an accounts file.
            Independent customers pay apart too: read it only where other signs show one hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import PAYER, declared_values, tell_names

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_many_payers(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that the commonest payer pays for; little is the sign."""
    words = ("payment instrument", "payment instruments")
    missing = "no payment instrument is known of three members"
    return answers(tell_names(panel, PLUGIN, declared_values(panel, PAYER), words, missing, hides=True))


PLUGIN = Hallmark(
    "many_payers",
    "concealment",
    "payers",
    "many payers",
    test_many_payers,
    nature="concealment",
    family="payers",
    phrase="many payers",
)
