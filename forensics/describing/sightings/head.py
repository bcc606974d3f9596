"""Accounts whose prompts open with the same (masked) words.

Blind to:  paraphrased openings.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_heads(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and opening.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "head".
    Null:  logs without text or hashes.
    """
    return count_sightings(events, "head", pl.col("prompt_head_hash"))


PLUGIN = Sighting(kind="head", group="content", title="same opening words", find=find_heads)
