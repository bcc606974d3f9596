"""Lines of text with a little style, laid out to a width: readable without colour, widths hold, nothing in it is
markup.
"""

from __future__ import annotations

import io
import os
import sys
import textwrap

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from forensics.reports.wording.figures import NBSP

WIDEST = 120
NARROWEST = 80


def page_width() -> int:
    """Columns to lay out for: the terminal's, within bounds; 80 where there is none. COLUMNS decides if set."""
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given) > 0:
        width = int(given)
    else:
        try:
            width = os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError):
            width = 80
    return max(NARROWEST, min(WIDEST, width or 80))


def table_width(*, wide: bool = False) -> int | None:
    """Columns that a table may fill: the terminal's, or COLUMNS; None, all that it needs, into a pipe or file."""
    given = os.environ.get("COLUMNS", "")
    if wide or (not sys.stdout.isatty() and not given.isdigit()):
        return None
    if given.isdigit() and int(given) > 0:
        return max(NARROWEST, int(given))
    try:
        return max(NARROWEST, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return None


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells, cut or filled; wide signs count twice."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text[:width], width)
    return " " * (width - size) + text if right else text + " " * (width - size)


class Page:
    """Lines in the making."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Text] = []

    def line(self, *parts: str | tuple[str, str]) -> None:
        """One line of parts; a part is text or (text, style)."""
        line = Text()
        for part in parts:
            text, style = (part, "") if isinstance(part, str) else part
            line.append(text.replace(NBSP, " "), style=style or None)
        line.rstrip()
        self.lines.append(line)

    def keyed(self, key: str, size: int, *rest: str | tuple[str, str], indent: int = 0, style: str = "") -> None:
        """A row that begins with something to be copied: never cut, it takes a line of its own where it is longer than
        its column.
        """
        if cell_len(key) < size:
            self.line(" " * indent, (fit(key, size), style), *rest)
        else:
            self.line(" " * indent, (key, style))
            self.line(" " * (indent + size), *rest)

    def blank(self) -> None:
        """An empty line, never two in a row."""
        if self.lines and self.lines[-1].plain:
            self.lines.append(Text())

    def rule(self, title: str) -> None:
        """── title ─────, as wide as the page."""
        self.line(("── ", "dim"), (title, "bold"), (" " + "─" * max(0, self.width - cell_len(title) - 4), "dim"))

    def heading(self, text: str, rest: str = "") -> None:
        """A heading of a section; `rest` stands at the right, quietly."""
        self.line((fit(text, self.width - cell_len(rest)) if rest else text, "bold"), (rest, "dim"))

    def paragraph(
        self,
        text: str,
        *,
        indent: int = 0,
        hanging: int | None = None,
        style: str = "",
        label: str = "",
        label_style: str = "bold",
    ) -> None:
        """Wrapped text. `label` stands on the first line before it; further lines hang under the text."""
        hang = indent + cell_len(label) if hanging is None else hanging
        wrapped = textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * (indent + cell_len(label)),
            subsequent_indent=" " * hang,
            break_on_hyphens=False,
            break_long_words=False,  # ids, paths and commands are there to be copied: rather too wide than broken
        )
        for number, content in enumerate(wrapped or [""]):
            if number == 0 and label:
                self.line(" " * indent, (label, label_style), (content[indent + cell_len(label) :], style))
            else:
                self.line((content, style))

    def text(self, *, colour: bool = False) -> str:
        """All lines; with `colour` as ANSI styles."""
        if not colour:
            return "".join(line.plain + "\n" for line in self.lines)
        buffer = io.StringIO()
        console = Console(
            file=buffer,
            force_terminal=True,
            color_system="standard",
            width=max(self.width, 400),
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        for line in self.lines:
            console.print(line, soft_wrap=True)
        return buffer.getvalue()


def wants_colour() -> bool:
    """Whether standard output is a terminal that shows colour and nobody has declined it (NO_COLOR, TERM=dumb)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in {"", "dumb"}
