"""From a quoted `path:line` back to the raw line, and from a file to the source it was read as."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import InputError, IntegrityError, UsageError
from forensics.common.secrets import MARK, mask_path
from forensics.common.stores import at_hand, find_objects, is_store, look_at, refuse_wrong, spell
from forensics.reading.opening.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forensics.case.store import Case

SHOWN_BYTES = 4_096  # of a quoted line


@dataclass(frozen=True)
class Line:
    """A line of a source: its hash and its start."""

    number: int
    sha256: str
    start: bytes
    size: int
    names_account: bool


@dataclass(frozen=True)
class Read:
    """A file as it is now: content hashes at the lengths asked for, and the lines asked for."""

    sha256: Mapping[int, str]  # by number of decompressed bytes
    size: int
    lines: Mapping[int, bytes]
    damaged: str = ""


def place_of(row: Mapping[str, Any]) -> str:
    """Where a source was when it was read: a relative path begins in the folder that the tool ran in."""
    name = str(row["path"])
    return find_marked(name if is_store(name) else str(Path(str(row.get("folder") or "")) / name))


def find_marked(place: str) -> str:
    """The path of which secrets were taken out (`mask_path`), found again by looking where it leads; as it is where
    nothing is found. That a file is the one that was read its content says, not its name.
    """
    if MARK not in place:
        return place
    if is_store(place):
        with contextlib.suppress(InputError, UsageError):
            above = place[: place.index(MARK)].rpartition("/")[0]
            return next((one.name for one in find_objects(above) if mask_path(one.name) == place), place)
        return place
    found = Path()
    for part in Path(place).parts:
        there = found / part
        if MARK in part and not there.exists():
            with contextlib.suppress(OSError):
                there = min((path for path in found.iterdir() if mask_path(path.name) == part), default=there)
        found = there
    return str(found)


def why_away(place: str) -> str:
    """Why a source is not at hand; empty where it is. A store that does not answer, or refuses, says why."""
    if not is_store(place):
        return "" if Path(place).is_file() else "not there"
    try:
        look_at(place, fresh=True)
    except (InputError, UsageError) as error:
        return error.message.removeprefix(f"{place}: ")
    return ""


def read_again(path: Path | str, lengths: Iterable[int], numbers: Iterable[int], *, ends: bool = False) -> Read:
    """Read a file once: SHA-256 of its first `lengths` decompressed bytes each, and its lines `numbers`, counted from
    1; with `ends` every byte of them, else without what ends a line.

    Raises: InputError where it cannot be read.
    """
    wanted, cuts = sorted(set(numbers)), sorted(set(lengths))
    digest, at, cut = hashlib.sha256(), 0, 0
    hashes: dict[int, str] = {}
    lines: dict[int, bytes] = {}
    line, rest, ask = 1, b"", 0
    refuse_wrong(spell(path))
    try:
        stream = open_source(spell(path))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", "give the file that was read") from error
    with stream.handle:
        for block in stream.blocks():
            start = 0
            while cut < len(cuts) and cuts[cut] <= at + len(block):
                digest.update(block[start : cuts[cut] - at])
                start = cuts[cut] - at
                hashes[cuts[cut]] = digest.hexdigest()
                cut += 1
            digest.update(block[start:])
            at += len(block)
            if ask < len(wanted):
                breaks = block.count(b"\n")
                if line + breaks < wanted[ask]:  # none of the wanted lines ends in this block
                    last = block.rfind(b"\n")
                    rest = block[last + 1 :] if last >= 0 else rest + block
                    line += breaks
                    continue
                pieces = (rest + block).split(b"\n")
                rest = pieces.pop()
                for piece in pieces:
                    if ask < len(wanted) and line == wanted[ask]:
                        lines[line] = piece + b"\n" if ends else piece.removesuffix(b"\r")
                        ask += 1
                    line += 1
    if ask < len(wanted) and line == wanted[ask] and rest:
        lines[line] = rest if ends else rest.removesuffix(b"\r")
    for length in cuts[cut:]:
        if length == at:
            hashes[length] = digest.hexdigest()
    return Read(hashes, at, lines, stream.ended_early)


def find_source(case: Case, path: Path | str) -> list[dict[str, Any]]:
    """The rows of SOURCES that were read from this very content, whatever the file is called now.

    Raises: IntegrityError where there is none; InputError where the file cannot be read.
    """
    rows = case.scan("sources").sort("source_id").collect().to_dicts()
    read = read_again(path, (row["byte_end"] for row in rows), ())
    found = [row for row in rows if read.sha256.get(row["byte_end"]) == row["sha256"]]
    if not found:
        named = [row for row in rows if Path(row["path"]).name == mask_path(Path(path).name)]
        path = spell(path)
        what = f"{path} is not what was read as {named[0]['path']}" if named else f"{path} is not a source of this case"
        raise IntegrityError(what, "its content differs from every source; compare it with the archive it came from")
    return found


def quoted_lines(path: Path | str, quotes: Sequence[tuple[int, str]]) -> list[Line]:
    """The raw lines behind quotes (line number, account) of a source found by `find_source`.

    For Parquet a line is a row, shown as its values.
    """
    numbers = sorted({number for number, _ in quotes})
    accounts: dict[int, set[str]] = {}
    for number, account in quotes:
        accounts.setdefault(number, set()).add(account)
    raw = _parquet_rows(path, numbers) if _is_parquet(path) else dict(read_again(path, (), numbers).lines)
    found = []
    for number in numbers:
        if number in raw:
            content = raw[number]
            # JSON may spell an id with escapes; a byte-wise look is enough to help a reader, and no more is claimed
            named = all(
                account.encode() in content or account.encode("ascii", "backslashreplace") in content
                for account in accounts[number]
            )
            found.append(Line(number, hashlib.sha256(content).hexdigest(), content[:SHOWN_BYTES], len(content), named))
    return found


def raw_lines(path: Path | str, numbers: Sequence[int]) -> bytes:
    """Lines of a file, in order, every byte as it stands there after decompression.

    Raises: UsageError where there is no such line, or the file has rows and no lines.
    """
    if _is_parquet(path):
        raise UsageError(f"{path} is Parquet: it has rows and no lines", "leave --raw out to see the row's values")
    lines = read_again(path, (), numbers, ends=True).lines
    missing = sorted(set(numbers) - set(lines))
    if missing:
        raise UsageError(f"{path} has no line {missing[0]}", "lines count from 1, as `path:line` in every report")
    return b"".join(lines[number] for number in sorted(set(numbers)))


def _is_parquet(path: Path | str) -> bool:
    with open_source(spell(path)).handle as handle:
        return handle.read(4) == b"PAR1"


def _parquet_rows(path: Path | str, numbers: Sequence[int]) -> dict[int, bytes]:
    with at_hand(path) as here:
        frame = (
            pl.scan_parquet(here, glob=False)
            .with_row_index("__line", offset=1)
            .filter(pl.col("__line").is_in(list(numbers)))
            .collect()
        )
    return {row.pop("__line"): repr(row).encode() for row in frame.to_dicts()}
