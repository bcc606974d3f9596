"""What an account asks for: models, sizes, templates, parameters, extraction flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.schema import EXTRACTION_MASK
from forensics.describing.feature import Feature

if TYPE_CHECKING:
    from forensics.common.settings import FeatureSettings

PARAMETERS = ("max_tokens", "temperature", "top_p", "stop_count", "stream")


def describe_usage(events: pl.LazyFrame, _settings: FeatureSettings) -> pl.LazyFrame:
    """One row per account: variety and size of its requests.

    In:    EVENTS, any order.
    Null:  numbers whose column no event of the account has; variation with fewer than 2 events.
    """
    flags = pl.col("content_flags")
    plain = events.group_by("account_id").agg(
        *(
            _distinct(column).alias(name)
            for name, column in {
                "model_count": "request_model",
                "prompt_count": "prompt_hash",
                "template_count": "template_hash",
                "system_count": "system_hash",
            }.items()
        ),
        *(pl.col(name).median().alias(f"{name}_median") for name in ("input_tokens", "output_tokens")),
        *(_variation(name).alias(f"{name}_cv") for name in ("input_tokens", "output_tokens")),
        pl.col("stream").mean().alias("stream_share"),
        ((flags & EXTRACTION_MASK) > 0).mean().alias("flagged_share"),
    )
    top_models = _top(events, "request_model").rename({"request_model": "top_model", "share": "top_model_share"})
    top_systems = _top(events, "system_hash").select("account_id", pl.col("share").alias("top_system_share"))
    return (
        plain.join(top_models, on="account_id", how="left", coalesce=True)
        .join(top_systems, on="account_id", how="left", coalesce=True)
        .join(_parameter_entropy(events), on="account_id", how="left", coalesce=True)
    )


def _distinct(column: str) -> pl.Expr:
    values = pl.col(column).drop_nulls()
    return pl.when(values.len() > 0).then(values.n_unique())


def _variation(column: str) -> pl.Expr:
    """Standard deviation over mean from whole-number sums: the same in whichever order rows come."""
    value = pl.col(column).cast(pl.Int64)
    count, total, squares = value.count(), value.sum(), (value * value).sum()
    variance = (squares - total * total / count) / (count - 1)
    return pl.when((count >= 2) & (total > 0)).then(pl.max_horizontal(variance, pl.lit(0.0)).sqrt() / (total / count))


def _top(events: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """One row per account: its most frequent value of `column` and that value's share among events that have one."""
    return (
        events.filter(pl.col(column).is_not_null())
        .group_by("account_id", column)
        .agg(pl.len().alias("n"))
        .sort("account_id", "n", column, descending=[False, True, False])
        .group_by("account_id", maintain_order=True)
        .agg(pl.col(column).first(), (pl.col("n").first() / pl.col("n").sum()).alias("share"))
    )


def _parameter_entropy(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account with any request parameter: entropy of the tuple, in bits."""
    share = pl.col("n") / pl.col("n").sum()
    return (
        events.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in PARAMETERS))
        .group_by("account_id", *PARAMETERS)
        .agg(pl.len().alias("n"))
        .group_by("account_id")
        # rounded: the streaming engine adds in chunks of its own choice, which shows in the last digit
        .agg((-(share * share.log(2.0)).sort().sum()).round(9).alias("params_entropy_bits"))
    )


PLUGIN = Feature("usage", describe_usage)
