"""What an ingest read, and what a file would be read as, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensics.common.printable import printable, shorten
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP, count, period, plural, share
from forensics.reports.wording.remarks import gather_remarks
from forensics.reports.wording.words import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

FILES_SHOWN = 12
REASONS_SHOWN = 5
REMARKS_SHOWN = 12  # on how sources were read
REMARKS_IN_BRIEF = 4  # of them above findings, of which the first is to stand on the same screen
PREVIEW_COLUMNS = 14
READ_BEFORE = "already in the case"  # the lines passed over are told apart from this


def ingest_text(report: Any, width: int, *, join: bool = False, further: Sequence[str] = ()) -> str:  # noqa: ANN401 - an IngestReport, whose module stands beside this one
    """Per file and in all: lines = events + duplicates + rejects + blanks."""
    page = Page(width)
    files = sorted(report.sources, key=lambda source: -source.line_count)
    names = max(20, width - 55)
    if len(files) > 1:
        page.line((f"{'':<{names}}{'lines':>10}{'events':>10}{'doubled':>9}{'rejects':>9}  format", "dim"))
        for source in files[:FILES_SHOWN]:
            figures = (
                f"{count(source.line_count):>10}{count(source.event_count):>10}"
                f"{count(source.duplicate_count):>9}{count(source.reject_count):>9}"
            )
            page.keyed(printable(source.path), names, f"{figures}  {source.format or '–'}")
        if len(files) > FILES_SHOWN:
            page.line((f"… and {count(len(files) - FILES_SHOWN)} more files", "dim"))
        page.blank()
    parts = [
        plural(report.event_count, "event"),
        plural(report.duplicate_count, "duplicate"),
        plural(report.reject_count, "reject"),
    ]
    if report.blank_count:
        parts.append(f"{count(report.blank_count)}{NBSP}blank or header")
    page.paragraph(
        f"{plural(len(files), 'file')}, {plural(report.line_count, 'line')} = {' + '.join(parts)}", label="Read     "
    )
    if report.known_lines:
        page.paragraph(f"{plural(report.known_lines, 'line')} passed over: read before", indent=9)
    if report.first_event_at and report.last_event_at:
        page.paragraph(
            f"{period(report.first_event_at, report.last_event_at)} UTC · read as "
            f"{', '.join(sorted(report.formats)) or 'nothing'}",
            indent=9,
        )
    if report.accounts_registered:
        page.paragraph(
            f"{plural(report.accounts_registered, 'account')} in the accounts file, {count(report.accounts_matched)} "
            "of them in the logs",
            indent=9,
        )
    for text in (*enriched(report, join=join), *further):
        page.paragraph(text, indent=9)
    if report.reasons:
        told = [
            f"{count(number)}{NBSP}× {printable(reason)}"
            for reason, number in list(report.reasons.items())[:REASONS_SHOWN]
        ]
        page.paragraph(" · ".join(told), label="Rejects  ")
    return page.text()


def enriched(report: Any, *, join: bool = False, most: int = REMARKS_SHOWN) -> list[str]:  # noqa: ANN401 - as above
    """What is to be known beside the sums, a sentence each.

    Sources that were not read to their end or not as they are, events joined across logs, databases of addresses with
    the day each was built.
    """
    remarks = gather_remarks(
        (source.path, note)
        for source in report.sources
        for note in (source.note, source.passed_over, *source.warnings)
        if note and note != READ_BEFORE
    )
    told = []
    for note, paths in remarks[:most]:
        which = (
            printable(paths[0])
            if len(paths) == 1
            else f"{plural(len(paths), 'file')} ({printable(paths[0])} and others)"
        )
        told.append(f"{which}: {sentence(note)}")
    if len(remarks) > most:
        told.append(f"{plural(len(remarks) - most, 'more remark')}: forensics case info")
    if join and report.line_count > report.blank_count:
        met = [
            f"{printable(source.path)} "
            f"{count(source.joined_count)}{NBSP}of{NBSP}{count(source.line_count - source.blank_count)}"
            for source in report.sources
            if source.joined_count
        ]
        part = share(report.joined_count / max(report.line_count - report.blank_count, 1))
        more = f" and {count(len(met) - FILES_SHOWN)} more files" if len(met) > FILES_SHOWN else ""
        which = f" ({', '.join(met[:FILES_SHOWN])}{more})" if met else ""
        told.append(f"joined by request id: {part} of the requests met one of another log{which}")
    if report.databases:
        told.append(f"addresses placed by {', '.join(printable(name) for name in report.databases)}")
    return told


def apart_sentences(apart: Any) -> list[str]:  # noqa: ANN401 - an Apart, of which only the form is known here
    """What is kept apart because it is dated far ahead, a sentence each."""
    told = []
    if apart.count:
        lines = ", ".join(f"{printable(path)}:{line}" for path, line in apart.lines)
        new = f", {count(apart.added)} of them new" if 0 < apart.added < apart.count else ""
        told.append(
            f"{plural(apart.count, 'event')} kept apart: dated {period(apart.first_at, apart.last_at)}, far ahead of "
            f"the rest{new} ({lines}{', …' if apart.count > len(apart.lines) else ''})"
        )
    if apart.released:
        told.append(f"{plural(apart.released, 'event')} no longer kept apart: the log has caught up with them")
    return told


def formats_table(rows: list[dict[str, str]]) -> pl.DataFrame:
    """One row per format: name, title, reads, reference."""
    import polars as pl

    return pl.DataFrame(
        rows, schema={"name": pl.String, "title": pl.String, "reads": pl.String, "reference": pl.String}
    )


def _preview_columns(page: Page, preview: Any, width: int) -> None:  # noqa: ANN401 - a Preview
    """Each column of the events: how many different values it has, and the field of the log it comes from."""
    columns = dict.fromkeys([*preview.fields, *preview.distinct])
    if not columns:
        return
    page.blank()
    page.heading("Column of the event", "different values, field of the log")
    for column in sorted(columns):
        different = count(preview.distinct[column]) if column in preview.distinct else "–"
        page.line(
            f"  {fit(column, 24)}{different:>10}  {shorten(printable(preview.fields.get(column, '')), width - 40)}"
        )


def preview_text(preview: Any, width: int) -> str:  # noqa: ANN401 - a Preview, whose module stands beside this one
    """What a file would be read as: format, fields, first events, rejects, what is left unused."""
    page = Page(width)
    report = preview.report
    page.line(
        ("Format   ", "bold"),
        f"{preview.format} ({printable(preview.title)}), {share(preview.confidence)} of the sampled lines fit",
    )
    lines = (
        f"{plural(report.line_count, 'line')} = {plural(report.event_count, 'event')} + "
        f"{plural(report.duplicate_count, 'duplicate')}"
    )
    page.paragraph(
        f"{lines} + {plural(report.reject_count, 'reject')} + {count(report.blank_count)} blank or header",
        label="Read     ",
    )
    for remark in filter(None, [report.note, report.passed_over]):
        page.paragraph(printable(remark), label="Note     ")
    for warning in report.warnings:
        page.paragraph(printable(warning), label="Warning  ")
    _preview_columns(page, preview, width)
    if preview.unused:
        page.paragraph(", ".join(printable(name) for name in preview.unused), label="Unused   ")
    for number, event in enumerate(preview.events.to_dicts(), start=1):
        page.blank()
        page.heading(f"Event {number}")
        known = [(name, value) for name, value in event.items() if value is not None and name != "source_id"]
        for name, value in known[:PREVIEW_COLUMNS]:
            page.line(f"  {fit(name, 28)}{shorten(printable(value), width - 30)}")
        if len(known) > PREVIEW_COLUMNS:
            page.paragraph(", ".join(name for name, _ in known[PREVIEW_COLUMNS:]), indent=2, label="and ")
    if preview.rejects.height:
        page.blank()
        page.heading("First rejects")
        for row in preview.rejects.iter_rows(named=True):
            page.paragraph(f"line {row['source_line']}: {printable(row['reason'])}", indent=2)
            page.line((f"    {shorten(printable(row['raw']), width - 4)}", "dim"))
    return page.text()
