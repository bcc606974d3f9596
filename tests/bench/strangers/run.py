"""`make bench-strangers`: every scenario of two independent authors, investigated through the command line and held
against their labels.

python tests/bench/strangers/run.py [--seed 705] [--only author_a:rr60 …] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from forensics.case.store import Case
from forensics.worlds.evaluate import evaluate

HERE = Path(__file__).resolve().parent
AUTHORS = ("author_a", "author_b")


def scenarios(author: str) -> list[str]:
    """Names of an author's scenarios."""
    told = subprocess.run(
        [sys.executable, str(HERE / f"{author}.py"), "list"], capture_output=True, text=True, check=False
    )
    return [line for line in told.stdout.splitlines() if line and " " not in line]


def examine(author: str, scenario: str, seed: int, home: Path, *, scored: bool) -> dict[str, Any]:
    """Make, investigate and score one world; with `scored`, a case that is there is scored as it is."""
    world = home / f"{author}-{scenario}-{seed}"
    for attempt in range(3):  # a generator may fail for a seed: then a thousand more is tried
        if (world / "labels.csv").exists():
            break
        subprocess.run(
            [sys.executable, str(HERE / f"{author}.py"), scenario, str(seed + 1000 * attempt), str(world)],
            check=attempt == 2,
            capture_output=True,
        )
    command = [
        sys.executable,
        "-m",
        "forensics",
        "investigate",
        str(world / "logs"),
        "--case",
        str(world / "case"),
        "--quiet",
    ]
    if (world / "accounts.csv").exists():
        command += ["--accounts", str(world / "accounts.csv")]
    row: dict[str, Any] = {"world": f"{author[-1]} {scenario}", "seconds": 0.0}
    if not (scored and (world / "case/networks.parquet").exists()):
        shutil.rmtree(world / "case", ignore_errors=True)
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        row["seconds"] = time.perf_counter() - began
        if not (world / "case/networks.parquet").exists():
            return row | {"failed": done.stderr.strip()[-200:]}
    case = Case(world / "case")
    labels = pl.read_csv(world / "labels.csv", infer_schema=False).with_columns(
        pl.col("campaign").fill_null(""), detectable=pl.col("detectable").str.to_lowercase() == "true"
    )
    seen = labels.join(case.scan("accounts").select("account_id").collect(), on="account_id", how="semi")
    # Single accounts an author calls undetectable are looked for nowhere; a campaign is detectable if most of its
    # accounts are.
    seen = seen.with_columns(
        detectable=pl.when(pl.col("campaign") != "")
        .then(pl.col("detectable").mean().over("campaign") > 0.5)
        .otherwise(pl.lit(value=True))
    )
    found = evaluate(case.scan("members").collect(), case.scan("networks").collect(), seen)
    row |= found.summary.filter(pl.col("view") == "alerts").to_dicts()[0]
    row["campaigns"] = found.campaigns.filter(pl.col("view") == "alerts").to_dicts()
    wrong = found.networks.filter(pl.col("alert") & (pl.col("outcome") == "false"))
    row["wrong"] = [f"{kind} {size}" for kind, size in wrong.select("top_kind", "account_count").iter_rows()]
    alike = (
        found.networks.filter(pl.col("planted_share") == 0)
        .group_by(kind="top_kind")
        .agg(networks=pl.len(), alerts=pl.col("alert").sum())
    )
    row["innocent"] = (
        found.innocents.filter(pl.col("view") == "alerts").join(alike, on="kind", how="left").fill_null(0).to_dicts()
    )
    return row


def print_innocent(rows: list[dict[str, Any]]) -> None:
    """Over all worlds, each kind of look-alike: its accounts, the networks they were linked to, and what of it was
    reported.
    """
    table = pl.DataFrame([kind for row in rows for kind in row["innocent"]]).filter(
        pl.col("kind").str.contains("^N[0-9]+$")
    )
    sums = table.group_by("kind").agg(pl.col("account_count", "networks", "alerts", "accused_count").sum())
    print("\n| look-alike | accounts | networks of them | reported | accounts in any finding |\n|---|---|---|---|---|")
    for kind, *numbers in sums.sort(pl.col("kind").str.slice(1).cast(pl.Int64)).iter_rows():
        print(f"| {kind} | {' | '.join(str(value) for value in numbers)} |")


def number(value: float | None) -> str:
    """Three digits, or a dash for what there is not."""
    return "–" if value is None else f"{value:.3f}"


def main() -> None:
    """Print one line a world as it is done, then the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=705)
    parser.add_argument("--only", nargs="*", default=[], help="author_a:scenario …")
    parser.add_argument(
        "--keep", type=Path, default=None, help="folder for worlds and cases; else they are thrown away"
    )
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--scored", action="store_true", help="score the cases that --keep holds as they are")
    wish = parser.parse_args()
    wanted = [tuple(one.split(":", 1)) for one in wish.only] or [
        (author, name) for author in AUTHORS for name in scenarios(author)
    ]
    with TemporaryDirectory() as scratch, ThreadPoolExecutor(wish.parallel) as pool:
        home = wish.keep or Path(scratch)
        home.mkdir(parents=True, exist_ok=True)
        jobs = [pool.submit(examine, author, name, wish.seed, home, scored=wish.scored) for author, name in wanted]
        rows = []
        print(
            "| world | accounts F1 | precision | recall | false alerts | campaigns missed (best piece) | s "
            "|\n|---|---|---|---|---|---|---|"
        )
        for job in jobs:
            row = job.result()
            rows.append(row)
            if "failed" in row:
                print(f"| {row['world']} | failed: {row['failed']} |")
                continue
            missed = [
                f"{c['kind']} {c['account_count']} ({c['best_recall']:.0%})"
                for c in row["campaigns"]
                if c["detectable"] and c["best_recall"] < 0.8
            ]
            cells = (
                row["world"],
                *(number(row[name]) for name in ("account_f1", "account_precision", "account_recall")),
                ", ".join(row["wrong"]) or "0",
            )
            print(f"| {' | '.join(cells)} | {', '.join(missed)} | {row['seconds']:.0f} |", flush=True)
    read = [row for row in rows if "failed" not in row]
    planted = [row for row in read if row["campaign_count"]]
    clean = [row for row in read if not row["campaign_count"] and not row["undetectable_count"]]
    campaigns = [c for row in planted for c in row["campaigns"] if c["detectable"]]
    f1 = [row["account_f1"] or 0.0 for row in planted]
    precision = [row["account_precision"] for row in planted if row["account_precision"] is not None]
    print(
        f"\n{len(planted)} worlds with hydras: mean accounts F1 {number(fmean(f1) if f1 else None)}, "
        f"mean precision {number(fmean(precision) if precision else None)}, "
        f"campaigns whole (80 % in one network) {sum(c['best_recall'] >= 0.8 for c in campaigns)} of {len(campaigns)}; "
        f"{len(clean)} clean worlds: {sum(len(row['wrong']) for row in clean)} false alerts; false networks in the "
        "others: "
        f"{sum(row['false_network_count'] for row in read if row not in clean)}; failed: {len(rows) - len(read)}; "
        f"peak of a run {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB"
    )
    print_innocent(read)


if __name__ == "__main__":
    main()
