"""Accounts whose prompts close with the same (masked) words.

Blind to:  paraphrased closings.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_tails(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and closing.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "tail".
    Null:  logs without text or hashes.
    """
    return count_sightings(events, "tail", pl.col("prompt_tail_hash"))


PLUGIN = Sighting(kind="tail", group="content", title="same closing words", find=find_tails)
