"""Every command that writes a case, killed (-9) between any two changes of files: whole or not at all, and in the log."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from killing import forking
from polars.testing import assert_frame_equal

from forensics.case.store import Case
from forensics.common.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from killing import Runner

OLD = Path(__file__).parents[1] / "case" / "version_1"
# What tells when and how often something ran is not the same in two runs.
DATED = {"lineage", "profiles", "sources", "comparisons"}
POINTS, FEW = 5, 3  # moments of a kill; few of commands that take seconds

COMMANDS: dict[str, tuple[str, ...]] = {
    "ingest": ("ingest", "more.jsonl", "--case", "case"),
    "investigate": ("investigate", "more.jsonl", "--case", "case"),
    "nightly": ("nightly", "case", "more.jsonl", "--window", "5", "--retain", "10", "--yes"),
    "mark": ("mark", "1", "confirmed", "--case", "case"),
    "mark value": ("mark", "--value", "client", "curl", "benign", "--case", "case"),
    "mark import": ("mark", "--import", "marks.jsonl", "--case", "case"),
    "bans": ("bans", "bans.csv", "--case", "case"),
    "watch": ("watch", "add", "account", "acct_1", "--case", "case"),
    "drop": ("case", "drop", "--before", "2026-05-09", "--yes", "--case", "case"),
    "seal": ("seal", "case", "--key", "seal.key", "--timestamp"),
    "bag": ("seal", "case", "--bag", "bag"),
    "share": ("share", "copy", "--key", "share.key", "--mapping", "back.jsonl", "--case", "case"),
    "report": ("report", "--case", "case", "--format", "json", "-o", "report.json", "--force"),
    "canary": ("canary", "assign", "positions.csv", "--key", "canary.key", "--holders", "holders.csv", "--case", "case"),
}  # fmt: skip


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Forks runs for all tests of this file."""
    with forking() as forks:
        yield forks


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, runner: Runner) -> Path:
    """A folder with a small investigated case and what the commands need."""
    tmp_path = tmp_path_factory.mktemp("kills") / "start"
    tmp_path.mkdir()
    shutil.copytree(OLD, tmp_path / "case")
    with Case.locked(tmp_path / "case") as case:
        last = case.scan("events").select(pl.col("started_at").max()).collect().item()
        accounts = case.scan("accounts").select("account_id").collect()["account_id"].sort().to_list()
        lines = [
            json.dumps({"ts": last.timestamp() + 60 + number, "account_id": accounts[number % 5], "request_id": f"m{number}"})
            for number in range(200)
        ]  # fmt: skip
    (tmp_path / "more.jsonl").write_text("\n".join(lines) + "\n{torn\n")
    (tmp_path / "bans.csv").write_text(f"account_id\n{accounts[0]}\n{accounts[1]}\n")
    nouns = [
        one + two + three
        for one in ("ba", "ke", "mo", "ru", "ti")
        for two in "dlnprstvz"
        for three in ("ka", "sel", "mir", "dov")
    ]
    (tmp_path / "positions.csv").write_text(
        "position_id,a,b\n" + "".join(f"p{noun},we begin with {noun},we start with {noun}\n" for noun in nouns)
    )
    (tmp_path / "canary.key").write_text("00" * 32 + "\n")
    (tmp_path / "holders.csv").write_text("holder_id\none\nother\n")
    assert runner.run("seal", "--new-key", "seal.key", home=tmp_path).returncode == 0
    assert runner.run("mark", "1", "watch", "--case", "case", home=tmp_path).returncode == 0
    told = runner.run("mark", "--export", "--case", "case", home=tmp_path).output
    (tmp_path / "marks.jsonl").write_text(told)
    return tmp_path


def contents(folder: Path) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Tables and what the log says was done; the case is swept first."""
    with Case.locked(folder) as case:
        tables = {name: case.scan(name).collect() for name in TABLES if name not in DATED}
        return tables, [entry["what"] for entry in case.entries()]


def beside(desk: Path) -> dict[str, bytes]:
    """What stands in the case besides tables, and what was written out of it."""
    folders = ("case/seal", "case/canary", "bag", "copy")
    paths = [desk / "report.json", *(path for name in folders for path in (desk / name).rglob("*"))]
    return {str(path.relative_to(desk)): path.read_bytes() for path in paths if path.is_file()}


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables say the same."""
    one, other = (frame.select(pl.exclude("read_at", "at")) for frame in (one, other))
    try:
        assert_frame_equal(one, other, check_row_order=False)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_between_any_two_changes(name: str, start: Path, tmp_path: Path, runner: Runner) -> None:
    """Before each of some changes of files: every table is as before or as after, none is changed without an entry in
    the log, nothing half-written is left in the case, and the same command then runs to the same end.
    """
    desk = tmp_path / "desk"
    shutil.copytree(start, desk)
    before, said_before = contents(desk / "case")
    through = runner.run(*COMMANDS[name], home=desk)
    assert through.returncode == 0, through.output
    after, said_after = contents(desk / "case")
    assert len(said_after) > len(said_before)
    points = FEW if name in {"investigate", "nightly"} else POINTS
    for point in range(points):
        at = 1 + point * (through.changes - 1) // (points - 1)
        shutil.rmtree(desk)
        shutil.copytree(start, desk)
        assert runner.run(*COMMANDS[name], home=desk, at=at).returncode == -signal.SIGKILL, at
        now, said = contents(desk / "case")
        for table, frame in now.items():
            assert same(frame, before[table]) or same(frame, after[table]), (at, table)
        if any(not same(frame, before[table]) for table, frame in now.items()):
            assert len(said) > len(said_before), f"changed before {at} without an entry"
        if beside(desk) != beside(start):
            assert len(said) > len(said_before), f"written before {at} without an entry"
        left = {path.name for path in (desk / "case").rglob("*")} & {".draft", ".ready", ".spool"}
        assert not left
        assert not list((desk / "case").rglob("*.tmp"))
        again = runner.run(*COMMANDS[name], home=desk)
        finished = "is not empty" in again.output or "exists" in again.output  # the copy was whole already
        assert again.returncode == 0 or (finished and again.returncode == 2), (at, again.output)
        for table, frame in contents(desk / "case")[0].items():
            assert same(frame, after[table]), (at, table)
        assert not list(desk.glob(".*unfinished*")), at
