"""Users of one published program are as alike as accounts can be; what is independent is called chance all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom
from uniform_worlds import PROGRAMS, uniform_panel

from forensics.judging.hallmark import find_hallmarks

if TYPE_CHECKING:
    from forensics.judging.hallmark import Panel

LEVELS = (0.01, 0.05, 0.2)
CHANCE = 1e-4  # that a bound is passed by accident
# Tests whose p comes from breaking the relation between accounts; likeness has other nulls and is nobody's proof.
DEPENDENCE = (
    "born_together",
    "card_rotation",
    "compensation",
    "failover",
    "handover",
    "health_check",
    "inheritance",
    "model_pivot",
    "moves_together",
    "one_order",
    "payers_dealt",
    "repeats_elsewhere",
    "resilience",
    "steady_queue",
    "succession",
    "topics_together",
    "turn_taking",
)
SLOWEST = ("turn_taking",)


def judge(panel: Panel, names: tuple[str, ...]) -> dict[str, pl.DataFrame]:
    """HALLMARKS of some tests, with the program of each network."""
    program = pl.col("network_id").str.replace(r"_\d+$", "").alias("program")
    return {name: find_hallmarks()[name].test(panel).with_columns(program) for name in names}


def too_often(rows: pl.DataFrame) -> list[tuple[str, float, float]]:
    """Levels that p-values reach more often than chance lets them, over all programs and in each."""
    found = []
    for program in (None, *PROGRAMS):
        part = rows if program is None else rows.filter(pl.col("program") == program)
        p = part.filter(pl.col("p_value").is_not_null())["p_value"].to_numpy()
        found += [
            (program or "all", level, float(np.mean(p <= level)))
            for level in LEVELS
            if len(p) and (p <= level).sum() > binom.isf(CHANCE, len(p), level)
        ]
    return found


@pytest.fixture(scope="module")
def uniform() -> Panel:
    """Six networks of each program, 16 owners each."""
    return uniform_panel(1, 6, 16)


@pytest.mark.parametrize("name", [name for name in DEPENDENCE if name not in SLOWEST])
def test_alike_but_independent_accounts_are_chance(uniform: Panel, name: str) -> None:
    """Firmware, plugin, cron framework, CI farm, desk, laboratory: p ≤ α in α of the networks at most, hardly any holds."""
    rows = judge(uniform, (name,))[name]
    assert too_often(rows) == []
    assert rows["holds"].sum() <= 1


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_alike_but_independent_accounts_are_chance_in_larger_worlds(capsys: pytest.CaptureFixture[str]) -> None:
    """The same over 360 networks of three worlds; printed as a table."""
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in DEPENDENCE}
    for seed, owners in ((21, 12), (22, 20), (23, 40)):
        for name, rows in judge(uniform_panel(seed, 20, owners), DEPENDENCE).items():
            parts[name].append(rows)
    wrong = {}
    with capsys.disabled():
        print(f"\n{'hallmark':<20} {'n':>4}" + "".join(f"  p ≤ {level:<4}" for level in LEVELS) + "  holds")  # noqa: T201 - the table is the result
        for name, tables in parts.items():
            rows = pl.concat(tables)
            p = rows.filter(pl.col("p_value").is_not_null())["p_value"].to_numpy()
            shares = "".join(f"  {np.mean(p <= level) if len(p) else float('nan'):8.3f}" for level in LEVELS)
            print(f"{name:<20} {len(p):>4}{shares}  {rows['holds'].sum()}")  # noqa: T201
            if too_often(rows) or rows["holds"].sum() > 0.01 * len(rows) + 1:
                wrong[name] = too_often(rows), rows["holds"].sum()
    assert not wrong
