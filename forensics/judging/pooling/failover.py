"""The same request sent again by another account within minutes, after the first one failed.

Statistic:  of failed sends (401, 403, 408, 409, 429, 5xx) the share whose prompt (of services that take none: whose
            address, if a value stands in it) another account sends within 10 minutes, against the same share of sends
            that did not fail. Only what at most 3 accounts and 6 sends ask: a public benchmark or a health check is
            on many.
Null model: two, and the larger p counts. Failing has nothing to do with crossing to another account (Fisher; an
            account's sends within one 10 minutes count once). And: accounts are independent (each moved as a whole by
            up to ±3 h), counted in distinct pairs of accounts that cross within 10 minutes, so that two laboratories
            with one list of items count once; twice as many as chance brings at most must cross. At the floor p is the
            normal tail. Without enough failed sends only the second one is told, and holds nothing: classmates share
            prompts too.
Blind to:   retries on the same account, retries that change the prompt, logs without prompt hashes or paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, odds, p_tail, poisson_interval, wilson
from forensics.describing.requests import is_address, item_of
from forensics.describing.sightings.retry import MOST_ACCOUNTS, MOST_SENDS, WITHIN_S, has_failed
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.looked_at import say_thinned, thinned, thinning_of
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.judging.hallmark import Group, Panel


MOVE_S = 3 * 3600.0
FEWEST_FAILED = 5
FEWEST_PAIRS = 5  # distinct pairs of accounts that a sign takes
BEYOND = 2.0  # times as many as chance brings at most, from which it matters
SCREEN, REFINE = 99, 400


@dataclass(frozen=True)
class Sends:
    """Sends of one network's rare prompts, and how many sends it has in all (an account's 10 minutes count once):
    failed, other.
    """

    prompt: Ints
    account: Ints
    at_s: Floats
    failed: Bools
    units: tuple[int, int]


def test_failover(panel: Panel) -> pl.DataFrame:
    """One row per network: prompts that cross accounts, after failures and at all."""
    sends = find_sends(panel)
    return answers(_test_group(panel, group, sends.get(index)) for index, group in enumerate(panel.groups))


def looked_at_sends(panel: Panel) -> pl.LazyFrame:
    """One row per send of a member whose item is looked at: account, network (number), item, at_s, failed."""
    schema = {"account": pl.UInt32, "network": pl.UInt32, "one_in": pl.UInt32}
    parts = [
        pl.DataFrame({"account": group.members, "network": index, "one_in": thinning_of(panel, group)}, schema=schema)
        for index, group in enumerate(panel.groups)
    ]
    # Without a prompt: who comes under several addresses tries again under another.
    addresses = panel.accounts.lazy().filter(is_address(pl.col("account_id"))).select("account")
    prompts, others = pl.col("prompt_hash").is_not_null(), pl.col("prompt_hash").is_null()
    events = pl.concat(
        [panel.events.filter(prompts), panel.events.filter(others).join(addresses, on="account", how="anti")]
    )
    return (
        events.select(
            pl.col("account").cast(pl.UInt32),
            item_of(panel.events),
            (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s"),
            has_failed().alias("failed"),
        )
        .filter(pl.col("item").is_not_null())
        .join(pl.concat(parts).lazy(), on="account", how="inner")
        .filter(thinned(pl.col("item"), pl.col("one_in")))
    )


def find_sends(panel: Panel) -> dict[int, Sends]:
    """Sends of rare items by network number; networks without prompts and without addresses that hold a value are
    missing. All members are looked at, not only the tested.
    """
    if not panel.groups:
        return {}
    sends = looked_at_sends(panel)
    known = pl.len(), pl.col("account").n_unique().alias("accounts")
    rare = (
        sends.group_by("network", "item")
        .agg(*known)
        .filter(pl.col("accounts").is_between(2, MOST_ACCOUNTS), pl.col("len") <= MOST_SENDS)
    )
    slot = (pl.col("at_s") / WITHIN_S).floor().cast(pl.Int64).alias("slot")
    units = (
        sends.select("network", "account", "failed", slot)
        .unique()
        .group_by("network")
        .agg(pl.col("failed").sum(), pl.len().alias("all"))
    )
    chosen = sends.join(rare.select("network", "item"), on=["network", "item"], how="semi").sort(
        "network", "item", "at_s", "account"
    )
    chosen_rows, unit_rows = pl.collect_all([chosen, units])
    by_network = {
        int(key[0]): part
        for key, part in chosen_rows.partition_by("network", as_dict=True, maintain_order=True).items()
    }
    found = {}
    for network, failed, everything in unit_rows.sort("network").iter_rows():
        part = by_network.get(network, chosen_rows.clear())
        found[int(network)] = Sends(
            prompt=np.unique(part["item"].to_numpy(), return_inverse=True)[1].astype(np.int64),
            account=part["account"].to_numpy().astype(np.int64),
            at_s=part["at_s"].to_numpy(),
            failed=part["failed"].to_numpy(),
            units=(int(failed), int(everything - failed)),
        )
    return found


def _test_group(panel: Panel, group: Group, sends: Sends | None) -> dict[str, Any]:
    if sends is None:
        return unassessable(group, PLUGIN, "no prompt hashes, and no paths with a value in them")
    if len(group.members) < 2:
        return unassessable(group, PLUGIN, "one account only")
    rng = generator(panel, group, PLUGIN.name)
    first, second = crossing_pairs(sends)
    pairs, null = _count_pairs(sends, first, second, rng)
    p_pairs = p_tail(float(pairs), null, upper=True)
    failed, other = sends.units
    if failed < FEWEST_FAILED:
        expected = interval(null)
        pairs_low, pairs_high = poisson_interval(pairs)
        return answer(
            group,
            PLUGIN,
            f"{pairs} pairs of accounts sent the same request within 10 minutes of each other, {expected[0]:.0f} "
            f"({expected[1]:.0f}–{expected[2]:.0f}) "
            "if the accounts were independent, as classmates do too; too few requests failed to tell retries."
            f"{say_thinned(thinning_of(panel, group))}",
            measure="pairs of accounts that sent one request within 10 minutes",
            observed=float(pairs),
            own=(pairs_low, pairs_high),
            others=(expected[0], expected[1], expected[2]),
            p_value=p_pairs,
        )
    crossed_failed, crossed_other = _crossed(sends, first, second)
    from scipy.stats import hypergeom

    p_after = float(hypergeom.sf(crossed_failed - 1, failed + other, crossed_failed + crossed_other, failed))
    p_value = max(p_pairs, p_after)
    share, base = crossed_failed / failed, crossed_other / max(1, other)
    low, high = wilson(crossed_failed, failed)
    crossing = pairs >= BEYOND * interval(null)[2] and odds(share) >= 2 * odds(base)
    base_low, base_high = wilson(crossed_other, other)
    lag = _median_lag(sends, first, second)
    after = f", half of them within {lag:.0f} s" if crossed_failed and np.isfinite(lag) else ""
    return answer(
        group,
        PLUGIN,
        f"{crossed_failed} of {failed} failed sends came again from another account within 10 minutes "
        f"({share:.1%}){after}; "
        f"of sends that did not fail {base:.1%}. {pairs} pairs of accounts share requests so."
        f"{say_thinned(thinning_of(panel, group))}",
        measure="share of failed sends that another account repeats within 10 minutes; expected: of sends that did "
        "not fail",
        observed=share,
        own=(low, high),
        others=(base, base_low, base_high),
        p_value=p_value,
        holds=bool(p_value < SIGNIFICANT and pairs >= FEWEST_PAIRS and crossing),
    )


def crossing_pairs(sends: Sends) -> tuple[Ints, Ints]:
    """Positions of all two sends of one prompt by different accounts, the earlier first (sends are sorted by prompt and
    time).
    """
    firsts, seconds = [], []
    for step in range(1, MOST_SENDS):
        place = np.arange(max(0, len(sends.prompt) - step))
        keep = (sends.prompt[place] == sends.prompt[place + step]) & (
            sends.account[place] != sends.account[place + step]
        )
        firsts.append(place[keep])
        seconds.append(place[keep] + step)
    return np.concatenate(firsts), np.concatenate(seconds)


def _count_pairs(sends: Sends, first: Ints, second: Ints, rng: np.random.Generator) -> tuple[int, Floats]:
    """Distinct pairs of accounts with one prompt within 10 minutes: observed, and with each account moved by up to ±3
    h.
    """
    if len(first) == 0:
        return 0, np.zeros(SCREEN)
    numbers, account = np.unique(sends.account, return_inverse=True)
    one, two = account[first], account[second]
    pair = np.minimum(one, two) * len(numbers) + np.maximum(one, two)
    pair = np.unique(pair, return_inverse=True)[1]
    lag = sends.at_s[second] - sends.at_s[first]

    def count(moves: Floats) -> float:
        near = np.abs(lag + moves[two] - moves[one]) <= WITHIN_S
        return float((np.bincount(pair[near], minlength=1) > 0).sum())

    observed = count(np.zeros(len(numbers)))
    draws = [count(rng.uniform(-MOVE_S, MOVE_S, len(numbers))) for _ in range(SCREEN)]
    if sum(draw >= observed for draw in draws) <= 4:
        draws += [count(rng.uniform(-MOVE_S, MOVE_S, len(numbers))) for _ in range(REFINE)]
    return int(observed), np.asarray(draws)


def _crossed(sends: Sends, first: Ints, second: Ints) -> tuple[int, int]:
    """Failed and other sends that another account repeats within 10 minutes; an account's 10 minutes count once."""
    near = sends.at_s[second] - sends.at_s[first] <= WITHIN_S
    origin = np.unique(first[near])
    slot = np.floor(sends.at_s[origin] / WITHIN_S).astype(np.int64)
    found = []
    for failed in (True, False):
        chosen = sends.failed[origin] == failed
        found.append(len(np.unique(np.stack([sends.account[origin][chosen], slot[chosen]]), axis=1).T))
    return found[0], found[1]


def _median_lag(sends: Sends, first: Ints, second: Ints) -> float:
    lag = sends.at_s[second] - sends.at_s[first]
    after = lag[(lag <= WITHIN_S) & sends.failed[first]]
    return float(np.median(after)) if len(after) else float("nan")


PLUGIN = Hallmark(
    "failover",
    "pooling",
    "scheduling",
    "failed requests that come again from another account",
    test_failover,
    nature="dependence",
    family="retries",
    passes=True,
    phrase="failed requests come back on another account",
)
