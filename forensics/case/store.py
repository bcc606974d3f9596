"""The case folder: Parquet tables, a ledger of what was read, a lock. The only module that knows paths inside it.

Tables that grow by ingest (events, rejects, sources, register) are sets of Parquet parts. A part counts only once the
ledger names it, and the ledger is replaced in one rename: a run killed anywhere leaves the case as it was. Tables that
are worked out (accounts, links, …) are one file each, replaced in one rename.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import polars as pl

from forensics.common.errors import CaseLocked, InputError, IntegrityError, UsageError
from forensics.common.schema import OBSERVABLE_PREFIX, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

LEDGER_VERSION = 1
PART_TABLES = ("events", "rejects", "sources", "register")  # known to the ledger
LOG_FILE = "log.jsonl"  # hash-chained: what was done to the case
SETTINGS_FILE = "settings.toml"  # the case's own settings, if any
DRAFT, READY = (
    ".draft",
    ".ready",
)  # folders of worked-out tables that do not count yet, and that count but are not yet in place
STAGE_NOTE = ".stage"  # which stage runs; left behind only by a run that was killed
ROW_GROUP_ROWS = 131_072
# Events of a part lie by account in small groups of rows: whoever asks for some accounts reads their groups only.
EVENT_GROUP_ROWS = 16_384
EVENT_ORDER = ("account_id", "started_at", "source_id", "source_line")
_NO_PARTS: dict[str, Any] = {name: [] for name in PART_TABLES}
_EMPTY_LEDGER: dict[str, Any] = {
    "version": LEDGER_VERSION,
    "run": 0,
    "next_source": 1,
    "parts": _NO_PARTS,
    "prefixes": [],
    "notes": {},
}


@dataclass(frozen=True)
class Part:
    """One Parquet file of a growing table: its path inside the case, its rows, its mapped observables."""

    file: str
    rows: int
    observables: tuple[str, ...] = ()


class Case:
    """One investigation's folder."""

    def __init__(self, folder: Path | str) -> None:
        """Open `folder`; it need not exist until something is written.

        Raises: UsageError where the folder holds something that is not a case.
        """
        self.folder = Path(folder)
        self._drafting = False
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder} is not a folder", "give --case the name of a folder")
        if (
            self.folder.is_dir()
            and not self._ledger_path.exists()
            and any(not entry.name.startswith(".") for entry in self.folder.iterdir())
        ):
            leftovers = {*PART_TABLES, *(f"{name}.parquet" for name in TABLES), LOG_FILE, SETTINGS_FILE}
            if not all(entry.name in leftovers or entry.name.startswith(".") for entry in self.folder.iterdir()):
                raise UsageError(
                    f"{self.folder} is not empty and not a case", "give --case a new folder or an existing case"
                )

    @classmethod
    @contextlib.contextmanager
    def locked(cls, folder: Path | str) -> Iterator[Case]:
        """The case, held alone until the block ends; the folder is made if need be.

        Raises: CaseLocked if another run holds it.
        """
        case = cls(folder)
        with _writing(case.folder):
            case.folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(case.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise CaseLocked(
                f"another run holds the case {case.folder}", "wait until it has ended, or give another --case"
            ) from error
        except OSError as error:
            raise InputError(
                f"cannot write {case.folder}: {error.strerror or error}", "give --case a folder that can be written to"
            ) from error
        try:
            case.sweep()
            yield case
        except InputError:
            with contextlib.suppress(OSError):  # what was half written must not fill a disk that is full
                case.sweep()
            raise
        finally:
            lock.release()

    # reading

    def scan(self, table: str) -> pl.LazyFrame:
        """The table, lazily; an empty frame with its columns where nothing is stored."""
        contract = TABLES[table]
        if table in PART_TABLES:
            parts = self._parts(table)
            if not parts:
                return contract.empty().lazy()
            extra = sorted({name for part in parts for name in part.observables})
            paths = [self.folder / part.file for part in parts]
            missing = [path for path in paths if not path.exists()]
            if missing:
                raise IntegrityError(
                    f"{missing[0]} is gone, but the case's ledger counts on it",
                    "restore the file, or ingest the sources into a new case",
                )
            return _scan(contract, paths, extra)
        path = self._file(table)
        return pl.scan_parquet(path, glob=False) if path.exists() else contract.empty().lazy()

    def scan_part(self, table: str, path: Path) -> pl.LazyFrame:
        """One of the table's `files`, with the columns that were not stored because nothing stands in them."""
        if table not in PART_TABLES:
            return pl.scan_parquet(path, glob=False)
        contract = TABLES[table]
        return _scan(contract, [path], [name for name in pl.read_parquet_schema(path) if name not in contract.columns])

    def has(self, table: str) -> bool:
        """Whether the table was ever written."""
        return bool(self._parts(table)) if table in PART_TABLES else self._file(table).exists()

    def files(self, table: str) -> list[Path]:
        """The Parquet files the table is stored in, in order."""
        if table in PART_TABLES:
            return [self.folder / part.file for part in self._parts(table)]
        path = self._file(table)
        return [path] if path.exists() else []

    @property
    def ledger(self) -> dict[str, Any]:
        """What was read, as stored: runs, parts, known prefixes of files, notes."""
        path = self._ledger_path
        if not path.exists():
            return json.loads(json.dumps(_EMPTY_LEDGER))  # type: ignore[no-any-return]
        try:
            ledger: dict[str, Any] = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise IntegrityError(
                f"{path} cannot be read: {error}", "restore it from a backup, or ingest into a new case"
            ) from error
        if ledger.get("version") != LEDGER_VERSION:
            raise UsageError(
                f"{path} was written by another version of forensics ({ledger.get('version')})",
                "ingest the sources into a new case",
            )
        return ledger

    # writing

    def put(self, table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Store a table in the contract's order and hand back its scan; the old one stays until the new one is whole.

        Raises: TypeError where the frame breaks the contract; InputError where it cannot be written.
        """
        contract = TABLES[table]
        frame = _ordered(contract, frame)
        if contract.sort:
            frame = frame.sort(*contract.sort)
        self.folder.mkdir(parents=True, exist_ok=True)
        if table in PART_TABLES:
            part = self.write_part(table, f"put-{self.ledger['run'] + 1:06d}", frame)
            self.commit(replaced={table: [part]})
            return self.scan(table)
        path = (self.folder / DRAFT if self._drafting else self.folder) / f"{contract.name}.parquet"
        temporary = path.with_name(f".{path.name}.tmp")
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.sink_parquet(temporary, compression="zstd", row_group_size=ROW_GROUP_ROWS)
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
        return self.scan(table)

    @contextlib.contextmanager
    def draft(self) -> Iterator[None]:
        """Worked-out tables that are put inside the block count all at once at its end; if it fails, not at all.

        One rename decides: until `.ready` exists the old tables count, from then on the new ones, also if the run is
        killed while they are moved into place.
        """
        shutil.rmtree(self.folder / DRAFT, ignore_errors=True)
        self._drafting = True
        try:
            yield
            if (self.folder / DRAFT).is_dir():
                with _writing(self.folder):
                    (self.folder / DRAFT).rename(self.folder / READY)
                    self._settle()
        finally:
            self._drafting = False
            shutil.rmtree(self.folder / DRAFT, ignore_errors=True)

    @contextlib.contextmanager
    def undone_if_interrupted(self) -> Iterator[None]:
        """What is ingested inside the block is taken back if the user stops the run: the case is as it was."""
        before = self._ledger_path.read_bytes() if self._ledger_path.exists() else None
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            if before is not None:
                self.write_file("ledger.json", before)
            elif self._ledger_path.exists():
                self._ledger_path.unlink()
            self.sweep()
            raise

    def write_part(self, table: str, stem: str, frame: pl.DataFrame | pl.LazyFrame) -> Part:
        """Write one part of a growing table; it does not count until `commit` names it. Columns in which nothing stands
        are left out of the file.

        Raises: TypeError where the frame breaks the contract; InputError where it cannot be written.
        """
        whole = _ordered(TABLES[table], frame.lazy()).collect()
        empty = [
            name
            for name, column in TABLES[table].columns.items()
            if not column.required and whole.height and whole[name].null_count() == whole.height
        ]
        path = self.folder / table / f"{stem}.parquet"
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            stored = whole.drop(empty)
            if table == "events":
                stored = stored.sort(EVENT_ORDER)
            stored.write_parquet(
                path,
                compression="zstd",
                compression_level=1,
                row_group_size=EVENT_GROUP_ROWS if table == "events" else ROW_GROUP_ROWS,
            )
            _sync(path)
        extra = tuple(name for name in whole.columns if name.startswith(OBSERVABLE_PREFIX))
        return Part(f"{table}/{stem}.parquet", whole.height, extra)

    def commit(
        self,
        added: Mapping[str, Sequence[Part]] | None = None,
        replaced: Mapping[str, Sequence[Part]] | None = None,
        **changes: Any,  # noqa: ANN401 - ledger entries are JSON of any shape
    ) -> None:
        """Make parts count, all at once: the ledger is written beside itself and renamed."""
        ledger = self.ledger
        for table, parts in (replaced or {}).items():
            ledger["parts"][table] = [vars(part) for part in parts]
        for table, parts in (added or {}).items():
            ledger["parts"][table] += [vars(part) for part in parts]
        ledger["run"] += 1
        ledger.update(changes)
        self.write_file("ledger.json", json.dumps(ledger, indent=1, sort_keys=True).encode())

    def drop(self, before: datetime) -> int:
        """Take events that started before a moment out of the case, in one step; how many went.

        Their sources stay known: reading them again adds nothing.
        """
        ledger = self.ledger
        kept: list[Part] = []
        gone = 0
        for number, part in enumerate(self._parts("events"), start=1):
            path = self.folder / part.file
            older = int(
                pl.scan_parquet(path, glob=False).select((pl.col("started_at") < before).sum()).collect().item()
            )
            gone += older
            if older == 0:
                kept.append(part)
            elif older < part.rows:
                frame = self.scan_part("events", path).filter(pl.col("started_at") >= before)
                kept.append(self.write_part("events", f"{ledger['run'] + 1:06d}-kept-{number:05d}", frame))
        if gone:
            self.commit(replaced={"events": kept}, notes={**ledger["notes"], "dropped_before": before.isoformat()})
            self.sweep()
        return gone

    def write_file(self, name: str, content: bytes) -> Path:
        """Store a small file of the case in one rename."""
        path = self.folder / name
        temporary = path.with_name(f".{path.name}.tmp")
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(content)
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
        return path

    # the chained log

    def entries(self) -> list[dict[str, Any]]:
        """Every command run on the case that changed it, oldest first; each entry holds the hash of the one before.

        Raises: IntegrityError where an entry was changed, taken out or put in.
        """
        path = self.folder / LOG_FILE
        if not path.exists():
            return []
        found: list[dict[str, Any]] = []
        previous = ""
        whole = path.read_bytes().split(b"\n")[
            :-1
        ]  # what follows the last line end was torn off by a kill and never counted
        for number, line in enumerate(whole, start=1):
            try:
                entry: dict[str, Any] = json.loads(line)
                sound = entry["previous"] == previous and entry["sha256"] == _chain_hash(entry)
            except (ValueError, KeyError, TypeError):
                sound = False
            if not sound:
                hint = "compare it with a backup or a sealed copy; nothing from this line on can be trusted"
                raise IntegrityError(f"{path}:{number}: the chain of the log is broken here", hint)
            previous = entry["sha256"]
            found.append(entry)
        return found

    def record(self, what: str, at: datetime, by: str, **facts: Any) -> dict[str, Any]:  # noqa: ANN401 - facts are JSON of any shape
        """Append an entry to the chained log: what was done, when, by whom, and what the command says of itself."""
        known = self.entries()
        entry = {
            "n": len(known) + 1,
            "what": what,
            "at": at.isoformat(),
            "by": by,
            "facts": facts,
            "previous": known[-1]["sha256"] if known else "",
        }
        entry["sha256"] = _chain_hash(entry)
        path = self.folder / LOG_FILE
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as handle:
                handle.truncate(path.read_bytes().rfind(b"\n") + 1)
                handle.write(json.dumps(entry, sort_keys=True, ensure_ascii=True).encode() + b"\n")
                handle.flush()
                os.fsync(handle.fileno())
        return entry

    def sweep(self) -> None:
        """Remove parts and temporary files that a killed run left behind."""
        if not self.folder.is_dir():
            return
        for leftover in self.folder.glob(".*.tmp"):
            leftover.unlink()
        self._settle()
        shutil.rmtree(self.folder / DRAFT, ignore_errors=True)
        shutil.rmtree(self.folder / ".spool", ignore_errors=True)
        for table in PART_TABLES:
            known = {self.folder / part.file for part in self._parts(table)}
            for path in (self.folder / table).glob("*.parquet"):
                if path not in known:
                    path.unlink()

    def spool(self) -> Path:
        """A folder for passing files of this run; emptied by `sweep`."""
        path = self.folder / ".spool"
        with _writing(path):
            path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def last_source(self) -> int:
        """Number of the last source read into the case; what is read later has a higher one."""
        return int(self.scan("sources").select("source_id").max().collect().item() or 0)

    def clear_spool(self, keep: str) -> None:
        """Make room: remove passing files, all but the one named."""
        for path in (self.folder / ".spool").glob("*.parquet"):
            if path.stem != keep:
                path.unlink()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note which stage runs, so that a run that is killed without a word can be told of."""
        note = self.folder / STAGE_NOTE
        with contextlib.suppress(OSError):
            note.write_text(name, encoding="utf-8")
        try:
            yield
        finally:
            note.unlink(missing_ok=True)

    def current_stage(self) -> str:
        """The stage that runs now."""
        try:
            return (self.folder / STAGE_NOTE).read_text(encoding="utf-8")[:80]
        except OSError:
            return "between two stages"

    def broken_off(self) -> str | None:
        """The stage in which the run before was killed; told once."""
        note = self.folder / STAGE_NOTE
        try:
            name = note.read_text(encoding="utf-8")[:80]
            note.unlink()
        except OSError:
            return None
        return name

    def gather(self, name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame as one passing file: many small parts, each scanned by every plugin, cost more than to write them
        once; and what a task of another process works out is passed on so.
        """
        path = self.spool() / f"{name}.parquet"
        with _writing(path):
            frame.sink_parquet(path, compression="lz4", row_group_size=ROW_GROUP_ROWS)
        return pl.scan_parquet(path, glob=False)

    # paths

    @property
    def _ledger_path(self) -> Path:
        return self.folder / "ledger.json"

    def _file(self, table: str) -> Path:
        """Where the table stands now: in the draft of this run, in a finished draft not yet moved, or in place."""
        name = f"{TABLES[table].name}.parquet"
        for folder in (DRAFT, READY) if self._drafting else (READY,):
            if (self.folder / folder / name).exists():
                return self.folder / folder / name
        return self.folder / name

    def _settle(self) -> None:
        """Move a finished draft into place."""
        ready = self.folder / READY
        if ready.is_dir():
            for path in sorted(ready.iterdir()):
                path.replace(self.folder / path.name)
            ready.rmdir()
            _sync(self.folder)

    def _parts(self, table: str) -> list[Part]:
        return [Part(part["file"], part["rows"], tuple(part["observables"])) for part in self.ledger["parts"][table]]


def _scan(contract: Table, paths: Sequence[Path], extra: Sequence[str]) -> pl.LazyFrame:
    """Parts as one table; columns that a part lacks are null in it."""
    schema = pl.Schema({**contract.schema, **dict.fromkeys(extra, pl.String())})
    return pl.scan_parquet(list(paths), schema=schema, missing_columns="insert", glob=False)


def _ordered(contract: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame's columns in the contract's order, mapped observables last by name."""
    schema = frame.collect_schema()
    wrong = contract.mismatches(schema)
    if wrong:
        raise TypeError(f"{contract.name}: {'; '.join(wrong)}")
    return frame.select(*contract.columns, *sorted(name for name in schema if name not in contract.columns))


def _chain_hash(entry: Mapping[str, Any]) -> str:
    text = json.dumps(
        {name: value for name, value in entry.items() if name != "sha256"}, sort_keys=True, ensure_ascii=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn a full or forbidden disk into a message."""
    hint = "make room or give --case another folder; the case is as it was"
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}", hint) from error
    except pl.exceptions.ComputeError as error:  # how polars tells of a disk that is full, beside faults of its own
        told = _DISK.search(str(error))
        if told is None:
            raise
        raise InputError(f"cannot write {path}: {told.group(1) or 'the disk is full or failing'}", hint) from error


_DISK = re.compile(r"IO error: ([^(\n]*\S)? *\(os error \d+\)|transport error")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
