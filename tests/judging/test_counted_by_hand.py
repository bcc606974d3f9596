"""What several tests of judging stand on, against a loop: ends, steps up, pairs of askings, spread of shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.judging import lifetimes
from forensics.judging.pooling import model_pivot, repeats_elsewhere

DAY_S = 86_400.0
MOMENTS = st.one_of(st.none(), st.integers(-5, 45))


def at(day: float | None) -> datetime | None:
    """A day of the log as a time."""
    return None if day is None else datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=day)


@given(
    st.lists(st.tuples(MOMENTS, MOMENTS, st.integers(0, 20), st.integers(0, 40), st.integers(1, 400)), max_size=8),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_ends_are_those_a_loop_finds(rows: list[tuple[int | None, int | None, int, int, int]], closings: bool) -> None:
    """Bans and closings inside the log, and silences that are long and many times the account's own gaps."""
    start = datetime(2026, 4, 1, tzinfo=UTC).timestamp()
    end = start + 40 * DAY_S
    accounts = pl.DataFrame(
        {
            "account": list(range(len(rows))),
            "banned_at": [at(row[0]) for row in rows],
            "first_seen_at": [at(row[2]) for row in rows],
            "last_seen_at": [at(min(40, row[2] + row[3])) for row in rows],
            "request_count": [row[4] for row in rows],
            **({"declared_closed_at": [at(row[1]) for row in rows]} if closings else {}),
        },
        schema_overrides=dict.fromkeys(
            ("banned_at", "first_seen_at", "last_seen_at", "declared_closed_at")[: 4 if closings else 3],
            pl.Datetime("us", "UTC"),
        ),
    )
    expected = set()
    for number, (banned, closed, first, lived, count) in enumerate(rows):
        last = min(40, first + lived)
        expected |= {(number, banned, "banned")} if banned is not None and 0 <= banned <= 40 else set()
        expected |= {(number, closed, "closed")} if closings and closed is not None and 0 <= closed <= 40 else set()
        silence, life = (40 - last) * DAY_S, (last - first) * DAY_S
        gap = life / (count - 1) if count > 1 else float("inf")
        long = silence >= lifetimes.SILENT_S and silence >= lifetimes.SILENT_GAPS * gap
        if count >= lifetimes.BUSY and life >= lifetimes.LIVED_S and long:
            expected.add((number, last, "silent"))
    found = lifetimes.find_ends(accounts, start, end)
    assert {(a, round((s - start) / DAY_S), kind) for a, s, kind in found.iter_rows()} == expected
    assert found["at_s"].is_sorted()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 30)), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_pairs_of_askings_are_those_a_loop_finds(asked: list[tuple[int, int, int]]) -> None:
    """Every two askings of one item by different accounts, each once, the earlier first."""
    frame = pl.DataFrame(
        {"item": [i for i, _, _ in asked], "account": [a for _, a, _ in asked], "at_s": [float(s) for _, _, s in asked]}
    ).sort("item", "at_s", "account")
    found = repeats_elsewhere.pair_askings(frame, np.random.default_rng(1))
    rows = frame.rows()
    expected = {
        (one, other)
        for one in range(len(rows))
        for other in range(one + 1, len(rows))
        if rows[one][0] == rows[other][0] and rows[one][1] != rows[other][1]
    }
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert len(found.first) == len(expected)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.floats(0, 9)), min_size=2, max_size=16))
@settings(max_examples=40, deadline=None)
def test_askings_near_each_other_are_those_a_loop_finds(asked: list[tuple[int, int, float]]) -> None:
    """An asking counts if another account's asking of the item lies within the window, before it or after."""
    frame = pl.DataFrame(
        {
            "item": [i for i, _, _ in asked],
            "account": [a for _, a, _ in asked],
            "at_s": [round(days * DAY_S) for _, _, days in asked],
        }
    ).sort("item", "at_s", "account")
    pairs = repeats_elsewhere.pair_askings(
        frame.with_columns(pl.col("at_s").cast(pl.Float64)), np.random.default_rng(1)
    )
    day = np.floor(pairs.at_s / DAY_S).astype(np.int64)
    days, slot = np.unique(day, return_inverse=True)
    laid: Any = SimpleNamespace(day=days, slot=slot, week=days // 7, weeks=int((days // 7).max()) + 1)
    found = repeats_elsewhere._near(pairs, laid, slot[None])[:, 0].sum(axis=-1)
    rows = frame.rows()
    for window, count in zip(repeats_elsewhere.WINDOWS_S, found, strict=True):
        expected = sum(
            any(
                other != one and i == item and a != account and abs(s - at_s) <= window
                for other, (i, a, s) in enumerate(rows)
            )
            for one, (item, account, at_s) in enumerate(rows)
        )
        assert count == expected


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_the_spread_of_shares_is_that_of_a_common_share(rows: list[tuple[int, int]]) -> None:
    """Pearson's measure over its degrees of freedom: about one where all accounts move as one share would have it."""
    moved, total = (np.array(part, dtype=float) for part in zip(*[(min(k, n), n) for k, n in rows], strict=True))
    share, spread = model_pivot._share_and_spread(moved, total)
    used = [(k, n) for k, n in zip(moved, total, strict=True) if n > 0]
    if not used:
        assert np.isnan(share)
        return
    common = sum(k for k, _ in used) / sum(n for _, n in used)
    assert share == pytest.approx(common)
    if len(used) < model_pivot.FEWEST_ACTIVE or not 0 < common < 1:
        assert np.isnan(spread)
        return
    pearson = sum((k - n * common) ** 2 / (n * common * (1 - common)) for k, n in used)
    assert spread == pytest.approx(pearson / (len(used) - 1))
