"""Explanation: the members are seats, keys or tenants of one declared organisation or parent.

Null model: none; the share of members with one declared organisation, where that organisation is not most of the
            service.
Blind to:   organisations that nobody declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.scale import CARRIES, SPEAKS
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import Hallmark

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

HALF = 0.5  # share of members under one organisation from which it carries
SEVERAL = 3  # organisations that a network may consist of
EVERYBODY = 0.3  # share of all accounts from which an organisation is the service itself, not a customer


def test_one_organisation(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members under its most frequent declared organisation or parent."""
    seen = (
        panel.events.filter(pl.col("organization_id").is_not_null())
        .group_by("account", "organization_id")
        .agg(pl.len().alias("n"))
        .sort("account", "n", "organization_id", descending=[False, True, False])
        .group_by("account", maintain_order=True)
        .agg(pl.col("organization_id").first().alias("seen_organization_id"))
        .collect()
    )
    accounts = panel.accounts.join(seen, on="account", how="left", maintain_order="left")
    return answers(_test_group(accounts, group) for group in panel.groups)


def _test_group(accounts: pl.DataFrame, group: Group) -> dict[str, Any]:
    population = len(accounts)
    own = accounts[group.members]
    best: tuple[float, str, int] | None = None
    known = False
    for column, words in (
        ("declared_parent_id", "parent"),
        ("declared_organization_id", "organisation"),
        ("seen_organization_id", "organisation"),
    ):
        values = own[column].drop_nulls()
        known = known or len(values) > 0
        if len(values) == 0:
            continue
        everywhere = accounts[column].value_counts(name="everywhere")
        shared = (
            values.value_counts()
            .filter(pl.col("count") >= 2)
            .join(everywhere, on=column)
            # The provider's own cloud account, or the only tenant, says nothing about these members.
            .filter((pl.col("everywhere") <= EVERYBODY * population) | (pl.col("everywhere") <= 2 * pl.col("count")))
            .sort("count", column, descending=[True, False])
            # Gateways of two or three companies may be linked to each other, each there with most of its accounts; they
            # are no less declared.
            .with_row_index("place")
            .filter((pl.col("place") == 0) | (2 * pl.col("count") >= pl.col("everywhere")))
            .head(SEVERAL)
        )
        share = float(shared["count"].sum()) / len(own)
        if shared.height and (best is None or share > best[0]):
            best = (
                share,
                words if shared.height == 1 else f"{words} or one of {shared.height}",
                int(shared["everywhere"].sum()),
            )
    if not known:
        return unassessable(group, PLUGIN, "no organisation is declared in the logs or an accounts file")
    if best is None:
        distinct = (
            own["declared_organization_id"].drop_nulls().n_unique()
            or own["seen_organization_id"].drop_nulls().n_unique()
        )
        return answer(
            group,
            PLUGIN,
            f"No two members that tell declare the same organisation or parent ({distinct} different ones).",
            measure="share of members",
            observed=0.0,
            fit=0.0,
        )
    share, words, accounts_in_all = best
    # Independent customers share a declared organisation next to never: half of the members is as good as all.
    fit = min(1.0, share / HALF * CARRIES)
    return answer(
        group,
        PLUGIN,
        f"One declared {words} {fit_words(fit)}: {share:.0%} of the members declare the same one ({accounts_in_all} "
        "accounts do in all).",
        measure=f"share of members under one declared {words}",
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
    accounts_for=frozenset(
        {
            "births",
            "checks",
            "client",
            "compensation",
            "content",
            "device",
            "exits",
            "handover",
            "hours",
            "items",
            "models",
            "order",
            "payers",
            "provenance",
            "sizes",
            "topics",
            "turns",
            "volume",
        }
    ),
)
