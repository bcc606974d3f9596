"""Who runs the parts of a step: the contract of an engine, and which one is asked for.

A step is cut into tasks: the same function of frames on a bucket of accounts, a part of the values or a kind of
sighting. What a task gives is passed on as Parquet in the case's passing folder, so that an engine may run it in
another process or on another machine that sees the same folder. No engine, and no number of workers, changes a table.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from forensics.common.disk import writing
from forensics.common.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

    from forensics.pipeline.memory import Budget

ENGINES = ("auto", "serial", "processes", "dask")


@dataclass(frozen=True)
class Task:
    """One function call whose frame is kept as `name`; everything in it can be sent to another process."""

    name: str
    make: Callable[..., pl.LazyFrame | pl.DataFrame]
    arguments: tuple[Any, ...] = ()
    group_rows: int = 131_072  # rows of the frame that are read together, at least


class Engine(Protocol):
    """Runs tasks, some at a time."""

    name: str
    workers: int
    budget: Budget

    def run(self, tasks: Sequence[Task], folder: Path) -> list[pl.LazyFrame]:
        """What the tasks give, in their order, each kept in `folder`.

        Raises: ForensicsError where a task fails for a reason the user can mend.
        """
        ...

    def run_apart(self, task: Task, folder: Path) -> pl.LazyFrame:
        """What one task gives that looks at everything together; the memory that it took is free again afterwards."""
        ...

    def close(self) -> None:
        """Let the workers go."""
        ...


def run_task(task: Task, folder: Path) -> Path:
    """Run one task and keep its frame, in one rename: a task that is run twice leaves the same file.

    Raises: InputError where it cannot be written.
    """
    path = folder / f"{task.name}.parquet"
    passing = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    frame = task.make(*task.arguments).lazy().collect(engine="streaming")
    with writing(path):
        frame.write_parquet(passing, compression="lz4", row_group_size=task.group_rows)
        passing.replace(path)
    return path


def choose_engine(
    name: str = "serial", *, workers: int = 0, scheduler: str | None = None, memory: str | None = None
) -> Engine:
    """The engine of that name; 0 workers are as many as the machine's processors, bounded by the memory.

    Raises: UsageError for an unknown name, a scheduler without dask, or where dask is not installed.
    """
    from forensics.pipeline.memory import find_budget

    budget = find_budget(memory)
    if scheduler is not None and name != "dask":
        raise UsageError("--scheduler is for --engine dask", "give both, or neither")
    if name == "auto":
        from forensics.pipeline.auto import Fitting

        return Fitting(budget, workers)
    if name == "serial":
        from forensics.pipeline.serial import Serial

        return Serial(budget)
    if name == "processes":
        from forensics.pipeline.processes import Processes

        return Processes(budget, budget.workers(workers or os.cpu_count() or 1))
    if name == "dask":
        try:
            from forensics.pipeline.dask import Cluster
        except ImportError as error:
            raise UsageError(
                "dask is not installed", "pip install 'forensics[dask]', or take another --engine"
            ) from error
        return Cluster(budget, budget.workers(workers or os.cpu_count() or 1), scheduler)
    raise UsageError(f"unknown engine {name!r}", f"one of {', '.join(ENGINES)}")
