"""The contract of a format: one file in `formats/` = one PLUGIN."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Format:
    """How one kind of log is read.

    A record is a JSON object, a CSV or Parquet row, or a line that `pattern` takes apart. `fields` says which of its
    names carry which canonical column (or raw field of aliases.py): dotted paths, the first that says something wins.
    `read` replaces `fields` where a record needs logic: it turns one decoded record into such fields (a text: no
    request but a record of this kind, passed over; ValueError: rejected for that reason). `unwrap` finds the records
    inside a decoded line where they are nested deeper than in an array or under one key. `only` does the same for a
    format without `read`: a field, and the values of it that are requests; other records are passed over by that value.

    `fills` are the columns of EVENTS that this log usually fills: one that stays empty in a whole source is told.
    A duration mapped to `took_ms` (or _s, _us, _ns) says that the line was written at the end: start = time - duration.

    `marks` are the names by which the format is recognised: all must be there, `a|b` is either. `samples` are lines in
    this format, `broken` lines that must be rejected. `refuse` says why a recognised format is no request log.
    A server's own log holds requests among other lines: `like` is a pattern of lines that mean to be requests, whatever
    else is passed over; `clock` a pattern of other lines whose group `started_at` is the time of the requests after it.
    """

    name: str
    title: str
    reference: str
    samples: tuple[str, ...]
    marks: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[dict[str, Any]], dict[str, Any] | str | None] | None = None
    unwrap: Callable[[Any], list[Any] | None] | None = None
    pattern: str = ""
    broken: tuple[str, ...] = ()
    refuse: str = ""
    fills: tuple[str, ...] = ()
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    like: str = ""
    clock: str = ""
    container: str = ""  # "w3c": lines under a line that tells their fields
    by_alias: bool = False  # names not in `fields` are looked up among the names in reading/fields/aliases.py
    time_unit: str | None = None
