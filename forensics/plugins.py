"""The contracts of plugins, and how they are found: one file in a family folder = one plugin named PLUGIN."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from forensics.config import FeatureSettings, HallmarkSettings


@dataclass(frozen=True)
class Format:
    """How one kind of log is read.

    A record is a JSON object, a CSV or Parquet row, or a line that `pattern` takes apart. `fields` says which of its names carry
    which canonical column (or raw field of fields.py): dotted paths, the first that says something wins. `read` replaces `fields` where a
    record needs logic: it turns one decoded record into such fields (none: not a request, passed over; ValueError: rejected for that reason).
    `unwrap` finds the records inside a decoded line where they are nested deeper than in an array or under one key.

    `marks` are the names by which the format is recognised: all must be there, `a|b` is either. `samples` are lines in this format,
    `broken` lines that must be rejected. `refuse` says why a recognised format is no request log.
    """

    name: str
    title: str
    reference: str
    samples: tuple[str, ...]
    marks: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None
    unwrap: Callable[[Any], list[Any] | None] | None = None
    pattern: str = ""
    broken: tuple[str, ...] = ()
    refuse: str = ""
    by_alias: bool = False  # names not in `fields` are looked up among the aliases of fields.py
    time_unit: str | None = None


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
class Group:
    """One network as the hallmarks see it; accounts are row numbers of `Panel.accounts`.

    `tested` is all members, or a seeded sample of a large network. `matched` and `peers` hold one pseudo-group
    a row, as many accounts as `tested`: `matched` alike in requests, `peers` alike only in lifetime.
    Both come from accounts outside every network; they have no rows where too few exist.
    """

    network_id: str
    members: npt.NDArray[np.int64]
    tested: npt.NDArray[np.int64]
    matched: npt.NDArray[np.int64]
    peers: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """What a hallmark may look at, for all networks of a run at once.

    `accounts` is ACCOUNTS with the REGISTER beside it (`declared_…`), sorted by account_id; the row number is the
    account's number everywhere else. `events` are all EVENTS with that number as `account`; `tested` those of tested
    accounts only, collected, in time order, times also as `at_s`. `sightings` are SIGHTINGS with `account`. `outside` are accounts in no network.
    `ties` has a row per network and observable that two or more members show: network_id, group, kind, value, inside (members),
    holders (all accounts), event_count (the members' events with it), own (most holders are members, and enough members hold it).
    `tied` has a row per member and kind of which it shows an `own` observable: network_id, account, group, kind, event_count of the
    most frequent. `signs` holds the HALLMARKS of pooling and extraction while explanations are tested.
    `births` (account, at_s, kind: first or woken) and `ends` (account, at_s, kind: banned, closed or silent) are in time order; see `lives`.
    """

    accounts: pl.DataFrame
    groups: tuple[Group, ...]
    outside: npt.NDArray[np.int64]
    events: pl.LazyFrame
    tested: pl.DataFrame
    sightings: pl.LazyFrame
    ties: pl.DataFrame
    tied: pl.DataFrame
    signs: pl.DataFrame
    births: pl.DataFrame
    ends: pl.DataFrame
    start_s: float
    end_s: float
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
