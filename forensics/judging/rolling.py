"""Each account's own series moved by whole days within its own life: what only one hand ties together comes apart.

Accounts keep their items, hours, volume, runs and lifetimes; only the relation between accounts is broken. Days change
places within one week, working days among themselves and weekends among themselves, so that what changes slowly for
everybody (growth, releases, fashions, terms) and what belongs to weekends is common to observed and drawn. Only days on
which the network did anything have a place: nothing grows with the span of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import p_tail
from forensics.common.streams import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.common.arrays import Bools, Floats, Ints


WEEK_DAYS = 7
SHORT_WEEKS = 2  # a log of fewer weeks is cut in so many parts instead, of …
FEWEST_PART_DAYS = 2  # … at least so many days
MANY_WEEKS = 4
SCREEN, REFINE, FURTHER = 99, 100, 800  # draws for everybody; where few of them reach the sign; where hardly any do
UNCLEAR, SMALL = 0.1, 0.02
CHUNK = 4_000_000  # numbers that are held at once while drawing


@dataclass(frozen=True)
class Days:
    """Rows on the days of a network. Days are numbered by week, kind (working day, weekend) and date.

    `slot` is the number of each row's day, `start` and `length` the days among which its account lives in that week,
    `segment` which rows move together (an account's days of one kind in one week). Of each day: `day` since the epoch
    and `week`.
    """

    slot: Ints
    start: Ints
    length: Ints
    segment: Ints
    segments: int
    day: Ints
    week: Ints

    @property
    def weeks(self) -> int:
        """How many there are."""
        return int(self.week.max(initial=-1)) + 1

    @property
    def movable(self) -> Bools:
        """Rows that have another day to go to."""
        return np.asarray(self.length > 1)

    def draw(self, draws: int, rng: np.random.Generator) -> Ints:
        """The day (slot) of each row as if accounts were independent, one draw a row."""
        by = rng.random((draws, self.segments))[:, self.segment]
        moved = self.slot - self.start + (by * self.length).astype(np.int64)
        return np.asarray(self.start + moved % self.length, dtype=np.int64)


def lay_out(account: Ints, at_s: Floats, first_s: Floats, last_s: Floats) -> Days:
    """Rows of accounts (numbered from 0) at some time, each account living from `first_s` to `last_s`.

    What an account does on the first and the last day of its life stays there: that it was seen then is how its life
    is known, and no other day was as likely.
    """
    day = np.floor(at_s / DAY_S).astype(np.int64)
    days = np.unique(day)
    if len(days) == 0:
        none = np.zeros(0, dtype=np.int64)
        return Days(none, none, none, none, 0, none, none)
    since = days - days[0]
    part = WEEK_DAYS
    if since[-1] + 1 < SHORT_WEEKS * WEEK_DAYS:
        part = max(FEWEST_PART_DAYS, int(np.ceil((since[-1] + 1) / SHORT_WEEKS)))
    week = np.unique(since // part, return_inverse=True)[1].astype(np.int64)
    block = 2 * week + ((days + 3) % 7 >= 5)  # 1 January 1970 was a Thursday
    order = np.lexsort((days, block))
    days, week, block = days[order], week[order], block[order]
    slot_of = np.empty(len(order), dtype=np.int64)
    slot_of[order] = np.arange(len(order))
    slot = slot_of[np.searchsorted(np.sort(days), day)]
    # Within one block days ascend, so that one search over both finds where an account's life begins and ends in it.
    width = int(since[-1]) + 2
    key = block * width + (days - days.min())
    lives = np.floor(np.stack([first_s, last_s]) / DAY_S).astype(np.int64) - int(days.min())
    begin, end = np.clip(lives, 0, width - 2)
    of_row = block[slot] * width
    start = np.searchsorted(key, of_row + begin[account] + 1)
    length = np.searchsorted(key, of_row + end[account]) - start
    inside = (slot >= start) & (slot < start + length)
    start, length = np.where(inside, start, slot), np.where(inside, length, 1)
    pair = (account * (int(block.max()) + 1) + block[slot]) * 2 + inside
    segments, segment = np.unique(pair, return_inverse=True)
    return Days(
        slot, start.astype(np.int64), length.astype(np.int64), segment.astype(np.int64), len(segments), days, week
    )


def without_best(excess: Floats) -> Floats:
    """Sum over weeks (columns) without the week that says most, of four weeks or more without the two: one release (its
    days may lie in two weeks), one outage, one campaign day is nobody's sign. With one week only all there is.
    """
    weeks = excess.shape[1]
    if weeks == 1:
        return np.asarray(excess[:, 0])
    return np.asarray(np.sort(excess, axis=1)[:, : weeks - (2 if weeks >= MANY_WEEKS else 1)].sum(axis=1))


def judge(draw: Callable[[int], Floats], score: Callable[[Floats], float]) -> tuple[float, Floats]:
    """P by as many draws as it takes, and these draws.

    `draw(n)` gives n of them (second axis), `score(drawn)` the p that they make of what is observed.
    """
    drawn = draw(SCREEN)
    p_value = score(drawn)
    for more, unless in ((REFINE, UNCLEAR), (FURTHER, SMALL)):
        if p_value > unless:
            break
        drawn = np.concatenate([drawn, draw(more)], axis=1)
        p_value = score(drawn)
    return p_value, drawn


def p_of_weeks(observed: Floats, drawn: Floats) -> float:
    """P of what weeks say together without the best of them.

    In: layers × weeks, layers × draws × weeks. Each of several statistics is a layer; the largest standardised one is
    held against the largest under the null (max-T).
    """
    middle = drawn.mean(axis=1)
    of_null = np.stack([without_best(layer - mean) for layer, mean in zip(drawn, middle, strict=True)])
    here = np.array([without_best((layer - mean)[None])[0] for layer, mean in zip(observed, middle, strict=True)])
    centre, spread = of_null.mean(axis=1), of_null.std(axis=1)
    told = spread > 1e-9
    if not told.any():
        return 1.0
    scores = ((here - centre) / np.where(told, spread, 1.0))[told]
    null = ((of_null - centre[:, None]) / np.where(told, spread, 1.0)[:, None])[told].max(axis=0)
    return p_tail(float(scores.max()), null, upper=True)
