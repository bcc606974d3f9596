"""One client session or conversation that runs on several accounts.

Blind to:  relays that rewrite session ids.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Sighting
from forensics.describing.sightings.counting import count_sightings


def find_sessions(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and session.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "session".
    Null:  events without a session id give no row.
    """
    return count_sightings(events, "session", pl.col("session_id"))


PLUGIN = Sighting(kind="session", group="device", title="same session on several accounts", find=find_sessions)
