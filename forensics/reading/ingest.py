"""Sources → EVENTS, REJECTS, SOURCES, REGISTER in the case. Nothing is dropped silently: lines = events + duplicates +
rejects + blanks.

What was read becomes part of the case in one step at the end; until then the case is as it was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import polars as pl
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from forensics.common.errors import ForensicsError, InputError, IntegrityError
from forensics.common.faults import Fault, attempt
from forensics.common.schema import REJECTS, SOURCES
from forensics.common.secrets import mask_path
from forensics.common.stores import is_store, look_at, spell
from forensics.reading.accounts.register import read_register
from forensics.reading.batches import Batches
from forensics.reading.cleaning.geography import open_databases
from forensics.reading.cleaning.secrets import hide_in_events
from forensics.reading.containers.decoded import decode, mend_surrogates, split_values
from forensics.reading.containers.parquet import PARQUET_ROWS, as_frame, is_parquet, parquet_rows, refuse_bomb
from forensics.reading.containers.records import Collector, Rows, as_text, unwrap_as
from forensics.reading.fields.mapping import Mapping, read_mapping
from forensics.reading.joining import join_events
from forensics.reading.opening.blocks import Blocks, take_bytes
from forensics.reading.opening.fetching import Lake
from forensics.reading.opening.finding import find_sources
from forensics.reading.opening.known import Known
from forensics.reading.opening.places import is_stream
from forensics.reading.opening.seen import Seen
from forensics.reading.opening.sources import BOM, HEAD_BYTES, Batch, open_source
from forensics.reading.recognising.candidates import by_records, inside
from forensics.reading.recognising.catalogue import all_formats, format_folders
from forensics.reading.recognising.parquet import parquet_reader
from forensics.reading.recognising.reader import Reader, Wishes
from forensics.reading.recognising.recognise import SNIFFED_BYTES, recognise, recognise_inside, why_nothing
from forensics.reading.recognising.settling import settle
from forensics.reading.report import IngestReport, SourceReport
from forensics.reading.source import NOTHING_PRESENT, PART_ROWS, Done, Present, Source, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forensics.case.store import Case, Part
    from forensics.common.settings import IngestSettings

    Progress = Callable[[str, int, int | None, int], None]


_HINT: Final = "see `forensics formats test {0}`; `forensics formats learn {0}` proposes a mapping file"

KNOWN: Final = "already in the case"
HOMELESS: Final = "no account, and no event of another source with its request id"


def ingest(
    case: Case,
    sources: Sequence[str],
    *,
    accounts: Path | None = None,
    mapping: Path | None = None,
    format_name: str | None = None,
    keep_text: bool = False,
    join: bool = False,
    again: bool = False,
    settings: IngestSettings,
    progress: Progress | None = None,
) -> IngestReport:
    """Read sources into the case, which the caller holds locked.

    With `join`, events of different formats that carry one request id become one event: each log fills in what the
    others lack. All events of the run are then held in memory at once. With `again`, files are read from their start
    although they were read before: lines of which the case holds the event count as duplicates.

    Raises: InputError where nothing can be read or too much is rejected, UsageError for a wrong mapping or format name.
            The case is then as it was.
    """
    chosen = read_mapping(mapping) if mapping is not None else Mapping()
    paths, skipped = find_sources(sources)
    if accounts is not None:
        paths = [path for path in paths if not _is_same(path, accounts)]
    report = IngestReport(skipped=skipped)
    register = read_register(accounts, chosen.unify if chosen.rules else None) if accounts is not None else None
    databases = open_databases(settings.databases)
    wishes = Wishes(
        chosen,
        format_name,
        keep_text,
        settings.trusted_hops,
        format_folders(case.folder),
        join,
        databases,
        registered=_registered(case, register),
    )
    report.databases = [f"{database.kind} of {database.built_at:%Y-%m-%d} ({database.path})" for database in databases]
    run = Run(case, wishes, settings, progress, again=again)
    problems = run.read_all(paths, report)
    if not report.sources:
        if problems:
            raise problems[0]
        raise InputError("there is nothing to read", "give at least one file")
    if join:
        run.join(report)
    _check(report, settings)
    run.commit(register)
    if register is not None or case.has("register"):
        _match(case, report)
    return report


def _is_same(path: str, accounts: Path) -> bool:
    """Whether a source is the accounts file."""
    if is_store(path) or is_store(accounts):
        return path == spell(accounts)
    return path != "-" and accounts.exists() and Path(path).samefile(accounts)


def _registered(case: Case, register: pl.DataFrame | None) -> frozenset[str]:
    """The accounts that an accounts file knows: this one, or that of an earlier run."""
    if register is None:
        if not case.has("register"):
            return frozenset()
        register = case.scan("register").select("account_id").collect()
    return frozenset(register["account_id"].to_list())


def _check(report: IngestReport, settings: IngestSettings) -> None:
    """Whether enough was read, and every line is accounted for."""
    total = report.line_count - report.blank_count
    if total and report.reject_count > settings.max_reject_share * total:
        worst = ", ".join(f"{count:,} {reason}" for reason, count in list(report.reasons.items())[:3])
        path = max(report.sources, key=lambda source: source.reject_count).path
        raise InputError(
            f"{report.reject_count:,} of {total:,} lines could not be read: {worst}",
            f"look at `forensics formats test {path}`; a mapping file may help, or --max-reject-share",
        )
    if not report.adds_up:
        raise IntegrityError(
            "the lines read do not add up; this is a mistake in forensics", "please report it with the log's format"
        )


def _match(case: Case, report: IngestReport) -> None:
    """How many accounts of the register are in the logs."""
    known = case.scan("register").select("account_id").unique()
    report.accounts_registered = int(known.select(pl.len()).collect().item())
    met = case.scan("events").select("account_id").unique().join(known, on="account_id", how="semi")
    report.accounts_matched = int(met.select(pl.len()).collect(engine="streaming").item())


class Run:
    """One ingest: counters, pool, writer."""

    def __init__(
        self, case: Case, wishes: Wishes, settings: IngestSettings, progress: Progress | None, *, again: bool = False
    ) -> None:
        self.again, self.marks = again, set[tuple[int, str]]()  # size and hash of starts of the source that are known
        self.case, self.wishes, self.settings, self.progress = case, wishes, settings, progress
        self.forms = all_formats(wishes.folders)
        ledger = case.ledger
        self.next_source = int(ledger["next_source"])
        self.prefixes: list[dict[str, Any]] = list(ledger["prefixes"])
        self.old_prefixes = len(self.prefixes)
        self.workers = settings.workers or min(os.cpu_count() or 1, 4)
        self.pool = ThreadPoolExecutor(self.workers, thread_name_prefix="ingest")
        self.writer = Writer(case, int(ledger["run"]) + 1)
        self.seen = Seen(case, joined=wishes.joined)
        self.rows: list[dict[str, Any]] = []
        self.limit: int | None = None  # bytes looked at of each source; a preview looks at the start only
        self.readers: list[Reader] = []
        self.lake = Lake(case.folder / ".spool")  # objects of stores

    def read_all(self, paths: Sequence[str], report: IngestReport) -> list[ForensicsError]:
        """Every source; what cannot be read is skipped, with the reason in the report."""
        problems: list[ForensicsError] = []
        known = {} if self.again else self._known_objects(paths)
        self.lake.expect([path for path in paths if is_store(path) and path not in known])
        try:
            for path in paths:
                if path in known:
                    report.sources.append(SourceReport(path, known_lines=known[path], note=KNOWN))
                    continue
                source_id, marks = self.next_source, len(self.prefixes)
                problem = self._read_or_say(path, report)
                if problem is not None:
                    report.skipped.append((path, problem.message.removeprefix(f"{path}: ").removeprefix(f"{path} ")))
                    problems.append(problem)
                    self._forget(source_id, marks)
        finally:
            self.pool.shutdown(wait=True, cancel_futures=True)
            self.lake.close()
        return problems

    def _known_objects(self, paths: Sequence[str]) -> dict[str, int]:
        """Objects that were read as the store still has them, and their lines: they are not even fetched."""
        objects = {path: look_at(path) for path in paths if is_store(path)}
        if not objects:
            return {}
        read = self.case.scan("sources").filter(pl.col("etag").is_not_null()).collect()
        lines = {
            (row["path"], row["etag"], row["stored_bytes"]): row["line_start"] + row["line_count"]
            for row in read.iter_rows(named=True)
        }
        marks = {path: (mask_path(path), told.etag, told.size) for path, told in objects.items() if told.etag}
        return {path: lines[mark] for path, mark in marks.items() if mark in lines}

    def _read_or_say(self, path: str, report: IngestReport) -> ForensicsError | None:
        """Read a source; or what is wrong with it, whatever that is: one file does not take the night with it."""
        faults: list[Fault] = []

        def read_it() -> SourceReport | OSError:
            try:
                return self.read_source(path)
            except OSError as error:  # no fault of the tool's
                return error

        try:
            read = attempt(path, read_it, faults)
        except MemoryError:
            return InputError(f"{path} needs more memory than there is", "split it, or lower ingest.batch_mb")
        except InputError as error:
            return error
        if isinstance(read, OSError):
            return InputError(f"{path} cannot be read: {read.strerror or read}", "check the file and its permissions")
        if read is None:
            told = f"{faults[0].error} at {faults[0].place}"
            return InputError(f"{path}: internal fault, {told}", "please report it, with the format of the log")
        report.sources.append(read)
        return None

    def _forget(self, source_id: int, marks: int) -> None:
        """Take back what was read of a source before it failed."""
        self.writer.forget(source_id)
        self.seen.forget()
        del self.prefixes[marks:]
        self.rows = [row for row in self.rows if row["source_id"] != source_id]
        self.next_source = source_id

    def join(self, report: IngestReport) -> None:
        """Merge the events of this run that are one request in several logs."""
        self.writer.flush("events")
        files = [self.case.folder / part.file for part in self.writer.parts["events"]]
        if not files:
            return
        names = {int(row["source_id"]): str(row["format"]) for row in self.rows}
        held = pl.concat([self.case.scan_part("events", path) for path in files], how="diagonal").collect()
        joined = join_events(held.sort("source_id", "source_line", maintain_order=True), names)
        self.writer.parts["events"] = []
        for path in files:
            path.unlink()
        for start in range(0, joined.events.height, PART_ROWS):
            self.writer.add("events", joined.events.slice(start, PART_ROWS))
        lost = joined.homeless.select(
            "source_id",
            "source_line",
            byte_offset=pl.lit(None, pl.UInt64),
            reason=pl.lit(HOMELESS),
            **{name: pl.lit(None, REJECTS.schema[name]) for name in ("byte_count", "line_hash", "skeleton", "raw")},
        )
        self.writer.add("rejects", lost)
        homeless = dict(joined.homeless.group_by("source_id").len().rows())
        read = [source for source in report.sources if source.line_count]
        for row, source in zip(self.rows, read, strict=True):
            absorbed, without = joined.absorbed.get(row["source_id"], 0), homeless.get(row["source_id"], 0)
            source.joined_count = joined.matched.get(row["source_id"], 0)
            source.event_count -= absorbed + without
            source.duplicate_count += absorbed
            source.reject_count += without
            if without:
                source.reasons[HOMELESS] = source.reasons.get(HOMELESS, 0) + without
            row |= {
                "event_count": source.event_count,
                "duplicate_count": source.duplicate_count,
                "reject_count": source.reject_count,
                "joined_count": source.joined_count,
            }

    def present(self) -> Present:
        """Lines of the source being read of which the case holds an event or a reject; none unless it is read again."""
        if not (self.again and self.marks):
            return NOTHING_PRESENT
        sources = self.case.scan("sources").select("source_id", "byte_end", "sha256").collect()
        ids = [one for one, end, sha in sources.iter_rows() if (end, sha) in self.marks]
        lines = {
            table: self.case.scan(table)
            .filter(pl.col("source_id").is_in(ids))
            .select("source_line")
            .collect()
            .to_series()
            for table in ("events", "quarantined", "rejects")
        }
        return Present(pl.concat([lines["events"], lines["quarantined"]]).unique(), lines["rejects"].unique())

    def commit(self, register: pl.DataFrame | None) -> None:
        """Make everything read part of the case."""
        for table in ("events", "rejects"):
            self.writer.flush(table)
        added: dict[str, list[Part]] = dict(self.writer.parts)
        if self.rows:
            frame = pl.DataFrame(self.rows, schema=SOURCES.schema)
            added["sources"] = [self.case.write_part("sources", f"{self.writer.run:06d}", frame)]
        replaced = {}
        if register is not None:
            replaced["register"] = [
                self.case.write_part("register", f"{self.writer.run:06d}", register.sort("account_id"))
            ]
        if self.rows or register is not None or not self.case.ledger["run"]:  # an empty first night makes a case too
            built = [
                {"kind": database.kind, "built_at": database.built_at.isoformat(), "path": mask_path(database.path)}
                for database in self.wishes.databases
            ]
            notes = {**self.case.ledger["notes"], **({"databases": built} if built else {})}
            self.case.commit(added, replaced, next_source=self.next_source, prefixes=self.prefixes, notes=notes)

    def read_source(self, path: str) -> SourceReport:
        """One source from where it was left; a report, and rows of events and rejects for the writer."""
        once = is_stream(path)  # a pipe cannot be opened again, and need not be
        given = path
        if is_store(path):
            self.case.spool()
            given = str(self.lake.take(path))
        if not once and is_parquet(given):
            return self._read_parquet(path, given)
        stream = open_source(given)
        with stream.handle:
            blocks = stream.blocks()
            head = take_bytes(blocks, HEAD_BYTES)
            candidates = self._candidates(head)
            if once and not candidates:
                return self._read_lines(path, stream, Blocks(head, blocks), None)
            if once:
                given = str(self._spool(head, blocks))
        self.marks = set()
        known = self._longest_known(given, candidates) if candidates else None
        known = None if self.again else known
        stream = open_source(given)
        with stream.handle:
            return self._read_lines(path, stream, Blocks(b"", stream.blocks()), known)

    def _candidates(self, head: bytes) -> list[dict[str, Any]]:
        """Known starts that this head could be the head of."""
        return [
            known
            for known in self.prefixes
            if len(head) >= min(known["size"], HEAD_BYTES)
            and hashlib.sha256(head[: min(known["size"], HEAD_BYTES)]).hexdigest() == known["head"]
        ]

    def _spool(self, head: bytes, blocks: Iterator[bytes]) -> Path:
        path = self.case.spool() / "stdin"
        with path.open("wb") as out:
            out.write(head)
            for block in blocks:
                out.write(block)
        return path

    def _longest_known(self, path: str, candidates: Sequence[dict[str, Any]]) -> Known | None:
        """The longest start of the file that is in the case."""
        marks = sorted(
            {
                (
                    known["size"],
                    known["sha256"],
                    known["resume_size"],
                    known["resume_sha256"],
                    known["resume_lines"],
                    known.get("open", False),
                )
                for known in candidates
            }
        )
        marks += [(size, sha, size, sha, lines, False) for _, _, size, sha, lines, _ in marks if size]
        marks.sort()
        found = None
        digest, position = hashlib.sha256(), 0
        stream = open_source(path)
        with stream.handle:
            blocks = Blocks(b"", stream.blocks())
            for size, sha, resume_size, resume_sha, lines, unfinished in marks:
                while position < size:
                    block = blocks.take(size - position)
                    if not block:
                        return found
                    digest.update(block)
                    position += len(block)
                if digest.hexdigest() == sha:
                    self.marks.add((size, sha))
                    more = blocks.take(1)
                    if not more:
                        return Known(size, sha, size, sha, lines, unfinished)
                    blocks.put_back(more)
                    found = Known(size, sha, resume_size, resume_sha, lines, unfinished)
        return found

    def _today_of(self, path: str) -> dt.date:
        """The day a source was changed last; today for what is no file."""
        place = str(self.lake.held.get(path, path))
        moment = dt.datetime.now(dt.UTC).timestamp() if is_stream(place) else Path(place).stat().st_mtime
        return dt.datetime.fromtimestamp(moment, dt.UTC).date()

    def _read_lines(self, path: str, stream: Any, blocks: Blocks, known: Known | None) -> SourceReport:  # noqa: ANN401 - reading.Stream
        digest = hashlib.sha256()
        head = blocks.peek(SNIFFED_BYTES)
        report = SourceReport(path, known_lines=known.resume_lines if known else 0)
        left = known.resume_size if known else 0
        while left:
            block = blocks.take(left)
            digest.update(block)
            left -= len(block)
        if known and not blocks.peek(1):
            report.note = KNOWN
            return report
        if len(head) < SNIFFED_BYTES and not head.removeprefix(BOM).strip() and not stream.ended_early:
            report.note = "empty" if not head else "holds nothing but blank lines"
            return report
        if stream.ended_early and not head:
            raise InputError(f"{path}: {stream.ended_early}")
        reader = recognise(head, path, replace(self.wishes, today=self._today_of(path)))
        if reader.container == "document":
            return self._read_document(path, blocks, reader, report)
        header_only = reader.container == "csv" and reader.header_in_file and b"\n" not in head.strip()
        forced = self.wishes.format_name is not None or self.wishes.mapping.fields
        if reader.confidence == 0.0 and not header_only and not forced:
            raise InputError(f"{path}: {why_nothing(reader, head)}", _HINT.format(path))
        lines, offset = (known.resume_lines, known.resume_size) if known else (0, 0)
        source = Source(self, path, reader, report, lines, offset)
        return Batches(self, path, stream, blocks, source, digest, known).read()

    def _read_document(self, path: str, blocks: Blocks, reader: Reader, report: SourceReport) -> SourceReport:
        """A file that is one JSON document: records are counted instead of lines."""
        limit = self.settings.max_document_mb << 20
        data = blocks.take_all(limit + 1)
        if len(data) > limit:
            raise InputError(
                f"{path} is one JSON document of more than {self.settings.max_document_mb} MB",
                "write it as JSON lines, or raise ingest.max_document_mb",
            )
        value = _decode_document(path, data.removeprefix(BOM))
        records = inside([value], self.forms)
        within = recognise_inside(records, replace(self.wishes, today=self._today_of(path)), path)
        name = self.wishes.format_name if self.wishes.format_name in self.forms else None
        reader = within or by_records(records, reader, self.forms, name)[0]
        if reader.form.refuse:
            raise InputError(f"{path}: {reader.form.title}: {reader.form.refuse}")
        items = records if within is not None else unwrap_as(value, reader.form) or []
        rows = reader.read_records(items) if within is not None else _collected(items, reader)
        if within is None:
            reader = settle(reader, rows)
        if reader.confidence == 0.0 and rows.frame.height and self.wishes.format_name is None:
            raise InputError(f"{path}: {why_nothing(reader, data)}", _HINT.format(path))
        source = Source(self, path, reader, report, 0, 0)
        batch = Batch(b"", 0, 1, np.zeros(len(items), np.int64), np.zeros(len(items), np.int64))
        source.take(_done(batch, reader, rows, items.__getitem__))
        digest = hashlib.sha256(data).hexdigest()
        self._remember(len(data), digest, data[:HEAD_BYTES], len(items))
        return source.finish(len(data), digest)

    def _remember(self, size: int, sha256: str, head: bytes, count: int) -> None:
        """The whole file is in the case."""
        mark = {"size": size, "sha256": sha256, "head": hashlib.sha256(head).hexdigest()}
        mark |= {"resume_size": size, "resume_sha256": sha256, "resume_lines": count}
        if mark not in self.prefixes:
            self.prefixes.append(mark)

    def _read_parquet(self, path: str, given: str) -> SourceReport:
        """A Parquet file: rows are counted instead of lines."""
        digest = hashlib.sha256()
        with Path(given).open("rb") as handle:
            head = handle.read(HEAD_BYTES)
            digest.update(head)
            while block := handle.read(1 << 20):
                digest.update(block)
            size = handle.tell()
        sha = digest.hexdigest()
        report = SourceReport(path)
        known = next((known for known in self.prefixes if known["sha256"] == sha), None)
        self.marks = {(size, sha)} if known is not None else set()
        if known is not None and not self.again:
            report.note, report.known_lines = KNOWN, known["resume_lines"]
            return report
        try:
            file = pq.ParquetFile(given)
            refuse_bomb(path, file, size)
            reader = parquet_reader(file, path, self.wishes)
            source = Source(self, path, reader, report, 0, 0)
            count = 0
            for part in file.iter_batches(batch_size=PARQUET_ROWS):
                frame = as_frame(part, path)
                rows = parquet_rows(frame, reader.form, reader.plan)
                batch = Batch(b"", 0, count + 1, np.zeros(frame.height, np.int64), np.zeros(frame.height, np.int64))
                source.take(_done(batch, reader, rows, partial(frame.row, named=True)))
                count += frame.height
        except ArrowException as error:
            raise InputError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from error
        self._remember(size, sha, head, count)
        return source.finish(size, sha)


def _collected(items: Sequence[Any], reader: Reader) -> Rows:
    """Raw fields of the records of a document."""
    reader.container = "json"
    collector = Collector(reader.form, reader.plan)
    bad: list[tuple[int, str]] = []
    passed: list[int] = []
    for row, record in enumerate(items):
        collector.take(record, row, bad, passed)
    return Rows(collector.frame(), bad, passed, kinds=collector.kinds)


def _done(batch: Batch, reader: Reader, rows: Rows, record_at: Callable[[int], Any]) -> Done:
    """Records worked on that are no lines: rejected ones are kept as JSON."""
    events, rejected, doubts, others = reader.clean(rows.frame)
    events = hide_in_events(events)
    bad = [*rows.bad, *rejected]
    raw = [as_text(record_at(row)) or "" for row, _ in bad]
    passed = len(rows.passed_over) + sum(others.values())
    return Done(batch, events, bad, passed, rows.extra, raw, kinds={**rows.kinds, **others}, doubts=doubts)


def _decode_document(path: str, data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a JSON document, or the values of several one after the other.

    Raises: InputError where it is neither.
    """
    text = mend_surrogates(data)
    try:
        return decode(text)
    except orjson.JSONDecodeError as error:
        values = split_values(text)
        if values is None:
            raise InputError(
                f"{path}:{error.lineno}: not valid JSON: {error.msg}",
                "if it is a log of another kind, name it with --format or describe it in a mapping file",
            ) from error
        return values
