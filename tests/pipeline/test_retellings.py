"""What is found does not depend on files, order, doubles, days or names: every table, and the report."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from made_case import made_case
from relations import RELATIONS, Files, Line, Relation, as_text

from forensics.case.store import Case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from running import Answer

    Rows = dict[str, list[dict[str, Any]]]

pytestmark = pytest.mark.timeout(3_000)
TABLES = {
    "links": ("account_a", "account_b"), "members": ("network_id", "account_id"),
    "hallmarks": ("network_id", "name"), "networks": ("network_id",),
}  # fmt: skip
FIELDS = ("client_address", "user_agent", "request_model", "platform", "input_tokens", "output_tokens", "status_code")
SHIFT = timedelta(weeks=5)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
# Of a report: what says from where it was read, in which order equals stand, and what was asked when.
READ = {"sources", "quotes", "line_count", "duplicate_count", "source_sha256", "generated_at", "files"}
NAMES = {f"acct_{letter}{number:0{width}d}": f"usr{number * 7_919 % 10_007:05d}{letter}"
         for letter, width in (("h", 5), ("o", 4), ("p", 5)) for number in range(200)}  # fmt: skip


def world() -> tuple[list[Line], pl.DataFrame]:
    """A hydra of twenty, an office of ten, and sixty others, for two weeks; and the accounts file."""
    case = made_case(accounts=20, others=60, office=10, days=14)
    events = case.tables["events"].sort("started_at", "account_id")
    rows = events.select("started_at", "account_id", *FIELDS, template=pl.format("t{}", "template_hash")).to_dicts()
    lines = [
        {"ts": row.pop("started_at").timestamp(), "request_id": f"r{number}", **row} for number, row in enumerate(rows)
    ]
    columns = ("account_id", "created_at", "banned_at", "payment_id", "organization_id", "email_domain", "plan")
    return lines, case.tables["register"].select(columns)


def found_in(
    files: Files, register: pl.DataFrame, folder: Path, call: Callable[..., Answer]
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Tables and the report of a log in these files."""
    folder.mkdir()
    paths = [folder / f"{number}.jsonl" for number in range(len(files))]
    for path, lines in zip(paths, files, strict=True):
        path.write_text(as_text(lines))
    register.write_csv(folder / "accounts.csv", datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    case = ("--case", folder / "case")
    answer = call("investigate", *paths, "--accounts", folder / "accounts.csv", "--sensitivity", "high", *case)
    assert answer.returncode == 0, answer.stderr
    answer = call("report", "--format", "json", "-o", folder / "r.json", *case)
    assert answer.returncode == 0, answer.stderr
    held = Case(folder / "case")
    return {name: held.scan(name).collect() for name in TABLES}, json.loads((folder / "r.json").read_text())


def told(found: tuple[dict[str, pl.DataFrame], dict[str, Any]], relation: str) -> tuple[Rows, list[str]]:
    """Tables and report as they would be of the log as it is: names and days put back, networks called by their first
    member; lists of the report in one order.
    """
    tables, report = found
    back = {new: old for old, new in NAMES.items()} if relation == "accounts renamed" else {}
    first: dict[str, str] = {}
    for network, account in tables["members"].select("network_id", "account_id").iter_rows():
        first[network] = min(first.get(network, "~"), back.get(account, account))
    words = back | {network: f"network of {account}" for network, account in first.items()}
    words |= {
        name: f"name of {first.get(network)}"
        for name, network in tables["networks"].select("name", "network_id").rows()
    }
    any_word = re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)) or r"(?!)")
    shift = SHIFT if relation == "shifted by weeks" else timedelta()

    def undone(value: Any) -> Any:  # noqa: ANN401 - any value of a table or of JSON
        if isinstance(value, datetime):
            return (value - shift).isoformat()
        if isinstance(value, str):
            text = any_word.sub(lambda match: words[match.group()], value)
            return TIME.sub(lambda match: (datetime.fromisoformat(match.group()) - shift).isoformat(), text)
        if isinstance(value, float):
            return float(f"{value:.9g}")
        if isinstance(value, dict):
            return {undone(name): undone(inner) for name, inner in value.items() if name not in READ}
        return [undone(inner) for inner in value] if isinstance(value, list) else value

    rows: Rows = {}
    for name, keys in TABLES.items():
        rows[name] = [undone(row) for row in tables[name].iter_rows(named=True)]
        for row in rows[name]:
            if name == "links":
                row["account_a"], row["account_b"] = sorted((row["account_a"], row["account_b"]))
        order = sorted(range(len(rows[name])), key=[[str(row[key]) for key in keys] for row in rows[name]].__getitem__)
        rows[name] = [rows[name][place] for place in order]
    return rows, sorted(leaves(undone(report)))


def leaves(value: Any, path: str = "") -> list[str]:  # noqa: ANN401 - JSON of any shape
    """Every value of the report with its way, without the places in lists."""
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, f"{path}.{name}")]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner, f"{path}[]")]
    return [f"{path}={value}"]


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """Kept between the tests: what is found in the log as it is."""
    return {}


@pytest.mark.parametrize("relation", RELATIONS[:5], ids=lambda relation: relation.name)
def test_tables_and_report_stay(
    relation: Relation, plain: dict[str, Any], tmp_path: Path, call: Callable[..., Answer]
) -> None:
    """The same log split, shuffled, doubled, five weeks later or under other names: the same LINKS, MEMBERS, HALLMARKS
    and NETWORKS, and a report that differs in nothing but where it was read.
    """
    lines, register = world()
    if not plain:
        plain["rows"], plain["report"] = told(found_in([lines], register, tmp_path / "plain", call), "")
        assert plain["rows"]["networks"]
    if relation.name == "shifted by weeks":
        register = register.with_columns(pl.col("created_at", "banned_at") + SHIFT)
    if relation.name != "accounts renamed":
        files = relation.change(lines)
    else:
        files = [[{**line, "account_id": NAMES[line["account_id"]]} for line in lines]]
        register = register.with_columns(pl.col("account_id").replace_strict(NAMES))
    rows, report = told(found_in(files, register, tmp_path / "other", call), relation.name)
    for name in TABLES:
        assert rows[name] == plain["rows"][name], name
    assert report == plain["report"]
