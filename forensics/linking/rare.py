"""Pairs of accounts that share rare values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.kinds import WHOLE
from forensics.linking.pairs import HASH_FACTOR, SIEVE, Scale, lease
from forensics.linking.skeleton import PAIRS_PER_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.common.arrays import Floats, Ints
    from forensics.common.settings import LinkSettings
    from forensics.linking.incidence import Incidence


PART = 1_000_000  # pairs that are held at a time
SLACK = 1e-6  # bits by which sums in another order may differ
NEAR = 0.75  # of the needed bits, at which a pair is looked at closely: rare values alone are counted here


def propose_rare(incidence: Incidence, scale: Scale, settings: LinkSettings) -> tuple[Ints, Ints]:
    """Pairs that share rare values: values are taken from the rarest up, as long as their pairs fit the budget."""
    # Most pairs meet once and can be dropped before the costly grouping: bits are summed in buckets of a hash of the
    # pair, which can only sum too much. All pairs are met twice, a part at a time, so that none but those that may be
    # worth it are ever held together.
    heard = np.zeros(2**SIEVE)
    for key, line, weight in _meetings(incidence, settings):
        np.add.at(heard, _bucket(key), np.minimum(weight, scale.cap[line]))
    kept: list[tuple[Ints, Ints, Floats]] = []
    for key, line, weight in _meetings(incidence, settings):
        worthy = heard[_bucket(key)] >= NEAR * scale.needed - SLACK
        kept.append((key[worthy], line[worthy], np.minimum(weight, scale.cap[line])[worthy]))
    if not kept:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    key, line, weight = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    key = _strongest(incidence, key, line, weight, scale)
    a, b = key // incidence.account_count, key % incidence.account_count
    keep = within_top(a, b, settings.neighbours)
    return a[keep], b[keep]


def _affordable(incidence: Incidence, settings: LinkSettings) -> Ints:
    """Numbers of holders, from two up, at which all pairs of all such values fit the budget."""
    held = incidence.held
    cost = np.where(held >= 2, held * (held - 1) // 2, 0)
    order = np.argsort(held, kind="stable")
    total = np.cumsum(cost[order])
    affordable = held[order][total <= min(settings.pair_budget, PAIRS_PER_ACCOUNT * incidence.account_count)]
    most = int(affordable[-1]) if len(affordable) else 1
    if len(affordable) < len(held) and most == held[order][len(affordable)]:
        most -= 1  # all values of one size, or none
    sizes: Ints = np.unique(held[(held >= 2) & (held <= most)])
    return sizes


def _meetings(incidence: Incidence, settings: LinkSettings) -> Iterator[tuple[Ints, Ints, Floats]]:
    """All pairs of holders of the affordable values, at most about PART of them at a time."""
    for size in _affordable(incidence, settings):
        values = np.flatnonzero(incidence.held == size)
        step = max(1, PART // (int(size) * (int(size) - 1) // 2))
        for start in range(0, len(values), step):
            yield _meet(incidence, values[start : start + step], int(size))


def _bucket(key: Ints) -> Ints:
    bucket: Ints = key * HASH_FACTOR >> 20 & 2**SIEVE - 1
    return bucket


def _meet(incidence: Incidence, values: Ints, size: int) -> tuple[Ints, Ints, Floats]:
    """All pairs of holders of values that `size` accounts hold: the pair as one number, line of evidence, bits."""
    entries = incidence.starts[values][:, None] + np.arange(size)[None, :]
    left, right = np.triu_indices(int(size), 1)
    i, j = entries[:, left].ravel(), entries[:, right].ravel()
    kind = np.repeat(incidence.kind_of_value[values], len(left))
    weight = np.repeat(incidence.rarity_bits[values], len(left)) * np.sqrt(incidence.use[i] * incidence.use[j])
    weight *= lease(incidence, kind, i, j)
    # Where all values count, looks are held against their sum.
    weight -= np.where(incidence.norm[kind] == WHOLE, 0.0, np.minimum(incidence.looks[i], incidence.looks[j]))
    pair = incidence.account[i] * incidence.account_count + incidence.account[j]
    return pair, incidence.line_of_kind[kind], np.maximum(weight, 0.0)


def _strongest(incidence: Incidence, key: Ints, line: Ints, weight: Floats, scale: Scale) -> Ints:
    """Pairs that come near the needed bits, strongest first; what several values of a line come to is counted high."""
    by_line = pl.DataFrame(
        {
            "key": key,
            "line": line,
            "bits": (weight * 1024).astype(np.int64),
            "square": (weight**2 * 1024).astype(np.int64),
        }
    )
    whole = np.zeros(len(incidence.lines), dtype=bool)
    whole[incidence.line_of_kind[incidence.norm == WHOLE]] = True
    by_line = by_line.group_by("key", "line").agg(pl.col("bits").sum(), pl.col("square").sum())
    line = by_line["line"].to_numpy()
    bits = np.where(whole[line], by_line["bits"].to_numpy() / 1024, np.sqrt(by_line["square"].to_numpy() / 1024))
    capped = pl.Series(np.floor(np.minimum(bits, scale.cap[line]) * 1024).astype(np.int64))
    found = (
        by_line.with_columns(bits=capped)
        .group_by("key")
        .agg(pl.col("bits").sum())
        .filter(pl.col("bits") >= NEAR * scale.needed * 1024)
        .sort("bits", "key", descending=[True, False])
    )
    return found["key"].to_numpy()


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
