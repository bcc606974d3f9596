"""Stages 4 to 9 on one screen: from events to ranked networks, each table stored as it is made."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from forensics.errors import InputError
from forensics.features import describe_accounts
from forensics.hallmarks import test_networks
from forensics.links import weigh_links
from forensics.names import name_network
from forensics.networks import form_networks
from forensics.scoring import rank_networks
from forensics.sightings import find_sightings

if TYPE_CHECKING:
    import polars as pl

    from forensics.case import Case
    from forensics.config import Settings


class Progress(Protocol):
    """Told which stage runs; the block lasts as long as the stage."""

    def __call__(self, stage: str) -> AbstractContextManager[object]:
        """Enter the stage."""
        ...


def silent(stage: str) -> AbstractContextManager[object]:
    """Progress that nobody watches."""
    return nullcontext(stage)


def investigate(case: Case, settings: Settings, progress: Progress = silent) -> dict[str, float]:
    """Work out every table from the events of the case; what is stored counts all at once at the end.

    Out:    seconds by stage.
    Raises: InputError where the case holds no events.
    """
    if not case.has("events"):
        raise InputError(f"{case.folder} holds no events", "give log files: forensics investigate SOURCE… --case DIR")
    seconds: dict[str, float] = {}

    def work(stage: str, table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        start = perf_counter()
        with progress(stage):
            stored = case.put(table, frame)
        seconds[table] = round(perf_counter() - start, 3)
        return stored

    with case.draft():
        events, register = case.scan("events"), case.scan("register")
        accounts = work("describe accounts", "accounts", describe_accounts(events, register, settings.features))
        sightings = work("find sightings", "sightings", find_sightings(events, register, settings.sightings))
        links = work("weigh links", "links", weigh_links(sightings, accounts, settings.links))
        members = work("form networks", "members", form_networks(links, sightings, accounts, settings.networks))
        hallmarks = work("test hallmarks", "hallmarks", test_networks(members, events, accounts, register, sightings, settings.hallmarks))
        work("rank networks", "networks", rank_networks(hallmarks, members, events, accounts, register, settings.scoring, name_network))
    return seconds
