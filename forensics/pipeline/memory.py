"""How much memory a run may take, and what follows: sizes of buckets, workers, and whether it can work at all."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from forensics.common.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WATCH_S: Final = 0.1  # between looks at the memory taken
UNITS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
# Measured on worlds of 1 to 15 M requests (tests/bench/scale), rounded up.
STANDING: Final = 450 * 2**20  # bytes before any row: libraries and their threads
ROW: Final = 500  # bytes a request of a bucket takes while its account is described and its sightings are told
TALLY: Final = 350  # bytes a tallied observable takes while the shared ones are chosen
ACCOUNT: Final = 9_000  # bytes an account takes while links, networks and hallmarks look at all
TESTING: Final = 3  # times what tests look at, that a process takes while it tests
LEAST_ROWS, MOST_ROWS = 100_000, 2_000_000
CGROUPS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Budget:
    """Bytes that a run may take; `given` if the user said so and it is to be kept to."""

    bytes: int
    given: bool = False

    def workers(self, wanted: int) -> int:
        """As many workers as the memory has room for, at least one."""
        room = self.bytes // (STANDING + LEAST_ROWS * ROW)
        return max(1, min(wanted, room))

    def workers_beside(self, wanted: int) -> int:
        """As many workers as the memory has room for beside the process of the command, at least one."""
        return Budget(max(0, self.bytes - STANDING)).workers(wanted)

    def bucket_rows(self, workers: int) -> int:
        """Requests in a bucket of accounts."""
        share = (self.bytes - STANDING) // max(1, workers) - (STANDING if workers > 1 else 0)
        return max(LEAST_ROWS, min(MOST_ROWS, share // (2 * ROW)))

    def value_parts(self, tallies: int, workers: int) -> int:
        """Parts of the values into which so many tallies are dealt."""
        share = max(self.bytes // 4, (self.bytes - STANDING) // 2) // max(1, workers)
        return max(1, -(-tallies * TALLY // max(share, 1)))

    def has_room(self, looked_at: int, workers: int) -> bool:
        """Whether each worker may hold what tests look at (bytes) beside the command, which holds it too."""
        return (workers + 1) * (STANDING + TESTING * looked_at) <= self.bytes

    def check(self, events: int, accounts: int) -> None:
        """Refuse before it starts what cannot fit.

        Raises: UsageError with the memory that it takes.
        """
        needed = STANDING + LEAST_ROWS * ROW + accounts * ACCOUNT
        if needed > self.bytes:
            raise UsageError(
                f"{accounts:,} accounts ({events:,} requests) take about {spell_bytes(needed)}, and "
                f"{spell_bytes(self.bytes)} are allowed; nothing was started, what was read is in the case",
                f"--memory {spell_bytes(int(needed * 1.1))} on a machine that has it, or fewer days: forensics nightly",
            )


def find_budget(given: str | None) -> Budget:
    """What --memory says, or half of what is free.

    Raises: UsageError where it cannot be read.
    """
    if given is None:
        return Budget(max(free_bytes() // 2, 2**30))
    read = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?\s*", given.upper())
    if read is None:
        raise UsageError(f"--memory {given!r} is no amount of memory", "write it like 4G or 800M")
    size = int(float(read[1]) * UNITS[read[2]])
    if size < STANDING + LEAST_ROWS * ROW:
        raise UsageError(f"--memory {given} is too little to work with", "give at least --memory 512M")
    return Budget(size, given=True)


@contextmanager
def kept_to(budget: Budget, stage: Callable[[], str], kept: Callable[[], str]) -> Iterator[None]:
    """A limit that the user gave is kept to: a run that outgrows it ends at once, says where and what is left of it:
    whatever is stored counts in one rename.
    """
    if not budget.given:
        yield
        return
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(budget.bytes, stage, kept, over), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(limit: int, stage: Callable[[], str], kept: Callable[[], str], over: threading.Event) -> None:
    while not over.wait(WATCH_S):
        taken = taken_bytes()
        if taken > limit:
            sys.stderr.write(
                f"forensics: memory of {spell_bytes(taken)} outgrew --memory {spell_bytes(limit)} while at: {stage()}; "
                f"{kept()}\nhint: give --memory {spell_bytes(limit * 2)}, or look at fewer days: "
                "forensics nightly\n"
            )
            sys.stderr.flush()
            for place in _family()[1:]:
                with suppress(OSError, ValueError):
                    os.kill(int(place.name), signal.SIGKILL)
            os._exit(UsageError.exit_code)


def taken_bytes() -> int:
    """Memory of this process and of those it started; 0 on a machine that does not tell."""
    page, total = os.sysconf("SC_PAGE_SIZE"), 0
    for place in _family():
        with suppress(OSError, ValueError, IndexError):
            total += int((place / "statm").read_text(encoding="ascii").split()[1]) * page
    return total


def _family() -> list[Path]:
    """Folders in /proc of this process and of all that it started."""
    found, waiting = [], ["self"]
    while waiting:
        place = Path("/proc") / waiting.pop()
        found.append(place)
        for task in place.glob("task/*/children"):
            with suppress(OSError):
                waiting += task.read_text(encoding="ascii").split()
    return found


def free_bytes() -> int:
    """Memory that is free here, within what a container allows."""
    free = 4 * 2**30
    with suppress(OSError, ValueError, IndexError):
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        free = int(re.findall(r"MemAvailable:\s+(\d+)", told)[0]) * 1024
    for path in CGROUPS:
        with suppress(OSError, ValueError):
            free = min(free, int(path.read_text(encoding="ascii")))
    return free


def spell_bytes(size: int) -> str:
    """Bytes as --memory takes them."""
    return f"{size / 2**30:.1f}G" if size >= 2**30 else f"{size // 2**20}M"
