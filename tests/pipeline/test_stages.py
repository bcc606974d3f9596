from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from relations import as_text, small_log

from forensics.case.store import Case
from forensics.common.schema import MEMBERS
from forensics.judging.testing import test_networks
from forensics.pipeline import stages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_what_was_proposed_and_refused_is_not_tested_again(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same accounts proposed by their program, its tools and their volume: tested once, not four times."""
    (tmp_path / "log.jsonl").write_text(as_text(small_log()))
    names = [f"a{number:02d}" for number in range(20)]
    monkeypatch.setattr(stages, "propose_programs", lambda *_: proposal(names))
    monkeypatch.setattr(stages, "propose_even", lambda *_: proposal(names))
    tested: list[list[str]] = []
    test = test_networks

    def noted(members: pl.LazyFrame, *rest: object, **more: object) -> pl.LazyFrame:
        tested.append(members.collect()["network_id"].unique().sort().to_list())
        return test(members, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(stages, "test_networks", noted)
    answer = call("investigate", tmp_path / "log.jsonl", "--case", tmp_path / "case")
    assert answer.returncode == 0, answer.stderr
    assert tested.count(["net_proposed"]) == 1


def proposal(names: list[str]) -> pl.DataFrame:
    """Accounts proposed as one network."""
    rows = pl.DataFrame({"account_id": names, "network_id": "net_proposed", "role": "member"})
    return MEMBERS.completed(rows)
