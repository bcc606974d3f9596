"""Members ask for what trains a model: reasoning written out, verbatim thinking, grading, safe rewrites.

Null model: hypergeometric over accounts (requests of one account are not independent).
Blind to:   logs without text; languages outside the lexicon. Teachers, translators and auditors ask so too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.common.statistics import SMALLEST_P, wilson
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.common.arrays import Bools
    from forensics.judging.hallmark import Group, Panel

MARKED = 0.1  # share of an account's requests with a flag from which the account counts as asking
LEAST_SHARE = 0.5  # of members, for the sign to matter
LEAST_LIFT = 2.0


def test_elicitation(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members that ask for reasoning, grading or rewrites."""
    flagged = panel.accounts["flagged_share"]
    if flagged.null_count() == len(flagged):
        return answers(unassessable(group, PLUGIN, "no prompt text") for group in panel.groups)
    known = flagged.is_not_null().to_numpy()
    asking = (flagged.fill_null(0.0) >= MARKED).to_numpy()
    # Counted once: there may be thousands of networks.
    totals = int(known.sum()), int(asking.sum())
    return answers(_test_group(panel, group, known, asking, *totals) for group in panel.groups)


def _test_group(
    panel: Panel, group: Group, known: Bools, asking: Bools, all_known: int, all_asking: int
) -> dict[str, Any]:
    from scipy.stats import hypergeom

    own = group.members[known[group.members]]
    if len(own) == 0:
        return unassessable(group, PLUGIN, "no prompt text from the members' sources")
    hits, others = int(asking[own].sum()), all_known - len(own)
    rate = (all_asking - hits) / others if others else float("nan")
    share = hits / len(own)
    low, high = wilson(hits, len(own))
    p_value = max(SMALLEST_P, float(hypergeom.sf(hits - 1, all_known, all_asking, len(own))))
    requests = panel.accounts["request_count"].to_numpy()[own]
    marked = panel.accounts["flagged_share"].fill_null(0.0).to_numpy()[own]
    volume = float((requests * marked).sum() / requests.sum())
    return answer(
        group,
        PLUGIN,
        f"{hits} of {len(own)} members ask for written-out reasoning, verbatim thinking, grading or rewrites "
        f"({volume:.0%} of their requests; "
        f"{rate:.0%} of all other accounts ask so).",
        measure="share of members that elicit reasoning, grading or rewrites",
        observed=share,
        observed_low=low,
        observed_high=high,
        expected=rate,
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and share >= LEAST_SHARE and not share < LEAST_LIFT * rate),
    )


PLUGIN = Hallmark(
    "elicitation",
    "extraction",
    "elicitation",
    "asks for training material",
    test_elicitation,
    nature="content",
    family="asked",
    share_of_members=True,
    phrase="asks for reasoning",
)
