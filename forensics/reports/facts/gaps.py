"""What the logs of a case cannot tell: hours in which a platform is silent, and fields that no line has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from forensics.describing import silences

if TYPE_CHECKING:
    from datetime import datetime

    from forensics.common.schema import Tables

# Hours without an event count as a gap where this many were due by the platform's own rhythm.


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


def find_blind(tables: Tables) -> tuple[Blind, ...]:
    """What cannot be assessed because no line, and no accounts file, has the fields that it rests on.

    In:    EVENTS, REGISTER.
    """
    seen = sorted({name for _, names, _ in CHANNELS for name in names})
    declared = sorted({name for _, _, names in CHANNELS for name in names})
    events, register = pl.collect_all(
        [
            tables.scan("events").select(pl.col(name).count() for name in seen),
            tables.scan("register").select(
                pl.len().alias("registered_count"), *(pl.col(name).count() for name in declared)
            ),
        ]
    )
    has, known = events.row(0, named=True), register.row(0, named=True)
    blind = []
    for what, event_names, register_names in CHANNELS:
        if any(has[name] for name in event_names) or any(known[name] for name in register_names):
            continue
        if event_names:
            why = "no prompt text" if what == "content" else "not in these logs"
        else:
            why = "not in the accounts file" if known["registered_count"] else "no accounts file"
        blind.append(Blind(what, why))
    return tuple(blind)


def find_gaps(hourly: pl.DataFrame) -> tuple[Gap, ...]:
    """Runs of hours in which a platform is silent against its own rhythm, the longest first.

    In:    platform, hour_at, len: events per platform and hour.
    """
    hours = hourly.filter(pl.col("platform").is_not_null()).select("platform", hour="hour_at", events="len")
    found = silences.find_gaps(hours, "platform")
    return tuple(Gap(row["platform"], row["started_at"], row["ended_at"]) for row in found.iter_rows(named=True))
