"""Items of one job are dealt out once: what comes twice comes twice on the same account, and hardly anything comes
twice.

Statistic:  of the prompts that the network's own templates carry more than once, the share that two or more members
            sent. Each repeated prompt counts once, so that one item that goes round a hundred times does not decide.
Null model: two, and the larger p counts. Whichever account sends a request is chance (labels of requests permuted;
            small is the sign): a queue whose retries go to any account, a public benchmark. And members repeat
            themselves as separate customers do (share of requests that repeat a prompt of the same account,
            activity-matched accounts outside the networks; small is the sign): the customers of a platform have items
            of their own too, but come back to them.
Blind to:   logs without prompt hashes; jobs that never repeat an item; retries that go to any account. Fewer than 10
            repeated prompts say nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, wilson
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import generator
from forensics.judging.sharing import count_prompts, own_content, repeat_shares
from forensics.judging.starts import rows_by_network

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel


FEWEST_REPEATED = 10
MOST_REQUESTS = 20_000  # from the middle of the log
DISJOINT = 0.2  # of the expected share of crossing prompts that is little enough to matter
# share of the requests of a member that repeat its own prompts, up to which items are used once: retries do that
FRESH = 0.1
DRAWS = 199


def test_disjoint_shards(panel: Panel) -> pl.DataFrame:
    """One row per network: repeated prompts of its own templates, on one account or on several."""
    prompts = panel.tested["prompt_hash"]
    if prompts.null_count() == len(prompts):
        return answers(unassessable(group, PLUGIN, "no prompt hashes") for group in panel.groups)
    sent, different = count_prompts(panel)
    numbered = panel.tested.select("account", "template_hash", "prompt_hash")
    rows = rows_by_network(panel)
    return answers(
        _test_group(panel, group, numbered[rows[group.network_id]], sent, different) for group in panel.groups
    )


def _test_group(panel: Panel, group: Group, events: pl.DataFrame, sent: Floats, different: Floats) -> dict[str, Any]:
    templates = [int(value, 16) for value in own_content(panel, group, kinds_where(job=True, program=False))["value"]]
    if not templates:
        return unassessable(group, PLUGIN, "the members share no template of their own")
    own = events.filter(
        pl.col("template_hash").is_in(pl.Series(templates, dtype=pl.UInt64).implode())
        & pl.col("prompt_hash").is_not_null()
    )
    skip = max(0, (own.height - MOST_REQUESTS) // 2)
    own = own.slice(skip, own.height - 2 * skip)
    label = np.unique(own["account"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    item = np.unique(own["prompt_hash"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    counts = np.bincount(item, minlength=1)
    number = int((counts >= 2).sum())
    if number < FEWEST_REPEATED or label.max(initial=0) == 0:
        return unassessable(
            group,
            PLUGIN,
            f"uninformative: {number} repeated prompts, fewer than {FEWEST_REPEATED}, or all on one account",
        )
    drawn = repeat_shares(group.matched, sent, different)
    if not np.isfinite(drawn).any():
        return unassessable(group, PLUGIN, "no comparable accounts outside the networks")
    rng = generator(panel, group, PLUGIN.name)
    again = np.flatnonzero(counts[item] >= 2)
    again = again[np.argsort(item[again], kind="stable")]
    first = np.flatnonzero(np.diff(item[again], prepend=-1))
    crossing = _crossing(label[again], first)
    # Which requests repeat stays as it is; only who sent them is dealt anew.
    null = np.array([_crossing(rng.permutation(label)[again], first) for _ in range(DRAWS)], dtype=float)
    recurring = float(repeat_shares(group.tested[None, :], sent, different)[0])
    usual = interval(drawn)
    p_value = max(p_tail(crossing, null, upper=False), p_tail(recurring, drawn, upper=False))
    middle, low, high = (value / number for value in interval(null))
    share_low, share_high = wilson(crossing, number)
    return answer(
        group,
        PLUGIN,
        f"Of {number} prompts that the network's own templates carried more than once, {crossing} came from two or "
        f"more members, {middle * number:.0f} "
        f"({low * number:.0f} to {high * number:.0f}) if any member sent any request; "
        f"{recurring:.1%} of a member's requests repeat its own (comparable customers {usual[0]:.1%}).",
        measure="share of repeated prompts that two or more members sent",
        observed=crossing / number,
        own=(share_low, share_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and crossing <= DISJOINT * middle * number and recurring <= FRESH),
    )


def _crossing(label: Ints, first: Ints) -> int:
    """How many repeated prompts have several senders: senders prompt after prompt, and where each prompt begins."""
    return int((np.minimum.reduceat(label, first) != np.maximum.reduceat(label, first)).sum())


PLUGIN = Hallmark(
    "disjoint_shards",
    "extraction",
    "items",
    "every item on one account only",
    test_disjoint_shards,
    nature="content",
    family="items",
)
