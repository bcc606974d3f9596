"""Requests seen before, by their ids."""

from __future__ import annotations

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


class Seen:
    """Request ids already in the case, as sorted hashes."""

    def __init__(self, case: Case, *, joined: bool) -> None:
        self.levels: list[NDArray[np.uint64]] = []
        formats = case.scan("sources").select("source_id", "format").collect() if joined else None
        for path in case.files("events"):
            frame = (
                case.scan_part("events", path).select("request_id", "account_id", "started_at", "source_id").collect()
            )
            if formats is None:
                self._add(np.sort(request_keys(frame)[1]))
            else:
                for (name,), part in frame.join(formats, on="source_id", how="left").group_by("format"):
                    self._add(np.sort(request_keys(part, str(name))[1]))

    def _add(self, keys: NDArray[np.uint64]) -> None:
        """Keep sorted runs (`keys` is one), merging those of like size: few runs to search, little to move."""
        if not keys.size:
            return
        while self.levels and self.levels[-1].size <= 2 * keys.size:
            keys = np.sort(np.concatenate((self.levels.pop(), keys)), kind="stable")
        self.levels.append(keys)

    def take(self, count: int, rows: NDArray[np.int64], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of `count` rows are new, given the rows that have a key; they count as seen from now on."""
        new = np.ones(count, np.bool_)
        if not keys.size:
            return new
        ordered = np.sort(keys)  # searched in order: neighbours lie in the same cache lines
        first = np.ones(keys.size, np.bool_)
        first[1:] = ordered[1:] != ordered[:-1]
        for level in self.levels:
            place = np.minimum(np.searchsorted(level, ordered), level.size - 1)
            first &= level[place] != ordered
        if not first.all():
            order = np.argsort(keys, kind="stable")  # of several with one key the first is kept
            new[rows[order]] = first
        self._add(ordered[first])
        return new


def request_keys(frame: pl.DataFrame, salt: str = "") -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Rows that have a request id, and the hash of id and account; bare short numbers, which are often counters, count
    with their time only.

    The hashes are polars' own, which another version may work out differently: they live no longer than a run.
    """
    ids = frame["request_id"]
    if ids.null_count() == ids.len():
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    keys = frame.select(
        pl.col("request_id").hash(_SEED + crc32(salt.encode())) ^ pl.col("account_id").hash(_SEED)
    ).to_series()
    if (ids.str.len_bytes() <= _COUNTER_DIGITS).any() and (counter := ids.str.contains(_COUNTER)).any():
        keys = keys.zip_with(~counter.fill_null(value=False), keys ^ frame["started_at"].hash(_SEED))
    if not ids.null_count():
        return np.arange(frame.height), keys.to_numpy()
    given = ids.is_not_null()
    return given.arg_true().to_numpy().astype(np.int64), keys.filter(given).to_numpy()
