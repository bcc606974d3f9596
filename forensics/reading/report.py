"""What reading sources came to, in numbers that add up; pure data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl


@dataclass
class SourceReport:
    """What became of one source."""

    path: str
    format: str = ""
    confidence: float = 0.0
    line_count: int = 0
    event_count: int = 0
    duplicate_count: int = 0
    reject_count: int = 0
    blank_count: int = 0
    known_lines: int = 0  # read in an earlier run, or under another name
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    reasons: dict[str, int] = field(default_factory=dict)  # why lines were rejected
    joined_count: int = 0  # events that met one of another source
    cut_short: str = ""  # why it could not be read to its end
    note: str = ""
    kinds: dict[str, int] = field(default_factory=dict)  # of the blanks, records that are no requests, by kind
    warnings: list[str] = field(default_factory=list)  # what is doubtful about the reading, a sentence each
    fields: dict[str, str] = field(default_factory=dict)  # column → fields of the log it was read from

    @property
    def passed_over(self) -> str:
        """Records that are no requests, by kind."""
        if not self.kinds:
            return ""
        ordered = sorted(self.kinds.items(), key=lambda item: (-item[1], item[0]))
        told = [f"{count:,} × {kind}" for kind, count in ordered[:KINDS_TOLD]]
        more = (
            [f"{sum(count for _, count in ordered[KINDS_TOLD:]):,} of other kinds"] if len(ordered) > KINDS_TOLD else []
        )
        return f"passed over, being no requests: {', '.join([*told, *more])}"


KINDS_TOLD: Final = 8  # the rest is summed


@dataclass
class IngestReport:
    """What was read, per source and in all."""

    sources: list[SourceReport] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # path, reason
    databases: list[str] = field(default_factory=list)  # that gave addresses their place, with the day each was built
    accounts_registered: int = 0
    accounts_matched: int = 0  # of the register, with at least one event in the case

    def _sum(self, name: str) -> int:
        return sum(getattr(source, name) for source in self.sources)

    @property
    def unread(self) -> list[tuple[str, str]]:
        """Files that were skipped, and those that could not be read to their end: path and reason."""
        return [
            *self.skipped,
            *((source.path, f"not read to its end: {source.cut_short}") for source in self.sources if source.cut_short),
        ]

    @property
    def line_count(self) -> int:
        """Lines read this time."""
        return self._sum("line_count")

    @property
    def event_count(self) -> int:
        """Lines kept as events."""
        return self._sum("event_count")

    @property
    def duplicate_count(self) -> int:
        """Requests that were in the case already."""
        return self._sum("duplicate_count")

    @property
    def reject_count(self) -> int:
        """Lines that could not be read as events."""
        return self._sum("reject_count")

    @property
    def blank_count(self) -> int:
        """Blank lines, headers, comments, records of other kinds."""
        return self._sum("blank_count")

    @property
    def known_lines(self) -> int:
        """Lines passed over because their bytes had been read before."""
        return self._sum("known_lines")

    @property
    def joined_count(self) -> int:
        """Events that met one of another source."""
        return self._sum("joined_count")

    @property
    def adds_up(self) -> bool:
        """Whether lines = events + duplicates + rejects + blanks, for each source."""
        return all(
            source.line_count == source.event_count + source.duplicate_count + source.reject_count + source.blank_count
            for source in self.sources
        )

    @property
    def formats(self) -> dict[str, int]:
        """Events by format."""
        found: dict[str, int] = {}
        for source in self.sources:
            if source.format:
                found[source.format] = found.get(source.format, 0) + source.event_count
        return found

    @property
    def reasons(self) -> dict[str, int]:
        """Rejected lines by reason, most first."""
        found: dict[str, int] = {}
        for source in self.sources:
            for reason, count in source.reasons.items():
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def first_event_at(self) -> datetime | None:
        """Earliest event read this time."""
        return min(
            (source.first_event_at for source in self.sources if source.first_event_at is not None), default=None
        )

    @property
    def last_event_at(self) -> datetime | None:
        """Latest event read this time."""
        return max((source.last_event_at for source in self.sources if source.last_event_at is not None), default=None)


@dataclass
class Preview:
    """What a file would be read as."""

    path: str
    format: str
    title: str
    confidence: float
    events: pl.DataFrame
    rejects: pl.DataFrame
    fields: dict[str, str]
    unused: list[str]
    report: SourceReport
    distinct: dict[str, int] = field(default_factory=dict)  # column → different values in the events looked at
