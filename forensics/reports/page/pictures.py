"""Pictures of a finding as inline SVG, drawn by hand so that a page needs no script and no library.

Manner: horizontal positions are percentages and vertical ones pixels, so that a picture fills any width while its text
keeps its size; marks lie in nested drawings that stretch, with strokes that do not. Colour comes from the page's style
sheet by class and never carries meaning alone. Each picture has a title and a description for those who cannot see it.
"""

from __future__ import annotations

import itertools
import math
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from forensics.common.printable import printable
from forensics.reports.wording.figures import count, day, number, plural, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reports.facts.model import Daily, ExampleLink, Hours, KindEvidence, Lives, Matrix, ModelDays

_MOST_FLOWS = 60


class _Picture:
    """Pieces of one drawing; `done` wraps them with size, title and description."""

    def __init__(self, key: str, title: str, description: str, height: float) -> None:
        self.key, self.title, self.description, self.height = key, title, description, height
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", kind: str = "") -> None:
        classes = " ".join(name for name in (kind, {"middle": "m", "end": "e"}.get(anchor, "")) if name)
        self.parts.append(
            f'<text x="{_n(x)}%" '
            f'y="{_n(y)}"{f" class={chr(34)}{classes}{chr(34)}" if classes else ""}>{escape(text)}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self.parts.append(f'<line x1="{_n(x1)}%" y1="{_n(y1)}" x2="{_n(x2)}%" y2="{_n(y2)}" class="{kind}"/>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        self.parts.append(f'<rect x="{_n(x)}%" y="{_n(y)}" width="{_n(width)}%" height="{_n(height)}" class="{kind}"/>')

    def stretch(
        self, y: float, height: float, units: tuple[float, float], content: str, *, x: float = 0, width: float = 100
    ) -> None:
        """A nested drawing of `units` that fills x..x+width percent and `height` pixels."""
        box = (
            f'x="{_n(x)}%" y="{_n(y)}" width="{_n(width)}%" height="{_n(height)}" viewBox="0 0 {_n(units[0])} '
            f'{_n(units[1])}"'
        )
        self.parts.append(f'<svg {box} preserveAspectRatio="none">{content}</svg>')

    def cross(self, x: float, y: float) -> None:
        self.parts.append(f'<use href="#ban" x="{_n(x)}%" y="{_n(y)}"/>')

    def done(self, *, box: str = "") -> Markup:
        size = f'viewBox="{box}"' if box else f'height="{_n(self.height)}"'
        return Markup(  # noqa: S704 - every text that went in was escaped by `escape`
            f'<svg class="pic" width="100%" {size} role="img" aria-labelledby="{self.key}-t {self.key}-d">'
            f'<title id="{self.key}-t">{escape(self.title)}</title><desc '
            f'id="{self.key}-d">{escape(self.description)}</desc>{"".join(self.parts)}</svg>'
        )


def _n(value: float) -> str:
    """Two decimals at most, no trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


class _Time:
    """Dates to percent of the width."""

    def __init__(self, days: Sequence[date]) -> None:
        self.days = days
        self.start = datetime.combine(days[0], time(), UTC) if days else datetime(2000, 1, 1, tzinfo=UTC)
        self.length = max(len(days), 1)

    def units(self, at: datetime) -> float:
        return min(max((at - self.start) / timedelta(days=1), 0.0), float(self.length))

    def percent(self, at: datetime) -> float:
        return self.units(at) / self.length * 100

    def axis(self, picture: _Picture, y: float, bottom: float) -> None:
        """Ticks at sensible dates: at most six, thin lines down to `bottom`."""
        if not self.days:
            return
        step = next((size for size in (1, 2, 7, 14, 28, 56, 91, 182) if self.length / size <= 6), 365)
        for index in range(0, self.length, step):
            x = index / self.length * 100
            if index and x > 90:
                break
            picture.line(x, y + 4, x, bottom, "tick")
            at = self.days[index]
            picture.text(x, y, day(datetime.combine(at, time(), UTC)))


def defs() -> Markup:
    """Marks that all pictures of a page share."""
    return Markup(
        '<svg class="defs" width="0" height="0" aria-hidden="true"><defs><path id="ban" class="ban" d="M-3-3 3 3M-3 3 '
        '3-3"/></defs></svg>'
    )


def draw_lives(key: str, lives: Lives, name: str, *, hover: bool = True) -> Markup:
    """A row per account in order of birth: activity, ban, line to the likely successor. Bands where there are many."""
    if lives.bands:
        return _draw_bands(key, lives, name)
    count_rows = len(lives.lives)
    step = 12 if count_rows <= 30 else 8 if count_rows <= 80 else 5
    top, scale = 34, _Time(lives.days)
    height = top + step * count_rows + 4
    banned = sum(life.banned_at is not None for life in lives.lives)
    picture = _Picture(
        key,
        f"Account lives of {name}",
        f"{plural(count_rows, 'account')}, one row each in order of birth; bars are days with requests. "
        f"{plural(banned, 'account')} banned, marked with a "
        f"cross; {plural(len(lives.successions), 'thin line')} lead from a banned account to its likely successor.",
        height,
    )
    scale.axis(picture, 10, height)
    _wave_labels(picture, lives, scale, 24, height)
    row_of = {life.account_id: index for index, life in enumerate(lives.lives)}

    def middle(account: str) -> float:
        return top + step * row_of[account] + step / 2

    bars, stems = [], []
    for index, life in enumerate(lives.lives):
        y = step * index + step / 2
        end = life.banned_at or life.last_seen_at
        start = scale.units(life.born_at)
        stems.append(f"M{_n(start)} {_n(y)}H{_n(max(scale.units(end), start + 0.05))}")
        for first, last in life.spans:
            left = max(scale.units(datetime.combine(first, time(), UTC)), start)
            right = min(
                scale.units(datetime.combine(last, time(), UTC) + timedelta(days=1)), max(scale.units(end), left + 0.15)
            )
            if right > left:
                bars.append(f"M{_n(left)} {_n(y)}H{_n(right)}")
    arcs = []
    for item in lives.successions:
        if item.banned_id in row_of and item.successor_id in row_of:
            one, other = (step * row_of[account] + step / 2 for account in (item.banned_id, item.successor_id))
            arcs.append(_arc(scale.units(item.banned_at), one, scale.units(item.born_at), other, scale.length))
    marks = (
        f'<path class="stem" d="{"".join(stems)}"/><path class="life s{step}" d="{"".join(bars)}"/><path '
        f'class="heir" d="{"".join(arcs)}"/>'
    )
    picture.stretch(top, step * count_rows, (scale.length, step * count_rows), marks)
    for life in lives.lives:
        if life.banned_at is not None:
            picture.cross(scale.percent(life.banned_at), middle(life.account_id))
    for life in lives.lives if hover else ():
        state = f"banned {day(life.banned_at)}" if life.banned_at else f"last seen {day(life.last_seen_at)}"
        label = (
            f"{printable(life.account_id)}: born {day(life.born_at)}, {state}, {plural(life.request_count, 'request')}"
        )
        picture.parts.append(
            f'<rect class="hit" x="0" y="{_n(middle(life.account_id) - step / 2)}" width="100%" '
            f'height="{step}"><title>{escape(label)}</title></rect>'
        )
    return picture.done()


def _arc(x1: float, y1: float, x2: float, y2: float, length: float) -> str:
    """From a ban to a birth, bent to the right so that a bundle of them can be told apart."""
    bend = 0.012 * length + 0.0006 * length * min(abs(y2 - y1), 40.0)
    right = min(max(x1, x2) + bend, length)
    return f"M{_n(x1)} {_n(y1)}C{_n(right)} {_n(y1)} {_n(right)} {_n(y2)} {_n(x2)} {_n(y2)}"


def _wave_labels(picture: _Picture, lives: Lives, scale: _Time, y: float, bottom: float) -> None:
    largest = sorted(lives.waves, key=lambda wave: (-wave.ban_count, wave.first_at))[:5]
    last = -100.0
    for wave in sorted(largest, key=lambda item: item.first_at):
        x = scale.percent(wave.first_at)
        picture.line(x, y + 3, x, bottom, "wave")
        if x - last > 17:
            picture.text(
                min(x, 99),
                y,
                f"{count(wave.ban_count)} banned",
                anchor="middle" if 8 < x < 92 else "end" if x >= 92 else "start",
                kind="red",
            )
            last = x


def _draw_bands(key: str, lives: Lives, name: str) -> Markup:
    step, top = 6, 34
    rows, scale = len(lives.bands), _Time(lives.days)
    height = top + step * rows + 4
    total = sum(band.account_count for band in lives.bands)
    picture = _Picture(
        key,
        f"Account lives of {name}",
        f"{plural(total, 'account')} in {rows} rows of about {count(total / rows)} in order of birth; the darker, the "
        "more of a row's accounts made "
        f"requests that day. {plural(lives.ban_count, 'account')} banned; crosses mark days on which at least a "
        "twentieth of a row was banned; thin "
        f"lines lead to the rows that likely succeeded.",
        height,
    )
    scale.axis(picture, 10, height)
    _wave_labels(picture, lives, scale, 24, height)
    levels: dict[int, list[str]] = {1: [], 2: [], 3: [], 4: []}  # not the darkest, or lines over it would be lost
    for row, band in enumerate(lives.bands):
        at = 0
        for level, run in itertools.groupby(
            band.active, key=lambda value: min(4, math.ceil(value * 4 - 1e-9)) if value > 0.005 else 0
        ):
            length = len(list(run))
            if level:
                levels[level].append(f"M{at} {row}h{length}v1h-{length}z")
            at += length
    marks = "".join(f'<path class="q{level}" d="{"".join(path)}"/>' for level, path in levels.items() if path)
    picture.stretch(top, step * rows, (scale.length, rows), marks)
    flows = sorted(lives.flows, key=lambda flow: (-flow[4], flow))[:_MOST_FLOWS]
    arcs = []
    for one, start, other, end, _ in sorted(flows):
        arcs.append(_arc(start + 0.75, one + 0.5, end + (0.5 if end > start else 0.9), other + 0.5, scale.length))
    picture.stretch(top, step * rows, (scale.length, rows), f'<path class="heir" d="{"".join(arcs)}"/>')
    for row, band in enumerate(lives.bands):
        for index, bans in enumerate(band.bans):
            if bans >= max(1, band.account_count / 20):
                picture.cross((index + 0.75) / scale.length * 100, top + step * (row + 0.5))
    return picture.done()


def draw_volume(key: str, daily: Daily, name: str) -> Markup:
    """Requests by day as steps, bans and births below the axis."""
    plot, top = 96, 30
    picture = _Picture(
        key,
        f"Volume of {name} through bans",
        f"Requests by day, at most {count(max(daily.requests, default=0))}; {plural(sum(daily.bans), 'ban')} and "
        f"{plural(sum(daily.births), 'birth')} "
        f"on the days marked below.",
        top + plot + 44,
    )
    scale = _Time(daily.days)
    scale.axis(picture, 10, top + plot)
    most = max(daily.requests, default=0) or 1
    path = _steps([1 - value / most for value in daily.requests], floor=1.0)
    picture.stretch(top, plot, (scale.length, 1), f'<path class="area" d="{path}"/>')
    picture.line(0, top + plot, 100, top + plot, "base")
    picture.text(0, top - 5, f"{count(most)} a day", kind="peak")
    bans, births = max(daily.bans, default=0) or 1, max(daily.births, default=0) or 1
    marks = []
    for index, (ban, birth) in enumerate(zip(daily.bans, daily.births, strict=True)):
        if ban:
            size = max(ban / bans, 0.12) * 14
            marks.append(f'<path class="bans" d="M{index + 0.15} 0h.7v{_n(size)}h-.7z"/>')
        if birth:
            size = max(birth / births, 0.12) * 14
            marks.append(f'<path class="births" d="M{index + 0.15} 20h.7v{_n(size)}h-.7z"/>')
    picture.stretch(top + plot + 5, 36, (scale.length, 36), "".join(marks))
    return picture.done()


def _steps(values: Sequence[float], floor: float) -> str:
    """A stepped area from `floor`: one unit a value."""
    if not values:
        return ""
    parts = [f"M0 {_n(floor)}"]
    previous = None
    for index, value in enumerate(values):
        if value != previous:
            parts.append(f"{f'H{index}' if index else ''}V{value:.3f}")
        previous = value
    return "".join([*parts, f"H{len(values)}V{_n(floor)}z"])


def draw_hours(key: str, hours: Hours, name: str) -> Markup:
    """Share of requests by hour of day, the network as steps, everyone else as a dashed line."""
    plot, top = 110, 22
    most = max(*hours.network, *(hours.population or (0.0,)), 1 / 24)
    outside = (
        ""
        if hours.population is None
        else f" Other accounts: from {share(min(hours.population))} to {share(max(hours.population))}."
    )
    picture = _Picture(
        key,
        f"Activity of {name} by hour of day",
        f"Share of requests in each hour, UTC. The network: from {share(min(hours.network))} to "
        f"{share(max(hours.network))} an hour.{outside} "
        f"Even would be 4.2 %.",
        top + plot + 18,
    )
    for hour in (0, 6, 12, 18):
        picture.line(hour / 24 * 100, top, hour / 24 * 100, top + plot, "tick")
        picture.text(hour / 24 * 100, top + plot + 14, f"{hour:02d}:00")
    content = f'<path class="area" d="{_steps([1 - value / most for value in hours.network], floor=1.0)}"/>'
    if hours.population is not None:
        line = "".join(
            f"{'M0 ' if not hour else 'V'}{1 - value / most:.3f}H{hour + 1}"
            for hour, value in enumerate(hours.population)
        )
        content += f'<path class="pop" d="{line}"/>'
    picture.stretch(top, plot, (24, 1), content)
    even = top + plot * (1 - 1 / 24 / most)
    picture.line(0, even, 100, even, "even")
    picture.text(100, even - 4, "even", anchor="end", kind="halo")
    picture.line(0, top + plot, 100, top + plot, "base")
    picture.text(0, top - 6, f"{share(most)} an hour", kind="peak")
    return picture.done()


def draw_models(key: str, models: ModelDays, name: str) -> Markup:
    """Share of each model by day, stacked: the network above, everyone else below."""
    plot, top, gap = 70, 34, 26
    first = ", ".join(f"{printable(model)} first seen {day(at)}" for model, at in models.released)
    picture = _Picture(
        key,
        f"Models used by {name} through releases",
        "Share of requests by model and day, the network above, all other accounts below. "
        f"{first or 'No model appeared during the period'}.",
        top + 2 * plot + gap + 4,
    )
    scale = _Time(models.days)
    bottom = top + 2 * plot + gap
    scale.axis(picture, 10, bottom)
    for offset, label, rows in (
        (top, "this network", models.network),
        (top + plot + gap, "all other accounts", models.population),
    ):
        lower = [0.0] * scale.length
        content = []
        for index, row in enumerate(rows):
            upper = [low + (0.0 if math.isnan(value) else value) for low, value in zip(lower, row, strict=True)]
            content.append(f'<path class="m{index}" d="{_ribbon(lower, upper)}"/>')
            lower = upper
        picture.parts.append(f'<rect class="rest" x="0" y="{offset}" width="100%" height="{plot}"/>')
        picture.stretch(offset, plot, (scale.length, 1), "".join(content))
        picture.text(0, offset - 5, label, kind="halo")
    for model, at in models.released[:2]:
        x = scale.percent(at)
        picture.line(x, top - 14, x, bottom, "release")
        picture.text(
            min(x + 0.8, 99) if x < 70 else x - 0.8,
            top - 5,
            printable(model, 24),
            anchor="start" if x < 70 else "end",
            kind="halo",
        )
    return picture.done()


def _ribbon(lower: Sequence[float], upper: Sequence[float]) -> str:
    """The area between two stepped lines, measured from the bottom of a unit square; steps of equal height run on."""
    top, low = [f"{1 - value:.3f}" for value in upper], [f"{1 - value:.3f}" for value in lower]
    out = [f"M0 {low[0]}"]
    for index, value in enumerate(top):
        out.append(f"V{value}" if not index else f"H{index}V{value}" if value != top[index - 1] else "")
    out.append(f"H{len(top)}V{low[-1]}")
    out.extend(f"H{index + 1}V{low[index]}" for index in range(len(low) - 2, -1, -1) if low[index] != low[index + 1])
    return "".join([*out, "H0z"])


def draw_waterfall(key: str, example: ExampleLink, kinds: Sequence[KindEvidence]) -> Markup:
    """How the bits of one typical link add up, kind by kind."""
    titles = {kind.kind: kind.title for kind in kinds}
    step, top, left, right = 34, 22, 0.0, 88.0
    rows = [item for item in example.kinds if abs(item[1]) >= 0.05][:12]
    most = max(example.bits, example.chance_bits, 1.0) * 1.02
    sums = list(itertools.accumulate((bits for _, bits in rows), initial=0.0))
    picture = _Picture(
        key,
        "Evidence in bits, kind by kind",
        "; ".join(f"{titles.get(kind, kind)} {bits:.1f}" for kind, bits in rows)
        + f"; together {example.bits:.1f} bits. One account among all takes {example.chance_bits:.1f} bits.",
        top + step * (len(rows) + 1) + 2,
    )

    def x(bits: float) -> float:
        return left + (right - left) * bits / most

    need = x(example.chance_bits)
    picture.line(need, top - 6, need, top + step * (len(rows) + 1) - 6, "need")
    note = f"{example.chance_bits:.1f} bits single out one account"
    picture.text(
        need - 0.8 if need > 45 else need + 0.8, top - 9, note, anchor="end" if need > 45 else "start", kind="halo"
    )
    for index, (kind, bits) in enumerate(rows):
        y = top + step * index
        picture.text(0, y + 10, printable(titles.get(kind, kind), 44), kind="ink halo")
        picture.rect(x(sums[index]), y + 15, max(x(bits) - left, 0.3), 10, "bits")
        if index + 1 < len(rows):
            picture.line(x(sums[index + 1]), y + 15, x(sums[index + 1]), y + 15 + step, "join")
        picture.text(100, y + 24, f"{bits:.1f}", anchor="end", kind="ink")
    y = top + step * len(rows)
    picture.line(0, y - 1, 100, y - 1, "base")
    picture.text(0, y + 13, "together", kind="ink")
    picture.rect(0, y + 18, x(example.bits), 10, "sum")
    picture.text(100, y + 27, f"{example.bits:.1f}", anchor="end", kind="ink strong")
    return picture.done()


def draw_matrix(key: str, matrix: Matrix, title: str, labels: Sequence[str], notes: Sequence[str]) -> Markup:
    """A strip per row, a cell per account (or group of neighbours by birth): the darker, the larger the share."""
    step = 27
    width = len(matrix.columns)
    singly = all(size == 1 for size in matrix.columns)
    columns = "one account each" if singly else f"groups of about {count(sum(matrix.columns) / max(width, 1))} accounts"
    rows = "; ".join(f"{label}: {note}" for label, note in zip(labels, notes, strict=True))
    picture = _Picture(
        key, title, f"{width} columns in order of birth, {columns}. {rows}.", step * len(matrix.rows) + 2
    )
    for index, row in enumerate(matrix.rows):
        y = step * index
        picture.text(0, y + 11, labels[index], kind="ink code")
        picture.text(100, y + 11, notes[index], anchor="end")
        levels: dict[int, list[str]] = {}
        at = 0
        for level, run in itertools.groupby(
            row.cells, key=lambda value: min(5, math.ceil(value * 5 - 1e-9)) if value > 0.001 else 0
        ):
            length = len(list(run))
            if level:
                levels.setdefault(level, []).append(f"M{at} 0h{length}v1h-{length}z")
            at += length
        marks = "".join(f'<path class="q{level}" d="{"".join(path)}"/>' for level, path in sorted(levels.items()))
        picture.parts.append(f'<rect class="rest" x="0" y="{y + 15}" width="100%" height="8"/>')
        if marks:
            picture.stretch(y + 15, 8, (max(width, 1), 1), marks)
    return picture.done()


def draw_web(key: str, web: Matrix, mostly: Sequence[tuple[str, int]], name: str) -> Markup:
    """Accounts on a ring by birth, the observables that a few of them share inside; what more of them share is counted
    in the middle.
    """
    size, ring, inner = 400, 178, 108
    width = len(web.columns)
    held = [[index for index, cell in enumerate(row.cells) if cell > 0.001] for row in web.rows]
    kinds = web_kinds(web)
    count_mostly = sum(many for _, many in mostly)
    picture = _Picture(
        key,
        f"The network {name}: accounts and what ties them",
        f"{width} dots on a ring, {plural(sum(web.columns), 'account')} in order of birth clockwise from the top. "
        f"{plural(len(web.rows), 'observable')} "
        "inside, each joined to the dots that showed it; in the middle the number of those shared more widely, "
        f"{count(count_mostly)}.",
        size,
    )

    def place(angle: float, radius: float) -> tuple[float, float]:
        return size / 2 + radius * math.sin(angle), size / 2 - radius * math.cos(angle)

    angles = [2 * math.pi * (index + 0.5) / max(width, 1) for index in range(width)]
    order = sorted(
        range(len(web.rows)),
        key=lambda index: (
            _bearing([angles[column] for column in held[index]]),
            web.rows[index].kind,
            web.rows[index].value,
        ),
    )
    seats = {item: place(2 * math.pi * (seat + 0.5) / max(len(order), 1), inner) for seat, item in enumerate(order)}
    for kind_index, kind in enumerate(kinds):
        path = []
        for index, row in enumerate(web.rows):
            if row.kind == kind:
                x, y = seats[index]
                for column in held[index]:
                    ox, oy = place(angles[column], ring)
                    path.append(f"M{x:.0f} {y:.0f}L{ox:.0f} {oy:.0f}")
        picture.parts.append(f'<path class="thread k{kind_index % 4}" d="{"".join(path)}"/>')
    largest = max(web.columns, default=1)
    for angle in angles:
        x, y = place(angle, ring)
        picture.parts.append(f'<circle class="dot" cx="{x:.0f}" cy="{y:.0f}" r="{_n(3.0 if largest > 1 else 2.2)}"/>')
    _draw_knots(picture, web, kinds, seats)
    if mostly:
        _draw_middle(picture, mostly, size)
    return picture.done(box=f"0 0 {size} {size}")


def _draw_knots(picture: _Picture, web: Matrix, kinds: Sequence[str], seats: Mapping[int, tuple[float, float]]) -> None:
    """The observables, each with a label to hover over."""
    for index, row in enumerate(web.rows):
        x, y = seats[index]
        label = (
            f"{printable(row.kind)}: {printable(row.value, 200)}, {plural(row.inside_count, 'member')}, "
            f"{plural(row.outside_count, 'other account')}"
        )
        kind_index = kinds.index(row.kind) % 4
        picture.parts.append(
            f'<rect class="knot k{kind_index}" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" '
            f'height="7"><title>{escape(label)}</title></rect>'
        )


def _draw_middle(picture: _Picture, mostly: Sequence[tuple[str, int]], size: int) -> None:
    """How many observables are shared more widely, by kind."""
    lines = ["shared widely", *(f"{number(many)} {printable(kind, 28)}" for kind, many in mostly[:5])]
    top = size / 2 - 8 * (len(lines) - 1)
    for index, line in enumerate(lines):
        picture.parts.append(
            f'<text x="{size // 2}" y="{top + 16 * index + 4:.0f}" class="m '
            f'halo{" ink" if index else ""}">{escape(line)}</text>'
        )


def web_kinds(web: Matrix) -> list[str]:
    """The kinds drawn inside the ring, in the order of their colours: the most frequent first."""
    counts: dict[str, int] = {}
    for row in web.rows:
        counts[row.kind] = counts.get(row.kind, 0) + 1
    return sorted(counts, key=lambda kind: (-counts[kind], kind))


def _bearing(angles: Sequence[float]) -> float:
    """Mean direction in [0, 2π)."""
    return round(math.atan2(sum(map(math.sin, angles)), sum(map(math.cos, angles))) % (2 * math.pi), 6)


def draw_spark(values: Sequence[int]) -> Markup:
    """A small step line of volume for a table; said in words beside it."""
    most = max(values, default=0) or 1
    path = _steps([1 - value / most for value in values], floor=1.0)
    box = f"0 0 {max(len(values), 1)} 1"
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="spark" viewBox="{box}" preserveAspectRatio="none" aria-hidden="true"><path class="area" '
        f'd="{path}"/></svg>'
    )
