"""What ties two accounts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.kinds import FURTHER
from forensics.describing.sightings import kind_of, kinds_where
from forensics.linking.incidence import INCIDENCE_COLUMNS, build_incidence, bundle, unbundle
from forensics.linking.pairs import Scale, scale_of, share

if TYPE_CHECKING:
    from forensics.common.schema import Tables
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


# What an analyst asks about one pair


PAIR_SCHEMA = {
    "line": pl.String,
    "kind": pl.String,
    "value": pl.String,
    "holders": pl.UInt32,
    "bits": pl.Float64,
    "counted_bits": pl.Float64,
}


def explain_pair(
    sightings: pl.LazyFrame, accounts: pl.LazyFrame, a: str, b: str, settings: LinkSettings
) -> pl.LazyFrame:
    """One row per observable that two accounts share: what it weighs by itself, and what of it counts after looks and
    caps (a waterfall).

    In:    SIGHTINGS, ACCOUNTS.
    Out:   line, kind, value, holders, bits, counted_bits; heaviest first. The sum of counted_bits is the weight of the
           pair; what passed between them counts for nothing there.
    Null:  no row where they share nothing, or are one organisation's.
    """
    tables = {"sightings": sightings, "accounts": accounts.select(INCIDENCE_COLUMNS["accounts"])}

    def answer(frame: pl.DataFrame) -> pl.DataFrame:
        parts = unbundle(frame, INCIDENCE_COLUMNS)
        incidence = build_incidence(parts["sightings"], parts["accounts"])
        known = dict(incidence.seats.select("account_id", "account").iter_rows())
        if a not in known or b not in known or known[a] == known[b]:
            return pl.DataFrame(schema=PAIR_SCHEMA)
        told = _tell_pair(incidence, known[a], known[b], scale_of(incidence, settings))
        return pl.concat([told, _passed_between(parts["sightings"], a, b, incidence.account_count)])

    return bundle(**tables).map_batches(answer, schema=PAIR_SCHEMA)


def _passed_between(sightings: pl.DataFrame, a: str, b: str, accounts: int) -> pl.DataFrame:
    """Rows of what passed between two accounts: it ties them, and weighs in no link."""
    rows = sightings.filter(pl.col("kind").is_in(kinds_where(passes=True))).select("account_id", "kind", "value")
    both = rows.filter(pl.col("account_id") == a).join(
        rows.filter(pl.col("account_id") == b), on=["kind", "value"], how="semi"
    )
    held = rows.group_by("kind", "value").agg(holders=pl.len().cast(pl.UInt32))
    return (
        both.join(held, on=["kind", "value"])
        .with_columns(
            line=pl.col("kind").replace_strict({name: kind_of(name).line for name in kinds_where(passes=True)}),
            bits=(max(accounts, 2) / pl.col("holders")).log(2),
            counted_bits=pl.lit(0.0),
        )
        .select(list(PAIR_SCHEMA))
        .sort("kind", "value")
    )


def _tell_pair(incidence: Incidence, a: int, b: int, scale: Scale) -> pl.DataFrame:
    shared, kinds, lines = share(incidence, np.array([a]), np.array([b]), scale)
    counted = kinds.join(lines.select("line", counted="bits"), on="line")
    # A line's bits go to its strongest kind, a kind's bits to its values in proportion to their own squares where they
    # add up, else to the heaviest.
    counted = counted.sort("line", "bits", "kind", descending=[False, True, False]).with_columns(
        kind_counts=pl.when(pl.int_range(pl.len()).over("line") == 0).then("counted").otherwise(0.0)
    )
    table = shared.join(counted.select("kind", "kind_counts"), on="kind").sort(
        "kind", "bits", "value", descending=[False, True, False]
    )
    # Of a kind whose values do not add up the heaviest counts, and what the best other adds to it.
    heaviest = pl.int_range(pl.len()).over("kind") == 0
    best = (pl.col("further") == pl.col("further").max().over("kind")).cum_sum().over("kind") == 1
    adds = pl.when(best & (pl.col("norm") == FURTHER)).then("further").otherwise(0.0)
    weight = (
        pl.when(pl.col("norm") < FURTHER)
        .then(pl.col("bits") ** pl.col("norm"))
        .otherwise(pl.when(heaviest).then("bits").otherwise(adds))
    )
    table = table.with_columns(part=weight).with_columns(
        part=pl.col("part") / pl.col("part").sum().over("kind").clip(1e-12)
    )
    names = [incidence.kinds[kind] for kind in table["kind"]]
    return (
        table.with_columns(
            line=pl.Series([incidence.lines[line] for line in table["line"]], dtype=pl.String),
            kind=pl.Series(names, dtype=pl.String),
            holders=pl.Series(incidence.holders).gather(table["value"]).cast(pl.UInt32),
            value=incidence.value_names.gather(table["value"]),
            counted_bits=pl.col("kind_counts") * pl.col("part"),
        )
        .select(list(PAIR_SCHEMA))
        .sort("counted_bits", "bits", "kind", "value", descending=[True, True, False, False])
    )


@dataclass(frozen=True)
class Pair:
    """What two accounts share, and what that comes to."""

    shared: (
        pl.DataFrame
    )  # one row per observable, heaviest first: line, kind, value, holders, bits, counted_bits, total_bits
    needed_bits: float  # that a link between two accounts of no known network takes
    link_bits: float | None  # of the link in the case; null where it has none
    network: str | None  # that both are in


def read_pair(case: Tables, a: str, b: str, settings: LinkSettings) -> Pair:
    """What ties two accounts of the case.

    In:    SIGHTINGS, ACCOUNTS, LINKS, MEMBERS, NETWORKS of the case.
    """
    ends = [a, b]
    shared = explain_pair(case.scan("sightings"), case.scan("accounts"), a, b, settings).collect()
    accounts = int(case.scan("accounts").select(pl.col("account_id").n_unique()).collect().item())
    link = (
        case.scan("links")
        .filter((pl.col("account_a") == min(ends)) & (pl.col("account_b") == max(ends)))
        .select("weight_bits")
        .collect()
    )
    both = (
        case.scan("members")
        .filter(pl.col("account_id").is_in(ends))
        .group_by("network_id")
        .len()
        .filter(pl.col("len") == len(ends))
    )
    network = case.scan("networks").join(both, on="network_id", how="semi").select("name").collect()
    return Pair(
        shared.with_columns(total_bits=pl.col("counted_bits").cum_sum()),
        math.log2(max(accounts, 2)) + settings.margin_bits,
        float(link.item()) if link.height else None,
        str(network.item()) if network.height else None,
    )
