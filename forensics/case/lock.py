"""One run at a time holds a case."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import filelock

from forensics.common.errors import CaseLocked, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OTHERS = 0o077  # what nobody but the owner may do with what a run writes


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """The folder, held alone until the block ends; what is written meanwhile is its owner's only.

    Raises: CaseLocked if another run holds it.
    """
    before = os.umask(_OTHERS)
    try:
        lock = filelock.FileLock(folder / ".lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise CaseLocked(
                f"another run holds the case {folder}", "wait until it has ended, or give another --case"
            ) from error
        except OSError as error:
            raise InputError(
                f"cannot write {folder}: {error.strerror or error}", "give --case a folder that can be written to"
            ) from error
        try:
            yield
        finally:
            lock.release()
    finally:
        os.umask(before)
