"""Networks of accounts that share one observable and behave alike: what pairs cannot show, because each pair has one
line of evidence only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.graphs import renumber
from forensics.common.statistics import rare_deviation
from forensics.describing.sightings import kind_of
from forensics.linking.behaviour import AlikeTest, Manners, manner_bits
from forensics.linking.membership import ALONE

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.linking.incidence import Incidence

    Groups = list[tuple[Ints, bool]]  # accounts that show one observable, and whether it is that they take turns


SMALL_FRAGMENT = 4  # times smaller than the group: of such a network fewer members need to show the observable


OWN, OWN_SHARE = 3, 0.5  # members that show an observable, and share of all who do, from which it is the network's

MOST_BATCHED = 500  # accounts that show an observable, above which it is among the most widespread anyhow

ROUNDS = 12

ALIKE_ACCOUNTS, PIECE_ACCOUNTS = 5, 12  # smallest such network; where the observable is a mere piece of a text
LOOKED_AT = 5000  # most widespread observables, all looked at; of rarer ones those whose holders are alike
PUBLIC = 1 / 16  # of all accounts, above which a program is anybody's and its users are alike by it
EVERYBODY = 0.8  # of all accounts, above which holders of an observable are the service's customers
SPREAD, PUBLIC_SPREAD = 0.6, 0.4  # most spread of manners, of that of others; the same of groups that are PUBLIC
DEVIATIONS = 4.5  # standard deviations below random groups of the size
OVERLAP = 0.1  # accounts in common at which two such networks are one
WITHIN = 0.8  # of an observable's holders that must be in a network


def find_alike(shown: Groups, manners: Manners, labels: Ints, seed: int) -> Ints:
    """The labels, with new networks of accounts that are in none, share an observable and behave alike; overlapping
    ones are one.

    Networks that lie among accounts that take turns are fragments and go into the new one; likeness joins none.
    Null: random groups of as many accounts, the same for every observable; the deviation asked for covers the number of
          observables looked at.
    """
    test = AlikeTest(manners, seed)
    sizes = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=ALONE)) + 1)
    coupled, groups = [], []
    for accounts, in_turn in shown:
        free = _free(accounts, labels, sizes) if in_turn else accounts[labels[accounts] < 0]
        if len(free) < max(ALIKE_ACCOUNTS, len(accounts) / 2):
            continue
        if in_turn:
            coupled.append(free)
        elif _alike(test, free):
            groups.append(free)
    result = labels.copy()
    number = int(labels.max(initial=ALONE)) + 1
    joined = [group[_belonging(manner_bits(manners, group, group))] for group in join(test, groups)]
    for group in [*joined, *_unite(coupled)]:
        if len(group) >= ALIKE_ACCOUNTS:
            result[group] = number
            number += 1
    return numbered(result)


def _unite(groups: list[Ints]) -> list[Ints]:
    """Groups that have half of the smaller in common, united: who takes turns and who hands on to each other may be the
    same queue.
    """
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
    """Which accounts are rather of the group than strangers who hold the same: the share of strangers is told by all
    bits together (EM).
    """
    odds = 0.0
    for _ in range(ROUNDS):
        share = float(np.mean(1.0 / (1.0 + 2.0 ** -(bits + odds)))) if len(bits) else 0.5
        odds = float(np.log2(np.clip(share, 0.01, 0.99) / np.clip(1.0 - share, 0.01, 0.99)))
    own: Bools = bits + odds >= 0
    return own


def _free(accounts: Ints, labels: Ints, sizes: Ints) -> Ints:
    """Of these accounts those in no network, and the networks that lie among them; none if they are one network
    already.
    """
    own = labels[accounts]
    if len(sizes) == 0 or not (own >= 0).any():
        return accounts
    inside = np.bincount(own[own >= 0], minlength=len(sizes))
    if inside.max() >= WITHIN * len(accounts):
        return accounts[:0]
    small = sizes * SMALL_FRAGMENT <= len(accounts)
    whole = (inside > 0) & (inside >= np.where(small, WITHIN / 2, WITHIN) * sizes)
    # Several large networks that share an observable are no fragments of one.
    large = whole & ~small
    if large.sum() > 1:
        whole &= small
    fragments = np.flatnonzero((labels >= 0) & whole[np.maximum(labels, 0)])
    return np.union1d(accounts[own < 0], fragments)


def durable(incidence: Incidence) -> Bools:
    """Which values survive a change of exits and clients, and are whole traces."""
    lasting = np.array([kind_of(kind).lasts for kind in incidence.kinds], dtype=bool)
    values: Bools = lasting[incidence.kind_of_value] & ~incidence.packed
    return values


def same_both(manners: Manners, one: Ints, other: Ints) -> bool:
    """Whether two groups behave alike, each as seen from the other."""
    return same(manners, one, other) and same(manners, other, one)


def taking_turns(incidence: Incidence, labels: Ints) -> Bools:
    """Accounts that take turns with others, most of whom are in the same network as they."""
    coupled = np.flatnonzero(
        np.array([kind_of(kind).coupled for kind in incidence.kinds], dtype=bool)[incidence.kind_of_value]
    )
    found = np.zeros(incidence.account_count, dtype=bool)
    for value in coupled:
        accounts = incidence.account[incidence.starts[value] : incidence.starts[value + 1]]
        networks = labels[accounts][labels[accounts] >= 0]
        if 2 * len(networks) > len(accounts):
            network = np.bincount(networks).argmax()
            if 2 * (networks == network).sum() > len(accounts):
                found[accounts[labels[accounts] == network]] = True
    return found


def numbered(labels: Ints) -> Ints:
    """Labels of networks numbered anew, from 0."""
    inside = labels >= 0
    labels[inside] = renumber(labels[inside])
    return labels


def find_groups(incidence: Incidence, manners: Manners, seed: int) -> Groups:
    """Accounts of each observable that could be a network's only one, those of most holders first; and whether it is
    that they take turns.

    Who takes turns is of one queue, alike or not: nobody gets into step by sharing a place or a tool. Beyond the most
    widespread observables only those are looked at whose holders are alike beyond what so many observables bring by
    accident.
    """
    timing = np.array([kind_of(kind).says_when and not kind_of(kind).coupled for kind in incidence.kinds], dtype=bool)[
        incidence.kind_of_value
    ]
    holders = incidence.held
    fewest = np.where(incidence.packed, PIECE_ACCOUNTS, ALIKE_ACCOUNTS)
    values = np.flatnonzero((holders >= fewest) & (holders <= EVERYBODY * incidence.account_count) & ~timing)
    order = values[np.lexsort((values, -holders[values]))]
    coupled = np.array([kind_of(kind).coupled for kind in incidence.kinds], dtype=bool)[incidence.kind_of_value]
    first, others = order[:LOOKED_AT], order[LOOKED_AT:]
    chosen = np.concatenate([first, others[coupled[others] | _narrow(incidence, manners, others, seed)]])
    return [
        (incidence.account[incidence.starts[value] : incidence.starts[value + 1]], bool(coupled[value]))
        for value in chosen
    ]


def _narrow(incidence: Incidence, manners: Manners, values: Ints, seed: int) -> Bools:
    """Which of these observables have holders so alike that no more than one in twenty logs brings one by accident."""
    found = np.zeros(len(values), dtype=bool)
    if len(values) == 0:
        return found
    test = AlikeTest(manners, seed)
    needed = max(DEVIATIONS, rare_deviation(0.05 / len(values)))
    sizes = incidence.held[values]
    for size in np.unique(sizes):
        places = np.flatnonzero(sizes == size)
        if size > MOST_BATCHED:
            continue
        accounts = incidence.account[incidence.starts[values[places]][:, None] + np.arange(size)]
        spread, deviation = test.measure_many(accounts)
        found[places] = (spread <= np.log(SPREAD)) & (deviation >= needed)
    return found


def _alike(test: AlikeTest, group: Ints) -> bool:
    most = SPREAD if len(group) <= PUBLIC * len(test.manners.table) else PUBLIC_SPREAD
    return bool(test.measure(group) <= np.log(most) and test.deviation(group) >= DEVIATIONS)


def same(manners: Manners, one: Ints, other: Ints) -> bool:
    """Whether accounts of the other group behave like the one's own, as far as its own do."""
    own, others = (float(np.median(manner_bits(manners, one, group))) for group in (one, other))
    return others >= own / 2


def join(test: AlikeTest, groups: list[Ints]) -> list[Ints]:
    """Groups that overlap, joined where they are alike together too; each account in one group, the largest first."""
    joined: list[Ints] = []
    for group in sorted(groups, key=lambda accounts: (-len(accounts), accounts.tolist())):
        for place, other in enumerate(joined):
            common = len(np.intersect1d(group, other, assume_unique=True))
            together = np.union1d(group, other)
            if common >= OVERLAP * len(group) and _alike(test, together) and same(test.manners, other, group):
                joined[place] = together
                break
        else:
            taken = np.concatenate(joined) if joined else np.empty(0, dtype=np.int64)
            fresh = np.setdiff1d(group, taken)
            if len(fresh) >= ALIKE_ACCOUNTS and _alike(test, fresh):
                joined.append(fresh)
    return joined
