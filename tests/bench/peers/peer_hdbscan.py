"""HDBSCAN on the numbers of each account: who behaves alike."""

from __future__ import annotations

import numpy as np
import polars as pl
from contract import arguments, give
from sklearn.cluster import HDBSCAN
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler


def main() -> None:
    """One run."""
    folder, result, settings = arguments(smallest=15, dimensions=8)
    accounts = pl.read_parquet(folder / "accounts.parquet")
    numbers = accounts.select(pl.selectors.numeric() - pl.selectors.by_name("account_id", require_all=False)).cast(
        pl.Float64
    )
    values = numbers.fill_nan(None).select(pl.all().fill_null(pl.all().median())).fill_null(0).to_numpy()
    values = StandardScaler().fit_transform(np.sign(values) * np.log1p(np.abs(values)))
    if settings["dimensions"]:
        values = PCA(int(settings["dimensions"]), random_state=0).fit_transform(values)
    label = HDBSCAN(min_cluster_size=int(settings["smallest"]), copy=True).fit_predict(values)
    give(
        result,
        pl.DataFrame({"network_id": [f"n{number}" for number in label], "account_id": accounts["account_id"]}).filter(
            pl.Series(label >= 0)
        ),
    )


if __name__ == "__main__":
    main()
