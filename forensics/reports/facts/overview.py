"""The facts a report is made of, read from a case's tables: what was read, what could not be assessed, what ties a
network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.schema import CONTENT_FLAGS, OBSERVABLE_PREFIX
from forensics.describing.sightings import find_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from forensics.common.schema import Tables

# Hours without an event count as a gap where this many were due by the platform's own rhythm.
GAP_EVENTS_DUE = 50.0
GAPS_SHOWN = 3


@dataclass(frozen=True)
class Gap:
    """Hours in which a platform's log is silent against its own rhythm."""

    platform: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Blind:
    """Something that could not be assessed, and why."""

    what: str
    why: str


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
    platforms: tuple[str, ...]
    first_at: datetime | None
    last_at: datetime | None
    gaps: tuple[Gap, ...]
    blind: tuple[Blind, ...]


# What an analyst would ask about, and the columns that any answer rests on (event columns, register columns).
CHANNELS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("addresses", ("client_address", "client_prefix"), ()),
    ("clients", ("user_agent", "tls_ja4"), ()),
    ("models", ("request_model",), ()),
    ("tokens", ("output_tokens",), ()),
    ("prompt templates", ("template_hash",), ()),
    ("system prompts", ("system_hash",), ()),
    ("content", ("content_flags",), ()),
    ("conversations", ("prefix_hashes",), ()),
    ("replayed reasoning", ("reasoning_hash_in",), ()),
    ("devices", ("device_id",), ("device_id",)),
    ("error answers", ("status_code",), ()),
    ("latency", ("latency_ms",), ()),
    ("payment", (), ("payment_id",)),
    ("sign-ups", (), ("created_at",)),
    ("bans", (), ("banned_at",)),
    ("organisations", ("organization_id",), ("organization_id", "parent_id")),
    ("plan limits", (), ("limit_per_minute", "limit_per_day")),
)


def read_overview(case: Tables) -> Overview:
    """What was read and what these logs cannot tell.

    In:    SOURCES, EVENTS, REGISTER, ACCOUNTS of the case.
    """
    sources = case.scan("sources").collect()
    event_columns = sorted({name for _, names, _ in CHANNELS for name in names})
    register_columns = sorted({name for _, _, names in CHANNELS for name in names})
    spans, hourly, declared, account_count = pl.collect_all(
        [
            case.scan("events").select(
                pl.len().alias("event_count"),
                pl.col("started_at").min().alias("first_at"),
                pl.col("started_at").max().alias("last_at"),
                *(pl.col(name).count().alias(f"has_{name}") for name in event_columns),
            ),
            case.scan("events")
            .group_by("platform", pl.col("started_at").dt.truncate("1h").alias("hour_at"))
            .len()
            .sort("platform", "hour_at"),
            case.scan("register").select(
                pl.len().alias("registered_count"),
                *(pl.col(name).count().alias(f"has_{name}") for name in register_columns),
            ),
            case.scan("events").select(pl.col("account_id").n_unique()),
        ]
    )
    facts, declared_facts = spans.row(0, named=True), declared.row(0, named=True)
    totals = {
        name: int(sources.get_column(name).sum())
        for name in ("line_count", "duplicate_count", "reject_count", "blank_count")
    }
    platforms = (
        hourly.filter(pl.col("platform").is_not_null())
        .group_by("platform")
        .agg(pl.col("len").sum())
        .sort(["len", "platform"], descending=[True, False])
    )
    return Overview(
        file_count=sources.get_column("path").n_unique(),
        event_count=facts["event_count"],
        account_count=account_count.item(),
        registered_count=declared_facts["registered_count"],
        formats=tuple(sources.get_column("format").drop_nulls().unique().sort()),
        platforms=tuple(platforms.get_column("platform")),
        first_at=facts["first_at"],
        last_at=facts["last_at"],
        gaps=find_gaps(hourly),
        blind=_blind(facts, declared_facts),
        **totals,
    )


def _blind(events: dict[str, int], register: dict[str, int]) -> tuple[Blind, ...]:
    blind = []
    for what, event_names, register_names in CHANNELS:
        if any(events[f"has_{name}"] for name in event_names) or any(
            register[f"has_{name}"] for name in register_names
        ):
            continue
        if event_names:
            why = "no prompt text" if what == "content" else "not in these logs"
        else:
            why = "not in the accounts file" if register["registered_count"] else "no accounts file"
        blind.append(Blind(what, why))
    return tuple(blind)


def find_gaps(hourly: pl.DataFrame) -> tuple[Gap, ...]:
    """Runs of silent hours in which a platform was due at least GAP_EVENTS_DUE events, the largest first.

    In:    platform, hour_at, len: events per platform and hour.
    Note:  due = the platform's median count at that hour of day over days on which it was seen at all; weekends have
           their own.
    """
    counts = hourly.filter(pl.col("platform").is_not_null())
    if counts.is_empty():
        return ()
    grid = (
        counts.group_by("platform")
        .agg(pl.datetime_ranges(pl.col("hour_at").min(), pl.col("hour_at").max(), "1h").first().alias("hour_at"))
        .explode("hour_at", empty_as_null=True)
        .join(counts, on=["platform", "hour_at"], how="left")
        .with_columns(pl.col("len").fill_null(0))
        .with_columns(weekend=pl.col("hour_at").dt.weekday() > 5, hour=pl.col("hour_at").dt.hour())
    )
    due = (
        grid.with_columns(due=pl.col("len").median().over("platform", "weekend", "hour"))
        .sort("platform", "hour_at")
        .with_columns(run=(pl.col("len") == 0).rle_id().over("platform"))
        .filter(pl.col("len") == 0)
        .group_by("platform", "run")
        .agg(
            pl.col("hour_at").min().alias("first_at"),
            pl.col("hour_at").max().dt.offset_by("1h").alias("last_at"),
            pl.col("due").sum(),
        )
        .filter(pl.col("due") >= GAP_EVENTS_DUE)
        .sort(["due", "platform", "first_at"], descending=[True, False, False])
    )
    return tuple(Gap(row["platform"], row["first_at"], row["last_at"]) for row in due.iter_rows(named=True))


def read_ties(case: Tables, networks: Sequence[str]) -> pl.DataFrame:
    """One row per network and kind: network_id, kind, values, each, reach_share, others.

    A value counts where at least two members hold it and members are at least half of its holders; `each` is the median
    number of members that hold one, `others` the accounts outside that hold any.
    """
    members = case.scan("members").filter(pl.col("network_id").is_in(list(networks))).select("network_id", "account_id")
    sightings = case.scan("sightings").select("account_id", "kind", "value")
    held = sightings.join(members, on="account_id", how="inner")
    inside = (
        held.group_by("network_id", "kind", "value")
        .agg(pl.col("account_id").n_unique().alias("inside"))
        .filter(pl.col("inside") >= 2)
    )
    holders = (
        sightings.join(inside.select("kind", "value").unique(), on=["kind", "value"], how="semi")
        .group_by("kind", "value")
        .agg(pl.col("account_id").n_unique().alias("holders"))
    )
    telling = inside.join(holders, on=["kind", "value"]).filter(pl.col("inside") * 2 >= pl.col("holders"))
    size = members.group_by("network_id").agg(pl.len().alias("size"))
    reach = (
        held.join(telling, on=["network_id", "kind", "value"], how="semi")
        .group_by("network_id", "kind")
        .agg(pl.col("account_id").n_unique().alias("reached"))
    )
    anybody = sightings.join(telling.select("network_id", "kind", "value"), on=["kind", "value"])
    outside = (
        anybody.join(members, on=["network_id", "account_id"], how="anti")
        .group_by("network_id", "kind")
        .agg(pl.col("account_id").n_unique().alias("others"))
    )
    return (
        telling.group_by("network_id", "kind")
        .agg(pl.len().alias("values"), pl.col("inside").median().alias("each"))
        .join(reach, on=["network_id", "kind"])
        .join(outside, on=["network_id", "kind"], how="left")
        .join(size, on="network_id")
        .select(
            "network_id",
            "kind",
            "values",
            "each",
            (pl.col("reached") / pl.col("size")).alias("reach_share"),
            pl.col("others").fill_null(0),
        )
        .sort("network_id", "kind")
        .collect()
    )


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


def read_content(case: Tables, networks: Sequence[str]) -> pl.DataFrame:
    """One row per network and content flag: network_id, flag, member_share, population_share (accounts in none of
    `networks`).
    """
    members = case.scan("members").filter(pl.col("network_id").is_in(list(networks))).select("network_id", "account_id")
    events = case.scan("events").select("account_id", "content_flags").filter(pl.col("content_flags").is_not_null())
    shares = (
        events.join(members, on="account_id", how="left")
        .group_by("network_id")
        .agg(((pl.col("content_flags") & bit) > 0).mean().alias(flag) for flag, bit in CONTENT_FLAGS.items())
        .unpivot(index="network_id", variable_name="flag", value_name="member_share")
        .collect()
    )
    population = shares.filter(pl.col("network_id").is_null()).select("flag", population_share="member_share")
    found = shares.filter(pl.col("network_id").is_not_null()).join(population, on="flag", how="left")
    return found.sort(["network_id", "member_share", "flag"], descending=[False, True, False])


def read_top_members(case: Tables, networks: Sequence[str], most: int) -> pl.DataFrame:
    """The members that belong most surely, busiest first among equals: `most` rows a network."""
    members = case.scan("members").filter(pl.col("network_id").is_in(list(networks)))
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
