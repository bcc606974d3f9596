"""Log content made harmless to look at: the one place where hostile text becomes visible escapes.

Log content is hostile: a user agent may hold terminal escapes, right-to-left overrides that reorder a line, invisible
tag characters, a spreadsheet formula. Everything a person or their software will *display* passes through here; Parquet
and JSON keep the raw value.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from forensics.common.secrets import MARKS, mask_secrets

# Format characters (Cf) hold bidi, zero-width, tags and the byte order mark; Cc is C0, DEL and C1; Zl and Zp break
# lines;
# Cs cannot be encoded; Co and Cn have no agreed shape. The further ones draw as nothing, or as a second space.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_LOOKING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U0001d159")
_SHORTEST_SECRET = 12
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN = re.compile(r"[ -\[\]-~]*")  # printable ASCII but the backslash: nothing to do
_MARKS_IN_A_ROW = 4  # stacked combining marks that still are writing in some language; more only paint over other lines

# A spreadsheet reads a cell that starts so as a formula, also after spaces that it trims, and in full-width form.
_FORMULA = re.compile(r"[\s']*[=+\-@|%\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


@cache
def _marked() -> re.Pattern[str]:
    """Signs of a secret: most text shows none, and is looked at once. Made when first asked for."""
    return re.compile(MARKS.replace(r"(?-u:\b)", r"\b"))


def _escape(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_hidden(char: str) -> bool:
    if unicodedata.category(char) in _HIDDEN_CATEGORIES or char in _BLANK_LOOKING:
        return True
    code = ord(char)
    # Variation selectors can carry a hidden message byte by byte; spaces other than U+0020 imitate it.
    return (
        0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or (char != " " and unicodedata.category(char) == "Zs")
    )


def printable(value: object, width: int | None = None) -> str:
    """Text that shows what it holds: controls, escapes, bidi, zero-width and tag characters as visible escapes.

    A secret of a known shape is masked. A backslash is doubled so that no log can forge an escape. None is the
    empty string. With `width` a longer text
    is shortened in the middle, after escaping.
    """
    text = "" if value is None else str(value)
    if len(text) >= _SHORTEST_SECRET and _marked().search(text):
        text = mask_secrets(text)
    if not _PLAIN.fullmatch(text):
        shown: list[str] = []
        marks = 0
        for char in text:
            marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
            if char == "\\":
                shown.append("\\\\")
            elif _is_hidden(char) or marks > _MARKS_IN_A_ROW:
                shown.append(_escape(char))
            else:
                shown.append(char)
        text = "".join(shown)
    return text if width is None else shorten(text, width)


def shorten(text: str, width: int) -> str:
    """`text` in at most `width` characters: the middle goes, as both ends of an id tell it apart."""
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    head = (width - 1 + 1) // 2
    tail = width - 1 - head
    return f"{text[:head]}…{text[len(text) - tail :] if tail else ''}"


def csv_cell(value: object) -> str:
    """A CSV cell that no spreadsheet runs: printable, and with a leading `'` if it starts like a formula.

    Numbers, also negative ones, stay numbers.
    """
    text = printable(value)
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def safe_name(value: object, width: int = 80) -> str:
    """A file name made of `value`: ASCII letters, digits, `_`, `-` and inner dots only; never empty, hidden or
    reserved.
    """
    text = re.sub(r"[^A-Za-z0-9._-]+", "_", unicodedata.normalize("NFKD", str(value)))
    text = re.sub(r"\.{2,}", "_", text).strip("._-")[:width].rstrip("._-")
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", text)
    return f"_{text}" if reserved or not text else text
