"""Accounts in numbers: what is counted, and what is null because the log cannot tell."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from made_events import DAY_S, START, events_frame, people
from polars.testing import assert_frame_equal

from forensics.common.schema import ACCOUNTS, CONTENT_FLAGS, REGISTER
from forensics.common.settings import FeatureSettings
from forensics.describing.features import describe_accounts


def describe(events: pl.DataFrame, register: pl.DataFrame | None = None) -> pl.DataFrame:
    """ACCOUNTS of some events."""
    return describe_accounts(
        events.lazy(), (REGISTER.empty() if register is None else register).lazy(), FeatureSettings()
    ).collect()


def test_the_table_keeps_its_contract() -> None:
    """Columns, types and order are those of ACCOUNTS."""
    accounts = describe(people(5, 3, np.random.default_rng(1)))
    assert ACCOUNTS.mismatches(accounts.schema) == []
    assert accounts["account_id"].is_sorted()


def test_a_field_no_source_has_is_null_and_never_zero() -> None:
    """Only time and account: no tokens, no models, no origins, no errors."""
    row = describe(events_frame({"account_id": ["a", "a"], "at_s": [0, 60]})).row(0, named=True)
    assert row["request_count"] == 2
    for name in (
        "input_tokens",
        "error_share",
        "address_count",
        "model_count",
        "top_model",
        "system_count",
        "flagged_share",
        "params_entropy_bits",
        "end_user_count",
    ):
        assert row[name] is None, name


def test_counts_by_hand() -> None:
    """Four requests in two clock hours of one day, one limited, two models."""
    events = events_frame(
        {
            "account_id": ["a"] * 4,
            "at_s": [0, 60, 120, 7200],
            "status_code": [200, 429, 200, 200],
            "request_model": ["m", "m", "m", "n"],
            "input_tokens": [10, 20, 30, 40],
            "client_address": ["192.0.2.1", "192.0.2.1", None, "192.0.2.2"],
            "content_flags": [CONTENT_FLAGS["reasoning"], CONTENT_FLAGS["code"], 0, 0],
        }
    )
    row = describe(events).row(0, named=True)
    assert row["error_share"] == row["limited_share"] == pytest.approx(1 / 4)
    assert row["input_tokens"] == 100
    assert row["top_model"] == "m"
    assert row["top_model_share"] == pytest.approx(3 / 4)
    assert row["address_count"] == 2
    assert row["active_hours"] == 2
    assert row["peak_hour_count"] == 3
    assert row["session_count"] == 2  # the gap of 118 minutes ends a session
    assert row["gap_median_s"] == pytest.approx(60.0)
    assert row["flagged_share"] == pytest.approx(1 / 4)  # code alone is no extraction
    # sd of 10, 20, 30, 40 is sqrt(500 / 3) = 12.91, the mean 25.
    assert row["input_tokens_cv"] == pytest.approx(12.9099 / 25, rel=1e-4)
    assert row["hour_counts"][0] == 3
    assert row["hour_counts"][2] == 1


def test_local_variation_is_one_for_poisson_and_zero_for_a_clock() -> None:
    """LV separates regular, random and bursty whatever the rate."""
    rng = np.random.default_rng(5)
    poisson = np.cumsum(rng.exponential(100, 4000))
    clock = np.arange(4000) * 100.0
    events = pl.concat(
        [
            events_frame({"account_id": [name] * 4000, "at_s": at_s})
            for name, at_s in (("clock", clock), ("poisson", poisson))
        ]
    )
    lv = dict(describe(events).select("account_id", "gap_lv").iter_rows())
    assert lv["clock"] == pytest.approx(0.0)
    assert lv["poisson"] == pytest.approx(1.0, abs=0.06)


def test_the_quiet_night_is_found_across_midnight() -> None:
    """Work from 8 to 20 UTC only: the quietest eight hours hold nothing; flat work leaves a third."""
    day = [hour * 3600 + 10 for hour in range(8, 20)]
    flat = [hour * 3600 + 10 for hour in range(24)]
    events = pl.concat(
        [
            events_frame({"account_id": ["day"] * 12, "at_s": day}),
            events_frame({"account_id": ["flat"] * 24, "at_s": flat}),
        ]
    )
    night = dict(describe(events).select("account_id", "night_share").iter_rows())
    assert night == {"day": 0.0, "flat": pytest.approx(8 / 24)}


def test_births_come_from_the_register_when_it_knows_better() -> None:
    """An account opened before its first request was born then; bans are taken as declared."""
    register = REGISTER.empty().vstack(
        pl.DataFrame({"account_id": ["a"], "created_at": [START], "banned_at": [START]}).select(
            pl.col(name).cast(column.dtype)
            if name in ("account_id", "created_at", "banned_at")
            else pl.lit(None, dtype=column.dtype).alias(name)
            for name, column in REGISTER.columns.items()
        )
    )
    row = describe(events_frame({"account_id": ["a"], "at_s": [5 * DAY_S]}), register).row(0, named=True)
    assert row["born_at"] == START
    assert row["banned_at"] == row["ended_at"] == START


def test_row_order_changes_nothing() -> None:
    """The same events shuffled give the same bytes."""
    events = people(30, 5, np.random.default_rng(2))
    assert_frame_equal(describe(events), describe(events.sample(fraction=1.0, shuffle=True, seed=1)), check_exact=True)
