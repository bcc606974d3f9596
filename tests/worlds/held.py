"""Sightings and accounts from who holds what."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl


def holding(values: dict[tuple[str, str], list[int]], accounts: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SIGHTINGS of who holds which value, and ACCOUNTS of `accounts` accounts."""
    when = datetime(2026, 5, 1, tzinfo=UTC)
    rows = [
        (f"a{number:04d}", kind, value, 10, when, when)
        for (kind, value), holders in values.items()
        for number in holders
    ]
    columns = ["account_id", "kind", "value", "event_count", "first_seen_at", "last_seen_at"]
    return pl.DataFrame(rows, schema=columns, orient="row"), pl.DataFrame(
        {
            "account_id": [f"a{number:04d}" for number in range(accounts)],
            "principal_id": [f"a{number:04d}" for number in range(accounts)],
            "request_count": [20] * accounts,
        }
    )
