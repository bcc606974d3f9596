"""Scores networks against labels: who was found, in how many pieces, and who was accused wrongly.

Three views of the same networks: `alerts` (what is reported), `all` (linking alone, whatever was judged), and `oracle`
(linking with perfect judgement: networks without a majority of one campaign are dropped), so that linking and judging
are compared apart. Campaigns that nothing in the logs could show count in no recall; they are listed by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from forensics.common.errors import InputError

VIEWS = ("alerts", "all", "oracle")
MERGED_SHARE = 0.15  # a network merges two campaigns if each holds at least this share of its members
FRAGMENT = 3  # members that make a piece of a campaign worth counting

_NEEDED = ("account_id", "label", "kind", "campaign")


@dataclass(frozen=True)
class Evaluation:
    """What the comparison found.

    summary    one row a view: precision, recall, F1 over accounts; networks, false and merged ones; the worst campaign
    campaigns  one row a view and campaign: accounts, recall, best single network, pieces
    networks   one row a network: size, its largest label and share, whether it is right, false or merged
    innocents  one row a view and kind of innocent: accounts, how many were in a network of that view
    """

    summary: pl.DataFrame
    campaigns: pl.DataFrame
    networks: pl.DataFrame
    innocents: pl.DataFrame

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """All tables as rows, for JSON."""
        return {name: getattr(self, name).to_dicts() for name in ("summary", "campaigns", "networks", "innocents")}


def evaluate(members: pl.DataFrame, networks: pl.DataFrame, labels: pl.DataFrame) -> Evaluation:
    """Compare MEMBERS and NETWORKS with the labels of a simulated or hand-labelled world.

    In:     MEMBERS (network_id, account_id), NETWORKS (network_id, alert), labels (account_id, label, kind, campaign;
            detectable, event_count where known).
    Out:    an Evaluation.
    Null:   without `detectable` every campaign counts as detectable; with `event_count`, accounts without events count
            nowhere.
    Raises: InputError where labels lack a column or name an account twice.
    """
    labels = _prepare(labels)
    placed = (
        members.select("network_id", "account_id")
        .join(labels, on="account_id", how="left")
        .with_columns(
            pl.col("campaign").fill_null(""),
            pl.col("kind").fill_null("unlabelled"),
            pl.col("label").fill_null("unlabelled"),
        )
    )
    described = _describe_networks(placed, networks)
    right = described.filter(pl.col("outcome") != "false").select("network_id")
    views = {
        "alerts": described.filter("alert").select("network_id"),
        "all": described.select("network_id"),
        "oracle": right,
    }
    summaries, campaigns, innocents = [], [], []
    for view, kept in views.items():
        inside = placed.join(kept, on="network_id", how="semi")
        table = _describe_campaigns(inside, labels)
        campaigns.append(table.select(pl.lit(view).alias("view"), pl.all()))
        innocents.append(_describe_innocents(inside, labels).select(pl.lit(view).alias("view"), pl.all()))
        summaries.append(
            {"view": view} | _summarise(inside, labels, table, described.join(kept, on="network_id", how="semi"))
        )
    return Evaluation(
        pl.DataFrame(summaries, infer_schema_length=None), pl.concat(campaigns), described, pl.concat(innocents)
    )


def _prepare(labels: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in _NEEDED if name not in labels.columns]
    if missing:
        raise InputError(f"labels lack {', '.join(missing)}", f"labels need the columns {', '.join(_NEEDED)}")
    if labels["account_id"].n_unique() != len(labels):
        twice = labels.filter(pl.col("account_id").is_duplicated())["account_id"].sort()[0]
        raise InputError(f"labels name account {twice} more than once", "give one row an account")
    if "event_count" in labels.columns:
        labels = labels.filter(pl.col("event_count") > 0)
    detectable = (
        pl.col("detectable").cast(pl.Boolean).fill_null(value=True) if "detectable" in labels.columns else pl.lit(True)
    )
    return labels.select(
        pl.col("account_id").cast(pl.String),
        pl.col("label").cast(pl.String).fill_null(""),
        pl.col("kind").cast(pl.String).fill_null(""),
        pl.col("campaign").cast(pl.String).fill_null(""),
        detectable.alias("detectable"),
    )


def _describe_networks(placed: pl.DataFrame, networks: pl.DataFrame) -> pl.DataFrame:
    """One row a network: its largest label, and whether it is right (most members of one campaign), merged or false."""
    size = placed.group_by("network_id").agg(account_count=pl.len())
    by_label = placed.group_by("network_id", "label", "kind", "campaign").agg(n=pl.len()).join(size, on="network_id")
    top = by_label.sort(["n", "label"], descending=[True, False]).group_by("network_id", maintain_order=True).first()
    campaigns = (
        by_label.filter(pl.col("campaign") != "")
        .group_by("network_id", "campaign", "account_count")
        .agg(pl.col("n").sum())
    )
    big = campaigns.group_by("network_id").agg(
        largest=pl.col("n").max(),
        campaign_count=((pl.col("n") >= MERGED_SHARE * pl.col("account_count")) & (pl.col("n") >= FRAGMENT)).sum(),
        planted=pl.col("n").sum(),
    )
    out = (
        networks.select("network_id", pl.col("alert").fill_null(value=False))
        .join(top, on="network_id", how="inner")
        .join(big, on="network_id", how="left")
    )
    half = 0.5 * pl.col("account_count")
    outcome = (
        pl.when(pl.col("campaign_count").fill_null(0) >= 2, pl.col("planted") > half)
        .then(pl.lit("merged"))
        .when(pl.col("largest").fill_null(0) > half)
        .then(pl.lit("right"))
        .otherwise(pl.lit("false"))
    )
    return out.select(
        "network_id",
        "alert",
        "account_count",
        top_label="label",
        top_kind="kind",
        top_share=pl.col("n") / pl.col("account_count"),
        planted_share=pl.col("planted").fill_null(0) / pl.col("account_count"),
        outcome=outcome,
    ).sort("network_id")


def _describe_campaigns(inside: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """One row a campaign: how much of it the networks hold, in all and at best in one."""
    wanted = (
        labels.filter(pl.col("campaign") != "")
        .group_by("campaign")
        .agg(kind=pl.col("kind").sort().first(), detectable=pl.col("detectable").all(), account_count=pl.len())
    )
    pieces = (
        inside.filter(pl.col("campaign") != "")
        .group_by("campaign", "network_id")
        .agg(n=pl.col("account_id").n_unique())
    )
    found = (
        pieces.sort(["n", "network_id"], descending=[True, False])
        .group_by("campaign", maintain_order=True)
        .agg(
            best_network=pl.col("network_id").first(),
            best=pl.col("n").first(),
            piece_count=(pl.col("n") >= FRAGMENT).sum(),
        )
    )
    covered = inside.filter(pl.col("campaign") != "").group_by("campaign").agg(found=pl.col("account_id").n_unique())
    joined = wanted.join(found, on="campaign", how="left").join(covered, on="campaign", how="left")
    return joined.select(
        "campaign",
        "kind",
        "detectable",
        "account_count",
        recall=pl.col("found").fill_null(0) / pl.col("account_count"),
        best_recall=pl.col("best").fill_null(0) / pl.col("account_count"),
        piece_count=pl.col("piece_count").fill_null(0),
        best_network="best_network",
    ).sort("campaign")


def _describe_innocents(inside: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """One row a kind of innocent: how many of its accounts the networks hold."""
    innocent = labels.filter(pl.col("campaign") == "").join(
        inside.select("account_id").unique().with_columns(accused=pl.lit(True)), on="account_id", how="left"
    )
    table = innocent.group_by("kind").agg(
        account_count=pl.len(), accused_count=pl.col("accused").fill_null(value=False).sum()
    )
    return table.with_columns(accused_share=pl.col("accused_count") / pl.col("account_count")).sort("kind")


def _summarise(
    inside: pl.DataFrame, labels: pl.DataFrame, campaigns: pl.DataFrame, networks: pl.DataFrame
) -> dict[str, Any]:
    accused = inside.select("account_id", "campaign").unique("account_id")
    true = int((accused["campaign"] != "").sum())
    wanted = labels.filter((pl.col("campaign") != "") & pl.col("detectable"))
    hit = len(wanted.join(accused, on="account_id", how="semi"))
    precision = true / len(accused) if len(accused) else None
    recall = hit / len(wanted) if len(wanted) else None
    both = precision is not None and recall is not None and precision + recall > 0
    f1 = (
        2 * precision * recall / (precision + recall)
        if precision is not None and recall is not None and both
        else (0.0 if len(wanted) else None)
    )
    seen = campaigns.filter("detectable")
    return {
        "account_precision": precision,
        "account_recall": recall,
        "account_f1": f1,
        "network_count": len(networks),
        "false_network_count": int((networks["outcome"] == "false").sum()),
        "merged_network_count": int((networks["outcome"] == "merged").sum()),
        "campaign_count": len(seen),
        "campaigns_whole_count": int((seen["best_recall"] >= 0.8).sum()),
        "worst_campaign_recall": seen["recall"].min(),
        "worst_best_recall": seen["best_recall"].min(),
        "most_pieces": seen["piece_count"].max(),
        "undetectable_count": len(campaigns) - len(seen),
        "undetectable_found_share": campaigns.filter(~pl.col("detectable"))["recall"].mean(),
        "accused_innocent_count": len(accused) - true,
    }
