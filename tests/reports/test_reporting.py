"""`forensics report` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from real_cases import real_case, run

from forensics.case.store import Case
from forensics.commands.reporting import FORMATS
from forensics.reports.exports.catalogue import EXPORTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case on disk with hostile content."""
    return real_case(tmp_path_factory.mktemp("reporting"))


def test_help_names_every_format() -> None:
    """The help of --format lists the forms there are, in their order."""
    assert FORMATS.split(", ") == list(EXPORTS)


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_every_form_is_written(case: Path, tmp_path: Path, name: str) -> None:
    """Each form is told from its file's ending, and written as its writer gives it."""
    path = tmp_path / f"report{EXPORTS[name].suffix}"
    run("report", "--case", case, "-o", path)
    assert path.stat().st_size > 100
    entry = Case(case).entries()[-1]
    assert (entry["what"], entry["facts"]["files"][0]["path"]) == ("report", str(path))


def test_several_forms_at_once(case: Path, tmp_path: Path) -> None:
    """Several formats go to several files in one run; numbers that do not match are refused before any work."""
    one, other = tmp_path / "a", tmp_path / "b"
    run("report", "--case", case, "--format", "json", "-o", one, "--format", "markdown", "-o", other)
    assert json.loads(one.read_bytes())["document"] == "forensics-report"
    assert other.read_text().startswith("# Account networks")
    assert "2 formats need 2 files, not 1" in run(
        "report", "--case", case, "--format", "json", "--format", "stix", "-o", tmp_path / "c", code=2
    )
    run("report", "--case", case, "--format", "json", "-o", tmp_path / "d", "-o", tmp_path / "e", code=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_an_existing_file_stays(case: Path, tmp_path: Path) -> None:
    """Nothing is written over without --force."""
    path = tmp_path / "r.html"
    path.write_text("precious")
    assert "exists" in run("report", "--case", case, "-o", path, code=2)
    assert path.read_text() == "precious"
    run("report", "--case", case, "-o", path, "--force")
    assert path.read_bytes().startswith(b"<!doctype html>")


def test_a_network_that_is_no_finding_can_be_asked_for(case: Path) -> None:
    """--network reports any network by name or id; an unknown name is refused."""
    document = json.loads(run("report", "--case", case, "--format", "json", "--network", "basil-ochre"))
    assert [finding["name"] for finding in document["findings"]] == ["basil-ochre"]
    assert "no network is called 'nobody'" in run(
        "report", "--case", case, "--format", "json", "--network", "nobody", code=2
    )


def test_unknown_form_and_missing_case(case: Path, tmp_path: Path) -> None:
    """An unknown format, a file without a known ending and a folder that is no case are usage errors."""
    assert "no report format" in run("report", "--case", case, "--format", "pdf", code=2)
    assert "cannot tell" in run("report", "--case", case, "-o", tmp_path / "x.docx", code=2)
    assert "no case" in run("report", "--case", tmp_path / "nowhere", code=2)


def test_a_folder_that_is_not_there(case: Path, tmp_path: Path) -> None:
    """A report into a folder that does not exist is refused with its name."""
    assert "cannot write" in run("report", "--case", case, "-o", tmp_path / "no" / "r.json", code=2)


def test_own_prices(case: Path, tmp_path: Path) -> None:
    """A user's price file is used and named by its date, and the warning about sample prices is gone."""
    prices = tmp_path / "p.toml"
    prices.write_text('dated = 2026-03-31\ncurrency = "CHF"\n[[model]]\nmatch = "*"\ninput = 1\noutput = 1\n')
    text = run("report", "--case", case, "--format", "markdown", "--prices", prices)
    assert "CHF" in text
    assert "2026-03-31" in text
    assert "sample prices" not in text
