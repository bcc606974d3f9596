"""Which path of a record is which field, judged by a sample of records."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from forensics.reading.fields.aliases import normal_name, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from forensics.reading.fields.aliases import Path
    from forensics.reading.fields.format import Format


SAMPLE_LINES: Final = 300  # lines of a batch looked at for their keys

_DEPTH: Final = 5  # how deep keys are looked for
_VALUES: Final = 50  # kept of each path

WRAPPERS: Final = (
    "Records",
    "records",
    "data",
    "value",
    "events",
    "logs",
    "items",
    "result",
    "results",
    "rows",
    "entries",
    "hits",
    "activities",
    "logEvents",
    "streams",
    "tables",
    "list",
    "docs",
)

TEXT_FIELDS: Final = frozenset(
    {
        "messages",
        "prompt",
        "system",
        "tools",
        "stop",
        "headers",
        "prompt_sketch",
        "prefix_hashes",
        "request",
        "reasoning_in",
        "reasoning_out",
    }
)  # may be objects or lists


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
            if isinstance(inner, dict | list):
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
        for key, value in record.items():
            values = seen.setdefault((key,), [])
            if len(values) < _VALUES and value is not None:
                values.append(value)
            if isinstance(value, dict):
                for path, inner in walk(value, (key,), _DEPTH - 1):
                    values = seen.setdefault(path, [])
                    if len(values) < _VALUES and inner is not None:
                        values.append(inner)
    return seen


def make_plan(form: Format, chosen: Mapping[str, Sequence[str]], seen: Mapping[Path, Sequence[Any]]) -> Plan:
    """Paths for a format and the fields a mapping chooses, given the paths seen in a sample. A chosen field beats the
    format's, that beats an alias.
    """
    joined: dict[str, list[Path]] = {}
    for path in seen:
        joined.setdefault(".".join(path), []).append(path)

    paths: dict[str, list[Path]] = {}
    for name, names in form.fields.items():
        paths[name] = [path for given in names for path in (joined.get(given, []) or [tuple(given.split("."))])]
    if form.by_alias:
        claimed = {path for found in paths.values() for path in found}
        plain = {
            path: values
            for path, values in seen.items()
            if path not in claimed
            and (not (values and all(isinstance(value, dict) for value in values)) or path_is_text(path))
        }
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

_TIME_SHAPE = re.compile(
    r"\d{4}-\d\d|\d{4}/\d\d/\d\d|\d{8}T|\d{1,2}[/ -][A-Za-z]{3}|[A-Z][a-z]{2},? |\d{1,2}[./-]\d{1,2}[./-](?:20)?\d\d\b"
)


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
    """Matches by name whose values fit: a start time must look like one, an account must be a scalar and not the same
    throughout where another differs, an id must not be a type.
    """
    kept: dict[str, list[Path]] = {}
    for name, paths in found.items():
        for path in paths:
            for target in _targets(name, path, seen.get(path, [])):
                kept.setdefault(target, []).append(path)
    if len(kept.get("account_id", ())) > 1:
        kept["account_id"].sort(key=lambda path: _is_constant(seen.get(path, ())))
    return kept


_FEW: Final = 5  # values from which on a field can be called constant, or a type

_OFTEN: Final = 8  # times that a type comes again; ids do so only where lines are doubled

_TIMES: Final = frozenset({"started_at", "ended_at", "first_token_at"})


def _targets(name: str, path: Path, values: Sequence[Any]) -> tuple[str, ...]:
    """The fields that a path is, given the field that its name says and its values."""
    target: tuple[str, ...] = (name,)
    if not values:
        return target
    if name == "started_at" and all(isinstance(value, str) and _CLOCK.fullmatch(value) for value in values):
        target = ("clock",)
    elif name == "started_at" and all(isinstance(value, str) and _DAY.fullmatch(value) for value in values):
        target = ("day", name)
    elif name in _TIMES and sum(map(_is_time, values)) * 2 < len(values):
        plain = normal_name(path[-1])
        target = (("latency_s" if plain == "requesttime" else "request_latency"),) if plain in _DURATIONS else ()
    elif name == "client_address" and not any(map(_is_address, values)):
        target = ("user_agent",) if any(map(_is_client, values)) else ()
    elif (name not in _LISTS_ALLOWED and not any(map(_is_scalar, values))) or (
        name in {"client_asn", "input_tokens", "output_tokens"} and not any(map(_begins_as_number, values))
    ):
        target = ()
    elif name == "request_id" and len(values) >= _FEW and len(set(map(str, values))) <= max(2, len(values) // _OFTEN):
        target = ()  # the type of an event, or of a message
    return target


def _is_constant(values: Sequence[Any]) -> bool:
    """Whether a field holds one value and no other."""
    return len(values) >= _FEW and len({str(value) for value in values}) == 1


_ADDRESS = re.compile(r"[\[\"' ]*(?:\d{1,3}\.[\dx*]|[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*)")

_CLIENT = re.compile(r"[A-Za-z][\w.+-]*(?: [A-Za-z]+)?/\d")


def _is_address(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, str) and bool(_ADDRESS.match(value))


def _is_client(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, str) and bool(_CLIENT.match(value))


def _begins_as_number(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether a value is a number, or means to be one: what cannot be read of it is told."""
    return not isinstance(value, str) or bool(re.match(r"(?i)\s*(?:as\s*)?[+-]?[.,]?\d", value))
