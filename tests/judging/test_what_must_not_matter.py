"""What a log is called and how it is cut must not change what is said of it."""

from __future__ import annotations

import hashlib
import time
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hands import add_customers, add_hand
from small_worlds import DAY, HOUR, World, poisson_times

from forensics.judging.hallmark import find_hallmarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.judging.hallmark import Panel

POOLING = tuple(name for name, plugin in find_hallmarks().items() if plugin.role == "pooling")
# Tests whose null lies among the members alone: accounts elsewhere cannot change it.
AMONG_MEMBERS = ("failover", "one_order", "repeats_elsewhere", "steady_queue", "topics_together", "turn_taking")


def make_world() -> World:
    """Pools that batch, repeat, rotate, go through a list, and lose accounts, beside customers."""
    rng, world = np.random.default_rng(1), World()
    for way in ("batches 24 h, 15 %", "best of n, 10 %", "rotation", "list in order", "ban waves", "moves in 2 h"):
        add_hand(world, way, way, rng, 14, 3.0)
    add_customers(world, rng, 80)
    return world


def changed(
    world: World,
    *,
    name: Callable[[str], str] = str,
    days: int = 0,
    shuffle: bool = False,
) -> World:
    """The same world with other names, moved by days, its lines in another order."""
    other, rng = World(), np.random.default_rng(9)
    frames = [
        frame.with_columns(
            pl.Series("account_id", [name(account) for account in frame["account_id"]]),
            pl.col("started_at") + pl.duration(days=days),
        )
        for frame in world.frames
    ]
    if shuffle:
        everything = pl.concat(frames, how="diagonal")
        frames = [everything[rng.permutation(len(everything)).tolist()]]
    other.frames = frames
    other.members = [(network, name(account)) for network, account in world.members]
    rows = [row | {"account_id": name(row["account_id"])} for row in world.register]
    move = pl.duration(days=days)
    moved = pl.DataFrame(rows, infer_schema_length=None)
    other.register = moved.with_columns(
        pl.col(column) + move for column in ("created_at", "banned_at") if column in moved.columns
    ).to_dicts()
    return other


def said(panel: Panel) -> dict[tuple[str, str], tuple[float | None, bool]]:
    """Network and test → p and whether it holds."""
    return {
        (name, row["network_id"]): (row["p_value"], row["holds"])
        for name in POOLING
        for row in find_hallmarks()[name].test(panel).iter_rows(named=True)
    }


@pytest.fixture(scope="module")
def original() -> dict[tuple[str, str], tuple[float | None, bool]]:
    """What is said of the world as it is."""
    found = said(make_world().panel())
    assert sum(holds for _, holds in found.values()) >= 4
    return found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"name": lambda name: f"u{hash_of(name):012x}"}, id="accounts renamed"),
        pytest.param({"shuffle": True}, id="lines shuffled"),
        pytest.param({"days": 14}, id="moved by two weeks"),
    ],
)
def test_names_lines_and_dates_do_not_matter(
    original: dict[tuple[str, str], tuple[float | None, bool]], change: dict[str, object]
) -> None:
    """Every p-value and every verdict of every test of pooling stays as it is."""
    found = said(changed(make_world(), **change).panel())  # type: ignore[arg-type]
    assert found.keys() == original.keys()
    for key, (p_value, holds) in found.items():
        assert same(p_value, original[key][0]), key
        assert holds == original[key][1], key


def same(one: float | None, two: float | None) -> bool:
    """Equal but for the last digits of times."""
    return one == two or (one is not None and two is not None and abs(one - two) <= 1e-6 * two)


def hash_of(name: str) -> int:
    """A number that has nothing of the order of names."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")


def test_unrelated_accounts_do_not_matter(original: dict[tuple[str, str], tuple[float | None, bool]]) -> None:
    """Three hundred more customers change no p-value of tests that look at members alone, and few verdicts at all."""
    world, rng = make_world(), np.random.default_rng(5)
    for index in range(300):
        world.add(None, f"more_{index}", poisson_times(rng, 0, 24 * DAY, 0.1), request_model="aurora-1")
    found = said(world.panel())
    for name in AMONG_MEMBERS:
        for (test, network), (p_value, _) in found.items():
            if test == name:
                assert same(p_value, original[test, network][0]), (test, network)
    assert sum(found[key][1] != original[key][1] for key in found) <= 0.05 * len(found)


def test_sessions_may_go_over_several_accounts() -> None:
    """Accounts that never start a session of their own break no test, and nobody is left out in another one's place."""
    rng, world = np.random.default_rng(2), World()
    for network in range(12):
        at_s = np.sort(rng.uniform(0, 12 * DAY, 400))
        session = rng.integers(0, 60, 400)
        who = np.where(rng.random(400) < 0.5, 0, rng.integers(0, 8, 400))
        for account in range(8):
            mine = np.flatnonzero(who == account)
            world.add(
                f"net_{network}",
                f"a_{network}_{account}",
                at_s[mine],
                session_id=[f"s_{network}_{number}" for number in session[mine]],
            )
    add_customers(world, rng, 40)
    found = said(world.panel())
    assert len(found) == 12 * len(POOLING)


def test_accounts_by_the_clock_are_left_out_whatever_sessions_others_start() -> None:
    """A cron account is told by its own starts: it is left out of turns although other accounts have none of their own."""
    rng, world = np.random.default_rng(3), World()
    at_s = np.sort(rng.uniform(0, 12 * DAY, 900))
    for account in range(6):
        # Accounts 0 to 2 only carry on what accounts 3 to 5 begin.
        mine = at_s[account::6]
        world.add(
            "net", f"{account}", mine + (30.0 if account < 3 else 0.0), session_id=[f"s{n}" for n in range(len(mine))]
        )
    for account in range(3):
        runs = np.arange(12 * 24) * HOUR + rng.uniform(0, 5, 12 * 24)
        world.add("net", f"cron_{account}", runs)
    add_customers(world, rng, 40)
    sentence = find_hallmarks()["turn_taking"].test(world.panel())["sentence"][0]
    assert "3 accounts that run by the clock" in sentence


def test_memory_and_time_do_not_follow_the_span_of_the_log() -> None:
    """Three thousand requests over ten years cost no more than three thousand in a month, in every test of pooling."""
    rng, world = np.random.default_rng(4), World()
    days = 3650
    for account in range(60):
        born = rng.uniform(0, days - 10) * DAY
        at_s = np.append(born, born + rng.uniform(0, 400, 50) * DAY)
        at_s = np.sort(at_s[at_s < days * DAY])
        world.add(
            "net" if account < 40 else None,
            f"a_{account}",
            at_s,
            template_hash=rng.integers(0, 3, len(at_s)),
            prompt_hash=rng.integers(0, 200, len(at_s)),
            endpoint=[f"/x/{place}" for place in rng.integers(0, 5000, len(at_s))],
            input_tokens=100,
            latency_ms=500.0,
        )
        if account % 2:
            world.ban(f"a_{account}", float(at_s[-1]))
    panel = world.panel()
    begun = time.perf_counter()
    tracemalloc.start()
    found = said(panel)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == len(POOLING)
    assert most < 300e6, f"{most / 1e6:.0f} MB"
    assert time.perf_counter() - begun < 120
