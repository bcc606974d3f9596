"""Members pay with each other's cards, phones or mailboxes although each claims to be a customer of its own.

Likeness: schools, families and teams share a card too; whether cards are dealt out is a test of its own.
Null model: matched accounts outside the networks that share such a thing with anybody at all.
Blind to:   virtual cards; logs without an accounts file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.sharing import sharing_rows

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel

KINDS = kinds_where(group="money", weak=False)
LEAST_SHARE = 0.3  # of members, for the sign to matter


def test_shared_payment(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that share a payment instrument, phone or mailbox with another member."""
    return answers(
        sharing_rows(
            panel,
            PLUGIN,
            KINDS,
            LEAST_SHARE,
            "a card, phone or mailbox",
            "no payment, phone or mailbox in an accounts file",
        )
    )


PLUGIN = Hallmark(
    "shared_payment",
    "pooling",
    "money",
    "shared payment",
    test_shared_payment,
    nature="likeness",
    family="payers",
    share_of_members=True,
    phrase="shared cards",
)
