"""Every format there is, and whether one of a user is sound."""

from __future__ import annotations

import os
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.common.errors import UsageError
from forensics.common.plugins import discover
from forensics.reading.formats.toml_file import read_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.reading.fields.format import Format

    Progress = Callable[[str, int, int | None, int], None]


def list_formats(case: Path | None = None) -> list[dict[str, str]]:
    """Name, title and reference of every format, the user's own included."""
    return [
        {
            "name": form.name,
            "title": form.title,
            "reference": form.reference,
            "reads": "refused: " + form.refuse if form.refuse else "requests",
        }
        for form in all_formats(format_folders(case)).values()
    ]


@cache
def all_formats(folders: tuple[str, ...] = ()) -> dict[str, Format]:
    """Every format by its name: plugins, the TOML files that come with the tool, and those of the user's folders.

    Raises: UsageError for a TOML file that is no format, or takes a name that exists.
    """
    found = {plugin.name: plugin for plugin in discover("forensics.reading.formats").values()} | read_folder(
        resources.files("forensics.reading.formats")
    )
    for folder in folders:
        if Path(folder).is_dir():
            own = read_folder(Path(folder))
            taken = sorted(set(own) & set(found))
            if taken:
                raise UsageError(f"{folder}: a format named {taken[0]} exists already", "give it another name")
            found |= own
    return dict(sorted(found.items()))


def format_folders(case: Path | None = None) -> tuple[str, ...]:
    """Where users keep formats of their own: the user's config folder, and `formats` beside the case."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return (str(home / "forensics" / "formats"), *([str(case.parent / "formats")] if case is not None else []))
