"""Sources → EVENTS, REJECTS, SOURCES, REGISTER in the case. Nothing is dropped silently: lines = events + duplicates + rejects + blanks.

Batches are read by a few threads and taken up in order, so memory is bounded and the number of threads changes nothing. What was read becomes part
of the case in one step at the end; until then the case is as it was.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import polars as pl
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from forensics.errors import ForensicsError, InputError, IntegrityError
from forensics.geography import open_databases
from forensics.joining import join_events
from forensics.mapping import Mapping, read_mapping
from forensics.reading import BOM, HEAD_BYTES, Batch, find_sources, make_batch, open_source, read_batches
from forensics.recognise import SNIFFED_BYTES, Reader, Wishes, all_formats, format_folders, recognise, settle
from forensics.records import CUT_OFF, TOO_LONG, Collector, Rows, as_text, observe, unwrap
from forensics.register import read_register
from forensics.schema import EVENTS, REJECTS, SOURCES
from forensics.sketch import hash_strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from forensics.case import Case, Part
    from forensics.config import IngestSettings

    Progress = Callable[[str, int, int | None], None]

RAW_CHARS: Final = 400  # kept of a rejected line
_PART_ROWS: Final = 400_000
HOMELESS: Final = "no account, and no event of another source with its request id"
_COUNTER_DIGITS: Final = 10
_PARQUET_ROWS: Final = 65_536
PREVIEW_BYTES: Final = 64 << 20


@dataclass
class SourceReport:
    """What became of one source."""

    path: str
    format: str = ""
    confidence: float = 0.0
    line_count: int = 0
    event_count: int = 0
    duplicate_count: int = 0
    reject_count: int = 0
    blank_count: int = 0
    known_lines: int = 0  # read in an earlier run, or under another name
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    reasons: dict[str, int] = field(default_factory=dict)  # why lines were rejected
    joined_count: int = 0  # events that met one of another source
    note: str = ""
    fields: dict[str, str] = field(default_factory=dict)  # column → fields of the log it was read from


@dataclass
class IngestReport:
    """What was read, per source and in all."""

    sources: list[SourceReport] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # path, reason
    databases: list[str] = field(default_factory=list)  # that gave addresses their place, with the day each was built
    accounts_registered: int = 0
    accounts_matched: int = 0  # of the register, with at least one event in the case

    def _sum(self, name: str) -> int:
        return sum(getattr(source, name) for source in self.sources)

    @property
    def line_count(self) -> int:
        """Lines read this time."""
        return self._sum("line_count")

    @property
    def event_count(self) -> int:
        """Lines kept as events."""
        return self._sum("event_count")

    @property
    def duplicate_count(self) -> int:
        """Requests that were in the case already."""
        return self._sum("duplicate_count")

    @property
    def reject_count(self) -> int:
        """Lines that could not be read as events."""
        return self._sum("reject_count")

    @property
    def blank_count(self) -> int:
        """Blank lines, headers, comments, records of other kinds."""
        return self._sum("blank_count")

    @property
    def known_lines(self) -> int:
        """Lines passed over because their bytes had been read before."""
        return self._sum("known_lines")

    @property
    def joined_count(self) -> int:
        """Events that met one of another source."""
        return self._sum("joined_count")

    @property
    def adds_up(self) -> bool:
        """Whether lines = events + duplicates + rejects + blanks, for each source."""
        return all(source.line_count == source.event_count + source.duplicate_count + source.reject_count + source.blank_count for source in self.sources)

    @property
    def formats(self) -> dict[str, int]:
        """Events by format."""
        found: dict[str, int] = {}
        for source in self.sources:
            if source.format:
                found[source.format] = found.get(source.format, 0) + source.event_count
        return found

    @property
    def reasons(self) -> dict[str, int]:
        """Rejected lines by reason, most first."""
        found: dict[str, int] = {}
        for source in self.sources:
            for reason, count in source.reasons.items():
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def first_event_at(self) -> datetime | None:
        """Earliest event read this time."""
        return min((source.first_event_at for source in self.sources if source.first_event_at is not None), default=None)

    @property
    def last_event_at(self) -> datetime | None:
        """Latest event read this time."""
        return max((source.last_event_at for source in self.sources if source.last_event_at is not None), default=None)


@dataclass
class Preview:
    """What a file would be read as."""

    path: str
    format: str
    title: str
    confidence: float
    events: pl.DataFrame
    rejects: pl.DataFrame
    fields: dict[str, str]
    unused: list[str]
    report: SourceReport


def list_formats(case: Path | None = None) -> list[dict[str, str]]:
    """Name, title and reference of every format, the user's own included."""
    return [
        {"name": form.name, "title": form.title, "reference": form.reference, "reads": "refused: " + form.refuse if form.refuse else "requests"}
        for form in all_formats(format_folders(case)).values()
    ]


class _Seen:
    """Request ids already in the case, as sorted hashes."""

    def __init__(self, case: Case, *, joined: bool) -> None:
        self.levels: list[NDArray[np.uint64]] = []
        formats = case.scan("sources").select("source_id", "format").collect() if joined else None
        for path in case.files("events"):
            frame = pl.read_parquet(path, columns=["request_id", "account_id", "started_at", "source_id"], glob=False)
            if formats is None:
                self._add(np.sort(_request_keys(frame)[1]))
            else:
                for (name,), part in frame.join(formats, on="source_id", how="left").group_by("format"):
                    self._add(np.sort(_request_keys(part, str(name))[1]))

    def _add(self, keys: NDArray[np.uint64]) -> None:
        """Keep sorted runs (`keys` is one), merging those of like size: few runs to search, little to move."""
        if not keys.size:
            return
        while self.levels and self.levels[-1].size <= 2 * keys.size:
            keys = np.sort(np.concatenate((self.levels.pop(), keys)), kind="stable")
        self.levels.append(keys)

    def take(self, count: int, rows: NDArray[np.int64], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of `count` rows are new, given the rows that have a key; they count as seen from now on."""
        new = np.ones(count, np.bool_)
        if not keys.size:
            return new
        order = np.argsort(keys, kind="stable")
        keys = keys[order]  # searched in order: neighbours lie in the same cache lines
        first = np.ones(keys.size, np.bool_)
        first[1:] = keys[1:] != keys[:-1]
        for level in self.levels:
            place = np.minimum(np.searchsorted(level, keys), level.size - 1)
            first &= level[place] != keys
        new[rows[order]] = first
        self._add(keys[first])
        return new


def _request_keys(frame: pl.DataFrame, salt: str = "") -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Rows that have a request id, and the hash of id and account; bare short numbers, which are often counters, count with their time only."""
    some = frame.with_row_index("place").filter(pl.col("request_id").is_not_null())
    if not some.height:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    bare = some["request_id"].str.len_bytes() <= _COUNTER_DIGITS
    counter = pl.lit("")
    if bare.any():
        counter = (
            pl.when(pl.lit(bare) & pl.col("request_id").str.contains(r"^\d+$")).then(pl.col("started_at").cast(pl.Int64).cast(pl.String)).otherwise(pl.lit(""))
        )
    keys = hash_strings(some.select(pl.concat_str("request_id", pl.col("account_id").fill_null(""), counter, pl.lit(salt), separator="\x1f")).to_series())
    return some["place"].to_numpy().astype(np.int64), keys.to_numpy()


class _Writer:
    """Collects events and rejects and writes them as parts."""

    def __init__(self, case: Case, run: int) -> None:
        self.case, self.run = case, run
        self.held: dict[str, list[pl.DataFrame]] = {"events": [], "rejects": []}
        self.parts: dict[str, list[Part]] = {"events": [], "rejects": []}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Take rows; a full part is written."""
        if frame.height:
            self.held[table].append(frame)
            if sum(part.height for part in self.held[table]) >= _PART_ROWS:
                self.flush(table)

    def flush(self, table: str) -> None:
        """Write what is held."""
        if self.held[table]:
            frame = pl.concat(self.held[table], how="diagonal")
            self.held[table] = []
            self.parts[table].append(self.case.write_part(table, f"{self.run:06d}-{len(self.parts[table]) + 1:05d}", frame))


def ingest(
    case: Case,
    sources: Sequence[str],
    *,
    accounts: Path | None = None,
    mapping: Path | None = None,
    format_name: str | None = None,
    keep_text: bool = False,
    join: bool = False,
    settings: IngestSettings,
    progress: Progress | None = None,
) -> IngestReport:
    """Read sources into the case, which the caller holds locked.

    With `join`, events of different formats that carry one request id become one event: each log fills in what the others lack. All events of the
    run are then held in memory at once.

    Raises: InputError where nothing can be read or too much is rejected, UsageError for a wrong mapping or format name. The case is then as it was.
    """
    chosen = read_mapping(mapping) if mapping is not None else Mapping()
    paths, skipped = find_sources(sources)
    if accounts is not None:
        paths = [path for path in paths if path == "-" or not Path(path).samefile(accounts)] if accounts.exists() else paths
    report = IngestReport(skipped=skipped)
    register = read_register(accounts, chosen.unify if chosen.rules else None) if accounts is not None else None
    databases = open_databases(settings.databases)
    wishes = Wishes(chosen, format_name, keep_text, settings.trusted_hops, format_folders(case.folder), join, databases)
    report.databases = [f"{database.kind} of {database.built_at:%Y-%m-%d} ({database.path})" for database in databases]
    run = _Run(case, wishes, settings, progress)
    problems: list[ForensicsError] = []
    try:
        for path in paths:
            try:
                report.sources.append(run.read_source(path))
            except OSError as error:
                report.skipped.append((path, f"cannot be read: {error.strerror or error}"))
                problems.append(InputError(f"{path} cannot be read: {error.strerror or error}", "check the file and its permissions"))
            except InputError as error:
                report.skipped.append((path, error.message.removeprefix(f"{path}: ").removeprefix(f"{path} ")))
                problems.append(error)
    finally:
        run.pool.shutdown(wait=True, cancel_futures=True)
    if not report.sources:
        if problems:
            raise problems[0]
        raise InputError("there is nothing to read", "give at least one file")
    if join:
        run.join(report)
    total = report.line_count - report.blank_count
    if total and report.reject_count > settings.max_reject_share * total:
        worst = ", ".join(f"{count:,} {reason}" for reason, count in list(report.reasons.items())[:3])
        raise InputError(
            f"{report.reject_count:,} of {total:,} lines could not be read: {worst}",
            (
                f"look at `forensics formats test {max(report.sources, key=lambda source: source.reject_count).path}`; a mapping file may help, or "
                f"--max-reject-share"
            ),
        )
    if not report.adds_up:
        raise IntegrityError("the lines read do not add up; this is a mistake in forensics", "please report it with the log's format")
    run.commit(register)
    if register is not None or case.has("register"):
        known = case.scan("register").select("account_id").unique()
        report.accounts_registered = int(known.select(pl.len()).collect().item())
        report.accounts_matched = int(
            case.scan("events").select("account_id").unique().join(known, on="account_id", how="semi").select(pl.len()).collect(engine="streaming").item()
        )
    return report


@dataclass
class _Known:
    """A start of some source that is in the case."""

    size: int
    sha256: str
    resume_size: int
    resume_sha256: str
    resume_lines: int
    open: bool  # its last line has no line end


class _Run:
    """One ingest: counters, pool, writer."""

    def __init__(self, case: Case, wishes: Wishes, settings: IngestSettings, progress: Progress | None) -> None:
        self.case, self.wishes, self.settings, self.progress = case, wishes, settings, progress
        self.forms = all_formats(wishes.folders)
        ledger = case.ledger
        self.next_source = int(ledger["next_source"])
        self.prefixes: list[dict[str, Any]] = list(ledger["prefixes"])
        self.old_prefixes = len(self.prefixes)
        self.workers = settings.workers or min(os.cpu_count() or 1, 4)
        self.pool = ThreadPoolExecutor(self.workers, thread_name_prefix="ingest")
        self.writer = _Writer(case, int(ledger["run"]) + 1)
        self.seen = _Seen(case, joined=wishes.joined)
        self.rows: list[dict[str, Any]] = []
        self.limit: int | None = None  # bytes looked at of each source; a preview looks at the start only
        self.readers: list[Reader] = []

    def join(self, report: IngestReport) -> None:
        """Merge the events of this run that are one request in several logs."""
        self.writer.flush("events")
        files = [self.case.folder / part.file for part in self.writer.parts["events"]]
        if not files:
            return
        names = {int(row["source_id"]): str(row["format"]) for row in self.rows}
        joined = join_events(pl.concat([pl.read_parquet(path, glob=False) for path in files], how="diagonal"), names)
        self.writer.parts["events"] = []
        for path in files:
            path.unlink()
        for start in range(0, joined.events.height, _PART_ROWS):
            self.writer.add("events", joined.events.slice(start, _PART_ROWS))
        lost = joined.homeless.select("source_id", "source_line", byte_offset=pl.lit(None, pl.UInt64), reason=pl.lit(HOMELESS), raw=pl.lit(None, pl.String))
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
            row |= {"event_count": source.event_count, "duplicate_count": source.duplicate_count, "reject_count": source.reject_count}

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
            replaced["register"] = [self.case.write_part("register", f"{self.writer.run:06d}", register.sort("account_id"))]
        if self.rows or register is not None:
            built = [{"kind": database.kind, "built_at": database.built_at.isoformat(), "path": database.path} for database in self.wishes.databases]
            notes = {**self.case.ledger["notes"], **({"databases": built} if built else {})}
            self.case.commit(added, replaced, next_source=self.next_source, prefixes=self.prefixes, notes=notes)

    def read_source(self, path: str) -> SourceReport:
        """One source from where it was left; a report, and rows of events and rejects for the writer."""
        if path != "-" and _is_parquet(path):
            return self._read_parquet(path)
        given = path
        stream = open_source(path)
        with stream.handle:
            blocks = stream.blocks()
            head = _take(blocks, HEAD_BYTES)
            candidates = self._candidates(head)
            if path == "-" and candidates:
                given = str(self._spool(head, blocks))
        known = self._longest_known(given, candidates) if candidates else None
        if path != "-" or candidates:
            stream = open_source(given)
            blocks = stream.blocks()
            head = b""
        with stream.handle:
            return self._read_lines(path, stream, _Blocks(head, blocks), known)

    def _candidates(self, head: bytes) -> list[dict[str, Any]]:
        """Known starts that this head could be the head of."""
        return [
            known
            for known in self.prefixes
            if len(head) >= min(known["size"], HEAD_BYTES) and hashlib.sha256(head[: min(known["size"], HEAD_BYTES)]).hexdigest() == known["head"]
        ]

    def _spool(self, head: bytes, blocks: Iterator[bytes]) -> Path:
        path = self.case.spool() / "stdin"
        with path.open("wb") as out:
            out.write(head)
            for block in blocks:
                out.write(block)
        return path

    def _longest_known(self, path: str, candidates: Sequence[dict[str, Any]]) -> _Known | None:
        """The longest start of the file that is in the case."""
        marks = sorted(
            {
                (known["size"], known["sha256"], known["resume_size"], known["resume_sha256"], known["resume_lines"], known.get("open", False))
                for known in candidates
            }
        )
        marks += [(size, sha, size, sha, lines, False) for _, _, size, sha, lines, _ in marks if size]
        marks.sort()
        found = None
        digest, position = hashlib.sha256(), 0
        stream = open_source(path)
        with stream.handle:
            blocks = _Blocks(b"", stream.blocks())
            for size, sha, resume_size, resume_sha, lines, unfinished in marks:
                while position < size:
                    block = blocks.take(size - position)
                    if not block:
                        return found
                    digest.update(block)
                    position += len(block)
                if digest.hexdigest() == sha:
                    more = blocks.take(1)
                    if not more:
                        return _Known(size, sha, size, sha, lines, unfinished)
                    blocks.put_back(more)
                    found = _Known(size, sha, resume_size, resume_sha, lines, unfinished)
        return found

    def _read_lines(self, path: str, stream: Any, blocks: _Blocks, known: _Known | None) -> SourceReport:  # noqa: ANN401 - reading.Stream
        digest = hashlib.sha256()
        head = blocks.peek(SNIFFED_BYTES)
        offset = known.resume_size if known else 0
        report = SourceReport(path, known_lines=known.resume_lines if known else 0)
        left = offset
        while left:
            block = blocks.take(left)
            digest.update(block)
            left -= len(block)
        if known and not blocks.peek(1):
            report.note = "already in the case"
            return report
        if not head and not stream.ended_early:
            report.note = "empty"
            return report
        if stream.ended_early and not head:
            raise InputError(f"{path}: {stream.ended_early}")
        reader = recognise(head, path, self.wishes)
        if reader.container == "document":
            return self._read_document(path, blocks, reader, report)
        if reader.confidence == 0.0 and self.wishes.format_name is None and not self.wishes.mapping.fields:
            raise InputError(f"{path}: {why_nothing(reader, head)}", f"see `forensics formats test {path}`; a mapping file can say which field is which")
        return self._read_batches(path, stream, blocks, reader, report, digest, known)

    def _read_batches(self, path: str, stream: Any, blocks: _Blocks, reader: Reader, report: SourceReport, digest: Any, known: _Known | None) -> SourceReport:  # noqa: ANN401 - the state of one source
        source = _Source(self, path, reader, report, known.resume_lines if known else 0, known.resume_size if known else 0)
        total = Path(path).stat().st_size if path != "-" and Path(path).exists() else None
        start, line = source.byte_start, source.line_start + 1
        if known is not None and known.open:  # the last line read had no line end yet
            ending = blocks.peek(2)
            ending = b"\r\n" if ending == b"\r\n" else ending[:1] if ending[:1] == b"\n" else b""
            digest.update(blocks.take(len(ending)) if ending else b"")
            start += len(ending)
        resume_digest, resume_size, resume_lines = digest.copy(), start, source.line_start
        waiting: deque[Future[_Done]] = deque()
        head_bytes = blocks.first_bytes
        ends_line = True
        for data, swallowed in read_batches(iter(blocks), self.settings.batch_mb << 20, self.settings.max_line_mb << 20):
            size = swallowed or len(data)
            cut = data.rfind(b"\n") + 1
            digest.update(data[:cut])
            if cut or swallowed:
                resume_digest, resume_size = digest.copy(), start + cut
            digest.update(data[cut:])
            batch = make_batch(data, start, line)
            if swallowed:
                source.reject_line(batch, TOO_LONG)
                line += 1
            else:
                if start == 0 and data.startswith(BOM):
                    batch.starts[0] += min(len(BOM), int(batch.ends[0]))
                if line == 1 and reader.container == "csv" and reader.header_in_file:
                    batch = source.take_header(batch)
                waiting.append(self.pool.submit(_work, batch, reader))
                count = int(batch.starts.size) + (batch.first_line - line)
                resume_lines = line - 1 + count - (0 if data.endswith(b"\n") else 1)
                line += count
            start += size
            ends_line = bool(swallowed) or data.endswith(b"\n")
            if self.limit is not None and start > self.limit:
                break
            while len(waiting) > self.workers:
                source.take(waiting.popleft().result())
            if self.progress is not None:
                self.progress(path, start if total is None else total if stream.handle.closed else stream.handle.tell(), total)
        while waiting:
            source.take(waiting.popleft().result())
        if stream.ended_early:
            report.note = "; ".join(filter(None, (report.note, stream.ended_early)))
        cut_off = source.cut_off
        whole = digest.hexdigest()
        prefix = {
            "size": start,
            "sha256": whole,
            "head": hashlib.sha256(head_bytes[: min(start, HEAD_BYTES)]).hexdigest(),
            "resume_size": resume_size if cut_off else start,
            "resume_sha256": resume_digest.hexdigest() if cut_off else whole,
            "resume_lines": resume_lines if cut_off else line - 1,
            "open": not ends_line and not cut_off,
        }
        self.prefixes.append(prefix)
        return source.finish(start, whole)

    def _read_document(self, path: str, blocks: _Blocks, reader: Reader, report: SourceReport) -> SourceReport:
        """A file that is one JSON document: records are counted instead of lines."""
        limit = self.settings.max_document_mb << 20
        data = blocks.take_all(limit + 1)
        if len(data) > limit:
            raise InputError(
                f"{path} is one JSON document of more than {self.settings.max_document_mb} MB", "write it as JSON lines, or raise ingest.max_document_mb"
            )
        try:
            value = orjson.loads(data.removeprefix(BOM))
        except orjson.JSONDecodeError as error:
            values = _concatenated(data.removeprefix(BOM))
            if values is None:
                raise InputError(
                    f"{path}:{error.lineno}: not valid JSON: {error.msg}",
                    "if it is a log of another kind, name it with --format or describe it in a mapping file",
                ) from error
            value = values
        from forensics.recognise import _by_records, _inside

        records = _inside([value], self.forms)
        found = _by_records(records, reader, self.forms, self.wishes.format_name if self.wishes.format_name in self.forms else None)
        reader = found[0]
        if reader.form.refuse:
            raise InputError(f"{path}: {reader.form.title}: {reader.form.refuse}")
        items = (reader.form.unwrap(value) if reader.form.unwrap is not None else unwrap(value)) or []
        reader.container = "json"
        collector = Collector(reader.form, reader.plan)
        bad: list[tuple[int, str]] = []
        passed: list[int] = []
        for row, record in enumerate(items):
            collector.take(record, row, bad, passed)
        rows = Rows(collector.frame(), bad, passed)
        reader = settle(reader, rows)
        source = _Source(self, path, reader, report, 0, 0)
        events, rejected = reader.clean(rows.frame)
        lines = [as_text(item) or "" for item in items]
        batch = Batch(b"", 0, 1, np.zeros(len(items), np.int64), np.zeros(len(items), np.int64))
        source.take(_Done(batch, events, [*bad, *rejected], len(passed), 0, [lines[row] for row, _ in [*bad, *rejected]]))
        digest = hashlib.sha256(data).hexdigest()
        self.prefixes.append(
            {
                "size": len(data),
                "sha256": digest,
                "head": hashlib.sha256(data[:HEAD_BYTES]).hexdigest(),
                "resume_size": len(data),
                "resume_sha256": digest,
                "resume_lines": len(items),
            }
        )
        return source.finish(len(data), digest)

    def _read_parquet(self, path: str) -> SourceReport:
        """A Parquet file: rows are counted instead of lines."""
        digest = hashlib.sha256()
        with Path(path).open("rb") as handle:
            head = handle.read(HEAD_BYTES)
            digest.update(head)
            while block := handle.read(1 << 20):
                digest.update(block)
            size = handle.tell()
        sha = digest.hexdigest()
        report = SourceReport(path)
        known = next((known for known in self.prefixes if known["sha256"] == sha), None)
        if known is not None:
            report.note, report.known_lines = "already in the case", known["resume_lines"]
            return report
        try:
            file = pq.ParquetFile(path)
            reader = parquet_reader(file, path, self.wishes)
            source = _Source(self, path, reader, report, 0, 0)
            row = 0
            for part in file.iter_batches(batch_size=_PARQUET_ROWS):
                frame = flatten_frame(pl.DataFrame(pl.from_arrow(part)))
                rows = _parquet_rows(frame, reader)
                events, rejected = reader.clean(rows.frame)
                batch = Batch(b"", 0, row + 1, np.zeros(frame.height, np.int64), np.zeros(frame.height, np.int64))
                bad = [*rows.bad, *rejected]
                source.take(_Done(batch, events, bad, len(rows.passed_over), 0, [as_text(frame.row(place, named=True)) or "" for place, _ in bad]))
                row += frame.height
        except ArrowException as error:
            raise InputError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from error
        self.prefixes.append(
            {"size": size, "sha256": sha, "head": hashlib.sha256(head).hexdigest(), "resume_size": size, "resume_sha256": sha, "resume_lines": row}
        )
        return source.finish(size, sha)


@dataclass
class _Done:
    """A batch worked on."""

    batch: Batch
    events: pl.DataFrame
    bad: list[tuple[int, str]]
    blank_count: int
    extra: int
    raw: list[str] | None = None  # the rejected records, where they are no lines
    keyed: tuple[NDArray[np.int64], NDArray[np.uint64]] | None = None  # rows with a request id, and their keys


def salt_of(reader: Reader) -> str:
    """What keeps the same request of two formats apart, where they are to be joined."""
    return "" if reader.cleaning.need_account else reader.form.name


def _work(batch: Batch, reader: Reader) -> _Done:
    rows = reader.read(batch)
    events, rejected = reader.clean(rows.frame)
    return _Done(
        batch, events, sorted([*rows.bad, *rejected], key=lambda item: item[0]), len(rows.passed_over), rows.extra, keyed=_request_keys(events, salt_of(reader))
    )


class _Source:
    """What is being read of one source."""

    def __init__(self, run: _Run, path: str, reader: Reader, report: SourceReport, line_start: int, byte_start: int) -> None:
        self.run, self.path, self.reader, self.report, self.line_start, self.byte_start = run, path, reader, report, line_start, byte_start
        self.source_id = run.next_source
        run.readers.append(reader)
        self.cut_off = False
        report.format, report.confidence = reader.form.name, reader.confidence
        report.note = "; ".join(filter(None, (report.note, reader.note)))
        report.fields = {name: ", ".join(".".join(path) for path in paths) for name, paths in reader.plan.paths.items()} if reader.form.read is None else {}

    def take_header(self, batch: Batch) -> Batch:
        """The batch without its CSV header line."""
        self.report.line_count += 1
        self.report.blank_count += 1
        return Batch(batch.data, batch.offset, batch.first_line + 1, batch.starts[1:], batch.ends[1:], batch.complete)

    def reject_line(self, batch: Batch, reason: str) -> None:
        """A line that is not even looked into."""
        empty = EVENTS.empty().drop("source_id", "source_line").with_columns(pl.Series("row", [], dtype=pl.UInt32))
        self.take(_Done(batch, empty, [(0, reason)], 0, 0))

    def take(self, done: _Done) -> None:
        """Count a batch and hand its rows on."""
        report, batch = self.report, done.batch
        new = self.run.seen.take(done.events.height, *(done.keyed or _request_keys(done.events, salt_of(self.reader))))
        events = done.events if new.all() else done.events.filter(pl.Series(new))
        report.line_count += int(batch.starts.size) + done.extra
        report.event_count += events.height
        report.duplicate_count += done.events.height - events.height
        report.reject_count += len(done.bad)
        report.blank_count += done.blank_count
        if events.height:
            first, last = events.select(pl.col("started_at").min().alias("first"), pl.col("started_at").max().alias("last")).row(0)
            report.first_event_at = first if report.first_event_at is None else min(report.first_event_at, first)
            report.last_event_at = last if report.last_event_at is None else max(report.last_event_at, last)
            self.run.writer.add(
                "events",
                events.with_columns(
                    pl.lit(self.source_id, pl.UInt32).alias("source_id"), (pl.col("row").cast(pl.UInt64) + batch.first_line).alias("source_line")
                ).drop("row"),
            )
        if done.bad:
            self._reject(done)

    def _reject(self, done: _Done) -> None:
        batch = done.batch
        raw = done.raw if done.raw is not None else [batch.line(row)[: RAW_CHARS * 4].decode(errors="backslashreplace") for row, _ in done.bad]
        for _, reason in done.bad:
            self.report.reasons[reason] = self.report.reasons.get(reason, 0) + 1
            self.cut_off |= reason == CUT_OFF
        frame = pl.DataFrame(
            {
                "source_id": [self.source_id] * len(done.bad),
                "source_line": [batch.first_line + row for row, _ in done.bad],
                "byte_offset": [batch.offset + int(batch.starts[row]) for row, _ in done.bad],
                "reason": [reason for _, reason in done.bad],
                "raw": [text[:RAW_CHARS] for text in raw],
            },
            schema=REJECTS.schema,
        )
        self.run.writer.add("rejects", frame)

    def finish(self, byte_end: int, sha256: str) -> SourceReport:
        """The row of SOURCES."""
        report = self.report
        self.run.next_source += 1
        self.run.rows.append(
            {
                "source_id": self.source_id,
                "path": self.path,
                "format": report.format,
                "confidence": report.confidence,
                "sha256": sha256,
                "byte_start": self.byte_start,
                "byte_end": byte_end,
                "line_start": self.line_start,
                "line_count": report.line_count,
                "event_count": report.event_count,
                "duplicate_count": report.duplicate_count,
                "reject_count": report.reject_count,
                "blank_count": report.blank_count,
                "first_event_at": report.first_event_at,
                "last_event_at": report.last_event_at,
            }
        )
        return report


class _Blocks:
    """Decompressed blocks with a look ahead."""

    def __init__(self, head: bytes, blocks: Iterator[bytes]) -> None:
        self.ahead = deque([head] if head else [])
        self.blocks = blocks
        self.first_bytes = head[:HEAD_BYTES]

    def __iter__(self) -> Iterator[bytes]:
        while True:
            if self.ahead:
                yield self.ahead.popleft()
                continue
            block = next(self.blocks, b"")
            if not block:
                return
            yield block

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay."""
        have = sum(map(len, self.ahead))
        while have < size:
            block = next(self.blocks, b"")
            if not block:
                break
            self.ahead.append(block)
            have += len(block)
        data = b"".join(self.ahead)[:size]
        if len(self.first_bytes) < HEAD_BYTES and size > 1:
            self.first_bytes = data[:HEAD_BYTES]
        return data

    def take(self, size: int) -> bytes:
        """At most `size` of the next bytes; none at the end."""
        block = self.ahead.popleft() if self.ahead else next(self.blocks, b"")
        if len(block) > size:
            self.ahead.appendleft(block[size:])
            block = block[:size]
        return block

    def put_back(self, block: bytes) -> None:
        """Give back what was taken last."""
        self.ahead.appendleft(block)

    def take_all(self, limit: int) -> bytes:
        """Everything, as far as the limit."""
        parts, size = [], 0
        for block in self:
            parts.append(block)
            size += len(block)
            if size >= limit:
                break
        return b"".join(parts)


def _take(blocks: Iterator[bytes], size: int) -> bytes:
    parts, have = [], 0
    for block in blocks:
        parts.append(block)
        have += len(block)
        if have >= size:
            break
    return b"".join(parts)


def _concatenated(data: bytes) -> list[Any] | None:
    """The values of a file of several pretty-printed objects; None where it is broken."""
    import json

    decoder = json.JSONDecoder()
    try:
        text = data.decode()
        values, place = [], 0
        while place < len(text):
            if text[place].isspace() or text[place] == ",":
                place += 1
                continue
            value, place = decoder.raw_decode(text, place)
            values.append(value)
    except ValueError:
        return None
    return values


def why_nothing(reader: Reader, head: bytes) -> str:
    """What keeps a file's lines from being events."""
    missing = missing_fields(reader)
    if missing:
        return "; ".join(missing)
    return "no sampled line could be read as an event" if head else "empty"


def missing_fields(reader: Reader) -> list[str]:
    """Required columns that no field of the log carries."""
    if reader.form.read is not None or reader.container == "lines":
        return []
    have = set(reader.plan.paths) | set(reader.form.constants)
    names = sorted({".".join(path) for path in reader.seen})
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    missing = []
    if "started_at" not in have:
        missing.append(f"no field gives a time (fields: {shown})")
    if "account_id" not in have:
        missing.append(f"no field names the account (fields: {shown})")
    return missing


def _is_parquet(path: str) -> bool:
    with Path(path).open("rb") as handle:
        return handle.read(4) == b"PAR1"


def flatten_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """Struct columns taken apart into dotted names."""
    while structs := [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Struct)]:
        for name in structs:
            inner = frame[name].struct.fields
            frame = frame.with_columns(pl.col(name).struct.rename_fields([f"{name}.{key}" for key in inner])).unnest(name)
    return frame


def parquet_reader(file: pq.ParquetFile, path: str, wishes: Wishes) -> Reader:
    """The reader for a Parquet file, from its first rows."""
    first = next(file.iter_batches(batch_size=500), None)
    frame = flatten_frame(pl.DataFrame(pl.from_arrow(first))) if first is not None else pl.DataFrame()
    records = [{name: value for name, value in row.items() if value is not None} for row in frame.head(200).iter_rows(named=True)] or [
        dict.fromkeys(frame.columns)
    ]
    from forensics.recognise import _by_records

    base = recognise(b'{"a":0}', path, replace(wishes, format_name="flat"))
    base.container = "parquet"
    seen = observe(records) | {(name,): () for name in frame.columns if all(name not in record for record in records)}
    forms = all_formats(wishes.folders)
    found = _by_records(records, base, forms, wishes.format_name if wishes.format_name in forms else None)
    reader = found[0]
    reader.seen = seen
    if reader.form.refuse:
        raise InputError(f"{path}: {reader.form.title}: {reader.form.refuse}")
    from forensics.recognise import is_register

    if reader.form.name == "flat" and is_register(reader.plan, seen):
        raise InputError(f"{path} looks like a list of accounts, not of requests", f"give it with --accounts {path}")
    reader = settle(reader, _parquet_rows(frame, reader))
    if reader.confidence == 0.0 and frame.height:
        raise InputError(f"{path}: {why_nothing(reader, b'x')}", f"see `forensics formats test {path}`; a mapping file can say which field is which")
    return reader


def _parquet_rows(frame: pl.DataFrame, reader: Reader) -> Rows:
    """Raw fields of Parquet rows."""
    if reader.form.read is not None:
        collector = Collector(reader.form, reader.plan)
        bad: list[tuple[int, str]] = []
        passed: list[int] = []
        for row, record in enumerate(frame.iter_rows(named=True)):
            collector.take(record, row, bad, passed)
        return Rows(collector.frame(), bad, passed)
    columns = []
    for name, paths in reader.plan.paths.items():
        there = [".".join(path) for path in paths if ".".join(path) in frame.columns]
        if there:
            columns.append(pl.coalesce(_parquet_text(frame.schema[column], column) for column in there).alias(name))
    return Rows(frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), *columns))


def _parquet_text(dtype: pl.DataType, name: str) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ") if dtype.time_zone else column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    if isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner
        if inner == pl.String or inner.is_numeric():
            return pl.concat_str(pl.lit("["), column.cast(pl.List(pl.String)).list.join(","), pl.lit("]"))
        return column.map_elements(lambda value: as_text(value.to_list() if isinstance(value, pl.Series) else value), return_dtype=pl.String)
    if dtype == pl.Binary:
        return column.bin.encode("hex")
    return column.cast(pl.String, strict=False)


def preview(path: str, *, mapping: Path | None = None, format_name: str | None = None, settings: IngestSettings, rows: int = 5) -> Preview:
    """What a file would be read as: its format, its first events and rejects, which field became what.

    Raises: InputError where no format fits or it is refused, UsageError for a wrong mapping or format name.
    """
    import tempfile

    from forensics.case import Case

    chosen = read_mapping(mapping) if mapping is not None else Mapping()
    with tempfile.TemporaryDirectory() as folder:
        run = _Run(
            Case(Path(folder) / "case"),
            Wishes(chosen, format_name, trusted_hops=settings.trusted_hops, folders=format_folders(Path.cwd() / "case")),
            settings,
            None,
        )
        run.limit = PREVIEW_BYTES
        try:
            report = run.read_source(path)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}", "check the file and its permissions") from error
        finally:
            run.pool.shutdown(wait=True, cancel_futures=True)
        events = pl.concat(run.writer.held["events"], how="diagonal") if run.writer.held["events"] else EVENTS.empty()
        rejects = pl.concat(run.writer.held["rejects"]) if run.writer.held["rejects"] else REJECTS.empty()
    reader = run.readers[-1] if run.readers else None
    if reader is None:
        raise InputError(f"{path}: {report.note}")
    used = {path for paths in reader.plan.paths.values() for path in paths}
    unused = (
        sorted({".".join(one) for one in reader.seen if one not in used and not any(other[: len(one)] == one for other in used)})
        if reader.form.read is None
        else []
    )
    return Preview(path, report.format, reader.form.title, report.confidence, events.head(rows), rejects.head(rows), report.fields, unused, report)
