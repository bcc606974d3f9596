"""Which phrasings stand in which documents: all in one pass over a block of text (Aho-Corasick, by a library)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from forensics.defences.canary.normal import SEPARATOR, normalise_block
from forensics.defences.canary.texts import documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.defences.canary.codes import Bits, Ints

_WORD_BYTES = np.array([chr(code).isalnum() or code == ord("_") for code in range(128)] + [True] * 128)
_UNSPACED = 0x2E80  # from here on scripts without spaces between words, mostly


@dataclass
class Tally:
    """What was seen: documents, and of each phrasing (a and b of a position side by side) in how many of them."""

    documents: int
    counts: Ints

    def add(self, other: Tally) -> None:
        """Take in another part of the same corpus."""
        self.documents += other.documents
        self.counts += other.counts


class Matcher:
    """Finds phrasings as whole words in texts."""

    def __init__(self, variants: Sequence[str]) -> None:
        """Normalised phrasings, none of which holds another."""
        from ahocorasick_rs import BytesAhoCorasick, Implementation

        self.variants = [variant.encode() for variant in variants]
        size = sum(map(len, self.variants))
        quick = (
            Implementation.DFA if size < 1 << 17 else Implementation.ContiguousNFA
        )  # a table of all states: fast, 1 kB a character
        self._search = BytesAhoCorasick(self.variants, implementation=quick)
        self._open_start = np.array([_needs_edge(variant[0]) for variant in variants])
        self._open_end = np.array([_needs_edge(variant[-1]) for variant in variants])

    def empty(self) -> Tally:
        """Nothing seen yet."""
        return Tally(0, np.zeros(len(self.variants), np.int64))

    def count(self, texts: Sequence[str]) -> Tally:
        """How many of the texts hold each phrasing."""
        tally = self.empty()
        tally.documents = len(texts)
        plain = [text for text in texts if text.isascii()]
        for part in (plain, [text for text in texts if not text.isascii()] if len(plain) < len(texts) else []):
            if part:
                tally.counts += self._in_block(normalise_block(SEPARATOR.join(part)))
        return tally

    def count_bytes(self, data: bytes, kind: str, fields: frozenset[str]) -> Tally:
        """As `count`, of the documents in some bytes of a corpus."""
        return self.count(documents(data, kind, fields))

    def _in_block(self, block: bytes) -> Ints:
        matches = self._search.find_matches_as_indexes(block, overlapping=True)
        if not matches:
            return np.zeros(len(self.variants), np.int64)
        found = np.fromiter(chain.from_iterable(matches), np.int64, 3 * len(matches)).reshape(-1, 3)
        kept = found[self._whole_words(block, found)]
        breaks = np.flatnonzero(np.frombuffer(block, np.uint8) == 0)
        which = np.searchsorted(breaks, kept[:, 1])
        once = np.unique(which * len(self.variants) + kept[:, 0])
        return np.bincount(once % len(self.variants), minlength=len(self.variants))

    def _whole_words(self, block: bytes, found: Ints) -> Bits:
        """Which matches do not begin or end inside a longer word."""
        text = np.frombuffer(block, np.uint8)
        before = np.where(found[:, 1] > 0, text[np.maximum(found[:, 1] - 1, 0)], 32)
        after = np.where(found[:, 2] < len(text), text[np.minimum(found[:, 2], len(text) - 1)], 32)
        cut = (_WORD_BYTES[before] & self._open_start[found[:, 0]]) | (_WORD_BYTES[after] & self._open_end[found[:, 0]])
        doubtful = np.flatnonzero(cut & ((before >= 128) | (after >= 128)))
        for row in doubtful:  # a byte past ASCII may be part of a letter or of a sign
            pattern, start, end = found[row]
            left = _last_character(block[max(0, start - 4) : start])
            right = block[end : end + 4].decode("utf-8", "ignore")[:1]
            cut[row] = (self._open_start[pattern] and _needs_edge(left)) or (
                self._open_end[pattern] and _needs_edge(right)
            )
        whole: Bits = ~cut
        return whole


def _last_character(data: bytes) -> str:
    return data.decode("utf-8", "ignore")[-1:]


def _needs_edge(char: str) -> bool:
    """Whether a letter beside this one would be part of the same word."""
    return bool(char) and (char.isalnum() or char == "_") and ord(char) < _UNSPACED
