"""What networks are after, against planted truth: rules as data, shares, intervals, pivots, probes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from made_case import FrameCase
from made_channels import START, at_day, described, fitted, stamps

from forensics.common.errors import UsageError
from forensics.common.schema import CONTENT_FLAGS
from forensics.defences.probes import find_beginnings, find_scaled
from forensics.defences.rules import capability_columns, check_rules, load_rules
from forensics.defences.targets import (
    count_requests,
    daily_shares,
    find_pivots,
    measure_mix,
    measure_shapes,
)
from forensics.reports.facts.target_sheet import Harvest, check_sheet, target_sheet

REASONING, CODE = CONTENT_FLAGS["reasoning"], CONTENT_FLAGS["code"]
RULE = '[[capability]]\nname = "a"\n'


def test_shipped_rules_pass_their_own_examples() -> None:
    """Every example of the rules that come with the tool counts, every counterexample does not, and each rule has both."""
    rules = load_rules()
    assert [item for item in check_rules(rules) if not item.passes] == []
    assert all(rule.examples and rule.counterexamples for rule in rules)
    assert {"reasoning", "coding", "tools", "grading", "rewriting", "long_horizon", "languages"} == {
        rule.name for rule in rules
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense = [", "not valid TOML"),
        ("", "needs"),
        ("[[capability]]\ntitle = 'x'", "number 1: needs a name"),
        (RULE, "says nothing to look for"),
        (RULE + 'flags = ["no_such"]', "there is no flag 'no_such'"),
        (RULE + 'words = ["("]', "no regular expression"),
        (RULE + "when = [{ input_tokens_most = 3 }]", "input_tokens_most = 3 is no limit"),
        (RULE + "when = [{ tools = 1 }]", "tools = 1 is no limit"),
        (RULE + 'word = ["x"]', "word is unknown"),
        (RULE + 'flags = ["code"]\n' + RULE + 'flags = ["code"]', "a is there twice"),
        (RULE + 'flags = "code"', "must be a list"),
    ],
)
def test_faults_of_rules_are_told(text: str, told: str) -> None:
    """Whatever is no rule is refused with the place and the fault."""
    with pytest.raises(UsageError, match=told.replace("(", r"\(")):
        load_rules(text, "mine.toml")


def test_a_wrong_example_is_told() -> None:
    """An example that its rule does not catch fails the check and is shown."""
    rules = load_rules(RULE + 'words = ["tax"]\nexamples = ["tax return", "salary"]\ncounterexamples = ["a tax"]')
    checked = check_rules(rules)
    assert [item.passes for item in checked] == [True, False, False]
    sheet = check_sheet(rules, checked)
    assert "2 wrong" in sheet.lead.replace("\u00a0", " ")


def _columns(text: str, **columns: list[object]) -> list[bool | None]:
    frame = pl.DataFrame(columns, strict=False)
    return frame.select(capability_columns(load_rules(text), frame.columns)).to_series().to_list()


def test_a_base_that_cannot_be_looked_at_is_no_no() -> None:
    """Without text a rule of words is null, with text it answers; where another base answers no, it is no."""
    words = RULE + 'words = ["tax"]\n'
    assert _columns(words, prompt_text=["my TAX", "rent", None]) == [True, False, None]
    both = words + 'flags = ["code"]'
    assert _columns(both, prompt_text=[None, "tax", None], content_flags=[0, 0, None]) == [False, True, None]
    assert _columns(RULE + 'flags = ["code"]', content_flags=[CODE, REASONING, None]) == [True, False, None]


def test_shapes_must_hold_together_or_another_must() -> None:
    """Limits of one entry all hold, or those of another do."""
    text = RULE + "when = [{ message_count_min = 20 }, { input_tokens_min = 100, output_tokens_max = 5 }]"
    got = _columns(
        text, message_count=[20, 1, 1, None], input_tokens=[1, 100, 100, None], output_tokens=[9, 5, 6, None]
    )
    assert got == [True, True, False, None]


def planted(
    seed: int, *, members: int = 30, others: int = 80, pivot: int | None = None, text: bool = True
) -> FrameCase:
    """A network of which 60 % of requests ask for reasoning (20 % from `pivot` on), others 10 %; 24 days."""
    rng = np.random.default_rng(seed)
    count = members + others
    ids = np.array([f"a{number:03d}" for number in range(count)])
    own = rng.beta(20, 180, count)  # others have tastes of their own, about a tenth
    who = np.repeat(np.arange(count), rng.poisson(70, count) + 1)
    day = rng.uniform(0, 24, len(who))
    late = pivot is not None and (day >= pivot)
    chance = np.where(who < members, np.where(late, 0.2, 0.6), own[who])
    flags = np.where(rng.random(len(who)) < chance, REASONING, 0)
    events = fitted(
        "events",
        pl.DataFrame(
            {
                "started_at": stamps(day),
                "account_id": ids[who],
                "content_flags": flags if text else [None] * len(who),
                "request_model": np.where(who % 3 == 0, "m-large", "m-small"),
                "platform": "direct",
                "input_tokens": np.where(who < members, 1000, 800),
                "output_tokens": np.where(who < members, 900, 90),
                "status_code": 200,
                "source_id": 1,
                "source_line": np.arange(len(who)) + 1,
            }
        ).sort("started_at"),
    )
    register = fitted("register", pl.DataFrame({"account_id": ids}))
    tables = {
        "events": events,
        "register": register,
        "accounts": fitted("accounts", described(events, register)),
        "members": fitted("members", pl.DataFrame({"network_id": "net", "account_id": ids[:members], "role": "core"})),
        "networks": fitted(
            "networks", pl.DataFrame({"network_id": ["net"], "name": ["heron"], "alert": [True], "rank": [1]})
        ),
    }
    return FrameCase(tables)


def test_shares_are_counted_by_hand() -> None:
    """The share of a capability is what a count over the events gives, in the network and outside it."""
    case = planted(1)
    rules = load_rules()
    row = measure_mix(count_requests(case, rules), rules).filter(pl.col("capability") == "reasoning").row(0, named=True)
    events = case.tables["events"].with_columns(inside=pl.col("account_id") < "a030", hit=pl.col("content_flags") > 0)
    assert row["hit_count"] == events.filter("inside")["hit"].sum()
    assert row["share"] == pytest.approx(events.filter("inside")["hit"].mean())
    assert row["population_share"] == pytest.approx(events.filter(~pl.col("inside"))["hit"].mean())
    assert row["low"] < 0.6 < row["high"]
    assert row["lift"] == pytest.approx(row["share"] / row["population_share"])


def test_intervals_reckon_with_tastes_of_accounts() -> None:
    """95 % intervals of the others' share, whose accounts have tastes of their own, hold the truth (a tenth) in at least
    87 of 100 worlds; an interval that took every request for itself would be narrower.
    """
    held = narrower = 0
    rules = [rule for rule in load_rules() if rule.name == "reasoning"]
    for seed in range(100):
        case = planted(seed, members=5, others=40)
        row = measure_mix(count_requests(case, rules), rules).row(0, named=True)
        held += row["population_low"] <= 0.1 <= row["population_high"]
        size = case.tables["events"].filter(pl.col("account_id") >= "a005").height
        narrower += row["population_high"] - row["population_low"] > 2 * 1.96 * (0.09 / size) ** 0.5
    assert held >= 87
    assert narrower >= 75


def test_a_pivot_is_found_on_its_day() -> None:
    """A share that falls from 60 to 20 % on day 14 is told with that day, in ten of ten worlds."""
    rules = load_rules()
    for seed in range(10):
        pivots = find_pivots(daily_shares(count_requests(planted(seed, pivot=14), rules), rules))
        mine = pivots.filter(pl.col("name") == "reasoning")
        assert mine["day"].to_list() == [(START + timedelta(days=14)).date()]
        assert mine["before"].item() == pytest.approx(0.6, abs=0.05)
        assert mine["after"].item() == pytest.approx(0.2, abs=0.05)


def test_no_pivot_where_nothing_moves() -> None:
    """In worlds without a pivot at most one in forty series is told to have one."""
    rules = load_rules()
    found = sum(find_pivots(daily_shares(count_requests(planted(seed), rules), rules)).height for seed in range(20))
    assert found <= 1


def test_by_model_adds_up() -> None:
    """Requests by model add up to all requests of the network."""
    case, rules = planted(2), load_rules()
    counts = count_requests(case, rules)
    whole = measure_mix(counts, rules).filter(pl.col("capability") == "reasoning")["request_count"].item()
    by_model = measure_mix(counts, rules, ("request_model",)).filter(pl.col("capability") == "reasoning")
    assert by_model["request_count"].sum() == whole
    assert by_model["population_share"].null_count() == 0


def test_without_text_it_is_said_what_cannot_be_said() -> None:
    """Without text no share of a subject is told, the sheet says so, and sizes and ratios still stand."""
    case, rules = planted(3, text=False), load_rules()
    counts = count_requests(case, rules)
    mix = measure_mix(counts, rules)
    assert mix.filter(pl.col("capability").is_in(["reasoning", "coding", "grading", "rewriting"])).is_empty()
    shapes = measure_shapes(case, counts)
    inside = shapes.filter(pl.col("network_id") == "net").row(0, named=True)
    assert inside["output_ratio"] == pytest.approx(0.9)
    assert inside["text_share"] == 0.0
    daily = daily_shares(counts, rules)
    more = {"pivots": find_pivots(daily), "begun": find_beginnings(case, counts), "scaled": find_scaled(case, counts)}
    harvest = Harvest(rules, mix, measure_mix(counts, rules, ("request_model",)), daily, shapes=shapes, **more)
    assert "came without text" in " ".join(target_sheet(harvest, {"net": "heron"}).limits)


def probing(*, scaled_day: float = 12.0) -> FrameCase:
    """A network of 30 whose three scouts try 12 templates from day 9 on; from day 12 on all send one of them."""
    rng = np.random.default_rng(4)
    rows = [(0.1 + 0.2 * number, f"b{number:02d}", 900 + number, 200) for number in range(40)]  # others, from day 0 on
    for template in range(100, 112):
        rows += [
            (9.0 + 3.0 * rng.random(), f"a{rng.integers(0, 3):03d}", template, 200 if rng.random() < 0.5 else 400)
            for _ in range(6)
        ]
    rows += [(9.1, "a000", 105, 200)]
    for number in range(30):
        rows += [(scaled_day + 8 * rng.random(), f"a{number:03d}", 105, 200) for _ in range(20)]
    events = pl.DataFrame(rows, schema=["day", "account_id", "template_hash", "status_code"], orient="row")
    events = events.with_columns(
        started_at=stamps(events["day"].to_numpy()), platform=pl.lit("direct"), source_id=1, source_line=1
    ).sort("started_at")
    register = pl.DataFrame({"account_id": events["account_id"].unique().sort()})
    held = fitted("events", events.drop("day"))
    ids = [f"a{number:03d}" for number in range(30)]
    return FrameCase(
        {
            "events": held,
            "register": fitted("register", register),
            "accounts": fitted("accounts", described(held, fitted("register", register))),
            "members": fitted("members", pl.DataFrame({"network_id": "net", "account_id": ids, "role": "core"})),
            "networks": fitted("networks", pl.DataFrame({"network_id": ["net"], "alert": [True], "rank": [1]})),
        }
    )


def test_probe_then_scale_is_told_with_its_dates() -> None:
    """The template that was tried from day 9 on three accounts and spread on day 12 is told so, with eleven dropped."""
    case, rules = probing(), load_rules()
    scaled = find_scaled(case, count_requests(case, rules))
    assert scaled.height == 1
    row = scaled.row(0, named=True)
    assert row["template"] == f"{105:016x}"
    assert at_day(9) <= row["first_at"] < at_day(9.2)
    assert row["scaled_at"] == at_day(12)
    assert row["probe_account_count"] == 3
    assert row["dropped_count"] == 11
    begun = find_beginnings(case, count_requests(case, rules)).row(0, named=True)
    assert begun["scaled_at"] == at_day(12)
    assert begun["probe_template_count"] == 12
    assert begun["kept_template_count"] == 1
    assert begun["probe_error_share"] == pytest.approx(0.5, abs=0.15)
    assert begun["error_share"] == 0.0
    assert not begun["older"]


def test_what_began_before_the_log_is_no_probe() -> None:
    """A template in use since the log's first days is not said to have been tried."""
    case, rules = probing(), load_rules()
    early = case.tables["events"].with_columns(
        started_at=pl.when(pl.col("template_hash") == 105)
        .then(pl.col("started_at") - pl.duration(days=9))
        .otherwise("started_at")
    )
    case.tables["events"] = early.sort("started_at")
    assert find_scaled(case, count_requests(case, rules)).is_empty()


def test_days_are_days() -> None:
    """Daily shares have a row per day of the network, the first on the day of its first request."""
    rules = load_rules()
    daily = daily_shares(count_requests(planted(5), rules), rules)
    mine = daily.filter(pl.col("network_id") == "net", pl.col("name") == "reasoning")
    assert mine["day"].to_list() == [date(2026, 5, 1) + timedelta(days=number) for number in range(24)]
