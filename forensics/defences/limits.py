"""What a rate limit would have stopped: the case replayed, every size of limit at once.

A limit lets the first N requests of a key through in each calendar minute, hour or day (UTC) and stops the rest. Within a
window requests are numbered as they came, so that one pass gives the answer for every N.
Hostile are the requests of the findings' own accounts; contested networks are counted apart; all else is innocent.
Blind to:  what an operator would do about it: nothing is rerouted, retried or spread over more accounts. So what stops
           hostile traffic here is the most that it would stop; `accounts_needed` says how many accounts would make up
           for a limit per account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.errors import UsageError
from forensics.defences.sides import CONTESTED, FOUND, place_accounts, principal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.common.schema import Tables

WINDOWS = {"minute": "1m", "hour": "1h", "day": "1d"}
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

    @property
    def totals(self) -> Ints:
        """Requests of each side."""
        counts: Ints = np.bincount(self.side, minlength=3).astype(np.int64)
        return counts


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
class _Ranks:
    """What a key and window make of the replay: each request's number within its key and window; 0 without the key."""

    hostile: Ints  # sorted numbers of hostile requests
    contested: Ints
    innocent: Ints
    innocent_accounts: Ints  # sorted: for each account, the largest number of its innocent requests
    hostile_accounts: Ints
    covered: float  # share of all requests that have the key
    hostile_days: float  # days over which hostile requests spread
    windows_a_day: float


def _rank(replay: Replay, key: str, window: str) -> _Ranks:
    have, code = _codes(replay.frame[key])
    at = replay.frame["started_at"].dt.truncate(WINDOWS[window]).dt.epoch("s").to_numpy().astype(np.int64)
    rank = np.where(have, _number(code, (at - at.min()) // 60 if len(at) else at), 0)
    span = replay.frame["started_at"].filter(pl.Series(replay.side == 0)).dt.epoch("s").to_numpy()
    days = float(span.max() - span.min()) / 86_400 if len(span) else 0.0
    hostile, contested, innocent = (np.sort(rank[replay.side == side]) for side in range(3))
    return _Ranks(
        hostile,
        contested,
        innocent,
        _largest(rank, replay.account, replay.side == 2),
        _largest(rank, replay.account, replay.side == 0),
        float(have.mean()) if len(have) else 0.0,
        max(days, 1.0),
        {"minute": 1440.0, "hour": 24.0, "day": 1.0}[window],
    )


def _codes(values: pl.Series) -> tuple[Bools, Ints]:
    """Whether a value is there, and its number among the different ones."""
    code = values.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    return values.is_not_null().to_numpy(), code


def _number(code: Ints, window: Ints) -> Ints:
    """Each request's number, from 1, among those of its code and window, in the order they stand."""
    if not len(code):
        return code
    group = code * (int(window.max()) + 1) + window
    order = np.argsort(group, kind="stable")
    placed = group[order]
    first = np.r_[True, placed[1:] != placed[:-1]]
    place = np.arange(len(placed))
    number = np.empty(len(placed), dtype=np.int64)
    number[order] = place - np.maximum.accumulate(np.where(first, place, 0)) + 1
    return number


def _largest(rank: Ints, account: Ints, mask: Bools) -> Ints:
    """The largest number of each account's requests of a side, sorted; accounts without one are left out."""
    if not mask.any():
        return np.array([], dtype=np.int64)
    most = np.full(int(account.max()) + 1, -1, dtype=np.int64)
    np.maximum.at(most, account[mask], rank[mask])
    return np.sort(most[most >= 0])


def _beyond(ranks: Ints, limits: Ints) -> Ints:
    """How many of the sorted numbers lie beyond each limit."""
    counts: Ints = len(ranks) - np.searchsorted(ranks, limits, side="right")
    return counts


def _measure(ranks: _Ranks, key: str, window: str, limits: Ints) -> pl.DataFrame:
    hostile, contested, innocent = (_beyond(side, limits) for side in (ranks.hostile, ranks.contested, ranks.innocent))
    hit = _beyond(ranks.innocent_accounts, limits)
    needed = len(ranks.hostile) / ranks.hostile_days / (limits * ranks.windows_a_day)
    return pl.DataFrame(
        {
            "key": [key] * len(limits),
            "window": [window] * len(limits),
            "limit": limits,
            "hostile_stopped": hostile,
            "hostile_share": _shares(hostile, len(ranks.hostile)),
            "contested_stopped": contested,
            "innocent_stopped": innocent,
            "innocent_share": _shares(innocent, len(ranks.innocent)),
            "innocent_accounts": hit,
            "innocent_accounts_share": _shares(hit, len(ranks.innocent_accounts)),
            "hostile_accounts": _beyond(ranks.hostile_accounts, limits),
            "covered_share": [ranks.covered] * len(limits),
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

    Out:   key, window, limit, hostile_stopped and hostile_share, contested_stopped, innocent_stopped and innocent_share,
           innocent_accounts hit and their share, hostile_accounts hit, covered_share (of all requests, that have the
           key), accounts_needed (to keep the hostile pace under a limit per account).
    """
    rows = [
        _measure(
            _rank(replay, limit.key, limit.window), limit.key, limit.window, np.array([limit.most], dtype=np.int64)
        )
        for limit in limits
    ]
    return pl.concat(rows) if rows else pl.DataFrame(schema=LIMIT_SCHEMA)


def draw_frontier(replay: Replay, keys: Sequence[str] = tuple(KEYS)) -> pl.DataFrame:
    """One row per key, window and size of limit on the frontier: no other size of that key stops more hostile requests
    for as few innocent ones.

    Out:   as `try_limits`, and best_for: the largest of BUDGETS that this limit is the best of its key for, or null.
    Null:  keys that no request has.
    """
    found = []
    for key in keys:
        tried = []
        for window in WINDOWS:
            ranks = _rank(replay, key, window)
            most = int(ranks.hostile[-1]) if len(ranks.hostile) else 0
            if most > 0:
                tried.append(_measure(ranks, key, window, _sizes(most)))
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
