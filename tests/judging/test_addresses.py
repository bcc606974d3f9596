"""Where addresses stand in for accounts, an exit for each says nothing of whoever runs them."""

from __future__ import annotations

import numpy as np
import pytest
from small_worlds import DAY, World, poisson_times, test

from forensics.judging.concealment.own_exits import PLUGIN as EXITS
from forensics.judging.identities import are_addresses


def spread(name: str) -> World:
    """A network of eight with an exit each, and others, all called by a pattern."""
    rng = np.random.default_rng(2)
    world = World()
    for index in range(60):
        world.add(
            "net" if index < 8 else None,
            name.format(index),
            poisson_times(rng, 0, 10 * DAY, 0.1),
            client_address=f"203.{index}.7.5",
            client_prefix=f"203.{index}.7.0/24",
        )
    return world


@pytest.mark.parametrize(
    ("name", "are"), [("203.{}.7.5", True), ("2001:db8:{}::1", True), ("acct_{}", False), ("10.{}", False)]
)
def test_an_exit_for_each_hides_only_where_accounts_have_names(name: str, are: bool) -> None:
    """Addresses of either version are told by their form; what else is called like a number is an account."""
    panel = spread(name).panel(found=True)
    assert are_addresses(panel) == are
    row = test(EXITS, panel).row(0, named=True)
    assert row["assessable"] != are
    assert bool(row["holds"]) != are
    if are:
        assert "addresses stand in for accounts" in row["reason"]
