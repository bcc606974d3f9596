"""A sheet as one self-contained page: the same style and the same policy as the report's."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup, escape

from forensics import __version__
from forensics.reports.facts.sheet import Grid, Intervals, Lines, Text
from forensics.reports.page.charts import draw_intervals, draw_lines
from forensics.reports.page.html import page_style

if TYPE_CHECKING:
    from forensics.reports.facts.sheet import Part, Sheet


def render_sheet_page(sheet: Sheet) -> bytes:
    """The whole page, UTF-8."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("forensics.reports.page", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["text"] = lambda part: isinstance(part, Text)
    environment.tests["grid"] = lambda part: isinstance(part, Grid)
    environment.globals["draw"] = _draw
    style = page_style()
    page = environment.get_template("sheet.html.j2").render(
        sheet=sheet,
        version=__version__,
        style=Markup(style),  # noqa: S704 - the package's own style sheet, without any `<`
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    return page.encode()


def _draw(part: Part) -> Markup:
    if isinstance(part, Intervals):
        return draw_intervals(part)
    if isinstance(part, Lines):
        return draw_lines(part)
    return escape("")
