"""When people, servers and scripts send requests on one day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.worlds.simulate.base import DAY, HOUR, SECOND, Array, Cast, blend, running, spread

if TYPE_CHECKING:
    from forensics.worlds.simulate.people import Stage


def weekday(t: int) -> int:
    """0 = Monday."""
    return (t // DAY + 3) % 7


def keep_alive(cast: Cast, rows: Array, t: Array) -> Array:
    """Whether an account can and does send at time t."""
    return (
        (t >= cast["active_from"][rows])
        & (t < np.minimum(cast["banned"][rows], cast["closed"][rows]))
        & (t < cast["quiet_from"][rows])
    )


def live_day(stage: Stage, rows: Array, day: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Sessions of people and servers on one day: time, row, conversation and turn of each request.

    A person is active or not, has a daily volume with a spread of their own, starts sessions by local hours around
    their waking time, and sends requests within a session at log-normal gaps.
    """
    cast = stage.cast
    today = stage.start + day * DAY
    awake = rng.random(len(rows)) < cast["active"][rows] * np.where(weekday(today) >= 5, cast["weekend"][rows], 1.0)
    rows = rows[awake]
    volume = cast["rate"][rows] * rng.lognormal(-0.5 * cast["day_sd"][rows] ** 2, cast["day_sd"][rows])
    sessions = np.minimum(rng.poisson(np.minimum(volume / cast["session"][rows], 20_000)), 20_000)
    # an active day of a person has at least one session
    sessions = np.maximum(
        sessions, ((cast["style"][rows] <= 1) & (rng.random(len(rows)) < np.minimum(volume, 1))).astype(sessions.dtype)
    )
    owner, number = spread(sessions)
    who = rows[owner]
    start = today + _clock(cast, who, rng)
    mean = cast["session"][who]
    size = 1 + rng.poisson(rng.gamma(1.2, np.maximum(mean - 1, 0) / 1.2))
    size = np.minimum(size, 400)
    sess, turn = spread(size)
    row = who[sess]
    gap = cast["gap"][row] * rng.lognormal(0, cast["gap_sd"][row]) * (turn > 0)
    t = start[sess] + (running(gap, size) * SECOND).astype(np.int64) + rng.integers(0, SECOND, len(sess))
    conversation = blend(row, day, number[sess], 11)
    keep = keep_alive(cast, row, t)
    return t[keep], row[keep], conversation[keep], turn[keep]


def _clock(cast: Cast, who: Array, rng: np.random.Generator) -> Array:
    n = len(who)
    early = rng.random(n) < 0.5
    local = cast["wake"][who] + np.where(early, rng.normal(2.3, 1.2, n), rng.normal(8.0, 2.4, n))
    hour = np.where(rng.random(n) < cast["flat"][who], rng.random(n) * 24, (local - cast["tz"][who]) % 24)
    return np.asarray((hour * HOUR).astype(np.int64))


def script_day(stage: Stage, rows: Array, day: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Scheduled runs on one day: each at its phase and period with its jitter, some requests in a row."""
    cast = stage.cast
    today = stage.start + day * DAY
    period = cast["period"][rows].astype(np.int64)
    runs = np.maximum(86_400 // np.maximum(period, 1), 1)
    skip = weekday(today) >= 5
    runs = np.where(skip & (cast["weekend"][rows] < 0.5), 0, runs)
    owner, number = spread(runs)
    who = rows[owner]
    start = today + ((cast["phase"][who] + number * period[owner]) % 86_400) * SECOND
    start = start + (np.abs(rng.normal(0, 1, len(who))) * cast["jitter"][who] * SECOND).astype(np.int64)
    mean = np.clip(cast["rate"][who] / runs[owner], 0.3, 200)
    size = np.minimum(rng.poisson(rng.gamma(2.0, mean / 2.0)), 800)
    sess, turn = spread(size)
    row = who[sess]
    gap = np.minimum(cast["gap"][row], 20) * rng.lognormal(0, np.minimum(cast["gap_sd"][row], 0.7)) * (turn > 0)
    t = start[sess] + (running(gap, size) * SECOND).astype(np.int64) + rng.integers(0, SECOND // 5, len(sess))
    conversation = blend(row, day, number[sess], turn, 13)
    keep = keep_alive(cast, row, t)
    return t[keep], row[keep], conversation[keep], np.zeros(int(keep.sum()), dtype=np.int64)


def batch_day(stage: Stage, rows: Array, day: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Long jobs on one day, round the clock while they last: one after the other from a few workers."""
    cast = stage.cast
    today = stage.start + day * DAY
    on = unit_days(rows, day) < cast["active"][rows]
    rows = rows[on]
    size = np.minimum(
        rng.poisson(cast["rate"][rows] * rng.lognormal(-0.1, np.minimum(cast["day_sd"][rows], 0.45))), 60_000
    )
    owner, number = spread(size)
    row = rows[owner]
    shape = np.clip(1.0 / cast["gap_sd"][row] ** 2, 0.5, 8.0)
    gap = rng.gamma(shape, 1.0) / shape
    total = running(gap, size)
    span = np.zeros(len(rows))
    ends = np.cumsum(size) - 1
    span[size > 0] = total[ends[size > 0]]
    first = np.where(
        rng.random(len(rows)) < 0.15, rng.random(len(rows)) * 0.7, 0.0
    )  # some start in the middle of a day
    share = first[owner] + (1 - first[owner]) * total / np.maximum(span[owner] * 1.0005, 1e-9)
    t = today + (share * DAY).astype(np.int64)
    conversation = blend(row, day, number, 17)
    keep = keep_alive(cast, row, t)
    return t[keep], row[keep], conversation[keep], np.zeros(int(keep.sum()), dtype=np.int64)


def unit_days(rows: Array, day: int) -> Array:
    """A number in [0, 1) per row that stays the same for a few days: jobs run for days, then rest for days."""
    length = 2 + (blend(rows, 5) % np.uint64(6)).astype(np.int64)
    return np.asarray((blend(rows, day // length, 23) >> np.uint64(11)).astype(np.float64) / 2**53)
