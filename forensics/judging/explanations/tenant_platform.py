"""Explanation: one product with a key for each of its customers: same prompts, one egress or payer, but customers who
differ.

Null model: none; the weaker of two conditions decides: one product's look, and tenants that live their own lives.
Blind to:   platforms whose tenants are alike in hours, volume and models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.common.scale import SPEAKS
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness
from forensics.judging.sharing import commonest

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.judging.hallmark import Group, Panel

LOOK = kinds_where(asked=True, piece=False)  # a product's own prompts; pieces of text are everybody's
ONE_PAYER = kinds_where(payer=True) + kinds_where(group="network")


def test_tenant_platform(panel: Panel) -> pl.DataFrame:
    """One row per network: how well a tenant platform explains it."""
    return answers(_test_group(panel, group) for group in panel.groups)


def _test_group(panel: Panel, group: Group) -> dict[str, Any]:
    product = commonest(panel, group, LOOK)
    front = commonest(panel, group, ONE_PAYER)
    human = humanness(panel, group)
    fit = min(max(product, front), (product + front) / 2 + 0.3, human)
    return answer(
        group,
        PLUGIN,
        f"A tenant platform {fit_words(fit)}: {product:.0%} show one and the same prompt or words, "
        f"{front:.0%} one payer or exit, members differ in rhythm and volume by {human:.0%} of what separate customers "
        "do.",
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
    accounts_for=frozenset({"client", "content", "exits", "models", "payers", "sizes", "starts", "topics"}),
)
