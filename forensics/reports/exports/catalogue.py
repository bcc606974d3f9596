"""Every form a report can be written in, by name; each writer is imported only when asked for."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from forensics.common.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from forensics.reports.facts.model import Report


class Written(TypedDict):
    """A file that was written."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Export:
    """One form: what it is for, the ending of its files, and the function that writes it as bytes."""

    title: str
    suffix: str
    module: str
    function: str

    def render(self, report: Report) -> bytes:
        """The report in this form."""
        write: Callable[[Report], bytes] = getattr(
            importlib.import_module(f"forensics.reports.{self.module}"), self.function
        )
        return write(report)


EXPORTS: dict[str, Export] = {
    "html": Export("one self-contained page with pictures", ".html", "page.html", "render_html"),
    "markdown": Export("text for tickets and wikis", ".md", "exports.markdown", "render_markdown"),
    "json": Export("everything, by a published schema", ".json", "exports.data", "render_json"),
    "jsonl": Export("one finding a line", ".jsonl", "exports.data", "render_jsonl"),
    "csv": Export("one finding a row, for spreadsheets", ".csv", "exports.data", "render_csv"),
    "parquet": Export("one finding a row, typed", ".parquet", "exports.data", "render_parquet"),
    "timesketch": Export(
        "births, bans, successions and quoted lines as a timeline",
        ".timesketch.jsonl",
        "exports.timesketch",
        "render_timesketch",
    ),
    "stix": Export("STIX 2.1 bundle", ".stix.json", "exports.stix", "render_stix"),
    "ocsf": Export("OCSF Detection Finding 2004, one a line", ".ocsf.jsonl", "exports.ocsf", "render_ocsf"),
    "graphml": Export(
        "accounts, observables and what ties them, for graph tools", ".graphml", "exports.graph", "render_graphml"
    ),
    "gexf": Export("the same for Gephi, with lifetimes", ".gexf", "exports.graph", "render_gexf"),
    "sigma": Export("stubs of Sigma rules for found fingerprints", ".sigma.yml", "exports.sigma", "render_sigma"),
    "blocklist": Export(
        "accounts and what they alone share, each with its reason, measured hits and expiry",
        ".accounts.csv",
        "exports.blocklist",
        "render_blocklist",
    ),
}


def choose_export(name: str | None, path: Path | None) -> Export:
    """The form by name, else by the ending of the file, else HTML.

    Raises: UsageError for an unknown name or ending.
    """
    known = ", ".join(EXPORTS)
    if name is not None:
        if name not in EXPORTS:
            raise UsageError(f"no report format is called {name}", f"known: {known}")
        return EXPORTS[name]
    if path is None:
        return EXPORTS["html"]
    fitting = [export for export in EXPORTS.values() if path.name.lower().endswith(export.suffix)]
    if not fitting:
        raise UsageError(f"cannot tell a report format from the name {path.name}", f"give --format: {known}")
    return max(fitting, key=lambda export: len(export.suffix))


def write_reports(
    report: Report,
    wanted: Sequence[tuple[Export, Path]],
    *,
    force: bool = False,
    record: Callable[[list[Written]], None] | None = None,
) -> None:
    """Write each export to its file, whole or not at all; never over an existing file unless `force`.

    Raises: UsageError where a file exists or cannot be written.
    """
    refuse_taken([path for _, path in wanted], force=force)
    place_files(((path, export.render(report)) for export, path in wanted), force=force, record=record)


def refuse_taken(paths: Sequence[Path], *, force: bool) -> None:
    """Nothing stands under these names, or it may be written over.

    Raises: UsageError where something does.
    """
    for path in paths:
        if path.exists() and not force:
            raise UsageError(f"{path} exists", "choose another name, or say --force to write over it")
        if path.is_dir():
            raise UsageError(f"{path} is a folder", "name a file")


def place_files(
    contents: Iterable[tuple[Path, bytes]], *, force: bool, record: Callable[[list[Written]], None] | None = None
) -> None:
    """Write files beside their names, have them recorded, then give them their names: none is there of which the record
    does not know.

    Raises: UsageError where a file exists or cannot be written.
    """
    made: list[tuple[Path, Path]] = []
    written: list[Written] = []
    try:
        for path, content in contents:
            made.append((path, path.with_name(f".{path.name}.tmp")))
            made[-1][1].write_bytes(content)
            written.append({"path": str(path), "sha256": hashlib.sha256(content).hexdigest()})
        if record is not None:
            record(written)
        for path, temporary in made:
            if force:
                temporary.replace(path)
            else:
                path.hardlink_to(temporary)  # fails if the file has appeared meanwhile; a rename would write over it
    except FileExistsError as error:
        raise UsageError(f"{path} exists", "choose another name, or say --force to write over it") from error
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "name a file in a folder that exists and can be written"
        ) from error
    finally:
        for _, temporary in made:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
