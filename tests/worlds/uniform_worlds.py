"""Worlds of uniform programs: many independent owners of one published program, as alike as accounts can be.

Same client, prompts, sizes, parameters, hours and updates in every account of a network, each owner on their own: what
tests of dependence must call chance, p-values uniform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from small_worlds import DAY, HOUR, World

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from forensics.judging.hallmark import Panel

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

DAYS = 24
RELEASE = 9.4  # day on which a model is released
WEEKDAYS = np.array([day for day in range(DAYS) if (day + 2) % 7 < 5])  # day 0 is a Wednesday


def _local(rng: np.random.Generator, days: Ints, count: int, centre_h: float, spread_h: float) -> Floats:
    """Moments about an hour of the day, on some of the days."""
    hour = np.clip(rng.normal(centre_h, spread_h, count), 0.0, 23.99)
    return np.asarray(rng.choice(days, count) * DAY + hour * HOUR)


def _runs(rng: np.random.Generator, at_s: Floats, kinds: int, mean_days: float) -> Ints:
    """A topic for each moment: the account's own runs, each of some days."""
    edges = np.cumsum(rng.exponential(mean_days * DAY, 200))
    topics = rng.integers(0, kinds, 201)
    taste = rng.random(len(at_s)) < 0.7
    return np.where(taste, topics[np.searchsorted(edges, at_s)], rng.integers(0, kinds, len(at_s)))


def _firmware(rng: np.random.Generator, start: float) -> tuple[Floats, Ints, Ints]:
    """A device: a poll at its own minute every few hours, alarms, an owner who chats in the evening."""
    period = float(rng.choice([2, 4, 6])) * HOUR
    polls = np.arange(start + rng.uniform(0, period), DAYS * DAY, period)
    polls += rng.normal(0, 40, len(polls))
    alarms = rng.uniform(start, DAYS * DAY, rng.poisson(6))
    chats = _local(rng, np.arange(DAYS), rng.poisson(25), 19.0, 2.0)
    at_s = np.concatenate([polls, alarms, chats])
    topic = np.concatenate([np.zeros(len(polls)), np.ones(len(alarms)), 2 + _runs(rng, chats, 3, 3.0)]).astype(int)
    return at_s, topic, np.where(topic == 0, -1, 0)


def _plugin(rng: np.random.Generator, start: float) -> tuple[Floats, Ints, Ints]:
    """A developer: sessions on working days, a week of tests, a week of reviews."""
    sessions = _local(rng, WEEKDAYS, rng.poisson(30) + 1, 13.0, 2.5)
    size = rng.geometric(0.3, len(sessions))
    at_s = np.repeat(sessions, size) + rng.exponential(300, size.sum())
    return at_s, _runs(rng, at_s, 8, 2.5), np.zeros(len(at_s), dtype=np.int64)


def _framework(rng: np.random.Generator, start: float) -> tuple[Floats, Ints, Ints]:
    """A server with the schedules that the documentation shows: on the hour, at two at night, on Monday morning."""
    hourly = np.arange(0, DAYS * DAY, 3 * HOUR) + rng.uniform(0, 30, DAYS * 8)
    nightly = np.arange(DAYS) * DAY + 2 * HOUR + rng.uniform(0, 30, DAYS)
    mondays = np.array([day for day in range(DAYS) if (day + 2) % 7 == 0])
    weekly = np.repeat(mondays, 3) * DAY + 8 * HOUR + rng.uniform(0, 600, 3 * len(mondays))
    at_s = np.concatenate([hourly, nightly, weekly])
    topic = np.repeat([0, 1, 2], [len(hourly), len(nightly), len(weekly)])
    return at_s, topic, np.where(topic == 1, -1, 0)  # the nightly prompt is the one of the documentation


def _farm(rng: np.random.Generator, start: float) -> tuple[Floats, Ints, Ints]:
    """Continuous integration: a burst a push, one suite each night, in the order of the suite."""
    pushes = _local(rng, WEEKDAYS, rng.poisson(20) + 1, 14.0, 3.0)
    size = rng.geometric(0.25, len(pushes))
    at_s = np.repeat(pushes, size) + rng.uniform(0, 120, size.sum())
    nights = np.repeat(np.arange(DAYS), 4) * DAY + 3 * HOUR + np.tile(np.arange(4) * 20.0, DAYS) + rng.uniform(0, 900)
    topic = np.concatenate([_runs(rng, at_s, 4, 2.0), np.full(len(nights), 4)])
    item = np.concatenate([np.zeros(len(at_s), dtype=np.int64), -1 - np.tile(np.arange(4), DAYS)])
    return np.concatenate([at_s, nights]), topic, item


def _desk(rng: np.random.Generator, start: float) -> tuple[Floats, Ints, Ints]:
    """Someone at a desk with a published assistant: own tasks, own days."""
    at_s = _local(rng, WEEKDAYS, rng.poisson(40) + 1, 11.0 + 4.0 * rng.integers(0, 2), 1.5)
    return at_s, _runs(rng, at_s, 6, 1.5), np.zeros(len(at_s), dtype=np.int64)


def _laboratory(rng: np.random.Generator, start: float) -> tuple[Floats, Ints, Ints]:
    """A laboratory that runs a public list of items, in its order, in a few sweeps of its own."""
    sweeps = rng.uniform(0, (DAYS - 1) * DAY, rng.integers(1, 5))
    at_s = np.concatenate([sweep + np.arange(40) * rng.uniform(20, 200) for sweep in sweeps])
    item = np.tile(-1 - np.arange(40), len(sweeps))
    other = _local(rng, WEEKDAYS, rng.poisson(25) + 1, 14.0, 2.0)
    topic = np.concatenate([np.repeat(rng.integers(0, 3, len(sweeps)), 40), 3 + _runs(rng, other, 3, 2.0)])
    return np.concatenate([at_s, other]), topic, np.concatenate([item, np.zeros(len(other), dtype=np.int64)])


PROGRAMS: dict[str, Callable[[np.random.Generator, float], tuple[Floats, Ints, Ints]]] = {
    "firmware": _firmware,
    "plugin": _plugin,
    "framework": _framework,
    "farm": _farm,
    "desk": _desk,
    "laboratory": _laboratory,
}


def add_program(world: World, network: str, program: str, rng: np.random.Generator, owners: int = 20) -> None:
    """One network: independent owners of one program, cards and ends of their own, small teams on one card."""
    number = 1_000_000 * (1 + int.from_bytes(network.encode()[-4:], "big") % 1_000_000)
    update = rng.uniform(5, DAYS - 5) * DAY  # the program gets new prompts, each account within a day or two
    team, card = 0, 0
    for owner in range(owners):
        if team == 0:
            team, card = (int(rng.integers(2, 5)) if rng.random() < 0.35 else 1), card + 1
            born = float(rng.uniform(-60, DAYS - 8)) * DAY
        team -= 1
        opened = born + rng.uniform(0, 3600.0)
        start = max(0.0, opened)
        end = start + rng.uniform(5, 40) * DAY if rng.random() < 0.3 else DAYS * DAY
        at_s, topic, item = PROGRAMS[program](rng, start)
        order = np.argsort(at_s)
        keep = order[(at_s[order] >= start) & (at_s[order] < min(end, DAYS * DAY))]
        if len(keep) == 0:
            keep, at_s, topic, item = np.zeros(1, dtype=int), np.array([start]), np.zeros(1, int), np.zeros(1, int)
        at_s, topic, item = at_s[keep], topic[keep], item[keep]
        account = f"{network}_{owner:02}"
        columns = _content(rng, number, owner, at_s, topic, item, update + rng.exponential(0.7 * DAY))
        world.add(network, account, at_s, **columns)
        declared: dict[str, Any] = {"payment_id": f"{network}_card_{card}", "created_at": world.moment(opened)}
        if end < DAYS * DAY and rng.random() < 0.6:
            world.ban(account, float(end))
        world.declare(account, **declared)


def _content(
    rng: np.random.Generator, number: int, owner: int, at_s: Floats, topic: Ints, item: Ints, update: float
) -> dict[str, Any]:
    """Templates of the program by topic, renewed once; items of one's own, or (negative) those that everybody has."""
    count = len(at_s)
    version = (at_s >= update).astype(np.int64)
    adopted = (RELEASE + rng.exponential(2.0)) * DAY
    own = np.where(rng.random(count) < 0.1, 500_000 + owner * 1000 + rng.integers(0, 5, count), 0)
    fresh = 600_000_000_000 + number * 1000 + owner * 900_000 + np.arange(count)
    prompt = np.where(item < 0, number - item, np.where(own > 0, number + own, fresh))
    return {
        "template_hash": number + 10 * topic + version,
        "system_hash": number + version,
        "prompt_hash": prompt,
        "tools_hash": number,
        "request_model": np.where((at_s > adopted) & (rng.random(count) < 0.6), "aurora-2", "aurora-1"),
        "client_family": "kit",
        "client_version": np.where(version > 0, "2.0", "1.0"),
        "input_tokens": rng.lognormal(5 + 0.3 * topic, 0.3, count).astype(np.int64),
        "output_tokens": rng.lognormal(5, 0.5, count).astype(np.int64),
        "latency_ms": rng.lognormal(8, 0.5, count),
        "status_code": np.where(rng.random(count) < 0.03, rng.choice([429, 500, 529, 403], count), 200),
        "endpoint": [f"/v1/records/{owner * 37 % 1000}{place}" for place in range(count)],
        "max_tokens": 1024,
    }


def add_customers(world: World, rng: np.random.Generator, accounts: int = 120) -> None:
    """Accounts in no network: own programs, own hours, who move to the new model in their own time."""
    for index in range(accounts):
        at_s = np.sort(_local(rng, np.arange(DAYS), rng.poisson(30) + 2, rng.uniform(6, 20), 3.0))
        columns = _content(
            rng,
            77_000_000_000 + 1_000_000 * index,
            index,
            at_s,
            _runs(rng, at_s, 4, 3.0),
            np.zeros(len(at_s), int),
            1e9,
        )
        world.add(None, f"out_{index:03}", at_s, **columns)
        world.declare(f"out_{index:03}", payment_id=f"out_{index if index > 20 else index // 2}")


def uniform_panel(seed: int, networks: int, owners: int = 20, programs: tuple[str, ...] = tuple(PROGRAMS)) -> Panel:
    """Some networks of each program, beside customers."""
    rng, world = np.random.default_rng(seed), World()
    for program in programs:
        for index in range(networks):
            add_program(world, f"{program}_{index:03}", program, rng, owners)
    add_customers(world, rng)
    return world.panel()
