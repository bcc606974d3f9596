"""What a file would be read as, without reading it into a case."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from forensics.case.store import Case
from forensics.common.errors import InputError
from forensics.common.schema import EVENTS, REJECTS
from forensics.reading.fields.mapping import NO_MAPPING, Mapping, read_mapping
from forensics.reading.formats.toml_file import read_format
from forensics.reading.ingest import Run
from forensics.reading.opening.sources import make_batch
from forensics.reading.recognising.candidates import candidates
from forensics.reading.recognising.catalogue import all_formats, format_folders
from forensics.reading.recognising.reader import Reader, Wishes
from forensics.reading.recognising.recognise import score
from forensics.reading.report import Preview

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.common.settings import IngestSettings

    Progress = Callable[[str, int, int | None, int], None]


PREVIEW_BYTES: Final = 64 << 20


def preview(
    path: str, *, mapping: Path | None = None, format_name: str | None = None, settings: IngestSettings, rows: int = 5
) -> Preview:
    """What a file would be read as: its format, its first events and rejects, which field became what.

    Raises: InputError where no format fits or it is refused, UsageError for a wrong mapping or format name.
    """
    chosen = read_mapping(mapping) if mapping is not None else Mapping()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(
            Case(Path(folder) / "case"),
            Wishes(
                chosen, format_name, trusted_hops=settings.trusted_hops, folders=format_folders(Path.cwd() / "case")
            ),
            settings,
            None,
        )
        run.limit = PREVIEW_BYTES
        try:
            report = run.read_source(path)
        except OSError as error:
            raise InputError(
                f"{path} cannot be read: {error.strerror or error}", "check the file and its permissions"
            ) from error
        finally:
            run.pool.shutdown(wait=True, cancel_futures=True)
        events = pl.concat(run.writer.held["events"], how="diagonal") if run.writer.held["events"] else EVENTS.empty()
        rejects = pl.concat(run.writer.held["rejects"]) if run.writer.held["rejects"] else REJECTS.empty()
    reader = run.readers[-1] if run.readers else None
    if reader is None:
        raise InputError(f"{path}: {report.note}")
    unused = sorted({".".join(path) for path in reader.unused}) if reader.form.read is None else []
    held = events.drop("source_id", "source_line", strict=False)
    distinct = {
        name: held[name].drop_nulls().n_unique() for name in held.columns if held[name].null_count() < held.height
    }
    return Preview(
        path,
        report.format,
        reader.form.title,
        report.confidence,
        events.head(rows),
        rejects.head(rows),
        report.fields,
        unused,
        report,
        distinct,
    )


def check_format(path: Path, folders: tuple[str, ...] = ()) -> list[str]:
    """What is wrong with a format of the user's own, one sentence each: samples that do not read, lines that should
    not, formats it collides with.

    Raises: UsageError for a file that is no format at all.
    """
    form = read_format(path)
    known = {
        **all_formats(),
        **{name: other for name, other in all_formats(folders).items() if name != form.name},
        form.name: form,
    }
    wrong = [f"a format named {form.name} comes with the tool"] if form.name in all_formats() else []
    for kind, lines in (("sample", form.samples), ("broken line", form.broken)):
        for number, text in enumerate(lines, start=1):
            batch = make_batch(text.encode(), 0, 1)
            found = [
                score(reader, batch, str(path))
                for reader in candidates(
                    batch, text.encode(), Reader(known["flat"], "json", 0.0), known, NO_MAPPING, None, None
                )
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
