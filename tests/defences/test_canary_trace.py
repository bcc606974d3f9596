"""Traces: a leak is followed to its network, nobody innocent is named, and less text is less power, not error."""

from __future__ import annotations

import numpy as np
import pytest
from made_leaks import leak, marked_pool

from forensics.defences.canary.assign import group_sizes
from forensics.defences.canary.codes import Null, symmetric_weights
from forensics.defences.canary.trace import Suspect, combined_signs, shares_of, signs_of, summed_scores, trace_leak

ERROR = 1e-3


def test_a_leak_through_a_400_account_pool_is_traced_and_no_innocent_group_is_named_in_1000_trials() -> None:
    """60 networks with a word each, 169 positions, 10 % flips, 10 % erased; error 1e-3: 1 false name expected."""
    marked = marked_pool([400] + [20] * 59, 169)
    rng = np.random.default_rng(1)
    caught = false = 0
    for trial in range(1000):
        row = trial % 60  # every network leaks in turn, whatever its size
        suspect = leak(rng, marked.words[row : row + 1], documents=8, flips=0.1, erased=0.1)
        signs = signs_of(suspect)
        null = Null(marked.chances, symmetric_weights(signs, marked.chances))
        scores = null.scores(marked.words)
        high = np.flatnonzero(scores > 3 * null.sd)  # lower ones have p above 1e-4, far over 1e-3/60
        p, _ = null.tails(scores[high])
        named = set(high[p * 60 <= ERROR].tolist())
        caught += row in named
        false += len(named - {row})
    assert caught >= 990
    assert false <= 5


def test_the_whole_trace_names_the_same() -> None:
    """One leak end to end: the leaking network is named, first, with its p; the other 59 are not."""
    marked = marked_pool([400] + [20] * 59, 169)
    found = trace_leak(
        [leak(np.random.default_rng(2), marked.words[:1], flips=0.1, erased=0.1)], marked, error=ERROR, seed=1
    )
    assert found.named["holder_id"].to_list() == ["net_000"]
    assert found.scores.height == 60
    assert (found.scores["p_adjusted"] >= found.scores["p"]).all()


def test_accounts_with_words_of_their_own_are_traced_by_their_sum_and_by_that_alone() -> None:
    """A pool of 400 accounts, each with its own word: no account is named, their network is."""
    marked = marked_pool([400] + [20] * 9, 400, per_account=True, coalition=2)
    for seed in range(5):
        suspect = leak(np.random.default_rng(seed), marked.words[:400], documents=100, flips=0.05)
        found = trace_leak([suspect], marked, error=ERROR, seed=seed, draws=499)
        assert found.named.select("score", "group_id").rows() == [("summed", "net_000")]


def test_sums_name_no_innocent_group() -> None:
    """10 networks of 20 under a leak of an eleventh without a word, 200 times: a tenth of 2,000 have p below 0.1."""
    marked = marked_pool([20] * 10, 60, per_account=True)
    rng = np.random.default_rng(3)
    sizes = group_sizes(marked.holders)
    p = []
    for _ in range(200):
        stranger = rng.random((20, 60)) < marked.chances
        p += summed_scores(shares_of([leak(rng, stranger)], marked.chances), marked, sizes, rng, 0)["p"].to_list()
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < 0.04  # the ten groups' words are the same in all trials
    assert min(p) > 1e-3 / 200


@pytest.mark.parametrize(("flips", "erased"), [(0.2, 0.0), (0.0, 0.5), (0.15, 0.3)])
def test_flips_and_erasures_are_survived(flips: float, erased: float) -> None:
    """With 400 positions a fifth turned over, or half gone, leave enough: 20 leaks of 20 are traced."""
    marked = marked_pool([1] * 40, 400)
    rng = np.random.default_rng(4)
    named = [
        trace_leak(
            [leak(rng, marked.words[5:6], documents=4, flips=flips, erased=erased)],
            marked,
            error=ERROR,
            seed=1,
            draws=499,
        ).named
        for _ in range(20)
    ]
    assert all(rows["holder_id"].to_list() == ["net_005"] for rows in named)


def test_a_position_with_both_phrasings_or_none_says_nothing() -> None:
    """a, b, mixed, absent; a quarter of the rarer phrasing is the most that still counts."""
    suspect = Suspect("x", 40, np.array([9, 0, 5, 0, 3]), np.array([1, 2, 5, 0, 1]))
    assert signs_of(suspect).tolist() == [1, -1, 0, 0, 1]
    assert signs_of(suspect, mixed_share=0.05).tolist() == [0, -1, 0, 0, 0]


def test_each_corpus_has_one_vote() -> None:
    """A corpus a thousand times as large does not outvote two others; a tie is an erasure."""
    large = Suspect("large", 9, np.array([0, 0]), np.array([9000, 9000]))
    small = [Suspect("s", 9, np.array([3, 3]), np.array([0, 0])), Suspect("t", 9, np.array([3, 0]), np.array([0, 0]))]
    assert combined_signs([large, *small]).tolist() == [1, 0]


def test_several_corpora_find_what_none_finds_alone() -> None:
    """Three corpora of 25 of 120 positions each are too little apart and enough together."""
    marked = marked_pool([1] * 40, 120)
    rng = np.random.default_rng(5)
    parts = [leak(rng, marked.words[3:4], erased=0.8, flips=0.02, name=f"part {index}") for index in range(4)]
    alone = [trace_leak([part], marked, error=ERROR, seed=1).named.height for part in parts]
    together = trace_leak(parts, marked, error=ERROR, seed=1).named["holder_id"].to_list()
    assert sum(alone) <= 1
    assert together == ["net_003"]


def test_two_pools_mixed_are_both_named_and_nobody_else() -> None:
    """Half the text from each of two networks: where they differ a position is erased, where they agree both score."""
    marked = marked_pool([1] * 40, 500)
    found = trace_leak([leak(np.random.default_rng(6), marked.words[[2, 9]])], marked, error=ERROR, seed=1)
    assert sorted(found.named["holder_id"]) == ["net_002", "net_009"]


def test_a_baseline_recovers_a_leak_in_text_that_is_mostly_others() -> None:
    """90 % of the documents from elsewhere, where one phrasing is usual: against that usage the leak stands out."""
    marked = marked_pool([1] * 40, 300)
    rng = np.random.default_rng(7)
    natural = rng.uniform(0.05, 0.95, 300)
    suspect = leak(rng, marked.words[5:6], documents=200, diluted=0.9, natural=natural)
    usual = leak(rng, marked.words[5:6], documents=400, diluted=1.0, natural=natural, name="usual")
    assert trace_leak([suspect], marked, error=ERROR, seed=1).named.is_empty()
    assert trace_leak([suspect], marked, error=ERROR, seed=1, baseline=usual).named["holder_id"].to_list() == [
        "net_005"
    ]


def test_a_baseline_names_nobody_by_itself() -> None:
    """Text from elsewhere only, against a baseline of the same usage: 100 times nobody is named (0.1 expected)."""
    marked = marked_pool([1] * 40, 150)
    rng = np.random.default_rng(8)
    natural = rng.uniform(0.05, 0.95, 150)
    named = 0
    for _ in range(100):
        suspect, usual = (leak(rng, marked.words[:1], diluted=1.0, natural=natural) for _ in range(2))
        named += trace_leak([suspect], marked, error=ERROR, seed=1, baseline=usual, draws=499).named.height
    assert named <= 2


def test_empty_text_names_nobody() -> None:
    """No phrasing at all: every p is 1, no score is a number, and nothing fails."""
    marked = marked_pool([3] * 5, 30, per_account=True)
    nothing = Suspect("x", 10, np.zeros(30, np.int64), np.zeros(30, np.int64))
    found = trace_leak([nothing], marked, error=ERROR, seed=1)
    assert found.named.is_empty()
    assert found.scores["p"].min() == 1.0
    assert found.scores["score_sd"].null_count() == found.scores.height


def test_the_same_seed_gives_the_same_trace() -> None:
    """Same words, same text, same numbers to the last digit."""
    marked = marked_pool([4] * 6, 80, per_account=True)
    suspect = leak(np.random.default_rng(9), marked.words[:4], flips=0.1)
    first, second = (trace_leak([suspect], marked, error=ERROR, seed=5) for _ in range(2))
    assert first.scores.equals(second.scores)
