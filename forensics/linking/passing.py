"""What passed from one account to another: requests that failed on one and were sent again by the other.

It is no likeness and weighs in no pair. It makes one network of fragments between which as much passes as within each
and through which as much passes for their requests, and brings accounts of no network to the one that requests pass to
and from.

Null:      accidents are as frequent as between accounts of no network, in proportion to their requests; what these have
           in common by the operator that was not found counts as accident, too. An account that one request passes to
           or from is brought only if such accidents are no more than a share (`false_joiners`) of those brought so; an
           account with two or more likewise.
Blind to:  operators who retry on the same account, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.describing.sightings import kinds_where
from forensics.linking.fragments import ALIKE, FEWEST, join_networks, without_strangers
from forensics.linking.membership import ALONE

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.common.settings import NetworkSettings
    from forensics.linking.incidence import Incidence

MOST_HOLDERS = 3  # accounts with one such value: of more it is nobody's
FEWEST_WITHIN = 5  # pairs of members between which something passes, from which a network is one where it does
BY_ACCIDENT = 1e-4  # chance of as much between two networks as between strangers


@dataclass(frozen=True)
class Passed:
    """Pairs of accounts by number, a < b, and how many things passed between them."""

    a: Ints
    b: Ints
    count: Ints


def read_passed(incidence: Incidence, sightings: pl.LazyFrame) -> Passed:
    """What passed between principals.

    In:  SIGHTINGS.
    """
    rows = (
        sightings.filter(pl.col("kind").is_in(kinds_where(passes=True)))
        .select("account_id", "kind", "value")
        .join(incidence.seats.lazy(), on="account_id")
        .select("kind", "value", pl.col("account").cast(pl.Int64))
        .unique()
        .filter(pl.len().over("kind", "value").is_between(2, MOST_HOLDERS))
    )
    pairs = (
        rows.join(rows, on=["kind", "value"], suffix="_b")
        .filter(pl.col("account") < pl.col("account_b"))
        .group_by("account", "account_b")
        .len()
        .sort("account", "account_b")
        .collect()
    )
    return Passed(*(pairs[name].to_numpy().astype(np.int64) for name in ("account", "account_b", "len")))


def join_by_passing(incidence: Incidence, labels: Ints, passed: Passed, settings: NetworkSettings) -> Ints:
    """The labels, networks between which requests pass made one, and accounts brought to the network that requests pass
    to and from.
    """
    if len(passed.a) == 0:
        return labels
    labels = _join(incidence, labels, passed)
    return np.where(labels >= 0, labels, _bring(incidence, labels, passed, settings)).astype(np.int64)


def _join(incidence: Incidence, labels: Ints, passed: Passed) -> Ints:
    both = (labels[passed.a] >= 0) & (labels[passed.b] >= 0)
    one, other = labels[passed.a[both]], labels[passed.b[both]]
    turned = one > other
    table = pl.DataFrame(
        {
            "g": np.minimum(one, other),
            "h": np.maximum(one, other),
            "left": np.where(turned, passed.b[both], passed.a[both]),
            "right": np.where(turned, passed.a[both], passed.b[both]),
        }
    )
    degree = pl.concat([table.select(network="g"), table.select(network="h")]).group_by("network").len("ends")
    pairs = (
        table.filter(pl.col("g") != pl.col("h"))
        .group_by("g", "h")
        .agg(pl.len().alias("across"), pl.col("left").n_unique(), pl.col("right").n_unique())
        .join(degree.rename({"network": "g", "ends": "of_g"}), on="g")
        .join(degree.rename({"network": "h", "ends": "of_h"}), on="h")
        .filter(pl.min_horizontal("left", "right") >= FEWEST)
        .filter(pl.col("across") * (2 * table.height) >= ALIKE * pl.col("of_g") * pl.col("of_h"))
        .sort("g", "h")
    )
    if pairs.height == 0:
        return labels
    from scipy.stats import poisson

    g, h = pairs["g"].to_numpy(), pairs["h"].to_numpy()
    sent, base = _traffic(incidence, labels), _accidents(incidence, labels, passed)
    clear = poisson.sf(pairs["across"].to_numpy() - 1, base * sent[g] * sent[h]) < BY_ACCIDENT
    # Through a few stolen keys among many customers passes little for so many requests.
    often = pairs["of_g"].to_numpy() / sent[g], pairs["of_h"].to_numpy() / sent[h]
    clear &= np.minimum(*often) >= ALIKE * np.maximum(*often)
    pairs = without_strangers(incidence, labels, pairs.filter(pl.Series(clear)).select("g", "h"))
    return join_networks(labels, pairs["g"].to_numpy(), pairs["h"].to_numpy()) if pairs.height else labels


def _bring(incidence: Incidence, labels: Ints, passed: Passed, settings: NetworkSettings) -> Ints:
    """The network that each account of none is brought to; ALONE for all others."""
    within = (labels[passed.a] >= 0) & (labels[passed.a] == labels[passed.b])
    inside = np.bincount(labels[passed.a[within]], minlength=int(labels.max(initial=ALONE)) + 1)
    ends = [np.concatenate([passed.a, passed.b]), np.concatenate([passed.b, passed.a])]
    touched = pl.DataFrame({"account": ends[0], "network": labels[ends[1]], "count": np.tile(passed.count, 2)}).filter(
        pl.Series((labels[ends[0]] < 0) & (labels[ends[1]] >= 0) & ~incidence.several[ends[0]])
    )
    # To which most passes; what passes to two networks alike tells of neither.
    most = (
        touched.group_by("account", "network")
        .agg(pl.col("count").sum())
        .filter(pl.col("count") == pl.col("count").max().over("account"))
        .filter(pl.len().over("account") == 1)
    )
    most = most.filter(pl.Series(inside >= FEWEST_WITHIN).gather(most["network"]))
    found = np.full(len(labels), ALONE, dtype=np.int64)
    if most.height == 0:
        return found
    sent, base = _traffic(incidence, labels), _accidents(incidence, labels, passed)
    for (network,), rows in most.group_by("network", maintain_order=False):
        often, account = rows["count"].to_numpy(), rows["account"].to_numpy()
        for least, chosen in ((2, often >= 2), (1, often == 1)):
            by_accident = _expected(incidence, labels, base * float(sent[int(network)]), least)
            if chosen.any() and by_accident <= settings.false_joiners * chosen.sum():
                found[account[chosen]] = int(network)
    return found


def _traffic(incidence: Incidence, labels: Ints) -> Floats:
    """Requests of each network."""
    inside = labels >= 0
    return np.asarray(np.bincount(labels[inside], weights=incidence.requests[inside].astype(float)))


def _accidents(incidence: Incidence, labels: Ints, passed: Passed) -> float:
    """Pairs between which something passes by accident, for each two requests of two accounts."""
    outside: Bools = labels < 0
    met = int((outside[passed.a] & outside[passed.b]).sum())
    return 2.0 * (met + 1.0) / max(float(incidence.requests[outside].sum()), 1.0) ** 2


def _expected(incidence: Incidence, labels: Ints, rate: float, least: int) -> float:
    """Accounts of no network to which so many requests or more would pass by accident, at a rate for each of their
    requests.
    """
    from scipy.stats import poisson

    return float(poisson.sf(least - 1, rate * incidence.requests[labels < 0]).sum())
