"""Small, seeded event tables for tests: people who sleep and differ, and a pool fed by one queue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.schema import EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime(2026, 4, 1, tzinfo=UTC)
DAY_S = 86400.0
MODELS = ("aurora-1", "aurora-2", "aurora-max")


def events_frame(rows: dict[str, Sequence[Any] | np.ndarray]) -> pl.DataFrame:
    """EVENTS from some columns; `at_s` counts seconds from START, everything else is null."""
    columns = dict(rows)
    seconds = np.asarray(columns.pop("at_s"), dtype=float)
    frame = pl.DataFrame(columns).with_columns(
        started_at=pl.Series((START.timestamp() * 1e6 + seconds * 1e6).astype("int64")).cast(pl.Datetime("us", "UTC")),
        source_id=pl.lit(1, dtype=pl.UInt32),
        source_line=pl.Series(np.arange(1, len(seconds) + 1), dtype=pl.UInt64),
    )
    return frame.select(
        pl.col(name).cast(column.dtype) if name in frame.columns else pl.lit(None, dtype=column.dtype).alias(name)
        for name, column in EVENTS.columns.items()
    )


def people(
    count: int,
    days: int,
    rng: np.random.Generator,
    *,
    name: str = "person",
    zone: float | None = None,
    mean_per_day: float = 8.0,
) -> pl.DataFrame:
    """Independent people: own time zone, own volume, own favourite model and sizes, bursts of work by day."""
    frames = []
    for number in range(count):
        offset = rng.uniform(0, 24) if zone is None else zone + rng.normal(0, 1.5)
        volume = mean_per_day * rng.lognormal(-0.5, 1.0)
        sessions = rng.poisson(volume * days / 5) + 1
        starts = rng.integers(0, days, sessions) * DAY_S + ((rng.normal(14, 3, sessions) - offset) % 24) * 3600
        sizes = rng.geometric(0.2, sessions)
        at_s = np.concatenate(
            [start + np.cumsum(rng.exponential(90, size)) for start, size in zip(starts, sizes, strict=True)]
        )
        at_s = at_s[at_s < days * DAY_S]
        habit = rng.dirichlet([0.4, 0.4, 0.4])
        mean = rng.normal(6, 1)
        frames.append(
            _frame(
                f"{name}-{number:03}",
                at_s,
                rng.choice(MODELS, len(at_s), p=habit),
                rng.lognormal(mean, 0.6, len(at_s)),
                rng.lognormal(mean - 1, 0.6, len(at_s)),
            )
        )
    return pl.concat(frames)


def pool(count: int, days: int, rng: np.random.Generator, *, name: str = "seat", per_day: float = 10.0) -> pl.DataFrame:
    """One queue dealt at random over `count` accounts, round the clock, one mix of models and sizes."""
    number = rng.poisson(per_day * days * count)
    at_s = np.sort(rng.uniform(0, days * DAY_S, number))
    seats = rng.integers(0, count, number)
    models = rng.choice(MODELS, number, p=[0.1, 0.2, 0.7])
    tokens_in, tokens_out = rng.lognormal(6, 0.5, number), rng.lognormal(7, 0.5, number)
    names = np.array([f"{name}-{seat:03}" for seat in range(count)])
    return events_frame(
        {
            "account_id": names[seats],
            "at_s": at_s,
            "request_model": models,
            "input_tokens": tokens_in.astype(int),
            "output_tokens": tokens_out.astype(int),
        }
    )


def _frame(
    account: str, at_s: np.ndarray, models: np.ndarray, tokens_in: np.ndarray, tokens_out: np.ndarray
) -> pl.DataFrame:
    return events_frame(
        {
            "account_id": np.full(len(at_s), account),
            "at_s": at_s,
            "request_model": models,
            "input_tokens": tokens_in.astype(int),
            "output_tokens": tokens_out.astype(int),
        }
    )
