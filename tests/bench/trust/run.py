"""`make trust`: every standing test of trust again, with figures.

    python tests/bench/trust/run.py [--full] [--seconds 8] [--mutants 40]

Of what has no end (fuzzing, mutants) a sample is tried, and the figures say how large; `--full` tries more.
"""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
GROUPS = {
    "faults survived": (
        "tests/case/test_damage.py", "tests/case/test_commits.py", "tests/case/test_case.py", "tests/reading/test_bounds.py",
        "tests/reading/test_faults.py", "tests/reading/test_hostile_files.py", "tests/reading/test_corpus.py",
    ),
    "commands killed, case whole": ("tests/commands/test_kills.py",),
    "stages without memory": ("tests/pipeline/test_memory.py",),
    "relations held": (
        "tests/describing/test_relations.py", "tests/pipeline/test_retellings.py", "tests/commands/test_same_bytes.py",
        "tests/judging/test_what_must_not_matter.py",
    ),
    "sentences counted anew": ("tests/judging/test_sentences.py",),
    "leaks looked for, none found": ("tests/common/test_secrets.py", "tests/common/test_printable.py", "tests/evidence/test_places.py"),
}  # fmt: skip


def run_tests(paths: tuple[str, ...]) -> tuple[int, int, int]:
    """Tests passed, failed, skipped."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-o", "addopts=", "-m", "not slow", "--strict-markers", "-p", "no:cacheprovider",
         "-o", "timeout=0", *paths],
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


def spent() -> str:
    """Processor time so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return f"{(used.ru_utime + used.ru_stime) / 60:.1f} min"


def main() -> int:
    """All of it; 1 if anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="a minute of fuzzing a door, 150 mutants")
    parser.add_argument("--seconds", type=int, help="of processor time, of fuzzing a door")
    parser.add_argument("--mutants", type=int, help="in the sample")
    chosen = parser.parse_args()
    seconds = chosen.seconds or (60 if chosen.full else 8)
    mutants = chosen.mutants or (150 if chosen.full else 40)
    wrong = 0
    print(f"{'full' if chosen.full else 'sampled (all: --full)'}; processor time so far stands behind")
    for told, paths in GROUPS.items():
        passed, failed, skipped = run_tests(paths)
        wrong += failed
        print(f"{told:<30} {passed:>6}   not: {failed}   left out: {skipped}   ({spent()})", flush=True)
    fuzz = last_line("tests/bench/fuzz/run.py", f"--seconds={seconds}")
    wrong += not fuzz.endswith(" 0 faults")
    print(f"{'inputs tried':<30} {fuzz}, {seconds} s a door   ({spent()})", flush=True)
    killed = last_line("tests/bench/trust/mutants.py", f"--sample={mutants}")
    print(f"{'mutants killed':<30} {killed}   ({spent()})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
