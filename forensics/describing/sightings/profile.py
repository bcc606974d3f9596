"""Accounts that behave alike: the same sizes of requests, spread over the day in the same way.

What is left where logs keep no text and each account has its own exit, card and client: accounts fed by one queue have
the same mix of request sizes and hardly differ in rhythm, while people differ by factors. A profile is coarse and says
little alone; met with an unusual parameter it says much.

Blind to:  accounts with fewer than 20 requests; queues that mix differently per account; logs without token counts.
"""

from __future__ import annotations

import math

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import complete

EVENTS = 20  # fewest requests that make a profile
SIZE_STEP = 0.5  # nats: a factor of 1.65 in tokens
RHYTHM_STEP = 0.1  # of the entropy of hours, in [0, 1]


def find_profiles(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and cell of its behaviour, on two grids half a step apart, so that no border parts what lies
    close.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "profile"; value = grid, quartiles of input tokens (log steps), evenness over the day
           (steps).
    Null:  accounts with fewer than 20 requests with tokens give no row.
    """
    sized = events.select(
        "account_id", "started_at", hour=pl.col("started_at").dt.hour(), size=pl.col("input_tokens")
    ).filter(pl.col("size") > 0)
    hours = sized.group_by("account_id", "hour").agg(
        count=pl.len(), first=pl.col("started_at").min(), last=pl.col("started_at").max()
    )
    share = pl.col("count") / pl.col("count").sum()
    # In billionths and whole, so that the sum is exact in whichever order rows come: a cell's border would show the
    # last digit.
    entropy = -(share * share.log() * 1e9).round().cast(pl.Int64).sum() / 1e9
    rhythm = hours.group_by("account_id").agg(
        even=entropy / math.log(24),
        event_count=pl.col("count").sum(),
        first=pl.col("first").min(),
        last=pl.col("last").max(),
    )
    sizes = sized.group_by("account_id").agg(
        low=pl.col("size").quantile(0.25).log(), high=pl.col("size").quantile(0.75).log()
    )
    known = rhythm.filter(pl.col("event_count") >= EVENTS).join(sizes, on="account_id")
    cells = []
    for grid, shift in (("a", 0.0), ("b", 0.5)):
        steps = [
            (pl.col(name) / step + shift).floor().cast(pl.Int64).cast(pl.String)
            for name, step in (("low", SIZE_STEP), ("high", SIZE_STEP), ("even", RHYTHM_STEP))
        ]
        cells.append(known.with_columns(value=pl.concat_str([pl.lit(grid), *steps], separator=" ")))
    return complete(
        pl.concat(cells).select(
            "account_id",
            "value",
            "event_count",
            kind=pl.lit("profile"),
            first_seen_at=pl.col("first"),
            last_seen_at=pl.col("last"),
        )
    )


PLUGIN = Kind("profile", "timing", "same sizes and rhythm", find_profiles, says_when=True, fallback=True)
