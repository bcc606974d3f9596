"""What an adversary sends does not decide how much memory linking takes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import polars as pl

from forensics.common.schema import ACCOUNTS, SIGHTINGS
from forensics.common.settings import LinkSettings
from forensics.linking.links import weigh_links

HOLDERS = 50
MOST = 300 * 2**20  # bytes


def dealt(accounts: int, values: int, seed: int) -> pl.DataFrame:
    """SIGHTINGS of templates and addresses that about fifty accounts hold each, at random."""
    rng = np.random.default_rng(seed)
    frames = []
    for kind in ("address", "template"):
        entries = pl.DataFrame(
            {"a": rng.integers(0, accounts, values * HOLDERS), "v": rng.integers(0, values, values * HOLDERS)}
        ).unique()
        frames.append(
            entries.select(
                account_id=pl.col("a").cast(pl.String).str.zfill(6),
                kind=pl.lit(kind),
                value=pl.format("{}-{}", pl.lit(kind), "v"),
                event_count=pl.lit(1, pl.UInt32),
                first_seen_at=pl.lit(None, SIGHTINGS.schema["first_seen_at"]),
                last_seen_at=pl.lit(None, SIGHTINGS.schema["last_seen_at"]),
            )
        )
    return pl.concat(frames)


def accounts_of(sightings: pl.DataFrame) -> pl.DataFrame:
    """ACCOUNTS of whoever is in the sightings."""
    known = sightings.group_by("account_id").agg(request_count=pl.len().cast(pl.UInt32))
    return pl.concat([ACCOUNTS.empty(), known], how="diagonal")


def test_values_of_fifty_holders_are_counted_within_a_budget() -> None:
    """Four thousand values with fifty holders each offer five million pairs and twelve million nests; they are looked
    at a part at a time, and none of it says anything.
    """
    sightings = dealt(accounts=3_000, values=2_000, seed=1)
    accounts = accounts_of(sightings)
    tracemalloc.start()
    try:
        links = weigh_links(sightings.lazy(), accounts.lazy(), LinkSettings()).collect()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST
    assert links.is_empty()
