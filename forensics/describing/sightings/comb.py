"""Accounts that stir at the same second of the day, day after day: the comb of a pool's health checks.

Crons at round times are popular (everybody's nightly job runs at 00:00:00) and weigh nothing; a comb at 08:00:13 is a
trace.

Blind to:  jittered checks; logs with coarse times; fewer than three days.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import complete, count_sightings

WIDTH_S = 2  # tolerance of one tooth, in seconds
BUSY = 0.1  # hits a day in a tooth that an account's pace alone may bring
DAYS = 3  # fewest days that make a comb


def find_combs(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and second of the day (UTC) at which it stirred on at least half of its days.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "comb"; value = time of day.
    Null:  accounts active on fewer than three days give no row.
    """
    day = pl.col("started_at").dt.epoch("s") // 86_400
    rows = events.select(
        "account_id", "started_at", day=day, tooth=(pl.col("started_at").dt.epoch("s") % 86_400) // WIDTH_S * WIDTH_S
    )
    days = (
        rows.group_by("account_id").agg(days=pl.col("day").n_unique(), events=pl.len()).filter(pl.col("days") >= DAYS)
    )
    teeth = (
        rows.join(days.select("account_id"), on="account_id", how="semi")
        .group_by("account_id", "tooth")
        .agg(pl.col("day").n_unique().alias("hits"), pl.len().alias("count"), started_at=pl.col("started_at").min())
        .filter(pl.col("hits") >= DAYS)
        .join(days, on="account_id")
        # A busy account stirs in any two seconds of the day: only teeth that its pace does not explain.
        .filter((2 * pl.col("hits") >= pl.col("days")) & (pl.col("events") * WIDTH_S < BUSY * 86_400 * pl.col("days")))
    )
    clock = [
        (pl.col("tooth") // size % base).cast(pl.String).str.zfill(2) for size, base in ((3600, 24), (60, 60), (1, 60))
    ]
    return (
        count_sightings(teeth, "comb", pl.concat_str(clock, separator=":"))
        .join(
            teeth.select("account_id", value=pl.concat_str(clock, separator=":"), count="count"),
            on=["account_id", "value"],
        )
        .with_columns(event_count=pl.col("count").cast(pl.UInt32))
        .pipe(complete)
    )


PLUGIN = Kind("comb", "timing", "same second of the day, every day", find_combs, says_when=True, holds="open")
