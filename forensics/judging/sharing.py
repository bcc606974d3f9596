"""What members share that comparable customers do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.common.statistics import SMALLEST_P, interval, p_tail, wilson
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, unassessable

if TYPE_CHECKING:
    import numpy.typing as npt

    from forensics.common.arrays import Ints
    from forensics.judging.hallmark import Group, Hallmark, Panel


CONTENT = kinds_where(asked=True)  # kinds of sighting that are what was asked


def tied_share(panel: Panel, group: Group, *, groups: tuple[str, ...] = (), kinds: tuple[str, ...] = ()) -> float:
    """Share of the members that show an observable of the network's own, of any of the groups or kinds named."""
    rows = panel.tied_of(group).filter(pl.col("group").is_in(groups) | pl.col("kind").is_in(kinds))
    return rows["account"].n_unique() / len(group.members)


def commonest(panel: Panel, group: Group, kinds: tuple[str, ...]) -> float:
    """Share of the members that show the most widespread single observable of these kinds."""
    ties = panel.ties_of(group).filter(pl.col("kind").is_in(kinds))
    return float(ties["inside"].max() or 0) / len(group.members)  # type: ignore[arg-type]


def holds(panel: Panel, group: Group, family: str, nature: str) -> bool:
    """Whether a sign of this family and nature holds for this network. For tests that come after it."""
    return (
        not panel.signs_of(group)
        .filter(
            pl.col("family") == family,
            pl.col("nature") == nature,
            pl.col("assessable") & pl.col("holds"),
        )
        .is_empty()
    )


def sharing_rows(
    panel: Panel, plugin: Hallmark, kinds: tuple[str, ...], least_share: float, words: str, missing: str
) -> list[dict[str, Any]]:
    """One answer per network on how many members share an observable of `kinds` with another member."""
    shown = panel.sightings.filter(pl.col("kind").is_in(kinds))
    known = shown.select("account").unique().collect()["account"].to_numpy()
    if len(known) == 0:
        return [unassessable(group, plugin, missing) for group in panel.groups]
    shared = (
        shown.filter(pl.len().over("kind", "value") >= 2).select("account").unique().collect()["account"].to_numpy()
    )
    flags = np.zeros(len(panel.accounts))
    flags[shared] = 1.0
    inside = (
        shown.join(
            panel.ties.lazy().filter(pl.col("kind").is_in(kinds)).select("network_id", "kind", "value"),
            on=["kind", "value"],
            how="inner",
        )
        .select("network_id", "account")
        .unique()
        .collect()
    )
    rows = []
    for group in panel.groups:
        sharing = np.intersect1d(
            inside.filter(pl.col("network_id") == group.network_id)["account"].to_numpy(), group.members
        )
        rows.append(_sharing_row(group, plugin, len(sharing), flags, least_share, words))
    return rows


def sharing_p(sharing: int, size: int, null: npt.NDArray[np.float64], population: int) -> float:
    """Chance that as many of `size` accounts share: the larger of the binomial tail at the pseudo-groups' rate and of
    the tail of the draws.

    A customer base in which nobody shares would make any sharing infinitely rare: one account in the population is the
    least rate.
    """
    from scipy.stats import binom

    p_value = (
        max(float(binom.sf(sharing - 1, size, max(float(null.mean()), 1.0 / population))), SMALLEST_P)
        if sharing
        else 1.0
    )
    return max(p_value, p_tail(sharing / size, null, upper=True)) if null.std() > 0 else p_value


def _sharing_row(
    group: Group, plugin: Hallmark, sharing: int, flags: npt.NDArray[np.float64], least_share: float, words: str
) -> dict[str, Any]:
    size = len(group.members)
    share = sharing / size
    null = flags[group.matched].mean(axis=1) if len(group.matched) else np.zeros(0)
    middle, low, high = interval(null)
    p_value = sharing_p(sharing, size, null, len(flags)) if len(null) else float("nan")
    share_low, share_high = wilson(sharing, size)
    return answer(
        group,
        plugin,
        f"{sharing} of {size} members share {words} with another member"
        + (f" (comparable customers {middle:.0%} with anybody)." if len(null) else "."),
        measure=f"share of members that share {words}",
        observed=share,
        own=(share_low, share_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and share >= least_share and sharing >= 3),
    )


def own_content(panel: Panel, group: Group, kinds: tuple[str, ...] = CONTENT) -> pl.DataFrame:
    """Content values that are the network's own: `inside` members of `holders` in all; most widespread first."""
    ties = panel.ties_of(group).filter(pl.col("kind").is_in(kinds) & pl.col("own"))
    return ties.sort("inside", "kind", "value", descending=[True, False, False])


def count_prompts(panel: Panel) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Per account the requests with a prompt hash, and how many prompts they are."""
    hashed = (
        panel.compared.filter(pl.col("prompt_hash").is_not_null())
        .group_by("account")
        .agg(pl.len().alias("n"))
        .collect()
    )
    sent = np.zeros(len(panel.accounts))
    sent[hashed["account"].to_numpy()] = hashed["n"].to_numpy()
    return sent, panel.accounts["prompt_count"].fill_null(0).to_numpy().astype(float)


def repeat_shares(
    groups: Ints, sent: npt.NDArray[np.float64], different: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """For each group (row) the share of requests that repeat a prompt of the same account; NaN without prompts."""
    if len(groups) == 0:
        return np.zeros(0)
    total = sent[groups].sum(axis=1)
    return np.where(total > 0, 1.0 - different[groups].sum(axis=1) / np.maximum(total, 1.0), np.nan)


def has_kinds(panel: Panel, kinds: tuple[str, ...]) -> bool:
    """Whether these logs show any observable of these kinds at all."""
    return panel.sightings.filter(pl.col("kind").is_in(kinds)).head(1).collect().height > 0
