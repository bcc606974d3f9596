"""Innocent explanations: each carries for what it is named after, and not for a pool that looks like it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from small_worlds import DAY, HOUR, World, poisson_times, test

from forensics.common.scale import CARRIES, SPEAKS
from forensics.common.schema import EXTRACTION_MASK, HALLMARKS
from forensics.judging.explanations.class_or_event import PLUGIN as CLASS
from forensics.judging.explanations.company_gateway import PLUGIN as GATEWAY
from forensics.judging.explanations.household import PLUGIN as HOUSEHOLD
from forensics.judging.explanations.named_robot import PLUGIN as ROBOT
from forensics.judging.explanations.one_organisation import PLUGIN as ORGANISATION
from forensics.judging.explanations.scheduled_jobs import PLUGIN as JOBS
from forensics.judging.explanations.shared_exit import PLUGIN as EXIT
from forensics.judging.explanations.tenant_platform import PLUGIN as TENANTS
from forensics.judging.hallmark import find_hallmarks

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Panel

DAYS = 20
PEOPLE = 110


def customers(world: World, rng: np.random.Generator) -> None:
    """Accounts in no network, each behind its own exit."""
    for index in range(PEOPLE):
        world.add(None, f"out_{index}", poisson_times(rng, 0, DAYS * DAY, 0.1), client_address=f"203.0.{index}.5")


def saying(panel: Panel, *signs: dict[str, Any]) -> Panel:
    """The panel with the answers of some signs."""
    plugins = find_hallmarks()
    rows = [
        dict.fromkeys(HALLMARKS.columns)
        | {"network_id": "net", "assessable": True, "role": plugins[row["name"]].role}
        | {"nature": plugins[row["name"]].nature, "family": plugins[row["name"]].looks_at}
        | row
        for row in signs
    ]
    return replace(panel, signs=pl.DataFrame(rows, schema=HALLMARKS.schema))


def fit(plugin: Any, panel: Panel, network: str = "net") -> float:  # noqa: ANN401 - a Hallmark
    """How well an explanation fits a network; what speaks is told, and what holds speaks."""
    row = test(plugin, panel).row(by_predicate=pl.col("network_id") == network, named=True)
    assert row["holds"] == (row["fit"] >= SPEAKS)
    assert 0.0 <= row["fit"] <= 1.0
    return float(row["fit"])


def at(address: str | None) -> dict[str, str | None]:
    """An address and its range, as they come from a log."""
    return {"client_address": address, "client_prefix": address and f"{address.rsplit('.', 1)[0]}.0/24"}


def keys(count: int = 5, *, exits: int = 1, flags: int = 0, **declared: Any) -> World:  # noqa: ANN401 - columns of REGISTER, a list is one a key
    """A network of keys that are all there all the time, over one or several exits, or none known."""
    rng = np.random.default_rng(3)
    world = World()
    for index in range(PEOPLE):
        world.add(
            None, f"out_{index}", poisson_times(rng, 0, DAYS * DAY, 0.1), **at(f"203.0.{index}.5" if exits else None)
        )
    for index in range(count):
        address = f"{100 + index % exits}.0.2.1" if exits else None
        world.add(
            "net",
            f"key_{index}",
            np.append(poisson_times(rng, 0, DAYS * DAY, 0.5), [0.0, DAYS * DAY]),
            content_flags=flags,
            **at(address),
        )
        if declared:
            world.declare(
                f"key_{index}",
                **{name: value[index] if isinstance(value, list) else value for name, value in declared.items()},
            )
    return world


class TestCompanyGateway:
    """A few keys in one queue."""

    def test_carries_for_keys_behind_one_exit(self) -> None:
        """Nothing is known but that they share it."""
        assert fit(GATEWAY, keys().panel(found=True)) >= CARRIES

    def test_carries_where_nothing_tells_who_they_are(self) -> None:
        """Neither exits nor payers nor organisations."""
        assert fit(GATEWAY, keys(exits=0).panel(found=True)) >= CARRIES

    def test_does_not_fit_keys_with_an_exit_each(self) -> None:
        """A company's gateway has one egress, a ring a proxy an account."""
        assert fit(GATEWAY, keys(exits=5).panel(found=True)) == 0.0

    def test_speaks_in_part_for_unknown_keys_that_ask_for_training_material(self) -> None:
        """There is no product behind such a gateway."""
        panel = saying(
            keys(exits=0, flags=EXTRACTION_MASK).panel(found=True),
            {"name": "elicitation", "role": "extraction", "holds": True},
        )
        assert SPEAKS <= fit(GATEWAY, panel) < CARRIES

    def test_carries_for_one_declared_organisation_whatever_it_asks(self) -> None:
        """A customer under contract who has data made (threat N12) hides nothing."""
        panel = saying(
            keys(organization_id="org_1").panel(found=True),
            {"name": "elicitation", "role": "extraction", "holds": True},
        )
        assert fit(GATEWAY, panel) >= CARRIES

    def test_does_not_fit_keys_of_different_organisations(self) -> None:
        """Whoever declares to be five customers is not one company."""
        assert fit(GATEWAY, keys(organization_id=[f"org_{index}" for index in range(5)]).panel(found=True)) < SPEAKS

    def test_does_not_fit_after_a_ban(self) -> None:
        """A company's own keys are not banned."""
        world = keys()
        world.ban("key_0", 15 * DAY)
        assert fit(GATEWAY, world.panel(found=True)) == 0.0

    def test_does_not_fit_many_keys(self) -> None:
        """Forty accounts are no gateway's few keys."""
        assert fit(GATEWAY, keys(40).panel(found=True)) == 0.0

    def test_carries_for_unknown_keys_of_which_some_requests_sound_so(self) -> None:
        """A public's questions are of all kinds; each key has some that ask for reasoning."""
        panel = saying(keys(exits=0).panel(found=True), {"name": "elicitation", "role": "extraction", "holds": True})
        assert fit(GATEWAY, panel) >= CARRIES


class TestOneOrganisation:
    """Seats and keys of one customer."""

    def test_carries_for_a_declared_one(self) -> None:
        """Thirty seats, one organisation."""
        assert fit(ORGANISATION, keys(30, organization_id="org_1").panel(found=True)) >= CARRIES

    def test_carries_where_the_log_tells_it(self) -> None:
        """No accounts file is needed where requests carry the organisation."""
        world = keys(10)
        for index in range(10):
            world.add("net", f"key_{index}", np.array([DAY]), organization_id="org_1")
        assert fit(ORGANISATION, world.panel(found=True)) >= CARRIES

    def test_does_not_fit_strangers(self) -> None:
        """One each."""
        assert (
            fit(ORGANISATION, keys(10, organization_id=[f"org_{index}" for index in range(10)]).panel(found=True))
            == 0.0
        )

    def test_cannot_be_assessed_where_nobody_declares_one(self) -> None:
        """Not known is not no."""
        assert not test(ORGANISATION, keys().panel(found=True))["assessable"].any()


class TestHousehold:
    """Family and friends."""

    @pytest.mark.parametrize(("count", "fits"), [(4, True), (9, False)])
    def test_is_small(self, count: int, fits: bool) -> None:
        """Four quiet accounts may be one, nine are none."""
        rng = np.random.default_rng(4)
        world = World()
        customers(world, rng)
        for index in range(count):
            world.add("net", f"friend_{index}", poisson_times(rng, 0, DAYS * DAY, 0.05))
        assert (fit(HOUSEHOLD, world.panel(found=True)) >= SPEAKS) is fits

    def test_is_quiet(self) -> None:
        """Four accounts busier than everybody else are none."""
        assert fit(HOUSEHOLD, keys(4).panel(found=True)) < SPEAKS


class TestTenantPlatform:
    """One product, a key for each customer."""

    @staticmethod
    def platform() -> Panel:
        """Thirty tenants of one template behind one exit."""
        rng = np.random.default_rng(5)
        world = World()
        customers(world, rng)
        for index in range(30):
            world.add(
                "net",
                f"tenant_{index:02}",
                poisson_times(rng, 0, DAYS * DAY, 0.1),
                client_address="192.0.2.1",
                template_hash=77,
            )
        return world.panel(found=True)

    def test_carries_where_tenants_differ(self) -> None:
        """They live as separate customers do."""
        assert fit(TENANTS, saying(self.platform(), {"name": "even_load", "position": 0.0})) >= CARRIES

    def test_does_not_fit_where_they_are_as_one_queue(self) -> None:
        """One product's look and one queue's load: a pool."""
        assert fit(TENANTS, saying(self.platform(), {"name": "even_load", "position": 1.0})) == 0.0

    def test_does_not_account_for_refilling_or_turns(self) -> None:
        """Customers come from sales and do not wait for each other: such signs stand beside it."""
        assert not TENANTS.accounts_for & {"births", "turns", "handover", "order"}


class TestSharedExit:
    """A carrier, an office, a VPN."""

    @pytest.mark.parametrize(
        ("template", "position", "carries"), [(None, 0.0, True), (None, 1.0, False), (77, 0.0, False)]
    )
    def test_needs_an_exit_alone_and_people(self, template: int | None, position: float, carries: bool) -> None:
        """Who shares a prompt besides, or lives as one queue, does not meet by chance."""
        rng = np.random.default_rng(6)
        world = World()
        customers(world, rng)
        for index in range(20):
            world.add(
                "net",
                f"user_{index:02}",
                poisson_times(rng, 0, DAYS * DAY, 0.1),
                client_address="192.0.2.1",
                template_hash=template,
            )
        assert (
            fit(EXIT, saying(world.panel(found=True), {"name": "even_load", "position": position})) >= CARRIES
        ) is carries


class TestScheduledJobs:
    """Crons of many tenants."""

    @pytest.mark.parametrize(("exact", "carries"), [(True, True), (False, False)])
    def test_needs_fixed_minutes(self, exact: bool, carries: bool) -> None:
        """Every hour at the same minute, or at any."""
        rng = np.random.default_rng(7)
        world = World()
        customers(world, rng)
        for index in range(12):
            times = np.arange(DAYS * 24) * HOUR + (
                rng.uniform(0, 2, DAYS * 24) if exact else rng.uniform(0, HOUR, DAYS * 24)
            )
            world.add("net", f"job_{index:02}", np.sort(times))
        assert (fit(JOBS, world.panel(found=True)) >= CARRIES) is carries


def test_a_class_gathers_and_a_pool_does_not() -> None:
    """Thirty who sign up in one hour and work on the days of their lessons, against thirty who do so every day."""
    rng = np.random.default_rng(10)
    world = World()
    for index in range(110):
        world.add(None, f"out_{index}", poisson_times(rng, 0, DAYS * DAY, 0.08), client_address=f"203.0.{index}.5")
    for network, days in (("lessons", (2, 9, 16)), ("pool", range(2, 17))):
        for index in range(30):
            times = np.sort(
                np.concatenate(
                    [
                        [2 * DAY + 9 * HOUR],
                        *(day * DAY + rng.uniform(10 * HOUR, 12 * HOUR, 30 // len(days)) for day in days),
                    ]
                )
            )
            world.add(network, f"{network}_{index}", times, client_address=f"{190 + len(days)}.0.2.1")
    rows = test(CLASS, world.panel(found=True))
    lessons, pool = (
        rows.row(by_predicate=pl.col("network_id") == network, named=True) for network in ("lessons", "pool")
    )
    assert lessons["holds"], lessons["sentence"]
    assert lessons["fit"] < CARRIES
    assert pool["fit"] <= 0.5
    assert lessons["fit"] > pool["fit"]


def robots(client: str, *, members: int = 8, outside: int = 0) -> World:
    """A network whose members show one client, as some others do."""
    rng = np.random.default_rng(5)
    world = World()
    customers(world, rng)
    for index in range(members):
        world.add("net", f"probe_{index}", poisson_times(rng, 0, DAYS * DAY, 0.1), user_agent=client)
    for index in range(outside):
        world.add(None, f"reader_{index}", poisson_times(rng, 0, DAYS * DAY, 0.1), user_agent=client)
    return world


class TestNamedRobot:
    """A crawler, monitor or scanner that says who runs it."""

    @pytest.mark.parametrize(
        "client",
        [
            "ExampleProbe/2.1 (+https://probe.example/about)",
            "Mozilla/5.0 (compatible; examplebot/1.0; bot@crawl.example)",
            "scan (www.scan.example)",
        ],
    )
    def test_carries_where_all_name_one_contact(self, client: str) -> None:
        """A web or a mail address of whoever runs it."""
        assert fit(ROBOT, robots(client).panel(found=True)) >= CARRIES

    def test_does_not_fit_a_program_that_names_its_makers(self) -> None:
        """Most who show it are in no network: its users are many."""
        panel = robots("feedlib/3 (+https://feedlib.example)", outside=30).panel(found=True)
        assert fit(ROBOT, panel) == 0.0

    def test_a_client_without_a_contact_cannot_be_told(self) -> None:
        """Whoever names nobody is no such robot."""
        row = test(ROBOT, robots("python-requests/2.31").panel(found=True)).row(0, named=True)
        assert not row["assessable"]
        assert "names" in row["reason"]
