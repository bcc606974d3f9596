"""Bytes of a found corpus → its documents: JSON lines, paragraphs of a text, lines of a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KINDS = ("json", "text", "lines", "texts")  # JSON lines; paragraphs; a document a line; documents apart by a NUL
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_ESCAPES = re.compile(r'\\(?:u([0-9a-fA-F]{4})|([nrtbf"\\/]))')
_MEANT = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}


def documents(data: bytes, kind: str, fields: frozenset[str]) -> list[str]:
    """The documents of some whole lines. `fields`: of JSON only the text under these names; empty: all text."""
    if kind == "json":
        return [text for line in data.splitlines() for text in _of_json(line, fields)]
    text = data.decode("utf-8", "replace")
    if kind == "texts":
        return [part for part in text.split("\x00") if part]
    parts = _PARAGRAPH.split(text) if kind == "text" else text.split("\n")
    return [part.replace("\x00", " ") for part in parts if part and not part.isspace()]


def looks_like_json(head: bytes) -> bool:
    """Whether a corpus begins like JSON."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith((b'{"', b"[{", b'["', b"{\n", b"[\n", b"{}", b"{ ", b"[ "))


def _of_json(line: bytes, fields: frozenset[str]) -> Iterator[str]:
    """Texts of a line: one an object; one an item of a list; a line that is no JSON as it reads, escapes undone."""
    if not line or line.isspace():
        return
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        plain = _ESCAPES.sub(_unescape, line.decode("utf-8", "replace"))
        yield plain.encode("utf-8", "replace").decode().replace("\x00", " ")
        return
    for item in value if isinstance(value, list) else (value,):
        text = "\n\n".join(strings(item, fields))
        if text:
            yield text.replace("\x00", " ")


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _MEANT.get(match[2], match[2])


def strings(value: Any, fields: frozenset[str] = frozenset(), *, inside: bool = False) -> Iterator[str]:  # noqa: ANN401 - JSON of any shape
    """Every text in a value, or only those under names of `fields`; nesting of any depth, without recursion."""
    waiting = [(value, inside or not fields)]
    while waiting:
        item, taken = waiting.pop()
        if isinstance(item, str):
            if taken:
                yield item
        elif isinstance(item, dict):
            waiting.extend((child, taken or name in fields) for name, child in reversed(item.items()))
        elif isinstance(item, list):
            waiting.extend((child, taken) for child in reversed(item))


def as_texts(values: Iterable[str]) -> bytes:
    """Documents as bytes of the kind `texts`."""
    return "\x00".join(value.replace("\x00", " ") for value in values if value).encode("utf-8", "replace")
