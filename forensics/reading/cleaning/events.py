"""Raw fields → EVENTS: typed, cleaned, hashed. What lacks a time or an account is rejected with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
import polars as pl

from forensics.common.schema import EVENTS, OBSERVABLE_PREFIX, TIME
from forensics.reading.cleaning.chats import conversation, hash_list, tool_names
from forensics.reading.cleaning.clients import clean_user_agent, read_clients
from forensics.reading.cleaning.content_flags import either_flags, flag_prompts, flag_systems
from forensics.reading.cleaning.fingerprints import hash_strings, read_hashes, sketch_prompts
from forensics.reading.cleaning.frameworks import strip_framework
from forensics.reading.cleaning.geography import Database, locate
from forensics.reading.cleaning.identities import NOBODY, one_identity
from forensics.reading.cleaning.numbers import SCALES, read_counts, read_durations, read_measures, unit_of_durations
from forensics.reading.cleaning.operations import count_probes, part_requests
from forensics.reading.cleaning.remembered import Remembered
from forensics.reading.cleaning.tails import unpack_captures, unpack_tail
from forensics.reading.cleaning.times import ROUNDED, SLASHED, read_times, with_year
from forensics.reading.cleaning.values import (
    ERROR_STATUS,
    INSIDE,
    boolean,
    first_forwarded,
    nothing,
    number,
    plain_models,
    platform,
    read_addresses,
    read_status,
    without_nothing,
)
from forensics.reading.fields.json_values import load_value

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping


NO_TIME: Final = "no time"

BAD_TIME: Final = "time not readable"

TWO_DAYS: Final = "time could be two days: say which number is the day with format in [time] of a mapping"

ROUNDED_TIME: Final = "time was rounded by a spreadsheet: export it again with the column as text"

FAR_TIME: Final = "time outside 2015 to 2100"

NO_ACCOUNT: Final = "no account"

_PLAIN: Final = (
    "organization_id",
    "end_user_id",
    "api_key_id",
    "reseller_id",
    "client_as_name",
    "tls_ja3",
    "tls_ja4",
    "header_order_hash",
    "server_address",
    "operation",
    "request_model",
    "error_code",
    "request_id",
    "trace_id",
    "session_id",
    "device_id",
)

_COUNTS: Final = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "max_tokens",
    "stop_count",
    "message_count",
)

COUNTS: Final = _COUNTS

_TOOK: Final = {f"took_{unit}": scale for unit, scale in SCALES.items()}  # of a line that is written at its end

_LATENCIES: Final = {f"latency_{unit}": scale for unit, scale in SCALES.items()}

_ONLY_END: Final = "only_end"

_LONGEST_MS: Final = 30 * 86_400e3  # a longer duration is none

_MEASURES: Final = ("temperature", "top_p")

MEASURES: Final = (*_MEASURES, *_LATENCIES, *_TOOK, "took", "request_latency", "ttft_ms", "ttft_s")

# What is no number there is null anyway.
_NUMBERS: Final = frozenset(
    {*_COUNTS, *_MEASURES, *_LATENCIES, *_TOOK, "took", "wait_s", "rest_s", "ttft_ms", "ttft_s", "status_code"}
) - {"message_count"}

_HASHES: Final = (
    "system_hash",
    "prompt_hash",
    "prompt_head_hash",
    "prompt_tail_hash",
    "reasoning_hash_out",
    "reasoning_hash_in",
    "tools_hash",
)

_TEXTS: Final = ("prompt", "system", "messages", "tools", "reasoning_in", "reasoning_out")


@dataclass(frozen=True)
class Cleaning:
    """How raw fields are read, beyond what they say themselves."""

    time_unit: str | None = None
    time_format: str | None = None
    time_zone: str | None = None
    account_from: tuple[str, ...] = ()  # canonical columns that stand in where a line names no account
    unify: Callable[[pl.Series], pl.Series] | None = None  # brings several forms of an account id together
    observables: Mapping[str, str] = field(default_factory=dict)  # raw field → name
    trusted_hops: frozenset[str] = frozenset()
    keep_text: bool = False
    need_account: bool = True  # false while another log may still name it
    databases: tuple[Database, ...] = ()
    decimal: str = ""  # the sign before decimals in this log, where it shows
    day_first: bool | None = None  # of dates written as two numbers and a year
    latency_unit: str | None = None  # of durations that do not say it; empty: it cannot be told
    today: dt.date | None = None  # for times that name no year


@dataclass
class Doubts:
    """What was not read as it stands in some lines: values without a sure reading, ids that were changed."""

    lost: dict[str, tuple[int, str]] = field(default_factory=dict)  # column → values without a reading, and one of them
    moved: dict[str, int] = field(default_factory=dict)  # rule of identity → lines
    probes: int = 0  # events that look like health checks

    def add(self, other: Doubts) -> None:
        """Take in those of another batch."""
        for name, (count, example) in other.lost.items():
            before = self.lost.get(name, (0, example))
            self.lost[name] = (before[0] + count, before[1])
        for rule, count in other.moved.items():
            self.moved[rule] = self.moved.get(rule, 0) + count
        self.probes += other.probes


class Cleaned(NamedTuple):
    """Events without source columns, with `row`, in order; rejected rows with reasons; what is in doubt."""

    events: pl.DataFrame
    bad: list[tuple[int, str]]
    doubts: Doubts
    kinds: dict[str, int]  # rows that are no requests, by kind; not among the events


def clean_events(frame: pl.DataFrame, cleaning: Cleaning) -> Cleaned:
    """Raw fields as events."""
    raw, started, account, bad, doubts = _prepare(frame, cleaning)
    raw = raw.with_columns(started.alias("started_at"), account.alias("account_id"))
    raw = raw.with_columns(_times(raw, "ended_at", cleaning).alias("ended_at")) if "ended_at" in raw.columns else raw
    timing = _timing(raw, cleaning)
    raw = raw.with_columns(timing["started_at"]) if "started_at" in timing else raw
    raw = conversation(raw)
    columns: dict[str, pl.Expr | pl.Series] = {
        name: pl.col(name) for name in ("started_at", "account_id", "client_address", "client_prefix")
    }
    have = set(raw.columns)
    columns |= {name: pl.col(name) for name in _PLAIN if name in have}
    if "request_model" in have:
        columns["request_model"] = plain_models(raw["request_model"])
    columns |= {
        name: read_counts(raw[name], EVENTS.columns[name].dtype, cleaning.decimal) for name in _COUNTS if name in have
    }
    columns |= {name: read_measures(raw[name], pl.Float32, cleaning.decimal) for name in _MEASURES if name in have}
    columns |= {name: read_hashes(raw[name]).alias(name) for name in _HASHES if name in have}
    if "ended_at" in have:
        columns["ended_at"] = pl.col("ended_at")
    columns |= timing
    columns |= _origin(raw, have) | _request(raw, have) | _outcome(raw, have) | _texts(raw, have, cleaning)
    for given, name in cleaning.observables.items():
        if given in have:
            columns[OBSERVABLE_PREFIX + name] = nothing(pl.col(given))
    events = raw.select("row", *(value.alias(name) for name, value in columns.items()))
    _count_lost(raw, events, doubts)
    missing = [
        pl.lit(None, column.dtype).alias(name)
        for name, column in EVENTS.columns.items()
        if name not in events.columns and name not in {"source_id", "source_line"}
    ]
    events, kinds = part_requests(events.with_columns(missing))
    doubts.probes = count_probes(events)
    return Cleaned(locate(events, cleaning.databases), bad, doubts, kinds)


def _prepare(
    frame: pl.DataFrame, cleaning: Cleaning
) -> tuple[pl.DataFrame, pl.Series, pl.Series, list[tuple[int, str]], Doubts]:
    """Raw fields with times, addresses and accounts, those that lack what an event needs apart."""
    worded = [
        name
        for name, dtype in frame.schema.items()
        if dtype == pl.String and name not in _TEXTS and name not in _NUMBERS
    ]
    raw = frame.with_columns(without_nothing(frame[name]) for name in worded)
    raw = unpack_captures(unpack_tail(_unpack_headers(raw)))
    if "clock" in raw.columns and "day" in raw.columns:
        whole_time = (
            pl.when(pl.col("clock").is_not_null())
            .then(pl.concat_str(pl.col("day").str.replace_all("/", "-"), pl.lit("T"), "clock"))
            .otherwise("day")
        )
        raw = raw.with_columns(whole_time.alias("started_at"))
    if "offset" in raw.columns and "started_at" in raw.columns:
        zoned = pl.concat_str("started_at", pl.lit(" "), "offset")
        raw = raw.with_columns(pl.coalesce(zoned, "started_at").alias("started_at"))
    started = _times(raw, "started_at", cleaning)
    if "ended_at" in raw.columns and started.null_count():  # a line of which only the end is told
        ended = _times(raw, "ended_at", cleaning)
        only_end = started.is_null() & ended.is_not_null()
        raw, started = raw.with_columns(only_end.alias(_ONLY_END)), started.zip_with(~only_end, ended)
    address = _address(raw, cleaning)
    raw = raw.with_columns(address["client_address"], address["client_prefix"].alias("client_prefix"))
    doubts = Doubts()
    account = _account(raw, cleaning, doubts)
    bad = _rejects(raw, started, account if cleaning.need_account else account.fill_null(""), cleaning)
    if bad:
        keep = started.is_not_null() & (account.is_not_null() if cleaning.need_account else True)
        raw, started, account = raw.filter(keep), started.filter(keep), account.filter(keep)
    return raw, started, account, bad, doubts


def _count_lost(raw: pl.DataFrame, events: pl.DataFrame, doubts: Doubts) -> None:
    """Numbers that stand in the log and have no reading: a unit unknown, a comma that may be either."""
    for name in (*_COUNTS, *MEASURES):
        target = "latency_ms" if name.startswith(("latency", "took", "request_latency")) else name
        target = "ttft_ms" if name == "ttft_s" else target
        if name not in raw.columns or target not in events.columns:
            continue
        gone = events[target].is_null() & raw[name].is_not_null()
        if gone.any():
            texts = raw[name].filter(gone)
            texts = texts.filter(texts.str.contains(r"\d") & ~texts.str.contains(r"^-"))
            if texts.len():
                doubts.lost[name] = (texts.len(), str(texts[0])[:40])


def _times(raw: pl.DataFrame, name: str, cleaning: Cleaning) -> pl.Series:
    if name not in raw.columns:
        return pl.Series(name, [None], dtype=TIME).new_from_index(0, raw.height)
    text = with_year(raw[name], cleaning.today) if cleaning.today is not None else raw[name]
    return read_times(
        text, cleaning.time_unit, cleaning.time_format, cleaning.time_zone, day_first=cleaning.day_first
    ).alias(name)


def _address(raw: pl.DataFrame, cleaning: Cleaning) -> pl.DataFrame:
    """Client address and prefix: the first client of a forwarding chain beats the address of the last hop."""
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, raw.height)
    value = raw["client_address"] if "client_address" in raw.columns else empty
    if value.str.contains(",", literal=True).any():
        value = _map_unique(value, lambda text: first_forwarded(text, cleaning.trusted_hops) if "," in text else text)
    if "forwarded_for" in raw.columns:
        forwarded = _map_unique(raw["forwarded_for"], lambda text: first_forwarded(text, cleaning.trusted_hops))
        inside = forwarded.str.contains(INSIDE).fill_null(value=False) & value.is_not_null()
        inside &= ~value.str.contains(INSIDE).fill_null(value=False)  # an address inside hides no peer from outside
        value = forwarded.zip_with(forwarded.is_not_null() & ~inside, value)
    address, prefix = read_addresses(value)
    if "client_prefix" in raw.columns:
        given = raw["client_prefix"]
        _, given_prefix = read_addresses(given)
        given = given_prefix.zip_with(given_prefix.is_not_null(), given)
        prefix = prefix.zip_with(prefix.is_not_null(), given)
    return pl.DataFrame({"client_address": address, "client_prefix": prefix})


def _map_unique(values: pl.Series, change: Callable[[str], Any]) -> pl.Series:
    unique = values.drop_nulls().unique()
    table = pl.DataFrame(
        {"old": unique, "new": [change(text) for text in unique.to_list()]}, schema={"old": pl.String, "new": pl.String}
    )
    return values.rename("old").to_frame().join(table, on="old", how="left", maintain_order="left")["new"]


def _account(raw: pl.DataFrame, cleaning: Cleaning, doubts: Doubts) -> pl.Series:
    """Who is billed: the account column unless it says nobody in particular, else what stands in for it."""
    order = cleaning.account_from if "account_id" in cleaning.account_from else ("account_id", *cleaning.account_from)
    names = [name for name in order if name in raw.columns]
    if not names:
        return pl.Series("account_id", [None], dtype=pl.String).new_from_index(0, raw.height)
    account = raw.select(
        pl.coalesce(pl.when(~pl.col(name).str.to_lowercase().is_in(NOBODY)).then(name) for name in names).alias(
            "account_id"
        )
    ).to_series()
    account = _unified(account, cleaning)
    account, moved = one_identity(account, untouched=cleaning.unify is None)
    doubts.moved = moved
    return account


def _unified(account: pl.Series, cleaning: Cleaning) -> pl.Series:
    """Account ids by the rules of a mapping."""
    if cleaning.unify is not None:
        unique = account.drop_nulls().unique()
        table = pl.DataFrame({"account_id": unique, "unified": cleaning.unify(unique)})
        account = (
            account.to_frame()
            .join(table, on="account_id", how="left", maintain_order="left")["unified"]
            .alias("account_id")
        )
    return account


def _rejects(raw: pl.DataFrame, started: pl.Series, account: pl.Series, cleaning: Cleaning) -> list[tuple[int, str]]:
    if not started.null_count() and not account.null_count():
        return []
    written = (
        raw["started_at"]
        if "started_at" in raw.columns
        else pl.Series([None], dtype=pl.String).new_from_index(0, raw.height)
    )
    frame = pl.DataFrame(
        {"row": raw["row"], "written": written.cast(pl.String), "started": started, "account": account}
    )
    lost = frame.filter(pl.col("started").is_null() | pl.col("account").is_null())
    reasons = lost.select(
        "row",
        reason=pl.when(pl.col("started").is_null() & pl.col("written").is_null())
        .then(pl.lit(NO_TIME))
        .when(
            pl.col("started").is_null() & pl.col("written").str.contains(SLASHED) & pl.lit(cleaning.day_first is None)
        )
        .then(pl.lit(TWO_DAYS))
        .when(pl.col("started").is_null() & pl.col("written").str.contains(ROUNDED))
        .then(pl.lit(ROUNDED_TIME))
        .when(pl.col("started").is_null() & pl.col("written").str.contains(_DATED))
        .then(pl.lit(FAR_TIME))
        .when(pl.col("started").is_null())
        .then(pl.lit(BAD_TIME))
        .otherwise(pl.lit(NO_ACCOUNT)),
    )
    return list(reasons.iter_rows())


_DATED: Final = (
    r"^\W*(?:\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T "
    r"]\d\d:\d\d|$)|\d{1,2}/[A-Z][a-z]{2}/\d{4}:|-?\d{1,19}(?:\.\d+)?$)"
)


def _unpack_headers(raw: pl.DataFrame) -> pl.DataFrame:
    """User agent and account out of a bag of request headers, where no field of their own has them."""
    if "headers" not in raw.columns:
        return raw
    wanted = {
        "user_agent": ("user-agent", "user_agent"),
        "account_id": ("x-account", "x-account-id", "x-user-id", "x-customer-id"),
        "forwarded_for": ("x-forwarded-for",),
    }
    found: dict[str, list[str | None]] = {name: [] for name in wanted}
    for text in raw["headers"].to_list():
        try:
            loaded = load_value(text) if text else {}
        except orjson.JSONDecodeError:
            loaded = {}
        headers = {str(key).lower(): value for key, value in loaded.items()} if isinstance(loaded, dict) else {}
        for name, keys in wanted.items():
            value = next((headers[key] for key in keys if headers.get(key)), None)
            found[name].append(str(value[0] if isinstance(value, list) and value else value) if value else None)
    fresh = pl.DataFrame(found, schema=dict.fromkeys(wanted, pl.String))
    return raw.with_columns(
        pl.coalesce(pl.col(name), fresh[name]) if name in raw.columns else fresh[name] for name in wanted
    )


def _origin(raw: pl.DataFrame, have: set[str]) -> dict[str, pl.Expr | pl.Series]:
    columns: dict[str, pl.Expr | pl.Series] = {}
    if "client_asn" in have:
        columns["client_asn"] = number(
            pl.col("client_asn").str.replace(r"^(?i:AS)\s*", "").str.extract(r"^(\d+)", 1), pl.UInt32
        )
    if "client_country" in have:
        country = pl.col("client_country").str.to_uppercase()
        columns["client_country"] = pl.when(
            country.str.contains(r"^[A-Z]{2}$") & ~country.is_in(["XX", "ZZ", "T1"])
        ).then(country)
    if "user_agent" in have:
        agents = raw["user_agent"]
        if agents.str.contains("gfe", literal=True).any():
            agents = raw.select(clean_user_agent(pl.col("user_agent"))).to_series()
        columns["user_agent"] = agents
        columns |= {series.name: series for series in read_clients(agents)}
    if "platform" in have:
        columns["platform"] = _map_unique(raw["platform"], platform).fill_null("direct")
    else:
        columns["platform"] = pl.lit("direct")
    return columns


def _request(raw: pl.DataFrame, have: set[str]) -> dict[str, pl.Expr | pl.Series]:
    """Method, endpoint and host from their fields, else from the request line or the whole address."""
    columns: dict[str, pl.Expr | pl.Series] = {}
    line = (
        pl.col("request").str.extract_groups(
            r"^(?P<method>[A-Za-z]{2,20}) (?P<target>\S*)(?: (?P<protocol>[A-Z]+/[\d.]+))?\s*$"
        )
        if "request" in have
        else None
    )
    paths = [pl.col(name) for name in ("endpoint", "query_path") if name in have]
    url = pl.col("url") if "url" in have else None
    if url is not None:
        paths.append(url)
    if line is not None:
        paths.append(line.struct.field("target"))
    if "service" in have:
        carrier = pl.col("service").str.contains(CARRIERS)
        paths.append(pl.when(~carrier).then(pl.col("service").str.to_lowercase()))
    if paths:
        targets = raw.select(pl.coalesce(paths)).to_series()
        columns["endpoint"] = _paths(targets)
        columns["endpoint_query"] = _queries(targets)
    methods = [pl.col("method")] if "method" in have else []
    if line is not None:
        methods.append(line.struct.field("method"))
    if methods:
        columns["method"] = pl.coalesce(methods).str.to_uppercase()
    hosts = [pl.col("server_address")] if "server_address" in have else []
    if url is not None:
        hosts.append(url.str.extract(_HOST, 1))
    if line is not None:
        hosts.append(line.struct.field("target").str.extract(_HOST, 1))
    if hosts:
        columns["server_address"] = pl.coalesce(hosts).str.to_lowercase().str.replace(r":\d+$", "")
    if "stream" in have:
        columns["stream"] = boolean(pl.col("stream"))
    if "stop" in have and "stop_count" not in have:
        columns["stop_count"] = (
            pl.when(pl.col("stop") == "[]")
            .then(None)
            .when(pl.col("stop").str.starts_with("["))
            .then(pl.col("stop").str.count_matches(r'"(?:[^"\\]|\\.)*"'))
            .when(pl.col("stop").is_not_null())
            .then(1)
            .cast(pl.UInt32)
        )
    return columns


# What carries requests, and is none: where a log tells these, what was asked for stands elsewhere or nowhere.
CARRIERS: Final = r"(?i)^(?:https?|h2c?|h3|quic|spdy|wss?|grpcs?|tcp|udp|icmp|tls|ssl|-|unknown)(?:/[\d.]+)?$"
_HOST: Final = r"^[a-zA-Z][a-zA-Z+.\-]*://([^/?#:]+)"


def _paths(targets: pl.Series) -> pl.Series:
    """The path of each address, without host, query and fragment."""
    if targets.str.contains("://", literal=True).any():
        targets = targets.str.replace(r"^[a-zA-Z][a-zA-Z+.\-]*://[^/?#]*", "")
    if targets.str.contains(r"[?#]").any():
        targets = targets.str.replace(r"[?#].*$", "")
    return targets.set(targets == "", None)


QUERY_CHARS = 512  # of a query that are kept
MASKED = r"(?i)(^|&)([^=&]*(?:token|key|passw|pwd|secret|sig|auth|session|credential)[^=&]*)=[^&]*"


def _queries(targets: pl.Series) -> pl.Series:
    """What follows the path of each address, with the values of parameters that name a secret masked."""
    if not targets.str.contains("?", literal=True).any():
        return pl.Series(targets.name, [None], dtype=pl.String).new_from_index(0, len(targets))
    found = targets.str.extract(r"\?([^#]*)", 1).str.slice(0, QUERY_CHARS)
    found = found.str.replace_all(MASKED, "${1}${2}=*")
    return found.set(found == "", None)


def _outcome(raw: pl.DataFrame, have: set[str]) -> dict[str, pl.Expr | pl.Series]:
    columns: dict[str, pl.Expr | pl.Series] = {}
    named = (
        pl.col("error_code").str.to_lowercase().replace_strict(ERROR_STATUS, default=None, return_dtype=pl.UInt16)
        if "error_code" in have
        else None
    )
    if "status_code" in have:
        code = read_status(raw["status_code"])
        columns["status_code"] = pl.coalesce(code, named) if named is not None else code
    elif named is not None:
        columns["status_code"] = named
    return columns


def _timing(raw: pl.DataFrame, cleaning: Cleaning) -> dict[str, pl.Expr | pl.Series]:
    """Duration and time to the first token, in milliseconds; the start of lines that were written at their end."""
    have, decimal = set(raw.columns), cleaning.decimal
    took = [read_durations(raw[name], scale, decimal) for name, scale in _TOOK.items() if name in have]
    if "took" in have:
        took.append(read_durations(raw["took"], SCALES.get(_unit_of(raw["took"], cleaning)), decimal))
    found = [*took, *_durations(raw, cleaning)]
    started = raw["started_at"]
    columns: dict[str, pl.Expr | pl.Series] = {}
    if took or (_ONLY_END in have and found):
        spent = raw.select(pl.coalesce(took or found)).to_series()
        spent = spent if took else spent.set(~raw[_ONLY_END], None)
        spent = spent.set(spent > _LONGEST_MS, None)
        ended = started.set(spent.is_null(), None)
        if "ended_at" in have:
            ended = raw["ended_at"].zip_with(raw["ended_at"].is_not_null(), ended)
        columns["ended_at"] = ended
        started = started - (spent.fill_null(0.0) * 1e3).round().cast(pl.Int64).cast(pl.Duration("us"))
        columns["started_at"] = started
    spans: list[pl.Series | pl.Expr] = list(found)
    if "ended_at" in have:
        span = (raw["ended_at"] - started).dt.total_microseconds() / 1e3
        spans.append(pl.when(pl.lit(span) > 0).then(pl.lit(span)))  # whole seconds may tell no duration
    if spans:
        columns["latency_ms"] = pl.coalesce(spans).cast(pl.Float32)
    firsts: list[pl.Series | pl.Expr] = [
        read_durations(raw[f"ttft_{unit}"], SCALES[unit], decimal) for unit in ("ms", "s") if f"ttft_{unit}" in have
    ]
    if "first_token_at" in have:
        wait = (read_times(raw["first_token_at"]) - started).dt.total_microseconds() / 1e3
        firsts.append(pl.when(pl.lit(wait) >= 0).then(pl.lit(wait)))
    if firsts:
        columns["ttft_ms"] = pl.coalesce(firsts).cast(pl.Float32)
    return columns


def _durations(raw: pl.DataFrame, cleaning: Cleaning) -> list[pl.Series]:
    """Durations of lines that say when they began, in milliseconds, best first."""
    have, decimal = set(raw.columns), cleaning.decimal
    found = [read_durations(raw[name], scale, decimal) for name, scale in _LATENCIES.items() if name in have]
    if {"wait_s", "latency_s", "rest_s"} <= have:  # three parts of one duration; -1 stands for one that did not happen
        parts = [raw[name].cast(pl.Float64, strict=False) for name in ("wait_s", "latency_s", "rest_s")]
        known = (parts[0] >= 0) & (parts[1] >= 0) & (parts[2] >= 0)
        whole = (parts[0] + parts[1] + parts[2]) * SCALES["s"]
        found = [whole.zip_with(known.fill_null(value=False), whole.clear(whole.len()))]
    if "request_latency" in have:
        unit = _unit_of(raw["request_latency"], cleaning)
        found.append(read_durations(raw["request_latency"], SCALES.get(unit), decimal))
    return found


def _unit_of(values: pl.Series, cleaning: Cleaning) -> str:
    """The unit of durations that do not say it, as the sample of the source told it."""
    unit = cleaning.latency_unit
    return unit_of_durations(values, decimal=cleaning.decimal) if unit is None else unit


def _texts(raw: pl.DataFrame, have: set[str], cleaning: Cleaning) -> dict[str, pl.Expr | pl.Series]:
    columns: dict[str, pl.Expr | pl.Series] = {}
    system = raw["system"] if "system" in have else None
    prompt = raw["prompt"] if "prompt" in have else None
    named = read_hashes(raw["template"]) if "template" in have else None
    flags = None
    if system is not None:
        system = system.set(system.str.strip_chars() == "", None)
        hashed = _hash_systems(system)
        columns["system_hash"] = _either(read_hashes(raw["system_hash"]) if "system_hash" in have else None, hashed)
        if cleaning.keep_text:
            columns["system_text"] = system
    if prompt is not None:
        prompt = prompt.set(prompt.str.strip_chars() == "", None)
        sketched, flags = _read_prompts(prompt)
        for name in ("prompt_hash", "prompt_head_hash", "prompt_tail_hash"):
            columns[name] = _either(read_hashes(raw[name]) if name in have else None, sketched[name])
        columns["prompt_sketch"] = sketched["prompt_sketch"]
        columns["template_hash"] = _either(named, sketched["template_hash"])
        columns["prompt_chars"] = sketched["prompt_chars"]
        if cleaning.keep_text:
            columns["prompt_text"] = prompt
    elif named is not None:
        columns["template_hash"] = named
    if "prompt_chars" in have and prompt is None:
        columns["prompt_chars"] = read_counts(raw["prompt_chars"], pl.UInt32)
    asked = either_flags(flags, flag_systems(system))
    if asked is not None:
        columns["content_flags"] = asked
    for name in ("prompt_sketch", "prefix_hashes"):
        if name in have and name not in columns:
            columns[name] = hash_list(raw[name], 12 if name == "prompt_sketch" else None)
    if "chain" in have:
        columns["prefix_hashes"] = _either(
            hash_list(raw["prefix_hashes"], None) if "prefix_hashes" in have else None, raw["chain"]
        )
    for given, name in (("reasoning_in", "reasoning_hash_in"), ("reasoning_out", "reasoning_hash_out")):
        if given in have:
            columns[name] = _either(read_hashes(raw[name]) if name in have else None, hash_strings(raw[given]))
    if "tools" in have and "tools_hash" not in have:
        columns["tools_hash"] = hash_strings(_map_unique(raw["tools"], tool_names))
    return columns


def _read_prompts(texts: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Hashes and sketch, and flags, of each text; what comes again is read once."""
    different, place = _different(texts)
    sketched, flags = sketch_prompts(different), flag_prompts(different)
    return (sketched, flags) if place is None else (sketched[place], flags.gather(place))


def _different(texts: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    """The texts without those that came before, and where each stands among them; all of them and no places where few
    come again.
    """
    if texts.n_unique() * 5 > texts.len() * 4:
        return texts, None
    different = texts.unique(maintain_order=True)
    table = different.to_frame("text").with_row_index("place")
    found = texts.to_frame("text").join(table, on="text", how="left", maintain_order="left", nulls_equal=True)
    return different, found["place"]


def _either(first: pl.Series | None, second: pl.Series) -> pl.Series:
    return second if first is None else first.zip_with(first.is_not_null(), second)


def _hash_system(system: pl.Series) -> pl.Series:
    """Hash of the masked system text, known framework affixes stripped."""
    return (
        sketch_prompts(strip_framework(system))["template_hash"]
        if system.len()
        else pl.Series("template_hash", [], dtype=pl.UInt64)
    )


_hash_systems: Final = Remembered(_hash_system)
