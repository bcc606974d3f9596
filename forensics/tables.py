"""Logs in Parquet: rows are counted instead of lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from forensics.errors import InputError
from forensics.recognise import Reader, Wishes, all_formats, by_records, is_register, recognise, settle, why_nothing
from forensics.records import Collector, Rows, as_text, observe

if TYPE_CHECKING:
    import pyarrow.parquet as pq

PARQUET_ROWS: Final = 65_536


def is_parquet(path: str) -> bool:
    """Whether the file says it is Parquet."""
    with Path(path).open("rb") as handle:
        return handle.read(4) == b"PAR1"


def flatten_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """Struct columns taken apart into dotted names."""
    while structs := [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Struct)]:
        for name in structs:
            inner = frame[name].struct.fields
            frame = frame.with_columns(pl.col(name).struct.rename_fields([f"{name}.{key}" for key in inner])).unnest(name)
    return frame


def parquet_reader(file: pq.ParquetFile, path: str, wishes: Wishes) -> Reader:
    """The reader for a Parquet file, from its first rows."""
    first = next(file.iter_batches(batch_size=500), None)
    frame = flatten_frame(pl.DataFrame(pl.from_arrow(first))) if first is not None else pl.DataFrame()
    records = [{name: value for name, value in row.items() if value is not None} for row in frame.head(200).iter_rows(named=True)] or [
        dict.fromkeys(frame.columns)
    ]

    base = recognise(b'{"a":0}', path, replace(wishes, format_name="flat"))
    base.container = "parquet"
    seen = observe(records) | {(name,): () for name in frame.columns if all(name not in record for record in records)}
    forms = all_formats(wishes.folders)
    found = by_records(records, base, forms, wishes.format_name if wishes.format_name in forms else None)
    reader = found[0]
    reader.seen = seen
    if reader.form.refuse:
        raise InputError(f"{path}: {reader.form.title}: {reader.form.refuse}")

    if reader.form.name == "flat" and is_register(reader.plan, seen):
        raise InputError(f"{path} looks like a list of accounts, not of requests", f"give it with --accounts {path}")
    reader = settle(reader, parquet_rows(frame, reader))
    if reader.confidence == 0.0 and frame.height:
        raise InputError(f"{path}: {why_nothing(reader, b'x')}", f"see `forensics formats test {path}`; a mapping file can say which field is which")
    return reader


def parquet_rows(frame: pl.DataFrame, reader: Reader) -> Rows:
    """Raw fields of Parquet rows."""
    if reader.form.read is not None:
        collector = Collector(reader.form, reader.plan)
        bad: list[tuple[int, str]] = []
        passed: list[int] = []
        for row, record in enumerate(frame.iter_rows(named=True)):
            collector.take(record, row, bad, passed)
        return Rows(collector.frame(), bad, passed)
    columns = []
    for name, paths in reader.plan.paths.items():
        there = [".".join(path) for path in paths if ".".join(path) in frame.columns]
        if there:
            columns.append(pl.coalesce(_parquet_text(frame.schema[column], column) for column in there).alias(name))
    return Rows(frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), *columns))


def _parquet_text(dtype: pl.DataType, name: str) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ") if dtype.time_zone else column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    if isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner
        if inner == pl.String or inner.is_numeric():
            return pl.concat_str(pl.lit("["), column.cast(pl.List(pl.String)).list.join(","), pl.lit("]"))
        return column.map_elements(lambda value: as_text(value.to_list() if isinstance(value, pl.Series) else value), return_dtype=pl.String)
    if dtype == pl.Binary:
        return column.bin.encode("hex")
    return column.cast(pl.String, strict=False)
