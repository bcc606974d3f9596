"""Verdicts: independent lines add up, one innocent explanation withholds an alert."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from forensics.common.errors import UsageError
from forensics.common.schema import ACCOUNTS, EVENTS, HALLMARKS, MEMBERS, NETWORKS, REGISTER
from forensics.common.settings import ScoringSettings
from forensics.judging.sizes import measure_networks
from forensics.judging.verdicts import judge_networks, rank_networks

CHANNELS = {
    "turn_taking": "scheduling",
    "succession": "lifecycle",
    "template_reach": "content",
    "shared_payment": "money",
    "model_pivot": "pivot",
}


def sign(name: str, role: str = "pooling", **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of HALLMARKS
    """One row of HALLMARKS."""
    row: dict[str, Any] = dict.fromkeys(HALLMARKS.columns)
    row.update(
        network_id="net_1",
        name=name,
        role=role,
        channel=CHANNELS.get(name, "other"),
        title=name,
        assessable=True,
        observed=1.0,
        holds=True,
        sentence=name,
        p_value=1e-4,
    )
    return row | columns


def likeness(position: float) -> list[dict[str, Any]]:
    """All four likeness tests at one position."""
    return [
        sign(name, channel="usage", position=position, holds=position >= 0.75)
        for name in ("same_rhythm", "even_load", "same_models", "same_sizes")
    ]


def judge(rows: list[dict[str, Any]], sensitivity: str = "normal") -> dict[str, Any]:
    """The verdict on one network."""
    frame = pl.DataFrame(rows, schema=HALLMARKS.schema)
    return judge_networks(
        frame, pl.DataFrame({"network_id": ["net_1"], "account_count": [60]}), ScoringSettings(sensitivity=sensitivity)
    ).row(0, named=True)


def rank_nothing(settings: ScoringSettings) -> pl.LazyFrame:
    """NETWORKS of an empty case."""
    hallmarks, members, events, accounts, register = (
        table.empty().lazy() for table in (HALLMARKS, MEMBERS, EVENTS, ACCOUNTS, REGISTER)
    )
    return rank_networks(hallmarks, members, events, accounts, register, settings, str)


def test_a_pool_that_takes_turns_and_refills_is_an_alert() -> None:
    """Likeness, scheduling and lifecycle together are strong."""
    verdict = judge([*likeness(1.0), sign("turn_taking"), sign("succession")])
    assert verdict["alert"]
    assert verdict["pooling"] == "strong"


def test_sharing_alone_is_no_alert() -> None:
    """Prompts, cards and clients in common are what offices and platforms have too."""
    verdict = judge([*likeness(0.2), sign("template_reach"), sign("shared_payment")])
    assert not verdict["alert"]


@pytest.mark.parametrize("explanation", ["one_organisation", "tenant_platform", "class_or_event"])
def test_one_explanation_that_carries_withholds_the_alert(explanation: str) -> None:
    """Whatever the signs: a declared organisation is not an evasive operator."""
    rows = [
        *likeness(1.0),
        sign("turn_taking"),
        sign("succession"),
        sign(explanation, "explanation", fit=0.95, p_value=None),
    ]
    verdict = judge(rows)
    assert not verdict["alert"]
    assert verdict["explanations"] == [explanation]


def test_any_one_line_of_evidence_can_be_missing() -> None:
    """No single crutch: a pool with four hard lines stays an alert without any one of them."""
    lines = [sign("turn_taking"), sign("succession"), sign("model_pivot"), sign("template_reach")]
    for left_out in range(len(lines)):
        assert judge([*likeness(0.9), *lines[:left_out], *lines[left_out + 1 :]])["alert"]


def test_what_is_not_assessable_counts_neither_way() -> None:
    """A sign that could not be tested leaves the score as it was."""
    base = judge(likeness(0.9))
    blind = judge([*likeness(0.9), sign("turn_taking", assessable=False, p_value=None)])
    assert blind["score"] == base["score"]


def test_more_sensitivity_never_loses_an_alert() -> None:
    """Low ⊆ normal ⊆ high."""
    for position in (0.3, 0.6, 0.8, 1.0):
        for extra in ([], [sign("template_reach")], [sign("turn_taking")], [sign("turn_taking"), sign("succession")]):
            low, normal, high = (
                judge([*likeness(position), *extra], level)["alert"] for level in ("low", "normal", "high")
            )
            assert low <= normal <= high


def test_extraction_needs_more_than_flags() -> None:
    """Asking for reasoning alone is possible; narrow, new items and a pool make it strong."""
    flags = sign("elicitation", "extraction", channel="elicitation")
    narrow, fresh = (
        sign("narrow_task", "extraction", channel="narrowness"),
        sign("fresh_items", "extraction", channel="items"),
    )
    assert judge([flags])["extraction"] == "possible"
    assert judge([*likeness(1.0), sign("turn_taking"), flags, narrow, fresh])["extraction"] == "strong"
    assert judge([*likeness(1.0), sign("turn_taking")])["extraction"] == "none"


def test_an_unknown_sensitivity_is_a_usage_error() -> None:
    """The message names what there is."""
    with pytest.raises(UsageError, match="sensitivity"):
        rank_nothing(ScoringSettings(sensitivity="max"))


def test_no_networks_is_an_empty_table() -> None:
    """A quiet night has a table too."""
    ranked = rank_nothing(ScoringSettings()).collect()
    assert ranked.is_empty()
    assert NETWORKS.mismatches(ranked.schema) == []


def test_the_median_bits_of_a_kind_count_members_without_it_as_zero() -> None:
    """Of three members two owe 4 and 6 bits to payment, one to templates: medians 4 and 0."""
    kinds = [
        [{"kind": "payment", "bits": 4.0}],
        [{"kind": "payment", "bits": 6.0}],
        [{"kind": "template", "bits": 9.0}],
    ]
    members = pl.DataFrame({"network_id": ["n"] * 3, "account_id": ["a", "b", "c"], "kinds": kinds})
    members = pl.concat([MEMBERS.empty(), members], how="diagonal_relaxed").select(list(MEMBERS.columns))
    accounts = pl.concat(
        [ACCOUNTS.empty(), pl.DataFrame({"account_id": ["a", "b", "c"], "request_count": [1, 2, 3]})],
        how="diagonal_relaxed",
    )
    row = (
        measure_networks(members.lazy(), EVENTS.empty().lazy(), accounts.lazy(), REGISTER.empty().lazy())
        .collect()
        .row(0, named=True)
    )
    assert row["kinds"] == [{"kind": "payment", "bits": 4.0}, {"kind": "template", "bits": 0.0}]
    assert row["request_count"] == 6
