from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from forensics.common.kinds import MAPPED, Kind
from forensics.common.plugins import discover
from forensics.common.schema import EVENTS, REGISTER, SIGHTINGS
from forensics.common.settings import SightingSettings
from forensics.describing.sightings import find_kinds, find_sightings, kind_of

START = datetime(2026, 4, 1, tzinfo=UTC)
GROUPS = {"network", "client", "content", "money", "device", "provenance", "timing", "passing"}


def make_events(rows: list[dict[str, Any]]) -> pl.LazyFrame:
    """EVENTS from a few columns; `at` is seconds since the start."""
    full = [
        {
            "started_at": START + timedelta(seconds=row.pop("at", number)),
            "source_line": number + 1,
            "source_id": 1,
            **row,
        }
        for number, row in enumerate(rows)
    ]
    extra = {name: pl.String() for row in full for name in row if name.startswith("observable_")}
    return pl.DataFrame(full, schema={**EVENTS.schema, **extra}).lazy()


def make_register(rows: list[dict[str, Any]]) -> pl.LazyFrame:
    """REGISTER from a few columns."""
    return pl.DataFrame(rows, schema=REGISTER.schema).lazy()


def seen(
    events: pl.LazyFrame, kind: str, register: pl.LazyFrame | None = None, chosen: SightingSettings | None = None
) -> set[tuple[str, str, int]]:
    """(account, value, event_count) of one kind."""
    found = find_sightings(
        events, register if register is not None else make_register([]), chosen or SightingSettings()
    ).collect()
    return set(found.filter(pl.col("kind") == kind).select("account_id", "value", "event_count").iter_rows())


def test_every_plugin_has_a_kind_of_its_own_and_a_known_group() -> None:
    """Kinds are unique, groups are known, and a kind counts in one line of evidence."""
    plugins = list(discover("forensics.describing.sightings").values())
    assert all(isinstance(plugin, Kind) for plugin in plugins)
    assert len({plugin.name for plugin in plugins}) == len(plugins) == len(find_kinds())
    assert {plugin.group for plugin in plugins} <= GROUPS
    # one program brings them all
    assert len({kind_of(name).line for name in ("client", "system", "tools", "template", "sketch", "params")}) == 1
    assert len({kind_of(name).line for name in ("client", "payment", "device", "address", "reasoning")}) == 5
    assert kind_of("a mapped hashtag").line == MAPPED


@pytest.mark.parametrize("kind", sorted(find_kinds()))
def test_no_field_no_sighting(kind: str) -> None:
    """Events and accounts without a field give no row of its kind, and no failure."""
    events = make_events([{"account_id": "a"}, {"account_id": "b"}])
    assert not seen(events, kind, make_register([{"account_id": "a"}, {"account_id": "b"}]))


VALUES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["1.1.1.1", "2.2.2.2", "3.3.3.3", None, " "])), max_size=40
)


@settings(max_examples=25, deadline=None)
@given(VALUES)
def test_sightings_count_what_a_loop_counts(rows: list[tuple[str, str | None]]) -> None:
    """Only values of two accounts or more are kept, with their events, first and last sight, as counted by hand."""
    events = make_events([{"account_id": account, "client_address": address} for account, address in rows])
    found = find_sightings(events, make_register([]), SightingSettings()).collect().filter(pl.col("kind") == "address")
    expected: dict[tuple[str, str], tuple[int, int, int]] = {}
    for number, (account, address) in enumerate(rows):
        if address is not None and address.strip() and len({other for other, value in rows if value == address}) >= 2:
            count, first, _ = expected.get((account, address), (0, number, number))
            expected[account, address] = (count + 1, first, number)
    assert SIGHTINGS.mismatches(found.schema) == []
    assert {
        (account, value): (count, (first - START).total_seconds(), (last - START).total_seconds())
        for account, _, value, count, first, last in found.iter_rows()
    } == expected


def test_order_and_engine_change_nothing() -> None:
    """The same events in another order, on another engine: the same rows."""
    rows = [
        {
            "account_id": f"a{number % 7}",
            "client_address": f"10.0.0.{number % 5}",
            "template_hash": number % 11,
            "prompt_hash": number,
            "at": number,
        }
        for number in range(200)
    ]
    forward = find_sightings(
        make_events([dict(row) for row in rows]), make_register([]), SightingSettings(per_account=2)
    )
    backward = find_sightings(
        make_events([dict(row) for row in reversed(rows)]), make_register([]), SightingSettings(per_account=2)
    )
    assert_frame_equal(forward.collect(), backward.collect(engine="streaming"))


def test_fixed_text_is_a_prompt_and_no_template() -> None:
    """A benchmark item that everybody copies is a shared prompt; a template whose prompts vary is a template."""
    events = make_events(
        [
            *({"account_id": account, "template_hash": 1, "prompt_hash": 77} for account in "abc"),
            *(
                {"account_id": account, "template_hash": 2, "prompt_hash": number}
                for number, account in enumerate("abc")
            ),
        ]
    )
    assert {value for _, value, _ in seen(events, "template")} == {f"{2:016x}"}
    assert {value for _, value, _ in seen(events, "prompt")} == {f"{77:016x}"}


def test_template_without_prompt_hashes_counts() -> None:
    """Gateways that name a template but hash no prompt lose nothing."""
    events = make_events([{"account_id": account, "template_hash": 5} for account in "ab"])
    assert {account for account, _, _ in seen(events, "template")} == {"a", "b"}


def test_conversation_that_moves_is_seen_and_a_few_shot_opening_is_not() -> None:
    """Account b goes on where a left off; c and d merely open with the same examples."""
    events = make_events(
        [
            {"account_id": "a", "prefix_hashes": [1, 2, 3]},
            {"account_id": "b", "prefix_hashes": [1, 2, 3, 4, 5]},
            {"account_id": "c", "prefix_hashes": [7, 8, 9, 10]},
            {"account_id": "d", "prefix_hashes": [7, 8, 9, 11]},
            {"account_id": "e", "prefix_hashes": [1]},
        ]
    )
    assert {(account, value) for account, value, _ in seen(events, "continuation")} == {
        ("a", f"{3:016x}"),
        ("b", f"{3:016x}"),
    }


def test_reasoning_blob_joins_giver_and_taker() -> None:
    """A blob that left account a and entered b is a sighting of both."""
    events = make_events(
        [
            {"account_id": "a", "reasoning_hash_out": 9},
            {"account_id": "b", "reasoning_hash_in": 9},
            {"account_id": "c", "reasoning_hash_out": 8},
        ]
    )
    assert {account for account, _, _ in seen(events, "reasoning")} == {"a", "b"}


def test_comb_needs_days_and_a_pace_that_does_not_explain_it() -> None:
    """Checks at 08:00:13 on three days are a comb; an account busy all day long is not."""
    checks = [{"account_id": account, "at": day * 86_400 + 28_813} for account in "ab" for day in range(3)]
    busy = [
        {"account_id": account, "at": day * 86_400 + second}
        for account in "xy"
        for day in range(3)
        for second in range(0, 86_400, 10)
    ]
    assert {account for account, _, _ in seen(make_events([*checks, *busy]), "comb")} == {"a", "b"}


def test_register_is_seen_without_events() -> None:
    """Cards and mail domains come from the accounts file: event_count 0, dated by the opening."""
    register = make_register(
        [
            {"account_id": account, "payment_id": "card", "email_domain": domain}
            for account, domain in (("a", "X.example"), ("b", "x.example"))
        ]
    )
    assert seen(make_events([]), "payment", register) == {("a", "card", 0), ("b", "card", 0)}
    assert {value for _, value, _ in seen(make_events([]), "email_domain", register)} == {"x.example"}


def test_mapped_observables_are_kinds_and_acting_together_is_another() -> None:
    """`observable_url` becomes kind url; the same url within the same ten minutes also url_together."""
    events = make_events(
        [
            {"account_id": "a", "observable_url": "u", "at": 0},
            {"account_id": "b", "observable_url": "u", "at": 60},
            {"account_id": "c", "observable_url": "u", "at": 90_000},
        ]
    )
    assert {account for account, _, _ in seen(events, "url")} == {"a", "b", "c"}
    assert {account for account, _, _ in seen(events, "url_together")} == {"a", "b"}
    assert not seen(events, "url", chosen=SightingSettings(off=("url",)))


def test_an_account_with_thousands_of_values_keeps_the_telling_ones() -> None:
    """At most 2 × per_account values a kind: the rarest and the most frequent."""
    rows = [
        {"account_id": account, "client_address": f"10.0.{number // 250}.{number % 250}"}
        for account in "ab"
        for number in range(500)
    ]
    rows += [{"account_id": "a", "client_address": "10.0.0.7"} for _ in range(50)]
    found = seen(make_events(rows), "address", chosen=SightingSettings(per_account=10))
    assert len([row for row in found if row[0] == "a"]) <= 20
    assert ("a", "10.0.0.7", 51) in found
