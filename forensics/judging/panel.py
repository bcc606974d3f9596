"""What all hallmarks share: the networks' accounts, activity-matched pseudo-groups, and the form of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import OWN_SHARE
from forensics.common.schema import HALLMARKS, of_operator
from forensics.judging.answers import seconds
from forensics.judging.hallmark import Group, Panel
from forensics.judging.lifetimes import find_births, find_ends
from forensics.judging.looked_at import in_memory, keep_requests, sample_outside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from forensics.common.arrays import Floats, Ints
    from forensics.common.settings import HallmarkSettings
    from forensics.judging.looked_at import Keep


FEWEST_OUTSIDE = 30  # accounts outside all networks below which no pseudo-group is drawn


LEAST_INSIDE, SMALL = 0.03, 6  # share of members that must show it (at least 3; 2 in a network smaller than SMALL)


RESAMPLES = 100  # draws of members anew for the interval of an effect

TESTED_EVENTS = 120_000  # events of one network that are looked at one by one

# By what accounts are numbered, so that no draw hangs on their names; the name decides only between equals.
ORDER = ("first_seen_at", "last_seen_at", "request_count", "output_tokens", "input_tokens", "gap_median_s")

# What is asked for: labels of tests of dependence.
ASKED = ("prompt_head_hash", "tools_hash", "input_tokens", "max_tokens", "temperature", "endpoint")

LOOKED_AT = (
    "account",
    "started_at",
    "status_code",
    "request_model",
    "system_hash",
    "template_hash",
    "prompt_hash",
    "latency_ms",
    "content_flags",
)


def build_panel(
    members: pl.DataFrame,
    events: pl.LazyFrame,
    accounts: pl.DataFrame,
    register: pl.DataFrame,
    sightings: pl.LazyFrame,
    kind_groups: Mapping[str, str],
    settings: HallmarkSettings,
    keep: Keep = in_memory,
) -> Panel:
    """The networks of MEMBERS with their pseudo-groups, ready to be tested; requests that tests look at are kept by
    `keep`.

    Raises: nothing; networks keep empty pseudo-groups where the population is too small.
    """
    accounts = _number_accounts(accounts, register)
    numbers = accounts.select("account_id", "account")
    # Accounts that a network only uses are not the operator's: no test looks at them.
    members = (
        of_operator(members.lazy()).collect().join(numbers, on="account_id", how="inner").sort("network_id", "account")
    )
    inside = np.unique(members["account"].to_numpy())
    others = np.setdiff1d(np.arange(len(accounts)), inside)
    outside = sample_outside(others, accounts["request_count"].to_numpy().astype(float), accounts["content"].to_numpy())
    groups = _draw_groups(members, accounts, outside, settings)
    # where hardly any account is outside all networks, members are held against those of other networks
    compared = np.union1d(_tested(groups), outside) if len(outside) >= FEWEST_OUTSIDE else np.arange(len(accounts))
    looked = keep_requests(events, numbers, compared, inside.astype(np.int64), keep)
    numbered = sightings.join(numbers.lazy(), on="account_id", how="inner")
    ties = _find_ties(members, numbered, kind_groups)
    start_s, end_s = seconds(accounts["first_seen_at"].min()), seconds(accounts["last_seen_at"].max())
    return Panel(
        accounts=accounts,
        groups=groups,
        outside=outside,
        outside_share=len(outside) / max(1, len(others)),
        events=looked.events,
        compared=looked.compared,
        tested=_take_tested(looked.compared, groups),
        sightings=numbered,
        ties=ties,
        tied=_find_tied(members, numbered, ties),
        signs=HALLMARKS.empty(),
        births=find_births(accounts, looked.events, inside.astype(np.int64), start_s),
        ends=find_ends(accounts, start_s, end_s),
        start_s=start_s,
        end_s=end_s,
        settings=settings,
    )


def _number_accounts(accounts: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """ACCOUNTS with the register beside it, numbered by what they did."""
    declared = register.unique("account_id", keep="first", maintain_order=True)
    declared = declared.rename({name: f"declared_{name}" for name in declared.columns if name != "account_id"})
    accounts = (
        accounts.sort(*ORDER, "account_id", nulls_last=True)
        .join(declared, on="account_id", how="left", coalesce=True, maintain_order="left")
        .with_row_index("account")
    )
    return accounts.with_columns(content=pl.Series(_content(accounts), dtype=pl.UInt64))


def _draw_groups(
    members: pl.DataFrame, accounts: pl.DataFrame, outside: npt.NDArray[np.int64], settings: HallmarkSettings
) -> tuple[Group, ...]:
    """Each network with the members that are tested and its pseudo-groups."""
    requests = accounts["request_count"].to_numpy().astype(float)
    lifetime = ((accounts["last_seen_at"] - accounts["first_seen_at"]).dt.total_seconds().to_numpy()).astype(float)
    by_requests, by_lifetime = (_in_order(outside, measure) for measure in (requests, lifetime))
    groups = []
    for (network_id,), part in members.group_by("network_id", maintain_order=True):
        numbers_in = part["account"].to_numpy().astype(np.int64)
        rng = np.random.default_rng([settings.seed, content_of(accounts, numbers_in)])
        tested = _sample(numbers_in, requests, settings.sample_accounts, rng)
        if len(outside) < FEWEST_OUTSIDE:
            others = np.setdiff1d(np.arange(len(accounts)), numbers_in)
            by_requests, by_lifetime = (_in_order(others, measure) for measure in (requests, lifetime))
        matched = _draw(tested, *by_requests, requests, settings.draws, rng)
        peers = _draw(tested, *by_lifetime, lifetime, settings.draws, rng)
        groups.append(Group(str(network_id), members=numbers_in, tested=tested, matched=matched, peers=peers))
    return tuple(groups)


def _tested(groups: Sequence[Group]) -> Ints:
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(group.tested for group in groups)]))


def _take_tested(events: pl.LazyFrame, groups: Sequence[Group]) -> pl.DataFrame:
    """EVENTS of the members that are tested, in a total order."""
    tested = pl.DataFrame({"account": _tested(groups)}, schema={"account": pl.UInt32}).lazy()
    at_s = (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s")
    columns = (*LOOKED_AT, *ASKED, "session_id")
    return (
        events.join(tested, on="account", how="semi")
        .select(*(pl.col(name) for name in columns), at_s)
        # A total order: what stands in one line and not in which line it stands, so that nothing hangs on how logs are
        # cut; rows that are still equal are equal in all that tests look at.
        .sort("at_s", "account", *(name for name in columns if name not in {"account", "started_at"}))
        .collect()
    )


def _find_ties(members: pl.DataFrame, sightings: pl.LazyFrame, kind_groups: Mapping[str, str]) -> pl.DataFrame:
    """One row per network and observable that at least two of its members show."""
    holders = sightings.group_by("kind", "value").agg(pl.len().alias("holders")).filter(pl.col("holders") >= 2)
    return (
        sightings.join(members.lazy().select("network_id", "account"), on="account", how="inner")
        .group_by("network_id", "kind", "value")
        .agg(pl.len().alias("inside"), pl.col("event_count").cast(pl.UInt64).sum())
        .filter(pl.col("inside") >= 2)
        .join(holders, on=["kind", "value"], how="inner")
        .join(members.lazy().group_by("network_id").agg(pl.len().alias("size")), on="network_id", how="inner")
        .with_columns(
            pl.col("kind").replace_strict(dict(kind_groups), default="mapped", return_dtype=pl.String).alias("group"),
            own=(pl.col("inside") >= OWN_SHARE * pl.col("holders"))
            & (
                pl.col("inside")
                >= pl.when(pl.col("size") < SMALL)
                .then(2)
                .otherwise(pl.max_horizontal(pl.lit(3.0), LEAST_INSIDE * pl.col("size")))
            ),
        )
        .drop("size")
        .sort("network_id", "kind", "value")
        .collect()
    )


def _find_tied(members: pl.DataFrame, sightings: pl.LazyFrame, ties: pl.DataFrame) -> pl.DataFrame:
    """One row per member and kind of which it shows an observable of its network's own."""
    own = ties.lazy().filter("own").select("network_id", "group", "kind", "value")
    return (
        sightings.join(own, on=["kind", "value"], how="inner")
        .join(members.lazy().select("network_id", "account"), on=["network_id", "account"], how="semi")
        .group_by("network_id", "account", "group", "kind")
        .agg(pl.col("event_count").max())
        .sort("network_id", "account", "kind")
        .collect()
    )


def _sample(numbers: Ints, requests: npt.NDArray[np.float64], size: int, rng: np.random.Generator) -> Ints:
    """At most `size` members, fewer where they are so busy that their events would not be looked at one by one."""
    mean = max(1.0, float(requests[numbers].mean()))
    size = max(20, min(size, int(TESTED_EVENTS / mean)))
    return numbers if len(numbers) <= size else np.sort(rng.choice(numbers, size, replace=False))


def _in_order(pool: Ints, measure: Floats) -> tuple[Ints, Floats]:
    """Accounts in order of a measure, and the measure in that order."""
    ordered = pool[np.argsort(measure[pool], kind="stable")]
    return ordered, measure[ordered]


def _draw(tested: Ints, ordered: Ints, values: Floats, measure: Floats, draws: int, rng: np.random.Generator) -> Ints:
    """Pseudo-groups: for each tested account one of its nearest outsiders by rank of `measure`, of outsiders in order
    of it.
    """
    if len(ordered) < FEWEST_OUTSIDE:
        return np.zeros((0, len(tested)), dtype=np.int64)
    reach = max(15, len(ordered) // 50)
    place = np.searchsorted(values, measure[tested])
    low = np.clip(place - reach, 0, max(0, len(ordered) - 2 * reach - 1))
    width = min(2 * reach + 1, len(ordered))
    return np.asarray(ordered[low[None, :] + rng.integers(0, width, size=(draws, len(tested)))], dtype=np.int64)


def generator(panel: Panel, group: Group, plugin: str) -> np.random.Generator:
    """The random numbers of one hallmark for one network: the same in every run, whatever accounts are called and in
    which lines and files they stand.
    """
    return np.random.default_rng([panel.settings.seed, content_of(panel.accounts, group.members), *plugin.encode()])


def network_of_accounts(panel: Panel) -> pl.LazyFrame:
    """One row per account: account, and the place of its network among the groups (-1: none)."""
    owner = np.full(len(panel.accounts), -1, dtype=np.int64)
    for index, group in enumerate(panel.groups):
        owner[group.members] = index
    return pl.LazyFrame({"account": np.arange(len(owner)), "network": owner}, schema_overrides={"account": pl.UInt32})


def content_of(accounts: pl.DataFrame, numbers: Ints) -> int:
    """One number for some accounts by what they did, in any order."""
    return int(accounts["content"].to_numpy()[numbers].sum(dtype=np.uint64))


def _content(accounts: pl.DataFrame) -> npt.NDArray[np.uint64]:
    """One number an account by what it did: requests, lifetime, hour of the day of its first request; not by its name,
    and the same if all is moved by whole days.
    """
    first = accounts["first_seen_at"].dt.epoch("us").fill_null(0).to_numpy()
    last = accounts["last_seen_at"].dt.epoch("us").fill_null(0).to_numpy()
    value = np.zeros(len(accounts), dtype=np.uint64)
    for part in (accounts["request_count"].fill_null(0).to_numpy(), last - first, first % 86_400_000_000):
        # The finaliser of splitmix64: near numbers become far ones.
        value = (value + part.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            value = (value ^ (value >> np.uint64(shift))) * np.uint64(factor)
        value ^= value >> np.uint64(31)
    return value


def resample(panel: Panel, group: Group, plugin: str, accounts: Ints | None = None) -> Ints:
    """The tested members (or those given) drawn anew with replacement, a draw a row: for the interval of an effect."""
    seed = [panel.settings.seed, content_of(panel.accounts, group.members), *plugin.encode(), *b"resample"]
    rng = np.random.default_rng(seed)
    accounts = group.tested if accounts is None else accounts
    return np.asarray(accounts[rng.integers(0, len(accounts), (RESAMPLES, len(accounts)))], dtype=np.int64)
