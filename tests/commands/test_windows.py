"""What can be tried of Windows from elsewhere: code pages, line ends, paths, names, locks, modules that are not there."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import pytest
from running import TOOL, run, write_logs

import forensics
from forensics.case import store
from forensics.common.printable import safe_name
from forensics.reports.screen.worlds import world_text

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(forensics.__file__).parent
POSIX_ONLY = {"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog", "readline"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the package, with where it stands."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node


def test_no_module_that_only_posix_has() -> None:
    """No file imports at its top what Windows lacks; inside a function it may, where it is asked for first."""
    wrong = [
        f"{path.name}: {alias.name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in POSIX_ONLY
    ]
    assert not wrong


def test_text_is_read_and_written_in_a_named_encoding() -> None:
    """Windows would take its code page for what names no encoding."""
    wrong = []
    for where, call in calls():
        if not isinstance(call.func, ast.Attribute):
            continue
        named = {keyword.arg for keyword in call.keywords}
        text_of_file = call.func.attr == "read_text" and not call.args and "encoding" not in named
        file_of_text = call.func.attr == "write_text" and len(call.args) == 1 and "encoding" not in named
        if text_of_file or file_of_text:
            wrong.append(where)
    assert not wrong


@pytest.mark.parametrize("page", ["cp1252", "cp437", "ascii"])
def test_a_code_page_breaks_nothing(tmp_path: Path, page: str) -> None:
    """A console that knows no `█` or `·` prints them as escapes; the run ends as it would elsewhere."""
    write_logs(tmp_path, days=6)
    command = [*TOOL, "investigate", "logs", "--accounts", "accounts.csv", "--full"]
    clean = os.environ | {"PYTHONIOENCODING": page, "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=250, check=False, env=clean)
    assert done.returncode == 0, done.stderr
    assert "Read" in done.stdout.decode(page)


def test_lines_that_end_the_windows_way(tmp_path: Path) -> None:
    """CR LF and a byte order mark change neither what is read nor which line is which."""
    write_logs(tmp_path, days=6)
    day = min((tmp_path / "logs").iterdir())
    plain = run("ingest", day, "--case", tmp_path / "plain").stdout
    day.write_bytes(b"\xef\xbb\xbf" + day.read_bytes().replace(b"\n", b"\r\n"))
    assert run("ingest", day, "--case", tmp_path / "windows").stdout == plain


@pytest.mark.parametrize("name", ["CON", "nul.txt", "COM1", "a:b", 'x"y<z>|?*', "ends. ", "aux", "ü/\\é"])
def test_file_names_that_windows_takes(name: str) -> None:
    """A name made of log content is no device, ends in no dot or space, and holds none of the nine forbidden signs."""
    made = safe_name(name)
    assert not PureWindowsPath(made).is_reserved()
    assert not set(made) & set('<>:"/\\|?*')
    assert made.rstrip(". ") == made


def test_commands_name_paths_as_the_shell_would() -> None:
    """What simulate says comes next has the path as Windows writes it."""
    facts = {"accounts": 1, "events": 1, "files": {}, "duplicates": 0, "broken": 0}
    assert r"C:\world/logs" in world_text(PureWindowsPath(r"C:\world"), facts)


def test_a_folder_is_not_opened_to_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows opens no folder, and syncs only what is open for writing."""
    opened: list[tuple[Path, int]] = []
    real = os.open

    def spy(path: Path, flags: int) -> int:
        opened.append((path, flags))
        return real(path, flags)

    file = tmp_path / "x"
    file.write_bytes(b"x")
    monkeypatch.setattr(store, "WINDOWS", True)
    monkeypatch.setattr(os, "open", spy)
    store._sync(tmp_path)
    store._sync(file)
    assert opened == [(file, os.O_RDWR)]


def test_a_second_run_is_refused_by_a_lock_that_windows_has(tmp_path: Path) -> None:
    """The lock is of a library that knows both systems; whoever comes second is told so."""
    import filelock

    case = tmp_path / "case"
    with store.Case.locked(case), pytest.raises(filelock.Timeout):
        filelock.FileLock(case / ".lock").acquire(timeout=0)
