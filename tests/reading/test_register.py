"""The accounts file: generous names, bans told from closings, one row an account."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING

import polars as pl
import pytest

from forensics.common.errors import InputError
from forensics.common.schema import REGISTER
from forensics.reading.accounts import mailboxes
from forensics.reading.accounts.register import read_register

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
    assert (
        first["email_domain"],
        first["signup_prefix"],
        first["country"],
        first["referrer"],
        first["payment_id"],
    ) == (
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


@pytest.mark.parametrize(
    ("domain", "disposable"),
    [
        ("mailinator.com", True),
        ("inbox.Mailinator.com", True),
        ("mailinator.com.", True),
        ("ourmailinator.com", False),
        ("example.org", False),
        ("com", False),
    ],
)
def test_throw_away_domains(tmp_path: Path, domain: str, disposable: bool) -> None:
    """A domain of the list, or a part of one, hands out throw-away mailboxes; one that only ends like it does not."""
    (tmp_path / "accounts.csv").write_text(f"account_id,email\na,x@{domain}\nb,\n")
    assert read_register(tmp_path / "accounts.csv")["email_disposable"].to_list() == [disposable, None]


def test_the_list_is_what_its_head_says() -> None:
    """The list of throw-away domains is sorted, in lower case, without doubles, names its licence, and holds no large
    mail provider.
    """
    text = resources.files("forensics.reading.accounts").joinpath(mailboxes.FILE).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert "CC0" in text.splitlines()[1]
    assert lines == sorted(set(lines))
    assert all(line == line.strip().lower() and "." in line and "@" not in line for line in lines)
    assert not {
        "gmail.com",
        "outlook.com",
        "hotmail.com",
        "yahoo.com",
        "icloud.com",
        "proton.me",
        "qq.com",
        "163.com",
        "gmx.de",
        "mail.ru",
    } & set(lines)
    assert mailboxes.list_text(["B.example ", "a.example", "b.example"], "1.0").splitlines()[3:] == [
        "a.example",
        "b.example",
    ]


def test_account_events_of_a_cdn(tmp_path: Path) -> None:
    """Of Cloudflare's account events the sign-up tells opening, address and client; logins do not move them."""
    names = ("Timestamp", "EventType", "UserID", "Email", "EphemeralID", "ClientIP")
    rows = (
        ("2026-05-01T10:00:00Z", "signup", "u1", "a@mailinator.com", "d1", "198.51.100.7"),
        ("2026-05-09T10:00:00Z", "login", "u1", "a@mailinator.com", "d2", "203.0.113.9"),
        ("2026-05-09T11:00:00Z", "login", "u2", "b@example.org", "d3", "203.0.113.9"),
    )
    (tmp_path / "events.jsonl").write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows))
    table = (
        read_register(tmp_path / "events.jsonl")
        .select("account_id", "created_at", "signup_address", "device_id", "email_disposable")
        .sort("account_id")
    )
    assert table.rows() == [
        ("u1", datetime(2026, 5, 1, 10, tzinfo=UTC), "198.51.100.7", "d1", True),
        ("u2", None, None, "d3", False),
    ]


def test_a_broken_line_of_accounts_is_said(tmp_path: Path) -> None:
    """A line of JSON accounts that cannot be read is an error with its number: no account is lost without a word."""
    (tmp_path / "accounts.jsonl").write_text('{"account_id":"a","plan":"cut \\ud83d"}\n\n{"account_id":\n')
    with pytest.raises(InputError, match=r"accounts\.jsonl:3: not valid JSON"):
        read_register(tmp_path / "accounts.jsonl")
    (tmp_path / "accounts.jsonl").write_text('{"account_id":"a","plan":"cut \\ud83d"}\n\n{"account_id":"b"}\n')
    assert read_register(tmp_path / "accounts.jsonl").select("account_id", "plan").rows() == [
        ("a", "cut \ufffd"),
        ("b", None),
    ]
