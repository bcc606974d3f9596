"""Where a log is silent against its own rhythm."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from forensics.common.schema import TIME

_EXPECTED: Final = (
    20.0  # events: a silence is told only where at least so many were to be expected (Poisson: e^-20 = 2e-9)
)


def find_gaps(hours: pl.DataFrame) -> pl.DataFrame:
    """One row per silence of a format's log, longest first.

    In:    events per format and hour that has any.
    Out:   format, started_at, ended_at, hours, expected_count: what the median of the same hours on other days lets
           expect, at least _EXPECTED.
    """
    parts = [
        _gaps_of(name, frame)
        for (name,), frame in hours.sort("format", "hour").group_by("format", maintain_order=True)
    ]
    schema: dict[str, Any] = {
        "format": pl.String,
        "started_at": TIME,
        "ended_at": TIME,
        "hours": pl.UInt32,
        "expected_count": pl.Float64,
    }
    if not parts:
        return pl.DataFrame(schema=schema)
    found = pl.concat(parts).with_columns(pl.col("format").fill_null("")).cast(pl.Schema(schema))
    return found.filter(pl.col("expected_count") >= _EXPECTED).sort(
        "hours", "started_at", "format", descending=[True, False, False]
    )


def _gaps_of(name: object, frame: pl.DataFrame) -> pl.DataFrame:
    """The silences of one format: as many rows as there are, however long its log runs."""
    at = frame["hour"].dt.epoch("s") // 3600
    usual = _usual_counts(at, frame["events"])
    gaps = pl.DataFrame({"first": at[:-1] + 1, "end": at[1:]}).filter(pl.col("end") > pl.col("first"))
    due = [_due(usual, end) - _due(usual, first) for first, end in gaps.iter_rows()]
    stamp = [(pl.col(column) * 3_600_000_000).cast(TIME).alias(to) for column, to in _ENDS]
    return gaps.select(
        pl.lit(name, pl.String).alias("format"),
        *stamp,
        hours=(pl.col("end") - pl.col("first")).cast(pl.UInt32),
        expected_count=pl.Series(due, dtype=pl.Float64),
    )


_ENDS: Final = (("first", "started_at"), ("end", "ended_at"))


def _usual_counts(at: pl.Series, events: pl.Series) -> list[float]:
    """By hour of the day the median of all its days from the first event to the last, silent ones included."""
    first, last = int(at[0]), int(at[-1])
    usual = []
    for hour in range(24):
        days = (last - hour) // 24 - (first - 1 - hour) // 24
        seen = sorted(events.filter(at % 24 == hour).to_list())
        silent = days - len(seen)
        places = ((days - 1) // 2, days // 2) if days else ()
        middle = [0 if place < silent else seen[place - silent] for place in places]
        usual.append(sum(middle) / 2)
    return usual


def _due(usual: list[float], hour: int) -> float:
    """Events that all hours before one let expect."""
    days, rest = divmod(hour, 24)
    return days * sum(usual) + sum(usual[:rest])
