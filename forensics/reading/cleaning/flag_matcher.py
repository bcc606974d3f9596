"""All patterns of the content flags in one pass over a text, by Hyperscan where it is installed (`forensics[fast]`).

It only saves time: the answers are those of the plain way, text by text. To get it ready takes as long as the plain way
takes for some hundred thousand texts, so it is asked only when a run has shown that many.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AFTER: Final = 150_000  # texts of a process, from which on it pays to get the matcher ready


class Matcher:
    """Bits of ASCII texts by patterns that are matched bytewise, whatever the case of letters."""

    def __init__(self, patterns: Mapping[str, Sequence[str]], bits: Mapping[str, int]) -> None:
        """Get the patterns ready.

        Raises: ImportError where Hyperscan is not installed.
        """
        self._library: Any = importlib.import_module("hyperscan")
        expressions = [(word.encode(), bits[name]) for name, words in patterns.items() for word in words]
        once = self._library.HS_FLAG_CASELESS | self._library.HS_FLAG_SINGLEMATCH
        self._database = self._library.Database(mode=self._library.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[word for word, _ in expressions],
            ids=[bit for _, bit in expressions],
            elements=len(expressions),
            flags=[once] * len(expressions),
        )
        self._own = threading.local()  # what a scan writes into: each thread needs its own

    def __call__(self, texts: pl.Series) -> pl.Series:
        """Bits of each text; null counts as empty."""
        if not hasattr(self._own, "scratch"):
            self._own.scratch = self._library.Scratch(self._database)
        scan, scratch, found = self._database.scan, self._own.scratch, [0]

        def note(bit: int, *_: object) -> None:
            found[0] |= bit

        flags = []
        for text in texts.cast(pl.Binary).to_list():
            found[0] = 0
            if text:
                scan(text, match_event_handler=note, scratch=scratch)
            flags.append(found[0])
        return pl.Series("flags", flags, dtype=pl.UInt32)


class Worth:
    """The matcher, once a process has seen so many texts that it pays; None before, and where it is not installed."""

    def __init__(self, patterns: Mapping[str, Sequence[str]], bits: Mapping[str, int], after: int = AFTER) -> None:
        self._patterns, self._bits, self._after = patterns, bits, after
        self._seen, self._lock = 0, threading.Lock()
        self._matcher: Matcher | None = None
        self._missing = False

    def matcher(self, texts: int) -> Matcher | None:
        """The matcher for so many texts more."""
        with self._lock:
            self._seen += texts
            if self._matcher is None and self._seen > self._after and not self._missing:
                try:
                    self._matcher = Matcher(self._patterns, self._bits)
                except ImportError:
                    self._missing = True
            return self._matcher
