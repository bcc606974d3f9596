"""The command line: parse, call, print. Everything that goes wrong for a reason the user can mend ends here, with its
exit code.
"""

from __future__ import annotations

import copy
import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics import __version__
from forensics.commands import (
    about,
    asking,
    blindspots,
    canary,
    cases,
    defences,
    formats,
    investigating,
    listing,
    nights,
    reporting,
    sealing,
    settings,
    showing,
    ui,
    worlds,
)
from forensics.common.errors import ForensicsError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from typer.models import CommandInfo

TRACEBACK_VARIABLE = "FORENSICS_TRACEBACK"
EPILOG = (
    "Exit codes: 0 ran, 2 usage or settings, 3 a finding reached --fail-on, 4 input unusable, 5 some files were "
    "skipped or read in part, "
    "6 integrity check failed, 75 the case is locked, 130/143 interrupted."
)

app = typer.Typer(
    name="forensics",
    help="Surface networks of API accounts that one operator runs, from your own logs, offline: with the evidence, "
    "and the innocent explanations.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(investigating.investigate)
app.command()(investigating.ingest)
app.command()(listing.networks)
app.command()(listing.members)
app.command()(listing.accounts)
app.command()(showing.show)
app.command()(showing.explain)
app.command()(asking.find)
app.command()(asking.events)
app.command()(asking.timeline)
app.command()(asking.sql)
app.command()(ui.ui)
app.command()(listing.rejects)
app.command()(reporting.report)
app.command()(sealing.seal)
app.command()(sealing.verify)
app.command()(sealing.share)
app.command()(nights.nightly)
app.command()(nights.lineage)
app.command()(nights.mark)
app.command()(nights.bans)
app.command()(nights.watch)
app.command()(defences.resellers)
app.command()(defences.targets)
app.command()(defences.whatif)
app.command()(defences.impact)
app.add_typer(cases.app, name="case")
app.add_typer(formats.app, name="formats")
app.add_typer(canary.app, name="canary")
app.command()(worlds.simulate)
app.command()(worlds.evaluate)
app.command()(blindspots.blindspots)
app.add_typer(settings.app, name="config")
app.command()(about.version)
app.command()(about.completion)
app.command()(about.man)
app.command()(about.docs)
app.command()(asking.glossary)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"forensics {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tool and leave with its exit code."""
    signal.signal(signal.SIGTERM, _stop)
    speak_any_sign()
    # every plugin scans every part of a case; past the library's default of 512 waiting readers it warns of a deadlock
    # that is none
    os.environ.setdefault("POLARS_MAX_BLOCKING_THREAD_COUNT", "4096")
    if about.COMPLETE_VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]  # re-exported without saying so

        completion_init()
    given = list(arguments) if arguments is not None else sys.argv[1:]
    try:
        asked(given)(given, prog_name="forensics")
    except ForensicsError as error:
        sys.exit(report_error(error))
    except MemoryError:
        typer.echo("forensics: there is not enough memory\nhint: give less at a time, or more memory", err=True)
        sys.exit(InputError.exit_code)
    except BrokenPipeError:  # a reader that has left is no failure
        _silence()
        sys.exit(0)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(report_error(InputError(f"{where}{error.strerror or error}", "check the file and its permissions")))
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        sys.exit(report_fault(error))


def asked(arguments: Sequence[str]) -> typer.Typer:
    """The command that is asked for, alone: to get all of them ready takes longer than most of them run.

    The manual tells of all.
    """
    if list(arguments) in ([], ["-h"], ["--help"]) and about.COMPLETE_VARIABLE not in os.environ:
        return listed(app)
    name = arguments[0] if arguments else ""
    commands = [one for one in app.registered_commands if one.callback and one.callback.__name__ == name]
    groups = [one for one in app.registered_groups if one.name == name]
    if len(commands) + len(groups) != 1 or name == about.man.__name__ or about.COMPLETE_VARIABLE in os.environ:
        return app
    alone = copy.copy(app)
    alone.registered_commands, alone.registered_groups = commands, groups
    return alone


def listed(whole: typer.Typer) -> typer.Typer:
    """All commands by name and purpose, without their options, which no list of commands shows."""
    bare = copy.copy(whole)
    bare.registered_commands = [_without_options(one) for one in whole.registered_commands]
    bare.registered_groups = [copy.copy(one) for one in whole.registered_groups]
    for group in bare.registered_groups:
        if group.typer_instance is not None:
            group.typer_instance = listed(group.typer_instance)
    return bare


def _without_options(command: CommandInfo) -> CommandInfo:
    bare = copy.copy(command)
    if command.callback is not None:
        named = command.callback

        def nothing() -> None:
            pass

        nothing.__name__, nothing.__doc__ = named.__name__, named.__doc__
        bare.callback = nothing
    return bare


def speak_any_sign() -> None:
    """Let a console that cannot show a sign (Windows code pages, LANG=C) print it as an escape and not fail on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and (stream.encoding or "").lower().replace("-", "") != "utf8":
            if os.name == "nt":
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
            else:
                stream.reconfigure(errors="backslashreplace")


def report_error(error: ForensicsError) -> int:
    """What went wrong and what to do, on standard error; the exit code."""
    from forensics.case.remote import name_folders
    from forensics.common.printable import printable

    lines = [f"forensics: {line}" for line in (printable(part) for part in name_folders(error.message).split("\n"))]
    lines += [f"hint: {printable(name_folders(error.hint))}"] if error.hint else []
    typer.echo("\n".join(lines), err=True)
    return error.exit_code


def report_fault(error: Exception) -> int:
    """A mistake of the tool's own: where it arose, and nothing of what was in the data; the exit code.

    A full disk that a library tells of in its own words is none.
    """
    import traceback

    told = str(error)
    if "os error 28" in told or "No space left" in told or "transport error" in told:
        return report_error(InputError("cannot write: the disk is full or failing", "make room; the case is as it was"))
    places = [
        f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if f"{os.sep}forensics{os.sep}" in frame.filename
    ]
    lines = [f"forensics: internal fault: {type(error).__name__}", *places[-8:]]
    lines.append(
        "hint: please report these lines, they hold nothing of your data; "
        f"{TRACEBACK_VARIABLE}=1 shows everything, what was in the data too"
    )
    typer.echo("\n".join(lines), err=True)
    return 1


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
