"""Accounts that send the very same prompt: health checks, probes, test items. Public benchmarks do so too.

Blind to:  campaigns of disjoint tasks, which never repeat a prompt.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_prompts(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and whole prompt.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "prompt".
    Null:  logs without text or hashes.
    """
    return count_sightings(events, "prompt", pl.col("prompt_hash"))


PLUGIN = Sighting(kind="prompt", group="content", title="same whole prompt", find=find_prompts)
