r"""Text → hashes, shingle sketch, length. Text itself is not kept.

How a text is read: Unicode NFKC, lower case; words are runs of letters and digits with what joins them (`don't`, `e.g`,
`3.5`), so spacing and punctuation around words do not matter. Masked words all count as one: numbers, ids, hex, paths,
addresses, e-mail (any word with a digit, `/`, `\`, `@`, `_`), quoted strings and code blocks; neighbouring masks are
one mask. Scripts without spaces (Chinese, Japanese, Thai, …) are read character by character.

All hashes are 64 bits of own arithmetic on unsigned integers, finished by splitmix64: the same text has the same hash
in every version, process and platform. They are fingerprints, not signatures: whoever tries can make two texts collide,
which would only tie his own prompts together.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

SKETCH_SIZE: Final = 12  # hashes kept of a prompt
SKETCH_MODULUS: Final = 8  # a shingle is kept, in whichever text, if its hash is a multiple
_CHUNK: Final = 1 << 18  # code points worked on at a time: the arrays stay in the processor's cache
_BASE: Final = 0x9E3779B97F4A7C15 | 1
_WORD_BASE: Final = 0xD6E8FEB86659FD93 | 1
_LONG_WORD: Final = 64  # bytes
_MASK: Final = np.uint64(0xA5A5_5A5A_C3C3_3C3D)
_KEEP_BYTES: Final = np.array(
    [(1 << (8 * count)) - 1 for count in range(9)], dtype=np.uint64
)  # the low bytes of a block
_TOP: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_MASK_MARK: Final = " _ "  # what a quoted string or code block becomes: a word that is masked
_LETTER, _MASKING, _JOINER, _ALONE = 1, 2, 4, 8  # classes of a character


@dataclass(frozen=True)
class _Reading:
    """How much of a text is looked at, in words (characters for scripts without spaces)."""

    shingle: int
    head: int  # words sketched from the start
    tail: int  # words sketched from the end
    edge: int  # words of prompt_head_hash and prompt_tail_hash; none of a text shorter than two edges


_WORDS = _Reading(shingle=3, head=96, tail=48, edge=8)
_CHARACTERS = _Reading(shingle=9, head=192, tail=96, edge=12)


def _powers(base: int, count: int) -> tuple[U64, U64]:
    """base^i and base^-i modulo 2^64."""
    inverse = pow(base, -1, 1 << 64)
    forward = np.full(count, base, dtype=np.uint64)
    backward = np.full(count, inverse, dtype=np.uint64)
    forward[0] = backward[0] = 1
    with np.errstate(over="ignore"):
        return np.cumprod(forward, dtype=np.uint64), np.cumprod(backward, dtype=np.uint64)


@functools.cache
def _word_powers(count: int) -> tuple[U64, U64]:
    return _powers(_WORD_BASE, count)


def _mix(values: U64) -> U64:
    """The splitmix64 finaliser: spreads every bit over all 64."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _narrow_classes(lowered: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which ASCII characters, in lower case, are letters of words, join two of them, and mask the word. A table to look
    them up in would cost twice as much.
    """
    masking = (lowered - np.uint8(ord("0"))) < 10
    for sign in b"/\\@_":
        masking |= lowered == sign
    letter = ((lowered - np.uint8(ord("a"))) < 26) | masking
    return letter, (lowered > ord(" ")) & ~letter, masking


def _wide_classes(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Class of each code point beyond ASCII, by range."""
    classes = np.full(points.shape, _LETTER, dtype=np.uint8)
    narrow = points < 128
    plain = points[narrow].astype(np.uint8)
    letter, joiner, masking = _narrow_classes(
        plain | (((plain - np.uint8(ord("A"))) < 26).view(np.uint8) << np.uint8(5))
    )
    classes[narrow] = letter * np.uint8(_LETTER) | joiner * np.uint8(_JOINER) | masking * np.uint8(_MASKING)
    alone = (
        ((points >= 0x2E80) & (points <= 0x9FFF))
        | ((points >= 0xF900) & (points <= 0xFAFF))
        | ((points >= 0x20000) & (points <= 0x3FFFF))
    )
    alone |= (
        ((points >= 0x0E00) & (points <= 0x0EFF))
        | ((points >= 0x1000) & (points <= 0x109F))
        | ((points >= 0x1780) & (points <= 0x17FF))
    )
    classes[alone] = _LETTER | _ALONE
    spaces = (
        (points == 0x85)
        | (points == 0xA0)
        | ((points >= 0x2000) & (points <= 0x206F))
        | ((points >= 0x3000) & (points <= 0x303F))
        | ((points >= 0xFE00) & (points <= 0xFE4F))
        | (points == 0xFEFF)
    )
    spaces |= (
        ((points >= 0x80) & (points <= 0xBF) & (points != 0xAA) & (points != 0xB5) & (points != 0xBA))
        | ((points >= 0xFF00) & (points <= 0xFF0F))
        | ((points >= 0xFF1A) & (points <= 0xFF20))
        | (points >= 0xE0000)
    )
    classes[spaces] = 0
    return classes


@dataclass(frozen=True)
class _Words:
    """The words of some texts, one after the other."""

    hashes: U64
    masked: NDArray[np.bool_]
    starts: NDArray[np.int64]  # first word of each text, and the end

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.diff(self.starts)


def _read_words(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> _Words:
    """Split texts (UTF-8 bytes in a row, offsets) into words and hash each. What is not ASCII is normalised and in
    lower case already.
    """
    places: NDArray[np.int64] | None = None  # byte of each character, where they are not the same
    edges = offsets
    lowered = data | (((data - np.uint8(ord("A"))) < 26).view(np.uint8) << np.uint8(5))
    alone = None
    if data.size and int(data.max()) >= 128:
        places = np.flatnonzero((data & 0xC0) != 0x80)
        points = np.frombuffer(data.tobytes().decode("utf-8").encode("utf-32-le"), dtype=np.uint32)
        classes = _wide_classes(points)
        edges = np.searchsorted(places, offsets)
        letter, joiner, masking, alone = ((classes & kind) != 0 for kind in (_LETTER, _JOINER, _MASKING, _ALONE))
    else:
        letter, joiner, masking = _narrow_classes(lowered)
    size = letter.size
    if not size:
        return _no_words(offsets.size)
    inside = letter.copy()
    inside[1:-1] |= joiner[1:-1] & letter[:-2] & letter[2:]  # a joiner counts between two letters
    inner = edges[1:-1]
    inner = inner[(inner > 0) & (inner < size)]
    inside[inner - 1] &= letter[inner - 1]  # nothing joins across two texts
    inside[inner] &= letter[inner]
    change = np.empty(size + 1, np.bool_)
    change[0], change[-1] = inside[0], inside[-1]
    np.not_equal(inside[1:], inside[:-1], out=change[1:-1])
    split = np.unique(inner[inside[inner] & inside[inner - 1]])  # empty texts share a place
    if alone is not None:
        single = np.flatnonzero(alone)
        around = np.union1d(single, single + 1)  # before and after each
        around = around[(around > 0) & (around < size)]
        split = np.union1d(split, around[inside[around] & inside[around - 1]])
    edges_of_words = np.flatnonzero(change)  # begin, end, begin, end, …
    first, last = edges_of_words[0::2], edges_of_words[1::2]
    if split.size:
        first, last = (np.insert(ends, np.searchsorted(ends, split), split) for ends in (first, last))
    if not first.size:
        return _no_words(offsets.size)
    masked = np.zeros(first.size, np.bool_)
    signs = np.flatnonzero(masking)
    signs = signs[np.diff(signs, prepend=-2) > 1]  # the first of a run will do, and is cheaper to place
    masked[np.searchsorted(first, signs, side="right") - 1] = True
    starts = np.searchsorted(first, edges).astype(np.int64)
    if places is not None:
        places = np.append(places, data.size)
        first, last = places[first], places[last]
    return _Words(_hash_spans(lowered, first, last), masked, starts)


def _no_words(bounds: int) -> _Words:
    return _Words(np.empty(0, np.uint64), np.empty(0, np.bool_), np.zeros(bounds, np.int64))


def _hash_spans(data: NDArray[np.uint8], first: NDArray[np.int64], last: NDArray[np.int64]) -> U64:
    """A hash of data[first:last] for each span, eight bytes at a time; of a span over _LONG_WORD bytes its ends and its
    length count.
    """
    padded = np.concatenate((data, np.zeros(8, np.uint8)))
    blocks = np.ndarray(
        shape=(data.size + 1,), dtype="<u8", buffer=padded, strides=(1,)
    )  # the eight bytes from each byte on
    sizes = last - first
    with np.errstate(over="ignore"):
        # The first eight bytes of every span; most words end there.
        hashes = blocks[first] & _KEEP_BYTES.take(np.minimum(sizes, 8))
        hashes ^= sizes.astype(np.uint64) * np.uint64(_WORD_BASE)
        hashes *= np.uint64(_BASE)
        hashes ^= hashes >> np.uint64(29)
        active = np.flatnonzero(sizes > 8)
        done = 8
        while active.size:
            size = sizes[active]
            left = np.minimum(size, _LONG_WORD) - done
            at = first[active] + done
            if done >= _LONG_WORD // 2:  # the second half of a long word is its end
                at = np.where(size > _LONG_WORD, last[active] - _LONG_WORD + done, at)
            value = (hashes[active] ^ (blocks[at] & _KEEP_BYTES.take(np.minimum(left, 8)))) * np.uint64(_BASE)
            hashes[active] = value ^ (value >> np.uint64(29))
            done += 8
            active = active[left > 8]
    return _mix(hashes)


def _fold(hashes: U64, starts: NDArray[np.int64]) -> U64:
    """One hash per text of its words in order; 0 for a text without words."""
    count = hashes.size
    out = np.zeros(starts.size - 1, dtype=np.uint64)
    sizes = np.diff(starts)
    some = sizes > 0
    if not some.any():
        return out
    forward, backward = _word_powers(1 << max(int(count - 1).bit_length(), 10))
    first = starts[:-1][some]
    with np.errstate(over="ignore"):
        folded = np.add.reduceat(hashes * forward[:count], first) * backward[first]
        out[some] = _mix(folded + sizes[some].astype(np.uint64))
    return out


def _edges(words: _Words, edge: int) -> tuple[U64, U64]:
    """Hash of the first and of the last `edge` words; 0 for texts shorter than two edges."""
    counts, starts = words.counts, words.starts[:-1]
    long = counts >= 2 * edge
    head, tail = np.zeros(counts.size, np.uint64), np.zeros(counts.size, np.uint64)
    if long.any():
        forward, _ = _word_powers(1 << 10)
        span = np.arange(edge)
        with np.errstate(over="ignore"):
            for out, base in ((head, starts[long]), (tail, (starts + counts)[long] - edge)):
                out[long] = _mix((words.hashes[base[:, None] + span] * forward[:edge]).sum(axis=1, dtype=np.uint64))
    return head, tail


def _shingles(words: _Words, reading: _Reading) -> tuple[U64, NDArray[np.int64]]:
    """Sampled shingle hashes per text, ascending, a row of SKETCH_SIZE each, and how many of them count."""
    size = reading.shingle
    counts = words.counts
    texts = counts.size
    if words.hashes.size < size:
        return np.zeros((texts, SKETCH_SIZE), np.uint64), np.zeros(texts, np.int64)
    places = words.hashes.size - size + 1
    forward, _ = _word_powers(1 << 10)
    with np.errstate(over="ignore"):
        value = words.hashes[:places] * forward[0]
        for step in range(1, size):
            value = value + words.hashes[step : step + places] * forward[step]
    value = _mix(value)
    chosen = np.flatnonzero((value & np.uint64(SKETCH_MODULUS - 1)) == 0)
    owner = np.searchsorted(words.starts, chosen, side="right") - 1
    position = chosen - words.starts[owner]
    length = counts[owner]
    fits = (position + size <= length) & ((position + size <= reading.head) | (position >= length - reading.tail))
    masks = np.zeros(chosen.size, np.int8)
    for step in range(size):
        masks += words.masked[chosen + step]
    fits &= masks * 3 <= size  # a shingle that is mostly masks says little
    chosen, owner = chosen[fits], owner[fits]
    picked = value[chosen]
    if not picked.size:
        return np.zeros((texts, SKETCH_SIZE), np.uint64), np.zeros(texts, np.int64)
    # Owners ascend; each text's candidates go into one row, sorted, doubled ones pushed out.
    per_text = np.bincount(owner, minlength=texts)
    column = np.arange(owner.size) - np.repeat(np.concatenate(([0], np.cumsum(per_text)[:-1])), per_text)
    table = np.full((texts, max(int(per_text.max()), SKETCH_SIZE)), _TOP, dtype=np.uint64)
    table[owner, column] = picked
    table.sort(axis=1)
    doubled = table[:, 1:] == table[:, :-1]
    if doubled.any():
        table[:, 1:][doubled] = _TOP
        table.sort(axis=1)
    table = table[:, :SKETCH_SIZE]
    return table, (table != _TOP).sum(axis=1)


def _collapse(words: _Words) -> _Words:
    """Masked words replaced by the mask, neighbouring masks by one."""
    if not words.masked.any():
        return words
    keep = np.ones(words.masked.size, np.bool_)
    keep[1:] = ~(words.masked[1:] & words.masked[:-1])
    starts = words.starts[:-1]
    keep[starts[starts < keep.size]] = True
    hashes = np.where(words.masked, _MASK, words.hashes)[keep]
    before = np.concatenate(([0], np.cumsum(keep)))
    return _Words(hashes, words.masked[keep], before[words.starts])


def _chunks(offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of texts of about _CHUNK code points; a longer text is alone."""
    ranges, start = [], 0
    count = offsets.size - 1
    while start < count:
        stop = int(np.searchsorted(offsets, offsets[start] + _CHUNK, side="right")) - 1
        stop = min(max(stop, start + 1), count)
        ranges.append((start, stop))
        start = stop
    return ranges


def _bytes(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 bytes of all texts in a row, and offsets; null counts as empty."""
    if not len(texts):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    array = texts.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    data = (
        np.frombuffer(data_buffer, dtype=np.uint8)[offsets[0] : offsets[-1]]
        if data_buffer is not None
        else np.empty(0, np.uint8)
    )
    return data, offsets - offsets[0]


_HASH_COLUMNS = ("prompt_hash", "template_hash", "prompt_head_hash", "prompt_tail_hash")


def _sketch_clean(texts: pl.Series, reading: _Reading) -> pl.DataFrame:
    data, offsets = _bytes(texts)
    columns: dict[str, list[U64]] = {name: [] for name in _HASH_COLUMNS}
    values, lengths = [], []
    for start, stop in _chunks(offsets):
        low, high = offsets[start], offsets[stop]
        words = _read_words(data[low:high], offsets[start : stop + 1] - low)
        skeleton = _collapse(words)
        head, tail = _edges(skeleton, reading.edge)
        picked, counts = _shingles(skeleton, reading)
        for name, column in zip(
            _HASH_COLUMNS,
            (_fold(words.hashes, words.starts), _fold(skeleton.hashes, skeleton.starts), head, tail),
            strict=True,
        ):
            columns[name].append(column)
        values.append(picked)
        lengths.append(counts)
    frame = pl.DataFrame(
        {name: np.concatenate(parts) if parts else np.empty(0, np.uint64) for name, parts in columns.items()}
    )
    frame = frame.with_columns(pl.when(pl.col(name) != 0).then(pl.col(name)) for name in _HASH_COLUMNS)
    return frame.with_columns(_lists(values, lengths).alias("prompt_sketch"))


def _lists(values: list[U64], lengths: list[NDArray[np.int64]]) -> pl.Series:
    """A List(UInt64) series: the first so many values of each row."""
    if not values:
        return pl.Series([], dtype=pl.List(pl.UInt64))
    rows = pl.DataFrame({"row": pl.Series(np.concatenate(values)).arr.to_list(), "count": np.concatenate(lengths)})
    return rows.select(pl.col("row").list.head("count")).to_series()


_QUOTES = r'"[^"\n]{1,400}"|“[^”\n]{1,400}”|«[^»\n]{1,400}»|「[^」\n]{1,400}」'
_CODE = r"(?s)```.*?(?:```|$)"
_QUOTE_SIGNS = ['"', "“", "«", "「"]


def sketch_prompts(texts: pl.Series) -> pl.DataFrame:
    """One row per text: prompt_hash, template_hash, prompt_head_hash, prompt_tail_hash, prompt_sketch, prompt_chars.

    Null:  all columns for a text that is null or has no word.
    """
    frame = pl.DataFrame({"text": texts.cast(pl.String)}).with_row_index("row")
    frame = frame.with_columns(
        wide=pl.col("text").str.len_bytes() != pl.col("text").str.len_chars(), chars=pl.col("text").str.len_chars()
    )
    known = frame.filter(pl.col("text").is_not_null())
    parts = []
    narrow = known.filter(~pl.col("wide"))
    if narrow.height:
        parts.append(_sketch_masked(narrow.select("row", "chars", "text"), _WORDS))
    wide = known.filter("wide").with_columns(pl.col("text").str.normalize("NFKC").str.to_lowercase())
    if wide.height:
        dense = wide.with_columns(
            dense=pl.col("text").str.count_matches(_UNSPACED) * 3 > pl.col("text").str.len_chars()
        )
        for reading, some in ((_WORDS, dense.filter(~pl.col("dense"))), (_CHARACTERS, dense.filter("dense"))):
            if some.height:
                parts.append(_sketch_masked(some.select("row", "chars", "text"), reading))
    if not parts:
        empty = frame.with_columns(
            **{name: pl.lit(None, pl.UInt64) for name in _HASH_COLUMNS},
            prompt_sketch=pl.lit(None, pl.List(pl.UInt64)),
            prompt_chars=pl.lit(None, pl.UInt32),
        )
        return empty.select(*_HASH_COLUMNS, "prompt_sketch", "prompt_chars")
    if len(parts) == 1 and parts[0].height == frame.height:
        return parts[0].drop("row")
    return frame.select("row").join(pl.concat(parts), on="row", how="left", maintain_order="left").drop("row")


_UNSPACED = r"[\u2E80-\u2FFF\u3040-\u9FFF\uF900-\uFAFF\x{20000}-\x{3FFFF}\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF]"


def _sketch_masked(frame: pl.DataFrame, reading: _Reading) -> pl.DataFrame:
    text = pl.col("text")
    marked = frame.select(text.str.contains('["“«「`]').any()).item()
    whole = _sketch_clean(frame["text"], reading)
    if marked:
        masked = frame.select(
            pl.when(text.str.contains("```", literal=True))
            .then(text.str.replace_all(_CODE, _MASK_MARK))
            .otherwise(text)
            .str.replace_all(_QUOTES, _MASK_MARK)
            .alias("text"),
        )
        changed = (masked["text"] != frame["text"]).arg_true()
        if changed.len():
            again = _sketch_clean(masked["text"].gather(changed), reading).with_columns(place=changed.cast(pl.UInt32))
            mixed = whole.with_row_index("place").join(
                again.drop("prompt_hash"), on="place", how="left", suffix="_masked", maintain_order="left"
            )
            names = ("template_hash", "prompt_head_hash", "prompt_tail_hash", "prompt_sketch")
            hit = pl.col("prompt_sketch_masked").is_not_null()
            whole = mixed.select(
                "prompt_hash",
                *(pl.when(hit).then(pl.col(f"{name}_masked")).otherwise(pl.col(name)).alias(name) for name in names),
            )
    return pl.concat(
        [frame.select("row"), whole, frame.select(prompt_chars=pl.col("chars").cast(pl.UInt32))], how="horizontal"
    )


def hash_strings(values: pl.Series) -> pl.Series:
    """A 64-bit hash of each string, byte for byte; null stays null."""
    text = values.cast(pl.String)
    data, offsets = _bytes(text)
    hashes = _hash_spans(data, offsets[:-1], offsets[1:]) if len(text) else np.empty(0, np.uint64)
    for place in np.flatnonzero(np.diff(offsets) > _LONG_WORD):
        digest = hashlib.blake2b(data[offsets[place] : offsets[place + 1]].tobytes(), digest_size=8).digest()
        hashes[place] = int.from_bytes(digest, "little")
    return (
        pl.DataFrame({"hash": hashes, "text": text})
        .select(pl.when(pl.col("text").is_not_null()).then("hash"))
        .to_series()
    )


_NIBBLE = np.full(256, 255, np.uint8)
_NIBBLE[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_NIBBLE[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)


def _plain_hex(text: pl.Series) -> pl.Series | None:
    """The numbers that a column of nothing but 16 hex digits writes; None for any other column."""
    known = text.drop_nulls() if text.null_count() else text
    if not len(known) or int(known.str.len_bytes().min()) != 16 or int(known.str.len_bytes().max()) != 16:  # type: ignore[arg-type]
        return None
    nibbles = _NIBBLE[_bytes(known)[0]]
    if (nibbles > 15).any():
        return None
    pairs = (nibbles[0::2] << 4) | nibbles[1::2]
    numbers = pl.Series(text.name, pairs.view(">u8").astype(np.uint64))
    if len(known) == len(text):
        return numbers
    places = text.is_not_null().cum_sum().cast(pl.UInt32)
    return numbers.gather(pl.select(pl.when(text.is_not_null()).then(places - 1)).to_series()).alias(text.name)


def read_hashes(values: pl.Series) -> pl.Series:
    """A hash a log gives: 16 hex digits are the number they write, anything else is hashed; `sha256:` and the like are
    taken off.
    """
    text = values.cast(pl.String)
    plain = _plain_hex(text)
    if plain is not None:
        return plain
    text = text.str.replace(r"^(?i:sha\d*|md5|xxh\d*|hash|0x)[:]?", "")
    hexadecimal = text.str.to_lowercase().str.contains(r"^[0-9a-f]{16}$")
    if hexadecimal.any():
        numbers = (
            pl.DataFrame({"t": text.str.to_lowercase(), "h": hexadecimal})
            .select(
                (
                    pl.when("h").then(pl.col("t").str.slice(0, 8)).str.to_integer(base=16, strict=False).cast(pl.UInt64)
                    * (1 << 32)
                )
                + pl.when("h").then(pl.col("t").str.slice(8, 8)).str.to_integer(base=16, strict=False).cast(pl.UInt64)
            )
            .to_series()
        )
        return (
            numbers.zip_with(numbers.is_not_null(), hash_strings(text))
            if not hexadecimal.fill_null(value=True).all()
            else numbers
        )
    return hash_strings(text)
