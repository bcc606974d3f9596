"""Hallmarks → verdicts, alerts and rank.

POOLING: these accounts behave as one system. EXTRACTION: what they ask is consistent with harvesting the model.
The two are judged apart; an alert needs POOLING and the absence of an innocent explanation that carries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import NETWORKS, VERDICTS
from forensics.common.statistics import acat, benjamini_yekutieli
from forensics.judging.hallmark import Hallmark, find_hallmarks
from forensics.judging.sizes import measure_networks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from forensics.common.settings import ScoringSettings
    from forensics.judging.hallmark import Panel


def rank_anew(networks: pl.DataFrame) -> pl.DataFrame:
    """NETWORKS with alerts first, else in the order they had."""
    return networks.sort(["alert", "rank"], descending=[True, False]).with_columns(
        rank=pl.int_range(1, pl.len() + 1).cast(pl.UInt32)
    )


LEVELS = {"possible": 0.2, "likely": 0.5, "strong": 0.85}  # score from which a verdict has that level

ALERT_FROM = {"low": "strong", "normal": "likely", "high": "possible"}

CARRIES = 0.8  # fit from which an innocent explanation stands on its own

MOST = 0.7  # share of members from which such a sign speaks for the whole network

FEW = 5  # accounts below which a network is most often a family or a customer's few keys

MANY = 20  # accounts from which being alike is no accident

TRUST_ACCOUNTS = 6.0  # members at which likeness counts half: few accounts are alike by accident

# Lines of evidence that ordinary customers cannot show by sharing a place, a tool or a payer.
HARD_CHANNELS = ("scheduling", "lifecycle", "pivot", "provenance", "payers")

SOFT_CHANNELS = ("content", "money", "device", "client", "rhythm")


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
    Out:     NETWORKS by rank: alerts first, then by score and impact.
    Raises:  UsageError for an unknown sensitivity.
    Source:  ACAT over channels and Benjamini-Yekutieli over networks, methods C8.
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


def judge_networks(signs: pl.DataFrame, networks: pl.DataFrame, settings: ScoringSettings) -> pl.DataFrame:
    """One row per network: verdicts, score, alert, the signs that hold and the explanations that fit."""
    by_network = {str(key[0]): part.to_dicts() for key, part in signs.group_by("network_id", maintain_order=True)}
    rows = [
        _judge(network, members, by_network.get(network, []), settings)
        for network, members in networks.select("network_id", "account_count").iter_rows()
    ]
    for column in ("pooling_p", "extraction_p"):
        adjusted = benjamini_yekutieli(np.array([row[column] for row in rows], dtype=float))
        for row, value in zip(rows, adjusted, strict=True):
            row[column] = float(value)
    return pl.DataFrame(rows, infer_schema_length=None)


def _judge(network: str, members: int, signs: list[dict[str, Any]], settings: ScoringSettings) -> dict[str, Any]:
    usable = [sign for sign in signs if sign["assessable"]]
    pooling = [sign for sign in usable if sign["role"] == "pooling"]
    extraction = [sign for sign in usable if sign["role"] == "extraction"]
    explanations = [sign for sign in usable if sign["role"] == "explanation"]
    held = [sign["name"] for sign in pooling + extraction if sign["holds"]]
    fitting = sorted((sign for sign in explanations if sign["holds"]), key=lambda sign: (-sign["fit"], sign["name"]))

    log_odds = settings.prior + (settings.few if members < FEW else 0.0) + _likeness(pooling, members, settings)
    for channel in HARD_CHANNELS + SOFT_CHANNELS:
        log_odds += getattr(settings, channel) * _strength(pooling, channel)
    # One explanation is believed, the best: they overlap, so their fits do not add up.
    others = [sign for sign in explanations if _plugin(sign).accounts_for and sign["fit"] is not None]
    excuse = max((_excuse(sign["fit"]) for sign in others), default=0.0)
    log_odds -= settings.explanation * excuse
    score = float(1.0 / (1.0 + np.exp(-log_odds)))
    level = _level(score)
    hard = any(sign["holds"] and sign["channel"] in HARD_CHANNELS for sign in pooling)
    if not hard and (excuse > 0 or members < MANY):
        # Likeness and own prompts are what a product or a course brings too. Without a sign that only one hand leaves
        # they count in full only
        # for many accounts that no innocent reason fits even in part.
        level = VERDICTS[max(VERDICTS.index(level) - 1, 0)]
    carried = any((sign["fit"] or 0.0) >= CARRIES for sign in explanations)
    alert = VERDICTS.index(level) >= VERDICTS.index(ALERT_FROM[settings.sensitivity]) and not carried
    return {
        "network_id": network,
        "score": score,
        "alert": alert,
        "pooling": level,
        "extraction": _extraction_level(extraction, level),
        "pooling_p": _combined(pooling),
        "extraction_p": _combined(extraction),
        "hallmarks": held,
        "explanations": [sign["name"] for sign in fitting],
        "summary": summarise(held, [sign["title"] for sign in fitting], alert=alert),
    }


def _likeness(pooling: list[dict[str, Any]], members: int, settings: ScoringSettings) -> float:
    """Log-odds from how alike members are: position 0.5 tells nothing, a network of few members little."""
    total = 0.0
    for sign in pooling:
        alike = _plugin(sign).alike
        if alike is not None and sign["position"] is not None:
            for_one, against = alike
            lean = 2.0 * min(1.0, max(0.0, sign["position"])) - 1.0
            total += lean * (for_one if lean > 0 else against)
    return settings.likeness * total * members / (members + TRUST_ACCOUNTS)


def _strength(signs: Iterable[dict[str, Any]], channel: str) -> float:
    """How much of its channel's weight the strongest sign brings: a sign that few members show says little of the
    others.
    """
    return max(
        (_plugin(sign).weight * _coverage(sign) for sign in signs if sign["channel"] == channel and sign["holds"]),
        default=0.0,
    )


def _plugin(sign: dict[str, Any]) -> Hallmark:
    """What the test behind a sign says of itself; of a test that is gone, what its row says."""
    known = find_hallmarks().get(sign["name"])
    return known or Hallmark(sign["name"], sign["role"], sign["channel"], sign["title"], _gone)


def _gone(panel: Panel) -> pl.DataFrame:
    raise NotImplementedError(panel)


def _coverage(sign: dict[str, Any]) -> float:
    return min(1.0, sign["observed"] / MOST) if _plugin(sign).share_of_members else 1.0


def _excuse(fit: float) -> float:
    """Weight of an explanation: nothing below a third, all from CARRIES on."""
    return float(np.clip((fit - 1 / 3) / (CARRIES - 1 / 3), 0.0, 1.0))


def _level(score: float) -> str:
    return max((level for level, least in LEVELS.items() if score >= least), key=VERDICTS.index, default="none")


def _extraction_level(extraction: list[dict[str, Any]], pooling: str) -> str:
    """Level by the number of signs that hold; content flags alone carry no more than `possible` without narrowness."""
    held = {sign["name"] for sign in extraction if sign["holds"]}
    if "elicitation" in held and "narrow_task" in held:
        return "strong" if "fresh_items" in held and pooling in ("likely", "strong") else "likely"
    if "narrow_task" in held and "fresh_items" in held:
        return "likely" if pooling in ("likely", "strong") else "possible"
    return "possible" if held & {"elicitation", "narrow_task"} else "none"


def _combined(signs: list[dict[str, Any]]) -> float:
    """The smallest p of each channel times their number, then ACAT over channels; channels without a p are left out."""
    channels: dict[str, list[float]] = {}
    for sign in signs:
        if sign["p_value"] is not None:
            channels.setdefault(sign["channel"], []).append(sign["p_value"])
    return acat(np.array([min(1.0, len(values) * min(values)) for values in channels.values()])) if channels else 1.0


def summarise(held: list[str], fitting: list[str], *, alert: bool) -> str:
    """A network in one clause: what it does, or what explains it."""
    if fitting and not alert:
        return f"consistent with: {', '.join(fitting[:2])}"
    plugins = find_hallmarks()
    said = [plugins[name].phrase for name in held if name in plugins and plugins[name].phrase]
    return ", ".join(said[:3]) if said else "linked, no sign of one operator"


def _rank(numbers: pl.DataFrame, verdicts: pl.DataFrame, name_network: Callable[[str], str]) -> pl.DataFrame:
    """NETWORKS: alerts first, then score weighed by impact (requests), ties by id."""
    table = numbers.join(verdicts, on="network_id")
    order = pl.col("score") * (1.0 + pl.col("request_count").cast(pl.Float64).log1p() / 50.0)
    return (
        table.with_columns(
            order=order, name=pl.Series([name_network(network) for network in table["network_id"]], dtype=pl.String)
        )
        .sort("alert", "order", "network_id", descending=[True, True, False])
        .with_row_index("rank", offset=1)
        .select(
            pl.col(name).cast(column.dtype)
            if name in {*table.columns, "rank", "name"}
            else pl.lit(None, column.dtype).alias(name)
            for name, column in NETWORKS.columns.items()
        )
    )
