"""One declared organisation, and the members behave like its seats: they share its domain, payer or exit.

Null model: none; the share of members that declare the same organisation or parent and are borne out.
Blind to:   organisations that nobody declared; operators that take the trouble of one domain for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.statistics import wilson
from forensics.judging.answers import answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import borne_out

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

FEWEST = 3
NEARLY_ALL = 0.8  # of the members


def test_borne_claim(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that are borne-out seats of its most frequent declared organisation."""
    claims = borne_out(panel)
    return answers(_test_group(group, claims) for group in panel.groups)


def _test_group(group: Group, claims: pl.DataFrame) -> dict[str, Any]:
    own = claims.filter(pl.col("account").is_in(pl.Series(group.members, dtype=pl.Int64).implode()))
    if own.height < FEWEST:
        return unassessable(group, PLUGIN, "fewer than three members declare an organisation of several seats")
    size = len(group.members)
    counts = own.group_by("claim").agg(pl.len().alias("n"), pl.col("borne").sum())
    claimed, borne = counts.sort("borne", "n", "claim", descending=[True, True, False]).select("n", "borne").row(0)
    return answer(
        group,
        PLUGIN,
        f"{claimed} of {size} members declare the same organisation or parent; {borne} of them share a mail domain, "
        "payer or exit with its other seats.",
        measure="share of members that are seats of one organisation and behave so",
        observed=borne / size,
        own=wilson(borne, size),
        holds=borne >= NEARLY_ALL * size,
    )


PLUGIN = Hallmark(
    "borne_claim",
    "concealment",
    "claims",
    "one declared organisation, borne out",
    test_borne_claim,
    nature="openness",
    family="claims",
)
