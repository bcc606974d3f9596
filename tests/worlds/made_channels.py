"""A made case of forty resellers: honest ones of all sizes, one that opens the door to pools. Tables at once, no logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from made_case import FrameCase

from forensics.common.schema import TABLES, TIME

START = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 30
ROGUE = "rsl_rogue"


@dataclass(frozen=True)
class Market:
    """The case, and what is true of each reseller."""

    case: FrameCase
    sizes: dict[str, int]
    shares: dict[str, float]  # of its accounts that are a pool's, as drawn from


def fitted(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as a whole table of the contract: what is not given is null."""
    contract = TABLES[name]
    columns = [
        (pl.col(key) if key in frame.columns else pl.lit(None)).cast(column.dtype).alias(key)
        for key, column in contract.columns.items()
    ]
    return frame.select(*columns, *(column for column in frame.columns if column.startswith("observable_")))


def made_market(seed: int, *, resellers: int = 40, rogue: float | None = 0.3, direct: int = 600) -> Market:
    """A case with so many resellers: sizes from 1 to hundreds, pools spread unevenly over the honest ones; two honest
    ones of good size have one pool customer each; the rogue (if any) is of middling size, `rogue` of its accounts are
    several pools', and its new accounts are banned more often.
    """
    rng = np.random.default_rng(seed)
    sizes = np.round(rng.lognormal(3.0, 1.1, resellers)).clip(1, 400).astype(int)
    shares = rng.beta(0.6, 24.0, resellers)
    names = [f"rsl_{number:02d}" for number in range(resellers)]
    small = np.argsort(sizes)[:8]
    sizes[small] = rng.integers(1, 6, 8)
    if rogue is not None:
        middling = int(np.argsort(sizes)[round(resellers * 0.65)])
        names[middling], sizes[middling], shares[middling] = ROGUE, int(rng.integers(35, 80)), rogue
    for place in np.argsort(sizes)[-2:]:
        shares[place] = max(shares[place], 12 / sizes[place])  # one pool of a dozen among many honest customers
    reseller = np.repeat(np.arange(resellers + 1), [*sizes, direct])
    own = np.append(shares, 0.03)
    found = rng.random(len(reseller)) < own[reseller]
    for place in small[:3]:  # an honest small one may have one bad customer
        found[np.flatnonzero(reseller == place)[:1]] = True
    return Market(
        _case(rng, reseller, found, names),
        dict(zip(names, sizes.tolist(), strict=True)),
        dict(zip(names, shares.tolist(), strict=True)),
    )


def _case(rng: np.random.Generator, reseller: np.ndarray, found: np.ndarray, names: list[str]) -> FrameCase:
    count = len(reseller)
    ids = [f"acct_{number:05d}" for number in range(count)]
    born = rng.uniform(0, DAYS - 5, count)
    banned = rng.random(count) < np.where(found, 0.4, 0.02)
    events_each = rng.poisson(12, count) + 3
    who = np.repeat(np.arange(count), events_each)
    at = born[who] + rng.uniform(0, 1, len(who)) * (DAYS - born[who])
    label = pl.Series([*names, None], dtype=pl.String)
    events = pl.DataFrame(
        {
            "started_at": stamps(at),
            "account_id": pl.Series(ids).gather(who),
            "reseller_id": label.gather(reseller[who]),
            "platform": "direct",
            "status_code": 200,
            "source_id": 1,
            "source_line": np.arange(1, len(who) + 1),
        }
    )
    register = pl.DataFrame(
        {
            "account_id": ids,
            "created_at": stamps(born),
            "banned_at": stamps(np.where(banned, DAYS - 1.0, np.nan)),
            "plan": "tier1",
            "reseller_id": label.gather(reseller),
        }
    )
    network = np.where(found, rng.integers(0, 6, count), -1)
    members = pl.DataFrame({"account_id": ids, "network": network}).filter(pl.col("network") >= 0)
    members = members.select(
        "account_id", network_id=pl.format("net_{}", "network"), role=pl.lit("core"), membership=pl.lit(1.0)
    )
    networks = pl.DataFrame({"network_id": [f"net_{number}" for number in range(6)]}).with_columns(
        name=pl.col("network_id"), alert=pl.lit(value=True), contested=pl.lit(value=False)
    )
    tables = {"events": events, "register": register, "members": members, "networks": networks}
    tables = {name: fitted(name, frame) for name, frame in tables.items()}
    return FrameCase({**tables, "accounts": fitted("accounts", described(tables["events"], tables["register"]))})


def described(events: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """What ACCOUNTS says, as far as defences ask."""
    day = pl.col("started_at").dt.date()
    return (
        events.group_by("account_id")
        .agg(
            request_count=pl.len(),
            first_seen_at=pl.col("started_at").min(),
            last_seen_at=pl.col("started_at").max(),
            active_days=day.n_unique(),
            daily_mean_count=pl.len() / day.n_unique(),
            country=pl.col("client_country").drop_nulls().mode().first(),
        )
        .join(register.select("account_id", "created_at", "banned_at"), on="account_id", how="left")
        .with_columns(born_at=pl.coalesce("created_at", "first_seen_at"))
        .sort("account_id")
    )


def stamps(days: np.ndarray) -> pl.Series:
    """Days since START as times; no number is no time."""
    known = np.isfinite(days)
    micros = (np.where(known, days, 0.0) * 86_400e6).astype(np.int64) + round(START.timestamp() * 1e6)
    return pl.select(
        pl.when(pl.Series(known)).then(pl.Series(micros)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(TIME)
    ).to_series()


def at_day(day: float) -> datetime:
    """So many days after START."""
    return START + timedelta(days=day)
