"""version, completion, man, docs: what the tool says of itself."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forensics import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPLETE_VARIABLE = "_FORENSICS_COMPLETE"


class Shell(StrEnum):
    """Shells that can complete."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def version() -> None:
    """Say which version this is, and those of its libraries."""
    import platform
    from importlib.metadata import version as version_of

    from forensics.reports.screen.output import write_text

    libraries = ", ".join(
        f"{name} {version_of(name)}" for name in ("polars", "numpy", "scipy", "scikit-learn", "pyarrow")
    )
    write_text(f"forensics {__version__}\nPython {platform.python_version()}, {libraries}\n")


def completion(shell: Annotated[Shell, typer.Argument(help="Which shell.")]) -> None:
    """Print the completion script of a shell.

    In bash: eval "$(forensics completion bash)".
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # re-exported without saying so

    from forensics.reports.screen.output import write_text

    write_text(get_completion_script(prog_name="forensics", complete_var=COMPLETE_VARIABLE, shell=shell.value) + "\n")


def man(context: typer.Context) -> None:
    """Print the manual page: forensics man | man -l -."""
    from forensics.reports.screen.output import write_text

    write_text(manual(context.find_root()))


def list_pages() -> dict[str, str]:
    """Pages that ship with the tool: name and heading."""
    from importlib import resources

    folder = resources.files("forensics").joinpath("docs")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".md"))
    return {name[:-3]: folder.joinpath(name).read_text("utf-8").split("\n", 1)[0].lstrip("# ") for name in names}


def docs(
    topic: Annotated[str | None, typer.Argument(metavar="TOPIC", help="A page; without, they are listed.")] = None,
) -> None:
    """Show a page of the documentation, offline: forensics docs analyst."""
    import sys
    from importlib import resources

    from forensics.common.errors import UsageError
    from forensics.reports.screen.output import write_text

    pages = list_pages()
    if topic is None:
        write_text("".join(f"{name:<14}{heading}\n" for name, heading in pages.items()))
        return
    if topic not in pages:
        raise UsageError(f"no page is called {topic}", f"one of {', '.join(pages)}")
    text = resources.files("forensics").joinpath(f"docs/{topic}.md").read_text("utf-8")
    if sys.stdout.isatty() and sys.stdin.isatty():
        import pydoc

        pydoc.pager(text)
    else:
        write_text(text)


def manual(context: Any) -> str:  # noqa: ANN401 - a context of the library inside typer, which has no public type
    """The manual page in roff, from the commands themselves."""
    root = context.command
    lines = [
        f'.TH FORENSICS 1 "" "forensics {__version__}" "User Commands"',
        ".SH NAME",
        "forensics \\- surface networks of API accounts that one operator runs",
        ".SH SYNOPSIS",
        ".B forensics",
        "COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH DESCRIPTION",
        _roff(root.help),
        ".SH COMMANDS",
    ]
    for path, command in walk_commands(root):
        usage = " ".join(part for parameter in command.params for part in [_argument(parameter)] if part)
        lines += [".SS", f"forensics {_roff(path)} {_roff(usage)}".rstrip(), _roff(command.help or "")]
        for parameter in command.params:
            record = parameter.get_help_record(context) if parameter.param_type_name == "option" else None
            if record is not None:
                lines += [".TP", f".B {_roff(record[0])}", _roff(record[1])]
    lines += [".SH EXIT STATUS", _roff(root.epilog.removeprefix("Exit codes: "))]
    lines += [".SH ENVIRONMENT", ".TP", ".B FORENSICS_CASE", "Case folder where \\-\\-case is left out."]
    lines += [
        ".TP",
        ".B FORENSICS_SECTION_KEY",
        "A setting, e.g. FORENSICS_SCORING_SENSITIVITY=high.",
        ".TP",
        ".B NO_COLOR",
        "No colour.",
    ]
    return "\n".join(lines) + "\n"


def walk_commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above
    """Every command that does something, with its path, in the order they are listed."""
    for name, child in getattr(command, "commands", {}).items():
        if child.hidden:
            continue
        whole = f"{path} {name}".strip()
        if getattr(child, "commands", None):
            yield from walk_commands(child, whole)
        else:
            yield whole, child


def _argument(parameter: Any) -> str:  # noqa: ANN401 - as above
    return (parameter.metavar or parameter.name.upper()) if parameter.param_type_name == "argument" else ""


def _roff(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace("\n.", "\n\\&.")
