"""Tonight's networks ↔ those known from the runs before: identities for life, and what became of each.

A network is known by the members it ever had, by rare observables of its own, and by its bans: accounts born right
after them may be its successors. The three shares are joined as independent doubts (1 - the product of what each leaves
open) and networks are paired so that the sum of likenesses is largest (Hungarian method), so that two networks cannot
claim one identity. Where fragments become one network it is as like to each of them: the one that was reported longest
is kept, else the one with more of its members.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.schema import LINEAGE, PROFILES, group_members
from forensics.describing.sightings import kinds_where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from forensics.common.settings import HistorySettings


ACCOUNT = "account"  # kind of profile entries that are members

OWN_SHARE = 0.5  # of a value's holders that are members, for it to be the network's own

MAX_SUCCESSION = 0.5  # births after bans alone never make an identity sure: two networks may be banned in one wave

BANNED_SHARE = 0.1  # of the living members banned in the last two runs,

REFILL_SHARE = 0.25  # and of those banned replaced tonight, for a network to have respawned

OF_EQUALS = 0.01  # likeness that counts for nothing beside having been reported longer, and more members in common

JUDGED, KEPT, WAITING = "judged", "kept", "waiting"  # how a network came to be a finding or not


@dataclass(frozen=True)
class Past:
    """What is known from the runs before this one."""

    lineage: pl.DataFrame
    profiles: pl.DataFrame

    @property
    def run(self) -> int:
        """The last run, 0 if there was none."""
        return int(self.lineage.get_column("run").max() or 0)  # type: ignore[arg-type]  # a UInt32 column

    @property
    def night_at(self) -> datetime | None:
        """Last event of the last run."""
        return self.lineage.get_column("night_at").max()  # type: ignore[return-value]  # a time column

    @property
    def alive(self) -> pl.DataFrame:
        """LINEAGE rows of the last run that were not gone."""
        return self.lineage.filter((pl.col("run") == self.run) & (pl.col("status") != "gone"))

    def last_members(self) -> dict[str, set[str]]:
        """Members of each network as the last run had it."""
        rows = self.profiles.filter((pl.col("kind") == ACCOUNT) & (pl.col("last_run") == self.run))
        return _sets(rows)


@dataclass(frozen=True)
class Night:
    """Tonight's networks under the ids they keep for life."""

    members: pl.DataFrame
    observables: pl.DataFrame  # their own: network_id, kind, value, bits
    identities: pl.DataFrame
    accounts: pl.DataFrame


def follow(
    members: pl.DataFrame, sightings: pl.LazyFrame, accounts: pl.DataFrame, past: Past, settings: HistorySettings
) -> Night:
    """Give tonight's networks the ids under which they are known.

    In:    MEMBERS as formed, SIGHTINGS, ACCOUNTS, what is known.
    """
    observables = own_observables(members, sightings, accounts.height, settings.profile_values)
    identities = identify_networks(members, observables, accounts, past, settings)
    own, known_by = (rename_networks(frame.lazy(), identities).collect() for frame in (members, observables))
    return Night(own, known_by, identities, accounts)


def recall_past(lineage: pl.DataFrame, profiles: pl.DataFrame, night_at: datetime | None) -> Past:
    """The runs before the one that ends at `night_at`: a run repeated for the same night replaces itself."""
    lineage = LINEAGE.completed(lineage)
    if night_at is not None:
        lineage = lineage.filter(pl.col("night_at") < night_at)
    run = int(lineage.get_column("run").max() or 0)  # type: ignore[arg-type]  # a UInt32 column
    before = pl.coalesce("prior_run", pl.col("last_run").clip(upper_bound=run))
    profiles = (
        PROFILES.completed(profiles)
        .filter(pl.col("first_run") <= run)
        .with_columns(
            last_run=pl.when(pl.col("last_run") > run).then(before).otherwise("last_run"),
            prior_run=pl.when(pl.col("last_run") <= run).then("prior_run"),
        )
    )
    return Past(lineage, profiles)


def own_observables(members: pl.DataFrame, sightings: pl.LazyFrame, account_count: int, most: int) -> pl.DataFrame:
    """One row per network and observable of its own: network_id, kind, value, bits; the rarest and widest `most` a
    network.

    In:    MEMBERS, SIGHTINGS. A value counts where at least two members hold it and members are at least half of its
           holders.
    """
    held = sightings.select("account_id", "kind", "value").filter(~pl.col("kind").is_in(kinds_where(says_when=True)))
    inside = (
        held.join(members.lazy().select("network_id", "account_id"), on="account_id")
        .group_by("network_id", "kind", "value")
        .agg(pl.len().alias("inside"))
    )
    wanted = inside.filter(pl.col("inside") >= 2)
    holders = (
        held.join(wanted, on=["kind", "value"], how="semi").group_by("kind", "value").agg(pl.len().alias("holders"))
    )
    return (
        wanted.join(holders, on=["kind", "value"])
        .filter(pl.col("inside") >= OWN_SHARE * pl.col("holders"))
        .with_columns(bits=(pl.lit(float(max(account_count, 2))) / pl.col("holders")).log(2).clip(lower_bound=0.0))
        .with_columns(worth=pl.col("bits") * (pl.col("inside") + 1).log(2))
        .sort(["network_id", "worth", "kind", "value"], descending=[False, True, False, False])
        .group_by("network_id", maintain_order=True)
        .head(most)
        .select("network_id", "kind", "value", "bits")
        .collect()
    )


def identify_networks(
    members: pl.DataFrame, observables: pl.DataFrame, accounts: pl.DataFrame, past: Past, settings: HistorySettings
) -> pl.DataFrame:
    """One row per network of tonight: found_id, network_id (for life), likeness, member_share, observable_share,
    succession_share.

    In:    MEMBERS as formed; `own_observables` of them; ACCOUNTS for births and bans; what is known.
    """
    tonight = group_members(members)
    known_ever = _sets(past.profiles.filter(pl.col("kind") == ACCOUNT))
    known_last = past.last_members()
    found, known = sorted(tonight), sorted(known_ever)
    shares = np.zeros((3, len(found), len(known)))
    if found and known:
        shares[0] = _member_shares(tonight, known_ever, known_last, found, known)
        shares[1] = _observable_shares(observables, past.profiles.filter(pl.col("kind") != ACCOUNT), found, known)
        shares[2] = _succession_shares(tonight, known_ever, accounts, found, known, settings)
    likeness = 1 - (1 - shares[0]) * (1 - shares[1]) * (1 - MAX_SUCCESSION * shares[2])
    likeness[(shares[0] == 0) & (shares[1] == 0)] = 0.0  # births after bans alone say nothing of who
    pairs: dict[str, int] = {}
    if found and known:
        from scipy.optimize import linear_sum_assignment

        nearer = _nearness(tonight, known_last, found, known, likeness > 0)
        clear = likeness + OF_EQUALS * (_reported(past, known) + nearer / 10)
        rows, columns = linear_sum_assignment(np.where(likeness > 0, clear, 0.0), maximize=True)
        pairs = {
            found[row]: int(column)
            for row, column in zip(rows, columns, strict=True)
            if likeness[row, column] >= settings.likeness
        }
    taken = {known[column] for column in pairs.values()}
    rows_out: list[dict[str, Any]] = []
    for index, found_id in enumerate(found):
        column = pairs.get(found_id)
        if column is None:
            rows_out.append(
                {"found_id": found_id, "network_id": _fresh(found_id, taken | set(known)), "likeness": None}
            )
        else:
            parts = {
                "member_share": float(shares[0, index, column]),
                "observable_share": float(shares[1, index, column]),
            }
            rows_out.append(
                {
                    "found_id": found_id,
                    "network_id": known[column],
                    "likeness": float(likeness[index, column]),
                    **parts,
                    "succession_share": float(shares[2, index, column]),
                }
            )
    names = {"found_id": pl.String, "network_id": pl.String}
    numbers = dict.fromkeys(("likeness", "member_share", "observable_share", "succession_share"), pl.Float64)
    return pl.DataFrame(rows_out, schema={**names, **numbers})


def rename_networks(frame: pl.LazyFrame, identities: pl.DataFrame) -> pl.LazyFrame:
    """A table about networks as formed, under the ids that they keep for life."""
    ids = dict(zip(identities.get_column("found_id"), identities.get_column("network_id"), strict=True))
    return frame.with_columns(pl.col("network_id").replace_strict(ids, return_dtype=pl.String))


def remember_profiles(past: Past, night: Night) -> pl.DataFrame:
    """PROFILES after tonight: what was known, with tonight's members and observables seen again or added."""
    run, columns = past.run + 1, PROFILES.schema.names()
    own = night.members.select("network_id", kind=pl.lit(ACCOUNT), value="account_id", bits=pl.lit(0.0))
    entries = pl.concat([own, night.observables]).with_columns(
        first_run=pl.lit(run, pl.UInt32), last_run=pl.lit(run, pl.UInt32), prior_run=pl.lit(None, pl.UInt32)
    )
    together = pl.concat([past.profiles.select(columns), entries.select(columns)])
    merged = together.group_by("network_id", "kind", "value", maintain_order=True).agg(
        pl.col("bits").first(),
        pl.col("first_run").min(),
        pl.col("last_run").max(),
        # seen tonight and before: the run before is the last one that was known; else as it was
        prior_run=pl.when(pl.len() > 1).then(pl.col("last_run").min()).otherwise(pl.col("prior_run").first()),
    )
    return merged.select(columns).sort(PROFILES.sort)


def follow_across(
    members: pl.DataFrame, sightings: pl.LazyFrame, accounts: pl.DataFrame, other: Past, settings: HistorySettings
) -> pl.DataFrame:
    """One row per network that another case knows too: network_id, other_id, likeness and its parts, and that one's
    life there.

    In:    MEMBERS, SIGHTINGS and ACCOUNTS of this case; what the other remembers.
    """
    observables = own_observables(members, sightings, accounts.height, settings.profile_values)
    pairs = identify_networks(members, observables, accounts, other, settings).drop_nulls("likeness")
    lives = (
        other.lineage.filter(pl.col("status") != "gone")
        .group_by("network_id")
        .agg(
            pl.col("name").last().alias("other_name"),
            pl.col("night_at").min().alias("first_at"),
            pl.col("night_at").filter(pl.col("alert")).min().alias("alert_at"),
            pl.col("night_at").max().alias("last_at"),
            pl.col("account_count").max().alias("other_count"),
        )
    )
    pairs = pairs.rename({"network_id": "other_id", "found_id": "network_id"})
    return pairs.join(lives, left_on="other_id", right_on="network_id", how="left").sort(
        ["likeness", "network_id"], descending=[True, False]
    )


def _sets(rows: pl.DataFrame) -> dict[str, set[str]]:
    grouped = rows.group_by("network_id").agg("value")
    return {network: set(values) for network, values in grouped.select("network_id", "value").iter_rows()}


def _member_shares(
    tonight: dict[str, set[str]],
    ever: dict[str, set[str]],
    last: dict[str, set[str]],
    found: Sequence[str],
    known: Sequence[str],
) -> np.ndarray:
    """The larger of: overlap with the members of the run before (of the smaller of the two), share of tonight's members
    it ever had.
    """
    shares = np.zeros((len(found), len(known)))
    places: dict[str, list[int]] = {}
    for column, key in enumerate(known):
        for account in ever[key]:
            places.setdefault(account, []).append(column)
    for row, key in enumerate(found):
        own = tonight[key]
        for column in sorted({column for account in own for column in places.get(account, ())}):
            old = last.get(known[column], set())
            now = len(own & old) / min(len(own), len(old)) if old else 0.0
            shares[row, column] = max(now, len(own & ever[known[column]]) / len(own))
    return shares


def _reported(past: Past, known: Sequence[str]) -> np.ndarray:
    """Share of all nights on which each known network was a finding."""
    nights = dict(past.lineage.filter("alert").group_by("network_id").len().iter_rows())
    return np.array([nights.get(key, 0) / max(past.run, 1) for key in known], dtype=float)


def _nearness(
    tonight: dict[str, set[str]],
    last: dict[str, set[str]],
    found: Sequence[str],
    known: Sequence[str],
    like: np.ndarray,
) -> np.ndarray:
    """Members in common with the run before, as a share of both together (Jaccard), of pairs that are alike at all."""
    shares = np.zeros(like.shape)
    for row, column in zip(*np.nonzero(like), strict=True):
        own, old = tonight[found[row]], last.get(known[column], set())
        shares[row, column] = len(own & old) / len(own | old)
    return shares


def _observable_shares(
    observables: pl.DataFrame, profiles: pl.DataFrame, found: Sequence[str], known: Sequence[str]
) -> np.ndarray:
    """Bits of rare observables in common, as a share of those of the one that has fewer."""
    shares = np.zeros((len(found), len(known)))
    if observables.is_empty() or profiles.is_empty():
        return shares
    rows, columns = {key: index for index, key in enumerate(found)}, {key: index for index, key in enumerate(known)}
    total_found = dict(observables.group_by("network_id").agg(pl.col("bits").sum()).iter_rows())
    total_known = dict(profiles.group_by("network_id").agg(pl.col("bits").sum()).iter_rows())
    shared = (
        observables.join(profiles.select("kind", "value", known_id="network_id"), on=["kind", "value"])
        .group_by("network_id", "known_id")
        .agg(pl.col("bits").sum())
    )
    for found_id, known_id, bits in shared.iter_rows():
        least = min(total_found.get(found_id, 0.0), total_known.get(known_id, 0.0))
        if known_id in columns and least > 0:
            shares[rows[found_id], columns[known_id]] = min(bits / least, 1.0)
    return shares


def _succession_shares(
    tonight: dict[str, set[str]],
    ever: dict[str, set[str]],
    accounts: pl.DataFrame,
    found: Sequence[str],
    known: Sequence[str],
    settings: HistorySettings,
) -> np.ndarray:
    """Share of tonight's members that a known network did not have and that were born soon after one of its bans."""
    born = dict(accounts.filter(pl.col("born_at").is_not_null()).select("account_id", "born_at").iter_rows())
    banned = dict(accounts.filter(pl.col("banned_at").is_not_null()).select("account_id", "banned_at").iter_rows())
    shares = np.zeros((len(found), len(known)))
    if not banned:
        return shares
    window = timedelta(hours=settings.succession_h)
    for column, key in enumerate(known):
        bans = np.sort(np.array([banned[account].timestamp() for account in ever[key] if account in banned]))
        if len(bans) == 0:
            continue
        for row, name in enumerate(found):
            births = np.array([born[account].timestamp() for account in tonight[name] - ever[key] if account in born])
            if len(births):
                latest = np.searchsorted(bans, births, side="right") - 1
                lags = births - bans[np.maximum(latest, 0)]
                shares[row, column] = (
                    float(np.mean((latest >= 0) & (lags <= window.total_seconds()))) * len(births) / len(tonight[name])
                )
    return shares


def _fresh(found_id: str, taken: set[str]) -> str:
    """The id as formed, unless an older network already lives under it."""
    if found_id not in taken:
        return found_id
    import hashlib

    return f"net_{hashlib.blake2b(f'{found_id} anew {len(taken)}'.encode(), digest_size=6).hexdigest()}"
