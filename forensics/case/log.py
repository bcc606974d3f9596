"""The chained log of a case: what was done, when and by whom; each entry holds the hash of the one before."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from forensics.common.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

LOG_FILE = "log.jsonl"


def read_log(path: Path) -> list[dict[str, Any]]:
    """Every entry, oldest first; what follows the last line end was torn off by a kill and never counted.

    Raises: IntegrityError where an entry was changed, taken out or put in.
    """
    if not path.exists():
        return []
    try:
        whole = path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}", "check its permissions") from error
    found: list[dict[str, Any]] = []
    previous = ""
    for number, line in enumerate(whole, start=1):
        try:
            entry: dict[str, Any] = json.loads(line)
            sound = entry["previous"] == previous and entry["sha256"] == chain_hash(entry) and _has_form(entry)
        except (ValueError, KeyError, TypeError, RecursionError):
            sound = False
        if not sound:
            hint = "compare it with a backup or a sealed copy; nothing from this line on can be trusted"
            raise IntegrityError(f"{path}:{number}: the chain of the log is broken here", hint)
        previous = entry["sha256"]
        found.append(entry)
    return found


def make_entry(
    known: Sequence[Mapping[str, Any]], what: str, at: datetime, by: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The entry that follows those known."""
    entry = {
        "n": len(known) + 1,
        "what": what,
        "at": at.isoformat(),
        "by": by,
        "facts": dict(facts),
        "previous": known[-1]["sha256"] if known else "",
    }
    entry["sha256"] = chain_hash(entry)
    return entry


def append_entries(path: Path, entries: Sequence[Mapping[str, Any]], mode: int) -> None:
    """Put entries at the end of the log, those only that are not in it yet; a torn last line goes."""
    have = len(read_log(path))
    missing = [entry for entry in entries if entry["n"] > have]
    if not missing:
        return
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), mode)
    with os.fdopen(handle, "r+b") as file:
        file.seek(file.read().rfind(b"\n") + 1)
        file.truncate()
        file.write(entry_lines(missing))
        file.flush()
        os.fsync(file.fileno())


def entry_lines(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """Entries as they are stored."""
    return b"".join(json.dumps(entry, sort_keys=True, ensure_ascii=True).encode() + b"\n" for entry in entries)


def chain_hash(entry: Mapping[str, Any]) -> str:
    """The hash of everything an entry says."""
    said = {name: value for name, value in entry.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _has_form(entry: Mapping[str, Any]) -> bool:
    """Whether an entry has what its readers rely on; a forged chain may hold anything."""
    texts = all(isinstance(entry[name], str) for name in ("what", "at", "by"))
    return texts and isinstance(entry["n"], int) and isinstance(entry["facts"], dict)
