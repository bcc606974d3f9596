"""Progress on standard error, for whatever takes longer than a second; nothing where nobody watches."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
