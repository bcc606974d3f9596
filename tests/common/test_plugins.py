"""One conformance test for every plugin: it says what it sees and what it cannot, and keeps its family's contract."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from made_case import made_case
from polars.testing import assert_frame_equal

from forensics.common.plugins import discover
from forensics.common.schema import ACCOUNTS, EVENTS, HALLMARKS, REGISTER, SIGHTINGS
from forensics.common.settings import FeatureSettings, HallmarkSettings
from forensics.describing.features import describe_accounts
from forensics.describing.sightings.counting import TALLIES
from forensics.judging.hallmark import FAMILIES, Hallmark, explain_hallmarks, find_hallmarks
from forensics.judging.testing import test_networks as run_hallmarks

if TYPE_CHECKING:
    from forensics.common.kinds import Kind
    from forensics.describing.feature import Feature

PACKAGE = Path(inspect.getfile(importlib.import_module("forensics"))).parent
GROUPS = {"network", "client", "content", "money", "device", "provenance", "timing", "passing", "mapped"}
ROLES = {"pooling", "concealment", "extraction", "explanation"}
NATURES = {"dependence", "likeness", "concealment", "openness", "content"}
LONGEST = 340  # lines of 120 columns; most have under 150

SIGHTING_PLUGINS: dict[str, Kind] = discover("forensics.describing.sightings")
HALLMARK_PLUGINS: dict[str, Hallmark] = find_hallmarks()
FEATURE_PLUGINS: dict[str, Feature] = discover("forensics.describing.features")
EVERY = [
    (family, name, plugin)
    for family, found in (
        ("sightings", SIGHTING_PLUGINS),
        ("hallmarks", HALLMARK_PLUGINS),
        ("features", FEATURE_PLUGINS),
    )
    for name, plugin in found.items()
]
CASE = made_case()


def test_families_are_found() -> None:
    """Every file of a family that defines a plugin is found by its name alone."""
    assert len(SIGHTING_PLUGINS) >= 8
    assert len(HALLMARK_PLUGINS) >= 10
    assert len(FEATURE_PLUGINS) >= 5


@pytest.mark.parametrize(("family", "name", "plugin"), EVERY, ids=[f"{family}-{name}" for family, name, _ in EVERY])
def test_plugin_says_what_it_sees(family: str, name: str, plugin: Any) -> None:  # noqa: ANN401 - any family
    """A plugin's file opens with a claim; sightings and hallmarks say what they are blind to, hallmarks their null
    model.
    """
    tells = next(getattr(plugin, what) for what in ("test", "find", "describe") if hasattr(plugin, what))
    module = sys.modules[tells.__module__]
    text = inspect.cleandoc(module.__doc__ or "")
    first = text.split("\n\n")[0]
    assert first.endswith((".", ":")), f"{name}: it opens with a sentence"
    if family in {"sightings", "hallmarks"}:
        assert "Blind to:" in text, f"{name} does not say what it is blind to"
    if isinstance(plugin, Hallmark) and plugin.role != "explanation":
        assert "Null model:" in text, f"{name} does not state its null model"
    lines = Path(inspect.getfile(module)).read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST, f"{name} has {lines} lines; a plugin has at most {LONGEST}"


def test_readers_are_told_in_their_own_words() -> None:
    """What `show --how` prints names no page that ships with nothing."""
    for name, text in explain_hallmarks().items():
        assert not re.search(r"\b(methods|threat) [A-Z]\d", text), name


def test_names_are_unique() -> None:
    """No two sightings share a kind, no two hallmarks a name; a hallmark is called what its file is called."""
    kinds = [plugin.name for plugin in SIGHTING_PLUGINS.values()]
    assert len(kinds) == len(set(kinds))
    assert {plugin.group for plugin in SIGHTING_PLUGINS.values()} <= GROUPS
    assert {name: plugin.name for name, plugin in HALLMARK_PLUGINS.items()} == {name: name for name in HALLMARK_PLUGINS}
    assert {plugin.role for plugin in HALLMARK_PLUGINS.values()} == ROLES


@pytest.mark.parametrize("name", HALLMARK_PLUGINS)
def test_hallmark_says_what_it_is(name: str) -> None:
    """Its family is a word that explanations know, its nature goes with its role, and an explanation accounts for some
    family.
    """
    plugin = HALLMARK_PLUGINS[name]
    assert plugin.accounts_for <= set(FAMILIES)
    assert (plugin.role == "explanation") == bool(plugin.accounts_for)
    if plugin.role != "explanation":
        assert plugin.looks_at in FAMILIES
        assert plugin.nature in NATURES
        assert (plugin.role == "pooling") == (plugin.nature in {"dependence", "likeness"})
        assert (plugin.role == "concealment") == (plugin.nature in {"concealment", "openness"})
    assert 0 < plugin.weight <= 1
    assert plugin.alike is None or plugin.nature == "likeness"


@pytest.mark.parametrize("name", SIGHTING_PLUGINS)
def test_sighting_keeps_its_contract(name: str) -> None:
    """A sighting hands out tallies (or, looking at all accounts, SIGHTINGS) of its own kind, each account and value once,
    and nothing where the logs have nothing.
    """
    plugin = SIGHTING_PLUGINS[name]
    assert plugin.find
    found = plugin.find(CASE.scan("events"), CASE.scan("register")).collect()
    assert found.schema == (SIGHTINGS.schema if plugin.whole else TALLIES)
    assert set(found.get_column("kind")) <= {plugin.name}
    value = "value" if plugin.whole else pl.coalesce("value", pl.col("number").cast(pl.String)).alias("value")
    found = found.select("account_id", "kind", value)
    assert found.get_column("value").null_count() == 0
    assert found.is_unique().all()
    bare = CASE.tables["events"].select(
        pl.col(column) if EVENTS.columns[column].required else pl.lit(None, EVENTS.columns[column].dtype).alias(column)
        for column in EVENTS.columns
    )
    nothing = plugin.find(bare.lazy(), REGISTER.empty().lazy()).collect()
    assert nothing.is_empty() or plugin.group == "timing", "fields that no log has give no row"
    assert plugin.find(EVENTS.empty().lazy(), REGISTER.empty().lazy()).collect().is_empty()


@pytest.mark.parametrize("name", FEATURE_PLUGINS)
def test_feature_keeps_its_contract(name: str) -> None:
    """A feature gives one row an account and only columns that ACCOUNTS declares."""
    found = FEATURE_PLUGINS[name].describe(CASE.scan("events"), FeatureSettings()).collect()
    assert found.get_column("account_id").is_unique().all()
    assert set(found.columns) <= set(ACCOUNTS.columns)
    assert found.height == CASE.tables["events"].get_column("account_id").n_unique()


@pytest.fixture(scope="module")
def tested() -> pl.DataFrame:
    """HALLMARKS of the made case: a hydra of 60, an office of 24, 240 others."""
    return _test()


def _test() -> pl.DataFrame:
    accounts = describe_accounts(CASE.scan("events"), CASE.scan("register"), FeatureSettings())
    tables = (CASE.scan("members"), CASE.scan("events"), accounts, CASE.scan("register"), CASE.scan("sightings"))
    return run_hallmarks(*tables, HallmarkSettings(draws=99, permutations=99)).collect()


@pytest.mark.parametrize("name", HALLMARK_PLUGINS)
def test_hallmark_keeps_its_contract(name: str, tested: pl.DataFrame) -> None:
    """A hallmark answers for every network: with numbers and a sentence, or with the reason why it cannot."""
    rows = tested.filter(pl.col("name") == name)
    assert sorted(rows.get_column("network_id")) == sorted(CASE.tables["networks"].get_column("network_id"))
    for row in rows.iter_rows(named=True):
        if not row["assessable"]:
            assert row["reason"], f"{name}: not assessable, but no reason"
            assert not row["holds"]
            continue
        assert row["sentence"], f"{name}: no sentence"
        assert row["sentence"].rstrip().endswith("."), row["sentence"]
        if row["role"] == "explanation":
            assert 0 <= row["fit"] <= 1
        elif row["role"] != "concealment":  # some of these are held against declared organisations, if there are any
            assert 0 <= row["p_value"] <= 1
        if row["role"] != "explanation":
            assert row["measure"]
            assert row["observed"] is not None


def test_hallmarks_are_deterministic(tested: pl.DataFrame) -> None:
    """The same tables give the same answers, to the last digit."""
    assert_frame_equal(_test(), tested)
    assert tested.schema == HALLMARKS.schema
