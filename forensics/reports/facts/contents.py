"""What a case holds: by source, by day, and where the log is silent against its own rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from forensics.common.schema import TIME
from forensics.describing.silences import find_gaps

if TYPE_CHECKING:
    from datetime import datetime

    from forensics.case.store import Case


SOURCES_SCHEMA: Final[dict[str, Any]] = {
    "path": pl.String,
    "format": pl.String,
    "reads": pl.UInt32,
    "lines": pl.UInt64,
    "events": pl.UInt64,
    "duplicates": pl.UInt64,
    "rejects": pl.UInt64,
    "first_event_at": TIME,
    "last_event_at": TIME,
    "notes": pl.List(pl.String),
}


@dataclass(frozen=True)
class Holdings:
    """What a case holds."""

    event_count: int
    account_count: int
    reject_count: int
    first_event_at: datetime | None
    last_event_at: datetime | None
    sources: pl.DataFrame  # one row per path
    days: pl.DataFrame  # one row per day (UTC), silent days included: day, events, accounts
    gaps: pl.DataFrame  # one row per silence: format, started_at, ended_at, hours, expected_count


def describe_holdings(case: Case) -> Holdings:
    """What is in the case."""
    events = case.scan("events")
    totals = events.select(
        pl.len().alias("events"),
        pl.col("account_id").n_unique().alias("accounts"),
        pl.col("started_at").min().alias("first"),
        pl.col("started_at").max().alias("last"),
    )
    count, accounts, first, last = totals.collect(engine="streaming").row(0)
    sources = case.scan("sources").collect()
    by_path = sources.group_by("path").agg(
        pl.col("format").last(),
        pl.len().alias("reads"),
        pl.col("line_count").sum().alias("lines"),
        pl.col("event_count").sum().alias("events"),
        pl.col("duplicate_count").sum().alias("duplicates"),
        pl.col("reject_count").sum().alias("rejects"),
        pl.col("first_event_at").min(),
        pl.col("last_event_at").max(),
        pl.col("notes").explode().drop_nulls().unique(maintain_order=True),
    )
    days = (
        events.group_by(day=pl.col("started_at").dt.date())
        .agg(events=pl.len(), accounts=pl.col("account_id").n_unique())
        .collect(engine="streaming")
        .sort("day")
    )
    if days.height:
        whole = pl.DataFrame({"day": pl.date_range(days["day"][0], days["day"][-1], eager=True)})
        days = whole.join(days, on="day", how="left", maintain_order="left").with_columns(
            pl.col("events", "accounts").fill_null(0)
        )
    formats = sources.select("source_id", "format").lazy()
    hours = (
        events.select("source_id", hour=pl.col("started_at").dt.truncate("1h"))
        .join(formats, on="source_id", how="left")
        .group_by("format", "hour")
        .agg(events=pl.len())
        .collect(engine="streaming")
    )
    rejects = int(case.scan("rejects").select(pl.len()).collect().item())
    return Holdings(
        count,
        accounts if count else 0,
        rejects,
        first,
        last,
        by_path.sort("path").cast(pl.Schema(SOURCES_SCHEMA)),
        days,
        find_gaps(hours, "format").with_columns(pl.col("format").fill_null("")),
    )
