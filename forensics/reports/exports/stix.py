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
from forensics.reports.facts.confidence import confidence
from forensics.reports.facts.from_tables import batched
from forensics.reports.wording import figures
from forensics.reports.wording.json_text import json_text
from forensics.reports.wording.marked import prose
from forensics.reports.wording.words import opening

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from forensics.reports.facts.model import Finding, Member, Report, Tie

OBSERVABLE_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c23-fed23c33d9e7")  # of STIX 2.1 for observables
OBJECT_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:forensics:stix")  # of this tool, for everything else
_EPOCH = "2020-01-01T00:00:00.000Z"
ACCOUNTS_A_PATTERN = 400
_NOTES = {
    "pooling": "Signs of one operator",
    "concealment": "Signs of hiding",
    "extraction": "Signs of extraction",
    "explanation": "Innocent explanations considered",
}


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
        for item in _Maker(finding, report, tool["id"], at).objects():
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


class _Maker:
    """The objects of one finding."""

    def __init__(self, finding: Finding, report: Report, tool: str, at: str) -> None:
        self.finding, self.report, self.at = finding, report, at
        self.made: dict[str, Any] = {"created_by_ref": tool}
        self.sure = confidence(finding)
        self.name = printable(finding.name)

    def objects(self) -> Iterable[dict[str, Any]]:
        """Accounts and addresses, that they were seen, what to look for, and the tests as notes."""
        finding = self.finding
        accounts = [_observable("user-account", {"user_id": member.account_id}) for member in finding.members]
        found = [
            (tie, item)
            for kind in finding.kinds
            if kind_of(kind.kind).leased
            for tie in kind.ties
            if tie.outside_count == 0 and (item := _address(tie.value))
        ]
        observed = self._observed([item["id"] for item in accounts])
        indicators = [self._accounts(part) for part in batched(finding.members, ACCOUNTS_A_PATTERN)]
        indicators += [self._place(tie, item) for tie, item in found]
        yield from accounts
        yield from (item for _, item in found)
        yield observed
        yield from indicators
        told = [*(item["id"] for _, item in found), *(item["id"] for item in indicators)]
        grouping = self._grouping([observed["id"], *told, *(item["id"] for item in accounts)])
        yield grouping
        yield from self._notes(grouping["id"])

    def _observed(self, refs: list[str]) -> dict[str, Any]:
        finding = self.finding
        return _object(
            "observed-data",
            finding.network_id,
            self.at,
            **self.made,
            first_observed=_stamp(finding.first_seen_at),
            last_observed=_stamp(finding.last_seen_at),
            number_observed=min(max(finding.request_count, 1), 999_999_999),
            object_refs=refs,
        )

    def _indicator(self, key: str, name: str, text: str, pattern: str, sure: int) -> dict[str, Any]:
        return _object(
            "indicator",
            f"{self.finding.network_id}|{key}",
            self.at,
            **self.made,
            name=name,
            description=prose(text),
            indicator_types=["anomalous-activity"],
            pattern=pattern,
            pattern_type="stix",
            valid_from=_stamp(self.finding.first_seen_at),
            confidence=sure,
        )

    def _accounts(self, members: Sequence[Member]) -> dict[str, Any]:
        """Some of the accounts: every finding has them, whatever else it shares."""
        listed = ", ".join(_quoted(member.account_id) for member in members)
        return self._indicator(
            f"accounts|{members[0].account_id}",
            f"Accounts of {self.name}",
            f"{len(members)} accounts of the network, for review.",
            f"[user-account:user_id IN ({listed})]",
            self.sure,
        )

    def _place(self, tie: Tie, item: dict[str, Any]) -> dict[str, Any]:
        """An address, or a network: a pattern that any address inside it matches."""
        compare = "ISSUBSET" if "/" in item["value"] else "="
        return self._indicator(
            f"{tie.kind}|{tie.value}",
            f"{tie.kind.replace('_', ' ')} shared by {tie.inside_count} accounts of {self.name}",
            (
                f"Shown by {tie.inside_count} accounts of the network and by no other account in these logs. "
                "Addresses are a trace of little durability."
            ),
            f"[{item['type']}:value {compare} {_quoted(item['value'])}]",
            min(self.sure, 50),
        )

    def _grouping(self, refs: list[str]) -> dict[str, Any]:
        finding = self.finding
        levels = ("pooling", "concealment", "extraction")
        return _object(
            "grouping",
            finding.network_id,
            self.at,
            **self.made,
            name=f"Account network {self.name}",
            description=prose(opening(finding).replace(figures.NBSP, " ")),
            context="unspecified",
            confidence=self.sure,
            labels=[f"{level}-{getattr(finding, level)}" for level in levels],
            object_refs=refs,
            external_references=[
                {"source_name": "forensics", "external_id": finding.network_id, **_sealed(self.report)}
            ],
        )

    def _notes(self, grouping: str) -> Iterable[dict[str, Any]]:
        for role, title in _NOTES.items():
            signs = [sign for sign in (*self.finding.hallmarks, *self.finding.explanations) if sign.role == role]
            if not signs:
                continue
            text = "\n".join(
                f"- {prose(sign.title)} ({'holds' if sign.holds else 'does not hold'}): {prose(sign.sentence)}"
                for sign in signs
            )
            key = f"{self.finding.network_id}|{role}"
            yield _object("note", key, self.at, **self.made, abstract=title, content=text, object_refs=[grouping])


def _quoted(value: str) -> str:
    """A string of the pattern language: quote and backslash are escaped, nothing else is."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _sealed(report: Report) -> dict[str, Any]:
    return {"description": f"manifest SHA-256 {report.manifest_sha256}"} if report.manifest_sha256 else {}
