"""Most of the members' requests run through a few templates of the network's own.

Null model: the same measure for as many matched accounts outside the networks, each with its own most used template
            that any other account shares.
Blind to:   logs without text or hashes. One customer's data job looks the same, but is one account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, percentiles
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import resample
from forensics.judging.sharing import CONTENT, has_kinds

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from forensics.judging.hallmark import Group, Panel

LEAST_SHARE = 0.5  # of requests, for the sign to matter


def test_narrow_task(panel: Panel) -> pl.DataFrame:
    """One row per network: mean over members of the share of requests that show its own content."""
    content = panel.sightings.filter(pl.col("kind").is_in(CONTENT) & (pl.col("event_count") > 0))
    requests = panel.accounts["request_count"].to_numpy().astype(float)
    shared = content.filter(pl.len().over("kind", "value") >= 2)
    everybody = _largest(shared, len(panel.accounts)) / requests
    if not has_kinds(panel, CONTENT):
        return answers(unassessable(group, PLUGIN, "no prompt text and no content hashes") for group in panel.groups)
    shown = (
        panel.tied.filter(pl.col("kind").is_in(CONTENT))
        .group_by("network_id", "account")
        .agg(pl.col("event_count").max())
    )
    return answers(
        _test_group(panel, group, shown.filter(pl.col("network_id") == group.network_id), requests, everybody)
        for group in panel.groups
    )


def _largest(content: pl.LazyFrame, accounts: int) -> npt.NDArray[np.float64]:
    """Per account the events of its most frequent content value."""
    top = content.group_by("account").agg(pl.col("event_count").max()).collect()
    result = np.zeros(accounts)
    result[top["account"].to_numpy()] = top["event_count"].to_numpy()
    return result


def _test_group(panel: Panel, group: Group, shown: pl.DataFrame, requests: Any, everybody: Any) -> dict[str, Any]:  # noqa: ANN401 - arrays
    per_account = np.zeros(len(requests))
    per_account[shown["account"].to_numpy()] = shown["event_count"].to_numpy()
    per_account /= requests
    observed = float(per_account[group.members].mean())
    null = everybody[group.matched].mean(axis=1) if len(group.matched) else np.zeros(0)
    middle, low, high = interval(null)
    p_value = p_tail(observed, null, upper=True)
    own_low, own_high = percentiles(
        per_account[resample(panel, group, PLUGIN.name, group.members)].mean(axis=1), observed
    )
    return answer(
        group,
        PLUGIN,
        f"At least {observed:.0%} of a member's requests run through content of the network's own"
        + (
            f" (comparable customers send {middle:.0%} through anything they share with anybody)."
            if np.isfinite(middle)
            else "."
        ),
        measure="share of a member's requests with the network's own content (mean)",
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value if len(null) else None,
        holds=bool(len(null) and p_value <= SIGNIFICANT and observed >= LEAST_SHARE),
    )


PLUGIN = Hallmark(
    "narrow_task",
    "extraction",
    "narrowness",
    "few templates carry the traffic",
    test_narrow_task,
    nature="content",
    family="narrowness",
)
