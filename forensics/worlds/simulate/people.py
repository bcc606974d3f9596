"""Who works with the models: the individual habits of people, servers and scripts, drawn so that no two are alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from forensics.worlds.simulate import fits
from forensics.worlds.simulate.base import DAY, HOUR, NEVER, Array, Cast, blend, generator, pick, zipf
from forensics.worlds.simulate.lexicon import FRAMEWORKS
from forensics.worlds.simulate.places import BUSINESS, COUNTRIES, HOSTING, Places

if TYPE_CHECKING:
    from forensics.worlds.simulate.words import Words

MODELS = (
    "aurora-max-1",
    "aurora-mid-1",
    "aurora-mini-1",
    "aurora-max-2",
    "aurora-mid-2",
    "boreal-large",
    "boreal-small",
    "cirrus-pro",
    "cirrus-flash",
    "cirrus-embed",
)
NEW_MODEL = 3  # the one released inside the window
OLD_TOP = 0
CHAT, CODER, SERVER, SCRIPT, BATCH = range(5)  # style of use
EDUCATION, ENTERPRISE, TIER2, TIER4 = 6, 5, 2, 4  # places in PLANS
PLANS = ("free", "tier1", "tier2", "tier3", "tier4", "enterprise", "education", "research", "startup")
PLAN_LIMITS = {
    "free": (5, 200),
    "tier1": (50, 5_000),
    "tier2": (200, 20_000),
    "tier3": (500, 60_000),
    "tier4": (1500, 200_000),
    "enterprise": (4000, 1_000_000),
    "education": (50, 3_000),
    "research": (100, 10_000),
    "startup": (200, 20_000),
}
DOMAINS = (
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
    "gmx.de",
    "mail.com",
    "live.com",
    "qq.example",
    "naver.example",
    "web.example",
)
PARAMS: list[tuple[int, float, float, bool]] = [
    (limit, heat, top, stream)
    for limit in (256, 512, 1000, 1024, 2048, 4096, 8192, 16000, 32000)
    for heat in (0.0, 0.2, 0.3, 0.5, 0.7, 1.0)
    for top in (1.0, 0.95, 0.9)
    for stream in (True, False)
]
TOOLS = 400  # known sets of tools, the first are those of popular programs


@dataclass
class Stage:
    """What the people of one world share: its window, places, words, releases and outages."""

    seed: int
    start: int  # µs
    days: int
    places: Places
    words: Words
    cast: Cast = field(default_factory=Cast)
    release: int = int(NEVER)
    outages: list[tuple[int, int]] = field(default_factory=list)
    sweeps: list[int] = field(default_factory=list)  # times at which the provider bans many accounts, hydras or not
    numbers: int = 1000  # next unused id of organisations, cards, …
    tuning: dict[str, float] = field(default_factory=dict)
    public_apps: list[int] = field(default_factory=list)  # templates of published prompts and programs, by popularity

    @property
    def end(self) -> int:
        """End of the window."""
        return self.start + self.days * DAY

    def rng(self, *names: str | int) -> np.random.Generator:
        """A random stream for one purpose."""
        return generator(self.seed, *names)

    def fresh(self, n: int = 1) -> Array:
        """N unused numbers for ids."""
        self.numbers += n
        return np.arange(self.numbers - n, self.numbers, dtype=np.int64)


def draw_people(
    stage: Stage, rng: np.random.Generator, n: int, *, style: Array | int | None = None, country: Array | None = None
) -> dict[str, Array]:
    """N unrelated customers: every habit of a person is drawn for itself; actors overwrite what their story needs."""
    style = (
        pick(rng, [0.42, 0.22, 0.22, 0.09, 0.05], n)
        if style is None
        else np.full(n, style)
        if isinstance(style, int)
        else style
    )
    country = pick(rng, [w for _, _, w in COUNTRIES], n) if country is None else country
    machine = style >= SERVER
    p: dict[str, Array] = {"style": style.astype(np.int8), "country": country.astype(np.int16)}
    tz = np.array([hours for _, hours, _ in COUNTRIES])[country]
    p["tz"] = np.where(machine & (rng.random(n) < 0.3), rng.choice([-8, -5, 0, 1, 2, 5.5, 8, 9], n), tz)
    _draw_rhythm(p, rng, n)
    p["rate"] = p["rate"] * stage.tuning.get("volume", 1.0)
    _draw_origin(p, stage, rng, n)
    _draw_content(p, stage, rng, style)
    _draw_parameters(p, stage, rng, style)
    p["error_scale"] = rng.lognormal(-0.4, 1.0, n)
    p["device"] = np.where((style <= CODER) & (rng.random(n) < 0.8), blend(rng.integers(0, 2**62, n), 1), 0).astype(
        np.uint64
    )
    p["end_users"] = np.where((style == SERVER) & (rng.random(n) < 0.25), rng.lognormal(4, 1.5, n), 0).astype(np.int32)
    p["platform"] = np.zeros(n, dtype=np.int8)
    p["round"] = np.zeros(n, dtype=np.int32)
    p["staged"] = np.zeros(n, dtype=bool)  # an actor's own play sends the requests
    p["browser"] = browser(rng, n)
    _draw_register(p, stage, rng, n)
    return p


def _draw_content(p: dict[str, Array], stage: Stage, rng: np.random.Generator, style: Array) -> None:
    """Topics, system prompts, templates, and how much of it comes again."""
    words, n, machine = stage.words, len(style), style >= SERVER
    p["topic0"] = rng.integers(0, words.topic_count, n).astype(np.int16)
    p["topic0"] = np.where((style == CODER) | (rng.random(n) < 0.15), rng.integers(0, 6, n), p["topic0"]).astype(
        np.int16
    )
    p["topic1"] = rng.integers(0, words.topic_count, n).astype(np.int16)
    private = rng.integers(1, 2**31, n).astype(np.int64)
    framework = 1 + pick(rng, zipf(len(FRAMEWORKS), 1.1), n)
    framework = np.where(style == CODER, rng.choice([2, 7, 1, 14], n, p=[0.5, 0.35, 0.1, 0.05]), framework)
    kind = rng.random(n)  # no system text, a framework's, a framework's with own words, own words
    p["system0"] = np.where(
        kind < 0.2,
        0,
        np.where(kind < 0.45, framework << 32, np.where(kind < 0.7, (framework << 32) + private, private)),
    ).astype(np.int64)
    p["system1"] = np.where(rng.random(n) < 0.5, p["system0"], rng.integers(1, 2**31, n)).astype(np.int64)
    p["template_share"] = np.where(
        machine, rng.choice([0.5, 0.9, 0.98, 1.0], n), np.where(rng.random(n) < 0.15, rng.beta(1, 3, n), 0.0)
    )
    _draw_templates(p, stage, rng, n)
    p["recurrence"] = np.where(machine, rng.beta(0.5, 4, n), rng.beta(1, 30, n))
    p["pool"] = np.maximum(rng.lognormal(3.5, 1.2, n), 2).astype(np.int32)
    p["words"] = np.maximum(rng.lognormal(3.0, 0.6, n), 4)
    p["multi"] = np.where(style == CHAT, 0.8, np.where(style == CODER, 0.95, np.where(rng.random(n) < 0.2, 0.6, 0.0)))


def _draw_parameters(p: dict[str, Array], stage: Stage, rng: np.random.Generator, style: Array) -> None:
    """Models, request parameters, tools, and what the work weighs."""
    n, machine = len(style), style >= SERVER
    p["model0"] = pick(rng, [0.2, 0.3, 0.14, 0, 0, 0.12, 0.08, 0.08, 0.06, 0.02], n).astype(np.int16)
    p["model1"] = pick(rng, [0.2, 0.3, 0.14, 0, 0, 0.12, 0.08, 0.08, 0.06, 0.02], n).astype(np.int16)
    p["model_share"] = rng.beta(5, 1, n)
    eager = rng.random(n) < 0.55
    p["adopt_at"] = (
        np.where(eager, stage.release + (rng.lognormal(0.9, 1.4, n) * DAY).astype(np.int64), NEVER).astype(np.int64)
        if stage.release < NEVER
        else np.full(n, NEVER)
    )
    p["adopt_share"] = rng.beta(0.7, 0.6, n)
    p["params0"] = pick(rng, zipf(len(PARAMS), 0.6)[rng.permutation(len(PARAMS))], n).astype(np.int16)
    popular = generator(stage.seed, "popular params").choice(len(PARAMS), 12, replace=False)
    p["params0"] = np.where(rng.random(n) < 0.6, popular[pick(rng, zipf(12, 0.9), n)], p["params0"]).astype(np.int16)
    p["params1"] = np.where(rng.random(n) < 0.5, p["params0"], rng.integers(0, len(PARAMS), n)).astype(np.int16)
    p["tools"] = np.where(
        style == CODER,
        pick(rng, zipf(20, 1.2), n),
        np.where(machine & (rng.random(n) < 0.35), rng.integers(20, TOOLS, n), -1),
    ).astype(np.int16)
    work = pick(rng, [0.2, 0.6, 0.2], n)
    p["work"] = np.where(style == CODER, np.where(rng.random(n) < 0.6, 0, 2), work).astype(np.int8)
    p["token_scale"] = rng.lognormal(0, 0.6, n)
    p["token_cv"] = rng.choice(
        [0.15, 0.4, 1.0], n, p=[0.2, 0.3, 0.5]
    )  # share of the fitted spread that the person's requests show


def _draw_rhythm(p: dict[str, Array], rng: np.random.Generator, n: int) -> None:
    style = p["style"]
    level = np.array([2.6, 8.0, 8.0, 9.0, 18.0])[style]
    most = np.array([120.0, 700.0, 6000.0, 6000.0, 6000.0])[
        style
    ]  # what a person can type in a day, what a program can send
    p["rate"] = np.clip(
        level * rng.lognormal(-0.25 * fits.RATE_LOG_SD**2, fits.RATE_LOG_SD, n), 0.05, most
    )  # requests on an active day
    p["day_sd"] = np.sqrt(np.log1p(fits.draw(fits.DAY_CV, rng, n) ** 2))
    p["active"] = np.where(
        style == CHAT, rng.beta(1.6, 2.2, n), np.where(style == CODER, rng.beta(3, 2, n), rng.beta(6, 1, n))
    )
    p["weekend"] = np.where(
        style >= SERVER,
        rng.uniform(0.4, 1.1, n),
        np.where(rng.random(n) < 0.3, rng.uniform(0.6, 1.4, n), rng.beta(1, 4, n)),
    )
    p["wake"] = rng.normal(8.3, 1.6, n)
    swing = fits.draw(fits.DAILY_SWING, rng, n)
    p["flat"] = np.where(
        style == CHAT,
        rng.beta(1, 14, n),
        np.where(style == CODER, rng.beta(1, 10, n), np.where(style == SERVER, 1 - swing, rng.beta(2, 1, n))),
    )
    cv = fits.draw(fits.GAP_CV, rng, n)
    p["session"] = np.where(
        style == CHAT, rng.gamma(3, 1.6, n) + 1, np.where(style == CODER, rng.gamma(3, 5, n) + 2, np.clip(cv**2, 1, 60))
    )
    p["gap"] = np.where(
        style == CHAT,
        rng.lognormal(4.3, 0.5, n),
        np.where(style == CODER, rng.lognormal(3.1, 0.6, n), rng.lognormal(1.0, 1.2, n)),
    )  # s, median
    p["gap_sd"] = np.where(style <= CODER, rng.uniform(0.8, 1.5, n), rng.uniform(0.2, 1.3, n))
    p["period"] = np.where(
        style == SCRIPT,
        rng.choice([900, 1800, 3600, 7200, 21600, 43200, 86400], n, p=[0.08, 0.1, 0.25, 0.07, 0.15, 0.1, 0.25]),
        0,
    ).astype(np.int32)
    minute = np.where(rng.random(n) < 0.5, 0, rng.integers(0, 60, n)) * 60
    p["phase"] = np.where(rng.random(n) < 0.4, minute, rng.integers(0, 86400, n)).astype(np.int64)
    p["jitter"] = rng.choice([0.3, 2.0, 20.0, 120.0], n)


def _draw_origin(p: dict[str, Array], stage: Stage, rng: np.random.Generator, n: int) -> None:
    places, style, country = stage.places, p["style"], p["country"]
    machine = style >= SERVER
    home = places.homes(rng, country)
    cloud = places.servers(rng, n, 0.45)
    p["site0"] = np.where(machine & (rng.random(n) < 0.85), cloud, home).astype(np.uint32)
    office = np.zeros(n, dtype=np.uint32)
    for index in np.unique(country):
        mask = country == index
        office[mask] = places.prefixes(rng, BUSINESS, COUNTRIES[index][0], int(mask.sum()))
    p["site1"] = np.where(
        machine,
        np.where(rng.random(n) < 0.7, p["site0"], places.servers(rng, n, 0.6)),
        np.where(rng.random(n) < 0.55, office, home),
    ).astype(np.uint32)
    mobile = places.homes(rng, country, 1)
    p["site2"] = np.where(
        machine,
        p["site0"],
        np.where(
            rng.random(n) < 0.25, places.egress_prefixes[pick(rng, zipf(len(places.egress_prefixes), 0.8), n)], mobile
        ),
    ).astype(np.uint32)
    p["lease"] = np.where(
        machine, rng.choice([1, 7, 10_000], n, p=[0.2, 0.2, 0.6]), rng.choice([1, 3, 10, 30, 10_000], n)
    ).astype(np.int32)  # days until the host part changes
    use = np.array([0, 1, 2, 3, 2])[style]
    p["client0"] = places.clients(rng, use)
    hosted = (rng.random(n) < 0.015) & ((style == CODER) | (style == SERVER))  # a relay for oneself or one's team
    p["client0"] = np.where(
        hosted, places.relay_clients[pick(rng, zipf(len(places.relay_clients), 0.7), n)], p["client0"]
    ).astype(np.int32)
    p["client1"] = np.where(rng.random(n) < 0.7, places.clients(rng, use), places.clients(rng, rng.integers(0, 4, n)))
    p["client_share"] = rng.beta(8, 1, n)
    p["upgrade_at"] = np.where(
        rng.random(n) < 0.5, stage.start + (rng.random(n) * stage.days * DAY * 1.5).astype(np.int64), NEVER
    ).astype(np.int64)


def _draw_templates(p: dict[str, Array], stage: Stage, rng: np.random.Generator, n: int) -> None:
    """Own templates for most who use any, published ones for the others; four at most."""
    words = stage.words
    p["template0"] = np.full(n, -1, dtype=np.int32)
    for slot in ("template1", "template2", "template3"):
        p[slot] = np.full(n, -1, dtype=np.int32)
    tasks = ("plain", "plain", "plain", "plain", "code", "tools", "grading", "explain", "rewrite")
    users = np.flatnonzero(p["template_share"] > 0)
    public = pick(rng, zipf(max(len(stage.public_apps), 1), 0.9), len(users))
    for row, popular in zip(users, public, strict=True):
        count = int(rng.choice([1, 2, 4], p=[0.6, 0.25, 0.15]))
        for number in range(4):
            if number >= count:
                p[f"template{number}"][row] = p["template0"][row]
            elif stage.public_apps and rng.random() < 0.3:
                p[f"template{number}"][row] = stage.public_apps[(popular + number) % len(stage.public_apps)]
            else:
                p[f"template{number}"][row] = words.add_template(
                    rng, tasks[rng.integers(len(tasks))], topic=int(p["topic0"][row])
                )


def _draw_register(p: dict[str, Array], stage: Stage, rng: np.random.Generator, n: int) -> None:
    style = p["style"]
    old = rng.random(n) < 0.8
    age = (rng.exponential(220, n) + 1) * DAY
    birth = stage.start + (rng.random(n) * stage.days * DAY).astype(np.int64)
    birth = birth - birth % DAY + ((np.clip(rng.normal(14, 4, n), 0, 23.99) - p["tz"]) % 24 * HOUR).astype(np.int64)
    p["created"] = np.where(old, stage.start - age.astype(np.int64), birth).astype(np.int64)
    p["active_from"] = np.where(old, 0, birth + (rng.exponential(0.4, n) * DAY).astype(np.int64)).astype(np.int64)
    churn = rng.random(n)
    leave = stage.start + (rng.random(n) * stage.days * DAY).astype(np.int64)
    p["closed"] = np.where(churn < 0.02 * stage.days / 30, leave, NEVER).astype(np.int64)
    p["quiet_from"] = np.where((churn > 0.9) & (rng.random(n) < stage.days / 45), leave, NEVER).astype(
        np.int64
    )  # just stops
    banned = rng.random(n) < 0.012 * stage.days / 30 * np.where(old, 0.7, 3.0)
    swept = np.array(stage.sweeps, dtype=np.int64)
    at_sweep = (
        swept[rng.integers(0, len(swept), n)] + (rng.random(n) * 40 * 60 * 1e6).astype(np.int64)
        if len(swept)
        else leave
    )
    ban = np.where(rng.random(n) < 0.4, at_sweep, leave)
    p["banned"] = np.where(banned & (ban > np.maximum(p["created"], stage.start) + DAY), ban, NEVER).astype(np.int64)
    plan = np.where(
        style >= SERVER,
        pick(rng, [0.05, 0.25, 0.28, 0.2, 0.12, 0.03, 0, 0.03, 0.04], n),
        pick(rng, [0.3, 0.38, 0.16, 0.06, 0.02, 0.01, 0.05, 0.01, 0.01], n),
    )
    p["plan"] = plan.astype(np.int8)
    company = rng.random(n) < np.where(style >= SERVER, 0.55, 0.12)
    org = stage.fresh(n)
    small = company & (rng.random(n) < 0.35)  # companies with several accounts: neighbours in this list
    group = np.cumsum(rng.random(n) < 0.4)
    member = np.flatnonzero(small)
    first = {int(g): int(org[m]) for m, g in zip(member[::-1], group[member][::-1], strict=True)}
    org = np.where(small, np.array([first.get(int(g), 0) for g in group]), org)
    p["org"] = np.where(company, org, 0).astype(np.int64)
    p["parent"] = np.zeros(n, dtype=np.int64)
    card = np.where(small, org + 10_000_000, stage.fresh(n))
    borrowed = (rng.random(n) < 0.03) & (np.arange(n) > 0)  # a friend's or the family's card
    card = np.where(borrowed, np.roll(card, 1), card)
    p["card"] = np.where(rng.random(n) < np.where(plan == 0, 0.7, 0.06), 0, card).astype(np.int64)
    p["domain"] = np.where(company & (rng.random(n) < 0.9), org + 1000, pick(rng, zipf(len(DOMAINS), 1.1), n)).astype(
        np.int64
    )
    throwaway = rng.random(n) < 0.015
    p["domain"] = np.where(throwaway, -1 - pick(rng, zipf(60, 0.7), n), p["domain"]).astype(
        np.int64
    )  # negative: disposable
    p["signup_site"] = np.where(p["style"] >= SERVER, stage.places.homes(rng, p["country"]), p["site0"]).astype(
        np.uint32
    )
    p["reseller"] = np.where(rng.random(n) < 0.05, 1 + pick(rng, zipf(12, 0.8), n), 0).astype(np.int64)
    p["referrer"] = np.where(rng.random(n) < 0.08, 1 + pick(rng, zipf(30, 0.8), n), 0).astype(np.int64)


def browser(rng: np.random.Generator, n: int) -> Array:
    """Which of the common browsers a person signs up with."""
    return pick(rng, zipf(24, 0.9), n).astype(np.int16)


def override(p: dict[str, Array], **values: Any) -> dict[str, Array]:  # noqa: ANN401 - scalars and arrays alike
    """The same people with some habits replaced; scalars count for all."""
    n = len(p["rate"])
    for name, value in values.items():
        if name not in p:
            raise KeyError(name)
        p[name] = np.broadcast_to(np.asarray(value), n).astype(p[name].dtype).copy()
    return p


def company_site(stage: Stage, rng: np.random.Generator, country: int, *, cloud: bool = False) -> int:
    """One /24 that a company owns or rents."""
    kind = HOSTING if cloud else BUSINESS
    return int(stage.places.prefixes(rng, kind, COUNTRIES[country][0], 1)[0])


def draw_home(rng: np.random.Generator) -> int:
    """A country, by number of customers."""
    return int(pick(rng, [w for _, _, w in COUNTRIES], 1)[0])


def tz_of(country: int) -> float:
    """Hours from UTC."""
    return float(COUNTRIES[country][1])


def volume_of(stage: Stage) -> float:
    """Factor on the volume of the few that send much, so that they do not fill a small world."""
    return float(min(stage.tuning.get("size", 1.0), 1.0) ** 0.7 * stage.tuning.get("volume", 1.0))


def between(rng: np.random.Generator, low: float, high: float) -> int:
    """A whole number, log-uniform."""
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))
