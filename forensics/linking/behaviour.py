"""Accounts' manners (pace, sizes, hours) as numbers: groups that behave alike, and how much more an account behaves
like a group than like the others.

A shared exit, product or payer brings accounts together that behave as differently as any; accounts fed by one queue
behave alike. So a single shared observable, which alone says nothing, together with like manners is two lines of
evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints


MANNER_COLUMNS = [
    "account_id",
    "request_count",
    "daily_mean_count",
    "input_tokens_median",
    "output_tokens_median",
    "gap_median_s",
    "hour_entropy",
    "active_days",
    "hour_counts",
    "top_model_share",
]
KNOWN = 0.8  # share of a group that must show a manner for it to count
FEWEST = 3  # manners that must be known to compare a group at all
FLOOR = 0.05  # of the spread of all accounts: differences below are none
LEAST = 0.2  # spread of the other accounts below which a manner tells nobody apart
SMALL = 10  # a group below 1 / SMALL of all accounts does not shape the whole
DRAWS = 300  # random groups per size from which the null is taken
BATCH = 200_000  # accounts that are compared at once
MOST_INSIDE, MOST_OUTSIDE = (
    4_000,
    20_000,
)  # accounts of a group, and outside of it, from which quartiles are taken: every so many in order of id
MOST_BITS = 5.0  # that likeness may say
TAKEN = 0.5  # manners overlap in what they say: this part of their summed bits counts


@dataclass(frozen=True)
class Manners:
    """One row an account (by account number), one column a manner; unknown is nan. Each manner has spread 1 over all
    accounts.
    """

    table: Floats

    def of(self, accounts: Ints) -> Floats:
        """Rows of some accounts."""
        rows: Floats = self.table[accounts]
        return rows

    @cached_property
    def centre(self) -> tuple[Floats, Floats]:
        """Median and width of each manner over all accounts."""
        return _centre(self.table)


def describe_manners(accounts: pl.DataFrame, account_ids: list[str]) -> Manners:
    """Manners of the accounts in the order of `account_ids`.

    In:    ACCOUNTS with MANNER_COLUMNS, any order.
    """
    order = pl.DataFrame({"account_id": account_ids}, schema={"account_id": pl.String})
    rows = order.join(accounts.unique("account_id", keep="first"), on="account_id", how="left", maintain_order="left")
    columns = [
        np.log(rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() + shift)
        for name, shift in (
            ("request_count", 0.5),
            ("daily_mean_count", 0.1),
            ("input_tokens_median", 1.0),
            ("output_tokens_median", 1.0),
            ("gap_median_s", 1.0),
            ("active_days", 0.5),
        )
    ]
    columns += [
        rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("hour_entropy", "top_model_share")
    ]
    columns += list(_centre_of_day(rows["hour_counts"]))
    table = np.column_stack(columns) if len(rows) else np.zeros((0, len(columns)))
    table[~np.isfinite(table)] = np.nan
    spread = np.nan_to_num(_spread(table), nan=0.0)
    return Manners(table=np.where(spread > 0, table / np.where(spread > 0, spread, 1.0), np.nan))


def _centre_of_day(hours: pl.Series) -> tuple[Floats, Floats]:
    """East and north of the mean direction of an account's hours on the clock; near the middle if it is active round
    the clock.
    """
    if hours.dtype != pl.List:
        unknown = np.full(len(hours), np.nan)
        return unknown, unknown
    counts = np.array(
        [row if row is not None and len(row) == 24 else [0] * 24 for row in hours.to_list()], dtype=np.float64
    ).reshape(-1, 24)
    total = counts.sum(axis=1)
    share = counts / np.where(total > 0, total, np.nan)[:, None]
    angle = 2 * np.pi * (np.arange(24) + 0.5) / 24
    return share @ np.cos(angle), share @ np.sin(angle)


def _quartiles(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Quartiles of each manner over the second last axis; nan where fewer than KNOWN of the rows show it."""
    ordered = np.sort(rows, axis=-2)  # unknown comes last
    count = np.isfinite(rows).sum(axis=-2)
    enough = (count >= KNOWN * rows.shape[-2]) & (count > 0)
    found = []
    for part in (0.25, 0.5, 0.75):
        place = part * np.maximum(count - 1, 0)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(count - 1, 0))
        below, above = _at(ordered, low), _at(ordered, high)
        found.append(np.where(enough, below + (place - low) * (above - below), np.nan))
    return found[0], found[1], found[2]


def _at(ordered: Floats, place: Ints) -> Floats:
    """The value of each manner at a place of its own, over the second last axis."""
    if ordered.ndim == 2:
        found: Floats = ordered[place, np.arange(ordered.shape[1])]
    else:
        found = np.take_along_axis(ordered, place[..., None, :], axis=-2)[..., 0, :]
    return found


def _spread(rows: Floats) -> Floats:
    """Distance between the quartiles of each manner."""
    if rows.shape[-2] == 0:
        return np.full(rows.shape[:-2] + rows.shape[-1:], np.nan)
    low, _, high = _quartiles(rows)
    return high - low


@dataclass
class AlikeTest:
    """Whether a group differs less in its manners than random groups of its size; remembers the null of each size."""

    manners: Manners
    seed: int

    def __post_init__(self) -> None:
        """Nothing remembered yet."""
        self._nulls: dict[int, tuple[float, float]] = {}
        self._all = _spread(self.manners.table)

    def measure(self, group: Ints) -> float:
        """Mean log of the group's spread over that of the other accounts, over the manners that both show; nan if too
        few show enough.
        """
        return float(_log_ratio(_spread(self.manners.of(_some(group, MOST_INSIDE))), self._others(group)))

    def deviation(self, group: Ints) -> float:
        """Standard deviations by which the group's measure lies below that of random groups of its size; 0 if it cannot
        be compared.
        """
        value = self.measure(group)
        middle, width = self._null(min(len(group), MOST_INSIDE))
        return (middle - value) / width if np.isfinite(value) and width > 0 else 0.0

    def measure_many(self, groups: Ints) -> tuple[Floats, Floats]:
        """`measure` and `deviation` of groups of one size, a group a row, each against all accounts."""
        values = np.concatenate(
            [
                _log_ratio(_spread(self.manners.table[part]), self._all)
                for part in np.array_split(groups, -(-groups.size // BATCH))
            ]
        )
        middle, width = self._null(groups.shape[1])
        deviation = (middle - values) / width if width > 0 else np.zeros(len(values))
        return np.nan_to_num(values, nan=0.0), np.nan_to_num(deviation, nan=0.0)

    def _others(self, group: Ints) -> Floats:
        """Spread of the accounts outside the group; of all, where the group is too small to matter."""
        outside = _outside(self.manners, group)
        return self._all if outside is self.manners.table else _spread(outside)

    def _null(self, size: int) -> tuple[float, float]:
        count = len(self.manners.table)
        step = min(count, size if size < 12 else round(2 ** (round(4 * np.log2(size)) / 4)))
        if step not in self._nulls:
            rng = np.random.default_rng([self.seed, step])
            draws = max(30, min(DRAWS, 500_000 // step))
            groups = np.stack([rng.choice(count, step, replace=False) for _ in range(draws)])
            values = _log_ratio(_spread(self.manners.table[groups]), self._all)
            values = values[np.isfinite(values)]
            self._nulls[step] = (
                (float(np.mean(values)), float(np.std(values))) if len(values) > draws // 2 else (0.0, 0.0)
            )
        return self._nulls[step]


def _outside(manners: Manners, group: Ints) -> Floats:
    """Rows of the accounts outside the group; of all, where the group is too small to matter."""
    if len(group) * SMALL < len(manners.table):
        return manners.table
    outside = np.ones(len(manners.table), dtype=bool)
    outside[group] = False
    return manners.table[_some(np.flatnonzero(outside), MOST_OUTSIDE)]


def _some(accounts: Ints, most: int) -> Ints:
    return accounts[:: max(1, -(-len(accounts) // most))]


def _log_ratio(inside: Floats, outside: Floats) -> Floats:
    both = np.isfinite(inside) & np.isfinite(outside) & (outside >= LEAST)
    logs = np.where(both, np.log((np.where(both, inside, 0.0) + FLOOR) / (np.where(both, outside, 0.0) + FLOOR)), 0.0)
    count = both.sum(axis=-1)
    ratio: Floats = np.where(count >= FEWEST, logs.sum(axis=-1) / np.maximum(count, 1), np.nan)
    return ratio


def manner_bits(manners: Manners, group: Ints, accounts: Ints) -> Floats:
    """Bits by which each account's manners fit the group better than they fit the other accounts; 0 where nothing is
    known, at most MOST_BITS either way.

    Robust: both as curves with heavy tails around their medians, as wide as their quartiles say. Manners overlap in
            what they say, so
    only part of the sum counts.
    """
    middle, width = _centre(manners.of(_some(group, MOST_INSIDE)))
    others = _outside(manners, group)
    middle_all, width_all = manners.centre if others is manners.table else _centre(others)
    usable = np.isfinite(middle) & np.isfinite(middle_all)
    if usable.sum() < FEWEST:
        return np.zeros(len(accounts))
    rows = manners.of(accounts)[:, usable]
    inside = _log_density(rows, middle[usable], np.maximum(width[usable], FLOOR))
    outside = _log_density(rows, middle_all[usable], np.maximum(width_all[usable], FLOOR))
    # Both curves have heavy tails: one odd manner does not exclude an account.
    bits = np.nansum(inside - outside, axis=1) / np.log(2)
    capped: Floats = np.clip(TAKEN * bits, -MOST_BITS, MOST_BITS)
    return capped


def _centre(rows: Floats) -> tuple[Floats, Floats]:
    """Median and width (a standard deviation, told by the quartiles) of each manner."""
    low, middle, high = _quartiles(rows)
    return middle, (high - low) / 1.349


def _log_density(rows: Floats, middle: Floats, width: Floats) -> Floats:
    """Log density of Student's t with three degrees of freedom around the middle."""
    scaled = (rows - middle) / width
    values: Floats = -2.0 * np.log1p(scaled**2 / 3.0) - np.log(width)
    return values
