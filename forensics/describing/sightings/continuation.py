"""A conversation that began on one account and went on under another.

A chained hash after three or more messages holds an answer of the model and what was said to it. It counts where one
account's request ended with it and another account's request went on from it: a fixed few-shot opening never ends a
request, and a benchmark item is never gone on from.

Blind to:  logs without messages; hops before the third message.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.common.schema import SIGHTINGS
from forensics.describing.sightings.counting import choose_shared, count_sightings

SHORTEST = 3  # messages: a question, an answer and what was said to it


def find_continuations(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and conversation state that one account left off at and another went on from.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "continuation".
    Null:  events with fewer than three chained hashes give no row.
    """
    chain = pl.col("prefix_hashes")
    # The request that takes over repeats the last request's messages and adds one or two (an answer, the next
    # question).
    talks = events.filter(chain.list.len() >= SHORTEST).select(
        "account_id", "started_at", states=chain.list.slice(SHORTEST - 1).list.tail(3)
    )
    left_off = talks.select("account_id", "started_at", states=pl.col("states").list.tail(1))
    went_on = talks.select(
        "account_id", "started_at", states=pl.col("states").list.head(pl.col("states").list.len() - 1)
    )
    both = (
        left_off.explode("states")
        .select("states")
        .join(went_on.explode("states").select("states"), on="states", how="semi")
        .unique()
    )
    rows = pl.concat([left_off, went_on]).explode("states").join(both, on="states", how="semi")
    tallies = count_sightings(rows, "continuation", pl.col("states"))
    return choose_shared(tallies).select(SIGHTINGS.schema.names())


PLUGIN = Kind(
    "continuation",
    "provenance",
    "conversation continued on another account",
    find_continuations,
    adds_up=True,
    holds="hash",
    whole=True,
)
