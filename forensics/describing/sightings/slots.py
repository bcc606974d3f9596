"""Accounts that stir together in seconds in which far more accounts stir than the minutes around them lead to expect.

Bursts that the whole population joins (an outage's end, midnight) have so many holders that they weigh nothing.

Blind to:  pools without a common clock; randomly split queues.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.common.schema import SIGHTINGS, TIME
from forensics.describing.buckets import split_accounts

AROUND = "10m"  # the stretch that says how many accounts a second leads to expect
SECONDS = 600
SURPRISE = 25.0  # nats by which a second must exceed Poisson: 1e-11, once in some thousand years of seconds


def find_slots(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and surprisingly crowded second in which it stirred.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "slots"; value = the second, in UTC; event_count = 1.
    Null:  none; a log without such seconds gives no row.
    """
    return pl.defer(lambda: _find(events.select("account_id", "started_at")), schema=SIGHTINGS.schema)


def _find(events: pl.LazyFrame) -> pl.DataFrame:
    buckets = split_accounts(events)
    crowds = pl.DataFrame(schema={"slot": TIME, "crowd": pl.UInt32})
    for bucket in buckets:
        seen = _stirred(bucket).group_by("slot").agg(crowd=pl.len()).collect(engine="streaming")
        crowds = pl.concat([crowds, seen]).group_by("slot").agg(pl.col("crowd").sum())
    around, crowd = pl.col("slot").dt.truncate(AROUND), pl.col("crowd")
    mean = (crowd.sum().over(around) + 1) / SECONDS
    surprise = crowd * (crowd / mean).log() - crowd + mean
    crowded = crowds.filter((crowd >= 3) & (crowd > mean) & (surprise > SURPRISE)).select("slot")
    second = pl.col("started_at").dt.truncate("1s").alias("slot")
    told = [
        _stirred(bucket.with_columns(second).join(crowded.lazy(), on="slot", how="semi")).collect()
        for bucket in buckets
    ]
    return pl.concat(told).select(
        "account_id",
        kind=pl.lit("slots"),
        value=pl.col("slot").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        event_count=pl.lit(1, pl.UInt32),
        first_seen_at="first",
        last_seen_at="last",
    )


def _stirred(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and second in which it began a request, with its first and last moment."""
    at = pl.col("started_at")
    return events.group_by("account_id", slot=at.dt.truncate("1s")).agg(first=at.min(), last=at.max())


PLUGIN = Kind(
    "slots", "timing", "stirring in the same crowded second", find_slots, says_when=True, holds="open", whole=True
)
