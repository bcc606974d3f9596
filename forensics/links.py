"""Sightings → pairs of accounts that share more than chance, in bits, never expanding all pairs of a popular value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.observables import INCIDENCE_COLUMNS, LEASE_DAYS, LEASED_KINDS, build_incidence, bundle, find_communities, shuffle_incidence, spread, unbundle
from forensics.schema import LINKS

if TYPE_CHECKING:
    from forensics.config import LinkSettings
    from forensics.observables import Floats, Incidence, Ints


def weigh_links(sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: LinkSettings) -> pl.LazyFrame:
    """One row per pair of accounts that shares more than chance: each account's strongest pairs, not every pair.

    In:    SIGHTINGS, ACCOUNTS, any order.
    Out:   LINKS, sorted; big networks appear as a readable skeleton.
    Null:  accounts that share nothing rare with anybody are in no row.
    """
    return bundle(sightings=sightings, accounts=accounts.select("account_id", "request_count")).map_batches(lambda frame: _weigh(frame, settings), schema=LINKS.schema)


@dataclass(frozen=True)
class Scale:
    """What a pair must reach and what one line of evidence may bring, in bits."""

    needed: float
    line_cap: float
    kind_cap: float


def scale_of(incidence: Incidence, settings: LinkSettings) -> Scale:
    """The prior odds that a random pair belongs together are about 1 : accounts; `margin_bits` on top asks for 4 : 1 in the pair's favour."""
    needed = float(np.log2(max(incidence.account_count, 2))) + settings.margin_bits
    assessable = [line for line in incidence.lines if line != "timing"]
    share = settings.line_cap_share if len(assessable) > 1 else settings.only_line_cap_share
    return Scale(needed=needed, line_cap=share * needed, kind_cap=share * needed)


def _weigh(frame: pl.DataFrame, settings: LinkSettings) -> pl.DataFrame:
    tables = unbundle(frame, INCIDENCE_COLUMNS)
    incidence = build_incidence(tables["sightings"], tables["accounts"])
    if len(incidence.account) == 0:
        return LINKS.empty()
    scale = scale_of(incidence, settings)
    a, b = propose_rare(incidence, scale, settings)
    pairs = [(a, b, incidence.rarity_bits)]
    for core in find_cores(incidence, settings):
        pairs.append((*sketch_core(incidence, core), outside_bits(incidence, core)))
    parts = [weigh_pairs(incidence, left, right, bits, scale) for left, right, bits in pairs if len(left)]
    if not parts:
        return LINKS.empty()
    return _spell(incidence, _keep_strongest(pl.concat(parts), scale, settings))


# Rare values: pairs are counted before they are made


def propose_rare(incidence: Incidence, scale: Scale, settings: LinkSettings) -> tuple[Ints, Ints]:
    """Pairs that share rare values: values are taken from the rarest up, as long as their pairs fit the budget."""
    holders = incidence.holders
    cost = np.where(holders >= 2, holders * (holders - 1) // 2, 0)
    order = np.argsort(holders, kind="stable")
    total = np.cumsum(cost[order])
    affordable = holders[order][total <= settings.pair_budget]
    most = int(affordable[-1]) if len(affordable) else 1
    if len(affordable) < len(holders) and most == holders[order][len(affordable)]:
        most -= 1  # all values of one size, or none
    account_count = incidence.account_count
    starts = incidence.starts
    bits = incidence.rarity_bits
    keys, kinds, squares = [], [], []
    for size in np.unique(holders[(holders >= 2) & (holders <= most)]):
        values = np.flatnonzero(holders == size)
        entries = starts[values][:, None] + np.arange(size)[None, :]
        left, right = np.triu_indices(int(size), 1)
        i, j = entries[:, left].ravel(), entries[:, right].ravel()
        weight = np.repeat(bits[values], len(left)) * np.sqrt(incidence.use[i] * incidence.use[j])
        kind = np.repeat(incidence.kind_of_value[values], len(left))
        weight *= _lease(incidence, kind, i, j)
        keys.append(incidence.account[i] * account_count + incidence.account[j])
        kinds.append(kind)
        squares.append((weight * weight * 1024).astype(np.int64))
    if not keys:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    by_kind = pl.DataFrame({"key": np.concatenate(keys), "kind": np.concatenate(kinds), "square": np.concatenate(squares)})
    found = (
        by_kind.group_by("key", "kind").agg(pl.col("square").sum())
        .group_by("key").agg(bits=((pl.col("square") / 1024).sqrt().clip(upper_bound=scale.kind_cap) * 1024).cast(pl.Int64).sum())
        .filter(pl.col("bits") >= settings.propose_share * scale.needed * 1024)
        .sort("bits", "key", descending=[True, False])
    )
    key = found["key"].to_numpy()
    a, b = key // account_count, key % account_count
    keep = _within_top(a, b, settings.neighbours)
    return a[keep], b[keep]


def _within_top(a: Ints, b: Ints, most: int) -> np.ndarray:
    """Which pairs, given strongest first, are among the first `most` of either account."""
    ranks = pl.DataFrame({"account": np.concatenate([a, b]), "pair": np.concatenate([np.arange(len(a)), np.arange(len(a))])}).sort("pair", "account")
    kept = ranks.with_columns(rank=pl.int_range(pl.len()).over("account")).filter(pl.col("rank") < most)["pair"].unique().to_numpy()
    mask = np.zeros(len(a), dtype=bool)
    mask[kept] = True
    return mask


def _lease(incidence: Incidence, kind: Ints, i: Ints, j: Ints) -> Floats:
    """How much of its weight a leased observable keeps for entries i and j: all if both had it at once, half after a week's silence between."""
    leased = np.isin(kind, [number for number, name in enumerate(incidence.kinds) if name in LEASED_KINDS])
    gap = np.maximum(incidence.first_day[i] - incidence.last_day[j], incidence.first_day[j] - incidence.last_day[i])
    gap = np.where(np.isnan(gap), 0.0, np.maximum(gap, 0.0))
    kept: Floats = np.where(leased, 0.5 ** (gap / LEASE_DAYS), 1.0)
    return kept


# Popular values: communities of observables


def find_cores(incidence: Incidence, settings: LinkSettings) -> list[Ints]:
    """Groups of accounts that hold several observables which meet more often than the degree null allows, each from two lines of evidence or more.

    A pair of values costs the same whether 5 or 25,000 accounts hold both: the overlap is counted account by account.
    """
    a, b, weight = overlap_values(incidence, settings)
    if len(a) == 0:
        return []
    if settings.shuffles:
        null = overlap_values(shuffle_incidence(incidence, settings.seed), settings)
        if len(null[0]) > settings.null_share * len(a):
            floor = np.sort(null[2])[::-1][int(settings.null_share * len(a))]
            a, b, weight = a[weight > floor], b[weight > floor], weight[weight > floor]
    values, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    left, right = places[: len(a)], places[len(a) :]
    community = find_communities(len(values), left, right, weight, settings.seed)
    of_value = np.full(len(incidence.holders), -1, dtype=np.int64)
    of_value[values] = community
    held = of_value[incidence.value]
    entries = pl.DataFrame({"community": held, "account": incidence.account, "line": incidence.line_of_value[incidence.value]}).filter(pl.col("community") >= 0)
    rested = entries.group_by("community", "account").agg(lines=pl.col("line").n_unique(), values=pl.len())
    two = pl.col("lines") >= 2 if len([line for line in incidence.lines if line != "timing"]) > 1 else pl.col("values") >= 2
    cores = rested.filter(two).sort("community", "account").group_by("community", maintain_order=True).agg("account").filter(pl.col("account").list.len() >= 3)
    return [np.array(core, dtype=np.int64) for core in cores["account"].to_list()]


def overlap_values(incidence: Incidence, settings: LinkSettings) -> tuple[Ints, Ints, Floats]:
    """Pairs of values held together by more accounts than the degree null leads to expect, with the correlation of their holders."""
    from scipy.sparse import csr_matrix

    popular = incidence.holders >= settings.core_holders
    entries = pl.DataFrame({"account": incidence.account, "value": incidence.value, "holders": incidence.holders[incidence.value]}).filter(
        pl.Series(popular[incidence.value])
    )
    entries = entries.sort("account", "holders", "value").with_columns(rank=pl.int_range(pl.len()).over("account")).filter(pl.col("rank") < settings.core_values)
    if entries.height == 0:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, np.empty(0)
    values, column = np.unique(entries["value"].to_numpy(), return_inverse=True)
    account = entries["account"].to_numpy()
    shape = (incidence.account_count, len(values))
    matrix = csr_matrix((np.ones(len(column), dtype=np.int32), (account, column)), shape=shape)
    by_value = matrix.T.tocsr()
    degree = np.bincount(column, minlength=len(values)).astype(np.float64)
    kind = incidence.kind_of_value[values]
    per_kind = csr_matrix((np.ones(len(column)), (account, kind[column])), shape=(incidence.account_count, len(incidence.kinds)))
    totals = np.asarray(per_kind.sum(axis=0)).ravel()
    together = (per_kind.T @ per_kind).toarray()
    together[np.diag_indices_from(together)] -= totals  # within a kind an account's own entry is no second one
    scale = together / np.maximum(np.outer(totals, totals), 1.0)
    bar = np.log(max(len(values), 2) ** 2 / 2 / settings.core_p)
    found: list[tuple[Ints, Ints, Floats]] = []
    block = max(1, settings.pair_budget // max(1, int(np.ceil(matrix.nnz / max(len(values), 1) * settings.core_values))))
    for start in range(0, len(values), block):
        part = (by_value[start : start + block] @ matrix).tocoo()
        v, w, both = part.row.astype(np.int64) + start, part.col.astype(np.int64), part.data.astype(np.float64)
        upper = (v < w) & (both >= 3)
        v, w, both = v[upper], w[upper], both[upper]
        expected = np.maximum(degree[v] * degree[w] * scale[kind[v], kind[w]], 1e-9)
        # Chernoff's bound on the Poisson tail: never smaller than the p-value, and in closed form.
        evidence = np.where(both > expected, both * np.log(both / expected) - both + expected, 0.0)
        n = float(incidence.account_count)
        correlation = (both - expected) / np.sqrt(degree[v] * degree[w] * (1 - degree[v] / (n + 1)) * (1 - degree[w] / (n + 1)))
        keep = (evidence > bar) & (correlation >= settings.core_correlation)
        found.append((values[v[keep]], values[w[keep]], np.minimum(correlation[keep], 1.0)))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def outside_bits(incidence: Incidence, core: Ints) -> Floats:
    """Bits per value for two accounts of a core: how rare the value is among all others, where it is more frequent inside.

    A template of 300 accounts out of 2,000 is not rare, yet outside of the hydra nobody holds it.
    """
    inside = np.zeros(incidence.account_count, dtype=bool)
    inside[core] = True
    members = np.bincount(incidence.value[inside[incidence.account]], minlength=len(incidence.holders))
    others = incidence.account_count - len(core)
    rare = np.log2((others + 2.0) / (incidence.holders - members + 1.0))
    frequent = members * (others + 1.0) > (incidence.holders - members) * float(len(core))
    bits: Floats = np.where(frequent & (members >= 2), np.maximum(rare, incidence.rarity_bits), incidence.rarity_bits)
    return bits


def sketch_core(incidence: Incidence, core: Ints, width: int = 6) -> tuple[Ints, Ints]:
    """A readable skeleton of a core: each account with a few neighbours in several orders, instead of all pairs."""
    if len(core) <= 2 * width:
        left, right = np.triu_indices(len(core), 1)
        return core[left], core[right]
    inside = np.zeros(incidence.account_count, dtype=bool)
    inside[core] = True
    entries = pl.DataFrame({"account": incidence.account, "value": incidence.value, "holders": incidence.holders[incidence.value], "line": incidence.line_of_value[incidence.value]})
    entries = entries.filter(pl.Series(inside[incidence.account]))
    pairs = []
    # Neighbours in the order of their rarest value, one order a line of evidence: those who share a card stand together, those who share a template too.
    for line in range(len(incidence.lines)):
        order = entries.filter(pl.col("line") == line).sort("account", "holders", "value").group_by("account", maintain_order=True).agg(pl.col("value").first()).sort("value", "account")
        row = order["account"].to_numpy().astype(np.int64)
        pairs += [(row[:-step], row[step:]) for step in range(1, min(width, len(row)))]
    a = np.concatenate([pair[0] for pair in pairs])
    b = np.concatenate([pair[1] for pair in pairs])
    key = np.unique(np.minimum(a, b) * incidence.account_count + np.maximum(a, b))
    return key // incidence.account_count, key % incidence.account_count


# Bits of a pair


def share_values(incidence: Incidence, a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
    """Every value that a pair shares: number of the pair, entry of a, entry of b."""
    order = np.lexsort((incidence.value, incidence.account))
    account, value = incidence.account[order], incidence.value[order]
    first = np.searchsorted(account, np.arange(incidence.account_count + 1))
    pair, place = spread(first[a], first[a + 1] - first[a])
    value_count = len(incidence.holders) + 1
    keys = account * value_count + value
    wanted = b[pair] * value_count + value[place]
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    hit = keys[at] == wanted
    return pair[hit], order[place[hit]], order[at[hit]]


def weigh_pairs(incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale, chunk: int = 100_000) -> pl.DataFrame:
    """One row per pair that reaches the needed bits: account numbers, bits, bits by kind, heaviest shared observables."""
    parts = [_weigh_chunk(incidence, a[start : start + chunk], b[start : start + chunk], bits, scale) for start in range(0, len(a), chunk)]
    return pl.concat(parts)


def _weigh_chunk(incidence: Incidence, a: Ints, b: Ints, bits: Floats, scale: Scale) -> pl.DataFrame:
    pair, i, j = share_values(incidence, a, b)
    value = incidence.value[i]
    kind = incidence.kind_of_value[value]
    weight = bits[value] * np.sqrt(incidence.use[i] * incidence.use[j]) * _lease(incidence, kind, i, j)
    shared = pl.DataFrame({"pair": pair, "value": value, "kind": kind, "line": incidence.line_of_kind[kind], "bits": np.maximum(weight, 0.0)})
    shared = shared.sort("pair", "kind", "bits", "value", descending=[False, False, True, False])
    # Several values of one kind add up like independent errors do (root of squares): twelve shingles of one text are no twelve traces.
    kinds = shared.group_by("pair", "line", "kind", maintain_order=True).agg(bits=(pl.col("bits") ** 2).sum().sqrt().clip(upper_bound=scale.kind_cap))
    kinds = kinds.sort("pair", "line", "bits", "kind", descending=[False, False, True, False])
    # Within a line, further kinds repeat much of what the strongest said.
    lines = kinds.group_by("pair", "line", maintain_order=True).agg(
        bits=(pl.col("bits").first() + 0.25 * (pl.col("bits").sum() - pl.col("bits").first())).clip(upper_bound=pl.when(pl.col("line").first() == _number(incidence, "provenance")).then(2 * scale.needed).otherwise(scale.line_cap)),
        raw=pl.col("bits").sum(),
    )
    total = lines.group_by("pair", maintain_order=True).agg(weight_bits=pl.col("bits").sum()).filter(pl.col("weight_bits") >= scale.needed)
    told = kinds.join(lines.select("pair", "line", part=pl.col("bits") / pl.col("raw").clip(1e-9)), on=["pair", "line"], maintain_order="left").with_columns(bits=pl.col("bits") * pl.col("part"))
    by_kind = told.sort("pair", "bits", "kind", descending=[False, True, False]).group_by("pair", maintain_order=True).agg(kinds=pl.struct("kind", "bits"))
    heaviest = shared.sort("pair", "bits", "value", descending=[False, True, False]).group_by("pair", maintain_order=True).agg(observables=pl.struct("value", "bits").head(8))
    ends = pl.DataFrame({"pair": np.arange(len(a)), "a": a, "b": b})
    return (
        total.join(ends, on="pair", maintain_order="left")
        .join(by_kind, on="pair", maintain_order="left")
        .join(heaviest, on="pair", maintain_order="left")
        .drop("pair")
    )


def _number(incidence: Incidence, line: str) -> int:
    return incidence.lines.index(line) if line in incidence.lines else -1


def _keep_strongest(pairs: pl.DataFrame, scale: Scale, settings: LinkSettings) -> pl.DataFrame:
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
    seen = seen.with_columns(
        kind=of_value.gather(number), value=incidence.value_names.gather(number), holders=pl.Series(incidence.holders).gather(number).cast(pl.UInt32)
    ).group_by("pair", maintain_order=True).agg(observables=pl.struct("kind", "value", "bits", "holders"))
    return (
        pairs.select("pair", account_a=ids.gather(pairs["a"]), account_b=ids.gather(pairs["b"]), weight_bits="weight_bits")
        .join(by_kind, on="pair", maintain_order="left")
        .join(seen, on="pair", maintain_order="left")
        .select(pl.col(name).cast(dtype) for name, dtype in LINKS.schema.items())
        .sort("account_a", "account_b")
    )
