"""Who belongs to which network: how much more an account shows of it than a stranger would, and who joins, held against
decoys.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.kinds import SUFFICIENT_LINES
from forensics.describing.sightings import kind_of
from forensics.linking.behaviour import manner_bits
from forensics.linking.incidence import deal_lines

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.common.settings import NetworkSettings
    from forensics.linking.behaviour import Manners
    from forensics.linking.incidence import Incidence


MANNER = "manner"  # line of evidence of how an account behaves
ALONE = -1  # label of accounts in no network


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
    key, members = np.unique(
        network[inside] * (len(incidence.holders) + 1) + incidence.value[inside], return_counts=True
    )
    shared = members >= 2
    key, members = key[shared], members[shared]
    size = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1)
    return Profile(
        network=key // (len(incidence.holders) + 1),
        value=key % (len(incidence.holders) + 1),
        members=members,
        size=size,
    )


def score_accounts(incidence: Incidence, labels: Ints, dealt: Incidence | None = None) -> pl.DataFrame:
    """One row per account, network and kind: bits by which what the account shows of the network is more than a
    stranger would.

    A value tells if it is four times as frequent among members as outside. A stranger who shows as many values of the
    kind as this account would meet μ telling values, so the bits are those of meeting one at least as telling as the
    best the account shows, or, for kinds whose values are met independently, of meeting as many as it shows (Chernoff's
    bound on the Poisson tail). A network with hundreds of telling values is easily met once. Members are judged by what
    the OTHER members hold. With `dealt`, accounts of that incidence are scored against the networks of this one.
    """
    profile = profile_networks(incidence, labels)
    n = float(incidence.account_count)
    size = profile.size[profile.network].astype(np.float64)
    outside = (incidence.holders[profile.value] - profile.members + 0.5) / (n - size + 1.0)
    inside = (profile.members + 0.5) / (size + 1.0)
    telling = inside > 4.0 * outside
    kind = incidence.kind_of_value[profile.value]
    table = (
        pl.DataFrame(
            {
                "network": profile.network,
                "kind": kind,
                "value": profile.value,
                "m": profile.members,
                "n": size,
                "q": outside,
                "ratio": inside / outside,
            }
        )
        .filter(pl.Series(telling))
        .sort("network", "kind", "ratio", "value", descending=[False, False, True, False])
        .with_columns(
            best=pl.col("q").cum_sum().over("network", "kind"), mean=pl.col("q").sum().over("network", "kind")
        )
    )
    shown = dealt if dealt is not None else incidence
    kinds = shown.kind_of_value[shown.value]
    held = 2.0**shown.looks
    usual = np.bincount(kinds, minlength=len(incidence.kinds)) / np.maximum(
        np.bincount(kinds, weights=1.0 / held, minlength=len(incidence.kinds)), 1e-9
    )
    entries = pl.DataFrame(
        {
            "account": shown.account,
            "value": shown.value,
            "use": shown.use,
            "pace": np.maximum(held / usual[kinds], 0.5),  # values of the kind the account shows, against the usual
            "own": labels[shown.account] if dealt is None else np.full(len(shown.account), ALONE),
        }
    )
    mine = (pl.col("own") == pl.col("network")).cast(pl.Float64)
    self_share = (1 - mine) / (n - pl.col("n") + 1.0)  # an outsider does not speak against itself
    rows = (
        entries.join(table, on="value")
        .filter(
            (pl.col("m") - mine >= 1)
            & ((pl.col("m") - mine + 0.5) / (pl.col("n") - mine + 1.0) >= 4 * (pl.col("q") - self_share))
        )
        .with_columns(
            best=(pl.col("best") - self_share).clip(0.5 / (n + 1.0)),
            mean=(pl.col("mean") - self_share).clip(0.5 / (n + 1.0)),
        )
        .sort("account", "network", "kind", "best", "value")
        .group_by("account", "network", "kind", maintain_order=True)
        .agg(
            pl.col("best").first() * pl.col("pace").first(),
            pl.col("mean").max() * pl.col("pace").first(),
            pl.col("use").max(),
            met=pl.len().cast(pl.Float64),
        )
    )
    counting = pl.Series([kind_of(kind).adds_up for kind in incidence.kinds], dtype=pl.Boolean)
    many = pl.col("met") * (pl.col("met") / pl.col("mean")).log(2) - (pl.col("met") - pl.col("mean")) / np.log(2)
    bits = pl.max_horizontal(
        -pl.col("best").log(2), pl.when(pl.col("counting") & (pl.col("met") > pl.col("mean"))).then(many).otherwise(0.0)
    ) * pl.col("use")
    return rows.with_columns(
        counting=counting.gather(rows["kind"]), line=pl.Series(incidence.line_of_kind).gather(rows["kind"])
    ).select("account", "network", "kind", "line", "met", bits=bits.clip(0.0, score_cap(incidence)))


def score_cap(incidence: Incidence) -> float:
    """Most bits one line may bring: as much as it takes to tell one account from all others, and no more."""
    return float(np.log2(max(incidence.account_count, 2)))


def sum_lines(incidence: Incidence, scores: pl.DataFrame, labels: Ints) -> pl.DataFrame:
    """One row per account and network: bits over all lines, lines that speak, posterior log-odds of membership."""
    cap = score_cap(incidence)
    lines = (
        scores.sort("account", "network", "line", "bits", descending=[False, False, False, True])
        .group_by("account", "network", "line", maintain_order=True)
        .agg(bits=pl.col("bits").first().clip(upper_bound=cap), met=pl.col("met").sum())
    )
    sufficient = pl.Series([name in SUFFICIENT_LINES for name in (*incidence.lines, MANNER)], dtype=pl.Boolean)
    lines = lines.with_columns(sufficient=sufficient.gather(lines["line"]))
    size = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1).astype(np.float64)
    prior = pl.Series(np.log2(np.maximum(incidence.account_count - size, 1.0) / np.maximum(size, 1.0)))
    total = lines.group_by("account", "network", maintain_order=True).agg(
        bits=pl.col("bits").sum(),
        lines=(pl.col("bits") >= 2).sum(),
        sufficient=pl.col("bits").filter(pl.col("sufficient")).max().fill_null(0.0),
        met=pl.col("met").filter(pl.col("sufficient")).max().fill_null(0.0),
    )
    return total.with_columns(odds=pl.col("bits") - prior.gather(total["network"]))


def score_manners(
    incidence: Incidence, manners: Manners, labels: Ints, scores: pl.DataFrame, settings: NetworkSettings
) -> pl.DataFrame:
    """The scores of accounts in no network, with a line more each: how much more an account behaves like the network's
    members than like others.

    A profile says the same in coarser words; what both say counts once.
    """
    profile = pl.Series([kind_of(kind).fallback for kind in incidence.kinds], dtype=pl.Boolean)
    pairs = (
        scores.with_columns(profile=profile.gather(scores["kind"]))
        .filter(pl.Series(labels).gather(scores["account"]) < 0)
        .group_by("account", "network")
        .agg(said=pl.col("bits").filter(pl.col("profile")).max().fill_null(0.0))
        .sort("network", "account")
    )
    parts = [scores]
    for (network,), rows in pairs.group_by("network", maintain_order=True):
        members = np.flatnonzero(labels == network)
        bits = manner_bits(manners, members, rows["account"].to_numpy().astype(np.int64), settings.manner_bits)
        bits = np.where(bits > 0, np.maximum(bits - rows["said"].to_numpy(), 0.0), bits)
        told = rows.with_columns(
            kind=pl.lit(len(incidence.kinds), scores.schema["kind"]),
            line=pl.lit(len(incidence.lines), scores.schema["line"]),
            met=pl.lit(0.0),
            bits=pl.Series("bits", bits, dtype=pl.Float64),
        )
        parts.append(told.select(scores.columns))
    return pl.concat(parts)


def complete(
    incidence: Incidence,
    manners: Manners,
    labels: Ints,
    scores: pl.DataFrame,
    settings: NetworkSettings,
    settled: Bools | None = None,
) -> Ints:
    """Each account in the network whose members it resembles most, if the odds hold against decoys; else alone.

    A `settled` account that belongs to its network stays there, though it may resemble another more.
    """
    if int(labels.max(initial=-1)) < 0:
        return labels
    real = sum_lines(incidence, score_manners(incidence, manners, labels, scores, settings), labels)
    outsiders = labels[incidence.account] < 0
    # Decoys are the outsiders with their lines of evidence dealt anew: what two lines say about one of them is
    # accident.
    dealt = deal_lines(_only(incidence, outsiders), settings.seed)
    mistaken = score_manners(incidence, manners, labels, score_accounts(incidence, labels, dealt), settings)
    decoys = sum_lines(incidence, mistaken, labels).with_columns(own=pl.lit(ALONE, pl.Int64))
    # Whoever joins must resemble the network as its founders resemble each other, in the lines that it shows at all:
    # not less than their weakest tenth.
    real = real.with_columns(own=pl.Series("own", labels).gather(real["account"]))
    usual = usual_bits(incidence, scores, labels, settings)
    many = real.filter(pl.col("own") == pl.col("network")).group_by("network").agg(many=pl.col("met").median())
    real, decoys = (
        pairs.join(expect_bits(pairs, shown, usual), on=["account", "network"], how="left", maintain_order="left").join(
            many, on="network", how="left", maintain_order="left"
        )
        for pairs, shown in ((real, incidence), (decoys, dealt))
    )
    # Content, blobs or mapped observables that tell the account from all others are enough, whatever its client or
    # card: operators vary those.
    told = (pl.col("sufficient") >= settings.told_share * score_cap(incidence)) & (
        pl.col("met") >= settings.met_share * pl.col("many")
    )
    expected = expect_bits(real, incidence, typical_bits(incidence, scores, labels)).rename({"usual": "typical"})
    real = real.join(expected, on=["account", "network"], how="left", maintain_order="left").with_columns(
        pl.col("typical").fill_null(0.0)
    )
    decoys = decoys.with_columns(typical=pl.lit(0.0))
    # A member need not show all that the others do, but half of it: whoever shares some prompts with a pool and neither
    # its cards nor its devices,
    # though it has such of its own, is a customer of the same trade.
    stays = (pl.col("own") == pl.col("network")) & (pl.col("bits") >= settings.typical_share * pl.col("typical"))
    alike = stays | ((pl.col("own") != pl.col("network")) & ((pl.col("bits") >= pl.col("usual")) | told))
    credible = (pl.col("odds") >= settings.margin_bits) & alike
    # Founders that were tested as a whole may rest on one line; whoever else joins needs two.
    lines = (
        real.filter(pl.col("own") == pl.col("network")).group_by("network").agg(usual_lines=pl.col("lines").median())
    )
    real = real.join(lines, on="network", how="left", maintain_order="left")
    decoys = decoys.with_columns(usual_lines=pl.lit(2.0))
    founder = (pl.col("own") == pl.col("network")) & (pl.col("lines") >= pl.col("usual_lines"))
    crossed = credible & ((pl.col("lines") >= 2) | founder)
    alone = credible & (pl.col("sufficient") >= settings.alone_bits) if incidence.several_lines else credible
    lucky = decoys.filter(crossed).group_by("account").agg(pl.col("odds").max())["odds"].to_numpy()
    floor = decoy_floor(real.filter(crossed & (pl.col("own") < 0))["odds"].to_numpy(), lucky, settings.false_joiners)
    belongs = (crossed & ((pl.col("own") >= 0) | (pl.col("odds") >= floor))) | alone
    own_first = (pl.col("own") == pl.col("network")) & pl.col("settled")
    joined = np.arange(int(labels.max()) + 1)
    if settled is None:
        joined = _nested(
            real.filter(belongs & (pl.col("odds") > lucky.max(initial=0.0))), labels, settings.nest_members
        )
    best = (
        real.with_columns(
            settled=pl.Series(np.zeros(len(labels), dtype=bool) if settled is None else settled).gather(real["account"])
        )
        .filter(belongs)
        .sort("account", own_first, "odds", "network", descending=[False, True, True, False])
        .group_by("account", maintain_order=True)
        .first()
    )
    result = np.full(len(labels), ALONE, dtype=np.int64)
    result[best["account"].to_numpy()] = joined[best["network"].to_numpy()]
    return result


def _nested(pairs: pl.DataFrame, labels: Ints, share: float) -> Ints:
    """Network → the network it is a part of, or itself: nearly all members of a part belong, one by one, to another
    that is not smaller.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    size = np.bincount(labels[labels >= 0])
    found = (
        pairs.filter((pl.col("own") >= 0) & (pl.col("own") != pl.col("network")))
        .group_by("own", "network")
        .len()
        .sort("own", "network")
    )
    part, whole, count = (found[name].to_numpy().astype(np.int64) for name in ("own", "network", "len"))
    nested = (count >= share * size[part]) & (size[part] <= size[whole])
    part, whole = part[nested], whole[nested]
    _, joined = connected_components(
        csr_matrix((np.ones(len(part)), (part, whole)), shape=(len(size), len(size))), directed=False
    )
    numbers: Ints = joined.astype(np.int64)
    return numbers


def usual_bits(incidence: Incidence, scores: pl.DataFrame, labels: Ints, settings: NetworkSettings) -> pl.DataFrame:
    """One row per network and line: bits that all but the weakest tenth of the members who show the line reach."""
    own = scores.filter(pl.Series(labels).gather(scores["account"]) == pl.col("network"))
    best = own.group_by("account", "network", "line").agg(pl.col("bits").max().clip(upper_bound=score_cap(incidence)))
    return (
        best.group_by("network", "line")
        .agg(usual=pl.col("bits").quantile(settings.weakest_share, "lower"))
        .sort("network", "line")
    )


def typical_bits(incidence: Incidence, scores: pl.DataFrame, labels: Ints) -> pl.DataFrame:
    """One row per network and line: median bits of the members that show the line at all, be it of the network or of
    their own.
    """
    inside = labels[incidence.account] >= 0
    shown = pl.DataFrame(
        {"account": incidence.account[inside], "line": incidence.line_of_value[incidence.value[inside]]}
    ).unique()
    shown = shown.with_columns(network=pl.Series(labels).gather(shown["account"]))
    best = scores.group_by("account", "network", "line").agg(
        pl.col("bits").max().clip(upper_bound=score_cap(incidence))
    )
    met = shown.join(best, on=["account", "network", "line"], how="left").with_columns(pl.col("bits").fill_null(0.0))
    return met.group_by("network", "line").agg(usual=pl.col("bits").quantile(0.5, "lower")).sort("network", "line")


def expect_bits(pairs: pl.DataFrame, shown: Incidence, usual: pl.DataFrame) -> pl.DataFrame:
    """One row per account and network: what a member that shows the account's lines of evidence would reach.

    A source without addresses and clients says nothing in those lines, for or against.
    """
    lines = pl.DataFrame({"account": shown.account, "line": shown.line_of_value[shown.value]}).unique()
    shared = pairs.select("account", "network").join(lines, on="account").join(usual, on=["network", "line"])
    # Summed in 1/1024 bit, so that the order of rows does not show.
    whole = (pl.col("usual") * 1024).round().cast(pl.Int64).sum() / 1024
    return shared.group_by("account", "network").agg(usual=whole).sort("account", "network")


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
    return replace(
        incidence,
        account=incidence.account[keep],
        value=incidence.value[keep],
        use=incidence.use[keep],
        first_day=incidence.first_day[keep],
        last_day=incidence.last_day[keep],
        holders=np.bincount(incidence.value[keep], minlength=len(incidence.holders)).astype(np.int64),
    )
