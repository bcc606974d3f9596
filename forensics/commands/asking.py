"""find, events, timeline, sql, glossary: what an analyst asks next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import (
    CaseOption,
    Form,
    FormOption,
    SinceOption,
    TopOption,
    UntilOption,
    WideOption,
    analysed_case,
    case_option,
    in_utc,
    read_case,
)

if TYPE_CHECKING:
    from forensics.reports.facts.model import Finding

EVENTS_SHOWN = 50  # on a screen; into a file all


def find(
    value: Annotated[
        str,
        typer.Argument(
            metavar="VALUE",
            help="An address or range, card, mail domain, client, hash, template, device, organisation, … as logged or "
            "as printed in any report.",
        ),
    ],
    case: CaseOption = None,
    form: FormOption = Form.table,
) -> None:
    """Tell who shows a value: accounts and their networks, first and last time, source lines."""
    from forensics.reports.facts.holders import find_holders
    from forensics.reports.screen.asked import render_holders
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    found = find_holders(read_case(case), value)
    if form is Form.table:
        write_text(render_holders(found, value, page_width(), case_option(case)).text(colour=wants_colour()))
    else:
        write_frame(found, form.value)


def events(
    name: Annotated[
        str, typer.Argument(metavar="NETWORK|ACCOUNT", help="A network by id, name or rank; or an account id.")
    ],
    case: CaseOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    where: Annotated[
        str | None,
        typer.Option("--where", help='Only requests that fit, in SQL, e.g. "status_code = 429".', metavar="CONDITION"),
    ] = None,
    top: TopOption = None,
    form: FormOption = Form.table,
    wide: WideOption = False,
) -> None:
    """List the requests of an account or network, each with its source line."""
    from forensics.common.errors import UsageError
    from forensics.reports.facts.requests import list_requests
    from forensics.reports.screen.asked import render_events
    from forensics.reports.screen.listings import find_account, find_network, unknown_name
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    found = analysed_case(case)
    network = find_network(found, name)
    if network is None and find_account(found, name) is None:
        raise unknown_name(found, name)
    rows = list_requests(
        found,
        None if network is not None else [name],
        None if network is None else network["network_id"],
        since=in_utc(since),
        until=in_utc(until),
        where=where,
    )
    most = top if top is not None else EVENTS_SHOWN if form is Form.table else None
    frame = (rows if most is None else rows.head(most + 1)).collect(engine="streaming")
    if not frame.height and not found.has("events"):
        raise UsageError("the requests themselves are not in this copy", "it was shared with --no-events")
    shown = frame if most is None else frame.head(most)
    if form is not Form.table or wide:
        write_frame(shown, form.value, width=None)
        return
    write_text(render_events(shown, page_width()).text(colour=wants_colour()))
    if frame.height > shown.height:
        write_text(f"\nthe first {shown.height}; --top N shows more, --format csv, jsonl or parquet writes all\n")


def timeline(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="A network by id, name or rank.")],
    case: CaseOption = None,
    form: FormOption = Form.table,
) -> None:
    """Tell a network's life day by day: volume, births, bans, waves, likely successors, templates, models."""
    from forensics.reports.facts.timeline import tell_timeline
    from forensics.reports.screen.asked import render_timeline
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    finding = _finding(network, case)
    moments = tell_timeline(finding)
    if form is Form.table:
        write_text(render_timeline(finding, moments, page_width()).text(colour=wants_colour()))
    else:
        write_frame(moments, form.value)


def _finding(network: str, case: CaseOption) -> Finding:
    from forensics.reports.facts.findings import build_report
    from forensics.reports.screen.listings import named_network

    found = analysed_case(case)
    row = named_network(found, network)
    return build_report(found, networks=[row["network_id"]], notes=found.ledger["notes"]).findings[0]


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="SELECT … over events, accounts, members, networks, …")],
    case: CaseOption = None,
    form: FormOption = Form.table,
) -> None:
    """Ask the tables of a case in SQL (DuckDB; pip install 'forensics[sql]'). Nothing can be written.

    Hashes stand there as in every report: 16 hex digits. `forensics docs python` lists the tables.
    """
    from forensics.common.schema import TABLES
    from forensics.reports.facts.sql import run_sql
    from forensics.reports.screen.output import write_frame
    from forensics.reports.screen.page import table_width

    found = read_case(case)
    frame = run_sql({name: found.files(name) for name in TABLES}, query)
    write_frame(frame, form.value, width=table_width())


def glossary(
    word: Annotated[str | None, typer.Argument(metavar="[WORD]", help="One word; without, all of them.")] = None,
) -> None:
    """Say what a word of the reports means."""
    from forensics.common.errors import UsageError
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.page import Page, page_width
    from forensics.reports.wording.glossary import read_glossary

    words = read_glossary()
    if word is not None:
        wanted = word.strip().lower()
        words = {name: text for name, text in words.items() if wanted in name.lower()} or {
            name: text for name, text in words.items() if wanted in text.lower()
        }
        if not words:
            raise UsageError(f"the glossary does not know {word!r}", "forensics glossary lists every word")
    page = Page(page_width())
    for name, text in words.items():
        page.paragraph(text, label=f"{name}: ", hanging=4)
    write_text(page.text())
