"""New accounts where old ones were banned: births in the hours after a ban wave.

Statistic:  births within 6, 24 or 72 h after a wave; the births of a day count with the square root of their number, so
            that one big batch does not stand for many coincidences. A day begins at the hour at which the fewest of
            these births lie.
Null model: the days with births change places with other days, workdays among workdays and weekends among weekends, and
            their births move to an hour of the day drawn from those at which births come and the network works; bans
            stay where they are. Largest of the three windows against the largest under the null (max-T). With bans on
            six or more days, days change places within two to three weeks only, so that slow growth cancels. At the
            floor of the draws p is the Chernoff bound for days moved one by one, which is never too small. A second
            null shares out all births in those windows, the network's and everybody else's, in the shares of all births
            (hypergeometric), so that a rush common to everybody is no sign; p is the larger of the two.
Blind to:   one wave and one batch (they could meet by chance on one day in as many as the log has), successors that
            follow after more than three days, pools that bring in accounts evenly whatever is banned, accounts first
            seen in the first 24 hours of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import SMALLEST_P
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import DAY_S, HOUR_S, SAID, births_of, ends_of, find_waves, is_weekend
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


WINDOWS_H = (6, 24, 72)  # after a wave
LOCAL_DAYS = 14  # shortest stretch of the log that days change places in …
ENOUGH_DAYS = 6  # … where there are bans on so many days
FEWEST_WAYS = 20  # different outcomes of the null below which nothing can be said
WORTH = 4.0  # busy days' word that the network's working hours have on when births come
FEWEST_BIRTHS = 3
MOST_MOVES = 2_000_000  # births times days times hours; of more births a sample is moved …
FEWEST_MOVED = 100  # … of at least so many
MOST_DAYS = 400  # of a longer log the stretch with the most births is looked at
REPLACED = 0.2  # new accounts per banned one from which a network is said to regrow: one in five
FEWEST_OUTSIDE = 50  # births outside the networks that tell a rush common to everybody


@dataclass(frozen=True)
class Days:
    """The births of each busy day (one on which there are births) put on every day of the log and moved by 0 to 23
    hours.

    `counts` says how many of them a wave then precedes: windows × busy days × days × hours. `weight` is how likely each
    hour is: busy days × hours. `kind` of each day says which days may change places; `busy` are the numbers of the busy
    days.
    """

    counts: Floats
    sizes: Floats
    busy: Ints
    kind: Ints
    weight: Floats

    @property
    def scores(self) -> Floats:
        """What is added up: the share of a day's births that a wave precedes, times the square root of their number."""
        return np.asarray(self.counts / np.sqrt(self.sizes)[None, :, None, None])

    @property
    def here(self) -> Floats:
        """Births that a wave precedes where they really are: windows × busy days."""
        return np.asarray(self.counts[:, np.arange(len(self.busy)), self.busy, 0])


def test_succession(panel: Panel) -> pl.DataFrame:
    """One row per network: births after ban waves, against waves on other days."""
    outside = (
        panel.births.filter(panel.births["kind"] == "first", ~panel.births["account"].is_in(_inside(panel)))["at_s"]
        .to_numpy()
        .astype(float)
    )
    return answers(_test_group(panel, group, outside) for group in panel.groups)


def _inside(panel: Panel) -> list[int]:
    return np.unique(np.concatenate([group.members for group in panel.groups])).tolist() if panel.groups else []


def _test_group(panel: Panel, group: Group, outside: Floats) -> dict[str, Any]:
    _, times, kind = ends_of(panel, group)
    found = births_of(panel, group.members)
    births = found["at_s"].to_numpy().astype(float)
    if len(times) < 2:
        return unassessable(
            group, PLUGIN, "fewer than two members were banned, closed or fell silent while the log ran on"
        )
    if len(births) < FEWEST_BIRTHS:
        # Nobody came: an answer, not a gap, as long as somebody was banned and the log went on.
        return answer(
            group,
            PLUGIN,
            f"{len(times)} members {SAID[kind]}; no more than {len(births)} came to life after the first day.",
            **_nobody(len(births)),
        )
    waves = find_waves(times)
    number = int(waves[-1]) + 1
    starts = times[np.searchsorted(waves, np.arange(number))]
    hours = np.array(panel.accounts["hour_counts"].gather(group.members).to_list(), dtype=float).sum(axis=0)
    rng = generator(panel, group, PLUGIN.name)
    start_s, end_s = _stretch(panel, births)
    looked_at = births[(births >= start_s) & (births <= end_s)]
    most = max(FEWEST_MOVED, int(MOST_MOVES / 24 / max(1.0, (end_s - start_s) / DAY_S)))
    if len(looked_at) > most:
        looked_at = np.sort(rng.choice(looked_at, most, replace=False))
    days = _put_on_days(starts, looked_at, hours, start_s, end_s)
    if _ways(days) < FEWEST_WAYS:
        return unassessable(
            group, PLUGIN, f"births on {len(days.busy)} day(s) of a log this short could fall on too few other days"
        )
    p_value, best, draws = _judge(days, panel.settings.permutations, rng)
    window = WINDOWS_H[best]
    p_value = max(p_value, _against_outside(births, outside, starts, window))
    followed = _followed(births, starts, window)
    expected = np.quantile(draws, [0.5, 0.025, 0.975])
    replaced = (followed - float(draws.mean())) / len(times)
    low, high = _interval(days, best, rng)
    woken = int((found["kind"] == "woken").sum())
    return answer(
        group,
        PLUGIN,
        f"{len(times)} members {SAID[kind]} in {number} waves; {followed} of {len(births)} births"
        f"{f' ({woken} of them dormant accounts woken)' if woken else ''} fell within {window} hours after one, where "
        "other days give "
        f"{expected[0]:.0f} ({expected[1]:.0f}–{expected[2]:.0f}); about {max(0.0, replaced):.1f} new for each "
        "one lost.",
        measure=f"members first used or woken within {window} h after a ban wave",
        observed=float(followed),
        own=(low, high),
        others=(expected[0], expected[1], expected[2]),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and replaced >= REPLACED and followed - draws.mean() >= FEWEST_BIRTHS),
    )


def _nobody(births: int) -> dict[str, Any]:
    return {"measure": "births in the whole log", "observed": float(births), "p_value": 1.0}


def _followed(births: Floats, starts: Floats, window: int) -> int:
    """Births that have a wave in the window before them, each counted once."""
    return int(
        (
            np.searchsorted(starts, births, side="left")
            > np.searchsorted(starts, births - window * HOUR_S, side="left")
        ).sum()
    )


def _against_outside(births: Floats, outside: Floats, starts: Floats, window: int) -> float:
    """P of so many of the network's births after waves if all births there, inside and outside, were shared out at
    random.
    """
    if len(outside) < FEWEST_OUTSIDE:
        return 0.0
    from scipy.stats import hypergeom

    own, others = _followed(births, starts, window), _followed(outside, starts, window)
    return float(
        min(1.0, len(WINDOWS_H) * hypergeom.sf(own - 1, len(births) + len(outside), own + others, len(births)))
    )


def _stretch(panel: Panel, births: Floats) -> tuple[float, float]:
    """Beginning and end of the part of the log in which births are moved: all of it, or its MOST_DAYS with the most
    births.
    """
    start_s, end_s = min(panel.start_s + DAY_S, float(births[0])), panel.end_s
    if end_s - start_s <= MOST_DAYS * DAY_S:
        return start_s, end_s
    within = np.searchsorted(births, births + MOST_DAYS * DAY_S, side="right") - np.arange(len(births))
    first = float(births[int(np.argmax(within))])
    return first, min(first + MOST_DAYS * DAY_S, end_s)


def _put_on_days(starts: Floats, births: Floats, hours: Floats, start_s: float, end_s: float) -> Days:
    """The births of each busy day put on each day of the log, at each hour; `hours` are the network's requests by hour
    of the day.
    """
    of_births = np.bincount(np.floor(births % DAY_S / HOUR_S).astype(np.int64), minlength=24)
    cut = float(np.argmin(of_births + 0.5 * (np.roll(of_births, 1) + np.roll(of_births, -1)))) * HOUR_S
    zero = np.floor((start_s - cut) / DAY_S)
    day = (np.floor((births - cut) / DAY_S) - zero).astype(np.int64)
    number = int(max(np.floor((end_s - cut) / DAY_S) - zero, day.max())) + 1
    busy, batch, sizes = np.unique(day, return_inverse=True, return_counts=True)
    moves = (np.arange(number)[None, :, None] - day[:, None, None]) * DAY_S + np.arange(24)[None, None, :] * HOUR_S
    # Moved past the end of its day, a birth comes back at the day's start.
    clock = (births - cut) % DAY_S
    moves = moves - np.where(clock[:, None] + np.arange(24)[None, :] * HOUR_S >= DAY_S, DAY_S, 0.0)[:, None, :]
    moved = (births[:, None, None] + moves).ravel()
    until = np.searchsorted(starts, moved, side="left")
    counts = np.zeros((len(WINDOWS_H), len(busy), number, 24))
    for window, length in enumerate(WINDOWS_H):
        preceded = (until > np.searchsorted(starts, moved - length * HOUR_S, side="left")).reshape(
            len(births), number, 24
        )
        for index in range(len(busy)):
            counts[window, index] = preceded[batch == index].sum(axis=0)
    middle = np.array([np.median(clock[batch == index]) + cut for index in range(len(busy))])
    hour = (np.floor(middle / HOUR_S).astype(np.int64)[:, None] + np.arange(24)[None, :]) % 24
    # Births need not keep the network's working hours: each busy day says when they come, and the working hours say as
    # much as four of them.
    of_busy = np.bincount(hour[:, 0], minlength=24)
    of_busy = 0.5 * of_busy + 0.25 * (np.roll(of_busy, 1) + np.roll(of_busy, -1))
    profile = of_busy + WORTH * (hours + 1.0) / (hours + 1.0).sum()
    weight = profile[hour] / profile[hour].sum(axis=1, keepdims=True)
    weekend = is_weekend((np.arange(number) + zero) * DAY_S + cut + DAY_S / 2)
    ban_days = len(np.unique(np.floor((starts - cut) / DAY_S)))
    stretches = max(1, number // LOCAL_DAYS) if ban_days >= ENOUGH_DAYS else 1
    return Days(counts, sizes.astype(float), busy, weekend + 2 * (np.arange(number) * stretches // number), weight)


def _ways(days: Days) -> float:
    """In how many ways the busy days could be placed, counting as many hours of the day as are really in use."""
    from scipy.special import gammaln

    logs = 0.0
    for kind in np.unique(days.kind):
        number, busy = int((days.kind == kind).sum()), int((days.kind[days.busy] == kind).sum())
        logs += gammaln(number + 1) - gammaln(number - busy + 1)
    used = -(days.weight[0] * np.log(days.weight[0])).sum()
    return float(np.exp(min(logs + used, 50.0)))


def _judge(days: Days, permutations: int, rng: np.random.Generator) -> tuple[float, int, Floats]:
    """P by max-T over windows, the window of the largest score, and that window's births under the null."""
    scores = days.scores
    number, place = len(days.kind), np.arange(len(days.busy))[None, :]
    # A random order within each kind of day: sort by kind and a random number, read against sorting by kind alone.
    shuffled = np.argsort(days.kind[None, :] + rng.random((permutations, number)), axis=1)
    to = np.empty_like(shuffled)
    to[:, np.argsort(days.kind, kind="stable")] = shuffled
    to = to[:, days.busy]
    steps = np.cumsum(days.weight, axis=1)
    hour = (rng.random((permutations, len(days.busy)))[:, :, None] > steps[None, :, :-1]).sum(axis=2)
    drawn = scores[:, place, to, hour].sum(axis=2)
    here = (days.here / np.sqrt(days.sizes)[None, :]).sum(axis=1)
    mean, spread = drawn.mean(axis=1), drawn.std(axis=1)
    told = spread > 1e-9
    spread = np.where(told, spread, 1.0)
    observed = np.where(told, (here - mean) / spread, 0.0)
    best = int(np.argmax(observed))
    null = np.where(told[:, None], (drawn - mean[:, None]) / spread[:, None], 0.0).max(axis=0)
    above = int((null >= observed[best] - 1e-9).sum())
    p_value = (1 + above) / (1 + permutations)
    if above == 0:
        bound = min(_chernoff(of, days) for of in scores)
        p_value = max(SMALLEST_P, min(p_value, bound * len(WINDOWS_H)))
    return float(p_value), best, days.counts[best][place, to, hour].sum(axis=1)


def _chernoff(scores: Floats, days: Days) -> float:
    """Upper bound of P(sum over busy days ≥ observed), each put on any day of its kind and hour: min over θ of Π E exp
    θ(score − observed).
    """
    place = np.arange(len(days.busy))
    over = scores - scores[place, days.busy, 0][:, None, None]
    chance = (days.kind[days.busy][:, None] == days.kind[None, :])[:, :, None] * days.weight[:, None, :]
    chance = (chance / chance.sum(axis=(1, 2), keepdims=True)).reshape(len(place), -1)
    over = over.reshape(len(place), -1)
    scale = max(float(over[chance > 0].std()), 1e-9)
    best = 0.0
    for theta in np.geomspace(0.01, 1000.0, 60) / scale:
        exponent = np.where(chance > 0, theta * over, -np.inf)
        top = exponent.max(axis=1, keepdims=True)
        best = min(best, float((top[:, 0] + np.log((chance * np.exp(exponent - top)).sum(axis=1))).sum()))
    return float(np.exp(best))


def _interval(days: Days, best: int, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of the births that follow waves: bootstrap over days with births, Poisson for fewer than 4."""
    after = days.here[best]
    if len(after) >= 4:
        sums = after[rng.integers(0, len(after), size=(400, len(after)))].sum(axis=1)
        return float(np.quantile(sums, 0.025)), float(np.quantile(sums, 0.975))
    from scipy.special import gammaincinv

    total = float(after.sum())
    return float(gammaincinv(total, 0.025)) if total > 0 else 0.0, float(gammaincinv(total + 1, 0.975))


PLUGIN = Hallmark(
    "succession",
    "pooling",
    "lifecycle",
    "new accounts after bans",
    test_succession,
    nature="dependence",
    family="births",
    phrase="refilled after bans",
)
