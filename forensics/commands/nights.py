"""nightly, lineage, mark, bans, watch: the same case, night after night."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.investigating import (
    AccountsOption,
    DatabaseOption,
    FailOnOption,
    JoinOption,
    KeepTextOption,
    LogFormatOption,
    MappingOption,
    RejectShareOption,
    check_faults,
    check_findings,
    read_sources,
    told_faults,
)
from forensics.commands.options import (
    CaseOption,
    ConfigOption,
    Form,
    FormOption,
    SensitivityOption,
    YesOption,
    analysed_case,
    case_option,
    chosen_settings,
    drop_before,
    keep_apart,
    keep_what_was_read,
    read_case,
    record_command,
    told_if_stopped,
)
from forensics.commands.progress import StageProgress

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from forensics.case.quarantine import Apart
    from forensics.case.store import Case
    from forensics.common.settings import HistorySettings
    from forensics.pipeline.stages import Outcome
    from forensics.reading.report import IngestReport
    from forensics.reports.screen.nightly import News


BAN_HEADS = frozenset({"account_id", "account", "accountid", "account id", "id", "user_id", "user"})  # of one column


class State(StrEnum):
    """What an analyst says of a network."""

    confirmed = "confirmed"
    benign = "benign"
    watch = "watch"
    none = "none"


class Summary(StrEnum):
    """A night in short."""

    line = "line"
    json = "json"


class WatchAction(StrEnum):
    """What to do with the watch list."""

    add = "add"
    remove = "remove"
    list = "list"


WindowOption = Annotated[
    float | None, typer.Option("--window", min=1, help="Look at the last so many days.", metavar="DAYS")
]
RetainOption = Annotated[
    float | None,
    typer.Option("--retain", min=0, help="Take older events out of the case for good; 0 keeps all.", metavar="DAYS"),
]
OnlyNewOption = Annotated[bool, typer.Option("--only-new", help="Speak of new, split-off and respawned findings only.")]
SummaryOption = Annotated[
    Summary | None, typer.Option("--summary", help="One line of text, or one JSON object for a webhook.")
]
CaseArgument = Annotated[Path, typer.Argument(metavar="CASE", help="Case folder; made on the first night.")]


def nightly(
    case: CaseArgument,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]…", help="Log files, folders, globs; what was read before is passed over."),
    ] = None,
    accounts: AccountsOption = None,
    mapping: MappingOption = None,
    log_format: LogFormatOption = None,
    keep_text: KeepTextOption = False,
    join: JoinOption = False,
    databases: DatabaseOption = None,
    sensitivity: SensitivityOption = None,
    config: ConfigOption = None,
    window: WindowOption = None,
    retain: RetainOption = None,
    yes: YesOption = False,
    only_new: OnlyNewOption = False,
    fail_on: FailOnOption = None,
    max_reject_share: RejectShareOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="One line, for a mail subject.")] = False,
    form: SummaryOption = None,
) -> None:
    """Read what is new and say what changed since last night.

    Nothing is printed where there is nothing to say and everything is well.
    """
    from forensics.case.store import Case
    from forensics.pipeline.engines import choose_engine
    from forensics.pipeline.stages import investigate
    from forensics.reports.screen.nightly import told_levels
    from forensics.reports.screen.output import write_text

    settings = chosen_settings(
        config, case, sensitivity=sensitivity, max_reject_share=max_reject_share, databases=databases
    )
    days, kept = window or settings.history.window_days, settings.history.retain_days if retain is None else retain
    _check_retention(days, kept)
    progress = StageProgress(quiet=quiet)
    with closing(choose_engine("auto")) as engine, Case.locked(case) as held, told_if_stopped(held):
        report, told = None, held.ledger["told"]
        with held.draft():
            if sources:
                report = read_sources(
                    held, sources, accounts, mapping, log_format, settings, progress, keep_text=keep_text, join=join
                )
            apart = keep_apart(held)
            if report is not None:
                keep_what_was_read(held, sources=list(sources or []), events=report.event_count)
            outcome = investigate(held, settings, progress, window_days=days, nightly=True, engine=engine)
            record_command(
                held, "nightly", sources=list(sources or []), seconds=outcome.seconds, **told_faults(outcome)
            )
        news = _read_news(held, report, outcome, settings.history, only_new=only_new, told=told, apart=apart)
        if not news.silent:
            write_text(_tell(held, news, case_option(case), Summary.line if quiet and form is None else form))
        held.note_told(news.run)
        _drop_old(held, news.night_at, kept, sure=yes, nights=news.nights)
        check_faults(outcome)
        check_findings(held, fail_on, report, only=news.changed_ids if only_new else None, told=told_levels(news))


def _read_news(
    held: Case,
    report: IngestReport | None,
    outcome: Outcome,
    history: HistorySettings,
    *,
    only_new: bool,
    told: Mapping[str, int],
    apart: Apart,
) -> News:
    from forensics.defences.watch_list import find_fresh, read_watch_list
    from forensics.nights.marks import read_marks
    from forensics.reports.screen.ingested import apart_sentences
    from forensics.reports.screen.nightly import read_news

    entries = held.entries()
    return read_news(
        held,
        marks={key: mark.state for key, mark in read_marks(entries).items()},
        hits=find_fresh(held, read_watch_list(entries), told["source"]),
        told_run=told["run"],
        further=apart_sentences(apart) if apart.added or apart.released else (),
        weaker=outcome.weaker,
        skipped=report.unread if report else [],
        event_count=report.event_count if report else 0,
        only_new=only_new,
        history=history,
    )


def _tell(held: Case, news: News, option: str, form: Summary | None) -> str:
    """The news of a night: as a page, as one line, or as one JSON object."""
    from forensics.reports.screen.nightly import news_facts, render_news, summary
    from forensics.reports.screen.output import facts_text
    from forensics.reports.screen.page import page_width, wants_colour

    if form is Summary.json:
        return facts_text(news_facts(news))
    if form is Summary.line:
        return summary(news)
    return render_news(held, news, page_width(), case_option=option).text(colour=wants_colour())


def _check_retention(window_days: float, retain_days: float) -> None:
    from forensics.common.errors import UsageError

    if 0 < retain_days < window_days:
        raise UsageError(
            f"events would be dropped after {retain_days:g} days, but {window_days:g} are looked at",
            "retain at least the window: --retain DAYS",
        )


def _drop_old(held: Case, night_at: datetime, retain_days: float, *, sure: bool, nights: int) -> None:
    """Keep to the retention period: what is dropped and its entry in the log count together."""
    if retain_days:
        drop_before(held, night_at - timedelta(days=retain_days), sure=sure, nights=nights)


def lineage(
    network: Annotated[
        str | None, typer.Argument(metavar="[NETWORK]", help="One network by id, name or rank; all if left out.")
    ] = None,
    case: CaseOption = None,
    across: Annotated[
        Path | None, typer.Option("--across", help="Tell which networks another case knows too.", metavar="DIR")
    ] = None,
    form: FormOption = Form.table,
) -> None:
    """Tell each network's life over all nights, or one's nights.

    With --across: which of them another case knows too, by members, rare observables and births after bans.
    """
    import polars as pl

    from forensics.common.errors import UsageError
    from forensics.nights.marks import read_marks
    from forensics.reports.screen.listings import find_network
    from forensics.reports.screen.nightly import lineage_rows, render_lineage
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    found = analysed_case(case)
    key = None
    if network is not None:
        row = find_network(found, network)
        gone = (
            found.scan("lineage")
            .filter((pl.col("network_id") == network) | (pl.col("name") == network))
            .select("network_id")
            .tail(1)
            .collect()
        )
        if row is None and gone.is_empty():
            raise UsageError(f"no network was ever called {network!r}", "forensics lineage lists all of them")
        key = str(row["network_id"] if row is not None else gone.item())
    if across is not None:
        _tell_across(found, read_case(across), key, form)
        return
    rows = lineage_rows(found, key)
    if form is Form.table:
        marks = {name: mark.state for name, mark in read_marks(found.entries()).items()}
        write_text(render_lineage(found, rows, marks, page_width()).text(colour=wants_colour()))
    else:
        write_frame(rows, form.value)


def _tell_across(found: Case, other: Case, key: str | None, form: Form) -> None:
    import polars as pl

    from forensics.nights.identity import follow_across, recall_past
    from forensics.reports.screen.nightly import render_across
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    past = recall_past(other.scan("lineage").collect(), other.scan("profiles").collect(), None)
    settings = chosen_settings(None, found.folder).history
    pairs = follow_across(
        found.scan("members").collect(), found.scan("sightings"), found.scan("accounts").collect(), past, settings
    )
    names = found.scan("networks").select("network_id", "name").collect()
    rows = pairs.join(names, on="network_id", maintain_order="left").select(
        "network_id", "name", pl.exclude("network_id", "name")
    )
    rows = rows if key is None else rows.filter(pl.col("network_id") == key)
    if form is Form.table:
        write_text(render_across(rows, page_width()).text(colour=wants_colour()))
    else:
        write_frame(rows, form.value)


def mark(
    network: Annotated[str | None, typer.Argument(metavar="NETWORK", help="The network by id, name or rank.")] = None,
    state: Annotated[
        State | None, typer.Argument(metavar="STATE", help="confirmed, benign, watch, or none to take a mark back.")
    ] = None,
    case: CaseOption = None,
    value: Annotated[
        tuple[str, str] | None,
        typer.Option("--value", help="Mark an observable instead: it ties nobody any more.", metavar="KIND VALUE"),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Why.", metavar="TEXT")] = "",
    export: Annotated[bool, typer.Option("--export", help="Write all marks as JSON lines and leave.")] = False,
    take: Annotated[
        Path | None, typer.Option("--import", help="Take marks over from such a file.", metavar="FILE")
    ] = None,
) -> None:
    """Say what a network is: confirmed, benign or watch. Without a network the marks are listed.

    With --value an observable that many innocents share (a company's client, a public template) is marked benign.

    A benign network is no finding any more, for the accounts it has now; others that join it are reported. New accounts
    of a confirmed one are reported first.
    """
    from forensics.case.store import Case
    from forensics.common.errors import UsageError
    from forensics.common.printable import printable
    from forensics.reports.screen.output import write_text

    if take is not None:
        read_case(case)
        with Case.locked(case or Path()) as held:
            _import_marks(held, take)
        return
    if value is not None:
        read_case(case)
        chosen = state or (State(network) if network in set(State) else None)
        with Case.locked(case or Path()) as held:
            write_text(printable(_mark_value(held, chosen, value, note)) + "\n")
        return
    if network is None:
        _list_marks(analysed_case(case), export=export)
        return
    if state is None:
        raise UsageError("no mark given", f"forensics mark {network} confirmed|benign|watch|none")
    write_text(mark_network(analysed_case(case).folder, network, state, note) + "\n")


def mark_network(folder: Path, network: str, state: State, note: str) -> str:
    """Say what a network is; what was noted, in a sentence."""
    from forensics.case.store import Case

    with Case.locked(folder) as held:
        return _mark(held, network, state, note)


def _mark(held: Case, network: str, state: State, note: str) -> str:
    import polars as pl

    from forensics.nights.marks import read_marks, suppress_benign
    from forensics.reports.screen.listings import named_network

    row = named_network(held, network)
    members = (
        held.scan("members")
        .filter(pl.col("network_id") == row["network_id"])
        .select("account_id")
        .sort("account_id")
        .collect()
    )
    record_command(
        held,
        "mark",
        network_id=row["network_id"],
        name=row["name"],
        state=state.value,
        note=note,
        accounts=members.get_column("account_id").to_list(),
    )
    if state is State.benign:
        settings = chosen_settings(None, held.folder).history
        marks = read_marks(held.entries())
        calm = suppress_benign(held.scan("networks").collect(), held.scan("members").collect(), marks, settings)
        held.put("networks", calm.lazy())
    later = "; it counts from the next run on" if state is State.none else ""
    return f"{row['name']} ({row['network_id']}, {members.height} accounts) is marked {state.value}{later}"


def _mark_value(held: Case, state: State | None, value: tuple[str, str], note: str) -> str:
    """Put a value on the list of those that tie nobody, or take it off."""
    from forensics.common.errors import UsageError
    from forensics.common.secrets import hide_secret
    from forensics.defences.watch_list import check_kind

    if state not in {State.benign, State.none}:
        raise UsageError(
            "a value is marked benign, or none to take the mark back",
            "forensics mark benign --value client 'aurora-python/1.9.2'; watch looks for values",
        )
    kind, what = value[0], hide_secret(value[1])
    check_kind(kind, held.scan("events"))
    record_command(held, "mark", kind=kind, value=what, state=state.value, note=note)
    told = "ties nobody any more" if state is State.benign else "counts again"
    return f"{kind} {what} {told}, from the next run on"


def _list_marks(found: Case, *, export: bool) -> None:
    import polars as pl

    from forensics.nights.marks import read_marks
    from forensics.reports.screen.output import jsonl_text, table_text, write_text
    from forensics.reports.screen.page import table_width

    names = dict(found.scan("lineage").select("network_id", "name").unique().collect().iter_rows())
    rows = [
        {
            "network_id": key,
            "name": names.get(key, ""),
            "state": item.state,
            "note": item.note,
            "by": item.by,
            "at": item.at,
            "accounts": sorted(item.accounts),
        }
        for key, item in sorted(read_marks(found.entries()).items())
    ]
    texts = ("network_id", "name", "state", "note", "by", "at")
    frame = pl.DataFrame(
        rows, schema=pl.Schema([*((name, pl.String()) for name in texts), ("accounts", pl.List(pl.String()))])
    )
    write_text(
        jsonl_text(frame)
        if export
        else table_text(frame.select("name", "state", "by", pl.col("at").str.head(16), "note"), table_width())
    )


def _import_marks(held: Case, path: Path) -> None:
    import json

    from forensics.common.errors import InputError
    from forensics.nights.marks import find_marked
    from forensics.reports.screen.output import write_text

    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        marks = [json.loads(line) for line in lines]
        wanted = [
            (
                str(item["network_id"]),
                State(item["state"]),
                str(item.get("note", "")),
                [str(one) for one in item.get("accounts", [])],
            )
            for item in marks
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"cannot take marks from {path}: {error}", "give a file that `forensics mark --export` wrote"
        ) from error
    members = held.scan("members").collect()
    settings, matched = chosen_settings(None, held.folder).history, 0
    for network_id, state, note, accounts in wanted:
        here = find_marked(network_id, frozenset(accounts), members, settings)
        matched += here is not None
        record_command(held, "mark", network_id=here or network_id, state=state.value, note=note, accounts=accounts)
    write_text(
        f"{len(wanted)} marks taken over, {matched} of them for networks of this case; they hold from the next run on\n"
    )


def bans(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Accounts banned: CSV, JSON lines or Parquet with account_id and, if known, banned_at; or one id "
            "a line.",
        ),
    ],
    case: CaseOption = None,
    at: Annotated[
        datetime | None, typer.Option("--at", help="When, for rows without a time (UTC); now if left out.")
    ] = None,
) -> None:
    """Tell the case which accounts were banned.

    The next nights then show what came in their place.
    """
    import polars as pl

    from forensics.case.store import Case
    from forensics.common.schema import REGISTER, TIME
    from forensics.reports.screen.output import write_text

    read_case(case)
    given = _read_bans(file)
    when = (at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at) or datetime.now(UTC)
    given = given.with_columns(pl.col("banned_at").fill_null(pl.lit(when, TIME))).unique(
        "account_id", keep="first", maintain_order=True
    )
    with Case.locked(case or Path()) as held:
        register = held.scan("register").collect()
        known = set(held.scan("events").select("account_id").unique().collect().get_column("account_id"))
        merged = register.join(given.rename({"banned_at": "told_at"}), on="account_id", how="full", coalesce=True)
        merged = merged.with_columns(banned_at=pl.coalesce("banned_at", "told_at")).drop("told_at")
        held.put(
            "register",
            merged.select(*REGISTER.columns, *[name for name in merged.columns if name not in REGISTER.columns]).lazy(),
        )
        record_command(held, "bans", accounts=given.get_column("account_id").to_list(), source=str(file))
        seen = sum(account in known for account in given.get_column("account_id"))
    noted = "1 account" if given.height == 1 else f"{given.height} accounts"
    write_text(f"{noted} noted as banned, {seen} of them seen in the logs; the next run counts what follows\n")


def _read_bans(file: Path) -> pl.DataFrame:
    """account_id, banned_at: a table with these columns, or one id a line, whatever the file is called.

    Raises: InputError where the file cannot be read.
    """
    import polars as pl

    from forensics.common.errors import InputError
    from forensics.common.schema import TIME
    from forensics.reading.accounts.register import read_register

    if file.suffix.lower() in {"", ".txt", ".csv"}:
        try:
            lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot read {file}: {error}", "give a text file in UTF-8, CSV or Parquet") from error
        names = [line for line in lines if line and not line.startswith("#")]
        if not any(separator in line for line in names for separator in ",;\t"):
            names = names[1:] if names and names[0].lower() in BAN_HEADS else names
            return pl.DataFrame({"account_id": names}, schema={"account_id": pl.String}).with_columns(
                banned_at=pl.lit(None, TIME)
            )
    return read_register(file).select("account_id", "banned_at")


def watch(
    action: Annotated[WatchAction, typer.Argument(help="What to do.")],
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]", help="address, client, payment, template, device, account, … or a mapped observable."
        ),
    ] = None,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[VALUE]…", help="What to look for, exactly as logged; hashes in hex.")
    ] = None,
    case: CaseOption = None,
    note: Annotated[str, typer.Option("--note", help="Why.", metavar="TEXT")] = "",
    form: FormOption = Form.table,
) -> None:
    """Keep a list of observables to look for in what is read.

    nightly reports exact matches with their source lines.
    """
    import polars as pl

    from forensics.case.store import Case
    from forensics.common.errors import UsageError
    from forensics.common.secrets import hide_secret, mask_secrets
    from forensics.defences.watch_list import check_kind, read_watch_list
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import table_width

    found = read_case(case)
    if action is WatchAction.list:
        rows = [vars(item) for item in read_watch_list(found.entries())]
        frame: pl.DataFrame = pl.DataFrame(rows, schema=dict.fromkeys(("kind", "value", "note"), pl.String))
        write_frame(frame, form.value, width=table_width())
        return
    if kind is None or not values:
        raise UsageError(
            "nothing to watch given",
            f"forensics watch {action.value} KIND VALUE…, e.g. forensics watch {action.value} payment card_0042",
        )
    check_kind(kind, found.scan("events"))
    # a key is looked for by its hash, as it is stored
    items = [{"kind": kind, "value": hide_secret(value), "note": mask_secrets(note)} for value in values]
    with Case.locked(case or Path()) as held:
        record_command(held, "watch", **{"added" if action is WatchAction.add else "removed": items})
        total = len(read_watch_list(held.entries()))
    write_text(f"{len(items)} {'added' if action is WatchAction.add else 'removed'}; {total} watched\n")
