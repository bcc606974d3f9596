"""simulate and evaluate: worlds with a known answer, and how well a case found it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.commands.options import CaseOption, Form, FormOption, QuietOption, analysed_case

if TYPE_CHECKING:
    import polars as pl


class Detail(StrEnum):
    """What the simulated logs tell."""

    text = "text"
    hashes = "hashes"
    metadata = "metadata"


class Split(StrEnum):
    """Which range of seeds and parameters: thresholds are set on one, results reported on the other."""

    tune = "tune"
    report = "report"


def simulate(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="New folder for logs/, accounts.csv, labels and mapping.")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", help="Which world; --list shows them.", metavar="NAME")] = "small",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    events: Annotated[
        int | None,
        typer.Option("--events", min=10_000, max=100_000_000, help="Scale the world to about so many.", metavar="N"),
    ] = None,
    level: Annotated[Detail | None, typer.Option("--level", help="What the logs tell of the prompts.")] = None,
    split: Annotated[Split, typer.Option("--split", help="Range of parameters to draw from.")] = Split.tune,
    show_list: Annotated[bool, typer.Option("--list", help="List the presets and leave.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Write a seeded world of raw logs with labels.

    Networks are planted among innocent look-alikes; the same seed gives the same bytes.
    """
    from forensics.commands.progress import StageProgress
    from forensics.common.errors import UsageError
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.worlds import presets_text, world_text
    from forensics.worlds.simulate import PRESETS, simulate_world

    if show_list:
        write_text(presets_text({name: told for name, (told, _) in PRESETS.items()}))
        return
    if folder is None:
        raise UsageError("no folder given", "forensics simulate FOLDER --preset small")
    progress = StageProgress(quiet=quiet)
    with progress("simulate"):
        facts = simulate_world(
            folder,
            preset,
            seed,
            split=split.value,
            level=level.value if level else None,
            events=events,
            progress=progress.tell,
        )
    if not quiet:
        write_text(world_text(folder, facts))


def evaluate(
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="labels.csv of a simulated world, or your own.")],
    case: CaseOption = None,
    form: FormOption = Form.table,
) -> None:
    """Score a case against labels.

    Precision, recall and F1 over accounts, fragmentation, false networks: for the alerts, for all networks, and for
    linking alone.
    """
    from forensics.reports.screen.output import facts_text, write_text
    from forensics.reports.screen.page import page_width
    from forensics.reports.screen.worlds import evaluation_text
    from forensics.worlds.evaluate import evaluate as score

    found = analysed_case(case)
    result = score(found.scan("members").collect(), found.scan("networks").collect(), _read_labels(labels)).to_dict()
    write_text(evaluation_text(result, page_width()) if form is Form.table else facts_text(result))


def _read_labels(path: Path) -> pl.DataFrame:
    import polars as pl

    from forensics.common.errors import InputError

    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(
            path, infer_schema_length=10_000, null_values=[""], schema_overrides={"account_id": pl.String}
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"cannot read labels {path}: {str(error).splitlines()[0]}",
            "give a CSV or Parquet file with the columns account_id, label, kind, campaign",
        ) from error
