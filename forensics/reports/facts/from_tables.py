"""Rows of the tables as values of the report model."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from forensics.reports.facts.model import Daily, Member, Sign, Tie

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


def read_tie(row: Mapping[str, Any]) -> Tie:
    """An observable that members share; `bits` as ranked among those of its kind."""
    return Tie(row["kind"], row["value"], row["inside"], row["outside"], row["bits"])


def tied_members(ties: Sequence[Tie], sightings: pl.DataFrame) -> tuple[tuple[Tie, tuple[str, ...]], ...]:
    """Each observable with the members that showed it."""
    if not ties:
        return ()
    keys = pl.DataFrame({"kind": [tie.kind for tie in ties], "value": [tie.value for tie in ties]})
    held = (
        sightings.join(keys, on=["kind", "value"], how="semi")
        .group_by("kind", "value")
        .agg(pl.col("account_id").unique().sort())
    )
    accounts = {(kind, value): tuple(ids) for kind, value, ids in held.iter_rows()}
    return tuple((tie, accounts.get((tie.kind, tie.value), ())) for tie in ties)


def by_birth(member: Member) -> tuple[datetime, str]:
    """Sorting key: first born first, those of unknown birth last."""
    return (member.born_at or member.first_seen_at or datetime.max.replace(tzinfo=UTC), member.account_id)


def spread_out(items: Sequence[T], most: int) -> list[T]:
    """At most `most` items, evenly from first to last."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]


def batched(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in runs of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def rounded(cells: Sequence[float]) -> tuple[float, ...]:
    """To four digits, as figures need no more."""
    return tuple(round(cell, 4) for cell in cells)


def read_member(row: Mapping[str, Any]) -> Member:
    """A row of MEMBERS with what ACCOUNTS and REGISTER know beside it."""
    closed = row["ended_at"] if row["banned_at"] is None else None
    return Member(
        row["account_id"],
        row["membership"],
        row["role"],
        row["link_count"],
        row["weight_bits"],
        row["request_count"] or 0,
        row["born_at"],
        row["first_seen_at"],
        row["last_seen_at"],
        row["banned_at"],
        closed,
        tuple((item["kind"], item["bits"] or 0.0) for item in row["kinds"] or ()),
        traffic_share=row.get("traffic_share"),
        since=row.get("since"),
        takes_part=row.get("takes_part"),
    )


def read_sign(row: Mapping[str, Any]) -> Sign:
    """A row of HALLMARKS."""
    return Sign(
        row["name"],
        row["role"],
        row["channel"] or "",
        row["title"] or row["name"],
        bool(row["assessable"]),
        row["reason"],
        row["measure"],
        row["observed"],
        row["observed_low"],
        row["observed_high"],
        row["expected"],
        row["expected_low"],
        row["expected_high"],
        row["p_value"],
        row["fit"],
        bool(row["holds"]),
        row["sentence"],
        row.get("nature") or "",
        row.get("position"),
    )


def list_days(active: pl.DataFrame, members: Sequence[Member]) -> list[date]:
    """Every day from the first request to the last; by what is known of the accounts where the requests themselves are
    not there.
    """
    first, last = active["day"].min(), active["day"].max()
    if not isinstance(first, date) or not isinstance(last, date):
        seen = [at.date() for member in members for at in (member.first_seen_at, member.last_seen_at) if at is not None]
        if not seen:
            return []
        first, last = min(seen), max(seen)
    return [first + timedelta(days=index) for index in range((last - first).days + 1)]


def count_days(active: pl.DataFrame, members: Sequence[Member], days: Sequence[date]) -> Daily:
    """Requests, active accounts, bans and births of each day."""
    by_day = {
        row[0]: row[1:]
        for row in active.group_by("day").agg(pl.col("requests").sum(), pl.len().alias("accounts")).iter_rows()
    }
    bans: dict[date, int] = defaultdict(int)
    births: dict[date, int] = defaultdict(int)
    for member in members:
        if member.banned_at is not None:
            bans[member.banned_at.date()] += 1
        born = member.born_at or member.first_seen_at
        if born is not None:
            births[born.date()] += 1
    return Daily(
        tuple(days),
        tuple(by_day.get(day, (0, 0))[0] for day in days),
        tuple(by_day.get(day, (0, 0))[1] for day in days),
        tuple(bans[day] for day in days),
        tuple(births[day] for day in days),
    )


def share_models(
    counts: Mapping[tuple[date, str | None], int], names: Sequence[str], days: Sequence[date]
) -> tuple[tuple[float, ...], ...]:
    """For each model its share of the requests of each day; nan on days without requests."""
    totals: dict[date, int] = defaultdict(int)
    for (day, _), count in counts.items():
        totals[day] += count
    return tuple(
        tuple(round(counts.get((day, name), 0) / totals[day], 4) if totals[day] else math.nan for day in days)
        for name in names
    )
