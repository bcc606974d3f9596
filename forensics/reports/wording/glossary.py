"""The words of every report, from the page that ships with the tool."""

from __future__ import annotations

import re
from importlib import resources

_ROW = re.compile(r"^\| ([^|]+) \| (.+) \|$")


def read_glossary() -> dict[str, str]:
    """Word → what it means, in the order of the page."""
    text = resources.files("forensics").joinpath("docs/glossary.md").read_text("utf-8")
    rows = [match.groups() for line in text.splitlines() if (match := _ROW.match(line))]
    return {word.strip(): meaning.strip() for word, meaning in rows if word not in {"word", "---"}}
