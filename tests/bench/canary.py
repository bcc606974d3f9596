"""Canaries by hand: how power falls with paraphrase, mixing and translation; how long a large corpus takes.

python tests/bench/canary.py                power table and speed
python tests/bench/canary.py power          the table alone
python tests/bench/canary.py speed [DOCS]   the time alone, 1 M documents unless said
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "defences"), str(Path(__file__).resolve().parents[2])]

import numpy as np  # noqa: E402 - the path is set first
import orjson  # noqa: E402 - as above
from made_leaks import leak, marked_pool, position_rows  # noqa: E402 - as above

from forensics.commands.corpora import count_corpus, find_corpus  # noqa: E402 - as above
from forensics.defences.canary.normal import normalise  # noqa: E402 - as above
from forensics.defences.canary.trace import trace_leak  # noqa: E402 - as above

if TYPE_CHECKING:
    from forensics.defences.canary.trace import Marked, Suspect

TRIALS = 100
ERROR = 1e-3
NETWORKS = 100
FILLER = "the parser reads an input and checks how it works then a small example follows for each item of our list"
CASES = (
    ("as served", {}),
    ("10 % paraphrased", {"flips": 0.1}),
    ("20 % paraphrased", {"flips": 0.2}),
    ("30 % paraphrased", {"flips": 0.3}),
    ("a third translated", {"erased": 1 / 3}),
    ("two pools mixed, half each", {"pools": 2}),
    ("two pools mixed, 80 to 20", {"pools": 5}),
    ("mixed half each, 10 % paraphrased, a third translated", {"pools": 2, "flips": 0.1, "erased": 1 / 3}),
    ("nine tenths of the text from elsewhere", {"diluted": 0.9}),
    ("nine tenths from elsewhere, with a baseline", {"diluted": 0.9, "baseline": True}),
)


def suspect_of(
    rng: np.random.Generator, marked: Marked, case: dict[str, object], documents: int
) -> tuple[list[int], Suspect, Suspect | None]:
    """Who leaks, the largest share first, the text, and a baseline where the case has one."""
    asked = dict(case)
    pools, baseline = asked.pop("pools", 1), asked.pop("baseline", False)
    natural = rng.uniform(0.05, 0.95, len(marked.chances))
    first, second = rng.choice(NETWORKS, 2, replace=False)
    rows = {1: [first], 2: [first, second], 5: [first] * 4 + [second]}[pools]  # shares of the text
    suspect = leak(rng, marked.words[rows], documents=documents, natural=natural, **asked)
    usual = leak(rng, marked.words[rows], documents=400, diluted=1.0, natural=natural) if baseline else None
    return [int(row) for row in dict.fromkeys(rows)], suspect, usual


def power_table(documents: int) -> None:
    """Shares of trials in which the leaking network is named, by the number of positions."""
    lengths = (113, 169, 300, 500)
    print(f"{NETWORKS} networks with a word each, error {ERROR:g}, {TRIALS} leaks a cell,", end=" ")
    print(f"{documents} documents a position on average\n")
    print("| text | " + " | ".join(f"{m} positions" for m in lengths) + " | innocent named |")
    print("| --- |" + " ---: |" * (len(lengths) + 1))
    for name, case in CASES:
        cells, false = [], 0
        for positions in lengths:
            marked, rng = marked_pool([1] * NETWORKS, positions), np.random.default_rng(positions)
            found = 0
            for _ in range(TRIALS):
                guilty, suspect, usual = suspect_of(rng, marked, case, documents)
                named = trace_leak([suspect], marked, error=ERROR, seed=1, baseline=usual, draws=499).named
                rows = [int(who[4:]) for who in named["holder_id"]]
                found += guilty[0] in rows
                false += len(set(rows) - set(guilty))
            cells.append(f"{found / TRIALS:.0%}")
        print(f"| {name} | {' | '.join(cells)} | {false} |")


def summed_table() -> None:
    """The same for a pool of 400 accounts with words of their own, by the sum of their words."""
    print("400 accounts of one network and 380 of others, a word each, summed; 100 documents a position\n")
    print("| text | 240 positions | 500 positions | an account named | innocent network named |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, case in (
        ("as served", {}),
        ("10 % paraphrased", {"flips": 0.1}),
        ("a third translated", {"erased": 1 / 3}),
        ("20 % paraphrased", {"flips": 0.2}),
    ):
        cells, account, false = [], 0, 0
        for positions in (240, 500):
            marked, rng = (
                marked_pool([400] + [20] * 19, positions, per_account=True, coalition=2),
                np.random.default_rng(positions),
            )
            found = 0
            for _ in range(20):
                named = trace_leak(
                    [leak(rng, marked.words[:400], documents=100, **case)], marked, error=ERROR, seed=1, draws=499
                ).named
                groups = named.filter(score="summed")["group_id"].to_list()
                found += "net_000" in groups
                false += len(groups) - ("net_000" in groups)
                account += named.filter(score="own word").height
            cells.append(f"{found / 20:.0%}")
        print(f"| {name} | {' | '.join(cells)} | {account} | {false} |")


def write_corpus(path: Path, number: int) -> int:
    """A JSON-lines corpus of that many documents, one in five with curly quotes; its bytes."""
    rng, rows = np.random.default_rng(1), position_rows(500)
    filler = [
        "the",
        "parser",
        "reads",
        "an",
        "input",
        "and",
        "checks",
        "how",
        "it",
        "works",
        "then",
        "a",
        "small",
        "example",
        "follows",
        "in",
        "a",
        "loop",
        "for",
        "each",
        "item",
        "of",
        "our",
        "list",
    ]
    bodies = [" ".join(rng.choice(filler, 110)) for _ in range(997)]
    with path.open("wb") as file:
        for index in range(number):
            said = rows[index % 500][1 + index % 2]
            quote = "“it’s so”" if index % 5 == 0 else '"it is so"'
            file.write(
                orjson.dumps({"id": index, "text": f"Answer {index}. {said}, {quote}.\n\n{bodies[index % 997]}"})
                + b"\n"
            )
    return path.stat().st_size


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in used)


def speed(number: int) -> None:
    """Time and memory of counting 500 positions; CPU time too, as a shared machine has less to give."""
    variants = [normalise(text) for _, a, b in position_rows(500) for text in (a, b)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        size = write_corpus(path, number)
        print(f"{number:,} documents ({size / 1e6:.0f} MB of JSON lines) × 500 positions")
        for workers in (1, os.cpu_count() or 1):
            start, spent = time.perf_counter(), _spent()
            tally = count_corpus(find_corpus([str(path)]), variants, frozenset(), workers)
            took, spent = time.perf_counter() - start, _spent() - spent
            assert tally.documents == number
            own, others = (
                resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
            )
            scale = 1e7 / number / 60
            print(f"{workers} processes: {took:.1f} s wall, {spent:.1f} s CPU, {size / took / 1e6:.0f} MB/s")
            print(f"  peak memory {own:.0f} MB, a worker {others:.0f} MB")
            print(f"  10 M such documents at the same rate: {took * scale:.1f} min wall, {spent * scale:.1f} min CPU")


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "all"
    if asked in {"power", "all"}:
        for documents in (2, 40):
            power_table(documents)
            print()
        summed_table()
    if asked in {"speed", "all"}:
        speed(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
