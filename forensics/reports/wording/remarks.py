"""Remarks on how sources were read: each sentence once, whatever number of lines of each file it holds for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from forensics.reports.wording.figures import count

if TYPE_CHECKING:
    from collections.abc import Iterable

_COUNTED = re.compile(r"(?<![\w.,:-])(\d[\d,]*)(?=(?: of \d[\d,]*)? (?:lines?|records?|rows?)\b)")
_LINES = re.compile(r"\x00 (line|record|row)s?\b")


def gather_remarks(noted: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Each remark with the sources it holds for, in the order of first sight; counts of lines in it are added up.

    A remark that came once for every file, each time with another number of lines, used to fill the first screen.
    """
    found: dict[str, tuple[list[int], list[str]]] = {}
    for source, note in noted:
        numbers = [int(number.replace(",", "")) for number in _COUNTED.findall(note)]
        form = _LINES.sub(lambda match: f"\x00 {match.group(1)}s", _COUNTED.sub("\x00", note))
        sums, sources = found.setdefault(form, ([0] * len(numbers), []))
        sums[:] = [before + number for before, number in zip(sums, numbers, strict=True)]
        if source not in sources[-1:]:
            sources.append(source)
    return [(_filled(form, sums), sources) for form, (sums, sources) in found.items()]


def _filled(form: str, sums: list[int]) -> str:
    parts = form.split("\x00")
    text = parts[0]
    for number, rest in zip(sums, parts[1:], strict=True):
        text += count(number) + (re.sub(r"^ (line|record|row)s\b", r" \1", rest) if number == 1 else rest)
    return text
