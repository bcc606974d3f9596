"""Successors that take after the banned: new accounts resemble those lost just before them.

Statistic:  for each account born within 72 hours of a ban wave, its likeness to the nearest of the accounts lost in
            that wave: shared observables (each value weighs by its rarity inside the network, each kind of observable
            counts alike) and hours of the day.
Null model: which births follow which wave is chance: as many births are drawn from all births of the network within 10
            days of the wave. So what all members share counts for nothing, and slow change of habits hardly. At the
            floor p is the normal tail of the draws.
Blind to:   networks whose members are all alike, or all different; births that all follow the same wave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import FOLLOWING_S
from forensics.common.statistics import interval, p_tail
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import DAY_S, SAID, births_of, ends_of, find_waves
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


NEARBY_S = 10 * DAY_S
FEWEST_FOLLOWERS = 5
MOST_ACCOUNTS = 1200  # ends and births looked at; more are sampled
MOST_HOLDERS = 0.5  # of the accounts compared: what more of them show tells nobody apart
TIMED = kinds_where(
    says_when=True, holds="open"
)  # kinds that are times: accounts born together share them whoever runs them
FURTHER = 1.2  # times the likeness that chance gives, for a size that matters


def test_inheritance(panel: Panel) -> pl.DataFrame:
    """One row per network: likeness of new accounts to the lost ones they follow."""
    ends = {group.network_id: ends_of(panel, group) for group in panel.groups}
    births = {group.network_id: births_of(panel, group.members) for group in panel.groups}
    chosen: dict[str, Ints] = {}
    for group in panel.groups:
        ended, _, _ = ends[group.network_id]
        both = np.union1d(ended, births[group.network_id]["account"].to_numpy()).astype(np.int64)
        rng = generator(panel, group, PLUGIN.name)
        useful = len(ended) and len(births[group.network_id]) >= FEWEST_FOLLOWERS
        chosen[group.network_id] = (
            (both if len(both) <= MOST_ACCOUNTS else np.sort(rng.choice(both, MOST_ACCOUNTS, replace=False)))
            if useful
            else both[:0]
        )
    wanted = np.unique(np.concatenate([*chosen.values(), np.zeros(0, dtype=np.int64)]))
    shown = (
        panel.sightings.filter(~pl.col("kind").is_in(TIMED))
        .select(pl.col("account").cast(pl.Int64), "kind", "value")
        .join(pl.LazyFrame({"account": wanted}, schema={"account": pl.Int64}), on="account", how="semi")
        .sort("account", "kind", "value")
        .collect()
    )
    return answers(
        _test_group(panel, group, chosen[group.network_id], ends[group.network_id], births[group.network_id], shown)
        for group in panel.groups
    )


def _test_group(
    panel: Panel,
    group: Group,
    accounts: Ints,
    ends: tuple[Ints, Floats, str],
    births: pl.DataFrame,
    shown: pl.DataFrame,
) -> dict[str, Any]:
    ended, times, kind = ends
    keep = np.isin(ended, accounts)
    ended, times = ended[keep], times[keep]
    births = births.filter(births["account"].is_in(pl.Series(accounts, dtype=pl.Int64).implode())).unique(
        "account", keep="first", maintain_order=True
    )
    born, born_s = births["account"].to_numpy(), births["at_s"].to_numpy()
    if len(ended) == 0 or len(born) < FEWEST_FOLLOWERS:
        return unassessable(group, PLUGIN, "too few members were lost, or too few came")
    wave = find_waves(times)
    likeness = _likeness(panel, accounts, shown)
    if likeness is None:
        return unassessable(group, PLUGIN, "no observables by which some members differ from others")
    rng = generator(panel, group, PLUGIN.name)
    drawn = np.zeros(panel.settings.permutations)
    observed, expected_sum, followers, choices = [], 0.0, 0, 0
    where = np.searchsorted(accounts, born)
    for number in range(int(wave[-1]) + 1):
        lost, at = ended[wave == number], times[wave == number][0]
        pool = np.flatnonzero((np.abs(born_s - at) <= NEARBY_S) & ~np.isin(born, lost))
        follows = (born_s[pool] > at) & (born_s[pool] <= at + FOLLOWING_S)
        count = int(follows.sum())
        if count == 0 or count == len(pool):
            continue
        nearest = likeness[np.ix_(where[pool], np.searchsorted(accounts, lost))].max(axis=1)
        observed.extend(nearest[follows])
        order = np.argsort(rng.random((len(drawn), len(pool))), axis=1)[:, :count]
        drawn += nearest[order].sum(axis=1)
        expected_sum += nearest.mean() * count
        followers += count
        choices += len(pool) - count
    if followers < FEWEST_FOLLOWERS or choices < FEWEST_FOLLOWERS:
        return unassessable(group, PLUGIN, "too few births follow a wave while others do not")
    p_value = p_tail(float(np.sum(observed)), drawn, upper=True)
    mean = float(np.mean(observed))
    expected = interval(drawn / followers)
    boot = rng.choice(np.asarray(observed), (400, followers)).mean(axis=1)
    return answer(
        group,
        PLUGIN,
        f"{followers} births within 72 hours of a wave (members {SAID[kind]}): likeness to the nearest lost account "
        f"{mean:.2f}, "
        f"{expected[0]:.2f} ({expected[1]:.2f}–{expected[2]:.2f}) for other births of the same weeks.",
        measure="likeness of a new account to the nearest lost one, 0 to 1",
        observed=mean,
        own=(float(np.quantile(boot, 0.025)), float(np.quantile(boot, 0.975))),
        others=(expected[0], expected[1], expected[2]),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and mean >= FURTHER * expected[0]),
    )


def _likeness(panel: Panel, accounts: Ints, shown: pl.DataFrame) -> Floats | None:
    """Likeness of every two accounts in [0, 1]: mean over kinds of the cosine of rarity-weighted observables, and of
    hour profiles.
    """
    from scipy.sparse import csr_matrix

    own = shown.filter(shown["account"].is_in(pl.Series(accounts, dtype=pl.Int64).implode()))
    parts: list[Floats] = []
    for _, rows in own.group_by("kind", maintain_order=True):
        place = np.searchsorted(accounts, rows["account"].to_numpy())
        values, code, holders = np.unique(rows["value"].to_numpy(), return_inverse=True, return_counts=True)
        telling = (holders >= 2) & (holders <= MOST_HOLDERS * len(accounts))
        if not telling.any():
            continue
        use = telling[code]
        weight = np.log(len(accounts) / holders[code[use]])
        matrix = csr_matrix((weight, (place[use], code[use])), shape=(len(accounts), len(values)))
        length = np.sqrt(np.bincount(place[use], weight**2, len(accounts)))
        inverse = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
        parts.append((matrix @ matrix.T).toarray() * inverse[:, None] * inverse[None, :])
    if not parts:
        return None
    hours = np.array(panel.accounts["hour_counts"].gather(accounts).to_list(), dtype=float)
    # Profiles are compared by what they have beyond the network's common rhythm.
    profile = np.sqrt(hours / np.maximum(hours.sum(axis=1, keepdims=True), 1.0))
    profile -= profile.mean(axis=0)
    norm = np.sqrt((profile**2).sum(axis=1))
    parts.append(np.clip(profile @ profile.T / np.maximum(norm[:, None] * norm[None, :], 1e-9), 0.0, 1.0))
    return np.asarray(np.mean(parts, axis=0), dtype=np.float64)


PLUGIN = Hallmark(
    "inheritance",
    "pooling",
    "lifecycle",
    "successors take after the banned",
    test_inheritance,
    nature="dependence",
    family="births",
    weight=0.4,
    phrase="newcomers take over from the banned",
)
