"""From a line that a report quotes back to the line of the log file."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import IntegrityError, UsageError
from forensics.common.printable import printable
from forensics.common.secrets import mask_secrets
from forensics.common.stores import is_store, spell
from forensics.evidence.manifest import MANIFEST, SEAL, Quoted, read_manifest
from forensics.evidence.sources import find_source, place_of, quoted_lines, why_away
from forensics.reports.facts.findings import build_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.case.store import Case
    from forensics.evidence.sources import Line


def list_quotes(case: Case) -> list[Quoted]:
    """Every line that reports of this case quote."""
    built = build_report(case)
    quotes = [quote for finding in built.findings for claim in finding.claims for quote in claim.quotes]
    members = [member for finding in built.findings for member in finding.members]
    quotes += [quote for member in members for quote in (member.first_quote, member.last_quote) if quote is not None]
    return sorted(
        {Quoted(quote.source_id, quote.path, quote.line, quote.account_id) for quote in quotes}, key=dataclasses.astuple
    )


def trace_lines(case: Case, path: Path | str, numbers: Sequence[int]) -> str:
    """Which source a file is, and the lines quoted from it (or these `numbers`), as text.

    Raises: IntegrityError where the file was not read into this case, or a line is not what was sealed.
    """
    path = spell(path)
    rows = find_source(case, path)
    ids = {row["source_id"] for row in rows}
    sealed = _sealed_quotes(case, ids)
    if sealed is None:
        quotes = [(quote.line, quote.account_id) for quote in list_quotes(case) if quote.source_id in ids]
    else:
        quotes = [(item["line"], item["account_id"]) for item in sealed]
    if numbers:
        known = dict(quotes)
        quotes = [(number, known.get(number, "")) for number in numbers]
    lines = quoted_lines(path, quotes)
    missing = sorted({number for number, _ in quotes} - {line.number for line in lines})
    if missing:
        raise UsageError(f"{path} has no line {missing[0]}", "lines count from 1, as `path:line` in every report")
    hashes = {item["line"]: item["sha256"] for item in sealed or () if item["sha256"]}
    accounts: dict[int, str] = {}
    for number, account in quotes:
        accounts.setdefault(number, account)
    first = rows[0]
    numbered = ", ".join(map(str, sorted(ids)))
    out = [
        f"{printable(path)} is source {numbered}, read as {printable(first['path'])} ({first['format']})",
        f"SHA-256 of its content as read: {first['sha256']}",
    ]
    out += [] if lines else ["no line of it is quoted; show any with --line N"]
    for line in lines:
        out += _tell_line(path, line, accounts[line.number], hashes.get(line.number))
    return "\n".join(out) + "\n"


def raw_line(case: Case, source_id: int, line: int) -> str:
    """A line of a source where it was read, made harmless to look at; or why it cannot be shown."""
    row = case.scan("sources").filter(pl.col("source_id") == source_id).collect().row(0, named=True)
    path = place_of(row)
    where = f"{printable(row['path'])}:{line}"
    if why := why_away(path):
        told = f": {printable(why)}" if is_store(path) else ""
        return f"{where}\nnot where it was read{told}; elsewhere: forensics verify --source FILE --line {line}"
    found = quoted_lines(path, [(line, "")])
    if not found:
        return f"{where}\nthere is no such line"
    text = mask_secrets(found[0].start.decode("utf-8", "backslashreplace"))
    return f"{where}\n{printable(text)}"


def _sealed_quotes(case: Case, ids: set[int]) -> list[dict[str, Any]] | None:
    """Lines of these sources that a seal names; None where the case is not sealed."""
    if not (case.folder / SEAL / MANIFEST).exists():
        return None
    return [item for item in read_manifest(case.folder)["quotes"] if item["source_id"] in ids]


def _tell_line(path: str, line: Line, account: str, sealed: str | None) -> list[str]:
    if sealed is not None and sealed != line.sha256:
        raise IntegrityError(f"{path}:{line.number} is not the line that was sealed")
    said = [
        f"quoted for {printable(account)}" if account else "",
        "names it" if account and line.names_account else "",
        "as sealed" if sealed is not None else "",
    ]
    text = mask_secrets(line.start.decode("utf-8", "backslashreplace"))
    left = line.size - len(line.start)
    return [
        f"{printable(Path(path).name)}:{line.number}  {', '.join(word for word in said if word)}".rstrip(),
        f"    {printable(text)}",
        *([f"    … {left} more bytes; --raw writes all {line.size}"] if left > 0 else []),
    ]
