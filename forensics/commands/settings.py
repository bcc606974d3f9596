"""config: what settings hold, where each comes from, and a file to start with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.commands.options import CaseOption, ConfigOption, settings_layers

app = typer.Typer(
    help="Settings: what holds, from where, a file to start with.", no_args_is_help=True, rich_markup_mode=None
)

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="Where to write it; standard output if left out.")
]


@app.command("show")
def show_settings(
    config: ConfigOption = None,
    case: CaseOption = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say beside each setting where it comes from.")] = False,
) -> None:
    """Print every setting with its unit and meaning, as TOML."""
    from forensics.common.settings import settings_text, stack_layers
    from forensics.reports.screen.output import write_text

    settings, origins = stack_layers(settings_layers(config, case))
    write_text(settings_text(settings, origins if origin else None))


@app.command("diff")
def diff_settings(config: ConfigOption = None, case: CaseOption = None) -> None:
    """Print the settings that differ from the defaults, and where each comes from."""
    from forensics.common.settings import Settings, setting_rows, stack_layers, toml_value
    from forensics.reports.screen.output import write_text

    settings, origins = stack_layers(settings_layers(config, case))
    changed = [
        f"{name} = {toml_value(value)}  # default {toml_value(default)}, from {origins[name]}\n"
        for (name, value, _, _), (_, default, _, _) in zip(
            setting_rows(settings), setting_rows(Settings()), strict=True
        )
        if value != default
    ]
    write_text("".join(changed) or "all settings are at their defaults\n")


@app.command("validate")
def validate_settings(file: Annotated[Path, typer.Argument(metavar="FILE", help="Settings to check.")]) -> None:
    """Check a settings file; silent if it is good, exit 2 if not."""
    from forensics.common.settings import read_layer, stack_layers

    stack_layers([read_layer(file)])


@app.command("init")
def init_settings(file: FileArgument = None) -> None:
    """Write a settings file with every default commented out."""
    from forensics.common.errors import UsageError
    from forensics.common.settings import Settings, settings_text
    from forensics.reports.screen.output import write_text

    text = settings_text(Settings(), commented=True)
    if file is None:
        write_text(text)
        return
    try:
        with file.open("x", encoding="utf-8") as handle:
            handle.write(text)
    except FileExistsError as error:
        raise UsageError(f"{file} exists already", "remove it first, or give another name") from error
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", "give a place that can be written to") from error
