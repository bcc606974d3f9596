"""Sources on an object store: read as files are, again only where new, whole or not at all, and told in words."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from object_store import KEY, SECRET, TOKEN, Between, Store, answer, free_port, s3, s3_server
from polars.testing import assert_frame_equal
from running import run

from forensics.case.store import Case
from forensics.common import stores
from forensics.common.errors import InputError, UsageError
from forensics.common.settings import Settings
from forensics.common.stores import at_hand, find_objects, is_store, open_object, refuse_wrong, spell
from forensics.evidence.sources import find_source, raw_lines
from forensics.evidence.tracing import raw_line, trace_lines
from forensics.reading.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["s3", "s3_server"]  # fixtures

pytestmark = pytest.mark.filterwarnings("ignore")  # of the store's library and its event loop


def line(number: int) -> str:
    """A request."""
    return f'{{"timestamp":"2026-04-01T{number % 24:02}:00:{number % 60:02}Z","account_id":"a{number % 7}","request_id":"r{number}","model":"m","status":200}}'


def log(start: int, count: int = 20) -> bytes:
    """Some requests, packed."""
    return gzip.compress("".join(line(number) + "\n" for number in range(start, start + count)).encode(), mtime=0)


def lake(store: Store, objects: int = 5) -> dict[str, bytes]:
    """lake/logs/day-N.jsonl.gz."""
    made = {f"logs/day-{number:03}.jsonl.gz": log(number * 20) for number in range(objects)}
    for key, content in made.items():
        store.pipe_file(f"lake/{key}", content)
    return made


def read(case: Case, *names: str, **wishes: Any) -> Any:  # noqa: ANN401 - as above
    """Read into the case."""
    with Case.locked(case.folder) as held:
        return ingest(held, names, settings=Settings().ingest, **wishes)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """An empty one."""
    return Case(tmp_path / "case")


@pytest.fixture
def between(s3: Store, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    """The store behind something that meddles."""
    import fsspec

    found = Between(s3_server)
    monkeypatch.setenv("AWS_ENDPOINT_URL", found.address)
    monkeypatch.setattr(stores, "PAUSE_S", 0.01)
    fsspec.filesystem("s3").clear_instance_cache()
    yield found
    found.close()


def test_objects_read_as_files_do(s3: Store, case: Case, tmp_path: Path) -> None:
    """The same events, to the line, as from a folder; beside each source stands what the store called it."""
    for key, content in lake(s3).items():
        path = tmp_path / key
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    report = read(case, "s3://lake/logs")
    local = Case(tmp_path / "local")
    read(local, str(tmp_path / "logs"))
    assert report.event_count == 100
    assert_frame_equal(case.scan("events").collect(), local.scan("events").collect())
    told = case.scan("sources").collect()
    assert told["path"].to_list() == [f"s3://lake/logs/day-{number:03}.jsonl.gz" for number in range(5)]
    assert told["etag"].to_list() == [s3.info(path.removeprefix("s3://"))["ETag"].strip('"') for path in told["path"]]
    assert told["stored_bytes"].to_list() == [len(log(number * 20)) for number in range(5)]
    assert told["folder"].to_list() == [""] * 5
    assert local.scan("sources").select("etag", "stored_bytes").collect().null_count().row(0) == (5, 5)
    assert not list((case.folder / ".spool").glob("object-*"))


def test_a_second_night_fetches_what_is_new(s3: Store, between: Between, case: Case) -> None:
    """Of 60 objects of which one is new and one was written again longer, two are fetched; the rest is listed."""
    lake(s3, 60)
    read(case, "s3://lake/logs/")
    s3.pipe_file("lake/logs/day-060.jsonl.gz", log(60 * 20))
    s3.pipe_file("lake/logs/day-003.jsonl.gz", log(60, 20) + log(9_000, 5))
    stores._listed.clear()
    between.seen.clear()
    report = read(case, "s3://lake/logs/")
    assert between.count("GET", ".gz") == 2
    assert report.event_count == 20 + 5
    assert sum(source.note == "already in the case" for source in report.sources) == 59
    grown = case.scan("sources").filter(pl.col("path").str.ends_with("day-003.jsonl.gz")).collect()
    assert grown["byte_start"].to_list() == [0, len("".join(line(n) + "\n" for n in range(60, 80)))]


def test_objects_come_several_at_a_time(s3: Store, between: Between, case: Case) -> None:
    """While one is waited for, others are on their way: a lake of small objects is not read one round trip at a time."""
    lake(s3, 12)
    together, gate, lock = [0, 0], threading.Event(), threading.Lock()

    def meddle(asked: str) -> None:
        if asked.startswith("GET /lake/logs/day"):
            with lock:
                together[0] += 1
                together[1] = max(together)
                if together[0] >= 4:
                    gate.set()
            gate.wait(20)
            with lock:
                together[0] -= 1

    between.meddle = meddle
    read(case, "s3://lake/logs")
    assert together[1] >= 4


def test_folders_and_globs(s3: Store) -> None:
    """A folder is all below it, a glob what it fits, a name itself; hidden objects and folder marks are passed over."""
    from forensics.reading.opening.finding import find_sources

    for key in ("a/1.gz", "a/2.gz", "a/b/3.gz", "a/.hidden", "ab/4.gz", "a/", "odd/a*b.gz"):
        s3.call_s3("put_object", Bucket="lake", Key=key, Body=b"x")
    every = ["s3://lake/a/1.gz", "s3://lake/a/2.gz", "s3://lake/a/b/3.gz"]
    assert find_sources(["s3://lake/a"]) == (every, [("s3://lake/a/.hidden", "hidden file")])
    assert find_sources(["s3://lake/a/"])[0] == every
    assert find_sources(["s3://lake/a/*.gz"])[0] == every[:2]
    assert find_sources(["s3://lake/a/**/*.gz", "s3://lake/a/1.gz"])[0] == every
    assert find_sources(["s3://lake/a/?.gz"])[0] == every[:2]
    assert find_sources(["s3://lake/odd/a*b.gz"])[0] == ["s3://lake/odd/a*b.gz"]
    assert "s3://lake/ab/4.gz" in find_sources(["s3://lake"])[0]


def test_a_line_leads_back_to_its_object(s3: Store, case: Case, tmp_path: Path) -> None:
    """Quoted lines are shown from the object; a copy elsewhere is known by its content; a changed object is not it."""
    lake(s3, 2)
    rows = pl.DataFrame(
        {"timestamp": ["2026-04-02T00:00:00Z"], "account_id": ["p1"], "request_id": ["q"], "model": ["m"]}
    )
    rows.write_parquet(tmp_path / "rows.parquet")
    s3.put_file(str(tmp_path / "rows.parquet"), "lake/logs/rows.parquet")
    read(case, "s3://lake/logs")
    name = "s3://lake/logs/day-001.jsonl.gz"
    assert raw_lines(name, [3]).decode() == line(22) + "\n"
    assert line(22) in raw_line(case, 2, 3)
    told = trace_lines(case, Path(name), [3])  # as a command line hands it on
    assert f"{name} is source 2" in told
    assert line(22) in told
    assert "'p1'" in trace_lines(case, "s3://lake/logs/rows.parquet", [1])
    with at_hand(name) as here:
        assert [row["path"] for row in find_source(case, here)] == [name]
    s3.rm_file("lake/logs/day-001.jsonl.gz")
    assert "no such object" in raw_line(case, 2, 3)


class TestWhatGoesWrong:
    """Each in words, with the name, without what it was signed with; the case is as it was."""

    def test_names_that_are_not_there(self, s3: Store, case: Case) -> None:
        """No bucket, no object, no match."""
        lake(s3, 1)
        for name, said in (
            ("s3://nobucket/x", "there is no bucket nobucket"),
            ("s3://nobucket", "there is no bucket nobucket"),
            ("s3://lake/none", "no such object or folder"),
            ("s3://lake/logs/*.parquet", "no such object or folder"),
        ):
            with pytest.raises(InputError, match=re.escape(f"{name}: {said}")):
                read(case, name)
        assert not case.has("events")

    @pytest.mark.usefixtures("s3")
    def test_an_endpoint_that_nobody_serves(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        """Within a bounded time."""
        import fsspec

        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setattr(stores, "TRIES", 1)
        fsspec.filesystem("s3").clear_instance_cache()
        with pytest.raises(InputError, match="the store does not answer"):
            read(case, "s3://lake/logs")

    @pytest.mark.usefixtures("s3")
    def test_no_credentials(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        """The hint names the usual ways."""
        import fsspec

        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name)
        fsspec.filesystem("s3").clear_instance_cache()
        with pytest.raises(InputError, match="no credentials found") as raised:
            read(case, "s3://lake/logs")
        assert "environment, profile" in (raised.value.hint or "")

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("AccessDenied", "access denied: the store refuses it"),
            ("ExpiredToken", "the credentials have expired"),
            ("InvalidAccessKeyId", "does not know these credentials"),
            ("InvalidObjectState", "cold storage"),
        ],
    )
    def test_access_denied(self, code: str, said: str, s3: Store, between: Between, case: Case) -> None:
        """Each reason that a store gives for it; other objects are read."""
        lake(s3, 3)
        between.meddle = lambda asked: (
            answer("403 Forbidden", code) if asked.startswith("GET /lake/logs/day-001") else None
        )
        report = read(case, "s3://lake/logs")
        assert report.event_count == 40
        ((name, why),) = report.skipped
        assert name.endswith("day-001.jsonl.gz")
        assert said in why

    def test_a_store_that_stumbles(self, s3: Store, between: Between, case: Case) -> None:
        """Every object fails once or twice (a 503, a dropped connection) and all are read."""
        lake(s3, 4)
        asked_before: dict[str, int] = {}

        def meddle(asked: str) -> bytes | None:
            place = asked.split(" ")[1].partition("?")[0]
            asked_before[place] = asked_before.get(place, 0) + 1
            if asked_before[place] == 1 and "day-" in place:
                return b"" if "day-001" in place else answer("503 Slow Down", "SlowDown")
            return None

        between.meddle = meddle
        assert read(case, "s3://lake/logs").event_count == 80

    def test_an_object_exchanged_while_it_is_read(self, s3: Store, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
        """Nothing of a mixture is kept: one object is skipped with the reason, and read the next time."""
        lake(s3, 3)
        monkeypatch.setattr(stores, "CHUNK", 100)
        done, chunk = [0], stores._Object._chunk

        def exchange(self: Any, want: int) -> bytes:  # noqa: ANN401 - of the module
            data = chunk(self, want)
            if "day-001" in self.stored.name and self.at and done[0] < 3:
                done[0] += 1
                s3.pipe_file("lake/logs/day-001.jsonl.gz", log(5_000 + done[0] * 100))
            return data

        monkeypatch.setattr(stores._Object, "_chunk", exchange)
        report = read(case, "s3://lake/logs")
        ((name, why),) = report.skipped
        assert name.endswith("day-001.jsonl.gz")
        assert "it was changed while it was read" in why
        assert report.event_count == 40
        monkeypatch.setattr(stores._Object, "_chunk", chunk)
        stores._listed.clear()
        assert read(case, "s3://lake/logs").event_count == 20

    def test_an_object_that_goes(self, s3: Store, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
        """Taken away between listing and reading: skipped, with the reason."""
        lake(s3, 3)
        told = find_objects("s3://lake/logs")
        s3.rm_file("lake/logs/day-001.jsonl.gz")
        monkeypatch.setattr("forensics.reading.opening.finding.find_objects", lambda _name: told)
        report = read(case, "s3://lake/logs")
        assert [why for _, why in report.skipped] == ["it was taken away while it was read"]
        assert report.event_count == 40

    def test_a_transfer_that_ends_early(self, s3: Store, between: Between, case: Case) -> None:
        """What comes short of the object's size is asked for again, then skipped: half an object is none."""
        lake(s3, 3)
        half = log(20)[:40]

        def meddle(asked: str) -> bytes | None:
            return answer("206 Partial Content", body=half) if asked.startswith("GET /lake/logs/day-001") else None

        between.meddle = meddle
        report = read(case, "s3://lake/logs")
        ((_, why),) = report.skipped
        assert "the transfer was cut off: 40 of" in why
        assert report.event_count == 40
        between.meddle = lambda _asked: None
        assert read(case, "s3://lake/logs").event_count == 20

    def test_an_archive_cut_off_in_the_store(self, s3: Store, case: Case) -> None:
        """An object that is itself a cut archive is read as far as it goes, and said so, as a file is."""
        lake(s3, 1)
        whole = log(1_000, 4_000)
        s3.pipe_file("lake/logs/day-009.jsonl.gz", whole[: len(whole) // 2])
        report = read(case, "s3://lake/logs")
        assert 20 < report.event_count < 4_020
        assert [name for name, _ in report.unread] == ["s3://lake/logs/day-009.jsonl.gz"]


class TestNames:
    """What is a name of a store, and what is refused."""

    def test_paths_and_texts(self) -> None:
        """A Path of s3://a/b has lost a slash; a local file is no object."""
        assert is_store("s3://a/b")
        assert is_store(Path("s3://a/b"))
        assert spell(Path("s3://a/b")) == "s3://a/b"
        assert not is_store("s3:/a/b")
        assert not is_store("logs/s3://a")
        assert spell("-") == "-"

    @pytest.mark.parametrize(
        "name",
        [
            f"s3://{KEY}:hunter2@lake/x",
            "s3://lake/x.gz?X-Amz-Algorithm=A&X-Amz-Signature=hunter2",
            "gs://lake/x?X-Goog-Signature=hunter2",
            "az://box/x?sv=1&sig=hunter2",
            "az://box@account.blob.core.windows.net/hunter2?sig=hunter2",
            "https://user:hunter2@lake.example/x?sig=hunter2",
            "https://lake.s3.amazonaws.com/x?X-Amz-Signature=hunter2",
        ],
    )
    def test_credentials_in_a_name_are_refused(self, name: str, tmp_path: Path) -> None:
        """And not repeated: neither on the screen nor in a case."""
        with pytest.raises(UsageError):
            refuse_wrong(name)
        done = run("ingest", name, "--case", tmp_path / "case")
        assert done.returncode == 2, done.stderr
        assert "hunter2" not in (done.stdout + done.stderr).replace("/hunter2", "")
        assert not any(b"hunter2" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    def test_a_library_that_is_missing_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With the extra that brings it."""
        monkeypatch.setitem(sys.modules, "adlfs", None)
        with pytest.raises(UsageError) as raised:
            open_object("az://box/x")
        assert raised.value.hint == "pip install 'forensics[az]'"


def test_credentials_are_written_nowhere(s3: Store, s3_server: str, tmp_path: Path) -> None:
    """Key, secret and token are in no file of the case and in nothing printed, whatever fails."""
    lake(s3, 3)
    case = tmp_path / "case"
    printed = ""
    for words in (
        ("ingest", "s3://lake/logs", "--case", case),
        ("case", "info", "--case", case),
        ("ingest", "s3://lake/none", "--case", case),
        ("formats", "test", "s3://lake/logs/day-001.jsonl.gz"),
        ("verify", "--case", case, "--source", "s3://lake/logs/day-001.jsonl.gz", "--line", "2"),
    ):
        done = run(*words)
        printed += done.stdout + done.stderr
    refused = run("ingest", "s3://lake/logs", "--case", case, AWS_ENDPOINT_URL=f"{s3_server}/moto-none")
    printed += refused.stdout + refused.stderr
    assert line(21) in printed
    secrets = (KEY, SECRET, TOKEN)
    assert not [one for one in secrets if one in printed]
    files = [path for path in case.rglob("*") if path.is_file()]
    assert not [path for path in files if any(one.encode() in path.read_bytes() for one in secrets)]
    for path in files:
        if path.suffix == ".parquet":
            text = str(pl.read_parquet(path).to_dicts())
            assert not [one for one in secrets if one in text]


WATCH = """
import sys
met = []
sys.addaudithook(lambda event, args: met.append(event) if event in {"socket.__new__", "socket.getaddrinfo"} else None)
from forensics.commands.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print("SOCKETS", len(met), "CODE", code, "LIBRARIES", sorted({"fsspec", "s3fs", "aiohttp", "botocore"} & set(sys.modules)))
"""


@pytest.mark.parametrize("given", ["file", "input"])
def test_local_sources_open_no_socket(given: str, tmp_path: Path) -> None:
    """Nor do they import what could: reading, investigating, showing and checking a case are offline."""
    path, case = tmp_path / "day.jsonl.gz", tmp_path / "case"
    path.write_bytes(log(0, 200))
    commands: list[tuple[list[str], bytes]] = [
        (["ingest", "-" if given == "input" else str(path), "--case", str(case)], path.read_bytes()),
        (["investigate", "--case", str(case), "--quiet"], b""),
        (["networks", "--case", str(case)], b""),
        (["seal", "--case", str(case)], b""),
        (["verify", "--case", str(case)], b""),
    ]
    for words, stdin in commands:
        done = subprocess.run(
            [sys.executable, "-c", WATCH, *words], input=stdin, capture_output=True, timeout=120, check=True,
            env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"},
        )  # fmt: skip
        assert b"SOCKETS 0 CODE 0 LIBRARIES []" in done.stdout, (words, done.stdout[-300:], done.stderr[-300:])


def test_a_watched_socket_would_be_seen() -> None:
    """The watch above is one: a socket that is opened is counted."""
    opening = WATCH.replace("main(sys.argv[1:])", "import socket; socket.socket(); raise SystemExit(0)")
    done = subprocess.run([sys.executable, "-c", opening], capture_output=True, timeout=60, check=True)
    assert b"SOCKETS 1" in done.stdout
