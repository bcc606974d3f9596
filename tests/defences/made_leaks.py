"""Made leaks: tables of positions, pools of accounts, and the texts that a data set made from them would hold."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.defences.canary.assign import checked_holders
from forensics.defences.canary.codes import biases, codewords
from forensics.defences.canary.trace import Marked, Suspect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forensics.defences.canary.codes import Bits, Floats

KEY = bytes(range(32))  # known to everybody: for tests and the demo
SAMPLE_POSITIONS = 160
_OPENINGS = (
    ("Here is how", "This is how"),
    ("Let us look at how", "Let us see how"),
    ("A closer look shows how", "On closer look we see how"),
    ("It helps to see how", "It is useful to see how"),
    ("The short version is how", "In short, it comes to how"),
    ("Consider for a moment how", "Think for a moment of how"),
    ("To begin, note how", "To begin, observe how"),
    ("What matters is how", "The point is how"),
    ("As an example, take how", "By way of example, take how"),
    ("In other words, we get to how", "Put another way, we get to how"),
)
_TOPICS = (
    "the parser",
    "the cache",
    "the scheduler",
    "the index",
    "a closure",
    "the compiler",
    "a mutex",
    "the planner",
    "the garbage collector",
    "a hash table",
    "the router",
    "a decorator",
    "the tokenizer",
    "the allocator",
    "a coroutine",
    "the linker",
    "the profiler",
    "a semaphore",
    "the optimizer",
    "a generator",
    "the debugger",
    "the iterator",
    "a transaction",
    "the replica",
    "the balancer",
    "a checkpoint",
    "the journal",
    "a snapshot",
    "the broker",
    "a pipeline",
    "the resolver",
    "the encoder",
    "a bitmap",
    "the sampler",
    "the renderer",
    "a callback",
    "the dispatcher",
    "a promise",
    "the sandbox",
    "the registry",
    "a heap",
    "the lexer",
    "the watcher",
    "a channel",
    "the gateway",
    "a shard",
    "the monitor",
    "the daemon",
    "a socket",
    "the buffer",
)


def position_rows(number: int) -> list[tuple[str, str, str]]:
    """Id, a, b of `number` positions that no two share a phrasing."""
    pairs = [(f"{a} {topic} works", f"{b} {topic} works") for topic in _TOPICS for a, b in _OPENINGS]
    step = 37  # neighbours differ in both topic and opening
    return [(f"p{index:04d}", *pairs[index * step % len(pairs)]) for index in range(number)]


def positions_toml(number: int) -> str:
    """A table of positions as a user would write it."""
    return "".join(f'[[position]]\nid = "{name}"\na = "{a}"\nb = "{b}"\n\n' for name, a, b in position_rows(number))


def marked_pool(
    sizes: Sequence[int], positions: int, *, coalition: int = 1, per_account: bool = False, key: bytes = KEY
) -> Marked:
    """Networks of these sizes with a word each, or with a word for each of their accounts."""
    ids = [f"p{index:04d}" for index in range(positions)]
    rows: list[tuple[str, str | None]]
    if per_account:
        rows = [
            (f"acct_{group:03d}_{member:05d}", f"net_{group:03d}")
            for group, size in enumerate(sizes)
            for member in range(size)
        ]
    else:
        rows = [(f"net_{group:03d}", None) for group in range(len(sizes))]
    holders = checked_holders(pl.DataFrame(rows, schema={"holder_id": pl.String, "group_id": pl.String}, orient="row"))
    chances = biases(key, ids, coalition)
    return Marked(ids, chances, holders, codewords(key, holders["holder_id"].to_list(), ids, chances))


def leak(
    rng: np.random.Generator,
    words: Bits,
    *,
    documents: int = 40,
    flips: float = 0.0,
    erased: float = 0.0,
    diluted: float = 0.0,
    natural: Floats | None = None,
    name: str = "leak",
) -> Suspect:
    """Counts that a corpus made from the outputs of these holders shows, all taking part alike.

    flips: documents reworded into the other phrasing. erased: positions gone altogether (translated, cut). diluted:
    share of documents from elsewhere, which hold variant a with the chances of `natural`.
    """
    size = words.shape[1]
    drawn = np.asarray(rng.poisson(documents, size))
    foreign = rng.binomial(drawn, diluted)
    usual = np.full(size, 0.5) if natural is None else natural
    served = words.mean(axis=0)
    a = rng.binomial(drawn - foreign, served * (1 - flips) + (1 - served) * flips) + rng.binomial(foreign, usual)
    gone = rng.random(size) < erased
    return Suspect(name, int(drawn.sum()), np.where(gone, 0, a), np.where(gone, 0, drawn - a))


def leak_texts(
    rng: np.random.Generator,
    words: Bits,
    rows: Sequence[tuple[str, str, str]],
    *,
    documents: int = 6,
    flips: float = 0.0,
    kept: float = 1.0,
) -> Iterator[str]:
    """Documents such a corpus would hold, in words: each shows one position, among filler."""
    for column, (_, a, b) in enumerate(rows):
        if rng.random() >= kept:
            continue
        for _ in range(documents):
            word = bool(words[rng.integers(len(words)), column]) ^ bool(rng.random() < flips)
            said = a if word else b
            yield f"Question {rng.integers(10_000)}. {said}, step by step. First the input is read, then it is checked."


def write_samples(folder: Path) -> None:
    """The demo: positions, twenty networks, a key that everybody knows, text that leaked through the eighth."""
    rows, holders = position_rows(SAMPLE_POSITIONS), [f"net_{number:02d}" for number in range(1, 21)]
    ids = [name for name, _, _ in rows]
    words = codewords(KEY, holders, ids, biases(KEY, ids, 1))
    rng = np.random.default_rng(8)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "positions.toml").write_text(positions_toml(SAMPLE_POSITIONS), "utf-8")
    (folder / "holders.csv").write_text("holder_id\n" + "".join(f"{name}\n" for name in holders), "utf-8")
    (folder / "demo.key").write_text(KEY.hex() + "\n", "ascii")
    (folder / "demo.key").chmod(0o600)
    own = words[7:8]
    lines = [
        json.dumps({"id": n, "text": text}) + "\n"
        for n, text in enumerate(leak_texts(rng, own, rows, documents=2, flips=0.1, kept=0.7))
    ]
    (folder / "suspect.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode(), 9, mtime=0))
    texts = leak_texts(rng, own, rows, documents=1, flips=0.1, kept=0.5)
    (folder / "suspect.txt").write_text("\n\n".join(text.replace("'", "’") for text in texts) + "\n", "utf-8")


if __name__ == "__main__":
    write_samples(Path(__file__).resolve().parents[2] / "sample_logs" / "canary")
