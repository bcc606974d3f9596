"""The steps that are cut into tasks: accounts a bucket at a time, shared observables a part of the values at a time."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl
from blake3 import blake3

from forensics.common.disk import writing
from forensics.common.errors import IntegrityError
from forensics.common.schema import EVENTS
from forensics.describing.buckets import find_bounds, take_bucket
from forensics.describing.features import describe_accounts
from forensics.describing.principals import find_principals
from forensics.describing.sightings import find_kinds, find_whole, gather_sightings, tally_sightings
from forensics.describing.sightings.counting import choose_shared
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.testing import run_one
from forensics.pipeline.engines import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from forensics.common.settings import FeatureSettings, Settings, SightingSettings
    from forensics.judging.hallmark import Panel
    from forensics.pipeline.engines import Engine

# What neither features nor sightings look at; the largest columns of an event.
UNSEEN = ("prompt_text", "system_text", "request_id", "trace_id", "error_code", "client_as_name", "ended_at")
PANEL_FOLD = 3  # memory that a panel takes while a test is at work on it, over its bytes
TALLY_GROUP = 16_384  # tallies read together: a part of the values finds its own among them by `deal`


@dataclass(frozen=True)
class Held:
    """A file that a run passes to its workers, and its hash."""

    path: Path
    digest: str
    fits: bool = True  # every worker has room for it


class Cut:
    """EVENTS and REGISTER cut into buckets of accounts, for the tasks of one run."""

    def __init__(self, events: pl.LazyFrame, register: pl.LazyFrame, engine: Engine, folder: Path) -> None:
        self.events, self.register, self.engine, self.folder = events, register, engine, folder
        self._panel: tuple[int, Held] | None = None
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

    def spread_tests(self, names: Sequence[str], panel: Panel) -> list[pl.DataFrame]:
        """What each of these tests answers of all networks: a task a test, on a panel that every worker reads once;
        where the memory has no room for as many panels, one after the other here.
        """
        told = replace(panel, signs=panel.signs.clear())
        if self._panel is None or self._panel[0] != id(panel.accounts):
            content = pickle.dumps(told)
            path = self.folder / "panel.pickle"
            with writing(path):
                path.write_bytes(content)
            fits = len(content) * PANEL_FOLD * self.engine.workers < self.engine.budget.bytes // 2
            self._panel = (id(panel.accounts), Held(path, blake3(content).hexdigest(), fits=fits))
        held = self._panel[1]
        if not held.fits:
            return [run_one(find_hallmarks()[name], panel, []) for name in names]
        tasks = [Task(f"signs-{name}", answer_test, (name, held, panel.signs)) for name in names]
        return [found.collect() for found in self.engine.run(tasks, self.folder)]

    def _tasks(self, name: str, make: Callable[..., pl.LazyFrame], *further: object) -> list[Task]:
        return [
            Task(f"{name}-{number:04}", make, (self.events, self.register, self.bounds, number, *further))
            for number in range(len(self.bounds) + 1)
        ]


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


def answer_test(name: str, held: Held, signs: pl.DataFrame) -> pl.DataFrame:
    """HALLMARKS of one test; `signs` are those of the turns before."""
    return run_one(find_hallmarks()[name], replace(_read_panel(held), signs=signs), [])


@lru_cache(maxsize=1)
def _read_panel(held: Held) -> Panel:
    """The panel as it was written by this run: whatever else stands in the file is not even looked into."""
    content = held.path.read_bytes()
    if blake3(content).hexdigest() != held.digest:
        raise IntegrityError(f"{held.path} was changed while the run was at work", "run it again")
    panel: Panel = pickle.loads(content)  # noqa: S301 - its hash came with the task
    return panel


def _held(events: pl.LazyFrame, bounds: Sequence[str], number: int) -> pl.LazyFrame:
    """A bucket's events in memory, read once for all that look at them."""
    seen = [name for name in events.collect_schema().names() if name not in UNSEEN]
    held = take_bucket(events.select(seen), bounds, number).collect(engine="streaming")
    unseen = [pl.lit(None, EVENTS.columns[name].dtype).alias(name) for name in UNSEEN]
    return held.lazy().with_columns(unseen)
