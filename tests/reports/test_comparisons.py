"""Numbers about others: counted once, the same in every report, and in a copy those of the whole."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from made_case import FrameCase, made_case

from forensics.common.schema import COMPARISONS, CONTENT_FLAGS
from forensics.reports.exports.catalogue import EXPORTS
from forensics.reports.facts.comparisons import Comparisons, compare_networks, read_comparisons, read_content
from forensics.reports.facts.findings import build_report

HYDRA, OFFICE = "net_0123456789ab", "net_ba9876543210"
CASE = made_case()


@pytest.fixture(scope="module")
def compared() -> Comparisons:
    """The numbers of the case made by hand."""
    return Comparisons(compare_networks(CASE))


def test_rows_keep_the_contract(compared: Comparisons) -> None:
    """COMPARISONS has its columns in order, and each number once."""
    assert compared.frame.schema == COMPARISONS.schema
    assert not compared.frame.select("network_id", "topic", "name", "value").is_duplicated().any()


def test_others_of_requests_are_accounts_in_no_finding(compared: Comparisons) -> None:
    """By hand: flagged requests of all accounts but the finding's, over their requests with text. The office is no
    finding, so it stands among the others of the hydra, and never among its own.
    """
    members = dict(CASE.tables["members"].select("account_id", "network_id").iter_rows())
    owner = pl.col("account_id").replace_strict(members, default=None, return_dtype=pl.String)
    events = CASE.tables["events"].with_columns(owner=owner).filter(pl.col("content_flags").is_not_null())
    flag, bit = "reasoning", CONTENT_FLAGS["reasoning"]
    hit = (pl.col("content_flags") & bit) > 0
    quiet = events.filter(pl.col("owner").is_null() | (pl.col("owner") != HYDRA))
    strangers = events.filter(pl.col("owner").is_null())
    found = {
        (row["network_id"], row["flag"]): row["population_share"]
        for row in read_content(compared, [HYDRA, OFFICE]).iter_rows(named=True)
    }
    assert found[HYDRA, flag] == pytest.approx(quiet.select(hit.mean()).item())
    assert found[OFFICE, flag] == pytest.approx(strangers.select(hit.mean()).item())


def test_holders_by_brute_force(compared: Comparisons) -> None:
    """Members and other accounts that hold an observable, as counted one by one."""
    inside = set(CASE.tables["members"].filter(pl.col("network_id") == HYDRA)["account_id"])
    holders: dict[tuple[str, str], set[str]] = {}
    for account, kind, value in CASE.tables["sightings"].select("account_id", "kind", "value").iter_rows():
        holders.setdefault((kind, value), set()).add(account)
    wanted = {key: (len(held & inside), len(held - inside)) for key, held in holders.items() if held & inside}
    rows = compared.topic("observable", [HYDRA]).select("name", "value", "inside", "outside")
    assert {(kind, value): (own, others) for kind, value, own, others in rows.iter_rows()} == wanted


@pytest.mark.parametrize("only", [None, [HYDRA]])
def test_one_number_in_every_report(only: list[str] | None) -> None:
    """A report of one finding and one of all tell the same numbers about others."""
    both = FrameCase(dict(CASE.tables))
    both.tables["networks"] = both.tables["networks"].with_columns(alert=pl.lit(value=True))
    finding = build_report(both, networks=only).findings[0]
    whole = build_report(both).findings[0]
    assert finding.content == whole.content
    assert finding.hours == whole.hours
    assert [kind.ties for kind in finding.kinds] == [kind.ties for kind in whole.kinds]
    assert finding.impact == whole.impact


def _cut(case: FrameCase, stored: pl.DataFrame) -> FrameCase:
    """Members of the hydra only, as a copy to pass on holds them."""
    ids = case.tables["members"].filter(pl.col("network_id") == HYDRA)["account_id"].implode()
    tables = {
        name: frame.filter(pl.col("account_id").is_in(ids)) if "account_id" in frame.columns else frame
        for name, frame in case.tables.items()
    }
    tables["networks"] = tables["networks"].filter(pl.col("network_id") == HYDRA)
    mark = pl.DataFrame([("", "copy", "", "", None, None)], schema=COMPARISONS.schema, orient="row")
    return FrameCase(tables | {"comparisons": pl.concat([stored, mark])})


def _numbers(value: Any, path: str = "") -> dict[str, Any]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: item for name, part in value.items() for key, item in _numbers(part, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {key: item for at, part in enumerate(value) for key, item in _numbers(part, f"{path}.{at}").items()}
    return {path: value}


def test_a_copy_tells_the_numbers_of_the_whole(compared: Comparisons) -> None:
    """Every value of a finding in the JSON report is the same from a copy that holds its members only."""
    copy = _cut(CASE, compared.frame)
    whole, part = (json.loads(EXPORTS["json"].render(build_report(case))) for case in (CASE, copy))
    for name in ("findings", "reading", "not_assessed"):
        told, copied = (
            {key: item for key, item in _numbers(one[name]).items() if "selections" not in key} for one in (whole, part)
        )
        assert told.keys() == copied.keys()
        for key, value in told.items():
            assert copied[key] == (pytest.approx(value) if isinstance(value, float) else value), key


def test_a_copy_holds_no_rule(compared: Comparisons) -> None:
    """Whom else a client belongs to cannot be counted from a copy, so it writes no Sigma rule and says why."""
    text = EXPORTS["sigma"].render(build_report(_cut(CASE, compared.frame))).decode()
    assert text == "# tern-quartz: no rule, which clients others show is not in this copy\n"


def test_stored_numbers_are_told(compared: Comparisons) -> None:
    """What was stored is not counted again: events that came since change nothing until the next run."""
    case = FrameCase(dict(CASE.tables) | {"comparisons": compared.frame})
    case.tables["events"] = case.tables["events"].head(10)
    assert read_comparisons(case).frame.equals(compared.frame)
