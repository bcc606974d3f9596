"""W3C extended log files (IIS, CloudFront): each line is read by the `#Fields` line above it, which may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from forensics.reading.containers.records import CUT_OFF, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.fields.format import Format
    from forensics.reading.opening.sources import Batch

FIELDS: Final = b"#Fields:"

DATE: Final = b"#Date:"

NO_FIELDS: Final = "no #Fields line above it"

OTHER_WIDTH: Final = "not as many fields as the #Fields line above it has"


def fields_of(line: bytes) -> tuple[str, ...]:
    """The names of a `#Fields` line."""
    return tuple(line[len(FIELDS) :].decode(errors="replace").split())


def last_fields(batch: Batch, before: tuple[str, ...]) -> tuple[str, ...]:
    """The names that hold after this batch, and the last `#Date` where their lines have none."""
    names = _last(batch, FIELDS)
    date = _last(batch, DATE)
    found = fields_of(names) if names else tuple(name for name in before if not name.startswith(_DAY))
    days = (_DAY + _day_of(date),) if date else tuple(name for name in before if name.startswith(_DAY))
    return (*found, *days)


_DAY: Final = "#Date: "  # no field's name: the day that a directive gave


def _day_of(line: bytes) -> str:
    """The day of a `#Date` line."""
    return line[len(DATE) :].decode(errors="replace").strip()[: len("2026-05-01")]


def _last(batch: Batch, directive: bytes) -> bytes:
    """The last line of a batch that is this directive."""
    place = batch.data.rfind(directive)
    while place > 0 and batch.data[place - 1 : place] not in {b"\n", b"\xbf"}:
        place = batch.data.rfind(directive, 0, place)
    return batch.data[place:].split(b"\n", 1)[0].rstrip(b"\r") if place >= 0 else b""


def read_w3c(batch: Batch, header: Sequence[str], form: Format, chosen: Mapping[str, Sequence[str]]) -> Rows:
    """Records of a batch of lines; `header` are the names that hold before it."""
    names, first = tuple(name for name in header if not name.startswith(_DAY)), 0
    days = tuple(name for name in header if name.startswith(_DAY))
    passed: list[int] = []
    parts: list[pl.DataFrame] = []
    bad: list[tuple[int, str]] = []
    sections: list[tuple[tuple[str, ...], tuple[str, ...], list[int]]] = [(names, days, [])]
    for row in range(first, batch.starts.size):
        line = batch.line(row)
        if line.startswith(b"#") or not line.strip():
            passed.append(row)
            if line.startswith(FIELDS):
                sections.append((fields_of(line), days, []))
            elif line.startswith(DATE):
                days = (_DAY + _day_of(line),)
                sections.append((sections[-1][0], days, []))
        else:
            sections[-1][2].append(row)
    for names, told, rows in sections:
        if rows and not names:
            bad += [(row, NO_FIELDS) for row in rows]
        elif rows:
            frame, wrong = _section(batch, rows, names, form, chosen)
            if "day" not in frame.columns and told:  # only the directive says the day
                frame = frame.with_columns(pl.lit(told[0].removeprefix(_DAY)).alias("day"))
            parts.append(frame)
            bad += wrong
    whole = pl.concat(parts, how="diagonal").sort("row") if parts else pl.DataFrame(schema={"row": pl.UInt32})
    return Rows(whole, sorted(bad), passed)


def _section(
    batch: Batch, rows: Sequence[int], names: Sequence[str], form: Format, chosen: Mapping[str, Sequence[str]]
) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """The lines under one `#Fields` line."""
    lines = [batch.line(row).decode(errors="replace") for row in rows]
    tab = "\t" if any("\t" in line for line in lines) else " "
    text = pl.DataFrame({"row": rows, "text": lines}, schema={"row": pl.UInt32, "text": pl.String})
    cells = text.with_columns(pl.col("text").str.strip_chars_end(" \r").str.split(tab))
    fits = cells["text"].list.len() == len(names)
    bad = [
        (row, CUT_OFF if row == batch.starts.size - 1 and not batch.complete else OTHER_WIDTH)
        for row in cells.filter(~fits)["row"].to_list()
    ]
    cells = cells.filter(fits)
    place = {name.lower(): number for number, name in enumerate(names)}
    wanted = {**form.fields, **chosen}
    columns = []
    for name, given in wanted.items():
        values = [pl.col("text").list.get(place[one.lower()]) for one in given if one.lower() in place]
        if values:
            said = pl.coalesce(pl.when(~value.is_in(["-", ""])).then(value) for value in values)
            columns.append(_spaced(said, name).alias(name))
    return cells.select("row", *columns), bad


def _spaced(value: pl.Expr, name: str) -> pl.Expr:
    """A value in which spaces were written as `+` or `%20`, as both servers do for user agents and names."""
    if name not in {"user_agent", "account_id"}:
        return value
    return value.str.replace_all("+", " ", literal=True).str.replace_all("%20", " ", literal=True)
