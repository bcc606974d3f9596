"""How one file will be read, once recognised."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.reading.cleaning.events import Cleaned, Cleaning, clean_events
from forensics.reading.containers.delimited import HEADERS, csv_sections, csv_values, read_csv, read_pattern
from forensics.reading.containers.envelopes import Envelope, read_inside
from forensics.reading.containers.json_lines import read_json
from forensics.reading.containers.records import NOT_THIS_LINE, Rows
from forensics.reading.containers.w3c import read_w3c
from forensics.reading.fields.aliases import zone_in_name
from forensics.reading.fields.plan import Plan, make_plan

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from forensics.reading.cleaning.geography import Database
    from forensics.reading.containers.delimited import Section
    from forensics.reading.fields.aliases import Path as KeyPath
    from forensics.reading.fields.format import Format
    from forensics.reading.fields.mapping import Mapping as MappingFile
    from forensics.reading.opening.sources import Batch


@dataclass
class Reader:
    """How one source is read: container, format, what a mapping adds, and what the sample showed."""

    form: Format
    container: str
    confidence: float
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cleaning: Cleaning = field(default_factory=Cleaning)
    seen: Mapping[KeyPath, Sequence[Any]] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    header_in_file: bool = True
    header_row: int = 0  # lines before the header
    delimiter: str = ","
    note: str = ""
    trouble: str = ""  # why no sampled line became an event
    sample: Batch | None = None  # lines to judge by, where those of the file's sample say too little
    constants: Mapping[str, str] = field(default_factory=dict)  # a mapping's
    hollow: bool = False  # no sampled line gave the client that such lines always have
    envelopes: tuple[Envelope, ...] = ()  # what stands around the lines, from the outside in
    registered: frozenset[str] = frozenset()  # accounts that an accounts file knows, while the reader is settled

    @property
    def plan(self) -> Plan:
        """Paths for the sample's keys."""
        return make_plan(self.form, self.chosen, self.seen)

    @property
    def tabular(self) -> bool:
        """Whether the source is a table with a header, whatever stands in its cells."""
        return bool(self.envelopes[0].header) if self.envelopes else self.container == "csv"

    @property
    def unused(self) -> dict[KeyPath, Sequence[Any]]:
        """Fields of the sample that no column is read from; all of them where the format's own code reads."""
        if self.form.read is not None:
            return {path: values for path, values in self.seen.items() if not any(isinstance(v, dict) for v in values)}
        used = {path for paths in self.plan.paths.values() for path in paths}
        return {
            path: values
            for path, values in self.seen.items()
            if path not in used
            and not any(other[: len(path)] == path or path[: len(other)] == other for other in used)
            and not any(isinstance(value, dict) for value in values)
        }

    def varies(self, name: str) -> bool:
        """Whether a field of the sample, by its dotted name, holds different values."""
        values = next((values for path, values in self.seen.items() if ".".join(path) == name), ())
        return len({str(value) for value in values}) > 1

    def read(self, batch: Batch) -> Rows:
        """Raw fields of a batch of lines."""
        if self.envelopes:
            opened = self.envelopes[0].open(batch, self.form)
            return read_inside(opened, self._inner(opened.times).read, int(batch.starts.size))
        if self.container == "csv":
            parts = csv_sections(batch, self.header, self.delimiter)
            if len(parts) == 1:
                return read_csv(batch, self.header, self.delimiter, self.plan, self.form)
            return self._read_sections(parts)
        if self.container == "w3c":
            return read_w3c(batch, self.header, self.form, self.chosen)
        if self.container == "lines":
            return read_pattern(batch, self.form.pattern.split("\n"), self.form, self.chosen, NOT_THIS_LINE)
        return read_json(batch, self.form, self.chosen, self.seen, fast=True)

    def under(self, header: tuple[str, ...], batch: Batch) -> Reader:
        """The reader of the lines of a table under another header."""
        if header == self.header:
            return self
        values = csv_values(batch, header, self.delimiter)
        return replace(self, header=header, seen={(name,): self.seen.get((name,)) or values[name] for name in header})

    def _read_sections(self, parts: Sequence[Section]) -> Rows:
        """A batch in which the header of a table changes: each line is read by the header above it."""
        read = [(part, self.under(part.header, part.batch)) for part in parts]
        found = [
            (part.first, read_csv(part.batch, one.header, one.delimiter, one.plan, one.form)) for part, one in read
        ]
        frame = pl.concat(
            [rows.frame.with_columns(pl.col("row") + first) for first, rows in found], how="diagonal_relaxed"
        )
        bad = [(row + first, reason) for first, rows in found for row, reason in rows.bad]
        passed = [row + first for first, rows in found for row in rows.passed_over]
        passed += [part.first - 1 for part in parts[1:]]
        kinds = {HEADERS: len(parts) - 1}
        for _, rows in found:
            for kind, count in rows.kinds.items():
                kinds[kind] = kinds.get(kind, 0) + count
        return Rows(frame, bad, sorted(passed), sum(rows.extra for _, rows in found), kinds)

    def _inner(self, times: Sequence[str | None]) -> Reader:
        """The reader of the lines inside the outermost envelope; its time is nearer than that of other lines."""
        form = replace(self.form, clock="") if self.form.clock and any(times) else self.form
        return replace(self, envelopes=self.envelopes[1:], form=form)

    def read_records(self, records: Sequence[Any]) -> Rows:
        """Raw fields of the lines inside records."""
        opened = self.envelopes[0].open_records(records)
        return read_inside(opened, self._inner(opened.times).read, len(records))

    def clean(self, frame: pl.DataFrame) -> Cleaned:
        """Events of raw fields, rejects, and what is in doubt."""
        constants = {**self.form.constants, **self.constants}
        frame = frame.with_columns(
            pl.coalesce(name, pl.lit(value)).alias(name)
            if name in frame.columns and name not in self.constants
            else pl.lit(value).alias(name)
            for name, value in constants.items()
        )
        offset = self.offset
        if offset is not None and "offset" not in frame.columns:
            frame = frame.with_columns(offset=pl.lit(offset))
        return clean_events(frame, self.cleaning)

    @property
    def offset(self) -> str | None:
        """The zone that the name of the time's field tells."""
        paths = self.plan.paths.get("started_at", ()) if self.container == "csv" and self.form.read is None else ()
        return next((zone for path in paths if (zone := zone_in_name(path[-1]))), None)


@dataclass(frozen=True)
class Wishes:
    """What the user said about how sources are read."""

    mapping: MappingFile
    format_name: str | None = None
    keep_text: bool = False
    trusted_hops: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()  # with formats of the user's own
    joined: bool = False  # events need no account until another log was asked
    databases: tuple[Database, ...] = ()
    today: dt.date | None = None  # of the source, for times that name no year
    registered: frozenset[str] = frozenset()  # accounts that an accounts file knows
