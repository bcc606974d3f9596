"""What a finding claims line by line, with the source lines that show it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from forensics.reports.facts.from_tables import spread_out
from forensics.reports.facts.model import Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from forensics.reports.facts.model import Finding, KindEvidence, Member, Quote, Tie

QUOTES_A_CLAIM = 3
MEMBERS_QUOTED = 40
SUCCESSIONS_QUOTED = 12


class Evidence(Protocol):
    """Requests of all networks that behaviour is quoted from, one row a network or member, the request as `q`."""

    turns: pl.DataFrame
    flagged: pl.DataFrame
    first_uses: pl.DataFrame

    def quote(self, row: Mapping[str, Any]) -> Quote:
        """The source line of a request."""
        ...


class Draft:
    """A finding whose source lines are still to be looked up, so that all findings share one pass over the events."""

    def __init__(self, evidence: Evidence, finding: Finding, sightings: pl.DataFrame) -> None:
        self.evidence, self.finding = evidence, finding
        self.members = {member.account_id: member for member in finding.members}
        self.shown_at: dict[tuple[str, str], list[tuple[str, datetime]]] = defaultdict(list)
        ties = [tie for kind in finding.kinds for tie in kind.ties[:3]]
        if ties:
            keys = pl.DataFrame({"kind": [tie.kind for tie in ties], "value": [tie.value for tie in ties]})
            seen = sightings.filter(pl.col("event_count") > 0, pl.col("first_seen_at").is_not_null()).join(
                keys, on=["kind", "value"], how="semi"
            )
            for kind, value, account, at in (
                seen.select("kind", "value", "account_id", "first_seen_at")
                .sort("first_seen_at", "account_id")
                .iter_rows()
            ):
                self.shown_at[kind, value].append((account, at))
        self.shown_at = defaultdict(
            list, {key: spread_out(found, QUOTES_A_CLAIM) for key, found in self.shown_at.items()}
        )

    def wanted(self) -> Iterable[tuple[str, datetime]]:
        """Account and time of each line to quote."""
        for found in self.shown_at.values():
            yield from found
        for account in self._quoted_members():
            member = self.members[account]
            yield from ((account, at) for at in (member.first_seen_at, member.last_seen_at) if at is not None)

    def _quoted_members(self) -> list[str]:
        ids = [member.account_id for member in self.finding.members[:MEMBERS_QUOTED]]
        for item in spread_out(self.finding.lives.successions, SUCCESSIONS_QUOTED):
            ids += [item.banned_id, item.successor_id]
        return sorted(set(ids))

    def finish(self, quotes: Mapping[tuple[str, datetime], Quote]) -> Finding:
        """The finding, with its lines."""

        def at(account: str, when: datetime | None) -> Quote | None:
            return quotes.get((account, when)) if when is not None else None

        quoted = set(self._quoted_members())

        def with_quotes(member: Member) -> Member:
            first, last = at(member.account_id, member.first_seen_at), at(member.account_id, member.last_seen_at)
            return replace(member, first_quote=first, last_quote=last)

        members = tuple(
            with_quotes(member) if member.account_id in quoted else member for member in self.finding.members
        )
        return replace(self.finding, members=members, claims=tuple(self._claims(quotes)))

    def _claims(self, quotes: Mapping[tuple[str, datetime], Quote]) -> Iterable[Claim]:
        """The most telling observable of each kind, what the members do together, then the further observables."""
        finding = self.finding
        for kind in finding.kinds:
            yield from (self._tie_claim(kind, tie, quotes) for tie in kind.ties[:1])
        yield from self._behaviour(quotes)
        for kind in finding.kinds:
            yield from (self._tie_claim(kind, tie, quotes) for tie in kind.ties[1:3])

    def _tie_claim(self, kind: KindEvidence, tie: Tie, quotes: Mapping[tuple[str, datetime], Quote]) -> Claim:
        lines = tuple(quotes[key] for key in self.shown_at[tie.kind, tie.value] if key in quotes)
        text = f"{kind.title}: {tie.inside_count} members, {tie.outside_count} other accounts"
        note = "" if lines else "known from the accounts file, or from several lines together"
        return Claim(kind.group, text, tie.value, lines, note)

    def _behaviour(self, quotes: Mapping[tuple[str, datetime], Quote]) -> Iterable[Claim]:
        finding, mine = self.finding, pl.col("network_id") == self.finding.network_id
        for item in spread_out(finding.lives.successions, SUCCESSIONS_QUOTED):
            last, first = self.members[item.banned_id].last_seen_at, self.members[item.successor_id].first_seen_at
            keys = [
                (account, at) for account, at in ((item.banned_id, last), (item.successor_id, first)) if at is not None
            ]
            text = (
                f"last line of a banned account, first line of the likely successor born {item.lag_h:.1f} h after "
                "the ban"
            )
            yield Claim("lives", text, None, tuple(quotes[key] for key in keys if key in quotes))
        turns = self.evidence.turns.filter(mine)
        if not turns.is_empty():
            lines = tuple(self.evidence.quote(row) for row in turns["q"].item())
            yield Claim(
                "scheduling",
                "requests in a row from the middle of the network's life: who takes the next turn",
                None,
                lines,
            )
        flagged = self.evidence.flagged.filter(mine).sort("account_id")["q"].to_list()
        if flagged:
            lines = tuple(self.evidence.quote(row) for row in spread_out(flagged, QUOTES_A_CLAIM))
            yield Claim("elicitation", f"requests with an extraction flag, from {len(flagged)} members", None, lines)
        for model, _ in finding.model_days.released[:1]:
            uses = self.evidence.first_uses.filter(mine, pl.col("request_model") == model)["q"].to_list()
            uses.sort(key=lambda row: (row["started_at"], row["account_id"]))
            lines = tuple(self.evidence.quote(row) for row in spread_out(uses, QUOTES_A_CLAIM))
            yield Claim("pivot", f"first requests to a new model, by {len(uses)} members", model, lines)
