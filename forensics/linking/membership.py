"""Who belongs to which network: how much more an account shows of it than a stranger would, and who joins, held against
decoys.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.kinds import MAPPED
from forensics.describing.sightings import kind_of
from forensics.linking.behaviour import MOST_BITS, manner_bits
from forensics.linking.incidence import deal_lines
from forensics.linking.pairs import SPEAKS

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.common.settings import NetworkSettings
    from forensics.linking.behaviour import Manners
    from forensics.linking.incidence import Incidence


SUFFICIENT_LINES = frozenset({"program", "provenance", MAPPED})  # in which one kind may tell a member alone
TELLING = 4.0  # times as frequent among members as outside, from which a value tells
WEAKEST = 0.1  # share of the founders that may resemble their network less than whoever joins it
TYPICAL = 0.5  # of the bits of a median member, below which a member leaves
TOLD = 0.95  # of the most bits a line can bring, from which content alone tells a member
MET = 0.3  # of the values that a usual member shares, which such an account must share too
ALONE_BITS = 6.0  # that content must bring to make a member of an account that shows nothing else
NESTED = 0.8  # share of a network's members that must belong to another, one by one, for it to be a part of that
ALONE = -1  # label of accounts in no network
LEAST_PACE = 0.5  # of the usual number of values of a kind: fewer count as so many
PAIR = pl.Schema({"account": pl.Int64(), "network": pl.Int64()})
ROUNDING = 1e-6  # bits that no order of adding up amounts to


@dataclass(frozen=True)
class Profile:
    """One entry a network and value that at least two of its members hold."""

    network: Ints
    value: Ints
    members: Ints  # members that hold it
    size: Ints  # members of each network, by network number


def profile_networks(incidence: Incidence, labels: Ints, least: int = 2) -> Profile:
    """What `least` members or more of each network show."""
    network = labels[incidence.account]
    inside = network >= 0
    key, members = np.unique(network[inside] * (len(incidence.held) + 1) + incidence.value[inside], return_counts=True)
    shared = members >= least
    key, members = key[shared], members[shared]
    size = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1)
    return Profile(
        network=key // (len(incidence.held) + 1), value=key % (len(incidence.held) + 1), members=members, size=size
    )


def telling_values(incidence: Incidence, labels: Ints) -> pl.DataFrame:
    """One row per network and value that is four times as frequent among its members as outside, most telling first.

    Columns: network, kind, value, m (members that show it), n (members), q (share outside), ratio; best and mean: how
    many such values an outsider meets, up to this one and in all.
    """
    profile = profile_networks(incidence, labels)
    size = profile.size[profile.network].astype(np.float64)
    n = float(incidence.account_count)
    outside = (incidence.holders[profile.value] - profile.members + 0.5) / (n - size + 1.0)
    inside = (profile.members + 0.5) / (size + 1.0)
    table = pl.DataFrame(
        {
            "network": profile.network,
            "kind": incidence.kind_of_value[profile.value],
            "value": profile.value,
            "m": profile.members,
            "n": size,
            "q": outside,
            "ratio": inside / outside,
        }
    )
    return (
        table.filter(pl.col("ratio") > TELLING)
        .sort("network", "kind", "ratio", "value", descending=[False, False, True, False])
        .with_columns(
            best=pl.col("q").cum_sum().over("network", "kind"), mean=pl.col("q").sum().over("network", "kind")
        )
    )


def _shown_entries(incidence: Incidence, labels: Ints, *, real: bool) -> pl.DataFrame:
    """One row per account and value: its use, its network, and how many values of the kind the account shows against
    the usual.
    """
    kinds = incidence.kind_of_value[incidence.value]
    held = 2.0**incidence.looks
    usual = np.bincount(kinds, minlength=len(incidence.kinds)) / np.maximum(
        np.bincount(kinds, weights=1.0 / held, minlength=len(incidence.kinds)), 1e-9
    )
    return pl.DataFrame(
        {
            "account": incidence.account,
            "value": incidence.value,
            "use": incidence.use,
            "pace": np.maximum(held / usual[kinds], LEAST_PACE),
            "own": labels[incidence.account] if real else np.full(len(incidence.account), ALONE),
        }
    )


def score_accounts(
    incidence: Incidence, labels: Ints, dealt: Incidence | None = None, pairs: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per account, network and kind: bits by which what the account shows of the network is more than a
    stranger would.

    A stranger who shows as many values of the kind as this account would meet μ telling values, so the bits are those
    of meeting one at least as telling as the best the account shows, or, for kinds whose values are met independently,
    of meeting as many as it shows (Chernoff's bound on the Poisson tail). A network with hundreds of telling values is
    easily met once. Members are judged by what the OTHER members hold. With `dealt`, accounts of that incidence are
    scored against the networks of this one; with `pairs`, those of account and network only.
    """
    table = telling_values(incidence, labels)
    entries = _shown_entries(dealt or incidence, labels, real=dealt is None).lazy()
    if pairs is None:
        met = entries.join(table.lazy(), on="value")
    else:
        met = pairs.lazy().join(entries, on="account").join(table.lazy(), on=["network", "value"])
    n = float(incidence.account_count)
    mine = (pl.col("own") == pl.col("network")).cast(pl.Float64)
    self_share = (1 - mine) / (n - pl.col("n") + 1.0)  # an outsider does not speak against itself
    least = 0.5 / (n + 1.0)
    others = (pl.col("m") - mine + 0.5) / (pl.col("n") - mine + 1.0)
    # An account's pace is one for all values of a kind.
    rows = (
        met.filter((pl.col("m") - mine >= 1) & (others >= TELLING * (pl.col("q") - self_share)))
        .with_columns((pl.col(name) - self_share).clip(least) for name in ("best", "mean"))
        .group_by("account", "network", "kind")
        .agg(
            pl.col("best").min() * pl.col("pace").first(),
            pl.col("mean").max() * pl.col("pace").first(),
            pl.col("use").max(),
            met=pl.len().cast(pl.Float64),
        )
        .collect(engine="streaming")
        .sort("account", "network", "kind")
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
    names = [kind_of(kind) for kind in incidence.kinds]
    tells = [kind.lasts and kind.line in SUFFICIENT_LINES for kind in names] + [False]  # the last: manners
    scores = scores.with_columns(tells=pl.Series(tells, dtype=pl.Boolean).gather(scores["kind"]))
    lines = (
        scores.group_by("account", "network", "line")
        .agg(
            bits=pl.col("bits").max().clip(upper_bound=cap),
            sufficient=pl.col("bits").filter("tells").max().fill_null(0.0).clip(upper_bound=cap),
            met=pl.col("met").filter("tells").sum(),
        )
        .sort("account", "network", "line")
    )
    prior = _prior_bits(incidence, labels)
    total = lines.group_by("account", "network", maintain_order=True).agg(
        bits=pl.col("bits").sum(),
        lines=(pl.col("bits") >= SPEAKS).sum(),
        sufficient=pl.col("sufficient").max(),
        met=pl.col("met").max(),
    )
    return total.with_columns(odds=pl.col("bits") - prior.gather(total["network"]))


def _prior_bits(incidence: Incidence, labels: Ints) -> pl.Series:
    """What speaks against an account's belonging to a network before anything is known of it, by network number."""
    size = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1).astype(np.float64)
    return pl.Series(np.log2(np.maximum(incidence.account_count - size, 1.0) / np.maximum(size, 1.0)))


def own_pairs(labels: Ints) -> pl.DataFrame:
    """Each account in a network, with it."""
    inside = np.flatnonzero(labels >= 0)
    return pl.DataFrame({"account": inside, "network": labels[inside]}, schema=PAIR)


def possible_pairs(
    incidence: Incidence, labels: Ints, settings: NetworkSettings, dealt: Incidence | None = None
) -> pl.DataFrame:
    """Pairs of account and network that could hold, and accounts with their own.

    Pairs that share anything grow as accounts times networks: a carrier's customers with every office behind it. Of
    each network so many widespread values are passed over as could not make a member if an account showed them all and
    manners said their most; who shows nothing else of it does not belong to it.
    """
    table = telling_values(incidence, labels)
    table = table.with_columns(held=pl.Series(incidence.held).gather(table["value"]))
    passed = _passed_over(incidence, labels, table, settings.margin_bits - MOST_BITS - ROUNDING)
    shown = dealt or incidence
    entries = pl.LazyFrame({"account": shown.account, "value": shown.value})
    met = entries.join(table.filter(~passed).lazy().select("network", "value"), on="value")
    found = met.select("account", "network").unique().cast(PAIR).collect(engine="streaming")
    return pl.concat([found, own_pairs(labels)]).unique().sort("account", "network")


def _passed_over(incidence: Incidence, labels: Ints, table: pl.DataFrame, margin: float) -> pl.Series:
    """Which rows of the telling values need not be looked at by themselves, the most widespread first."""
    n = float(incidence.account_count)
    least = (table["best"] - 1.0 / (n - table["n"] + 1.0)).clip(0.5 / (n + 1.0)) * LEAST_PACE
    most = np.clip(-np.log2(least.to_numpy()), 0.0, score_cap(incidence)).tolist()
    counting = [kind_of(kind).adds_up for kind in incidence.kinds]
    needed = (_prior_bits(incidence, labels) + margin).to_list()
    reached: dict[tuple[int, int], float] = {}
    total = [0.0] * len(needed)
    passed = [False] * table.height
    kinds, networks = table["kind"].to_list(), table["network"].to_list()
    for row in table.select(pl.col("held").arg_sort(descending=True)).to_series().to_list():
        network, kind = networks[row], kinds[row]
        if counting[kind]:
            continue  # what is met many times adds up
        more = max(0.0, most[row] - reached.get((network, kind), 0.0))
        if total[network] + more < needed[network]:
            passed[row] = True
            total[network] += more
            reached[network, kind] = max(most[row], reached.get((network, kind), 0.0))
    return pl.Series(passed, dtype=pl.Boolean)


def score_manners(
    incidence: Incidence, manners: Manners, labels: Ints, scores: pl.DataFrame, alike: Bools
) -> pl.DataFrame:
    """The scores of accounts in no network, and of those that likeness brought to theirs (`alike`), with a line more
    each: how much more an account behaves like the network's members than like others.

    A profile says the same in coarser words; what both say counts once.
    """
    profile = pl.Series([kind_of(kind).fallback for kind in incidence.kinds], dtype=pl.Boolean)
    pairs = (
        scores.with_columns(profile=profile.gather(scores["kind"]))
        .filter(pl.Series((labels < 0) | alike).gather(scores["account"]))
        .group_by("account", "network")
        .agg(said=pl.col("bits").filter(pl.col("profile")).max().fill_null(0.0))
        .sort("network", "account")
    )
    parts = [scores]
    order = np.argsort(labels, kind="stable")
    edges = np.searchsorted(labels[order], np.arange(int(labels.max(initial=-1)) + 2))
    for (network,), rows in pairs.group_by("network", maintain_order=True):
        members = order[edges[int(network)] : edges[int(network) + 1]]
        bits = manner_bits(manners, members, rows["account"].to_numpy().astype(np.int64))
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
    settings: NetworkSettings,
    settled: Bools | None = None,
    alike: Bools | None = None,
) -> Ints:
    """Each account in the network whose members it resembles most, if the odds hold against decoys; else alone.

    A `settled` account that belongs to its network stays there, though it may resemble another more. Those that are
    `alike` came by their manners, and are judged by them too.
    """
    if int(labels.max(initial=-1)) < 0:
        return labels
    nobody = np.zeros(len(labels), dtype=bool)
    scores = score_accounts(incidence, labels, pairs=possible_pairs(incidence, labels, settings))
    by_manner = nobody if alike is None else alike
    real = sum_lines(incidence, score_manners(incidence, manners, labels, scores, by_manner), labels)
    real = real.with_columns(own=pl.Series("own", labels).gather(real["account"]))
    # Decoys are the outsiders with their lines of evidence dealt anew: what two lines say about one of them is
    # accident.
    dealt = deal_lines(_only(incidence, labels[incidence.account] < 0), settings.seed)
    mistaken = score_accounts(incidence, labels, dealt, possible_pairs(incidence, labels, settings, dealt))
    mistaken = score_manners(incidence, manners, labels, mistaken, nobody)
    decoys = sum_lines(incidence, mistaken, labels).with_columns(own=pl.lit(ALONE, pl.Int64))
    # Below the margin no pair holds, whatever is usual in the network.
    credible = pl.col("odds") >= settings.margin_bits
    own = scores.filter(pl.Series(labels).gather(scores["account"]) == pl.col("network"))
    real = _expectations(incidence, incidence, real.filter(credible), own, labels)
    decoys = _expectations(incidence, dealt, decoys.filter(credible), own, labels)
    belongs, lucky = _belonging(incidence, real, decoys, settings)
    joined = np.arange(int(labels.max()) + 1)
    if settled is None:
        joined = _nested(real.filter(belongs & (pl.col("odds") > lucky)), labels)
    own_first = (pl.col("own") == pl.col("network")) & pl.col("settled")
    known = nobody if settled is None else settled
    best = (
        real.with_columns(settled=pl.Series(known).gather(real["account"]))
        .filter(belongs)
        .sort("account", own_first, "odds", "network", descending=[False, True, True, False])
        .group_by("account", maintain_order=True)
        .first()
    )
    result = np.full(len(labels), ALONE, dtype=np.int64)
    result[best["account"].to_numpy()] = joined[best["network"].to_numpy()]
    return result


def _expectations(
    incidence: Incidence, shown: Incidence, pairs: pl.DataFrame, own: pl.DataFrame, labels: Ints
) -> pl.DataFrame:
    """The pairs of account and network with what is usual there: bits that the weakest tenth and the median of members
    reach in the lines that the account shows at all, and values that a member shares.

    In:    `own`: scores of members in their own network.
    """
    cap = score_cap(incidence)
    summed = sum_lines(incidence, own, labels)
    usual = summed.group_by("network").agg(many=pl.col("met").median())
    best = own.group_by("account", "network", "line").agg(pl.col("bits").max().clip(upper_bound=cap))
    weakest = (
        best.group_by("network", "line").agg(usual=pl.col("bits").quantile(WEAKEST, "lower")).sort("network", "line")
    )
    typical = typical_bits(incidence, own, labels)
    for name, table in (("usual", weakest), ("typical", typical)):
        expected = expect_bits(pairs, shown, table).rename({"usual": name})
        pairs = pairs.join(expected, on=["account", "network"], how="left", maintain_order="left")
    return pairs.join(usual, on="network", how="left", maintain_order="left").with_columns(
        pl.col("typical").fill_null(0.0)
    )


def _belonging(
    incidence: Incidence, real: pl.DataFrame, decoys: pl.DataFrame, settings: NetworkSettings
) -> tuple[pl.Expr, float]:
    """Which pairs of account and network hold, and the odds of the luckiest decoy.

    Founders that were tested as a whole may rest on one line; whoever else joins needs two, or content, blobs or mapped
    observables that tell the account from all others, whatever its client or card: operators vary those.
    """
    own = pl.col("own") == pl.col("network")
    # Whoever joins must resemble the network as its founders resemble each other, in the lines that it shows at all:
    # not less than their weakest tenth.
    told = (pl.col("sufficient") >= TOLD * score_cap(incidence)) & (pl.col("met") >= MET * pl.col("many"))
    # A member need not show all that the others do, but half of it: whoever shares some prompts with a pool and neither
    # its cards nor its devices, though it has such of its own, is a customer of the same trade.
    stays = own & (pl.col("bits") >= TYPICAL * pl.col("typical"))
    alike = stays | (~own & ((pl.col("bits") >= pl.col("usual")) | told))
    credible = (pl.col("odds") >= settings.margin_bits) & alike
    crossed = credible & ((pl.col("lines") >= 2) | own)
    alone = credible & (pl.col("sufficient") >= ALONE_BITS) if incidence.several_lines else credible
    lucky = decoys.filter(crossed).group_by("account").agg(pl.col("odds").max())["odds"].to_numpy()
    floor = decoy_floor(real.filter(crossed & (pl.col("own") < 0))["odds"].to_numpy(), lucky, settings.false_joiners)
    belongs = (crossed & ((pl.col("own") >= 0) | (pl.col("odds") >= floor))) | alone
    return belongs, float(lucky.max(initial=0.0))


def _nested(pairs: pl.DataFrame, labels: Ints) -> Ints:
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
    nested = (count >= NESTED * size[part]) & (size[part] <= size[whole])
    part, whole = part[nested], whole[nested]
    _, joined = connected_components(
        csr_matrix((np.ones(len(part)), (part, whole)), shape=(len(size), len(size))), directed=False
    )
    numbers: Ints = joined.astype(np.int64)
    return numbers


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
        held=np.bincount(incidence.value[keep], minlength=len(incidence.held)).astype(np.int64),
    )
