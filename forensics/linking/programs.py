"""Users of one program who are in no network: proposed whole, for the tests of judging to say if they are one hand.

Links weigh what a pair shares, and a value that a third of all accounts show weighs nothing: of accounts with four
requests each, all through one program, no two are ever linked. A proposal needs no weight. It says only "these run one
program"; what becomes of it is decided by tests of dependence, whose nulls keep the program. Where strangers use it,
too, those are proposed who send as much as each other: a balancer's accounts stand out as a peak among customers, whose
volumes differ by orders of magnitude; how much an account sends is kept by these nulls as well.

Blind to:  pools without a program of their own, and unevenly loaded ones whose program has more users that are
           strangers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import SUPPOSED
from forensics.common.schema import MEMBERS, of_operator
from forensics.common.streams import DAY_S
from forensics.describing.sightings import kinds_where
from forensics.linking.networks import network_identity

if TYPE_CHECKING:
    from collections.abc import Collection

PROGRAMS = kinds_where(program=True, holds="hash")  # what only its author sends: anybody sets parameters
ERRANDS = (*PROGRAMS, *kinds_where(errand=True))  # of whose users a peak of like volume is proposed
FEWEST = 20  # users, below which tests of dependence tell little
MOST = 12  # proposals of a kind, the largest
ITS_LIFE = 0.5  # of an account's requests that go through its program
LASTING = 0.5  # of the log's time, from which an account is a standing customer
PROGRAM = ("value", "stays")  # a program's standing customers, and those that come and go
BAND = 1.35  # times the least, that accounts of one peak send a day at most
COUNTED = 30  # requests of an account, below which chance alone makes it uneven
PEAK = 3.0  # times as many accounts as in the bands below and above


def propose_programs(
    kind: str, members: pl.DataFrame, sightings: pl.LazyFrame, accounts: pl.LazyFrame, settled: Collection[str]
) -> pl.DataFrame:
    """One row per account of a proposal: accounts that send most of their requests through one program.

    Standing customers of a program are one proposal and those that come and go another: each must show by itself that
    it is one hand. Seats that behave like those of a declared organisation are in none.

    In:    a kind of SIGHTINGS that tells the program; MEMBERS as formed; SIGHTINGS, ACCOUNTS; settled networks, whose
           members stay. Of others an account is proposed if half of its network comes along.
    Out:   MEMBERS, sorted; nobody is in two proposals.
    """
    return _propose(kind, _main_programs(kind, sightings, accounts).collect(), members, accounts, settled)


def propose_even(
    kind: str, members: pl.DataFrame, sightings: pl.LazyFrame, accounts: pl.LazyFrame, settled: Collection[str]
) -> pl.DataFrame:
    """As `propose_programs`, of the users of one program (or those who come for one thing) those of a peak of like
    volume.
    """
    users = _main_programs(kind, sightings, accounts).filter(pl.col("request_count") >= COUNTED).collect()
    many = users.filter(pl.len().over("value") >= FEWEST).sort("value", "a_day", "account_id")
    peaks = [_peak(part) for part in many.partition_by("value", maintain_order=True)]
    chosen = pl.concat([users.clear(), *(peak for peak in peaks if peak is not None)])
    return _propose(kind, chosen.with_columns(stays=pl.lit(value=True)), members, accounts, settled)


def _peak(users: pl.DataFrame) -> pl.DataFrame | None:
    """The users of one program within the band that holds most, if it stands out; they are in order of volume."""
    volume = np.log(users["a_day"].to_numpy())
    width = float(np.log(BAND))

    def within(low: float, high: float) -> int:
        """Users from `low` on and below `high`."""
        return int(np.searchsorted(volume, high, side="left") - np.searchsorted(volume, low, side="left"))

    ends = np.searchsorted(volume, volume + width, side="right")
    first = int(np.argmax(ends - np.arange(len(volume))))
    last = int(ends[first])
    low, high = float(volume[first]), float(np.nextafter(volume[first] + width, np.inf))
    beside = max(within(low - width, low), within(high, high + width))
    stands_out = last - first >= FEWEST and last - first >= PEAK * beside
    return users[first:last] if stands_out else None


def _propose(
    kind: str, users: pl.DataFrame, members: pl.DataFrame, accounts: pl.LazyFrame, settled: Collection[str]
) -> pl.DataFrame:
    """MEMBERS of proposals, of users by program and whether they stay."""
    placed = of_operator(members.lazy()).select("account_id", "network_id", whole=pl.len().over("network_id")).collect()
    users = users.join(placed, on="account_id", how="left")
    along = 2 * pl.len().over(*PROGRAM, "network_id") >= pl.col("whole")
    free = pl.col("network_id").is_null() | (along & ~pl.col("network_id").is_in(sorted(settled)))
    users = users.filter(free).drop("network_id", "whole").sort("account_id")
    groups = (
        users.group_by(PROGRAM)
        .agg("account_id", users=pl.len())
        .filter(pl.col("users") >= FEWEST)
        .sort("users", *PROGRAM, descending=[True, False, False])
        .head(MOST)
    )
    names = [network_identity(names, []) for names in groups["account_id"]]
    named = groups.select(PROGRAM).with_columns(network_id=pl.Series(names, dtype=pl.String))
    return _as_members(kind, users.join(named, on=PROGRAM), accounts)


def _main_programs(kind: str, sightings: pl.LazyFrame, accounts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account that lives by one program: the one it uses most, of equals the one with fewer users."""
    log_time = pl.col("last_seen_at").max() - pl.col("first_seen_at").min()
    stays = pl.col("last_seen_at") - pl.col("first_seen_at") >= LASTING * log_time
    life_days = (pl.col("last_seen_at") - pl.col("first_seen_at")).dt.total_seconds() / DAY_S
    a_day = pl.col("request_count") / life_days.clip(1.0)
    lives = accounts.select("account_id", "request_count", "principal_id", stays=stays, a_day=a_day)
    own = (pl.col("principal_id") == pl.col("account_id")).fill_null(value=True)
    return (
        sightings.filter(pl.col("kind") == kind)
        .with_columns(holders=pl.len().over("value"))
        .sort("event_count", "holders", "value", descending=[True, False, False])
        .unique("account_id", keep="first", maintain_order=True)
        .select("account_id", "value", "holders", "event_count", since="first_seen_at")
        .join(lives, on="account_id")
        .filter(own & (pl.col("event_count") >= ITS_LIFE * pl.col("request_count")))
    )


def _as_members(kind: str, users: pl.DataFrame, accounts: pl.LazyFrame) -> pl.DataFrame:
    everybody = accounts.select(pl.len()).collect().item()
    bits = (everybody / pl.col("holders")).log(2)
    return (
        users.with_columns(
            membership=pl.lit(SUPPOSED),
            role=pl.lit("member"),
            traffic_share=(pl.col("event_count") / pl.col("request_count")).clip(0, 1),
            link_count=pl.lit(0),
            weight_bits=bits,
            kinds=pl.concat_list(pl.struct(kind=pl.lit(kind), bits=bits)),
            takes_part=pl.lit(None, pl.Float64),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in MEMBERS.schema.items())
        .sort("network_id", "account_id")
    )
