"""How sightings are counted: first what each account shows, a bucket of accounts at a time; then, a part of the values
at a time, which of it another account shows too. Memory follows the size of a bucket and of a part, not what is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.schema import SIGHTINGS, TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forensics.common.arrays import Floats

# What accounts show, shared or not: SIGHTINGS, but hashes as numbers; `low` and `high` bound the prompts behind a value
# that means nothing if all are one and the same text. In the order of `deal` they are stored, so that whoever looks at
# a part of the values reads that part and not all.
TALLIES = pl.Schema(
    {
        "account_id": pl.String(),
        "kind": pl.String(),
        "number": pl.UInt64(),
        "value": pl.String(),
        "event_count": pl.UInt32(),
        "first_seen_at": TIME,
        "last_seen_at": TIME,
        "low": pl.UInt64(),
        "high": pl.UInt64(),
        "deal": pl.UInt16(),
    }
)
SEED = 11  # of the hash that deals values into parts,
DEALS = 65_536  # into so many, of which a part takes a range


def complete(tally: pl.LazyFrame) -> pl.LazyFrame:
    """A tally with all columns of TALLIES."""
    there = tally.collect_schema().names()
    whole = tally.select(
        pl.col(name).cast(dtype) if name in there else pl.lit(None, dtype).alias(name)
        for name, dtype in TALLIES.items()
        if name != "deal"
    )
    # a null has a hash too: coalescing hashes would deal all that is no number into one and the same part
    key = pl.when(pl.col("number").is_null()).then(pl.col("value").hash(SEED)).otherwise(pl.col("number").hash(SEED))
    return whole.with_columns(deal=(key % DEALS).cast(TALLIES["deal"]))


def choose_shared(tallies: pl.LazyFrame, part: int = 0, parts: int = 1) -> pl.LazyFrame:
    """SIGHTINGS and `holders`, of the values of one part that at least two accounts show.

    In:    TALLIES of all accounts, any order, an account and value at most once.
    """
    if parts > 1:
        first, last = part * DEALS // parts, (part + 1) * DEALS // parts - 1
        tallies = tallies.filter(pl.col("deal") >= first, pl.col("deal") <= last)
    one = (
        tallies.group_by("kind", "number", "value")
        .agg(holders=pl.len(), low=pl.col("low").min(), high=pl.col("high").max())
        .filter((pl.col("holders") >= 2) & (pl.col("low").ne_missing(pl.col("high")) | pl.col("low").is_null()))
        .drop("low", "high")
    )
    shared = tallies.join(one, on=["kind", "number", "value"], how="inner", nulls_equal=True)
    return shared.with_columns(value=pl.coalesce("value", spell(pl.col("number")))).select(
        *SIGHTINGS.schema.names(), pl.col("holders").cast(pl.UInt32)
    )


def count_sightings(events: pl.LazyFrame, kind: str, value: pl.Expr) -> pl.LazyFrame:
    """One row per account and value it showed.

    In:    EVENTS, any order; `value` an expression over them (integers are hashes).
    Out:   TALLIES of `kind`.
    Null:  events whose value is null or blank give no row.
    """
    rows = events.select("account_id", "started_at", value=value).filter(pl.col("value").is_not_null())
    return _tally(rows, kind, pl.len(), events=True)


def count_lists(events: pl.LazyFrame, kind: str, values: pl.Expr) -> pl.LazyFrame:
    """One row per account and list element it showed; else as `count_sightings`."""
    rows = (
        events.select("account_id", "started_at", value=values)
        .filter(pl.col("value").list.len() > 0)
        .explode("value")
        .filter(pl.col("value").is_not_null())
    )
    return _tally(rows, kind, pl.len(), events=True)


def declare_sightings(register: pl.LazyFrame, kind: str, value: pl.Expr) -> pl.LazyFrame:
    """One row per account and declared value.

    In:    REGISTER.
    Out:   TALLIES of `kind` with event_count 0, dated by the account's opening.
    Null:  blank values give no row.
    """
    rows = register.select("account_id", started_at=pl.col("created_at"), value=value).filter(
        pl.col("value").is_not_null()
    )
    return _tally(rows, kind, pl.len(), events=False)


def merge_sightings(parts: Iterable[pl.LazyFrame]) -> pl.LazyFrame:
    """One row per account, kind and value: the same value known from events and from the register, added up."""
    return (
        pl.concat(list(parts))
        .group_by("account_id", "kind", "number", "value")
        .agg(pl.col("event_count").sum(), pl.col("first_seen_at").min(), pl.col("last_seen_at").max())
        .pipe(complete)
    )


def spell(value: pl.Expr) -> pl.Expr:
    """Hashes as 16 hex digits."""
    return value.map_batches(
        lambda series: pl.Series(
            series.name, [None if number is None else f"{number:016x}" for number in series.to_list()], dtype=pl.String
        ),
        return_dtype=pl.String,
    )


def _tally(rows: pl.LazyFrame, kind: str, count: pl.Expr, *, events: bool) -> pl.LazyFrame:
    integer = rows.collect_schema()["value"].is_integer()
    if not integer:
        rows = rows.with_columns(value=pl.col("value").cast(pl.String).str.strip_chars()).filter(pl.col("value") != "")
    tally = rows.group_by("account_id", "value").agg(
        event_count=count.cast(pl.UInt32) if events else pl.lit(0, pl.UInt32),
        first_seen_at=pl.col("started_at").min().cast(TIME),
        last_seen_at=pl.col("started_at").max().cast(TIME),
    )
    if integer:
        tally = tally.rename({"value": "number"})
    return complete(tally.with_columns(kind=pl.lit(kind)))


def number_accounts(events: pl.DataFrame, *columns: pl.Expr | str) -> tuple[pl.Series, pl.DataFrame]:
    """Account ids in order, and one row an event: `account` (its place among them), `at_s` (seconds since 1970) and the
    columns asked for, in no order.
    """
    ids = events["account_id"].unique().sort()
    places = pl.DataFrame(
        {"account_id": ids, "account": range(len(ids))}, schema={"account_id": pl.String, "account": pl.Int64}
    )
    rows = (
        events.lazy()
        .join(places.lazy(), on="account_id")
        .select("account", (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s"), *columns)
    )
    return ids, rows.collect()


def tell_groups(kind: str, ids: pl.Series, groups: pl.DataFrame, first_s: Floats, last_s: Floats) -> pl.DataFrame:
    """SIGHTINGS of accounts found in groups: `groups` has account, first (that of the group's first account) and
    event_count; `first_s` and `last_s` are the first and last request of each account, by number.
    """
    account = groups["account"].to_numpy()
    times = [
        pl.Series(column, np.round(seconds[account] * 1e6).astype(np.int64)).cast(pl.Datetime("us", "UTC")).cast(TIME)
        for column, seconds in (("first_seen_at", first_s), ("last_seen_at", last_s))
    ]
    columns = [
        ids.gather(groups["account"]).alias("account_id"),
        pl.Series("kind", [kind] * len(groups), dtype=pl.String),
        ids.gather(groups["first"]).alias("value"),
        groups["event_count"].cast(pl.UInt32),
        *times,
    ]
    return pl.DataFrame(columns).select(SIGHTINGS.schema.names())
