"""Accounts whose prompts share word shingles, so that variations and paraphrases of one template meet.

Only a sample of each account's events is looked at (the same events whatever the order), because a shingle that matters
recurs: one that fills a tenth of an account's traffic shows in six of 64 events.

Blind to:  texts that share fewer than five words in a row.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_lists

EVENTS_PER_ACCOUNT = 64
HASHES_PER_EVENT = 6  # the smallest of the sampled hashes: the same choice in every text that holds them


def find_shingles(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and sampled shingle of its prompts.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "sketch"; counts are of the sampled events.
    Null:  logs without text give no row.
    """
    sketched = events.select("account_id", "started_at", "prompt_hash", "prompt_sketch").filter(
        pl.col("prompt_sketch").list.len() > 0
    )
    every = sketched.group_by("account_id").agg(every=(pl.len() // EVENTS_PER_ACCOUNT).clip(1))
    sampled = sketched.join(every, on="account_id").filter(_drawn_by().hash(seed=7) % pl.col("every") == 0)
    return count_lists(sampled, "sketch", pl.col("prompt_sketch").list.head(HASHES_PER_EVENT))


def _drawn_by() -> pl.Expr:
    """What decides whether an event is in the sample: its content and time of day, never the place in a file, the day
    or the name of its account.
    """
    clock = pl.col("started_at").dt.epoch("us") % 86_400_000_000
    return pl.struct(clock.alias("clock"), pl.col("prompt_hash").fill_null(0), pl.col("prompt_sketch").list.first())


PLUGIN = Kind("sketch", "content", "shared wording", find_shingles, piece=True, asked=True, holds="hash")
