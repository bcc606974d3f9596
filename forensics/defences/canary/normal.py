"""The form in which phrasings and found texts are compared: what a clean-up usually does, done to both.

NFKC, lower case, white space to one space, quotes and dashes to their ASCII forms, what draws as nothing taken out.
"""

from __future__ import annotations

import re
import unicodedata

SEPARATOR = "\x00"  # between documents; taken out of the documents themselves

_QUOTES = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4\u02b9\u02bc\u02bb", "'")
_DOUBLE = dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u301d\u301e", '"')
_DASHES = dict.fromkeys([*map(chr, range(0x2010, 0x2016)), "\u2212", "\ufe58"], "-")
_SPACES = dict.fromkeys("\u0085\u2028\u2029\u1680", " ")
_NOTHING = dict.fromkeys(
    [
        *"\u00ad\u034f\u061c\u180e\ufeff",
        *map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]),
    ],
    "",
)
_NOTHING |= dict.fromkeys(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0)]), "")
_FOLDS = _QUOTES | _DOUBLE | _DASHES | _SPACES | _NOTHING
_WHITE = bytes(32 if code in b"\t\n\v\f\r\x1c\x1d\x1e\x1f" else code for code in range(256))
_BESIDE_LETTERS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """The text as it is compared."""
    return normalise_block(text.replace(SEPARATOR, " ")).decode("utf-8", "replace").strip(" ")


def normalise_block(text: str) -> bytes:
    """Texts with SEPARATOR between them, as they are compared, in UTF-8; as many separators as before."""
    if text.isascii():
        data = text.replace("`", "'").encode("ascii").lower()
    else:
        folded = unicodedata.normalize("NFKC", text).lower()
        for char in _FOLDS.keys() & set(
            folded
        ):  # few of them stand in a text; a replacement each is faster than a pass over classes
            folded = folded.replace(char, _FOLDS[char])
        data = folded.encode("utf-8", "replace")
    data = data.translate(_WHITE)
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data


def bare(text: str) -> str:
    """Letters and digits alone, without marks over them: what is left after the hardest usual clean-up."""
    parted = unicodedata.normalize("NFKD", normalise(text))
    return _BESIDE_LETTERS.sub("", "".join(char for char in parted if not unicodedata.combining(char)))
