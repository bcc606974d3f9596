"""What is dated far ahead of the rest is kept apart: one line of the year 2099 must not move the end of the log, by
which windows and retention are counted.

The end of a log is the end of its bulk. Events are ahead of it where they are dated more than a day after the reading
clock (unless most of the log is: then the clock is wrong), or where they are few and stand alone after a silence far
longer than any before it. They are looked at anew in every run, and join the rest once it has caught up with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.case.store import Case

AHEAD = timedelta(days=1)  # of the clock: zones and clocks that are not set differ by less
SILENCE_DAYS = 3  # without an event: what follows more of them may stand alone,
SILENCES = 3  # if they are also more than so many times the longest silence before
FEW_SHARE = 0.05  # of the events of a usual day: fewer a day are few
FEWEST = 20 / 19  # all that is kept apart for standing alone is at most a twentieth
LIVE = timedelta(days=2)  # before the clock: events of these days are what a log that goes on has


@dataclass(frozen=True)
class Apart:
    """What is kept apart now: how many events, from when to when; how many are new or came back in this run."""

    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    added: int = 0
    released: int = 0
    lines: tuple[tuple[str, int], ...] = ()  # the first of them: path and line


def set_apart(case: Case, clock: datetime | None) -> Apart:
    """Keep events apart that are dated far ahead; take back those with which the log has caught up."""
    days = count_days(case.scan("events"), case.scan("quarantined"))
    limit = find_limit(days, clock)
    added = released = 0
    if limit is not None:
        released = case.move("quarantined", "events", pl.col("started_at") <= limit) if case.has("quarantined") else 0
        if days[-1][0] >= limit.date():
            added = case.move("events", "quarantined", pl.col("started_at") > limit)
    return describe_apart(case, added, released)


def describe_apart(case: Case, added: int = 0, released: int = 0) -> Apart:
    """What is kept apart."""
    if not case.has("quarantined"):
        return Apart(added=added, released=released)
    apart = case.scan("quarantined").select("started_at", "source_id", "source_line")
    named = apart.join(case.scan("sources").select("source_id", "path"), on="source_id", how="left")
    rows = named.sort("started_at", "source_id", "source_line").collect()
    lines = tuple(rows.head(3).select("path", "source_line").iter_rows())
    first, last = rows["started_at"].min(), rows["started_at"].max()
    return Apart(rows.height, first, last, added, released, lines)  # type: ignore[arg-type]  # times


def count_days(*frames: pl.LazyFrame) -> list[tuple[date, int]]:
    """Days with events and how many, in order; never longer than there are events."""
    days = [frame.group_by(day=pl.col("started_at").dt.date()).agg(pl.len()) for frame in frames]
    found = pl.concat(days).group_by("day").agg(pl.col("len").sum()).sort("day")
    return list(found.collect(engine="streaming").iter_rows())


def find_limit(days: Sequence[tuple[date, int]], clock: datetime | None) -> datetime | None:
    """The moment after which events are kept apart; None without any.

    In:    `count_days`. clock: when they are read.
    """
    if not days:
        return None
    total = sum(count for _, count in days)
    latest = clock + AHEAD if clock is not None else None
    if latest is not None and 2 * sum(count for day, count in days if day > latest.date()) > total:
        latest = clock = None  # most of the log is ahead of it: it is the clock that is wrong
    bulk = [item for item in days if latest is None or item[0] <= latest.date()]
    most = sum(count for _, count in bulk)
    while (cut := _lone_tail(bulk, clock)) is not None and FEWEST * sum(count for _, count in bulk[:cut]) >= most:
        bulk = bulk[:cut]
    end = datetime.combine(bulk[-1][0], datetime.max.time(), UTC)
    return end if latest is None else min(end, latest)


def _lone_tail(days: Sequence[tuple[date, int]], clock: datetime | None) -> int | None:
    """Where the few last events begin that stand alone after a long silence; None where there are none such."""
    silences = [(later[0] - earlier[0]).days - 1 for earlier, later in pairwise(days)]
    longest = 0
    for place, silence in enumerate(silences, start=1):
        if silence > max(SILENCE_DAYS, SILENCES * longest) and _are_few(days, place, clock):
            return place
        longest = max(longest, silence)
    return None


def _are_few(days: Sequence[tuple[date, int]], place: int, clock: datetime | None) -> bool:
    """Whether from a place on there are so few events that they say nothing of how long the log runs."""
    if clock is not None and days[-1][0] >= (clock - LIVE).date():
        return False
    before = sorted(count for _, count in days[:place])
    usual, tail = before[len(before) // 2], days[place:]
    count = sum(number for _, number in tail)
    return count <= max(1.0, FEW_SHARE * usual) * len(tail)
