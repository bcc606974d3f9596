"""The facts a report is made of, read from a case's tables: what was read, and who is in a network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.schema import OBSERVABLE_PREFIX, of_operator
from forensics.describing.sightings import find_kinds
from forensics.reports.facts.comparisons import Comparisons, count_case, counts_hold
from forensics.reports.facts.gaps import Blind, Gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.schema import Tables

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Overview:
    """What was read. line_count = event_count + duplicate_count + reject_count + blank_count."""

    file_count: int
    line_count: int
    event_count: int
    duplicate_count: int
    reject_count: int
    blank_count: int
    account_count: int
    registered_count: int
    formats: tuple[str, ...]
    platforms: tuple[tuple[str, int], ...]  # with their requests, busiest first
    first_at: datetime | None
    last_at: datetime | None
    gaps: tuple[Gap, ...]
    blind: tuple[Blind, ...]
    is_copy: bool = False  # the tables hold a part of the case; these are the numbers of the whole
    network_count: int | None = None  # of a copy: networks of the whole case,
    explained_count: int | None = None  # and those of them with an innocent explanation


def read_overview(case: Tables) -> Overview:
    """What was read and what these logs cannot tell; of a copy, what its original was.

    In:    SOURCES, EVENTS, REGISTER, ACCOUNTS of the case; COMPARISONS of a copy.
    """
    sources = case.scan("sources").collect()
    stored = Comparisons(case.scan("comparisons").collect())
    whole = stored if stored.is_copy or counts_hold(case, stored) else Comparisons(count_case(case))
    facts = whole.facts()
    totals = {
        name: int(sources.get_column(name).sum())
        for name in ("line_count", "duplicate_count", "reject_count", "blank_count")
    }
    platforms = whole.topic("platform").sort(["inside", "name"], descending=[True, False])
    first, last = facts.get("first_at_us"), facts.get("last_at_us")
    return Overview(
        file_count=sources.get_column("path").n_unique(),
        event_count=facts.get("event_count") or 0,
        account_count=facts.get("account_count") or 0,
        registered_count=facts.get("registered_count") or 0,
        formats=tuple(sources.get_column("format").drop_nulls().unique().sort()),
        platforms=tuple((name, int(count)) for name, count in platforms.select("name", "inside").iter_rows()),
        first_at=None if first is None else read_moment(first),
        last_at=None if last is None else read_moment(last),
        gaps=tuple(
            Gap(row["name"], read_moment(row["inside"]), read_moment(row["outside"]))
            for row in whole.topic("gap").sort("value").iter_rows(named=True)
        ),
        blind=tuple(
            Blind(what, why) for what, why in whole.topic("blind").sort("inside").select("name", "value").iter_rows()
        ),
        is_copy=stored.is_copy,
        network_count=facts.get("network_count"),
        explained_count=facts.get("explained_count"),
        **totals,
    )


def read_moment(microseconds: float) -> datetime:
    """A time stored as microseconds since 1970."""
    return EPOCH + timedelta(microseconds=int(microseconds))


# What a content flag means to a reader.
FLAG_TITLES = {
    "reasoning": "reasoning elicitation",
    "verbatim": "verbatim recall",
    "forced_tags": "forced tags",
    "grading": "grading",
    "rewrite": "rewriting",
    "tools": "tool orchestration",
    "thinking_language": "language of thinking",
    "code": "code",
}


def read_top_members(case: Tables, networks: Sequence[str], most: int) -> pl.DataFrame:
    """The members that belong most surely, busiest first among equals: `most` rows a network."""
    members = of_operator(case.scan("members")).filter(pl.col("network_id").is_in(list(networks)))
    accounts = case.scan("accounts").select(
        "account_id", "request_count", "first_seen_at", "last_seen_at", "banned_at", "ended_at", "platform"
    )
    return (
        members.join(accounts, on="account_id", how="left")
        .sort(
            ["network_id", "membership", "request_count", "account_id"],
            descending=[False, True, True, False],
            nulls_last=True,
        )
        .group_by("network_id", maintain_order=True)
        .head(most)
        .collect()
    )


def kind_titles() -> dict[str, str]:
    """What each kind of sighting is called, from its plugin; a mapped observable as the mapping calls it."""
    return {name: kind.title for name, kind in find_kinds().items()}


def mapped_kinds(case: Tables) -> list[str]:
    """Kinds that come from the mapping's [observables]."""
    return sorted(
        name.removeprefix(OBSERVABLE_PREFIX)
        for name in case.scan("events").collect_schema()
        if name.startswith(OBSERVABLE_PREFIX)
    )
