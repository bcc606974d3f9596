"""What all hallmarks share: the networks' accounts, activity-matched pseudo-groups, and the form of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.plugins import Group, Panel
from forensics.schema import HALLMARKS
from forensics.statistics import interval, p_tail, position

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from forensics.config import HallmarkSettings
    from forensics.plugins import Hallmark

    Ints = npt.NDArray[np.int64]

FEWEST_OUTSIDE = 30  # accounts outside all networks below which no pseudo-group is drawn
SIGNIFICANT = 0.01  # p from which a sign may hold
TESTED_EVENTS = 250_000  # events of one network that are looked at one by one


def build_panel(
    members: pl.DataFrame,
    events: pl.LazyFrame,
    accounts: pl.DataFrame,
    register: pl.DataFrame,
    sightings: pl.LazyFrame,
    settings: HallmarkSettings,
) -> Panel:
    """The networks of MEMBERS with their pseudo-groups, ready to be tested.

    Raises: nothing; networks keep empty pseudo-groups where the population is too small.
    """
    declared = register.unique("account_id", keep="first", maintain_order=True)
    declared = declared.rename({name: f"declared_{name}" for name in declared.columns if name != "account_id"})
    accounts = accounts.sort("account_id").join(declared, on="account_id", how="left", coalesce=True, maintain_order="left").with_row_index("account")
    numbers = accounts.select("account_id", "account")
    members = members.join(numbers, on="account_id", how="inner").sort("network_id", "account")
    inside = np.unique(members["account"].to_numpy())
    outside = np.setdiff1d(np.arange(len(accounts)), inside)
    requests = accounts["request_count"].to_numpy().astype(float)
    lifetime = ((accounts["last_seen_at"] - accounts["first_seen_at"]).dt.total_seconds().to_numpy()).astype(float)
    groups = []
    for (network_id,), part in members.group_by("network_id", maintain_order=True):
        numbers_in = part["account"].to_numpy().astype(np.int64)
        rng = np.random.default_rng([settings.seed, *str(network_id).encode()])
        tested = _sample(numbers_in, requests, settings.sample_accounts, rng)
        pool = outside if len(outside) >= FEWEST_OUTSIDE else np.setdiff1d(np.arange(len(accounts)), numbers_in)
        groups.append(
            Group(
                network_id=str(network_id),
                members=numbers_in,
                tested=tested,
                matched=_draw(tested, pool, requests, settings.draws, rng),
                peers=_draw(tested, pool, lifetime, settings.draws, rng),
            )
        )
    events = events.join(numbers.lazy(), on="account_id", how="inner")
    wanted = np.unique(np.concatenate([group.tested for group in groups])) if groups else np.zeros(0, dtype=np.int64)
    tested_frame = pl.DataFrame({"account": wanted}, schema={"account": pl.UInt32}).lazy()
    at_s = (pl.col("started_at").dt.epoch("us") / 1e6).alias("at_s")
    columns = ("account", "started_at", "session_id", "status_code", "request_model", "system_hash", "template_hash", "prompt_hash", "latency_ms", "content_flags")
    tested_events = (
        events.join(tested_frame, on="account", how="semi").select(*(pl.col(name) for name in columns), at_s).sort("at_s", "account").collect()
    )
    return Panel(
        accounts=accounts,
        groups=tuple(groups),
        outside=outside,
        events=events,
        tested=tested_events,
        sightings=sightings.join(numbers.lazy(), on="account_id", how="inner"),
        start_s=_seconds(accounts["first_seen_at"].min()),
        end_s=_seconds(accounts["last_seen_at"].max()),
        settings=settings,
    )


def _seconds(moment: Any) -> float:  # noqa: ANN401 - polars returns a datetime or None here
    return float(moment.timestamp()) if moment is not None else float("nan")


def _sample(numbers: Ints, requests: npt.NDArray[np.float64], size: int, rng: np.random.Generator) -> Ints:
    """At most `size` members, fewer where they are so busy that their events would not be looked at one by one."""
    mean = max(1.0, float(requests[numbers].mean()))
    size = max(20, min(size, int(TESTED_EVENTS / mean)))
    return numbers if len(numbers) <= size else np.sort(rng.choice(numbers, size, replace=False))


def _draw(tested: Ints, pool: Ints, measure: npt.NDArray[np.float64], draws: int, rng: np.random.Generator) -> Ints:
    """Pseudo-groups: for each tested account one of its nearest outsiders by rank of `measure`. Source: methods C8 step 3."""
    if len(pool) < FEWEST_OUTSIDE:
        return np.zeros((0, len(tested)), dtype=np.int64)
    ordered = pool[np.argsort(measure[pool], kind="stable")]
    reach = max(15, len(ordered) // 50)
    place = np.searchsorted(measure[ordered], measure[tested])
    low = np.clip(place - reach, 0, max(0, len(ordered) - 2 * reach - 1))
    width = min(2 * reach + 1, len(ordered))
    return np.asarray(ordered[low[None, :] + rng.integers(0, width, size=(draws, len(tested)))], dtype=np.int64)


def generator(panel: Panel, group: Group, plugin: str) -> np.random.Generator:
    """The random numbers of one hallmark for one network: the same in every run."""
    return np.random.default_rng([panel.settings.seed, *group.network_id.encode(), *plugin.encode()])


def answer(group: Group, plugin: Hallmark, sentence: str, **numbers: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of HALLMARKS
    """One row of HALLMARKS for a test that could be made."""
    row: dict[str, Any] = dict.fromkeys(HALLMARKS.columns)
    row.update(network_id=group.network_id, name=plugin.name, role=plugin.role, channel=plugin.channel, title=plugin.title, assessable=True, holds=False, sentence=sentence)
    row.update({name: _clean(value) for name, value in numbers.items()})
    return row


def unassessable(group: Group, plugin: Hallmark, reason: str) -> dict[str, Any]:
    """One row of HALLMARKS for a test that these logs do not allow."""
    return answer(group, plugin, f"Not assessable: {reason}.", assessable=False, reason=reason)


def _clean(value: Any) -> Any:  # noqa: ANN401 - any column
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def answers(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """HALLMARKS rows as a frame."""
    return pl.DataFrame(list(rows), schema=HALLMARKS.schema)


LIKENESS_ROOM = 1.3  # independent accounts must differ by this factor more than one queue's, or likeness says nothing
LIKENESS_HOLDS = 0.75  # position from which members are called as alike as one queue makes them


def likeness(
    group: Group, plugin: Hallmark, measure: str, observed: float, null: npt.NDArray[np.float64], ideal: float, words: str
) -> dict[str, Any]:
    """One row of HALLMARKS for "the members differ no more than one queue's accounts would".

    `observed` and `null` are a measure of difference between accounts, `ideal` its value if one queue fed them all.
    `words` is a clause with what was compared. Holds at p ≤ 0.01 and position ≥ LIKENESS_HOLDS.
    """
    middle, low, high = interval(null)
    if not np.isfinite(observed):
        return unassessable(group, plugin, f"too few members with enough requests to compare {words}")
    if not np.isfinite(middle):
        return unassessable(group, plugin, "no comparable accounts outside the networks")
    if middle < LIKENESS_ROOM * ideal:
        return unassessable(group, plugin, f"independent accounts would look as alike in {words} here")
    p_value = p_tail(float(np.log(max(observed, 1e-9))), np.log(np.maximum(null[np.isfinite(null)], 1e-9)), upper=False)
    place = position(observed, middle, ideal)
    holds = p_value <= SIGNIFICANT and place >= LIKENESS_HOLDS
    verb = "differ no more than accounts fed by one queue would" if holds else "differ as separate customers do" if place < 0.5 else "are more alike than separate customers"
    return answer(
        group,
        plugin,
        f"In {words} the members {verb}: {observed:.2f}, separate customers {middle:.2f} ({low:.2f} to {high:.2f}), one queue about {ideal:.2f}.",
        measure=measure,
        observed=observed,
        expected=middle,
        expected_low=low,
        expected_high=high,
        p_value=p_value,
        position=place,
        holds=holds,
    )
