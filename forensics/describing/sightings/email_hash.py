"""Accounts that signed up with the same e-mail address (aliases folded by whoever made the hash).

Blind to:  one mailbox per account.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import declare_sightings


def find_emails(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and e-mail address.

    In:    REGISTER.
    Out:   SIGHTINGS with kind "email".
    Null:  accounts without an e-mail hash.
    """
    return declare_sightings(register, "email", pl.col("email_hash"))


PLUGIN = Sighting(kind="email", group="money", title="same e-mail address", find=find_emails)
