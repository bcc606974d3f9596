"""Groups of accounts that popular observables hold together, found without ever expanding the pairs of a popular value.

Three views, because a hydra may be a third of all accounts and then nothing it shows is rare:

meetings  two popular values held together by more accounts than chance allows (template and client), joined into
communities of values; nests     a popular value in which many small values of another line lie wholly (the cards of
four, all inside one template); blocks    several templates dealt among the same accounts, where nothing but content is
left to see.

The cost of each follows the observables per account, never the holders of a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.describing.sightings import kind_of
from forensics.linking.graphs import find_communities, spread
from forensics.linking.incidence import deal_lines

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


@dataclass(frozen=True)
class Core:
    """Accounts that belong together as a whole, and what their values are worth among them."""

    accounts: Ints
    bits: Floats  # per value
    # tested as a whole: the odds that two of its accounts belong together are no longer those of two strangers
    whole: bool


def find_cores(incidence: Incidence, pieces: Ints, settings: LinkSettings) -> list[Core]:
    """Every core, by each view; cores may overlap.

    In:    `pieces`, the part each account belongs to by its rare observables alone. A nest of few large pieces is left
           out: those are found without it, and whether they are one is for the merging of networks to say, which weighs
           all they share and all they do not.
    """
    # Without content a pool shows too few lines for its pairs to reach the odds of two strangers; with content, public
    # tools meet too, and pairs must.
    bare = "content" not in incidence.lines
    cores = [
        Core(accounts, outside_bits(incidence, accounts), whole=bare and len(accounts) >= settings.nest_holders)
        for accounts in find_meetings(incidence, settings)
    ]
    for value, accounts in find_nests(incidence, settings):
        if np.unique(pieces[accounts], return_counts=True)[1].max() * settings.nest_pieces > len(accounts):
            continue
        bits = np.zeros(len(incidence.holders))
        bits[value] = np.log2(incidence.account_count)
        cores.append(Core(accounts, bits, whole=True))
    for values, accounts in find_blocks(incidence, settings):
        bits = np.zeros(len(incidence.holders))
        bits[values] = outside_bits(incidence, accounts)[values]
        cores.append(Core(accounts, bits, whole=True))
    return cores


def find_meetings(incidence: Incidence, settings: LinkSettings) -> list[Ints]:
    """Accounts that hold values of two lines or more out of one community of values."""
    a, b, weight = overlap_values(incidence, settings)
    if len(a) == 0:
        return []
    across = incidence.line_of_value[a] != incidence.line_of_value[b]
    several = incidence.several_lines
    if settings.shuffles and several and across.any():
        # Lines dealt anew leave only accidental meetings across lines: their strength is the floor.
        dealt = overlap_values(deal_lines(incidence, settings.seed), settings)
        null = np.sort(dealt[2][incidence.line_of_value[dealt[0]] != incidence.line_of_value[dealt[1]]])[::-1]
        allowed = int(settings.null_share * across.sum())
        if len(null) > allowed:
            keep = ~across | (weight > null[allowed])
            a, b, weight = a[keep], b[keep], weight[keep]
    values, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    left, right = places[: len(a)], places[len(a) :]
    of_value = np.full(len(incidence.holders), -1, dtype=np.int64)
    of_value[values] = find_communities(len(values), left, right, weight, settings.seed)
    entries = pl.DataFrame(
        {
            "community": of_value[incidence.value],
            "account": incidence.account,
            "line": incidence.line_of_value[incidence.value],
        }
    )
    rested = (
        entries.filter(pl.col("community") >= 0)
        .group_by("community", "account")
        .agg(lines=pl.col("line").n_unique(), values=pl.len())
    )
    two = pl.col("lines") >= 2 if several else pl.col("values") >= 2
    cores = (
        rested.filter(two)
        .sort("community", "account")
        .group_by("community", maintain_order=True)
        .agg("account")
        .filter(pl.col("account").list.len() >= 3)
    )
    return [np.array(core, dtype=np.int64) for core in cores["account"].to_list()]


def overlap_values(incidence: Incidence, settings: LinkSettings) -> tuple[Ints, Ints, Floats]:
    """Pairs of values held together by more accounts than the degree null leads to expect, with the correlation of
    their holders.
    """
    from scipy.sparse import csr_matrix

    popular = incidence.holders >= settings.core_holders
    entries = pl.DataFrame(
        {"account": incidence.account, "value": incidence.value, "holders": incidence.holders[incidence.value]}
    ).filter(pl.Series(popular[incidence.value]))
    entries = (
        entries.sort("account", "holders", "value")
        .with_columns(rank=pl.int_range(pl.len()).over("account"))
        .filter(pl.col("rank") < settings.core_values)
    )
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
    per_kind = csr_matrix(
        (np.ones(len(column)), (account, kind[column])), shape=(incidence.account_count, len(incidence.kinds))
    )
    totals = np.asarray(per_kind.sum(axis=0)).ravel()
    together = (per_kind.T @ per_kind).toarray()
    together[np.diag_indices_from(together)] -= totals  # within a kind an account's own entry is no second one
    # Where hardly anybody but a hydra shows shared observables, the degree null explains the hydra by itself: no more
    # is expected than of activity.
    scale = np.minimum(together / np.maximum(np.outer(totals, totals), 1.0), incidence.chance)
    bar = np.log(max(len(values), 2) ** 2 / 2 / settings.core_p)
    found: list[tuple[Ints, Ints, Floats]] = []
    block = max(
        1, settings.pair_budget // max(1, int(np.ceil(matrix.nnz / max(len(values), 1) * settings.core_values)))
    )
    for start in range(0, len(values), block):
        part = (by_value[start : start + block] @ matrix).tocoo()
        v, w, both = part.row.astype(np.int64) + start, part.col.astype(np.int64), part.data.astype(np.float64)
        upper = (v < w) & (both >= 3)
        v, w, both = v[upper], w[upper], both[upper]
        expected = np.maximum(degree[v] * degree[w] * scale[kind[v], kind[w]], 1e-9)
        # Chernoff's bound on the Poisson tail: never smaller than the p-value, and in closed form.
        evidence = np.where(both > expected, both * np.log(both / expected) - both + expected, 0.0)
        n = float(incidence.account_count)
        correlation = (both - expected) / np.sqrt(
            degree[v] * degree[w] * (1 - degree[v] / (n + 1)) * (1 - degree[w] / (n + 1))
        )
        keep = (evidence > bar) & (correlation >= settings.core_correlation)
        found.append((values[v[keep]], values[w[keep]], np.minimum(correlation[keep], 1.0)))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def find_nests(incidence: Incidence, settings: LinkSettings) -> list[tuple[int, Ints]]:
    """Popular values into which small values of another line fall whole, and which those cover at least by half; with
    their holders.

    One value of 5,000 accounts alone says nothing: it may be a framework. But where those accounts pay with cards of
    four, and the other three are always among the 5,000 too, the value is one operator's. Families and offices among a
    framework's users fall inside it by chance only, as they do when lines are dealt anew among accounts of like
    activity: that is the null, both for the number of nested values and for what they cover.
    """
    large = np.flatnonzero(
        (incidence.holders >= settings.nest_holders)
        & (incidence.holders <= incidence.account_count // 2)
        & ~incidence.packed
    )
    if len(large) == 0 or not incidence.several_lines:
        return []
    nested, expected, (cell, account) = _nest_counts(incidence, large)
    by_chance, _, _ = _nest_counts(deal_lines(incidence, settings.seed), large)
    expected = np.maximum(expected, by_chance)
    evidence = np.where(nested > expected, nested * np.log(np.maximum(nested, 1.0) / expected) - nested + expected, 0.0)
    good = (
        (nested >= 3)
        & (nested >= 2 * expected)
        & (evidence > np.log(max(int((nested > 0).sum()), 1) / settings.core_p))
    )
    width = nested.shape[1]
    inside = np.unique(cell[good.ravel()[cell]] // width * incidence.account_count + account[good.ravel()[cell]])
    value, account = inside // incidence.account_count, inside % incidence.account_count
    share = np.bincount(value, minlength=len(large)) / incidence.holders[large]
    enough = np.flatnonzero(share >= settings.nest_cover)
    starts = np.searchsorted(value, np.arange(len(large) + 1))
    nests = [(int(large[number]), account[starts[number] : starts[number + 1]]) for number in enough]
    # A hydra may nest in dozens of its own values; those that bring no new accounts are left out.
    chosen: list[tuple[int, Ints]] = []
    known: list[set[int]] = []
    for number, accounts in sorted(nests, key=lambda nest: (-len(nest[1]), nest[0])):
        members = set(accounts.tolist())
        if not any(len(members & other) >= 0.9 * len(members) for other in known):
            chosen.append((number, accounts))
            known.append(members)
    return chosen


def _nest_counts(incidence: Incidence, large: Ints) -> tuple[Floats, Floats, tuple[Ints, Ints]]:
    """Per large value and sort of small value: how many nest in it, how many would if holders were independent; and
    which of its holders they cover.

    A sort is a line of evidence and a size (2, 3–4, 5–8, … holders): the many pairs that nest by chance must not hide
    the few large values that cannot.
    """
    from scipy.sparse import csr_matrix
    from scipy.stats import binom

    size = incidence.holders
    small = np.flatnonzero((size >= 2) & ~incidence.packed)
    step = np.ceil(np.log2(np.maximum(size, 2))).astype(np.int64) - 1
    sort = incidence.line_of_value * int(step.max(initial=0) + 1) + step
    shape = (len(large), len(incidence.lines) * int(step.max(initial=0) + 1))
    column, row = np.full(len(size), -1, dtype=np.int64), np.full(len(size), -1, dtype=np.int64)
    column[small], row[large] = np.arange(len(small)), np.arange(len(large))
    in_small, in_large = column[incidence.value] >= 0, row[incidence.value] >= 0
    n = incidence.account_count
    held = csr_matrix(
        (
            np.ones(int(in_small.sum()), dtype=np.int32),
            (column[incidence.value[in_small]], incidence.account[in_small]),
        ),
        shape=(len(small), n),
    )
    popular = csr_matrix(
        (np.ones(int(in_large.sum()), dtype=np.int32), (incidence.account[in_large], row[incidence.value[in_large]])),
        shape=(n, len(large)),
    )
    need = np.ceil(0.75 * size[small]).astype(np.int64).clip(2)
    line_small, line_large = incidence.line_of_value[small], incidence.line_of_value[large]
    parts: list[tuple[Ints, Ints]] = []
    for start in range(0, len(small), 50_000):
        part = (held[start : start + 50_000] @ popular).tocoo()
        w, v = part.row.astype(np.int64) + start, part.col.astype(np.int64)
        whole = (part.data >= need[w]) & (line_small[w] != line_large[v]) & (2 * size[small[w]] <= size[large[v]])
        parts.append((w[whole], v[whole]))
    if not parts:
        return np.zeros(shape), np.ones(shape), (small, small)
    w, v = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    cell = v * shape[1] + sort[small[w]]
    nested = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    expected = np.zeros(shape)
    classes, class_of = np.unique(np.stack([sort[small], size[small]]), axis=1, return_inverse=True)
    for (number, holders), count in zip(classes.T, np.bincount(class_of.ravel()), strict=True):
        expected[:, number] += count * binom.sf(max(int(np.ceil(0.75 * holders)), 2) - 1, holders, size[large] / n)
    expected = np.maximum(expected, 1e-9)
    run, entry = spread(incidence.starts[small[w]], size[small[w]])
    covered = np.unique(cell[run] * n + incidence.account[entry])
    owner, account = covered // n, covered % n
    # Of the accounts that nested values hold, those that hold the large value too.
    keys = np.sort(incidence.account[in_large] * shape[0] + row[incidence.value[in_large]])
    wanted = account * shape[0] + owner // shape[1]
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    hit = keys[at] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
    return nested, expected, (owner[hit], account[hit])


def find_blocks(incidence: Incidence, settings: LinkSettings) -> list[tuple[Ints, Ints]]:
    """Several templates (or, where the logs have one line only, several of its values) dealt among the same accounts
    beyond the degree null.

    Blocks are communities of the graph of accounts and values; each is tested whole: accounts' pairs of its values
    against those of the degree null, with the number of ways to choose the block's values as the price of having
    looked.
    """
    kinds = [
        number
        for number, kind in enumerate(incidence.kinds)
        # values met independently of each other: several of them on the same accounts are several traces
        if (kind_of(kind).adds_up and kind_of(kind).line == "content")
        or (kind_of(kind).set_of_exits and "content" not in incidence.lines)
        or (not incidence.several_lines and incidence.lines[incidence.line_of_kind[number]] != "timing")
    ]
    chosen = np.flatnonzero(np.isin(incidence.kind_of_value, kinds) & (incidence.holders >= 3))
    if len(chosen) < 3:
        return []
    place = np.full(len(incidence.holders), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    mine = place[incidence.value] >= 0
    account, value, n = incidence.account[mine], place[incidence.value[mine]], incidence.account_count
    degree = np.bincount(value, minlength=len(chosen)).astype(np.float64)
    held = np.bincount(account, minlength=n).astype(np.float64)
    scale = float((held * (held - 1)).sum()) / max(held.sum() ** 2, 1.0)
    weight = incidence.rarity_bits[chosen][value] * incidence.use[mine]
    label = find_communities(n + len(chosen), account, n + value, np.maximum(weight, 1e-6), settings.seed)
    label = _whole_components(label, account, n + value, n, settings)
    block = label[n + value]
    inside = label[account] == block
    table = (
        pl.DataFrame({"block": block[inside], "account": account[inside]})
        .group_by("block", "account")
        .agg(k=pl.len())
        .filter(pl.col("k") >= 2)
    )
    found = []
    for (number,), shown in sorted(table.group_by("block"), key=lambda item: item[0][0]):
        values = np.flatnonzero(label[n:] == number)
        # An account that shows many times more of the block than most is a hub (a reseller's key carries everybody's
        # templates): without it the rest
        # must still hold.
        part = shown.filter(pl.col("k") <= settings.block_hub * pl.col("k").median())
        if part.height < 3 or len(values) < 3:
            continue
        pairs = float((part["k"] * (part["k"] - 1) // 2).sum())
        d = degree[values]
        expected = max(scale * (d.sum() ** 2 - (d**2).sum()) / 2, 1e-9)
        dense = float(part["k"].mean() or 0.0) >= settings.block_dense * len(values)  # type: ignore[arg-type]
        # the degree null explains a block by itself where nobody else shows such values; then no more is expected than
        # of activity
        if dense:
            expected = max(min(scale, incidence.chance) * (d.sum() ** 2 - (d**2).sum()) / 2, 1e-9)
        evidence = (
            pairs * np.log(pairs / expected) - pairs + expected if pairs > settings.block_lift * expected else 0.0
        )
        price = len(values) * np.log(np.e * len(chosen) / len(values)) - np.log(settings.core_p)
        if evidence > price:
            found.append((chosen[values], np.sort(part["account"].to_numpy().astype(np.int64))))
    return found


def _whole_components(label: Ints, account: Ints, value: Ints, accounts: int, settings: LinkSettings) -> Ints:
    """The communities, but each densely filled component one of its own: communities of a full block are arbitrary
    parts of it.
    """
    component = find_components(len(label), account, value)
    count = int(component.max()) + 1
    entries = np.bincount(component[account], minlength=count)
    rows = np.bincount(component[np.unique(account)], minlength=count)
    columns = np.bincount(component[accounts:], minlength=count)
    full = entries >= np.maximum(settings.block_dense * rows * columns, 1.0)
    whole: Ints = np.where(full[component], len(label) + component, label)
    return whole


def outside_bits(incidence: Incidence, core: Ints) -> Floats:
    """Bits per value for two accounts of a core: how rare the value is among all others, where it is more frequent
    inside.

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
