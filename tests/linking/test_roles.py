"""What part of a member's traffic is the network's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from forensics.common.schema import ACCOUNTS, SIGHTINGS
from forensics.linking.incidence import build_incidence
from forensics.linking.roles import describe_traffic, shown_on

START = datetime(2026, 4, 1, tzinfo=UTC)


def roles_of(
    shown: dict[str, tuple[int, float]],
    also: str = "",
    requests: dict[str, int] | None = None,
    platforms: dict[str, str] | None = None,
    platform_count: int = 1,
) -> dict[str, tuple[float | None, str]]:
    """Traffic share and part of twenty pool accounts and of others: events of 100 that show the pool's template, and the
    day of 40 from which on. `also` is a template of which the pool shows two events each, the others nothing else.
    """
    pool = {f"pool{number:02d}": (90, 0.0) for number in range(20)} | shown
    others = [f"other{number:03d}" for number in range(200)]
    rows = [
        (name, "template", "pool", count, START + timedelta(days=since), START + timedelta(days=40))
        for name, (count, since) in pool.items()
    ]
    rows += [(name, "template", f"t{number // 2}", 50, START, START) for number, name in enumerate(others)]
    rows += [
        (name, "template", also, 2 if name.startswith("pool") else 100, START, START + timedelta(days=40))
        for name in pool
        if also
    ]
    rows = [row for row in rows if row[3]]
    sightings = pl.DataFrame(rows, schema=SIGHTINGS.schema, orient="row")
    ids = [*pool, *others]
    known = pl.DataFrame({"account_id": ids}).with_columns(
        request_count=pl.Series([(requests or {}).get(name, 100) for name in ids], dtype=pl.UInt32),
        platform=pl.Series([(platforms or {}).get(name, "azure") for name in ids]),
        platform_count=pl.lit(platform_count, pl.UInt32),
        first_seen_at=pl.lit(START, ACCOUNTS.schema["first_seen_at"]),
        last_seen_at=pl.lit(START + timedelta(days=40), ACCOUNTS.schema["last_seen_at"]),
    )
    accounts = pl.concat([ACCOUNTS.empty(), known], how="diagonal_relaxed")
    incidence = build_incidence(sightings, accounts)
    labels = np.where([name in pool for name in incidence.account_ids], 0, -1).astype(np.int64)
    told = describe_traffic(
        incidence, labels, sightings, accounts, np.zeros(len(labels), dtype=bool), shown_on(sightings.lazy(), accounts)
    )
    return {row["account_id"]: (row["traffic_share"], row["part"]) for row in told.iter_rows(named=True)}


def test_a_few_requests_make_nobody_a_member() -> None:
    """Five of a hundred requests late in an account's life are used, a third all its life is mixed, most is a member."""
    told = roles_of({"framed": (4, 1.0), "stolen": (30, 30.0), "resold": (35, 0.5), "aged": (80, 30.0)})
    assert told["pool00"] == (0.9, "member")
    assert told["framed"] == (0.04, "used")
    assert told["stolen"] == (0.3, "used")
    assert told["resold"] == (0.35, "mixed")
    assert told["aged"] == (0.8, "member")


def test_a_value_counts_as_the_other_members_show_it() -> None:
    """A framework's prompt that each member of a pool sends twice is not the pool's: who sends nothing else is used by
    it, however many of these there are; a pool of shards, each member on its own template, is whole.
    """
    told = roles_of({f"customer{number}": (0, 0.0) for number in range(6)}, also="framework")
    assert {told[f"customer{number}"][1] for number in range(6)} == {"used"}
    assert {told[f"pool{number:02d}"][1] for number in range(20)} == {"member"}


def test_a_few_requests_tell_little() -> None:
    """An account of few requests is not called used for a share that chance alone would give a member."""
    assert roles_of({"new": (1, 1.0)}, requests={"new": 5})["new"][1] != "used"
    assert roles_of({"old": (10, 1.0)}, requests={"old": 200})["old"][1] == "used"


def test_what_a_platform_cannot_show_is_missing() -> None:
    """An account on a platform whose logs have no prompts is not called used because it shows none; one beside it on
    the pool's platform is, and so are both where anybody on that platform shows prompts.
    """
    blind = {"elsewhere": "bedrock"}
    told = roles_of({"elsewhere": (0, 0.0), "framed": (0, 0.0)}, platforms=blind)
    assert told["elsewhere"] == (None, "member")
    assert told["framed"] == (0.0, "used")
    seeing = blind | {f"other{number:03d}": "bedrock" for number in range(20)}
    assert roles_of({"elsewhere": (0, 0.0), "framed": (0, 0.0)}, platforms=seeing)["elsewhere"] == (0.0, "used")


def test_a_platform_whose_accounts_are_all_elsewhere_too_shows_what_they_show() -> None:
    """Accounts that are all on two platforms are held against each other none the less."""
    told = roles_of({"framed": (4, 1.0)}, platform_count=2)
    assert told["pool00"] == (0.9, "member")
    assert told["framed"] == (0.04, "used")
