"""Change of topic together: in the same hours all members ask for the same, and leave it together.

Statistic:  the chance that two requests of different members within the same 6 hours carry the same label (template,
            system prompt, opening, path, tools; where there is none, size or model), summed over weeks without the week
            that says most (of four weeks the two). An account's 6 hours count as ten requests at most.
Null model: each account's days change places within its week and its own life (rolling.py): it keeps its labels, hours,
            volume and runs of topic. What other accounts with the same labels show beyond that same null is taken off
            (releases, campaign days), and so are 5 %. Labels bound to one day of the week are left out (weekly jobs).
            Of more than 250 accounts subsets of 200, the median p doubled; p times the number of labels tried.
Blind to:   one template for all, batches shorter than the hours between an account's requests or longer than weeks,
            accounts that live a day or two, topics that change once only. A class with weekly tasks does it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forensics.common.statistics import interval
from forensics.common.streams import DAY_S
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.asking import LABELS, asked_outside, label_columns, lifetimes
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import generator
from forensics.judging.rolling import CHUNK, REFINE, Days, judge, lay_out, p_of_weeks
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    import polars as pl

    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.judging.hallmark import Group, Panel


BIN_S = 6 * 3600.0
BINS = 4  # of a day
MOST_COUNTED = 10.0  # requests of an account in one bin
MOST_LABELS = 64
FEWEST_REQUESTS, FEWEST_ACCOUNTS, FEWEST_DAYS = 60, 3, 6
SHARED = 0.3  # of the requests that carry labels which several members use, for these labels to be looked at
DIFFERENT = 1.3  # such labels, counted by their weight
MOST_KINDS = 2  # of labels that are tried
BOUND = 0.8  # mean resultant length over the days of the week from which a label belongs to one of them
SUBSET, ALL_AT_ONCE, SUBSETS = 200, 250, 3
LIFT = 1.05  # times the expected coincidence that chance itself may reach: news, holidays, outages are everybody's
MATTERS = 1.1  # times the expected share from which it matters
LOOK_OUTSIDE = 0.05  # p from which other accounts with the same labels are looked at …
FEWEST_CONTROLS, FEWEST_PAIRS = 10, 200.0  # … if there are so many, meeting so often


@dataclass(frozen=True)
class Cells:
    """An account's requests with one label in one bin, as one row; of `labels` the last one is any other."""

    days: Days
    bin_of_day: Ints
    label: Ints
    labels: int
    weight: Floats
    own_same: Floats  # what accounts bring to themselves, by week: taken off both sums
    own_all: Floats


def test_topics_together(panel: Panel) -> pl.DataFrame:
    """One row per network: coincidence of labels between members, against members on other days."""
    labels = label_columns(panel.tested)
    others = Others(panel, {kind: values for kind, (_, values) in labels.items()}, {})
    account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
    rows = rows_by_network(panel)
    answered = []
    for group in panel.groups:
        mine = rows[group.network_id]
        of_group = {kind: label[mine] for kind, (label, _) in labels.items()}
        answered.append(_test_group(others, group, account[mine], at_s[mine], of_group))
    return answers(answered)


@dataclass(frozen=True)
class Others:
    """What accounts outside all networks ask, read when it is first needed."""

    panel: Panel
    values: dict[str, pl.Series]
    read: dict[str, tuple[Ints, Floats, Ints]]

    def asking(self, kind: str) -> tuple[Ints, Floats, Ints]:
        """Account, time and label of their requests."""
        if kind not in self.read:
            self.read[kind] = asked_outside(self.panel, kind, self.values[kind])
        return self.read[kind]


def _test_group(others: Others, group: Group, account: Ints, at_s: Floats, labels: dict[str, Ints]) -> dict[str, Any]:
    accounts = np.unique(account)
    days = len(np.unique(np.floor(at_s / DAY_S)))
    if len(at_s) < FEWEST_REQUESTS or len(accounts) < FEWEST_ACCOUNTS or days < FEWEST_DAYS:
        return unassessable(
            group, PLUGIN, f"fewer than {FEWEST_REQUESTS} requests, {FEWEST_ACCOUNTS} accounts or {FEWEST_DAYS} days"
        )
    usable = _usable(account, at_s, labels)
    if not usable:
        return unassessable(group, PLUGIN, "the members share no two labels of what they ask")
    rng = generator(others.panel, group, PLUGIN.name)
    found = [_test_labels(others, account, at_s, labels[kind], often, kind, rng) for kind, often in usable.items()]
    best = min(found, key=lambda item: item["p_value"])
    p_value = min(1.0, best["p_value"] * len(found))
    share, expected, words = best["share"], best["expected"], best["words"]
    lift = share / max(expected[0], 1e-9)
    return answer(
        group,
        PLUGIN,
        f"Of two requests of different members within 6 hours {share:.1%} carry the same {words}, {expected[0]:.1%} "
        f"({expected[1]:.1%}–{expected[2]:.1%}) if each member had its days by itself{best['control']}.",
        measure=f"share of pairs of requests of different members within 6 hours that carry the same {words}",
        observed=share,
        own=best["own"],
        others=expected,
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and lift >= MATTERS and best["weeks"] > 1),
    )


def _usable(account: Ints, at_s: Floats, labels: dict[str, Ints]) -> dict[str, Ints]:
    """Kinds of labels that tell topics apart, and which labels are looked at."""
    found: dict[str, Ints] = {}
    for kind, (_, fallback) in LABELS.items():
        if kind not in labels or (fallback and found) or len(found) == MOST_KINDS:
            continue
        label = labels[kind]
        known = label >= 0
        width = int(account.max()) + 1
        pairs = np.unique(label[known] * width + account[known])
        values, holders = np.unique(pairs // width, return_counts=True)
        shared = values[holders >= 2]
        keep = known & np.isin(label, shared)
        if keep.sum() < SHARED * len(label):
            continue
        keep[keep] &= ~_weekly(label[keep], at_s[keep])
        values, counts = np.unique(label[keep], return_counts=True)
        weight = counts / max(1, counts.sum())
        if len(values) < 2 or 1.0 / (weight**2).sum() < DIFFERENT:
            continue
        found[kind] = np.sort(values[np.lexsort((values, -counts))][:MOST_LABELS])
    return found


def _number(label: Ints, often: Ints) -> Ints:
    """Labels by their place among those looked at; the number of these is any other."""
    place = np.minimum(np.searchsorted(often, label), len(often) - 1)
    return np.asarray(np.where(often[place] == label, place, len(often)))


def _weekly(label: Ints, at_s: Floats) -> Bools:
    """Requests whose label keeps to one day of the week, in two weeks or more: a weekly job, whoever runs it."""
    day = np.floor(at_s / DAY_S).astype(np.int64)
    values, place = np.unique(label, return_inverse=True)
    day -= day.min(initial=0)
    width = 7 * (int(day.max(initial=0)) // 7 + 1)
    cells = np.unique(place * width + day)
    of, angle = cells // width, 2 * np.pi * (cells % width) / 7.0
    length = np.hypot(np.bincount(of, np.cos(angle), len(values)), np.bincount(of, np.sin(angle), len(values)))
    length /= np.maximum(np.bincount(of, minlength=len(values)), 1)
    weeks = np.bincount(np.unique(cells // 7) * 7 // width, minlength=len(values))
    return np.asarray(((length >= BOUND) & (weeks >= 2))[place])


def _test_labels(
    others: Others, account: Ints, at_s: Floats, label: Ints, often: Ints, kind: str, rng: np.random.Generator
) -> dict[str, Any]:
    """The test for one kind of label; of many accounts the median of subsets."""
    accounts = np.unique(account)
    parts = [np.ones(len(account), dtype=np.bool_)]
    if len(accounts) > ALL_AT_ONCE:
        order = rng.permutation(accounts)
        chosen = (np.arange(SUBSETS)[:, None] * SUBSET + np.arange(SUBSET)) % len(order)
        parts = [np.isin(account, order[row]) for row in chosen]
    number = _number(label, often)
    found = [_test_subset(others.panel, account[some], at_s[some], number[some], len(often) + 1, rng) for some in parts]
    best = sorted(found, key=lambda item: item["p_value"])[len(found) // 2]
    best["words"], best["control"] = LABELS[kind][0], ""
    if best["p_value"] <= LOOK_OUTSIDE:
        lift = _lift_of_others(others, often, kind, (at_s[0], at_s[-1]), rng)
        if lift > 1.0:
            best["p_value"] = max(best["p_value"], best["less"](LIFT * lift))
            best["control"] = (
                f"; other accounts with these labels meet {lift:.2f} times as often as expected, which is taken off"
            )
    best["p_value"] = min(1.0, best["p_value"] * (1 if len(parts) == 1 else 2))
    return best


def _test_subset(
    panel: Panel, account: Ints, at_s: Floats, label: Ints, labels: int, rng: np.random.Generator
) -> dict[str, Any]:
    cells = _make_cells(panel, account, at_s, label, labels)
    observed = _coincide(cells, cells.days.slot[None])

    def p_if(drawn: Floats, lift: float = LIFT) -> float:
        """P of what exceeds `lift` times the expected coincidence."""
        same, pairs = drawn
        rate = same.sum(axis=0) / np.maximum(pairs.sum(axis=0), 1e-9)
        return p_of_weeks(observed[0] - lift * rate * observed[1], (same - rate * pairs)[None])

    p_value, drawn = judge(lambda number: _coincide(cells, cells.days.draw(number, rng)), p_if)
    share = float(observed[0].sum() / max(observed[1].sum(), 1e-9))
    by_week = observed[0][0] / np.maximum(observed[1][0], 1e-9)
    return {
        "p_value": p_value,
        "share": share,
        "expected": interval(drawn[0].sum(axis=1) / np.maximum(drawn[1].sum(axis=1), 1e-9)),
        "own": (min(share, float(by_week.min())), max(share, float(by_week.max()))),
        "weeks": len(by_week),
        "less": lambda lift: p_if(drawn, lift),
    }


def _make_cells(panel: Panel, account: Ints, at_s: Floats, label: Ints, labels: int) -> Cells:
    accounts, who = np.unique(account, return_inverse=True)
    bins = np.floor(at_s / BIN_S).astype(np.int64)
    bins -= bins.min(initial=0)
    width = int(bins.max(initial=0)) + 1
    key, first, count = np.unique((who * width + bins) * labels + label, return_index=True, return_counts=True)
    _, place = np.unique(key // labels, return_inverse=True)
    together = np.bincount(place, count)
    weight = count * np.minimum(1.0, MOST_COUNTED / together[place])
    days = lay_out(who[first].astype(np.int64), at_s[first], *lifetimes(panel, accounts))
    of_label = key % labels
    week = days.week[days.slot]
    told = np.where(of_label < labels - 1, weight**2, 0.0)
    head = np.unique(place, return_index=True)[1]
    everything = np.minimum(together, MOST_COUNTED) ** 2
    return Cells(
        days,
        np.floor(at_s[first] % DAY_S / BIN_S).astype(np.int64),
        of_label,
        labels,
        weight,
        np.bincount(week, told, days.weeks).astype(float),
        np.bincount(week[head], everything, days.weeks).astype(float),
    )


def _coincide(cells: Cells, slots: Ints) -> Floats:
    """Pairs of requests of different accounts in one bin, those with the same label and all (layers), by draw and
    week.
    """
    days = cells.days
    width = len(days.day) * BINS * cells.labels
    edges = np.flatnonzero(np.diff(days.week, prepend=-1))
    same, pairs = [], []
    step = max(1, CHUNK // max(width, len(cells.label)))
    for begin in range(0, len(slots), step):
        part = slots[begin : begin + step]
        place = (part * BINS + cells.bin_of_day) * cells.labels + cells.label
        place += width * np.arange(len(part))[:, None]
        table = np.bincount(place.ravel(), np.tile(cells.weight, len(part)), width * len(part))
        table = table.reshape(len(part), len(days.day), BINS, cells.labels)
        told = (table[..., :-1] ** 2).sum(axis=(2, 3))
        every = (table.sum(axis=3) ** 2).sum(axis=2)
        same.append(np.add.reduceat(told, edges, axis=1))
        pairs.append(np.add.reduceat(every, edges, axis=1))
    return np.stack([np.concatenate(same) - cells.own_same, np.concatenate(pairs) - cells.own_all])


def _lift_of_others(
    others: Others, often: Ints, kind: str, within: tuple[float, float], rng: np.random.Generator
) -> float:
    """How many times oftener than with days of their own accounts outside all networks meet with the same labels."""
    account, at_s, label = others.asking(kind)
    number = _number(label, often) if len(label) else label
    keep = (number < len(often)) & (at_s >= within[0]) & (at_s <= within[1])
    accounts = np.unique(account[keep])
    if len(accounts) < FEWEST_CONTROLS:
        return 1.0
    if len(accounts) > SUBSET:
        keep &= np.isin(account, rng.choice(accounts, SUBSET, replace=False))
    cells = _make_cells(others.panel, account[keep], at_s[keep], number[keep], len(often) + 1)
    same, pairs = _coincide(cells, np.concatenate([cells.days.slot[None], cells.days.draw(REFINE, rng)]))
    rate = same[1:].sum(axis=0) / np.maximum(pairs[1:].sum(axis=0), 1e-9)
    expected = (rate * pairs[0]).sum()
    return float(max(1.0, same[0].sum() / expected)) if pairs[0].sum() >= FEWEST_PAIRS and expected > 0 else 1.0


PLUGIN = Hallmark(
    "topics_together",
    "pooling",
    "scheduling",
    "topics change together",
    test_topics_together,
    nature="dependence",
    family="topics",
    phrase="all change topic together",
)
