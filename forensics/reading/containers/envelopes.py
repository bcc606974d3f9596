r"""Lines inside lines: what a collector wraps around the lines of a server.

An envelope is a prefix (syslog, container runtimes, `docker compose`, a logger's own words before an object), or a text
field of a JSON record or a table (`log`, `message`, `MESSAGE`, `_raw`). The line inside is read as it is; the time of
the envelope counts only where the line itself tells none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from forensics.reading.containers.decoded import load, load_all
from forensics.reading.containers.delimited import read_csv
from forensics.reading.containers.records import CUT_OFF, OTHER_LINES, Rows, as_text, dig, unwrap
from forensics.reading.fields.plan import Plan
from forensics.reading.opening.sources import make_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from forensics.reading.fields.aliases import Path
    from forensics.reading.fields.format import Format
    from forensics.reading.opening.sources import Batch

TEXT_KEYS: Final = (
    "log",
    "message",
    "@message",
    "MESSAGE",
    "msg",
    "line",
    "textPayload",
    "_raw",
    "LogMessage",
    "LogEntry",
    "event",
    "raw",
    "log_line",
    "original",
    "content",
    "text",
    "body",
    "stringValue",
)
_ROOFS: Final = ("", "attributes", "result", "jsonPayload", "fields", "event", "log", "data", "body")
_TIME_KEYS: Final = (
    "time",
    "timestamp",
    "@timestamp",
    "_time",
    "ts",
    "date",
    "TimeGenerated",
    "TimeGenerated [UTC]",
    "__REALTIME_TIMESTAMP",
    "timeUnixNano",
    "attributes.timestamp",
    "result._time",
    "receiveTimestamp",
    "ingestionTime",
    "observedTimeUnixNano",
)
_ISO: Final = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_PROGRAM: Final = rb"[^\s:\[\]{\"]+(?:\[\d+\])?: +"

PREFIXES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rb"(?P<time>\d{4}-\d\d-\d\dT\S+) std(?:out|err) [FP] ",  # container runtimes (CRI)
        rb"(?:<\d{1,3}>)?1 (?P<time>\S+) \S+ \S+ \S+ \S+ (?:-|(?:\[[^\]]*\])+) (?:\xef\xbb\xbf)?",  # RFC 5424
        rb"(?:<\d{1,3}>)?(?P<time>[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?) (?:\S+ )?" + _PROGRAM,  # RFC 3164
        rb"(?P<time>" + _ISO + rb") \S+ " + _PROGRAM,  # syslog with the time in full
        rb"\[pod/[^\]]+\] ",  # kubectl logs --prefix
        rb"[\w.-]+ +\| ",  # docker compose logs
        rb"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) (?!\")",  # docker logs --timestamps
        rb"(?P<time>\d{4}[/-]\d\d[/-]\d\d[T ]\d\d:\d\d:\d\d\S*)[^{]{0,200}?(?=\{\s*\")",  # a logger's words, an object
        rb"[^{]{0,200}?(?=\{\s*\")",
    )
)
_REQUEST_LIKE: Final = re.compile(
    rb"\"[A-Z]{3,8} [^\"]* HTTP/|\[\d\d/[A-Z][a-z]{2}/\d{4}:|\[GIN\]|\b(?:GET|POST|PUT|HEAD|PATCH|DELETE|CONNECT)\b"
)


@dataclass(frozen=True)
class Opened:
    """The lines inside those of a batch: each with the row it stands in and the time of its envelope."""

    batch: Batch
    rows: list[int]
    times: list[str | None]
    empty: list[int]  # rows with nothing inside


@dataclass(frozen=True)
class Envelope:
    """What stands around the lines of a source: a prefix, or the path of a text field and perhaps of a time."""

    prefix: re.Pattern[bytes] | None = None
    text: Path = ()
    time: Path = ()
    nest: Callable[[Any], list[Any] | None] | None = None  # finds records that nest in a way of their own
    header: tuple[str, ...] = ()  # of a table
    delimiter: str = ","

    def open(self, batch: Batch, form: Format) -> Opened:
        """The lines inside."""
        if self.prefix is not None:
            found = _behind_prefix(batch, self.prefix)
        elif self.header:
            found = self._in_table(batch, form)
        else:
            found = self._in_records(
                (row, record) for row in range(batch.starts.size) for record in _records(batch.line(row), self.nest)
            )
        return _opened(found, batch.starts.size)

    def open_records(self, records: Sequence[Any]) -> Opened:
        """The lines inside records; rows are their places."""
        return _opened(self._in_records(enumerate(records)), len(records))

    def _in_records(self, records: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, bytes, str | None]]:
        for row, record in records:
            if isinstance(record, dict):
                yield row, _text_of(dig(record, self.text)), as_text(dig(record, self.time)) if self.time else None

    def _in_table(self, batch: Batch, form: Format) -> Iterator[tuple[int, bytes, str | None]]:
        plain = replace(form, read=None, only={}, pattern="", by_alias=False)
        plan = Plan({"text": (self.text,), **({"time": (self.time,)} if self.time else {})})
        rows = read_csv(batch, self.header, self.delimiter, plan, plain)
        for told in rows.frame.iter_rows(named=True):
            yield told["row"], (told["text"] or "").encode(), told.get("time")


def _records(line: bytes, nest: Callable[[Any], list[Any] | None] | None) -> list[Any]:
    """The records in a line, opened as far as they are JSON."""
    values = load_all(line) or []
    return [record for value in values for record in ((nest(value) if nest else None) or unwrap(value) or [])]


def _text_of(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """The text of a field; journald writes one with control signs as a list of bytes."""
    if isinstance(value, list) and value and all(isinstance(one, int) and 0 <= one < 256 for one in value):
        return bytes(value)
    return value.encode(errors="replace") if isinstance(value, str) else b""


def _behind_prefix(batch: Batch, prefix: re.Pattern[bytes]) -> Iterator[tuple[int, bytes, str | None]]:
    for row in range(batch.starts.size):
        line = batch.line(row)
        match = prefix.match(line)
        if match is None:
            yield row, line, None
        else:
            told = match.groupdict().get("time")
            yield row, line[match.end() :], told.decode(errors="replace") if told else None


_COLOUR: Final = re.compile(rb"\x1b\[[0-9;]*m")


def _opened(found: Iterable[tuple[int, bytes, str | None]], count: int) -> Opened:
    inner: list[bytes] = []
    rows: list[int] = []
    times: list[str | None] = []
    for row, text, time in found:
        plain = _COLOUR.sub(b"", text) if b"\x1b" in text else text
        parts = [plain.replace(b"\n", b" ")] if plain.lstrip()[:1] in {b"{", b"["} else plain.splitlines()
        for part in parts:
            if part.strip():
                inner.append(_timed(part, time))
                rows.append(row)
                times.append(time)
    filled = set(rows)
    batch = make_batch(b"\n".join(inner) + b"\n" if inner else b"", 0, 1)
    return Opened(batch, rows, times, [row for row in range(count) if row not in filled])


def _timed(line: bytes, time: str | None) -> bytes:
    """An object with the time of its envelope, where it has none of its own."""
    if time is None or line.lstrip()[:1] != b"{":
        return line
    value = load(line)
    if not isinstance(value, dict) or any(key in value for key in _TIME_KEYS):
        return line
    return orjson.dumps({"time": time, **value})


def read_inside(opened: Opened, read: Callable[[Batch], Rows], count: int) -> Rows:
    """Raw fields of the lines inside, by the rows of their envelopes."""
    if not opened.rows:
        return Rows(pl.DataFrame(schema={"row": pl.UInt32}), [], opened.empty)
    inner = read(opened.batch)
    places = pl.Series("row", opened.rows, dtype=pl.UInt32)
    frame = inner.frame
    if opened.times and any(opened.times) and frame.height:
        told = pl.Series("time", opened.times, dtype=pl.String).gather(frame["row"])
        own = frame["started_at"] if "started_at" in frame.columns else told.clear(frame.height)
        own = own.cast(pl.String)
        ended = "ended_at" in frame.columns and frame["ended_at"].null_count() < frame.height
        frame = frame if ended else frame.with_columns(own.zip_with(own.is_not_null(), told).alias("started_at"))
    frame = frame.with_columns(places.gather(frame["row"]).alias("row"))
    bad: list[tuple[int, str]] = []
    others: list[tuple[int, str]] = []
    for row, reason in inner.bad:
        line = opened.batch.line(row)
        like = line.lstrip()[:1] == b"{" or reason == CUT_OFF or _REQUEST_LIKE.search(line)
        (bad if like else others).append((opened.rows[row], reason))
    passed = [*opened.empty, *(opened.rows[row] for row in inner.passed_over), *(row for row, _ in others)]
    kinds = dict(inner.kinds)
    if others:
        kinds[OTHER_LINES] = kinds.get(OTHER_LINES, 0) + len(others)
    extra = inner.extra + len(opened.rows) + len(opened.empty) - count
    return Rows(frame, bad, sorted(passed), extra, kinds)


def text_paths(records: Sequence[Any]) -> list[Path]:
    """Fields of records that may hold lines of a server, likeliest first."""
    found: list[Path] = []
    there = {key for record in records if isinstance(record, dict) for key in record}
    for key in TEXT_KEYS:
        for roof in _ROOFS:
            path: Path = (roof, key) if roof else (key,)
            if path[0] not in there:
                continue
            texts = [_text_of(dig(record, path)) for record in records if isinstance(record, dict)]
            like = sum(bool(_REQUEST_LIKE.search(text)) for text in texts if text.lstrip()[:1] != b"{")
            if like and like * 10 >= len(texts) * 3:
                found.append(path)
    return found


def json_paths(records: Sequence[Any]) -> list[Path]:
    """Fields of records that hold objects as text."""
    return [
        (key,)
        for key in TEXT_KEYS
        if 2 * sum(_text_of(dig(record, (key,))).lstrip()[:1] == b"{" for record in records) > len(records)
    ]


def time_path(records: Sequence[Any], text: Path) -> Path:
    """The field in which the envelope tells its time; empty where it tells none."""
    for key in _TIME_KEYS:
        path = tuple(key.split("."))
        if path != text and any(dig(record, path) is not None for record in records if isinstance(record, dict)):
            return path
    return ()
