"""Births, waves and values that accounts stand under, against loops."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.judging import identities, lifetimes
from forensics.judging.pooling import moves_together, succession

HOUR_S, DAY_S = 3600.0, 86_400.0
START_S = datetime(2026, 4, 1, tzinfo=UTC).timestamp()
HOURS = st.lists(st.integers(24, 24 * 20 - 1), min_size=1, max_size=8)


def moments(hours: list[int], minute: int) -> Any:  # noqa: ANN401 - array
    """Hours of the log as seconds, so many minutes past."""
    return np.sort(START_S + np.array(hours, dtype=float) * HOUR_S + 60.0 * minute)


@given(HOURS, HOURS)
@settings(max_examples=60, deadline=None)
def test_births_after_a_wave_are_those_a_loop_finds(born: list[int], ended: list[int]) -> None:
    """A wave lies before the birth, at most a window before it; where births are not moved, the null counts the same."""
    births, starts = moments(born, 30), np.unique(moments(ended, 0))
    days = succession._put_on_days(starts, births, np.ones(24), START_S, START_S + 20 * DAY_S)
    for place, window in enumerate(succession.WINDOWS_H):
        expected = sum(any(0 < birth - start <= window * HOUR_S for start in starts) for birth in births)
        assert succession._followed(births, starts, window) == expected
        assert days.here[place].sum() == expected
    assert days.sizes.sum() == len(births)
    assert days.weight.sum(axis=1) == pytest.approx(np.ones(len(days.busy)))
    assert (days.counts <= days.sizes[None, :, None, None]).all()


def test_a_window_ends_with_its_last_hour() -> None:
    """A birth six hours to the second after a ban is within six hours, one at the ban itself or a second later is not."""
    starts = np.array([START_S])
    for after, counts in ((0.0, 0), (1.0, 1), (6 * HOUR_S, 1), (6 * HOUR_S + 1, 0)):
        assert succession._followed(np.array([START_S + after]), starts, 6) == counts


def test_a_rush_common_to_everybody_is_no_sign() -> None:
    """Forty-nine strangers tell nothing; of fifty who come after waves as the network does, none follows by accident."""
    starts, births = np.array([START_S]), np.linspace(START_S + 60.0, START_S + 600.0, 10, dtype=np.float64)
    later = np.linspace(START_S + 10 * DAY_S, START_S + 10 * DAY_S + 49 * 60.0, 50, dtype=np.float64)
    assert succession._against_outside(births, later[:49], starts, 6) == 0.0
    assert 0.0 < succession._against_outside(births, later, starts, 6) < 1e-6
    assert succession._against_outside(births, later - 10 * DAY_S + 60.0, starts, 6) == 1.0


@given(st.lists(st.integers(0, 60), min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_the_fullest_day_is_the_one_a_loop_finds(hours: list[int]) -> None:
    """The largest share of moments within a day of one of them."""
    at_s = np.sort(np.array(hours, dtype=float) * HOUR_S)
    most = max(sum(0 <= other - one <= moves_together.WITHIN_S for other in at_s) for one in at_s)
    assert moves_together._fullest(at_s) == pytest.approx(most / len(at_s))


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=400))
@settings(max_examples=20, deadline=None)
def test_weekends_are_those_of_the_calendar(days: list[int]) -> None:
    """Saturday and Sunday."""
    times = np.array(days) * DAY_S + DAY_S - 1
    expected = [datetime.fromtimestamp(at, UTC).weekday() >= 5 for at in times]
    assert lifetimes.is_weekend(times).tolist() == expected


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_waves_are_those_a_loop_finds(minutes: list[int]) -> None:
    """What lies an hour or less after the first of a wave is of it."""
    times = np.sort(np.array(minutes, dtype=float)) * 60.0
    expected, first, wave = [], times[0], 0
    for at in times:
        if at - first > HOUR_S:
            first, wave = at, wave + 1
        expected.append(wave)
    assert lifetimes.find_waves(times).tolist() == expected


@pytest.mark.parametrize(
    ("kinds", "used"),
    [
        (["banned", "banned", "closed", "closed", "silent"], "banned"),
        (["banned", "closed", "closed", "silent"], "closed"),
        (["banned", "closed", "silent"], "silent"),
        (["banned", "closed"], "silent"),
    ],
)
def test_ends_are_taken_from_what_is_declared_of_two(kinds: list[str], used: str) -> None:
    """Bans first, closings next, else silence; other accounts' ends are not the network's."""
    ends = pl.DataFrame(
        {
            "account": [*range(len(kinds)), 50, 51],
            "at_s": [float(n) for n in range(len(kinds) + 2)],
            "kind": [*kinds, "banned", "banned"],
        }
    )
    panel: Any = SimpleNamespace(ends=ends, ends_by_account=(np.arange(len(ends)), ends["account"].to_numpy()))
    group: Any = SimpleNamespace(members=np.arange(50))
    account, at_s, kind = lifetimes.ends_of(panel, group)
    assert kind == used
    assert account.tolist() == [n for n, one in enumerate(kinds) if one == used] == at_s.astype(int).tolist()


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc")), min_size=1, max_size=20, unique=True),
    st.lists(st.integers(0, 12), max_size=9),
)
@settings(max_examples=60, deadline=None)
def test_values_of_accounts_are_those_a_loop_finds(rows: list[tuple[int, str]], chosen: list[int]) -> None:
    """Each account once, in order; the commonest value is known of three accounts or it is not told."""
    table = pl.DataFrame(rows, schema={"account": pl.Int64, "value": pl.String}, orient="row")
    values = identities._values(table, 100)
    expected = sorted(row for row in rows if row[0] in chosen)
    assert values.of(np.array(chosen, dtype=np.int64)).rows() == expected
    known = len({account for account, _ in expected})
    most = identities.most_frequent(values, chosen)
    assert (most is None) == (known < identities.FEWEST)
    if most:
        counts = {value: sum(other == value for _, other in expected) for _, value in expected}
        assert (most.count, most.known, most.values) == (max(counts.values()), known, len(counts))
        assert most.value == min(value for value, count in counts.items() if count == most.count)
        assert most.share == most.count / known


@pytest.mark.parametrize(
    ("held", "inside", "accounts", "public"),
    [(5, 0, 100, False), (6, 0, 100, True), (6, 2, 100, True), (6, 3, 100, False), (2, 0, 10, False), (3, 0, 10, True)],
)
def test_a_value_of_many_others_is_a_providers(held: int, inside: int, accounts: int, public: bool) -> None:
    """More than a twentieth of all accounts, and more than two, hold it, and less than half of these are members."""
    values = identities.Values(pl.DataFrame(schema={"account": pl.Int64}), {"v": held}, accounts)
    assert values.is_public("v", inside) is public
