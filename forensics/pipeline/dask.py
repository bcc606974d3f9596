"""Tasks on a Dask cluster: one that is there (`--scheduler`), or workers of this machine."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import polars as pl
from distributed import Client, LocalCluster
from distributed.client import FutureCancelledError
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker

from forensics.common.errors import InputError
from forensics.pipeline.engines import Task, run_task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from forensics.pipeline.memory import Budget

TRIES = 3  # workers that may die over one task
PATIENCE_S = 20.0  # for a scheduler to answer


class Cluster:
    """Engine over the workers of a Dask scheduler; all see the case's folder under the same path."""

    name = "dask"

    def __init__(self, budget: Budget, workers: int, scheduler: str | None) -> None:
        self.budget, self.scheduler = budget, scheduler
        self._local: Any = None
        cluster: Any = LocalCluster  # these ship hardly any types
        connect: Any = Client
        if scheduler is None:
            self._local = cluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
            )
        try:
            self._client: Any = connect(self._local or scheduler, timeout=PATIENCE_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"no Dask scheduler answers at {scheduler}", "start one: dask scheduler; then dask worker ADDRESS"
            ) from error
        self.workers = len(self._client.scheduler_info(n_workers=-1)["workers"]) or workers

    def run(self, tasks: Sequence[Task], folder: Path) -> list[pl.LazyFrame]:
        """As many at a time as there are workers.

        Raises: InputError where the scheduler goes away, or a task's workers die again and again.
        """
        futures = [self._client.submit(run_task, task, folder, pure=False, retries=TRIES) for task in tasks]
        try:
            paths = self._client.gather(futures)
        except KilledWorker as error:
            raise InputError(
                f"workers died {TRIES} times while they worked on {tasks[0].name}; the case is as it was",
                "most often memory: give a smaller --memory (smaller parts), or workers with more",
            ) from error
        except (CommClosedError, FutureCancelledError, asyncio.CancelledError, OSError, TimeoutError) as error:
            where = self.scheduler or "this machine"
            raise InputError(
                f"the Dask scheduler of {where} went away during {tasks[0].name}; the case is as it was",
                "start the scheduler and its workers again, then run the same command",
            ) from error
        return [pl.scan_parquet(path, glob=False) for path in paths]

    def run_apart(self, task: Task, folder: Path) -> pl.LazyFrame:
        """On a worker."""
        return self.run([task], folder)[0]

    def close(self) -> None:
        """Let the workers go; a cluster that was there stays."""
        with contextlib.suppress(TimeoutError, OSError):
            self._client.close(timeout=PATIENCE_S)
            if self._local is not None:
                self._local.close(timeout=PATIENCE_S)
