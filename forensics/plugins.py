"""The contracts of plugins, and how they are found: one file in a family folder = one plugin named PLUGIN."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from forensics.config import FeatureSettings, HallmarkSettings


@dataclass(frozen=True)
class Feature:
    """A family of per-account numbers.

    `describe(events, settings)` returns one row an account with some columns of ACCOUNTS.
    """

    name: str
    describe: Callable[[pl.LazyFrame, FeatureSettings], pl.LazyFrame]


@dataclass(frozen=True)
class Sighting:
    """A kind of observable that two accounts can share.

    `group` names the independent group of kinds it counts in: network, client, content, money, device,
    provenance, timing or mapped. `find(events, register)` returns SIGHTINGS rows.
    """

    kind: str
    group: str
    title: str
    find: Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]


@dataclass(frozen=True)
class Panel:
    """What a hallmark may look at, for all networks of a run at once.

    `members` has network_id, account_id, membership. `draws` has network_id, draw, account_id: pseudo-groups
    of accounts outside every network where enough exist, matched to the members on activity. `accounts` is ACCOUNTS joined with REGISTER.
    `events` holds the events of members and drawn accounts only, sorted by account_id, started_at; `sightings` all SIGHTINGS.
    `now_at` is the last event of the case; `window` its first and last event.
    """

    members: pl.DataFrame
    draws: pl.DataFrame
    accounts: pl.DataFrame
    events: pl.LazyFrame
    sightings: pl.LazyFrame
    settings: HallmarkSettings


@dataclass(frozen=True)
class Hallmark:
    """A tested sign of one operator or of extraction, or an innocent explanation.

    `role` is pooling, extraction or explanation; `channel` the independent line of evidence it counts in.
    `test(panel)` returns HALLMARKS rows, one per network.
    """

    name: str
    role: str
    channel: str
    title: str
    test: Callable[[Panel], pl.DataFrame]


def discover(package: str) -> dict[str, Any]:
    """Every module of `package` that has a PLUGIN, by module name in alphabetical order."""
    home = importlib.import_module(package)
    found: dict[str, Any] = {}
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda item: item.name):
        plugin = getattr(importlib.import_module(f"{package}.{module.name}"), "PLUGIN", None)
        if plugin is not None:
            found[module.name] = plugin
    return found
