"""On which side an account stands when a measure is weighed: the findings', contested, or everybody else's."""

from __future__ import annotations

import polars as pl

from forensics.common.schema import USED

FOUND, CONTESTED, OTHER = "found", "contested", "other"


def place_accounts(members: pl.LazyFrame, networks: pl.LazyFrame) -> pl.LazyFrame:
    """One row per member of a network: account_id, network_id, side.

    In:    MEMBERS, NETWORKS.
    Out:   side is `found` (the operator's, in a finding), `contested` (in a network whose signs an innocent reason
           explains) or `other`. Accounts in no network are not listed.
    Null:  a `used` account has a life of its own and stands with the others, whatever network it is in.
    """
    have = networks.collect_schema().names()
    contested = pl.col("contested").fill_null(value=False) if "contested" in have else pl.lit(value=False)
    told = networks.select("network_id", pl.col("alert").fill_null(value=False), contested.alias("contested"))
    own = pl.col("role").fill_null("") != USED
    return (
        members.select("network_id", "account_id", "role")
        .join(told, on="network_id", how="left")
        .select(
            "account_id",
            "network_id",
            side=pl.when(own & pl.col("alert"))
            .then(pl.lit(FOUND))
            .when(own & pl.col("contested"))
            .then(pl.lit(CONTESTED))
            .otherwise(pl.lit(OTHER)),
        )
    )


def principal_of(register: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account of the register: account_id, principal_id (its parent, else its organisation, else null)."""
    return register.select("account_id", principal_id=pl.coalesce("parent_id", "organization_id"))
