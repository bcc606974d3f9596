"""The report of `investigate`: what was read, the ranked networks, a card a finding. Plain text; colour only helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.printable import printable, shorten
from forensics.common.schema import USED
from forensics.nights.marks import MARKED_BENIGN
from forensics.reports.facts.comparisons import read_comparisons, read_content, read_ties
from forensics.reports.facts.mailboxes import mailbox_sentence, read_mailboxes
from forensics.reports.facts.overview import FLAG_TITLES, kind_titles, read_overview, read_top_members
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, bar, count, day, days, large, moment, p_value, period, plural, share
from forensics.reports.wording.words import (
    CONTESTED,
    FIT_WORDS,
    ROLE_HEADINGS,
    expectation,
    measures,
    observation,
    opening,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forensics.common.schema import Tables
    from forensics.reports.facts.overview import Overview


Row = dict[str, Any]

TOP_MEMBERS = 5

QUIET_NETWORKS = 10

EXPLANATIONS_TOLD = 3  # best-fitting explanations that a report tells in full; `show` tells all

EXPLANATION_NEAR = 0.2  # fit from which an explanation is told in full anyway

LEAST_BITS = 0.05  # below, nothing is shared beyond chance

VERDICT_STYLE = {
    "strong": "bold red",
    "likely": "yellow",
    "possible": "cyan",
    "none": "dim",
    "open": "green",
    "unknown": "dim",
}


def render_report(
    case: Tables, width: int, *, case_option: str = "", kept: bool = True, further: Sequence[str] = ()
) -> Page:
    """The whole report. `case_option` is what further commands need to find the case, e.g. `--case demo-case`; `kept`
    says that there is one.

    `further` are sentences on how this run read its sources.
    """
    page = Page(width)
    overview = read_overview(case)
    networks = case.scan("networks").sort("rank").collect().to_dicts()
    findings = [row for row in networks if row["alert"]]
    render_overview(page, overview, case_option, further)
    page.blank()
    _summary_line(page, overview, networks)
    if findings:
        page.blank()
        render_ranking(page, findings)
        for row, card in zip(findings, read_cards(case, findings), strict=True):
            page.blank()
            render_card(page, row, card, case_option)
    render_quiet(page, case, networks, case_option)
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
        f"{first['name']} (pooling {first['pooling']}, extraction {first['extraction']}, "
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


def render_ranking(page: Page, findings: list[Row]) -> None:
    """One row a finding; the clause in short beside it where the page is wide enough, below it otherwise."""
    names = min(max(7, *(len(row["name"]) for row in findings)), 24)
    wide = page.width >= 110
    head = (
        f"{'#':>3}  {'network':<{names}}  {'pooling':<8}  {'extraction':<10}  {'accounts':>8}  {'exchanges':>10}  "
        f"{'span':>5}"
    )
    page.line((head + ("  in short" if wide else ""), "dim"))
    for row in findings:
        page.line(
            f"{row['rank']:>3}  ",
            (fit(shorten(row["name"], names), names), "bold"),
            "  ",
            (fit(row["pooling"], 8), VERDICT_STYLE[row["pooling"]]),
            "  ",
            (fit(row["extraction"], 10), VERDICT_STYLE[row["extraction"]]),
            f"  {count(row['account_count']):>8}  {count(row['request_count']):>10}  {days(row['span_days']):>5}",
            "  " + cut(printable(row["summary"]), page.width - 58 - names) if wide else "",
        )
        if not wide:
            page.paragraph(printable(row["summary"]), indent=5, style="dim")


# Cards


class Card:
    """What stands on a finding's card, read once for all findings."""

    def __init__(
        self,
        hallmarks: list[Row],
        ties: list[Row],
        content: list[Row],
        top: list[Row],
        mailboxes: list[Row],
        used: list[Row],
    ) -> None:
        self.hallmarks = hallmarks
        self.ties = {row["kind"]: row for row in ties}
        self.content = content
        self.top, self.used = top, used
        self.mailboxes = mailbox_sentence(mailboxes[0]) if mailboxes else ""


def read_cards(case: Tables, networks: list[Row], top: int = TOP_MEMBERS) -> list[Card]:
    """One card per network, in order."""
    ids = [row["network_id"] for row in networks]
    hallmarks = (
        case.scan("hallmarks")
        .filter(pl.col("network_id").is_in(ids))
        .sort(["p_value", "name"], nulls_last=True)
        .collect()
    )
    compared = read_comparisons(case)
    sizes = {row["network_id"]: row["account_count"] for row in networks}
    frames = (
        hallmarks,
        read_ties(compared, sizes, ids),
        read_content(compared, ids),
        read_top_members(case, ids, top),
        read_mailboxes(case, compared, ids),
        case.scan("members").filter(pl.col("network_id").is_in(ids) & (pl.col("role") == USED)).collect(),
    )
    return [Card(*(frame.filter(pl.col("network_id") == network).to_dicts() for frame in frames)) for network in ids]


def render_card(page: Page, row: Row, card: Card, case_option: str = "", *, whole: bool = False) -> None:
    """One network: verdicts, why its accounts belong together, tested signs, innocent explanations, content, members,
    next steps.
    """
    page.rule(f"{row['rank']} · {row['name']}")
    verdicts = [
        ("POOLING ", ""),
        (row["pooling"], VERDICT_STYLE[row["pooling"]]),
        (" · HIDES ", ""),
        (_hides(row), VERDICT_STYLE[_hides(row)]),
        (" · EXTRACTION ", ""),
        (row["extraction"], VERDICT_STYLE[row["extraction"]]),
    ]
    used = sum(len(text) for text, _ in verdicts)
    page.line(*verdicts, (row["network_id"].rjust(page.width - used), "dim"))
    page.paragraph(opening(row))
    page.paragraph(measures(row))
    if card.mailboxes:
        page.paragraph(card.mailboxes)
    page.blank()
    _render_ties(page, row, card)
    _render_signs(page, card)
    _render_explanations(page, card, whole=whole)
    _render_content(page, row, card)
    _render_members(page, card)
    option = f" {case_option}" if case_option else ""
    first = f" · forensics show {_quoted(card.top[0]['account_id'])}{option}" if card.top else ""
    steps = f"forensics show {row['name']}{option} --lives · forensics show {row['name']}{option} --how{first}"
    page.paragraph(steps.replace(" ", NBSP).replace(f"{NBSP}·{NBSP}", " · "), label="Look next   ")


def _quoted(account: str) -> str:
    shown = printable(account)
    return (
        shown
        if shown.replace("-", "a").replace("_", "a").replace(".", "a").isalnum()
        else "'" + shown.replace("'", "'\\''") + "'"
    )


def _render_ties(page: Page, row: Row, card: Card) -> None:
    titles = kind_names()
    page.heading("Why these accounts belong together")
    bar_width = 10
    title_width = page.width - 48 - bar_width
    page.line(
        (f"  {'':<{title_width}}{'shared':>7} {'each held by':>13} {'reach':>7} {'others':>7}  {'bits':>5}", "dim")
    )
    heaviest = max((item["bits"] or 0.0 for item in row["kinds"]), default=0.0)
    per_sign = max(1.0, heaviest / bar_width)
    for item in (item for item in row["kinds"] if (item["bits"] or 0.0) >= LEAST_BITS):
        title = fit(cut(printable(titles.get(item["kind"], item["kind"])), title_width - 1), title_width)
        tie = card.ties.get(item["kind"])
        bits = item["bits"] or 0.0
        if tie is None or tie["values"] is None:  # nothing that members hold more than others do
            page.line(
                f"  {title}  {'shared with as many others':<35}  {bits:>5.1f}  ",
                (bar(bits, per_sign, bar_width), "green"),
            )
        else:
            each = f"{count(tie['each'])} members"
            page.line(
                f"  {title}{count(tie['values']):>7} {each:>13} {share(tie['reach_share']):>7} "
                f"{count(tie['others']):>7}  {bits:>5.1f}  ",
                (bar(bits, per_sign, bar_width), "green"),
            )
    none = [
        printable(titles.get(item["kind"], item["kind"])).replace(" ", NBSP)
        for item in row["kinds"]
        if (item["bits"] or 0.0) < LEAST_BITS
    ]
    if none:
        page.paragraph(", ".join(none), indent=2, hanging=6, label="none shared beyond chance: ", label_style="")
    page.line(("  reach: members that hold one · others: accounts outside · bits: median a link", "dim"))
    page.blank()


def _render_signs(page: Page, card: Card) -> None:
    tests = [item for item in card.hallmarks if item["role"] != "explanation"]
    for role, heading, nothing in ROLE_HEADINGS:
        mine = [item for item in tests if item["role"] == role]
        holding = [item for item in mine if item["holds"]]
        columns = f"{'observed':>12}{'expected':>20}{'p':>10}"
        page.line((fit(heading, page.width - len(columns)), "bold"), (columns, "dim"))
        for item in holding:
            figures = f"{observation(item):>12}{expectation(item):>20}{p_value(item['p_value']):>10}"
            page.line("  " + fit(printable(item["title"]), page.width - len(figures) - 2), figures)
            page.paragraph(printable(item["sentence"] or item["measure"] or ""), indent=6, style="dim")
        if not holding:
            page.line(f"  {nothing}")
        _list_others(page, mine)
        page.blank()


def _list_others(page: Page, tests: list[Row]) -> None:
    absent = [
        f"{printable(item['title'])} (p{NBSP}{p_value(item['p_value'])})"
        for item in tests
        if item["assessable"] and not item["holds"]
    ]
    if absent:
        page.paragraph(", ".join(absent), indent=2, hanging=6, label="looked for, not there or too slight: ")
    unknown: dict[str, list[str]] = {}
    for item in tests:
        if not item["assessable"]:
            unknown.setdefault(printable(item["reason"] or "fields missing"), []).append(printable(item["title"]))
    if unknown:
        page.paragraph(
            "; ".join(f"{', '.join(titles)} ({why})" for why, titles in unknown.items()),
            indent=2,
            hanging=6,
            label="could not assess: ",
        )


def kind_names() -> dict[str, str]:
    """What each kind is called in a row that already says that it is shared."""
    return {kind: title.removeprefix("same ").removeprefix("rare ") for kind, title in kind_titles().items()}


def cut(text: str, width: int) -> str:
    """The text in at most `width` signs, the end left out: for sentences, where the start tells most."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _render_explanations(page: Page, card: Card, *, whole: bool) -> None:
    """Innocent explanations, best fit first; unless `whole`, those far from fitting by name only."""
    explanations = sorted(
        (item for item in card.hallmarks if item["role"] == "explanation"),
        key=lambda item: (-(item["fit"] or 0.0), item["name"]),
    )
    page.heading("What speaks for an innocent reason")
    known = [item for item in explanations if item["assessable"]]
    told = (
        known
        if whole
        else [
            item
            for index, item in enumerate(known)
            if index < EXPLANATIONS_TOLD or (item["fit"] or 0.0) >= EXPLANATION_NEAR
        ]
    )
    for item in told:
        fits = item["fit"] or 0.0
        word = next(word for floor, word in FIT_WORDS if fits >= floor)
        label = fit(cut(printable(item["title"]), 25), 26) + f"{word:<8}"
        page.paragraph(printable(item["sentence"] or ""), indent=2, label=label, label_style="")
    if len(told) < len(known):
        page.paragraph(
            ", ".join(printable(item["title"]) for item in known[len(told) :]),
            indent=2,
            hanging=6,
            label="do not fit either: ",
            label_style="",
        )
    if not known:
        page.line("  none could be assessed")
    unknown = [
        f"{printable(item['title'])} ({printable(item['reason'] or 'fields missing')})"
        for item in explanations
        if not item["assessable"]
    ]
    if unknown:
        page.paragraph("; ".join(unknown), indent=2, hanging=6, label="could not assess: ")
    page.blank()


def _render_content(page: Page, row: Row, card: Card) -> None:
    parts = []
    for item in card.content:
        if item["member_share"] is not None and item["member_share"] >= 0.005:
            against = f" (others {share(item['population_share'])})" if item["population_share"] is not None else ""
            parts.append(
                f"{FLAG_TITLES.get(item['flag'], item['flag'])} {share(item['member_share'])}{against}".replace(
                    " ", NBSP
                )
            )
    if row["output_tokens"] is not None:
        parts.append(f"{large(row['output_tokens'])} output tokens".replace(" ", NBSP))
    if not card.content:
        parts.append("what was asked cannot be assessed: no prompt text")
    page.paragraph(" · ".join(parts), label="What it takes   ", hanging=16)
    page.blank()


def _render_members(page: Page, card: Card) -> None:
    if card.used:
        shares = [row["traffic_share"] for row in card.used if row["traffic_share"] is not None]
        part = f"; {share(min(shares))} to {share(max(shares))} of their traffic" if shares else ""
        text = f"{plural(len(card.used), 'account')} only used by it, with a life of their own{part}; not counted"
        page.paragraph(text, label="Also   ")
        page.blank()
    if not card.top:
        return
    titles = kind_names()
    width = min(max(len(printable(item["account_id"])) for item in card.top) + 1, page.width - 52)
    page.line(
        (fit("Top members", width + 2), "bold"), (f"{'exchanges':>10}  {'active':<15}  {'state':<13}  tied by", "dim")
    )
    for item in card.top:
        active = f"{day(item['first_seen_at'])} – {day(item['last_seen_at'])}" if item["first_seen_at"] else "never"
        state = (
            f"banned {day(item['banned_at'])}"
            if item["banned_at"]
            else f"closed {day(item['ended_at'])}"
            if item["ended_at"]
            else ""
        )
        ties = ", ".join(printable(titles.get(kind["kind"], kind["kind"])) for kind in (item["kinds"] or [])[:2])
        room = page.width - width - 46
        account, requests = fit(printable(item["account_id"], width), width), count(item["request_count"] or 0)
        page.line(f"  {account}{requests:>10}  {fit(active, 15)}  {fit(state, 13)}  {cut(ties, max(room, 8))}")
    page.blank()


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


def _list_contested(page: Page, rows: list[Row]) -> None:
    if not rows:
        return
    page.blank()
    page.heading(CONTESTED)
    page.line((f"{'#':>3}  {'network':<20}  {'one hand':<8}  {'hides':<8}  {'accounts':>8}  {'exchanges':>10}", "dim"))
    for row in rows[:QUIET_NETWORKS]:
        page.line(
            f"{row['rank']:>3}  {fit(shorten(row['name'], 20), 20)}  ",
            (fit(row["pooling"], 8), VERDICT_STYLE[row["pooling"]]),
            "  ",
            (fit(_hides(row), 8), VERDICT_STYLE[_hides(row)]),
            f"  {count(row['account_count']):>8}  {count(row['request_count']):>10}",
        )
        page.paragraph(printable(row["summary"] or ""), indent=5, style="dim")
    if len(rows) > QUIET_NETWORKS:
        page.line((f"     … and {count(len(rows) - QUIET_NETWORKS)} more: forensics networks", "dim"))


def _hides(row: Row) -> str:
    """The level of concealment; of a table of an earlier version, that it is not known."""
    return row["concealment"] or "unknown"


def render_quiet(page: Page, case: Tables, networks: list[Row], case_option: str = "") -> None:
    """Networks with an innocent explanation, and those with too little evidence, briefly: what explains each."""
    contested, explained, weak = split_quiet(networks)
    _list_contested(page, contested)
    titles = _explanation_titles(case)
    reasons = [
        row["summary"]
        if MARKED_BENIGN in row["explanations"]
        else ", ".join(titles.get((row["network_id"], name), name) for name in row["explanations"])
        for row in explained
    ]
    hint = f"forensics networks{' ' + case_option if case_option else ''}"
    _list_quiet(page, "Networks with an innocent explanation", "explained by", explained, reasons, hint)
    _list_quiet(
        page, "Networks with too little evidence", "in short", weak, [row["summary"] or "" for row in weak], hint
    )


def _list_quiet(page: Page, heading: str, column: str, rows: list[Row], texts: list[str], hint: str) -> None:
    if not rows:
        return
    page.blank()
    page.heading(heading)
    page.line((f"{'#':>3}  {'network':<20}  {'accounts':>8}  {'exchanges':>10}  {column}", "dim"))
    for row, text in list(zip(rows, texts, strict=True))[:QUIET_NETWORKS]:
        name = fit(shorten(row["name"], 20), 20)
        page.line(
            f"{row['rank']:>3}  {name}  {count(row['account_count']):>8}  {count(row['request_count']):>10}  "
            f"{cut(printable(text), page.width - 49)}"
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
