"""Which format a source is in: told from its first megabytes, with the share of sampled records that fit."""

from __future__ import annotations

import codecs
import csv
import io
import os
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from forensics.errors import InputError, UsageError
from forensics.events import Cleaning, clean_events
from forensics.fields import Path as KeyPath
from forensics.fields import normal_name, resolve
from forensics.format_files import read_folder, read_format
from forensics.jsonlines import read_json
from forensics.mapping import Mapping as MappingFile
from forensics.plugins import Format, discover
from forensics.reading import BOM, Batch, make_batch
from forensics.records import Plan, Rows, dig, load, make_plan, observe, unwrap
from forensics.register import ALIASES as REGISTER_ALIASES
from forensics.textlines import read_csv, read_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.geography import Database


SNIFFED_BYTES: Final = 4 << 20
SAMPLED: Final = 200  # lines
_ENOUGH: Final = 0.3  # share of sampled records that must show a format's marks
CONTAINERS: Final = ("json", "csv", "parquet", "document", "lines")
_NO_MAPPING: Final = MappingFile()
NOT_THIS_LINE: Final = "not in the log's line format"


@cache
def all_formats(folders: tuple[str, ...] = ()) -> dict[str, Format]:
    """Every format by its name: plugins, the TOML files that come with the tool, and those of the user's folders.

    Raises: UsageError for a TOML file that is no format, or takes a name that exists.
    """
    found = {plugin.name: plugin for plugin in discover("forensics.formats").values()} | read_folder(resources.files("forensics.formats"))
    for folder in folders:
        if Path(folder).is_dir():
            own = read_folder(Path(folder))
            taken = sorted(set(own) & set(found))
            if taken:
                raise UsageError(f"{folder}: a format named {taken[0]} exists already", "give it another name")
            found |= own
    return dict(sorted(found.items()))


def format_folders(case: Path | None = None) -> tuple[str, ...]:
    """Where users keep formats of their own: the user's config folder, and `formats` beside the case."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return (str(home / "forensics" / "formats"), *([str(case.parent / "formats")] if case is not None else []))


def check_format(path: Path, folders: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with a format of the user's own, one sentence each: samples that do not read, lines that should not, formats it collides with.

    Raises: UsageError for a file that is no format at all.
    """
    form = read_format(path)
    known = {**all_formats(), **{name: other for name, other in all_formats(folders).items() if name != form.name}, form.name: form}
    wrong = [f"a format named {form.name} comes with the tool"] if form.name in all_formats() else []
    for kind, lines in (("sample", form.samples), ("broken line", form.broken)):
        for number, text in enumerate(lines, start=1):
            batch = make_batch(text.encode(), 0, 1)
            found = [
                _score(reader, batch, str(path))
                for reader in _candidates(batch, text.encode(), Reader(known["flat"], "json", 0.0), known, _NO_MAPPING, None, None)
            ]
            reads = next((reader for reader in found if reader.form.name == form.name), None)
            if kind == "sample" and (reads is None or reads.confidence < 1.0):
                wrong.append(f"{kind} {number} does not read as {form.name}")
            if kind == "sample":
                wrong += [
                    f"{kind} {number} also reads as {reader.form.name}"
                    for reader in found
                    if reader.form.name != form.name and len(reader.form.marks) >= len(form.marks)
                ]
            if kind == "broken line" and reads is not None and reads.confidence > 0.0:
                wrong.append(f"{kind} {number} reads although it should not")
    return wrong


@dataclass
class Reader:
    """How one source is read: container, format, what a mapping adds, and what the sample showed."""

    form: Format
    container: str
    confidence: float
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cleaning: Cleaning = field(default_factory=Cleaning)
    seen: Mapping[KeyPath, Sequence[Any]] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    header_in_file: bool = True
    delimiter: str = ","
    note: str = ""
    constants: Mapping[str, str] = field(default_factory=dict)  # a mapping's

    @property
    def plan(self) -> Plan:
        """Paths for the sample's keys."""
        return make_plan(self.form, self.chosen, self.seen)

    def read(self, batch: Batch) -> Rows:
        """Raw fields of a batch of lines."""
        if self.container == "csv":
            return read_csv(batch, self.header, self.delimiter, self.plan, self.form)
        if self.container == "lines":
            return read_pattern(batch, self.form.pattern.split("\n"), self.form, self.chosen, NOT_THIS_LINE)
        return read_json(batch, self.form, self.chosen, self.seen, fast=True)

    def clean(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
        """Events of raw fields, and rejects."""
        constants = {**self.form.constants, **self.constants}
        frame = frame.with_columns(
            pl.coalesce(name, pl.lit(value)).alias(name) if name in frame.columns and name not in self.constants else pl.lit(value).alias(name)
            for name, value in constants.items()
        )
        return clean_events(frame, self.cleaning)


@dataclass(frozen=True)
class Wishes:
    """What the user said about how sources are read."""

    mapping: MappingFile
    format_name: str | None = None
    keep_text: bool = False
    trusted_hops: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()  # with formats of the user's own
    joined: bool = False  # events need no account until another log was asked
    databases: tuple[Database, ...] = ()


def recognise(head: bytes, path: str, wishes: Wishes) -> Reader:
    """The reader for a source with these first bytes.

    Raises: InputError where no format fits, where two fit equally, or where the format is none of requests; UsageError for an unknown name.
    """
    forms, mapping = all_formats(wishes.folders), wishes.mapping.for_source(path)
    name = wishes.format_name or mapping.format_name
    container = None
    if name is not None and name not in forms:
        if name not in CONTAINERS:
            raise UsageError(f"unknown format {name}", f"known: {', '.join([*forms, 'json', 'csv', 'parquet'])}")
        container, name = name, None
    chosen: dict[str, Sequence[str]] = {**mapping.fields, **{f"@{given}": (field_name,) for given, field_name in mapping.observables.items()}}
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
                form=replace(forms["flat"], name="lines", pattern=mapping.pattern, by_alias=False, fields=mapping.fields),
                container="lines",
                chosen=_pattern_chosen(chosen),
            )
        ]
    else:
        found = _candidates(batch, head, base, forms, mapping, container, name)
    if not found:
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InputError(f"{path} is UTF-16 text", "make it UTF-8 first: iconv -f UTF-16 -t UTF-8 FILE > FILE.utf8")
        raise InputError(
            f"{path}: no known format fits", "name it with --format, or describe it in a mapping file; `forensics formats list` shows what is known"
        )
    scored = [_score(reader, batch, path) for reader in found]
    best = max(reader.confidence for reader in scored)
    top = [reader for reader in scored if reader.confidence == best]
    if len(top) > 1:
        most = max(len(reader.form.marks) for reader in top)
        closest = [reader for reader in top if len(reader.form.marks) == most]
        if len(closest) > 1:
            names = " and ".join(sorted(reader.form.name for reader in closest))
            raise InputError(f"{path} fits {names} equally well", f"say which with --format {min(reader.form.name for reader in closest)}")
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


def _candidates(
    batch: Batch, head: bytes, base: Reader, forms: Mapping[str, Format], mapping: MappingFile, container: str | None, name: str | None
) -> list[Reader]:
    lines = [batch.line(row) for row in range(batch.starts.size)]
    filled = [line for line in lines if line.strip()]
    values = [load(line) for line in filled]
    objects = [value for value in values if isinstance(value, dict | list)]
    braced = sum(line.lstrip()[:1] == b"{" for line in filled)  # broken JSON is JSON
    plain = len(filled) > max(len(objects), braced)  # some line is no JSON
    fitting, matched = _pattern_candidates(batch, base, forms, name) if container == "lines" or (container is None and plain) else ([], 0)
    enough = _ENOUGH * len(filled)
    if matched and (name is not None or matched >= max(len(objects), braced, enough)):
        return fitting
    if container in {None, "json"} and objects and (max(len(objects), braced) >= enough or container == "json" or name is not None):
        return by_records(inside(objects, forms), replace(base, container="json"), forms, name)
    start = head.removeprefix(BOM).lstrip()[:1]
    if container in {None, "json", "document"} and start in {b"{", b"["} and not any(objects):  # `{}` alone on a line is a part of one
        return [replace(base, container="document", form=forms[name] if name else forms["flat"])]
    return _csv_candidates(filled, base, forms, mapping, name, forced=container == "csv") if container in {None, "csv"} else []


def _pattern_candidates(batch: Batch, base: Reader, forms: Mapping[str, Format], name: str | None) -> tuple[list[Reader], int]:
    """Readers of the formats whose pattern fits the most lines, and how many."""
    fitting: dict[int, list[Reader]] = {0: []}
    for form in forms.values():
        if form.pattern and (name is None or form.name == name):
            rows = read_pattern(batch, form.pattern.split("\n"), form, {}, NOT_THIS_LINE)
            fitting.setdefault(rows.frame.height, []).append(replace(base, form=form, container="lines"))
    most = max(fitting)
    return fitting[most], most


def inside(objects: Sequence[Any], forms: Mapping[str, Format]) -> list[dict[str, Any]]:
    """The records inside decoded lines, unwrapped."""
    records: list[dict[str, Any]] = []
    for value in objects:
        inner = None
        for form in forms.values():
            if form.unwrap is not None:
                inner = form.unwrap(value)
                if inner is not None:
                    break
        records += [record for record in (inner if inner is not None else unwrap(value) or []) if isinstance(record, dict)]
    return records


def _has(record: Mapping[str, Any], mark: str) -> bool:
    return any(dig(record, tuple(one.split("."))) is not None or record.get(one) is not None for one in mark.split("|"))


def by_records(records: Sequence[dict[str, Any]], base: Reader, forms: Mapping[str, Format], name: str | None) -> list[Reader]:
    """Readers for the formats whose marks enough of the records show; flat where none does."""
    seen = observe(records[:SAMPLED])
    if name is not None:
        return [replace(base, form=forms[name], seen=seen)]
    fitting = []
    for form in forms.values():
        if form.marks:
            share = sum(all(_has(record, mark) for mark in form.marks) for record in records) / max(len(records), 1)
            if share >= _ENOUGH:
                fitting.append(replace(base, form=form, seen=seen))
    return fitting or [replace(base, form=forms["flat"], seen=seen)]


def _csv_candidates(
    filled: Sequence[bytes], base: Reader, forms: Mapping[str, Format], mapping: MappingFile, name: str | None, *, forced: bool
) -> list[Reader]:
    if not filled:
        return []
    try:
        first = filled[0].removeprefix(BOM).decode()
        delimiter = mapping.delimiter or max(",;\t|", key=first.count)
        header = mapping.header or tuple(cell.strip() for cell in next(csv.reader(io.StringIO(first), delimiter=delimiter), []))
    except (UnicodeDecodeError, csv.Error):
        return []
    if len(header) < 2 or len(set(header)) < len(header):
        return []
    rows = filled if mapping.header else filled[1:]
    samples = _csv_cells(rows[:SAMPLED], delimiter)
    records = [{key: cell or None for key, cell in zip(header, cells, strict=True)} for cells in samples if len(cells) == len(header)]
    if rows and not forced and len(records) < _ENOUGH * len(samples):
        return []
    if not records:
        records = [dict.fromkeys(header)]
    found = _by_records_csv(records, header, replace(base, container="csv", header=header, header_in_file=not mapping.header, delimiter=delimiter), forms, name)
    return [reader for reader in found if reader.form.name != "flat" or mapping.fields or "started_at" in resolve([(key,) for key in header])]


def _csv_cells(lines: Sequence[bytes], delimiter: str) -> list[list[str]]:
    """Cells of the records in these lines: quoted text may run over several of them, a stray quote must not swallow the rest."""
    found: list[list[list[str]]] = []
    for text in ("\n".join(line.decode(errors="replace") for line in lines), *(line.decode(errors="replace") for line in lines)):
        try:
            found.append([cells for cells in csv.reader(io.StringIO(text), delimiter=delimiter) if cells])
        except csv.Error:
            found.append([])
    whole, single = found[0], [cells for part in found[1:] for cells in part]
    widths = [len(cells) for cells in whole]
    return whole[:-1] if len(whole) > 1 and widths.count(max(widths, key=widths.count)) >= _ENOUGH * len(widths) else single


def _by_records_csv(records: Sequence[dict[str, Any]], header: Sequence[str], base: Reader, forms: Mapping[str, Format], name: str | None) -> list[Reader]:
    seen: dict[KeyPath, list[Any]] = {(key,): [record[key] for record in records[:50] if record.get(key) is not None] for key in header}
    if name is not None:
        return [replace(base, form=forms[name], seen=seen)]
    names = set(header)
    fitting = [replace(base, form=form, seen=seen) for form in forms.values() if form.marks and all(names & set(mark.split("|")) for mark in form.marks)]
    return fitting or [replace(base, form=forms["flat"], seen=seen)]


def _score(reader: Reader, batch: Batch, path: str) -> Reader:
    """The reader with its share of sampled lines that become events; a field stands in for the account where no line names one."""
    if reader.container == "document":
        return replace(reader, confidence=1.0)
    body = batch
    if reader.container == "csv" and reader.header_in_file:
        body = make_batch(batch.data[batch.starts[1] :] if batch.starts.size > 1 else b"", 0, 2)
    rows = reader.read(body)
    if reader.container != "lines" and reader.form.name == "flat" and is_register(reader.plan, reader.seen):
        raise InputError(f"{path} looks like a list of accounts, not of requests", f"give it with --accounts {path}")
    return settle(reader, rows)


def settle(reader: Reader, rows: Rows) -> Reader:
    """Confidence on sampled rows, and the column that stands in for the account where none names one."""
    events, _ = reader.clean(rows.frame)
    total = rows.frame.height + len(rows.bad)
    if not events.height and rows.frame.height and reader.cleaning.need_account:
        for stand_in in ("api_key_id", "device_id", "client_address"):
            if stand_in in rows.frame.columns or (stand_in == "client_address" and "forwarded_for" in rows.frame.columns):
                other = replace(
                    reader, cleaning=replace(reader.cleaning, account_from=(stand_in,)), note=f"no line names an account: {stand_in} stands in for it"
                )
                events, _ = other.clean(rows.frame)
                if events.height:
                    reader = other
                    break
    return replace(reader, confidence=events.height / total if total else 0.0)


_REGISTER_ONLY: Final = frozenset(
    normal_name(name)
    for column in ("banned_at", "closed_at", "payment_id", "email", "email_domain", "plan", "referrer", "signup_address", "parent_id", "phone_hash")
    for name in REGISTER_ALIASES[column]
    if name not in {"deleted", "ip", "ip_address", "product", "ended_at", "campaign", "domain", "end_date"}
)
_REQUEST_FIELDS: Final = frozenset(
    {
        "request_model",
        "status_code",
        "input_tokens",
        "output_tokens",
        "endpoint",
        "prompt",
        "messages",
        "prompt_hash",
        "template",
        "latency_ms",
        "request_latency",
        "method",
        "operation",
        "request_id",
        "session_id",
        "system",
    }
)


def is_register(plan: Plan, seen: Mapping[KeyPath, Sequence[Any]]) -> bool:
    """Whether the columns describe accounts rather than requests."""
    about_accounts = sum(normal_name(path[-1]) in _REGISTER_ONLY for path in seen)
    about_requests = sum(
        name in _REQUEST_FIELDS and any(normal_name(path[-1]) not in {"status", "id", "message", "text"} for path in paths)
        for name, paths in plan.paths.items()
    )
    return about_accounts >= 2 and about_requests == 0


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
