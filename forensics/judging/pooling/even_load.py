"""Load is spread evenly over the members, as a balancer spreads it; customers' use differs by orders of magnitude.

Null model: accounts outside the networks with like lifetimes.
Blind to:   pools with tiers or weights; members seen for hours only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.statistics import quartile_ratios
from forensics.judging.answers import answers
from forensics.judging.hallmark import Hallmark
from forensics.judging.likeness import likeness
from forensics.judging.panel import generator

if TYPE_CHECKING:
    import polars as pl

    from forensics.common.arrays import Floats, Ints
    from forensics.judging.hallmark import Panel


LEAST_RATIO = 1.3  # between the quartiles of a real balancer with sticky sessions, failures and late joiners
POISSON_DRAWS = 20


def test_even_load(panel: Panel) -> pl.DataFrame:
    """One row per network: spread of requests per day of life over members, held against a Poisson balancer.

    The log of the quartile ratio, not the Gini coefficient, so that a few strangers or latecomers do not hide an even
    pool.
    """
    requests = panel.accounts["request_count"].to_numpy().astype(float)
    days = (
        panel.accounts["last_seen_at"] - panel.accounts["first_seen_at"]
    ).dt.total_seconds().to_numpy() / 86400.0 + 1.0
    rate = requests / days

    def spread(groups: Ints) -> Floats:
        return np.log(quartile_ratios(rate[groups]))

    rows = []
    for group in panel.groups:
        rng = generator(panel, group, PLUGIN.name)
        mean = float(np.median(rate[group.tested]))
        lived = days[group.tested]
        drawn = quartile_ratios(rng.poisson(mean * lived, (POISSON_DRAWS, len(lived))) / lived)
        even = np.nanmedian([*drawn, LEAST_RATIO])
        row = likeness(
            panel,
            group,
            PLUGIN,
            "log of upper over lower quartile of requests per day of life",
            spread,
            spread(group.peers),
            float(np.log(max(LEAST_RATIO, float(even)))),
            "requests per day",
        )
        if row["assessable"]:
            row["sentence"] = (
                f"The middle half of the members lies within a factor of {np.exp(row['observed']):.1f} in requests "
                "per day; "
                f"of separate customers with like lifetimes within {np.exp(row['expected']):.1f} "
                f"({np.exp(row['expected_low']):.1f} to {np.exp(row['expected_high']):.1f})."
            )
        rows.append(row)
    return answers(rows)


PLUGIN = Hallmark(
    "even_load",
    "pooling",
    "volume",
    "spread of load",
    test_even_load,
    nature="likeness",
    family="volume",
    alike=(2.0, 2.0),
    phrase="even load",
)
