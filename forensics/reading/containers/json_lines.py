"""Batches of JSON lines → raw fields: one row per record, text as the log has it.

The fast path: polars reads the whole batch, each value as text. What it cannot be trusted with goes through orjson,
               line by line: lines it stumbles
over, values that are objects where text was expected. Lines are accounted for: one that is longer than what was read of
it and the keys and signs around it may hold a key that the sample did not show, and is looked into. Both ways give the
same rows.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import polars as pl

from forensics.reading.containers.decoded import decode, load, mend_surrogates, split_values
from forensics.reading.containers.records import (
    CUT_OFF,
    Collector,
    Rows,
    best_of,
    unwrap,
    why_not_json,
)
from forensics.reading.fields.aliases import last_keys, normal_name
from forensics.reading.fields.json_values import DEEPEST
from forensics.reading.fields.plan import TEXT_FIELDS, inner_keys, make_plan, observe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from forensics.reading.fields.aliases import Path
    from forensics.reading.fields.format import Format
    from forensics.reading.fields.plan import Plan
    from forensics.reading.opening.sources import Batch

    Rownumbers = NDArray[np.int64]
    Seen = Mapping[Path, Sequence[Any]]

SAMPLE_LINES: Final = 120  # lines of a batch looked at for their keys
_BLOCKS: Final = 64  # parts of a batch that are read apart when it holds a bad line
_LEAVES: Final = 80  # a log of more keys than that is not accounted for: reading them all would cost more than it saves
_READ_AS_JSON: Final = frozenset(
    {"messages", "tools", "prompt_sketch", "prefix_hashes", "stop"}
)  # fields that are taken apart later: their objects may be read as text


def read_json(batch: Batch, form: Format, chosen: Mapping[str, Sequence[str]], base: Seen, *, fast: bool) -> Rows:
    """Records of a batch of JSON lines."""
    mended = mend_surrogates(batch.data)
    batch = batch if mended is batch.data else replace(batch, data=mended)
    data = np.frombuffer(batch.data, dtype=np.uint8)
    sizes = batch.ends - batch.starts
    blank, other = _odd_lines(batch, data, sizes)
    filled = np.flatnonzero(~blank)
    if form.read is not None or form.only or not fast or other.size * 4 > sizes.size:
        return _read_slowly(batch, filled, form, make_plan(form, chosen, base), blank)
    sampled, records = sample_records(batch)
    seen = dict(base)
    for path, values in observe(records).items():
        seen.setdefault(path, values)
    good = np.setdiff1d(filled, other, assume_unique=True) if other.size else filled
    plan, frames, slow = _read_whole(batch, (filled, good, sampled), records, form, chosen, seen)
    slow_rows = _union(np.concatenate(slow) if slow else np.empty(0, np.int64), other)
    parts = []
    structured = _may_hold_objects(batch, data, filled.size)
    for rows, frame in frames:
        flat, again = _flatten(batch, rows, frame, plan, structured=structured)
        parts.append(flat)
        slow_rows = _union(slow_rows, again)
    rest = _read_slowly(batch, slow_rows.astype(np.int64), form, plan, np.zeros(0, np.bool_))
    if not parts:
        frame = rest.frame
    elif rest.frame.height or len(parts) > 1:
        frame = pl.concat([*parts, rest.frame], how="diagonal").sort("row", maintain_order=True)
    else:
        frame = parts[0]
    passed = sorted([*np.flatnonzero(blank).tolist(), *rest.passed_over])
    return Rows(frame, sorted(rest.bad), passed, rest.extra, rest.kinds)


def _read_whole(
    batch: Batch,
    which: tuple[Rownumbers, Rownumbers, Rownumbers],
    records: Sequence[Mapping[str, Any]],
    form: Format,
    chosen: Mapping[str, Sequence[str]],
    seen: dict[Path, Sequence[Any]],
) -> tuple[Plan, list[tuple[Rownumbers, pl.DataFrame]], list[Rownumbers]]:
    """The plan, what polars reads by it, and the rows that it cannot be trusted with. `which` are the lines that are
    filled, those that look like objects, and the sampled ones.
    """
    filled, good, sampled = which
    plan = make_plan(form, chosen, seen)
    tree = None if _unfit(plan, seen, records) else plan.tree()
    leaves = (
        [path for path, values in seen.items() if not any(isinstance(value, dict) for value in values)]
        if form.by_alias
        else []
    )
    whole = _grown(tree, leaves, seen) if tree is not None and leaves and len(leaves) <= _LEAVES else None
    frames, slow = _read_fast(batch, good, _schema(whole or tree)) if tree is not None else ([], [filled])
    if not form.by_alias:
        return plan, frames, slow
    known = frozenset(
        {normal_name(path[-1].rsplit(".", 1)[-1]) for path in seen}
        | {normal_name(key) for record in records for key in inner_keys(record)}
    )
    suspects = [_joined(batch, rows) for rows in slow]
    suspects += [_joined(batch, _unaccounted(batch, rows, frame, sampled) if whole else rows) for rows, frame in frames]
    if any(_late_keys(lines, known) for lines in suspects if lines):
        for path, values in observe(_records_of(batch, filled)).items():
            seen.setdefault(path, values)
        plan = make_plan(form, chosen, seen)
        unfit = _unfit(plan, seen, records)
        frames, slow = ([], [filled]) if unfit else _read_fast(batch, good, _schema(plan.tree()))
    return plan, frames, slow


def _unfit(plan: Plan, seen: Seen, records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the records are not of one shape that a schema could say."""
    return (
        any(unwrap(record) != [record] for record in records)
        or plan.nested
        or any(
            name in TEXT_FIELDS - _READ_AS_JSON and any(isinstance(value, dict | list) for value in seen.get(path, ()))
            for name, paths in plan.paths.items()
            for path in paths
        )
        or _twofold(plan.tree(), seen)
    )


def _grown(tree: Mapping[str, Any], leaves: Sequence[Path], seen: Seen) -> dict[str, Any] | None:
    """The tree with every key seen: read whole, a line can be accounted for. None where a key is an object in one
    record and text in another.
    """
    grown = _copied(tree)
    for path in leaves:
        node: Any = grown
        for key in path[:-1]:
            node = node.setdefault(key, {})
            if node is None:
                return None
        node.setdefault(path[-1], None)
    return None if _twofold(grown, seen) else grown


def _copied(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(inner) if isinstance(inner, dict) else None for key, inner in tree.items()}


def _may_hold_objects(batch: Batch, data: NDArray[np.uint8], lines: int) -> bool:
    """Whether there is a bracket beyond the braces of the lines themselves."""
    return _count(data, "{") != lines or b"[" in batch.data


def _count(data: NDArray[np.uint8], sign: str) -> int:
    """How often a sign stands in the data."""
    window = 1 << 18  # the comparison stays in the processor's cache
    return sum(int(np.count_nonzero(data[at : at + window] == ord(sign))) for at in range(0, data.size, window))


def _unaccounted(batch: Batch, rows: Rownumbers, frame: pl.DataFrame, sampled: Rownumbers) -> Rownumbers:
    """Lines not as long as what was read of them and what a sampled line with the same keys has around that."""
    columns = _leaf_columns(frame)
    lengths = (
        pl.select(pl.sum_horizontal(column.str.len_bytes() for column in columns))
        .to_series()
        .to_numpy()
        .astype(np.int64)
    )
    if b"\\" in batch.data:
        lengths += _escapes(batch, rows)
    around = (batch.ends - batch.starts)[rows] - lengths
    for place, column in enumerate(columns):  # which keys are there
        if column.null_count():
            around += column.is_null().to_numpy().astype(np.int64) * np.int64(pow(3, place + 40, 1 << 62))
    known = _distinct(around[np.isin(rows, sampled, assume_unique=True)])
    return rows[~np.isin(around, known)]


def _escapes(batch: Batch, rows: Rownumbers) -> Rownumbers:
    """How many signs of each line are written with a backslash before them."""
    data = np.frombuffer(batch.data, dtype=np.uint8)
    window = 1 << 18  # the comparison stays in the processor's cache
    found = [np.flatnonzero(data[at : at + window] == ord("\\")) + at for at in range(0, data.size, window)]
    places = np.concatenate(found)
    if not places.size:
        return np.zeros(rows.size, np.int64)
    number = np.arange(places.size)
    first = np.where(np.diff(places, prepend=-2) > 1, number, 0)  # of a run of backslashes every other one is escaped
    places = places[(number - np.maximum.accumulate(first)) % 2 == 0]
    return np.searchsorted(places, batch.ends[rows]) - np.searchsorted(places, batch.starts[rows])


def _leaf_columns(frame: pl.DataFrame) -> list[pl.Series]:
    columns = []
    for column in frame:
        columns += _leaf_columns(column.struct.unnest()) if isinstance(column.dtype, pl.Struct) else [column]
    return columns


def _late_keys(lines: bytes, known: frozenset[str]) -> bool:
    """Whether the lines have a key that could matter and is not among the known ones."""
    pattern = _late_pattern(known)
    try:
        text = pl.Series([lines], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:  # some line is not UTF-8; its bytes are no keys
        text = pl.Series([lines.decode(errors="replace")])
    return bool(text.str.contains(pattern).item())


_late_patterns: dict[frozenset[str], str] = {}


def _late_pattern(known: frozenset[str]) -> str:
    if known not in _late_patterns:
        unknown = [leaf for leaf in last_keys() if normal_name(leaf.replace("[_-]?", "")) not in known]
        _late_patterns[known] = '(?i-u)"(?:' + "|".join(unknown) + ')" ?:'
    return _late_patterns[known]


def sample_records(batch: Batch, limit: int = SAMPLE_LINES) -> tuple[Rownumbers, list[dict[str, Any]]]:
    """Some of the batch's lines, decoded, and their rows: the first fifty and then every so many."""
    count = batch.starts.size
    if not count:
        return np.empty(0, np.int64), []
    rows = _distinct(
        np.concatenate((np.arange(min(50, count)), np.linspace(0, count - 1, num=min(limit, count)).astype(np.int64)))
    )
    found = [(row, value) for row in rows.tolist() if isinstance(value := load(batch.line(row)), dict)]
    return np.array([row for row, _ in found], dtype=np.int64), [value for _, value in found]


def _odd_lines(batch: Batch, data: NDArray[np.uint8], sizes: Rownumbers) -> tuple[NDArray[np.bool_], Rownumbers]:
    """Blank lines, and lines that do not go from `{` to `}`."""
    blank = sizes <= 0
    filled = np.flatnonzero(~blank)
    if not filled.size:
        return blank, filled
    first, last = data[batch.starts[filled]], data[batch.ends[filled] - 1]
    suspects = filled[(first != ord("{")) | (last != ord("}"))]
    other = []
    for row in suspects:
        line = batch.line(int(row)).strip()
        if len(line) <= 2 and not line.strip(b"[],"):  # what holds an array over several lines together
            blank[row] = True
        elif not (line.startswith(b"{") and line.endswith(b"}")):
            other.append(row)
    return blank, _union(np.array(other, dtype=np.int64), _deep_lines(batch, filled))


def _distinct(numbers: Rownumbers) -> Rownumbers:
    """The different ones, ascending; `np.unique` loads masked arrays first, which takes as long as a small log."""
    ordered = np.sort(numbers)
    first = np.ones(ordered.size, np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _union(one: Rownumbers, other: Rownumbers) -> Rownumbers:
    """The different row numbers of both, ascending."""
    return _distinct(np.concatenate((one, other)).astype(np.int64))


def _deep_lines(batch: Batch, filled: Rownumbers) -> Rownumbers:
    """Lines that are nested too deeply: polars would read them as if they were not."""
    signs = np.frombuffer(batch.data, dtype=np.uint8)
    if _count(signs, "[") + _count(signs, "{") <= max(filled.size, DEEPEST):
        return np.empty(0, np.int64)
    opening = np.flatnonzero((signs == ord("{")) | (signs == ord("[")))
    inside = np.searchsorted(opening, batch.ends[filled]) - np.searchsorted(opening, batch.starts[filled])
    many = filled[inside > DEEPEST].tolist()
    return np.array([row for row in many if load(batch.line(row)) is None], dtype=np.int64)


def _records_of(batch: Batch, rows: Rownumbers) -> Iterator[dict[str, Any]]:
    for row in rows:
        value = load(batch.line(int(row)))
        if isinstance(value, dict):
            yield value


def _twofold(tree: Mapping[str, Any], seen: Mapping[Path, Sequence[Any]], above: Path = ()) -> bool:
    """Whether a key of which inner keys are wanted was also seen as text or list."""
    return any(
        isinstance(inner, dict)
        and (
            any(not isinstance(value, dict) for value in seen.get((*above, key), ()))
            or _twofold(inner, seen, (*above, key))
        )
        for key, inner in tree.items()
    )


def _schema(tree: Mapping[str, Any]) -> pl.Schema:
    return pl.Schema(
        {key: pl.Struct(_schema(inner)) if isinstance(inner, dict) else pl.String() for key, inner in tree.items()}
    )


def _read_fast(
    batch: Batch, rows: Rownumbers, schema: pl.Schema
) -> tuple[list[tuple[Rownumbers, pl.DataFrame]], list[Rownumbers]]:
    """Frames of the lines polars reads, with their rows; and the rows of blocks in which it does not."""
    if not rows.size or not schema:
        return [], [rows] if rows.size else []
    whole = _read_block(batch.data if rows.size == batch.starts.size else _joined(batch, rows), rows.size, schema)
    if whole is not None:
        return [(rows, whole)], []
    frames, slow, good = [], [], []
    for block in np.array_split(rows, min(_BLOCKS, rows.size)):
        frame = _read_block(_joined(batch, block), block.size, schema)
        if frame is None:
            fine = np.array([row for row in block if _is_json(batch.line(int(row)))], dtype=np.int64)
            good.append(fine)
            slow.append(np.setdiff1d(block, fine, assume_unique=True))
        else:
            frames.append((block, frame))
    again = np.concatenate(good) if good else np.empty(0, np.int64)
    if again.size:
        frame = _read_block(_joined(batch, again), again.size, schema)
        if frame is None:
            slow.append(again)
        else:
            frames.append((again, frame))
    return frames, slow


def _joined(batch: Batch, rows: Rownumbers) -> bytes:
    """Some lines as they stand; neighbours are taken together."""
    if not rows.size:
        return b""
    cuts = np.flatnonzero(np.diff(rows) != 1) + 1
    first, last = (
        batch.starts[rows[np.concatenate(([0], cuts))]],
        batch.ends[rows[np.concatenate((cuts - 1, [rows.size - 1]))]],
    )
    return b"\n".join([batch.data[start:end] for start, end in zip(first.tolist(), last.tolist(), strict=True)])


def _read_block(data: bytes, count: int, schema: pl.Schema) -> pl.DataFrame | None:
    """The lines of `data` by polars; None where it stumbles or sees another number of lines."""
    try:
        frame = pl.read_ndjson(io.BytesIO(data), schema=schema)
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.height == count else None


def _flatten(
    batch: Batch, rows: Rownumbers, frame: pl.DataFrame, plan: Plan, *, structured: bool
) -> tuple[pl.DataFrame, Rownumbers]:
    """Raw fields from the nested frame, without the rows that need a second look: returned apart."""
    doubtful = pl.Series([False]).new_from_index(0, frame.height)
    for key, dtype in frame.schema.items():
        if isinstance(dtype, pl.Struct):
            doubtful |= _lost_struct(batch, rows, frame[key], key)
    columns, objects = [], []
    for name, paths in plan.paths.items():
        values = []
        for path in paths:
            value = pl.col(path[0])
            for key in path[1:]:
                value = value.struct.field(key)
            values.append(value)
        columns.append(best_of(values).alias(name))
        objects += [value.str.contains(r"^[\[{]") for value in values if name not in _READ_AS_JSON]
    if objects and structured:
        doubtful |= frame.select(pl.any_horizontal(objects).fill_null(value=False)).to_series()
    flat = (
        frame.select(pl.Series("row", rows, dtype=pl.UInt32), *columns)
        if columns
        else pl.DataFrame({"row": rows}, schema={"row": pl.UInt32})
    )
    for name in ("started_at", "account_id"):  # may lie inside a wrapper
        if name in flat.columns:
            doubtful |= flat[name].is_null()
    if doubtful.any():
        return flat.filter(~doubtful), rows[doubtful.to_numpy()]
    return flat, np.empty(0, np.int64)


def _lost_struct(batch: Batch, rows: Rownumbers, column: pl.Series, key: str) -> pl.Series:
    """Rows whose object polars gave up as null although the line has the key: it may be text or a list there."""
    empty = column.is_null()
    inner_null = column.struct.unnest()
    for name, dtype in inner_null.schema.items():
        if isinstance(dtype, pl.Struct):
            empty |= _has_key(batch, rows, name, inner_null[name].is_null())
    return _has_key(batch, rows, key, empty)


def _has_key(batch: Batch, rows: Rownumbers, key: str, among: pl.Series) -> pl.Series:
    """Which of some rows have a key anywhere in their line."""
    places = among.arg_true()
    if not places.len():
        return among
    lines = pl.Series([batch.line(row) for row in rows[places.to_numpy()].tolist()], dtype=pl.Binary)
    return among.scatter(places, lines.bin.contains(orjson.dumps(key)))


def _is_json(line: bytes) -> bool:
    """Whether a line is JSON as it stands."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _read_slowly(batch: Batch, rows: Rownumbers, form: Format, plan: Plan, blank: NDArray[np.bool_]) -> Rows:
    """Line by line with orjson: finds every bad line and says why."""
    collector = Collector(form, plan)
    bad: list[tuple[int, str]] = []
    passed = np.flatnonzero(blank).tolist()
    extra = 0
    last = batch.starts.size - 1
    for row in rows.tolist():
        line = batch.line(row)
        try:
            value = decode(line)
        except orjson.JSONDecodeError:
            several = split_values(line) if b"}{" in line or b"} {" in line else None
            if several is None or len(several) < 2 or not all(isinstance(one, dict | list) for one in several):
                bad.append((row, CUT_OFF if row == last and not batch.complete else why_not_json(line)))
                continue
            value = several
        extra += collector.take_value(value, row, bad, passed)
    return Rows(collector.frame(), bad, passed, extra, collector.kinds)
