"""Networks → tested signs of one operator, of extraction, and innocent explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.panel import build_panel
from forensics.plugins import Hallmark, discover
from forensics.schema import HALLMARKS

if TYPE_CHECKING:
    from forensics.config import HallmarkSettings


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
        panel = build_panel(member_rows, events, account_rows, register_rows, sightings, settings)
        tests = [plugin for name, plugin in discover(__name__).items() if isinstance(plugin, Hallmark) and name not in settings.off]
        return pl.concat([HALLMARKS.empty(), *(plugin.test(panel) for plugin in tests)]).sort(HALLMARKS.sort)

    return pl.defer(run, schema=HALLMARKS.schema)


test_networks.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
