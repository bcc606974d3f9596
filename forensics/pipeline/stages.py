"""The steps in order, on one screen: from events to ranked networks under lasting ids, each table stored at once."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from forensics.common.errors import InputError
from forensics.common.faults import attempt
from forensics.describing.sightings import find_sightings
from forensics.judging.names import name_network
from forensics.judging.testing import test_networks
from forensics.judging.verdicts import rank_networks
from forensics.linking.links import weigh_links
from forensics.linking.networks import form_networks
from forensics.nights import identity, lineage, marks, standing
from forensics.pipeline.engines import Engine, choose_engine
from forensics.pipeline.parts import Cut
from forensics.reports.facts.comparisons import Comparisons, compare_networks
from forensics.reports.facts.requests import within

MANY_PARTS = 12  # parts of EVENTS from which they are gathered into one file for the run,
SMALL_PART, SMALL_CASE = 100_000, 2_000_000  # if they have fewer events than this on average, and all together

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from forensics.case.store import Case
    from forensics.common.faults import Fault
    from forensics.common.settings import Settings


class Progress(Protocol):
    """Told which stage runs; the block lasts as long as the stage."""

    def __call__(self, stage: str) -> AbstractContextManager[object]:
        """Enter the stage."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What a run says beside its tables."""

    seconds: dict[str, float]  # by table
    weaker: list[dict[str, Any]]  # findings of the run before that this one made smaller or dropped
    faults: list[Fault] = field(default_factory=list)  # parts that failed


@dataclass(frozen=True)
class Windowed:
    """A case whose events are those that a run looks at."""

    case: Case
    events: pl.LazyFrame

    def scan(self, table: str) -> pl.LazyFrame:
        """The table, as the run has it."""
        return self.events if table == "events" else self.case.scan(table)


def silent(stage: str) -> AbstractContextManager[object]:
    """Progress that nobody watches."""
    return nullcontext(stage)


def _tell_sightings(cut: Cut, settings: Settings, faults: list[Fault]) -> pl.LazyFrame:
    """SIGHTINGS; where a kind fails, without it, each kind by itself."""
    found = attempt("sightings", lambda: cut.tell_sightings(settings), [])
    return found if found is not None else find_sightings(cut.events, cut.register, settings.sightings, faults)


def investigate(
    case: Case,
    settings: Settings,
    progress: Progress = silent,
    *,
    window_days: float | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    nightly: bool = False,
    engine: Engine | None = None,
) -> Outcome:
    """Work out every table from the events of the case (of its last `window_days`, or of a stretch of time); what is
    stored counts all at once at the end.

    With `nightly` findings are steadied by the nights before (`standing.steady_findings`); else they are what the
    events alone give. The engine decides who does the work, never what comes out.

    Raises: InputError where the case holds no events; UsageError where the memory allowed cannot suffice.
    """
    if not case.has("events"):
        raise InputError(f"{case.folder} holds no events", "give log files: forensics investigate SOURCE… --case DIR")
    if Comparisons(case.scan("comparisons").collect()).is_copy:
        raise InputError(
            f"{case.folder} is a copy of findings: it holds their members only",
            "forensics show and forensics report work on it; investigate the case it was made from",
        )
    seconds: dict[str, float] = {}
    faults: list[Fault] = []

    def work(stage: str, table: str, frame: pl.LazyFrame | Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        start = perf_counter()
        with progress(stage), case.stage(stage):
            stored = case.put(table, frame() if callable(frame) else frame)
        seconds[table] = round(perf_counter() - start, 3)
        return stored

    events, register = within(case.scan("events"), since, until), case.scan("register")
    night_at, event_count = events.select(pl.col("started_at").max(), pl.len()).collect().row(0)
    if not event_count:
        raise InputError(f"{case.folder} holds no event of that time", "forensics case info tells its days")
    if window_days is not None:
        events = events.filter(pl.col("started_at") > night_at - timedelta(days=window_days))
    parts = len(case.files("events"))
    if parts > MANY_PARTS and event_count < min(parts * SMALL_PART, SMALL_CASE):
        with progress("gathering small files"):
            events = case.gather("events", events)
    past = identity.recall_past(case.scan("lineage").collect(), case.scan("profiles").collect(), night_at)
    said, calm_values = marks.read_marks(case.entries()), marks.read_values(case.entries())
    engine = engine or choose_engine()
    cut = Cut(events, register, engine, case.spool().absolute())
    with case.draft():
        accounts = work("what each account did", "accounts", lambda: cut.describe(settings))
        engine.budget.check(event_count, accounts.select(pl.len()).collect().item())
        sightings = work(
            "what accounts share",
            "sightings",
            lambda: marks.leave_out(_tell_sightings(cut, settings, faults), calm_values),
        )
        case.clear_spool(keep="events")
        links = work("which pairs share more than chance", "links", weigh_links(sightings, accounts, settings.links))
        formed = work(
            "which accounts belong together", "members", form_networks(links, sightings, accounts, settings.networks)
        ).collect()
        same = identity.follow(formed, sightings, accounts.collect(), past, settings.history)
        members = work("which network is which since last time", "members", same.members.lazy())
        # under the ids as formed, which seed the draws: what is found must not depend on the past
        spread = None if engine.name == "serial" else cut.spread_tests
        signs = test_networks(formed.lazy(), events, accounts, register, sightings, settings.hallmarks, faults, spread)
        hallmarks = work(
            "testing each network for one hand, hiding, and innocent reasons",
            "hallmarks",
            identity.rename_networks(signs, same.identities),
        )
        ranked = rank_networks(hallmarks, members, events, accounts, register, settings.scoring, name_network)
        judged = ranked.collect()
        stands = (
            standing.steady_findings(judged, same, past, night_at, settings.history, settings.scoring.sensitivity)
            if nightly
            else {}
        )
        calm = marks.suppress_benign(standing.place_findings(judged, stands), same.members, said, settings.history)
        networks = work("verdicts and ranks", "networks", calm.lazy())
        work("each network beside all others", "comparisons", compare_networks(Windowed(case, events)).lazy())
        told = lineage.describe_night(same, networks.collect(), past, night_at, settings.history, stands)
        work("remembering for the next time", "lineage", pl.concat([past.lineage, told]).lazy())
        work("remembering for the next time", "profiles", identity.remember_profiles(past, same).lazy())
    case.clear_spool()
    gone = pl.col("account_id").is_in(standing.missing_members(past, same))
    aged = (
        case.scan("events").filter(gone).select(pl.col("account_id").unique()).collect().to_series()
    )  # the case has them, the window no longer
    return Outcome(seconds, standing.shrunk_findings(told, past, settings.history, frozenset(aged)), faults)
