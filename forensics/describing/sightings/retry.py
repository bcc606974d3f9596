"""A request that failed on one account and was sent again by another within minutes.

Nothing but one program behind both does that: an independent party neither knows what failed nor when. What is on more
accounts, or sent more often, is a list of items that everybody runs.

Guard:     where addresses stand in for accounts there are no retries: one person comes under several, and tries again.
Blind to:  retries that change the prompt, logs without prompt hashes and without addresses that hold a value.
"""

from __future__ import annotations

import polars as pl

from forensics.common.kinds import Kind
from forensics.common.schema import SIGHTINGS
from forensics.describing.requests import is_address, item_of
from forensics.describing.sightings.counting import choose_shared, count_sightings

WITHIN_S = 600.0  # pauses of public relays end with the 10 minutes after an overload
MOST_ACCOUNTS, MOST_SENDS = 3, 6  # of an item that tells a retry from a list of items everybody runs
OWN_FAULT = (400, 404, 405, 413, 422)  # would fail on any account


def has_failed() -> pl.Expr:
    """Whether a request failed through no fault of its own."""
    status = pl.col("status_code")
    return ((status >= 400) & ~status.is_in(OWN_FAULT)).fill_null(value=False)


def find_retries(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account and item that failed on it and that another account sent soon after, or the other way round.

    In:    EVENTS, any order.
    Out:   SIGHTINGS with kind "retry"; event_count = sends that failed before, or came after.
    Null:  logs without status codes, or without items, give no row.
    """
    sends = (
        events.filter(~is_address(pl.col("account_id")))
        .select("account_id", "started_at", item_of(events), failed=has_failed())
        .filter(pl.col("item").is_not_null())
    )
    rare = (
        sends.join(sends.filter("failed").select("item").unique(), on="item", how="semi")
        .group_by("item")
        .agg(accounts=pl.col("account_id").n_unique(), sends=pl.len())
        .filter(pl.col("accounts").is_between(2, MOST_ACCOUNTS), pl.col("sends") <= MOST_SENDS)
    )
    chosen = sends.join(rare.select("item"), on="item", how="semi")
    after = pl.col("started_at_b") - pl.col("started_at")
    crossing = (
        chosen.filter("failed")
        .join(chosen, on="item", suffix="_b")
        .filter(pl.col("account_id") != pl.col("account_id_b"))
        .filter(after.is_between(pl.duration(seconds=0), pl.duration(seconds=WITHIN_S)))
    )
    ends = [
        crossing.select("account_id", "started_at", "item"),
        crossing.select("item", account_id="account_id_b", started_at="started_at_b").select(
            "account_id", "started_at", "item"
        ),
    ]
    tallies = count_sightings(pl.concat(ends).unique(), "retry", pl.col("item"))
    return choose_shared(tallies).select(SIGHTINGS.schema.names())


PLUGIN = Kind(
    "retry",
    "passing",
    "failed request sent again by another account",
    find_retries,
    holds="hash",
    passes=True,
    whole=True,
)
