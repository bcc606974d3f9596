"""Names, folders and globs → the files behind them; whatever is passed over is told, with the reason."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.common.errors import InputError
from forensics.common.stores import find_objects, is_store, refuse_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Passed = list[tuple[str, str]]  # what was passed over, and why


def find_sources(given: Sequence[str]) -> tuple[list[str], Passed]:
    """Files and objects behind names, folders and globs, sorted within each, none twice; and what was passed over, with
    the reason.

    Raises: InputError where a name finds nothing; UsageError for one of another service, or with credentials in it.
    """
    found: list[str] = []
    skipped: Passed = []
    for name in given:
        refuse_wrong(name)
        path = Path(name)
        if is_store(name):
            found += _objects(name, skipped)
        elif name == "-" or (path.exists() and not path.is_dir()):
            found.append(name)
        elif path.is_dir():
            inside = _files_in(path, skipped)
            if not inside and not skipped:
                raise InputError(f"{name} holds no file", "give a folder with logs")
            found += inside
        else:
            found += _matches(name, skipped)
    return list(dict.fromkeys(found)), list(dict.fromkeys(skipped))


def _objects(name: str, skipped: Passed) -> list[str]:
    """Objects of a store that a name, a folder or a glob stands for."""
    whole = [one.name for one in find_objects(name)]
    hidden = {key for key in whole if key != name and _is_hidden(key.split("/")[3:])}
    skipped += [(key, "hidden file") for key in whole if key in hidden]
    return [key for key in whole if key not in hidden]


def _is_hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith(".") for part in parts) or parts[-1].endswith("~")


def _matches(pattern: str, skipped: Passed) -> list[str]:
    """Files that a glob names, and all those in folders that it names."""
    before = len(skipped)
    found: list[str] = []
    for match in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - Path.glob takes no absolute pattern
        path = Path(match)
        if path.is_dir():
            found += _files_in(path, skipped)
        elif path.is_file():
            found.append(match)
        else:
            skipped.append((match, _what(path)))
    skipped += [(str(folder), reason) for folder, reason in _closed_under(pattern)]
    if not found and len(skipped) == before:
        raise InputError(
            f"{pattern}: no such file or folder", "check the name; quote a glob so that the shell leaves it alone"
        )
    return found


def _files_in(folder: Path, skipped: Passed) -> list[str]:
    """All files below a folder, links to folders followed, each folder once."""
    found: list[str] = []
    for path, reason in _walk(folder, set()):
        inner = path.relative_to(folder).parts
        if reason:
            skipped.append((str(path), reason))
        elif _is_hidden(inner):
            skipped.append((str(path), "hidden file"))
        else:
            found.append(str(path))
    return sorted(found, key=lambda name: Path(name).parts)


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[tuple[Path, str]]:
    """Files below a folder, and what is none or cannot be looked into, with the reason."""
    try:
        state = folder.stat()
        if (state.st_dev, state.st_ino) in seen:
            return
        seen.add((state.st_dev, state.st_ino))
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield folder, f"cannot be looked into: {error.strerror or error}"
        return
    for entry in sorted(entries, key=lambda entry: entry.is_symlink()):  # a folder itself before links to it
        if entry.is_dir():
            yield from _walk(entry, seen)
        elif entry.is_file():
            yield entry, ""
        else:
            yield entry, _what(entry)


def _what(path: Path) -> str:
    return "a link to nothing" if path.is_symlink() and not path.exists() else "no regular file"


def _closed_under(pattern: str) -> Iterator[tuple[Path, str]]:
    """Folders that a glob would have to look into and may not: it passes them over without a word."""
    parts = Path(pattern).parts
    plain = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    base = Path(*parts[:plain]) if plain else Path()
    deepest = 64 if "**" in parts else len(parts) - plain - 1
    waiting = [(base, 0)]
    while waiting:
        folder, depth = waiting.pop()
        if not os.access(folder, os.R_OK | os.X_OK):
            if folder.exists():
                yield folder, "cannot be looked into: Permission denied"
            continue
        if depth < deepest:
            inner = [entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()]
            waiting += [(entry, depth + 1) for entry in inner if not entry.name.startswith(".")]
