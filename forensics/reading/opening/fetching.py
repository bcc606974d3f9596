"""Objects of a store, brought beside the case a few ahead of whoever reads them: each whole, or not at all."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from forensics.common.stores import Stored, fetch_object, listed_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STREAMS: Final = 8  # objects fetched at a time
AHEAD: Final = 32  # objects that wait to be read, at most,
AHEAD_BYTES: Final = 512 << 20  # and their bytes together; a larger object comes alone


@dataclass
class Lake:
    """Objects in the order they will be asked for."""

    folder: Path
    names: deque[str] = field(default_factory=deque)
    coming: dict[str, tuple[Future[Stored], Path]] = field(default_factory=dict)
    held: dict[str, Path] = field(default_factory=dict)
    objects: dict[str, Stored] = field(default_factory=dict)  # what was fetched, as the store told it
    _pool: ThreadPoolExecutor | None = None
    _count: int = 0

    def expect(self, names: Sequence[str]) -> None:
        """These will be asked for, in this order."""
        self.names = deque(names)

    def take(self, name: str) -> Path:
        """The file in which the object is now; the one before goes.

        Raises: InputError where it cannot be had whole.
        """
        if name in self.held:
            return self.held[name]
        self.drop()
        if name not in self.coming:
            self._order(name)
        self._fill()
        waiting, path = self.coming.pop(name)
        self.held[name] = path
        self.objects[name] = waiting.result()
        return path

    def drop(self) -> None:
        """What was read goes."""
        for path in self.held.values():
            path.unlink(missing_ok=True)
        self.held = {}

    def close(self) -> None:
        """Nothing more is asked for."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self.drop()
        for _, path in self.coming.values():
            path.unlink(missing_ok=True)

    def _fill(self) -> None:
        """Order the next ones, as far as there is room."""
        ahead = sum(listed_size(name) or 0 for name in self.coming)
        while self.names and len(self.coming) < AHEAD:
            ahead += listed_size(self.names[0]) or 0
            if ahead > AHEAD_BYTES and self.coming:
                return
            self._order(self.names[0])

    def _order(self, name: str) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(STREAMS, thread_name_prefix="fetch")
        if name in self.names:
            self.names.remove(name)
        self._count += 1
        path = self.folder / f"object-{self._count:06d}"
        self.coming[name] = (self._pool.submit(fetch_object, name, path), path)
