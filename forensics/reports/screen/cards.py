"""A network's whole card: why its accounts belong together, every test, every innocent reason, members, next steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.printable import printable
from forensics.common.schema import USED
from forensics.reports.facts.comparisons import read_comparisons, read_content, read_ties
from forensics.reports.facts.mailboxes import mailbox_sentence, read_mailboxes
from forensics.reports.facts.overview import FLAG_TITLES, kind_titles, read_top_members
from forensics.reports.screen.page import fit
from forensics.reports.wording.figures import NBSP, bar, count, day, large, p_value, share
from forensics.reports.wording.in_words import beside, how_sure
from forensics.reports.wording.words import (
    FIT_WORDS,
    ROLE_HEADINGS,
    UNLINKED,
    VERDICT_TITLES,
    is_unlinked,
    measures,
    only_used,
    opening,
    sentence,
    sharing,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.schema import Tables
    from forensics.reports.screen.page import Page


Row = dict[str, Any]

TOP_MEMBERS = 5

MEMBER = 26  # columns for the id of a member

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


def hides(row: Row) -> str:
    """The level of concealment; of a table of an earlier version, that it is not known."""
    return row["concealment"] or "unknown"


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
    levels = {"pooling": row["pooling"], "concealment": hides(row), "extraction": row["extraction"]}
    verdicts: list[tuple[str, str]] = []
    for verdict, level in levels.items():
        verdicts += [
            (f"{' · ' if verdicts else ''}{VERDICT_TITLES[verdict].upper()} ", ""),
            (level, VERDICT_STYLE[level]),
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
    if is_unlinked(card.top):
        page.paragraph(UNLINKED, indent=2)
    bar_width = 10
    title_width = page.width - 48 - bar_width
    page.line(
        (f"  {'':<{title_width}}{'shared':>7} {'each held by':>13} {'reach':>7} {'others':>7}  {'bits':>5}", "dim")
    )
    heaviest = max((item["bits"] or 0.0 for item in row["kinds"]), default=0.0)
    per_sign = max(1.0, heaviest / bar_width)
    for item in (item for item in row["kinds"] if (item["bits"] or 0.0) >= LEAST_BITS):
        title = printable(titles.get(item["kind"], item["kind"]))
        tie = card.ties.get(item["kind"])
        bits = item["bits"] or 0.0
        if tie is None or tie["values"] is None:
            figures = f"  {'shared with as many others':<35}  {bits:>5.1f}  "
        else:
            each = f"{count(tie['each'])} members"
            figures = (
                f"{count(tie['values']):>7} {each:>13} {share(tie['reach_share']):>7} "
                f"{count(tie['others']):>7}  {bits:>5.1f}  "
            )
        page.keyed(title, title_width, figures, (bar(bits, per_sign, bar_width), "green"), indent=2)
    off = [
        f"{printable(titles.get(item['kind'], item['kind']))} ({_sharing(card, item['kind'])})".replace(" ", NBSP)
        for item in row["kinds"]
        if (item["bits"] or 0.0) < LEAST_BITS
    ]
    if off:
        page.paragraph(", ".join(off), indent=2, hanging=6, label="not on the median link: ", label_style="")
    page.line(("  reach: members that hold one · others: accounts outside · bits: median a link", "dim"))
    page.blank()


def _sharing(card: Card, kind: str) -> str:
    """How many members share an observable of a kind that the median link lacks."""
    tie = card.ties.get(kind)
    part = None if tie is None else tie["sharing_share"]
    return sharing(part)


def _render_signs(page: Page, card: Card) -> None:
    tests = [item for item in card.hallmarks if item["role"] != "explanation"]
    for role, heading, nothing in ROLE_HEADINGS:
        mine = [item for item in tests if item["role"] == role]
        holding = [item for item in mine if item["holds"]]
        page.heading(heading)
        for item in holding:
            sure = how_sure(item)
            page.line("  " + fit(printable(item["title"]), page.width - len(sure) - 2), sure)
            told = beside(item)
            page.paragraph(
                f"{told[:1].upper()}{told[1:]}. {sentence(item['sentence'] or item['measure'])}"
                if told
                else sentence(item["sentence"] or item["measure"]),
                indent=6,
                style="dim",
            )
        if not holding:
            page.line(f"  {nothing}")
        _list_others(page, mine)
        page.blank()


def _list_others(page: Page, tests: list[Row]) -> None:
    absent = [
        printable(item["title"]) + (f" (p{NBSP}{p_value(item['p_value'])})" if item["p_value"] is not None else "")
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


def whole_parts(parts: Sequence[str], width: int) -> str:
    """As many whole parts of an enumeration as fit; the first one always, cut if it must be."""
    kept = list(parts)
    while len(kept) > 1 and len(", ".join(kept)) > width:
        kept.pop()
    return cut(", ".join(kept), width)


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
        page.paragraph(sentence(item["sentence"]), indent=2, label=label, label_style="")
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
        page.paragraph(only_used(card.used), label="Also   ")
        page.blank()
    if not card.top:
        return
    titles = kind_names()
    width = min(max(len(printable(item["account_id"])) for item in card.top) + 1, MEMBER)
    page.line(
        (fit("Top members", width + 2), "bold"), (f"{'requests':>10}  {'active':<15}  {'state':<13}  tied by", "dim")
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
        ties = [printable(titles.get(kind["kind"], kind["kind"]).split(" (")[0]) for kind in (item["kinds"] or [])[:2]]
        room = page.width - width - 46
        rest = f"{count(item['request_count'] or 0):>10}  {fit(active, 15)}  {fit(state, 13)}  "
        told = whole_parts(ties, page.width) if len(ties[0] if ties else "") > room else whole_parts(ties, room)
        page.keyed(printable(item["account_id"]), width, rest + (told if len(told) <= room else ""), indent=2)
        if len(told) > room:
            page.line(f"{'':<{width + 4}}{told}")
    page.blank()
