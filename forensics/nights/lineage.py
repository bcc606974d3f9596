"""What became of each network since the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.schema import LINEAGE, group_members
from forensics.nights.identity import BANNED_SHARE, JUDGED, KEPT, REFILL_SHARE, Night, Past

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from forensics.common.settings import HistorySettings

LIKENESS = ("likeness", "member_share", "observable_share", "succession_share")  # taken over from the identities
AS_JUDGED = (
    "name",
    "alert",
    "contested",
    "pooling",
    "concealment",
    "extraction",
    "score",
    "hallmarks",
)  # and from NETWORKS


def describe_night(
    night: Night,
    networks: pl.DataFrame,
    past: Past,
    night_at: datetime,
    settings: HistorySettings,
    standing: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """LINEAGE rows of tonight: every network there is, and those that were there in the run before and are not.

    In:    tonight's members and accounts; NETWORKS; what is known; the `standing` of findings that differ from
           tonight's judgement.
    """
    tonight = group_members(night.members)
    before = past.last_members()
    alive = {row["network_id"]: row for row in past.alive.iter_rows(named=True)}
    likeness = {row["network_id"]: row for row in night.identities.iter_rows(named=True)}
    bans = night.accounts.select("account_id", "banned_at").drop_nulls().filter(pl.col("banned_at") <= night_at)
    late = pl.col("banned_at") > (past.night_at or night_at)
    banned, dead = (set(bans.filter(when).get_column("account_id")) for when in (late, ~late))
    run = past.run + 1
    rows = []
    for network in networks.iter_rows(named=True):
        key = network["network_id"]
        own, old = tonight.get(key, set()), before.get(key, set())
        same = likeness[key]
        related = _related(key, own, tonight, before, settings)
        lost_to_bans = len(old & banned)
        wave = lost_to_bans + (alive[key]["banned_count"] or 0 if key in alive else 0)
        place = (standing or {}).get(key, JUDGED)
        rows.append(
            {
                "run": run,
                "night_at": night_at,
                "network_id": key,
                "status": _status(own, old, related, wave, old & dead, known=same["likeness"] is not None),
                "related_ids": related,
                "account_count": len(own),
                "gained_count": len(own - old),
                "lost_count": len(old - own),
                "banned_count": lost_to_bans,
                **{name: same[name] for name in LIKENESS},
                **{name: network[name] for name in AS_JUDGED},
                # a mark may have the last word
                "standing": place if network["alert"] == (place == KEPT) else JUDGED,
            }
        )
    present = set(networks.get_column("network_id"))
    rows += [
        _gone(run, night_at, row, before.get(key, set()), tonight, settings)
        for key, row in sorted(alive.items())
        if key not in present
    ]
    return pl.DataFrame(rows, schema=LINEAGE.schema).sort(LINEAGE.sort)


def _gone(
    run: int,
    night_at: datetime,
    row: Mapping[str, Any],
    old: set[str],
    tonight: Mapping[str, set[str]],
    settings: HistorySettings,
) -> dict[str, Any]:
    """The row of a network that is there no more: into which it went, if into any."""
    into = [
        other
        for other, accounts in sorted(tonight.items())
        if len(old & accounts) >= settings.split_share * max(len(old), 1)
    ]
    return {
        "run": run,
        "night_at": night_at,
        "network_id": row["network_id"],
        "name": row["name"],
        "status": "gone",
        "related_ids": into,
        "account_count": 0,
        "gained_count": 0,
        "lost_count": len(old),
        "alert": False,
        "contested": False,
        "pooling": "none",
        "concealment": "unknown",
        "extraction": "none",
        "score": 0.0,
        "hallmarks": [],
        "standing": JUDGED,
    }


def _related(
    key: str, own: set[str], tonight: dict[str, set[str]], before: dict[str, set[str]], settings: HistorySettings
) -> list[str]:
    """Networks of the run before that gave this one most of its members (it split off), or most of theirs (it took them
    in; of several that share them, the one that has most).
    """
    related = []
    for other, old in sorted(before.items()):
        common = len(own & old) if other != key else 0
        split_off = common and key not in before and common >= settings.split_share * len(own)
        taken_in = (
            common
            and other not in tonight
            and common >= settings.split_share * len(old)
            and key == min(tonight, key=lambda name: (-len(tonight[name] & old), name))
        )
        if split_off or taken_in:
            related.append(other)
    return related


def _status(own: set[str], old: set[str], related: list[str], wave: int, dead: set[str], *, known: bool) -> str:
    """What became of a network; `wave` of its members were banned in the last two runs, `dead` are those banned before
    the last.
    """
    if not known:
        return "split" if related else "new"
    if related:
        return "merged"
    replaced = len(own & old) * 2 < len(own) and len(own & old) * 2 < max(len(old), 1)
    refilled = wave >= max(3, BANNED_SHARE * len(old - dead)) and len(own - old) >= REFILL_SHARE * wave
    if replaced or refilled:
        return "respawned"
    if len(own) != len(old):
        return "grown" if len(own) > len(old) else "shrunk"
    return "same"
