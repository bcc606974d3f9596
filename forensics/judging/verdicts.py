"""Hallmarks → verdicts, alerts and rank.

POOLING: one hand moves these accounts; only dependence between them shows it, likeness never more than possibly.
CONCEALMENT: this hand hides, or is openly one. EXTRACTION: what they ask is consistent with harvesting the model.
An alert needs one hand that hides, and no innocent reason that would itself leave the signs of it. What was strong
before such a reason is contested, and shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.errors import UsageError
from forensics.common.scale import CARRIES
from forensics.common.schema import NETWORKS, VERDICTS
from forensics.common.statistics import acat, benjamini_yekutieli
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.sizes import measure_networks
from forensics.judging.weighing import HAND, HIDES, chance, plugin_of, strongest, weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from forensics.common.settings import ScoringSettings
    from forensics.judging.weighing import Key, Weights

LEVELS = {"possible": 0.2, "likely": 0.5, "strong": 0.85}  # probability from which a verdict has that level

ALERT_FROM = {"low": "strong", "normal": "likely", "high": "possible"}  # one hand, from which a network is a finding
HIDES_FROM = {"low": "likely", "normal": "likely", "high": "possible"}

ASSUMED = 0.5  # that a hand hides, where nothing tells: for the rank only

FEWEST_OPEN = 2  # things that are open, from which a hand is openly one though something else looks hidden

LEFT = 0.5  # part of a dependence that an explanation must leave, for it to stand

UNTOLD = "whether it hides cannot be told from what is known of these accounts"
NOT_TOLD_APART = "one hand, or users of one published program: these logs cannot tell"


def rank_anew(networks: pl.DataFrame) -> pl.DataFrame:
    """NETWORKS with alerts first, then contested ones, else in the order they had."""
    return networks.sort(
        ["alert", pl.col("contested").fill_null(value=False), "rank"], descending=[True, True, False]
    ).with_columns(rank=pl.int_range(1, pl.len() + 1).cast(pl.UInt32))


def rank_networks(
    hallmarks: pl.LazyFrame,
    members: pl.LazyFrame,
    events: pl.LazyFrame,
    accounts: pl.LazyFrame,
    register: pl.LazyFrame,
    settings: ScoringSettings,
    name_network: Callable[[str], str],
) -> pl.LazyFrame:
    """One row per network, judged and ranked.

    In:      HALLMARKS, MEMBERS, EVENTS, ACCOUNTS, REGISTER; `name_network` gives an id its speakable name.
    Out:     NETWORKS by rank: alerts first, then contested ones, then by score and impact.
    Raises:  UsageError for an unknown sensitivity.
    Source:  ACAT over channels and Benjamini-Yekutieli over networks.
    """
    if settings.sensitivity not in ALERT_FROM:
        raise UsageError(f"unknown sensitivity {settings.sensitivity!r}", "use low, normal or high")

    def run() -> pl.DataFrame:
        sizes = measure_networks(members, events, accounts, register)
        signs, numbers = pl.collect_all([hallmarks, sizes])
        if numbers.is_empty():
            return NETWORKS.empty()
        verdicts = judge_networks(signs, numbers.select("network_id", "account_count"), settings)
        return _rank(numbers, verdicts, name_network)

    return pl.defer(run, schema=NETWORKS.schema)


def judge_networks(
    signs: pl.DataFrame,
    networks: pl.DataFrame,
    settings: ScoringSettings,
    weights: Mapping[str, Weights] | None = None,
) -> pl.DataFrame:
    """One row per network: verdicts, score, alert, contested, the signs that hold, the explanations that fit, and what
    each sign brings; `weights` other than those that ship are for fitting.
    """
    by_network = {str(key[0]): part.to_dicts() for key, part in signs.group_by("network_id", maintain_order=True)}
    rows = [
        _judge(network, members, by_network.get(network, []), settings, weights)
        for network, members in networks.select("network_id", "account_count").iter_rows()
    ]
    for column in ("pooling_p", "extraction_p"):
        adjusted = benjamini_yekutieli(np.array([row[column] for row in rows], dtype=float))
        for row, value in zip(rows, adjusted, strict=True):
            row[column] = float(value)
    return pl.DataFrame(rows, infer_schema_length=None)


@dataclass(frozen=True)
class Reason:
    """The innocent reason that takes most away: what part of each family it leaves."""

    title: str
    left: Mapping[str, float]


@dataclass(frozen=True)
class Judged:
    """One network on the three questions."""

    raw: str  # one hand, before an innocent reason
    level: str  # one hand, after it
    hides: str
    reason: Reason | None
    material: bool  # its own content, dealt out and asked for as training material
    alert: bool
    contested: str  # why, or nothing


def _judge(
    network: str,
    members: int,
    rows: list[dict[str, Any]],
    settings: ScoringSettings,
    weights: Mapping[str, Weights] | None,
) -> dict[str, Any]:
    usable = sorted((row for row in rows if row["assessable"]), key=lambda row: row["name"])
    signs = strongest(row for row in usable if row["role"] != "explanation")
    explanations = [row for row in usable if row["role"] == "explanation"]
    fitting = sorted((row for row in explanations if row["holds"]), key=lambda row: (-row["fit"], row["name"]))
    before, shares = weigh(HAND, signs, members, weights=weights)
    reason, after = _best_reason(signs, members, explanations, before, weights)
    open_or_not, hidden = weigh(HIDES, signs, members, weights=weights)
    hides = _hiding(signs, open_or_not)
    judged = _decide(signs, before, after, reason, hides, settings.sensitivity)
    level = judged.raw if judged.contested else judged.level
    certain = chance(after) * (ASSUMED if hides == "unknown" else chance(open_or_not))
    held = [row["name"] for row in usable if row["role"] != "explanation" and row["holds"]]
    extraction = [row for row in usable if row["role"] == "extraction"]
    return {
        "network_id": network,
        "score": certain,
        "alert": judged.alert,
        "contested": bool(judged.contested),
        "pooling": level,
        "concealment": hides,
        "extraction": _extraction_level(extraction, level),
        "pooling_p": _combined([row for row in usable if row["role"] == "pooling"]),
        "extraction_p": _combined(extraction),
        "hallmarks": held,
        "explanations": [row["name"] for row in fitting],
        "shares": shares + hidden + _taken(shares, signs, reason),
        "summary": summarise(judged, held, [row["title"] for row in fitting], chance(before)),
    }


def _best_reason(
    signs: Mapping[Key, tuple[float, str]],
    members: int,
    explanations: list[dict[str, Any]],
    before: float,
    weights: Mapping[str, Weights] | None,
) -> tuple[Reason | None, float]:
    """The innocent reason that takes most away, and the log-odds of one hand that it leaves.

    One is believed, the best: they overlap, so what they take away does not add up.
    """
    best: Reason | None = None
    least = before
    for row in explanations:
        excuse = _excuse(row["fit"] or 0.0)
        left = dict.fromkeys(plugin_of(row).accounts_for, 1.0 - excuse)
        after = weigh(HAND, signs, members, left, weights)[0]
        if after < least - 1e-9:
            best, least = Reason(row["title"], left), after
    return best, least


def _taken(
    shares: list[dict[str, Any]], signs: Mapping[Key, tuple[float, str]], reason: Reason | None
) -> list[dict[str, Any]]:
    """What the innocent reason takes away, sign by sign."""
    if reason is None:
        return []
    family = {name: key[1] for key, (_, name) in signs.items()}
    taken = [
        {
            "name": share["name"],
            "axis": "explained",
            "nats": -share["nats"] * (1.0 - reason.left.get(family[share["name"]], 1.0)),
        }
        for share in shares
    ]
    return [share for share in taken if share["nats"] < 0.0]


def _decide(
    signs: Mapping[Key, tuple[float, str]],
    before: float,
    after: float,
    reason: Reason | None,
    hides: str,
    sensitivity: str,
) -> Judged:
    """The table of verdicts: one hand × hides × explained."""
    left = reason.left if reason else {}
    raw = _level(chance(before), dependent=any(key[0] == "dependence" for key in signs))
    stands = any(key[0] == "dependence" and left.get(key[1], 1.0) > LEFT for key in signs)
    level = _level(chance(after), dependent=stands)
    if hides == "unknown":
        raw, level = _lower(raw), _lower(level)
    material = {("content", family) for family in ("narrowness", "items", "asked")} <= set(signs)
    least = VERDICTS.index(ALERT_FROM[sensitivity])
    hidden = hides == "unknown" or (
        hides in VERDICTS and VERDICTS.index(hides) >= VERDICTS.index(HIDES_FROM[sensitivity])
    )
    alert = hidden and VERDICTS.index(level) >= least
    contested = ""
    if not alert and VERDICTS.index(raw) >= least:
        contested = "open" if hides == "open" else "explained" if VERDICTS.index(level) < least else "unhidden"
    elif not alert and raw == "possible" and material:
        contested = "alike"
    return Judged(raw, level, hides, reason, material, alert, contested)


def _hiding(signs: Mapping[Key, tuple[float, str]], log_odds: float) -> str:
    """The level of concealment: where nothing hides, open if something is open, else unknown; weights alone are no
    evidence.
    """
    opened, hidden = (sum(key[0] == nature for key in signs) for nature in ("openness", "concealment"))
    if not hidden:
        return "open" if opened else "unknown"
    level = _level(chance(log_odds), dependent=True)
    # One open thing beside something that hides is no openness: a relay has one egress, too.
    return "open" if opened >= FEWEST_OPEN and level in ("none", "possible") else level


def _excuse(fit: float) -> float:
    """Weight of an explanation: nothing below a third, all from CARRIES on."""
    return float(np.clip((fit - 1 / 3) / (CARRIES - 1 / 3), 0.0, 1.0))


def _level(probability: float, *, dependent: bool) -> str:
    """The level of a probability; without dependence between accounts never above possible."""
    level = max((level for level, least in LEVELS.items() if probability >= least), key=VERDICTS.index, default="none")
    return level if dependent or VERDICTS.index(level) < 2 else "possible"


def _lower(level: str) -> str:
    return VERDICTS[max(VERDICTS.index(level) - 1, 0)]


def _extraction_level(extraction: list[dict[str, Any]], pooling: str) -> str:
    """Level by the families of signs that hold; what is asked carries no more than `possible` without narrowness."""
    held = {plugin_of(row).looks_at for row in extraction if row["holds"]}
    if {"asked", "narrowness"} <= held:
        return "strong" if "items" in held and pooling in ("likely", "strong") else "likely"
    if {"narrowness", "items"} <= held:
        return "likely" if pooling in ("likely", "strong") else "possible"
    return "possible" if held & {"asked", "narrowness"} else "none"


def _combined(signs: list[dict[str, Any]]) -> float:
    """The smallest p of each channel times their number, then ACAT over channels; channels without a p are left out."""
    channels: dict[str, list[float]] = {}
    for sign in signs:
        if sign["p_value"] is not None:
            channels.setdefault(sign["channel"], []).append(sign["p_value"])
    return acat(np.array([min(1.0, len(values) * min(values)) for values in channels.values()])) if channels else 1.0


def summarise(judged: Judged, held: list[str], fitting: list[str], before: float) -> str:
    """A network in one clause: what it does, or why it is no finding."""
    if judged.contested == "explained" and judged.reason:
        return f"strong signs ({before:.2f}), explained by {judged.reason.title}: check"
    if judged.contested == "open":
        return f"one operator, openly: {_said(held, 'openness') or 'nothing hides it'}"
    if judged.contested == "unhidden":
        return "one hand, and little shows that it hides"
    if judged.contested == "alike":
        return f"asks for training material, alike: {NOT_TOLD_APART}"
    if fitting and not judged.alert:
        return f"consistent with: {', '.join(fitting[:2])}"
    said = _said(held, "dependence", "likeness", "concealment", "content")
    if judged.alert:
        return f"{said}; {UNTOLD}" if judged.hides == "unknown" else said
    if judged.level == "possible":
        return "alike, not shown to be one hand"
    return said or "linked, no sign of one operator"


def _said(held: list[str], *natures: str) -> str:
    """The phrases of the signs that hold, three at most, dependence first."""
    plugins = [plugin for name, plugin in find_hallmarks().items() if name in held and plugin.nature in natures]
    plugins.sort(key=lambda plugin: (natures.index(plugin.nature), -plugin.weight, plugin.name))
    return ", ".join([plugin.phrase or plugin.title for plugin in plugins][:3])


def _rank(numbers: pl.DataFrame, verdicts: pl.DataFrame, name_network: Callable[[str], str]) -> pl.DataFrame:
    """NETWORKS: alerts first, contested next, then score weighed by impact (requests), ties by id."""
    table = numbers.join(verdicts, on="network_id")
    order = pl.col("score") * (1.0 + pl.col("request_count").cast(pl.Float64).log1p() / 50.0)
    return (
        table.with_columns(
            order=order, name=pl.Series([name_network(network) for network in table["network_id"]], dtype=pl.String)
        )
        .sort("alert", "contested", "order", "network_id", descending=[True, True, True, False])
        .with_row_index("rank", offset=1)
        .select(
            pl.col(name).cast(column.dtype)
            if name in {*table.columns, "rank", "name"}
            else pl.lit(None, column.dtype).alias(name)
            for name, column in NETWORKS.columns.items()
        )
    )
