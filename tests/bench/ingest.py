"""Ingest against DuckDB's read_json → Parquet (zstd) of the same file: seconds of processor time, wall time, peak memory.

Run: python tests/bench/ingest.py [--lines 500000] [--copies 1,4,10]. Each measurement is a process of its own; nothing else should run beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when".split()  # noqa: SIM905 - prose


def write_lines(path: Path, lines: int, text_chars: int, broken_every: int = 0) -> None:
    """Flat JSON lines of a seeded world of 9,000 accounts."""
    rng = random.Random(7)
    vocabulary = WORDS + ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(4, 9))) for _ in range(3000)]
    with path.open("w", encoding="utf-8") as out:
        for number in range(lines):
            record = {
                "ts": f"2026-05-{1 + number // 86400 % 28:02d}T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z",
                "account_id": f"acct_{number * 7919 % 9000:05d}",
                "client_ip": f"203.0.{number % 113}.{number % 250}",
                "user_agent": f"OpenAI/Python 1.40.{number % 7}",
                "model": "m-large",
                "endpoint": "/v1/messages",
                "status": 200,
                "input_tokens": number % 3000,
                "output_tokens": number % 999,
                "latency_ms": number % 9999 / 7,
                "request_id": f"req_{number:012x}",
            }
            if text_chars:
                record["prompt"] = " ".join(rng.choices(vocabulary, k=text_chars // 6))
            line = json.dumps(record, separators=(",", ":"))
            out.write(line[: len(line) // 2] if broken_every and number % broken_every == broken_every - 1 else line)
            out.write("\n")


def run_forensics(source: str) -> None:
    """One ingest into a fresh case."""
    from forensics.case import Case
    from forensics.config import Settings
    from forensics.ingest import ingest

    with tempfile.TemporaryDirectory() as folder, Case.locked(Path(folder) / "case") as case:
        ingest(case, [source], settings=Settings().ingest)


def run_duckdb(source: str) -> None:
    """The yardstick: the file as Parquet, nothing checked, hashed or told."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        reading = duckdb.read_json(source, format="newline_delimited", ignore_errors=True)
        reading.write_parquet(f"{folder}/out.parquet", compression="zstd")


def measure(kind: str, source: Path) -> dict[str, float]:
    """Processor seconds, wall seconds and peak MiB of one run in a process of its own."""
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, __file__, "--run", kind, str(source)], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": round(cpu, 1), "wall_s": round(time.monotonic() - started, 1), "peak_mib": round(float(done.stdout.split()[-1]))}


def main() -> None:
    """Print one row a measurement, and the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", nargs=2)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--copies", default="")
    given = parser.parse_args()
    if given.run:
        {"forensics": run_forensics, "duckdb": run_duckdb}[given.run[0]](given.run[1])
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory() as folder:
        files: dict[str, Path] = {}
        for name, chars, broken in (("no text", 0, 0), ("text 500", 500, 0), ("no text, 1 in 1,000 broken", 0, 1000)):
            files[name] = Path(folder) / f"{len(files)}.jsonl"
            write_lines(files[name], given.lines, chars, broken)
        seen: dict[tuple[str, str], dict[str, float]] = {}
        for name, path in files.items():
            for kind in ("duckdb", "forensics"):
                seen[name, kind] = measure(kind, path)
                print(f"{name:28s} {kind:10s} {path.stat().st_size / 1e6:7.0f} MB  {seen[name, kind]}", flush=True)
        for name in files:
            ours, theirs = seen[name, "forensics"], seen[name, "duckdb"]
            print(f"{name:28s} forensics / duckdb: cpu {ours['cpu_s'] / theirs['cpu_s']:.1f}×, wall {ours['wall_s'] / theirs['wall_s']:.1f}×")
        clean, broken_file = seen["no text", "forensics"], seen["no text, 1 in 1,000 broken", "forensics"]
        print(f"broken / clean: cpu {broken_file['cpu_s'] / clean['cpu_s']:.2f}×")
        for copies in filter(None, given.copies.split(",")):
            big = Path(folder) / "big.jsonl"
            with big.open("wb") as out:
                for number in range(int(copies)):
                    out.write(files["text 500"].read_bytes().replace(b'"req_', b'"r%03d' % number))
            print(f"{big.stat().st_size / 1e9:.1f} GB: {measure('forensics', big)}", flush=True)


if __name__ == "__main__":
    main()
