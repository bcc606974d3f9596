"""The harmless: background customers, and the look-alikes N1 to N21, each with what sets it apart in reality."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from forensics.simulate.base import DAY, HOUR, NEVER, SECOND, Actor, Array, blend, pick, spread
from forensics.simulate.dress import dress
from forensics.simulate.people import BATCH, CHAT, CODER, NEW_MODEL, SCRIPT, SERVER, Stage, company_site, draw_people, override
from forensics.simulate.places import COUNTRIES, MOBILE
from forensics.simulate.rhythms import batch_day, live_day, script_day

Play: TypeAlias = Callable[[int], "dict[str, Array] | None"]  # day → requests
EDUCATION, ENTERPRISE, TIER2, TIER4 = 6, 5, 2, 4


def background(stage: Stage, n: int) -> None:
    """Everybody else."""
    stage.cast.hire(Actor("background", "background"), draw_people(stage, stage.rng("background"), n))


def ordinary(stage: Stage) -> Play:
    """All billed people whose requests are simply theirs, by style of use."""
    cast = stage.cast
    mine = cast["billed"] & ~cast["staged"]
    live = np.flatnonzero(mine & (cast["style"] <= SERVER)).astype(np.int32)
    script = np.flatnonzero(mine & (cast["style"] == SCRIPT)).astype(np.int32)
    batch = np.flatnonzero(mine & (cast["style"] == BATCH)).astype(np.int32)

    def day(number: int) -> dict[str, Array]:
        rng = stage.rng("ordinary", number)
        parts = [live_day(stage, live, number, rng), script_day(stage, script, number, rng), batch_day(stage, batch, number, rng)]
        t, row, conversation, turn = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return dress(stage, t, row.astype(np.int32), conversation, turn)

    return day


def _home(rng: np.random.Generator) -> int:
    return int(pick(rng, [w for _, _, w in COUNTRIES], 1)[0])


def _tz(country: int) -> float:
    return float(COUNTRIES[country][1])


def _volume(stage: Stage) -> float:
    """Factor on the volume of the few that send much, so that they do not fill a small world."""
    return float(min(stage.tuning.get("size", 1.0), 1.0) ** 0.7 * stage.tuning.get("volume", 1.0))


def _between(rng: np.random.Generator, low: float, high: float) -> int:
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


def cgnat(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N1: unrelated people behind a few addresses of one carrier."""
    home = _home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.7, 0.3]), country=np.full(n, home))
    exits = stage.places.homes(rng, np.full(int(rng.integers(1, 4)), home), MOBILE)
    override(p, site0=exits[rng.integers(0, len(exits), n)], site1=exits[rng.integers(0, len(exits), n)], lease=int(rng.choice([1, 7])))
    stage.cast.hire(Actor(name, "N1"), p)
    return []


def office(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N2: seats of one company: one organisation, invoice and network, managed clients, own work and hours."""
    home = _home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.65, 0.35]), country=np.full(n, home))
    org, card = stage.fresh(2)
    gate, vpn = company_site(stage, rng, home), company_site(stage, rng, home, cloud=True)
    standard = int(stage.places.clients(rng, np.array([0]))[0])
    start = stage.start - int(rng.uniform(60, 500)) * DAY
    hired = np.where(
        rng.random(n) < 0.8, start + (rng.random(n) * 20 * DAY).astype(np.int64), stage.start + (rng.random(n) * stage.days * DAY).astype(np.int64)
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
        upgrade_at=stage.start + int(rng.uniform(0.2, 0.9) * stage.days) * DAY + (rng.random(n) * 2 * DAY).astype(np.int64),
    )
    p["client0"] = np.where(rng.random(n) < 0.75, standard, p["client0"]).astype(np.int32)
    p["system0"] = np.where(rng.random(n) < 0.35, house, p["system0"]).astype(np.int64)
    p["tz"] = np.full(n, _tz(home))
    stage.cast.hire(Actor(name, "N2", facts={"organisation": int(org)}), p)
    return []


def cloud_exit(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N3: unrelated customers who happen to share /24s of a VPN or a cloud."""
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, SERVER, SCRIPT], n, p=[0.4, 0.4, 0.2]))
    exits = np.array([company_site(stage, rng, _home(rng), cloud=True) for _ in range(int(rng.integers(2, 6)))], dtype=np.uint32)
    p["site0"] = exits[rng.integers(0, len(exits), n)]
    p["site1"] = np.where(rng.random(n) < 0.5, exits[rng.integers(0, len(exits), n)], p["site1"]).astype(np.uint32)
    stage.cast.hire(Actor(name, "N3"), p)
    return []


def framework(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N4: users of one agent framework; its new version brings the new model on release day."""
    p = draw_people(stage, rng, n, style=rng.choice([CODER, SERVER], n, p=[0.7, 0.3]))
    which = int(rng.integers(2, 8))
    old = stage.places.add_client(f"agentkit/{rng.integers(1, 4)}.{rng.integers(0, 9)}.0", "node22", 900 + which, 0)
    stage.places.add_client(f"agentkit/{rng.integers(4, 6)}.0.0", "node22", 900 + which, 1)
    private = rng.integers(1, 2**31, n)
    release = stage.release if stage.release < NEVER else stage.end
    update = release + (rng.lognormal(-1.0, 1.6, n) * DAY).astype(np.int64)
    override(
        p,
        system0=(which << 32) + np.where(rng.random(n) < 0.5, private, 0),
        client0=old,
        client_share=0.97,
        upgrade_at=update,
        adopt_at=np.where(rng.random(n) < 0.8, update, NEVER),
        adopt_share=rng.beta(1.5, 0.7, n),
        created=stage.start - ((rng.exponential(200, n) + 20) * DAY).astype(np.int64),
        active_from=0,
        tools=int(rng.integers(0, 20)),
    )
    stage.cast.hire(Actor(name, "N4"), p)
    return []


def nightly_cron(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N5: scheduled jobs of many tenants at the same tick; tools, prompts and payment differ."""
    p = draw_people(stage, rng, n, style=SCRIPT)
    period = int(rng.choice([3600, 86400, 86400]))
    override(p, period=period, phase=0, jitter=rng.choice([0.2, 1.0, 8.0], n), rate=np.clip(p["rate"], 2, 150), active=1.0)
    stage.cast.hire(Actor(name, "N5"), p)
    return []


def benchmark(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N6: labs that run one public benchmark: the same items everywhere, many models, for a short while after the release."""
    p = draw_people(stage, rng, n, style=SERVER)
    task = ("code", "grading", "reasoning")[rng.integers(3)]
    template = stage.words.add_template(rng, task)
    items = int(rng.integers(150, 700))
    override(p, recurrence=0.0, template_share=1.0, system0=0, system1=0, work=int(rng.integers(0, 3)))
    p["staged"] = np.ones(n, dtype=bool)
    rows = stage.cast.hire(Actor(name, "N6"), p)
    release = stage.release if stage.release < NEVER else stage.start + stage.days * DAY // 2
    begin = release + (rng.lognormal(0.3, 1.0, n) * DAY).astype(np.int64)
    models = [rng.permutation([NEW_MODEL, *rng.choice([0, 1, 2, 5, 6, 7, 8], int(rng.integers(1, 6)), replace=False)]) for _ in range(n)]
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
                parts.append((t[here], np.full(len(index), rows[k], dtype=np.int32), index % count, models[k][index // count], np.full(len(index), params[k])))
        if not parts:
            return None
        t, row, item, model, setting = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        b = dress(stage, t, row, blend(row, item, model, 51), np.zeros(len(t), dtype=np.int64))
        b["item"] = blend(template, item, 53)
        b["person"] = np.full(len(t), rows[0], dtype=b["person"].dtype)  # one author: the items are the same to the letter wherever they are run
        b["template"] = np.full(len(t), template)
        b["topic"] = np.full(len(t), stage.words.templates[template].topic)
        b["words"] = 12 + (blend(template, item, 54) % np.uint64(40)).astype(np.int64)
        b["model"] = model
        b["params"] = setting
        return b

    return [day]


def school_class(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N7: students of one course: sign up together, share assignment, domain and campus, work before deadlines, sleep at night."""
    home = _home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.75, 0.25]), country=np.full(n, home))
    campus, term = company_site(stage, rng, home), int(stage.fresh()[0])
    first = stage.start + int(rng.uniform(0.02, 0.35) * stage.days) * DAY + int((14 - _tz(home)) % 24) * HOUR
    born = first + (rng.exponential(0.6, n) * HOUR).astype(np.int64)
    late = rng.random(n) < 0.2
    born = np.where(late, born + (rng.random(n) * 5 * DAY).astype(np.int64), born)
    over = min(first + int(rng.uniform(18, 40)) * DAY, int(NEVER))
    override(
        p,
        site0=campus,
        created=born,
        active_from=born,
        quiet_from=over,
        domain=term + 1000,
        plan=EDUCATION,
        org=np.where(rng.random(n) < 0.4, term, 0),
        card=0,
        rate=np.clip(p["rate"], 2, 60),
        active=1.0,
        wake=rng.normal(9.5, 1.5, n),
        tz=_tz(home),
        signup_site=campus,
        referrer=np.where(rng.random(n) < 0.7, term, 0),
        banned=NEVER,
    )
    p["staged"] = np.ones(n, dtype=bool)
    rows = stage.cast.hire(Actor(name, "N7", facts={"domain": term}), p)
    weeks = int(rng.integers(4, 8))  # days between deadlines
    offset = int(rng.integers(weeks))
    topic = int(rng.integers(stage.words.topic_count))
    keen = rng.beta(2, 2, n)

    def day(number: int) -> dict[str, Array] | None:
        draw = stage.rng(name, number)
        left = (offset - number) % weeks
        busy = (1.0, 0.7, 0.3)[left] if left < 3 else 0.12
        today = rows[draw.random(n) < busy * (0.4 + 0.8 * keen)]
        t, row, conversation, turn = live_day(stage, today, number, draw)
        if not len(t):
            return None
        b = dress(stage, t, row, conversation, turn)
        task = (number + weeks - offset) // weeks
        on_task = draw.random(len(t)) < 0.65
        known = (draw.random(len(t)) ** 2 * 40).astype(np.int64)  # questions of the sheet, pasted or in own words
        pasted = draw.random(len(t)) < 0.5
        b["item"] = np.where(on_task & pasted, blend(term, task, known), b["item"])
        b["words"] = np.where(on_task & pasted, 10 + known, b["words"])
        b["topic"] = np.where(on_task, topic, b["topic"])
        return b

    return [day]


def tenant_platform(stage: Stage, rng: np.random.Generator, n: int, name: str, *, parent: str = "declared") -> list[Play]:
    """N8: a product with one key per tenant: same templates, exits and card; each tenant has its own hours, items and stable prompts."""
    p = draw_people(stage, rng, n, style=SERVER)
    org, card = stage.fresh(2)
    exits = np.array([company_site(stage, rng, _home(rng), cloud=True) for _ in range(int(rng.integers(1, 4)))], dtype=np.uint32)
    home_tz = np.array([hours for _, hours, _ in COUNTRIES])[p["country"]]
    client = int(stage.places.clients(rng, np.array([2]))[0])
    tasks = ("plain", "plain", "code", "explain", "tools", "grading")
    templates = [stage.words.add_template(rng, tasks[rng.integers(len(tasks))]) for _ in range(int(rng.integers(1, 5)))]
    system = int(rng.integers(1, 2**31))
    sold = stage.start - int(rng.uniform(100, 400)) * DAY + (np.sort(rng.random(n) ** 0.8) * (stage.end - stage.start + 300 * DAY)).astype(np.int64)
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
        system0=system,
        system1=system,
        work=p["work"][0],
        token_scale=p["token_scale"][0] * rng.lognormal(0, 0.25, n),
        tools=p["tools"][0],
        signup_site=exits[0],
    )
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
        rate=rng.uniform(300, 900) * _volume(stage),
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
    """N10 and N19: one company's gateway or experiment sends its products' requests at random through n keys of its own."""
    apps = int(rng.integers(4, 12)) if kind == "N10" else 1
    home = _home(rng)
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
        rate=(rng.uniform(20, 150, apps) if kind == "N10" else rng.uniform(100, 400)) * _volume(stage),
        active=1.0,
        active_from=0,
        banned=NEVER,
        closed=NEVER,
        quiet_from=NEVER,
        tz=_tz(home),
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
    """N12: one customer under contract makes training data: rubric or reasoning prompts, disjoint items, round the clock, one organisation."""
    p = draw_people(stage, rng, n, style=BATCH)
    org = int(stage.fresh()[0])
    site = company_site(stage, rng, _home(rng), cloud=True)
    template = stage.words.add_template(rng, ("reasoning", "grading")[rng.integers(2)])
    override(
        p,
        org=org,
        domain=org + 1000,
        card=org + 10_000_000,
        plan=ENTERPRISE,
        rate=rng.uniform(300, 900) * _volume(stage),
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
    """N13: a workload moves from an old key to a new one: no ban, same organisation, the old key ends as the new begins."""
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
    override(new, created=move - (rng.exponential(1, pairs) * DAY).astype(np.int64), active_from=move, quiet_from=NEVER, closed=NEVER)
    stage.cast.hire(Actor(name, "N13"), {key: np.concatenate([old[key], new[key]]) for key in old})
    return []


def hackathon(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N14: an event: sign-ups within hours under one code, full use at once, everybody builds something else, over in two days."""
    home = _home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER, SERVER], n, p=[0.2, 0.5, 0.3]))
    code, venue = int(stage.fresh()[0]), company_site(stage, rng, home)
    begin = stage.start + int(rng.uniform(0.15, 0.85) * stage.days) * DAY + int((9 - _tz(home)) % 24) * HOUR
    born = begin + (rng.exponential(1.2, n) * HOUR).astype(np.int64)
    override(
        p,
        created=born,
        active_from=born,
        quiet_from=begin + 44 * HOUR + (rng.random(n) * 4 * HOUR).astype(np.int64),
        referrer=code,
        card=np.where(rng.random(n) < 0.8, 0, p["card"]),
        plan=8,
        rate=np.clip(p["rate"] * 6, 30, 700),
        active=1.0,
        flat=rng.beta(2, 3, n),
        tz=_tz(home),
        site0=np.where(rng.random(n) < 0.75, venue, p["site0"]),
        signup_site=venue,
        banned=NEVER,
        org=0,
        weekend=1.0,
        system0=np.where(rng.random(n) < 0.3, 3 << 32, p["system0"]),
    )
    stage.cast.hire(Actor(name, "N14", facts={"code": code}), p)
    return []


def key_rotation(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N16: an organisation replaces all its keys on a scheduled day."""
    home = _home(rng)
    half = max(n // 2, 2)
    old = draw_people(stage, rng, half, style=rng.choice([CHAT, SERVER, SCRIPT], half), country=np.full(half, home))
    org = int(stage.fresh()[0])
    site = company_site(stage, rng, home)
    move = stage.start + int(rng.uniform(0.25, 0.75) * stage.days) * DAY + int((10 - _tz(home)) % 24) * HOUR + (rng.random(half) * 3 * HOUR).astype(np.int64)
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
        tz=_tz(home),
    )
    new = {key: value.copy() for key, value in old.items()}
    override(new, created=move, active_from=move, quiet_from=NEVER, closed=NEVER)
    stage.cast.hire(Actor(name, "N16", facts={"organisation": org}), {key: np.concatenate([old[key], new[key]]) for key in old})
    return []


def family(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N17: a few people at home share a plan, a card and an address."""
    home = _home(rng)
    n = int(np.clip(n, 3, 5))
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.8, 0.2]), country=np.full(n, home))
    card = int(stage.fresh()[0])
    override(
        p,
        site0=p["site0"][0],
        card=card,
        signup_site=p["site0"][0],
        tz=_tz(home),
        lease=p["lease"][0],
        banned=NEVER,
        active_from=0,
        created=stage.start - 40 * DAY,
    )
    stage.cast.hire(Actor(name, "N17"), p)
    return []


def explainers(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N18: accessibility, translation and regulated products that ask for reasoning, each in its own words."""
    p = draw_people(stage, rng, n, style=SERVER)
    for slot in range(4):
        p[f"template{slot}"] = np.array([stage.words.add_template(rng, "reasoning" if rng.random() < 0.3 else "explain") for _ in range(n)], dtype=np.int32)
    override(p, template_share=1.0)
    stage.cast.hire(Actor(name, "N18"), p)
    return []


def rounded(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N20: a collector rounds or batches the times of its customers' requests, or its clock is off."""
    p = draw_people(stage, rng, n)
    override(p, round=rng.choice([1_000_000, 10_000_000, 60_000_000], n, p=[0.5, 0.3, 0.2]))
    stage.cast.hire(Actor(name, "N20"), p)
    return []


def eager(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N21: people who try a new model within hours, some fully, some a little."""
    p = draw_people(stage, rng, n)
    release = stage.release if stage.release < NEVER else stage.end
    override(
        p,
        adopt_at=release + (rng.exponential(5, n) * HOUR).astype(np.int64),
        adopt_share=rng.beta(0.5, 0.4, n),
        active=np.maximum(p["active"], 0.7),
        active_from=0,
        created=stage.start - 90 * DAY,
    )
    stage.cast.hire(Actor(name, "N21"), p)
    return []


# kind → (maker, accounts: fewest, most, how many such actors at size 1)
NEGATIVES: dict[str, tuple[Callable[..., list[Play]], int, int, int]] = {
    "N1": (cgnat, 100, 350, 2),
    "N2": (office, 60, 450, 3),
    "N3": (cloud_exit, 60, 250, 2),
    "N4": (framework, 300, 1200, 1),
    "N5": (nightly_cron, 50, 160, 2),
    "N6": (benchmark, 12, 45, 2),
    "N7": (school_class, 45, 110, 3),
    "N8": (tenant_platform, 40, 350, 5),
    "N9": (aggregator, 3, 6, 2),
    "N10": (shuffled, 4, 6, 3),
    "N11": (regression_suite, 2, 6, 2),
    "N12": (synthetic_data, 1, 4, 3),
    "N13": (migrated, 6, 16, 1),
    "N14": (hackathon, 50, 180, 2),
    "N16": (key_rotation, 16, 60, 2),
    "N17": (family, 3, 5, 12),
    "N18": (explainers, 12, 40, 1),
    "N19": (experiment, 2, 3, 3),
    "N20": (rounded, 40, 120, 1),
    "N21": (eager, 30, 90, 1),
}


def plant_negatives(stage: Stage, counts: dict[str, float], size: float) -> list[Play]:
    """Every negative of `counts` (kind → factor on how many), with sizes scaled by `size`; N8 in its three commercial forms."""
    plays: list[Play] = []
    stage.tuning["size"] = size
    for kind, (maker, low, high, usual) in NEGATIVES.items():
        number = max(round(usual * counts.get(kind, 1.0)), 0) if counts.get(kind, 1.0) > 0 else 0
        for index in range(number):
            name = f"{maker.__name__.replace('_', '-')}-{index + 1}"
            rng = stage.rng(name)
            small = high <= 6
            n = _between(rng, low, high) if small else max(int(_between(rng, low, high) * size), 6)
            if kind == "N8":
                form = ("declared", "none", "declared", "reseller", "declared")[index % 5]
                plays += tenant_platform(stage, rng, n, name, parent=form)
            else:
                plays += maker(stage, rng, n, name)
    return plays


__all__ = ["NEGATIVES", "Play", "background", "ordinary", "plant_negatives"]
