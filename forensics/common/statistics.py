"""Formulas shared by hallmarks and scoring. Arrays in, numbers out; the caller brings the random generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints


SMALLEST_P = 1e-12
LARGEST_P = 0.95


# share of the accounts, the likest, that a robust measure looks at: a few strangers in a network do not hide the rest
KEPT = 0.8


def trimmed_mean(values: Floats) -> float:
    """Mean of the smallest KEPT share of the values; NaN for fewer than 2."""
    if len(values) < 2:
        return float("nan")
    return float(np.sort(values)[: max(2, int(np.ceil(KEPT * len(values))))].mean())


def dispersion(counts: Floats) -> float:
    """Chi-square of a row over its degrees of freedom, trimmed mean over rows: about 1 if one source fed all, above if
    each row has its own.

    In: rows × categories; rows and categories without counts are left out. NaN with fewer than 2 of either.
    """
    counts = counts[counts.sum(axis=1) > 0]
    if counts.ndim != 2 or len(counts) < 2:
        return float("nan")
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        return float("nan")
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    free = (counts.shape[1] - 1) * (1.0 - 1.0 / counts.shape[0])
    return trimmed_mean(((counts - expected) ** 2 / expected).sum(axis=1) / free)


def trimmed_means(values: Floats, known: Bools) -> Floats:
    """`trimmed_mean` of what is known in each row."""
    found = np.full(len(values), np.nan)
    ordered = np.sort(np.where(known, values, np.inf), axis=1)
    number = known.sum(axis=1)
    for count in np.unique(number[number >= 2]):
        rows = number == count
        found[rows] = ordered[rows, : max(2, int(np.ceil(KEPT * count)))].mean(axis=1)
    return found


def dispersions(table: Floats, groups: Ints) -> Floats:
    """`dispersion` of the table's rows that each group (a row of row numbers) names; counts are whole numbers."""
    # Of the rows that groups name only: the table may hold half a million accounts, and be asked thousands of times.
    inside = table[groups].sum(axis=2) > 0
    number = inside.sum(axis=1)
    found = np.full(len(groups), np.nan)
    for count in np.unique(number[number >= 2]):
        rows = np.flatnonzero(number == count)
        found[rows] = _dispersions_of(table[groups[rows][inside[rows]].reshape(len(rows), count)])
    return found


def _dispersions_of(counts: Floats) -> Floats:
    """`dispersion` of each of several tables of one shape, none of whose rows is empty."""
    by_category = counts.sum(axis=1, keepdims=True)
    categories = (by_category > 0).sum(axis=(1, 2))
    expected = counts.sum(axis=2, keepdims=True) * by_category / counts.sum(axis=(1, 2), keepdims=True)
    parts = np.divide((counts - expected) ** 2, expected, out=np.zeros_like(expected), where=expected > 0)
    free = (categories - 1) * (1.0 - 1.0 / counts.shape[1])
    each = _add_up(parts, categories) / np.maximum(free, 1e-9)[:, None]
    means = trimmed_means(each, np.ones(each.shape, dtype=bool))
    return np.asarray(np.where(categories >= 2, means, np.nan))


def _add_up(parts: Floats, categories: Ints) -> Floats:
    """Sum over the last axis in the order in which `dispersion` adds: numpy sums 8 and more of them in another order
    than fewer, one by one.
    """
    total: Floats = parts.sum(axis=-1)
    few = categories < 8
    one_by_one = np.zeros(total[few].shape)
    for place in range(parts.shape[-1]):
        one_by_one += parts[few, :, place]
    total[few] = one_by_one
    return total


def dispersion_of_one_source(counts: Floats, rng: np.random.Generator, draws: int = 20) -> float:
    """The dispersion these row totals would have if one source had fed all rows: median of multinomial draws."""
    counts = counts[counts.sum(axis=1) > 0]
    if len(counts) < 2 or (counts.sum(axis=0) > 0).sum() < 2:
        return 1.0
    totals = counts.sum(axis=1).astype(np.int64)
    profile = counts.sum(axis=0) / counts.sum()
    drawn = np.stack([rng.multinomial(totals, profile).astype(float) for _ in range(draws)])
    return float(np.median(_dispersions_of(drawn)))


def quartile_ratios(values: Floats) -> Floats:
    """Upper over lower quartile of the positive values of each row; NaN for fewer than 3."""
    if values.shape[1] >= 3 and (values > 0).all():
        low, high = np.quantile(values, [0.25, 0.75], axis=1)
        return np.asarray(high / low)
    return np.array([_quartile_ratio(row[row > 0]) for row in values], dtype=np.float64)


def _quartile_ratio(values: Floats) -> float:
    if len(values) < 3:
        return float("nan")
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high / low)


def between_shares(number: Floats, total: Floats, squares: Floats) -> Floats:
    """Share of variance that lies between the accounts of each row, by medians so that a few strangers do not count;
    NaN if it cannot be told.

    In: per group (row) and account the number of values, their sum, their sum of squares.
    """
    use = number >= 2
    number = np.where(use, number, np.nan)
    means = total / number
    within_each = np.maximum(squares - total**2 / number, 0.0) / (number - 1)
    within = _row_medians(within_each)
    spread = 1.4826 * _row_medians(np.abs(means - _row_medians(means)[:, None]))
    between = np.maximum(0.0, spread**2 - _row_medians(within_each / number))
    whole = between + within
    share = np.divide(between, whole, out=np.zeros_like(whole), where=whole > 0)
    return np.asarray(np.where(use.sum(axis=1) >= 3, share, np.nan))


def _row_medians(values: Floats) -> Floats:
    """Median of what is known in each row."""
    known = np.isfinite(values).sum(axis=1)
    ordered = np.sort(values, axis=1)  # unknown values last
    row = np.arange(len(values))
    low, high = np.maximum(known - 1, 0) // 2, np.minimum(known // 2, max(values.shape[1] - 1, 0))
    return np.asarray((ordered[row, low] + ordered[row, high]) / 2)


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
    """Combined p of dependent tests (Cauchy combination). Source: Liu and Xie 2020, as in methods C8.

    Values above LARGEST_P count as that: a cautious test that answers "surely not" must not outweigh a small p
    elsewhere.
    """
    values = np.clip(np.asarray(values, dtype=float), SMALLEST_P, LARGEST_P)
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


def gini(values: Floats) -> float:
    """Gini coefficient: 0 = all alike, near 1 = one has all; NaN for fewer than 2 values or a sum of 0. Source: methods
    C9.
    """
    count = len(values)
    if count < 2 or values.sum() <= 0:
        return float("nan")
    return float(((2 * np.arange(1, count + 1) - count - 1) * np.sort(values)).sum() / (count * values.sum()))


def percentiles(drawn: Floats, observed: float) -> tuple[float, float]:
    """95 % interval from bootstrap draws of a measure; NaN where most of them could not be told.

    Widened to hold what was observed: an account drawn twice resembles itself, which pulls the draws of some measures
    to one side.
    """
    known = drawn[np.isfinite(drawn)]
    if len(known) < max(1, len(drawn) / 2):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(min(low, observed)), float(max(high, observed))


def wilson(hits: float, number: float) -> tuple[float, float]:
    """95 % interval of a share."""
    if number <= 0:
        return float("nan"), float("nan")
    z = 1.96
    share = hits / number
    centre = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * np.sqrt(share * (1 - share) / number + z * z / (4 * number * number)) / (1 + z * z / number)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def odds(share: float) -> float:
    """Odds of a share: how far one lies above another is told by their ratio, also where both are near one."""
    return share / max(1e-9, 1.0 - share)


def rare_deviation(chance: float) -> float:
    """Standard deviations that a normal value exceeds with this chance."""
    from scipy.stats import norm

    return float(norm.isf(chance))


def poisson_bits(counts: Floats, means: Floats) -> Floats:
    """Surprise of as many events or more where so many are expected, in bits."""
    from scipy.stats import poisson

    bits: Floats = -poisson.logsf(counts - 1, means) / np.log(2)
    return bits


def poisson_interval(count: float) -> tuple[float, float]:
    """95 % interval of a Poisson mean of which `count` was seen (exact, by chi-square)."""
    from scipy.stats import chi2

    return (float(chi2.ppf(0.025, 2 * count) / 2) if count > 0 else 0.0), float(chi2.ppf(0.975, 2 * count + 2) / 2)


def recurrence(labels: Ints) -> Floats:
    """For each entry of a label sequence: how many entries since the same label last came; first sights left out."""
    order = np.argsort(labels, kind="stable")
    steps = np.diff(order)
    same = labels[order][1:] == labels[order][:-1]
    gaps: Floats = steps[same].astype(np.float64)
    return gaps


def cv(values: Floats) -> float:
    """Standard deviation over mean."""
    return float(values.std() / values.mean()) if len(values) > 1 and values.mean() > 0 else float("nan")


def p_tail(observed: float, null: Floats, *, upper: bool) -> float:
    """Permutation p; at its floor refined by the normal tail of the null sample, never below SMALLEST_P.

    The refinement trusts the null's mean and spread, not its extreme tail; it ranks what many draws would not tell
    apart.
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
