"""Accounts that send the same system prompt.

Blind to:  a system prompt of its own per account. Known frameworks are stripped at ingest; unknown ones are popular and
           weigh little.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_systems(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and system prompt.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "system".
    Null:  events without a system prompt give no row.
    """
    return count_sightings(events, "system", pl.col("system_hash"))


PLUGIN = Sighting(kind="system", group="content", title="same system prompt", find=find_systems)
