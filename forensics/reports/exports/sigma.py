"""Sigma rules for what the members of a finding show and nobody else in the case does, each with its measured hits.

A selection is a conjunction of fields that a proxy or SIEM sees: client, TLS fingerprint, autonomous system, network.
A rule needs a person: field names follow OpenTelemetry and ECS habits and must be mapped to the log at hand, and a
combination that is the network's own today may be common tomorrow. Log values stand in double-quoted YAML scalars,
which are JSON strings.
"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from forensics.common.printable import printable
from forensics.reports.wording import figures
from forensics.reports.wording.json_text import json_text
from forensics.reports.wording.words import opening

if TYPE_CHECKING:
    from forensics.reports.facts.model import Finding, Report, Selection

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:forensics:sigma")
_FIELDS = {
    "user_agent": "user_agent.original",
    "tls_ja4": "tls.client.ja4",
    "tls_ja3": "tls.client.ja3",
    "client_asn": "client.as.number",
    "client_prefix": "client.address|cidr",
}
KEPT_DAYS = 30  # addresses and clients pass on; what was true a month ago must be counted again


def render_sigma(report: Report) -> bytes:
    """One rule a finding, as YAML documents."""
    rules = [_rule(finding, report) if finding.selections else _none(finding) for finding in report.findings]
    return ("---\n".join(rules) if rules else "# no finding\n").encode()


def _none(finding: Finding) -> str:
    name = printable(finding.name).replace("\n", " ")
    why = finding.selections_note or "its members show no combination of fields of a web log that nobody else shows"
    return f"# {name}: no rule, {why}\n"


def _literal(value: str) -> str:
    """A value that Sigma takes literally: its wildcards and escapes are escaped, then the whole is quoted for YAML."""
    return json_text(re.sub(r"([\\*?])", r"\\\1", value))


def _selection(number: int, selection: Selection) -> list[str]:
    """A conjunction: in Sigma all fields of a map must match."""
    hits = (
        f"{selection.member_count} members, {selection.other_count} other accounts, {selection.request_count} requests"
    )
    lines = [f"  selection_{number}: # {hits}"]
    for field, value in selection.values:
        lines.append(f"    {_FIELDS[field]}: {value if field == 'client_asn' else _literal(value)}")
    return lines


def _rule(finding: Finding, report: Report) -> str:
    last = report.reading.last_at
    text = (
        f"To be checked and mapped by a person. {opening(finding)} Counted on the logs of this case: each selection "
        "matches the requests of the members told beside it and of no other account."
    ).replace(figures.NBSP, " ")
    lines = [
        f"title: {json_text(f'Clients of the account network {printable(finding.name)}')}",
        f"id: {uuid.uuid5(_NAMESPACE, finding.network_id)}",
        "status: experimental",
        f"description: {json_text(text)}",
        "author: forensics",
        f"date: {last:%Y-%m-%d}" if last else "date: 1970-01-01",
        *([f"expires: {last + timedelta(days=KEPT_DAYS):%Y-%m-%d}"] if last else []),
        "logsource:",
        "  category: webserver",
        "detection:",
    ]
    for number, selection in enumerate(finding.selections, start=1):
        lines += _selection(number, selection)
    lines += ["  condition: 1 of selection_*", "falsepositives:"]
    titles = [sign.title for sign in finding.explanations if (sign.fit or 0.0) >= 1 / 3]
    lines += [f"  - {json_text(printable(title))}" for title in titles]
    lines += ['  - "customers who come to share all of these traits"', "level: informational", ""]
    return "\n".join(lines)
