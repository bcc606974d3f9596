"""Whether two phrasings say the same, as far as word lists can tell: negations, numbers and modals are not style."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from forensics.common.errors import UsageError
from forensics.defences.canary.normal import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHORT_FORMS = (
    ("can't", "can not"),
    ("cannot", "can not"),
    ("won't", "will not"),
    ("shan't", "shall not"),
    ("n't", " not"),
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TOKEN = re.compile(r"[^\W\d_]+|[%$€£]")


@dataclass(frozen=True)
class WordLists:
    """Words that carry meaning: the tokens of a word or short phrase → its class and what it means there."""

    meanings: Mapping[tuple[str, ...], tuple[str, str]]

    @property
    def longest(self) -> int:
        """Tokens of the longest phrase."""
        return max(map(len, self.meanings), default=0)


def shipped_lists() -> bytes:
    """The lists that come with the tool, as TOML."""
    return resources.files("forensics.defences.canary").joinpath("meaning.toml").read_bytes()


def read_lists(contents: Sequence[bytes]) -> WordLists:
    """Word lists of one or more TOML files, together.

    Raises: UsageError where a file is no TOML, or not classes of lists of words.
    """
    meanings: dict[tuple[str, ...], tuple[str, str]] = {}
    for content in contents:
        try:
            classes = tomllib.loads(content.decode("utf-8"))
        except ValueError as error:
            raise UsageError(f"word lists that are no TOML: {error}", "see forensics canary explain") from error
        for name, entries in classes.items():
            if not isinstance(entries, dict):
                raise UsageError(
                    f"word lists: {name} is no class of words",
                    f"write [{name}] and under it lines such as may = ['may', 'might']",
                )
            for meaning, words in entries.items():
                if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                    raise UsageError(f"word lists: {name}.{meaning} is no list of words", f"{meaning} = ['…', '…']")
                meanings |= {tuple(_tokens(word)): (name, meaning) for word in words}
    return WordLists(meanings)


def _tokens(text: str) -> list[str]:
    plain = normalise(text)
    for short, long in _SHORT_FORMS:
        plain = plain.replace(short, long)
    return _TOKEN.findall(plain)


def meanings_in(text: str, lists: WordLists) -> Counter[tuple[str, str]]:
    """How often each meaning of the lists, and each number in digits, stands in a text; longer phrases first."""
    found: Counter[tuple[str, str]] = Counter(("number", match) for match in _NUMBER.findall(normalise(text)))
    tokens, at = _tokens(text), 0
    while at < len(tokens):
        for size in range(min(lists.longest, len(tokens) - at), 0, -1):
            meaning = lists.meanings.get(tuple(tokens[at : at + size]))
            if meaning is not None:
                found[meaning] += 1
                at += size
                break
        else:
            at += 1
    return found


def meaning_differs(a: str, b: str, lists: WordLists) -> str | None:
    """Why one phrasing says something else than the other, in a clause; None where the lists see no difference."""
    in_a, in_b = meanings_in(a, lists), meanings_in(b, lists)
    only_a, only_b = sorted(in_a - in_b), sorted(in_b - in_a)
    if not only_a and not only_b:
        return None
    kind = (only_a or only_b)[0][0]
    said_a = ", ".join(meaning for _, meaning in only_a) or "none"
    said_b = ", ".join(meaning for _, meaning in only_b) or "none"
    return f"changes meaning ({kind}): {said_a} in a, {said_b} in b"
