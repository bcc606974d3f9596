"""A finding on one screen: is there something, how bad, why, what would make it innocent, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from forensics.common.schema import CONTENT_FLAGS, EXTRACTION_MASK
from forensics.reports.facts.overview import FLAG_TITLES
from forensics.reports.wording.figures import NBSP, count, days, large, plural, share
from forensics.reports.wording.in_words import best_reason, strongest, told_shortly
from forensics.reports.wording.words import VERDICT_MEANINGS, against_limit, only_used, opening, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.reports.screen.cards import Card
    from forensics.reports.screen.page import Page

Row = Mapping[str, Any]
SIGNS = {"pooling": 3, "concealment": 2}  # the strongest of each that are told: five in all
LABEL = 11  # columns of the words at the left
LEAST_ASKED = 0.02  # of requests, for what they ask for to be told


def render_brief(page: Page, row: Row, card: Card, case_option: str = "") -> None:
    """The finding in about twenty lines; all of it by `show` or --full."""
    page.rule(f"{row['rank']} · {row['name']}")
    page.paragraph(opening(row))
    page.paragraph(_pace(row))
    page.blank()
    brings = {item["name"]: item["nats"] for item in row["shares"] or () if item["axis"] != "explained"}
    for role, label in (("pooling", "One hand"), ("concealment", "Hides")):
        signs = [_told(item) for item in strongest(card.hallmarks, brings, role, SIGNS[role])]
        _say(page, label, signs or [VERDICT_MEANINGS[role][row[role] or "unknown"].capitalize() + "."])
    _say(page, "Harvests", _asked(row, card))
    _say(page, "Innocent?", _innocent(card))
    _say(page, "Also", _used(card))
    option = f" {case_option}" if case_option else ""
    rank = row["rank"]
    steps = [
        f"forensics show {rank}{option} --lives",
        f"forensics timeline {rank}{option}",
        f"forensics events {rank}{option}",
        f"forensics report --network {rank}{option} -o {row['name']}.html",
    ]
    _say(page, "Look next", [step.replace(" ", NBSP) for step in steps])  # a line each, to be copied whole


def _say(page: Page, label: str, sentences: Sequence[str]) -> None:
    for number_, text in enumerate(sentences):
        page.paragraph(text, label=f"{label if not number_ else '':<{LABEL}}")


def _pace(row: Row) -> str:
    pace = f"{count(round(row['daily_count'] or 0))}{NBSP}a{NBSP}day"
    parts = [f"{plural(row['request_count'], 'request')} in {days(row['span_days'])}, {pace}"]
    if row["limit_multiple"] is not None:
        parts.append(f"at its peak {against_limit(row['limit_multiple'])}")
    return "; ".join(parts) + "."


def _told(item: Row) -> str:
    return sentence(told_shortly(item))


def _asked(row: Row, card: Card) -> list[str]:
    """What its requests ask for beside others', and how much it took."""
    parts = []
    for item in card.content:
        if (item["member_share"] or 0.0) >= LEAST_ASKED and CONTENT_FLAGS.get(item["flag"], 0) & EXTRACTION_MASK:
            others = f" (others {share(item['population_share'])})" if item["population_share"] is not None else ""
            parts.append(f"{FLAG_TITLES.get(item['flag'], item['flag'])} {share(item['member_share'])}{others}")
    if not card.content:
        parts.append("what was asked cannot be told: no prompt text")
    if row["output_tokens"] is not None:
        parts.append(f"{large(row['output_tokens'])} output tokens")
    level = [] if row["extraction"] in {"likely", "strong"} else [f"extraction {row['extraction']}"]
    return [" · ".join(part.replace(" ", NBSP) for part in [*level, *parts])] if parts else []


def _innocent(card: Card) -> list[str]:
    """The best innocent reading, and how far it fits."""
    best = best_reason(card.hallmarks)
    return [f"Best: {sentence(best)}" if best else "No innocent reason could be assessed from these logs."]


def _used(card: Card) -> list[str]:
    return [f"{only_used(card.used)}."] if card.used else []
