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
from forensics.judging.looked_at import in_memory
from forensics.judging.panel import build_panel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forensics.common.faults import Fault
    from forensics.common.settings import HallmarkSettings
    from forensics.judging.hallmark import Hallmark, Panel
    from forensics.judging.looked_at import Keep

    Share = Callable[[Panel, Sequence[str]], list[pl.DataFrame]]


TURNS = ({"pooling", "extraction"}, {"concealment"}, {"explanation"})  # roles in the order they are tested


def test_networks(
    members: pl.LazyFrame,
    events: pl.LazyFrame,
    accounts: pl.LazyFrame,
    register: pl.LazyFrame,
    sightings: pl.LazyFrame,
    settings: HallmarkSettings,
    faults: list[Fault] | None = None,  # noqa: PT028 - no test of pytest
    keep: Keep = in_memory,  # noqa: PT028 - no test of pytest
    share: Share | None = None,  # noqa: PT028 - no test of pytest
) -> pl.LazyFrame:
    """One row per network and test.

    In:    MEMBERS, EVENTS, ACCOUNTS, REGISTER, SIGHTINGS.
    Out:   HALLMARKS; tests whose fields are missing have `assessable` false and a reason. So have tests that failed, if
           there is a list to note their `faults` in.
    Note:  what tests look at of requests goes through `keep` (a name and a frame to a scan of what was kept); where
           there is a `share`, it answers for tests by their names, as `ask_one` does.
    Note:  deferred: nothing is read before the result is collected.
    """

    def run() -> pl.DataFrame:
        member_rows, account_rows, register_rows = pl.collect_all([members, accounts, register])
        if member_rows.is_empty():
            return HALLMARKS.empty()
        groups = {name: kind.group for name, kind in find_kinds().items()}
        panel = build_panel(member_rows, events, account_rows, register_rows, sightings, groups, settings, keep)
        tests = [plugin for name, plugin in find_hallmarks().items() if name not in settings.off]
        # What hides is read off signs of one hand, and explanations are held against both: a class sleeps and differs,
        # a balancer does neither.
        for roles in TURNS:
            chosen = [plugin for plugin in tests if plugin.role in roles]
            found = _ask_all(chosen, panel, faults, share)
            panel = replace(panel, signs=pl.concat([panel.signs, *found]))
        return panel.signs.sort(HALLMARKS.sort)

    return pl.defer(run, schema=HALLMARKS.schema)


def _ask_all(
    chosen: Sequence[Hallmark], panel: Panel, faults: list[Fault] | None, share: Share | None
) -> list[pl.DataFrame]:
    """What these tests answer; those that failed elsewhere are asked again here, so that the fault is noted."""
    if share is None:
        return [_test(plugin, panel, faults) for plugin in chosen]
    told = share(panel, [plugin.name for plugin in chosen])
    return [
        _test(plugin, panel, faults) if (rows["reason"] == INTERNAL).any() else rows
        for plugin, rows in zip(chosen, told, strict=True)
    ]


def ask_one(panel: Panel, name: str) -> pl.DataFrame:
    """What one test answers; that it could not assess, where it fails."""
    return _test(find_hallmarks()[name], panel, [])


def _test(plugin: Hallmark, panel: Panel, faults: list[Fault] | None) -> pl.DataFrame:
    """What a hallmark answers; where it failed, that it could not assess."""
    found = attempt(f"hallmark {plugin.name}", lambda: plugin.test(panel), faults)
    if found is not None:
        return found
    return answers(
        answer(group, plugin, f"{INTERNAL.capitalize()}.", assessable=False, reason=INTERNAL) for group in panel.groups
    )


test_networks.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
