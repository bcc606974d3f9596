"""How much an account used, and how often it was turned away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.describing.feature import Feature

if TYPE_CHECKING:
    from forensics.common.settings import FeatureSettings


def describe_volume(events: pl.LazyFrame, _settings: FeatureSettings) -> pl.LazyFrame:
    """One row per account: requests, tokens, errors.

    In:    EVENTS, any order.
    Null:  token sums and error shares where no event of the account has the field.
    """
    status = pl.col("status_code")
    by_hour = events.group_by("account_id", pl.col("started_at").dt.truncate("1h").alias("hour_at")).agg(
        pl.len().alias("n")
    )
    peaks = by_hour.group_by("account_id").agg(
        pl.col("n").max().alias("peak_hour_count"),
        (pl.col("n").sum() / pl.col("hour_at").dt.date().n_unique()).alias("daily_mean_count"),
    )
    sums = events.group_by("account_id").agg(
        pl.len().alias("request_count"),
        *(_sum_or_null(name) for name in ("input_tokens", "output_tokens")),
        (status >= 400).mean().alias("error_share"),
        status.is_in([429, 529]).mean().alias("limited_share"),
        status.is_in([401, 403]).mean().alias("refused_share"),
    )
    return sums.join(peaks, on="account_id", how="left", coalesce=True)


def _sum_or_null(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).cast(pl.UInt64).sum()).alias(name)


PLUGIN = Feature("volume", describe_volume)
