"""A sheet on the screen: sentences and tables; pictures are for the page."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len

from forensics.reports.facts.sheet import Grid, Text
from forensics.reports.screen.page import Page, fit
from forensics.reports.wording.figures import NBSP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.reports.facts.sheet import Sheet

GAP = 2
NARROWEST = 8
MOST_LINES = 2  # of a first column, before its text gets a line of its own
INDENT = 4


def render_sheet(sheet: Sheet, width: int) -> Page:
    """The sheet as lines."""
    page = Page(width)
    page.rule(sheet.title)
    page.paragraph(sheet.lead)
    for section in sheet.sections:
        page.blank()
        if section.heading:
            page.heading(section.heading)
        for part in section.parts:
            if isinstance(part, Text):
                page.paragraph(
                    part.text, label=f"{part.label}  " if part.label else "", style="dim" if part.quiet else ""
                )
            elif isinstance(part, Grid):
                _grid(page, part)
    if sheet.limits:
        page.blank()
        for number, text in enumerate(sheet.limits):
            page.paragraph(text, label="Not said  " if not number else "", indent=0 if not number else 10, style="dim")
    if sheet.next_steps:
        page.blank()
        for number, text in enumerate(sheet.next_steps):
            step = text.replace(" ", NBSP)
            page.paragraph(step, label="Look next  " if not number else "", indent=0 if not number else 11)
    return page


def _grid(page: Page, grid: Grid) -> None:
    if grid.title:
        page.blank()
        page.paragraph(grid.title)
    widths = _widths(grid, page.width)
    for line in _lines(grid.heads, widths, grid.numeric):
        page.line((line, "dim"))
    for row in grid.rows:
        for line in _lines(row.cells, widths, grid.numeric):
            page.line(line)
        for note in row.notes:
            page.paragraph(note, indent=INDENT)
    if grid.caption:
        page.paragraph(grid.caption, style="dim")


def _lines(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    """The lines of a row: texts that do not fit go on below."""
    columns = [
        [cell] if right or cell_len(cell) <= width else _wrap(cell, width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    ]
    first = columns[0]
    above = []
    if len(first) > MOST_LINES or any(cell_len(line) > widths[0] for line in first):  # a name stays in one piece
        above, columns[0] = [cells[0]], [""]
    height = max(len(column) for column in columns)
    return above + [
        (" " * GAP).join(
            fit(column[line] if line < len(column) else "", width, right=right)
            for column, width, right in zip(columns, widths, numeric, strict=True)
        )
        for line in range(height)
    ]


def _wrap(cell: str, width: int) -> list[str]:
    """The cell on lines, broken between words only: names and ids are there to be copied."""
    return textwrap.wrap(cell, width, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False) or [""]


def _widths(grid: Grid, most: int) -> list[int]:
    """As wide as the widest cell; what does not fit is taken from the widest texts, which then go on below."""
    columns = zip(grid.heads, *(row.cells for row in grid.rows), strict=True)
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    columns = zip(grid.heads, *(row.cells for row in grid.rows), strict=True)
    words = [max(cell_len(word) for cell in column for word in (cell.split(" ") or [""])) for column in columns]
    texts = [index for index, right in enumerate(grid.numeric) if not right]
    for least in (words, [NARROWEST] * len(words)):  # words stay whole as long as that is possible
        while sum(widths) + GAP * (len(widths) - 1) > most:
            loose = [index for index in texts if widths[index] > least[index]]
            if not loose:
                break
            widths[max(loose, key=lambda index: widths[index])] -= 1
    return widths
