"""Pools planted into a case's own traffic: what would be seen in these logs, and what would not.

A planted pool is made of the case's own rows: one customer's program (client, parameters, sizes, models) under content
of its own, at moments at which the case is busy, behind exits of its own. So it is as hard to see as a pool could be
that hides in this very traffic, and what cannot be told from these logs is not told of it either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.schema import EVENTS, REGISTER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.common.arrays import Ints

MOST_EVENTS = 200_000  # of the case that stand around the planted pools; whole accounts are sampled
REQUESTS = (12, 120)  # fewest and most of a planted account: the median of the case's accounts within these
DONOR_ROWS = 20  # requests that a customer must have sent to lend its program
TEMPLATES = 3
CARD_HOLDERS = 4
WAVES = 3
WAVE_SHARE = 0.3
FOUND = 0.8  # of the planted accounts in one network: it was seen
HASHED = ("system_hash", "template_hash", "prompt_head_hash", "prompt_tail_hash", "tools_hash")


@dataclass(frozen=True)
class Plan:
    """One kind of pool: what its accounts have in common beside their program."""

    name: str
    sentence: str
    templates: bool = False  # prompts of a few templates of its own
    reworded: float = 0.0  # share of the sampled wording that each account changes
    turns: bool = False  # whoever was idle longest goes next; else at random with uneven quotas
    cards: bool = False  # one card for CARD_HOLDERS accounts in order of birth; else a card each
    refilled: bool = False  # WAVES of bans, each replaced within hours
    thin: bool = False  # four requests an account


PLANS: tuple[Plan, ...] = (
    Plan(
        "templates",
        "shares prompt templates, behind exits, cards and clients' programs that others use",
        templates=True,
    ),
    Plan("reworded", "rewords its prompts by a third on every account, and shares nothing else", reworded=1 / 3),
    Plan("turns", "takes turns over its accounts, and shares nothing else", turns=True),
    Plan(
        "refilled",
        "replaces banned accounts and deals out cards, with templates of its own",
        templates=True,
        cards=True,
        refilled=True,
    ),
    Plan("thin", "shares prompt templates, four requests an account", templates=True, thin=True),
)


@dataclass(frozen=True)
class Planted:
    """What was planted: EVENTS and REGISTER rows, and the accounts of each pool by its name."""

    events: pl.DataFrame
    register: pl.DataFrame
    pools: Mapping[str, tuple[str, ...]]


def sample_accounts(events: pl.LazyFrame, seed: int, most: int = MOST_EVENTS) -> pl.DataFrame:
    """Whole accounts of the case, drawn until `most` events stand: the same seed draws the same accounts.

    In:    EVENTS.  Out:   EVENTS, in time order.
    """
    counts = events.group_by("account_id").len().sort("account_id").collect()
    order = counts.select(pl.col("account_id").hash(seed)).to_series().arg_sort()
    least = int(np.min(counts["len"].to_numpy(), initial=most))
    drawn = counts[order].filter(pl.col("len").cum_sum() <= max(most, least))
    kept = events.join(drawn.lazy().select("account_id"), on="account_id", how="semi")
    return kept.sort("started_at", "account_id", "source_id", "source_line").collect()


def plant_pools(around: pl.DataFrame, register: pl.DataFrame, plans: Sequence[Plan], size: int, seed: int) -> Planted:
    """Pools of `size` accounts, one for each plan, made of what stands `around` them.

    In:    EVENTS (from `sample_accounts`), REGISTER.
    Out:   rows of the planted pools only.
    """
    events, declared, pools = [], [], {}
    for number, plan in enumerate(plans):
        rng = np.random.default_rng([seed, number, size])
        made, known, names = _plant(around, register, plan, size, rng, f"planted-{seed}-{plan.name}")
        events.append(made)
        declared.append(known)
        pools[plan.name] = names
    return Planted(pl.concat(events), pl.concat(declared), pools)


def _plant(
    around: pl.DataFrame, register: pl.DataFrame, plan: Plan, size: int, rng: np.random.Generator, name: str
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    usual = np.median(around.group_by("account_id").len()["len"].to_numpy())
    each = 4 if plan.thin else int(np.clip(usual, *REQUESTS))
    moments = around["started_at"].dt.epoch("us").to_numpy()
    at_us = np.sort(rng.choice(moments, size * each) + rng.integers(-1_800_000_000, 1_800_000_000, size * each))
    at_us = np.clip(at_us, moments.min(), moments.max())
    seats, born, banned = _seat(plan, size, at_us, rng)
    program = _donor(around, rng)
    rows = program[rng.integers(0, program.height, len(at_us))]
    who = pl.Series([f"{name}-{seat:04}" for seat in seats])
    rows = rows.with_columns(
        account_id=who,
        started_at=pl.Series(at_us).cast(EVENTS.columns["started_at"].dtype),
        ended_at=pl.lit(None, EVENTS.columns["ended_at"].dtype),
        request_id=pl.Series([f"{name}-{row}" for row in range(len(at_us))]),
        status_code=pl.when(pl.col("status_code").is_null()).then(None).otherwise(pl.lit(200, pl.UInt16)),
        source_id=pl.lit(0, pl.UInt32),
        source_line=pl.Series(np.arange(1, len(at_us) + 1), dtype=pl.UInt64),
        **_identity(program, seats, rng),
        **_content(program, plan, seats, rng),
    )
    rows = rows.select(around.columns).cast(around.schema)
    names = tuple(dict.fromkeys(who.sort().to_list()))
    return rows, _declare(register, plan, names, born, banned, rng), names


def _seat(plan: Plan, size: int, at_us: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Which account sends each request, and from when to when each account lives (0: to the end)."""
    born, banned = np.full(size, at_us[0]), np.zeros(size, dtype=np.int64)
    if plan.refilled:
        living = max(int(size / (1 + WAVES * WAVE_SHARE)), 2)
        waves = np.quantile(at_us, np.arange(1, WAVES + 1) / (WAVES + 1)).astype(np.int64)
        new = np.array_split(np.arange(living, size), WAVES)
        for wave, fresh in zip(waves, new, strict=True):
            alive = np.flatnonzero(
                (banned == 0) & (born < wave) & (np.arange(size) < (fresh[0] if len(fresh) else size))
            )
            gone = rng.choice(alive, min(len(fresh), len(alive)), replace=False)
            banned[gone] = wave
            born[fresh] = wave + rng.integers(600, 6 * 3600, len(fresh)) * 1_000_000
    quota = rng.dirichlet(np.full(size, 3.0))
    last = np.full(size, -1.0)
    seats = np.empty(len(at_us), dtype=np.int64)
    for row, at in enumerate(at_us):
        alive = np.flatnonzero((born <= at) & ((banned == 0) | (banned > at)))
        if plan.turns:
            seats[row] = alive[np.argmin(last[alive] + rng.random(len(alive)) * 1e-3)]
            last[seats[row]] = row
        else:
            weight = quota[alive]
            seats[row] = alive[np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random())]
    return seats, born, banned


def _donor(around: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The requests of one customer, whose program the pool is given."""
    counts = around.group_by("account_id").len().sort("account_id")
    busy = counts.filter(pl.col("len") >= DONOR_ROWS)
    chosen = (busy if busy.height else counts)["account_id"]
    return around.filter(pl.col("account_id") == chosen[int(rng.integers(0, len(chosen)))])


def _identity(program: pl.DataFrame, seats: Ints, rng: np.random.Generator) -> dict[str, pl.Series]:
    """Exits, devices, sessions and keys of each account's own, where the logs know such things."""
    exits = rng.permutation(2**17)[: int(seats.max()) + 1]  # inside 198.18.0.0/15, which nobody uses
    address = [f"198.{18 + (one >> 16)}.{one >> 8 & 255}.{one & 255}" for one in exits[seats]]
    known = {
        "client_address": address,
        "client_prefix": [".".join(one.split(".")[:3]) + ".0/24" for one in address],
        "device_id": [f"device-{rng.bit_generator.state['state']['state'] % 2**32:x}-{seat}" for seat in seats],
        "session_id": [f"session-{row}-{seat}" for row, seat in enumerate(seats)],
        "api_key_id": [f"key-{seat}" for seat in seats],
    }
    return {
        name: pl.Series(values, dtype=pl.String)
        for name, values in known.items()
        if program[name].null_count() < program.height
    }


def _content(program: pl.DataFrame, plan: Plan, seats: Ints, rng: np.random.Generator) -> dict[str, pl.Series]:
    """Prompts of the pool's own, each new: of a few templates it shares, of each account's own, or reworded."""
    found: dict[str, pl.Series] = {}
    template = rng.integers(0, TEMPLATES, len(seats))
    key = template if plan.templates else seats * TEMPLATES + template
    base = int(rng.integers(2**62, 2**63))
    for number, column in enumerate(HASHED):
        if program[column].null_count() < program.height:
            found[column] = pl.Series(
                np.uint64(base) ^ (key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(number))
            )
    if program["prompt_hash"].null_count() < program.height:
        found["prompt_hash"] = pl.Series(rng.integers(1, 2**63, len(seats)).astype(np.uint64))
    if program["prompt_sketch"].null_count() < program.height:
        found["prompt_sketch"] = _sketches(plan, seats, template, base)
    for column in ("prefix_hashes", "reasoning_hash_in", "reasoning_hash_out", "prompt_text", "system_text"):
        found[column] = pl.Series(values=[None] * len(seats), dtype=program.schema[column])
    return found


def _sketches(plan: Plan, seats: Ints, template: Ints, base: int) -> pl.Series:
    """Sampled shingles: six of the template, of which a reworded account keeps its part, and six of the item."""
    rows: list[list[int]] = []
    for row, (seat, which) in enumerate(zip(seats, template, strict=True)):
        owner = np.random.default_rng([int(seat), int(which), base % 2**32])
        changed = owner.random(6) < (plan.reworded or float(not plan.templates))
        words = [base + int(which) * 64 + place + (int(seat) + 1) * 4096 * int(changed[place]) for place in range(6)]
        item = np.random.default_rng([row, base % 2**32]).integers(1, 2**63, 6)
        rows.append(sorted({value % 2**64 for value in words} | {int(value) for value in item}))
    return pl.Series(rows, dtype=pl.List(pl.UInt64))


def _declare(
    register: pl.DataFrame, plan: Plan, names: Sequence[str], born: Ints, banned: Ints, rng: np.random.Generator
) -> pl.DataFrame:
    """The accounts file's rows, as far as the case has one: drawn from it column by column, payers as planned."""
    if register.is_empty():
        return REGISTER.empty()
    seat = np.array([int(name.rsplit("-", 1)[1]) for name in names])
    rows = pl.DataFrame({"account_id": list(names)})
    for column in ("plan", "country", "payment_country", "email_domain", "limit_per_minute", "limit_per_day"):
        rows = rows.with_columns(
            register[column].sample(len(names), with_replacement=True, seed=int(rng.integers(2**31))).alias(column)
        )
    rank = np.argsort(np.argsort(born[seat], kind="stable"), kind="stable")
    card = rank // CARD_HOLDERS if plan.cards else rank
    stamp = REGISTER.columns["created_at"].dtype
    known: dict[str, Any] = {
        "created_at": pl.Series(born[seat] - rng.integers(3600, 5 * 86_400, len(seat)) * 1_000_000).cast(stamp),
        "banned_at": pl.Series([int(one) or None for one in banned[seat]], dtype=pl.Int64).cast(stamp),
        "payment_id": pl.Series([f"card-{names[0]}-{one}" for one in card]),
    }
    return rows.with_columns(
        **{name: value for name, value in known.items() if register[name].null_count() < register.height}
    ).select(
        pl.col(name).cast(column.dtype)
        if name in {*rows.columns, *(key for key in known if register[key].null_count() < register.height)}
        else pl.lit(None, column.dtype).alias(name)
        for name, column in REGISTER.columns.items()
    )


def score_pools(pools: Mapping[str, Sequence[str]], members: pl.DataFrame, networks: pl.DataFrame) -> pl.DataFrame:
    """One row per planted pool: plan, size, share (of its accounts in its best network), outcome.

    In:    MEMBERS, NETWORKS of the scratch case.
    Out:   outcome is found (a finding), contested, listed (a network that is no finding), or unseen.
    """
    rows = []
    for name, accounts in pools.items():
        held = (
            members.filter(pl.col("account_id").is_in(list(accounts)))
            .group_by("network_id")
            .len()
            .sort("len", "network_id")
        )
        share = int(held["len"][-1]) / len(accounts) if held.height else 0.0
        network = networks.filter(pl.col("network_id") == held["network_id"][-1]) if held.height else networks.clear()
        outcome = "unseen"
        if network.height and share >= FOUND:
            row = network.row(0, named=True)
            outcome = "found" if row["alert"] else "contested" if row.get("contested") else "listed"
        rows.append({"plan": name, "size": len(accounts), "share": share, "outcome": outcome})
    return pl.DataFrame(rows, schema={"plan": pl.String, "size": pl.UInt32, "share": pl.Float64, "outcome": pl.String})


def sum_up(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per plan and size: how often it was planted, found, contested, listed, unseen.

    In:    rows of `score_pools` over all repeats.
    """
    order = {plan.name: place for place, plan in enumerate(PLANS)}
    return (
        rows.group_by("plan", "size")
        .agg(
            planted=pl.len(),
            **{name: (pl.col("outcome") == name).sum() for name in ("found", "contested", "listed", "unseen")},
        )
        .sort(pl.col("plan").replace_strict(order, default=len(order)), "size")
    )


def tell(table: pl.DataFrame, false_alerts: int) -> str:
    """What would be seen and what would not, in one or two sentences."""
    said = {plan.name: plan.sentence for plan in PLANS}
    parts: dict[bool, list[str]] = {True: [], False: []}
    for row in table.iter_rows(named=True):
        seen = row["found"] >= FOUND * row["planted"]
        if seen or row["found"] <= (1 - FOUND) * row["planted"]:
            parts[seen].append(f"a pool of {row['size']} that {said[row['plan']]} ({row['found']} of {row['planted']})")
    sentences = []
    if parts[True]:
        sentences.append(f"Would have been found: {'; '.join(parts[True])}.")
    if parts[False]:
        sentences.append(f"Would not have been: {'; '.join(parts[False])}.")
    if not sentences:
        sentences.append("Of the planted pools some were found and some not; see the table.")
    if false_alerts:
        sentences.append(f"The same traffic without anything planted gives {false_alerts} of the findings.")
    return " ".join(sentences)
