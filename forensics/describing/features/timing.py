"""When an account works: days, hours, gaps, sessions, rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.streams import SILENCE_S
from forensics.describing.feature import Feature

if TYPE_CHECKING:
    from forensics.common.settings import FeatureSettings

QUIET_HOURS = 8  # length of the quiet window behind night_share, in hours


def describe_timing(events: pl.LazyFrame, settings: FeatureSettings) -> pl.LazyFrame:
    """One row per account: its hours of the day, gaps, sessions.

    In:      EVENTS, any order.
    Null:    gap numbers with too few events (median 2, local variation 3 gaps).
    Source:  local variation: Shinomoto et al. 2003, as in methods C1.
    """
    at, hour_at, count = pl.col("started_at"), pl.col("hour_at"), pl.col("n")
    # All but the sessions is told by how many requests there are in each clock hour.
    by_hour = events.group_by("account_id", at.dt.truncate("1h").alias("hour_at")).agg(
        n=pl.len(), first_seen_at=at.min(), last_seen_at=at.max()
    )
    by_hour = by_hour.with_columns(hour=hour_at.dt.hour())
    clock = by_hour.group_by("account_id").agg(
        pl.col("first_seen_at").min(),
        pl.col("last_seen_at").max(),
        hour_at.dt.date().n_unique().alias("active_days"),
        pl.len().alias("active_hours"),
        (count.filter(hour_at.dt.weekday() >= 6).sum() / count.sum()).alias("weekend_share"),
        *(count.filter(pl.col("hour") == hour).sum().cast(pl.UInt32).alias(f"hour_{hour}") for hour in range(24)),
    )
    named = events.group_by("account_id").agg(pl.col("session_id").drop_nulls().n_unique().alias("named_sessions"))
    basic = clock.join(named, on="account_id", how="left", coalesce=True)
    hours = [pl.col(f"hour_{hour}") for hour in range(24)]
    total = pl.sum_horizontal(hours)
    shares = [hour / total for hour in hours]
    entropy = -pl.sum_horizontal(pl.when(share > 0).then(share * share.log()).otherwise(0.0) for share in shares)
    quiet = pl.min_horizontal(
        pl.sum_horizontal(hours[(start + step) % 24] for step in range(QUIET_HOURS)) for start in range(24)
    )
    basic = basic.with_columns(
        hour_entropy=entropy / pl.lit(24.0).log(),
        night_share=quiet / total,
        hour_counts=pl.concat_list(hours),
    ).drop(f"hour_{hour}" for hour in range(24))
    gaps = describe_gaps(events)
    return (
        basic.join(gaps, on="account_id", how="left", coalesce=True)
        .with_columns(session_count=pl.when(pl.col("named_sessions") > 0).then("named_sessions").otherwise("silences"))
        .drop("named_sessions", "silences")
    )


def describe_gaps(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account: median gap, local variation, number of starts after a silence, longest silence."""
    account = pl.col("account_id")
    same = account == account.shift(1)
    gap = (pl.col("started_at") - pl.col("started_at").shift(1)).dt.total_microseconds() / 1e6
    before = pl.col("gap_s").shift(1)
    pair_sum = pl.col("gap_s") + before
    variation = ((pl.col("gap_s") - before) / pair_sum) ** 2
    return (
        events.select("account_id", "started_at")
        .sort("account_id", "started_at")
        .with_columns(gap_s=pl.when(same).then(gap))
        .with_columns(variation=pl.when(same & (pair_sum > 0)).then(variation))
        .group_by("account_id")
        .agg(
            pl.col("gap_s").median().alias("gap_median_s"),
            # In millionths and whole, so that the sum is exact in whichever order rows come.
            pl.when(pl.col("variation").count() >= 2)
            .then(3e-6 * (pl.col("variation") * 1e6).round().cast(pl.Int64).sum() / pl.col("variation").count())
            .alias("gap_lv"),
            ((pl.col("gap_s") > SILENCE_S).sum() + 1).alias("silences"),
            # rounded: engines divide by a constant in two ways, which shows in the last digit
            (pl.col("gap_s").max().fill_null(0.0) / 86400.0).round(9).alias("dormant_max_days"),
        )
    )


PLUGIN = Feature("timing", describe_timing)
