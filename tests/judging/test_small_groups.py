"""Many small parties are no one hand: what passes between accounts, and within which groups of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from small_worlds import World, office_times

from forensics.common.schema import HALLMARKS
from forensics.judging.concealment.clock_offset import PLUGIN as CLOCK
from forensics.judging.explanations.small_groups import PLUGIN as GROUPS
from forensics.judging.pooling.handover import _stays_put

MEMBERS = [f"m{place:02d}" for place in range(40)]


def fit_of(pairs: list[tuple[str, str]], likeness: float = 0.0, hours: float | None = None) -> float | None:
    """How well small parties explain a network between whose members something passed in these pairs, and whose members
    stand so far on the way from separate customers to one queue, in volume and, if that is known, in hours.
    """
    rng, world = np.random.default_rng(1), World()
    for name in MEMBERS:
        world.add("net", name, office_times(rng, 5, 2.0))
    for number, pair in enumerate(pairs):
        for name in pair:
            world.show(name, "retry", f"{number:016x}")
    told = [("even_load", "volume", likeness), ("same_rhythm", "hours", hours)]
    rows = [
        {"network_id": "net", "name": name, "nature": "likeness", "position": position, "family": family}
        for name, family, position in told
        if position is not None
    ]
    signs = pl.concat([HALLMARKS.empty(), pl.DataFrame(rows)], how="diagonal")
    row = GROUPS.test(replace(world.panel(), signs=signs)).row(0, named=True)
    return row["fit"] if row["assessable"] else None


def pairs_of_two(times: int = 3) -> list[tuple[str, str]]:
    """Each person's two accounts, so many times."""
    return [(MEMBERS[place], MEMBERS[place + 1]) for place in range(0, 40, 2)] * times


def test_what_passes_within_everybodys_two_accounts_is_nobodys_queue() -> None:
    """Twenty people with two accounts each."""
    assert fit_of(pairs_of_two()) == 1.0


def test_an_operators_rings_are_alike() -> None:
    """The same pairs, of accounts that one queue makes alike: they are no separate parties."""
    assert fit_of(pairs_of_two(), likeness=1.0) == 0.0
    assert fit_of(pairs_of_two(), likeness=0.6) == pytest.approx(0.6)


def test_groups_of_ten_are_no_small_parties() -> None:
    """Four groups of ten accounts, each a ring: of that size a part of a pool is, too."""
    rings = [(MEMBERS[10 * ring + one], MEMBERS[10 * ring + (one + 1) % 10]) for ring in range(4) for one in range(10)]
    assert fit_of(rings * 3) == 0.0


def test_what_passes_among_all_is_no_small_groups() -> None:
    """As many pairs, of any two accounts."""
    rng = np.random.default_rng(2)
    drawn = [tuple(rng.choice(MEMBERS, 2, replace=False)) for _ in range(60)]
    assert fit_of([(str(a), str(b)) for a, b in drawn]) == 0.0


def test_what_passes_to_a_house_key_says_nothing_of_the_users() -> None:
    """Thirty users of an app whose failed requests go to one key, and to nobody else."""
    assert fit_of([(name, MEMBERS[0]) for name in MEMBERS[1:31]]) == 1.0


def test_spares_that_all_retries_go_to_are_no_house_key_of_evenly_loaded_accounts() -> None:
    """Members whose hours differ as people's do, and who all send as much: a balancer's, whoever their spare is."""
    pairs = [(name, MEMBERS[0]) for name in MEMBERS[1:31]]
    assert fit_of(pairs, likeness=0.0, hours=1.0) == 1.0
    assert fit_of(pairs, likeness=1.0, hours=0.0) == 0.0


def test_each_once_cannot_be_told() -> None:
    """Where each account met another one once, chance would make groups of two as well."""
    assert fit_of(pairs_of_two(times=1)) == 0.0
    assert fit_of(pairs_of_two(times=1)[:4]) is None


@pytest.mark.parametrize(
    ("refused", "other", "expected"),
    [((19, 81), (47, 53), True), ((30, 70), (47, 53), False), ((99, 1), (100, 0), False), ((1, 3), (9, 1), False)],
)
def test_a_stream_that_stays_after_refusals_hands_nothing_over(
    refused: tuple[int, int], other: tuple[int, int], expected: bool
) -> None:
    """Half as often as else or less; too few refusals say nothing."""
    assert _stays_put(np.array([refused, other], dtype=float)) == expected


@pytest.mark.parametrize(("exits", "claimed", "told"), [(1, False, False), (1, True, True), (30, False, True)])
def test_a_servers_country_is_nobodys_clock(exits: int, claimed: bool, told: bool) -> None:
    """Thirty accounts behind one exit keep another day than its country; it is told of those that claim a country."""
    rng, world = np.random.default_rng(3), World()
    for number in range(30):
        name = f"a{number}"
        at_s = office_times(rng, 20, 4.0, centre_h=4.0)
        place = number % exits
        world.add("net", name, at_s, client_prefix=f"10.0.{place}.0/24", client_country="US")
        if claimed:
            world.declare(name, country="US")
    for number in range(80):
        world.add(None, f"o{number}", office_times(rng, 20, 4.0, centre_h=19.0), client_country="US",
                  client_prefix=f"10.1.{number}.0/24")  # fmt: skip
    row = CLOCK.test(world.panel()).row(0, named=True)
    assert row["assessable"] == told
    assert bool(row["holds"]) == told
