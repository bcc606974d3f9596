"""One task after the other in this process: the reference that the other engines must equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.pipeline.engines import Task, run_task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from forensics.pipeline.memory import Budget


class Serial:
    """Engine without workers; polars itself uses all processors."""

    name = "serial"
    workers = 1

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def run(self, tasks: Sequence[Task], folder: Path) -> list[pl.LazyFrame]:
        """One after the other."""
        return [pl.scan_parquet(run_task(task, folder), glob=False) for task in tasks]

    def run_apart(self, task: Task, folder: Path) -> pl.LazyFrame:
        """In this process, as everything."""
        return self.run([task], folder)[0]

    def close(self) -> None:
        """Nothing to let go."""
