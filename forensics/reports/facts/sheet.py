"""A page of answers as plain values: sections of sentences, tables and pictures, written once, shown on screen and as
HTML.

Texts here are harmless already: whoever builds a sheet passes what comes from a log through `printable`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A paragraph; `label` stands before it, `quiet` sets it back."""

    text: str
    label: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class Row:
    """Cells of a table, and what is to be said below them."""

    cells: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """A table. `numeric` says which columns stand to the right."""

    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[Row, ...]
    title: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Interval:
    """One thing with its interval and what it is held against, all on one scale from 0 to 1."""

    name: str
    value: float
    low: float
    high: float
    reference: float | None = None


@dataclass(frozen=True)
class Intervals:
    """A picture of intervals, one below the other."""

    key: str
    title: str
    rows: tuple[Interval, ...]
    caption: str = ""


@dataclass(frozen=True)
class Series:
    """Points to be joined, in order of x."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Lines:
    """A picture of lines. `ticks` are (place, label); `marks` are upright lines with a label; `steps` by steps."""

    key: str
    title: str
    series: tuple[Series, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_label: str = ""
    y_label: str = ""
    marks: tuple[tuple[float, str], ...] = ()
    caption: str = ""


Part = Text | Grid | Intervals | Lines


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Sheet:
    """A whole answer."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    limits: tuple[str, ...] = ()  # what it does not say
    next_steps: tuple[str, ...] = ()  # commands
