"""A template spreads over the accounts in one go: tried on a few, then sent from many within days.

Statistic:  the most members that first sent one template of the network's own within the same 48 hours; first uses in
            the log's first two days do not count. The five most widespread templates are looked at.
Null model: each member takes a template up at its own age: members keep their births, ages at first use come from
            accounts outside the networks with like lifetimes and the template each of those uses most. So a class or a
            platform whose accounts are opened together does not look like a spread. p times the templates looked at,
            never below the Poisson tail about the median of the draws.
Beside it:  probe, then scale. The change point of accounts a day (largest Poisson likelihood ratio), the members before
            and in the 72 hours after it, and how many other templates those first members had tried in the week before
            that nobody took further.
Blind to:   templates in use from the log's first days; pools whose accounts are all born with the job; logs without
            template hashes. A framework's new release spreads so too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, wilson
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.lifetimes import DAY_S, UNSEEN_S
from forensics.judging.panel import generator
from forensics.judging.sharing import has_kinds, own_content
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


TEMPLATE = kinds_where(job=True, program=False)
WINDOW_S = 2 * DAY_S
LEAD_S = UNSEEN_S + DAY_S  # of the log: what is seen first here may be older
TEMPLATES = 5
FEWEST = 10  # members that take the template up after the lead
FEWEST_OUTSIDE = 20  # accounts outside with a template that others share
MATTERS = 2.0  # times the adoptions that chance puts into one window
SHARE = 0.25  # of the members on the template, within one window
SCALE_S, PROBE_S = 3 * DAY_S, 7 * DAY_S
PROBERS = 2  # members up to which a template is one that was tried and left
FAN_OUT = 5.0  # members after the change over members before, from which it is called scaling


def test_template_growth(panel: Panel) -> pl.DataFrame:
    """One row per network: how suddenly its templates spread."""
    if not has_kinds(panel, TEMPLATE):
        return answers(unassessable(group, PLUGIN, "no template that two accounts share") for group in panel.groups)
    first = pl.col("first_seen_at").dt.epoch("us") / 1e6
    shown = panel.sightings.filter(pl.col("kind").is_in(TEMPLATE) & (pl.col("event_count") > 0)).select(
        "account", "value", "event_count", first.alias("at_s")
    )
    top = (
        shown.sort("account", "event_count", "value", descending=[False, True, False])
        .group_by("account", maintain_order=True)
        .first()
        .collect()
    )
    born = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy() / 1e6
    age = np.full(len(born), np.nan)
    age[top["account"].to_numpy()] = np.maximum(top["at_s"].to_numpy() - born[top["account"].to_numpy()], 0.0)
    wanted = {
        group.network_id: own_content(panel, group, TEMPLATE)["value"].to_list()[:TEMPLATES] for group in panel.groups
    }
    values = pl.LazyFrame(
        {"value": sorted({value for own in wanted.values() for value in own})}, schema={"value": pl.String}
    )
    taken = shown.join(values, on="value", how="semi").sort("value", "at_s", "account").collect()
    by_value = {
        str(key[0]): part for key, part in taken.partition_by("value", as_dict=True, maintain_order=True).items()
    }
    rows = rows_by_network(panel)
    answered = []
    for group in panel.groups:
        found = [
            by_value[value].filter(pl.col("account").is_in(pl.Series(group.tested).implode()))
            for value in wanted[group.network_id]
            if value in by_value
        ]
        answered.append(_test_group(panel, group, found, born, age, rows[group.network_id]))
    return answers(answered)


def _test_group(
    panel: Panel, group: Group, templates: list[pl.DataFrame], born: Floats, age: Floats, rows: Ints
) -> dict[str, Any]:
    if not templates:
        return unassessable(group, PLUGIN, "the members share no template of their own")
    lead = panel.start_s + LEAD_S
    late = [part for part in templates if (part["at_s"].to_numpy() >= lead).sum() >= FEWEST]
    if not late:
        return unassessable(
            group, PLUGIN, f"fewer than {FEWEST} members took a template up after the log's first two days"
        )
    ages = age[group.peers] if len(group.peers) else np.zeros((0, len(group.tested)))
    known = ages[np.isfinite(ages)]
    if len(np.unique(group.peers[np.isfinite(ages)])) < FEWEST_OUTSIDE:
        return unassessable(group, PLUGIN, "too few comparable customers share a template with anybody")
    from scipy.stats import poisson

    rng = generator(panel, group, PLUGIN.name)
    # Where the drawn account has no template of that kind, another one's age stands in.
    ages = np.where(np.isfinite(ages), ages, rng.choice(known, ages.shape))
    lived = (
        (panel.accounts["last_seen_at"] - panel.accounts["first_seen_at"]).dt.total_seconds().to_numpy()[group.tested]
    )
    drawn = born[group.tested] + np.minimum(ages, lived)
    best: tuple[float, int, float, Floats, Ints, Floats] | None = None
    for part in late:
        account, at_s = part["account"].to_numpy().astype(np.int64), part["at_s"].to_numpy()
        observed, start = _fullest(at_s[None, :], lead)
        null = _fullest(drawn[:, np.searchsorted(group.tested, account)], lead)[0].astype(float)
        # The ages of few accounts hardly vary; what a window holds varies at least as a count does.
        p_value = max(p_tail(float(observed[0]), null, upper=True), float(poisson.sf(observed[0] - 1, np.median(null))))
        if best is None or p_value < best[0]:
            best = (p_value, int(observed[0]), float(start[0]), null, account, at_s)
    assert best is not None
    p_value, count, start_s, drawn, account, at_s = best
    p_value = min(1.0, p_value * len(late))
    middle, low, high = interval(drawn)
    share_low, share_high = (bound * len(at_s) for bound in wilson(count, len(at_s)))
    holds = p_value <= SIGNIFICANT and count >= MATTERS * middle and count >= max(FEWEST, SHARE * len(at_s))
    text = (
        f"Within 48 hours {count} of {len(at_s)} members first sent one template of the network's own, from "
        f"{_date(start_s)} on; "
        f"{middle:.0f} ({low:.0f} to {high:.0f}) if each took it up at its own age"
    )
    return answer(
        group,
        PLUGIN,
        text + (_say_scaling(panel, rows, account, at_s, start_s) if holds else "") + ".",
        measure="members that first sent one template within 48 hours",
        observed=float(count),
        own=(share_low, share_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(holds),
    )


def _fullest(times: Floats, lead: float) -> tuple[Ints, Floats]:
    """For each row of times the most that lie within one window, and where that begins; times before the lead do not
    count.
    """
    number, size = times.shape
    apart = 3 * WINDOW_S
    origin = float(times.min()) - apart
    early = times < lead
    # What came early lies before everything else, each so far from the next that no window holds two.
    moved = np.sort(np.where(early, -apart * (1 + np.arange(size)), times - origin), axis=1)
    span = float(moved.max()) + apart * (size + 2)
    flat = (moved + np.arange(number)[:, None] * span).ravel()
    inside = (np.searchsorted(flat, flat + WINDOW_S, side="right") - np.arange(len(flat))).reshape(number, size)
    inside = np.where(moved > 0, inside, 0)
    place = inside.argmax(axis=1)
    return inside[np.arange(number), place], moved[np.arange(number), place] + origin


def _change(at_s: Floats, until_s: float) -> float:
    """When members a day changed most (largest Poisson likelihood ratio) between the first use and the fullest window's
    end.
    """
    first = np.floor(at_s.min() / DAY_S)
    counts = np.bincount((np.floor(at_s[at_s <= until_s] / DAY_S) - first).astype(np.int64)).astype(float)
    if len(counts) < 2:
        return float(first * DAY_S)
    days = np.arange(1, len(counts))
    before = np.cumsum(counts)[:-1]
    after = counts.sum() - before
    gain = before * np.log(before / days) + after * np.log(np.maximum(after, 1e-9) / (len(counts) - days))
    gain = np.where(after / (len(counts) - days) > before / days, gain, -np.inf)
    return float((first + days[int(np.argmax(gain))]) * DAY_S) if np.isfinite(gain).any() else float(first * DAY_S)


def _say_scaling(panel: Panel, rows: Ints, account: Ints, at_s: Floats, start_s: float) -> str:
    """Probe, then scale: who had the template before it spread, and what else they had tried; nothing where it began
    with everybody.
    """
    change = _change(at_s, start_s + WINDOW_S)
    probers = account[at_s < change]
    after = int(((at_s >= change) & (at_s < change + SCALE_S)).sum())
    if len(probers) == 0 or after < FAN_OUT * len(probers):
        return ""
    text = (
        f"; tried on {len(probers)} from {_date(float(at_s.min()))}, from {_date(change)} taken up by {after} in "
        "three days "
        f"(fan-out {after / len(probers):.0f})"
    )
    sent = panel.tested[rows].filter(pl.col("template_hash").is_not_null())
    tried = (
        sent.group_by("template_hash")
        .agg(pl.col("account").n_unique().alias("n"), pl.col("at_s").min().alias("first_s"))
        .filter((pl.col("n") <= PROBERS) & pl.col("first_s").is_between(change - PROBE_S, change))
    )
    left = sent.join(tried, on="template_hash", how="semi").filter(
        pl.col("account").is_in(pl.Series(probers).implode()) & (pl.col("at_s") < change)
    )
    if left.is_empty():
        return text
    refused = float((left["status_code"].fill_null(200) >= 400).mean() or 0.0)  # type: ignore[arg-type]
    return (
        f"{text}; the same members tried {left['template_hash'].n_unique()} templates in the week before that "
        f"hardly anybody else sent ({refused:.0%} refused)"
    )


def _date(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d}"


PLUGIN = Hallmark(
    "template_growth",
    "extraction",
    "growth",
    "a template spreads at once",
    test_template_growth,
    nature="content",
    family="topics",
)
