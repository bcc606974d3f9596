"""One mail domain of its own for all: these accounts say openly where they belong.

Null model: none; beside it, declared organisations with three seats or more outside the network. A domain that many
            others have (a mail provider's) is not its own.
Blind to:   operators that buy one domain for all their mailboxes; logs without mail domains in an accounts file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import DOMAIN, declared_values, tell_names

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_own_domain(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members with the commonest mail domain; nearly all is the sign."""
    missing = "no mail domain is known of three members"
    values = declared_values(panel, DOMAIN)
    return answers(tell_names(panel, PLUGIN, values, ("mail domain", "mail domains"), missing, hides=False))


PLUGIN = Hallmark(
    "own_domain", "concealment", "mailboxes", "one mail domain", test_own_domain, nature="openness", family="mailboxes"
)
