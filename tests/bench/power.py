"""Power of the tests of dependence: which of them hold on pools of one hand that avoid likeness.

Run:  python tests/bench/power.py [--quick]. Prints one table for each size and volume: way of the pool × test, share of
the pools in which the sign holds. "random split only" has no dependence at all: what holds there is false.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "worlds"))

import polars as pl
from hands import WAYS, hands_panel

from forensics.judging.hallmark import find_hallmarks

NEW = (
    "topics_together",
    "repeats_elsewhere",
    "one_order",
    "compensation",
    "payers_dealt",
    "moves_together",
)
OLD = ("turn_taking", "steady_queue", "handover", "resilience")
POOLS = {8: 10, 30: 8, 100: 5, 400: 2}  # of each way by size


def measure(accounts: int, a_day: float, seed: int) -> pl.DataFrame:
    """One row per way, one column per test: share of the pools in which it holds."""
    panel = hands_panel(seed, dict.fromkeys(WAYS, POOLS[accounts]), accounts, a_day)
    plugins = find_hallmarks()
    parts = []
    for name in (*NEW, *OLD):
        begun = time.perf_counter()
        rows = plugins[name].test(panel)
        seconds = time.perf_counter() - begun
        print(f"  {name}: {seconds:.1f} s for {panel.tested.height:,} requests", file=sys.stderr, flush=True)
        parts.append(rows.select("network_id", "name", "holds"))
    return (
        pl.concat(parts)
        .with_columns(way=pl.col("network_id").str.replace(r"_\d+$", ""))
        .group_by("way", "name")
        .agg(pl.col("holds").mean())
        .pivot("name", index="way", values="holds")
        .sort(pl.col("way").replace_strict({way: place for place, way in enumerate(WAYS)}))
        .select("way", *NEW, *OLD)
    )


def main() -> None:
    """Print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two sizes only")
    parser.add_argument("--seed", type=int, default=101)
    options = parser.parse_args()
    for accounts in (8, 30) if options.quick else POOLS:
        for a_day in (1.5, 6.0):
            table = measure(accounts, a_day, options.seed)
            print(f"\n{accounts} accounts, {a_day:g} requests a working day each, {POOLS[accounts]} pools a row\n")
            print(f"| way | {' | '.join(name.replace('_', ' ') for name in table.columns[1:])} |")
            print("|---" * len(table.columns) + "|")
            for row in table.iter_rows():
                print(
                    f"| {row[0]} | {' | '.join('·' if share == 0 else f'{share:.0%}' for share in row[1:])} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
