from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from small_worlds import DAY, HOUR, World, burst, office_times, poisson_times, rotate, share_below, test

from forensics.common.streams import make_stream
from forensics.judging.pooling import turn_taking
from forensics.judging.pooling.failover import PLUGIN as FAILOVER
from forensics.judging.pooling.handover import PLUGIN as HANDOVER
from forensics.judging.pooling.health_check import PLUGIN as HEALTH_CHECK
from forensics.judging.pooling.steady_queue import PLUGIN as STEADY_QUEUE
from forensics.judging.pooling.turn_taking import PLUGIN as TURN_TAKING

if TYPE_CHECKING:
    from forensics.judging.hallmark import Panel


def daily_times(rng: np.random.Generator, days: float, count: int) -> np.ndarray:
    """A Poisson stream with a strong daily rhythm."""
    times = rng.uniform(0, days * DAY, count * 2)
    return np.sort(times[rng.random(len(times)) < (1 + 0.9 * np.sin(2 * np.pi * times / DAY)) / 2])


def split(
    world: World, network: str, times: np.ndarray, label: np.ndarray, rng: np.random.Generator, requests: float = 1.0
) -> None:
    """Session starts shared out by label; each session has a few requests."""
    for account in range(int(label.max()) + 1):
        starts = times[label == account]
        world.add(network, f"{network}_{account}", burst(rng, starts, requests) if requests > 1 else starts)


def office(
    world: World, network: str, rng: np.random.Generator, people: int = 25, days: int = 21, *, shared: float = 0.6
) -> None:
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
def harmless() -> Panel:
    """75 networks of independent accounts: offices, people of habit, Poisson jobs split at random."""
    rng = np.random.default_rng(1)
    world = World()
    for index in range(30):
        office(world, f"office_{index:02d}", rng)
    for index in range(20):
        habits(world, f"habits_{index:02d}", rng)
    for index in range(25):
        times = daily_times(rng, 14, 900)
        split(world, f"random_{index:02d}", times, rng.integers(0, 25, len(times)), rng)
    customers(world, rng)
    return world.panel()


class TestTurnTaking:
    """Turn-taking between accounts."""

    def test_independent_accounts_take_no_turns(self, harmless: Panel) -> None:
        """Offices with common busy days, people with one session a day, random splitting: p ≤ 0.05 at most one time in
        twenty, nothing holds.
        """
        rows = test(TURN_TAKING, harmless)
        assert rows["assessable"].mean() > 0.6  # type: ignore[operator]
        # 75 networks: 0.05 + 3 × 0.025
        assert share_below(rows, 0.05) <= 0.125
        assert share_below(rows, 0.01) <= 0.04
        assert rows["holds"].sum() == 0

    @pytest.mark.parametrize(("accounts", "skip"), [(3, 0.0), (8, 0.3), (40, 0.0), (40, 0.5), (120, 0.7)])
    def test_rotation_is_seen_and_counted(self, accounts: int, skip: float) -> None:
        """A pool that takes the longest unused account is seen, whatever its size, and the number of accounts is right
        within a quarter.
        """
        rng = np.random.default_rng(2)
        world = World()
        times = daily_times(rng, 14, 15 * accounts + 250)
        split(world, "pool", times, rotate(rng, times, accounts, skip), rng, requests=3.0)
        customers(world, rng)
        row = test(TURN_TAKING, world.panel())
        assert row["holds"].all()
        assert row["p_value"][0] < 1e-2
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
        """Independent hourly, six-hourly and daily crons follow each other like clockwork, and are left out as what
        they are.
        """
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

    def test_readers_of_one_feed_take_no_turns(self) -> None:
        """Strangers whose programs come every 3 h 56 min 37 s, from whenever each was started, keep their order when
        each is moved by itself; accounts that one queue takes in turn do not.
        """
        rng = np.random.default_rng(12)
        world = World()
        at = [rng.uniform(0, 5400) + np.arange(0, 22 * DAY, 14197.0) for _ in range(13)]
        for index, times in enumerate(at):
            world.add("readers", f"reader_{index}", times + rng.uniform(-6, 6, len(times)))
        customers(world, rng)
        assert not test(TURN_TAKING, world.panel())["holds"].any()
        queue = np.sort(rng.uniform(0, 22 * DAY, 1800))
        ones, starts = np.repeat(np.arange(13), [len(times) for times in at]), np.concatenate(at)
        readers = make_stream(ones[np.argsort(starts)], np.sort(starts))
        turns = make_stream(rotate(rng, queue, 13), queue)
        moved = [turn_taking._moved(stream, 40, rng).mean() for stream in (readers, turns)]
        assert moved[0] < 0.02
        assert moved[1] > 10 * turn_taking._variation(turns, turns.at_s[None, :])[0] + 0.1

    def test_few_requests_say_nothing(self) -> None:
        """Ten session starts are too few to tell."""
        rng = np.random.default_rng(5)
        world = World()
        for index in range(5):
            world.add("net", f"a{index}", poisson_times(rng, 0, 10 * DAY, 2 / 240))
        customers(world, rng)
        assert not test(TURN_TAKING, world.panel())["assessable"].any()


def baton(
    rng: np.random.Generator, days: float, accounts: int, a_minute: float, allowance: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A harvester that stays on one account until it is limited, pauses some seconds, and goes on with the next: times,
    labels, statuses.
    """
    times, labels, status = [], [], []
    now, current, left = 0.0, 0, int(rng.poisson(allowance))
    while now < days * DAY:
        times.append(now)
        labels.append(current)
        status.append(200 if left > 0 else 429)
        if left <= 0:
            current = (current + 1 + int(rng.integers(0, accounts - 1))) % accounts
            left = int(rng.poisson(allowance))
            now += rng.uniform(1, 4)
        else:
            left -= 1
            now += rng.exponential(60 / a_minute)
    return np.array(times), np.array(labels), np.array(status)


def workplace(
    world: World, network: str, rng: np.random.Generator, people: int = 20, days: int = 14, *, shared: float = 0.05
) -> None:
    """People with one framework and one system prompt; one request in twenty is refused and sent again by the same
    person; some prompts are passed around.
    """
    for person in range(people):
        starts = office_times(rng, days, 3.0)
        if not len(starts):
            continue
        times = burst(rng, starts, 6.0)
        prompts = rng.integers(1, 2**62, len(times))
        passed = rng.random(len(times)) < shared
        prompts[passed] = rng.integers(1, 400, passed.sum())
        refused = rng.random(len(times)) < 0.05
        again = np.flatnonzero(refused)
        status = np.where(refused, 429, 200)
        world.add(
            network,
            f"{network}_{person}",
            np.append(times, times[again] + rng.uniform(2, 60, len(again))),
            prompt_hash=np.append(prompts, prompts[again]),
            status_code=np.append(status, np.full(len(again), 200)),
            system_hash=7,
        )


@pytest.fixture(scope="module")
def workplaces() -> Panel:
    """60 networks of people who share a framework and now and then a prompt."""
    rng = np.random.default_rng(11)
    world = World()
    for index in range(60):
        workplace(world, f"work_{index:02d}", rng)
    customers(world, rng)
    return world.panel()


class TestHandover:
    """Baton passing."""

    def test_people_do_not_pass_a_baton(self, workplaces: Panel) -> None:
        """Where refusals make people try again, p ≤ 0.05 comes one time in twenty at most, and nothing holds."""
        rows = test(HANDOVER, workplaces)
        assert rows["assessable"].all()
        assert share_below(rows, 0.05) <= 0.135
        assert share_below(rows, 0.01) <= 0.04
        assert rows["holds"].sum() == 0

    @pytest.mark.parametrize("allowance", [60, 400])
    def test_baton_is_seen(self, allowance: int) -> None:
        """A harvester that moves on at each limit is seen: nearly all refusals are followed by an idle account within
        seconds.
        """
        rng = np.random.default_rng(12)
        world = World()
        times, label, status = baton(rng, 10, 15, 2.0, allowance)
        for account in range(15):
            mine = label == account
            world.add("pool", f"pool_{account}", times[mine], status_code=status[mine], system_hash=9)
        customers(world, rng)
        row = test(HANDOVER, world.panel())
        assert row["holds"].all()
        assert row["p_value"][0] < 1e-4

    def test_exclusion_is_seen_without_refusals(self) -> None:
        """Accounts that are never at work together are seen even where the log has no status codes."""
        rng = np.random.default_rng(13)
        world = World()
        times, label, _ = baton(rng, 20, 6, 1.0, 150)
        for account in range(6):
            world.add("pool", f"pool_{account}", times[label == account], system_hash=9)
        customers(world, rng)
        row = test(HANDOVER, world.panel())
        assert row["holds"].all()
        assert "no refusals" in row["sentence"][0]

    def test_a_rush_is_no_exclusion(self) -> None:
        """Buyers who all come in the few minutes of a sale work in few bins, and not instead of each other."""
        rng = np.random.default_rng(15)
        world = World()
        sales = np.array([3, 9, 16]) * DAY + 10 * HOUR
        for buyer in range(60):
            there = sales[rng.random(3) < 0.6] if buyer else sales
            rush = np.concatenate([start + rng.exponential(400, 4) for start in there] or [sales[:1]])
            world.add("buyers", f"buyer_{buyer}", np.sort(np.append(rush, rng.uniform(0, 20 * DAY, 2))), system_hash=9)
        customers(world, rng)
        row = test(HANDOVER, world.panel())
        assert row["assessable"].all()
        assert not row["holds"].any()
        assert row["observed"][0] > row["expected"][0]

    def test_outage_is_no_baton(self) -> None:
        """When everybody is refused and comes back together, nobody took over from anybody."""
        rng = np.random.default_rng(14)
        world = World()
        outages = rng.choice(np.arange(20), 8, replace=False) * DAY + 11 * HOUR
        for network in [*(f"net_{index}" for index in range(12)), None]:
            for person in range(15 if network else 60):
                times = burst(rng, office_times(rng, 20, 3.0, weekends=True), 6.0)
                hit = np.concatenate([poisson_times(rng, start, start + 900, 12) for start in outages])
                back = np.concatenate([start + 900 + rng.exponential(200, 2) for start in outages])
                everything = np.concatenate([times, hit, back])
                status = np.concatenate([np.full(len(times), 200), np.full(len(hit), 529), np.full(len(back), 200)])
                world.add(network, f"{network}_{person}", everything, status_code=status, system_hash=7)
        rows = test(HANDOVER, world.panel())
        assert not rows["holds"].any()


class TestFailover:
    """Failed requests that come again from another account."""

    def test_people_retry_on_their_own_account(self, workplaces: Panel) -> None:
        """People who pass prompts around and repeat their own failures give small p one time in twenty at most."""
        rows = test(FAILOVER, workplaces)
        assert rows["assessable"].all()
        assert share_below(rows, 0.05) <= 0.135
        assert rows["holds"].sum() == 0

    def test_failover_is_seen(self) -> None:
        """A pool that repeats two in three failed requests on another account is seen, and the share is said."""
        rng = np.random.default_rng(15)
        world = World()
        times = daily_times(rng, 7, 2500)
        label = rng.integers(0, 30, len(times))
        prompts = rng.integers(1, 2**62, len(times))
        failed = rng.random(len(times)) < 0.05
        again = np.flatnonzero(failed & (rng.random(len(times)) < 0.67))
        times, label = (
            np.append(times, times[again] + rng.uniform(1, 5, len(again))),
            np.append(label, (label[again] + rng.integers(1, 30, len(again))) % 30),
        )
        prompts, status = (
            np.append(prompts, prompts[again]),
            np.append(np.where(failed, 529, 200), np.full(len(again), 200)),
        )
        for account in range(30):
            mine = label == account
            world.add("pool", f"pool_{account}", times[mine], prompt_hash=prompts[mine], status_code=status[mine])
        customers(world, rng)
        row = test(FAILOVER, world.panel())
        assert row["holds"].all()
        assert 0.5 < row["observed"][0] < 0.8
        assert row["p_value"][0] < 1e-6

    @pytest.mark.parametrize("laboratories", [2, 3, 12])
    def test_benchmark_is_no_failover(self, laboratories: int) -> None:
        """Laboratories that run one list of items in one order, started at the same minute, with failures repeated by
        each itself, are no pool.
        """
        rng = np.random.default_rng(16)
        world = World()
        for index in range(10):
            items = rng.integers(1, 2**62, 400)
            for lab in range(laboratories):
                times = 5 * DAY + rng.uniform(0, 120) + np.arange(400) * 20.0 + rng.uniform(0, 5, 400)
                failed = np.flatnonzero(rng.random(400) < 0.05)
                status = np.append(np.where(np.isin(np.arange(400), failed), 500, 200), np.full(len(failed), 200))
                repeated = np.append(items, items[failed])
                world.add(
                    f"bench_{index}",
                    f"lab_{index}_{lab}",
                    np.append(times, times[failed] + 3),
                    prompt_hash=repeated,
                    status_code=status,
                )
        customers(world, rng)
        assert not test(FAILOVER, world.panel())["holds"].any()

    def test_without_prompts_nothing_is_said(self) -> None:
        """Logs without prompt hashes make the sign not assessable."""
        rng = np.random.default_rng(17)
        world = World()
        for index in range(4):
            world.add("net", f"a{index}", office_times(rng, 10, 4.0))
        customers(world, rng)
        assert not test(FAILOVER, world.panel())["assessable"].any()


def workers(
    rng: np.random.Generator, count: int, days: float, think_s: float, latency_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fixed workers that each start the next request when the last one is done: starts and latencies (s)."""
    starts, latencies = [], []
    for _ in range(count):
        latency = rng.gamma(4, latency_s / 4, int(days * DAY / (think_s + latency_s)))
        gap = latency + rng.exponential(think_s, len(latency))
        starts.append(rng.uniform(0, latency_s) + np.cumsum(np.append(0.0, gap[:-1])))
        latencies.append(latency)
    order = np.argsort(np.concatenate(starts))
    return np.concatenate(starts)[order], np.concatenate(latencies)[order]


class TestSteadyQueue:
    """Fixed workers behind many accounts."""

    def test_independent_accounts_are_no_workers(self, harmless: Panel) -> None:
        """Offices, people of habit, Poisson jobs split at random: nothing holds, small p one time in twenty at most."""
        rows = test(STEADY_QUEUE, harmless)
        assert rows["assessable"].all()
        assert share_below(rows, 0.05) <= 0.135
        assert rows["holds"].sum() == 0

    @pytest.mark.parametrize("latency_known", [True, False])
    def test_fixed_workers_are_seen(self, latency_known: bool) -> None:
        """Four workers that take a random account of thirty for each request are seen, by their latencies or by the
        steady sum alone.
        """
        rng = np.random.default_rng(18)
        world = World()
        times, latency = workers(rng, 4, 6, 5.0, 240.0)
        label = rng.integers(0, 30, len(times))
        for account in range(30):
            mine = label == account
            columns = {"latency_ms": latency[mine] * 1000} if latency_known else {}
            world.add("pool", f"pool_{account}", times[mine], **columns)
        customers(world, rng)
        row = test(STEADY_QUEUE, world.panel())
        assert row["holds"].all()
        assert row["p_value"][0] < 1e-4

    def test_closed_loop_is_coupled(self) -> None:
        """Workers without a pause start on one account within a second of a completion on another."""
        rng = np.random.default_rng(19)
        world = World()
        times, latency = workers(rng, 3, 2, 0.3, 60.0)
        label = rng.integers(0, 20, len(times))
        for account in range(20):
            mine = label == account
            world.add("pool", f"pool_{account}", times[mine], latency_ms=latency[mine] * 1000)
        customers(world, rng)
        assert test(STEADY_QUEUE, world.panel())["holds"].all()

    @pytest.mark.parametrize(("share", "holds"), [(0.2, False), (0.9, True)])
    def test_news_that_some_answer_is_no_queue(self, share: float, *, holds: bool) -> None:
        """Where one completion in five sets off a start on another account, as when a message goes out to all, no queue
        stands behind them; where nearly each does, one does.
        """
        rng = np.random.default_rng(21)
        world = World()
        times = poisson_times(rng, 0, 8 * DAY, 60)
        label = rng.integers(0, 20, len(times))
        latency = rng.gamma(2, 1000, len(times))
        answers = rng.random(len(times)) < share
        follower = (label + rng.integers(1, 20, len(times))) % 20
        at = np.concatenate([times, times[answers] + latency[answers] / 1000 + rng.uniform(0, 0.9, answers.sum())])
        who, took = np.concatenate([label, follower[answers]]), np.concatenate([latency, latency[answers]])
        for account in range(20):
            mine = np.flatnonzero(who == account)
            mine = mine[np.argsort(at[mine])]
            world.add("all", f"a{account}", at[mine], latency_ms=took[mine])
        customers(world, rng)
        row = test(STEADY_QUEUE, world.panel())
        assert row["p_value"][0] < 0.01
        assert "are followed by a start on another account" in row["sentence"][0]
        assert bool(row["holds"][0]) == holds

    def test_minute_crons_are_no_workers(self) -> None:
        """Scripts of strangers that start at every full five minutes, beside other work, follow each other's
        completions by accident only.
        """
        rng = np.random.default_rng(20)
        world = World()
        for index in range(12):
            jobs = np.arange(0, 5 * DAY, 1800.0) + rng.exponential(1.5, 240)
            times = np.sort(np.append(jobs, poisson_times(rng, 0, 5 * DAY, 3)))
            world.add("net", f"a{index}", times, latency_ms=rng.gamma(2, 2000, len(times)))
        customers(world, rng)
        assert not test(STEADY_QUEUE, world.panel())["holds"].any()


class TestHealthCheck:
    """The same tiny request on many accounts at one time of day."""

    @staticmethod
    def day_jobs(rng: np.random.Generator, clock_h: float, days: int, jitter_s: float) -> np.ndarray:
        """One request a day at a time of day."""
        return np.arange(days) * DAY + clock_h * HOUR + rng.uniform(0, jitter_s, days)

    def test_comb_tells_the_operator_s_clock(self) -> None:
        """Twenty accounts that say hi within seconds of 01:00 UTC every day are seen; 08:00 local would be UTC+7."""
        rng = np.random.default_rng(21)
        world = World()
        for index in range(20):
            world.add(
                "pool", f"a{index}", self.day_jobs(rng, 1.0, 10, 3), prompt_hash=5, input_tokens=8, max_tokens=1000
            )
            work = office_times(rng, 10, 6.0)
            world.add("pool", f"a{index}", work, prompt_hash=rng.integers(1, 2**62, len(work)), input_tokens=900)
        customers(world, rng)
        row = test(HEALTH_CHECK, world.panel())
        assert row["holds"].all()
        assert "UTC+7" in row["sentence"][0]
        assert "20 of 20 members" in row["sentence"][0]

    def test_schedules_of_their_own_are_no_comb(self) -> None:
        """Daily tiny jobs at a minute of each account's own give p ≤ 0.05 one time in twenty at most."""
        rng = np.random.default_rng(22)
        world = World()
        for network in range(100):
            for index in range(30):
                clock = 8 + rng.uniform(0, 1.5)
                world.add(
                    f"net_{network:02d}",
                    f"a_{network}_{index}",
                    self.day_jobs(rng, clock, 5, 20),
                    prompt_hash=network + 1,
                    input_tokens=8,
                )
        customers(world, rng)
        rows = test(HEALTH_CHECK, world.panel())
        assert share_below(rows, 0.05) <= 0.135
        assert rows["holds"].sum() <= 1

    def test_crons_of_strangers_are_no_comb(self) -> None:
        """Nightly jobs at 00:00 sharp, each with its own prompt, are no health check; nor is a ping that everybody's
        library sends at 08:00.
        """
        rng = np.random.default_rng(23)
        world = World()
        for index in range(25):
            world.add("cron", f"c{index}", self.day_jobs(rng, 0.0, 8, 2), prompt_hash=1000 + index, input_tokens=20)
            world.add("library", f"l{index}", self.day_jobs(rng, 8.0, 8, 2), prompt_hash=77, input_tokens=5)
            world.add(None, f"o{index}", self.day_jobs(rng, 8.0, 8, 2), prompt_hash=77, input_tokens=5)
        customers(world, rng)
        assert not test(HEALTH_CHECK, world.panel())["holds"].any()
