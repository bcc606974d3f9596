"""What holds a network together: whether it stands without some kinds of observable, and the links it hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.errors import UsageError
from forensics.common.printable import printable
from forensics.linking.incidence import INCIDENCE_COLUMNS, build_incidence, bundle, unbundle
from forensics.linking.links import weigh_links
from forensics.linking.membership import ALONE, score_accounts, sum_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from forensics.common.arrays import Ints
    from forensics.common.schema import Tables
    from forensics.common.settings import NetworkSettings, Settings
    from forensics.linking.incidence import Incidence

    Row = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """A network as it would be if some kinds had never been seen."""

    # one row per member: account_id, odds_bits, odds_bits_without, stays, piece (null: lost, or linked to no other kept
    # member)
    members: pl.DataFrame
    pieces: tuple[int, ...]  # accounts of each piece that the kept members' links would form, largest first
    least: int  # accounts that make a network

    @property
    def verdict(self) -> str:
        """stands, shrinks or falls."""
        largest = max(self.pieces, default=0)
        if largest < self.least:
            return "falls"
        return "stands" if 2 * largest >= self.members.height else "shrinks"


def read_standing(case: Tables, row: Row, kinds: tuple[str, ...], settings: Settings) -> Standing:
    """The network `row` without `kinds`; links are weighed anew, as what is common changes with what is seen.

    Raises: UsageError for a kind that nobody in the case showed.
    """
    sightings, accounts, members = case.scan("sightings"), case.scan("accounts"), case.scan("members")
    known = sightings.select(pl.col("kind").unique().sort()).collect().get_column("kind").to_list()
    for kind in kinds:
        if kind not in known:
            raise UsageError(
                f"no account shows an observable of kind {printable(kind)}",
                f"kinds of this case: {', '.join(map(printable, known))}",
            )
    told = without_kinds(sightings, accounts, members, row["network_id"], kinds, settings.networks).collect()
    kept = told.filter("stays").get_column("account_id").to_list()
    links = weigh_links(sightings.filter(~pl.col("kind").is_in(list(kinds))), accounts, settings.links)
    inner = (
        links.filter(pl.col("account_a").is_in(kept) & pl.col("account_b").is_in(kept))
        .select("account_a", "account_b")
        .sort("account_a", "account_b")
    )
    groups = group_accounts(list(inner.collect().iter_rows()))
    place = {account: number for number, group in enumerate(groups, start=1) for account in group}
    pieces = pl.Series("piece", [place.get(account) for account in told.get_column("account_id")], dtype=pl.UInt32)
    return Standing(told.with_columns(pieces), tuple(len(group) for group in groups), settings.networks.min_accounts)


def group_accounts(pairs: list[tuple[str, str]]) -> list[list[str]]:
    """Accounts that hang together along the pairs, largest group first."""
    head: dict[str, str] = {}

    def top(account: str) -> str:
        while head.setdefault(account, account) != account:
            head[account] = head[head[account]]
            account = head[account]
        return account

    for a, b in pairs:
        first, second = sorted((top(a), top(b)))
        head[second] = first
    groups: dict[str, list[str]] = {}
    for account in sorted(head):
        groups.setdefault(top(account), []).append(account)
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def read_bridges(case: Tables, row: Row) -> pl.DataFrame:
    """One row per link without which the network's links would fall into two: account_a, account_b, weight_bits,
    smaller_part.
    """
    return find_bridges(case.scan("links"), case.scan("members"), row["network_id"]).collect()


def without_kinds(
    sightings: pl.LazyFrame,
    accounts: pl.LazyFrame,
    members: pl.LazyFrame,
    network_id: str,
    kinds: tuple[str, ...],
    settings: NetworkSettings,
) -> pl.LazyFrame:
    """One row per member of a network: whether it would still belong if some kinds of observable had never been seen.

    In:    SIGHTINGS, ACCOUNTS, MEMBERS; `kinds` to leave out.
    Out:   account_id, odds_bits (log2 odds of belonging, with all kinds), odds_bits_without, stays.
    """
    tables = bundle(
        sightings=sightings,
        accounts=accounts.select(INCIDENCE_COLUMNS["accounts"]),
        members=members.select("network_id", "account_id"),
    )

    def answer(frame: pl.DataFrame) -> pl.DataFrame:
        parts = unbundle(frame, {**INCIDENCE_COLUMNS, "members": ["network_id", "account_id"]})
        odds = []
        for shown in (parts["sightings"], parts["sightings"].filter(~pl.col("kind").is_in(list(kinds)))):
            incidence = build_incidence(shown, parts["accounts"])
            labels = _label(incidence, parts["members"])
            names = sorted(parts["members"]["network_id"].unique().to_list())
            if network_id not in names:
                odds.append(pl.DataFrame(schema={"account_id": pl.String, "odds": pl.Float64}))
                continue
            wanted = names.index(network_id)
            scores = sum_lines(incidence, score_accounts(incidence, labels), labels).filter(pl.col("network") == wanted)
            number = np.flatnonzero(labels == wanted)
            inside = incidence.seats.filter(pl.col("account").is_in(number))
            prior = float(np.log2(max(incidence.account_count - len(number), 1) / max(len(number), 1)))
            odds.append(
                inside.join(scores, on="account", how="left").select("account_id", pl.col("odds").fill_null(-prior))
            )
        both = odds[0].join(odds[1], on="account_id", suffix="_without").sort("account_id")
        return both.select(
            "account_id",
            odds_bits="odds",
            odds_bits_without="odds_without",
            stays=pl.col("odds_without") >= settings.margin_bits,
        )

    return tables.map_batches(
        answer,
        schema={"account_id": pl.String, "odds_bits": pl.Float64, "odds_bits_without": pl.Float64, "stays": pl.Boolean},
    )


def _label(incidence: Incidence, members: pl.DataFrame) -> Ints:
    """Labels of the accounts by the sorted order of network ids."""
    names = {name: number for number, name in enumerate(sorted(members["network_id"].unique().to_list()))}
    place = dict(incidence.seats.select("account_id", "account").iter_rows())
    labels = np.full(incidence.account_count, ALONE, dtype=np.int64)
    for network, account in members.select("network_id", "account_id").iter_rows():
        if account in place:
            labels[place[account]] = names[network]
    return labels


def find_bridges(links: pl.LazyFrame, members: pl.LazyFrame, network_id: str) -> pl.LazyFrame:
    """One row per link of a network without which its links would fall into two parts: what an analyst should check
    first.

    In:    LINKS, MEMBERS.
    Out:   account_a, account_b, weight_bits, smaller_part (accounts on the lesser side), most consequential first.
    """
    inside = members.filter(pl.col("network_id") == network_id).select("account_id")
    inner = (
        links.join(inside, left_on="account_a", right_on="account_id", how="semi")
        .join(inside, left_on="account_b", right_on="account_id", how="semi")
        .select("account_a", "account_b", "weight_bits")
        .sort("account_a", "account_b")
    )

    def cut(frame: pl.DataFrame) -> pl.DataFrame:
        pairs = list(zip(frame["account_a"].to_list(), frame["account_b"].to_list(), strict=True))
        found = bridges_of(pairs)
        table = pl.DataFrame(
            {"row": [row for row, _ in found], "smaller_part": [part for _, part in found]},
            schema={"row": pl.UInt32, "smaller_part": pl.UInt32},
        )
        return (
            frame.with_row_index("row")
            .join(table, on="row")
            .drop("row")
            .sort("smaller_part", "account_a", "account_b", descending=[True, False, False])
        )

    schema = {"account_a": pl.String, "account_b": pl.String, "weight_bits": pl.Float64, "smaller_part": pl.UInt32}
    return inner.map_batches(cut, schema=schema)


def bridges_of(pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Positions of the pairs that are bridges of the graph, and how many nodes the smaller side then has (Tarjan's low
    points, without recursion).
    """
    neighbours: dict[str, list[tuple[str, int]]] = {}
    for row, (a, b) in enumerate(pairs):
        neighbours.setdefault(a, []).append((b, row))
        neighbours.setdefault(b, []).append((a, row))
    found: list[tuple[int, int]] = []
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    below: dict[str, int] = {}
    for root in sorted(neighbours):
        if root in order:
            continue
        first = len(found)
        order[root] = low[root] = len(order)
        below[root] = 1
        stack = [(root, -1, iter(neighbours[root]))]
        while stack:
            node, came_by, rest = stack[-1]
            step = next(rest, None)
            if step is not None:
                other, row = step
                if other not in order:
                    order[other] = low[other] = len(order)
                    below[other] = 1
                    stack.append((other, row, iter(neighbours[other])))
                elif row != came_by:
                    low[node] = min(low[node], order[other])
                continue
            stack.pop()
            if stack:
                parent = stack[-1][0]
                low[parent] = min(low[parent], low[node])
                below[parent] += below[node]
                if low[node] > order[parent]:
                    found.append((came_by, below[node]))
        found[first:] = [(row, min(part, below[root] - part)) for row, part in found[first:]]
    return sorted(found)
