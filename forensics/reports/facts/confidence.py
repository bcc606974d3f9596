"""How sure a finding is, in one number from 0 to 100, for forms of other tools that ask for one.

It starts from the weaker of the two verdicts that make a finding (one hand, hiding), adds two points for each
independent line of evidence that holds, and takes away half of the best-fitting innocent explanation. It never says
100: what logs show is consistent with one operator, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forensics.reports.facts.model import Finding

LEVELS = {"none": 10, "open": 10, "possible": 30, "likely": 55, "strong": 75}
MOST, BONUS, MOST_LINES = 95, 2, 8


def confidence(finding: Finding) -> int:
    """The number."""
    known = [level for level in (finding.pooling, finding.concealment) if level in LEVELS]
    base = min((LEVELS[level] for level in known), default=LEVELS["none"])
    lines = {sign.channel for sign in finding.hallmarks if sign.holds and sign.role != "extraction"}
    doubt = max((sign.fit or 0.0 for sign in finding.explanations), default=0.0)
    return max(1, min(MOST, round((base + BONUS * min(len(lines), MOST_LINES)) * (1 - doubt / 2))))
