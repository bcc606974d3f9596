"""Options of the canary commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from forensics.commands.canary_files import Per
from forensics.commands.options import Form


def _file(name: str, said: str, *names: str) -> Any:  # noqa: ANN401 - what typer gives
    return typer.Option(f"--{name}", *names, help=said, metavar="FILE")


def _many(name: str, said: str, metavar: str, **limits: Any) -> Any:  # noqa: ANN401 - as above
    return typer.Option(f"--{name}", help=f"{said}; may be repeated.", metavar=metavar, **limits)


_TABLE = "Table of positions: TOML, or CSV with position_id, a, b."
PositionsArgument = Annotated[Path, typer.Argument(metavar="POSITIONS", help=_TABLE)]
WordsOption = Annotated[
    list[Path] | None, _many("words", "Further words that carry meaning (TOML), beside those that ship", "FILE")
]
FlipOption = Annotated[
    float, typer.Option("--flips", min=0, max=0.49, help="Share of positions that show the other phrasing.")
]
ErasedOption = Annotated[
    float, typer.Option("--erased", min=0, max=0.99, help="Share of positions that show neither phrasing, or both.")
]
ErrorOption = Annotated[
    float, typer.Option("--error", min=1e-9, max=0.2, help="Chance that a trace names anybody innocent.")
]
DocumentsOption = Annotated[
    int, typer.Option("--documents", min=1, help="Documents that show a position, on average; for summed scores.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over existing files.")]

CountsOption = Annotated[list[int] | None, _many("holder-count", "Words to give", "N", min=1)]
CoalitionsOption = Annotated[list[int] | None, _many("coalition", "Holders behind one leak", "N", min=1)]
FlipsOption = Annotated[
    list[float] | None,
    _many("flips", "Share of positions that show the other phrasing", "SHARE", min=0, max=0.49),
]
GroupsOption = Annotated[
    list[int] | None, _many("group-size", "Also: accounts of a network whose words are summed", "N", min=2)
]

SecretOption = Annotated[Path, _file("key", "Secret key, outside the case.")]
NewKeyOption = Annotated[bool, typer.Option("--new-key", help="Make the key, readable by you alone.")]
HoldersOption = Annotated[Path | None, _file("holders", "Who gets a word: CSV with holder_id, and group_id if known.")]
PerOption = Annotated[Per | None, typer.Option("--per", help="Take the holders from the case: one word a …")]
_COALITION = "Holders behind one leak; default 1, or the largest group where groups are known."
CoalitionOption = Annotated[int | None, typer.Option("--coalition", min=1, help=_COALITION)]
OutputOption = Annotated[
    Path | None, _file("output", "A .parquet, .csv or .json; default: into the case, else standard output.", "-o")
]
DesignOption = Annotated[
    Path | None, _file("design", "What trace must know of the assignment; default: beside it, as .design.json.")
]
ChosenForm = Annotated[Form | None, typer.Option("--format", help="How to write it; default told from -o.")]

_CORPUS = "Found text: files, folders, globs or -; each argument is one corpus."
CorporaArgument = Annotated[list[str], typer.Argument(metavar="CORPUS…", help=_CORPUS)]
TableOption = Annotated[Path, _file("positions", "The table of positions that was assigned from.")]
AssignmentOption = Annotated[Path | None, _file("assignment", "What assign wrote; default: that in the case.")]
BaselineOption = Annotated[
    list[str] | None, _many("baseline", "Like text that is no output of yours: what phrasings are usual", "CORPUS")
]
_MIXED = "A position whose rarer phrasing has more than this share says nothing."
MixedOption = Annotated[float, typer.Option("--mixed", min=0, max=0.5, help=_MIXED)]
FieldsOption = Annotated[
    list[str] | None, _many("text-field", "Only text under this name, of JSON and Parquet", "NAME")
]
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")]
HtmlOption = Annotated[Path | None, _file("html", "Also write a page.")]
