"""Raw text of a log field → a clean value: times, numbers, addresses, statuses.

Everything here is an expression or a function of one column; what cannot be read becomes null and the caller decides
whether that rejects the line.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import polars as pl

from forensics.schema import TIME

FIRST_YEAR: Final = 2015
END_YEAR: Final = 2101
_NAIVE = "%Y-%m-%dT%H:%M:%S%.f"
_ZONED = "%Y-%m-%dT%H:%M:%S%.f%z"
_CLF = "%d/%b/%Y:%H:%M:%S %z"
_RARE_FORMATS = (
    ("%d/%b/%Y:%H:%M:%S%.f %z", True),
    ("%a, %d %b %Y %H:%M:%S %z", True),
    ("%a %b %d %H:%M:%S %Y", False),
    ("%d/%b/%Y:%H:%M:%S", False),
    ("%Y%m%dT%H%M%S%.f", False),
    ("%Y%m%d%H%M%S", False),
    ("%Y/%m/%dT%H:%M:%S%.f", False),
    ("%b %d, %Y %H:%M:%S", False),
    ("%d %b %Y %H:%M:%S", False),
    ("%Y-%m-%dT%H:%M", False),
)
_TICKS_AT_EPOCH = 621_355_968_000_000_000  # .NET: 100 ns since year 1
# Seconds of FIRST_YEAR and END_YEAR; the ranges of s, ms, µs, ns and .NET ticks do not overlap.
_LOW_S, _HIGH_S = 1_420_070_400, 4_133_980_800


def nothing(column: pl.Expr) -> pl.Expr:
    """Null where a log says nothing: empty, `-`, null."""
    text = column.str.strip_chars()
    return pl.when(text.is_in(["", "-", "null", "None", "NULL", "nan", "NaN", "\\N"])).then(None).otherwise(text)


def without_nothing(column: pl.Series) -> pl.Series:
    """`nothing` for a whole column, without a look at each value where none is short enough to say nothing."""
    text = column.str.strip_chars()
    shortest = text.str.len_bytes().min()
    if shortest is None or int(shortest) > len("null"):  # type: ignore[arg-type]
        return text
    return text.to_frame("text").select(nothing(pl.col("text")).alias(column.name)).to_series()


def read_times(values: pl.Series, unit: str | None = None, form: str | None = None, zone: str | None = None) -> pl.Series:
    """Times as UTC microseconds from text or numbers: RFC 3339, common log format, epoch s/ms/µs/ns, .NET ticks; naive times are UTC.

    `unit` (s, ms, us, ns, ticks) and `form` (strptime) come from a mapping and are then the only reading; `zone` is that of naive times.
    Null:  what is no time, or lies outside 2015 to 2100.
    """
    if isinstance(values.dtype, pl.Datetime):
        times = (
            values.dt.convert_time_zone("UTC")
            if values.dtype.time_zone
            else values.dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
        )
        return _in_range(times.cast(TIME))
    if values.dtype == pl.Date:
        return _in_range(values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    text = values.cast(pl.String)
    if form is not None:
        return _in_range(_read_form(text, form, zone))
    sample = text.drop_nulls().head(1)
    if unit is None and sample.len() and "-" in sample[0][:5]:  # the usual case first: RFC 3339 throughout
        times = _read_rfc3339(text, zone)
        if times.null_count() == text.null_count():
            return _in_range(times)
    bare = text.str.strip_chars(" \t[]\"'").alias("text")
    times = pl.DataFrame({"text": bare}).select(_from_number(pl.col("text"), unit)).to_series()
    if unit is not None:
        return _in_range(times)
    for reader in (_read_rfc3339, _read_clf, _read_rare):
        if times.null_count() <= bare.null_count():
            break
        rest = pl.DataFrame({"text": bare, "time": times}).select(pl.when(pl.col("time").is_null()).then("text")).to_series()
        times = times.zip_with(times.is_not_null(), reader(rest, zone))
    return _in_range(times)


def _from_number(text: pl.Expr, unit: str | None) -> pl.Expr:
    """Epoch numbers: integers exactly, fractions through Float64 (seconds keep their microseconds)."""
    integer, real = text.cast(pl.Int64, strict=False), text.cast(pl.Float64, strict=False)
    per_micro = {"us": 1, "ns": 1_000}
    times_micro = {"s": 1_000_000, "ms": 1_000}

    def scaled(name: str) -> pl.Expr:
        if name == "ticks":
            return (integer - _TICKS_AT_EPOCH) // 10
        if name in per_micro:
            return pl.coalesce(integer // per_micro[name], (real / per_micro[name]).round().cast(pl.Int64, strict=False))
        return pl.when(real.abs() < _HIGH_S * (1e6 / times_micro[name]) * 2).then(
            pl.coalesce(integer * times_micro[name], (real * times_micro[name]).round().cast(pl.Int64, strict=False))
        )

    if unit is not None:
        micros = scaled(unit)
    else:
        micros = (
            pl.when(real.is_between(_LOW_S, _HIGH_S))
            .then(scaled("s"))
            .when(real.is_between(_LOW_S * 1e3, _HIGH_S * 1e3))
            .then(scaled("ms"))
            .when(real.is_between(_LOW_S * 1e6, _HIGH_S * 1e6))
            .then(scaled("us"))
            .when(real.is_between(_LOW_S * 1e9, _HIGH_S * 1e9))
            .then(scaled("ns"))
            .when(real.is_between(_TICKS_AT_EPOCH + _LOW_S * 1e7, _TICKS_AT_EPOCH + _HIGH_S * 1e7))
            .then(scaled("ticks"))
        )
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _read_form(text: pl.Series, form: str, zone: str | None) -> pl.Series:
    times = text.str.to_datetime(form, time_unit="us", strict=False)
    return _utc(times, zone)


def _utc(times: pl.Series, zone: str | None) -> pl.Series:
    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone:
        return times.dt.convert_time_zone("UTC")
    return times.dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _read_rfc3339(text: pl.Series, zone: str | None) -> pl.Series:
    """`2026-05-01T10:11:12.123456789Z` and its relatives: space or T, comma or point, any offset, none (naive)."""
    frame = pl.DataFrame({"t": text})
    if frame.select(pl.col("t").str.ends_with("Z").all() & (pl.col("t").str.len_bytes() <= len("2026-05-01T10:11:12.123456789Z")).all()).item():
        found = text.str.strip_suffix("Z").str.to_datetime(_NAIVE, time_unit="us", strict=False).dt.replace_time_zone("UTC")
        if found.null_count() == text.null_count():
            return found
    parts = frame.select(
        pl.col("t")
        .str.extract_groups(r"^(\d{4}-\d\d-\d\d)(?:[T ]?(\d\d:\d\d:\d\d)([.,]\d{1,12})?)?\s*(?:([Zz]|UTC|GMT)|([+-]\d\d:?(?:\d\d)?))?$")
        .struct.rename_fields(["day", "clock", "fraction", "utc", "offset"])
    ).unnest("t")
    naive = parts.select(
        pl.concat_str(
            "day", pl.lit("T"), pl.col("clock").fill_null("00:00:00"), pl.col("fraction").str.replace(",", ".", literal=True).str.slice(0, 10).fill_null("")
        ).alias("naive"),
        pl.col("offset").str.replace(":", "", literal=True).str.pad_end(5, "0"),
        "utc",
    )
    local = _naive(naive["naive"])
    offset = naive["offset"]
    if offset.null_count() == offset.len() and (naive["utc"].null_count() == 0 or zone in {None, "UTC"}):
        return local.dt.replace_time_zone("UTC")
    minutes = offset.str.slice(1, 2).cast(pl.Int64, strict=False) * 60 + offset.str.slice(3, 2).cast(pl.Int64, strict=False)
    signed = pl.DataFrame({"local": local, "m": minutes, "o": offset, "utc": naive["utc"]}).with_columns(
        shifted=(
            pl.col("local") - pl.duration(minutes=pl.when(pl.col("o").str.starts_with("-")).then(-pl.col("m")).otherwise(pl.col("m")))
        ).dt.replace_time_zone("UTC"),
        zoned=pl.col("local").dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC"),
    )
    return signed.select(
        pl.when(pl.col("o").is_not_null())
        .then("shifted")
        .when(pl.col("utc").is_not_null())
        .then(pl.col("local").dt.replace_time_zone("UTC"))
        .otherwise("zoned")
    ).to_series()


def _naive(text: pl.Series) -> pl.Series:
    return text.str.to_datetime(_NAIVE, time_unit="us", strict=False)


def _read_clf(text: pl.Series, zone: str | None) -> pl.Series:
    return _utc(text.str.to_datetime(_CLF, time_unit="us", strict=False), zone)


def _read_rare(text: pl.Series, zone: str | None) -> pl.Series:
    frame = text.str.replace(r"\s*(GMT|UTC|Z)$", " +0000").alias("t")
    found = pl.Series([None], dtype=TIME).new_from_index(0, text.len())
    for form, zoned in _RARE_FORMATS:
        rest = frame if zoned else frame.str.replace(r"\s*\+0000$", "")
        times = _utc(rest.str.to_datetime(form, time_unit="us", strict=False), zone)
        found = found.zip_with(found.is_not_null(), times)
    return found


def _in_range(times: pl.Series) -> pl.Series:
    years = times.dt.year()
    return (
        times.zip_with(((years >= FIRST_YEAR) & (years < END_YEAR)).fill_null(value=False), pl.Series([None], dtype=TIME).new_from_index(0, times.len()))
        if times.len()
        else times.cast(TIME)
    )


def number(column: pl.Expr, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """A count or a measure; null where it is none, negative or does not fit."""
    value = column.cast(pl.Float64, strict=False)
    value = pl.when(value.is_finite() & (value >= 0)).then(value)
    if dtype in (pl.Float32, pl.Float64):
        return value.cast(dtype, strict=False)
    return value.round().cast(pl.Int64, strict=False).cast(dtype, strict=False)


def whole(column: pl.Expr, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """A count written as an integer, the usual case; falls back on `number`."""
    return pl.coalesce(column.cast(dtype, strict=False), number(column, dtype))


def boolean(column: pl.Expr) -> pl.Expr:
    """True or false however it is spelt; null for anything else."""
    text = column.str.to_lowercase()
    return (
        pl.when(text.is_in(["true", "1", "yes", "y", "t", "on", "1.0"]))
        .then(pl.lit(value=True))
        .when(text.is_in(["false", "0", "no", "n", "f", "off", "0.0"]))
        .then(pl.lit(value=False))
    )


# gRPC status, as number and as name → HTTP status (google.rpc.Code).
GRPC_STATUS: dict[int, tuple[str, int]] = {
    0: ("OK", 200),
    1: ("CANCELLED", 499),
    2: ("UNKNOWN", 500),
    3: ("INVALID_ARGUMENT", 400),
    4: ("DEADLINE_EXCEEDED", 504),
    5: ("NOT_FOUND", 404),
    6: ("ALREADY_EXISTS", 409),
    7: ("PERMISSION_DENIED", 403),
    8: ("RESOURCE_EXHAUSTED", 429),
    9: ("FAILED_PRECONDITION", 400),
    10: ("ABORTED", 409),
    11: ("OUT_OF_RANGE", 400),
    12: ("UNIMPLEMENTED", 501),
    13: ("INTERNAL", 500),
    14: ("UNAVAILABLE", 503),
    15: ("DATA_LOSS", 500),
    16: ("UNAUTHENTICATED", 401),
}
# Names of errors in cloud logs → HTTP status, as the Bedrock and gateway documentation gives them.
ERROR_STATUS: dict[str, int] = {
    "validationexception": 400,
    "accessdeniedexception": 403,
    "accessdenied": 403,
    "client.unauthorizedoperation": 403,
    "unrecognizedclientexception": 403,
    "expiredtokenexception": 403,
    "resourcenotfoundexception": 404,
    "throttlingexception": 429,
    "throttling": 429,
    "toomanyrequestsexception": 429,
    "servicequotaexceededexception": 429,
    "modeltimeoutexception": 408,
    "modelerrorexception": 424,
    "modelnotreadyexception": 429,
    "internalserverexception": 500,
    "serviceunavailableexception": 503,
    "modelstreamerrorexception": 424,
    "conflictexception": 409,
    "rate_limit_error": 429,
    "ratelimiterror": 429,
    "overloaded_error": 529,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "api_error": 500,
    "timeout_error": 504,
}
_STATUS_WORDS: dict[str, int] = {
    "success": 200,
    "succeeded": 200,
    "successful": 200,
    "ok": 200,
    "completed": 200,
    "complete": 200,
    "stop": 200,
    "failure": 500,
    "failed": 500,
    "error": 500,
    "errored": 500,
    "timeout": 504,
    "rate_limited": 429,
    "ratelimited": 429,
    "throttled": 429,
    "refused": 403,
    "forbidden": 403,
    "unauthorized": 401,
    "denied": 403,
    "blocked": 403,
    **{name.lower(): status for name, status in GRPC_STATUS.values()},
    **ERROR_STATUS,
}


def status_code(column: pl.Expr) -> pl.Expr:
    """HTTP status from a number or a word; null where it is neither."""
    value = column.str.extract(r"^\s*(\d{3})(?:\.0+)?(?:\D|$)", 1).cast(pl.UInt16, strict=False)
    word = column.str.to_lowercase().replace_strict(_STATUS_WORDS, default=None, return_dtype=pl.UInt16)
    return pl.coalesce(pl.when(value.is_between(100, 999)).then(value), word)


_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_MASKED_IPV4 = re.compile(r"((?:\d{1,3}\.){3})(?:\*+|x+|X+)(?::\d+)?")


def read_address(text: str) -> tuple[str | None, str | None]:
    """Address and prefix (/24, /48) of what a log calls an address: port, brackets, zone id, `::ffff:` gone; a masked one has a prefix only.

    Null:  names of services, `unknown`, garbage.
    """
    value = text.strip().strip('"').strip()
    masked = _MASKED_IPV4.fullmatch(value)
    if masked is not None:
        with_zero = masked.group(1) + "0"
        try:
            return None, f"{ipaddress.IPv4Address(with_zero)}/24"
        except ValueError:
            return None, None
    if value.startswith("["):
        value = value[1:].partition("]")[0]
    elif value.count(":") == 1:
        value = value.partition(":")[0]
    value = value.partition("%")[0].partition("/")[0]
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None, None
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is None:
            return str(address), f"{ipaddress.IPv6Address(int(address) >> 80 << 80)}/48"
        address = mapped
    return str(address), f"{ipaddress.IPv4Address(int(address) >> 8 << 8)}/24"


def read_addresses(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Address and prefix of each; each distinct one is read once."""
    unique = values.drop_nulls().unique()
    read = [read_address(text) for text in unique.to_list()]
    table = pl.DataFrame(
        {"raw": unique, "address": [address for address, _ in read], "prefix": [prefix for _, prefix in read]},
        schema={"raw": pl.String, "address": pl.String, "prefix": pl.String},
    )
    joined = values.rename("raw").to_frame().join(table, on="raw", how="left", maintain_order="left")
    return joined["address"], joined["prefix"]


def first_forwarded(chain: str, trusted: frozenset[str]) -> str | None:
    """Client in an X-Forwarded-For chain: read from the right, the first that is no trusted hop and no private address; else the leftmost."""
    hops = [hop.strip() for hop in chain.split(",") if hop.strip()]
    for hop in reversed(hops):
        address, _ = read_address(hop)
        if address is not None and address not in trusted and not ipaddress.ip_address(address).is_private:
            return hop
    return hops[0] if hops else None


_PLATFORM_WORDS = {
    "bedrock": ("bedrock", "aws", "amazon"),
    "vertex": ("vertex", "gcp", "google"),
    "azure": ("azure", "foundry", "microsoft"),
    "cloudflare": ("cloudflare",),
    "gateway": ("gateway", "litellm", "kong", "proxy", "openrouter", "helicone", "portkey", "envoy", "nginx"),
    "direct": ("direct", "first_party", "first-party", "firstparty", "1p", "anthropic", "openai", "native", "api"),
}


def platform(name: str) -> str:
    """One of the platforms of EVENTS; an unknown name stays, in lower case."""
    lower = name.strip().lower()
    for known, words in _PLATFORM_WORDS.items():
        if any(word in lower for word in words):
            return known
    return lower
