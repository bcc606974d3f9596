"""What networks took and what that stands for, as a sheet: every assumption is printed beside what rests on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.printable import printable
from forensics.reports.facts.sheet import Grid, Row, Section, Sheet, Text
from forensics.reports.wording.figures import NBSP, count, days, large, number, plural, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.reports.facts.costs import Assumptions, Cost

TOKEN_NAMES = {"input": "read", "output": "written", "cache_read": "read from cache", "cache_write": "written to cache"}
LIMITS = (
    (
        "What an operator paid is not in the logs: the lower end takes every bill by token as unpaid, the upper end as "
        "paid."
    ),
    "Days of machines and other ways to a model are the price file's assumptions, with this case's numbers put in.",
    "List price is what the service asks, not what it costs to serve, and not what the answers are worth to anybody.",
)


def cost_sheet(costs: Sequence[Cost], assumed: Assumptions, ways: pl.DataFrame) -> Sheet:
    """The sheet."""
    sections = [_network(cost, ways) for cost in costs]
    sections.append(Section("Assumptions", tuple(_assumptions(costs, assumed))))
    total = sum(cost.impact.value or 0.0 for cost in costs)
    currency = costs[0].impact.currency if costs else ""
    lead = (
        f"{plural(len(costs), 'finding')} took about {_money(total, currency)} at list price."
        if costs
        else "No finding."
    )
    return Sheet("what was taken", lead, tuple(sections if costs else ()), LIMITS if costs else ())


def _money(value: float | None, currency: str) -> str:
    return "–" if value is None else f"{number(value)}{NBSP}{printable(currency)}"


def _span(low: float | None, high: float | None, currency: str) -> str:
    if low is None or high is None:
        return "–"
    if abs(high - low) < 0.005:
        return _money(low, currency)
    write = large if high >= 1e6 else number
    return f"{write(low)} – {write(high)}{NBSP}{printable(currency)}"


def _network(cost: Cost, ways: pl.DataFrame) -> Section:
    i, currency = cost.impact, cost.impact.currency
    tokens = (
        "" if i.output_tokens is None else f", {large(i.input_tokens)} tokens read and {large(i.output_tokens)} written"
    )
    who = plural(cost.account_count, "account")
    facts = f"{plural(i.exchanges, 'request')} of {who} in {days(cost.span_days)}{tokens}."
    rows = [_value_row(cost)]
    rows += [
        Row((f"   tokens {TOKEN_NAMES[name]}", _money(value, currency), "list price"))
        for name, value in cost.value_by
        if value
    ]
    rows.append(Row(("operator paid, plausibly", _span(cost.paid_low, cost.paid_high, currency), _paid_basis(cost))))
    rows.append(Row(("   taken from free credit", _money(cost.credit, currency), "at list price, credit of the plans")))
    if cost.relay_price is not None:
        rows.append(
            Row(("   what relays ask for as much", _money(cost.relay_price, currency), "a share of list price"))
        )
    if cost.gpu_hours is not None:
        machine = f"{number(cost.gpu_hours / 24)} GPU-days"
        price = "" if cost.gpu_cost is None else f", {_money(cost.gpu_cost, currency)}"
        rows.append(Row(("work of machines", machine + price, "tokens over assumed rates")))
    amounts = Grid(("", "amount", "rests on"), (False, True, False), tuple(rows))
    return Section(printable(cost.name, 60), (Text(facts), amounts, _comparison(cost, ways)))


def _comparison(cost: Cost, ways: pl.DataFrame) -> Grid:
    """Train, distil, extract: what each costs and how long it takes."""
    told = ways.filter(pl.col("network_id") == cost.network_id)
    table = tuple(
        Row(
            (
                printable(row["way"], 46),
                _span(row["cost_low"], row["cost_high"], cost.impact.currency),
                _days(row["days_low"], row["days_high"]),
                row["basis"],
            )
        )
        for row in told.iter_rows(named=True)
    )
    heads = ("way to such answers", "cost", "time", "basis")
    return Grid(heads, (False, True, True, False), table, title="Train, distil, extract")


def _value_row(cost: Cost) -> Row:
    i = cost.impact
    if i.value is None:
        return Row(("list price", "–", "no token counts in these logs, or no price"))
    basis = f"prices of {i.price_date}, {share(i.priced_share)} of tokens priced"
    if i.value_low is not None and i.value_high is not None:
        basis += f"; {share(i.counted_share)} of requests counted, 95 % {number(i.value_low)}–{number(i.value_high)}"
    return Row(("list price", _money(i.value, i.currency), basis))


def _paid_basis(cost: Cost) -> str:
    parts = [f"plans {number(cost.plan_fees)}"]
    if cost.account_fees is not None:
        parts.append(f"{plural(cost.card_count, 'card')} and set-up {number(cost.account_fees)}")
    parts.append(f"billed by token up to {number(cost.metered)}")
    if cost.unplanned_count:
        parts.append(f"{plural(cost.unplanned_count, 'account')} of unknown plan")
    return ", ".join(parts)


def _days(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "–"
    return days(low) if abs(high - low) < 0.05 else f"{days(low)} – {days(high)}"


def _assumptions(costs: Sequence[Cost], assumed: Assumptions) -> list[Text | Grid]:
    rows = (*_plans(assumed), *_rates(assumed), *_ways(assumed))
    grid = Grid(("assumed", "value", "meaning"), (False, True, False), rows)
    if not any(cost.impact.price_sample for cost in costs):
        return [grid]
    told = "Prices and assumptions are the sample that comes with the tool, not yours: give your own with --prices."
    return [Text(told, "Sample"), grid]


def _plans(assumed: Assumptions) -> list[Row]:
    return [
        Row(
            (
                f"plan {printable(plan.match, 20)}",
                f"{number(plan.monthly)} a month, credit {number(plan.credit)}",
                "billed by token beyond it" if plan.metered else "nothing beyond it",
            )
        )
        for plan in assumed.plans
    ]


def _rates(assumed: Assumptions) -> list[Row]:
    return [
        Row((title, "not given" if value is None else number(value), meaning))
        for title, value, meaning in (
            ("each card", assumed.card, "paid by the operator"),
            ("each account", assumed.set_up, "mailbox, exit, number"),
            ("relays ask", assumed.relay_share, "of list price"),
            ("tokens written by a GPU a second", assumed.output_rate, "of a model of this kind, in a batch"),
            ("tokens read by a GPU a second", assumed.input_rate, "likewise"),
            ("a GPU's hour", assumed.gpu_hour, "rented"),
        )
    ]


def _ways(assumed: Assumptions) -> list[Row]:
    return [
        Row(
            (
                printable(way.title, 40),
                f"{large(way.cost_low)} – {large(way.cost_high)}",
                f"{count(way.days_low)}–{count(way.days_high)} days",
            )
        )
        for way in assumed.ways
    ]
