"""Shares of many groups, each drawn towards what all of them are like: a small group is not first, or last, by
accident.

Model:     hits of group i are binomial(number_i, share_i), and shares are beta(a, b) over groups (beta-binomial). a and
           b are read off the groups themselves (empirical Bayes): the mean of mu = a / (a + b) and of log(a + b) over a
           grid, by their likelihood, with Jeffreys' prior on mu and log(a + b) flat over STRENGTHS.
Blind to:  dependence of the hits inside one group: ten accounts of one pool count as ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from forensics.common.arrays import Floats

STRENGTHS = (2.0, 500.0)  # weakest and strongest pull, in accounts
_MEANS, _PULLS = 61, 25  # points of the grid


@dataclass(frozen=True)
class Prior:
    """What groups are like: a beta distribution of their shares."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """The share that a group without any data is given."""
        return self.a / (self.a + self.b)


def fit_prior(hits: Floats, numbers: Floats) -> Prior:
    """What the shares of groups are like.

    In: one entry a group; groups without numbers say nothing.
    """
    from scipy.special import betaln, expit

    known = numbers > 0
    hits, numbers = hits[known], numbers[known]
    mean = expit(np.linspace(-9.0, 5.0, _MEANS))[:, None]
    pull = np.geomspace(*STRENGTHS, _PULLS)[None, :]
    a, b = mean * pull, (1 - mean) * pull
    log_weight = 0.5 * np.log(mean) + 0.5 * np.log1p(-mean) + np.zeros_like(pull)
    for hit, number in zip(hits, numbers, strict=True):
        log_weight = log_weight + betaln(hit + a, number - hit + b) - betaln(a, b)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    middle, strength = float((weight * mean).sum()), float(np.exp((weight * np.log(pull)).sum()))
    return Prior(middle * strength, (1 - middle) * strength)


def shrink_shares(hits: Floats, numbers: Floats, prior: Prior) -> tuple[Floats, Floats, Floats]:
    """Share of each group with its 95 % interval, after the prior."""
    from scipy.special import betaincinv

    a, b = hits + prior.a, numbers - hits + prior.b
    return a / (a + b), betaincinv(a, b, 0.025), betaincinv(a, b, 0.975)
