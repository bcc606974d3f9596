"""The parts of an ingest: bytes with a look ahead, batches worked on, requests already seen, rows on their way to the
case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl

from forensics.common.schema import EVENTS, REJECTS
from forensics.common.secrets import mask_path, mask_secrets
from forensics.common.stores import is_store
from forensics.reading.cleaning.events import Doubts
from forensics.reading.cleaning.secrets import hash_line, hide_in_events, skeleton_of
from forensics.reading.containers.records import CUT_OFF
from forensics.reading.opening.seen import Keys, Seen, request_keys
from forensics.reading.opening.sources import Batch
from forensics.reading.recognising.doubts import Tally

if TYPE_CHECKING:
    from forensics.case.store import Case, Part
    from forensics.reading.opening.fetching import Lake
    from forensics.reading.recognising.reader import Reader
    from forensics.reading.report import SourceReport


RAW_CHARS: Final = 400  # kept of a rejected line

PART_ROWS: Final = 400_000


class Writer:
    """Collects events and rejects and writes them as parts."""

    def __init__(self, case: Case, run: int) -> None:
        self.case, self.run = case, run
        self.held: dict[str, list[pl.DataFrame]] = {"events": [], "rejects": []}
        self.parts: dict[str, list[Part]] = {"events": [], "rejects": []}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Take rows; a full part is written."""
        if frame.height:
            self.held[table].append(frame)
            if sum(part.height for part in self.held[table]) >= PART_ROWS:
                self.flush(table)

    def flush(self, table: str) -> None:
        """Write what is held."""
        if self.held[table]:
            frame = pl.concat(self.held[table], how="diagonal")
            self.held[table] = []
            self.parts[table].append(
                self.case.write_part(table, f"{self.run:06d}-{len(self.parts[table]) + 1:05d}", frame)
            )

    def forget(self, source_id: int) -> None:
        """Take back the rows of a source that could not be read after all."""
        other = pl.col("source_id") != source_id
        for table, frames in self.held.items():
            self.held[table] = [rest for frame in frames if (rest := frame.filter(other)).height]
        for table, parts in self.parts.items():
            for number, part in enumerate(parts):
                path = self.case.folder / part.file
                rest = self.case.scan_part(table, path).filter(other).collect()
                if rest.height < part.rows:
                    path.unlink()
                    parts[number] = self.case.write_part(table, f"{self.run:06d}-{number + 1:05d}-rest", rest)


@dataclass
class Done:
    """A batch worked on."""

    batch: Batch
    events: pl.DataFrame
    bad: list[tuple[int, str]]
    blank_count: int
    extra: int
    raw: list[str] | None = None  # the rejected records, where they are no lines
    keyed: Keys | None = None  # rows with a request id
    kinds: dict[str, int] = field(default_factory=dict)  # records passed over, by kind
    doubts: Doubts = field(default_factory=Doubts)
    size: int = 0  # of a line of which the start only was read


def salt_of(reader: Reader) -> str:
    """What keeps the same request of two formats apart, where they are to be joined."""
    return "" if reader.cleaning.need_account else reader.form.name


def work(batch: Batch, reader: Reader) -> Done:
    """A batch read, cleaned and keyed."""
    rows = reader.read(batch)
    events, rejected, doubts, others = reader.clean(rows.frame)
    events = hide_in_events(events)
    keyed = request_keys(events, salt_of(reader))
    return Done(
        batch,
        events,
        sorted([*rows.bad, *rejected], key=lambda item: item[0]),
        len(rows.passed_over) + sum(others.values()),
        rows.extra,
        keyed=keyed,
        kinds={**rows.kinds, **others},
        doubts=doubts,
    )


@dataclass(frozen=True)
class Present:
    """Lines of a source that is read again of which the case holds the event, or the reject."""

    events: pl.Series
    rejects: pl.Series


NOTHING_PRESENT: Final = Present(pl.Series([], dtype=pl.UInt64), pl.Series([], dtype=pl.UInt64))


class _Run(Protocol):
    """What a source counts into."""

    limit: int | None
    next_source: int
    readers: list[Reader]
    seen: Seen
    writer: Writer
    rows: list[dict[str, Any]]
    lake: Lake

    def present(self) -> Present:
        """Lines of the source being read that are in the case."""


class Source:
    """What is being read of one source."""

    def __init__(
        self, run: _Run, path: str, reader: Reader, report: SourceReport, line_start: int, byte_start: int
    ) -> None:
        self.run, self.path, self.reader, self.report, self.line_start, self.byte_start = (
            run,
            path,
            reader,
            report,
            line_start,
            byte_start,
        )
        self.source_id = run.next_source
        self.present = run.present()
        run.readers.append(reader)
        run.seen.next_source()
        self.cut_off = False
        self.tally = Tally(reader)
        report.format, report.confidence = reader.form.name, reader.confidence
        report.note = "; ".join(filter(None, (report.note, reader.note)))
        report.fields = (
            {name: ", ".join(".".join(path) for path in paths) for name, paths in reader.plan.paths.items()}
            if reader.form.read is None
            else {}
        )

    def take_header(self, batch: Batch) -> Batch:
        """The batch without its CSV header line, and what stands before it."""
        count = min(self.reader.header_row + 1, int(batch.starts.size))
        self.report.line_count += count
        self.report.blank_count += count
        starts, ends = batch.starts[count:], batch.ends[count:]
        return Batch(batch.data, batch.offset, batch.first_line + count, starts, ends, batch.complete)

    def reject_line(self, batch: Batch, reason: str, size: int) -> None:
        """A line of `size` bytes that is not even looked into, nor kept whole."""
        empty = EVENTS.empty().drop("source_id", "source_line").with_columns(pl.Series("row", [], dtype=pl.UInt32))
        self.take(Done(batch, empty, [(0, reason)], 0, 0, size=size))

    def take(self, done: Done) -> None:
        """Count a batch and hand its rows on."""
        report, batch = self.report, done.batch
        keyed = done.keyed or request_keys(done.events, salt_of(self.reader))
        new = self.run.seen.take(done.events.height, keyed)
        if self.present.events.len():
            lines = done.events["row"].cast(pl.UInt64) + batch.first_line
            new &= ~lines.is_in(self.present.events.implode()).to_numpy()
        events = done.events if new.all() else done.events.filter(pl.Series(new))
        self.tally.add(events, done.doubts)
        for kind, count in done.kinds.items():
            report.kinds[kind] = report.kinds.get(kind, 0) + count
        report.line_count += int(batch.starts.size) + done.extra
        report.event_count += events.height
        report.duplicate_count += done.events.height - events.height
        report.reject_count += len(done.bad)
        report.blank_count += done.blank_count
        if events.height:
            first, last = events.select(
                pl.col("started_at").min().alias("first"), pl.col("started_at").max().alias("last")
            ).row(0)
            report.first_event_at = first if report.first_event_at is None else min(report.first_event_at, first)
            report.last_event_at = last if report.last_event_at is None else max(report.last_event_at, last)
            self.run.writer.add(
                "events",
                events.with_columns(
                    pl.lit(self.source_id, pl.UInt32).alias("source_id"),
                    (pl.col("row").cast(pl.UInt64) + batch.first_line).alias("source_line"),
                ).drop("row"),
            )
        if done.bad:
            self._reject(done)

    def _reject(self, done: Done) -> None:
        """Keep of rejected lines where they stand, why, how long they are, their hash and their form."""
        batch = done.batch
        lines = (
            [text.encode(errors="surrogatepass") for text in done.raw]
            if done.raw is not None
            else [batch.line(row) for row, _ in done.bad]
        )
        for _, reason in done.bad:
            self.report.reasons[reason] = self.report.reasons.get(reason, 0) + 1
            self.cut_off |= reason == CUT_OFF
        starts = [line[: RAW_CHARS * 4].decode(errors="backslashreplace")[:RAW_CHARS] for line in lines]
        keep = self.reader.cleaning.keep_text or self.run.limit is not None  # a preview shows, and keeps nothing
        frame = pl.DataFrame(
            {
                "source_id": [self.source_id] * len(done.bad),
                "source_line": [batch.first_line + row for row, _ in done.bad],
                "byte_offset": [batch.offset + int(batch.starts[row]) for row, _ in done.bad],
                "reason": [reason for _, reason in done.bad],
                "byte_count": [done.size or len(line) for line in lines],
                "line_hash": [None if done.size else hash_line(line) for line in lines],
                "skeleton": [skeleton_of(text) for text in starts],
                "raw": [mask_secrets(text) if keep else None for text in starts],
            },
            schema=REJECTS.schema,
        )
        if self.present.rejects.len():
            frame = frame.filter(~pl.col("source_line").is_in(self.present.rejects.implode()))
        self.run.writer.add("rejects", frame)

    def finish(self, byte_end: int, sha256: str) -> SourceReport:
        """The row of SOURCES."""
        report = self.report
        report.warnings = self.tally.warnings(self.run.seen.repeats)
        stored = self.run.lake.objects.get(self.path)
        self.run.next_source += 1
        self.run.rows.append(
            {
                "source_id": self.source_id,
                "path": mask_path(self.path),
                "format": report.format,
                "confidence": report.confidence,
                "sha256": sha256,
                "byte_start": self.byte_start,
                "byte_end": byte_end,
                "line_start": self.line_start,
                "folder": "" if self.path == "-" or is_store(self.path) else mask_path(str(Path.cwd())),
                "etag": (stored.etag or None) if stored else None,
                "stored_bytes": stored.size if stored else None,
                "line_count": report.line_count,
                "event_count": report.event_count,
                "duplicate_count": report.duplicate_count,
                "reject_count": report.reject_count,
                "blank_count": report.blank_count,
                "first_event_at": report.first_event_at,
                "last_event_at": report.last_event_at,
                "notes": [mask_secrets(note) for note in (report.note, report.passed_over, *report.warnings) if note],
            }
        )
        return report
