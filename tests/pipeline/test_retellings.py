"""What is found does not depend on files, order, doubles, days or names: every table, and the report."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from made_case import made_case
from relations import RELATIONS, START_S, Files, Line, Relation, as_text

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
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Of a report: what says from where it was read, in which order equals stand, what was asked when, and how old the prices are.
READ = {
    "sources",
    "quotes",
    "first_quote",
    "price_date",
    "last_quote",
    "line_count",
    "duplicate_count",
    "source_sha256",
    "generated_at",
    "files",
}


@dataclass(frozen=True)
class World:
    """A log, what is known of its accounts, and how its lines are written."""

    name: str
    make: Callable[[], tuple[list[Line], pl.DataFrame | None]]
    write: Callable[[list[Line]], str] = as_text
    who: str = "account_id"  # the field that names who asked
    doubled: bool = True  # whether lines carry an id, without which a line that comes twice is two requests


def metadata_world() -> tuple[list[Line], pl.DataFrame]:
    """A hydra of twenty, an office of ten, and sixty others, for two weeks; and the accounts file. No text."""
    case = made_case(accounts=20, others=60, office=10, days=14)
    events = case.tables["events"].sort("started_at", "account_id")
    rows = events.select("started_at", "account_id", *FIELDS, template=pl.format("t{}", "template_hash")).to_dicts()
    lines = [
        {"ts": row.pop("started_at").timestamp(), "request_id": f"r{number}", **row} for number, row in enumerate(rows)
    ]
    columns = ("account_id", "created_at", "banned_at", "payment_id", "organization_id", "email_domain", "plan")
    return lines, case.tables["register"].select(columns)


def text_world() -> tuple[list[Line], None]:
    """Prompts: ten accounts with a few addresses and texts of their own that go through one list by turns, among seventy
    others; nothing is known of accounts.
    """
    draw = random.Random(2)
    words = [
        f"{one}{two}"
        for one in ("ba", "ke", "mo", "ru", "ti", "sel", "dov")
        for two in ("ra", "lin", "mok", "tu", "ves")
    ]

    def line(account: str, at: float, address: str, agent: str, system: str, prompt: str) -> Line:
        sizes = {"input_tokens": draw.randrange(200, 900), "output_tokens": draw.randrange(10, 400)}
        asked = {"request_id": f"{account}-{at:.3f}", "model": "m1", "system": system, "prompt": prompt}
        return {
            "ts": round(at, 3),
            "account_id": account,
            "client_address": address,
            "user_agent": agent,
            **asked,
            **sizes,
        }

    lines = []
    for turn in range(600):
        number = turn % 10
        text = (
            f"Take the entry {' '.join(draw.choices(words, k=8))} and give every property of it as a table, item {turn}"
        )
        at = START_S + turn * 850 + draw.random() * 60
        address = f"198.51.100.{(number + draw.randrange(3)) % 10}"
        lines.append(
            line(f"acct_{number:04d}", at, address, "pool/1.0", "You fill tables for the atlas, nothing else", text)
        )
    for number in range(10, 80):
        for _ in range(draw.randrange(6, 18)):
            at, text = START_S + draw.random() * 6 * 86_400, " ".join(draw.choices(words, k=12)) + f" {draw.random()}"
            lines.append(
                line(f"acct_{number:04d}", at, f"203.0.{number}.4", f"agent/{number % 5}", f"Helper of {number}", text)
            )
    return sorted(lines, key=lambda line: (line["ts"], line["account_id"])), None


def web_world() -> tuple[list[Line], None]:
    """A web server's log, in which nobody has a name: ten addresses go through one list of items by turns, among forty
    visitors.
    """
    draw = random.Random(3)
    lines = [
        {
            "ts": START_S + turn * 700 + draw.randrange(90),
            "client_address": f"198.51.{100 + turn % 10}.{20 + turn % 10}",
            "path": f"/item/{1_000 + turn}",
            "status": 200,
            "bytes": draw.randrange(900, 4_000),
            "agent": "python-requests/2.31.0",
        }
        for turn in range(800)
    ]
    for visitor in range(40):
        agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{90 + visitor % 7}.0) Gecko/20100101 Firefox/{90 + visitor % 7}.0"
        lines += [
            {
                "ts": START_S + draw.randrange(6 * 86_400),
                "client_address": f"203.0.{visitor}.{visitor + 5}",
                "path": draw.choice(("/", "/search", "/about", f"/item/{draw.randrange(1_000, 3_000)}")),
                "status": draw.choice((200, 200, 200, 304, 404)),
                "bytes": draw.randrange(900, 4_000),
                "agent": agent,
            }
            for _ in range(draw.randrange(10, 40))
        ]
    return sorted(lines, key=lambda line: (line["ts"], line["client_address"])), None


def as_web_log(lines: list[Line]) -> str:
    """Combined log format."""
    return "".join(
        f"{line['client_address']} - - [{datetime.fromtimestamp(line['ts'], UTC):%d/%b/%Y:%H:%M:%S +0000}] "
        f'"GET {line["path"]} HTTP/1.1" {line["status"]} {line["bytes"]} "-" "{line["agent"]}"\n'
        for line in lines
    )


WORLDS = (
    World("metadata", metadata_world),
    World("text", text_world),
    World("web log", web_world, as_web_log, "client_address", doubled=False),
)
CASES = [
    pytest.param(world, relation, id=f"{world.name}, {relation.name}")
    for world in WORLDS
    for relation in RELATIONS[:5]
    if world.doubled or relation.name != "lines doubled"
]


def renames(world: World, lines: list[Line]) -> dict[str, str]:
    """Other names for whoever asked, in another order; addresses keep who is whose neighbour."""
    names = sorted({str(line[world.who]) for line in lines})
    if world.who == "client_address":
        return {
            name: ".".join(("192", "18", *(str(int(part) ^ 0x35) for part in name.split(".")[2:]))) for name in names
        }
    return {name: f"usr{(number * 7_919 + 13) % 10_007:05d}" for number, name in enumerate(names)}


def found_in(
    world: World, files: Files, register: pl.DataFrame | None, folder: Path, call: Callable[..., Answer]
) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Tables and the report of a log in these files."""
    folder.mkdir()
    paths = [folder / f"{number}.jsonl" for number in range(len(files))]
    for path, lines in zip(paths, files, strict=True):
        path.write_text(world.write(lines))
    known: tuple[str | Path, ...] = ()
    if register is not None:
        register.write_csv(folder / "accounts.csv", datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
        known = ("--accounts", folder / "accounts.csv")
    case = ("--case", folder / "case")
    answer = call("investigate", *paths, *known, "--sensitivity", "high", *case)
    assert answer.returncode == 0, answer.stderr
    answer = call("report", "--format", "json", "-o", folder / "r.json", *case)
    assert answer.returncode == 0, answer.stderr
    held = Case(folder / "case")
    return {name: held.scan(name).collect() for name in TABLES}, json.loads((folder / "r.json").read_text())


def told(
    found: tuple[dict[str, pl.DataFrame], dict[str, Any]], relation: str, back: dict[str, str]
) -> tuple[Rows, list[str]]:
    """Tables and report as they would be of the log as it is: names and days put back, networks called by their first
    member; lists of the report in one order.
    """
    tables, report = found
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
            if DAY.fullmatch(value):
                return (date.fromisoformat(value) - shift).isoformat()
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
    """Kept between the tests: what is found in each log as it is."""
    return {}


@pytest.mark.parametrize(("world", "relation"), CASES)
def test_tables_and_report_stay(
    world: World, relation: Relation, plain: dict[str, Any], tmp_path: Path, call: Callable[..., Answer]
) -> None:
    """The same log split, shuffled, doubled, five weeks later or under other names: the same LINKS, MEMBERS, HALLMARKS
    and NETWORKS, and a report that differs in nothing but where it was read.
    """
    lines, register = world.make()
    if world.name not in plain:
        plain[world.name] = told(found_in(world, [lines], register, tmp_path / "plain", call), "", {})
    rows_before, report_before = plain[world.name]
    assert rows_before["networks"]
    names: dict[str, str] = {}
    if relation.name == "accounts renamed":
        names = renames(world, lines)
        files = [[{**line, world.who: names[line[world.who]]} for line in lines]]
        if register is not None:
            register = register.with_columns(pl.col("account_id").replace(names))
    else:
        files = relation.change(lines)
    if relation.name == "shifted by weeks" and register is not None:
        register = register.with_columns(pl.col("created_at", "banned_at") + SHIFT)
    back = {new: old for old, new in names.items()}
    rows, report = told(found_in(world, files, register, tmp_path / "other", call), relation.name, back)
    for name in TABLES:
        assert rows[name] == rows_before[name], name
    assert report == report_before
