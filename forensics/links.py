"""Sightings → pairs of accounts that share more than chance, in bits, never expanding all pairs of a popular value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.cores import find_cores, outside_bits
from forensics.observables import (
    INCIDENCE_COLUMNS,
    LEASE_DAYS,
    LEASED_KINDS,
    STRONGEST,
    WHOLE,
    build_incidence,
    bundle,
    find_components,
    spread,
    sum_values,
    unbundle,
)
from forensics.schema import LINKS

if TYPE_CHECKING:
    from forensics.config import LinkSettings
    from forensics.cores import Core
    from forensics.observables import Floats, Incidence, Ints


def weigh_links(sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """One row per pair of accounts that shares more than chance: each account's strongest pairs, not every pair.

    In:    SIGHTINGS, ACCOUNTS, any order.
    Out:   LINKS, sorted; big networks appear as a readable skeleton.
    Null:  accounts that share nothing rare with anybody are in no row.
    """
    return bundle(sightings=sightings, accounts=accounts.select("account_id", "request_count")).map_batches(
        lambda frame: _weigh(frame, settings), schema=LINKS.schema
    )


HASH_FACTOR = np.int64(0x1E3779B97F4A7C15)  # odd: Fibonacci hashing of pair keys
PAIRS_PER_ACCOUNT = 1000  # of the pair budget: a small case does not need the budget of a large one
SIEVE = 24  # bits: buckets of the sieve that drops pairs which meet too little


@dataclass(frozen=True)
class Scale:
    """What a pair must reach and what one line of evidence may bring, in bits."""

    needed: float
    line_cap: float
    kind_cap: float
    looks: bool = True  # whether the many chances of accounts that show much of a kind are held against them


def scale_of(incidence: Incidence, settings: LinkSettings) -> Scale:
    """The prior odds that a random pair belongs together are about 1 : accounts; `margin_bits` on top asks for 4 : 1 in the pair's favour."""
    needed = float(np.log2(max(incidence.account_count, 2))) + settings.margin_bits
    share = settings.line_cap_share if incidence.several_lines else settings.only_line_cap_share
    return Scale(needed=needed, line_cap=share * needed, kind_cap=share * needed)


def _weigh(frame: pl.DataFrame, settings: LinkSettings) -> pl.DataFrame:
    tables = unbundle(frame, INCIDENCE_COLUMNS)
    incidence = build_incidence(tables["sightings"], tables["accounts"])
    if len(incidence.account) == 0:
        return LINKS.empty()
    scale = scale_of(incidence, settings)
    a, b = propose_rare(incidence, scale, settings)
    parts = [weigh_pairs(incidence, a, b, incidence.rarity_bits, scale)]
    pieces = find_components(incidence.account_count, parts[0]["a"].to_numpy().astype(np.int64), parts[0]["b"].to_numpy().astype(np.int64))
    for core in find_cores(incidence, pieces, settings):
        a, b = sketch_core(incidence, core)
        # Two accounts of a core that was tested whole start from the odds inside it, not from those of two strangers.
        inside = (
            replace(scale, needed=float(np.log2(incidence.account_count / len(core.accounts))) + settings.margin_bits, looks=False) if core.whole else scale
        )
        parts.append(weigh_pairs(incidence, a, b, core.bits, inside))
    return _spell(incidence, _keep_strongest(pl.concat(parts), settings))


# Rare values: pairs are counted before they are made


def propose_rare(incidence: Incidence, scale: Scale, settings: LinkSettings) -> tuple[Ints, Ints]:
    """Pairs that share rare values: values are taken from the rarest up, as long as their pairs fit the budget."""
    holders = incidence.holders
    cost = np.where(holders >= 2, holders * (holders - 1) // 2, 0)
    order = np.argsort(holders, kind="stable")
    total = np.cumsum(cost[order])
    affordable = holders[order][total <= min(settings.pair_budget, PAIRS_PER_ACCOUNT * incidence.account_count)]
    most = int(affordable[-1]) if len(affordable) else 1
    if len(affordable) < len(holders) and most == holders[order][len(affordable)]:
        most -= 1  # all values of one size, or none
    account_count = incidence.account_count
    starts = incidence.starts
    bits, looks = incidence.rarity_bits, incidence.looks
    keys, lines, weights = [], [], []
    for size in np.unique(holders[(holders >= 2) & (holders <= most)]):
        values = np.flatnonzero(holders == size)
        entries = starts[values][:, None] + np.arange(size)[None, :]
        left, right = np.triu_indices(int(size), 1)
        i, j = entries[:, left].ravel(), entries[:, right].ravel()
        weight = np.repeat(bits[values], len(left)) * np.sqrt(incidence.use[i] * incidence.use[j])
        kind = np.repeat(incidence.kind_of_value[values], len(left))
        weight *= _lease(incidence, kind, i, j)
        weight -= np.where(incidence.norm[kind] == WHOLE, 0.0, np.minimum(looks[i], looks[j]))  # where all values count, looks are held against their sum
        keys.append(incidence.account[i] * account_count + incidence.account[j])
        lines.append(incidence.line_of_kind[kind])
        weights.append(np.clip(weight, 0.0, scale.kind_cap))
    if not keys:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    enough = settings.propose_share * scale.needed
    key, line, weight = (np.concatenate(parts) for parts in (keys, lines, weights))
    # Most pairs meet once and can be dropped before the costly grouping: bits are summed in buckets of a hash of the pair, which can only sum too much.
    bucket = (key * HASH_FACTOR >> 20) & (2**SIEVE - 1)
    worthy = np.bincount(bucket, weights=weight, minlength=2**SIEVE)[bucket] >= enough
    by_line = pl.DataFrame(
        {"key": key[worthy], "line": line[worthy], "bits": (weight[worthy] * 1024).astype(np.int64), "square": (weight[worthy] ** 2 * 1024).astype(np.int64)}
    )
    whole = pl.Series([any(incidence.norm[incidence.line_of_kind == number] == WHOLE) for number in range(len(incidence.lines))], dtype=pl.Boolean)
    by_line = by_line.group_by("key", "line").agg(pl.col("bits").sum(), pl.col("square").sum())
    by_line = by_line.with_columns(whole=whole.gather(by_line["line"]))
    line_bits = pl.when("whole").then(pl.col("bits") / 1024).otherwise((pl.col("square") / 1024).sqrt())
    found = (
        by_line.group_by("key")
        .agg(bits=(line_bits.clip(upper_bound=scale.line_cap) * 1024).cast(pl.Int64).sum())
        .filter(pl.col("bits") >= enough * 1024)
        .sort("bits", "key", descending=[True, False])
    )
    key = found["key"].to_numpy()
    a, b = key // account_count, key % account_count
    keep = _within_top(a, b, settings.neighbours)
    return a[keep], b[keep]


def _within_top(a: Ints, b: Ints, most: int) -> np.ndarray:
    """Which pairs, given strongest first, are among the first `most` of either account."""
    account = np.concatenate([a, b])
    pair = np.tile(np.arange(len(a)), 2)
    order = np.lexsort((pair, account))
    account = account[order]
    starts = np.flatnonzero(np.concatenate([[True], account[1:] != account[:-1]])) if len(account) else np.empty(0, dtype=np.int64)
    rank = np.arange(len(account)) - np.repeat(starts, np.diff(np.append(starts, len(account))))
    mask = np.zeros(len(a), dtype=bool)
    mask[pair[order][rank < most]] = True
    return mask


def _lease(incidence: Incidence, kind: Ints, i: Ints, j: Ints) -> Floats:
    """How much of its weight a leased observable keeps for entries i and j: all if both had it at once, half after a week's silence between."""
    leased = np.flatnonzero(np.array([name in LEASED_KINDS for name in incidence.kinds])[kind])
    i, j = i[leased], j[leased]
    gap = np.maximum(incidence.first_day[i] - incidence.last_day[j], incidence.first_day[j] - incidence.last_day[i])
    kept = np.ones(len(kind))
    kept[leased] = 0.5 ** (np.where(np.isnan(gap), 0.0, np.maximum(gap, 0.0)) / LEASE_DAYS)
    return kept


# Cores: a readable skeleton


def _mix(account: Ints, value: Ints) -> Ints:
    """A number for each pair that orders accounts anew at every value; a linear one would only turn one ring."""
    with np.errstate(over="ignore"):
        mixed = account.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + value.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        spread_out: Ints = (mixed ^ (mixed >> np.uint64(31))).astype(np.int64)
    return spread_out


def sketch_core(incidence: Incidence, whole: Core, width: int = 6) -> tuple[Ints, Ints]:
    """A readable skeleton of a core: each account with a few neighbours in several orders, instead of all pairs."""
    core = whole.accounts
    if len(core) <= 2 * width:
        left, right = np.triu_indices(len(core), 1)
        return core[left], core[right]
    inside = np.zeros(incidence.account_count, dtype=bool)
    inside[core] = True
    entries = pl.DataFrame(
        {"account": incidence.account, "value": incidence.value, "line": incidence.line_of_value[incidence.value], "bits": whole.bits[incidence.value]}
    )
    entries = entries.filter(pl.Series(inside[incidence.account]) & (pl.col("bits") > 0))
    # Each account stands beside others at every one of its weightiest values, so that the skeleton hangs together as the whole core would.
    entries = entries.sort("account", "line", "bits", "value", descending=[False, False, True, False])
    entries = entries.filter(pl.int_range(pl.len()).over("account", "line") < width).sort("value", "account")
    account, value = entries["account"].to_numpy().astype(np.int64), entries["value"].to_numpy()
    # Neighbours in an order of their own at each value: in one order for all, the skeleton would be a ring.
    order = np.lexsort((_mix(account, value), value))
    account, value = account[order], value[order]
    steps = [(account[:-step], account[step:], value[:-step] == value[step:]) for step in range(1, min(4, len(account)))]
    a = np.concatenate([left[same] for left, _, same in steps])
    b = np.concatenate([right[same] for _, right, same in steps])
    key = np.unique(np.minimum(a, b) * incidence.account_count + np.maximum(a, b))
    return key // incidence.account_count, key % incidence.account_count


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


def weigh_pairs(incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale, chunk: int = 100_000) -> pl.DataFrame:
    """One row per pair that reaches the needed bits: account numbers, bits, bits by kind, heaviest shared observables."""
    parts = [
        _weigh_chunk(incidence, a[start : start + chunk], b[start : start + chunk], bits, scale) for start in range(0, max(len(a), 1), chunk)
    ]  # one part even of nothing
    return pl.concat(parts)


def _share(incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """What pairs share: one row per pair and value, per pair and kind, per pair and line of evidence, each with its bits."""
    pair, i, j = share_values(incidence, a, b)
    value = incidence.value[i]
    kind = incidence.kind_of_value[value]
    weight = bits[value] * np.sqrt(incidence.use[i] * incidence.use[j]) * _lease(incidence, kind, i, j)
    looks = np.minimum(incidence.looks[i], incidence.looks[j]) if scale.looks else np.zeros(len(i))
    shared = pl.DataFrame({"pair": pair, "value": value, "kind": kind, "line": incidence.line_of_kind[kind], "bits": np.maximum(weight, 0.0), "looks": looks})
    shared = shared.sort("pair", "kind", "bits", "value", descending=[False, False, True, False])
    shared = shared.with_columns(norm=pl.Series(incidence.norm).gather(shared["kind"]))
    kinds = shared.group_by("pair", "line", "kind", maintain_order=True).agg(
        # Two accounts with forty shingles each had many chances to meet: if one operator's accounts share about one value of a kind, a meeting is worth
        # its rarity less log2 of the values that could have met.
        bits=(sum_values(pl.col("norm"), pl.col("bits")) - pl.col("looks").first()).clip(0.0, scale.kind_cap)
    )
    kinds = kinds.sort("pair", "line", "bits", "kind", descending=[False, False, True, False])
    # Within a line the strongest kind counts: the opening, the closing and the template of one prompt are one trace, as are an address and its prefix.
    lines = kinds.group_by("pair", "line", maintain_order=True).agg(
        bits=pl.col("bits")
        .first()
        .clip(upper_bound=pl.when(pl.col("line").first() == _number(incidence, "provenance")).then(2 * scale.needed).otherwise(scale.line_cap)),
        raw=pl.col("bits").sum(),
    )
    return shared, kinds, lines


def _weigh_chunk(incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale) -> pl.DataFrame:
    shared, kinds, lines = _share(incidence, a, b, bits, scale)
    total = lines.group_by("pair", maintain_order=True).agg(weight_bits=pl.col("bits").sum()).filter(pl.col("weight_bits") >= scale.needed)
    told = kinds.join(lines.select("pair", "line", part=pl.col("bits") / pl.col("raw").clip(1e-9)), on=["pair", "line"], maintain_order="left").with_columns(
        bits=pl.col("bits") * pl.col("part")
    )
    by_kind = told.sort("pair", "bits", "kind", descending=[False, True, False]).group_by("pair", maintain_order=True).agg(kinds=pl.struct("kind", "bits"))
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


def _number(incidence: Incidence, line: str) -> int:
    return incidence.lines.index(line) if line in incidence.lines else -1


def _keep_strongest(pairs: pl.DataFrame, settings: LinkSettings) -> pl.DataFrame:
    """Each pair once, with the most bits any view of it gave; the strongest of each account."""
    pairs = pairs.sort("a", "b", "weight_bits", descending=[False, False, True]).unique(["a", "b"], keep="first", maintain_order=True)
    pairs = pairs.sort("weight_bits", "a", "b", descending=[True, False, False])
    keep = _within_top(pairs["a"].to_numpy().astype(np.int64), pairs["b"].to_numpy().astype(np.int64), settings.neighbours)
    return pairs.filter(pl.Series(keep))


def _spell(incidence: Incidence, pairs: pl.DataFrame) -> pl.DataFrame:
    """Numbers back to names."""
    ids = pl.Series("account_id", incidence.account_ids)
    kinds = pl.Series("kind", incidence.kinds)
    of_value = pl.Series("kind", [incidence.kinds[number] for number in incidence.kind_of_value])
    pairs = pairs.sort("a", "b").with_row_index("pair")
    by_kind = pairs.select("pair", "kinds").explode("kinds").unnest("kinds")
    by_kind = by_kind.with_columns(kind=kinds.gather(by_kind["kind"])).group_by("pair", maintain_order=True).agg(kinds=pl.struct("kind", "bits"))
    seen = pairs.select("pair", "observables").explode("observables").unnest("observables")
    number = seen["value"]
    seen = (
        seen.with_columns(
            kind=of_value.gather(number), value=incidence.value_names.gather(number), holders=pl.Series(incidence.holders).gather(number).cast(pl.UInt32)
        )
        .group_by("pair", maintain_order=True)
        .agg(observables=pl.struct("kind", "value", "bits", "holders"))
    )
    return (
        pairs.select("pair", account_a=ids.gather(pairs["a"]), account_b=ids.gather(pairs["b"]), weight_bits="weight_bits")
        .join(by_kind, on="pair", maintain_order="left")
        .join(seen, on="pair", maintain_order="left")
        .select(pl.col(name).cast(dtype) for name, dtype in LINKS.schema.items())
        .sort("account_a", "account_b")
    )


# What an analyst asks about one pair

PAIR_SCHEMA = {"line": pl.String, "kind": pl.String, "value": pl.String, "holders": pl.UInt32, "bits": pl.Float64, "counted_bits": pl.Float64}


def explain_pair(sightings: pl.LazyFrame, accounts: pl.LazyFrame, a: str, b: str, settings: LinkSettings, members: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """One row per observable that two accounts share: what it weighs by itself, and what of it counts after looks and caps (a waterfall).

    In:    SIGHTINGS, ACCOUNTS; MEMBERS, if rarity is to be judged outside of the network both are in.
    Out:   line, kind, value, holders, bits, counted_bits; heaviest first. The sum of counted_bits is the weight of the pair.
    Null:  no row where they share nothing.
    """
    tables = {"sightings": sightings, "accounts": accounts.select("account_id", "request_count")}
    wanted = dict(INCIDENCE_COLUMNS)
    if members is not None:
        tables["members"] = members.select("network_id", "account_id")
        wanted["members"] = ["network_id", "account_id"]

    def answer(frame: pl.DataFrame) -> pl.DataFrame:
        parts = unbundle(frame, wanted)
        incidence = build_incidence(parts["sightings"], parts["accounts"])
        known = {account: number for number, account in enumerate(incidence.account_ids)}
        if a not in known or b not in known or a == b:
            return pl.DataFrame(schema=PAIR_SCHEMA)
        bits = incidence.rarity_bits
        if "members" in parts:
            network = parts["members"].filter(pl.col("account_id").is_in([a, b]))["network_id"]
            if len(network) == 2 and network[0] == network[1]:
                core = parts["members"].filter(pl.col("network_id") == network[0])["account_id"].to_list()
                bits = outside_bits(incidence, np.array(sorted(known[account] for account in core if account in known), dtype=np.int64))
        return _tell_pair(incidence, known[a], known[b], bits, scale_of(incidence, settings))

    return bundle(**tables).map_batches(answer, schema=PAIR_SCHEMA)


def _tell_pair(incidence: Incidence, a: int, b: int, bits: Floats, scale: Scale) -> pl.DataFrame:
    shared, kinds, lines = _share(incidence, np.array([a]), np.array([b]), bits, scale)
    counted = kinds.join(lines.select("line", counted="bits"), on="line")
    # A line's bits go to its strongest kind, a kind's bits to its values in proportion to their own squares where they add up, else to the heaviest.
    counted = counted.sort("line", "bits", "kind", descending=[False, True, False]).with_columns(
        kind_counts=pl.when(pl.int_range(pl.len()).over("line") == 0).then("counted").otherwise(0.0)
    )
    table = shared.join(counted.select("kind", "kind_counts"), on="kind").sort("kind", "bits", "value", descending=[False, True, False])
    heaviest = pl.int_range(pl.len()).over("kind") == 0
    weight = pl.when(pl.col("norm") < STRONGEST).then(pl.col("bits") ** pl.col("norm")).otherwise(pl.when(heaviest).then(1.0).otherwise(0.0))
    table = table.with_columns(part=weight).with_columns(part=pl.col("part") / pl.col("part").sum().over("kind").clip(1e-12))
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
