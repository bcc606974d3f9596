"""Findings as OCSF Detection Finding events (class 2004, schema 1.3.0), one a line. Times: milliseconds since 1970."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable
from forensics.reports.facts.confidence import confidence
from forensics.reports.wording import figures
from forensics.reports.wording.json_text import json_text
from forensics.reports.wording.words import member_reason, opening, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from forensics.reports.facts.model import Finding, Quote, Report

SCHEMA_VERSION = "1.3.0"
EVIDENCE_SHOWN = 200  # accounts as resources; the number of all is beside them
CLAIMS_SHOWN, SOURCES_SHOWN = 40, 50
# Severity says how much evidence there is, in the standard's own steps (1 informational to 4 high). Whether it is an
# emergency is not for a log to say.
_SEVERITY = {"none": (1, "Informational"), "possible": (2, "Low"), "likely": (3, "Medium"), "strong": (4, "High")}
_CONFIDENCE = ((70, (3, "High")), (40, (2, "Medium")), (0, (1, "Low")))  # from which score on
_ORDER = ("none", "possible", "likely", "strong")


def render_ocsf(report: Report) -> bytes:
    """One finding a line."""
    return "".join(json_text(_event(finding, report)) + "\n" for finding in report.findings).encode()


def _ms(at: datetime | None) -> int:
    return 0 if at is None else round(at.timestamp() * 1000)


def _event(finding: Finding, report: Report) -> dict[str, Any]:
    at = _ms(report.reading.last_at)
    return {
        **_head(finding, report),
        "time": at,
        "start_time": _ms(finding.first_seen_at),
        "end_time": _ms(finding.last_seen_at),
        "count": finding.request_count,
        "message": _text(finding),
        "metadata": {
            "version": SCHEMA_VERSION,
            "uid": f"{finding.network_id}:{at}",
            "product": {"name": "forensics", "vendor_name": "forensics", "version": report.version},
            "log_name": "account networks",
        },
        "finding_info": _info(finding, report),
        "evidences": [
            {"name": printable(claim.text), "data": {"value": claim.value, "lines": _lines(claim.quotes)}}
            for claim in finding.claims[:CLAIMS_SHOWN]
        ],
        "resources": [
            {
                "uid": member.account_id,
                "type": "API account",
                "data": {
                    "reason": member_reason(member.kinds, finding.name),
                    "membership": member.membership,
                    "role": member.role,
                },
            }
            for member in finding.members[:EVIDENCE_SHOWN]
        ],
        "observables": [
            {"name": "resources.uid", "type_id": 10, "type": "Resource UID", "value": member.account_id}
            for member in finding.members[:EVIDENCE_SHOWN]
        ],
        "unmapped": _unmapped(finding, report),
    }


def _text(finding: Finding) -> str:
    return opening(finding).replace(figures.NBSP, " ")


def _lines(quotes: Iterable[Quote]) -> list[str]:
    return [f"{quote.path}:{quote.line}" for quote in quotes]


def _head(finding: Finding, report: Report) -> dict[str, Any]:
    """What class of event it is, how grave and how sure."""
    level = max((finding.pooling, finding.extraction), key=lambda name: _ORDER.index(name) if name in _ORDER else 0)
    severity, sure = _SEVERITY.get(level, _SEVERITY["none"]), confidence(finding)
    word = next(word for least, word in _CONFIDENCE if sure >= least)
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
        "confidence_id": word[0],
        "confidence": word[1],
        "confidence_score": sure,
        "status_id": 1,
        "status": "New",
        "is_alert": finding.alert,
    }


def _info(finding: Finding, report: Report) -> dict[str, Any]:
    return {
        "uid": finding.network_id,
        "title": f"Account network {printable(finding.name)}",
        "desc": _text(finding),
        "created_time": _ms(report.reading.last_at),
        "first_seen_time": _ms(finding.first_seen_at),
        "last_seen_time": _ms(finding.last_seen_at),
        "types": [
            f"POOLING {finding.pooling}",
            f"CONCEALMENT {finding.concealment}",
            f"EXTRACTION {finding.extraction}",
        ],
        "data_sources": [source.path for source in report.reading.sources][:SOURCES_SHOWN],
        "analytic": {
            "uid": "account-network",
            "name": "account network",
            "type_id": 3,
            "type": "Statistical",
            "version": report.version,
        },
    }


def _unmapped(finding: Finding, report: Report) -> dict[str, Any]:
    """What the standard has no place for."""
    return {
        "account_count": finding.account_count,
        "hallmarks": [
            {
                "name": sign.name,
                "role": sign.role,
                "holds": sign.holds,
                "p_value": sign.p_value,
                "sentence": sentence(sign.sentence),
            }
            for sign in (*finding.hallmarks, *finding.explanations)
        ],
        "manifest_sha256": report.manifest_sha256,
    }
