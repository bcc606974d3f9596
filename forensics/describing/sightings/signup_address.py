"""Accounts that were opened from the same address.

Blind to:  proxies at sign-up; logs without an accounts file.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import declare_sightings


def find_signup_addresses(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and sign-up address.

    In:    REGISTER.
    Out:   SIGHTINGS with kind "signup_address".
    Null:  accounts the register has no sign-up address for.
    """
    return declare_sightings(register, "signup_address", pl.col("signup_address"))


PLUGIN = Sighting(kind="signup_address", group="network", title="same sign-up address", find=find_signup_addresses)
