"""Starts of files that are already in the case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[str, int, int | None, int], None]


@dataclass
class Known:
    """A start of some source that is in the case."""

    size: int
    sha256: str
    resume_size: int
    resume_sha256: str
    resume_lines: int
    open: bool  # its last line has no line end
