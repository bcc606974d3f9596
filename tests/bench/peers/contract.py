"""What every peer is given and gives back.

Given: a folder with `events.parquet` (account_id, started_at and the objects of OBJECTS), `observables.parquet`
       (account_id, kind, value, count) and
`accounts.parquet` (numbers of each account), and settings as key=value. Given back: a Parquet file with network_id,
account_id. Run as `python peer_x.py FOLDER RESULT key=value …`; two environments run this file, so it needs polars and
scipy only.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

OBJECTS = ("prefix", "client", "system", "template", "head", "prompt")
SMALLEST = 3  # accounts a network has at least


def arguments(**defaults: float | str) -> tuple[Path, Path, dict[str, float | str]]:
    """The folder, the result file and the settings of this run."""
    given = dict(pair.split("=", 1) for pair in sys.argv[3:])
    settings = {name: type(default)(given.get(name, default)) for name, default in defaults.items()}
    return Path(sys.argv[1]), Path(sys.argv[2]), settings


def acts(folder: Path, objects: str, hub_cap: float) -> pl.DataFrame:
    """One row an act: account, object, second. `objects` is one of OBJECTS, several joined by +, or all; objects of
    more accounts than the cap are left out.
    """
    chosen = OBJECTS if objects == "all" else tuple(objects.split("+"))
    events = pl.read_parquet(folder / "events.parquet")
    parts = [
        events.select("account_id", "started_at", object=pl.lit(name + ":") + pl.col(name)).drop_nulls("object")
        for name in chosen
    ]
    table = pl.concat(parts).with_columns(second=pl.col("started_at").dt.epoch("s")).drop("started_at")
    holders = (
        table.group_by("object")
        .agg(pl.col("account_id").n_unique().alias("n"))
        .filter(pl.col("n").is_between(2, hub_cap))
    )
    return table.join(holders.select("object"), on="object", how="semi")


def in_pieces(pairs: pl.DataFrame) -> pl.DataFrame:
    """Connected components of account pairs (a, b)."""
    names = pl.concat([pairs["a"], pairs["b"]]).unique().sort()
    place = {name: index for index, name in enumerate(names.to_list())}
    a = np.array([place[name] for name in pairs["a"].to_list()], dtype=np.int64)
    b = np.array([place[name] for name in pairs["b"].to_list()], dtype=np.int64)
    _, label = connected_components(
        coo_array((np.ones(len(a)), (a, b)), shape=(len(names), len(names))), directed=False
    )
    return pl.DataFrame({"network_id": [f"n{number}" for number in label], "account_id": names})


def give(result: Path, members: pl.DataFrame) -> None:
    """Write the members of networks that are large enough."""
    table = members.select(pl.col("network_id").cast(pl.String), pl.col("account_id").cast(pl.String)).filter(
        pl.len().over("network_id") >= SMALLEST
    )
    table.write_parquet(result)
