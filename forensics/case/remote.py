"""A case on an object store: whole commits where nothing can be renamed.

Below its name stand `state.json`, which says of every file of the case which object holds it, and `objects/`, written
once and never changed. A run works in a passing folder of this machine; at its end it writes the objects that are new,
then `state.json` on the condition that it still is the one that the run began with. By that one write everything
counts; a run that is killed before it leaves the case as it was, and of two runs at once the second is refused:
at its start by `lease.json`, and whatever clocks say by that condition.

The passing folder is on local disk, readable by its owner only, and gone when the command ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from forensics.case.ledger import PART_TABLES
from forensics.common.errors import CaseLocked, InputError, IntegrityError, UsageError
from forensics.common.stores import (
    Conflict,
    fetch_unchanging,
    is_store,
    list_folder,
    put_object,
    read_object,
    refuse_wrong,
    remove_object,
    spell,
    write_if,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STATE, OBJECTS, LEASE = "state.json", "objects", "lease.json"
DOCUMENT, VERSION = "forensics-case", 1
STREAMS: Final = 8
LEASE_S: Final = 600.0  # how long a run that says nothing more keeps others out,
RENEW_S: Final = 120.0  # and how often it says that it is there
GROWING: Final = tuple(f"{table}/" for table in PART_TABLES)  # what of these the ledger does not name is a left-over
LAZY: Final = ("events/", "rejects/", "quarantined/")  # large: fetched only when they are asked for
_FILE = re.compile(r"(?:[A-Za-z0-9_=-][A-Za-z0-9._=-]*/)*[A-Za-z0-9_=-][A-Za-z0-9._=-]*")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """A file of the case: its content by hash, and its bytes."""

    sha256: str
    size: int


@dataclass
class Remote:
    """One case on a store, and the passing folder that holds what of it is at hand."""

    name: str
    folder: Path
    etag: str | None = None  # of the state that is at hand
    files: dict[str, Entry] = field(default_factory=dict)
    here: dict[str, tuple[Entry, int, int]] = field(default_factory=dict)  # as fetched: content, size and time
    _held: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def exists(self) -> bool:
        """Whether anything was ever committed there."""
        return self.etag is not None

    def refresh(self) -> None:
        """Bring the passing folder to what the store has now; large tables wait until they are asked for.

        Raises: InputError where the store cannot be read; IntegrityError where what it holds is no case.
        """
        if self._held:
            return
        with self._lock:
            try:
                self._take_state()
            except InputError:  # two commits later an object of the state that was read may be gone
                self._take_state()

    def _take_state(self) -> None:
        found = read_object(f"{self.name}/{STATE}")
        if found is None:
            self._refuse_other()
            return
        content, etag = found
        if etag != self.etag:
            files = _read_state(self.name, content)
            for name in [name for name in self.here if self.files.get(name) != files.get(name)]:
                (self.folder / name).unlink(missing_ok=True)
                del self.here[name]
            self.files, self.etag = files, etag
        sealed = any(name.startswith("seal/") for name in self.files)
        self.fetch([name for name in self.files if sealed or not name.startswith(LAZY)])

    def _refuse_other(self) -> None:
        """Where no case is yet, nothing but what an unfinished first run left may stand.

        Raises: UsageError.
        """
        ours = (f"{self.name}/{OBJECTS}/", f"{self.name}/{LEASE}")
        if any(not one.startswith(ours) for one in list_folder(self.name)):
            raise UsageError(f"{self.name} is not empty and not a case", "name a new folder of the bucket")

    def fetch(self, names: Sequence[str]) -> None:
        """Bring files beside the run, each checked against its hash.

        Raises: InputError where one cannot be had; IntegrityError where it is not what was committed.
        """
        with self._lock:
            missing = [name for name in names if name in self.files and name not in self.here]
            if missing:
                with ThreadPoolExecutor(STREAMS) as pool:
                    list(pool.map(self._fetch_one, missing))

    def fetch_all(self) -> None:
        """Everything is at hand."""
        self.fetch(list(self.files))

    def _fetch_one(self, name: str) -> None:
        entry, path = self.files[name], self.folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        passing = path.with_name(f".{path.name}.{threading.get_ident()}.tmp")
        fetch_unchanging(self._object(entry), entry.size, passing)
        if _hash(passing) != entry.sha256:
            passing.unlink()
            raise IntegrityError(
                f"{self.name}: {name} is not what was committed", "restore the object from a version of the bucket"
            )
        passing.chmod(0o600)
        passing.replace(path)
        self.here[name] = (entry, *_look(path))

    # writing

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """The case, held alone until the block ends; what changed in the passing folder is then committed.

        Raises: CaseLocked where another run holds it, or committed meanwhile; InputError where it cannot be written.
        """
        lease = _Lease(self.name)
        lease.take()
        try:
            self.refresh()
            self._held = True
            try:
                yield
            finally:
                self._held = False
                self._commit()
        finally:
            lease.give_back()

    def _commit(self) -> None:
        """Objects first, then the state that names them, on the condition that nobody else committed."""
        now = self._files_now()
        if now == self.files:
            return
        new = [name for name, entry in now.items() if entry not in set(self.files.values())]
        with ThreadPoolExecutor(STREAMS) as pool:
            list(pool.map(lambda name: put_object(self.folder / name, self._object(now[name])), new))
        listed = {name: [entry.sha256, entry.size] for name, entry in sorted(now.items())}
        state = {"document": DOCUMENT, "version": VERSION, "files": listed}
        before = self.files
        try:
            self.etag = write_if(f"{self.name}/{STATE}", json.dumps(state, indent=1).encode(), self.etag)
        except Conflict as error:
            raise CaseLocked(
                f"another run committed to {self.name} meanwhile; nothing of this run was kept", "run it again"
            ) from error
        self.files = now
        self.here = {name: (now[name], *_look(self.folder / name)) for name in now if (self.folder / name).exists()}
        self._sweep(before)

    def _files_now(self) -> dict[str, Entry]:
        """What the case holds: the files of the passing folder, and those that were never asked for and still count."""
        found: dict[str, Entry] = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and not any(part.startswith(".") for part in Path(name).parts):
                known = self.here.get(name)
                same = known is not None and known[1:] == _look(path)
                found[name] = known[0] if known is not None and same else Entry(_hash(path), path.stat().st_size)
        counted = _counted_parts(self.folder)
        found = {name: entry for name, entry in found.items() if not name.startswith(GROWING) or name in counted}
        away = [name for name in self.files if name not in self.here and name not in found]
        return found | {name: self.files[name] for name in away if not name.startswith(LAZY) or name in counted}

    def _sweep(self, before: dict[str, Entry]) -> None:
        """Objects that neither this state nor the one before names go: a reader may still be at the one before."""
        kept = {self._object(entry) for entry in (*self.files.values(), *before.values())}
        with contextlib.suppress(InputError):  # they only take room
            for name in list_folder(f"{self.name}/{OBJECTS}"):
                if name not in kept:
                    remove_object(name)

    def _object(self, entry: Entry) -> str:
        return f"{self.name}/{OBJECTS}/{entry.sha256}"


class _Lease:
    """Keeps other runs out while this one lives: an object that says until when, renewed; past that time it is free."""

    def __init__(self, case: str) -> None:
        self.case, self.name = case, f"{case}/{LEASE}"
        self.etag: str | None = None
        self._over = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> None:
        """Keep others out.

        Raises: CaseLocked where another run has it; UsageError where the store writes without regard to conditions.
        """
        found = read_object(self.name)
        old = None
        if found is not None:
            old, until = found[1], _until(found[0])
            if until > time.time():
                raise CaseLocked(
                    f"another run holds the case {self.case}",
                    "wait until it has ended; a run that was killed keeps others out for "
                    f"{until - time.time():.0f} s more",
                )
        try:
            self.etag = write_if(self.name, self._content(), old)
        except Conflict as error:
            raise CaseLocked(f"another run holds the case {self.case}", "wait until it has ended") from error
        try:
            write_if(self.name, self._content(), None)
        except Conflict:
            self._renewing.start()
            return
        remove_object(self.name)
        raise UsageError(
            f"the store of {self.case} writes whatever the condition, so that two runs could tear a case apart",
            "keep the case in a folder; sources on this store can be read all the same",
        )

    def give_back(self) -> None:
        """Others may."""
        self._over.set()
        if self._renewing.is_alive():
            self._renewing.join()
        with contextlib.suppress(InputError, Conflict):
            if self.etag is not None:  # made to run out, on condition that it is still ours: a delete has none
                write_if(self.name, self._content(seconds=0), self.etag)

    def _renew(self) -> None:
        while not self._over.wait(RENEW_S):
            try:
                self.etag = write_if(self.name, self._content(), self.etag)
            except InputError:
                continue  # a store that stumbles; the commit has a condition of its own
            except Conflict:
                return

    @staticmethod
    def _content(seconds: float | None = None) -> bytes:
        holder = hashlib.sha256(f"{socket.gethostname()} {os.getpid()} {time.time_ns()}".encode()).hexdigest()[:16]
        return json.dumps({"holder": holder, "until": time.time() + (LEASE_S if seconds is None else seconds)}).encode()


def _until(content: bytes) -> float:
    try:
        return float(json.loads(content)["until"])
    except (ValueError, KeyError, TypeError):
        return 0.0


def _read_state(case: str, content: bytes) -> dict[str, Entry]:
    """Files of the case; a store is trusted no more than a folder.

    Raises: IntegrityError where it is damaged; UsageError where another version wrote it.
    """
    try:
        state: dict[str, Any] = json.loads(content)
        if state["document"] == DOCUMENT and state["version"] != VERSION:
            raise UsageError(f"{case} was written by another version of forensics", "take that version, or a new case")
        files = {str(name): Entry(str(sha), int(size)) for name, (sha, size) in state["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"{case}/{STATE} is damaged", "restore it from a version of the bucket") from error
    if not all(_FILE.fullmatch(name) and ".." not in name and _HASH.fullmatch(files[name].sha256) for name in files):
        raise IntegrityError(f"{case}/{STATE} names files that no case has", "restore it from a version of the bucket")
    return files


def _counted_parts(folder: Path) -> set[str]:
    """Parts that the ledger in the passing folder counts."""
    try:
        ledger = json.loads((folder / "ledger.json").read_bytes())
    except FileNotFoundError:
        return set()
    return {str(row["file"]) for rows in ledger["parts"].values() for row in rows}


def _look(path: Path) -> tuple[int, int]:
    now = path.stat()
    return now.st_size, now.st_mtime_ns


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


# The cases on stores that this process works on

_open: dict[str, Remote] = {}
_folders: list[tempfile.TemporaryDirectory[str]] = []  # gone with the process


def find_remote(folder: Path | str) -> Remote | None:
    """The case on a store behind its name or its passing folder; None for a folder.

    Raises: UsageError for a store on which cases are not kept.
    """
    if not is_store(folder):
        return next((one for one in _open.values() if one.folder == Path(folder)), None)
    name = spell(folder).rstrip("/")
    refuse_wrong(name)
    if not name.startswith("s3://"):
        raise UsageError(
            f"{name}: a case is kept in a folder or on s3://", "sources on this store can be read: give --case a folder"
        )
    if name.count("/") < 3:
        raise UsageError(f"{name} is a whole bucket", f"name a folder of it: {name}/case")
    if name not in _open:
        passing = tempfile.TemporaryDirectory(prefix="forensics-case-")
        _folders.append(passing)
        remote = Remote(name, Path(passing.name) / "case")
        remote.folder.mkdir(mode=0o700)
        _open[name] = remote
    return _open[name]


def local_folder(folder: Path) -> Path:
    """The folder itself, or the passing folder of a case on a store, brought to what the store has now."""
    remote = find_remote(folder)
    if remote is None:
        return folder
    remote.refresh()
    return remote.folder


def name_folder(folder: Path | str) -> str:
    """A case as the user named it."""
    remote = find_remote(folder)
    return spell(folder) if remote is None else remote.name


def name_folders(text: str) -> str:
    """A text with every passing folder as the case that it stands for."""
    for one in _open.values():
        text = text.replace(str(one.folder), one.name)
    return text
