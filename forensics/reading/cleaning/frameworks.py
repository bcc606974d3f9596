"""Known framework text is taken off system prompts before they are hashed: what everyone's tool sends says nothing
about who sends it.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@functools.cache
def _affixes() -> tuple[tuple[str, ...], tuple[str, ...]]:
    data = tomllib.loads(
        resources.files("forensics.reading.cleaning").joinpath("frameworks.toml").read_text(encoding="utf-8")
    )
    return tuple(data["prefixes"]), tuple(data["suffixes"])


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
