"""Pools that leave a network: accounts that behave alike inside a larger one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forensics.linking.alike import OWN, OWN_SHARE, SMALL_FRAGMENT, durable, join, numbered, same, same_both
from forensics.linking.behaviour import AlikeTest, Manners
from forensics.linking.membership import ALONE

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Ints
    from forensics.common.settings import NetworkSettings
    from forensics.linking.alike import Groups
    from forensics.linking.incidence import Incidence


def split_alike(incidence: Incidence, shown: Groups, manners: Manners, labels: Ints, settings: NetworkSettings) -> Ints:
    """The labels, where accounts of a network that share an observable and behave alike, unlike the rest of it, are a
    network of their own.

    A pool among a reseller's honest customers, or behind an office's exit, shares with them what brought the network
    together. Where the rest behaves alike too, it is a pool itself: then the part is a generation of it and stays,
    unless the two behave differently and share no prompt, card or device of their own, as two operators behind the same
    exits or resellers of the same customers' requests do.
    Null: random groups of as many accounts of the same network; of all accounts, where the rest is a pool.
    """
    everybody = AlikeTest(manners, settings.seed)
    result = labels.copy()
    number = int(labels.max(initial=ALONE)) + 1
    lasting = durable(incidence)
    networks: dict[int, _Network] = {}
    found: dict[int, list[Ints]] = {}
    turns: dict[int, list[Ints]] = {}
    pools: list[Ints] = []
    sizes = np.bincount(labels[labels >= 0], minlength=number)
    for accounts, in_turn in shown:
        own = labels[accounts]
        inside = own[own >= 0]
        if len(inside) == 0:
            continue
        label = int(np.bincount(inside).argmax())
        part = accounts[own == label]
        if not (
            settings.alike_accounts <= len(part) <= settings.split_most * sizes[label]
            and len(part) >= settings.nest_share * len(accounts)
        ):
            continue
        if label not in networks:
            networks[label] = _look_at(incidence, manners, np.flatnonzero(labels == label), lasting, settings)
        network = networks[label]
        places = np.searchsorted(network.members, part)
        outside = np.ones(len(network.members), dtype=bool)
        outside[places] = False
        rest = np.flatnonzero(outside)
        if everybody.measure(network.members[rest]) <= np.log(settings.split_rest):
            alike = (
                everybody.measure(part) <= np.log(settings.split_rest)
                and everybody.deviation(part) >= settings.alike_deviations
            )
            if (
                (in_turn or alike)
                and network.kinship(places) < settings.split_kin
                and not same_both(manners, part, network.members[rest], settings)
            ):
                pools.append(part)
        elif (
            in_turn
            and len(part) * SMALL_FRAGMENT <= sizes[label]
            and not same(network.test.manners, places, rest, settings)
        ):
            turns.setdefault(label, []).append(places)
        elif (
            not in_turn
            and network.test.measure(places) <= np.log(settings.split_spread)
            and network.test.deviation(places) >= settings.alike_deviations
        ):
            found.setdefault(label, []).append(places)
    for label, network in sorted(networks.items()):
        for group in [*join(network.test, found.get(label, []), settings), *turns.get(label, [])]:
            if len(group) <= settings.split_most * len(network.members):
                result[network.members[group]] = number
                number += 1
    for group in join(everybody, pools, settings):
        fresh = group[result[group] == labels[group]]
        if len(fresh) >= settings.alike_accounts:
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
    place: Ints  # of the member, per entry
    value: Ints

    def kinship(self, places: Ints) -> float:
        """Share of the smaller part's accounts that show, as somebody of the other part does, a durable observable of
        the network's own.
        """
        chosen = np.zeros(len(self.members), dtype=bool)
        chosen[places] = True
        if 2 * len(places) > len(self.members):
            chosen = ~chosen
        inside = chosen[self.place]
        held = np.bincount(self.value, minlength=1)
        few = np.bincount(self.value[inside], minlength=len(held))
        common = (few > 0) & (few < held)
        return len(np.unique(self.place[inside & common[self.value]])) / max(int(chosen.sum()), 1)


def _look_at(
    incidence: Incidence, manners: Manners, members: Ints, durable: Bools, settings: NetworkSettings
) -> _Network:
    order, first, _ = incidence.by_account
    entries = np.concatenate([order[first[member] : first[member + 1]] for member in members])
    entries = entries[durable[incidence.value[entries]]]
    values, number, held = np.unique(incidence.value[entries], return_inverse=True, return_counts=True)
    own = (held >= OWN) & (held >= OWN_SHARE * incidence.holders[values])
    entries, number = entries[own[number]], (np.cumsum(own) - 1)[number[own[number]]]
    return _Network(
        members=members,
        test=AlikeTest(Manners(manners.table[members]), settings.seed),
        place=np.searchsorted(members, incidence.account[entries]),
        value=number,
    )
