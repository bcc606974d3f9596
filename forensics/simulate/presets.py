"""Worlds by name; each a range of worlds from which the seed draws. Tuning and reporting draw from different seeds and ranges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from forensics.simulate.base import generator
from forensics.simulate.hydras import Hydra

if TYPE_CHECKING:
    from collections.abc import Callable

SPLITS = ("tune", "report")


@dataclass(frozen=True)
class Spec:
    """One world, fully described."""

    name: str = "small"
    start: str = "2026-04-01"
    days: int = 28
    background: int = 3000
    negatives: dict[str, float] = field(default_factory=dict)  # kind → factor on the usual number of such actors; missing = 1
    negative_size: float = 1.0  # factor on accounts per actor
    hydras: tuple[Hydra, ...] = ()
    release: float | None = 0.55  # share of the window at which a new model appears
    outages: int = 1
    platforms: tuple[tuple[str, str, float], ...] = (("direct", "flat", 1.0),)  # name, format, share of accounts
    names: str = "canonical"
    level: str = "text"  # text, hashes, metadata
    register: str = "full"  # full, partial, none
    geo: bool = True
    conversations: bool = True
    compress: tuple[str, ...] = ("",)  # ending of each platform's files: "", gz or zst; the last counts for the rest
    broken: float = 0.0
    doubled: float = 0.0
    brevity: float = 1.0  # factor on the length of texts
    volume: float = 1.0  # factor on requests of everybody but the hydras
    omit: tuple[str, ...] = ()  # columns that the logs of this world lack


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
    """P5 (+ P2, P6): one residential proxy, card and client an account; random split; templates possibly paraphrased."""
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
THREE = (("direct", "flat", 0.68), ("bedrock", "bedrock", 0.2), ("gateway", "litellm", 0.12))


def _cast(d: Dice, kinds: list[str], size: float) -> tuple[Hydra, ...]:
    return tuple(ARCHETYPES[kind](d, f"hydra-{number + 1}", size) for number, kind in enumerate(kinds))


def _draw(d: Dice, n: int, always: tuple[str, ...] = ()) -> list[str]:
    others = [kind for kind in ARCHETYPES if kind not in always]
    return [*always, *[others[i] for i in d.rng.choice(len(others), n - len(always), replace=False)]]


def _small(d: Dice) -> Spec:
    return Spec(
        "small",
        days=10,
        background=420,
        negatives=dict.fromkeys(("N1", "N2", "N3", "N5", "N6", "N7", "N8", "N9", "N10", "N12", "N14", "N16", "N17", "N19"), 0.5),
        negative_size=0.12,
        hydras=_cast(d, _draw(d, 2), 0.2),
    )


def _medium(d: Dice) -> Spec:
    return Spec("medium", days=16, background=1200, negative_size=0.2, hydras=_cast(d, _draw(d, 3), 0.3))


def _standard(d: Dice) -> Spec:
    return Spec(
        "standard", days=28, background=int(d.scale(4000, 5000)), negative_size=0.7, hydras=_cast(d, _draw(d, 5, ("relay", d.one("ring", "baton"))), 1.1)
    )


def _clean(d: Dice) -> Spec:
    return Spec("clean", days=16, background=1500, negative_size=0.3)


def _thin(d: Dice) -> Spec:
    return Spec("thin", days=14, background=1500, negative_size=0.2, hydras=(spike(d, "hydra-1", 1.0), spike(d, "hydra-2", 0.3)))


def _diluted(d: Dice) -> Spec:
    return Spec("diluted", days=16, background=1200, negative_size=0.2, hydras=(diluted(d, "hydra-1", 0.6), diluted(d, "hydra-2", 0.3)))


def _demo(d: Dice) -> Spec:
    hydra = Hydra(
        "hydra-1",
        ("P1", "P11"),
        85,
        6.8,
        begin=0.08,
        scheduler="lru",
        skips=0.25,
        session=2.5,
        gap_s=22,
        customers=0.1,
        infra="residential",
        client="frozen",
        payment="shared",
        card_holders=4,
        email="disposable",
        templates=14,
        paraphrase=0.08,
        paraphrases=8,
        tasks=("reasoning", "code", "grading"),
        affix=True,
        waves=3,
        wave_share=0.33,
        lag_h=5.0,
        beta=0.96,
        standby=0.15,
        pivot=0.5,
        flat=0.95,
        comb=False,
        probe=True,
        platforms=(0.7, 0.2, 0.1),
    )
    small = Hydra(
        "ring-1",
        ("P1",),
        9,
        28.0,
        begin=0.3,
        length=0.7,
        scheduler="lru",
        skips=0.3,
        session=3.0,
        customers=0.15,
        infra="subnets",
        client="frozen",
        payment="shared",
        card_holders=3,
        email="common",
        templates=4,
        tasks=("grading", "rewrite"),
        waves=1,
        wave_share=0.2,
        lag_h=4,
        pivot=0.4,
        flat=0.9,
    )
    wanted = dict.fromkeys(("N1", "N3", "N4", "N6", "N9", "N10", "N11", "N13", "N14", "N16", "N18", "N19", "N20", "N21"), 0.0) | {
        "N2": 0.34,
        "N5": 0.5,
        "N7": 0.34,
        "N8": 0.2,
        "N17": 0.1,
        "N12": 0.34,
    }
    return Spec(
        "demo",
        days=28,
        background=320,
        negatives=wanted,
        negative_size=0.32,
        brevity=0.3,
        hydras=(hydra, small),
        platforms=(("direct", "flat", 0.72), ("bedrock", "bedrock", 0.18), ("gateway", "litellm", 0.1)),
        compress=("zst", "zst", "gz"),
        omit=("header_order_hash", "reasoning_hash_out", "reasoning_hash_in"),
        volume=0.19,
        broken=0.0006,
        doubled=0.0015,
        names="canonical",
        conversations=False,
    )


PRESETS: dict[str, tuple[str, Callable[[Dice], Spec]]] = {
    "demo": ("the world of sample_logs: three platforms, one hydra, one small ring, look-alikes", _demo),
    "small": ("about 80 thousand events, two hydras", _small),
    "medium": ("about 300 thousand events, three hydras", _medium),
    "standard": ("about 2 million events, five hydras of very different size and kind, all look-alikes", _standard),
    "clean": ("look-alikes and background only: every alert is false", _clean),
    "thin": ("hydras of four requests an account (regime R7)", _thin),
    "diluted": ("extraction hidden in customers' traffic (P4)", _diluted),
}
for _kind in ARCHETYPES:

    def _ablation(d: Dice, kind: str = _kind) -> Spec:
        return Spec(f"ablation-{kind}", days=16, background=1200, negative_size=0.2, hydras=(ARCHETYPES[kind](d, "hydra-1", 0.6),))

    PRESETS[f"ablation-{_kind}"] = (f"one hydra of the kind {_kind} among look-alikes", _ablation)


def draw_spec(preset: str, seed: int, split: str) -> Spec:
    """The world that this preset, seed and split stand for."""
    return PRESETS[preset][1](Dice(generator(seed, "spec", preset, split), wide=split == "report"))
