"""Groups of accounts that popular observables hold together, found without ever expanding the pairs of a popular value.

Three views, because a hydra may be a third of all accounts and then nothing it shows is rare:

meetings  two popular values of different lines held together by more accounts than chance allows (template and exits),
joined into communities of values; nests     a popular value in which many small values of another line lie wholly (the
cards of four, all inside one template); blocks    several templates dealt among the same accounts, where nothing but
content is left to see.

Each is a candidate, tested whole: what chose it is not counted again for its pairs, which weigh what their values are
worth among all accounts. The cost of each follows the observables per account, never the holders of a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.common.kinds import PROGRAM
from forensics.describing.sightings import kind_of
from forensics.linking.graphs import find_communities, spread
from forensics.linking.incidence import deal_lines

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


CORE_P = 0.01  # chance that any core of a log is accidental, over all that could have been one
POPULAR = 5  # fewest holders of a value in the graph of values
RAREST = 32  # values of each account in that graph: its rarest, so that the cost follows the accounts
CORRELATED = 0.1  # least correlation of the holders of two values, so that large logs do not find trifles
NULL_SHARE = 0.01  # meetings across lines that may also arise when the lines are dealt anew
NEST, COVER = 12, 0.8  # fewest holders of a value in which small ones nest, and share of them that those must cover
PIECES = 2  # a nest is used if no piece of it that rare values link is larger than half
PUBLIC = 1 / 16  # of all accounts, above which a value ties no block: it is a public program's
HUB = 4.0  # times the median of a block's values at which an account is a hub (a reseller) and does not count
LIFT = 2.0  # times the degree null by which a block must hold together
DENSE = 0.5  # share of a block's values that its accounts show, from which the block is not its own null


ROOM = 2_000_000  # meetings of values that are held at a time


@dataclass(frozen=True)
class Core:
    """Accounts that belong together as a whole, and the values that brought them together."""

    accounts: Ints
    values: Ints
    lines: int = 0  # of evidence that two of its accounts must share to stand beside each other


def find_cores(incidence: Incidence, pieces: Ints, settings: LinkSettings) -> list[Core]:
    """Every core, by each view; cores may overlap.

    In:    `pieces`, the part each account belongs to by its rare observables alone. A nest of few large pieces is left
           out: those are found without it, and whether they are one is for the merging of networks to say, which weighs
           all they share and all they do not.
    """
    nests = [
        Core(accounts, np.array([value]))
        for value, accounts in find_nests(incidence, settings)
        if np.unique(pieces[accounts], return_counts=True)[1].max() * PIECES <= len(accounts)
    ]
    return [*find_meetings(incidence, settings), *nests, *find_blocks(incidence, settings)]


def find_meetings(incidence: Incidence, settings: LinkSettings) -> list[Core]:
    """Accounts that hold values of two lines or more out of one community of values."""
    a, b, weight = overlap_values(incidence, settings)
    if len(a) == 0:
        return []
    across = incidence.line_of_value[a] != incidence.line_of_value[b]
    several = incidence.several_lines
    if several and across.any():
        # Lines dealt anew leave only accidental meetings across lines: their strength is the floor.
        dealt = overlap_values(deal_lines(incidence, settings.seed), settings)
        null = np.sort(dealt[2][incidence.line_of_value[dealt[0]] != incidence.line_of_value[dealt[1]]])[::-1]
        allowed = int(NULL_SHARE * across.sum())
        if len(null) > allowed:
            keep = ~across | (weight > null[allowed])
            a, b, weight = a[keep], b[keep], weight[keep]
    values, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    left, right = places[: len(a)], places[len(a) :]
    of_value = np.full(len(incidence.holders), -1, dtype=np.int64)
    of_value[values] = find_communities(len(values), left, right, weight, settings.seed)
    found = _resting(incidence, of_value, several=several)
    # Two pools behind the same exits share one line with each other, and two each within.
    lines = 2 if several else 0
    return [Core(accounts, np.flatnonzero(of_value == community), lines) for community, accounts in found]


def _resting(incidence: Incidence, of_value: Ints, *, several: bool) -> list[tuple[int, Ints]]:
    """Each community of values with the accounts, three or more, that hold two of them, of two lines if there are."""
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
    cores = (
        rested.filter(pl.col("lines") >= 2 if several else pl.col("values") >= 2)
        .sort("community", "account")
        .group_by("community", maintain_order=True)
        .agg("account")
        .filter(pl.col("account").list.len() >= 3)
    )
    return [(community, np.array(accounts, dtype=np.int64)) for community, accounts in cores.iter_rows()]


def overlap_values(incidence: Incidence, settings: LinkSettings) -> tuple[Ints, Ints, Floats]:
    """Pairs of values held together by more accounts than the degree null leads to expect, with the correlation of
    their holders.
    """
    entries = _rarest_popular(incidence)
    values, column, holders = np.unique(entries["value"].to_numpy(), return_inverse=True, return_counts=True)
    if (holders >= 3).sum() < 2:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, np.empty(0)
    from scipy.sparse import csr_matrix

    account = entries["account"].to_numpy()
    shape = (incidence.account_count, len(values))
    matrix = csr_matrix((np.ones(len(column), dtype=np.int32), (account, column)), shape=shape)
    by_value = matrix.T.tocsr()
    degree = np.bincount(column, minlength=len(values)).astype(np.float64)
    kind = incidence.kind_of_value[values]
    scale = _chance_of_kinds(incidence, account, kind[column])
    bar = np.log(max(len(values), 2) ** 2 / 2 / CORE_P)
    found: list[tuple[Ints, Ints, Floats]] = []
    for start, stop in _runs(np.minimum(degree * RAREST, len(values)), min(settings.pair_budget // 8, ROOM)):
        part = (by_value[start:stop] @ matrix).tocoo()
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
        keep = (evidence > bar) & (correlation >= CORRELATED)
        found.append((values[v[keep]], values[w[keep]], np.minimum(correlation[keep], 1.0)))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def _runs(cost: Floats, room: int) -> list[tuple[int, int]]:
    """Runs of neighbours that cost at most about `room` together, or one that costs more."""
    part = (np.cumsum(cost) // max(room, 1)).astype(np.int64)
    return list(pairwise([0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(cost)]))


def _rarest_popular(incidence: Incidence) -> pl.DataFrame:
    """One row per account and value: the account's rarest values of those that are popular enough for the graph."""
    entries = pl.DataFrame(
        {"account": incidence.account, "value": incidence.value, "holders": incidence.held[incidence.value]}
    ).filter(pl.col("holders") >= POPULAR)
    return (
        entries.sort("account", "holders", "value")
        .with_columns(rank=pl.int_range(pl.len()).over("account"))
        .filter(pl.col("rank") < RAREST)
    )


def _chance_of_kinds(incidence: Incidence, account: Ints, kind: Ints) -> Floats:
    """Per pair of kinds, how likely an entry of the one and an entry of the other are the same account's.

    Where hardly anybody but a hydra shows shared observables, the degree null explains the hydra by itself: no more is
    expected than of activity.
    """
    from scipy.sparse import csr_matrix

    shape = (incidence.account_count, len(incidence.kinds))
    per_kind = csr_matrix((np.ones(len(kind)), (account, kind)), shape=shape)
    totals = np.asarray(per_kind.sum(axis=0)).ravel()
    together = (per_kind.T @ per_kind).toarray()
    together[np.diag_indices_from(together)] -= totals  # within a kind an account's own entry is no second one
    chance: Floats = np.minimum(together / np.maximum(np.outer(totals, totals), 1.0), incidence.chance)
    return chance


def find_nests(incidence: Incidence, settings: LinkSettings) -> list[tuple[int, Ints]]:
    """Popular values into which small values of another line fall whole, and which those cover at least by half; with
    their holders.

    One value of 5,000 accounts alone says nothing: it may be a framework. But where those accounts pay with cards of
    four, and the other three are always among the 5,000 too, the value is one operator's. Families and offices among a
    framework's users fall inside it by chance only, as they do when lines are dealt anew among accounts of like
    activity: that is the null, both for the number of nested values and for what they cover.
    """
    large = np.flatnonzero(
        (incidence.held >= NEST) & (incidence.held <= incidence.account_count // 2) & ~incidence.packed
    )
    if len(large) == 0 or not incidence.several_lines:
        return []
    nested, expected, (cell, account) = _nest_counts(incidence, large)
    by_chance, _, _ = _nest_counts(deal_lines(incidence, settings.seed), large)
    expected = np.maximum(expected, by_chance)
    evidence = np.where(nested > expected, nested * np.log(np.maximum(nested, 1.0) / expected) - nested + expected, 0.0)
    good = (nested >= 3) & (nested >= 2 * expected) & (evidence > np.log(max(int((nested > 0).sum()), 1) / CORE_P))
    width = nested.shape[1]
    inside = np.unique(cell[good.ravel()[cell]] // width * incidence.account_count + account[good.ravel()[cell]])
    value, account = inside // incidence.account_count, inside % incidence.account_count
    share = np.bincount(value, minlength=len(large)) / incidence.held[large]
    enough = np.flatnonzero(share >= COVER)
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
    from scipy.stats import binom

    size = incidence.held
    small = np.flatnonzero((size >= 2) & ~incidence.packed)
    step = np.ceil(np.log2(np.maximum(size, 2))).astype(np.int64) - 1
    sort = incidence.line_of_value * int(step.max(initial=0) + 1) + step
    shape = (len(large), len(incidence.lines) * int(step.max(initial=0) + 1))
    w, v = _nested_values(incidence, small, large)
    if len(w) == 0:
        return np.zeros(shape), np.ones(shape), (w, v)
    cell = v * shape[1] + sort[w]
    nested = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    expected = np.zeros(shape)
    classes, class_of = np.unique(np.stack([sort[small], size[small]]), axis=1, return_inverse=True)
    for (number, holders), count in zip(classes.T, np.bincount(class_of.ravel()), strict=True):
        chance = binom.sf(max(int(np.ceil(0.75 * holders)), 2) - 1, holders, size[large] / incidence.account_count)
        expected[:, number] += count * chance
    return nested, np.maximum(expected, 1e-9), _covered(incidence, large, w, cell, shape[1])


def _nested_values(incidence: Incidence, small: Ints, large: Ints) -> tuple[Ints, Ints]:
    """Pairs of a small value and the place of a large one of another line that holds three quarters of its holders."""
    from scipy.sparse import csr_matrix

    size, n = incidence.held, incidence.account_count
    column, row = np.full(len(size), -1, dtype=np.int64), np.full(len(size), -1, dtype=np.int64)
    column[small], row[large] = np.arange(len(small)), np.arange(len(large))
    in_small, in_large = column[incidence.value] >= 0, row[incidence.value] >= 0
    ones = np.ones(len(incidence.value), dtype=np.int32)
    held = csr_matrix(
        (ones[in_small], (column[incidence.value[in_small]], incidence.account[in_small])), shape=(len(small), n)
    )
    popular = csr_matrix(
        (ones[in_large], (incidence.account[in_large], row[incidence.value[in_large]])), shape=(n, len(large))
    )
    need = np.ceil(0.75 * size[small]).astype(np.int64).clip(2)
    parts: list[tuple[Ints, Ints]] = [(small[:0], small[:0])]
    # Values of a middling number of holders meet everywhere: so many at a time as meet within the room there is.
    for start, stop in _runs(held @ np.diff(popular.indptr), ROOM):
        part = (held[start:stop] @ popular).tocoo()
        w, v = part.row.astype(np.int64) + start, part.col.astype(np.int64)
        apart = incidence.line_of_value[small[w]] != incidence.line_of_value[large[v]]
        whole = (part.data >= need[w]) & apart & (2 * size[small[w]] <= size[large[v]])
        parts.append((small[w[whole]], v[whole]))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _covered(incidence: Incidence, large: Ints, nested: Ints, cell: Ints, width: int) -> tuple[Ints, Ints]:
    """Pairs of a cell and an account that its nested values hold and that holds the large value of the cell too."""
    n = incidence.account_count
    run, entry = spread(incidence.starts[nested], incidence.held[nested])
    covered = np.unique(cell[run] * n + incidence.account[entry])
    owner, account = covered // n, covered % n
    row = np.full(len(incidence.held), -1, dtype=np.int64)
    row[large] = np.arange(len(large))
    in_large = row[incidence.value] >= 0
    keys = np.sort(incidence.account[in_large] * len(large) + row[incidence.value[in_large]])
    wanted = account * len(large) + owner // width
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    hit = keys[at] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
    return owner[hit], account[hit]


def find_blocks(incidence: Incidence, settings: LinkSettings) -> list[Core]:
    """Several templates (or, where the logs have one line only, several of its values) dealt among the same accounts
    beyond the degree null.

    Blocks are communities of the graph of accounts and values; each is tested whole: accounts' pairs of its values
    against those of the degree null, with the number of ways to choose the block's values as the price of having
    looked.
    """
    chosen = np.flatnonzero(_met_independently(incidence) & (incidence.held >= 3))
    if len(chosen) < 3:
        return []
    place = np.full(len(incidence.held), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    mine = place[incidence.value] >= 0
    account, value, n = incidence.account[mine], place[incidence.value[mine]], incidence.account_count
    weight = incidence.rarity_bits[chosen][value] * incidence.use[mine]
    label = find_communities(n + len(chosen), account, n + value, np.maximum(weight, 1e-6), settings.seed)
    label = _whole_components(label, account, n + value, n)
    program = np.array([line == PROGRAM for line in incidence.lines], dtype=bool)[incidence.line_of_value[chosen]]
    rare = (incidence.holders[chosen] <= max(PUBLIC * n, POPULAR)) | ~program
    block = label[n + value]
    inside = (label[account] == block) & rare[value]
    table = (
        pl.DataFrame({"block": block[inside], "account": account[inside]})
        .group_by("block", "account")
        .agg(k=pl.len())
        .filter(pl.col("k") >= 2)
    )
    null = _degree_null(incidence, account, value)
    found = []
    for (number,), shown in sorted(table.group_by("block"), key=lambda item: item[0][0]):
        values = np.flatnonzero((label[n:] == number) & rare)
        # An account that shows many times more of the block than most is a hub (a reseller's key carries everybody's
        # templates): without it the rest must still hold.
        part = shown.filter(pl.col("k") <= HUB * pl.col("k").median())
        if part.height >= 3 and len(values) >= 3 and _holds(part["k"].to_numpy(), values, len(chosen), null):
            found.append(Core(np.sort(part["account"].to_numpy().astype(np.int64)), chosen[values]))
    return found


def _met_independently(incidence: Incidence) -> Bools:
    """Values of which several on the same accounts are several traces."""
    several = incidence.several_lines
    content = np.array([kind_of(kind).group == "content" for kind in incidence.kinds], dtype=bool)[
        incidence.kind_of_value
    ]
    chosen: Bools = incidence.traits("adds_up") & content
    if not any(kind_of(kind).group == "content" and not kind_of(kind).public for kind in incidence.kinds):
        chosen |= incidence.traits("set_of_exits")
    if not several:
        timing = np.array([line == "timing" for line in incidence.lines], dtype=bool)
        chosen |= ~timing[incidence.line_of_value]
    return chosen


@dataclass(frozen=True)
class _DegreeNull:
    """How often accounts hold two values by their activity alone."""

    degree: Floats  # holders of each value
    scale: float  # times the product of two values' holders: accounts expected to hold both
    chance: float  # the same, of accounts' requests


def _degree_null(incidence: Incidence, account: Ints, value: Ints) -> _DegreeNull:
    held = np.bincount(account, minlength=incidence.account_count).astype(np.float64)
    scale = float((held * (held - 1)).sum()) / max(held.sum() ** 2, 1.0)
    return _DegreeNull(np.bincount(value).astype(np.float64), scale, incidence.chance)


def _holds(k: Ints, values: Ints, choices: int, null: _DegreeNull) -> bool:
    """Whether accounts that show `k` values of a block share more of them than by activity, at the price of choosing
    such a block.
    """
    pairs = float((k * (k - 1) // 2).sum())
    d = null.degree[values]
    # The degree null explains a block by itself where nobody else shows such values; then no more is expected than of
    # activity.
    scale = min(null.scale, null.chance) if float(k.mean()) >= DENSE * len(values) else null.scale
    expected = max(scale * (d.sum() ** 2 - (d**2).sum()) / 2, 1e-9)
    if pairs <= LIFT * expected:
        return False
    price = len(values) * np.log(np.e * choices / len(values)) - np.log(CORE_P)
    return bool(pairs * np.log(pairs / expected) - pairs + expected > price)


def _whole_components(label: Ints, account: Ints, value: Ints, accounts: int) -> Ints:
    """The communities, but each densely filled component one of its own: communities of a full block are arbitrary
    parts of it.
    """
    component = find_components(len(label), account, value)
    count = int(component.max()) + 1
    entries = np.bincount(component[account], minlength=count)
    rows = np.bincount(component[np.unique(account)], minlength=count)
    columns = np.bincount(component[accounts:], minlength=count)
    full = entries >= np.maximum(DENSE * rows * columns, 1.0)
    whole: Ints = np.where(full[component], len(label) + component, label)
    return whole
