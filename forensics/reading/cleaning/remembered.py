"""Texts that come again and again are read once, and what was read of them is remembered from batch to batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

_REMEMBERED: Final = 1_000


class Remembered:
    """A reading of single texts: each distinct one is read once, and the last thousand or so are remembered. Null stays
    null.
    """

    def __init__(self, read: Callable[[pl.Series], pl.Series]) -> None:
        self.read = read
        self.known: dict[str, Any] = {}

    def __call__(self, texts: pl.Series) -> pl.Series:
        """What was read of each text."""
        unique = texts.drop_nulls().unique()
        known = self.known  # several threads read and replace it, none changes it
        fresh = pl.Series([text for text in unique.to_list() if text not in known], dtype=pl.String)
        found = self.read(fresh)
        if fresh.len() and unique.len() <= _REMEMBERED:
            known = {
                **(
                    known
                    if len(known) + fresh.len() <= _REMEMBERED
                    else {text: known[text] for text in unique.to_list() if text in known}
                )
            }
            known.update(zip(fresh.to_list(), found.to_list(), strict=True))
            self.known = known
        elif fresh.len():
            known = {**known, **dict(zip(fresh.to_list(), found.to_list(), strict=True))}
        table = pl.DataFrame(
            {"text": unique, "found": pl.Series([known[text] for text in unique.to_list()], dtype=found.dtype)}
        )
        return texts.rename("text").to_frame().join(table, on="text", how="left", maintain_order="left")["found"]
