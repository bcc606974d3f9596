"""Mailboxes that are thrown away: members signed up from disposable mail domains more often than others do.

Null model: as many accounts drawn at random from those whose mail domain is known (hypergeometric).
Blind to:   paid mailboxes, private domains, domains that the list does not have yet; logs without mail domains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import SMALLEST_P, wilson
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from forensics.judging.hallmark import Group, Panel

LEAST_SHARE = 0.1  # of members, for the sign to matter
LIFT = 2.0  # times the share among others


def test_throwaway_mail(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members with a throw-away mailbox."""
    disposable = panel.accounts["email_disposable"]
    known = disposable.is_not_null().to_numpy()
    return answers(_test_group(group, known, disposable.fill_null(value=False).to_numpy()) for group in panel.groups)


def _test_group(group: Group, known: Any, disposable: Any) -> dict[str, Any]:  # noqa: ANN401 - boolean arrays
    from scipy.stats import hypergeom

    own = group.members[known[group.members]]
    if len(own) == 0:
        return unassessable(group, PLUGIN, "no mail domain of a member is known")
    hits, everywhere = int(disposable[own].sum()), int(disposable[known].sum())
    others = int(known.sum()) - len(own)
    rate = (everywhere - hits) / others if others else float("nan")
    share = hits / len(own)
    p_value = max(SMALLEST_P, float(hypergeom.sf(hits - 1, int(known.sum()), everywhere, len(own))))
    return answer(
        group,
        PLUGIN,
        f"{hits} of {len(own)} members signed up with a throw-away mailbox"
        + (f" ({rate:.0%} of all others)." if np.isfinite(rate) else "."),
        measure="share of members with a throw-away mailbox",
        observed=share,
        own=wilson(hits, len(own)),
        expected=rate,
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and share >= LEAST_SHARE and not share < LIFT * rate),
    )


PLUGIN = Hallmark(
    "throwaway_mail",
    "concealment",
    "mailboxes",
    "throw-away mailboxes",
    test_throwaway_mail,
    nature="concealment",
    family="mailboxes",
    share_of_members=True,
    phrase="throw-away mailboxes",
)
