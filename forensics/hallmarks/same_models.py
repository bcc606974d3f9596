"""Members use the models in the same proportions, request by request; customers each have their habit.

Null model: activity-matched accounts outside the networks; one queue would give a dispersion of 1.
Blind to:   services with one model; pools that pin each account to a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.panel import answers, likeness
from forensics.plugins import Hallmark
from forensics.statistics import dispersion

if TYPE_CHECKING:
    from forensics.plugins import Panel

MOST_MODELS = 12  # the rarest beyond this are counted as one
FEWEST = 5  # (clock hour, model) pairs an account needs to say anything


def test_same_models(panel: Panel) -> pl.DataFrame:
    """One row per network: dispersion of model use between members.

    A model counts once a clock hour and account, so that a session that stays with its model counts once an hour.
    """
    used = (
        panel.events.filter(pl.col("request_model").is_not_null())
        .select("account", "request_model", pl.col("started_at").dt.truncate("1h"))
        .unique()
        .group_by("account", "request_model")
        .agg(pl.len().alias("n"))
        .collect()
    )
    common = used.group_by("request_model").agg(pl.col("n").sum()).sort("n", "request_model", descending=[True, False])["request_model"].to_list()
    place = {model: min(at, MOST_MODELS - 1) for at, model in enumerate(common)}
    table = np.zeros((len(panel.accounts), max(1, min(len(common), MOST_MODELS))))
    columns = used["request_model"].replace_strict(place, return_dtype=pl.Int64).to_numpy() if place else np.zeros(0, dtype=np.int64)
    np.add.at(table, (used["account"].to_numpy(), columns), used["n"].to_numpy())
    table[table.sum(axis=1) < FEWEST] = 0.0
    return answers(
        likeness(
            group,
            PLUGIN,
            "dispersion of model use between accounts (chi-square / df)",
            dispersion(table[group.tested]),
            np.array([dispersion(table[draw]) for draw in group.matched]),
            1.0,
            "choice of model",
        )
        for group in panel.groups
    )


PLUGIN = Hallmark("same_models", "pooling", "usage", "same mix of models", test_same_models)
