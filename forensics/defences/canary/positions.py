"""The table of positions: places in own outputs where one of two like phrasings can stand, and which can be used."""

from __future__ import annotations

import io
import tomllib
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import InputError, UsageError
from forensics.defences.canary.meaning import meaning_differs
from forensics.defences.canary.normal import bare, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forensics.defences.canary.meaning import WordLists

SCHEMA = {"position_id": pl.String, "a": pl.String, "b": pl.String, "note": pl.String}
SHORTEST_WORDS = (
    3  # shorter phrasings occur in anyone's text; they work, but only where the found text is mostly own output
)
LONGEST_CHARACTERS = 400
HINT = "TOML: [[position]] with id, a, b; CSV: a header position_id,a,b and one position a line"


def read_positions(content: bytes, form: str) -> pl.DataFrame:
    """One row per position as the file has it: position_id, a, b, note.

    In:     the file's bytes; `form` "toml" or "csv".
    Raises: InputError where it cannot be read, or an id stands twice.
    """
    frame = _from_toml(content) if form == "toml" else _from_csv(content)
    if frame.is_empty():
        raise InputError("the table of positions is empty", HINT)
    whole = frame.filter(pl.all_horizontal(pl.col("position_id", "a", "b").str.strip_chars().str.len_chars() > 0))
    if whole.height < frame.height:
        raise InputError(f"{frame.height - whole.height} positions lack an id or a phrasing", HINT)
    twice = frame.filter(pl.col("position_id").is_duplicated())
    if not twice.is_empty():
        raise InputError(f"the position {twice['position_id'][0]} stands twice", "give every position an id of its own")
    return frame


def _from_toml(content: bytes) -> pl.DataFrame:
    try:
        rows = tomllib.loads(content.decode("utf-8")).get("position", [])
    except ValueError as error:
        raise InputError(f"the table of positions is no TOML: {error}", HINT) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError("the table of positions has no [[position]]", HINT)
    return pl.DataFrame([_row(row) for row in rows], schema=SCHEMA, orient="row")


def _row(row: dict[str, Any]) -> tuple[str, str, str, str | None]:
    note = row.get("note")
    return (
        str(row.get("id", row.get("position_id", ""))),
        str(row.get("a", "")),
        str(row.get("b", "")),
        None if note is None else str(note),
    )


def _from_csv(content: bytes) -> pl.DataFrame:
    try:
        frame = pl.read_csv(io.BytesIO(content), infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise InputError(f"the table of positions is no CSV: {error}", HINT) from error
    frame = (
        frame.rename({"id": "position_id"}) if "id" in frame.columns and "position_id" not in frame.columns else frame
    )
    missing = [name for name in ("position_id", "a", "b") if name not in frame.columns]
    if missing:
        raise InputError(f"the table of positions has no column {missing[0]}", HINT)
    if "note" not in frame.columns:
        frame = frame.with_columns(note=pl.lit(None, pl.String))
    return frame.select(*SCHEMA).with_columns(pl.col("position_id", "a", "b").fill_null(""))


def check_positions(positions: pl.DataFrame, lists: WordLists) -> pl.DataFrame:
    """One row per position with its phrasings as they are compared, whether it can be used, and why not.

    In:    position_id, a, b, note.
    Out:   further normal_a, normal_b, usable, reason, remark; the order of the table.
    Null:  reason where usable; remark where there is none.
    """
    rows = positions.with_columns(
        normal_a=pl.col("a").map_elements(normalise, return_dtype=pl.String),
        normal_b=pl.col("b").map_elements(normalise, return_dtype=pl.String),
    )
    reasons = [_own_reason(row, lists) for row in rows.iter_rows(named=True)]
    for index, reason in _overlaps(
        rows["normal_a"].to_list(), rows["normal_b"].to_list(), rows["position_id"].to_list(), reasons
    ):
        reasons[index] = reason
    shortest = pl.min_horizontal(pl.col("normal_a", "normal_b").str.count_matches(" ", literal=True)) + 1
    common = pl.col("normal_a").str.contains(" ", literal=True) | pl.col("a").str.contains(r"^\w+$")
    return rows.with_columns(reason=pl.Series(reasons, dtype=pl.String)).with_columns(
        usable=pl.col("reason").is_null(),
        remark=pl.when(common & (shortest < SHORTEST_WORDS)).then(pl.lit("short: occurs in anyone's text")),
    )


def usable_positions(checked: pl.DataFrame) -> pl.DataFrame:
    """One row per position that can be used, by position_id, so that the order of the table plays no part.

    Raises: UsageError where there is none.
    """
    usable = checked.filter("usable").sort("position_id")
    if usable.is_empty():
        raise UsageError("no position of the table can be used", "forensics canary plan says why of each")
    return usable


def _own_reason(row: dict[str, Any], lists: WordLists) -> str | None:
    """Why a position cannot be used, looked at alone."""
    if max(len(row["a"]), len(row["b"])) > LONGEST_CHARACTERS:
        return f"longer than {LONGEST_CHARACTERS} characters"
    if not row["normal_a"] or not row["normal_b"]:
        return "empty once normalised"
    if row["normal_a"] == row["normal_b"]:
        return "a normaliser undoes it: the same once case, spaces, quotes and dashes are folded"
    if bare(row["a"]) == bare(row["b"]):
        return "a normaliser undoes it: only punctuation, spaces or accents differ"
    return meaning_differs(row["a"], row["b"], lists)


def _overlaps(
    first: Sequence[str], second: Sequence[str], names: Sequence[str], reasons: Sequence[str | None]
) -> Iterator[tuple[int, str]]:
    """Positions, otherwise usable, with a phrasing that holds a phrasing of a usable position, or its own other one."""
    from ahocorasick_rs import BytesAhoCorasick

    variants = [text.encode() for pair in zip(first, second, strict=True) for text in pair]
    kept = [index for index in range(len(variants)) if reasons[index // 2] is None]
    if not kept:
        return
    search = BytesAhoCorasick([variants[index] for index in kept])
    refused: set[int] = set()
    for index in sorted(
        kept, key=lambda index: (len(variants[index]), index)
    ):  # a short one is not refused for the long one that holds it
        for pattern, _, _ in search.find_matches_as_indexes(variants[index], overlapping=True):
            held = kept[pattern]
            same_text = variants[held] == variants[index]
            if held == index or held // 2 in refused or (same_text and held > index) or index // 2 in refused:
                continue
            refused.add(index // 2)
            whose = "the other phrasing" if held // 2 == index // 2 else f"a phrasing of {names[held // 2]}"
            yield index // 2, f"phrasing {'ab'[index % 2]} holds {whose}"
