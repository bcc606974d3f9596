"""A case that an older version wrote, brought up to date once, when it is next held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from forensics.case.guard import RESTORE, digest_file
from forensics.case.ledger import PART_TABLES, UNKNOWN, Part, parts_of, unnoted_tables
from forensics.common.errors import IntegrityError
from forensics.common.schema import REJECTS

if TYPE_CHECKING:
    from forensics.case.store import Case


def renew(case: Case) -> None:
    """Count and hash every file of a case of version 1, which noted rows of parts only; rejects keep no text.

    What it read before is taken as told.
    """
    ledger = case.ledger
    replaced: dict[str, list[Part]] = {}
    for table in PART_TABLES:
        parts = parts_of(ledger, table)
        if table == "rejects":
            replaced[table] = [_bare_rejects(case, part, number) for number, part in enumerate(parts, start=1)]
        else:
            replaced[table] = [_counted(case, part) for part in parts]
    tables = {name: _counted(case, part) for name, part in unnoted_tables(case.folder).items()}
    run = case.ledger["run"]
    with case.draft():
        case.commit(
            replaced=replaced, tables=tables, run=run, notes={**ledger["notes"], "renewed_from": ledger["version"]}
        )
        told = case.scan("lineage").select(pl.col("run").max()).collect().item() or 0
        case.commit(told={"source": case.last_source, "run": int(told)}, run=run)
    case.sweep()


def _counted(case: Case, part: Part) -> Part:
    """The part with its bytes and hash as they are now.

    Raises: IntegrityError where it is gone, or has other rows than were noted.
    """
    path = case.folder / part.file
    try:
        size, digest = digest_file(path)
        rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except OSError as error:
        raise IntegrityError(f"{path} is gone, but the case's ledger counts on it", RESTORE) from error
    except pl.exceptions.PolarsError as error:
        raise IntegrityError(f"{path} is not a readable Parquet file", RESTORE) from error
    if part.rows not in {UNKNOWN, rows}:
        raise IntegrityError(f"{path} was changed: it has {rows:,} rows, written were {part.rows:,}", RESTORE)
    return replace(part, rows=rows, size=size, digest=digest)


def _bare_rejects(case: Case, part: Part, number: int) -> Part:
    """The part without the lines themselves, which may hold prompts and keys."""
    _counted(case, part)
    place = ("source_id", "source_line", "byte_offset", "reason")
    bare = pl.scan_parquet(case.folder / part.file, glob=False).select(place).collect()
    bare = pl.concat([REJECTS.empty(), bare], how="diagonal")
    return case.write_part("rejects", f"renewed-{case.ledger['run']:06d}-{number:05d}", bare)
