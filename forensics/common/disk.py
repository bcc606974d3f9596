"""A disk that is full, failing or forbidden, told in words."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Final

import polars as pl

from forensics.common.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DISK: Final = re.compile(r"IO error: ([^(\n]*\S)? *\(os error \d+\)|transport error")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a full or forbidden disk into a message.

    Raises: InputError where nothing can be written there.
    """
    hint = "make room or give --case another folder; the case is as it was"
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}", hint) from error
    except pl.exceptions.ComputeError as error:  # how polars tells of a disk that is full, beside faults of its own
        told = _DISK.search(str(error))
        if told is None:
            raise
        raise InputError(f"cannot write {path}: {told.group(1) or 'the disk is full or failing'}", hint) from error


def write_closed(path: Path, content: bytes, *, force: bool = False) -> None:
    """A file that its owner alone can read, whole or not there: half a key would be taken for one.

    Raises: FileExistsError where it is there, unless `force`; OSError where it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    if path.exists() and not force:
        raise FileExistsError(17, "File exists", str(path))
    temporary.unlink(missing_ok=True)  # of a run that was killed
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if force:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)  # fails if the file has appeared meanwhile
    finally:
        temporary.unlink(missing_ok=True)
