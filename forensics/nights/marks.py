"""What analysts said of networks, and what follows: read from the case's log, where nothing is ever taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.schema import group_members
from forensics.judging.verdicts import rank_anew

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forensics.common.settings import HistorySettings


MARKED_BENIGN = "marked_benign"  # stands among a network's explanations


@dataclass(frozen=True)
class Mark:
    """What an analyst said of a network, and whom it held then."""

    network_id: str
    state: str  # confirmed, benign, watch or none
    note: str
    by: str
    at: str
    accounts: frozenset[str]

    def told(self) -> str:
        """The mark in a clause."""
        return f"marked {self.state} by {self.by} on {self.at[:10]}{': ' + self.note if self.note else ''}"


def read_marks(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mark]:
    """The marks that stand: the last word on each network in the case's log."""
    marks: dict[str, Mark] = {}
    for entry in entries:
        if entry["what"] == "mark" and "network_id" in entry["facts"]:
            facts = entry["facts"]
            marks[facts["network_id"]] = Mark(
                facts["network_id"],
                facts["state"],
                facts.get("note", ""),
                entry["by"],
                entry["at"],
                frozenset(facts.get("accounts", ())),
            )
    return {key: mark for key, mark in marks.items() if mark.state != "none"}


def read_values(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Observables (kind, value) that were marked benign and not taken back since: they tie nobody."""
    states: dict[tuple[str, str], str] = {}
    for entry in entries:
        if entry["what"] == "mark" and "value" in entry["facts"]:
            states[entry["facts"]["kind"], entry["facts"]["value"]] = entry["facts"]["state"]
    return sorted(key for key, state in states.items() if state == "benign")


def leave_out(sightings: pl.LazyFrame, values: Sequence[tuple[str, str]]) -> pl.LazyFrame:
    """SIGHTINGS without the observables that were marked benign."""
    if not values:
        return sightings
    keys = pl.DataFrame(values, schema={"kind": pl.String, "value": pl.String}, orient="row")
    return sightings.join(keys.lazy(), on=["kind", "value"], how="anti")


def find_marked(
    network_id: str, accounts: frozenset[str], members: pl.DataFrame, settings: HistorySettings
) -> str | None:
    """The network of this case that a mark from another one speaks of: by its id, else the one whose accounts are those
    that were marked.
    """
    groups = group_members(members)
    if network_id in groups:
        return network_id
    alike = {key: len(own & accounts) / len(own) for key, own in groups.items() if own & accounts}
    best = max(sorted(alike), key=alike.__getitem__, default=None)
    return best if best is not None and alike[best] >= settings.benign_share else None


def suppress_benign(
    networks: pl.DataFrame, members: pl.DataFrame, marks: Mapping[str, Mark], settings: HistorySettings
) -> pl.DataFrame:
    """NETWORKS with alerts taken off where an analyst marked the network benign and it still holds those accounts;
    ranks follow.

    A mark covers the accounts it was given for: a network of which more than 1 - benign_share are others alerts again.
    Who said so, when and why becomes the summary, which every report shows.
    """
    own = group_members(members)
    benign = {
        key: mark.told()
        for key, mark in sorted(marks.items())
        if mark.state == "benign"
        and key in own
        and len(own[key] & mark.accounts) >= settings.benign_share * len(own[key])
    }
    if not benign or networks.is_empty():
        return networks
    marked = pl.col("network_id").is_in(list(benign))
    others = pl.col("explanations").list.set_difference([MARKED_BENIGN])
    return rank_anew(
        networks.with_columns(
            alert=pl.col("alert") & ~marked,
            explanations=pl.when(marked)
            .then(pl.concat_list(pl.lit([MARKED_BENIGN], pl.List(pl.String)), others))
            .otherwise("explanations"),
            summary=pl.when(marked)
            .then(pl.col("network_id").replace_strict(benign, default=None, return_dtype=pl.String))
            .otherwise("summary"),
        )
    )
