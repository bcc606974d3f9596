"""Batches of lines → raw fields: one row per record, text as the log has it.

JSON lines take a fast path: polars reads the whole batch, only the paths that matter, each as text. What it cannot be trusted with goes through orjson,
line by line: batches with a bad line (only the blocks that hold one), values that are objects where text was expected, keys that
the sample did not show. Both ways give the same rows.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import polars as pl

from forensics.fields import last_keys, normal_name, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from forensics.fields import Path
    from forensics.plugins import Format
    from forensics.reading import Batch

SAMPLE_LINES: Final = 300  # lines of a batch looked at for their keys
_BLOCKS: Final = 64  # parts of a batch that are read apart when it holds a bad line
_DEPTH: Final = 5  # how deep keys are looked for
WRAPPERS: Final = ("Records", "records", "data", "value", "events", "logs", "items", "results", "entries", "hits", "activities", "logEvents")
TEXT_FIELDS: Final = frozenset(
    {"messages", "prompt", "system", "tools", "stop", "headers", "prompt_sketch", "prefix_hashes", "request", "reasoning_in", "reasoning_out"}
)  # may be objects or lists

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
    passed_over: list[int] = field(default_factory=list)  # rows that are no requests by the format's own rules: headers, comments, other event types
    extra: int = 0  # records beyond one per line, where a line holds several


@dataclass(frozen=True)
class Plan:
    """Which paths of a record carry which raw field; best first."""

    paths: Mapping[str, tuple[Path, ...]]
    constants: Mapping[str, str] = field(default_factory=dict)

    def tree(self) -> dict[str, Any]:
        """The wanted paths as nested keys; a leaf is None."""
        root: dict[str, Any] = {}
        for paths in self.paths.values():
            for path in paths:
                node = root
                for key in path[:-1]:
                    inner = node.get(key)
                    if inner is None:
                        inner = node[key] = {}
                    node = inner
                node.setdefault(path[-1], None)
        return root

    @property
    def nested(self) -> bool:
        """Whether a wanted key holds further wanted keys: it may be text or an object, so no schema fits."""
        wanted = {path for paths in self.paths.values() for path in paths}
        return any(path[:size] in wanted for path in wanted for size in range(1, len(path)))


def walk(record: Mapping[str, Any], above: Path = (), depth: int = _DEPTH) -> Iterator[tuple[Path, Any]]:
    """Every path of a record and its value; objects are entered, lists are values."""
    for key, value in record.items():
        path = (*above, key)
        if isinstance(value, dict) and depth > 1:
            yield path, value
            yield from walk(value, path, depth - 1)
        else:
            yield path, value


def inner_keys(value: Any, depth: int = 4) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Keys of objects inside lists: parts of messages and the like, which are no fields."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from inner_keys(inner, depth)
    elif isinstance(value, list) and depth:
        for item in value[:20]:
            if isinstance(item, dict):
                yield from item
                yield from inner_keys(item, depth - 1)


def observe(records: Iterable[Mapping[str, Any]]) -> dict[Path, list[Any]]:
    """The paths of some records with up to 50 values of each."""
    seen: dict[Path, list[Any]] = {}
    for record in records:
        for path, value in walk(record):
            values = seen.setdefault(path, [])
            if len(values) < 50 and value is not None:
                values.append(value)
    return seen


def make_plan(form: Format, chosen: Mapping[str, Sequence[str]], seen: Mapping[Path, Sequence[Any]]) -> Plan:
    """Paths for a format and the fields a mapping chooses, given the paths seen in a sample. A chosen field beats the format's, that beats an alias."""
    joined: dict[str, list[Path]] = {}
    for path in seen:
        joined.setdefault(".".join(path), []).append(path)

    paths: dict[str, list[Path]] = {}
    for name, names in form.fields.items():
        paths[name] = [path for given in names for path in (joined.get(given, []) or [tuple(given.split("."))])]
    if form.by_alias:
        plain = {path: values for path, values in seen.items() if not (values and all(isinstance(value, dict) for value in values)) or path_is_text(path)}
        for name, found in _believable(resolve(plain), seen).items():
            paths[name] = [*paths.get(name, []), *found]
    for name, wanted in chosen.items():
        given = [path for one in wanted for path in (joined.get(one, []) or [tuple(one.split("."))])]
        there = any(one in joined for one in wanted)
        paths[name] = given if there and form.by_alias else [*given, *paths.get(name, [])]
    return Plan({name: tuple(dict.fromkeys(found)) for name, found in sorted(paths.items()) if found}, form.constants)


def path_is_text(path: Path) -> bool:
    """Whether a path may carry an object that is read as a whole."""
    return any(normal_name(path[-1]) == normal_name(name) for name in ("tools", "messages", "tool_config", "headers"))


_DURATIONS = frozenset({"requesttime", "time", "t"})
_CLOCK = re.compile(r"\d{1,2}:\d\d:\d\d(?:[.,]\d+)?")
_DAY = re.compile(r"\d{4}[-/]\d\d[-/]\d\d")
_TIME_SHAPE = re.compile(r"\d{4}-\d\d|\d{8}T|\d{1,2}[/ -][A-Za-z]{3}|[A-Z][a-z]{2},? ")


def _is_time(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return value > 1.4e9
    if isinstance(value, str):
        try:
            return float(value) > 1.4e9
        except ValueError:
            return bool(_TIME_SHAPE.search(value))
    return hasattr(value, "year")


def _is_scalar(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return not isinstance(value, dict | list)


_LISTS_ALLOWED = TEXT_FIELDS


def _believable(found: dict[str, list[Path]], seen: Mapping[Path, Sequence[Any]]) -> dict[str, list[Path]]:
    """Matches by name whose values fit: a start time must look like one, an account must be a scalar."""
    kept: dict[str, list[Path]] = {}
    for name, paths in found.items():
        for path in paths:
            values = seen.get(path, [])
            target = name
            if name == "started_at" and values and all(isinstance(value, str) and _CLOCK.fullmatch(value) for value in values):
                kept.setdefault("clock", []).append(path)
                continue
            if name == "started_at" and values and all(isinstance(value, str) and _DAY.fullmatch(value) for value in values):
                kept.setdefault("day", []).append(path)
            if name in {"started_at", "ended_at", "first_token_at"} and values and sum(map(_is_time, values)) * 2 < len(values):
                if normal_name(path[-1]) not in _DURATIONS:
                    continue
                target = "latency_s" if normal_name(path[-1]) == "requesttime" else "request_latency"
            elif name == "client_address" and values and not any(map(_is_address, values)):
                if not any(map(_is_client, values)):
                    continue
                target = "user_agent"
            elif (name not in _LISTS_ALLOWED and values and not any(map(_is_scalar, values))) or (
                name in {"client_asn", "input_tokens", "output_tokens"} and values and not any(_is_number(value) for value in values)
            ):
                continue
            kept.setdefault(target, []).append(path)
    return kept


_ADDRESS = re.compile(r"[\[\"' ]*(?:\d{1,3}\.[\dx*]|[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*)")
_CLIENT = re.compile(r"[A-Za-z][\w.+-]*(?: [A-Za-z]+)?/\d")


def _is_address(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, str) and bool(_ADDRESS.match(value))


def _is_client(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, str) and bool(_CLIENT.match(value))


def _is_number(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        value = value.removeprefix("AS").removeprefix("as")
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


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
        if not isinstance(node, dict):
            return None
        node = node.get(key)
    return node


def _late_keys(batch: Batch, known: frozenset[str]) -> bool:
    """Whether the batch has a key that could matter and is not among the known ones."""
    pattern = _late_pattern(known)
    try:
        text = pl.Series([batch.data], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:  # some line is not UTF-8; its bytes are no keys
        text = pl.Series([batch.data.decode(errors="replace")])
    return bool(text.str.contains(pattern).item())


_late_patterns: dict[frozenset[str], str] = {}


def _late_pattern(known: frozenset[str]) -> str:
    if known not in _late_patterns:
        unknown = [leaf for leaf in last_keys() if normal_name(leaf.replace("[_-]?", "")) not in known]
        _late_patterns[known] = '(?i-u)"(?:' + "|".join(unknown) + ')" ?:'
    return _late_patterns[known]


def sample_records(batch: Batch, limit: int = SAMPLE_LINES) -> list[dict[str, Any]]:
    """Some of the batch's lines, decoded: the first fifty and then every so many."""
    count = batch.starts.size
    if not count:
        return []
    rows = np.unique(np.concatenate((np.arange(min(50, count)), np.linspace(0, count - 1, num=min(limit, count)).astype(np.int64))))
    found = []
    for row in rows:
        value = load(batch.line(int(row)))
        if isinstance(value, dict):
            found.append(value)
    return found


def load(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """A decoded line; None where it is not JSON."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def read_json(batch: Batch, form: Format, chosen: Mapping[str, Sequence[str]], base: Mapping[Path, Sequence[Any]], *, fast: bool) -> Rows:
    """Records of a batch of JSON lines."""
    data = np.frombuffer(batch.data, dtype=np.uint8)
    sizes = batch.ends - batch.starts
    blank, other = _odd_lines(batch, data, sizes)
    bad: list[tuple[int, str]] = []
    if form.read is not None or not fast or other.size * 4 > sizes.size:
        return _read_slowly(batch, np.flatnonzero(~blank), form, make_plan(form, chosen, base), blank)
    records = sample_records(batch)
    seen = dict(base)
    for path, values in observe(records).items():
        seen.setdefault(path, values)
    known = {normal_name(path[-1].rsplit(".", 1)[-1]) for path in seen} | {normal_name(key) for record in records for key in inner_keys(record)}
    if form.by_alias and _late_keys(batch, frozenset(known)):
        for path, values in observe(_records_of(batch, np.flatnonzero(~blank))).items():
            seen.setdefault(path, values)
    plan = make_plan(form, chosen, seen)
    if (
        any(unwrap(record) != [record] for record in records)
        or plan.nested
        or any(name in TEXT_FIELDS and _structured(seen.get(path, ())) for name, paths in plan.paths.items() for path in paths)
        or _twofold(plan.tree(), seen)
    ):
        return _read_slowly(batch, np.flatnonzero(~blank), form, plan, blank)
    good = np.setdiff1d(np.flatnonzero(~blank), other, assume_unique=True)
    schema = _schema(plan.tree())
    frames, slow = _read_fast(batch, good, schema)
    slow_rows = np.union1d(np.concatenate(slow) if slow else np.empty(0, np.int64), other)
    parts = []
    for rows, frame in frames:
        flat, again = _flatten(batch, rows, frame, plan)
        parts.append(flat)
        slow_rows = np.union1d(slow_rows, again)
    rest = _read_slowly(batch, slow_rows.astype(np.int64), form, plan, np.zeros(0, np.bool_))
    bad += rest.bad
    frame = (
        pl.concat([*parts, rest.frame], how="diagonal").sort("row", maintain_order=True)
        if slow_rows.size
        else pl.concat(parts, how="diagonal")
        if parts
        else rest.frame
    )
    return Rows(frame, sorted(bad), sorted([*np.flatnonzero(blank).tolist(), *rest.passed_over]), rest.extra)


def _odd_lines(batch: Batch, data: NDArray[np.uint8], sizes: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Blank lines, and lines that do not go from `{` to `}`."""
    blank = sizes <= 0
    filled = np.flatnonzero(~blank)
    if not filled.size:
        return blank, filled
    first, last = data[batch.starts[filled]], data[batch.ends[filled] - 1]
    suspects = filled[(first != ord("{")) | (last != ord("}"))]
    other = []
    for row in suspects:
        line = batch.line(int(row)).strip()
        if not line:
            blank[row] = True
        elif not (line.startswith(b"{") and line.endswith(b"}")):
            other.append(row)
    return blank, np.array(other, dtype=np.int64)


def _records_of(batch: Batch, rows: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    for row in rows:
        value = load(batch.line(int(row)))
        if isinstance(value, dict):
            yield value


def _structured(values: Sequence[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _twofold(tree: Mapping[str, Any], seen: Mapping[Path, Sequence[Any]], above: Path = ()) -> bool:
    """Whether a key of which inner keys are wanted was also seen as text or list."""
    return any(
        isinstance(inner, dict) and (any(not isinstance(value, dict) for value in seen.get((*above, key), ())) or _twofold(inner, seen, (*above, key)))
        for key, inner in tree.items()
    )


def _schema(tree: Mapping[str, Any]) -> pl.Schema:
    return pl.Schema({key: pl.Struct(_schema(inner)) if isinstance(inner, dict) else pl.String() for key, inner in tree.items()})


def _read_fast(batch: Batch, rows: NDArray[np.int64], schema: pl.Schema) -> tuple[list[tuple[NDArray[np.int64], pl.DataFrame]], list[NDArray[np.int64]]]:
    """Frames of the lines polars reads, with their rows; and the rows of blocks in which it does not."""
    if not rows.size or not schema:
        return [], [rows] if rows.size else []
    whole = _read_block(batch.data if rows.size == batch.starts.size else _joined(batch, rows), rows.size, schema)
    if whole is not None:
        return [(rows, whole)], []
    frames, slow, good = [], [], []
    for block in np.array_split(rows, min(_BLOCKS, rows.size)):
        frame = _read_block(_joined(batch, block), block.size, schema)
        if frame is None:
            fine = np.array([row for row in block if load(batch.line(int(row))) is not None], dtype=np.int64)
            good.append(fine)
            slow.append(np.setdiff1d(block, fine, assume_unique=True))
        else:
            frames.append((block, frame))
    again = np.concatenate(good) if good else np.empty(0, np.int64)
    if again.size:
        frame = _read_block(_joined(batch, again), again.size, schema)
        if frame is None:
            slow.append(again)
        else:
            frames.append((again, frame))
    return frames, slow


def _joined(batch: Batch, rows: NDArray[np.int64]) -> bytes:
    if rows.size and rows[-1] - rows[0] + 1 == rows.size:
        return batch.data[batch.starts[rows[0]] : batch.ends[rows[-1]]]
    return b"\n".join(batch.line(int(row)) for row in rows)


def _read_block(data: bytes, count: int, schema: pl.Schema) -> pl.DataFrame | None:
    """The lines of `data` by polars; None where it stumbles or sees another number of lines."""
    try:
        frame = pl.read_ndjson(io.BytesIO(data), schema=schema)
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.height == count else None


def _flatten(batch: Batch, rows: NDArray[np.int64], frame: pl.DataFrame, plan: Plan) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Raw fields from the nested frame, without the rows that need a second look: returned apart."""
    doubtful = pl.Series([False]).new_from_index(0, frame.height)
    for key, dtype in frame.schema.items():
        if isinstance(dtype, pl.Struct):
            doubtful |= _lost_struct(batch, rows, frame[key], key)
    columns, objects = [], []
    for name, paths in plan.paths.items():
        values = []
        for path in paths:
            value = pl.col(path[0])
            for key in path[1:]:
                value = value.struct.field(key)
            values.append(value)
        column = (
            values[0]
            if len(values) == 1
            else pl.coalesce(pl.when(value.str.strip_chars().is_in(["", "-", "null"])).then(None).otherwise(value) for value in values)
        )
        columns.append(column.alias(name))
        objects += [value.str.contains(r"^[\[{]") for value in values]
    if objects:
        doubtful |= frame.select(pl.any_horizontal(objects).fill_null(value=False)).to_series()
    flat = frame.select(pl.Series("row", rows, dtype=pl.UInt32), *columns) if columns else pl.DataFrame({"row": rows}, schema={"row": pl.UInt32})
    for name in ("started_at", "account_id"):  # may lie inside a wrapper
        if name in flat.columns:
            doubtful |= flat[name].is_null()
    if doubtful.any():
        return flat.filter(~doubtful), rows[doubtful.to_numpy()]
    return flat, np.empty(0, np.int64)


def _lost_struct(batch: Batch, rows: NDArray[np.int64], column: pl.Series, key: str) -> pl.Series:
    """Rows whose object polars gave up as null although the line has the key: it may be text or a list there."""
    empty = column.is_null()
    inner_null = column.struct.unnest()
    for name, dtype in inner_null.schema.items():
        if isinstance(dtype, pl.Struct):
            empty |= inner_null[name].is_null() & _has_key(batch, rows, name)
    if not empty.any():
        return empty
    return empty & _has_key(batch, rows, key)


def _has_key(batch: Batch, rows: NDArray[np.int64], key: str) -> pl.Series:
    lines = pl.Series([batch.line(int(row)) for row in rows], dtype=pl.Binary)
    return lines.bin.contains(orjson.dumps(key))


def _read_slowly(batch: Batch, rows: NDArray[np.int64], form: Format, plan: Plan, blank: NDArray[np.bool_]) -> Rows:
    """Line by line with orjson: finds every bad line and says why."""
    collector = Collector(form, plan)
    bad: list[tuple[int, str]] = []
    passed = np.flatnonzero(blank).tolist()
    extra = 0
    last = batch.starts.size - 1
    for row in rows.tolist():
        line = batch.line(row)
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            bad.append((row, CUT_OFF if row == last and not batch.complete else why_not_json(line)))
            continue
        extra += collector.take_value(value, row, bad, passed)
    return Rows(collector.frame(), bad, passed, extra)


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
                column.append(as_text(value))
            for name, column in self.columns.items():
                if name not in fields:
                    column.append(None)
        self.rows.append(row)

    def frame(self) -> pl.DataFrame:
        """What was taken."""
        return pl.DataFrame({"row": self.rows, **self.columns}, schema={"row": pl.UInt32, **dict.fromkeys(self.columns, pl.String)})


def _first(record: Mapping[str, Any], paths: Sequence[Path], name: str) -> str | None:
    for path in paths:
        value = dig(record, path)
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
            if isinstance(inner, list) and all(isinstance(item, dict) for item in inner):
                return list(inner)
        for key in _ENVELOPES:
            inner = value.get(key)
            if isinstance(inner, str) and inner.lstrip()[:1] == "{":
                record = load(inner.encode())
                if isinstance(record, dict):
                    return [{**value, **record}]
    return [value]


_ENVELOPES: Final = ("log", "message", "@message", "msg", "MESSAGE", "line", "textPayload")  # a log line as text inside a collector's record
_WRAPPER_KEYS: Final = 8  # a wrapper has few keys beside its list: object, first_id, has_more, …


# CSV


def csv_dialect(head: str) -> str:
    """The delimiter of a CSV header line."""
    return max(",;\t|", key=head.count)


def csv_groups(batch: Batch) -> list[tuple[int, int]]:
    """Lines of the batch that make one record: quoted line breaks join lines. A quote left open costs its own line only."""
    data = np.frombuffer(batch.data, dtype=np.uint8)
    quotes = np.concatenate(([0], np.cumsum(data == ord('"'), dtype=np.int64)))
    odd = ((quotes[batch.ends] - quotes[batch.starts]) & 1).astype(np.bool_)
    groups, row, count = [], 0, batch.starts.size
    while row < count:
        stop = row + 1
        if odd[row]:
            later = np.flatnonzero(odd[row + 1 : row + 1 + _CSV_SPAN])
            if later.size:
                stop = row + 2 + int(later[0])
        groups.append((row, stop))
        row = stop
    return groups


_CSV_SPAN: Final = 200  # lines a quoted field may run over


def read_csv(batch: Batch, header: Sequence[str], delimiter: str, plan: Plan, form: Format) -> Rows:
    """Records of a batch of CSV lines, header apart."""
    collector = Collector(form, plan)
    bad: list[tuple[int, str]] = []
    passed: list[int] = []
    for start, stop in csv_groups(batch):
        line = batch.data[batch.starts[start] : batch.ends[stop - 1]]
        passed += range(start + 1, stop)  # further lines of the same record
        if not line.strip():
            passed.append(start)
            continue
        try:
            text = line.decode()
        except UnicodeDecodeError:
            bad.append((start, NOT_UTF8))
            continue
        try:
            cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except (csv.Error, StopIteration) as error:
            bad.append((start, f"not valid CSV: {error}" if str(error) else "not valid CSV"))
            continue
        if len(cells) != len(header):
            bad.append(
                (
                    start,
                    CUT_OFF
                    if not batch.complete and stop == batch.starts.size and len(cells) < len(header)
                    else f"{len(cells)} fields where the header has {len(header)}",
                )
            )
            continue
        collector.take({name: cell or None for name, cell in zip(header, cells, strict=True)}, start, bad, passed)
    return Rows(collector.frame(), bad, sorted(passed))


# lines taken apart by a pattern


def read_pattern(batch: Batch, patterns: Sequence[str], form: Format, chosen: Mapping[str, Sequence[str]], reason: str) -> Rows:
    """Records of a batch of lines; the first pattern that fits a line takes it apart."""
    lines = [batch.line(row) for row in range(batch.starts.size)]
    try:
        text = pl.Series(lines, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        text = pl.Series([line.decode(errors="backslashreplace") for line in lines], dtype=pl.String)
    frame = pl.DataFrame({"text": text}).with_row_index("row")
    blank = frame.filter(pl.col("text").str.strip_chars().is_in([""]) | pl.col("text").str.starts_with("#"))["row"].to_list()
    rest = frame.filter(~pl.col("row").is_in(blank)) if blank else frame
    parts = []
    for pattern in patterns:
        if not rest.height:
            break
        first = re.findall(r"\(\?P?<(\w+)>", pattern)[0]
        taken = rest.with_columns(pl.col("text").str.extract_groups(pattern).alias("groups"))
        fits = taken["groups"].struct.field(first).is_not_null()
        parts.append(taken.filter(fits).select("row", "groups").unnest("groups"))
        rest = rest.filter(~fits)
    bad = [(row, CUT_OFF if row == batch.starts.size - 1 and not batch.complete else reason) for row in rest["row"].to_list()]
    whole = pl.concat(parts, how="diagonal").sort("row") if parts else pl.DataFrame(schema={"row": pl.UInt32})
    groups = set(whole.columns)
    sources = {name: names for name, names in form.fields.items() if groups & set(names)} | {
        name: tuple(names) for name, names in chosen.items() if groups & set(names)
    }
    combined = [
        pl.coalesce(pl.when(~pl.col(group).is_in(["-", ""])).then(pl.col(group)) for group in names if group in groups).alias(name)
        for name, names in sources.items()
    ]
    return Rows(whole.with_columns(pl.col("row").cast(pl.UInt32), *combined), bad, blank)
