"""What a kind of observable is: its line of evidence, and how its values add up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.plugins import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl


MAPPED = "mapped"  # group of every kind that no plugin brings: the user's own observables

# Kinds that come with public software or data sets: whoever installs the same framework or runs the same benchmark
# shows all of them together.
# They count as ONE line of evidence, whatever their group, or a popular framework (client + system prompt + tools)
# would corroborate itself.
STACK = "stack"

STACK_KINDS = frozenset({"client", "system", "tools", "params", "prompt"})

# Kinds whose values are met independently of each other, so that several of them on the same two accounts add up (as
# the root of the sum of squares).
# Of every other kind only the strongest counts: a carrier's exits, the shingles of one text or the items of one
# benchmark come in packs.
ADDING_KINDS = frozenset({"template", "reasoning", "continuation", "session", "payment"})

DURABLE_LINES = (
    "content",
    "money",
    "device",
    "provenance",
    "mapped",
)  # lines that survive a change of exits and clients

WEAK_KINDS = ("email_domain", "referrer", "reseller")  # shared by many customers of one provider

LEASED_KINDS = frozenset(
    {"address", "prefix"}
)  # pass from customer to customer: months apart, the same address says little

LEASE_DAYS = 7.0  # silence between two holders that halves what a leased observable says

# Coarse likeness that many strangers have too: looked at only where logs hold no content. Measured: it finds pools of
# which only parameters remain,
# and costs a few points of precision where templates would have said more.
FALLBACK_KINDS = frozenset({"profile"})

PACKED_KINDS = frozenset({"sketch"})  # values that are pieces of a trace and none by themselves


@cache
def kind_groups() -> Mapping[str, str]:
    """Group of each built-in kind of sighting."""
    return {
        plugin.kind: plugin.group
        for plugin in discover("forensics.describing.sightings").values()
        if isinstance(plugin, Sighting)
    }


def line_of(kind: str) -> str:
    """The independent line of evidence a kind counts in: its group, except that public software is one line."""
    return STACK if kind in STACK_KINDS else kind_groups().get(kind, MAPPED)


TOGETHER = "_together"  # kind of a co-action: the same mapped object within one stretch of time

STRONGEST, SQUARES, WHOLE = (
    1e9,
    2.0,
    1.0,
)  # norms by which the values of one kind are summed: the strongest only, root of squares, plain sum


def norm_of(kind: str) -> float:
    """How several shared values of a kind add up: co-actions in full (each is a meeting of its own), mapped observables
    as squares, packs not at all.
    """
    if kind.endswith(TOGETHER) and kind not in kind_groups():
        return WHOLE
    return SQUARES if kind in ADDING_KINDS or kind not in kind_groups() else STRONGEST


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
