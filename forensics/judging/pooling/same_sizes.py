"""Members send requests of the same sizes; customers each have their own.

Null model: activity-matched accounts outside the networks; one queue would give next to no variance between accounts.
Blind to:   logs without token counts; pools that carry one customer's jobs per account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import between_shares
from forensics.judging.answers import answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import likeness

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Panel


LEAST_SHARE = 0.05  # between-account share of variance that sessions and retries leave even in one queue


def test_same_sizes(panel: Panel) -> pl.DataFrame:
    """One row per network: share of the variance of log tokens that lies between accounts, input and output averaged,
    by medians.
    """
    shares: dict[str, list[np.ndarray]] = {}
    for name in ("input_tokens", "output_tokens"):
        # In thousandths and whole, so that sums are exact in whichever order rows come.
        size = ((pl.col(name).cast(pl.Float64) + 1.0).log() * 1000.0).round().cast(pl.Int64)
        sums = (
            panel.compared.filter(pl.col(name).is_not_null())
            .group_by("account")
            .agg(size.len().alias("n"), size.sum().alias("s"), (size**2).sum().alias("q"))
            .collect()
        )
        if sums.height:
            table = np.zeros((3, len(panel.accounts)))
            table[:, sums["account"].to_numpy()] = sums.select("n", "s", "q").to_numpy().T
            shares[name] = list(table)

    def differ(groups: Ints) -> Floats:
        between = np.mean(
            [between_shares(*(column[groups] for column in columns)) for columns in shares.values()], axis=0
        )
        return np.asarray(np.maximum(between, LEAST_SHARE))

    rows = []
    for group in panel.groups:
        if not shares:
            rows.append(unassessable(group, PLUGIN, "no token counts"))
            continue
        rows.append(
            likeness(
                panel,
                group,
                PLUGIN,
                "share of variance of log tokens between accounts",
                differ,
                differ(group.matched),
                LEAST_SHARE,
                "size of requests",
            )
        )
    return answers(rows)


PLUGIN = Hallmark(
    "same_sizes",
    "pooling",
    "usage",
    "same sizes of requests",
    test_same_sizes,
    nature="likeness",
    family="sizes",
    alike=(1.0, 0.7),
)
