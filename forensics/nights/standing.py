"""What the nights before say of tonight's findings: which wait for another night, which are kept, which have become
weaker.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.schema import CONCEALMENTS, VERDICTS, group_members
from forensics.judging.verdicts import ALERT_FROM, rank_anew
from forensics.nights.identity import KEPT, WAITING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from forensics.common.settings import HistorySettings
    from forensics.nights.identity import Night, Past

UNKNOWN = CONCEALMENTS[-1]
TOLD = {
    KEPT: "still held as reported, tonight's evidence alone is thinner; ",
    WAITING: "a finding if it stands another night; ",
}


def steady_findings(
    networks: pl.DataFrame,
    night: Night,
    past: Past,
    night_at: datetime,
    settings: HistorySettings,
    sensitivity: str,
) -> dict[str, str]:
    """Networks whose place among the findings is not the one that tonight's evidence alone gives them: KEPT or WAITING.

    The same networks are judged anew every night, so some are over the threshold on one night by chance, and a finding
    near it would come and go as the window moves. A network that was no finding in the run before and is judged one
    now, below strong, is WAITING until it was judged so on `steady_nights` nights running. A finding of the run before
    is KEPT where evidence as strong as `sensitivity` asks for proved it in the last `kept_days`, tonight's is at most
    one level short, no innocent reason takes it away, and most of its accounts are those it had.

    In:    NETWORKS as of tonight, under lasting ids; tonight's members; what is known. Without a past
           nothing is held back.
    """
    if past.run == 0:
        return {}
    least = VERDICTS.index(ALERT_FROM[sensitivity])
    alive = set(past.alive.filter("alert").get_column("network_id"))
    recent = past.lineage.filter(
        pl.col("alert") & ~_was(KEPT) & (pl.col("night_at") >= night_at - timedelta(days=settings.kept_days))
    )
    proved = {
        network
        for network, level in recent.select("network_id", "pooling").iter_rows()
        if VERDICTS.index(level) >= least
    }
    contested = set(networks.filter(pl.col("contested").fill_null(value=False)).get_column("network_id"))
    before, tonight = past.last_members(), group_members(night.members)
    found = {}
    for key, alert, pooling in networks.select("network_id", "alert", "pooling").sort("network_id").iter_rows():
        level, own = VERDICTS.index(pooling), tonight.get(key, set())
        if (
            alert
            and key not in alive
            and pooling != VERDICTS[-1]
            and _nights_waited(past, key) + 1 < settings.steady_nights
        ):
            found[key] = WAITING
        near = not alert and key in alive and key in proved and max(least - 1, 1) <= level
        if near and key not in contested and 2 * len(own & before.get(key, set())) >= len(own):
            found[key] = KEPT
    return found


def place_findings(networks: pl.DataFrame, standing: Mapping[str, str]) -> pl.DataFrame:
    """NETWORKS in which what is KEPT is a finding and what is WAITING is none yet; their summaries say so."""
    if not standing:
        return networks
    place = pl.col("network_id").replace_strict(dict(standing), default=None, return_dtype=pl.String)
    told = place.replace_strict(TOLD, default="", return_dtype=pl.String)
    alert = (
        pl.when(place == KEPT)
        .then(pl.lit(value=True))
        .when(place == WAITING)
        .then(pl.lit(value=False))
        .otherwise("alert")
    )
    return rank_anew(networks.with_columns(alert=alert, summary=told + pl.col("summary")))


def steady_level(nights: Sequence[tuple[datetime, str]], settings: HistorySettings) -> str:
    """The level of a verdict as it is told after these nights (time, that night's own level), oldest first.

    It rises once it was higher on `steady_nights` nights running, and falls once it was lower for `kept_days`: a
    verdict near a threshold that is likely on one night and possible on the next is told once.
    """
    known = [(at, CONCEALMENTS.index(level)) for at, level in nights if level != UNKNOWN]
    if not known:
        return UNKNOWN
    since, told = known[0]
    above: list[int] = []  # nights running that were higher,
    below: list[int] = []  # and lower; since: the last that was neither
    for at, rank in known:
        above = [*above, rank] if rank > told else []
        below = [] if rank >= told else [*below, rank]
        since = since if below else at
        if len(above) >= settings.steady_nights:
            told, above = min(above), []
        elif below and at - since >= timedelta(days=settings.kept_days):
            told, below, since = max(below), [], at
    return CONCEALMENTS[told]


def missing_members(past: Past, night: Night) -> list[str]:
    """Members of the last run's findings that tonight's window does not show at all."""
    alerts = set(past.alive.filter("alert").get_column("network_id"))
    old = {account for network, accounts in past.last_members().items() if network in alerts for account in accounts}
    return sorted(old - set(night.accounts.get_column("account_id")))


def shrunk_findings(
    lineage: pl.DataFrame, past: Past, settings: HistorySettings, aged: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """Findings of the run before that tonight would make smaller or drop: network_id, name, before, now, dropped
    verdict.

    In:    accounts that have `aged` out of the window are missed by nobody.
    """
    tonight = {row["network_id"]: row for row in lineage.iter_rows(named=True)}
    members = past.last_members()
    weaker = []
    for old in past.alive.filter("alert").sort("network_id").iter_rows(named=True):
        now = tonight.get(old["network_id"])
        size = now["account_count"] if now else 0
        before = len(members.get(old["network_id"], set()) - aged)
        moved = now is not None and now["status"] == "gone" and bool(now["related_ids"])
        if not moved and (not now or not now["alert"] or size < (1 - settings.shrink_share) * before):
            weaker.append(
                {
                    "network_id": old["network_id"],
                    "name": old["name"],
                    "before": before,
                    "now": size,
                    "alert": bool(now and now["alert"]),
                }
            )
    return weaker


def _nights_waited(past: Past, network_id: str) -> int:
    """Runs up to the last one in which the network was waiting without a break."""
    runs = (
        past.lineage.filter((pl.col("network_id") == network_id) & _was(WAITING))
        .get_column("run")
        .sort(descending=True)
    )
    return sum(run == past.run - place for place, run in enumerate(runs))


def _was(standing: str) -> pl.Expr:
    return (pl.col("standing") == standing).fill_null(value=False)  # null: written by an earlier version
