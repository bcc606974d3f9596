"""What a case holds, for people and for machines: sources, days, silences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, count, day, moment, number, period, plural
from forensics.reports.wording.remarks import gather_remarks
from forensics.reports.wording.words import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

SOURCES_SHOWN = 12
DAYS_SHOWN = 31
GAPS_SHOWN = 10
DOUBTS_SHOWN = 12
BAR = 30


def render_contents(
    held: Any,  # noqa: ANN401 - Holdings, whose module stands beside this one
    notes: dict[str, Any],
    width: int,
    *,
    further: Sequence[str] = (),
) -> Page:
    """The case at a glance. `notes` are those of its ledger: address databases, what was dropped."""
    page = Page(width)
    if held.event_count:
        when = f"{period(held.first_event_at, held.last_event_at)} UTC".replace(" ", NBSP)
        page.paragraph(
            f"{plural(held.event_count, 'event')} of {plural(held.account_count, 'account')}, {when}", label="Holds    "
        )
    else:
        page.paragraph("no events", label="Holds    ")
    if held.reject_count:
        page.paragraph(f"{plural(held.reject_count, 'line')} could not be read; forensics rejects lists them", indent=9)
    if notes.get("dropped_before"):
        page.paragraph(
            f"Events before {printable(notes['dropped_before'])[:16].replace('T', ' ')} UTC were dropped.", indent=9
        )
    for database in notes.get("databases", ()):
        page.paragraph(
            f"{printable(database['kind'])} of {printable(database['built_at'])[:10]} ({printable(database['path'])})",
            label="Places   ",
        )
    for text in further:
        page.paragraph(text, indent=9)
    _render_sources(page, held.sources)
    _render_doubts(page, held.sources)
    _render_days(page, held.days)
    page.blank()
    page.heading("Quiet windows", "hours without an event where at least 20 were due")
    for gap in held.gaps.head(GAPS_SHOWN).iter_rows(named=True):
        span = f"{moment(gap['started_at'])} – {moment(gap['ended_at'])} UTC, {plural(gap['hours'], 'hour')}"
        page.paragraph(
            f"{printable(gap['format'])}: {span}, about {number(gap['expected_count'])} events due", indent=2, hanging=4
        )
    if held.gaps.height > GAPS_SHOWN:
        page.line(
            (f"  … and {count(held.gaps.height - GAPS_SHOWN)} shorter ones; --format json has all of them", "dim")
        )
    if held.gaps.is_empty():
        page.line("  none")
    return page


def _render_sources(page: Page, sources: pl.DataFrame) -> None:
    if sources.is_empty():
        return
    page.blank()
    names = page.width - 52
    page.line(
        (
            (
                f"{fit(plural(sources.height, 'source'), names)}{'lines':>10}{'events':>10}{'doubled':>9}{'rejects':>9}"
                "  format"
            ),
            "dim",
        )
    )
    for row in sources.sort("events", "path", descending=[True, False]).head(SOURCES_SHOWN).iter_rows(named=True):
        figures = "".join(
            f"{count(row[name]):>{width}}"
            for name, width in (("lines", 10), ("events", 10), ("duplicates", 9), ("rejects", 9))
        )
        page.keyed(printable(row["path"]), names, f"{figures}  {printable(row['format'] or '–')}")
    if sources.height > SOURCES_SHOWN:
        page.line((f"… and {count(sources.height - SOURCES_SHOWN)} more; --format json has all of them", "dim"))


def _render_doubts(page: Page, sources: pl.DataFrame) -> None:
    """What to know about how sources were read: each sentence once, with the first source it holds for."""
    told = gather_remarks(
        (path, note) for path, notes in sources.select("path", "notes").iter_rows() for note in notes or ()
    )
    if not told:
        return
    page.blank()
    page.heading("How they were read")
    for note, paths in told[:DOUBTS_SHOWN]:
        more = f" and {plural(len(paths) - 1, 'other')}" if len(paths) > 1 else ""
        page.paragraph(f"{printable(paths[0])}{more}: {sentence(note)}", indent=2, hanging=4)
    if len(told) > DOUBTS_SHOWN:
        page.line((f"  … and {count(len(told) - DOUBTS_SHOWN)} more; --format json has all of them", "dim"))


def _render_days(page: Page, days: pl.DataFrame) -> None:
    if days.is_empty():
        return
    page.blank()
    page.line((f"{fit(plural(days.height, 'day'), 14)}{'events':>10}{'accounts':>10}", "dim"))
    if days.height > DAYS_SHOWN:
        page.line((f"… {count(days.height - DAYS_SHOWN)} earlier ones; --format json has all of them", "dim"))
    most = max(*days.get_column("events").to_list(), 1)
    for row in days.tail(DAYS_SHOWN).iter_rows(named=True):
        bar = "█" * round(BAR * row["events"] / most)
        page.line(
            f"{fit(day(row['day'], year=True), 14)}{count(row['events']):>10}{count(row['accounts']):>10}  ",
            (bar, "cyan"),
        )


def contents_facts(held: Any, notes: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - as above
    """What `case info` knows, for machines."""
    totals = {
        name: getattr(held, name)
        for name in ("event_count", "account_count", "reject_count", "first_event_at", "last_event_at")
    }
    tables = {name: getattr(held, name).to_dicts() for name in ("sources", "days", "gaps")}
    return {**totals, "dropped_before": notes.get("dropped_before"), "databases": notes.get("databases", []), **tables}
