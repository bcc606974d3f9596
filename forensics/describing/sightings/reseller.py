"""Accounts that came through the same reseller. Weak: most resellers' customers have nothing to do with each other.

Blind to:  direct customers.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings, declare_sightings, merge_sightings


def find_resellers(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and reseller.

    In:    EVENTS and REGISTER, any order.
    Out:   SIGHTINGS with kind "reseller".
    Null:  accounts without a reseller give no row.
    """
    reseller = pl.col("reseller_id")
    return merge_sightings(
        [count_sightings(events, "reseller", reseller), declare_sightings(register, "reseller", reseller)]
    )


PLUGIN = Kind("reseller", "money", "same reseller", find_resellers, weak=True, payer=True, columns=("reseller_id",))
