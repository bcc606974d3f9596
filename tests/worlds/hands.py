"""Pools of one hand that avoid likeness: requests dealt out at random, uneven quotas, human hours, own clients, exits and
cards; each with one way in which its accounts depend on each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from small_worlds import DAY, HOUR, World, rotate

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from forensics.judging.hallmark import Panel

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

DAYS = 24
TOPICS = 12
WEEKDAYS = np.array([day for day in range(DAYS) if (day + 2) % 7 < 5])  # day 0 is a Wednesday
MOVE_DAY = 12.6  # when a pool moves to the new model


class Queue:
    """The requests of one pool: when, from which account, and what each asks; all in time order."""

    def __init__(self, rng: np.random.Generator, accounts: int, a_day: float) -> None:
        self.rng, self.accounts = rng, accounts
        count = rng.poisson(accounts * a_day * len(WEEKDAYS))
        hour = np.clip(rng.normal(13.0, 3.0, count), 0.0, 23.99)
        self.at_s = np.sort(rng.choice(WEEKDAYS, count) * DAY + hour * HOUR)
        self.quota = rng.dirichlet(np.full(accounts, 2.0))
        self.who = self.deal(len(self.at_s))
        self.topic = rng.integers(0, TOPICS, count)
        self.item = 1 + np.arange(count)
        self.model = np.zeros(count, dtype=np.int64)
        self.born = np.sort(rng.uniform(-40, 0, accounts))
        self.card = np.arange(accounts)
        self.banned = np.full(accounts, np.inf)

    def deal(self, count: int, quota: Floats | None = None) -> Ints:
        """Accounts at random, by their quotas."""
        return self.rng.choice(self.accounts, count, p=self.quota if quota is None else quota)

    def batches(self, hours: float, share: float = 1.0) -> None:
        """So many of the requests ask for the topic of the hour."""
        of_batch = self.rng.integers(0, TOPICS, int(DAYS * 24 / hours) + 2)
        follows = self.rng.random(len(self.at_s)) < share
        self.topic = np.where(follows, of_batch[(self.at_s / (hours * HOUR)).astype(int)], self.topic)

    def repeat(self, share: float, within_s: float) -> None:
        """Some items are sent again, within so many seconds, by whichever account comes."""
        chosen = np.flatnonzero(self.rng.random(len(self.at_s)) < share)
        self.at_s = np.append(self.at_s, self.at_s[chosen] + self.rng.uniform(2, within_s, len(chosen)))
        self.who = np.append(self.who, self.deal(len(chosen)))
        for name in ("topic", "item", "model"):
            setattr(self, name, np.append(getattr(self, name), getattr(self, name)[chosen]))
        order = np.argsort(self.at_s)
        for name in ("at_s", "who", "topic", "item", "model"):
            setattr(self, name, getattr(self, name)[order])

    def budget(self) -> None:
        """The same number of requests each working day."""
        day = np.floor(self.at_s / DAY)
        each = max(1, int(len(day) / len(WEEKDAYS)))
        keep = np.concatenate([np.flatnonzero(day == one)[:each] for one in WEEKDAYS])
        for name in ("at_s", "who", "topic", "item", "model"):
            setattr(self, name, getattr(self, name)[keep])

    def waves(self, number: int, share: float) -> None:
        """Bans take a share of the accounts; those that stay carry the queue."""
        alive = np.ones(self.accounts, dtype=np.bool_)
        for day in np.linspace(7, DAYS - 5, number):
            moment = (np.floor(day) + 0.6) * DAY
            gone = self.rng.choice(np.flatnonzero(alive), max(1, int(share * alive.sum())), replace=False)
            alive[gone] = False
            self.banned[gone] = moment
            quota = self.quota * alive
            later = self.at_s >= moment
            self.who[later] = self.deal(int(later.sum()), quota / quota.sum())


def _switch(queue: Queue) -> None:
    moment = MOVE_DAY * DAY + queue.rng.uniform(0, 2 * HOUR, queue.accounts)
    moved = (queue.at_s >= moment[queue.who]) & (queue.rng.random(len(queue.at_s)) < 0.8)
    queue.model = moved.astype(np.int64)


def _deal_cards(queue: Queue) -> None:
    queue.card = np.arange(queue.accounts) // 4


def _as_it_is(queue: Queue) -> None:
    """Nothing but the split at random."""


def _rotation(queue: Queue) -> None:
    queue.who = rotate(queue.rng, queue.at_s, queue.accounts, 0.3)


WAYS: dict[str, Callable[[Queue], None]] = {
    "batches 6 h": lambda queue: queue.batches(6),
    "batches 24 h": lambda queue: queue.batches(24),
    "batches 72 h": lambda queue: queue.batches(72),
    "batches 24 h, 15 %": lambda queue: queue.batches(24, 0.15),
    "reworded batches": lambda queue: queue.batches(24),
    "each item twice": lambda queue: queue.repeat(1.0, 600.0),
    "best of n, 10 %": lambda queue: queue.repeat(0.1, 600.0),
    "late retries, 10 %": lambda queue: queue.repeat(0.1, 12 * HOUR),
    "list in order": _as_it_is,
    "daily budget": lambda queue: queue.budget(),
    "ban waves": lambda queue: queue.waves(3, 0.25),
    "cards dealt": _deal_cards,
    "moves in 2 h": _switch,
    "rotation": _rotation,
    "random split only": _as_it_is,
}


def add_hand(world: World, network: str, way: str, rng: np.random.Generator, accounts: int, a_day: float) -> None:
    """One pool."""
    queue = Queue(rng, accounts, a_day)
    WAYS[way](queue)
    base = int(rng.integers(1, 2**38)) * 10_000_000
    for account in range(accounts):
        mine = np.flatnonzero(queue.who == account)
        mine = mine[queue.at_s[mine] < min(queue.banned[account], DAYS * DAY)]
        if len(mine) == 0:
            continue
        name = f"{network}_{account:03}"
        world.add(network, name, queue.at_s[mine], **_columns(queue, way, mine, base))
        world.declare(
            name,
            payment_id=f"{network}_card_{queue.card[account]}",
            **({} if np.isinf(queue.banned[account]) else {"banned_at": world.moment(float(queue.banned[account]))}),
            created_at=world.moment(float(queue.born[account]) * DAY),
        )


def _columns(queue: Queue, way: str, mine: Ints, base: int) -> dict[str, Any]:
    rng, topic = queue.rng, queue.topic[mine]
    count = len(mine)
    reworded = way == "reworded batches"
    number = base + queue.item[mine]
    return {
        "template_hash": number + 5_000_000 if reworded else base + topic,
        "prompt_hash": number,
        "request_model": np.where(queue.model[mine] > 0, "aurora-2", "aurora-1"),
        "client_family": "kit",
        "input_tokens": rng.lognormal(4 + 0.35 * topic, 0.15, count).astype(np.int64),
        "output_tokens": rng.lognormal(5, 0.5, count).astype(np.int64),
        "status_code": np.where(rng.random(count) < 0.02, 500, 200),
        "endpoint": [f"/v1/items/{place}" for place in queue.item[mine]] if way == "list in order" else "/v1/messages",
    }


def add_customers(world: World, rng: np.random.Generator, accounts: int = 150) -> None:
    """Accounts in no network, who move to the new model within some days."""
    for index in range(accounts):
        count = rng.poisson(60) + 2
        at_s = np.sort(rng.integers(0, DAYS, count) * DAY + np.clip(rng.normal(13, 4, count), 0, 23.9) * HOUR)
        moved = (at_s >= (9.5 + rng.exponential(3.0)) * DAY) & (rng.random(count) < 0.6)
        world.add(
            None,
            f"out_{index:03}",
            at_s,
            template_hash=900_000_000 + index * 10 + rng.integers(0, 4, count),
            prompt_hash=np.asarray(10**15 + index * 10**6 + np.arange(count)),
            request_model=np.where(moved, "aurora-2", "aurora-1"),
            client_family="kit",
            input_tokens=rng.lognormal(5, 1.0, count).astype(np.int64),
            endpoint="/v1/messages",
        )
        world.declare(f"out_{index:03}", payment_id=f"out_{index}", created_at=world.moment(rng.uniform(-60, 0) * DAY))


def hands_panel(seed: int, ways: dict[str, int], accounts: int, a_day: float) -> Panel:
    """So many pools of each way, beside customers; networks are named by way and number."""
    rng, world = np.random.default_rng(seed), World()
    for way, number in ways.items():
        for index in range(number):
            add_hand(world, f"{way}_{index:02}", way, rng, accounts, a_day)
    add_customers(world, rng)
    return world.panel()
