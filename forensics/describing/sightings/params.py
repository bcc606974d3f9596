"""Accounts that call the model with the same request parameters.

Usual combinations are popular and weigh nothing; an unusual one is a trace of one program.

Blind to:  programs that leave everything at its default.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings

PARTS = ("max_tokens", "temperature", "top_p", "stop_count", "stream")


def find_parameters(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and combination of request parameters.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "params"; value = e.g. "max_tokens=1000 temperature=1.0".
    Null:  events that set fewer than two parameters give no row.
    """
    known = pl.sum_horizontal(pl.col(part).is_not_null() for part in PARTS)
    spelled = pl.concat_str(
        [pl.format(f"{part}={{}}", pl.col(part).cast(pl.String)) for part in PARTS], separator=" ", ignore_nulls=True
    )
    return count_sightings(events.filter(known >= 2), "params", spelled)


PLUGIN = Kind(
    "params", "content", "same unusual request parameters", find_parameters, public=True, program=True, holds="open"
)
