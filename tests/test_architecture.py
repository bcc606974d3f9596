"""The direction of the house: who may import whom, where each library lives, and that no plugin is known by name."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from forensics.common.schema import TABLES
from forensics.describing.sightings import find_kinds
from forensics.judging.hallmark import FAMILIES, find_hallmarks

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "forensics"
STREET = [
    "common",
    "case",
    "reading",
    "describing",
    "linking",
    "judging",
    "nights",
    "defences",
    "reports",
    "evidence",
    "worlds",
    "pipeline",
    "commands",
]
PAGES = {"docs"}  # folders of the package that hold no code
MIDDLE = STREET[STREET.index("describing") : STREET.index("reports")]  # rooms that are handed tables and nothing else
# Library → the rooms (or files) that may import it.
LIBRARIES: dict[str, frozenset[str]] = {
    "typer": frozenset({"commands"}),
    "click": frozenset(),
    "rich": frozenset({"commands", "reports"}),
    "pyarrow": frozenset({"reading", "case", "commands"}),
    "sklearn": frozenset({"linking", "judging"}),
    "scipy": frozenset({"common", "linking", "judging", "nights", "defences"}),
    "graspologic_native": frozenset({"linking"}),
    "networkit": frozenset({"linking"}),
    "sparse_dot_topn": frozenset({"linking"}),
    "jinja2": frozenset({"reports"}),
    "cryptography": frozenset({"evidence"}),
    "filelock": frozenset({"case"}),
    "fsspec": frozenset({"common"}),
    "s3fs": frozenset(),
    "boto3": frozenset(),
    "distributed": frozenset({"pipeline"}),
    "dask": frozenset({"pipeline"}),
    "pandas": frozenset(),
    "networkx": frozenset(),
}
HEAVY = ("sklearn", "scipy", "polars", "pyarrow", "numpy", "graspologic_native", "networkit", "jinja2", "cryptography")
FILES = sorted(PACKAGE.rglob("*.py"))
WORD_LISTS = {"lexicon.py", "content_flags.py", "clients.py"}  # lists of phrases and patterns, a row each
LONG, LONGEST, MOST_LONG = 40, 60, 0.05  # lines of a function; of all functions so many may be longer than LONG


def module_of(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path) -> list[tuple[str, int]]:
    """Every module that a file imports, at its top, in a function or for types, with its line."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found.extend((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                found.append((inner if inner in MODULES else module, node.lineno))
    return found


def room_of(module: str) -> str:
    """The room of a module of the package; empty for the package itself and for libraries."""
    parts = module.split(".")
    return parts[1] if parts[0] == "forensics" and len(parts) > 1 and parts[1] not in {"__main__", "cli"} else ""


def test_every_module_stands_in_the_street() -> None:
    """A module outside the rooms, or a room outside the street, fails: nobody forgets to place what is new."""
    outside = {path.name for path in PACKAGE.iterdir() if path.is_file() and path.suffix == ".py"}
    assert outside == {"__init__.py", "__main__.py", "cli.py"}  # cli: the old entry, for one release
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - PAGES == set(STREET)
    assert all((PACKAGE / room / "__init__.py").exists() for room in STREET)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_come_from_before(path: Path) -> None:
    """A room imports only rooms that stand before it in the street, for types too."""
    here = room_of(module_of(path))
    if not here:
        return
    wrong = [
        f"{path.name}:{line} imports {module}"
        for module, line in imports_of(path)
        if room_of(module) in STREET and STREET.index(room_of(module)) > STREET.index(here)
    ]
    assert not wrong, "\n".join(wrong)


def inner_street(room: str) -> tuple[tuple[str, ...], ...]:
    """The order of a room's folders, as its `__init__` tells it; folders side by side never import each other."""
    return tuple(tuple(group) for group in getattr(importlib.import_module(f"forensics.{room}"), "STREET", ()))


@pytest.mark.parametrize("room", STREET)
def test_folders_of_a_room_have_a_street(room: str) -> None:
    """Inside a room a folder imports only folders before it, and none of the files that stand beside the folders."""
    place = {folder: number for number, group in enumerate(inner_street(room)) for folder in group}
    if not place:
        return
    folders = {path.name for path in (PACKAGE / room).iterdir() if (path / "__init__.py").exists()}
    assert set(place) == folders
    wrong = []
    for path in (PACKAGE / room).rglob("*.py"):
        inner = path.relative_to(PACKAGE / room).parts
        for module, line in imports_of(path):
            parts = module.split(".")
            if len(inner) < 2 or room_of(module) != room or len(parts) < 3 or parts[2] == inner[0]:
                continue
            if parts[2] not in place or place[parts[2]] >= place[inner[0]]:
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_libraries_stay_put(path: Path) -> None:
    """Typer lives in the command line only, rich in reports, learning libraries where something is learnt."""
    wrong = [
        f"{path.name}:{line} imports {module}"
        for module, line in imports_of(path)
        if module.split(".")[0] in LIBRARIES and room_of(module_of(path)) not in LIBRARIES[module.split(".")[0]]
    ]
    assert not wrong, "\n".join(sorted(set(wrong)))


@pytest.mark.parametrize("path", [path for path in FILES if room_of(module_of(path)) in MIDDLE], ids=module_of)
def test_the_middle_is_handed_tables(path: Path) -> None:
    """From describing to defences nobody knows a path, a clock, a log or the case."""
    banned = {"pathlib", "os", "time", "logging", "random", "tempfile", "shutil", "subprocess"}
    wrong = [
        f"{path.name}:{line} imports {module}"
        for module, line in imports_of(path)
        if module.split(".")[0] in banned or room_of(module) == "case"
    ]
    assert not wrong, "\n".join(wrong)


def test_common_holds_what_two_rooms_stand_on() -> None:
    """A file lives in common only if two rooms or more import it; none hides there."""
    users: dict[str, set[str]] = {}
    for path in FILES:
        for module, _ in imports_of(path):
            if room_of(module) == "common":
                users.setdefault(module, set()).add(room_of(module_of(path)))
    lonely = []
    for path in (PACKAGE / "common").glob("*.py"):
        rooms = users.get(module_of(path), set()) - {"", "common"}
        if path.name != "__init__.py" and len(rooms) < 2:
            lonely.append(f"{path.name}: {', '.join(rooms) or 'nobody'}")
    assert not lonely, "\n".join(lonely)


@pytest.mark.parametrize("room", STREET[STREET.index("reading") : STREET.index("defences")])
def test_rooms_say_their_tables(room: str) -> None:
    """A room names the tables it takes and gives, and imports no other from the schema."""
    home = importlib.import_module(f"forensics.{room}")
    told = {*home.TAKES, *home.GIVES}
    assert told <= set(TABLES)
    wrong = []
    for path in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "forensics.common.schema":
                strange = {alias.name for alias in node.names if alias.name.lower() in TABLES} - {
                    name.upper() for name in told
                }
                wrong += [f"{path.relative_to(PACKAGE)}:{node.lineno} imports {name}" for name in sorted(strange)]
    assert not wrong, "\n".join(wrong)


def test_tables_go_down_the_street() -> None:
    """What a room takes was given by a room before it, but for the nights, which read what the night before gave."""
    given: set[str] = set()
    for room in (*STREET[STREET.index("reading") : STREET.index("nights") + 1], "reports"):
        home = importlib.import_module(f"forensics.{room}")
        given |= set(home.GIVES)
        assert set(home.TAKES) <= given, f"{room} takes {set(home.TAKES) - given} before anybody gives it"
    assert given == set(TABLES)


def test_help_answers_without_heavy_libraries() -> None:
    """`forensics --help` imports no frame, learning or drawing library, so that it answers at once."""
    code = """
import sys
from forensics.commands.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print("LOADED", *sorted({name.split(".")[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.rpartition("LOADED ")[2].split())
    assert "forensics" in loaded
    assert not loaded.intersection(HEAVY), f"--help loads {sorted(loaded.intersection(HEAVY))}"


def functions_of(path: Path) -> list[tuple[str, int]]:
    """Each function and method of a file with its length in lines, decorators and docstring included."""
    return [
        (f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_functions_fit_on_a_screen() -> None:
    """95 % of functions are at most 40 lines long, none is longer than 60."""
    every = [item for path in FILES for item in functions_of(path)]
    giants = {name: length for name, length in every if length > LONGEST}
    assert not giants, giants
    long = [name for name, length in every if length > LONG]
    assert len(long) <= MOST_LONG * len(every), f"{len(long)} of {len(every)} are longer than {LONG} lines"


def test_lines_hold_120_columns() -> None:
    """No line of the package is wider than 120 columns, but where its file or the line says why."""
    wide = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 120 and "# noqa" not in line and "# type: ignore" not in line and " " in line.strip()
        if "ruff: noqa: E501" not in path.read_text(encoding="utf-8") and path.name not in WORD_LISTS
    ]
    assert not wide, "\n".join(wide)


def test_no_test_imports_another() -> None:
    """What several tests share stands in tests/worlds."""
    wrong = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        names = [name for node in ast.walk(tree_of(path)) for name in _imported(node)]
        wrong += [f"{path.name} imports {name}" for name in names if name.split(".")[0].startswith("test_")]
    assert not wrong, "\n".join(wrong)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


# Rooms that must ask for traits of a kind instead of knowing it by name.
TRAITS_ONLY = ("linking", "judging", "nights")
# Words that are a family of signs, a line of evidence or a channel too: there they are no plugin's name.
SHARED_WORDS = set(FAMILIES) | {item.group for item in find_kinds().values()}
SHARED_WORDS |= {plugin.channel for plugin in find_hallmarks().values()}


def words_of(node: ast.AST) -> list[tuple[str, int]]:
    """Every string below a node, with its line."""
    return [
        (inner.value, inner.lineno)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]


def kinds_named(path: Path) -> list[tuple[str, int]]:
    """Kinds that a file knows by name: compared with a column `kind`, or listed among nothing but kinds."""
    kinds = set(find_kinds()) - SHARED_WORDS
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Compare | ast.Call) and "col('kind')" in ast.unparse(node):
            found += [word for word in words_of(node) if word[0] in kinds]
        if isinstance(node, ast.Tuple | ast.Set | ast.List) and len(node.elts) > 1:
            words = words_of(node)
            if len(words) == len(node.elts) and {word for word, _ in words} <= set(find_kinds()):
                found += [word for word in words if word[0] in kinds]
    return found


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_no_plugin_is_known_by_name(path: Path) -> None:
    """The name of a hallmark stands in its own file only; that of a kind of observable in no room that judges by it."""
    named = [word for word in words_of(tree_of(path)) if word[0] in set(find_hallmarks()) - SHARED_WORDS]
    if room_of(module_of(path)) in TRAITS_ONLY:
        named += kinds_named(path)
    wrong = sorted({f"{path.name}:{line} names {name}" for name, line in named if name != path.stem})
    assert not wrong, "\n".join(wrong)


NEW_SIGHTING = """
import polars as pl

from forensics.common.kinds import Kind
from forensics.describing.sightings.counting import count_sightings


def find(events: pl.LazyFrame, register: pl.LazyFrame) -> pl.LazyFrame:
    return count_sightings(events, "model_flag", pl.col("request_model"))


PLUGIN = Kind("model_flag", "client", "same model asked", find, program=True)
"""
NEW_HALLMARK = """
from forensics.describing.sightings import kinds_where
from forensics.judging.answers import answer, answers
from forensics.judging.hallmark import Hallmark


def test_model_flags(panel):
    assert "model_flag" in kinds_where(program=True)
    own = panel.ties.filter(kind="model_flag")
    return answers(
        answer(group, PLUGIN, f"{len(own)} shared.", observed=float(len(own)), p_value=0.001, holds=True)
        for group in panel.groups
    )


PLUGIN = Hallmark(
    "model_flags", "pooling", "client", "one model", test_model_flags,
    nature="likeness", family="client", phrase="one model",
)
"""
ADD_BOTH = """
import sys
from pathlib import Path

import forensics.describing.sightings as sightings
import forensics.judging.pooling as pooling

sightings.__path__.append(sys.argv[1] + "/sightings")
pooling.__path__.append(sys.argv[1] + "/pooling")
sys.path.insert(0, sys.argv[2])

from made_case import made_case
from forensics.common.settings import FeatureSettings, HallmarkSettings, ScoringSettings, SightingSettings
from forensics.describing.features import describe_accounts
from forensics.judging.testing import test_networks
from forensics.judging.verdicts import judge_networks

case = made_case()
events, register, members = case.scan("events"), case.scan("register"), case.scan("members")
found = sightings.find_sightings(events, register, SightingSettings()).collect()
assert "model_flag" in set(found["kind"]), "the sighting is not found"
accounts = describe_accounts(events, register, FeatureSettings())
signs = test_networks(members, events, accounts, register, found.lazy(), HallmarkSettings(draws=19, permutations=19))
signs = signs.collect()
own = signs.filter(name="model_flags")
assert own.height == case.tables["networks"].height, "the hallmark does not answer for every network"
sizes = case.tables["networks"].select("network_id", "account_count")
verdicts = judge_networks(signs, sizes, ScoringSettings())
assert all("model_flags" in held for held in verdicts["hallmarks"]), "the verdicts do not see it"
assert any(share["name"] == "model_flags" and share["nats"] > 0 for shares in verdicts["shares"] for share in shares)
"""


def test_a_sighting_and_a_hallmark_are_a_file_each(tmp_path: Path) -> None:
    """A new kind of observable and a new sign are one file in their folder; nothing else is told of them."""
    for folder, name, text in (("sightings", "model_flag", NEW_SIGHTING), ("pooling", "model_flags", NEW_HALLMARK)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(f'"""New."""\n{text}', encoding="utf-8")
    arguments = [sys.executable, "-c", ADD_BOTH, str(tmp_path), str(ROOT / "tests/worlds")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


def test_street_is_told_once_in_order() -> None:
    """The docstring of the package tells the rooms in the order of the street."""
    text = importlib.import_module("forensics").__doc__ or ""
    places = [text.index(f"\n    {room} ") for room in STREET]
    assert all(first < second for first, second in pairwise(places))
