"""The accounts file and the labels of a simulated world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.worlds.simulate.base import NEVER, Array, blend
from forensics.worlds.simulate.people import DOMAINS, PLAN_LIMITS, PLANS
from forensics.worlds.simulate.places import COUNTRIES, hosts
from forensics.worlds.simulate.render import account_names, dotted, hex8

if TYPE_CHECKING:
    from forensics.worlds.simulate.people import Stage

_ROLES = ("active", "standby", "customer-diluted")
_BROWSERS = tuple(
    f"Mozilla/5.0 ({os}) {engine}"
    for os in (
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
        "X11; Linux x86_64",
        "iPhone; CPU iPhone OS 18_3 like Mac OS X",
    )
    for engine in ("Chrome/134.0", "Chrome/133.0", "Firefox/136.0", "Safari/605.1", "Edg/134.0", "Chrome/131.0")
)
_TRASH = ("mailpond", "quickbox", "tempinbox", "dropletter", "onceonly", "burnpost")


def _time(values: Array) -> pl.Series:
    return pl.Series(values).cast(pl.Datetime("us", "UTC")).set(pl.Series(values >= NEVER), None).dt.truncate("1s")


def _coded(prefix: str, values: Array) -> pl.Series:
    """Ids like org_5f3a… from numbers; 0 is none."""
    return (prefix + hex8(blend(values, sum(prefix.encode())))).set(pl.Series(values == 0), None)


def _domain(code: int) -> str:
    if code >= 1000:
        return f"{int(blend(code, 5)[0]) % 2**32:08x}.example"
    if code >= 0:
        return DOMAINS[code % len(DOMAINS)]
    return f"{_TRASH[-code % len(_TRASH)]}{-code}.example"


def accounts_table(stage: Stage, *, full: bool) -> pl.DataFrame:
    """One row an account as the provider's customer data has it."""
    cast = stage.cast
    rows = np.flatnonzero(cast["billed"])
    c = {name: column[rows] for name, column in cast.columns.items()}
    codes, back = np.unique(c["domain"], return_inverse=True)
    limits = np.array([PLAN_LIMITS[plan] for plan in PLANS])[c["plan"]]
    banned, closed = c["banned"], c["closed"]
    banned = np.where(banned < stage.end, banned, NEVER)
    closed = np.where((closed < stage.end) & (banned == NEVER), closed, NEVER)
    created = np.where(c["created"] <= np.minimum(banned, closed), c["created"], np.minimum(banned, closed))
    frame = pl.DataFrame(
        {
            "account_id": account_names(stage.seed, rows),
            "created_at": _time(created),
            "closed_at": _time(closed),
            "banned_at": _time(banned),
            "status": pl.Series(np.where(banned < NEVER, "banned", np.where(closed < NEVER, "closed", "active"))),
            "organization_id": _coded("org_", c["org"]),
            "parent_id": _coded("org_", c["parent"]),
            "plan": pl.Series(PLANS).gather(c["plan"].astype(np.int64)),
            "country": pl.Series([code for code, _, _ in COUNTRIES]).gather(c["country"].astype(np.int64)),
            "email_domain": pl.Series([_domain(int(code)) for code in codes]).gather(back),
            "payment_id": _coded("pay_", c["card"]),
            "signup_address": dotted(hosts(c["signup_site"], blend(rows, 31))),
            "signup_user_agent": pl.Series(_BROWSERS).gather(c["browser"].astype(np.int64)),
            "reseller_id": _coded("rsl_", c["reseller"]),
            "referrer": _coded("ref_", c["referrer"]),
            "limit_per_minute": pl.Series(limits[:, 0]),
            "limit_per_day": pl.Series(limits[:, 1]),
        }
    )
    frame = frame.filter(pl.col("created_at") < pl.lit(stage.end).cast(pl.Datetime("us", "UTC"))).sort("account_id")
    return frame if full else frame.select("account_id", "created_at", "banned_at", "plan", "country", "email_domain")


def labels_table(stage: Stage, seen: Array) -> pl.DataFrame:
    """One row an account: its actor and, for the planted, its campaign. `seen` = events of each cast row."""
    cast = stage.cast
    rows = np.flatnonzero(cast["billed"] & ((seen > 0) | (cast["created"] < stage.end)))
    actor = [cast.actors[i] for i in cast["actor"][rows]]
    positive = np.array([bool(a.campaign) for a in actor])
    return pl.DataFrame(
        {
            "account_id": account_names(stage.seed, rows),
            "label": [a.name for a in actor],
            "kind": [a.kind for a in actor],
            "campaign": [a.campaign for a in actor],
            "role": [_ROLES[r] if p else "" for r, p in zip(cast["role"][rows], positive, strict=True)],
            "detectable": [a.detectable if p else None for a, p in zip(actor, positive, strict=True)],
            "event_count": seen[rows],
        },
        schema_overrides={"detectable": pl.Boolean, "event_count": pl.UInt32},
    ).sort("account_id")
