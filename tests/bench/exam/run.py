"""`make bench-exam`: the whole tool on worlds of the reporting split, and what remains of it when one hallmark or kind
of evidence is switched off.

Prints four tables: worlds with hydras, clean worlds, how often a verdict was right (reliability), ablation. Worlds and
their ingested events are kept in `.bench/exam` and used again; everything after ingest is worked out anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from itertools import cycle
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.case.store import Case
from forensics.common.settings import Settings
from forensics.describing.features import describe_accounts
from forensics.describing.sightings import find_kinds, find_sightings
from forensics.judging.names import name_network
from forensics.judging.testing import test_networks
from forensics.judging.verdicts import rank_networks
from forensics.linking.links import weigh_links
from forensics.linking.networks import form_networks
from forensics.reading.ingest import ingest
from forensics.worlds.evaluate import evaluate
from forensics.worlds.simulate import LEVELS, simulate_world

if TYPE_CHECKING:
    from collections.abc import Iterable

HOME = Path(__file__).resolve().parents[3] / ".bench/exam"
PRESETS = ("medium", "medium", "medium", "diluted", "thin", "medium")
Row = dict[str, Any]


class World:
    """One simulated world: its labels and the tables of its case, each worked out when first asked for."""

    def __init__(self, name: str, preset: str, seed: int, level: str) -> None:
        """Make the world and read its logs, unless that was done before."""
        self.name, self.level, self.folder = name, level, HOME / name
        if not (self.folder / "read").exists():
            print(f"making {name}", file=sys.stderr, flush=True)
            if not (self.folder / "truth.json").exists():
                simulate_world(self.folder, preset, seed, split="report", level=level)
            with Case.locked(self.folder / "case") as case:
                ingest(
                    case, [str(self.folder / "logs")], accounts=self.folder / "accounts.csv", settings=Settings().ingest
                )
            (self.folder / "read").touch()
        labels = pl.read_csv(self.folder / "labels.csv", schema_overrides={"detectable": pl.Boolean})
        case = Case(self.folder / "case")
        self.events, self.register = case.scan("events"), case.scan("register")
        self.accounts = describe_accounts(self.events, self.register, Settings().features).collect()
        self.sightings = find_sightings(self.events, self.register, Settings().sightings).collect()
        self.labels = labels.join(self.accounts.select("account_id"), on="account_id", how="semi")

    def link(self, without: Iterable[str] = ()) -> tuple[pl.DataFrame, pl.DataFrame]:
        """MEMBERS and HALLMARKS, as if the named kinds of sighting could not be seen."""
        settings = Settings()
        sightings, accounts = self.sightings.lazy().filter(~pl.col("kind").is_in(list(without))), self.accounts.lazy()
        links = weigh_links(sightings, accounts, settings.links).collect().lazy()
        members = form_networks(links, sightings, accounts, settings.networks).collect()
        return members, test_networks(
            members.lazy(), self.events, accounts, self.register, sightings, settings.hallmarks
        ).collect()

    def judge(self, members: pl.DataFrame, hallmarks: pl.DataFrame) -> pl.DataFrame:
        """NETWORKS."""
        return rank_networks(
            hallmarks.lazy(),
            members.lazy(),
            self.events,
            self.accounts.lazy(),
            self.register,
            Settings().scoring,
            name_network,
        ).collect()

    def score(self, members: pl.DataFrame, networks: pl.DataFrame) -> Row:
        """Scores of the alerts, innocents above the lowest hydra, and each network with its verdict and outcome."""
        found = evaluate(members, networks, self.labels)
        alerts = found.summary.filter(pl.col("view") == "alerts").to_dicts()[0]
        judged = networks.join(
            found.networks.select("network_id", "outcome", "top_kind", "top_share"), on="network_id"
        ).sort("rank")
        whole = found.campaigns.filter(
            (pl.col("view") == "all") & pl.col("detectable") & (pl.col("best_recall") >= 0.5)
        )["best_network"]
        hydras = judged.filter(pl.col("network_id").is_in(whole.implode()))
        lowest = int(hydras["rank"].max()) if hydras.height else 0  # type: ignore[arg-type]
        above = judged.filter((pl.col("rank") < lowest) & (pl.col("outcome") == "false")).height
        campaigns = found.campaigns.filter(pl.col("view") == "alerts").to_dicts()
        innocents = found.innocents.filter((pl.col("view") == "alerts") & (pl.col("accused_count") > 0)).to_dicts()
        return alerts | {"above": above, "judged": judged, "campaigns": campaigns, "innocents": innocents}


def mean(values: Iterable[float | None]) -> str:
    """Mean of what is known, in three digits."""
    known = [value for value in values if value is not None]
    return f"{fmean(known):.3f}" if known else "–"


def print_table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> None:
    """A Markdown table."""
    print(f"\n| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")
    sys.stdout.flush()


def examine(worlds: list[World]) -> list[Row]:
    """Score every world as the tool stands."""
    rows = []
    for world in worlds:
        began = time.process_time()
        members, hallmarks = world.link()
        row = world.score(members, world.judge(members, hallmarks))
        rows.append(
            row | {"world": world, "members": members, "hallmarks": hallmarks, "cpu_s": time.process_time() - began}
        )
    return rows


def show_worlds(rows: list[Row]) -> None:
    """One line a world, then the means of each level."""
    named = []
    for row in rows:
        missed = [
            f"{c['kind']} {c['account_count']} ({c['best_recall']:.0%})"
            for c in row["campaigns"]
            if c["detectable"] and c["best_recall"] < 0.8
        ]
        blind = [
            f"{c['kind']} {c['account_count']} ({c['recall']:.0%})" for c in row["campaigns"] if not c["detectable"]
        ]
        f1, precision = row["account_f1"], row["account_precision"]
        whole = f"{row['campaigns_whole_count']} of {row['campaign_count']}"
        innocents = ", ".join(f"{i['accused_count']} {i['kind']}" for i in row["innocents"])
        named.append(
            (
                row["world"].name,
                mean([f1]),
                mean([precision]),
                row["false_network_count"],
                whole,
                ", ".join(missed),
                ", ".join(blind),
                innocents,
            )
        )
    head = (
        "world",
        "accounts F1",
        "precision",
        "false networks",
        "whole",
        "missed (best piece)",
        "blind in principle (found)",
        "innocents in alerts",
    )
    print_table(head, named)
    levels = [(level, [row for row in rows if row["world"].level == level]) for level in LEVELS]
    summary = [
        (
            level,
            len(own),
            mean(r["account_f1"] for r in own),
            mean(r["account_precision"] for r in own),
            mean(r["account_recall"] for r in own),
        )
        for level, own in [*levels, ("all", rows)]
    ]
    print_table(("level", "worlds", "mean F1", "mean precision", "mean recall"), summary)


def show_reliability(rows: list[Row]) -> None:
    """How often networks of each verdict were mostly one planted campaign."""
    judged = pl.concat([row["judged"].select("pooling", "alert", right=pl.col("outcome") != "false") for row in rows])
    table = judged.group_by("pooling", "alert").agg(pl.len(), pl.col("right").sum())
    found = {(r["pooling"], r["alert"]): r for r in table.to_dicts()}
    cells = [
        (
            level,
            *(
                f"{found[level, alert]['right']} of {found[level, alert]['len']}" if (level, alert) in found else "–"
                for alert in (True, False)
            ),
        )
        for level in ("strong", "likely", "possible", "none")
    ]
    print_table(("POOLING", "reported: right", "listed without alert: planted after all"), cells)


def show_ablation(rows: list[Row]) -> None:
    """Means over the worlds with one line of evidence, channel or hallmark off."""
    groups: dict[str, list[str]] = defaultdict(list)
    for kind, group in ((name, one.group) for name, one in find_kinds().items()):
        groups[group].append(kind)
    lines = [summarise("everything on", [(row, row) for row in rows])]
    for group, kinds in sorted(groups.items()):
        scored = []
        for row in rows:
            members, hallmarks = row["world"].link(kinds)
            scored.append((row, row["world"].score(members, row["world"].judge(members, hallmarks))))
        lines.append(summarise(f"evidence: {group}", scored))
    signs = (
        pl.concat([row["hallmarks"].select("role", "channel", "name") for row in rows])
        .unique()
        .sort("role", "channel", "name")
    )
    pooling = signs.filter(pl.col("role") == "pooling")
    switches = [(f"channel: {channel}", pl.col("channel") != channel) for channel in pooling["channel"].unique().sort()]
    switches += [(f"hallmark: {name}", pl.col("name") != name) for name in pooling["name"]]
    for title, keep in switches:
        scored = [
            (row, row["world"].score(row["members"], row["world"].judge(row["members"], row["hallmarks"].filter(keep))))
            for row in rows
        ]
        lines.append(summarise(title, scored))
    print_table(("off", "accounts F1", "false networks", "worst world", "innocents above the lowest hydra"), lines)


def summarise(title: str, scored: list[tuple[Row, Row]]) -> tuple[object, ...]:
    """One row of the ablation table."""
    results = [result for _, result in scored]
    worst = min(result["account_f1"] for result in results)
    return (
        title,
        mean(r["account_f1"] for r in results),
        sum(r["false_network_count"] for r in results),
        f"{worst:.3f}",
        sum(r["above"] for r in results),
    )


def main() -> None:
    """Make what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=12, help="worlds with hydras, levels and presets in turn")
    parser.add_argument("--clean", type=int, default=20, help="worlds without")
    parser.add_argument("--ablation", type=int, default=4, help="worlds in which things are switched off")
    wish = parser.parse_args()
    levels = cycle(LEVELS)
    planted = [
        World(f"hydras-{501 + n}", PRESETS[n % len(PRESETS)], 501 + n, LEVELS[(n + n // 6) % 3])
        for n in range(wish.worlds)
    ]
    clean = [World(f"clean-{401 + n}", "clean", 401 + n, next(levels)) for n in range(wish.clean)]
    rows, quiet = examine(planted), examine(clean)
    show_worlds(rows)
    alarms = [
        (r["world"].name, j["name"], j["top_kind"], j["account_count"], j["pooling"])
        for r in quiet
        for j in r["judged"].filter("alert").to_dicts()
    ]
    print(f"\nClean worlds: {len(quiet)}; false alerts: {len(alarms)} {json.dumps(alarms) if alarms else ''}")
    show_reliability(rows + quiet)
    if wish.ablation:
        show_ablation(rows[: wish.ablation])


if __name__ == "__main__":
    main()
