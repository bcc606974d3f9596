"""What passes between accounts of a network, account by account: the episodes that tests of dependence count.

Each kind of episode has a giver and a taker (a failed request and who sends it again; a refusal and who takes over; an
item and who asks for it soon after or before). Of each account is told how many such episodes it has, how many it could
have had, and how many it would have if accounts were independent (the nulls of the tests that count them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.streams import DAY_S
from forensics.describing.sightings.retry import WITHIN_S
from forensics.judging.asking import lifetimes
from forensics.judging.pooling.failover import crossing_pairs, find_sends, looked_at_sends
from forensics.judging.pooling.handover import MOVE, WINDOWS_S, find_episodes, find_outages, find_streams
from forensics.judging.pooling.repeats_elsewhere import WINDOWS_S as REPEAT_WINDOWS_S
from forensics.judging.pooling.repeats_elsewhere import pair_askings, read_askings
from forensics.judging.rolling import lay_out
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel
    from forensics.judging.pooling.failover import Sends
    from forensics.judging.pooling.handover import Episodes

DRAWS = 60
FEWEST_REFUSALS = 5


@dataclass(frozen=True)
class Passages:
    """Episodes of one kind in one role (giving, taking or items), by member."""

    role: str
    seen: Floats
    chances: Floats  # in which it could have had one
    by_chance: Floats  # that it would have if accounts were independent


def count_passages(panel: Panel, rng_of: dict[str, np.random.Generator]) -> Iterator[tuple[Group, list[Passages]]]:
    """Per network what passes through each of its members (`Group.members`); the generators are by network."""
    sends, totals = find_sends(panel), _count_sends(panel)
    askings = read_askings(panel)
    outages, rows = find_outages(panel), rows_by_network(panel)
    key = panel.tested.select(pl.coalesce("system_hash", "template_hash").fill_null(0)).to_series().to_numpy()
    status = panel.tested["status_code"].fill_null(0).to_numpy().astype(np.int64)
    account, at_s = panel.tested["account"].to_numpy().astype(np.int64), panel.tested["at_s"].to_numpy()
    for index, group in enumerate(panel.groups):
        rng, mine = rng_of[group.network_id], rows[group.network_id]
        found = _retries(group, sends[index], *totals[index]) if index in sends else []
        if streams := find_streams(key[mine], mine, account, at_s):
            found += _takeovers(group, find_episodes(streams, account, at_s, status, outages), rng)
        found += _repeats(panel, group, askings.get(index), rng)
        yield group, found


def _count_sends(panel: Panel) -> dict[int, tuple[Floats, Floats]]:
    """Failed sends and all sends of each member whose prompts are looked at, by network number."""
    counted = looked_at_sends(panel).group_by("account").agg(pl.col("failed").sum(), sent=pl.len()).collect()
    failed, sent = np.zeros(len(panel.accounts)), np.zeros(len(panel.accounts))
    failed[counted["account"].to_numpy()] = counted["failed"].to_numpy()
    sent[counted["account"].to_numpy()] = counted["sent"].to_numpy()
    return {index: (failed[group.members], sent[group.members]) for index, group in enumerate(panel.groups)}


def _retries(group: Group, sends: Sends, failed: Floats, sent: Floats) -> list[Passages]:
    """Failed sends that another account repeats, and repeats of others' failed sends. By chance: as often as sends that
    did not fail are repeated.
    """
    first, second = crossing_pairs(sends)
    near = sends.at_s[second] - sends.at_s[first] <= WITHIN_S
    after = near & sends.failed[first]
    other = len(np.unique(first[near & ~sends.failed[first]])) / max(1.0, float(sent.sum() - failed.sum()))
    by_chance = other * failed.sum() / max(1.0, float(sent.sum()))
    return [
        Passages("giving", _tally(group, sends.account[np.unique(first[after])]), failed, other * failed),
        Passages("taking", _tally(group, sends.account[np.unique(second[after])]), sent, by_chance * sent),
    ]


def _tally(group: Group, accounts: Ints) -> Floats:
    """How often each member is among the accounts."""
    place = np.searchsorted(group.members, accounts)
    return np.bincount(place, minlength=len(group.members)).astype(float)


def _takeovers(group: Group, episodes: Episodes, rng: np.random.Generator) -> list[Passages]:
    """Refusals after which an idle account enters the stream, and such entries; by chance: with each account's refusals
    moved as a whole by up to ten windows.
    """
    if len(episodes.refused_s) < FEWEST_REFUSALS:
        return []
    order = np.argsort(episodes.entered_s, kind="stable")
    entered_s = episodes.entered_s[order]
    entered_by = np.searchsorted(group.members, episodes.entered_by[order])
    refused_by = np.searchsorted(group.members, episodes.refused_by)
    size = len(group.members)
    given, taken = np.bincount(refused_by, minlength=size), np.bincount(entered_by, minlength=size)
    found = []
    for window in WINDOWS_S:

        def count(moves: Floats, window: float = window) -> Floats:
            begin = episodes.refused_s + MOVE * window * moves[refused_by]
            place = np.searchsorted(entered_s, begin, side="right")
            for _ in range(3):  # who was refused and comes back at once is no other account
                own = (place < len(entered_s)) & (entered_by[np.minimum(place, len(entered_s) - 1)] == refused_by)
                place = place + own
            here = np.minimum(place, len(entered_s) - 1)
            hit = (place < len(entered_s)) & (entered_s[here] <= begin + window) & (entered_by[here] != refused_by)
            return np.stack(
                [np.bincount(by[hit], minlength=size).astype(float) for by in (refused_by, entered_by[here])]
            )

        seen = count(np.zeros(size))
        chance = np.mean([count(rng.uniform(-1, 1, size)) for _ in range(DRAWS)], axis=0)
        found += [
            Passages("giving", seen[0], given.astype(float), chance[0]),
            Passages("taking", seen[1], taken.astype(float), chance[1]),
        ]
    return found


def _repeats(panel: Panel, group: Group, rows: pl.DataFrame | None, rng: np.random.Generator) -> list[Passages]:
    """Askings of an item that another member's lie near; by chance: each account's days rolled."""
    if rows is None or rows.is_empty():
        return []
    asked = pair_askings(rows, rng)
    if len(asked.first) == 0:
        return []
    accounts, who = np.unique(asked.account, return_inverse=True)
    laid = lay_out(who.astype(np.int64), asked.at_s, *lifetimes(panel, accounts))
    drawn, clock = laid.draw(DRAWS, rng), asked.at_s % DAY_S
    chances = _tally(group, asked.account)
    found = []
    for window in REPEAT_WINDOWS_S:

        def count(slots: Ints, window: float = window) -> Floats:
            at_s = laid.day[slots] * DAY_S + clock
            near = np.abs(at_s[asked.first] - at_s[asked.second]) <= window
            hit = np.zeros(len(asked.item), dtype=np.bool_)
            hit[asked.first[near]] = hit[asked.second[near]] = True
            return _tally(group, asked.account[hit])

        chance = np.mean([count(slots) for slots in drawn], axis=0)
        found.append(Passages("items", count(laid.slot), chances, chance))
    return found
