"""A reasoning blob or a conversation that one member received is continued by another.

Null model: matched accounts outside the networks that share such a thing with anybody at all.
Blind to:   logs without reasoning or prefix hashes; people who share one login.
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

LEAST_SHARE = 0.2  # of members: a person who changes keys continues a conversation too


def test_provenance(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that continue what another member was given."""
    return answers(
        sharing_rows(
            panel,
            PLUGIN,
            kinds_where(group="provenance"),
            LEAST_SHARE,
            "a reasoning blob or conversation",
            "no reasoning or conversation hashes",
        )
    )


PLUGIN = Hallmark(
    "provenance",
    "pooling",
    "provenance",
    "continued on another account",
    test_provenance,
    nature="dependence",
    family="provenance",
    share_of_members=True,
    phrase="conversations continue across accounts",
)
