"""Which accounts of a network take part in what shows one hand, and which only stand beside it.

What links a network, strangers may share too: an exit, a popular client, a public prompt. Tests of dependence speak of
the network as a whole; but each episode that they count passes between two accounts, and so tells of every account if
any passes through it.

Model:     two kinds of accounts. Through those that take part pass episodes at one rate per chance (spread like a gamma
           variable, so that idle accounts are no exception); through those beside, no more than chance and LEAK of that
           rate. How likely an account is to take part before its episodes are seen hangs on what it shares with the
           network (a penalised logistic regression, fitted together with the rest by EM): an account too quiet to tell
           stands with those that are linked as it is.
Told:      only if two kinds of accounts explain what is seen better than one by GAIN, of which what they share must
           bring BY_LINKS (a pool may use some of its accounts only now and then: those are linked as the others are),
           and if those beside have, taken together, no more than chance gives them. Else nobody is set apart.
Blind to:  networks without retries, takeovers or repeats; strangers linked just as members are; stolen keys, which what
           passes does pass through; a pool without retries in one network with a gateway that has some: the gateway's
           accounts take part, and the pool stands beside.
Source:    Jordan and Jacobs 1994 (mixtures of experts); the negative binomial is the gamma mixture of Poissons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import TAKES_PART
from forensics.common.schema import HALLMARKS, MEMBERS, USED, of_operator
from forensics.describing.sightings import find_kinds, kind_of
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.looked_at import in_memory
from forensics.judging.panel import build_panel, generator
from forensics.judging.passages import count_passages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from forensics.common.arrays import Bools, Floats
    from forensics.common.settings import Settings
    from forensics.judging.looked_at import Keep
    from forensics.judging.passages import Passages

LEAK = 0.03  # of the members' rate, that accounts beside may have by accident
SHAPES = (0.5, 1.0, 2.0, 5.0, 20.0)  # of the spread of rates; the likeliest counts
FEWEST, CLEAR = 5.0, 4.0  # episodes beyond chance, and how many times the chance of their number, from which they tell
MARGIN = 1.1  # times what is expected by chance that chance itself may reach
GAIN = 11.5  # nats by which two kinds of accounts must explain more than one: a hundred thousand to one
BY_LINKS = 4.6  # of which as many must come from what they share: a hundred to one
NO_MORE = 0.01  # chance of as many episodes through accounts beside, below which they are not beside
MOST_BITS = 9.0  # of a kind that still make a difference
ROUNDS, STILL = 60, 1e-3


@dataclass(frozen=True)
class Split:
    """How likely each member takes part; how much better two kinds of accounts explain what is seen than one, and how
    much of that comes from what they share (nats).
    """

    takes_part: Floats
    gain: float
    by_links: float

    @property
    def tells(self) -> bool:
        """Whether there are two kinds of accounts."""
        return self.gain >= GAIN and self.by_links >= BY_LINKS


@dataclass(frozen=True)
class Parted:
    """MEMBERS with those beside their network as `used`, and the networks that have some."""

    members: pl.DataFrame
    changed: tuple[str, ...]


def set_apart(
    members: pl.DataFrame,
    signs: pl.DataFrame,
    events: pl.LazyFrame,
    accounts: pl.LazyFrame,
    register: pl.LazyFrame,
    sightings: pl.LazyFrame,
    settings: Settings,
    keep: Keep = in_memory,
) -> Parted:
    """MEMBERS with `takes_part` where members of a network could be told apart.

    In:  MEMBERS and HALLMARKS as tested; EVENTS, ACCOUNTS, REGISTER, SIGHTINGS.
    """
    telling = [name for name, plugin in find_hallmarks().items() if plugin.passes]
    held = signs.filter(pl.col("name").is_in(telling) & pl.col("holds"))["network_id"].unique().sort()
    chosen = of_operator(members.lazy()).filter(pl.col("network_id").is_in(held.implode())).collect()
    if chosen.is_empty():
        return Parted(members, ())
    groups = {name: kind.group for name, kind in find_kinds().items()}
    known, declared = pl.collect_all([accounts, register])
    panel = build_panel(chosen, events, known, declared, sightings, groups, settings.hallmarks, keep)
    rng_of = {group.network_id: generator(panel, group, "taking_part") for group in panel.groups}
    linked = {row["account_id"]: {kind["kind"]: kind["bits"] for kind in row["kinds"]} for row in chosen.to_dicts()}
    names, told, changed = panel.accounts["account_id"], [], []
    for group, passages in count_passages(panel, rng_of):
        those = names.gather(group.members).to_list()
        split = split_members(passages, _shared([linked[name] for name in those]))
        if split is None or not split.tells or (split.takes_part >= TAKES_PART).sum() < settings.networks.min_accounts:
            continue
        told.append(pl.DataFrame({"account_id": those, "told": split.takes_part.round(3)}))
        if (split.takes_part < TAKES_PART).any():
            changed.append(group.network_id)
    return Parted(_note(members, pl.concat(told)) if told else members, tuple(changed))


def _note(members: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    beside = (pl.col("takes_part") < TAKES_PART).fill_null(value=False)
    return (
        members.join(told, on="account_id", how="left")
        .with_columns(takes_part=pl.coalesce("told", "takes_part"))
        .with_columns(role=pl.when(beside).then(pl.lit(USED)).otherwise("role"))
        .select(*MEMBERS.schema)
        .sort(MEMBERS.sort)
    )


def renew_signs(signs: pl.DataFrame, parted: Parted, ask: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """HALLMARKS with networks that have fewer members now tested anew.

    In:  HALLMARKS; `ask` tests MEMBERS.
    """
    if not parted.changed:
        return signs
    changed = pl.col("network_id").is_in(parted.changed)
    return pl.concat([signs.filter(~changed), ask(parted.members.filter(changed))]).sort(HALLMARKS.sort)


def _shared(rows: Sequence[Mapping[str, float]]) -> Floats:
    """What ties each member to the network, a column a kind: only what an account keeps, not what passes or when.

    In:  bits by kind, a row a member.
    """
    kinds = sorted({kind for row in rows for kind in row if _stays(kind)})
    table = np.array([[min(row.get(kind, 0.0), MOST_BITS) / MOST_BITS for kind in kinds] for row in rows])
    table = table.reshape(len(rows), len(kinds))
    return np.asarray(table - table.mean(axis=0))


def _stays(name: str) -> bool:
    kind = kind_of(name)
    passes = kind.passes or kind.group == "provenance"
    return not kind.says_when and not passes and (kind.job or not kind.asked)


def split_members(passages: list[Passages], shared: Floats) -> Split | None:
    """Who takes part; None where nothing that passes is more than chance.

    In:  what passes through the members; what they share, a row a member.
    """
    chosen = _telling(passages)
    if not chosen:
        return None
    one = sum(max(_log_chance(part, _rate(part), shape).sum() for shape in SHAPES) for part in chosen)
    takes_part, two = _separate(chosen, shared)
    if _more_than_chance(chosen, takes_part):
        return Split(np.ones(len(shared)), 0.0, 0.0)
    unlinked = _separate(chosen, shared[:, :0])[1]
    return Split(takes_part, two - one, two - unlinked)


def _telling(passages: list[Passages]) -> list[Passages]:
    """The kind of episode that is clearest, in each role that has one: kinds of one role are the same episodes."""
    best: dict[str, tuple[float, Passages]] = {}
    for part in passages:
        excess = part.seen.sum() - MARGIN * part.by_chance.sum()
        clear = excess / np.sqrt(part.by_chance.sum() + 1.0)
        if excess >= FEWEST and clear >= CLEAR and clear > best.get(part.role, (0.0, part))[0]:
            best[part.role] = (clear, part)
    return [part for _, part in best.values()]


def _rate(part: Passages, weight: Floats | float = 1.0) -> float:
    """Episodes a chance, beyond accident, of accounts that weigh so much."""
    beyond = np.maximum(np.sum(weight * (part.seen - part.by_chance)), 1e-6)
    return float(beyond / np.maximum(np.sum(weight * part.chances), 1e-9))


def _log_chance(part: Passages, rate: float, shape: float) -> Floats:
    """Log-probability of each account's episodes at that rate (negative binomial)."""
    from scipy.stats import nbinom

    mean = part.by_chance + rate * part.chances + 1e-9
    return np.asarray(nbinom.logpmf(part.seen, shape, shape / (shape + mean)))


def _separate(chosen: list[Passages], shared: Floats) -> tuple[Floats, float]:
    """How likely each account takes part, and the penalised log-likelihood of it all (EM)."""
    more = np.sum([part.seen > part.by_chance + 1.0 for part in chosen], axis=0)
    takes_part = np.where(more > 0, 0.95, 0.3)
    terms, last = np.zeros(shared.shape[1] + 1), -np.inf
    for _ in range(ROUNDS):
        inside, beside = np.zeros(len(shared)), np.zeros(len(shared))
        for part in chosen:
            rate = _rate(part, takes_part)
            shape = max(SHAPES, key=lambda shape: float((takes_part * _log_chance(part, rate, shape)).sum()))
            inside += _log_chance(part, rate, shape)
            beside += _log_chance(part, LEAK * rate, shape)
        terms, penalty = _regress(shared, takes_part, terms)
        lean = terms[0] + shared @ terms[1:]
        inside, beside = inside - np.logaddexp(0.0, -lean), beside - np.logaddexp(0.0, lean)
        either = np.logaddexp(inside, beside)
        takes_part, total = np.exp(inside - either), float(either.sum()) - penalty
        if abs(total - last) < STILL:
            break
        last = total
    return takes_part, total


def _regress(shared: Floats, takes_part: Floats, start: Floats) -> tuple[Floats, float]:
    """Logistic regression of how likely accounts take part on what they share: intercept and slopes, and the penalty of
    slopes (normal, variance 1).
    """
    from scipy.optimize import minimize

    def loss(terms: Floats) -> tuple[float, Floats]:
        lean = terms[0] + shared @ terms[1:]
        wrong = 1.0 / (1.0 + np.exp(-lean)) - takes_part
        value = (np.logaddexp(0.0, lean) - takes_part * lean).sum() + 0.5 * (terms[1:] ** 2).sum()
        return float(value), np.concatenate([[wrong.sum()], shared.T @ wrong + terms[1:]])

    terms = np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x)
    return terms, float(0.5 * (terms[1:] ** 2).sum())


def _more_than_chance(chosen: list[Passages], takes_part: Floats) -> bool:
    """Whether more passes through those that would be set apart than chance brings them."""
    from scipy.stats import poisson

    beside: Bools = takes_part < TAKES_PART
    for part in chosen:
        rate = _rate(part, takes_part)
        most = MARGIN * part.by_chance[beside].sum() + 3 * LEAK * rate * part.chances[beside].sum()
        if poisson.sf(part.seen[beside].sum() - 1, most + 1e-9) < NO_MORE:
            return True
    return False
