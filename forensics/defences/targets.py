"""What networks are after: the mix of capabilities their requests ask for, beside everybody else's, over time and by
model.

A request may count for several capabilities, so shares do not add up to one. Intervals treat the account as the unit
(requests of one account are alike): the variance of a ratio over accounts, then Wilson's interval at that many
independent requests.
Null model: a pivot is the day that splits a series of daily shares best; p is the share of 999 orders of the same days
           that split as well. It must move PIVOT of the requests and reach PIVOT_P.
Blind to:  what the rules do not name; what a request is for; days whose order is no accident, as weekends, if a log has
           few of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import wilson
from forensics.defences.rules import capability_columns
from forensics.defences.sides import CONTESTED, FOUND, place_accounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.arrays import Floats
    from forensics.common.schema import Tables
    from forensics.defences.rules import Capability

EVERYBODY = ""  # network_id of the population: accounts in no finding and no contested network
PIVOT, PIVOT_P, DRAWS = 0.1, 0.005, 999
SHORTEST = 2  # days of a stretch between pivots
MOST_PIVOTS = 4  # of one series
SEED = 20260404


def count_requests(tables: Tables, rules: Sequence[Capability], networks: Sequence[str] | None = None) -> pl.DataFrame:
    """One row per network, account, day and model: requests, and for each capability how many ask for it and of how
    many that can be told.

    In:    EVENTS, MEMBERS, NETWORKS; `networks` by id, else all findings and contested ones.
    Out:   network_id (EVERYBODY for accounts in none of these), account_id, day, request_model, request_count, and
           NAME_hits, NAME_of.
    """
    sides = place_accounts(tables.scan("members"), tables.scan("networks"))
    placed = sides.filter(pl.col("side").is_in([FOUND, CONTESTED]))
    chosen = placed if networks is None else sides.filter(pl.col("network_id").is_in(list(networks)))
    left_out = placed.join(chosen, on="account_id", how="anti").select("account_id")
    events = tables.scan("events").join(left_out, on="account_id", how="anti")
    events = events.join(chosen.select("account_id", "network_id"), on="account_id", how="left")
    with_tools = (
        tables.scan("events").filter(pl.col("tools_hash").is_not_null()).select(pl.col("source_id").unique()).collect()
    )
    known = pl.col("source_id").is_in(with_tools["source_id"].to_list()).alias("tools_known")
    have = [*events.collect_schema().names(), "tools_known"]
    names = [rule.name for rule in rules]
    return (
        events.with_columns(known)
        .select(
            pl.col("network_id").fill_null(EVERYBODY),
            "account_id",
            pl.col("started_at").dt.date().alias("day"),
            "request_model",
            *capability_columns(rules, have),
        )
        .group_by("network_id", "account_id", "day", "request_model")
        .agg(
            pl.len().alias("request_count"),
            *(pl.col(name).sum().cast(pl.UInt32).alias(f"{name}_hits") for name in names),
            *(pl.col(name).count().cast(pl.UInt32).alias(f"{name}_of") for name in names),
        )
        .sort("network_id", "account_id", "day", "request_model", nulls_last=True)
        .collect(engine="streaming")
    )


def measure_mix(counts: pl.DataFrame, rules: Sequence[Capability], by: Sequence[str] = ()) -> pl.DataFrame:
    """One row per network (and `by`: day or request_model) and capability: share of the requests that ask for it.

    In:    rows of `count_requests`.
    Out:   network_id, *by, capability, hit_count, request_count (that can be told), account_count, share, low, high,
           population_share, population_low, population_high, lift (share over the population's).
    Null:  shares where no request can be told.
    """
    keys = ["network_id", *by]
    frames = [
        counts.group_by(*keys, "account_id")
        .agg(h=pl.col(f"{rule.name}_hits").sum().cast(pl.Float64), n=pl.col(f"{rule.name}_of").sum().cast(pl.Float64))
        .filter(pl.col("n") > 0)
        .group_by(keys)
        .agg(
            capability=pl.lit(rule.name).first(),
            hit_count=pl.col("h").sum(),
            request_count=pl.col("n").sum(),
            account_count=pl.len(),
            squares=((pl.col("h") - pl.col("h").sum() / pl.col("n").sum() * pl.col("n")) ** 2).sum(),
        )
        for rule in rules
    ]
    told = _with_intervals(pl.concat(frames, how="vertical_relaxed")) if frames else pl.DataFrame()
    population = told.filter(pl.col("network_id") == EVERYBODY).select(
        *by, "capability", population_share="share", population_low="low", population_high="high"
    )
    return (
        told.filter(pl.col("network_id") != EVERYBODY)
        .join(population, on=[*by, "capability"], how="left", nulls_equal=True)
        .with_columns(lift=pl.when(pl.col("population_share") > 0).then(pl.col("share") / pl.col("population_share")))
        .sort([*keys, "share", "capability"], descending=[False] * len(keys) + [True, False], nulls_last=True)
    )


def _with_intervals(sums: pl.DataFrame) -> pl.DataFrame:
    """Shares with 95 % intervals at as many independent requests as their spread over accounts leaves."""
    share = sums["hit_count"] / sums["request_count"]
    accounts, requests = sums["account_count"].to_numpy(), sums["request_count"].to_numpy()
    spread = sums["squares"].to_numpy() / requests**2 * accounts / np.maximum(accounts - 1, 1)
    p = share.to_numpy()
    alone = np.maximum(p * (1 - p), 1e-12)
    # no more than the requests, no less than the accounts: one account's requests are at least one draw
    independent = np.clip(
        np.where(spread > 0, alone / np.maximum(spread, 1e-15), accounts), np.minimum(accounts, requests), requests
    )
    bounds = np.array([wilson(x * n, n) for x, n in zip(p, independent, strict=True)]).reshape(-1, 2)
    return sums.drop("squares").with_columns(
        share.alias("share"),
        pl.Series("low", bounds[:, 0]),
        pl.Series("high", bounds[:, 1]),
        pl.col("hit_count", "request_count").cast(pl.UInt64),
    )


def daily_shares(counts: pl.DataFrame, rules: Sequence[Capability]) -> pl.DataFrame:
    """One row per network, day and capability or model: hit_count of request_count.

    Out:   network_id, what (capability or model), name, day, hit_count, request_count.
    """
    days = counts.group_by("network_id", "day").agg(
        pl.col("request_count").sum(),
        *(pl.col(f"{rule.name}_{part}").sum() for rule in rules for part in ("hits", "of")),
    )
    asked = [
        days.filter(pl.col(f"{rule.name}_of") > 0).select(
            "network_id",
            pl.lit("capability").alias("what"),
            pl.lit(rule.name).alias("name"),
            "day",
            pl.col(f"{rule.name}_hits").cast(pl.UInt64).alias("hit_count"),
            pl.col(f"{rule.name}_of").cast(pl.UInt64).alias("request_count"),
        )
        for rule in rules
    ]
    by_model = (
        counts.filter(pl.col("request_model").is_not_null())
        .group_by("network_id", "request_model", "day")
        .agg(hit_count=pl.col("request_count").sum())
    )
    grid = (
        by_model.select("network_id", "request_model")
        .unique()
        .join(days.select("network_id", "day", "request_count"), on="network_id")
    )
    models = grid.join(by_model, on=["network_id", "request_model", "day"], how="left").select(
        "network_id",
        pl.lit("model").alias("what"),
        pl.col("request_model").alias("name"),
        "day",
        pl.col("hit_count").fill_null(0).cast(pl.UInt64),
        pl.col("request_count").cast(pl.UInt64),
    )
    return pl.concat([*asked, models]).sort("network_id", "what", "name", "day")


def find_pivots(daily: pl.DataFrame) -> pl.DataFrame:
    """One row per day on which the share of a capability or model moves: network_id, what, name, day, before, after, p.

    In:    rows of `daily_shares`.
    """
    found = []
    rng = np.random.default_rng(SEED)
    for (network, what, name), part in daily.filter(pl.col("network_id") != EVERYBODY).group_by(
        "network_id", "what", "name", maintain_order=True
    ):
        hits, numbers = (part[column].to_numpy().astype(float) for column in ("hit_count", "request_count"))
        for place, before, after, p in _split(hits, numbers, rng):
            found.append((network, what, name, part["day"][place], before, after, p))
    schema = {
        "network_id": pl.String,
        "what": pl.String,
        "name": pl.String,
        "day": pl.Date,
        "before": pl.Float64,
        "after": pl.Float64,
        "p": pl.Float64,
    }
    return pl.DataFrame(found, schema=schema, orient="row").sort("network_id", "day", "what", "name")


def _split(hits: Floats, numbers: Floats, rng: np.random.Generator) -> list[tuple[int, float, float, float]]:
    """Days on which the share moves, with the share in the stretch before and after: the best split, then each side."""
    stretches = [(0, len(hits))]
    splits: dict[int, float] = {}
    while stretches and len(splits) < MOST_PIVOTS:
        first, end = stretches.pop(0)
        best = _best_split(hits[first:end], numbers[first:end], rng)
        if best is not None:
            splits[first + best[0]] = best[1]
            stretches += [(first, first + best[0]), (first + best[0], end)]
    edges = [0, *sorted(splits), len(hits)]
    shares = [hits[a:b].sum() / numbers[a:b].sum() for a, b in pairwise(edges)]
    return [
        (edge, float(shares[number]), float(shares[number + 1]), splits[edge])
        for number, edge in enumerate(edges[1:-1])
    ]


def _best_split(hits: Floats, numbers: Floats, rng: np.random.Generator) -> tuple[int, float] | None:
    if len(hits) < 2 * SHORTEST + 1 or not 0 < hits.sum() < numbers.sum():
        return None
    scores = _split_scores(hits[None, :], numbers[None, :])[0]
    place = int(np.argmax(scores))
    cut = place + SHORTEST
    moved = abs(hits[:cut].sum() / numbers[:cut].sum() - hits[cut:].sum() / numbers[cut:].sum())
    if moved < PIVOT:
        return None
    orders = rng.permuted(np.tile(np.arange(len(hits)), (DRAWS, 1)), axis=1)
    null = _split_scores(hits[orders], numbers[orders]).max(axis=1)
    p = float((1 + (null >= scores[place]).sum()) / (1 + DRAWS))
    return (cut, p) if p <= PIVOT_P else None


def _split_scores(hits: Floats, numbers: Floats) -> Floats:
    """For each row and each split: squared difference of the shares over its binomial variance."""
    below, under = hits.cumsum(axis=1), numbers.cumsum(axis=1)
    inner = slice(SHORTEST - 1, hits.shape[1] - SHORTEST)
    h1, n1 = below[:, inner], under[:, inner]
    h2, n2 = below[:, -1:] - h1, under[:, -1:] - n1
    p = below[:, -1:] / under[:, -1:]
    scores: Floats = (h1 / n1 - h2 / n2) ** 2 / np.maximum(p * (1 - p) * (1 / n1 + 1 / n2), 1e-15)
    return scores


SHAPES: tuple[tuple[str, str, pl.Expr], ...] = (
    ("tools_share", "requests that offer tools", pl.col("tools_hash").is_not_null().mean()),
    ("stream_share", "streamed answers", pl.col("stream").mean()),
    ("input_median", "tokens in, median", pl.col("input_tokens").median()),
    ("output_median", "tokens out, median", pl.col("output_tokens").median()),
    ("output_long", "tokens out, ninth decile", pl.col("output_tokens").quantile(0.9)),
    ("output_ratio", "tokens out per token in", pl.col("output_tokens").sum() / pl.col("input_tokens").sum()),
    (
        "reasoning_ratio",
        "hidden reasoning per token out",
        pl.col("reasoning_tokens").sum() / pl.col("output_tokens").sum(),
    ),
    ("messages_median", "messages in a request, median", pl.col("message_count").median()),
    ("max_tokens_median", "answer length allowed, median", pl.col("max_tokens").median()),
    ("new_prompts", "different prompts per request", pl.col("prompt_hash").n_unique() / pl.col("prompt_hash").count()),
)


def measure_shapes(tables: Tables, counts: pl.DataFrame) -> pl.DataFrame:
    """One row per network and the population: what can be said without any text, from tools, sizes and ratios.

    Out:   network_id, request_count, text_share (requests with content flags), and the SHAPES.
    Null:  what the log does not have.
    """
    members = counts.filter(pl.col("network_id") != EVERYBODY).select("network_id", "account_id").unique()
    return (
        tables.scan("events")
        .join(members.lazy(), on="account_id", how="left")
        .group_by(pl.col("network_id").fill_null(EVERYBODY))
        .agg(
            pl.len().alias("request_count"),
            pl.col("content_flags").is_not_null().mean().alias("text_share"),
            *(made.cast(pl.Float64).alias(name) for name, _, made in SHAPES),
        )
        .with_columns(pl.when(pl.col(name).is_finite()).then(name).alias(name) for name, _, _ in SHAPES)
        .sort("network_id")
        .collect()
    )
