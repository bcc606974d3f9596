"""Same input, same bytes: whatever the number of threads, the number of processes and the seed of hashes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

SAMPLE = Path(__file__).parents[2] / "sample_logs"
THREADS = ("1", "2", "3", "4", "")  # "": as many as there are
FORMS = ("json", "markdown", "html", "csv", "stix", "graphml", "blocklist")


def run(folder: Path, threads: str, *arguments: str) -> bytes:
    """What a run prints, with so many threads and another seed for each number of them."""
    environment = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "COLUMNS": "100", "PYTHONHASHSEED": threads or "5"}
    if threads:
        environment |= {"POLARS_MAX_THREADS": threads, "FORENSICS_INGEST_WORKERS": threads}
    done = subprocess.run(
        [sys.executable, "-m", "forensics", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=1_200,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def digests(folder: Path, threads: str) -> dict[str, str]:
    """Hashes of every table and of every report of one run of the demo, in a folder of its own."""
    folder.mkdir()
    (folder / "logs").symlink_to(SAMPLE / "logs")
    sides = ("--accounts", str(SAMPLE / "accounts.csv"), "--mapping", str(SAMPLE / "mapping.toml"))
    found = {
        "screen": hashlib.sha256(run(folder, threads, "investigate", "logs", *sides, "--case", "case")).hexdigest()
    }
    reports = [item for form in FORMS for item in ("--format", form, "-o", f"report.{form}")]
    run(folder, threads, "report", "--case", "case", *reports)
    for path in sorted([*folder.glob("case/**/*.parquet"), *folder.glob("report.*")]):
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    for path in folder.glob("case/sources/*.parquet"):  # which remember in which folder relative names were given
        told = pl.read_parquet(path).drop("folder").write_json()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(told.encode()).hexdigest()
    return found


@pytest.mark.timeout(6_000)
def test_five_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """The demo with 1, 2, 3, 4 and all threads: every table and every report is the same, byte by byte."""
    pytest.importorskip("stix2")
    with ThreadPoolExecutor(2) as pool:  # two at a time: starting and ending use one core each
        each = pool.map(lambda threads: digests(tmp_path / f"run-{threads or 'all'}", threads), THREADS)
        runs = dict(zip(THREADS, each, strict=True))
    first = runs[THREADS[0]]
    assert {"case/networks.parquet", "case/hallmarks.parquet", *(f"report.{form}" for form in FORMS)} <= set(first)
    for threads, found in runs.items():
        differ = [name for name in first if found.get(name) != first[name]]
        assert not differ, f"with {threads or 'all'} threads: {differ}"
        assert set(found) == set(first)
