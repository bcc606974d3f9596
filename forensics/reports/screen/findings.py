"""The report of `investigate`: what was read, the ranked networks, a card a finding. Plain text; colour only helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.printable import printable
from forensics.nights.marks import MARKED_BENIGN
from forensics.reports.facts.overview import read_overview
from forensics.reports.screen.brief import render_brief
from forensics.reports.screen.cards import VERDICT_STYLE, hides, read_cards, render_card, whole_parts
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, count, days, moment, period, plural
from forensics.reports.wording.words import CONTESTED, VERDICT_TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forensics.common.schema import Tables
    from forensics.reports.facts.overview import Overview


Row = dict[str, Any]

QUIET_NETWORKS = 10
CONTESTED_SHOWN = 5
BRIEFS = 3  # findings told on the first screen; the others by show or --full


def render_report(
    case: Tables,
    width: int,
    *,
    case_option: str = "",
    kept: bool = True,
    further: Sequence[str] = (),
    full: bool = True,
) -> Page:
    """The report: what was read, the ranking, a card a finding; unless `full`, each finding on one screen.

    `case_option` is what further commands need to find the case, e.g. `--case demo-case`; `kept` says that there is
    one. `further` are sentences on how this run read its sources.
    """
    page = Page(width)
    overview = read_overview(case)
    networks = case.scan("networks").sort("rank").collect().to_dicts()
    findings = [row for row in networks if row["alert"]]
    render_overview(page, overview, case_option, further)
    page.blank()
    _summary_line(page, overview, networks)
    contested, explained, weak = split_quiet(networks)
    if findings or contested:
        page.blank()
        render_ranking(page, findings, [] if full else contested)
    if full:
        for row, card in zip(findings, read_cards(case, findings), strict=True):
            page.blank()
            render_card(page, row, card, case_option)
        render_quiet(page, case, networks, case_option)
    else:
        for row, card in zip(findings[:BRIEFS], read_cards(case, findings[:BRIEFS]), strict=True):
            page.blank()
            render_brief(page, row, card, case_option)
        marked = [row for row in explained if MARKED_BENIGN in row["explanations"]]
        hint = f"forensics networks{' ' + case_option if case_option else ''}"
        _list_quiet(page, "Marked benign", "by whom and why", marked, [row["summary"] for row in marked], hint)
        _tell_rest(
            page, len(findings), len(explained) - len(marked) + len(weak), case_option, contested=bool(contested)
        )
    if not kept:
        page.blank()
        page.paragraph(
            "Nothing was kept. To look closer, run it again with --case DIR; the commands under “Look next” then work."
        )
    return page


def summary_line(case: Tables, case_option: str = "") -> str:
    """One line for a mail subject; empty where there is no finding."""
    findings = (
        case.scan("networks")
        .filter("alert")
        .sort("rank")
        .select("name", "pooling", "extraction", "account_count")
        .collect()
        .to_dicts()
    )
    if not findings:
        return ""
    first = findings[0]
    more = f" and {count(len(findings) - 1)} more" if len(findings) > 1 else ""
    told = (
        f"{first['name']} (one hand {first['pooling']}, extraction {first['extraction']}, "
        f"{plural(first['account_count'], 'account')}){more}"
    )
    return (
        f"forensics: {plural(len(findings), 'finding')}: {told}{f'; {case_option}' if case_option else ''}\n".replace(
            NBSP, " "
        )
    )


# What was read


def render_overview(page: Page, overview: Overview, case_option: str = "", further: Sequence[str] = ()) -> None:
    """Files and lines with the sum that adds up, the window, and what these logs cannot tell."""
    parts = [
        f"{plural(overview.event_count, 'event')}",
        plural(overview.duplicate_count, "duplicate"),
        plural(overview.reject_count, "reject"),
    ]
    if overview.blank_count:
        parts.append(f"{count(overview.blank_count)}{NBSP}blank or header")
    dropped = (
        overview.line_count
        - overview.event_count
        - overview.duplicate_count
        - overview.reject_count
        - overview.blank_count
    )
    if dropped > 0:  # by `case drop`
        parts.append(f"{count(dropped)}{NBSP}dropped since")
    total = f"{plural(overview.file_count, 'file')}, {plural(overview.line_count, 'line')} = {' + '.join(parts)}"
    if overview.reject_count:
        total += f"   (forensics rejects{' ' + case_option if case_option else ''})".replace(" ", NBSP)
    page.paragraph(total, label="Read     ")
    facts = []
    if overview.first_at and overview.last_at:
        facts.append(f"{period(overview.first_at, overview.last_at)} UTC".replace(" ", NBSP))
    facts.append(
        plural(overview.account_count, "account")
        + (f", {count(overview.registered_count)}{NBSP}in the accounts file" if overview.registered_count else "")
    )
    platforms = [name for name, _ in overview.platforms if name]
    if platforms:
        facts.append(f"{plural(len(platforms), 'platform')}: {', '.join(printable(name) for name in platforms[:5])}")
    facts.append(f"read as {', '.join(overview.formats)}")
    for gap in overview.gaps[:3]:
        end = (
            f"{gap.last_at.hour:02d}:{gap.last_at.minute:02d}"
            if gap.first_at.date() == gap.last_at.date()
            else moment(gap.last_at)
        )
        facts.append(f"gap: {printable(gap.platform)}, {moment(gap.first_at)} – {end}")
    page.paragraph(" · ".join(facts), indent=9)
    for text in further:
        page.paragraph(text, indent=9)
    if overview.blind:
        reasons: dict[str, list[str]] = {}
        for blind in overview.blind:
            reasons.setdefault(blind.why, []).append(blind.what.replace(" ", NBSP))
        page.paragraph(
            " · ".join(f"{', '.join(what)} ({why})" for why, what in reasons.items()),
            label="Could not assess   ",
            hanging=9,
        )


def _summary_line(page: Page, overview: Overview, networks: list[Row]) -> None:
    findings = sum(row["alert"] for row in networks)
    contested, explained, weak = (len(part) for part in split_quiet(networks))
    if overview.is_copy:
        left = plural((overview.network_count or 0) - len(networks), "network")
        page.paragraph(
            "A copy of some findings: numbers about others are those of the whole case; the other "
            f"{left} and their accounts are not in this copy."
        )
        contested = explained = weak = 0
    parts = [plural(findings, "finding") if findings else "No finding"]
    if contested:
        parts.append(f"{contested} contested")
    if not overview.is_copy:
        parts.append(plural(explained, "network") + " with an innocent explanation")
    if weak:
        parts.append(plural(weak, "network") + " with too little evidence")
    page.paragraph(f"{', '.join(parts)}; {plural(overview.account_count, 'account')}", style="bold")


# The ranking


def render_ranking(page: Page, findings: list[Row], contested: list[Row]) -> None:
    """One row a finding, then one a contested network; what each is in short below it."""
    shown = [*findings, *contested[:CONTESTED_SHOWN]]
    names = max(7, *(len(row["name"]) for row in shown)) + 1
    heads = "  ".join(f"{title:<10}" for title in VERDICT_TITLES.values())
    page.line((f"{'#':>3}  {'network':<{names}} {heads} {'accounts':>8} {'requests':>9} {'span':>6}", "dim"))
    for row in shown:
        place = str(row["rank"]) if row["alert"] else "?"
        parts: list[str | tuple[str, str]] = [f"{place:>3}  ", (fit(row["name"], names), "bold"), " "]
        for level in (row["pooling"], hides(row), row["extraction"]):
            parts += [(f"{level:<10}", VERDICT_STYLE[level]), "  "]
        counts = f"{count(row['account_count']):>8} {count(row['request_count']):>9} {days(row['span_days']):>6}"
        page.line(*parts[:-1], f" {counts}")
        page.line("     ", (whole_parts(printable(row["summary"] or "").split(", "), page.width - 5), "dim"))
    if len(contested) > CONTESTED_SHOWN:
        page.line((f"     … and {count(len(contested) - CONTESTED_SHOWN)} more contested", "dim"))


def _tell_rest(page: Page, findings: int, quiet: int, case_option: str, *, contested: bool) -> None:
    """What the first screen leaves out, and how to see it."""
    option = f" {case_option}" if case_option else ""
    steps = (f"forensics show NETWORK{option}", f"forensics networks{option}", "forensics glossary")
    whole, every, words = (step.replace(" ", NBSP) for step in steps)
    left = [f"{plural(findings - BRIEFS, 'more finding')}"] if findings > BRIEFS else []
    left += [f"{plural(quiet, 'network')} that an innocent reason explains or too little speaks for"] if quiet else []
    page.blank()
    told = f"Not shown: {' and '.join(left)}. " if left else ""
    page.paragraph(
        f"{told}All of it: --full, or {whole}; {every} lists all{f'; ? is contested ({words})' if contested else ''}.",
        style="dim",
    )


# Networks that are no finding


def split_quiet(networks: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Networks that are no finding: contested, explained by an innocent reason, with too little evidence."""
    quiet = [row for row in networks if not row["alert"]]
    marked = [MARKED_BENIGN in row["explanations"] for row in quiet]
    contested = [row for row, known in zip(quiet, marked, strict=True) if row["contested"] and not known]
    rest = [row for row in quiet if row not in contested]
    return (
        contested,
        [row for row in rest if row["explanations"]],
        [row for row in rest if not row["explanations"]],
    )


def _names_wide(rows: Sequence[Row]) -> int:
    """Columns for names of networks, which are never cut."""
    return max(20, *(len(row["name"]) for row in rows))


def _list_contested(page: Page, rows: list[Row], hint: str) -> None:
    if not rows:
        return
    page.blank()
    page.heading(CONTESTED)
    wide = _names_wide(rows)
    page.line(
        (f"{'#':>3}  {'network':<{wide}}  {'one hand':<8}  {'hides':<8}  {'accounts':>8}  {'requests':>10}", "dim")
    )
    for row in rows[:QUIET_NETWORKS]:
        page.line(
            f"{row['rank']:>3}  {fit(row['name'], wide)}  ",
            (fit(row["pooling"], 8), VERDICT_STYLE[row["pooling"]]),
            "  ",
            (fit(hides(row), 8), VERDICT_STYLE[hides(row)]),
            f"  {count(row['account_count']):>8}  {count(row['request_count']):>10}",
        )
        page.paragraph(printable(row["summary"] or ""), indent=5, style="dim")
    if len(rows) > QUIET_NETWORKS:
        page.line((f"     … and {count(len(rows) - QUIET_NETWORKS)} more: {hint}", "dim"))


def render_quiet(page: Page, case: Tables, networks: list[Row], case_option: str = "") -> None:
    """Networks with an innocent explanation, and those with too little evidence, briefly: what explains each."""
    contested, explained, weak = split_quiet(networks)
    hint = f"forensics networks{' ' + case_option if case_option else ''}"
    _list_contested(page, contested, hint)
    titles = _explanation_titles(case)
    reasons = [
        row["summary"]
        if MARKED_BENIGN in row["explanations"]
        else ", ".join(titles.get((row["network_id"], name), name) for name in row["explanations"])
        for row in explained
    ]
    _list_quiet(page, "Networks with an innocent explanation", "explained by", explained, reasons, hint)
    _list_quiet(
        page, "Networks with too little evidence", "in short", weak, [row["summary"] or "" for row in weak], hint
    )


def _list_quiet(page: Page, heading: str, column: str, rows: list[Row], texts: list[str], hint: str) -> None:
    if not rows:
        return
    page.blank()
    page.heading(heading)
    wide = _names_wide(rows)
    page.line((f"{'#':>3}  {'network':<{wide}}  {'accounts':>8}  {'requests':>10}  {column}", "dim"))
    for row, text in list(zip(rows, texts, strict=True))[:QUIET_NETWORKS]:
        name = fit(row["name"], wide)
        page.line(
            f"{row['rank']:>3}  {name}  {count(row['account_count']):>8}  {count(row['request_count']):>10}  "
            f"{whole_parts(printable(text).split(', '), page.width - 29 - wide)}"
        )
    if len(rows) > QUIET_NETWORKS:
        page.line((f"     … and {count(len(rows) - QUIET_NETWORKS)} more: {hint}", "dim"))


def _explanation_titles(case: Tables) -> dict[tuple[str, str], str]:
    rows: Iterable[tuple[str, str, str]] = (
        case.scan("hallmarks")
        .filter(pl.col("role") == "explanation")
        .select("network_id", "name", "title")
        .collect()
        .iter_rows()
    )
    return {(network, name): printable(title) for network, name, title in rows}
