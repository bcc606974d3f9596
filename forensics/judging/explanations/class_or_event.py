"""Explanation: a class, a course, a hackathon: people who signed up together, each at their own pace, or all on the
days they meet.

Null model: none; the weakest of three conditions decides: something in common at sign-up, a burst of births, human
            differences or gatherings (most requests on few days that lie apart: lessons, deadlines).
Blind to:   events without a common domain, code or place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import SPEAKS
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness, positions
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats
    from forensics.judging.hallmark import Group, Panel

TOGETHER = ("declared_referrer", "declared_email_domain")
PLACE = kinds_where(group="network") + kinds_where(weak=True, payer=False)
LEFT_TO_PEOPLE = ("volume", "models")
BURST_DAYS = 10.0  # of births that one event gathers
FEWEST_DAYS = 7  # of a network's life, so that days can lie apart
BUSIEST = 0.2  # share of the days that are looked at for gatherings
GATHERED = (0.5, 0.9)  # share of requests on these days, from which they are gatherings and at which certainly
AT_MOST = 0.75  # what gatherings say for people: a queue may be filled in bursts too, so they never carry alone
EVERYBODY = 0.2  # share of all accounts from which a mail domain or code is not an event's


def test_class_or_event(panel: Panel) -> pl.DataFrame:
    """One row per network: how well a class or event explains it."""
    born = panel.accounts["born_at"].dt.epoch("us").to_numpy() / 86400e6
    at_s, rows = panel.tested["at_s"].to_numpy(), rows_by_network(panel)
    return answers(_test_group(panel, group, born, at_s[rows[group.network_id]]) for group in panel.groups)


def _test_group(panel: Panel, group: Group, born: Any, at_s: Floats) -> dict[str, Any]:  # noqa: ANN401 - array
    size, population = len(group.members), len(panel.accounts)
    ties = panel.ties_of(group).filter(pl.col("kind").is_in(PLACE) & (pl.col("holders") <= EVERYBODY * population))
    together = float(ties["inside"].max() or 0) / size  # type: ignore[arg-type]
    births = np.sort(born[group.members])
    burst = float(
        max((np.searchsorted(births, start + BURST_DAYS, side="right") - at) for at, start in enumerate(births)) / size
    )
    # Accounts that all began before the log tell nothing of a burst.
    visible = (
        float((births > panel.start_s / 86400 + 1).mean())
        if panel.accounts["declared_created_at"].null_count() == population
        else 1.0
    )
    # An event sets hours and tasks for all; how much each one does, and with what, it leaves to them. One queue makes
    # them alike in both.
    known = positions(panel, group, *LEFT_TO_PEOPLE)["family"].unique(maintain_order=True)
    human = max((humanness(panel, group, family) for family in known), default=humanness(panel, group))
    met = _gathered(at_s)
    fit = float(
        min(
            together,
            burst * visible,
            max(human, AT_MOST * float(np.clip((met - GATHERED[0]) / (GATHERED[1] - GATHERED[0]), 0.0, 1.0))),
        )
    )
    return answer(
        group,
        PLUGIN,
        f"A class or event {fit_words(fit)}: {together:.0%} share a mail domain, code or place, "
        f"{burst:.0%} were born within {BURST_DAYS:.0f} days, human differences {human:.0%}, "
        f"{met:.0%} of requests on few days that lie apart.",
        measure="weakest of: something in common, births together, human differences or gatherings",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


def _gathered(at_s: Floats) -> float:
    """Share of the members' requests on the busiest fifth of the network's days; nothing if these are one stretch."""
    if len(at_s) == 0:
        return 0.0
    counts = np.bincount(((at_s - at_s.min()) // 86400).astype(np.int64))
    if len(counts) < FEWEST_DAYS:
        return 0.0
    busiest = np.sort(np.argsort(-counts, kind="stable")[: int(np.ceil(BUSIEST * len(counts)))])
    return float(counts[busiest].sum() / counts.sum()) if (np.diff(busiest) > 1).any() else 0.0


PLUGIN = Hallmark(
    "class_or_event",
    "explanation",
    "event",
    "class, event",
    test_class_or_event,
    accounts_for=frozenset(
        {"births", "client", "content", "exits", "hours", "items", "models", "sizes", "starts", "topics"}
    ),
)
