"""Who pays for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from small_worlds import DAY, World, poisson_times, test

from forensics.judging.pooling.card_rotation import PLUGIN as CARD_ROTATION

if TYPE_CHECKING:
    from collections.abc import Callable


def test_several_cards_in_turn_are_one_hands_and_one_card_is_a_payers() -> None:
    """Cards of four over most members hold; one card for all, one each, and pairs among many do not."""
    world, rng = World(), np.random.default_rng(11)
    cards: dict[str, Callable[[int], str]] = {
        "ring": lambda n: f"ring_{n // 4}",
        "platform": lambda _: "platform",
        "strangers": lambda n: f"own_{n}",
        "couples": lambda n: f"couple_{n // 2 if n < 6 else n}",
    }
    for network, card in cards.items():
        for number in range(24):
            account = f"{network}_{number}"
            world.add(network, account, poisson_times(rng, 0, 10 * DAY, 0.5))
            world.show(account, "payment", card(number))
    for number in range(200):
        world.add(None, f"other_{number}", poisson_times(rng, 0, 10 * DAY, 0.5))
        world.show(f"other_{number}", "payment", f"else_{number // 2 if number < 20 else number}")
    rows = test(CARD_ROTATION, world.panel())
    assert dict(rows.select("network_id", "holds").iter_rows()) == {
        "couples": False,
        "platform": False,
        "ring": True,
        "strangers": False,
    }


def test_without_payments_cards_cannot_be_judged() -> None:
    """Not assessable, with the reason."""
    world, rng = World(), np.random.default_rng(12)
    for number in range(60):
        world.add("net" if number < 10 else None, f"a_{number}", poisson_times(rng, 0, 5 * DAY, 0.5))
    rows = test(CARD_ROTATION, world.panel())
    assert not rows["assessable"].any()
