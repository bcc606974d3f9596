"""What a case's ledger holds: which files count, what was read; checked in form, as a case folder is not trusted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forensics.common.errors import IntegrityError, UsageError
from forensics.common.schema import OBSERVABLE_PREFIX, TABLES

if TYPE_CHECKING:
    from pathlib import Path

LEDGER_VERSION = 2
OLDEST_VERSION = 1  # that can be brought up to date
PART_TABLES = ("events", "quarantined", "rejects", "sources", "register")  # stored in parts
UNKNOWN = -1  # rows that an older version did not note
_FILE = re.compile(r"(?:[A-Za-z0-9_=-][A-Za-z0-9._=-]*/)+[A-Za-z0-9_=-][A-Za-z0-9._=-]*\.parquet")
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?")
_MARK_NUMBERS = ("size", "resume_size", "resume_lines")
_MARK_HASHES = ("sha256", "head", "resume_sha256")


@dataclass(frozen=True)
class Part:
    """One Parquet file of a table: its path inside the case, its rows, its mapped observables, its bytes and their
    hash (BLAKE3; empty where an older version did not note it).
    """

    file: str
    rows: int
    observables: tuple[str, ...] = ()
    size: int = 0
    digest: str = ""


def empty_ledger() -> dict[str, Any]:
    """The ledger of a case into which nothing was read."""
    return {
        "version": LEDGER_VERSION,
        "run": 0,
        "next_source": 1,
        "parts": {name: [] for name in PART_TABLES},
        "tables": {},
        "prefixes": [],
        "notes": {},
        "log": {"entries": 0, "head": ""},
        "told": {"source": 0, "run": 0},
    }


def read_ledger(path: Path) -> dict[str, Any]:
    """The ledger as stored, in today's form.

    Raises: IntegrityError where it is damaged or names files outside the case; UsageError for a version unknown here.
    """
    try:
        ledger = json.loads(path.read_bytes())
        version = ledger.get("version")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise IntegrityError(
            f"{path} cannot be read: {error}", "restore it from a backup, or ingest into a new case"
        ) from error
    if version not in range(OLDEST_VERSION, LEDGER_VERSION + 1) or isinstance(version, bool):
        raise UsageError(
            f"{path} was written by another version of forensics ({version})", "ingest the sources into a new case"
        )
    wrong = _wrong_in(ledger)
    if wrong:
        raise IntegrityError(f"{path}: {wrong}", "restore it from a backup, or ingest into a new case")
    whole: dict[str, Any] = {**empty_ledger(), **ledger}
    whole["parts"] = {name: ledger["parts"].get(name, []) for name in PART_TABLES}
    return whole


def parts_of(ledger: dict[str, Any], table: str) -> list[Part]:
    """The files that make up a table."""
    if table in PART_TABLES:
        rows = ledger["parts"][table]
    else:
        rows = [ledger["tables"][table]] if table in ledger["tables"] else []
    return [
        Part(row["file"], row["rows"], tuple(row["observables"]), row.get("size", 0), row.get("digest", ""))
        for row in rows
    ]


def unnoted_tables(folder: Path) -> dict[str, Part]:
    """Worked-out tables of a case of version 1, of which its ledger says nothing."""
    names = [name for name in TABLES if name not in PART_TABLES]
    return {name: Part(f"{name}.parquet", UNKNOWN) for name in names if (folder / f"{name}.parquet").exists()}


def _count(value: Any) -> bool:  # noqa: ANN401 - JSON of any shape
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _wrong_in(ledger: dict[str, Any]) -> str:
    """What of a ledger is not as this tool writes it; empty if nothing."""
    parts, tables = ledger.get("parts"), ledger.get("tables", {})
    if not (_count(ledger.get("run")) and _count(ledger.get("next_source"))):
        return "its counters are damaged"
    if not (isinstance(parts, dict) and isinstance(tables, dict) and isinstance(ledger.get("notes"), dict)):
        return "its list of tables is damaged"
    if not set(tables) <= set(TABLES) - set(PART_TABLES) or not set(parts) <= set(PART_TABLES):
        return "it names tables that no case has"
    if any(not isinstance(rows, list) for rows in parts.values()):
        return "its list of tables is damaged"
    for table, row in [(table, row) for table, rows in parts.items() for row in rows] + list(tables.items()):
        if wrong := _wrong_in_part(table, row):
            return wrong
    for name, keys in (("log", {"entries": int, "head": str}), ("told", {"source": int, "run": int})):
        held = ledger.get(name)
        if held is not None and not (
            isinstance(held, dict) and all(isinstance(held.get(key), kind) for key, kind in keys.items())
        ):
            return f"its entry {name!r} is damaged"
    return _wrong_in_marks(ledger.get("prefixes"))


def _wrong_in_part(table: str, row: Any) -> str:  # noqa: ANN401 - JSON of any shape
    if not isinstance(row, dict) or not _count(row.get("rows")) or not isinstance(row.get("file"), str):
        return f"its entry for {table} is damaged"
    inside = row["file"] == f"{table}.parquet" if table not in PART_TABLES else _FILE.fullmatch(row["file"])
    if not inside or ".." in row["file"] or (table in PART_TABLES and row["file"].split("/")[0] != table):
        return f"{row['file']!r} is no file of {table}"
    seen = row.get("observables")
    if not isinstance(seen, list | tuple) or any(
        not isinstance(name, str) or not name.startswith(OBSERVABLE_PREFIX) for name in seen
    ):
        return f"its entry for {row['file']} is damaged"
    digest = row.get("digest", "")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or not _count(row.get("size", 0)):
        return f"its entry for {row['file']} is damaged"
    return ""


def _wrong_in_marks(marks: Any) -> str:  # noqa: ANN401 - JSON of any shape
    if not isinstance(marks, list) or any(
        not isinstance(mark, dict)
        or not all(_count(mark.get(key)) for key in _MARK_NUMBERS)
        or not all(isinstance(mark.get(key), str) for key in _MARK_HASHES)
        for mark in marks
    ):
        return "its list of what was read is damaged"
    return ""
