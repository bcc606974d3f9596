"""Batches of delimited lines (CSV) and of lines that a pattern takes apart → raw fields: one row per record."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from forensics.records import CUT_OFF, NOT_UTF8, Collector, Rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.plugins import Format
    from forensics.reading import Batch
    from forensics.records import Plan


def csv_dialect(head: str) -> str:
    """The delimiter of a CSV header line."""
    return max(",;\t|", key=head.count)


def csv_groups(batch: Batch) -> list[tuple[int, int]]:
    """Lines of the batch that make one record: quoted line breaks join lines. A quote left open costs its own line only."""
    data = np.frombuffer(batch.data, dtype=np.uint8)
    quotes = np.concatenate(([0], np.cumsum(data == ord('"'), dtype=np.int64)))
    odd = ((quotes[batch.ends] - quotes[batch.starts]) & 1).astype(np.bool_)
    groups, row, count = [], 0, batch.starts.size
    while row < count:
        stop = row + 1
        if odd[row]:
            later = np.flatnonzero(odd[row + 1 : row + 1 + _CSV_SPAN])
            if later.size:
                stop = row + 2 + int(later[0])
        groups.append((row, stop))
        row = stop
    return groups


_CSV_SPAN: Final = 200  # lines a quoted field may run over


def read_csv(batch: Batch, header: Sequence[str], delimiter: str, plan: Plan, form: Format) -> Rows:
    """Records of a batch of CSV lines, header apart."""
    collector = Collector(form, plan)
    bad: list[tuple[int, str]] = []
    passed: list[int] = []
    for start, stop in csv_groups(batch):
        line = batch.data[batch.starts[start] : batch.ends[stop - 1]]
        passed += range(start + 1, stop)  # further lines of the same record
        if not line.strip():
            passed.append(start)
            continue
        try:
            text = line.decode()
        except UnicodeDecodeError:
            bad.append((start, NOT_UTF8))
            continue
        try:
            cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except (csv.Error, StopIteration) as error:
            bad.append((start, f"not valid CSV: {error}" if str(error) else "not valid CSV"))
            continue
        if len(cells) != len(header):
            bad.append(
                (
                    start,
                    CUT_OFF
                    if not batch.complete and stop == batch.starts.size and len(cells) < len(header)
                    else f"{len(cells)} fields where the header has {len(header)}",
                )
            )
            continue
        collector.take({name: cell or None for name, cell in zip(header, cells, strict=True)}, start, bad, passed)
    return Rows(collector.frame(), bad, sorted(passed))


def read_pattern(batch: Batch, patterns: Sequence[str], form: Format, chosen: Mapping[str, Sequence[str]], reason: str) -> Rows:
    """Records of a batch of lines; the first pattern that fits a line takes it apart."""
    lines = [batch.line(row) for row in range(batch.starts.size)]
    try:
        text = pl.Series(lines, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        text = pl.Series([line.decode(errors="backslashreplace") for line in lines], dtype=pl.String)
    frame = pl.DataFrame({"text": text}).with_row_index("row")
    blank = frame.filter(pl.col("text").str.strip_chars().is_in([""]) | pl.col("text").str.starts_with("#"))["row"].to_list()
    rest = frame.filter(~pl.col("row").is_in(blank)) if blank else frame
    parts = []
    for pattern in patterns:
        if not rest.height:
            break
        first = re.findall(r"\(\?P?<(\w+)>", pattern)[0]
        taken = rest.with_columns(pl.col("text").str.extract_groups(pattern).alias("groups"))
        fits = taken["groups"].struct.field(first).is_not_null()
        parts.append(taken.filter(fits).select("row", "groups").unnest("groups"))
        rest = rest.filter(~fits)
    bad = [(row, CUT_OFF if row == batch.starts.size - 1 and not batch.complete else reason) for row in rest["row"].to_list()]
    whole = pl.concat(parts, how="diagonal").sort("row") if parts else pl.DataFrame(schema={"row": pl.UInt32})
    groups = set(whole.columns)
    sources = {name: names for name, names in form.fields.items() if groups & set(names)} | {
        name: tuple(names) for name, names in chosen.items() if groups & set(names)
    }
    combined = [
        pl.coalesce(pl.when(~pl.col(group).is_in(["-", ""])).then(pl.col(group)) for group in names if group in groups).alias(name)
        for name, names in sources.items()
    ]
    return Rows(whole.with_columns(pl.col("row").cast(pl.UInt32), *combined), bad, blank)
