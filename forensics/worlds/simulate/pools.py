"""How relays choose the account of a session: least recently used, random, weighted, baton passing."""

from __future__ import annotations

import heapq

import numpy as np

from forensics.worlds.simulate.base import HOUR, SECOND, Array


class Pool:
    """The accounts of one operator, each usable between two times, and the scheduler's memory across days."""

    def __init__(self, rows: Array, start: Array, end: Array, weights: Array) -> None:
        self.rows, self.start, self.end = rows, start, end
        self.weights = weights
        order = np.argsort(start, kind="stable")
        self._coming = [(int(start[i]), int(i)) for i in order[::-1]]  # last = next to come
        self._queue: list[tuple[int, int]] = []  # (last used, member)

    def usable(self, low: int, high: int) -> Array:
        """Members usable at some time of the span."""
        return np.flatnonzero((self.start < high) & (self.end > low))

    def _take(self, t: int, skips: float, rng_values: list[float]) -> int:
        """The member unused for longest at t; -1 if none; each candidate is passed over with probability `skips`."""
        while self._coming and self._coming[-1][0] <= t:
            since, member = self._coming.pop()
            heapq.heappush(self._queue, (since - HOUR, member))
        aside: list[tuple[int, int]] = []
        chosen = -1
        while self._queue:
            used, member = heapq.heappop(self._queue)
            if self.end[member] <= t:
                continue
            if self._queue and len(aside) < 40 and rng_values and rng_values.pop() < skips:
                aside.append((used, member))
                continue
            chosen = member
            break
        if chosen < 0 and aside:
            chosen = aside.pop()[1]
        for entry in aside:
            heapq.heappush(self._queue, entry)
        return chosen

    def rotate(self, begin: Array, finish: Array, skips: float, rng: np.random.Generator) -> Array:
        """Least recently used: each session (sorted by begin) goes to the account idle for longest; -1 if there is
        none.
        """
        out = np.full(len(begin), -1, dtype=np.int64)
        luck: list[float] = []
        for index, (t, last) in enumerate(zip(begin.tolist(), finish.tolist(), strict=True)):
            if len(luck) < 64:
                luck = rng.random(65_536).tolist()
            member = self._take(t, skips, luck)
            if member >= 0:
                out[index] = member
                heapq.heappush(self._queue, (last, member))
        return out

    def scatter(self, begin: Array, rng: np.random.Generator, *, weighted: bool = False) -> Array:
        """Each session to a random usable account."""
        out = np.full(len(begin), -1, dtype=np.int64)
        if not len(begin):
            return out
        near = self.usable(int(begin[0]), int(begin[-1]) + 1)
        if not len(near):
            return out
        edges = np.cumsum(self.weights[near] if weighted else np.ones(len(near)))
        left = np.arange(len(begin))
        for _ in range(60):
            draw = near[
                np.minimum(np.searchsorted(edges, rng.random(len(left)) * edges[-1], side="right"), len(near) - 1)
            ]
            fits = (self.start[draw] <= begin[left]) & (self.end[draw] > begin[left])
            out[left[fits]] = draw[fits]
            left = left[~fits]
            if not len(left):
                break
        return out

    def pass_baton(self, t: Array, stream: Array, limit: float, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Each stream stays on one account until its limit, an hour, or a ban: member and time of each request, and
        where a 429 was met.

        `t` is sorted. After a 429 the account rests; the next request follows on another account within seconds.
        """
        member = np.full(len(t), -1, dtype=np.int64)
        moved = t.copy()
        limited = np.zeros(len(t), dtype=bool)
        places = {int(s): np.flatnonzero(stream == s) for s in np.unique(stream)}
        hops = [(int(t[index[0]]), s, 0) for s, index in places.items()]
        heapq.heapify(hops)
        while hops:
            now, s, at = heapq.heappop(hops)
            index = places[s]
            chosen = self._take(now, 0.0, [])
            if chosen < 0:
                continue
            times = t[index]
            budget = max(int(rng.lognormal(np.log(limit), 0.35)), 2)
            stop = int(np.searchsorted(times, min(now + HOUR, int(self.end[chosen]))))
            stop = max(stop, at + 1)
            hit = at + budget < stop
            stop = min(stop, at + budget)
            member[index[at:stop]] = chosen
            rest = int(times[stop - 1])
            if hit:
                limited[index[stop - 1]] = True
                rest += int(rng.choice([600, 1800, 5 * 3600], p=[0.5, 0.3, 0.2])) * SECOND
                if stop < len(index):
                    lag = int(rng.uniform(0.05, 3.2) * SECOND)
                    moved[index[stop]] = min(int(times[stop]), int(times[stop - 1]) + lag)
            heapq.heappush(self._queue, (rest, chosen))
            if stop < len(index):
                heapq.heappush(hops, (int(times[stop]), s, stop))
        return member, moved, limited
