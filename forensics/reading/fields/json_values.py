"""JSON that may be nested to any depth: what is nested deeper than any log is refused, before anything
walks into it.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

DEEPEST: Final = 100  # objects and lists inside each other; exports of agents' conversations have about 20
TOO_DEEP: Final = "nested too deeply"


def load_value(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value of a text.

    Raises: orjson.JSONDecodeError where it is none, or is nested too deeply.
    """
    value = orjson.loads(text)
    if may_be_deep(text) and is_deep(value):
        raise orjson.JSONDecodeError(TOO_DEEP, "", 0)
    return value


def object_of(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """An object, or the same as text, as tables and envelopes have it; of anything else an empty one."""
    if isinstance(value, str):
        if not value.lstrip().startswith("{"):
            return {}
        try:
            value = load_value(value)
        except orjson.JSONDecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def may_be_deep(text: str | bytes) -> bool:
    """Whether there are brackets enough for it."""
    if isinstance(text, str):
        return text.count("{") + text.count("[") > DEEPEST
    return text.count(b"{") + text.count(b"[") > DEEPEST


def is_deep(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Whether a value is nested deeper than any log."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for node in level
            if isinstance(node, dict | list)
            for inner in (node.values() if isinstance(node, dict) else node)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
