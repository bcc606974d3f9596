"""From a quoted line back to the bytes of the log, and what a check may say."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
import running
from hypothesis import given, settings
from hypothesis import strategies as st
from real_cases import real_case, run

from forensics.case.store import Case
from forensics.common.errors import UsageError
from forensics.evidence.manifest import verify_case
from forensics.evidence.sources import place_of, raw_lines


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=9),
    st.booleans(),
    st.integers(0, 8),
)
def test_raw_is_every_byte(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ended: bool, at: int) -> None:
    """A line as the file has it, with its own line end, carriage return and all: as `split` on line feeds gives it."""
    path = tmp_path_factory.mktemp("raw") / "log"
    content = b"\n".join(lines) + (b"\n" if ended else b"")
    path.write_bytes(content)
    whole = (
        content.splitlines(keepends=True)
        if b"\r" not in content
        else [part + b"\n" for part in content.split(b"\n")[:-1]]
        + ([content.rsplit(b"\n", 1)[-1]] if not content.endswith(b"\n") else [])
    )
    whole = [part for part in whole if part]
    if content[:4] == b"PAR1" or any(
        char in content for char in (b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x85")
    ):
        return  # bytes.splitlines breaks there, a log does not
    if at < len(whole):
        assert raw_lines(path, [at + 1]) == whole[at]
    else:
        with pytest.raises(UsageError):
            raw_lines(path, [at + 1])


def test_raw_on_the_command_line(tmp_path: Path) -> None:
    """`--raw` writes the bytes and nothing else; without it the whole line stands there, however long."""
    case = real_case(tmp_path)
    source = tmp_path / "logs" / "part-1.jsonl"
    line = source.read_bytes().splitlines(keepends=True)[4]
    done = running.run("verify", case, "--source", source, "--line", "5", "--raw")
    assert done.stdout.encode() == line
    assert "…" not in run("verify", case, "--source", source, "--line", "5")
    assert running.run("verify", case, "--source", source, "--raw").returncode == 2
    assert running.run("verify", case, "--line", "5").returncode == 2


def test_nothing_unchecked_is_called_sealed(tmp_path: Path) -> None:
    """Where no source is at hand the answer is about the case's files only; where some are, about those."""
    case = real_case(tmp_path)
    run("seal", case)
    assert "everything is as sealed" in run("verify", case)
    shutil.move(tmp_path / "logs" / "part-1.jsonl", tmp_path / "away.jsonl")
    assert "2 sources are as sealed; 1 were not at hand" in run("verify", case)
    shutil.rmtree(tmp_path / "logs")
    told = run("verify", case)
    assert "no source was at hand to be checked" in told
    assert "everything is as sealed" not in told


def test_a_relative_source_is_found_from_anywhere(tmp_path: Path) -> None:
    """A source read by a relative path is looked for where the tool ran then, not where it runs now."""
    running.write_logs(tmp_path, days=4)
    done = running.run("ingest", "logs", "--case", "case", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = Case(tmp_path / "case").scan("sources").collect().to_dicts()
    assert all(row["folder"] == str(tmp_path) for row in rows)
    assert all(Path(place_of(row)).is_file() for row in rows)


def test_a_case_without_folders_is_read(tmp_path: Path) -> None:
    """A case of an earlier version knows no folder: paths stand as they were given."""
    case = real_case(tmp_path)
    sources = Case(case).scan("sources").collect()
    assert sources["folder"].null_count() == sources.height
    assert [place_of(row) for row in sources.iter_rows(named=True)]
    with Case.locked(case) as held:
        held.put("sources", sources.with_columns(folder=pl.lit("/elsewhere")).lazy())
    run("seal", case)
    assert verify_case(Case(case)).input_count == 3  # an absolute path is where it says, whatever the folder
