r"""The mapping file (TOML): which field of a log is which column, for logs that do not say it themselves.

[fields]                     # canonical column = field of the log (dotted path), or a list, best first
account_id = "customer.ref"
started_at = "when"

[time]                       # only where times do not tell their own form
unit = "ms"                  # s, ms, us, ns or ticks; or  format = "%d.%m.%Y %H:%M:%S"
                             # and  zone = "Europe/Berlin"  for times without one

[constants]                  # columns that are the same on every line
platform = "bedrock"

[observables]                # name = field: anything else that two accounts can share
url = "landing_page"

[lines]                      # a text log: named groups are fields
pattern = '^(?<when>\S+) (?<who>\S+) (?<rest>.*)$'

[csv]
header = ["when", "who"]     # for files without a header line
delimiter = ";"

[[accounts]]                 # bring several forms of an account id together; the first rule that fits counts
match = '^arn:aws:iam::\d+:user/(.+)$'
account = '$1'
[[accounts]]
lookup = "ids.csv"           # two columns: id as logged, account

[[sources]]                  # everything above for some files only
path = "*vertex*"
[sources.fields]
account_id = "principal"
"""

from __future__ import annotations

import csv
import dataclasses
import fnmatch
import re
import tomllib
import zoneinfo
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import EVENTS
from forensics.reading.fields.aliases import RAW_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping as Table

LONGEST_ACCOUNT = 1_000  # signs; what a rule makes longer, or empty, names no account
_SECTIONS: Final = ("fields", "time", "constants", "observables", "lines", "csv", "accounts", "sources", "format")
_UNITS: Final = ("s", "ms", "us", "ns", "ticks")
FIELDS: Final = tuple(
    name
    for name in (*EVENTS.columns, *RAW_FIELDS)
    if name not in {"source_id", "source_line", "content_flags", "prompt_text", "system_text", "template_hash"}
)


@dataclass(frozen=True)
class Rule:
    """How one form of an account id is rewritten: by pattern, or by a table."""

    match: str = ""
    account: str = ""
    lookup: Table[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """What a mapping file says, for one source."""

    fields: Table[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Table[str, str] = field(default_factory=dict)
    observables: Table[str, str] = field(default_factory=dict)
    time_unit: str | None = None
    time_format: str | None = None
    time_zone: str | None = None
    pattern: str = ""
    header: tuple[str, ...] = ()
    delimiter: str = ""
    format_name: str | None = None
    rules: tuple[Rule, ...] = ()
    sources: tuple[tuple[str, Mapping], ...] = ()

    def for_source(self, path: str) -> Mapping:
        """What holds for one file: the sections of every [[sources]] whose path fits, over those of the whole file."""
        found = dataclasses.replace(self, sources=())
        for pattern, part in self.sources:
            if fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(Path(path).name, pattern):
                found = Mapping(
                    {**found.fields, **part.fields},
                    {**found.constants, **part.constants},
                    {**found.observables, **part.observables},
                    part.time_unit or found.time_unit,
                    part.time_format or found.time_format,
                    part.time_zone or found.time_zone,
                    part.pattern or found.pattern,
                    part.header or found.header,
                    part.delimiter or found.delimiter,
                    part.format_name or found.format_name,
                    (*part.rules, *found.rules),
                )
        return found

    def unify(self, accounts: pl.Series) -> pl.Series:
        """Account ids after the rules; the first rule that fits an id counts."""
        out = accounts
        done = pl.Series([False], dtype=pl.Boolean).new_from_index(0, accounts.len())
        for rule in self.rules:
            if rule.match:
                hit = accounts.str.contains(rule.match) & ~done
                changed = accounts.str.replace(rule.match, rule.account)
            else:
                changed = accounts.replace_strict(dict(rule.lookup), default=None, return_dtype=pl.String)
                hit = changed.is_not_null() & ~done
            out = changed.zip_with(hit, out)
            done |= hit
        short = pl.col("account_id").str.len_chars().is_between(1, LONGEST_ACCOUNT)
        made = out.alias("account_id").to_frame()
        return made.select(pl.when(short).then(pl.col("account_id").str.strip_chars()).replace("", None)).to_series()


def read_mapping(path: Path) -> Mapping:
    """A mapping file.

    Raises: UsageError for what cannot be read, an unknown name, a value of the wrong kind.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"cannot read the mapping {path}: {error.strerror}", "give an existing TOML file to --mapping"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    return _build(data, path)


def _build(data: Table[str, Any], path: Path) -> Mapping:
    for section in data:
        if section not in _SECTIONS and section != "path":
            raise UsageError(f"{path}: unknown section [{section}]", f"known: {', '.join(_SECTIONS)}")
    fields = {}
    for name, given in _table(data, "fields", path).items():
        if name not in FIELDS:
            raise UsageError(f"{path}: [fields] {name} is not a column of events", f"known: {', '.join(FIELDS)}")
        names = [given] if isinstance(given, str) else given
        if not isinstance(names, list) or not names or not all(isinstance(item, str) and item for item in names):
            raise UsageError(f"{path}: [fields] {name} must name a field of the log, or a list of them")
        fields[name] = tuple(names)
    constants, observables = _constants(data, path), _observables(data, path)
    time = _table(data, "time", path)
    if "unit" in time and time["unit"] not in _UNITS:
        raise UsageError(f"{path}: [time] unit {time['unit']!r} is unknown", f"known: {', '.join(_UNITS)}")
    if "zone" in time and time["zone"] not in zoneinfo.available_timezones():
        raise UsageError(f"{path}: [time] zone {time['zone']!r} is unknown", "use a name such as Europe/Berlin")
    pattern = str(_table(data, "lines", path).get("pattern", ""))
    if pattern:
        _check_pattern(pattern, path)
    layout = _table(data, "csv", path)
    rules = tuple(_rule(rule, path) for rule in _list(data, "accounts", path))
    sources = []
    for part in _list(data, "sources", path):
        if not isinstance(part.get("path"), str):
            raise UsageError(f"{path}: [[sources]] needs path, a file name or glob")
        sources.append((part["path"], _build({key: value for key, value in part.items() if key != "path"}, path)))
    form = _table(data, "format", path).get("name")
    return Mapping(
        fields,
        constants,
        observables,
        time.get("unit"),
        time.get("format"),
        time.get("zone"),
        pattern,
        tuple(map(str, layout.get("header", ()))),
        str(layout.get("delimiter", "")),
        form,
        rules,
        tuple(sources),
    )


def _constants(data: Table[str, Any], path: Path) -> dict[str, str]:
    constants = {}
    for name, value in _table(data, "constants", path).items():
        if name not in FIELDS:
            raise UsageError(f"{path}: [constants] {name} is not a column of events", f"known: {', '.join(FIELDS)}")
        constants[name] = str(value)
    return constants


def _observables(data: Table[str, Any], path: Path) -> dict[str, str]:
    observables = {}
    for name, given in _table(data, "observables", path).items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
            raise UsageError(f"{path}: observable {name!r} must be lower case letters, digits and _")
        if not isinstance(given, str):
            raise UsageError(f"{path}: [observables] {name} must name a field of the log")
        observables[name] = given
    return observables


def _table(data: Table[str, Any], section: str, path: Path) -> dict[str, Any]:
    found = data.get(section, {})
    if not isinstance(found, dict):
        raise UsageError(f"{path}: {section} must be a table: [{section}]")
    return found


def _list(data: Table[str, Any], section: str, path: Path) -> list[dict[str, Any]]:
    found = data.get(section, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UsageError(f"{path}: {section} must be a list of tables: [[{section}]]")
    return found


def _check_pattern(pattern: str, path: Path) -> None:
    if not re.search(r"\(\?P?<\w+>", pattern):
        raise UsageError(f"{path}: the pattern has no named group", "name the fields: (?<account>\\S+)")
    try:
        pl.Series(["x"]).str.extract_groups(pattern)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path}: the pattern cannot be used: {str(error).splitlines()[-1]}") from error


def _rule(rule: Table[str, Any], path: Path) -> Rule:
    if "lookup" in rule:
        table = path.parent / str(rule["lookup"])
        try:
            with table.open(encoding="utf-8", newline="") as lines:
                rows = [row for row in csv.reader(lines) if len(row) > 1]
        except OSError as error:
            raise UsageError(f"cannot read the lookup table {table}: {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise UsageError(f"the lookup table {table} is no CSV in UTF-8: {error}") from error
        return Rule(lookup={row[0]: row[1] for row in rows})
    if not isinstance(rule.get("match"), str) or not isinstance(rule.get("account"), str):
        raise UsageError(f"{path}: a rule of [[accounts]] needs match and account, or lookup")
    if len(rule["account"]) > _LONGEST_RULE or rule["account"].count("$") > _MOST_GROUPS:
        raise UsageError(
            f"{path}: the rule {rule['match']!r} writes more than {_LONGEST_RULE} signs or {_MOST_GROUPS} groups",
            "an account id is short: name the groups that make it",
        )
    try:
        pl.Series(["x"]).str.contains(rule["match"])
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path}: the rule {rule['match']!r} is no pattern: {str(error).splitlines()[-1]}") from error
    return Rule(match=rule["match"], account=re.sub(r"\$(\d+)", r"$${\1}", rule["account"]).replace("$${", "${"))


_LONGEST_RULE = 200  # signs of a replacement
_MOST_GROUPS = 20  # it may take from the id
NO_MAPPING = Mapping()
