"""Groups of accounts counted by hand: which are united, who is of one, what is free to be, and runs within a budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.linking.alike import _belonging, _free, _unite
from forensics.linking.graphs import find_communities, spread
from forensics.linking.popular import _DegreeNull, _holds, _runs, _whole_components


def groups_of(*groups: list[int]) -> list[np.ndarray]:
    """Accounts as linking has them."""
    return [np.array(group, dtype=np.int64) for group in groups]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (([1, 2, 3, 4], [3, 4, 5, 6]), [[1, 2, 3, 4, 5, 6]]),
        (([1, 2, 3, 4, 5], [5, 6, 7]), [[1, 2, 3, 4, 5], [5, 6, 7]]),
        (([6, 7], [1, 2, 3, 4, 5, 6]), [[1, 2, 3, 4, 5, 6, 7]]),
        (([1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 7]), [[1, 2, 3, 4, 5, 6, 7]]),
        (([1, 2], [3, 4]), [[1, 2], [3, 4]]),
    ],
)
def test_groups_with_half_of_the_smaller_in_common_are_one(
    groups: tuple[list[int], ...], expected: list[list[int]]
) -> None:
    """Whoever takes turns and hands on may be one queue; a third in common is not enough."""
    for some in (groups, groups[::-1]):
        assert [group.tolist() for group in _unite(groups_of(*some))] == expected


def test_who_belongs_is_told_by_all_together() -> None:
    """Among strangers only who clearly behaves so; where nearly all do, who is a little unlike them too."""
    strangers = np.array([-4.0] * 18 + [5.0] * 2)
    assert np.flatnonzero(_belonging(strangers)).tolist() == [18, 19]
    assert not _belonging(np.array([-4.0] * 19 + [1.0])).any()
    assert _belonging(np.array([5.0] * 19 + [-1.0])).all()
    assert not _belonging(np.array([5.0] * 19 + [-9.0]))[-1]
    assert _belonging(np.array([])).tolist() == []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([-1] * 10, list(range(10))),
        ([0] * 8 + [-1] * 2, []),
        ([0] * 4 + [-1] * 6, list(range(10))),
        ([0] * 4 + [-1] * 6 + [0] * 9, [4, 5, 6, 7, 8, 9]),
        ([0] * 4 + [1] * 4 + [-1] * 2, [8, 9]),
        ([0, 0, 1, 1] + [-1] * 6, list(range(10))),
    ],
)
def test_what_is_free_to_be_a_network(labels: list[int], expected: list[int]) -> None:
    """Accounts in no network with the networks that lie among them: not one that holds nearly all already, not one that
    mostly lies elsewhere, and not two large ones.
    """
    numbers = np.array(labels)
    sizes = np.bincount(numbers[numbers >= 0]) if (numbers >= 0).any() else np.zeros(0, dtype=np.int64)
    assert _free(np.arange(10), numbers, sizes).tolist() == expected


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.integers(0, 60))
@settings(max_examples=80, deadline=None)
def test_runs_hold_what_there_is_room_for(cost: list[int], room: int) -> None:
    """One after the other, nothing left out; beyond its first a run takes less than there is room for."""
    found = _runs(np.array(cost, dtype=float), room)
    assert [start for start, _ in found] == [0, *(stop for _, stop in found[:-1])]
    assert found[-1][1] == len(cost)
    assert all(start < stop and sum(cost[start + 1 : stop]) < max(room, 1) for start, stop in found)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=9))
@settings(max_examples=60, deadline=None)
def test_spread_is_two_loops(runs: list[tuple[int, int]]) -> None:
    """For each run its entries, in order."""
    starts, lengths = (np.array([run[side] for run in runs], dtype=np.int64) for side in (0, 1))
    run, entry = spread(starts, lengths)
    pairs = list(zip(run.tolist(), entry.tolist(), strict=True))
    assert pairs == [(n, at + k) for n, (at, size) in enumerate(runs) for k in range(size)]


def test_without_links_everybody_is_alone() -> None:
    """Each node a community of its own."""
    none = np.zeros(0, dtype=np.int64)
    assert find_communities(3, none, none, np.zeros(0), 1).tolist() == [0, 1, 2]


def test_a_component_that_is_half_full_is_one_block() -> None:
    """Four accounts and four values in a chain are seven entries of sixteen, and stay in pieces; one more is half."""
    account, value = np.array([0, 1, 1, 2, 2, 3, 3, 0]), 4 + np.array([0, 0, 1, 1, 2, 2, 3, 3])
    label = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    assert _whole_components(label, account[:7], value[:7], 4).tolist() == label.tolist()
    found = _whole_components(label, account, value, 4)
    assert len(set(found.tolist())) == 1
    assert found[0] >= len(label)


def test_a_block_holds_by_the_pairs_it_has_beyond_activity() -> None:
    """Ten accounts with three values each are 30 pairs of values: many where holders meet by activity in one of fifty,
    none where they do so in each.
    """
    k, values = np.full(10, 3), np.arange(4)
    rare = _DegreeNull(np.full(4, 8.0), 0.001, 0.001)
    common = _DegreeNull(np.full(4, 8.0), 0.05, 0.05)
    assert _holds(k, values, 40, rare)
    assert not _holds(k, values, 40, common)
    quiet = _DegreeNull(np.full(4, 8.0), 0.05, 0.001)
    assert _holds(k, values, 40, quiet), "the block is its own null: no more is expected than of activity"
    assert not _holds(np.full(10, 2), np.arange(8), 40, _DegreeNull(np.full(8, 8.0), 0.05, 0.001))
