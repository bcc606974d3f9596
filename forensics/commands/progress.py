"""Progress on standard error, for whatever takes longer than a second; nothing where nobody watches."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENCE_S = 1.0
TURN_S = 0.25
_SIGNS = "|/-\\"


class StageProgress:
    """One line with the running stage, what it says of itself and its seconds; wiped when the stage ends."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.watched = not quiet and sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}
        self.detail = ""

    def tell(self, detail: str) -> None:
        """What the stage is at, e.g. `3 of 42 files`."""
        self.detail = detail

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Show the stage while the block runs, from its first second on."""
        self.detail = ""
        if not self.watched:
            yield
            return
        over = threading.Event()
        turner = threading.Thread(target=self._turn, args=(stage, over), daemon=True)
        turner.start()
        try:
            yield
        finally:
            over.set()
            turner.join()

    def _turn(self, stage: str, over: threading.Event) -> None:
        start = time.monotonic()
        shown = False
        while not over.wait(TURN_S):
            seconds = time.monotonic() - start
            if seconds >= PATIENCE_S:
                detail = f", {self.detail}" if self.detail else ""
                line = f"{_SIGNS[int(seconds / TURN_S) % 4]} {stage}{detail} … {seconds:.0f} s"
                sys.stderr.write("\r" + line[: shutil.get_terminal_size().columns - 1] + "\x1b[K")
                sys.stderr.flush()
                shown = True
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class ReadingProgress:
    """How far the reading is: `file 12 of 84, 1.2 M lines, 40 s left`."""

    def __init__(self, stage: StageProgress, given: Sequence[str]) -> None:
        self.stage, self.given = stage, given
        self.start = time.monotonic()
        self.sizes: dict[str, int] | None = None
        self.lines: dict[str, int] = {}
        self.done: dict[str, int] = {}

    def tell(self, path: str, done: int, total: int | None, lines: int) -> None:
        """A block of a source was read; `done` and `total` in bytes of the file, `total` None where it has no end."""
        if not self.stage.watched:
            return
        self.lines[path], self.done[path] = max(lines, 0), done
        self.stage.tell(self.text(path, endless=total is None))

    def text(self, path: str, *, endless: bool = False) -> str:
        """The line, from what is known so far."""
        sizes = self._sizes()
        parts = [f"file {min(len(self.lines), len(sizes))} of {len(sizes)}" if path in sizes else Path(path).name]
        parts.append(f"{_short(sum(self.lines.values()))} lines")
        whole, read = sum(sizes.values()), sum(self.done.values())
        seconds = time.monotonic() - self.start
        if not endless and path in sizes and 0 < read < whole and seconds > PATIENCE_S:
            parts.append(f"{_span(seconds * (whole - read) / read)} left")
        return ", ".join(parts)

    def _sizes(self) -> dict[str, int]:
        """Bytes of every file that is to be read, looked up once."""
        if self.sizes is None:
            from forensics.common.errors import ForensicsError
            from forensics.common.stores import is_store, listed
            from forensics.reading.opening.finding import find_sources
            from forensics.reading.opening.places import size_of

            try:
                found, _ = find_sources([name for name in self.given if not is_store(name)])
            except ForensicsError:  # told by the reading itself
                found = []
            far = listed() if any(is_store(name) for name in self.given) else {}  # of this run, not of another
            self.sizes = {name: size for name in found if (size := size_of(name)) is not None} | far
        return self.sizes


def _short(value: int) -> str:
    """1200000 → 1.2 M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return str(value)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
