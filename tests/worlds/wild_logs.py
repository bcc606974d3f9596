"""Small logs as people have them, with the right values: written down first, then read by the tool."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from forensics.case.store import Case
from forensics.common.errors import InputError
from forensics.common.settings import IngestSettings
from forensics.reading.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTINGS: Final = IngestSettings(max_reject_share=1.0, workers=1)


@dataclass(frozen=True)
class Log:
    """A log, or several by name, and what is in it. `columns` are in the order of time; times are text in UTC."""

    text: str | bytes | Mapping[str, str | bytes]
    form: str
    columns: Mapping[str, list[Any]] = field(default_factory=dict)
    count: int | None = None  # events, where no column tells
    rejects: int = 0
    duplicates: int = 0
    kinds: Mapping[str, int] | None = None  # of records that are no requests
    told: tuple[str, ...] = ()  # words of notes and warnings
    refused: str = ""  # words of the refusal
    name: str = "a.log"
    more: Mapping[str, Any] = field(default_factory=dict)  # options of ingest


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a table
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds").removesuffix(".000")
    return round(value, 3) if isinstance(value, float) else value


def wrong_with(log: Log, folder: Path) -> list[str]:
    """What the tool reads otherwise than it stands in the log, one sentence each."""
    files = {log.name: log.text} if isinstance(log.text, str | bytes) else log.text
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with Case.locked(folder / "case") as case:
        try:
            report = ingest(case, [str(folder / name) for name in files], settings=SETTINGS, **log.more)
        except InputError as error:
            said = f"{error.message} {error.hint}"
            return [] if log.refused and log.refused in said else [f"refused: {said}"]
        events = case.scan("events").collect().sort("started_at", "ended_at", "source_id", "source_line")
    if log.refused:
        return [f"not refused: {events.height} events"]
    expected = log.count if log.count is not None else max(map(len, log.columns.values()), default=0)
    sources = report.sources
    found = {
        "format": (sorted({source.format for source in sources}), sorted(set(log.form.split(" ")))),
        "events": (report.event_count, expected),
        "rejects": (report.reject_count, log.rejects),
        "duplicates": (report.duplicate_count, log.duplicates),
        **{name: ([_plain(one) for one in events[name].to_list()], values) for name, values in log.columns.items()},
    }
    if log.kinds is not None:
        kinds: dict[str, int] = {}
        for source in sources:
            kinds = {**kinds, **source.kinds}
        found["kinds"] = (kinds, dict(log.kinds))
    wrong = [f"{name}: {one!r}, not {other!r}" for name, (one, other) in found.items() if one != other]
    said = " | ".join([*(source.note for source in sources), *(w for source in sources for w in source.warnings)])
    wrong += [f"not told: {words!r} in {said!r}" for words in log.told if words not in said]
    if report.reject_count != log.rejects:
        wrong.append(f"reasons: {report.reasons}")
    return wrong
