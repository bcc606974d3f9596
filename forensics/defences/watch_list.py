"""The watch list of a case: observables to look for in whatever is read, matched exactly and shown with their source
lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import OBSERVABLE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.case.store import Case

LINES_SHOWN = 3

# Kind → event columns it is looked for in; hashes are compared in hex.
EVENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "account": ("account_id",),
    "address": ("client_address",),
    "prefix": ("client_prefix",),
    "client": ("user_agent", "client_family", "tls_ja4", "tls_ja3", "header_order_hash"),
    "device": ("device_id",),
    "session": ("session_id",),
    "key": ("api_key_id",),
    "end_user": ("end_user_id",),
    "template": ("template_hash",),
    "system": ("system_hash",),
    "prompt": ("prompt_hash",),
    "head": ("prompt_head_hash",),
    "tail": ("prompt_tail_hash",),
    "tools": ("tools_hash",),
    "reasoning": ("reasoning_hash_out", "reasoning_hash_in"),
}
# Kind → register columns: every event of an account that has it matches.
REGISTER_COLUMNS: dict[str, tuple[str, ...]] = {
    "payment": ("payment_id",),
    "email": ("email_hash",),
    "email_domain": ("email_domain",),
    "phone": ("phone_hash",),
    "signup_address": ("signup_address",),
}


@dataclass(frozen=True, order=True)
class Watched:
    """One observable to look for."""

    kind: str
    value: str
    note: str = ""


def read_watch_list(entries: Sequence[Mapping[str, Any]]) -> list[Watched]:
    """What is watched: everything the case's log says was added and not removed."""
    found: dict[tuple[str, str], Watched] = {}
    for entry in entries:
        if entry["what"] != "watch":
            continue
        for item in entry["facts"].get("added", ()):
            found[item["kind"], item["value"]] = Watched(item["kind"], item["value"], item.get("note", ""))
        for item in entry["facts"].get("removed", ()):
            found.pop((item["kind"], item["value"]), None)
    return sorted(found.values())


def check_kind(kind: str, events: pl.LazyFrame) -> None:
    """Whether such a thing can be looked for in these logs.

    Raises: UsageError with the kinds that can.
    """
    mapped = [
        name.removeprefix(OBSERVABLE_PREFIX) for name in events.collect_schema() if name.startswith(OBSERVABLE_PREFIX)
    ]
    known = sorted({*EVENT_COLUMNS, *REGISTER_COLUMNS, *mapped})
    if kind not in known:
        raise UsageError(f"{kind!r} is no kind that can be watched", f"one of {', '.join(known)}")


def find_watched(
    events: pl.LazyFrame, register: pl.LazyFrame, sources: pl.LazyFrame, watched: Sequence[Watched]
) -> list[dict[str, Any]]:
    """One dict per watched observable that occurs: kind, value, note, account_count, event_count, lines (path, line).

    In:    EVENTS to look through (those just read), REGISTER, SOURCES.
    """
    schema = events.collect_schema()
    looked: list[pl.LazyFrame] = []
    for number, item in enumerate(watched):
        columns = EVENT_COLUMNS.get(
            item.kind, (f"{OBSERVABLE_PREFIX}{item.kind}",) if f"{OBSERVABLE_PREFIX}{item.kind}" in schema else ()
        )
        hit = pl.lit(value=False)
        for column in columns:
            hit = hit | _equals(column, schema[column], item.value)
        accounts = (
            register.filter(pl.any_horizontal(pl.col(column) == item.value for column in REGISTER_COLUMNS[item.kind]))
            if item.kind in REGISTER_COLUMNS
            else None
        )
        rows = (
            events.filter(hit.fill_null(value=False))
            if accounts is None
            else events.join(accounts.select("account_id"), on="account_id", how="semi")
        )
        looked.append(
            rows.select(pl.lit(number).alias("number"), "account_id", "started_at", "source_id", "source_line")
        )
    if not looked:
        return []
    paths = sources.select("source_id", "path")
    found = (
        pl.concat(looked)
        .join(paths, on="source_id", how="left")
        .sort("number", "started_at", "source_id", "source_line")
        .group_by("number", maintain_order=True)
        .agg(
            pl.col("account_id").n_unique().alias("account_count"),
            pl.len().alias("event_count"),
            pl.struct("path", "source_line").head(LINES_SHOWN).alias("lines"),
        )
        .sort("number")
        .collect()
    )
    return [
        {
            **vars(watched[row["number"]]),
            "account_count": row["account_count"],
            "event_count": row["event_count"],
            "lines": [(line["path"], line["source_line"]) for line in row["lines"]],
        }
        for row in found.iter_rows(named=True)
    ]


def last_source(case: Case) -> int:
    """Number of the last source read into the case; what is read later has a higher one."""
    return int(case.scan("sources").select("source_id").max().collect().item() or 0)


def find_fresh(case: Case, since: int) -> list[dict[str, Any]]:
    """What `find_watched` finds of the case's watch list in the events read after source `since`."""
    watched = read_watch_list(case.entries())
    fresh = case.scan("events").filter(pl.col("source_id") > since)
    return find_watched(fresh, case.scan("register"), case.scan("sources"), watched) if watched else []


def _equals(column: str, dtype: pl.DataType, value: str) -> pl.Expr:
    if dtype == pl.String:
        return pl.col(column) == value
    try:
        return pl.col(column) == pl.lit(int(value, 16), dtype=pl.UInt64)
    except (ValueError, OverflowError):
        return pl.lit(value=False)
