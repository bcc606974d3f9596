"""Logs in Parquet: rows are counted instead of lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from forensics.common.errors import InputError
from forensics.reading.containers.records import Collector, Rows, as_text
from forensics.reading.opening.sources import ANY_SIZE, MOST_FOLD

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from forensics.reading.fields.format import Format
    from forensics.reading.fields.plan import Plan


PARQUET_ROWS: Final = 65_536
LARGEST_GROUP: Final = 8 << 30  # bytes of a row group, unfolded: they are read a column at a time


def is_parquet(path: str) -> bool:
    """Whether the file says it is Parquet."""
    with Path(path).open("rb") as handle:
        return handle.read(4) == b"PAR1"


def refuse_bomb(path: str, file: pq.ParquetFile, size: int) -> None:
    """A small file may say that it holds billions of rows, or gigabytes in a column.

    In:    file: a ParquetFile, opened but not read.
    Raises: InputError where it unfolds to more than any log.
    """
    told = file.metadata
    groups = [told.row_group(number) for number in range(told.num_row_groups)]
    largest = max((group.total_byte_size for group in groups), default=0)
    most = max(ANY_SIZE, MOST_FOLD * size)
    if told.num_rows > most or sum(group.total_byte_size for group in groups) > most or largest > LARGEST_GROUP:
        raise InputError(f"{path} unfolds to more than {MOST_FOLD:,} times its size, as no log does")


def as_frame(part: pa.RecordBatch, path: str) -> pl.DataFrame:
    """Rows of the file as it is read, as columns with dotted names.

    Raises: InputError where its columns are none that can be told apart or read: names given twice, unknown zones.
    """
    try:
        return flatten_frame(pl.DataFrame(pl.from_arrow(part)))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InputError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from error


def flatten_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """Struct columns taken apart into dotted names."""
    while structs := [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Struct)]:
        for name in structs:
            inner = frame[name].struct.fields
            frame = frame.with_columns(pl.col(name).struct.rename_fields([f"{name}.{key}" for key in inner])).unnest(
                name
            )
    return frame


def parquet_rows(frame: pl.DataFrame, form: Format, plan: Plan) -> Rows:
    """Raw fields of Parquet rows."""
    if form.read is not None or form.only:
        collector = Collector(form, plan)
        bad: list[tuple[int, str]] = []
        passed: list[int] = []
        for row, record in enumerate(frame.iter_rows(named=True)):
            collector.take(record, row, bad, passed)
        return Rows(collector.frame(), bad, passed, kinds=collector.kinds)
    columns = []
    for name, paths in plan.paths.items():
        there = [".".join(path) for path in paths if ".".join(path) in frame.columns]
        if there:
            columns.append(pl.coalesce(_parquet_text(frame.schema[column], column) for column in there).alias(name))
    return Rows(frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), *columns))


def _parquet_text(dtype: pl.DataType, name: str) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return (
            column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
            if dtype.time_zone
            else column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
        )
    if isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner
        if inner == pl.String or inner.is_numeric():
            return pl.concat_str(pl.lit("["), column.cast(pl.List(pl.String)).list.join(","), pl.lit("]"))
        return column.map_elements(
            lambda value: as_text(value.to_list() if isinstance(value, pl.Series) else value), return_dtype=pl.String
        )
    if dtype == pl.Binary:
        return column.bin.encode("hex")
    return column.cast(pl.String, strict=False)
