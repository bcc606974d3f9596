"""Accounts that take turns: each comes back after the others had theirs.

Statistic:  root of the local variation (LV) of the recurrence gap, the number of starts from one start of
            an account to its next: 0 strict turns, 1 chance. The fifth of pairs that vary most is left out (a limit or
            a pause of an account makes long gaps), and so are runs of one account. Up to five accounts instead the
            share of neighbouring starts closer than 2 hours that fall on the same account. Small is the sign. Looked at
            in session starts and in single requests (p doubled).
Null model: several, and the largest p counts. Accounts are independent on the clock of the network's load (each one's
            series turned by a random angle; keeps crons, bursts, pauses after a session, and takes out common busy
            hours and days). Each account's series rolled by working days and ±1 h (keeps habits of the hour), or moved
            as a whole by an hour or two typical gaps (readers of one feed that come at one interval keep their order,
            whoever they are). Labels of starts shuffled within one hour, or within two typical gaps where those are
            longer (keeps all load). Where silence alone tells sessions, as a last one, labels of requests shuffled
            before sessions are cut (a queue split at random shows bursts that touch each account once). A draw counts
            as reaching the sign from nine tenths of its value on, so that small misfits of a null are not taken for
            one. At the floor of the draws p is their normal tail.
Guard:      accounts whose starts keep one phase of a round period (cron, one session a day at its hour) are left out.
Blind to:   random splitting, weighted or least-busy choice, sticky accounts (see handover), rotations that carry less
            than about half of their accounts' traffic, accounts with fewer than three starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import SMALLEST_P, interval, p_tail, wilson
from forensics.common.streams import (
    DAY_S,
    HOUR_S,
    Stream,
    choose,
    chosen_starts,
    clock_bound_accounts,
    roll,
    roll_by_load,
    silence_starts,
)
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import generator
from forensics.judging.starts import rows_by_network, starts_by_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import polars as pl

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


FEWEST_STARTS = 60
MOST_STARTS = 3000
MOST_REQUESTS = 6_000  # whose labels are shuffled before sessions are cut
FEW_ACCOUNTS = 5  # up to which neighbours are compared instead of recurrences
NEAR_S = 2 * HOUR_S  # neighbours
MARGIN = 0.9  # of a draw's value that already counts as the draw reaching the sign
MATTERS = (
    0.7  # of the expected variation: three tenths less is what a rotation leaves that carries about half of the traffic
)
# of the expected stays: few keys of one random gateway stay below chance too, as a conversation starts once on each
MATTERS_FEW = 0.5
KEPT = 0.8  # of the pairs of gaps
SCREEN, REFINE = 99, 200  # draws for everybody; further draws where the first are small
UNCLEAR = 0.05
CLEAR = 1e-6
LV_FEWEST = 20  # starts of one account from which its own regularity tells a pool size


def test_turn_taking(panel: Panel) -> pl.DataFrame:
    """One row per network: order between accounts, against independent accounts."""
    account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
    starts, rows = starts_by_network(panel), rows_by_network(panel)
    answered = []
    for group in panel.groups:
        (who, when, named), single = starts[group.network_id], rows[group.network_id]
        known = np.unique(account[single])  # one numbering: an account need not start a session of its own
        sessions = Stream(when, np.searchsorted(known, who), len(known))
        requests = Stream(at_s[single], np.searchsorted(known, account[single]), len(known))
        answered.append(
            _test_group(panel, group, sessions, requests, named=bool(named.mean() > 0.5) if len(named) else False)
        )
    return answers(answered)


def _test_group(panel: Panel, group: Group, sessions: Stream, requests: Stream, *, named: bool) -> dict[str, Any]:
    if len(group.members) < 2 or len(sessions.at_s) == 0:
        return unassessable(group, PLUGIN, "fewer than two accounts with requests")
    rng = generator(panel, group, PLUGIN.name)
    bound = clock_bound_accounts(sessions, requests)
    found: list[tuple[float, float, Floats, Stream, bool]] = []
    streams = (sessions, requests)[: 2 if len(requests.at_s) > 1.3 * len(sessions.at_s) else 1]
    for stream in streams:
        if found and found[0][0] <= CLEAR:
            break  # the second look could not change what is said
        chosen = chosen_starts(choose(stream, ~bound[stream.label]), MOST_STARTS, rng)
        if chosen.accounts < 2 or len(chosen.at_s) < FEWEST_STARTS or len(chosen.at_s) < 3 * chosen.accounts:
            continue
        observed = float(_variation(chosen, chosen.at_s[None, :])[0])
        single = stream is requests
        p_value, null = _judge(
            chosen, observed, rng, None if named or single else choose(requests, ~bound[requests.label])
        )
        found.append((p_value, observed, null, chosen, single))
    if not found:
        if bound.sum() > sessions.accounts / 2:
            return unassessable(
                group,
                PLUGIN,
                f"{int(bound.sum())} of {sessions.accounts} accounts run by the clock, where turns mean nothing",
            )
        return unassessable(group, PLUGIN, f"fewer than {FEWEST_STARTS} session starts, or fewer than 3 an account")
    p_value, observed, null, stream, single = min(found, key=lambda item: item[0])
    p_value = min(1.0, p_value * len(streams))
    expected = interval(null)
    few = stream.accounts <= FEW_ACCOUNTS
    holds = p_value < SIGNIFICANT and observed <= (MATTERS_FEW if few else MATTERS) * expected[0]
    low, high = _bootstrap(stream, rng)
    return answer(
        group,
        PLUGIN,
        _say(group, stream, observed, expected, holds=holds, single=single, bound=int(bound.sum())),
        measure="share of neighbouring starts on the same account"
        if stream.accounts <= FEW_ACCOUNTS
        else "variation (CV) of the number of starts between two of one account",
        observed=observed,
        own=(low, high),
        others=(expected[0], expected[1], expected[2]),
        p_value=p_value,
        holds=holds,
    )


def _say(
    group: Group,
    stream: Stream,
    observed: float,
    expected: tuple[float, float, float],
    *,
    holds: bool,
    single: bool,
    bound: int,
) -> str:
    what = "requests" if single else "session starts"
    left_out = f"; {bound} accounts that run by the clock are left out" if bound else ""
    if stream.accounts <= FEW_ACCOUNTS:
        text = (
            f"Of neighbouring {what} of {stream.accounts} accounts {observed:.0%} fall on the same account, "
            f"{expected[0]:.0%} if the accounts were independent"
        )
    else:
        text = (
            f"Between two {what} of one account the number of others' {what} varies "
            f"{observed / max(expected[0], 1e-9):.0%} as much as if the accounts were independent ({observed:.2f} "
            f"against {expected[0]:.2f}, {expected[1]:.2f}–{expected[2]:.2f})"
        )
    if not holds:
        return f"{text}{left_out}."
    by_order, by_gaps = _pool_size(stream)
    by_order *= len(group.members) / max(1, stream.accounts)
    regular = (
        f", at least {by_gaps:.0f} from the regularity of single accounts"
        if np.isfinite(by_gaps) and 2 <= by_gaps <= len(group.members)  # no lower bound lies above all there are
        else ""
    )
    return (
        f"{text}: consistent with one queue that takes the account unused for longest; about {by_order:.0f} "
        f"accounts take turns{regular}{left_out}."
    )


def _judge(stream: Stream, observed: float, rng: np.random.Generator, requests: Stream | None) -> tuple[float, Floats]:
    """The largest p over the null models and that model's draws; models are left as soon as one p is not small."""
    worst, binding = SMALLEST_P, np.zeros(0)
    nulls: list[Callable[[Stream, int, np.random.Generator], Floats]] = [_turned, _shuffled, _rolled, _moved]
    if requests is not None:
        few = chosen_starts(requests, MOST_REQUESTS, rng)
        nulls.append(lambda _, draws, rng: _cut_anew(few, draws, rng))
        observed_cut = silence_starts(few)
    for index, null in enumerate(nulls):
        value = observed if index < 4 else float(_variation(observed_cut, observed_cut.at_s[None, :])[0])
        drawn = null(stream, SCREEN, rng)
        p_value = p_tail(value, MARGIN * drawn, upper=False)
        if p_value <= UNCLEAR:
            drawn = np.concatenate([drawn, null(stream, REFINE, rng)])
            p_value = p_tail(value, MARGIN * drawn, upper=False)
        if p_value >= worst or len(binding) == 0:
            worst, binding = max(worst, p_value), drawn
        if worst > UNCLEAR:
            break
    return worst, binding


def _cut_anew(requests: Stream, draws: int, rng: np.random.Generator) -> Floats:
    """Labels of requests shuffled within the hour, sessions cut anew by silence."""
    block = np.floor(requests.at_s / HOUR_S)
    found = np.empty(draws)
    for row in range(draws):
        label = requests.label[np.argsort(block + rng.random(len(block)) * 0.999, kind="stable")]
        cut = silence_starts(Stream(requests.at_s, label, requests.accounts))
        found[row] = _variation(cut, cut.at_s[None, :])[0]
    return found


def _turned(stream: Stream, draws: int, rng: np.random.Generator) -> Floats:
    return _variation(stream, roll_by_load(stream, draws, rng))


def _rolled(stream: Stream, draws: int, rng: np.random.Generator) -> Floats:
    return _variation(stream, roll(stream, draws, rng))


def _moved(stream: Stream, draws: int, rng: np.random.Generator) -> Floats:
    """Each account's series moved as a whole, by up to an hour or two typical gaps: readers of one feed that come at
    one interval keep their order, whoever they are.
    """
    order = np.lexsort((stream.at_s, stream.label))
    gaps = np.diff(stream.at_s[order])[np.diff(stream.label[order]) == 0]
    reach = max(HOUR_S, 2 * float(np.median(gaps)))
    return _variation(stream, stream.at_s + rng.uniform(-reach, reach, (draws, stream.accounts))[:, stream.label])


def _shuffled(stream: Stream, draws: int, rng: np.random.Generator) -> Floats:
    """Labels shuffled within the wider of one hour and two typical gaps of an account: where gaps are long, an hour
    leaves the order as it is.
    """
    order = np.lexsort((stream.at_s, stream.label))
    gaps = np.diff(stream.at_s[order])[np.diff(stream.label[order]) == 0]
    width = float(np.clip(2 * np.median(gaps), HOUR_S, DAY_S))
    block = np.floor(stream.at_s / width)
    # Moving the labels is moving the times: each start takes the time of another start of its block.
    places = np.argsort(block[None, :] + rng.random((draws, len(block))) * 0.999, axis=1, kind="stable")
    times = np.empty((draws, len(block)))
    np.put_along_axis(times, places, np.broadcast_to(stream.at_s, times.shape), axis=1)
    return _variation(stream, times)


def _variation(stream: Stream, times: Floats) -> Floats:
    """The statistic for each row of times; small where accounts take turns."""
    return _staying(stream, times) if stream.accounts <= FEW_ACCOUNTS else _recurrence(stream, times)


def _recurrence(stream: Stream, times: Floats) -> Floats:
    """Local variation of recurrence gaps, over all two gaps of one account that follow each other."""
    order = np.argsort(stream.label, kind="stable")
    label = stream.label[order]
    both = label[2:] == label[:-2]
    found = np.empty(len(times))
    size = len(stream.label)
    for row, moments in enumerate(times):
        rank = np.empty(size, dtype=np.int64)
        rank[np.argsort(moments)] = np.arange(size)
        steps = np.diff(np.sort(stream.label * size + rank) % size)
        found[row] = _local_variation(steps[:-1][both], steps[1:][both])
    return found


def _local_variation(one: Ints, two: Ints) -> float:
    """Root of LV over the four fifths of pairs of gaps that vary least, 1 by chance (then ((a - b) / (a + b))² averages
    KEPT² / 3 over them).
    """
    apart = one + two > 2  # 1 and 1: the account merely goes on
    terms = np.sort(((one - two)[apart] / (one + two)[apart]) ** 2)
    kept = terms[: max(1, int(KEPT * len(terms)))]
    return float(np.sqrt(3.0 / KEPT**2 * kept.mean())) if len(kept) else 1.0


def _staying(stream: Stream, times: Floats) -> Floats:
    """Share of neighbouring starts closer than 2 hours that fall on the same account (a local runs test)."""
    found = np.empty(len(times))
    for row, moments in enumerate(times):
        order = np.argsort(moments)
        label, near = stream.label[order], np.diff(moments[order]) < NEAR_S
        found[row] = ((label[1:] == label[:-1]) & near).sum() / max(1, near.sum())
    return found


def _bootstrap(stream: Stream, rng: np.random.Generator, draws: int = 100) -> tuple[float, float]:
    """95 % interval of the observed statistic: accounts drawn anew (recurrence), neighbours by the binomial (few
    accounts).
    """
    if stream.accounts <= FEW_ACCOUNTS:
        near = int((np.diff(stream.at_s) < NEAR_S).sum())
        return wilson(float(_staying(stream, stream.at_s[None, :])[0]) * near, near)
    order = np.lexsort((stream.at_s, stream.label))
    label, steps = stream.label[order], np.diff(order)
    both = label[2:] == label[:-2]
    one, two, owner = steps[:-1][both], steps[1:][both], label[2:][both]
    values = np.empty(draws)
    for row in range(draws):
        often = np.bincount(rng.integers(0, stream.accounts, stream.accounts), minlength=stream.accounts)[owner]
        values[row] = _local_variation(np.repeat(one, often), np.repeat(two, often))
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def _pool_size(stream: Stream) -> tuple[float, float]:
    """Accounts that take turns: from the order (median recurrence gap); at least, from single accounts' regularity."""
    order = np.lexsort((stream.at_s, stream.label))
    label, at_s = stream.label[order], stream.at_s[order]
    same = label[1:] == label[:-1]
    by_order = float(np.median(np.diff(order)[same]))
    gaps = np.diff(at_s)
    pair = same[1:] & same[:-1] & (gaps[1:] + gaps[:-1] > 0)
    owner = label[2:][pair]
    terms = ((gaps[1:] - gaps[:-1])[pair] / (gaps[1:] + gaps[:-1])[pair]) ** 2
    number = np.bincount(owner, minlength=stream.accounts)
    enough = number >= LV_FEWEST
    if not enough.any():
        return by_order, float("nan")
    local = 3 * np.bincount(owner, terms, stream.accounts)[enough] / number[enough]
    return by_order, float((3 / max(float(np.median(local)), 1e-6) - 1) / 2)


PLUGIN = Hallmark(
    "turn_taking",
    "pooling",
    "scheduling",
    "turn-taking between accounts",
    test_turn_taking,
    nature="dependence",
    family="turns",
    phrase="accounts take turns",
)
