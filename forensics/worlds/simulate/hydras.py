"""What a hydra is described by, and whether logs of a level could show it at all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hydra:
    """What an operator does; drawn by a preset or written by hand."""

    name: str
    variants: tuple[str, ...] = ("P1",)
    accounts: int = 200  # usable at a time
    rate: float = 20.0  # requests an account and day
    begin: float = 0.0  # share of the window at which it begins; 0 = it was there before
    length: float = 1.0  # share of the window it runs
    scheduler: str = "lru"  # lru, random, weighted, baton, once
    arrivals: str = "poisson"  # poisson, ticks, workers
    skips: float = 0.3
    session: float = 3.0  # requests a session
    gap_s: float = 20.0
    customers: float = 0.0  # share of traffic that is unrelated customers'
    infra: str = "residential"  # subnets, residential, cloud
    client: str = "frozen"  # frozen, varied
    payment: str = "shared"  # shared, virtual
    card_holders: int = 4
    email: str = "disposable"  # disposable, common
    templates: int = 12
    paraphrase: float = 0.0
    paraphrases: int = 60  # variants of one template
    tasks: tuple[str, ...] = ("reasoning",)
    affix: bool = False  # one fixed wrapper before every prompt
    waves: int = 3
    wave_share: float = 0.25
    lag_h: float = 5.0
    beta: float = 1.0
    standby: float = 0.0  # share of successors that lay dormant before
    pivot: float = 0.5  # share moved to the new model; 0 = none
    flat: float = 0.9  # share of jobs spread round the clock
    comb: bool = False
    probe: bool = False
    replay: float = 0.0  # share of requests that replay a blob of another account
    platforms: tuple[float, ...] = (1.0,)  # share of accounts on each platform of the world
    tenants: int = 1
    failover: float = 0.02


def is_detectable(h: Hydra, level: str, days: int) -> bool:
    """Whether anything in logs of this level could show the pool, by threat.md part 6.

    Infrastructure, client or money that accounts share links them at every level; templates and provenance need text or
    hashes; order of use needs turn-taking with enough sessions an account and not too much other traffic.
    """
    shared = h.infra == "subnets" or h.client == "frozen" or h.payment == "shared" or h.comb
    requests = h.accounts * (4 if h.scheduler == "once" else h.rate * days * h.length * (1 - h.customers))
    wordings = h.templates * h.tenants * (h.paraphrases if h.paraphrase > 0 else 1)
    content = level == "text" or (level == "hashes" and requests / wordings >= 4)
    sessions = h.rate / h.session * days * h.length
    order = h.scheduler in ("lru", "baton") and sessions >= 15 and h.customers <= 0.75
    return shared or content or (h.replay > 0 and level != "metadata") or order
