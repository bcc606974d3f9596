"""The case folder: Parquet tables, a ledger of what counts, a chained log, a lock. The only module that knows paths
inside it.

Tables that grow by ingest (events, rejects, sources, register) are sets of Parquet parts; those that are worked out
(accounts, links, …) are one file each. A file counts only as the ledger has it: rows, bytes and their hash. What a
run changes (ledger, worked-out tables, log) is drafted in a folder of its own and counts all at once by one rename: a
run killed anywhere leaves the case as it was, or as it was to be.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.case.guard import FILE_MODE, RESTORE, Checked, digest_file, narrow, refuse_links
from forensics.case.ledger import (
    LEDGER_VERSION,
    OLDEST_VERSION,
    PART_TABLES,
    Part,
    empty_ledger,
    parts_of,
    read_ledger,
    unnoted_tables,
)
from forensics.case.lock import hold
from forensics.case.log import LOG_FILE, append_entries, entry_lines, make_entry, read_log
from forensics.case.remote import find_remote
from forensics.common.disk import writing as _writing
from forensics.common.errors import ForensicsError, InputError, IntegrityError, UsageError
from forensics.common.schema import OBSERVABLE_PREFIX, TABLES, Table

__all__ = ["LOG_FILE", "PART_TABLES", "SETTINGS_FILE", "Case", "Part"]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

SETTINGS_FILE = "settings.toml"  # the case's own settings, if any
LEDGER_FILE = "ledger.json"
# Folders of what does not count yet, and of what counts but is not yet in place.
DRAFT, READY = ".draft", ".ready"
CHECKPOINT = "checkpoint"  # inside a draft: what stays of it if the rest fails
ROW_GROUP_ROWS = 131_072
GONE = ".gone"  # ending of what stands in a draft for a file that is taken away
STAGE_NOTE = ".stage"  # which stage runs; left behind only by a run that was killed
# Events of a part lie by account in small groups of rows: whoever asks for some accounts reads their groups only.
EVENT_GROUP_ROWS = 16_384
EVENT_ORDER = ("account_id", "started_at", "source_id", "source_line")


class Case:
    """One investigation's folder."""

    def __init__(self, folder: Path | str) -> None:
        """Open `folder`; it need not exist until something is written.

        Raises: UsageError where the folder holds something that is not a case; IntegrityError where it holds a link.
        """
        self._remote = find_remote(folder)
        if self._remote is not None:
            self._remote.refresh()
        self.folder = Path(folder) if self._remote is None else self._remote.folder
        self._drafting = False
        self._checked = Checked()
        self.stored = False  # whether this run has changed the case for good
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder} is not a folder", "give --case the name of a folder")
        if not self.folder.is_dir():
            return
        try:
            names = {entry.name for entry in self.folder.iterdir()}
        except OSError as error:
            raise InputError(f"cannot look into {self.folder}: {error.strerror}", "check its permissions") from error
        if LEDGER_FILE not in names:
            leftovers = {*PART_TABLES, *(f"{name}.parquet" for name in TABLES), LOG_FILE, SETTINGS_FILE}
            if not all(name in leftovers or name.startswith(".") for name in names):
                raise UsageError(
                    f"{self.folder} is not empty and not a case", "give --case a new folder or an existing case"
                )
        refuse_links(self.folder)

    @classmethod
    @contextlib.contextmanager
    def locked(cls, folder: Path | str) -> Iterator[Case]:
        """The case, held alone until the block ends; the folder is made if need be.

        Raises: CaseLocked if another run holds it.
        """
        remote = find_remote(folder)
        with remote.held() if remote is not None else contextlib.nullcontext():
            case = cls(folder)
            with _writing(case.folder):
                case.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with case._held():
                yield case

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Nobody else writes into the folder until the block ends."""
        with hold(self.folder):
            try:
                self.sweep()
                self._renew()
                yield
            except InputError:
                with contextlib.suppress(ForensicsError, OSError):  # what was half written must not fill a full disk
                    self.sweep()
                raise

    # reading

    def scan(self, table: str) -> pl.LazyFrame:
        """The table, lazily; an empty frame with its columns where nothing is stored.

        Raises: IntegrityError with the name of a file that is missing or not what was written.
        """
        contract, parts = TABLES[table], self._parts(table)
        if not parts:
            return contract.empty().lazy()
        self._at_hand(parts)
        for part in parts:
            self._checked.check(self._path(part), part, contract)
        extra = sorted({name for part in parts for name in part.observables})
        return _scan(contract, [self._path(part) for part in parts], extra)

    def scan_part(self, table: str, path: Path) -> pl.LazyFrame:
        """One of the table's `files`, with the columns that were not stored because nothing stands in them."""
        contract = TABLES[table]
        for part in self._parts(table):
            if self._path(part) == path:
                self._checked.check(path, part, contract)
        return _scan(contract, [path], [name for name in pl.read_parquet_schema(path) if name not in contract.columns])

    def has(self, table: str) -> bool:
        """Whether the table was ever written."""
        return bool(self._parts(table))

    def files(self, table: str) -> list[Path]:
        """The Parquet files the table is stored in, in order."""
        parts = self._parts(table)
        self._at_hand(parts)
        return [self._path(part) for part in parts]

    @property
    def ledger(self) -> dict[str, Any]:
        """What was read, as stored: runs, parts, known prefixes of files, notes."""
        path = self._placed(LEDGER_FILE)
        if path.exists():
            ledger = read_ledger(path)
            if ledger["version"] == OLDEST_VERSION:  # which did not note what was worked out
                ledger["tables"] = {name: vars(part) for name, part in unnoted_tables(self.folder).items()}
            return ledger
        if not self._drafting and read_log(self.folder / LOG_FILE):
            raise IntegrityError(f"{path} is gone, but the case's log counts on it", RESTORE)
        return empty_ledger()

    # writing

    def put(self, table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Store a table in the contract's order and hand back its scan; the old one stays until the new one is whole.

        Raises: TypeError where the frame breaks the contract; InputError where it cannot be written.
        """
        contract = TABLES[table]
        frame = _ordered(contract, frame)
        if contract.sort:
            frame = frame.sort(*contract.sort)
        with self.draft():
            if table in PART_TABLES:
                part = self.write_part(table, f"put-{self.ledger['run'] + 1:06d}", frame)
                self.commit(replaced={table: [part]})
            else:
                self.commit(tables={table: self._write_table(contract, frame)})
        return self.scan(table)

    def _write_table(self, contract: Table, frame: pl.LazyFrame) -> Part:
        """One file of a worked-out table, in the draft."""
        path = self.folder / DRAFT / f"{contract.name}.parquet"
        with _writing(path):
            frame.sink_parquet(path, compression="zstd", row_group_size=ROW_GROUP_ROWS)
        return self._written(path, f"{contract.name}.parquet")

    def _written(self, path: Path, file: str, observables: tuple[str, ...] = ()) -> Part:
        """What the ledger is to say of a file just written."""
        with _writing(path):
            _sync(path)
            size, digest = digest_file(path)
        rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
        part = Part(file, rows, observables, size, digest)
        self._checked.trust(path, part)
        return part

    @contextlib.contextmanager
    def draft(self) -> Iterator[None]:
        """Whatever is put, committed and recorded inside the block counts all at once at its end; if it fails, not at
        all. A draft inside a draft is part of it.

        One rename decides: until `.ready` exists the old state counts, from then on the new one, also if the run is
        killed while it is moved into place.
        """
        if self._drafting:
            yield
            return
        ready = self.folder / READY
        self._settle()
        shutil.rmtree(self.folder / DRAFT, ignore_errors=True)
        with _writing(self.folder):
            (self.folder / DRAFT).mkdir(mode=0o700, parents=True)
        self._drafting = True
        try:
            yield
            self._make_count()
        except Exception:
            self._count_checkpoint()
            raise
        finally:
            self._drafting = False
            self.stored |= ready.exists()  # the user may stop the run in the very moment of the rename
            self._settle()
            shutil.rmtree(self.folder / DRAFT, ignore_errors=True)

    def _make_count(self) -> None:
        """The draft becomes the state of the case, by one rename."""
        draft = self.folder / DRAFT
        with _writing(self.folder):
            shutil.rmtree(draft / CHECKPOINT, ignore_errors=True)
            if any(draft.iterdir()):
                _sync(draft)
                draft.rename(self.folder / READY)
                _sync(self.folder)

    def checkpoint(self, what: str, at: datetime, by: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON of any shape
        """What the draft holds now, with an entry for the log, stays even if a later step of the draft fails or is
        killed; not if the user stops it.
        """
        folder = self.folder / DRAFT / CHECKPOINT
        known, path = self.entries(), self.folder / DRAFT / LEDGER_FILE
        if not path.exists():
            return
        with _writing(folder):
            folder.mkdir(mode=0o700)
            (folder / LOG_FILE).write_bytes(entry_lines([make_entry(known, what, at, by, facts)]))
            shutil.copyfile(path, folder / f".{LEDGER_FILE}")
            _sync(folder / f".{LEDGER_FILE}")
            _sync(folder / LOG_FILE)
            (folder / f".{LEDGER_FILE}").replace(folder / LEDGER_FILE)  # by this it is whole

    def _count_checkpoint(self) -> None:
        """Make what was kept of a draft that failed the state of the case."""
        folder = self.folder / DRAFT / CHECKPOINT
        if (folder / LEDGER_FILE).exists() and not (self.folder / READY).exists():
            folder.rename(self.folder / READY)
            self.stored = True

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
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            stored = whole.drop(empty)
            if table == "events":
                stored = _by_account(stored)
            stored.write_parquet(
                path,
                compression="zstd",
                compression_level=1,
                row_group_size=EVENT_GROUP_ROWS if table == "events" else ROW_GROUP_ROWS,
            )
        extra = tuple(name for name in whole.columns if name.startswith(OBSERVABLE_PREFIX))
        return self._written(path, f"{table}/{stem}.parquet", extra)

    def commit(
        self,
        added: Mapping[str, Sequence[Part]] | None = None,
        replaced: Mapping[str, Sequence[Part]] | None = None,
        tables: Mapping[str, Part] | None = None,
        **changes: Any,  # noqa: ANN401 - ledger entries are JSON of any shape
    ) -> None:
        """Make files count, all at once."""
        with self.draft():
            ledger = self.ledger
            for table, parts in (replaced or {}).items():
                ledger["parts"][table] = [vars(part) for part in parts]
            for table, parts in (added or {}).items():
                ledger["parts"][table] += [vars(part) for part in parts]
            for table, part in (tables or {}).items():
                ledger["tables"][table] = vars(part)
            ledger["run"] += bool(added or replaced)
            ledger.update(changes)
            self._write_ledger(ledger)

    def _write_ledger(self, ledger: dict[str, Any]) -> None:
        known = self.entries()
        ledger["version"] = LEDGER_VERSION
        ledger["log"] = {"entries": len(known), "head": known[-1]["sha256"] if known else ""}
        self.write_file(LEDGER_FILE, json.dumps(ledger, indent=1, sort_keys=True).encode())

    def note_told(self, run: int) -> None:
        """What the case holds now was told to the user, up to this run of LINEAGE; a run that dies before says it the
        next time.
        """
        told = {"source": self.last_source, "run": run}
        if self.ledger["told"] != told:
            self.commit(told=told)

    def drop(self, before: datetime) -> int:
        """Take events that started before a moment out of the case, in one step; how many went.

        Their sources stay known: reading them again adds nothing, but for `ingest(again=True)`.
        """
        kept, _, gone = self._without("events", pl.col("started_at") < before, "kept", taken=False)
        if gone:
            notes = {**self.ledger["notes"], "dropped_before": before.isoformat()}
            self.commit(replaced={"events": kept}, notes=notes)
            if not self._drafting:
                self.sweep()
        return gone

    def move(self, table: str, other: str, where: pl.Expr) -> int:
        """Put rows of a growing table into another of the same columns, in one step; how many."""
        kept, taken, count = self._without(table, where, "rest", taken=True)
        if count:
            stem = f"{self.ledger['run'] + 1:06d}-from-{table}"
            part = self.write_part(other, stem, pl.concat(taken, how="diagonal"))
            self.commit({other: [part]}, {table: kept})
        return count

    def _without(
        self, table: str, where: pl.Expr, name: str, *, taken: bool
    ) -> tuple[list[Part], list[pl.DataFrame], int]:
        """The table's parts without some rows, those rows if they are `taken`, and how many they are."""
        kept: list[Part] = []
        rows: list[pl.DataFrame] = []
        gone = 0
        run = self.ledger["run"] + 1
        for number, (part, path) in enumerate(zip(self._parts(table), self.files(table), strict=True), start=1):
            scanned = self.scan_part(table, path)
            count = int(scanned.select(where.sum()).collect().item() or 0)
            gone += count
            if count == 0:
                kept.append(part)
                continue
            if count < part.rows:
                kept.append(self.write_part(table, f"{run:06d}-{name}-{number:05d}", scanned.filter(~where)))
            if taken:
                rows.append(scanned.filter(where).collect())
        return kept, rows, gone

    def write_file(self, name: str, content: bytes) -> Path:
        """Store a small file of the case in one rename, or with the draft if there is one."""
        path = (self.folder / DRAFT if self._drafting else self.folder) / name
        temporary = path.with_name(f".{path.name}.tmp")
        with _writing(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_bytes(content)
            temporary.chmod(FILE_MODE)
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
        return path

    def remove_file(self, name: str) -> None:
        """Take a small file of the case away, with the draft if there is one."""
        if not self._drafting:
            (self.folder / name).unlink(missing_ok=True)
        elif (self.folder / name).exists():
            self.write_file(f"{name}{GONE}", b"")

    # the chained log

    def entries(self) -> list[dict[str, Any]]:
        """Every command run on the case that changed it, oldest first; each entry holds the hash of the one before.

        Raises: IntegrityError where an entry was changed, taken out or put in.
        """
        path = self.folder / LOG_FILE
        found = read_log(path)
        for folder in (READY, DRAFT) if self._drafting else (READY,):
            later = self.folder / folder / LOG_FILE
            if later.exists():
                found += [
                    entry for entry in map(json.loads, later.read_bytes().splitlines()) if entry["n"] > len(found)
                ]
        ledger = self._placed(LEDGER_FILE)
        known: dict[str, Any] = read_ledger(ledger)["log"] if ledger.exists() else {"entries": 0, "head": ""}
        if known["entries"] > len(found) or (
            known["entries"] and found[known["entries"] - 1]["sha256"] != known["head"]
        ):
            raise IntegrityError(
                f"{path} was cut or exchanged: the ledger knows of {known['entries']} entries", RESTORE
            )
        return found

    def record(self, what: str, at: datetime, by: str, **facts: Any) -> dict[str, Any]:  # noqa: ANN401 - facts are JSON of any shape
        """Append an entry to the chained log: what was done, when, by whom, and what the command says of itself.

        Inside a draft it counts with it.
        """
        with self.draft():
            entry = make_entry(self.entries(), what, at, by, facts)
            path = self.folder / DRAFT / LOG_FILE
            known = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
            self.write_file(LOG_FILE, entry_lines([*known, entry]))
            if not self._placed(LEDGER_FILE).exists():  # a log without a ledger is one whose ledger was taken away
                self._write_ledger(empty_ledger())
        return entry

    def sweep(self) -> None:
        """Remove parts and temporary files that a killed run left behind, and finish what it had decided."""
        if not self.folder.is_dir():
            return
        for leftover in self.folder.glob(".*.tmp"):
            leftover.unlink()
        self._settle()
        if not self._drafting:
            self._count_checkpoint()
            self._settle()
            shutil.rmtree(self.folder / DRAFT, ignore_errors=True)
        shutil.rmtree(self.folder / ".spool", ignore_errors=True)
        ledger = self.ledger
        for table in PART_TABLES:
            known = {self.folder / part.file for part in parts_of(ledger, table)}
            for path in (self.folder / table).rglob("*.parquet"):
                if path not in known:
                    path.unlink()

    def _renew(self) -> None:
        """Bring a case that an older version wrote up to date: its files are counted and hashed, and its rejects keep
        no text.
        """
        path = self.folder / LEDGER_FILE
        if not path.exists() or read_ledger(path)["version"] == LEDGER_VERSION:
            return
        from forensics.case.renewal import renew

        narrow(self.folder)
        renew(self)

    def spool(self) -> Path:
        """A folder for passing files of this run; emptied by `sweep`."""
        path = self.folder / ".spool"
        with _writing(path):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    @property
    def last_source(self) -> int:
        """Number of the last source read into the case; what is read later has a higher one."""
        return int(self.scan("sources").select("source_id").max().collect().item() or 0)

    def clear_spool(self, keep: str = "") -> None:
        """Make room: remove passing files, all but the one named."""
        for path in (self.folder / ".spool").glob("*"):
            if path.stem != keep and path.is_file():
                path.unlink()

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note which stage runs, so that a run that is killed without a word can be told of."""
        note = self.folder / STAGE_NOTE
        with contextlib.suppress(OSError):
            note.write_text(name, encoding="utf-8")
        try:
            yield
        except MemoryError as error:
            error.add_note(name)  # told at the edge
            raise
        finally:
            note.unlink(missing_ok=True)

    def current_stage(self) -> str:
        """The stage that runs now."""
        try:
            return (self.folder / STAGE_NOTE).read_text(encoding="utf-8")[:80]
        except OSError:
            return "between two stages"

    def told_kept(self) -> str:
        """What is left of this run if it ends now, in words."""
        checkpoint = self.folder / DRAFT / CHECKPOINT / LEDGER_FILE
        return "what was read is in the case" if self.stored or checkpoint.exists() else "the case is as it was"

    def broken_off(self) -> str | None:
        """The stage in which the run before was killed; told once."""
        note = self.folder / STAGE_NOTE
        try:
            name = note.read_text(encoding="utf-8")[:80]
            note.unlink()
        except OSError:
            return None
        return name

    @property
    def told_source(self) -> int:
        """Number of the last source of which the user was told."""
        return int(self.ledger["told"]["source"])

    def gather(self, name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame as one passing file: many small parts, each scanned by every plugin, cost more than to write them
        once; and what a task of another process works out is passed on so.
        """
        path = self.spool() / f"{name}.parquet"
        with _writing(path):
            frame.sink_parquet(path, compression="lz4", row_group_size=ROW_GROUP_ROWS)
        return pl.scan_parquet(path, glob=False)

    # paths

    def _placed(self, name: str) -> Path:
        """Where a file stands now: in the draft of this run, in a finished draft not yet moved, or in place."""
        for folder in (DRAFT, READY) if self._drafting else (READY,):
            if (self.folder / folder / name).exists():
                return self.folder / folder / name
        return self.folder / name

    def fetch_all(self) -> None:
        """Every file of the case is in its folder, also of a case on a store."""
        if self._remote is not None:
            self._remote.fetch_all()

    def _at_hand(self, parts: Sequence[Part]) -> None:
        """The files of these parts are in the folder, also of a case on a store."""
        if self._remote is not None:
            self._remote.fetch([part.file for part in parts])

    def _path(self, part: Part) -> Path:
        return self.folder / part.file if "/" in part.file else self._placed(part.file)

    def _settle(self) -> None:
        """Move a finished draft into place: files, then the ledger that names them, then the log."""
        ready = self.folder / READY
        if not ready.is_dir():
            return
        with _writing(self.folder):
            inside = [path for path in sorted(ready.rglob("*")) if path.is_file()]
            last = {ready / LEDGER_FILE: 1, ready / LOG_FILE: 2}
            for path in sorted(inside, key=lambda path: -1 if path.suffix == GONE else last.get(path, 0)):
                name = path.relative_to(ready)
                if path == ready / LOG_FILE:
                    entries = [json.loads(line) for line in path.read_bytes().splitlines()]
                    append_entries(self.folder / LOG_FILE, entries, FILE_MODE)
                    path.unlink()
                elif path.suffix == GONE:
                    (self.folder / name.with_suffix("")).unlink(missing_ok=True)
                    path.unlink()
                else:
                    (self.folder / name).parent.mkdir(mode=0o700, exist_ok=True)
                    path.replace(self.folder / name)
            shutil.rmtree(ready)
            _sync(self.folder)

    def _parts(self, table: str) -> list[Part]:
        return parts_of(self.ledger, table)


def _scan(contract: Table, paths: Sequence[Path], extra: Sequence[str]) -> pl.LazyFrame:
    """Files as one table; columns that a file lacks are null in it, those of another version are passed over."""
    schema = pl.Schema({**contract.schema, **dict.fromkeys(extra, pl.String())})
    return pl.scan_parquet(list(paths), schema=schema, missing_columns="insert", extra_columns="ignore", glob=False)


def _ordered(contract: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame's columns in the contract's order, mapped observables last by name."""
    schema = frame.collect_schema()
    wrong = contract.mismatches(schema)
    if wrong:
        raise TypeError(f"{contract.name}: {'; '.join(wrong)}")
    return frame.select(*contract.columns, *sorted(name for name in schema if name not in contract.columns))


def _by_account(events: pl.DataFrame) -> pl.DataFrame:
    """Events in EVENT_ORDER. To sort numbers that stand for the accounts takes a third of the time of sorting rows."""
    if events.select(pl.any_horizontal(pl.col(*EVENT_ORDER).is_null().any())).item():
        return events.sort(EVENT_ORDER)
    accounts = pl.Enum(events["account_id"].unique().sort())
    keys = events.select(pl.col("account_id").cast(accounts).to_physical(), pl.col(*EVENT_ORDER[1:]).to_physical())
    import numpy as np  # here: most commands store nothing, and loading it is a fifth of what they take

    order = np.lexsort([keys[name].to_numpy() for name in reversed(EVENT_ORDER)])
    return events[pl.Series(order.astype(np.uint32))]


WINDOWS = os.name == "nt"


def _sync(path: Path) -> None:
    if WINDOWS and path.is_dir():
        return  # a folder cannot be opened there, and its entries are written through
    handle = os.open(path, os.O_RDWR if WINDOWS else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
