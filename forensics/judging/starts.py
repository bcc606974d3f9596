"""Requests and session starts of the tested accounts, by network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.streams import SILENCE_S

if TYPE_CHECKING:
    from forensics.common.arrays import Bools, Floats, Ints
    from forensics.judging.hallmark import Panel


def rows_by_network(panel: Panel) -> dict[str, Ints]:
    """Row numbers of `panel.tested` of each network, in time order."""
    return _split(panel, panel.tested["account"].to_numpy().astype(np.int64))


def _split(panel: Panel, account: Ints) -> dict[str, Ints]:
    owner = np.full(len(panel.accounts), -1, dtype=np.int64)
    for index, group in enumerate(panel.groups):
        owner[group.tested] = index
    of_row = owner[account]
    order = np.argsort(of_row, kind="stable")
    edges = np.searchsorted(of_row[order], np.arange(len(panel.groups) + 1))
    return {group.network_id: order[edges[index] : edges[index + 1]] for index, group in enumerate(panel.groups)}


def starts_by_network(panel: Panel) -> dict[str, tuple[Ints, Floats, Bools]]:
    """Account and time of each session start of each network, in time order, and whether the log names the session.

    A session is all requests of a network with one session id, and starts where its first request does (a session that
    hops between accounts has one start); requests without one form sessions of an account that end with 30 minutes of
    silence.
    """
    network = np.full(len(panel.accounts), -1, dtype=np.int64)
    for index, group in enumerate(panel.groups):
        network[group.tested] = index
    account = panel.tested["account"].to_numpy().astype(np.int64)
    quiet = (pl.col("at_s") - pl.col("at_s").shift(1).over("account")).fill_null(np.inf) > SILENCE_S
    named = pl.col("session_id").is_not_null()
    starts = (
        panel.tested.lazy()
        .select(pl.col("account").cast(pl.Int64), "at_s", "session_id", quiet.cum_sum().over("account").alias("turn"))
        .with_columns(
            pl.Series("network", network[account]),
            pl.when(~named).then(pl.col("turn")).alias("turn"),
            pl.when(~named).then(pl.col("account")).alias("alone"),
        )
        .group_by("network", "session_id", "alone", "turn")
        .agg(pl.col("at_s").min(), pl.col("account").sort_by("at_s", "account").first(), named.any().alias("named"))
        .sort("at_s", "account", "named")
        .collect()
    )
    account, at_s, known = starts["account"].to_numpy(), starts["at_s"].to_numpy(), starts["named"].to_numpy()
    return {name: (account[rows], at_s[rows], known[rows]) for name, rows in _split(panel, account).items()}
