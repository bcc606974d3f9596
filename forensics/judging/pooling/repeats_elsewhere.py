"""Repeats soon after, from others: an item that comes again comes from another account within the hour or the day.

Statistic:  of items (prompts; where there are none, paths with a value in them) that two or more members ask, the
            askings that another member's lie within 1 hour of, and within 24 hours; summed over weeks without the week
            that says most (of four weeks the two). Items on more than a tenth of the members (at least 4, at most 30)
            are public ones and left out.
Null model: each account's days change places within its week and its own life (rolling.py): it keeps its items, hours
            and runs, and a benchmark that each one runs in its own time repeats as before. The larger of the two
            windows against the larger under the null (max-T).
Blind to:   items asked once only, repeats on the same account, accounts that live a day or two, logs without prompt
            hashes or paths. Classmates with one exercise a day do it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import interval, odds, wilson
from forensics.common.streams import DAY_S, HOUR_S
from forensics.describing.requests import item_of
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.asking import lifetimes
from forensics.judging.hallmark import Hallmark
from forensics.judging.looked_at import say_thinned, thinned, thinning_of
from forensics.judging.panel import generator
from forensics.judging.rolling import CHUNK, judge, lay_out, p_of_weeks

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel
    from forensics.judging.rolling import Days


WINDOWS_S = (HOUR_S, DAY_S)
PUBLIC, FEWEST_HOLDERS, MOST_HOLDERS = 0.1, 4, 30  # share of members, and accounts, from which an item is everybody's
MOST_ASKED = 60  # times by all of them: a health check is asked without end
MOST_PAIRS = 20_000  # of askings of one item; of more items a sample is looked at
FEWEST_REPEATS, FEWEST_DAYS = 10, 3
CHANCE = 1.05  # times what is expected that chance itself may reach
MATTERS, SHARE = 2.0, 0.1  # times the odds expected, and share of the repeats, from which it matters


@dataclass(frozen=True)
class Asked:
    """Askings of a network's items by item and time, and all two of one item by different accounts."""

    account: Ints
    at_s: Floats
    item: Ints
    first: Ints
    second: Ints


def test_repeats_elsewhere(panel: Panel) -> pl.DataFrame:
    """One row per network: repeats of items by other members soon after, against members on other days."""
    rows = read_askings(panel)
    return answers(_test_group(panel, group, rows.get(index)) for index, group in enumerate(panel.groups))


def read_askings(panel: Panel) -> dict[int, pl.DataFrame]:
    """Askings of items that two or more members ask, by network number; all members are looked at."""
    schema = {"account": pl.UInt32, "network": pl.UInt32, "one_in": pl.UInt32, "most": pl.UInt32}
    parts = [
        pl.DataFrame(
            {
                "account": group.members,
                "network": index,
                "one_in": thinning_of(panel, group),
                "most": int(np.clip(PUBLIC * len(group.members), FEWEST_HOLDERS, MOST_HOLDERS)),
            },
            schema=schema,
        )
        for index, group in enumerate(panel.groups)
    ]
    if not parts:
        return {}
    asked = (
        panel.events.select(
            pl.col("account").cast(pl.UInt32),
            item_of(panel.events),
            (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s"),
        )
        .filter(pl.col("item").is_not_null())
        .join(pl.concat(parts).lazy(), on="account", how="inner")
        .filter(thinned(pl.col("item"), pl.col("one_in")))
    )
    rare = (
        asked.group_by("network", "item")
        .agg(pl.len(), pl.col("account").n_unique().alias("accounts"), pl.col("most").first())
        .filter(pl.col("accounts") >= 2, pl.col("accounts") <= pl.col("most"), pl.col("len") <= MOST_ASKED)
    )
    known = asked.group_by("network").agg(pl.len().alias("all"))
    rows, seen = pl.collect_all(
        [
            asked.join(rare.select("network", "item"), on=["network", "item"], how="semi")
            .select("network", "item", "at_s", "account")
            .sort("network", "item", "at_s", "account"),
            known,
        ]
    )
    found = {int(key[0]): part for key, part in rows.partition_by("network", as_dict=True).items()}
    return {int(network): found.get(int(network), rows.clear()) for network in seen["network"]}


def _test_group(panel: Panel, group: Group, rows: pl.DataFrame | None) -> dict[str, Any]:
    if rows is None:
        return unassessable(group, PLUGIN, "no prompt hashes, and no paths with a value in them")
    rng = generator(panel, group, PLUGIN.name)
    asked = pair_askings(rows, rng)
    repeats = len(asked.item) - len(np.unique(asked.item))
    days = len(np.unique(np.floor(asked.at_s / DAY_S)))
    if repeats < FEWEST_REPEATS or days < FEWEST_DAYS:
        return answer(
            group,
            PLUGIN,
            f"{repeats} repeats of items that several members ask, on {days} day(s): too few to be anybody's manner."
            f"{say_thinned(thinning_of(panel, group))}",
            measure="repeats of items that several members ask",
            observed=float(repeats),
            p_value=1.0,
        )
    accounts, who = np.unique(asked.account, return_inverse=True)
    laid = lay_out(who.astype(np.int64), asked.at_s, *lifetimes(panel, accounts))
    observed = _near(asked, laid, laid.slot[None])[:, 0]

    def p_if(drawn: Floats) -> float:
        return p_of_weeks(observed - (CHANCE - 1.0) * drawn.mean(axis=1), drawn)

    p_value, drawn = judge(lambda number: _near(asked, laid, laid.draw(number, rng)), p_if)
    hits, share = observed.sum(axis=1), _share(asked, repeats)
    null = drawn.sum(axis=2)
    window = int(np.argmax((hits - null.mean(axis=1)) / np.maximum(null.std(axis=1), 1.0)))
    expected = interval(null[window] / len(asked.item))
    near = hits[window] / len(asked.item)
    hours = WINDOWS_S[window] / HOUR_S
    return answer(
        group,
        PLUGIN,
        f"Of {len(asked.item)} askings of items that several members ask, {near:.0%} have another member's within "
        f"{hours:.0f} h, {expected[0]:.0%} ({expected[1]:.0%}–{expected[2]:.0%}) if each member had its days by "
        f"itself; {share[0]:.0%} of the {repeats} repeats come from others within 1 h, {share[1]:.0%} within 24 h."
        f"{say_thinned(thinning_of(panel, group))}",
        measure=f"share of askings of items of several members that another member's lies within {hours:.0f} h of",
        observed=near,
        own=wilson(float(hits[window]), len(asked.item)),
        others=expected,
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and odds(near) >= MATTERS * odds(expected[0]) and share[window] >= SHARE),
    )


def pair_askings(rows: pl.DataFrame, rng: np.random.Generator) -> Asked:
    """All two askings of one item by different accounts, of as many items as there is room for."""
    item = np.unique(rows["item"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    account, at_s = rows["account"].to_numpy().astype(np.int64), rows["at_s"].to_numpy()
    counts = np.bincount(item, minlength=1).astype(float)
    pairs = counts * (counts - 1) / 2
    if pairs.sum() > MOST_PAIRS:
        order = rng.permutation(len(counts))
        keep = np.isin(item, order[np.cumsum(pairs[order]) <= MOST_PAIRS])
        account, at_s = account[keep], at_s[keep]
        item = np.unique(item[keep], return_inverse=True)[1].astype(np.int64)
    firsts, seconds = [], []
    for step in range(1, MOST_ASKED):
        place = np.flatnonzero(item[step:] == item[:-step]) if step < len(item) else np.zeros(0, dtype=np.int64)
        if len(place) == 0:
            break
        place = place[account[place] != account[place + step]]
        firsts.append(place)
        seconds.append(place + step)
    none = [np.zeros(0, dtype=np.int64)]
    return Asked(account, at_s, item, np.concatenate(firsts or none), np.concatenate(seconds or none))


def _near(asked: Asked, laid: Days, slots: Ints) -> Floats:
    """Askings that another account's asking of the item lies near: windows × draws × weeks."""
    number, clock = len(asked.item), (asked.at_s % DAY_S).astype(np.float32)
    of_week = (laid.week[laid.slot][:, None] == np.arange(laid.weeks)).astype(np.float32)
    # Days count from the first one, so that single precision tells seconds apart.
    since = ((laid.day - laid.day.min()) * DAY_S).astype(np.float32)
    found = np.zeros((len(WINDOWS_S), len(slots), laid.weeks))
    step = max(1, CHUNK // max(number, len(asked.first)))
    for begin in range(0, len(slots), step):
        days = slots[begin : begin + step]
        apart = since[days[:, asked.first]] - since[days[:, asked.second]]
        gap = np.abs(apart + (clock[asked.first] - clock[asked.second]))
        for place, window in enumerate(WINDOWS_S):
            row, pair = np.nonzero(gap <= window)
            hit = np.zeros((len(days), number), dtype=np.bool_)
            hit[row, asked.first[pair]] = True
            hit[row, asked.second[pair]] = True
            found[place, begin : begin + step] = hit @ of_week
    return found


def _share(asked: Asked, repeats: int) -> tuple[float, float]:
    """Share of the repeats whose last asking, by another account, lies within each window."""
    again = (asked.item[1:] == asked.item[:-1]) & (asked.account[1:] != asked.account[:-1])
    gap = np.diff(asked.at_s)
    within = [float((again & (gap <= window)).sum()) / max(1, repeats) for window in WINDOWS_S]
    return within[0], within[1]


PLUGIN = Hallmark(
    "repeats_elsewhere",
    "pooling",
    "scheduling",
    "items come again from other accounts",
    test_repeats_elsewhere,
    nature="dependence",
    family="items",
    passes=True,
    phrase="items come again from other accounts",
)
