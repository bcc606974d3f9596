"""A sample of mutants: small faults put into the code, each of which some test must notice.

    python tests/bench/trust/mutants.py [--sample 20] [--seed 1] [MODULE=TESTS …]

`mutmut run` (configured in pyproject.toml) makes them all; this makes a few in minutes, by the same kinds of change:
comparisons turned, bounds moved by one, `and` for `or`, signs turned, True for False. A mutant that survives is shown
with its line.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAIRS = (
    "forensics/reading/fields/json_values.py=tests/reading/test_bounds.py",
    "forensics/reading/opening/finding.py=tests/reading/test_bounds.py",
    "forensics/case/quarantine.py=tests/case/test_commits.py",
    "forensics/case/guard.py=tests/case/test_damage.py",
    "forensics/linking/rare.py=tests/linking",
    "forensics/judging/sizes.py=tests/judging",
)
TURNED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Mutator(ast.NodeTransformer):
    """Makes the change number `wanted`; counts them all."""

    def __init__(self, wanted: int = -1) -> None:
        self.count, self.wanted, self.line = 0, wanted, 0

    def _turn(self, node: ast.AST, line: int) -> ast.AST:
        if type(node) not in TURNED:
            return node
        self.count += 1
        if self.count - 1 != self.wanted:
            return node
        self.line = line
        return TURNED[type(node)]()

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Comparisons."""
        node.ops = [self._turn(op, node.lineno) for op in node.ops]  # type: ignore[misc]
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """`and`, `or`."""
        node.op = self._turn(node.op, node.lineno)  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Sums and products."""
        node.op = self._turn(node.op, node.lineno)  # type: ignore[assignment]
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Numbers, True and False."""
        if not isinstance(node.value, bool | int):
            return node
        self.count += 1
        if self.count - 1 == self.wanted:
            self.line = node.lineno
            return ast.copy_location(
                ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1), node
            )
        return node


def survives(module: str, tests: str, number: int) -> tuple[bool, int]:
    """Whether no test notices a change, and the line of it."""
    mutator = Mutator(number)
    tree = mutator.visit(ast.parse((ROOT / module).read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        shutil.copytree(ROOT / "forensics", copy / "forensics", ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "tests").symlink_to(ROOT / "tests")
        shutil.copy(ROOT / "pyproject.toml", copy)
        (copy / module).write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", tests],
            cwd=copy, env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"}, capture_output=True, check=False, timeout=900,
        )  # fmt: skip
    return done.returncode == 0, mutator.line


def main() -> int:
    """Make the sample; tell how many were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="*")
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    draw, places = random.Random(chosen.seed), []
    for pair in chosen.pairs or PAIRS:
        module, tests = pair.split("=")
        counter = Mutator()
        counter.visit(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        places += [(module, tests, number) for number in range(counter.count)]
    sample = draw.sample(places, min(chosen.sample, len(places)))
    killed = 0
    for module, tests, number in sample:
        alive, line = survives(module, tests, number)
        killed += not alive
        if alive:
            print(f"survives: {module}:{line} (change {number})", flush=True)
    print(f"{killed} of {len(sample)} mutants killed, {len(places)} possible")
    return 0


if __name__ == "__main__":
    sys.exit(main())
