"""How one file will be read, once recognised."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.reading.cleaning.events import Cleaned, Cleaning, clean_events
from forensics.reading.containers.delimited import read_csv, read_pattern
from forensics.reading.containers.envelopes import Envelope, read_inside
from forensics.reading.containers.json_lines import read_json
from forensics.reading.containers.records import NOT_THIS_LINE
from forensics.reading.containers.w3c import read_w3c
from forensics.reading.fields.plan import Plan, make_plan

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from forensics.reading.cleaning.geography import Database
    from forensics.reading.containers.records import Rows
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
            return read_csv(batch, self.header, self.delimiter, self.plan, self.form)
        if self.container == "w3c":
            return read_w3c(batch, self.header, self.form, self.chosen)
        if self.container == "lines":
            return read_pattern(batch, self.form.pattern.split("\n"), self.form, self.chosen, NOT_THIS_LINE)
        return read_json(batch, self.form, self.chosen, self.seen, fast=True)

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
        return clean_events(frame, self.cleaning)


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
