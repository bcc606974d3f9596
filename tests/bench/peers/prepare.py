"""Makes one world for the comparison: logs, case, and the tables that every peer reads."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "authors"))
import run as bench

from forensics.case.store import Case
from forensics.common.settings import Settings
from forensics.describing.features import describe_accounts
from forensics.reading.ingest import ingest
from forensics.worlds.simulate import simulate_world

_OBJECTS = {
    "prefix": "client_prefix",
    "system": "system_hash",
    "template": "template_hash",
    "head": "prompt_head_hash",
    "prompt": "prompt_hash",
}


def take_world(ready: Path, world: Path) -> None:
    """A world of an independent author, its labels in the form of our own: `used` accounts are innocent."""
    world.mkdir(parents=True)
    for name in ("logs", "accounts.csv"):
        if (ready / name).exists():
            (world / name).symlink_to((ready / name).resolve())
    rows = bench.read_labels(ready)
    hostile = {name for name, row in rows.items() if row["role"] in {"operator", "mixed"}}
    pl.DataFrame(
        [
            {
                "account_id": name,
                "label": row["structure"] or row["kind"],
                "kind": row["kind"],
                "campaign": row["campaign"] if name in hostile else "",
                "detectable": row["detectable"],
            }
            for name, row in rows.items()
        ]
    ).write_csv(world / "labels.csv")


def main() -> None:
    """`python prepare.py FOLDER '{"preset": …, "seed": …, "level": …}'`, or `'{"ready": FOLDER}'` with a world of
    `make bench-authors`.
    """
    folder, wish = Path(sys.argv[1]), json.loads(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    if "ready" in wish:
        take_world(Path(wish["ready"]), folder / "world")
    else:
        simulate_world(
            folder / "world",
            wish["preset"],
            wish["seed"],
            split=wish["split"],
            level=wish["level"],
            events=wish.get("events"),
        )
    (folder / "case").mkdir()
    known = folder / "world/accounts.csv"
    with Case.locked(folder / "case") as case:
        ingest(
            case,
            [str(folder / "world/logs")],
            accounts=known if known.exists() else None,
            settings=Settings().ingest,
        )
        events, register = case.scan("events"), case.scan("register").collect()
        client = pl.concat_str("user_agent", pl.col("tls_ja4").fill_null(""), separator=" ")
        table = events.select(
            "account_id",
            "started_at",
            client=client,
            **{name: pl.col(column).cast(pl.String) for name, column in _OBJECTS.items()},
        ).collect()
        table.write_parquet(folder / "events.parquet")
        counted = [table.select("account_id", kind=pl.lit(name), value=pl.col(name)) for name in (*_OBJECTS, "client")]
        owned = {
            "payment": "payment_id",
            "email": "email_domain",
            "signup": "signup_prefix",
            "organization": "organization_id",
        }
        counted += [
            register.select("account_id", kind=pl.lit(kind), value=pl.col(name)) for kind, name in owned.items()
        ]
        present = table["account_id"].unique()
        shown = pl.concat(counted).drop_nulls().filter(pl.col("account_id").is_in(present.implode()))
        shown = (
            shown.group_by("account_id", "kind", "value")
            .agg(count=pl.len())
            .filter(pl.col("account_id").n_unique().over("kind", "value") > 1)
        )
        shown.sort("account_id", "kind", "value").write_parquet(folder / "observables.parquet")
        describe_accounts(events, case.scan("register"), Settings().features).collect().sort(
            "account_id"
        ).write_parquet(folder / "accounts.parquet")


if __name__ == "__main__":
    main()
