"""Makes a world of the reported regime, fast: one hydra of 25,000 accounts, customers, and innocent look-alikes.

    python tests/bench/scale/world.py FOLDER --events 3_700_000 [--form parquet|jsonl|jsonl.zst] [--jobs 2]

All numbers scale with `--events` (73 M: 551,000 accounts, a hydra of 25,000 with 28 M requests in 42 days, hashes but
no text). A file a day, the same bytes from the same seed and size, whatever `--jobs`; about a million rows a second.

Among the innocent: offices behind one address, tenants of platforms, users of shared frameworks, classes with dated
assignments, families, nightly jobs, carriers whose exits hundreds share.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

DAYS, START_S = 42, 1_772_323_200  # from 2026-03-01, a Sunday
FULL_EVENTS, FULL_ACCOUNTS, FULL_HYDRA, FULL_HYDRA_EVENTS = 73_000_000, 551_000, 25_000, 28_000_000
KINDS = ("customer", "framework", "tenant", "office", "class", "family", "job")
SHARES = (0.78, 0.08, 0.02, 0.03, 0.02, 0.05, 0.02)  # of the accounts that are not the hydra's
CLIENTS = [f"{name}/{version} {runtime}" for name in ("openai-python", "anthropic-sdk", "langchain", "litellm", "curl")
           for version in ("1.2", "1.9", "2.0", "2.4") for runtime in ("Python/3.12 Linux", "Node/20 Darwin")]  # fmt: skip
MODELS = ["opus-4", "sonnet-4", "haiku-4", "sonnet-5"]
SYSTEMS, TEMPLATES = 60, 4_000  # public frameworks; templates of the public that many know
HYDRA_TEMPLATES, HYDRA_CLIENTS = 58, 6


@dataclass(frozen=True)
class Cast:
    """Who there is: a row an account, as numbers; the hydra's accounts come first."""

    kind: np.ndarray  # place in ("hydra", *KINDS)
    group: np.ndarray  # office, class, family, platform; -1 where there is none
    rate: np.ndarray  # requests a day, on average
    zone: np.ndarray  # hours from UTC
    born: np.ndarray  # day
    gone: np.ndarray  # day after the last
    card: np.ndarray
    names: pl.Series

    @property
    def hydra(self) -> int:
        """Accounts of the hydra."""
        return int((self.kind == 0).sum())


def mixed(*parts: np.ndarray | int | bool) -> np.ndarray:
    """A hash of whole numbers, 64 bit: what is asked for twice is the same twice."""
    found = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        for part in parts:
            found = (found ^ np.asarray(part).astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
            found = (found ^ (found >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
            found ^= found >> np.uint64(32)
    return np.asarray(found)


def spelled(numbers: np.ndarray) -> pl.Series:
    """64-bit numbers as 16 hex digits."""
    whole = np.ascontiguousarray(numbers.astype(">u8"))
    binary = pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), len(whole), [None, pa.py_buffer(whole)])
    return pl.Series(pl.from_arrow(binary.cast(pa.binary()))).bin.encode("hex")


def make_cast(events: int, seed: int) -> Cast:
    """All accounts of a world of about so many events."""
    rng = np.random.default_rng([seed, 1])
    scale = events / FULL_EVENTS
    hydra = max(30, round(FULL_HYDRA * scale))
    others = max(500, round(FULL_ACCOUNTS * scale)) - hydra
    kind = np.concatenate([np.zeros(hydra, np.int64), 1 + rng.choice(len(KINDS), others, p=SHARES)])
    count = len(kind)
    group = np.full(count, -1)
    for name, low, high in (("tenant", 40, 400), ("office", 20, 200), ("class", 25, 90), ("family", 3, 6)):
        mine = np.flatnonzero(kind == 1 + KINDS.index(name))
        sizes = rng.integers(low, high, len(mine) // low + 1)
        group[mine] = np.repeat(np.arange(len(sizes)), sizes)[: len(mine)]
    rate = rng.lognormal(0.0, 1.1, count)
    born = np.where(rng.random(count) < 0.6, 0, rng.integers(0, DAYS, count))
    gone = np.minimum(born + 1 + rng.geometric(0.02, count), DAYS)
    # A fifth of the hydra's accounts is banned in waves; as many new ones begin within the day.
    waves = np.arange(6, DAYS, 6)
    slot = np.minimum(np.arange(hydra), int(hydra * 0.8))
    replaced = slot >= int(hydra * 0.8)
    wave = waves[np.arange(hydra) % len(waves)]
    gone[:hydra] = np.where(~replaced & (np.arange(hydra) % 4 == 0), wave, DAYS)
    born[:hydra] = np.where(replaced, wave, 0)
    lived = (gone - born).astype(np.float64)
    rate[:hydra] = 1.0
    rate[:hydra] *= FULL_HYDRA_EVENTS / FULL_EVENTS * events / lived[:hydra].sum()
    rate[hydra:] *= (1 - FULL_HYDRA_EVENTS / FULL_EVENTS) * events / (rate[hydra:] * lived[hydra:]).sum()
    card = np.arange(count) + 10 * count
    card[:hydra] = np.arange(hydra) // 4
    family = kind == 1 + KINDS.index("family")
    card[family] = 20 * count + group[family]
    names = pl.Series("account_id", ["acc_" + name[:12] for name in spelled(mixed(seed, 7, np.arange(count)))])
    return Cast(kind, group, rate, rng.integers(-8, 9, count), born, gone, card, names)


def customer_times(
    cast: Cast, day: int, account: np.ndarray, count: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Account and second of the day of each request: sessions in the hours of the account's place, bursts in them."""
    sessions = np.maximum(1, count // 8)
    owner = np.repeat(account, sessions)
    hour = np.clip(rng.normal(13.5, 3.6, len(owner)), 0, 23.99)
    job = cast.kind[owner] == 1 + KINDS.index("job")
    hour = np.where(job, (mixed(owner, 3) % np.uint64(24)).astype(np.float64), (hour - cast.zone[owner]) % 24)
    begun = hour * 3600 + np.where(job, 0.0, rng.uniform(0, 3600, len(owner)))
    first = np.cumsum(sessions) - sessions
    place = np.repeat(first, count) + rng.integers(0, 1 << 30, int(count.sum())) % np.repeat(sessions, count)
    at = begun[place] + np.where(job[place], rng.uniform(0, 40, len(place)), rng.exponential(420.0, len(place)))
    return np.repeat(account, count), np.minimum(at, 86_399.0), mixed(place, day, 5)


def hydra_times(cast: Cast, day: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Account and second of each request: one queue that is never empty, dealt in turn over the accounts that live."""
    alive = np.flatnonzero((np.arange(len(cast.kind)) < cast.hydra) & (cast.born <= day) & (cast.gone > day))
    count = int(cast.rate[: cast.hydra].mean() * len(alive)) if len(alive) else 0
    at = np.sort(rng.uniform(0, 86_400, count))
    ring = np.random.default_rng([77, day // 7]).permutation(alive)
    turn = np.arange(count) + rng.integers(0, max(1, len(alive) // 20), count)
    return ring[turn % max(len(ring), 1)], at, mixed(np.arange(count), day, 6)


def make_day(events: int, seed: int, day: int) -> pl.DataFrame:
    """All requests of a day, in time order."""
    cast = make_cast(events, seed)
    rng = np.random.default_rng([seed, 2, day])
    hydra = cast.hydra
    weekend = day % 7 in {0, 6}
    alive = np.flatnonzero((cast.born <= day) & (cast.gone > day))
    alive = alive[alive >= hydra]
    rate = cast.rate[alive] * (0.35 if weekend else 1.26) * rng.gamma(2.0, 0.5, len(alive))
    count = rng.poisson(rate)
    account, at, session = customer_times(cast, day, alive[count > 0], count[count > 0], rng)
    h_account, h_at, h_session = hydra_times(cast, day, rng)
    account, at = np.concatenate([h_account, account]), np.concatenate([h_at, at])
    session = np.concatenate([h_session, session])
    order = np.lexsort((account, at))
    return dress(cast, day, account[order], at[order], session[order], rng)


def origins(cast: Cast, account: np.ndarray, day: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Number of the address and of the client of each request."""
    kind, group, n = cast.kind[account], cast.group[account], len(account)
    own = 1_000_000 + account * 2 + (rng.random(n) < 0.2)
    carrier = np.where(mixed(account, 11) % np.uint64(5) == 0, (mixed(account, day, 12) % np.uint64(3_000)), own)
    shared = np.isin(kind, [1 + KINDS.index(name) for name in ("tenant", "office", "class", "family")])
    address = np.where(shared & (rng.random(n) < 0.9), 5_000 + kind * 100_000 + group, carrier.astype(np.int64))
    # the hydra's exits: a pool for each fifty accounts, a few addresses of it each day
    exits = 900_000 + (mixed(account // 50, rng.integers(0, 6, n), day // 7) % np.uint64(99_000)).astype(np.int64)
    address = np.where(kind == 0, exits, address)
    client = (mixed(account, 13) % np.uint64(len(CLIENTS))).astype(np.int64)
    client = np.where(kind == 0, (mixed(account, 14) % np.uint64(HYDRA_CLIENTS)).astype(np.int64), client)
    return address, client


def contents(cast: Cast, account: np.ndarray, day: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Numbers of system prompt, template, prompt and tools of each request; 0 is none."""
    kind, group, n = cast.kind[account], cast.group[account], len(account)
    pick = rng.integers(0, 4, n)
    private = mixed(account, pick, 21) | np.uint64(1 << 60)
    public = mixed(mixed(account, pick, 22) % np.uint64(TEMPLATES), 23)
    template = np.where(rng.random(n) < 0.25, public, private)
    work = mixed(kind, group, mixed(account, pick, 24) % np.uint64(6), 25)
    grouped = np.isin(kind, [1 + KINDS.index(name) for name in ("tenant", "office")])
    template = np.where(grouped & (rng.random(n) < 0.5), work, template)
    lesson = mixed(group, day // 7, 26)
    template = np.where((kind == 1 + KINDS.index("class")) & (rng.random(n) < 0.7), lesson, template)
    asked = mixed(mixed(account, pick, 27) % np.uint64(HYDRA_TEMPLATES), 28)
    template = np.where(kind == 0, asked, template)
    prompt = mixed(template, rng.integers(0, 1 << 62, n), 29)
    framework = mixed(account, 30) % np.uint64(SYSTEMS)
    uses = kind == 1 + KINDS.index("framework")
    system = np.where(uses, mixed(framework, 31), mixed(account, 32))
    system = np.where(grouped, mixed(kind, group, 33), system)
    system = np.where(kind == 0, mixed(mixed(account, pick, 27) % np.uint64(HYDRA_TEMPLATES), 34), system)
    tools = np.where(uses, mixed(framework, 35), np.uint64(0))
    return {"system_hash": system, "template_hash": template, "prompt_hash": prompt, "tools_hash": tools,
            "prompt_head_hash": mixed(template, 36), "prompt_tail_hash": mixed(template, 37)}  # fmt: skip


def dress(
    cast: Cast, day: int, account: np.ndarray, at: np.ndarray, session: np.ndarray, rng: np.random.Generator
) -> pl.DataFrame:
    """The requests as a log tells them."""
    n, kind = len(account), cast.kind[account]
    address, client = origins(cast, account, day, rng)
    numbers, place = np.unique(address, return_inverse=True)
    text = pl.Series([f"{11 + a // 16_000_000 % 90}.{a // 65_536 % 250}.{a // 256 % 256}.{a % 256}"
                      for a in (numbers * 613).tolist()])  # fmt: skip
    size = np.where(kind == 0, rng.lognormal(7.2, 0.35, n), rng.lognormal(0, 0.7, n) * 60 * (1 + account % 37))
    answer = np.where(kind == 0, rng.lognormal(7.0, 0.3, n), rng.lognormal(0, 0.8, n) * 40 * (1 + account % 29))
    status = np.where(rng.random(n) < np.where(kind == 0, 0.012, 0.006), 429, 200)
    hashes = {name: spelled(numbers) for name, numbers in contents(cast, account, day, rng).items()}
    model = np.where(kind == 0, 3 if day > 24 else 1, (mixed(account, 41, day > 20) % np.uint64(4)).astype(np.int64))
    at_us = ((START_S + day * 86_400 + at) * 1e6).astype(np.int64)
    frame = pl.DataFrame(
        {
            "started_at": pl.Series(at_us).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "account_id": cast.names.gather(account),
            "client_ip": text.gather(place),
            "user_agent": pl.Series(CLIENTS).gather(client),
            "ja4": pl.Series([f"t13d{number:04d}h2_{number * 7919 % 9973:06x}" for number in range(40)]).gather(client),
            "platform": pl.Series(["direct"] * n),
            "model": pl.Series(MODELS).gather(model),
            "status_code": pl.Series(status).cast(pl.UInt16),
            "input_tokens": pl.Series(np.clip(size, 1, 190_000)).cast(pl.UInt32),
            "output_tokens": pl.Series(np.clip(answer, 1, 30_000)).cast(pl.UInt32),
            "latency_ms": pl.Series((200 + answer * 8 * rng.lognormal(0, 0.2, n)).round()).cast(pl.Float32),
            "max_tokens": pl.Series(np.where(kind == 0, 8192, 1024 * (1 + account % 5))).cast(pl.UInt32),
            "stream": pl.Series((account % 3 == 0) & (kind != 0)),
            "request_id": pl.Series(mixed(day, np.arange(n), 51)).cast(pl.String),
            "session_id": spelled(session),
            **hashes,
        }
    )
    return frame.with_columns(tools_hash=pl.when(pl.col("tools_hash") != "0" * 16).then("tools_hash"))


def register(cast: Cast, seed: int) -> pl.DataFrame:
    """The accounts file."""
    rng = np.random.default_rng([seed, 3])
    n, kind = len(cast.kind), cast.kind
    office = np.isin(kind, [1 + KINDS.index(name) for name in ("office", "class")])
    tenant = kind == 1 + KINDS.index("tenant")
    day = pl.Series(
        START_S + cast.born * 86_400 + rng.integers(0, 80_000, n) - np.where(cast.born == 0, 40 * 86_400, 0)
    )
    end = pl.Series(START_S + cast.gone * 86_400)
    owner = pl.Series([f"{'org' if o else 'plat'}_{k}_{g}" for o, k, g in zip(office, kind, cast.group, strict=True)])
    return pl.DataFrame(
        {
            "account_id": cast.names,
            "created_at": pl.from_epoch(day),
            "banned_at": pl.from_epoch(end),
            "organization_id": owner,
            "parent_id": owner,
            "payment_fingerprint": pl.Series([f"card_{number}" for number in cast.card.tolist()]),
            "email_domain": pl.Series(["mail.example", "post.example", "box.example"]).gather(rng.integers(0, 3, n)),
            "limit_per_minute": pl.Series(np.full(n, 60.0)),
        }
    ).with_columns(
        banned_at=pl.when(pl.Series((kind == 0) & (cast.gone < DAYS))).then("banned_at"),
        organization_id=pl.when(pl.Series(office)).then("organization_id"),
        parent_id=pl.when(pl.Series(tenant)).then("parent_id"),
    )


def write_day(folder: Path, form: str, events: int, seed: int, day: int) -> int:
    """One file."""
    frame = make_day(events, seed, day)
    path = folder / "logs" / f"day-{day:02d}.{form}"
    if form == "parquet":
        frame.write_parquet(path, compression="zstd", compression_level=1)
    else:
        lines = frame.with_columns(pl.col("started_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
        lines.write_ndjson(path, compression="zstd" if form.endswith(".zst") else "uncompressed", compression_level=1)
    return frame.height


def make_world(folder: Path, events: int, form: str = "parquet", seed: int = 1, jobs: int = 2) -> int:
    """The whole world in `folder`: logs/, accounts.parquet, labels.csv; how many requests."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    cast = make_cast(events, seed)
    register(cast, seed).write_parquet(folder / "accounts.parquet")
    told = pl.Series(["hydra", *KINDS]).gather(cast.kind)
    labels = pl.DataFrame({"account_id": cast.names, "kind": told})
    pl.DataFrame.write_csv(
        labels.with_columns(
            label=pl.when(pl.col("kind") == "hydra").then(pl.lit("hydra")).otherwise(pl.lit("innocent")),
            campaign=pl.when(pl.col("kind") == "hydra").then(pl.lit("hydra-1")).otherwise(pl.lit("")),
        ),
        folder / "labels.csv",
    )
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:  # a forked polars may hang
        work = [pool.submit(write_day, folder, form, events, seed, day) for day in range(DAYS)]
        total = sum(future.result() for future in work)
    (folder / "world.json").write_text(json.dumps({"events": total, "accounts": len(cast.kind), "hydra": cast.hydra}))
    return total


def main() -> None:
    """Make one world and say what it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--form", choices=("parquet", "jsonl", "jsonl.zst"), default="parquet")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    wish = parser.parse_args()
    began = time.perf_counter()
    total = make_world(wish.folder, wish.events, wish.form, wish.seed, wish.jobs)
    print(f"{total:,} requests in {time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
