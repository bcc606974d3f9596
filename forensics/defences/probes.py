"""Probe, then scale: what was tried on a few accounts first, and when it was spread over the pool.

Told twice: for a network as a whole (how it began, and how many of the templates it began with it kept), and for each
template that a few members tried before many sent it.
Blind to:  what began before the log did (`older`); templates reworded anew each time; logs without template hashes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from forensics.defences.targets import EVERYBODY

if TYPE_CHECKING:
    from datetime import datetime

    from forensics.common.schema import Tables

PROBE_LEAD_DAYS = 1.0  # a template's first use lies at least so long before it scales
PROBE_SHARE = 0.25  # of the accounts of its peak day that a template has at most while it is tried
PEAK_FEWEST, PEAK_SHARE = 5, 0.1  # accounts (and share of the members) that use it on its peak day
TRIED_DAYS = 7  # before a template scales, in which others were tried by the same accounts
USUAL = 0.8  # quantile of a network's active accounts by day that counts as its usual size
SCALED = 0.5  # of the usual size from which it has scaled
KEPT_FEWEST = 3  # accounts that send a template after the scaling for it to count as kept


def placed_members(counts: pl.DataFrame) -> pl.LazyFrame:
    """One row per member of the networks that were counted: network_id, account_id."""
    return counts.lazy().filter(pl.col("network_id") != EVERYBODY).select("network_id", "account_id").unique()


def _member_events(tables: Tables, counts: pl.DataFrame) -> pl.LazyFrame:
    """Requests of members: network_id, account_id, template_hash, started_at, day_at, failed."""
    at = pl.col("started_at")
    day = at.dt.truncate("1d").alias("day_at")
    kept = ("network_id", "account_id", "template_hash", at, day)
    joined = tables.scan("events").join(placed_members(counts), on="account_id")
    return joined.select(*kept, failed=pl.col("status_code") >= 400)


def _before_and_after() -> list[pl.Expr]:
    """What is told of anything that scaled at `scaled_at`: when it was first seen, its requests before and after."""
    at, failed = pl.col("started_at"), pl.col("failed")
    probing = at < pl.col("scaled_at")
    return [
        at.min().alias("first_at"),
        pl.col("account_id").filter(probing).n_unique().alias("probe_account_count"),
        probing.sum().alias("probe_request_count"),
        failed.filter(probing).mean().alias("probe_error_share"),
        failed.filter(~probing).mean().alias("error_share"),
    ]


def _lead() -> pl.Expr:
    return ((pl.col("scaled_at") - pl.col("first_at")).dt.total_seconds() / 86_400).alias("lead_days")


def _log_start(tables: Tables) -> datetime:
    start: datetime = tables.scan("events").select(pl.col("started_at").min()).collect().item()
    return start


def find_beginnings(tables: Tables, counts: pl.DataFrame) -> pl.DataFrame:
    """One row per network that was small before it scaled: when, on how many accounts, and what it kept.

    In:    EVENTS, and rows of `targets.count_requests`.
    Out:   network_id, first_at, scaled_at, lead_days, probe_account_count, probe_request_count, probe_error_share,
           error_share (from then on), usual_count (accounts a day), probe_template_count, kept_template_count,
           older (it is there on the log's first day: it may have begun before).
    Null:  networks that are of their usual size from their first full day on.
    """
    events = _member_events(tables, counts)
    daily = events.group_by("network_id", "day_at").agg(pl.col("account_id").n_unique().alias("accounts"))
    scaled = (
        daily.with_columns(usual=pl.col("accounts").quantile(USUAL).over("network_id"))
        .filter(pl.col("accounts") >= SCALED * pl.col("usual"))
        .group_by("network_id")
        .agg(scaled_at=pl.col("day_at").min(), usual_count=pl.col("usual").first())
    )
    told = events.join(scaled, on="network_id")
    older = (pl.col("first_at") < _log_start(tables) + timedelta(days=1)).alias("older")
    probed = ("probe_account_count", "probe_request_count", "probe_error_share")
    templates = ("probe_template_count", "kept_template_count")
    return (
        told.group_by("network_id", "scaled_at", "usual_count")
        .agg(_before_and_after())
        .filter(pl.col("probe_request_count") > 0)
        .join(_kept_templates(told), on="network_id", how="left")
        .select(
            "network_id", "first_at", "scaled_at", _lead(), *probed, "error_share", "usual_count", *templates, older
        )
        .sort("network_id")
        .collect()
    )


def _kept_templates(told: pl.LazyFrame) -> pl.LazyFrame:
    """One row per network: templates sent before it scaled, and those of them that several accounts sent later."""
    probing = pl.col("started_at") < pl.col("scaled_at")
    return (
        told.filter(pl.col("template_hash").is_not_null())
        .group_by("network_id", "template_hash")
        .agg(tried=probing.any(), later=pl.col("account_id").filter(~probing).n_unique())
        .filter("tried")
        .group_by("network_id")
        .agg(probe_template_count=pl.len(), kept_template_count=(pl.col("later") >= KEPT_FEWEST).sum())
    )


def find_scaled(tables: Tables, counts: pl.DataFrame) -> pl.DataFrame:
    """One row per template that a network tried on a few accounts and then spread: first_at, scaled_at, accounts.

    In:    EVENTS, and rows of `count_requests`, which tell the networks' accounts.
    Out:   network_id, template (hex), first_at, scaled_at, lead_days, probe_account_count, probe_request_count,
           probe_error_share, peak_account_count, request_count, error_share (once it spread), dropped_count (other
           templates that the probing accounts tried in the week before and nobody sent again).
    Null:  templates in use on the log's first two days; logs without templates or status codes.
    """
    events = _member_events(tables, counts).filter(pl.col("template_hash").is_not_null())
    probers = pl.col("account_id").filter(pl.col("started_at") < pl.col("scaled_at")).unique().alias("probers")
    told = (
        events.join(_spread_templates(events, placed_members(counts)), on=["network_id", "template_hash"])
        .group_by("network_id", "template_hash", "scaled_at", "peak_account_count")
        .agg(*_before_and_after(), probers, request_count=pl.len())
        .with_columns(_lead())
        .filter(
            pl.col("lead_days") >= PROBE_LEAD_DAYS,
            pl.col("first_at") >= _log_start(tables) + timedelta(days=2),
            pl.col("probe_account_count") <= PROBE_SHARE * pl.col("peak_account_count"),
        )
        .collect()
    )
    hexed = pl.col("template_hash").map_elements(lambda value: f"{value:016x}", return_dtype=pl.String)
    probed = ("probe_account_count", "probe_request_count", "probe_error_share")
    later = ("peak_account_count", "request_count", "error_share")
    dropped = pl.col("dropped_count").fill_null(0)
    return (
        told.join(_count_dropped(events, told), on=["network_id", "template_hash"], how="left")
        .select("network_id", hexed.alias("template"), "first_at", "scaled_at", "lead_days", *probed, *later, dropped)
        .sort(["network_id", "request_count", "template"], descending=[False, True, False])
    )


def _spread_templates(events: pl.LazyFrame, members: pl.LazyFrame) -> pl.LazyFrame:
    """One row per network and template that many of its accounts send on one day: when it reached half of that."""
    peak = pl.col("accounts").max().over("network_id", "template_hash")
    return (
        events.group_by("network_id", "template_hash", "day_at")
        .agg(pl.col("account_id").n_unique().alias("accounts"))
        .join(members.group_by("network_id").len("members"), on="network_id")
        .with_columns(peak=peak)
        .filter(pl.col("peak") >= PEAK_FEWEST, pl.col("peak") >= PEAK_SHARE * pl.col("members"))
        .filter(pl.col("accounts") * 2 >= pl.col("peak"))
        .group_by("network_id", "template_hash")
        .agg(scaled_at=pl.col("day_at").min(), peak_account_count=pl.col("peak").first())
    )


def _count_dropped(events: pl.LazyFrame, told: pl.DataFrame) -> pl.DataFrame:
    """One row per scaled template: how many others its probing accounts sent in the week before that nobody took on."""
    used = events.group_by("network_id", "template_hash").agg(
        pl.col("started_at").max().alias("last_at"), pl.len().alias("uses")
    )
    probers = told.lazy().select("network_id", scaled="template_hash", account_id="probers", scaled_at="scaled_at")
    return (
        probers.explode("account_id")
        .drop_nulls("account_id")
        .join(events, on=["network_id", "account_id"])
        .filter(
            pl.col("started_at") < pl.col("scaled_at"),
            pl.col("started_at") >= pl.col("scaled_at") - pl.duration(days=TRIED_DAYS),
            pl.col("template_hash") != pl.col("scaled"),
        )
        .join(used, on=["network_id", "template_hash"])
        .filter(pl.col("last_at") < pl.col("scaled_at"), pl.col("uses") > 1)
        .group_by("network_id", template_hash="scaled")
        .agg(dropped_count=pl.col("template_hash").n_unique())
        .collect()
    )
