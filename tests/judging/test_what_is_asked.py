"""What is asked for where there is no prompt: values in paths and parameters, dealt out, in order, or asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from small_worlds import DAY, World, test

from forensics.describing.requests import item_of
from forensics.judging.asking import items_of, order_of
from forensics.judging.pooling.even_coverage import PLUGIN as ROUNDS
from forensics.judging.pooling.failover import PLUGIN as FAILOVER
from forensics.judging.pooling.one_order import PLUGIN as ORDER
from forensics.judging.pooling.without_replacement import PLUGIN as DEALT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

PAGES = 600
READERS = 60
LIKED = 1.0 / np.arange(1, PAGES + 1)  # how much readers like a page
LIKED /= LIKED.sum()


def times(rng: np.random.Generator, number: int) -> npt.NDArray[np.float64]:
    """So many moments within ten days."""
    return np.sort(rng.uniform(0, 10 * DAY, number))


def pages(numbers: Ints, *, query: bool) -> dict[str, Any]:
    """Requests for pages, by path or by parameter."""
    if query:
        return {
            "endpoint": ["/detail"] * len(numbers),
            "endpoint_query": [f"id={number}&view=full" for number in numbers],
        }
    return {"endpoint": [f"/p/{number}" for number in numbers]}


def add_readers(world: World, rng: np.random.Generator, *, query: bool = False) -> None:
    """People who read what they like, of what everybody reads."""
    for place in range(READERS):
        chosen = rng.choice(PAGES, 40, p=LIKED)
        world.add(None, f"reader_{place}", times(rng, 40), method="GET", **pages(chosen, query=query))


def add_members(
    world: World, network: str, rng: np.random.Generator, parts: Sequence[Ints], *, query: bool = False
) -> None:
    """Members of a network, each with what it asks."""
    for place, part in enumerate(parts):
        world.add(network, f"{network}_{place}", times(rng, len(part)), method="GET", **pages(part, query=query))


@pytest.mark.parametrize("query", [False, True])
def test_a_list_dealt_out_in_any_order_is_seen_because_nobody_asks_twice(query: bool) -> None:
    """Ten members share 600 pages out, shuffled; readers meet on what they like."""
    rng, world = np.random.default_rng(1), World()
    add_members(world, "pool", rng, np.array_split(rng.permutation(PAGES), 10), query=query)
    add_readers(world, rng, query=query)
    row = test(DEALT, world.panel()).row(0, named=True)
    assert row["holds"]
    assert row["p_value"] < 0.01
    assert "; 0 times two of them ask the same" in row["sentence"]


@pytest.mark.parametrize("seed", range(5))
def test_members_who_choose_for_themselves_meet(seed: int) -> None:
    """As many pages, chosen evenly or as readers like them: nothing holds."""
    rng, world = np.random.default_rng(seed), World()
    add_members(world, "even", rng, [rng.choice(PAGES, 60) for _ in range(10)])
    add_members(world, "liked", rng, [rng.choice(PAGES, 60, p=LIKED) for _ in range(10)])
    add_readers(world, rng)
    rows = test(DEALT, world.panel())
    assert rows["assessable"].all()
    assert not rows["holds"].any()
    assert (rows["p_value"] > 0.01).all()


def test_customers_who_ask_for_their_own_are_no_pool() -> None:
    """Everybody asks for its own pages only, and one reader for all of them: that nobody meets is how it is there."""
    rng, world = np.random.default_rng(2), World()
    own = np.arange(PAGES).reshape(40, 15)
    add_members(world, "some", rng, list(own[:12]))
    for place, part in enumerate(own[12:]):
        world.add(None, f"other_{place}", times(rng, 15), method="GET", **pages(part, query=False))
    for robot in range(3):
        world.add(None, f"robot_{robot}", times(rng, PAGES), method="GET", **pages(np.arange(PAGES), query=False))
    assert not test(DEALT, world.panel())["holds"].any()


def test_what_nobody_else_asks_tells_nothing() -> None:
    """A list of names that only members try: nobody outside meets them."""
    rng, world = np.random.default_rng(3), World()
    add_members(world, "pool", rng, np.array_split(rng.permutation(PAGES), 10))
    for place in range(READERS):
        world.add(None, f"reader_{place}", times(rng, 10), method="GET", endpoint="/news")
    row = test(DEALT, world.panel()).row(0, named=True)
    assert not row["assessable"]
    assert "too little" in row["reason"]


def test_a_list_gone_through_in_rounds_is_seen_because_all_of_it_is_asked_as_often() -> None:
    """Three rounds over 600 pages, each page by whoever's turn it is: no page is asked twice as often as another."""
    rng, world = np.random.default_rng(6), World()
    turns = np.stack([rng.permutation(40)[:3] for _ in range(PAGES)])
    add_members(world, "pool", rng, [np.flatnonzero((turns == member).any(axis=1)) for member in range(40)])
    row = test(ROUNDS, world.panel()).row(0, named=True)
    assert row["holds"]
    assert "600 are asked by 3 of them each, and 0 by" in row["sentence"]


@pytest.mark.parametrize("seed", range(4))
def test_members_who_like_what_they_like_ask_unevenly(seed: int) -> None:
    """All pages alike to all, or some more than others: the numbers of askers scatter as Poisson's, or more."""
    rng, world = np.random.default_rng(seed), World()
    add_members(world, "even", rng, [rng.choice(PAGES, 50, replace=False) for _ in range(30)])
    add_members(world, "liked", rng, [rng.choice(PAGES, 30, p=LIKED) for _ in range(60)])
    rows = test(ROUNDS, world.panel())
    assert rows["assessable"].any()
    assert not rows["holds"].any()
    assert (rows["p_value"].fill_null(1.0) > 0.01).all()


def test_whoever_asks_for_everything_or_shares_all_with_two_others_goes_no_rounds() -> None:
    """Three robots that each read all, beside readers of a few pages; and thirty customers with three devices each, all
    of which ask for their own pages.
    """
    rng, world = np.random.default_rng(7), World()
    few = [rng.choice(PAGES, 2) for _ in range(40)]
    add_members(world, "robots", rng, [*[np.arange(PAGES)] * 3, *few])
    own = np.arange(PAGES).reshape(30, 20)
    add_members(world, "devices", rng, [own[place // 3] for place in range(90)])
    assert not test(ROUNDS, world.panel())["holds"].any()


def test_an_order_in_a_parameter_is_an_order() -> None:
    """Members in turn ask the next number of a parameter; a second parameter stays as it is."""
    rng, world = np.random.default_rng(4), World()
    at_s = times(rng, 400)
    turn = rng.integers(0, 8, 400)
    for member in range(8):
        mine = np.flatnonzero(turn == member)
        world.add(
            "pool", f"a{member}", at_s[mine], method="GET", endpoint="/list",
            endpoint_query=[f"size=50&page={1000 + place}" for place in mine],
        )  # fmt: skip
    panel = world.panel()
    assert test(ORDER, panel)["holds"].all()
    asked = order_of(panel)
    assert asked is not None
    assert set(asked.collect()["form"].unique()) == {"/list?size", "/list?page"}
    assert items_of(panel).collect().height == 400


def test_a_failed_request_that_another_account_sends_again_is_seen_without_prompts() -> None:
    """Services that take no prompt: the address with its value is the item; without a value it is none."""
    rng, world = np.random.default_rng(5), World()
    for member in range(6):
        at_s = times(rng, 200)
        other = f"b{(member + 1) % 6}"
        failed = rng.random(200) < 0.2
        page = rng.integers(10_000, 99_999, 200) * 10 + member
        paths = [f"/v1/items/{one}" for one in page]
        world.add(
            "pool", f"b{member}", at_s, status_code=np.where(failed, 429, 200), method="GET", endpoint=paths,
        )  # fmt: skip
        again = np.flatnonzero(failed)
        world.add(
            "pool", other, at_s[again] + 20.0, status_code=200, method="GET",
            endpoint=[paths[one] for one in again],
        )  # fmt: skip
    row = test(FAILOVER, world.panel()).row(0, named=True)
    assert row["holds"]
    assert row["observed"] > 0.9


def test_only_what_holds_a_value_is_an_item() -> None:
    """Versions of a service are no values; of requests that ask a model only the prompt is an item."""
    rows = pl.DataFrame(
        {
            "prompt_hash": pl.Series([None, None, None, None, 7], dtype=pl.UInt64),
            "method": "GET",
            "endpoint": ["/v1/chat", "/v1/chat", "/v2/p/5", "/v2/p/5", "/v2/p/5"],
            "endpoint_query": [None, "q=a", None, None, None],
            "request_model": [None, None, None, "m", "m"],
        }
    )
    found = rows.lazy().select(item_of(rows.lazy())).collect()["item"]
    assert found.is_null().to_list() == [True, False, False, True, False]
    assert found[4] == 7
