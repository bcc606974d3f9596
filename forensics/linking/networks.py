"""Links → networks and their members: communities, merging of fragments, completion against decoys."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import renumber
from forensics.common.schema import MEMBERS
from forensics.describing.sightings import find_kinds
from forensics.linking.alike import find_alike, find_groups, taking_turns
from forensics.linking.behaviour import MANNER_COLUMNS, describe_manners
from forensics.linking.fragments import merge_fragments
from forensics.linking.graphs import find_communities
from forensics.linking.incidence import INCIDENCE_COLUMNS, build_incidence, bundle, unbundle
from forensics.linking.membership import ALONE, complete, score_accounts, sum_lines
from forensics.linking.parting import split_alike

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.common.settings import NetworkSettings
    from forensics.linking.behaviour import Manners
    from forensics.linking.fragments import Links
    from forensics.linking.incidence import Incidence


def form_networks(
    links: pl.LazyFrame, sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: NetworkSettings
) -> pl.LazyFrame:
    """One row per account that belongs to a network.

    In:    LINKS, SIGHTINGS, ACCOUNTS, any order.
    Out:   MEMBERS, sorted; an account is in one network at most.
    Null:  accounts in no network are in no row.
    """
    tables = bundle(
        links=links.select(*LINK_COLUMNS[:-1], lasting_bits()),
        sightings=sightings,
        accounts=accounts.select(MANNER_COLUMNS),
    )
    return tables.map_batches(lambda frame: _form(frame, settings), schema=MEMBERS.schema)


LINK_COLUMNS = ["account_a", "account_b", "weight_bits", "lasting_bits"]


def lasting_bits() -> pl.Expr:
    """What of a link's bits survives a change of exits, clients and settings: prompts, cards, devices, blobs and mapped
    observables.
    """
    fleeting = [name for name, kind in find_kinds().items() if not kind.lasts and not (kind.public and kind.asked)]
    part = (
        pl.when(pl.element().struct.field("kind").is_in(fleeting))
        .then(0.0)
        .otherwise(pl.element().struct.field("bits"))
    )
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


def complete_networks(
    incidence: Incidence, manners: Manners, labels: Ints, settings: NetworkSettings, settled: Bools | None = None
) -> Ints:
    """Members judged by the other members, in rounds; networks that fall apart are dropped. `settled` as for
    `complete`.
    """
    for _ in range(settings.completion_rounds):
        labels = complete(incidence, manners, labels, score_accounts(incidence, labels), settings, settled)
    return _drop_small(labels, settings.min_accounts)


def _number_links(incidence: Incidence, links: pl.DataFrame) -> tuple[Ints, Ints, Floats, Floats]:
    number = pl.DataFrame(
        {"account_id": incidence.account_ids, "number": np.arange(incidence.account_count)},
        schema_overrides={"account_id": pl.String},
    )
    known = (
        links.join(number.rename({"account_id": "account_a", "number": "a"}), on="account_a")
        .join(number.rename({"account_id": "account_b", "number": "b"}), on="account_b")
        .sort("a", "b")
    )
    return (
        known["a"].to_numpy().astype(np.int64),
        known["b"].to_numpy().astype(np.int64),
        known["weight_bits"].to_numpy(),
        known["lasting_bits"].to_numpy(),
    )


def _drop_small(labels: Ints, least: int) -> Ints:
    """Labels of communities of at least `least` accounts, numbered anew; the rest alone."""
    kept = labels >= 0
    sizes = np.bincount(labels[kept], minlength=int(labels.max(initial=0)) + 1)
    keep = kept & (sizes[np.maximum(labels, 0)] >= least)
    result = np.full(len(labels), ALONE, dtype=np.int64)
    if keep.any():
        result[keep] = renumber(labels[keep])
    return result


# Whether a network as a whole is more than an accident


def keep_solid(incidence: Incidence, labels: Ints, links: Links, settings: NetworkSettings) -> Ints:
    """Networks whose links weigh more than the number of ways to choose such a network by accident.

    Among N accounts there are about N**n / n! groups of n. The bits of a spanning tree of the network must outweigh
    log2 of that number by `solid_bits`: three accounts chained by two bare links do not, 25,000 accounts with a few
    bits each do.
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


def _tell(
    incidence: Incidence, labels: Ints, core: Ints, scores: pl.DataFrame, links: Links, settings: NetworkSettings
) -> pl.DataFrame:
    ids = pl.Series("account_id", incidence.account_ids, dtype=pl.String)
    members = np.flatnonzero(labels >= 0)
    if len(members) == 0:
        return MEMBERS.empty()
    table = pl.DataFrame({"account": members, "network": labels[members], "founder": core[members] >= 0})
    a, b, bits = links
    inner = (labels[a] >= 0) & (labels[a] == labels[b])
    ends = pl.DataFrame(
        {"account": np.concatenate([a[inner], b[inner]]), "bits": np.concatenate([bits[inner], bits[inner]])}
    )
    held = ends.group_by("account").agg(link_count=pl.len().cast(pl.UInt32), link_bits=pl.col("bits").median())
    own = scores.join(table.select("account", "network"), on=["account", "network"], how="semi")
    summed = sum_lines(incidence, own, labels).select("account", "bits", "odds")
    kinds = (
        own.with_columns(kind=pl.Series("kind", incidence.kinds, dtype=pl.String).gather(own["kind"]))
        .sort("account", "bits", "kind", descending=[False, True, False])
        .group_by("account", maintain_order=True)
        .agg(kinds=pl.struct("kind", "bits"))
    )
    table = (
        table.join(held, on="account", how="left")
        .join(summed, on="account", how="left")
        .join(kinds, on="account", how="left")
    )
    table = table.with_columns(
        pl.col("link_count").fill_null(0),
        pl.col("odds").fill_null(0.0),
        membership=1 / (1 + (-pl.col("odds").fill_null(0.0)).exp()),
    )
    role = (
        pl.when(pl.col("founder") & (pl.col("link_count") >= 2))
        .then(pl.lit("core"))
        .when(pl.col("membership") >= 0.9)
        .then(pl.lit("member"))
        .otherwise(pl.lit("fringe"))
    )
    table = table.with_columns(role=role, account_id=ids.gather(table["account"]))
    names = {
        int(key[0]): network_identity(
            part["account_id"].to_list(), part.filter(pl.col("role") == "core")["account_id"].to_list()
        )
        for key, part in table.group_by("network")
    }
    table = table.with_columns(
        network_id=pl.col("network").replace_strict(names, return_dtype=pl.String),
        weight_bits=pl.coalesce("link_bits", "bits").fill_null(0.0),
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
