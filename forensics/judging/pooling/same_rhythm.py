"""Members keep the same hours of the day, as accounts fed by one queue do; people each keep their own.

Null model: activity-matched accounts outside the networks; one queue is drawn from the pooled hours.
Blind to:   pools that hand each account its own shift; accounts with few active hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import dispersion_of_one_source, dispersions
from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import likeness
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Panel


BINS = 8  # of three hours
FEWEST_HOURS = 6  # active clock hours an account needs to say anything


def test_same_rhythm(panel: Panel) -> pl.DataFrame:
    """One row per network: dispersion of the members' active clock hours over the day.

    Active clock hours, not requests, are counted, so that one long session counts once an hour.
    """
    hours = (
        panel.compared.select("account", pl.col("started_at").dt.truncate("1h").alias("hour_at"))
        .unique()
        .group_by("account", (pl.col("hour_at").dt.hour() // (24 // BINS)).alias("bin"))
        .agg(pl.len().alias("n"))
        .collect()
    )
    table = np.zeros((len(panel.accounts), BINS))
    table[hours["account"].to_numpy(), hours["bin"].to_numpy()] = hours["n"].to_numpy()
    table[table.sum(axis=1) < FEWEST_HOURS] = 0.0

    def differ(groups: Ints) -> Floats:
        return dispersions(table, groups)

    return answers(
        likeness(
            panel,
            group,
            PLUGIN,
            "dispersion of active hours over the day between accounts (chi-square / df, the likest 80 % of accounts)",
            differ,
            differ(group.matched),
            dispersion_of_one_source(table[group.tested], generator(panel, group, PLUGIN.name)),
            "hours of the day",
        )
        for group in panel.groups
    )


PLUGIN = Hallmark(
    "same_rhythm",
    "pooling",
    "rhythm",
    "same hours of the day",
    test_same_rhythm,
    nature="likeness",
    family="hours",
    alike=(0.5, 2.0),
)
