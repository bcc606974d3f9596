"""Progress in words: which file of how many, lines, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.commands.progress import ReadingProgress, StageProgress

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Watched(StageProgress):
    """Somebody watches."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.watched = True


def test_which_file_how_many_lines_how_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files of 100 bytes; after 10 s one is read and half the other: 150 of 200 bytes, so 10 × 50 / 150 s are left."""
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(b"x" * 100)
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stage = Watched()
    reading = ReadingProgress(stage, [str(tmp_path)])
    reading.tell(str(tmp_path / "a.jsonl"), 100, 100, 1_000_000)
    now[0] += 10
    reading.tell(str(tmp_path / "b.jsonl"), 50, 100, 234_000)
    assert stage.detail == "file 2 of 2, 1.23 M lines, 3 s left"


def test_a_pipe_has_no_end(tmp_path: Path) -> None:
    """What comes from standard input is counted, and nothing is promised."""
    stage = Watched()
    ReadingProgress(stage, ["-"]).tell("-", 5_000_000, None, 1200)
    assert stage.detail == "-, 1.2 k lines"


def test_nobody_watches() -> None:
    """Off a terminal nothing is looked up and nothing is said."""
    stage = StageProgress(quiet=True)
    reading = ReadingProgress(stage, ["/nowhere"])
    reading.tell("/nowhere", 1, 2, 3)
    assert (stage.detail, reading.sizes) == ("", None)
