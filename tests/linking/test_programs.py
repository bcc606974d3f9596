from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from made_events import DAY_S, START, events_frame

from forensics.common.schema import MEMBERS, REGISTER
from forensics.common.settings import FeatureSettings, SightingSettings
from forensics.describing.features import describe_accounts
from forensics.describing.sightings import find_sightings
from forensics.linking.programs import BAND, COUNTED, FEWEST, propose_even, propose_programs

if TYPE_CHECKING:
    from collections.abc import Sequence

SEATS, LASTING_USERS, PASSING_USERS = 30, 40, 50


def log() -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """SIGHTINGS and ACCOUNTS: users of a program who stay, who pass by, and seats of one company; few of another."""
    rng = np.random.default_rng(1)
    parts = []

    def add(name: str, count: int, first_day: float, days: float, system: int) -> None:
        for number in range(count):
            at_s = np.sort(rng.uniform(first_day * DAY_S, (first_day + days) * DAY_S, 6))
            at_s[0], at_s[-1] = first_day * DAY_S, (first_day + days) * DAY_S - 1
            parts.append({"at_s": at_s, "account_id": [f"{name}_{number:02d}"] * 6, "system_hash": [system] * 6})

    add("stays", LASTING_USERS, 0, 20, 1)
    add("passes", PASSING_USERS, 9, 2, 1)
    add("seat", SEATS, 0, 20, 1)
    add("few", FEWEST - 1, 0, 20, 2)
    for part in parts[:5]:  # one request in two is enough, one in three is not
        part["system_hash"] = [1, 1, 1, 3, 4, 5]
    for part in parts[5:9]:
        part["system_hash"] = [1, 1, 3, 4, 5, 6]
    columns: dict[str, Sequence[Any] | np.ndarray] = {
        name: np.concatenate([part[name] for part in parts]) for name in ("at_s", "account_id", "system_hash")
    }
    events = events_frame(columns)
    seats = [f"seat_{number:02d}" for number in range(SEATS)]
    declared = pl.DataFrame(
        {"account_id": seats, "organization_id": "org", "email_domain": "org.example", "payment_id": "invoice"}
    )
    register = pl.concat([REGISTER.empty(), declared], how="diagonal").lazy()
    sightings = find_sightings(events.lazy(), register, SightingSettings())
    return sightings, describe_accounts(events.lazy(), register, FeatureSettings())


def groups(proposed: pl.DataFrame) -> dict[str, int]:
    """How many accounts of each sort are proposed together, by the sorts' names."""
    sorts = proposed.with_columns(sort=pl.col("account_id").str.extract(r"^(\w+)_"))
    told = sorts.group_by("network_id").agg(pl.col("sort").unique().sort().str.join("+"), pl.len())
    return dict(told.select("sort", "len").iter_rows())


def test_who_stays_and_who_passes_are_proposed_apart() -> None:
    """Each with those who live by the program; neither seats of one company nor a program of few."""
    sightings, accounts = log()
    proposed = propose_programs("system", MEMBERS.empty(), sightings, accounts, ())
    assert groups(proposed) == {"stays": LASTING_USERS - 4, "passes": PASSING_USERS}
    assert proposed.schema == MEMBERS.schema
    row = proposed.filter(account_id="passes_00").row(0, named=True)
    assert row["since"] == START + timedelta(days=9)
    assert row["traffic_share"] == 1.0
    assert row["kinds"][0]["kind"] == "system"


def test_members_of_settled_networks_stay_where_they_are() -> None:
    """Of a network that is settled nobody is proposed; of another one all, if half of it comes along."""
    sightings, accounts = log()
    formed = pl.DataFrame(
        {
            "network_id": ["settled"] * 10 + ["loose"] * 4 + ["others"] * 5,
            "account_id": [f"passes_{number:02d}" for number in range(14)]
            + ["passes_14", "passes_15", "few_00", "few_01", "few_02"],
            "role": "member",
        }
    )
    formed = pl.concat([MEMBERS.empty(), formed], how="diagonal")
    proposed = propose_programs("system", formed, sightings, accounts, {"settled"})
    names = set(proposed["account_id"])
    assert not names & {f"passes_{number:02d}" for number in range(10)}
    assert {f"passes_{number:02d}" for number in range(10, 14)} <= names
    assert not names & {"passes_14", "passes_15"}


def test_names_of_accounts_and_their_order_do_not_matter() -> None:
    """The same proposals, whatever order the tables are in."""
    sightings, accounts = log()
    one = propose_programs("system", MEMBERS.empty(), sightings, accounts, ())
    other = propose_programs(
        "system",
        MEMBERS.empty(),
        sightings.collect().sample(fraction=1.0, shuffle=True, seed=3).lazy(),
        accounts.collect().reverse().lazy(),
        (),
    )
    assert one.equals(other)


def visits(volumes: Sequence[int], days: float = 10.0) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """SIGHTINGS and ACCOUNTS of callers of one service, each with so many requests over the days."""
    columns: dict[str, Sequence[Any] | np.ndarray] = {
        "at_s": np.concatenate([np.linspace(0, days * DAY_S, volume) for volume in volumes]),
        "account_id": np.repeat([f"caller_{place:03d}" for place in range(len(volumes))], volumes),
        "endpoint": ["vnc"] * sum(volumes),
    }
    events = events_frame(columns)
    register = REGISTER.empty().lazy()
    sightings = find_sightings(events.lazy(), register, SightingSettings())
    return sightings, describe_accounts(events.lazy(), register, FeatureSettings())


def customers(number: int = 150) -> list[int]:
    """Volumes of customers: over three orders of magnitude, as many in each band."""
    return [int(volume) for volume in np.geomspace(2, 2000, number)]


def test_a_peak_of_like_volume_among_the_callers_of_a_service_is_proposed() -> None:
    """Forty that send as much as each other, among 150 that do not; a few of those stand in the band by accident."""
    pool = np.linspace(400, 400 * BAND * 0.97, 40).astype(int).tolist()
    proposed = propose_even("page", MEMBERS.empty(), *visits([*pool, *customers()]), ())
    told = set(proposed["account_id"])
    assert {f"caller_{place:03d}" for place in range(40)} <= told
    assert len(told) <= 50
    assert proposed.schema == MEMBERS.schema


def test_without_a_peak_nobody_is_proposed() -> None:
    """Volumes that scatter as customers' do, a peak of few, and one where chance alone makes the volumes."""
    for volumes in (
        customers(),
        [*[400] * (FEWEST - 8), *customers()],
        [*[COUNTED - 1] * 60, *customers()],
    ):
        assert propose_even("page", MEMBERS.empty(), *visits(volumes), ()).is_empty()


def test_members_of_a_finding_are_in_no_peak() -> None:
    """Whose network is settled stays where it is."""
    formed = pl.DataFrame(
        {"network_id": "settled", "account_id": [f"caller_{place:03d}" for place in range(40)], "role": "core"}
    )
    members = pl.concat([MEMBERS.empty(), formed], how="diagonal")
    assert propose_even("page", members, *visits([*[400] * 40, *customers()]), {"settled"}).height < FEWEST
