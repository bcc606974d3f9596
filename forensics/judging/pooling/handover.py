"""Baton passing: one account works until it is limited, then another one takes over the same stream.

A stream is what carries one system prompt (else one template; else all that the network sends).

Statistic:  takeovers: refusals and limits (401, 403, 429, 529) after which another account, idle for 10 minutes, enters
            the stream within 660 s (10 s, 60 s and 660 s are tried; public relays pause 0–3, 300 and 600 s). Exclusion:
            how often an account works in a bin of 5 minutes in which another one does, too; not the number of such
            bins, which is small wherever everybody comes in the same rush.
Null model: takeovers: each account's refusals moved as a whole by up to ten windows either way, so that what happens in
            the same minutes for another reason (a common start) cancels; and as many requests of the same account in
            their place, refused or not, so that hours at which one program starts everywhere cancel. Largest of the
            three windows against the largest under the null (max-T), the larger p of the two. Refusals while everybody
            is refused (an outage) and accounts that run by the clock are left out. Exclusion: each account's work
            rolled by working days and ±1 h. The smaller p, doubled; at the floor the normal tail of the draws.
Blind to:   switching without refusals between accounts that overlap, batons passed at the same hour every day, sticky
            sessions of many clients at once, networks of which only a sample is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, odds, p_tail, wilson
from forensics.common.streams import LIMITING, Stream, clock_bound, make_stream, roll
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import generator
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


WINDOWS_S = (10.0, 60.0, 660.0)
IDLE_S = 600.0
MOVE = 10.0  # windows that refusals are moved by, at most
BIN_S = 300.0
OUTAGE_BIN_S = 600.0
OUTAGE = 0.2  # of everybody's requests refused or failed in 10 minutes
STREAMS = 12  # the largest ones are looked at
FEWEST_EVENTS = 50
MOST_BINS = 4000
FEWEST_EPISODES = 5
FOLLOWED = 0.2  # of the refusals that a takeover must follow to matter, and twice what chance gives
STAYS = 0.5  # of how often the stream changes account else, at which it stays where it is after a refusal
EXCLUSION = 0.5  # of the expected overlap that is little enough to matter
MARGIN = 0.9
SCREEN, REFINE = 99, 300
UNCLEAR = 0.05


@dataclass(frozen=True)
class Episodes:
    """Refusals (the last of each run), entries into the stream, and all requests, of all streams of a network; streams
    lie one after the other in time.
    """

    refused_s: Floats
    refused_by: Ints
    entered_s: Floats
    entered_by: Ints
    sent_s: Floats
    sent_by: Ints
    odds: Floats  # 2 × 2: after a refusal or not × switched or not


def test_handover(panel: Panel) -> pl.DataFrame:
    """One row per network: takeovers after refusals, and mutual exclusion."""
    outages = find_outages(panel)
    tested = panel.tested
    key = tested.select(pl.coalesce("system_hash", "template_hash").fill_null(0))["system_hash"].to_numpy()
    status = tested["status_code"].fill_null(0).to_numpy().astype(np.int64)
    account, at_s = tested["account"].to_numpy().astype(np.int64), tested["at_s"].to_numpy()
    answered = []
    rows_of = rows_by_network(panel)
    for group in panel.groups:
        rows = rows_of[group.network_id]
        numbers, label = np.unique(account[rows], return_inverse=True)
        rows = rows[~clock_bound(label, at_s[rows], len(numbers))[label]] if len(rows) else rows
        answered.append(
            _test_group(panel, group, find_streams(key[rows], rows, account, at_s), account, at_s, status, outages)
        )
    return answers(answered)


def find_outages(panel: Panel) -> Ints:
    """10-minute slots in which a fifth of the requests of accounts outside all networks failed or were refused."""
    outside = pl.LazyFrame({"account": panel.outside}, schema={"account": pl.UInt32})
    slot = (pl.col("started_at").dt.epoch("us") / (OUTAGE_BIN_S * 1e6)).floor().cast(pl.Int64).alias("slot")
    slots = (
        panel.compared.select(pl.col("account").cast(pl.UInt32), slot, (pl.col("status_code") >= 401).alias("refused"))
        .join(outside, on="account", how="semi")
        .group_by("slot")
        .agg(pl.col("refused").mean(), pl.len())
        .filter((pl.col("refused") >= OUTAGE) & (pl.col("len") >= 10))
        .collect()
    )
    return np.sort(slots["slot"].to_numpy())


def find_streams(key: npt.NDArray[np.uint64], rows: Ints, account: Ints, at_s: Floats) -> list[Ints]:
    """Rows of the largest streams that two or more accounts serve."""
    keys, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    found = []
    for number in np.argsort(-counts, kind="stable")[:STREAMS]:
        mine = rows[inverse == number]
        if len(mine) >= FEWEST_EVENTS and len(np.unique(account[mine])) >= 2 and at_s[mine[-1]] > at_s[mine[0]]:
            found.append(mine)
    return found if len(keys) else []


def _test_group(
    panel: Panel, group: Group, streams: list[Ints], account: Ints, at_s: Floats, status: Ints, outages: Ints
) -> dict[str, Any]:
    if not streams:
        return unassessable(group, PLUGIN, f"no stream of {FEWEST_EVENTS} requests that two accounts serve")
    rng = generator(panel, group, PLUGIN.name)
    episodes = find_episodes(streams, account, at_s, status, outages)
    found = [_test_exclusion(streams, account, at_s, rng)]
    if len(episodes.refused_s) >= FEWEST_EPISODES:
        found.append(_test_takeovers(episodes, rng))
    best = min(found, key=lambda item: item["p_value"])
    best["p_value"] = min(1.0, best["p_value"] * len(found))
    big = best.pop("big")
    words = best.pop("words")
    said = _say_odds(episodes.odds)
    big = big and not _stays_put(episodes.odds)
    return answer(group, PLUGIN, f"{words}{said}.", **best, holds=bool(big and best["p_value"] < SIGNIFICANT))


def _stays_put(table: Floats) -> bool:
    """Whether the stream changes account after refusals half as often as else, or less: then they set nothing off."""
    refused, other = table
    if refused.sum() < FEWEST_EPISODES:
        return False
    return bool(refused[0] / refused.sum() <= STAYS * other[0] / max(1.0, other.sum()))


def _say_odds(table: Floats) -> str:
    refused, other = table
    if refused.sum() < FEWEST_EPISODES:
        return "; too few refusals to say what follows them" if refused.sum() else "; no refusals in these streams"
    ratio = (refused[0] + 0.5) * (other[1] + 0.5) / ((refused[1] + 0.5) * (other[0] + 0.5))
    after, else_ = refused[0] / refused.sum(), other[0] / max(1.0, other.sum())
    return (
        f"; after a refusal the stream changes account in {after:.0%} of cases, else in {else_:.0%} (odds ratio "
        f"{ratio:.1f})"
    )


def find_episodes(streams: list[Ints], account: Ints, at_s: Floats, status: Ints, outages: Ints) -> Episodes:
    """Refusals, entries and requests of streams; status by row, and slots in which everybody was refused."""
    refused_s, refused_by, entered_s, entered_by, sent_s, sent_by = [], [], [], [], [], []
    table = np.zeros((2, 2))
    offset = 0.0
    for rows in streams:
        # Streams are laid end to end, a day apart, so that one search serves them all.
        times, who = at_s[rows] - at_s[rows[0]] + offset, account[rows]
        limited = np.isin(status[rows], LIMITING)
        clear = ~np.isin(np.floor(at_s[rows] / OUTAGE_BIN_S).astype(np.int64), outages)
        switched = who[1:] != who[:-1]
        for line, chosen in enumerate((limited[:-1] & clear[:-1], ~limited[:-1] & clear[:-1])):
            table[line] += [(switched & chosen).sum(), (~switched & chosen).sum()]
        order = np.lexsort((times, who))
        ordered, of = times[order], who[order]
        fresh = np.append(True, (of[1:] != of[:-1]) | (np.diff(ordered) >= IDLE_S))
        # The last refusal of a run: the same account's next request is no refusal, or comes only after a pause.
        bad = (limited & clear)[order]
        last = bad & np.append(fresh[1:] | ~bad[1:], True)
        refused_s.append(ordered[last])
        refused_by.append(of[last])
        entered_s.append(ordered[fresh])
        entered_by.append(of[fresh])
        sent_s.append(ordered)
        sent_by.append(of)
        offset = float(times[-1]) + 86400.0
    return Episodes(
        np.concatenate(refused_s),
        np.concatenate(refused_by),
        np.concatenate(entered_s),
        np.concatenate(entered_by),
        np.concatenate(sent_s),
        np.concatenate(sent_by),
        table,
    )


def _test_takeovers(episodes: Episodes, rng: np.random.Generator) -> dict[str, Any]:
    accounts, refused_by = np.unique(episodes.refused_by, return_inverse=True)
    order = np.argsort(episodes.entered_s, kind="stable")
    everyone = episodes.entered_s[order]
    span = float(max(everyone[-1], episodes.refused_s.max())) + 2 * 86400.0  # apart, with room for moves
    own_by = np.searchsorted(accounts, episodes.entered_by)
    known = (own_by < len(accounts)) & (accounts[np.minimum(own_by, len(accounts) - 1)] == episodes.entered_by)
    own = np.sort(own_by[known] * span + episodes.entered_s[known])

    def others(until: Floats) -> Ints:
        return np.asarray(
            np.searchsorted(everyone, until, side="right")
            - np.searchsorted(own, refused_by * span + until, side="right")
        )

    def count(moves: Floats) -> Floats:
        return count_from([episodes.refused_s + MOVE * window * moves[refused_by] for window in WINDOWS_S])

    def count_from(starts: list[Floats]) -> Floats:
        return np.array(
            [
                float((others(start + window) > others(start)).sum())
                for start, window in zip(starts, WINDOWS_S, strict=True)
            ]
        )

    observed = count(np.zeros(len(accounts)))
    drawn = np.array([count(rng.uniform(-1, 1, len(accounts))) for _ in range(SCREEN)])
    if _max_t(observed, drawn)[0] <= UNCLEAR:
        drawn = np.concatenate([drawn, [count(rng.uniform(-1, 1, len(accounts))) for _ in range(REFINE)]])
    p_value, best = _max_t(observed, drawn)
    if p_value <= UNCLEAR:
        p_value = max(p_value, _max_t(observed, _after_any(episodes, accounts, refused_by, count_from, rng))[0])
    number = len(episodes.refused_s)
    expected = interval(drawn[:, best] / number)
    share = observed[best] / number
    low, high = wilson(observed[best], number)
    window = WINDOWS_S[best]
    return {
        "words": f"After {observed[best]:.0f} of {number} refusals another account that had been idle took over "
        f"within {window:.0f} s "
        f"({share:.0%}, by chance {expected[0]:.0%})",
        "measure": f"share of refusals after which an idle account enters the stream within {window:.0f} s",
        "observed": share,
        "observed_low": low,
        "observed_high": high,
        "expected": expected[0],
        "expected_low": expected[1],
        "expected_high": expected[2],
        "p_value": p_value,
        "big": share >= FOLLOWED and odds(share) >= 2 * odds(expected[0]),
    }


def _after_any(
    episodes: Episodes,
    accounts: Ints,
    refused_by: Ints,
    count_from: Callable[[list[Floats]], Floats],
    rng: np.random.Generator,
) -> Floats:
    """What follows as many requests of the same accounts, refused or not."""
    order = np.lexsort((episodes.sent_s, episodes.sent_by))
    sent_s, sent_by = episodes.sent_s[order], episodes.sent_by[order]
    begin = np.searchsorted(sent_by, accounts)
    length = np.searchsorted(sent_by, accounts, side="right") - begin
    drawn = rng.random((SCREEN + REFINE, len(refused_by)))
    places = begin[refused_by] + (drawn * length[refused_by]).astype(np.int64)
    return np.array([count_from([sent_s[place]] * len(WINDOWS_S)) for place in places])


def _max_t(observed: Floats, drawn: Floats) -> tuple[float, int]:
    """P of the largest standardised window, and which window that is; a spread of at least one takeover keeps rare
    events from weighing too much.
    """
    mean, spread = drawn.mean(axis=0), np.maximum(drawn.std(axis=0), 1.0)
    scores = (observed - mean) / spread
    return p_tail(float(scores.max()), ((drawn - mean) / spread).max(axis=1), upper=True), int(np.argmax(scores))


def _test_exclusion(streams: list[Ints], account: Ints, at_s: Floats, rng: np.random.Generator) -> dict[str, Any]:
    parts = [_occupied(account[rows], at_s[rows]) for rows in streams]
    observed = float(sum(_overlaps(part, part.at_s[None, :])[0] for part in parts))
    drawn = np.sum([_overlaps(part, roll(part, SCREEN, rng)) for part in parts], axis=0)
    if p_tail(observed, MARGIN * drawn, upper=False) <= 0.05:
        drawn = np.concatenate([drawn, np.sum([_overlaps(part, roll(part, REFINE, rng)) for part in parts], axis=0)])
    expected = interval(drawn)
    index = observed / max(1e-9, float(drawn.mean()))
    low, high = wilson(observed, sum(len(part.at_s) for part in parts))
    return {
        "words": f"{observed:.0f} times an account works a stream in the same 5 minutes as another one, {index:.0%} "
        f"of the {expected[0]:.0f} ({expected[1]:.0f}–{expected[2]:.0f}) times there would be if they were independent",
        "measure": "times that an account works one stream in a 5-minute bin beside another",
        "observed": observed,
        "observed_low": low * sum(len(part.at_s) for part in parts),
        "observed_high": high * sum(len(part.at_s) for part in parts),
        "expected": expected[0],
        "expected_low": expected[1],
        "expected_high": expected[2],
        "p_value": p_tail(observed, MARGIN * drawn, upper=False),
        "big": index <= EXCLUSION and expected[0] >= 10,
    }


def _occupied(account: Ints, at_s: Floats) -> Stream:
    """The 5-minute bins each account works in, at most 4,000 from the middle of the stream."""
    cells = np.unique(np.stack([np.floor(at_s / BIN_S).astype(np.int64), account]), axis=1)
    skip = max(0, (cells.shape[1] - MOST_BINS) // 2)
    cells = cells[:, skip : cells.shape[1] - skip]
    return make_stream(cells[1], (cells[0] + 0.5) * BIN_S)


def _overlaps(stream: Stream, times: Floats) -> Floats:
    """Accounts in a bin beyond its first, summed over bins, for each row of times."""
    found = np.empty(len(times))
    for row, moments in enumerate(times):
        cell = np.sort(np.floor(moments / BIN_S).astype(np.int64) * stream.accounts + stream.label)
        cell = cell[np.append(True, np.diff(cell) > 0)] // stream.accounts
        found[row] = (np.diff(cell) == 0).sum()
    return found


PLUGIN = Hallmark(
    "handover",
    "pooling",
    "scheduling",
    "one account hands over to the next",
    test_handover,
    nature="dependence",
    family="handover",
    passes=True,
    phrase="one account at a time, handed on after errors",
)
