"""Under the null, p-values are what they say: P(p ≤ α) ≤ α for every hallmark, alone, adjusted over networks and
combined over channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from null_worlds import NullWorld, make_null_world, product_networks, random_networks
from scipy.stats import binom

from forensics.case.store import Case
from forensics.common.settings import (
    FeatureSettings,
    HallmarkSettings,
    IngestSettings,
    ScoringSettings,
    SightingSettings,
)
from forensics.common.statistics import benjamini_yekutieli
from forensics.describing.features import describe_accounts
from forensics.describing.sightings import find_sightings
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.verdicts import judge_networks
from forensics.reading.ingest import ingest
from forensics.worlds.simulate import simulate_world

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forensics.judging.hallmark import Hallmark

LEVELS = (0.01, 0.05, 0.2)
CHANCE = 1e-4  # that a bound is passed by accident
ACAT = 1.25  # inflation of the Cauchy combination under dependence, as in methods C8
PLUGINS: Mapping[str, Hallmark] = find_hallmarks()
# Independent customers pay apart and come from exits of their own: what hides is read where other signs show one hand.
ONE_HAND_GIVEN = ("many_payers", "own_exits", "goes_on_after_bans", "unborne_claim")
TESTS = tuple(
    name
    for name, plugin in PLUGINS.items()
    if plugin.role != "explanation" and plugin.nature != "openness" and name not in ONE_HAND_GIVEN
)
# These bring null models of their own, tested on look-alikes beside them; here they run in the slow test only.
OWN_NULLS = (
    "failover",
    "handover",
    "health_check",
    "inheritance",
    "resilience",
    "steady_queue",
    "succession",
    "turn_taking",
)
# What users of one product cannot be a null for: that they share its template is the claim itself.
SHARING = ("template_reach",)
BY_PRODUCT = ("breadth_without_depth", "clock_offset", "disjoint_shards", "model_pivot", "template_growth")
# The null world has neither conversations nor mail domains, nothing to count through, and no payer of several accounts,
# nor anything that is asked for by path: those have their own null worlds.
NO_FIELDS = ("provenance", "throwaway_mail", "one_order", "payers_dealt", "without_replacement", "even_coverage")
BY_LOT = tuple(name for name in TESTS if name not in {*OWN_NULLS, *BY_PRODUCT, *NO_FIELDS})


def most(number: int, level: float) -> float:
    """The most p-values at or below `level` that chance puts among so many."""
    return float(binom.isf(CHANCE, number, level))


def p_values(judged: pl.DataFrame, name: str) -> np.ndarray:
    """The p-values of one hallmark."""
    return judged.filter((pl.col("name") == name) & pl.col("p_value").is_not_null())["p_value"].to_numpy()


def judge(world: NullWorld, networks: Mapping[str, list[str]], wanted: tuple[str, ...]) -> pl.DataFrame:
    """HALLMARKS of these networks, of some tests only."""
    off = tuple(name for name in PLUGINS if name not in wanted)
    return world.judge(networks, HallmarkSettings(off=off))


@pytest.fixture(scope="module")
def world() -> NullWorld:
    """5,400 independent accounts."""
    return make_null_world(5400, 1, a_day=3.0)


@pytest.fixture(scope="module")
def by_lot(world: NullWorld) -> pl.DataFrame:
    """200 networks of twelve accounts each, drawn by lot."""
    return judge(world, random_networks(world.names, 200, 12, np.random.default_rng(1)), BY_LOT)


@pytest.fixture(scope="module")
def by_product(world: NullWorld) -> pl.DataFrame:
    """200 networks, each the users of one product: independent but for its template."""
    return judge(world, product_networks(world.names, 200), BY_PRODUCT)


@pytest.mark.parametrize("name", BY_LOT)
def test_p_values_of_accounts_drawn_by_lot_are_not_small_too_often(by_lot: pl.DataFrame, name: str) -> None:
    """Whatever is tested, α of the random networks have p ≤ α at most, give or take chance."""
    found = p_values(by_lot, name)
    assert len(found) >= 50, f"{name}: only {len(found)} networks were assessable"
    for level in LEVELS:
        assert (found <= level).sum() <= most(len(found), level), f"{name}: {np.mean(found <= level):.3f} at {level}"


@pytest.mark.parametrize("name", BY_PRODUCT)
def test_p_values_of_users_of_one_product_are_not_small_too_often(by_product: pl.DataFrame, name: str) -> None:
    """Users who share a template, each by their need, at their age, with their items, are what tests of templates call
    chance.
    """
    found = p_values(by_product, name)
    assert len(found) >= 40, f"{name}: only {len(found)} networks were assessable"
    for level in LEVELS:
        assert (found <= level).sum() <= most(len(found), level), f"{name}: {np.mean(found <= level):.3f} at {level}"


def test_adjusted_over_networks_false_discoveries_stay_below_what_is_granted(
    by_lot: pl.DataFrame, by_product: pl.DataFrame
) -> None:
    """Where every network is chance any discovery is false: of families of ten networks, at most one in twenty has a p
    ≤ 0.05 after adjustment.
    """
    wrong, families = 0, 0
    for judged, names in ((by_lot, BY_LOT), (by_product, BY_PRODUCT)):
        for name in names:
            found = p_values(judged, name)
            for part in found[: len(found) // 10 * 10].reshape(-1, 10):
                wrong += bool((benjamini_yekutieli(part) <= 0.05).any())
                families += 1
    assert families >= 300
    assert wrong <= most(families, 0.05)


def test_combined_over_channels_p_values_are_not_small_too_often(by_lot: pl.DataFrame) -> None:
    """What NETWORKS says of pooling and extraction is a p-value too, but for the inflation that the combination is
    known for; and nothing is a finding.
    """
    verdicts = [
        judge_networks(part, pl.DataFrame({"network_id": list(key), "account_count": [12]}), ScoringSettings())
        for key, part in by_lot.group_by("network_id", maintain_order=True)
    ]
    combined = pl.concat([verdict.select("pooling_p", "extraction_p", "alert") for verdict in verdicts])
    for column in ("pooling_p", "extraction_p"):
        found = combined[column].to_numpy()
        for level in LEVELS:
            assert (found <= level).sum() <= most(len(found), min(1.0, ACAT * level)), (
                f"{column}: {np.mean(found <= level):.3f} at {level}"
            )
    assert combined["alert"].sum() == 0


def _table(judged: pl.DataFrame) -> list[tuple[str, int, list[float]]]:
    rows = []
    for name in TESTS:
        found = p_values(judged, name)
        rows.append(
            (name, len(found), [float(np.mean(found <= level)) if len(found) else float("nan") for level in LEVELS])
        )
    return rows


def _simulated(folder: Path, seed: int) -> NullWorld:
    """A simulated world of offices, classes, platforms and people, without any hydra."""
    simulate_world(folder / "world", "clean", seed=seed, split="tune", level="text")
    case = Case(folder / "case")
    logs, accounts = [str(folder / "world" / "logs")], folder / "world" / "accounts.csv"
    ingest(case, logs, accounts=accounts, mapping=None, format_name=None, keep_text=False, settings=IngestSettings())
    events, register = case.scan("events"), case.scan("register")
    described = describe_accounts(events, register, FeatureSettings()).collect()
    found = find_sightings(events, register, SightingSettings()).collect()
    return NullWorld(events, register, described.lazy(), found.lazy(), described["account_id"].to_list())


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_every_hallmark_is_calibrated_on_larger_worlds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All tests, on networks by lot and by product of three null worlds and by lot among simulated offices, classes and
    platforms; printed as a table.
    """
    parts: dict[str, list[pl.DataFrame]] = {"by lot": [], "by product": [], "dense": []}
    for seed in (21, 22, 23):
        world = make_null_world(6000, seed, a_day=3.0)
        parts["by lot"].append(judge(world, random_networks(world.names, 200, 24, np.random.default_rng(seed)), TESTS))
        parts["by product"].append(judge(world, product_networks(world.names, 200), TESTS))
    dense = _simulated(tmp_path, 31)
    parts["dense"].append(judge(dense, random_networks(dense.names, 200, 5, np.random.default_rng(31)), TESTS))
    wrong = []
    with capsys.disabled():
        print(f"\n{'networks':<11} {'hallmark':<22} {'n':>5}" + "".join(f"  p ≤ {level:<4}" for level in LEVELS))  # noqa: T201 - the table is the result
        for kind, judged in parts.items():
            for name, number, shares in _table(pl.concat(judged)):
                print(f"{kind:<11} {name:<22} {number:>5}" + "".join(f"  {share:8.3f}" for share in shares))  # noqa: T201
                skip = number == 0 or (kind == "by product" and name in SHARING)
                wrong += [
                    (kind, name, level, share)
                    for level, share in zip(LEVELS, shares, strict=True)
                    if not skip and share * number > most(number, level)
                ]
    assert not wrong
