"""Worlds by name; each a range of worlds from which the seed draws. Tuning and reporting draw from different seeds and
ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forensics.worlds.simulate.archetypes import ARCHETYPES, Dice, diluted, spike
from forensics.worlds.simulate.base import generator
from forensics.worlds.simulate.hydras import Hydra

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
    negatives: dict[str, float] = field(
        default_factory=dict
    )  # kind → factor on the usual number of such actors; missing = 1
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
        negatives=dict.fromkeys(
            ("N1", "N2", "N3", "N5", "N6", "N7", "N8", "N9", "N10", "N12", "N14", "N16", "N17", "N19"), 0.5
        ),
        negative_size=0.12,
        hydras=_cast(d, _draw(d, 2), 0.2),
    )


def _medium(d: Dice) -> Spec:
    return Spec("medium", days=16, background=1200, negative_size=0.2, hydras=_cast(d, _draw(d, 3), 0.3))


def _standard(d: Dice) -> Spec:
    return Spec(
        "standard",
        days=28,
        background=int(d.scale(4000, 5000)),
        negative_size=0.7,
        hydras=_cast(d, _draw(d, 5, ("relay", d.one("ring", "baton"))), 1.1),
    )


def _clean(d: Dice) -> Spec:
    return Spec("clean", days=16, background=1500, negative_size=0.3)


def _thin(d: Dice) -> Spec:
    return Spec(
        "thin", days=14, background=1500, negative_size=0.2, hydras=(spike(d, "hydra-1", 1.0), spike(d, "hydra-2", 0.3))
    )


def _diluted(d: Dice) -> Spec:
    return Spec(
        "diluted",
        days=16,
        background=1200,
        negative_size=0.2,
        hydras=(diluted(d, "hydra-1", 0.6), diluted(d, "hydra-2", 0.3)),
    )


_DEMO_HYDRA = Hydra(
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
_DEMO_RING = Hydra(
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


def _demo(d: Dice) -> Spec:
    wanted = dict.fromkeys(
        ("N1", "N3", "N4", "N6", "N9", "N10", "N11", "N13", "N14", "N16", "N18", "N19", "N20", "N21"), 0.0
    ) | {
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
        hydras=(_DEMO_HYDRA, _DEMO_RING),
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
        return Spec(
            f"ablation-{kind}",
            days=16,
            background=1200,
            negative_size=0.2,
            hydras=(ARCHETYPES[kind](d, "hydra-1", 0.6),),
        )

    PRESETS[f"ablation-{_kind}"] = (f"one hydra of the kind {_kind} among look-alikes", _ablation)


def draw_spec(preset: str, seed: int, split: str) -> Spec:
    """The world that this preset, seed and split stand for."""
    return PRESETS[preset][1](Dice(generator(seed, "spec", preset, split), wide=split == "report"))
