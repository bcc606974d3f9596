"""Accounts in buckets: ranges of ids that hold about equally many requests, so that each can be looked at by itself.

What is worked out an account at a time needs no more memory than one bucket takes. Events are stored by account within
each part, so that a bucket reads its own row groups and no others. How many buckets there are changes no result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = 2_000_000  # requests of a bucket, where nothing else is asked for


def find_bounds(events: pl.LazyFrame, rows: int = ROWS) -> list[str]:
    """The last account of each bucket but the final one; an account is in one bucket, however large it is.

    In:    EVENTS, any order.
    """
    counts = events.group_by("account_id").agg(count=pl.len()).sort("account_id").collect(engine="streaming")
    if counts.is_empty():
        return []
    last = counts.with_columns(bucket=(pl.col("count").cum_sum() - 1) // max(rows, 1)).group_by("bucket")
    ends = last.agg(pl.col("account_id").max()).sort("bucket")["account_id"].to_list()
    return [str(name) for name in ends[:-1]]


def take_bucket(table: pl.LazyFrame, bounds: Sequence[str], number: int) -> pl.LazyFrame:
    """The rows of one bucket of any table with `account_id`; bucket numbers go from 0 to len(bounds)."""
    account = pl.col("account_id")
    if number > 0:
        table = table.filter(account > bounds[number - 1])
    if number < len(bounds):
        table = table.filter(account <= bounds[number])
    return table


def split_accounts(table: pl.LazyFrame, rows: int = ROWS) -> list[pl.LazyFrame]:
    """The table's buckets, each lazily, in order of account ids."""
    bounds = find_bounds(table, rows)
    return [take_bucket(table, bounds, number) for number in range(len(bounds) + 1)]
