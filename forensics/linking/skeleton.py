"""A readable few of the links of a dense core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.linking.graphs import spread
from forensics.linking.pairs import mix

if TYPE_CHECKING:
    from forensics.common.arrays import Ints
    from forensics.linking.incidence import Incidence
    from forensics.linking.popular import Core


PAIRS_PER_ACCOUNT = 1000  # of the pair budget: a small case does not need the budget of a large one


WIDTH = 4  # values of each line at which an account gets neighbours
SMALL = 12  # accounts of a core up to which all its pairs are told


def sketch_core(incidence: Incidence, core: Core) -> tuple[Ints, Ints]:
    """A readable skeleton of a core: each account with a few neighbours in several orders, instead of all pairs."""
    if len(core.accounts) <= SMALL:
        left, right = np.triu_indices(len(core.accounts), 1)
        return core.accounts[left], core.accounts[right]
    inside = np.zeros(incidence.account_count, dtype=bool)
    inside[core.accounts] = True
    own = np.unique(core.values)
    _, entry = spread(incidence.starts[own], incidence.held[own])
    entry = entry[inside[incidence.account[entry]]]
    value = incidence.value[entry]
    entries = pl.DataFrame(
        {
            "account": incidence.account[entry],
            "value": value,
            "line": incidence.line_of_value[value],
            "bits": incidence.rarity_bits[value],
        }
    )
    # Each account stands beside others at several of the core's values, so that the skeleton hangs together as the
    # whole core would.
    entries = entries.sort("account", "line", "bits", "value", descending=[False, False, True, False])
    entries = entries.filter(pl.int_range(pl.len()).over("account", "line") < WIDTH).sort("value", "account")
    account, value = entries["account"].to_numpy().astype(np.int64), entries["value"].to_numpy()
    # Neighbours in an order of their own at each value: in one order for all, the skeleton would be a ring.
    order = np.lexsort((mix(account, value), value))
    account, value = account[order], value[order]
    steps = [
        (account[:-step], account[step:], value[:-step] == value[step:]) for step in range(1, min(4, len(account)))
    ]
    a = np.concatenate([left[same] for left, _, same in steps])
    b = np.concatenate([right[same] for _, right, same in steps])
    key = np.unique(np.minimum(a, b) * incidence.account_count + np.maximum(a, b))
    return key // incidence.account_count, key % incidence.account_count
