"""Probe, then scale: what was tried on a few accounts first, and when it was spread over the pool.

Told twice: for a network as a whole (how it began, and how many of the templates it began with it kept), and for each
template that a few members tried before many sent it.
Blind to:  what began before the log did (`older`); templates reworded anew each time; logs without template hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.defences.targets import EVERYBODY

if TYPE_CHECKING:
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


def find_beginnings(tables: Tables, counts: pl.DataFrame) -> pl.DataFrame:
    """One row per network that was small before it scaled: when, on how many accounts, and what it kept.

    In:    EVENTS, and rows of `targets.count_requests`.
    Out:   network_id, first_at, scaled_at, lead_days, probe_account_count, probe_request_count, probe_error_share,
           error_share (from then on), usual_count (accounts a day), probe_template_count, kept_template_count,
           older (it is there on the log's first day: it may have begun before).
    Null:  networks that are of their usual size from their first full day on.
    """
    at = pl.col("started_at")
    events = (
        tables.scan("events")
        .join(placed_members(counts), on="account_id")
        .select("network_id", "account_id", "template_hash", at, failed=pl.col("status_code") >= 400)
    )
    start = tables.scan("events").select(at.min()).collect().item()
    daily = events.group_by("network_id", at.dt.truncate("1d").alias("day_at")).agg(
        pl.col("account_id").n_unique().alias("accounts")
    )
    scaled = (
        daily.with_columns(usual=pl.col("accounts").quantile(USUAL).over("network_id"))
        .filter(pl.col("accounts") >= SCALED * pl.col("usual"))
        .group_by("network_id")
        .agg(scaled_at=pl.col("day_at").min(), usual_count=pl.col("usual").first())
    )
    probing = at < pl.col("scaled_at")
    told = events.join(scaled, on="network_id")
    kept = (
        told.filter(pl.col("template_hash").is_not_null())
        .group_by("network_id", "template_hash")
        .agg(tried=probing.any(), later=pl.col("account_id").filter(~probing).n_unique())
        .filter("tried")
        .group_by("network_id")
        .agg(probe_template_count=pl.len(), kept_template_count=(pl.col("later") >= KEPT_FEWEST).sum())
    )
    rows = told.group_by("network_id", "scaled_at", "usual_count").agg(
        first_at=at.min(),
        probe_account_count=pl.col("account_id").filter(probing).n_unique(),
        probe_request_count=probing.sum(),
        probe_error_share=pl.col("failed").filter(probing).mean(),
        error_share=pl.col("failed").filter(~probing).mean(),
    )
    lead = (pl.col("scaled_at") - pl.col("first_at")).dt.total_seconds() / 86_400
    return (
        rows.filter(pl.col("probe_request_count") > 0)
        .join(kept, on="network_id", how="left")
        .select(
            "network_id",
            "first_at",
            "scaled_at",
            lead.alias("lead_days"),
            "probe_account_count",
            "probe_request_count",
            "probe_error_share",
            "error_share",
            "usual_count",
            pl.col("probe_template_count", "kept_template_count"),
            (pl.col("first_at") < start + pl.duration(days=1)).alias("older"),
        )
        .sort("network_id")
        .collect()
    )


def find_scaled(tables: Tables, counts: pl.DataFrame) -> pl.DataFrame:
    """One row per template that a network tried on a few accounts and then spread: first_at, scaled_at, accounts.

    In:    EVENTS, and rows of `count_requests`, which tell the networks' accounts.
    Out:   network_id, template (hex), first_at, scaled_at, lead_days, probe_account_count, probe_request_count,
           probe_error_share, peak_account_count, request_count, error_share (once it spread), dropped_count (other
           templates that the probing accounts tried in the week before and nobody sent again).
    Null:  templates in use on the log's first two days; logs without templates or status codes.
    """
    members = placed_members(counts)
    at = pl.col("started_at")
    events = (
        tables.scan("events")
        .join(members, on="account_id")
        .filter(pl.col("template_hash").is_not_null())
        .select(
            "network_id",
            "account_id",
            "template_hash",
            at,
            at.dt.truncate("1d").alias("day_at"),
            (pl.col("status_code") >= 400).alias("failed"),
        )
    )
    start = tables.scan("events").select(at.min()).collect().item()
    daily = events.group_by("network_id", "template_hash", "day_at").agg(
        pl.col("account_id").n_unique().alias("accounts")
    )
    sizes = members.group_by("network_id").len("members")
    spread = (
        daily.join(sizes, on="network_id")
        .with_columns(peak=pl.col("accounts").max().over("network_id", "template_hash"))
        .filter(pl.col("peak") >= PEAK_FEWEST, pl.col("peak") >= PEAK_SHARE * pl.col("members"))
        .filter(pl.col("accounts") * 2 >= pl.col("peak"))
        .group_by("network_id", "template_hash")
        .agg(scaled_at=pl.col("day_at").min(), peak_account_count=pl.col("peak").first())
    )
    probing = at < pl.col("scaled_at")
    told = (
        events.join(spread, on=["network_id", "template_hash"])
        .group_by("network_id", "template_hash", "scaled_at", "peak_account_count")
        .agg(
            first_at=at.min(),
            probe_account_count=pl.col("account_id").filter(probing).n_unique(),
            probe_request_count=probing.sum(),
            probe_error_share=pl.col("failed").filter(probing).mean(),
            error_share=pl.col("failed").filter(~probing).mean(),
            request_count=pl.len(),
            probers=pl.col("account_id").filter(probing).unique(),
        )
        .with_columns(lead_days=(pl.col("scaled_at") - pl.col("first_at")).dt.total_seconds() / 86_400)
        .filter(
            pl.col("lead_days") >= PROBE_LEAD_DAYS,
            pl.col("first_at") >= start + pl.duration(days=2),
            pl.col("probe_account_count") <= PROBE_SHARE * pl.col("peak_account_count"),
        )
        .collect()
    )
    dropped = _count_dropped(events, told)
    return (
        told.join(dropped, on=["network_id", "template_hash"], how="left")
        .select(
            "network_id",
            pl.col("template_hash")
            .map_elements(lambda value: f"{value:016x}", return_dtype=pl.String)
            .alias("template"),
            "first_at",
            "scaled_at",
            "lead_days",
            "probe_account_count",
            "probe_request_count",
            "probe_error_share",
            "peak_account_count",
            "request_count",
            "error_share",
            pl.col("dropped_count").fill_null(0),
        )
        .sort(["network_id", "request_count", "template"], descending=[False, True, False])
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
