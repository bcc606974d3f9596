"""What goes wrong around a run: files that cannot be read, that change while they are read, a disk that is full, two
runs at once.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import subprocess
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl
import pytest
import running
from hostile import flat, harmless
from polars.testing import assert_frame_equal

from forensics.case.store import Case
from forensics.reading.opening import sources as reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from running import Answer

call = running.call  # the tool in this process
RAW = b"".join(flat(number, pad=str(number * 7919)) + b"\n" for number in range(3000))
TABLES = ("events", "rejects", "sources")


def contents(folder: Path, tables: Iterable[str] = TABLES) -> dict[str, pl.DataFrame]:
    """What a case holds."""
    case = Case(folder)
    return {table: case.scan(table).collect() for table in tables}


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> None:
    """Two cases hold the same, wherever their sources lay."""
    for table, frame in one.items():
        drop = ["path"] if table == "sources" else []
        assert_frame_equal(frame.drop(drop), other[table].drop(drop))


# Files that cannot be read


def forbid(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Opening files of this name is refused, as it is to everyone but root where permissions say so."""
    real = Path.open

    def refuse(path: Path, *given: Any, **more: Any) -> IO[Any]:  # noqa: ANN401 - passed on
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        opened: IO[Any] = real(path, *given, **more)
        return opened

    monkeypatch.setattr(Path, "open", refuse)


def test_a_file_that_may_not_be_opened(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside others it is skipped, named with the reason, exit code 5; alone it is an error, exit code 4; the case is
    as if it were not there.
    """
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_bytes(RAW)
    call("ingest", tmp_path / "logs", "--case", tmp_path / "plain")
    (tmp_path / "logs" / "b.jsonl").write_bytes(RAW.replace(b"req_", b"other_"))
    forbid(monkeypatch, "b.jsonl")
    answer = harmless(call("ingest", tmp_path / "logs", "--case", tmp_path / "case"))
    assert answer.returncode == 5
    assert "b.jsonl: cannot be read: Permission denied" in answer.stderr
    same(contents(tmp_path / "plain"), contents(tmp_path / "case"))
    answer = harmless(call("ingest", tmp_path / "logs" / "b.jsonl", "--case", tmp_path / "case"))
    assert answer.returncode == 4
    assert "Permission denied" in answer.stderr
    monkeypatch.undo()
    assert call("ingest", tmp_path / "logs", "--case", tmp_path / "case").returncode == 0
    assert contents(tmp_path / "case")["events"].height == 6000, "read once it may be opened"


def test_an_accounts_file_that_may_not_be_opened(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its accounts file a run does not begin: exit code 4, and no case."""
    (tmp_path / "a.jsonl").write_bytes(RAW)
    (tmp_path / "accounts.csv").write_text("account_id,plan\nacct_1,free\n")
    forbid(monkeypatch, "accounts.csv")
    answer = harmless(
        call("investigate", tmp_path / "a.jsonl", "--accounts", tmp_path / "accounts.csv", "--case", tmp_path / "case")
    )
    assert answer.returncode == 4
    assert "accounts.csv: Permission denied" in answer.stderr
    assert not Case(tmp_path / "case").has("events")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux")
def test_a_file_that_opens_but_does_not_read(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Reading fails with an error of the device: told as such, exit code 4."""
    answer = harmless(call("ingest", "/proc/self/mem", "--case", tmp_path / "case"))
    assert answer.returncode == 4
    assert "Input/output error" in answer.stderr


def test_a_pipe_is_read_once(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A named pipe, as `<(zcat a.gz)` makes one, cannot be opened twice: it is read whole, and adds nothing when it
    says the same again.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for told in ("= 3 000 events", "3 000 lines passed over: read before"):
        writer = threading.Thread(target=pipe.write_bytes, args=(RAW,))
        writer.start()
        answer = harmless(call("ingest", pipe, "--case", tmp_path / "case"))
        writer.join(timeout=20)
        assert answer.returncode == 0, answer.stderr
        assert contents(tmp_path / "case")["events"].height == 3000
        assert contents(tmp_path / "case")["sources"]["event_count"].sum() == 3000
        assert told in answer.stdout.replace("\u00a0", " ")


def test_what_is_no_file_in_a_folder(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A link to nothing and a pipe beside logs are named, not waited for; everything else is read, exit code 5."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(RAW)
    (logs / "gone.jsonl").symlink_to(tmp_path / "rotated-away.jsonl")
    os.mkfifo(logs / "pipe")
    answer = harmless(call("ingest", logs, "--case", tmp_path / "case"))
    assert answer.returncode == 5
    assert "gone.jsonl: a link to nothing" in answer.stderr
    assert "pipe: no regular file" in answer.stderr
    assert contents(tmp_path / "case")["events"].height == 3000


class Failing(io.BufferedReader):
    """A file on a disk that fails after some bytes."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(io.FileIO(path))
        self.left = most

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, until the disk fails."""
        if self.left <= 0:
            raise OSError(5, "Input/output error")
        data = super().read(min(size or 0, self.left))
        self.left -= len(data)
        return data


@pytest.mark.parametrize(
    "cut", [len(RAW) // 2, RAW.index(b"\n", len(RAW) // 2) + 1], ids=["inside a line", "between lines"]
)
def test_a_disk_that_fails_half_way(
    cut: int, tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines before the fault are kept and the fault is told; once the disk reads again the rest is added and
    nothing doubled.
    """
    path = tmp_path / "a.jsonl"
    path.write_bytes(RAW)
    real = Path.open
    with monkeypatch.context() as within:
        within.setattr(
            Path,
            "open",
            lambda name, *given, **more: Failing(name, cut) if name == path else real(name, *given, **more),
        )
        answer = harmless(call("ingest", path, "--case", tmp_path / "case"))
    assert answer.returncode == 5
    assert "not read to its end: reading stopped: Input/output error" in answer.stderr
    kept = contents(tmp_path / "case")["events"].height
    assert kept == RAW[:cut].count(b"\n")
    assert call("ingest", path, "--case", tmp_path / "case").returncode == 0
    assert contents(tmp_path / "case")["events"]["source_line"].sort().to_list() == list(range(1, 3001))


def test_an_archive_cut_off_is_told_and_completed(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """What was left out of a gz file that is cut off is told; the whole file adds the rest."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(RAW)[:-3000])
    answer = harmless(call("ingest", path, "--case", tmp_path / "case"))
    assert answer.returncode == 5
    assert "1 file was read in part" in answer.stderr
    assert "not read to its end: the gz file is cut off" in answer.stderr
    kept = contents(tmp_path / "case")["events"].height
    assert 0 < kept < 3000
    path.write_bytes(gzip.compress(RAW))
    assert call("ingest", path, "--case", tmp_path / "case").returncode == 0
    assert contents(tmp_path / "case")["events"].height == 3000


# Files that change


def test_a_file_that_shrinks_while_it_is_read(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that is emptied under the reader (copytruncate) gives what was still there; what is written to it later is
    read the next time.
    """
    path = tmp_path / "a.jsonl"
    path.write_bytes(RAW)
    real = reading.Stream.blocks

    def emptied(stream: reading.Stream) -> Any:  # noqa: ANN401 - an iterator, passed on
        for number, block in enumerate(real(stream)):
            if number == 0:
                os.truncate(path, 0)
            yield block

    with monkeypatch.context() as within:
        within.setattr(reading.Stream, "blocks", emptied)
        answer = harmless(call("ingest", path, "--case", tmp_path / "case"))
    assert answer.returncode in {0, 4}
    path.write_bytes(RAW.replace(b"req_", b"later_"))
    assert call("ingest", path, "--case", tmp_path / "case").returncode == 0
    events = contents(tmp_path / "case")["events"]
    assert events.filter(pl.col("request_id").str.starts_with("later_")).height == 3000
    assert events["request_id"].n_unique() == events.height, "nothing doubled"


def test_a_log_rotated_between_runs(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """The same name with other content is a new file, read from its first line; the old file under its new name adds
    nothing.
    """
    path = tmp_path / "a.jsonl"
    path.write_bytes(RAW)
    call("ingest", path, "--case", tmp_path / "case")
    path.rename(tmp_path / "a.jsonl.1")
    fresh = RAW.replace(b"req_", b"later_")
    path.write_bytes(fresh[: fresh.index(b"\n", 5000) + 1])
    answer = call("ingest", path, tmp_path / "a.jsonl.1", "--case", tmp_path / "case")
    assert answer.returncode == 0
    assert "3 000 lines passed over: read before" in answer.stdout.replace("\u00a0", " ")
    events = contents(tmp_path / "case")["events"]
    assert events.height == 3000 + path.read_bytes().count(b"\n")
    assert events["request_id"].n_unique() == events.height


# A disk that is full


def bounded(most: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The tool in a process that may write no file larger than `most` bytes: what a full disk looks like from inside,
    for every library.
    """

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = subprocess.run(
        [*running.TOOL, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=bound,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("most", [0, 3000, 20_000])
def test_a_full_disk_leaves_the_case(most: int, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """At whichever file the disk is full: a message with the file, exit code 4, the case as before, nothing half
    written left; with room it goes on.
    """
    (tmp_path / "a.jsonl").write_bytes(RAW[: RAW.index(b"\n", 20_000) + 1])
    (tmp_path / "b.jsonl").write_bytes(RAW.replace(b"req_", b"other_"))
    case = tmp_path / "case"
    call("ingest", tmp_path / "a.jsonl", "--case", case)
    before = contents(case)
    files = {path: path.stat().st_size for path in case.rglob("*") if path.is_file()}
    done = bounded(most, "ingest", tmp_path / "b.jsonl", "--case", case)
    assert done.returncode == 4 or most > 3000, done.stderr
    if done.returncode:
        assert "cannot write" in done.stderr
        assert "hint: make room" in done.stderr
        same(before, contents(case))
        assert {path: path.stat().st_size for path in case.rglob("*") if path.is_file()} == files
    done = bounded(most, "investigate", "--case", case)
    assert done.returncode == 4 or most > 3000, done.stderr
    assert call("investigate", tmp_path / "b.jsonl", "--case", case).returncode == 0
    assert contents(case)["events"].height == before["events"].height + 3000


@pytest.mark.parametrize("held", [b"", b"\n\n"], ids=["empty", "blank"])
def test_a_file_without_a_line_changes_nothing(held: bytes, tmp_path: Path) -> None:
    """A log that is empty on the first night or a later one is no fault; there is nothing to investigate in it yet."""
    (tmp_path / "a.jsonl").write_bytes(held)
    (tmp_path / "b.jsonl").write_bytes(RAW)
    for _ in range(2):
        assert bounded(1 << 40, "ingest", tmp_path / "a.jsonl", "--case", tmp_path / "case").returncode == 0
    done = bounded(1 << 40, "investigate", tmp_path / "a.jsonl", "--case", tmp_path / "case")
    assert done.returncode == 4
    assert "no line holds a request" in done.stderr
    assert bounded(1 << 40, "ingest", tmp_path / "b.jsonl", "--case", tmp_path / "case").returncode == 0
    assert bounded(1 << 40, "ingest", tmp_path / "a.jsonl", "--case", tmp_path / "case").returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
@pytest.mark.parametrize(
    "command", [("version",), ("formats", "list", "--format", "json"), ("formats", "list", "--format", "parquet")]
)
def test_output_to_a_full_disk(command: tuple[str, ...]) -> None:
    """Standard output on a full disk: said in one line, exit code 4."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*running.TOOL, *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 4
    assert done.stderr.startswith("forensics: cannot write the output: No space left on device\nhint: ")


def test_results_to_a_full_disk_leave_a_whole_case(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Where only the report could not be written, what was read is in the case all the same."""
    (tmp_path / "a.jsonl").write_bytes(RAW)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*running.TOOL, "ingest", str(tmp_path / "a.jsonl"), "--case", str(tmp_path / "case")],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 4
    assert contents(tmp_path / "case")["events"].height == 3000
    assert call("case", "info", "--case", tmp_path / "case").returncode == 0


# Two runs at once


def test_two_runs_on_one_case_at_once(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Of runs started together on one case each either does its work or is turned away with 75; run again, the case is
    as if they had come in turn.
    """
    sources = []
    for name in ("a", "b", "c"):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(RAW.replace(b"req_", f"{name}_".encode()))
        sources.append(path)
    case = tmp_path / "case"
    started = [
        subprocess.Popen(
            [*running.TOOL, "ingest", str(path), "--case", str(case)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for path in sources
    ]
    codes = []
    for process in started:
        _, told = process.communicate(timeout=120)
        codes.append(process.returncode)
        assert process.returncode in {0, 75}, told
        assert process.returncode == 0 or "another run holds the case" in told
    assert 0 in codes
    done = contents(case)["events"]
    assert done.height == 3000 * codes.count(0)
    for path in sources:
        assert call("ingest", path, "--case", case).returncode == 0
    events = contents(case)["events"]
    assert (events.height, events["request_id"].n_unique()) == (9000, 9000)
    assert json.loads((case / "ledger.json").read_text())["next_source"] == 4


def test_reading_while_another_run_writes(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """What only looks at a case (info, rejects) may do so while another run holds it."""
    (tmp_path / "a.jsonl").write_bytes(RAW + b"{broken\n")
    call("ingest", tmp_path / "a.jsonl", "--case", tmp_path / "case")
    with Case.locked(tmp_path / "case"):
        assert call("case", "info", "--case", tmp_path / "case").returncode == 0
        assert call("rejects", "--case", tmp_path / "case").returncode == 0
        assert call("ingest", tmp_path / "a.jsonl", "--case", tmp_path / "case").returncode == 75
