"""What a network took and what that stands for: its list price, what its operator plausibly paid, and the work of
machines behind it. Every number that is not measured is an assumption of the price file and is listed as one.
"""

from __future__ import annotations

import fnmatch
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.schema import USED
from forensics.reports.facts.impact import TOKEN_COLUMNS, load_prices, measure_impact, read_price_file, token_counts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from forensics.common.schema import Tables
    from forensics.reports.facts.impact import Prices
    from forensics.reports.facts.model import Impact

MONTH_DAYS = 30
_SECTIONS = {
    "account": ("card", "set_up"),
    "relay": ("share",),
    "compute": ("output_tokens_per_gpu_s", "input_tokens_per_gpu_s", "gpu_hour"),
}
_WAY = ("cost_low", "cost_high", "days_low", "days_high")


@dataclass(frozen=True)
class Plan:
    """What an account of a plan pays, and what it is given."""

    match: str
    monthly: float
    credit: float
    metered: bool  # what it uses beyond its credit is billed at list price


@dataclass(frozen=True)
class Way:
    """Another way to a model that can do what was asked for."""

    title: str
    cost_low: float
    cost_high: float
    days_low: float
    days_high: float


@dataclass(frozen=True)
class Assumptions:
    """What the price file says beside prices; None where it does not."""

    plans: tuple[Plan, ...]
    card: float | None
    set_up: float | None
    relay_share: float | None
    output_rate: float | None  # tokens a GPU writes a second
    input_rate: float | None
    gpu_hour: float | None
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Cost:
    """What one network took and what that stands for; None where it cannot be assessed."""

    network_id: str
    name: str
    impact: Impact
    account_count: int
    span_days: float
    value_by: tuple[tuple[str, float], ...]  # kind of token, list price
    card_count: int
    plan_fees: float
    unplanned_count: int  # accounts whose plan is not known or has no entry
    credit: float  # taken from free credit, at list price
    metered: float  # billed by token beyond it, at list price
    account_fees: float | None  # cards, mailboxes, exits
    relay_price: float | None  # what relays ask for as much
    gpu_hours: float | None
    gpu_cost: float | None
    one_account_days: float | None  # one account at its limit a day would need

    @property
    def paid_low(self) -> float:
        """If nothing that is billed by token was ever paid: trials, stolen or empty cards."""
        return self.plan_fees + (self.account_fees or 0.0)

    @property
    def paid_high(self) -> float:
        """If every bill was paid."""
        return self.paid_low + self.metered


def load_assumptions(path: Path | None = None) -> Assumptions:
    """What the price file says of plans, accounts, relays, machines and other ways.

    Raises: UsageError for an entry that cannot be read.
    """
    given, where = read_price_file(path)
    numbers = {name: _section(given, name, keys, where) for name, keys in _SECTIONS.items()}
    for name in ("plan", "way"):
        if not isinstance(given.get(name, []), list):
            raise UsageError(f"{where}: {name} must be [[{name}]] tables")
    return Assumptions(
        tuple(
            _plan(item, f"{where}: [[plan]] number {number}") for number, item in enumerate(given.get("plan", ()), 1)
        ),
        numbers["account"].get("card"),
        numbers["account"].get("set_up"),
        numbers["relay"].get("share"),
        numbers["compute"].get("output_tokens_per_gpu_s"),
        numbers["compute"].get("input_tokens_per_gpu_s"),
        numbers["compute"].get("gpu_hour"),
        tuple(_way(item, f"{where}: [[way]] number {number}") for number, item in enumerate(given.get("way", ()), 1)),
    )


def _section(given: dict[str, Any], name: str, keys: Sequence[str], where: str) -> dict[str, float]:
    table = given.get(name, {})
    if not isinstance(table, dict) or set(table) - set(keys):
        raise UsageError(f"{where}: [{name}] takes {', '.join(keys)}")
    return {key: _number(table[key], f"{where}: {name}.{key}") for key in table}


def _number(value: Any, where: str) -> float:  # noqa: ANN401 - straight from TOML
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0 or math.isinf(value):
        raise UsageError(f"{where} = {value!r} is no number from 0 on")
    return float(value)


def _plan(item: Any, where: str) -> Plan:  # noqa: ANN401 - straight from TOML
    known = {"match", "monthly", "credit", "metered"}
    if not isinstance(item, dict) or not isinstance(item.get("match"), str) or set(item) - known:
        raise UsageError(f"{where}: needs match, and takes {', '.join(sorted(known))}")
    monthly, credit = (_number(item.get(name, 0.0), f"{where}: {name}") for name in ("monthly", "credit"))
    return Plan(item["match"], monthly, credit, metered=item.get("metered") is True)


def _way(item: Any, where: str) -> Way:  # noqa: ANN401 - straight from TOML
    if not isinstance(item, dict) or set(item) != {"title", *_WAY} or not isinstance(item["title"], str):
        raise UsageError(f"{where}: needs title, {', '.join(_WAY)}")
    return Way(item["title"], *(_number(item[name], f"{where}: {name}") for name in _WAY))


def measure_costs(
    tables: Tables,
    prices: Prices | None = None,
    assumed: Assumptions | None = None,
    networks: Sequence[str] | None = None,
) -> tuple[Cost, ...]:
    """What each finding took, or each of `networks`; by rank.

    In:    EVENTS, REGISTER, MEMBERS, NETWORKS.
    """
    prices, assumed = prices or load_prices(), assumed or load_assumptions()
    ranked = tables.scan("networks").sort("rank").collect()
    chosen = ranked.filter("alert") if networks is None else ranked.filter(pl.col("network_id").is_in(list(networks)))
    own = tables.scan("members").filter(pl.col("role").fill_null("") != USED).select("network_id", "account_id")
    own = own.filter(pl.col("network_id").is_in(chosen["network_id"].to_list()))
    events = tables.scan("events")
    counts, totals, lives = pl.collect_all(
        [
            token_counts(events.join(own, on="account_id")),
            events.select(
                pl.len(), pl.col("output_tokens").cast(pl.UInt64).sum(), pl.col("output_tokens").count().alias("known")
            ),
            events.join(own, on="account_id")
            .group_by("network_id", "account_id")
            .agg(days=(pl.col("started_at").max() - pl.col("started_at").min()).dt.total_seconds() / 86_400),
        ]
    )
    register = tables.scan("register").select("account_id", "plan", "payment_id", "limit_per_day")
    held = register.unique("account_id", keep="first").collect()
    count, out, known = totals.row(0)
    whole = (int(count), int(out) if known else None)
    return tuple(
        _cost(
            row,
            counts.filter(pl.col("network_id") == row["network_id"]),
            lives.filter(pl.col("network_id") == row["network_id"]).join(held, on="account_id", how="left"),
            (prices, assumed, whole),
        )
        for row in chosen.iter_rows(named=True)
    )


def _cost(
    row: dict[str, Any],
    counts: pl.DataFrame,
    lives: pl.DataFrame,
    given: tuple[Prices, Assumptions, tuple[int, int | None]],
) -> Cost:
    prices, assumed, whole = given
    impact = measure_impact(counts, prices, whole, row["limit_multiple"])
    valued = _value_accounts(counts, prices)
    by_kind = [(name, float(valued[name].sum())) for name in TOKEN_COLUMNS]
    fees, credit, metered, unplanned = _bill(lives.join(valued, on="account_id", how="left"), assumed)
    cards = lives["payment_id"].drop_nulls().n_unique()
    each = (
        None
        if assumed.card is None and assumed.set_up is None
        else (cards * (assumed.card or 0.0) + lives.height * (assumed.set_up or 0.0))
    )
    hours = _gpu_hours(impact, assumed)
    limit = lives["limit_per_day"].median()
    return Cost(
        row["network_id"],
        row["name"] or row["network_id"],
        impact,
        lives.height,
        row["span_days"] or 0.0,
        tuple(by_kind) if impact.value is not None else (),
        cards,
        fees,
        unplanned,
        credit,
        metered,
        each,
        None if assumed.relay_share is None or impact.value is None else impact.value * assumed.relay_share,
        hours,
        None if hours is None or assumed.gpu_hour is None else hours * assumed.gpu_hour,
        impact.exchanges / float(limit) if isinstance(limit, int | float) and limit > 0 else None,
    )


def _value_accounts(counts: pl.DataFrame, prices: Prices) -> pl.DataFrame:
    """One row per account: list price by kind of token, and their sum as `value`."""
    listed = {model: prices.of(model) for model in counts["request_model"].unique()}
    rates = [
        {"request_model": model, **{f"{name}_rate": getattr(price, name) if price else 0.0 for name in TOKEN_COLUMNS}}
        for model, price in listed.items()
    ]
    schema = {"request_model": pl.String, **{f"{name}_rate": pl.Float64 for name in TOKEN_COLUMNS}}
    priced = counts.join(pl.DataFrame(rates, schema=schema), on="request_model", nulls_equal=True)
    return (
        priced.group_by("account_id")
        .agg((pl.col(name).fill_null(0) * pl.col(f"{name}_rate") / 1e6).sum().alias(name) for name in TOKEN_COLUMNS)
        .with_columns(value=pl.sum_horizontal(*TOKEN_COLUMNS))
        .sort("account_id")
    )


def _bill(lives: pl.DataFrame, assumed: Assumptions) -> tuple[float, float, float, int]:
    """Plan fees, list price taken from credit, list price billed beyond it, accounts without a known plan."""
    fees = credit = metered = 0.0
    unplanned = 0
    for name, days, value in (
        lives.select("plan", "days", pl.col("value").fill_null(0.0)).sort("plan", "days", "value").iter_rows()
    ):
        plan = next(
            (one for one in assumed.plans if name and fnmatch.fnmatchcase(name.lower(), one.match.lower())), None
        )
        if plan is None:
            unplanned += 1
            continue
        fees += plan.monthly * max(1, math.ceil(days / MONTH_DAYS))
        credit += min(value, plan.credit)
        metered += max(value - plan.credit, 0.0) if plan.metered else 0.0
    return fees, credit, metered, unplanned


def _gpu_hours(impact: Impact, assumed: Assumptions) -> float | None:
    if impact.output_tokens is None or not assumed.output_rate:
        return None
    scale = 1.0 / impact.counted_share if impact.counted_share else 1.0
    reading = (impact.input_tokens or 0) / assumed.input_rate if assumed.input_rate else 0.0
    return (impact.output_tokens / assumed.output_rate + reading) * scale / 3600


def cost_frame(costs: Sequence[Cost]) -> pl.DataFrame:
    """One row per network: everything measured and assumed, for machines."""
    rows = [
        {
            "network_id": cost.network_id,
            "name": cost.name,
            "account_count": cost.account_count,
            "exchanges": cost.impact.exchanges,
            "span_days": cost.span_days,
            "input_tokens": cost.impact.input_tokens,
            "output_tokens": cost.impact.output_tokens,
            "counted_share": cost.impact.counted_share,
            "priced_share": cost.impact.priced_share,
            "value": cost.impact.value,
            "value_low": cost.impact.value_low,
            "value_high": cost.impact.value_high,
            **{f"value_{name}": dict(cost.value_by).get(name) for name in TOKEN_COLUMNS},
            "card_count": cost.card_count,
            "plan_fees": cost.plan_fees,
            "unplanned_count": cost.unplanned_count,
            "credit": cost.credit,
            "metered": cost.metered,
            "account_fees": cost.account_fees,
            "paid_low": cost.paid_low,
            "paid_high": cost.paid_high,
            "relay_price": cost.relay_price,
            "gpu_hours": cost.gpu_hours,
            "gpu_cost": cost.gpu_cost,
            "one_account_days": cost.one_account_days,
            "currency": cost.impact.currency,
            "price_date": cost.impact.price_date,
            "price_sample": cost.impact.price_sample,
        }
        for cost in costs
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def way_frame(costs: Sequence[Cost], assumed: Assumptions) -> pl.DataFrame:
    """One row per network and way to such a model: what it costs and how long it takes; the case's own numbers marked.

    Out:   network_id, name, way, cost_low, cost_high, days_low, days_high, basis (measured or assumed).
    """
    rows: list[tuple[object, ...]] = []
    for cost in costs:
        head = (cost.network_id, cost.name)
        rows += [
            (*head, way.title, way.cost_low, way.cost_high, way.days_low, way.days_high, "assumed")
            for way in assumed.ways
        ]
        value = cost.impact
        days = cost.one_account_days
        rows.append(
            (
                *head,
                "distil, paying list price with one account",
                value.value_low or value.value,
                value.value_high or value.value,
                days,
                days,
                "measured",
            )
        )
        rows.append(
            (
                *head,
                "extract, as these accounts did",
                cost.paid_low,
                cost.paid_high,
                cost.span_days,
                cost.span_days,
                "measured",
            )
        )
    names = ("network_id", "name", "way", "cost_low", "cost_high", "days_low", "days_high", "basis")
    types = (pl.String, pl.String, pl.String, *[pl.Float64] * 4, pl.String)
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
