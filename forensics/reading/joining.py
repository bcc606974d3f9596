"""Two logs of the same requests → one event each: what one log lacks, the other fills in.

Events of different formats that carry one request id, or whose request id is the other's trace id, are one request. The
event of the source read first stays, with its file and line; its empty columns are filled from the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN = ("source_id", "source_line")


@dataclass(frozen=True)
class Joined:
    """What became of the events: merged ones, and how many of each source went into others or stayed without an
    account.
    """

    events: pl.DataFrame
    absorbed: Mapping[int, int]  # source → events that went into another's
    matched: Mapping[int, int]  # source → events that met another
    homeless: pl.DataFrame  # source_id, source_line of events that name no account and met none that does


def join_events(events: pl.DataFrame, formats: Mapping[int, str]) -> Joined:
    """One row per request. `formats` is the format of each source_id."""
    numbered = events.with_row_index("row")
    kinds = pl.DataFrame(
        {"source_id": list(formats), "kind": list(formats.values())}, schema={"source_id": pl.UInt32, "kind": pl.String}
    )
    ids = numbered.select("row", "source_id", "request_id", "trace_id").join(
        kinds, on="source_id", how="left", maintain_order="left"
    )
    named = (
        pl.concat([ids.select("row", "kind", key="request_id"), ids.select("row", "kind", key="trace_id")])
        .drop_nulls("key")
        .unique()
    )
    owners = ids.drop_nulls("request_id").select(key="request_id", row="row", kind="kind")
    # Each key that a request id of one format shares with a request or trace id of another; the earliest row leads.
    pairs = named.join(owners, on="key", suffix="_owner").filter(pl.col("kind") != pl.col("kind_owner"))
    lead = pairs.group_by("key").agg(lead=pl.min_horizontal(pl.col("row").min(), pl.col("row_owner").min()))
    members = named.join(lead, on="key").filter(pl.col("key").is_not_null())
    members = (
        members.join(pairs.select(pl.col("row")).vstack(pairs.select(row="row_owner")).unique(), on="row", how="semi")
        .group_by("row")
        .agg(pl.col("lead").min())
    )
    numbered = numbered.join(members, on="row", how="left", maintain_order="left").with_columns(
        lead=pl.coalesce("lead", "row")
    )
    met = numbered.filter(pl.col("row").is_in(members["row"].implode()))
    filled = [pl.col(name).drop_nulls().first() for name in events.columns if name not in _OWN]
    merged = (
        met.sort("row").group_by("lead", maintain_order=True).agg(*(pl.col(name).first() for name in _OWN), *filled)
    )
    alone = numbered.filter(~pl.col("row").is_in(members["row"].implode()))
    whole = (
        pl.concat([merged.select("lead", *events.columns), alone.select("lead", *events.columns)])
        .sort("lead")
        .drop("lead")
    )
    homeless = whole.filter(pl.col("account_id").is_null()).select(_OWN)
    return Joined(
        whole.filter(pl.col("account_id").is_not_null()),
        _count(met.filter(pl.col("lead") != pl.col("row"))),
        _count(met),
        homeless,
    )


def _count(frame: pl.DataFrame) -> dict[int, int]:
    return dict(frame.group_by("source_id").len().rows())
