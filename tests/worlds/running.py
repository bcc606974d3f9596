"""The tool run in a process or in this one, and logs to run it on."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pytest
from made_case import made_case, taking_turns

from forensics.commands.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


EVENT_FIELDS = (
    "account_id",
    "client_address",
    "user_agent",
    "request_model",
    "platform",
    "input_tokens",
    "output_tokens",
    "status_code",
    "latency_ms",
    "endpoint",
    "method",
)

TOOL = (sys.executable, "-m", "forensics")


def run(
    *arguments: str | Path, cwd: Path | None = None, stdin: bytes | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The tool in a process of its own."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FORENSICS_") and name not in {"COLUMNS", "NO_COLOR"}
    }
    clean |= {"XDG_CONFIG_HOME": "/nonexistent", **environment}
    done = subprocess.run(
        [*TOOL, *map(str, arguments)],
        cwd=cwd,
        input=stdin or b"",
        capture_output=True,
        timeout=120,
        check=False,
        env=clean,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass
class Answer:
    """What a call in this process printed, and its exit code."""

    returncode: int
    raw: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        """Standard output as text."""
        return self.raw.decode()


@pytest.fixture
def call(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """The tool in this process: quicker, for whatever needs no process of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    monkeypatch.delenv("COLUMNS", raising=False)

    def answer(*arguments: str | Path, **environment: str) -> Answer:
        code = 0
        with monkeypatch.context() as within:
            for name, value in environment.items():
                within.setenv(name, value)
            try:
                main([str(item) for item in arguments])
            except SystemExit as end:
                code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        captured = capfdbinary.readouterr()
        return Answer(code, captured.out, captured.err.decode())

    return answer


def write_logs(folder: Path, *, days: int = 14) -> None:
    """logs/day-NN.jsonl and accounts.csv: a hydra of 20, an office of 10, 220 others."""
    case = taking_turns(made_case(accounts=20, others=220, office=10, days=days))
    (folder / "logs").mkdir(parents=True)
    events = case.tables["events"].select(
        "started_at",
        *EVENT_FIELDS,
        pl.format("t{}", "template_hash").alias("template"),
        pl.format("s{}", "system_hash").alias("system"),
    )
    events = events.with_columns(request_id=pl.format("r{}", pl.int_range(pl.len())))
    for (day,), part in events.group_by(pl.col("started_at").dt.date(), maintain_order=True):
        part.with_columns(pl.col("started_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")).write_ndjson(
            folder / "logs" / f"day-{day}.jsonl"
        )
    columns = (
        "account_id",
        "created_at",
        "banned_at",
        "payment_id",
        "organization_id",
        "email_domain",
        "plan",
        "limit_per_day",
    )
    case.tables["register"].select(columns).write_csv(folder / "accounts.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
