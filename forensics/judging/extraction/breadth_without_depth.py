"""One template on many accounts, a little on each and the same on each: breadth without depth.

Statistic:  Gini coefficient of the requests that the network's most widespread template takes from its members (0 = the
            same from each).
Null model: activity-matched accounts outside the networks, each with the template it uses most among those that any
            other account shares. Customers who share a template use it each to their need. Beside it, without a test:
            requests an account, and the age of an account at first use.
Blind to:   templates paraphrased beyond recognition; pools that give each account templates of its own; fewer than 10
            accounts on one template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import gini, interval, p_tail, percentiles
from forensics.describing.sightings import kind_of, kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import resample
from forensics.judging.sharing import CONTENT, has_kinds, own_content

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats
    from forensics.judging.hallmark import Group, Panel


FEWEST = 10  # accounts on the template
KINDS = kinds_where(job=True)  # what a job is recognised by
BREADTH = 0.5  # of the members, for the sign to matter
EVEN = 0.4  # Gini up to which the template is spread evenly


def test_breadth_without_depth(panel: Panel) -> pl.DataFrame:
    """One row per network: how evenly its most widespread template is spread over its members."""
    if not has_kinds(panel, CONTENT):
        return answers(unassessable(group, PLUGIN, "no prompt text and no content hashes") for group in panel.groups)
    born = panel.accounts["born_at"].dt.epoch("us").to_numpy() / 86400e6
    shared = panel.sightings.filter(pl.col("kind").is_in(KINDS) & (pl.col("event_count") > 0)).filter(
        pl.len().over("kind", "value") >= 2
    )
    top = (
        shared.sort("account", "event_count", "kind", "value", descending=[False, True, False, False])
        .group_by("account", maintain_order=True)
        .first()
    )
    used, age = _columns(top.collect(), born)
    wanted = {
        group.network_id: own.row(0, named=True)
        for group in panel.groups
        if (own := own_content(panel, group, KINDS)).height
    }
    values = pl.LazyFrame(
        {"kind": [row["kind"] for row in wanted.values()], "value": [row["value"] for row in wanted.values()]}
    )
    shown = (
        panel.sightings.join(values.unique().cast(pl.String), on=["kind", "value"], how="semi")
        .sort("account")
        .collect()
    )
    rows = []
    for group in panel.groups:
        best = wanted.get(group.network_id)
        if best is None:
            rows.append(unassessable(group, PLUGIN, "the members share no template of their own"))
            continue
        mine = shown.filter(
            (pl.col("kind") == best["kind"]) & (pl.col("value") == best["value"]) & (pl.col("event_count") > 0)
        )
        rows.append(_test_group(panel, group, best["kind"], _columns(mine, born), used, age))
    return answers(rows)


def _columns(shown: pl.DataFrame, born: Floats) -> tuple[Floats, Floats]:
    """Per account the requests with a value and the account's age in days at the first of them; NaN without one."""
    used, age = np.full(len(born), np.nan), np.full(len(born), np.nan)
    account = shown["account"].to_numpy()
    used[account] = shown["event_count"].to_numpy()
    age[account] = np.maximum(shown["first_seen_at"].dt.epoch("us").to_numpy() / 86400e6 - born[account], 0.0)
    return used, age


def _known_gini(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return gini(known) if len(known) >= FEWEST else float("nan")


def _test_group(
    panel: Panel, group: Group, kind: str, mine: tuple[Floats, Floats], used: Floats, age: Floats
) -> dict[str, Any]:
    requests, first = mine
    holders = group.tested[np.isfinite(requests[group.tested])]
    if len(holders) < FEWEST:
        return unassessable(group, PLUGIN, f"fewer than {FEWEST} members on one template")
    # Only the places of the holders are compared, so that both sides are as many accounts as active.
    matched = group.matched[:, np.isin(group.tested, holders)] if len(group.matched) else group.matched
    null = np.array([_known_gini(used[draw]) for draw in matched])
    middle, low, high = interval(null)
    if not np.isfinite(middle):
        return unassessable(group, PLUGIN, "too few comparable customers share a template with anybody")
    observed = gini(requests[holders])
    own_low, own_high = percentiles(
        np.array([_known_gini(requests[draw]) for draw in resample(panel, group, PLUGIN.name)]), observed
    )
    p_value = p_tail(observed, null, upper=False)
    everyone = int(np.isfinite(requests[group.members]).sum())
    total = float(np.nansum(requests[group.members]))
    drawn_age = age[matched][np.isfinite(age[matched])]
    usual = f" (comparable customers {np.median(drawn_age):.1f})" if len(drawn_age) else ""
    return answer(
        group,
        PLUGIN,
        f"The most widespread {'system prompt' if kind_of(kind).program else 'template'} of the network is on "
        f"{everyone} of {len(group.members)} members, "
        f"{total:.0f} requests, {total / everyone:.1f} an account; "
        f"spread with a Gini coefficient of {observed:.2f}, "
        "templates of comparable customers "
        f"{middle:.2f} ({low:.2f} to {high:.2f}); the median account is {np.median(first[holders]):.1f} days old at "
        f"first use{usual}.",
        measure="Gini coefficient of requests with the network's most widespread template over members",
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and observed <= EVEN and everyone >= BREADTH * len(group.members)),
    )


PLUGIN = Hallmark(
    "breadth_without_depth",
    "extraction",
    "breadth",
    "one template, a little on each",
    test_breadth_without_depth,
    nature="content",
    family="breadth",
)
