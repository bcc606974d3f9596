"""SynchroTrap, re-implemented from the paper: Jaccard similarity of time-stamped acts on the same objects, components
above a threshold.

Source: Cao, Yang, Yu and Palow, "Uncovering Large Groups of Active Malicious Accounts in Online Social Networks", CCS
        2014. Acts match if they are on the
same object within the matching window, found by two overlapping sets of buckets.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from contract import acts, arguments, give, in_pieces
from scipy.sparse import coo_array


def main() -> None:
    """One run."""
    folder, result, settings = arguments(objects="all", window_s=86_400, similarity=0.3, hub_cap=1000)
    window = int(settings["window_s"])
    table = acts(folder, str(settings["objects"]), float(settings["hub_cap"]))
    sets = [
        table.select(
            "account_id", act=pl.struct("object", bucket=(pl.col("second") + shift) // window, half=pl.lit(shift))
        )
        for shift in (0, window // 2)
    ]
    shown = pl.concat(sets).unique()
    hubs = pl.len().over("act") > float(settings["hub_cap"])
    shown = shown.filter(~hubs)
    accounts = shown["account_id"].unique().sort()
    row = shown["account_id"].cast(pl.Enum(accounts)).to_physical().to_numpy()
    column = shown.select(pl.col("act").hash(1).rank("dense")).to_series().to_numpy().astype(np.int64) - 1
    matrix = coo_array((np.ones(len(row), dtype=np.float32), (row, column))).tocsr()
    both = (matrix @ matrix.T).tocoo()
    size = np.asarray(matrix.sum(axis=1)).ravel()
    a, b = both.coords
    upper = a < b
    a, b, shared = a[upper], b[upper], both.data[upper]
    strong = shared / (size[a] + size[b] - shared) >= float(settings["similarity"])
    names = accounts.to_numpy()
    give(
        result,
        in_pieces(
            pl.DataFrame({"a": names[a[strong]], "b": names[b[strong]]}, schema={"a": pl.String, "b": pl.String})
        ),
    )


if __name__ == "__main__":
    main()
