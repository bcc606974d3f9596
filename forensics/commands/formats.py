"""formats: which log formats are read, and what a file would be read as."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.commands.options import ConfigOption, Form, FormOption, chosen_settings

app = typer.Typer(
    help="Log formats: which there are, what a file is read as.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_all(form: FormOption = Form.table) -> None:
    """List the formats that are recognised."""
    from forensics.reading.recognising.catalogue import list_formats
    from forensics.reports.screen.ingested import formats_table
    from forensics.reports.screen.output import write_frame
    from forensics.reports.screen.page import table_width

    write_frame(formats_table(list_formats()), form.value, columns=("name", "title", "reads"), width=table_width())


@app.command("test")
def try_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A log file; or a format of your own (.toml).")],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="Which field is which column (TOML).", metavar="FILE")
    ] = None,
    log_format: Annotated[str | None, typer.Option("--format", help="Read it as this format.", metavar="NAME")] = None,
    config: ConfigOption = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=100, help="Events and rejects to show.")] = 3,
) -> None:
    """Show what a file would be read as: its format, which field becomes what, the first events and rejects.

    A format of your own (a .toml file) is checked: whether its samples read, its broken lines do not, and no other
    format claims them.
    """
    if file.lower().endswith(".toml"):
        _check_own(Path(file))
        return
    from forensics.reading.preview import preview
    from forensics.reports.screen.ingested import preview_text
    from forensics.reports.screen.output import write_text
    from forensics.reports.screen.page import page_width

    write_text(
        preview_text(
            preview(file, mapping=mapping, format_name=log_format, settings=chosen_settings(config).ingest, rows=rows),
            page_width(),
        )
    )


@app.command("learn")
def learn_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A log that no format fits, or fits half.")],
) -> None:
    """Propose a mapping for a log, judged by the values in it: time with its unit, account, client, model, tokens.

    Prints TOML to edit, with what it is unsure of; give it to --mapping.
    """
    from forensics.common.errors import InputError
    from forensics.common.printable import printable
    from forensics.reading.recognising.learning import as_toml, propose, read_sample
    from forensics.reports.screen.output import write_text

    try:
        sample = read_sample(file)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}", "check the file") from error
    text = as_toml(propose(sample), file)
    write_text("".join(printable(line) + "\n" for line in text.splitlines()))


def _check_own(path: Path) -> None:
    from forensics.common.errors import UsageError
    from forensics.common.printable import printable
    from forensics.reading.formats.toml_file import read_format
    from forensics.reading.preview import check_format
    from forensics.reading.recognising.catalogue import format_folders
    from forensics.reports.screen.output import write_text
    from forensics.reports.wording.figures import NBSP, plural

    wrong = check_format(path, format_folders(None))
    if wrong:
        raise UsageError(
            "\n".join([f"{path}: {wrong[0]}", *wrong[1:]]), "`forensics formats list` tells the formats there are"
        )
    form = read_format(path)
    broken = f", {plural(len(form.broken), 'broken line')} rejected" if form.broken else ""
    write_text(
        f"{printable(form.name)} is well: {plural(len(form.samples), 'sample')} read{broken}, no other format "
        "claims them\n".replace(NBSP, " ")
    )
