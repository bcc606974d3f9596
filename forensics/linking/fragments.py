"""Fragments of one network: communities that share with each other nearly what they share among themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import find_components, renumber
from forensics.common.kinds import LASTING_LINES, SUFFICIENT_LINES
from forensics.describing.sightings import kind_of
from forensics.linking.membership import ALONE, profile_networks

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.common.settings import NetworkSettings
    from forensics.linking.incidence import Incidence

    Links = tuple[Ints, Ints, Floats]  # account numbers and bits of the links, a < b


def merge_fragments(
    incidence: Incidence, labels: Ints, links: Links, lasting: Floats, settings: NetworkSettings
) -> Ints:
    """Joins communities that share with each other nearly what they share among themselves, on two lines of evidence
    (one durable) or on content.

    What is rare is judged outside of the connected components (pools) of both communities, because the fragments of one
    big network make its values look popular to each other.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    pool = find_components(incidence.account_count, links[0], links[1])
    for _ in range(settings.merge_rounds):
        pairs = (
            pl.concat(
                [like_networks(incidence, labels, pool, links, settings), find_halves(labels, links, lasting, settings)]
            )
            .unique()
            .sort("g", "h")
        )
        if pairs.height == 0:
            break
        count = int(labels.max()) + 1
        g, h = pairs["g"].to_numpy(), pairs["h"].to_numpy()
        _, joined = connected_components(csr_matrix((np.ones(len(g)), (g, h)), shape=(count, count)), directed=False)
        inside = labels >= 0
        labels = np.where(inside, joined[np.maximum(labels, 0)], ALONE).astype(np.int64)
        labels[inside] = renumber(labels[inside])
        pool = _join_pools(pool, labels)
    return labels


def _join_pools(pool: Ints, labels: Ints) -> Ints:
    """Pools that a network spans are one pool."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    inside = labels >= 0
    count = int(pool.max()) + 1
    first = np.full(int(labels.max(initial=-1)) + 1, -1, dtype=np.int64)
    first[labels[inside][::-1]] = pool[inside][::-1]
    _, joined = connected_components(
        csr_matrix((np.ones(int(inside.sum())), (pool[inside], first[labels[inside]])), shape=(count, count)),
        directed=False,
    )
    merged: Ints = joined[pool].astype(np.int64)
    return merged


def find_linked(labels: Ints, pool: Ints, links: Links, settings: NetworkSettings) -> pl.DataFrame:
    """One row per pair of communities with more than a few stray links between them, and the size of the pool they are
    fragments of.

    A random split of one network leaves links in proportion to both parts' links; two networks that touch leave a
    handful.
    """
    a, b, bits = links
    inside = (labels[a] >= 0) & (labels[b] >= 0)
    a, b, bits = a[inside], b[inside], bits[inside]
    count = int(labels.max(initial=-1)) + 1
    strength = np.bincount(labels[a], weights=bits, minlength=count) + np.bincount(
        labels[b], weights=bits, minlength=count
    )
    whole = np.bincount(pool[a], weights=bits, minlength=int(pool.max(initial=0)) + 1)
    size = np.bincount(pool)
    across = labels[a] != labels[b]
    g, h = np.minimum(labels[a], labels[b])[across], np.maximum(labels[a], labels[b])[across]
    table = pl.DataFrame(
        {"g": g, "g_h": h, "bits": np.round(bits[across] * 1024).astype(np.int64), "pool": pool[a][across]}
    )
    table = table.group_by("g", "g_h").agg(pl.col("bits").sum() / 1024, pl.col("pool").first()).sort("g", "g_h")
    expected = (
        strength[table["g"].to_numpy()]
        * strength[table["g_h"].to_numpy()]
        / np.maximum(2 * whole[table["pool"].to_numpy()], 1e-9)
    )
    table = table.with_columns(expected=pl.Series(expected), linked_size=pl.Series(size[table["pool"].to_numpy()]))
    return table.filter(pl.col("bits") >= settings.merge_linked * pl.col("expected")).select("g", "g_h", "linked_size")


def find_halves(labels: Ints, links: Links, lasting: Floats, settings: NetworkSettings) -> pl.DataFrame:
    """One row per pair of communities that are tied to each other, by what survives a change of exits and clients, far
    more than stray links would.

    The skeleton of a large network is sparse and falls into communities by accident, or by the template each account
    happened to draw. Measured is the share of a random split's links; two hydras behind the same exits share exits and
    no prompt, card or blob, which is why little of those is enough, and much is asked of exits and clients.
    """
    a, b, bits = links
    inside = (labels[a] >= 0) & (labels[b] >= 0)
    a, b, bits = a[inside], b[inside], np.round(bits[inside] * 1024).astype(np.int64)
    lasting = np.round(lasting[inside] * 1024).astype(np.int64)
    count = int(labels.max(initial=-1)) + 1
    size = np.bincount(labels[labels >= 0], minlength=count).astype(np.float64)
    across = labels[a] != labels[b]
    own = np.zeros(count)
    np.add.at(own, labels[a][~across], bits[~across])
    g, h = np.minimum(labels[a], labels[b])[across], np.maximum(labels[a], labels[b])[across]
    table = (
        pl.DataFrame({"g": g, "h": h, "bits": bits[across], "lasting": lasting[across]})
        .group_by("g", "h")
        .agg(pl.col("bits", "lasting").sum())
        .sort("g", "h")
    )
    g, h, crossing = table["g"].to_numpy(), table["h"].to_numpy(), table["bits"].to_numpy().astype(np.float64)
    split = 2 * size[g] * size[h] / np.maximum(size[g] + size[h], 1.0) ** 2
    expected = split * (own[g] + own[h] + crossing)
    lasts = table["lasting"].to_numpy().astype(np.float64)
    dense = (lasts >= settings.merge_halves * expected) | (crossing >= settings.merge_dense * expected)
    return table.filter(pl.Series(dense, dtype=pl.Boolean)).select("g", "h")


def like_networks(
    incidence: Incidence, labels: Ints, pool: Ints, links: Links, settings: NetworkSettings
) -> pl.DataFrame:
    """One row per pair of communities that are parts of one network.

    Per line, the likeness is the mean bits that a member of one shares with a member of the other, over the mean bits
    that two members of the larger share: 1 for random parts of one network, 0 for strangers. Only values count that are
    at least four times as frequent in both communities as outside of their pools.
    """
    profile = profile_networks(incidence, labels)
    n = float(incidence.account_count)
    count = len(profile.size)
    pool_of = np.zeros(count, dtype=np.int64)
    pool_of[labels[labels >= 0][::-1]] = pool[labels >= 0][::-1]
    pool_size = np.bincount(pool, minlength=int(pool.max()) + 1)
    key, held = np.unique(pool[incidence.account] * (len(incidence.holders) + 1) + incidence.value, return_counts=True)
    held_in = pl.DataFrame(
        {"pool": key // (len(incidence.holders) + 1), "value": key % (len(incidence.holders) + 1), "in_pool": held}
    )
    rows = pl.DataFrame(
        {
            "g": profile.network,
            "value": profile.value,
            "share": profile.members / profile.size[profile.network],
            "pair_share": profile.members
            * (profile.members - 1)
            / (profile.size * (profile.size - 1.0))[profile.network],
            "n": profile.size[profile.network],
            "pool": pool_of[profile.network],
            "pool_size": pool_size[pool_of[profile.network]],
            "line": incidence.line_of_value[profile.value],
            "durable": np.array(
                [kind_of(kind).lasts for kind in incidence.kinds],
                dtype=bool,
            )[incidence.kind_of_value[profile.value]],
            "holders": incidence.holders[profile.value],
        }
    ).join(held_in, on=["pool", "value"])

    def rare(frame: pl.DataFrame, inside: pl.Expr, everybody: pl.Expr, share: pl.Expr) -> pl.DataFrame:
        """The rows whose value is four times as frequent inside as outside, with the bits of its rarity outside."""
        outside = (pl.col("holders") - inside + 0.5) / (n - everybody + 1.0)
        return frame.filter(share >= 4.0 * outside).with_columns(
            bits=((n - everybody + 2.0) / (pl.col("holders") - inside + 1.0)).log(2).clip(0.0)
        )

    own = (
        rare(rows, pl.col("in_pool"), pl.col("pool_size"), pl.col("share"))
        .sort("g", "value")
        .group_by("g", "line", maintain_order=True)
        .agg(own=(pl.col("pair_share") * pl.col("bits")).sum())
    )
    few = rows.join(
        rows.group_by("value")
        .agg(networks=pl.len())
        .filter(pl.col("networks").is_between(2, settings.merge_holders))
        .select("value"),
        on="value",
        how="semi",
    )
    pairs = few.join(few, on="value", suffix="_h").filter(pl.col("g") < pl.col("g_h"))
    apart = pl.col("pool") != pl.col("pool_h")
    pairs = rare(
        pairs,
        pl.col("in_pool") + pl.when(apart).then(pl.col("in_pool_h")).otherwise(0),
        pl.col("pool_size") + pl.when(apart).then(pl.col("pool_size_h")).otherwise(0),
        pl.min_horizontal("share", "share_h"),
    )
    both = pl.col("share") * pl.col("share_h") * pl.col("bits")
    across = (
        pairs.sort("g", "g_h", "value")
        .group_by("g", "g_h", "n", "n_h", "line", maintain_order=True)
        .agg(
            mean=both.sum(),
            durable=both.filter(pl.col("durable")).sum(),
            odds=(pl.col("share") * pl.col("share_h") * 2.0 ** pl.col("bits")).sum(),
        )
        .join(own.rename({"own": "own_g"}), on=["g", "line"])
        .join(own.rename({"g": "g_h", "own": "own_h"}), on=["g_h", "line"])
        .join(find_linked(labels, pool, links, settings), on=["g", "g_h"], how="left")
        .with_columns(
            linked=pl.col("linked_size").is_not_null(),
            larger=pl.when(pl.col("n_h") > pl.col("n")).then(pl.col("own_h")).otherwise(pl.col("own_g")),
        )
        .with_columns(
            own=pl.when("linked").then("larger").otherwise(pl.max_horizontal("own_g", "own_h")),
            # Among linked fragments a mixture is enough (a quarter of the pairs share a template, the others nothing):
            # the mean of the odds.
            # Else the mean of the bits.
            bits=pl.when("linked").then(pl.col("odds").log(2)).otherwise("mean"),
            prior=(n / pl.coalesce("linked_size", pl.col("n") + pl.col("n_h"))).log(2),
        )
        .with_columns(pl.col("mean") / pl.col("own"), pl.col("durable") / pl.col("own"))
    )
    alone = pl.Series([name in SUFFICIENT_LINES for name in incidence.lines], dtype=pl.Boolean)
    lasting = pl.Series([name in LASTING_LINES for name in incidence.lines], dtype=pl.Boolean)
    across = across.with_columns(alone=alone.gather(across["line"]), lasting=lasting.gather(across["line"]))
    told = own.with_columns(alone=alone.gather(own["line"])).filter("alone").group_by("g").agg(told=pl.col("own").max())
    least = settings.merge_likeness
    speaks = pl.col("mean") >= least
    return (
        across.group_by("g", "g_h")
        .agg(
            lines=speaks.sum(),
            durable=(pl.col("durable") >= least).sum(),
            weak=(speaks & pl.col("lasting")).sum(),
            bits=pl.col("bits").filter(speaks).sum(),
            alone_bits=pl.col("bits").filter(pl.col("alone") & (pl.col("mean") >= 2 * least)).max(),
            prior=pl.col("prior").first(),
            content=pl.col("mean").filter(pl.col("alone")).max().fill_null(0.0),
        )
        .join(told.rename({"told": "told_g"}), on="g", how="left")
        .join(told.rename({"g": "g_h", "told": "told_h"}), on="g_h", how="left")
        # A shared mail domain will do as the second line only where no content contradicts it: two hydras that buy from
        # the same shops
        # have their own templates.
        .with_columns(
            silent=(pl.min_horizontal(pl.col("told_g").fill_null(0.0), pl.col("told_h").fill_null(0.0)) < 2)
            | (pl.col("content") >= least)
        )
        # What a member of one shares with a member of the other must outweigh the odds against any stranger.
        .filter(
            (
                (pl.col("lines") >= 2)
                & ((pl.col("durable") >= 1) | ((pl.col("weak") >= 1) & pl.col("silent")))
                & (pl.col("bits") >= pl.col("prior"))
            )
            | (pl.col("alone_bits") >= pl.col("prior"))
        )
        .select("g", h="g_h")
        .sort("g", "h")
    )
