from __future__ import annotations

from typing import TYPE_CHECKING

from relations import as_text, small_log

from forensics.case.store import Case
from forensics.pipeline import stages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl
    import pytest
    from running import Answer


def test_proposals_that_fail_cost_the_run_nothing_else(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where users of one program cannot be proposed, all else is found and stored as without them; exit 1 says so."""
    (tmp_path / "log.jsonl").write_text(as_text(small_log()))

    def found(name: str, code: int) -> tuple[pl.DataFrame, str]:
        answer = call("investigate", tmp_path / "log.jsonl", "--case", tmp_path / name)
        assert answer.returncode == code, answer.stderr
        return Case(tmp_path / name).scan("networks").collect(), answer.stderr

    def fail(*_arguments: object) -> pl.DataFrame:
        raise ValueError("planted")

    usual, _ = found("usual", 0)
    monkeypatch.setattr(stages, "propose_programs", fail)
    without, said = found("without", 1)
    assert without.equals(usual)
    assert "proposals by system" in said
