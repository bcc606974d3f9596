"""Secrets in names of files and folders: none is kept, and the file is found again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from object_store import Store, s3, s3_server

from forensics.case.store import Case
from forensics.commands.options import _masked
from forensics.common.secrets import MARK, mask_path
from forensics.evidence.manifest import _further_inputs
from forensics.evidence.sources import find_marked, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from running import Answer

__all__ = ["s3", "s3_server"]  # fixtures

KEYS = (
    "sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8xYz1",
    "hunter22hunter",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
)
FOLDER = Path(f"team_{KEYS[0]}") / f"password={KEYS[1]}"


def write_log(path: Path, name: str, lines: int = 40) -> None:
    """A few requests of a few accounts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"ts": 1777593600 + 60 * n, "account_id": f"{name}{n % 4}", "request_id": f"{name}-{n}"} for n in range(lines)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two logs whose names differ in a secret only, and an accounts file."""
    monkeypatch.chdir(tmp_path)
    write_log(FOLDER / f"{KEYS[2]}.jsonl", "a")
    write_log(FOLDER / f"{KEYS[2][:-1]}F.jsonl", "b")
    (FOLDER / f"accounts-{KEYS[3]}.csv").write_text("account_id,plan\na1,pro\nb1,free\n")
    return tmp_path


def written_in(folder: Path) -> bytes:
    """Everything that stands in a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_name_of_a_file_holds_a_secret_and_files_are_found(desk: Path, call: Callable[..., Answer]) -> None:
    """Tables, ledger, log, seal, reports and messages hold no secret of a path; verify finds the files all the same, and
    misses the one that was changed.
    """
    case, accounts = ("--case", "case"), ("--accounts", FOLDER / f"accounts-{KEYS[3]}.csv")
    told = []
    for command in (
        ("investigate", str(FOLDER / "*.jsonl"), *accounts, *case),
        ("investigate", str(FOLDER / "AKIA*.jsonl"), FOLDER / "gone.jsonl", *case),
        ("case", "info", *case),
        ("rejects", *case),
        ("seal", "case"),
        ("report", "--format", "json", "-o", "r.json", *case),
        ("report", "--format", "html", "-o", "r.html", *case),
        ("events", "a1", *case),
        ("verify", "case"),
        ("verify", "case", "--source", FOLDER / f"{KEYS[2]}.jsonl", "--line", "2"),
        ("formats", "test", FOLDER / f"{KEYS[2]}.jsonl"),
        ("ingest", FOLDER / "gone.jsonl", *case),
    ):
        answer = call(*command)
        assert answer.returncode != 1, answer.stderr
        told.append(answer.stdout + answer.stderr)
    everything = written_in(desk / "case") + Path("r.json").read_bytes() + Path("r.html").read_bytes()
    rows = Case("case").scan("sources").collect().to_dicts()
    for key in (*KEYS, f"{KEYS[2][:-1]}F"):
        assert key.encode() not in everything
        assert key not in json.dumps(rows, default=str)
        assert not [text for text in told if key in text], key
    assert "2 sources hashed again" in told[8]
    assert "everything is as sealed" in told[8]
    assert "is source" in told[9]
    assert len({row["path"] for row in rows}) == 2, "two secrets, two files"
    assert [Path(place_of(row)).exists() for row in rows] == [True] * len(rows)
    write_log(FOLDER / f"{KEYS[2]}.jsonl", "c")
    answer = call("verify", "case")
    assert answer.returncode == 6
    assert "was changed since it was read" in answer.stdout + answer.stderr
    # of a run by itself the log has the command, from which the seal tells what went in beside logs
    entry = {"facts": _masked({"command": ["ingest", "--accounts", str(FOLDER / f"accounts-{KEYS[3]}.csv")]})}
    assert KEYS[3] not in str(entry)
    assert [one["bytes"] for one in _further_inputs([entry], {})] == [31]


def test_a_file_read_before_is_known_by_its_masked_name(desk: Path, call: Callable[..., Answer]) -> None:
    """Reading it again adds nothing."""
    call("ingest", str(FOLDER / "*.jsonl"), "--case", "case")
    answer = call("ingest", str(FOLDER / "*.jsonl"), "--case", "case")
    assert "80 lines passed over: read before" in answer.stdout
    assert Case("case").scan("events").collect().height == 80


def test_a_place_that_is_gone_stays_as_it_is_called(desk: Path) -> None:
    """Nothing is found where nothing is, and a name that looks like a mark is one's own."""
    masked = mask_path(str(FOLDER / f"{KEYS[2]}.jsonl"))
    assert find_marked(masked) == str(FOLDER / f"{KEYS[2]}.jsonl")
    shutil.rmtree(FOLDER.parts[0])
    assert find_marked(masked) == masked
    own = f"{MARK}0a1b2c3d›.log"
    Path(own).write_text("x")
    assert find_marked(own) == own


def test_an_object_is_found_by_its_masked_name(s3: Store, call: Callable[..., Answer], tmp_path: Path) -> None:
    """Of an object of a store the same holds."""
    key = f"lake/logs/{KEYS[2]}/day.jsonl"
    write_log(tmp_path / "day.jsonl", "a")
    s3.put_file(str(tmp_path / "day.jsonl"), key)
    case = ("--case", tmp_path / "case")
    assert call("ingest", f"s3://lake/logs/{KEYS[2]}/", *case).returncode == 0
    row = Case(tmp_path / "case").scan("sources").collect().row(0, named=True)
    assert KEYS[2] not in row["path"]
    assert place_of(row) == f"s3://{key}"
    assert "passed over" in call("ingest", f"s3://lake/logs/{KEYS[2]}/", *case).stdout
