"""canary plan, assign, trace, explain: phrasings in own outputs that tell which holder a leak came through."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from forensics.commands.canary_files import (
    FOLDER,
    Target,
    choose_holders,
    describe_design,
    load_assigned,
    load_key,
    note_in_log,
    read_positions_table,
    refuse_inside,
    sha256_of,
    shown,
)
from forensics.commands.canary_options import (
    AssignmentOption,
    BaselineOption,
    ChosenForm,
    CoalitionOption,
    CoalitionsOption,
    CorporaArgument,
    CountsOption,
    DesignOption,
    DocumentsOption,
    ErasedOption,
    ErrorOption,
    FieldsOption,
    FlipOption,
    FlipsOption,
    ForceOption,
    GroupsOption,
    HoldersOption,
    HtmlOption,
    MixedOption,
    NewKeyOption,
    OutputOption,
    PerOption,
    PositionsArgument,
    SecretOption,
    TableOption,
    WordsOption,
    WorkersOption,
)
from forensics.commands.options import CaseOption, Form, FormOption, record_command
from forensics.commands.progress import StageProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from forensics.defences.canary.trace import Outcome, Suspect

app = typer.Typer(
    help="Semantic honeypots: phrasings in your own outputs that tell through whom a leak came.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("plan")
def plan(
    positions: PositionsArgument,
    holders: CountsOption = None,
    coalitions: CoalitionsOption = None,
    flips: FlipsOption = None,
    group_sizes: GroupsOption = None,
    erased: ErasedOption = 0.1,
    error: ErrorOption = 1e-3,
    documents: DocumentsOption = 100,
    words: WordsOption = None,
    form: FormOption = Form.table,
) -> None:
    """Tell what a table of positions can do before anything is written: which can be used, and the power they give."""
    from itertools import product

    import polars as pl

    from forensics.defences.canary.power import Plan, power_table
    from forensics.reports.screen.canary import plan_page
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    checked = read_positions_table(positions, words)
    usable = int(checked["usable"].sum())
    cases = list(product(holders or (20, 100, 1000), coalitions or (1, 2), flips or (0.1, 0.2)))
    plans = [Plan(count, size, 0, 1, flip, erased, error, documents) for count, size, flip in cases]
    sums = [
        (count, size, flip) for count, flip in dict.fromkeys((c, f) for c, _, f in cases) for size in group_sizes or ()
    ]
    summed = [Plan(count, 1, count, size, flip, erased, error, documents) for count, size, flip in sums]
    table = pl.concat([power_table(plans, usable), power_table(summed, usable).filter(score="summed")])
    if form is Form.table:
        write_text(plan_page(table, checked, page_width()).text(colour=wants_colour()))
        return
    write_frame(table, form.value)
    typer.echo(f"{usable} of {checked.height} positions can be used", err=True)
    _tell_refused(checked)


@app.command("assign")
def assign(
    positions: PositionsArgument,
    key: SecretOption,
    new_key: NewKeyOption = False,
    holders: HoldersOption = None,
    case: CaseOption = None,
    per: PerOption = None,
    coalition: CoalitionOption = None,
    flips: FlipOption = 0.1,
    erased: ErasedOption = 0.1,
    error: ErrorOption = 1e-3,
    documents: DocumentsOption = 100,
    words: WordsOption = None,
    output: OutputOption = None,
    design: DesignOption = None,
    form: ChosenForm = None,
    force: ForceOption = False,
) -> None:
    """Draw a codeword for each holder: which phrasing it is served at each position. The same key gives the same words.

    Refuses what cannot work, such as a word an account against a pool of thousands, and says what does.
    """
    from forensics.common.errors import UsageError
    from forensics.defences.canary.assign import assign_variants, group_sizes
    from forensics.defences.canary.positions import usable_positions
    from forensics.defences.canary.power import Plan, refusal
    from forensics.reports.wording.canary import assigned_sentences

    refuse_inside(key, case)
    target = Target(case, output, design, form, force=force)
    usable = usable_positions(read_positions_table(positions, words))
    who = choose_holders(holders, case, per)
    sizes = group_sizes(who)
    largest = int(sizes["size"].max()) if sizes.height else 1  # type: ignore[arg-type]  # a count
    wanted = coalition or largest
    asked = Plan(who.height, wanted, sizes.height, largest, flips, erased, error, documents)
    refused = refusal(asked, usable.height)
    if refused:
        raise UsageError(*refused)
    secret = load_key(key, make=new_key)
    ids = usable["position_id"].to_list()
    table = assign_variants(secret, who, ids, wanted)
    described = describe_design(asked, usable, secret, per)
    written = target.write(table, described)
    note_in_log(None if target.case else case, "canary assign", written, key_id=described["key_id"])
    typer.echo("\n".join(assigned_sentences(described)), err=True)


@app.command("trace")
def trace(
    corpora: CorporaArgument,
    positions: TableOption,
    key: SecretOption,
    assignment: AssignmentOption = None,
    design: DesignOption = None,
    case: CaseOption = None,
    baseline: BaselineOption = None,
    mixed: MixedOption = 0.25,
    fields: FieldsOption = None,
    workers: WorkersOption = None,
    form: FormOption = Form.table,
    html: HtmlOption = None,
    force: ForceOption = False,
) -> None:
    """Hold found text against all codewords: who is named, with which error, or that nobody is.

    Reads text, JSON lines and Parquet, plain or compressed. Several corpora are combined: one vote each a position.
    """
    from forensics.common.errors import UsageError
    from forensics.defences.canary.codes import seed
    from forensics.defences.canary.trace import trace_leak

    if html is not None and html.exists() and not force:
        raise UsageError(f"{html} exists", "choose another name, or say --force to write over it")
    described, digest, marked, variants, secret = load_assigned(assignment, design, case, positions, key)
    names, count = frozenset(fields or ()), workers or os.cpu_count() or 1
    progress = StageProgress()
    read = [_suspect(name, [name], variants, names, count, progress) for name in corpora]
    usual = _suspect("baseline", baseline, variants, names, count, progress) if baseline else None
    with progress("draw fresh codewords"):
        outcome = trace_leak(
            [suspect for suspect, _ in read],
            marked,
            error=described["error"],
            seed=seed(secret),
            baseline=usual[0] if usual else None,
            mixed_share=mixed,
        )
    facts = _facts(outcome, described, digest, [about for _, about in read], usual[1] if usual else None)
    noted = {"assignment_sha256": digest, "corpora": facts["corpora"], "named": len(facts["named"])}
    note_in_log(None, "canary trace", _keep(case, facts, html, noted))
    _tell(outcome, facts, form)
    _raise_skipped(facts)


@app.command("explain")
def explain() -> None:
    """Say what a canary is, how its numbers come about, and what one may not do."""
    from forensics.defences.canary.power import Plan, reach
    from forensics.reports.screen.canary import explain_page
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.page import page_width, wants_colour

    plans = {
        "1 000 networks, no flips": Plan(1000, 1, flip_share=0, erased_share=0),
        "1 000 networks, 20 % flips": Plan(1000, 1, flip_share=0.2, erased_share=0),
        "1 000 networks, 40 % flips": Plan(1000, 1, flip_share=0.4, erased_share=0),
        "two networks mixed by their own hand": Plan(1000, 2, flip_share=0, erased_share=0),
        "an account each, a pool of 25 000": Plan(25_000, 25_000, flip_share=0, erased_share=0),
    }
    said = [(name, f"{reach(asked, 1).needed:,} positions".replace(",", " ")) for name, asked in plans.items()]
    summed = Plan(25_000, 400, 1000, 400, 0, 0)
    said.append(
        (
            "the words of 400 accounts summed, 100 documents a position",
            f"{reach(summed, 1, 'summed').needed:,} positions",
        )
    )
    write_text(explain_page(page_width(), said).text(colour=wants_colour()))


def _tell_refused(checked: pl.DataFrame) -> None:
    from forensics.common.printable import printable

    for row in checked.filter(~checked["usable"]).iter_rows(named=True):
        typer.echo(f"{printable(row['position_id'])}: {printable(row['reason'])}", err=True)


def _suspect(
    name: str,
    given: Sequence[str],
    variants: Sequence[str],
    fields: frozenset[str],
    workers: int,
    progress: StageProgress,
) -> tuple[Suspect, dict[str, Any]]:
    """One corpus counted, and what was read of it."""
    from forensics.commands.corpora import count_corpus, find_corpus
    from forensics.defences.canary.trace import Suspect
    from forensics.evidence.manifest import hash_file

    reading = find_corpus(given)
    with progress(f"read {shown(name)}"):
        tally = count_corpus(reading, variants, fields, workers, progress.tell)
        files = [
            {"path": file, "sha256": hash_file(Path(file)) if Path(file).is_file() else None} for file in reading.files
        ]
    about = {
        "name": name,
        "document_count": tally.documents,
        "file_count": len(files),
        "byte_count": reading.byte_count,
        "skipped": reading.skipped,
        "files": files,
    }
    return Suspect(name, tally.documents, tally.counts[::2], tally.counts[1::2]), about


def _facts(
    outcome: Outcome,
    described: dict[str, Any],
    digest: str,
    corpora: list[dict[str, Any]],
    baseline: dict[str, Any] | None,
) -> dict[str, Any]:
    """Everything a trace came to, for programs; the pages are made from it."""
    from forensics.defences.canary.power import Plan, reach, threshold
    from forensics.defences.canary.trace import DRAWS
    from forensics.reports.screen.output import json_rows
    from forensics.reports.wording.canary import verdict_sentences

    says = outcome.observed["says"].value_counts()
    seen = dict(zip(says["says"].to_list(), says["count"].to_list(), strict=True))
    alone = Plan(described["holder_count"], 1, outcome.tests["summed"], 1, described["flip_share"], 0.0, outcome.error)
    rest = outcome.scores.filter(~outcome.scores["named"] & (outcome.scores["score"] == "own word"))["score_sd"].max()
    facts = {
        "what": "canary trace",
        "named": [row | {"tests": outcome.tests[row["score"]]} for row in json_rows(outcome.named)],
        "error": outcome.error,
        "tests": dict(outcome.tests),
        "draws": DRAWS,
        "corpora": corpora,
        "baseline": baseline,
        "positions": {"usable": outcome.observed.height, "decided": outcome.decided_count}
        | {name: seen.get(name, 0) for name in ("a", "b", "both", "neither")},
        "power_alone": reach(alone, outcome.decided_count).power,
        "highest_unnamed_sd": rest,
        "usual_highest_sd": threshold(1.0, outcome.tests["own word"]),
        "design": described,
        "assignment_sha256": digest,
        "scores": json_rows(outcome.scores),
        "observed": json_rows(outcome.observed),
    }
    return {"verdict": " ".join(verdict_sentences(facts)).replace("\u00a0", " ")} | facts


def _keep(folder: Path | None, facts: dict[str, Any], html: Path | None, noted: dict[str, Any]) -> list[dict[str, str]]:
    """Store a trace in the case with its entry in the log, and the page where it is wanted; what was written, with its
    SHA-256.
    """
    from forensics.case.store import Case
    from forensics.common.errors import InputError
    from forensics.reports.page.canary import render_trace
    from forensics.reports.screen.output import facts_text

    written = []
    if html is not None:
        page = render_trace(facts)
        try:
            html.write_bytes(page)
        except OSError as error:
            raise InputError(
                f"cannot write {html}: {error.strerror or error}", "name a file in a folder that can be written"
            ) from error
        written.append({"path": str(html), "sha256": sha256_of(page)})
    if folder is not None:
        content = facts_text(facts).encode()
        with Case.locked(folder) as held, held.draft():
            name = f"{FOLDER}/trace-{len(list((held.folder / FOLDER).glob('trace-*.json'))) + 1:03d}.json"
            held.write_file(name, content)
            written.insert(0, {"path": name, "sha256": sha256_of(content)})
            record_command(held, "canary trace", files=written, **noted)
    return written


def _tell(outcome: Outcome, facts: dict[str, Any], form: Form) -> None:
    from forensics.reports.screen.canary import trace_page
    from forensics.reports.screen.output import facts_text, write_frame, write_text
    from forensics.reports.screen.page import page_width, wants_colour

    if form is Form.table:
        write_text(trace_page(facts, page_width()).text(colour=wants_colour()))
    elif form is Form.json:
        write_text(facts_text(facts))
    else:
        write_frame(outcome.scores, form.value)
        typer.echo(facts["verdict"], err=True)


def _raise_skipped(facts: dict[str, Any]) -> None:
    """Raises: PartialInput where a file was passed over or read in part."""
    from forensics.common.errors import PartialInput

    skipped = [
        item
        for corpus in [*facts["corpora"], *([facts["baseline"]] if facts["baseline"] else [])]
        for item in corpus["skipped"]
    ]
    if skipped:
        name, why = skipped[0]
        raise PartialInput(
            f"{len(skipped)} files passed over or read in part, the first {name}: {why}",
            "the verdict rests on the rest",
        )
