"""Everything that can go wrong for a reason the user can mend, and the exit code it ends with."""

from __future__ import annotations

from typing import ClassVar


class ForensicsError(Exception):
    """A mistake or a state of the world that the user can mend.

    `message` says what and where (`path:line`), `hint` what to do about it. Raised where it is
    known, caught once, at the edge of cli.py.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InternalFault(ForensicsError):  # noqa: N818 - the run finished
    """Parts of the tool failed; everything else was done and written."""


class UsageError(ForensicsError):
    """Wrong arguments, mapping or settings."""

    exit_code = 2


class FindingReached(ForensicsError):  # noqa: N818 - not a failure: the answer --fail-on asked for
    """A finding reached the level of --fail-on."""

    exit_code = 3


class InputError(ForensicsError):
    """The input cannot be used, or too much of it was rejected."""

    exit_code = 4


class PartialInput(ForensicsError):  # noqa: N818 - the run finished
    """The run finished, but some files were skipped, or read in part."""

    exit_code = 5


class IntegrityError(ForensicsError):
    """A sealed file or a stored table is not what it was."""

    exit_code = 6


class CaseLocked(ForensicsError):  # noqa: N818 - reads as the state it reports
    """Another run holds the case."""

    exit_code = 75
