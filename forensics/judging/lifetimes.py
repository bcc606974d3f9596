"""Births, ends and ban waves of accounts. Frames and arrays in, frames and arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import WAVE_S

if TYPE_CHECKING:
    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


HOUR_S = 3600.0
DAY_S = 86400.0
UNSEEN_S = DAY_S  # an account first seen earlier than this after the log's start may be older than the log
DORMANT_DAYS = 7  # silence after which a request wakes an account
STEP_UP = 10  # requests of a day over the median of the 7 days before
STEP_UP_FEWEST = 20  # requests of the day below which no step-up is seen
SILENT_S = 3 * DAY_S  # silence up to the log's end that implies an end …
SILENT_GAPS = 20  # … if it is also this many of the account's own mean gaps
LIVED_S = (
    2 * DAY_S
)  # between first and last request of an account whose silence can imply an end: shorter use was a task, not a life
BUSY = 20  # requests of an account whose silence can imply an end
FEWEST_ENDS = 2  # ends of one kind that are enough to rely on it alone

BIRTHS = pl.Schema({"account": pl.Int64, "at_s": pl.Float64, "kind": pl.String})


def find_births(accounts: pl.DataFrame, events: pl.LazyFrame, members: Ints, start_s: float) -> pl.DataFrame:
    """One row per account that came to life, sorted by time: `first` (first request) or `woken` (dormant before;
    members only).

    In:    ACCOUNTS numbered as `account`; EVENTS with that number.
    Out:   account, at_s, kind.
    Null:  accounts first seen in the first 24 hours, which may be older than the log.
    """
    first = accounts.select(
        pl.col("account").cast(pl.Int64),
        (pl.col("first_seen_at").dt.epoch("us") / 1e6).alias("at_s"),
        pl.lit("first").alias("kind"),
    ).filter(pl.col("at_s") >= start_s + UNSEEN_S)
    return pl.concat([first, _find_woken(events, members)]).sort("at_s", "account", "kind")


def _find_woken(events: pl.LazyFrame, members: Ints) -> pl.DataFrame:
    """One row per awakening of a member: after 7 silent days, or at a step-up to ten times its trailing median day."""
    wanted = pl.LazyFrame({"account": members}, schema={"account": pl.UInt32})
    at_s = pl.col("started_at").dt.epoch("us") / 1e6
    of_members = events.select(pl.col("account").cast(pl.UInt32), at_s.alias("at_s")).join(
        wanted, on="account", how="semi"
    )
    day = (pl.col("at_s") / DAY_S).floor().cast(pl.Int32).alias("day")
    days = (
        of_members.group_by("account", day)
        .agg(pl.len().alias("count"), pl.col("at_s").min().alias("first_s"), pl.col("at_s").max().alias("last_s"))
        .sort("account", "day")
        .collect()
    )
    silence = pl.col("first_s") - pl.col("last_s").shift(1).over("account", order_by="day")
    woken = days.filter(silence >= DORMANT_DAYS * DAY_S).select(
        pl.col("account").cast(pl.Int64), pl.col("first_s").alias("at_s"), pl.lit("woken").alias("kind")
    )
    steps = _step_days(days)
    if steps.is_empty():
        return woken
    # The moment of a step-up is that of the request with which the day outgrew every one of the 7 days before.
    stepped = (
        of_members.with_columns(day)
        .join(steps.lazy(), on=["account", "day"], how="inner")
        .group_by("account", "day")
        .agg(pl.col("at_s").sort().get(pl.col("before").first()))
        .select(pl.col("account").cast(pl.Int64), "at_s", pl.lit("woken").alias("kind"))
        .collect()
    )
    return pl.concat([woken, stepped])


def _step_days(days: pl.DataFrame) -> pl.DataFrame:
    """One row per account and day on which it stepped up, with the largest count of the 7 days before as `before`."""
    empty = pl.DataFrame(schema={"account": pl.UInt32, "day": pl.Int32, "before": pl.UInt32})
    if days.is_empty():
        return empty
    account, day = days["account"].to_numpy().astype(np.int64), days["day"].to_numpy().astype(np.int64)
    count = days["count"].to_numpy().astype(np.int64)
    # Rows are active days by account and day: the week before a row lies in the 7 rows before it.
    before = np.zeros((DORMANT_DAYS, len(day)), dtype=np.int64)
    for back in range(1, DORMANT_DAYS + 1):
        if back < len(day):
            lag = day[back:] - day[:-back]
            near = (account[back:] == account[:-back]) & (lag <= DORMANT_DAYS)
            before[lag[near] - 1, np.flatnonzero(near) + back] = count[:-back][near]
    most = before.max(axis=0)
    first = np.minimum.reduceat(day, np.flatnonzero(np.append(True, np.diff(account) != 0)))
    first = first[np.cumsum(np.append(True, np.diff(account) != 0)) - 1]
    known = first <= day - DORMANT_DAYS  # seen for these 7 days, …
    known &= day - int(day.min()) >= DORMANT_DAYS  # … all of which the log holds
    # median ≤ today / 10 as soon as 4 of the 7 days are; a silence of 7 days (most == 0) is found above.
    hit = ((before * STEP_UP <= count).sum(axis=0) > DORMANT_DAYS // 2) & known & (most > 0) & (count >= STEP_UP_FEWEST)
    after = np.append(False, hit[:-1] & (account[1:] == account[:-1]) & (np.diff(day) == 1))
    fresh = hit & ~after & (most < count)
    return pl.DataFrame({"account": account[fresh], "day": day[fresh], "before": most[fresh]}, schema=empty.schema)


def find_ends(accounts: pl.DataFrame, start_s: float, end_s: float) -> pl.DataFrame:
    """One row per account and kind of end: `banned`, `closed` (declared) or `silent` (implied), sorted by time.

    In:    ACCOUNTS numbered as `account`, with `declared_closed_at` where a register was given.
    Out:   account, at_s, kind; an account may have several kinds. Ends outside the log are left out.
    """
    number = pl.col("account").cast(pl.Int64)
    parts = []
    for kind, column in (("banned", "banned_at"), ("closed", "declared_closed_at")):
        if column in accounts.columns:
            at_s = (pl.col(column).dt.epoch("us") / 1e6).alias("at_s")
            parts.append(
                accounts.select(number, at_s, pl.lit(kind).alias("kind")).filter(
                    pl.col("at_s").is_between(start_s, end_s)
                )
            )
    last_s = pl.col("last_seen_at").dt.epoch("us") / 1e6
    first_s = pl.col("first_seen_at").dt.epoch("us") / 1e6
    mean_gap = (last_s - first_s) / (pl.col("request_count").cast(pl.Float64) - 1)
    silence = end_s - last_s
    silent = accounts.filter(
        pl.col("request_count") >= BUSY,
        last_s - first_s >= LIVED_S,
        silence >= SILENT_S,
        silence >= SILENT_GAPS * mean_gap,
    )
    parts.append(silent.select(number, last_s.alias("at_s"), pl.lit("silent").alias("kind")))
    return pl.concat(parts).cast(BIRTHS).sort("at_s", "account", "kind")


def _rows_of(index: tuple[Ints, Ints], accounts: Ints) -> Ints:
    """Rows of a table that are some accounts', in its order; the index has the rows by account, and accounts."""
    order, account = index
    low, high = np.searchsorted(account, accounts), np.searchsorted(account, accounts, side="right")
    count = high - low
    place = np.repeat(low - np.cumsum(count) + count, count) + np.arange(count.sum())
    return np.sort(order[place])


def births_of(panel: Panel, accounts: Ints) -> pl.DataFrame:
    """The births of some accounts, by time."""
    return panel.births[_rows_of(panel.births_by_account, accounts)]


def ends_of(panel: Panel, group: Group) -> tuple[Ints, Floats, str]:
    """Which members ended, when, by time, and how that is known: bans if any were declared, else closures, else
    silence.

    One declared end alone is not relied on, as most files that know bans know more than one.
    """
    ends = panel.ends[_rows_of(panel.ends_by_account, group.members)]
    for kind in ("banned", "closed", "silent"):
        part = ends.filter(pl.col("kind") == kind)
        if len(part) >= FEWEST_ENDS or kind == "silent":
            break
    return part["account"].to_numpy().astype(np.int64), part["at_s"].to_numpy().astype(float), kind


def find_waves(times: Floats) -> Ints:
    """The wave of each end (times ascending): a wave takes in what follows its first end within an hour."""
    wave = np.zeros(len(times), dtype=np.int64)
    start = 0
    for index in range(1, len(times)):
        if times[index] - times[start] > WAVE_S:
            start = index
            wave[index] = wave[index - 1] + 1
        else:
            wave[index] = wave[index - 1]
    return wave


def is_weekend(times: Floats) -> npt.NDArray[np.bool_]:
    """Saturday or Sunday, UTC; the epoch began on a Thursday."""
    return np.asarray((np.floor(times / DAY_S).astype(np.int64) + 3) % 7 >= 5)


SAID = {"banned": "banned", "closed": "closed", "silent": "fallen silent (no ban or closing time is declared)"}
