"""Accounts that stir together in seconds in which far more accounts stir than the minutes around them lead to expect.

Bursts that the whole population joins (an outage's end, midnight) have so many holders that they weigh nothing.

Blind to:  pools without a common clock; randomly split queues.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings

AROUND = "10m"  # the stretch that says how many accounts a second leads to expect
SECONDS = 600
SURPRISE = 25.0  # nats by which a second must exceed Poisson: 1e-11, once in some thousand years of seconds


def find_slots(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and surprisingly crowded second in which it stirred.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "slots"; value = the second, in UTC.
    Null:  none; a log without such seconds gives no row.
    """
    rows = events.select("account_id", "started_at", slot=pl.col("started_at").dt.truncate("1s")).unique(
        ["account_id", "slot"], keep="any"
    )
    around = pl.col("slot").dt.truncate(AROUND)
    crowds = rows.group_by("slot").agg(crowd=pl.len()).filter(pl.col("crowd") >= 3)
    expected = rows.group_by(around=around).agg(mean=(pl.len() + 1) / SECONDS)
    crowd = pl.col("crowd")
    crowded = (
        crowds.with_columns(around=around)
        .join(expected, on="around")
        .filter((crowd > pl.col("mean")) & (crowd * (crowd / pl.col("mean")).log() - crowd + pl.col("mean") > SURPRISE))
        .select("slot")
    )
    return count_sightings(
        rows.join(crowded, on="slot", how="semi"), "slots", pl.col("slot").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )


PLUGIN = Kind("slots", "timing", "stirring in the same crowded second", find_slots, says_when=True, holds="open")
