"""Symmetric Tardos codes: biases and codewords from a secret key, scores, and the exact null of a score.

Source: Tardos 2003; symmetric score of Škorić, Katzenbeisser and Celik 2008, as in methods C7.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bits = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

KEY_BYTES = 32
MEAN = 2 / math.pi  # a holder's score per position when the leak is its own output, without flips
FEWEST_COUNTED = 10  # below, fresh codewords no longer tell a tail and its saddlepoint approximation does
MOST_ENUMERATED = 16  # positions whose 2^n codewords are all looked at
_WORD = 2.0**-64


def cutoff(coalition: int) -> float:
    """How near to 0 and 1 a bias may come, for a coalition of this many holders."""
    return 1 / (300 * max(1, coalition))


def key_id(key: bytes) -> str:
    """What tells one key from another without giving it away."""
    return hashlib.blake2b(b"", key=key, person=b"canary key id", digest_size=6).hexdigest()


def seed(key: bytes) -> int:
    """Where the fresh codewords of the null start: the same key, the same numbers."""
    return int.from_bytes(hashlib.blake2b(b"", key=key, person=b"canary null", digest_size=8).digest(), "big")


def biases(key: bytes, positions: Sequence[str], coalition: int) -> Floats:
    """Chance of variant a, one for each position: sin² of an angle that the key draws evenly between the cutoffs."""
    drawn = b"".join(
        hashlib.blake2b(_name(name), key=key, person=b"canary bias", digest_size=8).digest() for name in positions
    )
    low = math.asin(math.sqrt(cutoff(coalition)))
    angles = low + _even(drawn) * (math.pi / 2 - 2 * low)
    chances: Floats = np.sin(angles) ** 2
    return chances


def codewords(key: bytes, holders: Sequence[str], positions: Sequence[str], chances: Floats) -> Bits:
    """Holders × positions: whether the holder gets variant a. A bit hangs on key, holder and position alone."""
    names = [_name(name) for name in positions]
    words = np.empty((len(holders), len(positions)), np.bool_)
    for row, holder in enumerate(holders):
        own = hashlib.blake2b(_name(holder), key=key, person=b"canary holder", digest_size=KEY_BYTES).digest()
        start = hashlib.blake2b(key=own, person=b"canary bit", digest_size=8)
        words[row] = _even(b"".join([_finish(start, name) for name in names])) < chances
    return words


def _finish(start: hashlib.blake2b, name: bytes) -> bytes:
    state = start.copy()
    state.update(name)
    return state.digest()


def _name(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _even(digests: bytes) -> Floats:
    """64-bit words as numbers in [0, 1)."""
    words: Floats = np.frombuffer(digests, ">u8").astype(np.float64) * _WORD
    return np.minimum(words, 1 - 2.0**-53)


def symmetric_weights(signs: Floats, chances: Floats) -> Floats:
    """Weight of a bit at each position: +1 variant a was seen, -1 variant b, 0 erased.

    score = Σ weight · (bit - chance): an innocent holder's has mean 0 and variance 1 per position that is not erased.
    """
    weights: Floats = signs / np.sqrt(chances * (1 - chances))
    return weights


@dataclass(frozen=True)
class Null:
    """What the score of `size` innocent holders' words together can be, given the biases and what was seen."""

    chances: Floats
    weights: Floats
    size: int = 1

    @property
    def sd(self) -> float:
        """Standard deviation; the mean is 0."""
        return math.sqrt(self.size * float((self.weights**2 * self.chances * (1 - self.chances)).sum()))

    def scores(self, bits: npt.NDArray[Any]) -> Floats:
        """Score of each row of bits, or of counts of bits."""
        found: Floats = (bits - self.size * self.chances) @ self.weights
        return found

    def draw(self, rng: np.random.Generator, draws: int) -> Floats:
        """Scores of fresh codewords, sorted: the null itself, drawn."""
        used = self.weights != 0
        part = Null(self.chances[used], self.weights[used], self.size)
        found: list[Floats] = []
        for start in range(0, draws, 4096):
            rows = min(4096, draws - start)
            if self.size == 1:
                bits: npt.NDArray[Any] = rng.random((rows, int(used.sum()))) < part.chances
            else:
                bits = rng.binomial(self.size, part.chances, (rows, int(used.sum())))
            found.append(part.scores(bits))
        return np.sort(np.concatenate(found)) if found else np.zeros(0)

    def tails(self, scores: Floats, drawn: Floats | None = None) -> tuple[Floats, list[str]]:
        """Chance of each score or more, and how it was told.

        "all codewords" where they are few; "fresh codewords" counted in `drawn`, which is sorted; "saddlepoint" where
        too few of those reach it.
        """
        used = self.weights != 0
        part = Null(self.chances[used], self.weights[used], self.size)
        if self.size == 1 and used.sum() <= MOST_ENUMERATED:
            return _enumerate(part, scores), ["all codewords"] * len(scores)
        given = np.zeros(0) if drawn is None else drawn
        above = len(given) - np.searchsorted(given, scores, "left")
        counted = above >= FEWEST_COUNTED
        chances = (1 + above) / (1 + len(given))
        for row in np.flatnonzero(~counted):
            chances[row] = _saddlepoint(part, float(scores[row]))
        return chances, ["fresh codewords" if known else "saddlepoint" for known in counted]


def _enumerate(null: Null, scores: Floats) -> Floats:
    """Chance of each score or more over every codeword there is."""
    sums, shares = np.zeros(1), np.ones(1)
    for chance, weight in zip(null.chances, null.weights, strict=True):
        sums = np.concatenate((sums + weight * (1 - chance), sums - weight * chance))
        shares = np.concatenate((shares * chance, shares * (1 - chance)))
    order = np.argsort(sums)
    upper = np.append(np.cumsum(shares[order][::-1])[::-1], 0.0)
    slack = 1e-9 * np.maximum(1.0, np.abs(scores))  # the same sum, added in another order
    found: Floats = np.minimum(1.0, upper[np.searchsorted(sums[order], scores - slack, "left")])
    return found


def _cumulants(null: Null, at: float) -> tuple[float, float, float]:
    """Cumulant generating function of a score and its first two derivatives."""
    tilt = null.weights * at
    raised = np.logaddexp(np.log1p(-null.chances), np.log(null.chances) + tilt)
    tilted = np.exp(np.log(null.chances) + tilt - raised)
    value = null.size * float((raised - null.chances * tilt).sum())
    first = null.size * float((null.weights * (tilted - null.chances)).sum())
    second = null.size * float((null.weights**2 * tilted * (1 - tilted)).sum())
    return value, first, second


def _saddlepoint(null: Null, score: float) -> float:
    """Upper tail by Lugannani and Rice (1980), never below the chance of the highest score there is."""
    highest = null.size * float(
        np.where(null.weights > 0, null.weights * (1 - null.chances), -null.weights * null.chances).sum()
    )
    top = np.where(null.weights > 0, null.chances, 1 - null.chances)
    floor = math.exp(max(-700.0, null.size * float(np.log(top).sum())))
    if score >= highest * (1 - 1e-12):
        return floor
    if abs(score) < 1e-3 * null.sd:
        return 0.5
    if score < 0:
        return 1 - _saddlepoint(Null(null.chances, -null.weights, null.size), -score)
    at = _solve(null, score)
    value, _, second = _cumulants(null, at)
    depth = math.sqrt(max(2 * (at * score - value), 1e-12))
    slope = max(at * math.sqrt(second), 1e-12)
    density = math.exp(-depth * depth / 2) / math.sqrt(2 * math.pi)
    tail = math.erfc(depth / math.sqrt(2)) / 2 + density * (1 / slope - 1 / depth)
    chernoff = math.exp(max(-700.0, value - at * score))  # holds for certain
    return min(max(tail, floor), chernoff, 1.0)


def _solve(null: Null, score: float) -> float:
    """Where the first derivative of the cumulant generating function is the score: Newton's steps, else bisection."""
    low, high = 0.0, score / null.sd**2
    while _cumulants(null, high)[1] < score and high < 1e6:
        low, high = high, high * 2
    at = (low + high) / 2
    for _ in range(60):
        _, first, second = _cumulants(null, at)
        low, high = (at, high) if first < score else (low, at)
        step = at + (score - first) / second if second > 0 else low
        at = step if low < step < high else (low + high) / 2
        if high - low < 1e-12 * high or abs(first - score) < 1e-10 * null.sd:
            break
    return at
