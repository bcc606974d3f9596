"""investigate and ingest: from log files to the report."""

from __future__ import annotations

import contextlib
import sys
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import (
    CaseOption,
    ConfigOption,
    EngineOption,
    Engines,
    Level,
    MemoryOption,
    QuietOption,
    SchedulerOption,
    SensitivityOption,
    SinceOption,
    UntilOption,
    WorkersOption,
    case_option,
    chosen_settings,
    in_utc,
    keep_apart,
    keep_what_was_read,
    kept_or_passing,
    record_command,
    told_if_stopped,
)
from forensics.commands.progress import ReadingProgress, StageProgress
from forensics.common.printable import printable
from forensics.common.stores import is_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from forensics.case.quarantine import Apart
    from forensics.case.store import Case
    from forensics.common.settings import Settings
    from forensics.pipeline.engines import Engine
    from forensics.pipeline.stages import Outcome
    from forensics.reading.report import IngestReport

LEVELS = ("none", "possible", "likely", "strong")

SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE]…", help="Log files, folders, globs, s3://…, - for standard input; also packed."),
]
AccountsOption = Annotated[
    Path | None,
    typer.Option("--accounts", help="What is known of accounts: CSV, JSON lines or Parquet.", metavar="FILE"),
]
MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", help="Which field is which column (TOML), and further observables.", metavar="FILE"),
]
LogFormatOption = Annotated[
    str | None,
    typer.Option("--format", help="Read every file as this format; `forensics formats list`.", metavar="NAME"),
]
KeepTextOption = Annotated[
    bool, typer.Option("--keep-text", help="Store prompt and system text; without it only hashes are kept.")
]
RejectShareOption = Annotated[
    float | None,
    typer.Option("--max-reject-share", min=0, max=1, help="Fail with 4 if more lines are rejected.", metavar="SHARE"),
]
JoinOption = Annotated[
    bool,
    typer.Option(
        "--join",
        help="Make one event of what several logs tell of one request (same request id); holds all events in memory.",
    ),
]
AgainOption = Annotated[
    bool,
    typer.Option("--again", help="Read files once more that were read before: what was dropped of them comes back."),
]
DatabaseOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--database",
        help="Own .mmdb file that gives addresses their network and country; may be repeated.",
        metavar="FILE",
    ),
]
FailOnOption = Annotated[
    Level | None, typer.Option("--fail-on", help="Exit 3 if a finding's verdict reaches this level.")
]


def investigate(
    sources: SourcesArgument = None,
    accounts: AccountsOption = None,
    mapping: MappingOption = None,
    case: CaseOption = None,
    log_format: LogFormatOption = None,
    keep_text: KeepTextOption = False,
    join: JoinOption = False,
    again: AgainOption = False,
    databases: DatabaseOption = None,
    sensitivity: SensitivityOption = None,
    config: ConfigOption = None,
    fail_on: FailOnOption = None,
    max_reject_share: RejectShareOption = None,
    engine: EngineOption = Engines.auto,
    workers: WorkersOption = 0,
    scheduler: SchedulerOption = None,
    memory: MemoryOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    full: Annotated[bool, typer.Option("--full", help="Everything that is known of each finding.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Read logs, find the networks in them, print the report.

    With --case everything is kept in that folder and a later run adds what is new; without SOURCE a case is
    investigated again.
    """
    from forensics.case.store import Case
    from forensics.pipeline.memory import kept_to
    from forensics.pipeline.stages import investigate as run
    from forensics.reports.screen.ingested import REMARKS_IN_BRIEF, REMARKS_SHOWN, apart_sentences, enriched

    _check_places(sources, case, scheduler)
    settings = chosen_settings(
        config, case, sensitivity=sensitivity, max_reject_share=max_reject_share, databases=databases
    )
    progress = StageProgress(quiet=quiet)
    chosen = _choose_engine(engine, workers, scheduler, memory)
    with (
        closing(chosen),
        kept_or_passing(case) as folder,
        Case.locked(folder) as held,
        told_if_stopped(held),
        kept_to(chosen.budget, held.current_stage, held.told_kept),
    ):
        texts = {"keep_text": keep_text, "join": join, "again": again}
        read = partial(read_sources, held, sources or [], accounts, mapping, log_format, settings, progress, **texts)
        work = partial(run, held, settings, progress, engine=chosen, since=in_utc(since), until=in_utc(until))
        report, apart, outcome = _read_and_work(held, sources or [], read, work, kept=case is not None)
        most = REMARKS_SHOWN if full else REMARKS_IN_BRIEF
        remarks = enriched(report, join=join, most=most) if report is not None else []
        further = [*_told_period(since, until), *remarks, *apart_sentences(apart)]
        print_report(held, case, quiet=quiet, further=further, full=full)
        _tell_watched(held, quiet=quiet)
        check_faults(outcome)
        check_findings(held, fail_on, report)


def _check_places(sources: list[str] | None, case: Path | None, scheduler: str | None) -> None:
    """Whether there is something to investigate, where all who work can see it.

    Raises: UsageError.
    """
    from forensics.common.errors import UsageError

    if not sources and case is None:
        raise UsageError("nothing to investigate", "give log files or folders, or --case DIR with an existing case")
    if scheduler is not None and case is not None and is_store(case):
        raise UsageError("workers of a cluster cannot see a case on a store", "give --case a folder that all see")


def _choose_engine(name: Engines, workers: int, scheduler: str | None, memory: str | None) -> Engine:
    """Who does the work.

    Raises: UsageError as `choose_engine`.
    """
    from forensics.pipeline.engines import choose_engine

    return choose_engine(name.value, workers=workers, scheduler=scheduler, memory=memory)


def _read_and_work(
    held: Case,
    sources: list[str],
    read: Callable[[], IngestReport],
    work: Callable[[], Outcome],
    *,
    kept: bool,
) -> tuple[IngestReport | None, Apart, Outcome]:
    """Read what is given, set apart what is dated far ahead, work out every table; all of it counts at once."""
    with held.draft():
        report = read() if sources else None
        if report is not None and not held.has("events"):
            from forensics.common.errors import InputError

            names = ", ".join(sources[:3]) + (f" and {len(sources) - 3} more" if len(sources) > 3 else "")
            raise InputError(f"{names}: no line holds a request", "give files that hold requests; nothing was kept")
        apart = keep_apart(held)
        if report is not None and kept:
            keep_what_was_read(held, sources=sources, events=report.event_count)
        outcome = work()
        if kept:
            record_command(held, "investigate", sources=sources, seconds=outcome.seconds, **told_faults(outcome))
    return report, apart, outcome


def _told_period(since: datetime | None, until: datetime | None) -> list[str]:
    """That a run looked at a stretch of time only."""
    parts = [f"from {since:%Y-%m-%d %H:%M}" if since else "", f"before {until:%Y-%m-%d %H:%M}" if until else ""]
    told = " ".join(part for part in parts if part)
    return [f"looked at {told} UTC only; everything read is in the case"] if told else []


def told_faults(outcome: Outcome) -> dict[str, list[str]]:
    """Parts that failed, for the case's log; nothing where none did."""
    return {"faults": [str(fault) for fault in outcome.faults]} if outcome.faults else {}


def check_faults(outcome: Outcome) -> None:
    """End with exit 1 where a part of the tool failed, after everything else is written.

    Raises: InternalFault.
    """
    from forensics.common.errors import InternalFault

    if outcome.faults:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        raise InternalFault(
            "\n".join(["parts of the analysis failed:", *(str(fault) for fault in outcome.faults)]),
            "everything else was done and written; please report these lines, they hold nothing of your data",
        )


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE…", help="Log files, folders, globs, s3://…, - for standard input; also packed."),
    ],
    accounts: AccountsOption = None,
    mapping: MappingOption = None,
    case: CaseOption = None,
    log_format: LogFormatOption = None,
    keep_text: KeepTextOption = False,
    join: JoinOption = False,
    again: AgainOption = False,
    databases: DatabaseOption = None,
    config: ConfigOption = None,
    max_reject_share: RejectShareOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but what went wrong.")] = False,
) -> None:
    """Read logs into a case without investigating them."""
    from forensics.case.store import Case
    from forensics.common.errors import UsageError
    from forensics.reports.screen.ingested import apart_sentences, ingest_text
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.page import page_width

    if case is None:
        raise UsageError("no case given", "name the folder to read into: --case DIR")
    settings = chosen_settings(config, case, max_reject_share=max_reject_share, databases=databases)
    with Case.locked(case) as held, told_if_stopped(held):
        with held.draft():
            report = read_sources(
                held,
                sources,
                accounts,
                mapping,
                log_format,
                settings,
                StageProgress(quiet=quiet),
                keep_text=keep_text,
                join=join,
                again=again,
            )
            apart = keep_apart(held)
            record_command(held, "ingest", sources=list(sources), events=report.event_count)
        if not quiet:
            write_text(ingest_text(report, page_width(), join=join, further=apart_sentences(apart)))
        _tell_watched(held, quiet=quiet)
        check_findings(held, None, report)


def read_sources(
    held: Case,
    sources: list[str],
    accounts: Path | None,
    mapping: Path | None,
    log_format: str | None,
    settings: Settings,
    progress: StageProgress,
    *,
    keep_text: bool,
    join: bool = False,
    again: bool = False,
) -> IngestReport:
    """Ingest, telling how far it is."""
    from forensics.reading.ingest import ingest as read

    reading = ReadingProgress(progress, sources)
    with progress("reading"), held.stage("read"):
        return read(
            held,
            sources,
            accounts=accounts,
            mapping=mapping,
            format_name=log_format,
            keep_text=keep_text,
            join=join,
            again=again,
            settings=settings.ingest,
            progress=reading.tell,
        )


def _tell_watched(held: Case, *, quiet: bool) -> None:
    """What of the watch list was in what was read since the user was last told."""
    from forensics.defences.watch_list import find_fresh, read_watch_list

    watched = read_watch_list(held.entries())
    if watched:
        from forensics.reports.screen.nightly import hits_text
        from forensics.reports.screen.output import write_text
        from forensics.reports.screen.page import page_width

        hits = find_fresh(held, watched, held.told_source)
        write_text(hits_text(hits, page_width(), quiet=quiet))
    held.note_told(int(held.ledger["told"]["run"]))


def print_report(
    held: Case, case: Path | None, *, quiet: bool, further: Sequence[str] = (), full: bool = False
) -> None:
    """The report; with `quiet` one line, and nothing where there is no finding."""
    from forensics.reports.screen.findings import render_report, summary_line
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.page import page_width, wants_colour

    if quiet:
        write_text(summary_line(held, case_option(case)))
        return
    page = render_report(
        held, page_width(), case_option=case_option(case), kept=case is not None, further=further, full=full
    )
    write_text(page.text(colour=wants_colour()))


def check_findings(
    held: Case,
    fail_on: Level | None,
    report: IngestReport | None,
    *,
    only: set[str] | None = None,
    told: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Say what was skipped or read in part, then end as --fail-on (for the networks in `only`, if given, by verdicts as
    `told` where they are) and such files demand.

    Raises: FindingReached, PartialInput.
    """
    from forensics.common.errors import PartialInput

    unread = report.unread if report is not None else []
    skipped = [f"{printable(path)}: {printable(reason)}" for path, reason in unread]
    if fail_on is not None:
        _check_levels(held, fail_on, skipped, only, told or {})
    if report is not None and unread:
        what = (
            "skipped"
            if len(report.skipped) == len(unread)
            else "skipped or read in part"
            if report.skipped
            else "read in part"
        )
        one = f"1 file was {what}" if len(unread) == 1 else f"{len(unread)} files were {what}"
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        raise PartialInput(
            "\n".join([f"{one}:", *skipped[:20], *(["…"] if len(skipped) > 20 else [])]), "everything else was read"
        )


def _check_levels(
    held: Case, fail_on: Level, skipped: Sequence[str], only: set[str] | None, told: Mapping[str, Sequence[str]]
) -> None:
    from forensics.common.errors import FindingReached

    found = held.scan("networks").filter("alert").select("network_id", "name", "pooling", "extraction").collect()
    reached = [
        name
        for key, name, *levels in found.iter_rows()
        if (only is None or key in only)
        and max(LEVELS.index(level) for level in told.get(key, levels)) >= LEVELS.index(fail_on.value)
    ]
    if not reached:
        return
    for line in skipped:
        typer.echo(f"skipped {line}", err=True)
    raise FindingReached(
        f"{len(reached)} of {found.height} findings reached {fail_on.value}: "
        f"{', '.join(reached[:5])}{' …' if len(reached) > 5 else ''}"
    )
