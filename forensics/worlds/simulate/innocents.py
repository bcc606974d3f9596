"""The look-alikes N1 to N21 of a world, each with what sets it apart in reality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.worlds.simulate.companies import (
    aggregator,
    benchmark,
    experiment,
    key_rotation,
    migrated,
    office,
    regression_suite,
    shuffled,
    synthetic_data,
    tenant_platform,
)
from forensics.worlds.simulate.crowds import (
    cgnat,
    cloud_exit,
    eager,
    explainers,
    family,
    framework,
    hackathon,
    nightly_cron,
    rounded,
    school_class,
)
from forensics.worlds.simulate.people import between

if TYPE_CHECKING:
    from collections.abc import Callable

    from forensics.worlds.simulate.base import Play
    from forensics.worlds.simulate.people import Stage

# kind → (maker, accounts: fewest, most, how many such actors at size 1)
NEGATIVES: dict[str, tuple[Callable[..., list[Play]], int, int, int]] = {
    "N1": (cgnat, 100, 350, 2),
    "N2": (office, 60, 450, 3),
    "N3": (cloud_exit, 60, 250, 2),
    "N4": (framework, 300, 1200, 1),
    "N5": (nightly_cron, 50, 160, 2),
    "N6": (benchmark, 12, 45, 2),
    "N7": (school_class, 45, 110, 3),
    "N8": (tenant_platform, 40, 350, 5),
    "N9": (aggregator, 3, 6, 2),
    "N10": (shuffled, 4, 6, 3),
    "N11": (regression_suite, 2, 6, 2),
    "N12": (synthetic_data, 1, 4, 3),
    "N13": (migrated, 6, 16, 1),
    "N14": (hackathon, 50, 180, 2),
    "N16": (key_rotation, 16, 60, 2),
    "N17": (family, 3, 5, 12),
    "N18": (explainers, 12, 40, 1),
    "N19": (experiment, 2, 3, 3),
    "N20": (rounded, 40, 120, 1),
    "N21": (eager, 30, 90, 1),
}


def plant_negatives(stage: Stage, counts: dict[str, float], size: float) -> list[Play]:
    """Every negative of `counts` (kind → factor on how many), with sizes scaled by `size`; N8 in its three commercial
    forms.
    """
    plays: list[Play] = []
    stage.tuning["size"] = size
    for kind, (maker, low, high, usual) in NEGATIVES.items():
        number = max(round(usual * counts.get(kind, 1.0)), 0) if counts.get(kind, 1.0) > 0 else 0
        for index in range(number):
            name = f"{maker.__name__.replace('_', '-')}-{index + 1}"
            rng = stage.rng(name)
            small = high <= 6
            n = between(rng, low, high) if small else max(int(between(rng, low, high) * size), 6)
            if kind == "N8":
                form = ("declared", "none", "declared", "reseller", "declared")[index % 5]
                plays += tenant_platform(stage, rng, n, name, parent=form)
            else:
                plays += maker(stage, rng, n, name)
    return plays
