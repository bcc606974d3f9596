"""Accounts that came with the same coupon, event or referral code.

Blind to:  promotions are popular, and then weigh little.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import declare_sightings


def find_referrers(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and referral code.

    In:    REGISTER.
    Out:   SIGHTINGS with kind "referrer".
    Null:  accounts without one.
    """
    return declare_sightings(register, "referrer", pl.col("referrer"))


PLUGIN = Sighting(kind="referrer", group="money", title="same coupon or referral", find=find_referrers)
