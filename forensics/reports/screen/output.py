"""A table for people or for machines: table, json, jsonl, csv, parquet, on standard output."""

from __future__ import annotations

import functools
import io
import os
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from forensics.common.errors import InputError, UsageError
from forensics.common.printable import csv_cell, printable
from forensics.reports.wording.figures import number
from forensics.reports.wording.words import VERDICT_TITLES

if TYPE_CHECKING:
    import polars as pl

_BEYOND_ASCII = re.compile(
    r"[^\x20-\x7e]"
)  # in JSON text these stand only inside strings, where an escape means the same
FORMATS = ("table", "json", "jsonl", "csv", "parquet")
SENTENCES = frozenset({"summary", "title", "reads", "reason", "raw", "note", "skeleton"})  # read, not copied
NARROWEST_CELL = 16


def write_text(text: str) -> None:
    """Text to standard output. A reader that has left (`| head`) ends the output, not the run."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:
        raise output_lost(error) from error


def write_bytes(content: bytes) -> None:
    """Bytes to standard output, every one of them."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:
        raise output_lost(error) from error


def output_lost(error: OSError) -> InputError:
    """What to say where standard output cannot be written, to a full disk say; what else was done stays done."""
    silence_stdout()
    return InputError(
        f"cannot write the output: {error.strerror or error}",
        "make room, or send the output somewhere else; a case that was given is whole",
    )


def silence_stdout() -> None:
    """Standard output leads nowhere from here on, so that nothing complains at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def write_frame(
    frame: pl.DataFrame,
    form: str,
    *,
    columns: tuple[str, ...] | None = None,
    width: int | None = 80,
    more: str = "a wider terminal or a pipe shows them",
) -> None:
    """The frame on standard output in one of FORMATS; `columns` are those of the table for people, machines get all.

    Raises: UsageError for an unknown form, or Parquet on a terminal.
    """
    if form == "table":
        write_text(table_text(frame if columns is None else frame.select(columns), width, more))
    elif form == "json":
        write_text(json_text(frame))
    elif form == "jsonl":
        write_text(jsonl_text(frame))
    elif form == "csv":
        write_text(csv_text(frame))
    elif form == "parquet":
        if sys.stdout.isatty():
            raise UsageError(
                "Parquet is binary and standard output is a terminal",
                "redirect it: … --format parquet > networks.parquet",
            )
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd")
        write_bytes(buffer.getvalue())
    else:
        raise UsageError(f"unknown output format {form!r}", f"one of {', '.join(FORMATS)}")


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Times as ISO 8601 with Z; NaN and infinity, which JSON lacks, as null."""
    import polars as pl
    import polars.selectors as cs

    return frame.with_columns(
        cs.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ").str.replace(".000000Z", "Z", literal=True),
        pl.when(cs.float().is_finite()).then(cs.float()),
    )


@functools.cache
def _escape(char: str) -> str:
    if printable(char) == char:
        return char
    code = ord(char)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def dump_json(value: object) -> str:
    """JSON on one line: the values as they are, written so that a terminal obeys and hides nothing."""
    import orjson

    return _BEYOND_ASCII.sub(lambda match: _escape(match.group()), orjson.dumps(value).decode())


def json_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON would have them."""
    return _plain(frame).to_dicts()


def json_text(frame: pl.DataFrame) -> str:
    """An array of objects, one a line."""
    rows = [dump_json(row) for row in json_rows(frame)]
    return "[" + ",\n ".join(rows) + "]\n"


def facts_text(facts: dict[str, Any]) -> str:
    """One object with everything that is known of one thing, on one line."""
    return dump_json(_finite(facts)) + "\n"


def _finite(value: object) -> object:
    """JSON-ready: times as ISO 8601 with Z."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value


def jsonl_text(frame: pl.DataFrame) -> str:
    """One object a line."""
    return "".join(dump_json(row) + "\n" for row in json_rows(frame))


def flat_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text: items joined by `;`, structs as their values joined by `:`."""
    import polars as pl

    changes = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.List):
            items = pl.col(name)
            if isinstance(dtype.inner, pl.Struct):
                fields = [pl.element().struct.field(item.name).cast(pl.String) for item in dtype.inner.fields]
                items = items.list.eval(pl.concat_str(fields, separator=":", ignore_nulls=True))
            changes.append(items.cast(pl.List(pl.String)).list.join(";"))
    return frame.with_columns(changes)


def csv_text(frame: pl.DataFrame) -> str:
    """RFC 4180 with a header, one newline a row; no cell is a formula, no cell moves a cursor."""
    import polars as pl

    flat = _plain(flat_frame(frame))
    texts = [name for name, dtype in flat.schema.items() if dtype == pl.String]
    # Few cells of a log are hostile: look at all of them at native speed, rewrite those.
    unsafe = r"^[=+\-@]|[^\x20-\x7e]"
    for name in texts:
        if flat.get_column(name).str.contains(unsafe).any():
            flat = flat.with_columns(
                pl.when(pl.col(name).str.contains(unsafe))
                .then(pl.col(name).map_elements(csv_cell, return_dtype=pl.String))
                .otherwise(pl.col(name))
            )
    return flat.write_csv()


def table_text(frame: pl.DataFrame, width: int | None = 80, more: str = "a wider terminal or a pipe shows them") -> str:
    """Aligned columns for people: numbers to the right, text to the left, one line a row.

    Nothing that may be copied is cut: columns that do not fit are left out, the last first, and named. Sentences
    (SENTENCES) give way at their end. Without a width every column is there.
    """
    if frame.is_empty():
        return "(none)\n"
    columns = _text_columns(frame)
    widths = {name: max(map(len, cells)) for name, cells in columns.items()}
    kept, left_out = (list(columns), []) if width is None else _choose_columns(widths, width)
    if width is not None and kept:
        spare = width - sum(widths[name] for name in kept if name not in SENTENCES) - 2 * (len(kept) - 1)
        for name in (name for name in kept if name in SENTENCES):
            widths[name] = min(widths[name], max(spare, NARROWEST_CELL))
            spare -= widths[name]
    right = {name for name, dtype in frame.schema.items() if dtype.is_numeric()}
    lines = []
    for row in range(frame.height + 1):
        cells = []
        for name in kept:
            cell = columns[name][row]
            cell = cell if len(cell) <= widths[name] else cell[: widths[name] - 1].rstrip() + "…"
            cells.append(cell.rjust(widths[name]) if name in right else cell.ljust(widths[name]))
        lines.append("  ".join(cells).rstrip())
    left = ", ".join(columns[name][0] for name in left_out)
    told = f"\nleft out for want of room: {left}; {more}\n" if left_out else ""
    return "\n".join(lines) + "\n" + told


def _choose_columns(widths: dict[str, int], width: int) -> tuple[list[str], list[str]]:
    """Columns that fit, in order, and those left out; the first always stands, a sentence needs NARROWEST_CELL."""
    kept: list[str] = []
    used = -2
    left_out = []
    for name, wanted in widths.items():
        least = min(wanted, NARROWEST_CELL) if name in SENTENCES else wanted
        if not kept or used + 2 + least <= width:
            kept.append(name)
            used += 2 + least
        else:
            left_out.append(name)
    return kept, left_out


def _text_columns(frame: pl.DataFrame) -> dict[str, list[str]]:
    """Column → its head and cells as text."""
    import polars as pl

    columns = {}
    for name, dtype in flat_frame(frame).schema.items():
        values = flat_frame(frame.select(name)).get_column(name)
        if isinstance(dtype, pl.Datetime):
            values = values.dt.to_string("%Y-%m-%d %H:%M")
        columns[name] = [VERDICT_TITLES.get(name, name), *(_cell(value) for value in values.to_list())]
    return columns


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value).replace("\u00a0", " ")
    return printable(value)
