"""What picks a network's requests out of a web log and nobody else's: combinations of fields that a proxy or SIEM sees,
with the hits that were counted on this very case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.reports.facts.model import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

# Combinations that are tried, the fewest fields first: a client alone is what strangers show too.
FIELDS: tuple[tuple[str, ...], ...] = (
    ("user_agent", "tls_ja4"),
    ("user_agent", "tls_ja3"),
    ("user_agent", "tls_ja4", "client_asn"),
    ("user_agent", "client_asn"),
    ("user_agent", "tls_ja4", "client_prefix"),
    ("user_agent", "client_prefix"),
    ("tls_ja4", "client_prefix"),
)
COLUMNS = ("user_agent", "tls_ja4", "tls_ja3", "client_asn", "client_prefix")
ANCHORS = ("user_agent", "tls_ja4")  # of which each combination has one at least
MOST_SELECTIONS = 12  # of a network
FEWEST_MEMBERS = 2  # that a selection matches, else it follows an account and not a network


def find_selections(
    events: pl.LazyFrame, members: pl.DataFrame, networks: Sequence[str]
) -> dict[str, tuple[Selection, ...]]:
    """Network → combinations of fields that at least two of its members show and no other account of the case.

    In:    EVENTS; MEMBERS of the networks (network_id, account_id).
    Null:  a field that a request lacks is no part of a combination; one field alone is none.
    """
    mine = members.lazy().select("network_id", "account_id")
    touched = (
        _with_anything_of(events.select("account_id", *COLUMNS), mine)
        .group_by("account_id", *COLUMNS)
        .agg(requests=pl.len())
        .join(mine, on="account_id", how="left")
        .collect(engine="streaming")
    )
    candidates: dict[str, list[tuple[Selection, set[str]]]] = {network: [] for network in networks}
    for fields in FIELDS:
        for network, selection, accounts in _own_combinations(touched, fields):
            if network in candidates:
                candidates[network].append((selection, accounts))
    return {network: _choose(found) for network, found in candidates.items()}


def _with_anything_of(shown: pl.LazyFrame, members: pl.LazyFrame) -> pl.LazyFrame:
    """Requests that show a client or a fingerprint of members: each combination holds the one or the other, and whoever
    shows the same client with another fingerprint is hit by a rule that does not ask for fingerprints. Found first, so
    that requests of nobody concerned are not counted.
    """
    of_members = shown.join(members, on="account_id", how="semi").select(ANCHORS)
    known = of_members.unique().collect(engine="streaming")
    return shown.filter(
        pl.any_horizontal(
            pl.col(field).is_in(known[field].drop_nulls().unique().implode()).fill_null(value=False)
            for field in ANCHORS
        )
    )


def _own_combinations(touched: pl.DataFrame, fields: tuple[str, ...]) -> list[tuple[str, Selection, set[str]]]:
    """Combinations of these fields that one network alone shows, with the accounts that do."""
    known = touched.drop_nulls(list(fields))
    groups = (
        known.group_by(list(fields))
        .agg(
            network=pl.col("network_id").min(),
            networks=pl.col("network_id").n_unique(),  # null, for accounts in no network, is one of them
            accounts=pl.col("account_id").unique(),
            requests=pl.col("requests").sum(),
        )
        .filter(
            pl.col("networks") == 1,
            pl.col("network").is_not_null(),
            pl.col("accounts").list.len() >= FEWEST_MEMBERS,
        )
        .sort(list(fields))
    )
    found = []
    for row in groups.iter_rows(named=True):
        values = tuple((field, str(row[field])) for field in fields)
        selection = Selection(values, len(row["accounts"]), 0, row["requests"])
        found.append((row["network"], selection, set(row["accounts"])))
    return found


def _choose(found: list[tuple[Selection, set[str]]]) -> tuple[Selection, ...]:
    """Those that reach the most members not yet reached, fewest fields first among equals."""
    chosen: list[Selection] = []
    reached: set[str] = set()
    largest = sorted(found, key=lambda item: -len(item[1]))
    while len(chosen) < MOST_SELECTIONS:
        best: tuple[Selection, set[str]] | None = None
        most: tuple[Any, ...] = (0,)
        for one, accounts in largest:
            if len(accounts) < most[0]:
                break  # nor does any after it reach more
            key = (len(accounts - reached), -len(one.values), one.request_count, one.values)
            if key > most:
                best, most = (one, accounts), key
        if best is None or not most[0]:
            break
        chosen.append(best[0])
        reached |= best[1]
    return tuple(chosen)
