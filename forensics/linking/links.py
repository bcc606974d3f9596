"""Sightings → pairs of accounts that share more than chance, in bits, never expanding all pairs of a popular value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.common.schema import LINKS
from forensics.linking.incidence import INCIDENCE_COLUMNS, build_incidence
from forensics.linking.pairs import scale_of, weigh_pairs
from forensics.linking.popular import find_cores
from forensics.linking.rare import propose_rare, within_top
from forensics.linking.skeleton import sketch_core

NO_CORE = pl.lit(None, pl.UInt32)  # a pair that links by itself

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence
    from forensics.linking.pairs import Scale
    from forensics.linking.popular import Core


def weigh_links(sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """One row per pair of accounts that shares more than chance: each account's strongest pairs, not every pair.

    In:    SIGHTINGS, ACCOUNTS, any order.
    Out:   LINKS, sorted; big networks appear as a readable skeleton.
    Null:  accounts that share nothing rare with anybody are in no row.
    """

    def run() -> pl.DataFrame:
        # Given no name: what is read is held no longer than it takes to number it.
        incidence = build_incidence(
            sightings.select(INCIDENCE_COLUMNS["sightings"]).collect(),
            accounts.select(INCIDENCE_COLUMNS["accounts"]).collect(),
            by_content=True,
        )
        return _weigh(incidence, settings)

    return pl.defer(run, schema=LINKS.schema)


def _weigh(incidence: Incidence, settings: LinkSettings) -> pl.DataFrame:
    if len(incidence.account) == 0:
        return LINKS.empty()
    scale = scale_of(incidence, settings)
    alone = weigh_pairs(incidence, *propose_rare(incidence, scale, settings), scale).with_columns(core=NO_CORE)
    a, b = (alone[name].to_numpy().astype(np.int64) for name in ("a", "b"))
    parts = [_keep_strongest(alone, settings)]
    # A core was tested whole, and paid for having been chosen: its skeleton is told whatever its pairs weigh.
    whole = replace(scale, needed=0.0)
    cores = find_cores(incidence, find_components(incidence.account_count, a, b), settings)
    parts.append(_weigh_cores(incidence, cores, whole))
    return _spell(incidence, pl.concat(parts))


def _weigh_cores(incidence: Incidence, cores: Sequence[Core], scale: Scale) -> pl.DataFrame:
    """The skeletons of all cores, weighed together: there are thousands, most of them small."""
    sketches = [sketch_core(incidence, core) for core in cores]
    sizes = [len(a) for a, _ in sketches]
    none = np.zeros(0, dtype=np.int64)
    told = pl.DataFrame(
        {
            "a": np.concatenate([none, *(a for a, _ in sketches)]),
            "b": np.concatenate([none, *(b for _, b in sketches)]),
            "core": np.repeat(np.arange(len(cores)), sizes).astype(np.uint32),
            "least": np.repeat(np.array([core.lines for core in cores], dtype=np.int64), sizes),
        }
    )
    pairs = told.select("a", "b").unique(maintain_order=True)
    a, b = (pairs[name].to_numpy() for name in ("a", "b"))
    weighed = weigh_pairs(incidence, a, b, scale).join(told, on=["a", "b"], maintain_order="left")
    return weighed.filter(pl.col("lines") >= pl.col("least")).drop("least")


def _keep_strongest(pairs: pl.DataFrame, settings: LinkSettings) -> pl.DataFrame:
    """The strongest pairs of each account."""
    pairs = pairs.sort("weight_bits", "a", "b", descending=[True, False, False])
    keep = within_top(
        pairs["a"].to_numpy().astype(np.int64), pairs["b"].to_numpy().astype(np.int64), settings.neighbours
    )
    return pairs.filter(pl.Series(keep))


def _ends(ids: pl.Series, pairs: pl.DataFrame, choose: Callable[..., pl.Expr]) -> pl.Series:
    """The smaller or the larger id of each pair."""
    ends = pl.DataFrame({"a": ids.gather(pairs["a"]), "b": ids.gather(pairs["b"])})
    return ends.select(choose("a", "b")).to_series()


def _spell(incidence: Incidence, pairs: pl.DataFrame) -> pl.DataFrame:
    """Numbers back to names, each pair once; an organisation goes by the first of its accounts."""
    first = incidence.seats.group_by("account").agg(pl.col("account_id").min()).sort("account")
    ids = first["account_id"]
    pairs = pairs.sort("a", "b", "core", nulls_last=True).unique(["a", "b"], keep="first", maintain_order=True)
    kinds = pl.Series("kind", incidence.kinds)
    of_value = pl.Series("kind", [incidence.kinds[number] for number in incidence.kind_of_value])
    pairs = pairs.with_row_index("pair")
    by_kind = pairs.select("pair", "kinds").explode("kinds").unnest("kinds")
    by_kind = (
        by_kind.with_columns(kind=kinds.gather(by_kind["kind"]))
        .group_by("pair", maintain_order=True)
        .agg(kinds=pl.struct("kind", "bits"))
    )
    seen = pairs.select("pair", "observables").explode("observables").unnest("observables")
    number = seen["value"]
    seen = (
        seen.with_columns(
            kind=of_value.gather(number),
            value=incidence.value_names.gather(number),
            holders=pl.Series(incidence.holders).gather(number).cast(pl.UInt32),
        )
        .group_by("pair", maintain_order=True)
        .agg(observables=pl.struct("kind", "value", "bits", "holders"))
    )
    return (
        pairs.select(
            "pair",
            "weight_bits",
            "core",
            account_a=_ends(ids, pairs, pl.min_horizontal),
            account_b=_ends(ids, pairs, pl.max_horizontal),
        )
        .join(by_kind, on="pair", maintain_order="left")
        .join(seen, on="pair", maintain_order="left")
        .select(pl.col(name).cast(dtype) for name, dtype in LINKS.schema.items())
        .sort("account_a", "account_b")
    )
