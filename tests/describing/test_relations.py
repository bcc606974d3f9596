"""What is said of accounts does not depend on files, order, doubles, days, names or strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from relations import RELATIONS, Files, Relation, as_text, small_log

from forensics.case.store import Case
from forensics.common.settings import FeatureSettings, IngestSettings, SightingSettings
from forensics.describing.features import describe_accounts
from forensics.describing.sightings import find_sightings
from forensics.reading.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

WORDED = {"sketch", "template", "prompt", "system"}


def described(folder: Path, files: Files) -> dict[str, pl.DataFrame]:
    """ACCOUNTS and SIGHTINGS of a log in these files."""
    folder.mkdir()
    paths = []
    for number, lines in enumerate(files):
        path = folder / f"{number}.jsonl"
        path.write_text(as_text(lines))
        paths.append(str(path))
    with Case.locked(folder / "case") as case:
        ingest(case, paths, settings=IngestSettings(workers=1))
        events, register = case.scan("events"), case.scan("register")
        accounts = describe_accounts(events, register, FeatureSettings()).collect()
        sightings = find_sightings(events, register, SightingSettings()).collect()
    return {"accounts": accounts.sort("account_id"), "sightings": sightings.sort("kind", "value", "account_id")}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The log as it is."""
    return described(tmp_path_factory.mktemp("plain") / "x", [small_log()])


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_accounts_and_sightings_stay(relation: Relation, plain: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    """The same log told otherwise gives the same ACCOUNTS and the same SIGHTINGS, to the last digit."""
    found = described(tmp_path / "x", relation.change(small_log()))
    accounts = relation.undo(found["accounts"]).sort("account_id")
    assert_frame_equal(accounts, plain["accounts"], check_exact=True)
    sightings = relation.undo(found["sightings"]).filter(~pl.col("kind").is_in(["slots"]))
    expected = plain["sightings"].filter(~pl.col("kind").is_in(["slots"]))  # its values are moments of the day
    keys = ["kind", "value", "account_id"]
    assert_frame_equal(sightings.sort(keys), expected.sort(keys), check_exact=True)
    assert WORDED & set(expected["kind"])
