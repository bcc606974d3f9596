"""The whole of `investigate` on worlds of the reported regime, stage by stage: seconds, rows a second, peak memory, disk.

    python tests/bench/scale/run.py [--events 1_000_000 3_700_000] [--form parquet|jsonl|jsonl.zst] [--folder .bench/scale]
        [--engine serial|processes|dask] [--workers N] [--memory LIMIT] [--plot FILE.svg]

Worlds are made where they are missing (`world.py`); each run is a process of its own and adds a line to
`results.jsonl` in the folder, from which the table, the slopes and the plot are made. The largest, on its own:

    make bench-scale SCALE="--events 73_000_000"
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE_S = 0.1  # between looks at the memory of the run and its workers


class Meter:
    """Told which stage runs; notes its seconds, processor seconds and peak memory (this process and its children)."""

    def __init__(self) -> None:
        self.stages: list[dict[str, Any]] = []
        self.peak = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def tell(self, detail: str) -> None:
        """Nobody reads."""

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Measure the block."""
        self.peak = 0
        began, used = time.perf_counter(), processor_s()
        yield
        self.peak = max(self.peak, resident())
        self.stages.append({"stage": stage, "seconds": round(time.perf_counter() - began, 2),
                            "processor_s": round(processor_s() - used, 2), "peak_bytes": self.peak})  # fmt: skip
        done = self.stages[-1]  # told at once: a run of an hour may be cut short
        print(f"{time.strftime('%H:%M:%S')} {stage}: {done['seconds']:.0f} s, {done['processor_s']:.0f} cpu s, "
              f"{self.peak / 2**20:,.0f} MiB", file=sys.stderr, flush=True)  # fmt: skip

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, resident())
            time.sleep(PAUSE_S)


def family() -> list[Path]:
    """This process and all that it started."""
    found, waiting = [], ["self"]
    while waiting:
        place = Path("/proc") / waiting.pop()
        found.append(place)
        for task in place.glob("task/*/children"):
            with contextlib.suppress(OSError):
                waiting += task.read_text().split()
    return found


def resident() -> int:
    """Bytes in memory, shared pages counted once a process."""
    total = 0
    for place in family():
        with contextlib.suppress(OSError, IndexError):
            total += int((place / "statm").read_text().split()[1]) * 4096
    return total


def processor_s() -> float:
    """Seconds of processor that this process and its children used."""
    total = 0
    for place in family():
        with contextlib.suppress(OSError, IndexError):
            total += sum(map(int, (place / "stat").read_text().rsplit(")", 1)[1].split()[11:15]))
    return total / 100


def disk(folder: Path) -> int:
    """Bytes in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(world: Path, case: Path, wish: argparse.Namespace) -> dict[str, Any]:
    """Read and investigate one world in this process."""
    import polars as pl

    from forensics.case.store import Case
    from forensics.commands.investigating import read_sources
    from forensics.common.settings import load_settings
    from forensics.pipeline.stages import investigate
    from forensics.worlds.evaluate import evaluate

    meter, began = Meter(), time.perf_counter()
    settings = load_settings()
    extra = chosen_engine(wish)
    with Case.locked(case) as held:
        read_sources(
            held, [str(world / "logs")], world / "accounts.parquet", None, None, settings, meter, keep_text=False
        )  # type: ignore[arg-type]
        investigate(held, settings, meter, **extra)
        seconds = round(time.perf_counter() - began, 1)
        found = evaluate(
            held.scan("members").collect(), held.scan("networks").collect(), pl.read_csv(world / "labels.csv")
        )
        alerts = next(row for row in found.summary.iter_rows(named=True) if row["view"] == "alerts")
        campaigns = [row for row in found.campaigns.iter_rows(named=True) if row["view"] == "alerts"]
        rows = {name: held.scan(name).select(pl.len()).collect().item() for name in ("events", "accounts", "sightings")}
        sharing = held.scan("sightings").select(pl.col("account_id").n_unique()).collect().item()
        by_table = {path.name: disk(path) if path.is_dir() else path.stat().st_size for path in sorted(case.iterdir())}
    return {"events": rows["events"], "form": wish.form, "engine": wish.engine, "workers": wish.workers,
            "seconds": seconds, "processor_s": round(sum(stage["processor_s"] for stage in meter.stages), 1),
            "peak_bytes": max(stage["peak_bytes"] for stage in meter.stages),
            "rows": rows, "sharing_accounts": sharing, "disk": by_table, "stages": meter.stages,
            "alerts": alerts, "campaigns": campaigns}  # fmt: skip


def chosen_engine(wish: argparse.Namespace) -> dict[str, Any]:
    """Arguments of `investigate` for the engine and memory asked for."""
    try:
        from forensics.pipeline.engines import choose_engine
    except ImportError:  # an older state of the code, measured for comparison
        return {}
    return {"engine": choose_engine(wish.engine, workers=wish.workers, scheduler=None, memory=wish.memory)}


def told(result: dict[str, Any]) -> str:
    """One run as a table."""
    head = (f"== {result['events']:,} events, {result['rows']['accounts']:,} accounts, {result['form']}, "
            f"{result['engine']}: {result['seconds']} s, peak {result['peak_bytes'] / 2**30:.2f} GiB")  # fmt: skip
    lines = [head, f"{'stage':20}{'s':>9}{'cpu s':>9}{'rows/s':>12}{'peak MiB':>10}"]
    lines += [
        f"{stage['stage']:20}{stage['seconds']:9.1f}{stage['processor_s']:9.1f}"
        f"{result['events'] / max(stage['seconds'], 0.01):12,.0f}{stage['peak_bytes'] / 2**20:10,.0f}"
        for stage in result["stages"]
    ]
    alerts = result["alerts"]
    lines.append("disk: " + ", ".join(f"{name} {size / 2**20:,.1f} MiB" for name, size in result["disk"].items()))
    lines.append("alerts: " + ", ".join(f"{name} {value}" for name, value in alerts.items() if name != "view"))
    lines += [f"  campaign {row}" for row in result["campaigns"]]
    return "\n".join(lines)


def slopes(results: list[dict[str, Any]]) -> str:
    """Growth of time and memory from the smallest to the largest run, as exponents."""
    import numpy as np

    if len({result["events"] for result in results}) < 2:
        return ""
    x = np.log([result["events"] for result in results])
    fits = {name: float(np.polyfit(x, np.log([result[name] for result in results]), 1)[0])
            for name in ("seconds", "processor_s", "peak_bytes")}  # fmt: skip
    return (f"log-log slope: time {fits['seconds']:.2f}, processor time {fits['processor_s']:.2f}, "
            f"memory {fits['peak_bytes']:.2f}")  # fmt: skip


def plot(results: list[dict[str, Any]]) -> str:
    """Processor seconds and peak memory over events, both axes logarithmic, as SVG."""
    import numpy as np

    results = sorted(results, key=lambda result: int(result["events"]))
    x = np.log10([result["events"] for result in results])
    parts = []
    for left, name, unit, per in (
        (60, "processor_s", "processor seconds", 1.0),
        (380, "peak_bytes", "peak, MiB", 2.0**20),
    ):
        y = np.log10([max(result[name] / per, 1e-3) for result in results])
        low, high = np.floor(y.min()), max(np.ceil(y.max()), np.floor(y.min()) + 1)
        first, last = np.floor(x.min()), max(np.ceil(x.max()), np.floor(x.min()) + 1)
        px = left + 240 * (x - first) / (last - first)
        py = 240 - 200 * (y - low) / (high - low)
        parts.append(f'<text x="{left}" y="24">{unit}</text><path d="M{left} 40V240H{left + 240}" class="axis"/>')
        for power in range(int(low), int(high) + 1):
            at = 240 - 200 * (power - low) / (high - low)
            parts.append(f'<text x="{left - 6}" y="{at + 4:.0f}" text-anchor="end">{10.0**power:g}</text>')
        for power in range(int(first), int(last) + 1):
            at = left + 240 * (power - first) / (last - first)
            parts.append(f'<text x="{at:.0f}" y="258" text-anchor="middle">1e{power}</text>')
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(px, py, strict=True))
        parts.append(f'<polyline points="{line}" class="run"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in zip(px, py, strict=True)]
    style = "text{font:11px sans-serif}.axis{fill:none;stroke:#888}.run{fill:none;stroke:#06c;stroke-width:1.5}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 290" role="img"><title>Time and memory over '
            f"events</title><style>{style}</style>{''.join(parts)}"
            f'<text x="330" y="280" text-anchor="middle">events</text></svg>\n')  # fmt: skip


def main() -> None:
    """Make worlds, run each in a process of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 3_700_000])
    parser.add_argument("--form", choices=("parquet", "jsonl", "jsonl.zst"), default="parquet")
    parser.add_argument("--folder", type=Path, default=Path(".bench/scale"))
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--memory", default=None)
    parser.add_argument("--plot", type=Path, default=None)
    parser.add_argument("--one", type=Path, default=None, help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.one is not None:
        print(json.dumps(measure(wish.one, wish.folder, wish), default=str))
        return
    from world import make_world

    results = []
    for events in wish.events:
        world = wish.folder / f"{wish.form}-{events}"
        if not (world / "world.json").exists():
            began = time.perf_counter()
            total = make_world(world, events, wish.form)
            print(f"made {total:,} requests in {time.perf_counter() - began:.0f} s", flush=True)
        results.append(run_one(world, wish))
        print(told(results[-1]), flush=True)
    print(slopes(results))
    if wish.plot is not None:
        wish.plot.write_text(plot(results), encoding="utf-8")


def run_one(world: Path, wish: argparse.Namespace) -> dict[str, Any]:
    """One run in a process of its own, its case thrown away."""
    import shutil

    case = wish.folder / f"case-{world.name}"
    shutil.rmtree(case, ignore_errors=True)
    command = [sys.executable, str(Path(__file__).resolve()), "--one", str(world), "--folder", str(case),
               "--form", wish.form, "--engine", wish.engine, "--workers", str(wish.workers)]  # fmt: skip
    command += ["--memory", wish.memory] if wish.memory else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    with (wish.folder / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    return result


if __name__ == "__main__":
    main()
