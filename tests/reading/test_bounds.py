"""Whatever is in a file: a line is a reject, a file is skipped with exit code 5; memory and time stay bounded."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hostile import flat, harmless
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.case.store import Case
from forensics.common.errors import InputError
from forensics.common.settings import IngestSettings
from forensics.reading import source as source_module
from forensics.reading.fields.json_values import DEEPEST, is_deep, load_value
from forensics.reading.ingest import ingest
from forensics.reading.opening import sources
from forensics.reading.opening.finding import find_sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from running import Answer

SETTINGS = IngestSettings(max_reject_share=1.0, workers=1)
GOOD = [flat(number) for number in range(200)]


def nested(depth: int, kind: str) -> str:
    """A value nested so deep."""
    return "[" * depth + "]" * depth if kind == "list" else '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize("where", ["messages", "other", "prompt", "line"])
@pytest.mark.parametrize("kind", ["list", "object"])
@pytest.mark.parametrize("depth", [DEEPEST + 5, 500, 990, 5_000, 200_000])
def test_a_deeply_nested_line_is_a_reject(
    depth: int, kind: str, where: str, tmp_path: Path, call: Callable[..., Answer]
) -> None:
    """One line nested 105 to 200,000 deep among 200 good ones is one reject, on the fast way and on the slow one."""
    bad = nested(depth, kind)
    line = bad if where == "line" else flat(500).decode()[:-1] + f',"{where}":{bad}}}'
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([*GOOD[:100], line.encode(), *GOOD[100:]]) + b"\n")
    answer = harmless(call("ingest", path, "--case", tmp_path / "case"))
    assert answer.returncode == 0, answer.stderr
    case = Case(tmp_path / "case")
    assert case.scan("events").collect().height == 200
    assert case.scan("rejects").collect()["source_line"].to_list() == [101]


def test_a_deeply_nested_text_inside_a_field_is_no_chat(tmp_path: Path) -> None:
    """A field that holds JSON as text is taken apart too: nested too deeply it is no conversation, and no fault."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([*GOOD, flat(500, messages=nested(900, "list")), b""]))
    with Case.locked(tmp_path / "case") as case:
        assert ingest(case, [str(path)], settings=SETTINGS).event_count == 201


def test_a_deeply_nested_document_is_skipped(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Beside a good file it is skipped with exit code 5."""
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(GOOD) + b"\n")
    (tmp_path / "b.json").write_text('{"records":\n' + nested(50_000, "list") + "\n}\n")
    answer = harmless(call("ingest", tmp_path / "a.jsonl", tmp_path / "b.json", "--case", tmp_path / "case"))
    assert answer.returncode == 5
    assert "b.json" in answer.stderr


@given(depth=st.integers(0, 2 * DEEPEST), seed=st.integers(0, 1 << 30))
@settings(max_examples=50, deadline=None)
def test_depth_is_what_it_is(depth: int, seed: int) -> None:
    """A value is deep exactly if more than DEEPEST lists and objects lie inside each other."""
    kinds, value = random.Random(seed), cast("Any", 1)
    for _ in range(depth):
        value = [value, 2] if kinds.random() < 0.5 else {"a": value, "b": 2}
    assert is_deep(value) == (depth > DEEPEST)
    text = orjson.dumps(value)
    if depth > DEEPEST:
        with pytest.raises(orjson.JSONDecodeError):
            load_value(text)
    else:
        assert load_value(text) == value


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=1),
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("filler", [b"\0", b"\n", b"x"])
def test_a_bomb_is_cut_short(kind: str, filler: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that begins like a log and then says one byte for ever is read to the bound and no further; what it
    held before is kept, and it counts as read in part.
    """
    monkeypatch.setattr(sources, "ANY_SIZE", 4 << 20)
    path = tmp_path / f"a.jsonl.{kind}"
    path.write_bytes(PACKERS[kind](b"\n".join(GOOD) + b"\n" + filler * (64 << 20)))
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(path)], settings=SETTINGS)
    assert report.event_count == 200
    assert "times its size" in report.unread[0][1]
    assert report.sources[0].line_count < 42 << 20


@pytest.mark.parametrize("kind", PACKERS)
def test_no_piece_of_an_archive_is_large(kind: str) -> None:
    """Whatever an archive holds, it unfolds in pieces of at most 70 MB, the first, and 9 MB, those that follow."""
    packed = PACKERS[kind](b"0123456789" * 1_000 + b"\0" * (300 << 20))
    sizes = [len(block) for block in sources.Stream(io.BytesIO(packed), kind).blocks()]
    assert max(sizes) <= 70 << 20
    assert sorted(sizes)[-3 if len(sizes) > 2 else 0] <= 9 << 20


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("filler", [b"\0", b"\n", b"x"])
def test_a_bomb_of_full_size_is_cut_short(kind: str, filler: bytes, tmp_path: Path) -> None:
    """An archive of 400 MB that begins like a log and then says one byte for ever is read to the bound, keeps what it
    held, ends with exit code 5, in less than 700 MB.
    """
    head = b"\n".join(GOOD) + b"\n"
    path = tmp_path / f"a.jsonl.{kind}"
    path.write_bytes(PACKERS[kind](head + filler * (400 << 20)))
    code = (
        "import sys; from forensics.commands.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as end: code = end.code\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print('PEAK', int(peak.split()[1]) // 1024); sys.exit(code)"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, "ingest", path, "--case", tmp_path / "case", "--max-reject-share", "1"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert "times its size" in done.stderr
    assert Case(tmp_path / "case").scan("events").collect().height == 200
    assert int(done.stdout.rpartition("PEAK ")[2]) < 700
    assert time.monotonic() - start < 240


def test_what_repeats_itself_is_no_bomb(tmp_path: Path) -> None:
    """A log of like lines that shrinks to a hundredth is read whole."""
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(PACKERS["zst"](b"\n".join(flat(number % 3) for number in range(200_000)) + b"\n"))
    with Case.locked(tmp_path / "case") as case:
        assert ingest(case, [str(path)], settings=SETTINGS).line_count == 200_000


def test_a_parquet_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Parquet file of some kB that says it holds a million rows of one value is not unfolded."""
    monkeypatch.setattr("forensics.reading.containers.parquet.ANY_SIZE", 1 << 10)
    monkeypatch.setattr("forensics.reading.containers.parquet.MOST_FOLD", 10)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"ts": [1777593600] * 1_000_000, "account_id": ["a"] * 1_000_000}), path)
    with Case.locked(tmp_path / "case") as case, pytest.raises(InputError, match="times its size"):
        ingest(case, [str(path)], settings=SETTINGS)


@pytest.mark.parametrize(
    "columns",
    [
        {"names": ["ts", "account_id", "account_id"]},
        {"names": ["ts", "account_id", "x"], "dtype": pa.timestamp("s", tz="Not/AZone")},
        {"names": ["ts", "account_id", "s.a"], "dtype": pa.struct([("a", pa.int64())])},
    ],
    ids=["a name twice", "no such zone", "a name twice once taken apart"],
)
def test_parquet_with_odd_columns_is_named(
    columns: dict[str, Any], tmp_path: Path, call: Callable[..., Answer]
) -> None:
    """Columns that no frame can hold: the file is skipped with exit code 5 and a message, and is no fault of ours."""
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(GOOD) + b"\n")
    names, dtype = columns["names"], columns.get("dtype", pa.string())
    odd = pa.nulls(20, dtype) if pa.types.is_timestamp(dtype) else pa.array([None] * 20, dtype)
    arrays = [pa.array([1777593600] * 20), pa.array(["a"] * 20), odd]
    if pa.types.is_struct(dtype):
        arrays, names = [*arrays[:2], pa.array([{"a": 1}] * 20, dtype), pa.array([1] * 20)], [*names[:2], "s", "s.a"]
    pq.write_table(pa.Table.from_arrays(arrays, names=names), tmp_path / "b.parquet")
    answer = harmless(call("ingest", tmp_path / "a.jsonl", tmp_path / "b.parquet", "--case", tmp_path / "case"))
    assert answer.returncode == 5, answer.stderr
    assert "is not a readable Parquet file" in answer.stderr.replace("\n", " ")
    assert "internal fault" not in answer.stderr


def test_a_pipe_without_a_writer_is_skipped(
    tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A named pipe into which nobody writes does not hold the night up."""
    monkeypatch.setattr(sources, "PIPE_WAIT_S", 0.3)
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(GOOD) + b"\n")
    os.mkfifo(tmp_path / "pipe")
    answer = harmless(call("ingest", tmp_path / "a.jsonl", tmp_path / "pipe", "--case", tmp_path / "case"))
    assert answer.returncode == 5
    assert "nobody writes into it" in answer.stderr
    assert Case(tmp_path / "case").scan("events").collect().height == 200


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs devices")
def test_a_device_has_no_end(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """/dev/zero is no log."""
    answer = harmless(call("ingest", "/dev/zero", "--case", tmp_path / "case"))
    assert answer.returncode == 4
    assert "is a device" in answer.stderr


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("x"), KeyError("secret of a line")])
def test_a_file_that_fails_leaves_no_rows(
    error: Exception, tmp_path: Path, call: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong in the middle of a file, it is skipped whole: no event of it stays, the next file keeps its
    own lines, and the message holds nothing of the data.
    """
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(flat(number) for number in range(3_000)) + b"\n")
    (tmp_path / "b.jsonl").write_bytes(b"\n".join(flat(number, n="b") for number in range(3_000, 3_100)) + b"\n")
    real = source_module.Source.take
    taken = []

    def fail(self: source_module.Source, done: source_module.Done) -> None:
        real(self, done)
        taken.append(done)
        if self.path.endswith("a.jsonl"):
            raise error

    monkeypatch.setattr(source_module.Source, "take", fail)
    arguments = ("ingest", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--case", tmp_path / "case")
    answer = harmless(call(*arguments))
    assert answer.returncode == 5, answer.stderr
    assert "secret of a line" not in answer.stderr
    case = Case(tmp_path / "case")
    assert case.scan("sources").collect()["path"].to_list() == [str(tmp_path / "b.jsonl")]
    assert taken
    assert case.scan("events").collect().height == 100
    monkeypatch.undo()
    call(*arguments)
    assert case.scan("events").collect().height == 3_100, "read whole once it reads"


# Nothing is passed over without a word


def test_folders_behind_links_are_read_once(tmp_path: Path) -> None:
    """A link to a folder is followed, a link to a folder above ends nowhere, and no file is found twice."""
    real = tmp_path / "store" / "april"
    real.mkdir(parents=True)
    (real / "a.jsonl").write_text("{}")
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "april").symlink_to(real)
    (logs / "current").symlink_to(logs / "april")
    (real / "up").symlink_to(logs)
    (logs / "b.jsonl").write_text("{}")
    found, skipped = find_sources([str(logs)])
    assert [Path(name).name for name in found] == ["a.jsonl", "b.jsonl"]
    assert skipped == []


def test_folders_under_a_glob_are_read(tmp_path: Path) -> None:
    """The nightly form `logs/*` names files and folders: both are read, and what is neither is named."""
    logs = tmp_path / "logs"
    (logs / "bedrock" / "deep").mkdir(parents=True)
    for name in ("a.jsonl", "bedrock/b.jsonl", "bedrock/deep/c.jsonl"):
        (logs / name).write_text("{}")
    (logs / "gone").symlink_to(logs / "rotated")
    found, skipped = find_sources([f"{logs}/*"])
    assert [Path(name).name for name in found] == ["a.jsonl", "b.jsonl", "c.jsonl"]
    assert skipped == [(str(logs / "gone"), "a link to nothing")]


@pytest.mark.parametrize("form", ["{}", "{}/*", "{}/**/*.jsonl"])
def test_a_folder_that_may_not_be_looked_into_is_named(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unreadable subfolder, given by its parent, by a glob or by a deep glob, is told; the rest is read."""
    logs = tmp_path / "logs"
    (logs / "shut").mkdir(parents=True)
    (logs / "a.jsonl").write_text("{}")
    real_list, real_access = Path.iterdir, os.access

    def refuse(path: Path) -> Any:  # noqa: ANN401 - an iterator of paths
        if path.name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return real_list(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "shut" and real_access(path, mode))
    found, skipped = find_sources([form.format(logs)])
    assert found == [str(logs / "a.jsonl")]
    assert skipped == [(str(logs / "shut"), "cannot be looked into: Permission denied")]


def test_polars_keeps_reading_what_it_read() -> None:
    """The frame library refuses depth itself instead of dying of it; if that changes, the bound must be ours alone."""
    line = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    with pytest.raises(pl.exceptions.PolarsError):
        pl.read_ndjson(line, schema={"a": pl.String})
