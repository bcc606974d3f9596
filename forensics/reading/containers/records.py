"""Records → raw fields: decoded records, one by one, → columns of text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from forensics.reading.containers.decoded import load, load_all
from forensics.reading.fields.json_values import TOO_DEEP, load_value
from forensics.reading.fields.plan import TEXT_FIELDS, WRAPPERS, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.fields.aliases import Path
    from forensics.reading.fields.format import Format


NOT_UTF8 = "not UTF-8 text"

NOT_JSON = "not valid JSON"

NOT_OBJECT = "JSON, but no object"

CUT_OFF = "cut off: the file ends inside this line; read again once the file has grown"

TOO_LONG = "line too long"

NOT_THIS_LINE: Final = "not in the log's line format"

OTHER_LINES: Final = "other lines of the server"

OTHER_RECORDS: Final = "other records"

CONTROL: Final = "control messages"

EMPTY: Final = "empty wrappers"

_WRAPPER_KEYS: Final = 12  # a wrapper has few keys beside its list: object, first_id, has_more, …

_ENVELOPES: Final = (
    "log",
    "message",
    "@message",
    "msg",
    "MESSAGE",
    "line",
    "textPayload",
)  # a log line as text inside a collector's record

_ANSWERS: Final = ("data", "result", "results", "response", "body", "Body", "hits", "payload")  # hold a wrapper

# Every key by which `unwrap` looks for records in a record, those of `_kept` too.
_HOLDERS: Final = frozenset({*WRAPPERS, *_ANSWERS, *_ENVELOPES, "_source", "result", "values", "columns"})

_DEEPEST: Final = 6  # wrappers in wrappers


@dataclass
class Rows:
    """What was read of a batch: raw fields as text with `row` (line of the batch), and bad lines by row."""

    frame: pl.DataFrame
    bad: list[tuple[int, str]] = field(default_factory=list)
    passed_over: list[int] = field(
        default_factory=list
    )  # rows that are no requests by the format's own rules: headers, comments, other event types
    extra: int = 0  # records beyond one per line, where a line holds several
    kinds: dict[str, int] = field(default_factory=dict)  # of the passed over ones, those that are records: by kind


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
        if isinstance(node, str) and node[:1] == "{":  # an object as text
            node = load(node.encode(errors="replace"))
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and key.isdecimal():  # a number picks an item
            node = node[int(key)] if int(key) < len(node) else None
        else:
            return None
    return node


def why_not_json(line: bytes) -> str:
    """What kind of broken a line is."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    try:
        load_value(line)
    except orjson.JSONDecodeError as error:
        return TOO_DEEP if error.msg in {TOO_DEEP, "depth limit exceeded"} else NOT_JSON
    return NOT_JSON


class Collector:
    """Records one by one → columns of raw fields."""

    def __init__(self, form: Format, plan: Plan) -> None:
        self.form, self.plan = form, plan
        self.rows: list[int] = []
        self.columns: dict[str, list[str | None]] = {name: [] for name in plan.paths} if form.read is None else {}
        self.kinds: dict[str, int] = {}

    def take_value(self, value: Any, row: int, bad: list[tuple[int, str]], passed: list[int]) -> int:  # noqa: ANN401 - any JSON value
        """Take a record, or the records of an array or wrapper; how many more than one there were."""
        records = unwrap_as(value, self.form)
        if records is None:
            bad.append((row, NOT_OBJECT))
            return 0
        for record in records:
            self.take(record, row, bad, passed)
        if not records:
            self._pass(row, EMPTY, passed)
        return max(len(records) - 1, 0)

    def _pass(self, row: int, kind: str, passed: list[int]) -> None:
        passed.append(row)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def take(self, record: Any, row: int, bad: list[tuple[int, str]], passed: list[int]) -> None:  # noqa: ANN401 - any JSON value
        """Take one record."""
        if not isinstance(record, dict):
            bad.append((row, NOT_OBJECT))
            return
        kind = _control(record) or _other_kind(record, self.form)
        if kind:
            self._pass(row, kind, passed)
        elif self.form.read is None:
            fields = {name: _first(record, paths, name) for name, paths in self.plan.paths.items()}
            if fields.get("account_id") is None and (kind := _stranger(record, self.form)):
                self._pass(row, kind, passed)
                return
            for name, value in fields.items():
                self.columns[name].append(value)
            self.rows.append(row)
        else:
            self._take_read(record, row, bad, passed)

    def _take_read(self, record: dict[str, Any], row: int, bad: list[tuple[int, str]], passed: list[int]) -> None:
        """Take one record by the format's own code."""
        try:
            fields = self.form.read(record) if self.form.read is not None else None
        except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            bad.append((row, str(error) if isinstance(error, ValueError) else "fields of unexpected shape"))
            return
        if not isinstance(fields, dict):
            self._pass(row, fields or OTHER_RECORDS, passed)
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


def unwrap_as(value: Any, form: Format) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """The records a value holds in a format that may nest them in a way of its own, in whatever envelope."""
    if form.unwrap is None:
        return unwrap(value)
    records = form.unwrap(value)
    if records is not None:
        return records
    inner = unwrap(value)
    if inner is None or (len(inner) == 1 and inner[0] is value):
        return None
    return [record for item in inner for record in (form.unwrap(item) or [item])]


def _other_kind(record: Mapping[str, Any], form: Format) -> str:
    """The kind of a record that is no request, by what the format calls requests; empty for a request."""
    for name, kinds in form.only.items():
        value = dig(record, tuple(name.split(".")))
        if value is None:
            value = record.get(name)
        if value is not None and str(value) not in kinds:
            return str(value)[:60]
    return ""


def _stranger(record: Mapping[str, Any], form: Format) -> str:
    """What a record is called that shows few of the names by which its format is known: another line of the same
    program. Empty for one of the format's.
    """
    if form.by_alias or len(form.marks) < _MARKED:
        return ""
    if 2 * sum(has_mark(record, mark) for mark in form.marks) >= len(form.marks):
        return ""
    return next((told[:60] for key in ("logger", "kind") if isinstance(told := record.get(key), str)), OTHER_RECORDS)


_MARKED: Final = 3  # marks by half of which a record can be told to be another's


def has_mark(record: Mapping[str, Any], mark: str) -> bool:
    """Whether a record has one of the names of a mark, nested or dotted."""
    return any(dig(record, tuple(one.split("."))) is not None or record.get(one) is not None for one in mark.split("|"))


def _control(record: Mapping[str, Any]) -> str:
    """A message of the log service itself inside an envelope; empty for anything else."""
    told = record.get("message")
    return CONTROL if isinstance(told, str) and told.startswith("CWL CONTROL MESSAGE") else ""


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
        if isinstance(value, list) and len(value) == 1 and any(key.lower().endswith("headers") for key in path):
            value = value[0]  # headers come as lists of one
        if value is None or (isinstance(value, dict | list) and (not value or name not in TEXT_FIELDS)):
            continue
        text = as_text(value)
        if text is not None and (len(paths) == 1 or text.strip() not in {"", "-", "null"}):
            return text
    return None


def unwrap(value: Any, depth: int = _DEEPEST) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """The records a JSON value holds: itself, the items of an array, those under a wrapper's key, or in the text of an
    envelope; wrappers nest.
    """
    if isinstance(value, list):
        return [record for item in value for record in ((unwrap(item, depth - 1) if depth > 0 else None) or [item])]
    if not isinstance(value, dict):
        return None
    if _HOLDERS.isdisjoint(value):  # most records hold no other
        return [value]
    found = _kept(value)
    if found is not None and depth > 0:
        return [record for item in found for record in (unwrap(item, depth - 1) or [item])]
    if depth > 0 and len(value) <= _WRAPPER_KEYS:
        inner = _wrapped(value)
        if inner is not None:
            return [record for item in inner for record in (_item_records(item, depth - 1) or [item])]
    return _opened(value, depth)


def _item_records(item: Any, depth: int) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """The records of an item of a wrapper."""
    if isinstance(item, dict) and _kept(item) is not None:
        return unwrap(item, depth)
    return _opened(item, depth)


def _kept(value: Mapping[str, Any]) -> list[Any] | None:
    """The records that a store of logs keeps under its own names: a document of Elasticsearch, a row of Splunk's,
    pairs of time and line of Loki, rows beside the names of their columns.
    """
    source, result, pairs = value.get("_source"), value.get("result"), value.get("values")
    if isinstance(source, dict) and "_index" in value:
        return [source]
    if isinstance(result, dict) and ("preview" in value or "lastrow" in value):
        return [result]
    if isinstance(pairs, list) and pairs and isinstance(value.get("stream", value.get("metric")), dict):
        return [{"timestamp": pair[0], "line": pair[1]} for pair in pairs if isinstance(pair, list) and len(pair) > 1]
    return _rows_by_column(value)


def _rows_by_column(value: Mapping[str, Any]) -> list[Any] | None:
    """The records of an answer that names its columns once and has its rows as lists."""
    columns, rows = value.get("columns"), value.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return None
    names = [str(one.get("name", one.get("ColumnName"))) if isinstance(one, dict) else str(one) for one in columns]
    return [dict(zip(names, row, strict=False)) for row in rows]


def _wrapped(value: Mapping[str, Any]) -> list[Any] | None:
    """The items of a wrapper, however deep the answer of an API holds them."""
    for key in WRAPPERS:
        inner = value.get(key)
        if isinstance(inner, list) and 2 * sum(isinstance(item, dict) for item in inner) >= len(inner):
            return list(inner)
    for key in _ANSWERS:
        inner = value.get(key)
        if isinstance(inner, dict) and len(inner) <= _WRAPPER_KEYS:
            found = _wrapped(inner)
            if found:
                return found
    return None


def _opened(value: Any, depth: int) -> list[Any] | None:  # noqa: ANN401 - any JSON value
    """The records in the text of an envelope (one, or several one after the other); else the value itself."""
    if not isinstance(value, dict):
        return None
    for key in _ENVELOPES if depth > 0 else ():
        inner = value.get(key)
        if isinstance(inner, str) and inner.lstrip()[:1] == "{":
            found = load_all(inner.encode(errors="replace"))
            records = [record for one in found or [] for record in (unwrap(one, depth - 1) or [])]
            if records and all(isinstance(record, dict) for record in records):
                return [{**value, **record} for record in records]
    return [value]
