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

from forensics.judging.answers import answers, unassessable
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
    from typing import Any

    import polars as pl

    from forensics.judging.hallmark import Group, Panel
    from forensics.judging.identities import Most


def test_one_egress(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members behind the commonest exit; nearly all is the sign."""
    missing = "no address is known of three members"
    words = ("exit (/24, /48)", "exits (/24, /48)")
    rows = tell_names(panel, PLUGIN, exit_values(panel), words, missing, hides=False)
    payers, domains, claims = declared_values(panel, PAYER), declared_values(panel, DOMAIN), claimed_values(panel)
    told = []
    for group, row in zip(panel.groups, rows, strict=True):
        known = [most_frequent(values, group.members) for values in (payers, domains, claims)]
        nobody = _names_nobody(known) if row["holds"] else ""
        told.append(_a_place(group, row, nobody) if nobody else row)
    return answers(told)


def _names_nobody(known: list[Most | None]) -> str:
    """Why no payer (the first), mail domain or organisation names who stands behind an exit; nothing where one does."""
    paid = known[0]
    if paid is not None and paid.values >= FEWEST and paid.share <= SEVERAL:
        return f"{paid.values} payers stand behind it"
    if any(most is not None and most.share > SEVERAL and not most.public for most in known):
        return ""
    return "no payer, mail domain or organisation names who stands behind it"


def _a_place(group: Group, row: dict[str, Any], why: str) -> dict[str, Any]:
    """The exit is there, and is neither openness nor its absence."""
    return unassessable(
        group,
        PLUGIN,
        f"{row['observed']:.0%} of the members whose exits are known share one, a place and no name: {why}",
    )


PLUGIN = Hallmark(
    "one_egress", "concealment", "exits", "one egress", test_one_egress, nature="openness", family="exits"
)
