"""Linking on planted worlds: recall and precision per campaign, seconds, peak memory."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from forensics.common.settings import LinkSettings, NetworkSettings
from forensics.linking.links import weigh_links
from forensics.linking.networks import form_networks

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from planted import Planted, Planter, judge

if TYPE_CHECKING:
    from collections.abc import Callable


def mixed(p: Planter) -> None:
    """20,000 accounts, five hydras of several makes, offices."""
    p.crowd(16_000)
    p.hydra("templates58", 1700, templates=58, per_account=4, cards=4)
    p.hydra("proxies", 423, templates=40, per_account=3, exits=60, cards=0)
    p.hydra("small", 53, templates=4, per_account=2, exits=8, cards=3)
    p.hydra("diluted", 300, templates=6, per_account=2, cards=4, share=0.1)
    p.hydra("isolated", 600, templates=58, per_account=4, cards=0)
    p.hydra("before", 200, templates=12, per_account=3, cards=4, template_label="wave", card_label="wave1")
    p.hydra("after", 200, templates=12, per_account=3, cards=4, template_label="wave", card_label="wave2")
    p.hydra("neighbour1", 150, templates=8, per_account=2, exits=40, cards=4, exit_label="shared")
    p.hydra("neighbour2", 150, templates=8, per_account=2, exits=40, cards=4, exit_label="shared")
    p.office("office_proxy", 60, exit_label="shared")
    p.office("office1", 500)
    p.office("office2", 60)
    p.office("family", 4, exits=1)


def large(p: Planter) -> None:
    """A hydra of 25,000 on one template, and a ring of five, in 60,000."""
    p.crowd(34_995)
    p.hydra("giant", 25_000, templates=1, per_account=1, cards=4, domains=40)
    p.hydra("ring", 5, templates=1, per_account=1, exits=1, cards=5)


def third(p: Planter) -> None:
    """30 % of 2,000 accounts are one hydra."""
    p.crowd(1_400)
    p.hydra("third", 600, templates=3, per_account=2, cards=4, domains=5, client="mono")


def crowd(p: Planter) -> None:
    """Nothing but unrelated accounts."""
    p.crowd(20_000)


def half_million(p: Planter) -> None:
    """Half a million accounts that behave, a hydra of 25,000, twenty of 20 to 3,000 (half without cards in common, a
    third behind exits), ten offices.
    """
    p.behave = True
    p.crowd(465_000)
    p.hydra("giant", 25_000, templates=58, per_account=4, cards=4, domains=40)
    for number in range(20):
        p.hydra(
            f"h{number}",
            10 + int(10 * 1.35**number),
            templates=4 + number,
            per_account=3,
            cards=4 if number % 2 else 0,
            exits=30 if number % 3 == 0 else 0,
        )
    for number in range(10):
        p.office(f"office{number}", 20 + 40 * number)


NEVER = 10**9
DESIGNS = {
    "A": LinkSettings(core_holders=NEVER, nest_holders=NEVER, block_lift=float("inf")),  # rare pairs only
    "B": LinkSettings(pair_budget=0),  # communities of observables only
    "hybrid": LinkSettings(),
}
WORLDS: dict[str, Callable[[Planter], None]] = {"mixed": mixed, "large": large, "third": third, "crowd": crowd}
LARGE: dict[str, Callable[[Planter], None]] = {"half_million": half_million}  # only if asked for by name


def main(names: list[str]) -> None:
    """Run the worlds and designs named, or all."""
    designs = [name for name in names if name in DESIGNS] or list(DESIGNS)
    worlds = WORLDS | LARGE
    for name in [name for name in names if name in worlds] or list(WORLDS):
        planter = Planter(seed=1)
        worlds[name](planter)
        world = planter.finish()
        rows = world.sightings.collect()
        for design in designs:
            show(name, design, world, rows)


def show(name: str, design: str, world: Planted, rows: pl.DataFrame) -> None:
    """One world under one design: what was found, in how many seconds."""
    start = time.perf_counter()
    links = weigh_links(rows.lazy(), world.accounts, DESIGNS[design]).collect()
    middle = time.perf_counter()
    members = form_networks(links.lazy(), rows.lazy(), world.accounts, NetworkSettings()).collect()
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = members["network_id"].n_unique()
    spent = f"{links.height} links {middle - start:.1f} s, {count} networks {end - middle:.1f} s, peak {peak:.0f} MiB"
    print(f"== {name} · {design}: {rows.height} sightings, {spent}")
    told = judge(members, {**world.groups, **world.lookalikes})
    for label, numbers in told.items():
        print(f"  {label:14s} " + "  ".join(f"{key} {value:.3g}" for key, value in numbers.items()))
    planted = set().union(*world.groups.values(), *world.lookalikes.values()) if world.groups else set()
    strangers = members.filter(~pl.col("account_id").is_in(list(planted)))
    sizes = members.group_by("network_id").len()["len"].sort(descending=True).head(12).to_list()
    print(
        f"  strangers in networks: {strangers.height}, in {strangers['network_id'].n_unique()} networks; sizes {sizes}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
