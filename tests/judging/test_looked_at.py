"""What tests look at of a large log is bounded, and drawn by what accounts did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hands import add_customers, add_hand
from small_worlds import World, test

from forensics.judging import looked_at
from forensics.judging.pooling.repeats_elsewhere import PLUGIN as REPEATS

if TYPE_CHECKING:
    from forensics.judging.hallmark import Panel


def make_world(members: int = 14) -> World:
    """A pool that asks again elsewhere what failed, beside customers."""
    rng, world = np.random.default_rng(4), World()
    add_hand(world, "pool", "best of n, 10 %", rng, members, 12.0)
    add_customers(world, rng, 80)
    return world


def accounts_of(frame: pl.LazyFrame) -> set[int]:
    """Accounts that have a request there."""
    return set(frame.select(pl.col("account").unique()).collect().to_series().to_list())


def renamed(world: World) -> World:
    """The same accounts under names that sort the other way."""
    other = World()
    turn = str.maketrans("0123456789abcdefghijklmnopqrstuvwxyz", "9876543210zyxwvutsrqponmlkjihgfedcba")
    other.frames = [
        frame.with_columns(pl.Series("account_id", [name.translate(turn) for name in frame["account_id"]]))
        for frame in world.frames
    ]
    other.members = [(network, name.translate(turn)) for network, name in world.members]
    return other


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that even a small world outgrows."""
    monkeypatch.setattr(looked_at, "OUTSIDE_REQUESTS", 500)
    monkeypatch.setattr(looked_at, "FEWEST_SAMPLED", 40)


def test_all_outsiders_are_looked_at_in_a_small_log() -> None:
    """Below the bound nothing is left out: members and outsiders are all accounts."""
    panel = make_world().panel()
    members = np.concatenate([group.members for group in panel.groups])
    assert panel.outside_share == 1.0
    assert sorted([*members, *panel.outside]) == list(range(len(panel.accounts)))
    assert accounts_of(panel.compared) == set(range(len(panel.accounts)))


@pytest.mark.usefixtures("few")
def test_of_a_large_log_a_sample_of_outsiders_is_looked_at() -> None:
    """40 of 80 customers, drawn by what they did: other names draw the same; pseudo-groups come from them alone."""
    panel, other = make_world().panel(), renamed(make_world()).panel()
    assert len(panel.outside) == 40
    assert panel.outside_share == 0.5
    assert panel.outside.tolist() == other.outside.tolist()
    assert set(np.unique(panel.groups[0].matched)) <= set(panel.outside.tolist())
    assert accounts_of(panel.compared) == {*panel.outside.tolist(), *panel.groups[0].tested.tolist()}


@pytest.mark.usefixtures("few")
def test_all_members_are_looked_at_though_a_sample_is_tested() -> None:
    """Of 30 members 20 are tested one by one; tests that look at all of them still can."""
    panel = make_world(30).panel(sample_accounts=20)
    group = panel.groups[0]
    assert (len(group.members), len(group.tested)) == (30, 20)
    assert set(group.members.tolist()) <= accounts_of(panel.events)
    assert not (set(group.members.tolist()) - set(group.tested.tolist())) & accounts_of(panel.compared)


def test_what_is_kept_goes_where_the_run_says() -> None:
    """Two frames are handed over by name, of accounts by number, without text or ids of requests."""
    kept: dict[str, list[str]] = {}

    def keep(name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        kept[name] = frame.collect_schema().names()
        return looked_at.in_memory(name, frame)

    events = pl.concat(make_world().frames, how="diagonal").lazy()
    numbers = events.select("account_id").unique().sort("account_id").with_row_index("account").collect()
    looked_at.keep_requests(events, numbers, np.arange(5), np.arange(10), keep)
    assert list(kept) == ["compared", "members"]
    assert "account" in kept["members"]
    assert not {"account_id", "prompt_text", "request_id"} & set(kept["members"])


def repeats(panel: Panel) -> dict[str, object]:
    """What is said of repeats in the pool."""
    return test(REPEATS, panel).row(0, named=True)


def test_of_a_large_network_a_sample_of_prompts_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one prompt in two looked at, repeats by others are as frequent as with all, and the sentence says so."""
    whole = repeats(make_world().panel())
    requests = sum(len(frame) for frame in make_world().frames[:14])
    monkeypatch.setattr(looked_at, "PROMPT_REQUESTS", (requests + 1) // 2)
    part = repeats(make_world().panel())
    assert "One prompt in 2 was looked at." in str(part["sentence"])
    assert "looked at" not in str(whole["sentence"])
    assert part["observed"] == pytest.approx(whole["observed"], rel=0.5)
    assert part["holds"] == whole["holds"]
