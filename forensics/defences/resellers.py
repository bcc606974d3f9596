"""Who brings accounts in, and what kind: every reseller, platform, referrer, way of signing up and plan on one scale.

For each channel several signs are counted, each a share of its accounts (or of its end users), drawn towards the other
channels (`shrinkage`) and held against all accounts that came another way. A channel's score adds up, over the signs,
by how many doublings the lower end of its interval lies above the others: nothing that chance may have done counts.

Blind to:  channels that the logs and the accounts file do not name; one customer with many accounts looks like many
           customers (`largest_count` tells the accounts of its largest network).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import OBSERVABLE_PREFIX
from forensics.common.statistics import wilson
from forensics.defences.shrinkage import fit_prior, shrink_shares
from forensics.defences.sides import CONTESTED, FOUND, place_accounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.arrays import Floats
    from forensics.common.schema import Tables

STANDS_OUT, LIKE_OTHERS, TOO_FEW = "stands out", "does not stand out", "too few to say"
EARLY_DAYS = 3  # a new account's first days
PEERS = 20  # accounts of a plan from which it is a yardstick
BUSY_NEW, BUSY = 0.9, 0.95  # quantile of its plan's accounts above which a new account is abrupt, any account busy
UNNAMED = 0.9  # share of an account's requests without end user from which it passes on none
FEWEST = 5  # accounts (or end users) of a channel below which no sign speaks of it
MOST_DOUBLINGS = 3.0  # that one sign can bring
OUT = 1.5  # times the others that the lower end must reach for a sign to speak
TELLING = (3.0, 0.1)  # a share this many times, or this much above, the others would be worth knowing
WEEK = "1w"
SIGNUP_COLUMNS = ("observable_signup_channel", "observable_signup", "observable_channel")


@dataclass(frozen=True)
class Sign:
    """Something that a channel's accounts can be, and how much it counts in the score; from 1 on it makes a channel
    stand out, below it asks a question.
    """

    name: str
    title: str
    weight: float


SIGNS = (
    Sign("found", "accounts in findings", 1.0),
    Sign("contested", "accounts in contested networks", 0.5),
    Sign("banned", "accounts banned", 1.0),
    Sign("abrupt", "new accounts busy from the first day", 1.0),
    Sign("throwaway", "sign-ups from throw-away mail domains", 0.5),
    Sign("mismatch", "accounts that work from another country than they declare", 0.5),
    Sign("busy", "accounts among the busiest twentieth of their plan", 0.5),
    Sign("unnamed", "accounts that pass on no end user", 0.5),
    Sign("resold", "end users that also came another way", 0.5),
)
DIMENSIONS = {
    "reseller": "resellers",
    "platform": "platforms",
    "referrer": "referrers",
    "signup": "ways of signing up",
    "plan": "plans",
}
PASSES_ON = frozenset({"reseller", "platform"})  # where a request can be expected to name its end user


def list_dimensions(tables: Tables) -> dict[str, str]:
    """What accounts can be sorted by: name and what it is called; mapped observables of the accounts file too."""
    mapped = [name for name in tables.scan("register").collect_schema() if name.startswith(OBSERVABLE_PREFIX)]
    short = {name.removeprefix(OBSERVABLE_PREFIX) for name in mapped if name not in SIGNUP_COLUMNS}
    return DIMENSIONS | {name: name.replace("_", " ") for name in sorted(short)}


def audit_channels(tables: Tables, dimensions: Sequence[str] | None = None) -> pl.DataFrame:
    """One row per dimension and channel: its size, each sign with interval and the others' share, score and standing.

    In:    EVENTS, REGISTER, ACCOUNTS, MEMBERS, NETWORKS; `dimensions` of `list_dimensions`, all built-in ones if left
           out.
    Out:   dimension, channel, rank (by score, then size), standing, score, signs (that speak), account_count,
           principal_count, request_count, traffic_share, network_count (findings with two accounts here or more),
           largest_count, end_user numbers, and for each sign NAME_count, NAME_of, NAME_share, NAME_low, NAME_high,
           NAME_elsewhere.
    Null:  a sign that cannot be assessed from these tables.

    Raises: UsageError for a dimension that these logs do not have.
    """
    known = list_dimensions(tables)
    for name in dimensions or ():
        if name not in known:
            raise UsageError(f"accounts cannot be told apart by {name!r}", f"one of {', '.join(known)}")
    accounts = describe_customers(tables)
    audits = [_audit(tables, name, accounts) for name in dimensions or DIMENSIONS]
    return pl.concat(audits, how="diagonal") if audits else pl.DataFrame()


def describe_customers(tables: Tables) -> pl.DataFrame:
    """One row per account: its network if it is in a finding, and whether each sign of an account holds.

    Out:   account_id, principal_id, network_id, born_at, found, contested, banned, abrupt, throwaway, mismatch, busy.
    Null:  a sign that cannot be told of the account.
    """
    register = tables.scan("register")
    held = register.select(
        "account_id",
        "plan",
        declared="country",
        principal_id=pl.coalesce("parent_id", "organization_id"),
        may_be_banned=pl.col("banned_at").is_not_null().any(),
    )
    seen = tables.scan("accounts").select(
        "account_id", "born_at", "first_seen_at", "banned_at", "email_disposable", "country", "daily_mean_count"
    )
    sides = place_accounts(tables.scan("members"), tables.scan("networks"))
    frame = (
        seen.join(held, on="account_id", how="left")
        .join(sides, on="account_id", how="left")
        .join(_early_pace(tables.scan("events")), on="account_id", how="left")
    )
    pace = pl.col("daily_mean_count")
    enough = pl.len().over("plan") >= PEERS
    abrupt = pl.col("early_pace") > pace.quantile(BUSY_NEW).over("plan")
    side = pl.col("side").fill_null("")
    return frame.select(
        "account_id",
        pl.coalesce("principal_id", "account_id").alias("principal_id"),
        pl.when(side == FOUND).then("network_id").alias("network_id"),
        "born_at",
        found=side == FOUND,
        contested=side == CONTESTED,
        banned=pl.when("may_be_banned").then(pl.col("banned_at").is_not_null()),
        abrupt=pl.when(enough & pl.col("early_pace").is_not_null()).then(abrupt),
        throwaway=pl.col("email_disposable"),
        mismatch=pl.col("declared") != pl.col("country"),
        busy=pl.when(enough).then(pace > pace.quantile(BUSY).over("plan")),
    ).collect()


def _early_pace(events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account first seen well inside the log: requests per active day of its first three days."""
    at = pl.col("started_at")
    early = at - at.min() < pl.duration(days=EARLY_DAYS)
    span = events.select(log_start=at.min(), log_end=at.max())
    return (
        events.group_by("account_id")
        .agg(first_at=at.min(), early_count=early.sum(), early_days=at.filter(early).dt.date().n_unique())
        .join(span, how="cross")
        .filter(
            pl.col("first_at") > pl.col("log_start") + pl.duration(days=1),
            pl.col("first_at") < pl.col("log_end") - pl.duration(days=EARLY_DAYS),
        )
        .select("account_id", early_pace=pl.col("early_count") / pl.col("early_days"))
    )


def sort_accounts(tables: Tables, dimension: str) -> pl.LazyFrame:
    """One row per channel of a dimension and account that came through it: request_count, unnamed_count.

    Null:  accounts and requests without such a channel give no row.
    """
    events, register = tables.scan("events"), tables.scan("register")
    counts = (pl.len().alias("request_count"), pl.col("end_user_id").null_count().alias("unnamed_count"))
    if dimension == "platform":
        used = events.group_by(pl.col("platform").alias("channel"), "account_id").agg(*counts)
    elif dimension == "reseller":
        declared = register.select("account_id", declared="reseller_id")
        by_log = events.group_by("reseller_id", "account_id").agg(*counts)
        used = (
            by_log.join(declared, on="account_id", how="left")
            .group_by(pl.coalesce("reseller_id", "declared").alias("channel"), "account_id")
            .agg(pl.col("request_count", "unnamed_count").sum())
        )
    else:
        have = register.collect_schema().names()
        used = (
            events.group_by("account_id")
            .agg(*counts)
            .join(register.select("account_id", channel=_declared_channel(dimension, have)), on="account_id")
            .select("channel", "account_id", "request_count", "unnamed_count")
        )
    return used.filter(pl.col("channel").is_not_null())


def _declared_channel(dimension: str, have: Sequence[str]) -> pl.Expr:
    if dimension in {"referrer", "plan"}:
        return pl.col(dimension)
    if dimension != "signup":
        return pl.col(f"{OBSERVABLE_PREFIX}{dimension}")
    named = [name for name in SIGNUP_COLUMNS if name in have]
    if named:
        return pl.coalesce(named)
    known = pl.any_horizontal(pl.col("email_domain", "organization_id", "parent_id", "payment_id").is_not_null())
    return (
        pl.when(pl.col("email_disposable").fill_null(value=False))
        .then(pl.lit("throw-away mail"))
        .when(pl.coalesce("parent_id", "organization_id").is_not_null())
        .then(pl.lit("declared organisation"))
        .when(known)
        .then(pl.lit("no organisation declared"))
    )


def _audit(tables: Tables, dimension: str, accounts: pl.DataFrame) -> pl.DataFrame:
    used = sort_accounts(tables, dimension).collect()
    named = dimension in PASSES_ON and bool((used["unnamed_count"] < used["request_count"]).any())
    unnamed = pl.col("unnamed_count") >= UNNAMED * pl.col("request_count")
    told = used.join(accounts, on="account_id", how="left").with_columns(
        unnamed=unnamed if named else pl.lit(None, pl.Boolean)
    )
    of_accounts = [sign.name for sign in SIGNS if sign.name != "resold"]
    rows = told.group_by("channel").agg(
        pl.len().alias("account_count"),
        pl.col("principal_id").n_unique().alias("principal_count"),
        pl.col("request_count").sum().alias("request_count"),
        (pl.col("unnamed_count").sum() / pl.col("request_count").sum()).alias("end_user_missing_share"),
        *(pl.col(name).sum().cast(pl.Float64).alias(f"{name}_count") for name in of_accounts),
        *(pl.col(name).count().cast(pl.Float64).alias(f"{name}_of") for name in of_accounts),
    )
    rows = rows.join(_networks_here(told), on="channel", how="left").join(
        _end_users(tables, dimension), on="channel", how="left"
    )
    everybody = {name: _everybody(accounts, told, name) for name in of_accounts}
    scored = _score(rows.sort("channel"), everybody)
    total = tables.scan("events").select(pl.len()).collect().item()
    return (
        scored.sort("score", "request_count", "channel", descending=[True, True, False])
        .with_row_index("rank", offset=1)
        .select(
            pl.lit(dimension).alias("dimension"),
            "channel",
            "rank",
            "standing",
            "score",
            "signs",
            "account_count",
            "principal_count",
            "request_count",
            (pl.col("request_count") / max(total, 1)).alias("traffic_share"),
            pl.col("network_count", "largest_count").fill_null(0),
            "end_user_missing_share",
            "end_user_count",
            "end_user_entropy_bits",
            *(f"{sign.name}_{part}" for sign in SIGNS for part in ("count", "of", "share", "low", "high", "elsewhere")),
        )
    )


def _networks_here(told: pl.DataFrame) -> pl.DataFrame:
    """One row per channel: findings that have two accounts or more in it, and the accounts of the largest."""
    return (
        told.filter(pl.col("network_id").is_not_null())
        .group_by("channel", "network_id")
        .len()
        .group_by("channel")
        .agg(network_count=(pl.col("len") >= 2).sum(), largest_count=pl.col("len").max())
    )


def _end_users(tables: Tables, dimension: str) -> pl.DataFrame:
    """One row per channel: end users it passes on, the entropy of their requests, how many also came another way."""
    schema = {
        "channel": pl.String,
        "end_user_count": pl.UInt32,
        "end_user_entropy_bits": pl.Float64,
        "resold_count": pl.Float64,
        "resold_of": pl.Float64,
    }
    events = tables.scan("events").filter(pl.col("end_user_id").is_not_null())
    if dimension == "platform":
        asked = events.select("end_user_id", channel="platform")
    elif dimension == "reseller":
        declared = tables.scan("register").select("account_id", declared="reseller_id")
        asked = events.join(declared, on="account_id", how="left").select(
            "end_user_id", channel=pl.coalesce("reseller_id", "declared")
        )
    else:
        return pl.DataFrame(schema=schema)
    users = asked.filter(pl.col("channel").is_not_null()).group_by("channel", "end_user_id").len().collect()
    part = pl.col("len") / pl.col("len").sum()
    shown = users.with_columns(ways=pl.col("channel").n_unique().over("end_user_id"))
    return shown.group_by("channel").agg(
        end_user_count=pl.len(),
        end_user_entropy_bits=-(part * part.log(2)).sum(),
        resold_count=(pl.col("ways") > 1).sum().cast(pl.Float64),
        resold_of=pl.len().cast(pl.Float64),
    )


def _everybody(accounts: pl.DataFrame, told: pl.DataFrame, name: str) -> tuple[float, float]:
    """How many accounts of the case a sign holds for, and of how many it can be told; requests by channel as used."""
    frame = told if name == "unnamed" else accounts
    return float(frame[name].sum() or 0), float(frame[name].count())


def _score(rows: pl.DataFrame, everybody: dict[str, tuple[float, float]]) -> pl.DataFrame:
    """The rows with every sign's share, interval and the others' share, the score, and the standing."""
    score, out = np.zeros(rows.height), np.zeros(rows.height, bool)
    spoken: list[list[str]] = [[] for _ in range(rows.height)]
    unsure = np.ones(rows.height, bool)
    columns: list[pl.Series] = []
    for sign in SIGNS:
        hits = rows[f"{sign.name}_count"].fill_null(0).to_numpy().astype(float)
        numbers = rows[f"{sign.name}_of"].fill_null(0).to_numpy().astype(float)
        whole = everybody.get(sign.name, (float(hits.sum()), float(numbers.sum())))
        share, low, high = shrink_shares(hits, numbers, fit_prior(hits, numbers))
        rest = np.maximum(whole[1] - numbers, 0.0)
        others = np.maximum(whole[0] - hits, 0.0)
        told = (numbers > 0) & (rest > 0)
        floor = (others + 0.5) / (rest + 1.0)  # nobody elsewhere is not a share of nothing
        own = _own_bounds(hits, numbers)
        least = np.minimum(low, own[0])  # neither the others' likeness nor its own few accounts speak alone
        speaks = told & (numbers >= FEWEST) & (least > OUT * floor)
        doublings = np.log2(np.maximum(least, 1e-12) / floor).clip(0.0, MOST_DOUBLINGS)
        score += np.where(speaks, sign.weight * doublings, 0.0)
        out |= speaks & (sign.weight >= 1.0)
        for place in np.flatnonzero(speaks):
            spoken[place].append(sign.name)
        if sign.name == "found":
            unsure = ~told | (numbers < FEWEST) | (own[1] >= np.maximum(TELLING[0] * floor, floor + TELLING[1]))
        elsewhere = np.where(rest > 0, others / np.maximum(rest, 1.0), np.nan)
        for part, values in (("share", share), ("low", low), ("high", high), ("elsewhere", elsewhere)):
            named = pl.Series(f"{sign.name}_{part}", values, dtype=pl.Float64)
            columns.append(named.set(pl.Series(~told), None))
    standing = np.where(out, STANDS_OUT, np.where(unsure, TOO_FEW, LIKE_OTHERS))
    return rows.with_columns(
        *columns,
        score=pl.Series(score),
        standing=pl.Series(standing.tolist(), dtype=pl.String),
        signs=pl.Series(spoken, dtype=pl.List(pl.String)),
    )


def _own_bounds(hits: Floats, numbers: Floats) -> tuple[Floats, Floats]:
    """95 % interval of each channel's share by its own accounts alone."""
    pairs = [wilson(hit, number) if number else (0.0, 1.0) for hit, number in zip(hits, numbers, strict=True)]
    bounds = np.array(pairs).reshape(-1, 2)
    return bounds[:, 0], bounds[:, 1]


def quality_by_week(tables: Tables, dimension: str) -> pl.DataFrame:
    """One row per channel and week in which accounts were opened: born_count, and how many turned out each way.

    Out:   dimension, channel, week_at, born_count, found_count, banned_count, abrupt_count, throwaway_count, bad_count
           (any of found, banned, throw-away), bad_share with bad_low and bad_high.
    Null:  accounts opened before the log began.
    """
    start = tables.scan("events").select(pl.col("started_at").min()).collect().item()
    names = ("found", "banned", "abrupt", "throwaway")
    bad = pl.any_horizontal(pl.col("found", "banned", "throwaway").fill_null(value=False))
    rows = (
        sort_accounts(tables, dimension)
        .collect()
        .join(describe_customers(tables), on="account_id", how="left")
        .filter(pl.col("born_at") >= start)
        .group_by("channel", pl.col("born_at").dt.truncate(WEEK).alias("week_at"))
        .agg(
            pl.len().alias("born_count"),
            *(pl.col(name).sum().alias(f"{name}_count") for name in names),
            bad.sum().alias("bad_count"),
        )
        .sort("channel", "week_at")
    )
    bounds = [wilson(bad, born) for bad, born in rows.select("bad_count", "born_count").iter_rows()]
    return rows.select(
        pl.lit(dimension).alias("dimension"),
        pl.all(),
        bad_share=pl.col("bad_count") / pl.col("born_count"),
        bad_low=pl.Series([low for low, _ in bounds], dtype=pl.Float64),
        bad_high=pl.Series([high for _, high in bounds], dtype=pl.Float64),
    )


def compare_audits(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """One row per channel of either audit: what it was and what it is.

    Out:   dimension, channel, change (new, gone, worse, better or same: by intervals of the share in findings that do
           not overlap, or by standing), and account_count, found_share, standing of both, `_before` for the earlier
           one.
    """
    kept = ("account_count", "request_count", "found_share", "found_low", "found_high", "standing", "rank")
    both = now.select("dimension", "channel", *kept).join(
        before.select("dimension", "channel", *kept),
        on=["dimension", "channel"],
        how="full",
        coalesce=True,
        suffix="_before",
    )
    grade = {STANDS_OUT: 1, LIKE_OTHERS: 0, TOO_FEW: 0}
    turn = pl.col("standing").replace_strict(grade, default=0, return_dtype=pl.Int8) - pl.col(
        "standing_before"
    ).replace_strict(grade, default=0, return_dtype=pl.Int8)
    change = (
        pl.when(pl.col("standing_before").is_null())
        .then(pl.lit("new"))
        .when(pl.col("standing").is_null())
        .then(pl.lit("gone"))
        .when((pl.col("found_low") > pl.col("found_high_before")) | (turn > 0))
        .then(pl.lit("worse"))
        .when((pl.col("found_high") < pl.col("found_low_before")) | (turn < 0))
        .then(pl.lit("better"))
        .otherwise(pl.lit("same"))
    )
    return both.with_columns(change=change).sort("dimension", "rank", "channel", nulls_last=True)
