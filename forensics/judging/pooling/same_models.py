"""Members use the models in the same proportions, request by request; customers each have their habit.

Null model: activity-matched accounts outside the networks; one queue would give 0.6.
Blind to:   services with one model; pools that pin each account to a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import trimmed_mean
from forensics.judging.answers import answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import likeness, one_by_one

if TYPE_CHECKING:
    import numpy.typing as npt

    from forensics.common.arrays import Ints
    from forensics.judging.hallmark import Panel


MOST_MODELS = 12  # the rarest beyond this are counted as one
ONE_QUEUE = 0.6  # trimmed mean of a chi-square of one degree of freedom over the likest 80 %, rounded up
SPREAD = 0.25  # variance a model's count must have by chance for an account to be compared in it
FEWEST = 5  # (clock hour, model) pairs an account needs to say anything


def test_same_models(panel: Panel) -> pl.DataFrame:
    """One row per network: dispersion of model use between members, day by day.

    A model counts once a clock hour and account, so that a session that stays with its model counts once an hour.
    Members are compared with what the group used on the same days, so that accounts born after a release do not differ
    for that alone.
    """
    used = (
        panel.compared.filter(pl.col("request_model").is_not_null())
        .select("account", "request_model", pl.col("started_at").dt.truncate("1h").alias("hour_at"))
        .unique()
        .group_by("account", "request_model", pl.col("hour_at").dt.date().to_physical().alias("day"))
        .agg(pl.len().alias("n"))
        .sort("account", "day", "request_model")
        .collect()
    )
    if used.is_empty():
        return answers(unassessable(group, PLUGIN, "no model names") for group in panel.groups)
    common = (
        used.group_by("request_model")
        .agg(pl.col("n").sum())
        .sort("n", "request_model", descending=[True, False])["request_model"]
        .to_list()
    )
    place = {model: min(at, MOST_MODELS - 1) for at, model in enumerate(common)}
    columns = used["request_model"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    count = used["n"].to_numpy().astype(float)
    days = used["day"].to_numpy() - int(used["day"].to_numpy().min())
    table = _Use(
        used["account"].to_numpy().astype(np.int64),
        days.astype(np.int64),
        columns,
        count,
        len(panel.accounts),
        int(days.max()) + 1,
        max(place.values()) + 1,
    )
    return answers(
        likeness(
            panel,
            group,
            PLUGIN,
            "dispersion of model use between accounts of the same days (chi-square / df, the likest 80 % of accounts)",
            one_by_one(table.dispersion),
            one_by_one(table.dispersion)(group.matched),
            ONE_QUEUE,
            "choice of model",
        )
        for group in panel.groups
    )


class _Use:
    """Who used which model on which day, and how far the accounts of a group differ in it."""

    def __init__(
        self,
        account: Ints,
        day: Ints,
        model: Ints,
        count: npt.NDArray[np.float64],
        accounts: int,
        days: int,
        models: int,
    ) -> None:
        self.model, self.day, self.count = model, day, count
        self.days, self.models = days, models
        self.first = np.searchsorted(account, np.arange(accounts + 1))

    def dispersion(self, group: Ints) -> float:
        """Chi-square over its degrees of freedom of accounts against the group's mix on the accounts' own days."""
        length = self.first[group + 1] - self.first[group]
        row = np.repeat(np.arange(len(group)), length)
        entry = (
            np.repeat(self.first[group], length) + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
        )
        day, model, count = self.day[entry], self.model[entry], self.count[entry]
        mix = np.zeros((self.days, self.models))
        np.add.at(mix, (day, model), count)
        mix /= np.maximum(mix.sum(axis=1, keepdims=True), 1.0)
        observed = np.zeros((len(group), self.models))
        np.add.at(observed, (row, model), count)
        totals = np.bincount(row * self.days + day, weights=count, minlength=len(group) * self.days).reshape(
            len(group), self.days
        )
        expected = totals @ mix
        spread = totals @ (mix * (1.0 - mix))
        use = (totals.sum(axis=1) >= FEWEST)[:, None] & (spread > SPREAD)
        compared = use.any(axis=1)
        if compared.sum() < 2:
            return float("nan")
        # Each model's squared deviation has the mean of its variance, less what the group's own mix takes from few
        # accounts.
        each = (np.where(use, (observed - expected) ** 2, 0.0) / np.where(use, spread, 1.0)).sum(axis=1)[
            compared
        ] / use.sum(axis=1)[compared]
        return trimmed_mean(each) / (1.0 - 1.0 / int(compared.sum()))


PLUGIN = Hallmark(
    "same_models",
    "pooling",
    "usage",
    "same mix of models",
    test_same_models,
    nature="likeness",
    family="models",
    alike=(1.0, 0.3),
)
