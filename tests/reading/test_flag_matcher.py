"""Claims about the fast way to content flags: it gives the answers of the plain way."""

from __future__ import annotations

import io
import random
import sys
import threading
from pathlib import Path

import orjson
import polars as pl
import pytest
import zstandard

from forensics.common.schema import CONTENT_FLAGS
from forensics.reading.cleaning import content_flags as flags
from forensics.reading.cleaning.flag_matcher import Worth

pytest.importorskip("hyperscan")

SAMPLES = Path(__file__).parents[2] / "sample_logs" / "logs" / "direct"
ASCII = {name: [word for word in words if word.isascii()] for name, words in flags.LEXICON.items()}
# Pieces of the lexicon's own words and signs, so that whole patterns, and near misses, come about.
PIECES = (
    "show", "your", "reasoning", "think", "thinking", "step", "-by-", " by ", "verbatim", "word", "for", "<", "/", ">",
    "[", "]", "tags", "in", "english", "rubric", "grade", "answer", "7", "10", "out of", "rewrite", "safe", "neutral",
    "call", "tool", "function", "def ", "x(", "import ", "select ", "from", "```", "agent", "plan", "python", "c++",
    "write", "code", "use", "SHOW", "\n", "\t", "\x0b", "\x00", "\x1f", "\r", " ", "  ", ",", "'", "_", "\u017f", "é",
    "\u212a", "用中文思考", "代码", "标签", "a" * 41, "trace", "unit tests", "repeat", "above", "without", "omitting",
)  # fmt: skip


def compare(texts: pl.Series, monkeypatch: pytest.MonkeyPatch) -> pl.Series:
    """Both ways give the same; what they give."""
    plain = flags._flags_plainly(flags._looked_at(texts))
    monkeypatch.setattr(flags, "_worth", Worth(ASCII, CONTENT_FLAGS, after=-1))
    fast = flags._flags(texts)
    differ = (plain.ne_missing(fast)).arg_true()
    assert not differ.len(), [(texts[place], plain[place], fast[place]) for place in differ[:3].to_list()]
    assert plain.dtype == fast.dtype
    return plain


@pytest.mark.parametrize("seed", range(5))
def test_random_texts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of texts dealt from the lexicon's words, odd signs and other scripts, each flag set and each not."""
    rng = random.Random(seed)
    made = [
        rng.choice(("", " ", " ", "-")).join(rng.choices(PIECES, k=rng.choice((0, 1, 2, 3, 5, 8, 13, 900))))
        for _ in range(2000)
    ]
    found = compare(pl.Series([*made, None], dtype=pl.String), monkeypatch)
    assert found[-1] is None
    for bit in CONTENT_FLAGS.values():
        assert 0 < ((found.drop_nulls() & bit) > 0).sum() < 2000


def test_real_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the texts of the sample logs."""
    texts = []
    for path in sorted(SAMPLES.glob("*.zst"))[:2]:
        with path.open("rb") as handle:
            reader = zstandard.ZstdDecompressor().stream_reader(handle, read_across_frames=True)
            for line in io.BufferedReader(reader):
                if line.startswith(b"{") and line.rstrip().endswith(b"}"):
                    record = orjson.loads(line)
                    texts += [record.get("prompt"), record.get("system")]
                if len(texts) >= 6000:
                    break
    assert compare(pl.Series(texts, dtype=pl.String), monkeypatch).n_unique() > 10


def test_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that are read at the same time do not disturb each other."""
    texts = pl.Series(["show your reasoning step by step", "hello", "grade the answer", None] * 500)
    expected = flags._flags_plainly(texts).to_list()
    monkeypatch.setattr(flags, "_worth", Worth(ASCII, CONTENT_FLAGS, after=-1))
    found: list[list[int | None]] = []
    threads = [threading.Thread(target=lambda: found.append(flags._flags(texts).to_list())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_without_the_library_or_with_few_texts_the_plain_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """No matcher before so many texts; none ever where it is not installed."""
    few = Worth(ASCII, CONTENT_FLAGS, after=10)
    assert few.matcher(10) is None
    assert few.matcher(1) is not None
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert Worth(ASCII, CONTENT_FLAGS, after=-1).matcher(1) is None
