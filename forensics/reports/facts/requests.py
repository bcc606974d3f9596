"""The requests themselves: of an account or a network, in a stretch of time, that fit a condition, each with its source
line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import EVENTS, of_operator

if TYPE_CHECKING:
    from datetime import datetime

    from forensics.common.schema import Tables

HASHES = tuple(name for name, column in EVENTS.columns.items() if column.dtype == pl.UInt64 and name != "source_line")
HASH_LISTS = tuple(name for name, column in EVENTS.columns.items() if column.dtype == pl.List(pl.UInt64))


@dataclass(frozen=True)
class Period:
    """Tables whose events are those of a stretch of time; everything worked out stays as it is."""

    tables: Tables
    since: datetime | None = None
    until: datetime | None = None

    def scan(self, table: str) -> pl.LazyFrame:
        """The table."""
        frame = self.tables.scan(table)
        return within(frame, self.since, self.until) if table == "events" else frame


def within(events: pl.LazyFrame, since: datetime | None, until: datetime | None) -> pl.LazyFrame:
    """Events that started at `since` or later and before `until`."""
    if since is not None:
        events = events.filter(pl.col("started_at") >= since)
    return events if until is None else events.filter(pl.col("started_at") < until)


def list_requests(
    tables: Tables,
    accounts: list[str] | None = None,
    network_id: str | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    where: str | None = None,
) -> pl.LazyFrame:
    """One row per request in order of time: EVENTS with its source line as `path:line`, hashes as reports print them.

    In:    `accounts` and `network_id` narrow it to these accounts, or to the operator's accounts of a network; `where`
           is a condition in SQL over the columns.
    Raises: UsageError for a condition that cannot be read.
    """
    events = within(tables.scan("events"), since, until)
    if accounts is not None:
        events = events.filter(pl.col("account_id").is_in(accounts))
    if network_id is not None:
        members = of_operator(tables.scan("members")).filter(pl.col("network_id") == network_id)
        events = events.join(members.select("account_id"), on="account_id", how="semi")
    rows = printed_hashes(events).join(tables.scan("sources").select("source_id", "path"), on="source_id", how="left")
    rows = rows.with_columns(line=pl.format("{}:{}", pl.col("path").fill_null("source"), "source_line"))
    if where is not None:
        rows = _filter(rows, where)
    return rows.sort("started_at", "account_id", "source_id", "source_line")


def printed_hashes(events: pl.LazyFrame) -> pl.LazyFrame:
    """EVENTS with hashes in hex, 16 digits, as sightings and reports have them."""
    one = pl.element().map_elements(_hex, return_dtype=pl.String)
    schema = events.collect_schema()
    return events.with_columns(
        *(pl.col(name).map_elements(_hex, return_dtype=pl.String) for name in HASHES if schema.get(name) == pl.UInt64),
        *(pl.col(name).list.eval(one) for name in HASH_LISTS if schema.get(name) == pl.List(pl.UInt64)),
    )


def _hex(value: int) -> str:
    return f"{value:016x}"


def _filter(rows: pl.LazyFrame, where: str) -> pl.LazyFrame:
    hint = 'a condition in SQL over the columns of an event, e.g. --where "status_code = 429 and output_tokens > 100"'
    try:
        condition = pl.sql_expr(where)
        missing = sorted(set(condition.meta.root_names()) - set(rows.collect_schema()))
        if missing:
            raise UsageError(f"an event has no column {missing[0]}", hint)
        found = rows.filter(condition)
        found.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"cannot read the condition {where!r}: {str(error).splitlines()[0]}", hint) from error
    return found
