"""Networks → tested signs of one operator, of extraction, and innocent explanations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.faults import INTERNAL, attempt
from forensics.common.schema import HALLMARKS
from forensics.describing.sightings import find_kinds
from forensics.judging.answers import answer, answers
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.panel import build_panel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forensics.common.faults import Fault
    from forensics.common.settings import HallmarkSettings
    from forensics.judging.hallmark import Hallmark, Panel

    Spread = Callable[[Sequence[str], Panel], list[pl.DataFrame]]  # names of tests to what each answers

TURNS = ({"pooling", "extraction"}, {"concealment"}, {"explanation"})  # roles in the order they are tested


def test_networks(
    members: pl.LazyFrame,
    events: pl.LazyFrame,
    accounts: pl.LazyFrame,
    register: pl.LazyFrame,
    sightings: pl.LazyFrame,
    settings: HallmarkSettings,
    faults: list[Fault] | None = None,  # noqa: PT028 - no test of pytest
    spread: Spread | None = None,  # noqa: PT028 - as above
) -> pl.LazyFrame:
    """One row per network and test.

    In:    MEMBERS, EVENTS, ACCOUNTS, REGISTER, SIGHTINGS.
    Out:   HALLMARKS; tests whose fields are missing have `assessable` false and a reason. So have tests that failed, if
           there is a list to note their `faults` in.
           With `spread` others do the tests; one that failed there is done here again, where its fault is noted.
    Note:  deferred: nothing is read before the result is collected.
    """

    def run() -> pl.DataFrame:
        member_rows, account_rows, register_rows = pl.collect_all([members, accounts, register])
        if member_rows.is_empty():
            return HALLMARKS.empty()
        groups = {name: kind.group for name, kind in find_kinds().items()}
        panel = build_panel(member_rows, events, account_rows, register_rows, sightings, groups, settings)
        tests = [plugin for name, plugin in find_hallmarks().items() if name not in settings.off]
        # What hides is read off signs of one hand, and explanations are held against both: a class sleeps and differs,
        # a balancer does neither.
        for roles in TURNS:
            turn = [plugin for plugin in tests if plugin.role in roles]
            found = _spread(turn, panel, faults, spread) if spread else [run_one(one, panel, faults) for one in turn]
            panel = replace(panel, signs=pl.concat([panel.signs, *found]))
        return panel.signs.sort(HALLMARKS.sort)

    return pl.defer(run, schema=HALLMARKS.schema)


def _spread(turn: list[Hallmark], panel: Panel, faults: list[Fault] | None, spread: Spread) -> list[pl.DataFrame]:
    """What others answer, in the order of the tests."""
    found = spread([plugin.name for plugin in turn], panel)
    return [
        run_one(plugin, panel, faults) if answered["reason"].eq(INTERNAL).any() else answered
        for plugin, answered in zip(turn, found, strict=True)
    ]


def run_one(plugin: Hallmark, panel: Panel, faults: list[Fault] | None) -> pl.DataFrame:
    """What a hallmark answers; where it failed, that it could not assess."""
    found = attempt(f"hallmark {plugin.name}", lambda: plugin.test(panel), faults)
    if found is not None:
        return found
    return answers(
        answer(group, plugin, f"{INTERNAL.capitalize()}.", assessable=False, reason=INTERNAL) for group in panel.groups
    )


test_networks.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
