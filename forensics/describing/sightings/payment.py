"""Accounts that are paid with the same card or instrument.

Blind to:  virtual cards, one per account.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import declare_sightings


def find_payments(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and payment instrument.

    In:    REGISTER.
    Out:   SIGHTINGS with kind "payment".
    Null:  accounts without a payment fingerprint.
    """
    return declare_sightings(register, "payment", pl.col("payment_id"))


PLUGIN = Sighting(kind="payment", group="money", title="same payment instrument", find=find_payments)
