"""A case of frames, written into a folder as the tool stores it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.case.store import Case

if TYPE_CHECKING:
    from pathlib import Path

    from made_case import FrameCase


def store(case: FrameCase, folder: Path) -> Path:
    """Write every table; the folder."""
    with Case.locked(folder) as held:
        for name, frame in case.tables.items():
            held.put(name, frame.lazy())
    return folder
