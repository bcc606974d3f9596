"""How an account's use begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.describing.feature import Feature

if TYPE_CHECKING:
    from forensics.common.settings import FeatureSettings

RAMP_DAYS = 3  # a new account's first days, held against its first month
MONTH_DAYS = 30


def describe_lifecycle(events: pl.LazyFrame, _settings: FeatureSettings) -> pl.LazyFrame:
    """One row per account: share of its first month's requests that fell into the first three days.

    In:    EVENTS, any order.
    """
    age = pl.col("started_at") - pl.col("started_at").min()
    early = (age < pl.duration(days=RAMP_DAYS)).sum()
    month = (age < pl.duration(days=MONTH_DAYS)).sum()
    return events.group_by("account_id").agg((early / month).alias("ramp_share"))


PLUGIN = Feature("lifecycle", describe_lifecycle)
