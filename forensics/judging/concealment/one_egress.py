"""One egress for all, and a name behind it: these accounts come openly from one place.

Guard:      an exit says where somebody is, not who. It is taken for openness only where a name that most members stand
            under is known, too: a payer, a mail domain or a declared organisation. Where several payers are known, or
            nobody is named at all, it may be a home for strangers, a rented machine or a relay as well as an office;
            whether one hand hides there cannot be told, and gateways of a few lasting keys are explained by that.
Null model: none; beside it, declared organisations with three seats or more outside the network.
Blind to:   operators that hide everything but the exit and one payer; carriers and clouds with few customers; logs
            without addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.identities import (
    DOMAIN,
    FEWEST,
    PAYER,
    SEVERAL,
    claimed_values,
    declared_values,
    exit_values,
    most_frequent,
    tell_names,
)

if TYPE_CHECKING:
    import polars as pl

    from forensics.judging.hallmark import Panel


def test_one_egress(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members behind the commonest exit; nearly all is the sign."""
    missing = "no address is known of three members"
    words = ("exit (/24, /48)", "exits (/24, /48)")
    rows = tell_names(panel, PLUGIN, exit_values(panel), words, missing, hides=False)
    payers, domains, claims = declared_values(panel, PAYER), declared_values(panel, DOMAIN), claimed_values(panel)
    for group, row in zip(panel.groups, rows, strict=True):
        if not row["holds"]:
            continue
        known = [most_frequent(values, group.members) for values in (payers, domains, claims)]
        paid = known[0]
        if paid is not None and paid.values >= FEWEST and paid.share <= SEVERAL:
            row["holds"] = False
            row["sentence"] += f" {paid.values} payers stand behind it: a place, not a name."
        elif not any(most is not None and most.share > SEVERAL and not most.public for most in known):
            row["holds"] = False
            row["sentence"] += " No payer, mail domain or organisation names who stands behind it: a place, not a name."
    return answers(rows)


PLUGIN = Hallmark(
    "one_egress", "concealment", "exits", "one egress", test_one_egress, nature="openness", family="exits"
)
