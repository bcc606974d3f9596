"""Who shows a value: an address, a prefix, a card, a mail domain, a client, a hash, a template, a device, any other."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from forensics.common.schema import EVENTS, OBSERVABLE_PREFIX, REGISTER
from forensics.describing.sightings import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.schema import Tables

LINES = 3  # source lines told of each holder
_SKIPPED = {"prompt_text", "system_text", "status", "plan", "error_code", "method"}  # texts and words everybody has
_ADDRESSES = ("client_address", "signup_address")
_HEX = re.compile(r"(?:0x)?([0-9a-f]{1,16})")
_CUT_HEX = re.compile(r"([0-9a-f]{4,15})(?:…|\.\.\.)([0-9a-f]{0,12})")
HOLDERS: Final[dict[str, Any]] = {
    "column": pl.String,
    "value": pl.String,
    "account_id": pl.String,
    "network": pl.String,
    "role": pl.String,
    "event_count": pl.UInt32,
    "first_seen_at": pl.Datetime("us", "UTC"),
    "last_seen_at": pl.Datetime("us", "UTC"),
    "lines": pl.List(pl.String),
}


def find_holders(tables: Tables, value: str) -> pl.DataFrame:
    """One row per account and column that shows the value, in events, in the accounts file, or as an observable made of
    several: with the account's network, when, and source lines.

    In:    EVENTS, REGISTER, SIGHTINGS, SOURCES, MEMBERS, NETWORKS. A hash is taken as printed anywhere (hex, `0x…`, the
           whole number), an address range as all addresses in it.
    """
    wanted = value.strip()
    seen = _in_events(tables, wanted)
    declared = _declared(tables, wanted)
    made = _as_observable(tables, wanted, [*seen["value"].to_list(), *declared["value"].to_list()])
    found = pl.concat([seen, declared, made], how="diagonal").drop("network", "role", strict=False)  # of empty parts
    members = tables.scan("members").select("account_id", "network_id", "role")
    names = tables.scan("networks").select("network_id", network="name")
    owners = members.join(names, on="network_id").drop("network_id").collect()
    return (
        found.join(owners, on="account_id", how="left")
        .select(pl.col(name).cast(dtype) for name, dtype in HOLDERS.items())
        .sort(["column", "value", "first_seen_at", "account_id"], nulls_last=True)
    )


def _in_events(tables: Tables, wanted: str) -> pl.DataFrame:
    events = tables.scan("events")
    schema = events.collect_schema()
    tests = {name: test for name, dtype in schema.items() if (test := _test(name, dtype, wanted)) is not None}
    counts = events.select(test.fill_null(value=False).sum().alias(name) for name, test in tests.items())
    hit = [name for name, count in counts.collect(engine="streaming").row(0, named=True).items() if count]
    sources = tables.scan("sources").select("source_id", "path")
    line = pl.format("{}:{}", pl.col("path").fill_null("source"), "source_line")
    parts = [
        events.filter(tests[name])
        .join(sources, on="source_id", how="left")
        .with_columns(value=_printed(name, schema[name]))
        .group_by("account_id", "value")
        .agg(
            event_count=pl.len().cast(pl.UInt32),
            first_seen_at=pl.col("started_at").min(),
            last_seen_at=pl.col("started_at").max(),
            lines=line.sort_by("started_at", "source_id", "source_line").head(LINES),
        )
        .with_columns(column=pl.lit(name))
        for name in hit
    ]
    return (
        pl.concat(pl.collect_all(parts, engine="streaming"), how="diagonal") if parts else pl.DataFrame(schema=HOLDERS)
    )


def _test(name: str, dtype: pl.DataType, wanted: str) -> pl.Expr | None:
    """Whether a column's value is the one wanted; None where it cannot be."""
    column = pl.col(name)
    if name in _SKIPPED:
        return None
    if name in _ADDRESSES and (inside := _inside(wanted)) is not None:
        return column.map_elements(inside, return_dtype=pl.Boolean)
    if dtype == pl.String:
        return column.str.to_lowercase() == wanted.lower() if name.endswith("_domain") else column == wanted
    if dtype == pl.UInt64 and name != "source_line":
        return _hash_test(column, wanted)
    return None


def _hash_test(column: pl.Expr, wanted: str) -> pl.Expr | None:
    """A hash as printed: 16 hex digits, with 0x, with its middle left out, or as a whole number."""
    text = wanted.lower()
    if cut := _CUT_HEX.fullmatch(text):
        low, high = (int(cut.group(1).ljust(16, fill), 16) for fill in "0f")
        inside = column.is_between(low, high)
        tail = cut.group(2)
        return inside & (column % 16 ** len(tail) == int(tail, 16)) if tail else inside
    numbers = {int(text)} if text.isdigit() else set()
    if (found := _HEX.fullmatch(text)) and (len(found.group(1)) == 16 or text.startswith("0x")):
        numbers.add(int(found.group(1), 16))
    fitting = [number for number in numbers if number < 2**64]
    return column.is_in(pl.Series(sorted(fitting), dtype=pl.UInt64).implode()) if fitting else None


def _inside(wanted: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a test of one address, or None
    """Whether an address lies in the range wanted; None where no range is wanted."""
    if "/" not in wanted:
        return None
    try:
        network = ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return None

    def test(address: str) -> bool:
        try:
            return ipaddress.ip_address(address) in network
        except ValueError:
            return False

    return test


def _printed(name: str, dtype: pl.DataType) -> pl.Expr:
    return (
        pl.col(name).map_elements(lambda value: f"{value:016x}", return_dtype=pl.String)
        if dtype == pl.UInt64
        else pl.col(name)
    )


def _declared(tables: Tables, wanted: str) -> pl.DataFrame:
    register = tables.scan("register")
    schema = register.collect_schema()
    names = [name for name in schema if name in REGISTER.columns or name.startswith(OBSERVABLE_PREFIX)]
    tests = {name: test for name in names if (test := _test(name, schema[name], wanted)) is not None}
    parts = [
        register.filter(test).select(
            "account_id",
            column=pl.lit(f"accounts file: {name}"),
            value=pl.col(name),
            first_seen_at="created_at",
            event_count=pl.lit(0, pl.UInt32),
        )
        for name, test in tests.items()
    ]
    return pl.concat(pl.collect_all(parts), how="diagonal") if parts else pl.DataFrame(schema=HOLDERS)


def _as_observable(tables: Tables, wanted: str, known: Sequence[str]) -> pl.DataFrame:
    """Observables that are no column by themselves: a client of several parts, a rotation, a set of exits."""
    rows = tables.scan("sightings").filter(pl.col("value") == wanted).collect()
    plain = {kind for kind in rows["kind"].unique() if len(kind_of(kind).columns) == 1 and wanted in set(known)}
    return rows.filter(~pl.col("kind").is_in(list(plain))).select(
        "account_id", "value", "event_count", "first_seen_at", "last_seen_at", column="kind"
    )


def column_titles() -> dict[str, str]:
    """What a column of EVENTS means, for people."""
    return {name: column.meaning.split(";")[0].split(",")[0] for name, column in EVENTS.columns.items()}
