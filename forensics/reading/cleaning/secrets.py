"""No secret is stored: keys that stand where an id or a word was expected are hashed or masked, error texts are cut to
their code, and a rejected line leaves its form only.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import polars as pl

from forensics.common.secrets import MARKS, PATTERN, SHORTEST, hide_secret, mask_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TEXTS: Final = frozenset({"prompt_text", "system_text"})  # kept at the user's wish, but for secrets in them
_CODE: Final = re.compile(r"[\w.:/#-]{1,64}")
_CODE_FIRST: Final = re.compile(r"([A-Za-z][\w.]{2,63})\s*(?:[:(,]|$)")
_SHAPED: Final = re.compile(r"[A-Z][a-z]+[A-Z]\w*|\w+_\w+|\w+(?:Error|Exception|Fault)|[A-Z]{3,}")
SKELETON_CHARS: Final = 160
_SAMPLED: Final = 1_000  # values by which a column is told to repeat itself
_SEVERAL_WORDS: Final = r"(?:%20|\+|\s)[^&]*?(?:%20|\+|\s)"
_SPACED: Final = re.compile(_SEVERAL_WORDS)
_OTHER: Final = re.compile(r"[^\x20-\x7e]|[A-Za-z]")


def hide_in_events(events: pl.DataFrame) -> pl.DataFrame:
    """Events without secrets. Only what is stored is looked through: texts that are not kept may hold any."""
    names = [
        name
        for name, dtype in events.schema.items()
        if dtype == pl.String and events[name].null_count() < events.height
    ]
    for name, (odd, change) in _CUT.items():
        if name in names:
            events = events.with_columns(_changed(events[name], odd, change))
    return hide_in(events, names)


def hide_in(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """A table of which some columns hold no secret any more: what was equal stays equal."""
    names = [name for name in names if _may_hold(frame[name])]
    change = {name: mask_secrets if name in _TEXTS else hide_secret for name in names}
    return frame.with_columns(_changed(frame[name], PATTERN, change[name]) for name in names)


def _may_hold(values: pl.Series) -> bool:
    """Whether anything in a column begins as secrets do. One long text is looked through faster than many short ones,
    and what repeats is looked at once.
    """
    longest = values.str.len_bytes().max()
    if not isinstance(longest, int) or longest < SHORTEST:
        return False
    repeats = values.head(_SAMPLED).n_unique() * 2 < min(values.len(), _SAMPLED)
    return bool((values.unique() if repeats else values).str.join("\n").str.contains(MARKS).item())


def _changed(values: pl.Series, pattern: str, change: Callable[[str], str]) -> pl.Series:
    """The values, those that fit a pattern changed."""
    fits = values.str.contains(pattern).fill_null(value=False)
    if not fits.any():
        return values
    unique = values.filter(fits).unique()
    return values.replace(unique, pl.Series([change(text) for text in unique.to_list()], dtype=pl.String))


def short_code(text: str) -> str:
    """An error as a code: the text of an error may quote the prompt. What has no code is told apart by a hash."""
    if _CODE.fullmatch(text):
        return text
    first = _CODE_FIRST.match(text.strip())
    if first and _SHAPED.fullmatch(first.group(1)):
        return first.group(1)
    return _text_mark(text)


def bare_path(text: str) -> str:
    """A path without what stands behind it; what is no path, as a path holds no spaces, is told apart by a hash."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return first if first.startswith("/") or "://" in first else _text_mark(text)


def bare_query(query: str) -> str:
    """The query of an address; values of several words, as prompts are, are told apart by a hash."""
    return "&".join(_bare_value(part) for part in query.split("&"))


def _bare_value(part: str) -> str:
    name, _, value = part.partition("=")
    return f"{name}={_text_mark(value)}" if _SPACED.search(value) else part if value else _bare_name(name)


def _bare_name(name: str) -> str:
    return _text_mark(name) if _SPACED.search(name) else name


def _text_mark(text: str) -> str:
    return f"text#{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}"


# Columns in which a text may stand where a word belongs: what is odd in them, and what it becomes.
_CUT: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "error_code": (r"[^\w.:/#-]|.{65}", short_code),
    "endpoint": (r"\s", bare_path),
    "endpoint_query": (_SEVERAL_WORDS, bare_query),
}


def skeleton_of(line: str) -> str:
    """The form of a line: every letter x, every digit 9, signs as they are."""
    form = _OTHER.sub("x", line[:SKELETON_CHARS])
    return re.sub(r"\d", "9", form)


def hash_line(line: bytes) -> str:
    """Who has the line can show that it was this one."""
    return hashlib.sha256(line).hexdigest()
