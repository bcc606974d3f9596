"""One order across accounts: numbers, pages, dates or names that one list deals out go up over all members together.

Statistic:  of items that one or two members ask each, of one form of path (or one field of values), neighbours in the
            order of the items that different accounts ask: mean logarithm of the minutes between the two askings. Small
            is the sign. Numbers that tell the time of their own request (clock readings, dates within a month) are left
            out.
Null model: each account's items go round on its own times, by a random number of places within each of its weeks: it
            keeps its times, its items and their order among themselves; what goes is where it stands when others stand
            at theirs. The two weeks that say most of four (one of fewer) are left out where there are several. Where
            other accounts with the same form show such an order too, numbers grow for everybody, and p is 1.
Blind to:   lists in a random order, lists dealt in one piece an account, items that all members ask, paths without
            values and prompts (their text is not kept). A platform whose numbers only its own tenants see grow looks
            alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import interval
from forensics.common.streams import DAY_S
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.asking import MOST_OUTSIDE, order_of
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import content_of, generator, network_of_accounts
from forensics.judging.rolling import WEEK_DAYS, judge, p_of_weeks

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


MOST_HOLDERS = 2  # of an item that is dealt out
MOST_FORMS = 2  # of paths that are tried
MOST_ITEMS = 6000
FEWEST_PAIRS, FEWEST_ACCOUNTS = 30, 3
NEARER = 0.5  # times as far apart in time as expected, from which it matters
SAME_FOR_ALL = 0.05  # p of other accounts from which the numbers grow for everybody


@dataclass(frozen=True)
class Walk:
    """Askings by account, week and time: when, in whose run (an account's week), which week; and neighbouring items."""

    at_s: Floats
    run: Ints
    week: Ints
    first: Ints
    second: Ints


def test_one_order(panel: Panel) -> pl.DataFrame:
    """One row per network: how near in time neighbouring items are asked by different members."""
    asked = order_of(panel)
    if asked is None:
        return answers(unassessable(group, PLUGIN, "no paths or values in these logs") for group in panel.groups)
    places = network_of_accounts(panel)
    rows = asked.join(places.filter(pl.col("network") >= 0), on="account", how="inner")
    enough = (pl.col("value").n_unique().over("network", "form") >= FEWEST_PAIRS) & (
        pl.col("account").n_unique().over("network", "form") >= FEWEST_ACCOUNTS
    )
    by_form: dict[int, list[tuple[str, pl.DataFrame]]] = {}
    of_groups = rows.filter(enough).sort("network", "form").collect()
    for key, part in of_groups.partition_by("network", "form", as_dict=True, maintain_order=True).items():
        by_form.setdefault(int(key[0]), []).append((str(key[1]), part))
    return answers(
        _test_group(panel, group, asked, sorted(by_form.get(index, []), key=lambda item: (-len(item[1]), item[0])))
        for index, group in enumerate(panel.groups)
    )


def _test_group(
    panel: Panel, group: Group, asked: pl.LazyFrame, forms: list[tuple[str, pl.DataFrame]]
) -> dict[str, Any]:
    rng = generator(panel, group, PLUGIN.name)
    walks = [(form, walk) for form, rows in forms[:MOST_FORMS] if (walk := _walk(rows, rng)) is not None]
    if not walks:
        return unassessable(group, PLUGIN, "the members ask no numbers, dates or names in one form of path, one each")
    found = [(*_test_walk(walk, rng), form, walk) for form, walk in walks]
    p_value, observed, expected, form, walk = min(found, key=lambda item: item[0])
    p_value = min(1.0, p_value * len(found))
    words = ""
    if p_value <= SAME_FOR_ALL and _grow_for_all(panel, asked, form, rng):
        p_value, words = 1.0, "; for accounts outside the numbers grow so, too"
    minutes = np.expm1(np.array([observed, *expected]))
    gaps = np.log1p(np.abs(walk.at_s[walk.first] - walk.at_s[walk.second]) / 60.0)
    wide = 1.96 * float(gaps.std()) / np.sqrt(len(gaps))
    return answer(
        group,
        PLUGIN,
        f"{len(walk.first)} neighbours in one list of values are asked by different members, {minutes[0]:.0f} minutes "
        f"apart on (geometric) average, {minutes[1]:.0f} ({minutes[2]:.0f}–{minutes[3]:.0f}) if each member went "
        f"through its own{words}.",
        measure="minutes between neighbours of one list asked by different members (geometric mean)",
        observed=float(minutes[0]),
        own=(float(np.expm1(observed - wide)), float(np.expm1(observed + wide))),
        others=(float(minutes[1]), float(minutes[2]), float(minutes[3])),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and minutes[0] <= NEARER * minutes[1]),
    )


def _grow_for_all(panel: Panel, asked: pl.LazyFrame, form: str, rng: np.random.Generator) -> bool:
    """Whether accounts outside all networks ask the values of this form in one order, too."""
    outside = pl.LazyFrame({"account": _some_outside(panel)}, schema={"account": pl.UInt32})
    rows = asked.filter(pl.col("form") == form).join(outside, on="account", how="semi").collect()
    walk = _walk(rows, rng)
    return walk is not None and _test_walk(walk, rng)[0] <= SAME_FOR_ALL


def _some_outside(panel: Panel) -> Ints:
    if len(panel.outside) <= MOST_OUTSIDE:
        return panel.outside
    rng = np.random.default_rng([panel.settings.seed, content_of(panel.accounts, panel.outside)])
    return np.sort(rng.choice(panel.outside, MOST_OUTSIDE, replace=False))


def _walk(rows: pl.DataFrame, rng: np.random.Generator) -> Walk | None:
    """The items of one form that one or two of these accounts ask."""
    rows = rows.filter(pl.len().over("value") <= MOST_HOLDERS).sort("number", "value", "at_s", "account")
    if rows.height < FEWEST_PAIRS:
        return None
    if rows.height > MOST_ITEMS:
        # Neighbours must stay neighbours: one stretch of the list.
        rows = rows.slice(int(rng.integers(0, rows.height - MOST_ITEMS)), MOST_ITEMS)
    value = np.cumsum(np.append(True, rows["value"].to_numpy()[1:] != rows["value"].to_numpy()[:-1]))
    account, at_s = rows["account"].to_numpy().astype(np.int64), rows["at_s"].to_numpy()
    first = np.flatnonzero((np.diff(account) != 0) & (np.diff(value) == 1))
    if len(first) < FEWEST_PAIRS or len(np.unique(account)) < FEWEST_ACCOUNTS:
        return None
    week = np.floor((at_s - np.floor(at_s.min() / DAY_S) * DAY_S) / (WEEK_DAYS * DAY_S)).astype(np.int64)
    week = np.unique(week, return_inverse=True)[1]
    order = np.lexsort((at_s, week, account))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    run = np.cumsum(np.append(True, np.diff(account[order] * (week.max() + 1) + week[order]) != 0)) - 1
    return Walk(at_s[order], run, week[order].astype(np.int64), place[first], place[first + 1])


def _test_walk(walk: Walk, rng: np.random.Generator) -> tuple[float, float, tuple[float, float, float]]:
    """P, mean log of minutes between neighbours, and what is expected of it."""
    begin = np.flatnonzero(np.diff(walk.run, prepend=-1))
    size = np.diff(np.append(begin, len(walk.run)))
    start, length = begin[walk.run], size[walk.run]
    week = walk.week[walk.first]
    weeks = int(walk.week.max()) + 1

    def near(times: Floats) -> Floats:
        apart = np.log1p(np.abs(times[:, walk.first] - times[:, walk.second]) / 60.0)
        return np.stack([-np.bincount(week, row, weeks) for row in apart])

    def draw(number: int) -> Floats:
        by = (rng.random((number, len(size)))[:, walk.run] * length).astype(np.int64)
        return near(walk.at_s[start + (np.arange(len(start)) - start + by) % length])[None]

    observed = near(walk.at_s[None])
    p_value, drawn = judge(draw, lambda drawn: p_of_weeks(observed, drawn))
    null = -drawn[0].sum(axis=1) / len(week)
    return p_value, float(-observed.sum() / len(week)), interval(null)


PLUGIN = Hallmark(
    "one_order",
    "pooling",
    "scheduling",
    "one list dealt out in order",
    test_one_order,
    nature="dependence",
    family="order",
    phrase="one list dealt out over the accounts",
)
