"""Where a log is silent against its own rhythm: one rule, for what the tool says of a case and for its report."""

from __future__ import annotations

from typing import Final

import polars as pl

from forensics.common.schema import TIME

_EXPECTED: Final = 50.0  # events: fewer may be missing by accident, as requests come in bursts


def find_gaps(hours: pl.DataFrame, by: str) -> pl.DataFrame:
    """One row per silence of a log, longest first.

    In:    events per hour that has any, `by` format or platform: that column, hour, events.
    Out:   that column, started_at, ended_at, hours, expected_count: what the median of the same hour on other days lets
           expect (weekends have their own), at least _EXPECTED.
    """
    hour = pl.col("hour")
    every = (
        hours.group_by(by)
        .agg(pl.datetime_ranges(hour.min(), hour.max(), "1h").first().alias("hour"))
        .explode("hour", empty_as_null=True)
        .join(hours, on=[by, "hour"], how="left", nulls_equal=True)
        .with_columns(pl.col("events").fill_null(0), weekend=hour.dt.weekday() > 5, clock=hour.dt.hour())
    )
    runs = (
        every.with_columns(expected=pl.col("events").median().over(by, "weekend", "clock"))
        .sort(by, "hour")
        .with_columns(run=(pl.col("events") == 0).rle_id().over(by))
        .filter(pl.col("events") == 0)
        .group_by(by, "run", maintain_order=True)
    )
    return (
        runs.agg(
            started_at=hour.first().cast(TIME),
            ended_at=(hour.last() + pl.duration(hours=1)).cast(TIME),
            hours=pl.len().cast(pl.UInt32),
            expected_count=pl.col("expected").sum(),
        )
        .filter(pl.col("expected_count") >= _EXPECTED)
        .drop("run")
        .sort("hours", "started_at", by, descending=[True, False, False])
    )
