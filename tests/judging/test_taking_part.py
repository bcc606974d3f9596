from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from small_worlds import DAY, World, poisson_times

from forensics.common.schema import HALLMARKS, MEMBERS
from forensics.common.settings import Settings
from forensics.judging.passages import Passages
from forensics.judging.taking_part import Parted, _shared, renew_signs, set_apart, split_members

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
POOL, STRANGERS = 40, 30


def passages(seen: Floats | Ints, chances: Floats | Ints, role: str = "taking", by_chance: float = 0.0) -> Passages:
    """Episodes by account, so many of them by chance a chance."""
    return Passages(role, seen.astype(float), chances.astype(float), (by_chance * chances).astype(float))


def tied(inside: int, beside: int, *, alike: bool) -> Floats:
    """What ties accounts to their network: members by a device, strangers by an exit; or all by the exit."""
    rows = [{"address": 9.0} if alike else {"device": 9.0}] * inside + [{"address": 9.0}] * beside
    return _shared(rows)


def test_strangers_through_whom_nothing_passes_are_told_apart() -> None:
    """Thirty accounts linked otherwise than forty members, none with an episode, take no part; quiet ones neither."""
    rng = np.random.default_rng(1)
    chances = np.concatenate([rng.integers(100, 400, POOL), rng.integers(5, 400, STRANGERS)])
    seen = np.concatenate([rng.poisson(0.02 * chances[:POOL]), np.zeros(STRANGERS)])
    split = split_members([passages(seen, chances)], tied(POOL, STRANGERS, alike=False))
    assert split is not None
    assert split.tells
    assert (split.takes_part[:POOL] > 0.5).mean() > 0.95
    assert (split.takes_part[POOL:] < 0.5).all()


def test_idle_members_of_a_pool_are_no_strangers() -> None:
    """Where all are linked alike and few episodes pass at all, those without any stay: two kinds explain no more."""
    rng = np.random.default_rng(2)
    chances = rng.integers(5, 60, POOL + STRANGERS)
    split = split_members([passages(rng.poisson(0.01 * chances), chances)], tied(POOL, STRANGERS, alike=True))
    assert split is None or not split.tells


def test_a_pool_that_uses_some_accounts_only_is_one_pool() -> None:
    """Episodes pass through a quarter of the accounts only, but all are linked alike: nobody is set apart."""
    rng = np.random.default_rng(5)
    chances = np.full(4 * POOL, 60)
    seen = np.where(np.arange(len(chances)) < POOL, rng.poisson(5.0, len(chances)), 0)
    kinds = [{"client": float(bits), "params": float(rng.integers(3, 6))} for bits in rng.integers(0, 3, len(chances))]
    split = split_members([passages(seen, chances)], _shared(kinds))
    assert split is not None
    assert split.gain > 20
    assert not split.tells


def test_two_pools_at_two_rates_are_both_in_it() -> None:
    """Accounts linked otherwise, with a tenth of the episodes but far more than chance: nobody is set apart."""
    rng = np.random.default_rng(3)
    chances = np.full(POOL + STRANGERS, 2000)
    rate = np.where(np.arange(len(chances)) < POOL, 0.05, 0.004)
    split = split_members([passages(rng.poisson(rate * chances), chances)], tied(POOL, STRANGERS, alike=False))
    assert split is None or not split.tells


def test_nothing_beyond_chance_tells_nobody_apart() -> None:
    """Where as much passes as chance gives, there is nothing that an account could take part in."""
    rng = np.random.default_rng(4)
    chances = np.full(POOL, 500)
    assert (
        split_members([passages(rng.poisson(0.1 * chances), chances, by_chance=0.1)], tied(POOL, 0, alike=True)) is None
    )


def test_what_passes_does_not_say_how_accounts_are_tied() -> None:
    """A prompt sent again is the episode itself: it must not count as what members share."""
    rows = [{"prompt": 9.0, "reasoning": 9.0, "rotation": 9.0, "client": 3.0}, {"client": 9.0}]
    assert _shared(rows).shape == (2, 1)


@pytest.fixture(scope="module")
def parted() -> Parted:
    """A pool that sends refused prompts again elsewhere, and strangers behind its exit who are refused as often."""
    rng, world = np.random.default_rng(7), World()
    rows: dict[int, list[tuple[float, int, int]]] = {number: [] for number in range(POOL)}
    for prompt, at_s in enumerate(poisson_times(rng, 0, 14 * DAY, 12.0)):
        first, second = rng.choice(POOL, 2, replace=False)
        refused = rng.random() < 0.1
        rows[first].append((float(at_s), prompt, 429 if refused else 200))
        if refused:
            rows[second].append((float(at_s) + 3.0, prompt, 200))
    for number, sent in rows.items():
        at, prompts, status = (np.array(part) for part in zip(*sent, strict=True))
        world.add("net", f"pool_{number:02}", at, prompt_hash=prompts + 10**6, status_code=status, system_hash=7)
    for number in range(STRANGERS):
        at = poisson_times(rng, 0, 14 * DAY, 0.4)
        status = np.where(rng.random(len(at)) < 0.1, 429, 200)
        own = rng.integers(10**8, 10**9, len(at))
        world.add("net", f"stranger_{number:02}", at, prompt_hash=own, status_code=status, system_hash=8)
    for number in range(60):
        world.add(None, f"out_{number:02}", poisson_times(rng, 0, 14 * DAY, 0.2), system_hash=100 + number)
    tables = world.tables()
    kinds = pl.when(pl.col("account_id").str.starts_with("pool")).then(pl.lit("system")).otherwise(pl.lit("address"))
    members = tables["members"].with_columns(
        role=pl.lit("member"), kinds=pl.concat_list(pl.struct(kind=kinds, bits=pl.lit(8.0)))
    )
    signs = pl.concat([HALLMARKS.empty(), pl.DataFrame({"network_id": ["net"], "name": ["failover"], "holds": [True]})],
                      how="diagonal")  # fmt: skip
    events, accounts, register, sightings = (
        tables[name].lazy() for name in ("events", "accounts", "register", "sightings")
    )
    return set_apart(members.select(*MEMBERS.schema), signs, events, accounts, register, sightings, Settings())


def test_strangers_behind_a_pools_exit_are_beside_it(parted: Parted) -> None:
    """From raw requests: strangers are `used` and no member of the pool is; the network is to be tested again."""
    used = parted.members.filter(pl.col("role") == "used")["account_id"].to_list()
    assert used == [f"stranger_{number:02}" for number in range(STRANGERS)]
    assert parted.changed == ("net",)
    assert parted.members["takes_part"].null_count() == 0


def test_only_changed_networks_are_tested_again(parted: Parted) -> None:
    """Signs of networks that keep their members stay; those of others are asked for anew, of all their members."""
    both = pl.DataFrame({"network_id": ["net", "other"], "name": ["failover", "failover"], "observed": [0.1, 0.2]})
    signs = pl.concat([HALLMARKS.empty(), both], how="diagonal")
    asked = []

    def ask(members: pl.DataFrame) -> pl.DataFrame:
        asked.append(members.height)
        return signs.filter(network_id="net").with_columns(observed=0.5)

    renewed = renew_signs(signs, parted, ask)
    assert asked == [POOL + STRANGERS]
    assert dict(renewed.select("network_id", "observed").iter_rows()) == {"net": 0.5, "other": 0.2}
    assert renew_signs(signs, Parted(parted.members, ()), ask).equals(signs)
