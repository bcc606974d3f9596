"""A case on an object store keeps the promise of a case in a folder: whole commits, one run at a time, nothing trusted."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from made_events import people
from object_store import KEY, SECRET, TOKEN, Between, Store, answer, s3, s3_server
from running import run

from forensics.case import remote
from forensics.case.remote import find_remote, name_folder, name_folders
from forensics.case.store import Case
from forensics.common import stores
from forensics.common.errors import CaseLocked, InputError, IntegrityError, UsageError
from forensics.common.stores import read_object, write_if

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["s3", "s3_server"]  # fixtures

pytestmark = pytest.mark.filterwarnings("ignore")  # of the store's library and its event loop

NAME = "s3://lake/cases/one"


@pytest.fixture(autouse=True)
def elsewhere() -> Iterator[None]:
    """Each test begins as a process that knows no case yet."""
    remote._open.clear()
    yield
    remote._open.clear()


def another_machine() -> None:
    """Whatever was fetched is forgotten."""
    remote._open.clear()


def note(case: str, what: str) -> None:
    """A commit."""
    with Case.locked(case) as held:
        held.record(what, datetime(2026, 4, 1, tzinfo=UTC), "tester")


def notes(case: str) -> list[str]:
    """What was committed, as another machine sees it."""
    another_machine()
    return [entry["what"] for entry in Case(case).entries()]


def test_what_is_committed_is_there_elsewhere(s3: Store) -> None:
    """Tables and log come back equal; all of them are named by one object."""
    events = people(3, 2, np.random.default_rng(1))
    with Case.locked(NAME) as held:
        held.put("events", events.lazy())
        held.record("made", datetime(2026, 4, 1, tzinfo=UTC), "tester")
    kept = Case(NAME).scan("events").collect()
    another_machine()
    found = Case(Path(NAME))
    assert found.scan("events").collect().equals(kept)
    assert [entry["what"] for entry in found.entries()] == ["made"]
    state = json.loads(s3.cat_file("lake/cases/one/state.json"))
    assert {name.split("/")[0] for name in state["files"]} == {"events", "ledger.json", "log.jsonl"}


@pytest.mark.usefixtures("s3")
def test_large_tables_wait_until_they_are_asked_for() -> None:
    """A command that looks at small tables fetches no event."""
    with Case.locked(NAME) as held:
        held.put("events", people(3, 2, np.random.default_rng(1)).lazy())
    another_machine()
    found = Case(NAME)
    assert found.has("events")
    assert not list((found.folder / "events").glob("*"))
    found.scan("events").collect()
    assert list((found.folder / "events").glob("*.parquet"))


def test_what_was_not_fetched_stays(s3: Store) -> None:
    """A run that never looked at the events commits them all the same; events put anew replace the old."""
    with Case.locked(NAME) as held:
        held.put("events", people(3, 2, np.random.default_rng(1)).lazy())
    another_machine()
    note(NAME, "later")
    another_machine()
    assert Case(NAME).scan("events").collect().height
    another_machine()
    with Case.locked(NAME) as held:
        held.put("events", people(2, 1, np.random.default_rng(1)).lazy())
    state = json.loads(s3.cat_file("lake/cases/one/state.json"))
    assert len([name for name in state["files"] if name.startswith("events/")]) == 1


def test_a_run_that_dies_before_the_last_write_leaves_the_case_as_it_was(
    s3: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it died among the objects or just before the state; the next run goes on from there."""
    note(NAME, "first")
    whole = {name: s3.cat_file(name) for name in s3.find("lake/cases/one") if "lease" not in name}

    def dies(*_given: object) -> None:
        raise KeyboardInterrupt

    for target in ("put_object", "write_if"):
        another_machine()
        found = find_remote(NAME)
        assert found is not None
        with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt), found.held():
            lose(dying, target, dies)
    assert notes(NAME) == ["first"]
    assert {name: s3.cat_file(name) for name in whole} == whole
    lapse()
    note(NAME, "second")
    assert notes(NAME) == ["first", "second"]


def lose(dying: pytest.MonkeyPatch, target: str, dies: Callable[..., None]) -> None:
    """A run's work, and what it will die at."""
    Case(NAME).record("lost", datetime(2026, 4, 2, tzinfo=UTC), "tester")
    dying.setattr(remote, target, dies)


def lapse() -> None:
    """The lease of a run that was killed has run out."""
    held = read_object(f"{NAME}/lease.json")
    assert held is not None
    write_if(f"{NAME}/lease.json", json.dumps({"until": 1.0}).encode(), held[1])


@pytest.mark.usefixtures("s3")
def test_two_runs_at_once() -> None:
    """The second is refused at its start; where the lease of a slow run ran out, whoever commits second is refused,
    and nothing of it is kept.
    """
    note(NAME, "first")
    slow = find_remote(NAME)
    assert slow is not None

    def meanwhile() -> None:
        Case(NAME).record("slow", datetime(2026, 4, 2, tzinfo=UTC), "tester")
        another_machine()
        with pytest.raises(CaseLocked, match="another run holds the case s3://lake/cases/one"):
            note(NAME, "refused")
        lapse()
        note(NAME, "quick")
        remote._open[NAME] = slow

    with pytest.raises(CaseLocked, match="meanwhile; nothing of this run was kept"), slow.held():
        meanwhile()
    assert notes(NAME) == ["first", "quick"]


@pytest.mark.usefixtures("s3")
def test_a_long_run_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says again and again that it is there; once it ends, the next may."""
    monkeypatch.setattr(remote, "LEASE_S", 3.0)
    monkeypatch.setattr(remote, "RENEW_S", 0.2)
    first = find_remote(NAME)
    assert first is not None
    with first.held():
        began = read_object(f"{NAME}/lease.json")
        time.sleep(1.5)
        assert read_object(f"{NAME}/lease.json") != began
    note(NAME, "next")
    assert notes(NAME) == ["next"]


def test_a_store_without_conditions_is_refused(s3: Store, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every write succeeds two runs could tear a case apart: that is found out before anything is written."""
    import fsspec

    between = Between(s3_server)
    between.meddle = lambda asked: answer("200 OK") if asked.startswith("PUT") and "lease" in asked else None
    monkeypatch.setenv("AWS_ENDPOINT_URL", between.address)
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(UsageError, match="writes whatever the condition"):
        note(NAME, "never")
    between.close()
    assert not s3.find("lake/cases/one")


def test_damage_is_seen(s3: Store) -> None:
    """An object that holds something else, a state that names files outside, a state that is none."""
    note(NAME, "first")
    state = json.loads(s3.cat_file("lake/cases/one/state.json"))
    log = f"lake/cases/one/objects/{state['files']['log.jsonl'][0]}"
    content = s3.cat_file(log)
    s3.pipe_file(log, content.replace(b"first", b"other"))
    with pytest.raises(IntegrityError, match=r"log\.jsonl is not what was committed"):
        notes(NAME)
    s3.pipe_file(log, content)
    for name in ("../evil", "/etc/x", "a/../b", ".draft/x"):
        wrong = {**state, "files": {name: state["files"]["log.jsonl"]}}
        s3.pipe_file("lake/cases/one/state.json", json.dumps(wrong).encode())
        with pytest.raises(IntegrityError, match="names files that no case has"):
            notes(NAME)
    s3.pipe_file("lake/cases/one/state.json", b"{")
    with pytest.raises(IntegrityError, match="is damaged"):
        notes(NAME)
    s3.rm_file(log)
    s3.pipe_file("lake/cases/one/state.json", json.dumps(state).encode())
    with pytest.raises(InputError, match="taken away"):
        notes(NAME)


def test_old_objects_go_a_commit_later(s3: Store) -> None:
    """A reader of the state before still finds its objects; those before that are gone."""
    named: list[set[str]] = []
    for what in ("first", "second", "third", "fourth"):
        another_machine()
        note(NAME, what)
        named.append({sha for sha, _ in json.loads(s3.cat_file("lake/cases/one/state.json"))["files"].values()})
    objects = {name.rpartition("/")[2] for name in s3.find("lake/cases/one/objects")}
    assert objects == named[-1] | named[-2]
    assert named[0] - objects


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gs://lake/case", "a case is kept in a folder or on s3://"),
        ("s3://lake", "is a whole bucket"),
        ("s3://lake/taken", "is not empty and not a case"),
        ("s3://key:hunter2@lake/case", "credentials"),
    ],
)
def test_what_cannot_be_a_case(name: str, said: str, s3: Store) -> None:
    """With words, before anything is written."""
    s3.pipe_file("lake/taken/report.txt", b"x")
    done = run("ingest", "-", "--case", name, stdin=b"{}")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert s3.find("lake") == ["lake/taken/report.txt"]


@pytest.mark.usefixtures("s3")
def test_names() -> None:
    """What is told names the store, not the passing folder."""
    found = find_remote(NAME)
    assert found is not None
    assert find_remote(found.folder) is found
    assert name_folder(found.folder) == NAME
    assert name_folders(f"{found.folder}/ledger.json cannot be read") == f"{NAME}/ledger.json cannot be read"
    assert find_remote("cases/one") is None


def test_the_commands_work_on_it(s3: Store, tmp_path: Path) -> None:
    """Reading, looking, sealing, checking and marking, each a process of its own; nothing stays on this machine, and no
    credential anywhere.
    """
    lines = [
        {"timestamp": f"2026-04-{1 + n % 9:02}T00:{n % 60:02}:00Z", "account_id": f"a{n % 40}", "request_id": f"r{n}"}
        for n in range(400)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    printed = ""
    for words in (
        ("investigate", "-", "--case", NAME),
        ("networks", "--case", NAME),
        ("case", "info", "--case", NAME),
        ("seal", "--case", NAME),
        ("verify", "--case", NAME),
        ("nightly", NAME, "--quiet"),
    ):
        done = run(*words, stdin=text, TMPDIR=str(tmp_path))
        assert done.returncode == 0, (words, done.stderr)
        printed += done.stdout + done.stderr
    assert f"sealed {NAME}" in printed
    assert "the files of the case are as sealed" in printed
    assert str(tmp_path) not in printed
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("forensics")]
    changed = run("verify", "--case", NAME, TMPDIR=str(tmp_path))
    assert changed.returncode == 6, changed.stdout
    assert "was changed" in changed.stderr
    stored = [s3.cat_file(name) for name in s3.find("lake/cases/one")]
    assert not [one for one in (KEY, SECRET, TOKEN) if one in printed or any(one.encode() in part for part in stored)]


def test_a_cluster_elsewhere_is_refused() -> None:
    """Its workers could not see the passing folder."""
    done = run("investigate", "--case", NAME, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    assert "workers of a cluster cannot see a case on a store" in done.stderr


@pytest.mark.usefixtures("s3")
def test_no_place_is_taken_by_a_name_that_is_listed() -> None:
    """Objects of a case are no sources that a listing remembers."""
    note(NAME, "first")
    assert not [name for name in stores.listed() if name.startswith(NAME)]
    assert isinstance(Case(NAME).scan("events"), pl.LazyFrame)
