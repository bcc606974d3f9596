"""Answers that no other test comes to: keys of one company told by what they leave open, full use from the first day,
clients that nobody shares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_worlds import DAY, World, test

from forensics.judging.hallmark import find_hallmarks


def only(name: str, world: World) -> dict[str, Any]:
    """What a test says of the one network."""
    return test(find_hallmarks()[name], world.panel()).row(0, named=True)


def keys(number: int, *, strangers: int = 40) -> World:
    """So many members that are there all the time, and strangers."""
    world, rng = World(), np.random.default_rng(3)
    for member in range(number):
        world.add("net", f"m{member}", np.linspace(0.0, 30 * DAY, 20))
    for stranger in range(strangers):
        world.add(None, f"o{stranger}", np.sort(rng.uniform(0, 30 * DAY, 20)))
    return world


@pytest.mark.parametrize(
    ("members", "domain", "payer", "banned", "fit"),
    [(5, 5, 5, 0, 1.0), (5, 5, 5, 1, 0.0), (8, 8, 8, 0, 1.0), (9, 9, 9, 0, 0.0)],
)
def test_keys_that_leave_all_open_are_one_companys(
    members: int, domain: int, payer: int, banned: int, fit: float
) -> None:
    """One mail domain and one payer for all of up to eight keys of which none was banned."""
    world = keys(members)
    for number in range(members):
        world.show(f"m{number}", "email_domain", "one.example" if number < domain else f"d{number}.example")
        world.show(f"m{number}", "payment", "card" if number < payer else f"card{number}")
    for number in range(banned):
        world.ban(f"m{number}", 29 * DAY)
    row = only("company_gateway", world)
    assert row["fit"] == pytest.approx(fit)
    assert row["holds"] == (fit >= 0.5)
    assert ("share one mail domain, and one exit or payer" in row["sentence"]) == (fit > 0)


@pytest.mark.parametrize(("domain", "payer"), [(5, 4), (4, 5)])
def test_keys_that_hide_one_of_the_two_are_not_openly_one(domain: int, payer: int) -> None:
    """Four of five under one domain, or with one payer, are another case."""
    world = keys(5)
    for number in range(5):
        world.show(f"m{number}", "email_domain", "one.example" if number < domain else f"d{number}.example")
        world.show(f"m{number}", "payment", "card" if number < payer else f"card{number}")
    assert "share one mail domain" not in only("company_gateway", world)["sentence"]


@pytest.mark.parametrize(("declared", "fit"), [(5, 1.0), (3, 0.6), (1, 0.2)])
def test_keys_of_one_company_declare_it(declared: int, fit: float) -> None:
    """Where organisations are declared, the share of the known keys under the commonest one."""
    world = keys(5)
    for number in range(5):
        world.declare(f"m{number}", organization_id="org" if number < declared else f"other{number}")
    row = only("company_gateway", world)
    assert row["fit"] == pytest.approx(fit)
    assert f"{fit:.0%} of those that are known declare one organisation" in row["sentence"]


@pytest.mark.parametrize(("early", "holds"), [(18, True), (2, False)])
def test_full_use_from_the_first_day(early: int, holds: bool) -> None:
    """Of twenty requests in thirty days so many in the first three: eighteen are nine times an even pace, two are one."""
    world, rng = World(), np.random.default_rng(3)
    world.add(None, "first", np.array([0.0, 45 * DAY]))
    for number in range(70):
        start = (2 + number % 10) * DAY
        count = early if number < 10 else 2
        times = [0.0, *rng.uniform(0, 2.9, count - 1), *rng.uniform(3.1, 29, 19 - count), 29.9]
        world.add("net" if number < 10 else None, f"a{number}", start + np.sort(times) * DAY)
    row = only("full_from_start", world)
    assert row["observed"] == pytest.approx(early / 2, rel=0.01)
    assert row["expected"] == pytest.approx(1.0, rel=0.01)
    assert row["holds"] == holds


def test_clients_that_nobody_shares_say_so() -> None:
    """Each member its own: none, and a p of one; eight of ten with a client of their own hold, in one place they do not."""
    apart, alike, placed = keys(10), keys(10), keys(10)
    for number in range(10):
        apart.show(f"m{number}", "client", f"agent {number}")
        for world in (alike, placed):
            world.show(f"m{number}", "client", "one" if number < 8 else f"agent {number}")
        placed.show(f"m{number}", "address", "203.0.113.7" if number < 5 else f"203.0.113.{100 + number}")
        alike.show(f"m{number}", "address", "203.0.113.7" if number < 4 else f"203.0.113.{100 + number}")
    row = only("one_client", apart)
    assert (row["observed"], row["p_value"], row["holds"]) == (0.0, 1.0, False)
    assert [only("one_client", world)["holds"] for world in (alike, placed)] == [True, False]
    assert only("one_client", alike)["observed"] == pytest.approx(0.8)
