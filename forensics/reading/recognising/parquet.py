"""Which format a Parquet file is in: told from its first rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.errors import InputError
from forensics.reading.containers.parquet import as_frame, parquet_rows
from forensics.reading.fields.account_aliases import is_register
from forensics.reading.fields.plan import observe
from forensics.reading.recognising.candidates import by_records
from forensics.reading.recognising.catalogue import all_formats
from forensics.reading.recognising.recognise import recognise, why_nothing
from forensics.reading.recognising.settling import settle

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from forensics.reading.recognising.reader import Reader, Wishes


def parquet_reader(file: pq.ParquetFile, path: str, wishes: Wishes) -> Reader:
    """The reader for a Parquet file, from its first rows."""
    first = next(file.iter_batches(batch_size=500), None)
    frame = as_frame(first, path) if first is not None else pl.DataFrame()
    records = [
        {name: value for name, value in row.items() if value is not None}
        for row in frame.head(200).iter_rows(named=True)
    ] or [dict.fromkeys(frame.columns)]

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
    reader = settle(reader, parquet_rows(frame, reader.form, reader.plan))
    if reader.confidence == 0.0 and frame.height:
        raise InputError(
            f"{path}: {why_nothing(reader, b'x')}",
            f"see `forensics formats test {path}`; a mapping file can say which field is which",
        )
    return reader
