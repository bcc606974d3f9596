"""Codes: the same key the same words, scores calibrated, tails true, lengths as in the methods."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from made_leaks import KEY, leak, marked_pool

from forensics.common.errors import InputError, IntegrityError
from forensics.defences.canary.assign import assign_variants, checked_holders, holders_of, words_of
from forensics.defences.canary.codes import MEAN, Null, biases, codewords, cutoff, symmetric_weights
from forensics.defences.canary.power import Plan, own_mean, power_table, reach, refusal
from forensics.defences.canary.trace import own_scores, trace_leak

PINNED_CHANCES = [0.8317, 0.523, 0.8011, 0.8087, 0.887, 0.9605, 0.1085, 0.0305]
PINNED_WORD = [1, 1, 1, 1, 1, 1, 0, 0]


def _ids(number: int) -> list[str]:
    return [f"p{index:04d}" for index in range(number)]


def test_the_same_key_gives_the_same_words_whoever_else_has_one() -> None:
    """A bit hangs on key, holder and position alone: more holders and positions change no word in use."""
    few = codewords(KEY, ["x", "y"], _ids(50), biases(KEY, _ids(50), 3))
    many = codewords(KEY, ["a", "x", "b", "y"], _ids(80), biases(KEY, _ids(80), 3))
    assert np.array_equal(few, many[[1, 3], :50])


def test_another_key_gives_other_words() -> None:
    """Words of two keys agree no more than chance has it."""
    other = bytes(32)
    ours, theirs = (codewords(key, ["x"], _ids(2000), np.full(2000, 0.5)) for key in (KEY, other))
    assert abs((ours == theirs).mean() - 0.5) < 0.05


def test_words_in_use_are_pinned() -> None:
    """A release that draws other words than the one before would break every trace: these stay."""
    chances = biases(KEY, _ids(8), 1)
    word = codewords(KEY, ["net_01"], _ids(8), chances)[0]
    assert chances.round(4).tolist() == PINNED_CHANCES
    assert word.astype(int).tolist() == PINNED_WORD


def test_biases_follow_the_arcsine_law_between_the_cutoffs() -> None:
    """sin² of an even angle r between the cutoffs: mean 1/2, mean of p(1 - p) that of sin²(2r)/4."""
    low = np.arcsin(np.sqrt(cutoff(2)))
    spread = 1 / 8 + np.sin(4 * low) / 16 / (np.pi / 2 - 2 * low)  # 0.1315
    chances = biases(KEY, _ids(20_000), 2)
    assert cutoff(2) <= chances.min() < chances.max() <= 1 - cutoff(2)
    assert abs(chances.mean() - 0.5) < 0.01
    assert abs((chances * (1 - chances)).mean() - spread) < 0.003


@pytest.mark.parametrize("attack", ["majority", "any", "coin", "all ones"])
def test_innocent_scores_have_mean_0_and_variance_1_a_position_whatever_the_leak_did(attack: str) -> None:
    """The null does not hang on the attack: 5 holders collude in four ways, 20,000 innocent words stay the same."""
    m = 400
    chances = biases(KEY, _ids(m), 5)
    rng = np.random.default_rng(3)
    guilty = rng.random((5, m)) < chances
    served = guilty.mean(axis=0)
    ones = {
        "majority": served > 0.5,
        "any": served > 0,
        "coin": rng.random(m) < np.where((served > 0) & (served < 1), 0.5, served),
        "all ones": np.ones(m, bool),
    }[attack]
    null = Null(chances, symmetric_weights(np.where(ones, 1.0, -1.0), chances))
    scores = null.scores(rng.random((20_000, m)) < chances)
    assert null.sd == pytest.approx(np.sqrt(m))
    assert abs(scores.mean() / np.sqrt(m)) < 0.04  # 20,000 draws: sd of the mean 0.007
    assert abs(scores.std() / np.sqrt(m) - 1) < 0.05


def test_the_guilty_score_two_over_pi_a_position() -> None:
    """At least 2/π per position for one holder, as the power counts on: 200 words, sd of the mean 0.005."""
    chances = biases(KEY, _ids(2000), 1)
    rng = np.random.default_rng(4)
    words = rng.random((200, 2000)) < chances
    found = [
        Null(chances, symmetric_weights(np.where(word, 1.0, -1.0), chances)).scores(word[None])[0] for word in words
    ]
    assert abs(np.mean(found) / 2000 - own_mean(1)) < 0.02
    assert MEAN < own_mean(1) < 1.08 * MEAN
    assert own_mean(50) * 50 == pytest.approx(MEAN, rel=0.02)


def test_a_tail_over_all_codewords_is_brute_force() -> None:
    """Ten positions: the chance of a score or more, against a loop over 1,024 words."""
    rng = np.random.default_rng(5)
    chances, weights = rng.uniform(0.05, 0.95, 10), rng.normal(size=10)
    null = Null(chances, weights)
    words = np.array(list(itertools.product([0, 1], repeat=10)))
    share = np.prod(np.where(words == 1, chances, 1 - chances), axis=1)
    every = null.scores(words)
    wanted = np.quantile(every, [0.1, 0.5, 0.9, 1.0])
    expected = [share[every >= score - 1e-9].sum() for score in wanted]
    found, methods = null.tails(wanted)
    assert found == pytest.approx(expected)
    assert set(methods) == {"all codewords"}


@pytest.mark.parametrize("size", [1, 30])
def test_the_saddlepoint_agrees_with_fresh_codewords_where_both_can_tell(size: int) -> None:
    """At tails of 1e-2 and 1e-3, 200,000 draws and the approximation differ by less than their noise and a tenth."""
    chances = biases(KEY, _ids(120), 1)
    signs = np.where(np.random.default_rng(6).random(120) < chances, 1.0, -1.0)
    null = Null(chances, symmetric_weights(signs, chances), size)
    drawn = null.draw(np.random.default_rng(7), 200_000 if size == 1 else 60_000)
    for tail in (1e-2, 1e-3):
        score = float(np.quantile(drawn, 1 - tail))
        told = null.tails(np.array([score]))[0][0]
        noise = 4 / np.sqrt(tail * len(drawn))
        assert told == pytest.approx(tail, rel=0.1 + noise)


def test_deep_tails_fall_and_never_below_the_rarest_word() -> None:
    """Higher scores are less likely down to the highest there is, whose chance is that of its one word."""
    chances = biases(KEY, _ids(60), 1)
    null = Null(chances, symmetric_weights(np.ones(60), chances))
    highest = float(null.scores(np.ones((1, 60)))[0])
    p, _ = null.tails(np.linspace(0.05, 1, 40) * highest)
    assert (np.diff(p) <= 0).all()
    assert p[-1] == pytest.approx(np.prod(chances))


def test_innocent_p_values_are_even() -> None:
    """Of 20,000 innocent words a tenth has p below 0.1, one in a hundred below 0.01."""
    marked = marked_pool([1] * 20_000, 60)
    signs = np.where(np.random.default_rng(8).random(60) < 0.5, 1.0, -1.0)
    p = own_scores(signs, marked, np.random.default_rng(9))["p"].to_numpy()
    assert abs((p <= 0.1).mean() - 0.1) < 0.012
    assert abs((p <= 0.01).mean() - 0.01) < 0.004


def test_false_accusations_stay_within_the_budget() -> None:
    """Budget 5 %, 200 leaks through nobody, own words and sums: at most 19 name anybody (10 expected, 3 sd = 9)."""
    marked = marked_pool([1] * 30 + [5] * 6, 60, per_account=True)
    rng = np.random.default_rng(10)
    stranger = rng.random((200, 60)) < marked.chances
    named = sum(
        not trace_leak(
            [leak(rng, stranger[row : row + 1], documents=5, flips=0.1)], marked, error=0.05, seed=row, draws=499
        ).named.is_empty()
        for row in range(200)
    )
    assert named <= 19


@pytest.mark.parametrize(("flips", "needed"), [(0.0, 113), (0.2, 313), (0.4, 2814)])
def test_lengths_are_those_of_the_methods(flips: float, needed: int) -> None:
    """1,000 groups, error 1e-3: ((π/2) · 6.753 / (1 - 2f))² positions."""
    assert reach(Plan(1000, 1, flip_share=flips, erased_share=0), 100).needed == needed


def test_told_power_is_found_power() -> None:
    """Own words at 100 positions and 15 % flips, 300 leaks: the share that is named is the power told, to 7 points."""
    marked = marked_pool([1] * 50, 70)
    rng = np.random.default_rng(11)
    told = reach(Plan(50, 1, flip_share=0.15, erased_share=0), 70).power
    found = 0
    for trial in range(300):
        key = bytes([trial % 256, trial // 256] * 16)
        marked = marked_pool([1] * 50, 70, key=key)
        signs = np.where(marked.words[7] ^ (rng.random(70) < 0.15), 1.0, -1.0)
        rows = own_scores(signs, marked, rng, 499)
        found += rows["p"][7] * 50 <= 1e-3
    assert 0.3 < told < 0.98
    assert abs(found / 300 - told) < 0.07


def test_a_word_an_account_against_a_pool_of_25000_is_refused_and_what_works_is_said() -> None:
    """Hopeless plans are refused with what they would need; a word a network and summed scores are told instead."""
    refused = refusal(Plan(25_000, 25_000, flip_share=0.1), 500)
    assert refused is not None
    message, hint = refused
    assert "hopeless" in message
    assert "1.5e+11" in message
    assert "a word to each network in question" in hint
    assert "summed" in hint


def test_a_plan_that_one_of_the_scores_reaches_is_not_refused() -> None:
    """25,000 accounts of known networks of up to 400: their own words are hopeless, their sums are not."""
    assert refusal(Plan(25_000, 400, 900, 400, 0.05, 0.05), 500) is None
    table = power_table([Plan(25_000, 400, 900, 400, 0.05, 0.05)], 500)
    assert table["enough"].to_list() == [False, True]


def test_an_assignment_is_rebuilt_from_the_key_and_a_changed_one_is_caught() -> None:
    """Holder × position → variant; one variant turned over and the trace refuses it."""
    holders = checked_holders(pl.DataFrame({"holder_id": ["b", "a"], "group_id": ["g", None]}))
    table = assign_variants(KEY, holders, _ids(30), 2)
    assert table.columns == ["holder_id", "group_id", "position_id", "variant"]
    assert table.height == 60
    shuffled = table.sample(fraction=1, shuffle=True, seed=1)
    words = words_of(shuffled, holders_of(shuffled), _ids(30), KEY, 2)
    assert np.array_equal(words, codewords(KEY, ["a", "b"], _ids(30), biases(KEY, _ids(30), 2)))
    first = table["variant"][0]
    turned = table.with_columns(
        variant=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("b" if first == "a" else "a")).otherwise("variant")
    )
    with pytest.raises(IntegrityError):
        words_of(turned, holders, _ids(30), KEY, 2)


def test_a_holder_stands_once() -> None:
    """Two groups for one holder are a mistake of the file."""
    with pytest.raises(InputError, match="stands twice"):
        checked_holders(pl.DataFrame({"holder_id": ["a", "a"], "group_id": ["x", "y"]}))
