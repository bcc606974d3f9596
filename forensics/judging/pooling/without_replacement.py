"""Hardly anything is asked by two accounts: one list dealt out, each item once, in whatever order.

Statistic:  of numbers, dates or names asked in one form of path (or one field of values), pairs of members that ask the
            same. Small is the sign.
Null model: members choose for themselves what others ask, too: as many pairs of members meet as members meet accounts
            outside all networks, number of values for number. Interests that lie apart by nature (customers of whom
            each asks for its own) are told by accounts outside that ask as much in the same form: how often they meet
            each other, beside how often they meet others, in draws of such accounts. p is the larger of the Poisson
            tail under half of what those let expect (who asks more goes deeper, where fewer meet) and the rank among
            the draws; at its floor that is the normal tail.
Blind to:   lists that nobody else asks from (user names tried, unique prompts), those gone through several times by
            different accounts, logs without paths and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import SMALLEST_P, interval, p_tail, poisson_interval
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.asking import items_of
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import generator, network_of_accounts

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


MOST_FORMS = 2  # of paths that are tried
FEWEST_VALUES, FEWEST_ACCOUNTS = 30, 3
FEWEST_MEETINGS = 10.0  # that must be expected
LITTLE = 0.25  # of the meetings expected, from which it matters
AT_LEAST = 0.5  # of them, that independent accounts bring however much deeper they go than those outside
NEAREST = 4  # times as many accounts outside as members, of which draws are made
DRAWS = 199
ROOM = 0.5  # added to meetings seen and expected, so that few are compared


@dataclass(frozen=True)
class Asked:
    """Who asks what, in one form of path: one entry per account and value, both numbered from 0."""

    account: Ints
    value: Ints


@dataclass(frozen=True)
class Form:
    """One form of path: what members ask, and accounts outside all networks, with values numbered alike."""

    path: str
    inside: Asked
    outside: Asked
    values: int


def test_without_replacement(panel: Panel) -> pl.DataFrame:
    """One row per network: how many pairs of members ask the same, beside what is expected."""
    forms = _read_forms(panel, items_of(panel))
    return answers(_test_group(panel, group, forms.get(index, [])) for index, group in enumerate(panel.groups))


def _read_forms(panel: Panel, asked: pl.LazyFrame) -> dict[int, list[Form]]:
    """Of each network, by place, the forms in which its members ask most."""
    places = network_of_accounts(panel)
    rows = asked.select("account", "form", "value").join(places, on="account", how="inner")
    enough = (pl.col("value").n_unique() >= FEWEST_VALUES) & (pl.col("account").n_unique() >= FEWEST_ACCOUNTS)
    chosen = (
        rows.filter(pl.col("network") >= 0)
        .group_by("network", "form")
        .agg(enough.alias("enough"), pl.len().alias("asked"))
        .filter(pl.col("enough"))
        .sort("network", "asked", "form", descending=[False, True, False])
        .group_by("network", maintain_order=True)
        .head(MOST_FORMS)
        .select("network", "form")
        .collect(engine="streaming")
    )
    looked_at = pl.LazyFrame({"account": panel.outside}, schema={"account": pl.UInt32})
    of_outside = rows.filter(pl.col("network") < 0).join(looked_at, on="account", how="semi")
    wanted = chosen.lazy().select("form").unique()
    inside, outside = pl.collect_all([
        rows.join(chosen.lazy(), on=["network", "form"], how="semi"),
        of_outside.join(wanted, on="form", how="semi").select("account", "form", "value"),
    ])  # fmt: skip
    others = {str(key[0]): part for key, part in outside.partition_by("form", as_dict=True).items()}
    members = inside.partition_by("network", "form", as_dict=True)
    found: dict[int, list[Form]] = {}
    for network, form in chosen.iter_rows():
        found.setdefault(network, []).append(_number(form, members[(network, form)], others.get(form, outside.clear())))
    return found


def _number(path: str, inside: pl.DataFrame, outside: pl.DataFrame) -> Form:
    in_order = [part.select("account", "value").sort("account", "value") for part in (inside, outside)]
    both = pl.concat(in_order)
    value = both["value"].rank("dense").to_numpy().astype(np.int64) - 1
    account = np.unique(both["account"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    cut = len(inside)
    return Form(
        path,
        Asked(account[:cut], value[:cut]),
        Asked(account[cut:], value[cut:]),
        int(value.max(initial=-1)) + 1,
    )


def _test_group(panel: Panel, group: Group, forms: list[Form]) -> dict[str, Any]:
    found = []
    for form in forms:
        held = np.bincount(form.outside.value, minlength=form.values)
        met, expected = _meetings(form.inside, held)
        if expected >= FEWEST_MEETINGS:
            found.append((met, expected, form))
    if not forms:
        return unassessable(group, PLUGIN, "the members ask no numbers, dates or names in one form of path")
    if not found:
        return unassessable(
            group,
            PLUGIN,
            f"members and accounts outside ask too little in one form of path: chance would bring fewer than "
            f"{FEWEST_MEETINGS:.0f} meetings",
        )
    met, expected, form = min(found, key=lambda item: (item[0] / item[1], item[2].path))
    usual = _draw(form, generator(panel, group, PLUGIN.name))
    if np.isfinite(usual).sum() * 2 < len(usual):
        return unassessable(group, PLUGIN, "no accounts outside ask as much in one form of path")
    middle, low, high = interval(usual)
    share = met / expected
    among_such = expected * min(1.0, middle)
    p_value = max(_few(met, AT_LEAST * among_such), p_tail(_ratio(met, expected), usual, upper=False))
    members = int(np.bincount(form.inside.account).astype(bool).sum())
    own_low, own_high = poisson_interval(met)
    return answer(
        group,
        PLUGIN,
        f"{members} members ask {len(np.unique(form.inside.value))} different values in {form.path}; {met} times two "
        f"of them ask the same, {among_such:.0f} if they chose as accounts outside that ask as much "
        f"({expected * low:.0f}–{expected * high:.0f}).",
        measure="pairs of members that ask the same value, beside those expected",
        observed=share,
        own=(own_low / expected, own_high / expected),
        others=(min(1.0, middle), low, high),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and met <= LITTLE * among_such),
    )


def _few(met: int, expected: float) -> float:
    """The chance of so few meetings or fewer."""
    from scipy.stats import poisson

    return float(max(SMALLEST_P, poisson.cdf(met, expected)))


def _ratio(met: float, expected: float) -> float:
    return (met + ROOM) / (expected + ROOM)


def _draw(form: Form, rng: np.random.Generator) -> Floats:
    """Meetings seen over those expected in draws of as many accounts outside, of those that ask as much; NaN where too
    few are expected.
    """
    size = len(np.unique(form.inside.account))
    _, begin, asks = np.unique(form.outside.account, return_index=True, return_counts=True)
    usual = float(np.median(np.unique(form.inside.account, return_counts=True)[1]))
    near = np.argsort(np.abs(np.log(asks / usual)), kind="stable")[: NEAREST * size]
    size = min(size, len(near) // 2)
    if size < FEWEST_ACCOUNTS:
        return np.full(DRAWS, np.nan)
    held = np.bincount(form.outside.value, minlength=form.values)
    found = np.full(DRAWS, np.nan)
    for number in range(DRAWS):
        chosen = rng.choice(near, size, replace=False)
        rows = np.concatenate([np.arange(begin[one], begin[one] + asks[one]) for one in chosen])
        drawn = Asked(np.repeat(np.arange(size), asks[chosen]), form.outside.value[rows])
        met, expected = _meetings(drawn, held - np.bincount(drawn.value, minlength=form.values))
        if expected >= FEWEST_MEETINGS:
            found[number] = _ratio(met, expected)
    return found


def _meetings(asked: Asked, held: Ints) -> tuple[int, float]:
    """Pairs of accounts that ask one value, and how many would if they met each other as they meet those that hold
    values `held` times.
    """
    own = np.bincount(asked.value, minlength=len(held))
    each = np.bincount(asked.account).astype(float)
    total, others = each.sum(), float(held.sum())
    pairs = (total**2 - (each**2).sum()) / 2.0
    met_outside = float((own * held).sum())
    expected = pairs * met_outside / (total * others) if total and others else 0.0
    return int((own * (own - 1) // 2).sum()), expected


PLUGIN = Hallmark(
    "without_replacement",
    "pooling",
    "scheduling",
    "one list dealt out, hardly anything twice",
    test_without_replacement,
    nature="dependence",
    family="order",
    phrase="hardly anything is asked by two accounts",
)
