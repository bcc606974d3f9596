"""Found corpora: files, folders, globs, standard input → blocks of documents, counted in bounded memory."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.common.errors import InputError
from forensics.common.stores import at_hand
from forensics.defences.canary.matching import Matcher, Tally
from forensics.defences.canary.texts import as_texts, looks_like_json, strings
from forensics.reading.opening.finding import find_sources
from forensics.reading.opening.sources import open_source

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

BLOCK_BYTES = 4 << 20
LONGEST_LINE = 64 << 20  # a longer line is cut; a phrasing across the cut is not seen
PARALLEL_BYTES = 64 << 20  # less is counted sooner than further processes start
ROWS = 8192
PARQUET = b"PAR1"
TABLES = (".csv", ".tsv")


@dataclass(frozen=True)
class Block:
    """Some documents of a corpus, as bytes of one of the kinds of texts.py."""

    kind: str
    data: bytes


@dataclass
class Reading:
    """What a corpus came to: its files, and what was passed over with the reason."""

    files: list[str]
    skipped: list[tuple[str, str]]
    byte_count: int = 0


def find_corpus(given: Sequence[str]) -> Reading:
    """The files behind what was given.

    Raises: InputError where a name finds nothing.
    """
    files, skipped = find_sources(given)
    return Reading(files, [item for item in skipped if item[1] != "hidden file"])


def read_blocks(reading: Reading, fields: frozenset[str]) -> Iterator[Block]:
    """All documents of a corpus, some at a time; a file that cannot be read goes to `skipped`."""
    for name in reading.files:
        try:
            for block in _blocks_of(name, fields, reading):
                reading.byte_count += len(block.data)
                yield block
        except OSError as error:
            reading.skipped.append((name, error.strerror or str(error)))


def _blocks_of(name: str, fields: frozenset[str], reading: Reading) -> Iterator[Block]:
    stream = open_source(name)
    try:
        if stream.kind == "plain" and getattr(stream.handle, "peek", bytes)(4)[:4] == PARQUET:
            yield from _parquet_blocks(name, fields, reading)
            return
        kind = ""
        for data in _whole_lines(stream.blocks()):
            kind = kind or _kind_of(name, data)
            yield Block(kind, data)
        if stream.ended_early:
            reading.skipped.append((name, stream.ended_early))
    finally:
        if name != "-":
            stream.handle.close()


def _kind_of(name: str, data: bytes) -> str:
    if looks_like_json(data[:4096]):
        return "json"
    return "lines" if any(suffix in TABLES for suffix in Path(name).suffixes) else "text"


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Bytes of about BLOCK_BYTES that end where a paragraph or at least a line ends."""
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) >= BLOCK_BYTES:
            cut = waiting.rfind(b"\n\n") + 2
            cut = cut if cut > 1 else waiting.rfind(b"\n") + 1
            if not cut and len(waiting) < LONGEST_LINE:
                break
            cut = cut or len(waiting)
            yield bytes(waiting[:cut])
            del waiting[:cut]
    if waiting:
        yield bytes(waiting)


def _parquet_blocks(name: str, fields: frozenset[str], reading: Reading) -> Iterator[Block]:
    """Rows of a Parquet file as documents: all text in a row, also in lists and structs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if name == "-":
        reading.skipped.append((name, "Parquet cannot be read from standard input"))
        return
    try:
        with at_hand(name) as here, pq.ParquetFile(here) as file:
            columns = [column for column in file.schema_arrow.names if not fields or column in fields]
            for batch in file.iter_batches(ROWS, columns=columns):
                rows = ("\n\n".join(strings(list(row.values()))) for row in batch.to_pylist())
                yield Block("texts", as_texts(rows))
    except (pa.ArrowException, ValueError) as error:
        reading.skipped.append((name, f"Parquet that cannot be read: {str(error).splitlines()[0]}"))


_matcher: Matcher | None = None  # of a worker


def _start_worker(variants: Sequence[str]) -> None:
    global _matcher  # noqa: PLW0603 - a worker builds its search once, not for every block
    _matcher = Matcher(variants)


def _count_block(kind: str, data: bytes, fields: frozenset[str]) -> Tally:
    assert _matcher is not None
    return _matcher.count_bytes(data, kind, fields)


def _say_nothing(said: str) -> None:
    pass


def count_corpus(
    reading: Reading,
    variants: Sequence[str],
    fields: frozenset[str],
    workers: int,
    tell: Callable[[str], None] | None = None,
) -> Tally:
    """In how many documents of the corpus each phrasing stands.

    Raises: InputError where nothing could be read.
    """
    matcher, told = Matcher(variants), tell or _say_nothing
    tally, blocks = matcher.empty(), read_blocks(reading, fields)
    for block in blocks:
        tally.add(matcher.count_bytes(block.data, block.kind, fields))
        told(f"{tally.documents:,} documents".replace(",", " "))
        if workers > 1 and reading.byte_count >= PARALLEL_BYTES:
            _count_on_processes(blocks, tally, variants, fields, workers, told)
    if not tally.documents:
        why = f": {reading.skipped[0][0]}: {reading.skipped[0][1]}" if reading.skipped else ""
        raise InputError(f"no document could be read{why}", "give text, JSON lines or Parquet, plain or compressed")
    return tally


def _count_on_processes(
    blocks: Iterator[Block],
    tally: Tally,
    variants: Sequence[str],
    fields: frozenset[str],
    workers: int,
    tell: Callable[[str], None],
) -> None:
    """The rest of a corpus on several processes; no more blocks are under way than keep them busy."""
    from collections import deque

    waiting: deque[Future[Tally]] = deque()
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(variants,)) as pool:
        for block in blocks:
            waiting.append(pool.submit(_count_block, block.kind, block.data, fields))
            _take(waiting, 2 * workers, tally, tell)
        _take(waiting, 0, tally, tell)


def _take(waiting: deque[Future[Tally]], left: int, tally: Tally, tell: Callable[[str], None]) -> None:
    while len(waiting) > left:
        tally.add(waiting.popleft().result())
        tell(f"{tally.documents:,} documents".replace(",", " "))
