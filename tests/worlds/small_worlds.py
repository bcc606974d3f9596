"""Small seeded worlds for the tests of hallmarks: accounts with known ways, straight to a Panel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.schema import EVENTS, MEMBERS, REGISTER, SIGHTINGS
from forensics.common.settings import FeatureSettings, HallmarkSettings, SightingSettings
from forensics.describing.features import describe_accounts
from forensics.describing.sightings import find_kinds, find_sightings
from forensics.judging.panel import build_panel

if TYPE_CHECKING:
    import numpy.typing as npt

    from forensics.judging.hallmark import Hallmark, Panel

    Floats = npt.NDArray[np.float64]

START = 1_775_001_600.0  # Wednesday 1 April 2026, 00:00 UTC
DAY = 86400.0
HOUR = 3600.0


class World:
    """Accounts are added one by one with their request times; `panel` makes them what hallmarks look at."""

    def __init__(self) -> None:
        self.frames: list[pl.DataFrame] = []
        self.members: list[tuple[str, str]] = []
        self.register: list[dict[str, Any]] = []
        self.sightings: list[dict[str, Any]] = []

    def add(self, network: str | None, account: str, at_s: Floats, **columns: Any) -> None:  # noqa: ANN401 - any column of EVENTS
        """An account with requests at `at_s` seconds after the start of the world; a column is one value or one a
        request.
        """
        count = len(at_s)
        stamp = pl.Series("started_at", ((START + np.asarray(at_s)) * 1e6).astype(np.int64)).cast(
            pl.Datetime("us", "UTC")
        )
        filled = {
            name: value if isinstance(value, np.ndarray | list) else [value] * count for name, value in columns.items()
        }
        frame = pl.DataFrame({"started_at": stamp, "account_id": [account] * count, **filled}, strict=False)
        self.frames.append(frame.cast({name: EVENTS.schema[name] for name in frame.columns}))
        if network is not None and (network, account) not in self.members:
            self.members.append((network, account))

    def ban(self, account: str, at_s: float, column: str = "banned_at") -> None:
        """The register says that the account was banned (or closed) then."""
        self.register.append({"account_id": account, column: self.moment(at_s)})

    @staticmethod
    def moment(at_s: float) -> datetime:
        """A time of the world as the register has it."""
        return datetime.fromtimestamp(START + at_s, tz=UTC)

    def show(self, account: str, kind: str, value: str) -> None:
        """The account showed an observable."""
        self.sightings.append({"account_id": account, "kind": kind, "value": value, "event_count": 1})

    def declare(self, account: str, **columns: Any) -> None:  # noqa: ANN401 - any column of REGISTER
        """The register says this of the account."""
        self.register.append({"account_id": account, **columns})

    def tables(self, *, found: bool = False) -> dict[str, pl.DataFrame]:
        """MEMBERS, EVENTS, ACCOUNTS, REGISTER, SIGHTINGS; with `found`, sightings are those of requests and register."""
        events = pl.concat([_complete(pl.concat(self.frames, how="diagonal"))])
        register = pl.DataFrame(self.register, schema=REGISTER.schema)
        accounts = describe_accounts(events.lazy(), register.lazy(), FeatureSettings()).collect()
        members = pl.DataFrame(self.members, schema=["network_id", "account_id"], orient="row")
        members = pl.concat([MEMBERS.empty(), members], how="diagonal")
        sightings = pl.DataFrame(self.sightings, schema=SIGHTINGS.schema)
        if found:
            sightings = find_sightings(events.lazy(), register.lazy(), SightingSettings()).collect()
        return {
            "members": members, "events": events, "accounts": accounts, "register": register, "sightings": sightings,
        }  # fmt: skip

    def panel(self, *, found: bool = False, **settings: Any) -> Panel:  # noqa: ANN401 - any setting
        """What the hallmarks look at."""
        tables = self.tables(found=found)
        groups = {name: kind.group for name, kind in find_kinds().items()}
        return build_panel(
            tables["members"],
            tables["events"].lazy(),
            tables["accounts"],
            tables["register"],
            tables["sightings"].lazy(),
            groups,
            HallmarkSettings(**settings),
        )


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in EVENTS.schema.items() if name not in frame.columns
    ]
    return frame.with_columns(missing).select(EVENTS.schema.names())


def test(plugin: Hallmark, panel: Panel) -> pl.DataFrame:
    """The hallmark's rows by network; checks that they keep the contract."""
    rows = plugin.test(panel).sort("network_id")
    assert rows["network_id"].to_list() == sorted(group.network_id for group in panel.groups)
    assert rows.filter("assessable")["p_value"].is_between(0, 1).all()
    assert (rows["sentence"].str.len_chars() > 20).all()
    assert rows.filter(~pl.col("assessable"))["reason"].is_not_null().all()
    return rows


test.__test__ = False  # type: ignore[attr-defined]  # a helper, not a test


def share_below(rows: pl.DataFrame, level: float) -> float:
    """Share of the assessable networks with p at or below `level`."""
    p = rows.filter("assessable")["p_value"].to_numpy()
    return float((p <= level).mean())


def office_times(
    rng: np.random.Generator, days: int, a_day: float, *, weekends: bool = False, centre_h: float = 13.0
) -> Floats:
    """Session starts of a person in working hours: a Poisson number a day, a normal hour (sd 2.5 h)."""
    found = []
    for day in range(days):
        if not weekends and (day + 2) % 7 >= 5:  # day 0 is a Wednesday
            continue
        found.append(day * DAY + np.clip(rng.normal(centre_h, 2.5, rng.poisson(a_day)), 0, 23.9) * HOUR)
    return np.sort(np.concatenate(found)) if found else np.zeros(0)


def poisson_times(rng: np.random.Generator, start: float, end: float, rate_per_hour: float) -> Floats:
    """A Poisson stream."""
    return np.sort(rng.uniform(start, end, rng.poisson((end - start) / HOUR * rate_per_hour)))


def rotate(rng: np.random.Generator, times: Floats, accounts: int, skip: float = 0.0) -> npt.NDArray[np.int64]:
    """The account of each start when the longest unused is taken, the head of the queue passed over with probability
    `skip`.
    """
    queue = list(range(accounts))
    labels = np.zeros(len(times), dtype=np.int64)
    for index in range(len(times)):
        place = 0
        while place < len(queue) - 1 and rng.random() < skip:
            place += 1
        labels[index] = queue.pop(place)
        queue.append(int(labels[index]))
    return labels


def burst(rng: np.random.Generator, starts: Floats, mean_requests: float, gap_s: float = 60.0) -> Floats:
    """Sessions: each start is followed by a geometric number of requests, exponential gaps."""
    found = [starts]
    found.extend(start + np.cumsum(rng.exponential(gap_s, rng.geometric(1 / mean_requests) - 1)) for start in starts)
    return np.sort(np.concatenate(found))
