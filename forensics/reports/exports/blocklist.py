"""Account ids with the reason each is listed, for review or for a tool that holds them. A list of evidence, not a
recommendation. Accounts of others that a network only uses are not on it.

Ids that a spreadsheet would read as a formula carry a leading apostrophe here; the JSON report has them raw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.reports.wording.json_text import csv_bytes
from forensics.reports.wording.words import member_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.reports.facts.model import Report

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
)


def render_blocklist(report: Report) -> bytes:
    """One account of a finding a row, surest first within a finding."""
    return csv_bytes(HEAD, _rows(report))


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    for finding in report.findings:
        for member in finding.members:
            reason = member_reason(member.kinds, finding.name)
            yield (
                member.account_id,
                finding.network_id,
                finding.name,
                finding.pooling,
                finding.concealment,
                finding.extraction,
                member.membership,
                member.role,
                member.traffic_share,
                member.first_seen_at,
                member.last_seen_at,
                member.banned_at,
                reason,
                report.manifest_sha256,
            )
