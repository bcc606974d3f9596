"""Accounts that show the same client: full user agent, TLS fingerprint and header order together.

Blind to:  operators that give each account a client of its own. Popular combinations weigh nothing by themselves.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings

PARTS = ("user_agent", "tls_ja4", "tls_ja3", "header_order_hash")


def find_clients(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and client fingerprint it presented.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "client"; value = the parts that are known, joined by " | ".
    Null:  events with none of the parts give no row.
    """
    return count_sightings(events, "client", pl.concat_str(PARTS, separator=" | ", ignore_nulls=True))


PLUGIN = Kind(
    "client",
    "client",
    "same rare client",
    find_clients,
    public=True,
    program=True,
    columns=("user_agent", "client_family", "tls_ja4", "tls_ja3", "header_order_hash"),
)
