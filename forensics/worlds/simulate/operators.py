"""Who a hydra is: its accounts with bans and successors, its identities, its templates, and the customers it hides
among.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from forensics.worlds.simulate.base import DAY, HOUR, NEVER, SECOND, Actor, Array, pick, zipf
from forensics.worlds.simulate.hydras import Hydra, is_detectable
from forensics.worlds.simulate.people import CHAT, CODER, PARAMS, SERVER, Stage, company_site, draw_people, override
from forensics.worlds.simulate.places import COUNTRIES, MOBILE, RESIDENTIAL
from forensics.worlds.simulate.pools import Pool


class Operator:
    """One hydra set up in a world."""

    def __init__(self, stage: Stage, hydra: Hydra, level: str) -> None:
        self.stage, self.h, self.rng = stage, hydra, stage.rng(hydra.name)
        rng, h = self.rng, hydra
        self.home = int(
            pick(rng, [w if code in ("SG", "HK", "VN", "UA", "US", "DE") else w / 4 for code, _, w in COUNTRIES], 1)[0]
        )
        self.tz = float(rng.choice([8, 8, 7, 5.5, 3, 1, -5]))
        self.from_at = stage.start + int(h.begin * stage.days * DAY)
        self.to_at = min(self.from_at + int(h.length * stage.days * DAY), stage.end)
        start, end, dormant = self._succession()
        n = len(start)
        self.actor = Actor(
            h.name,
            "+".join(h.variants),
            campaign=h.name,
            detectable=is_detectable(h, level, stage.days),
            facts={**asdict(h), "accounts_ever": n, "operator_utc_offset_h": self.tz},
        )
        rows = stage.cast.hire(self.actor, self._identities(start, end, dormant))
        weights = rng.lognormal(0, 0.5 if h.scheduler == "weighted" else 0.0, n)
        self.pool = Pool(rows, start, end, weights)
        self.dormant = rows[dormant]
        self.actor.facts["ban_waves_at"] = [int(w) for w in self.waves]
        self._content()
        self._crowd()

    # who

    def _succession(self) -> tuple[Array, Array, Array]:
        """Times each account is usable, and which lay dormant before: ban waves and their successors."""
        h, rng = self.h, self.rng
        if h.scheduler == "once":
            born = self.from_at + (rng.random(h.accounts) * 0.3 * DAY).astype(np.int64)
            self.waves = np.array([], dtype=np.int64)
            return born, np.full(h.accounts, NEVER), np.zeros(h.accounts, dtype=bool)
        ramp = rng.uniform(0.2, 3.0) * DAY
        start = [np.sort(self.from_at + (rng.random(h.accounts) ** 1.5 * ramp).astype(np.int64) * (h.begin > 0))]
        end = [np.full(h.accounts, NEVER)]
        sleepy = [np.zeros(h.accounts, dtype=bool)]
        span = self.to_at - self.from_at
        near = [s for s in self.stage.sweeps if self.from_at + span * 0.12 < s < self.to_at - span * 0.1]
        extra = [
            self.from_at + int(u * span)
            for u in 0.15 + 0.75 * (np.arange(h.waves) + rng.random(h.waves)) / max(h.waves, 1)
        ]
        extra = [
            t - t % DAY + int(np.clip(rng.normal(17, 3), 8, 23) * HOUR) for t in extra
        ]  # bans happen in the provider's office hours
        self.waves = self._among_sweeps(extra, near)
        trickle = 0.0015  # single bans a day
        for wave in self.waves:
            s, e = np.concatenate(start), np.concatenate(end)
            alive = np.flatnonzero((s < wave) & (e > wave))
            hit = alive[rng.random(len(alive)) < h.wave_share]
            at = wave + (rng.random(len(hit)) * 45 * 60 * SECOND).astype(np.int64)
            e[hit] = at
            end = [e]
            start = [s]
            fresh = at[rng.random(len(hit)) < h.beta]
            lag = rng.lognormal(np.log(h.lag_h), 0.6, len(fresh)) * HOUR
            start.append(fresh + lag.astype(np.int64))
            end.append(np.full(len(fresh), NEVER))
            sleepy.append(rng.random(len(fresh)) < h.standby)
        s, e = np.concatenate(start), np.concatenate(end)
        lucky = rng.exponential(1 / trickle, len(s)) * DAY
        e = (
            np.minimum(e, np.where(lucky < 2 * span, np.maximum(s, self.from_at) + lucky.astype(np.int64), NEVER))
            if h.waves
            else e
        )
        return s, e, np.concatenate(sleepy)

    def _among_sweeps(self, wanted: list[int], sweeps: list[int]) -> Array:
        """Ban waves; some fall on days on which the provider bans others too."""
        nearest = [
            min(sweeps, key=lambda sweep: abs(sweep - at)) if sweeps and self.rng.random() < 0.4 else at
            for at in wanted
        ]
        apart = [at for k, at in enumerate(sorted(nearest)) if k == 0 or at - sorted(nearest)[k - 1] > DAY]
        return np.array(apart, dtype=np.int64)

    def _identities(self, start: Array, end: Array, dormant: Array) -> dict[str, Array]:
        stage, h, rng, n = self.stage, self.h, self.rng, len(start)
        spread_out = rng.random() < 0.5
        country = pick(rng, [w for _, _, w in COUNTRIES], n) if spread_out else rng.choice([19, 22, 20, 21], n)
        p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER, SERVER], n), country=country)
        p["staged"] = np.ones(n, dtype=bool)
        self._settle(p, country)
        created = self._sign_up(start, dormant)
        cards, domain = self._pay(p, created)
        plan = (
            rng.choice([0, 1, 2, 6, 7, 8], n, p=[0.1, 0.4, 0.25, 0.1, 0.05, 0.1])
            if rng.random() < 0.7
            else np.full(n, int(rng.choice([1, 2, 6])))
        )
        override(
            p,
            created=created,
            active_from=0,
            quiet_from=NEVER,
            closed=NEVER,
            banned=np.where(end < stage.end, end, NEVER),
            card=cards,
            domain=domain,
            plan=plan,
            org=0,
            parent=0,
            reseller=0,
            referrer=np.where(rng.random(n) < 0.03, 1 + pick(rng, zipf(30, 0.8), n), 0),
            error_scale=rng.lognormal(0.2, 0.4, n),
            rate=0.4,
            style=CHAT,
            end_users=0,
            active=0.35,
        )
        p["platform"] = pick(rng, list(h.platforms), n).astype(np.int8)
        p["role"] = np.where(dormant, 1, 2 if h.customers > 0.5 else 0).astype(np.int8)
        return p

    def _settle(self, p: dict[str, Array], country: Array) -> None:
        """Exits and clients of the accounts."""
        stage, h, rng, n = self.stage, self.h, self.rng, len(country)
        if h.infra == "subnets":
            nets = np.array(
                [
                    company_site(stage, rng, self.home, cloud=bool(rng.random() < 0.8))
                    for _ in range(max(n // int(rng.integers(20, 60)), 2))
                ],
                dtype=np.uint32,
            )
            sites = [nets[rng.integers(0, len(nets), n)] for _ in range(3)]
        elif h.infra == "cloud":
            sites = [stage.places.servers(rng, n, 0.8) for _ in range(3)]
        else:
            one = stage.places.homes(rng, country, RESIDENTIAL)
            sites = [one, np.where(rng.random(n) < 0.6, one, stage.places.homes(rng, country, MOBILE)), one]
        override(
            p, site0=sites[0], site1=sites[1], site2=sites[2], lease=rng.choice([1, 5, 10_000]), signup_site=sites[0]
        )
        if h.client == "frozen":
            front = self._front()
            override(p, client0=front, client1=front, upgrade_at=NEVER)
            if rng.random() < 0.4:  # a second instance of the relay for some accounts
                p["client0"] = np.where(rng.random(n) < 0.35, self._front(), p["client0"]).astype(np.int32)
                p["client1"] = p["client0"].copy()

    def _sign_up(self, start: Array, dormant: Array) -> Array:
        """When each account was opened: shortly before its first job, or bought aged."""
        stage, h, rng, n = self.stage, self.h, self.rng, len(start)
        lead = np.where(
            dormant, rng.uniform(15, 90, n), rng.exponential(1.0, n) + 0.02
        )  # days between sign-up and first job
        aged = rng.random(n) < rng.uniform(
            0.0, 0.6 if h.scheduler == "once" else 0.35
        )  # bought on a market for old accounts
        lead = np.where(aged, np.maximum(lead, rng.gamma(1.5, 25, n)), lead)
        created = np.maximum(start, stage.start - int(rng.uniform(0, 30)) * DAY) - (lead * DAY).astype(np.int64)
        first = np.where(start <= self.from_at, self.from_at, start)
        aged_before = stage.start - (rng.gamma(2, 12, n) * DAY).astype(np.int64)
        return np.where((self.h.begin == 0) & (start <= stage.start), aged_before, np.minimum(created, first))

    def _pay(self, p: dict[str, Array], created: Array) -> tuple[Array, Array]:
        """Card and mail domain of each account."""
        stage, h, rng, n = self.stage, self.h, self.rng, len(created)
        cards = (
            stage.fresh(n)
            if h.payment == "virtual"
            else stage.fresh(max(n // h.card_holders, 1))[rng.integers(0, max(n // h.card_holders, 1), n)]
        )
        if h.payment == "shared":  # cards are used up in order of sign-up
            order = np.argsort(np.argsort(created, kind="stable"), kind="stable")
            cards = np.sort(np.unique(cards))[np.minimum(order // h.card_holders, len(np.unique(cards)) - 1)]
        domain = (
            -100
            - rng.integers(0, 4)
            - 10 * pick(rng, zipf(int(rng.integers(2, 7)), 0.6), n)
            - int(rng.integers(0, 900)) * 100
            if h.email == "disposable"
            else p["domain"]
        )
        known = -1 - pick(rng, zipf(60, 0.7), n)
        domain = np.where((rng.random(n) < 0.35) & (h.email == "disposable"), known, domain)
        if h.email != "disposable":
            domain = pick(rng, zipf(12, 1.1), n)
        return cards, domain

    def _front(self) -> int:
        """What the model service sees of the relay: mostly public software, sometimes an ordinary client, sometimes
        something of its own.
        """
        rng, places = self.rng, self.stage.places
        luck = rng.random()
        if luck < 0.5:
            return int(places.relay_clients[pick(rng, zipf(len(places.relay_clients), 0.7), 1)[0]])
        usual = int(places.clients(rng, np.array([rng.choice([1, 2])]))[0])
        return usual if luck < 0.75 else places.add_client(places.user_agents[usual], f"built-{self.h.name}")

    # what

    def _content(self) -> None:
        stage, h, rng = self.stage, self.h, self.rng
        words = stage.words
        self.books: list[Array] = []
        self.topics: list[Array] = []
        for _ in range(h.tenants):
            topics = rng.choice(words.topic_count, int(rng.integers(2, 5)), replace=False)
            if set(h.tasks) & {"code", "tools"}:
                topics[: max(len(topics) // 2, 1)] = rng.choice(6, max(len(topics) // 2, 1), replace=False)
            affix = (
                "Write your thinking between <trace> and </trace> first, complete and unabridged, then answer. "
                if h.affix
                else ""
            )
            affix = affix + words._say(rng, int(topics[0]), 1) if h.affix else ""  # noqa: SLF001 - one vocabulary
            self.books.append(
                np.array(
                    [
                        words.add_template(
                            rng,
                            h.tasks[k % len(h.tasks)],
                            paraphrase=h.paraphrase,
                            topic=int(topics[k % len(topics)]),
                            affix=affix,
                        )
                        for k in range(h.templates)
                    ]
                )
            )
            self.topics.append(topics)
        self.hello = words.add_fixed("hi") if "hello" not in stage.tuning else int(stage.tuning["hello"])
        stage.tuning["hello"] = self.hello
        self.hello_system = int(rng.integers(1, 2**31))
        self.probes = (
            [
                words.add_template(rng, ("reasoning", "reasoning", "grading", "rewrite", "tools")[rng.integers(5)])
                for _ in range(int(rng.integers(20, 60)))
            ]
            if h.probe
            else []
        )
        self.settings = rng.choice(len(PARAMS), int(rng.integers(1, 4)), replace=False)
        self.system = int(rng.choice([0, int(rng.integers(1, 2**31)), int(rng.integers(1, 8)) << 32]))
        self.top = int(rng.choice([0, 5, 7], p=[0.7, 0.15, 0.15]))
        people = draw_people(stage, rng, h.tenants, style=SERVER)
        override(people, device=0, end_users=0, multi=1.0, error_scale=1.0)
        self.bosses = stage.cast.hire(Actor(f"{h.name}-jobs", "background"), people, billed=False)
        tail = rng.lognormal(0, 1.0)
        self.pivot_at = (
            stage.release + int(np.clip(4 * tail, 0.5, 22) * HOUR)
            if stage.release < NEVER and h.pivot > 0
            else int(NEVER)
        )
        self.tempo = rng.lognormal(0, 0.25, stage.days + 1)

    def _crowd(self) -> None:
        """Unrelated customers of the relay."""
        stage, h, rng = self.stage, self.h, self.rng
        self.crowd = np.array([], dtype=np.int32)
        if h.customers <= 0:
            return
        volume = h.accounts * h.rate * h.customers
        n = max(int(volume / 12), 3)
        p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.3, 0.7]))
        rate = rng.lognormal(0, 1.0, n)
        p["rate"] = rate / (rate * p["active"] * (5 + 2 * p["weekend"]) / 7).sum() * volume
        override(
            p,
            active_from=0,
            banned=NEVER,
            closed=NEVER,
            quiet_from=NEVER,
            system0=np.where(rng.random(n) < 0.6, 2 << 32, p["system0"]),
        )
        self.crowd = stage.cast.hire(Actor(f"{h.name}-customers", "background"), p, billed=False)
