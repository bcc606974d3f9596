"""Numbers of a test in words that an analyst has: how much, beside what, and how surely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from forensics.reports.wording.figures import NBSP, number, p_value
from forensics.reports.wording.words import fit_word, in_its_unit

Row = Mapping[str, Any]
LONGEST = 150  # letters of a sentence on the first screen
LEAST_CLAUSE = 60  # letters before a colon, from which they say enough
LEAST_TIMES = 1.5  # a ratio below says "about as much"


def in_short(sentence: str, longest: int = LONGEST) -> str:
    """The first clause of a sentence that can stand alone: what follows `;` or a second full stop is for --full."""
    first = re.split(r";\s|(?<=[a-z0-9)%])\.\s(?=[A-Z])", sentence.strip().rstrip("."), maxsplit=1)[0]
    head, colon, _ = first.partition(": ")
    whole = head.count("(") == head.count(")")
    first = head if colon and whole and len(head) >= LEAST_CLAUSE else first
    while len(first) > longest and (at := _last_clause(first)) > 0:
        if first.count("(", at) > first.count(")", at):
            break
        first = first[:at]
    balanced = first + ")" * max(0, first.count("(") - first.count(")"))
    return balanced.rstrip(" ,:") + "."


def _last_clause(text: str) -> int:
    """Where the last clause begins: at a comma before a figure, so that no enumeration is told in part; else at any."""
    clauses = [match.start() for match in re.finditer(r", (?=\d)", text)]
    return clauses[-1] if clauses else text.rfind(", ")


def reason_given(sentence: str) -> str:
    """What a sentence about an innocent reason counts, without its "X does not fit: "."""
    head, colon, tail = sentence.partition(": ")
    introduced = colon and re.search(r"\bfits?$|\bspeaks? for it in part$", head)
    return tail[:1].upper() + tail[1:] if introduced else sentence


def beside(item: Row) -> str:
    """What was seen beside what is expected, as a sentence would say it; empty where there is nothing to compare."""
    seen, expected = item["observed"], item["expected"]
    if seen is None or expected is None:
        return ""
    if _differs(item):
        return _alike(seen, expected, item["position"])
    if (item["measure"] or "").startswith("share "):
        return f"{in_its_unit(item['measure'], seen)} against {in_its_unit(item['measure'], expected)}"
    if seen > 0 and expected > 0:
        return _times(seen / expected)
    return f"{number(seen)} against {number(expected)}"


def _differs(item: Row) -> bool:
    """Whether a test measures how much members differ, the less the more alike; others have a place on the same scale
    though what they measure grows.
    """
    return item.get("position") is not None and item["observed"] <= item["expected"]


def _alike(seen: float, expected: float, position: float) -> str:
    """How alike members are, between customers of their own (0) and one queue (1)."""
    times = expected / seen if seen > 0 else float("inf")
    if position >= 1 / 2:
        if times < LEAST_TIMES:
            return "members differ as one queue would, and customers hardly more"
        more = f"customers differ {_round(times)}{NBSP}times as much" if times < 1e4 else "customers differ"
        return f"members differ as one queue would; {more}"
    return "members differ nearly as separate customers do"


def _times(ratio: float) -> str:
    if ratio >= LEAST_TIMES:
        return f"{_round(ratio)}{NBSP}times what is expected"
    if ratio <= 1 / LEAST_TIMES:
        return f"{_ordinal(1 / ratio)} of what is expected"
    return "about what is expected"


def _round(ratio: float) -> str:
    """As few digits as a reader needs: 23, 2.8."""
    return number(round(ratio)) if ratio >= 3 else f"{ratio:.1f}"


def _ordinal(times: float) -> str:
    """5.6 → a sixth."""
    whole = round(times)
    words = {
        2: "half",
        3: "a third",
        4: "a quarter",
        5: "a fifth",
        6: "a sixth",
        7: "a seventh",
        8: "an eighth",
        9: "a ninth",
        10: "a tenth",
    }
    return words.get(whole, f"one part in {number(whole)}")


def strongest(signs: Iterable[Row], brings: Mapping[str, float], role: str, most: int) -> list[Row]:
    """Signs of a role that hold: first those that only one hand leaves, of them those that bring most, then by p."""
    holding = [item for item in signs if item["role"] == role and item["holds"]]
    holding.sort(
        key=lambda item: (
            item.get("nature") == "likeness",
            -brings.get(item["name"], 0.0),
            item["p_value"] or 0.0,
            item["name"],
        )
    )
    return holding[:most]


def told_shortly(item: Row) -> str:
    """A sign in one sentence with how sure it is; of a likeness test how alike members are beside customers."""
    known = item["observed"] is not None and item["expected"] is not None
    alike = beside(item) if known and _differs(item) else ""
    title = item["title"]
    said = f"{title[:1].upper()}{title[1:]}: {alike}." if alike else in_short(item["sentence"] or title)
    return f"{said} {how_sure(item)}".strip()


def best_reason(signs: Iterable[Row]) -> str:
    """The innocent reason that fits best, how far, and what was counted; empty where none could be assessed."""
    known = [item for item in signs if item["role"] == "explanation" and item["assessable"]]
    if not known:
        return ""
    best = max(known, key=lambda item: (item["fit"] or 0.0, item["name"]))
    word = {"yes": "fits", "partly": "fits in part", "no": "does not fit"}[fit_word(best["fit"])]
    told = in_short(reason_given(best["sentence"] or ""))
    return f"{best['title']}, {word} ({best['fit'] or 0.0:.2f} of 1): {told[:1].lower()}{told[1:]}"


def how_sure(item: Row) -> str:
    """P < 0.001, or nothing where no p belongs to the test."""
    if item["p_value"] is None:
        return ""
    told = p_value(item["p_value"])
    return f"p{NBSP}{told}" if told.startswith("<") else f"p{NBSP}={NBSP}{told}"
