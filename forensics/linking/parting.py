"""Pools that leave a network: accounts that behave alike inside a larger one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from forensics.linking.alike import (
    ALIKE_ACCOUNTS,
    DEVIATIONS,
    OWN,
    OWN_SHARE,
    SMALL_FRAGMENT,
    WITHIN,
    durable,
    join,
    numbered,
    same,
    same_both,
)
from forensics.linking.behaviour import AlikeTest, Manners
from forensics.linking.graphs import spread
from forensics.linking.membership import ALONE

if TYPE_CHECKING:
    from forensics.common.arrays import Ints
    from forensics.linking.alike import Groups
    from forensics.linking.incidence import Incidence


SPLIT_MOST = 0.6  # largest part of a network that may leave it as one of its own
SPLIT_SPREAD = 0.4  # of the spread of the rest's manners, that of such a part
SPLIT_REST = 0.5  # of the spread of others, that of the rest, up to which it is a pool itself and keeps its parts
SPLIT_KIN = 0.5  # of a part's accounts that share something lasting of their own with the rest: from here it stays


def split_alike(incidence: Incidence, shown: Groups, manners: Manners, labels: Ints, seed: int) -> Ints:
    """The labels, where accounts of a network that share an observable and behave alike, unlike the rest of it, are a
    network of their own.

    A pool among a reseller's honest customers, or behind an office's exit, shares with them what brought the network
    together. Where the rest behaves alike too, it is a pool itself: then the part is a generation of it and stays,
    unless the two behave differently and share no prompt, card or device of their own, as two operators behind the same
    exits or resellers of the same customers' requests do.
    Null: random groups of as many accounts of the same network; of all accounts, where the rest is a pool.
    """
    parting = _Parting(incidence, manners, labels, seed)
    for accounts, in_turn in shown:
        parting.look(accounts, in_turn=in_turn)
    return parting.result()


class _Parting:
    """Which parts of networks leave them: looked at one observable after the other, decided together."""

    def __init__(self, incidence: Incidence, manners: Manners, labels: Ints, seed: int) -> None:
        """Nothing seen yet."""
        self.incidence, self.manners, self.labels, self.seed = incidence, manners, labels, seed
        self.everybody = AlikeTest(manners, seed)
        self.sizes = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=ALONE)) + 1)
        self.networks: dict[int, _Network] = {}
        self.alike: dict[int, list[Ints]] = {}  # by network: places of parts unlike its rest
        self.turns: dict[int, list[Ints]] = {}
        self.pools: list[Ints] = []  # parts of pools

    def look(self, accounts: Ints, *, in_turn: bool) -> None:
        """Note the part of a network that shows an observable, if it should leave."""
        own = self.labels[accounts]
        inside = own[own >= 0]
        if len(inside) == 0:
            return
        label = int(np.bincount(inside).argmax())
        part = accounts[own == label]
        if not (ALIKE_ACCOUNTS <= len(part) <= SPLIT_MOST * self.sizes[label] and len(part) >= WITHIN * len(accounts)):
            return
        if label not in self.networks:
            members = np.flatnonzero(self.labels == label)
            self.networks[label] = _look_at(self.incidence, self.manners, members, self.seed)
        network = self.networks[label]
        places = np.searchsorted(network.members, part)
        outside = np.ones(len(network.members), dtype=bool)
        outside[places] = False
        rest = np.flatnonzero(outside)
        if self.everybody.measure(network.members[rest]) <= np.log(SPLIT_REST):
            if self._another_pool(network, part, places, rest, in_turn=in_turn):
                self.pools.append(part)
        elif in_turn:
            small = len(part) * SMALL_FRAGMENT <= self.sizes[label]
            if small and not same(network.test.manners, places, rest):
                self.turns.setdefault(label, []).append(places)
        elif network.test.measure(places) <= np.log(SPLIT_SPREAD) and network.test.deviation(places) >= DEVIATIONS:
            self.alike.setdefault(label, []).append(places)

    def _another_pool(self, network: _Network, part: Ints, places: Ints, rest: Ints, *, in_turn: bool) -> bool:
        """Whether a part of a pool is another pool."""
        alike = in_turn or (
            self.everybody.measure(part) <= np.log(SPLIT_REST) and self.everybody.deviation(part) >= DEVIATIONS
        )
        return (
            alike and network.kinship(places) < SPLIT_KIN and not same_both(self.manners, part, network.members[rest])
        )

    def result(self) -> Ints:
        """The labels with the parts numbered anew."""
        result = self.labels.copy()
        number = len(self.sizes)
        for label, network in sorted(self.networks.items()):
            for group in [*join(network.test, self.alike.get(label, [])), *self.turns.get(label, [])]:
                if len(group) <= SPLIT_MOST * len(network.members):
                    result[network.members[group]] = number
                    number += 1
        for group in join(self.everybody, self.pools):
            fresh = group[result[group] == self.labels[group]]
            if len(fresh) >= ALIKE_ACCOUNTS:
                result[fresh] = number
                number += 1
        return numbered(result)


@dataclass(frozen=True)
class _Network:
    """A network that may be two: its members, how they behave, and which durable observables are its own (one entry an
    account and observable).
    """

    members: Ints
    test: AlikeTest
    place: Ints  # of the member, per entry, in order
    value: Ints

    @cached_property
    def starts(self) -> Ints:
        """Where each member's entries begin, and the end."""
        return np.searchsorted(self.place, np.arange(len(self.members) + 1)).astype(np.int64)

    @cached_property
    def held(self) -> Ints:
        """Entries of each observable."""
        return np.bincount(self.value, minlength=1)

    def kinship(self, places: Ints) -> float:
        """Share of the smaller part's accounts that show, as somebody of the other part does, a durable observable of
        the network's own.
        """
        chosen = np.unique(places)
        if 2 * len(chosen) > len(self.members):
            chosen = np.setdiff1d(np.arange(len(self.members)), chosen)
        run, entry = spread(self.starts[chosen], np.diff(self.starts)[chosen])
        value = self.value[entry]
        few = np.bincount(value, minlength=len(self.held))
        akin = np.unique(run[few[value] < self.held[value]])
        return len(akin) / max(len(chosen), 1)


def _look_at(incidence: Incidence, manners: Manners, members: Ints, seed: int) -> _Network:
    order, first, _ = incidence.by_account
    entries = np.concatenate([order[first[member] : first[member + 1]] for member in members])
    entries = entries[durable(incidence)[incidence.value[entries]]]
    values, number, held = np.unique(incidence.value[entries], return_inverse=True, return_counts=True)
    own = (held >= OWN) & (held >= OWN_SHARE * incidence.holders[values])
    entries, number = entries[own[number]], (np.cumsum(own) - 1)[number[own[number]]]
    return _Network(
        members=members,
        test=AlikeTest(Manners(manners.table[members]), seed),
        place=np.searchsorted(members, incidence.account[entries]),
        value=number,
    )
