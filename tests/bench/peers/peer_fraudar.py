"""FRAUDAR as UGFraud has it: greedy peeling of the account x observable graph with column weights, block after block.

Source: Hooi et al., "FRAUDAR", KDD 2016; package UGFraud, in its own environment. It does not say when to stop: the
        number of blocks is a setting.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from contract import arguments, give
from scipy.sparse import coo_matrix
from UGFraud.Detector.Fraudar import aveDegree, detectMultiple, logWeightedAveDegree  # type: ignore[import-not-found]


def main() -> None:
    """One run."""
    folder, result, settings = arguments(weights="log", blocks=20, hub_cap=1000)
    table = pl.read_parquet(folder / "observables.parquet").filter(
        pl.col("account_id").n_unique().over("kind", "value").is_between(2, float(settings["hub_cap"]))
    )
    accounts = table["account_id"].unique().sort()
    row = table["account_id"].cast(pl.Enum(accounts)).to_physical().to_numpy().astype(np.int64)
    column = table.select(pl.struct("kind", "value").hash(1).rank("dense")).to_series().to_numpy().astype(np.int64) - 1
    matrix = coo_matrix((np.ones(len(row), dtype=int), (row, column)))
    matrix = (matrix.tocsr() > 0).astype(int)
    peel = logWeightedAveDegree if settings["weights"] == "log" else aveDegree
    names = accounts.to_list()
    rows = [
        (f"n{number}", names[member])
        for number, ((members, _), _) in enumerate(detectMultiple(matrix, peel, int(settings["blocks"])))
        for member in members
    ]
    found = pl.DataFrame(rows, schema={"network_id": pl.String, "account_id": pl.String}, orient="row")
    give(result, found.unique("account_id", keep="first", maintain_order=True))


if __name__ == "__main__":
    main()
