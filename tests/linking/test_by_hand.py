"""Arithmetic of linking, counted anew by hand: quartiles, centres of days, borders, and that the first network and the
first line are dealt with as all others are.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from held import holding
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.common.settings import LinkSettings, NetworkSettings
from forensics.common.statistics import wilson
from forensics.linking import alike, fragments, rare, roles
from forensics.linking.behaviour import FEWEST, KNOWN, AlikeTest, Manners, _centre_of_day, _quartiles, manner_bits
from forensics.linking.fragments import Links
from forensics.linking.incidence import build_incidence, deal_lines
from forensics.linking.membership import ALONE
from forensics.linking.networks import keep_solid
from forensics.linking.popular import _degree_null

if TYPE_CHECKING:
    from forensics.common.arrays import Ints

HOURS = st.lists(st.integers(0, 9), min_size=24, max_size=24)


@given(st.lists(st.one_of(st.none(), HOURS), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_centre_of_a_day_is_the_mean_of_its_hours_on_the_clock(rows: list[list[int] | None]) -> None:
    """East and north are the mean cosine and sine of the middles of the hours; without requests there is none."""
    east, north = _centre_of_day(pl.Series(rows, dtype=pl.List(pl.Int64)))
    for row, x, y in zip(rows, east, north, strict=True):
        if row is None or not sum(row):
            assert np.isnan(x)
            assert np.isnan(y)
            continue
        angles = [2 * np.pi * (hour + 0.5) / 24 for hour in range(24)]
        assert x == pytest.approx(sum(n * np.cos(at) for n, at in zip(row, angles, strict=True)) / sum(row))
        assert y == pytest.approx(sum(n * np.sin(at) for n, at in zip(row, angles, strict=True)) / sum(row))


@given(st.lists(st.one_of(st.just(float("nan")), st.floats(-9, 9)), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_quartiles_are_those_of_what_is_known(values: list[float]) -> None:
    """As numpy's, over the known ones; unknown where fewer than KNOWN of the rows show a manner."""
    known = [value for value in values if np.isfinite(value)]
    found = [float(part[0]) for part in _quartiles(np.array(values)[:, None])]
    if not known or len(known) < KNOWN * len(values):
        assert np.isnan(found).all()
    else:
        assert found == pytest.approx(np.percentile(known, [25, 50, 75]).tolist())
    assert not np.isnan(_quartiles(np.array([[1.0], [2.0], [3.0], [4.0], [np.nan]]))).any(), "four of five are enough"


@pytest.mark.parametrize("known", [FEWEST - 1, FEWEST])
def test_so_many_manners_are_enough(known: int) -> None:
    """Three manners tell; two do not."""
    rng = np.random.default_rng(1)
    table = rng.normal(size=(60, known))
    table[:20] = 0.05 * table[:20]
    bits = manner_bits(Manners(table), np.arange(20), np.arange(60))
    assert (bits != 0).any() == (known >= FEWEST)


def test_a_null_without_width_says_nothing() -> None:
    """Where random groups cannot be told apart no group deviates."""
    test = AlikeTest(Manners(np.random.default_rng(1).normal(size=(30, 4))), 1)
    test._nulls[5] = (0.3, 0.0)
    assert test.deviation(np.arange(5)) == 0.0


@given(st.lists(st.integers(0, 12), min_size=1, max_size=20), st.integers(0, 60))
@settings(max_examples=80, deadline=None)
def test_the_budget_is_spent_from_the_rarest_up(held: list[int], budget: int) -> None:
    """Sizes of values, from two up, of which all pairs fit; no size is taken in part."""
    incidence: Any = SimpleNamespace(held=np.array(held), account_count=10**9)
    found = rare._affordable(incidence, LinkSettings(pair_budget=budget)).tolist()
    expected, spent = [], 0
    for size in sorted(set(held)):
        spent += held.count(size) * size * (size - 1) // 2
        if spent > budget:
            break
        expected += [size] if size >= 2 else []
    assert found == expected


@given(st.integers(1, 400), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_few_requests_tell_as_little_as_wilson_says(requests: int, share: float) -> None:
    """The upper end of the interval of a share of so many requests."""
    frame = pl.DataFrame({"request_count": [requests], "traffic_share": [share]})
    high = frame.select(roles._at_most()).item()
    hits = round(share * requests)
    exact = frame.with_columns(traffic_share=pl.lit(hits / requests)).select(roles._at_most()).item()
    assert exact == pytest.approx(wilson(hits, requests)[1], abs=2e-4)
    assert share - 1e-9 <= high <= 1 + 1e-9


def firms_of(*seats: int) -> Any:  # noqa: ANN401 - an Incidence
    """Declared organisations of so many seats, beside four accounts of their own."""
    names = [(f"f{firm}s{seat}", f"organization:f{firm}") for firm, count in enumerate(seats) for seat in range(count)]
    names += [(f"x{number}", f"x{number}") for number in range(4)]
    accounts = pl.DataFrame(
        {
            "account_id": [name for name, _ in names],
            "principal_id": [principal for _, principal in names],
            "request_count": [None, *([20] * (len(names) - 1))],
        },
        schema_overrides={"request_count": pl.UInt32},
    )
    sightings, _ = holding({("client", "c"): [0]}, 1)
    return build_incidence(sightings, accounts)


def test_two_seats_make_an_organisation_and_one_does_not() -> None:
    """A declared organisation counts from two accounts on; requests that are not known are none."""
    incidence = firms_of(1, 2, 3)
    firms = dict(zip(incidence.account_ids, incidence.firms.tolist(), strict=True))
    assert firms["organization:f1"]
    assert firms["organization:f2"]
    assert not firms["organization:f0"]
    assert not firms["x0"]
    assert dict(zip(incidence.account_ids, incidence.requests.tolist(), strict=True))["organization:f0"] == 0


def test_a_log_of_one_line_is_dealt_too() -> None:
    """Who holds a value changes, how many do does not."""
    sightings, accounts = holding({("client", f"c{number}"): [number, number + 1, 20] for number in range(12)}, 30)
    incidence = build_incidence(sightings, accounts)
    assert len(incidence.lines) == 1
    dealt = deal_lines(incidence, 1)
    assert (dealt.account != incidence.account).any()
    assert np.bincount(dealt.value).tolist() == np.bincount(incidence.value).tolist()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=25, unique=True))
@settings(max_examples=60, deadline=None)
def test_two_values_meet_by_activity_as_often_as_counted(shown: list[tuple[int, int]]) -> None:
    """Of all ways to draw two entries one after the other, the share that lies with one account."""
    account, value = (np.array(part) for part in zip(*shown, strict=True))
    incidence: Any = SimpleNamespace(account_count=7, chance=0.0)
    same = sum(i != j and account[i] == account[j] for i in range(len(shown)) for j in range(len(shown)))
    assert _degree_null(incidence, account, value).scale == pytest.approx(same / len(shown) ** 2)


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize(("bits", "stays"), [(30.0, True), (9.0, False)])
def test_bare_links_make_no_network(bits: float, shift: int, stays: bool) -> None:
    """Three accounts chained by two bare links are no more than an accident among a hundred, the first network like any
    other; a hundred choose three is about 2 to the 17th.
    """
    incidence: Any = SimpleNamespace(account_count=100, lines=["client"], several_lines=True)
    labels = np.full(100, ALONE)
    labels[:3] = shift
    if shift:
        labels[10:13] = 0
    links = Links(*(np.array(part) for part in ([0, 1], [1, 2], [bits, bits], [0.0, 0.0], [ALONE, ALONE])))
    kept = keep_solid(incidence, labels, links, NetworkSettings())
    assert (kept[:3] == shift).all() == stays


@pytest.mark.parametrize("first", [0, 1])
def test_two_networks_of_organisations_are_two_unless_one_pays(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their numbers: networks made of declared organisations are joined where they share a payer only."""
    labels = np.array([first] * 3 + [2] * 3 + [1 - first] * 3)
    incidence: Any = SimpleNamespace(
        firms=np.array([True] * 6 + [False] * 3), lines=["client", "money"], line_of_value=np.array([1, 0])
    )
    pairs = pl.DataFrame({"g": [min(first, 2), 0], "h": [2, 1]}, schema={"g": pl.Int64, "h": pl.Int64})
    for value, joined in ((0, True), (1, False)):
        profile = SimpleNamespace(network=np.array([first, 2]), value=np.array([value, value]))
        monkeypatch.setattr(fragments, "profile_networks", lambda *_, least, profile=profile: profile)  # noqa: ARG005
        kept = set(fragments.without_strangers(incidence, labels, pairs).rows())
        assert ((first, 2) in kept) == joined
        assert (0, 1) in kept, "one of them is no organisation"


@pytest.mark.parametrize("large", [1, 2])
def test_one_large_fragment_is_taken_in_and_two_are_not(large: int) -> None:
    """Of twelve accounts that share an observable, four lie in small networks of two, and four more in one or two larger
    ones: several large networks are no fragments of one.
    """
    labels = np.full(12, ALONE)
    labels[0:4] = [0, 0, 1, 1]
    labels[4:8] = 2
    if large == 2:
        labels[8:12] = 3
    sizes = np.bincount(labels[labels >= 0])
    free = alike._free(np.arange(12), labels, sizes).tolist()
    if large == 1:
        assert free == list(range(12)), "the first network too"
    else:
        assert free == [0, 1, 2, 3]


@pytest.mark.parametrize(("common", "joined"), [(0, False), (1, False), (2, True), (8, True)])
def test_groups_that_overlap_by_a_tenth_are_one(common: int, joined: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twenty accounts two in common are a tenth; one is not."""
    monkeypatch.setattr(alike, "_alike", lambda *_: True)
    monkeypatch.setattr(alike, "same", lambda *_: True)
    test: Any = SimpleNamespace(manners=None)
    groups: list[Ints] = [np.arange(30), np.arange(30 - common, 50 - common)]
    assert len(alike.join(test, groups)) == (1 if joined else 2)
