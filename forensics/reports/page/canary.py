"""A trace as one self-contained page: no script, no remote reference, a content policy that allows neither."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from forensics.common.printable import printable
from forensics.reports.wording import canary, figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, BOTTOM = 720, 150, 24
BINS = 60
MOST_POSITIONS = 1000


def render_trace(facts: Mapping[str, Any]) -> bytes:
    """The whole page, UTF-8."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _shipped(name) if name == "canary.html.j2" else None),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _shipped("canary.css")
    template = environment.get_template("canary.html.j2")
    return template.render(
        facts=facts,
        sentences=[_words(text) for text in canary.verdict_sentences(facts)],
        null=_words(canary.null_sentence(facts)),
        limits=canary.LIMITS,
        rows=[
            {**row, "who": _words(canary.who_of(row)), "chance": _words(canary.chance(row["p_adjusted"]))}
            for row in facts["named"]
        ],
        observed=facts["observed"][:MOST_POSITIONS],
        further=max(0, len(facts["observed"]) - MOST_POSITIONS),
        picture=draw_scores(
            [(row["score_sd"], row["named"]) for row in facts["scores"] if row["score_sd"] is not None]
        ),
        style=Markup(style),  # noqa: S704 - the package's own style sheet, without any `<`
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        count=lambda value: _words(figures.count(value)),
        number=lambda value: _words(figures.number(value)),
        plural=lambda value, one: _words(figures.plural(value, one)),
    ).encode()


def _shipped(name: str) -> str:
    return resources.files("forensics.reports.page").joinpath(f"templates/{name}").read_text("utf-8")


def _words(text: str) -> Markup:
    """Words of the tool's own writers: log values in them went through `printable`, no-break spaces are meant."""
    return escape(text)


def _harmless(value: Any) -> Any:  # noqa: ANN401 - whatever a template puts in
    return value if isinstance(value, Markup | int | float) else printable(value)


def draw_scores(scores: Sequence[tuple[float, bool]]) -> Markup:
    """All scores in standard deviations of innocent words: how many lie where; those named stand out."""
    if not scores:
        return Markup()
    low, high = min(-4.0, min(scores)[0]), max(6.0, max(scores)[0])
    step = (high - low) / BINS
    bins = [[0, 0] for _ in range(BINS)]
    for score, reached in scores:
        bins[min(BINS - 1, int((score - low) / step))][int(reached)] += 1
    top = max(map(sum, bins))
    wide, room = WIDTH / BINS, HEIGHT - BOTTOM
    parts = []
    for at, pair in enumerate(bins):
        size = sum(pair)
        if size:
            height = max(3.0, room * size / top)
            kind = "named" if pair[1] else "other"
            parts.append(
                f'<rect class="{kind}" x="{at * wide:.1f}" y="{room - height:.1f}" width="{wide - 1:.1f}"'
                f' height="{height:.1f}"/>'
            )
    marks = [mark for mark in range(int(low), int(high) + 1) if mark % max(1, round((high - low) / 12)) == 0]
    parts += [f'<text x="{(mark - low) / (high - low) * WIDTH:.1f}" y="{HEIGHT - 6}">{mark}</text>' for mark in marks]
    return Markup(  # noqa: S704 - numbers only
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Scores of all holders">{"".join(parts)}</svg>'
    )
