"""Claims about components of graphs."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.common import graphs


@pytest.mark.parametrize("seed", range(20))
def test_few_links_and_many_are_joined_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way for few links and the library's way give the same components, whatever the graph."""
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(1, 60))
    a, b = rng.integers(0, nodes, (2, int(rng.integers(0, 50))))
    few = graphs.find_components(nodes, a, b)
    monkeypatch.setattr(graphs, "FEW", -1)
    assert few.tolist() == graphs.find_components(nodes, a, b).tolist()
