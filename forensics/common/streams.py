"""The requests of networks as point processes: who starts when, and what independent accounts would have done. Arrays
in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints


HOUR_S = 3600.0

DAY_S = 86400.0

SILENCE_S = 1800.0  # ends a session where the log has no session id

QUIET_DAY = 0.25  # of the median day's starts: below it a day is no working day of this network

JITTER_S = HOUR_S  # how far an account's whole series is moved beside its roll by days

FEWEST_CHOSEN = 40  # accounts below which a long stream is cut in time, not in accounts

LIMITING = (401, 403, 429, 529)  # status codes by which one account is refused, after which a pool goes on with another

CLOCK_PERIODS_S = (300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 14400.0, 21600.0, 28800.0, 43200.0, 86400.0)

CLOCK_LOCK = 0.95  # mean resultant length from which an account runs by the clock …

DAY_LOCK = 0.9  # … and from which it keeps to its hour of the day (sd 1.75 h)

CLOCK_FEWEST = 6  # starts in different periods that this takes


@dataclass(frozen=True)
class Stream:
    """Starts of one network in time order: when, and which account (0 … accounts - 1)."""

    at_s: Floats
    label: Ints
    accounts: int


def make_stream(account: Ints, at_s: Floats) -> Stream:
    """A Stream from starts in time order."""
    numbers, label = np.unique(account, return_inverse=True)
    return Stream(at_s, label.astype(np.int64), len(numbers))


def silence_starts(requests: Stream) -> Stream:
    """Requests of an account after 30 minutes without one: the starts that a log without session ids shows. Each
    account has one, so that numbers stay as they are.
    """
    order = np.lexsort((requests.at_s, requests.label))
    label, at_s = requests.label[order], requests.at_s[order]
    first = np.ones(len(label), dtype=np.bool_)
    first[1:] = (label[1:] != label[:-1]) | (np.diff(at_s) > SILENCE_S)
    keep = np.zeros(len(label), dtype=np.bool_)
    keep[order] = first
    return choose(requests, keep)


def choose(stream: Stream, keep: Bools) -> Stream:
    """The starts for which `keep` is true, accounts numbered anew."""
    return make_stream(stream.label[keep], stream.at_s[keep])


def chosen_starts(stream: Stream, most: int, rng: np.random.Generator) -> Stream:
    """At most about `most` starts: fewer accounts first (a part of a rotation rotates), then a stretch from the middle
    of the log.
    """
    if len(stream.at_s) <= most:
        return stream
    counts = np.bincount(stream.label, minlength=stream.accounts)
    order = rng.permutation(stream.accounts)
    wanted = max(FEWEST_CHOSEN, int(np.searchsorted(np.cumsum(counts[order]), most, side="right")))
    keep = np.isin(stream.label, order[:wanted])
    places = np.flatnonzero(keep)
    skip = max(0, (len(places) - most) // 2)
    keep[:] = False
    keep[places[skip : len(places) - skip]] = True
    return choose(stream, keep)


def clock_bound(label: Ints, at_s: Floats, accounts: int) -> Bools:
    """Accounts whose starts keep one phase of a round period (cron, scheduled jobs).

    The mean resultant length of its phases reaches 0.95 at a period that its starts fall into at least 6 times; 0.9 for
    the hour of the day.
    """
    bound = np.zeros(accounts, dtype=np.bool_)
    if len(label) == 0:
        return bound
    if (np.diff(label) < 0).any() or ((np.diff(at_s) < 0) & (np.diff(label) == 0)).any():
        order = np.lexsort((at_s, label))
        label, at_s = label[order], at_s[order]
    # By account and time each account, and each of its turns, is one run: nothing is sorted a period.
    runs = np.flatnonzero(np.concatenate([[True], label[1:] != label[:-1]]))
    names, count = label[runs], np.diff(np.append(runs, len(label)))
    several = np.repeat(count >= CLOCK_FEWEST, count)
    label, at_s = label[several], at_s[several]
    names, count = names[count >= CLOCK_FEWEST], count[count >= CLOCK_FEWEST]
    if len(names) == 0:
        return bound
    runs = np.cumsum(count) - count
    for period in CLOCK_PERIODS_S:
        turn = np.floor(at_s / period)
        fresh = np.ones(len(turn), dtype=np.int64)
        fresh[1:] = turn[1:] != turn[:-1]
        fresh[runs] = 1
        enough = np.add.reduceat(fresh, runs) >= CLOCK_FEWEST
        angle = 2 * np.pi / period * (at_s - turn * period)
        length = np.hypot(np.add.reduceat(np.cos(angle), runs), np.add.reduceat(np.sin(angle), runs)) / count
        bound[names[enough & (length >= (DAY_LOCK if period == DAY_S else CLOCK_LOCK))]] = True
    return bound


def clock_bound_accounts(sessions: Stream, requests: Stream) -> Bools:
    """Accounts (numbered alike in both) that run by the clock: by their sessions, those that start none by their
    requests after a silence.
    """
    silent = silence_starts(requests)
    starting = np.bincount(sessions.label, minlength=sessions.accounts) > 0
    by_sessions = clock_bound(sessions.label, sessions.at_s, sessions.accounts)
    return np.where(starting, by_sessions, clock_bound(silent.label, silent.at_s, silent.accounts))


def working_days(at_s: Floats) -> Ints:
    """Days (since the epoch) on which the network worked: at least a quarter of its median day's starts."""
    days, counts = np.unique(np.floor(at_s / DAY_S).astype(np.int64), return_counts=True)
    return np.asarray(days[counts >= QUIET_DAY * np.median(counts)])


def load_clock(at_s: Floats) -> tuple[Floats, Floats]:
    """Hours of the days with starts and the load expected by then: volume of the day (shrunk to its kind's mean) ×
    profile of the hour, workdays and weekends apart. Days without starts take no place.

    Shrinking (empirical Bayes) keeps chance out of the clock: days that vary no more than Poisson counts do are taken
    as equal.
    """
    days, place = np.unique(np.floor(at_s / DAY_S).astype(np.int64), return_inverse=True)
    counts = np.zeros((len(days), 24))
    np.add.at(counts, (place, np.floor(at_s % DAY_S / HOUR_S).astype(np.int64)), 1)
    weekend = (days + 3) % 7 >= 5
    load = np.zeros((len(days), 24))
    for kind in (weekend, ~weekend):
        part = counts[kind]
        if part.sum() == 0:
            continue
        volume = part.sum(axis=1)
        mean, variance = volume.mean(), volume.var(ddof=1) if len(volume) > 1 else 0.0
        kept = max(0.0, (variance - mean) / variance) if variance > 0 else 0.0
        profile = part.sum(axis=0) + 0.5
        load[kind] = (mean + kept * (volume - mean))[:, None] * (profile / profile.sum())[None, :]
    # Each hour has a beginning and an end of its own, so that nothing passes between two days that lie apart. Hours
    # without load would not let times be read back from the clock.
    hours = (days[:, None] * DAY_S + np.arange(24)[None, :] * HOUR_S).ravel().astype(np.float64)
    steps = np.cumsum(np.maximum(load.ravel(), 1e-9))
    grid = np.stack([hours, hours + HOUR_S], axis=1).ravel()
    return grid, np.stack([np.concatenate([[0.0], steps[:-1]]), steps], axis=1).ravel()


def roll_by_load(stream: Stream, draws: int, rng: np.random.Generator) -> Floats:
    """Times as if accounts were independent, one draw a row: on the clock of the network's load, each account's series
    turned by a random angle.

    On that clock the network is equally busy all the time, so that common hours, busy days and holidays are nobody's
    sign; each account keeps its own gaps (bursts, pauses between sessions, crons). The circle is the account's own
    life, closed by one mean gap.
    """
    grid, load = load_clock(stream.at_s)
    clock = np.interp(stream.at_s, grid, load)
    count = np.bincount(stream.label, minlength=stream.accounts)
    first = np.full(stream.accounts, np.inf)
    last = np.full(stream.accounts, -np.inf)
    np.minimum.at(first, stream.label, clock)
    np.maximum.at(last, stream.label, clock)
    life = last - first
    circle = np.maximum(life * count / np.maximum(count - 1, 1), 1e-9)
    start = (first - (circle - life) / 2)[stream.label]
    angle = rng.random((draws, stream.accounts)) * circle
    turned = start + (clock - start + angle[:, stream.label]) % circle[stream.label]
    turned = np.where(count[stream.label] > 1, turned, clock)
    return np.asarray(np.interp(turned, load, grid), dtype=np.float64)


def roll(stream: Stream, draws: int, rng: np.random.Generator) -> Floats:
    """Times as if accounts were independent, one draw a row: each account's series rolled by whole working days within
    its own life.

    Each account keeps its habits (hours, gaps, crons, sessions after each other) and is moved by up to an hour more;
    what goes is the order between accounts. Days on which the network hardly works stay out of the roll, so that
    weekends and holidays are common to all.
    """
    days = working_days(stream.at_s)
    day = np.floor(stream.at_s / DAY_S).astype(np.int64)
    place = np.minimum(np.searchsorted(days, day), len(days) - 1)
    working = days[place] == day
    first = np.full(stream.accounts, len(days))
    last = np.full(stream.accounts, -1)
    np.minimum.at(first, stream.label[working], place[working])
    np.maximum.at(last, stream.label[working], place[working])
    # The first and last day of a life are cut short; in the middle of it they would tear holes, so they stay.
    first, last = first + 1, last - 1
    moving = working & (place >= first[stream.label]) & (place <= last[stream.label])
    length = np.maximum(last - first + 1, 1)
    by = (rng.random((draws, stream.accounts)) * length).astype(np.int64)
    shift = rng.uniform(-JITTER_S, JITTER_S, (draws, stream.accounts))
    start = first[stream.label]
    moved = start + (place - start + by[:, stream.label]) % length[stream.label]
    new_day = np.where(moving, days[np.clip(moved, 0, len(days) - 1)], day)
    return np.asarray(new_day * DAY_S + (stream.at_s - day * DAY_S) + shift[:, stream.label], dtype=np.float64)
