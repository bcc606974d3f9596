"""What a sample of a source says about reading all of it: who stands for the account, which sign its decimals take, in
which unit its durations are. Decided once, so that every batch is read alike, and told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from forensics.reading.cleaning.events import COUNTS, MEASURES, NO_ACCOUNT
from forensics.reading.cleaning.identities import NOBODY
from forensics.reading.cleaning.numbers import decimal_sign, unit_of_durations
from forensics.reading.cleaning.tails import unpack_tail
from forensics.reading.cleaning.times import day_comes_first, read_times

if TYPE_CHECKING:
    from forensics.reading.containers.records import Rows
    from forensics.reading.recognising.reader import Reader

_STAND_INS: Final = ("api_key_id", "device_id", "client_address", "organization_id")

_ONE_VALUE: Final = 10  # sampled lines with one account from which on a more telling field is preferred
_TELLING: Final = 3  # different values that make a field more telling
_NAMED: Final = ("api_key_id", "end_user_id", "device_id", "organization_id")  # what an accounts file may go by instead
_KNOWN, _UNKNOWN = (
    0.5,
    0.1,
)  # share of accounts that the accounts file knows: from which it speaks of them, below which not
_WORDS: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def settle(reader: Reader, rows: Rows) -> Reader:
    """The reader with what the sampled rows tell, and its confidence: the share of them that become events."""
    reader = _told(reader, rows.frame)
    reader = _questioned(reader, rows.frame)
    reader = _registered(reader, rows.frame)
    events, bad, _, others = reader.clean(rows.frame)
    if events.height and NO_ACCOUNT in {reason for _, reason in bad}:
        reader, events, bad = _filled_up(reader, rows.frame, events, bad)
    total = rows.frame.height + len(rows.bad) - sum(others.values())
    if not events.height and rows.frame.height and reader.cleaning.need_account:
        reader, events = _stood_in(reader, rows.frame, events)
    reasons = Counter(reason for _, reason in [*rows.bad, *bad])
    trouble = ", ".join(reason for reason, _ in reasons.most_common(2)) if not events.height else ""
    hollow = bool(events.height) and events["client_prefix"].null_count() == events.height
    reader = replace(reader, hollow=hollow and reader.container == "lines" and "client_address" in reader.form.fills)
    return replace(reader, confidence=events.height / total if total else float(bool(others)), trouble=trouble)


def _registered(reader: Reader, frame: pl.DataFrame) -> Reader:
    """The reader in which the field stands for the account by whose values the accounts file goes.

    Of a proxy's key and its owner either may be the account: whoever keeps the list of accounts has decided.
    """
    known, fields = reader.registered, [name for name in _NAMED if name in frame.columns]
    reader = replace(reader, registered=frozenset())
    if not known or not fields or "account_id" in reader.chosen:
        return reader

    def share(other: Reader) -> float:
        accounts = other.clean(frame).events["account_id"].unique()
        return len(known.intersection(accounts)) / max(1, accounts.len())

    if share(reader) >= _UNKNOWN:
        return reader
    for name in fields:
        order = (name, *(kept for kept in ("account_id", *reader.cleaning.account_from) if kept != name))
        other = replace(reader, cleaning=replace(reader.cleaning, account_from=tuple(dict.fromkeys(order))))
        if share(other) >= _KNOWN:
            return _noted(other, f"the accounts file goes by {name}: it stands for the account")
    return reader


def _stood_in(reader: Reader, frame: pl.DataFrame, events: pl.DataFrame) -> tuple[Reader, pl.DataFrame]:
    """The reader in which a field stands in for the account that no line names."""
    for stand_in in _STAND_INS:
        if stand_in in frame.columns or (stand_in == "client_address" and "forwarded_for" in frame.columns):
            note = (
                f"no line names an account: {stand_in} stands in for it"
                if stand_in != "organization_id"
                else "no account in it: organization_id stands in for everybody; join it with a log that names one"
            )
            other = _noted(replace(reader, cleaning=replace(reader.cleaning, account_from=(stand_in,))), note)
            found = other.clean(frame).events
            if found.height:
                return other, found
    return reader, events


def _filled_up(
    reader: Reader, frame: pl.DataFrame, events: pl.DataFrame, bad: list[tuple[int, str]]
) -> tuple[Reader, pl.DataFrame, list[tuple[int, str]]]:
    """The reader of a server's log in which some lines name no account: there the address stands in."""
    if "client_address" not in reader.form.fills or reader.form.read is not None:
        return reader, events, bad
    order = tuple(dict.fromkeys((*reader.cleaning.account_from, "api_key_id", "client_address")))
    other = replace(reader, cleaning=replace(reader.cleaning, account_from=order))
    found = other.clean(frame)
    gained = len(bad) - len(found.bad)
    if not gained:
        return reader, events, bad
    note = f"{gained:,} of {frame.height:,} sampled lines name no account: there key or client_address stands in for it"
    return _noted(other, note), found.events, found.bad


def _noted(reader: Reader, *notes: str) -> Reader:
    return replace(reader, note="; ".join(filter(None, (reader.note, *notes))))


def _told(reader: Reader, frame: pl.DataFrame) -> Reader:
    """The reader with the sign of decimals, the order of day and month, the unit of durations."""
    frame = unpack_tail(frame)
    have = set(frame.columns)
    decimal = decimal_sign(
        [frame[name] for name in COUNTS if name in have], [frame[name] for name in MEASURES if name in have]
    )
    cleaning, notes = replace(reader.cleaning, decimal=decimal), []
    if decimal == ",":
        notes.append("numbers are read with a decimal comma and points between groups of digits")
    if "started_at" in have and cleaning.time_format is None and cleaning.day_first is None:
        text = frame["started_at"].cast(pl.String)
        order = day_comes_first(text)
        if order is not None:
            cleaning = replace(cleaning, day_first=order)
            notes.append(f"dates are read with the {'day' if order else 'month'} first")
    unsaid = next((name for name in ("took", "request_latency") if name in have), None)
    if unsaid is not None and not any(
        name.startswith("took_") and frame[name].null_count() < frame.height for name in have
    ):
        unit = _unit(frame, unsaid, decimal)
        cleaning = replace(cleaning, latency_unit=unit)
        if frame[unsaid].cast(pl.Float64, strict=False).is_not_null().any():
            notes.append(
                f"durations do not say their unit: by their size they are {_WORDS[unit]}"
                if unit
                else "durations do not say their unit and several fit: name it in a mapping, such as latency_ms"
            )
    return _noted(replace(reader, cleaning=cleaning), *notes)


def _unit(frame: pl.DataFrame, name: str, decimal: str) -> str:
    """The unit of durations that do not say it, by start and end where a log has both."""
    spans = None
    if name != "took" and {"started_at", "ended_at"} <= set(frame.columns):
        started, ended = read_times(frame["started_at"]), read_times(frame["ended_at"])
        spans = (ended - started).dt.total_microseconds() / 1e3
    return unit_of_durations(frame[name], spans, decimal)


def _questioned(reader: Reader, frame: pl.DataFrame) -> Reader:
    """The reader in which a key stands for the account where the account column says nothing: a default user on some
    lines, or one value on all of them beside several keys.
    """
    if "account_id" not in frame.columns or reader.cleaning.account_from or "account_id" in reader.chosen:
        return reader
    accounts = frame["account_id"].drop_nulls()
    said = accounts.filter(~accounts.str.to_lowercase().is_in(NOBODY) & ~accounts.is_in(["", "-"]))
    stand_ins = [
        name for name in ("api_key_id", "device_id") if name in frame.columns and frame[name].drop_nulls().len()
    ]
    if said.len() < accounts.len() and stand_ins:
        nobody = accounts.filter(accounts.str.to_lowercase().is_in(NOBODY))
        if not nobody.len():
            return reader
        note = f"{nobody[0]} is nobody in particular: {stand_ins[0]} stands in for the account"
        return _noted(replace(reader, cleaning=replace(reader.cleaning, account_from=tuple(stand_ins))), note)
    if said.len() >= _ONE_VALUE and said.n_unique() == 1:
        telling = next((name for name in stand_ins if frame[name].drop_nulls().n_unique() >= _TELLING), None)
        if telling is not None:
            note = (
                f"all sampled lines name one account, {said[0][:60]}: {telling} tells more and stands for the account"
            )
            order = (telling, "account_id")
            return _noted(replace(reader, cleaning=replace(reader.cleaning, account_from=order)), note)
    return reader
