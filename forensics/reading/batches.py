"""A source of lines: batches are read by a few threads and taken up in order, so that memory is bounded and the number
of threads changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from forensics.reading.containers.delimited import csv_sections, whole_csv
from forensics.reading.containers.records import TOO_LONG
from forensics.reading.containers.w3c import last_fields
from forensics.reading.opening.places import size_of
from forensics.reading.opening.sources import BOM, HEAD_BYTES, make_batch, read_batches
from forensics.reading.source import Source, work

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

    from forensics.common.settings import IngestSettings
    from forensics.reading.opening.blocks import Blocks
    from forensics.reading.opening.fetching import Lake
    from forensics.reading.opening.known import Known
    from forensics.reading.opening.seen import Seen
    from forensics.reading.opening.sources import Batch, Stream
    from forensics.reading.recognising.reader import Reader
    from forensics.reading.report import SourceReport
    from forensics.reading.source import Done, Present, Writer


class _Run(Protocol):
    """The ingest that the source is part of."""

    settings: IngestSettings
    pool: ThreadPoolExecutor
    workers: int
    limit: int | None
    progress: Callable[[str, int, int | None, int], None] | None
    prefixes: list[dict[str, Any]]
    next_source: int
    readers: list[Reader]
    seen: Seen
    writer: Writer
    rows: list[dict[str, Any]]
    lake: Lake

    def present(self) -> Present:
        """Lines of the source being read that are in the case."""


class Batches:
    """The lines of one source, from where an earlier run left it."""

    def __init__(
        self,
        run: _Run,
        path: str,
        stream: Stream,
        blocks: Blocks,
        source: Source,
        digest: Any,  # noqa: ANN401 - hashlib has no public name for its hashes
        known: Known | None,
    ) -> None:
        self.run, self.path, self.stream, self.blocks, self.source, self.digest = (
            run,
            path,
            stream,
            blocks,
            source,
            digest,
        )
        self.reader = source.reader
        self.start, self.line = source.byte_start, source.line_start + 1
        self.total = size_of(path)
        self.waiting: deque[Future[Done]] = deque()
        self.ends_line = True
        if known is not None and known.open:  # the last line read had no line end yet
            ending = blocks.peek(2)
            ending = b"\r\n" if ending == b"\r\n" else ending[:1] if ending[:1] == b"\n" else b""
            digest.update(blocks.take(len(ending)) if ending else b"")
            self.start += len(ending)
        self.resume_digest, self.resume_size, self.resume_lines = digest.copy(), self.start, source.line_start

    def read(self) -> SourceReport:
        """All of it: rows of events and rejects for the writer, the mark up to where it was read, the report."""
        settings, run = self.run.settings, self.run
        head_bytes = self.blocks.first_bytes
        whole = whole_csv if self.reader.tabular else len
        for data, swallowed in read_batches(
            iter(self.blocks), settings.batch_mb << 20, settings.max_line_mb << 20, whole
        ):
            self._take(data, swallowed)
            if run.limit is not None and self.start > run.limit:
                break
            while len(self.waiting) > run.workers:
                self.source.take(self.waiting.popleft().result())
            self._tell()
        while self.waiting:
            self.source.take(self.waiting.popleft().result())
        report, ended_early = self.source.report, self.stream.ended_early
        if ended_early:
            report.cut_short = ended_early
            report.note = "; ".join(filter(None, (report.note, ended_early)))
        digest = self.digest.hexdigest()
        mark = self._mark(head_bytes, digest)
        if mark not in run.prefixes:  # a file that is read again
            run.prefixes.append(mark)
        return self.source.finish(self.start, digest)

    def _take(self, data: bytes, swallowed: int) -> None:
        """Hand one batch to the pool; `swallowed` is the size of a line too long to be kept."""
        cut = data.rfind(b"\n") + 1
        self.digest.update(data[:cut])
        if cut or swallowed:
            self.resume_digest, self.resume_size = self.digest.copy(), self.start + cut
        self.digest.update(data[cut:])
        batch = make_batch(data, self.start, self.line)
        if swallowed:
            self.source.reject_line(batch, TOO_LONG, swallowed)
            self.line += 1
        else:
            self._submit(batch, data)
        self.start += swallowed or len(data)
        self.ends_line = bool(swallowed) or data.endswith(b"\n")

    def _submit(self, batch: Batch, data: bytes) -> None:
        if self.start == 0 and data.startswith(BOM):
            batch.starts[0] += min(len(BOM), int(batch.ends[0]))
        if self.line == 1 and self.reader.tabular and self.reader.header_in_file:
            batch = self.source.take_header(batch)
        self.waiting.append(self.run.pool.submit(work, batch, self.reader))
        if self.reader.container == "w3c":
            self.reader = replace(self.reader, header=last_fields(batch, self.reader.header))
        elif self.reader.container == "csv":
            last = csv_sections(batch, self.reader.header, self.reader.delimiter)[-1]
            self.reader = self.reader.under(last.header, last.batch)
        count = int(batch.starts.size) + (batch.first_line - self.line)
        self.resume_lines = self.line - 1 + count - (0 if data.endswith(b"\n") else 1)
        self.line += count

    def _tell(self) -> None:
        """How far the reading is."""
        if self.run.progress is None:
            return
        handle = self.stream.handle
        done = self.start if self.total is None else self.total if handle.closed else handle.tell()
        self.run.progress(self.path, done, self.total, self.line - 1)

    def _mark(self, head: bytes, digest: str) -> dict[str, Any]:
        """Up to where the file is in the case: the next run goes on from there."""
        cut_off = self.source.cut_off
        return {
            "size": self.start,
            "sha256": digest,
            "head": hashlib.sha256(head[: min(self.start, HEAD_BYTES)]).hexdigest(),
            "resume_size": self.resume_size if cut_off else self.start,
            "resume_sha256": self.resume_digest.hexdigest() if cut_off else digest,
            "resume_lines": self.resume_lines if cut_off else self.line - 1,
            "open": not self.ends_line and not cut_off,
        }
