"""Explanation: many small parties, each with a few accounts of its own: two keys of a developer, a family's, the users
of an app and the house key that it falls back to.

What passes (requests that failed and came again, conversations that went on) passes within each party, or to the house
key: the pairs of accounts between which it does fall apart into small groups, where one hand's fall together. And the
members differ as separate customers do, in how much they send before all: an operator's rings of a few accounts each
do not, nor do accounts among which a balancer spreads its load, and of which a few are spares that all retries go to.

Null model: the same accounts, as many pairs each, who is paired with whom dealt anew. Accounts with far more partners
            than others (a house key) are taken out first: what passes to them says nothing of the others.
Blind to:   parties of which each account has met something once; a pool in rings whose members differ as people do; a
            network that is one small party.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components
from forensics.common.scale import SPEAKS
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import humanness, positions
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel

PASSES = (*kinds_where(passes=True), *kinds_where(group="provenance"))
MOST_HOLDERS = 3  # members with one such value: of more it is nobody's
FEWEST = 5  # pairs that something must pass between
HUB, HUB_PARTNERS = 3.0, 4  # times as many partners as the median account, and so many at least
APART, TOGETHER = 0.25, 0.75  # of the size that groups would have if pairs were dealt anew: small parties, one hand
SMALL, LARGE = 5.0, 10.0  # accounts of a party: a family or a developer's keys, no party of its own any more
ALIKE, PEOPLE = 0.25, 0.5  # of what separate customers differ by: not at all separate, and surely
DRAWS = 30


def test_small_groups(panel: Panel) -> pl.DataFrame:
    """One row per network: how far what passes between members stays within small groups of them."""
    members = [
        pl.DataFrame({"network": index, "account": group.members}, schema={"network": pl.UInt32, "account": pl.UInt32})
        for index, group in enumerate(panel.groups)
    ]
    shown = (
        panel.sightings.filter(pl.col("kind").is_in(PASSES))
        .select("account", "kind", "value")
        .join(
            pl.concat([pl.DataFrame(schema={"network": pl.UInt32, "account": pl.UInt32}), *members]).lazy(),
            on="account",
        )
        .unique()
        .filter(pl.len().over("network", "kind", "value").is_between(2, MOST_HOLDERS))
    )
    value = ["network", "kind", "value"]
    pairs = shown.join(shown, on=value, suffix="_b").filter(pl.col("account") < pl.col("account_b"))
    rows = pairs.select("network", a="account", b="account_b").sort("network", "a", "b").collect(engine="streaming")
    by_network = {int(key[0]): part for key, part in rows.partition_by("network", as_dict=True).items()}
    return answers(_test_group(panel, group, by_network.get(index)) for index, group in enumerate(panel.groups))


def _test_group(panel: Panel, group: Group, rows: pl.DataFrame | None) -> dict[str, Any]:
    if rows is None or rows.height < FEWEST:
        return unassessable(group, PLUGIN, f"between fewer than {FEWEST} pairs of members anything passes that is told")
    if positions(panel, group).is_empty():
        return unassessable(group, PLUGIN, "no likeness test was possible")
    names, ends = np.unique(np.concatenate([rows["a"].to_numpy(), rows["b"].to_numpy()]), return_inverse=True)
    a, b = np.split(ends.astype(np.int64), 2)
    partners = _partners(a, b, len(names))
    hubs = (partners >= HUB_PARTNERS) & (partners > HUB * np.median(partners))
    rest = ~(hubs[a] | hubs[b])
    size, dealt = _sizes(a[rest], b[rest], generator(panel, group, PLUGIN.name))
    ratio = size / dealt if rest.sum() >= FEWEST else 0.0
    apart = (TOGETHER - ratio) / (TOGETHER - APART)
    few = (LARGE - size) / (LARGE - SMALL) if rest.sum() >= FEWEST else 1.0
    alike, volume = humanness(panel, group), humanness(panel, group, "volume", unknown=1.0)
    human, told = (alike, "hours, volume, models and sizes") if alike <= volume else (volume, "volume")
    fit = float(np.clip(min(apart, few, (human - ALIKE) / (PEOPLE - ALIKE)), 0.0, 1.0))
    through = f" and {hubs.sum()} of them that many others pass to" if hubs.any() else ""
    if rest.sum() < FEWEST:
        where = "hardly anything passes between the others"
    else:
        where = (
            f"it passes within groups of {size:.0f} accounts on average, {dealt:.0f} if who passes to whom were chance"
        )
    return answer(
        group,
        PLUGIN,
        f"Small parties of their own {fit_words(fit, many=True)}: something passes between {len(names)} of "
        f"{len(group.members)} members{through}; {where}; in {told} members differ by "
        f"{human:.0%} of what separate customers do.",
        measure="weakest of: what passes stays apart, within small groups, members differ as separate customers",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


def _partners(a: Ints, b: Ints, count: int) -> Floats:
    """With how many others each account is paired."""
    pair = np.unique(np.minimum(a, b) * count + np.maximum(a, b))
    return np.bincount(np.concatenate([pair // count, pair % count]), minlength=count).astype(float)


def _sizes(a: Ints, b: Ints, rng: np.random.Generator) -> tuple[float, float]:
    """The mean size of the group that an account is in, and the same if who is paired with whom were dealt anew."""
    if len(a) == 0:
        return 1.0, 1.0
    ends = np.unique(np.concatenate([a, b]), return_inverse=True)[1].astype(np.int64)
    drawn = []
    for _ in range(DRAWS):
        mixed = rng.permutation(ends)
        drawn.append(_mean_size(mixed[: len(a)], mixed[len(a) :]))
    return _mean_size(ends[: len(a)], ends[len(a) :]), float(np.mean(drawn))


def _mean_size(a: Ints, b: Ints) -> float:
    count = int(max(a.max(), b.max())) + 1
    sizes = np.bincount(find_components(count, a, b)).astype(float)
    return float((sizes**2).sum() / sizes.sum())


PLUGIN = Hallmark(
    "small_groups",
    "explanation",
    "groups",
    "small parties of their own",
    test_small_groups,
    accounts_for=frozenset(
        {"client", "content", "device", "exits", "handover", "items", "models", "payers", "provenance", "retries"}
    ),
)
