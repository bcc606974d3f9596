"""Where an account comes from: addresses, networks, countries, clients, platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.describing.feature import Feature

if TYPE_CHECKING:
    from forensics.common.settings import FeatureSettings


def describe_origin(events: pl.LazyFrame, _settings: FeatureSettings) -> pl.LazyFrame:
    """One row per account: how many of each origin, and the most frequent ones.

    In:    EVENTS, any order.
    Null:  an origin no event of the account has.
    """
    counted = {
        "address_count": "client_address",
        "prefix_count": "client_prefix",
        "asn_count": "client_asn",
        "country_count": "client_country",
        "client_count": "user_agent",
        "platform_count": "platform",
        "end_user_count": "end_user_id",
    }
    return events.group_by("account_id").agg(
        *(distinct(column).alias(name) for name, column in counted.items()),
        *(
            most_frequent(column).alias(name)
            for name, column in {
                "country": "client_country",
                "client_family": "client_family",
                "platform": "platform",
            }.items()
        ),
    )


def distinct(column: str) -> pl.Expr:
    """Distinct values, null where there is none."""
    values = pl.col(column).drop_nulls()
    return pl.when(values.len() > 0).then(values.n_unique())


def most_frequent(column: str) -> pl.Expr:
    """Most frequent value, ties to the smallest, null where there is none."""
    return pl.col(column).drop_nulls().mode().sort().first()


PLUGIN = Feature("origin", describe_origin)
