"""The contract of a hallmark, and what a test may look at."""

from __future__ import annotations

import inspect
import sys
from dataclasses import KW_ONLY, dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from forensics.common.plugins import discover

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from forensics.common.settings import HallmarkSettings


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

    `accounts` is ACCOUNTS with the REGISTER beside it (`declared_…`), in an order of what they did, not of their names;
    the row number is the account's number everywhere else, `content` one number by what it did, of which draws are
    seeded. `outside` are accounts in no network, of a large log a sample (`outside_share` of them). `events` are the
    EVENTS of members and of `outside` with that number as `account`, `compared` those of tested members and of
    `outside`, `tested` those of tested members only, collected, in time order, times also as `at_s`. `sightings` are
    SIGHTINGS with `account`. `ties` has a row per network and observable that two or more members show: network_id,
    group, kind, value, inside (members), holders (all accounts), event_count (the members' events with it), own (most
    holders are members, and enough members hold it). `tied` has a row per member and kind of which it shows an `own`
    observable: network_id, account, group, kind, event_count of the most frequent. `signs` holds the HALLMARKS of
    pooling and extraction while explanations are tested. `births` (account, at_s, kind: first or woken) and `ends`
    (account, at_s, kind: banned, closed or silent) are in time order; see `lives`.
    """

    accounts: pl.DataFrame
    groups: tuple[Group, ...]
    outside: npt.NDArray[np.int64]
    outside_share: float
    events: pl.LazyFrame
    compared: pl.LazyFrame
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

    def ties_of(self, group: Group) -> pl.DataFrame:
        """Rows of `ties` of one network."""
        return self._ties.get(group.network_id, self.ties.clear())

    def tied_of(self, group: Group) -> pl.DataFrame:
        """Rows of `tied` of one network."""
        return self._tied.get(group.network_id, self.tied.clear())

    def signs_of(self, group: Group) -> pl.DataFrame:
        """Rows of `signs` of one network."""
        return self._signs.get(group.network_id, self.signs.clear())

    # Dealt once: there may be thousands of networks, each of which is asked of by dozens of tests.

    @cached_property
    def births_by_account(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows of `births` in order of account, and these accounts."""
        return _by_account(self.births)

    @cached_property
    def ends_by_account(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows of `ends` in order of account, and these accounts."""
        return _by_account(self.ends)

    @cached_property
    def _ties(self) -> dict[str, pl.DataFrame]:
        return _by_network(self.ties)

    @cached_property
    def _tied(self) -> dict[str, pl.DataFrame]:
        return _by_network(self.tied)

    @cached_property
    def _signs(self) -> dict[str, pl.DataFrame]:
        return _by_network(self.signs)


def _by_account(table: pl.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    account = table["account"].to_numpy().astype("int64")
    order = account.argsort(kind="stable")
    return order, account[order]


def _by_network(table: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = table.partition_by("network_id", as_dict=True, maintain_order=True)
    return {str(key[0]): part for key, part in parts.items()}


@dataclass(frozen=True)
class Hallmark:
    """A tested sign of one operator, of concealment or of extraction, or an innocent explanation.

    `role` is pooling, concealment, extraction or explanation; `channel` the independent line of evidence it counts in.
    `test(panel)` returns HALLMARKS rows, one per network.
    """

    name: str
    role: str
    channel: str
    title: str
    test: Callable[[Panel], pl.DataFrame]
    _: KW_ONLY
    nature: str = "dependence"  # dependence (only one hand leaves it), likeness, concealment, openness or content
    family: str = ""  # what is looked at, in a word that explanations name: births, turns, content …; else the channel
    weight: float = 1.0  # how much of its family's weight it brings where it holds
    passes: bool = False  # what it counts passes from one account to another: it tells of each if it takes part
    share_of_members: bool = False  # `observed` is a share of members: few members say little of the others
    alike: tuple[float, float] | None = None  # a place between separate customers and one queue: weights for, against
    phrase: str = ""  # the sign as a clause of a summary; empty: never there
    accounts_for: frozenset[str] = frozenset()  # explanations: families of signs that such customers leave themselves

    @property
    def looks_at(self) -> str:
        """The family of signs it belongs to."""
        return self.family or self.channel


# What tests look at: the words by which explanations name the signs that they would leave themselves.
FAMILIES = {
    "ages": "how long accounts lay still before use",
    "asked": "what requests ask for",
    "births": "accounts that come after others went",
    "breadth": "how few requests each account gives to one job",
    "checks": "the same tiny request on many accounts at once",
    "claims": "declared organisations, and whether members behave like their seats",
    "client": "programs, their versions and parameters",
    "compensation": "some carry more while others are out",
    "content": "prompts, templates and wording in common",
    "device": "devices and sessions in common",
    "exits": "where requests come from",
    "handover": "a stream goes on elsewhere after a refusal",
    "hours": "hours of the day",
    "items": "new items each time, or items repeated by others",
    "limits": "how near accounts come to their limits, alone and together",
    "mailboxes": "mail domains",
    "models": "models, and when they change",
    "narrowness": "how much of the traffic is one job",
    "order": "one list worked through in order",
    "payers": "who pays",
    "provenance": "conversations that go on under another account",
    "retries": "failed requests that come again from another account",
    "sizes": "sizes of requests",
    "starts": "new accounts that begin at the same moment",
    "topics": "the same batch or template in the same hours",
    "turns": "who works while others wait",
    "volume": "how much each account sends",
}

ROLES = ("pooling", "concealment", "extraction", "explanations")  # folders of tests


@cache
def find_hallmarks() -> dict[str, Hallmark]:
    """Every test there is, by name, in alphabetical order."""
    found = (discover(f"forensics.judging.{role}") for role in ROLES)
    return dict(
        sorted((name, plugin) for plugins in found for name, plugin in plugins.items() if isinstance(plugin, Hallmark))
    )


def explain_hallmarks() -> dict[str, str]:
    """What each test says of itself: the docstring of its module, so that page, screen and code cannot part."""
    return {
        name: inspect.cleandoc(sys.modules[plugin.test.__module__].__doc__ or "")
        for name, plugin in find_hallmarks().items()
    }
