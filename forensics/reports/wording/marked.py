"""Text for Markdown: nothing in it is taken for markup."""

from __future__ import annotations

import re

from forensics.common.printable import printable, shorten
from forensics.reports.wording.words import sentence

_ACTIVE = re.compile(r"([\\`*_{}\[\]|<>~&$^])")

_AT_START = re.compile(r"^(\s*)([#+\-=]|\d+(?=[.)]))")  # would make a heading or a list of a line

_LINKS = re.compile(r"(?i)(?<=www)\.|:(?=//)")  # some renderers link bare addresses


def code(value: object, width: int = 400) -> str:
    """A log's value as a code span: whatever it holds stays text, also inside a table."""
    shown = shorten(printable(value), width).replace("`", "\\x60").replace("|", "\\x7c")
    # Renderers strip one space on both sides, and an empty span is none.
    return f"`{shown}`" if shown.strip() else "`\\x20`"


def prose(text: str | None) -> str:
    """A sentence with every sign that Markdown could act on escaped; `@` alone would still become a mail link."""
    shown = _LINKS.sub(lambda found: f"`{found.group()}`", _ACTIVE.sub(r"\\\1", sentence(text))).replace("@", "`@`")
    return _AT_START.sub(
        lambda found: f"{found.group(1)}{''.join(f'&#{ord(char)};' for char in found.group(2))}", shown
    )
