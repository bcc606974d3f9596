"""Which format a source is in: told from its first megabytes, with the share of sampled records that fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from forensics.common.errors import InputError, UsageError
from forensics.reading.cleaning.events import Cleaning
from forensics.reading.fields.account_aliases import is_register
from forensics.reading.fields.mapping import NO_MAPPING
from forensics.reading.opening.sources import BOM, Batch, make_batch
from forensics.reading.recognising.candidates import SAMPLED, body_of, candidates, envelopes, text_envelopes
from forensics.reading.recognising.catalogue import all_formats
from forensics.reading.recognising.reader import Reader, Wishes
from forensics.reading.recognising.settling import settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.fields.format import Format
    from forensics.reading.fields.mapping import Mapping as MappingFile


SNIFFED_BYTES: Final = 4 << 20

CONTAINERS: Final = ("json", "csv", "parquet", "document", "lines")


def recognise(head: bytes, path: str, wishes: Wishes) -> Reader:
    """The reader for a source with these first bytes.

    Raises: InputError where no format fits, where two fit equally, or where the format is none of requests; UsageError
            for an unknown name.
    """
    forms, mapping = all_formats(wishes.folders), wishes.mapping.for_source(path)
    name, container = _named(wishes.format_name or mapping.format_name, forms)
    base = _base(forms, mapping, wishes)
    batch = _sample(head)
    if not batch.starts.size:
        raise InputError(f"{path} holds no line")
    found = (
        [_by_pattern(base, forms, mapping)]
        if mapping.pattern
        else candidates(batch, head, base, forms, mapping, container, name)
    )
    reader = _best([score(reader, batch, path) for reader in found], path) if found else None
    if reader is None or reader.form.by_alias or reader.confidence == 0.0 or reader.hollow:
        readable = None if reader is None or reader.hollow else reader
        reader = _enveloped(batch, base, forms, name, readable) or reader
    if reader is None:
        raise InputError(
            f"{path}: no known format fits",
            f"`forensics formats learn {path}` proposes a mapping file; `forensics formats list` shows what is known",
        )
    if reader.form.refuse:
        raise InputError(f"{path}: {reader.form.title}: {reader.form.refuse}")
    return reader


def _named(name: str | None, forms: Mapping[str, Format]) -> tuple[str | None, str | None]:
    """The format that a user names, or the container."""
    if name is None or name in forms:
        return name, None
    if name not in CONTAINERS:
        raise UsageError(f"unknown format {name}", f"known: {', '.join([*forms, 'json', 'csv', 'parquet'])}")
    return None, name


def _base(forms: Mapping[str, Format], mapping: MappingFile, wishes: Wishes) -> Reader:
    """What a mapping and the settings say about reading, whatever the format."""
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
        today=wishes.today,
    )
    return Reader(
        forms["flat"], "json", 0.0, chosen, cleaning, constants=mapping.constants, registered=wishes.registered
    )


def _enveloped(
    batch: Batch,
    base: Reader,
    forms: Mapping[str, Format],
    name: str | None,
    plain: Reader | None,
    depth: int = 0,
) -> Reader | None:
    """The reader of lines that stand inside others, where those inside are of a known format."""
    for outer in envelopes(batch, base, forms, plain):
        inside = outer.envelopes[0].open(body_of(outer, batch), base.form)
        found = candidates(inside.batch, inside.batch.data, base, forms, NO_MAPPING, None, name)
        wrapped = [
            replace(reader, envelopes=outer.envelopes, sample=None)
            for reader in found
            if reader.container in {"lines", "json"}
        ]
        wrapped = [
            replace(
                reader, header=outer.header, header_in_file=True, header_row=outer.header_row, delimiter=outer.delimiter
            )
            for reader in wrapped
        ]
        best = max((score(reader, batch, "") for reader in wrapped), key=lambda reader: reader.confidence, default=None)
        if (best is None or best.confidence == 0.0 or best.hollow) and depth + 1 < _NESTED:  # one in another
            best = _inner_envelope(inside.batch, base, forms, name, outer, batch, depth + 1) or best
        if best is not None and best.confidence >= (_SURE if plain is None or not plain.confidence else _SURER):
            return best
    return None


_SURE: Final = 0.2  # share of the lines inside that must be requests,
_SURER: Final = 0.5  # and where the records around them can be read as they are


def recognise_inside(records: Sequence[Any], wishes: Wishes, path: str) -> Reader | None:
    """The reader of the lines that stand in a field of records; None where none of them are of a known format."""
    forms, mapping = all_formats(wishes.folders), wishes.mapping.for_source(path)
    name, _ = _named(wishes.format_name or mapping.format_name, forms)
    base = _base(forms, mapping, wishes)
    for envelope in text_envelopes(records):
        inside = envelope.open_records(records)
        found = candidates(inside.batch, inside.batch.data, base, forms, NO_MAPPING, None, name)
        wrapped = [
            settle(reader, replace(reader, envelopes=(envelope,), sample=None).read_records(records))
            for reader in found
            if reader.container == "lines"
        ]
        best = max(wrapped, key=lambda reader: reader.confidence, default=None)
        if best is not None and best.confidence >= _SURE:
            return replace(best, envelopes=(envelope,), sample=None)
    return None


def _inner_envelope(
    inside: Batch,
    base: Reader,
    forms: Mapping[str, Format],
    name: str | None,
    outer: Reader,
    batch: Batch,
    depth: int,
) -> Reader | None:
    """The reader of lines inside an envelope inside another."""
    if not inside.starts.size:
        return None
    found = _enveloped(inside, base, forms, name, None, depth)
    if found is None or found.tabular:
        return None
    nested = replace(found, envelopes=(*outer.envelopes, *found.envelopes), header=outer.header)
    nested = replace(nested, header_row=outer.header_row, delimiter=outer.delimiter)
    return score(nested, batch, "")


_NESTED: Final = 2  # envelopes around a line


def _by_pattern(base: Reader, forms: Mapping[str, Format], mapping: MappingFile) -> Reader:
    """The reader for the lines that a mapping's pattern takes apart."""
    form = replace(forms["flat"], name="lines", pattern=mapping.pattern, by_alias=False, fields=mapping.fields)
    return replace(base, form=form, container="lines")


def _best(scored: Sequence[Reader], path: str) -> Reader:
    """The reader that fits the most lines; of several the one whose format has the most marks."""
    best = max(reader.confidence for reader in scored)
    top = [reader for reader in scored if reader.confidence == best]
    most = max(len(reader.form.marks) for reader in top)
    closest = [reader for reader in top if len(reader.form.marks) == most]
    if len(closest) > 1:
        names = " and ".join(sorted(reader.form.name for reader in closest))
        raise InputError(
            f"{path} fits {names} equally well",
            f"say which with --format {min(reader.form.name for reader in closest)}",
        )
    return closest[0]


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


def why_nothing(reader: Reader, head: bytes) -> str:
    """What keeps a file's lines from being events."""
    missing = missing_fields(reader)
    if missing:
        return "; ".join(missing)
    if not head:
        return "empty"
    told = f": {reader.trouble}" if reader.trouble else ""
    return f"no sampled line could be read as an event ({reader.form.title}){told}"


def missing_fields(reader: Reader) -> list[str]:
    """Required columns that no field of the log carries."""
    if reader.form.read is not None or reader.container in {"lines", "w3c"}:
        return []
    have = set(reader.plan.paths) | set(reader.form.constants)
    names = sorted({".".join(path) for path in reader.seen})
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    missing = []
    if not have & {"started_at", "day"}:
        missing.append(f"no field gives a time (fields: {shown})")
    if not have & {"account_id", "api_key_id", "device_id", "client_address", "forwarded_for"}:
        missing.append(f"no field names the account (fields: {shown})")
    return missing


def score(reader: Reader, batch: Batch, path: str) -> Reader:
    """The reader with its share of sampled lines that become events; a field stands in for the account where no line
    names one.
    """
    if reader.container == "document":
        return replace(reader, confidence=1.0)
    body = reader.sample if reader.sample is not None else body_of(reader, batch)
    rows = reader.read(body)
    if (
        reader.container not in {"lines", "w3c"}
        and not reader.envelopes
        and reader.form.name == "flat"
        and is_register(reader.plan, reader.seen)
    ):
        raise InputError(f"{path} looks like a list of accounts, not of requests", f"give it with --accounts {path}")
    return settle(reader, rows)
