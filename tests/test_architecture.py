"""The direction of the house: who may import whom, and which library lives where."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "forensics"

# Import only from the lines above; names on one line never import each other.
LINES: tuple[tuple[str, ...], ...] = (
    ("errors", "schema", "distinct"),
    ("config", "names", "fields", "values", "times", "clients", "statistics", "reading", "flags", "strip", "sketch", "geography", "mailboxes"),
    ("plugins",),
    ("lives", "streams", "mapping", "records", "events", "format_files", "joining", "counts"),
    ("jsonlines", "textlines"),
    ("observables", "panel"),
    ("cores", "membership"),
    ("formats", "register", "features", "sightings", "links", "networks", "hallmarks", "scoring", "canary", "simulate", "evaluate"),
    ("engine", "recognise"),
    ("tables", "marks"),
    ("case",),  # above ingest, which fills it, and evidence, which seals it
    ("intake",),
    ("ingest", "history", "watching", "evidence", "reports", "holdings"),
    ("steady",),
    ("pipeline",),
    ("commands",),
    ("cli",),
)
FAMILIES = ("formats", "features", "sightings", "hallmarks")

LINKING = frozenset({"observables", "cores", "membership", "merging", "links", "networks"})  # the two stages that link, and the arithmetic they share
TESTING = frozenset({"hallmarks", "panel", "statistics", "lives", "streams"})  # likewise for the stage that tests
# Library → the modules that may import it.
LIBRARIES: dict[str, frozenset[str]] = {
    "typer": frozenset({"cli", "commands"}),
    "click": frozenset(),
    "rich": frozenset({"cli", "commands", "reports"}),
    "pyarrow": frozenset({"ingest", "tables", "case", "formats", "commands"}),  # commands: suspect corpora in Parquet
    "sklearn": LINKING | TESTING,
    "scipy": LINKING | TESTING | {"history"},
    "graspologic_native": LINKING | TESTING,
    "networkit": LINKING | TESTING,
    "sparse_dot_topn": LINKING | TESTING,
    "jinja2": frozenset({"reports"}),
    "cryptography": frozenset({"evidence"}),
    "filelock": frozenset({"case"}),
    "pandas": frozenset(),
    "networkx": frozenset(),
}
HEAVY = ("sklearn", "scipy", "polars", "pyarrow", "numpy", "graspologic_native", "networkit", "jinja2", "cryptography")

FILES = sorted(PACKAGE.rglob("*.py"))


def unit_of(path: Path) -> str:
    """The name that stands in LINES: the module, or the family folder it lies in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[tuple[str, int]]:
    """Every dotted module that `path` imports, at the top, in a function or for types, with its line."""
    dotted = ".".join(["forensics", *path.relative_to(PACKAGE).with_suffix("").parts])
    parent = dotted.split(".")[:-1]
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            found.extend((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parent[: len(parent) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            found.append((module, node.lineno))
            found.extend((f"{module}.{alias.name}", node.lineno) for alias in node.names)
    return found


PLUGINS = [path for path in FILES if unit_of(path) in FAMILIES and path.name != "__init__.py"]


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_plugin_knows_no_family(path: Path) -> None:
    """A plugin never imports its family's __init__: the family knows its plugins, not the other way round."""
    family = f"forensics.{unit_of(path)}"
    siblings = {item.stem for item in path.parent.glob("*.py")}
    wrong = []
    for module, line in imports_of(path):
        if module == family:
            names = {name.removeprefix(f"{family}.") for name, at in imports_of(path) if at == line and name.startswith(f"{family}.")}
            if not names or names - siblings:
                wrong.append(f"{path.name}:{line} imports {', '.join(sorted(names - siblings)) or family} from {family}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_put(path: Path) -> None:
    """The terminal library typer is in the command line only, rich in reports, learning libraries in the three stages that learn."""
    unit = unit_of(path)
    wrong = [
        f"{path.name}:{line} imports {module}; {module.split('.')[0]} lives in {', '.join(sorted(LIBRARIES[module.split('.')[0]])) or 'no module'}"
        for module, line in imports_of(path)
        if module.split(".")[0] in LIBRARIES and unit not in LIBRARIES[module.split(".")[0]]
    ]
    assert not wrong, "\n".join(sorted(set(wrong)))


PURE = ("features", "sightings", "links", "networks", "hallmarks", "scoring")


@pytest.mark.parametrize("path", [path for path in FILES if unit_of(path) in PURE], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_middle_is_pure(path: Path) -> None:
    """Stages 4 to 9 know no path, no clock and no log."""
    banned = {"pathlib", "os", "time", "logging", "random", "tempfile", "shutil", "subprocess"}
    wrong = [f"{path.name}:{line} imports {module}" for module, line in imports_of(path) if module.split(".")[0] in banned]
    assert not wrong, "\n".join(wrong)


def test_help_answers_without_heavy_libraries() -> None:
    """`forensics --help` imports no frame, learning or drawing library, so that it answers at once."""
    code = """
import sys
from forensics.cli import main
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


def test_every_line_is_needed() -> None:
    """LINES names no unit twice."""
    names = [name for line in LINES for name in line]
    assert len(names) == len(set(names))
