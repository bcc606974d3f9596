"""Pairs of accounts that share rare values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.kinds import WHOLE
from forensics.linking.pairs import HASH_FACTOR, SIEVE, Scale, lease
from forensics.linking.skeleton import PAIRS_PER_ACCOUNT

if TYPE_CHECKING:
    from forensics.common.arrays import Ints
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


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
        weight *= lease(incidence, kind, i, j)
        weight -= np.where(
            incidence.norm[kind] == WHOLE, 0.0, np.minimum(looks[i], looks[j])
        )  # where all values count, looks are held against their sum
        keys.append(incidence.account[i] * account_count + incidence.account[j])
        lines.append(incidence.line_of_kind[kind])
        weights.append(np.clip(weight, 0.0, scale.kind_cap))
    if not keys:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    enough = settings.propose_share * scale.needed
    key, line, weight = (np.concatenate(parts) for parts in (keys, lines, weights))
    # Most pairs meet once and can be dropped before the costly grouping: bits are summed in buckets of a hash of the
    # pair, which can only sum too much.
    bucket = (key * HASH_FACTOR >> 20) & (2**SIEVE - 1)
    worthy = np.bincount(bucket, weights=weight, minlength=2**SIEVE)[bucket] >= enough
    by_line = pl.DataFrame(
        {
            "key": key[worthy],
            "line": line[worthy],
            "bits": (weight[worthy] * 1024).astype(np.int64),
            "square": (weight[worthy] ** 2 * 1024).astype(np.int64),
        }
    )
    whole = pl.Series(
        [any(incidence.norm[incidence.line_of_kind == number] == WHOLE) for number in range(len(incidence.lines))],
        dtype=pl.Boolean,
    )
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
    keep = within_top(a, b, settings.neighbours)
    return a[keep], b[keep]


def within_top(a: Ints, b: Ints, most: int) -> np.ndarray:
    """Which pairs, given strongest first, are among the first `most` of either account."""
    account = np.concatenate([a, b])
    pair = np.tile(np.arange(len(a)), 2)
    order = np.lexsort((pair, account))
    account = account[order]
    starts = (
        np.flatnonzero(np.concatenate([[True], account[1:] != account[:-1]]))
        if len(account)
        else np.empty(0, dtype=np.int64)
    )
    rank = np.arange(len(account)) - np.repeat(starts, np.diff(np.append(starts, len(account))))
    mask = np.zeros(len(a), dtype=bool)
    mask[pair[order][rank < most]] = True
    return mask
