"""What failed inside the tool without taking the run with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from polars.exceptions import PanicException

from forensics.common.errors import ForensicsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")

INTERNAL = "could not assess: internal fault, reported in log"


@dataclass(frozen=True)
class Fault:
    """One part that failed: what it was, the kind of error and where it arose; never what was in the data."""

    what: str
    error: str
    place: str

    def __str__(self) -> str:
        """In one line."""
        return f"{self.what}: {self.error} at {self.place}"


def attempt(what: str, work: Callable[[], T], faults: list[Fault] | None) -> T | None:
    """What `work` gives; None where it failed and `faults` takes note of it. Without a list to note it in it fails.

    Mistakes that the user can mend, and a machine without memory, are no such fault.
    """
    try:
        return work()
    except (ForensicsError, MemoryError):
        raise
    except (Exception, PanicException) as error:
        if faults is None:
            raise
        faults.append(Fault(what, type(error).__name__, _place(error.__traceback__)))
        return None


def _place(trace: TracebackType | None) -> str:
    """The last line of the tool itself that an error came through."""
    place = "unknown"
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("forensics."):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
