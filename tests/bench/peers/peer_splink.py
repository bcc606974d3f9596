"""Splink 5 (MIT) on account attributes: probabilistic record linkage of accounts, in its own environment (it needs
duckdb < 2).
"""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import splink.comparison_library as cl  # type: ignore[import-not-found]
from contract import arguments, give
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

ATTRIBUTES = ("payment", "email", "prefix", "client", "system", "template", "signup")


def main() -> None:
    """One run."""
    folder, result, settings = arguments(probability=0.95, hub_cap=1000)
    shown = pl.read_parquet(folder / "observables.parquet").filter(pl.col("kind").is_in(ATTRIBUTES))
    shown = shown.filter(pl.len().over("kind", "value") <= float(settings["hub_cap"]))
    usual = (
        shown.sort(["count", "value"], descending=[True, False])
        .group_by("account_id", "kind", maintain_order=True)
        .first()
    )
    table = (
        usual.pivot(on="kind", index="account_id", values="value").rename({"account_id": "unique_id"}).sort("unique_id")
    )
    known = [
        name for name in ATTRIBUTES if name in table.columns and table[name].drop_nulls().is_duplicated().sum() > 50
    ]
    database = DuckDBAPI()
    model = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[cl.ExactMatch(name).configure(term_frequency_adjustments=True) for name in known],
        blocking_rules_to_generate_predictions=[block_on(name) for name in known],
    )
    linker = Linker(database.register(table.to_arrow()), model, log_level=None)
    certain = [block_on(first, second) for first, second in pairwise(known)]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for name in known[:3]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(name), record_sample_proportion=1.0)
    pairs = linker.inference.predict(threshold_match_probability=float(settings["probability"]))
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        pairs, threshold_match_probability=float(settings["probability"])
    )
    found = pl.from_arrow(clusters.as_duckdbpyrelation().to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    give(result, found.select(network_id="cluster_id", account_id="unique_id"))


if __name__ == "__main__":
    main()
