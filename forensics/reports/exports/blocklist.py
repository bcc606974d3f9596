"""What members of findings are and share, with the reason each is listed and its measured hits on this very case: how
many members and how many others it matches. For review, or for a tool that holds such lists: evidence, not a
recommendation.

Accounts come first, then observables that a gate can match (a card, a client, a template, …). What strangers show is
left out, and so are `used` accounts, which have a life of their own. Each entry expires: what passes from customer to
customer after a week, what outlasts a change of exits and clients after two months, all else after one.
Ids that a spreadsheet would read as a formula carry a leading apostrophe here; the JSON report has them raw.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from forensics.common.schema import USED
from forensics.common.statistics import wilson
from forensics.describing.sightings import kind_of
from forensics.reports.wording.json_text import csv_bytes
from forensics.reports.wording.words import member_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.reports.facts.model import Finding, Report, Tie

HEAD = (
    "account_id",
    "network_id",
    "network_name",
    "pooling",
    "concealment",
    "extraction",
    "membership",
    "role",
    "traffic_share",
    "first_seen_at",
    "last_seen_at",
    "banned_at",
    "reason",
    "manifest_sha256",
    "kind",
    "value",
    "members_matched",
    "members",
    "others_matched",
    "others",
    "others_share_high",
    "expires_at",
)
ACCOUNT = "account"
LEASED_DAYS, LASTING_DAYS, OTHER_DAYS = 7, 60, 30
SHOWN_BY = 2  # members that show an observable, for it to be listed


def render_blocklist(report: Report) -> bytes:
    """One account or shared observable of a finding a row: accounts first, surest and most shown first."""
    return csv_bytes(HEAD, _rows(report))


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    for finding in report.findings:
        for entry in (*_accounts(finding, report), *_observables(finding, report)):
            yield tuple(entry.get(name) for name in HEAD)


def _accounts(finding: Finding, report: Report) -> Iterator[dict[str, object]]:
    for member in finding.members:
        if member.role != USED:
            yield {
                **_head(finding, report, 1, LASTING_DAYS),
                "account_id": member.account_id,
                "membership": member.membership,
                "role": member.role,
                "traffic_share": member.traffic_share,
                "first_seen_at": member.first_seen_at,
                "last_seen_at": member.last_seen_at,
                "banned_at": member.banned_at,
                "reason": member_reason(member.kinds, finding.name),
                "kind": ACCOUNT,
                "value": member.account_id,
            }


def _observables(finding: Finding, report: Report) -> Iterator[dict[str, object]]:
    for tie in _listed(finding):
        yield {
            **_head(finding, report, tie.inside_count, _days(tie.kind)),
            "reason": f"shown by {tie.inside_count} accounts of the network {finding.name} and by nobody else here",
            "kind": tie.kind,
            "value": tie.value,
        }


def _head(finding: Finding, report: Report, matched: int, days: int) -> dict[str, object]:
    """What every entry has: its finding, its measured hits, the upper end (95 %) of the share of others that it may
    match, and the day it expires, counted from the last event: a list is no younger than its evidence.
    """
    own = sum(member.role != USED for member in finding.members)
    others = max(report.reading.account_count - own, 0)
    last_at = report.reading.last_at
    return {
        "network_id": finding.network_id,
        "network_name": finding.name,
        "pooling": finding.pooling,
        "concealment": finding.concealment,
        "extraction": finding.extraction,
        "manifest_sha256": report.manifest_sha256,
        "members_matched": matched,
        "members": own,
        "others_matched": 0,
        "others": others,
        "others_share_high": round(wilson(0, others)[1], 6) if others else None,
        "expires_at": None if last_at is None else last_at + timedelta(days=days),
    }


def _listed(finding: Finding) -> list[Tie]:
    """Observables of the finding that a gate can match and that nobody else shows; those of `used` members neither."""
    spared = set(finding.spared)
    told = [tie for kind in finding.kinds if kind.bits > 0 for tie in kind.ties] + [tie for tie, _ in finding.tied]
    found = {
        (tie.kind, tie.value): tie
        for tie in told
        if tie.outside_count == 0
        and tie.inside_count >= SHOWN_BY
        and kind_of(tie.kind).columns
        and not kind_of(tie.kind).weak
        and (tie.kind, tie.value) not in spared
    }
    return sorted(found.values(), key=lambda tie: (-tie.inside_count, tie.kind, tie.value))


def _days(kind: str) -> int:
    """Days for which an observable of the kind is worth listing."""
    told = kind_of(kind)
    return LEASED_DAYS if told.leased else LASTING_DAYS if told.lasts else OTHER_DAYS
