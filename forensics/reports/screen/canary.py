"""Plan, assignment and trace of canaries on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable
from forensics.reports.screen.page import Page
from forensics.reports.wording.canary import (
    EXPLAINED,
    LIMITS,
    MAY_NOT,
    MOST_ROWS,
    null_sentence,
    verdict_sentences,
)
from forensics.reports.wording.figures import count, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

ANSWERED = ("needed", "usable", "power", "enough")  # what a plan is asked for: they stand where there is room for few


def trace_page(facts: Mapping[str, Any], width: int) -> Page:
    """The verdict and what it rests on, for a terminal."""
    page = Page(width)
    page.rule("canary trace")
    for sentence in verdict_sentences(facts):
        page.paragraph(sentence, style="bold" if facts["named"] else "")
    page.blank()
    seen = facts["positions"]
    page.heading("What was seen")
    for item in facts["corpora"]:
        passed = f", {plural(len(item['skipped']), 'file')} passed over" if item["skipped"] else ""
        page.line(
            f"  {printable(item['name'])}: {plural(item['document_count'], 'document')} in"
            f" {plural(item['file_count'], 'file')}{passed}"
        )
    if facts["baseline"]:
        page.line(
            f"  held against {printable(facts['baseline']['name'])}:"
            f" {plural(facts['baseline']['document_count'], 'document')}"
        )
    page.paragraph(
        f"{plural(seen['usable'], 'position')}: {count(seen['a'])} show phrasing a, {count(seen['b'])} phrasing b,"
        f" {count(seen['both'])} both"
        f" (erased), {count(seen['neither'])} neither (erased).",
        indent=2,
    )
    tests = facts["tests"]
    summed = f", and {plural(tests['summed'], 'group')} by the sum of their words" if tests["summed"] else ""
    page.paragraph(
        f"Tested: {plural(tests['own word'], 'holder')} by their own word{summed}. {null_sentence(facts)}", indent=2
    )
    page.blank()
    page.heading("What this does not say")
    for limit in LIMITS:
        page.paragraph(limit, indent=2, label="- ", label_style="")
    return page


def plan_page(table: pl.DataFrame, checked: pl.DataFrame, width: int) -> Page:
    """Capacity, what is refused and why, and the power of each plan."""
    from forensics.reports.screen.output import table_text

    page = Page(width)
    usable = int(checked["usable"].sum())
    page.rule("canary plan")
    page.paragraph(
        f"{plural(usable, 'position')} of {count(checked.height)} can be used. Nothing was written.", style="bold"
    )
    for row in checked.filter(~checked["usable"]).head(MOST_ROWS).iter_rows(named=True):
        page.paragraph(printable(row["reason"], 200), indent=2, label=f"{printable(row['position_id'])}: ")
    if checked.height - usable > MOST_ROWS:
        page.line(f"  and {count(checked.height - usable - MOST_ROWS)} more")
    short = int(checked.filter("usable")["remark"].is_not_null().sum())
    if short:
        page.paragraph(
            f"{plural(short, 'usable position')} with a phrasing of one or two words, that occurs in anyone's text:"
            " give trace a --baseline.",
            indent=2,
        )
    page.blank()
    page.heading("Power")
    asked = [name for name in table.columns if name not in ANSWERED]
    first = [name for name in ANSWERED if name in table.columns]
    shown = table.select(*asked[:2], *first, *asked[2:])
    for line in table_text(shown, width, "--format csv has all").splitlines():
        page.line(line)
    page.blank()
    page.paragraph(
        "leak_of: holders behind one leak, each with its own word; for summed scores the accounts of the group."
        " needed: usable positions at which"
        " its source lies two standard deviations above the threshold, caught in 97.7 %. error: chance that a trace"
        " names anybody innocent."
    )
    return page


def explain_page(width: int, examples: Sequence[tuple[str, str]]) -> Page:
    """What a canary is, how its numbers come about, and what it may not do."""
    page = Page(width)
    page.rule("canary")
    for title, paragraphs in EXPLAINED.items():
        page.heading(title)
        for text in paragraphs:
            page.paragraph(text, indent=2)
        page.blank()
    for label, value in examples:
        page.paragraph(value, indent=2, label=f"{label}: ", label_style="")
    page.blank()
    page.heading("What a canary may not do")
    for text in MAY_NOT:
        page.paragraph(text, indent=2, label="- ", label_style="")
    page.blank()
    page.heading("What a trace does not say")
    for text in LIMITS:
        page.paragraph(text, indent=2, label="- ", label_style="")
    return page
