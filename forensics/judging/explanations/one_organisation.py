"""Explanation: the members are seats, keys or tenants of one declared organisation or parent, and behave like it.

A claim is no proof: it is tested first whether the seats share what seats share, a mail domain, a payer or an exit that
are not a provider's or carrier's. Where nothing of that is known of them it speaks, but does not carry.

Null model: none; the share of members with one declared organisation, where that organisation is not most of the
            service, times the share of them that is borne out.
Blind to:   organisations that nobody declared; operators that give all their accounts one domain, payer or exit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.scale import SPEAKS
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import FAMILIES, Hallmark
from forensics.judging.identities import borne_out, claimed_values

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

SEVERAL = 3  # organisations that a network may consist of
EVERYBODY = 0.3  # share of all accounts from which an organisation is the service itself, not a customer
ENOUGH_BORNE = 0.5  # of the claims that are borne out, from which they are believed
UNTESTED = 0.75  # most that is said for claims of which nothing is known that seats share


def test_one_organisation(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members under its most frequent declared organisations, and whether it is so."""
    claims = claimed_values(panel).rows.rename({"value": "claim"})
    claims = claims.with_columns(everywhere=pl.len().over("claim"))
    tested = borne_out(panel).select("account", "borne", "told")
    return answers(_test_group(panel, group, claims.join(tested, on="account", how="left")) for group in panel.groups)


def _test_group(panel: Panel, group: Group, claims: pl.DataFrame) -> dict[str, Any]:
    size, population = len(group.members), len(panel.accounts)
    own = claims.filter(pl.col("account").is_in(pl.Series(group.members, dtype=pl.Int64).implode()))
    if own.is_empty():
        return unassessable(group, PLUGIN, "no organisation is declared in the logs or an accounts file")
    shared = (
        own.group_by("claim")
        .agg(
            pl.len().alias("inside"),
            pl.col("everywhere").first(),
            pl.col("borne").sum(),
            pl.col("told").sum().alias("told"),
        )
        .filter(pl.col("inside") >= 2)
        # The provider's own cloud account, or the only tenant, says nothing about these members.
        .filter((pl.col("everywhere") <= EVERYBODY * population) | (pl.col("everywhere") <= 2 * pl.col("inside")))
        .sort("inside", "claim", descending=[True, False])
        # Gateways of two or three companies may be linked to each other, each there with most of its accounts; they are
        # no less declared.
        .with_row_index("place")
        .filter((pl.col("place") == 0) | (2 * pl.col("inside") >= pl.col("everywhere")))
        .head(SEVERAL)
    )
    if shared.is_empty():
        text = f"No two members that tell declare the same organisation or parent ({own['claim'].n_unique()} of them)."
        return answer(group, PLUGIN, text, measure="share of members", observed=0.0, fit=0.0)
    inside, told, borne = (int(shared[name].sum()) for name in ("inside", "told", "borne"))
    share = inside / size
    believed = min(1.0, borne / told / ENOUGH_BORNE) if told else UNTESTED
    fit = min(1.0, share) * believed
    what = "organisation or parent" if shared.height == 1 else f"organisation or parent, or one of {shared.height},"
    tested = (
        f"{borne} of the {told} of whom it is known share its mail domain, payer or exit"
        if told
        else "nothing is known that seats would share"
    )
    return answer(
        group,
        PLUGIN,
        f"One declared {what} {fit_words(fit)}: {inside} of {size} members declare it ({shared['everywhere'].sum()} "
        f"accounts do in all); {tested}.",
        measure="share of members under one declared organisation, times the share that is borne out",
        observed=share,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "one_organisation",
    "explanation",
    "organisation",
    "one organisation",
    test_one_organisation,
    accounts_for=frozenset(FAMILIES),
)
