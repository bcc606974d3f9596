"""Tasks on several processes of this machine."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import get_context
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.errors import InputError
from forensics.pipeline.engines import Task, run_task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from forensics.pipeline.memory import Budget

TRIES = 3  # times that a worker may die (the machine's memory, an operator) before the run is given up
THREADS = "POLARS_MAX_THREADS"


class Processes:
    """Engine with a pool of processes; a worker that dies is replaced and its task run again."""

    name = "processes"

    def __init__(self, budget: Budget, workers: int) -> None:
        self.budget, self.workers = budget, workers
        self._pool: ProcessPoolExecutor | None = None

    def run(self, tasks: Sequence[Task], folder: Path) -> list[pl.LazyFrame]:
        """Some at a time; what a dead pool left undone is run again.

        Raises: InputError where workers die again and again.
        """
        done: dict[int, Path] = {}
        for _ in range(TRIES):
            missing = [number for number in range(len(tasks)) if number not in done]
            with self._threads():
                futures = {number: self._workers().submit(run_task, tasks[number], folder) for number in missing}
            try:
                for number, future in futures.items():
                    done[number] = future.result()
                return [pl.scan_parquet(done[number], glob=False) for number in range(len(tasks))]
            except BrokenProcessPool:
                done |= {
                    number: future.result()
                    for number, future in futures.items()
                    if future.done() and not future.cancelled() and future.exception() is None
                }
                self.close()
        raise InputError(
            f"workers died {TRIES} times while they worked on {tasks[0].name}; the case is as it was",
            "most often memory: give a smaller --memory (smaller parts) or fewer --workers",
        )

    def run_apart(self, task: Task, folder: Path) -> pl.LazyFrame:
        """In a process of its own: what an allocator keeps of the memory of a large step goes with the process.

        Raises: as `run`.
        """
        with closing(Processes(self.budget, 1)) as alone:
            return alone.run([task], folder)[0]

    def close(self) -> None:
        """Let the workers go."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:  # a forked polars may hang: workers start afresh
            self._pool = ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"))
        return self._pool

    @contextlib.contextmanager
    def _threads(self) -> Iterator[None]:
        """Workers that start in the block share the processors between them."""
        before = os.environ.get(THREADS)
        os.environ[THREADS] = before or str(max(1, (os.cpu_count() or 1) // self.workers))
        try:
            yield
        finally:
            if before is None:
                os.environ.pop(THREADS, None)
