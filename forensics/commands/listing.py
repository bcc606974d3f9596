"""networks, members, accounts, rejects: tables of a case, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import CaseOption, Form, FormOption, TopOption, WideOption, analysed_case, read_case

if TYPE_CHECKING:
    import polars as pl


def networks(
    case: CaseOption = None,
    form: FormOption = Form.table,
    alerts: Annotated[bool, typer.Option("--alerts", help="Only networks reported as findings.")] = False,
    wide: WideOption = False,
) -> None:
    """List the networks by rank."""
    from forensics.reports.screen.listings import NETWORK_COLUMNS, list_networks

    _write(list_networks(analysed_case(case), alerts_only=alerts), form, NETWORK_COLUMNS, wide=wide)


def members(
    case: CaseOption = None,
    network: Annotated[
        str | None, typer.Option("--network", help="Only this network: id, name or rank.", metavar="NETWORK")
    ] = None,
    form: FormOption = Form.table,
    wide: WideOption = False,
) -> None:
    """List the accounts of each network."""
    from forensics.reports.screen.listings import MEMBER_COLUMNS, list_members, named_network

    found = analysed_case(case)
    wanted = named_network(found, network)["network_id"] if network is not None else None
    _write(list_members(found, wanted), form, MEMBER_COLUMNS, wide=wide)


def accounts(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]…", help="Accounts; without any, the first by --by.")
    ] = None,
    case: CaseOption = None,
    top: TopOption = None,
    by: Annotated[
        str, typer.Option("--by", help="Column to sort by, largest first.", metavar="COLUMN")
    ] = "request_count",
    form: FormOption = Form.table,
    wide: WideOption = False,
) -> None:
    """List accounts with their numbers."""
    from forensics.reports.screen.listings import ACCOUNT_COLUMNS, list_accounts

    most = top if top is not None else 20 if form is Form.table else None
    columns = ACCOUNT_COLUMNS if by in ACCOUNT_COLUMNS else (*ACCOUNT_COLUMNS[:2], by, *ACCOUNT_COLUMNS[2:])
    _write(list_accounts(analysed_case(case), names or (), top=most, by=by), form, columns, wide=wide)


def rejects(
    case: CaseOption = None,
    top: TopOption = None,
    form: FormOption = Form.table,
    wide: WideOption = False,
) -> None:
    """List the lines that could not be read, and why."""
    from forensics.reports.screen.asked import render_rejects
    from forensics.reports.screen.listings import REJECT_COLUMNS, list_rejects
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.page import table_width, wants_colour

    found = list_rejects(read_case(case), top=top)
    width = table_width(wide=wide)
    if form is not Form.table or width is None or found.is_empty():
        _write(found, form, REJECT_COLUMNS, wide=wide)
    else:
        write_text(render_rejects(found, width).text(colour=wants_colour()))


def _write(frame: pl.DataFrame, form: Form, columns: tuple[str, ...], *, wide: bool) -> None:
    from forensics.reports.screen.output import write_frame
    from forensics.reports.screen.page import table_width

    shown = None if wide else columns
    write_frame(frame, form.value, columns=shown, width=table_width(wide=wide), more="--wide shows all")
