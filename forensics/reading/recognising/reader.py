"""How one file will be read, once recognised."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.reading.cleaning.events import Cleaning, clean_events
from forensics.reading.containers.delimited import read_csv, read_pattern
from forensics.reading.containers.json_lines import read_json
from forensics.reading.containers.records import NOT_THIS_LINE
from forensics.reading.fields.plan import Plan, make_plan

if TYPE_CHECKING:
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
    delimiter: str = ","
    note: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)  # a mapping's

    @property
    def plan(self) -> Plan:
        """Paths for the sample's keys."""
        return make_plan(self.form, self.chosen, self.seen)

    def read(self, batch: Batch) -> Rows:
        """Raw fields of a batch of lines."""
        if self.container == "csv":
            return read_csv(batch, self.header, self.delimiter, self.plan, self.form)
        if self.container == "lines":
            return read_pattern(batch, self.form.pattern.split("\n"), self.form, self.chosen, NOT_THIS_LINE)
        return read_json(batch, self.form, self.chosen, self.seen, fast=True)

    def clean(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
        """Events of raw fields, and rejects."""
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
