"""The contract of every table: columns, types, units, meaning and sort order.

Event columns follow the OpenTelemetry semantic conventions where a name exists; `otel` notes it.
Times are UTC, microseconds, and end in `_at`. Units stand in the suffix. Shares lie in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping


def of_operator(members: pl.LazyFrame) -> pl.LazyFrame:
    """MEMBERS without the accounts that a network only uses, or that only stand beside it."""
    return members.filter((pl.col("role") != USED).fill_null(value=True))


def group_members(members: pl.DataFrame) -> dict[str, set[str]]:
    """Network → its accounts."""
    return {
        network: set(accounts) for network, accounts in members.group_by("network_id").agg("account_id").iter_rows()
    }


USED = "used"  # role of members that are not the operator's
TIME = pl.Datetime("us", "UTC")
OBSERVABLE_PREFIX = "observable_"  # a mapped observable `url` is stored as event column `observable_url`


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, and its OpenTelemetry name if there is one."""

    dtype: pl.DataType
    meaning: str
    otel: str | None = None
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One table of a case: what a row is, its columns, and the order rows are stored in."""

    name: str
    row: str
    columns: Mapping[str, Column]
    sort: tuple[str, ...] = ()
    open_prefix: str | None = None  # further String columns that start so are allowed

    @property
    def schema(self) -> pl.Schema:
        """Column names and polars types, in stored order."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})

    def empty(self) -> pl.DataFrame:
        """No rows, all columns."""
        return pl.DataFrame(schema=self.schema)

    def completed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A stored frame with all columns: those that an earlier version did not write yet are null."""
        return pl.concat([self.empty(), frame], how="diagonal").select(*self.columns)

    def mismatches(self, schema: pl.Schema) -> list[str]:
        """What is wrong with `schema`, one sentence each; empty if it fits."""
        wrong = [f"{name} is missing" for name in self.columns if name not in schema]
        for name, dtype in schema.items():
            if name in self.columns:
                expected = self.columns[name].dtype
                if dtype != expected:
                    wrong.append(f"{name} is {dtype}, not {expected}")
            elif not (self.open_prefix and name.startswith(self.open_prefix) and dtype == pl.String):
                wrong.append(f"{name} is not a column of {self.name}")
        return wrong


def _c(
    dtype: pl.DataType | type[pl.DataType], meaning: str, otel: str | None = None, *, required: bool = False
) -> Column:
    return Column(dtype() if isinstance(dtype, type) else dtype, meaning, otel, required)


# Bits of EVENTS.content_flags: what a prompt asks for, found at ingest because text is not kept.
CONTENT_FLAGS: dict[str, int] = {
    "reasoning": 1,  # write out, articulate or reconstruct the step-by-step reasoning
    "verbatim": 2,  # repeat earlier thinking or hidden text word by word
    "forced_tags": 4,  # put the reasoning inside named inline tags
    "grading": 8,  # grade an answer against a rubric
    "rewrite": 16,  # rewrite into a safe or neutral alternative
    "tools": 32,  # orchestrate tools, agentic steps
    "thinking_language": 64,  # constrain the language of the thinking
    "code": 128,  # software engineering work
}
# What asks for more than an answer: flags that count as extraction.
EXTRACTION_MASK: int = sum(
    CONTENT_FLAGS[name] for name in ("reasoning", "verbatim", "forced_tags", "grading", "rewrite", "thinking_language")
)

EVENTS = Table(
    "events",
    "one API request",
    {
        "started_at": _c(TIME, "start of the request", required=True),
        "ended_at": _c(TIME, "end of the request, where the source has it"),
        "account_id": _c(pl.String, "who is billed; never the human end user", "user.id", required=True),
        "organization_id": _c(pl.String, "organisation the source names for the request"),
        "end_user_id": _c(pl.String, "downstream user that a reseller passes on"),
        "api_key_id": _c(pl.String, "id or hash of the key, never the secret"),
        "reseller_id": _c(pl.String, "reseller or channel the request came through"),
        "client_address": _c(pl.String, "address of the client, without port; null where masked", "client.address"),
        "client_prefix": _c(pl.String, "its /24 (IPv4) or /48 (IPv6)"),
        "client_asn": _c(pl.UInt32, "autonomous system of the client", "client.as.number"),
        "client_as_name": _c(pl.String, "its name"),
        "client_country": _c(pl.String, "ISO 3166 alpha-2, upper case", "client.geo.country.iso_code"),
        "user_agent": _c(pl.String, "as sent", "user_agent.original"),
        "client_family": _c(pl.String, "product family of the user agent", "user_agent.name"),
        "client_version": _c(pl.String, "its version", "user_agent.version"),
        "client_os": _c(pl.String, "operating system in the user agent", "user_agent.os.name"),
        "client_runtime": _c(pl.String, "language runtime in the user agent"),
        "tls_ja3": _c(pl.String, "JA3 fingerprint", "tls.client.ja3"),
        "tls_ja4": _c(pl.String, "JA4 fingerprint"),
        "header_order_hash": _c(pl.String, "hash of the order of request headers"),
        "platform": _c(
            pl.String,
            "route to the model: direct, bedrock, vertex, azure, cloudflare, gateway, other",
            "gen_ai.provider.name",
        ),
        "server_address": _c(pl.String, "host the request was sent to", "server.address"),
        "endpoint": _c(pl.String, "path without query", "url.path"),
        "endpoint_query": _c(pl.String, "query of the address, values of secrets masked", "url.query"),
        "method": _c(pl.String, "HTTP method", "http.request.method"),
        "operation": _c(pl.String, "chat, embeddings, InvokeModel, …", "gen_ai.operation.name"),
        "request_model": _c(pl.String, "model as requested", "gen_ai.request.model"),
        "status_code": _c(pl.UInt16, "HTTP status; gRPC and cloud error codes are mapped", "http.response.status_code"),
        "error_code": _c(pl.String, "error as the source names it", "error.type"),
        "input_tokens": _c(pl.UInt32, "tokens read", "gen_ai.usage.input_tokens"),
        "output_tokens": _c(pl.UInt32, "tokens written", "gen_ai.usage.output_tokens"),
        "cache_read_tokens": _c(pl.UInt32, "tokens read from cache", "gen_ai.usage.cache_read.input_tokens"),
        "cache_write_tokens": _c(pl.UInt32, "tokens written to cache", "gen_ai.usage.cache_creation.input_tokens"),
        "reasoning_tokens": _c(pl.UInt32, "tokens of hidden reasoning", "gen_ai.usage.reasoning.output_tokens"),
        "latency_ms": _c(pl.Float32, "whole request", "http.server.request.duration"),
        "ttft_ms": _c(pl.Float32, "time to first token", "gen_ai.response.time_to_first_chunk"),
        "stream": _c(pl.Boolean, "answer was streamed", "gen_ai.request.stream"),
        "max_tokens": _c(pl.UInt32, "request parameter", "gen_ai.request.max_tokens"),
        "temperature": _c(pl.Float32, "request parameter", "gen_ai.request.temperature"),
        "top_p": _c(pl.Float32, "request parameter", "gen_ai.request.top_p"),
        "stop_count": _c(pl.UInt32, "number of stop sequences", "gen_ai.request.stop_sequences"),
        "request_id": _c(pl.String, "the source's id; duplicates are dropped on it", "gen_ai.response.id"),
        "trace_id": _c(pl.String, "trace or correlation id"),
        "session_id": _c(pl.String, "client session or conversation", "session.id"),
        "device_id": _c(pl.String, "device of the end user", "device.id"),
        "system_hash": _c(pl.UInt64, "system prompt after masking, known framework affixes stripped"),
        "template_hash": _c(pl.UInt64, "template as the source names it, else the masked skeleton of the prompt"),
        "prompt_hash": _c(pl.UInt64, "whole prompt, normalised"),
        "prompt_head_hash": _c(pl.UInt64, "first words of the prompt, masked"),
        "prompt_tail_hash": _c(pl.UInt64, "last words of the prompt, masked"),
        "prompt_sketch": _c(pl.List(pl.UInt64), "sampled hashes of word shingles, ascending, at most 12"),
        "prompt_chars": _c(pl.UInt32, "length of the prompt"),
        "message_count": _c(pl.UInt32, "messages in the request"),
        "prefix_hashes": _c(pl.List(pl.UInt64), "chained hashes of the conversation so far, one per message"),
        "reasoning_hash_out": _c(pl.UInt64, "reasoning blob or signature this answer carried"),
        "reasoning_hash_in": _c(pl.UInt64, "reasoning blob or signature this request replayed"),
        "tools_hash": _c(pl.UInt64, "set of offered tools"),
        "content_flags": _c(pl.UInt32, "bits of CONTENT_FLAGS; null without text"),
        "prompt_text": _c(pl.String, "null unless --keep-text", "gen_ai.input.messages"),
        "system_text": _c(pl.String, "null unless --keep-text", "gen_ai.system_instructions"),
        "source_id": _c(pl.UInt32, "row of SOURCES the event was read from", required=True),
        "source_line": _c(pl.UInt64, "line (row, for Parquet) in that source, from 1", required=True),
    },
    sort=(),  # in the order read
    open_prefix=OBSERVABLE_PREFIX,
)

QUARANTINED = Table(
    "quarantined",
    "one API request dated far ahead of the rest of the log or of the clock: kept apart, and told",
    EVENTS.columns,
    sort=(),
    open_prefix=OBSERVABLE_PREFIX,
)

SOURCES = Table(
    "sources",
    "one file, or the new part of a grown file, that was read",
    {
        "source_id": _c(pl.UInt32, "number of the source in this case"),
        "path": _c(pl.String, "as given on the command line, `-` for standard input"),
        "folder": _c(pl.String, "working folder it was read from: where a relative path begins"),
        "etag": _c(pl.String, "of an object of a store: what the store called the content that was read"),
        "stored_bytes": _c(pl.UInt64, "of an object of a store: its bytes there, compressed as it is"),
        "format": _c(pl.String, "format it was read as"),
        "confidence": _c(pl.Float64, "share of sampled lines that fit the format"),
        "sha256": _c(pl.String, "of the decompressed bytes from the start of the file to byte_end"),
        "byte_start": _c(pl.UInt64, "first decompressed byte read this time (> 0: a grown file)"),
        "byte_end": _c(pl.UInt64, "decompressed bytes of the file up to and including the last line read"),
        "line_start": _c(pl.UInt64, "lines known before"),
        "joined_count": _c(pl.UInt64, "events that met one of another source (with --join)"),
        "line_count": _c(pl.UInt64, "lines read this time = events + duplicates + rejects (+ blank and comment lines)"),
        "event_count": _c(pl.UInt64, "kept"),
        "duplicate_count": _c(pl.UInt64, "already in the case"),
        "reject_count": _c(pl.UInt64, "not readable as an event"),
        "blank_count": _c(pl.UInt64, "blank lines, header lines and comments"),
        "first_event_at": _c(TIME, "earliest event"),
        "last_event_at": _c(TIME, "latest event"),
        "notes": _c(pl.List(pl.String), "what to know about how it was read, a sentence each"),
    },
    sort=("source_id",),
)

REJECTS = Table(
    "rejects",
    "one line that could not be read as an event",
    {
        "source_id": _c(pl.UInt32, "row of SOURCES"),
        "source_line": _c(pl.UInt64, "line in that source, from 1"),
        "byte_offset": _c(pl.UInt64, "where the line starts in the decompressed source"),
        "reason": _c(pl.String, "one of a small set of sentences"),
        "byte_count": _c(pl.UInt64, "length of the line"),
        "line_hash": _c(pl.String, "SHA-256 of the line: who has it can show that it was this one"),
        "skeleton": _c(pl.String, "its start, every letter x and every digit 9: the form without what it says"),
        "raw": _c(pl.String, "null unless --keep-text: its start, at most 400 characters, secrets masked"),
    },
    sort=("source_id", "source_line"),
)

REGISTER = Table(
    "register",
    "one account as the accounts file describes it; every column but account_id may be null",
    {
        "account_id": _c(pl.String, "the account", required=True),
        "created_at": _c(TIME, "when it was opened"),
        "closed_at": _c(TIME, "when it was closed by its holder or for any reason not known to be a ban"),
        "banned_at": _c(TIME, "when the provider banned it"),
        "status": _c(pl.String, "as the file has it"),
        "organization_id": _c(pl.String, "declared organisation"),
        "parent_id": _c(pl.String, "declared parent organisation, platform or customer contract"),
        "plan": _c(pl.String, "plan or tier"),
        "country": _c(pl.String, "declared country, upper case"),
        "email_domain": _c(pl.String, "domain of the sign-up address, lower case"),
        "email_disposable": _c(pl.Boolean, "the domain hands out throw-away mailboxes"),
        "email_hash": _c(pl.String, "hash of the sign-up address"),
        "phone_hash": _c(pl.String, "hash of the phone number"),
        "payment_id": _c(pl.String, "fingerprint of the card or payment instrument"),
        "payment_country": _c(pl.String, "country of the payment instrument"),
        "signup_address": _c(pl.String, "address at sign-up"),
        "signup_prefix": _c(pl.String, "its /24 or /48"),
        "signup_user_agent": _c(pl.String, "user agent at sign-up"),
        "device_id": _c(pl.String, "device at sign-up"),
        "reseller_id": _c(pl.String, "reseller it was sold through"),
        "referrer": _c(pl.String, "coupon, event or referral code"),
        "limit_per_minute": _c(pl.Float64, "requests a minute its plan allows"),
        "limit_per_day": _c(pl.Float64, "requests a day its plan allows"),
    },
    sort=("account_id",),
    open_prefix=OBSERVABLE_PREFIX,
)

ACCOUNTS = Table(
    "accounts",
    "one account: what it did, in numbers; null means not assessable from these logs",
    {
        "account_id": _c(pl.String, "the account"),
        "principal_id": _c(
            pl.String,
            "whom it counts as: the declared parent or organisation that it behaves like, else the account itself",
        ),
        "principal_claim": _c(pl.String, "parent or organisation that it declares and does not behave like"),
        # volume
        "request_count": _c(pl.UInt32, "events"),
        "input_tokens": _c(pl.UInt64, "sum"),
        "output_tokens": _c(pl.UInt64, "sum"),
        "error_share": _c(pl.Float64, "events with status 400 or above"),
        "limited_share": _c(pl.Float64, "events with status 429 or 529"),
        "refused_share": _c(pl.Float64, "events with status 401 or 403"),
        "peak_hour_count": _c(pl.UInt32, "events in its busiest clock hour"),
        "daily_mean_count": _c(pl.Float64, "events per active day"),
        # timing
        "first_seen_at": _c(TIME, "first event"),
        "last_seen_at": _c(TIME, "last event"),
        "active_days": _c(pl.UInt32, "days (UTC) with an event"),
        "active_hours": _c(pl.UInt32, "clock hours with an event"),
        "gap_median_s": _c(pl.Float64, "median time between events"),
        "gap_lv": _c(pl.Float64, "local variation of gaps: Poisson 1, regular 0, bursty above 1"),
        "hour_entropy": _c(pl.Float64, "entropy of the hour of day (UTC), 1 = flat"),
        "night_share": _c(pl.Float64, "events in the account's own quietest 8 hours in a row (UTC)"),
        "weekend_share": _c(pl.Float64, "events on Saturday or Sunday (UTC)"),
        "session_count": _c(pl.UInt32, "starts after 30 minutes of silence, or distinct session ids"),
        "hour_counts": _c(pl.List(pl.UInt32), "events by hour of day (UTC), 24 numbers"),
        # origin
        "address_count": _c(pl.UInt32, "distinct client addresses"),
        "prefix_count": _c(pl.UInt32, "distinct prefixes"),
        "asn_count": _c(pl.UInt32, "distinct autonomous systems"),
        "country_count": _c(pl.UInt32, "distinct countries"),
        "country": _c(pl.String, "most frequent country"),
        "client_count": _c(pl.UInt32, "distinct user agents"),
        "client_family": _c(pl.String, "most frequent user agent family"),
        "platform": _c(pl.String, "most frequent platform"),
        "platform_count": _c(pl.UInt32, "distinct platforms"),
        # usage
        "model_count": _c(pl.UInt32, "distinct models"),
        "top_model": _c(pl.String, "most frequent model"),
        "top_model_share": _c(pl.Float64, "its share of events"),
        "input_tokens_median": _c(pl.Float64, "per event"),
        "output_tokens_median": _c(pl.Float64, "per event"),
        "input_tokens_cv": _c(pl.Float64, "sd / mean per event"),
        "output_tokens_cv": _c(pl.Float64, "sd / mean per event"),
        "prompt_count": _c(pl.UInt32, "distinct prompt hashes"),
        "template_count": _c(pl.UInt32, "distinct template hashes"),
        "system_count": _c(pl.UInt32, "distinct system hashes"),
        "top_system_share": _c(pl.Float64, "share of events with its most frequent system hash"),
        "params_entropy_bits": _c(pl.Float64, "entropy of (max_tokens, temperature, top_p, stop_count, stream)"),
        "stream_share": _c(pl.Float64, "streamed events"),
        "flagged_share": _c(
            pl.Float64,
            "events with an extraction content flag (reasoning, verbatim, forced_tags, grading, rewrite, "
            "thinking_language)",
        ),
        "end_user_count": _c(pl.UInt32, "distinct end users"),
        # lifecycle
        "born_at": _c(TIME, "created_at of the register, else first event"),
        "ended_at": _c(TIME, "banned_at, else closed_at, else null"),
        "banned_at": _c(TIME, "explicit ban"),
        "email_disposable": _c(
            pl.Boolean, "signed up from a throw-away mail domain; null without a domain in the register"
        ),
        "ramp_share": _c(pl.Float64, "events in the first 3 days since first event / events in days 1 to 30"),
        "dormant_max_days": _c(pl.Float64, "longest silence between two events"),
    },
    sort=("account_id",),
)

SIGHTINGS = Table(
    "sightings",
    "one account showed one observable",
    {
        "account_id": _c(pl.String, "the account"),
        "kind": _c(pl.String, "kind of observable: a sighting plugin's, or the name of a mapped observable"),
        "value": _c(pl.String, "the observable itself; hashes in hex"),
        "event_count": _c(pl.UInt32, "events (0: known from the register only)"),
        "first_seen_at": _c(TIME, "first event with it"),
        "last_seen_at": _c(TIME, "last event with it"),
    },
    sort=("kind", "value", "account_id"),
)

_KIND_BITS = pl.List(pl.Struct({"kind": pl.String, "bits": pl.Float64}))
_OBSERVABLES = pl.List(pl.Struct({"kind": pl.String, "value": pl.String, "bits": pl.Float64, "holders": pl.UInt32}))

_SHARES = pl.List(pl.Struct({"name": pl.String, "axis": pl.String, "nats": pl.Float64}))

LINKS = Table(
    "links",
    "a pair of accounts, account_a < account_b, that shares more than chance",
    {
        "account_a": _c(pl.String, "the smaller id"),
        "account_b": _c(pl.String, "the larger id"),
        "weight_bits": _c(pl.Float64, "log2 evidence for one operator, summed over kinds after caps"),
        "core": _c(
            pl.UInt32,
            "number of the group around popular values of whose links this is one, whatever it weighs by itself; "
            "null: the pair links by itself",
        ),
        "kinds": _c(_KIND_BITS, "bits by kind, largest first"),
        "observables": _c(_OBSERVABLES, "the heaviest shared observables, at most 8"),
    },
    sort=("account_a", "account_b"),
)

MEMBERS = Table(
    "members",
    "one account in one network",
    {
        "network_id": _c(pl.String, "the network"),
        "account_id": _c(pl.String, "the account; in one network at most"),
        "membership": _c(pl.Float64, "strength in [0, 1]: probability-like, 1 = as surely as the core"),
        "role": _c(
            pl.String,
            "core, member, mixed (carries the network's and other traffic all its life) or used (a life of its own, "
            "touched late or a little, or no more of what shows one hand passes through it than by chance: not "
            "the operator's)",
        ),
        "traffic_share": _c(
            pl.Float64,
            "share of its requests that show the network's own values; null where it has none to show. Of an account "
            "that only failed requests sent again brought, as much as passes through it beside members (estimated)",
        ),
        "since": _c(TIME, "first such request"),
        "link_count": _c(pl.UInt32, "links to other members"),
        "weight_bits": _c(
            pl.Float64, "bits by which it belongs (median over its links, or log-likelihood ratio for joiners)"
        ),
        "kinds": _c(_KIND_BITS, "bits by kind that tie it to the network, largest first"),
        "takes_part": _c(
            pl.Float64,
            "probability that what shows one hand (retries, takeovers, repeats) passes through it; below 0.5 it only "
            "stands beside the network and is used; null where members are not told apart",
        ),
    },
    sort=("network_id", "account_id"),
)

HALLMARKS = Table(
    "hallmarks",
    "one test of one network: a sign of one operator, of hiding, of extraction, or an innocent explanation",
    {
        "network_id": _c(pl.String, "the network"),
        "name": _c(pl.String, "plugin name, e.g. alternation"),
        "role": _c(pl.String, "pooling, concealment, extraction or explanation"),
        "nature": _c(
            pl.String,
            "what it speaks of: dependence (only one hand leaves it), likeness, concealment, openness or content",
        ),
        "family": _c(pl.String, "what is looked at, as explanations name it: births, turns, handover, content, …"),
        "channel": _c(
            pl.String,
            "independent line of evidence: network, client, content, money, scheduling, lifecycle, volume, rhythm, "
            "provenance",
        ),
        "title": _c(pl.String, "for people, e.g. turn-taking between accounts"),
        "assessable": _c(pl.Boolean, "false where fields or numbers do not suffice"),
        "reason": _c(pl.String, "why not assessable"),
        "measure": _c(pl.String, "what observed and expected count, with unit"),
        "observed": _c(pl.Float64, "effect in the network"),
        "observed_low": _c(pl.Float64, "95 % interval"),
        "observed_high": _c(pl.Float64, "95 % interval"),
        "expected": _c(pl.Float64, "under the null model"),
        "expected_low": _c(pl.Float64, "2.5 % point of the null"),
        "expected_high": _c(pl.Float64, "97.5 % point of the null"),
        "p_value": _c(pl.Float64, "under the null model; null for explanations that are not tests"),
        "position": _c(
            pl.Float64,
            "likeness tests only: 0 = members differ as independent accounts do, 1 = as alike as one queue makes them",
        ),
        "fit": _c(
            pl.Float64, "explanations only: how well it fits, in [0, 1]; above 0.5 it speaks, above 0.8 it carries"
        ),
        "holds": _c(pl.Boolean, "the sign is there (significant and of a size that matters), or the explanation fits"),
        "sentence": _c(pl.String, "what was found, in plain words with numbers"),
    },
    sort=("network_id", "role", "name"),
)

NETWORKS = Table(
    "networks",
    "one network, judged and ranked",
    {
        "network_id": _c(pl.String, "stable id, net_ and 12 hex digits"),
        "name": _c(pl.String, "two speakable words"),
        "rank": _c(pl.UInt32, "1 = first to look at"),
        "alert": _c(pl.Boolean, "a finding at the chosen sensitivity"),
        "score": _c(pl.Float64, "evidence for one evasive operator, in [0, 1]; sorts alerts first"),
        "pooling": _c(pl.String, "one hand moves these accounts: none, possible, likely or strong"),
        "concealment": _c(
            pl.String, "this hand hides: open, none, possible, likely or strong; unknown where logs cannot tell"
        ),
        "extraction": _c(pl.String, "none, possible, likely or strong"),
        "contested": _c(pl.Boolean, "its signs would make it a finding, but for an innocent reason"),
        "pooling_p": _c(pl.Float64, "combined over channels (ACAT), adjusted over networks (Benjamini-Yekutieli)"),
        "extraction_p": _c(pl.Float64, "likewise"),
        "account_count": _c(pl.UInt32, "members"),
        "principal_count": _c(pl.UInt32, "members, those of one declared organisation, parent or contract as one"),
        "request_count": _c(pl.UInt64, "their events"),
        "input_tokens": _c(pl.UInt64, "sum, null if no source has tokens"),
        "output_tokens": _c(pl.UInt64, "sum, null if no source has tokens"),
        "first_seen_at": _c(TIME, "first event of a member"),
        "last_seen_at": _c(TIME, "last event of a member"),
        "span_days": _c(pl.Float64, "between the two"),
        "daily_count": _c(pl.Float64, "exchanges per day over the span"),
        "concurrent_count": _c(pl.UInt32, "median of members active in a day"),
        "limit_multiple": _c(pl.Float64, "pooled peak rate / one account's limit; null without limits"),
        "platforms": _c(pl.List(pl.String), "by requests"),
        "models": _c(pl.List(pl.String), "by requests, at most 5"),
        "kinds": _c(_KIND_BITS, "median bits per link by kind, largest first, zeros kept"),
        "hallmarks": _c(pl.List(pl.String), "names that hold"),
        "explanations": _c(pl.List(pl.String), "names that fit"),
        "shares": _c(_SHARES, "what each sign brings to the score, in nats; negative: taken away by explanations"),
        "summary": _c(pl.String, "in short, one clause"),
    },
    sort=("rank",),
)

STATUSES = ("new", "same", "grown", "shrunk", "split", "merged", "respawned", "gone")

LINEAGE = Table(
    "lineage",
    "one network in one run: what became of it since the run before",
    {
        "run": _c(pl.UInt32, "number of the run, from 1; runs without any network are not counted"),
        "night_at": _c(TIME, "last event of the run"),
        "network_id": _c(pl.String, "the network, the same for life"),
        "name": _c(pl.String, "its name"),
        "status": _c(
            pl.String,
            "new, same, grown, shrunk, split (off another), merged (took another in), respawned (many banned, "
            "replaced) or gone",
        ),
        "related_ids": _c(pl.List(pl.String), "networks it split off, took in, or went into"),
        "account_count": _c(pl.UInt32, "members"),
        "gained_count": _c(pl.UInt32, "members it did not have in the run before"),
        "lost_count": _c(pl.UInt32, "members of the run before that it no longer has"),
        "banned_count": _c(pl.UInt32, "members of the run before that were banned since"),
        "likeness": _c(pl.Float64, "how surely it is the same network, in [0, 1]; null if new or gone"),
        "member_share": _c(pl.Float64, "part of the likeness: members in common"),
        "observable_share": _c(pl.Float64, "part of the likeness: rare observables in common"),
        "succession_share": _c(pl.Float64, "part of the likeness: members born right after its bans"),
        "alert": _c(pl.Boolean, "a finding"),
        "contested": _c(pl.Boolean, "strong signs, and an innocent reason; null where an older version wrote the row"),
        "standing": _c(
            pl.String,
            "judged by the run's evidence alone, kept a finding though thinner, or waiting to stand another night",
        ),
        "pooling": _c(pl.String, "verdict of this run alone"),
        "concealment": _c(pl.String, "verdict of this run alone"),
        "extraction": _c(pl.String, "verdict of this run alone"),
        "score": _c(pl.Float64, "as in NETWORKS"),
        "hallmarks": _c(pl.List(pl.String), "names that hold"),
    },
    sort=("run", "network_id"),
)

PROFILES = Table(
    "profiles",
    "one thing a network is known by: a member it ever had, or a rare observable of its own",
    {
        "network_id": _c(pl.String, "the network"),
        "kind": _c(pl.String, "`account`, or the kind of sighting"),
        "value": _c(pl.String, "the account, or the observable"),
        "bits": _c(pl.Float64, "how rare it was when first seen: log2(accounts / holders); 0 for accounts"),
        "first_run": _c(pl.UInt32, "run in which it was first seen with the network"),
        "last_run": _c(pl.UInt32, "run in which it was last seen with the network"),
        "prior_run": _c(pl.UInt32, "run in which it was seen with it before that; null: never"),
    },
    sort=("network_id", "kind", "value"),
)

COMPARISONS = Table(
    "comparisons",
    "one number of a network beside that of everybody else, counted once when the case is investigated",
    {
        "network_id": _c(pl.String, "the network; empty for numbers of the whole case"),
        "topic": _c(
            pl.String,
            "observable, kind, content, hour, mailbox, traffic; of the case: case, platform, gap, blind, model, copy",
        ),
        "name": _c(pl.String, "of what: a kind of observable, a content flag, an hour, a model, …"),
        "value": _c(pl.String, "the observable, the day, or which number of `name`; else empty"),
        "inside": _c(pl.Float64, "the network's number: members that hold it, share of requests, …"),
        "outside": _c(
            pl.Float64,
            "the others': holders outside the network; of requests those of accounts in no finding; null: unknown",
        ),
    },
    sort=("network_id", "topic", "name", "value"),
)

_ALL = (
    EVENTS,
    QUARANTINED,
    SOURCES,
    REJECTS,
    REGISTER,
    ACCOUNTS,
    SIGHTINGS,
    LINKS,
    MEMBERS,
    HALLMARKS,
    NETWORKS,
    LINEAGE,
    PROFILES,
    COMPARISONS,
)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}

VERDICTS = ("none", "possible", "likely", "strong")
CONCEALMENTS = ("open", *VERDICTS, "unknown")


class Tables(Protocol):
    """Whatever hands out tables: a case, or frames in a test."""

    def scan(self, table: str) -> pl.LazyFrame:
        """The table, empty if absent."""
        ...
