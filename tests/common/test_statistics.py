"""Formulas against arithmetic and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from forensics.common.statistics import (
    acat,
    benjamini_yekutieli,
    between_shares,
    cv,
    dispersion,
    dispersion_of_one_source,
    dispersions,
    entropy,
    interval,
    p_lower,
    p_tail,
    p_upper,
    position,
    quartile_ratios,
    recurrence,
    trimmed_mean,
    trimmed_means,
    wilson,
)


def test_dispersion_is_one_for_one_source_and_above_for_several() -> None:
    """Multinomial rows lie where the draw from one source puts them; rows with each its own category do not."""
    rng = np.random.default_rng(1)
    same = rng.multinomial(60, [0.2, 0.3, 0.5], size=500).astype(float)
    assert dispersion(same) == pytest.approx(dispersion_of_one_source(same, rng), rel=0.1)
    # The smallest 80 % of chi-square / 2 with 2 degrees of freedom average 1 - 0.2 * ln 5 / 0.8 = 0.60.
    assert dispersion(same) == pytest.approx(1 - 0.2 * np.log(5) / 0.8, rel=0.12)
    # 3 rows of 10, each in its own category: expected 10/3, chi-square of a row 20, of 2 * (1 - 1/3) degrees of
    # freedom.
    assert dispersion(np.diag([10.0, 10.0, 10.0])) == pytest.approx(20 / (4 / 3))
    assert np.isnan(dispersion(np.array([[3.0, 4.0]])))


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_dispersions_of_many_groups_are_those_of_each(size: int) -> None:
    """To the last digit, with accounts that say nothing and categories that no account of the group has."""
    rng = np.random.default_rng(size)
    table = rng.poisson(3, (120, 8)).astype(float)
    table[rng.random(120) < 0.2] = 0
    table[:30, 3:] = 0
    table[30:40, 1:] = 0
    groups = np.concatenate([rng.integers(0, 120, (60, size)), rng.integers(0, 40, (60, size))])
    expected = np.array([dispersion(table[group]) for group in groups])
    assert np.array_equal(dispersions(table, groups), expected, equal_nan=True)


def test_trimmed_means_of_rows_are_those_of_each() -> None:
    """To the last digit, of what is known in each row."""
    rng = np.random.default_rng(3)
    values, known = rng.random((200, 17)), rng.random((200, 17)) < 0.5
    known[:5] = False
    expected = np.array([trimmed_mean(row[told]) for row, told in zip(values, known, strict=True)])
    assert np.array_equal(trimmed_means(values, known), expected, equal_nan=True)


def test_a_few_strangers_do_not_hide_one_source() -> None:
    """15 % of rows from elsewhere move the trimmed dispersion little; half of them show."""
    rng = np.random.default_rng(6)
    same = rng.multinomial(60, [0.2, 0.3, 0.5], size=85).astype(float)
    strangers = rng.multinomial(60, [0.9, 0.1, 0.0], size=15).astype(float)
    assert dispersion(np.vstack([same, strangers])) < 2.5
    assert dispersion(np.vstack([same[:15], strangers])) > 5


def test_the_quartile_ratio_is_read_off_the_middle_half() -> None:
    """Of 1, 2, 3, 4, 5 the quartiles are 2 and 4."""
    assert quartile_ratios(np.arange(1.0, 6.0)[None]) == pytest.approx([2.0])
    assert np.isnan(quartile_ratios(np.array([[1.0, 2.0]]))).all()


def test_between_share_is_zero_for_one_source_and_one_for_constants() -> None:
    """Accounts that draw from one distribution share nothing; accounts with each one value share all."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(200, 50))
    one = between_shares(np.full((1, 200), 50.0), values.sum(axis=1)[None], (values**2).sum(axis=1)[None])[0]
    assert one < 0.01
    constant = np.repeat(np.arange(1.0, 5.0)[:, None], 6, axis=1)
    squares = (constant**2).sum(axis=1)[None]
    assert between_shares(np.full((1, 4), 6.0), constant.sum(axis=1)[None], squares) == pytest.approx([1.0])


def test_entropy_is_one_for_a_flat_day() -> None:
    """24 equal hours are flat, one hour is not."""
    assert entropy(np.ones(24)) == pytest.approx(1.0)
    assert entropy(np.eye(24)[0]) == pytest.approx(0.0)


def test_permutation_p_counts_the_observed_draw_itself() -> None:
    """(1 + 1) / (1 + 4) for a value that one of four draws reaches."""
    null = np.array([1.0, 2.0, 3.0, 4.0])
    assert p_upper(4.0, null) == pytest.approx(2 / 5)
    assert p_lower(1.0, null) == pytest.approx(2 / 5)


def test_the_refined_tail_never_exceeds_the_counted_p() -> None:
    """Refinement only acts at the floor, and only downwards."""
    null = np.random.default_rng(3).normal(size=99)
    assert p_tail(0.0, null, upper=True) == p_upper(0.0, null)
    assert p_tail(9.0, null, upper=True) < 1 / 100
    assert p_tail(float("nan"), null, upper=True) == 1.0


def test_acat_of_equal_values_is_that_value() -> None:
    """The Cauchy combination of p, p, p is p; one tiny value dominates by its share."""
    assert acat(np.array([0.03, 0.03, 0.03])) == pytest.approx(0.03)
    assert acat(np.array([1e-9, 0.5, 0.5, 0.5])) == pytest.approx(4e-9, rel=1e-3)
    assert acat(np.array([1e-11, 0.5])) == pytest.approx(2e-11, rel=1e-3)


def test_acat_holds_its_size_on_uniform_values() -> None:
    """Five independent uniform p-values fall below 0.05 one time in twenty."""
    rng = np.random.default_rng(4)
    combined = np.array([acat(row) for row in rng.uniform(size=(4000, 5))])
    assert (combined <= 0.05).mean() == pytest.approx(0.05, abs=0.012)


@settings(max_examples=50)
@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=20))
def test_benjamini_yekutieli_agrees_with_scipy(values: list[float]) -> None:
    """Against an independent implementation."""
    p_values = np.array(values)
    assert benjamini_yekutieli(p_values) == pytest.approx(false_discovery_control(p_values, method="by"))


def test_recurrence_of_a_strict_rotation_is_the_pool_size() -> None:
    """0 1 2 0 1 2 0: every label comes back after three entries, so the variation is zero."""
    gaps = recurrence(np.array([0, 1, 2, 0, 1, 2, 0]))
    assert gaps.tolist() == [3.0, 3.0, 3.0, 3.0]
    assert cv(gaps) == 0.0


def test_position_runs_from_separate_customers_to_one_queue() -> None:
    """0 at the null's middle, 1 at the ideal, half way in between on a log scale."""
    assert position(8.0, 8.0, 2.0) == pytest.approx(0.0)
    assert position(4.0, 8.0, 2.0) == pytest.approx(0.5)
    assert position(2.0, 8.0, 2.0) == pytest.approx(1.0)


def test_wilson_holds_the_share_and_stays_within_bounds() -> None:
    """0 of 10 reaches up to 0.28; 10 of 10 down to 0.72."""
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-3)


def test_interval_is_the_median_with_the_central_range() -> None:
    """Quantiles of 0..1000."""
    assert interval(np.arange(1001.0)) == pytest.approx((500.0, 25.0, 975.0))
