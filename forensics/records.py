"""Records → raw fields: which path of a record carries which field, and decoded records one by one → columns of text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from forensics.fields import normal_name, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from forensics.fields import Path
    from forensics.plugins import Format

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
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and key.isdecimal():  # a number picks an item
            node = node[int(key)] if int(key) < len(node) else None
        else:
            return None
    return node


_LONE: Final = re.compile(rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F][0-9a-fA-F]{2})")


def mend_surrogates(data: bytes) -> bytes:
    """JSON in which half an emoji, as a text that was cut leaves it, is U+FFFD, of the same length: no reader takes it, or each its own way."""
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
        return pl.DataFrame({"row": self.rows, **self.columns}, schema={"row": pl.UInt32, **dict.fromkeys(self.columns, pl.String)})


def best_of(values: Sequence[pl.Expr]) -> pl.Expr:
    """The first of several columns of text that says something; a single one as it is."""
    if len(values) == 1:
        return values[0]
    return pl.coalesce(pl.when(value.str.strip_chars().is_in(["", "-", "null"])).then(None).otherwise(value) for value in values)


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


_ENVELOPES: Final = ("log", "message", "@message", "msg", "MESSAGE", "line", "textPayload")  # a log line as text inside a collector's record
_WRAPPER_KEYS: Final = 8  # a wrapper has few keys beside its list: object, first_id, has_more, …
