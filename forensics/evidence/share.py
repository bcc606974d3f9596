"""A copy of findings that can be passed on: the same structure, without the names.

Every identifier becomes a keyed HMAC-SHA256 of itself, so that what was equal stays equal and nobody without the key
can try guesses. Addresses keep common prefixes (equal /24 stay equal /24), after the manner of Crypto-PAn. Autonomous
systems, countries, models, platforms, times and numbers stay. Texts, file names and rejects are left out. The mapping
back is kept apart.

Blind to: what structure alone gives away. Who knows a few addresses of a network can place their neighbours; who has
          the logs can recognise times. Share with people, not with the world.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import json
import re
import secrets
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.disk import write_closed
from forensics.common.errors import InputError, UsageError
from forensics.common.schema import TABLES
from forensics.describing.sightings import kind_of
from forensics.reports.facts.comparisons import WHOLE, read_comparisons, whole_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from forensics.case.store import Case

KEY_BYTES = 32
_TOKEN = 16  # hex digits: 64 bits, so that 25,000 ids meet by chance once in 6e10 shares
# What stays as it is, by table. Whatever is named nowhere is left out: a column that comes later is not shared by
# accident.
_KEPT: dict[str, frozenset[str]] = {
    "events": frozenset(
        (
            "started_at",
            "ended_at",
            "client_asn",
            "client_as_name",
            "client_country",
            "client_family",
            "client_version",
            "client_os",
            "client_runtime",
            "platform",
            "method",
            "operation",
            "request_model",
            "status_code",
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "reasoning_tokens",
            "latency_ms",
            "ttft_ms",
            "stream",
            "max_tokens",
            "temperature",
            "top_p",
            "stop_count",
            "prompt_chars",
            "message_count",
            "content_flags",
            "source_id",
            "source_line",
        )
    ),
    "register": frozenset(
        (
            "created_at",
            "closed_at",
            "banned_at",
            "email_disposable",
            "plan",
            "country",
            "payment_country",
            "limit_per_minute",
            "limit_per_day",
        )
    ),
    "sources": frozenset(
        (
            "source_id",
            "format",
            "confidence",
            "sha256",
            "byte_start",
            "byte_end",
            "line_start",
            "joined_count",
            "line_count",
            "event_count",
            "duplicate_count",
            "reject_count",
            "blank_count",
            "first_event_at",
            "last_event_at",
        )
    ),
}
# Column → kind of identifier; the kind is part of what is hashed, so that a card and a device of one name stay apart.
_NAMED: dict[str, dict[str, str]] = {
    "events": {
        "account_id": "account",
        "organization_id": "organization",
        "end_user_id": "end_user",
        "api_key_id": "api_key",
        "reseller_id": "reseller",
        "session_id": "session",
        "device_id": "device",
    },
    "register": {
        "account_id": "account",
        "organization_id": "organization",
        "parent_id": "organization",
        "email_domain": "email_domain",
        "email_hash": "email",
        "phone_hash": "phone",
        "payment_id": "payment",
        "device_id": "device",
        "reseller_id": "reseller",
        "referrer": "referrer",
    },
}
# Columns of text that stay readable: cleaned of every name that was replaced.
_SPOKEN: dict[str, tuple[str, ...]] = {
    "events": (
        "client_as_name",
        "client_country",
        "client_family",
        "client_version",
        "client_os",
        "client_runtime",
        "platform",
        "method",
        "operation",
        "request_model",
    ),
    "register": ("plan", "country", "payment_country"),
    "accounts": ("country", "client_family", "platform", "top_model"),
    "networks": ("name", "summary", "platforms", "models"),
    "hallmarks": ("title", "sentence", "reason", "measure"),
    "sources": ("format",),
}
_HASHED = (
    "system_hash",
    "template_hash",
    "prompt_hash",
    "prompt_head_hash",
    "prompt_tail_hash",
    "tools_hash",
)  # 64-bit hashes of content
_ADDRESSES = ("client_address", "client_prefix", "signup_address", "signup_prefix")
_CLIENT = ("user_agent", "tls_ja3", "tls_ja4", "header_order_hash", "signup_user_agent")
_LONG_NUMBER = re.compile(r"\d{10,}")
_HEX = re.compile(r"[0-9a-f]{16}")


class Pseudonyms:
    """Names → names under one key; remembers each for the mapping."""

    def __init__(self, key: bytes, *, keep_clients: bool = False) -> None:
        if len(key) < KEY_BYTES:
            raise UsageError(f"a key for sharing has at least {KEY_BYTES} bytes")
        self._key, self.keeps_clients = key, keep_clients
        self._known: dict[tuple[str, str], str] = {}
        self._bits: dict[tuple[int, int, int], int] = {}

    def _hmac(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{value}".encode(), hashlib.sha256)

    def name(self, kind: str, value: str) -> str:
        """An identifier of its kind, 16 hex digits long."""
        if (kind, value) not in self._known:
            self._known[kind, value] = f"{kind}_{self._hmac(kind, value).hex()[:_TOKEN]}"
        return self._known[kind, value]

    def number(self, value: int) -> int:
        """A 64-bit hash of content: without the key nobody can test a text against it."""
        return int.from_bytes(self._hmac("content", f"{value:016x}")[:8], "big")

    def address(self, value: str) -> str:
        """An address or network; two that share their first n bits share them still. What is no address is a name."""
        if ("address", value) in self._known:
            return self._known["address", value]
        try:
            network = ipaddress.ip_network(value.strip(), strict=False)
        except ValueError:
            return self.name("address", value)
        shown = self._address(int(network.network_address), network.max_prefixlen, network.prefixlen)
        given = type(network.network_address)(shown)
        self._known["address", value] = str(given) if "/" not in value else f"{given}/{network.prefixlen}"
        return self._known["address", value]

    def _address(self, number: int, width: int, length: int) -> int:
        out = 0
        for at in range(length):
            head = number >> (width - at)  # the bits before this one decide whether it is flipped
            if (width, at, head) not in self._bits:
                self._bits[width, at, head] = self._hmac("bit", f"{width}.{at}.{head:x}")[0] & 1
            out = out << 1 | (number >> (width - at - 1) & 1) ^ self._bits[width, at, head]
        return out << (width - length)

    def observable(self, kind: str, value: str) -> str:
        """The value of a sighting."""
        told = kind_of(kind)
        if told.holds == "open" or (told.group == "client" and self.keeps_clients):
            return value
        if told.holds == "address":
            return self.address(value)
        if told.holds == "hash" and _HEX.fullmatch(value):
            self._known[kind, value] = f"{self.number(int(value, 16)):016x}"
            return self._known[kind, value]
        return self.name(kind, value)

    def client(self, kind: str, value: str) -> str:
        """A user agent or fingerprint."""
        return value if self.keeps_clients else self.name(kind, value)

    def model(self, value: str) -> str:
        """A model's name; long numbers in it are account numbers of a cloud."""
        return _LONG_NUMBER.sub("n", value)

    def sentence(self, text: str) -> str:
        """A sentence without any name that was replaced; the longest first, short ones only as whole words."""
        for (_, value), shown in sorted(self._known.items(), key=lambda item: (-len(item[0][1]), item[0])):
            if value in text:
                pattern = re.escape(value) if len(value) > 3 else rf"(?<!\w){re.escape(value)}(?!\w)"
                text = re.sub(pattern, shown.replace("\\", r"\\"), text)
        return text

    def mapping(self) -> Iterable[dict[str, str]]:
        """Every replacement, sorted."""
        return ({"kind": kind, "value": value, "shared": shown} for (kind, value), shown in sorted(self._known.items()))


def load_key(path: Path) -> bytes:
    """The key of shares; made if the file is not there. One key for all shares keeps names the same across them.

    Raises: UsageError where it cannot be read or written.
    """
    try:
        if not path.exists():
            write_closed(path, (secrets.token_hex(KEY_BYTES) + "\n").encode())
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        why = error.strerror or error if isinstance(error, OSError) else f"it does not hold {2 * KEY_BYTES} hex digits"
        raise UsageError(
            f"{path} is not a key for sharing: {why}", "name a new file, or the one that an earlier share made"
        ) from error


def share_case(
    case: Case, target: Case, names: Pseudonyms, networks: list[str] | None = None, *, events: bool = True
) -> int:
    """Write the findings of `case` into the empty case `target` under other names; the number of networks.

    In:    `networks`: ids or names, else all alerts. `events`: whether the members' requests go along, without text.
    Raises: UsageError where no network is left to share.
    """
    ranked = case.scan("networks").sort("rank").collect()
    chosen = (
        ranked.filter("alert")
        if networks is None
        else ranked.filter(pl.col("network_id").is_in(networks) | pl.col("name").is_in(networks))
    )
    if chosen.is_empty():
        raise UsageError("there is no finding to share", "name networks, or see forensics networks")
    members = case.scan("members").filter(pl.col("network_id").is_in(chosen["network_id"].implode())).collect()
    inside = pl.col("account_id").is_in(members["account_id"].implode())
    out: dict[str, pl.DataFrame] = {"members": members}
    for table in ("accounts", "sightings", "register"):
        out[table] = case.scan(table).filter(inside).collect()
    ids = members["account_id"].implode()
    out["links"] = case.scan("links").filter(pl.col("account_a").is_in(ids) & pl.col("account_b").is_in(ids)).collect()
    out["hallmarks"] = (
        case.scan("hallmarks").filter(pl.col("network_id").is_in(chosen["network_id"].implode())).collect()
    )
    out["events"] = case.scan("events").filter(inside).collect() if events else TABLES["events"].empty()
    out["sources"] = case.scan("sources").collect()
    used = case.scan("events").filter(inside).select(pl.col("request_model").unique()).collect().to_series()
    for table in ("register", "events", "sources"):
        out[table] = _columns(table, out[table], names)
    for table in ("accounts", "members", "sightings"):
        out[table] = out[table].with_columns(_mapped("account_id", partial(names.name, "account"), out[table]))
    out["sightings"] = _sightings(out["sightings"], names)
    out["links"] = _links(out["links"], names)
    out["comparisons"] = _numbers_of_the_whole(case, chosen["network_id"].to_list(), names, used)
    _remember(case, names, {"organization_id": "organization"}, inside)
    out["networks"] = chosen
    for table in ("networks", "members", "hallmarks"):
        out[table] = out[table].with_columns(_mapped("network_id", partial(names.name, "network"), out[table]))
    for table, columns in _SPOKEN.items():
        out[table] = _spoken(out[table], columns, names)
    for table, frame in out.items():
        target.put(table, frame.select(TABLES[table].columns.keys()).lazy())
    return len(chosen)


def _numbers_of_the_whole(case: Case, networks: list[str], names: Pseudonyms, used: pl.Series) -> pl.DataFrame:
    """COMPARISONS of the networks and of the whole case, as every report of the original tells them.

    A copy holds members only: nothing about others can be counted from it. `used` are the models of members.
    """
    rows = read_comparisons(case).frame.filter(pl.col("network_id").is_in([WHOLE, *networks]))
    observables = pl.col("topic") == "observable"
    hidden = []
    for (kind,), part in rows.filter(observables).group_by("name", maintain_order=True):
        hidden.append(part.with_columns(_mapped("value", partial(names.observable, str(kind)), part)))
    templates = rows.filter(pl.col("topic") == "template")
    hashed = pl.col("value").map_elements(lambda value: f"{names.number(int(value, 16)):016x}", return_dtype=pl.String)
    plain = rows.filter(~observables & (pl.col("topic") != "template"))
    total = case.scan("networks").select(pl.len()).collect().item()
    explained = case.scan("networks").filter(~pl.col("alert") & (pl.col("explanations").list.len() > 0))
    marks = [
        whole_rows(topic="copy"),
        whole_rows(topic="case", name="network_count", inside=float(total)),
        whole_rows(topic="case", name="explained_count", inside=float(explained.select(pl.len()).collect().item())),
    ]
    known = pl.concat([_only_own_models(plain, used), *hidden, templates.with_columns(hashed), *marks])
    known = _spoken(known, ("name",), names)
    whole = pl.col("network_id") == WHOLE
    return known.with_columns(
        network_id=pl.when(whole)
        .then("network_id")
        .otherwise(pl.col("network_id").map_elements(partial(names.name, "network"), return_dtype=pl.String))
    )


def _only_own_models(rows: pl.DataFrame, used: pl.Series) -> pl.DataFrame:
    """Models that no member used stand together without a name: a customer's name of its own model is its affair."""
    strange = (pl.col("topic") == "model") & ~pl.col("name").is_in(used.drop_nulls().implode())
    models = rows.filter(strange).with_columns(name=pl.lit("other models"))
    together = models.group_by("network_id", "topic", "name", "value").agg(pl.col("inside", "outside").sum())
    firsts = (pl.col("topic") == "model_first") & ~pl.col("name").is_in(used.drop_nulls().implode())
    return pl.concat([rows.filter(~strange & ~firsts), together.select(rows.columns)])


def _spoken(frame: pl.DataFrame, columns: Iterable[str], names: Pseudonyms) -> pl.DataFrame:
    """Columns that stay readable, without names that were replaced elsewhere and account numbers of clouds."""

    def clean(value: str) -> str:
        return names.model(names.sentence(value))

    for column in columns:
        if frame.schema[column] == pl.String:
            frame = frame.with_columns(_mapped(column, clean, frame))
        else:
            lists = [
                None if values is None else [clean(value) for value in values] for values in frame[column].to_list()
            ]
            frame = frame.with_columns(pl.Series(column, lists, dtype=frame.schema[column]))
    return frame


def _remember(case: Case, names: Pseudonyms, columns: dict[str, str], inside: pl.Expr) -> None:
    """Names that no shared table holds but a sentence may: organisations of members."""
    for table in ("register", "events"):
        frame = case.scan(table).filter(inside).select(pl.col(list(columns)).unique().implode()).collect()
        for column, kind in columns.items():
            for value in frame[column][0]:
                if value:
                    names.name(kind, value)


def _mapped(column: str, change: Callable[[Any], Any], frame: pl.DataFrame) -> pl.Expr:
    """The column with every value changed, each distinct value once."""
    values = frame[column].drop_nulls().unique().sort()
    changed = pl.Series([change(value) for value in values], dtype=frame.schema[column])
    return pl.col(column).replace_strict(values, changed, default=None, return_dtype=frame.schema[column])


def _columns(table: str, frame: pl.DataFrame, names: Pseudonyms) -> pl.DataFrame:
    expressions = []
    for name, column in TABLES[table].columns.items():
        if name in _KEPT[table]:
            expressions.append(pl.col(name))
        elif name in _NAMED.get(table, {}):
            expressions.append(_mapped(name, partial(names.name, _NAMED[table][name]), frame))
        elif name in _HASHED:
            expressions.append(_mapped(name, names.number, frame))
        elif name in _ADDRESSES:
            expressions.append(_mapped(name, names.address, frame))
        elif name in _CLIENT:
            expressions.append(_mapped(name, partial(names.client, name), frame))
        elif table == "sources" and name == "path":
            expressions.append(pl.format("source-{}", pl.col("source_id")).alias(name))
        else:
            expressions.append(pl.lit(None, column.dtype).alias(name))
    return frame.select(expressions)


def _sightings(frame: pl.DataFrame, names: Pseudonyms) -> pl.DataFrame:
    parts = []
    for (kind,), part in frame.group_by("kind", maintain_order=True):
        parts.append(part.with_columns(_mapped("value", partial(names.observable, str(kind)), part)))
    return pl.concat(parts) if parts else frame


def _links(frame: pl.DataFrame, names: Pseudonyms) -> pl.DataFrame:
    rows = []
    for row in frame.iter_rows(named=True):
        one, other = sorted((names.name("account", row["account_a"]), names.name("account", row["account_b"])))
        observables = [
            item | {"value": names.observable(item["kind"], item["value"])} for item in row["observables"] or ()
        ]
        rows.append(row | {"account_a": one, "account_b": other, "observables": observables})
    return pl.DataFrame(rows, schema=TABLES["links"].schema)


@contextlib.contextmanager
def unfinished(target: Path, mapping: Path) -> Iterator[tuple[Path, Path]]:
    """Where a copy and its mapping are made: beside their names, which they get once both are whole.

    What a share that was killed left there is made anew; what stands under the names is never written over, but for the
    mapping of a share that was killed in that very moment, if it is the same.
    Raises: UsageError where the mapping exists; InputError where it cannot be written.
    """
    beside, way_back = target.with_name(f".{target.name}.unfinished"), mapping.with_name(f".{mapping.name}.unfinished")
    if mapping.exists() and not beside.is_dir():
        raise UsageError(f"{mapping} exists", "choose another name for the mapping")
    try:
        _clear(beside, way_back)
        yield beside, way_back
        if mapping.exists() and mapping.read_bytes() != way_back.read_bytes():
            raise UsageError(f"{mapping} exists", "choose another name for the mapping")
        way_back.replace(mapping)
        beside.replace(target)
    except OSError as error:
        told = f"cannot write {target}: {error.strerror or error}"
        raise InputError(told, "make room, or name another folder") from error
    finally:
        _clear(beside, way_back)


def _clear(folder: Path, file: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    file.unlink(missing_ok=True)


def write_mapping(names: Pseudonyms, path: Path) -> int:
    """The mapping back, one replacement a line, readable by its owner only; how many.

    Raises: UsageError where the file exists; InputError where it cannot be written.
    """
    rows = list(names.mapping())
    try:
        write_closed(path, "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows).encode())
    except FileExistsError as error:
        raise UsageError(f"{path} exists", "choose another name for the mapping") from error
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    return len(rows)
