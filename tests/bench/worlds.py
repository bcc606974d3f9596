"""Makes many worlds for tuning or reporting, one folder each, with a README that lists what is planted.

    python tests/bench/worlds.py FOLDER --split tune --presets medium clean --levels text hashes metadata --seeds 11 12
    13

A world that is there already is kept. Tuning and reporting draw from different seeds and ranges; never tune on the
reporting split.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path

from forensics.worlds.simulate import LEVELS, PRESETS, SPLITS, simulate_world


def describe(folder: Path) -> str:
    """One line on a world: size, level, hydras with their variants, those that nothing could show in brackets."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    planted = [
        row for row in json.loads((folder / "labels_networks.json").read_text(encoding="utf-8")) if row["campaign"]
    ]
    hydras = [
        f"{row['kind']} {row['accounts']}" if row["detectable"] else f"({row['kind']} {row['accounts']})"
        for row in planted
    ]
    return (
        f"{folder.name:32} {truth['events']:>10,} events {truth['accounts']:>7,} accounts  {truth['level']:8}  "
        f"{', '.join(hydras) or 'clean'}"
    )


def main() -> None:
    """Make what is missing, then list all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="tune")
    parser.add_argument("--presets", nargs="+", choices=list(PRESETS), default=["medium", "clean", "thin", "diluted"])
    parser.add_argument("--levels", nargs="+", choices=LEVELS, default=list(LEVELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--events", type=int, default=None, help="about how many events a world has")
    wish = parser.parse_args()
    made = []
    for preset, level, seed in product(wish.presets, wish.levels, wish.seeds):
        folder = wish.folder / f"{wish.split}-{preset}-{level}-{seed}"
        if not (folder / "truth.json").exists():
            began = time.perf_counter()
            simulate_world(folder, preset, seed, split=wish.split, level=level, events=wish.events)
            print(f"{folder.name}  {time.perf_counter() - began:.1f} s", file=sys.stderr)
        made.append(describe(folder))
    text = "\n".join(made) + "\n"
    (wish.folder / "README").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
