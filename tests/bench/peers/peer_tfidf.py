"""TF-IDF of what each account showed, cosine neighbours, Leiden."""

from __future__ import annotations

import graspologic_native as gn
import numpy as np
import polars as pl
from contract import arguments, give
from scipy.sparse import coo_matrix
from sklearn.feature_extraction.text import TfidfTransformer
from sparse_dot_topn import sp_matmul_topn


def main() -> None:
    """One run."""
    folder, result, settings = arguments(similarity=0.3, neighbours=30, resolution=1.0)
    table = pl.read_parquet(folder / "observables.parquet")
    accounts = table["account_id"].unique().sort()
    row = table["account_id"].cast(pl.Enum(accounts)).to_physical().to_numpy().astype(np.int64)
    column = table.select(pl.struct("kind", "value").hash(1).rank("dense")).to_series().to_numpy().astype(np.int64) - 1
    counts = coo_matrix((np.log1p(table["count"].to_numpy()), (row, column))).tocsr()
    weights = TfidfTransformer(sublinear_tf=False).fit_transform(counts).tocsr()
    near = sp_matmul_topn(
        weights,
        weights.T.tocsr(),
        top_n=int(settings["neighbours"]) + 1,
        threshold=float(settings["similarity"]),
        sort=True,
    ).tocoo()
    upper = near.row < near.col
    names = accounts.to_list()
    edges = [
        (names[a], names[b], float(w))
        for a, b, w in zip(near.row[upper], near.col[upper], near.data[upper], strict=True)
    ]
    members: dict[str, int] = {}
    if edges:
        _, members = gn.leiden(
            edges,
            resolution=float(settings["resolution"]),
            seed=1,
            use_modularity=True,
            iterations=2,
            trials=1,
            randomness=0.001,
            starting_communities=None,
        )
    give(
        result,
        pl.DataFrame(
            {"network_id": [f"n{n}" for n in members.values()], "account_id": list(members)},
            schema={"network_id": pl.String, "account_id": pl.String},
        ),
    )


if __name__ == "__main__":
    main()
