"""Accounts that offer the model the same set of tools.

Blind to:  public frameworks have one tool set for all their users; it is popular and weighs little.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_tools(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and tool set.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "tools".
    Null:  requests without tools give no row.
    """
    return count_sightings(events, "tools", pl.col("tools_hash"))


PLUGIN = Sighting(kind="tools", group="content", title="same set of tools", find=find_tools)
