"""Findings as a STIX 2.1 bundle: accounts, what they share, and the tests as notes. No actor is named and none is made
up.

Ids are name-based (uuid5), so that the same finding has the same ids in every run. Identifiers stay raw, as other tools
must match on them; texts for people are made harmless, as some tools render them as Markdown.
"""

from __future__ import annotations

import ipaddress
import uuid
from typing import TYPE_CHECKING, Any

import rfc8785

from forensics.common.printable import printable
from forensics.describing.sightings import kind_of
from forensics.reports.wording import figures
from forensics.reports.wording.json_text import json_text
from forensics.reports.wording.marked import prose
from forensics.reports.wording.words import opening

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from forensics.reports.facts.model import Finding, Report

OBSERVABLE_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c23-fed23c33d9e7")  # of STIX 2.1 for observables
OBJECT_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:forensics:stix")  # of this tool, for everything else
_EPOCH = "2020-01-01T00:00:00.000Z"
_LEVELS = {
    "none": 0,
    "possible": 30,
    "likely": 60,
    "strong": 85,
}  # STIX confidence, after its Words of Estimative Probability scale


def render_stix(report: Report) -> bytes:
    """The bundle."""
    at = _stamp(report.reading.last_at)
    tool = _object(
        "identity",
        "forensics",
        _EPOCH,
        name="forensics",
        identity_class="system",
        description="Offline log forensics; written by a program.",
    )
    objects: dict[str, dict[str, Any]] = {tool["id"]: tool}
    for finding in report.findings:
        for item in _finding(finding, report, tool["id"], at):
            objects.setdefault(item["id"], item)
    key = f"{report.manifest_sha256}|{at}|" + "|".join(objects)
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid5(OBJECT_NAMESPACE, key)}", "objects": list(objects.values())}
    return (json_text(bundle, indent=1) + "\n").encode()


def _stamp(at: datetime | None) -> str:
    return _EPOCH if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _object(kind: str, key: str, at: str, **fields: object) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid5(OBJECT_NAMESPACE, f'{kind}|{key}')}",
        "created": at,
        "modified": at,
        **fields,
    }


def _observable(kind: str, contributing: dict[str, Any], **fields: object) -> dict[str, Any]:
    """A cyber-observable; its id is made of its contributing properties in canonical JSON, as the standard asks."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid.uuid5(OBSERVABLE_NAMESPACE, rfc8785.dumps(contributing).decode())}",
        **contributing,
        **fields,
    }


def _address(value: str) -> dict[str, Any] | None:
    """An address or network as an observable; None for anything else."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None
    whole = network.prefixlen == network.max_prefixlen
    return _observable(
        "ipv4-addr" if network.version == 4 else "ipv6-addr",
        {"value": str(network.network_address) if whole else str(network)},
    )


def _finding(finding: Finding, report: Report, tool: str, at: str) -> Iterable[dict[str, Any]]:
    made: dict[str, Any] = {"created_by_ref": tool}
    confidence = _LEVELS.get(finding.pooling, 0)
    accounts = [_observable("user-account", {"user_id": member.account_id}) for member in finding.members]
    found = [
        (tie, item)
        for kind in finding.kinds
        if kind_of(kind.kind).leased
        for tie in kind.ties
        if tie.outside_count == 0 and (item := _address(tie.value))
    ]
    yield from accounts
    yield from (item for _, item in found)
    refs = [item["id"] for item in accounts]
    first, last = _stamp(finding.first_seen_at), _stamp(finding.last_seen_at)
    number = min(max(finding.request_count, 1), 999_999_999)
    observed = _object(
        "observed-data",
        finding.network_id,
        at,
        **made,
        first_observed=first,
        last_observed=last,
        number_observed=number,
        object_refs=refs,
    )
    yield observed
    indicators = []
    for tie, item in found:
        pattern = f"[{item['type']}:value = '{item['value']}']"
        indicators.append(
            _object(
                "indicator",
                f"{finding.network_id}|{tie.kind}|{tie.value}",
                at,
                **made,
                name=f"{tie.kind.replace('_', ' ')} shared by {tie.inside_count} accounts of "
                f"{printable(finding.name, 60)}",
                description=prose(
                    f"Shown by {tie.inside_count} accounts of the network and by no other account in these logs. "
                    "Addresses are a trace of little durability."
                ),
                indicator_types=["anomalous-activity"],
                pattern=pattern,
                pattern_type="stix",
                valid_from=first,
                confidence=min(confidence, 50),
            )
        )
    yield from indicators
    grouping = _object(
        "grouping",
        finding.network_id,
        at,
        **made,
        name=f"Account network {printable(finding.name, 60)}",
        description=prose(opening(finding).replace(figures.NBSP, " ")),
        context="unspecified",
        confidence=confidence,
        labels=[f"pooling-{finding.pooling}", f"extraction-{finding.extraction}"],
        object_refs=[observed["id"], *(item["id"] for _, item in found), *(item["id"] for item in indicators), *refs],
        external_references=[{"source_name": "forensics", "external_id": finding.network_id, **_sealed(report)}],
    )
    yield grouping
    for role, title in (
        ("pooling", "Signs of one operator"),
        ("extraction", "Signs of extraction"),
        ("explanation", "Innocent explanations considered"),
    ):
        signs = [sign for sign in (*finding.hallmarks, *finding.explanations) if sign.role == role]
        if signs:
            text = "\n".join(
                f"- {prose(sign.title)} ({'holds' if sign.holds else 'does not hold'}): {prose(sign.sentence)}"
                for sign in signs
            )
            yield _object(
                "note",
                f"{finding.network_id}|{role}",
                at,
                **made,
                abstract=title,
                content=text,
                object_refs=[grouping["id"]],
            )


def _sealed(report: Report) -> dict[str, Any]:
    return {"description": f"manifest SHA-256 {report.manifest_sha256}"} if report.manifest_sha256 else {}
