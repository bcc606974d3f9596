"""Communities in the graph of links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forensics.common.graphs import renumber

if TYPE_CHECKING:
    from forensics.common.arrays import Floats, Ints


def spread(starts: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """For each of several runs of entries, which run and which entry: the flat form of `for run: for entry in run`."""
    run = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    offset = np.arange(len(run), dtype=np.int64) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return run, np.repeat(starts, lengths) + offset


def find_communities(node_count: int, a: Ints, b: Ints, weight: Floats, seed: int, resolution: float = 1.0) -> Ints:
    """Community number of each node (Leiden, modularity); nodes without a link are alone. Numbers follow the smallest
    node of each community.
    """
    if len(a) == 0:
        return np.arange(node_count, dtype=np.int64)
    import graspologic_native
    from scipy.sparse import csr_matrix

    both = csr_matrix(
        (np.concatenate([weight, weight]), (np.concatenate([a, b]), np.concatenate([b, a]))),
        shape=(node_count, node_count),
    )
    both.sum_duplicates()
    _, found = graspologic_native.leiden_csr(
        both.indptr.astype(np.int64),
        both.indices.astype(np.int32),
        both.data.astype(np.float64),
        node_count,
        resolution=resolution,
        iterations=3,
        seed=seed,
    )
    labels = np.arange(node_count, dtype=np.int64) + node_count
    for node, community in found.items():
        labels[node] = community
    return renumber(labels)
