"""Dependence between accounts: each test sees its way of one hand, at sizes at which alike but independent accounts show
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hands import hands_panel
from small_worlds import DAY, HOUR, World, office_times, test

from forensics.judging.hallmark import find_hallmarks
from forensics.judging.lifetimes import _step_days
from forensics.judging.pooling.moves_together import PLUGIN as MOVES
from forensics.judging.pooling.one_order import PLUGIN as ORDER
from forensics.judging.pooling.payers_dealt import PLUGIN as PAYERS
from forensics.judging.pooling.repeats_elsewhere import PLUGIN as REPEATS
from forensics.judging.pooling.topics_together import PLUGIN as TOPICS
from forensics.judging.rolling import lay_out

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel

# Way of the pool → the test that it is made for.
SEEN_BY = {
    "batches 6 h": "topics_together",
    "batches 72 h": "topics_together",
    "batches 24 h, 15 %": "topics_together",
    "reworded batches": "topics_together",
    "each item twice": "repeats_elsewhere",
    "late retries, 10 %": "repeats_elsewhere",
    "list in order": "one_order",
    "daily budget": "compensation",
    "cards dealt": "payers_dealt",
    "moves in 2 h": "moves_together",
}
NEW = tuple(sorted(set(SEEN_BY.values())))


@pytest.fixture(scope="module")
def hands() -> dict[str, pl.DataFrame]:
    """Three pools of 30 accounts of each way, five requests a working day each; one that splits at random and no more."""
    panel = hands_panel(3, {**dict.fromkeys(SEEN_BY, 3), "random split only": 6}, 30, 5.0)
    return {name: test(find_hallmarks()[name], panel) for name in NEW}


@pytest.mark.parametrize("way", SEEN_BY)
def test_a_hand_that_avoids_likeness_is_seen_by_what_ties_its_accounts(
    hands: dict[str, pl.DataFrame], way: str
) -> None:
    """Random split, uneven quotas, human hours, own cards: at least two of three pools of each way are seen."""
    rows = hands[SEEN_BY[way]]
    assert rows.filter(rows["network_id"].str.starts_with(f"{way}_"))["holds"].sum() >= 2


@pytest.mark.parametrize("name", NEW)
def test_what_a_hand_does_not_do_is_not_seen(hands: dict[str, pl.DataFrame], name: str) -> None:
    """Each test answers to its own way only: of the other pools, split at random too, at most one in twenty holds."""
    rows = hands[name]
    other = ~rows["network_id"].str.replace(r"_\d+$", "").is_in([way for way, by in SEEN_BY.items() if by == name])
    assert rows.filter(other)["holds"].to_numpy().mean() <= 0.05


class TestTopicsTogether:
    """Change of topic together."""

    def test_one_release_is_nobodys_sign(self) -> None:
        """All accounts change to a new template within two days, once, as users of one program do when it is renewed."""
        rng, world = np.random.default_rng(1), World()
        for network in range(6):
            moment = rng.uniform(6, 18)
            for account in range(20):
                at_s = office_times(rng, 24, 6.0)
                change = (moment + rng.exponential(0.7)) * DAY
                topic = rng.integers(0, 3, len(at_s)) + np.where(at_s > change, 3, 0)
                world.add(f"net_{network}", f"a_{network}_{account}", at_s, template_hash=100 * network + topic)
        assert test(TOPICS, world.panel())["holds"].sum() == 0

    def test_weekly_jobs_are_left_out(self) -> None:
        """A report that a published program makes each Monday is no batch."""
        rng, world = np.random.default_rng(2), World()
        for account in range(20):
            at_s = office_times(rng, 24, 4.0)
            monday = np.floor(at_s / DAY).astype(int) % 7 == 5  # day 0 is a Wednesday
            topic = np.where(monday & (rng.random(len(at_s)) < 0.7), 9, rng.integers(0, 4, len(at_s)))
            world.add("net", f"a_{account}", at_s, template_hash=topic)
        row = test(TOPICS, world.panel())
        assert not row["holds"][0]
        assert row["p_value"][0] > 0.05

    def test_without_labels_nothing_can_be_said(self) -> None:
        """One template for all tells no topics apart."""
        rng, world = np.random.default_rng(3), World()
        for account in range(8):
            world.add("net", f"a_{account}", office_times(rng, 20, 5.0), template_hash=1)
        assert not test(TOPICS, world.panel())["assessable"][0]


class TestRepeatsElsewhere:
    """Items that come again from other accounts."""

    def test_a_public_benchmark_run_on_days_of_ones_own_does_not_hold(self) -> None:
        """Four laboratories run the same items in the same order, each in its own weeks."""
        rng, world = np.random.default_rng(4), World()
        for account in range(4):
            sweeps = [rng.uniform(0, 22 * DAY) + np.arange(60) * rng.uniform(30, 90) for _ in range(4)]
            world.add("net", f"a_{account}", np.concatenate(sweeps), prompt_hash=np.tile(np.arange(60), 4))
        row = test(REPEATS, world.panel())
        assert not row["holds"][0]
        assert row["p_value"][0] > 0.02


class TestOneOrder:
    """One list dealt out."""

    def test_own_counters_are_no_common_list(self) -> None:
        """Each account counts up by itself, in a range of its own, or asks for numbers at random: no common order."""
        rng, world = np.random.default_rng(5), World()
        for network in range(10):
            for account in range(12):
                at_s = office_times(rng, 15, 5.0)
                first = int(rng.integers(0, 3000))
                number = rng.integers(0, 4000, len(at_s)) if account % 2 else first + np.arange(len(at_s))
                paths = [f"/orders/{value}" for value in number]
                world.add(f"net_{network}", f"a_{network}_{account}", at_s, endpoint=paths)
        rows = test(ORDER, world.panel())
        assert rows["assessable"].all()
        assert rows["holds"].sum() == 0
        assert (rows["p_value"] <= 0.05).sum() <= 3

    def test_dates_and_clock_readings_are_no_list(self) -> None:
        """Everybody asks for yesterday's report, and sends the time along."""
        rng, world = np.random.default_rng(6), World()
        for account in range(12):
            at_s = office_times(rng, 15, 5.0)
            paths = [
                f"/report/2026-04-{int(moment // DAY) + 1:02}" if place % 2 else f"/t/{int(1_775_001_600 + moment)}"
                for place, moment in enumerate(at_s)
            ]
            world.add("net", f"a_{account}", at_s, endpoint=paths)
        assert not test(ORDER, world.panel())["assessable"][0]

    def test_numbers_that_grow_for_everybody_are_nobodys_list(self) -> None:
        """A shop's order numbers grow with time, for accounts outside as well."""
        rng, world = np.random.default_rng(7), World()
        for account in range(60):
            at_s = office_times(rng, 15, 5.0)
            paths = [f"/orders/{int(moment * 7)}" for moment in at_s]
            world.add("net" if account < 15 else None, f"a_{account}", at_s, endpoint=paths)
        row = test(ORDER, world.panel())
        assert not row["holds"][0]
        assert "outside" in row["sentence"][0]


class TestPayersDealt:
    """Cards in blocks."""

    def test_families_and_teams_sign_up_together_and_are_not_dealt(self) -> None:
        """Households of two to five on one card, each born within an hour: in order, but neither equal nor dealt."""
        rng, world = np.random.default_rng(8), World()
        for network in range(8):
            account = 0
            for family in range(10):
                moment = rng.uniform(0, 20) * DAY
                for _ in range(int(rng.integers(2, 6))):
                    at_s = np.append(moment + rng.uniform(0, HOUR), moment + rng.uniform(HOUR, 3 * DAY, 5))
                    world.add(f"net_{network}", f"a_{network}_{account}", np.sort(at_s))
                    world.declare(f"a_{network}_{account}", payment_id=f"{network}_{family}")
                    account += 1
        for account in range(80):
            world.add(None, f"out_{account}", np.sort(rng.uniform(0, 20, 5)) * DAY)
        rows = test(PAYERS, world.panel())
        assert rows["assessable"].all()
        assert rows["holds"].sum() == 0


class TestMovesTogether:
    """Change together."""

    def test_without_other_users_of_the_client_nothing_is_said(self) -> None:
        """An update moves its users; who else uses that client is the only measure."""
        rng, world = np.random.default_rng(9), World()
        for account in range(12):
            at_s = office_times(rng, 20, 5.0)
            model = np.where(at_s > 10 * DAY, "aurora-2", "aurora-1")
            world.add("net", f"a_{account}", at_s, request_model=model, client_family="own")
        for account in range(80):
            at_s = office_times(rng, 20, 3.0)
            model = np.where(at_s > (9 + rng.exponential(2)) * DAY, "aurora-2", "aurora-1")
            world.add(None, f"out_{account}", at_s, request_model=model, client_family="other")
        assert not test(MOVES, world.panel())["assessable"][0]


def test_days_roll_within_their_week_their_kind_and_their_accounts_life() -> None:
    """No account moves to a day before its birth or after its end, to another week, or from a Monday to a Sunday."""
    rng = np.random.default_rng(10)
    account = rng.integers(0, 30, 2000)
    born, gone = rng.uniform(0, 20, 30) * DAY, rng.uniform(20, 30, 30) * DAY
    at_s = born[account] + rng.random(2000) * (gone - born)[account]
    days = lay_out(account, at_s, born, gone)
    day = np.floor(at_s / DAY).astype(int)
    assert (days.day[days.slot] == day).all()
    moved = days.day[days.draw(50, rng)]
    assert (moved >= np.floor(born / DAY)[account]).all()
    assert (moved <= np.floor(gone / DAY)[account]).all()
    assert ((moved - day.min()) // 7 == (day - day.min()) // 7).all()
    assert (((moved + 3) % 7 >= 5) == ((day + 3) % 7 >= 5)).all()
    # Rows of one account and day stay together.
    same = (account[1:] == account[:-1]) & (day[1:] == day[:-1])
    assert (moved[:, 1:] == moved[:, :-1])[:, same].all()


def test_step_ups_are_those_of_a_table_by_days() -> None:
    """Against brute force over a table of accounts × days, on random counts."""
    import polars as pl

    rng = np.random.default_rng(11)
    for _ in range(60):
        size = int(rng.integers(1, 200))
        counts = np.where(rng.random(size) < 0.3, rng.integers(20, 300, size), rng.integers(1, 4, size))
        frame = pl.DataFrame(
            {"account": rng.integers(0, 5, size), "day": rng.integers(100, 125, size), "count": counts},
            schema={"account": pl.UInt32, "day": pl.Int32, "count": pl.UInt32},
        )
        frame = frame.unique(["account", "day"], keep="first", maintain_order=True).sort("account", "day")
        found = _step_days(frame)
        told = list(zip(found["account"].to_list(), found["day"].to_list(), strict=True))
        assert sorted(told) == _steps(frame)


def _steps(frame: pl.DataFrame) -> list[tuple[int, int]]:
    """Account and day of each step-up, one by one."""
    table = {(account, day): count for account, day, count in frame.iter_rows()}
    start = frame["day"].min()
    assert isinstance(start, int)
    hits = set()
    for (account, day), count in table.items():
        week = [table.get((account, day - back), 0) for back in range(1, 8)]
        seen = any(other == account and when <= day - 7 for other, when in table)
        low = sum(value * 10 <= count for value in week) >= 4
        if seen and low and max(week) > 0 and count >= 20 and day - start >= 7:
            hits.add((account, day, max(week) < count))
    before = {(account, day) for account, day, _ in hits}
    return sorted((account, day) for account, day, rising in hits if rising and (account, day - 1) not in before)


def test_the_worlds_are_as_described(hands_panel_small: Panel) -> None:
    """Pools of the bench have uneven quotas and keep working hours."""
    tested = hands_panel_small.tested
    counts = tested.group_by("account").len()["len"].to_numpy()
    assert np.quantile(counts, 0.9) > 2 * np.quantile(counts, 0.1)
    hour = (tested["at_s"].to_numpy() % DAY) / HOUR
    assert (hour < 6).mean() < 0.02


@pytest.fixture
def hands_panel_small() -> Panel:
    """One pool."""
    return hands_panel(1, {"random split only": 1}, 30, 4.0)
