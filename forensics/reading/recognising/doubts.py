"""What is doubtful about how a source was read, told when it has been read: one sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from forensics.reading.cleaning.events import Doubts
from forensics.reading.recognising.likeness import is_private, look_alikes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from forensics.reading.recognising.reader import Reader

# Columns in the order in which their absence matters, and what people call them.
CALLED: Final = {
    "client_address": "client address",
    "user_agent": "user agent",
    "request_model": "model",
    "status_code": "status",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "latency_ms": "duration",
    "request_id": "request id",
    "api_key_id": "key",
    "endpoint": "path",
    "method": "method",
    "operation": "operation",
    "organization_id": "organisation",
    "end_user_id": "end user",
    "session_id": "session",
    "server_address": "host",
    "ttft_ms": "time to first token",
    "cache_read_tokens": "cache reads",
    "prompt_hash": "prompt",
    "max_tokens": "max_tokens",
    "stream": "streaming",
}

ALWAYS: Final = (
    "client_address",
    "user_agent",
    "request_model",
    "input_tokens",
    "output_tokens",
)  # if a field is there

ONE_ACCOUNT_LINES: Final = 5  # lines from which on one account on all of them is told
_REPEATED: Final = 0.5  # share of lines whose id came before, from which on it is no id
_SHOWN: Final = 6


class Tally:
    """What the events of one source hold, as far as warnings need it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.rows = 0
        self.filled: set[str] = set()
        self.account: str | None = None
        self.one_account = True
        self.one_address = True
        self.address: str | None = None
        self.doubts = Doubts()

    def add(self, events: pl.DataFrame, doubts: Doubts) -> None:
        """Take in a batch."""
        self.doubts.add(doubts)
        if not events.height:
            return
        self.rows += events.height
        for name in CALLED:
            if name not in self.filled and events[name].null_count() < events.height:
                self.filled.add(name)
        if events["client_prefix"].null_count() < events.height:
            self.filled.add("client_address")  # masked is not missing
        self.account, self.one_account = _still_one(events["account_id"], self.account, still=self.one_account)
        self.address, self.one_address = _still_one(events["client_address"], self.address, still=self.one_address)

    def warnings(self, repeats: tuple[int, int]) -> list[str]:
        """Sentences about the whole source. `repeats`: lines with a request id, and those whose id came before."""
        if not self.rows:
            return []
        probes = self._probes()
        return [
            *self._missing(),
            *self._accounts(),
            *_repeated(repeats),
            *self._lost(),
            *probes,
            *sorted(self._moved()),
        ]

    def _probes(self) -> list[str]:
        count = self.doubts.probes
        if not count:
            return []
        return [f"{count:,} of {self.rows:,} {_lines(self.rows)} look like health checks, and are counted as requests"]

    def _missing(self) -> list[str]:
        form, unused = self.reader.form, self.reader.unused
        told, plain = [], []
        for name in dict.fromkeys((*form.fills, *ALWAYS)):
            if name in self.filled or name not in CALLED:
                continue
            like = look_alikes(name, unused)
            if like:
                told.append(
                    f"{form.name}: no {CALLED[name]} in any of {self.rows:,} {_lines(self.rows)}; "
                    f"unused fields that look like one: {', '.join(like[:_SHOWN])}"
                )
            elif name in form.fills:
                plain.append(CALLED[name])
        if plain:
            told.append(
                f"{form.name}: no {', no '.join(plain)} in any of {self.rows:,} {_lines(self.rows)}, "
                "although such logs usually have it"
            )
        return told

    def _accounts(self) -> list[str]:
        told = []
        if self.one_account and self.rows >= ONE_ACCOUNT_LINES and self.account is not None:
            like = [name for name in look_alikes("account_id", self.reader.unused) if self.reader.varies(name)]
            more = f"; unused fields that differ: {', '.join(like[:_SHOWN])}" if like else ""
            told.append(f"all {self.rows:,} lines name one account, {self.account[:80]}{more}")
        if self.one_account and self.account is not None and is_private(self.account):
            told.append(f"the account is a private address, {self.account}: a proxy stands for everybody behind it")
        elif self.one_address and self.address is not None and self.rows > 1 and is_private(self.address):
            told.append(f"all lines come from one private address, {self.address}: a proxy hides the clients")
        return told

    def _lost(self) -> list[str]:
        return [
            f"{name}: {count:,} {'value has' if count == 1 else 'values have'} no sure reading (such as {example!r}) "
            "and are left out"
            for name, (count, example) in sorted(self.doubts.lost.items())
        ]

    def _moved(self) -> Iterable[str]:
        return (f"identities: {rule} ({count:,} {_lines(count)})" for rule, count in self.doubts.moved.items())


def _lines(count: int) -> str:
    return "line" if count == 1 else "lines"


def _still_one(values: pl.Series, before: str | None, *, still: bool) -> tuple[str | None, bool]:
    """Whether a column holds one value and no other, and which."""
    if not still:
        return before, False
    said = values.drop_nulls()
    if not said.len():
        return before, True
    first = str(said[0]) if before is None else before
    return first, bool((said == first).all())


def _repeated(repeats: tuple[int, int]) -> list[str]:
    rows, again = repeats
    if not again or rows < 2:
        return []
    if again > _REPEATED * rows:
        return [
            (
                f"request_id is no id here: {again:,} of {rows:,} lines bring one that an earlier line had at another "
                "time; no line was dropped for it"
            )
        ]
    return [f"{again:,} of {rows:,} lines bring the request id of an earlier line at another time, and are kept"]
