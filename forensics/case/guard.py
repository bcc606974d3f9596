"""A case folder is not trusted: no link in it is followed, and no table is read but the one that was written."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from blake3 import blake3

from forensics.case.ledger import UNKNOWN
from forensics.common.errors import InputError, IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.case.ledger import Part
    from forensics.common.schema import Table

FOLDER_MODE, FILE_MODE = 0o700, 0o600
RESTORE = "restore it from a backup, or ingest the sources into a new case"
_BLOCK = 1 << 20


def refuse_links(folder: Path) -> None:
    """Nothing in the folder is a link, a pipe or a device.

    Raises: IntegrityError with the name of what is; InputError where the folder cannot be looked into.
    """
    for entry in _entries(folder):
        if entry.is_symlink():
            what = "is a symbolic link, and a case holds none"
        elif not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
            what = "is neither a file nor a folder"
        else:
            continue
        raise IntegrityError(f"{entry.path} {what}", "put the file or folder itself there, or take the link away")


def _entries(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"cannot look into {folder}: {error.strerror}", "check its permissions") from error
    for entry in found:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path)


def narrow(folder: Path) -> None:
    """Only the owner may look into a case: prompts, addresses and cards of others lie in it."""
    folder.chmod(FOLDER_MODE)
    for entry in _entries(folder):
        Path(entry.path).chmod(FOLDER_MODE if entry.is_dir(follow_symlinks=False) else FILE_MODE)


def digest_file(path: Path) -> tuple[int, str]:
    """Bytes of a file and their hash.

    Raises: OSError where it cannot be read, or is a link.
    """
    digest, size = blake3(), 0
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


class Checked:
    """Which files were found to be those that were written; each is looked at once a run, and again once it changes."""

    def __init__(self) -> None:
        self._seen: set[tuple[Part, int, int, int]] = set()

    def check(self, path: Path, part: Part, contract: Table) -> None:
        """The file holds the bytes, the rows and the columns that the ledger says.

        Raises: IntegrityError with its name.
        """
        try:
            now = os.lstat(path)
        except OSError as error:
            raise IntegrityError(f"{path} is gone, but the case's ledger counts on it", RESTORE) from error
        state = (part, now.st_ino, now.st_size, now.st_mtime_ns)
        if state in self._seen:
            return
        if not stat.S_ISREG(now.st_mode):
            raise IntegrityError(f"{path} is no regular file", RESTORE)
        _check_bytes(path, part)
        _check_content(path, part, contract)
        self._seen.add(state)

    def trust(self, path: Path, part: Part) -> None:
        """The file was written by this very run."""
        now = os.lstat(path)
        self._seen.add((part, now.st_ino, now.st_size, now.st_mtime_ns))


def _check_bytes(path: Path, part: Part) -> None:
    if not part.digest:  # written by a version that noted rows only
        return
    try:
        size, digest = digest_file(path)
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}", RESTORE) from error
    if size != part.size:
        raise IntegrityError(f"{path} was changed: it has {size:,} bytes, written were {part.size:,}", RESTORE)
    if digest != part.digest:
        raise IntegrityError(f"{path} was changed: other content of the same size", RESTORE)


def _check_content(path: Path, part: Part, contract: Table) -> None:
    try:
        schema = pl.read_parquet_schema(path)
        rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
        if not part.digest:  # nobody knows what its bytes were: it has to be read once to see whether it can be
            rows = pl.read_parquet(path, glob=False).height
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise IntegrityError(f"{path} is not a readable Parquet file", RESTORE) from error
    if part.rows not in {UNKNOWN, rows}:
        raise IntegrityError(f"{path} was changed: it has {rows:,} rows, written were {part.rows:,}", RESTORE)
    for name, dtype in schema.items():
        if name in contract.columns and dtype != contract.columns[name].dtype:
            raise IntegrityError(
                f"{path}: column {name} is {dtype}, not {contract.columns[name].dtype}",
                "another version wrote it; forensics investigate --case works the tables out anew",
            )
