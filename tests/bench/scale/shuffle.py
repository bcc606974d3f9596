"""What passes between workers: rows and bytes of each exchange, an event, and what they come to at ten billion a day.

    python tests/bench/scale/shuffle.py CASE [--buckets 8] [--parts 4]

Runs the tasks of `describe accounts` and `find sightings` of a stored case as a cluster would (each task by itself, all
exchanges as Parquet), and tells the largest task, the bytes shuffled, and which share of the accounts is left over for
linking, which is global.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from forensics.case.store import Case
from forensics.common.settings import Settings
from forensics.pipeline.engines import Task, run_task
from forensics.pipeline.memory import Budget
from forensics.pipeline.parts import Cut

A_DAY = 10_000_000_000


@dataclass(frozen=True)
class Told(Budget):
    """So many buckets and parts as asked for."""

    rows: int = 1
    dealt: int = 1

    def bucket_rows(self, workers: int) -> int:  # noqa: ARG002 - the signature is Budget's
        """As told."""
        return self.rows

    def value_parts(self, tallies: int, workers: int) -> int:  # noqa: ARG002 - as above
        """As told."""
        return self.dealt


class Counting:
    """Serial engine that notes what each task took and gave."""

    name, workers = "serial", 1

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.notes: list[tuple[str, float, int, int]] = []

    def run(self, tasks: list[Task], folder: Path) -> list[pl.LazyFrame]:
        """One after the other."""
        found = []
        for task in tasks:
            began = time.process_time()
            path = run_task(task, folder)
            used = time.process_time() - began
            frame = pl.scan_parquet(path)
            rows = int(frame.select(pl.len()).collect().item())
            self.notes.append((task.name.rsplit("-", 1)[0], used, rows, path.stat().st_size))
            found.append(frame)
        return found

    def close(self) -> None:
        """Nothing."""


def main() -> None:
    """Print the exchanges of one case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--buckets", type=int, default=8)
    parser.add_argument("--parts", type=int, default=4)
    wish = parser.parse_args()
    case = Case(wish.case)
    events = int(case.scan("events").select(pl.len()).collect().item())
    engine = Counting(Told(2**31, rows=-(-events // wish.buckets), dealt=wish.parts))
    with tempfile.TemporaryDirectory() as folder:
        cut = Cut(case.scan("events"), case.scan("register"), engine, Path(folder))
        accounts = cut.describe(Settings()).select(pl.len()).collect().item()
        sightings = cut.tell_sightings(Settings()).collect()
    print(f"{events:,} events, {accounts:,} accounts, {wish.buckets} buckets, {wish.parts} parts of the values")
    print(
        f"{'exchange':12}{'tasks':>6}{'cpu s':>8}{'largest':>8}{'rows/event':>12}{'bytes/event':>12}{'at 10 B a day':>16}"
    )
    for name in dict.fromkeys(note[0] for note in engine.notes):
        mine = [note for note in engine.notes if note[0] == name]
        size, rows = sum(note[3] for note in mine), sum(note[2] for note in mine)
        print(
            f"{name:12}{len(mine):6}{sum(note[1] for note in mine):8.1f}{max(note[1] for note in mine):8.1f}"
            f"{rows / events:12.3f}{size / events:12.1f}{size / events * A_DAY / 1e12:13.2f} TB"
        )
    holders = sightings.with_columns(holders=pl.len().over("kind", "value"))
    for most in (2, 10, 100, 1_000):
        share = holders.filter(pl.col("holders") <= most)["account_id"].n_unique() / accounts
        print(f"accounts that share a value of at most {most:,} holders: {share:.1%}")
    print(f"sightings: {sightings.height / accounts:.1f} an account, {sightings.estimated_size() / accounts:.0f} bytes")


if __name__ == "__main__":
    main()
