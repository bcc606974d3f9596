"""Size, span and pace of networks."""

from __future__ import annotations

import polars as pl

from forensics.common.schema import of_operator


def measure_networks(
    members: pl.LazyFrame, events: pl.LazyFrame, accounts: pl.LazyFrame, register: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per network: size, span, pace, platforms, bits by kind. No verdicts; accounts that it only uses do not
    count.
    """
    members = of_operator(members)
    of_member = members.select("network_id", "account_id")
    totals = (
        of_member.join(
            accounts.select(
                "account_id", "request_count", "input_tokens", "output_tokens", "first_seen_at", "last_seen_at"
            ),
            on="account_id",
        )
        .group_by("network_id")
        .agg(
            pl.len().alias("account_count"),
            pl.col("request_count").cast(pl.UInt64).sum(),
            *(
                pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)
                for name in ("input_tokens", "output_tokens")
            ),
            pl.col("first_seen_at").min(),
            pl.col("last_seen_at").max(),
        )
        .with_columns(span_days=(pl.col("last_seen_at") - pl.col("first_seen_at")).dt.total_microseconds() / 86400e6)
        .with_columns(daily_count=pl.col("request_count") / pl.max_horizontal(pl.col("span_days"), pl.lit(1.0)))
    )
    own = events.select("account_id", "started_at", "platform", "request_model").join(of_member, on="account_id")
    days = own.group_by("network_id", pl.col("started_at").dt.date().alias("day"))
    active = (
        days.agg(pl.col("account_id").n_unique().alias("n"))
        .group_by("network_id")
        .agg(pl.col("n").median().cast(pl.UInt32).alias("concurrent_count"))
    )
    peak = days.agg(pl.len().alias("n")).group_by("network_id").agg(pl.col("n").max().alias("peak_day"))
    limits = (
        of_member.join(register.select("account_id", "limit_per_minute", "limit_per_day"), on="account_id")
        .with_columns(daily=pl.coalesce("limit_per_day", pl.col("limit_per_minute") * 1440.0))
        .group_by("network_id")
        .agg(pl.col("daily").median().alias("daily_limit"))
    )
    table = (
        totals.join(active, on="network_id", how="left")
        .join(peak, on="network_id", how="left")
        .join(limits, on="network_id", how="left")
        .join(_principals(of_member, accounts, register), on="network_id", how="left")
    )
    for name, column, most in (("platforms", "platform", 6), ("models", "request_model", 5)):
        table = table.join(_most_used(own, column, most).rename({column: name}), on="network_id", how="left")
    return (
        table.join(_bits(members), on="network_id", how="left")
        .with_columns(limit_multiple=pl.col("peak_day") / pl.col("daily_limit"))
        .with_columns(pl.col(name).fill_null([]) for name in ("platforms", "models", "kinds"))
        .drop("peak_day", "daily_limit")
        .sort("network_id")
    )


def _principals(of_member: pl.LazyFrame, accounts: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per network: how many customers its members are, those of one declared organisation or parent as one."""
    if "principal_id" in accounts.collect_schema().names():
        known = of_member.join(accounts.select("account_id", principal="principal_id"), on="account_id", how="left")
    else:
        declared = register.select("account_id", principal=pl.coalesce("parent_id", "organization_id"))
        known = of_member.join(declared, on="account_id", how="left")
    return known.group_by("network_id").agg(
        pl.coalesce("principal", "account_id").n_unique().cast(pl.UInt32).alias("principal_count")
    )


def _most_used(own: pl.LazyFrame, column: str, most: int) -> pl.LazyFrame:
    return (
        own.filter(pl.col(column).is_not_null())
        .group_by("network_id", column)
        .agg(pl.len().alias("n"))
        .sort("network_id", "n", column, descending=[False, True, False])
        .group_by("network_id", maintain_order=True)
        .agg(pl.col(column).head(most))
    )


def _bits(members: pl.LazyFrame) -> pl.LazyFrame:
    """One row per network: median bits a member owes to each kind; members without the kind count as zero."""
    ties = members.select("network_id", "account_id", "kinds").explode("kinds").drop_nulls("kinds").unnest("kinds")
    sizes = members.group_by("network_id").agg(pl.len().alias("size"))
    return (
        ties.join(sizes, on="network_id")
        .group_by("network_id", "kind")
        .agg(pl.col("bits").sort(), pl.col("size").first())
        # The median over all members, of whom size - len have zero bits.
        .with_columns(
            place=(pl.col("size") // 2).cast(pl.Int64)
            - pl.col("size").cast(pl.Int64)
            + pl.col("bits").list.len().cast(pl.Int64)
        )
        .with_columns(
            bits=pl.when(pl.col("place") >= 0)
            .then(pl.col("bits").list.get(pl.max_horizontal("place", pl.lit(0)), null_on_oob=True))
            .otherwise(0.0)
        )
        .sort("network_id", "bits", "kind", descending=[False, True, False])
        .group_by("network_id", maintain_order=True)
        .agg(pl.struct("kind", "bits").alias("kinds"))
    )
