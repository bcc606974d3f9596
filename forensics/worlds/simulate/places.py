"""Where requests come from: countries, networks, addresses, and the clients that send them. All invented."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from forensics.worlds.simulate.base import Array, blend, generator, pick, zipf

# code, hours from UTC, share of customers
COUNTRIES: list[tuple[str, float, float]] = [
    ("US", -5, 0.16),
    ("US", -6, 0.07),
    ("US", -8, 0.12),
    ("CA", -5, 0.03),
    ("BR", -3, 0.04),
    ("MX", -6, 0.02),
    ("GB", 1, 0.07),
    ("DE", 2, 0.07),
    ("FR", 2, 0.05),
    ("NL", 2, 0.03),
    ("ES", 2, 0.02),
    ("PL", 2, 0.02),
    ("SE", 2, 0.02),
    ("UA", 3, 0.01),
    ("TR", 3, 0.01),
    ("IL", 3, 0.01),
    ("IN", 5.5, 0.09),
    ("VN", 7, 0.01),
    ("ID", 7, 0.01),
    ("SG", 8, 0.03),
    ("HK", 8, 0.01),
    ("TW", 8, 0.01),
    ("JP", 9, 0.05),
    ("KR", 9, 0.03),
    ("AU", 10, 0.03),
]

RESIDENTIAL, MOBILE, HOSTING, BUSINESS = range(4)

# family, user-agent pattern, runtimes (TLS stacks), versions old to new, share among [chat apps, coding tools, servers,
# scripts]
FAMILIES: list[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[float, float, float, float]]] = [
    (
        "anthropic-python",
        "Anthropic/Python {v}",
        ("py-linux", "py-mac", "py-win"),
        ("0.49.0", "0.51.0", "0.52.2", "0.55.0", "0.57.1", "0.60.0"),
        (2, 1, 9, 5),
    ),
    (
        "anthropic-js",
        "Anthropic/JS {v}",
        ("node18", "node20", "node22"),
        ("0.39.0", "0.41.0", "0.50.3", "0.52.0", "0.54.0"),
        (3, 2, 7, 2),
    ),
    (
        "openai-python",
        "OpenAI/Python {v}",
        ("py-linux", "py-mac", "py-win"),
        ("1.40.0", "1.55.3", "1.68.2", "1.82.0", "1.97.1"),
        (2, 1, 8, 6),
    ),
    (
        "openai-js",
        "OpenAI/JS {v}",
        ("node18", "node20", "node22", "bun"),
        ("4.56.0", "4.77.0", "4.97.0", "5.1.1"),
        (3, 1, 6, 2),
    ),
    (
        "cli",
        "claude-cli/{v} (external, cli)",
        ("node20", "node22", "bun"),
        ("1.0.88", "2.0.14", "2.0.36", "2.0.52", "2.0.62", "2.0.70"),
        (0, 14, 1, 1),
    ),
    ("editor", "Cursor/{v}", ("electron28", "electron30"), ("0.45.14", "0.48.9", "0.50.5", "1.1.3"), (0, 7, 0, 0)),
    (
        "desktop",
        "Mozilla/5.0 ChatDesk/{v} Electron",
        ("electron28", "electron30"),
        ("3.1", "3.2", "3.4", "3.5"),
        (9, 0, 0, 0),
    ),
    (
        "langchain",
        "langchain-python/{v}",
        ("py-linux", "py-mac"),
        ("0.2.16", "0.3.7", "0.3.19", "0.3.25"),
        (1, 1, 5, 4),
    ),
    ("litellm", "litellm/{v}", ("py-linux",), ("1.52.1", "1.61.20", "1.67.4", "1.72.6"), (0, 1, 4, 1)),
    ("httpx", "python-httpx/{v}", ("py-linux", "py-win"), ("0.26.0", "0.27.2", "0.28.1"), (1, 0, 4, 7)),
    ("requests", "python-requests/{v}", ("py-linux", "py-mac", "py-win"), ("2.28.1", "2.31.0", "2.32.3"), (1, 0, 3, 9)),
    ("aiohttp", "Python/3.11 aiohttp/{v}", ("py-linux",), ("3.8.6", "3.9.5", "3.11.14"), (0, 0, 2, 3)),
    ("axios", "axios/{v}", ("node18", "node20", "node22"), ("1.6.8", "1.7.9", "1.9.0"), (1, 0, 4, 2)),
    ("go", "Go-http-client/{v}", ("go1.21", "go1.22", "go1.24"), ("1.1", "2.0"), (0, 0, 4, 2)),
    ("java", "okhttp/{v}", ("jdk17", "jdk21"), ("4.9.3", "4.12.0"), (1, 0, 3, 1)),
    ("dotnet", "azsdk-net-OpenAI/{v}", ("net8",), ("2.0.0", "2.1.0"), (0, 0, 2, 1)),
    ("rust", "reqwest/{v}", ("rustls",), ("0.11.27", "0.12.9"), (0, 1, 1, 1)),
    ("curl", "curl/{v}", ("openssl", "schannel", "securetransport"), ("7.88.1", "8.5.0", "8.9.1"), (0, 0, 0, 4)),
    ("n8n", "n8n/{v}", ("node20",), ("1.60.1", "1.88.0"), (1, 0, 2, 4)),
    (
        "boto",
        "Boto3/{v} md/Botocore#{v} os/linux lang/python#3.12.1 cfg/retry-mode#legacy",
        ("py-linux",),
        ("1.34.11", "1.35.90", "1.38.5"),
        (0, 0, 2, 2),
    ),
]


@dataclass
class Places:
    """The address plan of one world, and its clients."""

    seed: int
    as_number: list[int] = field(default_factory=list)
    as_kind: list[int] = field(default_factory=list)
    as_country: list[str] = field(default_factory=list)
    owner: Array = field(default_factory=lambda: np.zeros(65536, dtype=np.int32))  # /16 → network
    user_agents: list[str] = field(default_factory=list)
    runtimes: list[str] = field(default_factory=list)  # TLS stack and header order go by this
    family: list[int] = field(default_factory=list)
    version: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out networks and clients."""
        rng = generator(self.seed, "places")
        free = np.array(
            [a * 256 + b for a in range(11, 223) if a not in (100, 127, 169, 172, 192, 198, 203) for b in range(256)],
            dtype=np.uint32,
        )
        rng.shuffle(free)
        self._blocks: dict[tuple[int, str], Array] = {}
        at = 0
        codes = sorted({code for code, _, _ in COUNTRIES})
        share = {code: sum(w for c, _, w in COUNTRIES if c == code) for code in codes}
        for code in codes:
            for kind, per_country, blocks in (
                (RESIDENTIAL, 4, 30 + int(400 * share[code])),
                (MOBILE, 2, 4),
                (BUSINESS, 1, 60),
            ):
                taken = []
                for number in range(per_country):
                    size = max(int(blocks / (number + 1)), 2)
                    taken.append(free[at : at + size])
                    self.owner[free[at : at + size]] = self._network(kind, code)
                    at += size
                self._blocks[kind, code] = np.concatenate(taken)
        hosting = []
        for code in ("US", "US", "US", "DE", "NL", "SG", "JP", "FR", "US", "GB"):
            hosting.append(free[at : at + 40])
            self.owner[free[at : at + 40]] = self._network(HOSTING, code)
            at += 40
        self._blocks[HOSTING, ""] = np.concatenate(hosting)
        self.egress_prefixes = self._prefixes(
            rng, self._blocks[HOSTING, ""], 900
        )  # shared cloud and VPN exits, by popularity
        for index, (_, pattern, stacks, versions, _) in enumerate(FAMILIES):
            for age, version in enumerate(versions):
                for stack in stacks:
                    self.add_client(pattern.format(v=version), stack, index, age)
        own = len(self.user_agents)
        for software in range(
            6
        ):  # relays as software that anybody can host: they pass on a popular agent, with a TLS stack of their own
            for agent in (("cli", 4), ("cli", 3), ("anthropic-js", 3))[: 1 + software % 3]:
                pattern, versions = next(
                    (pattern, versions) for name, pattern, _, versions, _ in FAMILIES if name == agent[0]
                )
                self.add_client(pattern.format(v=versions[agent[1]]), f"relay-{software}")
        self.relay_clients = np.arange(own, len(self.user_agents), dtype=np.int32)
        families = self.family[:own]
        self._by_use = [np.array([FAMILIES[f][4][use] for f in families], dtype=float) for use in range(4)]
        popularity = generator(self.seed, "client popularity").lognormal(0, 0.8, own)
        self._by_use = [weights * popularity for weights in self._by_use]

    def _network(self, kind: int, country: str) -> int:
        self.as_number.append(
            64512 + len(self.as_number) if len(self.as_number) < 1000 else 4_200_000_000 + len(self.as_number)
        )
        self.as_kind.append(kind)
        self.as_country.append(country)
        return len(self.as_number) - 1

    @staticmethod
    def _prefixes(rng: np.random.Generator, blocks: Array, n: int) -> Array:
        return (
            (rng.choice(blocks, n).astype(np.uint32) << np.uint32(16))
            | (rng.integers(0, 256, n).astype(np.uint32) << np.uint32(8))
        ).astype(np.uint32)

    def prefixes(self, rng: np.random.Generator, kind: int, country: str, n: int) -> Array:
        """N /24s of one kind of network."""
        return self._prefixes(rng, self._blocks[kind, "" if kind == HOSTING else country], n)

    def homes(self, rng: np.random.Generator, country: Array, kind: int = RESIDENTIAL) -> Array:
        """One /24 per person in a residential or mobile network of the country."""
        out = np.zeros(len(country), dtype=np.uint32)
        for index in np.unique(country):
            mask = country == index
            out[mask] = self.prefixes(rng, kind, COUNTRIES[index][0], int(mask.sum()))
        return out

    def servers(self, rng: np.random.Generator, n: int, shared: float) -> Array:
        """One /24 per server: popular shared exits of clouds for a share of them, else one of the many others."""
        own = self.prefixes(rng, HOSTING, "", n)
        popular = self.egress_prefixes[pick(rng, zipf(len(self.egress_prefixes), 0.8), n)]
        return np.where(rng.random(n) < shared, popular, own)

    def add_client(self, user_agent: str, stack: str, family: int = -1, age: int = 0) -> int:
        """A client; its number."""
        self.user_agents.append(user_agent)
        self.runtimes.append(stack)
        self.family.append(family)
        self.version.append(age)
        return len(self.user_agents) - 1

    def clients(self, rng: np.random.Generator, use: Array) -> Array:
        """One client per person by use (0 chat app, 1 coding tool, 2 server, 3 script)."""
        out = np.zeros(len(use), dtype=np.int32)
        for code in range(4):
            mask = use == code
            if mask.any():
                out[mask] = pick(rng, self._by_use[code], int(mask.sum()))
        return out

    def upgraded(self, client: Array) -> Array:
        """The same client one version newer, where there is one."""
        newer = {
            (f, v, s): i
            for i, (f, v, s) in enumerate(zip(self.family, self.version, self.runtimes, strict=True))
            if f >= 0
        }
        table = np.array(
            [
                newer.get((f, v + 1, s), i)
                for i, (f, v, s) in enumerate(zip(self.family, self.version, self.runtimes, strict=True))
            ],
            dtype=np.int32,
        )
        return table[client]

    def ja4(self) -> list[str]:
        """The TLS fingerprint of each client: by its stack."""
        out = []
        for stack in self.runtimes:
            digest = int(blend(*[ord(c) for c in stack])[0])
            out.append(
                f"t13d{15 + digest % 4}{10 + digest % 7:02d}h{1 + digest % 2}"
                f"_{digest % 2**48:012x}_{(digest >> 16) % 2**48:012x}"
            )
        return out


def hosts(prefix: Array, salt: Array) -> Array:
    """A host address in each /24."""
    return (prefix | (blend(prefix, salt) % np.uint64(254) + np.uint64(1)).astype(np.uint32)).astype(np.uint32)
