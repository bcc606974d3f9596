"""Signs of a job dealt out to many accounts: found on what is planted, silent on what looks alike, not assessable
without their fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from small_worlds import DAY, HOUR, World, office_times, poisson_times, test

from forensics.common.statistics import gini, percentiles, poisson_bits, poisson_interval, rare_deviation
from forensics.judging.concealment.clock_offset import HOURS_FROM_UTC, ZONES
from forensics.judging.concealment.clock_offset import PLUGIN as CLOCK
from forensics.judging.concealment.headroom import PLUGIN as HEADROOM
from forensics.judging.extraction.breadth_without_depth import PLUGIN as BREADTH
from forensics.judging.extraction.disjoint_shards import PLUGIN as SHARDS
from forensics.judging.extraction.fresh_items import PLUGIN as FRESH
from forensics.judging.extraction.template_growth import PLUGIN as GROWTH
from forensics.judging.pooling.one_client import PLUGIN as ONE_CLIENT
from forensics.judging.pooling.parameter_entropy import PLUGIN as PARAMETERS

if TYPE_CHECKING:
    from typing import Any

DAYS = 20
NEW = 1_000_000_000  # prompts from here on are new ones
COUNTRIES = ("US", "BR", "GB", "DE", "IN", "SG", "JP", "AU")


def items(rng: np.random.Generator, count: int, again: float, first: int, own: int = 3) -> np.ndarray:
    """Prompts of one account: new ones, and a share that is one of its few own items."""
    return np.where(rng.random(count) < again, first + rng.integers(0, own, count), NEW + rng.integers(0, NEW, count))


def customers(world: World, rng: np.random.Generator, accounts: int = 80) -> None:
    """Accounts in no network: templates in fashion used to their need, items of their own, own parameters, hours of
    their country, bursts.
    """
    for index in range(accounts):
        country = COUNTRIES[rng.integers(0, len(COUNTRIES))]
        times = office_times(rng, DAYS, float(2 * rng.lognormal(0.5, 0.8)), centre_h=13.0 - HOURS_FROM_UTC[country])
        times = np.sort(
            np.append(
                times, rng.integers(0, DAYS) * DAY + np.sort(rng.uniform(9 * HOUR, 12 * HOUR, rng.integers(3, 60)))
            )
        )
        template = np.where(rng.random(len(times)) < rng.random(), 100 + index % 16, 1000 + index)
        template[times < times[0] + rng.exponential(4 * DAY) * (rng.random() < 0.7)] = 1000 + index
        world.add(
            None,
            f"out_{index:03}",
            times,
            template_hash=template,
            prompt_hash=items(rng, len(times), float(rng.uniform(0, 0.25)), 10_000 * (index + 1)),
            max_tokens=rng.choice([256, 512, 1024, 2048], len(times), p=rng.dirichlet([0.5] * 4)),
            temperature=rng.choice([0.0, 0.7, 1.0], len(times), p=rng.dirichlet([0.5] * 3)),
        )
        world.declare(f"out_{index:03}", country=country, limit_per_day=60.0)


def row_of(rows: pl.DataFrame, network: str) -> dict[str, Any]:
    """The answer for one network; where there is one, its interval holds the effect."""
    row = rows.row(by_predicate=pl.col("network_id") == network, named=True)
    if row["assessable"]:
        assert row["observed_low"] <= row["observed"] + 1e-9, row["sentence"]
        assert row["observed"] <= row["observed_high"] + 1e-9, row["sentence"]
    return row


def job(
    world: World,
    network: str,
    template: int,
    rng: np.random.Generator,
    *,
    retries: str,
    accounts: int = 12,
    again: float = 0.0,
) -> None:
    """One template on every account; a twentieth of the items comes again, on the same account or on any."""
    for index in range(accounts):
        times = poisson_times(rng, 0, DAYS * DAY, 0.15)
        prompts = items(rng, len(times), again, 50_000_000 + 100 * index)
        late = np.flatnonzero(rng.random(len(times)) < 0.05)
        if retries == "same":
            prompts[late[late > 0]] = prompts[late[late > 0] - 1]
        elif retries == "any":
            prompts[late] = 7_000_000 + rng.integers(0, 20, len(late))
        world.add(network, f"{network}_{index:02}", times, template_hash=template, prompt_hash=prompts)


class TestDisjointShards:
    """Every item on one account only."""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> pl.DataFrame:
        """Four networks with one template each."""
        rng = np.random.default_rng(1)
        world = World()
        customers(world, rng)
        job(world, "shards", 1, rng, retries="same", accounts=24)
        job(world, "anywhere", 2, rng, retries="any")
        job(world, "tenants", 3, rng, retries="none", again=0.4)
        job(world, "never", 4, rng, retries="none")
        return test(SHARDS, world.panel(found=True))

    def test_items_dealt_out_once_are_seen(self, rows: pl.DataFrame) -> None:
        """Retries stay on their account: no repeated prompt crosses, where nearly all would."""
        row = row_of(rows, "shards")
        assert row["holds"], row["sentence"]
        assert row["observed"] < 0.1
        assert row["expected"] > 0.8

    def test_retries_on_any_account_are_no_shards(self, rows: pl.DataFrame) -> None:
        """If it does not matter who sends, crossing is what chance gives."""
        row = row_of(rows, "anywhere")
        assert row["assessable"]
        assert not row["holds"]
        assert row["p_value"] > 0.05

    def test_customers_who_come_back_to_their_own_items_are_no_shards(self, rows: pl.DataFrame) -> None:
        """Tenants of a platform have items of their own too, but repeat them."""
        row = row_of(rows, "tenants")
        assert row["assessable"]
        assert not row["holds"]
        assert row["p_value"] > 0.05

    def test_without_repeats_it_is_uninformative(self, rows: pl.DataFrame) -> None:
        """Fewer than ten repeated prompts say nothing either way."""
        row = row_of(rows, "never")
        assert not row["assessable"]
        assert "uninformative" in row["reason"]


class TestBreadthWithoutDepth:
    """One template, a little on each account."""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> pl.DataFrame:
        """A pool that spreads a template evenly, and a course that uses one each to their need."""
        rng = np.random.default_rng(2)
        world = World()
        customers(world, rng)
        for index in range(30):
            for network, used in (
                ("pool", 20 + int(rng.integers(-3, 4))),
                ("course", int(rng.lognormal(2.0, 1.2)) + 1),
            ):
                total = used + int(rng.poisson(20))
                template = np.where(np.arange(total) < used, 7 if network == "pool" else 8, 5000 + index)
                world.add(
                    network,
                    f"{network}_{index:02}",
                    poisson_like(rng, total),
                    template_hash=rng.permutation(template),
                    prompt_hash=items(rng, total, 0.0, 0),
                )
        return test(BREADTH, world.panel(found=True))

    def test_an_even_spread_is_seen(self, rows: pl.DataFrame) -> None:
        """Twenty requests from each of thirty accounts are breadth without depth."""
        row = row_of(rows, "pool")
        assert row["holds"], row["sentence"]
        assert row["observed"] < 0.2

    def test_a_template_that_each_uses_to_their_need_is_none(self, rows: pl.DataFrame) -> None:
        """What people share they use by need."""
        assert not row_of(rows, "course")["holds"]


def poisson_like(rng: np.random.Generator, count: int) -> np.ndarray:
    """`count` moments over the log."""
    return np.sort(rng.uniform(0, DAYS * DAY, count))


class TestTemplateGrowth:
    """A template spreads at once."""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> pl.DataFrame:
        """A pool that probes and scales, and a product whose users take its template up one by one."""
        rng = np.random.default_rng(3)
        world = World()
        customers(world, rng)
        for index in range(50):
            times = np.append(rng.uniform(0, DAY), poisson_like(rng, 80))
            times.sort()
            switch = 10 * DAY + rng.uniform(0, 1.5 * DAY) if index >= 3 else 8 * DAY
            template = np.where(times >= switch, 7, 5000 + index)
            status = np.full(len(times), 200)
            if index < 3:
                probe = (times > 7 * DAY) & (times < 10 * DAY) & (rng.random(len(times)) < 0.8)
                template[probe] = 600_000 + 100 * index + np.arange(int(probe.sum()))
                template[np.searchsorted(times, 8 * DAY)] = 7
                status[probe & (template != 7)] = 400
            world.add(
                "pool",
                f"pool_{index:02}",
                times,
                template_hash=template,
                prompt_hash=items(rng, len(times), 0.0, 0),
                status_code=status,
            )
            times = np.sort(np.append(rng.uniform(0, DAY), poisson_like(rng, 80)))
            template = np.where(times >= rng.uniform(0, DAYS) * DAY, 8, 6000 + index)
            world.add(
                "product",
                f"product_{index:02}",
                times,
                template_hash=template,
                prompt_hash=items(rng, len(times), 0.0, 0),
            )
        return test(GROWTH, world.panel(found=True))

    def test_probe_then_scale_is_seen_and_told(self, rows: pl.DataFrame) -> None:
        """Three accounts try, then forty-seven send: the day, the fan-out and what was tried in vain are told."""
        row = row_of(rows, "pool")
        assert row["holds"], row["sentence"]
        assert row["observed"] >= 40
        assert "fan-out 16" in row["sentence"]
        assert "2026-04-11" in row["sentence"]
        assert "% refused" in row["sentence"]

    def test_users_who_come_one_by_one_are_no_spread(self, rows: pl.DataFrame) -> None:
        """A product grows as its users find it."""
        row = row_of(rows, "product")
        assert row["assessable"], row["sentence"]
        assert not row["holds"]
        assert row["p_value"] > 0.01


class TestParameterEntropy:
    """Parameters of one program."""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> pl.DataFrame:
        """A pool with one setting, and people with one each."""
        rng = np.random.default_rng(4)
        world = World()
        customers(world, rng)
        for index in range(25):
            world.add("pool", f"pool_{index:02}", poisson_like(rng, 40), max_tokens=1000, temperature=1.0)
            one = {
                "max_tokens": int(rng.choice([256, 512, 1024, 2048])),
                "temperature": float(rng.choice([0.0, 0.7, 1.0])),
            }
            world.add("people", f"people_{index:02}", poisson_like(rng, 40), **one)
        return test(PARAMETERS, world.panel(found=True))

    def test_one_setting_everywhere_is_seen(self, rows: pl.DataFrame) -> None:
        """No variety at all, where customers vary by bits."""
        row = row_of(rows, "pool")
        assert row["holds"], row["sentence"]
        assert row["observed"] == 0.0

    def test_one_setting_each_is_not_one_program(self, rows: pl.DataFrame) -> None:
        """Every account may be a program; the network is not."""
        assert not row_of(rows, "people")["holds"]


class TestHeadroom:
    """Below each limit, far above one."""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> pl.DataFrame:
        """A pool that keeps each account at a third of its limit, and customers of like volume who work in bursts."""
        rng = np.random.default_rng(5)
        world = World()
        for network, accounts in (("pool", 30), ("crowd", 30), (None, 90)):
            for index in range(accounts):
                name = f"{network or 'out'}_{index:02}"
                if network == "pool":
                    times = poisson_times(rng, 0, DAYS * DAY, 0.8)
                else:
                    busy = rng.gamma(0.4, 2.5, DAYS) * 0.8
                    times = np.sort(
                        np.concatenate(
                            [poisson_times(rng, day * DAY, (day + 1) * DAY, rate) for day, rate in enumerate(busy)]
                            + [np.zeros(1)]
                        )
                    )
                world.add(network, name, times)
                world.declare(name, limit_per_day=60.0)
        return test(HEADROOM, world.panel(found=True))

    def test_a_pool_below_each_limit_is_seen(self, rows: pl.DataFrame) -> None:
        """Ten times one account's limit together, no account above two thirds of its own."""
        row = row_of(rows, "pool")
        assert row["holds"], row["sentence"]
        assert row["observed"] < 0.8
        assert "times what one account may" in row["sentence"]

    def test_customers_who_reach_their_limits_are_none(self, rows: pl.DataFrame) -> None:
        """Together they exceed one limit as any crowd does, and one by one too."""
        assert not row_of(rows, "crowd")["holds"]


class TestClockOffset:
    """One clock, and not that of their countries."""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> pl.DataFrame:
        """A pool worked from UTC+8 under cards of eight countries, a firm with people in eight countries, an office in
        one.
        """
        rng = np.random.default_rng(6)
        world = World()
        customers(world, rng)
        for index in range(30):
            country = COUNTRIES[index % len(COUNTRIES)]
            for network, home, zone in (
                ("pool", country, 8),
                ("firm", country, HOURS_FROM_UTC[country]),
                ("office", "DE", 1),
            ):
                name = f"{network}_{index:02}"
                world.add(
                    network, name, np.append(rng.uniform(0, DAY), office_times(rng, DAYS, 3.0, centre_h=13.0 - zone))
                )
                world.declare(name, country=home)
        return test(CLOCK, world.panel(found=True))

    def test_a_day_lived_elsewhere_is_seen_to_two_hours(self, rows: pl.DataFrame) -> None:
        """Eight countries, one day: that of UTC+8."""
        row = row_of(rows, "pool")
        assert row["holds"], row["sentence"]
        zone = int(row["sentence"].split("UTC")[1].split(" ")[0])
        assert abs(zone - 8) <= 2

    @pytest.mark.parametrize("network", ["firm", "office"])
    def test_people_who_live_where_they_say_are_none(self, rows: pl.DataFrame, network: str) -> None:
        """One country or many: their days are those of their places."""
        assert not row_of(rows, network)["holds"]

    def test_a_country_has_one_zone(self) -> None:
        """No country stands in two rows of the table."""
        assert len(HOURS_FROM_UTC) == sum(len(countries.split()) for countries in ZONES.values())


@pytest.mark.parametrize(
    "plugin", [SHARDS, BREADTH, GROWTH, PARAMETERS, HEADROOM, CLOCK], ids=lambda plugin: str(plugin.name)
)
def test_without_their_fields_they_say_so(plugin: Any) -> None:  # noqa: ANN401 - a Hallmark
    """Times and accounts alone give no answer, and the reason names what is missing."""
    rng = np.random.default_rng(7)
    world = World()
    for index in range(60):
        world.add("pool" if index < 20 else None, f"a_{index}", poisson_like(rng, 30))
    rows = test(plugin, world.panel(found=True))
    assert not rows["assessable"].any()
    assert rows["reason"].str.contains("no |fewer than").all()


def test_requests_without_prompts_do_not_count_as_repeats() -> None:
    """Where half of a customer's requests carry no prompt hash, the other half is what repeats are measured on."""
    rng = np.random.default_rng(8)
    world = World()
    for index in range(70):
        prompts = [int(value) if rng.random() < 0.5 else None for value in rng.integers(1, NEW, 60)]
        world.add("net" if index < 10 else None, f"a_{index}", poisson_like(rng, 60), prompt_hash=prompts)
    row = row_of(test(FRESH, world.panel(found=True)), "net")
    assert row["expected"] == 0.0
    assert row["p_value"] > 0.05


def test_gini_by_hand() -> None:
    """All alike 0; one of four has all: 3/4."""
    assert gini(np.ones(5)) == 0.0
    assert gini(np.array([0.0, 0.0, 0.0, 8.0])) == pytest.approx(0.75)
    assert np.isnan(gini(np.zeros(3)))


def test_intervals_by_hand() -> None:
    """Of a Poisson count of 0 the mean is at most 3.69, of 10 between 4.80 and 18.39; of draws that mostly failed
    nothing is said; two for 0.01 is 14 bits.
    """
    assert percentiles(np.arange(101.0), 99.0) == pytest.approx((2.5, 99.0))
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(10) == pytest.approx((4.795, 18.39), abs=1e-2)
    assert rare_deviation(0.05) == pytest.approx(1.645, abs=1e-3)
    assert poisson_bits(np.array([1.0, 2.0]), np.array([0.5, 0.01])) == pytest.approx([1.3457, 14.297], abs=1e-3)
    assert np.isnan(percentiles(np.array([1.0, np.nan, np.nan]), 1.0)[0])


def in_one_room(network: str, index: int) -> dict[str, str]:
    """A client that only the network has; a room has two exits, a pool spread over proxies one an account."""
    return {
        "user_agent": f"{network}/1.0",
        "client_address": f"192.0.2.{index % 2}" if network == "room" else f"198.51.{index}.7",
    }


def test_one_client_says_something_only_of_accounts_in_many_places() -> None:
    """A laboratory sets up its machines alike."""
    rng = np.random.default_rng(9)
    world = World()
    for index in range(60):
        world.add(
            None, f"out_{index}", poisson_like(rng, 20), user_agent=f"own/{index}", client_address=f"203.0.{index}.5"
        )
    for network in ("room", "spread"):
        for index in range(12):
            world.add(network, f"{network}_{index}", poisson_like(rng, 20), **in_one_room(network, index))
    rows = test(ONE_CLIENT, world.panel(found=True))
    assert row_of(rows, "spread")["holds"]
    assert not row_of(rows, "room")["holds"]
    assert "behind one exit" in row_of(rows, "room")["sentence"]
