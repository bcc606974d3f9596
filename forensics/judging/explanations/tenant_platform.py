"""Explanation: one product with a key for each of its customers: same prompts, one egress or payer, but customers who
differ.

Null model: none; the weaker of two conditions decides: one product's look, and tenants that live their own lives.
Blind to:   platforms whose tenants are alike in hours, volume and models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.scale import SPEAKS
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness
from forensics.judging.sharing import CONTENT, tied_share

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

ONE_PAYER = kinds_where(payer=True) + kinds_where(group="network")


def test_tenant_platform(panel: Panel) -> pl.DataFrame:
    """One row per network: how well a tenant platform explains it."""
    return answers(_test_group(panel, group) for group in panel.groups)


def _test_group(panel: Panel, group: Group) -> dict[str, Any]:
    size = len(group.members)
    product = tied_share(panel, group, kinds=CONTENT)
    ties = panel.ties.filter((pl.col("network_id") == group.network_id) & pl.col("kind").is_in(ONE_PAYER))
    front = float(ties["inside"].max() or 0) / size  # type: ignore[arg-type]
    human = humanness(panel, group)
    fit = min(max(product, front), (product + front) / 2 + 0.3, human)
    return answer(
        group,
        PLUGIN,
        f"A tenant platform {fit_words(fit)}: {product:.0%} share one prompt, {front:.0%} one payer or egress, "
        f"members differ in rhythm and volume by {human:.0%} of what separate customers do.",
        measure="weaker of: one product's look, tenants that differ",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "tenant_platform",
    "explanation",
    "platform",
    "tenant platform",
    test_tenant_platform,
    accounts_for=frozenset({"client", "content", "exits", "models", "payers", "sizes", "topics"}),
)
