"""`make bench-authors`: worlds of independent authors, investigated through the command line, held against their labels.

python tests/bench/authors/run.py [--seeds 101 102] [--authors attack innocent] [--only attack:plain_pool …]
                                  [--levels text hashes metadata] [--rotate] [--keep FOLDER] [--rows]

With --rotate each scenario is made at one of the levels, by its name and seed: three times as many worlds for the time.

Each author wrote its worlds from the README's list of fields and a page of threats, without sight of this tool, of its
simulator or of each other. One table comes out: author × level. Nothing may be tuned on the seeds it reports.

F1, precision   over accounts: those of findings (`alert` of a member) against the operators' (role operator or mixed)
                of campaigns that the author calls detectable; hostile accounts he calls undetectable count neither way
whole           campaigns of which 80 % or more are in one finding
worst           the least share of a detectable campaign that is in its best finding
innocent        innocent structures accused: half of its accounts, or of a finding, are the other's
framed          accounts that are only used by an operator, and are accused
contested       campaigns that are listed as contested instead of reported
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LEVELS = ("text", "hashes", "metadata")
STRANGERS = {"a": HERE.parent / "strangers/author_a.py", "b": HERE.parent / "strangers/author_b.py"}
AUTHORS = {path.stem.removeprefix("author_"): path for path in sorted(HERE.glob("author_*.py"))} | STRANGERS
WHOLE = 0.8
SCALED = {"clouds", "attack", "innocent", "agentic", "web"}  # authors whose worlds come in levels


def call(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - of subprocess.run
    """A program with its output as text."""
    return subprocess.run([str(item) for item in arguments], capture_output=True, text=True, check=False, **options)


def scenarios(author: str) -> list[str]:
    """Names of an author's scenarios."""
    return [
        line for line in call(sys.executable, AUTHORS[author], "list").stdout.split("\n") if line and " " not in line
    ]


def make(author: str, scenario: str, seed: int, level: str, world: Path) -> bool:
    """Make one world; a generator may fail for a seed: then a thousand more is tried."""
    for attempt in range(3):
        if (world / "labels.csv").exists():
            return True
        shutil.rmtree(world, ignore_errors=True)
        call(
            sys.executable,
            AUTHORS[author],
            scenario,
            seed + 1000 * attempt,
            world,
            *(("--level", level) if author in SCALED else ()),
        )
    return (world / "labels.csv").exists()


def investigate(world: Path, case: Path) -> tuple[float, str]:
    """Seconds of a run through the command line, and what went wrong."""
    shutil.rmtree(case, ignore_errors=True)
    command: list[object] = [
        sys.executable,
        "-m",
        "forensics",
        "investigate",
        world / "logs",
        "--case",
        case,
        "--quiet",
    ]
    if (world / "accounts.csv").exists():
        command += ["--accounts", world / "accounts.csv"]
    began = time.perf_counter()
    done = call(*command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return time.perf_counter() - began, "" if done.returncode in {0, 5} else done.stderr.strip()[-300:]


def listed(case: Path) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """What the machine contract says: networks and members."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    tool = (sys.executable, "-m", "forensics")
    networks = json.loads(call(*tool, "networks", "--case", case, "--format", "json", env=environment).stdout or "[]")
    members = call(*tool, "members", "--case", case, "--format", "csv", env=environment).stdout
    return networks, list(csv.DictReader(io.StringIO(members)))


def read_labels(world: Path) -> dict[str, dict[str, str]]:
    """Account → label; the two strangers' labels have neither structure nor role: kind and campaign stand in."""
    found = {}
    with (world / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            hostile = bool(row.get("campaign"))
            row["role"] = (
                row.get("role")
                if row.get("role") in {"operator", "mixed", "used", "innocent"}
                else "operator"
                if hostile
                else "innocent"
            )
            row["structure"] = row.get("structure") or row.get("group") or row.get("label") or ""
            found[row["account_id"]] = row
    return found


def score(
    labels: dict[str, dict[str, str]], networks: list[dict[str, Any]], members: list[dict[str, str]]
) -> dict[str, Any]:
    """One world's row; see the head of this file for what each number is."""
    accused = {row["account_id"]: row["network_id"] for row in members if row["alert"].lower() == "true"}
    contested = {row["network_id"] for row in networks if row.get("contested")}
    hostile = {name: row for name, row in labels.items() if row["role"] in {"operator", "mixed"}}
    campaigns: dict[str, list[str]] = defaultdict(list)
    for name, row in hostile.items():
        campaigns[row["campaign"]].append(name)
    seen = {
        campaign: names
        for campaign, names in campaigns.items()
        if 2 * sum(labels[name]["detectable"].lower() == "true" for name in names) > len(names)
    }
    wanted = {name for names in seen.values() for name in names if labels[name]["detectable"].lower() == "true"}
    hit = len(wanted & set(accused))
    wrong = [name for name in accused if name in labels and name not in hostile]
    best, disputed = {}, 0
    for campaign, names in seen.items():
        of = [name for name in names if name in wanted]
        counts = Counter(accused[name] for name in of if name in accused)
        best[campaign] = max(counts.values(), default=0) / len(of)
        listed_in = Counter(row["network_id"] for row in members if row["account_id"] in set(of))
        top = listed_in.most_common(1)
        disputed += bool(best[campaign] < WHOLE and top and top[0][0] in contested and top[0][1] >= WHOLE * len(of))
    structures: dict[str, list[str]] = defaultdict(list)
    for name, row in labels.items():
        if row["structure"] and row["role"] in {"innocent", "used"}:
            structures[row["structure"]].append(name)
    tops = set()
    by_network: dict[str, list[str]] = defaultdict(list)
    for name, network in accused.items():
        by_network[network].append(name)
    for names in by_network.values():
        (what, count), *_ = Counter(
            (labels.get(name, {}).get("structure") or "lone") if name not in hostile else "" for name in names
        ).most_common(1)
        if what and 2 * count >= len(names):
            tops.add(what)
    blamed = {
        what for what, names in structures.items() if 2 * sum(name in accused for name in names) >= len(names)
    } | tops
    used = [name for name, row in labels.items() if row["role"] == "used"]
    precision = 1 - len(wrong) / len(accused) if accused else 1.0
    recall = hit / len(wanted) if wanted else 1.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "hostile": bool(seen),
        "campaigns": len(seen),
        "whole": sum(share >= WHOLE for share in best.values()),
        "worst": min(best.values(), default=1.0),
        "contested": disputed,
        "structures": len(structures),
        "blamed": sorted(blamed),
        "kinds": sorted({labels[structures[what][0]]["kind"] for what in blamed if what in structures}),
        "used": len(used),
        "framed": sum(name in accused for name in used),
        "false_alerts": sum(2 * sum(name in hostile for name in names) < len(names) for names in by_network.values()),
    }


def examine(author: str, scenario: str, seed: int, level: str, home: Path, *, again: bool) -> dict[str, Any]:
    """Make, investigate and score one world; what is there is not made anew unless asked for."""
    world = home / f"{author}-{scenario}-{seed}-{level}"
    row: dict[str, Any] = {"author": author, "scenario": scenario, "seed": seed, "level": level}
    if not make(author, scenario, seed, level, world):
        return row | {"failed": "no world"}
    case = world / "case"
    seconds, failed = 0.0, ""
    if again or not (case / "networks.parquet").exists():
        seconds, failed = investigate(world, case)
    if failed:
        return row | {"failed": failed, "seconds": seconds}
    return row | {"seconds": seconds} | score(read_labels(world), *listed(case))


def tell(rows: list[dict[str, Any]]) -> None:
    """The table."""
    print(
        "| author | level | worlds | F1 | precision | whole | worst | contested | innocent structures | framed | seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["author"], row["level"]].append(row)
    for (author, level), every in groups.items():
        done = [row for row in every if "f1" in row]
        hostile = [row for row in done if row["hostile"]]
        f1 = f"{fmean(row['f1'] for row in hostile):.3f}" if hostile else "–"
        precision = f"{fmean(row['precision'] for row in hostile):.3f}" if hostile else "–"
        whole = f"{sum(row['whole'] for row in hostile)}/{sum(row['campaigns'] for row in hostile)}" if hostile else "–"
        worst = f"{min(row['worst'] for row in hostile):.2f}" if hostile else "–"
        blamed, structures = sum(len(row["blamed"]) for row in done), sum(row["structures"] for row in done)
        framed, used = sum(row["framed"] for row in done), sum(row["used"] for row in done)
        print(
            f"| {author} | {level} | {len(done)}/{len(every)} | {f1} | {precision} | {whole} | {worst} |"
            f" {sum(row['contested'] for row in done)} | {blamed}/{structures} | {framed}/{used} |"
            f" {fmean([row['seconds'] for row in done] or [0.0]):.0f} |"
        )


def main() -> None:
    """The bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101])
    parser.add_argument("--authors", nargs="+", default=sorted(AUTHORS))
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--levels", nargs="+", default=list(LEVELS))
    parser.add_argument("--rotate", action="store_true", help="one level a scenario, by its name and the seed")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--rows", action="store_true", help="a line a world too")
    parser.add_argument("--again", action="store_true", help="investigate kept worlds anew")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = chosen.keep or Path(folder)
        rows = []
        for author in chosen.authors:
            for scenario in scenarios(author):
                if chosen.only and f"{author}:{scenario}" not in chosen.only:
                    continue
                levels = chosen.levels if author in SCALED - {"web"} else ["text"]
                for seed in chosen.seeds:
                    turn = (zlib.crc32(f"{author}{scenario}".encode()) + seed) % len(levels)
                    for level in levels[turn : turn + 1] if chosen.rotate else levels:
                        rows.append(examine(author, scenario, seed, level, home, again=chosen.again))
                        if chosen.rows:
                            row = rows[-1]
                            print(
                                json.dumps(
                                    {
                                        key: round(value, 3) if isinstance(value, float) else value
                                        for key, value in row.items()
                                    }
                                ),
                                flush=True,
                            )
                        if chosen.keep is None:
                            shutil.rmtree(home / f"{author}-{scenario}-{seed}-{level}", ignore_errors=True)
        tell(rows)


if __name__ == "__main__":
    main()
