"""Small synthetic sightings with planted hydras and look-alikes: for tests and side-by-side measurement of linking."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import polars as pl

from forensics.common.schema import ACCOUNTS, SIGHTINGS, TIME

START = datetime(2026, 4, 1, tzinfo=UTC)


@dataclass
class Planted:
    """Sightings, accounts, and which accounts belong together."""

    sightings: pl.LazyFrame
    accounts: pl.LazyFrame
    groups: dict[str, set[str]]
    lookalikes: dict[str, set[str]]


@dataclass
class Planter:
    """Deals observables to accounts; every draw is seeded."""

    seed: int = 0
    rows: list[tuple[str, str, str, int, float, float]] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    lookalikes: dict[str, set[str]] = field(default_factory=dict)
    made: int = 0
    behave: bool = False  # whether accounts have manners; else nothing is known of how they behave

    def __post_init__(self) -> None:
        """Seed the draws."""
        self.rng = np.random.default_rng(self.seed)

    def accounts(self, count: int) -> list[str]:
        """New accounts, their ids shuffled against the order of making."""
        names = []
        for _ in range(count):
            self.made += 1
            name = f"acct_{(self.made * 2654435761) % 2**32:08x}"
            self.requests[name] = int(1 + self.rng.lognormal(3.5, 1.2))
            names.append(name)
        return names

    def show(
        self, account: str, kind: str, value: str, share: float = 0.3, days: tuple[float, float] | None = None
    ) -> None:
        """One sighting."""
        first, last = days or tuple(sorted(self.rng.uniform(0, 40, 2)))
        count = (
            0 if kind in {"payment", "email_domain", "signup_prefix"} else max(1, int(share * self.requests[account]))
        )
        self.rows.append((account, kind, value, count, first, last))

    def crowd(self, count: int) -> list[str]:
        """Unrelated accounts: popular clients and frameworks, carrier addresses, mail providers, a few accidental
        meetings.
        """
        names = self.accounts(count)
        clients = 1 / np.arange(1, 301) ** 1.1
        systems = 1 / np.arange(1, 201) ** 1.2
        for name in names:
            client = self.rng.choice(300, p=clients / clients.sum())
            self.show(name, "client", f"ua{client}", 0.9)
            self.show(name, "params", f"params{self.rng.integers(0, 40)}", 0.5)
            if self.rng.random() < 0.4:  # a framework: system prompt, tools and client go together
                system = self.rng.choice(200, p=systems / systems.sum())
                self.show(name, "system", f"sys{system}", 0.8)
                self.show(name, "tools", f"tools{system}", 0.8)
                self.show(name, "client", f"fw{system}", 0.8)
            if self.rng.random() < 0.1:
                self.show(name, "template", f"fwtpl{self.rng.integers(0, 5)}", 0.3)
            if self.rng.random() < 0.15:  # a carrier: several exits shared by hundreds
                carrier = self.rng.integers(0, 6)
                for exit_ in self.rng.choice(12, 4, replace=False):
                    self.show(name, "address", f"cg{carrier}.{exit_}", 0.2)
                self.show(name, "prefix", f"cg{carrier}", 0.8)
            for _ in range(2):  # leased addresses pass on
                lease = self.rng.integers(0, count * 3)
                day = self.rng.uniform(0, 36)
                self.show(name, "address", f"dyn{lease}", 0.2, (day, day + 4))
                self.show(name, "prefix", f"dynp{lease // 60}", 0.2, (day, day + 4))
            self.show(
                name,
                "email_domain",
                f"mail{int(self.rng.exponential(2))}"
                if self.rng.random() < 0.7
                else f"corp{self.rng.integers(0, count)}",
            )
            self.show(name, "payment", f"card{self.rng.integers(0, 10**9)}")
            if self.rng.random() < 0.02:  # a public benchmark
                for item in self.rng.choice(60, 25, replace=False):
                    self.show(name, "prompt", f"bench{item}", 0.02)
        return names

    def hydra(
        self,
        label: str,
        count: int,
        *,
        templates: int = 20,
        per_account: int = 3,
        exits: int = 0,
        cards: float = 4.0,
        domains: int = 0,
        client: str | None = None,
        share: float = 0.5,
        exit_label: str | None = None,
        template_label: str | None = None,
        card_label: str | None = None,
    ) -> list[str]:
        """One operator's accounts."""
        names = self.accounts(count)
        for name in names:
            for number in self.rng.choice(templates, min(per_account, templates), replace=False) if templates else ():
                self.show(name, "template", f"{template_label or label}.t{number}", share / per_account)
            for number in self.rng.choice(exits, min(3, exits), replace=False) if exits else ():
                self.show(name, "address", f"{exit_label or label}.x{number}", share / 3)
                self.show(name, "prefix", f"{exit_label or label}.p{number // 8}", share / 3)
            card = (
                f"{card_label or label}.c{self.rng.integers(0, max(1, int(count / cards)))}"
                if cards
                else f"virtual{self.rng.integers(0, 10**12)}"
            )
            self.show(name, "payment", card)
            self.show(
                name,
                "email_domain",
                f"{label}.d{self.rng.integers(0, domains)}" if domains else f"mail{int(self.rng.exponential(2))}",
            )
            self.show(name, "client", client or f"ua{self.rng.integers(0, 30)}", 0.9)
        self.groups.setdefault(label, set()).update(names)
        return names

    def office(self, label: str, count: int, exits: int = 2, exit_label: str | None = None) -> list[str]:
        """One company behind one or two addresses."""
        names = self.accounts(count)
        for name in names:
            for number in range(exits):
                self.show(name, "address", f"{exit_label or label}.x{number}", 0.5)
            self.show(name, "prefix", f"{exit_label or label}.p0", 0.9)
            self.show(name, "email_domain", f"{label}.example")
            self.show(name, "payment", f"{label}.invoice")
            self.show(name, "client", f"ua{self.rng.integers(0, 30)}", 0.9)
        self.lookalikes.setdefault(label, set()).update(names)
        return names

    def _manners(self) -> dict[str, pl.Series]:
        """Pace, sizes, gaps and hours of each account: everybody's own, those of a hydra's accounts close together."""
        if not self.behave:
            return {}
        number = {name: place for place, group in enumerate(self.groups.values()) for name in group}
        of_group = np.array([number.get(name, -1) for name in self.requests])
        rng = np.random.default_rng([self.seed, 1])
        centres = rng.normal(0, 1, (len(self.groups) + 1, 7))
        table = np.where(
            of_group[:, None] >= 0,
            centres[of_group] + rng.normal(0, 0.25, (len(of_group), 7)),
            rng.normal(0, 1, (len(of_group), 7)),
        )
        names = ("daily_mean_count", "input_tokens_median", "output_tokens_median", "gap_median_s")
        columns = {name: pl.Series(np.exp(table[:, place] + 1.5 * (place + 1))) for place, name in enumerate(names)}
        columns["active_days"] = pl.Series(np.clip(np.exp(table[:, 4] / 2 + 2), 1, 40).astype(np.uint32))
        return columns | {
            "hour_entropy": pl.Series(3 + table[:, 5] / 2),
            "top_model_share": pl.Series(1 / (1 + np.exp(-table[:, 6]))),
        }

    def finish(self) -> Planted:
        """The tables."""
        account, kind, value, count, first, last = zip(*self.rows, strict=True)
        sightings = pl.DataFrame(
            {
                "account_id": account,
                "kind": kind,
                "value": value,
                "event_count": pl.Series(count, dtype=pl.UInt32),
                "first": first,
                "last": last,
            }
        ).with_columns(
            first_seen_at=(pl.lit(START) + pl.duration(seconds=pl.col("first") * 86_400)).cast(TIME),
            last_seen_at=(pl.lit(START) + pl.duration(seconds=pl.col("last") * 86_400)).cast(TIME),
        )
        sightings = sightings.group_by("account_id", "kind", "value").agg(
            pl.col("event_count").sum(), pl.col("first_seen_at").min(), pl.col("last_seen_at").max()
        )
        sightings = sightings.filter(pl.len().over("kind", "value") >= 2)
        accounts = pl.DataFrame(
            {
                "account_id": list(self.requests),
                "request_count": pl.Series(list(self.requests.values()), dtype=pl.UInt32),
            }
        )
        accounts = pl.concat([ACCOUNTS.empty(), accounts.with_columns(**self._manners())], how="diagonal_relaxed").sort(
            "account_id"
        )
        return Planted(
            sightings.select(SIGHTINGS.schema.names()).sort(SIGHTINGS.sort).lazy(),
            accounts.lazy(),
            self.groups,
            self.lookalikes,
        )


def judge(members: pl.DataFrame, groups: dict[str, set[str]]) -> dict[str, dict[str, float]]:
    """Per planted group: the best network's recall and precision, and in how many networks its accounts lie."""
    networks = {key[0]: set(part["account_id"].to_list()) for key, part in members.group_by("network_id")}
    of_account = dict(zip(members["account_id"].to_list(), members["network_id"].to_list(), strict=True))
    told = {}
    for label, group in groups.items():
        hits: dict[str, int] = {}
        for account in group:
            if account in of_account:
                hits[of_account[account]] = hits.get(of_account[account], 0) + 1
        best = max(hits, key=lambda name: (hits[name], name), default=None)
        told[label] = {
            "accounts": len(group),
            "recall": hits[best] / len(group) if best else 0.0,
            "precision": hits[best] / len(networks[best]) if best else 0.0,
            "networks": len([name for name, count in hits.items() if count >= 3]),
            "covered": sum(hits.values()) / len(group),
        }
    return told
