"""Tested signs → log-odds: an additive model in which a sign can only speak its way, with weights that were estimated.

Two questions are weighed apart, by the same form: is it one hand, and does this hand hide. Each is an intercept and a
weight for each family of signs; the strongest sign of a family counts. Weights are estimated from worlds of several
authors (`make fit`) and stand in `weights.toml`; a family that the fit has not met has its nature's mean weight.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from forensics.common.schema import HALLMARKS
from forensics.judging.hallmark import Hallmark, find_hallmarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from forensics.judging.hallmark import Panel

HAND, HIDES = "one_hand", "hides"  # the two questions
AXIS = {"dependence": HAND, "likeness": HAND, "concealment": HIDES, "openness": HIDES}  # which a nature speaks to
AGAINST = "openness"  # the nature whose signs speak against
MOST = 0.7  # share of members from which such a sign speaks for the whole network
USUAL = 2.0  # nats between what is observed and what is expected, in a sign of the usual size
LEAST, LARGEST = 1.0, 1.5  # times its weight, that a sign of dependence speaks by its size
SHADE = 0.03  # of a share or number, below which more or less is no news
ANY_OTHER = "other"  # weight of families that the fit has not met

Key = tuple[str, str]  # nature and family


@dataclass(frozen=True)
class Weights:
    """Intercept and weights of one question; weights are nats and never negative."""

    intercept: float
    by_key: Mapping[Key, float]
    few: float = 0.0  # added below FEW accounts

    def of(self, key: Key) -> float:
        """The weight of a family; of one that the fit has not met, its nature's."""
        found = self.by_key.get(key, self.by_key.get((key[0], ANY_OTHER), 0.0))
        return -found if key[0] == AGAINST else found


FEW = 5  # accounts below which a network is most often a family or a customer's few keys


@cache
def read_weights() -> dict[str, Weights]:
    """The weights that ship with the tool, by question."""
    text = resources.files("forensics.judging").joinpath("weights.toml").read_text(encoding="utf-8")
    return {name: make_weights(table) for name, table in tomllib.loads(text).items()}


def make_weights(table: Mapping[str, Any]) -> Weights:
    """Weights as a table of TOML has them: numbers, and a table for each nature."""
    by_key = {
        (nature, family): float(weight)
        for nature, families in table.items()
        if isinstance(families, dict)
        for family, weight in families.items()
    }
    return Weights(float(table["intercept"]), by_key, float(table.get("few", 0.0)))


def plugin_of(sign: Mapping[str, Any]) -> Hallmark:
    """What the test behind a sign says of itself; of a test that is gone, what its row says."""
    known = find_hallmarks().get(sign["name"])
    return known or Hallmark(
        sign["name"],
        sign["role"],
        sign["channel"],
        sign["title"],
        _gone,
        nature=sign["nature"] or "dependence",
        family=sign["family"] or "",
    )


def _gone(_panel: Panel) -> pl.DataFrame:
    return HALLMARKS.empty()


def strength(sign: Mapping[str, Any]) -> float:
    """How strongly a sign speaks: nothing where it does not hold, 1 where it is as large as such signs are; a sign that
    few members show says little of the others; likeness speaks from half-way between separate customers and one queue
    on, and dependence by how far it is from what independent accounts would show.
    """
    plugin = plugin_of(sign)
    if not sign["assessable"]:
        return 0.0
    if plugin.alike is not None and sign["position"] is not None:
        return float(np.clip(2.0 * sign["position"] - 1.0, 0.0, 1.0))
    if not sign["holds"]:
        return 0.0
    if plugin.share_of_members:
        return plugin.weight * min(1.0, float(sign["observed"]) / MOST)
    return plugin.weight * (_size(sign) if plugin.nature == "dependence" else 1.0)


def _size(sign: Mapping[str, Any]) -> float:
    """How large an effect is beside what is usual: by its log-odds over what is expected if it is a share, else by the
    log of the ratio, in either direction.
    """
    observed, expected = sign["observed"], sign["expected"]
    if observed is None or expected is None:
        return 1.0
    if (sign["measure"] or "").startswith("share"):
        known = np.clip([observed, expected], SHADE, 1.0 - SHADE)
        apart = float(np.log(known / (1.0 - known)) @ [1.0, -1.0])
    else:
        shade = SHADE * max(abs(observed), abs(expected), 1e-9)
        apart = float(np.log((max(observed, 0.0) + shade) / (max(expected, 0.0) + shade)))
    return float(np.clip(abs(apart) / USUAL, LEAST, LARGEST))


def strongest(signs: Iterable[Mapping[str, Any]]) -> dict[Key, tuple[float, str]]:
    """Of each nature and family the strength of its strongest sign, and that sign's name; silent ones are left out."""
    found: dict[Key, tuple[float, str]] = {}
    for sign in signs:
        plugin = plugin_of(sign)
        key, value = (plugin.nature, plugin.looks_at), strength(sign)
        if value > 0.0 and (key not in found or (value, sign["name"]) > found[key]):
            found[key] = (value, sign["name"])
    return found


def weigh(
    question: str,
    signs: Mapping[Key, tuple[float, str]],
    members: int,
    left: Mapping[str, float] | None = None,
    weights: Mapping[str, Weights] | None = None,
) -> tuple[float, list[dict[str, Any]]]:
    """Log-odds of a question, and what each sign brings to them: name, axis, nats.

    `left` says for a family what part of it an explanation leaves.
    """
    model = (weights or read_weights())[question]
    start = model.intercept + (model.few if members < FEW else 0.0)
    shares: list[dict[str, Any]] = [
        {
            "name": name,
            "axis": question,
            "nats": model.of(key) * value * (1.0 if left is None else left.get(key[1], 1.0)),
        }
        for key, (value, name) in sorted(signs.items())
        if AXIS.get(key[0]) == question
    ]
    shares.sort(key=lambda share: (-abs(share["nats"]), share["name"]))
    return start + sum(share["nats"] for share in shares), shares


def chance(log_odds: float) -> float:
    """The probability that log-odds stand for."""
    return float(1.0 / (1.0 + np.exp(-log_odds)))
