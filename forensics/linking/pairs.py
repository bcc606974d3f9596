"""Bits of a pair of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.describing.sightings import kind_of
from forensics.linking.graphs import spread
from forensics.linking.incidence import line_number, sum_values

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


HASH_FACTOR = np.int64(0x1E3779B97F4A7C15)  # odd: Fibonacci hashing of pair keys

LEASE_DAYS = 7.0  # silence between two holders that halves what a leased observable says
SIEVE = 24  # bits: buckets of the sieve that drops pairs which meet too little


@dataclass(frozen=True)
class Scale:
    """What a pair must reach and what one line of evidence may bring, in bits."""

    needed: float
    line_cap: float
    kind_cap: float
    looks: bool = True  # whether the many chances of accounts that show much of a kind are held against them


def scale_of(incidence: Incidence, settings: LinkSettings) -> Scale:
    """The prior odds that a random pair belongs together are about 1 : accounts; `margin_bits` on top asks for 4 : 1 in
    the pair's favour.
    """
    needed = float(np.log2(max(incidence.account_count, 2))) + settings.margin_bits
    share = settings.line_cap_share if incidence.several_lines else settings.only_line_cap_share
    return Scale(needed=needed, line_cap=share * needed, kind_cap=share * needed)


def lease(incidence: Incidence, kind: Ints, i: Ints, j: Ints) -> Floats:
    """How much of its weight a leased observable keeps for entries i and j: all if both had it at once, half after a
    week's silence between.
    """
    leased = np.flatnonzero(np.array([kind_of(name).leased for name in incidence.kinds])[kind])
    i, j = i[leased], j[leased]
    gap = np.maximum(incidence.first_day[i] - incidence.last_day[j], incidence.first_day[j] - incidence.last_day[i])
    kept = np.ones(len(kind))
    kept[leased] = 0.5 ** (np.where(np.isnan(gap), 0.0, np.maximum(gap, 0.0)) / LEASE_DAYS)
    return kept


# Cores: a readable skeleton


def mix(account: Ints, value: Ints) -> Ints:
    """A number for each pair that orders accounts anew at every value; a linear one would only turn one ring."""
    with np.errstate(over="ignore"):
        mixed = account.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + value.astype(np.uint64) * np.uint64(
            0xC2B2AE3D27D4EB4F
        )
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        spread_out: Ints = (mixed ^ (mixed >> np.uint64(31))).astype(np.int64)
    return spread_out


# Bits of a pair


def share_values(incidence: Incidence, a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
    """Every value that a pair shares: number of the pair, entry of a, entry of b."""
    order, first, keys = incidence.by_account
    value = incidence.value[order]
    pair, place = spread(first[a], first[a + 1] - first[a])
    value_count = len(incidence.holders) + 1
    wanted = b[pair] * value_count + value[place]
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    hit = keys[at] == wanted
    return pair[hit], order[place[hit]], order[at[hit]]


def weigh_pairs(
    incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale, chunk: int = 100_000
) -> pl.DataFrame:
    """One row per pair that reaches the needed bits: accounts, bits, bits by kind, heaviest shared observables."""
    parts = [
        _weigh_chunk(incidence, a[start : start + chunk], b[start : start + chunk], bits, scale)
        for start in range(0, max(len(a), 1), chunk)
    ]  # one part even of nothing
    return pl.concat(parts)


def share(
    incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """What pairs share: one row per pair and value, per pair and kind, per pair and line of evidence, each with its
    bits.
    """
    pair, i, j = share_values(incidence, a, b)
    value = incidence.value[i]
    kind = incidence.kind_of_value[value]
    weight = bits[value] * np.sqrt(incidence.use[i] * incidence.use[j]) * lease(incidence, kind, i, j)
    looks = np.minimum(incidence.looks[i], incidence.looks[j]) if scale.looks else np.zeros(len(i))
    shared = pl.DataFrame(
        {
            "pair": pair,
            "value": value,
            "kind": kind,
            "line": incidence.line_of_kind[kind],
            "bits": np.maximum(weight, 0.0),
            "looks": looks,
        }
    )
    shared = shared.sort("pair", "kind", "bits", "value", descending=[False, False, True, False])
    shared = shared.with_columns(norm=pl.Series(incidence.norm).gather(shared["kind"]))
    kinds = shared.group_by("pair", "line", "kind", maintain_order=True).agg(
        # Two accounts with forty shingles each had many chances to meet: if one operator's accounts share about one
        # value of a kind, a meeting is worth
        # its rarity less log2 of the values that could have met.
        bits=(sum_values(pl.col("norm"), pl.col("bits")) - pl.col("looks").first()).clip(0.0, scale.kind_cap)
    )
    kinds = kinds.sort("pair", "line", "bits", "kind", descending=[False, False, True, False])
    # Within a line the strongest kind counts: the opening, the closing and the template of one prompt are one trace, as
    # are an address and its prefix.
    lines = kinds.group_by("pair", "line", maintain_order=True).agg(
        bits=pl.col("bits")
        .first()
        .clip(
            upper_bound=pl.when(pl.col("line").first() == line_number(incidence, "provenance"))
            .then(2 * scale.needed)
            .otherwise(scale.line_cap)
        ),
        raw=pl.col("bits").sum(),
    )
    return shared, kinds, lines


def _weigh_chunk(incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale) -> pl.DataFrame:
    shared, kinds, lines = share(incidence, a, b, bits, scale)
    total = (
        lines.group_by("pair", maintain_order=True)
        .agg(weight_bits=pl.col("bits").sum())
        .filter(pl.col("weight_bits") >= scale.needed)
    )
    told = kinds.join(
        lines.select("pair", "line", part=pl.col("bits") / pl.col("raw").clip(1e-9)),
        on=["pair", "line"],
        maintain_order="left",
    ).with_columns(bits=pl.col("bits") * pl.col("part"))
    by_kind = (
        told.sort("pair", "bits", "kind", descending=[False, True, False])
        .group_by("pair", maintain_order=True)
        .agg(kinds=pl.struct("kind", "bits"))
    )
    heaviest = (
        shared.sort("pair", "bits", "value", descending=[False, True, False])
        .group_by("pair", maintain_order=True)
        .agg(observables=pl.struct("value", "bits").head(8))
    )
    ends = pl.DataFrame({"pair": np.arange(len(a)), "a": a, "b": b})
    return (
        total.join(ends, on="pair", maintain_order="left")
        .join(by_kind, on="pair", maintain_order="left")
        .join(heaviest, on="pair", maintain_order="left")
        .drop("pair")
    )
