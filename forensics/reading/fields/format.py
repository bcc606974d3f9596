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
    `read` replaces `fields` where a record needs logic: it turns one decoded record into such fields (none: not a
    request, passed over; ValueError: rejected for that reason). `unwrap` finds the records inside a decoded line where
    they are nested deeper than in an array or under one key.

    `marks` are the names by which the format is recognised: all must be there, `a|b` is either. `samples` are lines in
    this format, `broken` lines that must be rejected. `refuse` says why a recognised format is no request log.
    """

    name: str
    title: str
    reference: str
    samples: tuple[str, ...]
    marks: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None
    unwrap: Callable[[Any], list[Any] | None] | None = None
    pattern: str = ""
    broken: tuple[str, ...] = ()
    refuse: str = ""
    by_alias: bool = False  # names not in `fields` are looked up among the names in reading/fields/aliases.py
    time_unit: str | None = None
