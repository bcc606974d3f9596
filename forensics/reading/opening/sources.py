"""Files, pipes, standard input → batches of whole lines, decompressed, with line numbers and byte offsets."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import hashlib
import lzma
import os
import stat
import sys
import threading
import zlib
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

import numpy as np
import zstandard

from forensics.common.errors import InputError
from forensics.common.stores import is_store, open_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

HEAD_BYTES: Final = 1 << 16  # enough to tell that a file is not one already read
_BLOCK: Final = 1 << 20
_COMPRESSED: Final = (
    1 << 17
)  # bytes of an archive taken at a time: what is lost where it is damaged, and no more expanded than fits
_PIECE: Final = 1 << 11  # the same of archives whose sound part cannot be told; zstd makes at most 67 MB of it,
_CAREFUL: Final = 1 << 8  # and 8 MB of this, taken once it made more than _MUCH of a piece
_MUCH: Final = 1 << 20
_LINES: Final = 1 << 20  # of a batch; short ones cost far more than their bytes
MAGIC: Final = ((b"\x1f\x8b", "gz"), (b"\x28\xb5\x2f\xfd", "zst"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"))
_DAMAGE: Final = (zlib.error, zstandard.ZstdError, lzma.LZMAError, EOFError)
_WINDOW: Final = 1 << 31  # the most that zstd --long can ask for
_MEMORY: Final = 1 << 30  # the most that xz may ask for; xz -9 asks for 65 MB
ANY_SIZE: Final = 256 << 20  # to which any archive may unfold,
MOST_FOLD: Final = 1_000  # and beyond it to so many times what was read of it
PIPE_WAIT_S: Final = 10.0  # for somebody to write into a pipe
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
    packed: int = 0  # bytes read of an archive

    def blocks(self) -> Iterator[bytes]:
        """Decompressed bytes, UTF-16 as UTF-8; of a truncated or damaged archive what is sound, with `ended_early`."""
        try:
            yield from as_utf8(self._plain() if self.kind == "plain" else self._bounded())
        except _DAMAGE as error:
            large = "too much memory" in str(error)
            self.ended_early = f"window too large: {error}" if large else f"the {self.kind} data is damaged: {error}"
        except OSError as error:
            self.ended_early = f"reading stopped: {error.strerror or error}"

    def _bounded(self) -> Iterator[bytes]:
        """What an archive unfolds to, as far as a log would: text that repeats itself shrinks to a hundredth."""
        unfolded = 0
        for out in self._members():
            unfolded += len(out)
            most = max(ANY_SIZE, MOST_FOLD * self.packed)
            if unfolded > most:
                self.ended_early = f"it unfolds to more than {MOST_FOLD:,} times its size, as no log does"
                if kept := out[: max(0, len(out) - (unfolded - most))]:
                    yield kept
                return
            yield out

    def _read(self, size: int) -> bytes:
        """Bytes of the archive."""
        block = self.handle.read(size)
        self.packed += len(block)
        return block

    def _plain(self) -> Iterator[bytes]:
        while block := self.handle.read(_BLOCK):
            yield block

    def _members(self) -> Iterator[bytes]:
        """All members of a gz, bz2 or xz file, or frames of a zst file, one after the other; behind damage the next."""
        makers: dict[str, Callable[[], _Decoder]] = {
            "gz": lambda: zlib.decompressobj(wbits=31),
            "zst": lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(),
            "bz2": bz2.BZ2Decompressor,
            "xz": lambda: lzma.LZMADecompressor(memlimit=_MEMORY),
        }
        make = makers[self.kind]
        decoder = make()
        rest = b""
        begun, size = False, _COMPRESSED if self.kind == "gz" else _PIECE
        while True:
            block = rest or self._read(size)
            rest = b""
            if not block:
                break
            if decoder.eof:
                if not block.strip(b"\0"):  # padding after the last member
                    continue
                decoder, begun = make(), False
            begun = True
            try:
                for out in _expand(decoder, block):
                    size = _CAREFUL if len(out) > _MUCH and self.kind == "zst" else size
                    yield out
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
            more = self._read(_COMPRESSED)
            data = data[-len(magic) + 1 :] + more if more else b""
        return b""


def _expand(decoder: _Decoder, block: bytes) -> Iterator[bytes]:
    """What a piece of an archive unfolds to; where it is damaged, what is sound of it before the error is raised."""
    before: _Decoder | None = decoder.copy() if hasattr(decoder, "copy") else None
    try:
        if isinstance(decoder, bz2.BZ2Decompressor | lzma.LZMADecompressor):
            yield from _expand_bounded(decoder, block)
            return
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


def _expand_bounded(decoder: bz2.BZ2Decompressor | lzma.LZMADecompressor, block: bytes) -> Iterator[bytes]:
    """What a piece unfolds to, a little at a time: both can make gigabytes of a few bytes."""
    data = block
    while True:
        out = decoder.decompress(data, _BLOCK)
        if out:
            yield out
        if decoder.eof or decoder.needs_input:
            return
        data = b""


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


def open_source(path: str) -> Stream:
    """Open a file, a pipe, standard input or an object of a store and see how it is compressed.

    Raises: OSError where it cannot be opened; InputError for a device, a pipe into which nobody writes, and an object
            that cannot be had.
    """
    handle: IO[bytes] = sys.stdin.buffer if path == "-" else open_object(path) if is_store(path) else _open(Path(path))
    peek = handle.peek(8)[:8] if hasattr(handle, "peek") else b""
    return Stream(handle, kind_of(peek))


def _open(path: Path) -> IO[bytes]:
    """The file, for reading; devices have no end, and a pipe that nobody writes into no beginning."""
    mode = path.stat().st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        if path.is_char_device() and str(path.resolve()).startswith(("/dev/pts/", "/dev/tty")):
            return path.open("rb", buffering=_BLOCK)
        raise InputError(f"{path} is a device, no file", "give a file, a folder or a pipe")
    if stat.S_ISFIFO(mode):
        return _open_pipe(path)
    return path.open("rb", buffering=_BLOCK)


def _open_pipe(path: Path) -> IO[bytes]:
    """The pipe, as soon as somebody has opened it for writing."""
    opened: list[int] = []
    waiting = threading.Thread(target=lambda: opened.append(os.open(path, os.O_RDONLY)), daemon=True)
    waiting.start()
    waiting.join(PIPE_WAIT_S)
    if not waiting.is_alive():
        if opened:
            return os.fdopen(opened[0], "rb", buffering=_BLOCK)
        return path.open("rb", buffering=_BLOCK)
    with contextlib.suppress(OSError):  # lets the thread go
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    waiting.join(1)
    for handle in opened:
        os.close(handle)
    raise InputError(f"{path} is a pipe, and nobody writes into it", "start the writer first, or name a file")


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
            yield from ((piece, 0) for piece in _pieces(data[:cut]))
            parts, size = [data[cut:]], len(data) - cut
        elif size >= longest:
            parts, swallowed = [data[:KEPT_OF_LONG_LINE]], size
        else:
            parts = [data]
    data = b"".join(parts)
    if data and swallowed:
        yield data, swallowed
    elif data:
        yield from ((piece, 0) for piece in _pieces(data))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Lines in pieces of at most so many: a file of line ends costs no more memory than one of lines."""
    if data.count(b"\n") <= _LINES:
        yield data
        return
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))[_LINES - 1 :: _LINES] + 1
    for start, end in pairwise([0, *ends.tolist(), len(data)]):
        if end > start:
            yield data[start:end]
