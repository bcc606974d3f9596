"""The steps that are cut into tasks: accounts a bucket at a time, shared observables a part of the values at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.disk import writing
from forensics.common.schema import EVENTS, HALLMARKS
from forensics.describing.buckets import find_bounds, take_bucket
from forensics.describing.features import describe_accounts
from forensics.describing.principals import find_principals
from forensics.describing.sightings import find_kinds, find_whole, gather_sightings, tally_sightings
from forensics.describing.sightings.counting import choose_shared
from forensics.judging.testing import ask_one
from forensics.pipeline.engines import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from forensics.common.settings import FeatureSettings, Settings, SightingSettings
    from forensics.judging.hallmark import Panel
    from forensics.judging.testing import Share
    from forensics.pipeline.engines import Engine

# What neither features nor sightings look at; the largest columns of an event.
UNSEEN = ("prompt_text", "system_text", "request_id", "trace_id", "error_code", "client_as_name", "ended_at")
TALLY_GROUP = 16_384  # tallies read together: a part of the values finds its own among them by `deal`


class Cut:
    """EVENTS and REGISTER cut into buckets of accounts, for the tasks of one run."""

    def __init__(self, events: pl.LazyFrame, register: pl.LazyFrame, engine: Engine, folder: Path) -> None:
        self.events, self.register, self.engine, self.folder = events, register, engine, folder
        self.bounds = find_bounds(events, engine.budget.bucket_rows(engine.workers))

    def describe(self, settings: Settings) -> pl.LazyFrame:
        """ACCOUNTS."""
        (principals,) = self.engine.run(
            [Task("principals", find_principals, (self.events, self.register))], self.folder
        )
        tasks = self._tasks("accounts", describe_bucket, settings.features, principals)
        return pl.concat(self.engine.run(tasks, self.folder))

    def tell_sightings(self, settings: Settings) -> pl.LazyFrame:
        """SIGHTINGS."""
        chosen = settings.sightings
        whole = [
            Task(f"whole-{name}", find_one, (name, self.events, self.register, chosen))
            for name, kind in find_kinds().items()
            if kind.whole and kind.name not in chosen.off
        ]
        # kinds that look at all accounts take longest: they start first
        tallying = [replace(task, group_rows=TALLY_GROUP) for task in self._tasks("tallies", tally_bucket, chosen)]
        found = self.engine.run([*whole, *tallying], self.folder)
        together, tallies = found[: len(whole)], pl.concat(found[len(whole) :])
        count = int(tallies.select(pl.len()).collect().item())
        parts = self.engine.budget.value_parts(count, self.engine.workers)
        tasks = [Task(f"shared-{part:04}", choose_shared, (tallies, part, parts)) for part in range(parts)]
        return gather_sightings([*self.engine.run(tasks, self.folder), *together], chosen).lazy()

    def apart(self, name: str, make: Callable[..., pl.LazyFrame], *arguments: object) -> pl.LazyFrame:
        """A step that looks at all accounts together."""
        return self.engine.run_apart(Task(name, make, arguments), self.folder)

    @property
    def share(self) -> Share | None:
        """Tests on several workers; None where there is one."""
        return self._share_tests if self.engine.workers > 1 else None

    def _share_tests(self, panel: Panel, names: Sequence[str]) -> list[pl.DataFrame]:
        """What each test answers, a hand of tests a task: each takes what they look at with it, if there is room for
        that many times of it.
        """
        looked_at = panel.tested.estimated_size() + panel.accounts.estimated_size()
        if not self.engine.budget.has_room(int(looked_at), self.engine.workers):
            return [ask_one(panel, name) for name in names]
        hands = [hand for start in range(self.engine.workers) if (hand := names[start :: self.engine.workers])]
        tasks = [
            Task(f"tests-{panel.signs.height}-{start}", ask_some, (panel, hand)) for start, hand in enumerate(hands)
        ]
        told = pl.concat([HALLMARKS.empty(), *(rows.collect() for rows in self.engine.run(tasks, self.folder))])
        by_name = told.partition_by("name", as_dict=True, maintain_order=True)
        return [by_name.get((name,), HALLMARKS.empty()) for name in names]

    def keep(self, name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """A frame kept in the run's folder, out of memory."""
        path = self.folder / f"kept-{name}.parquet"
        with writing(path):
            frame.sink_parquet(path, compression="lz4", row_group_size=131_072)
        return pl.scan_parquet(path, glob=False)

    def _tasks(self, name: str, make: Callable[..., pl.LazyFrame], *further: object) -> list[Task]:
        return [
            Task(f"{name}-{number:04}", make, (self.events, self.register, self.bounds, number, *further))
            for number in range(len(self.bounds) + 1)
        ]


def ask_some(panel: Panel, names: Sequence[str]) -> pl.DataFrame:
    """What some tests answer."""
    return pl.concat([ask_one(panel, name) for name in names])


def describe_bucket(
    events: pl.LazyFrame,
    register: pl.LazyFrame,
    bounds: Sequence[str],
    number: int,
    settings: FeatureSettings,
    principals: pl.LazyFrame,
) -> pl.LazyFrame:
    """ACCOUNTS of one bucket; `principals` are those of all accounts."""
    register = take_bucket(register, bounds, number)
    return describe_accounts(_held(events, bounds, number), register, settings, take_bucket(principals, bounds, number))


def tally_bucket(
    events: pl.LazyFrame, register: pl.LazyFrame, bounds: Sequence[str], number: int, settings: SightingSettings
) -> pl.LazyFrame:
    """TALLIES of one bucket, in the order of `deal`."""
    tallies = tally_sightings(_held(events, bounds, number), take_bucket(register, bounds, number), settings)
    return tallies.sort("deal")


def find_one(name: str, events: pl.LazyFrame, register: pl.LazyFrame, settings: SightingSettings) -> pl.LazyFrame:
    """SIGHTINGS of one kind that looks at all accounts together."""
    return find_whole(events, register, settings)[name]


def _held(events: pl.LazyFrame, bounds: Sequence[str], number: int) -> pl.LazyFrame:
    """A bucket's events in memory, read once for all that look at them."""
    seen = [name for name in events.collect_schema().names() if name not in UNSEEN]
    held = take_bucket(events.select(seen), bounds, number).collect(engine="streaming")
    unseen = [pl.lit(None, EVENTS.columns[name].dtype).alias(name) for name in UNSEEN]
    return held.lazy().with_columns(unseen)
