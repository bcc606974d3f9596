"""The accounts file (CSV, JSON lines, Parquet) → REGISTER. Every part of it is optional but the account."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from forensics.common.errors import InputError
from forensics.common.schema import OBSERVABLE_PREFIX, REGISTER
from forensics.common.stores import at_hand, refuse_wrong, spell
from forensics.reading.accounts.mailboxes import flag_domains
from forensics.reading.cleaning.identities import one_identity
from forensics.reading.cleaning.secrets import hide_in
from forensics.reading.cleaning.times import read_times
from forensics.reading.cleaning.values import nothing, number, read_addresses
from forensics.reading.containers.decoded import mend_surrogates
from forensics.reading.fields.account_aliases import BY_NAME
from forensics.reading.fields.aliases import normal_name
from forensics.reading.fields.json_values import load_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


_BANNED_STATES: Final = (
    r"(?i)\b(?:bann?ed|suspend\w*|blocked|terminated|enforced|disabled_for_abuse|fraud\w*|abuse\w*)\b"
)

_TIMES: Final = ("created_at", "closed_at", "banned_at")


def read_register(
    path: Path, unify: Callable[[pl.Series], pl.Series] | None = None, chosen: dict[str, str] | None = None
) -> pl.DataFrame:
    """REGISTER rows of an accounts file, one an account: where a file has several rows for one, the last word of each
    column counts.

    `closed_at` with a status of banned or suspended is a ban. An e-mail address gives its domain and hash and is not
    kept; the domain says whether it hands out throw-away mailboxes.
    Raises: InputError for a file that cannot be read or names no account.
    """
    raw = _from_account_events(_read_table(path))
    found = _columns(raw.columns, chosen or {})
    if "account_id" not in found:
        raise InputError(
            f"{path}: no column names the account", f"call it account_id; its columns are: {', '.join(raw.columns)}"
        )
    clean = raw.select(
        nothing(pl.col(names[0]) if len(names) == 1 else pl.coalesce(nothing(pl.col(name)) for name in names)).alias(
            column
        )
        for column, names in found.items()
    )
    clean = clean.filter(pl.col("account_id").is_not_null())
    if unify is not None:
        clean = clean.with_columns(unify(clean["account_id"]).alias("account_id"))
    one, _ = one_identity(clean["account_id"], untouched=unify is None)
    clean = clean.with_columns(one.alias("account_id"))
    whole = clean.with_columns(value.alias(name) for name, value in _cleaned(clean).items())
    if "banned_at" in found:  # `banned` may be yes or no, with the time in closed_at
        said = clean["banned_at"].str.to_lowercase().is_in(["true", "yes", "1", "t", "y"])
        whole = whole.with_columns(said.alias("said_banned"))
    told = _last_words(_tell_bans(whole), [name for name in raw.columns if name.startswith(OBSERVABLE_PREFIX)])
    return hide_in(told, [name for name, dtype in told.schema.items() if dtype == pl.String])


def _cleaned(clean: pl.DataFrame) -> dict[str, pl.Series | pl.Expr]:
    """Times, limits, countries, mail domains, hashes and addresses as REGISTER has them."""
    columns: dict[str, pl.Series | pl.Expr] = {}
    for name in _TIMES:
        if name in clean.columns:
            columns[name] = read_times(clean[name]).alias(name)
    for name in ("limit_per_minute", "limit_per_day"):
        if name in clean.columns:
            columns[name] = number(pl.col(name).str.extract(r"^([\d.]+)", 1), pl.Float64)
    for name in ("country", "payment_country"):
        if name in clean.columns:
            columns[name] = pl.col(name).str.to_uppercase()
    if "email_domain" in clean.columns or "email" in clean.columns:
        domains = [
            pl.col(name).str.extract(r"@?([^@\s]+)$", 1).str.to_lowercase()
            for name in ("email_domain", "email")
            if name in clean.columns
        ]
        columns["email_domain"] = pl.coalesce(domains)
        columns["email_disposable"] = flag_domains(clean.select(columns["email_domain"].alias("domain"))["domain"])
    for given, name in (("email", "email_hash"), ("phone", "phone_hash")):
        if given in clean.columns and name not in clean.columns:
            columns[name] = pl.col(given).map_elements(_digest, return_dtype=pl.String)
    if "signup_address" in clean.columns:
        address, prefix = read_addresses(clean["signup_address"])
        columns["signup_address"] = address
        columns["signup_prefix"] = prefix
    return columns


def _last_words(whole: pl.DataFrame, extra: Sequence[str]) -> pl.DataFrame:
    """One row per account: of each column the last that says something."""
    kept = [
        pl.col(name) if name in whole.columns else pl.lit(None, column.dtype).alias(name)
        for name, column in REGISTER.columns.items()
    ]
    table = whole.select(*kept, *(pl.col(name) for name in extra if name in whole.columns))
    last = [pl.col(name).drop_nulls().last() for name in table.columns if name != "account_id"]
    return (
        table.group_by("account_id", maintain_order=True)
        .agg(last)
        .select(table.columns)
        .cast({name: column.dtype for name, column in REGISTER.columns.items()})
    )


_SIGNUP_ONLY: Final = {
    "Timestamp": "created_at",
    "ClientIP": "signup_address",
    "ClientCountry": "country",
    "UserAgent": "signup_user_agent",
}


def _from_account_events(raw: pl.DataFrame) -> pl.DataFrame:
    """Cloudflare's account events (dataset account_abuse_protection_events) as rows of accounts; other files stay as
    they are.

    A sign-up tells the opening, its address and its client; mail and device come from any event, best from the sign-up.
    """
    if not {"EventType", "UserID", "Timestamp"} <= set(raw.columns):
        return raw
    signup = pl.col("EventType").str.to_lowercase() == "signup"
    told = [pl.when(signup).then(given).alias(name) for given, name in _SIGNUP_ONLY.items() if given in raw.columns]
    anyway = {
        name: given
        for given, name in (("UserID", "account_id"), ("Email", "email"), ("EphemeralID", "device_id"))
        if given in raw.columns
    }
    return raw.sort(signup, maintain_order=True).select(
        *(pl.col(given).alias(name) for name, given in anyway.items()), *told
    )


def _tell_bans(table: pl.DataFrame) -> pl.DataFrame:
    """`closed_at` of an account whose status says banned becomes `banned_at`."""
    banned = pl.lit(value=False)
    if "status" in table.columns:
        banned = pl.col("status").str.contains(_BANNED_STATES).fill_null(value=False)
    if "said_banned" in table.columns:
        banned = banned | pl.col("said_banned").fill_null(value=False)
    if "closed_at" not in table.columns:
        return table
    ban = pl.col("banned_at") if "banned_at" in table.columns else pl.lit(None, REGISTER.columns["banned_at"].dtype)
    moved = banned & ban.is_null()
    return table.with_columns(
        banned_at=pl.when(moved).then("closed_at").otherwise(ban), closed_at=pl.when(~moved).then("closed_at")
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()[:32]


def _columns(names: Sequence[str], chosen: dict[str, str]) -> dict[str, list[str]]:
    """Column of REGISTER (or email, phone) → columns of the file, best first."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        if name.startswith(OBSERVABLE_PREFIX):
            ranked[name] = [(0, name)]
            continue
        match = BY_NAME.get(normal_name(name))
        if match is not None:
            ranked.setdefault(match[0], []).append((match[1], name))
    found = {column: [name for _, name in sorted(places)] for column, places in ranked.items()}
    found.update({column: [name] for column, name in chosen.items() if name in names})
    return found


def _read_table(path: Path) -> pl.DataFrame:
    """All columns of the file as text; nested objects with dotted names."""
    refuse_wrong(spell(path))
    try:
        with at_hand(path) as here:
            with here.open("rb") as handle:
                parquet = handle.read(4) == b"PAR1"
            if parquet:
                frame = pl.read_parquet(here, glob=False)
                return frame.select(_as_text(pl.col(name), dtype) for name, dtype in frame.schema.items())
            data = _decompressed(here)
    except OSError as error:
        raise InputError(
            f"cannot read the accounts file {path}: {error.strerror}",
            "give an existing CSV, JSON-lines or Parquet file to --accounts",
        ) from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from error
    text = mend_surrogates(data).decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise InputError(f"{path} is empty", "give a file with at least a column of account ids")
    records = _json_records(text, path) if text.lstrip()[:1] in {"{", "["} else _csv_records(text, path)
    names = list(dict.fromkeys(name for record in records for name in record))
    return pl.DataFrame(
        {name: [record.get(name) for record in records] for name in names}, schema=dict.fromkeys(names, pl.String)
    )


def _as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return column.dt.to_string("iso:strict") if isinstance(dtype, pl.Datetime) else column.cast(pl.String, strict=False)


def _decompressed(path: Path) -> bytes:
    from forensics.reading.opening.sources import open_source

    stream = open_source(str(path))
    with stream.handle:
        return b"".join(stream.blocks())


def _json_records(text: str, path: Path) -> list[dict[str, str | None]]:
    try:
        whole = load_value(text)
        items = (
            whole
            if isinstance(whole, list)
            else next((value for value in whole.values() if isinstance(value, list)), [whole])
        )
    except orjson.JSONDecodeError:
        items = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                items.append(load_value(line))
            except orjson.JSONDecodeError as error:
                raise InputError(
                    f"{path}:{number}: not valid JSON: {error.msg}",
                    "mend or remove the line: an account left out is one that nothing is known of",
                ) from error
    return [_flat(item) for item in items if isinstance(item, dict)]


def _flat(item: dict[str, Any], above: str = "") -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for key, value in item.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{above}{key}.")
        else:
            flat[above + key] = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return flat


def _csv_records(text: str, path: Path) -> list[dict[str, str | None]]:
    first = text.splitlines()[0]
    delimiter = max(",;\t|", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [re.sub(r"\s+", "_", name.strip()) for name in next(rows)]
        return [dict(zip(header, (cell or None for cell in row), strict=False)) for row in rows if row]
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num}: not valid CSV: {error}") from error
