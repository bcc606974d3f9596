"""What part of a member's own traffic is the network's, since when, and hence what it is to the network.

Whoever puts one rare value, a card or a few requests on a stranger's account does not make it a member: it is `used`.

Blind to:  networks whose members show nothing in common that an event would show (then no share is told).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.describing.sightings import kind_of
from forensics.linking.incidence import USUAL_SHARE
from forensics.linking.membership import telling_values

if TYPE_CHECKING:
    from forensics.common.arrays import Ints
    from forensics.linking.incidence import Incidence

LIFE_COLUMNS = ["account_id", "request_count", "first_seen_at", "last_seen_at"]
FEWEST = 3  # members that must show a value for it to be the network's
MOST = 0.5  # of the traffic, from which it is the account's life
EARLY = 0.25  # of the time that an account is seen, within which what it was born into shows


def describe_traffic(
    incidence: Incidence, labels: Ints, sightings: pl.DataFrame, accounts: pl.DataFrame
) -> pl.DataFrame:
    """One row per account in a network: the share of its requests that show the network's own values, and since when.

    In:    SIGHTINGS and ACCOUNTS (LIFE_COLUMNS); labels by principal.
    Out:   account_id, network, traffic_share, since, part (core apart: member, mixed or used).
    Null:  traffic_share and since where less than half of the network shows any value of its own.
    """
    seats = incidence.seats.with_columns(network=pl.Series(labels).gather(incidence.seats["account"]))
    members = seats.filter(pl.col("network") >= 0).join(accounts.select(LIFE_COLUMNS), on="account_id")
    shown = sightings.join(members.select("account_id", "network"), on="account_id").join(
        _own_values(incidence, labels), on=["network", "kind", "value"], how="semi"
    )
    by_kind = shown.group_by("account_id", "kind").agg(
        count=pl.col("event_count").sum(), since=pl.col("first_seen_at").min()
    )
    best = (
        by_kind.join(members.select("account_id", "request_count"), on="account_id")
        .with_columns(traffic_share=(pl.col("count") / pl.col("request_count").clip(1)).clip(0, 1))
        .group_by("account_id")
        .agg(pl.col("traffic_share").max(), pl.col("since").min())
    )
    told = members.join(best, on="account_id", how="left").with_columns(pl.col("traffic_share").fill_null(0.0))
    known = (pl.col("traffic_share") >= USUAL_SHARE).mean().over("network") >= MOST
    told = told.with_columns(traffic_share=pl.when(known).then("traffic_share"), since=pl.when(known).then("since"))
    return told.select("account_id", "network", "traffic_share", "since", part=_part())


def _part() -> pl.Expr:
    life = pl.col("last_seen_at") - pl.col("first_seen_at")
    late = (pl.col("since") - pl.col("first_seen_at") > EARLY * life).fill_null(value=False)
    little = pl.col("traffic_share") < MOST
    return (
        pl.when(little & (late | (pl.col("traffic_share") < USUAL_SHARE)))
        .then(pl.lit("used"))
        .when(little)
        .then(pl.lit("mixed"))
        .otherwise(pl.lit("member"))
    )


def _own_values(incidence: Incidence, labels: Ints) -> pl.DataFrame:
    """One row per network and value of its own that shows in events: what is asked, exits, devices, turns taken.

    Clients and parameters are not: anybody may use the same.
    """
    kinds = [kind_of(kind) for kind in incidence.kinds]
    shows = pl.Series(
        [
            not kind.piece and (kind.asked or kind.coupled or kind.line in {"network", "device", "provenance"})
            for kind in kinds
        ],
        dtype=pl.Boolean,
    )
    own = telling_values(incidence, labels).filter(pl.col("m") >= FEWEST)
    own = own.filter(shows.gather(own["kind"]))
    return own.select(
        pl.col("network").cast(pl.Int64),
        kind=pl.Series("kind", incidence.kinds, dtype=pl.String).gather(own["kind"]),
        value=incidence.value_names.gather(own["value"]),
    )
