"""Every item is asked as often as every other one: one list gone through in rounds, by whoever's turn it is.

Statistic:  of numbers, dates or names asked in one form of path (or one field of values), how many members ask each.
            Where n(k) items are asked by k members each, n(k−1) n(k+1) (k+1) / (k n(k)²). Small is the sign: nearly all
            items are asked by exactly k, and hardly any by one more or one less.
Null model: members choose for themselves, whatever items they like: then the numbers of askers are a mixture of Poisson
            counts, for which that ratio is 1 or more (moments of one distribution, Cauchy and Schwarz). p is that of so
            few items at k−1 or k+1, at the ends of the 99 % intervals of the other two. Members who ask a tenth of the
            list or more are left out (two who each ask for everything need not know of each other); and two members
            must share an item as often with everybody: devices of one customer share all of theirs.
Blind to:   a list gone through once (nobody asks twice: another test), items that all members ask, logs without paths
            and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import SMALLEST_P
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.asking import items_of
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import network_of_accounts

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Ints
    from forensics.judging.hallmark import Group, Panel

MOST_FORMS = 2  # of paths that are tried
FEWEST_ITEMS, FEWEST_ACCOUNTS = 100, 8
MUCH = 0.1  # of the list, from which a member asks for everything
CROWD = 0.25  # of the members, up to which so many who ask one item are few
SPREAD = 0.5  # of the pairs that share an item if everybody shared with everybody alike
ALIKE = 0.5  # ratio at which it matters
CERTAIN = 0.99


@dataclass(frozen=True)
class Evenness:
    """How many members ask most items, the ratio at that number, what independent members make of it at least, and
    p.
    """

    form: str
    items: int
    members: int
    times: int
    here: int  # items that so many ask
    beside: int  # fewer of the items that one more, or one less, ask
    at_least: float  # that are expected there
    ratio: float
    p_value: float


def test_even_coverage(panel: Panel) -> pl.DataFrame:
    """One row per network: whether members go through one list in rounds."""
    places = network_of_accounts(panel)
    enough = (pl.col("value").n_unique().over("network", "form") >= FEWEST_ITEMS) & (
        pl.col("account").n_unique().over("network", "form") >= FEWEST_ACCOUNTS
    )
    rows = (
        items_of(panel)
        .join(places.filter(pl.col("network") >= 0), on="account", how="inner")
        .filter(enough)
        .sort("network", "form", "value", "account")
        .collect(engine="streaming")
    )
    by_network: dict[int, list[tuple[str, pl.DataFrame]]] = {}
    for key, part in rows.partition_by("network", "form", as_dict=True, maintain_order=True).items():
        by_network.setdefault(int(key[0]), []).append((str(key[1]), part))
    return answers(
        _test_group(group, sorted(by_network.get(index, []), key=lambda item: (-len(item[1]), item[0])))
        for index, group in enumerate(panel.groups)
    )


def _test_group(group: Group, forms: list[tuple[str, pl.DataFrame]]) -> dict[str, Any]:
    found = [even for form, rows in forms[:MOST_FORMS] if (even := _weigh(form, rows)) is not None]
    if not found:
        return unassessable(
            group, PLUGIN, "the members ask no items in one form of path, or not by two members and more each"
        )
    even = min(found, key=lambda item: (item.p_value, item.form))
    p_value = min(1.0, even.p_value * len(found))
    fewest = min(even.at_least, even.here)
    beside = f"; members who choose for themselves leave {fewest:.0f} there or more" if even.ratio <= ALIKE else ""
    return answer(
        group,
        PLUGIN,
        f"Of {even.items} values that {even.members} members ask in {even.form}, {even.here} are asked by "
        f"{even.times} of them each, and {even.beside} by one more or by one less (the fewer of the two){beside}.",
        measure="evenness of how many members ask each value; 1 or more if they choose for themselves",
        observed=even.ratio,
        others=(1.0, 1.0, 1.0),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and even.ratio <= ALIKE),
    )


def _weigh(form: str, rows: pl.DataFrame) -> Evenness | None:
    """The evenness of one form, at the number of askers that most items have; None where it cannot be told."""
    value = rows["value"].rank("dense").to_numpy().astype(np.int64) - 1
    account = np.unique(rows["account"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    asks = np.bincount(account)
    light = asks[account] < MUCH * (int(value.max()) + 1)
    value, account = value[light], account[light]
    members = len(np.unique(account))
    if members < FEWEST_ACCOUNTS:
        return None
    askers = np.bincount(value)
    items = np.bincount(askers)
    times = int(np.argmax(items[2:])) + 2 if len(items) > 2 else 0
    if times < 2 or times > CROWD * members or items[times] < FEWEST_ITEMS or not _spread(value, account):
        return None
    return _tell(form, items, times, members)


def _tell(form: str, items: Ints, times: int, members: int) -> Evenness:
    from scipy.stats import chi2, poisson

    beside = [int(items[times - 1]), int(items[times + 1]) if len(items) > times + 1 else 0]
    few, more = min(beside), max(beside)
    here = int(items[times])
    lowest = float(chi2.ppf((1.0 - CERTAIN) / 2, 2 * here)) / 2.0
    highest = float(chi2.ppf((1.0 + CERTAIN) / 2, 2 * (more + 1))) / 2.0
    at_least = lowest**2 * times / ((times + 1) * highest)
    return Evenness(
        form,
        int(items[1:].sum()),
        members,
        times,
        here,
        few,
        at_least,
        (few + 0.5) * (more + 0.5) * (times + 1) / (times * here**2),
        float(max(SMALLEST_P, poisson.cdf(few, at_least))),
    )


def _spread(value: Ints, account: Ints) -> bool:
    """Whether members share items with everybody alike: as many different pairs of them, give or take a half, as there
    would be if who shares each item were drawn anew.
    """
    order = np.lexsort((account, value))
    value, account = value[order], account[order]
    first = account[:-1][value[1:] == value[:-1]]
    second = account[1:][value[1:] == value[:-1]]
    asks = np.bincount(account).astype(float)
    chance = np.outer(asks, asks) / asks.sum() ** 2
    expected = float((1.0 - np.exp(-2.0 * len(first) * np.triu(chance, 1))).sum())
    seen = len(np.unique(first * len(asks) + second))
    return seen >= SPREAD * expected


PLUGIN = Hallmark(
    "even_coverage",
    "pooling",
    "scheduling",
    "one list gone through in rounds",
    test_even_coverage,
    nature="dependence",
    family="order",
    phrase="one list is gone through in rounds over the accounts",
)
