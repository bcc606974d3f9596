"""Links → networks and their members: communities, merging of fragments, completion against decoys."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.observables import INCIDENCE_COLUMNS, build_incidence, bundle, find_communities, renumber, shuffle_incidence, unbundle
from forensics.schema import MEMBERS

if TYPE_CHECKING:
    from forensics.config import NetworkSettings
    from forensics.observables import Bools, Floats, Incidence, Ints

ALONE = -1  # label of accounts in no network
DURABLE_LINES = ("content", "money", "device", "provenance", "mapped")  # lines that survive a change of exits and clients


def form_networks(links: pl.LazyFrame, sightings: pl.LazyFrame, accounts: pl.LazyFrame, settings: NetworkSettings) -> pl.LazyFrame:
    """One row per account that belongs to a network.

    In:    LINKS, SIGHTINGS, ACCOUNTS, any order.
    Out:   MEMBERS, sorted; an account is in one network at most.
    Null:  accounts in no network are in no row.
    """
    tables = bundle(links=links.select(LINK_COLUMNS), sightings=sightings, accounts=accounts.select("account_id", "request_count"))
    return tables.map_batches(lambda frame: _form(frame, settings), schema=MEMBERS.schema)


LINK_COLUMNS = ["account_a", "account_b", "weight_bits"]


def _form(frame: pl.DataFrame, settings: NetworkSettings) -> pl.DataFrame:
    tables = unbundle(frame, {**INCIDENCE_COLUMNS, "links": LINK_COLUMNS})
    incidence = build_incidence(tables["sightings"], tables["accounts"])
    a, b, bits = _number_links(incidence, tables["links"])
    if len(a) == 0:
        return MEMBERS.empty()
    labels = _drop_small(find_communities(incidence.account_count, a, b, bits, settings.seed), 2)
    labels = merge_fragments(incidence, labels, settings)
    core = labels
    scores = score_accounts(incidence, labels)
    labels = _drop_small(complete(incidence, labels, scores, settings), settings.min_accounts)
    return _tell(incidence, labels, core, score_accounts(incidence, labels), (a, b, bits), settings)


def _number_links(incidence: Incidence, links: pl.DataFrame) -> tuple[Ints, Ints, Floats]:
    number = pl.DataFrame({"account_id": incidence.account_ids, "number": np.arange(incidence.account_count)}, schema_overrides={"account_id": pl.String})
    known = (
        links.join(number.rename({"account_id": "account_a", "number": "a"}), on="account_a")
        .join(number.rename({"account_id": "account_b", "number": "b"}), on="account_b")
        .sort("a", "b")
    )
    return known["a"].to_numpy().astype(np.int64), known["b"].to_numpy().astype(np.int64), known["weight_bits"].to_numpy()


def _drop_small(labels: Ints, least: int) -> Ints:
    """Labels of communities of at least `least` accounts, numbered anew; the rest alone."""
    kept = labels >= 0
    sizes = np.bincount(labels[kept], minlength=int(labels.max(initial=0)) + 1)
    keep = kept & (sizes[np.maximum(labels, 0)] >= least)
    result = np.full(len(labels), ALONE, dtype=np.int64)
    if keep.any():
        result[keep] = renumber(labels[keep])
    return result


# Who holds what in which network


@dataclass(frozen=True)
class Profile:
    """One entry a network and value that at least two of its members hold."""

    network: Ints
    value: Ints
    members: Ints  # members that hold it
    size: Ints  # members of each network, by network number


def profile_networks(incidence: Incidence, labels: Ints) -> Profile:
    """What the members of each network share."""
    network = labels[incidence.account]
    inside = network >= 0
    key, members = np.unique(network[inside] * (len(incidence.holders) + 1) + incidence.value[inside], return_counts=True)
    shared = members >= 2
    key, members = key[shared], members[shared]
    size = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1)
    return Profile(network=key // (len(incidence.holders) + 1), value=key % (len(incidence.holders) + 1), members=members, size=size)


# Merging of fragments


def merge_fragments(incidence: Incidence, labels: Ints, settings: NetworkSettings) -> Ints:
    """Joins networks whose members share with each other nearly what they share among themselves, on two lines of evidence, one of them durable.

    Per line, the likeness of networks g and h is the mean bits that a member of g shares with a member of h, over the geometric mean of what
    two members of g and two of h share: 1 for random halves of one network, 0 for strangers.
    """
    for _ in range(settings.merge_rounds):
        pairs = _like_networks(incidence, labels, settings)
        if pairs.height == 0:
            break
        parent = np.arange(int(labels.max()) + 1)
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        g, h = pairs["g"].to_numpy(), pairs["h"].to_numpy()
        _, joined = connected_components(csr_matrix((np.ones(len(g)), (g, h)), shape=(len(parent), len(parent))), directed=False)
        labels = np.where(labels >= 0, joined[np.maximum(labels, 0)], ALONE).astype(np.int64)
        labels[labels >= 0] = renumber(labels[labels >= 0])
    return labels


def _like_networks(incidence: Incidence, labels: Ints, settings: NetworkSettings) -> pl.DataFrame:
    profile = profile_networks(incidence, labels)
    size = profile.size.astype(np.float64)
    count = len(size)
    n = float(incidence.account_count)
    line = incidence.line_of_value[profile.value]
    rows = pl.DataFrame({"g": profile.network, "value": profile.value, "m": profile.members, "line": line})
    sizes = pl.DataFrame({"g": np.arange(count), "n": size})
    rows = rows.join(sizes, on="g")
    holders = pl.Series("holders", incidence.holders[rows["value"].to_numpy()])
    rows = rows.with_columns(holders)
    # Rarity outside of the pair of networks; inside, m(m−1)/n(n−1) is the chance that two members share the value.
    within = rows.with_columns(bits=((n - pl.col("n") + 2) / (pl.col("holders") - pl.col("m") + 1)).log(2).clip(0.0)).with_columns(
        mean=pl.col("m") * (pl.col("m") - 1) / (pl.col("n") * (pl.col("n") - 1)) * pl.col("bits")
    )
    within = within.filter(pl.col("bits") > settings.profile_bits).group_by("g", "line").agg(pl.col("mean").sum()).sort("g", "line")
    # Values that very many networks hold tell none of them apart: they are left out of the pairing, which keeps its cost in bounds.
    spread_wide = rows.group_by("value").agg(networks=pl.len()).filter((pl.col("networks") >= 2) & (pl.col("networks") <= settings.merge_holders)).select("value")
    few = rows.join(spread_wide, on="value", how="semi")
    across = few.join(few, on="value", suffix="_h").filter(pl.col("g") < pl.col("g_h"))
    across = across.with_columns(
        bits=((n - pl.col("n") - pl.col("n_h") + 2) / (pl.col("holders") - pl.col("m") - pl.col("m_h") + 1)).log(2).clip(0.0)
    ).filter(pl.col("bits") > settings.profile_bits)
    across = (
        across.with_columns(mean=pl.col("m") * pl.col("m_h") / (pl.col("n") * pl.col("n_h")) * pl.col("bits"))
        .sort("g", "g_h", "value")
        .group_by("g", "g_h", "line", maintain_order=True)
        .agg(pl.col("mean").sum())
        .join(within.rename({"mean": "own"}), on=["g", "line"])
        .join(within.rename({"g": "g_h", "mean": "own_h"}), on=["g_h", "line"])
        .with_columns(likeness=(pl.col("mean") / (pl.col("own") * pl.col("own_h")).sqrt()))
        .filter(pl.col("likeness") >= settings.merge_likeness)
    )
    durable = pl.Series([name in DURABLE_LINES for name in incidence.lines])
    across = across.with_columns(durable=durable.gather(across["line"]))
    return (
        across.group_by("g", "g_h")
        .agg(lines=pl.len(), durable=pl.col("durable").sum())
        .filter((pl.col("lines") >= 2) & (pl.col("durable") >= 1))
        .select("g", h="g_h")
        .sort("g", "h")
    )


# Completion


def score_accounts(incidence: Incidence, labels: Ints, dealt: Incidence | None = None) -> pl.DataFrame:
    """One row per account, network and kind: log2 likelihood ratio of what the account shows, member against stranger.

    A member is judged by what the OTHER members hold. With `dealt`, accounts of that incidence are scored against the networks of this one.
    """
    profile = profile_networks(incidence, labels)
    n = float(incidence.account_count)
    size = profile.size[profile.network].astype(np.float64)
    holders = incidence.holders[profile.value].astype(np.float64)
    inside = (profile.members + 0.5) / (size + 1.0)
    outside = (holders - profile.members + 0.5) / (n - size + 1.0)
    telling = inside > 4.0 * outside
    table = pl.DataFrame(
        {"network": profile.network[telling], "value": profile.value[telling], "m": profile.members[telling], "n": size[telling], "holders": holders[telling]}
    )
    shown = dealt if dealt is not None else incidence
    entries = pl.DataFrame({"account": shown.account, "value": shown.value, "use": shown.use, "own": labels[shown.account] if dealt is None else np.full(len(shown.account), ALONE)})
    mine = (pl.col("own") == pl.col("network")).cast(pl.Float64)
    rows = entries.join(table, on="value").with_columns(
        bits=(
            ((pl.col("m") - mine + 0.5) / (pl.col("n") - mine + 1.0)).log(2) - ((pl.col("holders") - pl.col("m") - (1 - mine) + 0.5).clip(0.5) / (n - pl.col("n") + 1.0)).log(2)
        ).clip(0.0)
        * pl.col("use")
    )
    rows = rows.filter(pl.col("bits") > 0).with_columns(kind=pl.Series(incidence.kind_of_value).gather(rows.filter(pl.col("bits") > 0)["value"]))
    cap = 0.7 * (np.log2(max(n, 2.0)) + 2.0)
    kinds = (
        rows.sort("account", "network", "kind", "value")
        .group_by("account", "network", "kind", maintain_order=True)
        .agg(bits=(pl.col("bits") ** 2).sum().sqrt().clip(upper_bound=cap))
    )
    return kinds.with_columns(line=pl.Series(incidence.line_of_kind).gather(kinds["kind"]))


def sum_lines(incidence: Incidence, scores: pl.DataFrame, labels: Ints) -> pl.DataFrame:
    """One row per account and network: bits over all lines, how many lines speak, and posterior log-odds of membership."""
    cap = 0.7 * (np.log2(max(incidence.account_count, 2)) + 2.0)
    lines = (
        scores.sort("account", "network", "line", "bits", descending=[False, False, False, True])
        .group_by("account", "network", "line", maintain_order=True)
        .agg(bits=(pl.col("bits").first() + 0.25 * (pl.col("bits").sum() - pl.col("bits").first())).clip(upper_bound=cap))
    )
    durable = pl.Series([name in DURABLE_LINES for name in incidence.lines])
    lines = lines.with_columns(durable=durable.gather(lines["line"]))
    size = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1).astype(np.float64)
    prior = pl.Series(np.log2(np.maximum(incidence.account_count - size, 1.0) / np.maximum(size, 1.0)))
    total = lines.group_by("account", "network", maintain_order=True).agg(
        bits=pl.col("bits").sum(), lines=(pl.col("bits") >= 2).sum(), durable=(pl.col("durable") & (pl.col("bits") >= 2)).sum()
    )
    return total.with_columns(odds=pl.col("bits") - prior.gather(total["network"]))


def complete(incidence: Incidence, labels: Ints, scores: pl.DataFrame, settings: NetworkSettings) -> Ints:
    """Each account in the network whose members it resembles most, if the odds hold against decoys; else alone."""
    if int(labels.max(initial=-1)) < 0:
        return labels
    real = sum_lines(incidence, scores, labels)
    outsiders = labels[incidence.account] < 0
    decoys = sum_lines(incidence, score_accounts(incidence, labels, shuffle_incidence(_only(incidence, outsiders), settings.seed)), labels)
    several = len([line for line in incidence.lines if line != "timing"]) > 1
    fits = (pl.col("lines") >= 2) if several else pl.lit(True)
    fits &= pl.col("odds") >= settings.margin_bits
    best = real.filter(fits).sort("account", "odds", "network", descending=[False, True, False]).group_by("account", maintain_order=True).first()
    own = pl.Series("own", labels).gather(best["account"])
    best = best.with_columns(own=own)
    joiners = best.filter(pl.col("own") < 0)
    false = decoys.filter(fits).group_by("account").agg(pl.col("odds").max())["odds"].to_numpy()
    floor = decoy_floor(joiners["odds"].to_numpy(), false, settings.false_joiners)
    best = best.filter((pl.col("own") >= 0) | (pl.col("odds") >= floor))
    result = np.full(len(labels), ALONE, dtype=np.int64)
    result[best["account"].to_numpy()] = best["network"].to_numpy()
    return result


def decoy_floor(real: Floats, decoys: Floats, share: float) -> float:
    """The lowest odds at which decoys are no more than `share` of the accounts accepted."""
    candidates = np.unique(real)
    if len(candidates) == 0:
        return float("inf")
    accepted = len(real) - np.searchsorted(np.sort(real), candidates)
    mistaken = len(decoys) - np.searchsorted(np.sort(decoys), candidates)
    good = np.flatnonzero(mistaken <= share * accepted)
    return float(candidates[good[0]]) if len(good) else float("inf")


def _only(incidence: Incidence, keep: Bools) -> Incidence:
    from dataclasses import replace

    return replace(
        incidence, account=incidence.account[keep], value=incidence.value[keep], use=incidence.use[keep], first_day=incidence.first_day[keep], last_day=incidence.last_day[keep],
        holders=np.bincount(incidence.value[keep], minlength=len(incidence.holders)).astype(np.int64),
    )


# Telling


def _tell(incidence: Incidence, labels: Ints, core: Ints, scores: pl.DataFrame, links: tuple[Ints, Ints, Floats], settings: NetworkSettings) -> pl.DataFrame:
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
    role = pl.when(pl.col("founder") & (pl.col("link_count") >= 2)).then(pl.lit("core")).when(pl.col("membership") >= 0.9).then(pl.lit("member")).otherwise(pl.lit("fringe"))
    table = table.with_columns(role=role, account_id=ids.gather(table["account"]))
    names = {
        int(key[0]): network_identity(part["account_id"].to_list(), part.filter(pl.col("role") == "core")["account_id"].to_list()) for key, part in table.group_by("network")
    }
    table = table.with_columns(network_id=pl.col("network").replace_strict(names, return_dtype=pl.String), weight_bits=pl.coalesce("link_bits", "bits").fill_null(0.0))
    return table.with_columns(pl.col("kinds").fill_null([])).select(pl.col(name).cast(dtype) for name, dtype in MEMBERS.schema.items()).sort("network_id", "account_id")


def network_identity(members: list[str], core: list[str]) -> str:
    """`net_` and twelve hex digits of the core's sorted members (of all members where none is core)."""
    digest = hashlib.blake2b("\n".join(sorted(core or members)).encode(), digest_size=6)
    return f"net_{digest.hexdigest()}"
