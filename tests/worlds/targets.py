"""What a fuzzer feeds: each door by which bytes of others come in. Anything but an answer or a message is a fault."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.case.store import Case
from forensics.common.errors import ForensicsError
from forensics.common.schema import TABLES
from forensics.common.settings import IngestSettings, read_layer, stack_layers
from forensics.nights.marks import read_marks
from forensics.reading.accounts.register import read_register
from forensics.reading.fields.mapping import read_mapping
from forensics.reading.ingest import ingest
from forensics.reports.facts.impact import load_prices

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = Path(__file__).resolve().parents[1] / "case" / "version_1"
SETTINGS = IngestSettings(max_reject_share=1.0, workers=1, batch_mb=1)


def feed_log(data: bytes, folder: Path) -> None:
    """A file that is read as a log, whatever is in it; what is not read is skipped, never a fault of the tool."""
    path = folder / "log"
    path.write_bytes(data)
    with Case.locked(folder / "case") as case:
        try:
            report = ingest(case, [str(path)], settings=SETTINGS)
        except ForensicsError as error:
            assert "internal fault" not in error.message, error.message  # noqa: PT017 - no test: a door
            raise
        assert report.adds_up
        stored = case.scan("events").collect().height + case.scan("rejects").collect().height
        assert stored == report.event_count + report.reject_count


def feed_mapping(data: bytes, folder: Path) -> None:
    """A mapping file, and a log read by it."""
    path = folder / "mapping.toml"
    path.write_bytes(data)
    read_mapping(path)
    (folder / "log.jsonl").write_text('{"ts": 1777593600, "account_id": "a-1", "x": "y"}\n' * 3)
    with Case.locked(folder / "case") as case:
        ingest(case, [str(folder / "log.jsonl")], mapping=path, settings=SETTINGS)


def feed_settings(data: bytes, folder: Path) -> None:
    """A settings file."""
    path = folder / "settings.toml"
    path.write_bytes(data)
    stack_layers([read_layer(path)])


def feed_accounts(data: bytes, folder: Path) -> None:
    """An accounts file, by each of its names."""
    for name in ("accounts.csv", "accounts.jsonl", "accounts.parquet"):
        path = folder / name
        path.write_bytes(data)
        with contextlib.suppress(ForensicsError):
            read_register(path)


def feed_prices(data: bytes, folder: Path) -> None:
    """A price file."""
    path = folder / "prices.toml"
    path.write_bytes(data)
    load_prices(path)


def feed_case_log(data: bytes, folder: Path) -> None:
    """The chained log of a case, from which marks are read."""
    shutil.copytree(OLD, folder / "case")
    (folder / "case" / "log.jsonl").write_bytes(data)
    case = Case(folder / "case")
    read_marks(case.entries())


def feed_ledger(data: bytes, folder: Path) -> None:
    """The ledger of a case, and every table by it."""
    shutil.copytree(OLD, folder / "case")
    (folder / "case" / "ledger.json").write_bytes(data)
    case = Case(folder / "case")
    for table in TABLES:
        case.scan(table).collect()


def feed_table(data: bytes, folder: Path) -> None:
    """A table of a case."""
    shutil.copytree(OLD, folder / "case")
    (folder / "case" / "networks.parquet").write_bytes(data)
    Case(folder / "case").scan("networks").collect()


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "log": feed_log,
    "mapping": feed_mapping,
    "settings": feed_settings,
    "accounts": feed_accounts,
    "prices": feed_prices,
    "case_log": feed_case_log,
    "ledger": feed_ledger,
    "table": feed_table,
}


def feed(target: str, data: bytes) -> None:
    """Feed one input; a message to the user is an answer, everything else is raised."""
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(ForensicsError):
        TARGETS[target](data, Path(name))


def seeds(target: str) -> list[bytes]:
    """Inputs of the right kind to start from."""
    if target == "log":
        from forensics.reading.recognising.catalogue import all_formats

        return [text.encode() for form in all_formats().values() for text in form.samples]
    if target in {"case_log", "ledger", "table"}:
        return [
            (OLD / {"case_log": "log.jsonl", "ledger": "ledger.json", "table": "networks.parquet"}[target]).read_bytes()
        ]
    return {
        "mapping": [
            b'[fields]\naccount_id = "x"\n[constants]\nplatform = "direct"\n[observables]\nurl = "u"\n',
            b'[[accounts]]\nmatch = "^a-(.*)$"\naccount = "$1"\n[time]\nunit = "s"\nzone = "Europe/Berlin"\n',
            b'[lines]\npattern = "(?<account_id>\\\\S+) (?<started_at>.*)"\n[csv]\ndelimiter = ";"\nheader = ["a"]\n',
        ],
        "settings": [b'[ingest]\nmax_reject_share = 0.1\ndatabases = ["x"]\n[scoring]\nsensitivity = "low"\n'],
        "accounts": [
            b"account_id,created_at,plan\na,2026-05-01,free\n",
            b'{"account_id": "a", "banned_at": 1777593600}\n',
        ],
        "prices": [b'dated = 2026-01-01\ncurrency = "USD"\n[[model]]\nmatch = "*"\ninput = 1.0\noutput = 2.0\n'],
    }[target]
