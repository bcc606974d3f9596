"""What every part of a simulated world shares: seeds, hashes, the event batch, the cast of people."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Array: TypeAlias = npt.NDArray[Any]
Play: TypeAlias = Callable[[int], "dict[str, Array] | None"]  # day → requests of one actor

SECOND = 1_000_000  # times are µs since the epoch
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
NEVER = np.int64(2**62)

# One request before it is written: codes only; writers turn codes into strings, chunk by chunk.
BATCH: dict[str, Any] = {
    "t": pl.Int64,
    "account": pl.Int32,  # row of the cast that is billed
    "person": pl.Int32,  # row of the cast whose work it is (a relay's customer differs from the account)
    "conversation": pl.UInt64,
    "turn": pl.Int32,
    "model": pl.Int16,
    "status": pl.UInt16,
    "address": pl.UInt32,
    "client": pl.Int32,
    "system": pl.Int64,  # framework * 2**32 + private text; 0 = none
    "template": pl.Int32,  # -1 = free text
    "variant": pl.Int32,
    "item": pl.UInt64,  # same item, template and variant = same prompt
    "topic": pl.Int16,
    "words": pl.Int16,
    "params": pl.Int16,
    "tools": pl.Int16,
    "input": pl.UInt32,
    "output": pl.UInt32,
    "cached": pl.UInt32,
    "reasoning": pl.UInt32,
    "latency": pl.Float32,
    "device": pl.UInt64,
    "end_user": pl.UInt64,
    "blob_out": pl.UInt64,
    "blob_in": pl.UInt64,
}


def mix(x: Array) -> Array:
    """Hash of 64-bit numbers (splitmix64 finaliser), element by element."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def blend(*parts: Array | int) -> Array:
    """One hash of several numbers or arrays of numbers."""
    total = np.zeros(1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            value = (
                np.asarray(part).astype(np.uint64)
                if not isinstance(part, int)
                else np.array([part % 2**64], dtype=np.uint64)
            )
            total = mix(total * np.uint64(0x9E3779B97F4A7C15) + value + np.uint64(0x632BE59BD9B4E019))
    return total


def unit(hashes: Array) -> Array:
    """Hashes as numbers in [0, 1)."""
    return (hashes >> np.uint64(11)).astype(np.float64) * (1.0 / 2**53)


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A random stream of its own for each seed and purpose, so that adding an actor changes no other."""
    return np.random.default_rng([seed] + [zlib.crc32(str(name).encode()) for name in names])


def pick(rng: np.random.Generator, weights: Array | list[float], n: int) -> Array:
    """N indices drawn with the given weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.asarray(np.minimum(np.searchsorted(edges, rng.random(n) * edges[-1], side="right"), len(edges) - 1))


def zipf(n: int, power: float) -> Array:
    """Weights of n things by popularity."""
    return np.asarray(1.0 / np.arange(1, n + 1, dtype=np.float64) ** power)


def spread(counts: Array) -> tuple[Array, Array]:
    """For groups of these sizes laid end to end: the group of each element and its place in the group."""
    group = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return group, np.arange(len(group)) - np.repeat(starts, counts)


def running(values: Array, group_counts: Array) -> Array:
    """Cumulative sums that start anew in each group."""
    if not len(values):
        return values
    total = np.cumsum(values)
    starts = np.cumsum(group_counts) - group_counts
    before = np.where(starts > 0, total[np.maximum(starts - 1, 0)], 0)
    return np.asarray(total - np.repeat(before, group_counts))


def empty_batch() -> pl.DataFrame:
    """No events."""
    return pl.DataFrame(schema=BATCH)


@dataclass
class Actor:
    """A group of accounts with one story, planted in a world."""

    name: str
    kind: str
    campaign: str = ""
    detectable: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Cast:
    """Everybody in the world, a row each, as growing columns; rows with billed = False have no account of their own."""

    actors: list[Actor] = field(default_factory=list)
    size: int = 0
    parts: list[dict[str, Array]] = field(default_factory=list)
    columns: dict[str, Array] = field(default_factory=dict)

    def hire(self, actor: Actor, people: dict[str, Array], *, billed: bool = True, role: int = 0) -> Array:
        """Add people; their row numbers."""
        n = len(people["rate"])
        if actor not in self.actors:
            self.actors.append(actor)
        part = dict(people)
        part["actor"] = np.full(n, self.actors.index(actor), dtype=np.int32)
        part["billed"] = np.full(n, billed)
        part.setdefault("role", np.full(n, role, dtype=np.int8))
        self.parts.append(part)
        self.size += n
        return np.arange(self.size - n, self.size, dtype=np.int32)

    def freeze(self) -> None:
        """Make the columns whole; nobody is hired after this."""
        names = self.parts[0].keys()
        self.columns = {name: np.concatenate([np.asarray(part[name]) for part in self.parts]) for name in names}
        self.parts = []

    def __getitem__(self, name: str) -> Array:
        """One column of the whole cast."""
        return self.columns[name]
