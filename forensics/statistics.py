"""Formulas shared by hallmarks and scoring. Arrays in, numbers out; the caller brings the random generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

SMALLEST_P = 1e-12


def gini(values: Floats) -> float:
    """Inequality of a load in [0, 1]: 0 is even. Source: methods C9."""
    ordered = np.sort(np.asarray(values, dtype=float))
    total = ordered.sum()
    count = len(ordered)
    if count == 0 or total <= 0:
        return float("nan")
    ranks = np.arange(1, count + 1)
    return float(((2 * ranks - count - 1) * ordered).sum() / (count * total))


def dispersion(counts: Floats) -> float:
    """Chi-square over its degrees of freedom for rows that should share one profile: 1 = as one source, above = each its own.

    In: rows × categories; rows and categories without counts are left out. NaN with fewer than 2 of either.
    """
    counts = counts[counts.sum(axis=1) > 0]
    if counts.ndim != 2 or len(counts) < 2:
        return float("nan")
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        return float("nan")
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    return float(((counts - expected) ** 2 / expected).sum() / ((counts.shape[0] - 1) * (counts.shape[1] - 1)))


def intraclass(number: Floats, total: Floats, squares: Floats) -> float:
    """Share of variance that lies between accounts (one-way ANOVA, unequal sizes); NaN if it cannot be told.

    In: per account the number of values, their sum, their sum of squares.
    """
    use = number >= 2
    number, total, squares = number[use], total[use], squares[use]
    groups, everything = len(number), number.sum()
    if groups < 2 or everything <= groups:
        return float("nan")
    mean = total.sum() / everything
    between = (number * (total / number - mean) ** 2).sum() / (groups - 1)
    within = (squares - total**2 / number).sum() / (everything - groups)
    size = (everything - (number**2).sum() / everything) / (groups - 1)
    below = between + (size - 1) * within
    return float(max(0.0, (between - within) / below)) if below > 0 else float("nan")


def entropy(counts: Floats) -> float:
    """Entropy of counts, 1 = even over all categories."""
    total = counts.sum()
    if total <= 0 or len(counts) < 2:
        return float("nan")
    share = counts[counts > 0] / total
    return float(-(share * np.log(share)).sum() / np.log(len(counts)))


def p_upper(observed: float, null: Floats) -> float:
    """Permutation p for a large value: (1 + draws at or above) / (1 + draws)."""
    null = null[np.isfinite(null)]
    return float((1 + (null >= observed).sum()) / (1 + len(null)))


def p_lower(observed: float, null: Floats) -> float:
    """Permutation p for a small value."""
    null = null[np.isfinite(null)]
    return float((1 + (null <= observed).sum()) / (1 + len(null)))


def interval(null: Floats) -> tuple[float, float, float]:
    """Median and central 95 % of a null sample."""
    null = null[np.isfinite(null)]
    if len(null) == 0:
        return float("nan"), float("nan"), float("nan")
    low, middle, high = np.quantile(null, [0.025, 0.5, 0.975])
    return float(middle), float(low), float(high)


def acat(values: Floats) -> float:
    """Combined p of dependent tests (Cauchy combination). Source: Liu and Xie 2020, as in methods C8."""
    values = np.clip(np.asarray(values, dtype=float), SMALLEST_P, 1 - 1e-3)
    if len(values) == 0:
        return 1.0
    # tan is lost to rounding for tiny p; 1 / (p π) is its limit.
    terms = np.where(values < 1e-9, 1.0 / (values * np.pi), np.tan((0.5 - values) * np.pi))
    mean = terms.mean()
    return float(1.0 / (mean * np.pi)) if mean > 1e9 else float(0.5 - np.arctan(mean) / np.pi)


def benjamini_yekutieli(values: Floats) -> Floats:
    """p-values adjusted for false discovery under any dependence."""
    count = len(values)
    if count == 0:
        return np.asarray(values, dtype=float)
    order = np.argsort(values, kind="stable")
    harmonic = (1.0 / np.arange(1, count + 1)).sum()
    scaled = np.asarray(values, dtype=float)[order] * count * harmonic / np.arange(1, count + 1)
    adjusted = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1.0)
    result = np.empty(count)
    result[order] = adjusted
    return result


def wilson(hits: float, number: float) -> tuple[float, float]:
    """95 % interval of a share."""
    if number <= 0:
        return float("nan"), float("nan")
    z = 1.96
    share = hits / number
    centre = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * np.sqrt(share * (1 - share) / number + z * z / (4 * number * number)) / (1 + z * z / number)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def recurrence(labels: Ints) -> Floats:
    """For each entry of a label sequence: how many entries since the same label last came; first sights left out."""
    order = np.argsort(labels, kind="stable")
    steps = np.diff(order)
    same = labels[order][1:] == labels[order][:-1]
    return steps[same].astype(float)


def cv(values: Floats) -> float:
    """Standard deviation over mean."""
    return float(values.std() / values.mean()) if len(values) > 1 and values.mean() > 0 else float("nan")


def shuffle_within(blocks: Ints, rng: np.random.Generator) -> Ints:
    """An order that shuffles positions inside each block and keeps the blocks in place (blocks ascending)."""
    return np.lexsort((rng.random(len(blocks)), blocks))


def p_tail(observed: float, null: Floats, *, upper: bool) -> float:
    """Permutation p; at its floor refined by the normal tail of the null sample, never below SMALLEST_P.

    The refinement trusts the null's mean and spread, not its extreme tail; it ranks what many draws would not tell apart.
    """
    null = null[np.isfinite(null)]
    if len(null) == 0 or not np.isfinite(observed):
        return 1.0
    counted = p_upper(observed, null) if upper else p_lower(observed, null)
    if counted > 1.5 / (1 + len(null)) or null.std() == 0:
        return counted
    from scipy.special import ndtr

    z = (observed - null.mean()) / null.std()
    return float(max(SMALLEST_P, min(counted, ndtr(-z if upper else z))))


def position(observed: float, independent: float, ideal: float) -> float:
    """Where `observed` lies on a log scale between independent accounts (0) and one queue (1)."""
    return float((np.log(independent) - np.log(max(observed, 1e-9))) / (np.log(independent) - np.log(ideal)))
