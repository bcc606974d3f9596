"""Links → networks and their members: communities, merging of fragments, completion against decoys."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.graphs import renumber
from forensics.common.schema import MEMBERS
from forensics.describing.sightings import find_kinds, kinds_where
from forensics.linking.alike import find_alike, find_groups, taking_turns
from forensics.linking.behaviour import MANNER_COLUMNS, describe_manners
from forensics.linking.fragments import Links, join_cores, merge_fragments
from forensics.linking.graphs import find_communities
from forensics.linking.incidence import INCIDENCE_COLUMNS, build_incidence
from forensics.linking.membership import ALONE, complete, own_pairs, score_accounts, score_cap, sum_lines
from forensics.linking.parting import split_alike
from forensics.linking.passing import join_by_passing, read_passed
from forensics.linking.roles import LIFE_COLUMNS, describe_traffic, shown_on

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Ints
    from forensics.common.settings import NetworkSettings
    from forensics.linking.behaviour import Manners
    from forensics.linking.incidence import Incidence


COMPLETION_ROUNDS = 2  # in which members are judged by the other members
SOLID_BITS = 6.0  # beyond the price of choosing a network by accident: one in 64


def form_networks(
    links: pl.LazyFrame, sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: NetworkSettings
) -> pl.LazyFrame:
    """One row per account that belongs to a network, or is used by it.

    In:    LINKS, SIGHTINGS, ACCOUNTS, any order.
    Out:   MEMBERS, sorted; an account is in one network at most. An organisation that behaves like one is a network by
           itself, unless what is personal ties most of its accounts to others.
    Null:  accounts in no network are in no row.
    """

    def run() -> pl.DataFrame:
        known = accounts.select(ACCOUNT_COLUMNS).collect()
        return _form(links, sightings, known, settings)

    return pl.defer(run, schema=MEMBERS.schema)


ACCOUNT_COLUMNS = list(dict.fromkeys([*INCIDENCE_COLUMNS["accounts"], *MANNER_COLUMNS, *LIFE_COLUMNS]))
LINK_COLUMNS = ["account_a", "account_b", "weight_bits", "core", "lasting_bits"]


def lasting_bits() -> pl.Expr:
    """What of a link's bits survives a change of exits, clients and settings: prompts, cards, devices, blobs and mapped
    observables.
    """
    fleeting = [name for name, kind in find_kinds().items() if not kind.lasts]
    part = (
        pl.when(pl.element().struct.field("kind").is_in(fleeting))
        .then(0.0)
        .otherwise(pl.element().struct.field("bits"))
    )
    return pl.col("kinds").list.eval(part).list.sum().alias("lasting_bits")


def _form(
    pairs: pl.LazyFrame, sightings: pl.LazyFrame, accounts: pl.DataFrame, settings: NetworkSettings
) -> pl.DataFrame:
    # Names and times of sightings are held no longer than it takes to number them: they are most of the memory.
    incidence = build_incidence(sightings.select(INCIDENCE_COLUMNS["sightings"]).collect(), accounts, by_content=True)
    if incidence.account_count == 0:
        return MEMBERS.empty()
    manners = describe_manners(accounts, incidence.account_ids)
    links = _number_links(incidence, pairs.select(*LINK_COLUMNS[:-1], lasting_bits()).collect())
    labels = _drop_small(keep_solid(incidence, _communities(incidence, links, settings), links, settings), settings)
    core = labels
    labels = complete_networks(incidence, manners, labels, settings)
    shown = find_groups(incidence, manners, settings.seed)
    parted = split_alike(incidence, shown, manners, labels, settings.seed)
    more = find_alike(shown, manners, parted, settings.seed)
    if (more != labels).any():
        alike = (more >= 0) & (labels < 0)
        core = np.where(alike & (core < 0), more, core)
        labels = complete_networks(incidence, manners, more, settings, taking_turns(incidence, more), alike)
    passed = read_passed(incidence, sightings)
    before, labels = labels, join_by_passing(incidence, labels, passed, settings)
    brought = (before < 0) & (labels >= 0)
    shown_by_members = _shown_by_members(incidence, labels, sightings)
    traffic = describe_traffic(incidence, labels, shown_by_members, accounts, brought, shown_on(sightings, accounts))
    members = _tell(incidence, labels, np.where(brought, ALONE, core), traffic, links, brought, settings)
    return pl.concat([members, _tell_firms(incidence, labels, accounts, settings)]).sort("network_id", "account_id")


def _shown_by_members(incidence: Incidence, labels: Ints, sightings: pl.LazyFrame) -> pl.DataFrame:
    """SIGHTINGS of accounts in networks."""
    members = incidence.seats.filter(pl.Series(labels).gather(incidence.seats["account"]) >= 0)
    return (
        sightings.select(INCIDENCE_COLUMNS["sightings"])
        .join(members.lazy().select("account_id"), on="account_id", how="semi")
        .collect(engine="streaming")
    )


def _communities(incidence: Incidence, links: Links, settings: NetworkSettings) -> Ints:
    """Communities of the links, those of one core and fragments of one network made one."""
    # A core has been tested and has paid: its links hold together whatever they weigh by themselves.
    weight = np.where(links.core >= 0, np.maximum(links.bits, score_cap(incidence)), links.bits)
    labels = find_communities(incidence.account_count, links.a, links.b, weight, settings.seed)
    return merge_fragments(incidence, join_cores(_drop_few(labels, 2), links), links)


def complete_networks(
    incidence: Incidence,
    manners: Manners,
    labels: Ints,
    settings: NetworkSettings,
    settled: Bools | None = None,
    alike: Bools | None = None,
) -> Ints:
    """Members judged by the other members, in rounds; networks that fall apart are dropped. `settled` and `alike` as
    for `complete`.
    """
    for _ in range(COMPLETION_ROUNDS):
        labels = complete(incidence, manners, labels, settings, settled, alike)
    return _drop_small(labels, settings)


def _number_links(incidence: Incidence, links: pl.DataFrame) -> Links:
    number = incidence.seats
    known = (
        links.join(number.rename({"account_id": "account_a", "account": "a"}), on="account_a")
        .join(number.rename({"account_id": "account_b", "account": "b"}), on="account_b")
        .with_columns(a=pl.min_horizontal("a", "b"), b=pl.max_horizontal("a", "b"))
        .sort("a", "b")
    )
    return Links(
        known["a"].to_numpy().astype(np.int64),
        known["b"].to_numpy().astype(np.int64),
        known["weight_bits"].to_numpy(),
        known["lasting_bits"].to_numpy(),
        known["core"].cast(pl.Int64).fill_null(ALONE).to_numpy(),
    )


def _drop_small(labels: Ints, settings: NetworkSettings) -> Ints:
    return _drop_few(labels, settings.min_accounts)


def _drop_few(labels: Ints, least: int) -> Ints:
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
    log2 of that number by `margin_bits`: three accounts chained by two bare links do not. Links of a core count as what
    it takes: the core was tested whole, with its own price.
    """
    inner = (labels[links.a] >= 0) & (labels[links.a] == labels[links.b])
    if not inner.any():
        return labels
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.special import gammaln

    n = incidence.account_count
    a, b = links.a[inner], links.b[inner]
    bits = np.where(links.core >= 0, np.maximum(links.bits, score_cap(incidence)), links.bits)[inner]
    tree = minimum_spanning_tree(csr_matrix((-bits, (a, b)), shape=(n, n))).tocoo()
    count = int(labels.max(initial=-1)) + 1
    weight = np.bincount(labels[tree.row], weights=-tree.data, minlength=count)
    linked = np.zeros(n, dtype=bool)
    linked[a] = linked[b] = True
    size = np.bincount(labels[linked], minlength=count).astype(np.float64)
    price = size * np.log2(max(n, 2)) - gammaln(size + 1) / np.log(2)
    solid = (weight - price >= SOLID_BITS) | _of_cores(labels, links, count)
    kept = labels.copy()
    kept[(labels >= 0) & ~solid[np.maximum(labels, 0)]] = ALONE
    return kept


def _of_cores(labels: Ints, links: Links, count: int) -> Bools:
    """Networks most of whose links are those of a core."""
    inner = (labels[links.a] >= 0) & (labels[links.a] == labels[links.b])
    of_core = np.bincount(labels[links.a[inner & (links.core >= 0)]], minlength=count)
    mostly: Bools = 2 * of_core > np.bincount(labels[links.a[inner]], minlength=count)
    return mostly


# Telling


def _tell(
    incidence: Incidence,
    labels: Ints,
    core: Ints,
    traffic: pl.DataFrame,
    links: Links,
    brought: Bools,
    settings: NetworkSettings,
) -> pl.DataFrame:
    """MEMBERS of the networks that links hold together, and of what passed between accounts."""
    if traffic.height == 0:
        return MEMBERS.empty()
    inner = (labels[links.a] >= 0) & (labels[links.a] == labels[links.b])
    ends = pl.DataFrame(
        {"account": np.concatenate([links.a[inner], links.b[inner]]), "bits": np.tile(links.bits[inner], 2)}
    )
    held = ends.group_by("account").agg(link_count=pl.len().cast(pl.UInt32), link_bits=pl.col("bits").median())
    table = (
        traffic.join(incidence.seats, on="account_id")
        .join(held, on="account", how="left")
        .join(_tell_scores(incidence, labels, brought, settings), on=["account", "network"], how="left")
        .with_columns(
            pl.col("link_count").fill_null(0),
            founder=pl.Series(core >= 0).gather(traffic.join(incidence.seats, on="account_id")["account"]),
            membership=1 / (1 + (-pl.col("odds").fill_null(0.0)).exp()),
            weight_bits=pl.coalesce("link_bits", "bits").fill_null(0.0),
            takes_part=pl.lit(None, pl.Float64),
        )
    )
    firm = (pl.col("part") == "member") & pl.col("founder") & (pl.col("link_count") >= 2)
    table = table.with_columns(role=pl.when(firm).then(pl.lit("core")).otherwise("part"))
    # A network of accounts that are merely used is none.
    table = table.filter((pl.col("role") != "used").sum().over("network") >= settings.min_accounts)
    return _with_identities(table)


def _tell_scores(incidence: Incidence, labels: Ints, brought: Bools, settings: NetworkSettings) -> pl.DataFrame:
    """One row per principal in a network: bits and odds of its belonging, and the kinds that bring them; of those that
    what passed brought, the odds that it was no accident.
    """
    own = score_accounts(incidence, labels, pairs=own_pairs(labels))
    kinds = (
        own.with_columns(kind=pl.Series("kind", incidence.kinds, dtype=pl.String).gather(own["kind"]))
        .sort("account", "bits", "kind", descending=[False, True, False])
        .group_by("account", maintain_order=True)
        .agg(kinds=pl.struct("kind", "bits"))
    )
    summed = sum_lines(incidence, own, labels).select("account", "network", "bits", "odds")
    told = summed.join(kinds, on="account", how="left").with_columns(pl.col("account", "network").cast(pl.Int64))
    number = np.flatnonzero(brought)
    bits = score_cap(incidence) - 1.0  # of a value that two accounts have
    passing = pl.DataFrame(
        {
            "account": number,
            "network": labels[number],
            "bits": np.full(len(number), bits),
            "odds": np.full(len(number), float(np.log(1.0 / settings.false_joiners - 1.0))),
            "kinds": [[{"kind": name, "bits": bits} for name in kinds_where(passes=True)]] * len(number),
        },
        schema=told.schema,
    )
    return pl.concat([told.join(passing, on="account", how="anti"), passing])


def _tell_firms(incidence: Incidence, labels: Ints, accounts: pl.DataFrame, settings: NetworkSettings) -> pl.DataFrame:
    """MEMBERS of the organisations of several accounts that nothing ties to others: one operator each, openly."""
    number = incidence.seats["account"]
    alone = pl.Series(incidence.several & (labels < 0)).gather(number)
    table = (
        incidence.seats.filter(alone)
        .filter(pl.len().over("account") >= settings.min_accounts)
        .join(accounts.select(LIFE_COLUMNS).unique("account_id", keep="first"), on="account_id")
        .select(
            "account_id",
            network="account",
            membership=pl.lit(1.0),
            role=pl.lit("core"),
            traffic_share=pl.lit(1.0),
            since="first_seen_at",
            link_count=pl.lit(0, pl.UInt32),
            weight_bits=pl.lit(0.0),
            kinds=pl.lit(None, MEMBERS.schema["kinds"]),
            takes_part=pl.lit(None, pl.Float64),
        )
    )
    return _with_identities(table)


def _with_identities(table: pl.DataFrame) -> pl.DataFrame:
    """MEMBERS, each network named by its core."""
    if table.height == 0:
        return MEMBERS.empty()
    names = {
        int(key[0]): network_identity(
            part["account_id"].to_list(), part.filter(pl.col("role") == "core")["account_id"].to_list()
        )
        for key, part in table.group_by("network")
    }
    return (
        table.with_columns(
            pl.col("kinds").fill_null([]), network_id=pl.col("network").replace_strict(names, return_dtype=pl.String)
        )
        .select(pl.col(name).cast(dtype) for name, dtype in MEMBERS.schema.items())
        .sort("network_id", "account_id")
    )


def network_identity(members: list[str], core: list[str]) -> str:
    """`net_` and twelve hex digits of the core's sorted members (of all members where none is core)."""
    digest = hashlib.blake2b("\n".join(sorted(core or members)).encode(), digest_size=6)
    return f"net_{digest.hexdigest()}"
