"""Codewords for holders: who gets which phrasing where, from the key alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.errors import InputError, IntegrityError
from forensics.defences.canary.codes import biases, codewords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.defences.canary.codes import Bits

VARIANTS = pl.Enum(["a", "b"])


def checked_holders(holders: pl.DataFrame) -> pl.DataFrame:
    """One row per holder, by holder_id: who gets a word, and the group whose words are summed.

    In:     holder_id, and group_id if groups are known.
    Null:   group_id of a holder in no group.
    Raises: InputError where nobody is left, or a holder stands twice.
    """
    if "group_id" not in holders.columns:
        holders = holders.with_columns(group_id=pl.lit(None, pl.String))
    found = holders.select(pl.col("holder_id", "group_id").cast(pl.String)).filter(
        pl.col("holder_id").str.len_chars() > 0
    )
    found = found.with_columns(group_id=pl.when(pl.col("group_id").str.len_chars() > 0).then("group_id")).sort(
        "holder_id"
    )
    if found.is_empty():
        raise InputError(
            "there is no holder to give a word to", "a CSV with a column holder_id, and group_id if groups are known"
        )
    twice = found.filter(pl.col("holder_id").is_duplicated())
    if not twice.is_empty():
        raise InputError(
            f"the holder {twice['holder_id'][0]} stands twice", "a holder has one word, and one group at most"
        )
    return found


def group_sizes(holders: pl.DataFrame) -> pl.DataFrame:
    """One row per group of two holders or more: its size."""
    return holders.drop_nulls("group_id").group_by("group_id").len("size").filter(pl.col("size") > 1).sort("group_id")


def assign_variants(key: bytes, holders: pl.DataFrame, position_ids: Sequence[str], coalition: int) -> pl.DataFrame:
    """One row per holder and position: the variant that is served there.

    In:    holders as of `checked_holders`; positions by id; the coalition that the biases are made for.
    Out:   holder_id, group_id, position_id, variant; by holder, then position.
    """
    words = codewords(key, holders["holder_id"].to_list(), position_ids, biases(key, position_ids, coalition))
    rows, columns = words.shape
    who = np.repeat(np.arange(rows), columns)
    return pl.DataFrame(
        {
            "holder_id": holders["holder_id"].gather(who),
            "group_id": holders["group_id"].gather(who),
            "position_id": pl.Series(list(position_ids), dtype=pl.String).gather(np.tile(np.arange(columns), rows)),
            "variant": pl.Series(["a", "b"], dtype=VARIANTS).gather((~words).ravel().astype(np.int64)),
        }
    )


def holders_of(assignment: pl.DataFrame) -> pl.DataFrame:
    """One row per holder of an assignment.

    Raises: InputError where it is no assignment.
    """
    missing = [name for name in ("holder_id", "group_id", "position_id", "variant") if name not in assignment.columns]
    if missing:
        raise InputError(
            f"the assignment has no column {missing[0]}", "give the file that forensics canary assign wrote"
        )
    return checked_holders(assignment.select("holder_id", "group_id").unique())


def words_of(
    assignment: pl.DataFrame, holders: pl.DataFrame, position_ids: Sequence[str], key: bytes, coalition: int
) -> Bits:
    """Holders × positions, built anew from the key and held against what was assigned.

    Raises: IntegrityError where key, positions or assignment are not those of the assigning run.
    """
    words = codewords(key, holders["holder_id"].to_list(), position_ids, biases(key, position_ids, coalition))
    ordered = assignment.with_columns(pl.col("holder_id", "position_id", "variant").cast(pl.String)).sort(
        "holder_id", "position_id"
    )
    same = ordered.height == words.size and ordered["position_id"][: len(position_ids)].to_list() == list(position_ids)
    if not same or not np.array_equal((ordered["variant"] == "a").to_numpy(), words.ravel()):
        raise IntegrityError(
            "the assignment is not what this key and these positions give",
            "use the key, the table of positions and the word lists of the assigning run; if they are, the assignment"
            " was changed since",
        )
    return words
