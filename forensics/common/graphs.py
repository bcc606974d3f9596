"""Components of a graph given as two columns of node numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from forensics.common.arrays import Ints


FEW: Final = 1_000  # links, below which to load a library takes longer than to do without


def find_components(node_count: int, a: Ints, b: Ints) -> Ints:
    """Connected component of each node."""
    if len(a) <= FEW:
        return renumber(_join_ends(node_count, a, b))
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(
        csr_matrix((np.ones(len(a)), (a, b)), shape=(node_count, node_count)), directed=False
    )
    return renumber(labels.astype(np.int64))


def _join_ends(node_count: int, a: Ints, b: Ints) -> Ints:
    """Of each node a node that stands for its component."""
    above = np.arange(node_count, dtype=np.int64)

    def top(node: int) -> int:
        while above[node] != node:
            above[node] = node = above[above[node]]
        return node

    for one, other in zip(np.asarray(a).tolist(), np.asarray(b).tolist(), strict=True):
        above[top(one)] = top(other)
    while (above != above[above]).any():
        above = above[above]
    return above


def renumber(labels: Ints) -> Ints:
    """The same partition, numbered by the first node of each part."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    numbered: Ints = rank[inverse]
    return numbered
