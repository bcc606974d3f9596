"""How many members signed up from throw-away mail domains, beside comparable customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.schema import of_operator
from forensics.reports.wording.figures import count, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from forensics.common.schema import Tables
    from forensics.reports.facts.comparisons import Comparisons


FEWEST_OTHERS = 30  # accounts in no network below which there is nothing to compare with
NEIGHBOURS = 15  # of an account's rank by requests, to each side, and at least two in a hundred: those are comparable


def read_mailboxes(case: Tables, comparisons: Comparisons, networks: Sequence[str]) -> pl.DataFrame:
    """One row per network with a member whose mail domain is known: network_id, known_count, disposable_count,
    others_share.

    In:    MEMBERS, REGISTER; what was counted of others.
    Null:  others_share, where too few accounts in no network have a mail domain.
    """
    members = (
        of_operator(case.scan("members"))
        .filter(pl.col("network_id").is_in(list(networks)))
        .select("network_id", "account_id")
    )
    others = comparisons.topic("mailbox", networks).select("network_id", others_share="outside")
    return (
        _declared(case)
        .join(members, on="account_id")
        .group_by("network_id")
        .agg(known_count=pl.len().cast(pl.UInt32), disposable_count=pl.col("email_disposable").sum().cast(pl.UInt32))
        .collect()
        .join(others, on="network_id", how="left")
        .sort("network_id")
    )


def _declared(case: Tables) -> pl.LazyFrame:
    return (
        case.scan("register")
        .select("account_id", "email_disposable")
        .drop_nulls()
        .unique("account_id", keep="first", maintain_order=True)
    )


def match_mailboxes(case: Tables, networks: Sequence[str]) -> pl.DataFrame:
    """One row per network with a member whose mail domain is known: network_id, name, inside, outside (shares).

    In:    MEMBERS, REGISTER, ACCOUNTS. Others are accounts in no network, matched to the members by their number of
           requests.
    """
    known = (
        _declared(case)
        .join(case.scan("accounts").select("account_id", "request_count"), on="account_id")
        .join(of_operator(case.scan("members")).select("account_id", "network_id"), on="account_id", how="left")
        .sort("request_count", "account_id")
        .collect()
    )
    others = known.filter(pl.col("network_id").is_null())
    rows = []
    for network in networks:
        mine = known.filter(pl.col("network_id") == network)
        if mine.height:
            share_inside = int(mine["email_disposable"].sum()) / mine.height
            rows.append((network, "disposable", share_inside, _expected(mine, others)))
    schema = {"network_id": pl.String, "name": pl.String, "inside": pl.Float64, "outside": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _expected(mine: pl.DataFrame, others: pl.DataFrame) -> float | None:
    """The share among others who are as busy as the members: the mean over members of the share among each one's
    neighbours by requests.
    """
    if others.height < FEWEST_OTHERS:
        return None
    reach = max(NEIGHBOURS, others.height // 50)
    place = np.searchsorted(others["request_count"].to_numpy(), mine["request_count"].to_numpy())
    low = np.clip(place - reach, 0, max(0, others.height - 2 * reach - 1))
    high = np.minimum(low + 2 * reach + 1, others.height)
    sums = np.concatenate(([0], np.cumsum(others["email_disposable"].to_numpy())))
    return float(((sums[high] - sums[low]) / (high - low)).mean())


def mailbox_sentence(row: Mapping[str, Any]) -> str:
    """The share in words, with its comparison; empty where neither members nor others have such a mailbox."""
    if not row["disposable_count"] and not row["others_share"]:
        return ""
    part = (
        f"{count(row['disposable_count'])} of {count(row['known_count'])} members signed up from a throw-away "
        "mail domain"
    )
    against = (
        f"; comparable customers {share(row['others_share'])}"
        if row["others_share"] is not None
        else "; too few other customers to compare with"
    )
    return f"{part} ({share(row['disposable_count'] / row['known_count'])}{against})."
