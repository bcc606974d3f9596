"""Sources → EVENTS, REJECTS, SOURCES, REGISTER in the case. Nothing is dropped silently: lines = events + duplicates +
rejects + blanks.

Batches are read by a few threads and taken up in order, so memory is bounded and the number of threads changes nothing.
What was read becomes part of the case in one step at the end; until then the case is as it was.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import polars as pl
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from forensics.common.errors import ForensicsError, InputError, IntegrityError
from forensics.common.schema import SOURCES
from forensics.reading.accounts.register import read_register
from forensics.reading.cleaning.geography import open_databases
from forensics.reading.containers.delimited import whole_csv
from forensics.reading.containers.parquet import PARQUET_ROWS, flatten_frame, is_parquet, parquet_rows
from forensics.reading.containers.records import TOO_LONG, Collector, Rows, as_text, mend_surrogates, unwrap
from forensics.reading.fields.mapping import Mapping, read_mapping
from forensics.reading.joining import join_events
from forensics.reading.opening.blocks import Blocks, concatenated, take_bytes
from forensics.reading.opening.known import Known
from forensics.reading.opening.seen import Seen
from forensics.reading.opening.sources import (
    BOM,
    HEAD_BYTES,
    Batch,
    Stream,
    find_sources,
    make_batch,
    open_source,
    read_batches,
)
from forensics.reading.recognising.candidates import by_records, inside
from forensics.reading.recognising.catalogue import all_formats, format_folders
from forensics.reading.recognising.parquet import parquet_reader
from forensics.reading.recognising.reader import Reader, Wishes
from forensics.reading.recognising.recognise import SNIFFED_BYTES, recognise, settle, why_nothing
from forensics.reading.report import IngestReport, SourceReport
from forensics.reading.source import PART_ROWS, Done, Source, Writer, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forensics.case.store import Case, Part
    from forensics.common.settings import IngestSettings

    Progress = Callable[[str, int, int | None], None]


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
    settings: IngestSettings,
    progress: Progress | None = None,
) -> IngestReport:
    """Read sources into the case, which the caller holds locked.

    With `join`, events of different formats that carry one request id become one event: each log fills in what the
    others lack. All events of the run are then held in memory at once.

    Raises: InputError where nothing can be read or too much is rejected, UsageError for a wrong mapping or format name.
            The case is then as it was.
    """
    chosen = read_mapping(mapping) if mapping is not None else Mapping()
    paths, skipped = find_sources(sources)
    if accounts is not None:
        paths = (
            [path for path in paths if path == "-" or not Path(path).samefile(accounts)] if accounts.exists() else paths
        )
    report = IngestReport(skipped=skipped)
    register = read_register(accounts, chosen.unify if chosen.rules else None) if accounts is not None else None
    databases = open_databases(settings.databases)
    wishes = Wishes(chosen, format_name, keep_text, settings.trusted_hops, format_folders(case.folder), join, databases)
    report.databases = [f"{database.kind} of {database.built_at:%Y-%m-%d} ({database.path})" for database in databases]
    run = Run(case, wishes, settings, progress)
    problems: list[ForensicsError] = []
    try:
        for path in paths:
            try:
                report.sources.append(run.read_source(path))
            except OSError as error:
                report.skipped.append((path, f"cannot be read: {error.strerror or error}"))
                problems.append(
                    InputError(
                        f"{path} cannot be read: {error.strerror or error}", "check the file and its permissions"
                    )
                )
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
                "look at `forensics formats test "
                f"{max(report.sources, key=lambda source: source.reject_count).path}`; a mapping file may help, or "
                f"--max-reject-share"
            ),
        )
    if not report.adds_up:
        raise IntegrityError(
            "the lines read do not add up; this is a mistake in forensics", "please report it with the log's format"
        )
    run.commit(register)
    if register is not None or case.has("register"):
        known = case.scan("register").select("account_id").unique()
        report.accounts_registered = int(known.select(pl.len()).collect().item())
        report.accounts_matched = int(
            case.scan("events")
            .select("account_id")
            .unique()
            .join(known, on="account_id", how="semi")
            .select(pl.len())
            .collect(engine="streaming")
            .item()
        )
    return report


class Run:
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
        self.writer = Writer(case, int(ledger["run"]) + 1)
        self.seen = Seen(case, joined=wishes.joined)
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
        joined = join_events(
            pl.concat([self.case.scan_part("events", path) for path in files], how="diagonal").collect(), names
        )
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
            raw=pl.lit(None, pl.String),
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
        if self.rows or register is not None:
            built = [
                {"kind": database.kind, "built_at": database.built_at.isoformat(), "path": database.path}
                for database in self.wishes.databases
            ]
            notes = {**self.case.ledger["notes"], **({"databases": built} if built else {})}
            self.case.commit(added, replaced, next_source=self.next_source, prefixes=self.prefixes, notes=notes)

    def read_source(self, path: str) -> SourceReport:
        """One source from where it was left; a report, and rows of events and rejects for the writer."""
        once = path == "-" or (
            Path(path).exists() and not Path(path).is_file()
        )  # a pipe cannot be opened again, and need not be
        if not once and is_parquet(path):
            return self._read_parquet(path)
        given = path
        stream = open_source(path)
        with stream.handle:
            blocks = stream.blocks()
            head = take_bytes(blocks, HEAD_BYTES)
            candidates = self._candidates(head)
            if once and not candidates:
                return self._read_lines(path, stream, Blocks(head, blocks), None)
            if once:
                given = str(self._spool(head, blocks))
        known = self._longest_known(given, candidates) if candidates else None
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
                    more = blocks.take(1)
                    if not more:
                        return Known(size, sha, size, sha, lines, unfinished)
                    blocks.put_back(more)
                    found = Known(size, sha, resume_size, resume_sha, lines, unfinished)
        return found

    def _read_lines(self, path: str, stream: Any, blocks: Blocks, known: Known | None) -> SourceReport:  # noqa: ANN401 - reading.Stream
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
        if len(head) < SNIFFED_BYTES and not head.removeprefix(BOM).strip() and not stream.ended_early:
            report.note = "empty" if not head else "holds nothing but blank lines"
            return report
        if stream.ended_early and not head:
            raise InputError(f"{path}: {stream.ended_early}")
        reader = recognise(head, path, self.wishes)
        if reader.container == "document":
            return self._read_document(path, blocks, reader, report)
        header_only = reader.container == "csv" and reader.header_in_file and b"\n" not in head.strip()
        if (
            reader.confidence == 0.0
            and not header_only
            and self.wishes.format_name is None
            and not self.wishes.mapping.fields
        ):
            raise InputError(
                f"{path}: {why_nothing(reader, head)}",
                f"see `forensics formats test {path}`; a mapping file can say which field is which",
            )
        return self._read_batches(path, stream, blocks, reader, report, digest, known)

    def _read_batches(
        self,
        path: str,
        stream: Stream,
        blocks: Blocks,
        reader: Reader,
        report: SourceReport,
        digest: Any,  # noqa: ANN401 - hashlib has no public name for its hashes
        known: Known | None,
    ) -> SourceReport:
        source = Source(
            self, path, reader, report, known.resume_lines if known else 0, known.resume_size if known else 0
        )
        total = Path(path).stat().st_size if path != "-" and Path(path).is_file() else None
        start, line = source.byte_start, source.line_start + 1
        if known is not None and known.open:  # the last line read had no line end yet
            ending = blocks.peek(2)
            ending = b"\r\n" if ending == b"\r\n" else ending[:1] if ending[:1] == b"\n" else b""
            digest.update(blocks.take(len(ending)) if ending else b"")
            start += len(ending)
        resume_digest, resume_size, resume_lines = digest.copy(), start, source.line_start
        waiting: deque[Future[Done]] = deque()
        head_bytes = blocks.first_bytes
        ends_line = True
        whole = whole_csv if reader.container == "csv" else len
        for data, swallowed in read_batches(
            iter(blocks), self.settings.batch_mb << 20, self.settings.max_line_mb << 20, whole
        ):
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
                waiting.append(self.pool.submit(work, batch, reader))
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
                self.progress(
                    path, start if total is None else total if stream.handle.closed else stream.handle.tell(), total
                )
        while waiting:
            source.take(waiting.popleft().result())
        if stream.ended_early:
            report.cut_short = stream.ended_early
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

    def _read_document(self, path: str, blocks: Blocks, reader: Reader, report: SourceReport) -> SourceReport:
        """A file that is one JSON document: records are counted instead of lines."""
        limit = self.settings.max_document_mb << 20
        data = blocks.take_all(limit + 1)
        if len(data) > limit:
            raise InputError(
                f"{path} is one JSON document of more than {self.settings.max_document_mb} MB",
                "write it as JSON lines, or raise ingest.max_document_mb",
            )
        text = mend_surrogates(data.removeprefix(BOM))
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            values = concatenated(text)
            if values is None:
                raise InputError(
                    f"{path}:{error.lineno}: not valid JSON: {error.msg}",
                    "if it is a log of another kind, name it with --format or describe it in a mapping file",
                ) from error
            value = values

        records = inside([value], self.forms)
        found = by_records(
            records, reader, self.forms, self.wishes.format_name if self.wishes.format_name in self.forms else None
        )
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
        source = Source(self, path, reader, report, 0, 0)
        events, rejected = reader.clean(rows.frame)
        lines = [as_text(item) or "" for item in items]
        batch = Batch(b"", 0, 1, np.zeros(len(items), np.int64), np.zeros(len(items), np.int64))
        source.take(
            Done(batch, events, [*bad, *rejected], len(passed), 0, [lines[row] for row, _ in [*bad, *rejected]])
        )
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
            source = Source(self, path, reader, report, 0, 0)
            row = 0
            for part in file.iter_batches(batch_size=PARQUET_ROWS):
                frame = flatten_frame(pl.DataFrame(pl.from_arrow(part)))
                rows = parquet_rows(frame, reader.form, reader.plan)
                events, rejected = reader.clean(rows.frame)
                batch = Batch(b"", 0, row + 1, np.zeros(frame.height, np.int64), np.zeros(frame.height, np.int64))
                bad = [*rows.bad, *rejected]
                source.take(
                    Done(
                        batch,
                        events,
                        bad,
                        len(rows.passed_over),
                        0,
                        [as_text(frame.row(place, named=True)) or "" for place, _ in bad],
                    )
                )
                row += frame.height
        except ArrowException as error:
            raise InputError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from error
        self.prefixes.append(
            {
                "size": size,
                "sha256": sha,
                "head": hashlib.sha256(head).hexdigest(),
                "resume_size": size,
                "resume_sha256": sha,
                "resume_lines": row,
            }
        )
        return source.finish(size, sha)
