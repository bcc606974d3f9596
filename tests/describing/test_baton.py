"""Rings that hand on from account to account when one is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from made_events import DAY_S, events_frame, people

from forensics.common.schema import EVENTS, REGISTER
from forensics.describing.sightings.baton import find_batons


def handing_on(accounts: int, days: int, rng: np.random.Generator, *, pause_s: float = 3.0) -> pl.DataFrame:
    """A ring that works one account at a time: forty requests a minute apart, a refusal, and on to the next."""
    rows: dict[str, Any] = {"account_id": [], "at_s": [], "status_code": []}
    now, turn = 0.0, 0
    while now < days * DAY_S:
        for number in range(41):
            rows["account_id"].append(f"ring-{turn % accounts:02}")
            rows["at_s"].append(now)
            rows["status_code"].append(429 if number == 40 else 200)
            now += rng.exponential(60.0) if number < 40 else rng.exponential(pause_s)
        turn += 1
    return events_frame(rows)


def refused_people(count: int, days: int, rng: np.random.Generator) -> pl.DataFrame:
    """People, of whose requests every tenth is refused."""
    events = people(count, days, rng)
    return events.with_columns(
        status_code=pl.Series(np.where(rng.random(len(events)) < 0.1, 429, 200), dtype=EVENTS.schema["status_code"])
    )


class TestBaton:
    """Handing on after refusals."""

    def test_a_ring_is_found_whole_among_refused_people(self) -> None:
        """Twelve accounts that hop when they are limited; no other is told."""
        rng = np.random.default_rng(1)
        events = pl.concat([refused_people(200, 10, rng), handing_on(12, 10, rng)])
        found = find_batons(events.lazy(), REGISTER.empty().lazy()).collect()
        assert sorted(found["account_id"]) == [f"ring-{number:02}" for number in range(12)]
        assert found["value"].unique().to_list() == ["ring-00"]
        assert (found["event_count"] >= 4).all()

    def test_a_ring_that_pauses_for_minutes_is_not(self) -> None:
        """What it is blind to."""
        rng = np.random.default_rng(2)
        assert find_batons(handing_on(12, 10, rng, pause_s=600.0).lazy(), REGISTER.empty().lazy()).collect().is_empty()

    def test_people_who_are_refused_hand_nothing_on(self) -> None:
        """Accidents do not repeat."""
        events = refused_people(400, 20, np.random.default_rng(3))
        assert find_batons(events.lazy(), REGISTER.empty().lazy()).collect().is_empty()

    def test_crons_and_outages_hand_nothing_on(self) -> None:
        """Jobs of every hour that begin together, refused now and then; and everybody refused at once, who come back at
        once.
        """
        rng = np.random.default_rng(4)
        hours = np.arange(24 * 10) * 3600.0
        jobs: list[dict[str, Any]] = [
            {
                "account_id": [f"job-{number}"] * 480,
                "at_s": np.sort(np.concatenate([hours + rng.uniform(0, 2, 240), hours + 5 + rng.uniform(0, 2, 240)])),
            }
            for number in range(12)
        ]
        frames = [events_frame(job | {"status_code": np.where(rng.random(480) < 0.2, 429, 200)}) for job in jobs]
        outages = np.repeat(rng.uniform(0, 10 * DAY_S, 6), 2) + np.tile([0.0, 700.0], 6)
        frames += [
            events_frame(
                {
                    "account_id": [f"hit-{number}"] * 12,
                    "at_s": np.sort(outages + rng.uniform(0, 10, 12)),
                    "status_code": [529] * 12,
                }
            )
            for number in range(60)
        ]
        events = pl.concat([people(100, 10, rng), *frames])
        assert find_batons(events.lazy(), REGISTER.empty().lazy()).collect().is_empty()

    def test_logs_without_status_give_nothing(self) -> None:
        """No refusals, no answer."""
        events = handing_on(12, 5, np.random.default_rng(5)).with_columns(
            status_code=pl.lit(None, dtype=EVENTS.schema["status_code"])
        )
        assert find_batons(events.lazy(), REGISTER.empty().lazy()).collect().is_empty()
