"""Pools planted into a case's own traffic: what is planted is what was said, and the sums are right."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from made_case import made_case
from polars.testing import assert_frame_equal

from forensics.common.schema import EVENTS, REGISTER
from forensics.worlds.blindspots import CARD_HOLDERS, PLANS, plant_pools, sample_accounts, score_pools, sum_up, tell

CASE = made_case(accounts=20, others=120, office=10, days=10)
AROUND = sample_accounts(CASE.scan("events"), 1)
REGISTERED = CASE.scan("register").collect()
SIZE = 24


def planted(name: str, seed: int = 5) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and register rows of one kind of pool."""
    plan = next(plan for plan in PLANS if plan.name == name)
    made = plant_pools(AROUND, REGISTERED, [plan], SIZE, seed)
    return made.events, made.register


def test_rows_fit_the_tables() -> None:
    """What is planted keeps the contract of EVENTS and REGISTER, and stands within the case's time."""
    made = plant_pools(AROUND, REGISTERED, PLANS, SIZE, 5)
    assert not EVENTS.mismatches(made.events.schema)
    assert not REGISTER.mismatches(made.register.schema)
    assert set(made.events["account_id"]).isdisjoint(AROUND["account_id"])
    for end in ("min", "max"):
        assert AROUND["started_at"].min() <= getattr(made.events["started_at"], end)() <= AROUND["started_at"].max()


def test_same_seed_same_pools() -> None:
    """The same seed plants the same, another one something else."""
    assert_frame_equal(planted("templates")[0], planted("templates")[0])
    assert not planted("templates")[0].equals(planted("templates", seed=6)[0])


def test_templates_are_shared_only_where_said() -> None:
    """Three templates for all accounts, or three for each; an exit a seat in every plan."""
    shared, own = planted("templates")[0], planted("turns")[0]
    for events, most in ((shared, 3), (own, 3 * SIZE)):
        if events["template_hash"].null_count() < events.height:
            assert events["template_hash"].n_unique() <= most
            holders = events.group_by("template_hash").agg(pl.col("account_id").n_unique())["account_id"]
            assert (holders.max() == 1) == (events is own)
        exits = events.group_by("client_address").agg(pl.col("account_id").n_unique())["account_id"]
        assert exits.max() == 1


def test_turns_are_taken() -> None:
    """Between two requests of an account every other account had its turn."""
    events = planted("turns")[0].sort("started_at", "source_line")
    place = events.with_row_index("place").sort("account_id", "place")
    gaps = place.with_columns(gap=pl.col("place").diff().over("account_id"))["gap"].drop_nulls()
    assert gaps.min() == SIZE == gaps.max()


def test_heads_grow_back_and_cards_are_dealt() -> None:
    """A refilled pool bans a part of its accounts three times, and a card pays for four accounts."""
    _, register = planted("refilled")
    assert register["banned_at"].drop_nulls().n_unique() == 3
    assert register.group_by("payment_id").len()["len"].max() == CARD_HOLDERS
    assert planted("turns")[1]["payment_id"].n_unique() == SIZE


def test_outcomes_are_counted() -> None:
    """Eight of ten accounts in a finding are found; in a network that is none, listed; seven of ten, unseen."""
    members = pl.DataFrame(
        {
            "network_id": ["n1"] * 8 + ["n2"] * 8 + ["n1"] * 7,
            "account_id": [f"a{i}" for i in range(8)] + [f"b{i}" for i in range(8)] + [f"c{i}" for i in range(7)],
        }
    )
    networks = pl.DataFrame({"network_id": ["n1", "n2"], "alert": [True, False], "contested": [False, True]})
    pools = {
        name: [f"{letter}{i}" for i in range(10)]
        for name, letter in (("templates", "a"), ("turns", "b"), ("thin", "c"))
    }
    rows = score_pools(pools, members, networks)
    assert dict(rows.select("plan", "outcome").iter_rows()) == {
        "templates": "found",
        "turns": "contested",
        "thin": "unseen",
    }
    table = sum_up(pl.concat([rows, rows]))
    assert table.filter(pl.col("plan") == "templates").select("planted", "found", "unseen").row(0) == (2, 2, 0)
    said = tell(table, 1)
    assert "(2 of 2)" in said.split("Would not")[0]
    assert "(0 of 2)" in said.split("Would not")[1]
    assert "1 of the findings" in said


@pytest.mark.parametrize("most", [200, 10_000_000])
def test_whole_accounts_are_sampled(most: int) -> None:
    """An account is taken with all its events or not at all, and no more than asked for."""
    sampled = sample_accounts(CASE.scan("events"), 3, most)
    whole = CASE.scan("events").collect().group_by("account_id").len()
    part = sampled.group_by("account_id").len().join(whole, on="account_id", suffix="_whole")
    assert (part["len"] == part["len_whole"]).all()
    assert sampled.height <= max(most, int(np.min(whole["len"].to_numpy())))
