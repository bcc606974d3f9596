"""What part of a member's own traffic is the network's, since when, and hence what it is to the network.

Whoever puts one rare value, a card or a few requests on a stranger's account does not make it a member: it is `used`.
What a platform's logs cannot show is missing, never unlike: an account is held against members by what its platform
shows, and where that is nothing of the network's, no share is told of it.

Blind to:  networks whose members show nothing in common that an event would show (then no share is told).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.describing.sightings import kind_of, kinds_where
from forensics.linking.incidence import USUAL_SHARE
from forensics.linking.membership import telling_values

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Ints
    from forensics.linking.incidence import Incidence

LIFE_COLUMNS = ["account_id", "request_count", "first_seen_at", "last_seen_at", "platform", "platform_count"]
FEWEST = 3  # members that must show a value for it to be the network's
MOST = 0.5  # of the traffic, from which it is the account's life
AS_OTHERS = 2.0  # times as often as the other members that show a value do: more of it is the account's own matter
LITTLE = 1 / 3  # of the share that a full member has, below which an account has a life of its own
FULL = 0.75  # quantile of the members' shares at which one is full: who was drawn in by a program pulls the median down
AS_MUCH = 0.05  # chance of so little passing through a full member, from which an account is one
EARLY = 0.25  # of the time that an account is seen, within which what it was born into shows


def shown_on(sightings: pl.LazyFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """One row per platform and kind that some account shows which is on no other platform; where a platform has no such
    account, that any of its accounts shows.

    In:  SIGHTINGS and ACCOUNTS (LIFE_COLUMNS).
    """
    one = pl.col("platform_count").fill_null(1) <= 1
    telling = accounts.with_columns(_platform()).filter(one | ~one.any().over("platform"))
    return (
        sightings.select("account_id", "kind")
        .join(telling.select("account_id", "platform").lazy(), on="account_id")
        .select("platform", "kind")
        .unique()
        .collect(engine="streaming")
    )


def describe_traffic(
    incidence: Incidence,
    labels: Ints,
    sightings: pl.DataFrame,
    accounts: pl.DataFrame,
    brought: Bools,
    shows: pl.DataFrame,
) -> pl.DataFrame:
    """One row per account in a network: the share of its requests that show the network's own values, and since when.

    In:    SIGHTINGS and ACCOUNTS (LIFE_COLUMNS); labels by principal; which principals only what passed brought: of
           these the share is told by how much passes to and from them, beside the others; what each platform shows
           (`shown_on`).
    Out:   account_id, network, traffic_share, since, part (core apart: member, mixed or used).
    Null:  traffic_share and since where less than half of the network shows any value of its own, or the account's
           platform shows nothing of the kind.
    """
    seats = incidence.seats.with_columns(network=pl.Series(labels).gather(incidence.seats["account"]))
    members = seats.filter(pl.col("network") >= 0).join(
        accounts.select(*(name for name in LIFE_COLUMNS if name != "platform"), _platform()), on="account_id"
    )
    members = members.with_columns(brought=pl.Series(brought).gather(members["account"]))
    own = _own_values(incidence, labels)
    shown = sightings.join(members.select("account_id", "network"), on="account_id").join(
        own, on=["network", "kind", "value"], how="semi"
    )
    by_kind = _as_others_do(shown.join(members.select("account_id", "request_count"), on="account_id"))
    best = _by_platform(by_kind, members, own, shows)
    passing = _share_of_passing(sightings, members)
    best = pl.concat([best.join(passing, on="account_id", how="anti"), passing], how="diagonal")
    told = members.join(best, on="account_id", how="left")
    seen = pl.col("traffic_share").filter(~pl.col("brought"))
    known = pl.col("brought") | ((seen >= USUAL_SHARE).mean() >= MOST).fill_null(value=False).over("network")
    told = told.with_columns(traffic_share=pl.when(known).then("traffic_share"), since=pl.when(known).then("since"))
    return told.select("account_id", "network", "traffic_share", "since", part=_part())


def _platform() -> pl.Expr:
    return pl.col("platform").fill_null("")


def _by_platform(by_kind: pl.DataFrame, members: pl.DataFrame, own: pl.DataFrame, shows: pl.DataFrame) -> pl.DataFrame:
    """One row per member whose platform shows any of the kinds by which its network's traffic is told: the share of its
    requests that does, since when, and what is usual of a full member (`usual`), by these kinds.
    """
    at = ["network", "platform"]
    sees = (
        members.select(at)
        .unique()
        .join(own.select("network", "kind").unique(), on="network")
        .join(shows, on=["platform", "kind"], how="semi")
    )
    views = sees.group_by(at).agg(view=pl.col("kind"))
    # Whoever can show all that a platform shows is somebody to be held against.
    peers = (
        views.join(views, on="network", suffix="_b")
        .filter(pl.col("view").list.set_difference("view_b").list.len() == 0)
        .select("network", "platform", platform_b="platform_b")
        .join(members.select("network", "account_id", "brought", platform_b="platform"), on=["network", "platform_b"])
    )
    shares = (
        peers.join(sees, on=at)
        .join(by_kind, on=["account_id", "kind"], how="left")
        .group_by("account_id", *at, "platform_b", "brought")
        .agg(pl.col("traffic_share").max().fill_null(0.0), pl.col("since").min())
    )
    full = shares.filter(~pl.col("brought")).group_by(at).agg(usual=pl.col("traffic_share").quantile(FULL))
    mine = shares.filter(pl.col("platform") == pl.col("platform_b")).join(full, on=at, how="left")
    return mine.select("account_id", "traffic_share", "since", "usual")


def _as_others_do(shown: pl.DataFrame) -> pl.DataFrame:
    """One row per account and kind: the share of its requests that show the network's values as its other members show
    them, and since when.

    A framework's prompt that a pool sends now and then is not the pool's, and who sends nothing else is not a part of
    it: of each value no more counts than AS_OTHERS times what the median other member shows of it, and one request.
    """
    value = ["network", "kind", "value"]
    rows = (
        shown.with_columns(share=pl.col("event_count") / pl.col("request_count").clip(1))
        .sort(*value, "share", "account_id")
        .with_columns(place=pl.int_range(pl.len()).over(value), middle=((pl.len() - 2) // 2).over(value))
    )
    usual = rows.group_by(value).agg(
        low=pl.col("share").filter(pl.col("place") == pl.col("middle")).first(),
        high=pl.col("share").filter(pl.col("place") == pl.col("middle") + 1).first(),
    )
    others = pl.when(pl.col("place") <= pl.col("middle")).then("high").otherwise("low")
    most = AS_OTHERS * others * pl.col("request_count") + 1.0
    return (
        rows.join(usual, on=value)
        .with_columns(counted=pl.min_horizontal(pl.col("event_count").cast(pl.Float64), most))
        .group_by("account_id", "kind")
        .agg(
            traffic_share=(pl.col("counted").sum() / pl.col("request_count").first().clip(1)).clip(0, 1),
            since=pl.col("first_seen_at").min(),
        )
    )


def _share_of_passing(sightings: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """One row per account that was brought by what passed: which share of its requests are the network's, and since
    when. All are, if as much passes as through the other members, give or take chance.
    """
    value = ["network", "kind", "value"]
    shown = (
        sightings.filter(pl.col("kind").is_in(kinds_where(passes=True)))
        .join(members.select("account_id", "network"), on="account_id")
        .filter(pl.len().over(value) >= 2)
        .group_by("account_id")
        .agg(passed=pl.col("event_count").sum(), since=pl.col("first_seen_at").min())
    )
    rows = members.join(shown, on="account_id", how="left").with_columns(pl.col("passed").fill_null(0))
    usual = (
        rows.filter(~pl.col("brought"))
        .group_by("network")
        .agg(rate=pl.col("passed").sum() / pl.col("request_count").sum().clip(1))
    )
    rows = rows.filter("brought").join(usual, on="network").with_columns(due=pl.col("rate") * pl.col("request_count"))
    from scipy.stats import poisson

    as_much = pl.Series(poisson.cdf(rows["passed"].to_numpy(), rows["due"].to_numpy()) >= AS_MUCH, dtype=pl.Boolean)
    share = (pl.col("passed") / pl.col("due").clip(1e-9)).clip(0, 1)
    return rows.select("account_id", traffic_share=pl.when(as_much).then(1.0).otherwise(share), since="since")


def _part() -> pl.Expr:
    life = pl.col("last_seen_at") - pl.col("first_seen_at")
    late = (pl.col("since") - pl.col("first_seen_at") > EARLY * life).fill_null(value=False)
    little = pl.col("traffic_share") < MOST
    # Of a brought account the share is beside full members as it is.
    usual = pl.when("brought").then(1.0).otherwise("usual")
    return (
        pl.when(little & (late | (_at_most() < LITTLE * usual)))
        .then(pl.lit("used"))
        .when(little)
        .then(pl.lit("mixed"))
        .otherwise(pl.lit("member"))
    )


def _at_most() -> pl.Expr:
    """The upper end of the share's 95 % interval (Wilson): a few requests tell little."""
    n, z = pl.col("request_count").clip(1).cast(pl.Float64), 1.96
    share = pl.col("traffic_share")
    spread = z * (share * (1 - share) / n + z * z / (4 * n * n)).sqrt()
    return (share + z * z / (2 * n) + spread) / (1 + z * z / n)


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
