"""What must not change what is found: a log in other files, another order, doubled, on other days, under other names,
among strangers.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

Line = dict[str, Any]
Files = list[list[Line]]
WEEK_S = 7 * 86_400
START_S = 1_777_593_600  # 1 May 2026


@dataclass(frozen=True)
class Relation:
    """A change of a log, and how to undo it in a table."""

    name: str
    change: Callable[[list[Line]], Files]
    undo: Callable[[pl.DataFrame], pl.DataFrame] = field(default=lambda frame: frame)


def small_log(accounts: int = 24, each: int = 90, seed: int = 1) -> list[Line]:
    """A pool of eight accounts with templates, an address pool and a client of its own, among others."""
    draw = random.Random(seed)
    words = [f"word{number}" for number in range(300)]
    lines = []
    for number in range(accounts):
        pooled = number < 8
        for event in range(each):
            at = START_S + draw.random() * 6 * 86_400
            text = " ".join(draw.choices(words[:40] if pooled else words, k=14))
            lines.append(
                {
                    "ts": round(at, 3),
                    "account_id": f"acct_{number:04d}",
                    "request_id": f"req-{number}-{event}",
                    "client_address": f"198.51.100.{draw.randrange(6)}" if pooled else f"203.0.{number}.{event % 3}",
                    "user_agent": "pool/1.0" if pooled else f"agent/{number % 5}",
                    "model": f"m{draw.randrange(3)}",
                    "input_tokens": draw.randrange(10, 900),
                    "output_tokens": draw.randrange(10, 900),
                    "prompt": f"Write out the steps for {text}" if pooled else text,
                }
            )
    return sorted(lines, key=lambda line: float(line["ts"]))


def _split(lines: list[Line]) -> Files:
    return [lines[0::3], lines[1::3], lines[2::3]]


def _shuffled(lines: list[Line]) -> Files:
    mixed = list(lines)
    random.Random(7).shuffle(mixed)
    return [mixed]


def _doubled(lines: list[Line]) -> Files:
    return [[line for line in lines for _ in range(2)]]


def _shifted(lines: list[Line]) -> Files:
    return [[{**line, "ts": line["ts"] + 5 * WEEK_S} for line in lines]]


def _unshifted(frame: pl.DataFrame) -> pl.DataFrame:
    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(pl.col(times) - pl.duration(seconds=5 * WEEK_S))


def new_name(account: str) -> str:
    """Another name for an account, in another order."""
    return f"user_{(int(account[5:]) * 7_919 + 13) % 10_007:05d}"


def _renamed(lines: list[Line]) -> Files:
    return [[{**line, "account_id": new_name(line["account_id"])} for line in lines]]


def _unrenamed(frame: pl.DataFrame) -> pl.DataFrame:
    names = {new_name(f"acct_{number:04d}"): f"acct_{number:04d}" for number in range(1_000)}
    columns = [name for name in ("account_id", "account_a", "account_b", "principal_id") if name in frame.columns]
    return frame.with_columns(pl.col(columns).replace(names))


def _among_strangers(lines: list[Line]) -> Files:
    strangers = [
        {
            **line,
            "account_id": f"zz_{line['account_id']}",
            "request_id": f"zz{line['request_id']}",
            "client_address": f"192.0.{index % 200}.{index // 200 % 250}",
            "user_agent": f"stranger/{line['account_id'][-2:]}",
            "prompt": f"zz{index} {index * 31} {index * 17} zz{index * 3}",
        }
        for index, line in enumerate(small_log(seed=2))
    ]
    return [sorted([*lines, *strangers], key=lambda line: float(line["ts"]))]


def _without_strangers(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(~pl.col("account_id").str.starts_with("zz_")) if "account_id" in frame.columns else frame


RELATIONS = (
    Relation("split into files", _split),
    Relation("lines shuffled", _shuffled),
    Relation("lines doubled", _doubled),
    Relation("shifted by weeks", _shifted, _unshifted),
    Relation("accounts renamed", _renamed, _unrenamed),
    Relation("among strangers", _among_strangers, _without_strangers),
)


def as_text(lines: list[Line]) -> str:
    """JSON lines."""
    return "".join(json.dumps(line) + "\n" for line in lines)
