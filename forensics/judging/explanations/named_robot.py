"""Explanation: one robot that says who it is: a crawler, monitor or scanner whose client names a contact.

Every request carries the same web or mail address of whoever runs it, as robots that want to be known do (RFC 9309),
and hardly anybody else carries it. Such a robot is one hand, openly, and works from many places in turn.

Null model: none; the share of members of whose requests nearly all name the one contact.
Blind to:   a claim that is not true: a log cannot say who a contact belongs to, so what it explains is shown as
            contested. Programs that name their makers are no robots of these: their users are many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.common.scale import SPEAKS
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words, unassessable
from forensics.judging.hallmark import FAMILIES, Hallmark

if TYPE_CHECKING:
    from typing import Any

    from forensics.judging.hallmark import Group, Panel

CONTACT = r"(?i)(?:https?://(?:www\.)?|www\.|[\w.+-]+@)([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)"
NEARLY_ALL = 0.9  # of an account's requests
THEIRS = 0.5  # of the accounts that name a contact must be members, for it to be theirs
FEWEST = 3
PROGRAMS = kinds_where(program=True)


def test_named_robot(panel: Panel) -> pl.DataFrame:
    """One row per network: share of members whose requests name one and the same contact of their own."""
    naming = _naming(panel)
    if not len(naming):
        return answers(
            unassessable(group, PLUGIN, "no client names a web or mail address of whoever runs it")
            for group in panel.groups
        )
    return answers(_test_group(group, naming) for group in panel.groups)


def _naming(panel: Panel) -> pl.DataFrame:
    """One row per account of whose requests nearly all name one contact: account, contact."""
    number = pl.col("account").cast(pl.Int64)
    named = (
        panel.sightings.filter(pl.col("kind").cast(pl.String).is_in(PROGRAMS))
        .select(number, contact=pl.col("value").str.extract(CONTACT, 1).str.to_lowercase(), n="event_count")
        .filter(pl.col("contact").is_not_null())
        .group_by("account", "contact")
        .agg(pl.col("n").sum())
    )
    requests = panel.accounts.lazy().select(number, "request_count")
    return (
        named.join(requests, on="account")
        .filter(pl.col("n") >= NEARLY_ALL * pl.col("request_count"))
        .select("account", "contact")
        .collect()
    )


def _test_group(group: Group, naming: pl.DataFrame) -> dict[str, Any]:
    own = naming.filter(pl.col("account").is_in(group.members.tolist()))
    if len(group.members) < FEWEST or not len(own):
        return unassessable(group, PLUGIN, "no client of the members names a web or mail address of whoever runs it")
    contact, count = (
        own.group_by("contact").len().sort("len", "contact", descending=[True, False]).select("contact", "len").row(0)
    )
    everywhere = int((naming["contact"] == contact).sum())
    size = len(group.members)
    fit = count / size if count >= THEIRS * everywhere else 0.0
    return answer(
        group,
        PLUGIN,
        f"A robot that names itself {fit_words(fit)}: {count} of {size} members name the contact {contact} in "
        f"nearly all requests, {everywhere - count} other accounts do.",
        measure="share of members that name one contact of their own",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


PLUGIN = Hallmark(
    "named_robot",
    "explanation",
    "robot",
    "a robot that names itself",
    test_named_robot,
    accounts_for=frozenset(FAMILIES) - {"births", "handover", "payers", "provenance", "retries"},
)
