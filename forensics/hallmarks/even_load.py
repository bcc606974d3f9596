"""Load is spread evenly over the members, as a balancer spreads it; customers' use differs by orders of magnitude.

Null model: accounts outside the networks with like lifetimes.
Blind to:   pools with tiers or weights; members seen for hours only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.panel import answers, generator, likeness
from forensics.plugins import Hallmark
from forensics.statistics import gini

if TYPE_CHECKING:
    import polars as pl

    from forensics.plugins import Panel

LEAST_SPREAD = 0.12  # Gini of a real balancer with sticky sessions, failures and late joiners
POISSON_DRAWS = 20


def test_even_load(panel: Panel) -> pl.DataFrame:
    """One row per network: Gini of requests per day of life over members, held against a Poisson balancer."""
    requests = panel.accounts["request_count"].to_numpy().astype(float)
    days = panel.accounts["active_days"].to_numpy().astype(float)
    rate = requests / np.maximum(days, 1.0)
    rows = []
    for group in panel.groups:
        rng = generator(panel, group, PLUGIN.name)
        exposure = days[group.tested]
        mean = requests[group.tested].sum() / max(1.0, exposure.sum())
        even = np.median([gini(rng.poisson(mean * exposure) / np.maximum(exposure, 1.0)) for _ in range(POISSON_DRAWS)])
        rows.append(
            likeness(
                group,
                PLUGIN,
                "Gini of requests per active day",
                gini(rate[group.tested]) if len(group.tested) >= 3 else float("nan"),
                np.array([gini(rate[draw]) for draw in group.peers]),
                max(LEAST_SPREAD, float(even)),
                "requests per day",
            )
        )
    return answers(rows)


PLUGIN = Hallmark("even_load", "pooling", "volume", "spread of load", test_even_load)
