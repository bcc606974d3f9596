"""SQL over the tables of a case, in DuckDB: hashes as reports print them, nothing written, nothing else read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from forensics.common.schema import Table

_TYPES = {
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
    pl.Float64: "DOUBLE",
    pl.Float32: "FLOAT",
    pl.UInt16: "USMALLINT",
    pl.UInt32: "UINTEGER",
    pl.UInt64: "UBIGINT",
}


def run_sql(files: Mapping[str, Sequence[Path]], query: str) -> pl.DataFrame:
    """The answer to a query over tables stored in these files.

    Raises: UsageError where DuckDB is not installed or the query cannot be answered.
    """
    try:
        import duckdb
    except ImportError as error:
        raise UsageError("SQL needs DuckDB, which is not installed", "pip install 'forensics[sql]'") from error
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        for name, paths in files.items():
            _create_view(connection, TABLES[name], paths)
        folders = sorted({str(path.parent.absolute()) for paths in files.values() for path in paths})
        connection.execute(f"SET allowed_directories = [{', '.join(_quoted(folder) for folder in folders)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        statements = connection.extract_statements(query)
        if [statement.type.name for statement in statements] != ["SELECT"]:
            raise UsageError("one query that reads is asked for", "a case is not changed by SQL: SELECT …")
        answer = connection.sql(query)
        frame = pl.from_arrow(answer.to_arrow_table())
    except duckdb.Error as error:
        known = ", ".join(TABLES)
        raise UsageError(f"DuckDB says: {str(error).splitlines()[0]}", f"tables: {known}") from error
    finally:
        connection.close()
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _create_view(connection: Any, table: Table, paths: Sequence[Path]) -> None:  # noqa: ANN401 - DuckDB ships no types
    stored = {name for path in paths for name in pl.read_parquet_schema(path)}
    columns = []
    for name, column in table.columns.items():
        plain = f'"{name}"' if name in stored else f"CAST(NULL AS {_sql_type(column.dtype)})"
        if name.endswith("_hash") or name.startswith("reasoning_hash"):
            plain = f"printf('%016x', {plain})" if column.dtype == pl.UInt64 and name in stored else plain
        columns.append(f'{plain} AS "{name}"')
    columns += [f'"{name}"' for name in sorted(stored - set(table.columns))]
    source = ", ".join(_quoted(str(path.absolute())) for path in paths)
    rows = f"FROM read_parquet([{source}], union_by_name = true)" if paths else "WHERE false"
    connection.execute(f'CREATE VIEW "{table.name}" AS SELECT {", ".join(columns)} {rows}')


def _sql_type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "TIMESTAMPTZ"
    if isinstance(dtype, pl.List):
        return f"{_sql_type(dtype.inner)}[]" if isinstance(dtype.inner, pl.DataType) else "VARCHAR[]"
    return next((name for kind, name in _TYPES.items() if dtype == kind), "VARCHAR")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
