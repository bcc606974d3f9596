"""New members that come within seconds of each other: one script set them all to work.

Statistic:  births of members (first requests after the log's first day, or dormant accounts woken) within 10 seconds of
            another member's.
Null model: each birth moved by up to half an hour either way: a class or a sale brings people in the same hour, as
            likely a minute earlier or later. Births in the first 15 seconds of a minute (programs that start by
            the clock) and those beside which an outsider is born within the same seconds (everybody comes back after an
            outage) are left out, and so is one of two accounts that begin, end and send alike: one account in two logs.
            At the floor p is the normal tail of the draws.
Blind to:   operators who start their accounts one by one; pools older than the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, wilson
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import births_of
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.judging.hallmark import Group, Panel

NEAR_S = 10.0
MOVE_S = 1800.0
CLOCK_S = 15.0  # of a minute, in which programs start by the clock
FEWEST = 6  # births that can be told
SAME_S, SAME_COUNT = 2.0, 0.1  # within which first and last request, and their number, are one account's
MATTERS = 0.1  # of the births that come together, and three times what chance brings
TIMES = 3.0
DRAWS = 199


def test_born_together(panel: Panel) -> pl.DataFrame:
    """One row per network: births within seconds of another member's."""
    everybody = np.sort(panel.births["at_s"].to_numpy().astype(float))
    return answers(_test_group(panel, group, everybody) for group in panel.groups)


def _test_group(panel: Panel, group: Group, everybody: Floats) -> dict[str, Any]:
    of_members = births_of(panel, group.members).unique("account", keep="first", maintain_order=True)
    born = of_members["at_s"].to_numpy().astype(float)
    born = born[~_told_twice(panel, of_members["account"].to_numpy())]
    born = born[(born % 60.0 >= CLOCK_S) & ~_beside_others(born, everybody)]
    if len(born) < FEWEST:
        return unassessable(
            group, PLUGIN, f"fewer than {FEWEST} members were born inside the log, and not by the clock"
        )
    rng = generator(panel, group, PLUGIN.name)
    observed = _together(born)
    drawn = np.array([_together(np.sort(born + rng.uniform(-MOVE_S, MOVE_S, len(born)))) for _ in range(DRAWS)])
    middle, low, high = interval(drawn)
    p_value = p_tail(observed, drawn, upper=True)
    own_low, own_high = wilson(observed, len(born))
    return answer(
        group,
        PLUGIN,
        f"{observed:.0f} of {len(born)} members that began or woke in sight, not by the clock nor with strangers, "
        f"did so within {NEAR_S:.0f} seconds of another one, {middle:.0f} ({low:.0f}–{high:.0f}) if each had come "
        "about that hour by itself.",
        measure=f"members that began or woke within {NEAR_S:.0f} s of another one",
        observed=observed,
        own=(own_low * len(born), own_high * len(born)),
        others=(middle, low, high),
        p_value=p_value,
        holds=p_value < SIGNIFICANT and observed >= MATTERS * len(born) and observed >= TIMES * middle,
    )


def _told_twice(panel: Panel, accounts: Ints) -> Bools:
    """Accounts, in the order of their births, that are the one before under another name: they begin and end in the
    same seconds and send as much.
    """
    own = panel.accounts[accounts].select(
        pl.col("first_seen_at", "last_seen_at").dt.epoch("us") / 1e6, pl.col("request_count").cast(pl.Float64)
    )
    first, last, count = (own[name].to_numpy() for name in own.columns)
    twice = (np.abs(np.diff(first)) <= SAME_S) & (np.abs(np.diff(last)) <= SAME_S)
    twice &= np.abs(np.diff(count)) <= SAME_COUNT * count[1:]
    return np.append(False, twice)[: len(accounts)]


def _beside_others(born: Floats, everybody: Floats) -> Bools:
    """Births with more of everybody's within the same seconds than of the members' own."""
    inside = np.searchsorted(born, born + NEAR_S, side="right") - np.searchsorted(born, born - NEAR_S)
    around = np.searchsorted(everybody, born + NEAR_S, side="right") - np.searchsorted(everybody, born - NEAR_S)
    return np.asarray(around > inside)


def _together(born: Floats) -> float:
    """Births within seconds of the one before or the one after; `born` ascends."""
    near = np.diff(born) <= NEAR_S
    return float((np.append(False, near) | np.append(near, False)).sum())


PLUGIN = Hallmark(
    "born_together",
    "pooling",
    "lifecycle",
    "new accounts that start within seconds of each other",
    test_born_together,
    nature="dependence",
    family="starts",
    phrase="new accounts start within the same seconds",
)
