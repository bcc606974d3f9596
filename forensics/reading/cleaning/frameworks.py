"""Known framework text is taken off system prompts before they are hashed: what everyone's tool sends says nothing
about who sends it.

The list that comes with the tool can be made longer: `frameworks.toml` in the user's configuration folder, with the
same two lists.
"""

from __future__ import annotations

import functools
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from forensics.common.errors import UsageError


@functools.cache
def _affixes() -> tuple[tuple[str, ...], tuple[str, ...]]:
    own = resources.files("forensics.reading.cleaning").joinpath("frameworks.toml").read_text(encoding="utf-8")
    told = [tomllib.loads(own)]
    path = user_list()
    if path.is_file():
        try:
            told.append(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(f"cannot read {path}: {error}", "it needs two lists: prefixes and suffixes") from error
        _check(told[-1], path)
    prefixes = [pattern for one in told for pattern in one.get("prefixes", ())]
    suffixes = [pattern for one in told for pattern in one.get("suffixes", ())]
    return tuple(prefixes), tuple(suffixes)


def user_list() -> Path:
    """Where a user's own openings and endings stand."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "forensics" / "frameworks.toml"


def _check(given: dict[str, Any], path: Path) -> None:
    """Whether a user's lists are lists of patterns.

    Raises: UsageError where they are not.
    """
    for name, patterns in given.items():
        if name not in {"prefixes", "suffixes"} or not isinstance(patterns, list):
            raise UsageError(f"{path}: {name} is no list of patterns", "known: prefixes, suffixes")
        for pattern in patterns:
            try:
                pl.Series(["x"]).str.contains(f"(?i:{pattern})")
            except pl.exceptions.PolarsError as error:
                raise UsageError(f"{path}: {pattern!r} is no pattern: {str(error).splitlines()[-1]}") from error


def strip_framework(texts: pl.Series) -> pl.Series:
    """Texts without known framework openings and endings; a text that is nothing else stays whole."""
    prefixes, suffixes = _affixes()
    bare = texts.str.replace_all(r"\s+", " ").str.strip_chars()
    before = bare
    for pattern in prefixes:
        bare = bare.str.replace(rf"^(?i:{pattern})\s*", "")
    for pattern in suffixes:
        bare = bare.str.replace(rf"\s*(?i:{pattern})$", "")
    return bare.zip_with(bare.str.len_chars() > 0, before)
