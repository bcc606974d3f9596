"""Bits of a pair of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.kinds import FURTHER
from forensics.describing.sightings import kind_of
from forensics.linking.graphs import spread
from forensics.linking.incidence import sum_values

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


HASH_FACTOR = np.int64(0x1E3779B97F4A7C15)  # odd: Fibonacci hashing of pair keys

LEASE_DAYS = 7.0  # silence between two holders that halves what a leased observable says
SPEAKS = 2.0  # bits from which a line of evidence says something
SIEVE = 24  # bits: buckets of the sieve that drops pairs which meet too little


@dataclass(frozen=True)
class Scale:
    """What a pair must reach, and the most that one line of evidence may bring, in bits."""

    needed: float
    cap: Floats  # by line number


def scale_of(incidence: Incidence, settings: LinkSettings) -> Scale:
    """The prior odds that a random pair belongs together are about 1 : accounts; `margin_bits` on top asks for 4 : 1 in
    the pair's favour.

    One line tells one account from all others at most, and so never links alone, but for what was met many times (blobs
    that go on elsewhere), and where the logs have one line only.
    """
    rarest = float(np.log2(max(incidence.account_count, 2)))
    needed = rarest + settings.margin_bits
    several = [line != "provenance" and incidence.several_lines for line in incidence.lines]
    return Scale(needed=needed, cap=np.where(np.array(several, dtype=bool), rarest, 2 * needed))


def lease(incidence: Incidence, kind: Ints, i: Ints, j: Ints) -> Floats:
    """How much of its weight a leased observable keeps for entries i and j: all if both had it at once, half after a
    week's silence between.
    """
    leased = np.flatnonzero(np.array([kind_of(name).leased for name in incidence.kinds], dtype=bool)[kind])
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
    pair, place = spread(first[a], first[a + 1] - first[a])
    value_count = len(incidence.held) + 1
    wanted = b[pair] * value_count + incidence.value[order[place]]
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    hit = keys[at] == wanted
    return pair[hit], order[place[hit]], order[at[hit]]


def weigh_pairs(incidence: Incidence, a: Ints, b: Ints, scale: Scale, chunk: int = 100_000) -> pl.DataFrame:
    """One row per pair that reaches the needed bits: accounts, bits, lines of evidence, bits by kind, heaviest
    shared observables.
    """
    parts = [
        _weigh_chunk(incidence, a[start : start + chunk], b[start : start + chunk], scale)
        for start in range(0, max(len(a), 1), chunk)
    ]  # one part even of nothing
    return pl.concat(parts)


def share(incidence: Incidence, a: Ints, b: Ints, scale: Scale) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """What pairs share: one row per pair and value, per pair and kind, per pair and line of evidence, each with its
    bits.

    A value that a share x of all accounts holds brings at most log2(1/x), and whatever comes with it brings no more:
    within a line the strongest kind counts (the opening, the closing, the template and the client of one program are
    one trace, as are an address and its prefix), and within a kind what a second value adds among the holders of the
    first. What was met at different times (sessions, blobs, co-actions) adds up.
    """
    shared = _weigh_values(incidence, a, b)
    kinds = shared.group_by("pair", "line", "kind", maintain_order=True).agg(
        # Two accounts with forty shingles each had many chances to meet: if one operator's accounts share about one
        # value of a kind, a meeting is worth its rarity less log2 of the values that could have met.
        bits=(sum_values(pl.col("norm"), pl.col("bits"), pl.col("further")) - pl.col("looks").first()).clip(0.0)
    )
    kinds = kinds.sort("pair", "line", "bits", "kind", descending=[False, False, True, False])
    lines = kinds.group_by("pair", "line", maintain_order=True).agg(
        bits=pl.col("bits").first(), raw=pl.col("bits").sum()
    )
    cap = pl.Series(scale.cap, dtype=pl.Float64).gather(lines["line"])
    return shared, kinds, lines.with_columns(bits=pl.min_horizontal(pl.col("bits"), cap))


def _weigh_values(incidence: Incidence, a: Ints, b: Ints) -> pl.DataFrame:
    """One row per pair and value that both show, the weightiest of each kind first: what it weighs by itself, and what
    it adds to that first one.
    """
    pair, i, j = share_values(incidence, a, b)
    value = incidence.value[i]
    kind = incidence.kind_of_value[value]
    weight = incidence.rarity_bits[value] * np.sqrt(incidence.use[i] * incidence.use[j])
    shared = pl.DataFrame(
        {
            "pair": pair,
            "value": value,
            "kind": kind,
            "line": incidence.line_of_kind[kind],
            "norm": incidence.norm[kind],
            "bits": np.maximum(weight * lease(incidence, kind, i, j), 0.0),
            "looks": np.minimum(incidence.looks[i], incidence.looks[j]),
        }
    ).sort("pair", "kind", "bits", "value", descending=[False, False, True, False])
    first = shared.select(pl.col("value").first().over("pair", "kind")).to_series().to_numpy()
    later = (shared["norm"].to_numpy() == FURTHER) & (first != shared["value"].to_numpy())
    further = np.zeros(shared.height)
    further[later] = added_bits(incidence, first[later], shared["value"].to_numpy()[later])
    return shared.with_columns(further=pl.min_horizontal(pl.Series(further, dtype=pl.Float64), "bits"))


def added_bits(incidence: Incidence, first: Ints, other: Ints) -> Floats:
    """What another value adds where one is shared: how rare it is among the holders of that one; 0 if it comes with
    it.
    """
    count = len(incidence.held) + 1
    key, back = np.unique(first * count + other, return_inverse=True)
    run, entry = spread(incidence.starts[key // count], incidence.held[key // count])
    keys = incidence.by_account[2]
    wanted = incidence.account[entry] * count + (key % count)[run]
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    both = np.bincount(run[keys[at] == wanted], minlength=len(key)) if len(wanted) else np.zeros(len(key))
    bits: Floats = np.log2(np.maximum(incidence.held[key // count], 1) / np.maximum(both, 1))[back]
    return bits


def _weigh_chunk(incidence: Incidence, a: Ints, b: Ints, scale: Scale) -> pl.DataFrame:
    shared, kinds, lines = share(incidence, a, b, scale)
    total = (
        lines.group_by("pair", maintain_order=True)
        .agg(weight_bits=pl.col("bits").sum(), lines=(pl.col("bits") >= SPEAKS).sum())
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
