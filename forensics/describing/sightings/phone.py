"""Accounts verified with the same phone number.

Blind to:  rented numbers, one per account.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import declare_sightings


def find_phones(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and phone number.

    In:    REGISTER.
    Out:   SIGHTINGS with kind "phone".
    Null:  accounts without a phone hash.
    """
    return declare_sightings(register, "phone", pl.col("phone_hash"))


PLUGIN = Sighting(kind="phone", group="money", title="same phone number", find=find_phones)
