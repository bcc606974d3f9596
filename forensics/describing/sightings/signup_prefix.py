"""Accounts that were opened from the same small address range.

Blind to:  proxies at sign-up; logs without an accounts file.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import declare_sightings


def find_signup_prefixes(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and address range it was opened from.

    In:    REGISTER.
    Out:   SIGHTINGS with kind "signup_prefix".
    Null:  accounts the register has no sign-up address for.
    """
    return declare_sightings(register, "signup_prefix", pl.col("signup_prefix"))


PLUGIN = Sighting(
    kind="signup_prefix", group="network", title="same sign-up network (/24, /48)", find=find_signup_prefixes
)
