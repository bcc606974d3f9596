"""Accounts that were used from the same small address range.

Blind to:  residential proxies, whose exits lie anywhere.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_prefixes(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and address range it was used from.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "prefix".
    Null:  events without an address give no row.
    """
    return count_sightings(events, "prefix", pl.col("client_prefix"))


PLUGIN = Sighting(kind="prefix", group="network", title="same client network (/24, /48)", find=find_prefixes)
