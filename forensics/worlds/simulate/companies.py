"""The harmless who belong together: offices, products with tenants, gateways, suites, contract customers, keys that
move.
"""

from __future__ import annotations

import numpy as np

from forensics.worlds.simulate.base import DAY, HOUR, NEVER, SECOND, Actor, Array, Play, blend, spread
from forensics.worlds.simulate.dress import dress
from forensics.worlds.simulate.people import (
    BATCH,
    CHAT,
    CODER,
    ENTERPRISE,
    NEW_MODEL,
    SCRIPT,
    SERVER,
    TIER2,
    TIER4,
    Stage,
    company_site,
    draw_home,
    draw_people,
    override,
    tz_of,
    volume_of,
)
from forensics.worlds.simulate.places import COUNTRIES
from forensics.worlds.simulate.rhythms import live_day, script_day


def office(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N2: seats of one company: one organisation, invoice and network, managed clients, own work and hours."""
    home = draw_home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.65, 0.35]), country=np.full(n, home))
    org, card = stage.fresh(2)
    gate, vpn = company_site(stage, rng, home), company_site(stage, rng, home, cloud=True)
    standard = int(stage.places.clients(rng, np.array([0]))[0])
    start = stage.start - int(rng.uniform(60, 500)) * DAY
    hired = np.where(
        rng.random(n) < 0.8,
        start + (rng.random(n) * 20 * DAY).astype(np.int64),
        stage.start + (rng.random(n) * stage.days * DAY).astype(np.int64),
    )
    house = int(rng.integers(1, 2**31))
    override(
        p,
        site0=gate,
        site1=np.where(rng.random(n) < 0.6, vpn, p["site1"]),
        org=org,
        card=card + 10_000_000,
        domain=org + 1000,
        plan=ENTERPRISE,
        created=hired,
        active_from=np.where(hired > stage.start, hired, 0),
        weekend=rng.beta(1, 12, n),
        flat=rng.beta(1, 30, n),
        wake=rng.normal(8, 0.7, n),
        reseller=0,
        referrer=0,
        banned=NEVER,
        upgrade_at=stage.start
        + int(rng.uniform(0.2, 0.9) * stage.days) * DAY
        + (rng.random(n) * 2 * DAY).astype(np.int64),
    )
    p["client0"] = np.where(rng.random(n) < 0.75, standard, p["client0"]).astype(np.int32)
    p["system0"] = np.where(rng.random(n) < 0.35, house, p["system0"]).astype(np.int64)
    p["tz"] = np.full(n, tz_of(home))
    stage.cast.hire(Actor(name, "N2", facts={"organisation": int(org)}), p)
    return []


def benchmark(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N6: labs that run one public benchmark: the same items everywhere, many models, for a short while after the
    release.
    """
    p = draw_people(stage, rng, n, style=SERVER)
    task = ("code", "grading", "reasoning")[rng.integers(3)]
    template = stage.words.add_template(rng, task)
    items = int(rng.integers(150, 700))
    override(p, recurrence=0.0, template_share=1.0, system0=0, system1=0, work=int(rng.integers(0, 3)))
    p["staged"] = np.ones(n, dtype=bool)
    rows = stage.cast.hire(Actor(name, "N6"), p)
    release = stage.release if stage.release < NEVER else stage.start + stage.days * DAY // 2
    begin = release + (rng.lognormal(0.3, 1.0, n) * DAY).astype(np.int64)
    models = [
        rng.permutation([NEW_MODEL, *rng.choice([0, 1, 2, 5, 6, 7, 8], int(rng.integers(1, 6)), replace=False)])
        for _ in range(n)
    ]
    share = rng.uniform(0.15, 1.0, n)
    pace = rng.lognormal(0.8, 0.8, n)  # s per request
    params = rng.integers(0, 3, n)

    def day(number: int) -> dict[str, Array] | None:
        today = stage.start + number * DAY
        parts = []
        for k in range(n):
            count = int(items * share[k])
            total = count * len(models[k])
            t = begin[k] + (np.arange(total) * pace[k] * SECOND).astype(np.int64)
            here = (t >= today) & (t < today + DAY)
            index = np.flatnonzero(here)
            if len(index):
                parts.append(
                    (
                        t[here],
                        np.full(len(index), rows[k], dtype=np.int32),
                        index % count,
                        models[k][index // count],
                        np.full(len(index), params[k]),
                    )
                )
        if not parts:
            return None
        t, row, item, model, setting = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        b = dress(stage, t, row, blend(row, item, model, 51), np.zeros(len(t), dtype=np.int64))
        b["item"] = blend(template, item, 53)
        b["person"] = np.full(
            len(t), rows[0], dtype=b["person"].dtype
        )  # one author: the items are the same to the letter wherever they are run
        b["template"] = np.full(len(t), template)
        b["topic"] = np.full(len(t), stage.words.templates[template].topic)
        b["words"] = 12 + (blend(template, item, 54) % np.uint64(40)).astype(np.int64)
        b["model"] = model
        b["params"] = setting
        return b

    return [day]


def _sell_one_product(
    stage: Stage, rng: np.random.Generator, p: dict[str, Array], parent: str, owner: tuple[int, int]
) -> None:
    """What all tenants of a product have in common: its templates, settings, models, payer and parent."""
    n, (org, card) = len(p["rate"]), owner
    override(
        p,
        template_share=1.0,
        recurrence=rng.uniform(0.25, 0.7, n),
        pool=np.maximum(rng.lognormal(3, 0.8, n), 4),
        card=card + 10_000_000,
        org=org if parent == "declared" else 0,
        parent=org if parent == "declared" else 0,
        reseller=int(rng.integers(1, 12)) if parent == "reseller" else 0,
        domain=np.where(rng.random(n) < 0.9, org + 1000, p["domain"]),
        plan=int(rng.choice([TIER2, TIER4, ENTERPRISE])),
        params0=p["params0"][0],
        params1=p["params0"][0],
        model0=p["model0"][0],
        model1=p["model0"][0],
        adopt_at=stage.start + int(rng.uniform(0.3, 2.0) * stage.days) * DAY,
        adopt_share=1.0,
        end_users=0,
        banned=NEVER,
        referrer=0,
        work=p["work"][0],
        token_scale=p["token_scale"][0] * rng.lognormal(0, 0.25, n),
        tools=p["tools"][0],
    )


def tenant_platform(
    stage: Stage, rng: np.random.Generator, n: int, name: str, *, parent: str = "declared"
) -> list[Play]:
    """N8: a product with one key per tenant: same templates, exits and card; each tenant has its own hours, items and
    stable prompts.
    """
    p = draw_people(stage, rng, n, style=SERVER)
    org, card = stage.fresh(2)
    exits = np.array(
        [company_site(stage, rng, draw_home(rng), cloud=True) for _ in range(int(rng.integers(1, 4)))], dtype=np.uint32
    )
    home_tz = np.array([hours for _, hours, _ in COUNTRIES])[p["country"]]
    client = int(stage.places.clients(rng, np.array([2]))[0])
    tasks = ("plain", "plain", "code", "explain", "tools", "grading")
    templates = [stage.words.add_template(rng, tasks[rng.integers(len(tasks))]) for _ in range(int(rng.integers(1, 5)))]
    system = int(rng.integers(1, 2**31))
    sold = (
        stage.start
        - int(rng.uniform(100, 400)) * DAY
        + (np.sort(rng.random(n) ** 0.8) * (stage.end - stage.start + 300 * DAY)).astype(np.int64)
    )
    sold = np.minimum(sold, stage.end - DAY)
    sold = sold - sold % DAY + (np.clip(rng.normal(15, 3, n), 7, 22) * HOUR).astype(np.int64)
    override(
        p,
        site0=exits[0],
        site1=exits[rng.integers(0, len(exits), n)],
        site2=exits[-1],
        lease=10_000,
        client0=client,
        client_share=1.0,
        upgrade_at=stage.start + int(rng.uniform(0.1, 1.4) * stage.days) * DAY,
        created=sold,
        active_from=np.where(sold > stage.start, sold, 0),
        tz=home_tz,
        flat=rng.beta(1, 12, n),
        weekend=rng.beta(1.5, 4, n),
        wake=rng.normal(8.5, 1.0, n),
        active=rng.beta(8, 1, n),
        rate=np.clip(9 * rng.lognormal(-0.4, 1.2, n), 0.3, 1200) * stage.tuning.get("volume", 1.0),
    )
    _sell_one_product(stage, rng, p, parent, (int(org), int(card)))
    override(p, system0=system, system1=system, signup_site=exits[0])
    for slot in range(4):
        p[f"template{slot}"] = np.full(n, templates[slot % len(templates)], dtype=np.int32)
    stage.cast.hire(Actor(name, "N8", facts={"parent": parent, "organisation": int(org)}), p)
    return []


def aggregator(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N9: many people behind a few keys, each named by an end-user id; many templates."""
    p = draw_people(stage, rng, n, style=SERVER)
    org, card = stage.fresh(2)
    site = company_site(stage, rng, 0, cloud=True)
    override(
        p,
        org=org,
        card=card + 10_000_000,
        domain=org + 1000,
        site0=site,
        site1=site,
        site2=site,
        rate=rng.uniform(300, 900) * volume_of(stage),
        active=1.0,
        flat=rng.uniform(0.3, 0.6),
        end_users=rng.integers(300, 4000),
        plan=ENTERPRISE,
        template_share=0.0,
        multi=0.6,
        day_sd=0.2,
        session=3.0,
        created=stage.start - 300 * DAY,
        active_from=0,
        weekend=0.85,
        banned=NEVER,
        closed=NEVER,
        quiet_from=NEVER,
    )
    p["staged"] = np.ones(n, dtype=bool)
    rows = stage.cast.hire(Actor(name, "N9", facts={"organisation": int(org)}), p)
    crowd = draw_people(stage, rng, 300, style=rng.choice([CHAT, CODER, SERVER], 300))
    users = stage.cast.hire(Actor(f"{name}-users", "background"), crowd, billed=False)

    def day(number: int) -> dict[str, Array]:
        t, row, conversation, turn = live_day(stage, rows, number, stage.rng(name, number))
        person = users[(blend(conversation, 61) % np.uint64(len(users))).astype(np.int64)]
        b = dress(stage, t, row, conversation, turn, person)
        b["end_user"] = blend(person, 62)
        b["device"] = np.zeros(len(t), dtype=np.uint64)
        return b

    return [day]


def shuffled(stage: Stage, rng: np.random.Generator, n: int, name: str, kind: str = "N10") -> list[Play]:
    """N10 and N19: one company's gateway or experiment sends its products' requests at random through n keys of its
    own.
    """
    apps = int(rng.integers(4, 12)) if kind == "N10" else 1
    home = draw_home(rng)
    p = draw_people(stage, rng, n, style=SERVER, country=np.full(n, home))
    org, card = stage.fresh(2)
    site = company_site(stage, rng, home)
    override(
        p,
        org=org,
        card=card + 10_000_000,
        domain=org + 1000,
        site0=site,
        site1=site,
        site2=site,
        client0=p["client0"][0],
        client_share=1.0,
        plan=TIER4,
        created=stage.start - 200 * DAY,
        active_from=0,
        rate=0.0,
        banned=NEVER,
        closed=NEVER,
        quiet_from=NEVER,
    )
    p["staged"] = np.ones(n, dtype=bool)
    keys = stage.cast.hire(Actor(name, kind, facts={"organisation": int(org)}), p)
    work = draw_people(stage, rng, apps, style=rng.choice([CHAT, SERVER], apps))
    override(
        work,
        rate=(rng.uniform(20, 150, apps) if kind == "N10" else rng.uniform(100, 400)) * volume_of(stage),
        active=1.0,
        active_from=0,
        banned=NEVER,
        closed=NEVER,
        quiet_from=NEVER,
        tz=tz_of(home),
    )
    staff = stage.cast.hire(Actor(f"{name}-work", "background"), work, billed=False)
    weights = rng.dirichlet(np.full(n, 30.0))

    def day(number: int) -> dict[str, Array] | None:
        t, row, conversation, turn = live_day(stage, staff, number, stage.rng(name, number))
        draw = (blend(conversation, turn, 63) >> np.uint64(11)).astype(np.float64) / 2**53
        account = keys[np.minimum(np.searchsorted(np.cumsum(weights), draw), n - 1)]
        return dress(stage, t, account, conversation, turn, row)

    return [day]


def experiment(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N19: one product split at random over two keys."""
    return shuffled(stage, rng, min(n, 3), name, "N19")


def regression_suite(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N11: one organisation repeats the same fixed items every night."""
    p = draw_people(stage, rng, n, style=SCRIPT)
    org = int(stage.fresh()[0])
    template = stage.words.add_template(rng, ("grading", "explain", "code")[rng.integers(3)])
    cases = int(rng.integers(20, 90))
    override(
        p,
        org=org,
        domain=org + 1000,
        card=org + 10_000_000,
        rate=float(cases),
        period=86400,
        phase=int(rng.integers(0, 6)) * 3600 + int(rng.integers(0, 60)) * 60,
        active=1.0,
        recurrence=1.0,
        banned=NEVER,
        site0=company_site(stage, rng, 0, cloud=True),
        weekend=1.0,
        client0=p["client0"][0],
    )
    p["staged"] = np.ones(n, dtype=bool)
    rows = stage.cast.hire(Actor(name, "N11", facts={"organisation": org}), p)

    def day(number: int) -> dict[str, Array]:
        t, row, conversation, turn = script_day(stage, rows, number, stage.rng(name, number))
        b = dress(stage, t, row, conversation, turn)
        place = spread(np.unique(row, return_counts=True)[1])[1] % cases
        b["item"] = blend(template, place, 67)
        b["template"] = np.full(len(t), template)
        b["topic"] = np.full(len(t), stage.words.templates[template].topic)
        b["words"] = 8 + place % 30
        return b

    return [day]


def synthetic_data(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N12: one customer under contract makes training data: rubric or reasoning prompts, disjoint items, round the
    clock, one organisation.
    """
    p = draw_people(stage, rng, n, style=BATCH)
    org = int(stage.fresh()[0])
    site = company_site(stage, rng, draw_home(rng), cloud=True)
    template = stage.words.add_template(rng, ("reasoning", "grading")[rng.integers(2)])
    override(
        p,
        org=org,
        domain=org + 1000,
        card=org + 10_000_000,
        plan=ENTERPRISE,
        rate=rng.uniform(300, 900) * volume_of(stage),
        active=1.0,
        day_sd=0.15,
        gap_sd=0.6,
        template_share=1.0,
        recurrence=0.0,
        site0=site,
        site1=site,
        site2=site,
        work=1,
        created=stage.start - 150 * DAY,
        active_from=0,
        banned=NEVER,
        closed=NEVER,
        quiet_from=NEVER,
        client0=p["client0"][0],
        system0=p["system0"][0],
        params0=p["params0"][0],
        params1=p["params0"][0],
        model0=0,
        model1=0,
    )
    for slot in range(4):
        p[f"template{slot}"] = np.full(n, template, dtype=np.int32)
    stage.cast.hire(Actor(name, "N12", facts={"organisation": org}), p)
    return []


def migrated(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N13: a workload moves from an old key to a new one: no ban, same organisation, the old key ends as the new
    begins.
    """
    pairs = max(n // 2, 1)
    old = draw_people(stage, rng, pairs, style=rng.choice([SERVER, BATCH], pairs))
    org = stage.fresh(pairs)
    move = stage.start + (rng.uniform(0.2, 0.8, pairs) * stage.days * DAY).astype(np.int64)
    override(
        old,
        org=org,
        domain=org + 1000,
        card=org + 10_000_000,
        active=0.97,
        created=stage.start - 200 * DAY,
        active_from=0,
        quiet_from=move,
        banned=NEVER,
        closed=np.where(rng.random(pairs) < 0.5, move + DAY, NEVER),
        rate=np.clip(old["rate"], 5, 800),
    )
    new = {key: value.copy() for key, value in old.items()}
    override(
        new,
        created=move - (rng.exponential(1, pairs) * DAY).astype(np.int64),
        active_from=move,
        quiet_from=NEVER,
        closed=NEVER,
    )
    stage.cast.hire(Actor(name, "N13"), {key: np.concatenate([old[key], new[key]]) for key in old})
    return []


def key_rotation(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N16: an organisation replaces all its keys on a scheduled day."""
    home = draw_home(rng)
    half = max(n // 2, 2)
    old = draw_people(stage, rng, half, style=rng.choice([CHAT, SERVER, SCRIPT], half), country=np.full(half, home))
    org = int(stage.fresh()[0])
    site = company_site(stage, rng, home)
    move = (
        stage.start
        + int(rng.uniform(0.25, 0.75) * stage.days) * DAY
        + int((10 - tz_of(home)) % 24) * HOUR
        + (rng.random(half) * 3 * HOUR).astype(np.int64)
    )
    override(
        old,
        org=org,
        domain=org + 1000,
        card=org + 10_000_000,
        site0=site,
        active=0.9,
        created=stage.start - 60 * DAY,
        active_from=0,
        quiet_from=move,
        closed=move + 2 * HOUR,
        banned=NEVER,
        plan=TIER4,
        tz=tz_of(home),
    )
    new = {key: value.copy() for key, value in old.items()}
    override(new, created=move, active_from=move, quiet_from=NEVER, closed=NEVER)
    stage.cast.hire(
        Actor(name, "N16", facts={"organisation": org}), {key: np.concatenate([old[key], new[key]]) for key in old}
    )
    return []
