"""Stubs of Sigma rules for the fingerprints that members of a finding show and nobody else does.

A stub needs a person: field names follow OpenTelemetry and OCSF habits and must be mapped to the log at hand, and a
fingerprint that is rare today may be common tomorrow. Log values stand in double-quoted YAML scalars, which are JSON
strings.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from forensics.common.printable import printable
from forensics.common.schema import EVENTS
from forensics.describing.sightings import kind_of
from forensics.reports.wording import figures
from forensics.reports.wording.json_text import json_text
from forensics.reports.wording.words import opening

if TYPE_CHECKING:
    from forensics.reports.facts.model import Finding, Report, Tie

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:forensics:sigma")
_JA4 = re.compile(r"[tqd][0-9sd]{2}[di][0-9]{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
_JA3 = re.compile(r"[0-9a-f]{32}")
_MOST_VALUES = 20


def render_sigma(report: Report) -> bytes:
    """One rule a finding, as YAML documents."""
    rules = [rule for finding in report.findings if (rule := _rule(finding, report))]
    return ("---\n".join(rules) if rules else "# no finding has a fingerprint that its members alone show\n").encode()


def _selections(finding: Finding) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind in finding.kinds:
        for tie in kind.ties:
            if tie.outside_count or kind.bits <= 0:
                continue
            for field, value in _parts(tie):
                values = found.setdefault(field, [])
                if value not in values and len(values) < _MOST_VALUES:
                    values.append(value)
    return found


def _parts(tie: Tie) -> list[tuple[str, str]]:
    kind = kind_of(tie.kind)
    if kind.group != "client":
        columns = [EVENTS.columns[name].otel or name for name in kind.columns if name in EVENTS.columns]
        return [(columns[0], tie.value)] if columns else []
    parts = []
    for part in tie.value.split(" | "):
        field = (
            "tls.client.ja4"
            if _JA4.fullmatch(part)
            else "tls.client.ja3"
            if _JA3.fullmatch(part)
            else "user_agent.original"
        )
        parts.append((field, part))
    return parts[:1]  # one trait a client; together they are in the finding


def _literal(value: str) -> str:
    """A value that Sigma takes literally: its wildcards and escapes are escaped, then the whole is quoted for YAML."""
    return json_text(re.sub(r"([\\*?])", r"\\\1", value))


def _rule(finding: Finding, report: Report) -> str | None:
    selections = _selections(finding)
    if not selections:
        return None
    names = {field: f"by_{re.sub('[^a-z0-9]+', '_', field)}" for field in selections}
    lines = [
        f"title: {json_text(f'Fingerprints of the account network {printable(finding.name, 60)}')}",
        f"id: {uuid.uuid5(_NAMESPACE, finding.network_id)}",
        "status: experimental",
        "description: "
        + json_text(f"A stub to be checked and mapped by a person. {opening(finding).replace(figures.NBSP, ' ')}"),
        "author: forensics",
        f"date: {report.reading.last_at:%Y-%m-%d}" if report.reading.last_at else "date: 1970-01-01",
        "logsource:",
        "  category: application",
        "  product: model-api",
        "detection:",
    ]
    for field, values in selections.items():
        lines += [f"  {names[field]}:", f"    {field}:", *(f"      - {_literal(value)}" for value in values)]
    lines += [f"  condition: {' or '.join(sorted(names.values()))}", "falsepositives:"]
    lines += [f"  - {json_text(printable(sign.title))}" for sign in finding.explanations] or [
        '  - "customers who happen to share the fingerprint"'
    ]
    lines += ["level: informational", ""]
    return "\n".join(lines)
