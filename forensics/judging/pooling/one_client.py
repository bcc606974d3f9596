"""All members present one rare client although they come from many places.

Null model: as many accounts drawn at random (hypergeometric), corrected for every client of the log. Where most members
            share one exit, the place may have given them the client, and nothing is said.
Blind to:   operators that vary the client; clients that most customers use; pools behind one exit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.statistics import SMALLEST_P, wilson
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

CLIENTS = kinds_where(group="client")
MONOCULTURE = 0.8  # share of members with the one client
RARE = 0.25  # share of all accounts up to which a client is not everybody's
ONE_PLACE = 0.5  # share of members behind one exit from which the place may set the client
FEWEST = 5


def test_one_client(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members with its most widespread client."""
    clients = panel.sightings.filter(pl.col("kind").is_in(CLIENTS)).select(pl.col("value").n_unique()).collect().item()
    return answers(_test_group(panel, group, int(clients or 0)) for group in panel.groups)


def _test_group(panel: Panel, group: Group, clients: int) -> dict[str, Any]:
    if not clients:
        return unassessable(group, PLUGIN, "no user agent and no TLS fingerprint")
    from scipy.stats import hypergeom

    size, population = len(group.members), len(panel.accounts)
    own = panel.ties_of(group)
    ties = own.filter(pl.col("kind").is_in(CLIENTS)).sort("inside", "value", descending=[True, False])
    place = float(own.filter(pl.col("group") == "network")["inside"].max() or 0) / size  # type: ignore[arg-type]
    if ties.is_empty():
        _, high = wilson(0, size)
        text = "No client is shared by two members."
        return answer(
            group,
            PLUGIN,
            text,
            measure="share of members with one client",
            observed=0.0,
            observed_low=0.0,
            observed_high=high,
            p_value=1.0,
        )
    best = ties.row(0, named=True)
    share, everywhere = best["inside"] / size, best["holders"] / population
    low, high = wilson(best["inside"], size)
    p_value = min(
        1.0, max(SMALLEST_P, float(hypergeom.sf(best["inside"] - 1, population, best["holders"], size)) * clients)
    )
    return answer(
        group,
        PLUGIN,
        f"{best['inside']} of {size} members present one and the same client, which {everywhere:.1%} of all accounts "
        "present" + (f"; {place:.0%} of them are behind one exit." if place >= ONE_PLACE else "."),
        measure="share of members with one client",
        observed=share,
        observed_low=low,
        observed_high=high,
        expected=everywhere,
        p_value=p_value,
        holds=p_value <= SIGNIFICANT
        and share >= MONOCULTURE
        and everywhere <= RARE
        and size >= FEWEST
        and place < ONE_PLACE,
    )


PLUGIN = Hallmark(
    "one_client",
    "pooling",
    "client",
    "one client, many places",
    test_one_client,
    nature="likeness",
    family="client",
    share_of_members=True,
)
