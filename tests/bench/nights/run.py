"""`make bench-nights`: 42 nights of `forensics nightly`, told as its user would tell them, each night a process of its
own.

    python tests/bench/nights/run.py [FOLDER] [--worlds campaign clean-1 clean-2] [--nights 42] [--window 21]

The campaign has a standby pool, four ban waves and a model release, and begins on the sixth day. The clean worlds have
offices, classes, tenant platforms, gateways, benchmarks and all other look-alikes, and nobody to find: every alert
there is false. Each night the log is rotated (the last seven days stay, the older of them packed), and the accounts
file holds only what was known that night. Worlds are drawn from the reporting split.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from forensics.worlds.simulate import Spec, simulate_world
from forensics.worlds.simulate.hydras import Hydra

DAYS = 42
ROTATED = 7  # days of log that logrotate keeps
MEMBERS = 0.5  # share of an alert's accounts that must be the campaign's for it to be right
HYDRA = Hydra(
    "hydra-1",
    ("P1", "P7"),
    60,
    9.0,
    begin=0.14,
    session=2.5,
    gap_s=25,
    customers=0.1,
    templates=14,
    tasks=("reasoning", "code"),
    waves=4,
    wave_share=0.3,
    beta=0.95,
    standby=0.5,
)
BASE = Spec("nights", days=DAYS, volume=0.4, background=800, negative_size=0.2, level="hashes")
WORLDS: dict[str, tuple[Spec, int]] = {
    "campaign": (dataclasses.replace(BASE, background=500, negative_size=0.12, hydras=(HYDRA,)), 61),
    "clean-1": (BASE, 62),
    "clean-2": (dataclasses.replace(BASE, level="text", brevity=0.3), 63),
}


class Nights:
    """One world, told to a case night by night."""

    def __init__(self, folder: Path, window: float) -> None:
        self.world, self.window = folder, window
        self.case, self.logs, self.accounts = folder / "case", folder / "var-log", folder / "known.csv"
        self.files = sorted((folder / "logs").rglob("*.jsonl"))
        self.register = pl.read_csv(
            folder / "accounts.csv",
            infer_schema_length=10_000,
            schema_overrides={"account_id": pl.String, "banned_at": pl.String},
        )
        labels = pl.read_csv(folder / "labels.csv", infer_schema_length=10_000)
        self.campaign = set(labels.filter(pl.col("campaign").fill_null("") != "").get_column("account_id"))
        for path in (self.case, self.logs):
            shutil.rmtree(path, ignore_errors=True)
        self.logs.mkdir()

    def rotate(self, today: Path) -> None:
        """api.log is today's, api.log.1 yesterday's, api.log.2.gz and on the older ones, as logrotate with
        delaycompress leaves them.
        """
        old = [
            self.logs / "api.log",
            self.logs / "api.log.1",
            *(self.logs / f"api.log.{age}.gz" for age in range(2, ROTATED)),
        ]
        old[-1].unlink(missing_ok=True)
        for age in range(len(old) - 2, -1, -1):
            if not old[age].exists():
                continue
            if age == 1:
                with gzip.GzipFile(old[2], "wb", compresslevel=1, mtime=0) as packed:
                    packed.write(old[1].read_bytes())
                old[1].unlink()
            else:
                old[age].replace(old[age + 1])
        shutil.copyfile(today, old[0])

    def tell_accounts(self, end: datetime) -> None:
        """The accounts file as it was that night: who had signed up by then, and what had become of them."""
        until = f"{end:%Y-%m-%dT%H:%M:%SZ}"
        known = self.register.filter(pl.col("created_at") < until)
        seen = [pl.when(pl.col(name) < until).then(pl.col(name)).alias(name) for name in ("closed_at", "banned_at")]
        known.with_columns(*seen).drop("status").write_csv(self.accounts)

    def night(self, number: int) -> dict[str, Any]:
        """Run `forensics nightly` once; what it cost and what it says."""
        today = self.files[number]
        found = re.search(r"\d{4}-\d\d-\d\d", today.name)
        if found is None:
            raise SystemExit(f"{today} has no date in its name")
        self.rotate(today)
        self.tell_accounts(datetime.fromisoformat(found[0]).replace(tzinfo=UTC) + timedelta(days=1))
        command = [
            sys.executable,
            "-m",
            "forensics",
            "nightly",
            str(self.case),
            str(self.logs),
            "--accounts",
            str(self.accounts),
            "--window",
            str(self.window),
        ]
        said, told = self.world / "said.txt", self.world / "told.txt"
        with said.open("wb") as out, told.open("wb") as messages:
            process = subprocess.Popen(command, stdout=out, stderr=messages)
            _, status, usage = os.wait4(process.pid, 0)  # this child's own cost
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(
                f"night {number + 1} of {self.world.name} ended with {process.returncode}: "
                f"{told.read_text(encoding='utf-8')}"
            )
        return {
            "night": number + 1,
            "date": found[0],
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
            "peak_mb": round(usage.ru_maxrss / 1024),
            "said": said.read_text(encoding="utf-8"),
            **self.judge(),
        }

    def judge(self) -> dict[str, Any]:
        """Alerts of the night: the campaign's ids, false ones, how much of the campaign that is alive is in them."""
        networks, members = (
            pl.read_parquet(self.case / "networks.parquet"),
            pl.read_parquet(self.case / "members.parquet"),
        )
        alerts = networks.filter("alert").select("network_id", "name", "score")
        own: dict[str, list[str]] = {}
        for network, account in (
            members.join(alerts, on="network_id", how="semi").select("network_id", "account_id").iter_rows()
        ):
            own.setdefault(network, []).append(account)
        right = {
            key
            for key, accounts in own.items()
            if sum(account in self.campaign for account in accounts) >= MEMBERS * len(accounts)
        }
        seen = set(pl.read_parquet(self.case / "accounts.parquet").get_column("account_id")) & self.campaign
        followed = {account for key in right for account in own[key]} & seen
        return {
            "ids": sorted(right),
            "false": [
                {"network_id": key, "name": name, "score": round(score, 3), "accounts": sorted(own[key])}
                for key, name, score in alerts.iter_rows()
                if key not in right
            ],
            "strangers": sum(account not in self.campaign for key in right for account in own[key]),
            "campaign_seen": len(seen),
            "followed": len(followed),
        }


def run(folder: Path, nights: int, window: float) -> list[dict[str, Any]]:
    """All nights of a world; what each said is kept beside it."""
    told = Nights(folder, window)
    rows = []
    for number in range(min(nights, len(told.files))):
        row = told.night(number)
        rows.append(row)
        print(
            f"{folder.name} night {row['night']:>2}  {row['cpu_s']:5.1f} s  {row['peak_mb']:4} MB  ids "
            f"{','.join(row['ids']) or '–'}"
            f"  {row['followed']}/{row['campaign_seen']}  false {len(row['false'])}",
            file=sys.stderr,
            flush=True,
        )
        (folder / "nights.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return rows


def line(name: str, rows: list[dict[str, Any]], window: float) -> str:
    """One world's row of the table."""
    alerted = [row for row in rows if row["ids"]]
    ids = {key for row in rows for key in row["ids"]}
    first = alerted[0]["night"] if alerted else None
    after = [row for row in rows if first and row["night"] >= first]
    held = sum(bool(row["ids"]) for row in after)
    share = sum(row["followed"] for row in after) / max(sum(row["campaign_seen"] for row in after), 1)
    false = sum(bool(row["false"]) for row in rows)
    full = [row for row in rows if row["night"] > window] or rows
    half = len(full) // 2
    cost = [sum(row["cpu_s"] for row in part) / max(len(part), 1) for part in (full[: half or 1], full[half:])]
    memory = max(row["peak_mb"] for row in rows)
    begun = int(HYDRA.begin * DAYS) + 1 if any(row["campaign_seen"] for row in rows) else None
    life = (
        f"{begun} | {first or '–'} | {held} of {len(after)} | {len(ids)} | {share:.0%}"
        if begun
        else "– | – | – | – | –"
    )
    silent = sum(not row["said"] for row in rows)
    return f"| {name} | {life} | {false} | {silent} | {cost[0]:.1f} → {cost[1]:.1f} s | {memory} MB |"


def main() -> None:
    """Make the worlds that are missing, tell all their nights, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(".bench/nights"))
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--nights", type=int, default=DAYS)
    parser.add_argument("--window", type=float, default=21.0)
    wish = parser.parse_args()
    lines = []
    for name in wish.worlds:
        spec, seed = WORLDS[name]
        folder = wish.folder / name
        if not (folder / "truth.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            simulate_world(folder, spec, seed, split="report")
        lines.append(line(name, run(folder, wish.nights, wish.window), wish.window))
    print(
        "| world | begins, night | first alert | alert nights since | ids | accounts followed | nights with a false "
        "one | silent nights | CPU a night | peak |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
