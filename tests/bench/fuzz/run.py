"""Feed every door of the tool inputs that mean harm, and keep those that broke it.

    python tests/bench/fuzz/run.py [TARGET …] [--seconds 60] [--seed 1]

With atheris installed (`pip install forensics[fuzz]`) inputs are led by coverage; without it they are drawn by mutation
of the seeds and of the kept corpus. An input that broke something is written to corpus/TARGET/, where
tests/reading/test_corpus.py feeds it for ever after.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "worlds"))

from targets import TARGETS, feed, seeds  # noqa: E402 - found by the line above

MARKS = [
    b"\0",
    b"\xff",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b",",
    b"\n",
    b"\\",
    b"9" * 30,
    b"-1",
    b"1e999",
    b"null",
    b"=",
    b"'",
]


def kept(target: str) -> list[bytes]:
    """Inputs that once broke something."""
    return [path.read_bytes() for path in sorted((HERE / "corpus" / target).glob("*"))]


def mutate(data: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """A few changes: bytes flipped, cut, doubled, marks put in, pieces of other inputs."""
    out = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(out) + 1)
        size = draw.choice((1, 2, 8, 64, 512))
        kind = draw.randrange(6)
        if kind == 0 and place < len(out):
            out[place] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del out[place : place + size]
        elif kind == 2:
            out[place:place] = out[place : place + size] * draw.choice((1, 2, 50))
        elif kind == 3:
            out[place:place] = draw.choice(MARKS) * draw.choice((1, 3, 200))
        elif kind == 4:
            other = draw.choice(others)
            start = draw.randrange(len(other) + 1)
            out[place:place] = other[start : start + size]
        else:
            out[place : place + size] = draw.randbytes(size)
    return bytes(out[: 1 << 20])


def keep(target: str, data: bytes) -> Path:
    """Keep an input that broke something."""
    path = HERE / "corpus" / target / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def by_mutation(target: str, seconds: float, seed: int) -> tuple[int, int]:
    """Inputs tried, and how many broke something."""
    draw, start = random.Random(f"{target}{seed}"), [*seeds(target), *kept(target)]
    tried = broken = 0
    end = time.process_time() + seconds  # as many inputs on a busy machine as on an idle one
    while time.process_time() < end:
        data = mutate(draw.choice(start), start, draw)
        tried += 1
        try:
            feed(target, data)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - whatever it is, panics of a library too, it is what is looked for
            broken += 1
            print(f"{keep(target, data)}:\n{traceback.format_exc(limit=-4)}")
    return tried, broken


def by_coverage(target: str, seconds: float, seed: int) -> None:
    """The same led by coverage; atheris ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["forensics"]):
        import targets  # noqa: F401 - imported for its instrumentation

    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        (folder.parent.parent / ".seeds" / target).mkdir(parents=True, exist_ok=True)
        (folder.parent.parent / ".seeds" / target / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    where = [str(HERE / ".seeds" / target), str(folder)]
    options = [f"-max_total_time={int(seconds)}", f"-seed={seed}", f"-artifact_prefix={folder}/", "-max_len=65536"]
    atheris.Setup([sys.argv[0], *options, *where], lambda data: feed(target, bytes(data)))
    atheris.Fuzz()


def main() -> int:
    """Each target for its time; 1 if anything broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true", help="led by coverage, a process a target")
    chosen = parser.parse_args()
    total = faults = 0
    for target in chosen.targets or list(TARGETS):
        if chosen.atheris and len(chosen.targets) != 1:
            arguments = [sys.executable, __file__, target, "--atheris", f"--seconds={chosen.seconds}"]
            faults += subprocess.run(arguments, check=False).returncode != 0
        elif chosen.atheris:
            by_coverage(target, chosen.seconds, chosen.seed)
        else:
            tried, broken = by_mutation(target, chosen.seconds, chosen.seed)
            print(f"{target}: {tried} inputs tried, {broken} broke it", flush=True)
            total, faults = total + tried, faults + broken
    print(f"{total} inputs tried, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
