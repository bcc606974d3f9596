"""Explanation: a company's gateway that spreads its work over a few keys of its own, openly and steadily.

Null model: none; few accounts, none banned, all there for the whole time, and nobody who declares to be somebody else.
Blind to:   small rings where no accounts file tells who is who; it never carries on its own without a declared organisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.panel import SPEAKS, answer, answers, fit_words
from forensics.plugins import Hallmark

if TYPE_CHECKING:
    from typing import Any

    from forensics.plugins import Group, Panel

FEW = 8  # keys that a gateway shuffles over
UNDECLARED = 0.7  # what it can explain where nobody declares anything
OPEN = 0.9  # share of members with one mail domain and one egress or payer from which nothing is hidden
DECLARED = ("declared_organization_id", "declared_parent_id")


def test_company_gateway(panel: Panel) -> pl.DataFrame:
    """One row per network: how well a gateway over a few own keys explains it."""
    first = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy() / 1e6
    last = panel.accounts["last_seen_at"].dt.epoch("us").to_numpy() / 1e6
    tells = any(panel.accounts[name].is_not_null().any() for name in DECLARED)
    return answers(_test_group(panel, group, first, last, tells=tells) for group in panel.groups)


def _test_group(panel: Panel, group: Group, first: Any, last: Any, *, tells: bool) -> dict[str, Any]:  # noqa: ANN401 - arrays
    own = panel.accounts[group.members]
    size = len(group.members)
    span = max(1.0, float(last[group.members].max() - first[group.members].min()))
    steady = float(np.mean((last - first)[group.members] / span))
    banned = int(own["banned_at"].is_not_null().sum())
    # One mail domain and one egress or payer for all: whoever hides does not leave all of it open.
    openly = min(_most(panel, group, ("email_domain",)), max(_most(panel, group, ("address", "prefix")), _most(panel, group, ("payment",))))
    if size > FEW or banned:
        fit = 0.0
    elif openly >= OPEN:
        fit = min(steady, openly)
    elif tells:
        # Where others declare organisations, keys of one company would; strangers and individuals do not.
        top = max(float(own[name].drop_nulls().value_counts()["count"].max() or 0) for name in DECLARED) / size  # type: ignore[arg-type]
        fit = min(steady, top)
    else:
        fit = min(steady, UNDECLARED)
    return answer(
        group,
        PLUGIN,
        f"A company's gateway {fit_words(fit)}: {size} accounts, {banned} banned, there for {steady:.0%} of the network's time on average"
        + (
            f", {openly:.0%} share a mail domain and an egress or payer openly."
            if openly >= OPEN
            else ", no one organisation declared."
            if tells and fit < SPEAKS
            else "."
        ),
        measure="few, steady, unbanned and declared",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


def _most(panel: Panel, group: Group, kinds: tuple[str, ...]) -> float:
    """Share of the members that show the most widespread observable of these kinds."""
    ties = panel.ties.filter((pl.col("network_id") == group.network_id) & pl.col("kind").is_in(kinds))
    return float(ties["inside"].max() or 0) / len(group.members)  # type: ignore[arg-type]


PLUGIN = Hallmark("company_gateway", "explanation", "gateway", "company gateway", test_company_gateway)
