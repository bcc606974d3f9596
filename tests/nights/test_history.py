"""Networks followed from night to night: identities for life, and what became of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from forensics.common.schema import ACCOUNTS, LINEAGE, MEMBERS, NETWORKS, PROFILES, SIGHTINGS
from forensics.common.settings import HistorySettings
from forensics.nights.identity import (
    Past,
    follow,
    follow_across,
    identify_networks,
    own_observables,
    recall_past,
    remember_profiles,
)
from forensics.nights.lineage import describe_night
from forensics.nights.marks import Mark, find_marked, leave_out, read_marks, read_values, suppress_benign
from forensics.nights.standing import missing_members, place_findings, shrunk_findings, steady_findings, steady_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START = datetime(2026, 4, 1, tzinfo=UTC)
SETTINGS = HistorySettings()
Groups = dict[str, list[str]]


def members_of(groups: Groups) -> pl.DataFrame:
    """MEMBERS with these networks."""
    rows = [
        {"network_id": network, "account_id": account} for network, accounts in groups.items() for account in accounts
    ]
    return _fit(MEMBERS.schema, rows)


def sightings_of(values: dict[str, list[str]]) -> pl.DataFrame:
    """SIGHTINGS: card value → accounts."""
    return _fit(
        SIGHTINGS.schema,
        [
            {"account_id": account, "kind": "payment", "value": value}
            for value, accounts in values.items()
            for account in accounts
        ],
    )


def accounts_of(born: dict[str, datetime], banned: dict[str, datetime] | None = None) -> pl.DataFrame:
    """ACCOUNTS with births and bans."""
    rows = [
        {"account_id": account, "born_at": at, "banned_at": (banned or {}).get(account)}
        for account, at in sorted(born.items())
    ]
    return _fit(ACCOUNTS.schema, rows)


def networks_of(groups: Groups, *, alert: bool = True) -> pl.DataFrame:
    """NETWORKS, all alike."""
    verdict = "strong" if alert else "none"
    rows = [
        {
            "network_id": network,
            "name": network,
            "alert": alert,
            "pooling": verdict,
            "extraction": "none",
            "score": 0.9,
            "hallmarks": [],
        }
        for network in sorted(groups)
    ]
    return _fit(NETWORKS.schema, rows)


def _fit(schema: pl.Schema, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


class Nights:
    """Run after run over hand-made networks, as the pipeline does it."""

    def __init__(self) -> None:
        self.past = Past(LINEAGE.empty(), PROFILES.empty())

    def run(
        self,
        night: int,
        groups: Groups,
        cards: dict[str, list[str]] | None = None,
        banned: dict[str, int] | None = None,
        born: dict[str, int] | None = None,
        *,
        alert: bool = True,
    ) -> dict[str, dict[str, object]]:
        """One night; the LINEAGE rows by lasting id."""
        members, night_at = members_of(groups), START + timedelta(days=night)
        everyone = sorted({account for accounts in groups.values() for account in accounts})
        accounts = accounts_of(
            {account: START + timedelta(days=(born or {}).get(account, 0)) for account in everyone},
            {a: START + timedelta(days=day) for a, day in (banned or {}).items()},
        )
        tonight = follow(members, sightings_of(cards or {}).lazy(), accounts, self.past, SETTINGS)
        lasting = {new: groups[old] for old, new in tonight.identities.select("found_id", "network_id").iter_rows()}
        lineage = describe_night(tonight, networks_of(lasting, alert=alert), self.past, night_at, SETTINGS)
        profiles = remember_profiles(self.past, tonight)
        self.weaker = shrunk_findings(lineage, self.past, SETTINGS)
        self.past = Past(pl.concat([self.past.lineage, lineage]), profiles)
        return {row["network_id"]: row for row in lineage.iter_rows(named=True)}


def test_first_night_is_new() -> None:
    """Without a past every network is new, under the id it was formed with."""
    assert {key: row["status"] for key, row in Nights().run(1, {"net_a": ["1", "2", "3"]}).items()} == {"net_a": "new"}


def test_growth_keeps_the_id() -> None:
    """A network formed under another id, with its members and more, is the same one, grown by the difference."""
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3"]})
    row = nights.run(2, {"net_b": ["1", "2", "3", "4", "5"]})["net_a"]
    assert (row["status"], row["account_count"], row["gained_count"], row["lost_count"]) == ("grown", 5, 2, 0)
    assert row["likeness"] == pytest.approx(1.0)


def test_fragments_made_one_keep_the_id_of_most_of_them_and_no_night_goes_back() -> None:
    """The whole is as like to the small fragment as to the large one; a part of it later is, too."""
    names = [f"{number:02d}" for number in range(50)]
    nights = Nights()
    nights.run(1, {"net_a": names[:13], "net_b": names[13:]})
    for night, part in enumerate((names, names, names[:40], names[5:45]), start=2):
        told = nights.run(night, {f"net_{night}": part})
        assert [key for key, row in told.items() if row["status"] != "gone"] == ["net_b"]


def test_of_fragments_made_one_the_reported_id_is_kept() -> None:
    """Who has read of the small one finds it grown, not a stranger in its place."""
    names = [f"{number:02d}" for number in range(50)]
    nights = Nights()
    nights.run(1, {"net_a": names[:13], "net_b": names[13:]})
    lineage = nights.past.lineage.with_columns(alert=pl.col("network_id") == "net_a")
    nights.past = Past(lineage, nights.past.profiles)
    nights.run(2, {"net_x": names[:13], "net_y": names[13:]})
    assert nights.past.lineage.filter("alert")["network_id"].to_list() == ["net_a", "net_a", "net_b"]
    told = nights.run(3, {"net_c": names})
    assert [key for key, row in told.items() if row["status"] != "gone"] == ["net_a"], "both were, this one longer"


def test_shrinking_is_told() -> None:
    """A finding that loses more than a tenth of its members is reported as weaker than last night proved."""
    nights = Nights()
    nights.run(1, {"net_a": [str(i) for i in range(10)]})
    assert nights.run(2, {"net_b": [str(i) for i in range(5)]})["net_a"]["status"] == "shrunk"
    assert [(item["network_id"], item["before"], item["now"]) for item in nights.weaker] == [("net_a", 10, 5)]


def test_gone_is_told_once() -> None:
    """A network that is not there any more is gone, in one run; its finding is named as dropped."""
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3"], "net_b": ["7", "8", "9"]})
    assert nights.run(2, {"net_b": ["7", "8", "9"]})["net_a"]["status"] == "gone"
    assert [item["network_id"] for item in nights.weaker] == ["net_a"]
    assert "net_a" not in nights.run(3, {"net_b": ["7", "8", "9"]})


def test_return_keeps_the_id() -> None:
    """A network that was gone for nights and returns lives on under its id: its members are remembered."""
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3"]})
    nights.run(2, {})
    assert list(nights.run(3, {"net_x": ["1", "2", "3"]})) == ["net_a"]


def test_all_replaced_keeps_the_id_by_cards() -> None:
    """No member in common, but the same rare cards: the same network.

    Cards of net_a: c1, c2 (2 holders of 1000 each, log2 500 = 9.0 bits each); tonight all of both: observable share 1.
    """
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3", "4"]}, {"c1": ["1", "2"], "c2": ["3", "4"]})
    row = nights.run(9, {"net_z": ["5", "6", "7", "8"]}, {"c1": ["5", "6"], "c2": ["7", "8"]})["net_a"]
    assert row["status"] == "respawned"
    assert row["observable_share"] == pytest.approx(1.0)
    assert row["member_share"] == 0.0


def test_bans_with_refill_are_a_respawn() -> None:
    """Three of ten members banned since last night and three new ones: the network respawned."""
    nights = Nights()
    old = [str(i) for i in range(10)]
    nights.run(1, {"net_a": old})
    row = nights.run(
        2, {"net_b": [*old, "n1", "n2", "n3"]}, banned={"0": 2, "1": 2, "2": 2}, born={"n1": 2, "n2": 2, "n3": 2}
    )["net_a"]
    assert (row["status"], row["banned_count"], row["gained_count"]) == ("respawned", 3, 3)
    row = nights.run(
        3,
        {"net_c": [*old, "n1", "n2", "n3", "m1", "m2", "m3", "m4"]},
        banned={"3": 3, "4": 3, "5": 3, "6": 3},
        born={"m1": 3},
    )["net_a"]
    assert (row["status"], row["banned_count"], row["gained_count"]) == ("respawned", 4, 4)


def test_a_refill_may_come_a_night_later() -> None:
    """A wave late in the evening is refilled the next night: 2 of 20 are no wave (10 % and at least 3); 3 of 20 are,
    whose heirs may come a night later.
    """
    old = [str(i) for i in range(20)]
    for banned, told in ((["0", "1"], "grown"), (["0", "1", "2"], "respawned")):
        nights = Nights()
        nights.run(1, {"net_a": old})
        dead = dict.fromkeys(banned, 2)
        assert nights.run(2, {"net_b": old}, banned=dead)["net_a"]["status"] == "same"
        assert nights.run(3, {"net_c": [*old, "n1"]}, banned=dead)["net_a"]["status"] == told
        assert nights.run(4, {"net_d": [*old, "n1", "n2"]}, banned=dead)["net_a"]["status"] == "grown"


def test_what_ages_out_of_the_window_is_missed_by_nobody() -> None:
    """Members whose last event left the window, but not the case, do not make a finding weaker; others that are gone
    do.
    """
    nights = Nights()
    nights.run(1, {"net_a": [str(i) for i in range(10)]})
    past = nights.past
    nights.run(2, {"net_a": [str(i) for i in range(5)]})
    tonight = nights.past.lineage.filter(pl.col("run") == 2)
    silent = follow(
        members_of({"net_a": ["0", "1"]}),
        sightings_of({}).lazy(),
        accounts_of(dict.fromkeys("01234", START)),
        past,
        SETTINGS,
    )
    assert missing_members(past, silent) == ["5", "6", "7", "8", "9"]
    assert shrunk_findings(tonight, past, SETTINGS, frozenset({"5", "6", "7", "8", "9"})) == []
    assert [item["before"] for item in shrunk_findings(tonight, past, SETTINGS, frozenset({"9"}))] == [9]


def test_births_after_bans_alone_make_no_identity() -> None:
    """Accounts born right after a network's bans, sharing nothing with it, are another network."""
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3"]}, banned={"1": 1, "2": 1, "3": 1})
    tonight = nights.run(2, {"net_b": ["4", "5", "6"]}, born={"4": 1, "5": 1, "6": 1})
    assert tonight["net_b"]["status"] == "new"
    assert tonight["net_a"]["status"] == "gone"


def test_split_and_merge() -> None:
    """The larger part of a network keeps its id, the other says where it split off; joined again, it says what it took
    in.
    """
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3", "4", "5", "6", "7"]})
    tonight = nights.run(2, {"net_p": ["1", "2", "3", "4"], "net_q": ["5", "6", "7"]})
    assert tonight["net_a"]["account_count"] == 4
    assert (tonight["net_q"]["status"], tonight["net_q"]["related_ids"]) == ("split", ["net_a"])
    tonight = nights.run(3, {"net_r": ["1", "2", "3", "4", "5", "6", "7"]})
    assert (tonight["net_a"]["status"], tonight["net_a"]["related_ids"]) == ("merged", ["net_q"])
    assert (tonight["net_q"]["status"], tonight["net_q"]["related_ids"]) == ("gone", ["net_a"])
    assert nights.weaker == []  # merged away is not lost


def test_two_cannot_claim_one_identity() -> None:
    """Of two networks that resemble a known one, the more alike keeps the id."""
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3", "4"]})
    tonight = nights.run(2, {"net_x": ["1", "8", "9"], "net_y": ["2", "3", "4", "5"]})
    assert tonight["net_a"]["account_count"] == 4
    assert "net_x" in tonight


def test_an_old_id_is_never_given_twice() -> None:
    """A stranger formed under the id of a known network gets a new one."""
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3"]})
    tonight = nights.run(2, {"net_a": ["7", "8", "9"], "net_b": ["1", "2", "3"]})
    assert tonight["net_a"]["account_count"] == 3
    assert tonight["net_a"]["gained_count"] == 0
    fresh = next(key for key in tonight if key != "net_a")
    assert tonight[fresh]["status"] == "new"


def test_a_night_repeated_replaces_itself() -> None:
    """The same night run again meets the past as it was before it."""
    nights = Nights()
    nights.run(1, {"net_a": ["1", "2", "3"]})
    before = nights.past
    nights.run(2, {"net_b": ["1", "2", "3", "4"]})
    again = recall_past(nights.past.lineage, nights.past.profiles, START + timedelta(days=2))
    assert_frame_equal(again.lineage, before.lineage)
    assert_frame_equal(again.profiles, before.profiles)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=12, unique=True), min_size=1, max_size=4),
    st.integers(0, 9),
)
def test_identities_are_one_to_one_and_do_not_depend_on_order(groups: list[list[int]], seed: int) -> None:
    """Every network of tonight gets one id, no id twice, whatever the order of rows."""
    used: set[int] = set()
    parts = {}
    for index, group in enumerate(groups):
        own = [account for account in group if account not in used]
        used.update(own)
        if own:
            parts[f"net_{index}"] = [str(account) for account in own]
    nights = Nights()
    nights.run(1, {"net_k1": [str(i) for i in range(20)], "net_k2": [str(i) for i in range(20, 41)]})
    members = members_of(parts)
    shuffled = members.sample(fraction=1, shuffle=True, seed=seed)
    none = own_observables(members, SIGHTINGS.empty().lazy(), 100, 64)
    accounts = accounts_of({})
    first = identify_networks(members, none, accounts, nights.past, SETTINGS)
    assert first.get_column("network_id").is_unique().all()
    assert sorted(first.get_column("found_id")) == sorted(parts)
    assert_frame_equal(identify_networks(shuffled, none, accounts, nights.past, SETTINGS), first)


def test_own_observables_leave_out_the_popular() -> None:
    """A value that mostly others hold is nobody's own; one that only members hold is worth log2(accounts / holders).

    1000 accounts, card c: 4 holders, all members: log2(250) = 7.97 bits. Card d: 2 members of 6 holders: left out.
    """
    members = members_of({"n": ["1", "2", "3", "4"]})
    found = own_observables(
        members, sightings_of({"c": ["1", "2", "3", "4"], "d": ["1", "2", "5", "6", "7", "8"]}).lazy(), 1000, 64
    )
    assert found.get_column("value").to_list() == ["c"]
    assert found.item(0, "bits") == pytest.approx(np.log2(250))


def test_benign_marks_hold_for_the_accounts_they_were_given_for() -> None:
    """A benign network is no alert and comes after alerts; with 2 of 12 members new (17 % > 10 %) it alerts again."""
    groups = {"net_a": [f"a{i}" for i in range(10)], "net_b": ["b1", "b2", "b3"]}
    networks = networks_of(groups).with_columns(
        rank=pl.Series([1, 2], dtype=pl.UInt32), explanations=pl.lit([], pl.List(pl.String))
    )
    marks = {"net_a": Mark("net_a", "benign", "the office", "ana", "2026-04-01", frozenset(groups["net_a"]))}
    calm = suppress_benign(networks, members_of(groups), marks, SETTINGS)
    assert calm.select("network_id", "rank", "alert").rows() == [("net_b", 1, True), ("net_a", 2, False)]
    assert calm.item(1, "explanations").to_list() == ["marked_benign"]
    assert calm.item(1, "summary") == "marked benign by ana on 2026-04-01: the office"
    assert_frame_equal(suppress_benign(calm, members_of(groups), marks, SETTINGS), calm)
    grown = groups | {"net_a": [*groups["net_a"], "new1", "new2"]}
    assert suppress_benign(networks, members_of(grown), marks, SETTINGS).get_column("alert").all()


def test_the_last_mark_counts() -> None:
    """A mark can be taken back; the log keeps both."""

    def entry(state: str) -> dict[str, object]:
        return {
            "what": "mark",
            "at": "2026-04-01",
            "by": "ana",
            "facts": {"network_id": "net_a", "state": state, "accounts": ["1"]},
        }

    assert read_marks([entry("benign"), entry("confirmed")])["net_a"].state == "confirmed"
    assert read_marks([entry("benign"), entry("none")]) == {}


def test_marks_of_another_case_find_their_network_by_its_accounts() -> None:
    """A mark holds for the network of its id, else for the one of which nine in ten accounts were marked, else for none
    here.
    """
    members = members_of({"net_a": [f"a{i}" for i in range(10)], "net_b": ["b1", "b2", "b3"]})
    assert find_marked("net_b", frozenset(), members, SETTINGS) == "net_b"
    assert find_marked("net_x", frozenset(f"a{i}" for i in range(9)), members, SETTINGS) == "net_a"
    assert find_marked("net_x", frozenset(f"a{i}" for i in range(8)), members, SETTINGS) is None


# Findings kept as they were reported


GROUP = {"net_a": [f"a{i}" for i in range(10)]}


def judged(level: str, *, alert: bool = False) -> pl.DataFrame:
    """NETWORKS with net_a at this level of POOLING."""
    return networks_of(GROUP, alert=alert).with_columns(
        pl.lit(level).alias("pooling"), pl.lit("shared cards").alias("summary"), pl.lit(1, pl.UInt32).alias("rank")
    )


def steadied(
    day: int,
    level: str,
    *,
    alert: bool = False,
    groups: Groups = GROUP,
    carried: bool = False,
    sensitivity: str = "normal",
    nights: Nights | None = None,
) -> dict[str, str]:
    """How net_a, judged so, stands on a night; unless told otherwise after a first night that reported it."""
    if nights is None:
        nights = Nights()
        nights.run(1, GROUP)
    tonight = follow(members_of(groups), sightings_of({}).lazy(), accounts_of({}), nights.past, SETTINGS)
    networks = judged(level, alert=alert).with_columns(contested=pl.lit(carried))
    return steady_findings(networks, tonight, nights.past, START + timedelta(days=day), SETTINGS, sensitivity)


def remember(nights: Nights, day: int, level: str, *, alert: bool = False) -> tuple[bool, str]:
    """Judge net_a so on a night and remember it; whether it was reported, and how it stood."""
    standing = steadied(day, level, alert=alert, nights=nights)
    tonight = follow(members_of(GROUP), sightings_of({}).lazy(), accounts_of({}), nights.past, SETTINGS)
    row = describe_night(
        tonight,
        place_findings(judged(level, alert=alert), standing),
        nights.past,
        START + timedelta(days=day),
        SETTINGS,
        standing,
    )
    nights.past = Past(pl.concat([nights.past.lineage, row]), remember_profiles(nights.past, tonight))
    return row.item(0, "alert"), row.item(0, "standing")


def test_a_finding_does_not_come_and_go() -> None:
    """One level short of a finding the night after it was one: it stays, and its summary says that the evidence is
    thinner.
    """
    assert steadied(2, "possible") == {"net_a": "kept"}
    row = place_findings(judged("possible"), {"net_a": "kept"}).row(0, named=True)
    assert row["alert"]
    assert row["pooling"] == "possible", "the verdict itself is tonight's"
    assert row["summary"] == "still held as reported, tonight's evidence alone is thinner; shared cards"


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        ("nothing is left of the evidence", {"level": "none"}),
        ("an innocent explanation carries", {"carried": True}),
        ("most accounts are others", {"groups": {"net_a": [*GROUP["net_a"], *(f"b{i}" for i in range(11))]}}),
        ("the last proof is older than kept_days", {"day": 9}),
        (
            "it was strong, but likely is what was proved and strong is asked for",
            {"level": "likely", "sensitivity": "low", "proved": "likely"},
        ),
    ],
)
def test_what_ends_a_finding(told: str, changes: dict[str, object]) -> None:
    """A finding is not kept against the evidence: not two levels short, not explained, not of other accounts, not for
    long, not beyond the sensitivity.
    """
    nights = Nights()
    nights.run(1, GROUP)
    lineage = nights.past.lineage.with_columns(pl.lit(changes.pop("proved", "strong")).alias("pooling"))
    nights.past = Past(lineage, nights.past.profiles)
    wanted: dict[str, object] = {"day": 2, "level": "possible", **changes}
    day, level = wanted.pop("day"), wanted.pop("level")
    assert steadied(day, level, nights=nights, **wanted) == {}, told  # type: ignore[arg-type]  # by name


def test_being_kept_proves_nothing() -> None:
    """Nights on which a finding was kept do not prolong the time it is kept: only a night with evidence of its own
    does.
    """
    nights = Nights()
    nights.run(1, GROUP)
    assert [remember(nights, day, "possible") for day in range(2, 9)] == [(True, "kept")] * 7
    assert remember(nights, 9, "possible") == (False, "judged")


def test_a_weak_finding_stands_a_second_night_before_it_is_reported() -> None:
    """Likely once is chance in hundreds of judgements: reported when it is so on two nights running, not on two with
    one between.
    """
    nights = Nights()
    nights.run(1, GROUP, alert=False)
    told = [
        remember(nights, day, level, alert=level == "likely")
        for day, level in enumerate(("likely", "none", "likely", "likely", "likely"), start=2)
    ]
    assert told == [(False, "waiting"), (False, "judged"), (False, "waiting"), (True, "judged"), (True, "judged")]


def test_a_strong_finding_waits_for_nothing() -> None:
    """Strong evidence is reported at once, and so is everything in the first run of a case, which has no night to
    compare with.
    """
    nights = Nights()
    nights.run(1, GROUP, alert=False)
    assert steadied(2, "strong", alert=True, nights=nights) == {}
    assert steadied(1, "likely", alert=True, nights=Nights()) == {}


def test_a_past_of_an_earlier_version_is_understood() -> None:
    """LINEAGE without the column `standing` counts as a past in which every finding was judged by its evidence."""
    nights = Nights()
    nights.run(1, GROUP)
    nights.past = recall_past(nights.past.lineage.drop("standing"), nights.past.profiles, START + timedelta(days=2))
    assert steadied(2, "possible", nights=nights) == {"net_a": "kept"}


def test_a_campaign_is_known_across_cases() -> None:
    """Another case with other accounts but the same rare cards: the network there is this one; a stranger's is not.

    Cards c1, c2 are all that either knows of its own: observable share 1, no member in common, likeness 1.
    """
    other = Nights()
    other.run(
        1,
        {"net_there": ["1", "2", "3", "4"], "net_stranger": ["7", "8", "9"]},
        {"c1": ["1", "2"], "c2": ["3", "4"], "c9": ["7", "8"]},
    )
    here = members_of({"net_here": ["5", "6", "x"], "net_else": ["k", "l", "m"]})
    known = accounts_of(dict.fromkeys(["5", "6", "x", "k", "l", "m"], START))
    pairs = follow_across(
        here, sightings_of({"c1": ["5", "6"], "c2": ["6", "x"], "c7": ["k", "l"]}).lazy(), known, other.past, SETTINGS
    )
    assert pairs.select("network_id", "other_id", "member_share", "observable_share", "other_count").rows() == [
        ("net_here", "net_there", 0.0, 1.0, 4)
    ]
    assert pairs.item(0, "alert_at") == START + timedelta(days=1)


def _told(levels: str) -> list[str]:
    """The level told after each night; n, p, l, s, u a night."""
    names = {"n": "none", "p": "possible", "l": "likely", "s": "strong", "u": "unknown", "o": "open"}
    nights = [(START + timedelta(days=day), names[level]) for day, level in enumerate(levels)]
    return [steady_level(nights[: day + 1], HistorySettings()) for day in range(len(nights))]


def test_a_level_near_a_threshold_is_told_once() -> None:
    """Likely, possible, likely, possible … for ten nights stays what it was told first; so does the other way round."""
    assert set(_told("lplplplplp")) == {"likely"}
    assert set(_told("plplplplpl")) == {"possible"}


def test_a_level_rises_on_its_second_night_and_falls_after_a_week() -> None:
    """steady_nights is 2, kept_days is 7: the last night at likely is day 2, so day 9 is the first to say possible."""
    assert _told("pll") == ["possible", "possible", "likely"]
    assert _told("pll" + "p" * 8)[2:] == ["likely"] * 7 + ["possible"] * 2


def test_a_night_that_cannot_tell_changes_no_level() -> None:
    """A level that could not be assessed is no level: what was told stands, and is unknown only if it always was."""
    assert _told("uulu") == ["unknown", "unknown", "likely", "likely"]


def test_who_came_back_is_known() -> None:
    """An account in nights 1, 3 and 4: on the third it was last there in run 1, on the fourth in run 3."""
    nights = Nights()
    for night, accounts in enumerate((["a", "b", "c"], ["a", "b", "d"], ["a", "b", "c", "d"])):
        nights.run(night, {"x": accounts})
    entry = nights.past.profiles.filter((pl.col("kind") == "account") & (pl.col("value") == "c"))
    assert entry.select("first_run", "last_run", "prior_run").row(0) == (1, 3, 1)


def test_one_network_is_taken_in_once() -> None:
    """A network falls apart, half into one, half into another: one of them took it in, not both."""
    nights = Nights()
    whole = [f"w{i}" for i in range(8)]
    xs, ys = [f"x{i}" for i in range(10)], [f"y{i}" for i in range(10)]
    nights.run(0, {"x": xs, "y": ys, "w": whole})
    told = nights.run(1, {"x": [*xs, *whole[:4]], "y": [*ys, *whole[4:]]})
    assert [row["status"] for row in told.values()].count("merged") == 1


def test_a_value_marked_benign_ties_nobody() -> None:
    """The last word on a value counts; what is marked stays out of the sightings, everything else stays in."""
    said = [("client", "app/1", "benign"), ("client", "app/2", "benign"), ("client", "app/2", "none")]
    entries = [
        {"what": "mark", "by": "ada", "at": "2026-04-01", "facts": {"kind": kind, "value": value, "state": state}}
        for kind, value, state in said
    ]
    values = read_values(entries)
    assert values == [("client", "app/1")]
    assert read_marks(entries) == {}
    rows = sightings_of({"app/1": ["a", "b"], "app/2": ["a"]}).with_columns(kind=pl.lit("client"))
    left = leave_out(rows.lazy(), values).collect()
    assert set(left["value"]) == {"app/2"}
    assert leave_out(rows.lazy(), []).collect().height == rows.height
