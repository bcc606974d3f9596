"""Sightings → pairs of accounts that share more than chance, in bits, never expanding all pairs of a popular value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.common.schema import LINKS
from forensics.linking.incidence import INCIDENCE_COLUMNS, build_incidence, bundle, unbundle
from forensics.linking.pairs import scale_of, weigh_pairs
from forensics.linking.popular import find_cores
from forensics.linking.rare import propose_rare, within_top
from forensics.linking.skeleton import sketch_core

if TYPE_CHECKING:
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


def weigh_links(sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """One row per pair of accounts that shares more than chance: each account's strongest pairs, not every pair.

    In:    SIGHTINGS, ACCOUNTS, any order.
    Out:   LINKS, sorted; big networks appear as a readable skeleton.
    Null:  accounts that share nothing rare with anybody are in no row.
    """
    return bundle(sightings=sightings, accounts=accounts.select("account_id", "request_count")).map_batches(
        lambda frame: _weigh(frame, settings), schema=LINKS.schema
    )


def _weigh(frame: pl.DataFrame, settings: LinkSettings) -> pl.DataFrame:
    tables = unbundle(frame, INCIDENCE_COLUMNS)
    incidence = build_incidence(tables["sightings"], tables["accounts"])
    if len(incidence.account) == 0:
        return LINKS.empty()
    scale = scale_of(incidence, settings)
    a, b = propose_rare(incidence, scale, settings)
    parts = [weigh_pairs(incidence, a, b, incidence.rarity_bits, scale)]
    pieces = find_components(
        incidence.account_count, parts[0]["a"].to_numpy().astype(np.int64), parts[0]["b"].to_numpy().astype(np.int64)
    )
    for core in find_cores(incidence, pieces, settings):
        a, b = sketch_core(incidence, core)
        # Two accounts of a core that was tested whole start from the odds inside it, not from those of two strangers.
        inside = (
            replace(
                scale,
                needed=float(np.log2(incidence.account_count / len(core.accounts))) + settings.margin_bits,
                looks=False,
            )
            if core.whole
            else scale
        )
        parts.append(weigh_pairs(incidence, a, b, core.bits, inside))
    return _spell(incidence, _keep_strongest(pl.concat(parts), settings))


def _keep_strongest(pairs: pl.DataFrame, settings: LinkSettings) -> pl.DataFrame:
    """Each pair once, with the most bits any view of it gave; the strongest of each account."""
    pairs = pairs.sort("a", "b", "weight_bits", descending=[False, False, True]).unique(
        ["a", "b"], keep="first", maintain_order=True
    )
    pairs = pairs.sort("weight_bits", "a", "b", descending=[True, False, False])
    keep = within_top(
        pairs["a"].to_numpy().astype(np.int64), pairs["b"].to_numpy().astype(np.int64), settings.neighbours
    )
    return pairs.filter(pl.Series(keep))


def _spell(incidence: Incidence, pairs: pl.DataFrame) -> pl.DataFrame:
    """Numbers back to names."""
    ids = pl.Series("account_id", incidence.account_ids)
    kinds = pl.Series("kind", incidence.kinds)
    of_value = pl.Series("kind", [incidence.kinds[number] for number in incidence.kind_of_value])
    pairs = pairs.sort("a", "b").with_row_index("pair")
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
            "pair", account_a=ids.gather(pairs["a"]), account_b=ids.gather(pairs["b"]), weight_bits="weight_bits"
        )
        .join(by_kind, on="pair", maintain_order="left")
        .join(seen, on="pair", maintain_order="left")
        .select(pl.col(name).cast(dtype) for name, dtype in LINKS.schema.items())
        .sort("account_a", "account_b")
    )
