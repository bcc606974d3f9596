"""Findings as OCSF Detection Finding events (class 2004, schema 1.3.0), one a line. Times: milliseconds since 1970."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable
from forensics.reports.wording import figures
from forensics.reports.wording.json_text import json_text
from forensics.reports.wording.words import member_reason, opening

if TYPE_CHECKING:
    from datetime import datetime

    from forensics.reports.facts.model import Finding, Report

SCHEMA_VERSION = "1.3.0"
EVIDENCE_SHOWN = 200  # accounts as evidence; the number of all is beside them
# Severity says how much evidence there is, in the standard's own steps (1 informational to 4 high). Whether it is an
# emergency is not for a log to say.
_SEVERITY = {"none": (1, "Informational"), "possible": (2, "Low"), "likely": (3, "Medium"), "strong": (4, "High")}
_CONFIDENCE = {"none": (1, "Low"), "possible": (1, "Low"), "likely": (2, "Medium"), "strong": (3, "High")}
_ORDER = ("none", "possible", "likely", "strong")


def render_ocsf(report: Report) -> bytes:
    """One finding a line."""
    return "".join(json_text(_event(finding, report)) + "\n" for finding in report.findings).encode()


def _ms(at: datetime | None) -> int:
    return 0 if at is None else round(at.timestamp() * 1000)


def _event(finding: Finding, report: Report) -> dict[str, Any]:
    level = max((finding.pooling, finding.extraction), key=lambda name: _ORDER.index(name) if name in _ORDER else 0)
    severity, confidence = _SEVERITY.get(level, _SEVERITY["none"]), _CONFIDENCE.get(level, _CONFIDENCE["none"])
    text = opening(finding).replace(figures.NBSP, " ")
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "severity_id": severity[0],
        "severity": severity[1],
        "confidence_id": confidence[0],
        "confidence": confidence[1],
        "confidence_score": round(100 * (finding.score or 0.0)),
        "status_id": 1,
        "status": "New",
        "is_alert": finding.alert,
        "time": _ms(report.reading.last_at),
        "start_time": _ms(finding.first_seen_at),
        "end_time": _ms(finding.last_seen_at),
        "count": finding.request_count,
        "message": text,
        "metadata": {
            "version": SCHEMA_VERSION,
            "uid": f"{finding.network_id}:{_ms(report.reading.last_at)}",
            "product": {"name": "forensics", "vendor_name": "forensics", "version": report.version},
            "log_name": "account networks",
        },
        "finding_info": {
            "uid": finding.network_id,
            "title": f"Account network {printable(finding.name, 60)}",
            "desc": text,
            "first_seen_time": _ms(finding.first_seen_at),
            "last_seen_time": _ms(finding.last_seen_at),
            "types": [f"POOLING {finding.pooling}", f"EXTRACTION {finding.extraction}"],
            "data_sources": [source.path for source in report.reading.sources][:50],
            "related_events_count": finding.request_count,
            "analytic": {"name": "account network", "type_id": 3, "type": "Statistical", "version": report.version},
        },
        "evidences": [
            {
                "user": {"uid": member.account_id},
                "data": {"reason": member_reason(member.kinds, finding.name), "membership": member.membership},
            }
            for member in finding.members[:EVIDENCE_SHOWN]
        ],
        "observables": [
            {"name": "evidences[].user.uid", "type_id": 31, "type": "User Credential UID", "value": member.account_id}
            for member in finding.members[:EVIDENCE_SHOWN]
        ],
        "unmapped": {
            "account_count": finding.account_count,
            "hallmarks": [
                {
                    "name": sign.name,
                    "role": sign.role,
                    "holds": sign.holds,
                    "p_value": sign.p_value,
                    "sentence": printable(sign.sentence),
                }
                for sign in (*finding.hallmarks, *finding.explanations)
            ],
            "lines": [f"{printable(quote.path)}:{quote.line}" for claim in finding.claims for quote in claim.quotes][
                :100
            ],
            "manifest_sha256": report.manifest_sha256,
        },
    }
