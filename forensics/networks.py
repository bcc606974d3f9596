"""Links → networks and their members: communities, merging of fragments, completion against decoys."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.alike import find_alike, find_groups, split_alike, taking_turns
from forensics.manners import MANNER_COLUMNS, describe_manners
from forensics.membership import ALONE, SUFFICIENT_LINES, complete, profile_networks, score_accounts, sum_lines
from forensics.names import name_network
from forensics.observables import (
    DURABLE_LINES,
    INCIDENCE_COLUMNS,
    WEAK_KINDS,
    build_incidence,
    bundle,
    find_communities,
    find_components,
    kind_groups,
    renumber,
    unbundle,
)
from forensics.schema import MEMBERS

__all__ = ["find_bridges", "form_networks", "name_network", "without_kinds"]

if TYPE_CHECKING:
    from forensics.config import NetworkSettings
    from forensics.manners import Manners
    from forensics.observables import Bools, Floats, Incidence, Ints

Links = tuple["Ints", "Ints", "Floats"]  # account numbers and bits of the links, a < b
FLEETING_GROUPS = ("network", "client", "timing")  # groups of kinds that do not
PUBLIC_KINDS = ("params", "tools")  # content that comes with public software


def form_networks(links: pl.LazyFrame, sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: NetworkSettings) -> pl.LazyFrame:
    """One row per account that belongs to a network.

    In:    LINKS, SIGHTINGS, ACCOUNTS, any order.
    Out:   MEMBERS, sorted; an account is in one network at most.
    Null:  accounts in no network are in no row.
    """
    tables = bundle(links=links.select(*LINK_COLUMNS[:-1], lasting_bits()), sightings=sightings, accounts=accounts.select(MANNER_COLUMNS))
    return tables.map_batches(lambda frame: _form(frame, settings), schema=MEMBERS.schema)


LINK_COLUMNS = ["account_a", "account_b", "weight_bits", "lasting_bits"]


def lasting_bits() -> pl.Expr:
    """What of a link's bits survives a change of exits, clients and settings: prompts, cards, devices, blobs and mapped observables."""
    fleeting = [kind for kind, group in kind_groups().items() if group in FLEETING_GROUPS or kind in WEAK_KINDS + PUBLIC_KINDS]
    part = pl.when(pl.element().struct.field("kind").is_in(fleeting)).then(0.0).otherwise(pl.element().struct.field("bits"))
    return pl.col("kinds").list.eval(part).list.sum().alias("lasting_bits")


def _form(frame: pl.DataFrame, settings: NetworkSettings) -> pl.DataFrame:
    tables = unbundle(frame, {**INCIDENCE_COLUMNS, "links": LINK_COLUMNS, "accounts": MANNER_COLUMNS})
    incidence = build_incidence(tables["sightings"], tables["accounts"])
    if incidence.account_count == 0:
        return MEMBERS.empty()
    manners = describe_manners(tables["accounts"], incidence.account_ids)
    a, b, bits, lasting = _number_links(incidence, tables["links"])
    labels = _drop_small(find_communities(incidence.account_count, a, b, bits, settings.seed), 2)
    labels = merge_fragments(incidence, labels, (a, b, bits), lasting, settings)
    labels = _drop_small(keep_solid(incidence, labels, (a, b, bits), settings), settings.min_accounts)
    core = labels
    labels = complete_networks(incidence, manners, labels, settings)
    shown = find_groups(incidence, manners, settings)
    more = find_alike(shown, manners, split_alike(incidence, shown, manners, labels, settings), settings)
    if (more != labels).any():
        core = np.where((more >= 0) & (core < 0) & (labels < 0), more, core)
        labels = complete_networks(incidence, manners, more, settings, taking_turns(incidence, more))
    return _tell(incidence, labels, core, score_accounts(incidence, labels), (a, b, bits), settings)


def complete_networks(incidence: Incidence, manners: Manners, labels: Ints, settings: NetworkSettings, settled: Bools | None = None) -> Ints:
    """Members judged by the other members, in rounds; networks that fall apart are dropped. `settled` as for `complete`."""
    for _ in range(settings.completion_rounds):
        labels = complete(incidence, manners, labels, score_accounts(incidence, labels), settings, settled)
    return _drop_small(labels, settings.min_accounts)


def _number_links(incidence: Incidence, links: pl.DataFrame) -> tuple[Ints, Ints, Floats, Floats]:
    number = pl.DataFrame({"account_id": incidence.account_ids, "number": np.arange(incidence.account_count)}, schema_overrides={"account_id": pl.String})
    known = (
        links.join(number.rename({"account_id": "account_a", "number": "a"}), on="account_a")
        .join(number.rename({"account_id": "account_b", "number": "b"}), on="account_b")
        .sort("a", "b")
    )
    return known["a"].to_numpy().astype(np.int64), known["b"].to_numpy().astype(np.int64), known["weight_bits"].to_numpy(), known["lasting_bits"].to_numpy()


def _drop_small(labels: Ints, least: int) -> Ints:
    """Labels of communities of at least `least` accounts, numbered anew; the rest alone."""
    kept = labels >= 0
    sizes = np.bincount(labels[kept], minlength=int(labels.max(initial=0)) + 1)
    keep = kept & (sizes[np.maximum(labels, 0)] >= least)
    result = np.full(len(labels), ALONE, dtype=np.int64)
    if keep.any():
        result[keep] = renumber(labels[keep])
    return result


# Merging of fragments


def merge_fragments(incidence: Incidence, labels: Ints, links: Links, lasting: Floats, settings: NetworkSettings) -> Ints:
    """Joins communities that share with each other nearly what they share among themselves, on two lines of evidence (one durable) or on content.

    What is rare is judged outside of the connected components (pools) of both communities, because the fragments of one big network make its values
    look popular to each other.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    pool = find_components(incidence.account_count, links[0], links[1])
    for _ in range(settings.merge_rounds):
        pairs = pl.concat([like_networks(incidence, labels, pool, links, settings), find_halves(labels, links, lasting, settings)]).unique().sort("g", "h")
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
    _, joined = connected_components(csr_matrix((np.ones(int(inside.sum())), (pool[inside], first[labels[inside]])), shape=(count, count)), directed=False)
    merged: Ints = joined[pool].astype(np.int64)
    return merged


def find_linked(labels: Ints, pool: Ints, links: Links, settings: NetworkSettings) -> pl.DataFrame:
    """One row per pair of communities with more than a few stray links between them, and the size of the pool they are fragments of.

    A random split of one network leaves links in proportion to both parts' links; two networks that touch leave a handful.
    """
    a, b, bits = links
    inside = (labels[a] >= 0) & (labels[b] >= 0)
    a, b, bits = a[inside], b[inside], bits[inside]
    count = int(labels.max(initial=-1)) + 1
    strength = np.bincount(labels[a], weights=bits, minlength=count) + np.bincount(labels[b], weights=bits, minlength=count)
    whole = np.bincount(pool[a], weights=bits, minlength=int(pool.max(initial=0)) + 1)
    size = np.bincount(pool)
    across = labels[a] != labels[b]
    g, h = np.minimum(labels[a], labels[b])[across], np.maximum(labels[a], labels[b])[across]
    table = pl.DataFrame({"g": g, "g_h": h, "bits": np.round(bits[across] * 1024).astype(np.int64), "pool": pool[a][across]})
    table = table.group_by("g", "g_h").agg(pl.col("bits").sum() / 1024, pl.col("pool").first()).sort("g", "g_h")
    expected = strength[table["g"].to_numpy()] * strength[table["g_h"].to_numpy()] / np.maximum(2 * whole[table["pool"].to_numpy()], 1e-9)
    table = table.with_columns(expected=pl.Series(expected), linked_size=pl.Series(size[table["pool"].to_numpy()]))
    return table.filter(pl.col("bits") >= settings.merge_linked * pl.col("expected")).select("g", "g_h", "linked_size")


def find_halves(labels: Ints, links: Links, lasting: Floats, settings: NetworkSettings) -> pl.DataFrame:
    """One row per pair of communities that are tied to each other, by what survives a change of exits and clients, far more than stray links would.

    The skeleton of a large network is sparse and falls into communities by accident, or by the template each account happened to draw. Measured is
    the share of a random split's links; two hydras behind the same exits share exits and no prompt, card or blob, which is why little of those is
    enough, and much is asked of exits and clients.
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
        pl.DataFrame({"g": g, "h": h, "bits": bits[across], "lasting": lasting[across]}).group_by("g", "h").agg(pl.col("bits", "lasting").sum()).sort("g", "h")
    )
    g, h, crossing = table["g"].to_numpy(), table["h"].to_numpy(), table["bits"].to_numpy().astype(np.float64)
    split = 2 * size[g] * size[h] / np.maximum(size[g] + size[h], 1.0) ** 2
    expected = split * (own[g] + own[h] + crossing)
    lasts = table["lasting"].to_numpy().astype(np.float64)
    dense = (lasts >= settings.merge_halves * expected) | (crossing >= settings.merge_dense * expected)
    return table.filter(pl.Series(dense, dtype=pl.Boolean)).select("g", "h")


def like_networks(incidence: Incidence, labels: Ints, pool: Ints, links: Links, settings: NetworkSettings) -> pl.DataFrame:
    """One row per pair of communities that are parts of one network.

    Per line, the likeness is the mean bits that a member of one shares with a member of the other, over the mean bits that two members of the
    larger share: 1 for random parts of one network, 0 for strangers. Only values count that are at least four times as frequent in both
    communities as outside of their pools.
    """
    profile = profile_networks(incidence, labels)
    n = float(incidence.account_count)
    count = len(profile.size)
    pool_of = np.zeros(count, dtype=np.int64)
    pool_of[labels[labels >= 0][::-1]] = pool[labels >= 0][::-1]
    pool_size = np.bincount(pool, minlength=int(pool.max()) + 1)
    key, held = np.unique(pool[incidence.account] * (len(incidence.holders) + 1) + incidence.value, return_counts=True)
    held_in = pl.DataFrame({"pool": key // (len(incidence.holders) + 1), "value": key % (len(incidence.holders) + 1), "in_pool": held})
    rows = pl.DataFrame(
        {
            "g": profile.network,
            "value": profile.value,
            "share": profile.members / profile.size[profile.network],
            "pair_share": profile.members * (profile.members - 1) / (profile.size * (profile.size - 1.0))[profile.network],
            "n": profile.size[profile.network],
            "pool": pool_of[profile.network],
            "pool_size": pool_size[pool_of[profile.network]],
            "line": incidence.line_of_value[profile.value],
            "durable": np.array(
                [incidence.lines[incidence.line_of_kind[k]] in DURABLE_LINES and incidence.kinds[k] not in WEAK_KINDS for k in range(len(incidence.kinds))],
                dtype=bool,
            )[incidence.kind_of_value[profile.value]],
            "holders": incidence.holders[profile.value],
        }
    ).join(held_in, on=["pool", "value"])

    def rare(frame: pl.DataFrame, inside: pl.Expr, everybody: pl.Expr, share: pl.Expr) -> pl.DataFrame:
        """The rows whose value is four times as frequent inside as outside, with the bits of its rarity outside."""
        outside = (pl.col("holders") - inside + 0.5) / (n - everybody + 1.0)
        return frame.filter(share >= 4.0 * outside).with_columns(bits=((n - everybody + 2.0) / (pl.col("holders") - inside + 1.0)).log(2).clip(0.0))

    own = (
        rare(rows, pl.col("in_pool"), pl.col("pool_size"), pl.col("share"))
        .sort("g", "value")
        .group_by("g", "line", maintain_order=True)
        .agg(own=(pl.col("pair_share") * pl.col("bits")).sum())
    )
    few = rows.join(
        rows.group_by("value").agg(networks=pl.len()).filter(pl.col("networks").is_between(2, settings.merge_holders)).select("value"), on="value", how="semi"
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
        .agg(mean=both.sum(), durable=both.filter(pl.col("durable")).sum(), odds=(pl.col("share") * pl.col("share_h") * 2.0 ** pl.col("bits")).sum())
        .join(own.rename({"own": "own_g"}), on=["g", "line"])
        .join(own.rename({"g": "g_h", "own": "own_h"}), on=["g_h", "line"])
        .join(find_linked(labels, pool, links, settings), on=["g", "g_h"], how="left")
        .with_columns(
            linked=pl.col("linked_size").is_not_null(),
            larger=pl.when(pl.col("n_h") > pl.col("n")).then(pl.col("own_h")).otherwise(pl.col("own_g")),
        )
        .with_columns(
            own=pl.when("linked").then("larger").otherwise(pl.max_horizontal("own_g", "own_h")),
            # Among linked fragments a mixture is enough (a quarter of the pairs share a template, the others nothing): the mean of the odds.
            # Else the mean of the bits.
            bits=pl.when("linked").then(pl.col("odds").log(2)).otherwise("mean"),
            prior=(n / pl.coalesce("linked_size", pl.col("n") + pl.col("n_h"))).log(2),
        )
        .with_columns(pl.col("mean") / pl.col("own"), pl.col("durable") / pl.col("own"))
    )
    alone = pl.Series([name in SUFFICIENT_LINES for name in incidence.lines], dtype=pl.Boolean)
    lasting = pl.Series([name in DURABLE_LINES for name in incidence.lines], dtype=pl.Boolean)
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
        # A shared mail domain will do as the second line only where no content contradicts it: two hydras that buy from the same shops
        # have their own templates.
        .with_columns(silent=(pl.min_horizontal(pl.col("told_g").fill_null(0.0), pl.col("told_h").fill_null(0.0)) < 2) | (pl.col("content") >= least))
        # What a member of one shares with a member of the other must outweigh the odds against any stranger.
        .filter(
            ((pl.col("lines") >= 2) & ((pl.col("durable") >= 1) | ((pl.col("weak") >= 1) & pl.col("silent"))) & (pl.col("bits") >= pl.col("prior")))
            | (pl.col("alone_bits") >= pl.col("prior"))
        )
        .select("g", h="g_h")
        .sort("g", "h")
    )


# Whether a network as a whole is more than an accident


def keep_solid(incidence: Incidence, labels: Ints, links: Links, settings: NetworkSettings) -> Ints:
    """Networks whose links weigh more than the number of ways to choose such a network by accident.

    Among N accounts there are about N**n / n! groups of n. The bits of a spanning tree of the network must outweigh log2 of that number by
    `solid_bits`: three accounts chained by two bare links do not, 25,000 accounts with a few bits each do.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.special import gammaln

    a, b, bits = links
    inner = (labels[a] >= 0) & (labels[a] == labels[b])
    if not inner.any():
        return labels
    n = incidence.account_count
    tree = minimum_spanning_tree(csr_matrix((-bits[inner], (a[inner], b[inner])), shape=(n, n))).tocoo()
    count = int(labels.max(initial=-1)) + 1
    weight = np.bincount(labels[tree.row], weights=-tree.data, minlength=count)
    linked = np.zeros(n, dtype=bool)
    linked[a[inner]] = linked[b[inner]] = True
    size = np.bincount(labels[linked], minlength=count).astype(np.float64)
    price = size * np.log2(max(n, 2)) - gammaln(size + 1) / np.log(2)
    solid = weight - price >= settings.solid_bits
    kept = labels.copy()
    kept[(labels >= 0) & ~solid[np.maximum(labels, 0)]] = ALONE
    return kept


# Telling


def _tell(incidence: Incidence, labels: Ints, core: Ints, scores: pl.DataFrame, links: Links, settings: NetworkSettings) -> pl.DataFrame:
    ids = pl.Series("account_id", incidence.account_ids, dtype=pl.String)
    members = np.flatnonzero(labels >= 0)
    if len(members) == 0:
        return MEMBERS.empty()
    table = pl.DataFrame({"account": members, "network": labels[members], "founder": core[members] >= 0})
    a, b, bits = links
    inner = (labels[a] >= 0) & (labels[a] == labels[b])
    ends = pl.DataFrame({"account": np.concatenate([a[inner], b[inner]]), "bits": np.concatenate([bits[inner], bits[inner]])})
    held = ends.group_by("account").agg(link_count=pl.len().cast(pl.UInt32), link_bits=pl.col("bits").median())
    own = scores.join(table.select("account", "network"), on=["account", "network"], how="semi")
    summed = sum_lines(incidence, own, labels).select("account", "bits", "odds")
    kinds = (
        own.with_columns(kind=pl.Series("kind", incidence.kinds, dtype=pl.String).gather(own["kind"]))
        .sort("account", "bits", "kind", descending=[False, True, False])
        .group_by("account", maintain_order=True)
        .agg(kinds=pl.struct("kind", "bits"))
    )
    table = table.join(held, on="account", how="left").join(summed, on="account", how="left").join(kinds, on="account", how="left")
    table = table.with_columns(pl.col("link_count").fill_null(0), pl.col("odds").fill_null(0.0), membership=1 / (1 + (-pl.col("odds").fill_null(0.0)).exp()))
    role = (
        pl.when(pl.col("founder") & (pl.col("link_count") >= 2))
        .then(pl.lit("core"))
        .when(pl.col("membership") >= 0.9)
        .then(pl.lit("member"))
        .otherwise(pl.lit("fringe"))
    )
    table = table.with_columns(role=role, account_id=ids.gather(table["account"]))
    names = {
        int(key[0]): network_identity(part["account_id"].to_list(), part.filter(pl.col("role") == "core")["account_id"].to_list())
        for key, part in table.group_by("network")
    }
    table = table.with_columns(
        network_id=pl.col("network").replace_strict(names, return_dtype=pl.String), weight_bits=pl.coalesce("link_bits", "bits").fill_null(0.0)
    )
    return (
        table.with_columns(pl.col("kinds").fill_null([]))
        .select(pl.col(name).cast(dtype) for name, dtype in MEMBERS.schema.items())
        .sort("network_id", "account_id")
    )


def network_identity(members: list[str], core: list[str]) -> str:
    """`net_` and twelve hex digits of the core's sorted members (of all members where none is core)."""
    digest = hashlib.blake2b("\n".join(sorted(core or members)).encode(), digest_size=6)
    return f"net_{digest.hexdigest()}"


# Questions an analyst asks


def without_kinds(
    sightings: pl.LazyFrame, accounts: pl.LazyFrame, members: pl.LazyFrame, network_id: str, kinds: tuple[str, ...], settings: NetworkSettings
) -> pl.LazyFrame:
    """One row per member of a network: whether it would still belong if some kinds of observable had never been seen.

    In:    SIGHTINGS, ACCOUNTS, MEMBERS; `kinds` to leave out.
    Out:   account_id, odds_bits (log2 odds of belonging, with all kinds), odds_bits_without, stays.
    """
    tables = bundle(sightings=sightings, accounts=accounts.select("account_id", "request_count"), members=members.select("network_id", "account_id"))

    def answer(frame: pl.DataFrame) -> pl.DataFrame:
        parts = unbundle(frame, {**INCIDENCE_COLUMNS, "members": ["network_id", "account_id"]})
        odds = []
        for shown in (parts["sightings"], parts["sightings"].filter(~pl.col("kind").is_in(list(kinds)))):
            incidence = build_incidence(shown, parts["accounts"])
            labels = _label(incidence, parts["members"])
            names = sorted(parts["members"]["network_id"].unique().to_list())
            if network_id not in names:
                odds.append(pl.DataFrame(schema={"account_id": pl.String, "odds": pl.Float64}))
                continue
            wanted = names.index(network_id)
            scores = sum_lines(incidence, score_accounts(incidence, labels), labels).filter(pl.col("network") == wanted)
            number = np.flatnonzero(labels == wanted)
            inside = pl.DataFrame({"account": number, "account_id": [incidence.account_ids[i] for i in number]}, schema_overrides={"account_id": pl.String})
            prior = float(np.log2(max(incidence.account_count - len(number), 1) / max(len(number), 1)))
            odds.append(inside.join(scores, on="account", how="left").select("account_id", pl.col("odds").fill_null(-prior)))
        both = odds[0].join(odds[1], on="account_id", suffix="_without").sort("account_id")
        return both.select("account_id", odds_bits="odds", odds_bits_without="odds_without", stays=pl.col("odds_without") >= settings.margin_bits)

    return tables.map_batches(answer, schema={"account_id": pl.String, "odds_bits": pl.Float64, "odds_bits_without": pl.Float64, "stays": pl.Boolean})


def _label(incidence: Incidence, members: pl.DataFrame) -> Ints:
    """Labels of the accounts by the sorted order of network ids."""
    names = {name: number for number, name in enumerate(sorted(members["network_id"].unique().to_list()))}
    place = {account: number for number, account in enumerate(incidence.account_ids)}
    labels = np.full(incidence.account_count, ALONE, dtype=np.int64)
    for network, account in members.select("network_id", "account_id").iter_rows():
        if account in place:
            labels[place[account]] = names[network]
    return labels


def find_bridges(links: pl.LazyFrame, members: pl.LazyFrame, network_id: str) -> pl.LazyFrame:
    """One row per link of a network without which its links would fall into two parts: what an analyst should check first.

    In:    LINKS, MEMBERS.
    Out:   account_a, account_b, weight_bits, smaller_part (accounts on the lesser side), most consequential first.
    """
    inside = members.filter(pl.col("network_id") == network_id).select("account_id")
    inner = (
        links.join(inside, left_on="account_a", right_on="account_id", how="semi")
        .join(inside, left_on="account_b", right_on="account_id", how="semi")
        .select("account_a", "account_b", "weight_bits")
        .sort("account_a", "account_b")
    )

    def cut(frame: pl.DataFrame) -> pl.DataFrame:
        pairs = list(zip(frame["account_a"].to_list(), frame["account_b"].to_list(), strict=True))
        found = bridges_of(pairs)
        table = pl.DataFrame(
            {"row": [row for row, _ in found], "smaller_part": [part for _, part in found]}, schema={"row": pl.UInt32, "smaller_part": pl.UInt32}
        )
        return frame.with_row_index("row").join(table, on="row").drop("row").sort("smaller_part", "account_a", "account_b", descending=[True, False, False])

    schema = {"account_a": pl.String, "account_b": pl.String, "weight_bits": pl.Float64, "smaller_part": pl.UInt32}
    return inner.map_batches(cut, schema=schema)


def bridges_of(pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Positions of the pairs that are bridges of the graph, and how many nodes the smaller side then has (Tarjan's low points, without recursion)."""
    neighbours: dict[str, list[tuple[str, int]]] = {}
    for row, (a, b) in enumerate(pairs):
        neighbours.setdefault(a, []).append((b, row))
        neighbours.setdefault(b, []).append((a, row))
    found: list[tuple[int, int]] = []
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    below: dict[str, int] = {}
    for root in sorted(neighbours):
        if root in order:
            continue
        first = len(found)
        order[root] = low[root] = len(order)
        below[root] = 1
        stack = [(root, -1, iter(neighbours[root]))]
        while stack:
            node, came_by, rest = stack[-1]
            step = next(rest, None)
            if step is not None:
                other, row = step
                if other not in order:
                    order[other] = low[other] = len(order)
                    below[other] = 1
                    stack.append((other, row, iter(neighbours[other])))
                elif row != came_by:
                    low[node] = min(low[node], order[other])
                continue
            stack.pop()
            if stack:
                parent = stack[-1][0]
                low[parent] = min(low[parent], low[node])
                below[parent] += below[node]
                if low[node] > order[parent]:
                    found.append((came_by, below[node]))
        found[first:] = [(row, min(part, below[root] - part)) for row, part in found[first:]]
    return sorted(found)
