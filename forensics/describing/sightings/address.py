"""Accounts that were used from the same client address.

Blind to:  operators with an exit of its own per account; carriers and offices share addresses innocently, which rarity
           and time discount.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_addresses(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and address it was used from.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "address".
    Null:  events without an address give no row.
    """
    return count_sightings(events, "address", pl.col("client_address"))


PLUGIN = Sighting(kind="address", group="network", title="same client address", find=find_addresses)
