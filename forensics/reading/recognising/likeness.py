"""What a field could be, judged by its values and not by its name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from forensics.reading.fields.aliases import Path

Seen = Mapping[Path, Sequence[Any]]

_CHAIN: Final = re.compile(
    r"[\[\"' ]*(?:\d{1,3}(?:\.\d{1,3}){2}\.(?:\d{1,3}|\*+|x+)"
    r"|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,})(?:[:,\]%/ ].*)?"
)
_CLIENT: Final = re.compile(
    r"Mozilla/\d.*|(?:[A-Za-z][\w.-]*[ /]){0,3}[A-Za-z][\w.-]*[ /#]v?\d+(?:\.\d+)+(?:[-+\w.]*)(?:[ ,;(].*)?"
    r"|curl/\d.*|[A-Za-z-]+/v?\d[\w.+-]*(?:[ ,;(].*)?"
)
_FAMILIES: Final = re.compile(
    r"(?i)\b(?:gpt|claude|gemini|llama|mi[sx]tral|command|qwen|deepseek|titan|nova|grok|phi|gemma|sonnet|haiku|opus|o[1-4]|"
    r"text-embedding|embed|whisper|dall-e|jamba|palm|bison)\b|[./](?:models?|foundation-model)/"
)
_MODEL: Final = re.compile(r"(?=.*[A-Za-z])[\w.:/@+-]{2,120}")
_STAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?|\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d.*|\d{1,2}[./-]\d{1,2}[./-]\d{4},? \d.*"
    r"|[A-Z][a-z]{2},? .*\d\d:\d\d:\d\d.*|\d\d:\d\d:\d\d \d{1,2} [A-Z][a-z]{2} \d{4}|\d{8}T\d{6}.*"
)
_ID: Final = re.compile(r"[\w.:@/+=-]{1,200}")

EPOCHS: Final = (
    ("s", 1.42e9, 4.2e9),
    ("ms", 1.42e12, 4.2e12),
    ("us", 1.42e15, 4.2e15),
    ("ns", 1.42e18, 4.2e18),
    ("ticks", 6.35e17, 6.63e17),
)
MOST_TOKENS: Final = 4_000_000
ENOUGH: Final = 0.8  # share of the values that must be of the form


@dataclass(frozen=True)
class Profile:
    """The values of one field in a sample."""

    path: Path
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The path with dots."""
        return ".".join(self.path)

    @property
    def texts(self) -> list[str]:
        """The values that say something, as text."""
        return [
            str(value).strip()
            for value in self.values
            if not isinstance(value, dict | list | bool) and str(value).strip() not in {"", "-", "null", "None"}
        ]

    @property
    def numbers(self) -> list[float]:
        """The values that are numbers."""
        found = []
        for text in self.texts:
            try:
                found.append(float(text))
            except ValueError:
                continue
        return found

    def share(self, pattern: re.Pattern[str]) -> float:
        """Share of the values that a pattern fits whole."""
        texts = self.texts
        return sum(pattern.fullmatch(text) is not None for text in texts) / len(texts) if texts else 0.0

    @property
    def different(self) -> float:
        """Share of different values."""
        texts = self.texts
        return len(set(texts)) / len(texts) if texts else 0.0


def profiles(seen: Seen) -> list[Profile]:
    """Every field of a sample that holds single values."""
    found = [Profile(path, tuple(values)) for path, values in seen.items()]
    return [one for one in found if one.texts]


def time_unit(profile: Profile) -> str | None:
    """How a field tells a time: a unit of epoch numbers, `text`; None where it is no time."""
    numbers = profile.numbers
    if len(numbers) == len(profile.texts) and numbers:
        for unit, low, high in EPOCHS:
            if all(low <= number <= high for number in numbers):
                return unit
        return None
    return "text" if profile.share(_STAMP) >= ENOUGH else None


def is_address(profile: Profile) -> bool:
    """Whether a field holds addresses, or chains of them."""
    return profile.share(_CHAIN) >= ENOUGH and time_unit(profile) is None


def is_private(text: str) -> bool:
    """Whether an address is of a network inside, as a proxy's is."""
    try:
        return ipaddress.ip_address(text).is_private and not text.startswith(
            ("198.51.100.", "203.0.113.", "192.0.2.", "2001:db8")
        )
    except ValueError:
        return False


def is_client(profile: Profile) -> bool:
    """Whether a field holds user agents."""
    versioned = profile.share(_CLIENT) >= ENOUGH
    return versioned and not is_address(profile) and time_unit(profile) is None and not _is_protocol(profile)


def _is_protocol(profile: Profile) -> bool:
    return all(re.fullmatch(r"(?i)(?:http|tls|ssl|ssh|grpc)[ /v-]*[\d.]*[\w.-]*", text) for text in profile.texts)


def is_model(profile: Profile) -> bool:
    """Whether a field holds names of models: few different words, most of a known family."""
    texts = profile.texts
    known = sum(_FAMILIES.search(text) is not None for text in texts)
    return profile.share(_MODEL) >= ENOUGH and known >= ENOUGH * len(texts) and not is_client(profile)


def is_count(profile: Profile) -> bool:
    """Whether a field holds counts as tokens are: whole numbers of some size that differ."""
    numbers = profile.numbers
    return (
        len(numbers) == len(profile.texts) > 0
        and all(number >= 0 and number == int(number) and number <= MOST_TOKENS for number in numbers)
        and len(set(numbers)) > 1
        and max(numbers) > 1
    )


def is_id(profile: Profile) -> bool:
    """Whether a field holds single words, as ids are."""
    return profile.share(_ID) >= ENOUGH and time_unit(profile) is None and not is_address(profile)


# What stays empty in a log → what a field must look like to be worth a look.
_LOOKS: Final = {
    "client_address": is_address,
    "client_prefix": is_address,
    "user_agent": is_client,
    "request_model": is_model,
}
_CALLED: Final = {  # where values alone say too little, the name must point there as well
    "input_tokens": ("input", "prompt", "token", "in_"),
    "output_tokens": ("output", "completion", "token", "out_", "generated"),
    "latency_ms": ("latency", "duration", "elapsed", "took", "time_", "_time", "ms"),
    "status_code": ("status", "code", "outcome", "result"),
    "request_id": ("id",),
    "api_key_id": ("key", "token", "credential"),
    "account_id": ("user", "account", "customer", "consumer", "client", "principal", "subject", "tenant", "owner"),
}


def look_alikes(column: str, unused: Seen) -> list[str]:
    """Unused fields that look like a column."""
    found = []
    for profile in profiles(unused):
        name = profile.name.lower()
        look = _LOOKS.get(column)
        if look is not None:
            fits = look(profile)
        elif column in {"input_tokens", "output_tokens"}:
            fits = is_count(profile) and any(word in name for word in _CALLED[column])
        else:
            fits = column in _CALLED and any(word in name for word in _CALLED[column]) and bool(profile.texts)
        if fits:
            found.append(profile.name)
    return sorted(found)
