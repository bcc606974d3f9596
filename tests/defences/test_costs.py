"""What a network took, counted by hand; and a price file that says what it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from made_case import FrameCase, made_case
from made_channels import at_day, fitted

from forensics.common.errors import UsageError
from forensics.reports.facts.cost_sheet import cost_sheet
from forensics.reports.facts.costs import cost_frame, load_assumptions, measure_costs, way_frame
from forensics.reports.facts.impact import load_prices

if TYPE_CHECKING:
    from pathlib import Path

PRICES = """
dated = 2026-05-01
currency = "USD"

[[model]]
match = "m"
input = 1.0
output = 10.0

[[plan]]
match = "trial"
monthly = 0.0
credit = 5.0

[[plan]]
match = "pro*"
monthly = 20.0
credit = 0.0
metered = true

[account]
card = 2.0
set_up = 0.5

[relay]
share = 0.1

[compute]
output_tokens_per_gpu_s = 100.0
input_tokens_per_gpu_s = 1000.0
gpu_hour = 3.0

[[way]]
title = "train"
cost_low = 10.0
cost_high = 20.0
days_low = 1.0
days_high = 2.0
"""


def _case() -> FrameCase:
    """Three accounts of a finding: a trial, a pro for 40 days and one of unknown plan, each with two requests of 1 M
    tokens in and 0.5 M out; one more that is used, and one outside.
    """
    rows = [(name, day, 1_000_000, 500_000) for name in ("a", "b", "c", "u", "z") for day in (0.0, 40.0)]
    events = pl.DataFrame(rows, schema=["account_id", "day", "input_tokens", "output_tokens"], orient="row")
    events = events.with_columns(
        pl.col("day").map_elements(at_day, return_dtype=pl.Datetime("us", "UTC")).alias("started_at"),
        request_model=pl.lit("m"),
        platform=pl.lit("direct"),
        source_id=1,
        source_line=1,
    ).drop("day")
    register = pl.DataFrame(
        {
            "account_id": ["a", "b", "c", "u", "z"],
            "plan": ["trial", "Pro-2", "odd", "pro", "pro"],
            "payment_id": ["k1", "k1", "k2", "k3", "k4"],
            "limit_per_day": [2.0, 2.0, 2.0, 2.0, 2.0],
        }
    )
    members = pl.DataFrame(
        {"network_id": "n", "account_id": ["a", "b", "c", "u"], "role": ["core", "core", "core", "used"]}
    )
    networks = pl.DataFrame({"network_id": ["n"], "name": ["heron"], "rank": [1], "alert": [True], "span_days": [40.0]})
    tables = {"events": events, "register": register, "members": members, "networks": networks}
    return FrameCase({name: fitted(name, frame) for name, frame in tables.items()})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The price file above."""
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


def test_costs_are_those_of_a_sum_by_hand(file: Path) -> None:
    """Six requests of three accounts; the used one counts nowhere.

    List price: 6 M in × 1 + 3 M out × 10 a million = 36, 12 an account. Trial: 5 of its 12 from credit, nothing billed.
    Pro: two months of 20 for 40 days, 12 billed by token. Odd: plan unknown. Two cards at 2 and three set-ups at 0.5.
    Machines: 3 M / 100 + 6 M / 1000 = 36 000 s = 10 h. Six requests at two a day: three days.
    """
    (cost,) = measure_costs(_case(), load_prices(file), load_assumptions(file))
    assert (cost.account_count, cost.impact.exchanges) == (3, 6)
    assert cost.impact.value == pytest.approx(36.0)
    assert dict(cost.value_by) == pytest.approx({"input": 6.0, "output": 30.0, "cache_read": 0.0, "cache_write": 0.0})
    assert (cost.plan_fees, cost.credit, cost.metered, cost.unplanned_count) == pytest.approx((40.0, 5.0, 12.0, 1))
    assert cost.account_fees == pytest.approx(2 * 2.0 + 3 * 0.5)
    assert (cost.paid_low, cost.paid_high) == pytest.approx((45.5, 57.5))
    assert cost.relay_price == pytest.approx(3.6)
    assert cost.gpu_hours == pytest.approx(10.0)
    assert cost.gpu_cost == pytest.approx(30.0)
    assert cost.one_account_days == pytest.approx(3.0)


def test_the_comparison_has_the_cases_own_numbers(file: Path) -> None:
    """Train as assumed, distil at list price with one account, extract at what was plausibly paid."""
    assumed = load_assumptions(file)
    rows = way_frame(measure_costs(_case(), load_prices(file), assumed), assumed).select(
        "cost_low", "cost_high", "days_low", "basis"
    )
    told = [(10.0, 20.0, 1.0, "assumed"), (36.0, 36.0, 3.0, "measured"), (45.5, 57.5, 40.0, "measured")]
    for row, wanted in zip(rows.iter_rows(), told, strict=True):
        assert row[:3] == pytest.approx(wanted[:3])
        assert row[3] == wanted[3]


def test_every_assumption_is_printed(file: Path) -> None:
    """Each number of the price file that a sum rests on stands on the sheet."""
    assumed = load_assumptions(file)
    costs = measure_costs(_case(), load_prices(file), assumed)
    section = cost_sheet(costs, assumed, way_frame(costs, assumed)).sections[-1]
    text = " ".join(cell for part in section.parts for row in getattr(part, "rows", ()) for cell in row.cells)
    for word in ("trial", "pro*", "20 a month", "credit 5", "each card", "0.10", "100", "1 000", "train", "10 – 20"):
        assert word in text.replace("\u00a0", " "), word


def test_what_is_not_given_is_not_assessed(tmp_path: Path) -> None:
    """A price file with prices alone gives a list price, and None for the rest."""
    path = tmp_path / "bare.toml"
    path.write_text(PRICES.split("[[plan]]", maxsplit=1)[0])
    (cost,) = measure_costs(_case(), load_prices(path), load_assumptions(path))
    assert cost.impact.value == pytest.approx(36.0)
    assert (cost.account_fees, cost.relay_price, cost.gpu_hours, cost.gpu_cost) == (None, None, None, None)
    assert cost.unplanned_count == 3


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('[account]\ncard = "two"', "account.card"),
        ("[account]\nmail = 1.0", r"\[account\] takes"),
        ("[[plan]]\nmonthly = 3.0", "needs match"),
        ('[[plan]]\nmatch = "x"\nmonthly = -1.0', "monthly = -1.0"),
        ('[[way]]\ntitle = "x"', "needs title"),
        ("[relay]\nshare = inf", "relay.share"),
    ],
)
def test_faults_of_the_price_file_are_told(tmp_path: Path, wrong: str, told: str) -> None:
    """What cannot be read is refused with its place."""
    path = tmp_path / "prices.toml"
    path.write_text(PRICES.split("[[plan]]", maxsplit=1)[0] + wrong)
    with pytest.raises(UsageError, match=told):
        load_assumptions(path)


def test_no_tokens_no_price() -> None:
    """Logs without token counts give exchanges and no list price, and the sheet says why."""
    case = made_case(accounts=12, others=20, office=3, days=14)
    gone = [
        pl.lit(None, dtype=pl.UInt32).alias(name) for name in ("input_tokens", "output_tokens", "cache_read_tokens")
    ]
    case.tables["events"] = case.tables["events"].with_columns(gone)
    costs = measure_costs(case)
    assert costs[0].impact.value is None
    assert cost_frame(costs)["value"].null_count() == len(costs)
    assumed = load_assumptions()
    text = str(cost_sheet(costs, assumed, way_frame(costs, assumed)))
    assert "no token counts" in text
