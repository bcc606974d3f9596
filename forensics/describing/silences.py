"""Where a log is silent against its own rhythm."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from forensics.common.schema import TIME

_EXPECTED: Final = (
    20.0  # events: a silence is told only where at least so many were to be expected (Poisson: e^-20 = 2e-9)
)


def find_gaps(hours: pl.DataFrame) -> pl.DataFrame:
    """One row per silence of a format's log, longest first.

    In:    events per format and hour that has any.
    Out:   format, started_at, ended_at, hours, expected_count: what the median of the same hours on other days lets
           expect, at least _EXPECTED.
    """
    parts = []
    for (name,), frame in hours.sort("format", "hour").group_by("format", maintain_order=True):
        first, last = frame.select(pl.col("hour").min().alias("first"), pl.col("hour").max().alias("last")).row(0)
        span = pl.Series("hour", pl.datetime_range(first, last, "1h", eager=True, time_unit="us"))
        filled = (
            span.to_frame()
            .join(frame, on="hour", how="left", maintain_order="left")
            .with_columns(pl.col("events").fill_null(0))
        )
        filled = filled.with_columns(
            expected=pl.col("events").median().over(pl.col("hour").dt.hour()), silent=pl.col("events") == 0
        )
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
    schema: dict[str, Any] = {
        "format": pl.String,
        "started_at": TIME,
        "ended_at": TIME,
        "hours": pl.UInt32,
        "expected_count": pl.Float64,
    }
    if not parts:
        return pl.DataFrame(schema=schema)
    found = pl.concat(parts).with_columns(pl.col("format").fill_null("")).cast(pl.Schema(schema))
    return found.filter(pl.col("expected_count") >= _EXPECTED).sort(
        "hours", "started_at", "format", descending=[True, False, False]
    )
