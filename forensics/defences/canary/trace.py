"""From counted phrasings to a verdict: what was seen, each holder's score, its null, and who is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.defences.canary.assign import group_sizes
from forensics.defences.canary.codes import Null, symmetric_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.defences.canary.codes import Bits, Floats, Ints

DRAWS = 9_999
MIXED_SHARE = 0.25  # above this share of the rarer variant a position says nothing
SURE_SD = 2.0  # a position counts where its share differs from the baseline's by so many standard deviations
ENOUGH_DOCUMENTS = 50  # of a position: beyond, more of them say little more of its share
DRAWN_GROUPS = 5  # groups whose null is drawn, the highest first; for the others the saddlepoint does
GROUP_DRAWS = 1_999
NEAREST_SHARE = 0.01  # a fitted share is no nearer to 0 or 1 than this when its noise is told


@dataclass(frozen=True)
class Suspect:
    """What was counted in one corpus: documents that hold variant a, and b, by position."""

    name: str
    document_count: int
    a_counts: Ints
    b_counts: Ints


@dataclass(frozen=True)
class Marked:
    """What was assigned: the words of all holders, and the biases behind them."""

    position_ids: Sequence[str]
    chances: Floats
    holders: pl.DataFrame  # holder_id, group_id; one row per row of words
    words: Bits


@dataclass(frozen=True)
class Outcome:
    """What a trace came to."""

    observed: pl.DataFrame
    scores: pl.DataFrame
    error: float
    decided_count: int
    tests: Mapping[str, int]  # by score

    @property
    def named(self) -> pl.DataFrame:
        """The rows of `scores` that reach the error budget."""
        return self.scores.filter("named")


def signs_of(corpus: Suspect, baseline: Suspect | None = None, mixed_share: float = MIXED_SHARE) -> Floats:
    """+1 where variant a stands, -1 where b does, 0 where neither or both do.

    With a baseline (text that no holder's output is part of) a position says which variant is *more* common than there.
    """
    a, b = corpus.a_counts.astype(float), corpus.b_counts.astype(float)
    total = a + b
    share = np.divide(a, total, out=np.full(len(a), 0.5), where=total > 0)
    plain = np.where(share >= 1 - mixed_share, 1.0, np.where(share <= mixed_share, -1.0, 0.0))
    if baseline is None:
        return np.where(total > 0, plain, 0.0)
    known = (baseline.a_counts + baseline.b_counts).astype(float)
    usual = (baseline.a_counts + 1) / (known + 2)
    apart = (share - usual) / np.sqrt(usual * (1 - usual) * (1 / np.maximum(total, 1) + 1 / (known + 2)))
    against = np.where(np.abs(apart) >= SURE_SD, np.sign(apart), 0.0)
    return np.where(total > 0, np.where(known > 0, against, plain), 0.0)


def combined_signs(
    corpora: Sequence[Suspect], baseline: Suspect | None = None, mixed_share: float = MIXED_SHARE
) -> Floats:
    """Each corpus that decides a position has one vote; a tie is an erasure."""
    votes: Floats = np.sign(
        sum((signs_of(corpus, baseline, mixed_share) for corpus in corpora), np.zeros(len(corpora[0].a_counts)))
    )
    return votes


@dataclass(frozen=True)
class Shares:
    """By how much variant a is more frequent at a position than the biases explain, and how surely that is known."""

    residuals: Floats
    fitted: Floats
    documents: Floats

    def weights(self, chances: Floats, size: int) -> Floats:
        """Weight of a bit for a group of this size: the residual over its variance, from documents and words."""
        near = np.clip(self.fitted, NEAREST_SHARE, 1 - NEAREST_SHARE)
        noise = near * (1 - near) / np.maximum(self.documents, 1) + chances * (1 - chances) / size
        return np.where(self.documents > 0, self.residuals / noise, 0.0)


def shares_of(corpora: Sequence[Suspect], chances: Floats, baseline: Suspect | None = None) -> Shares:
    """The share of variant a over all corpora, against what the biases explain.

    Fitted by a constant, bias and the baseline's share; none of them knows a codeword, so the null stays exact.
    """
    summed, fits, trust, documents = (np.zeros(len(chances)) for _ in range(4))
    for corpus in corpora:
        total = (corpus.a_counts + corpus.b_counts).astype(float)
        share = np.divide(corpus.a_counts, total, out=chances.copy(), where=total > 0)
        part = total / (total + ENOUGH_DOCUMENTS)
        fitted = _fitted(share, part, chances, baseline)
        summed += part * (share - fitted)
        fits += part * fitted
        trust += part
        documents += total
    known = trust > 0
    nothing = np.zeros(len(chances))
    return Shares(
        np.divide(summed, trust, out=nothing, where=known),
        np.divide(fits, trust, out=chances.copy(), where=known),
        documents,
    )


def _fitted(share: Floats, trust: Floats, chances: Floats, baseline: Suspect | None) -> Floats:
    columns = [np.ones(len(chances)), chances]
    if baseline is not None:
        columns.append((baseline.a_counts + 1) / (baseline.a_counts + baseline.b_counts + 2))
    if (trust > 0).sum() < 5 * len(columns):
        return chances
    design = np.column_stack(columns)
    near = np.clip(chances, NEAREST_SHARE, 1 - NEAREST_SHARE)
    root = np.sqrt(trust / (near * (1 - near)))[:, None]
    found, *_ = np.linalg.lstsq(design * root, share * root[:, 0], rcond=None)
    fitted: Floats = design @ found
    return fitted


def trace_leak(
    corpora: Sequence[Suspect],
    marked: Marked,
    *,
    error: float,
    seed: int,
    baseline: Suspect | None = None,
    mixed_share: float = MIXED_SHARE,
    draws: int = DRAWS,
) -> Outcome:
    """Score every holder by its own word, and every group of two or more by the sum of theirs.

    `error` is the chance that anybody innocent is named at all; where groups are summed each score has half of it.
    """
    rng = np.random.default_rng(seed)
    signs = combined_signs(corpora, baseline, mixed_share)
    sizes = group_sizes(marked.holders)
    parts = [own_scores(signs, marked, rng, draws)]
    if not sizes.is_empty():
        parts.append(summed_scores(shares_of(corpora, marked.chances, baseline), marked, sizes, rng, draws))
    tests = {"own word": marked.holders.height, "summed": sizes.height}
    shared = len(parts)
    scores = pl.concat(
        [
            part.with_columns(p_adjusted=(pl.col("p") * tests[str(part["score"][0])] * shared).clip(upper_bound=1.0))
            for part in parts
        ]
    )
    scores = scores.with_columns(named=pl.col("p_adjusted") <= error).sort("p_adjusted", "p", "score", "holder_id")
    return Outcome(_observed(corpora, signs, marked), scores, error, int((signs != 0).sum()), tests)


def own_scores(signs: Floats, marked: Marked, rng: np.random.Generator, draws: int = DRAWS) -> pl.DataFrame:
    """One row per holder: its word against what was seen, in standard deviations of innocent ones.

    Out:  score, holder_id, group_id, size, score_sd, p, p_method.
    Null: score_sd where no position was decided.
    """
    null = Null(marked.chances, symmetric_weights(signs, marked.chances))
    found = null.scores(marked.words)
    p, methods = null.tails(found, null.draw(rng, draws))
    sd = found / null.sd if null.sd > 0 else np.full(len(found), np.nan)
    return _score_rows("own word", marked.holders, np.ones(len(found)), sd, p, methods)


def summed_scores(
    shares: Shares, marked: Marked, sizes: pl.DataFrame, rng: np.random.Generator, draws: int = GROUP_DRAWS
) -> pl.DataFrame:
    """One row per group of two holders or more: their words together against the share of each variant.

    Out:  as `own_scores`; holder_id is null.
    """
    index = {name: row for row, name in enumerate(sizes["group_id"].to_list())}
    rows = np.array([index.get(name, -1) for name in marked.holders["group_id"].to_list()])
    counts = np.zeros((len(index), len(marked.chances)))
    np.add.at(counts, rows[rows >= 0], marked.words[rows >= 0])
    members = sizes["size"].to_numpy().astype(np.int64)
    nulls = [Null(marked.chances, shares.weights(marked.chances, int(size)), int(size)) for size in members]
    found = np.array([float(null.scores(count)) for null, count in zip(nulls, counts, strict=True)])
    sd = np.array([score / null.sd if null.sd > 0 else np.nan for score, null in zip(found, nulls, strict=True)])
    p, methods = np.ones(len(found)), ["saddlepoint"] * len(found)
    drawn = set(np.argsort(-np.nan_to_num(sd))[:DRAWN_GROUPS].tolist())
    for row, null in enumerate(nulls):
        chance, method = null.tails(
            found[row : row + 1], null.draw(rng, min(draws, GROUP_DRAWS)) if row in drawn else None
        )
        p[row], methods[row] = chance[0], method[0]
    holders = pl.DataFrame(
        {"holder_id": pl.Series([None] * len(found), dtype=pl.String), "group_id": sizes["group_id"]}
    )
    return _score_rows("summed", holders, members, sd, p, methods)


def _score_rows(
    score: str, holders: pl.DataFrame, sizes: Floats | Ints, sd: Floats, p: Floats, methods: list[str]
) -> pl.DataFrame:
    return holders.select(
        pl.lit(score).alias("score"),
        "holder_id",
        "group_id",
        pl.Series("size", sizes).cast(pl.Int64),
        pl.Series("score_sd", sd).fill_nan(None),
        pl.Series("p", p),
        pl.Series("p_method", methods, dtype=pl.String),
    )


def _observed(corpora: Sequence[Suspect], signs: Floats, marked: Marked) -> pl.DataFrame:
    """One row per position: documents that hold each variant, and what it says: a, b, both or neither."""
    a = np.sum([corpus.a_counts for corpus in corpora], axis=0)
    b = np.sum([corpus.b_counts for corpus in corpora], axis=0)
    said = np.where(signs > 0, "a", np.where(signs < 0, "b", np.where(a + b > 0, "both", "neither")))
    return pl.DataFrame({"position_id": list(marked.position_ids), "a_count": a, "b_count": b, "says": said.tolist()})
