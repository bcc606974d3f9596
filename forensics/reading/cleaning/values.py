"""Raw text of a log field → a clean value: times, numbers, addresses, statuses.

Everything here is an expression or a function of one column; what cannot be read becomes null and the caller decides
whether that rejects the line.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import polars as pl

_NOTHING: Final = ("", "-", "null", "None", "NULL", "nan", "NaN", "\\N")


def nothing(column: pl.Expr) -> pl.Expr:
    """Null where a log says nothing: empty, `-`, null."""
    text = column.str.strip_chars()
    return pl.when(text.is_in(_NOTHING)).then(None).otherwise(text)


def without_nothing(column: pl.Series) -> pl.Series:
    """`nothing` for a whole column, which is seldom needed: values too long to say nothing are not looked at."""
    text = column.str.strip_chars()
    shortest = text.str.len_bytes().min()
    if shortest is None or int(shortest) > len("null"):  # type: ignore[arg-type]
        return text
    said = text.is_in(_NOTHING)
    return text.set(said, None) if said.any() else text


def number(column: pl.Expr, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """A count or a measure; null where it is none, negative or does not fit."""
    value = column.cast(pl.Float64, strict=False)
    value = pl.when(value.is_finite() & (value >= 0)).then(value)
    if dtype in (pl.Float32, pl.Float64):
        return value.cast(dtype, strict=False)
    return value.round().cast(pl.Int64, strict=False).cast(dtype, strict=False)


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


def read_status(values: pl.Series) -> pl.Series:
    """HTTP status from a number or a word; null where it is neither. Each distinct one is read once."""
    unique = values.drop_nulls().unique()
    column = pl.col("raw").str.strip_chars()
    value = column.str.extract(r"^\s*(\d{3})(?:\.0+)?(?:\D|$)", 1).cast(pl.UInt16, strict=False)
    word = column.str.to_lowercase().replace_strict(_STATUS_WORDS, default=None, return_dtype=pl.UInt16)
    table = pl.DataFrame({"raw": unique}).with_columns(
        status=pl.coalesce(pl.when(value.is_between(100, 999)).then(value), word)
    )
    return values.rename("raw").to_frame().join(table, on="raw", how="left", maintain_order="left")["status"]


_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_MASKED_IPV4 = re.compile(r"((?:\d{1,3}\.){3})(?:\*+|x+|X+)(?::\d+)?")


def read_address(text: str) -> tuple[str | None, str | None]:
    """Address and prefix (/24, /48) of what a log calls an address: port, brackets, zone id, `::ffff:` gone; a masked
    one has a prefix only.

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


_BYTE: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_PLAIN_IPV4: Final = rf"^{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}$"


def read_addresses(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Address and prefix of each: plain IPv4 as it is, the rest by `read_address`, each distinct one once."""
    plain = values.str.contains(_PLAIN_IPV4)
    prefix = values.str.strip_chars_end("0123456789") + "0/24"
    if plain.all():
        return values, prefix
    said = plain.fill_null(value=False)
    other_address, other_prefix = _read_others(values.set(said, None))
    return values.zip_with(said, other_address), prefix.zip_with(said, other_prefix)


def _read_others(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    unique = values.drop_nulls().unique()
    read = [read_address(text) for text in unique.to_list()]
    table = pl.DataFrame(
        {"raw": unique, "address": [address for address, _ in read], "prefix": [prefix for _, prefix in read]},
        schema={"raw": pl.String, "address": pl.String, "prefix": pl.String},
    )
    joined = values.rename("raw").to_frame().join(table, on="raw", how="left", maintain_order="left")
    return joined["address"], joined["prefix"]


MODEL_PREFIX: Final = (
    r"^(?:arn:aws[\w-]*:bedrock:[^:]*:\d*:(?:foundation-model|inference-profile)/"
    r"|(?:projects/[^/]+/locations/[^/]+/)?publishers/[^/]+/models/|models/)"
)

# Bedrock's inference profiles of a region are the model with this before it.
MODEL_REGION: Final = r"^(?:us|eu|apac|ap|jp|au|ca|sa|us-gov|global)\.(\w[\w-]*\.)"


def plain_models(values: pl.Series) -> pl.Series:
    """One name for one model: an ARN of a model or of a regional inference profile, and a resource path, are the
    model's id. An application's own profile keeps its name: which model it stands for is not in it.
    """
    if not values.str.contains(r"^arn:aws|/models/|^models/|^[a-z-]+\.\w+[\w-]*\.").any():
        return values
    short = values.str.replace(MODEL_PREFIX, "").str.replace(MODEL_REGION, "$1")
    return short.str.replace(r"^arn:aws[\w-]*:bedrock:[^:]*:\d*:", "")


# Addresses that no client from outside has.
INSIDE: Final = (
    r"^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\."
    r"|\[?(?i:::1\b|f[cd][0-9a-f]{2}:|fe80:))"
)


def first_forwarded(chain: str, trusted: frozenset[str]) -> str | None:
    """Client in an X-Forwarded-For chain: read from the right, the first that is no trusted hop and no private address;
    else the leftmost.
    """
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
