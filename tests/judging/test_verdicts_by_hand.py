"""The table of verdicts, its bounds one by one, and what a sign weighs, counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.common.scale import CARRIES
from forensics.common.schema import MEMBERS
from forensics.judging import verdicts, weighing
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.sizes import _bits
from forensics.judging.verdicts import Reason

BIRTHS = {("dependence", "births"): (1.0, "succession")}
LIKE = {("likeness", "sizes"): (1.0, "same_sizes")}
MATERIAL = {("content", family): (1.0, family) for family in ("narrowness", "items", "asked")}


def row(name: str, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of HALLMARKS
    """What weighing looks at of a sign."""
    plugin = find_hallmarks()[name]
    told = {
        "name": name,
        "role": plugin.role,
        "channel": plugin.channel,
        "title": plugin.title,
        "nature": plugin.nature,
    }
    numbers = {"observed": None, "expected": None, "measure": "", "position": None, "p_value": None, "fit": None}
    return {**told, "family": plugin.looks_at, **numbers, "assessable": True, "holds": True, **columns}


@pytest.mark.parametrize(("level", "least"), [("possible", 0.2), ("likely", 0.5), ("strong", 0.85)])
def test_a_level_begins_at_its_probability(level: str, least: float) -> None:
    """From 0.2, 0.5 and 0.85 on and not before; without dependence it ends at possible."""
    below = {"possible": "none", "likely": "possible", "strong": "likely"}[level]
    assert verdicts._level(least, dependent=True) == level
    assert verdicts._level(float(np.nextafter(least, 0)), dependent=True) == below
    assert verdicts._level(least, dependent=False) == "possible"
    assert verdicts._lower(level) == below
    assert verdicts._lower("none") == "none"


def test_an_excuse_grows_from_a_third_to_what_carries() -> None:
    """Nothing up to a fit of a third, everything from CARRIES on, in a straight line between."""
    found = [verdicts._excuse(fit) for fit in (0.0, 1 / 3, (1 / 3 + CARRIES) / 2, CARRIES, 1.0)]
    assert found == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


@pytest.mark.parametrize(
    ("signs", "log_odds", "left", "hides", "sensitivity", "expected"),
    [
        (BIRTHS, 3.0, 1.0, "likely", "normal", ("strong", "strong", True, "")),
        (BIRTHS, 0.0, 1.0, "likely", "normal", ("likely", "likely", True, "")),
        (BIRTHS, 0.0, 1.0, "likely", "low", ("likely", "likely", False, "")),
        (BIRTHS, 3.0, 1.0, "possible", "normal", ("strong", "strong", False, "unhidden")),
        (BIRTHS, 3.0, 1.0, "possible", "high", ("strong", "strong", True, "")),
        (BIRTHS, 3.0, 1.0, "none", "high", ("strong", "strong", False, "unhidden")),
        (BIRTHS, 3.0, 1.0, "open", "high", ("strong", "strong", False, "open")),
        (BIRTHS, 3.0, 0.51, "likely", "normal", ("strong", "strong", True, "")),
        (BIRTHS, 3.0, 0.5, "likely", "normal", ("strong", "possible", False, "explained")),
        (BIRTHS, 3.0, 0.5, "likely", "high", ("strong", "possible", True, "")),
        (BIRTHS, 3.0, 1.0, "unknown", "normal", ("likely", "likely", True, "")),
        (BIRTHS, 0.0, 1.0, "unknown", "normal", ("possible", "possible", False, "")),
        (LIKE, 3.0, 1.0, "likely", "normal", ("possible", "possible", False, "")),
        (LIKE | MATERIAL, 3.0, 1.0, "likely", "normal", ("possible", "possible", False, "alike")),
        (LIKE | MATERIAL, -3.0, 1.0, "likely", "normal", ("none", "none", False, "")),
        (BIRTHS | MATERIAL, 3.0, 1.0, "likely", "normal", ("strong", "strong", True, "")),
    ],
)
def test_the_table_of_verdicts(
    signs: dict[Any, Any],
    log_odds: float,
    left: float,
    hides: str,
    sensitivity: str,
    expected: tuple[str, str, bool, str],
) -> None:
    """One hand × hides × explained: level before a reason and after it, alert, and why it is contested."""
    reason = Reason("a class", {"births": left}) if left < 1 else None
    found = verdicts._decide(signs, log_odds, log_odds, reason, hides, sensitivity)
    assert (found.raw, found.level, found.alert, found.contested) == expected


@pytest.mark.parametrize(
    ("opened", "hidden", "log_odds", "expected"),
    [
        (0, 0, 3.0, "unknown"),
        (0, 0, -3.0, "unknown"),
        (1, 0, 3.0, "open"),
        (1, 1, 3.0, "strong"),
        (1, 1, -1.0, "possible"),
        (2, 1, -1.0, "open"),
        (2, 1, -3.0, "open"),
        (2, 1, 0.0, "likely"),
        (0, 1, 0.0, "likely"),
        (0, 1, -3.0, "none"),
    ],
)
def test_openly_or_hidden(opened: int, hidden: int, log_odds: float, expected: str) -> None:
    """Where nothing hides it is open, or cannot be told; beside what hides two open things are needed, and that it
    looks little like hiding.
    """
    signs = {("openness", str(n)): (1.0, "one_payer") for n in range(opened)}
    signs |= {("concealment", str(n)): (1.0, "many_payers") for n in range(hidden)}
    assert verdicts._hiding(signs, log_odds) == expected


@pytest.mark.parametrize(
    ("held", "pooling", "expected"),
    [
        ((), "strong", "none"),
        (("fresh_items",), "strong", "none"),
        (("elicitation",), "strong", "possible"),
        (("narrow_task",), "strong", "possible"),
        (("elicitation", "fresh_items"), "strong", "possible"),
        (("narrow_task", "fresh_items"), "possible", "possible"),
        (("narrow_task", "fresh_items"), "likely", "likely"),
        (("elicitation", "narrow_task"), "none", "likely"),
        (("elicitation", "narrow_task", "fresh_items"), "possible", "likely"),
        (("elicitation", "narrow_task", "fresh_items"), "likely", "strong"),
        (("elicitation", "narrow_task", "fresh_items"), "strong", "strong"),
    ],
)
def test_the_table_of_extraction(held: tuple[str, ...], pooling: str, expected: str) -> None:
    """By what is asked for, how narrow it is, and whether items are new; one hand raises it, and a sign that does not
    hold adds nothing.
    """
    names = ("elicitation", "narrow_task", "fresh_items")
    assert verdicts._extraction_level([row(name, holds=name in held) for name in names], pooling) == expected


def test_a_channel_pays_for_each_of_its_tests() -> None:
    """The smallest p of a channel times the tests that had one, at most 1; without any p there is nothing to combine."""
    one, other = row("succession", p_value=0.01), row("succession", p_value=0.2)
    assert verdicts._combined([one, other]) == pytest.approx(0.02)
    assert verdicts._combined([one, other, row("succession")]) == pytest.approx(0.02)
    assert verdicts._combined([one, row("turn_taking", p_value=0.5)]) == pytest.approx(
        0.5 - np.arctan((np.tan(0.49 * np.pi) + 0.0) / 2) / np.pi
    )
    assert verdicts._combined([row("succession", p_value=0.9)] * 2) < 1.0
    assert verdicts._combined([row("succession")]) == 1.0


def test_one_innocent_reason_is_believed_the_best() -> None:
    """What two reasons take away does not add up, and a reason that takes nothing is none."""
    signs = {("dependence", family): (1.0, family) for family in ("births", "turns", "exits")}
    before = weighing.weigh(weighing.HAND, signs, 60)[0]
    some = [row("class_or_event", fit=1.0), row("scheduled_jobs", fit=1.0), row("household", fit=0.2)]
    alone = [verdicts._best_reason(signs, 60, [one], before, None) for one in some]
    best, after = verdicts._best_reason(signs, 60, some, before, None)
    assert after == pytest.approx(min(left for _, left in alone))
    assert after < before
    assert best == min(alone, key=lambda one: one[1])[0]
    assert alone[2] == (None, before)


@pytest.mark.parametrize(
    ("observed", "expected", "measure", "size"),
    [
        (None, 0.5, "share", 1.0),
        (0.5, None, "share", 1.0),
        (0.75, 0.15, "share of members", (np.log(3) - np.log(0.15 / 0.85)) / 2),
        (0.15, 0.75, "share of members", (np.log(3) - np.log(0.15 / 0.85)) / 2),
        (0.5, 0.4, "share of members", 1.0),
        (1.0, 0.0, "share of members", 1.5),
        (0.5, 0.0, "share of members", (np.log(0.97) - np.log(0.03)) / 2),
        (30.0, 2.0, "births", np.log(30.9 / 2.9) / 2),
        (2.0, 30.0, "births", np.log(30.9 / 2.9) / 2),
        (-5.0, 30.0, "births", 1.5),
        (0.0, 0.0, "births", 1.0),
    ],
)
def test_a_sign_speaks_by_its_size(observed: float | None, expected: float | None, measure: str, size: float) -> None:
    """Log-odds of shares and log ratios of numbers, over what is usual, between LEAST and LARGEST, either way."""
    assert weighing._size({"observed": observed, "expected": expected, "measure": measure}) == pytest.approx(
        float(np.clip(size, 1.0, 1.5))
    )


def test_a_sign_of_few_members_says_little() -> None:
    """In proportion up to seven in ten members; likeness from half-way on; what does not hold, or was not told, nothing."""
    few, most, all_of = (weighing.strength(row("shared_payment", observed=share)) for share in (0.35, 0.7, 1.0))
    assert [few, most] == pytest.approx([all_of / 2, all_of])
    alike = [weighing.strength(row("same_sizes", position=place)) for place in (0.4, 0.5, 0.75, 1.0, 1.2)]
    assert alike == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])
    assert weighing.strength(row("succession", holds=False)) == 0.0
    assert weighing.strength(row("succession", assessable=False)) == 0.0
    assert weighing.strength(row("succession")) == find_hallmarks()["succession"].weight


def test_weights_add_up() -> None:
    """Intercept, what few accounts take off below five, and each family's weight, or its nature's; openness speaks
    against, and a reason leaves its part.
    """
    model = {"intercept": -1.0, "few": -2.0, "dependence": {"births": 1.5, "other": 0.5}, "openness": {"other": 0.25}}
    weights = {"one_hand": weighing.make_weights(model), "hides": weighing.make_weights(model)}
    signs = {("dependence", "births"): (1.0, "a"), ("dependence", "new"): (0.5, "b"), ("openness", "x"): (1.0, "c")}
    four, shares = weighing.weigh("one_hand", signs, 4, None, weights)
    assert four == pytest.approx(-3.0 + 1.5 + 0.25)
    assert [(share["name"], share["nats"]) for share in shares] == [("a", 1.5), ("b", 0.25)]
    assert weighing.weigh("one_hand", signs, 5, {"births": 0.5}, weights)[0] == pytest.approx(-1.0 + 0.75 + 0.25)
    assert weighing.weigh("hides", signs, 5, None, weights)[0] == pytest.approx(-1.25)


def test_the_strongest_sign_of_a_family_counts() -> None:
    """One of each nature and family, and none that is silent."""
    rows = [row("shared_payment", observed=0.35), row("shared_payment", observed=0.7), row("succession", holds=False)]
    found = weighing.strongest(rows)
    ((strength, name),) = found.values()
    assert (strength, name) == (weighing.strength(rows[1]), "shared_payment")


def test_alerts_come_first_and_contested_ones_next() -> None:
    """Each in the order they had, with ranks from 1."""
    table = pl.DataFrame(
        {
            "network_id": list("abcde"),
            "alert": [False, False, True, False, True],
            "contested": [None, True, False, False, False],
            "rank": [1, 2, 3, 4, 5],
        }
    )
    ranked = verdicts.rank_anew(table)
    assert ranked["network_id"].to_list() == list("cebad")
    assert ranked["rank"].to_list() == [1, 2, 3, 4, 5]


@given(st.lists(st.dictionaries(st.sampled_from(["ip", "template"]), st.integers(1, 9)), min_size=1, max_size=9))
@settings(max_examples=40, deadline=None)
def test_bits_of_a_kind_are_the_median_over_all_members(owed: list[dict[str, int]]) -> None:
    """A member without the kind counts as zero; largest kind first."""
    kinds = [[{"kind": kind, "bits": float(bits)} for kind, bits in one.items()] for one in owed]
    members = pl.DataFrame(
        {"network_id": ["n"] * len(owed), "account_id": [str(n) for n in range(len(owed))], "kinds": kinds},
        schema={name: MEMBERS.schema[name] for name in ("network_id", "account_id", "kinds")},
    )
    shown = {kind for one in owed for kind in one}
    expected = {kind: sorted(one.get(kind, 0) for one in owed)[len(owed) // 2] for kind in shown}
    found = _bits(members.lazy()).collect()
    told = found["kinds"][0].to_list() if found.height else []
    assert {one["kind"]: one["bits"] for one in told} == expected
    assert [one["bits"] for one in told] == sorted(expected.values(), reverse=True)


@pytest.mark.parametrize(
    ("judged", "held", "fitting", "expected"),
    [
        (("none", "none", "none", False, ""), ["even_load"], [], "even load"),
        (("none", "none", "none", False, ""), [], [], "linked, no sign of one operator"),
        (("none", "none", "none", False, ""), ["even_load"], ["a", "b", "c"], "consistent with: a, b"),
        (("possible", "possible", "likely", False, ""), ["even_load"], [], "alike, not shown to be one hand"),
        (("strong", "strong", "likely", True, ""), ["failover"], ["a"], "failed requests come back on another account"),
        (("likely", "likely", "unknown", True, ""), ["failover"], [], ("failed requests come back on another account; "
         "whether it hides cannot be told from what is known of these accounts")),
        (("strong", "strong", "open", False, "open"), ["one_payer"], ["a"], "one operator, openly: one payer"),
        (("strong", "strong", "open", False, "open"), [], [], "one operator, openly: nothing hides it"),
        (("strong", "strong", "none", False, "unhidden"), ["failover"], [], "one hand, and little shows that it hides"),
        (("strong", "none", "likely", False, "explained"), [], ["class"], "strong signs (0.97), explained by class: check"),
    ],
)  # fmt: skip
def test_a_network_in_one_clause(
    judged: tuple[str, str, str, bool, str], held: list[str], fitting: list[str], expected: str
) -> None:
    """What it does if it is a finding or little speaks for it, else why it is none."""
    raw, level, hides, alert, contested = judged
    found = verdicts.Judged(raw, level, hides, Reason("class", {}), False, alert, contested)
    assert verdicts.summarise(found, held, fitting, 0.97) == expected
