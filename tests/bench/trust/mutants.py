"""A sample of mutants: small faults put into the code, each of which some test must notice.

    python tests/bench/trust/mutants.py [--sample 150] [--seed 1] [--seconds 30] [--only forensics/linking …]

`mutmut run` (configured in pyproject.toml) makes them all; this makes some in minutes, by the same kinds of change:
comparisons turned, bounds moved by one, `and` for `or`, signs turned, True for False. Which they are is drawn by what
stands in the line, so that the same faults are made again as long as the code is the same. For each, the tests that
come through its line are run, the quickest first, in a process forked from one that has imported the libraries. A
mutant that survives is shown with its line; one whose tests take longer than --seconds of processor time is undecided.

Which tests come through which line is measured first, with the share of lines that they come through, and kept in
.bench/trust/; --fresh measures anew.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import types
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]
KEPT = ROOT / ".bench" / "trust"
ROOMS = ("linking", "judging", "reading")
LIBRARIES = (
    "numpy", "polars", "pyarrow.parquet", "scipy.sparse", "scipy.stats", "sklearn.feature_extraction", "pytest",
    "typer", "rich.console", "orjson", "zstandard",
)  # fmt: skip
MOST_TESTS = 40  # of those that come through a line
TURNED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Mutator(ast.NodeTransformer):
    """Makes the change number `wanted`; notes the line and kind of all."""

    def __init__(self, wanted: int = -1) -> None:
        self.found: list[tuple[int, str]] = []
        self.wanted = wanted

    def _is_wanted(self, line: int, kind: str) -> bool:
        self.found.append((line, kind))
        return len(self.found) - 1 == self.wanted

    def _turn(self, node: ast.AST, line: int) -> ast.AST:
        other = TURNED.get(type(node))
        if other is None or not self._is_wanted(line, f"{type(node).__name__} to {other.__name__}"):
            return node
        return other()

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Comparisons."""
        node.ops = [self._turn(op, node.lineno) for op in node.ops]  # type: ignore[misc]
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """`and`, `or`."""
        node.op = self._turn(node.op, node.lineno)  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Sums and products, not those of texts and types."""
        node.op = self._turn(node.op, node.lineno)  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Numbers, True and False."""
        if not isinstance(node.value, bool | int):
            return node
        new = not node.value if isinstance(node.value, bool) else node.value + 1
        if not self._is_wanted(node.lineno, f"{node.value} to {new}"):
            return node
        return ast.copy_location(ast.Constant(new), node)


@dataclass(frozen=True)
class Mutant:
    """One fault: the number of a change in a file, its line and kind."""

    module: str
    number: int
    line: int
    kind: str
    text: str


def find_mutants(only: Sequence[str], seed: int) -> list[Mutant]:
    """All of them, in the order in which they are drawn: by a hash of file, line's text, kind and which of its like."""
    found: list[tuple[str, Mutant]] = []
    for path in sorted(path for room in ROOMS for path in (ROOT / "forensics" / room).rglob("*.py")):
        module = path.relative_to(ROOT).as_posix()
        if only and not module.startswith(tuple(only)):
            continue
        source, seen = path.read_text(encoding="utf-8"), dict[tuple[str, str], int]()
        lines, counter = source.splitlines(), Mutator()
        counter.visit(ast.parse(source))
        for number, (line, kind) in enumerate(counter.found):
            text = lines[line - 1].strip()
            seen[text, kind] = seen.get((text, kind), 0) + 1
            key = hashlib.sha256(f"{seed}\0{module}\0{text}\0{kind}\0{seen[text, kind]}".encode()).hexdigest()
            found.append((key, Mutant(module, number, line, kind, text)))
    return [mutant for _, mutant in sorted(found, key=lambda item: item[0])]


# Which tests come through which line


def measure(rooms: Sequence[str]) -> None:
    """Run the rooms' tests once under coverage; keep the lines of each test, how long it took, and the shares."""
    KEPT.mkdir(parents=True, exist_ok=True)
    sources = ",".join(f"forensics/{room}" for room in ROOMS)
    settings = KEPT / "coverage.ini"
    settings.write_text(
        f"[run]\nsource = {sources}\ndynamic_context = test_function\ndata_file = {KEPT / 'data'}\n"
        "[report]\nexclude_also =\n    if TYPE_CHECKING:\n    raise AssertionError\n"
    )
    run = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", "-p", "no:randomly"]
    quiet = ["-q", "-p", "no:cacheprovider", "--durations=0", "-o", "timeout=1200"]
    done = subprocess.run(
        [*run, *quiet, *(f"tests/{room}" for room in rooms)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (KEPT / "tests.txt").write_text(done.stdout)
    keep_map(settings, done.stdout)


def keep_map(settings: Path, told: str) -> None:
    """From what coverage and pytest tell: module → line → tests, test → seconds, and the share of lines."""
    import coverage

    measured = coverage.Coverage(config_file=str(settings))
    measured.load()
    data = measured.get_data()
    lines: dict[str, dict[str, list[str]]] = {}
    for file in data.measured_files():
        module = Path(file).relative_to(ROOT).as_posix()
        lines[module] = {
            str(line): sorted({name for name in names if name}) for line, names in data.contexts_by_lineno(file).items()
        }
    seconds: dict[str, float] = {}
    for line in told.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in {"call", "setup"} and words[0].endswith("s"):
            file, _, name = words[2].partition("::")
            test = f"{Path(file).stem}.{name.split('[')[0]}"
            seconds[test] = seconds.get(test, 0.0) + float(words[0][:-1])
    shares = {}
    for room in ROOMS:
        counts = [measured.analysis2(file)[1:4:2] for file in data.measured_files() if f"forensics/{room}/" in file]
        every = sum(len(statements) for statements, _ in counts)
        shares[room] = 1 - sum(len(missing) for _, missing in counts) / max(every, 1)
    (KEPT / "map.json").write_text(json.dumps({"lines": lines, "seconds": seconds, "shares": shares}))


def tests_of(mutant: Mutant, known: dict[str, Any]) -> list[str]:
    """The tests that come through a line, the quickest first; for a line of the module itself those of the module."""
    lines = known["lines"].get(mutant.module, {})
    names = lines.get(str(mutant.line)) or sorted({name for held in lines.values() for name in held})
    files = {path.stem: path for room in ROOMS for path in (ROOT / "tests" / room).rglob("test_*.py")}
    names = sorted(names, key=lambda name: (known["seconds"].get(name, 0.0), name))
    found = [(files[file], test) for file, _, test in (name.partition(".") for name in names) if file in files]
    there = [(path, test) for path, test in found if f"def {test.rpartition('.')[2]}(" in path.read_text()]
    return [f"{path.relative_to(ROOT).as_posix()}::{test.replace('.', '::')}" for path, test in there[:MOST_TESTS]]


# One mutant


class Loader(importlib.abc.Loader):
    """Gives a module its faulty code."""

    def __init__(self, mutant: Mutant) -> None:
        tree = Mutator(mutant.number).visit(ast.parse((ROOT / mutant.module).read_text(encoding="utf-8")))
        self.code = compile(ast.fix_missing_locations(tree), str(ROOT / mutant.module), "exec")

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the faulty code."""
        exec(self.code, module.__dict__)  # noqa: S102 - the package's own code, with one fault


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module that is to be faulty."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.name = mutant.module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The spec of the faulty module; nothing for any other."""
        if name != self.name:
            return None
        inside = [str((ROOT / self.mutant.module).parent)] if self.mutant.module.endswith("__init__.py") else None
        file = str(ROOT / self.mutant.module)
        spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=inside)
        assert spec is not None
        spec.loader = Loader(self.mutant)
        return spec


def try_mutant(mutant: Mutant, tests: Sequence[str], seconds: int) -> str:
    """killed, survives or undecided."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os._exit(_run_tests(mutant, tests))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "undecided"
    return "survives" if os.WEXITSTATUS(status) == 0 else "killed"


def _run_tests(mutant: Mutant, tests: Sequence[str]) -> int:
    import pytest

    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "worlds")]
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, Finder(mutant))
    with tempfile.TemporaryDirectory() as folder:
        plain = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--basetemp={folder}/t"]
        return int(pytest.main([*plain, *tests]))


def check_harness(sample: Sequence[Mutant], known: dict[str, Any]) -> None:
    """The tests pass where the code is as it is: a harness in which they always fail would kill every mutant.

    Raises: SystemExit where they do not.
    """
    for mutant in sample[:: max(1, len(sample) // 5)]:
        tests = tests_of(mutant, known)[:3]
        if tests and try_mutant(replace(mutant, number=-1), tests, 300) != "survives":
            sys.exit(f"without any fault, tests of {mutant.module} fail: {' '.join(tests)}")


def main() -> int:
    """Make the sample; tell how many were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=30, help="of processor time a mutant")
    parser.add_argument("--only", nargs="*", default=(), help="files or folders")
    parser.add_argument("--skip", type=int, default=0, help="of the sample, tried before")
    parser.add_argument("--fresh", action="store_true", help="measure anew which tests come through which line")
    chosen = parser.parse_args()
    if chosen.fresh or not (KEPT / "map.json").exists():
        measure(ROOMS)
    known = json.loads((KEPT / "map.json").read_text())
    for name in LIBRARIES:
        importlib.import_module(name)
    every = find_mutants(chosen.only, chosen.seed)
    sample = every[chosen.skip : chosen.sample]
    check_harness(sample, known)
    counts = {"killed": 0, "survives": 0, "undecided": 0}
    with contextlib.suppress(KeyboardInterrupt):  # who stops it is told what was tried till then
        for mutant in sample:
            tests = tests_of(mutant, known)
            outcome = try_mutant(mutant, tests, chosen.seconds) if tests else "survives"
            counts[outcome] += 1
            if outcome != "killed":
                how = f"{len(tests)} tests" if tests else "no test comes through"
                print(f"{outcome}: {mutant.module}:{mutant.line} {mutant.kind} ({how}): {mutant.text}", flush=True)
    shares = ", ".join(f"{room} {share:.1%}" for room, share in known["shares"].items())
    print(
        f"{counts['killed']} of {sum(counts.values())} killed, {counts['survives']} survive, {counts['undecided']} undecided; "
        f"{len(every):,} possible; lines come through: {shares}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
