"""Accounts that were opened long before and lay still: stock that was bought or kept, woken when it is needed.

Null model: accounts outside the networks, each counted if it lay as still as long (hypergeometric over accounts whose
            opening is declared inside the log or whose first request is not on its first day).
Blind to:   accounts opened when needed; logs without opening dates. Schools and firms open seats ahead of use, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import SMALLEST_P, wilson
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import DAY_S, UNSEEN_S

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Bools
    from forensics.judging.hallmark import Group, Panel

STILL_DAYS = 30.0  # between opening and first request
LEAST_SHARE = 0.3  # of members, for the sign to matter
LIFT = 2.0  # times the share among others
FEWEST = 5


def test_aged_accounts(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members whose first request came a month or more after they were opened."""
    created = (
        panel.accounts["declared_created_at"]
        if "declared_created_at" in panel.accounts.columns
        else pl.Series([None] * len(panel.accounts), dtype=pl.Datetime("us", "UTC"))
    )
    first_s = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy() / 1e6
    opened_s = created.dt.epoch("us").cast(pl.Float64).fill_null(np.nan).to_numpy() / 1e6
    # An account seen on the log's first day may have worked all the time before.
    known = np.isfinite(opened_s) & (first_s >= panel.start_s + UNSEEN_S)
    still = known & (first_s - opened_s >= STILL_DAYS * DAY_S)
    # Counted once: there may be thousands of networks.
    all_known, all_still = int(known.sum()), int(still.sum())
    return answers(_test_group(group, known, still, all_known, all_still) for group in panel.groups)


def _test_group(group: Group, known: Bools, still: Bools, all_known: int, all_still: int) -> dict[str, Any]:
    from scipy.stats import hypergeom

    own = group.members[known[group.members]]
    if len(own) < FEWEST:
        return unassessable(group, PLUGIN, f"fewer than {FEWEST} members with an opening date began inside the log")
    hits, others = int(still[own].sum()), all_known - len(own)
    rate = (all_still - hits) / others if others else float("nan")
    share = hits / len(own)
    p_value = max(SMALLEST_P, float(hypergeom.sf(hits - 1, all_known, all_still, len(own))))
    return answer(
        group,
        PLUGIN,
        f"{hits} of {len(own)} members that began inside the log had been opened {STILL_DAYS:.0f} days or more before"
        + (f" ({rate:.0%} of all others)." if np.isfinite(rate) else "."),
        measure="share of members that lay still for a month before their first request",
        observed=share,
        own=wilson(hits, len(own)),
        expected=rate,
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and share >= LEAST_SHARE and not share < LIFT * rate),
    )


PLUGIN = Hallmark(
    "aged_accounts",
    "concealment",
    "lifecycle",
    "accounts kept in stock",
    test_aged_accounts,
    nature="concealment",
    family="ages",
    share_of_members=True,
    phrase="accounts kept in stock",
)
