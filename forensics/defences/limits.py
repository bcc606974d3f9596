"""What a rate limit would have stopped: the case replayed, every size of limit at once.

A limit lets the first N requests of a key through in each calendar minute, hour or day (UTC) and stops the rest. Within
a window requests are numbered as they came, so that one pass gives the answer for every N.
Hostile are the requests of the findings' own accounts; contested networks are counted apart; all else is innocent.
Blind to:  what an operator would do about it: nothing is rerouted, retried or spread over more accounts. So what stops
           hostile traffic here is the most that it would stop; `accounts_needed` says how many accounts would make up
           for a limit per account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.errors import UsageError
from forensics.defences.sides import CONTESTED, FOUND, place_accounts, principal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.common.schema import Tables

WINDOWS = ("minute", "hour", "day")
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
KEYS = {
    "account": "each account",
    "address": "each address",
    "prefix": "each /24 or /48",
    "card": "each card or payer",
    "template": "each prompt template",
    "client": "each client fingerprint",
    "principal": "each declared organisation, or account",
    "network": "each network that was found, or account",
}
BUDGETS = (0.0, 0.001, 0.01, 0.05)  # shares of innocent requests that somebody may be willing to stop
_RULE = re.compile(r"([a-z]+):([1-9][0-9]{0,8})/(minute|hour|day)")
_SIDES = {FOUND: 0, CONTESTED: 1}  # else 2, innocent
LIMIT_SCHEMA = {
    "key": pl.String,
    "window": pl.String,
    "limit": pl.UInt32,
    "hostile_stopped": pl.UInt64,
    "hostile_share": pl.Float64,
    "contested_stopped": pl.UInt64,
    "innocent_stopped": pl.UInt64,
    "innocent_share": pl.Float64,
    "innocent_accounts": pl.UInt64,
    "innocent_accounts_share": pl.Float64,
    "hostile_accounts": pl.UInt64,
    "covered_share": pl.Float64,
    "accounts_needed": pl.Float64,
}


@dataclass(frozen=True)
class Limit:
    """At most so many requests of a key in a window."""

    key: str
    most: int
    window: str


def read_limit(text: str) -> Limit:
    """A limit as written on the command line, KEY:N/WINDOW.

    Raises: UsageError with the keys and windows there are.
    """
    found = _RULE.fullmatch(text)
    if found is None or found[1] not in KEYS:
        hint = f"KEY:N/WINDOW, as account:100/hour; keys: {', '.join(KEYS)}; windows: {', '.join(WINDOWS)}"
        raise UsageError(f"{text!r} is no limit", hint)
    return Limit(found[1], int(found[2]), found[3])


@dataclass(frozen=True)
class Replay:
    """The requests of a case in order of time, as numbers."""

    side: Ints  # 0 hostile, 1 contested, 2 innocent
    account: Ints
    frame: pl.DataFrame  # started_at and the keys

    @cached_property
    def totals(self) -> Ints:
        """Requests of each side."""
        counts: Ints = np.bincount(self.side, minlength=3).astype(np.int64)
        return counts

    @cached_property
    def innocent_accounts(self) -> int:
        """Accounts with an innocent request."""
        return len(np.unique(self.account[self.side == 2]))

    @cached_property
    def hostile_days(self) -> float:
        """Days over which hostile requests spread, at least one."""
        at = self.frame["started_at"].filter(pl.Series(self.side == 0)).dt.epoch("s").to_numpy()
        return max(float(at.max() - at.min()) / 86_400, 1.0) if len(at) else 1.0


def replay_events(tables: Tables, networks: Sequence[str] | None = None) -> Replay:
    """The case's requests, each with its side and its keys.

    In:    EVENTS, REGISTER, MEMBERS, NETWORKS; `networks` narrows what is hostile to these findings, and the other
           findings are then counted with the contested.
    """
    sides = place_accounts(tables.scan("members"), tables.scan("networks"))
    if networks is not None:
        mine = pl.col("network_id").is_in(list(networks))
        side = pl.when((pl.col("side") == FOUND) & ~mine).then(pl.lit(CONTESTED)).otherwise("side")
        sides = sides.with_columns(side.alias("side"))
    register = tables.scan("register").select("account_id", "payment_id").unique("account_id", keep="first")
    declared = principal_of(tables.scan("register")).unique("account_id", keep="first")
    hashed = pl.col("template_hash").hash()
    client = pl.concat_str("user_agent", "tls_ja4", separator=" | ", ignore_nulls=True)
    no_client = pl.all_horizontal(pl.col("user_agent", "tls_ja4").is_null())
    keyed = (
        tables.scan("events")
        .join(sides, on="account_id", how="left")
        .join(register, on="account_id", how="left")
        .join(declared, on="account_id", how="left")
        .select(
            "started_at",
            side=pl.col("side").replace_strict(_SIDES, default=2, return_dtype=pl.Int64),
            account=_coded("account_id"),
            address=_coded("client_address"),
            prefix=_coded("client_prefix"),
            card=_coded("payment_id"),
            template=pl.when(pl.col("template_hash").is_not_null()).then(hashed),
            client=pl.when(~no_client).then(client.hash()),
            principal=pl.coalesce("principal_id", "organization_id", "account_id").hash(),
            network=pl.coalesce("network_id", "account_id").hash(),
        )
        .sort("started_at", maintain_order=True)
        .collect()
    )
    _, account = np.unique(keyed["account"].to_numpy(), return_inverse=True)
    return Replay(keyed["side"].to_numpy(), account.astype(np.int64), keyed.drop("side"))


def _coded(column: str) -> pl.Expr:
    """A text as a number of 64 bits: grouping by numbers is quick, and two of a million texts do not meet."""
    return pl.when(pl.col(column).is_not_null()).then(pl.col(column).hash())


@dataclass(frozen=True)
class _Key:
    """The replay in order of a key, then of time: one sort serves every window."""

    order: Ints
    have: Bools  # whether a request has the key, in this order
    fresh: Bools  # whether the key is another than that of the request before, in this order
    at: Ints  # seconds, in this order


@dataclass(frozen=True)
class _Beyond:
    """For every size of limit on a key and window: what lies beyond it. Entry N counts what a limit of N stops."""

    hostile: Ints
    contested: Ints
    innocent: Ints
    innocent_accounts: Ints
    hostile_accounts: Ints
    covered: float  # share of all requests that have the key


def _sort_by(replay: Replay, key: str) -> _Key:
    values = replay.frame[key]
    code = values.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    order = np.argsort(code, kind="stable")
    placed = code[order]
    fresh = np.r_[True, placed[1:] != placed[:-1]] if len(placed) else np.array([], dtype=bool)
    at = replay.frame["started_at"].dt.epoch("s").to_numpy().astype(np.int64)
    return _Key(order, placed > 0, fresh, at[order])


def _count_beyond(replay: Replay, key: _Key, window: str) -> _Beyond:
    turn = key.at // SECONDS[window]
    first = key.fresh.copy()
    first[1:] |= turn[1:] != turn[:-1]
    place = np.arange(len(turn))
    number = place - np.maximum.accumulate(np.where(first, place, 0)) + 1 if len(turn) else place
    rank = np.empty(len(turn), dtype=np.int64)
    rank[key.order] = np.where(key.have, number, 0)
    hostile, contested, innocent = (_tail(rank[replay.side == side]) for side in range(3))
    return _Beyond(
        hostile,
        contested,
        innocent,
        _tail(_largest(rank, replay.account, replay.side == 2)),
        _tail(_largest(rank, replay.account, replay.side == 0)),
        float(key.have.mean()) if len(turn) else 0.0,
    )


def _tail(ranks: Ints) -> Ints:
    """Entry N: how many of the numbers are larger than N; entry 0 counts those that have the key."""
    counts = np.bincount(ranks, minlength=2)
    tail: Ints = (len(ranks) - counts.cumsum()).astype(np.int64)
    return tail


def _largest(rank: Ints, account: Ints, mask: Bools) -> Ints:
    """The largest number of each account's requests of a side; accounts without one are left out."""
    if not mask.any():
        return np.array([], dtype=np.int64)
    most = np.full(int(account.max()) + 1, -1, dtype=np.int64)
    np.maximum.at(most, account[mask], rank[mask])
    return most[most >= 0]


def _measure(replay: Replay, beyond: _Beyond, key: str, window: str, limits: Ints) -> pl.DataFrame:
    hostile, contested, innocent, hit, of_hostile = (
        side[np.minimum(limits, len(side) - 1)]
        for side in (
            beyond.hostile,
            beyond.contested,
            beyond.innocent,
            beyond.innocent_accounts,
            beyond.hostile_accounts,
        )
    )
    total, accounts = replay.totals, replay.innocent_accounts
    needed = total[0] / replay.hostile_days / (limits * (86_400 / SECONDS[window]))
    return pl.DataFrame(
        {
            "key": [key] * len(limits),
            "window": [window] * len(limits),
            "limit": limits,
            "hostile_stopped": hostile,
            "hostile_share": _shares(hostile, int(total[0])),
            "contested_stopped": contested,
            "innocent_stopped": innocent,
            "innocent_share": _shares(innocent, int(total[2])),
            "innocent_accounts": hit,
            "innocent_accounts_share": _shares(hit, accounts),
            "hostile_accounts": of_hostile,
            "covered_share": [beyond.covered] * len(limits),
            "accounts_needed": needed if key == "account" else [None] * len(limits),
        },
        schema_overrides=LIMIT_SCHEMA,
        strict=False,
    )


def _shares(part: Ints, whole: int) -> Floats:
    shares: Floats = part / max(whole, 1)
    return shares


def try_limits(replay: Replay, limits: Sequence[Limit]) -> pl.DataFrame:
    """One row per limit that was asked for: what it stops, of whom.

    Out:   key, window, limit, hostile_stopped and hostile_share, contested_stopped, innocent_stopped and
           innocent_share, innocent_accounts hit and their share, hostile_accounts hit, covered_share (of all requests,
           that have the key), accounts_needed (to keep the hostile pace under a limit per account).
    """
    rows, sorted_by = (
        [pl.DataFrame(schema=LIMIT_SCHEMA)],
        {key: _sort_by(replay, key) for key in {one.key for one in limits}},
    )
    for limit in limits:
        beyond = _count_beyond(replay, sorted_by[limit.key], limit.window)
        rows.append(_measure(replay, beyond, limit.key, limit.window, np.array([limit.most], dtype=np.int64)))
    return pl.concat(rows)


def draw_frontier(replay: Replay, keys: Sequence[str] = tuple(KEYS)) -> pl.DataFrame:
    """One row per key, window and size of limit on the frontier: no other size of that key stops more hostile requests
    for as few innocent ones.

    Out:   as `try_limits`, and best_for: the largest of BUDGETS that this limit is the best of its key for, or null.
    Null:  keys that no request has.
    """
    found = []
    for key in keys:
        by_key, tried = _sort_by(replay, key), []
        for window in WINDOWS:
            beyond = _count_beyond(replay, by_key, window)
            most = len(beyond.hostile) - 1
            if beyond.hostile[0] > 0:
                tried.append(_measure(replay, beyond, key, window, _sizes(most)))
        if tried:
            found.append(_best(_pareto(pl.concat(tried))))
    empty = pl.DataFrame(schema={**LIMIT_SCHEMA, "best_for": pl.List(pl.Float64)})
    return pl.concat([empty, *found])


def _sizes(most: int) -> Ints:
    """Sizes of limit to try: every one up to 50, then steps of a twentieth."""
    grown = np.unique(np.round(np.geomspace(1, max(most, 2), 240)).astype(np.int64))
    return np.union1d(np.arange(1, min(most, 50) + 1), grown[grown <= most]).astype(np.int64)


def _pareto(tried: pl.DataFrame) -> pl.DataFrame:
    """The rows that no other row beats: by innocent requests stopped, each stops more hostile ones than all before."""
    ordered = tried.filter(pl.col("hostile_stopped") > 0).sort(
        "innocent_stopped", "hostile_stopped", "limit", descending=[False, True, True]
    )
    before = pl.col("hostile_stopped").cum_max().shift(1, fill_value=0)
    return ordered.filter(pl.col("hostile_stopped") > before)


def _best(front: pl.DataFrame) -> pl.DataFrame:
    """The rows with the budgets each is the best for."""
    best: list[list[float]] = [[] for _ in range(front.height)]
    shares = front["innocent_share"].to_numpy()
    for budget in BUDGETS:
        within = int((shares <= budget).sum())
        if within:
            best[within - 1].append(budget)
    return front.with_columns(best_for=pl.Series(best, dtype=pl.List(pl.Float64)))
