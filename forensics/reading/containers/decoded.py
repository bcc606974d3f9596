r"""Bytes of a line → the JSON values in it, whatever their writer did to them.

Halves of emojis, the `\x22` that nginx writes for a quote, objects one after the other without a line end, keys that
come twice: of these the first counts, as it does where polars reads a batch at once.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

from forensics.reading.fields.json_values import is_deep, load_value

_LONE: Final = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)

_HALF: Final = re.compile(rb"\\u[dD]")  # found faster than by `in`

_HEX: Final = re.compile(rb"(?<!\\)((?:\\\\)*)((?:\\x[0-9a-fA-F]{2})+)")

_SHIFT: Final = frozenset(b" \t\r\n,\x1e\0")  # what may stand between two objects


def mend_surrogates(data: bytes) -> bytes:
    """JSON in which half an emoji, as a text that was cut leaves it, is U+FFFD, of the same length: no reader takes it,
    or each its own way.
    """
    return _LONE.sub(rb"\\ufffd", data) if _HALF.search(data) else data


def mend_hex(data: bytes) -> bytes:
    r"""JSON in which `\x22` (nginx with escape=default) is the sign it stands for, escaped as JSON has it."""

    def sign(match: re.Match[bytes]) -> bytes:
        text = bytes.fromhex(match.group(2).replace(rb"\x", b"").decode()).decode("utf-8", errors="replace")
        return match.group(1) + json.dumps(text)[1:-1].encode()

    return _HEX.sub(sign, data) if rb"\x" in data else data


def plain_text(text: str) -> str:
    r"""A text of an access log in which `\"` and `\x22` are the sign they stand for."""
    data = re.sub(
        rb"((?:\\x[0-9a-fA-F]{2})+)",
        lambda match: bytes.fromhex(match.group(1).replace(rb"\x", b"").decode()),
        text.encode(errors="replace"),
    )
    return data.decode(errors="replace").replace('\\"', '"')


def decode(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The one JSON value of a line.

    Raises: orjson.JSONDecodeError where it is none.
    """
    try:
        value = load_value(line)
    except orjson.JSONDecodeError:
        mended = mend_hex(mend_surrogates(line))
        bare = mended.strip(b" \t\r,[]")  # a line of an array that stands over several lines
        mended = bare if bare[:1] == b"{" and bare[-1:] == b"}" else mended
        if mended == line:
            raise
        line, value = mended, load_value(mended)
    return value if _keys_of(value) == _written(line) else _first_of_doubled(line, value)


def load(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """A decoded line; None where it is not JSON."""
    try:
        return decode(line)
    except orjson.JSONDecodeError:
        return None


def load_all(line: bytes) -> list[Any] | None:
    """The values of a line that holds one or several, one after the other; None where it holds anything else."""
    value = load(line)
    if value is not None:
        return [value]
    start = line.lstrip()[:1]
    return split_values(line) if start in {b"{", b"["} and (b"}" in line[:-1] or b"]" in line[:-1]) else None


def split_values(data: bytes) -> list[Any] | None:
    """The values of a text that is several of them one after the other; None where it is broken."""
    try:
        text = mend_hex(data).decode()
    except UnicodeDecodeError:
        return None
    decoder, values, place = json.JSONDecoder(object_pairs_hook=_firsts), [], 0
    while place < len(text):
        if ord(text[place]) < 128 and ord(text[place]) in _SHIFT:
            place += 1
            continue
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return None
        values.append(value)
    return None if is_deep(values) else values or None


def _written(line: bytes) -> int:
    """Keys that stand in a line."""
    return line.count(b'":') - line.count(b'\\":') + line.count(b'" :') - line.count(b'\\" :')


def _keys_of(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Keys of a value and all that it holds."""
    count, stack = 0, [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            count += len(node)
            stack += [inner for inner in node.values() if isinstance(inner, dict | list)]
        elif isinstance(node, list):
            stack += [inner for inner in node if isinstance(inner, dict | list)]
    return count


def _first_of_doubled(line: bytes, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value with the first of each doubled key."""
    try:
        return json.loads(line, object_pairs_hook=_firsts)
    except (ValueError, RecursionError):
        return value


def _firsts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found
