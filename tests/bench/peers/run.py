"""`make bench-peers`: every method on the same worlds, each in a process of its own with a limit of time and memory.

Each is scored as it is (all its networks count as accusations) and with an oracle that drops its innocent networks, so
that linking and judging are compared apart. A fair number of settings each; the best by mean F1 is reported, for each
of the two scores by itself.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

from settings import SETTINGS

HERE = Path(__file__).resolve().parent
OWN = ("peer_co_link", "peer_fraudar", "peer_splink")  # run in an environment of their own
PACKAGES = (
    "coordination_network_toolkit==1.5.2",
    "UGFraud==0.1.1.3",
    "splink==5.0.0",
    "duckdb<2",
    "polars>=2.1",
    "pyarrow",
    "scipy",
    "scikit-learn",
)
TITLES = {
    "forensics_itself": "forensics",
    "peer_co_link": "co_link (toolkit)",
    "peer_cooretweet": "CooRTweet's method",
    "peer_synchrotrap": "SynchroTrap",
    "peer_fraudar": "FRAUDAR (UGFraud)",
    "peer_splink": "Splink 5",
    "peer_hdbscan": "HDBSCAN on features",
    "peer_tfidf": "TF-IDF cosine + Leiden",
}
PRESETS = ("medium", "medium", "medium", "diluted", "thin", "medium")
LEVELS = ("text", "hashes", "metadata")


def footprint(group: int) -> int:
    """Resident bytes of all processes of a group."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(stat[2]) == group:
                    total += int((entry / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except (OSError, IndexError):
                continue
    return total


def run_limited(command: list[str], seconds: float, memory: float, log: Path) -> tuple[str, float, float]:
    """Outcome (ok, time, memory or failed), seconds, peak bytes."""
    began, peak = time.perf_counter(), 0
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[2]}"},
        )
        outcome = ""
        while process.poll() is None:
            peak = max(peak, footprint(process.pid))
            spent = time.perf_counter() - began
            if spent > seconds or peak > memory:
                outcome = "time" if spent > seconds else "memory"
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                break
            time.sleep(0.05)
    return outcome or ("ok" if process.returncode == 0 else "failed"), time.perf_counter() - began, peak


def own_environment(home: Path) -> Path | None:
    """Python of the environment of OWN, made when it is missing; None if it cannot be made."""
    python = home / "bin/python"
    if not python.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(home)], check=False)
        if made.returncode == 0:
            subprocess.run(
                [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=False
            )
    works = (
        python.exists()
        and subprocess.run(
            [str(python), "-c", "import splink, UGFraud, coordination_network_toolkit"],
            check=False,
            capture_output=True,
        ).returncode
        == 0
    )
    return python if works else None


def score(result: Path, world: Path) -> dict[str, Any]:
    """Raw and oracle scores of one result; campaigns by variant."""
    import polars as pl

    from forensics.worlds.evaluate import evaluate

    found = pl.read_parquet(result)
    if "alert" not in found.columns:
        found = found.with_columns(alert=pl.lit(True))
    labels = pl.read_csv(world / "labels.csv", schema_overrides={"detectable": pl.Boolean})
    scored = evaluate(
        found.select("network_id", "account_id"), found.select("network_id", "alert").unique("network_id"), labels
    )
    views = {row["view"]: row for row in scored.summary.to_dicts()}
    campaigns = (
        scored.campaigns.filter((pl.col("view") == "oracle") & pl.col("detectable"))
        .select("campaign", "kind", "recall", "best_recall")
        .to_dicts()
    )
    return {"alerts": views["alerts"], "oracle": views["oracle"], "campaigns": campaigns}


def compare(
    names: list[str], worlds: list[Path], python: Path | None, limits: tuple[float, float], home: Path
) -> list[dict[str, Any]]:
    """One row a method, setting and world."""
    rows = []
    for name in names:
        for number, setting in enumerate(SETTINGS[name]):
            for world in worlds:
                row: dict[str, Any] = {"peer": name, "setting": setting, "world": world.name}
                if name in OWN and python is None:
                    rows.append(row | {"outcome": "not installed"})
                    continue
                result = home / f"{world.name}-{name}-{number}.parquet"
                result.unlink(missing_ok=True)
                command = [
                    str(python) if name in OWN else sys.executable,
                    str(HERE / f"{name}.py"),
                    str(world),
                    str(result),
                    *[f"{k}={v}" for k, v in setting.items()],
                ]
                outcome, seconds, peak = run_limited(command, *limits, result.with_suffix(".log"))
                row |= {"outcome": outcome, "seconds": seconds, "peak_mb": peak / 2**20}
                if outcome == "ok":
                    row |= score(result, world / "world")
                rows.append(row)
                raw = row["alerts"]["account_f1"] if outcome == "ok" else None
                print(
                    f"  {TITLES[name]:24} {world.name:12} {outcome:8} {seconds:6.1f} s  F1 "
                    f"{raw if raw is not None else '-'}  {setting}",
                    file=sys.stderr,
                    flush=True,
                )
    return rows


def best(rows: list[dict[str, Any]], view: str) -> dict[str, Any]:
    """The setting with the best mean F1 of a view; a run that failed counts 0."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(json.dumps(row["setting"]), []).append(row)

    def mean(group: list[dict[str, Any]], value: str, default: float | None = 0.0) -> float | None:
        numbers = [
            row[view][value] if row["outcome"] == "ok" and row[view][value] is not None else default for row in group
        ]
        known = [number for number in numbers if number is not None]
        return sum(known) / len(known) if known else None

    chosen = max(groups.values(), key=lambda group: mean(group, "account_f1") or 0.0)
    lowest = [
        row[view]["worst_best_recall"]
        for row in chosen
        if row["outcome"] == "ok" and row[view]["worst_best_recall"] is not None
    ]
    return {
        "setting": chosen[0]["setting"],
        "f1": mean(chosen, "account_f1"),
        "precision": mean(chosen, "account_precision", None),
        "recall": mean(chosen, "account_recall"),
        "worst": min(lowest) if lowest and all(row["outcome"] == "ok" for row in chosen) else 0.0,
        "false": mean(chosen, "false_network_count", None),
        "seconds": sum(row.get("seconds", 0.0) for row in chosen) / len(chosen),
        "peak_mb": max(row.get("peak_mb", 0.0) for row in chosen),
        "outcomes": sorted({row["outcome"] for row in chosen}),
    }


def table(rows: list[dict[str, Any]], names: list[str]) -> str:
    """The comparison as a Markdown table."""
    columns = (
        "method",
        "F1",
        "precision",
        "recall",
        "false networks",
        "F1 with oracle",
        "worst campaign with oracle",
        "seconds",
        "peak MB",
        "note",
    )
    head = f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|\n"
    lines = []
    for name in names:
        mine = [row for row in rows if row["peer"] == name]
        raw, oracle = best(mine, "alerts"), best(mine, "oracle")
        note = ", ".join(outcome for outcome in raw["outcomes"] if outcome != "ok")
        cells = [f"{raw[key]:.3f}" if raw[key] is not None else "-" for key in ("f1", "precision", "recall")]
        cells.append(f"{raw['false']:.1f}" if raw["false"] is not None else "-")
        cells += [
            f"{oracle['f1'] or 0:.3f}",
            f"{oracle['worst']:.2f}",
            f"{raw['seconds']:.1f}",
            f"{raw['peak_mb']:.0f}",
            note,
        ]
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
    return head + "\n".join(lines) + "\n"


def by_variant(rows: list[dict[str, Any]], names: list[str]) -> str:
    """Best single network of each detectable campaign, by what it is and in which world, with an oracle."""
    campaigns: dict[tuple[str, str, str], dict[str, float]] = {}
    for name in names:
        mine = [row for row in rows if row["peer"] == name]
        setting = best(mine, "oracle")["setting"]
        for row in mine:
            if row["setting"] == setting and row["outcome"] == "ok":
                for campaign in row["campaigns"]:
                    campaigns.setdefault((row["world"], campaign["campaign"], campaign["kind"]), {})[name] = campaign[
                        "best_recall"
                    ]
    columns = ("world", "campaign", *(TITLES[name] for name in names))
    head = f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|\n"
    return head + "".join(
        f"| {world} | {kind} | " + " | ".join(f"{held[name]:.2f}" if name in held else "-" for name in names) + " |\n"
        for (world, _, kind), held in sorted(campaigns.items())
    )


def main() -> None:
    """Make the worlds, run everything, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=10, help="number of worlds (levels in turn)")
    parser.add_argument("--seed", type=int, default=521, help="seed of the first world")
    parser.add_argument("--split", default="report", choices=("tune", "report"))
    parser.add_argument("--events", type=int, default=100_000, help="about how many events a world has")
    parser.add_argument("--seconds", type=float, default=120.0, help="limit for one run")
    parser.add_argument("--memory-gb", type=float, default=6.0, help="limit for one run")
    parser.add_argument("--only", nargs="*", default=list(TITLES), choices=list(TITLES))
    parser.add_argument("--ready", type=Path, help="folder of worlds that `make bench-authors` kept, to take instead")
    parser.add_argument("--home", type=Path, default=HERE.parents[2] / ".bench/peers")
    wish = parser.parse_args()
    wish.home.mkdir(parents=True, exist_ok=True)
    python = own_environment(wish.home / "environment")
    worlds = take_ready(wish) if wish.ready else make_worlds(wish)
    rows = compare(wish.only, worlds, python, (wish.seconds, wish.memory_gb * 2**30), wish.home)
    (wish.home / "peers.json").write_text(json.dumps(rows, indent=1, default=str))
    print(table(rows, wish.only))
    print(by_variant(rows, wish.only))


def prepare(folder: Path, facts: dict[str, Any]) -> Path:
    """A world with the tables that every peer reads, made where it is missing."""
    if not (folder / "accounts.parquet").exists():
        print(f"making {folder.name}", file=sys.stderr, flush=True)
        subprocess.run(
            [sys.executable, str(HERE / "prepare.py"), str(folder), json.dumps(facts)],
            check=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
        )
    return folder


def take_ready(wish: argparse.Namespace) -> list[Path]:
    """Worlds of independent authors with somebody to find, in an order that their names give at random."""
    worlds = [path.parent for path in wish.ready.glob("*/labels.csv") if has_campaign(path)]
    worlds.sort(key=lambda world: zlib.crc32(world.name.encode()))
    return [prepare(wish.home / world.name, {"ready": str(world.resolve())}) for world in worlds[: wish.worlds]]


def has_campaign(path: Path) -> bool:
    """Whether labels name a campaign that can be found."""
    with path.open(newline="", encoding="utf-8") as file:
        return any(row["campaign"] and row["detectable"].lower() == "true" for row in csv.DictReader(file))


def make_worlds(wish: argparse.Namespace) -> list[Path]:
    """Worlds of the simulator, levels in turn."""
    worlds = []
    for number in range(wish.worlds):
        level = LEVELS[number % len(LEVELS)]
        facts = {
            "preset": PRESETS[number % len(PRESETS)],
            "seed": wish.seed + number,
            "level": level,
            "split": wish.split,
            "events": wish.events,
        }
        worlds.append(prepare(wish.home / f"{level}-{facts['preset']}-{facts['seed']}", facts))
    return worlds


if __name__ == "__main__":
    main()
