"""A network's life as one list: births, bans, waves, first tries, new models, and its volume day by day."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from forensics.reports.wording.figures import NBSP, count, number, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.reports.facts.model import Finding

MOMENTS: Final[dict[str, Any]] = {
    "at": pl.Datetime("us", "UTC"),
    "what": pl.String,
    "text": pl.String,
    "account_id": pl.String,
    "number": pl.Float64,
    "path": pl.String,
    "line": pl.UInt64,
}
ORDER = ("day", "model", "template", "birth", "ban", "wave", "replacement")
WAVE = 3  # bans close together, from which they are told as a wave

Moment = tuple[datetime, str, str, str | None, float | None, str | None, int | None]


def tell_timeline(finding: Finding) -> pl.DataFrame:
    """One row per moment, in order: at, what, text, account_id, number, path, line."""
    rows = sorted(_moments(finding), key=lambda row: (row[0], ORDER.index(row[1]), row[3] or "", row[2]))
    return pl.DataFrame(rows, schema=MOMENTS, orient="row")


def _moments(finding: Finding) -> Iterator[Moment]:
    yield from _days(finding)
    for member in finding.members:
        born, quote = member.born_at or member.first_seen_at, member.first_quote
        where = (quote.path, quote.line) if quote is not None else (None, None)
        if born is not None:
            yield (born, "birth", "opened" if member.born_at else "first request", member.account_id, None, *where)
        if member.banned_at is not None:
            yield (member.banned_at, "ban", "banned", member.account_id, None, None, None)
    for item in finding.lives.successions:
        text = f"likely takes the place of {item.banned_id}, banned {number(item.lag_h)} h before"
        yield (item.born_at, "replacement", text, item.successor_id, item.similarity, None, None)
    for wave in (wave for wave in finding.lives.waves if wave.ban_count >= WAVE):
        text = f"{plural(wave.ban_count, 'account')} banned, {plural(wave.birth_count, 'birth')} in the 72 h after"
        yield (
            wave.first_at,
            "wave",
            _plain(f"{text} (usually {number(wave.usual_count)})"),
            None,
            wave.ban_count,
            None,
            None,
        )
    for model, at in finding.model_days.released:
        yield (at, "model", f"{model} is seen for the first time in these logs", None, None, None, None)
    for template in finding.templates:
        text = (
            f"template {template.template}: first request; in the end {plural(template.account_count, 'member')}, "
            f"{count(template.outside_count)} others, {count(template.request_count)} requests"
        )
        yield (template.first_seen_at, "template", _plain(text), None, template.request_count, None, None)


def _days(finding: Finding) -> Iterator[Moment]:
    daily = finding.daily
    for day, requests, active, bans, births in zip(
        daily.days, daily.requests, daily.active, daily.bans, daily.births, strict=True
    ):
        parts = [f"{plural(requests, 'request')} of {plural(active, 'account')}"]
        parts += [plural(births, "birth")] if births else []
        parts += [plural(bans, "ban")] if bans else []
        yield (datetime.combine(day, time.min, UTC), "day", _plain(", ".join(parts)), None, requests, None, None)


def _plain(text: str) -> str:
    return text.replace(NBSP, " ")
