"""The engine that fits: this process for a small log, several processes where the log, processors and memory allow."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from forensics.pipeline.processes import Processes
from forensics.pipeline.serial import Serial

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from forensics.pipeline.engines import Engine, Task
    from forensics.pipeline.memory import Budget

# Two workers cost about 2.5 s of processor to start; half of what they take over, by the clock, is more from here on.
MANY_EVENTS: Final = 500_000
MOST_WORKERS: Final = 8  # unless asked for: what is not shared out then takes longer than what is


class Fitting:
    """Engine that is chosen once it is known how many events there are (`fit`); until then, this process."""

    name = "auto"
    workers = 1

    def __init__(self, budget: Budget, workers: int = 0) -> None:
        self.budget, self._most = budget, workers
        self._serial = Serial(budget)
        self._processes: Processes | None = None

    def fit(self, event_count: int) -> Engine:
        """Who works on so many events."""
        workers = self.budget.workers_beside(self._most or min(processors(), MOST_WORKERS))
        if event_count < MANY_EVENTS or workers < 2:
            return self._serial
        self._processes = self._processes or Processes(self.budget, workers)
        return self._processes

    def run(self, tasks: Sequence[Task], folder: Path) -> list[pl.LazyFrame]:
        """In this process."""
        return self._serial.run(tasks, folder)

    def run_apart(self, task: Task, folder: Path) -> pl.LazyFrame:
        """In this process."""
        return self._serial.run_apart(task, folder)

    def close(self) -> None:
        """Let the workers go, if there are any."""
        if self._processes is not None:
            self._processes.close()


def fit_engine(engine: Engine, event_count: int) -> Engine:
    """The engine for so many events: the one given, unless it is the one that fits."""
    return engine.fit(event_count) if isinstance(engine, Fitting) else engine


def processors() -> int:
    """Processors that this process may use: of the machine, of a container's mask, and of POLARS_MAX_THREADS."""
    count = os.cpu_count() or 1
    with suppress(AttributeError, OSError):  # not on every system
        count = len(os.sched_getaffinity(0))
    with suppress(ValueError):
        count = min(count, int(os.environ.get("POLARS_MAX_THREADS", count)))
    return max(1, count)
