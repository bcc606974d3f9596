"""How sightings are counted: shared values only, in two streaming passes, so that memory follows what is shared and not
what is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.schema import SIGHTINGS, TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

TIMES = {"from": "first_seen_at", "to": "last_seen_at"}


def count_sightings(events: pl.LazyFrame, kind: str, value: pl.Expr) -> pl.LazyFrame:
    """One row per account and value that at least one other account showed too.

    In:    EVENTS, any order; `value` an expression over them (integers are hashes and become hex).
    Out:   SIGHTINGS of `kind`.
    Null:  events whose value is null or blank give no row.
    """
    rows = events.select("account_id", "started_at", value=value).filter(pl.col("value").is_not_null())
    return _tally(rows, kind, pl.len(), events=True)


def count_lists(events: pl.LazyFrame, kind: str, values: pl.Expr) -> pl.LazyFrame:
    """One row per account and list element that at least one other account showed too; else as `count_sightings`."""
    rows = (
        events.select("account_id", "started_at", value=values)
        .filter(pl.col("value").list.len() > 0)
        .explode("value")
        .filter(pl.col("value").is_not_null())
    )
    return _tally(rows, kind, pl.len(), events=True)


def declare_sightings(register: pl.LazyFrame, kind: str, value: pl.Expr) -> pl.LazyFrame:
    """One row per account and declared value that another account declared too.

    In:    REGISTER.
    Out:   SIGHTINGS of `kind` with event_count 0, dated by the account's opening.
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
        .group_by("account_id", "kind", "value")
        .agg(pl.col("event_count").sum(), pl.col("first_seen_at").min(), pl.col("last_seen_at").max())
    )


def shared_only(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows whose value more than one account holds."""
    # min ≠ max of the account's hash says "at least two holders" in constant memory per value, where counting distinct
    # accounts would not.
    marked = pl.col("account_id").hash(seed=1)
    held = (
        rows.group_by("value")
        .agg(low=marked.min(), high=marked.max())
        .filter(pl.col("low") != pl.col("high"))
        .select("value")
    )
    return rows.join(held, on="value", how="semi")


def spell(value: pl.Expr) -> pl.Expr:
    """Hashes as 16 hex digits."""
    return value.map_batches(
        lambda series: pl.Series(series.name, [f"{number:016x}" for number in series.to_list()], dtype=pl.String),
        return_dtype=pl.String,
    )


def _tally(rows: pl.LazyFrame, kind: str, count: pl.Expr, *, events: bool) -> pl.LazyFrame:
    integer = rows.collect_schema()["value"].is_integer()
    if not integer:
        rows = rows.with_columns(value=pl.col("value").cast(pl.String).str.strip_chars()).filter(pl.col("value") != "")
    tally = (
        shared_only(rows)
        .group_by("account_id", "value")
        .agg(
            event_count=count.cast(pl.UInt32) if events else pl.lit(0, pl.UInt32),
            first_seen_at=pl.col("started_at").min().cast(TIME),
            last_seen_at=pl.col("started_at").max().cast(TIME),
        )
    )
    return tally.with_columns(kind=pl.lit(kind), value=spell(pl.col("value")) if integer else pl.col("value")).select(
        SIGHTINGS.schema.names()
    )


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


def tell_groups(kind: str, ids: pl.Series, rows: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """SIGHTINGS of accounts found in groups: `groups` has account, first (that of the group's first account) and
    event_count; `rows` as numbered above.
    """
    own = (
        rows.join(groups, on="account", how="semi")
        .group_by("account")
        .agg(pl.col("at_s").min().alias("from"), pl.col("at_s").max().alias("to"))
    )
    found = groups.join(own, on="account")
    times = [
        (found[name] * 1e6).cast(pl.Int64).cast(pl.Datetime("us", "UTC")).cast(TIME).alias(column)
        for name, column in TIMES.items()
    ]
    columns = [
        ids.gather(found["account"]).alias("account_id"),
        pl.Series("kind", [kind] * len(found), dtype=pl.String),
        ids.gather(found["first"]).alias("value"),
        found["event_count"].cast(pl.UInt32),
        *times,
    ]
    return pl.DataFrame(columns).select(SIGHTINGS.schema.names())
