"""Batches of delimited lines (CSV) and of lines that a pattern takes apart → raw fields: one row per record."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from forensics.reading.containers.decoded import plain_text
from forensics.reading.containers.records import CUT_OFF, NOT_UTF8, OTHER_LINES, Collector, Rows, best_of
from forensics.reading.opening.sources import Batch, make_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.fields.format import Format
    from forensics.reading.fields.plan import Plan


csv.field_size_limit(
    1 << 30
)  # a prompt may be longer than the library's 128 KB; lines are bounded by ingest.max_line_mb


def csv_dialect(head: str) -> str:
    """The delimiter of a CSV header line."""
    return max(",;\t|", key=head.count)


def csv_groups(batch: Batch) -> list[tuple[int, int]]:
    """Lines of the batch that make one record: quoted line breaks join lines. A quote left open costs its own line
    only.
    """
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


def whole_csv(data: bytes) -> int:
    """How many bytes of these lines hold whole records: all, or up to the line in which a quote opens that is not
    closed again.
    """
    if b'"' not in data:
        return len(data)
    batch = make_batch(data, 0, 1)
    quotes = np.concatenate(([0], np.cumsum(np.frombuffer(data, dtype=np.uint8) == ord('"'), dtype=np.int64)))
    odd = np.flatnonzero((quotes[batch.ends] - quotes[batch.starts]) & 1).tolist()
    place = 0
    while place < len(odd):
        closes = place + 1 < len(odd) and odd[place + 1] - odd[place] <= _CSV_SPAN
        if not closes and batch.starts.size - odd[place] <= _CSV_SPAN:
            return int(batch.starts[odd[place]])
        place += 2 if closes else 1
    return len(data)


HEADERS: Final = "header lines"


@dataclass(frozen=True)
class Section:
    """Lines of a table under one header, and the row of the first of them."""

    header: tuple[str, ...]
    batch: Batch
    first: int


def csv_sections(batch: Batch, header: Sequence[str], delimiter: str) -> list[Section]:
    """The parts of a batch of lines that stand under a header each: files put one behind the other have several."""
    names, first = tuple(header), 0
    found: list[Section] = []
    marks = sorted(names, key=len)[-2:]
    if len(names) > 1 and any(mark.encode() in batch.data for mark in marks):
        spots = sorted({place for mark in marks for place in _places(batch.data, mark.encode())})
        rows = sorted(set(np.searchsorted(batch.ends, spots, side="left").tolist())) if spots else []
        for row in rows:
            told = _header_in(batch.line(row), names, delimiter) if row < batch.starts.size else None
            if told is not None and told != names:
                found.append(Section(names, _rows_of(batch, first, row), first))
                names, first = told, row + 1
    return [*found, Section(names, _rows_of(batch, first, int(batch.starts.size)), first)]


def _places(data: bytes, mark: bytes) -> list[int]:
    return [match.start() for match in islice(re.finditer(re.escape(mark), data), _HEADERS_LOOKED_AT)]


_HEADERS_LOOKED_AT: Final = 10_000  # where a header's name stands: a text may be full of it


def _rows_of(batch: Batch, first: int, stop: int) -> Batch:
    complete = batch.complete or stop < batch.starts.size
    return replace(batch, starts=batch.starts[first:stop], ends=batch.ends[first:stop], complete=complete)


def _header_in(line: bytes, names: Sequence[str], delimiter: str) -> tuple[str, ...] | None:
    """The header that a line is: most of its cells are names of the header before, and none is a value."""
    try:
        cells = [cell.strip() for cell in next(csv.reader(io.StringIO(line.decode()), delimiter=delimiter), [])]
    except (csv.Error, UnicodeDecodeError):
        return None
    known = set(names)
    if len(cells) < 2 or len(set(cells)) < len(cells) or 2 * sum(cell in known for cell in cells) < len(cells):
        return None
    return tuple(cells) if all(re.fullmatch(r"(?=.*[^\W\d])[\w .()\[\]/-]{1,60}", cell) for cell in cells) else None


def csv_values(batch: Batch, header: Sequence[str], delimiter: str) -> dict[str, list[str]]:
    """Some values of each column."""
    found: dict[str, list[str]] = {name: [] for name in header}
    for row in range(min(int(batch.starts.size), 50)):
        cells, wrong = _cells(batch.line(row), len(header), delimiter)
        if not wrong:
            for name, cell in zip(header, cells, strict=True):
                if cell:
                    found[name].append(cell)
    return found


_CSV_SPAN: Final = 200  # lines a quoted field may run over


def read_csv(batch: Batch, header: Sequence[str], delimiter: str, plan: Plan, form: Format) -> Rows:
    """Records of a batch of CSV lines, header apart: whole lines by polars, what is odd about the rest is found record
    by record.
    """
    text = _lines(batch)
    if text is None or form.read is not None or form.only or len(delimiter.encode()) != 1:
        return _read_csv_slowly(batch, csv_groups(batch), header, delimiter, plan, form)
    fits, slow = _whole_records(batch, text, len(header), delimiter)
    frame = _read_cells(text.filter(fits), len(header), delimiter)
    if frame is None:
        return _read_csv_slowly(batch, csv_groups(batch), header, delimiter, plan, form)
    column = {name: pl.when(pl.col(f"{place}") != "").then(pl.col(f"{place}")) for place, name in enumerate(header)}
    nothing = pl.lit(None, pl.String)
    chosen = [
        best_of([column.get(path[0], nothing) if len(path) == 1 else nothing for path in paths]).alias(name)
        for name, paths in plan.paths.items()
    ]
    fast = frame.select(fits.arg_true().cast(pl.UInt32).alias("row"), *chosen)
    rest = _read_csv_slowly(batch, slow, header, delimiter, plan, form)
    again = frame.select(pl.all_horizontal(pl.col(f"{place}") == name for place, name in enumerate(header))).to_series()
    if len(header) > 1 and again.any():  # the header once more: files put one behind the other
        rows = fast["row"].filter(again).to_list()
        fast, passed = fast.filter(~again), sorted([*rest.passed_over, *rows])
        rest = Rows(rest.frame, rest.bad, passed, kinds={**rest.kinds, HEADERS: len(rows)})
    whole = (
        pl.concat([fast, rest.frame], how="diagonal").sort("row", maintain_order=True) if rest.frame.height else fast
    )
    return Rows(whole, rest.bad, rest.passed_over, kinds=rest.kinds)


def _whole_records(
    batch: Batch, text: pl.Series, width: int, delimiter: str
) -> tuple[pl.Series, list[tuple[int, int]]]:
    """Which lines are one sound record of so many cells, and the groups of lines that are anything else."""
    fits = (text.str.len_bytes() <= csv.field_size_limit()) & text.str.contains(r"\S")
    if b'"' not in batch.data:
        fits &= text.str.count_matches(delimiter, literal=True) == width - 1
        if b"\r" in batch.data:
            fits &= ~text.str.contains("\r", literal=True)
        return fits, [(row, row + 1) for row in (~fits).arg_true().to_list()]
    sign = rf"\x{{{ord(delimiter):x}}}"
    cell = rf'(?:[^"{sign}\r]*|"(?:[^"\r]|"")*")'
    fits &= text.str.contains(rf"^{cell}(?:{sign}{cell}){{{width - 1}}}$")
    if fits.all():
        return fits, []
    groups = csv_groups(batch)
    sound = fits.to_list()
    slow = [(start, stop) for start, stop in groups if stop > start + 1 or not sound[start]]
    return fits.scatter([row for start, stop in slow for row in range(start, stop)], values=False), slow


def _read_cells(text: pl.Series, width: int, delimiter: str) -> pl.DataFrame | None:
    """Lines that hold one record each as columns 0, 1, …; None where polars sees them differently."""
    schema = {str(place): pl.String() for place in range(width)}
    if not text.len():
        return pl.DataFrame(schema=schema)
    try:
        frame = pl.read_csv(
            io.BytesIO(text.str.join("\n").item().encode()),
            has_header=False,
            schema=schema,
            separator=delimiter,
            quote_char='"',
        )
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.height == text.len() else None


def _lines(batch: Batch) -> pl.Series | None:
    """The lines as text; None where some byte of them is none."""
    if not batch.starts.size:
        return pl.Series([], dtype=pl.String)
    data = batch.data[batch.starts[0] : batch.ends[-1]]
    try:
        text = pl.Series([data], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return None
    lines = text.str.split("\n").explode()
    return lines.str.strip_suffix("\r") if b"\r" in data else lines


def _read_csv_slowly(
    batch: Batch, groups: Sequence[tuple[int, int]], header: Sequence[str], delimiter: str, plan: Plan, form: Format
) -> Rows:
    """Records one by one: finds every bad one and says why."""
    collector = Collector(form, plan)
    bad: list[tuple[int, str]] = []
    passed: list[int] = []
    waiting = deque(groups)
    while waiting:
        start, stop = waiting.popleft()
        line = batch.data[batch.starts[start] : batch.ends[stop - 1]]
        if not line.strip():
            passed += range(start, stop)
            continue
        cells, wrong = _cells(line, len(header), delimiter)
        if wrong and stop > start + 1:  # two stray quotes joined what does not belong together: each line on its own
            waiting.extendleft((row, row + 1) for row in reversed(range(start, stop)))
            continue
        passed += range(start + 1, stop)  # further lines of the same record
        if wrong:
            bad.append(
                (
                    start,
                    CUT_OFF
                    if not batch.complete and stop == batch.starts.size and 0 < len(cells) < len(header)
                    else wrong,
                )
            )
            continue
        if len(header) > 1 and tuple(cells) == tuple(header):
            passed.append(start)
            collector.kinds[HEADERS] = collector.kinds.get(HEADERS, 0) + 1
            continue
        collector.take({name: cell or None for name, cell in zip(header, cells, strict=True)}, start, bad, passed)
    return Rows(collector.frame(), bad, sorted(passed), kinds=collector.kinds)


def _cells(line: bytes, width: int, delimiter: str) -> tuple[list[str], str]:
    """The cells of a record, and what is wrong with it."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return [], NOT_UTF8
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        return [], f"not valid CSV: {error}" if str(error) else "not valid CSV"
    return cells, "" if len(cells) == width else f"{len(cells)} fields where the header has {width}"


def read_pattern(
    batch: Batch, patterns: Sequence[str], form: Format, chosen: Mapping[str, Sequence[str]], reason: str
) -> Rows:
    """Records of a batch of lines; the first pattern that fits a line takes it apart."""
    text = _lines(batch)
    if text is None:
        text = pl.Series(
            [batch.line(row).decode(errors="backslashreplace") for row in range(batch.starts.size)], dtype=pl.String
        )
    frame = pl.DataFrame({"text": text}).with_row_index("row")
    blank = (text.str.contains(r"^\s*$") | text.str.starts_with("#")).arg_true().to_list()
    whole, rest = _taken_apart(frame.filter(~pl.col("row").is_in(blank)) if blank else frame, patterns)
    others = rest.filter(~pl.col("text").str.contains(form.like)) if form.like else rest.clear()
    rest = rest.filter(pl.col("text").str.contains(form.like)) if form.like else rest
    if form.clock:
        whole = _with_clock(whole, others, form.clock)
    bad = [
        (row, CUT_OFF if row == batch.starts.size - 1 and not batch.complete else reason)
        for row in rest["row"].to_list()
    ]
    groups = set(whole.columns)
    sources = {name: names for name, names in form.fields.items() if groups & set(names)} | {
        name: tuple(names) for name, names in chosen.items() if groups & set(names)
    }
    combined = [
        pl.coalesce(
            pl.when(~pl.col(group).is_in(["-", ""])).then(pl.col(group)) for group in names if group in groups
        ).alias(name)
        for name, names in sources.items()
    ]
    passed = sorted([*blank, *others["row"].to_list()])
    kinds = {OTHER_LINES: others.height} if others.height else {}
    whole = _unescaped(whole.with_columns(pl.col("row").cast(pl.UInt32), *combined))
    return Rows(whole, bad, passed, kinds=kinds)


def _taken_apart(frame: pl.DataFrame, patterns: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The named groups of the lines that a pattern fits, and the lines that none fits."""
    rest, parts = frame, []
    for pattern in patterns:
        if not rest.height:
            break
        taken = rest.with_columns(pl.col("text").str.extract_groups(pattern).alias("groups"))
        fits = taken["groups"].struct.unnest().select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        parts.append((taken if fits.all() else taken.filter(fits)).select("row", "groups").unnest("groups"))
        rest = rest.filter(~fits)
    parts = [part for part in parts if part.height] or parts[:1]
    if not parts:
        return pl.DataFrame(schema={"row": pl.UInt32}), rest
    return (parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal").sort("row")), rest


def _with_clock(whole: pl.DataFrame, others: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """Requests with the time of the nearest line before them that has one, else of the first after them."""
    told = others.with_columns(pl.col("text").str.extract_groups(pattern).alias("groups")).select(
        "row", pl.col("groups").struct.field("started_at"), own=pl.lit(value=False)
    )
    time = pl.col("started_at") if "started_at" in whole.columns else pl.lit(None, pl.String).alias("started_at")
    every = pl.concat([told, whole.select("row", time, own=pl.lit(value=True))]).sort("row")
    filled = every.with_columns(pl.col("started_at").forward_fill().backward_fill()).filter("own")
    return whole.with_columns(filled["started_at"])


def _unescaped(frame: pl.DataFrame) -> pl.DataFrame:
    r"""User agents and accounts in which `\"` and `\x22` are the sign they stand for."""
    for name in ("user_agent", "account_id"):
        if name in frame.columns and frame[name].str.contains("\\", literal=True).any():
            unique = frame[name].drop_nulls().unique()
            table = pl.DataFrame({name: unique, "plain": [plain_text(text) for text in unique.to_list()]})
            joined = frame.join(table, on=name, how="left", maintain_order="left")
            frame = frame.with_columns(joined["plain"].alias(name))
    return frame
