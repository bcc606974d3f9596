"""Verdicts: one hand by dependence only, an alert where it hides, an innocent reason takes away what it would leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from forensics.common.errors import UsageError
from forensics.common.schema import ACCOUNTS, EVENTS, HALLMARKS, MEMBERS, NETWORKS, REGISTER
from forensics.common.settings import ScoringSettings
from forensics.judging.hallmark import find_hallmarks
from forensics.judging.sizes import measure_networks
from forensics.judging.verdicts import judge_networks, rank_networks
from forensics.judging.weighing import chance, read_weights

PLUGINS = find_hallmarks()


def sign(name: str, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of HALLMARKS
    """One row of HALLMARKS."""
    row: dict[str, Any] = dict.fromkeys(HALLMARKS.columns)
    plugin = PLUGINS[name]
    row.update(
        network_id="net_1",
        name=name,
        role=plugin.role,
        nature=plugin.nature,
        family=plugin.looks_at,
        channel=plugin.channel,
        title=plugin.title,
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
        sign(name, position=position, holds=position >= 0.75)
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


ONE_HAND = [sign("turn_taking"), sign("succession"), sign("failover")]
HIDES = [sign("many_payers"), sign("own_exits"), sign("throwaway_mail"), sign("goes_on_after_bans")]
OPEN = [sign("one_payer"), sign("one_egress"), sign("own_domain"), sign("borne_claim")]


def test_one_hand_that_hides_is_an_alert() -> None:
    """Dependence of several kinds and several names for one queue: strong and hidden."""
    verdict = judge([*likeness(1.0), *ONE_HAND, *HIDES])
    assert verdict["alert"]
    assert not verdict["contested"]
    assert verdict["pooling"] == "strong"
    assert verdict["concealment"] in ("likely", "strong")


def test_one_hand_that_is_open_is_listed_and_said_to_be_so() -> None:
    """One payer, egress, domain and organisation: a company, whatever its scheduler does."""
    verdict = judge([*likeness(1.0), *ONE_HAND, *OPEN])
    assert not verdict["alert"]
    assert verdict["contested"]
    assert verdict["pooling"] == "strong"
    assert verdict["concealment"] == "open"
    assert "openly" in verdict["summary"]


def test_where_nothing_that_hides_could_show_it_is_unknown() -> None:
    """A test of openness that fails is no sign of hiding: the level is one lower, and that is said."""
    strong = [sign("turn_taking"), sign("failover"), sign("repeats_elsewhere"), sign("one_egress", holds=False)]
    verdict = judge(strong)
    assert verdict["concealment"] == "unknown"
    assert verdict["pooling"] == "likely"
    assert "cannot be told" in verdict["summary"]
    assert judge([*strong, sign("own_exits")])["pooling"] == "strong"


def test_what_is_open_and_hides_nothing_is_no_alert_whatever_the_weights() -> None:
    """One declared organisation that is borne out is openly one hand, though its exits and domains cannot be told."""
    strong = [sign("turn_taking"), sign("failover"), sign("repeats_elsewhere")]
    verdict = judge([*strong, sign("borne_claim")])
    assert (verdict["alert"], verdict["concealment"], verdict["contested"]) == (False, "open", True)


def test_where_hiding_cannot_be_told_the_level_is_one_lower_and_said() -> None:
    """Neither an accounts file nor addresses: a finding, with the sentence that says what is missing."""
    verdict = judge([*likeness(1.0), *ONE_HAND])
    assert verdict["alert"]
    assert verdict["pooling"] == "likely"
    assert verdict["concealment"] == "unknown"
    assert "cannot be told" in verdict["summary"]


def test_likeness_alone_is_never_more_than_possible() -> None:
    """Users of one program are alike in everything, and pay apart."""
    alike = [*likeness(1.0), sign("template_reach"), sign("one_client"), sign("round_the_clock"), *HIDES]
    verdict = judge(alike)
    assert verdict["pooling"] in ("none", "possible")
    assert not verdict["alert"]
    assert not verdict["contested"]


def test_alike_accounts_that_harvest_are_contested_and_the_reason_is_said() -> None:
    """Their own content, dealt out, asked for as training material: one hand or a published program's users."""
    alike = [*likeness(1.0), sign("template_reach"), sign("one_client"), sign("round_the_clock"), *HIDES]
    verdict = judge([*alike, sign("elicitation"), sign("narrow_task"), sign("fresh_items")])
    assert verdict["pooling"] == "possible"
    assert not verdict["alert"]
    assert verdict["contested"]
    assert "cannot tell" in verdict["summary"]


def test_an_innocent_reason_takes_away_what_it_would_leave_itself() -> None:
    """A class explains births: what is left of births alone is nothing, and the network is contested."""
    signs = [*likeness(0.9), sign("succession"), sign("template_reach"), *HIDES[:3]]
    bare = judge(signs)
    explained = judge([*signs, sign("class_or_event", fit=0.95, p_value=None)])
    assert bare["alert"]
    assert not explained["alert"]
    assert explained["contested"]
    assert "class" in explained["summary"]


def test_no_single_reason_acquits_what_it_cannot_produce() -> None:
    """A class does not take turns, nor send again what failed elsewhere: these stand, whatever it explains."""
    signs = [*likeness(1.0), *ONE_HAND, *HIDES, sign("class_or_event", fit=1.0, p_value=None)]
    assert judge(signs)["alert"]


@pytest.mark.parametrize("name", [name for name, plugin in PLUGINS.items() if plugin.role == "explanation"])
def test_a_reason_never_raises_a_verdict(name: str) -> None:
    """Whatever fits, and however well, evidence of one hand does not grow by it."""
    signs = [*likeness(0.8), *ONE_HAND, *HIDES]
    scores = [judge([*signs, sign(name, fit=fit, p_value=None)])["score"] for fit in (0.0, 0.5, 0.8, 1.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == judge(signs)["score"]


@pytest.mark.parametrize("name", [name for name, plugin in PLUGINS.items() if plugin.role != "explanation"])
def test_a_sign_can_only_speak_its_way(name: str) -> None:
    """A sign that holds never lowers what it speaks for, with every sign of a random set beside it."""
    rng = np.random.default_rng(7)
    others = [other for other, plugin in PLUGINS.items() if plugin.role != "explanation" and other != name]
    for _ in range(5):
        beside = [sign(str(other)) for other in rng.choice(others, 6, replace=False)]
        without, with_it = judge(beside)["score"], judge([*beside, sign(name)])["score"]
        silent = judge([*beside, sign(name, holds=False, position=0.0)])["score"]
        if PLUGINS[name].nature == "openness":
            assert with_it <= max(without, silent) + 1e-12
        elif PLUGINS[name].nature != "concealment":
            assert with_it >= silent - 1e-12


def test_what_each_sign_brings_adds_up() -> None:
    """The shares of a question and its intercept are its log-odds."""
    verdict = judge([*likeness(0.9), *ONE_HAND, *HIDES])
    weights = read_weights()
    hand, hides = (
        weights[question].intercept + sum(share["nats"] for share in verdict["shares"] if share["axis"] == question)
        for question in ("one_hand", "hides")
    )
    assert verdict["score"] == pytest.approx(chance(hand) * chance(hides))


def test_any_one_line_of_evidence_can_be_missing() -> None:
    """No single crutch: a pool with four lines of dependence stays an alert without any one of them."""
    lines = [sign("turn_taking"), sign("succession"), sign("model_pivot"), sign("failover")]
    for left_out in range(len(lines)):
        assert judge([*likeness(0.9), *lines[:left_out], *lines[left_out + 1 :], *HIDES])["alert"]


def test_what_is_not_assessable_counts_neither_way() -> None:
    """A sign that could not be tested leaves the score as it was."""
    base = judge(likeness(0.9))
    blind = judge([*likeness(0.9), sign("turn_taking", assessable=False, p_value=None)])
    assert blind["score"] == base["score"]


def test_more_sensitivity_never_loses_an_alert() -> None:
    """Low ⊆ normal ⊆ high."""
    for position in (0.3, 0.6, 0.8, 1.0):
        for extra in ([], [sign("template_reach")], [sign("turn_taking")], ONE_HAND):
            for hiding in ([], HIDES[:1], HIDES, OPEN):
                low, normal, high = (
                    judge([*likeness(position), *extra, *hiding], level)["alert"] for level in ("low", "normal", "high")
                )
                assert low <= normal <= high


def test_extraction_needs_more_than_flags() -> None:
    """Asking for reasoning alone is possible; narrow, new items and a pool make it strong."""
    flags, narrow, fresh = sign("elicitation"), sign("narrow_task"), sign("fresh_items")
    assert judge([flags])["extraction"] == "possible"
    assert judge([*likeness(1.0), *ONE_HAND, flags, narrow, fresh])["extraction"] == "strong"
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
