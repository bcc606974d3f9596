"""report: the findings as a page, as text, as data, and in the forms of other tools."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import CaseOption, SinceOption, UntilOption, analysed_case, in_utc, record_command
from forensics.commands.progress import StageProgress

if TYPE_CHECKING:
    from forensics.case.store import Case
    from forensics.reports.exports.catalogue import Export, Written

# tested against the exports
FORMATS = "html, markdown, json, jsonl, csv, parquet, timesketch, stix, ocsf, graphml, gexf, sigma, blocklist"


def report(
    case: CaseOption = None,
    form: Annotated[
        list[str] | None,
        typer.Option("--format", help=f"One of {FORMATS}; may be repeated. By default told from -o.", metavar="FORMAT"),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", help="File to write; one for each --format. - is standard output.", metavar="FILE"
        ),
    ] = None,
    networks: Annotated[
        list[str] | None,
        typer.Option("--network", help="Only this network, by id, name or rank; may be repeated.", metavar="NETWORK"),
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option("--prices", help="List prices (TOML); without it a sample that says so.", metavar="FILE"),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="At most this many findings, by rank.", metavar="N")
    ] = 50,
    since: SinceOption = None,
    until: UntilOption = None,
    force: Annotated[bool, typer.Option("--force", help="Write over existing files.")] = False,
) -> None:
    """Write the findings: a page with pictures, Markdown, JSON, STIX, a timeline, a graph and more."""
    from forensics.common.errors import UsageError
    from forensics.evidence.manifest import current_seal
    from forensics.reports.exports.catalogue import write_reports
    from forensics.reports.facts.findings import build_report
    from forensics.reports.facts.impact import load_prices
    from forensics.reports.facts.requests import Period
    from forensics.reports.screen.listings import named_network

    found = analysed_case(case)
    chosen = [named_network(found, name)["network_id"] for name in networks] if networks else None
    wanted = _pair_up(form or [], [path if str(path) != "-" else None for path in output or []])
    files = [(export, path) for export, path in wanted if path is not None]
    for _, path in files:  # before the work, not after it
        if path.exists() and not force:
            raise UsageError(f"{path} exists", "choose another name, or say --force to write over it")
    progress = StageProgress()
    with progress("gather what the report says"):
        tables, sealed = Period(found, in_utc(since), in_utc(until)), current_seal(found)
        notes = found.ledger["notes"] | ({"period": _told_period(since, until)} if since or until else {})
        built = build_report(
            tables, load_prices(prices), manifest_sha256=sealed, networks=chosen, limit=limit, notes=notes
        )
    _tell_broken_seal(found, sealed)
    with progress("write the report"):
        write_reports(built, files, force=force, record=lambda written: record_files(found, written))
        for export, target in wanted:
            if target is None:
                _to_stdout(export.render(built), export.suffix)
    if files:
        _tell_written([path for _, path in files])


def _tell_written(written: list[Path]) -> None:
    from forensics.common.printable import printable

    typer.echo("\n".join(f"wrote {printable(path)}" for path in written), err=True)


def _pair_up(forms: list[str], outputs: list[Path | None]) -> list[tuple[Export, Path | None]]:
    """Each form with its file; None is standard output."""
    from forensics.common.errors import UsageError
    from forensics.reports.exports.catalogue import choose_export

    if len(forms) > 1 and len(outputs) != len(forms):
        raise UsageError(
            f"{len(forms)} formats need {len(forms)} files, not {len(outputs)}", "give one -o FILE for each --format"
        )
    if len(forms) == 1 and len(outputs) > 1:
        raise UsageError(
            f"one format and {len(outputs)} files",
            "give one --format for each -o FILE, or none to tell them from the names",
        )
    pairs = [
        (forms[index] if index < len(forms) else None, outputs[index] if index < len(outputs) else None)
        for index in range(max(len(forms), len(outputs), 1))
    ]
    return [(choose_export(name, path), path) for name, path in pairs]


def _told_period(since: datetime | None, until: datetime | None) -> str:
    """The stretch of time a report is narrowed to, in words."""
    parts = [f"from {since:%Y-%m-%d %H:%M}" if since else "", f"before {until:%Y-%m-%d %H:%M}" if until else ""]
    return " ".join(part for part in parts if part)


def _tell_broken_seal(found: Case, sealed: str | None) -> None:
    from forensics.evidence.manifest import MANIFEST, SEAL

    if sealed is None and (found.folder / SEAL / MANIFEST).exists():
        typer.echo(
            "forensics: the case was changed since it was sealed, so the report carries no seal; forensics verify "
            "says what changed",
            err=True,
        )


def _to_stdout(content: bytes, suffix: str) -> None:
    import sys

    from forensics.common.errors import UsageError
    from forensics.reports.screen.output import output_lost

    if sys.stdout.isatty() and suffix in {".html", ".parquet"}:
        raise UsageError("this form is not for a terminal", f"give -o report{suffix}")
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_lost(error) from error


def record_files(found: Case, written: list[Written]) -> None:
    """Note in the case's log what is written from it, before it has its name; a case that cannot be written to is still
    reported on.
    """
    from forensics.case.store import Case
    from forensics.common.errors import CaseLocked, InputError

    try:
        with Case.locked(found.folder) as held:
            record_command(held, "report", files=written)
    except (CaseLocked, InputError) as error:
        typer.echo(f"forensics: not noted in the log of the case: {error.message}", err=True)
