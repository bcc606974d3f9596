"""Files, folders, globs, standard input → batches of whole lines, decompressed, with line numbers and byte offsets."""

from __future__ import annotations

import bz2
import codecs
import glob
import hashlib
import lzma
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

import numpy as np
import zstandard

from forensics.common.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

HEAD_BYTES: Final = 1 << 16  # enough to tell that a file is not one already read
_BLOCK: Final = 1 << 20
_COMPRESSED: Final = (
    1 << 17
)  # bytes of an archive taken at a time: what is lost where it is damaged, and no more expanded than fits
_PIECE: Final = 1 << 13  # the same of archives whose sound part cannot be told from the damaged
MAGIC: Final = ((b"\x1f\x8b", "gz"), (b"\x28\xb5\x2f\xfd", "zst"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"))
_DAMAGE: Final = (zlib.error, zstandard.ZstdError, lzma.LZMAError, EOFError)
_WINDOW: Final = 1 << 31  # the most that zstd --long can ask for
KEPT_OF_LONG_LINE: Final = 400
BOM: Final = b"\xef\xbb\xbf"


@dataclass
class Batch:
    """Some whole lines of a source."""

    data: bytes
    offset: int  # byte of the source at which data starts
    first_line: int  # number of its first line, from 1
    starts: NDArray[np.int64]  # of each line in data
    ends: NDArray[np.int64]  # without line end
    complete: bool = True  # the last line has its line end

    def line(self, row: int) -> bytes:
        """The bytes of one line, without line end."""
        return self.data[self.starts[row] : self.ends[row]]


def make_batch(data: bytes, offset: int, first_line: int) -> Batch:
    """Find the lines of `data`."""
    array = np.frombuffer(data, dtype=np.uint8)
    window = 1 << 18  # the comparison stays in the processor's cache
    breaks = np.concatenate(
        [np.flatnonzero(array[at : at + window] == ord("\n")) + at for at in range(0, array.size, window)]
        or [np.zeros(0, np.int64)]
    )
    complete = data.endswith(b"\n")
    ends = breaks if complete or not data else np.append(breaks, array.size)
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1)) if ends.size else np.zeros(0, np.int64)
    ends = ends.astype(np.int64)
    filled = ends > starts
    carriage = np.zeros(ends.size, np.bool_)
    carriage[filled] = array[ends[filled] - 1] == ord("\r")
    return Batch(data, offset, first_line, starts.astype(np.int64), ends - carriage, complete)


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass
class Stream:
    """One open source: decompressed bytes in order, their hash so far, and whether they ended early."""

    handle: IO[bytes]
    kind: str
    ended_early: str = ""  # why the compressed data could not be read to its end
    digest: _Hash = field(default_factory=hashlib.sha256)
    position: int = 0
    _pending: bytes = b""

    def blocks(self) -> Iterator[bytes]:
        """Decompressed bytes, UTF-16 as UTF-8; of a truncated or damaged archive what is sound, with `ended_early`."""
        try:
            yield from as_utf8(self._plain() if self.kind == "plain" else self._members())
        except _DAMAGE as error:
            large = "too much memory" in str(error)
            self.ended_early = f"window too large: {error}" if large else f"the {self.kind} data is damaged: {error}"
        except OSError as error:
            self.ended_early = f"reading stopped: {error.strerror or error}"

    def _plain(self) -> Iterator[bytes]:
        while block := self.handle.read(_BLOCK):
            yield block

    def _members(self) -> Iterator[bytes]:
        """All members of a gz, bz2 or xz file, or frames of a zst file, one after the other; behind damage the next."""
        makers: dict[str, Callable[[], _Decoder]] = {
            "gz": lambda: zlib.decompressobj(wbits=31),
            "zst": lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(),
            "bz2": bz2.BZ2Decompressor,
            "xz": lzma.LZMADecompressor,
        }
        make = makers[self.kind]
        decoder = make()
        rest = b""
        begun = False
        while True:
            block = rest or self.handle.read(_COMPRESSED if self.kind == "gz" else _PIECE)
            rest = b""
            if not block:
                break
            if decoder.eof:
                if not block.strip(b"\0"):  # padding after the last member
                    continue
                decoder, begun = make(), False
            begun = True
            try:
                yield from _expand(decoder, block)
            except _DAMAGE as error:
                if "too much memory" in str(error):
                    raise
                self.ended_early = self.ended_early or f"the {self.kind} data is damaged: {error}"
                decoder, begun, rest = make(), False, self._next_member(block)
                if not rest:
                    break
                yield b"\n"  # what was read up to the damage is a line of its own
                continue
            if decoder.eof:
                rest = decoder.unused_data
        if begun and not decoder.eof:
            self.ended_early = self.ended_early or f"the {self.kind} file is cut off"

    def _next_member(self, block: bytes) -> bytes:
        """The archive from its next member on; nothing where there is none."""
        magic = next(magic for magic, kind in MAGIC if kind == self.kind)
        data = block[1:]
        while data:
            place = data.find(magic)
            if place >= 0:
                return data[place:]
            more = self.handle.read(_COMPRESSED)
            data = data[-len(magic) + 1 :] + more if more else b""
        return b""


def _expand(decoder: _Decoder, block: bytes) -> Iterator[bytes]:
    """What a piece of an archive unfolds to; where it is damaged, what is sound of it before the error is raised."""
    before: _Decoder | None = decoder.copy() if hasattr(decoder, "copy") else None
    try:
        out = decoder.decompress(block)
    except zlib.error:
        for place in range(len(block)):
            if before is None:
                break
            sound = before.decompress(block[place : place + 1])  # raises in its turn, at the very byte
            if sound:
                yield sound
        raise
    except OSError as error:  # so bz2 says it
        raise EOFError(str(error)) from error
    if out:
        yield out


_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def as_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks as they are; those of a text that begins with the mark of UTF-16 as UTF-8 without it."""
    first = next(blocks, b"")
    name = _UTF16.get(first[:2])
    if name is None:
        if first:
            yield first
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(name)("replace")
    yield decoder.decode(first[2:]).encode()
    for block in blocks:
        if text := decoder.decode(block):
            yield text.encode(errors="replace")
    if rest := decoder.decode(b"", final=True):
        yield rest.encode()


def kind_of(head: bytes) -> str:
    """Compression by magic bytes."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    return "plain"


def find_sources(given: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Files behind paths, folders and globs, sorted within each, none twice; and what was passed over, with the reason.

    Raises: InputError where a name finds nothing.
    """
    found: list[str] = []
    skipped: list[tuple[str, str]] = []
    for name in given:
        if name == "-":
            found.append(name)
            continue
        path = Path(name)
        if path.is_dir():
            entries = sorted(path.rglob("*"))
            inside = [str(entry) for entry in entries if entry.is_file()]
            skipped += [
                (str(entry), "a link to nothing" if entry.is_symlink() else "no regular file")
                for entry in entries
                if not entry.is_file() and not entry.is_dir()
            ]
            hidden = [
                entry
                for entry in inside
                if any(part.startswith(".") for part in Path(entry).relative_to(path).parts) or entry.endswith("~")
            ]
            skipped += [(entry, "hidden file") for entry in hidden]
            found += [entry for entry in inside if entry not in set(hidden)]
            if not inside:
                raise InputError(f"{name} holds no file", "give a folder with logs")
        elif path.exists():
            found.append(name)
        else:
            matches = sorted(match for match in glob.glob(name, recursive=True) if Path(match).is_file())  # noqa: PTH207 - Path.glob takes no absolute pattern
            if not matches:
                raise InputError(
                    f"{name}: no such file or folder", "check the name; quote a glob so that the shell leaves it alone"
                )
            found += matches
    return list(dict.fromkeys(found)), skipped


def open_source(path: str) -> Stream:
    """Open a file or standard input and see how it is compressed.

    Raises: OSError where it cannot be opened.
    """
    handle: IO[bytes] = sys.stdin.buffer if path == "-" else Path(path).open("rb", buffering=_BLOCK)  # noqa: SIM115 - closed by the caller with the stream
    peek = handle.peek(8)[:8] if hasattr(handle, "peek") else b""
    return Stream(handle, kind_of(peek))


def read_batches(
    blocks: Iterator[bytes], target: int, longest: int, whole: Callable[[bytes], int] = len
) -> Iterator[tuple[bytes, int]]:
    """Byte strings of whole lines, about `target` bytes each, with 0; a line over `longest` bytes comes alone as its
    first bytes, with its size.

    Where records may run over several lines, `whole` says up to where some lines hold whole records; the rest goes into
    the next string.
    """
    parts: list[bytes] = []
    size = 0  # of parts
    swallowed = 0  # bytes of an overlong line beyond its first ones
    for block in blocks:
        if swallowed:
            end = block.find(b"\n")
            swallowed += len(block) if end < 0 else end + 1
            if end < 0:
                continue
            yield b"".join(parts)[:KEPT_OF_LONG_LINE], swallowed
            parts, size, swallowed = [], 0, 0
            block = block[end + 1 :]  # noqa: PLW2901 - the rest of the block goes the usual way
        parts.append(block)
        size += len(block)
        if size < target:
            continue
        data = b"".join(parts)
        cut = data.rfind(b"\n") + 1
        if cut:
            cut = whole(data[:cut]) or cut
            yield data[:cut], 0
            parts, size = [data[cut:]], len(data) - cut
        elif size >= longest:
            parts, swallowed = [data[:KEPT_OF_LONG_LINE]], size
        else:
            parts = [data]
    data = b"".join(parts)
    if data:
        yield (data, swallowed) if swallowed else (data, 0)
