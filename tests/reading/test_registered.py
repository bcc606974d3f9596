"""Whoever keeps the list of accounts has decided what an account is: the field stands for it by whose values they go."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from forensics.case.store import Case
from forensics.common.settings import IngestSettings
from forensics.reading.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = IngestSettings(workers=1)
COLUMNS = ("request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens", "completion_tokens",
           "startTime", "endTime", "model", "user", "metadata", "status")  # fmt: skip


def spend_log(folder: Path) -> Path:
    """A proxy's log of forty requests by eight keys of four owners."""
    path = folder / "spend.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for number in range(40):
            at = f"2026-05-01 10:{number:02d}:00.000"
            row = (f"r{number}", "acompletion", f"{number % 8:064x}", 0.1, 3, 1, 2, at, at, "m", f"u{number % 4}")
            out.writerow((*row, "{}", "success"))
    return path


def accounts_file(folder: Path, ids: list[str]) -> Path:
    """A list of accounts."""
    path = folder / "accounts.csv"
    path.write_text("account_id,plan\n" + "".join(f"{name},pro\n" for name in ids), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("ids", "expected", "said"),
    [
        ([f"{number:064x}" for number in range(8)], 8, True),  # it goes by keys
        ([f"u{number}" for number in range(4)], 4, False),  # it goes by owners, as the format does
        ([f"somebody{number}" for number in range(9)], 4, False),  # of others: it decides nothing
        ([*(f"u{number}" for number in range(4)), *(f"{number:064x}" for number in range(8))], 4, False),  # both
    ],
)
def test_the_accounts_file_decides_who_is_an_account(tmp_path: Path, ids: list[str], expected: int, said: bool) -> None:
    """A key or its owner, as the list of accounts has it; told where that is not what the format would take."""
    with Case.locked(tmp_path / "case") as case:
        report = ingest(case, [str(spend_log(tmp_path))], accounts=accounts_file(tmp_path, ids), settings=SETTINGS)
    accounts = case.scan("events").select("account_id").unique().collect()["account_id"]
    assert accounts.len() == expected
    assert ("goes by api_key_id" in report.sources[0].note) == said
    assert accounts.is_in(ids).all() == (ids[0] != "somebody0")


def test_a_case_remembers_its_accounts_file(tmp_path: Path) -> None:
    """The next night's log is read by the list of the first."""
    ids = [f"{number:064x}" for number in range(8)]
    with Case.locked(tmp_path / "case") as case:
        ingest(case, [str(spend_log(tmp_path))], accounts=accounts_file(tmp_path, ids), settings=SETTINGS)
        later = tmp_path / "later.csv"
        later.write_text(spend_log(tmp_path).read_text("utf-8").replace("2026-05-01", "2026-05-02"), "utf-8")
        ingest(case, [str(later)], settings=SETTINGS)
    assert sorted(case.scan("events").select("account_id").unique().collect()["account_id"]) == ids
