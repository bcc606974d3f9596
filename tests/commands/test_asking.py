"""find, events, timeline, sql, glossary, the Python door and its notebook: what an analyst asks next, against the raw logs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from made_case import made_case
from running import run
from stored_case import store

import forensics
from forensics.common.errors import UsageError
from forensics.reports.facts.holders import find_holders
from forensics.reports.facts.requests import list_requests, printed_hashes
from forensics.reports.facts.timeline import tell_timeline
from forensics.reports.wording.glossary import read_glossary

if TYPE_CHECKING:
    from forensics.commands.api import OpenCase
    from forensics.reports.facts.model import Finding

CASE = made_case()
EVENTS = CASE.tables["events"]
HYDRA = "net_0123456789ab"
NOTEBOOK = Path(forensics.__file__).parent / "docs" / "notebook.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case made by hand, in a folder."""
    return store(CASE, tmp_path_factory.mktemp("asked") / "case")


@pytest.fixture(scope="module")
def opened(folder: Path) -> OpenCase:
    """The same from Python."""
    return forensics.open(folder)


def holders_of(column: str, value: object) -> dict[str, int]:
    """Account → requests, counted by hand."""
    rows = EVENTS.filter(pl.col(column) == value).group_by("account_id").len()
    return dict(rows.iter_rows())


@pytest.mark.parametrize("column", ["client_address", "client_prefix", "user_agent", "request_model", "platform"])
def test_find_tells_every_holder(column: str) -> None:
    """Each account that shows a value, with its requests, as counted one by one; first and last are its first and last."""
    value = EVENTS[column].drop_nulls()[0]
    found = find_holders(CASE, value).filter(pl.col("column") == column)
    assert {row["account_id"]: row["event_count"] for row in found.iter_rows(named=True)} == holders_of(column, value)
    row = found.row(0, named=True)
    mine = EVENTS.filter((pl.col(column) == value) & (pl.col("account_id") == row["account_id"]))["started_at"]
    assert (row["first_seen_at"], row["last_seen_at"]) == (mine.min(), mine.max())


def test_find_points_at_the_lines() -> None:
    """A source line told for a holder is a request of that account that shows the value."""
    value = EVENTS["client_address"].drop_nulls()[0]
    paths = dict(CASE.tables["sources"].select("path", "source_id").iter_rows())
    for row in find_holders(CASE, value).iter_rows(named=True):
        for line in row["lines"]:
            path, _, number = line.rpartition(":")
            at = (pl.col("source_id") == paths[path]) & (pl.col("source_line") == int(number))
            event = EVENTS.filter(at).row(0, named=True)
            assert (event["account_id"], event["client_address"]) == (row["account_id"], value)


def test_find_takes_hashes_as_printed_anywhere() -> None:
    """Hex of 16 digits, with 0x, in capitals, with its middle left out, and the whole number find the same accounts."""
    number = int(EVENTS["template_hash"].drop_nulls()[0])
    text = f"{number:016x}"
    wanted = set(holders_of("template_hash", number))
    for spelt in (text, f"0x{number:x}", text.upper(), str(number), f"{text[:8]}…{text[-7:]}"):
        found = find_holders(CASE, spelt).filter(pl.col("column") == "template_hash")
        assert set(found["account_id"]) == wanted, spelt


def test_find_takes_a_range_of_addresses() -> None:
    """203.0.113.0/24 finds every account with an address in it, each address told."""
    found = find_holders(CASE, "203.0.113.0/24").filter(pl.col("column") == "client_address")
    inside = EVENTS.filter(pl.col("client_address").str.starts_with("203.0.113."))
    assert set(found["account_id"]) == set(inside["account_id"])
    assert set(found["value"]) == set(inside["client_address"])


def test_find_looks_into_the_accounts_file() -> None:
    """A card that no request shows is found by the accounts that declared it."""
    card = CASE.tables["register"]["payment_id"].drop_nulls()[0]
    wanted = set(CASE.tables["register"].filter(pl.col("payment_id") == card)["account_id"])
    found = find_holders(CASE, card).filter(pl.col("column") == "accounts file: payment_id")
    assert set(found["account_id"]) == wanted


def test_events_are_the_requests_and_nothing_else() -> None:
    """The requests of a network within a time that fit a condition: the same as filtered by hand, in order of time."""
    since, until = datetime(2026, 4, 10, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC)
    members = CASE.tables["members"].filter(pl.col("network_id") == HYDRA)
    wanted = EVENTS.join(members, on="account_id", how="semi").filter(
        pl.col("started_at") >= since, pl.col("started_at") < until, pl.col("output_tokens") > 300
    )
    rows = list_requests(CASE, network_id=HYDRA, since=since, until=until, where="output_tokens > 300").collect()
    assert rows.height == wanted.height > 0
    assert rows["started_at"].is_sorted()
    assert set(rows["line"]) == {
        f"{path}:{line}"
        for path, line in wanted.join(CASE.tables["sources"], on="source_id").select("path", "source_line").iter_rows()
    }


@pytest.mark.parametrize("where", ["no_such_column = 1", "SELECT", "output_tokens >", "account_id + 1 = 2"])
def test_a_condition_that_cannot_be_read_is_said(where: str) -> None:
    """No crash, and no silent empty answer."""
    with pytest.raises(UsageError):
        list_requests(CASE, where=where)


def test_hashes_are_printed_as_everywhere() -> None:
    """What `events` writes for a hash is what sightings and reports have."""
    events = printed_hashes(CASE.scan("events")).collect()
    templates = set(events["template_hash"].drop_nulls())
    assert all(len(value) == 16 and int(value, 16) >= 0 for value in templates)
    assert {int(value, 16) for value in templates} == set(EVENTS["template_hash"].drop_nulls())


def test_events_in_every_form(folder: Path, tmp_path: Path) -> None:
    """The same rows as CSV, JSON lines and Parquet; on a screen each request has its source line."""
    account = CASE.tables["members"]["account_id"][0]
    command = ("events", account, "--case", folder)
    height = EVENTS.filter(pl.col("account_id") == account).height
    assert len(list(csv.DictReader(io.StringIO(run(*command, "--format", "csv").stdout)))) == height
    rows = [json.loads(line) for line in run(*command, "--format", "jsonl").stdout.splitlines()]
    assert len(rows) == height
    shown = run(*command, "--top", "5").stdout
    assert all(row["line"] in shown for row in rows[:5])
    assert "the first 5;" in shown


def test_timeline_holds_every_birth_and_ban() -> None:
    """As many births as members, as many bans as were banned, a row for each day, in order."""
    finding = forensics_report()
    moments = tell_timeline(finding)
    assert moments["at"].is_sorted()
    counts = dict(moments.group_by("what").len().iter_rows())
    assert counts["birth"] == len(finding.members)
    assert counts["ban"] == finding.lives.ban_count == 30
    assert counts["day"] == len(finding.daily.days)
    assert counts["wave"] == 3
    volume = moments.filter(pl.col("what") == "day")["number"].sum()
    assert volume == finding.request_count


def forensics_report() -> Finding:
    """The hydra as reports have it."""
    from forensics.reports.facts.findings import build_report

    return build_report(CASE, networks=[HYDRA]).findings[0]


def test_sql_answers_as_polars_does(opened: OpenCase) -> None:
    """Requests a network, and a hash as printed."""
    counted = opened.sql(
        "select network_id, count(*) as n from events join members using (account_id) group by 1 order by 1"
    )
    by_hand = EVENTS.join(CASE.tables["members"], on="account_id").group_by("network_id").len().sort("network_id")
    assert counted.rows() == by_hand.rows()
    template = opened.sql("select min(template_hash) from events").item()
    assert isinstance(template, str)
    assert len(template) == 16


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "copy (select 1) to '/tmp/forensics-was-here.csv'",
        "create table x as select 1",
        "drop view events",
        "attach '/tmp/forensics-was-here.db'",
        "set enable_external_access = true",
        "select no_such_column from events",
        "install httpfs",
    ],
)
def test_sql_reads_the_case_and_nothing_else(opened: OpenCase, query: str) -> None:
    """Nothing is written, no other file is read, no setting is changed; what is wrong is said."""
    with pytest.raises(UsageError):
        opened.sql(query)
    assert not Path("/tmp/forensics-was-here.csv").exists()


def test_python_hands_out_frames(opened: OpenCase) -> None:
    """The tables as the listings have them, by id, name and rank; an unknown name is an error with a hint."""
    assert opened.networks()["name"].to_list() == ["tern-quartz", "basil-ochre"]
    for name in (HYDRA, "tern-quartz", "1"):
        assert opened.members(name).height == 60
        assert opened.finding(name).name == "tern-quartz"
    assert opened.events("tern-quartz").collect().height == opened.finding("1").request_count
    with pytest.raises(UsageError):
        opened.members("nobody")
    with pytest.raises(UsageError):
        forensics.open("/nowhere")
    with pytest.raises(AttributeError):
        _ = forensics.no_such_name


def test_the_notebook_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every code cell of the notebook that ships runs on a case, in order."""
    monkeypatch.chdir(folder.parent)
    (folder.parent / "demo-case").symlink_to(folder)
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    space: dict[str, object] = {}
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 5
    for source in code:
        exec(compile(source, str(NOTEBOOK), "exec"), space)  # noqa: S102 - the package's own page


def test_glossary_knows_the_verdicts() -> None:
    """Every verdict and the words of the report are told; one can be asked for."""
    words = read_glossary()
    assert {"POOLING", "CONCEALMENT", "EXTRACTION", "contested", "bits"} <= set(words)
    assert "bits: " in run("glossary", "bits").stdout
    assert run("glossary", "zzzz").returncode == 2
