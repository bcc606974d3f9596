"""The report as Markdown, for tickets and wikis. What comes from a log stands in code spans that it cannot leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.common.printable import printable
from forensics.reports.wording import figures
from forensics.reports.wording.marked import code, prose
from forensics.reports.wording.remarks import gather_remarks
from forensics.reports.wording.words import (
    CONTESTED,
    LIMITS,
    UNLINKED,
    VERDICT_TITLES,
    expectation,
    fit_word,
    in_its_unit,
    is_unlinked,
    opening,
    sharing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forensics.reports.facts.model import Finding, Quote, Reading, Report


MEMBERS_SHOWN = 10

CLAIMS_SHOWN = 12
OTHERS_SHOWN = 50
LONGEST = 4_096  # of an id or a path, which are there to be copied
DOUBTS_SHOWN = 12  # remarks on how sources were read

LEAST_BITS = 0.05


def render_markdown(report: Report) -> bytes:
    """The whole report."""
    lines = ["# Account networks", "", *_reading(report), "## At a glance", "", *_glance(report)]
    for finding in report.findings:
        lines += ["", *_finding(finding)]
    lines += _not_findings(report)
    lines += ["", "## Limits", "", *[f"- {prose(limit)}" for limit in LIMITS], ""]
    sealed = (
        f"Manifest of the sealed case, SHA-256: {code(report.manifest_sha256, 64)}"
        if report.manifest_sha256
        else "The case was not sealed when this was written."
    )
    lines += [sealed, "", f"Written by forensics {prose(report.version)}. Times are UTC.", ""]
    return "\n".join(lines).encode()


def _reading(report: Report) -> list[str]:
    """What was read, with the sum that adds up, and what could not be assessed."""
    reading = report.reading
    parts = [
        f"{figures.count(reading.event_count)} events",
        f"{figures.count(reading.duplicate_count)} duplicates",
        f"{figures.count(reading.reject_count)} rejects",
    ]
    if reading.blank_count:
        parts.append(f"{figures.count(reading.blank_count)} blank or header")
    if reading.dropped_count:
        parts.append(f"{figures.count(reading.dropped_count)} dropped since")
    read = f"Read {figures.plural(len(reading.sources), 'source')}, {figures.count(reading.line_count)} lines"
    lines = [f"{read} = {' + '.join(parts)}", ""]
    if reading.first_at and reading.last_at:
        when = figures.period(reading.first_at, reading.last_at)
        lines += [f"{when} UTC, {figures.plural(reading.account_count, 'account')}", ""]
    lines += [f"{text}\n" for text in _further(reading)]
    lines += [
        f"Gap in {code(gap.platform)}: {figures.moment(gap.first_at)} to {figures.moment(gap.last_at)}"
        for gap in reading.gaps
    ]
    if report.not_assessed:
        told = ", ".join(f"{prose(item.what)} ({prose(item.why)})" for item in report.not_assessed)
        lines += ["", f"**Could not assess:** {told}", ""]
    return lines


def _glance(report: Report) -> list[str]:
    """One row a finding."""
    if not report.findings:
        return ["No network reached a finding at the sensitivity of this run."]
    rows = [
        (
            str(finding.rank),
            prose(finding.name),
            finding.pooling,
            finding.concealment,
            finding.extraction,
            figures.count(finding.account_count),
            figures.count(finding.request_count),
            figures.days(finding.span_days),
            prose(finding.summary),
        )
        for finding in report.findings
    ]
    return _table(("#", "network", *VERDICT_TITLES.values(), "accounts", "requests", "span", "in short"), rows)


def _not_findings(report: Report) -> list[str]:
    """Contested networks, then those that are none."""
    lines: list[str] = []
    if report.contested:
        rows: list[tuple[str, ...]] = [
            (
                str(o.rank),
                prose(o.name),
                o.pooling,
                o.concealment,
                o.extraction,
                figures.count(o.account_count),
                prose(o.summary),
            )
            for o in report.contested[:OTHERS_SHOWN]
        ]
        head = ("#", "network", *VERDICT_TITLES.values(), "accounts", "in short")
        lines += ["", f"## {CONTESTED}", "", *_table(head, rows)]
    if report.quiet:
        lines += ["", "## Other networks", "", "Accounts that share more than chance but are no finding.", ""]
        rows = [
            (
                str(o.rank),
                prose(o.name),
                o.pooling,
                o.extraction,
                figures.count(o.account_count),
                prose(", ".join(o.explanations) or "–"),
            )
            for o in report.quiet[:OTHERS_SHOWN]
        ]
        lines += _table(("#", "network", "one hand", "extraction", "accounts", "explanations that fit"), rows)
        if len(report.quiet) > OTHERS_SHOWN:
            lines += ["", f"The first {OTHERS_SHOWN} of {figures.count(len(report.quiet))}."]
    return lines


def _further(reading: Reading) -> Iterable[str]:
    """What was taken out, joined, and looked up elsewhere, a sentence each."""
    if reading.period:
        yield (
            f"Narrowed to requests {prose(reading.period)} UTC: lives, volume and quoted lines are of that time; "
            "verdicts, members and numbers about others are of the whole case."
        )
    if reading.dropped_before:
        yield (
            f"Events before {prose(reading.dropped_before[:10])} were taken out of the case; the lines of their "
            "sources still count."
        )
    if reading.joined_count:
        yield (
            f"Joined by request id: {figures.plural(reading.joined_count, 'event')} met one of another log and "
            "became one with it."
        )
    yield from _doubts(reading)
    if reading.databases:
        yield (
            "Addresses placed by "
            + ", ".join(
                f"{code(one.kind)} of {prose(one.built_at[:10])} ({code(one.path, LONGEST)})"
                for one in reading.databases
            )
            + "."
        )


def _doubts(reading: Reading) -> Iterable[str]:
    """What to know about how sources were read: each sentence once, with the sources it holds for."""
    told = gather_remarks((source.path, note) for source in reading.sources for note in source.notes)
    for note, paths in told[:DOUBTS_SHOWN]:
        which = (
            code(paths[0], LONGEST)
            if len(paths) == 1
            else f"{code(paths[0], LONGEST)} and {figures.count(len(paths) - 1)} more"
        )
        yield f"{which}: {prose(note)}."
    if len(told) > DOUBTS_SHOWN:
        yield f"{figures.count(len(told) - DOUBTS_SHOWN)} more remarks on sources are in the JSON report."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"| {' | '.join('---' for _ in head)} |",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _finding(finding: Finding) -> list[str]:
    levels = " · ".join(f"{title.upper()} {getattr(finding, name)}" for name, title in VERDICT_TITLES.items())
    lines = [f"## {finding.rank} · {prose(finding.name)}", "", f"{code(finding.network_id)} {levels}", ""]
    lines += [prose(opening(finding)), ""]
    if finding.mailboxes and finding.mailboxes.sentence:
        lines += [prose(finding.mailboxes.sentence), ""]
    lines += ["### Why these accounts belong together", "", *_shared(finding)]
    lines += ["", "### What was tested", "", *_tests(finding)]
    lines += ["", "### What it takes", "", _impact(finding), "", "### Accounts", "", *_accounts(finding)]
    lines += ["", "### Check it line by line", ""]
    for claim in finding.claims[:CLAIMS_SHOWN]:
        about = f" {code(claim.value)}" if claim.value is not None else ""
        quotes = ", ".join(_quote(quote) for quote in claim.quotes) or prose(claim.note)
        lines.append(f"- {prose(claim.text)}{about}: {quotes}")
    return lines


def _shared(finding: Finding) -> list[str]:
    rows = [
        (
            prose(kind.title),
            figures.number(kind.bits),
            ", ".join(
                f"{code(tie.value)} {figures.count(tie.inside_count)} : {figures.count(tie.outside_count)}"
                for tie in kind.ties[:3]
            )
            or "–",
        )
        for kind in finding.kinds
        if kind.bits >= LEAST_BITS
    ]
    lines = _table(("shared", "bits a link (median)", "most telling: members that show it : others"), rows)
    unshared = [f"{kind.title} ({sharing(kind.sharing_share)})" for kind in finding.kinds if kind.bits < LEAST_BITS]
    if is_unlinked(finding.members):
        lines = [UNLINKED, "", *lines]
    return [*lines, "", f"Not on the median link: {prose(', '.join(unshared))}."] if unshared else lines


def _tests(finding: Finding) -> list[str]:
    """Each sign with its comparison, then each innocent reason."""
    rows = [
        (
            "yes" if sign.holds else "no",
            prose(sign.title),
            in_its_unit(sign.measure, sign.observed),
            expectation(sign),
            figures.p_value(sign.p_value).replace("<", "\\<"),
            prose(sign.sentence),
        )
        for sign in finding.hallmarks
    ]
    lines = _table(("holds", "sign", "observed", "expected", "p", "in words"), rows)
    lines += ["", "### What speaks for an innocent reason", ""]
    for sign in finding.explanations:
        lines.append(f"- **{prose(sign.title)}**: {fit_word(sign.fit)}. {prose(sign.sentence)}")
    if finding.unassessed:
        told = "; ".join(f"{prose(sign.title)} ({prose(sign.reason)})" for sign in finding.unassessed)
        lines += ["", f"Not assessable: {told}"]
    return lines


def _accounts(finding: Finding) -> list[str]:
    rows = [
        (
            code(member.account_id, LONGEST),
            figures.number(member.membership),
            figures.count(member.request_count),
            figures.moment(member.born_at) if member.born_at else "–",
            figures.moment(member.banned_at) if member.banned_at else "–",
            _quote(member.first_quote),
        )
        for member in finding.members[:MEMBERS_SHOWN]
    ]
    lines = _table(("account", "membership", "requests", "born", "banned", "first line"), rows)
    if len(finding.members) > MEMBERS_SHOWN:
        lines += ["", f"The {MEMBERS_SHOWN} surest of {figures.count(len(finding.members))}."]
    return lines


def _quote(quote: Quote | None) -> str:
    return code(f"{quote.path}:{quote.line}", LONGEST) if quote else "–"


def _impact(finding: Finding) -> str:
    impact = finding.impact
    text = f"{figures.plural(impact.exchanges, 'request')}"
    if impact.output_tokens is not None:
        text += f", {figures.large(impact.input_tokens)} input and {figures.large(impact.output_tokens)} output tokens"
    if impact.value is not None:
        text += (
            f", about {figures.number(impact.value)} {printable(impact.currency)} at list prices of {impact.price_date}"
        )
        text += " (sample prices that come with the tool, not yours)" if impact.price_sample else ""
    if impact.traffic_share is not None:
        text += f"; {figures.share(impact.traffic_share)} of all traffic"
    return prose(text + ".")
