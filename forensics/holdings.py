"""What a case holds: by source, by day, and where the log is silent against its own rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from forensics.schema import TIME

if TYPE_CHECKING:
    from datetime import datetime

    from forensics.case import Case

_EXPECTED: Final = 20.0  # events: a silence is told only where at least so many were to be expected (Poisson: e^-20 = 2e-9)
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
    )
    days = (
        events.group_by(day=pl.col("started_at").dt.date())
        .agg(events=pl.len(), accounts=pl.col("account_id").n_unique())
        .collect(engine="streaming")
        .sort("day")
    )
    if days.height:
        whole = pl.DataFrame({"day": pl.date_range(days["day"][0], days["day"][-1], eager=True)})
        days = whole.join(days, on="day", how="left", maintain_order="left").with_columns(pl.col("events", "accounts").fill_null(0))
    formats = sources.select("source_id", "format").lazy()
    hours = (
        events.select("source_id", hour=pl.col("started_at").dt.truncate("1h"))
        .join(formats, on="source_id", how="left")
        .group_by("format", "hour")
        .agg(events=pl.len())
        .collect(engine="streaming")
    )
    rejects = int(case.scan("rejects").select(pl.len()).collect().item())
    return Holdings(count, accounts if count else 0, rejects, first, last, by_path.sort("path").cast(pl.Schema(SOURCES_SCHEMA)), days, find_gaps(hours))


def find_gaps(hours: pl.DataFrame) -> pl.DataFrame:
    """One row per silence of a format's log, longest first.

    In:    events per format and hour that has any.
    Out:   format, started_at, ended_at, hours, expected_count: what the median of the same hours on other days lets expect, at least _EXPECTED.
    """
    parts = []
    for (name,), frame in hours.sort("format", "hour").group_by("format", maintain_order=True):
        first, last = frame.select(pl.col("hour").min().alias("first"), pl.col("hour").max().alias("last")).row(0)
        span = pl.Series("hour", pl.datetime_range(first, last, "1h", eager=True, time_unit="us"))
        filled = span.to_frame().join(frame, on="hour", how="left", maintain_order="left").with_columns(pl.col("events").fill_null(0))
        filled = filled.with_columns(expected=pl.col("events").median().over(pl.col("hour").dt.hour()), silent=pl.col("events") == 0)
        runs = filled.with_columns(run=pl.col("silent").rle_id()).filter("silent").group_by("run", maintain_order=True)
        parts.append(
            runs.agg(
                format=pl.lit(name, pl.String),
                started_at=pl.col("hour").first(),
                ended_at=pl.col("hour").last() + pl.duration(hours=1),
                hours=pl.len().cast(pl.UInt32),
                expected_count=pl.col("expected").sum(),
            ).drop("run")
        )
    schema: dict[str, Any] = {"format": pl.String, "started_at": TIME, "ended_at": TIME, "hours": pl.UInt32, "expected_count": pl.Float64}
    if not parts:
        return pl.DataFrame(schema=schema)
    found = pl.concat(parts).with_columns(pl.col("format").fill_null("")).cast(pl.Schema(schema))
    return found.filter(pl.col("expected_count") >= _EXPECTED).sort("hours", "started_at", "format", descending=[True, False, False])
