"""The accounts file (CSV, JSON lines, Parquet) → REGISTER. Every part of it is optional but the account."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from forensics.errors import InputError
from forensics.fields import normal_name
from forensics.mailboxes import flag_domains
from forensics.records import mend_surrogates
from forensics.schema import OBSERVABLE_PREFIX, REGISTER
from forensics.times import read_times
from forensics.values import nothing, number, read_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_NAMES: Final[dict[str, str]] = {
    "account_id": """
        account_id account account_uid account_uuid acct_id acct customer_id customer user_id user user.id uid tenant_id tenant principal_id
        principal username user_name consumer_id consumer subscriber_id arn id
    """,
    "created_at": """
        created_at created creation_time created_time create_time created_on date_created creation_date signup_at signed_up_at signup_time
        signup_date sign_up_date registered_at registration_time registration_date opened_at joined_at account_created_at start_date opened
    """,
    "closed_at": """
        closed_at closed closed_time closing_time closed_on close_date deleted_at deleted deactivated_at terminated_at ended_at cancelled_at
        canceled_at disabled_at end_date expires_at
    """,
    "banned_at": """
        banned_at banned ban_time banned_time banned_on ban_date suspended_at suspension_time suspended_on blocked_at enforced_at enforcement_at
        terminated_for_cause_at actioned_at
    """,
    "status": "status state account_status account_state lifecycle standing",
    "organization_id": """
        organization_id organisation_id organization organisation org_id org org_uuid company_id company company_name organization_name org_name
    """,
    "parent_id": """
        parent_id parent parent_account parent_account_id parent_org parent_organization parent_organization_id declared_parent contract_id contract
        master_account platform_customer billing_parent
    """,
    "plan": "plan tier plan_name subscription subscription_plan subscription_tier product plan_id account_type rate_limit_tier",
    "country": "country country_code declared_country signup_country billing_country account_country sign_up_country",
    "email_domain": "email_domain mail_domain domain signup_email_domain user_email_domain",
    "email": "email e_mail email_address mail user_email signup_email contact_email",
    "email_hash": "email_hash email_sha256 hashed_email mail_hash email_fingerprint",
    "phone_hash": "phone_hash phone_sha256 hashed_phone phone_fingerprint",
    "phone": "phone phone_number mobile msisdn telephone",
    "payment_id": """
        payment_id payment payment_hash payment_fingerprint payment_method_fingerprint payment_method_id payment_method payment_instrument
        payment_instrument_id card card_id card_hash card_fingerprint card_fp payment_fp billing_id billing_fingerprint billing_hash iban_hash
        wallet
    """,
    "payment_country": "payment_country card_country billing_country_code payment_method_country issuer_country",
    "signup_address": """
        signup_address signup_ip sign_up_ip signup_ip_address registration_ip registered_ip created_ip creation_ip ip ip_address signup_client_ip
        register_ip first_ip
    """,
    "signup_prefix": "signup_prefix signup_subnet signup_ip_prefix",
    "signup_user_agent": "signup_user_agent signup_ua registration_user_agent user_agent ua",
    "device_id": "device_id device device_fingerprint signup_device signup_device_id fingerprint ephemeral_id",
    "reseller_id": "reseller_id reseller sold_by channel partner partner_id distributor sales_channel",
    "referrer": """
        referrer referrer_code referral referral_code coupon coupon_code promo promo_code promotion invite_code invite voucher campaign event_code
        class_code referred_by
    """,
    "limit_per_minute": "limit_per_minute rpm rpm_limit requests_per_minute rate_limit rate_limit_rpm max_rpm limit_rpm",
    "limit_per_day": "limit_per_day rpd rpd_limit requests_per_day daily_limit daily_quota max_rpd limit_rpd",
}
ALIASES: Final[dict[str, tuple[str, ...]]] = {column: tuple(names.split()) for column, names in _NAMES.items()}
_BY_NAME = {normal_name(name): (column, place) for column, names in reversed(ALIASES.items()) for place, name in reversed(list(enumerate(names)))}
_BANNED_STATES: Final = r"(?i)\b(?:bann?ed|suspend\w*|blocked|terminated|enforced|disabled_for_abuse|fraud\w*|abuse\w*)\b"
_TIMES: Final = ("created_at", "closed_at", "banned_at")


def read_register(path: Path, unify: Callable[[pl.Series], pl.Series] | None = None, chosen: dict[str, str] | None = None) -> pl.DataFrame:
    """REGISTER rows of an accounts file, one an account: where a file has several rows for one, the last word of each column counts.

    `closed_at` with a status of banned or suspended is a ban. An e-mail address gives its domain and hash and is not kept;
    the domain says whether it hands out throw-away mailboxes.
    Raises: InputError for a file that cannot be read or names no account.
    """
    raw = _from_account_events(_read_table(path))
    found = _columns(raw.columns, chosen or {})
    if "account_id" not in found:
        raise InputError(f"{path}: no column names the account", f"call it account_id; its columns are: {', '.join(raw.columns)}")
    clean = raw.select(
        nothing(pl.col(names[0]) if len(names) == 1 else pl.coalesce(nothing(pl.col(name)) for name in names)).alias(column) for column, names in found.items()
    )
    clean = clean.filter(pl.col("account_id").is_not_null())
    if unify is not None:
        clean = clean.with_columns(unify(clean["account_id"]).alias("account_id"))
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
        domains = [pl.col(name).str.extract(r"@?([^@\s]+)$", 1).str.to_lowercase() for name in ("email_domain", "email") if name in clean.columns]
        columns["email_domain"] = pl.coalesce(domains)
        columns["email_disposable"] = flag_domains(clean.select(columns["email_domain"].alias("domain"))["domain"])
    for given, name in (("email", "email_hash"), ("phone", "phone_hash")):
        if given in clean.columns and name not in clean.columns:
            columns[name] = pl.col(given).map_elements(_digest, return_dtype=pl.String)
    if "signup_address" in clean.columns:
        address, prefix = read_addresses(clean["signup_address"])
        columns["signup_address"] = address
        columns["signup_prefix"] = prefix
    whole = clean.with_columns(value.alias(name) for name, value in columns.items())
    if "banned_at" in found:  # `banned` may be yes or no, with the time in closed_at
        said = clean["banned_at"].str.to_lowercase().is_in(["true", "yes", "1", "t", "y"])
        whole = whole.with_columns(said.alias("said_banned"))
    whole = _tell_bans(whole)
    extra = [name for name in raw.columns if name.startswith(OBSERVABLE_PREFIX)]
    kept = [pl.col(name) if name in whole.columns else pl.lit(None, column.dtype).alias(name) for name, column in REGISTER.columns.items()]
    table = whole.select(*kept, *(pl.col(name) for name in extra if name in whole.columns))
    last = [pl.col(name).drop_nulls().last() for name in table.columns if name != "account_id"]
    return (
        table.group_by("account_id", maintain_order=True)
        .agg(last)
        .select(table.columns)
        .cast({name: column.dtype for name, column in REGISTER.columns.items()})
    )


_SIGNUP_ONLY: Final = {"Timestamp": "created_at", "ClientIP": "signup_address", "ClientCountry": "country", "UserAgent": "signup_user_agent"}


def _from_account_events(raw: pl.DataFrame) -> pl.DataFrame:
    """Cloudflare's account events (dataset account_abuse_protection_events) as rows of accounts; other files stay as they are.

    A sign-up tells the opening, its address and its client; mail and device come from any event, best from the sign-up.
    """
    if not {"EventType", "UserID", "Timestamp"} <= set(raw.columns):
        return raw
    signup = pl.col("EventType").str.to_lowercase() == "signup"
    told = [pl.when(signup).then(given).alias(name) for given, name in _SIGNUP_ONLY.items() if given in raw.columns]
    anyway = {name: given for given, name in (("UserID", "account_id"), ("Email", "email"), ("EphemeralID", "device_id")) if given in raw.columns}
    return raw.sort(signup, maintain_order=True).select(*(pl.col(given).alias(name) for name, given in anyway.items()), *told)


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
    return table.with_columns(banned_at=pl.when(moved).then("closed_at").otherwise(ban), closed_at=pl.when(~moved).then("closed_at"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()[:32]


def _columns(names: Sequence[str], chosen: dict[str, str]) -> dict[str, list[str]]:
    """Column of REGISTER (or email, phone) → columns of the file, best first."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        if name.startswith(OBSERVABLE_PREFIX):
            ranked[name] = [(0, name)]
            continue
        match = _BY_NAME.get(normal_name(name))
        if match is not None:
            ranked.setdefault(match[0], []).append((match[1], name))
    found = {column: [name for _, name in sorted(places)] for column, places in ranked.items()}
    found.update({column: [name] for column, name in chosen.items() if name in names})
    return found


def _read_table(path: Path) -> pl.DataFrame:
    """All columns of the file as text; nested objects with dotted names."""
    try:
        with path.open("rb") as handle:
            parquet = handle.read(4) == b"PAR1"
        if parquet:
            frame = pl.read_parquet(path, glob=False)
            return frame.select(_as_text(pl.col(name), dtype) for name, dtype in frame.schema.items())
        data = _decompressed(path)
    except OSError as error:
        raise InputError(f"cannot read the accounts file {path}: {error.strerror}", "give an existing CSV, JSON-lines or Parquet file to --accounts") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from error
    text = mend_surrogates(data).decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise InputError(f"{path} is empty", "give a file with at least a column of account ids")
    records = _json_records(text, path) if text.lstrip()[:1] in {"{", "["} else _csv_records(text, path)
    names = list(dict.fromkeys(name for record in records for name in record))
    return pl.DataFrame({name: [record.get(name) for record in records] for name in names}, schema=dict.fromkeys(names, pl.String))


def _as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return column.dt.to_string("iso:strict") if isinstance(dtype, pl.Datetime) else column.cast(pl.String, strict=False)


def _decompressed(path: Path) -> bytes:
    from forensics.reading import open_source

    stream = open_source(str(path))
    with stream.handle:
        return b"".join(stream.blocks())


def _json_records(text: str, path: Path) -> list[dict[str, str | None]]:
    try:
        whole = orjson.loads(text)
        items = whole if isinstance(whole, list) else next((value for value in whole.values() if isinstance(value, list)), [whole])
    except orjson.JSONDecodeError:
        items = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                items.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                raise InputError(
                    f"{path}:{number}: not valid JSON: {error.msg}", "mend or remove the line: an account left out is one that nothing is known of"
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
