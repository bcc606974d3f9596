"""case: what a case holds, and taking old events out of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forensics.commands.options import CaseOption, Form, FormOption, YesOption, case_option, drop_before, read_case

app = typer.Typer(
    help="The case itself: what it holds, and taking old events out.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("info")
def tell_contents(case: CaseOption = None, form: FormOption = Form.table) -> None:
    """Tell what a case holds: its sources, its days, and where the logs are silent against their own rhythm."""
    from forensics.case.quarantine import describe_apart
    from forensics.common.errors import UsageError
    from forensics.reports.facts.contents import describe_holdings
    from forensics.reports.screen.contents import contents_facts, render_contents
    from forensics.reports.screen.ingested import apart_sentences
    from forensics.reports.screen.output import facts_text, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    if form not in {Form.table, Form.json, Form.jsonl}:
        raise UsageError(f"case info cannot write {form.value}", "use --format json")
    found = read_case(case)
    held, notes = describe_holdings(found), found.ledger["notes"]
    if form is Form.table:
        further = apart_sentences(describe_apart(found))
        write_text(render_contents(held, notes, page_width(), further=further).text(colour=wants_colour()))
    else:
        apart = describe_apart(found)
        told = {"quarantined": apart.count, "quarantined_lines": [f"{path}:{line}" for path, line in apart.lines]}
        write_text(facts_text({**contents_facts(held, notes), **told}))


@app.command("drop")
def drop_events(
    before: Annotated[datetime, typer.Option("--before", help="Events that started earlier go (UTC).", metavar="DATE")],
    case: CaseOption = None,
    yes: YesOption = False,
) -> None:
    """Take events before a date out of the case for good, e.g. to keep to a retention period.

    Their sources stay known: reading them again adds nothing, but with ingest --again what was dropped comes back. What
    was worked out stays as it is until the case is investigated again.
    """
    from forensics.case.store import Case
    from forensics.reports.screen.output import write_text
    from forensics.reports.wording.figures import NBSP, count, plural

    read_case(case)
    moment = before.replace(tzinfo=UTC) if before.tzinfo is None else before
    with Case.locked(case or Path()) as held:
        gone = drop_before(held, moment, sure=yes)
        left = sum(part["rows"] for part in held.ledger["parts"]["events"])
    told = f"{plural(gone, 'event')} before {moment:%Y-%m-%d %H:%M} UTC dropped, {count(left)} left".replace(NBSP, " ")
    again = (
        f"; forensics investigate {case_option(case)}".rstrip() + " works the networks out anew"
        if gone and left and held.has("networks")
        else ""
    )
    write_text(f"{told}{again}\n")
