"""The shape of a prompt template: what all its uses have in common, slots for the rest, private parts masked."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = 160  # of each text; templates tell themselves apart early
_SHOWN = 70
_SECRET = (re.compile(r"\b(?:sk|pk|key|token|ghp|xox[a-z]|AKIA)[-_]?[A-Za-z0-9_-]{12,}"), "‹secret›")
_MASKS = (
    (re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)+\b"), "‹e-mail›"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE), "‹link›"),
    _SECRET,
    (re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"), "‹id›"),
    (re.compile(r"\b[A-Za-z0-9+/_=-]{32,}\b"), "‹code›"),
    (re.compile(r"(?:/[\w.-]+){2,}|[A-Za-z]:\\\S+"), "‹path›"),
    (re.compile(r"\"[^\"\n]{2,200}\"|“[^”\n]{2,200}”"), "‹quote›"),
    (re.compile(r"\d+"), "‹n›"),
)


def mask(text: str) -> str:
    """`text` without addresses, links, secrets, ids, paths, quotations and numbers."""
    for pattern, shown in _MASKS:
        text = pattern.sub(shown, text)
    return text


def find_skeleton(texts: Sequence[str]) -> tuple[tuple[bool, str], ...] | None:
    """Words common to all texts, in order, with slots between: (is a slot, text) parts.

    None with fewer than two texts: a single prompt has no shape, and would show what one person wrote.
    """
    if len(texts) < 2:
        return None
    words = [mask(text).split()[:_WORDS] for text in texts]
    common = words[0]
    for other in words[1:]:
        matcher = difflib.SequenceMatcher(a=common, b=other, autojunk=False)
        kept: list[str | None] = []
        end = 0
        for start, _, size in matcher.get_matching_blocks():
            if start > end or (size == 0 and end < len(common)):
                kept.append(None)
            kept.extend(common[start : start + size])
            end = start + size
        common = [
            word
            for word, before in zip(_strip(kept), [object(), *_strip(kept)], strict=False)
            if word != _SLOT or before != _SLOT
        ]
    parts: list[tuple[bool, str]] = []
    for word in common[:_SHOWN]:
        is_slot = word == _SLOT
        if parts and not is_slot and not parts[-1][0]:
            parts[-1] = (False, f"{parts[-1][1]} {word}")
        else:
            parts.append((is_slot, "…" if is_slot else word))
    if len(common) > _SHOWN:
        parts.append((True, "…"))
    return tuple(parts) if any(not is_slot for is_slot, _ in parts) else None


_SLOT = "\x00slot"


def _strip(words: Sequence[str | None]) -> list[str]:
    return [_SLOT if word is None else word for word in words]
