"""Records → raw fields: decoded records, one by one, → columns of text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from forensics.reading.fields.plan import TEXT_FIELDS, WRAPPERS, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.fields.aliases import Path
    from forensics.reading.fields.format import Format


_BLOCKS: Final = 64  # parts of a batch that are read apart when it holds a bad line

NOT_UTF8 = "not UTF-8 text"

NOT_JSON = "not valid JSON"

NOT_OBJECT = "JSON, but no object"

CUT_OFF = "cut off: the file ends inside this line; read again once the file has grown"

TOO_LONG = "line too long"


@dataclass
class Rows:
    """What was read of a batch: raw fields as text with `row` (line of the batch), and bad lines by row."""

    frame: pl.DataFrame
    bad: list[tuple[int, str]] = field(default_factory=list)
    passed_over: list[int] = field(
        default_factory=list
    )  # rows that are no requests by the format's own rules: headers, comments, other event types
    extra: int = 0  # records beyond one per line, where a line holds several


# JSON


def as_text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """A value as the fast path would give it."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int | float):
        return repr(value)
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return str(value)


def dig(record: Mapping[str, Any], path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """The value at a path, None where there is none."""
    node: Any = record
    for key in path:
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and key.isdecimal():  # a number picks an item
            node = node[int(key)] if int(key) < len(node) else None
        else:
            return None
    return node


_LONE: Final = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)


def mend_surrogates(data: bytes) -> bytes:
    """JSON in which half an emoji, as a text that was cut leaves it, is U+FFFD, of the same length: no reader takes it,
    or each its own way.
    """
    return _LONE.sub(rb"\\ufffd", data) if b"\\ud" in data or b"\\uD" in data else data


def load(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """A decoded line; None where it is not JSON."""
    try:
        return orjson.loads(mend_surrogates(line))
    except orjson.JSONDecodeError:
        return None


def why_not_json(line: bytes) -> str:
    """What kind of broken a line is."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return NOT_JSON


class Collector:
    """Records one by one → columns of raw fields."""

    def __init__(self, form: Format, plan: Plan) -> None:
        self.form, self.plan = form, plan
        self.rows: list[int] = []
        self.columns: dict[str, list[str | None]] = {name: [] for name in plan.paths} if form.read is None else {}

    def take_value(self, value: Any, row: int, bad: list[tuple[int, str]], passed: list[int]) -> int:  # noqa: ANN401 - any JSON value
        """Take a record, or the records of an array or wrapper; how many more than one there were."""
        records = self.form.unwrap(value) if self.form.unwrap is not None else unwrap(value)
        if records is None:
            bad.append((row, NOT_OBJECT))
            return 0
        for record in records:
            self.take(record, row, bad, passed)
        if not records:
            passed.append(row)
        return max(len(records) - 1, 0)

    def take(self, record: Any, row: int, bad: list[tuple[int, str]], passed: list[int]) -> None:  # noqa: ANN401 - any JSON value
        """Take one record."""
        if not isinstance(record, dict):
            bad.append((row, NOT_OBJECT))
            return
        if self.form.read is None:
            for name, paths in self.plan.paths.items():
                self.columns[name].append(_first(record, paths, name))
        else:
            try:
                fields = self.form.read(record)
            except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
                bad.append((row, str(error) if isinstance(error, ValueError) else "fields of unexpected shape"))
                return
            if fields is None:
                passed.append(row)
                return
            for name, paths in self.plan.paths.items():  # what a mapping chose beats the format
                fields[name] = _first(record, paths, name) or fields.get(name)
            for name, value in fields.items():
                column = self.columns.get(name)
                if column is None:
                    column = self.columns[name] = [None] * len(self.rows)
                column.append(as_text(value) if name in TEXT_FIELDS or not isinstance(value, dict | list) else None)
            for name, column in self.columns.items():
                if name not in fields:
                    column.append(None)
        self.rows.append(row)

    def frame(self) -> pl.DataFrame:
        """What was taken."""
        return pl.DataFrame(
            {"row": self.rows, **self.columns}, schema={"row": pl.UInt32, **dict.fromkeys(self.columns, pl.String)}
        )


def best_of(values: Sequence[pl.Expr]) -> pl.Expr:
    """The first of several columns of text that says something; a single one as it is."""
    if len(values) == 1:
        return values[0]
    return pl.coalesce(
        pl.when(value.str.strip_chars().is_in(["", "-", "null"])).then(None).otherwise(value) for value in values
    )


def _first(record: Mapping[str, Any], paths: Sequence[Path], name: str) -> str | None:
    for path in paths:
        value = dig(record, path)
        if name == "forwarded_for" and isinstance(value, list):  # a chain as a list
            value = ", ".join(hop for hop in value if isinstance(hop, str))
        if value is None or (isinstance(value, dict | list) and (not value or name not in TEXT_FIELDS)):
            continue
        text = as_text(value)
        if text is not None and (len(paths) == 1 or text.strip() not in {"", "-", "null"}):
            return text
    return None


def unwrap(value: Any) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """The records a JSON value holds: itself, the items of an array, or those under a wrapper's key."""
    if isinstance(value, list):
        return [record for item in value for record in (unwrap(item) or [item])]
    if not isinstance(value, dict):
        return None
    if len(value) <= _WRAPPER_KEYS:
        for key in WRAPPERS:
            inner = value.get(key)
            if isinstance(inner, list) and 2 * sum(isinstance(item, dict) for item in inner) >= len(inner):
                return list(inner)
        for key in _ENVELOPES:
            inner = value.get(key)
            if isinstance(inner, str) and inner.lstrip()[:1] == "{":
                record = load(inner.encode())
                if isinstance(record, dict):
                    return [{**value, **record}]
    return [value]


_ENVELOPES: Final = (
    "log",
    "message",
    "@message",
    "msg",
    "MESSAGE",
    "line",
    "textPayload",
)  # a log line as text inside a collector's record

_WRAPPER_KEYS: Final = 8  # a wrapper has few keys beside its list: object, first_id, has_more, …


NOT_THIS_LINE: Final = "not in the log's line format"
