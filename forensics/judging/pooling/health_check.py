"""Health checks: one tiny request on many members within a minute, at one time of day, on several days.

Statistic:  pairs of account and day on which the request falls into the fullest minute of the day. Tiny: up to 64
            tokens, or 200 characters where tokens are not logged. The same request: prompt hash, else template hash,
            else token count and max_tokens alike.
Null model: accounts keep a schedule of their own: all sends of an account moved as one by up to ±30 minutes; the
            fullest minute is found anew in each draw. Times the number of requests tried; at the floor the normal tail.
            So nightly jobs of strangers with their own prompts never meet; and a request that at least half as many
            outsiders send in that minute is everybody's schedule, no sign.
Blind to:   checks with jitter of minutes or with changing prompts, fewer than 3 days of log, fewer than 5 accounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, poisson_interval
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import DAY_S
from forensics.judging.panel import generator

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


TINY_TOKENS, TINY_CHARS = 64, 200
MINUTE_S = 60.0
MOVE_S = 1800.0
FEWEST_ACCOUNTS, FEWEST_DAYS = 5, 3
SHARE = 0.2  # of the members, for a size that matters
EVERYBODY = 0.5  # outsiders over members in that minute, from which the schedule is a common one
MOST_REQUESTS = 4  # requests of a network that are tried
LOCAL_H = 8.0  # public relays check at 08:00 of their operator's time by default
SCREEN, REFINE = 99, 300


def test_health_check(panel: Panel) -> pl.DataFrame:
    """One row per network: its fullest minute of tiny requests."""
    schema = {"account": pl.UInt32, "network": pl.Int32}
    parts = [pl.DataFrame(schema=schema)]
    parts += [
        pl.DataFrame({"account": group.members, "network": index}, schema=schema)
        for index, group in enumerate(panel.groups)
    ]
    tiny = (
        panel.events.filter(
            (pl.col("input_tokens") <= TINY_TOKENS)
            | (pl.col("input_tokens").is_null() & (pl.col("prompt_chars") <= TINY_CHARS))
        )
        .select(
            pl.col("account").cast(pl.UInt32),
            pl.coalesce("prompt_hash", "template_hash", pl.struct("input_tokens", "max_tokens").hash(seed=1)).alias(
                "request"
            ),
            (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s"),
        )
        .join(pl.concat(parts).lazy(), on="account", how="left")
        .with_columns(
            (pl.col("at_s") / DAY_S).floor().alias("day"), (pl.col("at_s") % DAY_S / MINUTE_S).floor().alias("minute")
        )
    )
    full = (
        tiny.filter(pl.col("network").is_not_null())
        .group_by("network", "request", "minute")
        .agg(
            pl.col("account").n_unique().alias("accounts"),
            pl.col("day").n_unique().alias("days"),
            pl.struct("account", "day").n_unique().alias("hits"),
        )
        # Half the accounts and days suffice here: a minute that begins between full minutes shows in two of them.
        .filter((2 * pl.col("accounts") >= FEWEST_ACCOUNTS) & (pl.col("days") >= FEWEST_DAYS))
        .group_by("network", "request")
        .agg(pl.col("hits").max())
        .sort("hits", "request", descending=[True, False])
        .group_by("network", maintain_order=True)
        .head(MOST_REQUESTS)
    )
    wanted = full.select("request").unique()
    rows, chosen, any_tiny = pl.collect_all(
        [tiny.join(wanted, on="request", how="semi").sort("at_s", "account"), full, tiny.select("network").head(1)]
    )
    of_request = {key[0]: part for key, part in rows.partition_by("request", as_dict=True, maintain_order=True).items()}
    answered = []
    for index, group in enumerate(panel.groups):
        requests = (
            chosen.filter(pl.col("network") == index)
            .sort("hits", "request", descending=[True, False])["request"]
            .to_list()
        )
        answered.append(
            _test_group(panel, group, index, [of_request[request] for request in requests], tiny=len(any_tiny) > 0)
        )
    return answers(answered)


def _test_group(panel: Panel, group: Group, index: int, requests: list[pl.DataFrame], *, tiny: bool) -> dict[str, Any]:
    if len(group.members) < FEWEST_ACCOUNTS or panel.end_s - panel.start_s < FEWEST_DAYS * DAY_S:
        return unassessable(group, PLUGIN, f"fewer than {FEWEST_ACCOUNTS} members or {FEWEST_DAYS} days")
    if not tiny:
        return unassessable(group, PLUGIN, "no request is known to be tiny (no token counts, no lengths)")
    rng = generator(panel, group, PLUGIN.name)
    found = [row for rows in requests if (row := _test_request(rows, index, rng, panel.outside_share)) is not None]
    if not found:
        text = "No tiny request goes out from five members within one minute on three days."
        return answer(
            group,
            PLUGIN,
            text,
            measure="accounts times days in the fullest minute",
            observed=0.0,
            observed_low=0.0,
            observed_high=poisson_interval(0)[1],
            p_value=1.0,
        )
    best = min(found, key=lambda item: item["p_value"])
    best["p_value"] = min(1.0, best["p_value"] * len(found))
    accounts, days, outsiders, clock = (best.pop(name) for name in ("accounts", "days", "outsiders", "clock"))
    common = outsiders >= EVERYBODY * accounts
    if common:
        best["p_value"] = 1.0
    holds = best["p_value"] < SIGNIFICANT and accounts >= max(FEWEST_ACCOUNTS, SHARE * len(group.members))
    return answer(
        group,
        PLUGIN,
        _say(accounts, days, outsiders, clock, holds=holds, members=len(group.members)),
        **best,
        holds=bool(holds),
    )


def _say(accounts: int, days: int, outsiders: int, clock: float, *, holds: bool, members: int) -> str:
    text = (
        f"One tiny request goes out from {accounts} of {members} members within a minute of "
        f"{int(clock // 3600):02d}:{int(clock % 3600 // 60):02d} UTC "
        f"on {days} days, from {outsiders} accounts outside"
    )
    if not holds:
        return f"{text}."
    offset = (LOCAL_H - clock / 3600 + 12) % 24 - 12
    hours = round(offset * 4) / 4
    return (
        f"{text}: consistent with a health check; if it runs at 08:00 local time, as public relays do by default, "
        f"local time is UTC{hours:+g} (±0.25 h)."
    )


def _test_request(
    rows: pl.DataFrame, index: int, rng: np.random.Generator, outside_share: float
) -> dict[str, Any] | None:
    mine = rows.filter(pl.col("network") == index)
    account = np.unique(mine["account"].to_numpy(), return_inverse=True)[1]
    at_s = mine["at_s"].to_numpy()
    number = int(account.max()) + 1
    hits, start = _fullest(account, at_s)
    inside = _in_minute(at_s, start)
    days = len(np.unique(np.floor((at_s[inside] - start) / DAY_S)))
    accounts = len(np.unique(account[inside]))
    if accounts < FEWEST_ACCOUNTS or days < FEWEST_DAYS:
        return None
    drawn = np.array(
        [_fullest(account, at_s + rng.uniform(-MOVE_S, MOVE_S, number)[account])[0] for _ in range(SCREEN)], dtype=float
    )
    if p_tail(hits, drawn, upper=True) <= 0.05:
        more = [_fullest(account, at_s + rng.uniform(-MOVE_S, MOVE_S, number)[account])[0] for _ in range(REFINE)]
        drawn = np.concatenate([drawn, np.asarray(more, dtype=float)])
    others = rows.filter(pl.col("network").is_null())
    outsiders = (
        int(
            others.filter(pl.Series(_in_minute(others["at_s"].to_numpy(), start), dtype=pl.Boolean))[
                "account"
            ].n_unique()
        )
        if len(others)
        else 0
    )
    expected = interval(drawn)
    per_day = np.bincount(np.unique(np.floor((at_s[inside] - start) / DAY_S), return_inverse=True)[1])
    boot = per_day[rng.integers(0, days, (200, days))].sum(axis=1)
    return {
        "measure": "accounts times days in the fullest minute of the day",
        "observed": float(hits),
        "observed_low": float(np.quantile(boot, 0.025)),
        "observed_high": float(np.quantile(boot, 0.975)),
        "expected": expected[0],
        "expected_low": expected[1],
        "expected_high": expected[2],
        "p_value": p_tail(float(hits), drawn, upper=True),
        "accounts": accounts,
        "days": days,
        "outsiders": round(outsiders / outside_share) if outsiders else 0,
        "clock": float((start + MINUTE_S / 2) % DAY_S),
    }


def _in_minute(at_s: Floats, start: float) -> npt.NDArray[np.bool_]:
    return np.asarray((at_s - start) % DAY_S < MINUTE_S)


def _fullest(account: Ints, at_s: Floats) -> tuple[int, float]:
    """Pairs of account and day in the fullest minute of the day, minutes beginning at full and half ones; and where it
    begins.
    """
    best, start = 0, 0.0
    for phase in (0.0, MINUTE_S / 2):
        shifted = at_s - phase
        day = np.floor(shifted / DAY_S)
        minute = np.floor(shifted % DAY_S / MINUTE_S)
        cells = np.unique(np.stack([minute, day, account.astype(float)]), axis=1)
        counts = np.bincount(cells[0].astype(np.int64))
        place = int(np.argmax(counts))
        if counts[place] > best:
            best, start = int(counts[place]), place * MINUTE_S + phase
    return best, start


PLUGIN = Hallmark(
    "health_check",
    "pooling",
    "scheduling",
    "the same tiny request on many accounts at one time of day",
    test_health_check,
    nature="dependence",
    family="checks",
    phrase="checked together at a fixed time",
)
