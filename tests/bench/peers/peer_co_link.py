"""coordination-network-toolkit (MIT): accounts that post the same link within a minute, compute_co_link_network as it
is published.

Environment: its own; the package does the joins in SQLite. An object of the log stands for the link.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import polars as pl
from contract import acts, arguments, give, in_pieces
from coordination_network_toolkit.compute_networks import compute_co_link_network  # type: ignore[import-not-found]
from coordination_network_toolkit.database import initialise_db  # type: ignore[import-not-found]


def main() -> None:
    """One run."""
    folder, result, settings = arguments(objects="template", window_s=60, weight=2, hub_cap=1000)
    table = acts(folder, str(settings["objects"]), float(settings["hub_cap"]))
    with tempfile.TemporaryDirectory() as home:
        path = str(Path(home) / "links.db")
        database = initialise_db(path)
        database.execute("begin")
        rows = (
            (number, url, second, user)
            for number, (user, url, second) in enumerate(table.select("account_id", "object", "second").iter_rows())
        )
        database.executemany("insert into message_url(message_id, url, timestamp, user_id) values (?, ?, ?, ?)", rows)
        database.execute("commit")
        compute_co_link_network(path, int(settings["window_s"]), n_threads=2, min_edge_weight=int(settings["weight"]))
        pairs = (
            sqlite3.connect(path).execute("select user_1, user_2 from co_link_network where user_1 < user_2").fetchall()
        )
    give(result, in_pieces(pl.DataFrame(pairs, schema={"a": pl.String, "b": pl.String}, orient="row")))


if __name__ == "__main__":
    main()
