"""Events → one row an account, in numbers. Null means: these logs cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.plugins import discover
from forensics.common.schema import ACCOUNTS
from forensics.describing.feature import Feature
from forensics.describing.principals import find_principals

if TYPE_CHECKING:
    from forensics.common.settings import FeatureSettings


def describe_accounts(
    events: pl.LazyFrame, register: pl.LazyFrame, settings: FeatureSettings, principals: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """One row per account that sent a request.

    In:    EVENTS, any order; REGISTER (may be empty) for births and bans. Where they are those of some accounts only,
           the `principals` of all, because an organisation may have accounts in any bucket.
    Out:   ACCOUNTS, sorted by account_id.
    Null:  numbers whose event columns are null for the whole account.
    """
    table: pl.LazyFrame | None = None
    for feature in discover(__name__).values():
        if isinstance(feature, Feature):
            part = feature.describe(events, settings)
            table = part if table is None else table.join(part, on="account_id", how="left", coalesce=True)
    if table is None:
        return ACCOUNTS.empty().lazy()
    declared = register.select("account_id", "created_at", "closed_at", "banned_at", "email_disposable").unique(
        "account_id", keep="first", maintain_order=True
    )
    return (
        table.join(declared, on="account_id", how="left", coalesce=True)
        .join(
            find_principals(events, register) if principals is None else principals,
            on="account_id",
            how="left",
            coalesce=True,
        )
        .with_columns(
            # An account file may know of later births than the log shows (a dormant pool), never of births after first
            # use.
            born_at=pl.min_horizontal("created_at", "first_seen_at"),
            ended_at=pl.coalesce("banned_at", "closed_at"),
        )
        .select(pl.col(name).cast(column.dtype) for name, column in ACCOUNTS.columns.items())
        .sort("account_id")
    )
