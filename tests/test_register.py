"""The accounts file: generous names, bans told from closings, one row an account."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from forensics.errors import InputError
from forensics.register import read_register
from forensics.schema import REGISTER

if TYPE_CHECKING:
    from pathlib import Path

CSV = """account,created,closed_at,status,org,email,card_fingerprint,signup_ip,country,coupon
acct_1,2026-01-01,2026-02-01T00:00:00Z,banned,org_1,A@Example.org,card_1,198.51.100.7:443,de,CLASS-7
acct_2,2026-01-01T00:00:00Z,2026-03-01T00:00:00Z,closed,org_1,b@x.org,card_2,,us,
acct_3,1767225600,,active,,,,,,
"""


def test_csv_with_common_names(tmp_path: Path) -> None:
    """Columns are found by their common names; a closing with status banned is a ban."""
    (tmp_path / "accounts.csv").write_text(CSV)
    table = read_register(tmp_path / "accounts.csv")
    assert not REGISTER.mismatches(table.schema)
    first, second, third = table.rows(named=True)
    assert first["banned_at"] == datetime(2026, 2, 1, tzinfo=UTC)
    assert first["closed_at"] is None
    assert (first["email_domain"], first["signup_prefix"], first["country"], first["referrer"], first["payment_id"]) == (
        "example.org",
        "198.51.100.0/24",
        "DE",
        "CLASS-7",
        "card_1",
    )
    assert "A@Example.org" not in json.dumps(first, default=str), "the address itself is not kept"
    assert (second["banned_at"], second["closed_at"]) == (None, datetime(2026, 3, 1, tzinfo=UTC))
    assert third["created_at"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_jsonl_and_parquet_say_the_same(tmp_path: Path) -> None:
    """JSON lines, also nested, and Parquet give the same register."""
    rows = [
        {"account_id": "a", "created_at": "2026-01-01T00:00:00Z", "payment": {"fingerprint": "p1"}, "rpm": 60},
        {"account_id": "b", "banned_at": "2026-02-01T00:00:00Z"},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pl.DataFrame(
        {
            "account_id": ["a", "b"],
            "created_at": [datetime(2026, 1, 1, tzinfo=UTC), None],
            "payment_fingerprint": ["p1", None],
            "rpm": [60, None],
            "banned_at": [None, datetime(2026, 2, 1, tzinfo=UTC)],
        }
    ).write_parquet(tmp_path / "a.parquet")
    lines, parquet = read_register(tmp_path / "a.jsonl"), read_register(tmp_path / "a.parquet")
    assert lines.equals(parquet)
    assert lines["payment_id"].to_list() == ["p1", None]
    assert lines["limit_per_minute"].to_list() == [60.0, None]


def test_one_row_an_account(tmp_path: Path) -> None:
    """Where an account has several rows, the last word of each column counts."""
    (tmp_path / "a.csv").write_text("account_id,plan,country\na,free,\na,,de\na,pro,\n")
    assert read_register(tmp_path / "a.csv").select("account_id", "plan", "country").rows() == [("a", "pro", "DE")]


def test_yes_and_no_are_no_times(tmp_path: Path) -> None:
    """`banned` may be yes or no; the time then stands in closed_at."""
    (tmp_path / "a.csv").write_text("account_id,banned,closed_at\na,yes,2026-02-01\nb,no,2026-02-01\n")
    table = read_register(tmp_path / "a.csv")
    assert table["banned_at"].is_not_null().to_list() == [True, False]
    assert table["closed_at"].is_not_null().to_list() == [False, True]


@pytest.mark.parametrize("text", ["", "colour,shape\nred,round\n"])
def test_useless_files_are_refused(tmp_path: Path, text: str) -> None:
    """A file that is empty or names no account is an error that says what to do."""
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        read_register(tmp_path / "a.csv")
    assert caught.value.hint
