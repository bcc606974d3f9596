"""Which requests tests look at: those of members, and of accounts outside all networks so many as tell what is usual.

Numbers take the place of account ids, and only columns that some test reads are kept, so that each look at them costs
little. What is kept goes where the caller says (a file of the run, or memory), in two parts: requests of accounts that
are compared one by one, and those of the other members of networks of which only a sample is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from forensics.common.arrays import Ints
    from forensics.judging.hallmark import Group, Panel

    Keep = Callable[[str, pl.LazyFrame], pl.LazyFrame]  # a name and a frame to a scan of what was kept

# Requests of accounts outside all networks that are looked at: of a larger log those of a sample of accounts, drawn by
# what they did.
OUTSIDE_REQUESTS = 3_000_000
FEWEST_SAMPLED = 2_000  # accounts in such a sample

# All that tests read of a request, where the log has it.
COLUMNS = (
    "started_at",
    "status_code",
    "request_model",
    "system_hash",
    "template_hash",
    "prompt_hash",
    "prompt_head_hash",
    "tools_hash",
    "latency_ms",
    "content_flags",
    "input_tokens",
    "output_tokens",
    "prompt_chars",
    "max_tokens",
    "temperature",
    "top_p",
    "stop_count",
    "stream",
    "method",
    "endpoint",
    "endpoint_query",
    "session_id",
    "client_prefix",
    "client_family",
    "client_version",
    "user_agent",
    "organization_id",
)

# Requests of one network's members whose prompts are held against each other: of a larger one a sample of prompts.
PROMPT_REQUESTS = 3_000_000


@dataclass(frozen=True)
class Looked:
    """Requests by account number: `compared` of tested members and of outsiders, `events` of all members, too."""

    events: pl.LazyFrame
    compared: pl.LazyFrame


def in_memory(_name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Kept where the frame is made."""
    return frame.collect(engine="streaming").lazy()


def sample_outside(outside: Ints, requests: npt.NDArray[np.float64], content: npt.NDArray[np.uint64]) -> Ints:
    """Accounts outside all networks that are looked at: all of them, or as many as send OUTSIDE_REQUESTS on average.

    In:    requests and content (one number by what it did) of all accounts.
    """
    if len(outside) == 0 or requests[outside].sum() <= OUTSIDE_REQUESTS:
        return outside
    most = max(FEWEST_SAMPLED, int(OUTSIDE_REQUESTS / requests[outside].mean()))
    if most >= len(outside):
        return outside
    with np.errstate(over="ignore"):  # mixed once more: draws are seeded by the content itself
        drawn = (content[outside] ^ (content[outside] >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return np.sort(outside[np.argsort(drawn, kind="stable")[:most]])


def keep_requests(events: pl.LazyFrame, numbers: pl.DataFrame, compared: Ints, members: Ints, keep: Keep) -> Looked:
    """The requests of some accounts, by number.

    In:    EVENTS; numbers: account_id and account of all accounts.
    """
    there = set(events.collect_schema().names())
    columns = [name for name in COLUMNS if name in there]
    others = np.setdiff1d(members, compared)

    def of(accounts: Ints) -> pl.LazyFrame:
        wanted = numbers.filter(pl.Series(np.isin(numbers["account"].to_numpy(), accounts)))
        return events.select("account_id", *columns).join(wanted.lazy(), on="account_id").select("account", *columns)

    first = keep("compared", of(compared))
    if len(others) == 0:
        return Looked(first, first)
    return Looked(pl.concat([first, keep("members", of(others))]), first)


def thinning_of(panel: Panel, group: Group) -> int:
    """Of how many prompts of a network one is looked at, so that about PROMPT_REQUESTS requests are."""
    requests = int(panel.accounts["request_count"].gather(group.members).cast(pl.Int64).sum())
    return max(1, -(-requests // PROMPT_REQUESTS))


def thinned(value: pl.Expr, one_in: pl.Expr) -> pl.Expr:
    """Whether a prompt is among those looked at: the same for every request that carries it."""
    return (one_in <= 1) | (value.hash(seed=17) % one_in.cast(pl.UInt64) == 0)


def say_thinned(one_in: int) -> str:
    """What a sentence says of that; nothing where all are looked at."""
    return f" One prompt in {one_in} was looked at." if one_in > 1 else ""
