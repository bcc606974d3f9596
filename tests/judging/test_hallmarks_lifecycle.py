from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from small_worlds import DAY, HOUR, World, poisson_times, share_below, test

from forensics.judging.lifetimes import find_waves
from forensics.judging.pooling.born_together import PLUGIN as BORN_TOGETHER
from forensics.judging.pooling.inheritance import PLUGIN as INHERITANCE
from forensics.judging.pooling.resilience import PLUGIN as RESILIENCE
from forensics.judging.pooling.succession import PLUGIN as SUCCESSION

if TYPE_CHECKING:
    from forensics.judging.hallmark import Panel

DAYS = 42


def live(
    world: World,
    network: str | None,
    account: str,
    born: float,
    ended: float,
    rng: np.random.Generator,
    a_day: float = 12.0,
) -> None:
    """An account that works evenly from birth to end."""
    times = np.append(born, poisson_times(rng, born, max(born, ended), a_day / 24))
    world.add(network, account, np.sort(times))


def churn(world: World, network: str, rng: np.random.Generator, accounts: int = 40, *, declared: bool = True) -> None:
    """Accounts born and banned independently of each other, in working hours; bans in batches."""
    born = rng.integers(0, DAYS - 4, accounts) * DAY + rng.uniform(8, 18, accounts) * HOUR
    batches = rng.integers(5, DAYS - 1, 8) * DAY + rng.uniform(9, 17, 8) * HOUR
    for index in range(accounts):
        end = DAYS * DAY
        later = batches[batches > born[index] + DAY]
        if rng.random() < 0.5 and len(later):
            end = float(rng.choice(later)) + rng.uniform(0, 600)
        live(world, network, f"{network}_{index}", float(born[index]), end, rng)
        if declared and end < DAYS * DAY:
            world.ban(f"{network}_{index}", end)


def hydra(
    world: World,
    network: str,
    rng: np.random.Generator,
    waves: int,
    size: int,
    lag_h: float,
    *,
    declared: bool = True,
    replaced: float = 0.9,
) -> None:
    """A pool that replaces nine tenths of what each wave takes, after an exponential lag; strangers join evenly."""
    ends = np.sort(rng.choice(np.arange(6, DAYS - 6), waves, replace=False)) * DAY + rng.uniform(8, 18, waves) * HOUR
    alive = [(f"{network}_0_{index}", rng.uniform(0, 20) * HOUR) for index in range(size * 2)]
    for wave, end in enumerate(ends):
        for account, born in alive[:size]:
            live(world, network, account, born, float(end), rng, 20.0)
            if declared:
                world.ban(account, float(end) + rng.uniform(0, 300))
        new = [
            (f"{network}_{wave + 1}_{index}", float(end) + rng.exponential(lag_h) * HOUR)
            for index in range(size)
            if rng.random() < replaced
        ]
        alive = alive[size:] + new
    for account, born in alive:
        live(world, network, account, min(born, (DAYS - 1) * DAY), DAYS * DAY, rng, 20.0)


def customers(world: World, rng: np.random.Generator, accounts: int = 120) -> None:
    """Accounts in no network, coming and going on their own."""
    for index in range(accounts):
        born = rng.uniform(0, DAYS - 2) * DAY
        live(world, None, f"out_{index}", float(born), DAYS * DAY, rng, 2.0)


@pytest.fixture(scope="module")
def churning() -> Panel:
    """120 networks whose births and bans know nothing of each other, half with declared bans; cards and addresses dealt
    at random.
    """
    rng = np.random.default_rng(1)
    world = World()
    for index in range(120):
        churn(world, f"net_{index:03d}", rng, declared=index % 2 == 0)
    customers(world, rng)
    for network, account in world.members:
        world.show(account, "payment", f"{network}_card_{rng.integers(0, 12)}")
        world.show(account, "prefix", f"{network}_prefix_{rng.integers(0, 8)}")
    return world.panel()


class TestSuccession:
    """New accounts after bans."""

    def test_independent_births_give_no_small_p(self, churning: Panel) -> None:
        """Where births and bans know nothing of each other, p ≤ 0.05 comes about one time in twenty at most, and
        nothing holds.
        """
        rows = test(SUCCESSION, churning)
        assert rows["assessable"].mean() > 0.8  # type: ignore[operator]
        # 120 networks: 0.05 + 3 × 0.02
        assert share_below(rows, 0.05) <= 0.11
        assert share_below(rows, 0.01) <= 0.035
        assert rows["holds"].sum() <= 2

    @pytest.mark.parametrize(("lag_h", "declared"), [(2.0, True), (20.0, True), (2.0, False)])
    def test_replaced_accounts_are_seen(self, lag_h: float, declared: bool) -> None:
        """Six waves of eight bans, nine in ten replaced within hours or a day: the sign holds, whether bans are
        declared or only implied.
        """
        rng = np.random.default_rng(2)
        world = World()
        for index in range(6):
            hydra(world, f"net_{index}", rng, 6, 8, lag_h, declared=declared)
        customers(world, rng)
        rows = test(SUCCESSION, world.panel())
        assert rows["holds"].sum() >= 5

    def test_rush_of_everybody_is_no_succession(self) -> None:
        """If sign-ups surge everywhere just after the bans, the network's own surge is no sign."""
        rng = np.random.default_rng(3)
        world = World()
        rush = np.array([9.0, 16.0, 23.0, 30.0]) * DAY + 10 * HOUR
        for network in [*(f"net_{index}" for index in range(10)), None]:
            for index in range(40 if network else 600):
                born = (
                    float(rng.choice(rush)) + rng.exponential(4) * HOUR
                    if rng.random() < 0.7
                    else rng.uniform(1, 38) * DAY
                )
                account = f"{network}_{index}"
                later = rush[rush > born + DAY]
                end = float(later[0]) - HOUR if network and len(later) and rng.random() < 0.4 else DAYS * DAY
                live(world, network, account, born, end, rng, 4.0)
                if end < DAYS * DAY:
                    world.ban(account, end)
        rows = test(SUCCESSION, world.panel())
        assert rows["holds"].sum() <= 1

    def test_standby_accounts_count_as_born(self) -> None:
        """Dormant members that step up within hours of a ban wave are successors."""
        rng = np.random.default_rng(4)
        world = World()
        ends = np.array([8.0, 14.0, 21.0, 27.0, 33.0]) * DAY + 9 * HOUR
        for wave, end in enumerate(ends):
            for index in range(10):
                account = f"a_{wave}_{index}"
                if wave == 0:
                    live(world, "net", account, 0.2 * DAY, float(end), rng)
                else:
                    world.add("net", account, np.array([rng.uniform(0, 0.9) * DAY]))
                    live(world, "net", account, float(ends[wave - 1]) + rng.exponential(2) * HOUR, float(end), rng)
                world.ban(account, float(end) + index)
        customers(world, rng)
        row = test(SUCCESSION, world.panel())
        assert row["holds"].all()
        assert "dormant" in row["sentence"][0]

    def test_without_ends_nothing_is_said(self) -> None:
        """Members that all work to the end of the log make the sign not assessable."""
        rng = np.random.default_rng(5)
        world = World()
        for index in range(20):
            live(world, "net", f"a{index}", rng.uniform(0, 20) * DAY, DAYS * DAY, rng)
        customers(world, rng, 40)
        assert not test(SUCCESSION, world.panel())["assessable"].any()


class TestResilience:
    """Traffic unbroken by bans."""

    def test_independent_bans_cost_their_share(self, churning: Panel) -> None:
        """Where the others go on as they were, p ≤ 0.05 comes one time in twenty at most, and nothing holds."""
        rows = test(RESILIENCE, churning)
        assert rows["assessable"].sum() >= 40
        # about 60 networks: 0.05 + 3 × 0.028
        assert share_below(rows, 0.05) <= 0.135
        assert rows["holds"].sum() <= 1

    def test_shared_work_goes_on(self) -> None:
        """One queue that goes on with whatever accounts are left carries the same traffic the day after: rho near 1."""
        rng = np.random.default_rng(6)
        world = World()
        ends = np.array([10.0, 17.0, 24.0, 31.0]) * DAY + 9 * HOUR
        times = poisson_times(rng, 0, DAYS * DAY, 40)
        wave = np.searchsorted(ends, times)
        label = wave * 6 + rng.integers(
            0, 20, len(times)
        )  # accounts wave * 6 … wave * 6 + 19: each ban takes six of twenty, six new ones come
        for account in range(int(label.max()) + 1):
            world.add("net", f"a{account}", times[label == account])
            if account < 24:
                world.ban(f"a{account}", float(ends[account // 6]))
        customers(world, rng)
        row = test(RESILIENCE, world.panel())
        assert row["holds"].all()
        assert row["observed"][0] == pytest.approx(1.0, abs=0.35)

    def test_without_declared_ends_nothing_is_said(self) -> None:
        """Accounts that merely fall silent say nothing about resilience."""
        rng = np.random.default_rng(7)
        world = World()
        for index in range(20):
            live(world, "net", f"a{index}", 0.0, rng.uniform(10, 30) * DAY, rng)
        customers(world, rng, 40)
        assert not test(RESILIENCE, world.panel())["assessable"].any()


class TestBornTogether:
    """New accounts that start within seconds of each other."""

    def test_independent_births_give_no_small_p(self, churning: Panel) -> None:
        """Accounts born by themselves in working hours: hardly any p is small, and nothing holds."""
        rows = test(BORN_TOGETHER, churning)
        assert rows["assessable"].all()
        assert share_below(rows, 0.05) <= 0.135
        assert not rows["holds"].any()

    def test_one_script_is_seen(self) -> None:
        """Thirty sources set to work within half a minute, in the middle of the log."""
        rng = np.random.default_rng(31)
        world = World()
        began = 9 * DAY + 11 * HOUR + 17.0
        for index in range(30):
            live(world, "pool", f"pool_{index}", began + rng.uniform(0, 30), DAYS * DAY, rng)
        for index in range(40):
            live(world, None, f"out_{index}", rng.uniform(0, 30) * DAY, DAYS * DAY, rng)
        row = test(BORN_TOGETHER, world.panel())
        assert row["holds"].all()
        assert " of 30 members that began or woke" in row["sentence"][0]

    @pytest.mark.parametrize("what", ["class", "clock", "outage", "two logs"])
    def test_what_brings_strangers_together_is_no_script(self, what: str) -> None:
        """Classmates within an hour; jobs that start with the minute; everybody after an outage; each account under two
        names, in two logs.
        """
        rng = np.random.default_rng(32)
        world = World()
        began = 9 * DAY + 11 * HOUR
        for index in range(30):
            born = {
                "class": began + rng.uniform(0, HOUR),
                "clock": began + 300.0 * (index % 3) + rng.uniform(0, 8),
                "outage": began + 20 + rng.uniform(0, 25),
                "two logs": rng.uniform(2, 30) * DAY,
            }[what]
            times = np.append(born, poisson_times(rng, born, DAYS * DAY, 0.5))
            world.add("net", f"net_{index}", np.sort(times))
            if what == "two logs":
                world.add("net", f"other_{index}", np.sort(times) + 0.2)
        for index in range(90):
            born = began + 20 + rng.uniform(0, 25) if what == "outage" else rng.uniform(0, 30) * DAY
            live(world, None, f"out_{index}", float(born), DAYS * DAY, rng)
        assert not test(BORN_TOGETHER, world.panel())["holds"].any()


class TestInheritance:
    """Successors take after the banned."""

    def test_births_that_inherit_nothing_say_nothing(self, churning: Panel) -> None:
        """Cards and addresses dealt at random: p ≤ 0.05 comes one time in twenty at most."""
        rows = test(INHERITANCE, churning)
        assert rows["assessable"].sum() >= 40
        assert share_below(rows, 0.05) <= 0.12
        assert rows["holds"].sum() <= 2

    def test_successors_with_the_card_of_the_banned_are_seen(self) -> None:
        """New accounts that pay with the cards of those just banned are seen, beside births that have nothing to do
        with bans.
        """
        rng = np.random.default_rng(9)
        world = World()
        ends = np.array([9.0, 16.0, 22.0, 28.0, 35.0]) * DAY + 10 * HOUR
        for seat in range(30):
            born = rng.uniform(0, 0.9) * DAY
            for turn, end in enumerate([*ends[seat % 3 :: 2], DAYS * DAY]):
                account = f"a_{seat}_{turn}"
                live(world, "net", account, born, float(end), rng)
                world.show(account, "payment", f"card_{seat}")
                if end < DAYS * DAY:
                    world.ban(account, float(end))
                born = float(end) + rng.exponential(6) * HOUR
        for index in range(40):
            live(world, "net", f"b_{index}", rng.uniform(2, 40) * DAY, DAYS * DAY, rng)
            world.show(f"b_{index}", "payment", f"other_{index % 15}")
        customers(world, rng)
        row = test(INHERITANCE, world.panel())
        assert row["holds"].all()
        assert row["p_value"][0] < 1e-3


def test_waves_last_an_hour() -> None:
    """A wave takes in what follows its first ban within an hour, not a chain of bans."""
    assert find_waves(np.array([0.0, 1800.0, 3599.0, 3700.0, 9000.0])).tolist() == [0, 0, 0, 1, 2]


def test_step_up_is_a_birth() -> None:
    """A member that goes from two requests a day to fifty is woken at the request with which it outgrew its week."""
    world = World()
    slow = np.concatenate([day * DAY + np.array([9.0, 15.0]) * HOUR for day in range(20)])
    fast = 20 * DAY + 10 * HOUR + np.arange(50) * 60.0
    world.add("net", "a", np.concatenate([slow, fast]))
    world.add("net", "b", slow)
    world.add(None, "c", np.array([0.0]))
    woken = world.panel().births.filter(pl.col("kind") == "woken")
    # two a day before: the third request of day 20 outgrows it
    assert ((woken["at_s"] - woken["at_s"].floor()).sum(), len(woken)) == (0.0, 1)
    assert woken["at_s"][0] % DAY == 10 * HOUR + 120.0
