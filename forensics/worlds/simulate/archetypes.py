"""Kinds of hydras, each a range from which a seed draws: scheduler, dilution, infrastructure, client, payment,
templates, bans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.worlds.simulate.hydras import Hydra

if TYPE_CHECKING:
    from collections.abc import Callable


class Dice:
    """Draws of parameters; the reporting split draws from wider ranges."""

    def __init__(self, rng: np.random.Generator, *, wide: bool) -> None:
        self.rng, self.wide = rng, wide

    def scale(self, low: float, high: float) -> float:
        """Log-uniform."""
        if self.wide:
            low, high = low / 1.5, high * 1.5
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def count(self, low: float, high: float) -> int:
        """Log-uniform whole number."""
        return max(round(self.scale(low, high)), 1)

    def share(self, low: float, high: float) -> float:
        """Uniform in [0, 1]."""
        if self.wide:
            low, high = low - (high - low) * 0.15, high + (high - low) * 0.15
        return float(np.clip(self.rng.uniform(low, high), 0, 1))

    def one(self, *options: str) -> str:
        """One of them."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return bool(self.rng.random() < p)

    def tasks(self) -> tuple[str, ...]:
        """What is harvested."""
        mixes = (
            ("reasoning",),
            ("reasoning", "code"),
            ("grading", "reasoning"),
            ("rewrite", "reasoning", "grading"),
            ("tools", "code"),
            ("tools", "reasoning"),
        )
        return mixes[int(self.rng.integers(len(mixes)))]


def relay(d: Dice, name: str, size: float) -> Hydra:
    """P1: a large relay with least-recently-used rotation, ban waves and a pivot to the new model."""
    return Hydra(
        name,
        ("P1",),
        d.count(260 * size, 700 * size),
        d.scale(9, 26),
        begin=0.1 if d.chance(0.5) else 0.0,
        scheduler="lru",
        skips=d.share(0.1, 0.6),
        session=d.scale(1.5, 6),
        gap_s=d.scale(8, 60),
        customers=d.share(0.0, 0.3),
        infra=d.one("residential", "subnets"),
        client=d.one("frozen", "frozen", "varied"),
        payment=d.one("shared", "shared", "virtual"),
        card_holders=d.count(2, 7),
        email=d.one("disposable", "common"),
        templates=d.count(8, 50),
        paraphrase=d.share(0.05, 0.2) if d.chance(0.33) else 0.0,
        tasks=d.tasks(),
        affix=d.chance(0.3),
        waves=d.count(2, 4),
        wave_share=d.share(0.15, 0.4),
        lag_h=d.scale(2, 12),
        beta=d.share(0.8, 1.0),
        pivot=d.share(0.4, 0.6),
        flat=d.share(0.75, 1.0),
        comb=d.chance(0.3),
        probe=d.chance(0.4),
        failover=d.share(0.01, 0.05),
    )


def isolated(d: Dice, name: str, size: float) -> Hydra:
    """P5 (+ P2, P6): one residential proxy, card, client an account; random split; templates possibly paraphrased."""
    paraphrase = d.one("none", "some", "strong")
    rate = {"none": 0.0, "some": d.share(0.08, 0.2), "strong": d.share(0.2, 0.35)}[paraphrase]
    variants = ("P2", "P5") if paraphrase == "none" else ("P2", "P5", "P6")
    return Hydra(
        name,
        variants,
        d.count(120 * size, 320 * size),
        d.scale(8, 30),
        begin=d.share(0, 0.2),
        scheduler="random",
        session=d.scale(1, 3),
        gap_s=d.scale(8, 60),
        infra="residential",
        client="varied",
        payment="virtual",
        email=d.one("disposable", "common"),
        templates=d.count(3, 20),
        paraphrase=rate,
        paraphrases=d.count(20, 400),
        tasks=d.tasks(),
        waves=d.count(1, 3),
        wave_share=d.share(0.15, 0.35),
        lag_h=d.scale(3, 18),
        beta=d.share(0.7, 1.0),
        pivot=d.share(0.3, 0.6),
        flat=d.share(0.6, 1.0),
        probe=d.chance(0.3),
    )


def baton(d: Dice, name: str, size: float) -> Hydra:
    """P3, regime R5: few accounts at high volume, one after the other until a limit."""
    return Hydra(
        name,
        ("P3",),
        d.count(max(24 * size, 8), max(70 * size, 16)),
        d.scale(70, 200),
        begin=d.share(0.05, 0.3),
        length=d.share(0.4, 0.75),
        scheduler="baton",
        session=1.0,
        gap_s=d.scale(6, 30),
        infra=d.one("cloud", "residential", "subnets"),
        client=d.one("frozen", "varied"),
        payment=d.one("shared", "virtual"),
        email=d.one("disposable", "common"),
        templates=d.count(1, 6),
        tasks=d.tasks(),
        affix=d.chance(0.4),
        waves=d.count(1, 3),
        wave_share=d.share(0.2, 0.5),
        lag_h=d.scale(1, 8),
        pivot=d.share(0.4, 0.7),
        flat=d.share(0.85, 1.0),
    )


def spike(d: Dice, name: str, size: float) -> Hydra:
    """P8, regime R7: about four requests an account within two days."""
    return Hydra(
        name,
        ("P8",),
        d.count(500 * size, 1500 * size),
        2.0,
        begin=d.share(0.3, 0.8),
        length=0.12,
        scheduler="once",
        session=4.0,
        gap_s=d.scale(20, 200),
        infra="residential",
        client="varied",
        payment="virtual",
        email=d.one("disposable", "common"),
        templates=d.count(4, 25),
        tasks=("reasoning",),
        waves=0,
        pivot=0.0,
        flat=1.0,
        replay=d.share(0.1, 0.3) if d.chance(0.5) else 0.0,
    )


def ring(d: Dice, name: str, size: float) -> Hydra:
    """Regime R8: a small relay of 6 to 12 accounts at high volume, with customers."""
    return Hydra(
        name,
        ("P1",),
        d.count(6, 12),
        d.scale(60, 200) * min(size, 1.0) ** 0.3,
        begin=0.0,
        scheduler=d.one("lru", "random", "weighted"),
        session=d.scale(2, 6),
        customers=d.share(0.0, 0.4),
        infra=d.one("subnets", "cloud"),
        client="frozen",
        payment=d.one("shared", "virtual"),
        card_holders=3,
        email="common",
        templates=d.count(2, 8),
        tasks=d.tasks(),
        waves=1,
        wave_share=0.25,
        lag_h=d.scale(2, 20),
        pivot=d.share(0.3, 0.6),
        flat=d.share(0.7, 1.0),
    )


def diluted(d: Dice, name: str, size: float) -> Hydra:
    """P4: extraction is 30 % or 10 % of what the relay forwards."""
    return Hydra(
        name,
        ("P1", "P4"),
        d.count(100 * size, 300 * size),
        d.scale(18, 45),
        scheduler="lru",
        skips=d.share(0.2, 0.6),
        session=d.scale(1.5, 4),
        customers=0.7 if d.chance(0.6) else 0.9,
        infra=d.one("residential", "subnets"),
        client=d.one("frozen", "varied"),
        payment=d.one("shared", "virtual"),
        email=d.one("disposable", "common"),
        templates=d.count(4, 20),
        tasks=d.tasks(),
        waves=d.count(1, 3),
        wave_share=d.share(0.15, 0.35),
        lag_h=d.scale(2, 12),
        pivot=d.share(0.4, 0.6),
        flat=d.share(0.8, 1.0),
    )


def standby(d: Dice, name: str, size: float) -> Hydra:
    """P7: successors lay dormant before."""
    return Hydra(
        name,
        ("P1", "P7"),
        d.count(80 * size, 260 * size),
        d.scale(10, 30),
        scheduler=d.one("lru", "weighted"),
        skips=d.share(0.1, 0.6),
        infra="residential",
        client=d.one("frozen", "varied"),
        payment=d.one("shared", "virtual"),
        email=d.one("disposable", "common"),
        templates=d.count(4, 30),
        tasks=d.tasks(),
        waves=d.count(3, 5),
        wave_share=d.share(0.2, 0.45),
        lag_h=d.scale(1, 6),
        standby=d.share(0.5, 0.9),
        pivot=d.share(0.4, 0.6),
        flat=d.share(0.8, 1.0),
    )


def shared_pool(d: Dice, name: str, size: float) -> Hydra:
    """P9: one pool carries several customers' campaigns."""
    return Hydra(
        name,
        ("P2", "P9"),
        d.count(150 * size, 400 * size),
        d.scale(10, 26),
        scheduler=d.one("random", "lru"),
        infra=d.one("subnets", "residential"),
        client="frozen",
        payment=d.one("shared", "virtual"),
        card_holders=d.count(3, 6),
        email="disposable",
        templates=d.count(5, 20),
        tenants=d.count(2, 3),
        tasks=d.tasks(),
        waves=d.count(2, 3),
        wave_share=d.share(0.2, 0.35),
        lag_h=d.scale(2, 10),
        pivot=d.share(0.4, 0.6),
        flat=d.share(0.8, 1.0),
        customers=d.share(0, 0.3),
    )


def jittered(d: Dice, name: str, size: float) -> Hydra:
    """P10: jobs at ticks with log-normal jitter, in least-recently-used order."""
    return Hydra(
        name,
        ("P1", "P10"),
        d.count(60 * size, 200 * size),
        d.scale(15, 40),
        arrivals="ticks",
        scheduler="lru",
        skips=d.share(0.0, 0.5),
        session=d.scale(1, 2),
        infra="residential",
        client="varied",
        payment=d.one("shared", "virtual"),
        email="common",
        templates=d.count(3, 15),
        paraphrase=d.share(0.0, 0.15),
        tasks=d.tasks(),
        waves=d.count(1, 3),
        wave_share=d.share(0.15, 0.3),
        lag_h=d.scale(3, 12),
        pivot=d.share(0.4, 0.6),
        flat=1.0,
    )


def workers(d: Dice, name: str, size: float) -> Hydra:
    """P2 with a fixed number of workers in a closed loop, signature replay (P12)."""
    return Hydra(
        name,
        ("P2", "P12"),
        d.count(60 * size, 220 * size),
        d.scale(14, 40),
        arrivals="workers",
        scheduler=d.one("random", "weighted"),
        session=d.scale(1.5, 4),
        infra=d.one("cloud", "residential"),
        client=d.one("frozen", "varied"),
        payment="virtual",
        email=d.one("disposable", "common"),
        templates=d.count(4, 20),
        tasks=("reasoning",),
        waves=d.count(1, 3),
        wave_share=d.share(0.15, 0.3),
        lag_h=d.scale(3, 12),
        replay=d.share(0.04, 0.15),
        pivot=d.share(0.4, 0.6),
        flat=1.0,
    )


ARCHETYPES: dict[str, Callable[[Dice, str, float], Hydra]] = {
    "relay": relay,
    "isolated": isolated,
    "baton": baton,
    "spike": spike,
    "ring": ring,
    "diluted": diluted,
    "standby": standby,
    "shared_pool": shared_pool,
    "jittered": jittered,
    "workers": workers,
}
