"""Explanation: cron jobs and batch schedules that fire at the same minutes: regular, locked to the clock, otherwise
apart.

Null model: none; share of tested members whose requests sit at fixed minutes of the hour or day.
Blind to:   schedules with jitter of many minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import SPEAKS
from forensics.common.streams import SILENCE_S
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.sharing import tied_share

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

FEWEST_STARTS = 8
LOCKED = 0.8  # resultant length of the phase from which an account is locked to the clock
PERIODS_S = (3600.0, 86400.0)


def test_scheduled_jobs(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members locked to the clock, where they do not ask the same."""
    starts = (
        panel.tested.sort("account", "at_s")
        .filter(
            (pl.col("account") != pl.col("account").shift(1)).fill_null(value=True)
            | (pl.col("at_s") - pl.col("at_s").shift(1) > SILENCE_S)
        )
        .select("account", "at_s")
    )
    angles = [(2 * np.pi / period) * pl.col("at_s") for period in PERIODS_S]
    phases = starts.group_by("account").agg(
        pl.len().alias("n"),
        pl.max_horizontal((angle.cos().mean() ** 2 + angle.sin().mean() ** 2).sqrt() for angle in angles).alias(
            "locked"
        ),
    )
    table = np.full(len(panel.accounts), np.nan)
    use = phases.filter(pl.col("n") >= FEWEST_STARTS)
    table[use["account"].to_numpy()] = use["locked"].to_numpy()
    return answers(_test_group(panel, group, table) for group in panel.groups)


def _test_group(panel: Panel, group: Group, table: Any) -> dict[str, Any]:  # noqa: ANN401 - array
    own = table[group.tested]
    known = np.isfinite(own)
    if known.sum() < max(2, 0.2 * len(own)):
        return unassessable(group, PLUGIN, f"too few members with {FEWEST_STARTS} separate starts")
    locked = float((own[known] >= LOCKED).mean())
    asked = tied_share(panel, group, kinds=kinds_where(asked=True, program=False))
    fit = max(0.0, min(locked, 1.0 - asked))
    return answer(
        group,
        PLUGIN,
        f"Scheduled jobs {fit_words(fit, many=True)}: {locked:.0%} of the members start at fixed minutes of an hour or "
        f"a day, {asked:.0%} show wording that is mostly the network's own.",
        measure="locked to the clock and asking different things",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "scheduled_jobs",
    "explanation",
    "cron",
    "scheduled jobs",
    test_scheduled_jobs,
    accounts_for=frozenset({"checks", "hours", "starts", "turns"}),
)
