"""Members use the models in the same proportions, request by request; customers each have their habit.

Null model: activity-matched accounts outside the networks; one queue would give 0.6.
Blind to:   services with one model; pools that pin each account to a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import trimmed_means
from forensics.judging.answers import answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import likeness

if TYPE_CHECKING:
    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Panel


MOST_MODELS = 12  # the rarest beyond this are counted as one
ONE_QUEUE = 0.6  # trimmed mean of a chi-square of one degree of freedom over the likest 80 %, rounded up
SPREAD = 0.25  # variance a model's count must have by chance for an account to be compared in it
ROOM = 2_000_000  # numbers that are held at once
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
            table.dispersions,
            table.dispersions(group.matched),
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

    def dispersions(self, groups: Ints) -> Floats:
        """For each group (a row) chi-square over its degrees of freedom of accounts against the group's mix on the
        accounts' own days.
        """
        length = self.first[groups + 1] - self.first[groups]
        step = max(
            1, ROOM // max(1, groups.shape[1] * (self.days + 2 * self.models), int(length.sum(axis=1).max(initial=1)))
        )
        parts = [self._measure(groups[start : start + step]) for start in range(0, len(groups), step)]
        return np.concatenate([np.zeros(0), *parts])

    def _measure(self, groups: Ints) -> Floats:
        observed, totals, mix = self._count(groups)
        expected = totals @ mix
        spread = totals @ (mix * (1.0 - mix))
        use = (totals.sum(axis=2) >= FEWEST)[:, :, None] & (spread > SPREAD)
        compared = use.any(axis=2)
        # Each model's squared deviation has the mean of its variance, less what the group's own mix takes from few
        # accounts.
        each = (np.where(use, (observed - expected) ** 2, 0.0) / np.where(use, spread, 1.0)).sum(axis=2)
        means = trimmed_means(each / np.maximum(use.sum(axis=2), 1), compared)
        return np.asarray(means / (1.0 - 1.0 / np.maximum(compared.sum(axis=1), 2)))

    def _count(self, groups: Ints) -> tuple[Floats, Floats, Floats]:
        """By group: what each account used of each model, on each day of all, and the group's mix of each day."""
        draws, size = groups.shape
        flat = groups.ravel()
        length = self.first[flat + 1] - self.first[flat]
        row = np.repeat(np.arange(len(flat)), length)
        entry = (
            np.repeat(self.first[flat], length) + np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
        )
        day, model, count = self.day[entry], self.model[entry], self.count[entry]

        def add(place: Ints, *shape: int) -> Floats:
            return np.bincount(place, weights=count, minlength=int(np.prod(shape))).astype(np.float64).reshape(shape)

        mix = add((row // size * self.days + day) * self.models + model, draws, self.days, self.models)
        mix /= np.maximum(mix.sum(axis=2, keepdims=True), 1.0)
        observed = add(row * self.models + model, draws, size, self.models)
        return observed, add(row * self.days + day, draws, size, self.days), mix


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
