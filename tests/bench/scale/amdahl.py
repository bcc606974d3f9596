"""Which share of a run more workers do not shorten, stage by stage: processor seconds here and at the workers.

    python tests/bench/scale/amdahl.py CASE [--engine processes|dask] [--workers 1 2] [--folder .bench/amdahl]

Investigates copies of a stored case. What the process of the command itself uses (parent) stays one after the other,
however many workers there are; what they use (workers) is shared. `at N` is Amdahl's bound: (parent + workers / N) /
(parent + workers). Processor seconds, because the clock of a machine that others share tells of the others.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from run import processor_s

if TYPE_CHECKING:
    from collections.abc import Iterator


class Split:
    """Told which stage runs; notes its seconds, and processor seconds here and at the workers."""

    def __init__(self) -> None:
        self.stages: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Measure the block."""
        clock, own, every = time.perf_counter(), time.process_time(), processor_s()
        yield
        here = time.process_time() - own
        self.stages.append({"stage": stage, "seconds": time.perf_counter() - clock, "parent": here,
                            "workers": max(0.0, processor_s() - every - here)})  # fmt: skip


def measure(case: Path, engine: str, workers: int) -> dict[str, Any]:
    """Investigate one copy in this process."""
    from contextlib import closing

    from forensics.case.store import Case
    from forensics.common.settings import load_settings
    from forensics.pipeline.engines import choose_engine
    from forensics.pipeline.stages import investigate

    split, began = Split(), time.perf_counter()
    with closing(choose_engine(engine, workers=workers, memory=None)) as chosen, Case.locked(case) as held:
        investigate(held, load_settings(), split, engine=chosen)
    tables = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(case.glob("*.parquet"))}
    return {"seconds": time.perf_counter() - began, "stages": split.stages, "tables": tables}


def told(run: dict[str, Any], engine: str, workers: int) -> str:
    """One run as a table."""
    lines = [f"{engine}, {workers} workers: {run['seconds']:.0f} s by the clock",
             f"{'stage':66}{'clock s':>9}{'parent':>8}{'workers':>9}{'at 2':>7}{'at 16':>7}"]  # fmt: skip
    rows = [*run["stages"], {"stage": "all", "seconds": run["seconds"],
            **{key: sum(stage[key] for stage in run["stages"]) for key in ("parent", "workers")}}]  # fmt: skip
    for row in rows:
        whole = max(row["parent"] + row["workers"], 1e-9)
        at = [(row["parent"] + row["workers"] / count) / whole for count in (2, 16)]
        lines.append(
            f"{row['stage']:66}{row['seconds']:9.1f}{row['parent']:8.1f}{row['workers']:9.1f}{at[0]:7.0%}{at[1]:7.0%}"
        )
    return "\n".join(lines)


def main() -> None:
    """Each run in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--engine", default="processes")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--folder", type=Path, default=Path(".bench/amdahl"))
    parser.add_argument("--one", type=int, default=None, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.one is not None:
        print(json.dumps(measure(wish.case, wish.engine, wish.one)))
        return
    tables = []
    for workers in wish.workers:
        copy = wish.folder / f"{wish.engine}-{workers}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(wish.case, copy)
        command = [
            sys.executable,
            str(Path(__file__).resolve()),
            str(copy),
            "--engine",
            wish.engine,
            "--one",
            str(workers),
        ]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        run: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        print(told(run, wish.engine, workers), flush=True)
        tables.append(run["tables"])
        shutil.rmtree(copy, ignore_errors=True)
    same = all(one == tables[0] for one in tables)
    print(f"tables of all these runs: {'the same bytes' if same else 'NOT the same bytes'}")


if __name__ == "__main__":
    main()
