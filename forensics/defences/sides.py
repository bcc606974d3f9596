"""On which side an account stands when a measure is weighed: the findings', contested, or everybody else's."""

from __future__ import annotations

import polars as pl

from forensics.common.schema import USED

FOUND, CONTESTED, OTHER = "found", "contested", "other"


def place_accounts(members: pl.LazyFrame, networks: pl.LazyFrame) -> pl.LazyFrame:
    """One row per member of a network: account_id, network_id, side.

    In:    MEMBERS, NETWORKS.
    Out:   side is `found` (the operator's, in a finding), `contested` (in a network whose signs an innocent reason
           explains) or `other`.
    Null:  accounts in no network, and `used` ones, which have a life of their own, are not listed: they stand with the
           others.
    """
    have = networks.collect_schema().names()
    contested = pl.col("contested").fill_null(value=False) if "contested" in have else pl.lit(value=False)
    told = networks.select("network_id", pl.col("alert").fill_null(value=False), contested.alias("contested"))
    return (
        members.filter(pl.col("role").fill_null("") != USED)
        .select("network_id", "account_id")
        .join(told, on="network_id", how="left")
        .select(
            "account_id",
            "network_id",
            side=pl.when(pl.col("alert"))
            .then(pl.lit(FOUND))
            .when(pl.col("contested"))
            .then(pl.lit(CONTESTED))
            .otherwise(pl.lit(OTHER)),
        )
    )


def principal_of(register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account of the register: account_id, principal_id (its parent, else its organisation, else null)."""
    return register.select("account_id", principal_id=pl.coalesce("parent_id", "organization_id"))
