"""Which format a source is in: told from its first megabytes, with the share of sampled records that fit."""

from __future__ import annotations

import codecs
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from forensics.common.errors import InputError, UsageError
from forensics.reading.cleaning.events import Cleaning
from forensics.reading.fields.account_aliases import is_register
from forensics.reading.opening.sources import BOM, Batch, make_batch
from forensics.reading.recognising.candidates import SAMPLED, candidates
from forensics.reading.recognising.catalogue import all_formats
from forensics.reading.recognising.reader import Reader, Wishes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.containers.records import Rows


SNIFFED_BYTES: Final = 4 << 20

CONTAINERS: Final = ("json", "csv", "parquet", "document", "lines")


def recognise(head: bytes, path: str, wishes: Wishes) -> Reader:
    """The reader for a source with these first bytes.

    Raises: InputError where no format fits, where two fit equally, or where the format is none of requests; UsageError
            for an unknown name.
    """
    forms, mapping = all_formats(wishes.folders), wishes.mapping.for_source(path)
    name = wishes.format_name or mapping.format_name
    container = None
    if name is not None and name not in forms:
        if name not in CONTAINERS:
            raise UsageError(f"unknown format {name}", f"known: {', '.join([*forms, 'json', 'csv', 'parquet'])}")
        container, name = name, None
    chosen: dict[str, Sequence[str]] = {
        **mapping.fields,
        **{f"@{given}": (field_name,) for given, field_name in mapping.observables.items()},
    }
    cleaning = Cleaning(
        mapping.time_unit,
        mapping.time_format,
        mapping.time_zone,
        (),
        mapping.unify if mapping.rules else None,
        {f"@{given}": given for given in mapping.observables},
        frozenset(wishes.trusted_hops),
        wishes.keep_text,
        not wishes.joined,
        wishes.databases,
    )
    base = Reader(forms["flat"], "json", 0.0, chosen, cleaning, constants=mapping.constants)
    batch = _sample(head)
    if not batch.starts.size:
        raise InputError(f"{path} holds no line")
    found: list[Reader] = []
    if mapping.pattern:
        found = [
            replace(
                base,
                form=replace(
                    forms["flat"], name="lines", pattern=mapping.pattern, by_alias=False, fields=mapping.fields
                ),
                container="lines",
                chosen=_pattern_chosen(chosen),
            )
        ]
    else:
        found = candidates(batch, head, base, forms, mapping, container, name)
    if not found:
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InputError(f"{path} is UTF-16 text", "make it UTF-8 first: iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8")
        raise InputError(
            f"{path}: no known format fits",
            "name it with --format, or describe it in a mapping file; `forensics formats list` shows what is known",
        )
    scored = [score(reader, batch, path) for reader in found]
    best = max(reader.confidence for reader in scored)
    top = [reader for reader in scored if reader.confidence == best]
    if len(top) > 1:
        most = max(len(reader.form.marks) for reader in top)
        closest = [reader for reader in top if len(reader.form.marks) == most]
        if len(closest) > 1:
            names = " and ".join(sorted(reader.form.name for reader in closest))
            raise InputError(
                f"{path} fits {names} equally well",
                f"say which with --format {min(reader.form.name for reader in closest)}",
            )
        top = closest
    reader = top[0]
    if reader.form.refuse:
        raise InputError(f"{path}: {reader.form.title}: {reader.form.refuse}")
    return reader


def _pattern_chosen(chosen: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return dict(chosen)


def _sample(head: bytes) -> Batch:
    """Some hundred lines of the head, the first ones and then every so many."""
    text = head.removeprefix(BOM)
    cut = text.rfind(b"\n") + 1
    whole = make_batch(text[:cut] if cut and len(head) >= SNIFFED_BYTES else text, 0, 1)
    count = whole.starts.size
    if count <= SAMPLED:
        return whole
    if text.lstrip()[:1] not in {b"{", b"["} and any(whole.line(row).count(b'"') % 2 for row in range(SAMPLED)):
        rows = [*range(SAMPLED)]  # quoted text over several lines: lines from here and there would be pieces of records
    else:
        first = SAMPLED * 2 // 5
        step = (count - first) // (SAMPLED - first)
        rows = [*range(first), *range(first, count, step)][:SAMPLED]
    return make_batch(b"\n".join(whole.line(row) for row in rows) + b"\n", 0, 1)


def settle(reader: Reader, rows: Rows) -> Reader:
    """Confidence on sampled rows, and the column that stands in for the account where none names one."""
    events, _ = reader.clean(rows.frame)
    total = rows.frame.height + len(rows.bad)
    if not events.height and rows.frame.height and reader.cleaning.need_account:
        for stand_in in ("api_key_id", "device_id", "client_address"):
            if stand_in in rows.frame.columns or (
                stand_in == "client_address" and "forwarded_for" in rows.frame.columns
            ):
                other = replace(
                    reader,
                    cleaning=replace(reader.cleaning, account_from=(stand_in,)),
                    note=f"no line names an account: {stand_in} stands in for it",
                )
                events, _ = other.clean(rows.frame)
                if events.height:
                    reader = other
                    break
    return replace(reader, confidence=events.height / total if total else 0.0)


def why_nothing(reader: Reader, head: bytes) -> str:
    """What keeps a file's lines from being events."""
    missing = missing_fields(reader)
    if missing:
        return "; ".join(missing)
    return "no sampled line could be read as an event" if head else "empty"


def missing_fields(reader: Reader) -> list[str]:
    """Required columns that no field of the log carries."""
    if reader.form.read is not None or reader.container == "lines":
        return []
    have = set(reader.plan.paths) | set(reader.form.constants)
    names = sorted({".".join(path) for path in reader.seen})
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    missing = []
    if "started_at" not in have:
        missing.append(f"no field gives a time (fields: {shown})")
    if "account_id" not in have:
        missing.append(f"no field names the account (fields: {shown})")
    return missing


def score(reader: Reader, batch: Batch, path: str) -> Reader:
    """The reader with its share of sampled lines that become events; a field stands in for the account where no line
    names one.
    """
    if reader.container == "document":
        return replace(reader, confidence=1.0)
    body = batch
    if reader.container == "csv" and reader.header_in_file:
        body = make_batch(batch.data[batch.starts[1] :] if batch.starts.size > 1 else b"", 0, 2)
    rows = reader.read(body)
    if reader.container != "lines" and reader.form.name == "flat" and is_register(reader.plan, reader.seen):
        raise InputError(f"{path} looks like a list of accounts, not of requests", f"give it with --accounts {path}")
    return settle(reader, rows)
