"""A mapping for a log that nobody described: which field is which, judged by values; names only decide between fields
whose values fit alike, and that is said.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from forensics.common.errors import InputError
from forensics.reading.containers.decoded import load_all, split_values
from forensics.reading.containers.records import unwrap
from forensics.reading.fields.plan import observe
from forensics.reading.opening.blocks import take_bytes
from forensics.reading.opening.sources import BOM, open_source
from forensics.reading.recognising.likeness import (
    Profile,
    is_address,
    is_client,
    is_count,
    is_id,
    is_model,
    is_private,
    profiles,
    time_unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HEAD: Final = 1 << 20  # bytes looked at
RECORDS: Final = 300  # records looked at
_WORD: Final = r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^\s"\[]+'
_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_UNIQUE: Final = 0.98


@dataclass
class Sample:
    """Some records of a file, and how they stand in it."""

    records: list[dict[str, Any]]
    layout: str  # what a mapping must say about it: TOML, or nothing


@dataclass
class Proposal:
    """Which field is which, why, and what is unsure."""

    sample: Sample
    fields: dict[str, str] = field(default_factory=dict)  # column → field
    why: dict[str, str] = field(default_factory=dict)
    unit: str = ""  # of the time, where it does not tell
    unsure: list[str] = field(default_factory=list)

    @property
    def used(self) -> set[str]:
        """Fields that are taken."""
        return set(self.fields.values())


def read_sample(path: str) -> Sample:
    """Some records of a file: JSON in whatever wrapper, a table, or lines of words.

    Raises: InputError where the file holds none of these.
    """
    stream = open_source(path)
    with stream.handle:
        head = take_bytes(stream.blocks(), HEAD).removeprefix(BOM)[:HEAD]
    lines = [line for line in head.split(b"\n") if line.strip()]
    if not lines:
        raise InputError(f"{path} holds no line")
    if len(head) == HEAD and len(lines) > 1:
        lines.pop()  # cut off
    values = [value for line in lines[: 4 * RECORDS] for value in load_all(line) or []]
    if not any(isinstance(value, dict | list) for value in values) and head.lstrip()[:1] in {b"{", b"["}:
        values = split_values(head) or []
    records = [record for value in values for record in (unwrap(value) or []) if isinstance(record, dict)]
    if 2 * len(records) >= min(len(lines), 4 * RECORDS) or (records and head.lstrip()[:1] in {b"{", b"["}):
        return Sample(records[:RECORDS], "")
    text = [line.decode(errors="replace").rstrip("\r") for line in lines[: RECORDS + 1]]
    sample = _table(text) or _words(text)
    if sample is None:
        raise InputError(f"{path}: its lines are neither JSON, nor a table, nor words in the same places")
    return sample


def _table(text: Sequence[str]) -> Sample | None:
    """Records of a delimited table with a header."""
    delimiter = max(",;\t|", key=text[0].count)
    rows = list(csv.reader(io.StringIO("\n".join(text)), delimiter=delimiter))
    header = [cell.strip() for cell in rows[0]]
    whole = [row for row in rows[1:] if len(row) == len(header)]
    if len(header) < 2 or len(whole) < max(1, 0.6 * (len(rows) - 1)) or len(set(header)) < len(header):
        return None
    if any(time_unit(Profile((), (cell,))) for cell in header):  # no header: a value is no name
        return None
    layout = f"[csv]\ndelimiter = {json.dumps(delimiter)}\n" if delimiter != "," else ""
    return Sample([dict(zip(header, row, strict=True)) for row in whole], layout)


def _words(text: Sequence[str]) -> Sample | None:
    """Records of lines that hold as many words each; quoted and bracketed text is one word."""
    split = [re.findall(_WORD, line) for line in text]
    sizes = [len(words) for words in split]
    width = max(set(sizes), key=sizes.count)
    whole = [words for words in split if len(words) == width]
    if width < 3 or len(whole) < 0.6 * len(split):
        return None
    pattern = [
        r'"(?P<w{}>[^"]*)"' if word[:1] == '"' else r"\[(?P<w{}>[^\]]*)\]" if word[:1] == "[" else r"(?P<w{}>\S+)"
        for word in whole[0]
    ]
    line = " ".join(one.format(place) for place, one in enumerate(pattern, start=1))
    records = [{f"w{place}": word.strip('"[]') for place, word in enumerate(words, start=1)} for words in whole]
    return Sample(records, f"[lines]\npattern = '^{line}$'\n")


def propose(sample: Sample) -> Proposal:
    """Which field is which."""
    found = Proposal(sample)
    fields = profiles(observe(sample.records))
    for settle in (_times, _clients, _models, _statuses, _tokens, _requests, _durations, _accounts):
        settle(found, [one for one in fields if one.name not in found.used])
    return found


def _take(
    found: Proposal, column: str, fitting: Sequence[Profile], why: str, hints: Sequence[str] = ()
) -> Profile | None:
    """Give a column the field that fits; of several the one whose name hints at it, and say so."""
    if not fitting:
        return None
    named = [one for one in fitting if any(hint in one.name.lower() for hint in hints)]
    best = (named or fitting)[0]
    found.fields[column] = best.name
    found.why[column] = why
    others = [one.name for one in fitting if one is not best]
    if others:
        by = "its name decided" if named else "the first was taken"
        found.unsure.append(f"{column}: {', '.join(others[:4])} would fit as well; {by}")
    return best


def _times(found: Proposal, fields: Sequence[Profile]) -> None:
    times = [(one, unit) for one in fields if (unit := time_unit(one)) is not None and one.different > 0.01]
    if not times:
        found.unsure.append("started_at: no field looks like a time")
        return
    best = _take(
        found, "started_at", [one for one, _ in times], "looks like a time", ("start", "time", "ts", "request")
    )
    unit = next(unit for one, unit in times if one is best)
    found.why["started_at"] = "text of a time" if unit == "text" else f"a number of {unit} since 1970"
    found.unit = "" if unit == "text" else unit


def _clients(found: Proposal, fields: Sequence[Profile]) -> None:
    addresses = sorted(
        (one for one in fields if is_address(one)),
        key=lambda one: (
            all(is_private(text.partition(":")[0]) for text in one.texts),
            one.different <= 1 / len(one.texts),
        ),
    )
    _take(found, "client_address", addresses, "holds addresses", ("client", "forward", "remote", "src", "source"))
    _take(
        found,
        "user_agent",
        [one for one in fields if is_client(one)],
        "holds names of clients with a version",
        ("agent",),
    )


def _models(found: Proposal, fields: Sequence[Profile]) -> None:
    known = [one for one in fields if is_model(one)]
    if known:
        _take(found, "request_model", known, "holds names of known families of models", ("model",))
        return
    like = [
        one
        for one in fields
        if is_id(one)
        and one.different < 0.5
        and one.share(re.compile(r"(?=.*[a-z])(?=.*[-.:/\d])[\w.:/-]{3,60}")) == 1.0
        and one.name not in found.used
        and not one.numbers
        and not one.texts[0].startswith("/")
    ]
    named = [one for one in like if "model" in one.name.lower()]
    if named:
        _take(found, "request_model", named, "few different words, and its name says so")


def _statuses(found: Proposal, fields: Sequence[Profile]) -> None:
    _take(
        found,
        "status_code",
        [one for one in fields if one.share(re.compile(r"[1-5]\d\d")) == 1.0 and one.different <= 0.5],
        "numbers from 100 to 599",
        ("status", "code"),
    )
    _take(found, "method", [one for one in fields if set(one.texts) <= _METHODS], "HTTP methods")
    _take(
        found,
        "query_path",
        [one for one in fields if one.share(re.compile(r"/\S*")) == 1.0],
        "paths",
        ("path", "uri", "url"),
    )


def _tokens(found: Proposal, fields: Sequence[Profile]) -> None:
    """Two counts whose sum is a third are the tokens read and written; else names decide."""
    counts = [one for one in fields if is_count(one)]
    total = _sum_of(counts)
    if total is not None:
        first, second, whole = total
        read = next((one for one in (first, second) if re.search(r"(?i)in|prompt|read|req", one.name)), None)
        read = read or (first if sum(first.numbers) >= sum(second.numbers) else second)
        found.fields["input_tokens"], found.fields["output_tokens"] = (
            read.name,
            (second if read is first else first).name,
        )
        found.why["input_tokens"] = found.why["output_tokens"] = f"add up to {whole.name}"
        found.unsure.append("input_tokens, output_tokens: which is which is a guess")
        return
    for column, hints in (
        ("input_tokens", ("input", "prompt", "tok_in", "in_tok")),
        ("output_tokens", ("output", "completion", "tok_out", "out_tok", "generated")),
    ):
        _take(
            found,
            column,
            [one for one in counts if any(hint in one.name.lower() for hint in hints)],
            "whole numbers, and its name says so",
        )


def _sum_of(counts: Sequence[Profile]) -> tuple[Profile, Profile, Profile] | None:
    for whole in counts:
        for place, first in enumerate(counts):
            for second in counts[place + 1 :]:
                if (
                    whole is first
                    or whole is second
                    or not len(first.numbers) == len(second.numbers) == len(whole.numbers)
                ):
                    continue
                sums = [a + b for a, b in zip(first.numbers, second.numbers, strict=True)]
                if sums == whole.numbers and len(sums) > 2:
                    return first, second, whole
    return None


def _requests(found: Proposal, fields: Sequence[Profile]) -> None:
    unique = [one for one in fields if is_id(one) and one.different >= _UNIQUE and len(one.texts) >= 5]
    unique = [one for one in unique if not one.numbers or any(len(text) > 10 for text in one.texts)]
    _take(found, "request_id", unique, "different on every line", ("request", "id"))


def _durations(found: Proposal, fields: Sequence[Profile]) -> None:
    spans = [
        one
        for one in fields
        if len(one.numbers) == len(one.texts)
        and len(set(one.numbers)) > 1
        and all(0 <= number < 1e12 for number in one.numbers)
        and re.search(r"(?i)lat|dur|elapsed|took|time|ms$|sec", one.name)
    ]
    spans = [one for one in spans if time_unit(one) is None]
    if _take(found, "request_latency", spans, "numbers that could be durations, and its name says so"):
        found.unsure.append(
            "request_latency: its unit is told by its size; name it as latency_ms or latency_s if you know"
        )


def _accounts(found: Proposal, fields: Sequence[Profile]) -> None:
    """The field that names somebody: comes again, differs, and is no word of a few."""
    names: Callable[[Profile], bool] = lambda one: is_id(one) and len(set(one.texts)) > 1 and one.different < 0.9  # noqa: E731
    fitting = [one for one in fields if names(one) and not (one.numbers and any("." in text for text in one.texts))]
    fitting = [
        one for one in fitting if not is_count(one) or re.search(r"(?i)user|acc|cust|client|tenant|owner", one.name)
    ]
    fitting.sort(key=lambda one: -len(set(one.texts)))
    hints = ("account", "acct", "customer", "user", "client", "consumer", "tenant", "owner", "principal", "who", "key")
    if _take(found, "account_id", fitting, "names that come again", hints) is None:
        found.unsure.append("account_id: no field looks like somebody's name; the client address would stand in")


def as_toml(found: Proposal, path: str) -> str:
    """The mapping as a file to edit."""
    records = found.sample.records
    lines = [f"# Proposed for {path}, from {len(records)} records. Read it, mend it, and give it to --mapping.", ""]
    lines += [f"# Unsure: {text}" for text in found.unsure]
    lines += ["", "[fields]"] if found.unsure else ["[fields]"]
    for column, name in found.fields.items():
        example = next((str(value) for value in _values(records, name) if value not in (None, "")), "")
        lines.append(f"{column} = {json.dumps(name)}  # {found.why[column]}: {_shown(example)}")
    if found.unit:
        lines += ["", "[time]", f'unit = "{found.unit}"']
    if found.sample.layout:
        lines += ["", found.sample.layout.rstrip()]
    left = [one.name for one in profiles(observe(records)) if one.name not in found.used]
    if left:
        lines += ["", f"# Not used: {', '.join(map(_shown, left[:30]))}"]
    return "\n".join(lines) + "\n"


def _values(records: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    path = tuple(name.split("."))
    found: list[Any] = []
    for record in records[:20]:
        node: Any = record.get(name)
        if node is None:
            node = record
            for key in path:
                node = node.get(key) if isinstance(node, dict) else None
        found.append(node)
    return found


def _shown(text: str) -> str:
    return re.sub(r"[^\x20-\x7e\u00a1-\uffff]", " ", text)[:48]
