"""Explanation: a company's gateway that spreads its work over a few keys of its own, openly and steadily.

Null model: none; few accounts, none banned, all there for the whole time, and nobody who declares to be somebody else.
            Where neither exits nor payers nor organisations are known, a few keys in one queue are as likely a
            company's as a ring's, and it carries; not if they ask for training material, for then there is no product
            behind the gateway that would explain them.
Blind to:   rings of a few accounts behind one exit, and any where nothing tells who is who, unless they ask for
            training material.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.scale import SPEAKS
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers, fit_words
from forensics.judging.hallmark import FAMILIES, Hallmark
from forensics.judging.sharing import commonest, holds

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Group, Panel

FEW = 8  # keys that a gateway shuffles over
OPEN = 0.9  # share of members with one mail domain and one egress or payer from which nothing is hidden
DECLARED = ("declared_organization_id", "declared_parent_id")
IDENTITY = ("declared_email_domain", "declared_payment_id", "declared_organization_id", "declared_parent_id")
MATERIAL = 1 / 3  # of the requests of keys that are there for training material
IN_PART = 0.75  # most that is said for keys of unknown owners that ask for training material
EVERYBODY = 0.2  # share of all accounts from which an address is the service's own
EXITS = kinds_where(exit=True)
PAYERS = kinds_where(payer=True, weak=False)
DOMAINS = kinds_where(domain=True)


def test_company_gateway(panel: Panel) -> pl.DataFrame:
    """One row per network: how well a gateway over a few own keys explains it."""
    first = panel.accounts["first_seen_at"].dt.epoch("us").to_numpy() / 1e6
    last = panel.accounts["last_seen_at"].dt.epoch("us").to_numpy() / 1e6
    tells = any(panel.accounts[name].is_not_null().any() for name in DECLARED)
    exits = _read_exits(panel)
    return answers(_test_group(panel, group, first, last, exits, tells=tells) for group in panel.groups)


@dataclass(frozen=True)
class _Exits:
    """Of each account how many of its exits are the service's own; members by network, and the exits of its own that
    they show.
    """

    service: Ints
    shown: dict[str, pl.DataFrame]


def _read_exits(panel: Panel) -> _Exits:
    everybody = EVERYBODY * len(panel.accounts)
    exits = panel.sightings.filter(pl.col("kind").is_in(EXITS))
    service = np.zeros(len(panel.accounts), dtype=np.int64)
    common = exits.group_by("kind", "value").agg(pl.len().alias("held")).filter(pl.col("held") > everybody)
    counted = exits.join(common, on=["kind", "value"], how="semi").group_by("account").agg(pl.len()).collect()
    service[counted["account"].to_numpy()] = counted["len"].to_numpy()
    schema = {"network_id": pl.String, "account": pl.UInt32}
    members = [
        pl.DataFrame({"network_id": group.network_id, "account": group.members}, schema=schema)
        for group in panel.groups
    ]
    own = panel.ties.lazy().filter(pl.col("kind").is_in(EXITS) & pl.col("own")).select("network_id", "kind", "value")
    rows = (
        exits.join(own, on=["kind", "value"])
        .join(pl.concat([pl.DataFrame(schema=schema), *members]).lazy(), on=["network_id", "account"], how="semi")
        .select("network_id", "account", "kind", "value")
        .collect()
    )
    return _Exits(service, {str(key[0]): part for key, part in rows.partition_by("network_id", as_dict=True).items()})


def _test_group(
    panel: Panel, group: Group, first: Floats, last: Floats, exits: _Exits, *, tells: bool
) -> dict[str, Any]:
    own = panel.accounts[group.members]
    size = len(group.members)
    span = max(1.0, float(last[group.members].max() - first[group.members].min()))
    steady = float(np.mean((last - first)[group.members] / span))
    banned = int(own["banned_at"].is_not_null().sum())
    # One mail domain and one egress or payer for all: whoever hides does not leave all of it open.
    openly = min(commonest(panel, group, DOMAINS), max(commonest(panel, group, EXITS), commonest(panel, group, PAYERS)))
    told = own.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in IDENTITY))
    keys, shared = _behind_exits(panel, group, exits)
    if keys > FEW or banned:
        fit, why = 0.0, ""
    elif openly >= OPEN:
        fit, why = (
            min(steady, openly),
            f", {openly:.0%} or more share one mail domain, and one exit or payer",
        )
    elif tells and told.height >= 2:
        # Where others declare organisations, keys of one company would; strangers and individuals do not.
        top = max(float(told[name].drop_nulls().value_counts()["count"].max() or 0) for name in DECLARED) / told.height  # type: ignore[arg-type]
        fit, why = min(steady, top), f", {top:.0%} of those that are known declare one organisation"
    else:
        known, why = 1.0, ", and nothing in these logs tells who any of them is"
        if shared is not None:
            known, why = shared, f", {shared:.0%} share their exit with other members and few or none else"
        material = holds(panel, group, "asked", "content") and float(own["flagged_share"].mean() or 0.0) >= MATERIAL  # type: ignore[arg-type]
        fit = min(steady, known, IN_PART if material else 1.0)
        why += ", but they ask for training material" if material else ""
    return answer(
        group,
        PLUGIN,
        f"A company's gateway {fit_words(fit)}: {size} accounts, {banned} banned, there for {steady:.0%} of the "
        f"network's time on average{why}.",
        measure="few, steady, unbanned and declared",
        observed=fit,
        fit=fit,
        holds=fit >= SPEAKS,
    )


def _behind_exits(panel: Panel, group: Group, read: _Exits) -> tuple[int, float | None]:
    """Members behind the largest set of exits that are the network's own, and share of the members that share one; all,
    and None, without addresses.

    Two gateways that answer the same public's questions may be linked; each has its own exits.
    """
    known = panel.accounts[group.members].select(pl.sum_horizontal("address_count", "prefix_count")).to_series()
    if not (known.to_numpy() > read.service[group.members]).any():
        return len(group.members), None
    rows = read.shown.get(
        group.network_id, pl.DataFrame(schema={"account": pl.UInt32, "kind": pl.String, "value": pl.String})
    )
    parts: list[tuple[set[int], set[tuple[str, str]]]] = []
    for (kind, value), part in rows.group_by("kind", "value"):
        accounts, exits = set(part["account"].to_list()), {(str(kind), str(value))}
        for other in [known for known in parts if known[0] & accounts]:
            parts.remove(other)
            accounts, exits = accounts | other[0], exits | other[1]
        parts.append((accounts, exits))
    behind = sum(len(accounts) for accounts, _ in parts if len(accounts) >= 2)
    alone = len(group.members) - behind
    return (
        max((len(accounts) for accounts, _ in parts), default=0) if alone <= FEW - 2 else len(group.members)
    ), behind / len(group.members)


PLUGIN = Hallmark(
    "company_gateway",
    "explanation",
    "gateway",
    "company gateway",
    test_company_gateway,
    accounts_for=frozenset(FAMILIES) - {"births"},
)
