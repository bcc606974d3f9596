"""What the listing commands hand out: networks, members, accounts, rejects, in the form machines rely on."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.common.errors import UsageError
from forensics.common.printable import printable
from forensics.common.schema import ACCOUNTS, USED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forensics.common.schema import Tables


NETWORK_COLUMNS = (
    "rank",
    "name",
    "alert",
    "pooling",
    "concealment",
    "extraction",
    "contested",
    "accounts",
    "requests",
    "score",
)  # for people; ids are in every other form
MEMBER_COLUMNS = (
    "network_id",
    "account_id",
    "rank",
    "alert",
    "score",
    "membership",
    "role",
    "traffic_share",
    "since",
    "takes_part",
)
ACCOUNT_COLUMNS = (
    "account_id",
    "request_count",
    "first_seen_at",
    "last_seen_at",
    "active_days",
    "platform",
    "top_model",
    "network_id",
)
REJECT_COLUMNS = ("path", "source_line", "reason", "skeleton")
# First what other programs rely on, then everything else a network has.
_CONTRACT = (
    "network_id",
    "rank",
    "alert",
    "score",
    "pooling",
    "extraction",
    "accounts",
    "requests",
    "first_seen_at",
    "last_seen_at",
    "hallmarks",
    "explanations",
    "concealment",
    "contested",
)


def list_networks(case: Tables, *, alerts_only: bool = False) -> pl.DataFrame:
    """One row per network by rank; the columns of the machine contract first."""
    networks = case.scan("networks").rename({"account_count": "accounts", "request_count": "requests"})
    if alerts_only:
        networks = networks.filter("alert")
    rest = [name for name in networks.collect_schema().names() if name not in _CONTRACT]
    return networks.select(*_CONTRACT, *rest).sort("rank").collect()


def list_members(case: Tables, network_id: str | None = None) -> pl.DataFrame:
    """One row per member by rank of its network, surest first; `alert` is never true of accounts that it only uses."""
    networks = case.scan("networks").select("network_id", "rank", "alert", "score")
    members = case.scan("members").select(
        "network_id", "account_id", "membership", "role", "traffic_share", "since", "takes_part"
    )
    if network_id is not None:
        members = members.filter(pl.col("network_id") == network_id)
    rows = members.join(networks, on="network_id", how="inner").with_columns(
        alert=pl.col("alert") & (pl.col("role") != USED).fill_null(value=True)
    )
    rows = rows.select(MEMBER_COLUMNS)
    return rows.sort(["rank", "membership", "account_id"], descending=[False, True, False], nulls_last=True).collect()


def list_accounts(
    case: Tables, accounts: Sequence[str] = (), *, top: int | None = 20, by: str = "request_count"
) -> pl.DataFrame:
    """One row per account with all its numbers and its network, largest `by` first; `top` None for all.

    Raises: UsageError for an unknown column or account.
    """
    if by not in ACCOUNTS.columns:
        near = difflib.get_close_matches(by, ACCOUNTS.columns, n=3)
        raise UsageError(
            f"accounts have no column {by!r}",
            f"did you mean {' or '.join(near)}?" if near else f"columns: {', '.join(ACCOUNTS.columns)}",
        )
    rows = case.scan("accounts").join(
        case.scan("members").select("account_id", "network_id"), on="account_id", how="left"
    )
    if accounts:
        found = rows.filter(pl.col("account_id").is_in(list(accounts))).collect()
        missing = sorted(set(accounts) - set(found.get_column("account_id")))
        if missing:
            raise _unknown(case, missing[0], "account")
        return found.sort("account_id")
    ordered = rows.sort([by, "account_id"], descending=[True, False], nulls_last=True)
    return (ordered if top is None else ordered.head(top)).collect()


def list_rejects(case: Tables, *, top: int | None = None) -> pl.DataFrame:
    """One row per line that could not be read: path, source_line, byte_offset, byte_count, reason, line_hash,
    skeleton, raw.
    """
    sources = case.scan("sources").select("source_id", "path")
    rows = (
        case.scan("rejects")
        .join(sources, on="source_id", how="left")
        .sort("source_id", "source_line")
        .select("path", "source_line", "byte_offset", "byte_count", "reason", "line_hash", "skeleton", "raw")
    )
    return rows.collect() if top is None else rows.head(top).collect()


def find_network(case: Tables, name: str) -> dict[str, Any] | None:
    """The network with this id, name or rank; None if there is none."""
    networks = case.scan("networks").collect()
    wanted = name.strip().removeprefix("#")
    for column in ("network_id", "name"):
        found = networks.filter(pl.col(column) == wanted)
        if found.height:
            return found.row(0, named=True)
    if wanted.isdigit():
        found = networks.filter(pl.col("rank") == int(wanted))
        if found.height:
            return found.row(0, named=True)
    return None


def named_network(case: Tables, name: str) -> dict[str, Any]:
    """The network with this id, name or rank.

    Raises: UsageError where there is none.
    """
    row = find_network(case, name)
    if row is None:
        raise UsageError(f"no network is called {name!r}", "forensics networks lists ids, names and ranks")
    return row


def find_account(case: Tables, name: str) -> dict[str, Any] | None:
    """The account with this id; None if there is none."""
    found = case.scan("accounts").filter(pl.col("account_id") == name).collect()
    return found.row(0, named=True) if found.height else None


def unknown_name(case: Tables, name: str) -> UsageError:
    """What to say to a name that is neither a network nor an account."""
    return _unknown(case, name, "network or account")


def _unknown(case: Tables, name: str, what: str) -> UsageError:
    known = case.scan("networks").select("name").collect().get_column("name").to_list() if "network" in what else []
    start = (
        case.scan("accounts")
        .filter(pl.col("account_id").str.starts_with(name[:3]))
        .select("account_id")
        .head(5000)
        .collect()
        .get_column("account_id")
        .to_list()
    )
    near = [printable(item) for item in difflib.get_close_matches(name, [*known, *start], n=3)]
    hint = (
        f"did you mean {' or '.join(near)}?" if near else "forensics networks and forensics accounts list what is there"
    )
    return UsageError(f"no {what} is called {printable(name)!s}", hint)
