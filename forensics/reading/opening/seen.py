"""Requests seen before, by their ids; an id is trusted where it behaves like one.

A line is a duplicate where a line with its id and account came before, and
- both are equal in time and content, or
- both start at the same moment, and the ids of the source hardly ever repeat: an export that was written again, or
- the other stands in another source, within minutes, and the ids of this source hardly ever repeat.
A client can choose its own id: one that comes again at another time in a source is another request, and drops nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forensics.case.store import Case


_COUNTER_DIGITS: Final = 10

_COUNTER: Final = rf"^\d{{1,{_COUNTER_DIGITS}}}$"

_SEED: Final = 0x5EED

_CONTENT: Final = (
    "request_model",
    "status_code",
    "input_tokens",
    "output_tokens",
    "latency_ms",
    "endpoint",
    "client_address",
    "prompt_hash",
    "operation",
)

_NEAR_US: Final = 300_000_000  # clocks of two logs of one request are not further apart
_UNIQUE: Final = 0.9  # share of different ids in a source from which on they are ids


@dataclass
class Keys:
    """Rows that have a request id: their places, the hash of id and account, of the whole, and their start."""

    rows: NDArray[np.int64]
    ids: NDArray[np.uint64]
    whole: NDArray[np.uint64]
    at: NDArray[np.int64]

    def pick(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Keys:
        """Some of them."""
        return Keys(self.rows[which], self.ids[which], self.whole[which], self.at[which])


@dataclass
class _Level:
    """One run of requests, sorted by id, each id once."""

    ids: NDArray[np.uint64]
    whole: NDArray[np.uint64]
    at: NDArray[np.int64]

    def find(self, ids: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Places of ids, and which of them are there."""
        place = np.minimum(np.searchsorted(self.ids, ids), self.ids.size - 1)
        return place, self.ids[place] == ids


@dataclass
class _Told:
    """Ids in one source so far."""

    rows: int = 0
    different: int = 0
    repeated: int = 0  # in the source itself, other than as the same line again


@dataclass
class Seen:
    """Requests already in the case, and those of the source being read."""

    case: Case
    joined: bool
    before: list[_Level] = field(default_factory=list)  # other sources
    here: list[_Level] = field(default_factory=list)  # this source
    more: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))  # wholes of ids that came again
    loose: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))  # those ids
    told: _Told = field(default_factory=_Told)

    def __post_init__(self) -> None:
        wanted = ("request_id", "account_id", "started_at", "source_id", *_CONTENT)
        formats = self.case.scan("sources").select("source_id", "format").collect() if self.joined else None
        for path in self.case.files("events"):
            scanned = self.case.scan_part("events", path)
            frame = scanned.select(*wanted).collect()
            if formats is None:
                self._keep(request_keys(frame))
            else:
                for (name,), part in frame.join(formats, on="source_id", how="left").group_by("format"):
                    self._keep(request_keys(part, str(name)))
            self.next_source()

    def next_source(self) -> None:
        """What follows stands in another source."""
        for level in self.here:
            _merge(self.before, level)
        self.here, self.told = [], _Told()

    def forget(self) -> None:
        """This source could not be read after all."""
        self.here, self.told = [], _Told()

    def _keep(self, keys: Keys) -> None:
        """Requests that are in the case: an id that is there twice is none to go by."""
        if not keys.ids.size:
            return
        order = np.argsort(keys.ids, kind="stable")
        ordered = keys.pick(order)
        first = np.ones(ordered.ids.size, np.bool_)
        first[1:] = ordered.ids[1:] != ordered.ids[:-1]
        again = ~first
        for level in (*self.before, *self.here):
            again |= level.find(ordered.ids)[1]
        if again.any():
            self._loosen(ordered.pick(again))
        fresh = ordered.pick(~again)
        if fresh.ids.size:
            _merge(self.here, _Level(fresh.ids, fresh.whole, fresh.at))

    def _loosen(self, keys: Keys) -> None:
        self.loose = np.union1d(self.loose, keys.ids)
        self.more = np.union1d(self.more, keys.whole)

    def take(self, count: int, keys: Keys) -> NDArray[np.bool_]:
        """Which of `count` rows are new, given those that have a key; they count as seen from now on."""
        new = np.ones(count, np.bool_)
        if not keys.ids.size:
            return new
        ordered = keys.pick(np.argsort(keys.ids, kind="stable"))
        first = np.ones(ordered.ids.size, np.bool_)
        first[1:] = ordered.ids[1:] != ordered.ids[:-1]
        known = ~first
        for level in (*self.before, *self.here):
            known |= level.find(ordered.ids)[1]
        fresh = ordered.pick(~known)
        self.told.rows += int(ordered.ids.size)
        self.told.different += int(fresh.ids.size)
        if known.any():
            doubtful = ordered.pick(known)
            self._decide(doubtful, fresh, new)
        if fresh.ids.size:
            _merge(self.here, _Level(fresh.ids, fresh.whole, fresh.at))
        return new

    def _decide(self, doubtful: Keys, fresh: Keys, new: NDArray[np.bool_]) -> None:
        """Of rows whose id came before: those that are the same request are not new."""
        here = [*self.here, _Level(fresh.ids, fresh.whole, fresh.at)] if fresh.ids.size else self.here
        same = np.isin(doubtful.whole, self.more)
        instant, inside = np.zeros(same.size, np.bool_), np.zeros(same.size, np.bool_)
        for level in here:
            place, there = level.find(doubtful.ids)
            same |= there & (level.whole[place] == doubtful.whole)
            instant |= there & (level.at[place] == doubtful.at)
            inside |= there
        leads = np.ones(same.size, np.bool_)  # of several with one id, the first
        leads[1:] = doubtful.ids[1:] != doubtful.ids[:-1]
        inside |= ~leads
        near = np.zeros(same.size, np.bool_)
        for level in self.before:
            place, there = level.find(doubtful.ids)
            same |= there & (level.whole[place] == doubtful.whole)
            instant |= there & (level.at[place] == doubtful.at)
            near |= there & (np.abs(level.at[place] - doubtful.at) <= _NEAR_US)
        other = inside & ~same & ~instant
        free = ~np.isin(doubtful.ids, self.loose) & ~np.isin(doubtful.ids, doubtful.ids[other])
        self.told.repeated += int(other.sum())
        sure = self.told.repeated <= (1 - _UNIQUE) * self.told.rows
        double = same | (instant & free & sure) | (near & free & ~inside & sure)
        double |= _again(doubtful)
        self.told.different += int((~inside & ~same).sum())
        new[doubtful.rows[double]] = False
        kept, met = doubtful.pick(~double), doubtful.pick(double & ~inside)
        if kept.ids.size:
            self._loosen(kept)
        if met.ids.size:  # the same id once more in this source is no double of the other source's
            _merge(self.here, _Level(met.ids, met.whole, met.at))

    @property
    def repeats(self) -> tuple[int, int]:
        """Lines with a request id in this source, and how many of them bring an id that an earlier one had at another
        time.
        """
        return self.told.rows, self.told.repeated


def _again(keys: Keys) -> NDArray[np.bool_]:
    """Which rows are the same whole as an earlier one among them."""
    order = np.argsort(keys.whole, kind="stable")
    again = np.zeros(order.size, np.bool_)
    again[order[1:]] = keys.whole[order[1:]] == keys.whole[order[:-1]]
    return again


def _merge(levels: list[_Level], level: _Level) -> None:
    """Keep sorted runs, merging those of like size: few runs to search, little to move."""
    while levels and levels[-1].ids.size <= 2 * level.ids.size:
        other = levels.pop()
        ids = np.concatenate((other.ids, level.ids))
        order = np.argsort(ids, kind="stable")
        level = _Level(
            ids[order], np.concatenate((other.whole, level.whole))[order], np.concatenate((other.at, level.at))[order]
        )
    levels.append(level)


def _said(column: pl.Series, seed: int) -> pl.Series:
    """Hashes of a column; 0 where it says nothing, as where there is no column at all."""
    return column.hash(seed).set(column.is_null(), 0)


def request_keys(frame: pl.DataFrame, salt: str = "") -> Keys:
    """Rows that have a request id, and the hash of id and account; bare short numbers, which are often counters, count
    with their time only.

    The hashes are polars' own, which another version may work out differently: they live no longer than a run.
    """
    ids = frame["request_id"]
    if ids.null_count() == ids.len():
        return Keys(np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.int64))
    keys = frame.select(
        pl.col("request_id").hash(_SEED + crc32(salt.encode())) ^ pl.col("account_id").hash(_SEED)
    ).to_series()
    if (ids.str.len_bytes() <= _COUNTER_DIGITS).any() and (counter := ids.str.contains(_COUNTER)).any():
        keys = keys.zip_with(~counter.fill_null(value=False), keys ^ frame["started_at"].hash(_SEED))
    content = keys ^ frame["started_at"].hash(_SEED + 1)
    for place, name in enumerate(_CONTENT):
        if frame[name].null_count() < frame.height:  # an empty column counts as no column
            content = content ^ _said(frame[name], _SEED + 2 + place)
    table = pl.DataFrame({"ids": keys, "whole": content, "at": frame["started_at"].dt.epoch("us")})
    given = ids.is_not_null()
    if ids.null_count():
        table = table.filter(given)
    rows = given.arg_true().to_numpy().astype(np.int64)
    return Keys(rows, table["ids"].to_numpy(), table["whole"].to_numpy(), table["at"].to_numpy())
