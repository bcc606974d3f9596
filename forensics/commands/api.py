"""The same from Python: `case = forensics.open("case1")`, then `case.networks()` and the like: polars frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from forensics.case.store import Case
    from forensics.reports.facts.model import Finding, Report


class OpenCase:
    """An investigated case, to be read: nothing here writes to it."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def __repr__(self) -> str:
        return f"forensics.open({str(self.folder)!r})"

    @property
    def folder(self) -> Path:
        """Where the case lies."""
        return self._case.folder

    def scan(self, table: str) -> pl.LazyFrame:
        """Any table of the case, unread: see `forensics docs python`."""
        return self._case.scan(table)

    def networks(self, *, alerts_only: bool = False) -> pl.DataFrame:
        """One row per network by rank, as `forensics networks` lists them."""
        from forensics.reports.screen.listings import list_networks

        return list_networks(self._case, alerts_only=alerts_only)

    def members(self, network: str | None = None) -> pl.DataFrame:
        """One row per member, of one network (id, name or rank) or all."""
        from forensics.reports.screen.listings import list_members

        return list_members(self._case, None if network is None else self._network_id(network))

    def accounts(self) -> pl.DataFrame:
        """One row per account with all its numbers, busiest first."""
        from forensics.reports.screen.listings import list_accounts

        return list_accounts(self._case, top=None)

    def hallmarks(self, network: str | None = None) -> pl.DataFrame:
        """One row per test of a network: effect, expectation, p, sentence."""
        import polars as pl

        frame = self._case.scan("hallmarks")
        wanted = frame if network is None else frame.filter(pl.col("network_id") == self._network_id(network))
        return wanted.collect()

    def events(
        self,
        name: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        where: str | None = None,
    ) -> pl.LazyFrame:
        """The requests, with source lines and hashes as printed; of a network or account, within a time, that fit."""
        from forensics.reports.facts.requests import list_requests
        from forensics.reports.screen.listings import find_network

        network = find_network(self._case, name) if name is not None else None
        accounts = [name] if name is not None and network is None else None
        key = None if network is None else str(network["network_id"])
        return list_requests(self._case, accounts, key, since=since, until=until, where=where)

    def find(self, value: str) -> pl.DataFrame:
        """One row per account and column that shows a value."""
        from forensics.reports.facts.holders import find_holders

        return find_holders(self._case, value)

    def timeline(self, network: str) -> pl.DataFrame:
        """One row per moment in a network's life."""
        from forensics.reports.facts.timeline import tell_timeline

        return tell_timeline(self.finding(network))

    def finding(self, network: str) -> Finding:
        """Everything a report says of one network."""
        return self.report([network]).findings[0]

    def report(self, networks: list[str] | None = None) -> Report:
        """Everything a report says: of the findings, or of these networks."""
        from forensics.reports.facts.findings import build_report

        ids = None if networks is None else [self._network_id(name) for name in networks]
        return build_report(self._case, networks=ids, notes=self._case.ledger["notes"])

    def sql(self, query: str) -> pl.DataFrame:
        """The answer to a query over all tables (DuckDB)."""
        from forensics.common.schema import TABLES
        from forensics.reports.facts.sql import run_sql

        return run_sql({name: self._case.files(name) for name in TABLES}, query)

    def _network_id(self, name: str) -> str:
        from forensics.common.errors import UsageError
        from forensics.reports.screen.listings import find_network

        row = find_network(self._case, name)
        if row is None:
            raise UsageError(f"no network is called {name!r}", "case.networks() lists ids, names and ranks")
        return str(row["network_id"])


def open_case(folder: str | Path) -> OpenCase:
    """The case in this folder.

    Raises: UsageError where nothing is there, or it was not investigated yet.
    """
    from forensics.commands.options import analysed_case

    return OpenCase(analysed_case(Path(folder)))
