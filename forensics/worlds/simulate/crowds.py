"""The harmless who only happen to be alike: background customers, crowds behind one address, users of one framework,
classes, events.
"""

from __future__ import annotations

import numpy as np

from forensics.worlds.simulate.base import DAY, HOUR, NEVER, Actor, Array, Play, blend
from forensics.worlds.simulate.dress import dress
from forensics.worlds.simulate.people import (
    BATCH,
    CHAT,
    CODER,
    EDUCATION,
    SCRIPT,
    SERVER,
    Stage,
    company_site,
    draw_home,
    draw_people,
    override,
    tz_of,
)
from forensics.worlds.simulate.places import MOBILE
from forensics.worlds.simulate.rhythms import batch_day, live_day, script_day


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
        parts = [
            live_day(stage, live, number, rng),
            script_day(stage, script, number, rng),
            batch_day(stage, batch, number, rng),
        ]
        t, row, conversation, turn = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return dress(stage, t, row.astype(np.int32), conversation, turn)

    return day


def cgnat(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N1: unrelated people behind a few addresses of one carrier."""
    home = draw_home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.7, 0.3]), country=np.full(n, home))
    exits = stage.places.homes(rng, np.full(int(rng.integers(1, 4)), home), MOBILE)
    override(
        p,
        site0=exits[rng.integers(0, len(exits), n)],
        site1=exits[rng.integers(0, len(exits), n)],
        lease=int(rng.choice([1, 7])),
    )
    stage.cast.hire(Actor(name, "N1"), p)
    return []


def cloud_exit(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N3: unrelated customers who happen to share /24s of a VPN or a cloud."""
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, SERVER, SCRIPT], n, p=[0.4, 0.4, 0.2]))
    exits = np.array(
        [company_site(stage, rng, draw_home(rng), cloud=True) for _ in range(int(rng.integers(2, 6)))], dtype=np.uint32
    )
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
    override(
        p, period=period, phase=0, jitter=rng.choice([0.2, 1.0, 8.0], n), rate=np.clip(p["rate"], 2, 150), active=1.0
    )
    stage.cast.hire(Actor(name, "N5"), p)
    return []


def school_class(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N7: students of one course: sign up together, share assignment, domain and campus, work before deadlines, sleep
    at night.
    """
    home = draw_home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.75, 0.25]), country=np.full(n, home))
    campus, term = company_site(stage, rng, home), int(stage.fresh()[0])
    first = stage.start + int(rng.uniform(0.02, 0.35) * stage.days) * DAY + int((14 - tz_of(home)) % 24) * HOUR
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
        tz=tz_of(home),
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


def hackathon(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N14: an event: sign-ups within hours under one code, full use at once, everybody builds something else, over in
    two days.
    """
    home = draw_home(rng)
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER, SERVER], n, p=[0.2, 0.5, 0.3]))
    code, venue = int(stage.fresh()[0]), company_site(stage, rng, home)
    begin = stage.start + int(rng.uniform(0.15, 0.85) * stage.days) * DAY + int((9 - tz_of(home)) % 24) * HOUR
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
        tz=tz_of(home),
        site0=np.where(rng.random(n) < 0.75, venue, p["site0"]),
        signup_site=venue,
        banned=NEVER,
        org=0,
        weekend=1.0,
        system0=np.where(rng.random(n) < 0.3, 3 << 32, p["system0"]),
    )
    stage.cast.hire(Actor(name, "N14", facts={"code": code}), p)
    return []


def family(stage: Stage, rng: np.random.Generator, n: int, name: str) -> list[Play]:
    """N17: a few people at home share a plan, a card and an address."""
    home = draw_home(rng)
    n = int(np.clip(n, 3, 5))
    p = draw_people(stage, rng, n, style=rng.choice([CHAT, CODER], n, p=[0.8, 0.2]), country=np.full(n, home))
    card = int(stage.fresh()[0])
    override(
        p,
        site0=p["site0"][0],
        card=card,
        signup_site=p["site0"][0],
        tz=tz_of(home),
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
        p[f"template{slot}"] = np.array(
            [stage.words.add_template(rng, "reasoning" if rng.random() < 0.3 else "explain") for _ in range(n)],
            dtype=np.int32,
        )
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
