"""What each format fills, can fill and cannot fill: worked out from its fields and samples, as a page of the docs."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from forensics.reading.containers.decoded import load_all
from forensics.reading.containers.records import unwrap_as
from forensics.reading.recognising.catalogue import all_formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.reading.fields.format import Format

# The columns that linking and judging live on, in the order of EVENTS.
MAIN: Final = (
    "account_id",
    "organization_id",
    "end_user_id",
    "api_key_id",
    "client_address",
    "client_asn",
    "client_country",
    "user_agent",
    "tls_ja3",
    "tls_ja4",
    "server_address",
    "endpoint",
    "method",
    "operation",
    "request_model",
    "status_code",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "latency_ms",
    "ttft_ms",
    "stream",
    "max_tokens",
    "temperature",
    "request_id",
    "trace_id",
    "session_id",
    "prompt_hash",
    "system_hash",
    "tools_hash",
)

# A raw field → the columns that come of it.
_GIVES: Final[dict[str, tuple[str, ...]]] = {
    "forwarded_for": ("client_address",),
    "url": ("endpoint", "server_address"),
    "query_path": ("endpoint",),
    "request": ("method", "endpoint", "server_address"),
    "headers": ("user_agent", "account_id", "client_address"),
    "captures": ("user_agent", "server_address", "client_address"),
    "tail": ("request_id", "latency_ms", "client_address"),
    "messages": ("prompt_hash", "system_hash"),
    "prompt": ("prompt_hash",),
    "system": ("system_hash",),
    "tools": ("tools_hash",),
    "ttft_s": ("ttft_ms",),
    "first_token_at": ("ttft_ms",),
    "ended_at": ("latency_ms",),
    **{f"{kind}_{unit}": ("latency_ms",) for kind in ("took", "latency") for unit in ("s", "ms", "us", "ns")},
    "request_latency": ("latency_ms",),
    "took": ("latency_ms",),
}


def fields_of(form: Format) -> set[str]:
    """Raw fields and columns that a format reads: as it says, or as its code gives them for its samples."""
    names = set(form.fields) | set(re.findall(r"\(\?P?<(\w+)>", form.pattern))
    if form.read is not None:
        for sample in form.samples:
            for value in load_all(sample.encode()) or []:
                for record in unwrap_as(value, form) or []:
                    told: Any = form.read(record) if isinstance(record, dict) else None
                    names |= set(told) if isinstance(told, dict) else set()
    return names


def can_fill(form: Format) -> set[str]:
    """Columns of EVENTS that a log of this format may fill, where its operator logs them."""
    if form.by_alias:
        return set(MAIN)
    columns = {column for name in fields_of(form) for column in _GIVES.get(name, (name,))}
    return columns & set(MAIN)


def written_at_end(form: Format) -> bool:
    """Whether the time in a line is that of the end, so that the duration is taken off."""
    return any(name == "took" or name.startswith("took_") for name in fields_of(form))


def stands_as(form: Format) -> str:
    """How a log of this format stands in its file."""
    if form.container == "w3c":
        return "lines under a #Fields line"
    if form.pattern:
        return "lines of a server's log, among others" if form.like else "lines"
    return "JSON lines, JSON, CSV or Parquet"


def formats_page() -> str:
    """The page about formats."""
    lines = [
        "# Log formats",
        "",
        "Written by the tool from its formats (`python -m forensics.reading.recognising.described`) and tested against",
        "them: edit the formats, not this page. *Usually fills*: it is told where it stays empty in a whole source.",
        "*Can fill*: where the operator logs it. *Cannot fill*: it is not in such a log; join it with another",
        "(`ingest --join`), or say in a mapping where it stands. A field that no format knows is named by",
        "`forensics formats test FILE`; to a log that none fits `forensics formats learn FILE` proposes a mapping.",
        "",
        "Whatever the format: objects one after the other, envelopes (`Records`, `logEvents`, `message`,",
        "`data.items`, `result`), gz, zst, bz2, xz, UTF-8 and UTF-16 are opened; so are lines of a server inside those",
        "of a collector: behind a prefix (syslog, container runtimes, `docker compose`, `kubectl`, a logger's words",
        "before an object), or in a text field of a record or table (`log`, `message`, `MESSAGE`, `_raw`, `line`,",
        "`textPayload`); the time of the envelope counts only where the line tells none. Records that are no requests",
        "are passed over and counted by kind; a request id drops a line only where it behaves like one.",
    ]
    for name, form in all_formats().items():
        lines += ["", f"## {name}", "", f"{form.title}. Source: {form.reference}", ""]
        if form.refuse:
            lines.append(f"Refused: {form.refuse}.")
            continue
        able = can_fill(form)
        usual = [column for column in MAIN if column in form.fills]
        lines.append(f"- Stands as: {stands_as(form)}")
        lines.append(f"- Usually fills: {_listed(usual)}")
        lines.append(f"- Can fill: {_listed([column for column in MAIN if column in able and column not in usual])}")
        lines.append(
            f"- Cannot fill: {_listed([column for column in MAIN if column not in able and column not in usual])}"
        )
        if written_at_end(form):
            lines.append("- Time: that of the end; the start is the time less the duration")
        if form.only:
            kept = "; ".join(f"{field} = {', '.join(kinds)}" for field, kinds in form.only.items())
            lines.append(f"- Requests only: {kept}")
    return "\n".join(lines) + "\n"


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns) or "–"


if __name__ == "__main__":
    sys.stdout.write(formats_page())
