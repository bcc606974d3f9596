"""Runs that are killed at a chosen change of a file, or after a time.

One process imports the tool once and forks for each run: a kill costs what the run itself costs, and lands in the work
and not in the imports. A run is ended (SIGKILL) right before its n-th change of a file as Python sees it: opened to
be written, renamed, removed, made.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# What the tool imports only when it is used, so that no run has to.
PRELOADED = (
    "forensics.commands.cli", "forensics.pipeline.stages", "forensics.reading.ingest", "forensics.evidence.share",
    "forensics.evidence.manifest", "scipy.sparse", "scipy.stats", "sklearn.feature_extraction", "pyarrow.parquet",
)  # fmt: skip


@dataclass
class Ended:
    """How a run ended (minus the signal where one ended it), how many files it changed till then, what it said."""

    returncode: int
    changes: int
    output: str


class Runner:
    """Asks the process that forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Over its standard streams."""
        self._process = process

    def run(self, *arguments: str | Path, at: int = 0, after: float = 0, home: Path | None = None) -> Ended:
        """The tool, killed before its `at`-th change of a file or so many seconds after its start; 0 for never."""
        return self.call(
            "forensics.commands.cli:main", [str(item) for item in arguments], at=at, after=after, home=home
        )

    def call(self, name: str, *arguments: Any, at: int = 0, after: float = 0, home: Path | None = None) -> Ended:  # noqa: ANN401 - JSON of any shape
        """Any function by `module:name`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"name": name, "arguments": arguments, "at": at, "after": after, "home": str(home or "")}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


@contextlib.contextmanager
def forking() -> Iterator[Runner]:
    """A process that forks for each run, until the block ends.

    Without one each run would import the tool anew, for longer than most runs take.
    """
    here = Path(__file__).resolve()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(here.parents[2]), str(here.parent)]),
        "XDG_CONFIG_HOME": "/nonexistent",
        "POLARS_MAX_THREADS": "2",
    }
    with subprocess.Popen(
        [sys.executable, str(here)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Runner(process)
        assert process.stdin is not None
        process.stdin.close()


# What forked runs call besides the command line.


def ingest_into(folder: str, sources: list[str]) -> None:
    """Read logs into a case, in one process."""
    from forensics.case.store import Case
    from forensics.common.settings import IngestSettings
    from forensics.reading.ingest import ingest

    with Case.locked(folder) as case:
        ingest(case, sources, settings=IngestSettings(max_reject_share=1.0, workers=1))


def commit_for_ever(folder: str) -> None:
    """Commit the ledger, a table and an entry of the log without a pause; each says which number it is."""
    from forensics.case.store import Case

    with Case.locked(folder) as case:
        number = len(case.entries())
        while True:
            number += 1
            with case.draft():
                case.commit(notes={"number": number})
                case.put("members", case.scan("members"))
                case.record(what=f"w{number}", at=datetime(2026, 5, 1, tzinfo=UTC), by="ana")


def _serve() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        told, telling = os.pipe()
        said = os.memfd_create("said")
        child = os.fork()
        if child == 0:
            os.close(told)
            _run(asked, telling, said)
        os.close(telling)
        with os.fdopen(told, "rb") as pipe:
            changes = len(pipe.read())  # a byte a change
        _, status = os.waitpid(child, 0)
        with os.fdopen(said, "rb") as file:
            file.seek(0)
            output = file.read().decode(errors="replace")
        sys.stdout.write(json.dumps(vars(Ended(os.waitstatus_to_exitcode(status), changes, output))) + "\n")
        sys.stdout.flush()


def _run(asked: dict[str, Any], telling: int, said: int) -> None:
    """In the child: never returns."""
    for stream in (1, 2):
        os.dup2(said, stream)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    if asked["home"]:
        os.chdir(asked["home"])
    if asked["after"]:
        timer = threading.Timer(asked["after"], lambda: os.kill(os.getpid(), signal.SIGKILL))
        timer.daemon = True
        timer.start()
    _watch(asked["at"], telling)
    code = 0
    module, _, name = asked["name"].partition(":")
    try:
        getattr(importlib.import_module(module), name)(*asked["arguments"])
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - whatever ends the child is told by its exit code
        import traceback

        traceback.print_exc()
        code = 1
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _watch(at: int, telling: int) -> None:
    count = 0

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event == "open":
            path, _, flags = arguments
            if not flags & _WRITING or str(path).startswith(("/dev/", "/proc/")) or isinstance(path, int):
                return
        elif event not in CHANGES:
            return
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(telling, b"x")

    sys.addaudithook(look)


if __name__ == "__main__":
    _serve()
