"""Names accounts stand under: payers, mail domains, exits; and whether a declared organisation is borne out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import wilson
from forensics.judging.answers import answer, unassessable

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Hallmark, Panel

PAYER = ("declared_payment_id",)
DOMAIN = ("declared_email_domain",)
CLAIM = ("declared_parent_id", "declared_organization_id")
FEWEST = 3  # members of whom it is known
PUBLIC = 0.05  # share of all accounts from which a value is a provider's or carrier's, unless half of these are members
SEATS = 3  # accounts of one declared organisation from which it is compared with
FEWEST_ORGANISATIONS = 5  # such organisations outside a network, below which one value is what is expected of openness
SELDOM = 0.1  # share of organisations that stand under as many names, from which that is unusual
ONE, SEVERAL = 0.9, 0.5  # share of members with the most frequent value: from which it is one, up to which it is not
BORNE = 0.2  # share of the other seats of an organisation with which a seat shares a domain, payer or exit


@dataclass(frozen=True)
class Values:
    """Which account stands under which value: `rows` (account, value; sorted), and in how many accounts each value is
    found.
    """

    rows: pl.DataFrame
    holders: dict[str, int]
    accounts: int

    @cached_property
    def sorted_accounts(self) -> Ints:
        """The account of each row."""
        return np.asarray(self.rows["account"].to_numpy(), dtype=np.int64)

    def of(self, accounts: Ints) -> pl.DataFrame:
        """The rows of some accounts."""
        chosen = np.unique(accounts)
        first, stop = (np.searchsorted(self.sorted_accounts, chosen, side=side) for side in ("left", "right"))
        length = stop - first
        place = np.repeat(first - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
        return self.rows[place]

    def is_public(self, value: str, inside: int) -> bool:
        """Whether a value is a provider's or carrier's rather than its holders' own."""
        held = self.holders[value]
        return held > max(PUBLIC * self.accounts, 2) and 2 * inside < held


def declared_values(panel: Panel, columns: tuple[str, ...]) -> Values:
    """What the accounts file says in the first of these columns that is filled."""
    known = [name for name in columns if name in panel.accounts.columns]
    value = pl.coalesce(known) if known else pl.lit(None, dtype=pl.String)
    return _values(panel.accounts.select(pl.col("account").cast(pl.Int64), value.alias("value")), len(panel.accounts))


def claimed_values(panel: Panel) -> Values:
    """The parent or organisation that each account declares in the accounts file, else that its requests name most."""
    known = [name for name in CLAIM if name in panel.accounts.columns]
    seen = (
        panel.events.filter(pl.col("organization_id").is_not_null())
        .group_by("account", "organization_id")
        .agg(pl.len().alias("n"))
        .sort("account", "n", "organization_id", descending=[False, True, False])
        .group_by("account", maintain_order=True)
        .agg(pl.col("organization_id").first().alias("seen"))
        .collect()
    )
    accounts = panel.accounts.join(seen, on="account", how="left", maintain_order="left")
    value = pl.coalesce(*known, "seen").alias("value")
    return _values(accounts.select(pl.col("account").cast(pl.Int64), value), _looked_at(panel))


def exit_values(panel: Panel) -> Values:
    """The networks (/24, /48) that each account's requests came from."""
    rows = panel.events.select(pl.col("account").cast(pl.Int64), pl.col("client_prefix").alias("value")).unique()
    return _values(rows.collect(), _looked_at(panel))


def _looked_at(panel: Panel) -> int:
    """Accounts whose requests are looked at: members, and outsiders."""
    return len(np.unique(np.concatenate([panel.outside, *(group.members for group in panel.groups)])))


def _values(rows: pl.DataFrame, accounts: int) -> Values:
    rows = rows.drop_nulls("value").sort("account", "value")
    counts = rows.group_by("value").agg(pl.len())
    return Values(rows, dict(counts.iter_rows()), accounts)


@dataclass(frozen=True)
class Most:
    """The most frequent value among some accounts: `count` of `known` accounts stand under it, `values` there are."""

    value: str
    count: int
    known: int
    values: int
    public: bool

    @property
    def share(self) -> float:
        """Of the accounts of which it is known."""
        return self.count / max(self.known, 1)


def most_frequent(values: Values, accounts: Any) -> Most | None:  # noqa: ANN401 - array
    """The most frequent value among accounts; None where it is known of fewer than three."""
    own = values.of(np.asarray(accounts, dtype=np.int64))
    known = own["account"].n_unique()
    if known < FEWEST:
        return None
    counts = own.group_by("value").agg(pl.len().alias("n")).sort("n", "value", descending=[True, False])
    value, count = counts.row(0)
    return Most(value, count, known, counts.height, values.is_public(value, count))


def organisations(panel: Panel) -> dict[str, Any]:
    """Declared organisation or parent → its accounts, of those with three seats or more."""
    rows = claimed_values(panel).rows
    seats = rows.group_by("value", maintain_order=True).agg("account").filter(pl.col("account").list.len() >= SEATS)
    return {value: np.array(accounts, dtype=np.int64) for value, accounts in seats.iter_rows()}


class Customers:
    """Declared organisations of which it is known: their seats, and how large a share of them stands under the most
    frequent value.
    """

    def __init__(self, panel: Panel, values: Values) -> None:
        found = [(seats, most_frequent(values, seats)) for seats in organisations(panel).values()]
        known = [(seats, most.share) for seats, most in found if most is not None]
        self.shares = np.array([share for _, share in known], dtype=np.float64)
        self._seats = np.concatenate([np.zeros(0, dtype=np.int64), *(seats for seats, _ in known)])
        self._owner = np.repeat(np.arange(len(known)), np.array([len(seats) for seats, _ in known], dtype=np.int64))
        self._inside = np.zeros(len(panel.accounts), dtype=bool)

    def outside(self, members: Ints) -> Floats:
        """The shares of the organisations that have no seat among some accounts."""
        self._inside[members] = True
        touched = np.bincount(self._owner[self._inside[self._seats]], minlength=len(self.shares)) > 0
        self._inside[members] = False
        return np.asarray(self.shares[~touched], dtype=np.float64)


def tell_names(
    panel: Panel, plugin: Hallmark, values: Values, words: tuple[str, str], missing: str, *, hides: bool
) -> list[dict[str, Any]]:
    """One answer per network on the share of its members under their most frequent value, held against what declared
    organisations show; `words` are the singular and plural of what is counted.

    With `hides` few under one value are the sign (holds up to SEVERAL), else nearly all (holds from ONE).
    """
    customers = Customers(panel, values)
    rows = []
    for group in panel.groups:
        most = most_frequent(values, group.members)
        if most is None:
            rows.append(unassessable(group, plugin, missing))
            continue
        rows.append(_tell(group, plugin, most, customers.outside(group.members), words, hides=hides))
    return rows


def _tell(
    group: Group, plugin: Hallmark, most: Most, others: Floats, words: tuple[str, str], *, hides: bool
) -> dict[str, Any]:
    low, high = wilson(most.count, most.known)
    enough = len(others) >= FEWEST_ORGANISATIONS
    extreme = int((others <= most.share if hides else others >= most.share).sum())
    seldom = (extreme + 1) / (len(others) + 1) if enough else None
    middle = float(np.median(others)) if enough else 1.0
    said = f"of {len(others)} declared organisations {middle:.0%}" if enough else "one customer, openly: all"
    one, several = words
    if hides:
        holds = most.share <= SEVERAL and most.values >= FEWEST and (seldom is None or seldom <= SELDOM)
        text = (
            f"{most.known} members stand under {most.values} {several}, {most.share:.0%} under the commonest ({said})"
        )
    else:
        holds = most.share >= ONE and not most.public
        text = f"{most.share:.0%} of {most.known} members share one {one}" + (
            ", which many others have too" if most.public else f" ({said})"
        )
    return answer(
        group,
        plugin,
        f"{text}.",
        measure=f"share of members under the commonest {one}",
        observed=most.share,
        own=(low, high),
        others=(middle, float(others.min(initial=1.0)), float(others.max(initial=0.0) if len(others) else 1.0)),
        p_value=seldom if hides else None,
        holds=holds,
    )


def borne_out(panel: Panel) -> pl.DataFrame:
    """One row per account that declares an organisation or parent of three seats or more: whether it behaves so.

    A seat is borne out if it shares its mail domain, payer or exit (none that is a provider's or carrier's) with a
    fifth of the organisation's other seats, or at least one.

    Out: account, claim, borne, told (whether any of the three is known of it).
    """
    rows = claimed_values(panel).rows.rename({"value": "claim"})
    seats = rows.group_by("claim").agg(pl.len().alias("seats")).filter(pl.col("seats") >= SEATS)
    rows = rows.join(seats, on="claim")
    found = []
    for values in (declared_values(panel, DOMAIN), declared_values(panel, PAYER), exit_values(panel)):
        held = values.rows.join(rows, on="account").with_columns(inside=pl.len().over("claim", "value"))
        holders = pl.col("value").replace_strict(values.holders, default=0, return_dtype=pl.Int64)
        public = (holders > max(PUBLIC * values.accounts, 2)) & (2 * pl.col("inside") < holders)
        enough = pl.col("inside") - 1 >= pl.max_horizontal(pl.lit(1.0), BORNE * (pl.col("seats") - 1))
        found.append(held.select("account", (enough & ~public).alias("borne")))
    told = pl.concat(found).group_by("account").agg(pl.col("borne").any(), pl.lit(value=True).alias("told"))
    return (
        rows.join(told, on="account", how="left")
        .with_columns(pl.col("borne", "told").fill_null(value=False))
        .sort("account")
    )
