"""Rules that say what a request is after: read from TOML, checked by their own examples, turned into columns."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import CONTENT_FLAGS, EVENTS
from forensics.reading.cleaning.content_flags import flag_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHAPES = ("input_tokens", "output_tokens", "reasoning_tokens", "message_count", "prompt_chars", "max_tokens")
TEXTS = ("prompt_text", "system_text")
TOOLS = "tools"
_KEYS = {"name", "title", "flags", "words", "when", "examples", "counterexamples"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")

Example = str | dict[str, Any]


@dataclass(frozen=True)
class Capability:
    """One thing that requests may be after, and how it shows."""

    name: str
    title: str
    flags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    when: tuple[Mapping[str, Any], ...] = ()
    examples: tuple[Example, ...] = ()
    counterexamples: tuple[Example, ...] = ()

    @property
    def bases(self) -> tuple[str, ...]:
        """What it rests on: flags, words, shapes."""
        return tuple(
            name for name, there in (("flags", self.flags), ("words", self.words), ("shapes", self.when)) if there
        )


@dataclass(frozen=True)
class Checked:
    """One example and whether its rule answers as it should."""

    capability: str
    example: Example
    expected: bool
    answer: bool | None = field(default=None)

    @property
    def passes(self) -> bool:
        """Whether the rule answers as it should; no answer is no `no`."""
        return self.answer is self.expected


def load_rules(text: str | None = None, where: str = "the rules that come with the tool") -> tuple[Capability, ...]:
    """The rules of a TOML text, or those that come with the tool.

    Raises: UsageError for anything that is no rule, with its number and name.
    """
    if text is None:
        text = resources.files("forensics.defences").joinpath("targets.toml").read_text("utf-8")
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            f"{where} is not valid TOML: {error}", "forensics targets --print writes rules to start from"
        ) from error
    items = given.get("capability")
    if set(given) != {"capability"} or not isinstance(items, list) or not items:
        raise UsageError(
            f"{where}: needs [[capability]] tables and nothing else",
            "forensics targets --print writes rules to start from",
        )
    rules = tuple(_read_rule(item, f"{where}: [[capability]] number {number}") for number, item in enumerate(items, 1))
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{where}: {twice[0]} is there twice", "give each capability a name of its own")
    return rules


def _read_rule(item: Any, where: str) -> Capability:  # noqa: ANN401 - straight from TOML
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not _NAME.fullmatch(item["name"]):
        raise UsageError(f"{where}: needs a name of lower-case letters, digits and underscores")
    where = f"{where} ({item['name']})"
    unknown = sorted(set(item) - _KEYS)
    if unknown:
        near = difflib.get_close_matches(unknown[0], _KEYS, n=1)
        raise UsageError(f"{where}: {unknown[0]} is unknown", f"did you mean {near[0]}?" if near else None)
    for key in ("flags", "words"):
        if not _are_texts(item.get(key, [])):
            raise UsageError(f"{where}: {key} must be a list of texts")
    for flag in item.get("flags", ()):
        if flag not in CONTENT_FLAGS:
            raise UsageError(f"{where}: there is no flag {flag!r}", f"one of {', '.join(CONTENT_FLAGS)}")
    for word in item.get("words", ()):
        _check_pattern(word, where)
    when = item.get("when", [])
    if not isinstance(when, list) or not all(isinstance(one, dict) and one for one in when):
        raise UsageError(f"{where}: when must be a list of tables", "when = [{ message_count_min = 20 }]")
    for one in when:
        for key, value in one.items():
            _check_limit(key, value, where)
    rule = Capability(
        item["name"],
        str(item.get("title", item["name"].replace("_", " "))),
        tuple(item.get("flags", ())),
        tuple(item.get("words", ())),
        tuple(when),
        tuple(item.get("examples", ())),
        tuple(item.get("counterexamples", ())),
    )
    if not rule.bases:
        raise UsageError(f"{where}: says nothing to look for", "give flags, words or when")
    return rule


def _are_texts(value: Any) -> bool:  # noqa: ANN401 - straight from TOML
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _check_pattern(word: str, where: str) -> None:
    try:
        pl.select(pl.lit("").str.contains(_pattern((word,))))
    except pl.exceptions.ComputeError as error:
        raise UsageError(f"{where}: {word!r} is no regular expression: {str(error).splitlines()[0]}") from error


def _check_limit(key: str, value: Any, where: str) -> None:  # noqa: ANN401 - straight from TOML
    column, _, side = key.rpartition("_")
    if key == TOOLS and isinstance(value, bool):
        return
    if (
        column not in SHAPES
        or side not in {"min", "max"}
        or isinstance(value, bool)
        or not isinstance(value, int | float)
    ):
        raise UsageError(
            f"{where}: {key} = {value!r} is no limit",
            f"tools = true, or a number for _min or _max of {', '.join(SHAPES)}",
        )


def _pattern(words: Sequence[str]) -> str:
    """Words as one pattern. Unicode classes are slow, so plain ASCII is matched bytewise."""
    plain = [word for word in words if word.isascii() and r"\p" not in word and "[^" not in word]
    other = [word for word in words if word not in plain]
    parts = [f"(?i-u:{'|'.join(plain)})"] if plain else []
    return "|".join([*parts, *(f"(?i:{word})" for word in other)])


def capability_columns(rules: Sequence[Capability], have: Sequence[str]) -> list[pl.Expr]:
    """One boolean column per rule over EVENTS, by its name: null where no base of it can be looked at."""
    return [_column(rule, set(have)).alias(rule.name) for rule in rules]


def _column(rule: Capability, have: set[str]) -> pl.Expr:
    bases: list[pl.Expr] = []
    if rule.flags and "content_flags" in have:
        mask = sum(CONTENT_FLAGS[flag] for flag in rule.flags)
        bases.append((pl.col("content_flags") & mask) > 0)
    texts = [name for name in TEXTS if name in have]
    if rule.words and texts:
        looked = pl.concat_str([pl.col(name) for name in texts], separator="\n", ignore_nulls=True)
        known = pl.any_horizontal(pl.col(name).is_not_null() for name in texts)
        bases.append(pl.when(known).then(looked.str.contains(_pattern(rule.words))))
    if rule.when:
        bases.append(pl.any_horizontal([_shape(one, have) for one in rule.when]))
    if not bases:
        return pl.lit(None, dtype=pl.Boolean)
    known = pl.any_horizontal(base.is_not_null() for base in bases)
    return pl.when(known).then(pl.any_horizontal(base.fill_null(value=False) for base in bases))


def _shape(limits: Mapping[str, Any], have: set[str]) -> pl.Expr:
    parts = []
    for key, value in limits.items():
        column, _, side = key.rpartition("_")
        if key == TOOLS:
            parts.append(_tools(have) == value)
        elif column not in have:
            parts.append(pl.lit(None, dtype=pl.Boolean))
        else:
            parts.append(pl.col(column) >= value if side == "min" else pl.col(column) <= value)
    return pl.all_horizontal(parts)


def _tools(have: set[str]) -> pl.Expr:
    """Whether tools were offered: a source that logs the set of tools at all leaves it out where there is none."""
    if "tools_hash" not in have:
        return pl.lit(None, dtype=pl.Boolean)
    return (
        pl.when(pl.col("tools_known")).then(pl.col("tools_hash").is_not_null())
        if "tools_known" in have
        else pl.col("tools_hash").is_not_null()
    )


def check_rules(rules: Sequence[Capability]) -> list[Checked]:
    """Every example of every rule, run through the columns that events run through."""
    return [
        Checked(rule.name, example, expected, _answer(rule, example))
        for rule in rules
        for expected, examples in ((True, rule.examples), (False, rule.counterexamples))
        for example in examples
    ]


def _answer(rule: Capability, example: Example) -> bool | None:
    row: dict[str, pl.Series]
    if isinstance(example, str):
        text = pl.Series("prompt_text", [example])
        row = {"prompt_text": text, "content_flags": flag_texts(text, None).alias("content_flags")}
    else:
        row = {name: pl.Series(name, [value]) for name, value in example.items() if name in EVENTS.columns}
        if TOOLS in example:
            row["tools_hash"] = pl.Series("tools_hash", [1 if example[TOOLS] else None], dtype=pl.UInt64)
            row["tools_known"] = pl.Series("tools_known", [True])
    frame = pl.DataFrame(row)
    return frame.select(_column(rule, set(frame.columns))).item() if frame.height else None
