from __future__ import annotations

import numpy as np
import pytest
from small_worlds import DAY, HOUR, World, burst, office_times, poisson_times, rotate, share_below, test

from forensics.hallmarks.turn_taking import PLUGIN as TURN_TAKING


def daily_times(rng: np.random.Generator, days: float, count: int) -> np.ndarray:
    """A Poisson stream with a strong daily rhythm."""
    times = rng.uniform(0, days * DAY, count * 2)
    return np.sort(times[rng.random(len(times)) < (1 + 0.9 * np.sin(2 * np.pi * times / DAY)) / 2])


def split(world: World, network: str, times: np.ndarray, label: np.ndarray, rng: np.random.Generator, requests: float = 1.0) -> None:
    """Session starts shared out by label; each session has a few requests."""
    for account in range(int(label.max()) + 1):
        starts = times[label == account]
        world.add(network, f"{network}_{account}", burst(rng, starts, requests) if requests > 1 else starts)


def office(world: World, network: str, rng: np.random.Generator, people: int = 25, days: int = 21, *, shared: float = 0.6) -> None:
    """People with several sessions in working hours, one after the other; busy days are busy for everybody."""
    busy = rng.gamma(1 / shared**2, shared**2, days)
    for person in range(people):
        starts = office_times(rng, days, 3.0, centre_h=13.0 + rng.normal())
        starts = starts[rng.random(len(starts)) < busy[np.floor(starts / DAY).astype(int)]]
        if len(starts) > 1:
            starts = starts[np.append(True, np.diff(starts) > 2700)]
        if len(starts):
            world.add(network, f"{network}_{person}", burst(rng, starts, 6.0))


def habits(world: World, network: str, rng: np.random.Generator, people: int = 25, days: int = 21) -> None:
    """People who open one session a day, at their own hour, give or take two."""
    for person in range(people):
        hour = rng.uniform(8, 19)
        starts = np.array([day * DAY + (hour + rng.normal(0, 2)) * HOUR for day in range(days) if (day + 2) % 7 < 5])
        world.add(network, f"{network}_{person}", burst(rng, np.sort(starts), 4.0))


def customers(world: World, rng: np.random.Generator, accounts: int = 40, days: int = 21) -> None:
    """Accounts in no network."""
    for index in range(accounts):
        world.add(None, f"out_{index}", np.append(rng.uniform(0, DAY), office_times(rng, days, 2.0)))


@pytest.fixture(scope="module")
def harmless() -> World:
    """100 networks of independent accounts: offices, people of habit, Poisson jobs split at random."""
    rng = np.random.default_rng(1)
    world = World()
    for index in range(40):
        office(world, f"office_{index:02d}", rng)
    for index in range(30):
        habits(world, f"habits_{index:02d}", rng)
    for index in range(30):
        times = daily_times(rng, 14, 900)
        split(world, f"random_{index:02d}", times, rng.integers(0, 25, len(times)), rng)
    customers(world, rng)
    return world


class TestTurnTaking:
    """Turn-taking between accounts."""

    def test_independent_accounts_take_no_turns(self, harmless: World) -> None:
        """Offices with common busy days, people with one session a day, random splitting: p ≤ 0.05 at most one time in twenty, nothing holds."""
        rows = test(TURN_TAKING, harmless.panel())
        assert rows["assessable"].mean() > 0.6  # type: ignore[operator]
        # 100 networks: 0.05 + 3 × 0.022
        assert share_below(rows, 0.05) <= 0.115
        assert share_below(rows, 0.01) <= 0.04
        assert rows["holds"].sum() == 0

    @pytest.mark.parametrize(("accounts", "skip"), [(3, 0.0), (8, 0.3), (40, 0.0), (40, 0.5), (120, 0.7)])
    def test_rotation_is_seen_and_counted(self, accounts: int, skip: float) -> None:
        """A pool that takes the longest unused account is seen, whatever its size, and the number of accounts is right within a quarter."""
        rng = np.random.default_rng(2)
        world = World()
        times = daily_times(rng, 14, 15 * accounts + 150)
        split(world, "pool", times, rotate(rng, times, accounts, skip), rng, requests=3.0)
        customers(world, rng)
        row = test(TURN_TAKING, world.panel())
        assert row["holds"].all()
        assert row["p_value"][0] < 1e-3
        said = float(row["sentence"][0].split("about ")[1].split(" accounts")[0])
        assert abs(said / accounts - 1) < 0.25

    def test_rotation_within_hours_is_seen(self) -> None:
        """Two days of log suffice for a rotation that comes round every hour."""
        rng = np.random.default_rng(3)
        world = World()
        times = np.sort(rng.uniform(0, 2 * DAY, 1500))
        split(world, "pool", times, rotate(rng, times, 30, 0.5), rng)
        customers(world, rng)
        assert test(TURN_TAKING, world.panel())["holds"].all()

    def test_crons_take_no_turns(self) -> None:
        """Independent hourly, six-hourly and daily crons follow each other like clockwork, and are left out as what they are."""
        rng = np.random.default_rng(4)
        world = World()
        for name, period, accounts in (("hourly", HOUR, 20), ("mixed", 0.0, 24), ("nightly", DAY, 30)):
            for index in range(accounts):
                step = period or float(rng.choice([HOUR / 2, HOUR, 6 * HOUR]))
                runs = np.arange(rng.uniform(0, step), 14 * DAY, step)
                world.add(name, f"{name}_{index}", np.sort(runs + rng.uniform(0, 20, len(runs))))
        customers(world, rng)
        rows = test(TURN_TAKING, world.panel())
        assert not rows["holds"].any()
        assert not rows["assessable"].any()

    def test_few_requests_say_nothing(self) -> None:
        """Ten session starts are too few to tell."""
        rng = np.random.default_rng(5)
        world = World()
        for index in range(5):
            world.add("net", f"a{index}", poisson_times(rng, 0, 10 * DAY, 2 / 240))
        customers(world, rng)
        assert not test(TURN_TAKING, world.panel())["assessable"].any()
