"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forensics.common.errors import InputError, UsageError
from forensics.common.secrets import mask_path, mask_secrets
from forensics.common.stores import is_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forensics.case.quarantine import Apart
    from forensics.case.store import Case
    from forensics.common.settings import Layer, Settings


class Form(StrEnum):
    """How a listing is written."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


class Sensitivity(StrEnum):
    """How much evidence an alert takes."""

    low = "low"
    normal = "normal"
    high = "high"


class Engines(StrEnum):
    """Who does the work."""

    auto = "auto"
    serial = "serial"
    processes = "processes"
    dask = "dask"


class Level(StrEnum):
    """Verdict levels that --fail-on can ask for."""

    possible = "possible"
    likely = "likely"
    strong = "strong"


FOR_LESS = "look at fewer days (forensics nightly), or read less at a time; --memory LIMIT makes a run keep to it"
STOPPED = 128  # exit codes above it are of a run that was stopped by a signal
CASE_VARIABLE = "FORENSICS_CASE"
SETTINGS_FILE = "settings.toml"  # in the case folder, and in the user's configuration folder

CaseOption = Annotated[
    Path | None, typer.Option("--case", envvar=CASE_VARIABLE, help="Case folder, or s3://….", metavar="DIR")
]
FormOption = Annotated[Form, typer.Option("--format", help="How to write it.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings (TOML); see `forensics config show`.", metavar="FILE")
]
SensitivityOption = Annotated[
    Sensitivity | None, typer.Option("--sensitivity", help="low: only the surest findings; high: weaker ones too.")
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", help="Only what began at this time or later (UTC).", metavar="TIME")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", help="Only what began before this time (UTC).", metavar="TIME")
]
WideOption = Annotated[bool, typer.Option("--wide", help="All columns of the table, however wide.")]
TopOption = Annotated[int | None, typer.Option("--top", min=1, help="At most this many rows.", metavar="N")]
YesOption = Annotated[bool, typer.Option("--yes", help="Drop more events than a usual night brings.")]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress; one line instead of the report, nothing if there is no finding."),
]


EngineOption = Annotated[
    Engines, typer.Option("--engine", help="Who works: this process, several, a Dask cluster; auto: what fits the log.")
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=0, help="Processes of --engine at most; 0: as many as fit.", metavar="N")
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", help="Of a running Dask cluster, e.g. tcp://host:8786.", metavar="ADDRESS")
]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        "--memory", help="Most that a run may take, e.g. 8G; half of what is free if not said.", metavar="LIMIT"
    ),
]


def in_utc(moment: datetime | None) -> datetime | None:
    """A time of the command line: UTC, unless it says otherwise."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def read_case(folder: Path | None) -> Case:
    """The case to read from.

    Raises: UsageError where none is named or nothing is there.
    """
    from forensics.case.remote import find_remote, name_folder
    from forensics.case.store import Case

    if folder is None:
        raise UsageError(
            "no case given", f"name its folder with --case DIR or the environment variable {CASE_VARIABLE}"
        )
    remote = find_remote(folder)
    case = Case(folder) if remote is not None or folder.exists() else None
    if case is None or (remote is not None and not remote.exists()):
        name = name_folder(folder)
        raise UsageError(f"there is no case at {name}", f"make one: forensics investigate SOURCE… --case {name}")
    return case


def analysed_case(folder: Path | None) -> Case:
    """The case to read from, once it was investigated.

    Raises: UsageError as `read_case`, or where no network was looked for yet.
    """
    case = read_case(folder)
    if not case.has("networks"):
        raise UsageError(
            f"the case {case.folder} was not investigated yet", f"forensics investigate --case {case.folder}"
        )
    return case


def case_option(folder: Path | None) -> str:
    """What to repeat on the command line so that a further command finds the case."""
    import os
    import shlex

    from forensics.case.remote import name_folder

    if folder is None:
        return ""
    name = name_folder(folder)
    return "" if os.environ.get(CASE_VARIABLE) in {name, str(folder)} else f"--case {shlex.quote(name)}"


@contextlib.contextmanager
def kept_or_passing(folder: Path | None) -> Iterator[Path]:
    """The case folder, or one that is gone afterwards."""
    if folder is not None:
        yield folder
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="forensics-") as passing:
        yield Path(passing) / "case"


def who() -> str:
    """Who runs the command, for the case's log."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for the user
        return "unknown"


def record_command(case: Case, what: str, **facts: object) -> None:
    """Write into the case's log that a command was run on it."""
    import sys
    from datetime import UTC, datetime

    from forensics import __version__

    told = _masked({"command": sys.argv[1:], **facts})
    case.record(what, datetime.now(UTC), who(), version=__version__, **told)


def _masked(fact: Any) -> Any:  # noqa: ANN401 - facts are JSON of any shape
    """A fact without secrets: the log is passed on, with a seal or alone."""
    if isinstance(fact, str):
        return mask_path(fact) if _is_place(fact) else mask_secrets(fact)
    if isinstance(fact, dict):
        return {name: _masked(inner) for name, inner in fact.items()}
    return [_masked(inner) for inner in fact] if isinstance(fact, list | tuple) else fact


def _is_place(fact: str) -> bool:
    """Whether something is there that is called so: it must be found again by the name that is kept of it."""
    try:
        return is_store(fact) or Path(fact).exists()
    except (OSError, ValueError):
        return False


def keep_apart(held: Case) -> Apart:
    """Keep events apart that are dated far ahead of the rest or of the clock."""
    from datetime import UTC, datetime

    from forensics.case.quarantine import set_apart

    return set_apart(held, datetime.now(UTC))


def keep_what_was_read(held: Case, **facts: object) -> None:
    """What was read stays in the case even if working out the rest fails."""
    import sys
    from datetime import UTC, datetime

    from forensics import __version__

    told = _masked({"command": sys.argv[1:], **facts})
    held.checkpoint("ingest", datetime.now(UTC), who(), version=__version__, **told)


def _tell_broken_off(held: Case) -> None:
    """Say where the run before was killed without a word, and what is left of it."""
    from forensics.common.printable import printable

    broken = held.broken_off()
    if broken is not None:
        kept = "what it had read is in the case" if held.stored else "the case is as it was"
        typer.echo(
            f"forensics: the run before was killed while at: {printable(broken)}; {kept}\n"
            "hint: most often memory ran out: --memory LIMIT makes a run keep to it",
            err=True,
        )
    held.stored = False  # what follows is of this run


@contextlib.contextmanager
def told_if_stopped(held: Case) -> Iterator[None]:
    """Say what became of the case where the user stops the run, or memory runs out.

    Raises: InputError with the stage at which there was not enough memory.
    """
    _tell_broken_off(held)
    try:
        yield
    except MemoryError as error:
        at = next(iter(getattr(error, "__notes__", ())), "")
        kept = f"what was {'read' if at else 'worked out'} is in the case" if held.stored else "the case is as it was"
        raise InputError(f"memory ran out{f' while at: {at}' if at else ''}; {kept}", FOR_LESS) from error
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, KeyboardInterrupt) or (isinstance(stop.code, int) and stop.code > STOPPED):
            kept = "what was worked out is in the case" if held.stored else "the case is as it was"
            with contextlib.suppress(OSError):
                typer.echo(f"forensics: interrupted; {kept}", err=True)
        raise


def drop_before(held: Case, before: datetime, *, sure: bool, nights: int = 1) -> int:
    """Take events out of the case that started before a moment, with an entry in its log; how many.

    Raises: UsageError where they are more than usual nights bring and nobody said --yes.
    """
    import polars as pl

    from forensics.case.quarantine import count_days

    days = count_days(held.scan("events"))
    gone = int(held.scan("events").select((pl.col("started_at") < before).sum()).collect().item() or 0)
    usual = max((count for _, count in days), default=0) * nights
    if gone > usual and not sure:
        total = sum(count for _, count in days)
        raise UsageError(
            f"{gone:,} of {total:,} events are before {before:%Y-%m-%d %H:%M} UTC, and {usual:,} are what "
            f"{'a night brings' if nights == 1 else f'{nights} nights bring'} at most: nothing was dropped",
            "if they are to go for good, say --yes",
        )
    if gone:
        with held.draft():
            held.drop(before)
            record_command(held, "drop", before=before.isoformat(), events=gone)
        held.sweep()
    return gone


def settings_layers(config: Path | None, case: Path | None) -> list[Layer]:
    """Where settings come from, weakest first: the user's file, the case's, the environment, --config."""
    import os

    from forensics.common.settings import environment_layer, read_layer

    if case is not None and is_store(case):
        from forensics.case.remote import local_folder

        case = local_folder(case)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [home / "forensics" / SETTINGS_FILE, *([case / SETTINGS_FILE] if case is not None else [])]
    layers = [read_layer(path) for path in files if path.is_file()]
    layers.append(environment_layer(os.environ))
    if config is not None:
        layers.append(read_layer(config))
    return layers


def chosen_settings(
    config: Path | None,
    case: Path | None = None,
    *,
    sensitivity: Sensitivity | None = None,
    max_reject_share: float | None = None,
    databases: Sequence[Path] | None = None,
) -> Settings:
    """The settings that hold for this run: the layers, then what the command line changes."""
    from forensics.common.settings import override_layer, stack_layers

    changes: dict[str, object] = {}
    if sensitivity is not None:
        changes["scoring.sensitivity"] = sensitivity.value
    if max_reject_share is not None:
        changes["ingest.max_reject_share"] = max_reject_share
    if databases:
        changes["ingest.databases"] = [str(path) for path in databases]
    return stack_layers([*settings_layers(config, case), override_layer(changes)])[0]
