"""Requests that failed on one account and were sent again by another: who is brought to whom by them, and who is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from forensics.common.schema import ACCOUNTS, EVENTS, REGISTER, SIGHTINGS
from forensics.common.settings import NetworkSettings
from forensics.describing.sightings.retry import find_retries
from forensics.linking.incidence import build_incidence
from forensics.linking.membership import ALONE
from forensics.linking.passing import join_by_passing, read_passed
from forensics.linking.roles import describe_traffic, shown_on

START = datetime(2026, 4, 1, tzinfo=UTC)
G = [f"g{place:02d}" for place in range(12)]
H = [f"h{place:02d}" for place in range(12)]
OTHERS = [f"o{place:03d}" for place in range(300)]


class Passing:
    """Accounts, their requests, and what passed between whom."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.content = True
        self.requests = dict.fromkeys([*G, *H, *OTHERS], 100)
        self.principal: dict[str, str] = {}

    def ring(self, names: list[str], times: int = 1) -> None:
        """Something passes from each to the next, so many times."""
        self.pairs += [*pairwise(names), (names[-1], names[0])] * times

    def labels(self, networks: list[list[str]]) -> dict[str, int]:
        """The network of each account after joining; -1 for none."""
        incidence, sightings = self.tables()
        known = {name: place for place, names in enumerate(networks) for name in names}
        before = np.array([known.get(name, ALONE) for name in incidence.account_ids], dtype=np.int64)
        passed = read_passed(incidence, sightings.lazy())
        after = join_by_passing(incidence, before, passed, NetworkSettings())
        return dict(zip(incidence.account_ids, after.tolist(), strict=True))

    def tables(self) -> tuple:  # type: ignore[type-arg]
        """Incidence and SIGHTINGS."""
        rows = [
            (name, "retry", f"{place:016x}", 1, START + timedelta(hours=place), START + timedelta(hours=place))
            for place, pair in enumerate(self.pairs)
            for name in pair
        ]
        rows += [(name, "template", "own", 90, START, START + timedelta(days=40)) for name in G if self.content]
        sightings = pl.DataFrame(rows, schema=SIGHTINGS.schema, orient="row")
        return build_incidence(sightings, self.accounts()), sightings

    def accounts(self) -> pl.DataFrame:
        """ACCOUNTS."""
        known = pl.DataFrame({"account_id": list(self.requests)}).with_columns(
            request_count=pl.Series(list(self.requests.values()), dtype=pl.UInt32),
            principal_id=pl.Series([self.principal.get(name, name) for name in self.requests]),
            first_seen_at=pl.lit(START, ACCOUNTS.schema["first_seen_at"]),
            last_seen_at=pl.lit(START + timedelta(days=40), ACCOUNTS.schema["last_seen_at"]),
        )
        return pl.concat([ACCOUNTS.empty(), known], how="diagonal_relaxed")


def test_fragments_between_which_as_much_passes_as_within_are_one() -> None:
    """Twelve and twelve accounts with a ring each, and as many requests from one to the other."""
    world = Passing()
    world.ring(G)
    world.ring(H)
    world.pairs += list(zip(G, H, strict=True))
    found = world.labels([G, H])
    assert {found[name] for name in [*G, *H]} == {0}


def test_a_few_stolen_keys_do_not_join_their_owners_to_the_pool() -> None:
    """Requests pass to four of twelve hundred customers of one app, at the pool's own rate for these four."""
    world = Passing()
    customers = [f"c{place:04d}" for place in range(1200)]
    world.requests |= dict.fromkeys(customers, 100)
    world.ring(G, times=3)
    for name in customers[:4]:
        world.pairs += [(name, G[0]), (name, G[5]), (name, G[9])]
    found = world.labels([G, customers])
    assert found[customers[0]] != found[G[0]]


@pytest.mark.parametrize("firms", [False, True])
def test_one_pair_between_two_networks_is_an_accident(firms: bool) -> None:
    """Two networks through each of which requests pass, and one that passed between them."""
    world = Passing()
    world.ring(G, times=2)
    world.ring(H, times=2)
    world.pairs += [(G[0], H[0])] * (3 if firms else 1)
    found = world.labels([G, H])
    assert found[G[0]] != found[H[0]]


def test_who_takes_and_gives_as_members_do_is_brought() -> None:
    """Two requests passed, or one each to many: strangers between whom nothing passes do not meet so by accident."""
    world = Passing()
    world.ring(G, times=2)
    world.pairs += [(OTHERS[0], G[1]), (G[4], OTHERS[0])]
    world.pairs += [(OTHERS[place], G[place]) for place in range(1, 12)]
    found = world.labels([G])
    assert [found[name] for name in OTHERS[:13]] == [0] * 12 + [ALONE]


def test_where_strangers_meet_as_often_one_request_brings_nobody() -> None:
    """The same, where requests pass among the strangers as well; who has two is brought, an organisation never."""
    world = Passing()
    world.ring(G, times=2)
    world.ring(OTHERS[50:150])
    world.pairs += [(OTHERS[0], G[1]), (G[4], OTHERS[0])]
    world.pairs += [(OTHERS[place], G[place]) for place in range(1, 6)]
    world.principal = dict.fromkeys(["f0", "f1"], "organization:firm")
    world.requests |= {"f0": 100, "f1": 100}
    world.pairs += [("f0", G[2]), ("f0", G[3]), ("f1", G[7])]
    found = world.labels([G])
    assert [name for name, network in found.items() if network == 0 and name not in G] == []
    world.requests[OTHERS[0]] = 1_000
    world.pairs += [(OTHERS[0], name) for name in G]
    world.requests |= dict.fromkeys(OTHERS[150:], 4_000)
    found = world.labels([G])
    assert [name for name, network in found.items() if network == 0 and name not in G] == [OTHERS[0]]


def test_what_passes_to_two_networks_alike_tells_of_neither() -> None:
    """A customer of two relays is no member of one."""
    world = Passing()
    world.ring(G, times=2)
    world.ring(H, times=2)
    world.pairs += [(OTHERS[0], G[0]), (OTHERS[0], G[1]), (OTHERS[0], H[0]), (OTHERS[0], H[1])]
    assert world.labels([G, H])[OTHERS[0]] == ALONE


def test_a_network_through_which_nothing_passes_brings_nobody() -> None:
    """One request between a member and a stranger, and none among the members."""
    world = Passing()
    world.pairs += [(G[0], OTHERS[0]), (G[1], OTHERS[0])]
    assert world.labels([G])[OTHERS[0]] == ALONE


@pytest.mark.parametrize("content", [True, False])
def test_a_brought_account_through_which_little_passes_has_a_life_of_its_own(content: bool) -> None:
    """As much as through members for its requests: theirs; two for thousands of requests: a stolen key. So, too, where
    nothing else tells whose the members' traffic is.
    """
    world = Passing()
    world.content = content
    world.ring(G, times=4)
    born, stolen = OTHERS[0], OTHERS[1]
    world.requests |= {born: 60, stolen: 5_000}
    world.pairs += [(born, G[1]), (G[4], born), (stolen, G[2]), (G[3], stolen)]
    incidence, sightings = world.tables()
    inside = np.array([name in {*G, born, stolen} for name in incidence.account_ids])
    brought = np.array([name in {born, stolen} for name in incidence.account_ids])
    shows = shown_on(sightings.lazy(), world.accounts())
    told = describe_traffic(incidence, np.where(inside, 0, ALONE), sightings, world.accounts(), brought, shows)
    part = dict(told.select("account_id", "part").iter_rows())
    assert part[born] == "member"
    assert part[stolen] == "used"
    assert part[G[0]] == "member"


def sends(*rows: tuple[str, float, int, int]) -> pl.LazyFrame:
    """EVENTS: account, seconds, status, prompt."""
    frame = pl.DataFrame(rows, schema=["account_id", "at", "status_code", "prompt_hash"], orient="row").select(
        "account_id",
        pl.col("status_code").cast(pl.UInt16),
        pl.col("prompt_hash").cast(pl.UInt64),
        started_at=pl.lit(START).cast(EVENTS.schema["started_at"]) + pl.duration(milliseconds=pl.col("at") * 1000),
    )
    return pl.concat([EVENTS.empty(), frame], how="diagonal_relaxed").lazy()


def test_a_retry_is_what_failed_and_came_again_elsewhere_soon() -> None:
    """Both accounts show it; not after eleven minutes, not on the same account, not before the failure."""
    events = sends(
        ("a", 0, 429, 1), ("b", 600, 200, 1),
        ("a", 0, 429, 2), ("b", 601, 200, 2),
        ("a", 0, 429, 3), ("a", 5, 200, 3),
        ("a", 0, 200, 4), ("b", 5, 200, 4),
        ("a", 9, 200, 5), ("b", 5, 200, 5),
        ("a", 0, 400, 6), ("b", 5, 200, 6),
        ("a", 0, 503, 7), ("b", 5, 429, 7), ("c", 9, 200, 7),
        ("a", 0, 503, 8), ("b", 5, 200, 8), ("c", 9, 200, 8), ("d", 9, 200, 8),
        ("1.2.3.4", 0, 503, 9), ("b", 5, 200, 9),
    )  # fmt: skip
    found = find_retries(events, pl.LazyFrame(schema=REGISTER.schema)).collect().sort("value", "account_id")
    assert found.select("account_id", "value").rows() == [
        *((name, f"{1:016x}") for name in "ab"),
        *((name, f"{7:016x}") for name in "abc"),
    ]
    assert found["event_count"].to_list() == [1] * 5
