"""blindspots: what a pool in this case's traffic would have to do to go unseen."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import (
    CaseOption,
    ConfigOption,
    Form,
    FormOption,
    QuietOption,
    SensitivityOption,
    analysed_case,
    chosen_settings,
    record_command,
)

if TYPE_CHECKING:
    import polars as pl

    from forensics.case.store import Case
    from forensics.commands.progress import StageProgress
    from forensics.common.settings import Settings


def blindspots(
    case: CaseOption = None,
    sizes: Annotated[
        list[int] | None,
        typer.Option("--size", min=5, max=5000, help="Accounts of a planted pool; may be repeated.", metavar="N"),
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, max=200, help="How often each pool is planted anew.", metavar="N")
    ] = 3,
    seed: Annotated[int, typer.Option("--seed", help="The same seed plants the same pools.")] = 1,
    events: Annotated[
        int, typer.Option("--events", min=1000, help="Events of the case that stand around the pools.", metavar="N")
    ] = 200_000,
    sensitivity: SensitivityOption = None,
    config: ConfigOption = None,
    form: FormOption = Form.table,
    quiet: QuietOption = False,
) -> None:
    """Plant pools into the case's own traffic, in a scratch copy, and say which would have been seen.

    A report without findings then ends with the answer: what would have been found in these logs, and what would not.
    """
    from forensics.commands.progress import StageProgress
    from forensics.reports.screen.output import write_frame, write_text
    from forensics.worlds.blindspots import sum_up, tell

    held = analysed_case(case)
    settings = chosen_settings(config, case, sensitivity=sensitivity)
    rows, false_alerts = _plant_all(
        held, settings, sizes or [12, 50], repeats, seed, events, StageProgress(quiet=quiet)
    )
    table = sum_up(rows)
    sentence = tell(table, false_alerts)
    with type(held).locked(held.folder) as kept:
        record_command(kept, "blindspots", sentence=sentence, pools=table.to_dicts(), false_alerts=false_alerts)
    write_frame(table, form)
    if form is Form.table:
        write_text(f"\n{sentence}\n")


def _plant_all(
    held: Case, settings: Settings, sizes: list[int], repeats: int, seed: int, most: int, progress: StageProgress
) -> tuple[pl.DataFrame, int]:
    """Every pool of every repeat scored, and the findings of the same traffic without anything planted."""
    import polars as pl

    from forensics.worlds.blindspots import PLANS, plant_pools, sample_accounts, score_pools

    around, register = sample_accounts(held.scan("events"), seed, most), held.scan("register").collect()
    found = []
    with progress("without anything planted"):
        _, networks = _investigate(around, register, settings)
    false_alerts = networks.filter("alert").height
    for size in sizes:
        for repeat in range(repeats):
            with progress(f"pools of {size}, {repeat + 1} of {repeats}"):
                planted = plant_pools(around, register, PLANS, size, seed * 1000 + repeat)
                joined = pl.concat([around, planted.events], how="diagonal").sort(
                    "started_at", "account_id", "request_id"
                )
                members, networks = _investigate(
                    joined, pl.concat([register, planted.register], how="diagonal"), settings
                )
                found.append(score_pools(planted.pools, members, networks))
    return pl.concat(found), false_alerts


def _investigate(events: pl.DataFrame, register: pl.DataFrame, settings: Settings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """MEMBERS and NETWORKS of a scratch case."""
    from forensics.case.store import Case
    from forensics.pipeline.stages import investigate as run

    with TemporaryDirectory(prefix="forensics-") as folder, Case.locked(Path(folder) / "case") as scratch:
        parts = {"events": [scratch.write_part("events", "000001-00001", events)]}
        if register.height:
            parts["register"] = [scratch.write_part("register", "000001-00001", register)]
        scratch.commit(parts)
        run(scratch, settings)
        return scratch.scan("members").collect(), scratch.scan("networks").collect()
