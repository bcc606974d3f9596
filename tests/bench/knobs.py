"""Does every knob earn its place? Each setting and each hallmark switched off in turn, on worlds of independent authors.

python tests/bench/knobs.py --keep FOLDER [--signs] [--worlds NAME …]

FOLDER holds worlds that `make fit` made and investigated. With --signs each hallmark is left out and the rest is judged
anew from what is stored, in seconds. Without, every setting of [links], [networks], [hallmarks] and [scoring] is moved to
where it does nothing (or as near as it can be), and the worlds are investigated anew with it: hours, unless --worlds
names a few. Printed is what changes against the settings as they are: findings right and wrong, accounts right and wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from fit import ROOT, Worlds, bench, find_ready, judge_networks, of_operator, read_world

from forensics.common.settings import ScoringSettings, Settings, setting_rows
from forensics.judging.hallmark import find_hallmarks

# Where a setting does nothing, or as little as it can; seeds are moved, for they should change nothing.
OFF = {
    "links.neighbours": "1000",
    "links.margin_bits": "0",
    "links.pair_budget": "100000",
    "networks.min_accounts": "2",
    "networks.margin_bits": "0",
    "networks.false_joiners": "1.0",
    "hallmarks.draws": "49",
    "hallmarks.permutations": "99",
    "hallmarks.sample_accounts": "100",
    "scoring.sensitivity": "high",
}


def off_values() -> dict[str, str]:
    """Every setting of linking and judging, and its value where it is off."""
    found = {}
    for name, value, *_ in setting_rows(Settings()):
        if name.split(".")[0] in {"links", "networks", "hallmarks", "scoring"} and not isinstance(value, tuple):
            found[name] = str(value + 1) if name.endswith(".seed") else OFF[name]
    return found


def count(worlds: Worlds, left_out: str = "", folder: Path | None = None) -> Counter[str]:
    """Findings and accounts, right and wrong, over all worlds; `left_out` is a hallmark that is not looked at."""
    told: Counter[str] = Counter()
    for name, (_, networks, hallmarks, table) in worlds.items():
        if table.is_empty():
            continue
        signs = hallmarks.filter(pl.col("name") != left_out)
        judged = judge_networks(signs, table.select("network_id", "account_count"), ScoringSettings())
        truth = {network.network_id: network for network in networks}
        for row in judged.filter("alert").iter_rows(named=True):
            told["right" if truth[row["network_id"]].hostile else "wrong"] += 1
        told += accounts_of(folder / name if folder else None, judged)
        told["contested"] += int(judged["contested"].sum())
    return told


def accounts_of(world: Path | None, judged: pl.DataFrame) -> Counter[str]:
    """Accounts of findings, right and wrong."""
    if world is None:
        return Counter()
    labels = bench.read_labels(world)
    members = of_operator(pl.scan_parquet(world / "case/members.parquet")).collect()
    accused = members.join(judged.filter("alert"), on="network_id", how="semi")["account_id"]
    hostile = sum(labels.get(name, {}).get("role") in {"operator", "mixed"} for name in accused)
    return Counter({"accounts right": hostile, "accounts wrong": len(accused) - hostile})


def investigate_with(world: Path, copy: Path, name: str, value: str) -> bool:
    """Investigate a copy of a world's case with one setting changed."""
    shutil.copytree(world, copy)
    section, _, key = name.partition(".")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), f"FORENSICS_{section}_{key}".upper(): value}
    command = [sys.executable, "-m", "forensics", "investigate", "--case", str(copy / "case"), "--quiet"]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def row(name: str, value: str, told: Counter[str], base: Counter[str]) -> str:
    """One line of the table: what changed."""
    kinds = ("right", "wrong", "contested", "accounts right", "accounts wrong")
    return f"| {name} | {value} | " + " | ".join(f"{told[kind] - base[kind]:+d}" for kind in kinds) + " |"


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--signs", action="store_true", help="leave out hallmarks instead of settings")
    parser.add_argument("--worlds", nargs="+", default=[])
    parser.add_argument("--authors", nargs="+", default=sorted(bench.AUTHORS))
    chosen = parser.parse_args()
    ready = [(who, path) for who, path in find_ready(chosen) if not chosen.worlds or path.name in chosen.worlds]
    worlds: Worlds = {path.name: (who, *read_world(who, path)) for who, path in ready}
    base = count(worlds, folder=chosen.keep)
    print(f"{len(worlds)} worlds: {dict(base)}\n")
    print(
        "| off | value | findings right | wrong | contested | accounts right | wrong |\n|---|---|---|---|---|---|---|"
    )
    if chosen.signs:
        for name in find_hallmarks():
            print(row(name, "left out", count(worlds, name, chosen.keep), base), flush=True)
        return
    for name, value in off_values().items():
        with TemporaryDirectory() as folder:
            done = [
                (who, Path(folder) / path.name)
                for who, path in ready
                if investigate_with(path, Path(folder) / path.name, name, value)
            ]
            changed: Worlds = {path.name: (who, *read_world(who, path)) for who, path in done}
            print(row(name, value, count(changed, folder=Path(folder)), base), flush=True)


if __name__ == "__main__":
    main()
