"""Fragments of one network: communities that what lasts ties to each other as it ties each within.

Cards, devices, blobs, mapped observables and prompts of one's own; never a client, a program's parameters or likeness,
which independent users of one program have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import renumber
from forensics.linking.membership import ALONE, profile_networks

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.linking.incidence import Incidence

ROUNDS = 4  # of joining at most
MOST_NETWORKS = 200  # networks that hold a value, above which it is nobody's
ALIKE = (
    0.3  # of what two members of one share, from which members of two are of one: 1 for random parts, 0 for strangers
)
LINKED = 0.05  # of the lasting links of a random split: two networks that merely touch have a handful
FEWEST = 3  # accounts on either side that must show it: one stolen card does not join two networks


@dataclass(frozen=True)
class Links:
    """Pairs of accounts by number, a < b, and what ties them."""

    a: Ints
    b: Ints
    bits: Floats
    lasting: Floats  # what of the bits lasts
    core: Ints  # group around popular values; ALONE where the pair links by itself


def merge_fragments(incidence: Incidence, labels: Ints, links: Links) -> Ints:
    """The labels, fragments of one network joined by what lasts."""
    for _ in range(ROUNDS):
        pairs = pl.concat([find_halves(labels, links), like_networks(incidence, labels)]).unique().sort("g", "h")
        pairs = without_strangers(incidence, labels, pairs)
        if pairs.height == 0:
            break
        labels = join_networks(labels, pairs["g"].to_numpy(), pairs["h"].to_numpy())
    return labels


def without_strangers(incidence: Incidence, labels: Ints, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs, but those of two networks that are both made of declared organisations and share no payer and no mail
    domain: whatever else ties them, they are several parties that say so.
    """
    count = int(labels.max(initial=ALONE)) + 1
    size = np.bincount(labels[labels >= 0], minlength=count)
    firms = np.bincount(labels[(labels >= 0) & incidence.firms], minlength=count)
    mostly = pl.Series(2 * firms > size, dtype=pl.Boolean)
    if not mostly.any():
        return pairs
    money = np.array([line == "money" for line in incidence.lines], dtype=bool)[incidence.line_of_value]
    profile = profile_networks(incidence, labels, least=1)
    paid = pl.DataFrame({"network": profile.network, "value": profile.value}).filter(pl.Series(money[profile.value]))
    shared = paid.join(paid, on="value", suffix="_h").select(g="network", h="network_h").unique()
    declared = mostly.gather(pairs["g"]) & mostly.gather(pairs["h"])
    return pl.concat([pairs.filter(~declared), pairs.filter(declared).join(shared, on=["g", "h"], how="semi")])


def join_networks(labels: Ints, g: Ints, h: Ints) -> Ints:
    """The labels with networks g and h, pair by pair, made one."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    count = int(labels.max(initial=ALONE)) + 1
    _, joined = connected_components(csr_matrix((np.ones(len(g)), (g, h)), shape=(count, count)), directed=False)
    inside = labels >= 0
    result = np.full(len(labels), ALONE, dtype=np.int64)
    result[inside] = renumber(joined[labels[inside]].astype(np.int64))
    return result


def join_cores(labels: Ints, links: Links) -> Ints:
    """The labels, with communities made one between which a core's links run as within a random part of it: its sparse
    skeleton falls apart by accident, or by the template each account happened to draw.
    """
    inner = (links.core >= 0) & (labels[links.a] >= 0) & (labels[links.b] >= 0)
    one, other = labels[links.a[inner]], labels[links.b[inner]]
    table = pl.DataFrame({"core": links.core[inner], "g": np.minimum(one, other), "h": np.maximum(one, other)})
    ends = pl.concat([table.select("core", network="g"), table.select("core", network="h")])
    degree = ends.group_by("core", "network").len("ends")
    pairs = (
        table.filter(pl.col("g") != pl.col("h"))
        .group_by("core", "g", "h")
        .len("across")
        .join(degree.rename({"network": "g", "ends": "of_g"}), on=["core", "g"])
        .join(degree.rename({"network": "h", "ends": "of_h"}), on=["core", "h"])
        .join(ends.group_by("core").len("all"), on="core")
        .filter(pl.col("across") * pl.col("all") >= ALIKE * pl.col("of_g") * pl.col("of_h"))
        .sort("g", "h", "core")
    )
    return join_networks(labels, pairs["g"].to_numpy(), pairs["h"].to_numpy()) if pairs.height else labels


def find_halves(labels: Ints, links: Links) -> pl.DataFrame:
    """One row per pair of communities between which run, by what lasts, more than a few stray links.

    Measured is the share of a random split's links; two hydras behind the same exits share exits and no prompt, card or
    blob.
    """
    inside = (labels[links.a] >= 0) & (labels[links.b] >= 0)
    a, b = labels[links.a[inside]], labels[links.b[inside]]
    table = pl.DataFrame(
        {
            "g": np.minimum(a, b),
            "h": np.maximum(a, b),
            "left": np.where(a <= b, links.a[inside], links.b[inside]),
            "right": np.where(a <= b, links.b[inside], links.a[inside]),
            "bits": np.round(links.bits[inside] * 1024).astype(np.int64),
            "lasting": np.round(links.lasting[inside] * 1024).astype(np.int64),
        }
    )
    size = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=ALONE)) + 1).astype(np.float64)
    own = np.zeros(len(size))
    within = table.filter(pl.col("g") == pl.col("h")).group_by("g").agg(pl.col("bits").sum())
    own[within["g"].to_numpy()] = within["bits"].to_numpy()
    across = (
        table.filter((pl.col("g") != pl.col("h")) & (pl.col("lasting") > 0))
        .group_by("g", "h")
        .agg(pl.col("bits").sum(), pl.col("lasting").sum(), pl.col("left").n_unique(), pl.col("right").n_unique())
        .sort("g", "h")
    )
    g, h, crossing = (across[name].to_numpy() for name in ("g", "h", "bits"))
    split = 2 * size[g] * size[h] / np.maximum(size[g] + size[h], 1.0) ** 2
    dense = across["lasting"].to_numpy() >= LINKED * split * (own[g] + own[h] + crossing)
    both = pl.min_horizontal("left", "right") >= FEWEST
    return across.filter(pl.Series(dense, dtype=pl.Boolean) & both).select("g", "h")


def like_networks(incidence: Incidence, labels: Ints) -> pl.DataFrame:
    """One row per pair of communities whose members share with each other nearly the personal things (payers, devices,
    blobs, mapped observables) that they share among themselves.
    """
    rows = _personal_shares(incidence, labels)
    own = rows.group_by("g", "line").agg(own=_whole(pl.col("pair_share") * pl.col("bits")))
    both = rows.join(rows, on=["value", "line", "bits"], suffix="_h").filter(pl.col("g") < pl.col("g_h"))
    across = (
        both.group_by("g", "g_h", "line")
        .agg(
            mean=_whole(pl.col("share") * pl.col("share_h") * pl.col("bits")),
            left=pl.col("members").sum(),
            right=pl.col("members_h").sum(),
        )
        .join(own, on=["g", "line"])
        .join(own.rename({"g": "g_h"}), on=["g_h", "line"], suffix="_h")
        .filter(pl.col("mean") >= ALIKE * pl.max_horizontal("own", "own_h"))
        .filter(pl.min_horizontal("left", "right") >= FEWEST)
    )
    return across.select("g", h="g_h").unique().sort("g", "h")


def _personal_shares(incidence: Incidence, labels: Ints) -> pl.DataFrame:
    """One row per network and personal value that few networks hold: share of members, and of pairs of them."""
    profile = profile_networks(incidence, labels, least=1)
    size = profile.size[profile.network].astype(np.float64)
    rows = pl.DataFrame(
        {
            "g": profile.network,
            "value": profile.value,
            "members": profile.members,
            "share": profile.members / size,
            "pair_share": profile.members * (profile.members - 1) / np.maximum(size * (size - 1), 1.0),
            "line": incidence.line_of_value[profile.value],
            "bits": incidence.rarity_bits[profile.value],
        }
    ).filter(pl.Series(incidence.traits("personal")[profile.value], dtype=pl.Boolean))
    return rows.filter(pl.len().over("value") <= MOST_NETWORKS)


def _whole(bits: pl.Expr) -> pl.Expr:
    """A sum in 1/1024 bit, so that the order of rows does not show."""
    return (bits * 1024 * 1024).round().cast(pl.Int64).sum() / (1024 * 1024)
