"""The report as one self-contained page: no script, no remote reference, a content policy that allows neither.

Everything that comes from a log passes `printable` and Jinja2's escaping on its way in (see `_harmless`), so that a
template cannot forget either.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from forensics.common.printable import printable, safe_name
from forensics.judging.verdicts import LEVELS
from forensics.reports.page import pictures
from forensics.reports.wording import figures
from forensics.reports.wording.in_words import beside, best_reason, strongest, told_shortly
from forensics.reports.wording.json_text import csv_bytes
from forensics.reports.wording.remarks import gather_remarks
from forensics.reports.wording.words import (
    AXES,
    CONTESTED,
    LIMITS,
    UNLINKED,
    VERDICT_MEANINGS,
    VERDICT_TITLES,
    against_limit,
    fit_word,
    in_its_unit,
    is_unlinked,
    member_reason,
    only_used,
    opening,
    sentence,
    sharing,
)

if TYPE_CHECKING:
    from datetime import datetime

    from forensics.reports.facts.model import Claim, Finding, Quote, Report, Sign, Tie

MOST_BYTES = 2_800_000  # a page people can mail; beyond it each finding lists less
CLAIM_HEADINGS = {
    "network": "Addresses and networks",
    "client": "Clients",
    "content": "Prompts and templates",
    "money": "Payment and sign-up",
    "device": "Devices and sessions",
    "provenance": "Conversations and reasoning carried on",
    "timing": "The same moments",
    "passing": "Requests that passed from account to account",
    "mapped": "Further observables",
    "lives": "Bans and likely successors",
    "scheduling": "Taking turns",
    "elicitation": "What is asked for",
    "pivot": "A new model",
}
# Which lines show what a test of this channel speaks of; for volume, rhythm and the like the members' first and last
# lines do.
CHANNEL_LINES = {"lifecycle": "lives", "narrowness": "content", "items": "content"}
SIGNS_SHOWN = {"pooling": 3, "concealment": 2, "extraction": 2}  # of each question, in the box
METHOD_LABELS = {  # what a test's own page calls its parts, for readers
    "Null model": "Compared with",
    "Null": "Not assessed",
    "Blind to": "Cannot see",
    "Source": "From",
    "Claim": "Says",
    "Effect": "Counts",
    "Note": "Mind",
}
LEAST_BITS = 0.05  # below, nothing is shared beyond chance


@dataclass(frozen=True)
class Detail:
    """How much of each finding a page lists; the pictures stay."""

    members: int
    claims: int
    successions: int
    strips: bool  # who shows what, observable by observable
    hover: bool  # a label on each row of the lives
    listed: int  # members in the folded list and its file


_DETAILS = (
    Detail(12, 24, 60, strips=True, hover=True, listed=5_000),
    Detail(8, 12, 20, strips=True, hover=False, listed=1_000),
    Detail(5, 6, 0, strips=False, hover=False, listed=200),
    Detail(5, 6, 0, strips=False, hover=False, listed=0),
)
_MARKS = {"none": 0, "possible": 1, "likely": 2, "strong": 3}


def render_html(report: Report) -> bytes:
    """The whole page, UTF-8; with less detail per finding where it would be too large to send around."""
    template, style = _environment().get_template("report.html.j2"), page_style()
    page = b""
    for detail in _DETAILS:
        page = template.render(
            report=report,
            cards=[_Card(finding, index, detail) for index, finding in enumerate(report.findings, start=1)],
            style=Markup(style),  # noqa: S704 - the package's own style sheet, without any `<`
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            defs=pictures.defs(),
            verdict_meanings=VERDICT_MEANINGS,
            contested_heading=CONTESTED,
            axes=AXES,
            limits=LIMITS,
            verdict_titles=VERDICT_TITLES,
            levels=LEVELS,
            titles={sign.name: sign.title for finding in report.findings for sign in finding.signs},
            detail=detail,
            least_bits=LEAST_BITS,
        ).encode()
        if len(page) <= MOST_BYTES:
            break
    return page


def page_style() -> str:
    """The style sheet of every page, without comments and indents."""
    text = resources.files("forensics.reports.page").joinpath("templates/report.css").read_text("utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("/*"))


class _Card:
    """One finding with its pictures and texts, as the template asks for them."""

    def __init__(self, finding: Finding, index: int, detail: Detail) -> None:
        self.f = finding
        self.detail = detail
        self.key = f"f{index}"
        self.name = escape(printable(finding.name))
        self.opening = opening(finding)
        self.limit = against_limit(finding.limit_multiple) if finding.limit_multiple is not None else ""
        self.used = only_used(finding.used) if finding.used else ""

    @property
    def signs(self) -> list[dict[str, Any]]:
        """Every test as a row."""
        return [vars(sign) for sign in self.f.signs]

    @property
    def why(self) -> list[tuple[str, list[str]]]:
        """For each question the strongest signs in words, or what its verdict means."""
        brings = {share.name: share.nats for share in self.f.shares if share.axis != "explained"}
        told = []
        for role, most in SIGNS_SHOWN.items():
            signs = [told_shortly(item) for item in strongest(self.signs, brings, role, most)]
            level = getattr(self.f, role)
            told.append((role, signs or [VERDICT_MEANINGS[role].get(level, level).capitalize() + "."]))
        return told

    @property
    def innocent(self) -> str:
        """The innocent reason that fits best, in words."""
        return best_reason(self.signs)

    @property
    def members_csv(self) -> Markup:
        """All members as a file inside the page."""
        head = ("account_id", "membership", "role", "requests", "born_at", "last_seen_at", "banned_at", "reason")
        rows = (
            (
                m.account_id,
                m.membership,
                m.role,
                m.request_count,
                m.born_at,
                m.last_seen_at,
                m.banned_at,
                member_reason(m.kinds, self.f.name),
            )
            for m in self.f.members[: self.detail.listed]
        )
        content = base64.b64encode(csv_bytes(head, rows)).decode()
        return Markup(f"data:text/csv;base64,{content}")  # noqa: S704 - base64

    @property
    def file_name(self) -> str:
        return f"{safe_name(self.f.name, 40)}-members.csv"

    @property
    def lives(self) -> Markup:
        return pictures.draw_lives(f"{self.key}-lives", self.f.lives, self.name, hover=self.detail.hover)

    @property
    def volume(self) -> Markup:
        return pictures.draw_volume(f"{self.key}-volume", self.f.daily, self.name)

    @property
    def hours(self) -> Markup:
        return pictures.draw_hours(f"{self.key}-hours", self.f.hours, self.name)

    @property
    def models(self) -> Markup | None:
        return (
            pictures.draw_models(f"{self.key}-models", self.f.model_days, self.name)
            if self.f.model_days.models
            else None
        )

    @property
    def waterfall(self) -> Markup | None:
        return pictures.draw_waterfall(f"{self.key}-bits", self.f.example, self.f.kinds) if self.f.example else None

    @property
    def web(self) -> Markup | None:
        titles = {kind.kind: kind.title.removeprefix("same ").removeprefix("rare ") for kind in self.f.kinds}
        mostly = [(titles.get(kind, kind), count) for kind, count in self.f.shared_widely]
        return (
            pictures.draw_web(f"{self.key}-web", self.f.web, mostly, self.name) if self.f.web.rows or mostly else None
        )

    @property
    def web_kinds(self) -> list[str]:
        titles = {kind.kind: kind.title.removeprefix("same ").removeprefix("rare ") for kind in self.f.kinds}
        return [titles.get(kind, kind) for kind in pictures.web_kinds(self.f.web)]

    @property
    def claims(self) -> list[tuple[str, str, list[Claim]]]:
        """Claims by group: group, heading, the claims that the page has room for."""
        shown = self.f.claims[: self.detail.claims]
        groups = dict.fromkeys(claim.group for claim in shown)
        return [
            (group, CLAIM_HEADINGS.get(group, group), [claim for claim in shown if claim.group == group])
            for group in groups
        ]

    def lines_of(self, group: str) -> str:
        """Where the lines behind a kind or a sign stand on the page."""
        known = {claim.group for claim in self.f.claims[: self.detail.claims]}
        group = CHANNEL_LINES.get(group, group)
        return f"{self.key}-lines-{safe_name(group, 24).lower()}" if group in known else f"{self.key}-accounts"

    @property
    def platforms(self) -> Markup | None:
        rows = self.f.platform_matrix.rows
        if not rows:
            return None
        labels = [printable(row.value, 28) for row in rows]
        notes = [
            f"{figures.plural(row.inside_count, 'account')}, {figures.count(row.outside_count)} requests"
            for row in rows
        ]
        return pictures.draw_matrix(
            f"{self.key}-platforms", self.f.platform_matrix, f"Platforms of {self.name} by account", labels, notes
        )

    @property
    def ties(self) -> list[tuple[str, Markup]]:
        """One strip chart per kind that ties, with its title."""
        titles = {kind.kind: kind.title for kind in self.f.kinds}
        charts: list[tuple[str, Markup]] = []
        if not self.detail.strips:
            return charts
        for kind in dict.fromkeys(row.kind for row in self.f.ties.rows):
            rows = tuple(row for row in self.f.ties.rows if row.kind == kind)
            part = type(self.f.ties)(self.f.ties.columns, rows)
            labels, notes = [_value(row) for row in rows], [_holders(row) for row in rows]
            key = f"{self.key}-tie-{safe_name(kind, 24)}"
            charts.append(
                (
                    titles.get(kind, kind),
                    pictures.draw_matrix(key, part, f"Members that show the {titles.get(kind, kind)}", labels, notes),
                )
            )
        return charts

    @property
    def spark(self) -> Markup:
        return pictures.draw_spark(self.f.daily.requests)

    @property
    def column_words(self) -> str:
        sizes = self.f.ties.columns
        if all(size == 1 for size in sizes):
            return "one cell an account, in order of birth"
        return f"{len(sizes)} cells of about {figures.count(sum(sizes) / len(sizes))} accounts each, in order of birth"

    def absent(self, role: str) -> list[Sign]:
        """Tests of a role that were done and do not hold."""
        return [sign for sign in self.f.hallmarks if sign.role == role and not sign.holds]

    @property
    def unshared(self) -> list[str]:
        """Kinds that the median link lacks, each with how many members share one all the same."""
        return [f"{kind.title} ({sharing(kind.sharing_share)})" for kind in self.f.kinds if kind.bits < LEAST_BITS]

    @property
    def unlinked(self) -> str:
        """What is to be said where no two members are linked."""
        return UNLINKED if is_unlinked(self.f.members) else ""

    @property
    def fits(self) -> list[tuple[str, Any]]:
        """Each explanation with yes, partly or no."""
        return [(fit_word(sign.fit), sign) for sign in self.f.explanations]


def _value(tie: Tie) -> str:
    return printable(tie.value, 34)


def _holders(tie: Tie) -> str:
    return f"{figures.plural(tie.inside_count, 'member')}, {figures.count(tie.outside_count)} others"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("forensics.reports.page", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=_safe(figures.count),
        number=_safe(figures.number),
        share=_safe(figures.share),
        p=_safe(figures.p_value),
        days=_safe(figures.days),
        large=_safe(figures.large),
        day=_safe(figures.day),
        moment=_safe(figures.moment),
        plural=_safe(figures.plural),
        stamp=_safe(_stamp),
        short=_safe(lambda value, width=28: printable(value, width)),
        sentence=_sentence,
        remarks=lambda sources: gather_remarks((source.path, note) for source in sources for note in source.notes),
        marks=lambda level: "●" * _MARKS.get(level, 0) + "○" * (3 - _MARKS.get(level, 0)),
        anchor=lambda value: safe_name(value, 40).lower(),
        at_line=_at_line,
        money=_safe(_money),
        beside=lambda sign: (told := beside(vars(sign)))[:1].upper() + told[1:],
        parts=_parts_of_method,
    )
    environment.globals["period"] = _safe(figures.period)
    environment.globals["unit"] = _safe(lambda sign, value: in_its_unit(sign.measure, value))
    return environment


def _parts_of_method(text: str) -> list[tuple[str, str]]:
    """A test's own words as labelled paragraphs; what is for programmers (In, Out, Raises) is left out."""
    parts = []
    for block in re.split(r"\n\s*\n|\n(?=[A-Z][a-z]+(?: [a-z]+)?:\s)", text):
        joined = re.sub(r"\s+", " ", block).strip()
        label, colon, rest = joined.partition(":")
        if colon and re.fullmatch(r"[A-Z][a-z]+( [a-z]+)?", label):
            if label not in {"In", "Out", "Raises"}:
                parts.append((METHOD_LABELS.get(label, label), rest.strip()))
        elif joined:
            parts.append(("", joined))
    return parts


def _safe(write: Any) -> Any:  # noqa: ANN401 - wraps writers of any signature
    """A writer of figures: its no-break spaces are meant and must not be shown as escapes."""

    def written(*arguments: Any, **options: Any) -> Markup:  # noqa: ANN401
        return escape(write(*arguments, **options))

    return written


def _harmless(value: Any) -> Any:  # noqa: ANN401 - whatever a template puts in
    """Every value on its way into the page: what is not already safe becomes printable (and then escaped)."""
    if isinstance(value, Markup | int | float):
        return value
    return printable(value)


def _sentence(text: str | None) -> Markup:
    """A sentence of a hallmark: figures in it may hold no-break spaces, everything else hidden is shown."""
    return escape(sentence(text))


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _money(value: float, currency: str) -> str:
    rounded = figures.count(float(f"{value:.2g}")) if value >= 100 else f"{value:.2f}"
    return f"{rounded}{figures.NBSP}{printable(currency)}"


def _at_line(quote: Quote) -> str:
    return f"{printable(quote.path)}:{quote.line}"
