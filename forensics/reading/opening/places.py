"""Where a source is: a file, a pipe, standard input, or an object of a store."""

from __future__ import annotations

from pathlib import Path

from forensics.common.stores import is_store, listed_size


def is_stream(name: str) -> bool:
    """Whether it can be read once only."""
    return name == "-" or (not is_store(name) and Path(name).exists() and not Path(name).is_file())


def size_of(name: str) -> int | None:
    """Bytes of a file, or of an object that was listed; None for what has no end."""
    if is_store(name):
        return listed_size(name)
    return Path(name).stat().st_size if name != "-" and Path(name).is_file() else None
