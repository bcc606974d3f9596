"""One device under several accounts: relays keep the end user's device id.

Blind to:  clients that send no device id, relays that rewrite it.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings, merge_sightings


def find_devices(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and device that used it or opened it.

    In:    EVENTS and REGISTER, any order.
    Out:   SIGHTINGS with kind "device"; event_count also counts the sign-up.
    Null:  logs without device ids give no row.
    """
    signups = register.select("account_id", "device_id", started_at=pl.col("created_at"))
    seen = pl.concat(
        [
            events.select("account_id", "device_id", "started_at"),
            signups.select("account_id", "device_id", "started_at"),
        ]
    )
    return merge_sightings([count_sightings(seen, "device", pl.col("device_id"))])


PLUGIN = Kind("device", "device", "same device", find_devices, columns=("device_id",))
