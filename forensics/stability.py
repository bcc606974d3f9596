"""Questions an analyst asks of a network: does it stand without a kind of observable, and which links hold it together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.membership import ALONE, score_accounts, sum_lines
from forensics.observables import INCIDENCE_COLUMNS, build_incidence, bundle, unbundle

if TYPE_CHECKING:
    from forensics.config import NetworkSettings
    from forensics.observables import Incidence, Ints


def without_kinds(
    sightings: pl.LazyFrame, accounts: pl.LazyFrame, members: pl.LazyFrame, network_id: str, kinds: tuple[str, ...], settings: NetworkSettings
) -> pl.LazyFrame:
    """One row per member of a network: whether it would still belong if some kinds of observable had never been seen.

    In:    SIGHTINGS, ACCOUNTS, MEMBERS; `kinds` to leave out.
    Out:   account_id, odds_bits (log2 odds of belonging, with all kinds), odds_bits_without, stays.
    """
    tables = bundle(sightings=sightings, accounts=accounts.select("account_id", "request_count"), members=members.select("network_id", "account_id"))

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
            inside = pl.DataFrame({"account": number, "account_id": [incidence.account_ids[i] for i in number]}, schema_overrides={"account_id": pl.String})
            prior = float(np.log2(max(incidence.account_count - len(number), 1) / max(len(number), 1)))
            odds.append(inside.join(scores, on="account", how="left").select("account_id", pl.col("odds").fill_null(-prior)))
        both = odds[0].join(odds[1], on="account_id", suffix="_without").sort("account_id")
        return both.select("account_id", odds_bits="odds", odds_bits_without="odds_without", stays=pl.col("odds_without") >= settings.margin_bits)

    return tables.map_batches(answer, schema={"account_id": pl.String, "odds_bits": pl.Float64, "odds_bits_without": pl.Float64, "stays": pl.Boolean})


def _label(incidence: Incidence, members: pl.DataFrame) -> Ints:
    """Labels of the accounts by the sorted order of network ids."""
    names = {name: number for number, name in enumerate(sorted(members["network_id"].unique().to_list()))}
    place = {account: number for number, account in enumerate(incidence.account_ids)}
    labels = np.full(incidence.account_count, ALONE, dtype=np.int64)
    for network, account in members.select("network_id", "account_id").iter_rows():
        if account in place:
            labels[place[account]] = names[network]
    return labels


def find_bridges(links: pl.LazyFrame, members: pl.LazyFrame, network_id: str) -> pl.LazyFrame:
    """One row per link of a network without which its links would fall into two parts: what an analyst should check first.

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
            {"row": [row for row, _ in found], "smaller_part": [part for _, part in found]}, schema={"row": pl.UInt32, "smaller_part": pl.UInt32}
        )
        return frame.with_row_index("row").join(table, on="row").drop("row").sort("smaller_part", "account_a", "account_b", descending=[True, False, False])

    schema = {"account_a": pl.String, "account_b": pl.String, "weight_bits": pl.Float64, "smaller_part": pl.UInt32}
    return inner.map_batches(cut, schema=schema)


def bridges_of(pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Positions of the pairs that are bridges of the graph, and how many nodes the smaller side then has (Tarjan's low points, without recursion)."""
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
