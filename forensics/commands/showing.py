"""show and explain: one network, one account or one pair of accounts, looked at closely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from forensics.commands.options import (
    CaseOption,
    ConfigOption,
    Form,
    FormOption,
    SinceOption,
    UntilOption,
    analysed_case,
    case_option,
    chosen_settings,
    in_utc,
)
from forensics.commands.progress import StageProgress

if TYPE_CHECKING:
    from forensics.case.store import Case
    from forensics.common.settings import Settings


def show(
    name: Annotated[
        str, typer.Argument(metavar="NETWORK|ACCOUNT", help="A network by id, name or rank; or an account id.")
    ],
    case: CaseOption = None,
    how: Annotated[
        bool, typer.Option("--how", help="How each sign was tested: its null model and what it is blind to.")
    ] = False,
    lives: Annotated[
        bool, typer.Option("--lives", help="The picture of the accounts' births, activity and bans.")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            help="Whether the network stands without observables of this kind; may be repeated.",
            metavar="KIND",
        ),
    ] = None,
    bridges: Annotated[bool, typer.Option("--bridges", help="The single links that the network hangs on.")] = False,
    since: SinceOption = None,
    until: UntilOption = None,
    config: ConfigOption = None,
    form: FormOption = Form.table,
) -> None:
    """Show one network or account: evidence, tests, source lines."""
    from forensics.common.errors import UsageError
    from forensics.reports.facts.requests import Period
    from forensics.reports.screen.listings import find_account, find_network, unknown_name
    from forensics.reports.screen.output import facts_text, write_text
    from forensics.reports.screen.page import page_width, wants_colour
    from forensics.reports.screen.show import account_facts, network_facts, render_account, render_network

    found = analysed_case(case)
    network = find_network(found, name)
    account = None if network is not None else find_account(found, name)
    if network is None and account is None:
        raise unknown_name(found, name)
    if without and bridges:
        raise UsageError("--without and --bridges are two questions", "ask one at a time")
    if without or bridges:
        _show_held(found, network, name, form, chosen_settings(config, case), tuple(dict.fromkeys(without or ())), case)
        return
    tables = Period(found, in_utc(since), in_utc(until))
    if form in {Form.json, Form.jsonl}:
        facts = network_facts(tables, network) if network is not None else account_facts(tables, account or {})
        write_text(facts_text(facts))
        return
    if form is not Form.table:
        raise UsageError(
            f"show cannot write {form.value}", "use --format json, or forensics members --network … --format csv"
        )
    option = case_option(case)
    if network is not None:
        page = render_network(tables, network, page_width(), how=how, lives=lives, case_option=option)
    else:
        page = render_account(tables, account or {}, page_width(), case_option=option)
    write_text(page.text(colour=wants_colour()))


def _show_held(
    found: Case,
    network: dict[str, Any] | None,
    name: str,
    form: Form,
    settings: Settings,
    kinds: tuple[str, ...],
    case: CaseOption,
) -> None:
    """What holds a network together: without some kinds of observable, or its single links."""
    from forensics.common.errors import UsageError

    if network is None:
        raise UsageError(
            f"{name} is an account", "--without and --bridges tell of a network: forensics networks lists them"
        )
    if kinds:
        _show_standing(found, network, kinds, form, settings)
    else:
        _show_bridges(found, network, form, case_option(case))


def _show_bridges(found: Case, network: dict[str, Any], form: Form, option: str) -> None:
    from forensics.defences.what_if import read_bridges
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour
    from forensics.reports.screen.what_if import render_bridges

    bridges = read_bridges(found, network)
    if form is Form.table:
        write_text(render_bridges(bridges, network, page_width(), option).text(colour=wants_colour()))
    else:
        write_frame(bridges, form.value)


def _show_standing(
    found: Case, network: dict[str, Any], kinds: tuple[str, ...], form: Form, settings: Settings
) -> None:
    from forensics.defences.what_if import read_standing
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour
    from forensics.reports.screen.what_if import render_standing

    with StageProgress()("weigh links without " + ", ".join(kinds)):
        standing = read_standing(found, network, kinds, settings)
    if form is Form.table:
        write_text(render_standing(standing, network, kinds, page_width()).text(colour=wants_colour()))
    else:
        write_frame(standing.members, form.value)


def explain(
    account_a: Annotated[str, typer.Argument(metavar="ACCOUNT_A", help="An account id.")],
    account_b: Annotated[str, typer.Argument(metavar="ACCOUNT_B", help="Another.")],
    case: CaseOption = None,
    config: ConfigOption = None,
    form: FormOption = Form.table,
) -> None:
    """Explain what ties two accounts: each observable they share, its bits, and their sum."""
    from forensics.common.errors import UsageError
    from forensics.common.printable import printable
    from forensics.linking.explain import read_pair
    from forensics.reports.screen.listings import list_accounts
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour
    from forensics.reports.screen.pairs import render_pair

    found = analysed_case(case)
    if account_a == account_b:
        raise UsageError("both accounts are the same", f"give two; forensics show {printable(account_a)} tells of one")
    list_accounts(found, (account_a, account_b))  # an unknown one is told with the nearest names
    pair = read_pair(found, account_a, account_b, chosen_settings(config, case).links)
    if form is not Form.table:
        write_frame(pair.shared, form.value)
    elif pair.shared.is_empty():
        typer.echo(
            f"forensics: {printable(account_a)} and {printable(account_b)} share no observable that links weigh\n"
            f"hint: forensics show {printable(account_a)} lists what it shares with others",
            err=True,
        )
    else:
        write_text(render_pair(pair, account_a, account_b, page_width()).text(colour=wants_colour()))
