"""Members set the request parameters as one program does: the same few combinations on every account.

Statistic:  entropy in bits of (max_tokens, temperature, top_p, stop_count, stream) over the network, each member
            counting alike. 0 is one combination everywhere.
Null model: activity-matched accounts outside the networks.
Blind to:   programs that leave everything at its default, or draw a parameter at random; logs with fewer than two of
            the parameters. One product, or one company's program, sets them alike too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.common.statistics import interval, p_tail, percentiles
from forensics.judging.answers import SIGNIFICANT, answer, answers, unassessable
from forensics.judging.hallmark import Hallmark
from forensics.judging.panel import resample

if TYPE_CHECKING:
    from typing import Any

    from forensics.common.arrays import Floats
    from forensics.judging.hallmark import Group, Panel


PARAMETERS = ("max_tokens", "temperature", "top_p", "stop_count", "stream")
LEAST_KNOWN = 2  # parameters that a log must have
COMBINATIONS = 200  # the most widespread are told apart, all rarer ones count as one
FEWEST_EVENTS = 5  # of an account, to say anything
FEWEST = 5  # members
FEW_BITS, PART = 2.0, 0.5  # of entropy, and of the expected entropy, up to which it matters


def test_parameter_entropy(panel: Panel) -> pl.DataFrame:
    """One row per network: variety of request parameters over its members."""
    counts = panel.compared.group_by("account", *PARAMETERS).agg(pl.len().alias("n")).collect()
    logged = [name for name in PARAMETERS if counts[name].null_count() < len(counts)]
    if len(logged) < LEAST_KNOWN:
        return answers(
            unassessable(group, PLUGIN, f"fewer than {LEAST_KNOWN} request parameters are logged")
            for group in panel.groups
        )
    counts = counts.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in logged))
    spread = (
        counts.group_by(logged)
        .agg(pl.len().alias("accounts"), pl.col("n").sum())
        .sort("accounts", "n", *logged, descending=[True, True, *[False] * len(logged)])
    )
    numbered = counts.join(spread.select(*logged).with_row_index("place"), on=logged, how="left", nulls_equal=True)
    shares = np.zeros((len(panel.accounts), min(COMBINATIONS, len(spread))))
    np.add.at(
        shares,
        (numbered["account"].to_numpy(), np.minimum(numbered["place"].to_numpy(), shares.shape[1] - 1)),
        numbered["n"].to_numpy(),
    )
    total = shares.sum(axis=1, keepdims=True)
    shares = np.where(total >= FEWEST_EVENTS, shares / np.maximum(total, 1.0), 0.0)
    return answers(_test_group(panel, group, shares, logged) for group in panel.groups)


def _entropy_bits(shares: Floats) -> float:
    """Entropy of the mean of the accounts' shares; NaN for fewer than FEWEST accounts that say anything."""
    mean = shares.sum(axis=0)
    known = mean.sum()  # each account that says anything sums to 1
    if known < FEWEST - 0.5:
        return float("nan")
    part = mean[mean > 0] / known
    return float(-(part * np.log2(part)).sum())


def _test_group(panel: Panel, group: Group, shares: Floats, logged: list[str]) -> dict[str, Any]:
    observed = _entropy_bits(shares[group.tested])
    if not np.isfinite(observed):
        return unassessable(
            group, PLUGIN, f"fewer than {FEWEST} members with {FEWEST_EVENTS} requests that carry parameters"
        )
    null = np.array([_entropy_bits(shares[draw]) for draw in group.matched])
    middle, low, high = interval(null)
    if not np.isfinite(middle):
        return unassessable(group, PLUGIN, "no comparable accounts outside the networks")
    observed = observed or 0.0  # no minus zero
    own_low, own_high = percentiles(
        np.array([_entropy_bits(shares[draw]) for draw in resample(panel, group, PLUGIN.name)]), observed
    )
    p_value = p_tail(observed, null, upper=False)
    names = ", ".join(logged)
    return answer(
        group,
        PLUGIN,
        f"Over the members the request parameters ({names}) vary by {observed:.1f} bits, over comparable customers by "
        f"{middle:.1f} ({low:.1f} to {high:.1f}).",
        measure="entropy of request parameters over members, in bits",
        observed=observed,
        own=(own_low, own_high),
        others=(middle, low, high),
        p_value=p_value,
        holds=bool(p_value <= SIGNIFICANT and observed <= FEW_BITS and observed <= PART * middle),
    )


PLUGIN = Hallmark(
    "parameter_entropy",
    "pooling",
    "parameters",
    "parameters of one program",
    test_parameter_entropy,
    nature="likeness",
    family="client",
)
