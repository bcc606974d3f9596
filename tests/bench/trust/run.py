"""`make trust`: every standing test of trust again, with figures.

python tests/bench/trust/run.py [--seconds 60] [--mutants 150]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
GROUPS = {
    "faults survived": (
        "tests/case/test_damage.py", "tests/case/test_commits.py", "tests/case/test_case.py", "tests/reading/test_bounds.py",
        "tests/reading/test_faults.py", "tests/reading/test_hostile_files.py", "tests/reading/test_corpus.py",
    ),
    "commands killed, case whole": ("tests/commands/test_kills.py",),
    "relations held": (
        "tests/describing/test_relations.py", "tests/pipeline/test_retellings.py", "tests/commands/test_same_bytes.py",
        "tests/judging/test_what_must_not_matter.py",
    ),
    "sentences counted anew": ("tests/judging/test_sentences.py",),
    "leaks looked for, none found": ("tests/common/test_secrets.py", "tests/common/test_printable.py"),
}  # fmt: skip


def run_tests(paths: tuple[str, ...]) -> tuple[int, int, int]:
    """Tests passed, failed, skipped."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-o", "addopts=", "-m", "not slow", "--strict-markers", "-p", "no:cacheprovider", *paths],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = done.stdout.strip().rpartition("\n")[2]
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|errors|skipped)", told)}
    failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    for line in done.stdout.splitlines():
        if line.startswith(("FAILED", "ERROR")):
            print(f"  {line}")
    return counts.get("passed", 0), failed, counts.get("skipped", 0)


def last_line(*arguments: str) -> str:
    """What a bench says last."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return (done.stdout.strip() or done.stderr.strip()).rpartition("\n")[2]


def main() -> int:
    """All of it; 1 if anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of fuzzing, a door")
    parser.add_argument("--mutants", type=int, default=150)
    chosen = parser.parse_args()
    start, wrong = time.monotonic(), 0
    for told, paths in GROUPS.items():
        passed, failed, skipped = run_tests(paths)
        wrong += failed
        print(
            f"{told:<30} {passed:>6}   not: {failed}   left out: {skipped}   ({time.monotonic() - start:.0f} s)",
            flush=True,
        )
    fuzz = last_line("tests/bench/fuzz/run.py", f"--seconds={chosen.seconds}")
    wrong += not fuzz.endswith(" 0 faults")
    print(f"{'inputs tried':<30} {fuzz}", flush=True)
    print(f"{'mutants killed':<30} {last_line('tests/bench/trust/mutants.py', f'--sample={chosen.mutants}')}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
