"""The findings as a timeline for Timesketch (JSON lines): births, first and last requests, bans, successions, ban
waves, quoted lines.

Fields `message`, `datetime` and `timestamp_desc` are what its importer asks for; `timestamp` is microseconds since
1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable
from forensics.reports.wording import figures
from forensics.reports.wording.json_text import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from forensics.reports.facts.model import Finding, Report


def render_timesketch(report: Report) -> bytes:
    """One moment a line, in order of time."""
    rows = [row for finding in report.findings for row in _moments(finding)]
    rows.sort(
        key=lambda row: (
            row["timestamp"],
            row["network_id"],
            row["timestamp_desc"],
            row.get("account_id", ""),
            row.get("source_line", 0),
        )
    )
    return "".join(json_text(row) + "\n" for row in rows).encode()


def _row(finding: Finding, at: datetime, what: str, message: str, **more: object) -> dict[str, Any]:
    return {
        "message": message,
        "datetime": at.isoformat(),
        "timestamp": round(at.timestamp() * 1e6),
        "timestamp_desc": what,
        "network_id": finding.network_id,
        "network_name": finding.name,
        "pooling": finding.pooling,
        "extraction": finding.extraction,
        "tag": [f"pooling-{finding.pooling}", f"extraction-{finding.extraction}"],
        **more,
    }


def _moments(finding: Finding) -> Iterator[dict[str, Any]]:
    for member in finding.members:
        who, name = printable(member.account_id), printable(finding.name)
        for at, what, text in (
            (member.born_at, "Account created", f"{who} of {name} was opened"),
            (member.first_seen_at, "First request", f"first request of {who} of {name}"),
            (member.last_seen_at, "Last request", f"last request of {who} of {name}"),
            (member.banned_at, "Account banned", f"{who} of {name} was banned"),
            (member.closed_at, "Account closed", f"{who} of {name} was closed"),
        ):
            if at is not None:
                yield _row(finding, at, what, text, account_id=member.account_id)
    for item in finding.lives.successions:
        text = (
            f"{printable(item.successor_id)} likely succeeds {printable(item.banned_id)}, banned "
            f"{item.lag_h:.1f} h before"
        )
        yield _row(
            finding,
            item.born_at,
            "Likely succession",
            text,
            account_id=item.successor_id,
            predecessor_id=item.banned_id,
            similarity=item.similarity,
        )
    for wave in finding.lives.waves:
        text = (
            f"{figures.plural(wave.ban_count, 'account')} banned, {figures.plural(wave.birth_count, 'account')} "
            "born in the 72 hours after"
        )
        yield _row(finding, wave.first_at, "Ban wave", text.replace(figures.NBSP, " "))
    for claim in finding.claims:
        for quote in claim.quotes:
            text = f"{printable(claim.text)}: {printable(quote.path)}:{quote.line}"
            yield _row(
                finding,
                quote.at,
                "Request quoted",
                text,
                account_id=quote.account_id,
                source_path=quote.path,
                source_line=quote.line,
            )
