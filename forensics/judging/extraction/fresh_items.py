"""One template, ever new items: nearly no prompt of the network comes twice, on one account or on two.

Null model: repeat share of activity-matched accounts outside the networks.
Blind to:   logs without prompt hashes. Means little unless templates are shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, percentiles
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import resample
from forensics.judging.sharing import count_prompts, own_content, repeat_shares
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats
    from forensics.judging.hallmark import Group, Panel

FRESH = 0.05  # share of requests that repeat an earlier prompt, up to which items count as new
FEWEST_EVENTS = 50


def test_fresh_items(panel: Panel) -> pl.DataFrame:
    """One row per network: share of requests whose prompt any member has sent before."""
    sent, different = count_prompts(panel)
    rows = rows_by_network(panel)
    return answers(
        _test_group(panel, group, panel.tested[rows[group.network_id]], sent, different) for group in panel.groups
    )


def _test_group(panel: Panel, group: Group, asked: pl.DataFrame, sent: Floats, different: Floats) -> dict[str, Any]:
    own = asked.filter(pl.col("prompt_hash").is_not_null())
    if own.height < FEWEST_EVENTS:
        return unassessable(
            group,
            PLUGIN,
            "no prompt hashes" if own.is_empty() else f"fewer than {FEWEST_EVENTS} requests with a prompt hash",
        )
    repeats = 1.0 - own["prompt_hash"].n_unique() / own.height
    null = repeat_shares(group.matched, sent, different)
    middle, low, high = interval(null)
    # An item that all members share is the benchmark's or the class's, not a shard.
    across = (
        own.group_by("prompt_hash").agg(pl.col("account").n_unique().alias("n")).filter(pl.col("n") >= 2).height
        / own["prompt_hash"].n_unique()
    )
    p_value = p_tail(repeats, null, upper=False) if np.isfinite(middle) else None
    account, number = np.searchsorted(group.tested, own["account"].to_numpy()), len(group.tested)
    repeated = (~own["prompt_hash"].is_first_distinct()).to_numpy().astype(float)
    by_account = np.stack([np.bincount(account, repeated, number), np.bincount(account, minlength=number)])
    again = by_account[:, np.searchsorted(group.tested, resample(panel, group, PLUGIN.name))].sum(axis=2)
    own_low, own_high = percentiles(again[0] / np.maximum(again[1], 1.0), repeats)
    templates = own_content(panel, group).height
    return answer(
        group,
        PLUGIN,
        f"{repeats:.1%} of the members' requests repeat an earlier prompt of the network, {across:.1%} of the prompts "
        "came from two or more members"
        + (f" (comparable customers repeat {middle:.1%})." if np.isfinite(middle) else "."),
        measure="share of requests that repeat a prompt",
        observed=float(repeats),
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(
            p_value is not None and p_value <= SIGNIFICANT and repeats <= FRESH and across <= FRESH and templates
        ),
    )


PLUGIN = Hallmark(
    "fresh_items",
    "extraction",
    "items",
    "new items every time",
    test_fresh_items,
    nature="content",
    family="items",
)
