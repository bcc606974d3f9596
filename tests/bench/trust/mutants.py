"""A sample of mutants: small faults put into the code, each of which some test must notice.

    python tests/bench/trust/mutants.py [--sample 150] [--seed 1] [--seconds 60] [--only forensics/linking …] [--resume]

`mutmut run` (configured in pyproject.toml) makes them all; this makes some in minutes, by the same kinds of change:
comparisons turned, bounds moved by one, `and` for `or`, signs turned, True for False. Which they are is drawn by what
stands in the line, so that the same faults are made again as long as the code is the same. For each, the tests that
come through its line are run, quick ones first, in a process forked from one that has imported the libraries. A
mutant that survives is shown with its line; one whose tests take longer than --seconds of processor time is undecided.

Which tests come through which line is measured first, with the share of lines that they come through, and kept in
.bench/trust/; --fresh measures anew.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import itertools
import json
import marshal
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import types
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]
KEPT = ROOT / ".bench" / "trust"
ROOMS = ("linking", "judging", "reading")
LIBRARIES = (
    "numpy", "polars", "pyarrow.parquet", "scipy.sparse", "scipy.stats", "sklearn.feature_extraction", "pytest",
    "typer", "rich.console", "orjson", "zstandard",
)  # fmt: skip
ROOM = 0.6  # of the time given to a mutant, that its tests may usually take
SLOWER = 1.5  # times the usual time, which is told by a run under coverage, and tests count as without end
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


def measure(rooms: Sequence[str], workers: int) -> None:
    """Run the rooms' tests once under coverage; keep the lines of each test, how long it took, and the shares."""
    KEPT.mkdir(parents=True, exist_ok=True)
    settings = KEPT / "coverage.ini"
    settings.write_text(
        f"[run]\nsource = {','.join(f'forensics/{room}' for room in ROOMS)}\ndata_file = {KEPT / 'data'}\n"
        "[report]\nexclude_also =\n    if TYPE_CHECKING:\n    raise AssertionError\n"
    )
    covered = ["--cov", f"--cov-config={settings}", "--cov-context=test", "--cov-report="]
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "seconds", "-o", "timeout=0"]
    for old in KEPT.glob("seconds.*"):
        old.unlink()
    path = os.pathsep.join([str(ROOT), str(Path(__file__).resolve().parent)])
    # what polars calls from threads of its own is not traced: with one thread it is called from Python's
    alone = {"PYTHONPATH": path, "SECONDS_FOLDER": str(KEPT), "POLARS_MAX_THREADS": "1"}
    several = ["-n", str(workers)] if workers > 1 else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet, *several, *covered, *(f"tests/{room}" for room in rooms)],
        cwd=ROOT, env={**os.environ, **alone},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    (KEPT / "tests.txt").write_text(done.stdout)
    keep_map(settings)


def keep_map(settings: Path) -> None:
    """From what coverage and `seconds` tell: the tests, module → line → numbers of tests, seconds of each, and the shares
    of lines.
    """
    import coverage

    measured = coverage.Coverage(config_file=str(settings))
    measured.load()
    data = measured.get_data()
    number: dict[str, int] = {}
    lines: dict[str, dict[str, list[int]]] = {}
    for file in sorted(data.measured_files()):
        module = file[file.rindex("forensics/") :]
        lines[module] = {
            str(line): sorted({number.setdefault(one.rpartition("|")[0], len(number)) for one in names if one})
            for line, names in data.contexts_by_lineno(file).items()
        }
    seconds: dict[str, float] = {}
    for file in KEPT.glob("seconds.*"):
        for line in file.read_text().splitlines():
            took, _, test = line.partition(" ")
            seconds[test] = float(took)
    shares = {}
    for room in ROOMS:
        counts = [measured.analysis2(file)[1:4:2] for file in data.measured_files() if f"forensics/{room}/" in file]
        every = sum(len(statements) for statements, _ in counts)
        shares[room] = 1 - sum(len(missing) for _, missing in counts) / max(every, 1)
    kept = {"tests": list(number), "lines": lines, "seconds": seconds, "shares": shares}
    (KEPT / "map.json").write_text(json.dumps(kept))


def tests_of(mutant: Mutant, known: dict[str, Any], seconds: float) -> list[str]:
    """The tests that come through a line, for a line that is run at import those of the module: of each file the
    quickest first, the files by turns, as many as fit into the time.
    """
    lines = known["lines"].get(mutant.module, {})
    numbers = lines.get(str(mutant.line)) or sorted({one for held in lines.values() for one in held})
    took = known["seconds"]
    files: dict[str, list[str]] = {}
    for name in sorted((known["tests"][one] for one in numbers), key=lambda name: (took.get(name, 0.0), name)):
        files.setdefault(name.partition("::")[0], []).append(name)
    turns = itertools.zip_longest(*(names for file, names in files.items() if (ROOT / file).exists()))
    chosen, spent = list[str](), 0.0
    for name in filter(None, itertools.chain.from_iterable(turns)):
        spent += took.get(name, 0.0)
        if spent > ROOM * seconds and chosen:
            break
        chosen.append(name)
    return chosen


# One mutant


def swap(mutant: Mutant) -> bool:
    """Give a function that is loaded already its faulty code; False where the fault is not inside of a function."""
    file = ROOT / mutant.module
    source = file.read_text(encoding="utf-8")
    sound = {_key(code): code for code in _functions(compile(source, str(file), "exec"))}
    tree = ast.fix_missing_locations(Mutator(mutant.number).visit(ast.parse(source)))
    faulty = {_key(code): code for code in _functions(compile(tree, str(file), "exec"))}
    changed = {key: code for key, code in faulty.items() if marshal.dumps(code) != marshal.dumps(sound[key])}
    found = set()
    for held in gc.get_objects():
        if isinstance(held, types.FunctionType) and held.__code__.co_filename == str(file):
            key = _key(held.__code__)
            if key in changed:
                held.__code__ = changed[key]
                found.add(key)
    return bool(changed) and found == set(changed)


def _functions(code: types.CodeType) -> list[types.CodeType]:
    """The outermost functions of a module, and those of its classes."""
    inside = [one for one in code.co_consts if isinstance(one, types.CodeType)]
    whole = [one for one in inside if one.co_flags & inspect.CO_OPTIMIZED]
    return whole + [deep for one in inside if not one.co_flags & inspect.CO_OPTIMIZED for deep in _functions(one)]


def _key(code: types.CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


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


def try_mutant(mutant: Mutant, tests: Sequence[str], seconds: int, usual_s: float = math.inf) -> str:
    """killed, survives or undecided, of tests that usually take so long."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        said = os.open(KEPT / f"said.{os.getppid()}.txt", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(said, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = 1
        with contextlib.suppress(BaseException):  # whatever ends it ends this process only
            code = _run_tests(mutant, tests)
        os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):  # a fault that makes quick tests run without end is noticed
        return "killed" if usual_s * SLOWER < seconds else "undecided"
    return {0: "survives", 4: "undecided", 5: "undecided"}.get(os.WEXITSTATUS(status), "killed")


def _run_tests(mutant: Mutant, tests: Sequence[str]) -> int:
    import pytest

    if mutant.number >= 0 and not swap(mutant):
        for name in [name for name in sys.modules if name.partition(".")[0] == "forensics"]:
            del sys.modules[name]
        sys.meta_path.insert(0, Finder(mutant))
    # what tests measure is time of this process, however busy the machine is
    time.perf_counter = time.monotonic = time.process_time
    with tempfile.TemporaryDirectory() as folder:
        plain = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--basetemp={folder}/t", "-o", "timeout=0"]
        return int(pytest.main([*plain, *tests]))


def get_ready() -> None:
    """Import once what every mutant's process needs."""
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "worlds")]
    sys.pycache_prefix, sys.dont_write_bytecode = str(KEPT / "pycache"), False
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    for name in LIBRARIES:
        importlib.import_module(name)
    for path in sorted((ROOT / "forensics").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        with contextlib.suppress(ImportError):  # an extra that is not installed
            if not name.endswith("__main__"):
                importlib.import_module(name)


def check_harness(sample: Sequence[Mutant], known: dict[str, Any]) -> None:
    """The tests pass where the code is as it is: a harness in which they always fail would kill every mutant.

    Raises: SystemExit where they do not.
    """
    for mutant in sample[:: max(1, len(sample) // 4)]:
        tests = tests_of(mutant, known, 5)
        if tests and try_mutant(replace(mutant, number=-1), tests, 300) != "survives":
            sys.exit(f"without any fault, tests of {mutant.module} fail: {' '.join(tests)}")


def decided(mutant: Mutant, known: dict[str, Any], seconds: int) -> str:
    """What becomes of a mutant; what does not become of it is shown."""
    tests = tests_of(mutant, known, seconds)
    usual_s = sum(known["seconds"].get(test, seconds) for test in tests)
    outcome = try_mutant(mutant, tests, seconds, usual_s) if tests else "survives"
    if outcome != "killed":
        how = f"{len(tests)} tests" if tests else "no test comes through"
        print(f"{outcome}: {mutant.module}:{mutant.line} {mutant.kind} ({how}): {mutant.text}", flush=True)
    return outcome


def recall(path: Path) -> dict[str, str]:
    """What became of mutants in runs before."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {json.dumps(one["mutant"]): one["outcome"] for one in map(json.loads, lines)}


def main() -> int:
    """Make the sample; tell how many were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60, help="of processor time a mutant")
    parser.add_argument("--only", nargs="*", default=(), help="files or folders")
    parser.add_argument("--fresh", action="store_true", help="measure anew which tests come through which line")
    parser.add_argument("--workers", type=int, default=2, help="processes that measure")
    parser.add_argument("--part", default="1/1", help="of the sample, where several processes share it", metavar="I/N")
    parser.add_argument("--resume", action="store_true", help="do not try again what was killed before")
    chosen = parser.parse_args()
    if chosen.fresh or not (KEPT / "map.json").exists():
        measure(ROOMS, chosen.workers)
    known = json.loads((KEPT / "map.json").read_text())
    get_ready()
    every = find_mutants(chosen.only, chosen.seed)
    part, parts = map(int, chosen.part.split("/"))
    sample, kept = every[: chosen.sample][part - 1 :: parts], KEPT / "outcomes.jsonl"
    before = recall(kept) if chosen.resume else {}
    check_harness(sample, known)
    counts = {"killed": 0, "survives": 0, "undecided": 0}
    with kept.open("a") as outcomes, contextlib.suppress(KeyboardInterrupt):  # who stops it is told what was tried
        for mutant in sample:
            name = [mutant.module, mutant.text, mutant.kind, mutant.number]
            outcome = before.get(json.dumps(name), "")
            if outcome != "killed":
                outcome = decided(mutant, known, chosen.seconds)
                outcomes.write(json.dumps({"mutant": name, "outcome": outcome}) + "\n")
                outcomes.flush()
            counts[outcome] += 1
    shares = ", ".join(f"{room} {share:.1%}" for room, share in known["shares"].items())
    print(
        f"{counts['killed']} of {sum(counts.values())} killed, {counts['survives']} survive, "
        f"{counts['undecided']} undecided; {len(every):,} possible; lines come through: {shares}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
