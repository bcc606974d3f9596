"""A reasoning blob or signature that came out of one account and went into another.

Nobody meets the same blob by chance: this is the strongest deterministic evidence there is.

Blind to:  logs that keep neither blobs nor their hashes.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings


def find_replays(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and reasoning blob that it received or replayed, where another account did too.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "reasoning".
    Null:  events without reasoning hashes give no row.
    """
    blobs = pl.concat(
        [
            events.select("account_id", "started_at", blob=pl.col(column))
            for column in ("reasoning_hash_out", "reasoning_hash_in")
        ]
    )
    return count_sightings(blobs, "reasoning", pl.col("blob"))


PLUGIN = Kind(
    "reasoning",
    "provenance",
    "reasoning blob replayed on another account",
    find_replays,
    adds_up=True,
    columns=("reasoning_hash_out", "reasoning_hash_in"),
    holds="hash",
)
