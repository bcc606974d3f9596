"""What a hydra does on each day: jobs and customers through its scheduler, probes, health checks, warm-up, spikes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.worlds.simulate.base import DAY, HOUR, NEVER, SECOND, Array, blend, pick, running, spread, unit, zipf
from forensics.worlds.simulate.dress import add_blobs, dress, finish
from forensics.worlds.simulate.operators import Operator
from forensics.worlds.simulate.people import NEW_MODEL, PARAMS, Stage
from forensics.worlds.simulate.rhythms import live_day, weekday

if TYPE_CHECKING:
    from forensics.worlds.simulate.base import Play
    from forensics.worlds.simulate.hydras import Hydra


# task → tokens read (median), written (median), spread of the log
TASK_TOKENS = {
    "reasoning": (700, 1900, 0.5),
    "grading": (2100, 7, 0.4),
    "rewrite": (420, 520, 0.5),
    "tools": (5200, 700, 0.7),
    "code": (2400, 1300, 0.6),
    "plain": (600, 300, 0.6),
}


HELLO_PARAMS = PARAMS.index((1000, 1.0, 1.0, False))


class Operation(Operator):
    """One hydra at work in a world."""

    # when

    def _jobs(self, day: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
        """Extraction requests of a day before they have an account: time, conversation, turn, tenant."""
        stage, h = self.stage, self.h
        today = stage.start + day * DAY
        low, high = max(today, self.from_at), min(today + DAY, self.to_at)
        if low >= high:
            return (np.array([], dtype=np.int64),) * 4
        alive = len(self.pool.usable(low, high)) / max(h.accounts, 1)
        want = h.accounts * h.rate * (1 - h.customers) * self.tempo[day] * min(alive * 1.5, 1.0) * (high - low) / DAY
        want *= 1.0 if weekday(today) < 5 else 0.6 + 0.4 * h.flat
        count = int(rng.poisson(want / h.session)) if h.arrivals == "poisson" else max(int(want / h.session), 1)
        if h.arrivals == "ticks":
            step = (high - low) / count
            start = (
                low
                + (np.arange(count) * step).astype(np.int64)
                + (rng.lognormal(np.log(0.6), 0.8, count) * step).astype(np.int64)
            )
        elif h.arrivals == "workers":
            workers = max(int(want * (h.gap_s * 1.3) / 86_400), 1)
            each = max(count // workers, 1)
            length = rng.gamma(6, 1 / 6, (workers, each))
            start = low + (np.cumsum(length, axis=1) / each * (high - low)).astype(np.int64).ravel()
            start = start[start < high]
        else:
            hour = (rng.normal(13.5, 4.0, count) - self.tz) % 24 * HOUR
            start = np.where(
                rng.random(count) < h.flat,
                low + (rng.random(count) * (high - low)).astype(np.int64),
                today + hour.astype(np.int64),
            )
            start = start[(start >= low) & (start < high)]
        size = 1 + rng.poisson(rng.gamma(2.0, max(h.session - 1, 0.01) / 2.0, len(start)))
        sess, turn = spread(size)
        gap = h.gap_s * rng.lognormal(0, 0.6, len(sess)) * (turn > 0)
        t = start[sess] + (running(gap, size) * SECOND).astype(np.int64) + rng.integers(0, SECOND, len(sess))
        tenant = pick(rng, zipf(h.tenants, 0.5), len(start))[sess]
        conversation = blend(self.bosses[0], day, sess, 71)
        return t, conversation, turn, tenant

    def day(self, number: int) -> dict[str, Array] | None:
        """Requests of one day."""
        stage, h = self.stage, self.h
        rng = stage.rng(h.name, number)
        if h.scheduler == "once":
            return self._spike(number, rng)
        t, conversation, turn, tenant = self._jobs(number, rng)
        person = self.bosses[tenant] if len(t) else np.array([], dtype=np.int32)
        job = np.ones(len(t), dtype=bool)
        if (
            len(self.crowd)
            and number * DAY + stage.start < self.to_at
            and (number + 1) * DAY + stage.start > self.from_at
        ):
            ct, row, cc, cturn = live_day(stage, self.crowd, number, rng)
            t, conversation, turn = (
                np.concatenate([t, ct]),
                np.concatenate([conversation, cc]),
                np.concatenate([turn, cturn]),
            )
            person, job, tenant = (
                np.concatenate([person, row]),
                np.concatenate([job, np.zeros(len(ct), dtype=bool)]),
                np.concatenate([tenant, np.zeros(len(ct), dtype=np.int64)]),
            )
        parts = []
        if len(t):
            parts.append(self._requests(t, conversation, turn, tenant, person.astype(np.int32), job, rng))
        parts += [
            part
            for part in (self._comb(number, rng), self._probe(number, rng), self._warm_up(number, rng))
            if part is not None
        ]
        if not parts:
            return None
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _requests(
        self,
        t: Array,
        conversation: Array,
        turn: Array,
        tenant: Array,
        person: Array,
        job: Array,
        rng: np.random.Generator,
    ) -> dict[str, Array]:
        member, t, limited = self._schedule(t, conversation, job, rng)
        keep = member >= 0
        t, conversation, turn, tenant, person, job, member, limited = (
            x[keep] for x in (t, conversation, turn, tenant, person, job, member, limited)
        )
        b = dress(self.stage, t, self.pool.rows[member], conversation, turn, person)
        self._extraction(b, job, tenant, rng)
        if (
            self.h.scheduler == "baton"
        ):  # every 429 and 529 makes this relay hop, so there are none but those it hopped at
            b["status"] = np.where(job & np.isin(b["status"], (429, 529)), 200, b["status"])
        b["status"] = np.where(limited, 429, b["status"])
        add_blobs(b)
        if self.h.replay > 0:
            self._replay(b, job, rng)
        return b

    def _schedule(
        self, t: Array, conversation: Array, job: Array, rng: np.random.Generator
    ) -> tuple[Array, Array, Array]:
        """Member of each request; a conversation keeps its account for an hour, then is scheduled anew."""
        h = self.h
        limited = np.zeros(len(t), dtype=bool)
        member = np.full(len(t), -1, dtype=np.int64)
        sticky = ~job if h.scheduler == "baton" else np.ones(len(t), dtype=bool)
        if h.scheduler == "baton":
            index = np.flatnonzero(job)
            index = index[np.argsort(t[index], kind="stable")]
            streams = max(self.h.accounts // 12, 1)
            stream = (blend(np.arange(len(index)) // 1, 5) % np.uint64(streams)).astype(np.int64)
            member[index], t[index], limited[index] = self.pool.pass_baton(
                t[index], stream, max(self.h.rate * 0.5, 6), rng
            )
        rows = np.flatnonzero(sticky)
        if len(rows):
            first = np.full(len(rows), 0, dtype=np.int64)
            keys, back = np.unique(conversation[rows], return_inverse=True)
            begin = np.full(len(keys), NEVER)
            np.minimum.at(begin, back, t[rows])
            first = (t[rows] - begin[back]) // HOUR  # which hour of the conversation
            code, segment = np.unique(back * 64 + np.minimum(first, 63), return_inverse=True)
            start = np.full(len(code), NEVER)
            last = np.zeros(len(code), dtype=np.int64)
            np.minimum.at(start, segment, t[rows])
            np.maximum.at(last, segment, t[rows])
            order = np.argsort(start, kind="stable")
            chosen = np.full(len(code), -1, dtype=np.int64)
            if h.scheduler in ("lru", "baton"):
                chosen[order] = self.pool.rotate(start[order], last[order], h.skips, rng)
            else:
                chosen[order] = self.pool.scatter(start[order], rng, weighted=h.scheduler == "weighted")
            member[rows] = chosen[segment]
            self._fail_over(rows, segment, len(code), t, member, limited, rng)
        banned = (member >= 0) & (
            t >= self.pool.end[member]
        )  # banned in the middle of a conversation: it goes on elsewhere
        if banned.any():
            index = np.flatnonzero(banned)
            index = index[np.argsort(t[index], kind="stable")]
            member[index] = self.pool.scatter(t[index], rng)
        return member, t, limited

    def _fail_over(
        self,
        rows: Array,
        segment: Array,
        segments: int,
        t: Array,
        member: Array,
        limited: Array,
        rng: np.random.Generator,
    ) -> None:
        """Some conversations meet a 429 and go on with another account seconds later."""
        hit = rng.random(segments) < self.h.failover
        if not hit.any():
            return
        cut = rng.random(segments)
        order = np.lexsort((t[rows], segment))
        counts = np.bincount(segment, minlength=segments)
        place = np.empty(len(rows), dtype=np.int64)
        place[order] = spread(counts)[1]
        at = np.maximum((cut * counts).astype(np.int64), 1)
        after = hit[segment] & (place >= at[segment]) & (counts[segment] > 1)
        limited[rows[hit[segment] & (place == at[segment] - 1) & (counts[segment] > 1)]] = True
        first = hit[segment] & (place == at[segment]) & (counts[segment] > 1)
        before = np.full(segments, 0, dtype=np.int64)
        before[segment[hit[segment] & (place == at[segment] - 1)]] = t[rows[hit[segment] & (place == at[segment] - 1)]]
        t[rows[first]] = np.minimum(
            t[rows[first]],
            before[segment[first]] + (rng.uniform(0.05, 3.2, int(first.sum())) * SECOND).astype(np.int64),
        )
        begin = np.full(segments, NEVER)
        np.minimum.at(begin, segment[after], t[rows[after]])
        moving = np.flatnonzero(begin < NEVER)
        if len(moving):
            moving = moving[np.argsort(begin[moving], kind="stable")]
            target = np.full(segments, -1, dtype=np.int64)
            target[moving] = self.pool.scatter(begin[moving], rng)
            member[rows[after]] = target[segment[after]]

    # content of jobs

    def _extraction(self, b: dict[str, Array], job: Array, tenant: Array, rng: np.random.Generator) -> None:
        h, words, n = self.h, self.stage.words, int(job.sum())
        if not n:
            return
        which = tenant[job]
        fixed = unit(blend(b["conversation"][job], 81))
        choice = np.minimum((fixed**1.3 * h.templates).astype(np.int64), h.templates - 1)
        template = np.stack(self.books)[which, choice]
        each = blend(b["conversation"][job], b["turn"][job], b["t"][job], 83)
        retry = rng.random(n) < 0.012
        item = np.where(retry & (np.arange(n) > 0), np.roll(each, 1), each)
        slots = np.array([t.slot_words for t in words.templates])[template]
        values: dict[str, Array] = {
            "template": template,
            "variant": 1 + (rng.random(n) ** 1.3 * h.paraphrases).astype(np.int64)
            if h.paraphrase > 0
            else np.zeros(n, dtype=np.int64),
            "item": item,
            "topic": np.array([t.topic for t in words.templates])[template],
            "words": np.clip(slots * np.exp(0.6 * (unit(blend(item, 84)) - 0.5) * 2), 3, 180),
            "params": self.settings[
                (unit(blend(b["conversation"][job], 85)) ** 2 * len(self.settings)).astype(np.int64)
            ],
            "system": np.full(n, self.system),
            "tools": np.array([(int(t.tokens[0]) % 180) + 200 if t.task == "tools" else -1 for t in words.templates])[
                template
            ],
            "model": np.where((b["t"][job] >= self.pivot_at) & (rng.random(n) < h.pivot), NEW_MODEL, self.top),
            "device": blend(b["account"][job], 86) if h.client == "frozen" else np.zeros(n, dtype=np.uint64),
            "end_user": np.zeros(n, dtype=np.uint64),
        }
        tasks = np.array([list(TASK_TOKENS).index(t.task) if t.task in TASK_TOKENS else 5 for t in words.templates])[
            template
        ]
        table = np.array(list(TASK_TOKENS.values()))[tasks]
        values["input"] = np.clip(table[:, 0] * rng.lognormal(0, table[:, 2]) * (1 + 0.3 * b["turn"][job]), 20, 180_000)
        values["output"] = np.clip(
            table[:, 1] * rng.lognormal(0, table[:, 2]), 1, np.array([p[0] for p in PARAMS])[values["params"]]
        )
        values["reasoning"] = np.where(rng.random(n) < 0.6, values["output"] * 0.4, 0)
        values["cached"] = np.where(b["turn"][job] > 0, values["input"] * 0.7, 0)
        for name, column in values.items():
            merged = (
                b[name].astype(np.result_type(b[name].dtype, column.dtype))
                if b[name].dtype != column.dtype and name not in ("device", "end_user", "item")
                else b[name].copy()
            )
            merged[job] = column
            b[name] = merged
        finish(b, blend(b["conversation"], b["turn"], b["t"], 87))

    def _replay(self, b: dict[str, Array], job: Array, rng: np.random.Generator) -> None:
        """Reasoning blobs made by one account are replayed by another, later."""
        order = np.argsort(b["t"], kind="stable")
        source = order[(b["blob_out"][order] > 0) & job[order]]
        if len(source) < 10:
            return
        target = np.flatnonzero(job & (rng.random(len(job)) < self.h.replay))
        upto = np.searchsorted(b["t"][source], b["t"][target])
        target, upto = target[upto > 0], upto[upto > 0]
        b["blob_in"][target] = b["blob_out"][source[(rng.random(len(target)) * upto).astype(np.int64)]]

    def _simple(self, t: Array, member: Array, salt: int) -> dict[str, Array]:
        b = dress(
            self.stage,
            t,
            self.pool.rows[member].astype(np.int32),
            blend(self.pool.rows[member], t, salt),
            np.zeros(len(t), dtype=np.int64),
        )
        add_blobs(b)
        return b

    def _comb(self, number: int, rng: np.random.Generator) -> dict[str, Array] | None:
        """Health checks: the same tiny prompt on every account in the same seconds at 08:00 of the operator."""
        if not self.h.comb:
            return None
        at = self.stage.start + number * DAY + int((8 - self.tz) % 24 * HOUR)
        member = np.flatnonzero((self.pool.start <= at) & (self.pool.end > at))
        if not len(member) or not self.from_at <= at < self.to_at:
            return None
        b = self._simple(at + (rng.random(len(member)) * 1.8 * SECOND).astype(np.int64), member, 91)
        n = len(member)
        values = {
            "template": self.hello,
            "item": 7,
            "words": 0,
            "params": HELLO_PARAMS,
            "system": self.hello_system,
            "tools": -1,
            "input": 12,
            "output": 11,
            "reasoning": 0,
            "cached": 0,
            "variant": 0,
            "topic": 0,
            "device": 0,
            "turn": 0,
        }
        for name, value in values.items():
            b[name] = np.full(n, value).astype(b[name].dtype)
        return b

    def _probe(self, number: int, rng: np.random.Generator) -> dict[str, Array] | None:
        """Before the campaign grows: a few accounts try many extraction prompts, most of which are refused."""
        first = int((self.from_at - self.stage.start) // DAY)
        if not self.probes or not first <= number < first + 2:
            return None
        usable = self.pool.usable(self.from_at, self.from_at + 2 * DAY)[
            : 2 + int(blend(self.bosses[0], 3)[0] % np.uint64(5))
        ]
        n = min(len(self.probes) * 4, 200)
        t = self.stage.start + number * DAY + (rng.random(n) * DAY).astype(np.int64)
        member = usable[rng.integers(0, len(usable), n)]
        good = (t >= self.pool.start[member]) & (t < self.pool.end[member])
        t, member = t[good], member[good]
        b = self._simple(t, member, 93)
        probes = np.array([*self.probes, *self.books[0][:2]])
        b["template"] = probes[rng.integers(0, len(probes), len(t))]
        refused = (rng.random(len(t)) < 0.6) & (b["template"] != self.books[0][0])
        b["status"] = np.where(refused, rng.choice([400, 403, 400], len(t)), b["status"])
        return b

    def _warm_up(self, number: int, rng: np.random.Generator) -> dict[str, Array] | None:
        """Dormant accounts send a little before they are needed."""
        today = self.stage.start + number * DAY
        if not len(self.dormant):
            return None
        t, row, conversation, turn = live_day(self.stage, self.dormant, number, rng)
        index = np.searchsorted(self.pool.rows, row)
        keep = (t < self.pool.start[index]) & (t >= today)
        if not keep.any():
            return None
        b = dress(self.stage, t[keep], row[keep], conversation[keep], turn[keep])
        add_blobs(b)
        return b

    def _spike(self, number: int, rng: np.random.Generator) -> dict[str, Array] | None:
        """Every account is used once, for a handful of requests, within two days."""
        stage, h = self.stage, self.h
        n = h.accounts
        mine = stage.rng(h.name, "spike")
        start = (
            self.from_at
            + int(0.4 * DAY)
            + (mine.random(n) * min(2 * DAY, max(self.to_at - self.from_at, HOUR))).astype(np.int64)
        )
        size = 1 + mine.poisson(max(h.rate * 2 - 1, 0.5), n)
        sess, turn = spread(size)
        t = start[sess] + (running(mine.lognormal(np.log(h.gap_s), 1.0, len(sess)) * (turn > 0), size) * SECOND).astype(
            np.int64
        )
        today = stage.start + number * DAY
        here = (t >= today) & (t < today + DAY)
        if not here.any():
            return None
        t, member, turn = t[here], sess[here], turn[here]
        conversation = blend(self.pool.rows[member], 97)
        tenant = np.zeros(len(t), dtype=np.int64)
        job = np.ones(len(t), dtype=bool)
        b = dress(
            stage,
            t,
            self.pool.rows[member].astype(np.int32),
            conversation,
            turn,
            np.full(len(t), self.bosses[0], dtype=np.int32),
        )
        self._extraction(b, job, tenant, rng)
        add_blobs(b)
        if h.replay > 0:
            self._replay(b, job, rng)
        return b


def plant_hydras(stage: Stage, hydras: list[Hydra], level: str) -> list[Play]:
    """Every hydra of the list."""
    return [Operation(stage, hydra, level).day for hydra in hydras]
