"""Cases on disk, made from frames."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from made_case import FrameCase, made_case
from typer.testing import CliRunner

from forensics.case.store import Case
from forensics.commands.cli import app
from forensics.common.errors import IntegrityError, UsageError
from forensics.common.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path


NETWORK = "net_0123456789ab"


AT = "2026-05-13T08:00:00Z"


@cache
def frames() -> FrameCase:
    """A case with hostile strings, small."""
    return made_case(accounts=24, others=20, office=6, days=24, per_day=3.0, hostile=True)


def real_case(folder: Path, tables: FrameCase | None = None) -> Path:
    """The tables as a case on disk, with log files beside it whose lines are the events'."""
    tables = tables or frames()
    logs = folder / "logs"
    logs.mkdir(parents=True)
    events = tables.tables["events"]
    rows = []
    for number in range(1, 4):
        path = logs / f"part-{number}.jsonl"
        mine = events.filter(pl.col("source_id") == number).sort("source_line")
        lines = [
            json.dumps(
                {
                    "ts": row["started_at"].isoformat(),
                    "account": row["account_id"],
                    "ua": row["user_agent"],
                    "model": row["request_model"],
                }
            )
            for row in mine.iter_rows(named=True)
        ]
        path.write_text("".join(f"{line}\n" for line in lines))
        content = path.read_bytes()
        source = tables.tables["sources"].filter(pl.col("source_id") == number).to_dicts()[0]
        rows.append(
            source
            | {
                "path": str(path),
                "sha256": hashlib.sha256(content).hexdigest(),
                "byte_end": len(content),
                "line_count": len(lines),
                "event_count": len(lines),
            }
            | {"duplicate_count": 0, "reject_count": 0, "blank_count": 0}
        )
    case = Case(folder / "case")
    for name, frame in tables.tables.items():
        case.put(name, (pl.DataFrame(rows, schema=TABLES["sources"].schema) if name == "sources" else frame).lazy())
    case.record(
        "investigate",
        frames().tables["events"]["started_at"][0],
        "jane",
        command=["investigate", "logs", "--accounts", str(logs / "part-1.jsonl")],
    )
    return case.folder


def run(*arguments: object, code: int = 0) -> str:
    """A command as a user would run it; standard output and error together."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        if code and isinstance(done.exception, UsageError | IntegrityError):
            assert done.exception.exit_code == code
            return done.output + done.exception.message
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output
