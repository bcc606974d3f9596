"""Networks → tested signs of one operator, of extraction, and innocent explanations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.schema import HALLMARKS
from forensics.describing.sightings import find_kinds
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.panel import build_panel

if TYPE_CHECKING:
    from forensics.common.settings import HallmarkSettings


def test_networks(
    members: pl.LazyFrame,
    events: pl.LazyFrame,
    accounts: pl.LazyFrame,
    register: pl.LazyFrame,
    sightings: pl.LazyFrame,
    settings: HallmarkSettings,
) -> pl.LazyFrame:
    """One row per network and test.

    In:    MEMBERS, EVENTS, ACCOUNTS, REGISTER, SIGHTINGS.
    Out:   HALLMARKS; tests whose fields are missing have `assessable` false and a reason.
    Note:  deferred: nothing is read before the result is collected.
    """

    def run() -> pl.DataFrame:
        member_rows, account_rows, register_rows = pl.collect_all([members, accounts, register])
        if member_rows.is_empty():
            return HALLMARKS.empty()
        groups = {name: kind.group for name, kind in find_kinds().items()}
        panel = build_panel(member_rows, events, account_rows, register_rows, sightings, groups, settings)
        tests = [plugin for name, plugin in find_hallmarks().items() if name not in settings.off]
        signs = pl.concat(
            [HALLMARKS.empty(), *(plugin.test(panel) for plugin in tests if plugin.role != "explanation")]
        )
        # Explanations are held against the signs: a class sleeps and differs, a balancer does neither.
        panel = replace(panel, signs=signs)
        return pl.concat([signs, *(plugin.test(panel) for plugin in tests if plugin.role == "explanation")]).sort(
            HALLMARKS.sort
        )

    return pl.defer(run, schema=HALLMARKS.schema)


test_networks.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
