"""Which accounts are left over for linking, the one step that looks at all of them: measured on investigated cases.

    python tests/bench/scale/sharing.py CASE…

For each case: accounts (of the logs and of the register), the share of them that show a value of at most 2, 10, 100
holders, that stand in any link, that stand in any network; and what the incidence of shared values takes an account.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from forensics.case.store import Case


def told(folder: Path) -> str:
    """One case as a row."""
    case = Case(folder)
    known = [case.scan(table).select("account_id") for table in ("accounts", "register")]
    accounts = pl.concat(known).unique().collect().height
    events = case.scan("events").select(pl.len()).collect().item()
    sightings = case.scan("sightings").collect()
    holders = sightings.with_columns(holders=pl.len().over("kind", "value"))
    few = [holders.filter(pl.col("holders") <= most)["account_id"].n_unique() / accounts for most in (2, 10, 100)]
    links = case.scan("links").select("account_a", "account_b").collect()
    linked = pl.concat([links["account_a"], links["account_b"]]).n_unique() / accounts
    members = case.scan("members").select("account_id").collect()["account_id"].n_unique() / accounts
    return (
        f"{events:12,}{accounts:11,}{few[0]:9.1%}{few[1]:9.1%}{few[2]:9.1%}{linked:9.1%}{members:9.1%}"
        f"{sightings.height / accounts:11.1f}{sightings.estimated_size() / accounts:10,.0f}"
    )


def main(folders: list[str]) -> None:
    """A row a case."""
    heads = ("≤ 2", "≤ 10", "≤ 100", "linked", "member")
    print(f"{'events':>12}{'accounts':>11}{''.join(f'{head:>9}' for head in heads)}{'sightings':>11}{'bytes':>10}")
    for folder in folders:
        print(told(Path(folder)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
