"""Same input, same bytes: whatever the number of threads."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from relations import as_text, small_log

if TYPE_CHECKING:
    from pathlib import Path

THREADS = ("1", "2", "3", "4", "")


def digests(folder: Path, threads: str) -> dict[str, str]:
    """Hashes of every table and of the report of one run."""
    environment = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "COLUMNS": "100"}
    if threads:
        environment |= {"POLARS_MAX_THREADS": threads, "FORENSICS_INGEST_WORKERS": threads}
    tool = (sys.executable, "-m", "forensics")
    case = folder / f"case-{threads or 'all'}"
    done = subprocess.run(
        [*tool, "investigate", "log.jsonl", "--case", str(case)],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = {"report": hashlib.sha256(done.stdout.replace(case.name.encode(), b"case")).hexdigest()}
    for form in ("json", "markdown"):
        asked = subprocess.run(
            [*tool, "report", "--format", form, "--case", str(case)],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=280,
            check=False,
        )
        assert asked.returncode == 0, asked.stderr.decode()
        found[form] = hashlib.sha256(asked.stdout.replace(case.name.encode(), b"case")).hexdigest()
    for path in sorted(case.rglob("*.parquet")):
        found[path.relative_to(case).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.mark.timeout(1_500)
def test_five_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """With 1, 2, 3, 4 and all threads, every table and every report of the same log is the same, byte by byte."""
    (tmp_path / "log.jsonl").write_text(as_text(small_log(accounts=40)))
    runs = {threads: digests(tmp_path, threads) for threads in THREADS}
    first = runs[THREADS[0]]
    assert len(first) > 10
    for threads, found in runs.items():
        differ = [name for name in first if found.get(name) != first[name]]
        assert not differ, f"with {threads or 'all'} threads: {differ}"
        assert set(found) == set(first)
