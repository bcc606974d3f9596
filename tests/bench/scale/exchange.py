"""The exchange by value at a size near the largest: what really passes between workers, beside what the rates foretell.

    python tests/bench/scale/exchange.py CASE [--events 100_000_000] [--partitions 64] [--try 4] [--folder .bench/exchange]

Takes the tallies of a stored case (its events, its accounts), and makes as many copies of them as the events asked for
need: accounts renamed in every copy, so are values that at most FEW accounts of the case show; what more show (popular
clients, models, templates of many) is one and the same in all copies. Each copy is one bucket, written as `tally_bucket`
writes it. Then `--try` of the `--partitions` parts of the values are chosen, each in a process of its own that reads
only its part of every file, and its rows, bytes, processor seconds and peak memory are told. A part must find exactly
what the rates say: a value that is its copy's own is shared by as many accounts as in the case.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from forensics.case.store import Case
from forensics.common.settings import Settings
from forensics.describing.sightings.counting import choose_shared, complete
from forensics.pipeline.engines import Task, run_task
from forensics.pipeline.memory import TALLY
from forensics.pipeline.parts import TALLY_GROUP, tally_bucket

FEW = 10  # holders up to which a value is one that a copy has for itself
A_DAY, ACCOUNTS = 10_000_000_000, 100_000_000
WORKER_EVENTS = 1_000_000  # of a bucket


def base_tallies(case: Case) -> pl.DataFrame:
    """TALLIES of the whole case and `own`: whether each copy has the value for itself."""
    made = tally_bucket(case.scan("events"), case.scan("register"), [], 0, Settings().sightings).collect()
    return made.with_columns(own=pl.len().over("kind", "number", "value") <= FEW)


def make_copy(base: pl.DataFrame, copy: int) -> pl.LazyFrame:
    """One bucket: the case's tallies under other names, dealt anew."""
    own = pl.col("own")
    return complete(
        base.lazy().with_columns(
            account_id=pl.format("{}-{}", pl.lit(f"{copy:05}"), "account_id"),
            number=pl.when(own).then(pl.col("number").hash(copy + 1)).otherwise("number"),
            value=pl.when(own).then(pl.format("{}-{}", "value", pl.lit(f"{copy:05}"))).otherwise("value"),
        )
    ).sort("deal")


def choose_part(folder: Path, part: int, parts: int) -> dict[str, Any]:
    """One part of the values chosen in this process; what it took."""
    began, clock = time.process_time(), time.perf_counter()
    files = sorted(folder.glob("tallies-*.parquet"))
    tallies = pl.concat([pl.scan_parquet(path, glob=False) for path in files])
    path = run_task(Task(f"shared-{part:04}", choose_shared, (tallies, part, parts)), folder)
    rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    read = int(Path("/proc/self/io").read_text(encoding="ascii").split("rchar: ")[1].split()[0])
    return {"part": part, "cpu_s": time.process_time() - began, "seconds": time.perf_counter() - clock, "shared": rows,
            "read_bytes": read, "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "bytes": path.stat().st_size}  # fmt: skip


def main() -> None:
    """Make the copies, choose some parts, print both sides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--events", type=int, default=A_DAY // 100)
    parser.add_argument("--partitions", type=int, default=64)
    parser.add_argument("--try", type=int, default=4, dest="tries")
    parser.add_argument("--folder", type=Path, default=Path(".bench/exchange"))
    parser.add_argument("--part", type=int, default=None, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.part is not None:
        print(json.dumps(choose_part(wish.folder, wish.part, wish.partitions)))
        return
    case = Case(wish.case)
    events, accounts = case.scan("events").select(pl.len(), pl.col("account_id").n_unique()).collect().row(0)
    base = base_tallies(case)
    copies = max(1, round(wish.events / events))
    shutil.rmtree(wish.folder, ignore_errors=True)
    wish.folder.mkdir(parents=True)
    began = time.process_time()
    for copy in range(copies):
        run_task(Task(f"tallies-{copy:05}", make_copy, (base, copy), TALLY_GROUP), wish.folder)
    made_s, size = time.process_time() - began, sum(path.stat().st_size for path in wish.folder.iterdir())
    rows = base.height * copies
    print(f"{copies} copies of {events:,} events and {accounts:,} accounts: {events * copies:,} events, "
          f"{accounts * copies:,} accounts, {rows:,} tallies, {size / 1e9:.2f} GB ({size / events / copies:.1f} bytes an "
          f"event), written in {made_s:.0f} s of processor", flush=True)  # fmt: skip
    # Values of a copy's own are shared in it as in the case; popular ones by all copies' holders together.
    foretold = _foretell(base, copies)
    step = max(1, wish.partitions // wish.tries)
    told = [run_part(wish, part) for part in range(0, wish.partitions, step)][: wish.tries]
    print(f"{'part':>5}{'cpu s':>8}{'read MB':>9}{'peak MB':>9}{'shared':>12}{'foretold':>12}")
    for one in told:
        print(f"{one['part']:5}{one['cpu_s']:8.1f}{one['read_bytes'] / 1e6:9.0f}{one['peak_bytes'] / 1e6:9.0f}"
              f"{one['shared']:12,}{foretold / wish.partitions:12,.0f}")  # fmt: skip
    _tell(told, rows, size, events * copies, wish.partitions)


def run_part(wish: argparse.Namespace, part: int) -> dict[str, Any]:
    """A part in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), str(wish.case), "--folder", str(wish.folder),
               "--partitions", str(wish.partitions), "--part", str(part)]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _foretell(base: pl.DataFrame, copies: int) -> int:
    """Sightings that are shared in all copies together."""
    kept = (pl.col("holders") >= 2) & (pl.col("low").ne_missing(pl.col("high")) | pl.col("low").is_null())
    values = base.group_by("kind", "number", "value", "own").agg(
        holders=pl.len(), low=pl.col("low").min(), high=pl.col("high").max()
    )
    return int(values.filter(kept)["holders"].sum()) * copies


def _tell(told: list[dict[str, Any]], rows: int, size: int, events: int, parts: int) -> None:
    mean = {key: sum(one[key] for one in told) / len(told) for key in ("cpu_s", "read_bytes", "peak_bytes")}
    print(f"a part holds {rows / parts:,.0f} tallies ({size / parts / 1e6:.0f} MB) and reads {mean['read_bytes'] / 1e6:,.0f} MB; "
          f"memory {mean['peak_bytes'] / 1e6:,.0f} MB, where {rows / parts * TALLY / 1e6:,.0f} MB were reckoned with beside "
          "what stands there before")  # fmt: skip
    print(f"all parts: {mean['cpu_s'] * parts / 3600:.2f} worker hours; at ten billion a day "
          f"{mean['cpu_s'] * parts / 3600 * A_DAY / events:.0f}, and {size * A_DAY / events / 1e9:,.0f} GB pass")  # fmt: skip


if __name__ == "__main__":
    main()
