"""A claimed organisation that is not borne out: seats with neither domain nor payer nor exit of the others.

Null model: accounts outside the network that declare an organisation of three seats or more: how many of these share
            what real seats share (binomial; at most nine in ten, where few are known).
Blind to:   operators that give all their accounts one domain, payer or exit; claims of one or two seats; logs without
            declared organisations. Companies whose people pay apart and work at home look so, too, without a domain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.statistics import SMALLEST_P, wilson
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import borne_out

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

FEWEST = 3  # members that claim, and of whom anything is known that seats share
LEAST_SHARE = 0.3  # of members that claim so, for the sign to matter
MOST_BORNE = 0.25  # of these that are borne out
USUAL = 0.9  # of real seats that are borne out, where too few are known outside
FEWEST_OUTSIDE = 20


def test_unborne_claim(panel: Panel) -> pl.DataFrame:
    """One row per network: share of the members' claims that nothing bears out."""
    claims = borne_out(panel).filter("told")
    return answers(_test_group(group, claims) for group in panel.groups)


def _test_group(group: Group, claims: pl.DataFrame) -> dict[str, Any]:
    from scipy.stats import binom

    inside = pl.col("account").is_in(pl.Series(group.members, dtype=pl.Int64).implode())
    own, others = claims.filter(inside), claims.filter(~inside)
    if own.height < FEWEST:
        return unassessable(group, PLUGIN, "fewer than three members declare an organisation of several seats")
    borne, claimed = int(own["borne"].sum()), own.height
    rate = min(USUAL, float(others["borne"].mean())) if others.height >= FEWEST_OUTSIDE else USUAL  # type: ignore[arg-type]
    share = 1 - borne / claimed
    low, high = wilson(claimed - borne, claimed)
    p_value = max(SMALLEST_P, float(binom.cdf(borne, claimed, rate)))
    return answer(
        group,
        PLUGIN,
        f"{claimed} of {len(group.members)} members declare an organisation of several seats; {claimed - borne} of "
        f"them share neither mail domain nor payer nor exit with its other seats (others' seats: {1 - rate:.0%}).",
        measure="share of declared seats that nothing bears out",
        observed=share,
        own=(low, high),
        expected=1 - rate,
        p_value=p_value,
        holds=bool(
            p_value <= SIGNIFICANT and claimed >= LEAST_SHARE * len(group.members) and borne <= MOST_BORNE * claimed
        ),
    )


PLUGIN = Hallmark(
    "unborne_claim",
    "concealment",
    "claims",
    "claims an organisation it does not behave like",
    test_unborne_claim,
    nature="concealment",
    family="claims",
    phrase="claims an organisation it does not behave like",
)
