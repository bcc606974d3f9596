"""Addresses → autonomous system and country, offline, from the user's own .mmdb files. What the log says stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import maxminddb
import polars as pl

from forensics.common.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Database:
    """One opened .mmdb: what it is and when it was built."""

    path: str
    kind: str
    built_at: datetime
    reader: maxminddb.Reader


def open_databases(paths: Sequence[str]) -> tuple[Database, ...]:
    """The databases, opened.

    Raises: UsageError for a file that is none.
    """
    found = []
    for path in paths:
        if not Path(path).is_file():
            raise UsageError(f"{path}: no such address database", "give an existing .mmdb file")
        try:
            reader = maxminddb.open_database(path, maxminddb.MODE_AUTO)
        except (OSError, TypeError, ValueError, KeyError, maxminddb.InvalidDatabaseError) as error:
            raise UsageError(
                f"{path} is not an address database: {error}", "give a .mmdb file (GeoLite2, DB-IP, IPinfo, …)"
            ) from error
        meta = reader.metadata()
        try:
            built = datetime.fromtimestamp(meta.build_epoch, UTC)
        except (ValueError, OverflowError, OSError, TypeError) as error:
            raise UsageError(f"{path} is damaged: it does not say when it was built", "fetch it anew") from error
        found.append(Database(path, meta.database_type, built, reader))
    return tuple(found)


def _place(record: Any) -> tuple[int | None, str | None, str | None]:  # noqa: ANN401 - each vendor has its own shape
    if not isinstance(record, dict):
        return None, None, None
    number = record.get("autonomous_system_number") or record.get("asn")
    if isinstance(number, str):
        number = int(number.upper().removeprefix("AS")) if number.upper().removeprefix("AS").isdigit() else None
    name = record.get("autonomous_system_organization") or record.get("as_name") or record.get("name")
    country = record.get("country") or record.get("country_code")
    if isinstance(country, dict):
        country = country.get("iso_code")
    code = str(country).upper() if isinstance(country, str) and len(country) == 2 else None
    return (int(number) if isinstance(number, int) else None), (str(name) if name else None), code


def locate(events: pl.DataFrame, databases: Sequence[Database]) -> pl.DataFrame:
    """The events with client_asn, client_as_name and client_country filled in where they were null. Each distinct
    address or prefix is looked up once.
    """
    if not databases or not events.height:
        return events
    where = events.select(
        address=pl.coalesce("client_address", pl.col("client_prefix").str.replace(r"/\d+$", ""))
    ).to_series()
    unique = where.drop_nulls().unique().to_list()
    rows: list[tuple[str, int | None, str | None, str | None]] = []
    for address in unique:
        asn, name, country = None, None, None
        for database in databases:
            try:
                one = _place(database.reader.get(address))
            except ValueError:  # IPv6 in a database of IPv4
                continue
            except (maxminddb.InvalidDatabaseError, UnicodeDecodeError, IndexError, RecursionError) as error:
                raise UsageError(
                    f"{database.path} is damaged: {str(error)[:80]}", "fetch it anew, or leave out --database"
                ) from error
            asn, name, country = asn or one[0], name or one[1], country or one[2]
        rows.append((address, asn, name, country))
    table = pl.DataFrame(
        rows, schema={"address": pl.String, "asn": pl.UInt32, "as_name": pl.String, "country": pl.String}, orient="row"
    )
    found = where.to_frame().join(table, on="address", how="left", maintain_order="left")
    return events.with_columns(
        pl.coalesce("client_asn", found["asn"]).alias("client_asn"),
        pl.coalesce("client_as_name", found["as_name"]).alias("client_as_name"),
        pl.coalesce("client_country", found["country"]).alias("client_country"),
    )
