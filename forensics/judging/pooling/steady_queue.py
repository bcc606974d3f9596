"""Traffic steadier in sum than its accounts can be alone: fixed workers, or one clock, behind many accounts.

Statistic:  variance of the network's requests in 5-minute bins, against rolled accounts (small is the sign: the
            variance ratio with its denominator, which rolling hardly changes, left out). Where latency is
            logged also the share of completions that another account's start follows within 1 second (large is the
            sign).
Null model: variance: each account's series rolled by working days and ±1 h. Coupling: each account's completions moved
            by 30 to 300 seconds. The smaller p, doubled; at the floor the normal tail. A draw of the variance counts as
            reaching the sign from nine tenths of its value on; a draw of the coupling at one and a half times its value
            and five points more, as scripts of strangers follow each other's completions where they keep the same
            clock; for the same reason starts in the first 15 seconds of a minute are left out there, and accounts that
            run by the clock altogether.
Blind to:   queues of Poisson jobs (open traffic), workers that wait long between requests, pools whose sum varies with
            the day by more than a worker pool saves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import interval, p_tail, wilson
from forensics.common.streams import choose, clock_bound, make_stream, roll
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import generator
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.common.arrays import Floats, Ints
    from forensics.common.streams import Stream
    from forensics.judging.hallmark import Group, Panel


BIN_S = 300.0
STRETCH = 72  # bins that are drawn together for the interval: six hours
FEWEST_REQUESTS = 200
MOST_REQUESTS = 8_000  # from the middle of the log: all accounts, a shorter time
MARGIN = 0.9
STEADY = 0.7  # of the expected variance that is little enough to matter
NEAR_S = 1.0  # between a completion and the start it sets off
CROWDED_S = 15.0  # of a minute, in which scripts start
APART_S = (30.0, 300.0)
COUPLED, COUPLED_MORE = 1.5, 0.05  # times the chance share, plus so much, is what chance itself may reach
SET_OFF = 0.25  # of the completions that set off a start, from which a queue stands behind them and not a broadcast
SCREEN, REFINE = 39, 160


def test_steady_queue(panel: Panel) -> pl.DataFrame:
    """One row per network: steadiness of the sum, and completions that set off starts elsewhere."""
    account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
    latency = panel.tested["latency_ms"].to_numpy().astype(float) / 1000.0
    rows = rows_by_network(panel)
    answered = []
    for group in panel.groups:
        mine = rows[group.network_id]
        skip = max(0, (len(mine) - MOST_REQUESTS) // 2)
        mine = mine[skip : len(mine) - skip]
        answered.append(_test_group(panel, group, account[mine], at_s[mine], latency[mine]))
    return answers(answered)


def _test_group(panel: Panel, group: Group, account: Ints, at_s: Floats, latency: Floats) -> dict[str, Any]:
    if len(at_s) < FEWEST_REQUESTS or len(np.unique(account)) < 3:
        return unassessable(group, PLUGIN, f"fewer than {FEWEST_REQUESTS} requests or 3 accounts")
    stream = make_stream(account, at_s)
    free = ~clock_bound(stream.label, stream.at_s, stream.accounts)[stream.label]
    stream, latency = choose(stream, free), latency[free]
    if len(stream.at_s) < FEWEST_REQUESTS or stream.accounts < 3:
        return unassessable(group, PLUGIN, "nearly all accounts run by the clock")
    rng = generator(panel, group, PLUGIN.name)
    found = [_test_variance(stream, rng)]
    if np.isfinite(latency).mean() > 0.5:
        found.append(_test_coupling(stream, latency, rng))
    best = min(found, key=lambda item: item["p_value"])
    best["p_value"] = min(1.0, best["p_value"] * len(found))
    big, words = best.pop("big"), best.pop("words")
    workers = _say_workers(stream, latency) if big and len(found) > 1 else ""
    return answer(group, PLUGIN, f"{words}{workers}.", **best, holds=bool(big and best["p_value"] < SIGNIFICANT))


def _test_variance(stream: Stream, rng: np.random.Generator) -> dict[str, Any]:
    first = np.floor(stream.at_s[0] / BIN_S)
    number = int(np.floor(stream.at_s[-1] / BIN_S) - first) + 1

    def squares(times: Floats) -> float:
        """Sum of squares of the counts; empty bins need no place."""
        place = np.clip(np.floor(times / BIN_S) - first, 0, number - 1).astype(np.int64)
        return float((np.unique(place, return_counts=True)[1].astype(float) ** 2).sum())

    def variance(times: Floats) -> float:
        return squares(times) / number - (len(times) / number) ** 2

    observed = variance(stream.at_s)
    drawn = np.array([variance(row) for row in roll(stream, SCREEN, rng)])
    if p_tail(observed, MARGIN * drawn, upper=False) <= 0.05:
        drawn = np.concatenate([drawn, [variance(row) for row in roll(stream, REFINE, rng)]])
    expected = interval(drawn)
    boot = _bootstrap(stream.at_s, number, rng)
    return {
        "words": f"Requests in 5 minutes, all members together, differ in number by {np.sqrt(observed):.1f} (standard "
        f"deviation), by {np.sqrt(expected[0]):.1f} ({np.sqrt(expected[1]):.1f}–{np.sqrt(expected[2]):.1f}) if the "
        "accounts were independent",
        "measure": "variance of the network's requests in 5 minutes",
        "observed": observed,
        "observed_low": float(np.quantile(boot, 0.025)),
        "observed_high": float(np.quantile(boot, 0.975)),
        "expected": expected[0],
        "expected_low": expected[1],
        "expected_high": expected[2],
        "p_value": p_tail(observed, MARGIN * drawn, upper=False),
        "big": observed <= STEADY * expected[0],
    }


def _bootstrap(at_s: Floats, number: int, rng: np.random.Generator, draws: int = 100) -> list[float]:
    """Variance of the counts with six-hour stretches drawn anew, in which bins depend on each other."""
    bins, counts = np.unique(np.floor(at_s / BIN_S).astype(np.int64), return_counts=True)
    stretch = np.unique((bins - bins[0]) // STRETCH, return_inverse=True)[1]
    sums, squares = np.bincount(stretch, counts), np.bincount(stretch, counts.astype(float) ** 2)
    stretches = max(2, number // STRETCH)
    found = []
    for _ in range(draws):
        # Of the stretches drawn so many are not empty.
        filled = rng.binomial(stretches, min(1.0, len(sums) / stretches))
        place = rng.integers(0, len(sums), filled)
        total = stretches * STRETCH
        found.append(float(squares[place].sum() / total - (sums[place].sum() / total) ** 2))
    return found


def _test_coupling(stream: Stream, latency: Floats, rng: np.random.Generator) -> dict[str, Any]:
    known = np.isfinite(latency)
    done, who = (stream.at_s + latency)[known], stream.label[known]
    apart = stream.at_s % 60.0 >= CROWDED_S
    starts, starters = stream.at_s[apart], stream.label[apart]
    span = float(stream.at_s[-1] - stream.at_s[0]) + 1e6
    origin = float(stream.at_s[0])
    # Starts of each account one after the other, so that one search finds the own ones.
    own = np.sort(starters * span + (starts - origin))

    def followed(moves: Floats) -> float:
        end = done + moves[who]
        everyone = np.searchsorted(starts, end + NEAR_S, side="right") - np.searchsorted(starts, end, side="right")
        place = np.clip(end - origin, 0, span / 2) + who * span
        mine = np.searchsorted(own, place + NEAR_S, side="right") - np.searchsorted(own, place, side="right")
        return float((everyone > mine).mean())

    def moved() -> float:
        return followed(rng.uniform(*APART_S, stream.accounts) * rng.choice([-1.0, 1.0], stream.accounts))

    observed = followed(np.zeros(stream.accounts))
    drawn = np.array([moved() for _ in range(SCREEN)])
    if p_tail(observed, COUPLED * drawn + COUPLED_MORE, upper=True) <= 0.05:
        drawn = np.concatenate([drawn, [moved() for _ in range(REFINE)]])
    expected = interval(drawn)
    low, high = wilson(observed * len(done), len(done))
    return {
        "words": f"{observed:.1%} of completions are followed by a start on another account within a second, "
        f"{expected[0]:.1%} "
        f"({expected[1]:.1%}–{expected[2]:.1%}) by chance",
        "measure": "share of completions that a start on another account follows within 1 s",
        "observed": observed,
        "observed_low": low,
        "observed_high": high,
        "expected": expected[0],
        "expected_low": expected[1],
        "expected_high": expected[2],
        "p_value": p_tail(observed, COUPLED * drawn + COUPLED_MORE, upper=True),
        "big": observed >= SET_OFF,
    }


def _say_workers(stream: Stream, latency: Floats) -> str:
    """Requests in flight: their usual number and how little it varies (a fixed number of workers: near 0, open traffic:
    1).
    """
    known = np.isfinite(latency)
    start, end = stream.at_s[known], np.sort((stream.at_s + latency)[known])
    moments = np.linspace(start[0], start[-1], 2000)
    flying = np.searchsorted(start, moments, side="right") - np.searchsorted(end, moments, side="right")
    busy = flying[flying > 0]
    if len(busy) == 0:
        return ""
    return (
        f"; about {np.median(busy):.0f} in flight at a time while it works (variance by mean "
        f"{busy.var() / busy.mean():.2f}, open traffic 1)"
    )


PLUGIN = Hallmark(
    "steady_queue",
    "pooling",
    "scheduling",
    "fixed workers behind many accounts",
    test_steady_queue,
    nature="dependence",
    family="turns",
    phrase="one steady queue over all accounts",
)
