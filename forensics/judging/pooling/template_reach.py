"""Members share prompts or templates that hardly anybody else sends.

Null model: as many accounts drawn at random (hypergeometric), corrected for every content value of the log.
Blind to:   logs without text or hashes; templates paraphrased beyond recognition.
Note:       networks are found with these values, so the p counts only with a cap when verdicts are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import SMALLEST_P, wilson
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.sharing import CONTENT, own_content, tied_share

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

LEAST_REACH = 0.5  # of the members, for the sign to matter


def test_template_reach(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that show content of the network's own."""
    values = (
        panel.sightings.filter(pl.col("kind").is_in(CONTENT))
        .select(pl.struct("kind", "value").n_unique())
        .collect()
        .item()
    )
    return answers(_test_group(panel, group, int(values or 0)) for group in panel.groups)


def _test_group(panel: Panel, group: Group, values: int) -> dict[str, Any]:
    if not values:
        return unassessable(group, PLUGIN, "no prompt text and no content hashes")
    from scipy.stats import hypergeom

    own = own_content(panel, group)
    size, population = len(group.members), len(panel.accounts)
    if own.is_empty():
        return answer(
            group,
            PLUGIN,
            "No prompt or template is shared by several members and few others.",
            measure="share of members with content of the network's own",
            observed=0.0, observed_low=0.0, observed_high=wilson(0, size)[1], expected=0.0, p_value=1.0,
        )  # fmt: skip
    holding = round(tied_share(panel, group, kinds=CONTENT) * size)
    best = own.row(0, named=True)
    p_value = min(
        1.0, max(SMALLEST_P, float(hypergeom.sf(best["inside"] - 1, population, best["holders"], size)) * values)
    )
    reach = holding / size
    low, high = wilson(holding, size)
    templates = own.filter(pl.col("kind").is_in(kinds_where(entire=True))).height
    return answer(
        group,
        PLUGIN,
        f"{holding} of {size} members show content that is the network's own ({own.height} values, {templates} of "
        "them whole prompts or templates); "
        f"the most widespread is shown by {best['inside']} members and {best['holders'] - best['inside']} others.",
        measure="share of members with content of the network's own",
        observed=reach,
        observed_low=low,
        observed_high=high,
        expected=float(np.clip(best["holders"] / population, 0, 1)),
        p_value=p_value,
        holds=p_value <= SIGNIFICANT and reach >= LEAST_REACH,
    )


PLUGIN = Hallmark(
    "template_reach",
    "pooling",
    "content",
    "prompts nobody else sends",
    test_template_reach,
    nature="likeness",
    family="content",
    share_of_members=True,
    phrase="prompts of its own",
)
