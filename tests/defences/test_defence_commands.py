"""resellers, targets, whatif and impact as a user runs them: on screen, as a page, as data; nothing hostile gets through."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import polars as pl
import pytest
from made_case import HOSTILE, FrameCase, made_case
from poisoned import hidden
from running import Answer, call

from forensics.case.store import Case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMANDS = ("resellers", "targets", "whatif", "impact")
PARTS = {
    "resellers": ("channels", "weeks"),
    "targets": ("mix", "models", "days", "pivots", "beginnings", "probes", "shapes"),
    "whatif": ("frontier", "limits", "bans", "shared", "course"),
    "impact": ("costs", "ways"),
}
__all__ = ["call"]


def store(case: FrameCase, folder: Path) -> Path:
    """The tables as a case on disk."""
    held = Case(folder)
    for name, frame in case.tables.items():
        held.put(name, frame.lazy())
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case whose names, plans and models are hostile."""
    case = made_case(accounts=24, others=60, office=6, days=21, hostile=True)
    named = pl.Series([HOSTILE[number % len(HOSTILE)] for number in range(case.tables["register"].height)])
    case.tables["register"] = case.tables["register"].with_columns(
        plan=named, referrer=named.reverse(), reseller_id=named, country=pl.lit("DE")
    )
    models = pl.Series([HOSTILE[number % 7] for number in range(case.tables["events"].height)])
    case.tables["events"] = case.tables["events"].with_columns(request_model=models)
    case.tables["networks"] = case.tables["networks"].with_columns(
        name=pl.Series([HOSTILE[0], HOSTILE[4]][: case.tables["networks"].height])
    )
    return store(case, tmp_path_factory.mktemp("hostile") / "case")


@pytest.mark.parametrize("command", COMMANDS)
def test_screen_is_printable_and_fits(command: str, hostile: Path, call: Callable[..., Answer]) -> None:
    """No control character, no hidden sign, no line wider than the terminal."""
    done = call(command, "--case", hostile, COLUMNS="90")
    assert done.returncode == 0, done.stderr
    assert not hidden(done.stdout)
    assert max(len(line) for line in done.stdout.splitlines()) <= 90


@pytest.mark.parametrize("command", COMMANDS)
def test_page_is_inert(command: str, hostile: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """The page has a policy that allows no script and no load, no script, no link, no handler, nothing hidden."""
    path = tmp_path / "page.html"
    done = call(command, "--case", hostile, "-o", path)
    assert done.returncode == 0, done.stderr
    page = path.read_text()
    assert "default-src 'none'" in page
    assert not re.search(r"<(script|img|iframe|object|a|link|form)\b", page)
    assert not re.search(r"<[^>]*\son\w+\s*=", page)
    assert not hidden(page)
    assert "alert(1)" not in re.sub(r"&lt;.*?&gt;", "", page) or "<script>" not in page


@pytest.mark.parametrize(("command", "part"), [(command, part) for command in COMMANDS for part in PARTS[command]])
def test_every_table_has_every_data_form(
    command: str, part: str, hostile: Path, tmp_path: Path, call: Callable[..., Answer]
) -> None:
    """JSON, CSV and Parquet hold the same rows; no CSV cell is a formula."""
    extra = ["--limit", "account:5/day"] if command == "whatif" else []
    told = json.loads(call(command, "--case", hostile, "--part", part, "--format", "json", *extra).stdout)
    rows = list(
        csv.reader(io.StringIO(call(command, "--case", hostile, "--part", part, "--format", "csv", *extra).stdout))
    )
    assert len(rows) == max(len(told), 0) + 1
    for cell in (cell for row in rows[1:] for cell in row):
        assert not re.match(r"[=+@]|-(?!\d)", cell), cell
    path = tmp_path / "table.parquet"
    assert call(command, "--case", hostile, "--part", part, "-o", path, *extra).returncode == 0
    assert pl.read_parquet(path).height == len(told)


def test_files_are_not_written_over(hostile: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """An existing file stays unless --force is said; an unknown ending is refused."""
    path = tmp_path / "x.csv"
    path.write_text("mine")
    assert call("impact", "--case", hostile, "-o", path).returncode == 2
    assert path.read_text() == "mine"
    assert call("impact", "--case", hostile, "-o", path, "--force").returncode == 0
    assert call("impact", "--case", hostile, "-o", tmp_path / "x.doc").returncode == 2


def test_rules_are_checked_and_printed(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """--check passes for the shipped rules, ends with 2 where an example is wrong; --print gives rules that load."""
    assert call("targets", "--check").returncode == 0
    printed = call("targets", "--print").stdout
    mine = tmp_path / "mine.toml"
    mine.write_text(printed)
    assert call("targets", "--rules", mine, "--check").returncode == 0
    mine.write_text('[[capability]]\nname = "tax"\nwords = ["tax"]\nexamples = ["salary"]\n')
    done = call("targets", "--rules", mine, "--check")
    assert done.returncode == 2
    assert "salary" in done.stdout
    assert call("targets", "--rules", tmp_path / "none.toml", "--check").returncode == 2


def test_own_rules_change_what_is_told(hostile: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """A rule of the user's own is measured under its own name."""
    mine = tmp_path / "mine.toml"
    mine.write_text('[[capability]]\nname = "big"\nwhen = [{ input_tokens_min = 1 }]\n')
    rows = json.loads(call("targets", "--case", hostile, "--rules", mine, "--format", "json").stdout)
    assert {row["capability"] for row in rows} == {"big"}
    assert all(row["share"] == 1.0 for row in rows)


def test_since_tells_the_change(hostile: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Against itself nothing changed; --part changes without --since is refused."""
    rows = json.loads(
        call("resellers", "--case", hostile, "--since", hostile, "--part", "changes", "--format", "json").stdout
    )
    assert rows
    assert {row["change"] for row in rows} == {"same"}
    assert call("resellers", "--case", hostile, "--part", "changes").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("resellers", "--by", "nothing"),
        ("targets", "--network", "nobody"),
        ("whatif", "--limit", "account:5"),
        ("whatif", "--share", "nothing"),
        ("whatif", "--network", "2"),
        ("impact", "--prices", "no-such-file.toml"),
    ],
)
def test_wrong_arguments_end_with_two(arguments: tuple[str, ...], hostile: Path, call: Callable[..., Answer]) -> None:
    """What is not there or cannot be read is a usage error with a hint, not a crash."""
    done = call(*arguments, "--case", hostile)
    assert done.returncode == 2, done.stderr
    assert "hint:" in done.stderr


def test_a_case_without_findings_is_no_crash(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Where nothing was found each command says so and ends with 0."""
    case = made_case(accounts=12, others=20, office=3, days=10)
    case.tables["networks"] = case.tables["networks"].with_columns(alert=pl.lit(value=False))
    folder = store(case, tmp_path / "case")
    for command in COMMANDS:
        done = call(command, "--case", folder)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout


def test_used_accounts_and_what_strangers_show_are_not_listed(tmp_path: Path, call: Callable[..., Answer]) -> None:
    """The block list has no used account, no observable that one of them or a stranger shows, and an expiry on each row;
    its counts are those of the sightings.
    """
    case = made_case(accounts=24, others=60, office=6, days=21)
    members = case.tables["members"]
    used = members.filter(pl.col("network_id") == "net_0123456789ab")["account_id"][0]
    role = pl.when(pl.col("account_id") == used).then(pl.lit("used")).otherwise("role")
    case.tables["members"] = members.with_columns(role=role)
    folder = store(case, tmp_path / "case")
    done = call("report", "--case", folder, "--format", "blocklist")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert used not in {row["account_id"] for row in rows}
    assert all(row["expires_at"] for row in rows)
    sightings = case.tables["sightings"]
    inside = set(members.filter(pl.col("network_id") == "net_0123456789ab")["account_id"]) - {used}
    shared = [row for row in rows if row["kind"] != "account"]
    assert shared
    for row in shared:
        value = row["value"].removeprefix("'")
        holders = set(sightings.filter(pl.col("kind") == row["kind"], pl.col("value") == value)["account_id"])
        assert holders <= inside, row
        assert int(row["members_matched"]) == len(holders)
        assert int(row["others_matched"]) == 0


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no browser")
def test_the_page_is_quiet_in_a_browser(hostile: Path, tmp_path: Path, call: Callable[..., Answer]) -> None:
    """Opened in a browser the page draws its pictures and reports no error and no blocked load."""
    path = tmp_path / "page.html"
    assert call("whatif", "--case", hostile, "-o", path).returncode == 0
    assert BROWSER is not None
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.count("<svg") >= 2
    assert "CONSOLE" not in done.stderr
