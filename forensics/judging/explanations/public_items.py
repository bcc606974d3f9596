"""Explanation: a public benchmark or a set exercise: the same items on many accounts, again and again.

Null model: none; share of the members' prompts (weighted by requests) that two or more members sent.
Blind to:   logs without prompt hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.scale import SPEAKS
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

FEWEST_EVENTS = 20
FEWEST_ITEMS = 10  # a health-check ping is one item; a benchmark has many


def test_public_items(panel: Panel) -> pl.DataFrame:
    """One row per network: how much of its traffic is items that several members send."""
    rows = rows_by_network(panel)
    return answers(_test_group(group, panel.tested[rows[group.network_id]]) for group in panel.groups)


def _test_group(group: Group, asked: pl.DataFrame) -> dict[str, Any]:
    own = asked.filter(pl.col("prompt_hash").is_not_null())
    if own.height < FEWEST_EVENTS:
        return unassessable(
            group, PLUGIN, "no prompt hashes" if own.is_empty() else "too few requests with a prompt hash"
        )
    items = own.group_by("prompt_hash").agg(pl.col("account").n_unique().alias("accounts"), pl.len().alias("events"))
    common = items.filter(pl.col("accounts") >= 2)
    share = float(common["events"].sum() / own.height)
    fit = share if common.height >= FEWEST_ITEMS else 0.0
    return answer(
        group,
        PLUGIN,
        f"A public benchmark or set exercise {fit_words(fit)}: {share:.0%} of the requests "
        f"are items that two or more members sent ({common.height} such items).",
        measure="share of requests with items that two or more members sent",
        observed=share,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "public_items",
    "explanation",
    "benchmark",
    "public items",
    test_public_items,
    accounts_for=frozenset({"content", "items", "models", "order", "topics"}),
)
