r"""Formats that are pure data: a TOML file each, the built-in ones and the user's own.

name = "my_gateway"
title = "our gateway"
reference = "where the shape is described"
about = "pitfalls"
marks = ["gw_request", "when|at"]        # names every record has; a|b is either
samples = ['{"gw_request":"1","when":1780804190,"customer":"acct_1"}']   # at least one; `formats test` reads them
broken = []                              # lines that must be rejected
pattern = '^(?P<when>\S+) …$'           # instead of JSON: a line with named groups; one pattern a line, best first
time_unit = "ms"                         # only where times do not tell it
fills = ["account_id", "client_address"] # columns this log usually fills: told where one stays empty in a whole source
like = '^REQ '                           # with pattern: lines that mean to be requests; whatever else is passed over
clock = '^(?P<started_at>\S+ \S+) '      # with like: other lines that carry the time of the requests after them
only = { kind = ["request"] }            # records of other kinds are passed over, and counted by kind

[fields]                                 # canonical column = name, or names, best first
started_at = "when"
account_id = ["customer", "who"]

[constants]
platform = "gateway"
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from forensics.common.errors import UsageError
from forensics.reading.fields.aliases import CANONICAL, RAW_FIELDS
from forensics.reading.fields.format import Format

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_KEYS: Final = {
    "name": str,
    "title": str,
    "reference": str,
    "about": str,
    "marks": list,
    "samples": list,
    "broken": list,
    "pattern": str,
    "time_unit": str,
    "refuse": str,
    "fields": dict,
    "constants": dict,
    "fills": list,
    "like": str,
    "clock": str,
    "only": dict,
    "container": str,
}


def read_format(path: Traversable) -> Format:
    """The format of one TOML file.

    Raises: UsageError for what cannot be read, has no sample, or names what does not exist.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"cannot read the format {path}: {error}", "see `forensics formats list` for formats that work"
        ) from error
    for key, value in data.items():
        if key not in _KEYS:
            raise UsageError(f"{path}: unknown key {key}", f"known: {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]):
            raise UsageError(f"{path}: {key} must be a {_KEYS[key].__name__}")
    for key in ("name", "title", "samples"):
        if not data.get(key):
            raise UsageError(f"{path}: {key} is missing", "a format has a name, a title and at least one sample line")
    if not data.get("marks") and not data.get("pattern"):
        raise UsageError(f"{path}: nothing tells this format from others", "give marks, or a pattern")
    for pattern in [*data.get("pattern", "").split("\n"), data.get("like", ""), data.get("clock", "")]:
        try:
            pl.Series(["x"]).str.extract_groups(pattern or "(x)")
        except pl.exceptions.PolarsError as error:
            raise UsageError(f"{path}: the pattern cannot be used: {str(error).splitlines()[-1]}") from error
    fields = {name: _names(value, name, path) for name, value in data.get("fields", {}).items()}
    for name in (*fields, *data.get("constants", {}), *map(str, data.get("fills", ()))):
        if name not in CANONICAL and name not in RAW_FIELDS:
            raise UsageError(
                f"{path}: {name} is not a column of events", f"known: {', '.join(sorted(CANONICAL | set(RAW_FIELDS)))}"
            )
    return Format(
        name=data["name"],
        title=data["title"],
        reference=data.get("reference", str(path)),
        samples=tuple(map(str, data["samples"])),
        marks=tuple(map(str, data.get("marks", ()))),
        fields=fields,
        constants={name: str(value) for name, value in data.get("constants", {}).items()},
        pattern=data.get("pattern", ""),
        broken=tuple(map(str, data.get("broken", ()))),
        refuse=data.get("refuse", ""),
        time_unit=data.get("time_unit"),
        fills=tuple(map(str, data.get("fills", ()))),
        container=data.get("container", ""),
        like=data.get("like", ""),
        clock=data.get("clock", ""),
        only={name: _names(values, name, path) for name, values in data.get("only", {}).items()},
    )


def _names(value: Any, name: str, path: Traversable) -> tuple[str, ...]:  # noqa: ANN401 - whatever TOML holds
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(one, str) and one for one in names):
        raise UsageError(f"{path}: {name} must name a field of the log, or a list of them")
    return tuple(names)


def read_folder(folder: Traversable) -> dict[str, Format]:
    """Every format of a folder's TOML files, by name."""
    found: dict[str, Format] = {}
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".toml"):
            form = read_format(path)
            if form.name in found:
                raise UsageError(f"{path}: a format named {form.name} exists already")
            found[form.name] = form
    return found
