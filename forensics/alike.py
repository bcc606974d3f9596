"""Networks of accounts that share one observable and behave alike: what pairs cannot show, because each pair has one line of evidence only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forensics.manners import AlikeTest, Manners, manner_bits
from forensics.membership import ALONE
from forensics.observables import DURABLE_LINES, WEAK_KINDS, kind_groups, renumber
from forensics.statistics import rare_deviation

if TYPE_CHECKING:
    from forensics.config import NetworkSettings
    from forensics.observables import Bools, Floats, Incidence, Ints

    Groups = list[tuple[Ints, bool]]  # accounts that show one observable, and whether it is that they take turns

SMALL_FRAGMENT = 4  # times smaller than the group: of such a network fewer members need to show the observable
COUPLED = frozenset({"rotation", "baton"})  # of the timing kinds those that likeness alone does not bring
OWN, OWN_SHARE = 3, 0.5  # members that show an observable, and share of all who do, from which it is the network's
MOST_BATCHED = 500  # accounts that show an observable, above which it is among the most widespread anyhow
ROUNDS = 12


def find_alike(shown: Groups, manners: Manners, labels: Ints, settings: NetworkSettings) -> Ints:
    """The labels, with new networks of accounts that are in none, share an observable and behave alike; overlapping ones are one.

    Networks that lie in the holders of such an observable are fragments and go into the new one.
    Null: random groups of as many accounts, the same for every observable; the deviation asked for covers the number of observables looked at.
    """
    test = AlikeTest(manners, settings.seed)
    sizes = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=ALONE)) + 1)
    coupled, groups = [], []
    for accounts, in_turn in shown:
        free = _free(accounts, labels, sizes, settings)
        if len(free) < max(settings.alike_accounts, len(accounts) / 2):
            continue
        if in_turn:
            coupled.append(free)
        elif _alike(test, free, settings):
            free = _drop_strange(manners, free, labels, settings)
            # An observable that strangers show too holds many that are in no network and behave like anybody.
            alone = free[labels[free] < 0]
            if _belonging(manner_bits(manners, free, alone, settings.manner_bits)).sum() >= settings.alike_fitting * len(alone):
                groups.append(free)
    result = labels.copy()
    number = int(labels.max(initial=ALONE)) + 1
    joined = [group[_belonging(manner_bits(manners, group, group, settings.manner_bits))] for group in _join(test, groups, settings)]
    for group in [*joined, *_unite(coupled)]:
        if len(group) >= settings.alike_accounts:
            result[group] = number
            number += 1
    return _numbered(result)


def _unite(groups: list[Ints]) -> list[Ints]:
    """Groups that have half of the smaller in common, united: who takes turns and who hands on to each other may be the same queue."""
    united: list[Ints] = []
    for group in sorted(groups, key=lambda accounts: (-len(accounts), accounts.tolist())):
        for place, other in enumerate(united):
            if 2 * len(np.intersect1d(group, other, assume_unique=True)) >= len(group):
                united[place] = np.union1d(other, group)
                break
        else:
            united.append(group)
    return united


def _belonging(bits: Floats) -> Bools:
    """Which accounts are rather of the group than strangers who hold the same: the share of strangers is told by all bits together (EM)."""
    odds = 0.0
    for _ in range(ROUNDS):
        share = float(np.mean(1.0 / (1.0 + 2.0 ** -(bits + odds)))) if len(bits) else 0.5
        odds = float(np.log2(np.clip(share, 0.01, 0.99) / np.clip(1.0 - share, 0.01, 0.99)))
    own: Bools = bits + odds >= 0
    return own


def _free(accounts: Ints, labels: Ints, sizes: Ints, settings: NetworkSettings) -> Ints:
    """Of these accounts those in no network, and the networks that lie among them; none if they are one network already."""
    own = labels[accounts]
    if len(sizes) == 0 or not (own >= 0).any():
        return accounts
    inside = np.bincount(own[own >= 0], minlength=len(sizes))
    if inside.max() >= settings.nest_share * len(accounts):
        return accounts[:0]
    small = sizes * SMALL_FRAGMENT <= len(accounts)
    whole = (inside > 0) & (inside >= np.where(small, settings.nest_share / 2, settings.nest_share) * sizes)
    # Several large networks that share an observable are no fragments of one.
    large = whole & ~small
    if large.sum() > 1:
        whole &= small
    fragments = np.flatnonzero((labels >= 0) & whole[np.maximum(labels, 0)])
    return np.union1d(accounts[own < 0], fragments)


def _drop_strange(manners: Manners, group: Ints, labels: Ints, settings: NetworkSettings) -> Ints:
    """The group without the networks in it that behave otherwise than its largest part does."""
    own = labels[group]
    parts = {int(number): group[own == number] for number in np.unique(own)}
    largest = max(parts, key=lambda number: (len(parts[number]), -number))
    kept = [part for number, part in parts.items() if number in (ALONE, largest) or _same(manners, parts[largest], part, settings)]
    return np.sort(np.concatenate(kept))


def split_alike(incidence: Incidence, shown: Groups, manners: Manners, labels: Ints, settings: NetworkSettings) -> Ints:
    """The labels, where accounts of a network that share an observable and behave alike, unlike the rest of it, are a network of their own.

    A pool among a reseller's honest customers, or behind an office's exit, shares with them what brought the network together. Where the rest behaves
    alike too, it is a pool itself: then the part is a generation of it and stays, unless the two behave differently and share no prompt, card or
    device of their own, as two operators behind the same exits or resellers of the same customers' requests do.
    Null: random groups of as many accounts of the same network; of all accounts, where the rest is a pool.
    """
    everybody = AlikeTest(manners, settings.seed)
    result = labels.copy()
    number = int(labels.max(initial=ALONE)) + 1
    durable = _durable(incidence)
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
        if not (settings.alike_accounts <= len(part) <= settings.split_most * sizes[label] and len(part) >= settings.nest_share * len(accounts)):
            continue
        if label not in networks:
            networks[label] = _look_at(incidence, manners, np.flatnonzero(labels == label), durable, settings)
        network = networks[label]
        places = np.searchsorted(network.members, part)
        outside = np.ones(len(network.members), dtype=bool)
        outside[places] = False
        rest = np.flatnonzero(outside)
        if everybody.measure(network.members[rest]) <= np.log(settings.split_rest):
            alike = everybody.measure(part) <= np.log(settings.split_rest) and everybody.deviation(part) >= settings.alike_deviations
            if (in_turn or alike) and network.kinship(places) < settings.split_kin and not _same_both(manners, part, network.members[rest], settings):
                pools.append(part)
        elif in_turn and len(part) * SMALL_FRAGMENT <= sizes[label] and not _same(network.test.manners, places, rest, settings):
            turns.setdefault(label, []).append(places)
        elif not in_turn and network.test.measure(places) <= np.log(settings.split_spread) and network.test.deviation(places) >= settings.alike_deviations:
            found.setdefault(label, []).append(places)
    for label, network in sorted(networks.items()):
        for group in [*_join(network.test, found.get(label, []), settings), *turns.get(label, [])]:
            if len(group) <= settings.split_most * len(network.members):
                result[network.members[group]] = number
                number += 1
    for group in _join(everybody, pools, settings):
        fresh = group[result[group] == labels[group]]
        if len(fresh) >= settings.alike_accounts:
            result[fresh] = number
            number += 1
    return _numbered(result)


@dataclass(frozen=True)
class _Network:
    """A network that may be two: its members, how they behave, and which durable observables are its own (one entry an account and observable)."""

    members: Ints
    test: AlikeTest
    place: Ints  # of the member, per entry
    value: Ints

    def kinship(self, places: Ints) -> float:
        """Share of the smaller part's accounts that show, as somebody of the other part does, a durable observable of the network's own."""
        chosen = np.zeros(len(self.members), dtype=bool)
        chosen[places] = True
        if 2 * len(places) > len(self.members):
            chosen = ~chosen
        inside = chosen[self.place]
        held = np.bincount(self.value, minlength=1)
        few = np.bincount(self.value[inside], minlength=len(held))
        common = (few > 0) & (few < held)
        return len(np.unique(self.place[inside & common[self.value]])) / max(int(chosen.sum()), 1)


def _look_at(incidence: Incidence, manners: Manners, members: Ints, durable: Bools, settings: NetworkSettings) -> _Network:
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


def _durable(incidence: Incidence) -> Bools:
    """Which values survive a change of exits and clients, and are whole traces."""
    kinds = zip(incidence.kinds, incidence.line_of_kind, strict=True)
    lasting = np.array([incidence.lines[line] in DURABLE_LINES and kind not in WEAK_KINDS for kind, line in kinds], dtype=bool)
    values: Bools = lasting[incidence.kind_of_value] & ~incidence.packed
    return values


def _same_both(manners: Manners, one: Ints, other: Ints, settings: NetworkSettings) -> bool:
    return _same(manners, one, other, settings) and _same(manners, other, one, settings)


def taking_turns(incidence: Incidence, labels: Ints) -> Bools:
    """Accounts that take turns with others, most of whom are in the same network as they."""
    coupled = np.flatnonzero(np.array([kind in COUPLED for kind in incidence.kinds], dtype=bool)[incidence.kind_of_value])
    found = np.zeros(incidence.account_count, dtype=bool)
    for value in coupled:
        accounts = incidence.account[incidence.starts[value] : incidence.starts[value + 1]]
        networks = labels[accounts][labels[accounts] >= 0]
        if 2 * len(networks) > len(accounts):
            network = np.bincount(networks).argmax()
            if 2 * (networks == network).sum() > len(accounts):
                found[accounts[labels[accounts] == network]] = True
    return found


def _numbered(labels: Ints) -> Ints:
    inside = labels >= 0
    labels[inside] = renumber(labels[inside])
    return labels


def find_groups(incidence: Incidence, manners: Manners, settings: NetworkSettings) -> Groups:
    """Accounts of each observable that could be a network's only one, those of most holders first; and whether it is that they take turns.

    Who takes turns is of one queue, alike or not: nobody gets into step by sharing a place or a tool. Beyond the most widespread observables only
    those are looked at whose holders are alike beyond what so many observables bring by accident.
    """
    groups = kind_groups()
    timing = np.array([groups.get(kind) == "timing" and kind not in COUPLED for kind in incidence.kinds], dtype=bool)[incidence.kind_of_value]
    holders = incidence.holders
    fewest = np.where(incidence.packed, settings.alike_pieces, settings.alike_accounts)
    values = np.flatnonzero((holders >= fewest) & (holders <= settings.alike_most * incidence.account_count) & ~timing)
    order = values[np.lexsort((values, -holders[values]))]
    coupled = np.array([kind in COUPLED for kind in incidence.kinds], dtype=bool)[incidence.kind_of_value]
    first, others = order[: settings.alike_values], order[settings.alike_values :]
    chosen = np.concatenate([first, others[coupled[others] | _narrow(incidence, manners, others, settings)]])
    return [(incidence.account[incidence.starts[value] : incidence.starts[value + 1]], bool(coupled[value])) for value in chosen]


def _narrow(incidence: Incidence, manners: Manners, values: Ints, settings: NetworkSettings) -> Bools:
    """Which of these observables have holders so alike that no more than one in twenty logs brings one by accident."""
    found = np.zeros(len(values), dtype=bool)
    if len(values) == 0:
        return found
    test = AlikeTest(manners, settings.seed)
    needed = max(settings.alike_deviations, rare_deviation(0.05 / len(values)))
    sizes = incidence.holders[values]
    for size in np.unique(sizes):
        places = np.flatnonzero(sizes == size)
        if size > MOST_BATCHED:
            continue
        accounts = incidence.account[incidence.starts[values[places]][:, None] + np.arange(size)]
        spread, deviation = test.measure_many(accounts)
        found[places] = (spread <= np.log(settings.alike_spread)) & (deviation >= needed)
    return found


def _alike(test: AlikeTest, group: Ints, settings: NetworkSettings) -> bool:
    spread, deviation = test.measure(group), test.deviation(group)
    narrow = spread <= np.log(settings.alike_spread) and deviation >= settings.alike_deviations
    return bool(narrow or (spread <= np.log(settings.alike_wide) and deviation >= settings.alike_clear))


def _same(manners: Manners, one: Ints, other: Ints, settings: NetworkSettings) -> bool:
    """Whether accounts of the other group behave like the one's own, as far as its own do."""
    own, others = (float(np.median(manner_bits(manners, one, group, settings.manner_bits))) for group in (one, other))
    return others >= own / 2


def _join(test: AlikeTest, groups: list[Ints], settings: NetworkSettings) -> list[Ints]:
    """Groups that overlap, joined where they are alike together too; each account in one group, the largest first."""
    joined: list[Ints] = []
    for group in sorted(groups, key=lambda accounts: (-len(accounts), accounts.tolist())):
        for place, other in enumerate(joined):
            common = len(np.intersect1d(group, other, assume_unique=True))
            together = np.union1d(group, other)
            if common >= settings.alike_overlap * len(group) and _alike(test, together, settings) and _same(test.manners, other, group, settings):
                joined[place] = together
                break
        else:
            taken = np.concatenate(joined) if joined else np.empty(0, dtype=np.int64)
            fresh = np.setdiff1d(group, taken)
            if len(fresh) >= settings.alike_accounts and _alike(test, fresh, settings):
                joined.append(fresh)
    return joined
