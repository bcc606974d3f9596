"""Formats that could fit a file, with the share of sampled lines that they read."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from forensics.reading.containers.decoded import load_all
from forensics.reading.containers.delimited import read_pattern
from forensics.reading.containers.envelopes import PREFIXES, TEXT_KEYS, Envelope, json_paths, text_paths, time_path
from forensics.reading.containers.records import NOT_THIS_LINE, has_mark, unwrap, unwrap_as
from forensics.reading.containers.w3c import FIELDS, fields_of
from forensics.reading.fields.aliases import Path as KeyPath
from forensics.reading.fields.aliases import resolve
from forensics.reading.fields.plan import observe
from forensics.reading.opening.sources import BOM, Batch, make_batch

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
    objects = [value for line in filled for value in _values_of(line)]
    braced = sum(line.lstrip()[:1] == b"{" for line in filled)  # broken JSON is JSON
    wordy = len(filled) > max(len(objects), braced)  # some line is no JSON
    if container in {None, "lines"} and (container or wordy):
        found = _line_candidates(batch, head, base, forms, name, max(len(objects), braced, _ENOUGH * len(filled)))
        if found:
            return found
    if (
        container in {None, "json"}
        and objects
        and (max(len(objects), braced) >= _ENOUGH * len(filled) or container == "json" or name is not None)
    ):
        return by_records(inside(objects, forms), replace(base, container="json"), forms, name)
    start = head.removeprefix(BOM).lstrip()[:1]
    if (
        container in {None, "json", "document"} and start in {b"{", b"["} and not any(objects)
    ):  # `{}` alone on a line is a part of one
        return [replace(base, container="document", form=forms[name] if name else forms["flat"])]
    return _table_candidates(lines, base, forms, mapping, name, container) if container in {None, "csv"} else []


def _values_of(line: bytes) -> list[Any]:
    """The objects and lists that a line holds."""
    values = load_all(line) or []
    return [value for value in values if isinstance(value, dict | list)]


def body_of(reader: Reader, batch: Batch) -> Batch:
    """The lines of a sample below the header of a table."""
    if not (reader.tabular and reader.header_in_file):
        return batch
    after = reader.header_row + 1
    return make_batch(batch.data[batch.starts[after] :] if batch.starts.size > after else b"", 0, 2)


def text_envelopes(records: Sequence[Any]) -> list[Envelope]:
    """Fields of records that may hold lines of a server."""
    return [Envelope(text=path, time=time_path(records, path)) for path in text_paths(records)]


def envelopes(batch: Batch, base: Reader, forms: Mapping[str, Format], plain: Reader | None) -> list[Reader]:
    """Readers with an envelope each that may stand around the lines of a sample."""
    lines = [line for row in range(batch.starts.size) if (line := batch.line(row)).strip()]
    objects = [value for line in lines for value in _values_of(line)]
    records = inside(objects, forms)
    if len(records) >= _ENOUGH * len(lines) and records:
        nest = next(
            (form.unwrap for form in forms.values() if form.unwrap and form.unwrap(objects[0]) is not None), None
        )
        return [replace(base, envelopes=(replace(one, nest=nest),)) for one in text_envelopes(records)]
    found = []
    for row in range(min(_ABOVE, len(lines))):
        table = _header_of(list(lines[row:]), base)
        if table is not None:
            cells = [
                dict(zip(table.header, one, strict=False)) for one in _csv_cells(lines[row + 1 :], table.delimiter)
            ]
            for path in (*text_paths(cells), *json_paths(cells)):
                told = Envelope(text=path, time=time_path(cells, path), header=table.header, delimiter=table.delimiter)
                found.append(replace(table, header_row=row, envelopes=(told,)))
            break
    if plain is None or plain.confidence == 0.0:
        for prefix in PREFIXES:
            matches = [match for line in lines if (match := prefix.match(line)) is not None and match.end()]
            if 2 * len(matches) >= len(lines):
                found.append(replace(base, envelopes=(Envelope(prefix=prefix),)))
    return found


def _header_of(lines: Sequence[bytes], base: Reader) -> Reader | None:
    """A table's reader, where the first of these lines may be its header."""
    first = lines[0].removeprefix(BOM).decode(errors="replace")
    delimiter = max(",;\t|", key=first.count)
    try:
        header = tuple(cell.strip() for cell in next(csv.reader(io.StringIO(first), delimiter=delimiter), []))
    except csv.Error:
        return None
    if len(header) < 2 or not set(header) & set(TEXT_KEYS):
        return None
    return replace(base, container="csv", header=_numbered(header), delimiter=delimiter)


def _line_candidates(
    batch: Batch, head: bytes, base: Reader, forms: Mapping[str, Format], name: str | None, enough: float
) -> list[Reader]:
    """Readers of the formats whose lines these are."""
    if b"#Fields:" in head[: _HEAD if name is None else len(head)]:
        found = _w3c_candidates(head, base, forms, name)
        if found:
            return found
    fitting, matched = _pattern_candidates(batch, base, forms, name)
    if matched and (name is not None or matched >= enough):
        return fitting
    return _server_candidates(head, base, forms, name)


_HEAD: Final = 1 << 14  # where a W3C log tells its fields


def _w3c_candidates(head: bytes, base: Reader, forms: Mapping[str, Format], name: str | None) -> list[Reader]:
    """Readers of logs that tell their fields themselves."""
    first = next((line for line in head.split(b"\n") if line.startswith(FIELDS)), b"")
    names = {one.lower() for one in fields_of(first)}
    return [
        replace(base, form=form, container="w3c")
        for form in forms.values()
        if form.container == "w3c"
        and (form.name == name or (name is None and all(names & set(mark.lower().split("|")) for mark in form.marks)))
    ]


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


def _server_candidates(head: bytes, base: Reader, forms: Mapping[str, Format], name: str | None) -> list[Reader]:
    """Readers of a server's own log, in which requests are a few lines among others."""
    found = []
    for form in forms.values():
        if not form.like or (name is not None and form.name != name):
            continue
        lines = [line for line in re.findall(_multiline(form.like), head) if line.strip()][:SAMPLED]
        if not lines:
            continue
        clocks = re.findall(_multiline(form.clock), head)[:1] if form.clock else []
        sample = make_batch(b"\n".join([*clocks, *lines]) + b"\n", 0, 1)
        rows = read_pattern(sample, form.pattern.split("\n"), form, {}, NOT_THIS_LINE)
        if rows.frame.height >= _ENOUGH * len(lines):
            found.append(replace(base, form=form, container="lines", sample=sample))
    return found


def _multiline(pattern: str) -> re.Pattern[bytes]:
    """A pattern for lines as one for the whole lines of a text."""
    plain = re.sub(r"\?P<\w+>", "?:", pattern)
    return re.compile(rf"{plain}[^\n]*".encode(), re.MULTILINE)


def inside(objects: Sequence[Any], forms: Mapping[str, Format]) -> list[dict[str, Any]]:
    """The records inside decoded lines, unwrapped."""
    nesting = [form for form in forms.values() if form.unwrap is not None]
    records: list[Any] = []
    for value in objects:
        found = next((inner for form in nesting if (inner := unwrap_as(value, form)) is not None), None)
        records += found if found is not None else unwrap(value) or []
    return [record for record in records if isinstance(record, dict)]


def _possible(mark: str, keys: set[str]) -> bool:
    """Whether a record of some with these keys could have a mark."""
    return any(one in keys or one.partition(".")[0] in keys for one in mark.split("|"))


def by_records(
    records: Sequence[dict[str, Any]], base: Reader, forms: Mapping[str, Format], name: str | None
) -> list[Reader]:
    """Readers for the formats whose marks enough of the records show; flat where none does."""
    seen = observe(records[:SAMPLED])
    if name is not None:
        return [replace(base, form=forms[name], seen=seen)]
    fitting = []
    keys = {key for record in records for key in record}
    for form in forms.values():
        if form.marks and form.container != "w3c" and all(_possible(mark, keys) for mark in form.marks):
            share = sum(all(has_mark(record, mark) for mark in form.marks) for record in records) / max(len(records), 1)
            if share >= _ENOUGH:
                fitting.append(replace(base, form=form, seen=seen))
    return _most_marked(fitting) or [replace(base, form=forms["flat"], seen=seen)]


def _most_marked(fitting: Sequence[Reader]) -> list[Reader]:
    """Of formats that share their marks, those that ask for more."""
    return [
        reader
        for reader in fitting
        if not any(set(reader.form.marks) < set(other.form.marks) for other in fitting if other is not reader)
    ]


def _table_candidates(
    lines: Sequence[bytes],
    base: Reader,
    forms: Mapping[str, Format],
    mapping: MappingFile,
    name: str | None,
    container: str | None,
) -> list[Reader]:
    """Readers of a table, whose header may stand below other lines: a title, `sep=;`."""
    for row in range(1 if mapping.header else min(_ABOVE, len(lines))):
        rest = [line for line in lines[row:] if line.strip()]
        if lines[row].strip():
            found = _csv_candidates(rest, base, forms, mapping, name, forced=container == "csv")
            if found:
                return [replace(reader, header_row=row) for reader in found]
    return []


_ABOVE: Final = 10  # lines among which a header is looked for


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
    if len(header) < 2 or not all(re.search(r"\w", name) or not name for name in header):
        return []
    header = _numbered(header)
    rows = filled if mapping.header else filled[1:]
    samples = _csv_cells(rows[:SAMPLED], delimiter)
    records = [
        {key: cell or None for key, cell in zip(header, cells, strict=True)}
        for cells in samples
        if len(cells) == len(header) and tuple(cells) != header
    ]
    widened = _decimal_commas(header, samples, delimiter)
    if rows and not forced and len(records) < _ENOUGH * len(samples) and not widened:
        return []
    if not records:
        records = [dict.fromkeys(header)]
    table = replace(base, container="csv", header=header, header_in_file=not mapping.header, delimiter=delimiter)
    found = _by_records_csv(records, header, replace(table, trouble=widened), forms, name)
    return [
        reader
        for reader in found
        if reader.form.name != "flat" or mapping.fields or "started_at" in resolve([(key,) for key in header])
    ]


def _numbered(header: Sequence[str]) -> tuple[str, ...]:
    """The names of a header, of which each is there once: a second `status` is `status (2)`."""
    told: dict[str, int] = {}
    names = []
    for place, given in enumerate(header, start=1):
        name = given or f"column {place}"
        told[name] = told.get(name, 0) + 1
        names.append(name if told[name] == 1 else f"{name} ({told[name]})")
    return tuple(names)


def _decimal_commas(header: Sequence[str], samples: Sequence[Sequence[str]], delimiter: str) -> str:
    """What is wrong with records that all have more cells than the header: numbers with a comma, cut at it."""
    wide = [cells for cells in samples if len(cells) > len(header)]
    if not samples or 2 * len(wide) < len(samples):
        return ""
    return (
        f"the records have {len(wide[0])} fields where the header has {len(header)}: "
        f"numbers with a {delimiter!r} in them must stand in quotes"
    )


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
        if form.marks and form.container != "w3c" and all(names & set(mark.split("|")) for mark in form.marks)
    ]
    return _most_marked(fitting) or [replace(base, form=forms["flat"], seen=seen)]
