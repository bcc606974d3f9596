"""Networks that rest on one shared observable and like manners; turn-taking pairs; what manners say of one account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from held import holding

from forensics.common.schema import EVENTS, REGISTER
from forensics.common.settings import NetworkSettings
from forensics.describing.sightings.rotation import find_rotations
from forensics.linking.alike import DEVIATIONS, find_alike, find_groups, taking_turns
from forensics.linking.behaviour import FLOOR, MANNER_COLUMNS, AlikeTest, Manners, describe_manners, manner_bits
from forensics.linking.incidence import Incidence, build_incidence
from forensics.linking.membership import ALONE
from forensics.linking.parting import split_alike

SETTINGS = NetworkSettings()


def crowd(accounts: int, seed: int = 1) -> Manners:
    """Accounts that differ as customers do, in eight manners."""
    return Manners(np.random.default_rng(seed).normal(0, 0.75, (accounts, 8)))


def with_pool(manners: Manners, members: np.ndarray, seed: int = 2) -> Manners:
    """The same, where `members` behave alike."""
    table = manners.table.copy()
    rng = np.random.default_rng(seed)
    table[members] = rng.normal(0, 0.4, table.shape[1]) + rng.normal(0, 0.1, (len(members), table.shape[1]))
    return Manners(table)


def found_in(incidence: Incidence, manners: Manners, labels: np.ndarray, settings: NetworkSettings) -> np.ndarray:
    """The labels with networks of alike accounts."""
    return find_alike(find_groups(incidence, manners, settings.seed), manners, labels, settings.seed)


def split_in(incidence: Incidence, manners: Manners, labels: np.ndarray, settings: NetworkSettings) -> np.ndarray:
    """The labels with pools taken out of networks."""
    return split_alike(incidence, find_groups(incidence, manners, settings.seed), manners, labels, settings.seed)


def test_a_group_that_behaves_alike_deviates_and_random_groups_do_not() -> None:
    """Under the null the deviation is about standard normal."""
    members = np.arange(40)
    manners = with_pool(crowd(800), members)
    test = AlikeTest(manners, 1)
    assert test.deviation(members) > 10
    rng, nobody = np.random.default_rng(3), AlikeTest(crowd(800), 1)
    null = np.array(
        [nobody.deviation(rng.choice(800, size, replace=False)) for size in (5, 12, 40, 120) for _ in range(100)]
    )
    assert abs(null.mean()) < 0.35
    assert 0.8 < null.std() < 1.3
    assert (null > DEVIATIONS).mean() < 0.01


@pytest.mark.parametrize("size", [6, 40, 500])
def test_an_exit_of_accounts_that_behave_alike_is_a_network_and_a_carriers_exit_is_none(size: int) -> None:
    """One shared observable is enough together with like manners, and not without."""
    pool, carrier = list(range(size)), list(range(600, 660))
    sightings, accounts = holding(
        {("address", "pool"): pool, ("address", "carrier"): carrier, ("client", "curl"): list(range(0, 900, 2))}, 900
    )
    incidence = build_incidence(sightings, accounts)
    labels = found_in(incidence, with_pool(crowd(900), np.array(pool)), np.full(900, ALONE), SETTINGS)
    assert (labels[pool] >= 0).mean() >= 0.9
    assert len(np.unique(labels[pool][labels[pool] >= 0])) == 1
    assert (labels[carrier] == ALONE).all()
    assert (labels[size:] == ALONE).all()


def test_two_pools_behind_one_exit_that_behave_differently_stay_two() -> None:
    """A shared exit does not make one network of two that exist already."""
    one, other = np.arange(40), np.arange(40, 90)
    manners = with_pool(with_pool(crowd(700), one, seed=4), other, seed=9)
    values = {("address", "shared"): [*one, *other], ("template", "one"): list(one), ("template", "other"): list(other)}
    sightings, accounts = holding(values, 700)
    labels = np.full(700, ALONE)
    labels[one], labels[other] = 0, 1
    found = found_in(build_incidence(sightings, accounts), manners, labels, SETTINGS)
    assert len({int(number) for number in found[one]} & {int(number) for number in found[other]}) == 0


def test_a_pool_among_a_resellers_customers_leaves_their_network_and_a_team_does_not() -> None:
    """Only a part that behaves alike, unlike the rest, is split off."""
    network, pool, team = np.arange(200), np.arange(50), np.arange(100, 140)
    manners = with_pool(crowd(600), pool)
    sightings, accounts = holding(
        {("payment", "reseller"): list(network), ("template", "pool"): list(pool), ("template", "team"): list(team)},
        600,
    )
    labels = np.full(600, ALONE)
    labels[network] = 0
    found = split_in(build_incidence(sightings, accounts), manners, labels, SETTINGS)
    assert len(np.unique(found[pool])) == 1
    assert set(found[pool]) != set(found[team])
    assert (found[team] == found[150]).all()


def test_a_generation_of_a_pool_stays_in_its_network() -> None:
    """Young accounts of one pool are of one age, old ones are not, yet alike in all else: no pool among strangers."""
    old, young = np.arange(60), np.arange(60, 100)
    rng = np.random.default_rng(8)
    table = crowd(700).table.copy()
    table[old] = np.column_stack(
        [rng.normal(0, 0.6, (60, 4)), rng.normal(0, 0.08, (60, 4))]
    )  # of many ages, from one queue
    table[young] = rng.normal(0, 0.03, (40, 8))
    values: dict[tuple[str, str], list[int]] = {("template", "all"): list(range(100)), ("template", "new"): list(young)}
    sightings, accounts = holding(values, 700)
    labels = np.full(700, ALONE)
    labels[:100] = 0
    incidence = build_incidence(sightings, accounts)
    assert len(np.unique(split_in(incidence, Manners(table), labels, SETTINGS)[:100])) == 1
    table[old] = rng.normal(0, 0.75, (60, 8))  # the same part among strangers leaves them
    assert len(np.unique(split_in(incidence, Manners(table), labels, SETTINGS)[:100])) == 2


@pytest.mark.parametrize(
    ("apart", "card", "networks"),
    [(3.0, False, 2), (0.0, False, 1), (3.0, True, 1)],
    ids=["two pools", "one queue", "one payer"],
)
def test_two_pools_are_kept_apart_unless_they_behave_alike_or_share_what_is_theirs(
    apart: float, card: bool, networks: int
) -> None:
    """Behind the same exits: other ways and other prompts make two; the same ways, or cards in common, one."""
    one, two = np.arange(40), np.arange(40, 100)
    rng = np.random.default_rng(8)
    table = crowd(700).table.copy()
    table[one] = rng.normal(0.0, 0.1, (40, 8))
    table[two] = rng.normal([apart, 0, apart, 0, apart, 0, 0, 0], 0.1, (60, 8))
    values: dict[tuple[str, str], list[int]] = {
        ("prefix", "exits"): list(range(100)),
        ("template", "one"): list(one),
        ("template", "two"): list(two),
    }
    values |= {("payment", f"card{number}"): [number, number + 50] for number in range(40) if card}
    values |= {("payment", f"more{number}"): [number, number + 20, number + 60] for number in range(20) if card}
    sightings, accounts = holding(values, 700)
    labels = np.full(700, ALONE)
    labels[:100] = 0
    found = split_in(build_incidence(sightings, accounts), Manners(table), labels, SETTINGS)
    assert len(np.unique(found[:100])) == networks
    assert len(np.unique(found[one])) == len(np.unique(found[two])) == 1


def test_who_takes_turns_is_settled_where_most_of_the_others_are() -> None:
    """Twenty in step: fifteen in one network, five elsewhere or nowhere."""
    sightings, accounts = holding(
        {("rotation", "queue"): list(range(20)), ("template", "other"): list(range(30, 60))}, 100
    )
    labels = np.full(100, ALONE)
    labels[:15], labels[15:18] = 0, 1
    assert np.flatnonzero(taking_turns(build_incidence(sightings, accounts), labels)).tolist() == list(range(15))


@pytest.mark.parametrize("size", [5, 6, 7, 8, 41])
def test_likeness_is_the_spread_between_quartiles(size: int) -> None:
    """The measure is the mean log of a group's spread over everybody's, each the distance of numpy's quartiles."""
    manners = crowd(2_000, seed=size)
    group = np.random.default_rng(size).choice(2_000, size, replace=False)

    def spread(rows: np.ndarray) -> np.ndarray:
        return np.asarray(np.quantile(rows, 0.75, axis=0) - np.quantile(rows, 0.25, axis=0))

    expected = np.log((spread(manners.table[group]) + FLOOR) / (spread(manners.table) + FLOOR)).mean()
    assert AlikeTest(manners, 1).measure(group) == pytest.approx(expected)


def test_where_nobody_differs_nobody_is_alike() -> None:
    """Without any spread among accounts a group deviates by nothing, and nothing is divided by it."""
    test = AlikeTest(Manners(np.ones((300, 8))), 1)
    assert test.deviation(np.arange(30)) == 0.0
    values, deviation = test.measure_many(np.arange(60).reshape(2, 30))
    assert (values == 0).all()
    assert (deviation == 0).all()


def test_manners_speak_for_like_accounts_and_against_others() -> None:
    """Bits are capped, signed, and nothing where nothing is known."""
    members = np.arange(60)
    manners = with_pool(crowd(900), members)
    table = manners.table.copy()
    table[899] = np.nan
    manners = Manners(table)
    bits = manner_bits(manners, members[:40], np.arange(900))
    assert np.median(bits[40:60]) > 3
    assert np.median(bits[60:899]) < 0
    assert bits[899] == 0
    assert np.abs(bits).max() <= 5.0


def test_manners_are_read_from_accounts_in_any_order() -> None:
    """Unknown columns are unknown, and the order of rows does not matter."""
    rows = pl.DataFrame({name: [None] * 4 for name in MANNER_COLUMNS}).with_columns(
        account_id=pl.Series(["a", "b", "c", "d"]),
        request_count=pl.Series([10, 100, 1000, 5]),
        daily_mean_count=pl.Series([1.0, 2.0, 8.0, 3.0]),
    )
    one = describe_manners(rows, ["a", "b", "c", "d"]).table
    other = describe_manners(rows.reverse(), ["a", "b", "c", "d"]).table
    np.testing.assert_array_equal(one, other)
    assert np.isfinite(one[:, 0]).all()
    assert np.isnan(one[:, 2]).all()


def requests(times: dict[str, np.ndarray]) -> pl.LazyFrame:
    """EVENTS with an account and a time only."""
    start = datetime(2026, 5, 4, tzinfo=UTC)
    rows = [
        (account, start + timedelta(seconds=float(second))) for account, seconds in times.items() for second in seconds
    ]
    frame = pl.DataFrame(
        rows, schema={"account_id": pl.String, "started_at": EVENTS.schema["started_at"]}, orient="row"
    )
    return frame.with_columns(session_id=pl.lit(None, pl.String)).lazy()


def working_hours(rate_s: float, days: int, rng: np.random.Generator) -> np.ndarray:
    """Times of a Poisson queue that works from six to twenty-two."""
    times = np.cumsum(rng.exponential(rate_s, int(days * 16 * 3600 / rate_s)))
    return times // (16 * 3600) * 86400 + 6 * 3600 + times % (16 * 3600)


def test_accounts_that_take_turns_are_found_among_people_crons_and_other_regular_accounts() -> None:
    """One queue over twelve accounts with nothing else in common, beside what merely looks regular."""
    rng = np.random.default_rng(5)
    queue = working_hours(120.0, 8, rng)
    order = np.arange(len(queue)) % 12
    slips = rng.random(len(queue)) < 0.1
    order[slips] = rng.integers(0, 12, slips.sum())
    times = {f"pool{number:02d}": queue[order == number] for number in range(12)}
    for number in range(30):
        own = working_hours(1440.0, 8, rng)
        times[f"regular{number:02d}"] = np.sort(own[::1] + rng.normal(0, 60, len(own)))
        times[f"even{number:02d}"] = np.concatenate(
            [day * 86400 + 6 * 3600 + np.arange(40) * 1440 + rng.normal(0, 250, 40) for day in range(8)]
        )
        times[f"cron{number:02d}"] = np.arange(8 * 24) * 3600.0 + 60 * number
        starts = np.repeat(rng.uniform(0, 8 * 86400, 30), 6)
        times[f"person{number:02d}"] = np.sort(starts + rng.exponential(40, len(starts)))
    found = find_rotations(requests(times), REGISTER.empty().lazy()).collect()
    assert sorted(found["account_id"]) == [f"pool{number:02d}" for number in range(12)]
    assert found["value"].n_unique() == 1


def test_a_queue_split_at_random_leaves_no_turns() -> None:
    """Nothing to see in timing, and nothing is seen."""
    rng = np.random.default_rng(6)
    queue = working_hours(120.0, 8, rng)
    order = rng.integers(0, 12, len(queue))
    found = find_rotations(
        requests({f"pool{number:02d}": queue[order == number] for number in range(12)}), REGISTER.empty().lazy()
    ).collect()
    assert found.is_empty()


def test_small_pools_are_looked_for_beyond_the_most_widespread_observables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more observables than are looked at one by one, those whose holders are alike; a popular client takes the
    place otherwise.
    """
    members = np.arange(40, 60)
    values: dict[tuple[str, str], list[int]] = {
        ("client", "popular"): list(range(300)),
        ("template", "strangers"): list(range(100, 112)),
        ("template", "pool"): list(members),
    }
    sightings, accounts = holding(values, 900)
    incidence = build_incidence(sightings, accounts)
    monkeypatch.setattr("forensics.linking.alike.LOOKED_AT", 1)
    groups = find_groups(incidence, with_pool(crowd(900), members), 1)
    assert [accounts.tolist() for accounts, _ in groups] == [list(range(300)), members.tolist()]
