"""The steps in order, on one screen: from events to ranked networks under lasting ids, each table stored at once."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from forensics.common.errors import InputError
from forensics.common.faults import attempt
from forensics.describing.sightings import find_sightings
from forensics.judging.names import name_network
from forensics.judging.proposals import adopt_proposals, find_settled
from forensics.judging.taking_part import renew_signs, set_apart
from forensics.judging.testing import test_networks
from forensics.judging.verdicts import rank_networks
from forensics.linking.links import weigh_links
from forensics.linking.networks import form_networks
from forensics.linking.programs import ERRANDS, PROGRAMS, propose_even, propose_programs
from forensics.nights import identity, lineage, marks, standing
from forensics.pipeline.auto import fit_engine
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
class Stretch:
    """The events that a run looks at."""

    events: pl.LazyFrame
    night_at: datetime  # the last of them
    event_count: int


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
    _check_case(case)
    stretch = _take_stretch(case, since, until, window_days, progress)
    engine = fit_engine(engine or choose_engine(), stretch.event_count)
    run = _Run(case, settings, progress, stretch)
    cut = Cut(stretch.events, run.register, engine, case.spool().absolute())
    with case.draft():
        accounts = run.work("what each account did", "accounts", lambda: cut.describe(settings))
        engine.budget.check(stretch.event_count, accounts.select(pl.len()).collect().item())
        sightings = run.work("what accounts share", "sightings", lambda: run.tell_sightings(cut))
        case.clear_spool(keep="events")
        formed = run.form(cut, accounts, sightings)
        found, signs = run.test(cut, formed, accounts, sightings)
        same = identity.follow(found, sightings, accounts.collect(), run.past, settings.history)
        networks, stands = run.judge(signs, same, accounts, nightly=nightly)
        told = run.remember(same, networks, stands)
    case.clear_spool()
    return Outcome(run.seconds, _shrunk(case, run.past, same, told, settings), run.faults)


def _check_case(case: Case) -> None:
    """Whether there is something to work on.

    Raises: InputError where the case holds no events, or is a copy that holds those of some accounts only.
    """
    if not case.has("events"):
        raise InputError(f"{case.folder} holds no events", "give log files: forensics investigate SOURCE… --case DIR")
    if Comparisons(case.scan("comparisons").collect()).is_copy:
        raise InputError(
            f"{case.folder} is a copy of findings: it holds their members only",
            "forensics show and forensics report work on it; investigate the case it was made from",
        )


def _take_stretch(
    case: Case, since: datetime | None, until: datetime | None, window_days: float | None, progress: Progress
) -> Stretch:
    """The events to look at; many small files of them are gathered into one."""
    events = within(case.scan("events"), since, until)
    night_at, event_count = events.select(pl.col("started_at").max(), pl.len()).collect().row(0)
    if not event_count:
        raise InputError(f"{case.folder} holds no event of that time", "forensics case info tells its days")
    if window_days is not None:
        events = events.filter(pl.col("started_at") > night_at - timedelta(days=window_days))
    parts = len(case.files("events"))
    if parts > MANY_PARTS and event_count < min(parts * SMALL_PART, SMALL_CASE):
        with progress("gathering small files"):
            events = case.gather("events", events)
    return Stretch(events, night_at, event_count)


class _Run:
    """One run over a case: its steps, each of which stores what it makes."""

    def __init__(self, case: Case, settings: Settings, progress: Progress, stretch: Stretch) -> None:
        self.case, self.settings, self.progress, self.stretch = case, settings, progress, stretch
        self.register = case.scan("register")
        self.past = identity.recall_past(
            case.scan("lineage").collect(), case.scan("profiles").collect(), stretch.night_at
        )
        self.said, self.calm_values = marks.read_marks(case.entries()), marks.read_values(case.entries())
        self.seconds: dict[str, float] = {}
        self.faults: list[Fault] = []

    def work(self, stage: str, table: str, frame: pl.LazyFrame | Callable[[], pl.LazyFrame]) -> pl.LazyFrame:
        """Do a step and store its table; the table as stored."""
        start = perf_counter()
        with self.progress(stage), self.case.stage(stage):
            stored = self.case.put(table, frame() if callable(frame) else frame)
        self.seconds[table] = round(perf_counter() - start, 3)
        return stored

    def tell_sightings(self, cut: Cut) -> pl.LazyFrame:
        """SIGHTINGS but those that are marked harmless; where a kind fails, without it, each kind by itself."""
        found = attempt("sightings", lambda: cut.tell_sightings(self.settings), [])
        if found is None:
            found = find_sightings(cut.events, cut.register, self.settings.sightings, self.faults)
        return marks.leave_out(found, self.calm_values)

    def form(self, cut: Cut, accounts: pl.LazyFrame, sightings: pl.LazyFrame) -> pl.DataFrame:
        """LINKS, then MEMBERS as formed, under ids of their own."""
        chosen = self.settings
        links = self.work(
            "which pairs share more than chance",
            "links",
            lambda: cut.apart("links", weigh_links, sightings, accounts, chosen.links),
        )
        members = self.work(
            "which accounts belong together",
            "members",
            lambda: cut.apart("members", form_networks, links, sightings, accounts, chosen.networks),
        )
        return members.collect()

    def test(
        self, cut: Cut, formed: pl.DataFrame, accounts: pl.LazyFrame, sightings: pl.LazyFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """MEMBERS and HALLMARKS, under the ids as formed, which seed the draws: what is found must not depend on the
        past. Users of one program whom no network has, and who depend on each other like one hand, are a network, too;
        networks that some only stand beside are tested again without them.
        """
        refused: set[str] = set()  # proposals that were tested: whatever was not adopted

        def ask(members: pl.DataFrame) -> pl.DataFrame:
            tables = (members.lazy(), self.stretch.events, accounts, self.register, sightings)
            signs = test_networks(*tables, self.settings.hallmarks, self.faults, cut.keep, cut.share).collect()
            self.case.clear_spool(keep="events")
            return signs

        def adopt(
            propose: Callable[..., pl.DataFrame], kind: str, members: pl.DataFrame, signs: pl.DataFrame
        ) -> tuple[pl.DataFrame, pl.DataFrame]:
            proposed = propose(kind, members, sightings, accounts, find_settled(signs, members))
            # An id is made of who is in it: what one program proposes, its tools often propose again.
            proposed = proposed.filter(~pl.col("network_id").is_in(sorted(refused)))
            if proposed.is_empty():
                return members, signs
            refused.update(proposed["network_id"])
            return adopt_proposals(members, signs, proposed, ask(proposed))

        def part(members: pl.DataFrame, signs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
            tables = (members, signs, self.stretch.events, accounts, self.register, sightings)
            parted = set_apart(*tables, self.settings, cut.keep)
            self.case.clear_spool(keep="events")
            return parted.members, renew_signs(signs, parted, ask)

        def ask_all() -> pl.LazyFrame:
            nonlocal formed
            signs = ask(formed)
            ways = [(propose_programs, kind, kind) for kind in PROGRAMS]
            ways += [(propose_even, kind, f"{kind} and volume") for kind in ERRANDS]
            for propose, kind, said in ways:
                more = attempt(f"proposals by {said}", partial(adopt, propose, kind, formed, signs), self.faults)
                formed, signs = more or (formed, signs)
            parted = attempt("who takes part", partial(part, formed, signs), self.faults)
            formed, signs = parted or (formed, signs)
            return signs.lazy()

        signs = self.work("testing each network for one hand, hiding, and innocent reasons", "hallmarks", ask_all)
        return formed, signs.collect()

    def judge(
        self, signs: pl.DataFrame, same: identity.Night, accounts: pl.LazyFrame, *, nightly: bool
    ) -> tuple[pl.LazyFrame, dict[str, str]]:
        """HALLMARKS, NETWORKS and COMPARISONS under the ids that last; NETWORKS, and findings that stand otherwise than
        tonight's events alone would have it.
        """
        events, settings = self.stretch.events, self.settings
        members = self.case.put("members", same.members.lazy())
        hallmarks = self.case.put("hallmarks", identity.rename_networks(signs.lazy(), same.identities))
        ranked = rank_networks(hallmarks, members, events, accounts, self.register, settings.scoring, name_network)
        judged = ranked.collect()
        stands = self._steady(judged, same) if nightly else {}
        placed = standing.place_findings(judged, stands)
        calm = marks.suppress_benign(placed, same.members, self.said, settings.history)
        networks = self.work("verdicts and ranks", "networks", calm.lazy())
        beside = compare_networks(Windowed(self.case, events))
        self.work("each network beside all others", "comparisons", beside.lazy())
        return networks, stands

    def _steady(self, judged: pl.DataFrame, same: identity.Night) -> dict[str, str]:
        night_at, sensitivity = self.stretch.night_at, self.settings.scoring.sensitivity
        return standing.steady_findings(judged, same, self.past, night_at, self.settings.history, sensitivity)

    def remember(self, same: identity.Night, networks: pl.LazyFrame, stands: dict[str, str]) -> pl.DataFrame:
        """LINEAGE and PROFILES, for the next time; the lineage of this time."""
        night_at, history = self.stretch.night_at, self.settings.history
        told = lineage.describe_night(same, networks.collect(), self.past, night_at, history, stands)
        self.work("remembering for the next time", "lineage", pl.concat([self.past.lineage, told]).lazy())
        self.work("remembering for the next time", "profiles", identity.remember_profiles(self.past, same).lazy())
        return told


def _shrunk(
    case: Case, past: identity.Past, same: identity.Night, told: pl.DataFrame, settings: Settings
) -> list[dict[str, Any]]:
    """Findings of the run before that became smaller, but for accounts that the window no longer has."""
    gone = pl.col("account_id").is_in(standing.missing_members(past, same))
    aged = case.scan("events").filter(gone).select(pl.col("account_id").unique()).collect().to_series()
    return standing.shrunk_findings(told, past, settings.history, frozenset(aged))
