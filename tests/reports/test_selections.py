"""Which combinations of fields are chosen to follow a network."""

from __future__ import annotations

import numpy as np

from forensics.reports.facts.model import Selection
from forensics.reports.facts.selections import MOST_SELECTIONS, _choose


def plainly(found: list[tuple[Selection, set[str]]]) -> tuple[Selection, ...]:
    """Each time the one that reaches most, all looked at."""
    chosen: list[Selection] = []
    reached: set[str] = set()
    while len(chosen) < MOST_SELECTIONS:
        best = max(
            found,
            key=lambda item: (len(item[1] - reached), -len(item[0].values), item[0].request_count, item[0].values),
            default=None,
        )
        if best is None or not best[1] - reached:
            break
        chosen.append(best[0])
        reached |= best[1]
    return tuple(chosen)


def test_the_same_are_chosen_as_by_looking_at_all() -> None:
    """To stop at those that cannot reach as many changes no choice, ties included."""
    rng = np.random.default_rng(5)
    for size in (0, 1, 7, 60):
        found = []
        for number in range(size):
            fields = tuple((f"field_{place}", str(number)) for place in range(rng.integers(1, 4)))
            accounts = {f"a{who}" for who in rng.integers(0, 40, rng.integers(2, 9))}
            found.append((Selection(fields, len(accounts), 0, int(rng.integers(1, 4))), accounts))
        assert _choose(found) == plainly(found)
