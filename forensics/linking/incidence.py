"""Accounts × observables as arrays: what links and networks both need to weigh what accounts share.

Everything here is plain arithmetic over sightings. Sums that feed a decision are made in whole numbers (1/1024 bit),
because the order in which threads add floating-point numbers would otherwise show in the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.kinds import FURTHER, SQUARES, WHOLE
from forensics.describing.sightings import find_kinds, kind_of, kinds_where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forensics.common.arrays import Bools, Floats, Ints


ACTIVITY_STRATA = 3  # groups of accounts by number of requests, within which lines are dealt anew

DECLARED = "^(parent|organization):"  # principals that the accounts file names and that behave so

MARK_SPACE = 1 << 40  # sums of so large hashes of millions of values fit into 64 bits

USUAL_SHARE = 0.05  # of an account's events: from here on an observable counts in full


def sum_values(norm: pl.Expr, bits: pl.Expr, further: pl.Expr) -> pl.Expr:
    """Bits of one kind from the bits of its shared values, and what each adds to the strongest; inside a group_by."""
    squares = (bits**2).sum().sqrt()
    return (
        pl.when(norm.first() == WHOLE)
        .then(bits.sum())
        .when(norm.first() == SQUARES)
        .then(squares)
        .when(norm.first() == FURTHER)
        .then(bits.max() + further.max())
        .otherwise(bits.max())
    )


def bundle(**frames: pl.LazyFrame) -> pl.LazyFrame:
    """Several tables in one lazy frame, so that one function can see them whole while the query stays lazy."""
    return pl.concat([frame.with_columns(table_=pl.lit(name)) for name, frame in frames.items()], how="diagonal")


def unbundle(frame: pl.DataFrame, columns: Mapping[str, list[str]]) -> dict[str, pl.DataFrame]:
    """The tables of a bundle, each with the columns asked for."""
    return {name: frame.filter(pl.col("table_") == name).select(wanted) for name, wanted in columns.items()}


INCIDENCE_COLUMNS: Mapping[str, list[str]] = {
    "sightings": ["account_id", "kind", "value", "event_count", "first_seen_at", "last_seen_at"],
    "accounts": ["account_id", "principal_id", "request_count"],
}


@dataclass(frozen=True)
class Incidence:
    """Who showed what: one entry a row of `account`, `value`, …; entries sorted by value, then account.

    An account here is a principal: several accounts of one organisation count as one party.
    """

    account_ids: list[str]  # principals; position = account number
    seats: pl.DataFrame  # account_id and the number (`account`) of its principal
    firms: Bools  # account → whether it is a declared organisation of several accounts
    several: Bools  # account → whether it is several accounts
    kinds: list[str]  # sorted; position = kind number
    norm: Floats  # kind → how its values add up
    lines: list[str]  # sorted; position = line number
    line_of_kind: Ints
    value_names: pl.Series  # spelling of each value, by value number
    kind_of_value: Ints
    holders: Ints  # principals per value
    held: Ints  # entries per value: of organisations those only that may link them
    account: Ints  # entry → account number
    value: Ints  # entry → value number
    use: Floats  # entry → how much of the account's own traffic shows it, in (0, 1]
    requests: Ints  # account → events, by account number
    first_day: Floats  # entry → days since 1970; nan without events
    last_day: Floats

    @property
    def account_count(self) -> int:
        """Accounts, with or without a shared observable."""
        return len(self.account_ids)

    @cached_property
    def starts(self) -> Ints:
        """Where each value's entries begin, and the end."""
        return np.concatenate([[0], np.cumsum(self.held)]).astype(np.int64)

    @cached_property
    def rarity_bits(self) -> Floats:
        """log2(accounts / holders) per value."""
        bits: Floats = np.log2(max(self.account_count, 2) / self.holders.astype(np.float64))
        return bits

    @cached_property
    def line_of_value(self) -> Ints:
        """Line of evidence per value."""
        lines: Ints = self.line_of_kind[self.kind_of_value]
        return lines

    @cached_property
    def packed(self) -> Bools:
        """Which values are mere pieces of a trace."""
        return self.traits("piece")

    @cached_property
    def chance(self) -> float:
        """How likely two independent entries are the same account's, if accounts show observables in proportion to the
        log of their requests.
        """
        weight = np.log1p(self.requests.astype(np.float64)) + 1.0
        return float((weight**2).sum() / max(weight.sum() ** 2, 1e-9))

    @cached_property
    def by_account(self) -> tuple[Ints, Ints, Ints]:
        """Entries in the order of account and value: their numbers, where each account's begin, and account and value
        as one rising number.
        """
        order = np.lexsort((self.value, self.account))
        first = np.searchsorted(self.account[order], np.arange(self.account_count + 1))
        return order, first, self.account[order] * (len(self.holders) + 1) + self.value[order]

    @cached_property
    def looks(self) -> Floats:
        """log2 of the values of its kind that the entry's account shows, per entry: so many chances it had to meet
        somebody.
        """
        kind = self.kind_of_value[self.value]
        held = np.bincount(self.account * len(self.kinds) + kind, minlength=self.account_count * len(self.kinds))
        bits: Floats = np.log2(held[self.account * len(self.kinds) + kind].astype(np.float64))
        return bits

    def traits(self, trait: str) -> Bools:
        """Which values are of a kind that has the trait."""
        return np.array([bool(getattr(kind_of(kind), trait)) for kind in self.kinds], dtype=bool)[self.kind_of_value]

    @cached_property
    def several_lines(self) -> bool:
        """Whether two independent lines of evidence could meet at all; timing is in every log and does not count."""
        return len([line for line in self.lines if line != "timing"]) > 1


def build_incidence(sightings: pl.DataFrame, accounts: pl.DataFrame, *, by_content: bool = False) -> Incidence:
    """Arrays of which principal showed what; values of a single one are left out.

    In:    SIGHTINGS and ACCOUNTS, any order. Sightings of accounts that ACCOUNTS does not know are left out, and so is
           what passed from one account to another.
           by_content: principals are numbered by what they showed, not by name. Numbers decide between equals and feed
           the draws of the nulls, and what accounts are called must not.
    """
    sightings = sightings.filter(~pl.col("kind").is_in(kinds_where(passes=True)))
    seats, units = _number_principals(accounts, sightings if by_content else sightings.clear())
    names, shown = _number_values(sightings, seats)
    if _content_speaks(names, shown, units.height):
        fallback = names.filter(pl.col("kind").is_in([name for name, kind in find_kinds().items() if kind.fallback]))
        shown = shown.join(fallback, on="code", how="anti")
    rows = shown.group_by("account", "code").agg(
        pl.col("event_count").sum(), pl.col("first_seen_at").min(), pl.col("last_seen_at").max()
    )
    values = rows.group_by("code").agg(holders=pl.len()).filter(pl.col("holders") >= 2)
    rows = _without_programs_of_firms(rows.join(values, on="code", how="semi"), shown, names, units)
    values = (
        values.join(rows.group_by("code").agg(held=pl.len()), on="code")
        .join(names, on="code")
        .sort("code")
        .with_row_index("number")
    )
    rows = rows.join(values.select("code", "number"), on="code", how="inner")
    return _arrays(seats, units, values, rows.join(units.select("account", "request_count"), on="account"))


def _number_values(sightings: pl.DataFrame, seats: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per observable that is known of some account, with its `code` in order of kind and value; SIGHTINGS with
    that instead of names, and `account`.
    """
    shown = sightings.join(seats, on="account_id", how="inner")
    names = shown.select("kind", "value").unique().sort("kind", "value").with_row_index("code")
    columns = ("account", "account_id", "code", "event_count", "first_seen_at", "last_seen_at")
    return names, shown.join(names, on=["kind", "value"], how="inner").select(columns)


def _number_principals(accounts: pl.DataFrame, sightings: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per account with its principal's number; one row per principal: its accounts and their requests. They are
    numbered by what the sightings say of them, those of which they say nothing by name.
    """
    known = accounts.unique("account_id", keep="first").select(
        "account_id", "request_count", principal=pl.coalesce("principal_id", "account_id")
    )
    units = (
        known.group_by("principal")
        .agg(
            pl.col("request_count").sum(),
            seats=pl.len(),
            declared=(pl.len() >= 2) & pl.col("principal").first().str.contains(DECLARED),
        )
        .join(_marks_of(known, sightings), on="principal", how="left")
        .sort("mark", pl.when(pl.col("mark").is_not_null()).then("request_count"), "principal")
        .drop("mark")
        .with_row_index("account")
    )
    return known.join(units, on="principal").select("account_id", "account").sort("account_id"), units


def _marks_of(known: pl.DataFrame, sightings: pl.DataFrame) -> pl.DataFrame:
    """A number for each principal that is the same whatever it is called: the sum of its values' hashes."""
    part = pl.struct("kind", "value", "event_count").hash(seed=3) % MARK_SPACE
    shown = sightings.select("account_id", "kind", "value", "event_count").join(
        known.select("account_id", "principal"), on="account_id"
    )
    return shown.group_by("principal").agg(mark=part.sum())


def _without_programs_of_firms(
    rows: pl.DataFrame, shown: pl.DataFrame, names: pl.DataFrame, units: pl.DataFrame
) -> pl.DataFrame:
    """The rows, of organisations of several accounts those only that may link them: what no program brings, where most
    of their accounts show such a thing as others do; one stolen card or key is not the company's.
    """
    firms = units.filter("declared")
    personal = names.filter(pl.col("kind").is_in([kind for kind in names["kind"].unique() if kind_of(kind).personal]))
    rows_personal = rows.join(personal, on="code", how="semi")
    shared = rows_personal.group_by("code").len().filter(pl.col("len") >= 2)
    covered = (
        shown.join(firms, on="account", how="semi")
        .join(shared, on="code", how="semi")
        .group_by("account")
        .agg(showing=pl.col("account_id").n_unique())
        .join(firms, on="account")
        .filter(2 * pl.col("showing") > pl.col("seats"))
    )
    single = rows.join(firms, on="account", how="anti")
    return pl.concat([single, rows_personal.join(covered, on="account", how="semi")])


def _usual_use() -> pl.Expr:
    """How much of an account's own traffic shows a value, in (0, 1].

    An observable known from the register only is the account's own: full weight. A one-off among thousands of requests
    is near nothing, yet a tenth of the traffic (a diluted hydra) is still everything: hence the cube root below the
    usual share.
    """
    share = (pl.col("event_count") / pl.col("request_count").clip(1)).clip(0, 1)
    below = (share / USUAL_SHARE).clip(upper_bound=1.0) ** (1 / 3)
    return pl.when(pl.col("event_count") == 0).then(1.0).otherwise(below).fill_null(1.0)


def _arrays(seats: pl.DataFrame, units: pl.DataFrame, values: pl.DataFrame, rows: pl.DataFrame) -> Incidence:
    """The arrays of principals, of values, and of rows that are sorted by value and account."""
    kinds = sorted(values["kind"].unique().to_list())
    lines = sorted({kind_of(kind).line for kind in kinds})
    kind_number = {kind: number for number, kind in enumerate(kinds)}
    line_number = {line: number for number, line in enumerate(lines)}
    rows = rows.sort("number", "account")
    day = [
        rows[name].dt.epoch("s").cast(pl.Float64).fill_null(float("nan")).to_numpy() / 86_400.0
        for name in ("first_seen_at", "last_seen_at")
    ]
    return Incidence(
        account_ids=units["principal"].to_list(),
        seats=seats,
        firms=units["declared"].to_numpy(),
        several=units["seats"].to_numpy() >= 2,
        requests=units["request_count"].fill_null(0).to_numpy().astype(np.int64),
        kinds=kinds,
        norm=np.array([kind_of(kind).norm for kind in kinds], dtype=np.float64),
        lines=lines,
        line_of_kind=np.array([line_number[kind_of(kind).line] for kind in kinds], dtype=np.int64),
        value_names=values["value"],
        kind_of_value=np.array([kind_number[kind] for kind in values["kind"].to_list()], dtype=np.int64),
        holders=values["holders"].to_numpy().astype(np.int64),
        held=values["held"].to_numpy().astype(np.int64),
        account=rows["account"].to_numpy().astype(np.int64),
        value=rows["number"].to_numpy().astype(np.int64),
        use=rows.select(_usual_use()).to_series().to_numpy().astype(np.float64),
        first_day=day[0],
        last_day=day[1],
    )


def _content_speaks(names: pl.DataFrame, shown: pl.DataFrame, account_count: int) -> bool:
    """Whether a fifth of the accounts or more show content, so that weaker traces are not needed."""
    told = [name for name, kind in find_kinds().items() if kind.group == "content" and not kind.public]
    speaking = names.filter(pl.col("kind").is_in(told))
    return 5 * shown.join(speaking, on="code", how="semi")["account"].n_unique() >= account_count > 0


def deal_lines(incidence: Incidence, seed: int) -> Incidence:
    """Each line of evidence dealt anew among accounts of like activity, whole: the null in which lines say nothing
    about each other.

    Within a line everything stays as it is (a carrier's pool of exits, a framework's prompt and tools), so that
    whatever meets across lines here meets by chance. Accounts are dealt within thirds by their number of requests: a
    busy account shows more. The thirds are coarse on purpose; among accounts with just as many observables a hydra that
    alone shows so many would be dealt to itself, and be its own null.
    """
    rng = np.random.default_rng(seed)
    rank = np.lexsort((np.arange(incidence.account_count), incidence.requests))
    step = np.empty(incidence.account_count, dtype=np.int64)
    step[rank] = np.arange(incidence.account_count) * ACTIVITY_STRATA // max(incidence.account_count, 1)
    account = incidence.account.copy()
    line = incidence.line_of_value[incidence.value]
    strata = [np.flatnonzero(step == number) for number in range(int(step.max(initial=0)) + 1)]
    for number in range(len(incidence.lines)):
        target = np.arange(incidence.account_count)
        for members in strata:
            target[members] = rng.permutation(members)
        mine = line == number
        account[mine] = target[incidence.account[mine]]
    order = np.lexsort((account, incidence.value))
    return replace(
        incidence,
        account=account[order],
        use=incidence.use[order],
        first_day=incidence.first_day[order],
        last_day=incidence.last_day[order],
    )
