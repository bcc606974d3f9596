"""Components of a graph given as two columns of node numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from forensics.common.arrays import Ints


def find_components(node_count: int, a: Ints, b: Ints) -> Ints:
    """Connected component of each node."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(
        csr_matrix((np.ones(len(a)), (a, b)), shape=(node_count, node_count)), directed=False
    )
    return renumber(labels.astype(np.int64))


def renumber(labels: Ints) -> Ints:
    """The same partition, numbered by the first node of each part."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    numbered: Ints = rank[inverse]
    return numbered
