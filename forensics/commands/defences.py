"""resellers, targets, whatif, impact: what a defender asks beyond a finding."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import CaseOption, Form, FormOption, analysed_case
from forensics.commands.progress import StageProgress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from forensics.case.store import Case
    from forensics.defences.bans import Pool
    from forensics.defences.rules import Capability
    from forensics.reports.facts.sheet import Sheet
    from forensics.reports.facts.target_sheet import Harvest

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File to write; its ending tells the form: .html (a page with pictures), .csv, .parquet, .json, .jsonl.",
        metavar="FILE",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over an existing file.")]
NetworkOption = Annotated[
    list[str] | None,
    typer.Option("--network", help="Only this network, by id, name or rank; may be repeated.", metavar="NETWORK"),
]


class ChannelPart(StrEnum):
    """Tables of the audit of channels."""

    channels = "channels"
    weeks = "weeks"
    changes = "changes"


class TargetPart(StrEnum):
    """Tables of what is harvested."""

    mix = "mix"
    models = "models"
    days = "days"
    pivots = "pivots"
    beginnings = "beginnings"
    probes = "probes"
    shapes = "shapes"


class PolicyPart(StrEnum):
    """Tables of what policies would have done."""

    frontier = "frontier"
    limits = "limits"
    bans = "bans"
    shared = "shared"
    course = "course"


class CostPart(StrEnum):
    """Tables of what was taken."""

    costs = "costs"
    ways = "ways"


def _part_help(parts: type[StrEnum]) -> str:
    return f"Which table the data forms hold: {', '.join(parts)}."


def resellers(
    case: CaseOption = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            help="Only this way in: reseller, platform, referrer, signup, plan, or a mapped observable of the accounts "
            "file; may be repeated.",
            metavar="KIND",
        ),
    ] = None,
    since: Annotated[
        Path | None, typer.Option("--since", help="An earlier case to tell the change from.", metavar="CASE")
    ] = None,
    part: Annotated[ChannelPart, typer.Option("--part", help=_part_help(ChannelPart))] = ChannelPart.channels,
    form: FormOption = Form.table,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Audit resellers, platforms, referrers, sign-ups and plans: which bring findings in, and what to ask of them.

    Ranked with shrinkage and intervals, so that a small one is not first by accident.
    """
    import polars as pl

    from forensics.commands.options import read_case
    from forensics.common.errors import UsageError
    from forensics.defences.resellers import audit_channels, compare_audits, list_dimensions, quality_by_week
    from forensics.reports.facts.channel_sheet import channel_sheet, with_questions

    found = analysed_case(case)
    if part is ChannelPart.changes and since is None:
        raise UsageError("no earlier case given", "the change is told from one: --since CASE")
    progress = StageProgress()
    with progress("audit channels"):
        audit = audit_channels(found, by)
        told = audit["dimension"].unique(maintain_order=True).to_list() if audit.height else []
        weeks = pl.concat([quality_by_week(found, name) for name in told]) if told else None
        changes = compare_audits(audit, audit_channels(read_case(since), told)) if since is not None and told else None
    frames = {"channels": with_questions(audit, weeks)}
    frames |= {"weeks": weeks} if weeks is not None else {}
    frames |= {"changes": changes} if changes is not None else {}
    sheet = channel_sheet(audit, list_dimensions(found), weeks, changes)
    _hand_out(found, sheet, frames, part, form, output, force=force)


def targets(
    case: CaseOption = None,
    networks: NetworkOption = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", help="Own rules (TOML) instead of those that come with the tool.", metavar="FILE"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Run the rules' own examples and leave; exit 2 where one is wrong.")
    ] = False,
    show: Annotated[bool, typer.Option("--print", help="Print the rules that come with the tool and leave.")] = False,
    part: Annotated[TargetPart, typer.Option("--part", help=_part_help(TargetPart))] = TargetPart.mix,
    form: FormOption = Form.table,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Tell what networks harvest: reasoning, code, tools, grades, rewriting; by model, over time.

    Each share stands beside that of accounts in no finding.
    """
    from forensics.defences.rules import load_rules
    from forensics.reports.facts.target_sheet import target_sheet
    from forensics.reports.screen.output import write_text

    if show:
        from importlib import resources

        write_text(resources.files("forensics.defences").joinpath("targets.toml").read_text("utf-8"))
        return
    chosen = load_rules() if rules is None else load_rules(_read_text(rules), str(rules))
    if check:
        _check_rules(chosen)
        return
    found = analysed_case(case)
    names = _names(found, networks)
    with StageProgress()("look at what is asked for"):
        harvest, frames = _harvest(found, chosen, list(names))
    _hand_out(found, target_sheet(harvest, names), frames, part, form, output, force=force)


def _read_text(path: Path) -> str:
    from forensics.common.errors import UsageError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", "give an existing TOML file") from error


def _check_rules(chosen: Sequence[Capability]) -> None:
    from forensics.common.errors import UsageError
    from forensics.defences.rules import check_rules
    from forensics.reports.facts.target_sheet import check_sheet
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.page import page_width, wants_colour
    from forensics.reports.screen.sheet import render_sheet

    checked = check_rules(chosen)
    write_text(render_sheet(check_sheet(chosen, checked), page_width()).text(colour=wants_colour()))
    wrong = sum(not item.passes for item in checked)
    if wrong:
        raise UsageError(
            f"{wrong} of {len(checked)} examples are not as they should be", "mend the rule or the example"
        )


def _harvest(
    found: Case, chosen: Sequence[Capability], networks: Sequence[str]
) -> tuple[Harvest, dict[str, pl.DataFrame]]:
    from forensics.defences.probes import find_beginnings, find_scaled
    from forensics.defences.targets import count_requests, daily_shares, find_pivots, measure_mix, measure_shapes
    from forensics.reports.facts.target_sheet import Harvest

    counts = count_requests(found, chosen, networks)
    daily = daily_shares(counts, chosen)
    frames = {
        "mix": measure_mix(counts, chosen),
        "models": measure_mix(counts, chosen, ("request_model",)),
        "days": daily,
        "pivots": find_pivots(daily),
        "beginnings": find_beginnings(found, counts),
        "probes": find_scaled(found, counts),
        "shapes": measure_shapes(found, counts),
    }
    more = {"pivots": frames["pivots"], "begun": frames["beginnings"], "scaled": frames["probes"]}
    harvest = Harvest(chosen, frames["mix"], frames["models"], daily, shapes=frames["shapes"], **more)
    return harvest, frames


def whatif(
    case: CaseOption = None,
    networks: NetworkOption = None,
    limits: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            help="A limit to replay, as account:100/hour; keys account, address, prefix, card, template, client, "
            "principal, network; may be repeated.",
            metavar="KEY:N/WINDOW",
        ),
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option("--at", help="When bans would come (UTC); half of a network's growth if left out."),
    ] = None,
    horizon: Annotated[int, typer.Option("--days", min=2, max=365, help="Days to follow after a ban.")] = 30,
    wave: Annotated[int, typer.Option("--wave", min=1, help="Accounts of a wave of bans.")] = 50,
    shared_kind: Annotated[
        str | None,
        typer.Option(
            "--share", help="Ban what is shared of this kind only: template, payment, client, …", metavar="KIND"
        ),
    ] = None,
    part: Annotated[PolicyPart, typer.Option("--part", help=_part_help(PolicyPart))] = PolicyPart.frontier,
    form: FormOption = Form.table,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Replay the case against limits and bans: what each would have stopped, of whom, and what grows back.

    It recommends nothing; it says what each choice would have cost.
    """
    import polars as pl

    from forensics.defences.bans import BAN_SCHEMA, SHARED_SCHEMA
    from forensics.defences.limits import draw_frontier, read_limit, replay_events, try_limits
    from forensics.reports.facts.policy_sheet import policy_sheet

    found = analysed_case(case)
    names = _names(found, networks, alerts=True)
    asked = [read_limit(text) for text in limits or ()]
    progress = StageProgress()
    with progress("replay limits"):
        replay = replay_events(found, None if networks is None else list(names))
        frames = {"frontier": draw_frontier(replay), "limits": try_limits(replay, asked)}
    with progress("replay bans"):
        bans = [(name, *_ban(found, network, at, horizon, wave, shared_kind)) for network, name in names.items()]
    frames["shared"] = pl.concat([pl.DataFrame(schema=SHARED_SCHEMA), *(one[2] for one in bans)])
    frames["bans"] = pl.concat([pl.DataFrame(schema=BAN_SCHEMA), *(one[3] for one in bans)])
    frames["course"] = pl.concat([one[4] for one in bans]) if bans else pl.DataFrame()
    sheet = policy_sheet(replay, frames["frontier"], frames["limits"], bans)
    _hand_out(found, sheet, frames, part, form, output, force=force)


def _ban(
    found: Case, network: str, at: datetime | None, horizon: int, wave: int, kind: str | None
) -> tuple[Pool, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    from forensics.common.errors import UsageError
    from forensics.defences.bans import EVERY, half_grown, measure_pool, read_members, try_bans, try_shared

    members = read_members(found, network)
    moment = half_grown(members) if at is None else at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    pool = measure_pool(found, network, members, moment)
    shared = try_shared(found, network, members, moment)
    if kind is not None and kind not in shared["kind"].to_list():
        raise UsageError(
            f"members of {network} share nothing of kind {kind!r} by then",
            f"one of {', '.join(shared['kind'].to_list())}",
        )
    return (pool, shared, *try_bans(pool, shared, horizon, wave, kind or EVERY))


def impact(
    case: CaseOption = None,
    networks: NetworkOption = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            "--prices", help="List prices and assumptions (TOML); without it a sample that says so.", metavar="FILE"
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--print", help="Print the sample price file and leave.")] = False,
    part: Annotated[CostPart, typer.Option("--part", help=_part_help(CostPart))] = CostPart.costs,
    form: FormOption = Form.table,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Tell what networks took: list price, what the operator plausibly paid, work of machines.

    Every assumption is printed.
    """
    from forensics.reports.facts.cost_sheet import cost_sheet
    from forensics.reports.facts.costs import cost_frame, load_assumptions, measure_costs, way_frame
    from forensics.reports.facts.impact import load_prices
    from forensics.reports.screen.output import write_text

    if show:
        from importlib import resources

        write_text(resources.files("forensics.reports.facts").joinpath("prices.sample.toml").read_text("utf-8"))
        return
    found = analysed_case(case)
    listed, assumed = load_prices(prices), load_assumptions(prices)
    names = _names(found, networks, alerts=True)
    with StageProgress()("add up what was taken"):
        costs = measure_costs(found, listed, assumed, list(names))
    ways = way_frame(costs, assumed)
    frames = {"costs": cost_frame(costs), "ways": ways}
    _hand_out(found, cost_sheet(costs, assumed, ways), frames, part, form, output, force=force)


def _names(found: Case, wanted: Sequence[str] | None, *, alerts: bool = False) -> dict[str, str]:
    """Ids and names of the networks asked for; without any, all findings, and the contested ones unless `alerts`.

    Raises: UsageError for a network that is not there, or that is no finding where only findings can be told of.
    """
    import polars as pl

    from forensics.common.errors import UsageError
    from forensics.reports.screen.listings import named_network

    ranked = found.scan("networks").sort("rank").collect()
    if not wanted:
        contested = pl.col("contested").fill_null(value=False) if "contested" in ranked.columns else pl.lit(value=False)
        chosen = ranked.filter(pl.col("alert") if alerts else pl.col("alert") | contested)
        return {row["network_id"]: row["name"] or row["network_id"] for row in chosen.iter_rows(named=True)}
    names = {}
    for name in wanted:
        row = named_network(found, name)
        if alerts and not row["alert"]:
            raise UsageError(f"{row['name']} is no finding", "forensics networks --alerts lists those that are")
        names[row["network_id"]] = row["name"] or row["network_id"]
    return names


def _hand_out(
    found: Case,
    sheet: Sheet,
    frames: Mapping[str, pl.DataFrame],
    part: StrEnum,
    form: Form,
    output: Path | None,
    *,
    force: bool,
) -> None:
    """The sheet on screen or as a page, or one of its tables as data."""
    import polars as pl

    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour
    from forensics.reports.screen.sheet import render_sheet

    frame = frames.get(part.value, pl.DataFrame())
    if output is not None:
        _write_file(found, sheet, frame, output, force=force)
    elif form is Form.table:
        write_text(render_sheet(sheet, page_width()).text(colour=wants_colour()))
    else:
        write_frame(frame, form.value)


def _write_file(found: Case, sheet: Sheet, frame: pl.DataFrame, path: Path, *, force: bool) -> None:
    import io

    from forensics.commands.reporting import record_files
    from forensics.common.errors import UsageError
    from forensics.common.printable import printable
    from forensics.reports.exports.catalogue import place_files, refuse_taken
    from forensics.reports.page.sheet import render_sheet_page
    from forensics.reports.screen.output import csv_text, json_text, jsonl_text

    texts = {".csv": csv_text, ".json": json_text, ".jsonl": jsonl_text}
    ending = path.suffix.lower()
    if ending not in {".html", ".parquet", *texts}:
        raise UsageError(
            f"cannot tell a form from the name {path.name}", "end it in .html, .csv, .parquet, .json or .jsonl"
        )
    refuse_taken([path], force=force)
    if ending == ".html":
        content = render_sheet_page(sheet)
    elif ending == ".parquet":
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd")
        content = buffer.getvalue()
    else:
        content = texts[ending](frame).encode()
    place_files([(path, content)], force=force, record=lambda written: record_files(found, written))
    typer.echo(f"wrote {printable(path)}", err=True)
