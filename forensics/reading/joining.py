"""Two logs of the same requests → one event each: what one log lacks, the other fills in.

Events of different formats that carry one request id, or whose request id is the other's trace id, are one request. An
id that comes more than once in a log, as one that a client chose may, is as many requests: the second there meets the
second here, if they lie within minutes. The event of the source read first stays, with its file and line; its empty
columns are filled from the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEAR_MINUTES = 10  # between two logs' times of one request, where its id is not the only one of its kind

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
    members = _meetings(numbered, formats)
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


def _meetings(numbered: pl.DataFrame, formats: Mapping[int, str]) -> pl.DataFrame:
    """One row per event that met another: `row`, and `lead`, the earliest row of its request."""
    kinds = pl.DataFrame(
        {"source_id": list(formats), "kind": list(formats.values())}, schema={"source_id": pl.UInt32, "kind": pl.String}
    )
    ids = numbered.select("row", "source_id", "request_id", "trace_id", at="started_at").join(
        kinds, on="source_id", how="left", maintain_order="left"
    )
    turn = pl.int_range(pl.len()).over("kind", "key").alias("turn")
    named = (
        pl.concat([ids.select("row", "kind", "at", key="request_id"), ids.select("row", "kind", "at", key="trace_id")])
        .drop_nulls("key")
        .unique()
        .sort("row")
        .with_columns(turn)
    )
    owners = ids.drop_nulls("request_id").select("row", "kind", "at", key="request_id").with_columns(turn)
    # Each key that a request id of one format shares with a request or trace id of another; the earliest row leads.
    near = (pl.col("at") - pl.col("at_owner")).abs() <= pl.duration(minutes=_NEAR_MINUTES)
    pairs = named.join(owners, on=["key", "turn"], suffix="_owner").filter(
        (pl.col("kind") != pl.col("kind_owner")) & ((pl.col("turn") == 0) | near)
    )
    lead = pairs.group_by("key", "turn").agg(lead=pl.min_horizontal(pl.col("row").min(), pl.col("row_owner").min()))
    met = pairs.select("row").vstack(pairs.select(row="row_owner")).unique()
    members = named.join(lead, on=["key", "turn"]).join(met, on="row", how="semi")
    return members.group_by("row").agg(pl.col("lead").min())


def _count(frame: pl.DataFrame) -> dict[int, int]:
    return dict(frame.group_by("source_id").len().rows())
