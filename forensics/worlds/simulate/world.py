"""A whole world: who is in it, what happens day by day, and the files it leaves."""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import polars as pl
import zstandard

from forensics.common.errors import UsageError
from forensics.worlds.simulate.base import DAY, HOUR, SECOND, Array, Cast, Play, empty_batch, generator, pick
from forensics.worlds.simulate.crowds import background, ordinary
from forensics.worlds.simulate.dress import add_blobs, to_frame
from forensics.worlds.simulate.innocents import plant_negatives
from forensics.worlds.simulate.operations import plant_hydras
from forensics.worlds.simulate.people import Stage
from forensics.worlds.simulate.places import Places
from forensics.worlds.simulate.presets import PRESETS, SPLITS, Spec, draw_spec
from forensics.worlds.simulate.register import accounts_table, labels_table
from forensics.worlds.simulate.render import Renderer
from forensics.worlds.simulate.words import Words
from forensics.worlds.simulate.writers import FORMATS, spoil

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEVELS = ("text", "hashes", "metadata")
CHUNK = 100_000
_MAPPING = """\
# One customer has several names: a plain id, the user at the end of an ARN, a service account. These rules bring them
# together.
[[accounts]]
match = '^arn:aws:iam::\\d{12}:user/(acct_[0-9a-f]+)$'
account = '$1'

[[accounts]]
match = '^acct-([0-9a-f]+)@proj-\\d+\\.iam\\.gserviceaccount\\.com$'
account = 'acct_$1'
"""


def simulate_world(
    folder: Path,
    preset: str | Spec = "small",
    seed: int = 1,
    *,
    split: str = "tune",
    level: str | None = None,
    events: int | None = None,
    progress: Callable[[str], None] | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Spec
) -> dict[str, Any]:
    """Write one seeded world below `folder`: logs/, accounts.csv, labels.csv, labels_networks.json, mapping.toml,
    truth.json.

    In:     a preset's name or a Spec; `events` scales the world to about that many; `changes` replace fields of the
            Spec.
    Out:    what truth.json holds: counts by file, in all, and the spec.
    Raises: UsageError for an unknown preset, split, level or format, and for a folder that holds anything.
    """
    spec = _choose(preset, seed, split)
    if level is not None:
        changes["level"] = level
    unknown = set(changes) - {field.name for field in dataclasses.fields(Spec)}
    if unknown:
        raise UsageError(
            f"a world has no {', '.join(sorted(unknown))}",
            f"known: {', '.join(field.name for field in dataclasses.fields(Spec))}",
        )
    spec = dataclasses.replace(spec, **changes)
    if events is not None:
        spec = _resize(spec, events)
    _check(spec)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", "give a new folder: a world is never written over another")
    folder.mkdir(parents=True, exist_ok=True)
    world_seed = int(generator(seed, "world", spec.name, split).integers(2**62))
    stage, plays = _set_stage(spec, world_seed)
    counts, seen = _run(stage, plays, spec, folder, progress)
    return _conclude(stage, spec, folder, counts, seen, seed, split)


def _choose(preset: str | Spec, seed: int, split: str) -> Spec:
    if split not in SPLITS:
        raise UsageError(f"no split {split!r}", f"known: {', '.join(SPLITS)}")
    if isinstance(preset, Spec):
        return preset
    if preset not in PRESETS:
        raise UsageError(f"no preset {preset!r}", f"known: {', '.join(PRESETS)}")
    return draw_spec(preset, seed, split)


def _check(spec: Spec) -> None:
    if spec.level not in LEVELS:
        raise UsageError(f"no level {spec.level!r}", f"known: {', '.join(LEVELS)}")
    if set(spec.compress) - {"", "gz", "zst"}:
        raise UsageError(f"cannot compress as {', '.join(spec.compress)}", "known: gz, zst, or nothing")
    for _, kind, _ in spec.platforms:
        if kind not in FORMATS:
            raise UsageError(f"no log format {kind!r} to simulate", f"known: {', '.join(FORMATS)}")


def expected_events(spec: Spec) -> float:
    """About how many events a world has: measured averages an account and day, by kind."""
    hydras = sum(
        h.accounts * h.rate * spec.days * h.length if h.scheduler != "once" else h.accounts * 4 for h in spec.hydras
    )
    heavy = float(np.mean([spec.negatives.get(kind, 1.0) for kind in ("N2", "N4", "N8", "N9", "N10", "N12")]))
    return hydras + (40_000.0 * spec.negative_size * heavy + 7.5 * spec.background) * spec.days * spec.volume


def _resize(spec: Spec, events: int) -> Spec:
    """The same world with more or fewer accounts; hydras grow with the square root, so that their share falls in large
    worlds.
    """
    for _ in range(30):
        factor = events / expected_events(spec)
        if abs(factor - 1) < 0.01:
            break
        hydras = tuple(dataclasses.replace(h, accounts=max(int(h.accounts * factor**0.5), 6)) for h in spec.hydras)
        spec = dataclasses.replace(
            spec,
            background=max(int(spec.background * factor**1.1), 20),
            negative_size=spec.negative_size * factor**0.5,
            hydras=hydras,
        )
    return spec


def _set_stage(spec: Spec, seed: int) -> tuple[Stage, list[Play]]:
    start = int(datetime.fromisoformat(spec.start).replace(tzinfo=UTC).timestamp()) * SECOND
    stage = Stage(seed, start, spec.days, Places(seed), Words(seed, spec.brevity), Cast())
    rng = stage.rng("stage")
    stage.tuning["volume"] = spec.volume
    if spec.release is not None:
        stage.release = start + int(spec.release * spec.days) * DAY + 16 * HOUR
    stage.outages = [
        (at, at + int(rng.uniform(0.4, 2.5) * HOUR))
        for at in (start + int(u * spec.days * DAY) for u in rng.uniform(0.1, 0.95, spec.outages))
    ]
    stage.sweeps = sorted(
        start + int(rng.integers(0, spec.days)) * DAY + int(rng.uniform(14, 22) * HOUR)
        for _ in range(max(spec.days // 7, 1))
    )
    tasks = ("plain", "code", "tools", "explain", "grading", "rewrite")
    stage.public_apps = [stage.words.add_template(rng, tasks[rng.integers(len(tasks))]) for _ in range(60)]
    background(stage, spec.background)
    plays = plant_negatives(stage, spec.negatives, spec.negative_size)
    plays += plant_hydras(stage, list(spec.hydras), spec.level)
    stage.cast.freeze()
    _assign_platforms(stage, spec)
    return stage, [ordinary(stage), *plays]


def _assign_platforms(stage: Stage, spec: Spec) -> None:
    """Each actor's accounts stay together on one platform where a real one would; others choose for themselves."""
    cast = stage.cast
    if len(spec.platforms) == 1:
        cast.columns["platform"] = np.zeros(cast.size, dtype=np.int8)
        return
    rng = stage.rng("platforms")
    share = [s for _, _, s in spec.platforms]
    own = pick(rng, share, cast.size).astype(np.int8)
    for index, actor in enumerate(cast.actors):
        mask = cast["actor"] == index
        if actor.campaign:
            if len(actor.facts["platforms"]) > 1:
                own[mask] = np.minimum(cast["platform"][mask], len(spec.platforms) - 1)
            else:
                own[mask] = 0
        elif actor.kind in ("N2", "N7", "N8", "N9", "N10", "N11", "N12", "N13", "N14", "N16", "N17", "N19"):
            own[mask] = int(pick(rng, share, 1)[0])
    cast.columns["platform"] = own


def _outage(frame: pl.DataFrame, stage: Stage, rng: np.random.Generator) -> pl.DataFrame:
    """During an outage most requests fail, some are sent again together once it is over, some are given up."""
    for low, high in stage.outages:
        inside = (frame["t"] >= low) & (frame["t"] < high)
        if not inside.any():
            continue
        luck = rng.random(len(frame))
        mask = inside.to_numpy()
        fail, again = mask & (luck < 0.45), mask & (luck >= 0.45) & (luck < 0.75)
        t, status, output = (
            frame["t"].to_numpy().copy(),
            frame["status"].to_numpy().copy(),
            frame["output"].to_numpy().copy(),
        )
        t[again] = high + (rng.exponential(150, int(again.sum())) * SECOND).astype(np.int64)
        status[fail], output[fail] = 529, 0
        frame = frame.with_columns(t=pl.Series(t), status=pl.Series(status), output=pl.Series(output)).filter(
            pl.Series(~mask | (luck < 0.75))
        )
    return frame


class _Files:
    """Open files of one day, one a platform, with their counts."""

    def __init__(self, folder: Path, spec: Spec) -> None:
        self.folder, self.spec = folder / "logs", spec
        self.counts: dict[str, dict[str, int]] = {}

    def write(self, platform: int, date: str, chunks: list[bytes], rng: np.random.Generator, rows: int) -> None:
        name, kind, _ = self.spec.platforms[platform]
        _, ending, header = FORMATS[kind]
        packed = self.spec.compress[min(platform, len(self.spec.compress) - 1)]
        path = self.folder / name / f"{date}.{ending}{'.' + packed if packed else ''}"
        key = str(path.relative_to(self.folder.parent))
        new = key not in self.counts
        count = self.counts.setdefault(
            key, {"events": 0, "duplicates": 0, "broken": 0, "header_lines": int(bool(header))}
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as raw:
            out: IO[bytes] = raw
            if packed == "gz":
                out = gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0)  # type: ignore[assignment]
            elif packed == "zst":
                out = zstandard.ZstdCompressor(level=12).stream_writer(raw, closefd=False)
            if new and header:
                out.write(header)
            for chunk in chunks:
                data, broken, doubled = (
                    spoil(chunk, rng, self.spec.broken, self.spec.doubled)
                    if self.spec.broken + self.spec.doubled > 0
                    else (chunk, 0, 0)
                )
                out.write(data)
                count["broken"] += broken
                count["duplicates"] += doubled
            if out is not raw:
                out.close()
        count["events"] += rows


def _run(
    stage: Stage, plays: list[Play], spec: Spec, folder: Path, progress: Callable[[str], None] | None
) -> tuple[dict[str, dict[str, int]], Array]:
    renderer = Renderer(stage, spec.level, geo=spec.geo, conversations=spec.conversations)
    files = _Files(folder, spec)
    seen = np.zeros(stage.cast.size, dtype=np.int64)
    carry = empty_batch()
    platform_of = stage.cast["platform"]
    first = datetime.fromisoformat(spec.start).replace(tzinfo=UTC)
    for day in range(spec.days):
        frames = [carry]
        for play in plays:
            batch = play(day)
            if batch is not None and len(batch["t"]):
                if not batch["blob_out"].any():
                    add_blobs(batch)
                frames.append(to_frame(batch))
        rng = stage.rng("day", day)
        today = _outage(pl.concat(frames), stage, rng).sort("t", "account", "turn")
        midnight = stage.start + (day + 1) * DAY
        carry = today.filter(pl.col("t") >= midnight)
        today = today.filter((pl.col("t") < midnight) & (pl.col("t") >= stage.start))
        seen += np.bincount(today["account"].to_numpy(), minlength=stage.cast.size)
        date = f"{first + timedelta(days=day):%Y-%m-%d}"
        home = platform_of[today["account"].to_numpy()]
        for number, (_, kind, _) in enumerate(spec.platforms):
            part = today.filter(pl.Series(home == number)) if len(spec.platforms) > 1 else today
            for at in range(0, len(part), CHUNK):
                piece = part[at : at + CHUNK]
                files.write(
                    number,
                    date,
                    [FORMATS[kind][0](renderer.columns(piece).drop(spec.omit, strict=False), spec.names)],
                    rng,
                    len(piece),
                )
        if progress:
            progress(f"{date}  {int(seen.sum()):,} events")
    return files.counts, seen


def _conclude(
    stage: Stage, spec: Spec, folder: Path, counts: dict[str, dict[str, int]], seen: Array, seed: int, split: str
) -> dict[str, Any]:
    if spec.register != "none":
        accounts_table(stage, full=spec.register == "full").write_csv(
            folder / "accounts.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ"
        )
    labels = labels_table(stage, seen)
    labels.write_csv(folder / "labels.csv")
    (folder / "mapping.toml").write_text(_MAPPING, encoding="utf-8")  # also where no name needs it: one command for all
    sizes = labels.group_by("label").agg(
        accounts=pl.len(), active=(pl.col("event_count") > 0).sum(), events=pl.col("event_count").sum()
    )
    by_name = {row["label"]: row for row in sizes.iter_rows(named=True)}
    planted = [
        {
            "label": a.name,
            "kind": a.kind,
            "campaign": a.campaign,
            "detectable": a.detectable if a.campaign else None,
            **{k: v for k, v in by_name.get(a.name, {}).items() if k != "label"},
            "facts": a.facts,
        }
        for a in stage.cast.actors
        if a.name in by_name
    ]
    (folder / "labels_networks.json").write_text(json.dumps(planted, indent=1, default=int) + "\n", encoding="utf-8")
    totals = {
        key: sum(count[key] for count in counts.values()) for key in ("events", "duplicates", "broken", "header_lines")
    }
    truth = {
        "preset": spec.name,
        "seed": seed,
        "split": split,
        "level": spec.level,
        **totals,
        "accounts": int((seen > 0).sum()),
        "release_at": stage.release if spec.release is not None else None,
        "outages": stage.outages,
        "files": counts,
        "spec": dataclasses.asdict(spec),
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return truth
