"""Offline log forensics: networks of API accounts that one operator runs, with the evidence and the innocent reasons.

    sources ─reading→ EVENTS SOURCES REJECTS REGISTER ─describing→ ACCOUNTS SIGHTINGS
            ─linking→ LINKS MEMBERS ─judging→ HALLMARKS NETWORKS ─nights→ LINEAGE PROFILES; all of them ─reports→ people

A room imports only rooms above it:

    common      what two rooms or more stand on
    case        the folder of an investigation: the only place that knows paths
    reading     logs and accounts files to events
    describing  events to numbers and observables of accounts
    linking     observables to links and networks
    judging     networks to tested signs and verdicts
    nights      the same case again, night after night
    defences    what a defender asks beyond a finding
    reports     tables to words, pages, files
    evidence    seal, verify, sign, share
    worlds      made worlds, and how well a case found them
    pipeline    the steps in order, and who runs them
    commands    the command line

From Python: `case = forensics.open("case1")`, then `case.networks()` and the like give polars frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forensics.commands.api import OpenCase
    from forensics.commands.api import open_case as open  # noqa: A004 - forensics.open(…), as gzip.open(…)

__all__ = ["OpenCase", "__version__", "open"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class or a function
    """What is asked of a case from Python, imported when it is first wanted: the command line starts at once."""
    if name == "open":
        from forensics.commands.api import open_case

        return open_case
    if name == "OpenCase":
        from forensics.commands.api import OpenCase as Opened

        return Opened
    raise AttributeError(f"module 'forensics' has no attribute {name!r}")
