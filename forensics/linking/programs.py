"""Users of one program who are in no network: proposed whole, for the tests of judging to say if they are one hand.

Links weigh what a pair shares, and a value that a third of all accounts show weighs nothing: of accounts with four
requests each, all through one program, no two are ever linked. A proposal needs no weight. It says only "these run one
program"; what becomes of it is decided by tests of dependence, whose nulls keep the program.

Blind to:  pools without a program of their own, and those whose program has more users that are strangers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.scale import SUPPOSED
from forensics.common.schema import MEMBERS, of_operator
from forensics.describing.sightings import kinds_where
from forensics.linking.networks import network_identity

if TYPE_CHECKING:
    from collections.abc import Collection

PROGRAMS = kinds_where(program=True, holds="hash")  # what only its author sends: anybody sets parameters
FEWEST = 20  # users, below which tests of dependence tell little
MOST = 12  # proposals of a kind, the largest
ITS_LIFE = 0.5  # of an account's requests that go through its program
LASTING = 0.5  # of the log's time, from which an account is a standing customer
PROGRAM = ("value", "stays")  # a program's standing customers, and those that come and go


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
    placed = of_operator(members.lazy()).select("account_id", "network_id", whole=pl.len().over("network_id"))
    users = _main_programs(kind, sightings, accounts).join(placed, on="account_id", how="left").collect()
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
    lives = accounts.select("account_id", "request_count", "principal_id", stays=stays)
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
