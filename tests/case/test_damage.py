"""A case folder is not trusted: whatever is missing, damaged, forged or linked ends in a message with a name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from forensics.case.ledger import PART_TABLES
from forensics.case.store import Case
from forensics.common.errors import ForensicsError, IntegrityError, UsageError
from forensics.common.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from running import Answer

OLD = Path(__file__).parent / "version_1"  # made by the first version that had a ledger


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A small investigated case."""
    folder = tmp_path / "case"
    shutil.copytree(OLD, folder)
    with Case.locked(folder):
        pass
    return folder


def damage(path: Path, how: str) -> None:
    """Do something to a table's file."""
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "bit":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif how == "fewer rows":
        frame = pl.read_parquet(path)
        frame.head(max(frame.height - 1, 0)).write_parquet(path)
    elif how == "other table":
        pl.DataFrame({"x": [1]}).write_parquet(path)
    else:
        path.unlink()
        path.mkdir()


HOWS = ("gone", "empty", "cut", "bit", "fewer rows", "other table", "folder")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("table", [name for name in TABLES if name not in {"quarantined", "comparisons"}])
def test_a_damaged_table_is_named(table: str, how: str, case: Path) -> None:
    """Each table, damaged in each way: reading it raises IntegrityError (exit code 6) with the name of the file."""
    path = Case(case).files(table)[0]
    damage(path, how)
    with pytest.raises(IntegrityError, match=path.name):
        Case(case).scan(table).collect()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    "command",
    [("networks",), ("members",), ("show", "1"), ("report",), ("case", "info"), ("lineage",), ("seal",), ("rejects",)],
    ids="-".join,
)
def test_no_command_dies_of_damage(how: str, command: tuple[str, ...], case: Path, call: Callable[..., Answer]) -> None:
    """With every table damaged, a command ends with exit code 6 and a message, never with a traceback."""
    for table in TABLES:
        for path in Case(case).files(table):
            damage(path, how)
    answer = call(*command, "--case", case)
    assert answer.returncode == 6, answer.stderr
    assert ".parquet" in answer.stderr
    assert "Traceback" not in answer.stderr


def _look(case: Path) -> None:
    with Case.locked(case) as held:
        held.scan("events")
        held.entries()


@pytest.mark.parametrize(
    "change",
    [
        lambda ledger: ledger["parts"]["events"][0].update(file="../../secrets.parquet"),
        lambda ledger: ledger["parts"]["events"][0].update(file="/etc/x.parquet"),
        lambda ledger: ledger["parts"]["events"][0].update(file="events/../../x.parquet"),
        lambda ledger: ledger["tables"]["networks"].update(file="members.parquet"),
        lambda ledger: ledger["parts"]["events"][0].update(rows=-3),
        lambda ledger: ledger["parts"]["events"][0].update(observables=["account_id"]),
        lambda ledger: ledger["parts"].update(events={}),
        lambda ledger: ledger["parts"].update(passwords=[]),
        lambda ledger: ledger.update(parts=[]),
        lambda ledger: ledger.update(run="7"),
        lambda ledger: ledger.update(prefixes=[{}]),
        lambda ledger: ledger.update(log={"entries": 99, "head": ""}),
        lambda ledger: ledger.update(told=None) or ledger.update(told=[]),
        lambda ledger: ledger.clear() or ledger.update(version=2),
    ],
)
def test_a_forged_ledger_is_refused(change: Callable[[dict[str, Any]], object], case: Path) -> None:
    """A ledger that names files outside, or is not in form, raises IntegrityError; nothing outside is touched."""
    ledger = json.loads((case / "ledger.json").read_bytes())
    change(ledger)
    (case / "ledger.json").write_text(json.dumps(ledger))
    with pytest.raises(IntegrityError):
        _look(case)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"7", b"[" * 100_000, b"\xff\xfe"])
def test_a_ledger_that_is_none(content: bytes, case: Path, call: Callable[..., Answer]) -> None:
    """A ledger that is no JSON object is exit code 6."""
    (case / "ledger.json").write_bytes(content)
    answer = call("networks", "--case", case)
    assert answer.returncode == 6, answer.stderr


@pytest.mark.parametrize("version", [0, 3, 99, "2", None, True])
def test_a_ledger_of_another_version_is_refused(version: object, case: Path, call: Callable[..., Answer]) -> None:
    """Reading commands refuse it too, not only those that write."""
    ledger = json.loads((case / "ledger.json").read_bytes())
    (case / "ledger.json").write_text(json.dumps({**ledger, "version": version}))
    for command in ("networks", "members", "accounts"):
        answer = call(command, "--case", case)
        assert answer.returncode == 2, (command, answer.stderr)
        assert "another version" in answer.stderr


def test_a_ledger_that_is_gone_is_missed(case: Path) -> None:
    """The log knows that there was one."""
    (case / "ledger.json").unlink()
    with pytest.raises(IntegrityError, match=r"ledger\.json is gone"):
        Case(case).scan("events")


def test_a_log_that_is_cut_is_missed(case: Path) -> None:
    """Entries taken off its end leave a sound chain; the ledger knows how long it was."""
    with Case.locked(case) as held:
        held.commit(notes={"x": 1})
    lines = (case / "log.jsonl").read_bytes().splitlines(keepends=True)
    (case / "log.jsonl").write_bytes(b"".join(lines[:-1]))
    with pytest.raises(IntegrityError, match="cut or exchanged"):
        Case(case).entries()


# Links


@pytest.mark.parametrize("name", [*PART_TABLES, "seal", ".draft", ".ready", ".spool"])
def test_a_linked_folder_is_not_followed(name: str, case: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Where a folder of a case is a link, the run stops and nothing at its end is touched."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.parquet").write_bytes(b"x")
    shutil.rmtree(case / name, ignore_errors=True)
    (case / name).symlink_to(outside, target_is_directory=True)
    for command in (("nightly", str(case)), ("networks", "--case", str(case)), ("watch", "list", "--case", str(case))):
        answer = call(*command)
        assert answer.returncode == 6, answer.stderr
        assert "symbolic link" in answer.stderr
    assert [path.name for path in outside.iterdir()] == ["precious.parquet"]


@pytest.mark.parametrize("name", ["ledger.json", "log.jsonl", "networks.parquet", ".lock", "settings.toml", ".x.tmp"])
def test_a_linked_file_is_not_followed(name: str, case: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Where a file of a case is a link, nothing is read or written through it."""
    target = tmp_path / "precious"
    target.write_text("precious\n")
    (case / name).unlink(missing_ok=True)
    (case / name).symlink_to(target)
    answer = call("mark", "1", "watch", "--case", case)
    assert answer.returncode == 6, answer.stderr
    assert target.read_text() == "precious\n"


def test_only_the_owner_looks_into_a_case(tmp_path: Path) -> None:
    """Folders are 0700 and files 0600, whatever the user's mask says, in a new case and in an old one once renewed."""
    shutil.copytree(OLD, tmp_path / "old")
    for path in (tmp_path / "old").rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    with Case.locked(tmp_path / "old") as held:
        held.put("members", held.scan("members"))
    with Case.locked(tmp_path / "new") as held:
        held.put("register", Case(tmp_path / "old").scan("register"))
        held.write_file("seal/x", b"x")
    for folder in ("old", "new"):
        for path in [tmp_path / folder, *(tmp_path / folder).rglob("*")]:
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


# An older version


def test_an_old_case_is_read_as_it_is(call: Callable[..., Answer]) -> None:
    """Reading commands work on a case of version 1 and change nothing in it."""
    before = {path: path.read_bytes() for path in OLD.rglob("*") if path.is_file()}
    for command in (("networks",), ("members",), ("rejects",), ("case", "info"), ("lineage",), ("watch", "list")):
        answer = call(*command, "--case", OLD)
        assert answer.returncode == 0, answer.stderr
    assert {path: path.read_bytes() for path in OLD.rglob("*") if path.is_file()} == before


def test_an_old_case_is_renewed_once_it_is_held(case: Path) -> None:
    """All its rows are there, each file is counted and hashed, the log stands, and its rejects hold no line any more."""
    old, new = Case(OLD), Case(case)
    assert new.ledger["version"] == 2
    for table in TABLES:
        assert new.scan(table).select(pl.len()).collect().item() == old.scan(table).select(pl.len()).collect().item()
    assert all(part["digest"] for table in PART_TABLES for part in new.ledger["parts"][table])
    assert all(part["digest"] for part in new.ledger["tables"].values())
    assert new.entries() == old.entries()
    assert new.scan("rejects").collect()["raw"].to_list() == [None]
    held = b"".join(path.read_bytes() for path in (case / "rejects").iterdir())
    assert b"a line that is no event" not in held
    assert new.told_source == new.last_source


def test_an_old_case_that_is_damaged_is_not_renewed(tmp_path: Path) -> None:
    """A part with fewer rows than version 1 noted is named; its ledger stays as it was."""
    shutil.copytree(OLD, tmp_path / "case")
    path = next((tmp_path / "case" / "events").iterdir())
    damage(path, "fewer rows")
    with pytest.raises(ForensicsError, match=path.name), Case.locked(tmp_path / "case"):
        pass
    assert json.loads((tmp_path / "case" / "ledger.json").read_bytes())["version"] == 1


def test_a_folder_that_is_no_case_is_left_alone(tmp_path: Path) -> None:
    """A folder with other things in it is refused before anything in it is looked at."""
    (tmp_path / "x").symlink_to("/etc")
    with pytest.raises(UsageError, match="not a case"):
        Case(tmp_path)
