"""Formats that could fit a file, with the share of sampled lines that they read."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from forensics.reading.containers.delimited import read_pattern
from forensics.reading.containers.records import NOT_THIS_LINE, dig, load, unwrap
from forensics.reading.fields.aliases import Path as KeyPath
from forensics.reading.fields.aliases import resolve
from forensics.reading.fields.plan import observe
from forensics.reading.opening.sources import BOM, Batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.reading.fields.format import Format
    from forensics.reading.fields.mapping import Mapping as MappingFile
    from forensics.reading.recognising.reader import Reader


SAMPLED: Final = 200  # lines

_ENOUGH: Final = 0.3  # share of sampled records that must show a format's marks


def candidates(
    batch: Batch,
    head: bytes,
    base: Reader,
    forms: Mapping[str, Format],
    mapping: MappingFile,
    container: str | None,
    name: str | None,
) -> list[Reader]:
    """Readers that could fit the sampled lines, of one container."""
    lines = [batch.line(row) for row in range(batch.starts.size)]
    filled = [line for line in lines if line.strip()]
    values = [load(line) for line in filled]
    objects = [value for value in values if isinstance(value, dict | list)]
    braced = sum(line.lstrip()[:1] == b"{" for line in filled)  # broken JSON is JSON
    plain = len(filled) > max(len(objects), braced)  # some line is no JSON
    fitting, matched = (
        _pattern_candidates(batch, base, forms, name)
        if container == "lines" or (container is None and plain)
        else ([], 0)
    )
    enough = _ENOUGH * len(filled)
    if matched and (name is not None or matched >= max(len(objects), braced, enough)):
        return fitting
    if (
        container in {None, "json"}
        and objects
        and (max(len(objects), braced) >= enough or container == "json" or name is not None)
    ):
        return by_records(inside(objects, forms), replace(base, container="json"), forms, name)
    start = head.removeprefix(BOM).lstrip()[:1]
    if (
        container in {None, "json", "document"} and start in {b"{", b"["} and not any(objects)
    ):  # `{}` alone on a line is a part of one
        return [replace(base, container="document", form=forms[name] if name else forms["flat"])]
    return (
        _csv_candidates(filled, base, forms, mapping, name, forced=container == "csv")
        if container in {None, "csv"}
        else []
    )


def _pattern_candidates(
    batch: Batch, base: Reader, forms: Mapping[str, Format], name: str | None
) -> tuple[list[Reader], int]:
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
        records += [
            record for record in (inner if inner is not None else unwrap(value) or []) if isinstance(record, dict)
        ]
    return records


def _has(record: Mapping[str, Any], mark: str) -> bool:
    return any(dig(record, tuple(one.split("."))) is not None or record.get(one) is not None for one in mark.split("|"))


def by_records(
    records: Sequence[dict[str, Any]], base: Reader, forms: Mapping[str, Format], name: str | None
) -> list[Reader]:
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
    filled: Sequence[bytes],
    base: Reader,
    forms: Mapping[str, Format],
    mapping: MappingFile,
    name: str | None,
    *,
    forced: bool,
) -> list[Reader]:
    if not filled:
        return []
    try:
        first = filled[0].removeprefix(BOM).decode()
        delimiter = mapping.delimiter or max(",;\t|", key=first.count)
        header = mapping.header or tuple(
            cell.strip() for cell in next(csv.reader(io.StringIO(first), delimiter=delimiter), [])
        )
    except (UnicodeDecodeError, csv.Error):
        return []
    if len(header) < 2 or len(set(header)) < len(header):
        return []
    rows = filled if mapping.header else filled[1:]
    samples = _csv_cells(rows[:SAMPLED], delimiter)
    records = [
        {key: cell or None for key, cell in zip(header, cells, strict=True)}
        for cells in samples
        if len(cells) == len(header)
    ]
    if rows and not forced and len(records) < _ENOUGH * len(samples):
        return []
    if not records:
        records = [dict.fromkeys(header)]
    found = _by_records_csv(
        records,
        header,
        replace(base, container="csv", header=header, header_in_file=not mapping.header, delimiter=delimiter),
        forms,
        name,
    )
    return [
        reader
        for reader in found
        if reader.form.name != "flat" or mapping.fields or "started_at" in resolve([(key,) for key in header])
    ]


def _csv_cells(lines: Sequence[bytes], delimiter: str) -> list[list[str]]:
    """Cells of the records in these lines: quoted text may run over several of them, a stray quote must not swallow the
    rest.
    """
    found: list[list[list[str]]] = []
    for text in (
        "\n".join(line.decode(errors="replace") for line in lines),
        *(line.decode(errors="replace") for line in lines),
    ):
        try:
            found.append([cells for cells in csv.reader(io.StringIO(text), delimiter=delimiter) if cells])
        except csv.Error:
            found.append([])
    whole, single = found[0], [cells for part in found[1:] for cells in part]
    widths = [len(cells) for cells in whole]
    return (
        whole[:-1]
        if len(whole) > 1 and widths.count(max(widths, key=widths.count)) >= _ENOUGH * len(widths)
        else single
    )


def _by_records_csv(
    records: Sequence[dict[str, Any]],
    header: Sequence[str],
    base: Reader,
    forms: Mapping[str, Format],
    name: str | None,
) -> list[Reader]:
    seen: dict[KeyPath, list[Any]] = {
        (key,): [record[key] for record in records[:50] if record.get(key) is not None] for key in header
    }
    if name is not None:
        return [replace(base, form=forms[name], seen=seen)]
    names = set(header)
    fitting = [
        replace(base, form=form, seen=seen)
        for form in forms.values()
        if form.marks and all(names & set(mark.split("|")) for mark in form.marks)
    ]
    return fitting or [replace(base, form=forms["flat"], seen=seen)]
