"""The watch list of a case: observables to look for in whatever is read, matched exactly and shown with their source
lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import EVENTS, OBSERVABLE_PREFIX, REGISTER
from forensics.describing.sightings import find_kinds, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.common.schema import Tables


LINES_SHOWN = 3

# What is looked for besides the kinds of observable, and the event column that holds it.
PLAIN: dict[str, tuple[str, ...]] = {
    "account": ("account_id",),
    "key": ("api_key_id",),
    "end_user": ("end_user_id",),
}


def watched_columns(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of EVENTS in which a kind is looked for, or else of REGISTER: all events of an account with it match."""
    columns = PLAIN.get(kind) or kind_of(kind).columns
    seen = tuple(name for name in columns if name in EVENTS.columns or name.startswith(OBSERVABLE_PREFIX))
    return seen, tuple(name for name in columns if not seen and name in REGISTER.columns)


@dataclass(frozen=True, order=True)
class Watched:
    """One observable to look for."""

    kind: str
    value: str
    note: str = ""


def read_watch_list(entries: Sequence[Mapping[str, Any]]) -> list[Watched]:
    """What is watched: everything the case's log says was added and not removed."""
    found: dict[tuple[str, str], Watched] = {}
    for entry in entries:
        if entry["what"] != "watch":
            continue
        for item in entry["facts"].get("added", ()):
            found[item["kind"], item["value"]] = Watched(item["kind"], item["value"], item.get("note", ""))
        for item in entry["facts"].get("removed", ()):
            found.pop((item["kind"], item["value"]), None)
    return sorted(found.values())


def check_kind(kind: str, events: pl.LazyFrame) -> None:
    """Whether such a thing can be looked for in these logs.

    Raises: UsageError with the kinds that can.
    """
    mapped = [
        name.removeprefix(OBSERVABLE_PREFIX) for name in events.collect_schema() if name.startswith(OBSERVABLE_PREFIX)
    ]
    known = sorted({*PLAIN, *(name for name, one in find_kinds().items() if one.columns), *mapped})
    if kind not in known:
        raise UsageError(f"{kind!r} is no kind that can be watched", f"one of {', '.join(known)}")


def find_watched(
    events: pl.LazyFrame, register: pl.LazyFrame, sources: pl.LazyFrame, watched: Sequence[Watched]
) -> list[dict[str, Any]]:
    """One dict per watched observable that occurs: kind, value, note, account_count, event_count, lines (path, line).

    In:    EVENTS to look through (those just read), REGISTER, SOURCES.
    """
    schema = events.collect_schema()
    looked: list[pl.LazyFrame] = []
    for number, item in enumerate(watched):
        columns, declared = watched_columns(item.kind)
        hit = pl.lit(value=False)
        for column in (name for name in columns if name in schema):
            hit = hit | _equals(column, schema[column], item.value)
        accounts = (
            register.filter(pl.any_horizontal(pl.col(column) == item.value for column in declared))
            if declared
            else None
        )
        rows = (
            events.filter(hit.fill_null(value=False))
            if accounts is None
            else events.join(accounts.select("account_id"), on="account_id", how="semi")
        )
        looked.append(
            rows.select(pl.lit(number).alias("number"), "account_id", "started_at", "source_id", "source_line")
        )
    if not looked:
        return []
    paths = sources.select("source_id", "path")
    found = (
        pl.concat(looked)
        .join(paths, on="source_id", how="left")
        .sort("number", "started_at", "source_id", "source_line")
        .group_by("number", maintain_order=True)
        .agg(
            pl.col("account_id").n_unique().alias("account_count"),
            pl.len().alias("event_count"),
            pl.struct("path", "source_line").head(LINES_SHOWN).alias("lines"),
        )
        .sort("number")
        .collect()
    )
    return [
        {
            **vars(watched[row["number"]]),
            "account_count": row["account_count"],
            "event_count": row["event_count"],
            "lines": [(line["path"], line["source_line"]) for line in row["lines"]],
        }
        for row in found.iter_rows(named=True)
    ]


def find_fresh(tables: Tables, watched: Sequence[Watched], since: int) -> list[dict[str, Any]]:
    """What `find_watched` finds in the events read after source number `since`."""
    fresh = tables.scan("events").filter(pl.col("source_id") > since)
    return find_watched(fresh, tables.scan("register"), tables.scan("sources"), watched) if watched else []


def _equals(column: str, dtype: pl.DataType, value: str) -> pl.Expr:
    if dtype == pl.String:
        return pl.col(column) == value
    try:
        return pl.col(column) == pl.lit(int(value, 16), dtype=pl.UInt64)
    except (ValueError, OverflowError):
        return pl.lit(value=False)
