"""Fields without a name, read by what stands in them: the tail of an access log, captured headers of HAProxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

ADDRESS: Final = r"(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)"
_CHAIN: Final = rf"^{ADDRESS}(?::\d+)?(?:, ?(?:{ADDRESS}(?::\d+)?|unknown|-))*$"
_UPSTREAM: Final = r"(?:\.\d{1,3}|\]):\d+(?:,|$)"  # an address and a port, as servers are named
_SECONDS: Final = r"^\d+\.\d{1,6}$"
_WHOLE: Final = r"^\d+$"
_TOLD: Final = r"^\d+(?:\.\d+)?(?:[mnuµμ]s|s)$"  # says its unit
_BOTH: Final = r"^(\d+)/(\d+)$"  # Apache's %T/%D: seconds, then the same in microseconds
_ID: Final = r"^(?:[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|Root=\S+|[\w-]*[0-9][\w-]{18,})$"
_CLIENT: Final = r"^[A-Za-z][\w.+-]*(?:[ /][A-Za-z]+)*/?\s?v?\d|^Mozilla/|^[A-Za-z][\w.-]+/[\w.]+"
_HOST: Final = r"^(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d+)?$|^localhost(?::\d+)?$"
_WORD: Final = r'"((?:[^"\\]|\\.)*)"|([^\s"]+(?:, [^\s"]+)*)'
_MANY: Final = 24  # words of a tail that are looked at


def _mostly(values: pl.Series, pattern: str) -> bool:
    """Whether most of what stands there is of this form."""
    said = values.drop_nulls()
    return bool(said.len()) and 2 * int(said.str.contains(pattern).sum()) > said.len()


def _longest(lists: pl.Series) -> int:
    """Items of the longest list."""
    sizes = lists.drop_nulls().list.len()
    return max(sizes.to_list(), default=0)


def unpack_tail(raw: pl.DataFrame) -> pl.DataFrame:
    """Chain, duration and request id out of what stands behind the usual fields of an access log.

    nginx writes seconds with a point and writes its lines at the end; whole numbers are Apache's, in a unit of the
    operator's choice, and its time is that of the start, as that of durations with their unit is (Traefik). An address
    with a port that stands without quotes is a server's, no client's.
    """
    if "tail" not in raw.columns:
        return raw
    tail = raw["tail"]
    if tail.null_count() == tail.len():
        return raw.drop("tail")
    words = tail.str.extract_all(_WORD)
    found: dict[str, list[pl.Series]] = {}
    wholes: list[pl.Series] = []
    for place in range(min(_longest(words), _MANY)):
        word = words.list.get(place, null_on_oob=True)
        quoted = bool(word.drop_nulls().str.starts_with('"').any())
        word = word.str.strip_chars('"')
        word = word.set(word.is_in(["", "-"]).fill_null(value=False), None)
        keyed = word.str.extract(r"^\w+[=:](.+)$", 1)
        word = keyed.str.strip_chars('"').zip_with(keyed.is_not_null() & _keyed(word), word)
        name = _field_of(word)
        if name == "whole":
            wholes.append(word)
        elif name == "both":
            found.setdefault("latency_us", []).append(word.str.extract(_BOTH, 2))
        elif name and not (name == "forwarded_for" and not quoted and _mostly(word, _UPSTREAM)):
            found.setdefault(name, []).append(word)
    if wholes and not {"took_s", "latency_ms", "latency_us"} & set(found):
        found["request_latency"] = wholes[-1:]  # nginx has whole numbers too, but its duration has a point
    return _filled(raw.drop("tail"), found)


def _keyed(word: pl.Series) -> pl.Series:
    """Which words carry their name: `rt=0.012`, not `Root=1-…` or an address."""
    return word.str.contains(
        r"^(?i:rt|urt|uct|uht|ua|time|took|duration|latency|request_time|xff|id|req_?id|request_?id)[=:]"
    ).fill_null(value=False)


def _field_of(word: pl.Series) -> str:
    """The field that a word of the tail is, judged by all its values."""
    for name, pattern in (
        ("forwarded_for", _CHAIN),
        ("took_s", _SECONDS),
        ("latency_ms", _TOLD),
        ("both", _BOTH),
        ("whole", _WHOLE),
        ("request_id", _ID),
        ("user_agent", _CLIENT),
    ):
        if _mostly(word, pattern):
            return name
    return ""


def _filled(raw: pl.DataFrame, found: dict[str, list[pl.Series]]) -> pl.DataFrame:
    """The fields found, where no field of their own has them; of several the first."""
    for name, words in found.items():
        word = words[0]
        if name == "took_s":  # the first is the request's, those after it the upstream's
            word = word.set(~word.str.contains(_SECONDS).fill_null(value=False), None)
        if name in raw.columns:
            word = raw[name].zip_with(raw[name].is_not_null(), word)
        raw = raw.with_columns(word.alias(name))
    return raw


def unpack_captures(raw: pl.DataFrame) -> pl.DataFrame:
    """User agent, host and forwarding chain out of captured headers, `host|agent`, told by their form."""
    if "captures" not in raw.columns:
        return raw
    parts = raw["captures"].str.split("|")
    found: dict[str, list[pl.Series]] = {}
    for place in range(_longest(parts)):
        word = parts.list.get(place, null_on_oob=True)
        word = word.set(word.is_in(["", "-"]).fill_null(value=False), None)
        for name, pattern in (("forwarded_for", _CHAIN), ("server_address", _HOST), ("user_agent", _CLIENT)):
            if _mostly(word, pattern):
                found.setdefault(name, []).append(word)
                break
    return _filled(raw.drop("captures"), found)
