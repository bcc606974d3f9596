"""A world in which every account is independent of every other, rich in fields, and networks that are nothing: what
p-values must be uniform on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.schema import EVENTS, MEMBERS, REGISTER, TIME
from forensics.common.settings import FeatureSettings, HallmarkSettings, SightingSettings
from forensics.describing.features import describe_accounts
from forensics.describing.sightings import find_sightings
from forensics.judging.testing import test_networks as run_hallmarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

START_S = 1_775_001_600.0  # Wednesday 1 April 2026, 00:00 UTC
DAY_S, HOUR_S = 86400.0, 3600.0
COUNTRIES = (
    ("US", -6),
    ("BR", -3),
    ("GB", 0),
    ("DE", 1),
    ("UA", 2),
    ("IN", 6),
    ("VN", 7),
    ("SG", 8),
    ("JP", 9),
    ("AU", 10),
)
RELEASE_DAY = 10.0
PRODUCT = 24  # accounts that use one product's template, each to its need


@dataclass(frozen=True)
class NullWorld:
    """The tables of a case without links: accounts `acct_00000` … in random order, each PRODUCT of them users of one
    product.
    """

    events: pl.LazyFrame
    register: pl.LazyFrame
    accounts: pl.LazyFrame
    sightings: pl.LazyFrame
    names: Sequence[str]

    def judge(self, networks: Mapping[str, Sequence[str]], settings: HallmarkSettings) -> pl.DataFrame:
        """HALLMARKS of networks that somebody drew."""
        rows = [(network, account) for network, accounts in networks.items() for account in accounts]
        members = pl.DataFrame(rows, schema=["network_id", "account_id"], orient="row")
        members = pl.concat([MEMBERS.empty(), members], how="diagonal")
        return run_hallmarks(
            members.lazy(), self.events, self.accounts, self.register, self.sightings, settings
        ).collect()


def random_networks(names: Sequence[str], number: int, size: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """Disjoint sets of accounts drawn by lot."""
    drawn = rng.permutation(np.array(names))[: number * size].reshape(number, size)
    return {f"net_{index:03}": sorted(part.tolist()) for index, part in enumerate(drawn)}


def product_networks(names: Sequence[str], number: int) -> dict[str, list[str]]:
    """The users of the first products."""
    return {f"net_{index:03}": list(names[index * PRODUCT : (index + 1) * PRODUCT]) for index in range(number)}


def make_null_world(accounts: int, seed: int, *, days: float = 21.0, a_day: float = 4.0) -> NullWorld:
    """Independent people and programs: own hours, volume, models, sizes, parameters, errors, cards and ends; templates
    that products and fashions share.
    """
    rng = np.random.default_rng(seed)
    names = [f"acct_{index:05}" for index in range(accounts)]
    born = np.where(rng.random(accounts) < 0.5, -rng.uniform(1, 300, accounts), rng.uniform(0, days - 5, accounts))
    # People ban people between 9 and 17, on days of their choice; who leaves on their own leaves at any time.
    dead = np.where(rng.random(accounts) < 0.4, np.maximum(born, 0) + 2 + rng.uniform(0, days, accounts), np.inf)
    banned = np.isfinite(dead) & (rng.random(accounts) < 0.6)
    dead = np.where(banned, np.floor(np.where(banned, dead, 0.0)) + rng.uniform(9, 17, accounts) / 24, dead)
    home = rng.integers(0, len(COUNTRIES), accounts)
    zone = np.array([hours for _, hours in COUNTRIES], dtype=float)[home] + rng.normal(0, 1, accounts)
    machine = rng.random(accounts) < 0.15  # works at any hour
    rate = a_day * rng.lognormal(-0.5, 1.0, accounts)
    at_s, who = _times(rng, np.maximum(born, 0), np.minimum(dead, days), rate, np.where(machine, np.nan, zone))
    columns = _content(rng, who, at_s, accounts)
    frame = pl.DataFrame({"at_s": at_s, "account_id": np.array(names)[who], **columns})
    frame = _with_retries(frame, rng).with_columns(
        started_at=((pl.col("at_s") + START_S) * 1e6).cast(pl.Int64).cast(TIME),
        source_id=pl.lit(1),
        source_line=pl.int_range(1, pl.len() + 1),
    )
    events = frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(column.dtype).alias(name)
        for name, column in EVENTS.columns.items()
    ).lazy()
    register = _register(rng, names, born, np.where(banned & (dead < days), dead, np.nan), home).lazy()
    described = describe_accounts(events, register, FeatureSettings()).collect().lazy()
    return NullWorld(
        events, register, described, find_sightings(events, register, SightingSettings()).collect().lazy(), names
    )


def _times(rng: np.random.Generator, born: Floats, dead: Floats, rate: Floats, zone: Floats) -> tuple[Floats, Ints]:
    """Sessions at an account's own hours, a geometric number of requests each, sorted by account and time."""
    sessions = rng.poisson(np.maximum(rate * (dead - born) / 3, 0)) + 1
    owner = np.repeat(np.arange(len(rate)), sessions)
    day = np.floor(born[owner] + rng.random(len(owner)) * (dead - born)[owner])
    hour = np.where(
        np.isnan(zone[owner]),
        rng.uniform(0, 24, len(owner)),
        (rng.normal(14, 3, len(owner)) - np.nan_to_num(zone[owner])) % 24,
    )
    start = np.clip(day * DAY_S + hour * HOUR_S, born[owner] * DAY_S, dead[owner] * DAY_S - 1)
    size = rng.geometric(1 / 3, len(owner))
    step = rng.exponential(120.0, size.sum())
    step[np.cumsum(size) - size] = 0.0
    run = np.cumsum(step)
    at_s = np.repeat(start, size) + run - np.repeat(run[np.cumsum(size) - size], size)
    who = np.repeat(owner, size)
    order = np.lexsort((at_s, who))
    return at_s[order], who[order].astype(np.int64)


def _pick(rng: np.random.Generator, weights: Floats, who: Ints) -> Ints:
    """One category an event, by the weights (rows) of its account."""
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return np.asarray((rng.random(len(who))[:, None] > edges[who]).sum(axis=1), dtype=np.int64)


def _content(rng: np.random.Generator, who: Ints, at_s: Floats, accounts: int) -> dict[str, Any]:
    """What each request asks for and how."""
    number = len(who)
    habit = rng.dirichlet([0.5, 0.5, 0.5], accounts)
    model = np.array(["aurora-1", "aurora-2", "aurora-mini"])[np.minimum(_pick(rng, habit, who), 2)]
    adopted = RELEASE_DAY + rng.exponential(2.0, accounts)
    keen = np.where(rng.random(accounts) < 0.6, rng.beta(0.6, 1.2, accounts), 0.0)
    model = np.where((at_s >= adopted[who] * DAY_S) & (rng.random(number) < keen[who]), "aurora-max", model)
    mean = rng.normal(6, 1, accounts)
    # Templates: 0 the product's, 1 one in fashion, 2 the account's own; each account takes the product's and the
    # fashion up at an age of its own.
    share = rng.dirichlet([0.6, 0.4, 0.6], accounts)
    kind = np.minimum(_pick(rng, share, who), 2)
    first = np.full(accounts, np.inf)
    np.minimum.at(first, who, at_s)
    age = rng.exponential(3.0, (2, accounts)) * (rng.random((2, accounts)) < 0.6) * DAY_S
    for index in range(2):
        kind = np.where((kind == index) & (at_s < (first + age[index])[who]), 2, kind)
    fashion = 10_000_000 + np.minimum(rng.zipf(1.5, accounts), 400)
    template = np.choose(kind, [20_000_000 + who // PRODUCT, fashion[who], 30_000_000 + who])
    # Prompts: new, or one of the account's few items.
    again = rng.beta(0.5, 6.0, accounts)
    item = rng.integers(0, 4, number)
    prompt = np.where(
        rng.random(number) < again[who], 1_000_000_000 + (who * 3 + kind) * 4 + item, 2_000_000_000 + np.arange(number)
    )
    combination = rng.integers(0, 12, (accounts, 2))
    chosen = combination[who, (rng.random(number) < 0.2 * rng.random(accounts)[who]).astype(int)]
    asks = np.where(rng.random(accounts) < 0.2, rng.random(accounts), 0.0)
    return {
        "request_model": model,
        "input_tokens": rng.lognormal(mean[who], 0.6, number).astype(np.int64),
        "output_tokens": rng.lognormal(mean[who] - 1, 0.6, number).astype(np.int64),
        "latency_ms": rng.lognormal(8, 0.7, number),
        "status_code": np.where(rng.random(number) < 0.04, rng.choice([429, 500, 529, 403], number), 200),
        "template_hash": template,
        "prompt_hash": prompt,
        "max_tokens": np.array([256, 512, 1024, 4096])[chosen % 4],
        "temperature": np.array([0.0, 0.7, 1.0])[chosen % 3],
        "stream": chosen % 2 == 0,
        "content_flags": (rng.random(number) < asks[who]).astype(np.int64),
        "client_country": None,
        "user_agent": np.array([f"agent/{n}" for n in range(40)])[np.minimum(rng.zipf(1.6, accounts), 40)[who] - 1],
        "client_family": "agent",
        "client_address": np.array([f"10.{n // 250}.{n % 250}.1" for n in range(accounts)])[
            rng.integers(0, accounts, accounts)[who]
        ],
        "device_id": np.array([f"device-{n}" for n in range(accounts)])[
            np.where(rng.random(accounts) < 0.9, np.arange(accounts), rng.integers(0, accounts, accounts))[who]
        ],
    }


def _with_retries(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """A third of what fails is sent again by the same account a little later."""
    failed = frame.filter((pl.col("status_code") >= 400) & pl.Series(rng.random(len(frame)) < 1 / 3))
    again = failed.with_columns(
        at_s=pl.col("at_s") + pl.Series(rng.exponential(30.0, len(failed))),
        status_code=pl.lit(200).cast(frame.schema["status_code"]),
    )
    return pl.concat([frame, again]).sort("at_s", "account_id")


def _register(rng: np.random.Generator, names: Sequence[str], born: Floats, banned: Floats, home: Ints) -> pl.DataFrame:
    """Accounts with plans, cards (one in ten shared), countries (one in ten not where they work), bans."""
    number = len(names)
    card = np.where(rng.random(number) < 0.9, np.arange(number), rng.integers(0, number, number))
    country = np.where(rng.random(number) < 0.9, home, rng.integers(0, len(COUNTRIES), number))
    stamp = {
        name: pl.Series(np.where(np.isfinite(value), START_S + np.nan_to_num(value) * DAY_S, -1) * 1e6).cast(pl.Int64)
        for name, value in {"created_at": born, "banned_at": banned}.items()
    }
    frame = pl.DataFrame(
        {
            "account_id": names,
            **stamp,
            "country": np.array([code for code, _ in COUNTRIES])[country],
            "payment_id": [f"card-{n}" for n in card],
            "limit_per_day": rng.choice([200.0, 2000.0, 20000.0], number),
        }
    ).with_columns(pl.when(pl.col(name) >= 0).then(pl.col(name).cast(TIME)).alias(name) for name in stamp)
    return (
        pl.concat([REGISTER.empty(), frame], how="diagonal_relaxed")
        .select(REGISTER.schema.names())
        .cast(REGISTER.schema)
    )
