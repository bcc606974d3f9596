"""Ingest beside tools that read the same file and check, clean, hash and keep nothing: seconds of processor time, wall
time, peak memory.

Yardsticks: DuckDB's read_json → Parquet (zstd); for access logs a pass of one pattern by DuckDB and by polars → Parquet
            (zstd), and GoAccess where it is installed.
Run: python tests/bench/ingest.py [--lines 1000000] [--copies 1,8,30] [--only WORD]. Each measurement is a process of its
     own, start-up included on both sides; processor time hardly depends on what else runs, wall time does.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zstandard

WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "is",
    "you",
    "that",
    "it",
    "he",
    "was",
    "for",
    "on",
    "are",
    "as",
    "with",
    "his",
    "they",
    "at",
    "be",
    "this",
    "have",
    "from",
    "or",
    "one",
    "had",
    "by",
    "word",
    "but",
    "not",
    "what",
    "all",
    "were",
    "we",
    "when",
]


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


SAMPLES = Path(__file__).parents[2] / "sample_logs" / "logs" / "direct"
OPENINGS = ("", "also ", "again ", "now ", "then ", "first ", "next ", "so ", "well ", "yes ")


def write_realistic(path: Path, lines: int) -> None:
    """Lines of the sample logs (system and user text, a thousand characters a line), over and over: each time under new
    request ids and with texts that begin otherwise, so that none comes twice.
    """
    given = []
    for source in sorted(SAMPLES.glob("*.zst")):
        with source.open("rb") as handle:
            reader = zstandard.ZstdDecompressor().stream_reader(handle, read_across_frames=True)
            given += [line for line in io.BufferedReader(reader) if line.startswith(b"{") and line.endswith(b"}\n")]
    with path.open("wb") as out:
        for number in range(lines):
            turn, place = divmod(number, len(given))
            tens, ones = divmod(turn, len(OPENINGS))
            opening = (OPENINGS[tens % len(OPENINGS)] + OPENINGS[ones]).encode()
            line = given[place].replace(b'"req_', b'"r%d_' % turn, 1)
            for name in (b'"prompt":"', b'"system":"'):
                line = line.replace(name, name + opening, 1)
            out.write(line)


def write_access_log(path: Path, lines: int) -> None:
    """Combined log lines of the same world."""
    with path.open("w", encoding="utf-8") as out:
        for number in range(lines):
            clock = f"{1 + number // 86400 % 28:02d}/May/2026:{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d} +0000"
            request = f"POST /v1/messages?beta={number % 3} HTTP/1.1"
            out.write(
                f'203.0.{number % 113}.{number % 250} - acct_{number * 7919 % 9000:05d} [{clock}] "{request}" 200 '
                f'{number % 9000} "-" '
                f'"OpenAI/Python 1.40.{number % 7}"\n'
            )


def write_hashes(path: Path, lines: int) -> None:
    """A Parquet file of requests with hashes instead of text, as a gateway keeps them."""
    import polars as pl

    rng = random.Random(9)
    number = pl.int_range(lines, eager=True)
    hashes = [[f"{rng.getrandbits(64):016x}" for _ in range(count)] for count in (4_000, 60)]
    frame = pl.DataFrame(
        {
            "started_at": number.cast(pl.Int64) * 250_000 + 1_777_593_600_000_000,
            "account_id": "acct_" + (number * 7919 % 9000).cast(pl.String),
            "request_id": "req_" + number.cast(pl.String),
            "client_address": pl.select(pl.format("203.0.{}.{}", number % 113, number % 250)).to_series(),
            "user_agent": "OpenAI/Python 1.40." + (number % 7).cast(pl.String),
            "request_model": pl.Series(["m-large"]).new_from_index(0, lines),
            "endpoint": pl.Series(["/v1/messages"]).new_from_index(0, lines),
            "status_code": pl.Series([200]).new_from_index(0, lines),
            "input_tokens": number % 3000,
            "output_tokens": number % 999,
            "latency_ms": (number % 9999) / 7,
            "prompt_hash": (number * 48_271).hash(1),
            "template_hash": pl.Series(hashes[0]).gather(number % 4_000),
            "system_hash": pl.Series(hashes[1]).gather(number % 60),
        }
    )
    frame = frame.with_columns(pl.col("started_at").cast(pl.Datetime("us", "UTC")))
    frame.write_parquet(path, compression="zstd", row_group_size=131_072)


def write_csv(path: Path, lines: Path) -> None:
    """The same lines as CSV."""
    with path.open("w", encoding="utf-8", newline="") as out, lines.open(encoding="utf-8") as given:
        table = csv.writer(out)
        for number, line in enumerate(given):
            record = json.loads(line)
            if not number:
                table.writerow(record)
            table.writerow(record.values())


def write_chats(path: Path, lines: Path) -> None:
    """The same lines with the prompt as the last of several messages."""
    with path.open("w", encoding="utf-8") as out, lines.open(encoding="utf-8") as given:
        for line in given:
            record = json.loads(line)
            text = record.pop("prompt")
            record["messages"] = [
                {"role": "user", "content": text[:200]},
                {"role": "assistant", "content": text[:100]},
                {"role": "user", "content": [{"type": "text", "text": text[200:]}]},
            ]
            out.write(json.dumps(record) + "\n")


def run_forensics(source: str) -> None:
    """One ingest into a fresh case."""
    from forensics.case.store import Case
    from forensics.common.settings import Settings
    from forensics.reading.ingest import ingest

    with tempfile.TemporaryDirectory() as folder, Case.locked(Path(folder) / "case") as case:
        ingest(case, [source], settings=Settings().ingest)


def run_duckdb(source: str) -> None:
    """The file as Parquet, nothing checked, hashed or told."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        read = (
            duckdb.read_csv(source)
            if source.endswith(".csv")
            else duckdb.read_parquet(source)
            if source.endswith(".parquet")
            else duckdb.read_json(source, format="newline_delimited", ignore_errors=True)
        )
        read.write_parquet(f"{folder}/out.parquet", compression="zstd")


COMBINED = (
    r'^(?P<address>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>\d{3}) '
    r'(?P<bytes>\S+) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"'
)


def run_duckdb_log(source: str) -> None:
    """The groups of the same pattern by DuckDB."""
    import duckdb

    names = [f"'{name}'" for name in re.findall(r"\?P<(\w+)>", COMBINED)]
    pattern = re.sub(r"\?P<\w+>", "", COMBINED)
    with tempfile.TemporaryDirectory() as folder:
        lines = f"read_csv('{source}', delim='\x01', quote='', escape='', header=false, columns={{'line': 'VARCHAR'}})"
        groups = f"regexp_extract(line, '{pattern}', [{', '.join(names)}])"
        read = f"SELECT unnest({groups}) FROM {lines}"  # noqa: S608 - a name and a pattern of this file
        duckdb.sql(read).write_parquet(f"{folder}/out.parquet", compression="zstd")


def run_regex(source: str) -> None:
    """The groups of a pattern as text columns of Parquet."""
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        lines = pl.scan_lines(source)
        name = lines.collect_schema().names()[0]
        lines.select(pl.col(name).str.extract_groups(COMBINED).alias("groups")).unnest("groups").sink_parquet(
            f"{folder}/out.parquet", compression="zstd"
        )


def run_goaccess(source: str) -> None:
    """GoAccess's report of the file as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["goaccess", source, "--log-format=COMBINED", "--no-progress", "-o", f"{folder}/out.json"],
            check=True,
            capture_output=True,
        )


KINDS = {
    "forensics": run_forensics,
    "duckdb": run_duckdb,
    "duckdb log": run_duckdb_log,
    "regex": run_regex,
    "goaccess": run_goaccess,
}


def measure(kind: str, source: Path) -> dict[str, float]:
    """Processor seconds, wall seconds and peak MiB of one run in a process of its own."""
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, __file__, "--run", kind, str(source)], check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_s": cpu, "wall_s": time.monotonic() - started, "peak_mib": float(done.stdout.split()[-1])}


def show(name: str, path: Path, kind: str, theirs: dict[str, float], ours: dict[str, float]) -> None:
    """One row of the table."""
    size = path.stat().st_size / 1e6
    print(
        f"| {name} | {size:,.0f} | {kind} | {theirs['cpu_s']:.2f} | {ours['cpu_s']:.2f} | "
        f"{ours['cpu_s'] / theirs['cpu_s']:.1f} × | {theirs['wall_s']:.1f} | {ours['wall_s']:.1f} "
        f"| {ours['wall_s'] / theirs['wall_s']:.1f} × | {ours['peak_mib']:,.0f} |",
        flush=True,
    )


def write_files(folder: Path, lines: int) -> dict[str, Path]:
    """Every file of the table that is asked for."""
    some = max(lines * 3 // 10, 1)
    names = ("tiny.jsonl", "clean.jsonl", "broken.jsonl", "real.jsonl", "text.jsonl", "chats.jsonl", "clean.csv",
             "combined.log", "hashes.parquet")  # fmt: skip
    files = {name: folder / name for name in names}
    write_lines(files["tiny.jsonl"], 100, 0)
    write_lines(files["clean.jsonl"], lines, 0)
    write_lines(files["broken.jsonl"], lines, 0, 1000)
    write_realistic(files["real.jsonl"], some)
    write_lines(files["text.jsonl"], some, 500)
    write_chats(files["chats.jsonl"], files["text.jsonl"])
    write_csv(files["clean.csv"], files["clean.jsonl"])
    write_access_log(files["combined.log"], lines)
    write_hashes(files["hashes.parquet"], lines)
    return files


ROWS = [
    ("100 lines: start-up", "tiny.jsonl", "duckdb"),
    ("flat JSON, no text", "clean.jsonl", "duckdb"),
    ("flat JSON, system and user text as in the sample logs", "real.jsonl", "duckdb"),
    ("flat JSON, 500 characters of prompt", "text.jsonl", "duckdb"),
    ("flat JSON, three messages", "chats.jsonl", "duckdb"),
    ("CSV", "clean.csv", "duckdb"),
    ("combined log", "combined.log", "duckdb log"),
    ("combined log", "combined.log", "regex"),
    ("Parquet with hashes", "hashes.parquet", "duckdb"),
]


def compare(folder: Path, lines: int, only: str) -> Path:
    """The table of ratios; the file with text, for the memory curve."""
    files = write_files(folder, lines)
    print(
        "| lines | MB | beside | its CPU s | forensics CPU s | CPU | its wall s | forensics wall s | wall | peak MiB "
        "|\n|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    rows = [*ROWS, *([("combined log", "combined.log", "goaccess")] if shutil.which("goaccess") else [])]
    seen: dict[str, dict[str, float]] = {}
    for title, name, kind in rows:
        if only in title:
            seen[name] = seen.get(name) or measure("forensics", files[name])
            show(title, files[name], kind, measure(kind, files[name]), seen[name])
    if "clean.jsonl" in seen and not only:
        show(
            "flat JSON, 1 line in 1,000 broken",
            files["broken.jsonl"],
            "the clean file",
            seen["clean.jsonl"],
            measure("forensics", files["broken.jsonl"]),
        )
    return files["text.jsonl"]


def main() -> None:
    """Print one row a measurement, and the memory curve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", nargs=2)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--copies", default="1,4", help="copies of the file with text, for the memory curve")
    parser.add_argument("--only", default="", help="rows of the table with this word in their title")
    given = parser.parse_args()
    if given.run:
        KINDS[given.run[0]](given.run[1])
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory() as folder:
        text = compare(Path(folder), given.lines, given.only)
        for copies in filter(None, given.copies.split(",")):
            big = Path(folder) / "big.jsonl"
            with big.open("wb") as out:
                for number in range(int(copies)):
                    out.write(text.read_bytes().replace(b'"req_', b'"r%03d' % number))
            found = measure("forensics", big)
            print(
                f"{big.stat().st_size / 1e9:.1f} GB: peak {found['peak_mib']:,.0f} MiB, {found['cpu_s']:.0f} CPU s, "
                f"{found['wall_s']:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
