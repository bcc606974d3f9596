"""Pictures of a sheet as inline SVG: intervals, and lines over days or shares. Same manner as `pictures`: horizontal
places in percent, vertical ones in pixels, paths in a nested drawing that stretches, colour by class and never alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.reports.facts.sheet import Intervals, Lines, Series

ROW = 22
LEFT = 30.0  # percent of the width for names
HEIGHT, TOP, BOTTOM = 240, 30, 40
STROKES = ("m0", "m1", "m2", "m3")


def draw_intervals(picture: Intervals) -> Markup:
    """A row each: the interval as a bar, the value as a dot, what it is held against as an upright stroke."""
    most = max([row.high for row in picture.rows] + [row.reference or 0.0 for row in picture.rows] + [0.01])
    top = min(1.0, most * 1.08)
    height = ROW * len(picture.rows) + 24
    parts = []
    for number, row in enumerate(picture.rows):
        y = ROW * number + 14
        low, value = _place(row.low, top), _place(row.value, top)
        parts.append(f'<text x="0%" y="{y + 4}" class="ink">{escape(row.name)}</text>')
        parts.append(f'<line x1="{LEFT:g}%" y1="{y}" x2="100%" y2="{y}" class="tick"/>')
        parts.append(f'<rect x="{low}%" y="{y - 4}" width="{_width(row.low, row.high, top)}%" height="8" class="q2"/>')
        if row.reference is not None:
            at = _place(row.reference, top)
            parts.append(f'<line x1="{at}%" y1="{y - 8}" x2="{at}%" y2="{y + 8}" class="release"/>')
        parts.append(f'<circle cx="{value}%" cy="{y}" r="4" class="dot"/>')
    parts += [
        f'<text x="{_place(share, top)}%" y="{height - 2}" class="m">{share * 100:g} %</text>' for share in _steps(top)
    ]
    told = "; ".join(f"{row.name} {row.value:.0%} ({row.low:.0%} to {row.high:.0%})" for row in picture.rows)
    return _picture(picture.key, picture.title, told, height, parts)


def _place(share: float, top: float) -> str:
    return f"{LEFT + min(max(share / top, 0.0), 1.0) * (97 - LEFT):.2f}"


def _width(low: float, high: float, top: float) -> str:
    return f"{max(min(high, top) - max(low, 0.0), 0.0) / top * (97 - LEFT):.2f}"


def _steps(top: float) -> list[float]:
    size = next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if top / step <= 5), 0.25)
    return [size * number for number in range(int(top / size) + 1)]


def draw_lines(picture: Lines) -> Markup:
    """Lines with a legend of dashes and colours; the first and last tick are the edges."""
    x0, x1 = picture.x_ticks[0][0], picture.x_ticks[-1][0]
    y0, y1 = picture.y_ticks[0][0], picture.y_ticks[-1][0]
    wide, high = max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)
    legend = 16 * ((len(picture.series) + 1) // 2) + 6
    parts = []
    for at, label in picture.y_ticks:
        y = TOP + HEIGHT * (1 - (at - y0) / high)
        parts.append(f'<line x1="7%" y1="{y:.1f}" x2="100%" y2="{y:.1f}" class="tick"/>')
        parts.append(f'<text x="6.4%" y="{y + 4:.1f}" class="e">{escape(label)}</text>')
    for number, (at, label) in enumerate(picture.x_ticks):
        x = 7 + 93 * (at - x0) / wide
        anchor = "" if number == 0 else ' class="e"' if number == len(picture.x_ticks) - 1 else ' class="m"'
        parts.append(f'<text x="{x:.2f}%" y="{TOP + HEIGHT + 14}"{anchor}>{escape(label)}</text>')
    for at, label in picture.marks:
        x = 7 + 93 * (at - x0) / wide
        parts.append(f'<line x1="{x:.2f}%" y1="{TOP}" x2="{x:.2f}%" y2="{TOP + HEIGHT}" class="release"/>')
        parts.append(f'<text x="{x:.2f}%" y="{TOP - 4}" class="m">{escape(label)}</text>')
    paths = "".join(_path(series, index, (x0, y0, wide, high)) for index, series in enumerate(picture.series))
    parts.append(
        f'<svg x="7%" y="{TOP}" width="93%" height="{HEIGHT}" viewBox="0 0 1000 1000" '
        f'preserveAspectRatio="none">{paths}</svg>'
    )
    parts += _legend(picture.series, TOP + HEIGHT + 44)
    if picture.x_label:
        parts.append(f'<text x="53%" y="{TOP + HEIGHT + 28}" class="m">{escape(picture.x_label)}</text>')
    if picture.y_label:
        parts.append(f'<text x="0%" y="{TOP - 18}">{escape(picture.y_label)}</text>')
    told = f"{picture.y_label} by {picture.x_label}: " + "; ".join(_ends(series) for series in picture.series)
    return _picture(picture.key, picture.title, told, TOP + HEIGHT + BOTTOM + legend, parts)


def _path(series: Series, index: int, scale: tuple[float, float, float, float]) -> str:
    x0, y0, wide, high = scale
    points = " ".join(
        f"{'L' if number else 'M'}{(x - x0) / wide * 1000:.1f} {1000 - (y - y0) / high * 1000:.1f}"
        for number, (x, y) in enumerate(series.points)
    )
    return f'<path d="{points}" class="line {STROKES[index % 4]} d{index % 8}"/>' if points else ""


def _legend(series: Sequence[Series], top: int) -> list[str]:
    """Two columns of names, each beside a piece of its line."""
    parts = []
    for index, one in enumerate(series):
        x, y = 7 + 47 * (index % 2), top + 16 * (index // 2)
        kind = f"line {STROKES[index % 4]} d{index % 8}"
        parts.append(f'<line x1="{x}%" y1="{y}" x2="{x + 4}%" y2="{y}" class="{kind}"/>')
        parts.append(f'<text x="{x + 4.8}%" y="{y + 4}">{escape(one.name)}</text>')
    return parts


def _ends(series: Series) -> str:
    if not series.points:
        return f"{series.name}: none"
    (xa, ya), (xb, yb) = series.points[0], series.points[-1]
    return f"{series.name} from {ya:.3g} at {xa:.3g} to {yb:.3g} at {xb:.3g}"


def _picture(key: str, title: str, told: str, height: float, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704 - every text that went in was escaped
        f'<svg class="pic" width="100%" height="{height:g}" role="img" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(told)}</desc>{"".join(parts)}</svg>'
    )
