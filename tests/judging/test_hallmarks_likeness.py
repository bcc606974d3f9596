"""Likeness tests: a pool is alike, people are not; both against separate customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from made_events import people, pool

from forensics.common.schema import HALLMARKS, MEMBERS, REGISTER, SIGHTINGS
from forensics.common.settings import FeatureSettings, HallmarkSettings
from forensics.common.statistics import trimmed_mean
from forensics.describing.features import describe_accounts
from forensics.judging.pooling import same_models
from forensics.judging.testing import test_networks as run_hallmarks

if TYPE_CHECKING:
    from collections.abc import Mapping

LIKENESS = ("same_rhythm", "even_load", "same_models", "same_sizes")


def members_of(networks: Mapping[str, list[str]]) -> pl.DataFrame:
    """MEMBERS with full membership."""
    rows = [(network, account) for network, accounts in networks.items() for account in accounts]
    frame = pl.DataFrame(rows, schema=["network_id", "account_id"], orient="row")
    return (
        pl.concat([MEMBERS.empty(), frame], how="diagonal_relaxed")
        .select(list(MEMBERS.columns))
        .with_columns(membership=pl.lit(1.0))
    )


def run(events: pl.DataFrame, networks: Mapping[str, list[str]], settings: HallmarkSettings) -> pl.DataFrame:
    """HALLMARKS of given networks."""
    accounts = describe_accounts(events.lazy(), REGISTER.empty().lazy(), FeatureSettings())
    return run_hallmarks(
        members_of(networks).lazy(),
        events.lazy(),
        accounts,
        REGISTER.empty().lazy(),
        SIGHTINGS.empty().lazy(),
        settings,
    ).collect()


@pytest.fixture(scope="module")
def judged() -> pl.DataFrame:
    """A pool of 40, an office of 40 in one time zone, a random set of 40 customers, among 150 customers."""
    rng = np.random.default_rng(7)
    events = pl.concat([people(190, 21, rng), people(40, 21, rng, name="office", zone=2.0), pool(40, 21, rng)])
    networks = {
        "net_pool": [f"seat-{number:03}" for number in range(40)],
        "net_office": [f"office-{number:03}" for number in range(40)],
        "net_random": [f"person-{number:03}" for number in range(40)],
    }
    return run(events, networks, HallmarkSettings())


def sign(judged: pl.DataFrame, network: str, name: str) -> dict[str, object]:
    """One row of HALLMARKS."""
    return judged.row(by_predicate=(pl.col("network_id") == network) & (pl.col("name") == name), named=True)


@pytest.mark.parametrize("name", LIKENESS)
def test_a_pool_is_as_alike_as_one_queue(judged: pl.DataFrame, name: str) -> None:
    """Accounts dealt from one queue differ by chance only, in every measure of likeness."""
    row = sign(judged, "net_pool", name)
    assert row["assessable"]
    assert row["holds"], row["sentence"]


@pytest.mark.parametrize("name", LIKENESS)
def test_separate_customers_are_not_as_alike_as_one_queue(judged: pl.DataFrame, name: str) -> None:
    """A random set of customers passes for one queue in no measure."""
    row = sign(judged, "net_random", name)
    assert not row["holds"]
    assert -0.4 < float(str(row["position"])) < 0.4


@pytest.mark.parametrize("name", ["even_load", "same_models", "same_sizes"])
def test_an_office_shares_its_hours_and_no_more(judged: pl.DataFrame, name: str) -> None:
    """People of one office keep like hours, but each has a load, models and sizes of their own."""
    assert not sign(judged, "net_office", name)["holds"]


def test_a_pool_does_not_sleep_and_an_office_does(judged: pl.DataFrame) -> None:
    """Round the clock holds for the pool only."""
    assert sign(judged, "net_pool", "round_the_clock")["holds"]
    assert not sign(judged, "net_office", "round_the_clock")["holds"]


def test_separate_people_explain_the_office_and_not_the_pool(judged: pl.DataFrame) -> None:
    """The explanation is the likeness tests read the other way round."""
    assert sign(judged, "net_random", "separate_people")["holds"]
    assert not sign(judged, "net_pool", "separate_people")["holds"]


def test_what_the_log_lacks_is_not_assessable(judged: pl.DataFrame) -> None:
    """Without text, cards and clients those signs say so and claim nothing."""
    for name in ("template_reach", "shared_payment", "one_client", "elicitation", "narrow_task"):
        row = sign(judged, "net_pool", name)
        assert not row["assessable"]
        assert row["reason"]
        assert not row["holds"]


def test_every_network_has_one_row_a_test(judged: pl.DataFrame) -> None:
    """HALLMARKS is complete and fits its contract."""
    assert HALLMARKS.mismatches(judged.schema) == []
    per_test = judged.group_by("name").agg(pl.len().alias("n"), pl.col("network_id").n_unique().alias("networks"))
    assert per_test.filter((pl.col("n") != 3) | (pl.col("networks") != 3)).is_empty()


def test_p_values_of_random_groups_are_not_small_too_often() -> None:
    """Under the null, p ≤ 0.05 comes about one time in twenty for each test of likeness."""
    rng = np.random.default_rng(11)
    events = people(400, 14, rng)
    names = np.array(events["account_id"].unique(maintain_order=True).to_list())
    # 30 disjoint sets of 8 leave 160 people as their null.
    networks = {
        f"net_{number}": sorted(part.tolist()) for number, part in enumerate(np.split(rng.permutation(names)[:240], 30))
    }
    judged = run(events, networks, HallmarkSettings(draws=99))
    for name in LIKENESS:
        p_values = judged.filter((pl.col("name") == name) & pl.col("p_value").is_not_null())["p_value"]
        assert len(p_values) >= 25, name
        # 30 draws of Binomial(0.05): 6 or more has probability 0.003.
        assert (p_values <= 0.05).sum() <= 5, name


def test_hallmarks_do_not_depend_on_row_order() -> None:
    """Shuffled events and members give the same bytes."""
    rng = np.random.default_rng(3)
    events = pl.concat([people(60, 10, rng), pool(8, 10, rng)])
    networks = {"net_pool": [f"seat-{number:03}" for number in range(8)]}
    settings = HallmarkSettings(draws=49)
    first = run(events, networks, settings)
    second = run(events.sample(fraction=1.0, shuffle=True, seed=5), {"net_pool": networks["net_pool"][::-1]}, settings)
    assert first.equals(second)


def one_use(use: same_models._Use, group: np.ndarray) -> float:
    """Dispersion of one group, account by account and day by day."""
    entries = [np.arange(use.first[account], use.first[account + 1]) for account in group]
    mix = np.zeros((use.days, use.models))
    for mine in entries:
        np.add.at(mix, (use.day[mine], use.model[mine]), use.count[mine])
    mix /= np.maximum(mix.sum(axis=1, keepdims=True), 1.0)
    each = []
    for mine in entries:
        observed = np.bincount(use.model[mine], use.count[mine], use.models)
        totals = np.bincount(use.day[mine], use.count[mine], use.days)
        spread = totals @ (mix * (1 - mix))
        told = (totals.sum() >= same_models.FEWEST) & (spread > same_models.SPREAD)
        if told.any():
            each.append(((observed - totals @ mix) ** 2 / np.where(told, spread, 1.0))[told].mean())
    return trimmed_mean(np.array(each)) / (1 - 1 / len(each)) if len(each) >= 2 else float("nan")


@pytest.mark.parametrize("room", [same_models.ROOM, 1])
def test_use_of_models_in_many_groups_is_that_of_each(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured together, in one go or group by group; accounts that say little or nothing among them."""
    monkeypatch.setattr(same_models, "ROOM", room)
    rng = np.random.default_rng(7)
    rows = np.unique(rng.integers(0, [40, 9, 3], (400, 3)), axis=0)
    rows = rows[rows[:, 0] % 6 > 0]
    count = rng.integers(1, 5, len(rows)).astype(float)
    use = same_models._Use(rows[:, 0], rows[:, 1], rows[:, 2], count, 40, 9, 3)
    for size in (1, 2, 7):
        groups = rng.integers(0, 40, (30, size))
        expected = [one_use(use, group) for group in groups]
        assert use.dispersions(groups) == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert len(use.dispersions(groups[:0])) == 0
