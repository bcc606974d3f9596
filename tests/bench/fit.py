"""`make fit`: estimates the weights of the judge on worlds of several authors, and says how they do on an author left out.

python tests/bench/fit.py --keep FOLDER [--seeds 1 2 3] [--authors …] [--levels …] [--again] [--write]

Worlds are made and investigated in FOLDER; what is there is taken as it is, unless --again. From every network come the
signs that hold (the strongest of each family), the innocent reasons that fit, and what its accounts were by the author's
labels. Two additive models are fitted with scipy (L-BFGS-B, weights never negative, so that a sign can only speak its
way): one hand (operators' networks against all that is not one hand, those of which an operator has a part left out) and
hiding (operators' networks against openly declared organisations). Weights of a family are drawn towards the mean of
their nature, so that a family that few worlds show does not run away; every author counts alike. How strongly they are
drawn is chosen by what does best on authors left out. --write puts the weights of all authors into forensics/judging/weights.toml.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE / "authors")]

import run as bench  # noqa: E402 - the bench over authors, beside this file

from forensics.common.schema import of_operator  # noqa: E402 - the tool itself
from forensics.common.settings import ScoringSettings  # noqa: E402 - the tool itself
from forensics.judging.verdicts import _excuse, judge_networks  # noqa: E402 - the tool itself
from forensics.judging.weighing import (  # noqa: E402 - the tool itself
    AGAINST,
    ANY_OTHER,
    AXIS,
    FEW,
    HAND,
    HIDES,
    Key,
    Weights,
    plugin_of,
    strongest,
    weigh,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OUT = ROOT / "forensics/judging/weights.toml"
MEAN = {"dependence": 1.5, "likeness": 0.5, "concealment": 1.5, "openness": 1.5}  # what a nature weighs before any data
MEAN_HOLDS = 0.3  # how strongly a nature's mean is drawn to that
STRENGTHS = (0.3, 1.0, 3.0)  # how strongly a family is drawn to its nature's mean, tried in turn
DECLARED = 0.8  # of a structure's accounts under one declared organisation or parent, from which it is openly one hand
PARTLY = 0.1  # of a network's accounts that are an operator's, from which what it shows may be his
ROUNDS = 3  # which reason is the best depends on the weights, and these on it


@dataclass
class Network:
    """One network of one world: what was found, and what it is."""

    author: str
    world: str
    network_id: str
    members: int
    hostile: bool
    openly: bool  # seats of one declared organisation or parent
    partly: bool  # an operator's accounts among more of others': neither one hand nor none
    signs: dict[Key, tuple[float, str]]
    reasons: list[tuple[frozenset[str], float]]  # families, and what part of them it takes away
    tells_hiding: bool
    part: float = 1.0  # of its campaign's accounts in networks: pieces of one campaign count as one
    left: dict[str, float] = field(default_factory=dict)

    @property
    def weight(self) -> float:
        """What it counts: of operators' networks their part of the campaign."""
        return self.part if self.hostile else 1.0


def read_world(author: str, world: Path) -> tuple[list[Network], pl.DataFrame, pl.DataFrame]:
    """The networks of an investigated world, its HALLMARKS and its NETWORKS."""
    labels = bench.read_labels(world)
    claims: dict[str, str] = {}
    if (world / "accounts.csv").exists():
        with (world / "accounts.csv").open(newline="", encoding="utf-8") as file:
            claims = {
                row.get("account_id") or "": row.get("parent_id") or row.get("organization_id") or ""
                for row in csv.DictReader(file)
            }
    hallmarks = pl.read_parquet(world / "case/hallmarks.parquet")
    networks = pl.read_parquet(world / "case/networks.parquet")
    members = of_operator(pl.scan_parquet(world / "case/members.parquet")).collect()
    by_network = dict(members.group_by("network_id").agg("account_id").iter_rows())
    pieces = {network: _campaigns(accounts, labels) for network, accounts in by_network.items()}
    whole = sum(pieces.values(), Counter())
    found = []
    for row in networks.iter_rows(named=True):
        rows = [sign for sign in hallmarks.filter(network_id=row["network_id"]).to_dicts() if sign["assessable"]]
        accounts = [name for name in by_network.get(row["network_id"], []) if name in labels]
        hostile = sum(labels[name]["role"] in {"operator", "mixed"} for name in accounts)
        found.append(
            Network(
                author,
                world.name,
                row["network_id"],
                row["account_count"],
                2 * hostile >= max(len(accounts), 1),
                _is_openly_one(accounts, labels, claims),
                PARTLY * len(accounts) <= hostile < len(accounts) / 2 and hostile > 0,
                strongest(sign for sign in rows if sign["role"] != "explanation"),
                [
                    (plugin_of(sign).accounts_for, _excuse(sign["fit"] or 0.0))
                    for sign in rows
                    if sign["role"] == "explanation"
                ],
                any(AXIS.get(plugin_of(sign).nature) == HIDES for sign in rows),
                max(
                    (number / whole[name] for name, number in pieces.get(row["network_id"], Counter()).items()),
                    default=1.0,
                ),
            )
        )
    return found, hallmarks, networks


def _campaigns(accounts: list[str], labels: dict[str, dict[str, str]]) -> Counter[str]:
    """How many accounts of each campaign are among these."""
    rows = [labels[name] for name in accounts if name in labels]
    return Counter(row["campaign"] for row in rows if row["role"] in {"operator", "mixed"})


def _is_openly_one(accounts: list[str], labels: dict[str, dict[str, str]], claims: dict[str, str]) -> bool:
    """Whether most of a network is one innocent structure, and that declares to be one organisation."""
    structures = Counter(labels[name]["structure"] for name in accounts if labels[name]["role"] == "innocent")
    top = [(what, number) for what, number in structures.most_common(1) if what]
    if not top or 2 * top[0][1] < len(accounts):
        return False
    told = Counter(claims.get(name, "") for name, row in labels.items() if row["structure"] == top[0][0])
    name, number = told.most_common(1)[0]
    return bool(name) and number >= DECLARED * told.total()


def columns_of(networks: list[Network], question: str) -> list[Key]:
    """The families that speak to a question."""
    return sorted({key for network in networks for key in network.signs if AXIS.get(key[0]) == question})


def matrix(networks: list[Network], keys: list[Key]) -> np.ndarray:
    """A row per network: the strength of each family, negative where it speaks against, less what a reason takes."""
    place = {key: index for index, key in enumerate(keys)}
    table = np.zeros((len(networks), len(keys) + 1))
    for row, network in enumerate(networks):
        for key, (value, _) in network.signs.items():
            if key in place:
                table[row, place[key]] = (-value if key[0] == AGAINST else value) * network.left.get(key[1], 1.0)
        table[row, -1] = -1.0 if network.members < FEW else 0.0
    return table


def fit(networks: list[Network], question: str, strength: float) -> Weights:
    """The weights that explain the labels best, drawn towards their natures' means."""
    from scipy.optimize import minimize

    keys = columns_of(networks, question)
    natures = [nature for nature in MEAN if AXIS[nature] == question]
    table = matrix(networks, keys)
    label = np.array([network.hostile for network in networks], dtype=float)
    counts: dict[str, float] = defaultdict(float)
    for network in networks:
        counts[network.author] += network.weight
    weight = np.array([network.weight / counts[network.author] for network in networks])
    weight *= len(networks) / weight.sum()
    nature_of = np.array([natures.index(key[0]) for key in keys], dtype=int)
    start = np.array([MEAN[nature] for nature in natures])
    number = len(keys)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        own, few, means, intercept = values[:number], values[number], values[number + 1 : -1], values[-1]
        odds = table @ values[: number + 1] + intercept
        chance = 1.0 / (1.0 + np.exp(-odds))
        fault = float(-(weight * (label * -np.logaddexp(0, -odds) + (1 - label) * -np.logaddexp(0, odds))).sum())
        apart, off = own - means[nature_of], means - start
        total = fault + strength * float((apart**2).sum()) + MEAN_HOLDS * float((off**2).sum()) + strength * few**2
        slope = weight * (chance - label)
        gradient = np.zeros_like(values)
        gradient[: number + 1] = table.T @ slope
        gradient[:number] += 2 * strength * apart
        gradient[number] += 2 * strength * few
        gradient[number + 1 : -1] = 2 * MEAN_HOLDS * off
        np.add.at(gradient, number + 1 + nature_of, -2 * strength * apart)
        gradient[-1] = slope.sum()
        return total, gradient

    first = np.concatenate([start[nature_of], [0.0], start, [-2.0]])
    bounds = [(0.0, None)] * (number + 1 + len(natures)) + [(None, None)]
    best = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds).x
    by_key = {key: float(value) for key, value in zip(keys, best[:number], strict=True)}
    by_key |= {(nature, ANY_OTHER): float(best[number + 1 + place]) for place, nature in enumerate(natures)}
    return Weights(float(best[-1]), by_key, -float(best[number]))


def take_away(networks: list[Network], weights: dict[str, Weights]) -> None:
    """What the best innocent reason leaves of each network's signs, under these weights."""
    for network in networks:
        tried = [dict.fromkeys(families, 1.0 - excuse) for families, excuse in network.reasons] + [{}]
        network.left = min(tried, key=lambda left: weigh(HAND, network.signs, network.members, left, weights)[0])


def fit_both(networks: list[Network], strength: float) -> dict[str, Weights]:
    """Weights of both questions."""
    hand = [network for network in networks if network.hostile or not (network.openly or network.partly)]
    hides = [network for network in networks if network.tells_hiding and (network.hostile or network.openly)]
    for network in networks:
        network.left = {}
    weights: dict[str, Weights] = {}
    for _ in range(ROUNDS):
        weights[HAND] = fit(hand, HAND, strength)
        take_away(networks, weights)
    for network in hides:
        network.left = {}
    weights[HIDES] = fit(hides, HIDES, strength)
    take_away(networks, weights)
    return weights


def chances(networks: list[Network], weights: dict[str, Weights]) -> np.ndarray:
    """The probability of one hand after the best reason."""
    take_away(networks, weights)
    odds = [weigh(HAND, network.signs, network.members, network.left, weights)[0] for network in networks]
    return 1.0 / (1.0 + np.exp(-np.array(odds)))


Worlds = dict[str, tuple[str, list[Network], pl.DataFrame, pl.DataFrame]]


def alerts(worlds: Worlds, author: str, weights: dict[str, Weights]) -> Counter[str]:
    """Findings right and wrong, and hostile networks contested or missed, of one author's worlds."""
    told: Counter[str] = Counter()
    for who, networks, hallmarks, table in worlds.values():
        if who != author or table.is_empty():
            continue
        sizes = table.select("network_id", "account_count")
        judged = judge_networks(hallmarks, sizes, ScoringSettings(), weights)
        truth = {network.network_id: network for network in networks}
        for row in judged.iter_rows(named=True):
            hostile = truth[row["network_id"]].hostile
            if row["alert"]:
                told["right" if hostile else "wrong"] += 1
            elif hostile:
                told["contested" if row["contested"] else "missed"] += 1
            elif row["contested"]:
                told["innocent contested"] += 1
    return told


def auc(label: np.ndarray, chance: np.ndarray) -> float:
    """Area under the curve: how often a hostile network is placed above another."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, chance)) if 0 < label.sum() < len(label) else float("nan")


def leave_one_out(worlds: Worlds, strength: float) -> tuple[list[float], list[str], list[tuple[float, bool]]]:
    """Each author judged by weights of all others: Brier score of each, rows of a table, and every prediction."""
    every = [network for _, networks, _, _ in worlds.values() for network in networks]
    scores, rows, told = [], [], []
    for author in sorted({network.author for network in every}):
        weights = fit_both([network for network in every if network.author != author], strength)
        own = [network for network in every if network.author == author and (network.hostile or not network.openly)]
        chance = chances(own, weights)
        label = np.array([network.hostile for network in own], dtype=float)
        scores.append(float(np.mean((chance - label) ** 2)))
        told += list(zip(chance.tolist(), (label > 0).tolist(), strict=True))
        found = alerts(worlds, author, weights)
        rows.append(
            f"| {author} | {len(own)} | {int(label.sum())} | {scores[-1]:.3f} | {auc(label, chance):.3f} |"
            f" {found['right']} | {found['wrong']} | {found['contested']} | {found['missed']} |"
            f" {found['innocent contested']} |"
        )
    return scores, rows, told


def choose_strength(scores: dict[float, list[float]]) -> float:
    """The strongest that does no worse on authors left out than the best one, give or take a standard error of the
    difference (Breiman et al. 1984, the rule of one standard error): what few worlds cannot tell apart they cannot set.
    """
    best = np.array(min(scores.values(), key=np.mean))
    worse = {strength: np.array(each) - best for strength, each in scores.items()}
    return max(
        strength for strength, more in worse.items() if more.mean() <= np.std(more, ddof=1) / np.sqrt(len(more)) + 1e-12
    )


def tell(rows: list[str], told: list[tuple[float, bool]], strength: float) -> None:
    """The tables: authors left out, and how often what was said to be so likely was so."""
    print(f"\nLeft out in turn, families drawn to their nature's mean by {strength:g}:\n")
    print(
        "| author | networks | hostile | Brier | AUC | alerts right | wrong | contested | missed | innocent contested |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))
    print("\n| said | networks | so |\n|---|---|---|")
    edges = (0.0, 0.05, 0.2, 0.5, 0.85, 1.01)
    for low, high in pairwise(edges):
        part = [was for chance, was in told if low <= chance < high]
        if part:
            print(f"| {low:.2f} to {min(high, 1):.2f} | {len(part)} | {np.mean(part):.2f} |")


def write(weights: dict[str, Weights], worlds: Worlds) -> str:
    """The weights as TOML."""
    authors = sorted({who for who, *_ in worlds.values()})
    number = sum(len(networks) for _, networks, _, _ in worlds.values())
    lines = [
        "# Weights of the judge in nats, made by `make fit` (tests/bench/fit.py); do not edit.",
        f"# From {number} networks in {len(worlds)} worlds of the authors {', '.join(authors)}.",
    ]
    for question, model in weights.items():
        lines += ["", f"[{question}]", f"intercept = {model.intercept:.3f}", f"few = {model.few:.3f}"]
        for nature in MEAN:
            part = {key[1]: value for key, value in sorted(model.by_key.items()) if key[0] == nature}
            if AXIS[nature] == question:
                lines += ["", f"[{question}.{nature}]", *(f"{name} = {value:.3f}" for name, value in part.items())]
    return "\n".join(lines) + "\n"


def gather(chosen: argparse.Namespace) -> Worlds:
    """Every world that is there, or is made now."""
    worlds: Worlds = {}
    for author, world in (find_ready if chosen.ready else make_all)(chosen):
        investigated = (world / "case/networks.parquet").exists()
        if chosen.again or not investigated:
            _, failed = bench.investigate(world, world / "case")
            if failed:
                print(f"{world.name}: {failed}", file=sys.stderr)
                continue
        worlds[world.name] = (author, *read_world(author, world))
    return worlds


def find_ready(chosen: argparse.Namespace) -> list[tuple[str, Path]]:
    """Worlds that were made and investigated already."""
    known = (
        (path.parents[1].name.split("-")[0], path.parents[1]) for path in chosen.keep.glob("*/case/networks.parquet")
    )
    return sorted((author, world) for author, world in known if author in chosen.authors)


def make_all(chosen: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """Every scenario of every author at one level a seed: more worlds for the time."""
    for author in chosen.authors:
        for number, scenario in enumerate(bench.scenarios(author)):
            levels = chosen.levels if author in bench.SCALED - {"web"} else ["text"]
            for seed in chosen.seeds:
                level = levels[(number + seed) % len(levels)]
                world = chosen.keep / f"{author}-{scenario}-{seed}-{level}"
                if bench.make(author, scenario, seed, level, world):
                    yield author, world


def main() -> None:
    """Fit, tell, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder of worlds and cases")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--authors", nargs="+", default=sorted(bench.AUTHORS))
    parser.add_argument("--levels", nargs="+", default=list(bench.LEVELS))
    parser.add_argument("--again", action="store_true", help="investigate kept worlds anew")
    parser.add_argument("--ready", action="store_true", help="only worlds that are there")
    parser.add_argument("--write", action="store_true", help="write the weights of all authors")
    chosen = parser.parse_args()
    worlds = gather(chosen)
    tried = {strength: leave_one_out(worlds, strength) for strength in STRENGTHS}
    scores = {strength: each for strength, (each, _, _) in tried.items()}
    best = choose_strength(scores)
    print("Brier by strength:", {strength: round(float(np.mean(each)), 4) for strength, each in scores.items()})
    tell(tried[best][1], tried[best][2], best)
    every = [network for _, networks, _, _ in worlds.values() for network in networks]
    text = write(fit_both(every, best), worlds)
    print("\n" + text)
    if chosen.write:
        OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
